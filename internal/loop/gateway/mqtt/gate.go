package mqtt

import (
	"net"
	"sync"
)

// gate bounds what mochi does not: how many connections there are, and how long
// one may be silent before it signs on. Without it whoever opens connections
// and says nothing takes the memory of all.
type gate struct {
	net.Listener
	b *Broker
}

// Accept is part of net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g.b.lines.Add(1) > int64(g.b.p.MostLines) {
			g.b.lines.Add(-1)
			_ = c.Close()
			continue
		}
		// mochi moves it with the first packet that it takes.
		_ = c.SetDeadline(g.b.p.Clock.Now().Add(g.b.p.SignOnWithin))
		return &counted{Conn: c, left: sync.OnceFunc(func() { g.b.lines.Add(-1) })}, nil
	}
}

// counted is a connection that tells when it ends.
type counted struct {
	net.Conn
	left func()
}

// Close is part of net.Conn.
func (c *counted) Close() error {
	c.left()
	return c.Conn.Close()
}

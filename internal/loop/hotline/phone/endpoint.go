package phone

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/hotline/voice"
)

// defaultKeys is the payload type we offer for telephone keys.
const defaultKeys = 101

// endpoint is our end of one RTP stream over UDP.
type endpoint struct {
	leg   *voice.Leg
	conn  *net.UDPConn
	clk   clock.Clock
	onKey func(byte)

	mu     sync.Mutex
	m      media
	learnt bool // the address was learnt from what came
	seq    uint16
	ts     uint32
	ssrc   uint32
	keys   voice.Keys
	seen   atomic.Int64 // when the last packet came, clock.Millis
}

// errNoPort says that all ports for sound are taken.
var errNoPort = errors.New("phone: no free port for sound")

// ports hands out even UDP ports of a range, one after the other.
type ports struct {
	from, to int
	next     atomic.Int64
}

func (p *ports) listen(host string) (*net.UDPConn, error) {
	n := (p.to - p.from) / 2
	for range n {
		port := p.from + 2*int(uint64(p.next.Add(1))%uint64(n))
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host), Port: port})
		if err == nil {
			return conn, nil
		}
	}
	return nil, errNoPort
}

// newEndpoint opens our end; where the other's is may come later (an offer of
// ours is answered).
func newEndpoint(conn *net.UDPConn, clk clock.Clock, name string, onKey func(byte)) *endpoint {
	e := &endpoint{conn: conn, clk: clk, onKey: onKey, seq: uint16(rand.Uint32()), ts: rand.Uint32(), ssrc: rand.Uint32()}
	e.leg = &voice.Leg{Name: name, Send: e.send}
	e.seen.Store(int64(clock.Of(clk.Now())))
	return e
}

func (e *endpoint) port() int { return e.conn.LocalAddr().(*net.UDPAddr).Port }

// set says where the other side wants its sound, anew after a hold.
func (e *endpoint) set(m media) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.m, e.learnt = m, false
}

func (e *endpoint) send(f voice.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq++
	e.ts += voice.Samples
	if !e.m.to.IsValid() || e.m.held {
		return
	}
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: uint8(e.m.codec), SequenceNumber: e.seq, Timestamp: e.ts, SSRC: e.ssrc}, Payload: e.m.codec.Encode(f)}
	raw, err := p.Marshal()
	if err != nil {
		return // our own header always marshals
	}
	_, _ = e.conn.WriteToUDPAddrPort(raw, e.m.to) // a lost packet is silence
}

// receive takes in packets until the connection is closed. The sender's
// address replaces the one that SDP named, once: behind a NAT only that is
// reached.
func (e *endpoint) receive() {
	buf := make([]byte, 1600)
	var p rtp.Packet
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if p.Unmarshal(buf[:n]) != nil {
			continue
		}
		e.mu.Lock()
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if !e.learnt {
			e.m.to, e.learnt = from, true
		} else if from != e.m.to {
			e.mu.Unlock()
			continue // somebody else's packets are not the caller's voice
		}
		codec, keys := e.m.codec, e.m.keys
		e.mu.Unlock()
		e.seen.Store(int64(clock.Of(e.clk.Now())))
		switch {
		case keys != 0 && p.PayloadType == keys:
			if key, ok := e.keys.Read(p.Timestamp, p.Payload); ok && e.onKey != nil {
				e.onKey(key)
			}
		case p.PayloadType == uint8(voice.PCMA), p.PayloadType == uint8(voice.PCMU):
			codec = voice.Codec(p.PayloadType)
			e.leg.Put(p.SequenceNumber, codec.Decode(p.Payload))
		}
	}
}

func (e *endpoint) run(ctx context.Context) {
	go e.receive()
	<-ctx.Done()
	_ = e.conn.Close() // ends receive
}

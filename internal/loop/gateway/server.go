package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
)

// Intake takes signals; the seat is one.
type Intake interface {
	Take(ctx context.Context, n signal.New) (seat.Receipt, error)
}

// Codec cuts and reads the bytes of one connection.
type Codec interface {
	// Feed takes bytes as they came.
	Feed(p []byte)
	// Next gives the messages of the next whole frame, with the part of the
	// frame that a resend repeats; ok is false if more bytes are needed. An
	// error means that the stream can't be followed any more.
	Next() (in Frame, ok bool, err error)
	// Flush gives what is complete after a silence, and whether bytes are held.
	Flush() (in Frame, ok bool)
	// Pending tells whether bytes of an unfinished frame are held.
	Pending() bool
}

// Frame is one frame as the codec read it.
type Frame struct {
	Messages []report.Message
	Content  []byte // identical in a resend: without sequence numbers
	Err      error  // the frame was cut, but can't be read
}

// Protocol names a kind of stream and makes codecs for it.
type Protocol struct {
	Source signal.Source
	New    func() Codec
}

// Counts are the numbers of a server, for metrics.
type Counts struct {
	Connections, Frames, Bad, Dropped, Unanswered, Takeovers int64
}

// Server is one listening port of one protocol.
type Server struct {
	protocol Protocol
	intake   Intake
	clock    clock.Clock
	log      *slog.Logger

	mu       sync.Mutex
	sessions map[string]*session
	conns    map[net.Conn]struct{}
	counts   Counts
	wg       sync.WaitGroup
}

// NewServer makes a server; Serve runs it.
func NewServer(p Protocol, intake Intake, clk clock.Clock, log *slog.Logger) *Server {
	return &Server{protocol: p, intake: intake, clock: clk, log: log, sessions: map[string]*session{}, conns: map[net.Conn]struct{}{}}
}

// Limits of a connection.
const (
	maxConns     = 60_000
	idleAfter    = 30 * time.Minute // a watch links every 5–8 minutes; closing earlier drains it
	flushAfter   = 2 * time.Second  // an unfinished frame after a silence is all there will be
	writeWithin  = 10 * time.Second
	takeWithin   = 20 * time.Second
	floodBurst   = 200 // messages that are no alarm, at once
	floodPerSec  = 20  // and in the long run
	readBuffer   = 4096
	staleReplays = 30 * time.Minute
)

// Serve accepts connections until ctx ends; then it closes them and returns
// when the last message under way is answered.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			_ = c.SetReadDeadline(time.Unix(1, 0)) // wakes the readers; answers under way still go out
		}
	})
	defer stop()
	var err error
	for ctx.Err() == nil {
		var c net.Conn
		if c, err = l.Accept(); err != nil {
			var ne net.Error
			if ctx.Err() != nil || !(errors.As(err, &ne) && ne.Timeout()) && errors.Is(err, net.ErrClosed) {
				break
			}
			s.log.Warn("accept failed", "protocol", s.protocol.Source, "error", err)
			select { // out of files: wait for some to be free
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		if !s.hold(c) {
			_ = c.Close()
			continue
		}
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			defer s.release(c)
			(&session{server: s, conn: c, codec: s.protocol.New(), tokens: floodBurst, filled: s.clock.Now()}).run(ctx)
		}()
	}
	s.wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *Server) hold(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= maxConns {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) release(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// Counts gives the server's numbers.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Connections = int64(len(s.conns))
	return s.counts
}

func (s *Server) count(fn func(c *Counts)) {
	s.mu.Lock()
	fn(&s.counts)
	s.mu.Unlock()
}

// Online tells whether the device has a live connection.
func (s *Server) Online(deviceID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[deviceID] != nil
}

// claim makes the session the device's only one.
func (s *Server) claim(deviceID string, x *session) {
	s.mu.Lock()
	old := s.sessions[deviceID]
	s.sessions[deviceID] = x
	if old != nil && old != x {
		s.counts.Takeovers++
	}
	s.mu.Unlock()
	if old != nil && old != x {
		s.log.Warn("device connection taken over", "protocol", s.protocol.Source, "from", host(old.conn), "to", host(x.conn))
		_ = old.conn.Close()
	}
}

func (s *Server) disclaim(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, deviceID := range x.devices {
		if s.sessions[deviceID] == x {
			delete(s.sessions, deviceID)
		}
	}
}

func host(c net.Conn) string {
	h, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return "?"
	}
	return h
}

// session is one connection.
type session struct {
	server  *Server
	conn    net.Conn
	codec   Codec
	devices []string // named on this connection
	writing sync.Mutex
	tokens  float64
	filled  time.Time
}

func (x *session) run(ctx context.Context) {
	defer x.server.disclaim(x)
	buf := make([]byte, readBuffer)
	flushed := false // what is held was looked at after a silence already
	for {
		wait := idleAfter
		if x.codec.Pending() && !flushed {
			wait = flushAfter
		}
		if x.conn.SetReadDeadline(x.server.clock.Now().Add(wait)) != nil || ctx.Err() != nil {
			return
		}
		n, err := x.conn.Read(buf)
		if n > 0 {
			flushed = false
			x.codec.Feed(buf[:n])
			if !x.drain(ctx) {
				return
			}
		}
		if err == nil {
			continue
		}
		if in, ok := x.codec.Flush(); ok && !x.frame(ctx, in) {
			return
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || wait == idleAfter {
			return
		}
		flushed = true
	}
}

// drain takes all whole frames; false ends the connection.
func (x *session) drain(ctx context.Context) bool {
	for {
		in, ok, err := x.codec.Next()
		if err != nil {
			x.server.count(func(c *Counts) { c.Bad++ })
			x.server.log.Info("stream dropped", "protocol", x.server.protocol.Source, "from", host(x.conn), "reason", err)
			return false
		}
		if !ok {
			return true
		}
		if !x.frame(ctx, in) {
			return false
		}
	}
}

// frame stores the messages of one frame and then answers.
func (x *session) frame(ctx context.Context, in Frame) bool {
	x.server.count(func(c *Counts) {
		c.Frames++
		if in.Err != nil {
			c.Bad++
		}
	})
	if in.Err != nil {
		x.server.log.Info("frame not read", "protocol", x.server.protocol.Source, "from", host(x.conn), "reason", in.Err)
		return true
	}
	var reply []byte
	for i, m := range in.Messages {
		if m.DeviceID != "" && !x.knows(m.DeviceID) {
			x.devices = append(x.devices, m.DeviceID)
			x.server.claim(m.DeviceID, x)
		}
		if len(m.Alarms) == 0 && !x.allowed() {
			x.server.count(func(c *Counts) { c.Dropped++ })
			return true // no reply: a device that means it comes again
		}
		if !x.take(ctx, in, i) {
			x.server.count(func(c *Counts) { c.Unanswered++ })
			return true
		}
		if m.Reply != nil {
			reply = m.Reply
		}
	}
	if reply == nil {
		return true
	}
	return x.write(reply)
}

func (x *session) knows(deviceID string) bool {
	for _, d := range x.devices {
		if d == deviceID {
			return true
		}
	}
	return false
}

func (x *session) write(p []byte) bool {
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.conn.SetWriteDeadline(x.server.clock.Now().Add(writeWithin)) != nil {
		return false
	}
	_, err := x.conn.Write(p)
	return err == nil
}

// allowed takes a token of the bucket for messages that are no alarm.
func (x *session) allowed() bool {
	now := x.server.clock.Now()
	x.tokens = min(floodBurst, x.tokens+now.Sub(x.filled).Seconds()*floodPerSec)
	x.filled = now
	if x.tokens < 1 {
		return false
	}
	x.tokens--
	return true
}

// take hands one message to the seat; true when it is on disk.
func (x *session) take(ctx context.Context, in Frame, i int) bool {
	// The change goes on when the listener stops: what is half done is finished.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeWithin)
	defer cancel()
	ctx = access.With(ctx, access.System("gateway"))
	_, err := x.server.intake.Take(ctx, Signal(x.server.protocol.Source, in, i, x.server.clock.Now()))
	if err != nil {
		x.server.log.Error("message not stored, no reply given", "protocol", x.server.protocol.Source, "error", err)
	}
	return err == nil
}

// Signal makes the seat's signal of message i of a frame.
func Signal(source signal.Source, in Frame, i int, now time.Time) signal.New {
	m := in.Messages[i]
	n := signal.New{Source: source, Kind: KindOf(m), DeviceID: m.DeviceID, DeviceAt: clock.Of(m.Time), History: m.History, Event: Event(m), Body: body(m), Raw: m.Raw}
	for _, a := range m.Alarms {
		n.Alarms = append(n.Alarms, string(a))
	}
	n.Key = key(source, in, i, now)
	return n
}

// key is the idempotency key of a message. What carries the time of its making
// is known by its content for ever. A device whose clock is dead says the same
// bytes on every press, so that there the content counts for half an hour only.
// What carries no time and no alarm is new each time it is said.
func key(source signal.Source, in Frame, i int, now time.Time) string {
	m := in.Messages[i]
	content := append([]byte{byte(i)}, in.Content...)
	switch {
	case len(m.Alarms) == 0 && m.Time.IsZero() && m.Media == nil:
		return "n:" + string(id.New())
	case m.Time.IsZero() || m.Time.Before(now.AddDate(-1, 0, 0)) || m.Time.After(now.AddDate(0, 0, 2)):
		content = append(content, now.Truncate(staleReplays).Format(time.RFC3339)...)
	}
	return signal.FrameKey(source, m.DeviceID, content)
}

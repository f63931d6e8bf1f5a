package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/report"
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
	Say      []byte // said at once, where nothing waits for the storage

	// Handshake decides on a sign-on: the answer, and whether the device may
	// stay. An error means that it can't be decided now: no answer is given.
	Handshake func(ctx context.Context) (answer []byte, ok bool, err error)
	// Stranger: who speaks has not proven its name. Only its alarms are taken,
	// and it does not end the connection of the device of that name. Refusal
	// is what it hears else.
	Stranger bool
	Refusal  []byte
}

// unproven marks the alarms of a stranger, before what a model says of them.
func (f Frame) unproven() {
	for i := range f.Messages {
		m := &f.Messages[i]
		var hints []report.Hint
		for _, a := range m.Alarms {
			hints = append(hints, report.Hint{Alarm: a, Hint: report.Unproven})
		}
		m.Hints = append(hints, m.Hints...)
	}
}

// Commander is a Codec of a protocol with commands. Command may be called
// beside the other methods.
type Commander interface {
	// Command makes the frame of a command and the token that its answer will
	// have; "" if the device answers to nothing.
	Command(deviceID string, c down.Command) (frame []byte, token string, err error)
	// Answered tells which command a message answers, "" for none.
	Answered(m report.Message) (token string, ok bool, text string)
}

// Protocol names a kind of stream and makes codecs for it.
type Protocol struct {
	Source signal.Source
	New    func() Codec
}

// Counts are the numbers of a server, for metrics.
type Counts struct {
	Connections, Frames, Bad, Dropped, Refused, Unanswered, Takeovers int64
}

// Server is one listening port of one protocol.
type Server struct {
	protocol Protocol
	intake   Intake
	clock    clock.Clock
	log      *slog.Logger

	proves      func(deviceID string) bool
	firstWithin time.Duration // from the accept to the first frame

	hub    *Hub
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	counts Counts
	wg     sync.WaitGroup
}

// NewServer makes a server; Serve runs it.
func NewServer(p Protocol, intake Intake, clk clock.Clock, log *slog.Logger) *Server {
	return &Server{protocol: p, intake: intake, clock: clk, log: log, firstWithin: firstWithin, hub: NewHub(log), conns: map[net.Conn]struct{}{}}
}

// Join puts the server's devices into a hub that several servers share. Call
// it before Serve.
func (s *Server) Join(h *Hub) *Server {
	s.hub = h
	return s
}

// Unless sets who has something to prove: under such a number this port, which
// asks for no proof, takes an alarm only, marked, and holds no line. Call it
// before Serve.
func (s *Server) Unless(proves func(deviceID string) bool) *Server {
	s.proves = proves
	return s
}

// FirstWithin sets how long a connection may say nothing before its first
// frame. Call it before Serve.
func (s *Server) FirstWithin(d time.Duration) *Server {
	s.firstWithin = d
	return s
}

// Limits of a connection.
const (
	maxConns     = 60_000
	idleAfter    = 30 * time.Minute // a watch links every 5–8 minutes; closing earlier drains it
	firstWithin  = 2 * time.Minute  // a device speaks first; a slow network takes its time
	flushAfter   = 2 * time.Second  // an unfinished frame after a silence is all there will be
	writeWithin  = 10 * time.Second
	takeWithin   = 20 * time.Second
	floodBurst   = 200  // messages that are no alarm, at once
	floodPerSec  = 20   // and in the long run
	readBuffer   = 1024 // a frame has 100 to 300 bytes; speech comes in several reads
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
			(&session{server: s, conn: c, codec: s.protocol.New(), bucket: NewBucket(s.clock.Now())}).run(ctx)
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
	s.counts.Connections, s.counts.Takeovers = int64(len(s.conns)), s.hub.Takeovers()
	return s.counts
}

func (s *Server) count(fn func(c *Counts)) {
	s.mu.Lock()
	fn(&s.counts)
	s.mu.Unlock()
}

// Online tells whether the device has a live connection.
func (s *Server) Online(deviceID string) bool { return s.hub.Online(deviceID) }

// Signal makes the seat's signal of message i of a frame.
func Signal(source signal.Source, in Frame, i int, now time.Time) signal.New {
	m := in.Messages[i]
	b := body(m)
	n := signal.New{Source: source, Kind: KindOf(m), DeviceID: m.DeviceID, DeviceAt: clock.Of(m.Time), History: m.History, Event: Event(m), Body: b, Raw: m.Raw}
	n.Lat, n.Lon = b.place()
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

// MidKey is the key of a message that the device itself gave a name: the same
// by whichever door it comes.
func MidKey(deviceID, mid string) string {
	return signal.FrameKey("mid", deviceID, []byte(mid))
}

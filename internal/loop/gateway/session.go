package gateway

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
)

// session is one connection.
type session struct {
	server  *Server
	conn    net.Conn
	codec   Codec
	devices []string // named on this connection
	bucket  Bucket   // for frames without an alarm
	spoke   bool     // a whole frame that could be read

	writing sync.Mutex
	waiting []string // tokens of commands without an answer, oldest first
}

func (x *session) run(ctx context.Context) {
	defer x.leave()
	read := lender(x.conn)
	if read == nil {
		buf := make([]byte, readBuffer)
		read = func(take func(p []byte)) error {
			n, err := x.conn.Read(buf)
			if n == 0 {
				return err
			}
			take(buf[:n]) // a fault comes again
			return nil
		}
	}
	feed := x.codec.Feed
	flushed := false // what is held was looked at after a silence already
	opened := x.server.clock.Now()
	for {
		wait := idleAfter
		if x.codec.Pending() && !flushed {
			wait = flushAfter
		}
		until := x.server.clock.Now().Add(wait)
		// Connections that say nothing whole must not take the place of devices.
		if first := opened.Add(x.server.firstWithin); !x.spoke && until.After(first) {
			until, wait = first, idleAfter
		}
		if x.conn.SetReadDeadline(until) != nil || ctx.Err() != nil {
			return
		}
		err := read(feed)
		if err == nil {
			flushed = false
			if !apart(func() bool { return x.drain(ctx) }) {
				return
			}
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

// workers are goroutines that ran something and wait for more, with the stack
// that it made them grow.
var workers = make(chan chan func(), mostIdle)

// mostIdle is how many of them may wait: some 4 MB.
const mostIdle = 128

// apart runs fn beside the caller and waits for it: storing a message needs a
// deep stack, which a line that waits for its next word must not keep, and
// which is not grown anew for each word either.
func apart(fn func() bool) bool {
	done := make(chan bool, 1)
	work := func() { done <- fn() }
	select {
	case w := <-workers:
		w <- work
	default:
		go labour(work)
	}
	return <-done
}

// labour does the work, and more that comes, until enough others wait for it.
func labour(work func()) {
	more := make(chan func())
	for {
		work()
		select {
		case workers <- more:
			work = <-more
		default:
			return
		}
	}
}

// drain takes all whole frames; false ends the connection.
func (x *session) drain(ctx context.Context) bool {
	for {
		in, ok, err := x.codec.Next()
		if err != nil {
			x.server.count(func(c *Counts) { c.Bad++ })
			x.server.log.Info("stream dropped", "protocol", x.server.protocol.Source, "from", x.From(), "reason", err)
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

// frame stores the messages of one frame and then answers; false ends the
// connection.
func (x *session) frame(ctx context.Context, in Frame) bool {
	x.spoke = x.spoke || in.Err == nil
	x.server.count(func(c *Counts) {
		c.Frames++
		if in.Err != nil {
			c.Bad++
		}
	})
	if in.Err != nil {
		if !x.bucket.Allow(x.server.clock.Now()) { // nor does garbage fill the log
			x.server.count(func(c *Counts) { c.Dropped++ })
			return true
		}
		x.server.log.Info("frame not read", "protocol", x.server.protocol.Source, "from", x.From(), "reason", in.Err)
		return true
	}
	if x.server.proves != nil && !in.Stranger && slices.ContainsFunc(in.Messages, func(m report.Message) bool { return x.server.proves(m.DeviceID) }) {
		in.Stranger = true
		in.unproven()
	}
	alarm := false
	for _, m := range in.Messages {
		alarm = alarm || len(m.Alarms) > 0
	}
	switch {
	case !alarm && !x.bucket.Allow(x.server.clock.Now()):
		x.server.count(func(c *Counts) { c.Dropped++ })
		return true // no reply: a device that means it comes again
	case in.Stranger && in.Handshake == nil && !alarm:
		x.server.count(func(c *Counts) { c.Refused++ })
		x.server.log.Info("device spoke before it signed on", "protocol", x.server.protocol.Source, "from", x.From())
		_ = len(in.Refusal) > 0 && x.write(in.Refusal)
		return false
	}
	reply := in.Say
	before := x.server.hub.Cuts()
	if in.Handshake != nil {
		answer, ok, err := x.handshake(ctx, in)
		switch {
		case err != nil:
			x.server.count(func(c *Counts) { c.Unanswered++ })
			x.server.log.Error("sign-on not decided, no reply given", "protocol", x.server.protocol.Source, "error", err)
			return true
		case !ok:
			x.server.count(func(c *Counts) { c.Refused++ })
			x.server.log.Warn("sign-on refused", "protocol", x.server.protocol.Source, "from", x.From())
			x.write(answer)
			return false
		}
		reply = answer
	}
	for i, m := range in.Messages {
		if !in.Stranger {
			x.hold(m.DeviceID)
		}
		if in.Handshake != nil && x.server.hub.CutSince(m.DeviceID, before) { // its code ended while it was looked at
			return false
		}
		if !x.take(ctx, in, i) {
			x.server.count(func(c *Counts) { c.Unanswered++ })
			return true
		}
		if m.Reply != nil && in.Handshake == nil {
			reply = m.Reply
		}
		if c, ok := x.codec.(Commander); ok {
			if token, ok, text := c.Answered(m); token != "" {
				x.answered(m.DeviceID, token, ok, text)
			}
		}
	}
	return len(reply) == 0 || x.write(reply)
}

// handshake asks who may sign on; it goes on when the listener stops.
func (x *session) handshake(ctx context.Context, in Frame) ([]byte, bool, error) {
	ctx, cancel := context.WithTimeout(access.With(context.WithoutCancel(ctx), access.System("gateway")), takeWithin)
	defer cancel()
	return in.Handshake(ctx)
}

// mostDevices bounds how many devices one connection may be the line of: one
// that names thousands would end the connections of all of them.
const mostDevices = 16

func (x *session) hold(deviceID string) {
	if deviceID == "" || slices.Contains(x.devices, deviceID) || len(x.devices) == mostDevices {
		return
	}
	x.devices = append(x.devices, deviceID)
	x.server.hub.Hold(deviceID, x)
}

func (x *session) leave() {
	for _, deviceID := range x.devices {
		x.server.hub.Leave(deviceID, x)
	}
}

// Source is part of Line.
func (x *session) Source() signal.Source { return x.server.protocol.Source }

// From is part of Line.
func (x *session) From() string {
	h, _, err := net.SplitHostPort(x.conn.RemoteAddr().String())
	if err != nil {
		return "?"
	}
	return h
}

// Drop is part of Line.
func (x *session) Drop() { _ = x.conn.Close() }

// mostWaiting bounds the commands without an answer; devices that answer to
// nothing must not fill the memory.
const mostWaiting = 64

// Send is part of Line.
func (x *session) Send(_ context.Context, deviceID string, c down.Command) (string, error) {
	sender, ok := x.codec.(Commander)
	if !ok {
		return "", down.Unsupported()
	}
	frame, token, err := sender.Command(deviceID, c)
	if err != nil {
		return "", err
	}
	if token != "" {
		x.writing.Lock()
		x.waiting = append(x.waiting[max(0, len(x.waiting)-mostWaiting+1):], token)
		x.writing.Unlock()
	}
	if !x.write(frame) {
		x.Drop()
		return "", errs.Busy("device.command.line_broke", nil)
	}
	return token, nil
}

func (x *session) answered(deviceID, token string, ok bool, text string) {
	x.writing.Lock()
	i := slices.Index(x.waiting, token)
	if i >= 0 {
		x.waiting = slices.Delete(x.waiting, i, i+1)
	}
	x.writing.Unlock()
	if i >= 0 {
		x.server.hub.Answered(Answer{DeviceID: deviceID, Token: token, OK: ok, Text: text})
	}
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

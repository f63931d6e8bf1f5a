package simulate

import (
	"context"
	"math/rand/v2"
	"net"
	"time"

	"zugou/internal/loop/gateway/report"
)

// badge is one device with its connection.
type badge struct {
	o     *Options
	addr  string
	voice voice
	life  *Life
	start time.Time
	r     *rand.Rand
	skew  time.Duration // what is wrong with its clock
	first time.Duration // presses SOS so long after the start; 0: does not
	press chan report.Alarm

	pending  []pending // alarms without an answer, oldest first
	missed   []Moment  // what happened during a break
	nextSeen time.Time // when the place is to be reported next
	nextLink time.Time
}

// pending is an alarm that waits for its answer.
type pending struct {
	alarm  report.Alarm
	moment Moment
	answer string    // the name of the answer it waits for; "" not said on this connection
	again  time.Time // when it is said again
	said   bool
}

func newBadge(o *Options, addr string, v voice, life *Life, start time.Time, seed uint64) *badge {
	b := &badge{o: o, addr: addr, voice: v, life: life, start: start, r: rand.New(rand.NewPCG(seed, 3)), press: make(chan report.Alarm, 4)}
	if o.Honest {
		return b
	}
	switch b.r.IntN(40) {
	case 0:
		b.skew = 8 * time.Hour // tells the local time as UTC
	case 1:
		b.skew = -15 * 365 * 24 * time.Hour // its clock was never set
	}
	return b
}

// pick draws an alarm: most are small.
func pick(r *rand.Rand) report.Alarm {
	switch n := r.IntN(20); {
	case n < 4:
		return report.SOS
	case n < 7:
		return report.Fall
	case n < 11:
		return report.Removed
	}
	return report.LowBattery
}

// now gives the moment as the badge would tell it: the day passes at Speed,
// the clock does not.
func (b *badge) now() Moment {
	real := b.o.Clock.Now()
	m := b.life.At(b.start.Add(time.Duration(float64(real.Sub(b.start)) * b.o.Speed)))
	m.At = real.Add(b.skew)
	return m
}

// jitter gives d ± 20 %, at the run's speed.
func (b *badge) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*b.r.Float64()) / b.o.Speed)
}

func (b *badge) run(ctx context.Context) {
	wait := time.Duration(b.r.Int64N(int64(b.o.Ramp)))
	if b.first > 0 {
		wait = 0
	}
	for tries := 0; ; tries++ {
		select {
		case <-ctx.Done():
			return
		case a := <-b.press: // pressed while there is no connection
			b.raise(a)
			continue
		case <-b.o.Clock.After(wait):
		}
		conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", b.addr)
		if err == nil {
			b.o.Counts.connections.Add(1)
			if b.talk(ctx, conn) {
				tries = 0
			}
			_ = conn.Close()
			if ctx.Err() == nil {
				b.o.Counts.breaks.Add(1)
			}
		}
		// A gateway that restarts must not meet all its badges in one second.
		wait = time.Duration(1+b.r.IntN(1000))*time.Millisecond + time.Duration(b.r.Int64N(int64(min(time.Second<<min(tries, 6), time.Minute))))
	}
}

// talk uses one connection; it tells whether the sign-on came through.
func (b *badge) talk(ctx context.Context, conn net.Conn) (signed bool) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	bytes := make(chan []byte)
	go listen(conn, bytes)
	defer func() { // let the reader end
		_ = conn.Close()
		for range bytes {
		}
	}()
	say, ready := b.voice.open()
	if !b.say(conn, say) {
		return false
	}
	for i := range b.pending {
		b.pending[i].answer, b.pending[i].again = "", b.o.Clock.Now()
	}
	var off time.Time // when the badge breaks the connection by itself
	if !b.o.Honest && b.r.IntN(3) == 0 {
		off = b.o.Clock.Now().Add(b.jitter(2 * time.Hour))
	}
	for {
		if ready {
			signed = true
			if !b.due(conn) {
				return signed
			}
		}
		select {
		case <-ctx.Done():
			return signed
		case p, open := <-bytes:
			if !open || !b.hear(conn, p, &ready) {
				return signed
			}
		case a := <-b.press:
			b.raise(a)
		case <-b.o.Clock.After(b.next(ready)):
		}
		if now := b.o.Clock.Now(); !off.IsZero() && now.After(off) {
			b.away(ctx, now)
			return signed
		}
	}
}

// away keeps places for a while without a connection: a blind spot.
func (b *badge) away(ctx context.Context, now time.Time) {
	for until := now.Add(b.jitter(20 * time.Minute)); b.o.Clock.Now().Before(until); {
		b.missed = append(b.missed, b.now())
		select {
		case <-ctx.Done():
			return
		case a := <-b.press:
			b.raise(a)
			return // an alarm makes it look for the network at once
		case <-b.o.Clock.After(b.jitter(b.o.Every)):
		}
	}
}

// hear takes what the gateway said; false ends the connection.
func (b *badge) hear(conn net.Conn, p []byte, ready *bool) bool {
	list, err := b.voice.hear(p)
	for _, h := range list {
		if h.say != nil && !b.say(conn, h.say) {
			return false
		}
		if h.refused {
			b.o.Counts.refused.Add(1)
			return false
		}
		*ready = *ready || h.ready
		b.answered(h.answer)
		if h.command {
			b.o.Counts.commands.Add(1)
		}
		if h.locate {
			b.nextSeen = time.Time{}
		}
	}
	if err != nil {
		b.o.Log.Warn("the gateway said what a badge can't read", "error", err)
	}
	return err == nil
}

func listen(conn net.Conn, out chan<- []byte) {
	defer close(out)
	for {
		buf := make([]byte, 512)
		n, err := conn.Read(buf)
		if n > 0 {
			out <- buf[:n]
		}
		if err != nil {
			return
		}
	}
}

const linkEvery = 6 * time.Minute

// next is how long nothing is to be said.
func (b *badge) next(ready bool) time.Duration {
	if !ready {
		return time.Minute
	}
	now := b.o.Clock.Now()
	wait := min(b.nextSeen.Sub(now), b.nextLink.Sub(now))
	for _, p := range b.pending {
		wait = min(wait, p.again.Sub(now))
	}
	if b.first > 0 {
		wait = min(wait, b.start.Add(b.first).Sub(now))
	}
	return max(wait, 10*time.Millisecond)
}

// due says what is to be said now; false ends the connection.
func (b *badge) due(conn net.Conn) bool {
	now := b.o.Clock.Now()
	if b.first > 0 && !now.Before(b.start.Add(b.first)) {
		b.first = 0
		b.raise(report.SOS)
	}
	for i := range b.pending {
		p := &b.pending[i]
		if p.again.After(now) {
			continue
		}
		if p.said {
			b.o.Counts.repeats.Add(1)
		}
		var frame []byte
		frame, p.answer = b.voice.alarm(p.moment, p.alarm)
		p.said, p.again = true, now.Add(b.o.RepeatAfter)
		if !b.say(conn, frame) {
			return false
		}
	}
	for len(b.missed) > 0 {
		m := b.missed[0]
		b.missed = b.missed[1:]
		b.o.Counts.history.Add(1)
		if !b.say(conn, b.voice.position(m, true)) {
			return false
		}
	}
	m := b.now()
	if !b.nextLink.After(now) {
		b.nextLink = now.Add(b.jitter(linkEvery))
		b.o.Counts.links.Add(1)
		if !b.say(conn, b.voice.link(m)) {
			return false
		}
	}
	if b.nextSeen.After(now) {
		return true
	}
	b.nextSeen = now.Add(b.jitter(b.o.Every))
	if m.Battery == 0 && !b.o.Honest {
		return true // flat: it says nothing about where it is
	}
	b.o.Counts.positions.Add(1)
	frame := b.voice.position(m, false)
	if !b.o.Honest && b.r.IntN(50) == 0 { // said twice
		frame = append(frame, frame...)
	}
	return b.say(conn, frame)
}

// raise notes an alarm to be said until it is answered.
func (b *badge) raise(a report.Alarm) {
	b.o.Counts.alarms.Add(1)
	b.pending = append(b.pending, pending{alarm: a, moment: b.now()})
}

// answered strikes the oldest alarm that waits for the answer.
func (b *badge) answered(answer string) {
	if answer == "" {
		return
	}
	for i, p := range b.pending {
		if p.answer == answer {
			b.pending = append(b.pending[:i], b.pending[i+1:]...)
			b.o.Counts.acknowledged.Add(1)
			return
		}
	}
}

func (b *badge) say(conn net.Conn, p []byte) bool {
	if len(p) == 0 {
		return true
	}
	b.o.Counts.frames.Add(1)
	_, err := conn.Write(p)
	return err == nil
}

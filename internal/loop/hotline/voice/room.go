package voice

import (
	"context"
	"slices"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
)

// Leg is one end of a conversation as the room sees it.
type Leg struct {
	// Name tells ends apart in tests and logs: caller, seat, 110.
	Name string
	// Send is given a frame every tick and must not block.
	Send func(Frame)

	in     jitter
	mu     sync.Mutex
	queue  []Frame // prompts for this end alone
	ended  []promptEnd
	fed    int // frames of prompts played so far
	asked  int // frames of prompts queued so far
	muted  bool
	heard  time.Duration
	silent time.Duration // since the end was last heard
}

type promptEnd struct {
	at   int
	done chan struct{}
}

// Put takes in what the end said, by its RTP sequence number.
func (l *Leg) Put(seq uint16, f Frame) { l.in.put(seq, f) }

// Play queues a prompt for this end and gives a channel that is closed when it
// was played to its end, or cut by Hush.
func (l *Leg) Play(frames []Frame) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := make(chan struct{})
	l.queue = append(l.queue, frames...)
	l.asked += len(frames)
	l.ended = append(l.ended, promptEnd{l.asked, done})
	return done
}

// Hush cuts what is being played to this end.
func (l *Leg) Hush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fed, l.queue = l.asked, nil
	l.finish()
}

func (l *Leg) finish() {
	l.ended = slices.DeleteFunc(l.ended, func(e promptEnd) bool {
		if e.at <= l.fed {
			close(e.done)
			return true
		}
		return false
	})
}

// Mute has the others not hear this end.
func (l *Leg) Mute(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.muted = on
}

// Heard tells for how long in all this end was heard, and for how long it has
// been silent: a call in which nobody speaks is a class of its own.
func (l *Leg) Heard() (heard, silent time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard, l.silent
}

// step takes this tick's frame of the end, and its prompt if one plays.
func (l *Leg) step() (said, prompt Frame) {
	said, _ = l.in.take()
	l.mu.Lock()
	defer l.mu.Unlock()
	if said.Heard() {
		l.heard += FrameFor
		l.silent = 0
	} else {
		l.silent += FrameFor
	}
	if l.muted {
		said = Frame{}
	}
	if len(l.queue) > 0 {
		prompt, l.queue = l.queue[0], l.queue[1:]
		l.fed++
		l.finish()
	}
	return said, prompt
}

// Sink is given both sides of each tick: the caller, and all that the caller
// hears. It must not block.
type Sink interface {
	Write(caller, others Frame)
}

// Room is one conversation. The first leg to join is the caller.
type Room struct {
	mu   sync.Mutex
	legs []*Leg
	sink Sink
}

// Join adds an end.
func (r *Room) Join(l *Leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.legs, l) {
		r.legs = append(r.legs, l)
	}
}

// Leave takes an end out.
func (r *Room) Leave(l *Leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.legs = slices.DeleteFunc(r.legs, func(o *Leg) bool { return o == l })
}

// Legs tells how many ends the room has.
func (r *Room) Legs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.legs)
}

// Record sends both sides to the sink from now on; nil ends it.
func (r *Room) Record(s Sink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sink = s
}

// Tick moves 20 ms of sound.
func (r *Room) Tick() {
	r.mu.Lock()
	legs, sink := slices.Clone(r.legs), r.sink
	r.mu.Unlock()
	said := make([]Frame, len(legs))
	prompts := make([]Frame, len(legs))
	for i, l := range legs {
		said[i], prompts[i] = l.step()
	}
	for i, l := range legs {
		parts := make([]Frame, 0, len(legs)+1)
		for k := range legs {
			if k != i {
				parts = append(parts, said[k])
			}
		}
		out := mix(append(parts, prompts[i])...)
		l.Send(out)
		if i == 0 && sink != nil {
			sink.Write(said[0], out)
		}
	}
}

// Run ticks until ctx ends. A tick that comes late is made up for, so that the
// sound keeps the pace of the wall.
func (r *Room) Run(ctx context.Context, clk clock.Clock) {
	next := clk.Now()
	for ctx.Err() == nil {
		r.Tick()
		next = next.Add(FrameFor)
		wait := next.Sub(clk.Now())
		if wait < -time.Second { // the machine slept: don't play a second at once
			next = clk.Now()
			continue
		}
		if wait <= 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-clk.After(wait):
		}
	}
}

package phone

import (
	"context"
	"sync"
	"time"
)

// diary tells the Book what happens in one call, in order, and again until the
// Book has it.
type diary struct {
	line    *Line
	arrival Arrival
	stored  bool
	mu      sync.Mutex
	queue   []Event
	closed  bool
	wake    chan struct{}
}

const (
	tellAgain    = 200 * time.Millisecond
	tellAgainMax = 5 * time.Second
	tellWithin   = 10 * time.Second // after the stop; what is left is lost with the process
)

// newDiary stores the arrival; if the storage is away it is told later.
func newDiary(l *Line, a Arrival) *diary {
	d := &diary{line: l, arrival: a, wake: make(chan struct{}, 1)}
	if err := l.o.Book.Arrive(context.WithoutCancel(l.stop), a); err != nil {
		l.o.Log.Error("a call rings from memory", "call", a.ID, "error", err)
	} else {
		d.stored = true
	}
	l.writers.Add(1)
	go d.run()
	return d
}

func (d *diary) tell(e Event) {
	d.mu.Lock()
	d.queue = append(d.queue, e)
	d.mu.Unlock()
	d.poke()
}

func (d *diary) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.poke()
}

func (d *diary) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *diary) run() {
	defer d.line.writers.Done()
	pause := tellAgain
	clk := d.line.o.Clock
	var stopped time.Time
	for {
		d.mu.Lock()
		empty, closed := len(d.queue) == 0, d.closed
		var e Event
		if !empty {
			e = d.queue[0]
		}
		d.mu.Unlock()
		if empty && closed {
			return
		}
		if empty {
			<-d.wake
			continue
		}
		if d.once(e) {
			pause = tellAgain
			d.mu.Lock()
			d.queue = d.queue[1:]
			d.mu.Unlock()
			continue
		}
		if d.line.stop.Err() != nil {
			if stopped.IsZero() {
				stopped = clk.Now()
			} else if clk.Now().Sub(stopped) > tellWithin {
				d.line.o.Log.Error("what happened in a call is not stored", "call", d.arrival.ID)
				return
			}
		}
		<-clk.After(pause)
		pause = min(2*pause, tellAgainMax)
	}
}

func (d *diary) once(e Event) bool {
	ctx := context.WithoutCancel(d.line.stop)
	if !d.stored {
		if d.line.o.Book.Arrive(ctx, d.arrival) != nil {
			return false
		}
		d.stored = true
	}
	return d.line.o.Book.Tell(ctx, e) == nil
}

package guard

import (
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/geo"
)

// Side is where a device stands to a fence.
type Side string

// The sides. Pending is no side of its own: it is Toward being set.
const (
	Unknown Side = "unknown"
	In      Side = "in"
	Out     Side = "out"
	between Side = "between" // within the margin: refutes nothing, proves nothing
	blind   Side = "blind"   // only a guess
)

// Mode says what a fence is for.
type Mode string

// The modes.
const (
	KeepIn  Mode = "keep_in"  // alarm outside
	KeepOut Mode = "keep_out" // alarm inside
)

// Fix is a place as the rules need it.
type Fix struct {
	geo.Point
	At        clock.Millis
	Source    string // gps, wifi, cell
	AccuracyM float64
	SpeedKmh  float64 // -1: not told
}

// Standing is the durable state of one device to one fence.
type Standing struct {
	State    Side         `bun:"state"`
	Toward   Side         `bun:"toward"`    // what the last fixes speak for; empty: nothing is pending
	Count    int          `bun:"count"`     // fixes that agree
	FirstAt  clock.Millis `bun:"first_at"`  // the first of them
	LastAt   clock.Millis `bun:"last_at"`   // the newest of them
	SinceAt  clock.Millis `bun:"since_at"`  // since when State holds
	UnsureAt clock.Millis `bun:"unsure_at"` // a guess said outside; 0: not since it was known
}

// Pending tells whether the standing waits for another fix.
func (s Standing) Pending() bool { return s.Toward != "" }

// Verdict is what a fix changed.
type Verdict string

// The verdicts.
const (
	Nothing   Verdict = ""
	Suspected Verdict = "suspected" // pending began: ask the device where it is
	Left      Verdict = "left"
	Entered   Verdict = "entered"
	Doubtful  Verdict = "doubtful" // a guess says outside
)

// side judges one fix. distance: metres from the edge, negative inside.
func (r FenceRule) side(m Mode, f Fix, distance, radius float64) Side {
	if f.Source == "cell" || f.AccuracyM <= 0 || f.AccuracyM > r.CoarseM {
		return blind
	}
	if m == KeepOut {
		switch {
		case distance <= -r.EnterM && f.AccuracyM <= r.ZoneM:
			return In
		case distance > max(r.ExitM, f.AccuracyM):
			return Out
		}
		return between
	}
	switch {
	case distance <= -r.EnterM:
		return In
	case distance > max(r.ExitM, r.ExitShare*radius) && distance > f.AccuracyM:
		return Out
	}
	return between
}

// Next takes a fix that is newer than what the standing has seen, or out of
// order by seconds. jumped: it lies further away than anything moves.
func (s Standing) Next(m Mode, f Fix, distance, radius float64, jumped bool, r FenceRule) (Standing, Verdict) {
	if s.State == "" {
		s.State = Unknown
	}
	at := r.side(m, f, distance, radius)
	switch at {
	case blind:
		if m == KeepIn && s.State != Out && s.UnsureAt == 0 && f.AccuracyM > 0 && distance > f.AccuracyM && distance > r.ExitM {
			s.UnsureAt = f.At
			return s, Doubtful
		}
		return s, Nothing
	case between:
		return s, Nothing
	case s.State:
		if s.Toward != "" && f.At < s.FirstAt {
			return s, Nothing // older than what it would refute
		}
		s.Toward, s.Count, s.FirstAt, s.LastAt, s.UnsureAt = "", 0, 0, 0, 0
		return s, Nothing
	}
	// The fix speaks for the other side. Nobody has to be told that a child is
	// where it belongs, so that the first word of it is believed.
	if s.State == Unknown && (at == In) == (m == KeepIn) {
		s.State, s.SinceAt, s.UnsureAt = at, f.At, 0
		s.Toward, s.Count, s.FirstAt, s.LastAt = "", 0, 0, 0
		if at == In {
			return s, Entered
		}
		return s, Nothing
	}
	began := false
	if s.Toward != at {
		s.Toward, s.Count, s.FirstAt, s.LastAt, began = at, 0, f.At, 0, true
	}
	if f.At == s.LastAt {
		return s, Nothing // the same fix once more
	}
	if !jumped {
		s.Count++
	}
	s.FirstAt, s.LastAt = min(s.FirstAt, f.At), max(s.LastAt, f.At)
	deep := m == KeepOut && at == In && f.AccuracyM <= r.GoodM && -distance >= f.AccuracyM && !jumped
	if deep || s.Count >= r.Fixes || s.Count >= 2 && s.LastAt.Sub(s.FirstAt).Seconds() >= float64(r.WithinS) {
		return s.settle()
	}
	if began {
		return s, Suspected
	}
	return s, Nothing
}

// settle makes what is pending the state.
func (s Standing) settle() (Standing, Verdict) {
	to := s.Toward
	s.State, s.SinceAt = to, s.FirstAt
	s.Toward, s.Count, s.FirstAt, s.LastAt, s.UnsureAt = "", 0, 0, 0, 0
	if to == In {
		return s, Entered
	}
	return s, Left
}

// Alone settles a pending standing that nothing followed: one good fix stands
// for itself. good: it was exact, and far enough.
func (s Standing) Alone(good bool, now clock.Millis, r FenceRule) (Standing, Verdict) {
	if s.Toward == "" || !good || s.Count == 0 || now.Sub(s.LastAt).Seconds() < float64(r.AloneS) {
		return s, Nothing
	}
	return s.settle()
}

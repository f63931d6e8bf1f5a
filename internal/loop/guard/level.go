package guard

import "zugou/internal/kernel/clock"

// Level is the durable state of one reading of one device: battery, heart
// rate, temperature, oxygen, speed.
type Level struct {
	Over    bool         `bun:"over"`  // an alarm was told, and it is not re-armed
	Count   int          `bun:"count"` // readings beyond the bound in a row
	FirstAt clock.Millis `bun:"first_at"`
	LastAt  clock.Millis `bun:"last_at"`
	Value   float64      `bun:"value"` // the newest
}

// step is what a reading changed.
type step int

const (
	same step = iota
	rose      // an alarm
	fell      // re-armed
)

// Battery takes a level in percent. booted: it is the first word after a
// start, when some say 0 whatever is in the battery.
func (l Level) Battery(percent int, booted bool, at clock.Millis, r BatteryRule) (Level, step) {
	if percent < 0 || percent > 100 || percent == 0 && (booted || l.LastAt == 0) {
		return l, same
	}
	l.Value, l.LastAt = float64(percent), at
	switch {
	case !l.Over && percent <= r.Low:
		l.Over, l.FirstAt = true, at
		return l, rose
	case l.Over && percent >= r.Rearm:
		l.Over, l.FirstAt = false, 0
		return l, fell
	}
	return l, same
}

// Vital takes a reading. 0 says that the badge is not worn: no reading.
func (l Level) Vital(v float64, at clock.Millis, r VitalRule) (Level, step) {
	if v <= 0 || at <= l.LastAt {
		return l, same
	}
	beyond := r.High != 0 && v >= r.High || r.Low != 0 && v <= r.Low
	within := (r.High == 0 || v <= r.High-r.Gap) && (r.Low == 0 || v >= r.Low+r.Gap)
	if l.Count > 0 && at.Sub(l.LastAt).Seconds() > float64(r.WithinS) {
		l.Count = 0
	}
	l.Value, l.LastAt = v, at
	switch {
	case beyond:
		if l.Count == 0 {
			l.FirstAt = at
		}
		l.Count++
		if !l.Over && l.Count >= r.Fixes {
			l.Over = true
			return l, rose
		}
	case within:
		was := l.Over
		l.Over, l.Count, l.FirstAt = false, 0, 0
		if was {
			return l, fell
		}
	default:
		l.Count = 0
	}
	return l, same
}

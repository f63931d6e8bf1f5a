package keep

import (
	"time"

	"zugou/internal/kernel/clock"
)

// Bounds of a device's clock (reference: future by more than five minutes, or
// a year before the product existed, can't be).
const (
	ahead    = 5 * time.Minute
	tooOld   = clock.Millis(1704067200000) // 2024-01-01
	zone     = 8 * 60                      // minutes: local time sent as UTC
	zoneSlip = 10                          // minutes
)

// How many frames in a row teach a wrong zone. Ahead can't be anything else;
// behind might be a device that sends late without saying so.
const (
	hitsAhead  = 3
	hitsBehind = 10
	hitsRight  = 3
)

// Clock is what is known of a device's clock.
type Clock struct {
	Skew      int // minutes that it is ahead of UTC
	Candidate int // what the last frames speak for
	Hits      int // how many in a row
}

// Learn takes what a live frame told. changed: the row is to be written.
func (c Clock) Learn(told, now clock.Millis) (next Clock, changed bool) {
	if told == 0 {
		return c, false
	}
	off := int(told.Sub(now) / time.Minute)
	candidate := 0
	switch {
	case off >= zone-zoneSlip && off <= zone+zoneSlip:
		candidate = zone
	case off >= -zone-zoneSlip && off <= -zone+zoneSlip:
		candidate = -zone
	case off < -zoneSlip || off > zoneSlip:
		return c, false // says nothing
	}
	next = c
	if candidate != c.Candidate {
		next.Candidate, next.Hits = candidate, 0
	}
	need := map[int]int{zone: hitsAhead, -zone: hitsBehind, 0: hitsRight}[candidate]
	if next.Hits < need {
		next.Hits++
	}
	if next.Hits >= need {
		next.Skew = candidate
	}
	return next, next != c
}

// When gives the instant of a message. suspect: the device's clock can't be
// right, and the instant of receipt stands in.
func (c Clock) When(told, received clock.Millis) (at clock.Millis, suspect bool) {
	at = told.Add(-time.Duration(c.Skew) * time.Minute)
	if told == 0 || at < tooOld || at > received.Add(ahead) {
		return received, true
	}
	return min(at, received), false
}

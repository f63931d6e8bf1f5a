package guard

import (
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
)

// Kind names an alarm of class B.
type Kind string

// The kinds.
const (
	FenceExit   Kind = "fence_exit"     // left where it should be
	DangerEnter Kind = "danger_enter"   // in a danger zone
	DangerCross Kind = "danger_cross"   // its way led through one
	Absent      Kind = "absent"         // not at school when it began
	Unsure      Kind = "cannot_confirm" // only a guess says so
	LowBattery  Kind = "low_battery"
	Silent      Kind = "silent"
	Flat        Kind = "battery_flat" // silent, and its battery was at its end
	HeartRate   Kind = "heart_rate"
	Temperature Kind = "temperature"
	SpO2        Kind = "spo2"
	Speed       Kind = "speed"
)

// Kinds lists them in the order in which pages show them.
func Kinds() []Kind {
	return slices.Clone([]Kind{DangerEnter, FenceExit, Absent, DangerCross, HeartRate, Temperature, SpO2, Speed, Silent, Flat, LowBattery, Unsure})
}

// State of an alarm.
type State string

// The states.
const (
	Open  State = "open"  // a matter has it
	Held  State = "held"  // an outage explains it: shown, not called
	Noted State = "noted" // recorded only, by rule
	Ended State = "ended"
)

// Alarm is one record.
type Alarm struct {
	ID       id.ID        `bun:"id"`
	Device   id.ID        `bun:"device"`
	ChildID  id.ID        `bun:"child_id"`
	Region   string       `bun:"region"`
	Kind     Kind         `bun:"kind"`
	Fence    id.ID        `bun:"fence"`
	State    State        `bun:"state"`
	To       string       `bun:"goes_to"`
	At       clock.Millis `bun:"at"`        // when it was so
	RaisedAt clock.Millis `bun:"raised_at"` // when we knew
	LateS    int64        `bun:"late_s"`    // from history, so late; 0: live
	Value    float64      `bun:"value"`     // metres, percent, reading; seconds of silence
	SignalID id.ID        `bun:"signal_id"`
	MatterID id.ID        `bun:"matter_id"`
	Outage   id.ID        `bun:"outage"`
	EndedAt  clock.Millis `bun:"ended_at"`
	EndedWhy string       `bun:"ended_why"`
}

const alarmColumns = "id, device, child_id, region, kind, fence, state, goes_to, at, raised_at, late_s, value, signal_id, matter_id, outage, ended_at, ended_why"

package seat

import (
	"slices"
	"sync"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
)

// UnsavedAlarm is an alarm that came in while the storage was away
// ("未保存的报警").
type UnsavedAlarm struct {
	Key        string       `json:"key"`
	DeviceID   string       `json:"device_id"`
	Kind       string       `json:"kind"`
	Child      id.ID        `json:"child_id,omitempty"`
	ChildName  string       `json:"child_name,omitempty"`
	Region     string       `json:"region,omitempty"`
	ReceivedAt clock.Millis `json:"received_at"`
	Times      int          `json:"times"` // how often the device repeated it
	Body       any          `json:"position,omitempty"`
}

// Known is what memory holds of a device, for the time without storage.
type Known struct {
	Child  id.ID
	Name   string
	Region string
}

// mostUnsaved bounds the memory: far above what a district's badges can send
// while a disk is full.
const mostUnsaved = 10_000

// Unsaved keeps alarms that could not be stored, in memory, until the device's
// repeat is stored or an operator has dealt with them.
type Unsaved struct {
	mu     sync.Mutex
	alarms map[string]UnsavedAlarm
	known  map[string]Known
	tell   func(a UnsavedAlarm, stands bool)
}

// NewUnsaved makes an empty list; tell is called for each alarm that comes,
// and once more, with stands false, when it is stored or dealt with. It must
// not block.
func NewUnsaved(tell func(a UnsavedAlarm, stands bool)) *Unsaved {
	return &Unsaved{alarms: map[string]UnsavedAlarm{}, tell: tell}
}

// Learn replaces what memory holds of devices. Call it from time to time while
// the storage is there.
func (u *Unsaved) Learn(known map[string]Known) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known = known
}

// rings tells whether a signal is a call for help: whatever else a device says
// is left to its repeat.
func rings(n signal.New) bool { return !n.Source.Device() || len(n.Alarm()) > 0 }

// Ring takes an alarm that could not be stored.
func (u *Unsaved) Ring(n signal.New, now time.Time) {
	if !rings(n) {
		return
	}
	u.mu.Lock()
	a, had := u.alarms[n.Key]
	if !had {
		if len(u.alarms) >= mostUnsaved {
			u.mu.Unlock()
			return
		}
		k := u.known[n.DeviceID]
		a = UnsavedAlarm{Key: n.Key, DeviceID: n.DeviceID, Kind: n.Kind, Child: k.Child, ChildName: k.Name, Region: k.Region, ReceivedAt: clock.Of(now), Body: n.Body}
	}
	a.Times++
	u.alarms[n.Key] = a
	u.mu.Unlock()
	if u.tell != nil {
		u.tell(a, true)
	}
}

// Stored clears the entry of a signal that is on disk now.
func (u *Unsaved) Stored(key string) {
	u.mu.Lock()
	a, had := u.alarms[key]
	delete(u.alarms, key)
	u.mu.Unlock()
	if had && u.tell != nil {
		u.tell(a, false)
	}
}

// List gives the entries, oldest first.
func (u *Unsaved) List() []UnsavedAlarm {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]UnsavedAlarm, 0, len(u.alarms))
	for _, a := range u.alarms {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b UnsavedAlarm) int { return int(a.ReceivedAt - b.ReceivedAt) })
	return out
}

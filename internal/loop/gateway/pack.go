package gateway

import (
	"encoding/json"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// packed is a device's signal as bytes, for a store that reads it back later.
type packed struct {
	Source   signal.Source `json:"s"`
	Kind     string        `json:"k"`
	Key      string        `json:"i"`
	DeviceID string        `json:"d"`
	DeviceAt clock.Millis  `json:"t,omitempty"`
	History  bool          `json:"h,omitempty"`
	Said     said          `json:"b"`
	ICCID    string        `json:"c,omitempty"`
	Status   *uint32       `json:"w,omitempty"`
	Raw      []byte        `json:"r,omitempty"`
}

// Ordinary tells whether a signal is a report that nobody waits for: a device
// told where it is or how it does. An alarm of any kind, a recording, an event
// and whatever a person wrote are not.
func Ordinary(n signal.New) bool {
	b, ok := n.Body.(said)
	return ok && n.Source.Device() && len(n.Alarms) == 0 && !n.Event && b.Media == nil && n.DeviceID != "" &&
		n.Note == "" && n.Phone == "" && n.Name == "" && n.Kinds == "" && n.Urgency == "" && n.ChildID == "" && n.Region == "" && !n.Drill
}

// Pack writes an ordinary signal; ok is false for others.
func Pack(n signal.New) (text []byte, ok bool) {
	if !Ordinary(n) {
		return nil, false
	}
	b, _ := n.Body.(said) // Ordinary looked
	text, err := json.Marshal(packed{n.Source, n.Kind, n.Key, n.DeviceID, n.DeviceAt, n.History, b, b.ICCID, b.Status, n.Raw})
	return text, err == nil
}

// Unpack reads what Pack wrote.
func Unpack(text []byte) (signal.New, error) {
	var p packed
	if err := json.Unmarshal(text, &p); err != nil {
		return signal.New{}, errs.Internal(err)
	}
	p.Said.ICCID, p.Said.Status = p.ICCID, p.Status
	n := signal.New{Source: p.Source, Kind: p.Kind, Key: p.Key, DeviceID: p.DeviceID, DeviceAt: p.DeviceAt, History: p.History, Body: p.Said, Raw: p.Raw}
	n.Lat, n.Lon = p.Said.place()
	return n, nil
}

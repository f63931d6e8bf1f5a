package gateway

import (
	"strings"

	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"

	"zugou/internal/centre/signal"
)

// KindOf names what a message is, for lists: its first alarm, or what it brings.
func KindOf(m report.Message) string {
	switch {
	case len(m.Alarms) > 0 && Event(m):
		return string(m.Alarms[0])
	case m.Media != nil:
		return m.Media.Kind
	case m.Lat != nil || m.Valid != nil:
		return "position"
	case len(m.Vitals) > 0:
		return "vitals"
	}
	return "link"
}

// Event tells whether the message is an alarm of its own, and not a report
// whose state bits happen to be up.
func Event(m report.Message) bool {
	t := strings.ToUpper(m.Type)
	switch {
	case strings.HasPrefix(t, "AL"), t == "0X16", t == "0X26":
		return true
	}
	return false
}

// said is what the seat keeps of a message beside the raw frame: no name, no
// number of a person.
type said struct {
	Type       string             `json:"type"`
	Valid      *bool              `json:"valid,omitempty"`
	Lat        *float64           `json:"lat,omitempty"`
	Lon        *float64           `json:"lon,omitempty"`
	SpeedKmh   *float64           `json:"speed_kmh,omitempty"`
	Course     *float64           `json:"course,omitempty"`
	Accuracy   *float64           `json:"accuracy,omitempty"`
	Battery    *int               `json:"battery,omitempty"`
	Steps      *int               `json:"steps,omitempty"`
	Satellites *int               `json:"satellites,omitempty"`
	Signal     *int               `json:"signal,omitempty"`
	Cells      []report.Cell      `json:"cells,omitempty"`
	Wifi       []report.Wifi      `json:"wifi,omitempty"`
	Vitals     map[string]float64 `json:"vitals,omitempty"`
	Fault      string             `json:"fault,omitempty"` // what of the frame could not be read
}

// Said gives back the body that a signal of a device carries, nil for others.
func Said(n signal.New) *report.Message {
	b, ok := n.Body.(said)
	if !ok {
		return nil
	}
	return &report.Message{Type: b.Type, Valid: b.Valid, Lat: b.Lat, Lon: b.Lon, SpeedKmh: b.SpeedKmh, Course: b.Course, Accuracy: b.Accuracy, Battery: b.Battery,
		Steps: b.Steps, Satellites: b.Satellites, Signal: b.Signal, Cells: b.Cells, Wifi: b.Wifi, Vitals: b.Vitals}
}

func body(m report.Message) said {
	return said{m.Type, m.Valid, m.Lat, m.Lon, m.SpeedKmh, m.Course, m.Accuracy, m.Battery, m.Steps, m.Satellites, m.Signal, m.Cells, m.Wifi, m.Vitals, m.Err}
}

// Watch is the watch protocol.
func Watch() Protocol {
	return Protocol{Source: signal.Watch, New: func() Codec { return &watchCodec{} }}
}

type watchCodec struct{ framer watch.Framer }

func (w *watchCodec) Feed(p []byte) { w.framer.Feed(p) }

func (w *watchCodec) Pending() bool { return w.framer.Pending() > 0 }

func (w *watchCodec) Next() (Frame, bool, error) {
	raw, ok, err := w.framer.Next()
	if !ok || err != nil {
		return Frame{}, false, err
	}
	return watchFrame(raw), true, nil
}

func (w *watchCodec) Flush() (Frame, bool) {
	raw, ok := w.framer.Flush()
	if !ok {
		return Frame{}, false
	}
	return watchFrame(raw), true
}

func watchFrame(raw []byte) Frame {
	f, err := watch.Parse(raw)
	if err != nil {
		return Frame{Err: err}
	}
	return Frame{Messages: []report.Message{f.Message()}, Content: append([]byte(f.Type+","), f.Args...)}
}

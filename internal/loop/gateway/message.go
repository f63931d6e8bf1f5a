package gateway

import (
	"slices"
	"strings"

	"zugou/internal/centre/signal"
	"zugou/internal/loop/gateway/report"
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

// alarmTypes are the GT06 frames that a device sends because of an alarm.
var alarmTypes = []string{"0X16", "0X19", "0X26", "0X27", "0X32", "0X33", "0X95", "0XA3", "0XA4", "0XA5"}

// Event tells whether the message is an alarm of its own, and not a report
// whose state bits happen to be up. A terminal of JT/T 808 takes its SOS bit
// down when it is answered, so that a live report with it is a new press.
func Event(m report.Message) bool {
	t := strings.ToUpper(m.Type)
	switch {
	case strings.HasPrefix(t, "AL"), slices.Contains(alarmTypes, t):
		return true
	case t == "0X0200", t == "0X0201", t == "0X0500":
		return !m.History && m.Alarmed(report.SOS)
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
	Media      *report.Media      `json:"media,omitempty"`  // its bytes stand apart
	Secret     bool               `json:"secret,omitempty"` // the position is not WGS-84
	System     string             `json:"crs,omitempty"`
	Locator    string             `json:"src,omitempty"`
	ICCID      string             `json:"-"`
	Status     *uint32            `json:"-"`
	Fault      string             `json:"fault,omitempty"` // what of the frame could not be read
	Model      string             `json:"model,omitempty"` // of an alarm: the profile it was read by
	Edition    int                `json:"edition,omitempty"`
	Hints      []report.Hint      `json:"hints,omitempty"`
}

// place gives where the device was by a valid fix; 0, 0 without one.
func (b said) place() (lat, lon float64) {
	if b.Valid == nil || !*b.Valid || b.Lat == nil || b.Lon == nil {
		return 0, 0
	}
	return *b.Lat, *b.Lon
}

// Said gives back the body that a signal of a device carries, nil for others.
func Said(n signal.New) *report.Message {
	b, ok := n.Body.(said)
	if !ok {
		return nil
	}
	return &report.Message{Type: b.Type, Valid: b.Valid, Lat: b.Lat, Lon: b.Lon, SpeedKmh: b.SpeedKmh, Course: b.Course, Accuracy: b.Accuracy, Battery: b.Battery,
		Steps: b.Steps, Satellites: b.Satellites, Signal: b.Signal, Cells: b.Cells, Wifi: b.Wifi, Vitals: b.Vitals,
		DeviceID: n.DeviceID, Time: n.DeviceAt.Time(), History: n.History, Media: b.Media, Secret: b.Secret, System: b.System, Locator: b.Locator, ICCID: b.ICCID, StatusBits: b.Status, Raw: n.Raw}
}

func body(m report.Message) said {
	return said{m.Type, m.Valid, m.Lat, m.Lon, m.SpeedKmh, m.Course, m.Accuracy, m.Battery, m.Steps, m.Satellites, m.Signal, m.Cells, m.Wifi, m.Vitals,
		m.Media, m.Secret, m.System, m.Locator, m.ICCID, m.StatusBits, m.Err, m.Model, m.Edition, m.Hints}
}

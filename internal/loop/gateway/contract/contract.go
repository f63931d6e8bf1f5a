// Package contract reads what badges of our own contract say, by whichever
// door: a JSON object under one of the subjects alarm, pos, vital, beat and
// answer.
//
//	{"mid":"k7…","t":1718900000000,"kind":"sos","lat":29.6,"lon":105.7,
//	 "crs":"wgs84","acc":12,"src":"gnss","batt":77,"seq":12}
//
// mid names the message: the badge says it again with the same mid until it is
// acknowledged, and the same mid is the same message for ever. kind belongs to
// alarms (sos, fall, removed, voice_help …; several in "alarms").
//
// Always true: an alarm stays one whatever else of it can't be read. A wrong
// field is named and left out, an unknown kind is a general alarm, and bytes
// that are no JSON under "alarm" are a general alarm too.
package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"time"

	"zugou/internal/loop/gateway/report"
)

// MaxBytes is the longest message: a minute of speech and some.
const MaxBytes = 256 << 10

// Subjects lists what a message may be about.
func Subjects() []string { return []string{"alarm", "pos", "vital", "beat", "answer"} }

// Said is a message as read.
type Said struct {
	Mid     string // "" if the badge gave none
	Message report.Message
	// Token, OK and Text are of an answer to a command.
	Token string
	OK    bool
	Text  string
}

var midForm = regexp.MustCompile(`^[!-~]{1,64}$`)

// Mid tells whether s may name a message.
func Mid(s string) bool { return midForm.MatchString(s) }

// Read reads a message. ok is false when it says nothing that can be stored:
// no JSON, or no mid; an alarm is always ok.
func Read(deviceID, subject string, payload []byte) (s Said, ok bool) {
	s.Message = report.Message{DeviceID: deviceID, Type: subject, Raw: payload}
	m := &s.Message
	var f map[string]json.RawMessage
	if err := json.Unmarshal(payload, &f); err != nil || f == nil {
		m.Fault(report.Bad("json", "no object"))
		if subject == "alarm" {
			m.Raise(report.General)
		}
		return s, subject == "alarm"
	}
	r := fields{f, m}
	r.text("mid", &s.Mid)
	if !Mid(s.Mid) {
		m.Fault(report.Bad("mid", "1 to 64 visible signs"))
		s.Mid = ""
	}
	var t float64
	if r.number("t", &t, 0, 4e12) {
		m.Time = time.UnixMilli(int64(t)).UTC()
	}
	m.Lat, m.Lon = r.float("lat", -90, 90), r.float("lon", -180, 180)
	if m.Lat != nil && m.Lon != nil {
		m.Valid = new(true)
	}
	m.Accuracy, m.SpeedKmh, m.Course = r.float("acc", 0, 1e5), r.float("speed", 0, 1000), r.float("course", 0, 360)
	m.Battery, m.Steps, m.Satellites, m.Signal = r.whole("batt", 0, 100), r.whole("steps", 0, 1e6), r.whole("sats", 0, 100), r.whole("signal", -200, 200)
	r.oneOf("crs", &m.System, "wgs84", "gcj02", "bd09")
	r.oneOf("src", &m.Locator, "gnss", "wifi", "cell")
	r.list("cells", &m.Cells)
	r.list("wifi", &m.Wifi)
	r.list("vitals", &m.Vitals)
	r.list("history", &m.History)
	if len(m.Cells) > 64 || len(m.Wifi) > 64 || len(m.Vitals) > 16 {
		m.Cells, m.Wifi, m.Vitals = nil, nil, nil
		m.Fault(report.Bad("lists", "too long"))
	}
	var voice []byte
	if r.list("voice", &voice); len(voice) > 0 {
		m.Media = &report.Media{Kind: "audio", Format: "amr", Bytes: len(voice), Data: voice}
	}
	if subject == "alarm" {
		r.alarms()
	}
	if subject == "answer" {
		r.text("cid", &s.Token)
		r.text("text", &s.Text)
		r.list("ok", &s.OK)
		m.Text = s.Text
	}
	return s, s.Mid != "" || subject == "alarm"
}

// fields reads an object field by field: a wrong one is named and left out.
type fields struct {
	f map[string]json.RawMessage
	m *report.Message
}

func (r fields) list(name string, to any) bool {
	raw, has := r.f[name]
	if !has || bytes.Equal(raw, []byte("null")) {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		r.m.Fault(report.Bad(name, "wrong kind of value"))
		return false
	}
	return true
}

func (r fields) text(name string, to *string) {
	if r.list(name, to) && len(*to) > 1024 {
		*to = (*to)[:1024]
	}
}

func (r fields) number(name string, to *float64, low, high float64) bool {
	if !r.list(name, to) {
		return false
	}
	if *to < low || *to > high {
		r.m.Fault(report.Bad(name, "out of range"))
		return false
	}
	return true
}

func (r fields) float(name string, low, high float64) *float64 {
	var v float64
	if !r.number(name, &v, low, high) {
		return nil
	}
	return &v
}

func (r fields) whole(name string, low, high float64) *int {
	var v float64
	if !r.number(name, &v, low, high) {
		return nil
	}
	return new(int(v))
}

func (r fields) oneOf(name string, to *string, of ...string) {
	if r.list(name, to) && !slices.Contains(of, *to) {
		r.m.Fault(report.Bad(name, "unknown"))
		*to = ""
		if name == "crs" { // a place in an unknown system is no place
			r.m.Valid = new(false)
		}
	}
}

func (r fields) alarms() {
	var kind string
	var several []string
	r.text("kind", &kind)
	r.list("alarms", &several)
	for _, a := range append(several, kind) {
		switch {
		case a == "":
		case report.Known(report.Alarm(a)):
			r.m.Raise(report.Alarm(a))
		default:
			r.m.Fault(report.Bad("kind", "unknown"))
			r.m.Raise(report.General)
		}
	}
	if len(r.m.Alarms) == 0 {
		r.m.Raise(report.General)
	}
}

// NameOf gives a mid to bytes that carry none, for their acknowledgement.
func NameOf(payload []byte) string {
	sum := sha256.Sum256(payload)
	return "h-" + base64.RawURLEncoding.EncodeToString(sum[:12])
}

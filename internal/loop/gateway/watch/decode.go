package watch

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"zugou/internal/loop/gateway/report"
)

// Decode takes a whole frame to its message. Errors: report.BadFrame; a frame
// whose header could be read gives its device and type beside the error.
func Decode(raw []byte) (report.Message, error) {
	f, err := Parse(raw)
	if err != nil {
		return report.Message{DeviceID: f.ID, Type: f.Type, Raw: raw}, err
	}
	return f.Message(), nil
}

// Message reads the content and writes the answer that is due. It never
// fails: what can't be read is named in Message.Err.
func (f Frame) Message() report.Message {
	m := report.Message{DeviceID: f.ID, Type: f.Type, Raw: f.Raw}
	switch kind := strings.ToUpper(f.Type); {
	case kind == "INIT":
		m.Reply = f.Encode([]byte("INIT,1"))
	case kind == "LK":
		f.link(&m)
		m.Reply = f.Encode([]byte("LK"))
	case strings.HasPrefix(kind, "UD"), strings.HasPrefix(kind, "AL"), strings.HasPrefix(kind, "WT"):
		if len(f.Args) > 0 || kind != "WT" { // a bare WT asks for the weather
			position(&m, f.Args)
		}
		m.History = strings.HasPrefix(kind, "UD2")
		if strings.HasPrefix(kind, "AL") {
			if len(m.Alarms) == 0 {
				m.Raise(report.General)
			}
			m.Reply = f.Encode([]byte("AL"))
		}
	case kind == "TKQ", kind == "TKQ2":
		m.Reply = f.Encode([]byte(f.Type))
	case kind == "TK", kind == "TK2":
		f.voice(&m)
	case kind == "JXTK":
		f.voicePart(&m)
	case kind == "IMG":
		f.picture(&m)
	default:
		if read := vitals[kind]; read != nil {
			m.Fault(read(&m, split(f.Args)))
		} else {
			m.Text = printable(f.Args)
		}
	}
	return m
}

// link reads LK,steps,rolls,battery. Fewer values mean "alive" and no more:
// LK,0,100 comes from models where the places differ.
func (f Frame) link(m *report.Message) {
	v := split(f.Args)
	if len(v) < 3 {
		return
	}
	m.Steps = integer(m, "steps", v[0])
	m.Battery = integer(m, "battery", v[2])
}

// vitals holds the readers of the body's values, by upper-case type.
var vitals = map[string]func(m *report.Message, v []string) error{
	"PULSE":  heart,
	"HEART":  heart,
	"BPHRT":  pressure,
	"BLOOD":  pressure,
	"TEMP":   func(m *report.Message, v []string) error { return vital(m, report.Temperature, v, 0) },
	"OXYGEN": func(m *report.Message, v []string) error { return vital(m, report.SpO2, v, 1) },
	"BTEMP2": func(m *report.Message, v []string) error {
		// The first value says whether the second was measured on the skin.
		if len(v) > 0 {
			if flag, err := decimal(v[0]); err == nil && flag <= 0 {
				return nil
			}
		}
		return vital(m, report.Temperature, v, 1)
	},
}

func heart(m *report.Message, v []string) error { return vital(m, report.HeartRate, v, 0) }

func pressure(m *report.Message, v []string) error {
	if err := vital(m, report.Systolic, v, 0); err != nil {
		return err
	}
	if err := vital(m, report.Diastolic, v, 1); err != nil {
		return err
	}
	if len(v) > 2 && v[2] != "" {
		return vital(m, report.HeartRate, v, 2)
	}
	return nil
}

func vital(m *report.Message, key string, v []string, at int) error {
	if at >= len(v) || v[at] == "" {
		return report.Bad(key, "missing")
	}
	x, err := decimal(v[at])
	if err != nil {
		return report.Bad(key, "no number")
	}
	m.Vital(key, x)
	return nil
}

// voice reads TK,<amr>. A body of one byte is the result of a recording that
// we sent, and gets no answer.
func (f Frame) voice(m *report.Message) {
	if len(f.Args) <= 1 {
		m.Text = printable(f.Args)
		return
	}
	m.Reply = f.Encode([]byte(strings.ToUpper(f.Type) + ",1"))
	data, err := Unescape(f.Args)
	if err != nil {
		m.Reply = nil // the device should send it again
		m.Fault(err)
		return
	}
	m.Media = media("audio", "amr", data)
}

// voicePart reads JXTK,a,name,part,parts,<amr>.
func (f Frame) voicePart(m *report.Message) {
	v := bytes.SplitN(f.Args, []byte(","), 5)
	if len(v) < 5 {
		m.Fault(report.Bad("voice", "%d of 5 values", len(v)))
		return
	}
	part, err1 := strconv.ParseUint(string(v[2]), 10, 16)
	parts, err2 := strconv.ParseUint(string(v[3]), 10, 16)
	data, err := Unescape(v[4])
	switch {
	case err1 != nil || err2 != nil || part == 0 || part > parts:
		m.Fault(report.Bad("voice", "no such part"))
		return
	case err != nil:
		m.Fault(err)
		return
	}
	m.Media = media("audio", "amr", data)
	m.Media.Name, m.Media.Part, m.Media.Parts = printable(v[1]), int(part), int(parts)
	m.Reply = f.Encode([]byte("JXTKR,1"))
}

// picture reads img,source,yymmddhhmmss,<jpg>.
func (f Frame) picture(m *report.Message) {
	v := bytes.SplitN(f.Args, []byte(","), 3)
	if len(v) < 3 {
		m.Fault(report.Bad("picture", "%d of 3 values", len(v)))
		return
	}
	data, err := Unescape(v[2])
	if err != nil {
		m.Fault(err)
		return
	}
	m.Time = instant(string(v[1]))
	m.Media = media("image", "jpg", data)
}

func media(kind, format string, data []byte) *report.Media {
	return &report.Media{Kind: kind, Format: format, Bytes: len(data), Data: data}
}

// instant reads yymmddhhmmss of this century as UTC; the zero time when it is
// no date. Some firmwares send local time: that is learned per device, above.
func instant(s string) time.Time {
	if len(s) != 12 || strings.Trim(s, "0123456789") != "" {
		return time.Time{}
	}
	t, err := time.Parse("20060102150405", "20"+s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// The fields of a position, in their order.
const (
	fDate = iota // ddmmyy
	fTime        // hhmmss
	fValid
	fLat
	fNorth
	fLon
	fEast
	fSpeed // km/h
	fCourse
	fAltitude
	fSatellites
	fSignal // 0–100
	fBattery
	fSteps
	fRolls
	fStatus // hex
	fTail
)

// position reads what follows UD, AL and WT. Each field is read by itself: a
// wrong one is named in the message's Err and the rest still counts.
func position(m *report.Message, args []byte) {
	v := strings.SplitN(string(args), ",", fTail+1)
	if len(v) <= fStatus {
		m.Fault(report.Bad("position", "%d of %d fields", len(v), fTail))
	}
	get := func(i int) string {
		if i < len(v) {
			return strings.TrimSpace(v[i])
		}
		return ""
	}
	if len(v) > fTime {
		if d := get(fDate); len(d) == 6 {
			m.Time = instant(d[4:] + d[2:4] + d[:2] + get(fTime))
		}
		if m.Time.IsZero() {
			m.Fault(report.Bad("time", "not ddmmyy,hhmmss"))
		}
	}
	if len(v) > fValid {
		switch get(fValid) {
		case "A", "a":
			m.Valid = new(true)
		case "V", "v":
			m.Valid = new(false)
		default:
			m.Fault(report.Bad("valid", "neither A nor V"))
		}
	}
	m.Lat = degrees(m, "lat", get(fLat), get(fNorth), "S")
	m.Lon = degrees(m, "lon", get(fLon), get(fEast), "W")
	m.SpeedKmh = number(m, "speed_kmh", get(fSpeed))
	m.Course = number(m, "course", get(fCourse))
	m.Altitude = number(m, "altitude", get(fAltitude))
	m.Satellites = integer(m, "satellites", get(fSatellites))
	m.Signal = integer(m, "signal", get(fSignal))
	m.Battery = integer(m, "battery", get(fBattery))
	m.Steps = integer(m, "steps", get(fSteps))
	if s := get(fStatus); s != "" {
		if word, err := strconv.ParseUint(s, 16, 64); err == nil {
			m.StatusBits = new(uint32(word))
			m.Raise(Alarms(uint32(word))...)
		} else {
			m.Fault(report.Bad("status", "not hex"))
		}
	} else if len(v) > fStatus {
		m.Fault(report.Bad("status", "missing"))
	}
	if len(v) > fTail {
		tail(m, v[fTail])
	}
}

// statusAlarms names the bits of the status word that are alarms. The low half
// is state, the high half events; a state and its event have one name. Bits 3
// (worn) and 4 (moving) are no alarms. Bit 14, unplugged, is of 2G models.
var statusAlarms = [32]report.Alarm{
	0: report.LowBattery, 1: report.FenceExit, 2: report.FenceEnter, 14: report.PowerOff,
	16: report.SOS, 17: report.LowBattery, 18: report.FenceExit, 19: report.FenceEnter,
	20: report.Removed, 21: report.Fall, 22: report.Fall,
}

// Alarms reads every bit of a status word.
func Alarms(status uint32) []report.Alarm {
	var out []report.Alarm
	for bit, name := range statusAlarms {
		if name != "" && status&(1<<bit) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// degrees reads a coordinate: S and W make it negative whatever its sign; with
// N, E or nothing the sign it came with stands ("-33.48,N" is south).
func degrees(m *report.Message, field, s, side, negative string) *float64 {
	v := number(m, field, s)
	if v == nil {
		return nil
	}
	if strings.EqualFold(side, negative) && *v > 0 {
		*v = -*v
	}
	return v
}

// number reads an optional decimal; "" is absent.
func number(m *report.Message, field, s string) *float64 {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	v, err := decimal(s)
	if err != nil {
		m.Fault(report.Bad(field, "no number"))
		return nil
	}
	return &v
}

// integer reads an optional whole number; some firmwares write "64.0".
func integer(m *report.Message, field, s string) *int {
	v := number(m, field, s)
	if v == nil {
		return nil
	}
	if *v > 1<<31 || *v < -1<<31 {
		m.Fault(report.Bad(field, "out of range"))
		return nil
	}
	return new(int(*v))
}

// decimal reads digits with a sign and a point, and nothing else that a float
// may be in Go (no exponent, no hex, no NaN).
func decimal(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 24 || strings.Trim(s, "0123456789.+-") != "" {
		return 0, report.Bad("number", "not decimal")
	}
	v, err := strconv.ParseFloat(s, 64)
	if v == 0 {
		v = 0 // no negative zero
	}
	return v, err
}

func split(args []byte) []string {
	if args == nil {
		return nil
	}
	v := strings.Split(string(args), ",")
	for i := range v {
		v[i] = strings.TrimSpace(v[i])
	}
	return v
}

// printable keeps what a person can read of a device's words, at most 1 KiB.
func printable(p []byte) string {
	if len(p) > 1024 {
		p = p[:1024]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(p), "\uFFFD"))
}

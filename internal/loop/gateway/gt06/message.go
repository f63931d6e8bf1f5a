package gt06

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// Types with a layout of their own; the others follow from their group.
const (
	typeLogin    = 0x01
	typeState    = 0x13
	typeText     = 0x15
	typeWifi     = 0x17
	typeWords    = 0x21 // 79 79
	typeBeat     = 0x23
	typeAddress  = 0x2a
	typeAZ       = 0x32 // 79 79
	typeAZAlarm  = 0x33 // 79 79
	typeWifi2    = 0x69
	typeModules  = 0x70 // 79 79
	typeCommand  = 0x80
	typeTime     = 0x8a
	typeInfo     = 0x94 // 79 79
	typeEvent    = 0x95
	typeLocation = 0x97 // our answer to typeAddress
	typeWifiOnly = 0xf3
)

// layouts tells what follows in the data of positions: the GPS block, one
// cell, the state with its alarm. Long cells are those of 4G.
var layouts = map[byte]struct{ gps, cell, state, long bool }{
	0x10: {gps: true},
	0x11: {gps: true, cell: true},
	0x12: {gps: true, cell: true}, 0x22: {gps: true, cell: true}, 0x2d: {gps: true, cell: true}, 0x31: {gps: true, cell: true}, 0x37: {gps: true, cell: true},
	0x16: {gps: true, cell: true, state: true}, 0x26: {gps: true, cell: true, state: true}, 0x27: {gps: true, cell: true, state: true}, 0x32: {gps: true, cell: true, state: true},
	0x19: {cell: true, state: true},
	0x1a: {gps: true}, 0x1e: {gps: true}, typeAddress: {gps: true},
	0xa0: {gps: true, cell: true, long: true},
	0xa3: {gps: true, cell: true, state: true, long: true}, 0xa4: {gps: true, cell: true, state: true, long: true},
	0xa5: {cell: true, state: true, long: true},
}

// Options are what an answer needs from outside.
type Options struct {
	Profile *profile.Profile
	Now     time.Time // answers time requests; zero: they get no answer
}

// Session is what a connection remembers: who logged in.
type Session struct {
	ID string // the IMEI, 15 digits; "" before the login
}

// Message reads one frame and writes the answer that is due: nearly every type
// is answered by its type and serial. It never fails; what can't be read is in
// Err.
func (s *Session) Message(f Frame, o Options) report.Message {
	m := report.Message{Type: fmt.Sprintf("0x%02x", f.Type), Raw: f.Raw}
	r := &reader{b: f.Data}
	m.Reply = Encode(f.Extended, f.Type, nil, f.Serial)
	switch {
	case f.Count >= 0:
		wifiShort(&m, r, f.Count)
		m.Reply = nil
		if len(f.Data) >= 6 {
			m.Reply = append(append([]byte{0x78, 0x78, 0, f.Type}, f.Data[:6]...), '\r', '\n')
		}
	case f.Type == typeLogin:
		s.login(&m, r)
	case f.Type == typeState && len(f.Data) == 16:
		stateLong(&m, r, o.Profile)
	case f.Type == typeState:
		m.Fault(state(&m, r, o.Profile))
	case f.Type == typeBeat:
		beat(&m, r)
	case f.Extended && f.Type == typeWords:
		words(&m, r)
		m.Reply = nil
	case f.Extended && f.Type == typeInfo:
		info(&m, r)
		m.Reply = nil
	case f.Extended && f.Type == typeModules:
		modules(&m, r)
		m.Reply = Encode(false, f.Type, nil, f.Serial)
	case f.Extended && (f.Type == typeAZ || f.Type == typeAZAlarm):
		az(&m, r, f.Type == typeAZAlarm)
	case f.Type == typeText:
		text(&m, r)
	case f.Type == typeTime:
		m.Reply = nil
		if !o.Now.IsZero() {
			t := o.Now.UTC()
			m.Reply = Encode(false, f.Type, []byte{byte(t.Year() - 2000), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())}, f.Serial)
		}
	case f.Type == typeEvent:
		event(&m, r)
	case f.Type == typeWifiOnly:
		wifiOnly(&m, r)
	case stations[f.Type]:
		network(&m, r, f)
	case f.Type >= typeCommand && f.Type <= 0x82: // answers to our commands
		m.Text = printable(f.Data)
		m.Reply = nil
	default:
		position(&m, r, f, o.Profile)
		if f.Type == typeAddress {
			m.Reply = address(f.Serial)
		}
	}
	if layouts[f.Type].state && m.Err != "" && len(m.Alarms) == 0 {
		m.Raise(report.General) // it was sent because of one, and will not be said again
	}
	m.DeviceID = s.ID
	return m
}

// login reads the IMEI: eight bytes of BCD, the first nibble is padding. What
// may follow is the model and the zone, hours and minutes times 16.
func (s *Session) login(m *report.Message, r *reader) {
	b := r.take(8)
	if b == nil {
		m.Fault(report.Bad("login", "%d bytes of 8", len(r.b)))
		m.Reply = nil
		return
	}
	imei := hex.EncodeToString(b)[1:]
	if strings.Trim(imei, "0123456789") != "" {
		m.Fault(report.Bad("login", "the IMEI is not BCD"))
		m.Reply = nil
		return
	}
	s.ID = imei
	if r.take(2) == nil || len(r.b) < 2 {
		return
	}
	zone := r.u16()
	sign := '+'
	if zone&8 != 0 {
		sign = '-'
	}
	m.Text = fmt.Sprintf("zone %c%02d:%02d", sign, zone>>4/100, zone>>4%100)
}

// position reads the groups that the type's layout names.
func position(m *report.Message, r *reader, f Frame, p *profile.Profile) {
	l, known := layouts[f.Type]
	if !known {
		return
	}
	if l.gps {
		if err := gps(m, r); err != nil {
			m.Fault(err)
			return
		}
	}
	if l.state {
		m.Fault(cellAndState(m, r, l.long, p))
		return
	}
	if !l.cell {
		return
	}
	if l.long && len(r.b) > 0 && r.b[0] > 3 && r.b[0] < 0x20 {
		r.u8() // a length byte: no country code begins so
	}
	if len(r.b) >= 8 {
		m.Cells = append(m.Cells, cell(r, l.long, f.Type == 0x11))
	}
	// Ignition, why it was sent, and whether it is a replay.
	if (f.Type == 0x22 || f.Type == 0x2d || f.Type == 0x37) && len(r.b) >= 3 {
		r.take(2)
		m.History = r.u8() == 1
	}
}

// gps reads the time and the place: YYMMDDhhmmss in binary, satellites, then
// units of 1/1,800,000 degree.
func gps(m *report.Message, r *reader) error {
	if len(r.b) < 18 {
		return report.Bad("position", "%d bytes of 18", len(r.b))
	}
	m.Fault(r.instant(m))
	m.Satellites = new(int(r.u8() & 15))
	place(m, r, true)
	return nil
}

// place reads latitude, longitude, speed where there is one, course and flags.
// Bit 10 set is north, bit 11 set is west.
func place(m *report.Message, r *reader, speed bool) {
	lat, lon := float64(r.u32())/1800000, float64(r.u32())/1800000
	if speed {
		m.SpeedKmh = new(float64(r.u8()))
	}
	flags := r.u16()
	if flags&(1<<10) == 0 && lat != 0 {
		lat = -lat
	}
	if flags&(1<<11) != 0 && lon != 0 {
		lon = -lon
	}
	m.Lat, m.Lon, m.Valid, m.Course = &lat, &lon, new(flags&(1<<12) != 0), new(float64(flags&0x3ff))
}

// cell reads MCC u16, MNC u8, LAC u16, cell u24. With the top bit of the MCC
// the MNC has two bytes; long ones have LAC u32 and cell u64; type 0x11 has
// two bytes of MNC and four of cell.
func cell(r *reader, long, wide bool) report.Cell {
	mcc := r.u16()
	c := report.Cell{MCC: new(int(mcc & 0x7fff))}
	if mcc&0x8000 != 0 || wide {
		c.MNC = new(int(r.u16()))
	} else {
		c.MNC = new(int(r.u8()))
	}
	switch {
	case long:
		c.LAC, c.CID = r.u32(), uint64(r.u32())<<32|uint64(r.u32())
	case wide:
		c.LAC, c.CID = uint32(r.u16()), uint64(r.u32())
	default:
		c.LAC, c.CID = uint32(r.u16()), uint64(r.u24())
	}
	return c
}

// cellAndState reads one cell, with a length byte before it or without, and
// the state: five bytes, on some models with a fence number or mileage after
// them, on some without the language. A length is 8 or more, the first byte of
// a country code is at most 3 or has the top bit; what does not leave enough
// for the state is not believed.
func cellAndState(m *report.Message, r *reader, long bool, p *profile.Profile) error {
	n := len(r.b)
	size := 8
	if long {
		size = 15
	}
	wide := func(at int) int { // one more for an MNC of two bytes
		if at < n && r.b[at]&0x80 != 0 {
			return 1
		}
		return 0
	}
	type form struct{ at, end int } // where the cell begins (-1: none) and the state begins
	var forms []form
	switch {
	case n == 0:
	case r.b[0] == 0: // no cell, a cell of zeros after the length, or one without
		forms = []form{{-1, 1}, {1, 1 + size}, {0, size}}
		for _, rest := range []int{6, 5} { // the one that leaves five bytes comes first
			for i, c := range forms {
				if n-c.end == rest {
					forms[0], forms[i] = forms[i], forms[0]
				}
			}
		}
	case int(r.b[0]) >= size && r.b[0] < 0x80: // no country code begins so
		end := int(r.b[0]) // it counts itself …
		if end == size+wide(1) {
			end++ // … or not
		}
		forms = []form{{1, end}}
		fallthrough
	default:
		forms = append(forms, form{0, size + wide(0)})
	}
	best, found := form{}, false
	for _, c := range forms {
		if rest := n - c.end; !found && rest >= 4 && (c.at < 0 || c.end-c.at >= size) {
			best, found = c, true
		}
	}
	if !found {
		return report.Bad("state", "%d bytes after the place", n)
	}
	if best.at >= 0 {
		part := &reader{b: r.b[best.at:best.end]}
		if c := cell(part, long, false); c.LAC != 0 || c.CID != 0 {
			m.Cells = append(m.Cells, c)
		}
	}
	r.b = r.b[best.end:]
	return state(m, r, p)
}

// state reads the terminal's state, the battery's level of 0 to 6 (a
// percentage on newer models), the signal, the alarm and the language.
func state(m *report.Message, r *reader, p *profile.Profile) error {
	if len(r.b) == 0 {
		return report.Bad("state", "missing")
	}
	bits := r.u8()
	m.StatusBits = new(uint32(bits))
	var code byte
	if len(r.b) > 0 {
		level := int(r.u8())
		if level <= 6 {
			level = level * 100 / 6
		}
		m.Battery = &level
	}
	if len(r.b) > 0 {
		m.Signal = new(int(r.u8()))
	}
	if len(r.b) > 0 {
		code = r.u8()
		m.AlarmBits = new(uint32(code))
	}
	m.Raise(Alarms(bits, code, p)...)
	return nil
}

// stateLong reads the 0x13 of 16 bytes that some models send: state, two
// bytes, alarm, language, battery in percent; the rest is of the supply.
func stateLong(m *report.Message, r *reader, p *profile.Profile) {
	bits := r.u8()
	r.u16()
	code := r.u8()
	r.u8()
	m.StatusBits, m.AlarmBits, m.Battery = new(uint32(bits)), new(uint32(code)), new(int(r.u8()))
	m.Raise(Alarms(bits, code, p)...)
}

// beat reads the heartbeat 0x23: state, voltage u16, signal.
func beat(m *report.Message, r *reader) {
	if len(r.b) == 0 {
		m.Fault(report.Bad("state", "missing"))
		return
	}
	bits := r.u8()
	m.StatusBits = new(uint32(bits))
	m.Raise(Alarms(bits, 0, nil)...)
	if len(r.b) >= 3 {
		r.u16()
		m.Signal = new(int(r.u8()))
	}
}

// event reads 0x95 of camera devices: time, with more than seven bytes a place,
// then what happened.
func event(m *report.Message, r *reader) {
	full := len(r.b) > 7
	if len(r.b) < 7 || full && len(r.b) < 17 {
		m.Fault(report.Bad("event", "%d bytes", len(r.b)))
		m.Raise(report.General)
		return
	}
	m.Fault(r.instant(m))
	if full {
		place(m, r, false)
	}
	switch code := r.u8(); code {
	case 0x01:
		if full {
			m.Raise(report.SOS)
			return
		}
		m.Raise(report.General)
	case 0x80:
		m.Raise(report.Vibration)
	case 0x87:
		m.Raise(report.Speeding)
	case 0x90:
		m.Raise(report.Acceleration)
	case 0x91:
		m.Raise(report.Braking)
	case 0x92:
		m.Raise(report.Cornering)
	case 0x93:
		m.Raise(report.Accident)
	default:
		m.Raise(report.General)
	}
}

// text reads 0x15, the answer to a command: length u8, server flag u32, words.
func text(m *report.Message, r *reader) {
	if len(r.b) < 5 {
		m.Fault(report.Bad("text", "%d bytes", len(r.b)))
		return
	}
	n := int(r.u8())
	flag := r.u32()
	m.Answer = &report.Answer{Serial: uint16(flag), ID: typeCommand}
	b := r.take(min(max(n-4, 0), len(r.b)))
	m.Text = printable(b)
	if s, ok := strings.CutPrefix(m.Text, "<ICCID:"); ok {
		m.ICCID, _, _ = strings.Cut(s, ">")
	}
}

// words reads 0x21 of the long form: server flag u32, 1 for ASCII or 2 for
// UTF-16BE, words.
func words(m *report.Message, r *reader) {
	if len(r.b) < 5 {
		m.Fault(report.Bad("text", "%d bytes", len(r.b)))
		return
	}
	m.Answer = &report.Answer{Serial: uint16(r.u32()), ID: typeCommand}
	if r.u8() != 2 {
		m.Text = printable(r.b)
		return
	}
	var u []uint16
	for len(r.b) >= 2 && len(u) < 1024 {
		u = append(u, r.u16())
	}
	m.Text = printable([]byte(string(utf16.Decode(u))))
}

// info reads 0x94: its kind 0A tells IMEI, IMSI and ICCID.
func info(m *report.Message, r *reader) {
	if len(r.b) < 1 {
		m.Fault(report.Bad("info", "empty"))
		return
	}
	if kind := r.u8(); kind == 0x0a && len(r.b) >= 26 {
		r.take(16)
		if s := strings.Trim(hex.EncodeToString(r.take(10)), "f"); strings.Trim(s, "0123456789") == "" {
			m.ICCID = s
		}
	} else if kind == 4 {
		m.Text = printable(r.b)
	}
}

// address answers 0x2A, the wish for a street name: we tell none.
func address(serial uint16) []byte {
	const none = "NA&&NA&&0##"
	data := append([]byte{byte(len(none)), 0, 0, 0, 0}, none...)
	return Encode(true, typeLocation, data, serial)
}

func printable(b []byte) string {
	if len(b) > 1024 {
		b = b[:1024]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), "\uFFFD"))
}

// reader takes bytes from the front; past the end it gives zeros, so that a
// layout is read without a check at each number.
type reader struct{ b []byte }

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) number(n int) (v uint32) {
	for _, b := range r.take(n) {
		v = v<<8 | uint32(b)
	}
	return v
}

func (r *reader) u8() byte    { return byte(r.number(1)) }
func (r *reader) u16() uint16 { return uint16(r.number(2)) }
func (r *reader) u24() uint32 { return r.number(3) }
func (r *reader) u32() uint32 { return r.number(4) }

// instant reads six binary bytes, YYMMDDhhmmss, as UTC.
func (r *reader) instant(m *report.Message) error {
	b := r.take(6)
	if b == nil {
		return report.Bad("time", "missing")
	}
	t := time.Date(2000+int(b[0]), time.Month(b[1]), int(b[2]), int(b[3]), int(b[4]), int(b[5]), 0, time.UTC)
	if b[1] < 1 || b[1] > 12 || int(b[2]) != t.Day() || b[3] > 23 || b[4] > 59 || b[5] > 59 || b[0] > 99 {
		return report.Bad("time", "not YYMMDDhhmmss")
	}
	m.Time = t
	return nil
}

// be32 appends v, big-endian.
func be32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

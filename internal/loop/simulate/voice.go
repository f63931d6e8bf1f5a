package simulate

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
)

// voice is one badge's protocol.
type voice interface {
	// open begins a connection: what the badge says first. ready comes with
	// the answer, or at once where the protocol has no sign-on.
	open() (say []byte, ready bool)
	// hear reads what the gateway sent.
	hear(p []byte) ([]heard, error)
	link(m Moment) []byte
	position(m Moment, history bool) []byte
	// alarm gives the frame and the name under which its answer comes.
	alarm(m Moment, a report.Alarm) (frame []byte, answer string)
}

// heard is one frame of the gateway as the badge understood it.
type heard struct {
	answer  string // what is answered
	say     []byte // what the badge says to it at once
	ready   bool   // the sign-on is complete
	refused bool   // the sign-on was refused
	command bool   // it was a command
	locate  bool   // … to report the place now
}

func newVoice(d Device, seed uint64) (voice, error) {
	deviceID := d.ID
	own := contract{deviceID}
	switch d.Protocol {
	case "watch", "":
		h := watch.Header{Vendor: "3G", ID: deviceID}
		if seed%7 == 0 { // one family numbers its frames
			h.Vendor, h.Seq = "ZJ", "0000"
		}
		return &watchVoice{header: h}, nil
	case "jt808":
		v2019 := seed%2 == 0
		phone, ok := jt808.Phone(deviceID, v2019)
		if !ok {
			return nil, fmt.Errorf("simulate: %q is no number of a JT/T 808 terminal", deviceID)
		}
		h := jt808.Header{Phone: phone, New: v2019}
		if v2019 {
			h.Version = 1
		}
		return &jt808Voice{header: h, id: deviceID}, nil
	case "gt06":
		if len(deviceID) > 15 || strings.Trim(deviceID, "0123456789") != "" {
			return nil, fmt.Errorf("simulate: %q is no IMEI", deviceID)
		}
		return &gt06Voice{imei: deviceID}, nil
	case "mqtt", "http":
		if d.Token == "" || strings.ContainsAny(deviceID+d.Token, "/+# \r\n") {
			return nil, fmt.Errorf("simulate: %q has no token for %s", deviceID, d.Protocol)
		}
		if d.Protocol == "http" {
			return &httpVoice{contract: own, token: d.Token}, nil
		}
		version := byte(5)
		if seed%2 == 0 {
			version = 4 // 3.1.1
		}
		return &mqttVoice{contract: own, token: d.Token, version: version}, nil
	}
	return nil, fmt.Errorf("simulate: unknown protocol %q", d.Protocol)
}

// message is what a moment is in a report.
func (m Moment) message() report.Message {
	out := report.Message{Time: m.At.UTC().Truncate(time.Second), Valid: new(m.Fixed), Lat: new(m.Told.Lat), Lon: new(m.Told.Lon), SpeedKmh: new(float64(int(m.Speed*10)) / 10),
		Course: new(float64(int(m.Course))), Altitude: new(300.0), Satellites: new(m.Sats), Signal: new(70 + int(m.At.Unix()/600)%30), Battery: new(m.Battery), Steps: new(m.Steps),
		Cells: m.Cells, Wifi: m.Wifi}
	return out
}

// watchBits are the event bits of the status word that say an alarm.
var watchBits = map[report.Alarm]uint32{report.SOS: 1 << 16, report.LowBattery: 1 << 17, report.Removed: 1 << 20, report.Fall: 1 << 21}

type watchVoice struct {
	header watch.Header
	seq    uint16
	framer watch.Framer
}

func (v *watchVoice) next() watch.Header {
	h := v.header
	if h.Seq != "" {
		v.seq++
		h.Seq = fmt.Sprintf("%04X", v.seq)
	}
	return h
}

func (v *watchVoice) open() ([]byte, bool) {
	v.framer = watch.Framer{}
	return v.next().Encode([]byte("LK")), true
}

func (v *watchVoice) link(m Moment) []byte { return watch.Link(v.next(), &m.Steps, &m.Battery) }

func (v *watchVoice) position(m Moment, history bool) []byte {
	typ := "UD_LTE"
	if history {
		typ = "UD2"
	}
	msg := m.message()
	msg.StatusBits = new(state(m))
	return watch.Position(v.next(), typ, msg)
}

// state is the low half of the status word: flat battery, worn.
func state(m Moment) uint32 {
	word := uint32(1 << 3)
	if m.Battery <= 15 {
		word |= 1
	}
	return word
}

func (v *watchVoice) alarm(m Moment, a report.Alarm) ([]byte, string) {
	msg := m.message()
	msg.StatusBits = new(state(m) | watchBits[a])
	return watch.Position(v.next(), "AL_LTE", msg), "AL"
}

func (v *watchVoice) hear(p []byte) ([]heard, error) {
	v.framer.Feed(p)
	var out []heard
	for {
		raw, ok, err := v.framer.Next()
		if err != nil || !ok {
			return out, err
		}
		f, err := watch.Parse(raw)
		if err != nil {
			return out, err
		}
		switch t := strings.ToUpper(f.Type); {
		case strings.HasPrefix(t, "AL"):
			out = append(out, heard{answer: "AL"})
		case t == "LK":
			out = append(out, heard{answer: "LK"})
		case t == "CR":
			out = append(out, heard{command: true, locate: true, say: v.header.Encode([]byte("CR"))})
		default: // a command: the badge says its word back
			out = append(out, heard{command: true, say: f.Encode([]byte(f.Type))})
		}
	}
}

type jt808Voice struct {
	header jt808.Header
	id     string
	code   string
	serial uint16
	framer jt808.Framer
}

func (v *jt808Voice) frame(id uint16, body []byte) []byte {
	h := v.header
	v.serial++
	h.ID, h.Serial = id, v.serial
	return jt808.Encode(h, body)
}

func (v *jt808Voice) open() ([]byte, bool) {
	v.framer = jt808.Framer{}
	if v.code != "" {
		return v.auth(), false
	}
	sizes := [3]int{5, 20, 7}
	if v.header.New {
		sizes = [3]int{11, 30, 30}
	}
	body := []byte{0, 50, 0, 111}
	for i, text := range [3]string{"ZGSIM", "DEMO-CARD", v.id[max(0, len(v.id)-7):]} {
		b := make([]byte, sizes[i])
		copy(b, text)
		body = append(body, b...)
	}
	return v.frame(jt808.UpRegister, append(body, 0)), false
}

func (v *jt808Voice) auth() []byte {
	body := []byte(v.code)
	if v.header.New {
		body = append([]byte{byte(len(v.code))}, v.code...)
		body = append(body, make([]byte, 15+20)...)
	}
	return v.frame(jt808.UpAuth, body)
}

func (v *jt808Voice) link(Moment) []byte { return v.frame(jt808.UpHeartbeat, nil) }

func (v *jt808Voice) position(m Moment, history bool) []byte {
	body := jt808.Position(m.message())
	if !history {
		return v.frame(jt808.UpPosition, body)
	}
	batch := []byte{0, 1, 1} // one item, of a blind spot
	batch = binary.BigEndian.AppendUint16(batch, uint16(len(body)))
	return v.frame(jt808.UpBatch, append(batch, body...))
}

// jt808Bits say an alarm by the standard; what it has no bit for is said by
// the one for "danger".
var jt808Bits = map[report.Alarm]uint32{report.SOS: 1, report.LowBattery: 1 << 7}

func (v *jt808Voice) alarm(m Moment, a report.Alarm) ([]byte, string) {
	msg := m.message()
	bits, ok := jt808Bits[a]
	if !ok {
		bits = 1 << 3
	}
	msg.AlarmBits = &bits
	f := v.frame(jt808.UpPosition, jt808.Position(msg))
	return f, fmt.Sprint(v.serial)
}

func (v *jt808Voice) hear(p []byte) ([]heard, error) {
	v.framer.Feed(p)
	var out []heard
	for {
		raw, ok, err := v.framer.Next()
		if err != nil || !ok {
			return out, err
		}
		f, err := jt808.Parse(raw)
		if err != nil {
			return out, err
		}
		h, b := heard{}, f.Body
		switch {
		case f.ID == jt808.DownAnswer && len(b) == 5:
			h.answer = fmt.Sprint(binary.BigEndian.Uint16(b))
			if binary.BigEndian.Uint16(b[2:]) == jt808.UpAuth {
				h.ready, h.refused = b[4] == 0, b[4] != 0
				if h.refused {
					v.code = ""
				}
			}
		case f.ID == jt808.DownRegister && len(b) >= 3:
			if h.refused = b[2] != 0; !h.refused {
				v.code = string(b[3:])
				h.say = v.auth()
			}
		default:
			h.command, h.locate = true, f.ID == jt808.DownLocate
			body := binary.BigEndian.AppendUint16(nil, f.Serial)
			h.say = v.frame(jt808.UpAnswer, append(binary.BigEndian.AppendUint16(body, f.ID), jt808.OK))
		}
		out = append(out, h)
	}
}

// gt06Codes are the alarm bytes.
var gt06Codes = map[report.Alarm]byte{report.SOS: 0x01, report.LowBattery: 0x0e, report.Removed: 0x18, report.Fall: 0x23}

type gt06Voice struct {
	imei   string
	serial uint16
	framer gt06.Framer
}

func (v *gt06Voice) next() uint16 { v.serial++; return v.serial }

func (v *gt06Voice) open() ([]byte, bool) {
	v.framer = gt06.Framer{}
	return gt06.Login(v.imei, v.next()), false
}

func (v *gt06Voice) link(m Moment) []byte {
	return gt06.Heartbeat(0x40, m.Battery*6/100, 4, 0, v.next())
}

func (v *gt06Voice) position(m Moment, _ bool) []byte {
	return gt06.Position(m.message(), 0, 0, v.next())
}

func (v *gt06Voice) alarm(m Moment, a report.Alarm) ([]byte, string) {
	f := gt06.Position(m.message(), 0x40, gt06Codes[a], v.next())
	return f, fmt.Sprintf("16-%d", v.serial)
}

func (v *gt06Voice) hear(p []byte) ([]heard, error) {
	v.framer.Feed(p)
	var out []heard
	for {
		raw, ok, err := v.framer.Next()
		if err != nil || !ok {
			return out, err
		}
		f, err := gt06.Parse(raw)
		if err != nil {
			return out, err
		}
		h := heard{answer: fmt.Sprintf("%x-%d", f.Type, f.Serial), ready: f.Type == 0x01}
		if f.Type == 0x80 && len(f.Data) >= 5 {
			const done = "OK!"
			h.command, h.locate = true, strings.HasPrefix(string(f.Data[5:]), "WHERE")
			h.say = gt06.Encode(false, 0x15, append(append([]byte{4 + byte(len(done))}, f.Data[1:5]...), done+"\x00\x02"...), v.next())
		}
		out = append(out, h)
	}
}

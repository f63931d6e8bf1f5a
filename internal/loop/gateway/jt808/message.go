package jt808

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// Message ids used here; up comes from the terminal, down goes to it.
const (
	UpAnswer      = 0x0001
	UpHeartbeat   = 0x0002
	UpLogout      = 0x0003
	UpTimeQuery   = 0x0004 // 2019
	UpAskMissing  = 0x0005 // 2019
	UpRegister    = 0x0100
	UpAuth        = 0x0102
	UpParameters  = 0x0104
	UpAttributes  = 0x0107
	UpTimeSync    = 0x0109 // vendor
	UpPosition    = 0x0200
	UpQueried     = 0x0201
	UpBatchShort  = 0x0210 // vendor
	UpControlled  = 0x0500
	UpBatch       = 0x0704
	UpMediaEvent  = 0x0800
	UpMedia       = 0x0801
	UpTransparent = 0x0900
	UpText        = 0x6006 // vendor

	DownAnswer     = 0x8001
	DownAskMissing = 0x8003
	DownTime       = 0x8004
	DownRegister   = 0x8100
	DownSet        = 0x8103
	DownParameters = 0x8104
	DownControl    = 0x8105
	DownTimeSync   = 0x8109
	DownLocate     = 0x8201
	DownTrack      = 0x8202
	DownClear      = 0x8203
	DownText       = 0x8300
	DownCallBack   = 0x8400
	DownMedia      = 0x8800
)

// Results of 0x8001 and 0x0001.
const (
	OK          = 0
	Failed      = 1
	BadMessage  = 2
	Unsupported = 3
	AlarmSeen   = 4
)

// Options are what a message's answer needs from outside. The zero value
// answers as `zugou decode` does: everyone may register and sign on.
type Options struct {
	Profile *profile.Profile
	Now     time.Time // answers time queries; zero: they get no answer
	// Register decides on a registration: result 0 with the code the terminal
	// shall sign on with, or 1–4. nil: 0 and DefaultCode.
	Register func(id string, r Registration) (result byte, code string)
	// Auth tells whether the code is right. nil: it is. On false the gateway
	// sends the answer (result 1) and closes.
	Auth func(id, code string) bool
}

// Messages reads the frame: one message for each position, else one. All but
// the last have no Reply. It never fails; what can't be read is in Err.
func (f Frame) Messages(o Options) []report.Message {
	m := report.Message{DeviceID: f.DeviceID(), Type: fmt.Sprintf("0x%04x", f.ID), Raw: f.Raw}
	if f.Cipher != 0 {
		m.Fault(report.Bad("body", "encrypted (%d)", f.Cipher))
		return []report.Message{m}
	}
	if f.Total > 0 { // a packet of a message that is not complete
		m.Text = fmt.Sprintf("packet %d of %d", f.Index, f.Total)
		return []report.Message{m}
	}
	if f.Declared != len(f.Body) {
		m.Fault(report.Bad("length", "header says %d, body has %d", f.Declared, len(f.Body)))
	}
	b := f.Body
	switch f.ID {
	case UpAnswer:
		if f.need(&m, 5) {
			m.Answer = &report.Answer{Serial: binary.BigEndian.Uint16(b), ID: binary.BigEndian.Uint16(b[2:]), Result: b[4]}
		}
	case UpHeartbeat:
		o.Profile.Beat(&m, b)
		m.Reply = f.Ack(OK)
	case UpRegister:
		f.register(&m, o)
	case UpAuth:
		result := byte(OK)
		if o.Auth != nil && !o.Auth(m.DeviceID, f.AuthCode()) {
			result = Failed
		}
		m.Reply = f.Ack(result)
	case UpTimeQuery:
		if !o.Now.IsZero() {
			m.Reply = f.answer(DownTime, bcdTime(o.Now, time.UTC))
		}
	case UpTimeSync:
		if !o.Now.IsZero() {
			t := o.Now.UTC()
			year := binary.BigEndian.AppendUint16(nil, uint16(t.Year()))
			m.Reply = f.answer(DownTimeSync, append(year, byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())))
		}
	case UpPosition:
		position(&m, b, f.New, o.Profile)
		if m.Reply = f.Ack(OK); len(b) < 4 {
			m.Reply = f.Ack(BadMessage)
		}
	case UpBatch, UpBatchShort:
		return f.batch(m, o)
	case UpQueried, UpControlled:
		if f.need(&m, 2) {
			m.Answer = &report.Answer{Serial: binary.BigEndian.Uint16(b), ID: map[uint16]uint16{UpQueried: DownLocate, UpControlled: 0x8500}[f.ID]}
			position(&m, b[2:], f.New, o.Profile)
		}
	case UpParameters:
		if f.need(&m, 3) {
			m.Answer = &report.Answer{Serial: binary.BigEndian.Uint16(b), ID: DownParameters}
			m.Text = settings(b[3:])
		}
	case UpAttributes:
		f.attributes(&m)
		m.Reply = f.Ack(OK)
	case UpMedia:
		f.media(&m, o.Profile)
	case UpText:
		if len(b) > 0 {
			m.Text = text(b[1:])
		}
		m.Reply = f.Ack(OK)
	case UpLogout, 0x0701, 0x0702, UpMediaEvent, UpTransparent, 0x1007:
		m.Reply = f.Ack(OK)
	}
	return []report.Message{m}
}

// Ack is the platform's general answer 0x8001 to this frame.
func (f Frame) Ack(result byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, f.Serial)
	b = binary.BigEndian.AppendUint16(b, f.ID)
	return f.answer(DownAnswer, append(b, result))
}

// answer makes a frame of the platform to the same terminal.
func (f Frame) answer(id uint16, body []byte) []byte {
	return Encode(Header{ID: id, New: f.New, Version: f.Version, Phone: f.Phone}, body)
}

func (f Frame) need(m *report.Message, n int) bool {
	if len(f.Body) < n {
		m.Fault(report.Bad("body", "%d bytes of %d", len(f.Body), n))
		return false
	}
	return true
}

// batch reads 0x0704 {count u16, type u8, {length u16, position}*} and the
// vendor's 0x0210 {length u8, position}*, where seven bytes are the battery
// and a time. One answer goes out, when all of them are durable.
func (f Frame) batch(head report.Message, o Options) []report.Message {
	b := f.Body
	var out []report.Message
	var fault error
	result := byte(OK)
	add := func(item []byte, history bool) {
		m := head
		m.History = history
		if len(item) == 7 && f.ID == UpBatchShort {
			m.Battery = new(int(item[0]))
			t, err := instant(item[1:])
			m.Time = t
			m.Fault(err)
		} else {
			position(&m, item, f.New, o.Profile)
		}
		out = append(out, m)
	}
	switch {
	case f.ID == UpBatchShort && len(b) == 7:
		add(b, false)
	case f.ID == UpBatchShort:
		for len(b) > 0 {
			n := int(b[0])
			if 1+n > len(b) || n == 0 {
				fault, result = report.Bad("batch", "item of %d bytes, %d left", n, len(b)-1), BadMessage
				break
			}
			add(b[1:1+n], false)
			b = b[1+n:]
		}
	case len(b) < 3:
		fault, result = report.Bad("batch", "%d bytes", len(b)), BadMessage
	default:
		count, history := int(binary.BigEndian.Uint16(b)), b[2] == 1
		for b = b[3:]; len(b) > 0; {
			if len(b) < 2 || 2+int(binary.BigEndian.Uint16(b)) > len(b) {
				fault, result = report.Bad("batch", "item cut short"), BadMessage
				break
			}
			if len(out) == maxBatch {
				fault, result = report.Bad("batch", "more than %d positions", maxBatch), BadMessage
				break
			}
			n := int(binary.BigEndian.Uint16(b))
			add(b[2:2+n], history)
			b = b[2+n:]
		}
		if fault == nil && len(out) != count {
			fault = report.Bad("batch", "%d positions, %d announced", len(out), count)
		}
	}
	if len(out) == 0 {
		out = []report.Message{head}
	}
	last := &out[len(out)-1]
	last.Fault(fault)
	// What was cut off is not stored, so the terminal must hear that the
	// message was bad; what was read stays.
	last.Reply = f.Ack(result)
	return out
}

// maxBatch bounds the positions of one message; terminals send tens.
const maxBatch = 2048

// Resend reads 0x0005, the terminal's wish for packets of a message of ours:
// the serial of its first packet and the packets' numbers.
func (f Frame) Resend() (first uint16, missing []uint16, ok bool) {
	b, size := f.Body, 1
	if f.New {
		size = 2
	}
	if f.ID != UpAskMissing || len(b) < 2+size {
		return 0, nil, false
	}
	first = binary.BigEndian.Uint16(b)
	for b = b[2+size:]; len(b) >= 2; b = b[2:] {
		missing = append(missing, binary.BigEndian.Uint16(b))
	}
	return first, missing, true
}

// settings lists {id u32, length u8, value}* as "0029=0000001e …".
func settings(b []byte) string {
	var out []string
	for len(b) >= 5 {
		n := int(b[4])
		if 5+n > len(b) || len(out) == 200 {
			break
		}
		out = append(out, fmt.Sprintf("%04x=%x", binary.BigEndian.Uint32(b), b[5:5+n]))
		b = b[5+n:]
	}
	return strings.Join(out, " ")
}

// attributes reads what 0x0107 tells of the SIM: the ICCID after kind u16,
// maker [5], model and terminal id ([20] and [7], in 2019 both [30]).
func (f Frame) attributes(m *report.Message) {
	at := 2 + 5 + 20 + 7
	if f.New {
		at = 2 + 5 + 30 + 30
	}
	if len(f.Body) >= at+10 {
		if s := strings.Trim(hex.EncodeToString(f.Body[at:at+10]), "f"); strings.Trim(s, "0123456789") == "" {
			m.ICCID = s
		}
	}
}

// media reads 0x0801: id u32, kind u8, format u8, event u8, channel u8, since
// 2013 the position of 28 bytes, data. 0x8800 answers it.
func (f Frame) media(m *report.Message, p *profile.Profile) {
	b := f.Body
	if !f.need(m, 8) {
		m.Reply = f.Ack(BadMessage)
		return
	}
	id := b[:4]
	media := &report.Media{
		Kind:   pick(b[4], "image", "audio", "video"),
		Format: pick(b[5], "jpg", "tif", "mp3", "wav", "wmv"),
		Name:   hex.EncodeToString(id),
	}
	b = b[8:]
	if len(b) >= positionSize && !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
		position(m, b[:positionSize], f.New, p)
		b = b[positionSize:]
	}
	media.Data, media.Bytes = b, len(b)
	m.Media = media
	m.Reply = f.answer(DownMedia, id)
}

func pick(i byte, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%d", i)
}

// text reads GBK up to a zero byte, at most 1 KiB.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) > 1024 {
		b = b[:1024]
	}
	s, err := simplifiedchinese.GBK.NewDecoder().Bytes(b)
	if err != nil || !utf8.Valid(s) {
		s = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, string(s))
}

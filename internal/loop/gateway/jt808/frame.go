package jt808

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// MaxFrame is the longest frame on the wire in bytes. A body has at most 1023
// bytes, but the cap only guards memory.
const MaxFrame = 64 << 10

// MaxBody is the longest body of one packet in bytes: its length has ten bits.
const MaxBody = 1023

const mark = 0x7e

// Framer cuts the byte stream of one connection into frames, each from 7E to
// 7E. Bytes before the first 7E are skipped; 7E 7E resynchronises. The zero
// value is ready.
type Framer struct {
	buf  []byte
	at   int // next byte to look at
	skip int // bytes skipped since the last 7E
	err  error
}

// Feed takes bytes as they were read.
func (f *Framer) Feed(p []byte) { f.buf = append(f.buf, p...) }

// Pending is the number of bytes held for an unfinished frame; a lone 7E, which
// may close and open at once, is none.
func (f *Framer) Pending() int {
	if len(f.buf) == 1 && f.buf[0] == mark {
		return 0
	}
	return len(f.buf)
}

// Next gives the next frame with its marks, its own copy; ok is false when
// more bytes are needed. Errors (report.BadFrame): MaxFrame bytes without 7E.
func (f *Framer) Next() (frame []byte, ok bool, err error) {
	if f.err != nil {
		return nil, false, f.err
	}
	if f.at == 0 {
		n := 0
		for n < len(f.buf) && f.buf[n] != mark {
			n++
		}
		f.buf, f.skip = append(f.buf[:0], f.buf[n:]...), f.skip+n
		if f.skip > MaxFrame {
			f.err = report.Bad("frame", "no 7e in %d bytes", MaxFrame)
			return nil, false, f.err
		}
		if len(f.buf) == 0 {
			return nil, false, nil
		}
		f.at, f.skip = 1, 0
	}
	for ; f.at < len(f.buf); f.at++ {
		if f.at >= MaxFrame {
			f.err = report.Bad("frame", "longer than %d bytes", MaxFrame)
			return nil, false, f.err
		}
		if f.buf[f.at] != mark {
			continue
		}
		if f.at == 1 { // 7E 7E: the last of them opens
			n := 1
			for n+1 < len(f.buf) && f.buf[n+1] == mark {
				n++
			}
			f.buf = append(f.buf[:0], f.buf[n:]...)
			f.at = 0
			continue
		}
		frame = append([]byte(nil), f.buf[:f.at+1]...)
		// The closing 7E stays: some terminals write one between two frames.
		f.buf = append(f.buf[:0], f.buf[f.at:]...)
		f.at = 1
		return frame, true, nil
	}
	return nil, false, nil
}

// Header is what stands before the body.
type Header struct {
	ID      uint16 // what the message is
	Version int    // 0 for 2011 and 2013; the version byte for 2019 (1…)
	New     bool   // the header of 2019, with the version byte
	Phone   []byte // as on the wire: 6 bytes, 10 in 2019
	Serial  uint16
	Total   uint16 // packets of the message; 0 when it is not split
	Index   uint16 // 1…Total
	Cipher  byte   // attribute bits 10–12: 0 plain, 1 RSA
}

// DeviceID gives the terminal's number without leading zeros. Some devices put
// a binary IMEI into the six bytes: then it is 14 digits and their Luhn digit.
func (h Header) DeviceID() string {
	s := hex.EncodeToString(h.Phone)
	if strings.Trim(s, "0123456789") != "" {
		if len(h.Phone) != 6 {
			return s
		}
		var n uint64
		for _, b := range h.Phone {
			n = n<<8 | uint64(b)
		}
		s = strconv.FormatUint(n, 10)
		return s + string('0'+luhn(s))
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0"
	}
	return s
}

// luhn is the check digit that makes s+digit a valid IMEI.
func luhn(s string) byte {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte((10 - sum%10) % 10)
}

// Phone turns a terminal's number into the bytes of a header: 6, or 10 for the
// header of 2019. ok is false when it has too many digits or other characters.
func Phone(number string, v2019 bool) (p []byte, ok bool) {
	size := 6
	if v2019 {
		size = 10
	}
	if len(number) > size*2 || strings.Trim(number, "0123456789") != "" {
		return nil, false
	}
	p, err := hex.DecodeString(strings.Repeat("0", size*2-len(number)) + number)
	return p, err == nil
}

// Frame is one frame, unescaped and taken apart.
type Frame struct {
	Header
	Body []byte
	Raw  []byte
	// Declared is the body length that the header tells; some firmwares get it
	// wrong, and the XOR still vouches for the bytes.
	Declared int
}

// Parse takes a frame apart and checks its XOR. Errors: report.BadFrame.
func Parse(raw []byte) (Frame, error) {
	if len(raw) > MaxFrame {
		return Frame{}, report.Bad("frame", "longer than %d bytes", MaxFrame)
	}
	if len(raw) < 2 || raw[0] != mark || raw[len(raw)-1] != mark {
		return Frame{}, report.Bad("frame", "not between 7e and 7e")
	}
	b, err := Unescape(raw[1 : len(raw)-1])
	if err != nil {
		return Frame{}, err
	}
	if len(b) < 13 {
		return Frame{}, report.Bad("frame", "%d bytes, a header needs 12 and the XOR", len(b))
	}
	sum := b[len(b)-1]
	b = b[:len(b)-1]
	if want := xor(b); sum != want {
		return Frame{}, report.Bad("xor", "got %02x, want %02x", sum, want)
	}
	attr := binary.BigEndian.Uint16(b[2:])
	f := Frame{Raw: raw, Declared: int(attr & 0x3ff)}
	f.ID, f.Cipher = binary.BigEndian.Uint16(b), byte(attr>>10&7)
	n, phone := 4, 6
	if f.New = attr&(1<<14) != 0; f.New {
		f.Version, n, phone = int(b[4]), 5, 10
	}
	end := n + phone + 2
	split := attr&(1<<13) != 0
	if split {
		end += 4
	}
	if len(b) < end {
		return Frame{}, report.Bad("header", "%d bytes of %d", len(b), end)
	}
	f.Phone = b[n : n+phone]
	f.Serial = binary.BigEndian.Uint16(b[n+phone:])
	if split {
		f.Total, f.Index = binary.BigEndian.Uint16(b[end-4:]), binary.BigEndian.Uint16(b[end-2:])
		if f.Index == 0 || f.Index > f.Total {
			return f, report.Bad("header", "packet %d of %d", f.Index, f.Total)
		}
	}
	f.Body = b[end:]
	return f, nil
}

// Encode makes a frame. The header is of the same year as h says; the body has
// at most MaxBody bytes (Packets splits longer ones).
func Encode(h Header, body []byte) []byte {
	attr := uint16(len(body)&0x3ff) | uint16(h.Cipher&7)<<10
	if h.Total > 0 {
		attr |= 1 << 13
	}
	if h.New {
		attr |= 1 << 14
	}
	b := binary.BigEndian.AppendUint16(nil, h.ID)
	b = binary.BigEndian.AppendUint16(b, attr)
	if h.New {
		b = append(b, byte(h.Version))
	}
	b = append(b, h.Phone...)
	b = binary.BigEndian.AppendUint16(b, h.Serial)
	if h.Total > 0 {
		b = binary.BigEndian.AppendUint16(b, h.Total)
		b = binary.BigEndian.AppendUint16(b, h.Index)
	}
	b = append(b, body...)
	b = append(b, xor(b))
	return append(append([]byte{mark}, Escape(b)...), mark)
}

// Packets makes as many frames as the body needs; their serials follow on
// h.Serial.
func Packets(h Header, body []byte) [][]byte {
	if len(body) <= MaxBody {
		return [][]byte{Encode(h, body)}
	}
	var out [][]byte
	h.Total = uint16((len(body) + MaxBody - 1) / MaxBody)
	for h.Index = 1; h.Index <= h.Total; h.Index++ {
		n := min(len(body), MaxBody)
		out = append(out, Encode(h, body[:n]))
		body = body[n:]
		h.Serial++
	}
	return out
}

// Escape writes 7E as 7D 02 and 7D as 7D 01.
func Escape(p []byte) []byte {
	out := make([]byte, 0, len(p)+8)
	for _, b := range p {
		switch b {
		case 0x7e:
			out = append(out, 0x7d, 2)
		case 0x7d:
			out = append(out, 0x7d, 1)
		default:
			out = append(out, b)
		}
	}
	return out
}

// Unescape undoes Escape.
func Unescape(p []byte) ([]byte, error) {
	out := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		if p[i] != 0x7d {
			out = append(out, p[i])
			continue
		}
		i++
		switch {
		case i < len(p) && p[i] == 2:
			out = append(out, 0x7e)
		case i < len(p) && p[i] == 1:
			out = append(out, 0x7d)
		case i < len(p):
			return nil, report.Bad("escape", "7d %02x", p[i])
		default:
			return nil, report.Bad("escape", "7d at the end")
		}
	}
	return out, nil
}

func xor(p []byte) (x byte) {
	for _, b := range p {
		x ^= b
	}
	return x
}

// Split cuts a line that a person gives into frames; an error tells what is
// left over.
func Split(line []byte) ([][]byte, error) {
	var f Framer
	f.Feed(line)
	var frames [][]byte
	for {
		frame, ok, err := f.Next()
		if err != nil {
			return frames, err
		}
		if !ok {
			break
		}
		frames = append(frames, frame)
	}
	switch {
	case f.Pending() > 0:
		return frames, report.Bad("frame", "no closing 7e")
	case len(frames) == 0:
		return nil, report.Bad("frame", "no 7e … 7e")
	}
	return frames, nil
}

package watch

import (
	"bytes"
	"fmt"
	"strconv"

	"zugou/internal/loop/gateway/report"
)

const (
	maxID     = 20
	maxHeader = 64 // '[', vendor, id, sequence and length with their '*' are far below
)

// Header is what stands before the content. An answer repeats it.
type Header struct {
	Vendor string // two characters, such as "3G"
	ID     string // 10 digits from the IMEI, or the 15 digits of the IMEI
	Seq    string // four hex digits of the long form; "" for the short form
}

// Encode makes a frame of content, whose special bytes are escaped already
// where it holds any (Escape). LEN counts the bytes as sent.
func (h Header) Encode(content []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(content) + maxHeader)
	b.WriteByte('[')
	b.WriteString(h.Vendor)
	b.WriteByte('*')
	b.WriteString(h.ID)
	b.WriteByte('*')
	if h.Seq != "" {
		b.WriteString(h.Seq)
		b.WriteByte('*')
	}
	fmt.Fprintf(&b, "%04x*", len(content))
	b.Write(content)
	b.WriteByte(']')
	return b.Bytes()
}

// header finds where the content of the frame at the front of buf begins and
// how long it says it is (-1: not told in hex). n is 0 while more bytes are
// needed (more) or when the bytes are no header.
func header(buf []byte) (n, length int, more bool) {
	_, n, length, more = readHeader(buf)
	return n, length, more
}

func readHeader(buf []byte) (h Header, n, length int, more bool) {
	stars := [4]int{}
	found := 0
	for i := 1; i < len(buf) && i < maxHeader && found < 3; i++ {
		switch buf[i] {
		case '*':
			stars[found] = i
			found++
		case '[', ']', ',':
			return Header{}, 0, 0, false
		}
	}
	if found < 3 {
		return Header{}, 0, 0, true
	}
	if stars[0] != 3 || stars[1] == stars[0]+1 || stars[1]-stars[0]-1 > maxID {
		return Header{}, 0, 0, false
	}
	h.Vendor, h.ID = string(buf[1:3]), string(buf[4:stars[1]])
	field := buf[stars[1]+1 : stars[2]]
	n = stars[2] + 1
	// The long form: four hex digits and a '*' follow the first such field.
	for k := 0; ; k++ {
		if n+k >= len(buf) {
			return Header{}, 0, 0, true
		}
		if k == 4 {
			if buf[n+k] == '*' {
				h.Seq = string(field)
				field = buf[n : n+4]
				n += 5
			}
			break
		}
		if !isHex(buf[n+k]) {
			break
		}
	}
	length = -1
	if len(field) > 0 && len(field) <= 8 {
		if v, err := strconv.ParseUint(string(field), 16, 32); err == nil && v <= MaxFrame {
			length = int(v)
		}
	}
	return h, n, length, false
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

// Frame is one frame taken apart. Args are the bytes after the type and its
// comma, still escaped; nil when there is no comma.
type Frame struct {
	Header
	Type string
	Args []byte
	Raw  []byte
}

// Parse takes a frame apart. LEN is not checked: a third of the frames seen
// upstream carry a wrong one. Errors: report.BadFrame.
func Parse(raw []byte) (Frame, error) {
	switch {
	case len(raw) > MaxFrame:
		return Frame{}, report.Bad("frame", "longer than %d bytes", MaxFrame)
	case len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']':
		return Frame{}, report.Bad("frame", "not in brackets")
	}
	h, n, _, more := readHeader(raw)
	if more || n == 0 || n >= len(raw) {
		return Frame{}, report.Bad("header", "not [vendor*id*length*…]")
	}
	f := Frame{Header: h, Raw: raw}
	if err := h.check(raw[:n]); err != nil {
		return Frame{}, err
	}
	content := raw[n : len(raw)-1]
	if i := bytes.IndexByte(content, ','); i >= 0 {
		f.Type, f.Args = string(content[:i]), content[i+1:]
	} else {
		f.Type = string(content)
	}
	if f.Type == "" || len(f.Type) > 32 {
		return f, report.Bad("type", "%d characters", len(f.Type))
	}
	for _, b := range []byte(f.Type) {
		if b <= ' ' || b > '~' || b == '[' || b == ']' {
			f.Type = ""
			return f, report.Bad("type", "byte 0x%02x", b)
		}
	}
	return f, nil
}

func (h Header) check(head []byte) error {
	for _, b := range []byte(h.Vendor) {
		if b <= ' ' || b > '~' {
			return report.Bad("header", "vendor byte 0x%02x", b)
		}
	}
	for _, b := range []byte(h.ID) {
		if !(b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z') {
			return report.Bad("header", "id byte 0x%02x", b)
		}
	}
	for _, b := range []byte(h.Seq) {
		if !isHex(b) {
			return report.Bad("header", "sequence byte 0x%02x", b)
		}
	}
	// The last field of the head is LEN: wrong is normal, but hex it must be.
	fields := bytes.Split(bytes.TrimSuffix(head, []byte("*")), []byte("*"))
	for _, b := range fields[len(fields)-1] {
		if !isHex(b) {
			return report.Bad("header", "length byte 0x%02x", b)
		}
	}
	return nil
}

// Escape makes the five special bytes of a binary payload sendable.
func Escape(p []byte) []byte {
	out := make([]byte, 0, len(p)+8)
	for _, b := range p {
		if i := bytes.IndexByte(special, b); i >= 0 {
			out = append(out, '}', byte(i+1))
		} else {
			out = append(out, b)
		}
	}
	return out
}

var special = []byte("}[],*") // written as '}' and 1…5

// Unescape undoes Escape; any other byte after '}' is an error.
func Unescape(p []byte) ([]byte, error) {
	if bytes.IndexByte(p, '}') < 0 {
		return p, nil
	}
	out := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		if p[i] != '}' {
			out = append(out, p[i])
			continue
		}
		i++
		if i == len(p) {
			return nil, report.Bad("escape", "0x7d at the end")
		}
		if p[i] < 1 || int(p[i]) > len(special) {
			return nil, report.Bad("escape", "0x7d 0x%02x", p[i])
		}
		out = append(out, special[p[i]-1])
	}
	return out, nil
}

// unescapeName is Unescape for a network's name: what is no escape stays, since
// a neighbour's router may be called "a}b" and an alarm must not fail over it.
func unescapeName(s string) string {
	if bytes.IndexByte([]byte(s), '}') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '}' && i+1 < len(s) && s[i+1] >= 1 && int(s[i+1]) <= len(special) {
			i++
			out = append(out, special[s[i]-1])
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

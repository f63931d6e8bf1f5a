package sheet

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScan walks through an XML part: start tags, end tags, text. It knows what
// spreadsheets write, five times as fast as encoding/xml: no DTD, no entities
// but the five and numbers, names without their prefix.
type xmlScan struct {
	r     *bufio.Reader
	tag   []byte // of the last tag, without the brackets
	Name  string
	Start bool // Name opens
	End   bool // Name closes; both for <a/>
	text  strings.Builder
	Want  bool // gather text into Text
}

const maxTag = 1 << 20

func newScan(r io.Reader) *xmlScan { return &xmlScan{r: bufio.NewReaderSize(r, 64<<10)} }

// Next goes to the next tag; io.EOF at the end, a broken file or a tag too long
// give an error.
func (x *xmlScan) Next() error {
	for {
		if err := x.skipText(); err != nil {
			return err
		}
		if err := x.readTag(); err != nil {
			return err
		}
		if len(x.tag) == 0 || x.tag[0] == '?' || x.tag[0] == '!' {
			continue
		}
		t := x.tag
		x.Start, x.End = true, false
		if t[0] == '/' {
			x.Start, x.End = false, true
			t = t[1:]
		} else if t[len(t)-1] == '/' {
			x.End = true
			t = t[:len(t)-1]
		}
		n := 0
		for n < len(t) && t[n] != ' ' && t[n] != '\t' && t[n] != '\n' && t[n] != '\r' {
			n++
		}
		name := t[:n]
		for i, c := range name {
			if c == ':' {
				name = name[i+1:]
				break
			}
		}
		x.Name, x.tag = intern(name), t[n:]
		return nil
	}
}

// intern spares an allocation for the names that come a million times.
func intern(b []byte) string {
	switch string(b) {
	case "c":
		return "c"
	case "v":
		return "v"
	case "t":
		return "t"
	case "si":
		return "si"
	case "row":
		return "row"
	case "is":
		return "is"
	case "r":
		return "r"
	}
	return string(b)
}

func (x *xmlScan) skipText() error {
	for {
		b, err := x.r.ReadSlice('<')
		if x.Want && len(b) > 0 && x.text.Len() < maxCell*4 {
			if b[len(b)-1] == '<' {
				x.text.Write(b[:len(b)-1])
			} else {
				x.text.Write(b)
			}
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		return err
	}
}

func (x *xmlScan) readTag() error {
	x.tag = x.tag[:0]
	head, err := x.r.Peek(8)
	if err != nil && len(head) == 0 {
		return io.ErrUnexpectedEOF
	}
	end := ">"
	cdata := strings.HasPrefix(string(head), "![CDATA[")
	switch {
	case cdata:
		end = "]]>"
	case strings.HasPrefix(string(head), "!--"):
		end = "-->"
	}
	var quote byte
	for {
		c, err := x.r.ReadByte()
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		x.tag = append(x.tag, c)
		if len(x.tag) > maxTag {
			return bad("broken")
		}
		if len(end) == 1 {
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
				continue
			case c == '"' || c == '\'':
				quote = c
				continue
			}
		}
		if c == '>' && strings.HasSuffix(string(x.tag[max(0, len(x.tag)-3):]), end) && len(x.tag) >= len(end) {
			x.tag = x.tag[:len(x.tag)-len(end)]
			break
		}
	}
	if cdata && x.Want && len(x.tag) >= 8 {
		for _, r := range string(x.tag[8:]) {
			switch r { // as text that unescape gives back unchanged
			case '&':
				x.text.WriteString("&amp;")
			default:
				x.text.WriteRune(r)
			}
		}
	}
	return nil
}

// Text gives the text gathered since the last call, entities resolved.
func (x *xmlScan) Text() string {
	s := unescape(x.text.String())
	x.text.Reset()
	return s
}

// Attr gives an attribute of the start tag, by its name without prefix.
func (x *xmlScan) Attr(name string) string {
	t := x.tag
	for i := 0; i < len(t); {
		for i < len(t) && (t[i] == ' ' || t[i] == '\n' || t[i] == '\t' || t[i] == '\r') {
			i++
		}
		start := i
		for i < len(t) && t[i] != '=' {
			i++
		}
		if i >= len(t) {
			return ""
		}
		key := t[start:i]
		i++
		for i < len(t) && t[i] != '"' && t[i] != '\'' {
			i++
		}
		if i >= len(t) {
			return ""
		}
		q := t[i]
		i++
		from := i
		for i < len(t) && t[i] != q {
			i++
		}
		val := t[from:i]
		i++
		k := strings.TrimSpace(string(key))
		if j := strings.LastIndexByte(k, ':'); j >= 0 {
			k = k[j+1:]
		}
		if k == name {
			return unescape(string(val))
		}
	}
	return ""
}

// unescape resolves &lt; &#x4e2d; and, as Excel writes control characters,
// _x000D_. What it does not know stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 && !strings.Contains(s, "_x") {
		if utf8.ValidString(s) {
			return s
		}
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '&':
			if j := strings.IndexByte(s[i:min(len(s), i+12)], ';'); j > 1 {
				if r, ok := entity(s[i+1 : i+j]); ok {
					b.WriteString(r)
					i += j + 1
					continue
				}
			}
		case s[i] == '_' && len(s) >= i+7 && s[i+1] == 'x' && s[i+6] == '_':
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				if n >= 0x20 || n == '\t' || n == '\n' {
					b.WriteRune(rune(n))
				}
				i += 7
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func entity(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	case "nbsp":
		return "\u00a0", true
	}
	if !strings.HasPrefix(name, "#") {
		return "", false
	}
	base, digits := 10, name[1:]
	if strings.HasPrefix(digits, "x") || strings.HasPrefix(digits, "X") {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune {
		return "", false
	}
	return string(rune(n)), true
}

package watch

import (
	"zugou/internal/loop/gateway/report"
)

// MaxFrame is the longest frame in bytes, brackets and header included.
const MaxFrame = 64 << 10

// Framer cuts the byte stream of one connection into frames. The zero value
// is ready. After an error it stays broken: drop the connection.
type Framer struct {
	buf []byte
	err error

	// State of the scan over the frame at the front of buf, so that a frame
	// that comes byte by byte is looked at once, not once per byte.
	at       int  // next byte to look at; 0: nothing seen yet
	head     bool // header understood, or given up
	declared int  // where LEN puts the ']'; -1: no usable LEN
	depth    int  // open brackets
	closed   int  // first ']' that closes the frame by count; -1: none yet
	last     int  // the latest ']' with nothing but space after it; -1: none
	join     int  // a '[' after such a ']': perhaps the next frame; -1: none
	before   int  // that ']'
}

// Feed takes bytes as they were read.
func (f *Framer) Feed(p []byte) { f.buf = append(f.buf, p...) }

// Pending is the number of bytes held for an unfinished frame.
func (f *Framer) Pending() int { return len(f.buf) }

// Next gives the next whole frame, its own copy. ok is false when more bytes
// are needed. Errors (report.BadFrame): bytes that are no frame; a frame above
// MaxFrame.
func (f *Framer) Next() (frame []byte, ok bool, err error) {
	if f.err != nil {
		return nil, false, f.err
	}
	if f.at == 0 {
		f.skipSpace()
		if len(f.buf) == 0 {
			return nil, false, nil
		}
		if f.buf[0] != '[' {
			f.err = report.Bad("frame", "byte 0x%02x before '['", f.buf[0])
			return nil, false, f.err
		}
		f.at, f.depth, f.declared, f.closed, f.last, f.join, f.head = 1, 1, -1, -1, -1, -1, false
	}
	if end := f.scan(); end > 0 {
		return f.take(end), true, nil
	}
	if len(f.buf) >= MaxFrame {
		f.err = report.Bad("frame", "longer than %d bytes", MaxFrame)
		return nil, false, f.err
	}
	return nil, false, nil
}

// Flush gives what is complete by brackets though shorter than announced, or,
// where a name in it holds a lone '[', what ends in ']'. To be called when the
// stream has been silent for a moment, and at its end.
func (f *Framer) Flush() (frame []byte, ok bool) {
	switch {
	case f.err != nil || f.at == 0:
		return nil, false
	case f.closed > 0:
		return f.take(f.closed + 1), true
	case f.buf[len(f.buf)-1] == ']':
		return f.take(len(f.buf)), true
	}
	return nil, false
}

// scan looks at the new bytes; it returns the length of the frame, 0 for more.
// Each decision rests on bytes already seen, never on how they arrived.
func (f *Framer) scan() int {
	if !f.head {
		n, length, more := header(f.buf)
		if more && len(f.buf) < maxHeader {
			return 0
		}
		f.head = true
		if n > 0 && length >= 0 {
			f.declared = n + length
		}
	}
	limit := min(len(f.buf), MaxFrame)
	for ; f.at < limit; f.at++ {
		i, b := f.at, f.buf[f.at]
		switch b {
		case '[':
			f.depth++
			if f.last > 0 {
				f.join, f.before = i, f.last
			}
		case ']':
			f.depth--
			if i == f.declared {
				return i + 1
			}
			if f.depth == 0 && f.closed < 0 {
				f.closed = i
			}
		case '*':
			// "][VV*ID*": the frame before it has ended, whatever its LEN says.
			if f.join > 0 && f.joined(i) {
				return f.before + 1
			}
		}
		if b == ']' {
			f.last = i
		} else if !space(b) {
			f.last = -1
		}
		if f.closed > 0 && i >= f.declared {
			return f.closed + 1
		}
	}
	return 0
}

// joined reports whether the bytes from join to the '*' at i are "[VV*ID*".
func (f *Framer) joined(i int) bool {
	s := f.buf[f.join:i]
	if len(s) < 5 || len(s) > 4+maxID || s[3] != '*' {
		return false
	}
	for _, b := range s[4:] {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

func (f *Framer) take(n int) []byte {
	frame := append([]byte(nil), f.buf[:n]...)
	if f.buf = append(f.buf[:0], f.buf[n:]...); len(f.buf) == 0 {
		f.buf = nil // a line that waits holds nothing
	}
	f.at = 0
	return frame
}

// skipSpace drops the line ends that some firmwares put between frames.
func (f *Framer) skipSpace() {
	i := 0
	for i < len(f.buf) && space(f.buf[i]) {
		i++
	}
	if i > 0 {
		f.buf = append(f.buf[:0], f.buf[i:]...)
	}
}

func space(b byte) bool { return b == '\r' || b == '\n' || b == ' ' || b == 0 }

// Split cuts a line that a person gives: the frames of it, and an error if
// something is left over. Since the end of the line is known here, a LEN that
// ends inside the frame by chance is not believed.
func Split(line []byte) ([][]byte, error) {
	var f Framer
	f.Feed(line)
	var frames [][]byte
	for {
		frame, ok, err := f.Next()
		if err == nil && !ok {
			if f.Pending() == 0 {
				break
			}
			if frame, ok = f.Flush(); !ok {
				err = report.Bad("frame", "no closing ']'")
			}
		}
		if err != nil {
			if n := len(line); len(frames) == 1 && line[0] == '[' && line[n-1] == ']' && n <= MaxFrame {
				if _, bad := Parse(line); bad == nil {
					return [][]byte{line}, nil
				}
			}
			return frames, err
		}
		frames = append(frames, frame)
	}
	if len(frames) == 0 {
		return nil, report.Bad("frame", "empty")
	}
	return frames, nil
}

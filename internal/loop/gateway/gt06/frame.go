package gt06

import (
	"encoding/binary"

	"zugou/internal/loop/gateway/report"
)

// MaxFrame is the longest frame in bytes.
const MaxFrame = 64 << 10

// maxShort bounds a 78 78 frame whose length byte is wrong: the Wi-Fi frames
// that write a count there stay below.
const maxShort = 1 << 10

// Framer cuts the byte stream of one connection into frames. Bytes before a
// 78 78 or 79 79 are skipped. The zero value is ready.
//
// A frame ends where its length says, if 0D 0A stands there; else at the first
// 0D 0A: one family writes the number of access points in place of the length.
type Framer struct {
	buf  []byte
	skip int
	at   int // where the search for 0D 0A goes on
	err  error
}

// Feed takes bytes as they were read.
func (f *Framer) Feed(p []byte) { f.buf = append(f.buf, p...) }

// Pending is the number of bytes held for an unfinished frame.
func (f *Framer) Pending() int { return len(f.buf) }

// Next gives the next frame, its own copy; ok is false when more bytes are
// needed. Errors (report.BadFrame): no frame within the bounds.
func (f *Framer) Next() (frame []byte, ok bool, err error) {
	if f.err != nil {
		return nil, false, f.err
	}
	if f.at == 0 {
		n := 0
		for n < len(f.buf) && !starts(f.buf[n:]) {
			n++
		}
		f.buf, f.skip = append(f.buf[:0], f.buf[n:]...), f.skip+n
		if f.skip > MaxFrame {
			return f.fail(report.Bad("frame", "no 7878 in %d bytes", MaxFrame))
		}
	}
	if len(f.buf) < 5 {
		return nil, false, nil
	}
	f.skip = 0
	size, limit := total(f.buf), maxShort
	if f.buf[0] == 0x79 {
		limit = MaxFrame
	}
	if size <= MaxFrame {
		if len(f.buf) < size {
			return nil, false, nil
		}
		if tail(f.buf, size) {
			return f.take(size), true, nil
		}
		if n, more := wifiSize(f.buf); more {
			return nil, false, nil
		} else if tail(f.buf, n) {
			return f.take(n), true, nil
		}
	}
	for f.at = max(f.at, 4); f.at+1 < min(len(f.buf), limit); f.at++ {
		if f.buf[f.at] == '\r' && f.buf[f.at+1] == '\n' {
			return f.take(f.at + 2), true, nil
		}
	}
	if len(f.buf) >= limit {
		return f.fail(report.Bad("frame", "no 0d0a in %d bytes", limit))
	}
	return nil, false, nil
}

// Flush gives what ends in 0D 0A though it is shorter than it says. To be
// called when the stream has been silent for a moment, and at its end.
func (f *Framer) Flush() (frame []byte, ok bool) {
	if f.err != nil || len(f.buf) < 6 {
		return nil, false
	}
	for i := 4; i+1 < len(f.buf); i++ {
		if f.buf[i] == '\r' && f.buf[i+1] == '\n' {
			return f.take(i + 2), true
		}
	}
	return nil, false
}

func (f *Framer) fail(err error) ([]byte, bool, error) {
	f.err = err
	return nil, false, err
}

func (f *Framer) take(n int) []byte {
	frame := append([]byte(nil), f.buf[:n]...)
	f.buf, f.at = append(f.buf[:0], f.buf[n:]...), 0
	return frame
}

// wifiSize is the length of a Wi-Fi frame that has a count in place of the
// length byte (see wifiShort); more: it can't be told yet. 0: b is none.
func wifiSize(b []byte) (n int, more bool) {
	if b[0] != 0x78 || b[3] != typeWifi && b[3] != typeWifi2 {
		return 0, false
	}
	at := 4 + 6 + 7*int(b[2])
	if len(b) <= at {
		return 0, at < maxShort
	}
	n = at + 1 + 3 + 5*int(b[at]) + 2
	return n, len(b) < n && n <= maxShort
}

// starts tells whether b begins a frame, or may once more bytes are there.
func starts(b []byte) bool {
	return (b[0] == 0x78 || b[0] == 0x79) && (len(b) == 1 || b[1] == b[0])
}

// total is the length of the frame by its own word; b has at least 4 bytes.
func total(b []byte) int {
	if b[0] == 0x78 {
		return 2 + 1 + int(b[2]) + 2
	}
	return 2 + 2 + int(binary.BigEndian.Uint16(b[2:])) + 2
}

func tail(b []byte, size int) bool {
	return size >= 6 && len(b) >= size && b[size-2] == '\r' && b[size-1] == '\n'
}

// Frame is one frame taken apart.
type Frame struct {
	Extended bool // 79 79
	Type     byte
	Data     []byte // between type and serial
	Serial   uint16
	// Count is the byte in place of the length of a Wi-Fi frame without serial
	// and CRC; -1 for every other frame.
	Count int
	Raw   []byte
}

// Parse takes a frame apart and checks its CRC. Errors: report.BadFrame.
func Parse(raw []byte) (Frame, error) {
	if len(raw) > MaxFrame {
		return Frame{}, report.Bad("frame", "longer than %d bytes", MaxFrame)
	}
	if len(raw) < 6 || !starts(raw) {
		return Frame{}, report.Bad("frame", "not 7878 or 7979")
	}
	if !tail(raw, len(raw)) {
		return Frame{}, report.Bad("frame", "no 0d0a at the end")
	}
	f := Frame{Extended: raw[0] == 0x79, Raw: raw, Count: -1}
	head := 3
	if f.Extended {
		head = 4
	}
	if size := total(raw); size != len(raw) {
		f.Type = raw[3]
		if !f.Extended && (f.Type == typeWifi || f.Type == typeWifi2) && len(raw) >= 4+6+2 {
			f.Count, f.Data = int(raw[2]), raw[4:len(raw)-2]
			return f, nil
		}
		return Frame{}, report.Bad("length", "says %d bytes, has %d", size, len(raw))
	}
	if len(raw) < head+1+2+2+2 {
		return Frame{}, report.Bad("frame", "%d bytes", len(raw))
	}
	end := len(raw) - 4
	if got, want := binary.BigEndian.Uint16(raw[end:]), CRC(raw[2:end]); got != want {
		return Frame{}, report.Bad("crc", "got %04x, want %04x", got, want)
	}
	f.Type, f.Data, f.Serial = raw[head], raw[head+1:end-2], binary.BigEndian.Uint16(raw[end-2:])
	return f, nil
}

// Encode makes a frame; data too long for one length byte needs extended.
func Encode(extended bool, typ byte, data []byte, serial uint16) []byte {
	b := []byte{0x78, 0x78, byte(len(data) + 5)}
	if extended {
		b = binary.BigEndian.AppendUint16([]byte{0x79, 0x79}, uint16(len(data)+5))
	}
	b = append(append(b, typ), data...)
	b = binary.BigEndian.AppendUint16(b, serial)
	b = binary.BigEndian.AppendUint16(b, CRC(b[2:]))
	return append(b, '\r', '\n')
}

// CRC is CRC-16/X25: of "123456789" it is 906E.
func CRC(p []byte) uint16 {
	crc := uint16(0xffff)
	for _, b := range p {
		crc ^= uint16(b)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ 0x8408
			} else {
				crc >>= 1
			}
		}
	}
	return ^crc
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
			if frame, ok = f.Flush(); !ok {
				break
			}
		}
		frames = append(frames, frame)
	}
	switch {
	case f.Pending() > 0:
		return frames, report.Bad("frame", "no closing 0d0a")
	case len(frames) == 0:
		return nil, report.Bad("frame", "no 7878 or 7979")
	}
	return frames, nil
}

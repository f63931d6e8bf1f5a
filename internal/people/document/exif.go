package document

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
)

// Meta is what a picture said about itself, or what the phone said beside it.
// It is personal data of whoever is in the picture: stored sealed.
type Meta struct {
	TakenAt     clock.Millis `json:"taken_at,omitempty"` // by the camera's clock
	Lat         float64      `json:"lat,omitempty"`      // WGS-84
	Lon         float64      `json:"lon,omitempty"`
	Source      string       `json:"source,omitempty"` // of the place: camera, phone
	Orientation int          `json:"-"`                // EXIF 0x0112, 1–8
}

// The tags of EXIF 2.32 (JEITA CP-3451) that are read.
const (
	tagOrientation = 0x0112
	tagDateTime    = 0x0132
	tagExif        = 0x8769
	tagGPS         = 0x8825
	tagOriginal    = 0x9003
	tagOffset      = 0x9011 // of the original's time, EXIF 2.31
	tagLatRef      = 1
	tagLat         = 2
	tagLonRef      = 3
	tagLon         = 4
)

// readEXIF reads a TIFF block. What it can't read it leaves out: a picture
// with a broken block is a picture all the same.
func readEXIF(b []byte) Meta {
	m := Meta{}
	t := tiff{b: b}
	switch {
	case len(b) < 8:
		return m
	case string(b[:2]) == "II":
		t.order = binary.LittleEndian
	case string(b[:2]) == "MM":
		t.order = binary.BigEndian
	default:
		return m
	}
	first := t.dir(t.order.Uint32(b[4:]))
	if v, ok := first[tagOrientation]; ok {
		if n := t.short(v); n >= 1 && n <= 8 {
			m.Orientation = n
		}
	}
	when, offset := t.text(first[tagDateTime]), ""
	if at, ok := first[tagExif]; ok {
		exif := t.dir(t.order.Uint32(at.value[:]))
		if s := t.text(exif[tagOriginal]); s != "" {
			when = s
		}
		offset = t.text(exif[tagOffset])
	}
	m.TakenAt = taken(when, offset)
	if at, ok := first[tagGPS]; ok {
		gps := t.dir(t.order.Uint32(at.value[:]))
		lat, okLat := t.degrees(gps[tagLat], t.text(gps[tagLatRef]), "S", 90)
		lon, okLon := t.degrees(gps[tagLon], t.text(gps[tagLonRef]), "W", 180)
		if okLat && okLon && (lat != 0 || lon != 0) {
			m.Lat, m.Lon, m.Source = lat, lon, "camera"
		}
	}
	return m
}

// taken reads EXIF's local time; without an offset it is China's.
func taken(when, offset string) clock.Millis {
	if offset != "" {
		if at, err := time.Parse("2006:01:02 15:04:05-07:00", when+offset); err == nil {
			return clock.Of(at)
		}
	}
	at, err := time.ParseInLocation("2006:01:02 15:04:05", when, clock.Zone)
	if err != nil || at.Year() < 1990 {
		return 0
	}
	return clock.Of(at)
}

type tiff struct {
	b     []byte
	order binary.ByteOrder
}

// entry is one field: its value, or where it stands if it has more than four bytes.
type entry struct {
	kind  uint16
	count uint32
	value [4]byte
}

// mostEntries bounds a directory; cameras write some sixty.
const mostEntries = 512

func (t tiff) dir(at uint32) map[uint16]entry {
	out := map[uint16]entry{}
	if int64(at)+2 > int64(len(t.b)) {
		return out
	}
	n := int(t.order.Uint16(t.b[at:]))
	for i := 0; i < min(n, mostEntries); i++ {
		p := int64(at) + 2 + int64(i)*12
		if p+12 > int64(len(t.b)) {
			break
		}
		e := entry{kind: t.order.Uint16(t.b[p+2:]), count: t.order.Uint32(t.b[p+4:])}
		copy(e.value[:], t.b[p+8:p+12])
		out[t.order.Uint16(t.b[p:])] = e
	}
	return out
}

func (t tiff) short(e entry) int {
	if e.kind != 3 {
		return 0
	}
	return int(t.order.Uint16(e.value[:]))
}

// bytes gives the value of a field of size bytes; nil if it lies outside.
func (t tiff) bytes(e entry, size uint64) []byte {
	if size <= 4 {
		return e.value[:size]
	}
	at := uint64(t.order.Uint32(e.value[:]))
	if at+size > uint64(len(t.b)) {
		return nil
	}
	return t.b[at : at+size]
}

func (t tiff) text(e entry) string {
	if e.kind != 2 || e.count == 0 || e.count > 64 {
		return ""
	}
	return strings.TrimRight(string(t.bytes(e, uint64(e.count))), " \x00")
}

// degrees reads three rationals: degrees, minutes, seconds.
func (t tiff) degrees(e entry, ref, negative string, most float64) (float64, bool) {
	if e.kind != 5 || e.count != 3 {
		return 0, false
	}
	raw := t.bytes(e, 24)
	if raw == nil {
		return 0, false
	}
	var out float64
	for i, unit := range []float64{1, 60, 3600} {
		num, den := t.order.Uint32(raw[i*8:]), t.order.Uint32(raw[i*8+4:])
		if den == 0 {
			if num != 0 {
				return 0, false
			}
			continue
		}
		out += float64(num) / float64(den) / unit
	}
	if math.IsNaN(out) || out > most {
		return 0, false
	}
	if ref == negative {
		out = -out
	}
	return out, true
}

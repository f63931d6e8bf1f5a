package jt808

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// positionSize is the fixed part of the body of 0x0200 in bytes.
const positionSize = 28

// position reads a body of 0x0200: the fixed part, then fields. A body that is
// cut short still gives its alarms.
func position(m *report.Message, b []byte, v2019 bool, p *profile.Profile) {
	if len(b) < 4 {
		m.Fault(report.Bad("position", "%d bytes of %d", len(b), positionSize))
		return
	}
	word := binary.BigEndian.Uint32(b)
	m.AlarmBits = &word
	alarms := Alarms(word, v2019, p)
	if len(b) < positionSize {
		m.Raise(alarms...)
		m.Fault(report.Bad("position", "%d bytes of %d", len(b), positionSize))
		return
	}
	status := binary.BigEndian.Uint32(b[4:])
	m.StatusBits = &status
	m.Valid = new(status&(1<<1) != 0)
	lat, lon := float64(binary.BigEndian.Uint32(b[8:]))/1e6, float64(binary.BigEndian.Uint32(b[12:]))/1e6
	if status&(1<<2) != 0 && lat != 0 {
		lat = -lat
	}
	if status&(1<<3) != 0 && lon != 0 {
		lon = -lon
	}
	m.Lat, m.Lon, m.Secret = &lat, &lon, status&(1<<5) != 0
	m.Altitude = new(float64(int16(binary.BigEndian.Uint16(b[16:]))))
	m.SpeedKmh = new(float64(binary.BigEndian.Uint16(b[18:])) / 10)
	m.Course = new(float64(binary.BigEndian.Uint16(b[20:])))
	t, err := instant(b[22:28])
	m.Time = t
	m.Fault(err)

	fence, route := fields(m, b[positionSize:], p)
	for _, a := range alarms {
		switch {
		case a == report.Fence && fence != "":
			a = fence
		case a == report.Route && route != "":
			a = route
		}
		m.Raise(a)
	}
	m.Raise(fence, route)
}

// fields reads {id u8, length u8, value} to the end. It returns which way the
// fence or the route was crossed, by field 0x12. Unknown fields are skipped by
// their length; the raw frame keeps them.
func fields(m *report.Message, b []byte, p *profile.Profile) (fence, route report.Alarm) {
	for len(b) >= 2 {
		id, n := b[0], int(b[1])
		if 2+n > len(b) {
			m.Fault(report.Bad("field", "%02x has %d bytes of %d", id, len(b)-2, n))
			return fence, route
		}
		v := b[2 : 2+n]
		b = b[2+n:]
		if p.Field(m, id, v) {
			continue
		}
		switch {
		case id == 0x12 && n == 6: // kind (4: a route), area u32, 0 in or 1 out
			out := v[5] != 0
			switch {
			case v[0] == 4 && out:
				route = report.RouteExit
			case v[0] == 4:
				route = report.RouteEnter
			case out:
				fence = report.FenceExit
			default:
				fence = report.FenceEnter
			}
		case id == 0x30 && n == 1:
			m.Signal = new(int(v[0]))
		case id == 0x31 && n == 1:
			m.Satellites = new(int(v[0]))
		}
	}
	if len(b) > 0 {
		m.Fault(report.Bad("field", "%02x without length", b[0]))
	}
	return fence, route
}

// instant reads YYMMDDhhmmss in BCD, GMT+8, as UTC.
func instant(b []byte) (time.Time, error) {
	s := hex.EncodeToString(b)
	if strings.Trim(s, "0123456789") != "" {
		return time.Time{}, report.Bad("time", "not BCD")
	}
	t, err := time.ParseInLocation("20060102150405", "20"+s, clock.Zone)
	if err != nil {
		return time.Time{}, report.Bad("time", "not YYMMDDhhmmss")
	}
	return t.UTC(), nil
}

// bcdTime writes t as six BCD bytes in the zone given.
func bcdTime(t time.Time, zone *time.Location) []byte {
	b, _ := hex.DecodeString(t.In(zone).Format("060102150405")) // twelve digits
	return b
}

// Position writes the body of 0x0200 as a terminal would, for the simulator
// and the tests: alarm and status words, place, time, and the fields 30 and 31.
func Position(m report.Message) []byte {
	var word, status uint32
	if m.AlarmBits != nil {
		word = *m.AlarmBits
	}
	if m.StatusBits != nil {
		status = *m.StatusBits
	}
	val := func(p *float64, scale float64) float64 {
		if p == nil {
			return 0
		}
		return *p * scale
	}
	coordinate := func(p *float64, bit uint) uint32 {
		v := val(p, 1e6)
		if v < 0 {
			status |= 1 << bit
			v = -v
		}
		return uint32(v + 0.5)
	}
	lat, lon := coordinate(m.Lat, 2), coordinate(m.Lon, 3)
	if m.Valid != nil && *m.Valid {
		status |= 1 << 1
	}
	b := binary.BigEndian.AppendUint32(nil, word)
	b = binary.BigEndian.AppendUint32(b, status)
	b = binary.BigEndian.AppendUint32(b, lat)
	b = binary.BigEndian.AppendUint32(b, lon)
	b = binary.BigEndian.AppendUint16(b, uint16(int16(val(m.Altitude, 1))))
	b = binary.BigEndian.AppendUint16(b, uint16(val(m.SpeedKmh, 10)+0.5))
	b = binary.BigEndian.AppendUint16(b, uint16(val(m.Course, 1)))
	b = append(b, bcdTime(m.Time, clock.Zone)...)
	if m.Signal != nil {
		b = append(b, 0x30, 1, byte(*m.Signal))
	}
	if m.Satellites != nil {
		b = append(b, 0x31, 1, byte(*m.Satellites))
	}
	if m.Battery != nil {
		b = append(b, 0xd4, 1, byte(*m.Battery))
	}
	return b
}

package gt06

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// Login writes the login of a device as it would, for the simulator and the
// tests; an IMEI has at most 15 digits.
func Login(imei string, serial uint16) []byte {
	b, err := hex.DecodeString(strings.Repeat("0", max(16-len(imei), 0)) + imei)
	if err != nil || len(b) != 8 {
		b = make([]byte, 8)
	}
	return Encode(false, typeLogin, b, serial)
}

// Heartbeat writes 0x13: state, battery in percent, signal, alarm byte.
func Heartbeat(state byte, battery, signal int, alarm byte, serial uint16) []byte {
	return Encode(false, typeState, []byte{state, byte(battery), byte(signal), alarm, 2}, serial)
}

// Position writes 0x12, or 0x16 when state or alarm is not 0: the place, the
// first cell, and for 0x16 the state with a length byte before the cell.
func Position(m report.Message, state, alarm byte, serial uint16) []byte {
	t := m.Time.UTC()
	b := []byte{byte(t.Year() - 2000), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())}
	sats := byte(0)
	if m.Satellites != nil {
		sats = byte(*m.Satellites)
	}
	b = append(b, 0xc0|sats&15)
	flags := uint16(1 << 10)
	coordinate := func(p *float64, bit uint16) {
		var v float64
		if p != nil {
			v = *p
		}
		units := uint32(math.Abs(v)*1800000 + 0.5)
		if v < 0 && units > 0 {
			flags ^= bit
		}
		b = be32(b, units)
	}
	coordinate(m.Lat, 1<<10)
	coordinate(m.Lon, 1<<11)
	if m.Valid != nil && *m.Valid {
		flags |= 1 << 12
	}
	var speed, course float64
	if m.SpeedKmh != nil {
		speed = *m.SpeedKmh
	}
	if m.Course != nil {
		course = *m.Course
	}
	b = append(b, byte(min(speed, 255)))
	b = binary.BigEndian.AppendUint16(b, flags|uint16(course)&0x3ff)
	var c report.Cell
	if len(m.Cells) > 0 {
		c = m.Cells[0]
	}
	value := func(p *int) int {
		if p == nil {
			return 0
		}
		return *p
	}
	place := binary.BigEndian.AppendUint16(nil, uint16(value(c.MCC)))
	place = append(place, byte(value(c.MNC)), byte(c.LAC>>8), byte(c.LAC), byte(c.CID>>16), byte(c.CID>>8), byte(c.CID))
	if state == 0 && alarm == 0 {
		return Encode(false, 0x12, append(b, place...), serial)
	}
	b = append(append(b, 9), place...)
	battery, signal := 6, 4
	if m.Battery != nil {
		battery = *m.Battery
	}
	if m.Signal != nil {
		signal = *m.Signal
	}
	return Encode(false, 0x16, append(b, state, byte(battery), byte(signal), alarm, 2), serial)
}

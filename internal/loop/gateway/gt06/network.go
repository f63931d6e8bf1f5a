package gt06

import (
	"encoding/hex"
	"strings"
	"time"

	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// stations are the types that list cells, and access points after them:
// 2C, 18, A2 and, when they carry a CRC, 17 and 69.
var stations = map[byte]bool{0x18: true, 0x24: true, 0x28: true, 0x2c: true, 0x2e: true, 0x33: true, 0xa1: true, 0xa2: true, typeWifi: true, typeWifi2: true}

// network reads time, MCC, MNC, seven cells {LAC, cell, rssi}, timing advance,
// and then a count with that many {MAC, rssi}. Empty cells are zeros.
func network(m *report.Message, r *reader, f Frame) {
	m.Fault(r.instant(m))
	// One model (WanWay S20) writes the timing advance first and a count of
	// cells; it is known by its length.
	s20 := f.Type == 0x24 && len(f.Data)+5 == 0x31
	if s20 {
		r.u8()
	}
	mcc := r.u16()
	mnc := int(0)
	if mcc&0x8000 != 0 {
		mnc = int(r.u16())
	} else {
		mnc = int(r.u8())
	}
	long := f.Type == 0xa1 || f.Type == 0xa2 || f.Type == 0x33
	count, size := 7, 6
	switch {
	case s20:
		count = int(r.u8())
	case f.Type == 0x33:
		count = 6
	}
	if long {
		size = 13
	}
	for range count {
		if len(r.b) < size {
			m.Fault(report.Bad("cells", "cut short"))
			return
		}
		c := report.Cell{MCC: new(int(mcc & 0x7fff)), MNC: new(mnc)}
		if long {
			c.LAC, c.CID = r.u32(), uint64(r.u32())<<32|uint64(r.u32())
		} else {
			c.LAC, c.CID = uint32(r.u16()), uint64(r.u24())
		}
		c.RSSI = new(int(r.u8()))
		if c.LAC != 0 {
			m.Cells = append(m.Cells, c)
		}
	}
	if s20 || f.Type == 0x28 || f.Type == 0x2e || f.Type == 0x24 || f.Type == 0xa1 {
		return
	}
	r.u8() // timing advance
	if n := int(r.u8()); n*7 <= len(r.b) {
		points(m, r, n)
	} else {
		m.Fault(report.Bad("wifi", "%d announced in %d bytes", n, len(r.b)))
	}
}

func points(m *report.Message, r *reader, n int) {
	for range n {
		mac := r.take(6)
		if mac == nil || len(r.b) == 0 {
			m.Fault(report.Bad("wifi", "cut short"))
			return
		}
		m.Wifi = append(m.Wifi, report.Wifi{MAC: profile.MAC(mac), RSSI: new(int(r.u8()))})
	}
}

// wifiShort reads the frames 17 and 69 that have a count of access points for
// a length and neither serial nor CRC: time in BCD, {MAC, rssi}*n, cell count
// u8, MCC u16, MNC u8, {LAC u16, cell u16, rssi u8}*.
func wifiShort(m *report.Message, r *reader, n int) {
	s := hex.EncodeToString(r.take(6))
	if t, err := time.Parse("20060102150405", "20"+s); err == nil && strings.Trim(s, "0123456789") == "" {
		m.Time = t
	} else {
		m.Fault(report.Bad("time", "not BCD"))
	}
	points(m, r, min(n, len(r.b)/7+1))
	if len(r.b) < 4 {
		return
	}
	count, mcc, mnc := int(r.u8()), int(r.u16()), int(r.u8())
	for range count {
		if len(r.b) < 5 {
			m.Fault(report.Bad("cells", "cut short"))
			return
		}
		m.Cells = append(m.Cells, report.Cell{MCC: new(mcc), MNC: new(mnc), LAC: uint32(r.u16()), CID: uint64(r.u16()), RSSI: new(int(r.u8()))})
	}
}

// wifiOnly reads F3: time, count u8, {2 bytes, MAC}*.
func wifiOnly(m *report.Message, r *reader) {
	m.Fault(r.instant(m))
	for range r.u8() {
		r.take(2)
		mac := r.take(6)
		if mac == nil {
			m.Fault(report.Bad("wifi", "cut short"))
			return
		}
		m.Wifi = append(m.Wifi, report.Wifi{MAC: profile.MAC(mac)})
	}
}

// modules reads 0x70 of the long form: {id u16, length u16, value}*.
func modules(m *report.Message, r *reader) {
	for len(r.b) >= 4 {
		id, n := r.u16(), int(r.u16())
		v := r.take(n)
		if v == nil && n > 0 {
			m.Fault(report.Bad("module", "%04x has %d bytes of %d", id, len(r.b), n))
			return
		}
		in := &reader{b: v}
		switch {
		case id == 0x03 && n == 10:
			m.ICCID = strings.Trim(hex.EncodeToString(v), "f")
		case id == 0x09 && n == 1:
			m.Satellites = new(int(in.u8()))
		case id == 0x11 && n >= 10: // MCC, MNC, LAC u16, cell u24, rssi
			c := report.Cell{MCC: new(int(in.u16())), MNC: new(int(in.u16())), LAC: uint32(in.u16()), CID: uint64(in.u24()), RSSI: new(int(in.u8()))}
			if c.CID != 0 {
				m.Cells = append(m.Cells, c)
			}
		case id == 0x2b && n >= 1:
			switch in.u8() {
			case 0x11:
				m.Raise(report.LowBattery)
			case 0x12:
				m.Raise(report.LowPower)
			case 0x13:
				m.Raise(report.PowerOff)
			case 0x14:
				m.Raise(report.Removed)
			}
		case id == 0x33 && n >= 18: // time in seconds of 1970, satellites, altitude i16, place
			m.Time = time.Unix(int64(in.u32()), 0).UTC()
			m.Satellites = new(int(in.u8()))
			m.Altitude = new(float64(int16(in.u16())))
			place(m, in, true)
		}
	}
}

// az reads 32 and 33 of the long form (AZ735): time, length of the place (0:
// none), place, one cell with length and rssi, two lists by length, then what
// happened.
func az(m *report.Message, r *reader, alarm bool) {
	m.Fault(r.instant(m))
	if r.u8() != 0 {
		m.Satellites = new(int(r.u8() & 15))
		place(m, r, true)
	}
	if n := int(r.u8()); n > 0 {
		part := &reader{b: r.take(min(max(n-1, 0), len(r.b)))}
		if len(part.b) >= 8 {
			m.Cells = append(m.Cells, cell(part, false, false))
		}
		m.Signal = new(int(r.u8()))
	}
	for range 2 {
		r.take(min(int(r.u8()), len(r.b)))
	}
	if len(r.b) == 0 {
		m.Fault(report.Bad("position", "cut short"))
		if alarm {
			m.Raise(report.General)
		}
		return
	}
	code := r.u8()
	m.AlarmBits = new(uint32(code))
	if !alarm {
		return
	}
	switch code {
	case 0xa0, 0xa1: // armed, disarmed
	case 0xa2, 0xa3:
		m.Raise(report.LowBattery)
	case 0xa5:
		m.Raise(report.Door)
	default:
		m.Raise(report.General)
	}
}

package profile

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// Field reads one vendor field into m; false when the profile does not know
// it. A field whose length does not fit its rule is left alone: another maker
// uses the same number for something else.
func (p *Profile) Field(m *report.Message, id byte, value []byte) bool {
	if p == nil {
		return false
	}
	rules := p.TLV[fmt.Sprintf("%02x", id)]
	for _, r := range rules {
		r.apply(m, value)
	}
	return len(rules) > 0
}

// Beat reads what a heartbeat carries.
func (p *Profile) Beat(m *report.Message, body []byte) {
	if p == nil {
		return
	}
	for _, r := range p.Heartbeat {
		r.apply(m, body)
	}
}

func (r Rule) apply(m *report.Message, v []byte) {
	if len(r.Length) > 0 && !slices.Contains(r.Length, len(v)) {
		return
	}
	switch r.Read {
	case "cells":
		r.cells(m, v)
	case "wifi":
		r.wifi(m, v)
	case "wifi_text":
		r.wifiText(m, v)
	case "iccid":
		if s := strings.Trim(hex.EncodeToString(v), "f"); s != "" && strings.Trim(s, "0123456789") == "" {
			m.ICCID = s
		}
	case "sub":
		r.inner(m, v)
	default:
		r.number(m, v)
	}
}

func (r Rule) number(m *report.Message, v []byte) {
	size := max(r.Size, 1)
	at := r.At
	if at < 0 {
		at += len(v)
	}
	if at < 0 || at+size > len(v) {
		return
	}
	n := be(v[at : at+size])
	if n == 0 && r.Nonzero {
		return
	}
	scale := r.Scale
	if scale == 0 {
		scale = 1
	}
	x := float64(n)*scale + r.Offset
	switch r.Read {
	case "battery":
		m.Battery = new(int(x))
	case "signal":
		m.Signal = new(int(x))
	case "satellites":
		m.Satellites = new(int(x))
	case "steps":
		m.Steps = new(int(x))
	case "temperature":
		m.Vital(report.Temperature, x)
	case "heart_rate":
		m.Vital(report.HeartRate, x)
	case "spo2":
		m.Vital(report.SpO2, x)
	case "bits":
		for key, a := range r.Alarms {
			bit, _ := strconv.Atoi(key) // checked when loaded
			if bit < size*8 && (n>>bit&1 == 1) != r.Inverted {
				m.Raise(a)
			}
		}
	case "event":
		m.Raise(r.Alarms[fmt.Sprintf("%0*x", size*2, n)])
	}
}

// cells reads {mcc u16, mnc u8, lac u16, cid, rssi u8}.
func (r Rule) cells(m *report.Message, v []byte) {
	v, ok := r.list(v, 6+r.CID)
	if !ok {
		return
	}
	for ; len(v) > 0; v = v[6+r.CID:] {
		m.Cells = append(m.Cells, report.Cell{
			MCC: new(int(be(v[:2]))), MNC: new(int(v[2])), LAC: be(v[3:5]), CID: uint64(be(v[5 : 5+r.CID])), RSSI: new(int(v[5+r.CID])),
		})
	}
}

// wifi reads {mac [6], rssi i8}.
func (r Rule) wifi(m *report.Message, v []byte) {
	v, ok := r.list(v, 7)
	if !ok {
		return
	}
	for ; len(v) > 0; v = v[7:] {
		m.Wifi = append(m.Wifi, report.Wifi{MAC: MAC(v[:6]), RSSI: new(int(int8(v[6])))})
	}
}

// list cuts off the count, where there is one, and says whether the rest is
// whole items and as many as counted. A count that is too high for the bytes
// is not believed; one that is too low is.
func (r Rule) list(v []byte, size int) ([]byte, bool) {
	if r.Counted {
		if len(v) == 0 {
			return nil, false
		}
		n := int(v[0])
		v = v[1:]
		if n*size > len(v) {
			if len(v)%size != 0 { // no count at all: another maker's form
				return nil, false
			}
			n = len(v) / size
		}
		v = v[:n*size]
	}
	return v, len(v)%size == 0
}

// wifiText reads "mac,rssi,mac,rssi" after At bytes.
func (r Rule) wifiText(m *report.Message, v []byte) {
	if r.At < 0 || r.At > len(v) {
		return
	}
	f := strings.Split(string(v[r.At:]), ",")
	for i := 0; i+1 < len(f); i += 2 {
		b, err := hex.DecodeString(strings.ReplaceAll(f[i], ":", ""))
		rssi, err2 := strconv.Atoi(strings.TrimSpace(f[i+1]))
		if err == nil && err2 == nil && len(b) == 6 {
			m.Wifi = append(m.Wifi, report.Wifi{MAC: MAC(b), RSSI: &rssi})
		}
	}
}

// inner reads {len u16, id u16, value}, len counting the id. The same field
// number carries cells on older devices: mcc u16 above 200, mnc u8, {lac u16,
// cid u16, rssi u8}.
func (r Rule) inner(m *report.Message, v []byte) {
	if len(v) >= 3 && be(v[:2]) > 200 {
		for c := v[3:]; len(c) >= 5; c = c[5:] {
			m.Cells = append(m.Cells, report.Cell{
				MCC: new(int(be(v[:2]))), MNC: new(int(v[2])), LAC: be(c[:2]), CID: uint64(be(c[2:4])), RSSI: new(int(c[4])),
			})
		}
		return
	}
	for len(v) >= 4 {
		n := int(be(v[:2]))
		if n < 2 || 2+n > len(v) {
			return
		}
		if s, ok := r.Sub[hex.EncodeToString(v[2:4])]; ok {
			s.apply(m, v[4:2+n])
		}
		v = v[2+n:]
	}
}

// MAC writes six bytes as 0a:1b:2c:3d:4e:5f.
func MAC(b []byte) string {
	s := make([]string, len(b))
	for i, x := range b {
		s[i] = hex.EncodeToString([]byte{x})
	}
	return strings.Join(s, ":")
}

func be(b []byte) uint32 {
	var n uint32
	for _, x := range b {
		n = n<<8 | uint32(x)
	}
	return n
}

package jt808

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"zugou/internal/loop/gateway/report"
)

// Registration is what a terminal tells of itself in 0x0100.
type Registration struct {
	Province, City uint16
	Maker, Model   string
	Terminal       string
	PlateColour    byte
	Plate          string // GBK on the wire; a VIN when PlateColour is 0
}

// register reads 0x0100 and answers 0x8100.
func (f Frame) register(m *report.Message, o Options) {
	r, err := f.Registration()
	m.Fault(err)
	result, code := byte(0), DefaultCode(m.DeviceID)
	if o.Register != nil {
		result, code = o.Register(m.DeviceID, r)
	}
	m.Reply = f.RegisterAnswer(result, code)
}

// RegisterAnswer is 0x8100: the serial, the result (0 done, 1 vehicle known,
// 2 no such vehicle, 3 terminal known, 4 no such terminal) and, with 0, the
// code to sign on with.
func (f Frame) RegisterAnswer(result byte, code string) []byte {
	b := append(binary.BigEndian.AppendUint16(nil, f.Serial), result)
	if result == 0 {
		b = append(b, code...)
	}
	return f.answer(DownRegister, b)
}

// Registration reads the body of 0x0100. Maker, model and terminal id have 5,
// 8, 7 bytes in 2011, 5, 20, 7 in 2013, 11, 30, 30 in 2019; the years before
// 2019 are told apart by length.
func (f Frame) Registration() (Registration, error) {
	b := f.Body
	maker, model, terminal := 5, 20, 7
	switch {
	case f.New:
		maker, model, terminal = 11, 30, 30
	case len(b) < 4+5+20+7+1:
		model = 8
	}
	if need := 4 + maker + model + terminal + 1; len(b) < need {
		return Registration{}, report.Bad("registration", "%d bytes of %d", len(b), need)
	}
	r := Registration{Province: binary.BigEndian.Uint16(b), City: binary.BigEndian.Uint16(b[2:])}
	b = b[4:]
	r.Maker, b = padded(b[:maker]), b[maker:]
	r.Model, b = padded(b[:model]), b[model:]
	r.Terminal, b = padded(b[:terminal]), b[terminal:]
	r.PlateColour, r.Plate = b[0], text(b[1:])
	return r, nil
}

func padded(b []byte) string { return text(bytes.Trim(b, "\x00 ")) }

// AuthCode is the code that a terminal signs on with in 0x0102. In 2019 its
// length stands before it, IMEI and software version after it.
func (f Frame) AuthCode() string {
	b := f.Body
	if f.New && len(b) > 0 && int(b[0]) <= len(b)-1 {
		b = b[1 : 1+int(b[0])]
	}
	return string(bytes.TrimRight(b, "\x00"))
}

// DefaultCode is the code that `zugou decode` shows in 0x8100: the first
// sixteen hex digits of SHA-256 of "zugou:" and the terminal's number. Anyone
// can compute it, so a gateway draws its own and keeps it.
func DefaultCode(id string) string {
	sum := sha256.Sum256([]byte("zugou:" + id))
	return hex.EncodeToString(sum[:8])
}

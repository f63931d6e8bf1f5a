// Package decode reads frames as lines of text, to hold a device against before
// it is bought and to try what a model's profile makes of them. It is what
// `zugou decode` prints and what the page of models shows: one reading, the
// gateway's own.
package decode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
)

// MostLine is the longest line read in bytes: a frame of 64 KiB in hex with
// spaces, with room for a person's mistakes.
const MostLine = 4 << 20

// Line is one object of the answer. It adds to a message what only this
// reading knows.
type Line struct {
	N int `json:"n"`
	report.Message
	Reply string `json:"reply,omitempty"` // what the gateway would answer, in the form of the line
}

// Decoder reads lines as one connection: packets of a split message are
// joined, and what follows a GT06 login belongs to its IMEI.
type Decoder struct {
	text bool // a line without "hex:" is the frame itself
	read func(raw []byte) ([]report.Message, error)
}

// New makes a decoder. A model of another protocol says nothing; nil leaves
// all to the protocol. Errors: the protocol is unknown.
func New(protocol string, model *profile.Profile, clk clock.Clock) (*Decoder, error) {
	if model != nil && model.Protocol != protocol {
		model = nil
	}
	switch protocol {
	case "watch":
		return &Decoder{text: true, read: watchLine(model)}, nil
	case "jt808":
		return &Decoder{read: jt808Line(model, clk)}, nil
	case "gt06":
		return &Decoder{read: gt06Line(model, clk)}, nil
	}
	return nil, fmt.Errorf("protocol must be watch, jt808 or gt06")
}

// Line gives the objects of one line, none for a blank one. A frame that can't
// be read gives an object with its error.
func (d *Decoder) Line(n int, line []byte) []Line {
	bad := func(err error) []Line { return []Line{{N: n, Message: report.Message{Err: err.Error()}}} }
	if len(line) > MostLine {
		return bad(TooLong())
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return nil
	}
	isHex, prefix := !d.text, ""
	if len(line) >= 4 && strings.EqualFold(string(line[:4]), "hex:") {
		isHex, prefix, line = true, "hex:", line[4:]
	}
	raw := line
	if isHex {
		var err error
		if raw, err = hex.DecodeString(string(bytes.Join(bytes.Fields(line), nil))); err != nil {
			return bad(report.Bad("hex", "%s", strings.TrimPrefix(err.Error(), "encoding/hex: ")))
		}
	}
	messages, err := d.read(raw)
	var out []Line
	for _, m := range messages {
		l := Line{N: n, Message: m}
		switch {
		case m.Reply == nil:
		case isHex:
			l.Reply = prefix + hex.EncodeToString(m.Reply)
		default:
			l.Reply = string(m.Reply)
		}
		out = append(out, l)
	}
	if err != nil {
		out = append(out, bad(err)...)
	}
	return out
}

// TooLong says that a line is longer than MostLine.
func TooLong() error { return report.Bad("line", "longer than %d bytes", MostLine) }

func watchLine(model *profile.Profile) func([]byte) ([]report.Message, error) {
	return func(line []byte) ([]report.Message, error) {
		frames, err := watch.Split(line)
		var out []report.Message
		for _, raw := range frames {
			m, err := watch.Decode(raw)
			if err != nil {
				m.Fault(err)
			}
			model.Mark(&m)
			out = append(out, m)
		}
		return out, err
	}
}

func jt808Line(model *profile.Profile, clk clock.Clock) func([]byte) ([]report.Message, error) {
	var packets jt808.Assembler
	return func(line []byte) ([]report.Message, error) {
		frames, err := jt808.Split(line)
		var out []report.Message
		for _, raw := range frames {
			f, err := jt808.Parse(raw)
			if err != nil {
				out = append(out, report.Message{Err: err.Error()})
				continue
			}
			whole, _, err := packets.Add(f)
			ms := whole.Messages(jt808.Options{Profile: model, Now: clk.Now()})
			ms[len(ms)-1].Fault(err)
			for i := range ms {
				model.Mark(&ms[i])
			}
			out = append(out, ms...)
		}
		return out, err
	}
}

func gt06Line(model *profile.Profile, clk clock.Clock) func([]byte) ([]report.Message, error) {
	var session gt06.Session
	return func(line []byte) ([]report.Message, error) {
		frames, err := gt06.Split(line)
		var out []report.Message
		for _, raw := range frames {
			f, err := gt06.Parse(raw)
			if err != nil {
				out = append(out, report.Message{Err: err.Error()})
				continue
			}
			m := session.Message(f, gt06.Options{Profile: model, Now: clk.Now()})
			model.Mark(&m)
			out = append(out, m)
		}
		return out, err
	}
}

package gateway

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/device"
)

// Terminals decides who may sign on by JT/T 808.
type Terminals interface {
	// Register gives the result of a registration (0 done … 4 no such terminal)
	// and, with 0, a code to sign on with. traits is what the terminal tells of
	// itself: the same terminal tells the same.
	Register(ctx context.Context, deviceID, traits string) (result byte, code string, err error)
	// SignOn tells whether the code is the device's.
	SignOn(ctx context.Context, deviceID, code string) (bool, error)
}

// Profiles gives what the model of a device means by its vendor bits, nil for
// the standard's meaning.
type Profiles func(deviceID string) *profile.Profile

// or gives what knows no model where there is no lookup.
func (p Profiles) or() Profiles {
	if p == nil {
		return func(string) *profile.Profile { return nil }
	}
	return p
}

// JT808 is JT/T 808 of 2011, 2013 and 2019.
func JT808(terminals Terminals, profiles Profiles, clk clock.Clock) Protocol {
	return Protocol{Source: signal.JT808, New: func() Codec {
		return &jt808Codec{terminals: terminals, profiles: profiles.or(), clock: clk, headers: map[string]jt808.Header{}, signed: map[string]bool{}}
	}}
}

type jt808Codec struct {
	terminals Terminals
	profiles  Profiles
	clock     clock.Clock
	framer    jt808.Framer
	parts     jt808.Assembler
	asked     bool // for the packets that are missing now

	mu      sync.Mutex
	signed  map[string]bool
	headers map[string]jt808.Header
	serial  uint16
}

func (j *jt808Codec) Feed(p []byte) { j.framer.Feed(p) }

func (j *jt808Codec) Pending() bool {
	_, _, _, waits := j.parts.Missing()
	return j.framer.Pending() > 0 || waits && !j.asked
}

func (j *jt808Codec) Next() (Frame, bool, error) {
	for {
		raw, ok, err := j.framer.Next()
		if !ok || err != nil {
			return Frame{}, false, err
		}
		f, err := jt808.Parse(raw)
		if err != nil {
			return Frame{Err: err}, true, nil
		}
		whole, ok, err := j.parts.Add(f)
		if err != nil {
			return Frame{Err: err}, true, nil
		}
		j.asked = false
		if ok { // else a packet of a message that is not complete: nothing is durable, nothing is said
			return j.frame(whole), true, nil
		}
	}
}

// Flush asks for the packets that did not come.
func (j *jt808Codec) Flush() (Frame, bool) {
	h, first, missing, ok := j.parts.Missing()
	if !ok || j.asked || len(missing) == 0 {
		return Frame{}, false
	}
	j.asked = true
	h.Serial = j.next()
	return Frame{Say: jt808.AskMissing(h, first, missing)}, true
}

func (j *jt808Codec) next() uint16 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.serial++
	return j.serial
}

func (j *jt808Codec) frame(f jt808.Frame) Frame {
	deviceID := f.DeviceID()
	in := Frame{Content: append(binary.BigEndian.AppendUint16(nil, f.ID), f.Body...)}
	p := j.profiles(deviceID)
	in.Messages = f.Messages(jt808.Options{Profile: p, Now: j.clock.Now()})
	j.mu.Lock()
	in.Stranger = !j.signed[deviceID]
	if _, known := j.headers[device.Key(deviceID)]; known || len(j.headers) < mostDevices {
		j.headers[device.Key(deviceID)] = f.Header
	}
	j.mu.Unlock()
	if in.Stranger {
		in.unproven()
	}
	for i := range in.Messages {
		p.Mark(&in.Messages[i])
	}
	switch {
	case f.ID == jt808.UpRegister:
		in.Stranger = true
		in.Handshake = func(ctx context.Context) ([]byte, bool, error) {
			r, err := f.Registration()
			if err != nil {
				return f.RegisterAnswer(4, ""), false, nil
			}
			result, code, err := j.terminals.Register(ctx, deviceID, fmt.Sprintf("%s|%s|%s", r.Maker, r.Model, r.Terminal))
			if err != nil {
				return nil, false, err
			}
			return f.RegisterAnswer(result, code), result == 0, nil
		}
	case f.ID == jt808.UpAuth:
		in.Stranger = false
		in.Handshake = func(ctx context.Context) ([]byte, bool, error) {
			ok, err := j.terminals.SignOn(ctx, deviceID, f.AuthCode())
			if err != nil {
				return nil, false, err
			}
			if !ok {
				return f.Ack(jt808.Failed), false, nil
			}
			j.mu.Lock()
			if len(j.signed) < mostDevices {
				j.signed[deviceID] = true
			}
			j.mu.Unlock()
			return f.Ack(jt808.OK), true, nil
		}
	case in.Stranger:
		in.Refusal = f.Ack(jt808.Failed)
	}
	return in
}

// Command is part of Commander.
func (j *jt808Codec) Command(deviceID string, c down.Command) ([]byte, string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	h, ok := j.headers[device.Key(deviceID)]
	if !ok {
		return nil, "", errs.Busy("device.command.line_broke", nil)
	}
	h.Serial = j.serial + 1
	frames, err := jt808.Command(h, c)
	if err != nil {
		return nil, "", err
	}
	j.serial += uint16(len(frames))
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	// A message in packets is answered by the serial of its last one, or of
	// its first: by most, the last.
	return all, device.Key(deviceID) + " " + strconv.Itoa(int(j.serial)), nil
}

// Answered is part of Commander.
func (j *jt808Codec) Answered(m report.Message) (string, bool, string) {
	if m.Answer == nil {
		return "", false, ""
	}
	text := m.Text
	if m.Answer.Result != jt808.OK {
		text = fmt.Sprintf("result %d", m.Answer.Result)
	}
	return device.Key(m.DeviceID) + " " + strconv.Itoa(int(m.Answer.Serial)), m.Answer.Result == jt808.OK, text
}

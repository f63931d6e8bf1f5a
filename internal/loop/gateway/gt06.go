package gateway

import (
	"strconv"
	"sync"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/report"
)

// GT06 is the protocol of GT06 trackers. The login tells a number and no
// secret; before it only alarms are taken, as of an unknown device.
func GT06(profiles Profiles, clk clock.Clock) Protocol {
	return Protocol{Source: signal.GT06, New: func() Codec { return &gt06Codec{profiles: profiles.or(), clock: clk} }}
}

type gt06Codec struct {
	profiles Profiles
	clock    clock.Clock
	framer   gt06.Framer
	session  gt06.Session

	mu     sync.Mutex
	serial uint16
}

func (g *gt06Codec) Feed(p []byte) { g.framer.Feed(p) }

func (g *gt06Codec) Pending() bool { return g.framer.Pending() > 0 }

func (g *gt06Codec) Next() (Frame, bool, error) {
	raw, ok, err := g.framer.Next()
	if !ok || err != nil {
		return Frame{}, false, err
	}
	return g.frame(raw), true, nil
}

func (g *gt06Codec) Flush() (Frame, bool) {
	raw, ok := g.framer.Flush()
	if !ok {
		return Frame{}, false
	}
	return g.frame(raw), true
}

func (g *gt06Codec) frame(raw []byte) Frame {
	f, err := gt06.Parse(raw)
	if err != nil {
		return Frame{Err: err}
	}
	p := g.profiles(g.session.ID)
	m := g.session.Message(f, gt06.Options{Profile: p, Now: g.clock.Now()})
	p.Mark(&m)
	return Frame{Messages: []report.Message{m}, Content: append([]byte{f.Type}, f.Data...), Stranger: m.DeviceID == ""}
}

// Command is part of Commander. The serial is the token: the device repeats it.
func (g *gt06Codec) Command(_ string, c down.Command) ([]byte, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	frame, err := gt06.Command(c, g.serial+1)
	if err != nil {
		return nil, "", err
	}
	g.serial++
	return frame, strconv.Itoa(int(g.serial)), nil
}

// Answered is part of Commander.
func (g *gt06Codec) Answered(m report.Message) (string, bool, string) {
	if m.Answer == nil {
		return "", false, ""
	}
	return strconv.Itoa(int(m.Answer.Serial)), true, m.Text
}

package app

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"

	"zugou/internal/centre/match"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/people/access"
	"zugou/internal/people/notify"
	"zugou/internal/people/staff"
)

// hotlineOptions wires the records of the line to their neighbours.
func (a *App) hotlineOptions() hotline.Options {
	process := a.Config.GatewayID
	if process == "" {
		process = "main"
	}
	return hotline.Options{DB: a.DB, Keys: a.Keys, Log: a.Log, District: a.Config.District, Process: process, Jobs: a.Jobs,
		Dir: filepath.Join(a.Config.DataDir, "recordings"),
		Ports: hotline.Ports{
			NextNo:  matter.NextNo,
			ByPhone: a.callerOf,
			Take: func(ctx context.Context, tx *db.Tx, n signal.New) (id.ID, error) {
				rec, err := a.Seat.TakeIn(ctx, tx, n)
				return rec.Matter, err
			},
			More:    a.Seat.MoreIn,
			Leaders: a.pageLeaders,
			Region:  a.registers.Region,
			Words: func(key string, args map[string]string) string {
				text, _ := a.Words.Text(key)
				for name, value := range args {
					text = strings.ReplaceAll(text, "{"+name+"}", value)
				}
				return text
			},
			Unsaved: func(p phone.Arrival) {
				a.Unsaved.Ring(signal.New{Source: signal.Call, Kind: "call", Key: "call:" + string(p.ID), Phone: p.From}, a.Clock.Now())
			},
		}}
}

// callerOf finds the child behind a number; several give none.
func (a *App) callerOf(ctx context.Context, r db.Reader, number string) (hotline.Found, error) {
	res, err := match.Match(ctx, r, a.registers, signal.New{Source: signal.Call, Kind: "call", Key: "lookup", Phone: number}, a.Config.District)
	return hotline.Found{Child: res.Child, Region: res.Region, Why: res.Why}, err
}

// pageLeaders tells the leaders of the seat that a voicemail waits.
func (a *App) pageLeaders(ctx context.Context, tx *db.Tx, call id.ID, no string) error {
	leaders, err := staff.ByRole(ctx, tx, access.SeatLeader, a.Config.District)
	if err != nil {
		return err
	}
	for _, l := range leaders {
		m := notify.Message{To: l.ID, Policy: notify.Crisis, Key: "voicemail:" + string(call), Text: "call.voicemail", OrderNo: no, Ref: call, Region: a.Config.District}
		if err := notify.Send(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// lineBox holds the telephone line once it is open. Without --sip, or in
// another process, there is none.
type lineBox struct{ line atomic.Pointer[phone.Line] }

func (b *lineBox) open() (*phone.Line, error) {
	if l := b.line.Load(); l != nil {
		return l, nil
	}
	return nil, errs.Conflict("call.off")
}

// On implements api.Line.
func (b *lineBox) On() bool { return b.line.Load() != nil }

// Answer implements api.Line.
func (b *lineBox) Answer(ctx context.Context, call, account id.ID, offer string) (string, error) {
	l, err := b.open()
	if err != nil {
		return "", err
	}
	return l.Answer(ctx, call, account, offer)
}

// HangUp implements api.Line.
func (b *lineBox) HangUp(call, account id.ID) error {
	l, err := b.open()
	if err != nil {
		return err
	}
	return l.HangUp(call, account)
}

// Forward implements api.Line.
func (b *lineBox) Forward(ctx context.Context, call, account id.ID, to string) error {
	l, err := b.open()
	if err != nil {
		return err
	}
	return l.Forward(ctx, call, account, to)
}

// Leave implements api.Line.
func (b *lineBox) Leave(call, account id.ID) error {
	l, err := b.open()
	if err != nil {
		return err
	}
	return l.Leave(call, account)
}

// Registered implements api.Line.
func (b *lineBox) Registered(user string) bool {
	l := b.line.Load()
	return l != nil && l.Registered(user)
}

// openLine opens the telephone, if it is configured, and gives what serves it.
func (a *App) openLine(ctx context.Context, addrs map[string]string) (func(ctx context.Context) error, error) {
	if a.Config.SIP == "" {
		return nil, nil
	}
	prompts, err := hotline.Prompts()
	if err != nil {
		return nil, err
	}
	if err := a.Hotline.Open(); err != nil {
		return nil, fmt.Errorf("folder of the recordings: %w", err)
	}
	if n, err := a.Hotline.Sweep(ctx); err != nil {
		a.Log.Error("calls of before the stop are not ended", "error", err)
	} else if n > 0 {
		a.Log.Warn("calls were cut by the last stop; they are called back", "calls", n)
	}
	conn, err := net.ListenPacket("udp", a.Config.SIP)
	if err != nil {
		return nil, fmt.Errorf("listen for sip: %w", err)
	}
	from, to, _ := a.Config.Line.PortRange()
	l, err := phone.New(phone.Options{Book: a.Hotline, Clock: a.Clock, Log: a.Log, Public: a.Config.Line.Public, PortsOf: [2]int{from, to}, Allow: a.Config.Line.Allow,
		Trunk: phone.Trunk{Host: a.Config.Line.Trunk, User: a.Config.Line.User, Password: a.Config.Line.Password}, Prompts: prompts}, conn.LocalAddr())
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	addrs["sip"] = conn.LocalAddr().String()
	a.line.line.Store(l)
	a.Metrics.Gauge("zugou_hotline_calls", "Calls on the line in this process.", nil, func() float64 { return float64(len(l.Live())) })
	return func(ctx context.Context) error {
		defer a.line.line.Store(nil)
		return l.Serve(ctx, conn)
	}, nil
}

package downlink_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	rules "zugou/policy/downlink"
)

const (
	district = "500111"
	number   = "8800000001"
)

var quiet = slog.New(slog.DiscardHandler)

// line is a device's connection of a test.
type line struct {
	source  signal.Source
	from    string
	mu      sync.Mutex
	token   string
	err     error
	got     []down.Command
	dropped bool
}

func (l *line) Source() signal.Source { return l.source }
func (l *line) From() string          { return l.from }
func (l *line) Drop()                 { l.mu.Lock(); l.dropped = true; l.mu.Unlock() }
func (l *line) Send(_ context.Context, _ string, c down.Command) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return "", l.err
	}
	l.got = append(l.got, c)
	return l.token, nil
}

type world struct {
	t     *testing.T
	db    *db.DB
	clk   *clock.Fake
	parts downlink.Parts
	s     *downlink.Service
	which id.ID
	op    context.Context
	n     int
}

// process is one gateway process.
type process struct {
	w   *world
	hub *gateway.Hub
	r   *downlink.Router
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		policies, err := dated.Read[downlink.Policy](rules.Files)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: d, clk: clk}
		w.parts = downlink.Parts{DB: d, Keys: crypto.Ephemeral(crypto.AES), Policies: policies, Protocol: func(string) string { return "" },
			Names: func(context.Context, db.Reader, ...id.ID) (map[id.ID]string, error) {
				return map[id.ID]string{"op": "坐席"}, nil
			}}
		w.s = downlink.New(w.parts, nil)
		w.op = as(access.SeatOperator, district)
		if err := d.Update(w.op, func(ctx context.Context, tx *db.Tx) error {
			m, err := device.Meet(ctx, tx, number, "watch", district)
			w.which = m.ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fn(w)
	})
}

func as(role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: "op", Grants: []access.Grant{{Role: role, Region: region}}})
}

func (w *world) process(name string) *process {
	hub := gateway.NewHub(quiet)
	return &process{w, hub, downlink.NewRouter(w.parts, hub, name, func() bool { return false }, quiet)}
}

func (p *process) round() {
	p.w.t.Helper()
	if err := p.r.RunOnce(access.With(context.Background(), access.System("downlink"))); err != nil {
		p.w.t.Fatal(err)
	}
}

func (w *world) send(q downlink.Request) downlink.Downlink {
	w.t.Helper()
	w.n++
	q.Key, q.Reason = string(id.New()), "家长来电询问"
	d, err := w.s.Send(w.op, w.which, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// is checks the newest command.
func (w *world) is(state downlink.State, result string, tries int) {
	w.t.Helper()
	desk, err := w.s.Desk(w.op, w.which)
	if err != nil || len(desk.Items) == 0 {
		w.t.Fatalf("%+v %v", desk, err)
	}
	if d := desk.Items[0]; d.State != state || d.Result != result || d.Tries != tries || d.ByName != "坐席" || d.Reason != "家长来电询问" {
		w.t.Errorf("%+v, want %s %q after %d tries", d, state, result, tries)
	}
}

func (w *world) count(query string, want int) {
	w.t.Helper()
	n := -1
	if err := w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query) }); err != nil || n != want {
		w.t.Errorf("%s: %d %v, want %d", query, n, err, want)
	}
}

func TestACommandWaitsForItsDeviceAndItsAnswerIsItsResult(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		w.send(downlink.Request{Kind: down.SOSNumber, Index: 1, Phone: "15400000001"})
		p.round()
		w.is(downlink.Waiting, "", 0)
		w.count("SELECT count(*) FROM device_downlink WHERE content LIKE '%15400000001%' OR reason LIKE '%家长%'", 0)
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "t1"}
		p.hub.Hold(number, l)
		p.round()
		w.is(downlink.Sent, "", 1)
		if len(l.got) != 1 || l.got[0].Phone != "15400000001" {
			t.Fatalf("%+v", l.got)
		}
		// Another setting waits until the first is answered.
		w.send(downlink.Request{Kind: down.LowBattery, On: true})
		p.round()
		w.is(downlink.Waiting, "", 0)
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "another", OK: true})
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "t1", OK: true, Text: "ok"})
		p.round()
		l.mu.Lock()
		l.token = "t2"
		l.mu.Unlock()
		p.round()
		w.is(downlink.Sent, "", 1)
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "t2", OK: false, Text: "result 3"})
		p.round()
		w.is(downlink.Failed, "result 3", 1)
		w.count("SELECT count(*) FROM device_downlink WHERE state = 'done' AND result = 'ok'", 1)
		w.count("SELECT count(*) FROM device_downlink WHERE content <> ''", 0)
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.command'", 2)
	})
}

// A watch that never answers to its settings is asked where the child is all
// the same, before what waited longer.
func TestWhatPressesGoesBeforeSettingsAndWaitsForNoAnswerOfOne(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "setting"}
		p.hub.Hold(number, l)
		w.send(downlink.Request{Kind: down.Interval, Seconds: 60})
		p.round()
		w.send(downlink.Request{Kind: down.LowBattery, On: true})
		w.send(downlink.Request{Kind: down.Locate})
		w.send(downlink.Request{Kind: down.Find})
		l.mu.Lock()
		l.token = "locate"
		l.mu.Unlock()
		p.round()
		p.round()
		said := func(want ...down.Kind) {
			t.Helper()
			var got []down.Kind
			for _, c := range l.got {
				got = append(got, c.Kind)
			}
			if !slices.Equal(got, want) {
				t.Errorf("said %v, want %v", got, want)
			}
		}
		said(down.Interval, down.Locate) // one that presses waits for the other, a setting for both
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "locate", OK: true})
		p.round()
		l.mu.Lock()
		l.token = "find"
		l.mu.Unlock()
		p.round()
		said(down.Interval, down.Locate, down.Find)
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "find", OK: true})
		p.hub.Answered(gateway.Answer{DeviceID: number, Token: "setting", OK: true})
		p.round()
		p.round()
		said(down.Interval, down.Locate, down.Find, down.LowBattery)
	})
}

func TestACommandIsSaidAgainAndThenGivenUp(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "t"}
		p.hub.Hold(number, l)
		w.send(downlink.Request{Kind: down.Interval, Seconds: 60})
		for range 6 {
			p.round()
			w.clk.Advance(61 * time.Second)
		}
		w.is(downlink.Failed, "command.result.no_answer", 3)
		if len(l.got) != 3 {
			t.Errorf("said %d times", len(l.got))
		}
		// A device that can't be reached: a bell makes no sense an hour later, a setting does.
		p.hub.Leave(number, l)
		w.send(downlink.Request{Kind: down.Interval, Seconds: 60})
		w.send(downlink.Request{Kind: down.Find})
		w.clk.Advance(time.Hour)
		p.round()
		w.is(downlink.Expired, "command.result.expired", 0)
		w.count("SELECT count(*) FROM device_downlink WHERE state = 'waiting'", 1)
		// The line breaks while it is written: it waits for the next one.
		broken := &line{source: signal.Watch, from: "10.1.2.3", err: errs.Busy("device.command.line_broke", errors.New("EOF"))}
		p.hub.Hold(number, broken)
		p.round()
		w.count("SELECT count(*) FROM device_downlink WHERE state = 'waiting' AND tries = 0", 1)
		p.hub.Hold(number, l)
		p.round()
		w.count("SELECT count(*) FROM device_downlink WHERE state = 'sent'", 1)
	})
}

func TestListeningInIsRefusedBelowEveryCallerAndTheAttemptIsOnRecord(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		l := &line{source: signal.Watch, from: "10.1.2.3"}
		p.hub.Hold(number, l)
		for _, kind := range []down.Kind{"monitor", "MONITOR", "voice-monitor", "listen_in", "监听", "silent call"} {
			if _, err := w.s.Send(w.op, w.which, downlink.Request{Kind: kind, Key: string(kind), Reason: "试一试看", Phone: "15400000001"}); !errs.Is(err, errs.KindForbidden) || errs.KeyOf(err) != "device.command.listening" {
				t.Errorf("%s: %v", kind, err)
			}
		}
		p.round()
		if len(l.got) != 0 {
			t.Error("something was sent")
		}
		w.count("SELECT count(*) FROM device_downlink", 0)
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.command' AND result = 'refused'", 6)
	})
}

func TestWhoMayTellADeviceAndWhatIsRefused(t *testing.T) {
	each(t, func(w *world) {
		ask := downlink.Request{Kind: down.Locate, Key: "k", Reason: "家长来电询问"}
		for _, role := range access.Roles() {
			ctx := as(role, district)
			want := role == access.SeatOperator || role == access.SeatLeader || role == access.BureauSection
			if _, err := w.s.Send(ctx, w.which, ask); (err == nil) != want {
				t.Errorf("%s: %v", role, err)
			}
		}
		// Another area's operator is not told whether the device is there.
		if _, err := w.s.Send(as(access.SeatOperator, "500112"), w.which, ask); err == nil {
			t.Error("another area's operator may")
		}
		w.count("SELECT count(*) FROM device_downlink", 1) // the same key is the same command
		for name, c := range map[string]struct {
			q   downlink.Request
			key string
		}{
			"no reason":      {downlink.Request{Kind: down.Locate, Key: "a"}, "reveal.reason_short"},
			"no key":         {downlink.Request{Kind: down.Locate, Reason: "家长来电询问"}, "input.form"},
			"no such kind":   {downlink.Request{Kind: "dance", Key: "b", Reason: "家长来电询问"}, "device.command.unknown"},
			"wrong number":   {downlink.Request{Kind: down.SOSNumber, Index: 1, Phone: "12a", Key: "c", Reason: "家长来电询问"}, "device.command.phone"},
			"not of a watch": {downlink.Request{Kind: down.ClearAlarm, Key: "d", Reason: "家长来电询问"}, "device.command.unsupported"},
		} {
			_, err := w.s.Send(w.op, w.which, c.q)
			var keys []string
			var e *errs.Error
			if errors.As(err, &e) {
				for _, f := range e.Fields {
					keys = append(keys, f.Key)
				}
			}
			if !errs.Is(err, errs.KindInvalid) || len(keys) != 1 || keys[0] != c.key {
				t.Errorf("%s: %v %v", name, err, keys)
			}
		}
	})
}

func TestACommandCanBeTakenBackUntilItIsSent(t *testing.T) {
	each(t, func(w *world) {
		d := w.send(downlink.Request{Kind: down.Text, Text: "放学早点回家"})
		if out, err := w.s.Cancel(w.op, w.which, d.ID); err != nil || out.State != downlink.Cancelled {
			t.Errorf("%+v %v", out, err)
		}
		p := w.process("g1")
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "t"}
		p.hub.Hold(number, l)
		p.round()
		if len(l.got) != 0 {
			t.Error("sent though taken back")
		}
		d = w.send(downlink.Request{Kind: down.Find})
		p.round()
		if _, err := w.s.Cancel(w.op, w.which, d.ID); errs.KeyOf(err) != "device.command.gone" {
			t.Error(err)
		}
	})
}

func TestACommandGoesToTheProcessThatHoldsTheDeviceAndTheNewLineWins(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.process("g1"), w.process("g2")
		first, second := &line{source: signal.Watch, from: "10.1.2.3", token: "t"}, &line{source: signal.Watch, from: "10.1.9.9", token: "t"}
		a.hub.Hold(number, first)
		a.round()
		b.round()
		if desk, err := w.s.Desk(w.op, w.which); err != nil || !desk.Online || desk.Source != "watch" || len(desk.Kinds) < 10 {
			t.Errorf("%+v %v", desk, err)
		}
		b.hub.Hold(number, second)
		b.round()
		a.round()
		desk, err := w.s.Desk(w.op, w.which)
		if err != nil || len(desk.Takeovers) != 1 || desk.Takeovers[0].BeforeGateway != "g1" || desk.Takeovers[0].NowGateway != "g2" || desk.Takeovers[0].OtherNet {
			t.Errorf("%+v %v", desk.Takeovers, err)
		}
		if !first.dropped || second.dropped || a.r.Takeovers() != 1 {
			t.Errorf("first dropped %v, second %v, %d", first.dropped, second.dropped, a.r.Takeovers())
		}
		a.hub.Leave(number, first) // as its connection does when it ends
		a.round()
		w.send(downlink.Request{Kind: down.Find})
		a.round()
		b.round()
		if len(first.got) != 0 || len(second.got) != 1 {
			t.Errorf("the first got %d, the second %d", len(first.got), len(second.got))
		}
		// A process that is silent holds nothing.
		w.clk.Advance(2 * time.Minute)
		a.round()
		w.count("SELECT count(*) FROM device_line", 0)
		if desk, err := w.s.Desk(w.op, w.which); err != nil || desk.Online {
			t.Errorf("%+v %v", desk, err)
		}
		w.count("SELECT count(*) FROM device_downlink WHERE state = 'waiting'", 1)
	})
}

func TestADeviceThatComesFromAnotherNetworkIsTold(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		for _, from := range []string{"10.1.2.3", "10.1.77.4", "192.0.2.9", "192.0.2.10", "2001:db8::1", "cluster"} {
			p.hub.Hold(number, &line{source: signal.Watch, from: from})
			p.round()
		}
		w.count("SELECT changes FROM device_origin WHERE first_net = '10.1.0.0/16'", 2)
		w.count("SELECT count(*) FROM event WHERE topic = 'device' AND kind = 'origin_changed'", 2)
	})
}

// Whoever stands on a child's conflict list tells its badge nothing, and does
// not read what it was told.
func TestOnTheConflictListNobodyTellsTheBadgeAnything(t *testing.T) {
	each(t, func(w *world) {
		w.update("UPDATE device SET wearer = 'child' WHERE id = ?", w.which)
		w.send(downlink.Request{Kind: down.Locate})
		free := w.op
		w.op = access.Hide(free, "child")
		if _, err := w.s.Send(w.op, w.which, downlink.Request{Kind: down.Locate, Key: "k", Reason: "家长来电询问"}); !errs.Is(err, errs.KindNotFound) && !errs.Is(err, errs.KindForbidden) {
			w.t.Errorf("told: %v", err)
		}
		if _, err := w.s.Desk(w.op, w.which); !errs.Is(err, errs.KindNotFound) && !errs.Is(err, errs.KindForbidden) {
			w.t.Errorf("read: %v", err)
		}
		// Another wears it now: what it was told for the first stays hidden.
		w.update("UPDATE device SET wearer = 'another' WHERE id = ?", w.which)
		if desk, err := w.s.Desk(w.op, w.which); err != nil || len(desk.Items) != 0 || len(desk.Kinds) == 0 {
			w.t.Errorf("of another wearer: %+v %v", desk, err)
		}
		w.op = free
		if desk, err := w.s.Desk(w.op, w.which); err != nil || len(desk.Items) != 1 {
			w.t.Errorf("off the list: %+v %v", desk, err)
		}
	})
}

func (w *world) update(query string, args ...any) {
	w.t.Helper()
	if err := w.db.Update(w.op, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

// What the device's protocol can't keep is said before anything is queued.
func TestWeekdaysAreRefusedBeforeTheyAreQueuedWhereTheProtocolHasNone(t *testing.T) {
	each(t, func(w *world) {
		school := downlink.Request{Kind: down.SilentHours, Key: "k", Reason: "学校要求上课静默", Periods: []down.Period{{From: 480, To: 720, Days: 31}}}
		desk, err := w.s.Desk(w.op, w.which)
		if err != nil || desk.Weekdays {
			w.t.Errorf("a watch: %+v %v", desk, err)
		}
		if _, err := w.s.Send(w.op, w.which, school); !errs.Is(err, errs.KindInvalid) {
			w.t.Errorf("a watch took weekdays: %v", err)
		}
		if desk, err = w.s.Desk(w.op, w.which); err != nil || len(desk.Items) != 0 {
			w.t.Errorf("it waits nevertheless: %+v %v", desk.Items, err)
		}
		school.Periods[0].Days = 0
		w.send(school)

		w.update("UPDATE device SET profile = 'mqtt' WHERE id = ?", w.which)
		school.Periods[0].Days = 31
		if desk, err = w.s.Desk(w.op, w.which); err != nil || !desk.Weekdays {
			w.t.Errorf("a badge of our contract: %+v %v", desk, err)
		}
		w.send(school)
	})
}

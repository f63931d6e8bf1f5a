package downlink_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/people/access"
)

func (w *world) ask() {
	w.t.Helper()
	ctx := access.With(context.Background(), access.System("guard"))
	if err := w.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return w.s.Ask(ctx, tx, "000"+number, "疑似越界") }); err != nil {
		w.t.Fatal(err)
	}
}

func TestTheProgramAsksOnSuspicionAndNotAllDay(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		w.ask()
		w.ask()
		w.count("SELECT count(*) FROM device_downlink", 1)
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "t"}
		p.hub.Hold(number, l)
		p.round()
		if len(l.got) != 1 || l.got[0].Kind != down.Locate {
			t.Fatalf("%+v", l.got)
		}
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.command'", 1)
		w.clk.Advance(3 * time.Minute)
		p.round() // the watch did not answer: said again
		w.ask()
		w.count("SELECT count(*) FROM device_downlink", 1)
		p.hub.Answered(answer("t", true))
		p.round()
		w.ask()
		w.count("SELECT count(*) FROM device_downlink", 2)
		desk, err := w.s.Desk(w.op, w.which)
		if err != nil || desk.Items[0].Reason != "疑似越界" {
			t.Errorf("%+v %v", desk, err)
		}
	})
}

func TestATakeOverIsOnRecord(t *testing.T) {
	each(t, func(w *world) {
		p := w.process("g1")
		for range 3 {
			for _, from := range []string{"10.1.2.3", "192.0.2.9"} {
				p.hub.Hold("000"+number, &line{source: signal.Watch, from: from})
			}
		}
		p.round()
		desk, err := w.s.Desk(w.op, w.which)
		if err != nil || len(desk.Takeovers) != 2 {
			t.Fatalf("%+v %v", desk.Takeovers, err)
		}
		times := map[string]int{}
		for _, x := range desk.Takeovers {
			times[x.NowNet] = x.Times
			if !x.OtherNet || x.NowGateway != "g1" || x.NowSource != signal.Watch {
				t.Errorf("%+v", x)
			}
		}
		if times["192.0.0.0/16"] != 3 || times["10.1.0.0/16"] != 2 {
			t.Errorf("%v", times)
		}
		w.count("SELECT count(*) FROM event WHERE topic = 'device' AND kind = 'taken_over'", 2)
		w.clk.Advance(31 * 24 * time.Hour)
		if err := w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			n, err := downlink.ForgetTakeovers(ctx, tx, tx.Now.Add(-30*24*time.Hour))
			if n != 2 {
				t.Errorf("%d forgotten", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func answer(token string, ok bool) gateway.Answer {
	return gateway.Answer{DeviceID: number, Token: token, OK: ok}
}

package mqtt_test

import (
	"context"
	"sync/atomic"
	"testing"

	"zugou/internal/centre/signal"
	"zugou/internal/loop/gateway/down"
)

func TestALineWhoseTokenEndedIsCut(t *testing.T) {
	for _, v5 := range []bool{false, true} {
		addr, hub, _ := broker(t, newIntake())
		w := signOn(t, addr, v5)
		hub.Cut(me, signal.JT808) // its token still holds
		w.send(0xc0, nil)
		w.want(13)
		hub.Cut("b-1", signal.MQTT)
		w.ended()
		w = signOn(t, addr, v5) // with a token of today
		w.send(0xc0, nil)
		w.want(13)
	}
}

// A command that the former wearer's badge has not acknowledged must not reach
// the next: a session of a cut line is forgotten.
func TestNothingOfACutSessionIsSaidToWhoComesNext(t *testing.T) {
	addr, hub, _ := broker(t, newIntake())
	enter := func(kept byte) *wire {
		t.Helper()
		w := open(t, addr, false)
		body := append(text("MQTT"), 4, 0xc0, 0, 60)
		w.send(0x10, append(append(append(body, text(me)...), text(me)...), text("secret-of-"+me)...))
		if f := w.want(2); f.body[0] != kept || f.body[1] != 0 {
			t.Fatalf("CONNACK %x, session kept: want %d", f.body, kept)
		}
		return w
	}
	first := enter(0)
	first.subscribe("down/"+me+"/cmd", 1)
	if _, err := hub.Line(me).Send(context.Background(), me, down.Command{Kind: down.Text, Text: "外婆在门口等你"}); err != nil {
		t.Fatal(err)
	}
	first.message() // no PUBACK
	_ = first.Close()
	second := enter(1) // a line that broke by itself: it is said again
	second.message()
	hub.Cut(me, signal.MQTT)
	second.ended()
	third := enter(0)
	third.send(0xc0, nil)
	third.want(13)
}

// fading holds for the first question only: the token ends while the badge
// signs on.
type fading struct{ asked atomic.Int32 }

func (f *fading) Check(context.Context, string, string, string) (bool, error) {
	return f.asked.Add(1) == 1, nil
}

func TestATokenThatEndsDuringTheSignOnOpensNoLine(t *testing.T) {
	addr, _, _ := brokerOf(t, newIntake(), &fading{})
	w := open(t, addr, false)
	w.connect(me, me, "old")
	w.ended()
}

package gateway_test

import (
	"testing"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/jt808"
)

func TestATerminalWhoseCodeEndedIsCutAndNoOther(t *testing.T) {
	hub := gateway.NewHub(quiet)
	addr := serve(t, gateway.NewServer(gateway.JT808(&terminals{}, nil, clock.System()), newIntake(), clock.System(), quiet).Join(hub))
	c := newCard(dial(t, addr), "8800000001")
	c.signOn()
	other := newCard(dial(t, addr), "8800000002")
	other.say(other.frame(jt808.UpAuth, []byte("code-8800000002")))
	other.hear(other.answer(jt808.UpAuth, 0))
	hub.Cut("8800000001", signal.MQTT) // a token of another door
	c.say(c.frame(jt808.UpHeartbeat, nil))
	c.hear(c.answer(jt808.UpHeartbeat, 0))
	hub.Cut("008800000001", signal.MQTT, signal.JT808)
	c.closed()
	other.say(other.frame(jt808.UpHeartbeat, nil))
	other.hear(other.answer(jt808.UpHeartbeat, 0))
}

func TestACodeThatEndsWhileItIsLookedAtOpensNoSession(t *testing.T) {
	hub := gateway.NewHub(quiet)
	known := &terminals{during: func() { hub.Cut("8800000001", signal.JT808) }}
	addr := serve(t, gateway.NewServer(gateway.JT808(known, nil, clock.System()), newIntake(), clock.System(), quiet).Join(hub))
	c := newCard(dial(t, addr), "8800000001")
	c.say(c.frame(jt808.UpAuth, []byte("code-8800000001")))
	c.closed()
}

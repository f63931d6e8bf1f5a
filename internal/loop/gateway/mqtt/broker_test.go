package mqtt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/mqtt"
)

var quiet = slog.New(slog.DiscardHandler)

// intake is a seat whose storage can be away, or break.
type intake struct {
	mu    sync.Mutex
	away  bool
	panic bool
	gate  chan struct{}
	in    chan struct{}
	taken map[string]signal.New
	told  chan signal.New
}

func newIntake() *intake {
	return &intake{taken: map[string]signal.New{}, told: make(chan signal.New, 100)}
}

func (s *intake) set(away, panics bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.panic = away, panics
}

func (s *intake) Take(_ context.Context, n signal.New) (seat.Receipt, error) {
	if s.gate != nil {
		s.in <- struct{}{}
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panic {
		panic("a fault of ours")
	}
	if s.away {
		return seat.Receipt{}, errs.Busy("storage.unavailable", nil)
	}
	s.taken[n.Key] = n
	s.told <- n
	return seat.Receipt{}, nil
}

func (s *intake) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.taken)
}

type secrets struct{}

func (secrets) Check(_ context.Context, deviceID, door, secret string) (bool, error) {
	return door == "token" && secret == "secret-of-"+deviceID, nil
}

func broker(t *testing.T, in gateway.Intake) (string, *gateway.Hub, *mqtt.Broker) {
	t.Helper()
	return brokerOf(t, in, secrets{})
}

func brokerOf(t *testing.T, in gateway.Intake, known badge.Secrets) (string, *gateway.Hub, *mqtt.Broker) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hub := gateway.NewHub(quiet)
	b := mqtt.NewBroker(mqtt.Parts{Intake: in, Secrets: known, Hub: hub, Clock: clock.System(), Log: quiet})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), hub, b
}

const me = "B-1"

func signOn(t *testing.T, addr string, v5 bool) *wire {
	t.Helper()
	w := open(t, addr, v5)
	if code := w.connect(me, me, "secret-of-"+me); code != 0 {
		t.Fatalf("refused: %x", code)
	}
	return w
}

func versions(t *testing.T, fn func(t *testing.T, v5 bool, qos byte)) {
	for _, v5 := range []bool{false, true} {
		for qos := byte(1); qos <= 2; qos++ {
			t.Run(fmt.Sprintf("v5=%v qos=%d", v5, qos), func(t *testing.T) { fn(t, v5, qos) })
		}
	}
}

// acked is the packet that says "I have it": PUBACK, or PUBREC of QoS 2.
func acked(qos byte) byte { return 3 + qos }

const sos = `{"mid":"m1","kind":"sos","t":1772600767000}`

func TestAMessageIsAcknowledgedAfterTheCommit(t *testing.T) {
	versions(t, func(t *testing.T, v5 bool, qos byte) {
		in := newIntake()
		in.gate, in.in = make(chan struct{}), make(chan struct{})
		addr, _, _ := broker(t, in)
		w := signOn(t, addr, v5)
		if code := w.subscribe("down/"+me+"/ack", 1); code > 2 {
			t.Fatalf("subscription refused: %x", code)
		}
		w.publish("up/"+me+"/alarm", sos, qos, 7)
		<-in.in // the change is under way; whatever was said before it would be first in the line
		if in.count() != 0 {
			t.Fatal("stored too early")
		}
		in.gate <- struct{}{}
		for range 2 { // the broker's word and ours, in either order
			f, err := w.read()
			switch {
			case err == nil && f.kind == acked(qos):
				if f.body[1] != 7 {
					t.Errorf("%x", f.body)
				}
			case err == nil && f.kind == 3:
				if topic, payload := w.content(f); topic != "down/B-1/ack" || payload != `{"mid":"m1"}` {
					t.Errorf("%s %s", topic, payload)
				}
			default:
				t.Fatalf("%+v %v", f, err)
			}
		}
		n := <-in.told
		if n.Source != signal.MQTT || n.Kind != "sos" || !n.Event || n.DeviceID != me || n.DeviceAt != 1772600767000 {
			t.Errorf("%+v", n)
		}
	})
}

func TestWhatIsNotStoredEndsTheLineAndIsNotAcknowledged(t *testing.T) {
	versions(t, func(t *testing.T, v5 bool, qos byte) {
		in := newIntake()
		addr, _, b := broker(t, in)
		for _, fault := range []struct{ away, panics bool }{{true, false}, {false, true}} {
			in.set(fault.away, fault.panics)
			w := signOn(t, addr, v5)
			w.publish("up/"+me+"/alarm", sos, qos, 7)
			w.ended()
		}
		in.set(false, false)
		if in.count() != 0 || b.Counts().Unanswered != 2 {
			t.Errorf("%d stored, %+v", in.count(), b.Counts())
		}
		// It comes back and says it again, twice: stored once, under one key.
		w := signOn(t, addr, v5)
		for packet := range uint16(2) {
			w.publish("up/"+me+"/alarm", sos, qos, 7+packet)
			w.want(acked(qos))
		}
		if in.count() != 1 {
			t.Errorf("%d stored", in.count())
		}
	})
}

func TestABadgeHasItsOwnCredentialAndItsOwnTopics(t *testing.T) {
	for _, v5 := range []bool{false, true} {
		in := newIntake()
		addr, _, _ := broker(t, in)
		for _, c := range [][]string{{me, me, "wrong"}, {me, me, ""}, {"other", me, "secret-of-" + me}, {"#", "#", "secret-of-#"},
			{me, me, "secret-of-" + me, "up/B-2/will", "{}"}} {
			if code := open(t, addr, v5).connect(c[0], c[1], c[2], c[3:]...); code == 0 {
				t.Errorf("%v came in", c)
			}
		}
		w := signOn(t, addr, v5)
		for i, topic := range []string{"down/B-2/ack", "up/#", "#", "down/+/ack", "$SYS/#"} {
			if code := w.subscribe(topic, uint16(i+1)); code < 0x80 {
				t.Errorf("may listen to %s", topic)
			}
		}
		w.publish("up/B-2/alarm", sos, 1, 9)
		if v5 {
			if f := w.want(4); f.body[2] < 0x80 {
				t.Errorf("may speak for another: %x", f.body)
			}
		} else {
			w.ended()
		}
		if in.count() != 0 {
			t.Error("stored what another said")
		}
	}
}

func TestAnAlarmThatCantBeReadIsAnAlarmAndOtherNonsenseIsForgotten(t *testing.T) {
	in := newIntake()
	addr, _, b := broker(t, in)
	w := signOn(t, addr, false)
	for i, payload := range []string{"", "{", `{"mid":"x","kind":7,"lat":"north"}`, `{"mid":"y","kind":"dragon"}`} {
		w.publish("up/"+me+"/alarm", payload, 1, uint16(i+1))
		w.want(4)
		if n := <-in.told; len(n.Alarms) != 1 || n.Alarms[0] != "general" || !n.Event {
			t.Errorf("%q: %+v", payload, n)
		}
	}
	w.publish("up/"+me+"/pos", "nonsense", 1, 9)
	w.want(4)
	w.publish("up/"+me+"/firmware", "{}", 1, 10)
	w.want(4)
	if b.Counts().Bad != 2 || in.count() != 4 {
		t.Errorf("%+v, %d stored", b.Counts(), in.count())
	}
}

func TestAWillTellsThatTheLineBroke(t *testing.T) {
	in := newIntake()
	addr, _, _ := broker(t, in)
	w := open(t, addr, true)
	if code := w.connect(me, me, "secret-of-"+me, "up/"+me+"/will", `{"batt":4}`); code != 0 {
		t.Fatal(code)
	}
	_ = w.Close()
	if n := <-in.told; n.Kind != "link" || n.DeviceID != me || *gateway.Said(n).Battery != 4 {
		t.Errorf("%+v", n)
	}
}

func TestTheNewestSessionIsTheOnlyOneAndGetsTheCommands(t *testing.T) {
	in := newIntake()
	addr, hub, _ := broker(t, in)
	answers := make(chan gateway.Answer, 1)
	hub.Notice(nil, func(a gateway.Answer) { answers <- a })
	first := signOn(t, addr, false)
	second := signOn(t, addr, false)
	first.ended()
	second.subscribe("down/"+me+"/cmd", 1)
	token, err := hub.Line(me).Send(context.Background(), me, down.Command{Kind: down.Find})
	if err != nil {
		t.Fatal(err)
	}
	topic, payload := second.message()
	var c struct{ CID, Kind string }
	if err := json.Unmarshal([]byte(payload), &c); err != nil || topic != "down/B-1/cmd" || c.CID != token || c.Kind != "find" {
		t.Errorf("%s %s", topic, payload)
	}
	second.publish("up/"+me+"/answer", fmt.Sprintf(`{"mid":"a1","cid":%q,"ok":true}`, token), 1, 3)
	if a := <-answers; a.Token != token || !a.OK || a.DeviceID != me {
		t.Errorf("%+v", a)
	}
	if _, err := hub.Line(me).Send(context.Background(), me, down.Command{Kind: "listen_in"}); errs.KeyOf(err) != "device.command.listening" {
		t.Errorf("listening in: %v", err)
	}
	if hub.Takeovers() != 1 {
		t.Errorf("%d takeovers", hub.Takeovers())
	}
}

func TestAFloodOfPositionsEndsTheLineAndTheSOSIsTaken(t *testing.T) {
	in := newIntake()
	addr, _, _ := broker(t, in)
	flood := func(w *wire) {
		go func() {
			for range in.told { // keep it empty
			}
		}()
		for i := range uint16(400) {
			if _, err := w.Write(nil); err != nil {
				return
			}
			body := append(text("up/"+me+"/pos"), byte((i+1)>>8), byte(i+1))
			p := append(body, fmt.Sprintf(`{"mid":"p%d"}`, i)...)
			if _, err := w.Write(append([]byte{0x32, byte(len(p))}, p...)); err != nil {
				return // the line was ended: what it is for
			}
		}
	}
	flood(signOn(t, addr, false))
	w := signOn(t, addr, false)
	w.publish("up/"+me+"/alarm", sos, 1, 7)
	w.want(4)
	found := false
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, n := range in.taken {
		found = found || n.Kind == "sos"
	}
	if !found || len(in.taken) > 320 {
		t.Errorf("sos %v, %d stored", found, len(in.taken))
	}
	if strings.Contains(fmt.Sprint(in.taken), "p399") {
		t.Error("the end of the flood was stored")
	}
}

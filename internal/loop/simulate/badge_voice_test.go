package simulate

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	gw "zugou/internal/loop/gateway"
	contractdoor "zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/mqtt"
)

// store is what stands behind a real door; it fails on the first alarms.
type store struct {
	mu   sync.Mutex
	fail int
	got  []signal.New
}

func (s *store) Take(_ context.Context, n signal.New) (seat.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(n.Alarms) > 0 && s.fail > 0 {
		s.fail--
		return seat.Receipt{}, errors.New("away")
	}
	s.got = append(s.got, n)
	return seat.Receipt{}, nil
}

// Check lets in every badge whose token is its number.
func (s *store) Check(_ context.Context, deviceID, _, secret string) (bool, error) {
	return secret == "t-"+deviceID, nil
}

// doors opens the real MQTT broker and the real HTTP door over the store.
func doors(t *testing.T, s *store) (addrs map[string]string, hub *gw.Hub) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	hub = gw.NewHub(log)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ml, hl := listen(), listen()
	broker := mqtt.NewBroker(mqtt.Parts{Intake: s, Secrets: s, Hub: hub, Clock: clock.System(), Log: log})
	web := &http.Server{Handler: contractdoor.NewHTTP(s, s, clock.System(), log).Handler(), ReadHeaderTimeout: time.Minute}
	var wg sync.WaitGroup
	wg.Add(2)
	go func() { defer wg.Done(); _ = broker.Serve(ctx, ml) }()
	go func() { defer wg.Done(); _ = web.Serve(hl) }()
	t.Cleanup(func() { stop(); _ = web.Close(); wg.Wait() })
	return map[string]string{"mqtt": ml.Addr().String(), "http": hl.Addr().String()}, hub
}

func TestBadgesOfOurOwnContractSpeakToTheRealDoors(t *testing.T) {
	for _, protocol := range []string{"mqtt", "http"} {
		t.Run(protocol, func(t *testing.T) {
			s := &store{fail: 2}
			addrs, hub := doors(t, s)
			list := badges(protocol, 6)
			for i := range list {
				list[i].Token = "t-" + list[i].ID
			}
			told := false
			n := lives(t, Options{Addrs: addrs, Devices: list, Seed: 4, Speed: 3000, Ramp: 20 * time.Millisecond, FirstSOSWithin: 100 * time.Millisecond,
				RepeatAfter: 60 * time.Millisecond, Honest: true}, func(n Snapshot) bool {
				if l := hub.Line(list[0].ID); protocol == "mqtt" && !told && l != nil {
					_, err := l.Send(context.Background(), list[0].ID, down.Command{Kind: down.Locate})
					told = err == nil
				}
				return n.Acknowledged == 1 && n.Positions >= 12 && n.Links >= 12 && (protocol == "http" || n.Commands > 0)
			})
			if n.Alarms != 1 || n.Repeats < 2 || n.Refused != 0 {
				t.Errorf("%v", n)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			sos, fixed, indoors, keys := 0, 0, 0, map[string]int{}
			for _, g := range s.got {
				m := gw.Said(g)
				if m == nil {
					t.Fatalf("%s has no message", g.Kind)
				}
				keys[g.Key]++
				switch {
				case g.Kind == "sos":
					sos++
				case m.Valid != nil:
					fixed++
				case len(m.Wifi) > 0:
					indoors++
				}
			}
			if sos != 1 || fixed+indoors == 0 {
				t.Errorf("%d SOS, %d places with a fix, %d without", sos, fixed, indoors)
			}
		})
	}
}

func TestABadgeWithAWrongTokenIsRefused(t *testing.T) {
	for _, protocol := range []string{"mqtt", "http"} {
		s := &store{}
		addrs, _ := doors(t, s)
		n := lives(t, Options{Addrs: addrs, Devices: []Device{{ID: "7700000001", Protocol: protocol, Token: "wrong"}}, Speed: 1, Ramp: time.Millisecond}, func(n Snapshot) bool { return n.Refused > 0 })
		if len(s.got) != 0 {
			t.Errorf("%s: %v, %d stored", protocol, n, len(s.got))
		}
	}
	for _, d := range []Device{{ID: "1", Protocol: "mqtt"}, {ID: "1 2", Protocol: "http", Token: "a"}, {ID: "1", Protocol: "morse"}} {
		if _, err := newVoice(d, 1); err == nil {
			t.Errorf("%+v passed", d)
		}
	}
}

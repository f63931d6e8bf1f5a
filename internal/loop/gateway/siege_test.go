package gateway_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
)

// book is a log that a test reads.
type book struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *book) lines(word string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.String(), word)
}

// Frames that can't be read cost their sender the same as others: a disk that
// the log has filled takes no call for help.
func TestGarbageFillsNoLogAndTheSOSBehindItIsTaken(t *testing.T) {
	var log book
	in := newIntake()
	s := gateway.NewServer(gateway.Watch(nil), in, clock.System(), slog.New(slog.NewTextHandler(&log, nil)))
	d := dial(t, serve(t, s))
	for range 50 {
		d.say(bytes.Repeat([]byte("[3G*]"), 100))
	}
	sos := watch.Header{Vendor: "3G", ID: "8800000001"}.Encode([]byte("AL,040326,050607,V,0.0,N,0.0,E,0,0,0,0,80,77,0,0,00010000,0,0,460,0,0"))
	d.say(sos)
	d.hear(watch.Header{Vendor: "3G", ID: "8800000001"}.Encode([]byte("AL")))
	if len(in.stored()) != 1 {
		t.Error(in.stored())
	}
	if n := log.lines("frame not read"); n == 0 || n > 2000 || s.Counts().Bad < 5000 {
		t.Errorf("%d lines of log, %+v", n, s.Counts())
	}
}

// Whoever opens connections and says nothing whole loses them, one byte at a
// time too; who has spoken is waited for.
func TestAConnectionThatNeverSpeaksIsClosed(t *testing.T) {
	s := gateway.NewServer(gateway.Watch(nil), newIntake(), clock.System(), quiet).FirstWithin(300 * time.Millisecond)
	addr := serve(t, s)
	real := dial(t, addr)
	real.say([]byte("[3G*8800000001*0002*LK]"))
	real.hear([]byte("[3G*8800000001*0002*LK]"))
	dial(t, addr).closed()
	slow := dial(t, addr)
	go func() {
		for _, b := range bytes.Repeat([]byte("[3G*8800000002*00"), 10) {
			if _, err := slow.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	slow.closed()
	real.say([]byte("[3G*8800000001*0002*LK]"))
	real.hear([]byte("[3G*8800000001*0002*LK]"))
}

// A number that has something to prove is nobody's to use at a port that asks
// for nothing: its line stays, its commands too; a call for help is taken.
func TestAPortThatAsksForNoProofTakesNoLineOver(t *testing.T) {
	hub := gateway.NewHub(quiet)
	real := newCard(dial(t, serve(t, gateway.NewServer(gateway.JT808(&terminals{}, nil, clock.System()), newIntake(), clock.System(), quiet).Join(hub))), "8800000001")
	real.signOn()
	held := hub.Line("8800000001")
	in := newIntake()
	s := gateway.NewServer(gateway.Watch(nil), in, clock.System(), quiet).Join(hub).Unless(func(deviceID string) bool { return deviceID == "8800000001" })
	addr := serve(t, s)
	mine := watch.Header{Vendor: "3G", ID: "8800000001"}
	for _, content := range []string{"LK", "LK,1,2,90", "UD,040326,050607,A,29.6,N,105.7,E,0,0,0,9,80,77,0,0,00000000,0,0,460,0,0"} {
		d := dial(t, addr)
		d.say(mine.Encode([]byte(content)))
		d.closed()
	}
	d := dial(t, addr)
	d.say(mine.Encode([]byte("AL,040326,050607,V,0.0,N,0.0,E,0,0,0,0,80,77,0,0,00010000,0,0,460,0,0")))
	d.hear(mine.Encode([]byte("AL")))
	if hub.Line("8800000001") != held || hub.Takeovers() != 0 || s.Counts().Refused != 3 {
		t.Errorf("%v, %d takeovers, %+v", hub.Line("8800000001"), hub.Takeovers(), s.Counts())
	}
	in.mu.Lock()
	body, err := json.Marshal(in.alarms()[0].Body)
	if n := len(in.taken); n != 1 || err != nil || !strings.Contains(string(body), report.Unproven) {
		t.Errorf("%d taken: %s %v", n, body, err)
	}
	in.mu.Unlock()
	other := dial(t, addr) // who has nothing to prove
	other.say([]byte("[3G*8800000002*0002*LK]"))
	other.hear([]byte("[3G*8800000002*0002*LK]"))
}

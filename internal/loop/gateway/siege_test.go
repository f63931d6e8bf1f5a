package gateway_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway"
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

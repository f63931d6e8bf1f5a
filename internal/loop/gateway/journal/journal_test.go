package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
)

var keys = crypto.Ephemeral(crypto.SM4)

// desk is a seat that writes signals down and does nothing else. While it is
// held, nothing gets into the database.
type desk struct {
	db   *db.DB
	held atomic.Bool
	sick atomic.Bool // one key can't be taken in as part of a batch
	gate chan struct{}

	mu    sync.Mutex
	order []string
}

func (s *desk) hold() { s.held.Store(true) }

func (s *desk) Take(ctx context.Context, n signal.New) (out seat.Receipt, err error) {
	if s.held.Load() {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return out, errs.Busy("storage.busy", ctx.Err())
		}
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = s.write(ctx, tx, n)
		return err
	})
	return out, err
}

func (s *desk) TakeIn(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error) {
	if s.held.Load() {
		return seat.Receipt{}, errs.Busy("storage.unavailable", errors.New("held"))
	}
	if s.sick.Load() && n.Kind == "link" {
		return seat.Receipt{}, errs.Internal(errors.New("sick"))
	}
	return s.write(ctx, tx, n)
}

func (s *desk) write(ctx context.Context, tx *db.Tx, n signal.New) (out seat.Receipt, err error) {
	var stored bool
	out.Signal, stored, err = signal.Insert(ctx, tx, keys, n, access.From(ctx).Account)
	out.Again = !stored
	if err == nil && stored {
		s.mu.Lock()
		s.order = append(s.order, n.Key)
		s.mu.Unlock()
	}
	return out, err
}

// stored gives the instants of receipt by key.
func (s *desk) stored(t *testing.T) map[string]clock.Millis {
	t.Helper()
	out := map[string]clock.Millis{}
	var rows []struct {
		Key string       `bun:"idem_key"`
		At  clock.Millis `bun:"received_at"`
	}
	if err := s.db.View(t.Context(), func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &rows, "SELECT idem_key, received_at FROM signal")
	}); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		out[r.Key] = r.At
	}
	return out
}

type world struct {
	*desk
	t   *testing.T
	clk *clock.Fake
	dir string
	ctx context.Context
	// rest of the journals that it opens
	rest time.Duration
}

func newWorld(t *testing.T) *world {
	clk := clock.NewFake(time.Date(2024, 6, 3, 9, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, db.SQLite, clk)
	ctx := access.With(t.Context(), access.System("test"))
	return &world{desk: &desk{db: d, gate: make(chan struct{})}, t: t, clk: clk, dir: filepath.Join(t.TempDir(), "journal"), ctx: ctx}
}

func (w *world) free() {
	w.held.Store(false)
	close(w.gate)
}

func (w *world) parts() Parts {
	return Parts{Dir: w.dir, DB: w.db, Keys: keys, Seat: w.desk, Clock: w.clk, Log: slog.New(slog.DiscardHandler), Rest: w.rest}
}

func (w *world) open() *Journal {
	w.t.Helper()
	j, err := Open(w.parts())
	if err != nil {
		w.t.Fatal(err)
	}
	return j
}

// end closes a journal at once; what waits stays on disk.
func end(j *Journal) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	j.Close(ctx)
}

// word is the n-th report of a badge.
func word(device, n int, alarms ...report.Alarm) signal.New {
	m := report.Message{DeviceID: fmt.Sprintf("77%08d", device), Type: "UD", Time: time.Date(2024, 6, 3, 8, 0, n, 0, time.UTC), Valid: new(true), Lat: new(29.6), Lon: new(105.7),
		Battery: new(50), StatusBits: new(uint32(8)), ICCID: "89860000000000000001", Raw: fmt.Appendf(nil, "raw %d %d", device, n), Alarms: alarms}
	return gateway.Signal(signal.Watch, gateway.Frame{Messages: []report.Message{m}, Content: m.Raw}, 0, time.Date(2024, 6, 3, 8, 0, n, 0, time.UTC))
}

// busy occupies the direct way, so that what follows goes through the journal;
// the answers come on the channel.
func (w *world) busy(j *Journal) <-chan error {
	w.hold()
	answers := make(chan error, manyUnderWay)
	for i := range manyUnderWay {
		go func() {
			_, err := j.Take(w.ctx, word(1000+i, 0))
			answers <- err
		}()
	}
	w.until(func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.direct == manyUnderWay
	})
	return answers
}

func (w *world) until(ok func() bool) {
	w.t.Helper()
	for range 2000 {
		if ok() {
			return
		}
		w.clk.Advance(time.Millisecond)
		time.Sleep(2 * time.Millisecond)
	}
	w.t.Fatal("it did not come about")
}

func (w *world) take(j *Journal, n signal.New) {
	w.t.Helper()
	if _, err := j.Take(w.ctx, n); err != nil {
		w.t.Fatal(err)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, _, err := segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFewReportsGoStraightIntoTheDatabase(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	w.take(j, word(1, 1))
	w.take(j, word(1, 1))
	if c := j.Counts(); len(w.stored(t)) != 1 || c.Appended != 0 || len(files(t, w.dir)) != 0 {
		t.Errorf("%v %+v", w.stored(t), c)
	}
	end(j)
}

func TestManyReportsAreAnsweredFromTheDiskAndTakenInInOrderOnce(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	answers := w.busy(j)
	var received []clock.Millis
	for n := range 50 {
		received = append(received, clock.Of(w.clk.Now()))
		w.take(j, word(n%5, n)) // answered while nothing gets into the database
	}
	w.take(j, word(0, 0)) // a resend
	if c := j.Counts(); c.Appended != 51 || c.Waiting != 51 || len(files(t, w.dir)) == 0 {
		t.Fatalf("%+v %v", c, files(t, w.dir))
	}
	w.clk.Advance(time.Minute)
	if lag := j.Counts().Lag; lag < time.Minute {
		t.Errorf("lag %v", lag)
	}
	w.free()
	for range manyUnderWay {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	w.until(func() bool { return j.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	got := w.stored(t)
	if len(got) != 50+manyUnderWay {
		t.Fatalf("%d stored", len(got))
	}
	next := map[int]int{}
	for _, key := range w.order {
		for n := range 50 {
			if word(n%5, n).Key != key {
				continue
			}
			if n < next[n%5] {
				t.Errorf("report %d of badge %d came after %d", n, n%5, next[n%5])
			}
			next[n%5] = n
			if got[key] != received[n] {
				t.Errorf("report %d was received at %v, stored as %v", n, received[n], got[key])
			}
		}
	}
	w.take(j, word(7, 7)) // the storm is over: straight again
	if c := j.Counts(); c.Appended != 51 || c.TakenIn != 51 || c.Refused != 0 || c.Failed != 0 {
		t.Errorf("%+v", c)
	}
	end(j)
}

func TestWhatWasAnsweredIsTakenInByTheNextStartOnce(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	_ = w.busy(j)
	for n := range 100 {
		w.take(j, word(n, n))
	}
	before := clock.Of(w.clk.Now())
	// The program dies here. Ten had reached the database, which the file does not know.
	w.held.Store(false)
	if err := w.db.Update(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		for n := range 10 {
			if _, err := w.TakeIn(ctx, tx, word(n, n)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.hold()
	saved := filepath.Join(t.TempDir(), "as-it-was")
	if err := os.CopyFS(saved, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	w.free()
	end(j)
	if err := os.RemoveAll(w.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(saved, w.dir); err != nil {
		t.Fatal(err)
	}
	w.clk.Advance(time.Hour)
	next := w.open()
	w.take(next, word(5, 1000)) // waits its turn behind the device's own
	w.until(func() bool { return next.Counts().Waiting == 0 && len(files(t, w.dir)) == 0 })
	got := w.stored(t)
	for n := range 100 {
		if at, ok := got[word(n, n).Key]; !ok || at > before {
			t.Errorf("report %d: stored %v at %v, received before %v", n, ok, at, before)
		}
	}
	end(next)
}

func TestAnAlarmWaitsForNothingAndAStateBitForItsDevice(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	_ = w.busy(j)
	w.take(j, word(1, 1))
	sos := word(1, 2, report.SOS)
	sos.Event = true
	bit, other := word(1, 3, report.SOS), word(2, 3, report.SOS)
	if gateway.Ordinary(sos) || gateway.Ordinary(bit) {
		t.Fatal("an alarm is ordinary")
	}
	for name, tt := range map[string]struct {
		n    signal.New
		turn bool
	}{"an alarm of its own": {sos, false}, "a state bit behind a report": {bit, true}, "a state bit of another device": {other, false}} {
		ctx, cancel := context.WithTimeout(w.ctx, 100*time.Millisecond)
		through, err := j.way(ctx, "7700000001"[:8]+tt.n.DeviceID[8:], tt.n)
		cancel()
		if through || (err != nil) != tt.turn {
			t.Errorf("%s: through %v, %v", name, through, err)
		}
	}
	// It does not wait for ever.
	got := make(chan error, 1)
	go func() {
		_, err := j.way(w.ctx, bit.DeviceID, bit)
		got <- err
	}()
	w.until(func() bool {
		w.clk.Advance(orderWait)
		return len(got) == 1
	})
	if err := <-got; err != nil {
		t.Error(err)
	}
	w.free()
	end(j)
}

// In a storm the devices are answered first; whoever waits for a report that
// is answered and not in the database yet ends that at once.
func TestTheDatabaseRestsWhileAStormComesInAndForNoAlarm(t *testing.T) {
	const rounds = int(time.Second/(gap-time.Millisecond)) + 1
	const each = batchSize/rounds + 1 // reports of a round
	stored := func(w *world, n int) func() bool { return func() bool { return len(w.stored(t)) == manyUnderWay+n } }
	for name, tt := range map[string]struct {
		ends func(w *world, j *Journal)
		more int  // that it brings in itself
		over bool // the journal is closed
	}{
		"silence of the devices": {ends: func(w *world, _ *Journal) { w.clk.Advance(gap) }},
		"age": {ends: func(w *world, j *Journal) {
			for round := range rounds { // reports in each gap
				w.clk.Advance(gap - time.Millisecond)
				for n := range each {
					w.take(j, word(3, round*each+n))
				}
			}
			for len(w.stored(t)) < manyUnderWay+batchSize { // the old ones, while the storm goes on
				time.Sleep(2 * time.Millisecond)
			}
			w.clk.Advance(gap)
		}, more: rounds * each},
		"an alarm of the device": {ends: func(w *world, j *Journal) { w.take(j, word(1, 9, report.SOS)) }, more: 1},
		"the end of the program": {ends: func(_ *world, j *Journal) { j.Close(context.Background()) }, over: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rest = time.Second
			j := w.open()
			answers := w.busy(j)
			for n := range 3 {
				w.take(j, word(1, n))
			}
			w.free()
			for range manyUnderWay {
				if err := <-answers; err != nil {
					t.Fatal(err)
				}
			}
			if c := j.Counts(); c.TakenIn != 0 || c.Waiting != 3 {
				t.Fatalf("%+v", c)
			}
			tt.ends(w, j)
			for range 2000 {
				if stored(w, 3+tt.more)() {
					break
				}
				time.Sleep(2 * time.Millisecond)
			}
			if n := len(w.stored(t)); n != manyUnderWay+3+tt.more {
				t.Fatalf("%d are in the database", n)
			}
			var of []string
			for _, key := range w.order {
				if strings.Contains(key, "7700000001") {
					of = append(of, key)
				}
			}
			if !slices.IsSorted(of) {
				t.Errorf("taken in as %v", of)
			}
			if !tt.over {
				end(j)
			}
		})
	}
}

// An alarm does not wait for the storm: its device's reports are taken in
// before those of all others.
func TestAnAlarmDrawsItsDevicesReportsForward(t *testing.T) {
	w := newWorld(t)
	w.rest = time.Hour
	j := w.open()
	answers := w.busy(j)
	const others = 5 * batchSize
	for n := range others {
		w.take(j, word(2, n))
	}
	for n := range 3 {
		w.take(j, word(1, n))
	}
	w.free()
	for range manyUnderWay {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	over := j.press("7700000001")
	w.until(func() bool { return j.Counts().Waiting == 0 })
	over()
	if n := len(w.stored(t)); n != manyUnderWay+3+others {
		t.Errorf("%d are in the database", n)
	}
	w.mu.Lock()
	first := slices.Clone(w.order[manyUnderWay : manyUnderWay+3])
	w.mu.Unlock()
	for n, key := range first {
		if key != word(1, n).Key {
			t.Errorf("%d: %s was taken in", n, key)
		}
	}
	if c := j.Counts(); c.Waiting != 0 || c.Lag != 0 || c.TakenIn != others+3 {
		t.Errorf("%+v", c)
	}
	end(j)
	if left := files(t, w.dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatTheBatchCanNotTakeIsTakenAlone(t *testing.T) {
	w := newWorld(t)
	j := w.open()
	_ = w.busy(j)
	for n := range 10 {
		m := word(n, n)
		if n == 4 {
			m.Kind = "link"
		}
		w.take(j, m)
	}
	w.sick.Store(true)
	w.free()
	w.until(func() bool { return j.Counts().Waiting == 0 })
	if got := w.stored(t); len(got) != 10+manyUnderWay {
		t.Errorf("%d stored", len(got))
	}
	end(j)
}

func TestPackKeepsAllThatASignalCarries(t *testing.T) {
	n := word(3, 4)
	n.History = true
	text, ok := gateway.Pack(n)
	back, err := gateway.Unpack(text)
	if !ok || err != nil || !reflect.DeepEqual(n.Body, back.Body) || string(back.Raw) != string(n.Raw) || back.Key != n.Key || back.DeviceAt != n.DeviceAt || !back.History || back.Lat != n.Lat || back.Lon != n.Lon || back.Lat == 0 {
		t.Errorf("%v %v\n%+v\n%+v", ok, err, n, back)
	}
	if m := gateway.Said(back); m == nil || m.ICCID == "" || m.StatusBits == nil || *m.StatusBits != 8 {
		t.Errorf("%+v", m)
	}
	for _, change := range []func(*signal.New){func(n *signal.New) { n.Alarms = []string{"low_battery"} }, func(n *signal.New) { n.Event = true }, func(n *signal.New) { n.Body = nil },
		func(n *signal.New) { n.Source = signal.Help }, func(n *signal.New) { n.Note = "a" }, func(n *signal.New) { n.Kinds = "sos" }, func(n *signal.New) { n.DeviceID = "" }} {
		other := word(3, 4)
		change(&other)
		if _, ok := gateway.Pack(other); ok {
			t.Errorf("%+v is ordinary", other)
		}
	}
}

// While a flood of alarms keeps the writer busy, what waits in the journal gets
// into the database all the same.
func TestAFloodOfAlarmsDoesNotKeepReportsOut(t *testing.T) {
	const reports, alarms = 40, 1000
	w := newWorld(t)
	j := w.open()
	answers := w.busy(j)
	for n := range reports {
		w.take(j, word(1, n))
	}
	begun, goOn := make(chan struct{}), make(chan struct{})
	var flood sync.WaitGroup
	alarm := func(n int) {
		flood.Go(func() {
			if err := w.db.UpdateUrgent(w.ctx, func(context.Context, *db.Tx) error {
				if n == 0 {
					close(begun)
					<-goOn
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				w.order = append(w.order, "alarm")
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	alarm(0)
	<-begun
	for n := range alarms {
		alarm(1 + n)
	}
	w.free()
	w.until(func() bool { urgent, others := w.db.Waiting(); return urgent == alarms && others > manyUnderWay }) // the direct ones, and a batch
	close(goOn)
	flood.Wait()
	w.until(func() bool { return j.Counts().Waiting == 0 })
	for range manyUnderWay {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last, got := slices.Index(w.order, word(1, batchSize-1).Key), 0
	for _, key := range w.order[last+1:] {
		if key == "alarm" {
			got++
		}
	}
	if last < 0 || got == 0 {
		t.Errorf("the first batch came at %d of %d, after all alarms", last, len(w.order))
	}
	end(j)
}

// A storm that is over is told once, so that its memory goes back to the
// machine; a few reports are none.
func TestTheEndOfAStormIsTold(t *testing.T) {
	w := newWorld(t)
	var told atomic.Int32
	p := w.parts()
	p.Over = func() { told.Add(1) }
	j, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	rush := func(from, n int) {
		w.gate = make(chan struct{})
		_ = w.busy(j)
		for i := range n {
			w.take(j, word(i%50, from+i))
		}
		w.free()
		w.until(func() bool { return j.Counts().Waiting == 0 })
	}
	rush(0, 100)
	if told.Load() != 0 {
		t.Error("a hundred reports are a storm")
	}
	rush(1000, storm)
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
	rush(10_000, storm) // a moment later
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
	w.clk.Advance(overEvery)
	rush(20_000, 1)
	if told.Load() != 2 {
		t.Errorf("told %d times", told.Load())
	}
	end(j)
}

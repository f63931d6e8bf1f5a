package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// Seat is where everything goes in the end.
type Seat interface {
	// Take stores a signal at once, in a change of its own.
	Take(ctx context.Context, n signal.New) (seat.Receipt, error)
	// TakeIn does so as part of a change.
	TakeIn(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error)
}

// Parts is what a Journal is made of.
type Parts struct {
	Dir   string
	DB    *db.DB
	Keys  *crypto.Keyring
	Seat  Seat
	Clock clock.Clock
	Log   *slog.Logger
	// Rest is how old a report may become while the devices still come in one
	// behind the other: their answers come first, the database after. 0: none.
	Rest time.Duration
	// Over is told when a storm's reports are all in the database; nil: nobody.
	Over func()
}

// Bounds.
const (
	manyUnderWay = 4      // reports that wait for the database at once: more go through the journal
	mostWaiting  = 60_000 // reports that are not in the database yet
	mostGroup    = 512    // appends of one fsync
	batchSize    = 32     // reports of one change: some ms
	mostRaw      = 64 << 10
	orderWait    = 2 * time.Second
	gap          = 200 * time.Millisecond // no report for so long: the storm is over
	firstPause   = 100 * time.Millisecond // after a batch that failed
	longestPause = 5 * time.Second
	storm        = 2000 // reports through the journal: their memory is worth giving back
	overEvery    = 10 * time.Second
)

// Journal is a gateway.Intake.
type Journal struct {
	p      Parts
	create func(name string) (file, error)
	layOut func(name string) (file, error)

	writes chan *entry
	idle   chan struct{} // nothing waits: the file may go
	wanted chan struct{} // a file is to be laid out
	spare  chan file     // it is; nil: it could not be
	stop   chan struct{}
	ended  chan struct{} // the writer has ended
	done   sync.WaitGroup

	mu      sync.Mutex
	direct  int            // reports that wait for the database
	owing   map[string]int // reports of a device that are not in the database
	pressed map[string]int // alarms that wait for their device's earlier reports
	last    clock.Millis   // when a group was last appended
	since   int            // reports taken in since a storm was last called over
	over    clock.Millis   // when that was
	queue   []*entry       // on disk, not in the database; oldest first
	waiting int            // appended or being appended
	more    chan struct{}  // closed when something was added or taken in
	counts  Counts
	closed  bool

	unlock func()

	// Of the writer alone.
	current *segment
	next    int
	asked   bool // for a file that is laid out
}

// entry is one report on its way.
type entry struct {
	at     clock.Millis
	n      signal.New
	record []byte // until it is written
	device string
	taken  bool // in the database, out of its turn: an alarm waited for it
	seg    *segment
	err    error
	synced chan struct{}
}

// Counts are the numbers of a journal, for metrics.
type Counts struct {
	Appended, Groups, TakenIn, Refused, Failed int64 // Groups: appends that were synced together
	Waiting                                    int
	Lag                                        time.Duration // age of the oldest that waits
}

// Open reads what a run before left behind and begins to take it in.
func Open(p Parts) (*Journal, error) {
	j := &Journal{p: p, create: create, layOut: layOut, writes: make(chan *entry, mostGroup), idle: make(chan struct{}, 1), wanted: make(chan struct{}, 1), spare: make(chan file, 1), stop: make(chan struct{}), ended: make(chan struct{}), owing: map[string]int{}, pressed: map[string]int{}, more: make(chan struct{})}
	unlock, err := lock(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.unlock = unlock
	if err := j.recall(); err != nil {
		unlock()
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.done.Add(3)
	go j.write()
	go j.takeIn()
	go j.prepare()
	return j, nil
}

// recall reads what is on disk.
func (j *Journal) recall() error {
	names, next, err := segments(j.p.Dir)
	if err != nil {
		return err
	}
	j.next = next
	for _, name := range names {
		entries, torn, err := readSegment(j.p.Keys, name)
		if err != nil {
			return err
		}
		seg := &segment{name: name, left: len(entries), closed: true}
		for _, e := range entries {
			e.seg = seg
			j.owe(e)
		}
		if torn || len(entries) > 0 {
			j.p.Log.Info("reports of the last run are taken in", "reports", len(entries), "cut_short", torn)
		}
		if len(entries) == 0 {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// owe notes an entry that the database does not have. The caller holds mu, or
// is alone.
func (j *Journal) owe(e *entry) {
	e.device = device.Key(e.n.DeviceID)
	j.owing[e.device]++
	j.queue = append(j.queue, e)
	j.waiting++
}

// Counts gives the numbers.
func (j *Journal) Counts() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.counts
	c.Waiting = j.waiting
	if len(j.queue) > 0 {
		c.Lag = max(0, clock.Of(j.p.Clock.Now()).Sub(j.queue[0].at))
	}
	return c
}

// Close stops taking reports and waits, until ctx ends, for what waits to be
// taken in; the rest stays on disk for the next start.
func (j *Journal) Close(ctx context.Context) {
	for {
		j.mu.Lock()
		if !j.closed {
			j.closed = true
			j.wake() // no rest any more
		}
		left, more := j.waiting, j.more
		j.mu.Unlock()
		if left == 0 || ctx.Err() != nil {
			break
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
	close(j.stop)
	j.done.Wait()
	j.unlock()
}

// Take implements gateway.Intake. It returns nil only when the signal is on
// disk. The receipt is empty for what went through the journal.
func (j *Journal) Take(ctx context.Context, n signal.New) (seat.Receipt, error) {
	key := device.Key(n.DeviceID)
	switch through, err := j.way(ctx, key, n); {
	case err != nil:
		return seat.Receipt{}, err
	case through:
		return seat.Receipt{}, j.append(ctx, key, n)
	}
	j.mu.Lock()
	j.direct++
	j.mu.Unlock()
	defer func() {
		j.mu.Lock()
		j.direct--
		j.mu.Unlock()
	}()
	return j.p.Seat.Take(ctx, n)
}

// way decides whether a signal goes through the journal, and waits for the
// device's turn where the order asks for it. A place in the journal is held
// for what goes through.
func (j *Journal) way(ctx context.Context, key string, n signal.New) (through bool, err error) {
	if !n.Source.Device() || n.DeviceID == "" || n.Event {
		return false, nil
	}
	ordinary := gateway.Ordinary(n) && n.Check() == nil && len(n.Raw) < mostRaw
	var patience <-chan time.Time
	for {
		j.mu.Lock()
		owing, more := j.owing[key] > 0, j.more
		room := j.waiting < mostWaiting && !j.closed
		if ordinary && room && (owing || j.waiting > 0 || j.direct >= manyUnderWay) {
			j.owing[key]++
			j.waiting++
			j.mu.Unlock()
			return true, nil
		}
		j.mu.Unlock()
		if !owing {
			return false, nil
		}
		if patience == nil && !ordinary {
			patience = j.p.Clock.After(orderWait)
			defer j.press(key)()
		}
		select {
		case <-more:
		case <-patience: // an alarm waits no longer
			return false, nil
		case <-ctx.Done():
			return false, errs.Busy("storage.busy", ctx.Err())
		case <-j.stop:
			return false, errs.Busy("storage.closed", nil)
		}
	}
}

// press ends a rest and has the device's reports taken in before all others,
// as long as an alarm waits for them; it gives the end of that.
func (j *Journal) press(device string) (over func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pressed[device]++
	j.wake()
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.pressed[device]--; j.pressed[device] == 0 {
			delete(j.pressed, device)
		}
	}
}

// pick gives the reports that are to be taken in next, and whether an alarm
// waits for them; the caller holds mu.
func (j *Journal) pick() (batch []*entry, pressed bool) {
	if len(j.pressed) > 0 {
		if batch = j.oldest(func(e *entry) bool { return j.pressed[e.device] > 0 }); len(batch) > 0 {
			return batch, true
		}
	}
	return j.oldest(func(*entry) bool { return true }), false
}

// oldest gives the first of the queue that are not in the database and that
// are asked for; the caller holds mu.
func (j *Journal) oldest(asked func(*entry) bool) (batch []*entry) {
	for _, e := range j.queue {
		if e.taken || !asked(e) {
			continue
		}
		if batch = append(batch, e); len(batch) == batchSize {
			break
		}
	}
	return batch
}

// resting tells whether the database waits for the devices that are still
// coming in; the caller holds mu.
func (j *Journal) resting() bool {
	now := clock.Of(j.p.Clock.Now())
	return len(j.pressed) == 0 && !j.closed && len(j.queue) > 0 && now.Sub(j.queue[0].at) < j.p.Rest && now.Sub(j.last) < gap
}

// append puts a report, whose place is held, onto the disk.
func (j *Journal) append(ctx context.Context, key string, n signal.New) error {
	e := &entry{at: clock.Of(j.p.Clock.Now()), n: n, device: key, synced: make(chan struct{})}
	e.record, _ = appendRecord(j.p.Keys, nil, e.at, n) // way looked; the one writer has enough to do
	select {
	case j.writes <- e:
	case <-ctx.Done():
		j.release(e)
		return errs.Busy("storage.busy", ctx.Err())
	case <-j.stop:
		j.release(e)
		return errs.Busy("storage.closed", nil)
	}
	select { // the writer answers what it took
	case <-e.synced:
		return e.err
	case <-j.ended:
	}
	select {
	case <-e.synced:
		return e.err
	default:
		return errs.Busy("storage.closed", nil)
	}
}

// release gives up the place of an entry that is not on disk, or that is in
// the database.
func (j *Journal) release(entries ...*entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range entries {
		if j.owing[e.device]--; j.owing[e.device] <= 0 {
			delete(j.owing, e.device)
		}
		j.waiting--
	}
	j.wake()
}

// wake tells all who wait that something changed; the caller holds mu.
func (j *Journal) wake() {
	close(j.more)
	j.more = make(chan struct{})
}

// takeIn brings what is on disk into the database, in order.
func (j *Journal) takeIn() {
	defer j.done.Done()
	ctx := access.With(context.Background(), access.System("gateway"))
	pause := firstPause
	for {
		j.mu.Lock()
		more, resting := j.more, j.resting()
		var batch []*entry
		var pressed bool
		if !resting {
			batch, pressed = j.pick()
		}
		j.mu.Unlock()
		if resting {
			select {
			case <-more:
			case <-j.p.Clock.After(gap):
			case <-j.stop:
				return
			}
			continue
		}
		if len(batch) == 0 {
			select {
			case <-more:
				continue
			case <-j.stop:
				return
			}
		}
		if j.stopped() {
			return
		}
		if err := j.batch(ctx, batch, pressed); err != nil {
			j.p.Log.Error("reports wait in the journal", "reports", len(batch), "error", err)
			select {
			case <-j.p.Clock.After(pause):
				pause = min(2*pause, longestPause)
			case <-j.stop:
				return
			}
			continue
		}
		pause = firstPause
		j.settled(batch)
	}
}

func (j *Journal) stopped() bool {
	select {
	case <-j.stop:
		return true
	default:
		return false
	}
}

// batch takes reports into the database as one change, behind what is urgent
// unless an alarm waits for them; if it fails, each in one of its own. Kind
// busy means that the storage is away.
func (j *Journal) batch(ctx context.Context, batch []*entry, pressed bool) error {
	update := j.p.DB.Update
	if pressed {
		update = j.p.DB.UpdateUrgent
	}
	err := update(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := tx.Now
		for _, e := range batch {
			tx.Now = min(e.at, now)
			if _, err := j.p.Seat.TakeIn(ctx, tx, e.n); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || errs.Is(err, errs.KindBusy) {
		return err
	}
	for _, e := range batch {
		// The seat keeps what it can't process for later.
		if _, err := j.p.Seat.Take(ctx, e.n); errs.Is(err, errs.KindBusy) {
			return err
		} else if err != nil {
			j.refuse(e, err)
		}
	}
	return nil
}

// refuse sets aside a report that the seat will never take.
func (j *Journal) refuse(e *entry, why error) {
	j.p.Log.Error("a report of the journal was refused and set aside", "source", e.n.Source, "kind", e.n.Kind, "error", why)
	j.mu.Lock()
	j.counts.Refused++
	j.mu.Unlock()
	text, ok := appendRecord(j.p.Keys, nil, e.at, e.n)
	if !ok {
		return
	}
	f, err := os.OpenFile(filepath.Join(j.p.Dir, "refused"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		j.p.Log.Error("a refused report could not be set aside", "error", err)
	}
}

// settled forgets what is in the database, and the files that nobody needs.
func (j *Journal) settled(batch []*entry) {
	var gone []string
	j.mu.Lock()
	for _, e := range batch {
		e.taken = true
		if e.seg.left--; e.seg.left == 0 && e.seg.closed {
			gone = append(gone, e.seg.name)
		}
	}
	for len(j.queue) > 0 && j.queue[0].taken {
		j.queue[0] = nil
		j.queue = j.queue[1:]
	}
	if len(j.queue) == 0 {
		j.queue = nil // lets the long list go
	}
	j.counts.TakenIn += int64(len(batch))
	now := clock.Of(j.p.Clock.Now())
	j.since += len(batch)
	calm := j.p.Over != nil && j.queue == nil && j.since >= storm && now.Sub(j.over) >= overEvery
	if calm {
		j.since, j.over = 0, now
	}
	j.mu.Unlock()
	j.release(batch...)
	if calm {
		j.p.Over()
	}
	select {
	case j.idle <- struct{}{}:
	default:
	}
	for _, name := range gone {
		if err := os.Remove(name); err != nil {
			j.p.Log.Warn("a file of the journal was not removed", "error", err)
		}
	}
}

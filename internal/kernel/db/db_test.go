package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
)

func put(ctx context.Context, tx *db.Tx, name, value string) error {
	_, err := tx.Exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?)", name, value)
	return err
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&n), "SELECT count(*) FROM setting")
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAChangeThatFailsFailsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		boom := errors.New("boom")
		var wg sync.WaitGroup
		results := make([]error, 200)
		for i := range results {
			wg.Add(1)
			go func() {
				defer wg.Done()
				results[i] = d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					if err := put(ctx, tx, fmt.Sprint(i), "x"); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return boom
					case 2:
						panic("a change may panic")
					case 3:
						return put(ctx, tx, fmt.Sprint(i), "again") // breaks the primary key
					}
					return nil
				})
			}()
		}
		wg.Wait()
		for i, err := range results {
			switch i % 4 {
			case 0:
				if err != nil {
					t.Errorf("change %d: %v", i, err)
				}
			case 1:
				if !errors.Is(err, boom) {
					t.Errorf("change %d: %v, want its own error", i, err)
				}
			case 2:
				if !errs.Is(err, errs.KindInternal) {
					t.Errorf("change %d: %v, want internal", i, err)
				}
			case 3:
				if !errs.Is(err, errs.KindConflict) {
					t.Errorf("change %d: %v, want conflict", i, err)
				}
			}
		}
		if n := count(t, d); n != 50 {
			t.Errorf("%d rows stored, want 50", n)
		}
	})
}

func TestAfterCommitRunsOnlyForStoredChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		ran := 0
		for _, fail := range []error{nil, errors.New("no")} {
			_ = d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() { ran++ })
				return fail
			})
		}
		if ran != 1 {
			t.Errorf("ran %d times, want 1", ran)
		}
	})
}

func TestDiskFullFailsEveryChangeOfTheGroupAndRecovers(t *testing.T) {
	d, err := db.Open(context.Background(), filepath.Join(t.TempDir(), "z.db"), clock.System())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	ctx := context.Background()
	if _, err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) error {
		return d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var n int
			return tx.Get(ctx, db.To(&n), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		})
	}
	if err := limit(1); err != nil { // the engine takes the present size as the least
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	err = d.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "big", big) })
	if !errs.Is(err, errs.KindBusy) {
		t.Fatalf("on a full disk: %v, want busy", err)
	}
	if _, failing := d.Failing(); !failing {
		t.Error("the database does not say that it fails")
	}
	if err := limit(1 << 30); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "big", big) }); err != nil {
		t.Fatalf("after room came back: %v", err)
	}
	if _, failing := d.Failing(); failing {
		t.Error("the database still says that it fails")
	}
}

func TestTailGivesEveryEventOnceAndInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		const writers, each = 16, 25
		var wg sync.WaitGroup
		for w := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range each {
					err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
						if err := tx.Emit(ctx, db.Event{Topic: "t", Ref: fmt.Sprintf("%d/%d", w, i)}); err != nil {
							return err
						}
						if i%5 == 0 { // a slow change takes its number early and commits late
							time.Sleep(2 * time.Millisecond)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		seen := map[string]int{}
		last := map[string]int{}
		tailCtx, stop := context.WithCancel(ctx)
		d.Tail(tailCtx, 0, 0, func(e db.Event) {
			var w, i int
			_, _ = fmt.Sscanf(e.Ref, "%d/%d", &w, &i)
			key := fmt.Sprint(w)
			if prev, ok := last[key]; ok && i != prev+1 {
				t.Errorf("writer %d: %d after %d", w, i, prev)
			}
			last[key] = i
			seen[e.Ref]++
			if len(seen) == writers*each {
				stop()
			}
		})
		wg.Wait()
		if len(seen) != writers*each {
			t.Errorf("%d events seen, want %d", len(seen), writers*each)
		}
		for ref, n := range seen {
			if n != 1 {
				t.Errorf("event %s seen %d times", ref, n)
			}
		}
	})
}

func TestTextWithNULIsStoredWithoutIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		ctx := context.Background()
		if err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			return put(ctx, tx, "a\x00'); DROP TABLE setting; --", "b?\x00")
		}); err != nil {
			t.Fatal(err)
		}
		var value string
		if err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&value), "SELECT value FROM setting WHERE name = ?", "a'); DROP TABLE setting; --")
		}); err != nil || value != "b?" {
			t.Errorf("%q, %v", value, err)
		}
	})
}

func TestClosingAnswersWhoWaits(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.System())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_ = d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				return put(ctx, tx, fmt.Sprint(i), "")
			})
		}()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait() // hangs if a waiting change was forgotten
}

// A server that hangs must not hold up a seat for ever: every connection has
// limits, and running into one is "busy", so that the device gets no answer
// and the caller may try again.
func TestPostgresHangsNobodyForEver(t *testing.T) {
	ctx := context.Background()
	target := dbtest.Postgres(t) + "&lock_timeout=50ms"
	d, err := db.Open(ctx, target, clock.NewFake(dbtest.Start))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	var got struct {
		Statement string `bun:"statement"`
		Lock      string `bun:"lock"`
		Idle      string `bun:"idle"`
	}
	err = d.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, []any{&got}, `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
			current_setting('idle_in_transaction_session_timeout') AS idle`)
	})
	if err != nil || got.Statement != "30s" || got.Lock != "50ms" || got.Idle != "30s" {
		t.Fatalf("%+v %v", got, err)
	}
	held, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			defer func() { <-release }()
			err := tx.Lock(ctx, "one")
			close(held)
			return err
		})
	}()
	<-held
	err = d.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Lock(ctx, "one") })
	if !errs.Is(err, errs.KindBusy) {
		t.Errorf("a lock that nobody gives back: %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// SQLite proves no more than the words of a condition: x = 'a' does not reach
// an index that leaves the empty out. One that is there to find rows must be whole; those
// on batch, which nearly no row has, have queries that say so.
func TestNoIndexForFindingLeavesTheEmptyOut(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.System())
	var partial []string
	if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &partial, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%<> ''''%' AND name NOT LIKE '%!_batch' ESCAPE '!'")
	}); err != nil || len(partial) > 0 {
		t.Errorf("%v %v", partial, err)
	}
}

// Rows come one after another, in a view as in a change, and what stops the
// walk is what its caller said.
func TestWalkGivesEachRowUntilItIsStopped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		enough := errors.New("enough")
		walk := func(ctx context.Context, r db.Reader, most int) (got []string, err error) {
			var name, value string
			err = r.Walk(ctx, db.To(&name, &value), func() error {
				if len(got) == most {
					return enough
				}
				got = append(got, name+"="+value)
				return nil
			}, "SELECT name, value FROM setting WHERE value <> ? ORDER BY name", "c")
			return got, err
		}
		if err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			for _, x := range []string{"a", "b", "c", "d"} {
				if err := put(ctx, tx, x, x); err != nil {
					return err
				}
			}
			if got, err := walk(ctx, tx, 9); err != nil || strings.Join(got, " ") != "a=a b=b d=d" {
				t.Errorf("in the change: %v, %v", got, err)
			}
			if got, err := walk(ctx, tx, 1); err != enough || len(got) != 1 {
				t.Errorf("in the change, stopped: %v, %v", got, err)
			}
			return put(ctx, tx, "e", "e") // the change goes on after a walk that was stopped
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			if got, err := walk(ctx, r, 9); err != nil || strings.Join(got, " ") != "a=a b=b d=d e=e" {
				t.Errorf("in a view: %v, %v", got, err)
			}
			if got, err := walk(ctx, r, 2); err != enough || len(got) != 2 {
				t.Errorf("in a view, stopped: %v, %v", got, err)
			}
			var name int
			if err := r.Walk(ctx, db.To(&name), func() error { return nil }, "SELECT nothing FROM setting"); err == nil {
				t.Error("a wrong statement goes unnoticed")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// A flood of alarms goes first, and leaves a share to what waits.
func TestAFloodOfUrgentChangesLeavesAShareToTheOthers(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(time.Date(2024, 6, 3, 9, 0, 0, 0, time.UTC)))
	ctx := context.Background()
	begun, goOn := make(chan struct{}), make(chan struct{})
	var order []string // of the one writer
	var wg sync.WaitGroup
	run := func(update func(context.Context, func(context.Context, *db.Tx) error) error, name string) {
		wg.Go(func() {
			if err := update(ctx, func(context.Context, *db.Tx) error {
				if name == "first" {
					close(begun)
					<-goOn
				}
				order = append(order, name)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	run(d.UpdateUrgent, "first")
	<-begun
	for range 200 {
		run(d.UpdateUrgent, "alarm")
	}
	for range 3 {
		run(d.Update, "other")
	}
	for u, o := d.Waiting(); u < 200 || o < 3; u, o = d.Waiting() {
		time.Sleep(time.Millisecond)
	}
	close(goOn)
	wg.Wait()
	var at []int
	for i, name := range order {
		if name == "other" {
			at = append(at, i)
		}
	}
	// After 32 alarms each; the first alarm was taken before anybody waited.
	if want := []int{33, 66, 99}; len(order) != 204 || !slices.Equal(at, want) {
		t.Errorf("the others came at %v of %d, want %v", at, len(order), want)
	}
}

// Two processes over one database: what is written in one wakes who waits for
// changes in the other, as the live line of a guardian's page does.
func TestAChangeOfAnotherProcessWakesWhoWaits(t *testing.T) {
	target := dbtest.Postgres(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var both [2]*db.DB
	for i := range both {
		d, err := db.Open(ctx, target, clock.System())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		both[i] = d
	}
	if _, err := both[0].Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	var tail sync.WaitGroup
	tailCtx, stop := context.WithCancel(ctx)
	defer tail.Wait()
	defer stop()
	tail.Go(func() { both[1].Tail(tailCtx, 0, 0, func(db.Event) {}) })
	wake, end := both[1].Wake()
	defer end()
	for range 3 {
		if err := both[0].Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Emit(ctx, db.Event{Topic: "guard", Kind: "guardian", Ref: "kid"})
		}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-wake:
		case <-ctx.Done():
			t.Fatal("nobody was woken")
		}
	}
}

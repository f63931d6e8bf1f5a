package job_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/job"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func schedule(t *testing.T, d *db.DB, kind, key string, in time.Duration) {
	t.Helper()
	err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return job.Schedule(ctx, tx, kind, key, tx.Now.Add(in), "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func runAll(t *testing.T, engines ...*job.Engine) {
	t.Helper()
	for ran := 1; ran > 0; {
		ran = 0
		done := make(chan int, len(engines))
		for _, e := range engines {
			go func() {
				n, err := e.RunOnce(context.Background())
				if err != nil {
					t.Error(err)
				}
				done <- n
			}()
		}
		for range engines {
			ran += <-done
		}
	}
}

func TestARuleRunsOnceWhoeverRunsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		var ran atomic.Int64
		engines := make([]*job.Engine, 2)
		for i := range engines {
			engines[i] = job.NewEngine(d, quiet)
			engines[i].Rule("tick", func(ctx context.Context, tx *db.Tx, j job.Job) error {
				tx.AfterCommit(func() { ran.Add(1) })
				return nil
			})
		}
		for i := range 300 {
			schedule(t, d, "tick", fmt.Sprint(i), time.Duration(i%3)*time.Minute)
		}
		runAll(t, engines...)
		if n := ran.Load(); n != 100 {
			t.Errorf("%d ran at once, want 100", n)
		}
		clk.Advance(2 * time.Minute)
		runAll(t, engines...)
		if n := ran.Load(); n != 300 {
			t.Errorf("%d ran, want 300", n)
		}
	})
}

func TestSchedulingAgainMovesAndCancelRemoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		var ran []string
		e := job.NewEngine(d, quiet)
		e.Rule("k", func(ctx context.Context, tx *db.Tx, j job.Job) error {
			ran = append(ran, j.Key)
			return nil
		})
		schedule(t, d, "k", "moved", time.Minute)
		schedule(t, d, "k", "moved", time.Hour)
		schedule(t, d, "k", "gone", time.Minute)
		err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return job.Cancel(ctx, tx, "k", "gone")
		})
		if err != nil {
			t.Fatal(err)
		}
		clk.Advance(10 * time.Minute)
		runAll(t, e)
		if len(ran) != 0 {
			t.Errorf("ran %v too early", ran)
		}
		clk.Advance(time.Hour)
		runAll(t, e)
		if fmt.Sprint(ran) != "[moved]" {
			t.Errorf("ran %v, want [moved]", ran)
		}
	})
}

func TestAFailedJobComesBackWithBackOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		tries := map[string]int{}
		e := job.NewEngine(d, quiet)
		e.Rule("rule", func(context.Context, *db.Tx, job.Job) error {
			tries["rule"]++
			if tries["rule"] < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		e.Effect("effect", func(context.Context, job.Job) error {
			tries["effect"]++
			if tries["effect"] < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		schedule(t, d, "rule", "", 0)
		schedule(t, d, "effect", "", 0)
		for _, want := range []int{1, 2, 3, 3} {
			if _, err := e.RunOnce(context.Background()); err != nil {
				t.Fatal(err)
			}
			if tries["rule"] != want || tries["effect"] != want {
				t.Fatalf("tries %v, want %d each", tries, want)
			}
			clk.Advance(time.Minute)
		}
	})
}

func TestPeriodicJobsComeAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		n := 0
		e := job.NewEngine(d, quiet)
		e.Every("sweep", time.Minute, func(context.Context, job.Job) error { n++; return nil })
		for range 2 { // a second start schedules nothing twice
			if err := e.Ensure(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			runOnce(t, e)
			clk.Advance(30 * time.Second)
		}
		if n != 3 {
			t.Errorf("ran %d times in two minutes, want 3", n)
		}
	})
}

func runOnce(t *testing.T, e *job.Engine) {
	t.Helper()
	if _, err := e.RunOnce(context.Background()); err != nil {
		t.Fatal(err)
	}
}

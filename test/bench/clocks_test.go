package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// BenchmarkClocks: 10,000 orders whose clocks fall due evenly over ten real
// minutes, each moved up and sideways when it is missed; late is from the due
// instant until the move was read back from the storage. ZUGOU_BENCH_CLOCKS
// gives another length (at the same number: a shorter one is harder).
func BenchmarkClocks(b *testing.B) {
	const clocks = 10_000
	over := 10 * time.Minute
	if d, err := time.ParseDuration(os.Getenv("ZUGOU_BENCH_CLOCKS")); err == nil {
		over = d
	}
	a, _, _ := house(b)
	machine(b, string(a.DB.Engine()))
	ctx := access.With(context.Background(), access.System("bench"))
	var villages []region.Region
	for _, town := range region.Builtin().Children(region.Code(a.Config.District)) {
		villages = append(villages, region.Builtin().Children(town.Code)...)
	}
	orders, matters := make([]id.ID, clocks), make([]id.ID, clocks)
	each(b, clocks, func(i int) error {
		// Ordinary calls: the next rung's clock is longer than the bench, so
		// that exactly these fall due.
		rec, err := a.Seat.Take(ctx, signal.New{Source: signal.Neighbour, Kind: "entry", Key: fmt.Sprintf("bench:%d", i), Region: string(villages[i%len(villages)].Code), Kinds: "help"})
		if err != nil {
			return err
		}
		o, err := a.Orders.Dispatch(ctx, rec.Matter, dispatch.Sending{})
		orders[i], matters[i] = o.ID, rec.Matter
		return err
	})
	first := clock.Of(time.Now().Add(20 * time.Second))
	due := map[string]clock.Millis{}
	for i := 0; i < clocks; i += 20 {
		if err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			for k := i; k < min(i+20, clocks); k++ {
				at := first.Add(over / clocks * time.Duration(k))
				due[string(matters[k])] = at
				if _, err := tx.Exec(ctx, "UPDATE dispatch_order SET due_at = ? WHERE id = ?", at, orders[k]); err != nil {
					return err
				}
				if err := job.Schedule(ctx, tx, dispatch.JobClock, string(orders[k]), at, ""); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	if clock.Of(time.Now()) > first {
		b.Fatal("the machine is too slow to set the clocks before the first is due")
	}
	xid, seq, err := a.DB.LastEvent(ctx)
	if err != nil {
		b.Fatal(err)
	}
	limit, stop := context.WithTimeout(ctx, over+2*time.Minute)
	defer stop()
	var late []time.Duration
	moved := map[string]bool{}
	a.DB.Tail(limit, xid, seq, func(e db.Event) {
		if e.Topic != "matter" || e.Kind != "escalated" || moved[e.Ref] {
			return
		}
		if at, ours := due[e.Ref]; ours {
			moved[e.Ref] = true
			late = append(late, time.Since(at.Time()))
		}
		if len(late) == clocks {
			stop()
		}
	})
	if len(late) != clocks {
		b.Fatalf("%d clocks moved of %d", len(late), clocks)
	}
	b.Logf("%d clocks over %v, in real time", clocks, over)
	percentiles(b, "late-", late, 50, 99)
}

// each runs fn for 0 … n-1, many at once.
func each(b *testing.B, n int, fn func(i int) error) {
	b.Helper()
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				if err := fn(i); err != nil {
					b.Errorf("%d: %v", i, err)
					return
				}
			}
		}()
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

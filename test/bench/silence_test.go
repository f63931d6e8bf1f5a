package bench

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// BenchmarkSilence: 549 worn badges say their last word within ten seconds, by
// the real protocol, and are expected to speak every five: late is from the end
// of the set term (three intervals) until the silence stands in the storage.
// The clocks fire before that, see the newer word, and are set anew, as on any
// day. Nights are quiet by rule, so the house is opened at a noon.
func BenchmarkSilence(b *testing.B) {
	const (
		badges   = 549
		interval = 5
		spread   = 10 * time.Second
	)
	a, _, watch := houseAt(b, noon(time.Now()))
	machine(b, string(a.DB.Engine()))
	ctx := access.With(context.Background(), access.System("bench"))
	say := func(pause time.Duration) {
		conn, err := net.Dial("tcp", watch)
		if err != nil {
			b.Fatal(err)
		}
		for i := range badges {
			if i%100 == 0 { // below the burst that one line may send
				_ = conn.Close()
				if conn, err = net.Dial("tcp", watch); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := conn.Write(link(i)); err != nil {
				b.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 64)); err != nil {
				b.Fatal(err)
			}
			time.Sleep(pause)
		}
		_ = conn.Close()
	}
	say(0)
	var within clock.Millis
	if err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{fmt.Sprintf("UPDATE guard_device SET interval_s = %d", interval), "UPDATE guard_state SET n = 0 WHERE name = 'grace_until'"} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		var all []id.ID
		if err := tx.List(ctx, &all, "SELECT device FROM guard_device"); err != nil {
			return err
		}
		if len(all) < badges {
			return fmt.Errorf("%d badges are watched", len(all))
		}
		within = clock.Millis(3 * interval * 1000)
		for _, d := range all {
			if err := job.Schedule(ctx, tx, guard.JobSilence, string(d), tx.Now+within, ""); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	say(spread / badges)
	var late []time.Duration
	for end := time.Now().Add(2 * time.Minute); len(late) < badges; time.Sleep(500 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("%d silences found of %d", len(late), badges)
		}
		late = late[:0]
		var rows []struct {
			Silent clock.Millis `bun:"silent_at"`
			Seen   clock.Millis `bun:"seen_at"`
		}
		if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &rows, "SELECT g.silent_at, l.seen_at FROM guard_device g JOIN device_last l ON l.device = g.device JOIN device d ON d.id = g.device WHERE g.silent_at > 0 AND d.device_id LIKE ?",
				device.DemoDeviceID(0)[:4]+"%")
		}); err != nil {
			b.Fatal(err)
		}
		for _, x := range rows {
			late = append(late, x.Silent.Sub(x.Seen+within))
		}
	}
	b.ReportMetric(float64(within)/1000, "term-s")
	b.ReportMetric(float64(len(late)), "silences")
	percentiles(b, "late-", late, 50, 99)
	b.ReportMetric(0, "ns/op")
}

// noon gives how far the clock is moved so that it is noon in China today.
func noon(now time.Time) time.Duration {
	local := now.UTC().Add(8 * time.Hour)
	return time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC).Sub(local)
}

// moved is the machine's clock at another hour.
type moved struct {
	clock.Clock
	by time.Duration
}

func (m moved) Now() time.Time { return m.Clock.Now().Add(m.by) }

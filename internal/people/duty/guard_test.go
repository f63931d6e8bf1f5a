package duty_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
)

// pages keeps what the guard sent.
type pages struct{ sent []duty.GapPage }

func (p *pages) PageGaps(_ context.Context, _ *db.Tx, g duty.GapPage) error {
	p.sent = append(p.sent, g)
	return nil
}

func (p *pages) take() string {
	var out []string
	for _, g := range p.sent {
		s := fmt.Sprintf("%s:%d", g.To, g.Count)
		if g.Urgent {
			s += "!"
		}
		if g.Missing != 0 {
			s = fmt.Sprintf("%s:%d missing", g.To, g.Missing)
		}
		out = append(out, s)
	}
	p.sent = nil
	return strings.Join(out, " ")
}

// manned is hills with every duty filled for two months.
func manned(t *testing.T, d *db.DB) *world {
	w := hills()
	w.person("grid4", "grid_worker@500111116201")
	const from, to = "2024-05-01 00:00", "2024-07-01 00:00"
	write(t, d,
		shift(gaosheng, duty.Township, access.TownshipOfficer, "officer", from, to),
		shift("500111116", duty.Township, access.TownshipOfficer, "officer2", from, to),
		shift(district, duty.District, access.SeatOperator, "operator", from, to),
		shift(district, duty.District, access.SeatLeader, "leader", from, to),
		shift(district, duty.Police, access.PoliceLiaison, "police", from, to))
	return w
}

func TestANewGapIsPagedOnceThenBeforeItBeginsAndClosesByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { // 02:10 of 1 June
		w := manned(t, d)
		p := &pages{}
		e := job.NewEngine(d, slog.New(slog.NewTextHandler(io.Discard, nil)))
		duty.NewGuard(d, w.finder(t), p, district, e)
		if err := e.Ensure(context.Background()); err != nil {
			t.Fatal(err)
		}
		minutes := func(n int) {
			t.Helper()
			for range n {
				if _, err := e.RunOnce(context.Background()); err != nil {
					t.Fatal(err)
				}
				clk.Advance(time.Minute)
			}
		}
		minutes(3)
		if got := p.take(); got != "" {
			t.Fatalf("all is manned, yet %s", got)
		}
		// The officer of 高升镇 is away tonight from 20:00 to 08:00, and nobody comes instead.
		write(t, d, duty.Entry{Kind: duty.Leave, Region: gaosheng, InsteadOf: "officer", From: china("2024-06-01 20:00"), To: china("2024-06-02 08:00")})
		minutes(60)
		if got := p.take(); got != "leader:1" {
			t.Fatalf("got %q, want one page", got)
		}
		clk.Advance(4 * time.Hour) // 07:13
		minutes(10)
		if got := p.take(); got != "leader:1" {
			t.Fatalf("got %q, want one more after four hours", got)
		}
		clk.Advance(12 * time.Hour) // 19:23
		minutes(1)
		if got := p.take(); got != "leader:1!" {
			t.Fatalf("got %q, it begins within two hours", got)
		}
		minutes(30) // 19:54
		if got := p.take(); got != "leader:1!" {
			t.Fatalf("got %q, want the page half an hour before", got)
		}
		write(t, d, shift(gaosheng, duty.Township, access.TownshipOfficer, "officer2", "2024-06-01 20:00", "2024-06-02 08:00"))
		minutes(300)
		if got := p.take(); got != "" {
			t.Fatalf("filled, yet %s", got)
		}
		var result string
		var n int
		err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			if err := r.Get(ctx, db.To(&result), "SELECT result FROM duty_gap"); err != nil {
				return err
			}
			return r.Get(ctx, db.To(&n), "SELECT count(*) FROM duty_gap_page")
		})
		if err != nil || result != "filled" || n != 4 {
			t.Errorf("result %q, %d pages on record, %v", result, n, err)
		}
	})
}

func TestTheFirstDayPagesTheLeaderOnceForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := hills()
		p := &pages{}
		g := duty.NewGuard(d, w.finder(t), p, district, nil)
		for range 5 {
			if err := g.RunOnce(context.Background()); err != nil {
				t.Fatal(err)
			}
			clk.Advance(time.Minute)
		}
		// two townships, the seat, its leader, the police; the leader falls back to the role.
		if got := p.take(); got != "leader:5!" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAMissingCalendarIsSaidOnceAWeek(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := hills()
		f := w.finder(t)
		f.Calendars = func(context.Context, db.Reader) (duty.Calendar, error) {
			return duty.NewCalendar(duty.Year{Year: 2024}), nil
		}
		clk.Advance(china("2024-12-02 09:00").Time().Sub(clk.Now()))
		p := &pages{}
		g := duty.NewGuard(d, f, p, district, nil)
		if err := g.RunOnce(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := p.take(); !strings.Contains(got, "leader:2025 missing") {
			t.Errorf("got %s", got)
		}
	})
}

package app

import (
	"context"
	"path/filepath"
	"runtime/debug"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/journal"
	"zugou/internal/web/api"
)

// reports is what all doors of devices hand in to: the journal while the house
// serves on the embedded engine, the seat else. Several processes over one
// server share no file.
type reports struct{ a *App }

// Take implements gateway.Intake.
func (r reports) Take(ctx context.Context, n signal.New) (seat.Receipt, error) {
	if j := r.a.doors.journal.Load(); j != nil {
		return j.Take(ctx, n)
	}
	return r.a.Seat.Take(ctx, n)
}

// openJournal begins the journal. Without it the doors work as before, so that
// a folder that can't be read keeps nobody out.
func (a *App) openJournal() {
	if a.Config.Postgres() {
		return
	}
	j, err := journal.Open(journal.Parts{Dir: filepath.Join(a.Config.DataDir, "journal"), DB: a.DB, Keys: a.Keys, Seat: a.Seat, Clock: clock.System(), Log: a.Log, Rest: journalRest, Over: debug.FreeOSMemory})
	if err != nil {
		a.Log.Error("the journal of reports is not used", "error", err)
		return
	}
	a.doors.journal.Store(j)
}

// journalEnds is how long a stop waits for what is in the journal; the rest is
// taken in by the next start.
const journalEnds = 10 * time.Second

func (a *App) closeJournal(ctx context.Context) {
	j := a.doors.journal.Load()
	if j == nil {
		return
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalEnds)
	defer cancel()
	j.Close(within)
	a.doors.journal.Store(nil)
}

// journalRest is how long a storm of reports may keep the database waiting.
// Badges report each some minutes: what is three seconds late is not stale.
const journalRest = 3 * time.Second

// Journal gives the numbers of the journal of reports.
func (a *App) Journal() journal.Counts {
	if j := a.doors.journal.Load(); j != nil {
		return j.Counts()
	}
	return journal.Counts{}
}

// Bounds of what may wait in the journal.
const (
	journalNears = 15 * time.Second
	journalLate  = time.Minute
)

// journalFinding tells whether reports reach the database in time.
func (a *App) journalFinding() api.Finding {
	c := a.Journal()
	g := good
	switch {
	case c.Lag >= journalLate || c.Refused > 0:
		g = needs
	case c.Lag >= journalNears:
		g = worth
	}
	return finding("journal", "reports_in_time", g, int(c.Lag/time.Second))
}

func (a *App) journalGauges() {
	m := a.Metrics
	m.Gauge("zugou_journal_waiting", "Reports of devices that are on disk and not yet in the database.", nil, func() float64 { return float64(a.Journal().Waiting) })
	m.Gauge("zugou_journal_lag_seconds", "Age of the oldest of them.", nil, func() float64 { return a.Journal().Lag.Seconds() })
	m.Counter("zugou_journal_appended_total", "Reports that went through the journal.", nil, func() float64 { return float64(a.Journal().Appended) })
	m.Counter("zugou_journal_failed_total", "Reports that could not be written to it; the devices got no answer.", nil, func() float64 { return float64(a.Journal().Failed) })
	m.Counter("zugou_journal_refused_total", "Reports that were set aside since the seat refused them.", nil, func() float64 { return float64(a.Journal().Refused) })
}

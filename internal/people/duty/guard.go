package duty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// The guard's times. A gap is looked for a day ahead: long enough to find
// somebody in office hours.
const (
	LookAhead    = 24 * time.Hour
	RepageAfter  = 4 * time.Hour
	BeforeBegins = 30 * time.Minute
	soon         = 2 * time.Hour // a gap that begins within is paged at any hour
)

// JobGuard is the periodic job of the nobody-home guard.
const JobGuard = "duty.guard"

// GapPage tells a leader of gaps. It names no area: the leader sees them after
// signing in.
type GapPage struct {
	To      id.ID
	Key     string // the same page is never sent twice
	Count   int
	Urgent  bool // a gap is there already, or begins within two hours
	Ref     id.ID
	Region  string // the district
	Missing int    // not 0: no gaps, but this year's calendar is missing
}

// Pager sends pages as part of the change.
type Pager interface {
	PageGaps(ctx context.Context, tx *db.Tx, p GapPage) error
}

// Gap is a stored hole.
type Gap struct {
	ID       id.ID        `bun:"id"`
	Region   string       `bun:"region"`
	Level    Level        `bun:"level"`
	Role     access.Role  `bun:"role"`
	From     clock.Millis `bun:"from_at"`
	To       clock.Millis `bun:"to_at"` // 0 = no end in sight
	Why      Why          `bun:"why"`
	FoundAt  clock.Millis `bun:"found_at"`
	PagedAt  clock.Millis `bun:"paged_at"`
	Pages    int          `bun:"pages"`
	Resolved clock.Millis `bun:"resolved_at"`
	Result   string       `bun:"result"` // filled, or passed: nobody ever came
}

// Slot gives the duty that the gap is of.
func (g Gap) Slot() Slot { return Slot{g.Region, g.Level, g.Role} }

// due tells whether the gap is to be paged now: when it is new, again after
// RepageAfter, and once shortly before it begins.
func (g Gap) due(now clock.Millis) bool {
	last := g.From.Add(-BeforeBegins)
	return g.PagedAt == 0 || now.Sub(g.PagedAt) >= RepageAfter || now >= last && g.PagedAt < last
}

// Guard looks for duties with nobody home.
type Guard struct {
	db       *db.DB
	finder   *Finder
	pager    Pager
	district string
}

// NewGuard makes the guard of a district and has it run every minute.
func NewGuard(d *db.DB, f *Finder, p Pager, district string, e *job.Engine) *Guard {
	g := &Guard{d, f, p, district}
	if e != nil {
		e.Every(JobGuard, time.Minute, func(ctx context.Context, _ job.Job) error { return g.RunOnce(ctx) })
	}
	return g
}

// Scan finds all holes of the district's duties from now until LookAhead.
func (f *Finder) Scan(ctx context.Context, r db.Reader, district string) ([]Hole, error) {
	m, err := f.Areas(ctx, r)
	if err != nil {
		return nil, err
	}
	from, to := r.At(), r.At().Add(LookAhead)
	needs, err := needsAt(ctx, r, from)
	if err != nil {
		return nil, err
	}
	p, err := f.load(ctx, r, from, to, scope{within: district})
	if err != nil {
		return nil, err
	}
	return p.Scan(m, district, needs, from, to), nil
}

// Scan is the pure part: every area of every need.
func (p *Plan) Scan(m Map, district string, needs []Need, from, to clock.Millis) []Hole {
	var out []Hole
	for _, n := range needs {
		l, ok := region.ParseLevel(string(n.AtLevel))
		if !ok {
			continue
		}
		for _, a := range m.Within(region.Code(district), l) {
			out = append(out, p.Holes(Slot{string(a.Code), n.Level, n.Role}, n.Least, from, to)...)
		}
	}
	return out
}

// changesMost bounds one run's change to what a group of the writer can hold;
// the first day's two thousand gaps are stored in a few minutes.
const changesMost = 400

// RunOnce scans, stores what changed, and pages what is due.
func (g *Guard) RunOnce(ctx context.Context) error {
	ctx = access.With(ctx, access.System("duty.guard"))
	var holes []Hole
	var leaders []Candidate
	var missing int
	err := g.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if holes, err = g.finder.Scan(ctx, r, g.district); err != nil {
			return err
		}
		cal, err := g.finder.Calendars(ctx, r)
		if err != nil {
			return err
		}
		missing = cal.Missing(r.At())
		leaders, err = g.finder.Leader(ctx, r, g.district, r.At())
		return err
	})
	if err != nil {
		return err
	}
	return g.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, JobGuard); err != nil {
			return err
		}
		open, err := openGaps(ctx, tx, g.district)
		if err != nil {
			return err
		}
		changed, still := reconcile(open, holes, tx.Now)
		slices.SortStableFunc(changed, func(a, b Gap) int { return cmp.Compare(a.From, b.From) }) // the nearest first
		if len(changed) > changesMost {
			for _, late := range changed[changesMost:] {
				still = slices.DeleteFunc(still, func(s Gap) bool { return s.ID == late.ID })
			}
			changed = changed[:changesMost]
		}
		for _, c := range changed {
			if err := putGap(ctx, tx, c); err != nil {
				return err
			}
		}
		if err := g.page(ctx, tx, still, leaders); err != nil {
			return err
		}
		if err := g.pageCalendar(ctx, tx, missing, leaders); err != nil {
			return err
		}
		if len(changed) == 0 {
			return nil
		}
		return tx.Emit(ctx, db.Event{Topic: "duty", Kind: "gaps", Region: g.district, Ref: g.district})
	})
}

// page tells the leaders of all gaps that are due in one message each.
func (g *Guard) page(ctx context.Context, tx *db.Tx, gaps []Gap, leaders []Candidate) error {
	var due []Gap
	urgent := false
	for _, x := range gaps {
		if x.due(tx.Now) && len(due) < changesMost {
			due = append(due, x)
			urgent = urgent || x.From <= tx.Now.Add(soon)
		}
	}
	leaders = slices.DeleteFunc(slices.Clone(leaders), func(c Candidate) bool { return !c.Reachable })
	if len(due) == 0 || len(leaders) == 0 {
		return nil // with nobody to page they stay due, and the page of gaps shows them
	}
	for _, l := range leaders {
		key := "duty.gap:" + string(due[0].ID) + ":" + tx.Now.Time().Format("20060102150405")
		if err := g.pager.PageGaps(ctx, tx, GapPage{To: l.Account, Key: key, Count: len(due), Urgent: urgent, Ref: due[0].ID, Region: g.district}); err != nil {
			return err
		}
	}
	for _, x := range due {
		if err := markPaged(ctx, tx, x.ID, leaders); err != nil {
			return err
		}
	}
	return nil
}

// pageCalendar says once a week that a year's holidays are missing.
func (g *Guard) pageCalendar(ctx context.Context, tx *db.Tx, year int, leaders []Candidate) error {
	if year == 0 {
		return nil
	}
	y, week := tx.Now.Time().In(clock.Zone).ISOWeek()
	for _, l := range leaders {
		key := fmt.Sprintf("duty.calendar:%d-W%02d", y, week)
		if err := g.pager.PageGaps(ctx, tx, GapPage{To: l.Account, Key: key, Count: 1, Region: g.district, Missing: year}); err != nil {
			return err
		}
	}
	return nil
}

// reconcile compares stored gaps with the holes found. changed is what must be
// written (new, moved, resolved), still is every gap that is open now.
func reconcile(open []Gap, holes []Hole, now clock.Millis) (changed, still []Gap) {
	stored := map[Slot][]Gap{}
	for _, g := range open {
		stored[g.Slot()] = append(stored[g.Slot()], g)
	}
	used := map[id.ID]bool{}
	for _, h := range joined(holes) {
		to := h.To
		if h.Open {
			to = 0
		}
		found := Gap{ID: id.New(), Region: h.Region, Level: h.Level, Role: h.Role, From: h.From, To: to, Why: h.Why, FoundAt: now}
		was := -1
		for i, g := range stored[h.Slot] {
			end := g.To
			if end == 0 {
				end = forever
			}
			if !used[g.ID] && g.From < h.To && end >= h.From {
				was = i
				break
			}
		}
		if was < 0 {
			changed, still = append(changed, found), append(still, found)
			continue
		}
		g := stored[h.Slot][was]
		used[g.ID] = true
		from := h.From
		if g.From < from && h.From <= now { // it began before this search did
			from = g.From
		}
		if from != g.From || to != g.To || h.Why != g.Why {
			g.From, g.To, g.Why = from, to, h.Why
			changed = append(changed, g)
		}
		still = append(still, g)
	}
	for _, g := range open {
		if used[g.ID] {
			continue
		}
		g.Resolved, g.Result = now, "filled"
		if g.To != 0 && g.To <= now {
			g.Result = "passed"
		}
		changed = append(changed, g)
	}
	return changed, still
}

// joined makes one hole of those that follow on each other for different
// reasons: the leader is paged for the time, whatever it is made of.
func joined(holes []Hole) []Hole {
	var out []Hole
	for _, h := range holes {
		if n := len(out); n > 0 && out[n-1].Slot == h.Slot && out[n-1].To == h.From {
			out[n-1].To, out[n-1].Open = h.To, h.Open
			continue
		}
		out = append(out, h)
	}
	return out
}

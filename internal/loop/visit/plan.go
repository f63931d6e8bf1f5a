package visit

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// planPage is how many children one change looks at: about 20 ms of writing.
const planPage = 100

// Plan brings the open dues up to the day: what the colour and the categories
// ask for, the festival's greetings, and a word to the officer about what was
// not done in time. It may run at any time and any number of times.
func (s *Service) Plan(ctx context.Context) error {
	ctx = access.With(ctx, access.System("visit"))
	var after id.ID
	for {
		n := 0
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			page, err := s.ports.Walk(ctx, tx, after, planPage)
			if err != nil {
				return err
			}
			if n = len(page); n == 0 {
				return nil
			}
			after = page[n-1].ID
			return s.planPage(ctx, tx, page)
		})
		if err != nil {
			return err
		}
		if n < planPage {
			break
		}
	}
	return s.tellLate(ctx)
}

// known is what the plan knows of a page of children.
type known struct {
	open    map[id.ID][]Due
	last    map[id.ID]civil.Date      // day of the last visit at which the child was seen
	greeted map[id.ID]map[string]bool // plans of festivals that were made
	helper  map[id.ID]id.ID           // the first helper paired
	nearest map[string]id.ID          // by area
}

func (s *Service) planPage(ctx context.Context, tx *db.Tx, page []Walked) error {
	ids := make([]id.ID, len(page))
	for i, c := range page {
		ids[i] = c.ID
	}
	in := "(" + db.Marks(len(ids)) + ")"
	k := known{open: map[id.ID][]Due{}, last: map[id.ID]civil.Date{}, greeted: map[id.ID]map[string]bool{}, helper: map[id.ID]id.ID{}, nearest: map[string]id.ID{}}
	rows, err := dues(ctx, tx, "WHERE child_id IN "+in+" AND (state = 'open' OR plan NOT IN ('regular', 'by_hand') AND made_at > ?)", append(db.Anys(ids), tx.Now-clock.Millis(100*86_400_000))...)
	if err != nil {
		return err
	}
	for _, d := range rows {
		if d.State == Open {
			k.open[d.ChildID] = append(k.open[d.ChildID], d)
		}
		if k.greeted[d.ChildID] == nil {
			k.greeted[d.ChildID] = map[string]bool{}
		}
		k.greeted[d.ChildID][d.Plan] = true
	}
	seen, err := list[struct {
		ChildID id.ID        `bun:"child_id"`
		At      clock.Millis `bun:"at"`
	}](ctx, tx, "SELECT child_id, max(ended_at) AS at FROM visit WHERE met AND child_id IN "+in+" GROUP BY child_id", db.Anys(ids)...)
	if err != nil {
		return err
	}
	for _, v := range seen {
		k.last[v.ChildID] = civil.DateOf(v.At.Time())
	}
	paired, err := pairings(ctx, tx, "WHERE ended_at = 0 AND child_id IN "+in+" ORDER BY begun_on, id", db.Anys(ids)...)
	if err != nil {
		return err
	}
	for _, p := range paired {
		if _, have := k.helper[p.ChildID]; !have {
			k.helper[p.ChildID] = p.Helper
		}
	}
	away, err := s.ports.Away(ctx, tx, ids...)
	if err != nil {
		return err
	}
	pol, day := s.policy(tx), today(tx)
	fresh := []dueRow{}
	for _, c := range page {
		who := k.helper[c.ID]
		switch {
		case who != "":
		case len(away[c.ID]) > 0:
			if who, err = s.ports.Nearest(ctx, tx, c.Region, away[c.ID]); err != nil {
				return err
			}
		default:
			if _, have := k.nearest[c.Region]; !have {
				if k.nearest[c.Region], err = s.ports.Nearest(ctx, tx, c.Region, nil); err != nil {
					return err
				}
			}
			who = k.nearest[c.Region]
		}
		add, err := s.planChild(ctx, tx, pol, day, c, who, k)
		if err != nil {
			return err
		}
		fresh = append(fresh, add...)
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err = tx.InsertIfNew(ctx, &fresh)
	return err
}

// planChild gives the new dues of one child, and moves the open one if its
// reason changed.
func (s *Service) planChild(ctx context.Context, tx *db.Tx, pol Policy, day civil.Date, c Walked, who id.ID, k known) ([]dueRow, error) {
	var out []dueRow
	add := func(plan, why string, from, due civil.Date) {
		out = append(out, dueRow{Due: Due{ID: id.New(), ChildID: c.ID, Region: c.Region, Plan: plan, Why: why, Who: who, FromOn: from, DueOn: due, State: Open, MadeAt: tx.Now}})
	}
	regular := slices.IndexFunc(k.open[c.ID], func(d Due) bool { return d.Plan == Regular })
	days, why := pol.every(c.Colour, c.Categories)
	switch {
	case days == 0 && regular >= 0:
		// Neither colour nor category asks any more.
		if _, err := tx.Exec(ctx, "UPDATE visit_due SET state = 'dropped', done_at = ? WHERE id = ? AND state = 'open'", tx.Now, k.open[c.ID][regular].ID); err != nil {
			return nil, err
		}
	case days > 0:
		due, ahead := pol.next(k.last[c.ID], day, days)
		if regular >= 0 {
			d := k.open[c.ID][regular]
			// A stricter reason brings the day nearer; it never moves away by itself.
			if due < d.DueOn || d.Why != why || d.Region != c.Region || d.Who == "" && who != "" {
				if d.Who == "" {
					d.Who = who
				}
				if _, err := tx.Exec(ctx, "UPDATE visit_due SET due_on = ?, from_on = ?, why = ?, region = ?, who = ? WHERE id = ? AND state = 'open'",
					min(due, d.DueOn), min(ahead, d.FromOn), why, c.Region, d.Who, d.ID); err != nil {
					return nil, err
				}
			}
		} else if ahead <= day.AddDays(pol.AheadDays) {
			add(Regular, why, ahead, due)
		}
	}
	for _, f := range pol.Festivals {
		on, now := f.due(day)
		if !now || !slices.ContainsFunc(c.Categories, func(x string) bool { return slices.Contains(f.Categories, x) }) {
			continue
		}
		if plan := f.Key + "." + string(on[:4]); !k.greeted[c.ID][plan] {
			add(plan, "", on.AddDays(-f.DaysBefore), on)
		}
	}
	return out, nil
}

// next gives the day of the next visit and the day from which it may be made.
// A child never visited comes within its own interval, a week at most.
func (p Policy) next(last, day civil.Date, days int) (due, from civil.Date) {
	due = last.AddDays(days)
	if last == "" {
		due = day.AddDays(min(days, 7))
	}
	from = due.AddDays(-min(p.AheadDays, days/2))
	return due, from
}

// tellLate tells the officers once of each due that was not met in time.
func (s *Service) tellLate(ctx context.Context) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := dues(ctx, tx, "WHERE state = 'open' AND told_at = 0 AND due_on < ? ORDER BY due_on, id LIMIT 100", today(tx).AddDays(-s.policy(tx).LateDays))
		if err != nil {
			return err
		}
		officers := map[string][]id.ID{}
		for _, d := range rows {
			list, have := officers[d.Region]
			if !have {
				if list, err = s.ports.Officers(ctx, tx, d.Region); err != nil {
					return err
				}
				officers[d.Region] = list
			}
			for _, o := range list {
				if err := s.ports.Tell(ctx, tx, o, "late:"+string(d.ID)+":"+string(o), "visit.late", d.ID); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(ctx, "UPDATE visit_due SET told_at = ? WHERE id = ?", tx.Now, d.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// festivalOf splits the plan of a greeting: its key, "" for other plans.
func festivalOf(plan string) string {
	key, _, found := strings.Cut(plan, ".")
	if !found {
		return ""
	}
	return key
}

// goodsOf gives what a greeting brings.
func (p Policy) goodsOf(plan string) []Goods {
	out := []Goods{}
	for _, f := range p.Festivals {
		if f.Key != festivalOf(plan) {
			continue
		}
		for item, n := range f.Goods {
			out = append(out, Goods{item, n})
		}
	}
	slices.SortFunc(out, func(a, b Goods) int { return strings.Compare(a.Item, b.Item) })
	return out
}

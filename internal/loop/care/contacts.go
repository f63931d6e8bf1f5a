package care

import (
	"context"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Window is the time within which a child must be contacted once: behind
// After, at Due at the latest; at Late the seat is told.
type Window struct {
	After clock.Millis
	Due   clock.Millis
	Late  clock.Millis
}

// crisisWindows are the contacts that a crisis asks for.
func crisisWindows(crisis clock.Millis) []Window {
	out := make([]Window, len(afterCrisis))
	before := crisis
	for i, d := range afterCrisis {
		due := crisis.Add(d)
		out[i] = Window{before, due, due.Add(late)}
		before = due
	}
	return out
}

// strictest gives the fewest contacts that fall into every window, none later
// than any window allows, beside those that stand already: one contact serves a
// crisis and a colour, and the seat hears of it by the stricter limit.
func strictest(stand []Window, windows []Window) []Window {
	out := slices.Clone(stand)
	sorted := slices.Clone(windows)
	slices.SortStableFunc(sorted, func(a, b Window) int { return int(a.Due - b.Due) })
	for _, w := range sorted {
		i := slices.IndexFunc(out, func(p Window) bool { return w.After < p.Due && p.Due <= w.Due })
		if i < 0 {
			out = append(out, w)
			continue
		}
		out[i].Late = min(out[i].Late, w.Late)
	}
	return out
}

// contactsPlanned gives the contacts of the case's crisis that are open, as windows,
// and those among them that stay as they are: their time has come, or the seat
// looks for the child already.
func (s *Service) contactsPlanned(ctx context.Context, r db.Reader, c Case) (open []Due, windows, stand []Window, err error) {
	var all []Due
	if err := r.List(ctx, &all, "SELECT "+dueColumns+" FROM care_due WHERE case_id = ? AND kind = ? AND state <> 'dropped' AND due_at > ? ORDER BY due_at", c.ID, Contact, c.CrisisAt); err != nil {
		return nil, nil, nil, err
	}
	before := c.CrisisAt
	for _, d := range all {
		w := Window{before, d.DueAt, d.lateAt()}
		before = d.DueAt
		if d.State != "open" {
			continue
		}
		open = append(open, d)
		if d.DueAt <= r.At() || d.MatterID != "" {
			stand = append(stand, w)
		} else {
			windows = append(windows, w)
		}
	}
	return open, windows, stand, nil
}

// Join takes the contacts that a child's colour obliges into those of its
// case's crisis, so that there is one set, the stricter. It does nothing, and
// says so, for a child without a crisis under way.
func (s *Service) Join(ctx context.Context, tx *db.Tx, child id.ID, more []Window) (bool, error) {
	list, err := cases(ctx, tx, "WHERE child_id = ? AND crisis_at > 0 AND state IN ('intake', 'assessed', 'serving', 'closing') ORDER BY crisis_at DESC LIMIT 1", child)
	if err != nil || len(list) == 0 {
		return false, err
	}
	c := list[0]
	open, windows, stand, err := s.contactsPlanned(ctx, tx, c)
	if err != nil || len(open) == 0 {
		return false, err
	}
	want := strictest(stand, append(windows, more...))
	for _, d := range open {
		i := slices.IndexFunc(want, func(w Window) bool { return w.Due == d.DueAt })
		if i < 0 {
			if err := s.dropDue(ctx, tx, d.ID); err != nil {
				return false, err
			}
			continue
		}
		if l := want[i].Late; l < d.lateAt() && d.MatterID == "" {
			if _, err := tx.Exec(ctx, "UPDATE care_due SET late_at = ? WHERE id = ?", l, d.ID); err != nil {
				return false, err
			}
			if err := job.Schedule(ctx, tx, JobDue, string(d.ID), max(l, tx.Now), ""); err != nil {
				return false, err
			}
		}
		want = slices.Delete(want, i, i+1)
	}
	for _, w := range want {
		if err := s.due(ctx, tx, c, Contact, w.Due, w.Late, c.Worker); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *Service) dropDue(ctx context.Context, tx *db.Tx, n id.ID) error {
	if _, err := tx.Exec(ctx, "UPDATE care_due SET state = 'dropped' WHERE id = ?", n); err != nil {
		return err
	}
	if err := job.Cancel(ctx, tx, JobDue, string(n)); err != nil {
		return err
	}
	return job.Cancel(ctx, tx, JobRemind, string(n))
}

// dropDues ends the open contacts of a case of one kind.
func (s *Service) dropDues(ctx context.Context, tx *db.Tx, c Case, kind string) error {
	var open []id.ID
	if err := tx.List(ctx, &open, "SELECT id FROM care_due WHERE case_id = ? AND kind = ? AND state = 'open'", c.ID, kind); err != nil {
		return err
	}
	for _, d := range open {
		if err := s.dropDue(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// Ahead are the contacts of a child that its case holds: whose they are, how
// many, and when the next one falls due.
type Ahead struct {
	No   string
	Open int
	Next clock.Millis
}

// AheadOf gives them, for whoever shows what a child's colour obliges; callers
// check the right.
func AheadOf(ctx context.Context, r db.Reader, child id.ID) (Ahead, error) {
	var rows []struct {
		No   string       `bun:"no"`
		N    int          `bun:"n"`
		Next clock.Millis `bun:"next"`
	}
	err := r.List(ctx, &rows, `SELECT c.no AS no, count(*) AS n, min(d.due_at) AS next FROM care_due d JOIN care_case c ON c.id = d.case_id
		WHERE c.child_id = ? AND c.state IN ('intake', 'assessed', 'serving', 'closing') AND d.kind = ? AND d.state = 'open' GROUP BY c.no ORDER BY min(d.due_at) LIMIT 1`, child, Contact)
	if err != nil || len(rows) == 0 {
		return Ahead{}, err
	}
	return Ahead{rows[0].No, rows[0].N, rows[0].Next}, nil
}

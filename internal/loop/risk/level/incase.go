package level

import (
	"context"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/person"
)

// A child in a crisis has one set of contacts, not one by its colour and one by
// its case: the case holds them, each by the stricter limit. What is asked for
// within a day, a person with the child now, stays with the colour, as do the
// re-assessments.

// Window is the time within which a child must be contacted once: behind
// After, at Due at the latest; at Late the seat is told.
type Window struct {
	After clock.Millis
	Due   clock.Millis
	Late  clock.Millis
}

// InCase tells which contacts of a child its case holds.
type InCase struct {
	No   string       `json:"no"`
	Open int          `json:"open"`
	Next clock.Millis `json:"next"`
}

// joins tells whether a contact is one that a case can hold.
func joins(c Contact) bool { return c.Kind == "contact" && c.DueAt.Sub(c.Created) >= 24*time.Hour }

// windows gives the contacts that a case can hold, out of those of one cause.
func windows(list []Contact) []Window {
	sorted := slices.DeleteFunc(slices.Clone(list), func(c Contact) bool { return c.Kind != "contact" })
	slices.SortFunc(sorted, func(a, b Contact) int { return int(a.DueAt - b.DueAt) })
	var out []Window
	for i, c := range sorted {
		after := c.Created
		if i > 0 {
			after = max(after, sorted[i-1].DueAt)
		}
		if joins(c) && c.State == "open" {
			out = append(out, Window{after, c.DueAt, c.LateAt})
		}
	}
	return out
}

// bookOnce books what a colour obliges; contacts that the case's crisis takes
// in are not booked a second time.
func (s *Service) bookOnce(ctx context.Context, tx *db.Tx, list []Contact) error {
	if more := windows(list); len(more) > 0 {
		taken, err := s.ports.Join(ctx, tx, list[0].ChildID, more)
		if err != nil {
			return err
		}
		if taken {
			list = slices.DeleteFunc(list, joins)
		}
	}
	return s.book(ctx, tx, list)
}

// Yield ends the contacts that a child's colour obliges, for its case to hold
// them, and gives their windows. Late ones stay: the seat is at it.
func (s *Service) Yield(ctx context.Context, tx *db.Tx, child id.ID) ([]Window, error) {
	if err := tx.Lock(ctx, "level:"+string(child)); err != nil {
		return nil, err
	}
	list, err := contactsOf(ctx, tx, "child_id = ? AND kind = 'contact' AND state <> 'dropped' ORDER BY due_at", child)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if !joins(c) || c.State != "open" {
			continue
		}
		if err := job.Cancel(ctx, tx, jobLate, string(c.ID)); err != nil {
			return nil, err
		}
		out := c
		out.State = "dropped"
		if err := saveContact(ctx, tx, out); err != nil {
			return nil, err
		}
	}
	return windows(list), nil
}

// Resume books what is still to come of what a child's colour obliges, when its
// case holds the contacts no more.
func (s *Service) Resume(ctx context.Context, tx *db.Tx, child id.ID) error {
	if err := tx.Lock(ctx, "level:"+string(child)); err != nil {
		return err
	}
	row, known, err := find(ctx, tx, child)
	if err != nil || !known || row.Colour == "" {
		return err
	}
	duty, ok, err := s.dutyOf(ctx, tx, row.Colour)
	if err != nil || !ok {
		return err
	}
	list := plan(row, duty, row.Reason, row.ColourAt)
	list = slices.DeleteFunc(list, func(c Contact) bool { return !joins(c) || c.DueAt <= tx.Now })
	return s.book(ctx, tx, list)
}

// Contacted writes down a contact that the child's case made: it counts for the
// colour like any other. Whoever calls it has checked the right.
func (s *Service) Contacted(ctx context.Context, tx *db.Tx, child, by id.ID, stable bool) error {
	area, err := person.Region(ctx, tx, child)
	if err != nil {
		return err
	}
	return insertContacts(ctx, tx, []Contact{{ID: id.New(), ChildID: child, Region: area, Kind: "extra", Who: "anybody", Cause: "case", DueAt: tx.Now, LateAt: tx.Now, State: "done", Tries: 1,
		Reached: true, Stable: stable, DoneAt: tx.Now, DoneBy: by, Created: tx.Now}})
}

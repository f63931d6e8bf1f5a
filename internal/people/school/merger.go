package school

import (
	"context"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Part is a kind of what a merged school had.
type Part string

// The parts.
const (
	PartChild   Part = "child"
	PartTeacher Part = "teacher"
	PartMember  Part = "member" // of a campaign
	PartAsker   Part = "asker"  // a teacher of a campaign
	PartSheet   Part = "sheet"  // printed for a drawing
	partName    Part = "name"
)

// Merger is one merger of two schools, with how many came.
type Merger struct {
	ID         id.ID        `bun:"id" json:"id"`
	FromID     id.ID        `bun:"from_id" json:"from_id"`
	FromName   string       `bun:"from_name" json:"from_name"`
	IntoID     id.ID        `bun:"into_id" json:"into_id"`
	IntoName   string       `bun:"into_name" json:"into_name"`
	Reason     string       `bun:"reason" json:"reason"`
	By         id.ID        `bun:"merged_by" json:"-"`
	ByName     string       `bun:"-" json:"by_name"`
	At         clock.Millis `bun:"merged_at" json:"at"`
	UndoUntil  clock.Millis `bun:"undo_until" json:"undo_until"`
	UndoneAt   clock.Millis `bun:"undone_at" json:"undone_at"`
	UndoneBy   id.ID        `bun:"undone_by" json:"-"`
	UndoneName string       `bun:"-" json:"undone_name"`
	UndoReason string       `bun:"undo_reason" json:"undo_reason"`
	Came       map[Part]int `bun:"-" json:"came"` // children, classes of teachers, rows of campaigns, sheets
	Back       map[Part]int `bun:"-" json:"back"` // of these, those that the undoing moved back
	Left       int          `bun:"-" json:"left"` // children who have been moved on since
	MayUndo    bool         `bun:"-" json:"may_undo"`
	// Later tells that the other school was merged itself: that is undone first.
	Later bool `bun:"later" json:"later"`
}

// CameClass is a class of the merged school as it was.
type CameClass struct {
	Grade    string `bun:"grade" json:"grade"`
	Class    string `bun:"class" json:"class"`
	Children int    `bun:"n" json:"children"`
}

// CameTeacher is who taught at the merged school.
type CameTeacher struct {
	Ref   id.ID  `bun:"ref" json:"-"`
	Name  string `bun:"-" json:"name"`
	Grade string `bun:"grade" json:"grade"`
	Class string `bun:"class" json:"class"`
	State string `bun:"state" json:"state"`
}

// CameCampaign is a campaign in which the merged school stood.
type CameCampaign struct {
	Ref   id.ID  `bun:"whose" json:"id"`
	Title string `bun:"-" json:"title"`
	Rows  int    `bun:"n" json:"rows"` // members
}

// CameChild is a child who came; the name only where the actor may search the
// register.
type CameChild struct {
	ID    id.ID  `bun:"ref" json:"id"`
	Name  string `bun:"-" json:"name"`
	State string `bun:"state" json:"state"` // empty: still there; left; back; stayed
}

// Came is the list of a merger.
type Came struct {
	Merger
	Classes   []CameClass    `json:"classes"`
	Teachers  []CameTeacher  `json:"teachers"`
	Campaigns []CameCampaign `json:"campaigns"`
}

// Mergers lists the mergers into a school and those of it that were undone, the
// newest first. The right is that of changing the school.
func (s *Service) Mergers(ctx context.Context, n id.ID) ([]Merger, error) {
	var out []Merger
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if _, err := s.find(ctx, r, n); err != nil {
			return err
		}
		var err error
		if out, err = mergersOf(ctx, r, n); err != nil {
			return err
		}
		return s.fill(ctx, r, out)
	})
	return out, err
}

// fill names the people and says what may be undone.
func (s *Service) fill(ctx context.Context, r db.Reader, list []Merger) error {
	var who []id.ID
	for _, m := range list {
		who = append(who, m.By, m.UndoneBy)
	}
	names, err := s.ports.Names(ctx, r, who...)
	if err != nil {
		return err
	}
	for i := range list {
		m := &list[i]
		m.ByName, m.UndoneName = names[m.By], names[m.UndoneBy]
		m.MayUndo = m.undoable(r.At()) == nil && s.both(ctx, r, *m) == nil
	}
	return nil
}

// undoable tells why a merger can't be undone. Errors: Conflict.
func (m Merger) undoable(now clock.Millis) error {
	switch {
	case m.UndoneAt != 0:
		return errs.Conflict("record.moved_on")
	case now > m.UndoUntil:
		return errs.Conflict("school.undo_late")
	case m.Later:
		return errs.Conflict("school.merged_on")
	}
	return nil
}

// both asks for the right at both schools, as merging them did.
func (s *Service) both(ctx context.Context, r db.Reader, m Merger) error {
	at, err := Regions(ctx, r, m.FromID, m.IntoID)
	if err != nil {
		return err
	}
	for _, n := range []id.ID{m.FromID, m.IntoID} {
		if err := s.may(ctx, at[n]); err != nil {
			return err
		}
	}
	return nil
}

// Came tells who and what came by a merger. Errors: Forbidden, NotFound.
func (s *Service) Came(ctx context.Context, merger id.ID) (Came, error) {
	var out Came
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		m, err := s.seen(ctx, r, merger)
		if err != nil {
			return err
		}
		if out, err = cameOf(ctx, r, m); err != nil {
			return err
		}
		var teachers, campaigns []id.ID
		for _, t := range out.Teachers {
			teachers = append(teachers, t.Ref)
		}
		for _, c := range out.Campaigns {
			campaigns = append(campaigns, c.Ref)
		}
		people, titles, err := s.ports.Called(ctx, r, teachers, campaigns)
		if err != nil {
			return err
		}
		for i := range out.Teachers {
			out.Teachers[i].Name = people[out.Teachers[i].Ref]
		}
		for i := range out.Campaigns {
			out.Campaigns[i].Title = titles[out.Campaigns[i].Ref]
		}
		return nil
	})
	return out, err
}

// CameChildren names the children of one class that came by a merger. Those of
// whom the actor may not know are left out.
func (s *Service) CameChildren(ctx context.Context, merger id.ID, grade, class string) ([]CameChild, error) {
	out := []CameChild{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		m, err := s.seen(ctx, r, merger)
		if err != nil {
			return err
		}
		list, err := childrenOf(ctx, r, m.ID, grade, class)
		if err != nil {
			return err
		}
		var ids []id.ID
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		names, err := s.ports.Children(ctx, r, ids...)
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.Name = names[c.ID]; c.Name != "" {
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// seen finds a merger of which the actor may read.
func (s *Service) seen(ctx context.Context, r db.Reader, merger id.ID) (Merger, error) {
	if err := access.May(access.From(ctx), "school.write"); err != nil {
		return Merger{}, err
	}
	m, err := mergerOf(ctx, r, merger)
	if err != nil {
		return Merger{}, err
	}
	at, err := Regions(ctx, r, m.IntoID)
	if err != nil {
		return Merger{}, err
	}
	if err := s.may(ctx, at[m.IntoID]); err != nil {
		return Merger{}, err
	}
	list := []Merger{m}
	err = s.fill(ctx, r, list)
	return list[0], err
}

// reasonOf cleans a reason. Errors: Invalid "reason".
func reasonOf(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		return "", errs.Invalid("reason", "text.needed")
	case n > 500:
		return "", errs.Invalid("reason", "text.too_long")
	}
	return reason, nil
}

// Merge lets one school be another: its pupils, teachers and sheets are the
// other's from now on, and its names mean the other. Who came is kept, and
// Undo takes it back within the days of the policy. Errors: Invalid "reason",
// Forbidden, NotFound, Conflict.
func (s *Service) Merge(ctx context.Context, from, into id.ID, reason string) (School, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return School{}, err
	}
	if from == into {
		return School{}, errs.Invalid("into", "school.itself")
	}
	var out School
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "school"); err != nil {
			return err
		}
		was, err := s.find(ctx, tx, from)
		if err != nil {
			return err
		}
		if out, err = s.find(ctx, tx, into); err != nil {
			return err
		}
		days := s.policies.On(civil.DateOf(tx.Now.Time())).UndoDays
		m := Merger{ID: id.New(), FromID: was.ID, IntoID: out.ID, Reason: reason, UndoUntil: tx.Now + clock.Millis(days)*24*3600*1000}
		if err := keep(ctx, tx, m); err != nil {
			return err
		}
		if err := s.ports.Came(ctx, tx, m); err != nil {
			return err
		}
		if err := join(ctx, tx, m); err != nil {
			return err
		}
		if err := s.ports.Moved(ctx, tx, was.ID, out); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, was, "merged", string(out.ID)); err != nil {
			return err
		}
		return s.tell(ctx, tx, out, "took_in", string(was.ID))
	})
}

// Undo parts two merged schools: who came and has not been moved on since is of
// the earlier school again, and its names mean it again. What was entered after
// the merger stays. Errors: Invalid "reason", Forbidden, NotFound, Conflict
// "school.undo_late", "school.merged_on".
func (s *Service) Undo(ctx context.Context, merger id.ID, reason string) (Merger, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return Merger{}, err
	}
	var out Merger
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "school"); err != nil {
			return err
		}
		m, err := s.seen(ctx, tx, merger)
		if err != nil {
			return err
		}
		if err := s.both(ctx, tx, m); err != nil {
			return err
		}
		if err := m.undoable(tx.Now); err != nil {
			return err
		}
		now, err := Find(ctx, tx, m.IntoID)
		if err != nil {
			return err
		}
		was, err := part(ctx, tx, m, now, reason)
		if err != nil {
			return err
		}
		if err := s.ports.Back(ctx, tx, m, was); err != nil {
			return err
		}
		if err := stay(ctx, tx, m.ID); err != nil {
			return err
		}
		if out, err = mergerOf(ctx, tx, m.ID); err != nil {
			return err
		}
		for _, x := range []School{was, now} {
			e := audit.Entry{Action: "school.write", SubjectKind: "school", Subject: x.ID, Region: x.Region, Fields: []string{"pupils"}, Purpose: reason, Result: "parted"}
			if err := audit.Write(ctx, tx, e); err != nil {
				return err
			}
			if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "school", Region: x.Region, Ref: string(x.ID)}); err != nil {
				return err
			}
		}
		return nil
	})
}

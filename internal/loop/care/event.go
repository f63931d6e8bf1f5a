package care

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Kinds of event.
const (
	Group     = "group"     // 团辅
	Publicity = "publicity" // 宣传
)

// Event is a group session or a publicity event.
type Event struct {
	ID        id.ID        `bun:"id" json:"id"`
	Kind      string       `bun:"kind" json:"kind"`
	Theme     string       `bun:"theme" json:"theme"`
	Region    string       `bun:"region" json:"region"`
	Place     string       `bun:"place" json:"place"`
	HeldAt    clock.Millis `bun:"held_at" json:"held_at"`
	Minutes   int          `bun:"minutes" json:"minutes"`
	Leader    id.ID        `bun:"leader" json:"leader"`
	People    int          `bun:"people" json:"people"`
	Materials int          `bun:"materials" json:"materials"`
	Note      string       `bun:"note" json:"note"`
	State     string       `bun:"state" json:"state"` // planned, held, cancelled
	MadeAt    clock.Millis `bun:"made_at" json:"made_at"`
	MadeBy    id.ID        `bun:"made_by" json:"made_by"`
	Version   int64        `bun:"version" json:"version"`
}

const eventColumns = "id, kind, theme, region, place, held_at, minutes, leader, people, materials, note, state, made_at, made_by, version"

// NewEvent is what an event takes.
type NewEvent struct {
	Kind    string
	Theme   string
	Region  string
	Place   string
	HeldAt  clock.Millis
	Minutes int
	Note    string
	Members []id.ID // children of a group
}

func (q NewEvent) check() error {
	var bad []errs.Field
	add := func(ok bool, name, key string) {
		if !ok {
			bad = append(bad, errs.Field{Name: name, Key: key})
		}
	}
	add(q.Kind == Group || q.Kind == Publicity, "kind", "case.choice")
	add(strings.TrimSpace(q.Theme) != "", "theme", "text.needed")
	add(len([]rune(q.Theme)) <= 100 && len([]rune(q.Place)) <= 100 && len([]rune(q.Note)) <= 2000, "theme", "text.too_long")
	add(q.HeldAt > 0, "held_at", "date.form")
	add(q.Minutes >= 0 && q.Minutes <= 600, "minutes", "case.minutes")
	add(len(q.Members) <= 200, "members", "case.members")
	return errs.InvalidFields(bad)
}

// PlanEvent puts an event into the calendar.
func (s *Service) PlanEvent(ctx context.Context, q NewEvent) (Event, error) {
	if err := q.check(); err != nil {
		return Event{}, err
	}
	var e Event
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		area := q.Region
		if area == "" {
			area = s.district
		}
		if err := access.Check(a, "event.write", access.Target{Region: area}); err != nil {
			return err
		}
		e = Event{ID: id.New(), Kind: q.Kind, Theme: strings.TrimSpace(q.Theme), Region: area, Place: q.Place, HeldAt: q.HeldAt, Minutes: q.Minutes, Leader: a.Account, Note: q.Note,
			State: "planned", MadeAt: tx.Now, MadeBy: a.Account, Version: 1}
		if _, err := tx.Exec(ctx, "INSERT INTO care_event ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, 1)",
			e.ID, e.Kind, e.Theme, e.Region, e.Place, e.HeldAt, e.Minutes, e.Leader, e.Note, e.State, e.MadeAt, e.MadeBy); err != nil {
			return err
		}
		if q.Kind == Group {
			for _, m := range q.Members {
				if err := s.mayInvite(ctx, tx, a, m); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "INSERT INTO care_attendance (event_id, child_id) VALUES (?, ?) ON CONFLICT DO NOTHING", e.ID, m); err != nil {
					return err
				}
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "event.write", SubjectKind: "event", Subject: e.ID, Fields: []string{"planned"}, Region: area})
	})
	return e, err
}

// mayInvite tells whether a child may be put into a group: one of the actor's
// area, or of a case it works on. A group shows the names of its children.
func (s *Service) mayInvite(ctx context.Context, r db.Reader, a access.Actor, child id.ID) error {
	_, area, err := s.ports.Key(ctx, r, child)
	if err != nil {
		return err
	}
	if !a.Finds(child) {
		return errs.NotFound("record.not_found")
	}
	if a.Allowed("event.write", access.Target{Region: area}) {
		return nil
	}
	if task, err := TaskOnChild(ctx, r, a.Account, child); err != nil || task != "" {
		return err
	}
	return errs.NotFound("record.not_found")
}

// Attendance is one child of a group: whether it came, and the score of the
// same instrument before and after.
type Attendance struct {
	ChildID    id.ID  `bun:"child_id" json:"child_id"`
	Came       bool   `bun:"came" json:"came"`
	Before     *int   `bun:"before_score" json:"before,omitempty"`
	After      *int   `bun:"after_score" json:"after,omitempty"`
	Instrument string `bun:"instrument" json:"instrument,omitempty"`
}

// Held is what is said of an event after it.
type Held struct {
	State      string // held, cancelled
	People     int
	Materials  int
	Note       string
	Attendance []Attendance
	Version    int64
}

// HoldEvent says that an event was held, with who came, or that it was not.
func (s *Service) HoldEvent(ctx context.Context, n id.ID, h Held) (Event, error) {
	if !slices.Contains([]string{"held", "cancelled"}, h.State) {
		return Event{}, errs.Invalid("state", "case.choice")
	}
	if h.People < 0 || h.People > 100000 || h.Materials < 0 || h.Materials > 1000000 {
		return Event{}, errs.Invalid("people", "case.members")
	}
	var e Event
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if e, err = EventOf(ctx, tx, n); err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "event.write", access.Target{Region: e.Region}); err != nil {
			return err
		}
		if e.State != "planned" {
			return errs.Conflict("case.decided")
		}
		if h.Version != 0 && h.Version != e.Version {
			return errs.Conflict("record.changed")
		}
		e.State, e.People, e.Materials = h.State, h.People, h.Materials
		if h.Note != "" {
			e.Note = h.Note
		}
		came := 0
		for _, at := range h.Attendance {
			done, err := tx.Exec(ctx, "UPDATE care_attendance SET came = ?, before_score = ?, after_score = ?, instrument = ? WHERE event_id = ? AND child_id = ?",
				at.Came, at.Before, at.After, at.Instrument, n, at.ChildID)
			if err != nil {
				return err
			}
			if done == 0 {
				return errs.Invalid("attendance", "case.not_member")
			}
			if !at.Came || h.State != "held" {
				continue
			}
			came++
			if err := child.Note(ctx, tx, child.Entry{ChildID: at.ChildID, At: e.HeldAt, Kind: "group", Title: "timeline.group", RefKind: "event", RefID: n, Region: e.Region}); err != nil {
				return err
			}
		}
		if e.Kind == Group && h.State == "held" {
			e.People = came
		}
		if _, err := tx.Exec(ctx, "UPDATE care_event SET state = ?, people = ?, materials = ?, note = ?, version = version + 1 WHERE id = ?", e.State, e.People, e.Materials, e.Note, n); err != nil {
			return err
		}
		e.Version++
		return audit.Write(ctx, tx, audit.Entry{Action: "event.write", SubjectKind: "event", Subject: n, Fields: []string{e.State}, Region: e.Region})
	})
	return e, err
}

// EventOf gives an event without asking for rights; callers check.
func EventOf(ctx context.Context, r db.Reader, n id.ID) (Event, error) {
	var e Event
	err := r.Get(ctx, []any{&e}, "SELECT "+eventColumns+" FROM care_event WHERE id = ?", n)
	return e, err
}

// Events lists events of the actor's area, newest first.
func (s *Service) Events(ctx context.Context, kind string, from, to clock.Millis) ([]Event, error) {
	a := access.From(ctx)
	out := []Event{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.May(a, "event.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("event.read"))
		if kind != "" {
			where, args = where+" AND kind = ?", append(args, kind)
		}
		if from != 0 {
			where, args = where+" AND held_at >= ?", append(args, from)
		}
		if to != 0 {
			where, args = where+" AND held_at < ?", append(args, to)
		}
		return r.List(ctx, &out, "SELECT "+eventColumns+" FROM care_event WHERE "+where+" ORDER BY held_at DESC LIMIT 500", args...)
	})
	return out, err
}

// GroupMembers lists who belongs to a group session, with names.
func (s *Service) GroupMembers(ctx context.Context, n id.ID) ([]Attendance, map[id.ID]string, error) {
	out := []Attendance{}
	var names map[id.ID]string
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		e, err := EventOf(ctx, r, n)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "event.write", access.Target{Region: e.Region}); err != nil {
			return err
		}
		shown, hidden := access.From(ctx).Shown("child_id")
		if err := r.List(ctx, &out, "SELECT child_id, came, before_score, after_score, instrument FROM care_attendance WHERE event_id = ? AND "+shown+" ORDER BY child_id", append([]any{n}, hidden...)...); err != nil {
			return err
		}
		var children []id.ID
		for _, at := range out {
			children = append(children, at.ChildID)
		}
		names, err = s.ports.Children(ctx, r, children)
		for _, c := range children {
			audit.Show(ctx, "event.read", string(n), e.Region, audit.Shown{Kind: "child", ID: c, Fields: []string{"name", "attendance"}})
		}
		return err
	})
	return out, names, err
}

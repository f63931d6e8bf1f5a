package intake

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/roster"
)

func aadReason(intake id.ID) string { return "intake.reason:" + string(intake) }

// ProblemWorkedOn is the problem of an import that can't be undone: Blockers
// names who stands against it.
const ProblemWorkedOn = "intake.worked_on"

// Undo takes a whole import away again, or nothing of it. Errors: NotFound,
// Invalid, Conflict "intake.moved", "intake.other_writes".
func (s *Service) Undo(ctx context.Context, intake id.ID, reason string) (View, error) {
	if utf8.RuneCountInString(civil.Squeeze(reason)) < 4 || len(reason) > 2000 {
		return View{}, errs.Invalid("reason", "reveal.reason_short")
	}
	return s.turn(ctx, intake, reason, map[State]State{Done: Undoing})
}

// Cancel stops an import that is being written and takes away what is there;
// nothing of it has shown. A draft is dropped, with its file. Errors: NotFound,
// Conflict "intake.moved".
func (s *Service) Cancel(ctx context.Context, intake id.ID) (View, error) {
	var i Intake
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		i, err = findFor(ctx, r, intake)
		return err
	}); err != nil {
		return View{}, err
	}
	if i.State == Draft {
		if err := s.erase(ctx, i); err != nil {
			return View{}, err
		}
		return s.Find(ctx, intake)
	}
	return s.turn(ctx, intake, "", map[State]State{Writing: Removing})
}

func (s *Service) turn(ctx context.Context, intake id.ID, reason string, steps map[State]State) (View, error) {
	small := false
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "intake"); err != nil {
			return err
		}
		i, err := findFor(ctx, tx, intake)
		if err != nil {
			return err
		}
		to, ok := steps[i.State]
		if !ok {
			return errs.Conflict("intake.moved")
		}
		if other, err := writing(ctx, tx); err != nil || other != "" && other != i.ID {
			return errors.Join(err, errs.Conflict("intake.other_writes"))
		}
		if err := move(ctx, tx, i.ID, i.State, to); err != nil {
			return err
		}
		if to == Undoing { // who bears the mark shows until all do
			if err := person.Show(ctx, tx, i.ID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE intake SET undone_by = ?, reason = ?, problem = '' WHERE id = ?",
			access.From(ctx).Account, s.Keys.Seal(aadReason(i.ID), reason), i.ID); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: action(i.Kind), SubjectKind: "import", Subject: i.ID, Result: string(to), Region: i.Region}); err != nil {
			return err
		}
		small = i.OK+i.Warn <= s.Policies.On(civil.DateOf(tx.Now.Time())).BackgroundAbove || s.Jobs == nil
		return s.begin(ctx, tx, i, small)
	})
	if err != nil {
		return View{}, err
	}
	return s.carry(ctx, intake, small)
}

// of gives the records of an import: the children or devices, and the
// guardians that it made.
func (s *Service) of(ctx context.Context, i Intake) (records, adults []id.ID, err error) {
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := chunks(ctx, r, i.ID)
		for _, m := range list {
			for _, row := range m.Rows {
				records = append(records, row.Record)
			}
			adults = append(adults, m.Adults...)
		}
		return err
	})
	return records, adults, err
}

// mark puts the marks on again, children first, and hides all at once when
// nobody has been worked on. Else the marks come off and the import stays.
func (s *Service) mark(ctx context.Context, i Intake, stop func() bool) error {
	records, adults, err := s.of(ctx, i)
	if err != nil {
		return err
	}
	put := func(list []id.ID) error {
		for part := range slices.Chunk(list, markMost/2) {
			if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
				var err error
				if i.Kind == roster.Devices {
					_, err = device.Mark(ctx, tx, i.ID, part)
				} else {
					_, err = person.Mark(ctx, tx, i.ID, part, i.ShownAt)
				}
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := put(records); err != nil {
		return err
	}
	var against []id.ID
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if i.Kind == roster.Devices {
			against, err = device.Unmarked(ctx, r, i.ID, records)
		} else {
			against, err = person.Unmarked(ctx, r, i.ID, records)
		}
		return err
	}); err != nil {
		return err
	}
	if len(against) > 0 {
		return s.stay(ctx, i, Undoing)
	}
	if err := put(adults); err != nil {
		return err
	}
	if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := person.Hide(ctx, tx, i.ID); err != nil {
			return err
		}
		if err := move(ctx, tx, i.ID, Undoing, Removing); err != nil {
			return err
		}
		topic := "child"
		if i.Kind == roster.Devices {
			topic = "device"
		}
		return tx.Emit(ctx, db.Event{Topic: topic, Kind: "undone", Region: i.Region, Ref: string(i.ID)})
	}); err != nil {
		return err
	}
	// Now that nobody can begin anything new on them: did somebody, between the
	// marking and the hiding?
	if err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if i.Kind == roster.Devices {
			against, err = device.Touched(ctx, r, i.ID)
		} else {
			against, err = person.Touched(ctx, r, i.ID)
		}
		return err
	}); err != nil {
		return err
	}
	if len(against) == 0 {
		return nil
	}
	if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := person.Show(ctx, tx, i.ID); err != nil {
			return err
		}
		return move(ctx, tx, i.ID, Removing, Undoing)
	}); err != nil {
		return err
	}
	return s.stay(ctx, i, Undoing)
}

// stay ends an undo that is refused: all is as before.
func (s *Service) stay(ctx context.Context, i Intake, from State) error {
	if err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE intake SET problem = ?, undone_by = '', reason = '' WHERE id = ?", ProblemWorkedOn, i.ID)
		return err
	}); err != nil {
		return err
	}
	return s.settle(ctx, i, from, Done, func() bool { return false })
}

// remove deletes what does not show any more.
func (s *Service) remove(ctx context.Context, i Intake, stop func() bool) error {
	for !stop() {
		n := 0
		err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			if i.Kind == roster.Devices {
				n, err = device.Remove(ctx, tx, i.ID, removeMost)
			} else {
				n, err = person.Remove(ctx, tx, i.ID, removeMost)
			}
			if err != nil || n > 0 {
				return err
			}
			// Devices that were there before go back into stock; proposals fall.
			list, err := follows(ctx, tx, i.ID, followed, 1000)
			if err != nil {
				return err
			}
			for _, f := range list {
				if f.Kind == followAdopt {
					if err := device.New(s.DB, s.Keys, device.Ports{}).TakeBackListed(ctx, tx, f.Record, f.Other); err != nil {
						return err
					}
				}
			}
			if _, err := tx.Exec(ctx, "UPDATE intake_follow SET state = 'rejected', detail = '' WHERE intake = ? AND state IN ('waiting', 'open')", i.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "DELETE FROM intake_chunk WHERE intake = ?", i.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE intake SET undone_at = ? WHERE id = ?", tx.Now, i.ID); err != nil {
				return err
			}
			if err := move(ctx, tx, i.ID, Removing, Undone); err != nil {
				return err
			}
			return s.tell(ctx, tx, i)
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
	return nil
}

// Blocker is a child or a device that keeps an import from being undone.
type Blocker struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"` // of a device: its number
	Why  string `json:"why"`  // changed, entries (matters, devices, visits), gone
}

// blockers names up to 20 of them.
func (s *Service) blockers(ctx context.Context, r db.Reader, i Intake, records []id.ID) ([]Blocker, error) {
	out := []Blocker{}
	for part := range slices.Chunk(records, 400) {
		args := db.Anys(part)
		in := "(" + db.Marks(len(part)) + ")"
		query := `SELECT p.id AS id, p.name AS name, CASE WHEN p.state <> 'active' THEN 'gone' WHEN p.version <> 1 THEN 'changed' ELSE 'entries' END AS why
			FROM person p WHERE p.id IN ` + in + ` AND (p.version <> 1 OR p.state <> 'active' OR EXISTS
			(SELECT 1 FROM child_entry e WHERE e.child_id = p.id AND e.ref_id <> ?)) ORDER BY p.id LIMIT 20`
		args = append(args, i.ID)
		if i.Kind == roster.Devices {
			query = "SELECT id, device_id AS name, 'changed' AS why FROM device WHERE id IN " + in + " AND version <> 1 ORDER BY id LIMIT 20"
			args = args[:len(part)]
		}
		var rows []struct {
			ID   id.ID  `bun:"id"`
			Name string `bun:"name"`
			Why  string `bun:"why"`
		}
		if err := r.List(ctx, &rows, query, args...); err != nil {
			return nil, err
		}
		for _, b := range rows {
			if len(out) < 20 {
				out = append(out, Blocker(b))
			}
		}
	}
	return out, nil
}

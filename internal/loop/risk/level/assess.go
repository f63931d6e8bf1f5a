package level

import (
	"context"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/risk"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

func parseInt(s string) (int, error) { return strconv.Atoi(s) }

// Judgement is what a clinician documents.
type Judgement struct {
	Colour risk.Colour `json:"colour" enum:"green,yellow,orange,red"`
	Reason string      `json:"reason" maxLength:"4000"`
	// Seen is the instant at which the professional read the evidence: an
	// urgency that rose since must be looked at first.
	Seen clock.Millis `json:"seen,omitempty"`
}

// Outcome says what became of a judgement.
type Outcome struct {
	ID      id.ID       `json:"id"`
	State   string      `json:"state"` // set, waits
	Colour  risk.Colour `json:"colour"`
	Urgency risk.Colour `json:"urgency"`
}

// Assess clears the urgency by one documented assessment and sets the colour.
// A lower colour needs two stable contacts and waits for a second clinician.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Assess(ctx context.Context, childID id.ID, q Judgement) (Outcome, error) {
	var out Outcome
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Outcome{}
		t, err := s.check(ctx, tx, childID, "level.assess")
		if err != nil {
			return err
		}
		key, pupil, err := person.Key(ctx, tx, s.keys, childID)
		if err != nil {
			return err
		}
		if err := tx.Lock(ctx, "level:"+string(pupil.ID)); err != nil {
			return err
		}
		row, _, err := find(ctx, tx, pupil.ID)
		if err != nil {
			return err
		}
		row.Region, row.School, row.UpdatedAt = pupil.Region, pupil.School, tx.Now
		if q.Seen != 0 && q.Seen < row.RoseAt {
			return errs.Conflict("risk.rose_since")
		}
		me := access.From(ctx).Account
		judged := risk.Assessment{By: risk.Person{ID: string(me), Professional: true}, At: tx.Now.Time(), Colour: q.Colour, Reason: q.Reason}
		a := Assessment{ID: id.New(), ChildID: row.ChildID, Region: row.Region, At: tx.Now, By: me, Was: row.Colour, Colour: q.Colour, Machine: row.Urgency,
			Overrides: risk.Override(row.provisional(), risk.Assessed{Colour: q.Colour}), State: "set"}
		lower := row.Colour.Above(q.Colour)
		if lower {
			if err := s.mayLower(ctx, tx, row, judged); err != nil {
				return err
			}
			a.State = "waits"
		} else if _, err := row.assessed().Assess(judged, nil); err != nil {
			return err
		}
		a.Reason = key.Seal(reasonAAD(a.ID), strings.TrimSpace(q.Reason))
		if row.Urgency != "" {
			if err := s.clear(ctx, tx, &row, judged); err != nil {
				return err
			}
		}
		if !lower {
			if err := s.colour(ctx, tx, &row, a); err != nil {
				return err
			}
		}
		if err := save(ctx, tx, row); err != nil {
			return err
		}
		if err := insertAssessment(ctx, tx, a); err != nil {
			return err
		}
		title := "timeline.level_assessed"
		if lower {
			title = "timeline.level_lower_proposed"
		}
		// The reason stays with the assessment: the child's timeline has more readers.
		if err := s.ports.Note(ctx, tx, child.Entry{ChildID: row.ChildID, Kind: "level", Title: title, Data: map[string]string{"colour": string(q.Colour), "was": string(a.Was)}, RefKind: "assessment", RefID: a.ID}, ""); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "level.assess", SubjectKind: "child", Subject: row.ChildID, Fields: []string{"colour", "urgency"}, Purpose: string(t.Task), Region: row.Region}); err != nil {
			return err
		}
		out = Outcome{a.ID, a.State, row.Colour, row.Urgency}
		return tx.Emit(ctx, db.Event{Topic: "level", Kind: "assessed", Region: row.Region, Ref: string(row.ChildID)})
	})
	return out, err
}

// mayLower tells early what a lower colour lacks, but for the second person.
func (s *Service) mayLower(ctx context.Context, r db.Reader, row Row, judged risk.Assessment) error {
	waiting, err := assessmentsOf(ctx, r, 200, "child_id = ? AND state = 'waits'", row.ChildID)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return errs.Conflict("level.lower_waits")
	}
	made, err := s.made(ctx, r, row)
	if err != nil {
		return err
	}
	judged.Second = risk.Person{ID: "the second person who is asked next", Professional: true}
	_, err = row.assessed().Assess(judged, made)
	return err
}

// made gives the contacts since the colour was set.
func (s *Service) made(ctx context.Context, r db.Reader, row Row) ([]risk.Contact, error) {
	list, err := contactsOf(ctx, r, "child_id = ? AND state = 'done' AND done_at > ? ORDER BY done_at", row.ChildID, row.ColourAt)
	out := make([]risk.Contact, 0, len(list))
	for _, c := range list {
		out = append(out, risk.Contact{At: c.DoneAt.Time(), Reached: c.Reached, Stable: c.Stable})
	}
	return out, err
}

func (s *Service) clear(ctx context.Context, tx *db.Tx, row *Row, judged risk.Assessment) error {
	was, rules, version := row.Urgency, row.Rules, row.RulesVersion
	p, err := row.provisional().Clear(judged)
	if err != nil {
		return err
	}
	row.put(p)
	row.Words = ""
	if err := s.drop(ctx, tx, row.ChildID, "urgency"); err != nil {
		return err
	}
	return insertMove(ctx, tx, Move{ChildID: row.ChildID, Region: row.Region, What: "cleared", Was: was, Rules: rules, Version: version})
}

// colour sets the colour and books what it obliges.
func (s *Service) colour(ctx context.Context, tx *db.Tx, row *Row, a Assessment) error {
	row.Colour, row.ColourRank, row.ColourAt, row.ColourBy, row.ColourSecond, row.Reason = a.Colour, ranks[a.Colour], tx.Now, a.By, a.Second, string(a.ID)
	row.ClearedAt, row.ClearedBy = max(row.ClearedAt, a.At), a.By
	if a.Was != a.Colour {
		if err := insertMove(ctx, tx, Move{ChildID: row.ChildID, Region: row.Region, What: "colour", Was: a.Was, Became: a.Colour}); err != nil {
			return err
		}
	}
	if err := s.drop(ctx, tx, row.ChildID, ""); err != nil {
		return err
	}
	duty, ok, err := s.dutyOf(ctx, tx, a.Colour)
	if err != nil || !ok {
		return err
	}
	return s.bookOnce(ctx, tx, plan(*row, duty, string(a.ID), tx.Now))
}

// Agree is the second clinician's word on a lower colour.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Agree(ctx context.Context, assessment id.ID, ok bool, remark string) (Outcome, error) {
	var out Outcome
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := findAssessment(ctx, tx, assessment)
		if err != nil {
			if e := access.May(access.From(ctx), "level.assess"); e != nil {
				return e
			}
			return err
		}
		t, err := s.check(ctx, tx, a.ChildID, "level.assess")
		if err != nil {
			return err
		}
		if a.State != "waits" {
			return errs.Conflict("level.nothing_to_agree")
		}
		me := access.From(ctx).Account
		if me == a.By {
			return errs.Forbidden("risk.second_person")
		}
		if !ok && len([]rune(strings.TrimSpace(remark))) < 4 {
			return errs.Invalid("remark", "reason.missing")
		}
		key, _, err := person.Key(ctx, tx, s.keys, a.ChildID)
		if err != nil {
			return err
		}
		row, _, err := find(ctx, tx, a.ChildID)
		if err != nil {
			return err
		}
		reason, err := key.Open(reasonAAD(a.ID), a.Reason)
		if err != nil {
			return errs.Internal(err)
		}
		a.Second, a.SecondAt, a.State = me, tx.Now, "refused"
		title := "timeline.level_lower_refused"
		if ok {
			made, err := s.made(ctx, tx, row)
			if err != nil {
				return err
			}
			if row.RoseAt > a.At {
				return errs.Conflict("risk.rose_since")
			}
			judged := risk.Assessment{By: risk.Person{ID: string(a.By), Professional: true}, Second: risk.Person{ID: string(me), Professional: true}, At: tx.Now.Time(), Colour: a.Colour, Reason: reason}
			if _, err := row.assessed().Assess(judged, made); err != nil {
				return err
			}
			a.State, title = "set", "timeline.level_lowered"
			if err := s.colour(ctx, tx, &row, a); err != nil {
				return err
			}
			if err := save(ctx, tx, row); err != nil {
				return err
			}
		}
		if remark = strings.TrimSpace(remark); remark != "" {
			a.Remark = key.Seal(reasonAAD(a.ID)+":remark", remark)
		}
		if _, err := tx.Exec(ctx, "UPDATE level_assessment SET second = ?, second_at = ?, state = ?, remark = ? WHERE id = ?", a.Second, a.SecondAt, a.State, a.Remark, a.ID); err != nil {
			return err
		}
		if err := s.ports.Note(ctx, tx, child.Entry{ChildID: a.ChildID, Kind: "level", Title: title, Data: map[string]string{"colour": string(a.Colour), "was": string(a.Was)}, RefKind: "assessment", RefID: a.ID}, remark); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "level.assess", SubjectKind: "child", Subject: a.ChildID, Fields: []string{"colour", "second"}, Purpose: string(t.Task), Region: a.Region, Result: a.State}); err != nil {
			return err
		}
		out = Outcome{a.ID, a.State, row.Colour, row.Urgency}
		return tx.Emit(ctx, db.Event{Topic: "level", Kind: "agreed", Region: a.Region, Ref: string(a.ChildID)})
	})
	return out, err
}

// Visit is a contact that somebody made or tried.
type Visit struct {
	Reached bool         `json:"reached"` // seen or spoken to in person
	Stable  bool         `json:"stable"`
	Note    string       `json:"note,omitempty" maxLength:"2000"`
	At      clock.Millis `json:"at,omitempty"`  // now if 0
	Key     string       `json:"key,omitempty"` // of the phone's outbox
}

// Made documents a contact that was due. Who was not reached was not
// contacted: the try is counted and the clock runs on.
// Errors: Invalid, Forbidden, NotFound, Conflict.
func (s *Service) Made(ctx context.Context, contact id.ID, v Visit) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := findContact(ctx, tx, contact)
		if err != nil {
			if e := access.May(access.From(ctx), "level.contact"); e != nil {
				return e
			}
			return err
		}
		t, err := s.check(ctx, tx, c.ChildID, "level.contact")
		if err != nil {
			return err
		}
		if c.State == "done" && c.DoneBy == access.From(ctx).Account { // sent again by a phone
			return nil
		}
		if c.State != "open" && c.State != "late" {
			return errs.Conflict("level.contact_over")
		}
		if c.Kind == "reassess" || c.Kind == "assess" {
			return errs.Conflict("level.assess_instead")
		}
		return s.visited(ctx, tx, c, v, t)
	})
}

// Extra documents a contact that nothing asked for; it counts like the others.
// Errors: Invalid, Forbidden, NotFound.
func (s *Service) Extra(ctx context.Context, childID id.ID, v Visit) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.check(ctx, tx, childID, "level.contact")
		if err != nil {
			return err
		}
		_, pupil, err := person.Key(ctx, tx, s.keys, childID)
		if err != nil {
			return err
		}
		c := Contact{ID: id.New(), ChildID: pupil.ID, Region: pupil.Region, Kind: "extra", Who: "anybody", Cause: "extra", DueAt: tx.Now, LateAt: tx.Now, State: "open", Created: tx.Now}
		if err := insertContacts(ctx, tx, []Contact{c}); err != nil {
			return err
		}
		return s.visited(ctx, tx, c, v, t)
	})
}

func (s *Service) visited(ctx context.Context, tx *db.Tx, c Contact, v Visit, t access.Target) error {
	if v.At == 0 {
		v.At = tx.Now
	}
	if v.At > tx.Now.Add(5*time.Minute) || v.At < tx.Now.Add(-60*24*time.Hour) {
		return errs.Invalid("at", "level.report_form")
	}
	if !v.Reached && c.Kind != "extra" && strings.TrimSpace(v.Note) == "" {
		return errs.Invalid("note", "level.why_not_reached")
	}
	key, _, err := person.Key(ctx, tx, s.keys, c.ChildID)
	if err != nil {
		return err
	}
	c.Tries++
	if note := strings.TrimSpace(v.Note); note != "" {
		c.Note = key.Seal(noteAAD(c.ID), note)
	}
	title := "timeline.contact_tried"
	if v.Reached || c.Kind == "extra" {
		c.State, c.Reached, c.Stable, c.DoneAt, c.DoneBy = "done", v.Reached, v.Reached && v.Stable, v.At, access.From(ctx).Account
		if v.Reached {
			title = "timeline.contact_unstable"
			if v.Stable {
				title = "timeline.contact_stable"
			}
		}
		if err := job.Cancel(ctx, tx, jobLate, string(c.ID)); err != nil {
			return err
		}
	}
	if err := saveContact(ctx, tx, c); err != nil {
		return err
	}
	if err := s.ports.Note(ctx, tx, child.Entry{ChildID: c.ChildID, Kind: "contact", Title: title, RefKind: "contact", RefID: c.ID, At: v.At}, strings.TrimSpace(v.Note)); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "level.contact", SubjectKind: "child", Subject: c.ChildID, Fields: []string{"contact"}, Purpose: string(t.Task), Region: c.Region}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "level", Kind: "contact", Region: c.Region, Ref: string(c.ChildID)})
}

// Supervise marks an override as seen, with a remark. Errors: Forbidden, NotFound.
func (s *Service) Supervise(ctx context.Context, assessment id.ID, remark string) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := findAssessment(ctx, tx, assessment)
		if err != nil {
			if e := access.May(access.From(ctx), "level.override"); e != nil {
				return e
			}
			return err
		}
		if err := access.Check(access.From(ctx), "level.override", access.Target{Region: a.Region}); err != nil {
			return err
		}
		if !a.Overrides || a.SupervisedAt != 0 {
			return errs.Conflict("level.nothing_to_agree")
		}
		if access.From(ctx).Account == a.By {
			return errs.Forbidden("risk.second_person")
		}
		key, _, err := person.Key(ctx, tx, s.keys, a.ChildID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE level_assessment SET supervised_by = ?, supervised_at = ?, remark = ? WHERE id = ?",
			access.From(ctx).Account, tx.Now, key.Seal(reasonAAD(a.ID)+":remark", strings.TrimSpace(remark)), a.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "level.override", SubjectKind: "child", Subject: a.ChildID, Fields: []string{"assessment"}, Region: a.Region})
	})
}

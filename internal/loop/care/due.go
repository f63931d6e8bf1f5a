package care

import (
	"context"
	"time"

	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
)

// JobDue falls due when a contact was not made in time; its key is the contact.
const JobDue = "care.due"

// JobRemind tells who has to make a contact that its day has come; its key is
// the contact.
const JobRemind = "care.remind"

// Kinds of contact.
const (
	Contact  = "contact"   // after a crisis
	FollowUp = "follow_up" // after the closing
)

const day = 24 * time.Hour

// afterCrisis are the contacts after a crisis: 24 h, 72 h, 7 days, then weekly
// for eight weeks. Example until a clinician signs.
var afterCrisis = func() []time.Duration {
	out := []time.Duration{day, 3 * day}
	for week := 1; week <= 8; week++ {
		out = append(out, time.Duration(week)*7*day)
	}
	return out
}()

// followUps are the days of the follow-up after a closing.
var followUps = []time.Duration{30 * day, 90 * day}

// late is how long after its time a contact goes to the seat.
const late = 4 * time.Hour

// Due is a contact that must be made.
type Due struct {
	ID       id.ID        `bun:"id" json:"id"`
	CaseID   id.ID        `bun:"case_id" json:"case_id"`
	Kind     string       `bun:"kind" json:"kind"`
	DueAt    clock.Millis `bun:"due_at" json:"due_at"`
	Who      id.ID        `bun:"who" json:"who"`
	State    string       `bun:"state" json:"state"` // open, done, dropped
	DoneAt   clock.Millis `bun:"done_at" json:"done_at"`
	DoneBy   id.ID        `bun:"done_by" json:"done_by"`
	Reached  bool         `bun:"reached" json:"reached"`
	Note     string       `bun:"note" json:"-"` // sealed
	MatterID id.ID        `bun:"matter_id" json:"matter_id"`
	LateAt   clock.Millis `bun:"late_at" json:"late_at"` // 0: the usual time after DueAt
}

// lateAt is when the seat is told.
func (d Due) lateAt() clock.Millis {
	if d.LateAt > 0 {
		return d.LateAt
	}
	return d.DueAt.Add(late)
}

func (s *Service) due(ctx context.Context, tx *db.Tx, c Case, kind string, at, lateAt clock.Millis, who id.ID) error {
	n := id.New()
	if _, err := tx.Exec(ctx, "INSERT INTO care_due (id, case_id, kind, due_at, late_at, who, state) VALUES (?, ?, ?, ?, ?, ?, 'open')", n, c.ID, kind, at, lateAt, who); err != nil {
		return err
	}
	if err := job.Schedule(ctx, tx, JobRemind, string(n), max(remindAt(at), tx.Now), ""); err != nil {
		return err
	}
	return job.Schedule(ctx, tx, JobDue, string(n), max(lateAt, tx.Now), "")
}

// remindAt is the morning of the day, with two hours left at least: a child may
// live an hour away.
func remindAt(due clock.Millis) clock.Millis {
	t := due.Time().In(clock.Zone)
	morning := time.Date(t.Year(), t.Month(), t.Day(), 8, 30, 0, 0, clock.Zone)
	return min(clock.Of(morning), due.Add(-2*time.Hour))
}

// remind is the rule of JobRemind.
func (s *Service) remind(ctx context.Context, tx *db.Tx, j job.Job) error {
	d, err := openDue(ctx, tx, id.ID(j.Key))
	if err != nil || d.ID == "" {
		return err
	}
	c, err := find(ctx, tx, d.CaseID)
	if err != nil {
		return err
	}
	return s.ports.Tell(ctx, tx, d.Who, "due:"+string(d.ID)+":today", "case.contact_due", c.No, c.ID)
}

// openDue gives a contact that is still to be made; the zero Due if it is not.
func openDue(ctx context.Context, r db.Reader, n id.ID) (Due, error) {
	var d Due
	err := r.Get(ctx, []any{&d}, "SELECT "+dueColumns+" FROM care_due WHERE id = ?", n)
	if errs.Is(err, errs.KindNotFound) || err == nil && d.State != "open" {
		return Due{}, nil
	}
	return d, err
}

// Crisis says that a crisis happened: its contacts get their times, anew if
// there was one before, and take those in that the child's colour obliges.
func (s *Service) Crisis(ctx context.Context, n id.ID) (Case, error) {
	return s.change(ctx, n, "case.work", 0, "crisis", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		if err := c.must(Intake, Assessed, Serving, Closing); err != nil {
			return c, err
		}
		if err := s.dropDues(ctx, tx, c, Contact); err != nil {
			return c, err
		}
		// What the child's colour obliges is one set with it, the stricter.
		theirs, err := s.ports.Yield(ctx, tx, c.ChildID)
		if err != nil {
			return c, err
		}
		for _, w := range strictest(nil, append(crisisWindows(tx.Now), theirs...)) {
			if err := s.due(ctx, tx, c, Contact, w.Due, w.Late, c.Worker); err != nil {
				return c, err
			}
		}
		c.CrisisAt = tx.Now
		if c.State == Closing {
			c.State, c.Result, c.ClosingAt, c.ClosingBy = Serving, "", 0, ""
		}
		return c, line(ctx, tx, c, "crisis")
	})
}

// Contacted says how a contact went.
type Contacted struct {
	Reached bool
	Stable  bool // the child was well; counts towards a lower colour
	Note    string
}

// Done says how a contact went. A child that was not reached counts as not
// done: the contact stays open and goes to the seat at once.
func (s *Service) Done(ctx context.Context, n, contact id.ID, q Contacted) (Case, error) {
	if q.Stable && !q.Reached {
		return Case{}, errs.Invalid("stable", "case.stable_unseen")
	}
	return s.change(ctx, n, "case.work", 0, "contact", func(ctx context.Context, tx *db.Tx, c Case) (Case, error) {
		var d Due
		if err := tx.Get(ctx, []any{&d}, "SELECT "+dueColumns+" FROM care_due WHERE id = ? AND case_id = ?", contact, n); err != nil {
			return c, err
		}
		if d.State != "open" {
			return c, errs.Conflict("case.decided")
		}
		key, _, err := s.ports.Key(ctx, tx, c.ChildID)
		if err != nil {
			return c, err
		}
		sealed := key.Seal("care_due.note:"+string(d.ID), q.Note)
		if !q.Reached {
			if _, err := tx.Exec(ctx, "UPDATE care_due SET note = ? WHERE id = ?", sealed, d.ID); err != nil {
				return c, err
			}
			return c, s.toSeat(ctx, tx, c, d)
		}
		if _, err := tx.Exec(ctx, "UPDATE care_due SET state = 'done', done_at = ?, done_by = ?, reached = ?, note = ? WHERE id = ?", tx.Now, access.From(ctx).Account, true, sealed, d.ID); err != nil {
			return c, err
		}
		if err := job.Cancel(ctx, tx, JobDue, string(d.ID)); err != nil {
			return c, err
		}
		if err := s.ports.Contacted(ctx, tx, c.ChildID, q.Stable); err != nil {
			return c, err
		}
		if d.Kind == FollowUp && c.State == Closed {
			var left int
			if err := tx.Get(ctx, db.To(&left), "SELECT count(*) FROM care_due WHERE case_id = ? AND kind = ? AND state = 'open'", n, FollowUp); err != nil {
				return c, err
			}
			if left == 0 {
				if c, err = c.followed(); err != nil {
					return c, err
				}
			}
		}
		return c, line(ctx, tx, c, "contact")
	})
}

// toSeat has the seat look for a child that a contact did not reach.
func (s *Service) toSeat(ctx context.Context, tx *db.Tx, c Case, d Due) error {
	kind, urgency := "welfare", policy.Normal
	if d.Kind == Contact {
		kind, urgency = "suicide", policy.Urgent
	}
	m, err := s.ports.Take(ctx, tx, signal.New{Source: signal.Program, Kind: "contact_missed", Key: "care:" + string(d.ID), ChildID: c.ChildID, Kinds: kind, Urgency: string(urgency), Note: "个案 " + c.No + " 的约定联系未完成"})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE care_due SET matter_id = ? WHERE id = ?", m, d.ID); err != nil {
		return err
	}
	return s.ports.Tell(ctx, tx, c.Supervisor, "due:"+string(d.ID), "case.contact_missed", c.No, c.ID)
}

// dueMissed is the rule of JobDue.
func (s *Service) dueMissed(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = access.With(ctx, access.System("care"))
	d, err := openDue(ctx, tx, id.ID(j.Key))
	if err != nil || d.ID == "" {
		return err
	}
	c, err := find(ctx, tx, d.CaseID)
	if err != nil {
		return err
	}
	return s.toSeat(ctx, tx, c, d)
}

// dateOf reads a date that was checked before.
func dateOf(text string) civil.Date {
	d, _ := civil.ParseDate(text)
	return d
}

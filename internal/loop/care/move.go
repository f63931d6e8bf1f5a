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
)

// Kinds of move.
const (
	MoveReferral = "referral" // another organ gives a service; the case stays
	MoveTransfer = "transfer" // the case goes to another worker
	MoveRequest  = "request"  // another worker asks for the case
	MoveJoint    = "joint"    // another works on it too
)

// Move is a referral, a transfer, a request or a joining, asked and answered.
type Move struct {
	ID           id.ID        `bun:"id" json:"id"`
	CaseID       id.ID        `bun:"case_id" json:"case_id"`
	Kind         string       `bun:"kind" json:"kind"`
	From         id.ID        `bun:"from_account" json:"from"`
	To           id.ID        `bun:"to_account" json:"to"`
	ToDepartment string       `bun:"to_department" json:"to_department"`
	Consent      string       `bun:"consent" json:"consent"` // given, refused, not_needed
	Reason       string       `bun:"reason" json:"-"`        // sealed
	State        string       `bun:"state" json:"state"`     // open, accepted, rejected, done, revoked
	AskedAt      clock.Millis `bun:"asked_at" json:"asked_at"`
	AnsweredAt   clock.Millis `bun:"answered_at" json:"answered_at"`
	AnsweredBy   id.ID        `bun:"answered_by" json:"answered_by"`
	Answer       string       `bun:"answer" json:"-"` // sealed
}

// consents are what a family can have said to a move.
var consents = []string{"given", "refused", "not_needed"}

// Asking is what a move takes.
type Asking struct {
	Kind       string
	To         id.ID
	Department string
	Consent    string
	Reason     string
}

func (q Asking) check() error {
	var bad []errs.Field
	if !slices.Contains([]string{MoveReferral, MoveTransfer, MoveRequest, MoveJoint}, q.Kind) {
		bad = append(bad, errs.Field{Name: "kind", Key: "case.choice"})
	}
	if q.Kind != MoveRequest && q.To == "" && q.Department == "" {
		bad = append(bad, errs.Field{Name: "to", Key: "case.to_needed"})
	}
	if (q.Kind == MoveTransfer || q.Kind == MoveJoint) && q.To == "" {
		bad = append(bad, errs.Field{Name: "to", Key: "case.to_needed"})
	}
	// Who asks for another's case can't have asked the family: who has it does.
	if (q.Kind == MoveRequest) != (q.Consent == "") || q.Kind != MoveRequest && !slices.Contains(consents, q.Consent) {
		bad = append(bad, errs.Field{Name: "consent", Key: "case.choice"})
	}
	if len([]rune(strings.TrimSpace(q.Reason))) < 4 {
		bad = append(bad, errs.Field{Name: "reason", Key: "reason.needed"})
	}
	return errs.InvalidFields(bad)
}

// Ask begins a move. A refused consent stops a referral to others; it never
// stops a crisis response or a mandatory report, which go other ways.
func (s *Service) Ask(ctx context.Context, n id.ID, q Asking) (Move, error) {
	if err := q.check(); err != nil {
		return Move{}, err
	}
	if q.Kind == MoveReferral && q.Consent == "refused" {
		return Move{}, errs.Conflict("case.consent_refused")
	}
	var m Move
	action := access.Action("case.work")
	if q.Kind == MoveRequest {
		action = "case.find" // who asks for a case knows its number only
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		c, err := find(ctx, tx, n)
		if err != nil {
			return err
		}
		t, err := s.target(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := access.Check(a, action, t); err != nil {
			return err
		}
		if !c.State.Open() || c.State == Referred {
			return errs.Conflict("case.state")
		}
		to := q.To
		if q.Kind == MoveRequest {
			if c.Worker == a.Account {
				return errs.Conflict("case.yours_already")
			}
			to = c.Worker
		}
		var open int
		if err := tx.Get(ctx, db.To(&open), "SELECT count(*) FROM care_move WHERE case_id = ? AND kind = ? AND from_account = ? AND to_account = ? AND to_department = ? AND state = 'open'",
			n, q.Kind, a.Account, to, q.Department); err != nil {
			return err
		}
		if open > 0 {
			return errs.Conflict("case.asked_already")
		}
		if q.Kind == MoveTransfer || q.Kind == MoveJoint {
			if err := c.ownedBy(a); err != nil {
				return err
			}
			if err := s.mayTake(ctx, tx, c, q.To, access.Clinician); err != nil {
				return err
			}
		}
		key, _, err := s.ports.Key(ctx, tx, c.ChildID)
		if err != nil {
			return err
		}
		m = Move{ID: id.New(), CaseID: n, Kind: q.Kind, From: a.Account, To: to, ToDepartment: q.Department, Consent: q.Consent, State: "open", AskedAt: tx.Now}
		m.Reason = key.Seal("care_move.reason:"+string(m.ID), q.Reason)
		if _, err := tx.Exec(ctx, "INSERT INTO care_move ("+moveColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', '')",
			m.ID, m.CaseID, m.Kind, m.From, m.To, m.ToDepartment, m.Consent, m.Reason, m.State, m.AskedAt); err != nil {
			return err
		}
		if to != "" {
			if err := s.ports.Tell(ctx, tx, to, "move:"+string(m.ID), "case.move_asked", c.No, n); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, c, action, "move_"+q.Kind)
	})
	return m, err
}

// Answer accepts or rejects a move, says that a referral is done, or revokes
// it. Who was asked answers, a leader of casework may answer for a department;
// who asked revokes. Who accepts a request says what the family said to it.
func (s *Service) Answer(ctx context.Context, n, move id.ID, state, reason, consent string) (Case, error) {
	if !slices.Contains([]string{"accepted", "rejected", "done", "revoked"}, state) {
		return Case{}, errs.Invalid("state", "case.choice")
	}
	if state != "accepted" && len([]rune(strings.TrimSpace(reason))) < 4 {
		return Case{}, errs.Invalid("reason", "reason.needed")
	}
	var out Case
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		c, err := find(ctx, tx, n)
		if err == nil && !a.Finds(c.ChildID) {
			err = errs.NotFound("record.not_found")
		}
		if err != nil {
			return err
		}
		var m Move
		if err := tx.Get(ctx, []any{&m}, "SELECT "+moveColumns+" FROM care_move WHERE id = ? AND case_id = ?", move, n); err != nil {
			return err
		}
		if err := mayAnswer(a, c, m, state); err != nil {
			return err
		}
		if m.State != "open" && !(m.State == "accepted" && (state == "done" || state == "revoked")) {
			return errs.Conflict("case.decided")
		}
		if m.Kind == MoveRequest && state == "accepted" {
			if !slices.Contains(consents, consent) {
				return errs.Invalid("consent", "case.choice")
			}
			if consent == "refused" {
				return errs.Conflict("case.consent_refused")
			}
			m.Consent = consent
		}
		was := c.Version
		if state == "accepted" {
			if c, err = s.carryOut(ctx, tx, c, m); err != nil {
				return err
			}
		}
		if state == "revoked" && m.Kind == MoveJoint {
			if _, err := tx.Exec(ctx, "UPDATE care_member SET until = ? WHERE case_id = ? AND account_id = ?", tx.Now, n, m.To); err != nil {
				return err
			}
		}
		key, _, err := s.ports.Key(ctx, tx, c.ChildID)
		if err != nil {
			return err
		}
		sealed := ""
		if reason != "" {
			sealed = key.Seal("care_move.answer:"+string(m.ID), reason)
		}
		if _, err := tx.Exec(ctx, "UPDATE care_move SET state = ?, consent = ?, answered_at = ?, answered_by = ?, answer = ? WHERE id = ?", state, m.Consent, tx.Now, a.Account, sealed, m.ID); err != nil {
			return err
		}
		if err := save(ctx, tx, c, was); err != nil {
			return err
		}
		out = c
		out.Version = was + 1
		if m.From != a.Account {
			if err := s.ports.Tell(ctx, tx, m.From, "move:"+string(m.ID)+":"+state, "case.move_"+state, c.No, n); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, out, "case.find", "move_"+state)
	})
	return out, err
}

func mayAnswer(a access.Actor, c Case, m Move, state string) error {
	if state == "revoked" {
		if m.From == a.Account || a.Allowed("case.intake", access.Target{Region: c.Region}) {
			return nil
		}
		return errs.Forbidden("access.forbidden")
	}
	if m.To != "" && m.To == a.Account || m.To == "" && a.Allowed("case.intake", access.Target{Region: c.Region}) {
		return nil
	}
	if m.To != "" && a.Allowed("case.intake", access.Target{Region: c.Region}) && m.From != a.Account {
		return nil // a leader answers for who does not
	}
	return errs.NotFound("record.not_found")
}

// carryOut does what an accepted move asks for.
func (s *Service) carryOut(ctx context.Context, tx *db.Tx, c Case, m Move) (Case, error) {
	switch m.Kind {
	case MoveTransfer, MoveRequest:
		to := m.To
		if m.Kind == MoveRequest {
			to = m.From
		}
		if err := s.mayTake(ctx, tx, c, to, access.Clinician); err != nil {
			return c, err
		}
		from := c.Worker
		next, err := c.handTo(to)
		if err != nil {
			return c, err
		}
		if _, err := tx.Exec(ctx, "UPDATE care_due SET who = ? WHERE case_id = ? AND state = 'open' AND who = ?", to, c.ID, from); err != nil {
			return c, err
		}
		return next, line(ctx, tx, next, "handed_over")
	case MoveJoint:
		_, err := tx.Exec(ctx, "INSERT INTO care_member (case_id, account_id, since, until) VALUES (?, ?, ?, 0) ON CONFLICT (case_id, account_id) DO UPDATE SET since = excluded.since, until = 0",
			c.ID, m.To, tx.Now)
		return c, err
	}
	return c, nil
}

package guardian

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// Parts is what a Service is made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	District string
	Guard    *guard.Service
	// Target describes a child's record to the question of access.
	Target func(ctx context.Context, r db.Reader, childID id.ID) (access.Target, error)
	// Account finds the citizen's account of a person, empty for none.
	Account func(ctx context.Context, r db.Reader, personID id.ID) (id.ID, error)
}

// Service does what guardians and officers do.
type Service struct {
	p     Parts
	tries tries
	lines lines
}

// New makes the service.
func New(p Parts) *Service { return &Service{p: p} }

// ConsentText names the text that a guardian agrees to; a new text is a new
// consent.
const ConsentText = "2024-01"

type link struct {
	ID          id.ID        `bun:"id"`
	AccountID   id.ID        `bun:"account_id"`
	ChildID     id.ID        `bun:"child_id"`
	PersonID    id.ID        `bun:"person_id"`
	How         string       `bun:"how"`
	OpenedBy    id.ID        `bun:"opened_by"`
	OpenedAt    clock.Millis `bun:"opened_at"`
	ConsentAt   clock.Millis `bun:"consent_at"`
	ConsentText string       `bun:"consent_text"`
	WithdrawnAt clock.Millis `bun:"withdrawn_at"`
	LookedAt    clock.Millis `bun:"looked_at"`
	ClosedAt    clock.Millis `bun:"closed_at"`
	ClosedWhy   string       `bun:"closed_why"`
}

const linkColumns = "id, account_id, child_id, person_id, how, opened_by, opened_at, consent_at, consent_text, withdrawn_at, looked_at, closed_at, closed_why"

func (l link) consented() bool {
	return l.ConsentAt > l.WithdrawnAt && l.ConsentText == ConsentText
}

func links(ctx context.Context, r db.Reader, where string, args ...any) ([]link, error) {
	var rows []link
	err := r.List(ctx, &rows, "SELECT "+linkColumns+" FROM guardian_link WHERE "+where+" ORDER BY id", args...)
	return rows, err
}

// Why a guardian is cut off; officers see it, guardians never.
type Why string

// The reasons.
const (
	Open         Why = ""
	NoConsent    Why = "no_consent"
	NotGuardian  Why = "not_guardian"
	OfAge        Why = "of_age"
	NotContacted Why = "no_contact"
	BarInForce   Why = "bar"
	InConflict   Why = "conflict"
)

// cut is the one answer to whoever may not look.
func cut() error { return errs.Forbidden("guardian.closed") }

// stands tells what stands between a link and the child, now.
func (s *Service) stands(ctx context.Context, r db.Reader, l link) (Why, person.Card, error) {
	card, err := person.CardOf(ctx, r, s.p.Keys, l.ChildID)
	if errs.Is(err, errs.KindNotFound) {
		return NotGuardian, card, nil
	}
	if err != nil {
		return NotGuardian, card, err
	}
	today := civil.DateOf(r.At().Time())
	i := slices.IndexFunc(card.Contacts, func(c person.Contact) bool { return c.PersonID == l.PersonID && c.Guardian })
	switch {
	case i < 0:
		return NotGuardian, card, nil
	case card.BirthOn.Valid() && card.BirthOn.AgeOn(today) >= 18:
		return OfAge, card, nil
	case !card.Contacts[i].MayContact:
		return NotContacted, card, nil
	}
	var bars int
	if err := r.Get(ctx, db.To(&bars), `SELECT count(*) FROM guardian_bar WHERE child_id = ? AND person_id = ? AND lifted_at = 0 AND from_on <= ? AND (until_on = '' OR until_on >= ?)`,
		l.ChildID, l.PersonID, today, today); err != nil {
		return BarInForce, card, err
	}
	if bars > 0 {
		return BarInForce, card, nil
	}
	barred, err := matter.Barred(ctx, r, l.ChildID, l.AccountID, l.PersonID, card.Contacts[i].PhoneIndex)
	if err != nil || barred {
		return InConflict, card, err
	}
	if !l.consented() {
		return NoConsent, card, nil
	}
	return Open, card, nil
}

// own gives the actor's link to the child. Errors: Forbidden for whoever is no
// citizen, NotFound without a link.
func (s *Service) own(ctx context.Context, r db.Reader, childID id.ID) (link, error) {
	actor := access.From(ctx)
	if err := access.Check(actor, "guardian.own", access.Target{Owner: actor.Account}); err != nil {
		return link{}, err
	}
	rows, err := links(ctx, r, "account_id = ? AND child_id = ? AND closed_at = 0", actor.Account, childID)
	if err != nil {
		return link{}, err
	}
	if len(rows) == 0 {
		return link{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// Request is a guardian's wish to see a child.
type Request struct {
	ChildName string `json:"child_name"`
	Relation  string `json:"relation"`
	Note      string `json:"note,omitempty"`
}

// Ask hands in a request. Errors: Invalid, Forbidden, Conflict
// "guardian.asked" while one waits.
func (s *Service) Ask(ctx context.Context, q Request) error {
	actor := access.From(ctx)
	if err := access.Check(actor, "guardian.own", access.Target{Owner: actor.Account}); err != nil {
		return err
	}
	name := civil.NormalizeName(q.ChildName)
	if name == "" || len(name) > 120 {
		return errs.Invalid("child_name", "person.name_missing")
	}
	if person.ReadRelation(q.Relation) == person.OtherRelation && q.Relation != string(person.OtherRelation) {
		return errs.Invalid("relation", "person.relation_wrong")
	}
	if len([]rune(q.Note)) > 500 {
		return errs.Invalid("note", "text.too_long")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM guardian_request WHERE account_id = ? AND state = 'waiting'", actor.Account); err != nil {
			return err
		}
		if n > 0 {
			return errs.Conflict("guardian.asked")
		}
		rowID := id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO guardian_request (id, account_id, child_name, relation, region, note, at) VALUES (?, ?, ?, ?, ?, ?, ?)", rowID, actor.Account,
			s.p.Keys.Seal("guardian_request.child_name:"+string(rowID), name), q.Relation, s.p.District, s.p.Keys.Seal("guardian_request.note:"+string(rowID), strings.TrimSpace(q.Note)), tx.Now); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "guard", Kind: "request", Region: s.p.District, Ref: string(rowID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "guardian.own", SubjectKind: "guardian_request", Subject: rowID, Region: s.p.District})
	})
}

// Consent records that the guardian read the text and agrees, or takes that
// back. Either holds at once. Errors: NotFound, Forbidden.
func (s *Service) Consent(ctx context.Context, childID id.ID, agree bool) error {
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, err := s.own(ctx, tx, childID)
		if err != nil {
			return err
		}
		title := "timeline.guardian_withdrawn"
		if agree {
			why, _, err := s.stands(ctx, tx, l)
			if err != nil {
				return err
			}
			if why != NoConsent && why != Open {
				return cut()
			}
			title = "timeline.guardian_consent"
			_, err = tx.Exec(ctx, "UPDATE guardian_link SET consent_at = ?, consent_text = ?, withdrawn_at = 0 WHERE id = ?", tx.Now, ConsentText, l.ID)
			if err != nil {
				return err
			}
		} else if _, err := tx.Exec(ctx, "UPDATE guardian_link SET withdrawn_at = ?, consent_at = 0 WHERE id = ?", tx.Now, l.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, l.ChildID, title, "guardian.own", l.ID)
	})
}

// note writes timeline, audit and event of a change of who may see.
func (s *Service) note(ctx context.Context, tx *db.Tx, childID id.ID, title string, action access.Action, ref id.ID) error {
	area, err := person.Region(ctx, tx, childID)
	if err != nil {
		return err
	}
	if err := child.Note(ctx, tx, child.Entry{ChildID: childID, Kind: "guardian", Title: title, RefKind: "guardian_link", RefID: ref, Region: area}); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "child", Subject: childID, Fields: []string{"guardian"}, Region: area}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "guard", Kind: "guardian", Region: area, Ref: string(childID)})
}

// Opening is an officer's word that somebody is a child's guardian.
type Opening struct {
	PersonID  id.ID  `json:"person_id"`
	RequestID id.ID  `json:"request_id,omitempty"` // of whose account; else the account of the person's number
	How       string `json:"how"`                  // how it was checked: seen papers, called the village …
}

// Open lets a guardian of the register see the child by its account. Errors:
// Invalid, NotFound, Forbidden, Conflict.
func (s *Service) Open(ctx context.Context, childID id.ID, o Opening) error {
	how := strings.TrimSpace(o.How)
	if n := len([]rune(how)); n < 4 || n > 300 {
		return errs.Invalid("how", "guardian.how_missing")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.may(ctx, tx, childID, "guardian.check"); err != nil {
			return err
		}
		var account id.ID
		var err error
		if o.RequestID != "" {
			if account, err = s.decide(ctx, tx, o.RequestID, "accepted", how); err != nil {
				return err
			}
		} else if account, err = s.p.Account(ctx, tx, o.PersonID); err != nil {
			return err
		}
		if account == "" {
			return errs.Invalid("person_id", "guardian.no_account")
		}
		l := link{ID: id.New(), AccountID: account, ChildID: childID, PersonID: o.PersonID, ConsentAt: 1, ConsentText: ConsentText}
		why, _, err := s.stands(ctx, tx, l)
		if err != nil {
			return err
		}
		switch why {
		case Open:
		case NotGuardian:
			return errs.Invalid("person_id", "guardian.not_guardian")
		default:
			return errs.Conflict("guardian.barred")
		}
		have, err := links(ctx, tx, "account_id = ? AND child_id = ? AND closed_at = 0", account, childID)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			return errs.Conflict("guardian.there")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO guardian_link (id, account_id, child_id, person_id, how, opened_by, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			l.ID, account, childID, o.PersonID, s.p.Keys.Seal("guardian_link.how:"+string(l.ID), how), access.From(ctx).Account, tx.Now); err != nil {
			return err
		}
		return s.note(ctx, tx, childID, "timeline.guardian_opened", "guardian.check", l.ID)
	})
}

// may asks for an officer's right on the child.
func (s *Service) may(ctx context.Context, r db.Reader, childID id.ID, action access.Action) error {
	t, err := s.p.Target(ctx, r, childID)
	if err != nil {
		if e := access.May(access.From(ctx), action); e != nil {
			return e
		}
		return err
	}
	return access.Check(access.From(ctx), action, t)
}

func (s *Service) decide(ctx context.Context, tx *db.Tx, requestID id.ID, to, reason string) (account id.ID, err error) {
	err = tx.Get(ctx, db.To(&account), "SELECT account_id FROM guardian_request WHERE id = ? AND state = 'waiting'", requestID)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, "UPDATE guardian_request SET state = ?, decided_by = ?, decided_at = ?, reason = ? WHERE id = ?", to, access.From(ctx).Account, tx.Now,
		s.p.Keys.Seal("guardian_request.reason:"+string(requestID), reason), requestID)
	return account, err
}

// Refuse turns a request down. Errors: Invalid, NotFound, Forbidden.
func (s *Service) Refuse(ctx context.Context, requestID id.ID, reason string) error {
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return errs.Invalid("reason", "reason.needed")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.May(access.From(ctx), "guardian.check"); err != nil {
			return err
		}
		if _, err := s.decide(ctx, tx, requestID, "refused", reason); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "guardian.check", SubjectKind: "guardian_request", Subject: requestID, Result: "refused"})
	})
}

// Close ends a link for good. Errors: Invalid, NotFound, Forbidden.
func (s *Service) Close(ctx context.Context, linkID id.ID, reason string) error {
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return errs.Invalid("reason", "reason.needed")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := links(ctx, tx, "id = ? AND closed_at = 0", linkID)
		if err == nil && len(rows) == 0 {
			err = errs.NotFound("record.not_found")
		}
		if err != nil {
			if e := access.May(access.From(ctx), "guardian.check"); e != nil {
				return e
			}
			return err
		}
		if err := s.may(ctx, tx, rows[0].ChildID, "guardian.check"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE guardian_link SET closed_at = ?, closed_by = ?, closed_why = ? WHERE id = ?", tx.Now, access.From(ctx).Account,
			s.p.Keys.Seal("guardian_link.closed_why:"+string(linkID), reason), linkID); err != nil {
			return err
		}
		return s.note(ctx, tx, rows[0].ChildID, "timeline.guardian_closed", "guardian.check", linkID)
	})
}

// Bar is what stands between a guardian and a child.
type Bar struct {
	ID         id.ID        `json:"id" bun:"id"`
	PersonID   id.ID        `json:"person_id" bun:"person_id"`
	Kind       string       `json:"kind" bun:"kind"`
	DocumentNo string       `json:"document_no" bun:"document_no"`
	FromOn     civil.Date   `json:"from_on" bun:"from_on"`
	UntilOn    civil.Date   `json:"until_on" bun:"until_on"`
	SetAt      clock.Millis `json:"set_at" bun:"set_at"`
	LiftedAt   clock.Millis `json:"lifted_at" bun:"lifted_at"`
}

// NewBar sets one.
type NewBar struct {
	PersonID   id.ID      `json:"person_id"`
	Kind       string     `json:"kind"` // suspended, revoked, protection_order
	DocumentNo string     `json:"document_no"`
	FromOn     civil.Date `json:"from_on"`
	UntilOn    civil.Date `json:"until_on,omitempty"`
}

// SetBar cuts a guardian off from a child, at once. Errors: Invalid, NotFound,
// Forbidden.
func (s *Service) SetBar(ctx context.Context, childID id.ID, n NewBar) error {
	switch {
	case !slices.Contains([]string{"suspended", "revoked", "protection_order"}, n.Kind):
		return errs.Invalid("kind", "guardian.bar_kind")
	case strings.TrimSpace(n.DocumentNo) == "" || len(n.DocumentNo) > 120:
		return errs.Invalid("document_no", "guardian.document_missing")
	case !n.FromOn.Valid() || n.UntilOn != "" && (!n.UntilOn.Valid() || n.UntilOn < n.FromOn):
		return errs.Invalid("from_on", "device.date_wrong")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.may(ctx, tx, childID, "guardian.bar"); err != nil {
			return err
		}
		card, err := person.CardOf(ctx, tx, s.p.Keys, childID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(card.Contacts, func(c person.Contact) bool { return c.PersonID == n.PersonID }) {
			return errs.Invalid("person_id", "guardian.not_guardian")
		}
		barID := id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO guardian_bar (id, child_id, person_id, kind, document_no, from_on, until_on, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			barID, childID, n.PersonID, n.Kind, strings.TrimSpace(n.DocumentNo), n.FromOn, n.UntilOn, access.From(ctx).Account, tx.Now); err != nil {
			return err
		}
		return s.note(ctx, tx, childID, "timeline.guardian_bar", "guardian.bar", barID)
	})
}

// LiftBar ends a bar. Errors: Invalid, NotFound, Forbidden.
func (s *Service) LiftBar(ctx context.Context, barID id.ID, reason string) error {
	if len([]rune(strings.TrimSpace(reason))) < 4 {
		return errs.Invalid("reason", "reason.needed")
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var childID id.ID
		if err := tx.Get(ctx, db.To(&childID), "SELECT child_id FROM guardian_bar WHERE id = ? AND lifted_at = 0", barID); err != nil {
			if e := access.May(access.From(ctx), "guardian.bar"); e != nil {
				return e
			}
			return err
		}
		if err := s.may(ctx, tx, childID, "guardian.bar"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE guardian_bar SET lifted_at = ?, lifted_by = ?, lifted_why = ? WHERE id = ?", tx.Now, access.From(ctx).Account,
			s.p.Keys.Seal("guardian_bar.lifted_why:"+string(barID), reason), barID); err != nil {
			return err
		}
		return s.note(ctx, tx, childID, "timeline.guardian_bar_lifted", "guardian.bar", barID)
	})
}

// SeedDemo links an account to the first guardian of a child, for the
// demonstration; consent is left to be given.
func (s *Service) SeedDemo(ctx context.Context, account, childID id.ID) error {
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		card, err := person.CardOf(ctx, tx, s.p.Keys, childID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(card.Contacts, func(c person.Contact) bool { return c.Guardian && c.MayContact })
		if i < 0 {
			return nil
		}
		l := id.New()
		_, err = tx.Exec(ctx, "INSERT INTO guardian_link (id, account_id, child_id, person_id, how, opened_by, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			l, account, childID, card.Contacts[i].PersonID, s.p.Keys.Seal("guardian_link.how:"+string(l), "demo"), access.From(ctx).Account, tx.Now)
		return err
	})
}

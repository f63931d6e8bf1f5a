package person

import (
	"context"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// Erasure asks for a person to be erased (个人信息保护法 art. 47). It holds no
// personal data: the paper that asks for it stays with the bureau.
type Erasure struct {
	ID          id.ID        `bun:"id" json:"id"`
	PersonID    id.ID        `bun:"person_id" json:"person_id"`
	Region      string       `bun:"region" json:"region"`
	Reason      string       `bun:"reason" json:"reason"`
	AskedBy     id.ID        `bun:"asked_by" json:"asked_by"`
	AskedAt     clock.Millis `bun:"asked_at" json:"asked_at"`
	ConfirmedBy id.ID        `bun:"confirmed_by" json:"confirmed_by"`
	ConfirmedAt clock.Millis `bun:"confirmed_at" json:"confirmed_at"`
	Code        string       `bun:"-" json:"code"` // of the child, by which the request on paper names it
}

const erasureColumns = "id, person_id, region, reason, asked_by, asked_at, confirmed_by, confirmed_at"

// AskErase is the first of the two people that erasing takes; person is the id
// or a child's code. Errors: NotFound,
// Forbidden, Invalid, Conflict "erase.asked".
func (s *Service) AskErase(ctx context.Context, person id.ID, reason string) (Erasure, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.erase"); err != nil {
		return Erasure{}, err
	}
	if !reasonOK(reason) {
		return Erasure{}, errs.Invalid("reason", "reveal.reason_short")
	}
	var out Erasure
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Who asks may not see the register: the paper names the child's code.
		if code, ok := readCode(string(person)); ok {
			var ids []id.ID
			if err := tx.List(ctx, &ids, "SELECT p.id FROM person p WHERE p.code = ? AND "+shows, code); err != nil {
				return err
			}
			if len(ids) == 1 {
				person = ids[0]
			}
		}
		rec, err := find(ctx, tx, person)
		if err != nil {
			return err
		}
		if err := access.Check(actor, "child.erase", access.Target{Region: rec.Region}); err != nil {
			return err
		}
		var open []id.ID
		if err := tx.List(ctx, &open, "SELECT id FROM erasure WHERE person_id = ? AND confirmed_at = 0", rec.ID); err != nil {
			return err
		}
		if len(open) > 0 {
			return errs.Conflict("erase.asked")
		}
		out = Erasure{ID: id.New(), PersonID: rec.ID, Region: rec.Region, Reason: reason, AskedBy: actor.Account, AskedAt: tx.Now}
		if _, err := tx.Exec(ctx, "INSERT INTO erasure (id, person_id, region, reason, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?)",
			out.ID, rec.ID, rec.Region, s.keys.Seal(aad("erasure.reason", out.ID), reason), actor.Account, tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "child.erase", SubjectKind: "person", Subject: rec.ID, Purpose: string(out.ID), Result: "asked", Region: rec.Region})
	})
	return out, err
}

// Erasures lists what was asked for in the actor's areas, newest first.
// Errors: Forbidden.
func (s *Service) Erasures(ctx context.Context) ([]Erasure, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.erase"); err != nil {
		return nil, err
	}
	where, args := actor.Lists("child.erase", "region", "person_id")
	out := []Erasure{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := r.List(ctx, &out, "SELECT "+erasureColumns+" FROM erasure WHERE "+where+" ORDER BY id DESC LIMIT 200", args...); err != nil {
			return err
		}
		for i := range out {
			var err error
			if out[i].Reason, err = s.keys.Open(aad("erasure.reason", out[i].ID), out[i].Reason); err != nil {
				return err
			}
			if err := r.Get(ctx, db.To(&out[i].Code), "SELECT code FROM person WHERE id = ?", out[i].PersonID); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Erase is the second of the two people: it destroys the person's key and
// removes names, look-ups and whereabouts. Records merged into the person go
// with it, and so do relatives who stand in the register for this child only.
// The audit keeps its rows: they name opaque ids. Errors: NotFound, Forbidden
// ("erase.same_person" for who asked), Conflict "erase.done".
func (s *Service) Erase(ctx context.Context, erasure id.ID) error {
	actor := access.From(ctx)
	if err := access.May(actor, "child.erase"); err != nil {
		return err
	}
	var dead []string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		dead = nil
		var rows []Erasure
		if err := tx.List(ctx, &rows, "SELECT "+erasureColumns+" FROM erasure WHERE id = ?", erasure); err != nil {
			return err
		}
		if len(rows) == 0 {
			return errs.NotFound("record.not_found")
		}
		e := rows[0]
		if err := access.Check(actor, "child.erase", access.Target{Region: e.Region, Child: e.PersonID}); err != nil {
			return err
		}
		if e.AskedBy == actor.Account {
			return errs.Forbidden("erase.same_person")
		}
		n, err := tx.Exec(ctx, "UPDATE erasure SET confirmed_by = ?, confirmed_at = ? WHERE id = ? AND confirmed_at = 0", actor.Account, tx.Now, e.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("erase.done")
		}
		people, err := eraseSet(ctx, tx, e.PersonID)
		if err != nil {
			return err
		}
		for _, p := range people {
			if dead, err = s.erase(ctx, tx, p, dead); err != nil {
				return err
			}
			if err := audit.Write(ctx, tx, audit.Entry{Action: "child.erase", SubjectKind: "person", Subject: p.ID, Purpose: string(e.ID), Result: "erased", Region: e.Region}); err != nil {
				return err
			}
		}
		return tx.Emit(ctx, db.Event{Topic: "child", Kind: "erased", Region: e.Region, Ref: string(e.PersonID)})
	})
	for _, wrapped := range dead {
		s.keys.Forget(wrapped)
	}
	return err
}

// eraseSet gives the records that go together: the person, those merged into
// it, and the grown-ups who are known for this child only.
func eraseSet(ctx context.Context, r db.Reader, person id.ID) ([]Record, error) {
	rec, err := find(ctx, r, person)
	if err != nil {
		return nil, err
	}
	out := []Record{rec}
	for i := 0; i < len(out); i++ {
		var merged []Record
		if err := r.List(ctx, &merged, "SELECT "+recordColumns+" FROM person p WHERE p.merged_into = ? AND p.state = 'merged'", out[i].ID); err != nil {
			return nil, err
		}
		out = append(out, merged...)
	}
	var relatives []Record
	if err := r.List(ctx, &relatives, "SELECT "+recordColumns+` FROM person p WHERE NOT p.child AND p.state = 'active'
		AND p.id IN (SELECT person_id FROM relation WHERE child_id IN (`+db.Marks(len(out))+`))
		AND NOT EXISTS (SELECT 1 FROM relation o WHERE o.person_id = p.id AND o.child_id NOT IN (`+db.Marks(len(out))+"))",
		append(db.Anys(recordIDs(out)), db.Anys(recordIDs(out))...)...); err != nil {
		return nil, err
	}
	for _, x := range relatives {
		if !slices.ContainsFunc(out, func(o Record) bool { return o.ID == x.ID }) {
			out = append(out, x)
		}
	}
	return out, nil
}

// erase empties one record and what hangs on it.
func (s *Service) erase(ctx context.Context, tx *db.Tx, rec Record, dead []string) ([]string, error) {
	district := string(region.Code(rec.Region).At(region.LevelDistrict))
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE person SET subject = '', name = '', pinyin = '', initials = '', sex = '', birth_on = '', id_no = '', id_index = '', id_last4 = '',
			no_id_reason = '', region = ?, address = '', registered_region = '', registered_address = '', household = '', code = '', school = '', school_id = '',
			grade = '', class = '', paired_carer = '', flags = '', state = 'erased', merged_into = '', version = version + 1, updated_at = ? WHERE id = ?`,
			[]any{district, tx.Now, rec.ID}},
		{"DELETE FROM person_phone WHERE person_id = ?", []any{rec.ID}},
		{"DELETE FROM relation WHERE child_id = ? OR person_id = ?", []any{rec.ID, rec.ID}},
		{"DELETE FROM child_category WHERE child_id = ?", []any{rec.ID}},
		{"DELETE FROM person_move WHERE person_id = ?", []any{rec.ID}},
		{"DELETE FROM child_entry WHERE child_id = ?", []any{rec.ID}},
		{"UPDATE person_merge SET moved = '', reason = '' WHERE kept = ? OR dropped = ?", []any{rec.ID, rec.ID}},
		{"UPDATE reveal SET reason = '' WHERE child_id = ?", []any{rec.ID}},
		{"UPDATE glass SET reason = '', note = '' WHERE child_id = ?", []any{rec.ID}},
	} {
		if _, err := tx.Exec(ctx, step.query, step.args...); err != nil {
			return dead, err
		}
	}
	if s.ports.Erased != nil {
		if err := s.ports.Erased(ctx, tx, rec.ID); err != nil {
			return dead, err
		}
	}
	return append(dead, rec.Subject), nil
}

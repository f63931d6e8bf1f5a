package person

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// RevealRequest asks for full values.
type RevealRequest struct {
	Fields  []string `json:"fields"`  // id_no, address, registered_address, phone:<person id>
	Reason  string   `json:"reason"`  // typed by a person
	Purpose id.ID    `json:"purpose"` // the task, if it is for one
}

// Revealed holds full values.
type Revealed struct {
	Values map[string]string `json:"values"`
	Told   []string          `json:"told"` // names of those who were told
}

// reasonLeast is how many characters a typed reason has at least.
const reasonLeast = 4

func reasonOK(s string) bool {
	return utf8.RuneCountInString(civil.Squeeze(s)) >= reasonLeast && len(s) <= maxText
}

// Reveal gives full values of a child's record. The reason is kept, the audit
// names the fields, leaders are told. Break-glass opens it for its owner, but
// never a shelter's address. Errors: NotFound, Forbidden, Invalid.
func (s *Service) Reveal(ctx context.Context, childID id.ID, q RevealRequest) (Revealed, error) {
	if !reasonOK(q.Reason) {
		return Revealed{}, errs.Invalid("reason", "reveal.reason_short")
	}
	if len(q.Fields) == 0 || len(q.Fields) > 20 {
		return Revealed{}, errs.Invalid("fields", "reveal.fields_missing")
	}
	actor := access.From(ctx)
	var out Revealed
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rec, t, err := s.check(ctx, tx, childID, "child.read")
		if err != nil {
			return err
		}
		if !t.Glass {
			if err := access.Check(actor, "child.reveal", t); err != nil {
				return err
			}
		}
		if q.Purpose != "" && q.Purpose != t.Task {
			return errs.Invalid("purpose", "reveal.purpose_unknown")
		}
		values, err := s.values(ctx, tx, rec, t, q.Fields)
		if err != nil {
			return err
		}
		key, err := s.keys.Subject(rec.Subject)
		if err != nil {
			return err
		}
		glass, err := openGlass(ctx, tx, actor.Account, rec.ID)
		if err != nil {
			return err
		}
		fields, row := sorted(slices.Compact(slices.Clone(q.Fields))), id.New()
		if _, err := tx.Exec(ctx, `INSERT INTO reveal (id, child_id, account_id, region, fields, reason, task, glass, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			row, rec.ID, actor.Account, rec.Region, strings.Join(fields, ","), key.Seal(aad("reveal.reason", row), q.Reason), t.Task, glass.ID, tx.Now); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "child.reveal", SubjectKind: "child", Subject: rec.ID, Fields: fields,
			Purpose: string(row), Region: rec.Region}); err != nil {
			return err
		}
		out = Revealed{Values: values, Told: []string{}}
		if s.ports.Tell == nil {
			return nil
		}
		told, err := s.ports.Tell(ctx, tx, Notice{Kind: "reveal", Ref: row, Child: rec.ID, Region: rec.Region, By: actor.Account})
		out.Told = append(out.Told, told...)
		return err
	})
	if err != nil {
		return Revealed{}, err
	}
	return out, nil
}

// values opens the fields asked for.
func (s *Service) values(ctx context.Context, r db.Reader, rec Record, t access.Target, fields []string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range fields {
		var text string
		var err error
		switch {
		case f == "id_no":
			var n civil.ResidentID
			n, err = rec.openID(s.keys)
			text = string(n)
		case f == "address" && rec.Sheltered && !mayShelter(access.From(ctx), t):
			return nil, errs.Forbidden("person.sheltered")
		case f == "address":
			text, err = rec.openAddress(s.keys)
		case f == "registered_address":
			text, err = rec.openRegistered(s.keys)
		case strings.HasPrefix(f, "phone:"):
			text, err = s.phoneOf(ctx, r, rec, id.ID(strings.TrimPrefix(f, "phone:")))
		default:
			return nil, errs.Invalid("fields", "reveal.field_unknown")
		}
		if err != nil {
			return nil, err
		}
		out[f] = text
	}
	return out, nil
}

// mayShelter: a shelter's address goes to the section that placed the child
// there, by its own right; never by break-glass or a task, since whoever looks
// for the child may be near (反家庭暴力法 art. 18: shelter).
func mayShelter(a access.Actor, t access.Target) bool {
	return a.System || slices.ContainsFunc(a.Grants, func(g access.Grant) bool {
		return g.Role == access.BureauSection && g.Covers(t.Region) && g.Department == access.CivilAffairs
	}) && a.Finds(t.Child)
}

// phoneOf gives all numbers of the child or of somebody who stands in a
// relation to it.
func (s *Service) phoneOf(ctx context.Context, r db.Reader, rec Record, person id.ID) (string, error) {
	owner := rec
	if person != rec.ID {
		rel, err := relationsOf(ctx, r, []id.ID{rec.ID}, today(r))
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(rel[rec.ID], func(x relationRow) bool { return x.PersonID == person }) {
			return "", errs.Invalid("fields", "reveal.field_unknown")
		}
		if owner, err = find(ctx, r, person); err != nil {
			return "", err
		}
	}
	rows, err := phonesOf(ctx, r, []id.ID{owner.ID})
	if err != nil {
		return "", err
	}
	var out []string
	for _, n := range rows[owner.ID] {
		p, err := n.open(s.keys, owner.Subject)
		if err != nil {
			return "", err
		}
		out = append(out, string(p))
	}
	return strings.Join(out, " "), nil
}

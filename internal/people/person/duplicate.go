package person

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// claimed answers a registration whose ID number has a record already.
func (s *Service) claimed(ctx context.Context, tx *db.Tx, other Record, c clean) (Created, error) {
	if access.From(ctx).Allowed("child.read", access.Target{Region: other.Region}) {
		return Created{}, errs.Conflict("person.id_registered")
	}
	k, err := s.openCase(ctx, tx, other, "same_id", c.Region)
	return Created{Case: &k}, err
}

// openCase hands a doubt about a record to a named person; an open case of the
// same claim is used again.
func (s *Service) openCase(ctx context.Context, tx *db.Tx, rec Record, why, claimed string) (Case, error) {
	var handler id.ID
	var err error
	if s.ports.Handler != nil {
		if handler, err = s.ports.Handler(ctx, tx, rec.Region); err != nil {
			return Case{}, err
		}
	}
	var open []id.ID
	if err := tx.List(ctx, &open, "SELECT id FROM person_duplicate WHERE person_id = ? AND claimed_region = ? AND why = ? AND state = 'open'",
		rec.ID, claimed, why); err != nil {
		return Case{}, err
	}
	k := Case{ID: id.New()}
	if len(open) > 0 {
		k.ID = open[0]
	} else {
		if _, err := tx.Exec(ctx, `INSERT INTO person_duplicate (id, person_id, why, region, claimed_region, handler, opened_at, opened_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, rec.ID, why, rec.Region, claimed, handler, tx.Now, access.From(ctx).Account); err != nil {
			return Case{}, err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "child.write", SubjectKind: "duplicate", Subject: k.ID, Region: rec.Region}); err != nil {
			return Case{}, err
		}
		if s.ports.Tell != nil {
			if _, err := s.ports.Tell(ctx, tx, Notice{Kind: "duplicate", Ref: k.ID, Child: rec.ID, Region: rec.Region,
				By: access.From(ctx).Account, To: handler}); err != nil {
				return Case{}, err
			}
		}
	}
	names, err := s.names(ctx, tx, handler)
	k.HandlerName = names[handler]
	return k, err
}

// names gives the names of accounts; empty ids are left out.
func (s *Service) names(ctx context.Context, r db.Reader, accounts ...id.ID) (map[id.ID]string, error) {
	var ask []id.ID
	for _, a := range accounts {
		if a != "" {
			ask = append(ask, a)
		}
	}
	if s.ports.Names == nil || len(ask) == 0 {
		return map[id.ID]string{}, nil
	}
	return s.ports.Names(ctx, r, ask...)
}

package person

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// claimed answers a registration whose ID number has a record already.
func (s *Service) claimed(ctx context.Context, tx *db.Tx, other Record, c clean) (Created, error) {
	if access.From(ctx).Allowed("child.read", access.Target{Region: other.Region}) {
		return Created{}, errs.Conflict("person.id_registered")
	}
	k, err := s.openCase(ctx, tx, other, "", "same_id", c.Region)
	return Created{Case: &k}, err
}

// openCase hands a doubt about a record to a named person; an open case of the
// same claim is used again.
func (s *Service) openCase(ctx context.Context, tx *db.Tx, rec Record, other id.ID, why, claimed string) (Case, error) {
	var handler id.ID
	var err error
	if s.ports.Handler != nil {
		if handler, err = s.ports.Handler(ctx, tx, rec.Region); err != nil {
			return Case{}, err
		}
	}
	var open []id.ID
	if err := tx.List(ctx, &open, "SELECT id FROM person_duplicate WHERE person_id = ? AND other_id = ? AND claimed_region = ? AND why = ? AND state = 'open'",
		rec.ID, other, claimed, why); err != nil {
		return Case{}, err
	}
	k := Case{ID: id.New()}
	if len(open) > 0 {
		k.ID = open[0]
	} else {
		if _, err := tx.Exec(ctx, `INSERT INTO person_duplicate (id, person_id, other_id, why, region, claimed_region, handler, opened_at, opened_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, rec.ID, other, why, rec.Region, claimed, handler, tx.Now, access.From(ctx).Account); err != nil {
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

// CaseView is a doubt about who somebody is, and who decides it.
type CaseView struct {
	ID                id.ID        `json:"id"`
	PersonID          id.ID        `json:"person_id"`
	OtherID           id.ID        `json:"other_id"` // empty: the other side is no record, but an area's claim
	Name              string       `json:"name"`
	Code              string       `json:"code"`
	Why               string       `json:"why"` // same_id, same_name_birth
	Region            string       `json:"region"`
	RegionName        string       `json:"region_name"`
	ClaimedRegion     string       `json:"claimed_region"`
	ClaimedRegionName string       `json:"claimed_region_name"`
	Handler           id.ID        `json:"handler"`
	HandlerName       string       `json:"handler_name"`
	State             string       `json:"state"` // open, moved, kept, merged
	OpenedAt          clock.Millis `json:"opened_at"`
	OpenedName        string       `json:"opened_name"`
}

type caseRow struct {
	ID            id.ID        `bun:"id"`
	PersonID      id.ID        `bun:"person_id"`
	OtherID       id.ID        `bun:"other_id"`
	Why           string       `bun:"why"`
	Region        string       `bun:"region"`
	ClaimedRegion string       `bun:"claimed_region"`
	Handler       id.ID        `bun:"handler"`
	State         string       `bun:"state"`
	OpenedAt      clock.Millis `bun:"opened_at"`
	OpenedBy      id.ID        `bun:"opened_by"`
}

const caseColumns = "id, person_id, other_id, why, region, claimed_region, handler, state, opened_at, opened_by"

// Cases lists the open doubts of the actor's areas, and those handed to the
// actor by name; oldest first. Errors: Forbidden.
func (s *Service) Cases(ctx context.Context) ([]CaseView, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.merge"); err != nil {
		return nil, err
	}
	out := []CaseView{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := actor.Lists("child.merge", "region", "person_id")
		var rows []caseRow
		if err := r.List(ctx, &rows, "SELECT "+caseColumns+" FROM person_duplicate WHERE state = 'open' AND "+where+" ORDER BY id LIMIT 500", args...); err != nil {
			return err
		}
		var people, accounts []id.ID
		for _, k := range rows {
			people, accounts = append(people, k.PersonID), append(accounts, k.Handler, k.OpenedBy)
		}
		recs, err := findMany(ctx, r, people)
		if err != nil {
			return err
		}
		names, err := s.names(ctx, r, accounts...)
		if err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for _, k := range rows {
			rec := recs[k.PersonID]
			out = append(out, CaseView{ID: k.ID, PersonID: k.PersonID, OtherID: k.OtherID, Name: rec.Name, Code: rec.Code, Why: k.Why, Region: k.Region,
				RegionName: areas.Label(region.Code(k.Region)), ClaimedRegion: k.ClaimedRegion, ClaimedRegionName: areas.Label(region.Code(k.ClaimedRegion)),
				Handler: k.Handler, HandlerName: names[k.Handler], State: k.State, OpenedAt: k.OpenedAt, OpenedName: names[k.OpenedBy]})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, k := range out {
		audit.Show(ctx, "child.merge", "", k.Region, audit.Shown{Kind: "child", ID: k.PersonID, Fields: []string{"name", "code", "region"}})
	}
	return out, nil
}

// CaseDecision decides an area's claim: the child lives there now (Move), or
// it stays where it is. Two records that are one person are merged instead.
type CaseDecision struct {
	Move bool   `json:"move"`
	Note string `json:"note"`
}

// DecideCase decides an open case. Errors: NotFound, Forbidden, Invalid,
// Conflict "duplicate.decided".
func (s *Service) DecideCase(ctx context.Context, caseID id.ID, d CaseDecision) error {
	actor := access.From(ctx)
	if err := access.May(actor, "child.merge"); err != nil {
		return err
	}
	if !reasonOK(d.Note) {
		return errs.Invalid("note", "reveal.reason_short")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []caseRow
		if err := tx.List(ctx, &rows, "SELECT "+caseColumns+" FROM person_duplicate WHERE id = ?", caseID); err != nil {
			return err
		}
		if len(rows) == 0 {
			return errs.NotFound("record.not_found")
		}
		k := rows[0]
		if err := access.Check(actor, "child.merge", access.Target{Region: k.Region}); err != nil {
			return err
		}
		state := "kept"
		if d.Move {
			state = "moved"
		}
		n, err := tx.Exec(ctx, "UPDATE person_duplicate SET state = ?, decided_at = ?, decided_by = ? WHERE id = ? AND state = 'open'", state, tx.Now, actor.Account, k.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("duplicate.decided")
		}
		if d.Move && k.ClaimedRegion != "" {
			rec, err := findChild(ctx, tx, k.PersonID)
			if err != nil {
				return err
			}
			if _, err := s.apply(ctx, tx, rec, Change{Region: &k.ClaimedRegion, MoveReason: d.Note}); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "child.merge", SubjectKind: "duplicate", Subject: k.ID, Result: state, Region: k.Region})
	})
}

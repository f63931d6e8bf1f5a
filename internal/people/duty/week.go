package duty

import (
	"context"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Serving is somebody who can be put on a roster.
type Serving struct {
	Account     id.ID       `json:"account"`
	Name        string      `json:"name"`
	Role        access.Role `json:"role"`
	Region      string      `json:"region"` // of the grant
	PhoneMasked string      `json:"phone_masked"`
	Reachable   bool        `json:"reachable"`
}

// Holders lists who holds one of the roles for the area: whom its rosters may
// name. No role means all that serve. The right is duty.read for the area.
func (s *Service) Holders(ctx context.Context, code string, roles []access.Role) ([]Serving, error) {
	code, err := areaOf(ctx, "duty.read", code)
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		roles = rosterRoles()
	}
	roles = slices.DeleteFunc(slices.Clone(roles), func(r access.Role) bool { return !serves(r) })
	out := []Serving{}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		holders, err := s.finder.Directory.HoldersAt(ctx, r, chain(code), roles)
		if err != nil {
			return err
		}
		var accounts []id.ID
		for _, h := range holders {
			accounts = append(accounts, h.Account)
		}
		people, err := s.finder.Directory.People(ctx, r, accounts)
		if err != nil {
			return err
		}
		known := map[id.ID]Person{}
		for _, p := range people {
			known[p.Account] = p
		}
		for _, h := range holders {
			if p, ok := known[h.Account]; ok {
				out = append(out, Serving{h.Account, p.Name, h.Role, h.Region, p.PhoneMasked, p.Reachable()})
			}
		}
		return nil
	})
	return out, err
}

// CopyRequest is POST /duty/roster/copy: the week that begins on From, written
// again for the Weeks weeks that follow it.
type CopyRequest struct {
	Region string     `json:"region"`
	From   civil.Date `json:"from"` // first day of the week to copy
	Weeks  int        `json:"weeks"`
}

// CopyAnswer tells what was written and what stood there already.
type CopyAnswer struct {
	Written int `json:"written"`
	Skipped int `json:"skipped"`
}

const mostWeeks = 12

// CopyWeek writes the shifts of a week again, at the same hours of the weeks
// that follow. Turns of rotations go on by themselves, and who is away is no
// pattern: neither is copied. A shift that stands there already is left alone.
func (s *Service) CopyWeek(ctx context.Context, q CopyRequest) (CopyAnswer, error) {
	var out CopyAnswer
	a := access.From(ctx)
	if LevelOf(q.Region) == "" {
		return out, errs.Invalid("region", "duty.region_form")
	}
	if err := access.Check(a, "duty.write", access.Target{Region: q.Region}); err != nil {
		return out, err
	}
	if !q.From.Valid() {
		return out, errs.Invalid("from", "duty.date_form")
	}
	if q.Weeks < 1 || q.Weeks > mostWeeks {
		return out, errs.Invalid("weeks", "duty.weeks")
	}
	from := clock.Of(q.From.Start())
	end := clock.Of(q.From.AddDays(7).Start())
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		shifts, err := shiftsOf(ctx, tx, q.Region, from, clock.Of(q.From.AddDays(7*(q.Weeks+1)).Start()))
		if err != nil {
			return err
		}
		stands := map[Entry]bool{}
		for _, e := range shifts {
			stands[samePlace(e)] = true
		}
		for _, e := range shifts {
			if e.From >= end {
				continue
			}
			if err := s.mayServe(ctx, tx, e.Region, e.Role, []id.ID{e.Account}); err != nil {
				return err
			}
			for w := 1; w <= q.Weeks; w++ {
				// China keeps no summer time: a week is as long as any other.
				n := e
				n.From, n.To = e.From.Add(time.Duration(w)*7*24*time.Hour), e.To.Add(time.Duration(w)*7*24*time.Hour)
				if stands[samePlace(n)] {
					out.Skipped++
					continue
				}
				n.ID, n.CreatedBy, n.CreatedAt = id.New(), a.Account, tx.Now
				if err := insertEntry(ctx, tx, n); err != nil {
					return err
				}
				out.Written++
			}
		}
		if out.Written == 0 {
			return nil
		}
		if err := tx.Emit(ctx, db.Event{Topic: "duty", Kind: "roster", Region: q.Region, Ref: q.Region}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "duty.write", SubjectKind: "duty_week", Subject: id.ID(q.Region), Region: q.Region, Fields: []string{"copied", string(q.From)}})
	})
	return out, err
}

// samePlace is what makes two shifts one: who serves where, and when.
func samePlace(e Entry) Entry {
	return Entry{Region: e.Region, Level: e.Level, Role: e.Role, Account: e.Account, From: e.From, To: e.To}
}

func shiftsOf(ctx context.Context, r db.Reader, area string, from, to clock.Millis) ([]Entry, error) {
	var out []Entry
	err := r.List(ctx, &out, "SELECT "+entryColumns+" FROM duty_entry WHERE removed_at = 0 AND kind = 'shift' AND region = ? AND from_at >= ? AND from_at < ? ORDER BY from_at, id LIMIT 2000",
		area, from, to)
	return out, err
}

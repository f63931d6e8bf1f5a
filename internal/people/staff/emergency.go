package staff

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// What follows is for who stands at the machine itself: the emergency command
// and the demonstration. It needs the System actor, leaves out the second
// person, and says so in the papers and the audit.

func system(ctx context.Context) error {
	if !access.From(ctx).System {
		return errs.Forbidden("access.forbidden")
	}
	return nil
}

// Found makes a staff account with its roles in force at once.
func (s *Service) Found(ctx context.Context, q CreateRequest) (CreateResult, error) {
	password := initialPassword(q.Account, q.Phone)
	i, err := s.foundWith(ctx, q, password, true)
	return CreateResult{i, password}, err
}

func (s *Service) foundWith(ctx context.Context, q CreateRequest, password string, must bool) (id.ID, error) {
	if err := system(ctx); err != nil {
		return "", err
	}
	var f form
	account, name := f.account(q.Account), f.name(q.Name)
	phone := ""
	if q.Phone != "" {
		phone = string(f.phone(q.Phone))
	}
	f.department(q.Department)
	reason := f.reason("reason", q.Reason, true)
	for _, r := range q.Roles {
		f.role(r, q.Region)
	}
	hash, err := s.pw.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	row := accountRow{ID: id.New(), Kind: KindStaff, Account: account, Name: name, State: Active, Department: q.Department, Region: q.Region, MustChange: must}
	return row.ID, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		areas, err := s.areas.Table(ctx, tx)
		if err != nil {
			return err
		}
		f := form{fields: f.fields[:len(f.fields):len(f.fields)]}
		f.region(areas, q.Region)
		if err := f.err(); err != nil {
			return err
		}
		return s.found(ctx, tx, row, phone, hash, q.Roles, reason)
	})
}

// GrantNow puts a right in force at once, without the second person.
func (s *Service) GrantNow(ctx context.Context, account id.ID, q GrantRequest) (Grant, error) {
	var out Grant
	if err := system(ctx); err != nil {
		return out, err
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		row, err := accountByID(ctx, tx, account)
		if err != nil {
			return err
		}
		g, err := s.propose(ctx, tx, access.From(ctx), row, q)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = 'ended' WHERE account_id = ? AND role = ? AND region = ? AND department = ? AND state = 'active'",
			g.AccountID, g.Role, g.Region, g.Department); err != nil {
			return err
		}
		if err := s.activate(ctx, tx, &g, access.From(ctx).Account, ""); err != nil {
			return err
		}
		out, err = s.showGrant(ctx, tx, g)
		return err
	})
	return out, err
}

// DropFactor takes off a second factor without the second person.
func (s *Service) DropFactor(ctx context.Context, account id.ID) error {
	if err := system(ctx); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err := accountByID(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, row.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "factor.reset", SubjectKind: "account", Subject: row.ID, Region: row.Region})
	})
}

// IDOf finds an account by its sign-in name.
func (s *Service) IDOf(ctx context.Context, account string) (id.ID, error) {
	var out id.ID
	name, ok := normalAccount(account)
	if !ok {
		return "", errs.NotFound("record.not_found")
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&out), "SELECT id FROM account WHERE account = ?", name)
	})
	return out, err
}

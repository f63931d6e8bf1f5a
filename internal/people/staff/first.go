package staff

import (
	"context"
	"encoding/json"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// FirstLink is a one-time link by which a first administrator makes his own
// account. Its token is shown where the program was started, and nowhere else.
type FirstLink struct {
	Role  access.Role
	Token string
	Until clock.Millis
}

const (
	firstLife  = 24 * time.Hour
	firstBytes = 24
)

// firstRow is the setting "staff.first.<role>".
type firstRow struct {
	Hash  string       `json:"hash"`
	Until clock.Millis `json:"until"`
}

func adminRoles() []access.Role {
	return []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor}
}

// FirstLinks makes a fresh link for each kind of administrator that the house
// never had: three links for three people, so that no account is there by
// default and nobody begins with two of the keys. None once all are there;
// a lost administrator is replaced by `zugou user`. Older links die.
func (s *Service) FirstLinks(ctx context.Context) ([]FirstLink, error) {
	var out []FirstLink
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		if err := tx.Lock(ctx, "staff.first"); err != nil {
			return err
		}
		for _, role := range adminRoles() {
			had, err := everHad(ctx, tx, role)
			if err != nil {
				return err
			}
			if had {
				continue
			}
			l := FirstLink{role, crypto.Token(firstBytes), tx.Now.Add(firstLife)}
			raw, err := json.Marshal(firstRow{s.kr.Index("staff.first", l.Token), l.Until})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				"staff.first."+string(role), string(raw)); err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, err
}

func everHad(ctx context.Context, r db.Reader, role access.Role) (bool, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM role_grant WHERE role = ? AND state NOT IN ('proposed', 'rejected')", role)
	return n > 0, err
}

// FirstRequest makes a first administrator's account.
type FirstRequest struct {
	Account  string `json:"account"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

// FirstRole tells what a link is for, so that its page can say so. NotFound
// "first.gone" if it was used, replaced or too old.
func (s *Service) FirstRole(ctx context.Context, token string) (access.Role, error) {
	var role access.Role
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		role, err = s.firstRole(ctx, r, token)
		return err
	})
	return role, err
}

func (s *Service) firstRole(ctx context.Context, r db.Reader, token string) (access.Role, error) {
	for _, role := range adminRoles() {
		var raw string
		err := r.Get(ctx, db.To(&raw), "SELECT value FROM setting WHERE name = ?", "staff.first."+string(role))
		if errs.Is(err, errs.KindNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		var row firstRow
		if err := json.Unmarshal([]byte(raw), &row); err != nil {
			return "", errs.Internal(err)
		}
		if token != "" && len(token) <= inputMost && row.Until > r.At() && crypto.EqualText(row.Hash, s.kr.Index("staff.first", token)) {
			return role, nil
		}
	}
	return "", errs.NotFound("first.gone")
}

// First makes the account of a first administrator and uses the link up. He
// signs in with it next and sets up his second factor.
func (s *Service) First(ctx context.Context, p Place, token string, q FirstRequest) (RegisterResult, error) {
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return s.chargeOpen(ctx, tx, p, "first") })
	if err != nil {
		return RegisterResult{}, err
	}
	if _, err := s.FirstRole(ctx, token); err != nil {
		return RegisterResult{}, err
	}
	var f form
	account, name := f.account(q.Account), f.name(q.Name)
	f.fields = append(f.fields, crypto.CheckPasswordRules(q.Password, account, "")...)
	if err := f.err(); err != nil {
		return RegisterResult{}, err
	}
	hash, err := s.pw.Hash(ctx, q.Password)
	if err != nil {
		return RegisterResult{}, err
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, key := range []string{"staff.first", "staff.grants"} {
			if err := tx.Lock(ctx, key); err != nil {
				return err
			}
		}
		role, err := s.firstRole(ctx, tx, token)
		if err != nil {
			return err
		}
		row := accountRow{ID: id.New(), Kind: KindStaff, Account: account, Name: name, State: Active, Department: access.CivilAffairs, Region: s.o.District}
		ctx = access.With(ctx, access.Actor{Account: row.ID})
		if err := s.found(ctx, tx, row, "", hash, []access.Role{role}, "first administrator by one-time link"); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM setting WHERE name = ?", "staff.first."+string(role))
		return err
	})
	return RegisterResult{Active}, err
}

// found makes an account with rights in force at once: by a first link, by the
// emergency command, or for a demonstration. The paper says which.
func (s *Service) found(ctx context.Context, tx *db.Tx, row accountRow, phone, hash string, roles []access.Role, reason string) error {
	refused, err := s.insertAccount(ctx, tx, row, phone, hash)
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "account.manage", SubjectKind: "account", Subject: row.ID, Fields: []string{"created"}, Region: row.Region}); err != nil {
		return err
	}
	for _, role := range roles {
		if err := s.foundGrant(ctx, tx, row, role, row.Region, row.Department, reason); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) foundGrant(ctx context.Context, tx *db.Tx, row accountRow, role access.Role, area string, dept access.Department, reason string) error {
	if err := s.compatible(ctx, tx, row.ID, role, "", GrantActive, GrantProposed); err != nil {
		return err
	}
	by := access.From(ctx).Account
	g := grantRow{ID: id.New(), AccountID: row.ID, Role: role, Region: area, Department: dept, State: GrantProposed, ProposedBy: by, ProposedAt: tx.Now}
	g.Reason = s.kr.Seal("role_grant.reason:"+string(g.ID), reason)
	if err := insertGrant(ctx, tx, g); err != nil {
		return err
	}
	return s.activate(ctx, tx, &g, by, "")
}

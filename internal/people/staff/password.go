package staff

import (
	"context"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// PasswordRequest changes the own password.
type PasswordRequest struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// ChangePassword sets a new own password, while signed in or as the step that
// the sign-in asks for. All other sessions of the account end. Invalid: field
// password with the rule broken, or "password.reused".
func (s *Service) ChangePassword(ctx context.Context, p Place, token string, q PasswordRequest) (SignInResult, error) {
	var state SessionState
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		_, state, _, err = s.look(ctx, r, token)
		return err
	})
	if err != nil {
		return SignInResult{}, err
	}
	// Whoever has not shown the second factor changes nothing.
	if state != OK && state != Change {
		return SignInResult{}, errNoSession()
	}
	l, err := s.prove(ctx, p, token, q.Old)
	if errs.Is(err, errs.KindInvalid) {
		return SignInResult{}, errs.Invalid("old", "password.wrong")
	}
	if err != nil {
		return SignInResult{}, err
	}
	hash, err := s.newPassword(ctx, l.AccountID, q.New)
	if err != nil {
		return SignInResult{}, err
	}
	var out SignInResult
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		rs, err := s.rules(ctx, tx)
		if err != nil {
			return err
		}
		if err := setPassword(ctx, tx, l.AccountID, hash, false, rs["password.kept"]); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, l.AccountID, l.ID, "password"); err != nil {
			return err
		}
		if err := audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "account.own", SubjectKind: "account", Subject: l.AccountID, Fields: []string{"password"}}); err != nil {
			return err
		}
		fresh, err := s.rotate(ctx, tx, l.ID)
		if err != nil {
			return err
		}
		out, err = s.arrive(ctx, tx, l.ID, p)
		out.Token = fresh
		return err
	})
	return out, err
}

// newPassword checks a new password of the account against the rules and the
// earlier ones, and gives its hash.
func (s *Service) newPassword(ctx context.Context, account id.ID, password string) (string, error) {
	var row accountRow
	var earlier []string
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rs, err := s.rules(ctx, r)
		if err != nil {
			return err
		}
		if row, err = accountByID(ctx, r, account); err != nil {
			return err
		}
		earlier, err = passwordsKept(ctx, r, account, rs["password.kept"])
		return err
	})
	if err != nil {
		return "", err
	}
	phone, err := s.openPhone(row)
	if err != nil {
		return "", err
	}
	if err := errs.InvalidFields(crypto.CheckPasswordRules(password, row.Account, phone)); err != nil {
		return "", err
	}
	reused, err := s.pw.Reused(ctx, password, earlier)
	if err != nil {
		return "", err
	}
	if reused {
		return "", errs.Invalid("password", "password.reused")
	}
	return s.pw.Hash(ctx, password)
}

// initialPassword makes one that is good by the rules and easy to read out:
// groups of signs that nobody takes for others.
func initialPassword(account, phone string) string {
	for {
		raw := crypto.HelpCode()                         // upper case and digits, 74 bits
		p := raw[:4] + "-" + lower(raw[5:9]) + raw[9:14] // three classes and a dash
		if len(crypto.CheckPasswordRules(p, account, phone)) == 0 {
			return p
		}
	}
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// sealPhone gives the columns of a phone.
func (s *Service) sealPhone(account id.ID, phone string) (sealed, index string) {
	return s.kr.Seal("account.phone:"+string(account), phone), s.kr.Index("account.phone", phone)
}

func (s *Service) openPhone(row accountRow) (string, error) {
	return s.kr.Open("account.phone:"+string(row.ID), row.Phone)
}

package staff

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Own is what a person sees and keeps of his own account.
type Own struct {
	PhoneMasked  string       `json:"phone_masked"`
	PasswordAt   clock.Millis `json:"password_at"`
	PasswordEnds clock.Millis `json:"password_ends"` // when a new one will be asked for; 0 = never
	Factor       string       `json:"factor"`        // kind, "" = none
	FactorAt     clock.Millis `json:"factor_at"`
	FactorMust   bool         `json:"factor_must"` // a role of the account obliges to it
	RecoveryLeft int          `json:"recovery_left"`
}

// own runs fn for the signed-in person of the token.
func (s *Service) own(ctx context.Context, r db.Reader, token string) (live, accountRow, rules, error) {
	l, state, rs, err := s.look(ctx, r, token)
	if err != nil {
		return live{}, accountRow{}, nil, err
	}
	if state != OK {
		return live{}, accountRow{}, nil, errNoSession()
	}
	row, err := accountByID(ctx, r, l.AccountID)
	return l, row, rs, err
}

// Own tells the signed-in person about his account's safeguards.
func (s *Service) Own(ctx context.Context, token string) (Own, error) {
	var out Own
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		l, row, rs, err := s.own(ctx, r, token)
		if err != nil {
			return err
		}
		out = Own{PhoneMasked: row.PhoneMasked, PasswordAt: row.PasswordAt, Factor: row.Factor, FactorMust: l.needsFactor() && !s.o.Demo}
		key := "password.days"
		if row.Kind == KindCitizen {
			key = "password.days.citizen"
		}
		if days := rs.days(key); days > 0 {
			out.PasswordEnds = row.PasswordAt.Add(days)
		}
		if err := r.Get(ctx, db.To(&out.FactorAt), "SELECT coalesce(max(confirmed_at), 0) FROM second_factor WHERE account_id = ?", row.ID); err != nil {
			return err
		}
		return r.Get(ctx, db.To(&out.RecoveryLeft), "SELECT count(*) FROM recovery_code WHERE account_id = ? AND used_at = 0", row.ID)
	})
	return out, err
}

// OwnPhoneCode sends a code to the phone that the person wants to have.
func (s *Service) OwnPhoneCode(ctx context.Context, p Place, token string, q RegisterCodeRequest) error {
	var f form
	phone := f.phone(q.Phone)
	if err := f.err(); err != nil {
		return err
	}
	if s.o.Sender == nil {
		return errs.Busy("code.no_sender", nil)
	}
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		_, _, _, err := s.own(ctx, r, token)
		return err
	}); err != nil {
		return err
	}
	return s.sendCode(ctx, p, phone)
}

// OwnPhoneRequest changes the own phone: the password says who, the code that
// the phone is his.
type OwnPhoneRequest struct {
	Phone    string `json:"phone"`
	Code     string `json:"code"`
	Password string `json:"password"`
}

// SetOwnPhone changes the own phone. Invalid "password.wrong", "code.wrong";
// Conflict "phone.taken".
func (s *Service) SetOwnPhone(ctx context.Context, p Place, token string, q OwnPhoneRequest) error {
	var f form
	phone := f.phone(q.Phone)
	if err := f.err(); err != nil {
		return err
	}
	l, err := s.prove(ctx, p, token, q.Password)
	if err != nil {
		return err
	}
	var refused error
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, row, _, err := s.own(ctx, tx, token)
		if err != nil {
			return err
		}
		if refused, err = s.useCode(ctx, tx, phone, q.Code); err != nil || refused != nil {
			return err
		}
		if err := s.putPhone(ctx, tx, row, string(phone)); err != nil {
			return err
		}
		return audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "account.own", SubjectKind: "account", Subject: row.ID, Fields: []string{"phone"}, Region: row.Region})
	})
	if err == nil {
		err = refused
	}
	return err
}

// recoveryCodes is how many spare codes a person is given at a time, and
// recoverySigns how long each is: 50 bits.
const (
	recoveryCodes = 8
	recoverySigns = 10
)

// RecoveryCodes are spare codes, shown this once.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

// ProofRequest proves who sits there: the password, and a code of the second
// factor (or a spare one).
type ProofRequest struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// NewRecovery gives new spare codes; the former ones are worth nothing.
// Conflict "factor.none"; Invalid "password.wrong"; Unauthenticated
// "factor.wrong".
func (s *Service) NewRecovery(ctx context.Context, p Place, token string, q ProofRequest) (RecoveryCodes, error) {
	var out RecoveryCodes
	err := s.proven(ctx, p, token, q, func(ctx context.Context, tx *db.Tx, row accountRow) error {
		out = RecoveryCodes{}
		if _, err := tx.Exec(ctx, "DELETE FROM recovery_code WHERE account_id = ?", row.ID); err != nil {
			return err
		}
		for range recoveryCodes {
			raw := strings.ReplaceAll(crypto.HelpCode(), "-", "")[:recoverySigns]
			if _, err := tx.Exec(ctx, "INSERT INTO recovery_code (account_id, code_index, made_at) VALUES (?, ?, ?)", row.ID, s.recoveryIndex(row.ID, raw), tx.Now); err != nil {
				return err
			}
			out.Codes = append(out.Codes, raw[:5]+"-"+raw[5:])
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "factor.recovery", SubjectKind: "account", Subject: row.ID, Region: row.Region})
	})
	return out, err
}

// DropOwnFactor takes the second factor off, to set up another one (a new
// phone). All sessions end: the next sign-in sets it up where it is obliged.
func (s *Service) DropOwnFactor(ctx context.Context, p Place, token string, q ProofRequest) error {
	return s.proven(ctx, p, token, q, func(ctx context.Context, tx *db.Tx, row accountRow) error {
		if err := dropFactor(ctx, tx, row.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "factor.reset", SubjectKind: "account", Subject: row.ID, Region: row.Region})
	})
}

// proven runs fn for a person who gave password and second factor anew.
func (s *Service) proven(ctx context.Context, p Place, token string, q ProofRequest, fn func(ctx context.Context, tx *db.Tx, row accountRow) error) error {
	l, err := s.prove(ctx, p, token, q.Password)
	if err != nil {
		return err
	}
	if len(q.Code) > inputMost {
		q.Code = ""
	}
	var wrong error
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, row, _, err := s.own(ctx, tx, token)
		if err != nil {
			return err
		}
		ctx = access.With(ctx, l.actor(false))
		f, ok := s.factor(row.Factor)
		if !ok {
			return errs.Conflict("factor.none")
		}
		cs, err := s.counters(ctx, tx, "factor:"+string(row.ID), row.ID, p)
		if err != nil {
			return err
		}
		if _, err := s.charge(ctx, tx, cs); err != nil {
			return err
		}
		if wrong, err = s.verify(ctx, tx, f, row, q.Code); err != nil {
			return err
		}
		if wrong != nil {
			return audit.Write(ctx, tx, audit.Entry{Action: "session.second_factor", SubjectKind: "account", Subject: row.ID, Fields: []string{row.Factor}, Result: "refused"})
		}
		if err := s.refund(ctx, tx, cs); err != nil {
			return err
		}
		return fn(ctx, tx, row)
	})
	if err == nil {
		err = wrong
	}
	return err
}

// verify checks a code of the account's factor or a spare one, and uses it up.
func (s *Service) verify(ctx context.Context, tx *db.Tx, f crypto.SecondFactor, row accountRow, code string) (wrong, err error) {
	bad := errs.Invalid("code", "factor.wrong")
	if isRecovery(code) {
		if err := s.useRecovery(ctx, tx, row.ID, code); errs.Is(err, errs.KindUnauthenticated) {
			return bad, nil
		} else if err != nil {
			return nil, err
		}
		return nil, nil
	}
	var fr factorRow
	if err := tx.Get(ctx, db.To(&fr), "SELECT account_id, kind, secret, confirmed_at, last_step FROM second_factor WHERE account_id = ? AND kind = ?", row.ID, row.Factor); err != nil {
		return nil, err
	}
	secret, err := s.kr.Open(factorAAD(row.ID, row.Factor), fr.Secret)
	if err != nil {
		return nil, err
	}
	step, err := f.Verify(secret, code, fr.LastStep, tx.Now.Time())
	if errs.Is(err, errs.KindUnauthenticated) {
		return bad, nil
	}
	if err != nil {
		return nil, err
	}
	n, err := tx.Exec(ctx, "UPDATE second_factor SET last_step = ? WHERE account_id = ? AND kind = ? AND last_step < ?", step, row.ID, row.Factor, step)
	if err == nil && n == 0 {
		return bad, nil
	}
	return nil, err
}

// isRecovery tells a spare code from six digits by its length.
func isRecovery(code string) bool { return len(spare(code)) == recoverySigns }

// spare brings a typed spare code into the form it was made in.
func spare(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, code)
}

func (s *Service) recoveryIndex(account id.ID, raw string) string {
	return s.kr.Index("recovery_code", string(account)+"\x00"+raw)
}

// useRecovery takes a spare code; each serves once. Unauthenticated
// "factor.wrong".
func (s *Service) useRecovery(ctx context.Context, tx *db.Tx, account id.ID, code string) error {
	n, err := tx.Exec(ctx, "UPDATE recovery_code SET used_at = ? WHERE account_id = ? AND code_index = ? AND used_at = 0",
		tx.Now, account, s.recoveryIndex(account, spare(code)))
	if err == nil && n == 0 {
		return errs.Unauthenticated("factor.wrong")
	}
	return err
}

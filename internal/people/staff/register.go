package staff

import (
	"context"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// A code to a phone: six digits are a million guesses, five of which are
// allowed, within five minutes.
const (
	codeDigits = 6
	codeLife   = 5 * time.Minute
	codeTries  = 5
	codeEvery  = time.Minute // one message a minute and phone
)

// brakePhone bounds the codes that one phone is sent in a day, whoever asks.
var brakePhone = brake{"phone", 5, 2 * time.Hour, 24 * time.Hour, 24 * time.Hour}

// RegisterCodeRequest asks for a code.
type RegisterCodeRequest struct {
	Phone string `json:"phone"`
}

// RegisterCode sends a code to the phone, whether it is registered or not: the
// answer tells nobody who is. Busy: "code.too_soon" within a minute,
// "signin.wait" for too many, "code.no_sender" if the house sends none.
func (s *Service) RegisterCode(ctx context.Context, p Place, q RegisterCodeRequest) error {
	var f form
	phone := f.phone(q.Phone)
	if err := f.err(); err != nil {
		return err
	}
	if s.o.Sender == nil {
		return errs.Busy("code.no_sender", nil)
	}
	return s.sendCode(ctx, p, phone)
}

func (s *Service) sendCode(ctx context.Context, p Place, phone civil.Phone) error {
	index := s.kr.Index("account.phone", string(phone))
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "phone_code:"+index); err != nil {
			return err
		}
		var sent clock.Millis
		err := tx.Get(ctx, db.To(&sent), "SELECT sent_at FROM phone_code WHERE phone_index = ?", index)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
		if err == nil && tx.Now.Sub(sent) < codeEvery {
			return errs.Busy("code.too_soon", nil)
		}
		if _, err := s.charge(ctx, tx, []counter{
			{brakeOpen, s.kr.Index("throttle.open", "code\x00"+p.Address), true},
			{brakePhone, s.kr.Index("throttle.phone", string(phone)), true},
		}); err != nil {
			return err
		}
		code := crypto.NumericCode(codeDigits)
		if _, err := tx.Exec(ctx, `INSERT INTO phone_code (phone_index, code_index, sent_at, expires_at, tries) VALUES (?, ?, ?, ?, 0)
			ON CONFLICT (phone_index) DO UPDATE SET code_index = excluded.code_index, sent_at = excluded.sent_at, expires_at = excluded.expires_at, tries = 0`,
			index, s.codeIndex(phone, code), tx.Now, tx.Now.Add(codeLife)); err != nil {
			return err
		}
		return s.o.Sender.SendCode(ctx, tx, phone, code)
	})
}

func (s *Service) codeIndex(phone civil.Phone, code string) string {
	return s.kr.Index("phone_code", string(phone)+"\x00"+code)
}

// RegisterRequest registers a citizen or guardian.
type RegisterRequest struct {
	Phone    string `json:"phone"`
	Code     string `json:"code"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

// RegisterResult tells in what state the new account is.
type RegisterResult struct {
	State State `json:"state"`
}

// Register makes a citizen's account once the phone is proved. Invalid: field
// code "code.wrong" (or too old, or tried too often); Conflict "phone.taken",
// told only to who has the phone.
func (s *Service) Register(ctx context.Context, p Place, q RegisterRequest) (RegisterResult, error) {
	var f form
	name, phone := f.name(q.Name), f.phone(q.Phone)
	f.fields = append(f.fields, crypto.CheckPasswordRules(q.Password, "", string(phone))...)
	if err := f.err(); err != nil {
		return RegisterResult{}, err
	}
	hash, err := s.pw.Hash(ctx, q.Password)
	if err != nil {
		return RegisterResult{}, err
	}
	var refused error
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		refused = nil
		var err error
		if refused, err = s.useCode(ctx, tx, phone, q.Code); err != nil || refused != nil {
			return err
		}
		row := accountRow{ID: id.New(), Kind: KindCitizen, Name: name, State: Active, Region: s.o.District}
		ctx = access.With(ctx, access.Actor{Account: row.ID})
		if refused, err = s.insertAccount(ctx, tx, row, string(phone), hash); err != nil || refused != nil {
			return err
		}
		if err := insertGrant(ctx, tx, grantRow{ID: id.New(), AccountID: row.ID, Role: access.Citizen, Region: s.o.District,
			State: GrantActive, FromAt: tx.Now, ProposedBy: row.ID, ProposedAt: tx.Now, DecidedBy: row.ID, DecidedAt: tx.Now}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.register", SubjectKind: "account", Subject: row.ID, Region: row.Region})
	})
	if err == nil {
		err = refused
	}
	return RegisterResult{Active}, err
}

// useCode takes the code that was sent to the phone; it serves once. A wrong
// one must leave its trace, so that it is no error of the change: refused.
func (s *Service) useCode(ctx context.Context, tx *db.Tx, phone civil.Phone, code string) (refused, err error) {
	index := s.kr.Index("account.phone", string(phone))
	n, err := tx.Exec(ctx, "UPDATE phone_code SET tries = tries + 1 WHERE phone_index = ? AND expires_at > ? AND tries < ?", index, tx.Now, codeTries)
	if err != nil {
		return nil, err
	}
	var want string
	if n > 0 {
		if err := tx.Get(ctx, db.To(&want), "SELECT code_index FROM phone_code WHERE phone_index = ?", index); err != nil {
			return nil, err
		}
	}
	if n == 0 || !crypto.EqualText(want, s.codeIndex(phone, code)) {
		return errs.Invalid("code", "code.wrong"), nil
	}
	_, err = tx.Exec(ctx, "DELETE FROM phone_code WHERE phone_index = ?", index)
	return nil, err
}

// RegisterStaffRequest asks for a staff account.
type RegisterStaffRequest struct {
	Account    string            `json:"account"`
	Name       string            `json:"name"`
	Phone      string            `json:"phone"`
	Password   string            `json:"password"`
	Department access.Department `json:"department"`
	Region     string            `json:"region"`
	Role       access.Role       `json:"role"`
	Reason     string            `json:"reason"`
}

// RegisterStaff makes an account that waits for the administrator of its
// department and area. It may sign in to nothing before. Conflict
// "account.taken" or "phone.taken".
func (s *Service) RegisterStaff(ctx context.Context, p Place, q RegisterStaffRequest) (RegisterResult, error) {
	var f form
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.chargeOpen(ctx, tx, p, "register"); err != nil {
			return err
		}
		t, err := s.areas.Table(ctx, tx)
		if err != nil {
			return err
		}
		f = form{}
		f.region(t, q.Region)
		return nil
	})
	if err != nil {
		return RegisterResult{}, err
	}
	account, name, phone := f.account(q.Account), f.name(q.Name), f.phone(q.Phone)
	f.department(q.Department)
	f.role(q.Role, q.Region)
	reason := f.reason("reason", q.Reason, true)
	f.fields = append(f.fields, crypto.CheckPasswordRules(q.Password, account, string(phone))...)
	if err := f.err(); err != nil {
		return RegisterResult{}, err
	}
	hash, err := s.pw.Hash(ctx, q.Password)
	if err != nil {
		return RegisterResult{}, err
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		row := accountRow{ID: id.New(), Kind: KindStaff, Account: account, Name: name, State: Waiting,
			Department: q.Department, Region: q.Region, WantedRole: q.Role, Note: reason}
		ctx = access.With(ctx, access.Actor{Account: row.ID})
		refused, err := s.insertAccount(ctx, tx, row, string(phone), hash)
		if err != nil {
			return err
		}
		if refused != nil {
			return refused
		}
		if err := s.waits(ctx, tx, access.SystemAdmin, "account.waiting", row.ID, row.ID, row.Region); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.register", SubjectKind: "account", Subject: row.ID, Region: row.Region})
	})
	return RegisterResult{Waiting}, err
}

func maskPhone(phone string) string {
	if phone == "" {
		return ""
	}
	return civil.Phone(phone).Mask()
}

// insertAccount writes a new account with its note and phone sealed. taken is
// the Conflict if account or phone are another's.
func (s *Service) insertAccount(ctx context.Context, tx *db.Tx, row accountRow, phone, hash string) (taken, err error) {
	if err := tx.Lock(ctx, "account.new"); err != nil {
		return nil, err
	}
	sealed, index := s.sealPhone(row.ID, phone)
	var n int
	if row.Account != "" {
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM account WHERE account = ?", row.Account); err != nil {
			return nil, err
		}
		if n > 0 {
			return errs.Conflict("account.taken"), nil
		}
	}
	if index != "" {
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM account WHERE phone_index = ? AND kind = ?", index, row.Kind); err != nil {
			return nil, err
		}
		if n > 0 {
			return errs.Conflict("phone.taken"), nil
		}
	}
	full, initials := civil.NameKeys(row.Name)
	if _, err := tx.Exec(ctx, `INSERT INTO account (id, kind, account, name, pinyin, initials, phone, phone_index, phone_masked, state,
		department, region, wanted_role, note, must_change, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.ID, row.Kind, row.Account, row.Name, full, initials, sealed, index, maskPhone(phone), row.State,
		row.Department, row.Region, row.WantedRole, s.kr.Seal("account.note:"+string(row.ID), row.Note), row.MustChange, tx.Now, access.From(ctx).Account); err != nil {
		return nil, err
	}
	rs, err := s.rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	return nil, setPassword(ctx, tx, row.ID, hash, row.MustChange, rs["password.kept"])
}

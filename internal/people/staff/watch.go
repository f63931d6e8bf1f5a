package staff

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Detail is an account as its own page shows it to administrators.
type Detail struct {
	Account
	CreatedAt     clock.Millis  `json:"created_at"`
	DecidedAt     clock.Millis  `json:"decided_at"`
	DecidedByName string        `json:"decided_by_name,omitempty"`
	PasswordAt    clock.Millis  `json:"password_at"`
	MustChange    bool          `json:"must_change"`
	PausedUntil   clock.Millis  `json:"paused_until"` // after failed tries; 0 = not paused
	FactorAt      clock.Millis  `json:"factor_at"`    // since when it has its second factor
	RecoveryLeft  int           `json:"recovery_left"`
	Sessions      []Session     `json:"sessions"`
	History       []HistoryItem `json:"history"`
}

// HistoryItem is one thing that was done with an account, or that it did about
// itself.
type HistoryItem struct {
	At        clock.Millis  `bun:"at" json:"at"`
	Actor     id.ID         `bun:"actor" json:"actor"`
	ActorName string        `bun:"-" json:"actor_name"`
	Action    access.Action `bun:"action" json:"action"`
	Result    string        `bun:"result" json:"result"`
	Fields    []string      `bun:"-" json:"fields"`
	Shown     string        `bun:"shown" json:"-"`
}

// oversees tells whether the actor has an administrator's or auditor's task
// with accounts: colleagues may read the list, not who signed in where.
func oversees(a access.Actor) error {
	for _, action := range []access.Action{"grant.propose", "grant.approve", "audit.read"} {
		if access.May(a, action) == nil {
			return nil
		}
	}
	return errs.Forbidden("access.forbidden")
}

// historyMost rows of an account's page; the audit's own page has them all.
const historyMost = 50

// Detail gives an account with its sessions, locks and history, to the three
// administrators. NotFound out of the actor's area.
func (s *Service) Detail(ctx context.Context, i id.ID) (Detail, error) {
	var out Detail
	actor := access.From(ctx)
	if err := oversees(actor); err != nil {
		return out, err
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		row, err := s.visible(ctx, r, actor, i)
		if err != nil {
			return err
		}
		if out.Account, err = s.showOne(ctx, r, row); err != nil {
			return err
		}
		out.MustChange, out.PasswordAt = row.MustChange, row.PasswordAt
		var decidedBy id.ID
		if err := r.Get(ctx, db.To(&out.CreatedAt, &out.DecidedAt, &decidedBy), "SELECT created_at, decided_at, decided_by FROM account WHERE id = ?", i); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&out.FactorAt), "SELECT coalesce(max(confirmed_at), 0) FROM second_factor WHERE account_id = ?", i); err != nil {
			return err
		}
		if err := r.Get(ctx, db.To(&out.RecoveryLeft), "SELECT count(*) FROM recovery_code WHERE account_id = ? AND used_at = 0", i); err != nil {
			return err
		}
		if out.PausedUntil, err = s.pausedUntil(ctx, r, i); err != nil {
			return err
		}
		rs, err := s.rules(ctx, r)
		if err != nil {
			return err
		}
		grants, err := grantsOf(ctx, r, i)
		if err != nil {
			return err
		}
		if out.Sessions, err = sessionsOf(ctx, r, i, live{Grants: grants}, rs); err != nil {
			return err
		}
		if out.History, err = history(ctx, r, i); err != nil {
			return err
		}
		who := []id.ID{decidedBy}
		for _, h := range out.History {
			who = append(who, h.Actor)
		}
		names, err := Names(ctx, r, who...)
		if err != nil {
			return err
		}
		out.DecidedByName = names[decidedBy].Name
		for k := range out.History {
			out.History[k].ActorName = names[out.History[k].Actor].Name
		}
		return nil
	})
	if err == nil {
		audit.Show(ctx, "account.read", "", out.Region, audit.Shown{Kind: "account", ID: i, Fields: []string{"name", "phone_masked", "grants", "reason", "sessions", "history"}})
	}
	return out, err
}

func history(ctx context.Context, r db.Reader, account id.ID) ([]HistoryItem, error) {
	out := []HistoryItem{}
	err := r.List(ctx, &out, `SELECT at, actor, action, result, shown FROM audit_row WHERE subject_kind = 'account' AND subject = ?
		AND action <> 'account.read' ORDER BY seq DESC LIMIT ?`, account, historyMost)
	for k := range out {
		out[k].Fields = audit.FieldsOf(out[k].Shown, account)
	}
	return out, err
}

// pauseKeys are the counters that can hold the account back from the places it
// is known at, and from everywhere.
func (s *Service) pauseKeys(ctx context.Context, r db.Reader, account id.ID) ([]string, error) {
	var places []string
	if err := r.List(ctx, &places, "SELECT place FROM known_place WHERE account_id = ?", account); err != nil {
		return nil, err
	}
	var keys []string
	for _, subject := range []string{string(account), "factor:" + string(account)} {
		keys = append(keys, s.kr.Index("throttle.account", subject))
		for _, place := range places {
			keys = append(keys, s.kr.Index("throttle.pair", subject+"\x00"+place))
		}
	}
	return keys, nil
}

func (s *Service) pausedUntil(ctx context.Context, r db.Reader, account id.ID) (clock.Millis, error) {
	keys, err := s.pauseKeys(ctx, r, account)
	if err != nil {
		return 0, err
	}
	args := append([]any{r.At()}, db.Anys(keys)...)
	var until clock.Millis
	err = r.Get(ctx, db.To(&until), "SELECT coalesce(max(until_at), 0) FROM throttle WHERE until_at > ? AND key IN ("+
		db.Marks(len(keys))+")", args...)
	return until, err
}

// LiftPause ends the delay after failed tries, once the administrator knows
// that it is the person himself.
func (s *Service) LiftPause(ctx context.Context, i id.ID, q NoteRequest) error {
	return s.manage(ctx, i, "account.manage", "pause_lifted", &q.Reason, true, func(ctx context.Context, tx *db.Tx, _ access.Actor, row accountRow) error {
		keys, err := s.pauseKeys(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := tx.Exec(ctx, "DELETE FROM throttle WHERE key = ?", k); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndAccountSession signs an account out of one place. NotFound
// "session.not_found" if the session is over or another's.
func (s *Service) EndAccountSession(ctx context.Context, account, session id.ID, q NoteRequest) error {
	return s.manage(ctx, account, "account.manage", "sign_out", &q.Reason, false, func(ctx context.Context, tx *db.Tx, _ access.Actor, row accountRow) error {
		ok, err := endSession(ctx, tx, row.ID, session, "administrator")
		if err == nil && !ok {
			return errs.NotFound("session.not_found")
		}
		return err
	})
}

// PhoneRequest gives an account another phone, which the administrator has
// checked to be the person's.
type PhoneRequest struct {
	Phone  string `json:"phone"`
	Reason string `json:"reason"`
}

// SetAccountPhone changes the phone of an account. Conflict "phone.taken".
func (s *Service) SetAccountPhone(ctx context.Context, i id.ID, q PhoneRequest) error {
	var f form
	phone := f.phone(q.Phone)
	if err := f.err(); err != nil {
		return err
	}
	return s.manage(ctx, i, "account.manage", "phone", &q.Reason, true, func(ctx context.Context, tx *db.Tx, _ access.Actor, row accountRow) error {
		if row.State == Left {
			return errs.Conflict("account.not_active")
		}
		return s.putPhone(ctx, tx, row, string(phone))
	})
}

func (s *Service) putPhone(ctx context.Context, tx *db.Tx, row accountRow, phone string) error {
	if err := tx.Lock(ctx, "account.new"); err != nil {
		return err
	}
	sealed, index := s.sealPhone(row.ID, phone)
	var n int
	if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM account WHERE phone_index = ? AND kind = ? AND id <> ?", index, row.Kind, row.ID); err != nil {
		return err
	}
	if n > 0 {
		return errs.Conflict("phone.taken")
	}
	_, err := tx.Exec(ctx, "UPDATE account SET phone = ?, phone_index = ?, phone_masked = ?, version = version + 1 WHERE id = ?", sealed, index, maskPhone(phone), row.ID)
	return err
}

// Backlog counts what waits for an administrator of accounts.
type Backlog struct {
	Accounts int `json:"accounts"` // registered, not approved
	Grants   int `json:"grants"`   // proposed, not approved
	Resets   int `json:"resets"`   // lost second factors
	Reviews  int `json:"reviews"`  // rights due for the yearly review
}

// Waits counts within the actor's area.
func (s *Service) Waits(ctx context.Context) (Backlog, error) {
	var out Backlog
	actor := access.From(ctx)
	if err := oversees(actor); err != nil {
		return out, err
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rs, err := s.rules(ctx, r)
		if err != nil {
			return err
		}
		areas := actor.Areas("account.read")
		account, accountArgs := access.Where("a.region", areas)
		grant, grantArgs := access.Where("g.region", areas)
		for _, q := range []struct {
			to   *int
			text string
			args []any
		}{
			{&out.Accounts, "SELECT count(*) FROM account a WHERE a.state = 'waiting' AND " + account, accountArgs},
			{&out.Grants, "SELECT count(*) FROM role_grant g WHERE g.state = 'proposed' AND " + grant, grantArgs},
			{&out.Resets, "SELECT count(*) FROM factor_reset r JOIN account a ON a.id = r.account_id WHERE r.state = 'proposed' AND " + account, accountArgs},
			{&out.Reviews, "SELECT count(*) FROM role_grant g WHERE g.role <> 'citizen' AND " + grant + " AND " + effective +
				" AND CASE WHEN g.reviewed_at > g.decided_at THEN g.reviewed_at ELSE g.decided_at END <= ?",
				append(append([]any{}, grantArgs...), r.At(), r.At(), r.At().Add(-rs.days("review.days")))},
		} {
			if err := r.Get(ctx, db.To(q.to), q.text, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

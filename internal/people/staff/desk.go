package staff

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// SignOut ends the session of the token; one that is over stays so.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, _, _, err := s.look(ctx, tx, token)
		if errs.Is(err, errs.KindUnauthenticated) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := endSession(ctx, tx, l.AccountID, l.ID, "sign_out"); err != nil {
			return err
		}
		return audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "session.sign_out", SubjectKind: "account", Subject: l.AccountID})
	})
}

// Lock darkens the session until its password is given again. It may still
// ring.
func (s *Service) Lock(ctx context.Context, token string) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, state, _, err := s.look(ctx, tx, token)
		if err != nil || state == Off {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE session SET locked_at = ? WHERE id = ?", tx.Now, l.ID); err != nil {
			return err
		}
		if err := tell(ctx, tx, "locked", l.AccountID, l.ID); err != nil {
			return err
		}
		return audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "session.lock", SubjectKind: "account", Subject: l.AccountID})
	})
}

// Unlock lights a locked session again. A wrong password counts as at the
// sign-in.
func (s *Service) Unlock(ctx context.Context, p Place, token, password string) (SignInResult, error) {
	l, err := s.prove(ctx, p, token, password)
	if err != nil {
		return SignInResult{}, err
	}
	var out SignInResult
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, _, _, err := s.look(ctx, tx, token); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE session SET locked_at = 0, seen_at = ? WHERE id = ?", tx.Now, l.ID); err != nil {
			return err
		}
		if err := tell(ctx, tx, "unlocked", l.AccountID, l.ID); err != nil {
			return err
		}
		if err := audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "session.unlock", SubjectKind: "account", Subject: l.AccountID}); err != nil {
			return err
		}
		var err error
		out, err = s.arrive(ctx, tx, l.ID, p)
		return err
	})
	return out, err
}

// prove checks the password of the person in front of a session.
func (s *Service) prove(ctx context.Context, p Place, token, password string) (live, error) {
	var l live
	var stored string
	var cs []counter
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if l, _, _, err = s.look(ctx, tx, token); err != nil {
			return err
		}
		row, err := accountByID(ctx, tx, l.AccountID)
		if err != nil {
			return err
		}
		stored = row.Password
		if cs, err = s.counters(ctx, tx, string(row.ID), row.ID, p); err != nil {
			return err
		}
		_, err = s.charge(ctx, tx, cs)
		return err
	})
	if err != nil {
		return live{}, err
	}
	if len(password) > inputMost {
		password = ""
	}
	ok, _, err := s.pw.Check(ctx, stored, password)
	if err != nil {
		return live{}, err
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if ok {
			return s.refund(ctx, tx, cs)
		}
		return audit.Write(access.With(ctx, l.actor(false)), tx,
			audit.Entry{Action: "session.unlock", SubjectKind: "account", Subject: l.AccountID, Result: "refused", Fields: []string{"password"}})
	})
	if err == nil && !ok {
		err = errs.Invalid("password", "password.wrong")
	}
	return l, err
}

// Session is one of a person's own sessions.
type Session struct {
	ID        id.ID        `json:"id"`
	StartedAt clock.Millis `json:"started_at"`
	SeenAt    clock.Millis `json:"seen_at"`
	Device    string       `json:"device"`
	Current   bool         `json:"current"`
}

// Sessions lists the person's sessions that live, the newest first.
func (s *Service) Sessions(ctx context.Context, token string) ([]Session, error) {
	out := []Session{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		l, state, rs, err := s.look(ctx, r, token)
		if err != nil {
			return err
		}
		if state != OK {
			return errNoSession()
		}
		out, err = sessionsOf(ctx, r, l.AccountID, l, rs)
		return err
	})
	return out, err
}

// sessionsOf lists the sessions of an account that live; l is the one that
// asks, or only its grants.
func sessionsOf(ctx context.Context, r db.Reader, account id.ID, l live, rs rules) ([]Session, error) {
	out := []Session{}
	var rows []sessionRow
	if err := r.List(ctx, &rows, "SELECT id, device, started_at, seen_at FROM session WHERE account_id = ? AND ended_at = 0 ORDER BY started_at DESC, id DESC",
		account); err != nil {
		return nil, err
	}
	for _, row := range rows {
		if r.At().Sub(row.StartedAt) < rs.longest(l.Grants) {
			out = append(out, Session{row.ID, row.StartedAt, row.SeenAt, row.Device, row.ID == l.ID})
		}
	}
	return out, nil
}

// EndSession signs out one of the person's own sessions. NotFound if it is
// not his, or over.
func (s *Service) EndSession(ctx context.Context, token string, session id.ID) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, state, _, err := s.look(ctx, tx, token)
		if err != nil {
			return err
		}
		if state != OK {
			return errNoSession()
		}
		ok, err := endSession(ctx, tx, l.AccountID, session, "remote")
		if err != nil {
			return err
		}
		if !ok {
			return errs.NotFound("session.not_found")
		}
		return audit.Write(access.With(ctx, l.actor(false)), tx, audit.Entry{Action: "session.sign_out", SubjectKind: "account", Subject: l.AccountID})
	})
}

// deviceLabel makes of a browser's own words what its owner recognises:
// "Chrome · Windows". Nothing else of them is kept.
func deviceLabel(agent string) string {
	pick := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := pick("MicroMessenger", "WeChat", "wxwork", "WeCom", "DingTalk", "DingTalk", "Edg", "Edge", "QQBrowser", "QQ Browser",
		"UCBrowser", "UC Browser", "360", "360", "HuaweiBrowser", "Huawei Browser", "Firefox", "Firefox", "Chrome", "Chrome", "Safari", "Safari")
	system := pick("HarmonyOS", "HarmonyOS", "OpenHarmony", "HarmonyOS", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad",
		"Windows", "Windows", "UOS", "UOS", "Kylin", "Kylin", "Mac OS X", "macOS", "Linux", "Linux")
	return strings.Trim(browser+" · "+system, " ·")
}

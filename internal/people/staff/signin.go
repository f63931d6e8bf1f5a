package staff

import (
	"context"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// SignInRequest names the account by its name or its phone.
type SignInRequest struct {
	Account  string `json:"account,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Password string `json:"password"`
}

// SignInResult says how far the sign-in is. The fields without JSON are for
// the web layer's cookies, and empty if the cookie stays as it is.
type SignInResult struct {
	State SessionState `json:"state"`
	Me    *Me          `json:"me,omitempty"`

	Token  string       `json:"-"` // of the session
	Until  clock.Millis `json:"-"` // the session's latest end
	Device string       `json:"-"` // of the browser, for a year
}

// Me is the signed-in person about himself.
type Me struct {
	ID          id.ID           `json:"id"`
	Account     string          `json:"account"`
	Name        string          `json:"name"`
	Kind        Kind            `json:"kind"`
	State       SessionState    `json:"state"`
	Roles       []access.Role   `json:"roles"`
	Grants      []GrantBrief    `json:"grants"`
	Actions     []access.Action `json:"actions"`
	MustChange  bool            `json:"must_change"`
	Locked      bool            `json:"locked"`
	IdleSeconds int64           `json:"idle_seconds"`
	Demo        bool            `json:"demo"`
	District    Area            `json:"district"`
}

// Area is an area with its name.
type Area struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// inputMost bounds what is taken for an account or a password.
const inputMost = 200

// errWrong is the one answer to a wrong name, a wrong password and an account
// that left.
func errWrong() error { return errs.Unauthenticated("signin.wrong") }

// candidate is an account that a sign-in may mean.
type candidate struct {
	accountRow
	counters []counter
}

// SignIn begins a session. Errors: Unauthenticated "signin.wrong";
// "signin.waiting", "signin.locked" (only after the right password); Busy
// "signin.wait" while too many failed.
func (s *Service) SignIn(ctx context.Context, p Place, q SignInRequest) (SignInResult, error) {
	tries, unknown, err := s.beginSignIn(ctx, p, q)
	if err != nil {
		return SignInResult{}, err
	}
	password := q.Password
	if len(password) > inputMost {
		password = ""
	}
	// A phone may mean two accounts: both are checked, and so is nobody, so
	// that the time says nothing about who is registered.
	checks := 1
	if q.Account == "" {
		checks = 2
	}
	for i := range checks {
		stored := ""
		if i < len(tries) {
			stored = tries[i].Password
		}
		ok, rehash, err := s.pw.Check(ctx, stored, password)
		if err != nil {
			return SignInResult{}, err
		}
		if ok {
			hash := ""
			if rehash {
				if hash, err = s.pw.Hash(ctx, password); err != nil {
					return SignInResult{}, err
				}
			}
			return s.finishSignIn(ctx, p, tries, i, hash)
		}
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		e := audit.Entry{Action: "session.sign_in", SubjectKind: "account", Result: "refused", Fields: []string{"password"}}
		if unknown {
			return audit.Write(ctx, tx, e)
		}
		for _, t := range tries {
			e.Subject, e.Region = t.ID, t.Region
			if err := audit.Write(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return SignInResult{}, err
	}
	return SignInResult{}, errWrong()
}

// beginSignIn finds whom the request may mean and counts the try.
func (s *Service) beginSignIn(ctx context.Context, p Place, q SignInRequest) (tries []candidate, unknown bool, err error) {
	column, value, typed := "account", "", q.Account
	if q.Account != "" {
		value, _ = normalAccount(q.Account)
	} else {
		phone, _ := civil.ParsePhone(q.Phone)
		column, value, typed = "phone_index", s.kr.Index("account.phone", string(phone)), q.Phone
	}
	if len(value) > inputMost {
		value = ""
	}
	if len(typed) > inputMost {
		typed = typed[:inputMost]
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		tries, unknown = nil, false
		var rows []accountRow
		if value != "" {
			// Staff first: the unit of work.
			if err := tx.List(ctx, &rows, "SELECT "+accountColumns+" FROM account a WHERE a."+column+" = ? ORDER BY a.kind DESC", value); err != nil {
				return err
			}
		}
		var all []counter
		for _, row := range rows {
			cs, err := s.counters(ctx, tx, string(row.ID), row.ID, p)
			if err != nil {
				return err
			}
			tries = append(tries, candidate{row, cs})
			all = merge(all, cs)
		}
		if len(rows) == 0 {
			unknown = true
			var err error
			if all, err = s.counters(ctx, tx, s.kr.Index("throttle.typed", typed), "", p); err != nil {
				return err
			}
		}
		crossed, err := s.charge(ctx, tx, all)
		if err != nil || !crossed {
			return err
		}
		for _, t := range tries { // the beginning of a pause is on record, not each try within it
			if err := audit.Write(ctx, tx, audit.Entry{Action: "session.paused", SubjectKind: "account", Subject: t.ID, Region: t.Region}); err != nil {
				return err
			}
		}
		return nil
	})
	return tries, unknown, err
}

// merge adds the counters that are not there yet: two accounts of one phone
// share the address's.
func merge(have, more []counter) []counter {
next:
	for _, c := range more {
		for _, h := range have {
			if h.key == c.key {
				continue next
			}
		}
		have = append(have, c)
	}
	return have
}

// sessionsMost is how many sessions one account may have; the oldest ends.
const sessionsMost = 10

func (s *Service) finishSignIn(ctx context.Context, p Place, tries []candidate, hit int, rehashed string) (SignInResult, error) {
	c := tries[hit]
	var out SignInResult
	var refused error
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, refused = SignInResult{}, nil
		row, err := accountByID(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		ctx = access.With(ctx, access.Actor{Account: row.ID})
		e := audit.Entry{Action: "session.sign_in", SubjectKind: "account", Subject: row.ID, Region: row.Region}
		switch {
		case row.State == Left || row.Password != c.Password: // changed since it was checked
			refused = errWrong()
		case row.State == Waiting:
			refused = errs.Unauthenticated("signin.waiting")
		case row.State == Locked:
			refused = errs.Unauthenticated("signin.locked")
		}
		if refused != nil {
			e.Result, e.Fields = "refused", []string{"state"}
			return audit.Write(ctx, tx, e)
		}
		all := c.counters
		for _, t := range tries {
			all = merge(all, t.counters)
		}
		if err := s.refund(ctx, tx, all); err != nil {
			return err
		}
		if rehashed != "" {
			if _, err := tx.Exec(ctx, "UPDATE account SET password = ? WHERE id = ?", rehashed, row.ID); err != nil {
				return err
			}
		}
		token, session := newToken(), id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO session (id, account_id, token_index, device, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)",
			session, row.ID, s.tokenIndex(token), deviceLabel(p.Agent), tx.Now, tx.Now); err != nil {
			return err
		}
		if err := s.endOldest(ctx, tx, row.ID); err != nil {
			return err
		}
		e.Fields = []string{"password"}
		if err := audit.Write(ctx, tx, e); err != nil {
			return err
		}
		out, err = s.arrive(ctx, tx, session, p)
		out.Token = token
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return SignInResult{}, err
	}
	return out, nil
}

func (s *Service) endOldest(ctx context.Context, tx *db.Tx, account id.ID) error {
	var ids []id.ID
	if err := tx.List(ctx, &ids, "SELECT id FROM session WHERE account_id = ? AND ended_at = 0 ORDER BY started_at DESC, id DESC", account); err != nil {
		return err
	}
	for _, i := range ids[min(len(ids), sessionsMost):] {
		if _, err := endSession(ctx, tx, account, i, "too_many"); err != nil {
			return err
		}
	}
	return nil
}

// arrive tells how far the session is now; once it is all the way, the place
// is known to the account.
func (s *Service) arrive(ctx context.Context, tx *db.Tx, session id.ID, p Place) (SignInResult, error) {
	l, err := liveBy(ctx, tx, "id", string(session))
	if err != nil {
		return SignInResult{}, err
	}
	rs, err := s.rules(ctx, tx)
	if err != nil {
		return SignInResult{}, err
	}
	state, ended := l.stand(tx.Now, rs, s.o.Demo)
	if ended != "" {
		return SignInResult{}, errNoSession()
	}
	out := SignInResult{State: state, Until: l.StartedAt.Add(rs.longest(l.Grants))}
	if state != OK {
		return out, nil
	}
	if out.Device, err = s.remember(ctx, tx, l.AccountID, p); err != nil {
		return out, err
	}
	if _, err := tx.Exec(ctx, "UPDATE account SET last_seen_at = ? WHERE id = ?", tx.Now, l.AccountID); err != nil {
		return out, err
	}
	out.Me, err = s.me(ctx, tx, l, state, rs)
	return out, err
}

// rotate gives the session a new token: what was seen before the next factor
// is worth nothing after it.
func (s *Service) rotate(ctx context.Context, tx *db.Tx, session id.ID) (string, error) {
	token := newToken()
	_, err := tx.Exec(ctx, "UPDATE session SET token_index = ?, seen_at = ? WHERE id = ? AND ended_at = 0", s.tokenIndex(token), tx.Now, session)
	return token, err
}

func (s *Service) tokenIndex(token string) string { return s.kr.Index("session.token", token) }

// look finds the session of a token and how far it is.
func (s *Service) look(ctx context.Context, r db.Reader, token string) (live, SessionState, rules, error) {
	if token == "" || len(token) > inputMost {
		return live{}, "", nil, errNoSession()
	}
	l, err := liveBy(ctx, r, "token_index", s.tokenIndex(token))
	if err != nil {
		return live{}, "", nil, err
	}
	rs, err := s.rules(ctx, r)
	if err != nil {
		return live{}, "", nil, err
	}
	state, ended := l.stand(r.At(), rs, s.o.Demo)
	if ended != "" {
		return live{}, "", nil, errNoSession()
	}
	return l, state, rs, nil
}

// Actor gives who the token is, and how far signed in. Only in state OK does
// the actor hold grants: a caller that forgets the state shows nothing. It
// reads three indexed rows and caches nothing, so that a revoked right, and a
// child from whom the account must be kept away, is gone at the next request. Errors: Unauthenticated "session.none".
func (s *Service) Actor(ctx context.Context, token string) (access.Actor, SessionState, error) {
	return s.actor(ctx, token, func(st SessionState) bool { return st == OK })
}

// Ringer is Actor for one use, the choice of what rings: a locked seat has its
// grants here too. Nothing read by it may be shown but that it rings.
func (s *Service) Ringer(ctx context.Context, token string) (access.Actor, SessionState, error) {
	return s.actor(ctx, token, func(st SessionState) bool { return st == OK || st == Off })
}

func (s *Service) actor(ctx context.Context, token string, full func(SessionState) bool) (access.Actor, SessionState, error) {
	var a access.Actor
	var state SessionState
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		l, st, _, err := s.look(ctx, r, token)
		a, state = l.actor(full(st)), st
		if err == nil && full(st) && s.o.Hidden != nil {
			a.Hidden, err = s.o.Hidden(ctx, r, a.Account)
		}
		return err
	})
	if err != nil {
		return access.Actor{}, "", err
	}
	return a, state, nil
}

// touchEvery is how old the last sign of a person must be to be written anew.
const touchEvery = 30 * time.Second

// Touch notes that a person did something. The web layer calls it for what a
// person does, not for what a page fetches by itself, or no seat would ever
// be idle. It revives nothing.
func (s *Service) Touch(ctx context.Context, token string) error {
	due := false
	var session, account id.ID
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		l, state, _, err := s.look(ctx, r, token)
		due = err == nil && state != Off && r.At().Sub(l.SeenAt) >= touchEvery
		session, account = l.ID, l.AccountID
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Again inside: it may have been locked or ended since.
		_, state, _, err := s.look(ctx, tx, token)
		if err != nil || state == Off {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE session SET seen_at = ? WHERE id = ? AND ended_at = 0", tx.Now, session); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE account SET last_seen_at = ? WHERE id = ?", tx.Now, account)
		return err
	})
}

// Me tells the signed-in person about himself, in every state of the session;
// rights only once it is all the way or locked.
func (s *Service) Me(ctx context.Context, token string) (Me, error) {
	var out *Me
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		l, state, rs, err := s.look(ctx, r, token)
		if err != nil {
			return err
		}
		out, err = s.me(ctx, r, l, state, rs)
		return err
	})
	if err != nil {
		return Me{}, err
	}
	return *out, nil
}

func (s *Service) me(ctx context.Context, r db.Reader, l live, state SessionState, rs rules) (*Me, error) {
	areas, err := s.areas.Table(ctx, r)
	if err != nil {
		return nil, err
	}
	m := &Me{ID: l.AccountID, Account: l.Account, Name: l.Name, Kind: l.Kind, State: state, Roles: []access.Role{}, Grants: []GrantBrief{},
		Actions: []access.Action{}, MustChange: state == Change, Locked: state == Off,
		IdleSeconds: int64(rs.idle(l.Grants) / time.Second), Demo: s.o.Demo,
		District: Area{s.o.District, areas.Name(region.Code(s.o.District))}}
	if state != OK && state != Off {
		return m, nil
	}
	seen := map[access.Role]bool{}
	for _, g := range l.Grants {
		m.Grants = append(m.Grants, GrantBrief{Role: g.Role, Region: g.Region, RegionName: areas.Label(region.Code(g.Region)), Department: g.Department})
		if !seen[g.Role] {
			seen[g.Role] = true
			m.Roles = append(m.Roles, g.Role)
		}
	}
	for _, action := range access.Actions() {
		if access.May(l.actor(true), action) == nil {
			m.Actions = append(m.Actions, action)
		}
	}
	return m, nil
}

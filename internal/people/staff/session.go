package staff

import (
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// SessionState is how far a session is signed in.
type SessionState string

// The states. In all but OK the session's actor holds no grants.
const (
	OK     SessionState = "ok"
	Second SessionState = "second_factor"       // the password was right, the second factor is awaited
	Enrol  SessionState = "enrol_second_factor" // it has none and must have one
	Change SessionState = "change_password"     // the password is an initial one, or too old
	Off    SessionState = "locked"              // by hand or by idleness: it may ring, and shows nothing
)

// settleWithin is how long a sign-in may stay half done.
const settleWithin = 10 * time.Minute

// live is a session with what decides on it.
type live struct {
	ID         id.ID        `bun:"id"`
	AccountID  id.ID        `bun:"account_id"`
	StartedAt  clock.Millis `bun:"started_at"`
	SeenAt     clock.Millis `bun:"seen_at"`
	FactorAt   clock.Millis `bun:"factor_at"`
	LockedAt   clock.Millis `bun:"locked_at"`
	Kind       Kind         `bun:"kind"`
	Account    string       `bun:"account"`
	Name       string       `bun:"name"`
	State      State        `bun:"state"`
	MustChange bool         `bun:"must_change"`
	PasswordAt clock.Millis `bun:"password_at"`
	Factor     string       `bun:"factor"`

	Grants []access.Grant `bun:"-"`
}

// stand tells how far the session is signed in at the instant; ended names the
// reason if it is over.
func (l live) stand(now clock.Millis, rs rules, demo bool) (state SessionState, ended string) {
	if l.State != Active {
		return "", "account"
	}
	if now.Sub(l.StartedAt) >= rs.longest(l.Grants) {
		return "", "longest"
	}
	state = l.step(rs, demo)
	if state != OK && now.Sub(l.StartedAt) >= settleWithin {
		return "", "unsettled"
	}
	idle := now.Sub(l.SeenAt) >= rs.idle(l.Grants)
	switch {
	case idle && (state != OK || !l.seat()):
		return "", "idle"
	case state == OK && (idle || l.LockedAt != 0):
		return Off, ""
	}
	return state, ""
}

// step gives what the sign-in still lacks. The age of the password counts as
// of the sign-in: no seat goes dark in the middle of a shift because a day
// has passed.
func (l live) step(rs rules, demo bool) SessionState {
	switch {
	case l.Factor != "" && l.FactorAt == 0:
		return Second
	case l.Factor == "" && !demo && l.needsFactor():
		return Enrol
	case !demo && (l.MustChange || l.expired(rs)):
		return Change
	}
	return OK
}

func (l live) needsFactor() bool {
	for _, g := range l.Grants {
		if access.NeedsSecondFactor(g.Role) {
			return true
		}
	}
	return false
}

func (l live) expired(rs rules) bool {
	key := "password.days"
	if l.Kind == KindCitizen {
		key = "password.days.citizen"
	}
	days := rs.days(key)
	return days > 0 && l.StartedAt.Sub(l.PasswordAt) >= days
}

// seat tells whether idleness locks the session instead of ending it: a seat
// must ring.
func (l live) seat() bool {
	for _, g := range l.Grants {
		if g.Role == access.SeatOperator || g.Role == access.SeatLeader {
			return true
		}
	}
	return false
}

// actor gives who the session is, with grants only if it is fully signed in.
func (l live) actor(withGrants bool) access.Actor {
	a := access.Actor{Account: l.AccountID, Session: l.ID, Name: l.Name}
	if withGrants {
		a.Grants = l.Grants
	}
	return a
}

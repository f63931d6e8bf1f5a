package staff

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const accountColumns = `a.id, a.kind, a.account, a.name, a.phone, a.phone_masked, a.state, a.department, a.region, a.wanted_role, a.note,
	a.password, a.password_at, a.must_change, a.factor, a.created_by, a.last_seen_at, a.pinyin`

func accountByID(ctx context.Context, r db.Reader, i id.ID) (accountRow, error) {
	var row accountRow
	err := r.Get(ctx, db.To(&row), "SELECT "+accountColumns+" FROM account a WHERE a.id = ?", i)
	return row, err
}

// effective is the predicate of grants in force at an instant, twice.
const effective = "g.state = 'active' AND g.from_at <= ? AND (g.to_at = 0 OR g.to_at > ?)"

type grantOfRow struct {
	Role       access.Role       `bun:"role"`
	Region     string            `bun:"region"`
	Department access.Department `bun:"department"`
}

// grantsOf gives the rights in force of an account.
func grantsOf(ctx context.Context, r db.Reader, account id.ID) ([]access.Grant, error) {
	var rows []grantOfRow
	if err := r.List(ctx, &rows, "SELECT g.role, g.region, g.department FROM role_grant g WHERE g.account_id = ? AND "+effective+
		" ORDER BY g.decided_at, g.id", account, r.At(), r.At()); err != nil {
		return nil, err
	}
	out := make([]access.Grant, 0, len(rows))
	for _, row := range rows {
		out = append(out, access.Grant(row))
	}
	return out, nil
}

type liveRow struct {
	live   `bun:",extend"`
	Role   access.Role       `bun:"role"`
	Region string            `bun:"region"`
	Dept   access.Department `bun:"dept"`
}

// livesOf reads sessions with their accounts and rights in one query.
func livesOf(ctx context.Context, r db.Reader, where string, args ...any) ([]live, error) {
	var rows []liveRow
	err := r.List(ctx, &rows, `SELECT s.id, s.account_id, s.started_at, s.seen_at, s.factor_at, s.locked_at,
		a.kind, a.account, a.name, a.state, a.must_change, a.password_at, a.factor,
		coalesce(g.role, '') AS role, coalesce(g.region, '') AS region, coalesce(g.department, '') AS dept
		FROM session s JOIN account a ON a.id = s.account_id
		LEFT JOIN role_grant g ON g.account_id = a.id AND `+effective+`
		WHERE s.ended_at = 0 AND `+where+` ORDER BY s.id, g.decided_at, g.id`, append([]any{r.At(), r.At()}, args...)...)
	var out []live
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].ID != row.ID {
			out = append(out, row.live)
		}
		if row.Role != "" {
			l := &out[len(out)-1]
			l.Grants = append(l.Grants, access.Grant{Role: row.Role, Region: row.Region, Department: row.Dept})
		}
	}
	return out, err
}

// liveBy reads the session of an id or a token's index. It runs at every
// request. Unauthenticated "session.none" if there is none.
func liveBy(ctx context.Context, r db.Reader, column, value string) (live, error) {
	lives, err := livesOf(ctx, r, "s."+column+" = ?", value)
	if err == nil && len(lives) == 0 {
		err = errNoSession()
	}
	if err != nil {
		return live{}, err
	}
	return lives[0], nil
}

// endSessions ends an account's sessions but the one kept, and says so to the
// streams.
func endSessions(ctx context.Context, tx *db.Tx, account, keep id.ID, reason string) error {
	var ids []id.ID
	if err := tx.List(ctx, &ids, "SELECT id FROM session WHERE account_id = ? AND ended_at = 0 AND id <> ? ORDER BY id", account, keep); err != nil {
		return err
	}
	for _, i := range ids {
		if _, err := endSession(ctx, tx, account, i, reason); err != nil {
			return err
		}
	}
	return nil
}

// endSession ends one session of the account; false if it was over.
func endSession(ctx context.Context, tx *db.Tx, account, session id.ID, reason string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE session SET ended_at = ?, end_reason = ?, token_index = ? WHERE id = ? AND account_id = ? AND ended_at = 0",
		tx.Now, reason, "ended:"+string(session), session, account)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tell(ctx, tx, "ended", account, session)
}

// setState moves an account if it is in the state it was read in; Conflict
// "record.changed" else.
func setState(ctx context.Context, tx *db.Tx, row accountRow, to State, by id.ID) error {
	n, err := tx.Exec(ctx, "UPDATE account SET state = ?, decided_at = ?, decided_by = ?, version = version + 1 WHERE id = ? AND state = ?",
		to, tx.Now, by, row.ID, row.State)
	if err == nil && n == 0 {
		return errs.Conflict("record.changed")
	}
	return err
}

// passwordsKept gives the hashes that a new password must differ from, the
// newest first.
func passwordsKept(ctx context.Context, r db.Reader, account id.ID, n int64) ([]string, error) {
	var out []string
	err := r.List(ctx, &out, "SELECT password FROM password_history WHERE account_id = ? ORDER BY id DESC LIMIT ?", account, n)
	return out, err
}

// setPassword stores a new hash and keeps it in the history.
func setPassword(ctx context.Context, tx *db.Tx, account id.ID, hash string, must bool, kept int64) error {
	if _, err := tx.Exec(ctx, "UPDATE account SET password = ?, password_at = ?, must_change = ?, version = version + 1 WHERE id = ?",
		hash, tx.Now, must, account); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO password_history (id, account_id, at, password) VALUES (?, ?, ?, ?)", id.New(), account, tx.Now, hash); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM password_history WHERE account_id = ? AND id NOT IN
		(SELECT id FROM password_history WHERE account_id = ? ORDER BY id DESC LIMIT ?)`, account, account, kept)
	return err
}

// tell emits what streams must know about a session. It is for the server's
// own listeners: browsers get it in the form the web layer gives it.
func tell(ctx context.Context, tx *db.Tx, kind string, account, session id.ID) error {
	return tx.Emit(ctx, db.Event{Topic: "session", Kind: kind, Ref: string(session), Data: []byte(`{"account":"` + string(account) + `"}`)})
}

// sessionRow is a session as listed.
type sessionRow struct {
	ID        id.ID        `bun:"id"`
	Device    string       `bun:"device"`
	StartedAt clock.Millis `bun:"started_at"`
	SeenAt    clock.Millis `bun:"seen_at"`
}

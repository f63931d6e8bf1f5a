package notify

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// outboxRow is one message on one channel to one address.
type outboxRow struct {
	ID        id.ID        `bun:"id"`
	NoticeID  id.ID        `bun:"notice_id"`
	Account   id.ID        `bun:"account"`
	Channel   ChannelName  `bun:"channel"`
	Target    string       `bun:"target"`
	Key       string       `bun:"key"`
	Policy    Policy       `bun:"policy"`
	Sealed    string       `bun:"sealed"`
	State     string       `bun:"state"` // waiting, sending, sent, failed, shown, cancelled
	Attempts  int          `bun:"attempts"`
	CreatedAt clock.Millis `bun:"created_at"`
	ExpiresAt clock.Millis `bun:"expires_at"`
	At        clock.Millis `bun:"at"`
	Error     string       `bun:"error"`
}

const outboxColumns = "id, notice_id, account, channel, target, key, policy, sealed, state, attempts, created_at, expires_at, at, error"

// insertOutbox tells whether the row is new: several people's messages of the
// same step make one message in a room.
func insertOutbox(ctx context.Context, tx *db.Tx, o outboxRow) (bool, error) {
	n, err := tx.Exec(ctx, "INSERT INTO outbox ("+outboxColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (channel, account, target, key) DO NOTHING`,
		o.ID, o.NoticeID, o.Account, o.Channel, o.Target, o.Key, o.Policy, o.Sealed, o.State, o.Attempts, o.CreatedAt, o.ExpiresAt, o.At, o.Error)
	return n == 1, err
}

// lockOutbox reads a row that the change is going to write.
func lockOutbox(ctx context.Context, tx *db.Tx, rowID id.ID) (outboxRow, error) {
	var o outboxRow
	query := "SELECT " + outboxColumns + " FROM outbox WHERE id = ?"
	if tx.On() == db.Postgres {
		query += " FOR UPDATE"
	}
	err := tx.Get(ctx, []any{&o}, query, rowID)
	return o, err
}

func updateOutbox(ctx context.Context, tx *db.Tx, o outboxRow) error {
	_, err := tx.Exec(ctx, "UPDATE outbox SET state = ?, attempts = ?, at = ?, error = ? WHERE id = ?", o.State, o.Attempts, o.At, o.Error, o.ID)
	return err
}

func beginAttempt(ctx context.Context, tx *db.Tx, rowID id.ID, n int, at clock.Millis) error {
	_, err := tx.Exec(ctx, "INSERT INTO outbox_attempt (outbox_id, n, at) VALUES (?, ?, ?)", rowID, n, at)
	return err
}

func endAttempt(ctx context.Context, tx *db.Tx, rowID id.ID, n int, at clock.Millis, res Result) error {
	_, err := tx.Exec(ctx, "UPDATE outbox_attempt SET ended_at = ?, result = ?, status = ?, error = ? WHERE outbox_id = ? AND n = ?",
		at, res.Outcome, res.Status, res.Error, rowID, n)
	return err
}

func endNotice(ctx context.Context, tx *db.Tx, notice id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE notice SET state = ?, ended_at = ? WHERE id = ? AND state = ?", done, tx.Now, notice, open)
	return err
}

// noteChannel tells whether the channel began or ceased to fail. A good
// attempt is noted once a minute at most: the row would be the one that all
// attempts wait for.
func noteChannel(ctx context.Context, tx *db.Tx, c ChannelName, ok bool, why string, now clock.Millis) (bool, error) {
	var failing clock.Millis
	err := tx.Get(ctx, db.To(&failing), "SELECT failing_since FROM channel_state WHERE channel = ?", c)
	known := err == nil
	if err := ignoreGone(err); err != nil {
		return false, err
	}
	if ok {
		_, err = tx.Exec(ctx, `INSERT INTO channel_state (channel, last_ok_at) VALUES (?, ?)
			ON CONFLICT (channel) DO UPDATE SET last_ok_at = excluded.last_ok_at, failing_since = 0, error = ''
			WHERE channel_state.failing_since <> 0 OR channel_state.last_ok_at < ?`, c, now, now-60_000)
		return known && failing != 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO channel_state (channel, failing_since, error) VALUES (?, ?, ?)
		ON CONFLICT (channel) DO UPDATE SET failing_since = excluded.failing_since, error = excluded.error
		WHERE channel_state.failing_since = 0`, c, now, why)
	return failing == 0, err
}

func subscriptionsOf(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, "SELECT id FROM push_subscription WHERE account = ? AND removed_at = 0 ORDER BY id", account)
	return out, err
}

func removeSubscription(ctx context.Context, tx *db.Tx, sub id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE push_subscription SET removed_at = ?, sealed = '' WHERE id = ?", tx.Now, sub)
	return err
}

const (
	keepCodes   = 24 * 3600 * 1000       // ms
	keepNotices = 190 * 24 * 3600 * 1000 // ms
	forgetMost  = 2000                   // rows a run, so that no change is long
)

// forgetOld removes old rows, a bounded number a run.
func forgetOld(ctx context.Context, tx *db.Tx, now clock.Millis) error {
	for _, q := range []struct {
		query string
		args  []any
	}{
		{"UPDATE outbox SET sealed = '' WHERE sealed <> '' AND created_at < ?", []any{now - keepCodes}},
		{"DELETE FROM outbox_attempt WHERE outbox_id IN (SELECT id FROM outbox WHERE created_at < ? ORDER BY created_at LIMIT ?)", []any{now - keepNotices, forgetMost}},
		{`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE created_at < ? ORDER BY created_at LIMIT ?)
			AND NOT EXISTS (SELECT 1 FROM outbox_attempt a WHERE a.outbox_id = outbox.id)`, []any{now - keepNotices, forgetMost}},
		{"DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at < ? ORDER BY at LIMIT ?)", []any{now - keepNotices, forgetMost}},
	} {
		if _, err := tx.Exec(ctx, q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}

package platform

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

const columns = `id, name, kind, region, key_id, secret, hash, per_minute, callback, created_at, created_by, revoked_at, revoked_by, revoke_reason,
	last_used_at, failures, failed_at, failed_why`

func find(ctx context.Context, r db.Reader, where string, arg any) (Platform, error) {
	var rows []Platform
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM platform WHERE "+where, arg); err != nil {
		return Platform{}, err
	}
	if len(rows) == 0 {
		return Platform{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

func list(ctx context.Context, r db.Reader) ([]Platform, error) {
	rows := []Platform{}
	err := r.List(ctx, &rows, "SELECT "+columns+`, (SELECT count(*) FROM platform_callback c WHERE c.platform_id = platform.id AND c.sent_at = 0) AS waiting
		FROM platform ORDER BY CASE WHEN revoked_at = 0 THEN 0 ELSE 1 END, created_at DESC`)
	return rows, err
}

func insert(ctx context.Context, tx *db.Tx, p Platform) error {
	_, err := tx.Exec(ctx, `INSERT INTO platform (id, name, kind, region, key_id, secret, hash, per_minute, callback, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.ID, p.Name, p.Kind, p.Region, p.KeyID, p.Secret, p.Hash, p.PerMinute, p.Callback, p.CreatedAt, p.CreatedBy)
	return err
}

func revoke(ctx context.Context, tx *db.Tx, platform, by id.ID, reason string) error {
	_, err := tx.Exec(ctx, "UPDATE platform SET revoked_at = ?, revoked_by = ?, revoke_reason = ? WHERE id = ?", tx.Now, by, reason, platform)
	return err
}

// useNonce remembers a nonce; fresh is false if it was used before.
func useNonce(ctx context.Context, tx *db.Tx, platform id.ID, nonce string) (fresh bool, err error) {
	n, err := tx.Exec(ctx, "INSERT INTO platform_nonce (platform_id, nonce, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", platform, nonce, tx.Now)
	return n == 1, err
}

func used(ctx context.Context, tx *db.Tx, platform id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE platform SET last_used_at = ?, failures = 0 WHERE id = ?", tx.Now, platform)
	return err
}

func noteFailure(ctx context.Context, tx *db.Tx, key, why string) error {
	_, err := tx.Exec(ctx, "UPDATE platform SET failures = failures + 1, failed_at = ?, failed_why = ? WHERE key_id = ?", tx.Now, why, key)
	return err
}

func forgetNonces(ctx context.Context, tx *db.Tx, before clock.Millis) error {
	_, err := tx.Exec(ctx, "DELETE FROM platform_nonce WHERE at < ?", before)
	return err
}

const callbackColumns = "id, platform_id, order_id, payload, created_at, attempts, tried_at, sent_at, status, error"

func putCallback(ctx context.Context, tx *db.Tx, c Callback) error {
	_, err := tx.Exec(ctx, "INSERT INTO platform_callback (id, platform_id, order_id, payload, created_at) VALUES (?, ?, ?, ?, ?)",
		c.ID, c.PlatformID, c.OrderID, c.Payload, tx.Now)
	return err
}

func callbacksOf(ctx context.Context, r db.Reader, platform id.ID, limit int) ([]Callback, error) {
	rows := []Callback{}
	err := r.List(ctx, &rows, "SELECT "+callbackColumns+" FROM platform_callback WHERE platform_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", platform, limit)
	return rows, err
}

// claim takes the oldest undelivered callback; found is false if there is none.
// Busy means that another process holds it.
func claim(ctx context.Context, tx *db.Tx, platform id.ID, until clock.Millis) (c Callback, found bool, err error) {
	var rows []Callback
	if err := tx.List(ctx, &rows, "SELECT "+callbackColumns+" FROM platform_callback WHERE platform_id = ? AND sent_at = 0 ORDER BY created_at, id LIMIT 1", platform); err != nil || len(rows) == 0 {
		return Callback{}, false, err
	}
	n, err := tx.Exec(ctx, "UPDATE platform_callback SET leased_until = ?, attempts = attempts + 1, tried_at = ? WHERE id = ? AND sent_at = 0 AND leased_until <= ?",
		until, tx.Now, rows[0].ID, tx.Now)
	if err == nil && n != 1 {
		err = errs.Busy("platform.callback_held", nil)
	}
	return rows[0], err == nil, err
}

func settle(ctx context.Context, tx *db.Tx, callback id.ID, done bool, status int, why string) error {
	sent := clock.Millis(0)
	if done {
		sent = tx.Now
	}
	_, err := tx.Exec(ctx, "UPDATE platform_callback SET sent_at = ?, leased_until = 0, status = ?, error = ? WHERE id = ?", sent, status, why, callback)
	return err
}

package dispatch

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

const orderColumns = `id, no, matter_id, joint, chain, state, stage, step, last_step, level, region, assignee, clock_at, due_at, missed, drill,
	created_at, created_by, source, external_ref, note, ended_at, version`

const offerColumns = "order_id, account_id, step, role, region, state, offered_at, answered_at, reason"

// Get gives an order without asking for rights; callers check.
func Get(ctx context.Context, r db.Reader, orderID id.ID) (Order, error) {
	rows, err := selectOrders(ctx, r, "WHERE id = ?", orderID)
	if err != nil {
		return Order{}, err
	}
	if len(rows) == 0 {
		return Order{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// OfMatter lists a matter's orders, oldest first.
func OfMatter(ctx context.Context, r db.Reader, matterID id.ID) ([]Order, error) {
	return selectOrders(ctx, r, "WHERE matter_id = ? ORDER BY created_at, id", matterID)
}

// Mine lists the orders that the account is offered or carries, the oldest due first.
func Mine(ctx context.Context, r db.Reader, account id.ID) ([]Order, error) {
	return selectOrders(ctx, r, `WHERE state = 'active' AND id IN (SELECT order_id FROM dispatch_offer WHERE account_id = ? AND state IN ('offered', 'accepted'))
		ORDER BY drill, due_at LIMIT 200`, account)
}

// Busy counts the active orders that accounts carry.
func Busy(ctx context.Context, r db.Reader) (map[id.ID]int, error) {
	var rows []struct {
		Assignee id.ID `bun:"assignee"`
		N        int   `bun:"n"`
	}
	err := r.List(ctx, &rows, "SELECT assignee, count(*) AS n FROM dispatch_order WHERE state = 'active' AND assignee <> '' GROUP BY assignee")
	out := map[id.ID]int{}
	for _, row := range rows {
		out[row.Assignee] = row.N
	}
	return out, err
}

func selectOrders(ctx context.Context, r db.Reader, where string, args ...any) ([]Order, error) {
	var rows []Order
	err := r.List(ctx, &rows, "SELECT "+orderColumns+" FROM dispatch_order "+where, args...)
	return rows, err
}

func insertOrder(ctx context.Context, tx *db.Tx, o Order) error {
	_, err := tx.Exec(ctx, "INSERT INTO dispatch_order ("+orderColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		o.ID, o.No, o.MatterID, o.Joint, o.Chain, o.State, o.Stage, o.Step, o.LastStep, o.Level, o.Region, o.Assignee, o.ClockAt, o.DueAt, o.Missed, o.Drill,
		o.CreatedAt, o.CreatedBy, o.Source, o.ExternalRef, o.Note, o.EndedAt, o.Version)
	return err
}

func saveOrder(ctx context.Context, tx *db.Tx, o Order, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE dispatch_order SET state = ?, stage = ?, step = ?, last_step = ?, level = ?, assignee = ?, clock_at = ?, due_at = ?, missed = ?,
		ended_at = ?, version = ? WHERE id = ? AND version = ?`,
		o.State, o.Stage, o.Step, o.LastStep, o.Level, o.Assignee, o.ClockAt, o.DueAt, o.Missed, o.EndedAt, o.Version, o.ID, was)
	if err == nil && n != 1 {
		err = errs.Conflict("record.moved_on")
	}
	return err
}

// Offers lists who was called for an order, in the order of calling.
func Offers(ctx context.Context, r db.Reader, orderID id.ID) ([]Offer, error) {
	var rows []Offer
	err := r.List(ctx, &rows, "SELECT "+offerColumns+" FROM dispatch_offer WHERE order_id = ? ORDER BY offered_at, step, account_id", orderID)
	return rows, err
}

func offerOf(ctx context.Context, r db.Reader, orderID, account id.ID) (Offer, error) {
	var rows []Offer
	err := r.List(ctx, &rows, "SELECT "+offerColumns+" FROM dispatch_offer WHERE order_id = ? AND account_id = ?", orderID, account)
	if err != nil {
		return Offer{}, err
	}
	if len(rows) == 0 {
		return Offer{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// putOffer calls a person, or calls again whom the order called before and who
// did not refuse.
func putOffer(ctx context.Context, tx *db.Tx, f Offer) error {
	_, err := tx.Exec(ctx, "INSERT INTO dispatch_offer ("+offerColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')
		ON CONFLICT (order_id, account_id) DO UPDATE SET step = excluded.step, state = excluded.state, offered_at = excluded.offered_at, answered_at = 0`,
		f.OrderID, f.Account, f.Step, f.Role, f.Region, OfferOpen, tx.Now)
	return err
}

func setOffer(ctx context.Context, tx *db.Tx, orderID, account id.ID, state, reason string) error {
	_, err := tx.Exec(ctx, "UPDATE dispatch_offer SET state = ?, answered_at = ?, reason = ? WHERE order_id = ? AND account_id = ?",
		state, tx.Now, reason, orderID, account)
	return err
}

// withdrawOthers ends all open calls of an order but that of keep.
func withdrawOthers(ctx context.Context, tx *db.Tx, orderID, keep id.ID) error {
	_, err := tx.Exec(ctx, `UPDATE dispatch_offer SET state = CASE state WHEN 'accepted' THEN 'released' ELSE 'withdrawn' END, answered_at = ?
		WHERE order_id = ? AND account_id <> ? AND state IN ('offered', 'accepted')`, tx.Now, orderID, keep)
	return err
}

// remember notes that the request with this key was carried out; ref is what
// it led to. again is true if it was carried out before.
func remember(ctx context.Context, tx *db.Tx, account id.ID, key, ref string) (again bool, was string, err error) {
	if key == "" {
		return false, "", nil
	}
	if len(key) > 100 {
		return false, "", errs.Invalid("key", "signal.key")
	}
	n, err := tx.Exec(ctx, "INSERT INTO done_key (key, account_id, ref, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", key, account, ref, tx.Now)
	if err != nil || n == 1 {
		return false, ref, err
	}
	err = tx.Get(ctx, db.To(&was), "SELECT ref FROM done_key WHERE account_id = ? AND key = ?", account, key)
	return true, was, err
}

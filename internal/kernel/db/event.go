package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zugou/internal/kernel/clock"
)

// Event is a fact told to listeners in the order of commits. It holds ids
// only, never personal data: who may see what is decided where it is delivered.
type Event struct {
	Xid    int64           `bun:"xid" json:"-"` // PostgreSQL's transaction; 0 on the embedded engine
	Seq    int64           `bun:"seq" json:"-"`
	At     clock.Millis    `bun:"at" json:"at"`
	Topic  string          `bun:"topic" json:"topic"`   // matter, order, signal, notice …
	Kind   string          `bun:"kind" json:"kind"`     // opened, joined, step …
	Region string          `bun:"region" json:"region"` // whose area it belongs to; "" = whole district
	Ref    string          `bun:"ref" json:"ref"`       // id of the record
	Data   json.RawMessage `bun:"data" json:"data"`     // small, ids and states only
}

// Cursor is the event's place in the stream, as sent to browsers in
// Last-Event-ID.
func (e Event) Cursor() string { return fmt.Sprintf("%d-%d", e.Xid, e.Seq) }

// ParseCursor reads what Cursor gave.
func ParseCursor(s string) (xid, seq int64, ok bool) {
	n, err := fmt.Sscanf(s, "%d-%d", &xid, &seq)
	return xid, seq, err == nil && n == 2
}

// Emit writes an event as part of the change.
func (t *Tx) Emit(ctx context.Context, e Event) error {
	if e.Data == nil {
		e.Data = json.RawMessage("{}")
	}
	query := "INSERT INTO event (xid, at, topic, kind, region, ref, data) VALUES (0, ?, ?, ?, ?, ?, ?)"
	if t.engine == Postgres {
		query = "INSERT INTO event (xid, at, topic, kind, region, ref, data) VALUES (pg_current_xact_id()::text::bigint, ?, ?, ?, ?, ?, ?)"
	}
	_, err := t.Exec(ctx, query, t.Now, e.Topic, e.Kind, e.Region, e.Ref, string(e.Data))
	return err
}

// EventsAfter lists up to limit events behind the cursor in commit order.
//
// On PostgreSQL sequence numbers are given out before commit, so a reader that
// goes by them alone skips a slower transaction for ever. Rows are therefore
// ordered by transaction, and read only below the oldest one still running.
func (d *DB) EventsAfter(ctx context.Context, xid, seq int64, limit int) ([]Event, error) {
	var out []Event
	err := d.View(ctx, func(ctx context.Context, r Reader) error {
		query := "SELECT xid, seq, at, topic, kind, region, ref, data FROM event WHERE seq > ? ORDER BY seq LIMIT ?"
		args := []any{seq, limit}
		if d.engine == Postgres {
			query = `SELECT xid, seq, at, topic, kind, region, ref, data FROM event
				WHERE (xid, seq) > (?, ?) AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
				ORDER BY xid, seq LIMIT ?`
			args = []any{xid, seq, limit}
		}
		return r.List(ctx, &out, query, args...)
	})
	return out, err
}

// LastEvent gives the place of the newest event that EventsAfter would give.
func (d *DB) LastEvent(ctx context.Context) (xid, seq int64, err error) {
	err = d.View(ctx, func(ctx context.Context, r Reader) error {
		query := "SELECT xid, seq FROM event ORDER BY seq DESC LIMIT 1"
		if d.engine == Postgres {
			query = `SELECT xid, seq FROM event WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
				ORDER BY xid DESC, seq DESC LIMIT 1`
		}
		var rows []Event
		if err := r.List(ctx, &rows, query); err != nil || len(rows) == 0 {
			return err
		}
		xid, seq = rows[0].Xid, rows[0].Seq
		return nil
	})
	return xid, seq, err
}

// pollEvery is how long a commit of another process may stay unseen.
const pollEvery = 50 * time.Millisecond

// Tail calls fn with each event behind the cursor, in commit order, until ctx
// ends. It survives faults of the storage: it tries again from where it was.
func (d *DB) Tail(ctx context.Context, xid, seq int64, fn func(Event)) {
	wake, stop := d.Wake()
	defer stop()
	const page = 500
	for ctx.Err() == nil {
		events, err := d.EventsAfter(ctx, xid, seq, page)
		for _, e := range events {
			fn(e)
			xid, seq = e.Xid, e.Seq
		}
		if d.engine == Postgres && len(events) > 0 {
			d.stir() // another process may have written them
		}
		if err == nil && len(events) == page {
			continue
		}
		var poll <-chan time.Time
		if d.engine == Postgres || err != nil {
			poll = time.After(pollEvery)
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-poll:
		}
	}
}

// ForgetEvents removes events older than before: browsers that were away for
// longer load anew.
func (d *DB) ForgetEvents(ctx context.Context, before clock.Millis) error {
	return d.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM event WHERE at < ?", before)
		return err
	})
}

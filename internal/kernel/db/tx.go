package db

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Reader is what a read needs; both a view and a change give it.
type Reader interface {
	// Get scans the first row into the destinations (pointers to columns), or
	// into one pointer to a struct with bun tags. No row: kind not_found.
	Get(ctx context.Context, dest []any, query string, args ...any) error
	// List scans all rows into dest, a pointer to a slice of structs or of
	// one-column values.
	List(ctx context.Context, dest any, query string, args ...any) error
	// Walk scans one row after another into the destinations (pointers to
	// columns) and calls fn after each, until fn fails: for what is too much to
	// hold at once. fn must not use the transaction.
	Walk(ctx context.Context, dest []any, fn func() error, query string, args ...any) error
	// At is the transaction's fixed instant.
	At() clock.Millis
	// On tells the engine, for the few queries that must differ.
	On() Engine
}

// To wraps destinations for Get and Walk.
func To(dest ...any) []any { return dest }

// Marks gives n question marks for IN (…).
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// Anys gives a list as arguments.
func Anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return out
}

// Escape makes text plain for LIKE … ESCAPE '!'.
func Escape(text string) string { return plain.Replace(text) }

var plain = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Tx is one change under way. It must not leave the function it was given to.
type Tx struct {
	idb    bun.IDB
	writer *writer // the embedded engine's, nil elsewhere
	engine Engine
	after  []func()
	Now    clock.Millis
}

// At implements Reader.
func (t *Tx) At() clock.Millis { return t.Now }

// On implements Reader.
func (t *Tx) On() Engine { return t.engine }

// Get implements Reader.
func (t *Tx) Get(ctx context.Context, dest []any, query string, args ...any) error {
	rows, ok, err := t.rows(ctx, query, args)
	switch {
	case err != nil:
	case ok:
		err = t.get(ctx, rows, dest)
	default:
		err = t.idb.NewRaw(query, args...).Scan(ctx, dest...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errs.NotFound("record.not_found")
	}
	return storage(err)
}

// List implements Reader.
func (t *Tx) List(ctx context.Context, dest any, query string, args ...any) error {
	rows, ok, err := t.rows(ctx, query, args)
	switch {
	case err != nil:
	case ok:
		err = t.writer.db.ScanRows(ctx, rows, dest)
	default:
		err = t.idb.NewRaw(query, args...).Scan(ctx, dest)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return storage(err)
}

// Walk implements Reader.
func (t *Tx) Walk(ctx context.Context, dest []any, fn func() error, query string, args ...any) error {
	rows, err := t.idb.QueryContext(ctx, query, args...)
	if err != nil {
		return storage(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return storage(err)
		}
		if err := fn(); err != nil {
			return err
		}
	}
	return storage(rows.Err())
}

// Exec runs one statement and tells how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	args = withoutNUL(args)
	s, values, ok, err := t.bind(ctx, query, args)
	if err != nil {
		return 0, storage(err)
	}
	var res sql.Result
	if ok {
		res, err = s.ExecContext(ctx, values...)
	} else {
		res, err = t.idb.NewRaw(query, args...).Exec(ctx)
	}
	if err != nil {
		return 0, storage(err)
	}
	n, err := res.RowsAffected()
	return n, storage(err)
}

// withoutNUL drops NUL bytes from texts: neither engine can store them, and
// devices send them.
func withoutNUL(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok && strings.IndexByte(s, 0) >= 0 {
			args[i] = strings.ReplaceAll(s, "\x00", "")
		}
	}
	return args
}

// Insert writes rows, a pointer to a struct with bun tags or to a slice of
// them, in one statement.
func (t *Tx) Insert(ctx context.Context, rows any) error {
	_, err := t.idb.NewInsert().Model(rows).Exec(ctx)
	return storage(err)
}

// InsertIfNew is Insert that leaves out rows whose key is there already and
// tells how many were written.
func (t *Tx) InsertIfNew(ctx context.Context, rows any) (int64, error) {
	res, err := t.idb.NewInsert().Model(rows).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return 0, storage(err)
	}
	n, err := res.RowsAffected()
	return n, storage(err)
}

// Lock makes the change wait until no other change holds key. The embedded
// engine has one writer, so nothing is to be done there.
func (t *Tx) Lock(ctx context.Context, key string) error {
	if t.engine != Postgres {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	_, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(h.Sum64()))
	return err
}

// AfterCommit runs fn once the change is on disk; never if it fails.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// View runs fn on one consistent state of the database.
func (d *DB) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	opts := &sql.TxOptions{ReadOnly: d.engine == Postgres}
	if d.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.read.BeginTx(ctx, opts)
	if err != nil {
		return storage(err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(ctx, &Tx{idb: tx, engine: d.engine, Now: clock.Of(d.clock.Now())})
}

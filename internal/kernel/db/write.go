package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Bounds of a group: it is committed when nobody waits, or at the latest
// after groupMost changes or groupWithin since its first.
const (
	groupMost   = 512
	groupWithin = 20 * time.Millisecond
)

// change is one Update that waits for the writer.
type change struct {
	ctx   context.Context
	fn    func(context.Context, *Tx) error
	err   error
	after []func()
	done  chan struct{}
}

// Update runs fn as one change and returns when it is durable. fn may run more
// than once (PostgreSQL, after a conflict) and must do nothing but reads and
// writes through tx.
func (d *DB) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return d.update(ctx, d.normal, fn)
}

// UpdateUrgent is Update for signals: it goes before what waits; of passMost+1
// changes one is left to the others.
func (d *DB) UpdateUrgent(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return d.update(ctx, d.urgent, fn)
}

func (d *DB) update(ctx context.Context, queue chan *change, fn func(context.Context, *Tx) error) error {
	if d.engine == Postgres {
		return d.updatePostgres(ctx, fn)
	}
	c := &change{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case queue <- c:
	case <-ctx.Done():
		return errs.Busy("storage.busy", ctx.Err())
	case <-d.stop:
		return errs.Busy("storage.closed", nil)
	}
	select {
	case <-c.done:
	case <-d.stop:
		d.done.Wait() // the writer answers what it took; what it did not take is lost
		select {
		case <-c.done:
		default:
			return errs.Busy("storage.closed", nil)
		}
	}
	if c.err == nil {
		for _, f := range c.after {
			f()
		}
	}
	return c.err
}

// writeLoop is the one writer of the embedded engine.
func (d *DB) writeLoop() {
	defer d.done.Done()
	w := &writer{db: d.write}
	defer w.close()
	for {
		first := d.next()
		if first == nil {
			select {
			case first = <-d.urgent:
			case first = <-d.normal:
			case fn := <-d.aside:
				fn(w)
				continue
			case <-d.stop:
				return
			}
		}
		d.group(w, first)
	}
}

// passMost is how many urgent changes may go before one that waits. A flood of
// signals must not stop the clocks that move missed ones up, nor the reports
// that a device was told are kept: of 33 changes one is theirs.
const passMost = 32

// next takes a waiting change, urgent ones first, within passMost; nil if
// nobody waits. Only the writer calls it.
func (d *DB) next() *change {
	if d.passed >= passMost {
		select {
		case c := <-d.normal:
			d.passed = 0
			return c
		default:
		}
	}
	select {
	case c := <-d.urgent:
		if len(d.normal) > 0 {
			d.passed++
		} else {
			d.passed = 0
		}
		return c
	default:
	}
	select {
	case c := <-d.normal:
		d.passed = 0
		return c
	default:
		return nil
	}
}

// group runs first and what else waits as one transaction of the engine.
func (d *DB) group(w *writer, first *change) {
	// Statements run without the callers' cancellation: an interrupt would
	// break the transaction that others share.
	ctx := context.Background()
	members := []*change{}
	finish := func(err error) {
		ok := 0
		for _, c := range members {
			if c.err == nil {
				c.err = err
			}
			if c.err == nil {
				ok++
			}
		}
		d.noteResult(err == nil, ok)
		for _, c := range members {
			close(c.done)
		}
	}
	err := w.ready(ctx)
	if err == nil {
		err = w.run(ctx, "BEGIN IMMEDIATE")
	}
	if err != nil {
		w.close()
		members = append(members, first)
		finish(storage(err))
		return
	}
	began := d.clock.Now()
	for c := first; c != nil; {
		members = append(members, c)
		if broken := d.member(ctx, w, c); broken != nil {
			_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
			w.close()
			finish(storage(broken))
			return
		}
		if len(members) >= groupMost || d.clock.Now().Sub(began) > groupWithin {
			break
		}
		c = d.next()
	}
	if err := w.run(ctx, "COMMIT"); err != nil {
		_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
		w.close()
		finish(storage(err))
		return
	}
	finish(nil)
}

// member runs one change inside the group. It returns an error only if the
// group itself is broken.
func (d *DB) member(ctx context.Context, w *writer, c *change) (broken error) {
	if c.ctx.Err() != nil {
		c.err = errs.Busy("storage.busy", c.ctx.Err())
		return nil
	}
	if err := w.run(ctx, "SAVEPOINT c"); err != nil {
		return err
	}
	tx := &Tx{idb: w.conn, writer: w, engine: SQLite, Now: clock.Of(d.clock.Now())}
	c.err = guarded(context.WithoutCancel(c.ctx), tx, c.fn)
	c.after = tx.after
	if c.err != nil {
		if isFull(c.err) {
			// The engine may have rolled the whole transaction back.
			return c.err
		}
		if err := w.run(ctx, "ROLLBACK TO c"); err != nil {
			return err
		}
	}
	return w.run(ctx, "RELEASE c")
}

// guarded runs fn and turns a panic into an error.
func guarded(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errs.Internal(fmt.Errorf("panic in a change: %v\n%s", r, debug.Stack()))
		}
	}()
	return fn(ctx, tx)
}

const postgresTries = 6

func (d *DB) updatePostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	var err error
	for try := 0; try < postgresTries; try++ {
		var after []func()
		after, err = d.tryPostgres(ctx, fn)
		if err == nil {
			d.noteResult(true, 1)
			for _, f := range after {
				f()
			}
			return nil
		}
		if !isRetry(err) {
			break
		}
	}
	if errs.Is(err, errs.KindBusy) {
		d.noteResult(false, 0)
	}
	return err
}

func (d *DB) tryPostgres(ctx context.Context, fn func(context.Context, *Tx) error) ([]func(), error) {
	btx, err := d.write.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return nil, storage(err)
	}
	tx := &Tx{idb: btx, engine: Postgres, Now: clock.Of(d.clock.Now())}
	if err := guarded(ctx, tx, fn); err != nil {
		_ = btx.Rollback()
		return nil, err
	}
	if err := btx.Commit(); err != nil {
		return nil, storage(err)
	}
	return tx.after, nil
}

// storage gives a fault of the engine its kind: what may pass by itself (disk
// full, connection lost, server away) is busy, the rest internal.
func storage(err error) error {
	if err == nil {
		return nil
	}
	var own *errs.Error
	if errors.As(err, &own) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT:
			return &errs.Error{Kind: errs.KindConflict, Key: "storage.constraint", Err: err}
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
			sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
			return errs.Busy("storage.unavailable", err)
		}
		return errs.Internal(err)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code[:2] == "23":
			return &errs.Error{Kind: errs.KindConflict, Key: "storage.constraint", Err: redact(err)}
		case pg.Code == "40001" || pg.Code == "40P01":
			return &errs.Error{Kind: errs.KindConflict, Key: "storage.retry", Err: redact(err)}
		case pg.Code[:2] == "53", pg.Code[:2] == "57", pg.Code[:2] == "08", pg.Code[:2] == "58",
			pg.Code == "25006", pg.Code == "25P03", pg.Code == "55P03": // read only, idle too long, a lock not given in time
			return errs.Busy("storage.unavailable", redact(err))
		}
		return errs.Internal(redact(err))
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errs.Busy("storage.busy", err)
	}
	// What is neither engine's own error is the way to it: sockets, pools.
	return errs.Busy("storage.unavailable", redact(err))
}

// redact keeps of a server's error what holds no values of rows: the detail
// of a constraint error quotes the row.
func redact(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("postgres %s %s (%s)", pg.Code, pg.ConstraintName, pg.Severity)
	}
	var conn *pgconn.ConnectError
	if errors.As(err, &conn) {
		return errors.New("postgres: cannot connect")
	}
	return err
}

func isFull(err error) bool { return errs.KeyOf(err) == "storage.unavailable" }

func isRetry(err error) bool { return errs.KeyOf(err) == "storage.retry" }

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // database/sql driver "sqlite"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Engine names the database underneath.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database. Create it by Open; it is safe for concurrent use.
type DB struct {
	engine Engine
	clock  clock.Clock
	read   *bun.DB
	write  *bun.DB

	urgent chan *change // SQLite: changes waiting for the writer
	normal chan *change
	passed int                // urgent changes that went before a waiting one; the writer's alone
	aside  chan func(*writer) // work for the writer's connection between groups
	stop   chan struct{}
	done   sync.WaitGroup
	closed atomic.Bool

	failed atomic.Int64 // clock.Millis of the first failed commit since the last good one; 0 = healthy
	wakeMu sync.Mutex
	wakes  map[chan struct{}]struct{}

	groups  atomic.Int64 // commits
	changes atomic.Int64 // changes in them
}

// Open opens the database that url names: "postgres://…", or a file path for
// the embedded engine. It does not migrate; see Migrate.
func Open(ctx context.Context, target string, clk clock.Clock) (*DB, error) {
	d := &DB{clock: clk, stop: make(chan struct{}), wakes: map[chan struct{}]struct{}{}}
	var err error
	if strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://") {
		err = d.openPostgres(ctx, target)
	} else {
		err = d.openSQLite(ctx, target)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// postgresLimits bound what a server that hangs can hold up: a commit that waits
// for a standby which is gone, a lock nobody gives back, a transaction whose
// process is stuck (it would hold back every event behind it, see EventsAfter).
// The address may set others.
var postgresLimits = map[string]string{
	"statement_timeout":                   "30s",
	"lock_timeout":                        "10s",
	"idle_in_transaction_session_timeout": "30s",
}

func (d *DB) openPostgres(ctx context.Context, target string) error {
	d.engine = Postgres
	settings, err := pgx.ParseConfig(target)
	if err != nil {
		return errors.New("open postgres: the address can't be read") // the error quotes it, password and all
	}
	for name, value := range postgresLimits {
		if settings.RuntimeParams[name] == "" {
			settings.RuntimeParams[name] = value
		}
	}
	pool := stdlib.OpenDB(*settings)
	pool.SetMaxOpenConns(32)
	pool.SetMaxIdleConns(16)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return errs.Busy("storage.unavailable", redact(err))
	}
	d.write = bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	d.read = d.write
	return nil
}

// sqlitePragmas: FULL makes each commit durable; secure_delete writes zeros over
// what is deleted (see Scrub); the busy timeout covers a
// second process such as backup; the cache is per connection.
const sqlitePragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=secure_delete(1)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(4000)"

func (d *DB) openSQLite(ctx context.Context, path string) error {
	d.engine = SQLite
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + sqlitePragmas
	w, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fmt.Errorf("open sqlite: %w", err)
	}
	w.SetMaxOpenConns(2) // the writer's own, and one for migrations
	if err := w.PingContext(ctx); err != nil {
		_ = w.Close()
		return errs.Busy("storage.unavailable", err)
	}
	r, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		_ = w.Close()
		return fmt.Errorf("open sqlite: %w", err)
	}
	r.SetMaxOpenConns(8)
	r.SetMaxIdleConns(8)
	d.write = bun.NewDB(w, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	d.read = bun.NewDB(r, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	d.urgent = make(chan *change, 4096)
	d.normal = make(chan *change, 4096)
	d.aside = make(chan func(*writer))
	d.done.Add(1)
	go d.writeLoop()
	return nil
}

// Engine tells which engine is underneath, for the few places that must know.
func (d *DB) Engine() Engine { return d.engine }

// Clock is the clock that transactions take their Now from.
func (d *DB) Clock() clock.Clock { return d.clock }

// Close finishes what is queued and closes the database.
func (d *DB) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	close(d.stop)
	d.done.Wait()
	err := d.write.Close()
	if d.read != d.write {
		if e := d.read.Close(); err == nil {
			err = e
		}
	}
	return err
}

// Scrub makes sure that what was deleted from the tables is gone from the
// storage. The embedded engine has zeroed the rows (secure_delete) and drops
// the log that still holds them; PostgreSQL vacuums, so that the rows' places
// are written over by the next ones: there the bytes go with use, and a disk
// that must not tell anything is encrypted.
func (d *DB) Scrub(ctx context.Context, tables ...string) error {
	if d.engine == Postgres {
		for _, t := range tables {
			if _, err := d.write.ExecContext(ctx, "VACUUM "+t); err != nil {
				return storage(err)
			}
		}
		return nil
	}
	done := make(chan error, 1)
	select {
	case d.aside <- func(w *writer) {
		err := w.ready(ctx)
		if err == nil {
			_, err = w.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		}
		done <- storage(err)
	}:
		return <-done
	case <-ctx.Done():
		return errs.Busy("storage.busy", ctx.Err())
	case <-d.stop:
		return errs.Busy("storage.closed", nil)
	}
}

// Failing tells since when commits fail; ok is false while they succeed.
func (d *DB) Failing() (since clock.Millis, failing bool) {
	m := clock.Millis(d.failed.Load())
	return m, m != 0
}

// Waiting gives how many changes wait for the embedded engine's writer: urgent
// ones, and the others.
func (d *DB) Waiting() (urgent, others int) { return len(d.urgent), len(d.normal) }

// Stats gives the number of commits and of the changes in them since Open.
func (d *DB) Stats() (groups, changes int64) { return d.groups.Load(), d.changes.Load() }

// Check writes nothing but makes the engine prove that a commit works.
func (d *DB) Check(ctx context.Context) error {
	return d.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, "UPDATE heartbeat SET at = ? WHERE id = 1", tx.Now)
		return err
	})
}

// noteResult keeps the health of the storage and wakes the listeners.
func (d *DB) noteResult(ok bool, n int) {
	if !ok {
		d.failed.CompareAndSwap(0, int64(clock.Of(d.clock.Now())))
		return
	}
	d.failed.Store(0)
	d.groups.Add(1)
	d.changes.Add(int64(n))
	d.stir()
}

// stir wakes the listeners.
func (d *DB) stir() {
	d.wakeMu.Lock()
	for ch := range d.wakes {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	d.wakeMu.Unlock()
}

// Wake returns a channel that receives after commits of this process and, while
// this process tails events, after those of others that told one (several may be
// told as one), and a function that ends the subscription.
func (d *DB) Wake() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	d.wakeMu.Lock()
	d.wakes[ch] = struct{}{}
	d.wakeMu.Unlock()
	return ch, func() {
		d.wakeMu.Lock()
		delete(d.wakes, ch)
		d.wakeMu.Unlock()
	}
}

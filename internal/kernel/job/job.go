// Package job runs what is due: the clocks of orders, messages to send,
// everything that happens later. Jobs are rows, so a restart forgets none.
//
// A job has a kind and a key that is unique within the kind: scheduling the
// same key again moves it, cancelling removes it. Two ways to handle a kind:
//
//	Rule   runs in the same change that removes the job: it happens once, or
//	       not at all. For state machines.
//	Effect talks to the outer world without a transaction, under a lease; it
//	       happens at least once, and is tried again with back-off.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Job is one row.
type Job struct {
	ID         id.ID        `bun:"id"`
	Kind       string       `bun:"kind"`
	Key        string       `bun:"key"`
	DueAt      clock.Millis `bun:"due_at"`
	FirstDueAt clock.Millis `bun:"first_due_at"` // when it was first due: DueAt moves with retries
	Payload    string       `bun:"payload"`      // JSON, ids only
	Attempts   int          `bun:"attempts"`
}

// Schedule sets the job of this kind and key to fall due at the instant,
// whether it was there or not.
func Schedule(ctx context.Context, tx *db.Tx, kind, key string, due clock.Millis, payload string) error {
	if payload == "" {
		payload = "{}"
	}
	_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, key, due_at, first_due_at, payload, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, key) DO UPDATE SET id = excluded.id, due_at = excluded.due_at, first_due_at = excluded.first_due_at,
		payload = excluded.payload, attempts = 0, leased_until = 0, last_error = ''`,
		id.New(), kind, key, due, due, payload, tx.Now)
	return err
}

// Cancel removes the job if it is there.
func Cancel(ctx context.Context, tx *db.Tx, kind, key string) error {
	_, err := tx.Exec(ctx, "DELETE FROM job WHERE kind = ? AND key = ?", kind, key)
	return err
}

// Rule handles a job inside the change that removes it.
type Rule func(ctx context.Context, tx *db.Tx, j Job) error

// Effect handles a job outside of any change. An error has it tried again.
type Effect func(ctx context.Context, j Job) error

// Engine runs due jobs. Register all kinds before the first run.
type Engine struct {
	db      *db.DB
	log     *slog.Logger
	rules   map[string]Rule
	effects map[string]Effect
	every   map[string]time.Duration
}

// NewEngine makes an engine without kinds.
func NewEngine(d *db.DB, log *slog.Logger) *Engine {
	return &Engine{db: d, log: log, rules: map[string]Rule{}, effects: map[string]Effect{}, every: map[string]time.Duration{}}
}

// Rule registers a kind that runs inside the change.
func (e *Engine) Rule(kind string, r Rule) { e.rules[kind] = r }

// Effect registers a kind that runs outside.
func (e *Engine) Effect(kind string, f Effect) { e.effects[kind] = f }

// Every registers an effect that is due again a period after each run, once
// in the whole installation, whichever process runs it.
func (e *Engine) Every(kind string, period time.Duration, f Effect) {
	e.effects[kind] = f
	e.every[kind] = period
}

const (
	page    = 200              // jobs of one round
	workers = 8                // jobs at once: they share the groups of the writer
	lease   = 60 * time.Second // after this a crashed effect is free again
)

// RunOnce runs what is due now and tells how many jobs it ran. Call it again
// while it returns a full page.
func (e *Engine) RunOnce(ctx context.Context) (int, error) {
	now := clock.Of(e.db.Clock().Now())
	var due []Job
	err := e.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &due, `SELECT id, kind, key, due_at, first_due_at, payload, attempts FROM job
			WHERE due_at <= ? AND leased_until <= ? ORDER BY due_at LIMIT ?`, now, now, page)
	})
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, j := range due {
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wg.Done() }()
			e.run(ctx, j)
		}()
	}
	wg.Wait()
	return len(due), nil
}

func (e *Engine) run(ctx context.Context, j Job) {
	var err error
	if rule, ok := e.rules[j.Kind]; ok {
		err = e.runRule(ctx, j, rule)
	} else if effect, ok := e.effects[j.Kind]; ok {
		err = e.runEffect(ctx, j, effect)
	} else {
		err = fmt.Errorf("no handler for jobs of kind %s", j.Kind)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	e.log.Error("job failed", "kind", j.Kind, "key", j.Key, "attempts", j.Attempts+1, "error", err)
	uerr := e.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE job SET due_at = ?, attempts = attempts + 1, leased_until = 0, last_error = ?
			WHERE id = ? AND kind = ? AND key = ?`, tx.Now.Add(backoff(j.Attempts)), errs.KeyOf(err), j.ID, j.Kind, j.Key)
		return err
	})
	if uerr != nil {
		e.log.Error("job not put back", "kind", j.Kind, "error", uerr)
	}
}

// backoff grows from a second to five minutes.
func backoff(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 9), 5*time.Minute)
}

func (e *Engine) runRule(ctx context.Context, j Job, rule Rule) error {
	return e.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM job WHERE id = ? AND due_at = ?", j.ID, j.DueAt)
		if err != nil || n == 0 { // moved, cancelled, or taken by another process
			return err
		}
		return rule(ctx, tx, j)
	})
}

func (e *Engine) runEffect(ctx context.Context, j Job, effect Effect) error {
	taken := false
	err := e.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE job SET leased_until = ? WHERE id = ? AND due_at = ? AND leased_until <= ?",
			tx.Now.Add(lease), j.ID, j.DueAt, tx.Now)
		taken = n == 1
		return err
	})
	if err != nil || !taken {
		return err
	}
	if err := effect(ctx, j); err != nil {
		return err
	}
	return e.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if period, again := e.every[j.Kind]; again {
			_, err := tx.Exec(ctx, "UPDATE job SET due_at = ?, first_due_at = ?, attempts = 0, leased_until = 0, last_error = '' WHERE id = ?",
				tx.Now.Add(period), tx.Now.Add(period), j.ID)
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM job WHERE id = ?", j.ID)
		return err
	})
}

// Ensure schedules the periodic kinds that have no row yet.
func (e *Engine) Ensure(ctx context.Context) error {
	return e.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		for kind := range e.every {
			_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, key, due_at, first_due_at, payload, created_at) VALUES (?, ?, '', ?, ?, '{}', ?)
				ON CONFLICT (kind, key) DO NOTHING`, id.New(), kind, tx.Now, tx.Now, tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// PollEvery is how often a running engine looks for due jobs.
const PollEvery = 100 * time.Millisecond

// Run runs due jobs until ctx ends.
func (e *Engine) Run(ctx context.Context) {
	for ctx.Err() == nil && e.Ensure(ctx) != nil {
		wait(ctx, time.Second)
	}
	for ctx.Err() == nil {
		n, err := e.RunOnce(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Error("jobs not read", "error", err)
			wait(ctx, time.Second)
			continue
		}
		if n < page {
			wait(ctx, PollEvery)
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

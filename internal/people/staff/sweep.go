package staff

import (
	"context"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// SweepEvery is how often Sweep should run: streams of an idle session close
// by then.
const SweepEvery = 15 * time.Second

const (
	sweepPage  = 200
	sessionOld = 90 * 24 * time.Hour // ended sessions are kept so long; the audit keeps the sign-ins
)

// Sweep writes down what time has brought: sessions that ran out end, idle
// seats lock, and their streams are told; grants whose day came end; counters,
// codes and places of old are forgotten. What it writes holds without it too:
// reading works it out. It is idempotent, and safe in several processes.
func (s *Service) Sweep(ctx context.Context) error {
	var due []id.ID
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rs, err := s.rules(ctx, r)
		if err != nil {
			return err
		}
		var after id.ID
		for {
			var ids []id.ID
			if err := r.List(ctx, &ids, "SELECT id FROM session WHERE ended_at = 0 AND seen_at <= ? AND id > ? ORDER BY id LIMIT ?",
				r.At().Add(-rs.leastIdle()), after, sweepPage); err != nil || len(ids) == 0 {
				return err
			}
			after = ids[len(ids)-1]
			lives, err := livesOf(ctx, r, "s.id >= ? AND s.id <= ?", ids[0], after)
			if err != nil {
				return err
			}
			for _, l := range lives {
				if state, ended := l.stand(r.At(), rs, s.o.Demo); ended != "" || (state == Off && l.LockedAt == 0) {
					due = append(due, l.ID)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, i := range due {
		if err := s.sweepSession(ctx, i); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := endExpired(ctx, tx); err != nil {
			return err
		}
		for query, age := range map[string]time.Duration{
			"DELETE FROM throttle WHERE last_at < ?":                  brakePair.quiet,
			"DELETE FROM phone_code WHERE expires_at < ?":             codeLife,
			"DELETE FROM known_place WHERE seen_at < ?":               deviceKnown,
			"DELETE FROM session WHERE ended_at > 0 AND ended_at < ?": sessionOld,
		} {
			if _, err := tx.Exec(ctx, query, tx.Now.Add(-age)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) sweepSession(ctx context.Context, session id.ID) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, err := liveBy(ctx, tx, "id", string(session))
		if errs.Is(err, errs.KindUnauthenticated) {
			return nil // over meanwhile
		}
		if err != nil {
			return err
		}
		rs, err := s.rules(ctx, tx)
		if err != nil {
			return err
		}
		state, ended := l.stand(tx.Now, rs, s.o.Demo)
		switch {
		case ended != "":
			_, err = endSession(ctx, tx, l.AccountID, l.ID, ended)
		case state == Off && l.LockedAt == 0:
			if _, err = tx.Exec(ctx, "UPDATE session SET locked_at = ? WHERE id = ? AND ended_at = 0", tx.Now, l.ID); err == nil {
				err = tell(ctx, tx, "locked", l.AccountID, l.ID)
			}
		}
		return err
	})
}

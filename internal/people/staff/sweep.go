package staff

import (
	"context"
	"fmt"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
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
		if err := s.followAreas(ctx, tx); err != nil {
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

// followAreas moves accounts and rights from a code that ended to the one in
// its place, or a township that was given a new code would be without its
// officers. The paper of the old code ends; its copy names the same document.
func (s *Service) followAreas(ctx context.Context, tx *db.Tx) error {
	const gone = "EXISTS (SELECT 1 FROM region r WHERE r.code = %s AND r.ended_on <> '' AND r.ended_on <= ?)"
	today := string(civil.DateOf(tx.Now.Time()))
	var n int
	if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM region WHERE ended_on <> '' AND ended_on <= ?", today); err != nil || n == 0 {
		return err
	}
	areas, err := s.areas.Table(ctx, tx)
	if err != nil {
		return err
	}
	var rows []grantRow
	if err := tx.List(ctx, &rows, "SELECT "+grantColumns+" FROM role_grant g WHERE g.state IN ('active', 'proposed') AND "+fmt.Sprintf(gone, "g.region")+" ORDER BY g.id LIMIT ?",
		today, sweepPage); err != nil {
		return err
	}
	for _, g := range rows {
		to, ok := areas.Now(codeOf(g.Region))
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = ? WHERE id = ?", GrantEnded, g.ID); err != nil {
			return err
		}
		if !ok {
			continue
		}
		n := g
		n.ID, n.Region = id.New(), string(to)
		if n.Reason, err = s.carry("role_grant.reason:", g.ID, n.ID, g.Reason); err != nil {
			return err
		}
		var have int
		if err := tx.Get(ctx, db.To(&have), "SELECT count(*) FROM role_grant WHERE account_id = ? AND role = ? AND region = ? AND department = ? AND state = ?",
			n.AccountID, n.Role, n.Region, n.Department, n.State); err != nil {
			return err
		}
		if have > 0 { // two areas became one
			continue
		}
		if err := insertGrant(ctx, tx, n); err != nil {
			return err
		}
		if err := audit.Write(access.With(ctx, access.System("areas")), tx, audit.Entry{Action: "grant.move", SubjectKind: "account", Subject: n.AccountID,
			Purpose: string(n.ID), Fields: []string{string(n.Role)}, Region: n.Region}); err != nil {
			return err
		}
		if err := tell(ctx, tx, "rights", n.AccountID, ""); err != nil {
			return err
		}
	}
	var moved []accountRow
	if err := tx.List(ctx, &moved, "SELECT "+accountColumns+" FROM account a WHERE a.state <> 'left' AND "+fmt.Sprintf(gone, "a.region")+" ORDER BY a.id LIMIT ?", today, sweepPage); err != nil {
		return err
	}
	for _, a := range moved {
		if to, ok := areas.Now(codeOf(a.Region)); ok {
			if _, err := tx.Exec(ctx, "UPDATE account SET region = ? WHERE id = ?", to, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// carry seals a text of one row for another.
func (s *Service) carry(column string, from, to id.ID, sealed string) (string, error) {
	text, err := s.kr.Open(column+string(from), sealed)
	return s.kr.Seal(column+string(to), text), err
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

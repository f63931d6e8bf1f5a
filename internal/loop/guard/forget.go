package guard

import (
	"context"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// JobForget erases what has outlived its term.
const JobForget = "guard.forget"

const forgetEvery = time.Hour

// kept is one kind of what is kept for a term only. The newest place of a
// device and the messages that a matter holds stay: the one is needed tonight,
// the other goes with its matter.
type kept struct {
	what, table string
	days        func(KeepRule) int
	erase       string // one page
	left        string // what should be gone and is not
}

var terms = []kept{
	{"position", "device_position", func(k KeepRule) int { return k.Positions },
		"DELETE FROM device_position WHERE (device, at) IN (SELECT device, at FROM device_position WHERE received_at < ? LIMIT 2000)",
		"SELECT count(*) FROM device_position WHERE received_at < ?"},
	{"media", "device_media", func(k KeepRule) int { return k.Media },
		"DELETE FROM device_media WHERE id IN (SELECT id FROM device_media WHERE received_at < ? LIMIT 500)",
		"SELECT count(*) FROM device_media WHERE received_at < ?"},
	// A message's decoded words hold its place: they may not outlive it.
	{"message_place", "signal", func(k KeepRule) int { return k.Positions },
		"UPDATE signal SET body = '{}', raw = '' WHERE id IN (SELECT id FROM signal WHERE received_at < ? AND device_id <> '' AND matter_id = '' AND body <> '{}' LIMIT 1000)",
		"SELECT count(*) FROM signal WHERE received_at < ? AND device_id <> '' AND matter_id = '' AND body <> '{}'"},
	{"message", "signal", func(k KeepRule) int { return k.Messages },
		"DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE received_at < ? AND device_id <> '' AND matter_id = '' LIMIT 1000)",
		"SELECT count(*) FROM signal WHERE received_at < ? AND device_id <> '' AND matter_id = ''"},
	{"last_place", "device_last", func(k KeepRule) int { return k.Positions },
		"UPDATE device_last SET lat = 0, lon = 0, position_at = 0, source = '', accuracy_m = -1 WHERE device IN (SELECT device FROM device_last WHERE position_at > 0 AND position_at < ? LIMIT 2000)",
		"SELECT count(*) FROM device_last WHERE position_at > 0 AND position_at < ?"},
}

// Erasure is the record of one run that erased something.
type Erasure struct {
	ID        id.ID        `json:"id" bun:"id"`
	At        clock.Millis `json:"at" bun:"at"`
	What      string       `json:"what" bun:"what"`
	BeforeAt  clock.Millis `json:"before_at" bun:"before_at"`
	Erased    int64        `json:"erased" bun:"erased"`
	Remaining int64        `json:"remaining" bun:"remaining"`
}

// pagesMost bounds one run; the next goes on.
const pagesMost = 500

// Forget erases what has outlived its term, page by page, makes the storage
// drop the bytes, counts what is left, and keeps that count.
func (s *Service) Forget(ctx context.Context) error {
	ctx = access.With(ctx, access.System("guard"))
	var keep KeepRule
	var now clock.Millis
	if err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		rules, _, err := s.rulesFor(ctx, r, "", s.p.District)
		keep, now = rules.Keep, r.At()
		return err
	}); err != nil {
		return err
	}
	for _, k := range terms {
		before := now.Add(-time.Duration(k.days(keep)) * 24 * time.Hour)
		var erased int64
		for range pagesMost {
			var n int64
			if err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = tx.Exec(ctx, k.erase, before)
				return err
			}); err != nil {
				return err
			}
			if erased += n; n == 0 {
				break
			}
		}
		if erased == 0 {
			continue
		}
		if err := s.p.DB.Scrub(ctx, k.table); err != nil {
			return err
		}
		if err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var left int64
			if err := tx.Get(ctx, db.To(&left), k.left, before); err != nil {
				return err
			}
			row := id.New()
			if _, err := tx.Exec(ctx, "INSERT INTO guard_erasure (id, at, what, before_at, erased, remaining) VALUES (?, ?, ?, ?, ?, ?)", row, tx.Now, k.what, before, erased, left); err != nil {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Action: "position.erase", SubjectKind: "erasure", Subject: row, Fields: []string{k.what}, Region: s.p.District})
		}); err != nil {
			return err
		}
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM guard_battery WHERE on_day < ?", civil.DateOf(now.Time()).AddDays(-90))
		return err
	})
}

// Erasures gives the record of what was erased, newest first. Errors:
// Forbidden.
func (s *Service) Erasures(ctx context.Context) ([]Erasure, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return nil, err
	}
	out := []Erasure{}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &out, "SELECT id, at, what, before_at, erased, remaining FROM guard_erasure ORDER BY at DESC, id DESC LIMIT 200")
	})
	return out, err
}

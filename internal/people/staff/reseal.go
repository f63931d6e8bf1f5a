package staff

import (
	"context"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Kinds of jobs.
const (
	JobSweep  = "staff.sweep"
	JobReseal = "staff.reseal"
)

// Schedule has the engine run what accounts need in the background.
func (s *Service) Schedule(e *job.Engine) {
	e.Every(JobSweep, SweepEvery, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) })
	e.Every(JobReseal, 24*time.Hour, func(ctx context.Context, _ job.Job) error {
		_, err := s.Reseal(ctx)
		return err
	})
}

// sealedColumns are the sealed cells of this package: table, its key, column.
// The aad of each is "table.column:key".
var sealedColumns = []struct{ table, key, column string }{
	{"account", "id", "phone"}, {"account", "id", "note"},
	{"role_grant", "id", "reason"}, {"role_grant", "id", "decision_note"}, {"role_grant", "id", "revoke_note"},
	{"factor_reset", "id", "reason"},
	{"second_factor", "account_id", "secret"},
}

// resealPage keeps a change short.
const resealPage = 100

type sealedCell struct {
	Key    id.ID  `bun:"k"`
	Kind   string `bun:"kind"`
	Sealed string `bun:"sealed"`
}

// Reseal seals again, under the current key, what older keys sealed: after a
// rotation, or a change of the cipher. It tells how many cells it changed.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	changed := 0
	for _, c := range sealedColumns {
		kind := "''"
		if c.table == "second_factor" {
			kind = "kind"
		}
		var after id.ID
		for {
			n, done, last := 0, false, after
			err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
				n, done, last = 0, false, after
				var cells []sealedCell
				if err := tx.List(ctx, &cells, "SELECT "+c.key+" AS k, "+kind+" AS kind, "+c.column+" AS sealed FROM "+c.table+
					" WHERE "+c.key+" > ? ORDER BY "+c.key+" LIMIT ?", after, resealPage); err != nil {
					return err
				}
				done = len(cells) < resealPage
				for _, cell := range cells {
					last = cell.Key
					if cell.Sealed == "" || !s.kr.Stale(cell.Sealed) {
						continue
					}
					aad := c.table + "." + c.column + ":" + string(cell.Key)
					if cell.Kind != "" {
						aad = factorAAD(cell.Key, cell.Kind)
					}
					again, _, err := s.kr.Reseal(aad, cell.Sealed)
					if err != nil {
						return err
					}
					if _, err := tx.Exec(ctx, "UPDATE "+c.table+" SET "+c.column+" = ? WHERE "+c.key+" = ? AND "+c.column+" = ?", again, cell.Key, cell.Sealed); err != nil {
						return err
					}
					n++
				}
				return nil
			})
			if err != nil {
				return changed, err
			}
			changed += n
			after = last
			if done {
				break
			}
		}
	}
	return changed, nil
}

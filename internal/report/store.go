package report

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// recorded gives the figure that holds for the period at the instant: the
// newest row of each area that was recorded until then.
func recorded(ctx context.Context, r db.Reader, code string, p Period) ([]Row, error) {
	var rows []Row
	err := r.List(ctx, &rows, `SELECT f.id, 'figure' AS kind, f.recorded_at AS at, f.region, f.id AS counted, f.source AS label, f.value AS amount FROM figure f
		WHERE f.code = ? AND f.from_on >= ? AND f.to_on <= ? AND f.recorded_at <= ?
		AND NOT EXISTS (SELECT 1 FROM figure n WHERE n.code = f.code AND n.from_on = f.from_on AND n.to_on = f.to_on AND n.region = f.region
			AND n.recorded_at <= ? AND (n.recorded_at > f.recorded_at OR n.recorded_at = f.recorded_at AND n.id > f.id))`,
		code, p.From, p.To, p.AsOf, p.AsOf)
	return rows, err
}

func insertRecorded(ctx context.Context, tx *db.Tx, figure id.ID, region string, w Recording) error {
	_, err := tx.Exec(ctx, `INSERT INTO figure (id, code, from_on, to_on, region, value, source, note, recorded_at, recorded_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, figure, w.Code, w.From, w.To, region, w.Value, w.Source, w.Note, tx.Now, access.From(ctx).Account)
	return err
}

package report

import (
	"context"

	"zugou/internal/kernel/db"
)

// Devices gives the indicators that the register of devices answers: D18,
// children with a smart badge or watch in service.
func Devices() []Indicator {
	return []Indicator{{Code: "D18", System: "Z14", Span: Programme, Measure: Distinct, Unit: "person", Collect: SQL(inService)}}
}

// inService gives the wearings that began since the programme did and still
// ran when the period ended (or at the instant of the question, if that came
// first). A device that is on nobody, in stock or given back, is in no
// wearing; one of an import that is not whole yet does not show.
func inService(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	end := min(q.To, q.AsOf+1)
	return `SELECT w.child_id AS id, 'child' AS kind, w.from_at AS at, d.region, w.child_id AS counted, d.kind AS label
		FROM device_wearing w JOIN device d ON d.id = w.device
		WHERE w.from_at >= ? AND w.from_at < ? AND (w.to_at = 0 OR w.to_at >= ?)
		AND (d.batch = '' OR d.batch IN (SELECT id FROM import_shown))`, []any{q.From, end, end}, nil
}

package app

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/report"
)

// screeningFigures are the figures of drawings and screening.
func screeningFigures() []report.Indicator {
	return []report.Indicator{
		// Drawings collected (D09): what was read and not thrown out. A second photo
		// of one sheet is no second drawing; of the two a person chooses one.
		{Code: "D09", System: "Z9", Span: report.Year, Measure: report.Rows, Unit: "sheet",
			Collect: report.SQL(func(_ context.Context, _ db.Reader, q report.Asked) (string, []any, error) {
				return `SELECT id, 'drawing' AS kind, created_at AS at, region, id AS counted, '' AS label
					FROM drawing WHERE state NOT IN ('out', 'second') AND created_at >= ? AND created_at < ? AND created_at <= ?`, []any{q.From, q.To, q.AsOf}, nil
			})},
		// Children suspected of a risk (D10), by a scale or by the mark that a
		// drawing set; a child counts once, whatever said it.
		{Code: "D10", System: "Z8", Span: report.Year, Measure: report.Distinct, Unit: "person",
			Collect: report.SQL(func(_ context.Context, _ db.Reader, q report.Asked) (string, []any, error) {
				return `SELECT id, 'sheet' AS kind, stored_at AS at, region, child_id AS counted, '' AS label
					FROM answer_sheet WHERE (critical OR needs_person OR over_cutoff) AND stored_at >= ? AND stored_at < ? AND stored_at <= ?
					UNION ALL SELECT id, 'mark' AS kind, set_at AS at, region, child_id AS counted, '' AS label
					FROM drawing_mark WHERE set_at >= ? AND set_at < ? AND set_at <= ?`, []any{q.From, q.To, q.AsOf, q.From, q.To, q.AsOf}, nil
			})},
	}
}

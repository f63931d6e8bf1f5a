// Package report counts the bureau's figures from the records: how many
// suicide risks were resolved in 2024, and which ones these are.
//
//	Indicator ─ Collect(period, as of, areas) ─► rows ─ Measure ─► figure
//	                                              │
//	                                              └─► the same rows, opened
//
// An indicator is registered by whoever wires the program (internal/app); the
// package knows none by itself but those of the centre (centre.go). To add
// one:
//
//	figures.Register(report.Indicator{
//		Code: "D08", System: "Z11", Span: report.Year, Measure: report.Rows, Unit: "session",
//		Collect: report.SQL(func(ctx context.Context, r db.Reader, q report.Asked) (string, []any, error) {
//			return `SELECT id, 'session' AS kind, held_at AS at, region, id AS counted, title AS label
//				FROM group_session WHERE held_at >= ? AND held_at < ? AND created_at <= ?`,
//				[]any{q.From, q.To, q.AsOf}, nil
//		}),
//	})
//
// with the words indicator.D08 (its name) and definition.D08 in a
// locale file, and unit.session if the unit is new. Register returns an error
// for a code that is there already; it is called while wiring, never by init.
//
// Always true:
//   - A figure is the count, the distinct count or the sum over the very rows
//     that it opens into: there is no second query that could differ.
//   - Only rows of the asker's areas are counted (report.read), so a township
//     sees its own figure. A row names ids, dates and areas, never a person.
//   - Exercises are counted nowhere: every indicator leaves out what is a drill.
//   - AsOf reproduces: records are added, not rewritten, so the figure of last
//     year as it stood on 10 January is the same whenever it is asked for. What
//     was reopened after that instant still counts as resolved then.
//   - A figure that no record can give (a year before the system) is recorded
//     with its source paper, by a person; a correction is a new row.
//
// Periods are civil dates of China: From ≤ day < To.
package report

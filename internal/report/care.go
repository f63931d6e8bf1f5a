package report

import (
	"context"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/loop/hotline"
)

// Care gives the indicators that casework, events, the hotline and the
// workforce answer.
func Care() []Indicator {
	return []Indicator{
		{Code: "D04", System: "Z3", Span: AtEnd, Measure: Rows, Unit: "person", Collect: SQL(workforceAtEnd)},
		{Code: "D07", System: "Z11", Span: Year, Measure: Distinct, Unit: "item", Collect: SQL(events("group"))},
		{Code: "D08", System: "Z11", Span: Year, Measure: Rows, Unit: "session", Collect: SQL(events("group"))},
		{Code: "D11", System: "Z11", Span: Year, Measure: Distinct, Unit: "person", Collect: SQL(onACase)},
		{Code: "D12", System: "Z17", Span: Year, Measure: Rows, Unit: "matter", Collect: suicideEvents("died", "attempt")},
		{Code: "D12a", System: "Z17", Span: Year, Measure: Rows, Unit: "matter", Collect: suicideEvents("attempt")},
		{Code: "D12d", System: "Z17", Span: Year, Measure: Rows, Unit: "matter", Collect: suicideEvents("died")},
		{Code: "D13", System: "Z13", Span: Programme, Measure: Distinct, Unit: "person", Collect: SQL(referredOrAsked)},
		{Code: "D14", System: "Z13", Span: Programme, Measure: Rows, Unit: "time", Collect: SQL(consultations)},
		{Code: "D15", System: "Z11", Span: Programme, Measure: Rows, Unit: "case", Collect: SQL(casesServed)},
		{Code: "D19", System: "Z16", Span: Programme, Measure: Rows, Unit: "session", Collect: SQL(events("publicity"))},
	}
}

// workforceAtEnd: who worked on the last day of the period.
func workforceAtEnd(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	last := q.ToDay.AddDays(-1)
	return `SELECT id, 'worker' AS kind, made_at AS at, region, id AS counted, kind AS label FROM workforce_person
		WHERE began_on <= ? AND (ended_on = '' OR ended_on > ?) AND made_at <= ?`, []any{last, last, q.AsOf}, nil
}

// events are those held. A distinct count is by theme.
func events(kind string) func(context.Context, db.Reader, Asked) (string, []any, error) {
	return func(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
		return `SELECT id, 'event' AS kind, held_at AS at, region, theme AS counted, theme AS label FROM care_event
			WHERE kind = ? AND state = 'held' AND held_at >= ? AND held_at < ? AND made_at <= ?`, []any{kind, q.From, q.To, q.AsOf}, nil
	}
}

// onACase: cases that a worker had accepted and that were open on a day of the
// period.
func onACase(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	return `SELECT id, 'case' AS kind, accepted_at AS at, region, child_id AS counted, no AS label FROM care_case
		WHERE accepted_at > 0 AND accepted_at < ? AND (closed_at = 0 OR closed_at >= ?) AND accepted_at <= ?`, []any{q.To, q.From, q.AsOf}, nil
}

// suicideEvents: matters of children with a category, closed with one of the
// outcomes. An attempt is what the seat closed as one, by whatever door the
// matter came in; who was taken to hospital to be safe made none. A death
// counts where the matter was one of suicide.
func suicideEvents(outcomes ...string) Collect {
	return func(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
		list, err := closedMatters(ctx, r, q, []string{"suicide"}, func(key string) bool { return slices.Contains(outcomes, key) })
		if err != nil {
			return nil, err
		}
		elsewhere, err := closedMatters(ctx, r, q, []string{"sos", "danger", "police"}, func(key string) bool { return key == "attempt" && slices.Contains(outcomes, key) })
		list = append(list, elsewhere...)
		if err != nil {
			return nil, err
		}
		out := []Row{}
		for _, c := range list {
			if c.ChildID == "" {
				continue
			}
			day := civil.DateOf(c.At.Time())
			var n int
			if err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM child_category WHERE child_id = ? AND began_on <= ? AND (ended_on = '' OR ended_on > ?)", c.ChildID, day, day); err != nil {
				return nil, err
			}
			if n > 0 {
				out = append(out, c.Row)
			}
		}
		return out, nil
	}
}

// referredOrAsked: children whose case came from an agency or from themselves
// and their families, not from our own screening or alarms.
func referredOrAsked(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	return `SELECT id, 'case' AS kind, opened_at AS at, region, child_id AS counted, no AS label FROM care_case
		WHERE source IN ('school', 'police', 'township', 'department', 'hospital', 'guardian', 'self', 'hotline') AND state <> 'rejected'
		AND opened_at >= ? AND opened_at < ? AND opened_at <= ?`, []any{q.From, q.To, q.AsOf}, nil
}

// consultations: calls of the hotline whose class counts as a consultation.
func consultations(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	args := []any{}
	for _, c := range hotline.Consultations {
		args = append(args, c)
	}
	return `SELECT id, 'call' AS kind, arrived_at AS at, region, id AS counted, no AS label FROM hotline_call WHERE class IN (` + db.Marks(len(args)) + `)
		AND arrived_at >= ? AND arrived_at < ? AND wrapped_at <= ?`, append(args, q.From, q.To, q.AsOf), nil
}

// casesServed: cases in which a session was held, counted by the first one.
func casesServed(_ context.Context, _ db.Reader, q Asked) (string, []any, error) {
	return `SELECT c.id, 'case' AS kind, MIN(p.written_at) AS at, c.region, c.id AS counted, c.no AS label FROM care_case c JOIN care_part p ON p.case_id = c.id
		WHERE p.kind = 'session' AND p.written_at <= ? GROUP BY c.id, c.region, c.no HAVING MIN(p.written_at) >= ? AND MIN(p.written_at) < ?`, []any{q.AsOf, q.From, q.To}, nil
}

package report

import (
	"context"
	"encoding/json"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// Centre gives the indicators that the centre's own records answer: those of
// the seat (D05, D06, D16, D17), and the baseline of 2022 (D21), which was
// counted by the police before this system.
func Centre() []Indicator {
	return []Indicator{
		{Code: "D05", System: "Z6", Span: Year, Measure: Rows, Unit: "matter", Collect: resolvedSuicide},
		{Code: "D06", System: "Z6", Span: Year, Measure: Rows, Unit: "request", Collect: resolvedRequests},
		{Code: "D16", System: "Z11", Span: Programme, Measure: Rows, Unit: "time", Collect: withPolice},
		{Code: "D17", System: "Z6", Span: Programme, Measure: Distinct, Unit: "person", Collect: defused},
		{Code: "D21", System: "Z1", Span: Recorded, Unit: "matter"},
	}
}

// closing is a matter that stood closed at the instant of the question, with
// the outcome it was last closed with.
type closing struct {
	Row
	ChildID id.ID      `bun:"child_id"`
	Birth   civil.Date `bun:"birth_on"`
	Data    string     `bun:"data"`
}

// closedMatters gives the closings in the period that hold as of the instant:
// a closing after which the matter was reopened until then does not count.
// Outcomes stand in the events, since the matter's own column is emptied when
// it is reopened later.
func closedMatters(ctx context.Context, r db.Reader, q Asked, kinds []string, outcome func(key string) bool) ([]closing, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	args := db.Anys(kinds)
	args = append(args, q.From, q.To, q.AsOf, q.AsOf)
	var rows []closing
	err := r.List(ctx, &rows, `SELECT m.id, 'matter' AS kind, c.at, m.region, m.child_id AS counted, m.no AS label, m.child_id, COALESCE(p.birth_on, '') AS birth_on,
		COALESCE((SELECT o.data FROM matter_event o WHERE o.matter_id = m.id AND o.kind IN ('closing', 'closed') AND (o.at < c.at OR o.at = c.at AND o.id <= c.id)
			AND o.data LIKE '%"outcome"%' ORDER BY o.at DESC, o.id DESC LIMIT 1), '{}') AS data
		FROM matter_event c JOIN matter m ON m.id = c.matter_id LEFT JOIN person p ON p.id = m.child_id
		WHERE c.kind = 'closed' AND m.kind IN (`+db.Marks(len(kinds))+`) AND m.drill = FALSE
		AND c.at >= ? AND c.at < ? AND c.at <= ?
		AND NOT EXISTS (SELECT 1 FROM matter_event u WHERE u.matter_id = m.id AND u.kind = 'reopened' AND u.at >= c.at AND u.at <= ?)`, args...)
	if err != nil {
		return nil, err
	}
	out := rows[:0]
	for _, c := range rows {
		if outcome(outcomeOf(c.Data)) {
			out = append(out, c)
		}
	}
	return out, nil
}

func rowsOf(list []closing) []Row {
	out := make([]Row, 0, len(list))
	for _, c := range list {
		out = append(out, c.Row)
	}
	return out
}

// kindsOf gives the kinds of the groups, as the rules stand at the instant.
func kindsOf(book *policy.Book, groups ...string) []string {
	var out []string
	for _, k := range book.Kinds() {
		for _, g := range groups {
			if k.Group == g {
				out = append(out, k.Key)
			}
		}
	}
	return out
}

// resolved tells whether an outcome resolves: neither a false alarm nor a
// test, nor a death.
func resolved(book *policy.Book) func(key string) bool {
	return func(key string) bool {
		o, ok := book.Outcome(key)
		return ok && !o.FalseAlarm && !o.Drill && key != "died" && key != "attempt"
	}
}

func resolvedSuicide(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
	book, err := policy.At(ctx, r, q.AsOf)
	if err != nil {
		return nil, err
	}
	list, err := closedMatters(ctx, r, q, []string{"suicide"}, resolved(book))
	return rowsOf(list), err
}

func resolvedRequests(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
	book, err := policy.At(ctx, r, q.AsOf)
	if err != nil {
		return nil, err
	}
	list, err := closedMatters(ctx, r, q, kindsOf(book, "help", "welfare", "ordinary"), resolved(book))
	return rowsOf(list), err
}

// majority is the age at which somebody is no minor any more (民法典 art. 17).
const majority = 18

// defused gives the suicide matters of known minors that were closed with an
// outcome that resolves the crisis. A child whose birth date is not known
// counts: the register holds children.
func defused(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
	book, err := policy.At(ctx, r, q.AsOf)
	if err != nil {
		return nil, err
	}
	list, err := closedMatters(ctx, r, q, []string{"suicide"}, func(key string) bool {
		o, ok := book.Outcome(key)
		return ok && o.ResolvesCrisis
	})
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(list))
	for _, c := range list {
		if c.ChildID != "" && (c.Birth == "" || c.Birth.AgeOn(civil.DateOf(c.At.Time())) < majority) {
			out = append(out, c.Row)
		}
	}
	return out, nil
}

// withPolice gives the crisis matters in which the police, called by a joint
// order, reached the scene or handled it.
func withPolice(ctx context.Context, r db.Reader, q Asked) ([]Row, error) {
	var rows []Row
	err := r.List(ctx, &rows, `SELECT m.id, 'matter' AS kind, MIN(e.at) AS at, m.region, m.id AS counted, m.no AS label
		FROM dispatch_order o JOIN matter m ON m.id = o.matter_id JOIN matter_event e ON e.order_id = o.id
		WHERE o.joint = 'police' AND o.drill = FALSE AND m.drill = FALSE AND m.crisis = TRUE AND e.kind IN ('on_scene', 'handled', 'fed_back') AND e.at <= ?
		GROUP BY m.id, m.region, m.no HAVING MIN(e.at) >= ? AND MIN(e.at) < ?`, q.AsOf, q.From, q.To)
	return rows, err
}

// outcomeOf reads the outcome from an event's data; "" if it says none.
func outcomeOf(data string) string {
	var said struct {
		Outcome string `json:"outcome"`
	}
	if json.Unmarshal([]byte(data), &said) != nil {
		return ""
	}
	return said.Outcome
}

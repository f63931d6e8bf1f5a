package care

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// How rows make a figure of 跟踪问效.
const (
	Share     = "share"      // of the rows, how many hold
	Mean      = "mean"       // of the rows' values
	PerWorker = "per_worker" // rows for each worker
	Count     = "count"      // rows
	PerSuper  = "per_super"  // workers for each supervisor
)

// Result is one figure. Value is nil when there is no row to make it of.
type Result struct {
	Key   string   `json:"key"`
	Group string   `json:"group"`
	How   string   `json:"how"`
	Value *float64 `json:"value"`
	Rows  int      `json:"rows"`
	Hold  int      `json:"hold"` // of a share: the rows that hold
}

// ResultRow is one row of a figure. Change is there for figures of change; its
// scores only for who may read questionnaires.
type ResultRow struct {
	CaseID     id.ID        `bun:"id" json:"case_id"`
	No         string       `bun:"no" json:"no"`
	ChildID    id.ID        `bun:"child_id" json:"-"`
	ChildName  string       `bun:"-" json:"child_name"`
	Region     string       `bun:"region" json:"region"`
	Worker     id.ID        `bun:"worker" json:"worker"`
	WorkerName string       `bun:"-" json:"worker_name"`
	Supervisor id.ID        `bun:"supervisor" json:"-"`
	At         clock.Millis `bun:"at" json:"at"`
	Value      float64      `bun:"value" json:"value"`
	Detail     string       `bun:"detail" json:"detail,omitempty"`
	Change     *Change      `bun:"-" json:"change,omitempty"`
}

// Results is the page of results for a period.
type Results struct {
	From    civil.Date `json:"from"`
	To      civil.Date `json:"to"` // exclusive
	Figures []Result   `json:"figures"`
	Policy  Outcomes   `json:"policy"`
}

// span is what a figure is asked for.
type span struct {
	from, to, now clock.Millis
	policy        Outcomes
	area          string
	args          []any
}

type figure struct {
	key, group, how string
	rows            func(ctx context.Context, s *Service, r db.Reader, q span) ([]ResultRow, error)
}

// of makes rows of one statement: what is selected beside the case's columns
// (at, value, detail), the joins, and the condition with its arguments.
func of(what, joins, where string, args func(q span) []any) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return func(ctx context.Context, _ *Service, r db.Reader, q span) ([]ResultRow, error) {
		with := args(q)
		n := 0
		for _, c := range what {
			if c == '?' {
				n++
			}
		}
		all := slices.Concat(with[:n], q.args, with[n:])
		var rows []ResultRow
		err := r.List(ctx, &rows, "SELECT c.id, c.no, c.child_id, c.region, c.worker, c.supervisor, "+what+" FROM care_case c "+joins+" WHERE "+q.area+" AND "+where+" ORDER BY c.id", all...)
		return rows, err
	}
}

const (
	closedWithin = "c.closed_at >= ? AND c.closed_at < ?"
	firstOf      = "(SELECT min(p.written_at) FROM care_part p WHERE p.case_id = c.id AND p.kind = '%s'%s)"
)

var (
	firstAssessment = fmt.Sprintf(firstOf, Assessment, "")
	firstPlan       = fmt.Sprintf(firstOf, Plan, " AND p.decided_at > 0 AND p.state IN ('approved', 'replaced')")
	period          = func(q span) []any { return []any{q.from, q.to} }
)

// inTime are cases accepted in the period that have what they need, or have
// been without it for too long; it holds if it came in time.
func inTime(first string, limit func(Outcomes) int) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return of("c.accepted_at AS at, CASE WHEN coalesce("+first+", 0) > 0 AND "+first+" <= c.accepted_at + ? THEN 1.0 ELSE 0.0 END AS value, '' AS detail", "",
		"c.accepted_at >= ? AND c.accepted_at < ? AND (coalesce("+first+", 0) > 0 OR c.accepted_at < ? AND c.closed_at = 0)",
		func(q span) []any {
			d := days(limit(q.policy))
			return []any{d.Milliseconds(), q.from, q.to, q.now.Add(-d)}
		})
}

// contacts are contacts of a kind that fell due in the period and whose time
// is over; it holds if the child was reached in time.
func contacts(kind string, grace func(Outcomes) time.Duration) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return of("d.due_at AS at, CASE WHEN d.state = 'done' AND d.done_at <= d.due_at + ? THEN 1.0 ELSE 0.0 END AS value, d.state AS detail", "JOIN care_due d ON d.case_id = c.id",
		"d.kind = ? AND d.state IN ('open', 'done') AND d.due_at >= ? AND d.due_at < ? AND (d.state = 'done' OR d.due_at < ?)",
		func(q span) []any {
			g := grace(q.policy)
			return []any{g.Milliseconds(), kind, q.from, q.to, q.now.Add(-g)}
		})
}

func opinions(who string) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return of("o.answered_at AS at, (o.helped + o.heard + o.again) / 3.0 AS value, o.way AS detail", "JOIN care_opinion o ON o.case_id = c.id",
		"o.who = ? AND o.answered_at >= ? AND o.answered_at < ?", func(q span) []any { return []any{who, q.from, q.to} })
}

// changed are cases closed in the period, or open for longer than the least
// distance of two measurements, that have a pair of scores.
func changed(verdicts ...string) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return func(ctx context.Context, s *Service, r db.Reader, q span) ([]ResultRow, error) {
		all, err := s.pairs(ctx, r, q)
		if err != nil {
			return nil, err
		}
		out := []ResultRow{}
		for _, row := range all {
			if row.Change == nil || row.Change.Verdict == Unjudged {
				continue
			}
			if slices.Contains(verdicts, row.Change.Verdict) {
				row.Value = 1
			}
			out = append(out, row)
		}
		return out, nil
	}
}

// measured are cases closed in the period; it holds if they have a pair.
func measured(ctx context.Context, s *Service, r db.Reader, q span) ([]ResultRow, error) {
	all, err := s.pairs(ctx, r, q)
	seen := map[id.ID]bool{}
	out := []ResultRow{}
	for _, row := range all {
		if seen[row.CaseID] {
			continue
		}
		seen[row.CaseID] = true
		if row.Change != nil {
			row.Value = 1
		}
		out = append(out, row)
	}
	return out, err
}

var ended = of("c.closed_at AS at, 0.0 AS value, c.result AS detail", "", "c.accepted_at > 0 AND "+closedWithin, period)

// pairs gives a row for each pair of scores of the cases closed in the period,
// and one without a change for a case that has none.
func (s *Service) pairs(ctx context.Context, r db.Reader, q span) ([]ResultRow, error) {
	list, err := ended(ctx, s, r, q)
	if err != nil {
		return nil, err
	}
	var out []ResultRow
	for _, row := range list {
		c, err := find(ctx, r, row.CaseID)
		if err != nil {
			return nil, err
		}
		scores, err := s.ports.Scores(ctx, r, row.ChildID)
		if err != nil {
			return nil, err
		}
		got := q.policy.changes(c, scores, q.now)
		if len(got) == 0 {
			out = append(out, row)
		}
		for i := range got {
			row.Change = &got[i]
			out = append(out, row)
		}
	}
	return out, nil
}

// crises are cases closed in the period; it holds if a crisis of the child
// came to the seat within so many days after the closing.
func crises(ctx context.Context, s *Service, r db.Reader, q span) ([]ResultRow, error) {
	list, err := ended(ctx, s, r, q)
	if err != nil {
		return nil, err
	}
	for i, row := range list {
		no, err := s.ports.CrisisOf(ctx, r, row.ChildID, row.At, row.At.Add(days(q.policy.CrisisAfterDays)))
		if err != nil {
			return nil, err
		}
		if no != "" {
			list[i].Value, list[i].Detail = 1, no
		}
	}
	return list, nil
}

// has are cases that stood open in the period; it holds if something is there.
func has(what string) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return of("c.accepted_at AS at, CASE WHEN EXISTS ("+what+") THEN 1.0 ELSE 0.0 END AS value, c.state AS detail", "", openWithin, openIn)
}

const openWithin = "c.accepted_at > 0 AND c.accepted_at < ? AND (c.closed_at = 0 OR c.closed_at >= ?)"

func openIn(q span) []any { return []any{q.to, q.from} }

// perCase are cases that stood open in the period, with how many of something
// each had in it. counted has two instants, from and to.
func perCase(counted string) func(context.Context, *Service, db.Reader, span) ([]ResultRow, error) {
	return of("c.accepted_at AS at, (SELECT count(*) FROM "+counted+") * 1.0 AS value, c.state AS detail", "", openWithin, func(q span) []any { return []any{q.from, q.to, q.to, q.from} })
}

// figures in the order of the page. Those of Primero's supervision are named in
// result_test.go.
var figures = []figure{
	{"change_measured", "change", Share, measured},
	{"change_recovered", "change", Share, changed(Recovered)},
	{"change_improved", "change", Share, changed(Recovered, Improved)},
	{"change_unchanged", "change", Share, changed(Unchanged)},
	{"change_worse", "change", Share, changed(Worse)},
	{"goals_reached_share", "goal", Share, of("g.settled_at AS at, CASE WHEN g.state = 'reached' THEN 1.0 ELSE 0.0 END AS value, g.service AS detail", "JOIN care_goal g ON g.case_id = c.id",
		"g.state IN ('reached', 'not_reached') AND g.settled_at >= ? AND g.settled_at < ?", period)},
	{"closed_reached", "goal", Share, of("c.closed_at AS at, CASE WHEN c.result IN ('reached', 'partly') THEN 1.0 ELSE 0.0 END AS value, c.result AS detail", "", closedWithin, period)},
	{"crisis_after", "after", Share, crises},
	{"follow_up_done", "after", Share, contacts(FollowUp, func(o Outcomes) time.Duration { return days(o.FollowUpLateDays) })},
	{"opinion_child", "opinion", Mean, opinions("child")},
	{"opinion_guardian", "opinion", Mean, opinions("guardian")},
	{"opinion_share", "opinion", Share, of("c.closed_at AS at, CASE WHEN EXISTS (SELECT 1 FROM care_opinion o WHERE o.case_id = c.id AND o.answered_at > 0) THEN 1.0 ELSE 0.0 END AS value, '' AS detail", "",
		closedWithin, period)},
	{"accept_in_time", "time", Share, of("c.opened_at AS at, CASE WHEN c.accepted_at > 0 AND c.accepted_at <= c.opened_at + ? THEN 1.0 ELSE 0.0 END AS value, '' AS detail", "",
		"c.state <> 'rejected' AND c.opened_at >= ? AND c.opened_at < ? AND (c.accepted_at > 0 OR c.opened_at < ?)", func(q span) []any {
			d := days(q.policy.AcceptDays)
			return []any{d.Milliseconds(), q.from, q.to, q.now.Add(-d)}
		})},
	{"assess_in_time", "time", Share, inTime(firstAssessment, func(o Outcomes) int { return o.AssessDays })},
	{"plan_in_time", "time", Share, inTime(firstPlan, func(o Outcomes) int { return o.PlanDays })},
	{"contact_in_time", "time", Share, contacts(Contact, func(o Outcomes) time.Duration { return time.Duration(o.ContactLateHours) * time.Hour })},
	{"days_to_accept", "time", Mean, of("c.accepted_at AS at, (c.accepted_at - c.opened_at) / 86400000.0 AS value, '' AS detail", "", "c.accepted_at >= ? AND c.accepted_at < ?", period)},
	{"days_open_to_close", "time", Mean, of("c.closed_at AS at, (c.closed_at - c.opened_at) / 86400000.0 AS value, '' AS detail", "", closedWithin, period)},
	{"load", "load", PerWorker, of("c.accepted_at AS at, 1.0 AS value, c.state AS detail", "", "c.worker <> '' AND c.state IN ('intake', 'assessed', 'serving', 'closing')", func(span) []any { return nil })},
	{"sessions_per_case", "load", Mean, perCase("care_part p WHERE p.case_id = c.id AND p.kind = 'session' AND p.state <> 'replaced' AND p.written_at >= ? AND p.written_at < ?")},
	{"follow_ups_per_case", "load", Mean, perCase("care_due d WHERE d.case_id = c.id AND d.state = 'done' AND d.done_at >= ? AND d.done_at < ?")},
	{"referrals_per_case", "load", Mean, perCase("care_move m WHERE m.case_id = c.id AND m.kind = 'referral' AND m.asked_at >= ? AND m.asked_at < ?")},
	{"workers_per_supervisor", "load", PerSuper, of("c.accepted_at AS at, 1.0 AS value, c.state AS detail", "", "c.supervisor <> '' AND c.state IN ('intake', 'assessed', 'serving', 'closing')", func(span) []any { return nil })},
	{"cases_opened", "work", Count, of("c.opened_at AS at, 1.0 AS value, c.state AS detail", "", "c.state <> 'rejected' AND c.opened_at >= ? AND c.opened_at < ?", period)},
	{"crises", "work", Count, of("c.crisis_at AS at, 1.0 AS value, c.state AS detail", "", "c.crisis_at >= ? AND c.crisis_at < ?", period)},
	{"services", "work", Count, of("p.written_at AS at, 1.0 AS value, p.form AS detail", "JOIN care_part p ON p.case_id = c.id", "p.kind = 'session' AND p.state <> 'replaced' AND p.written_at >= ? AND p.written_at < ?", period)},
	{"assessed_share", "work", Share, has("SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'assessment'")},
	{"planned_share", "work", Share, has("SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'plan'")},
	{"approved_share", "work", Share, has("SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'plan' AND p.decided_at > 0 AND p.state IN ('approved', 'replaced')")},
	{"safety_share", "work", Share, has("SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'safety'")},
	{"closed_share", "work", Share, of("c.accepted_at AS at, CASE WHEN c.closed_at > 0 AND c.closed_at < ? THEN 1.0 ELSE 0.0 END AS value, c.state AS detail", "", openWithin, func(q span) []any { return []any{q.to, q.to, q.from} })},
	// A report of a child is told at its latest case, once.
	{"report_hours", "work", Mean, of("r.sent_at AS at, (r.sent_at - r.made_at) / 3600000.0 AS value, r.no AS detail", "JOIN care_report r ON r.child_id = c.child_id",
		"r.child_id <> '' AND c.id = (SELECT max(o.id) FROM care_case o WHERE o.child_id = c.child_id) AND r.sent_at >= ? AND r.sent_at < ?", period)},
}

// fold makes a figure of its rows.
func (f figure) fold(rows []ResultRow) Result {
	out := Result{Key: f.key, Group: f.group, How: f.how, Rows: len(rows)}
	if len(rows) == 0 {
		return out
	}
	var sum float64
	workers, supervisors := map[id.ID]bool{}, map[id.ID]bool{}
	for _, row := range rows {
		sum += row.Value
		workers[row.Worker], supervisors[row.Supervisor] = true, true
		if row.Value > 0 {
			out.Hold++
		}
	}
	v := sum / float64(len(rows))
	switch f.how {
	case PerWorker:
		v = float64(len(rows)) / float64(len(workers))
	case PerSuper:
		v = float64(len(workers)) / float64(len(supervisors))
	case Count:
		v = float64(len(rows))
	}
	out.Value = &v
	return out
}

// asked checks the right to results and makes the question of a period of
// civil days; to is exclusive.
func (s *Service) asked(ctx context.Context, r db.Reader, from, to civil.Date) (span, error) {
	a := access.From(ctx)
	if err := access.May(a, "case.supervise"); err != nil {
		return span{}, err
	}
	if !from.Valid() || !to.Valid() || from >= to {
		return span{}, errs.Invalid("from", "date.form")
	}
	q := span{now: r.At(), policy: s.outcomes.On(civil.DateOf(r.At().Time()))}
	q.from, q.to = midnight(from), midnight(to)
	q.area, q.args = a.Lists("case.supervise", "c.region", "c.child_id")
	return q, nil
}

func midnight(day civil.Date) clock.Millis {
	at, _ := time.ParseInLocation("2006-01-02", string(day), clock.Zone) // checked before
	return clock.Of(at)
}

// Results gives the figures of the actor's area for a period; to is exclusive.
func (s *Service) Results(ctx context.Context, from, to civil.Date) (Results, error) {
	out := Results{From: from, To: to, Figures: []Result{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		q, err := s.asked(ctx, r, from, to)
		if err != nil {
			return err
		}
		out.Policy = q.policy
		for _, f := range figures {
			rows, err := f.rows(ctx, s, r, q)
			if err != nil {
				return err
			}
			out.Figures = append(out.Figures, f.fold(rows))
		}
		return nil
	})
	return out, err
}

// ResultRows gives the rows of a figure.
func (s *Service) ResultRows(ctx context.Context, key string, from, to civil.Date) ([]ResultRow, error) {
	i := slices.IndexFunc(figures, func(f figure) bool { return f.key == key })
	if i < 0 {
		return nil, errs.NotFound("record.not_found")
	}
	out := []ResultRow{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		q, err := s.asked(ctx, r, from, to)
		if err != nil {
			return err
		}
		rows, err := figures[i].rows(ctx, s, r, q)
		if err != nil {
			return err
		}
		var accounts, children []id.ID
		for _, row := range rows {
			accounts, children = append(accounts, row.Worker), append(children, row.ChildID)
		}
		names, err := s.ports.Names(ctx, r, accounts)
		if err != nil {
			return err
		}
		kids, err := s.ports.Children(ctx, r, children)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		for _, row := range rows {
			row.WorkerName, row.ChildName = names[row.Worker], kids[row.ChildID]
			fields := []string{"name", "case"}
			if row.Change != nil {
				if a.Allowed("sheet.read", access.Target{Region: row.Region, Child: row.ChildID}) {
					fields = append(fields, "result")
				} else {
					row.Change = &Change{Instrument: row.Change.Instrument, BeforeAt: row.Change.BeforeAt, AfterAt: row.Change.AfterAt, Verdict: row.Change.Verdict}
				}
			}
			out = append(out, row)
			audit.Show(ctx, "case.supervise", string(row.CaseID), row.Region, audit.Shown{Kind: "child", ID: row.ChildID, Fields: fields})
		}
		return nil
	})
	return out, err
}

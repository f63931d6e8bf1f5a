package care

import (
	"context"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Figure is one number of the supervisor's desk; it opens to its cases.
type Figure struct {
	Key   string   `json:"key"`
	Value *float64 `json:"value"`           // nil: an average of nothing
	Cases []id.ID  `json:"cases,omitempty"` // at most 500
}

// WorkerLoad is the load of one worker.
type WorkerLoad struct {
	Account  id.ID  `bun:"worker" json:"account"`
	Name     string `bun:"-" json:"name"`
	Open     int    `bun:"open" json:"open"`
	Crisis   int    `bun:"crisis" json:"crisis"`
	Overdue  int    `bun:"overdue" json:"overdue"`
	Sessions int    `bun:"sessions" json:"sessions"` // in the last 30 days
}

// Desk is the supervisor's desk.
type Desk struct {
	Figures []Figure     `json:"figures"`
	Loads   []WorkerLoad `json:"loads"`
}

// rowFigures are the figures that open to cases: a condition each, over the
// case c. ? is the instant of now in ms where marked.
var rowFigures = []struct {
	key, where string
	nows       []int64 // offsets in days from now, one per ?
}{
	{"unassigned", "c.state = 'referred'", nil},
	{"referred_late", "c.state = 'referred' AND c.opened_at < ?", []int64{-3}},
	{"open", "c.state IN ('referred', 'intake', 'assessed', 'serving', 'closing')", nil},
	{"closing_waits", "c.state = 'closing'", nil},
	{"plan_waits", "EXISTS (SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'plan' AND p.state = 'written')", nil},
	{"contact_overdue", "EXISTS (SELECT 1 FROM care_due d WHERE d.case_id = c.id AND d.state = 'open' AND d.due_at < ?)", []int64{0}},
	{"contact_unreached", "EXISTS (SELECT 1 FROM care_due d WHERE d.case_id = c.id AND d.state = 'open' AND d.matter_id <> '')", nil},
	{"no_assessment", "c.state = 'intake' AND c.accepted_at < ?", []int64{-7}},
	{"no_plan", "c.state = 'assessed' AND NOT EXISTS (SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'plan' AND p.written_at > ?)", []int64{-14}},
	{"no_session", "c.state = 'serving' AND NOT EXISTS (SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'session' AND p.written_at > ?)", []int64{-21}},
	{"no_safety_plan", "c.crisis_at > 0 AND c.state IN ('intake', 'assessed', 'serving') AND NOT EXISTS (SELECT 1 FROM care_part p WHERE p.case_id = c.id AND p.kind = 'safety')", nil},
	{"in_crisis", "c.crisis_at > ? AND c.state IN ('intake', 'assessed', 'serving', 'closing')", []int64{-56}},
	{"goal_overdue", "EXISTS (SELECT 1 FROM care_goal g WHERE g.case_id = c.id AND g.state = 'open' AND g.by_on < ?)", nil},
	{"move_waits", "EXISTS (SELECT 1 FROM care_move m WHERE m.case_id = c.id AND m.state = 'open' AND m.asked_at < ?)", []int64{-3}},
	{"closed_month", "c.closed_at > ?", []int64{-30}},
	{"opened_month", "c.opened_at > ?", []int64{-30}},
	{"reopened", "c.reopened > 0 AND c.state IN ('intake', 'assessed', 'serving')", nil},
	{"crisis_after_closing", "EXISTS (SELECT 1 FROM care_case o WHERE o.child_id = c.child_id AND o.id <> c.id AND o.closed_at > 0 AND c.opened_at > o.closed_at AND c.need IN ('suicide', 'self_harm'))", nil},
}

// Desk gives the figures of the actor's area.
func (s *Service) Desk(ctx context.Context) (Desk, error) {
	out := Desk{Figures: []Figure{}, Loads: []WorkerLoad{}}
	a := access.From(ctx)
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.May(a, "case.supervise"); err != nil {
			return err
		}
		area, args := a.Lists("case.supervise", "c.region", "c.child_id")
		today := r.At().Time().In(clock.Zone).Format("2006-01-02")
		for _, f := range rowFigures {
			with := append([]any{}, args...)
			for _, days := range f.nows {
				with = append(with, r.At()+clock.Millis(days*86_400_000))
			}
			if f.key == "goal_overdue" {
				with = append(with, today)
			}
			var ids []id.ID
			if err := r.List(ctx, &ids, "SELECT c.id FROM care_case c WHERE "+area+" AND "+f.where+" ORDER BY c.id LIMIT 500", with...); err != nil {
				return err
			}
			n := float64(len(ids))
			out.Figures = append(out.Figures, Figure{f.key, &n, ids})
		}
		if err := s.ofChildren(ctx, r, area, args, &out); err != nil {
			return err
		}
		if err := s.averages(ctx, r, area, args, &out); err != nil {
			return err
		}
		return s.loads(ctx, r, area, args, &out)
	})
	return out, err
}

// ofChildren are the figures that other rooms know of: colours that went up,
// and records opened by break-glass, in the last seven days.
func (s *Service) ofChildren(ctx context.Context, r db.Reader, area string, args []any, out *Desk) error {
	for _, f := range []struct {
		key  string
		from func(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error)
	}{{"colour_up", s.ports.Raised}, {"glass_week", s.ports.Opened}} {
		children, err := f.from(ctx, r, r.At().Add(-7*day))
		if err != nil {
			return err
		}
		var ids []id.ID
		for part := range slices.Chunk(children, 300) {
			with := append([]any{}, args...)
			for _, c := range part {
				with = append(with, c)
			}
			var some []id.ID
			if err := r.List(ctx, &some, "SELECT c.id FROM care_case c WHERE "+area+" AND c.state <> 'rejected' AND c.child_id IN ("+db.Marks(len(part))+") ORDER BY c.id LIMIT 500", with...); err != nil {
				return err
			}
			ids = append(ids, some...)
		}
		n := float64(len(ids))
		out.Figures = append(out.Figures, Figure{f.key, &n, ids})
	}
	return nil
}

// averages are those of the last twelve months; they open into the cases that
// they were made of.
func (s *Service) averages(ctx context.Context, r db.Reader, area string, args []any, out *Desk) error {
	q := span{from: r.At().Add(-365 * day), to: r.At() + 1, now: r.At(), policy: s.outcomes.On(civil.DateOf(r.At().Time())), area: area, args: args}
	for _, f := range figures {
		if !slices.Contains([]string{"days_open_to_close", "days_to_accept", "sessions_per_case", "goals_reached_share"}, f.key) {
			continue
		}
		rows, err := f.rows(ctx, s, r, q)
		if err != nil {
			return err
		}
		var of []id.ID
		for _, row := range rows {
			if len(of) < 500 && !slices.Contains(of, row.CaseID) {
				of = append(of, row.CaseID)
			}
		}
		out.Figures = append(out.Figures, Figure{f.key, f.fold(rows).Value, of})
	}
	return nil
}

func (s *Service) loads(ctx context.Context, r db.Reader, area string, args []any, out *Desk) error {
	now := r.At()
	with := append([]any{now, now.Add(-30 * day)}, args...)
	if err := r.List(ctx, &out.Loads, `SELECT c.worker AS worker, count(*) AS open, sum(CASE WHEN c.crisis_at > 0 THEN 1 ELSE 0 END) AS crisis,
		sum((SELECT count(*) FROM care_due d WHERE d.case_id = c.id AND d.state = 'open' AND d.due_at < ?)) AS overdue,
		sum((SELECT count(*) FROM care_part p WHERE p.case_id = c.id AND p.kind = 'session' AND p.state <> 'replaced' AND p.written_at > ?)) AS sessions
		FROM care_case c WHERE `+area+` AND c.worker <> '' AND c.state IN ('intake', 'assessed', 'serving', 'closing') GROUP BY c.worker ORDER BY 2 DESC`, with...); err != nil {
		return err
	}
	var accounts []id.ID
	for _, l := range out.Loads {
		accounts = append(accounts, l.Account)
	}
	names, err := s.ports.Names(ctx, r, accounts)
	for i := range out.Loads {
		out.Loads[i].Name = names[out.Loads[i].Account]
	}
	return err
}

package seat

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Row is a matter in a list.
type Row struct {
	ID             id.ID          `json:"id"`
	No             string         `json:"no"`
	Kind           string         `json:"kind"`
	KindName       string         `json:"kind_name"`
	Urgency        policy.Urgency `json:"urgency"`
	Crisis         bool           `json:"crisis"`
	State          matter.State   `json:"state"`
	Drill          bool           `json:"drill"`
	Region         string         `json:"region"`
	RegionName     string         `json:"region_name"`
	Child          *ChildBrief    `json:"child"`
	Title          string         `json:"title"`
	OpenedAt       clock.Millis   `json:"opened_at"`
	Signals        int            `json:"signals"`
	PressedAgain   int            `json:"pressed_again"`
	LastSignalAt   clock.Millis   `json:"last_signal_at"`
	Stage          policy.Stage   `json:"stage"`
	WaitsFor       string         `json:"waits_for"` // message key: what the clock waits for
	DueAt          clock.Millis   `json:"due_at"`
	ClockStartedAt clock.Millis   `json:"clock_started_at"`
	OrderID        id.ID          `json:"order_id"`
	Orders         int            `json:"orders"` // the step an operator's dispatch is "as of"
	LockedBy       *StaffBrief    `json:"locked_by"`
	Version        int64          `json:"version"`
}

// Queue is the seat's left side.
type Queue struct {
	Items               []Row          `json:"items"`
	Unsaved             []UnsavedAlarm `json:"unsaved"`
	Counts              map[string]int `json:"counts"`
	StorageFailingSince clock.Millis   `json:"storage_failing_since"`
}

// mostQueued bounds what the queue shows: beyond it lies the list of matters.
const mostQueued = 500

// Queue lists the open matters of the actor's areas, the most urgent first,
// real ones before exercises, then by the clock.
func (s *Service) Queue(ctx context.Context, r db.Reader) (Queue, error) {
	q := Queue{Items: []Row{}, Unsaved: []UnsavedAlarm{}, Counts: map[string]int{"critical": 0, "urgent": 0, "normal": 0, "low": 0, "unknown": 0}}
	a := access.From(ctx)
	if err := access.May(a, "matter.read"); err != nil {
		return q, err
	}
	q.StorageFailingSince, _ = s.db.Failing()
	if a.Allowed("signal.match", access.Target{Region: s.district}) {
		q.Unsaved = s.unsaved.List()
	}
	where, args := areaOrTask(a, "matter.read", "region")
	rows, err := matter.Select(ctx, r, "WHERE state <> 'closed' AND "+where+" ORDER BY drill, rank, due_at LIMIT ?", append(args, mostQueued)...)
	if err != nil {
		return q, err
	}
	if q.Items, err = s.rows(ctx, r, rows); err != nil {
		return q, err
	}
	for _, m := range rows {
		if !m.Drill {
			q.Counts[string(m.Urgency)]++
		}
	}
	var unknown int
	areas, areaArgs := access.Where("region", a.Areas("signal.read"))
	if err := r.Get(ctx, db.To(&unknown), "SELECT count(*) FROM signal WHERE state = 'unknown' AND kind <> 'link' AND matter_id = '' AND received_at > ? AND "+areas,
		append([]any{r.At() - 86_400_000}, areaArgs...)...); err != nil {
		return q, err
	}
	q.Counts["unknown"] = unknown
	return q, nil
}

// areaOrTask gives the predicate for lists of matters: by area, or by an open
// task; never what the actor is in conflict with.
func areaOrTask(a access.Actor, action access.Action, column string) (string, []any) {
	area, args := access.Where(column, a.Areas(action))
	sql := "(" + area + ` OR id IN (SELECT o.matter_id FROM dispatch_offer f JOIN dispatch_order o ON o.id = f.order_id
		WHERE f.account_id = ? AND f.state IN ('offered', 'accepted') AND o.state IN ('active', 'done')))
		AND id NOT IN (SELECT matter_id FROM matter_conflict WHERE account_id = ? AND removed_at = 0)`
	shown, hidden := a.Shown("child_id")
	return sql + " AND " + shown, append(append(args, a.Account, a.Account), hidden...)
}

// rows dresses matters for a list and notes what is shown.
func (s *Service) rows(ctx context.Context, r db.Reader, list []matter.Matter) ([]Row, error) {
	book, err := policy.At(ctx, r, r.At())
	if err != nil {
		return nil, err
	}
	var children, staff []id.ID
	for _, m := range list {
		if m.ChildID != "" {
			children = append(children, m.ChildID)
		}
		if m.LockedBy != "" && m.LockedUntil > r.At() {
			staff = append(staff, m.LockedBy)
		}
	}
	briefs, err := s.people.Briefs(ctx, r, children)
	if err != nil {
		return nil, err
	}
	names, err := s.people.Staff(ctx, r, staff)
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(list))
	shown := make([]audit.Shown, 0, len(list))
	for _, m := range list {
		row := s.row(book, m)
		if b, ok := briefs[m.ChildID]; ok {
			row.Child = &b
			row.Title = b.Name
			shown = append(shown, audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "age", "sex"}})
		}
		if b, ok := names[m.LockedBy]; ok && m.LockedUntil > r.At() {
			row.LockedBy = &b
		}
		out = append(out, row)
	}
	audit.Show(ctx, "matter.read", "", s.district, shown...)
	return out, nil
}

func (s *Service) row(book *policy.Book, m matter.Matter) Row {
	k, _ := book.Kind(m.Kind)
	row := Row{ID: m.ID, No: m.No, Kind: m.Kind, KindName: k.Name, Urgency: m.Urgency, Crisis: m.Crisis, State: m.State, Drill: m.Drill, Region: m.Region,
		RegionName: s.people.RegionName(m.Region), OpenedAt: m.OpenedAt, Signals: m.Signals, PressedAgain: m.PressedAgain, LastSignalAt: m.LastSignalAt,
		Stage: m.Stage, WaitsFor: waitsFor(m), DueAt: m.DueAt, ClockStartedAt: m.ClockAt, OrderID: m.OrderID, Orders: m.Orders, Version: m.Version}
	if m.DeviceID != "" && m.ChildID == "" {
		row.Title = m.DeviceID
	}
	return row
}

// waitsFor gives the key of what the running clock waits for.
func waitsFor(m matter.Matter) string {
	switch m.State {
	case matter.Closing:
		return "wait.confirm"
	case matter.Closed:
		return ""
	}
	return "wait." + string(m.Stage)
}

// SignalRow is a signal in a list.
type SignalRow struct {
	ID          id.ID         `json:"id"`
	Source      signal.Source `json:"source"`
	Kind        string        `json:"kind"`
	ReceivedAt  clock.Millis  `json:"received_at"`
	DeviceLabel string        `json:"device_label"`
	Region      string        `json:"region"`
	RegionName  string        `json:"region_name"`
	MatterID    id.ID         `json:"matter_id"`
	State       string        `json:"state"`
	Why         string        `json:"why"`
	LateBy      int64         `json:"late_by_seconds"`
}

// Signals lists signals of the actor's areas, newest first.
func (s *Service) Signals(ctx context.Context, r db.Reader, state string, before id.ID, limit int) ([]SignalRow, id.ID, error) {
	a := access.From(ctx)
	if err := access.May(a, "signal.read"); err != nil {
		return nil, "", err
	}
	if state != "" && state != signal.Unknown && state != signal.Matched {
		return nil, "", errs.Invalid("state", "signal.state")
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	area, args := a.Lists("signal.read", "region", "child_id")
	list, err := signal.List(ctx, r, signal.Filter{State: state, AreaSQL: area, AreaArgs: args, Before: before, Limit: limit + 1})
	if err != nil {
		return nil, "", err
	}
	var next id.ID
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	out := make([]SignalRow, 0, len(list))
	for _, sg := range list {
		out = append(out, s.signalRow(sg))
	}
	return out, next, nil
}

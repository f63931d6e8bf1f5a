package guard

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// AlarmFilter narrows the list; zero fields don't.
type AlarmFilter struct {
	Child  id.ID
	State  State
	Kind   Kind
	Region string
	Cursor string
	Limit  int // 50 if 0; at most 200
}

// AlarmView is an alarm in a list.
type AlarmView struct {
	ID        id.ID        `json:"id"`
	Kind      Kind         `json:"kind"`
	State     State        `json:"state"`
	To        string       `json:"to"`
	ChildID   id.ID        `json:"child_id"`
	ChildName string       `json:"child_name"`
	Region    string       `json:"region"`
	Device    id.ID        `json:"device"`
	Fence     id.ID        `json:"fence,omitempty"`
	FenceName string       `json:"fence_name,omitempty"`
	At        clock.Millis `json:"at"`
	RaisedAt  clock.Millis `json:"raised_at"`
	LateS     int64        `json:"late_s"`
	Value     float64      `json:"value"`
	MatterID  id.ID        `json:"matter_id,omitempty"`
	EndedAt   clock.Millis `json:"ended_at"`
	EndedWhy  string       `json:"ended_why,omitempty"`
}

// AlarmPage is one page of alarms.
type AlarmPage struct {
	Items []AlarmView `json:"items"`
	Next  string      `json:"next"`
}

// Alarms gives the alarms of the actor's areas, newest first. Errors:
// Forbidden; of one child also NotFound.
func (s *Service) Alarms(ctx context.Context, q AlarmFilter) (AlarmPage, error) {
	actor := access.From(ctx)
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	out := AlarmPage{Items: []AlarmView{}}
	purpose := ""
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var conds []string
		var args []any
		add := func(c string, a ...any) { conds, args = append(conds, c), append(args, a...) }
		if q.Child != "" {
			t, err := s.p.Target(ctx, r, q.Child)
			if err != nil {
				if e := access.May(actor, "guard.read"); e != nil {
					return e
				}
				return err
			}
			if err := access.Check(actor, "guard.read", t); err != nil {
				return err
			}
			purpose = string(t.Task)
			add("child_id = ?", q.Child)
		} else {
			if err := access.May(actor, "guard.read"); err != nil {
				return err
			}
			where, a := access.Where("region", actor.Areas("guard.read"))
			add(where, a...)
			seen, not := actor.Shown("child_id")
			add(seen, not...)
		}
		if q.Region != "" {
			where, a := access.Where("region", []string{q.Region})
			add(where, a...)
		}
		if q.State != "" {
			add("state = ?", q.State)
		}
		if q.Kind != "" {
			add("kind = ?", q.Kind)
		}
		if q.Cursor != "" {
			add("id < ?", q.Cursor)
		}
		var rows []Alarm
		if err := r.List(ctx, &rows, "SELECT "+alarmColumns+" FROM guard_alarm WHERE "+strings.Join(conds, " AND ")+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = string(rows[limit-1].ID)
		}
		var err error
		out.Items, err = s.shown(ctx, r, rows)
		return err
	})
	if err != nil {
		return AlarmPage{}, err
	}
	for _, a := range out.Items {
		audit.Show(ctx, "guard.read", purpose, a.Region, audit.Shown{Kind: "child", ID: a.ChildID, Fields: []string{"name", "guard_alarm"}})
	}
	return out, nil
}

func (s *Service) shown(ctx context.Context, r db.Reader, rows []Alarm) ([]AlarmView, error) {
	var children []id.ID
	for _, a := range rows {
		children = append(children, a.ChildID)
	}
	names, err := person.Names(ctx, r, children...)
	if err != nil {
		return nil, err
	}
	fences := map[id.ID]string{}
	out := make([]AlarmView, 0, len(rows))
	for _, a := range rows {
		v := AlarmView{a.ID, a.Kind, a.State, a.To, a.ChildID, names[a.ChildID], a.Region, a.Device, a.Fence, "", a.At, a.RaisedAt, a.LateS, a.Value, a.MatterID, a.EndedAt, a.EndedWhy}
		if a.Fence != "" {
			name, ok := fences[a.Fence]
			if !ok {
				if f, err := s.findFence(ctx, r, a.Fence); err == nil {
					name = f.Name
				}
				fences[a.Fence] = name
			}
			v.FenceName = name
		}
		out = append(out, v)
	}
	return out, nil
}

// Outages gives those under way and of the last month, newest first.
func (s *Service) Outages(ctx context.Context) ([]Outage, error) {
	if err := access.May(access.From(ctx), "guard.read"); err != nil {
		return nil, err
	}
	out := []Outage{}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &out, "SELECT "+outageColumns+" FROM guard_outage o WHERE o.ended_at = 0 OR o.ended_at > ? ORDER BY o.found_at DESC LIMIT 100", r.At()-30*86_400_000)
	})
	return out, err
}

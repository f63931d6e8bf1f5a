package guard

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/device"
)

// Wearing is a device on a child as a guardian sees it.
type Wearing struct {
	Kind       string           `json:"kind"`
	Label      string           `json:"label"`
	Battery    int              `json:"battery"` // -1: unknown
	LastSeenAt clock.Millis     `json:"last_seen_at"`
	Silent     bool             `json:"silent"`
	Position   *device.Position `json:"position"`
}

// Worn gives what the child wears and where it was last. The caller has asked
// for the right.
func (s *Service) Worn(ctx context.Context, r db.Reader, childID id.ID) ([]Wearing, error) {
	worn, err := device.WornBy(ctx, r, childID)
	if err != nil {
		return nil, err
	}
	out := []Wearing{}
	for _, d := range worn[childID] {
		last, err := device.LastOf(ctx, r, d.ID)
		if err != nil {
			return nil, err
		}
		l, heard := last[d.ID]
		v := Wearing{Kind: d.Kind, Label: d.Label, Battery: -1}
		if heard {
			v.Battery, v.LastSeenAt, v.Position = l.Battery, l.SeenAt, l.Where()
		}
		w, known, err := findWatched(ctx, r, d.ID)
		if err != nil {
			return nil, err
		}
		v.Silent = known && w.SilentAt != 0
		out = append(out, v)
	}
	return out, nil
}

// FenceView is a fence with where the child stands to it.
type FenceView struct {
	ID    id.ID  `json:"id"`
	Kind  string `json:"kind"`
	Mode  Mode   `json:"mode"`
	Name  string `json:"name"`
	State Side   `json:"state"` // in, out, unknown
	// Pending: the last fix says otherwise, and a second one is awaited.
	Pending bool         `json:"pending"`
	SinceAt clock.Millis `json:"since_at"`
	OpenNow bool         `json:"open_now"`
}

// ForFamily gives the child's own fences. The caller has asked for the right.
func (s *Service) ForFamily(ctx context.Context, r db.Reader, childID id.ID) ([]FenceView, error) {
	own, err := s.ofChild(ctx, r, childID)
	if err != nil {
		return nil, err
	}
	worn, err := device.WornBy(ctx, r, childID)
	if err != nil {
		return nil, err
	}
	known := map[id.ID]Standing{}
	for _, d := range worn[childID] {
		all, err := standings(ctx, r, d.ID)
		if err != nil {
			return nil, err
		}
		for f, lanes := range all {
			if st, ok := lanes[live]; ok && (known[f].SinceAt <= st.SinceAt) {
				known[f] = st
			}
		}
	}
	e, err := s.edition(ctx, r)
	if err != nil {
		return nil, err
	}
	out := []FenceView{}
	for _, f := range own {
		cal, err := s.calendar(ctx, r, e, f.Region)
		if err != nil {
			return nil, err
		}
		_, open := f.Schedule.Open(r.At(), cal)
		st := known[f.ID]
		if st.State == "" {
			st.State = Unknown
		}
		out = append(out, FenceView{f.ID, f.Kind, f.Mode, f.Name, st.State, st.Pending(), st.SinceAt, open})
	}
	return out, nil
}

// Recent gives a child's newest alarms that called somebody. The caller has
// asked for the right.
func (s *Service) Recent(ctx context.Context, r db.Reader, childID id.ID, limit int) ([]AlarmView, error) {
	var rows []Alarm
	if err := r.List(ctx, &rows, "SELECT "+alarmColumns+" FROM guard_alarm WHERE child_id = ? AND goes_to <> ? ORDER BY id DESC LIMIT ?", childID, ToNote, limit); err != nil {
		return nil, err
	}
	out, err := s.shown(ctx, r, rows)
	for i := range out { // what the seat does with it is not the family's
		out[i].MatterID, out[i].Device, out[i].To = "", "", ""
	}
	return out, err
}

package guard

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// The lanes of a standing: history has its own, so that it never moves the
// live one.
const (
	live    = "live"
	history = "history"
)

type standingRow struct {
	Fence    id.ID  `bun:"fence"`
	Lane     string `bun:"lane"`
	Standing `bun:",extend"`
}

func standings(ctx context.Context, r db.Reader, device id.ID) (map[id.ID]map[string]Standing, error) {
	var rows []standingRow
	err := r.List(ctx, &rows, "SELECT fence, lane, state, toward, count, first_at, last_at, since_at, unsure_at FROM guard_standing WHERE device = ?", device)
	out := map[id.ID]map[string]Standing{}
	for _, row := range rows {
		if out[row.Fence] == nil {
			out[row.Fence] = map[string]Standing{}
		}
		out[row.Fence][row.Lane] = row.Standing
	}
	return out, err
}

func putStanding(ctx context.Context, tx *db.Tx, device, fence id.ID, lane string, s Standing) error {
	_, err := tx.Exec(ctx, `INSERT INTO guard_standing (device, fence, lane, state, toward, count, first_at, last_at, since_at, unsure_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device, fence, lane) DO UPDATE SET state = excluded.state, toward = excluded.toward, count = excluded.count, first_at = excluded.first_at,
		last_at = excluded.last_at, since_at = excluded.since_at, unsure_at = excluded.unsure_at`,
		device, fence, lane, s.State, s.Toward, s.Count, s.FirstAt, s.LastAt, s.SinceAt, s.UnsureAt)
	return err
}

func dropStanding(ctx context.Context, tx *db.Tx, device, fence id.ID, lane string) error {
	_, err := tx.Exec(ctx, "DELETE FROM guard_standing WHERE device = ? AND fence = ? AND lane = ?", device, fence, lane)
	return err
}

func level(ctx context.Context, r db.Reader, device id.ID, what string) (Level, error) {
	var rows []Level
	err := r.List(ctx, &rows, "SELECT over, count, first_at, last_at, value FROM guard_level WHERE device = ? AND what = ?", device, what)
	if err != nil || len(rows) == 0 {
		return Level{}, err
	}
	return rows[0], nil
}

func putLevel(ctx context.Context, tx *db.Tx, device id.ID, what string, l Level) error {
	_, err := tx.Exec(ctx, `INSERT INTO guard_level (device, what, over, count, first_at, last_at, value) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device, what) DO UPDATE SET over = excluded.over, count = excluded.count, first_at = excluded.first_at, last_at = excluded.last_at, value = excluded.value`,
		device, what, l.Over, l.Count, l.FirstAt, l.LastAt, l.Value)
	return err
}

// watched is a device whose silence is watched.
type watched struct {
	Device    id.ID        `bun:"device"`
	Source    string       `bun:"source"`
	Operator  string       `bun:"operator"`
	Model     string       `bun:"model"`
	IntervalS int          `bun:"interval_s"`
	SinceAt   clock.Millis `bun:"since_at"`
	SilentAt  clock.Millis `bun:"silent_at"`
}

func findWatched(ctx context.Context, r db.Reader, device id.ID) (watched, bool, error) {
	var rows []watched
	err := r.List(ctx, &rows, "SELECT device, source, operator, model, interval_s, since_at, silent_at FROM guard_device WHERE device = ?", device)
	if err != nil || len(rows) == 0 {
		return watched{}, false, err
	}
	return rows[0], true, nil
}

func putWatched(ctx context.Context, tx *db.Tx, w watched) error {
	_, err := tx.Exec(ctx, `INSERT INTO guard_device (device, source, operator, model, interval_s, since_at, silent_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device) DO UPDATE SET source = excluded.source, operator = excluded.operator, model = excluded.model, interval_s = excluded.interval_s, silent_at = excluded.silent_at`,
		w.Device, w.Source, w.Operator, w.Model, w.IntervalS, w.SinceAt, w.SilentAt)
	return err
}

func openAlarms(ctx context.Context, r db.Reader, where string, args ...any) ([]Alarm, error) {
	var rows []Alarm
	err := r.List(ctx, &rows, "SELECT "+alarmColumns+" FROM guard_alarm WHERE ended_at = 0 AND "+where+" ORDER BY raised_at, id", args...)
	return rows, err
}

func insertAlarm(ctx context.Context, tx *db.Tx, a Alarm) error {
	_, err := tx.Exec(ctx, "INSERT INTO guard_alarm ("+alarmColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		a.ID, a.Device, a.ChildID, a.Region, a.Kind, a.Fence, a.State, a.To, a.At, a.RaisedAt, a.LateS, a.Value, a.SignalID, a.MatterID, a.Outage, a.EndedAt, a.EndedWhy)
	return err
}

func saveAlarm(ctx context.Context, tx *db.Tx, a Alarm) error {
	_, err := tx.Exec(ctx, "UPDATE guard_alarm SET state = ?, goes_to = ?, signal_id = ?, matter_id = ?, outage = ?, ended_at = ?, ended_why = ? WHERE id = ?",
		a.State, a.To, a.SignalID, a.MatterID, a.Outage, a.EndedAt, a.EndedWhy, a.ID)
	return err
}

func state(ctx context.Context, r db.Reader, name string) (int64, error) {
	var n int64
	err := r.Get(ctx, db.To(&n), "SELECT n FROM guard_state WHERE name = ?", name)
	return n, err
}

func setState(ctx context.Context, tx *db.Tx, name string, n int64) error {
	_, err := tx.Exec(ctx, "UPDATE guard_state SET n = ? WHERE name = ?", n, name)
	return err
}

// versions count the changes of what a process remembers.
type versions struct{ rules, fences int64 }

func versionsOf(ctx context.Context, r db.Reader) (versions, error) {
	var v versions
	err := r.Get(ctx, db.To(&v.rules, &v.fences), "SELECT (SELECT n FROM guard_state WHERE name = 'rules'), (SELECT n FROM guard_state WHERE name = 'fences')")
	return v, err
}

// edition gives the rules in force: the newest row, else the newest file.
func (s *Service) edition(ctx context.Context, r db.Reader) (*Edition, error) {
	n, err := state(ctx, r, "rules")
	if err != nil {
		return nil, err
	}
	return s.editionAt(ctx, r, n)
}

func (s *Service) editionAt(ctx context.Context, r db.Reader, n int64) (*Edition, error) {
	s.mu.Lock()
	have := s.rules
	s.mu.Unlock()
	if have != nil && have.n == n && r.At() >= have.from && (have.until == 0 || r.At() < have.until) {
		return have.e, nil
	}
	now := &ruleset{n: n}
	for i := range s.p.Editions {
		e := &s.p.Editions[i]
		if e.fromAt <= r.At() && (now.e == nil || e.fromAt >= now.from) {
			now.e, now.from = e, e.fromAt
		}
	}
	var rows []struct {
		FromAt clock.Millis `bun:"from_at"`
		Body   string       `bun:"body"`
	}
	if err := r.List(ctx, &rows, "SELECT from_at, body FROM guard_rule ORDER BY from_at, id"); err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.FromAt > r.At() {
			now.until = row.FromAt
			break
		}
		if row.FromAt < now.from {
			continue
		}
		var e Edition
		if err := json.Unmarshal([]byte(row.Body), &e); err != nil {
			return nil, errs.Internal(err)
		}
		now.e, now.from = &e, row.FromAt
	}
	if now.e == nil {
		now.e, now.from = &s.p.Editions[0], 0
	}
	now.by = map[string]Rules{}
	s.mu.Lock()
	s.rules = now
	s.mu.Unlock()
	return now.e, nil
}

// ruleset is the edition in force as one process remembers it.
type ruleset struct {
	n           int64
	from, until clock.Millis
	e           *Edition
	by          map[string]Rules // by model and township
}

// protocol gives the protocol of what a device is set to: a model's, or the
// protocol itself.
func (s *Service) protocol(profile string) string {
	if s.p.Protocol != nil {
		if p := s.p.Protocol(profile); p != "" {
			return p
		}
	}
	return profile
}

// rulesFor gives the rules of a protocol or a model in an area, read once.
func (s *Service) rulesFor(ctx context.Context, r db.Reader, model, area string) (Rules, *Edition, error) {
	n, err := state(ctx, r, "rules")
	if err != nil {
		return Rules{}, nil, err
	}
	return s.rulesAt(ctx, r, n, model, area)
}

func (s *Service) rulesAt(ctx context.Context, r db.Reader, n int64, model, area string) (Rules, *Edition, error) {
	e, err := s.editionAt(ctx, r, n)
	if err != nil {
		return Rules{}, nil, err
	}
	protocol := s.protocol(model)
	if protocol == model {
		model = "" // no model of its own
	}
	key := protocol + "\x00" + model + "\x00" + area
	s.mu.Lock()
	set := s.rules
	got, ok := set.by[key]
	s.mu.Unlock()
	if ok && set.e == e {
		return got, e, nil
	}
	if got, err = e.For(protocol, model, area); err != nil {
		return Rules{}, nil, err
	}
	s.mu.Lock()
	if s.rules.e == e && len(s.rules.by) < 20_000 {
		s.rules.by[key] = got
	}
	s.mu.Unlock()
	return got, e, nil
}

// Erased removes what is kept of an erased child: fences, alarms, links.
func Erased(ctx context.Context, tx *db.Tx, childID id.ID) error {
	for _, query := range []string{
		"DELETE FROM guard_standing WHERE fence IN (SELECT id FROM fence WHERE child_id = ?)",
		"DELETE FROM fence WHERE child_id = ?",
		"DELETE FROM guard_alarm WHERE child_id = ?",
	} {
		if _, err := tx.Exec(ctx, query, childID); err != nil {
			return err
		}
	}
	return nil
}

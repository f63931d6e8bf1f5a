package guard

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/device"
)

// overdue is the clock of one device: it fires when the device should have
// spoken at the latest, and looks when it did. A device that spoke since sets
// the clock by its last word, so that a silence is told on its very second
// without a write for each message.
func (s *Service) overdue(ctx context.Context, tx *db.Tx, j job.Job) error {
	w, known, err := findWatched(ctx, tx, id.ID(j.Key))
	if err != nil || !known || w.SilentAt != 0 {
		return err
	}
	d, err := device.ByID(ctx, tx, w.Device)
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if d.State != device.Active || d.Wearer == "" { // in stock nobody waits for it; its next word begins anew
		_, err := tx.Exec(ctx, "DELETE FROM guard_device WHERE device = ?", w.Device)
		return err
	}
	rules, e, err := s.rulesFor(ctx, tx, d.Profile, d.Region)
	if err != nil {
		return err
	}
	cal, err := s.calendar(ctx, tx, e, d.Region)
	if err != nil {
		return err
	}
	last, err := device.LastOf(ctx, tx, w.Device)
	if err != nil {
		return err
	}
	l := last[w.Device]
	seen := max(l.SeenAt, w.SinceAt)
	again := func(at clock.Millis) error { return job.Schedule(ctx, tx, JobSilence, j.Key, at, "") }
	within := rules.Silence.Within()
	if w.IntervalS > 0 { // this one was told to speak at an interval of its own
		within = time.Duration(w.IntervalS*rules.Silence.Times) * time.Second
	}
	if due := seen.Add(within); due > tx.Now {
		return again(due)
	}
	grace, err := state(ctx, tx, "grace_until")
	if err != nil {
		return err
	}
	if clock.Millis(grace) > tx.Now {
		return again(clock.Millis(grace))
	}
	if len(rules.Silence.Quiet) > 0 {
		if _, quiet := rules.Silence.Quiet.Open(tx.Now, cal); quiet {
			if until := rules.Silence.Quiet.Until(tx.Now, cal); until > tx.Now {
				return again(until.Add(time.Duration(rules.Silence.IntervalS) * time.Second)) // woken, it has an interval's time
			}
		}
	}
	w.SilentAt = tx.Now
	if err := putWatched(ctx, tx, w); err != nil {
		return err
	}
	a := Alarm{Device: w.Device, ChildID: d.Wearer, Region: d.Region, Kind: Silent, At: seen, Value: tx.Now.Sub(seen).Seconds()}
	if l.Battery >= 0 && l.Battery < rules.Battery.Flat {
		a.Kind = Flat
	}
	if a.Outage, err = s.explained(ctx, tx, w, seen, rules.Mass, within); err != nil {
		return err
	}
	return s.raise(ctx, tx, a, nil, rules, cal)
}

// groups names what fails as one: the gateway of a protocol, the operator of a
// card.
func groups(w watched) []string {
	var out []string
	if w.Operator != "" {
		out = append(out, "operator:"+w.Operator)
	}
	if w.Source != "" {
		out = append(out, "source:"+w.Source)
	}
	return out
}

// members counts the devices of a group that are worn and were heard within a
// day before the instant, and those of them whose last word lies within the
// span.
func members(ctx context.Context, r db.Reader, group string, at, from, to clock.Millis) (all, gone int, err error) {
	kind, name, _ := strings.Cut(group, ":")
	column := "g.source"
	if kind == "operator" {
		column = "g.operator"
	}
	err = r.Get(ctx, db.To(&all, &gone), `SELECT count(*), COALESCE(SUM(CASE WHEN l.seen_at >= ? AND l.seen_at <= ? THEN 1 ELSE 0 END), 0) FROM guard_device g
		JOIN device d ON d.id = g.device AND d.state = 'active' JOIN device_last l ON l.device = g.device
		WHERE `+column+` = ? AND l.seen_at >= ?`, from, to, name, at.Add(-24*time.Hour))
	return all, gone, err
}

// explained gives the outage that a silence belongs to, empty for none. Many
// devices of one group went silent together if their last words lie within two
// minutes and the interval at which each speaks: a device that is cut off is
// not heard to be so before its next word is missed.
func (s *Service) explained(ctx context.Context, tx *db.Tx, w watched, seen clock.Millis, m MassRule, within time.Duration) (id.ID, error) {
	rules, _, err := s.rulesFor(ctx, tx, w.Model, s.p.District)
	if err != nil {
		return "", err
	}
	interval := time.Duration(rules.Silence.IntervalS) * time.Second
	span := time.Duration(m.WithinS)*time.Second + interval
	for _, g := range groups(w) {
		if err := tx.Lock(ctx, "guard.outage:"+g); err != nil {
			return "", err
		}
		var open []id.ID
		if err := tx.List(ctx, &open, "SELECT id FROM guard_outage WHERE grp = ? AND ended_at = 0", g); err != nil {
			return "", err
		}
		if len(open) > 0 {
			return open[0], nil
		}
		// Who still speaks was heard within an interval: their last word must not
		// be taken for one of those that fell silent.
		to := min(seen.Add(span), tx.Now.Add(-interval*3/2))
		all, gone, err := members(ctx, tx, g, seen, seen.Add(-span), to)
		if err != nil {
			return "", err
		}
		if gone < m.Least || float64(gone) <= m.Share*float64(all) {
			continue
		}
		return s.openOutage(ctx, tx, g, seen, all, gone)
	}
	return "", nil
}

// outageEvery is how often a running outage is looked at.
const outageEvery = time.Minute

// openOutage makes one incident of many silences. Alarms of the last minutes
// that it explains too stay with the people who have them already.
func (s *Service) openOutage(ctx context.Context, tx *db.Tx, group string, began clock.Millis, all, gone int) (id.ID, error) {
	o := id.New()
	text := s.p.Text("guard.text.outage", map[string]string{"group": s.p.Text("guard.group."+strings.ReplaceAll(group, ":", "_"), nil), "gone": itoa(gone), "all": itoa(all)})
	got, err := s.p.Take(ctx, tx, signal.New{Source: signal.Program, Kind: "outage", Key: "guard.outage:" + string(o), Region: s.p.District, Kinds: "outage", Note: text,
		Body: map[string]any{"outage": o, "group": group, "silent": gone, "of": all}})
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO guard_outage (id, grp, began_at, found_at, silent, of_all, matter_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
		o, group, began, tx.Now, gone, all, got.Matter); err != nil {
		return "", err
	}
	if err := tx.Emit(ctx, db.Event{Topic: "guard", Kind: "outage", Region: s.p.District, Ref: string(o)}); err != nil {
		return "", err
	}
	return o, job.Schedule(ctx, tx, JobOutage, string(o), tx.Now.Add(outageEvery), "")
}

// Outage is many badges silent together.
type Outage struct {
	ID       id.ID        `bun:"id" json:"id"`
	Group    string       `bun:"grp" json:"group"`
	BeganAt  clock.Millis `bun:"began_at" json:"began_at"`
	FoundAt  clock.Millis `bun:"found_at" json:"found_at"`
	Silent   int          `bun:"silent" json:"silent"`
	Of       int          `bun:"of_all" json:"of"`
	MatterID id.ID        `bun:"matter_id" json:"matter_id"`
	EndedAt  clock.Millis `bun:"ended_at" json:"ended_at"`
	Held     int          `bun:"held" json:"held"` // children whose alarm waits
}

const outageColumns = `o.id, o.grp, o.began_at, o.found_at, o.silent, o.of_all, o.matter_id, o.ended_at,
	(SELECT count(*) FROM guard_alarm a WHERE a.outage = o.id AND a.state = 'held') AS held`

// outage looks whether it is over: then who is still silent is called for.
func (s *Service) outage(ctx context.Context, tx *db.Tx, j job.Job) error {
	var rows []Outage
	if err := tx.List(ctx, &rows, "SELECT "+outageColumns+" FROM guard_outage o WHERE o.id = ? AND o.ended_at = 0", j.Key); err != nil || len(rows) == 0 {
		return err
	}
	o := rows[0]
	if err := tx.Lock(ctx, "guard.outage:"+o.Group); err != nil {
		return err
	}
	rules, e, err := s.rulesFor(ctx, tx, "", s.p.District)
	if err != nil {
		return err
	}
	// Whoever has not spoken since it was found is still away.
	all, gone, err := members(ctx, tx, o.Group, o.BeganAt, 0, o.FoundAt)
	if err != nil {
		return err
	}
	if all > 0 && float64(gone) > rules.Mass.EndedAt*float64(all) {
		if gone != o.Silent {
			if _, err := tx.Exec(ctx, "UPDATE guard_outage SET silent = ? WHERE id = ?", gone, o.ID); err != nil {
				return err
			}
		}
		return job.Schedule(ctx, tx, JobOutage, j.Key, tx.Now.Add(outageEvery), "")
	}
	if _, err := tx.Exec(ctx, "UPDATE guard_outage SET ended_at = ?, silent = ? WHERE id = ?", tx.Now, gone, o.ID); err != nil {
		return err
	}
	if o.MatterID != "" && s.p.Over != nil {
		if err := s.p.Over(ctx, tx, o.MatterID, "outage", "spoke_again"); err != nil {
			return err
		}
	}
	cal, err := s.calendar(ctx, tx, e, s.p.District)
	if err != nil {
		return err
	}
	held, err := openAlarms(ctx, tx, "outage = ? AND state = 'held'", o.ID)
	if err != nil {
		return err
	}
	for _, a := range held {
		route := rules.Route(a.Kind, "", tx.Now, cal)
		a.Outage, a.To, a.Value = "", route.To, tx.Now.Sub(a.At).Seconds()
		if route.To == ToNote {
			a.State = Noted
		} else if err := s.call(ctx, tx, &a, nil, route); err != nil {
			return err
		}
		if err := saveAlarm(ctx, tx, a); err != nil {
			return err
		}
		if err := s.emit(ctx, tx, a, "raised"); err != nil {
			return err
		}
	}
	return tx.Emit(ctx, db.Event{Topic: "guard", Kind: "outage", Region: s.p.District, Ref: string(o.ID)})
}

// alone settles a fix that nothing followed.
func (s *Service) alone(ctx context.Context, tx *db.Tx, j job.Job) error {
	dev, fenceID, _ := strings.Cut(j.Key, "/")
	var was struct {
		Good bool `json:"good"`
	}
	if err := json.Unmarshal([]byte(j.Payload), &was); err != nil {
		return err
	}
	f, err := s.findFence(ctx, tx, id.ID(fenceID))
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d, err := device.ByID(ctx, tx, id.ID(dev))
	if errs.Is(err, errs.KindNotFound) || err == nil && d.Wearer == "" {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := standings(ctx, tx, d.ID)
	if err != nil {
		return err
	}
	st, ok := known[f.ID][live]
	if !ok {
		return nil
	}
	rules, e, err := s.rulesFor(ctx, tx, d.Profile, d.Region)
	if err != nil {
		return err
	}
	now, v := st.Alone(was.Good, tx.Now, rules.Fence)
	if v == Nothing {
		return nil
	}
	if err := putStanding(ctx, tx, d.ID, f.ID, live, now); err != nil {
		return err
	}
	if !(f.Mode == KeepIn && v == Left || f.Mode == KeepOut && v == Entered) {
		return nil // what ends an alarm is not believed by one fix
	}
	cal, err := s.calendar(ctx, tx, e, d.Region)
	if err != nil {
		return err
	}
	if _, open := f.Schedule.Open(tx.Now, cal); !open {
		return nil
	}
	kind := FenceExit
	if f.Mode == KeepOut {
		kind = DangerEnter
	}
	return s.raise(ctx, tx, Alarm{Device: d.ID, ChildID: d.Wearer, Region: d.Region, Kind: kind, Fence: f.ID, At: now.SinceAt}, f, rules, cal)
}

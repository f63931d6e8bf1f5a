package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// watch is one message under judgement.
type watch struct {
	s     *Service
	ctx   context.Context
	tx    *db.Tx
	o     keep.Observed
	rules Rules
	cal   schedule.Calendar

	versions versions
}

// Observe implements keep.Watcher: it judges one message in its change. What
// the message itself calls an alarm of class A was acted on before and is none
// of its business.
func (s *Service) Observe(ctx context.Context, tx *db.Tx, o keep.Observed) error {
	ctx = access.With(ctx, access.System("guard"))
	if o.Child == "" || o.Device.State != device.Active && !o.History {
		return nil
	}
	now, err := versionsOf(ctx, tx)
	if err != nil {
		return err
	}
	rules, e, err := s.rulesAt(ctx, tx, now.rules, o.Device.Profile, o.Region)
	if err != nil {
		return err
	}
	cal, err := s.calendar(ctx, tx, e, o.Region)
	if err != nil {
		return err
	}
	w := &watch{s: s, ctx: ctx, tx: tx, o: o, rules: rules, cal: cal, versions: now}
	if !o.History {
		if err := w.heard(); err != nil {
			return err
		}
		if err := w.levels(); err != nil {
			return err
		}
	}
	if o.Fix == nil {
		return nil
	}
	return w.fences()
}

// heard ends a silence, and begins to watch for the next.
func (w *watch) heard() error {
	d, known, err := findWatched(w.ctx, w.tx, w.o.Device.ID)
	source := w.s.protocol(w.o.Device.Profile) // its gateway: devices of all models fall silent with it
	if err != nil || known && d.SilentAt == 0 && d.Model == w.o.Device.Profile && d.Source == source {
		return err
	}
	began := !known || d.SilentAt != 0
	if d.SilentAt != 0 {
		open, err := openAlarms(w.ctx, w.tx, "device = ? AND kind IN (?, ?)", w.o.Device.ID, Silent, Flat)
		if err != nil {
			return err
		}
		for _, a := range open {
			if err := w.s.end(w.ctx, w.tx, a, "spoke_again"); err != nil {
				return err
			}
		}
	}
	if !known {
		d = watched{Device: w.o.Device.ID, SinceAt: w.tx.Now}
	}
	d.Model, d.Source, d.SilentAt = w.o.Device.Profile, source, 0
	if d.Operator, err = operatorOf(w.ctx, w.tx, w.o.Device.ID); err != nil {
		return err
	}
	if err := putWatched(w.ctx, w.tx, d); err != nil || !began {
		return err
	}
	return job.Schedule(w.ctx, w.tx, JobSilence, string(d.Device), w.tx.Now.Add(w.rules.Silence.Within()), "")
}

// operatorOf tells whose card a device has by the begin of its number: an
// outage is mostly one operator's.
func operatorOf(ctx context.Context, r db.Reader, device id.ID) (string, error) {
	var cards []string
	if err := r.List(ctx, &cards, "SELECT iccid FROM device_trait WHERE device = ?", device); err != nil || len(cards) == 0 {
		return "", err
	}
	return Operator(cards[0]), nil
}

// Operator reads an ICCID's issuer (ITU-T E.118: 89, 86, then the operator);
// empty if it is none of China's.
func Operator(iccid string) string {
	if len(iccid) < 6 || !strings.HasPrefix(iccid, "8986") {
		return ""
	}
	switch iccid[4:6] {
	case "00", "02", "04", "07", "08":
		return "mobile"
	case "01", "06", "09":
		return "unicom"
	case "03", "11":
		return "telecom"
	case "15":
		return "broadnet"
	}
	return "other"
}

// levels judges battery, vital signs and speed.
func (w *watch) levels() error {
	m, d := w.o.Message, w.o.Device.ID
	if m.Battery != nil {
		was, err := level(w.ctx, w.tx, d, "battery")
		if err != nil {
			return err
		}
		booted := m.Lat == nil && m.Valid == nil // a link that knows nothing else
		now, did := was.Battery(*m.Battery, booted, w.tx.Now, w.rules.Battery)
		// A percent that crawls within one state needs no write.
		if did != same || was.LastAt == 0 {
			if err := putLevel(w.ctx, w.tx, d, "battery", now); err != nil {
				return err
			}
		}
		if err := w.charge(*m.Battery, booted); err != nil {
			return err
		}
		if err := w.told(did, LowBattery, now.Value); err != nil {
			return err
		}
	}
	readings := map[Kind]float64{}
	for name, kind := range map[string]Kind{report.HeartRate: HeartRate, report.Temperature: Temperature, report.SpO2: SpO2} {
		if v, ok := m.Vitals[name]; ok {
			readings[kind] = v
		}
	}
	if f := w.o.Fix; f != nil && f.Source == "gps" && m.SpeedKmh != nil && f.AccuracyM <= w.rules.Fence.GoodM {
		readings[Speed] = *m.SpeedKmh
	}
	for kind, v := range readings {
		rule, ok := w.rules.Vitals[string(kind)]
		if !ok {
			continue
		}
		was, err := level(w.ctx, w.tx, d, string(kind))
		if err != nil {
			return err
		}
		now, did := was.Vital(v, w.o.At, rule)
		calm := did == same && was.Count == 0 && now.Count == 0 // nothing to remember
		if !calm {
			if err := putLevel(w.ctx, w.tx, d, string(kind), now); err != nil {
				return err
			}
		}
		if err := w.told(did, kind, v); err != nil {
			return err
		}
	}
	return nil
}

// charge keeps the day's lowest and highest, for the trend.
func (w *watch) charge(percent int, booted bool) error {
	if percent < 0 || percent > 100 || percent == 0 && booted {
		return nil
	}
	day := civil.DateOf(w.tx.Now.Time())
	if w.s.charged.covers(w.o.Device.ID, day, percent) {
		return nil
	}
	var rows []struct {
		Least int `bun:"least"`
		Most  int `bun:"most"`
	}
	if err := w.tx.List(w.ctx, &rows, "SELECT least, most FROM guard_battery WHERE device = ? AND on_day = ?", w.o.Device.ID, day); err != nil {
		return err
	}
	least, most := percent, percent
	if len(rows) > 0 {
		least, most = min(least, rows[0].Least), max(most, rows[0].Most)
	}
	w.tx.AfterCommit(func() { w.s.charged.learn(w.o.Device.ID, day, least, most) })
	if len(rows) > 0 && least == rows[0].Least && most == rows[0].Most {
		return nil
	}
	_, err := w.tx.Exec(w.ctx, `INSERT INTO guard_battery (device, on_day, least, most) VALUES (?, ?, ?, ?)
		ON CONFLICT (device, on_day) DO UPDATE SET least = excluded.least, most = excluded.most`, w.o.Device.ID, day, least, most)
	return err
}

// told raises or ends the alarm of a level.
func (w *watch) told(did step, kind Kind, value float64) error {
	switch did {
	case rose:
		return w.raise(Alarm{Kind: kind, At: w.o.At, Value: value}, nil)
	case fell:
		return w.endOpen(kind, "", "normal_again")
	}
	return nil
}

// fences judges the fix against all fences that it may concern.
func (w *watch) fences() error {
	own, err := w.s.ofChild(w.ctx, w.tx, w.o.Child)
	if err != nil {
		return err
	}
	z, err := w.s.areasAt(w.ctx, w.tx, w.versions.fences)
	if err != nil || len(own) == 0 && len(z.by) == 0 {
		return err
	}
	at := w.o.Fix.Point
	before, gap, err := w.before()
	if err != nil {
		return err
	}
	cross := before != nil && gap > 0 && gap <= time.Duration(w.rules.Fence.CrossS)*time.Second
	near := map[id.ID]*Fence{}
	for _, f := range z.near.At(at) {
		near[f.ID] = f
	}
	way := map[id.ID]*Fence{}
	if cross {
		z.near.Along(pointOf(*before), at, func(f *Fence) { way[f.ID] = f })
	}
	known, err := standings(w.ctx, w.tx, w.o.Device.ID)
	if err != nil {
		return err
	}
	for fenceID := range known { // a zone it was in: leaving it is to be seen
		if f, ok := z.by[fenceID]; ok {
			near[fenceID] = f
		}
	}
	if len(own) == 0 && len(near) == 0 && len(way) == 0 {
		return nil
	}
	lane, newest := live, true
	if w.o.History {
		lane = history
	} else if newest, err = w.newest(); err != nil {
		return err
	}
	if !newest {
		return nil // out of order by more than a minute: what came since has been judged
	}
	jumped := before != nil && gap > 0 && geo.Metres(pointOf(*before), at) > 500 && geo.Metres(pointOf(*before), at)/gap.Hours()/1000 > w.rules.Fence.JumpKmh
	fix := Fix{Point: at, At: w.o.Fix.At, Source: w.o.Fix.Source, AccuracyM: w.o.Fix.AccuracyM}
	for _, f := range own {
		if err := w.judge(f, fix, jumped, lane, known[f.ID]); err != nil {
			return err
		}
	}
	for _, f := range near {
		if !covers(f.Region, w.o.Region) {
			continue
		}
		if err := w.judge(f, fix, jumped, lane, known[f.ID]); err != nil {
			return err
		}
	}
	for _, f := range way {
		if f.Mode != KeepOut || !covers(f.Region, w.o.Region) || jumped || before.AccuracyM > w.rules.Fence.GoodM || fix.AccuracyM > w.rules.Fence.GoodM {
			continue
		}
		if st := known[f.ID][lane]; st.State == In || f.shape.Distance(at) < 0 || f.shape.Distance(pointOf(*before)) < 0 {
			continue // in it, not only through it
		}
		if f.shape.Crossed(pointOf(*before), at, w.rules.Fence.EnterM) {
			if err := w.crossed(f, fix); err != nil {
				return err
			}
		}
	}
	return nil
}

// before gives the fix before this one and the time between, nil if none is
// known.
func (w *watch) before() (*device.Position, time.Duration, error) {
	var rows []device.Position
	err := w.tx.List(w.ctx, &rows, `SELECT lat, lon, at AS position_at, source, accuracy_m FROM device_position
		WHERE device = ? AND at < ? ORDER BY at DESC LIMIT 1`, w.o.Device.ID, w.o.Fix.At)
	if err != nil || len(rows) == 0 || rows[0].Source == "cell" {
		return nil, 0, err
	}
	p := rows[0]
	return &p, w.o.Fix.At.Sub(p.At), nil
}

// newest tells whether the fix is the newest of its device, or out of order by
// no more than what still confirms.
func (w *watch) newest() (bool, error) {
	last, err := device.LastOf(w.ctx, w.tx, w.o.Device.ID)
	if err != nil {
		return false, err
	}
	l, ok := last[w.o.Device.ID]
	return !ok || l.Position.At.Sub(w.o.Fix.At) <= time.Duration(w.rules.Fence.ReorderS)*time.Second, nil
}

// judge holds the fix against one fence.
func (w *watch) judge(f *Fence, fix Fix, jumped bool, lane string, known map[string]Standing) error {
	was := known[lane]
	if lane == history && was.LastAt == 0 && was.SinceAt == 0 {
		was.State = Unknown
	}
	distance := f.shape.Distance(fix.Point)
	now, v := was.Next(f.Mode, fix, distance, f.shape.Radius(), jumped, w.rules.Fence)
	if now != was {
		var err error
		if f.ChildID == "" && now.State != In && !now.Pending() { // a zone that is behind
			err = dropStanding(w.ctx, w.tx, w.o.Device.ID, f.ID, lane)
		} else {
			err = putStanding(w.ctx, w.tx, w.o.Device.ID, f.ID, lane, now)
		}
		if err != nil {
			return err
		}
	}
	if lane == history {
		return w.late(f, fix, v, distance)
	}
	key := string(w.o.Device.ID) + "/" + string(f.ID)
	if was.Pending() && !now.Pending() {
		if err := job.Cancel(w.ctx, w.tx, JobPending, key); err != nil {
			return err
		}
	}
	switch v {
	case Suspected:
		return w.suspect(f, fix, key)
	case Doubtful:
		if err := w.raise(Alarm{Kind: Unsure, Fence: f.ID, At: fix.At, Value: distance}, f); err != nil {
			return err
		}
		return w.ask()
	case Left, Entered:
		return w.moved(f, v, now.SinceAt, distance)
	}
	return nil
}

// suspect waits for a second fix, and asks for it.
func (w *watch) suspect(f *Fence, fix Fix, key string) error {
	if (f.Mode == KeepIn) == (f.shape.Distance(fix.Point) > 0) { // towards an alarm
		if err := w.ask(); err != nil {
			return err
		}
	}
	return job.Schedule(w.ctx, w.tx, JobPending, key, w.tx.Now.Add(time.Duration(w.rules.Fence.AloneS)*time.Second),
		fmt.Sprintf(`{"good":%v}`, fix.Source == "gps" && fix.AccuracyM <= w.rules.Fence.GoodM))
}

func (w *watch) ask() error {
	if w.s.p.Ask == nil {
		return nil
	}
	return w.s.p.Ask(w.ctx, w.tx, w.o.Device.DeviceID)
}

// moved does what a settled standing asks for.
func (w *watch) moved(f *Fence, v Verdict, since clock.Millis, distance float64) error {
	if v == Entered {
		if err := w.endOpen(Unsure, f.ID, "inside"); err != nil {
			return err
		}
	}
	bad := f.Mode == KeepIn && v == Left || f.Mode == KeepOut && v == Entered
	if !bad {
		for _, kind := range []Kind{FenceExit, Absent, DangerEnter, Unsure} {
			if err := w.endOpen(kind, f.ID, "came_back"); err != nil {
				return err
			}
		}
		return nil
	}
	if _, open := f.Schedule.Open(w.tx.Now, w.cal); !open {
		return nil
	}
	kind := FenceExit
	if f.Mode == KeepOut {
		kind = DangerEnter
	}
	return w.raise(Alarm{Kind: kind, Fence: f.ID, At: since, Value: distance}, f)
}

func (w *watch) crossed(f *Fence, fix Fix) error {
	if _, open := f.Schedule.Open(w.o.At, w.cal); !open {
		return nil
	}
	return w.raise(Alarm{Kind: DangerCross, Fence: f.ID, At: fix.At, LateS: w.lateBy()}, f)
}

// late raises what history shows, unless the live state said it already.
func (w *watch) late(f *Fence, fix Fix, v Verdict, distance float64) error {
	if !(f.Mode == KeepIn && v == Left || f.Mode == KeepOut && v == Entered) {
		return nil
	}
	if _, open := f.Schedule.Open(fix.At, w.cal); !open {
		return nil
	}
	kind := FenceExit
	if f.Mode == KeepOut {
		kind = DangerEnter
	}
	var n int
	// The same event told live, or by an earlier batch of the same history.
	if err := w.tx.Get(w.ctx, db.To(&n), "SELECT count(*) FROM guard_alarm WHERE device = ? AND kind IN (?, ?) AND fence = ? AND at > ? AND (ended_at = 0 OR ended_at >= ?)",
		w.o.Device.ID, kind, Absent, f.ID, fix.At.Add(-6*time.Hour), fix.At); err != nil || n > 0 {
		return err
	}
	return w.raise(Alarm{Kind: kind, Fence: f.ID, At: fix.At, Value: distance, LateS: w.lateBy()}, f)
}

func (w *watch) lateBy() int64 {
	if !w.o.History {
		return 0
	}
	return max(1, int64(w.tx.Now.Sub(w.o.At)/time.Second))
}

// raise opens an alarm of this message's device.
func (w *watch) raise(a Alarm, f *Fence) error {
	a.Device, a.ChildID, a.Region = w.o.Device.ID, w.o.Child, w.o.Region
	return w.s.raise(w.ctx, w.tx, a, f, w.rules, w.cal)
}

func (w *watch) endOpen(kind Kind, fence id.ID, why string) error {
	open, err := openAlarms(w.ctx, w.tx, "device = ? AND kind = ? AND fence = ? AND late_s = 0", w.o.Device.ID, kind, fence)
	if err != nil {
		return err
	}
	for _, a := range open {
		if err := w.s.end(w.ctx, w.tx, a, why); err != nil {
			return err
		}
	}
	return nil
}

func pointOf(p device.Position) geo.Point { return geo.Point{Lat: p.Lat, Lon: p.Lon} }

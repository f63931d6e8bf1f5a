package guard

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
	"zugou/internal/people/sheet"
)

// Fitness is how one worn device does.
type Fitness struct {
	Device     id.ID        `json:"device" bun:"device"`
	DeviceID   string       `json:"device_id" bun:"device_id"`
	Label      string       `json:"label" bun:"label"`
	Kind       string       `json:"kind" bun:"kind"`
	ChildID    id.ID        `json:"child_id" bun:"wearer"`
	ChildName  string       `json:"child_name" bun:"-"`
	Region     string       `json:"region" bun:"region"`
	LastSeenAt clock.Millis `json:"last_seen_at" bun:"seen_at"` // 0: never since it was registered
	SilentAt   clock.Millis `json:"silent_at" bun:"silent_at"`  // 0: it speaks
	Battery    int          `json:"battery" bun:"battery"`      // -1: unknown
	PositionAt clock.Millis `json:"position_at" bun:"position_at"`
	WornFrom   clock.Millis `json:"worn_from" bun:"worn_from"` // by who wears it now
	KnownFrom  clock.Millis `json:"-" bun:"created_at"`        // in the register
	SIMUntil   string       `json:"sim_until" bun:"sim_until"`
	SIMDays    int          `json:"sim_days" bun:"-"` // to the end of the card; -1: no day known
	Trend      []int        `json:"trend" bun:"-"`    // lowest charge of the last seven days with one, oldest first
	Calls      []string     `json:"calls" bun:"-"`    // why somebody should call tomorrow; none: nobody
}

// Cover is how the devices of a township do.
type Cover struct {
	Region  string `json:"region"`
	Worn    int    `json:"worn"`
	Heard   int    `json:"heard"` // within a day
	Silent  int    `json:"silent"`
	Low     int    `json:"low"`   // battery
	Never   int    `json:"never"` // handed out and not heard since
	SIMSoon int    `json:"sim_soon"`
	Calls   int    `json:"calls"`
}

// Health is the page of devices.
type Health struct {
	Items    []Fitness `json:"items"` // who needs a call first
	Towns    []Cover   `json:"towns"`
	Outages  []Outage  `json:"outages"`
	Calendar int       `json:"calendar_missing"` // a year that begins without the State Council's calendar; 0: none
	Terms    bool      `json:"terms_missing"`    // nothing is known of the schools' days
}

// simSoon is how long before the end of a card it is on the list.
const simSoon = 30

// firstWord is how long a device may take to be switched on and heard, ms.
const firstWord = 3_600_000

// Health gives how the worn devices of the actor's areas do, without those of
// children that the actor may not find. Errors: Forbidden.
func (s *Service) Health(ctx context.Context, region string) (Health, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "device.read"); err != nil {
		return Health{}, err
	}
	out := Health{Items: []Fitness{}, Towns: []Cover{}, Outages: []Outage{}}
	where, args := access.Where("d.region", actor.Areas("device.read"))
	if region != "" {
		in, a := access.Where("d.region", []string{region})
		where, args = where+" AND "+in, append(args, a...)
	}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		seen, not := actor.Shown("d.wearer")
		if err := r.List(ctx, &out.Items, `SELECT d.id AS device, d.device_id, d.label, d.kind, d.wearer, d.region, d.sim_until, COALESCE(l.seen_at, 0) AS seen_at, COALESCE(l.battery, -1) AS battery,
			COALESCE(l.position_at, 0) AS position_at, COALESCE(g.silent_at, 0) AS silent_at,
			COALESCE((SELECT max(w.from_at) FROM device_wearing w WHERE w.device = d.id AND w.to_at = 0), d.created_at) AS worn_from, d.created_at FROM device d LEFT JOIN device_last l ON l.device = d.id LEFT JOIN guard_device g ON g.device = d.id
			WHERE d.state = 'active' AND `+where+" AND "+seen+" ORDER BY d.id LIMIT 20000", slices.Concat(args, not)...); err != nil {
			return err
		}
		rules, e, err := s.rulesFor(ctx, r, "", s.p.District)
		if err != nil {
			return err
		}
		if err := s.fit(ctx, r, out.Items, rules); err != nil {
			return err
		}
		cal, err := s.p.Calendar(ctx, r)
		if err != nil {
			return err
		}
		days, err := s.calendar(ctx, r, e, s.p.District)
		if err != nil {
			return err
		}
		out.Calendar, out.Terms = cal.Missing(r.At()), days.Missing(civil.DateOf(r.At().Time()).AddDays(30))
		return r.List(ctx, &out.Outages, "SELECT "+outageColumns+" FROM guard_outage o WHERE o.ended_at = 0 OR o.ended_at > ? ORDER BY o.found_at DESC LIMIT 20", r.At()-7*86_400_000)
	})
	if err != nil {
		return Health{}, err
	}
	out.Towns = covers9(out.Items)
	slices.SortStableFunc(out.Items, func(a, b Fitness) int {
		if len(a.Calls) != len(b.Calls) {
			return len(b.Calls) - len(a.Calls)
		}
		return int(min(1, max(-1, a.LastSeenAt-b.LastSeenAt)))
	})
	for _, f := range out.Items {
		audit.Show(ctx, "device.read", "", f.Region, audit.Shown{Kind: "child", ID: f.ChildID, Fields: []string{"name", "device"}})
	}
	return out, nil
}

// fit fills names, trends and why somebody should call.
func (s *Service) fit(ctx context.Context, r db.Reader, items []Fitness, rules Rules) error {
	var children []id.ID
	for _, f := range items {
		children = append(children, f.ChildID)
	}
	names, err := person.Names(ctx, r, children...)
	if err != nil {
		return err
	}
	today := civil.DateOf(r.At().Time())
	var days []struct {
		Device id.ID `bun:"device"`
		Least  int   `bun:"least"`
	}
	if err := r.List(ctx, &days, "SELECT device, least FROM guard_battery WHERE on_day > ? ORDER BY on_day", today.AddDays(-7)); err != nil {
		return err
	}
	trend := map[id.ID][]int{}
	for _, d := range days {
		trend[d.Device] = append(trend[d.Device], d.Least)
	}
	for i := range items {
		f := &items[i]
		f.ChildName, f.SIMDays, f.Trend, f.Calls = names[f.ChildID], -1, trend[f.Device], []string{}
		if f.Trend == nil {
			f.Trend = []int{}
		}
		if end := civil.Date(f.SIMUntil); end.Valid() {
			f.SIMDays = max(0, today.DaysTo(end))
		}
		switch {
		case f.LastSeenAt == 0 && r.At()-max(f.WornFrom, f.KnownFrom) > firstWord:
			f.Calls = append(f.Calls, "never")
		case f.LastSeenAt == 0: // being switched on
		case f.SilentAt != 0 && f.Battery >= 0 && f.Battery < rules.Battery.Flat:
			f.Calls = append(f.Calls, "flat")
		case f.SilentAt != 0:
			f.Calls = append(f.Calls, "silent")
		case f.Battery >= 0 && f.Battery <= rules.Battery.Low:
			f.Calls = append(f.Calls, "low")
		}
		// One that was handed out or registered this morning has had no day yet.
		if f.LastSeenAt != 0 && f.SilentAt == 0 && r.At()-max(f.PositionAt, f.WornFrom, f.KnownFrom) > 86_400_000 {
			f.Calls = append(f.Calls, "no_place")
		}
		if f.SIMDays >= 0 && f.SIMDays <= simSoon {
			f.Calls = append(f.Calls, "sim")
		}
	}
	return nil
}

// covers9 sums by township.
func covers9(items []Fitness) []Cover {
	by := map[string]*Cover{}
	for _, f := range items {
		code := f.Region[:min(9, len(f.Region))]
		c := by[code]
		if c == nil {
			c = &Cover{Region: code}
			by[code] = c
		}
		c.Worn++
		for _, w := range f.Calls {
			switch w {
			case "never":
				c.Never++
			case "silent", "flat":
				c.Silent++
			case "low":
				c.Low++
			case "sim":
				c.SIMSoon++
			}
		}
		if len(f.Calls) > 0 {
			c.Calls++
		}
		if f.LastSeenAt != 0 && f.SilentAt == 0 {
			c.Heard++
		}
	}
	out := make([]Cover, 0, len(by))
	for _, c := range by {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Cover) int { return strings.Compare(a.Region, b.Region) })
	return out
}

// CallRound is tomorrow's round of calls as an Excel file: who is to be called
// because of which device. Errors: Forbidden.
func (s *Service) CallRound(ctx context.Context, region string, regionName func(string) string) ([]byte, error) {
	h, err := s.Health(ctx, region)
	if err != nil {
		return nil, err
	}
	var head []any
	for _, key := range []string{"area", "child", "device", "why", "seen", "battery", "sim", "result"} {
		head = append(head, s.p.Text("guard.round."+key, nil))
	}
	lines := [][]any{head}
	for _, f := range h.Items {
		if len(f.Calls) == 0 {
			continue
		}
		var why []string
		for _, w := range f.Calls {
			why = append(why, s.p.Text("guard.round.why_"+w, nil))
		}
		seen, battery := "", ""
		if f.LastSeenAt != 0 {
			seen = f.LastSeenAt.Time().In(clock.Zone).Format("2006-01-02 15:04")
		}
		if f.Battery >= 0 {
			battery = itoa(f.Battery) + "%"
		}
		label := f.Label
		if label == "" {
			label = f.DeviceID
		}
		lines = append(lines, []any{regionName(f.Region), f.ChildName, label, strings.Join(why, s.p.Text("guard.round.and", nil)), seen, battery, f.SIMUntil, ""})
	}
	return sheet.Write(s.p.Text("guard.round.sheet", nil), []float64{26, 12, 16, 30, 18, 8, 14, 30}, lines)
}

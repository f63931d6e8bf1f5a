package guard

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/guard/schedule"
)

// Rules are all thresholds as they hold for one model in one area. Metres,
// seconds, percent, days.
type Rules struct {
	Fence   FenceRule            `json:"fence"`
	Battery BatteryRule          `json:"battery"`
	Vitals  map[string]VitalRule `json:"vitals"` // heart_rate, temperature, spo2, speed
	Silence SilenceRule          `json:"silence"`
	Mass    MassRule             `json:"mass"`
	Alarms  map[Kind][]AlarmRule `json:"alarms"`
	Keep    KeepRule             `json:"keep"`
}

// FenceRule is how fixes are held against fences.
type FenceRule struct {
	EnterM    float64 `json:"enter_m"`    // this far inside counts as inside
	ExitM     float64 `json:"exit_m"`     // this far outside counts as outside
	ExitShare float64 `json:"exit_share"` // or this share of the radius, if that is more
	CoarseM   float64 `json:"coarse_m"`   // a wider circle decides nothing
	ZoneM     float64 `json:"zone_m"`     // danger zones believe fixes this exact only
	Fixes     int     `json:"fixes"`      // so many confirm
	WithinS   int     `json:"within_s"`   // or two, this far apart
	AloneS    int     `json:"alone_s"`    // a good fix that nothing follows stands for itself after
	GoodM     float64 `json:"good_m"`     // what a good fix is
	CrossS    int     `json:"cross_s"`    // fixes this close in time show the way between them
	JumpKmh   float64 `json:"jump_kmh"`   // a faster jump is an error until a second fix agrees
	ReorderS  int     `json:"reorder_s"`  // fixes out of order by this still confirm
	GraceS    int     `json:"grace_s"`    // after a window opens, before absence is told
}

// BatteryRule is percent.
type BatteryRule struct {
	Low, Rearm, Flat int
}

// VitalRule bounds one reading; 0 for no bound.
type VitalRule struct {
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Gap     float64 `json:"gap"`      // so far back within bounds re-arms
	Fixes   int     `json:"fixes"`    // readings in a row
	WithinS int     `json:"within_s"` // the readings of one row lie no further apart
}

// SilenceRule is how long a badge may say nothing.
type SilenceRule struct {
	IntervalS int               `json:"interval_s"` // what it is expected to speak at
	Times     int               `json:"times"`
	GraceS    int               `json:"grace_s"` // after the program was away
	Quiet     schedule.Schedule `json:"quiet"`   // nights, classes: silence is borne
}

// Within is the silence that is borne.
func (s SilenceRule) Within() time.Duration {
	return time.Duration(s.IntervalS*s.Times) * time.Second
}

// MassRule tells an outage from single silences.
type MassRule struct {
	Share   float64 `json:"share"`    // of one operator's or gateway's badges
	WithinS int     `json:"within_s"` // last heard within so much of one another
	Least   int     `json:"least"`    // badges
	EndedAt float64 `json:"ended_at"` // share below which it is over
}

// AlarmRule says where one kind of alarm goes; the first that fits counts.
type AlarmRule struct {
	Fence   []string          `json:"fence,omitempty"`   // kinds of fence; none: all
	Within  schedule.Schedule `json:"within,omitempty"`  // none: always
	To      string            `json:"to"`                // seat, village, note
	Matter  string            `json:"matter,omitempty"`  // kind of matter; none for note
	Urgency string            `json:"urgency,omitempty"` // if not the kind's own
}

// KeepRule is days.
type KeepRule struct {
	Positions int `json:"positions"`
	Media     int `json:"media"`
	Messages  int `json:"messages"` // raw words of badges that no matter holds
}

// Where an alarm goes.
const (
	ToSeat    = "seat"
	ToVillage = "village"
	ToNote    = "note" // recorded and shown, nobody is called
)

// Edition is a set of rules from an instant on: the whole for everybody, and
// what differs by model and area.
type Edition struct {
	Name    string                     `json:"name"`
	From    string                     `json:"from"` // civil date, for files
	Terms   []schedule.Term            `json:"terms"`
	Default json.RawMessage            `json:"default"`
	Models  map[string]json.RawMessage `json:"models,omitempty"` // by protocol and by model
	Areas   map[string]json.RawMessage `json:"areas,omitempty"`  // by region prefix, the nearest last

	fromAt clock.Millis
}

// For gives the rules for a device in an area: those of its protocol, then of
// its model ("" where it has none of its own). What an edition does not say
// differently stays as in its default.
func (e Edition) For(protocol, model, area string) (Rules, error) {
	var r Rules
	layers := []json.RawMessage{e.Default}
	for _, name := range []string{protocol, model} {
		if m, ok := e.Models[name]; ok {
			layers = append(layers, m)
		}
	}
	var prefixes []string
	for p := range e.Areas {
		if strings.HasPrefix(area, p) {
			prefixes = append(prefixes, p)
		}
	}
	slices.Sort(prefixes)
	for _, p := range prefixes {
		layers = append(layers, e.Areas[p])
	}
	for _, l := range layers {
		var q struct {
			Silence struct {
				Quiet *schedule.Schedule `json:"quiet"`
			} `json:"silence"`
		}
		if json.Unmarshal(l, &q) == nil && q.Silence.Quiet != nil {
			r.Silence.Quiet = nil // else fields of the layer below shine through its windows
		}
		if err := json.Unmarshal(l, &r); err != nil {
			return Rules{}, errs.Invalid("body", "guard.rules_form")
		}
	}
	return r, r.check()
}

// Check reads every layer: a slip in one area's rules must not wait for the
// first alarm there.
func (e Edition) Check() error {
	if _, err := e.For("", "", ""); err != nil {
		return err
	}
	for m := range e.Models {
		if _, err := e.For("", m, ""); err != nil {
			return err
		}
	}
	for a := range e.Areas {
		if _, err := e.For("", "", a); err != nil {
			return err
		}
	}
	for i, t := range e.Terms {
		if !t.From.Valid() || !t.Until.Valid() || t.Until < t.From {
			return errs.Invalid(fmt.Sprintf("terms[%d]", i), "guard.term_wrong")
		}
	}
	return nil
}

// TermsOf gives the terms of an area: the nearest that are told for it.
func (e Edition) TermsOf(area string) []schedule.Term {
	best := -1
	for _, t := range e.Terms {
		if strings.HasPrefix(area, t.Area) {
			best = max(best, len(t.Area))
		}
	}
	var out []schedule.Term
	for _, t := range e.Terms {
		if len(t.Area) == best && strings.HasPrefix(area, t.Area) {
			out = append(out, t)
		}
	}
	return out
}

func (r Rules) check() error {
	var bad []errs.Field
	must := func(ok bool, name string) {
		if !ok {
			bad = append(bad, errs.Field{Name: name, Key: "guard.rule_wrong"})
		}
	}
	f := r.Fence
	must(f.EnterM >= 0 && f.ExitM >= 0 && f.ExitShare >= 0 && f.ExitShare < 1, "fence.margin")
	must(f.Fixes >= 1 && f.Fixes <= 10 && f.WithinS > 0 && f.AloneS > f.WithinS, "fence.fixes")
	must(f.CoarseM > 0 && f.ZoneM > 0 && f.GoodM > 0 && f.JumpKmh > 0, "fence.accuracy")
	must(f.CrossS >= 0 && f.CrossS <= 120 && f.ReorderS >= 0 && f.ReorderS <= 60, "fence.cross_s") // longer ways are guesses
	b := r.Battery
	must(b.Flat >= 0 && b.Flat <= b.Low && b.Low < b.Rearm && b.Rearm <= 100, "battery")
	for name, v := range r.Vitals {
		must(v.Fixes >= 1 && v.Gap >= 0 && v.WithinS > 0 && (v.Low != 0 || v.High != 0), "vitals."+name)
	}
	must(r.Silence.IntervalS >= 30 && r.Silence.Times >= 1 && r.Silence.Within() <= 48*time.Hour && r.Silence.GraceS >= 0, "silence")
	must(r.Mass.Share > 0 && r.Mass.Share <= 1 && r.Mass.WithinS > 0 && r.Mass.Least >= 2 && r.Mass.EndedAt >= 0 && r.Mass.EndedAt < r.Mass.Share, "mass")
	must(r.Keep.Positions >= 1 && r.Keep.Media >= 1 && r.Keep.Messages >= 1, "keep")
	if r.Silence.Quiet.Check() != nil {
		must(false, "silence.quiet")
	}
	for kind, list := range r.Alarms {
		must(slices.Contains(Kinds(), kind), "alarms."+string(kind))
		for _, a := range list {
			must(a.To == ToNote || (a.To == ToSeat || a.To == ToVillage) && a.Matter != "", "alarms."+string(kind)+".to")
			must(a.Within.Check() == nil, "alarms."+string(kind)+".within")
		}
	}
	return errs.InvalidFields(bad)
}

// Route gives where an alarm of the kind goes. What no rule names goes to the
// village: too many called is better than nobody.
func (r Rules) Route(k Kind, fenceKind string, at clock.Millis, c schedule.Calendar) AlarmRule {
	for _, a := range r.Alarms[k] {
		if len(a.Fence) > 0 && !slices.Contains(a.Fence, fenceKind) {
			continue
		}
		if _, open := a.Within.Open(at, c); open {
			return a
		}
	}
	return AlarmRule{To: ToVillage, Matter: "device"}
}

// ReadEditions reads the editions of a folder, oldest first.
func ReadEditions(files fs.FS) ([]Edition, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out []Edition
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		e, err := ReadEdition(text)
		if err != nil {
			return nil, fmt.Errorf("policy/guard/%s: %w", name, err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("policy/guard: no edition")
	}
	return out, nil
}

// ReadEdition reads and checks one.
func ReadEdition(text []byte) (Edition, error) {
	var e Edition
	if err := json.Unmarshal(text, &e); err != nil {
		return e, errs.Invalid("body", "guard.rules_form")
	}
	return e, e.Check()
}

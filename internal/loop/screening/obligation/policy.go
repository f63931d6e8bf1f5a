package obligation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"zugou/internal/loop/screening/instrument"
	files "zugou/policy/screening"
)

// Policy is the rules in force from one civil date until the next policy.
type Policy struct {
	Version string `json:"version"`
	From    string `json:"from"`   // YYYY-MM-DD
	Status  string `json:"status"` // "example until a clinician signs", or who signed
	Source  string `json:"source"`
	Rules   []Rule `json:"rules"` // the most urgent first
}

// Rule is one row of the table of timers. Times in minutes, hours and days as
// the officials write them.
type Rule struct {
	Code                      string          `json:"code"`
	Urgency                   Urgency         `json:"urgency"`
	Title                     instrument.Text `json:"title"`
	When                      []When          `json:"when"` // any of them
	SameDay                   bool            `json:"same_day,omitempty"`
	NeverAlone                bool            `json:"never_alone,omitempty"`
	CompulsoryReport          bool            `json:"compulsory_report,omitempty"`
	AcceptWithinMinutes       int             `json:"accept_within_minutes,omitempty"`
	FirstContactWithinMinutes int             `json:"first_contact_within_minutes,omitempty"`
	LateAfterMinutes          int             `json:"late_after_minutes,omitempty"`
	Who                       string          `json:"who,omitempty"`
	InformSameDay             []string        `json:"inform_same_day,omitempty"`
	NextHours                 []int           `json:"next_hours,omitempty"`
	ThenEveryDays             int             `json:"then_every_days,omitempty"`
	ThenForDays               int             `json:"then_for_days,omitempty"`
	ReassessDays              []int           `json:"reassess_days,omitempty"`
	// Matter is the kind of matter that opens at the seat with the answer;
	// every talk on the same day has one.
	Matter string `json:"matter,omitempty"`
}

// When is a condition; all that it names must hold.
type When struct {
	Levels        []string                  `json:"levels,omitempty"`   // "instrument:level"
	Critical      []instrument.CriticalKind `json:"critical,omitempty"` // one critical answer of these kinds
	WithoutLevels bool                      `json:"without_levels,omitempty"`
	NeedsPerson   bool                      `json:"needs_person,omitempty"`
	OverCutoff    bool                      `json:"over_cutoff,omitempty"`
	Otherwise     bool                      `json:"otherwise,omitempty"` // no rule before applies
}

func (r Rule) applies(in instrument.Instrument, res instrument.Result, kinds []instrument.CriticalKind, before bool) bool {
	return slices.ContainsFunc(r.When, func(w When) bool {
		switch {
		case len(w.Levels) > 0 && !slices.Contains(w.Levels, in.ID+":"+string(res.Level)),
			len(w.Critical) > 0 && !slices.ContainsFunc(kinds, func(k instrument.CriticalKind) bool { return slices.Contains(w.Critical, k) }),
			w.WithoutLevels && len(in.Levels) > 0,
			w.NeedsPerson && !res.NeedsPerson,
			w.OverCutoff && !res.OverCutoff(),
			w.Otherwise && before:
			return false
		}
		return true
	})
}

func (r Rule) obligation(version string) Obligation {
	var matters []string
	if r.Matter != "" {
		matters = []string{r.Matter}
	}
	return Obligation{
		Matters: matters,
		Urgency: r.Urgency, Rules: []string{r.Code}, Title: r.Title, Policy: version,
		SameDay: r.SameDay, NeverAlone: r.NeverAlone, CompulsoryReport: r.CompulsoryReport,
		AcceptWithin:       time.Duration(r.AcceptWithinMinutes) * time.Minute,
		FirstContactWithin: time.Duration(r.FirstContactWithinMinutes) * time.Minute,
		LateAfter:          time.Duration(r.LateAfterMinutes) * time.Minute,
		Who:                r.Who, InformSameDay: r.InformSameDay,
		Next:      spans(r.NextHours, time.Hour),
		ThenEvery: time.Duration(r.ThenEveryDays) * day, ThenFor: time.Duration(r.ThenForDays) * day,
		Reassess: spans(r.ReassessDays, day),
	}
}

const day = 24 * time.Hour

func spans(list []int, unit time.Duration) []time.Duration {
	out := make([]time.Duration, 0, len(list))
	for _, n := range list {
		out = append(out, time.Duration(n)*unit)
	}
	return out
}

// Parse reads one policy and refuses what contradicts itself.
func Parse(data []byte) (Policy, error) {
	var p Policy
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("screening policy: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Policy{}, errors.New("screening policy: something follows the JSON object")
	}
	return p, p.check()
}

func (p Policy) check() error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if p.Version == "" || p.Status == "" || p.Source == "" {
		bad("a policy needs a version, a status and a source")
	}
	if _, err := time.Parse(time.DateOnly, p.From); err != nil {
		bad("from %q is no date", p.From)
	}
	codes := map[string]bool{}
	for n, r := range p.Rules {
		if r.Code == "" || codes[r.Code] || rank[r.Urgency] == 0 || len(r.When) == 0 || r.Title.ZH == "" || r.Title.EN == "" {
			bad("rule %d (%s) is unnamed, doubled, or lacks an urgency, a title or a condition", n, r.Code)
		}
		codes[r.Code] = true
		if n > 0 && r.Urgency.Above(p.Rules[n-1].Urgency) {
			bad("rule %s stands below a less urgent one", r.Code)
		}
		if r.SameDay && (r.FirstContactWithinMinutes <= 0 || r.FirstContactWithinMinutes > 24*60) {
			bad("rule %s: the same day needs a first contact within 24 hours", r.Code)
		}
		if r.SameDay && r.Matter == "" {
			bad("rule %s: the same day without a matter at the seat", r.Code)
		}
		if r.Urgency != Green && (r.FirstContactWithinMinutes <= 0 || r.LateAfterMinutes <= 0) {
			bad("rule %s: %s without a clock", r.Code, r.Urgency)
		}
		for _, m := range slices.Concat([]int{r.AcceptWithinMinutes, r.FirstContactWithinMinutes, r.LateAfterMinutes, r.ThenEveryDays, r.ThenForDays}, r.NextHours, r.ReassessDays) {
			if m < 0 {
				bad("rule %s has a negative time", r.Code)
			}
		}
		for _, w := range r.When {
			none := len(w.Levels)+len(w.Critical) == 0 && !w.NeedsPerson && !w.OverCutoff && !w.Otherwise
			if none || w.Otherwise && n != len(p.Rules)-1 {
				bad("rule %s: a condition is empty, or \"otherwise\" is not last", r.Code)
			}
		}
	}
	if n := len(p.Rules); n == 0 || !slices.ContainsFunc(p.Rules[n-1].When, func(w When) bool { return w.Otherwise }) {
		bad("the last rule must hold for all that no other covers")
	}
	return errors.Join(wrong...)
}

// Guard tries every suicide item of every instrument, answered with each yes,
// refused and skipped, and refuses a policy under which one doesn't oblige a
// talk the same day. It is run before a changed policy or instrument is used.
func (p Policy) Guard(lib instrument.Library) error {
	var wrong []error
	for _, id := range lib.IDs() {
		in, err := lib.Find(id)
		if err != nil {
			return err
		}
		for _, it := range in.Items {
			if it.Suicide {
				wrong = append(wrong, p.guard(in, it))
			}
		}
	}
	return errors.Join(wrong...)
}

func (p Policy) guard(in instrument.Instrument, it instrument.Item) error {
	tries := []map[string]instrument.Answer{{it.ID(): {Refused: true}}}
	for _, o := range in.OptionsOf(it) {
		if o.Value > 0 {
			tries = append(tries, map[string]instrument.Answer{it.ID(): {Value: o.Value}})
		}
	}
	if it.AskWhen == nil {
		tries = append(tries, map[string]instrument.Answer{}) // skipped
	}
	for _, some := range tries {
		// Every other item stands at its lowest answer.
		items := map[string]instrument.Answer{}
		for _, other := range in.Items {
			if other.Code == it.Code {
				continue
			}
			low := in.OptionsOf(other)[0].Value
			for _, o := range in.OptionsOf(other) {
				low = min(low, o.Value)
			}
			items[other.ID()] = instrument.Answer{Value: low}
		}
		for id, a := range some {
			items[id] = a
		}
		r, err := instrument.Score(in, instrument.Answers{Items: items})
		if err != nil {
			return err
		}
		o, err := Of(p, in, r)
		if err != nil {
			return err
		}
		if !o.SameDay || !o.Urgency.Above(Green) {
			return fmt.Errorf("policy %s: item %s of %s does not lead to a talk the same day", p.Version, it.ID(), in.ID)
		}
	}
	return nil
}

// Table is the policies by date.
type Table struct {
	list []Policy // by From
}

// Shipped reads the policies that come with the program.
func Shipped() (Table, error) { return Load(files.Files) }

// Load reads every *.json at the root of files; each is named after the date
// from which it holds.
func Load(from fs.FS) (Table, error) {
	names, err := fs.Glob(from, "*.json")
	if err != nil {
		return Table{}, err
	}
	var t Table
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return Table{}, err
		}
		p, err := Parse(data)
		if err != nil {
			return Table{}, fmt.Errorf("%s: %w", name, err)
		}
		if p.From != strings.TrimSuffix(name, ".json") {
			return Table{}, fmt.Errorf("%s holds from %s", name, p.From)
		}
		t.list = append(t.list, p)
	}
	slices.SortFunc(t.list, func(a, b Policy) int { return strings.Compare(a.From, b.From) })
	if len(t.list) == 0 {
		return Table{}, errors.New("no screening policy was found")
	}
	return t, nil
}

// On gives the policy that holds on a civil date, YYYY-MM-DD. Before the first
// policy the first one holds: a critical answer on an old sheet typed today
// must not fall through.
func (t Table) On(date string) Policy {
	held := t.list[0]
	for _, p := range t.list {
		if p.From <= date {
			held = p
		}
	}
	return held
}

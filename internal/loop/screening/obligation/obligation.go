// Package obligation says what the result of a questionnaire obliges: how
// urgent it is until a professional has looked (待专业评估), who must see the
// child by when, whom to inform, when to follow up.
//
// The rules are dated data in policy/screening/. They set a provisional urgency
// only; the assessed colour belongs to a named professional and is no business
// of this package.
//
// Always true: any yes to an item on suicide, and any such item without an
// answer, obliges a talk the same day, by whatever instrument; Policy.Guard
// refuses a policy under which one would not.
package obligation

import (
	"slices"
	"time"

	"zugou/internal/loop/screening/instrument"
)

// Urgency is the provisional colour, set by machine.
type Urgency string

// The urgencies.
const (
	Green  Urgency = "green"
	Yellow Urgency = "yellow"
	Orange Urgency = "orange"
	Red    Urgency = "red"
)

var rank = map[Urgency]int{Green: 1, Yellow: 2, Orange: 3, Red: 4}

// Above reports whether u is more urgent than o; every urgency is above none.
func (u Urgency) Above(o Urgency) bool { return rank[u] > rank[o] }

// Obligation is what one or several results oblige.
type Obligation struct {
	Urgency Urgency         `json:"urgency"`
	Rules   []string        `json:"rules"` // codes of the rules that apply, the most urgent first
	Title   instrument.Text `json:"title"` // of the most urgent rule
	Policy  string          `json:"policy"`
	// SameDay asks for a talk with the child on the same day, weekends too.
	SameDay    bool `json:"same_day"`
	NeverAlone bool `json:"never_alone"`
	// CompulsoryReport asks for the report to the police of 未成年人保护法
	// art. 11: at once, apart from any colour and without any consent.
	CompulsoryReport bool `json:"compulsory_report"`
	// Matters are the kinds of matter that open at the seat at once.
	Matters []string `json:"matters"`
	// Clocks on the wall clock from the moment the answer is stored; 0 is none.
	AcceptWithin       time.Duration `json:"accept_within"`
	FirstContactWithin time.Duration `json:"first_contact_within"`
	LateAfter          time.Duration `json:"late_after"`
	Who                string        `json:"who"`
	InformSameDay      []string      `json:"inform_same_day"`
	// Follow-up, counted from the first contact: at each of Next, then every
	// ThenEvery, for ThenFor (0: until a professional ends it).
	Next      []time.Duration `json:"next"`
	ThenEvery time.Duration   `json:"then_every"`
	ThenFor   time.Duration   `json:"then_for"`
	Reassess  []time.Duration `json:"reassess"`
}

// Of gives what a result obliges under the policy: every rule that applies,
// joined.
//
// Errors: one when the result doesn't belong to the instrument.
func Of(p Policy, in instrument.Instrument, r instrument.Result) (Obligation, error) {
	kinds, err := in.CriticalKinds(r)
	if err != nil {
		return Obligation{}, err
	}
	var list []Obligation
	for _, rule := range p.Rules {
		if rule.applies(in, r, kinds, len(list) > 0) {
			list = append(list, rule.obligation(p.Version))
		}
	}
	return Highest(list...), nil
}

// Highest joins obligations: the most urgent leads with its follow-up, the
// shortest clocks hold, and what any of them demands is demanded.
func Highest(list ...Obligation) Obligation {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Obligation) int { return rank[b.Urgency] - rank[a.Urgency] })
	var out Obligation
	talk := false // a matter that is not only a report
	for n, o := range list {
		if n == 0 {
			out, talk = o, len(o.Matters) > 0 && !o.CompulsoryReport
			out.Rules, out.InformSameDay, out.Matters = slices.Clone(o.Rules), slices.Clone(o.InformSameDay), slices.Clone(o.Matters)
			continue
		}
		out.SameDay = out.SameDay || o.SameDay
		out.NeverAlone = out.NeverAlone || o.NeverAlone
		out.CompulsoryReport = out.CompulsoryReport || o.CompulsoryReport
		out.AcceptWithin = shorter(out.AcceptWithin, o.AcceptWithin)
		out.FirstContactWithin = shorter(out.FirstContactWithin, o.FirstContactWithin)
		out.LateAfter = shorter(out.LateAfter, o.LateAfter)
		out.Rules = union(out.Rules, o.Rules)
		// One matter for one danger; a report to the police is one of its own.
		if !talk || o.CompulsoryReport {
			out.Matters = union(out.Matters, o.Matters)
		}
		talk = talk || len(o.Matters) > 0 && !o.CompulsoryReport
		out.InformSameDay = union(out.InformSameDay, o.InformSameDay)
	}
	return out
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// FirstContactBy gives when the first contact is due, for answers stored at
// stored; the zero time when nothing is due.
func (o Obligation) FirstContactBy(stored time.Time) time.Time {
	if o.FirstContactWithin == 0 {
		return time.Time{}
	}
	return stored.Add(o.FirstContactWithin)
}

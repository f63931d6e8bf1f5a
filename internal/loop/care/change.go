package care

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/id"
)

// Scale says how a change between two scores of an instrument is judged:
// either by the published least reliable change in points, or from the spread
// and the reliability of a named sample (Jacobson and Truax, 1991).
type Scale struct {
	Instrument   string  `json:"instrument"`
	Points       float64 `json:"points,omitempty"`
	SD           float64 `json:"sd,omitempty"`
	Reliability  float64 `json:"reliability,omitempty"`
	Cutoff       float64 `json:"cutoff,omitempty"` // between the troubled side and the other; 0: none
	HigherBetter bool    `json:"higher_better,omitempty"`
	Source       string  `json:"source"`
}

// certain is how many standard errors a difference must reach.
const certain = 1.96

// least gives the least difference in points that is more than the
// instrument's own error.
func (s Scale) least() float64 {
	if s.Points > 0 {
		return s.Points
	}
	return certain * s.SD * math.Sqrt2 * math.Sqrt(1-s.Reliability)
}

// Verdicts on a change.
const (
	Recovered = "recovered" // better for certain, and past the cut-off
	Improved  = "improved"
	Unchanged = "unchanged"
	Worse     = "worse"
	Unjudged  = "unjudged" // no parameters for the instrument
)

// judge compares two scores.
func (s Scale) judge(before, after float64) string {
	gain := before - after
	troubled := func(v float64) bool { return v >= s.Cutoff }
	if s.HigherBetter {
		gain = -gain
		troubled = func(v float64) bool { return v <= s.Cutoff }
	}
	switch least := s.least(); {
	case gain >= least && s.Cutoff > 0 && troubled(before) && !troubled(after):
		return Recovered
	case gain >= least:
		return Improved
	case -gain >= least:
		return Worse
	}
	return Unchanged
}

// Outcomes is what holds from a day on: times of casework, and scales.
type Outcomes struct {
	From             civil.Date `json:"from"`
	Note             string     `json:"note"`
	AcceptDays       int        `json:"accept_days"`
	AssessDays       int        `json:"assess_days"` // after the acceptance
	PlanDays         int        `json:"plan_days"`   // after the acceptance
	ContactLateHours int        `json:"contact_late_hours"`
	FollowUpLateDays int        `json:"follow_up_late_days"`
	CrisisAfterDays  int        `json:"crisis_after_days"` // after the closing
	BeforeDays       int        `json:"before_days"`       // a measurement so long before the acceptance is a first one
	AfterDays        int        `json:"after_days"`        // and so long after the closing a last one
	ApartDays        int        `json:"apart_days"`        // the two lie at least so far apart
	Scales           []Scale    `json:"scales"`
}

// Begins gives the day from which they hold.
func (o Outcomes) Begins() civil.Date { return o.From }

// Usable tells what of them can't be used.
func (o Outcomes) Usable() error {
	for _, n := range []int{o.AcceptDays, o.AssessDays, o.PlanDays, o.ContactLateHours, o.FollowUpLateDays, o.CrisisAfterDays, o.BeforeDays, o.AfterDays, o.ApartDays} {
		if n <= 0 {
			return errors.New("a time is missing")
		}
	}
	for _, s := range o.Scales {
		if s.Instrument == "" || s.Source == "" || s.Points <= 0 && (s.SD <= 0 || s.Reliability <= 0 || s.Reliability >= 1) {
			return fmt.Errorf("scale %q has no parameters or no source", s.Instrument)
		}
	}
	return nil
}

func (o Outcomes) scale(instrument string) (Scale, bool) {
	i := slices.IndexFunc(o.Scales, func(s Scale) bool { return s.Instrument == instrument })
	if i < 0 {
		return Scale{}, false
	}
	return o.Scales[i], true
}

// AllOutcomes are the editions, oldest first.
type AllOutcomes = dated.Editions[Outcomes]

// Score is the total of a complete questionnaire.
type Score struct {
	Sheet      id.ID
	Instrument string
	At         clock.Millis
	Total      float64
}

// Change is what two scores of one instrument say of a case.
type Change struct {
	Instrument string       `json:"instrument"`
	Before     float64      `json:"before"`
	After      float64      `json:"after"`
	BeforeAt   clock.Millis `json:"before_at"`
	AfterAt    clock.Millis `json:"after_at"`
	Least      float64      `json:"least"` // reliable change in points; 0 when not known
	Verdict    string       `json:"verdict"`
}

// changes pairs the scores of a case: for each instrument the first one around
// the acceptance and the last one until after the closing.
func (o Outcomes) changes(c Case, scores []Score, now clock.Millis) []Change {
	begin, end := c.AcceptedAt.Add(-days(o.BeforeDays)), now
	if c.ClosedAt > 0 {
		end = c.ClosedAt.Add(days(o.AfterDays))
	}
	first, last := map[string]Score{}, map[string]Score{}
	var names []string
	for _, s := range scores {
		if s.At < begin || s.At > end {
			continue
		}
		if was, ok := first[s.Instrument]; !ok || s.At < was.At {
			first[s.Instrument] = s
		}
		if was, ok := last[s.Instrument]; !ok || s.At > was.At {
			last[s.Instrument] = s
		}
		if !slices.Contains(names, s.Instrument) {
			names = append(names, s.Instrument)
		}
	}
	slices.Sort(names)
	out := []Change{}
	for _, n := range names {
		a, b := first[n], last[n]
		if b.At < a.At.Add(days(o.ApartDays)) {
			continue
		}
		ch := Change{Instrument: n, Before: a.Total, After: b.Total, BeforeAt: a.At, AfterAt: b.At, Verdict: Unjudged}
		if s, ok := o.scale(n); ok {
			ch.Least, ch.Verdict = math.Round(s.least()*100)/100, s.judge(a.Total, b.Total)
		}
		out = append(out, ch)
	}
	return out
}

func days(n int) time.Duration { return time.Duration(n) * day }

package risk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"zugou/internal/kernel/clock"
)

// Fired is a rule that holds.
type Fired struct {
	Code    string   `json:"code"`
	Urgency Colour   `json:"urgency,omitempty"`
	Fields  []string `json:"fields"` // evidence it rests on
	// At is when the newest piece of that evidence came to be: what is older
	// than an assessment doesn't rise again after it.
	At clock.Millis `json:"at"`
	// Text explains it in Chinese.
	Text string `json:"text"`
}

// Undecided is a rule that can't be decided.
type Undecided struct {
	Code    string   `json:"code"`
	Urgency Colour   `json:"urgency"`
	Missing []string `json:"missing"` // evidence that is not there, or too old
	Text    string   `json:"text"`
}

// Result is what the rules say of one child.
type Result struct {
	Child   string `json:"child"`
	Version string `json:"version"` // of the rule set
	// Urgency is the highest of the rules that hold; green when all are
	// decided and none holds; empty when none holds and some can't be decided.
	Urgency Colour `json:"urgency"`
	// AtLeast says that a more urgent rule can't be decided.
	AtLeast   bool        `json:"at_least"`
	Fired     []Fired     `json:"fired"`
	Undecided []Undecided `json:"undecided"` // more urgent than Urgency only
	Talk      []Fired     `json:"talk"`      // 建议谈话
	// Text is the whole explanation, a sentence a line.
	Text []string `json:"text"`
}

// answer of a rule.
type answer uint8

const (
	no answer = iota
	yes
	unknown
)

// evaluator evaluates one child after another; not for several goroutines.
type evaluator struct {
	set   *RuleSet
	act   activation
	known []map[situation]answer // by rule; of the what-if only
}

func (s *RuleSet) evaluator() *evaluator {
	return &evaluator{set: s, act: activation{c: s.catalogue, missing: make([]*cel.AttributePatternType, 0, maxFields)}}
}

// rule evaluates one rule; missing is the mask of what a decision lacks.
func (v *evaluator) rule(r *Rule, fresh uint64) (a answer, missing uint64, err error) {
	gone := r.fields &^ fresh
	v.act.missing = v.act.missing[:0]
	program := r.whole
	if gone != 0 {
		program = r.partial
		for _, n := range fieldsOf(gone) {
			v.act.missing = append(v.act.missing, v.set.catalogue.unknown[n])
		}
	}
	out, _, err := program.Eval(&v.act)
	if err != nil {
		return no, 0, fmt.Errorf("rule %q of version %s: %w", r.Code, v.set.Version, err)
	}
	switch out := out.(type) {
	case types.Bool:
		if out {
			return yes, 0, nil
		}
		return no, 0, nil
	case *types.Unknown:
		for _, id := range out.IDs() {
			trails, _ := out.GetAttributeTrails(id)
			for _, t := range trails {
				if n, ok := v.set.catalogue.index[t.Variable()]; ok {
					missing |= 1 << n
				}
			}
		}
		if missing == 0 {
			missing = gone
		}
		return unknown, missing, nil
	}
	return no, 0, fmt.Errorf("rule %q of version %s gave neither yes nor no", r.Code, v.set.Version)
}

// Evaluate applies the rules to the evidence of one child.
//
// Errors: one when a rule can't be run at all; the child is then not decided,
// and the caller must not read that as green.
func (s *RuleSet) Evaluate(e *Evidence, now time.Time) (Result, error) {
	v := s.evaluator()
	v.act.e = e
	fresh := s.catalogue.fresh(e, clock.Of(now))
	out := Result{Child: e.Child, Version: s.Version, Fired: []Fired{}, Undecided: []Undecided{}, Talk: []Fired{}, Text: []string{}}
	open := false
	for n := range s.Rules {
		r := &s.Rules[n]
		a, missing, err := v.rule(r, fresh)
		if err != nil {
			return Result{}, err
		}
		switch a {
		case yes:
			out.Fired = append(out.Fired, s.fired(r, e, fresh, "fired"))
			if r.Urgency.Above(out.Urgency) {
				out.Urgency = r.Urgency
			}
		case unknown:
			open = true
			out.Undecided = append(out.Undecided, s.undecided(r, e, missing))
		}
	}
	out.Undecided = slices.DeleteFunc(out.Undecided, func(u Undecided) bool { return !u.Urgency.Above(out.Urgency) })
	if out.Urgency == "" && !open {
		out.Urgency = Green
	}
	out.AtLeast = out.Urgency != "" && len(out.Undecided) > 0
	for n := range s.Talk {
		if a, _, err := v.rule(&s.Talk[n], fresh); err != nil {
			return Result{}, err
		} else if a == yes {
			out.Talk = append(out.Talk, s.fired(&s.Talk[n], e, fresh, "talk"))
		}
	}
	s.explain(&out)
	return out, nil
}

func (s *RuleSet) fired(r *Rule, e *Evidence, fresh uint64, phrase string) Fired {
	c := s.catalogue
	f := Fired{Code: r.Code, Urgency: r.Urgency, Fields: []string{}}
	var words []string
	for _, n := range fieldsOf(r.fields & fresh) {
		f.Fields = append(f.Fields, c.Fields[n].Name)
		f.At = max(f.At, e.items[n].at)
		words = append(words, c.words(n, e.items[n]))
	}
	f.Text = fill(c.Phrases[phrase], "title", r.Title, "condition", r.said(), "evidence", strings.Join(words, c.Phrases["list"]), "rule", r.Code, "version", s.Version)
	return f
}

func (s *RuleSet) undecided(r *Rule, e *Evidence, missing uint64) Undecided {
	c := s.catalogue
	u := Undecided{Code: r.Code, Urgency: r.Urgency}
	var labels []string
	for _, n := range fieldsOf(missing) {
		f := c.Fields[n]
		u.Missing = append(u.Missing, f.Name)
		label := f.Label
		if e.has&(1<<n) != 0 {
			label = fill(c.Phrases["stale"], "label", f.Label, "days", strconv.Itoa(f.FreshDays))
		}
		labels = append(labels, label)
	}
	u.Text = fill(c.Phrases["cannot_decide"], "title", r.Title, "condition", r.said(), "fields", strings.Join(labels, c.Phrases["list"]), "rule", r.Code, "version", s.Version)
	return u
}

// explain gathers the sentences.
func (s *RuleSet) explain(r *Result) {
	p := s.catalogue.Phrases
	for _, f := range r.Fired {
		r.Text = append(r.Text, f.Text)
	}
	switch {
	case r.Urgency == Green && len(r.Fired) == 0:
		r.Text = append(r.Text, fill(p["nothing"], "version", s.Version))
	case r.Urgency == "":
		r.Text = append(r.Text, p["unknown"])
	case r.AtLeast:
		r.Text = append(r.Text, fill(p["at_least"], "colour", p["colour_"+string(r.Urgency)]))
	}
	for _, u := range r.Undecided {
		r.Text = append(r.Text, u.Text)
	}
	for _, t := range r.Talk {
		r.Text = append(r.Text, t.Text)
	}
}

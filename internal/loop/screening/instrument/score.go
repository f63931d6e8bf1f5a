package instrument

import (
	"maps"
	"slices"
)

// Score computes the result of one sheet.
//
// Errors: Invalid for an unknown item, a value that is not offered, an unknown
// variant or a malformed context. An incomplete sheet is no error.
func Score(in Instrument, a Answers) (Result, error) {
	if err := in.CheckAnswers(a); err != nil {
		return Result{}, err
	}
	s := &sheet{in: in, a: a, omitted: map[string]bool{}, unreversed: map[string]bool{}}
	s.r = Result{
		Instrument: in.ID, Version: in.Version, Subscales: map[string]int{},
		Critical: []string{}, Missing: []string{}, Reasons: []Reason{},
	}
	s.chooseVariant()
	if a.Age != nil && !in.Age.Holds(*a.Age) {
		s.r.because(ReasonOutsideAge, "")
	}
	s.walk()
	switch in.Scoring.Kind {
	case "levels":
		s.level()
	default:
		s.sum()
	}
	return s.r, nil
}

// sheet is one scoring in progress.
type sheet struct {
	in         Instrument
	a          Answers
	omitted    map[string]bool // item codes that the variant leaves out
	unreversed map[string]bool // item codes that the variant doesn't reverse
	r          Result
}

func (in Instrument) variantNamed(code string) (Variant, bool) {
	for _, v := range in.Variants {
		if v.Code == code {
			return v, true
		}
	}
	return Variant{}, false
}

// chooseVariant takes the variant that was named, else the first whose age
// range holds the age told.
func (s *sheet) chooseVariant() {
	v, ok := s.in.variantNamed(s.a.Variant)
	if !ok && s.a.Age != nil {
		for _, by := range s.in.Variants {
			if by.Age != nil && by.Age.Holds(*s.a.Age) {
				v, ok = by, true
				break
			}
		}
	}
	if !ok {
		return
	}
	for _, code := range v.Omit {
		s.omitted[code] = true
	}
	for _, code := range v.Unreverse {
		s.unreversed[code] = true
	}
	s.r.because(ReasonVariant, v.Code)
}

// given gives the value of an item that was answered.
func (s *sheet) given(it Item) (int, bool) {
	ans, ok := s.a.Items[it.ID()]
	return ans.Value, ok && !ans.Refused
}

// affirmed reports a yes, or a refusal where refusals count as yes.
func (s *sheet) affirmed(it Item) bool {
	ans, ok := s.a.Items[it.ID()]
	if !ok {
		return false
	}
	if ans.Refused {
		return s.in.Missing.Refused == "yes"
	}
	lo, _ := s.in.span(it)
	return ans.Value > lo
}

// denied reports a no that was said.
func (s *sheet) denied(it Item) bool {
	v, ok := s.given(it)
	lo, _ := s.in.span(it)
	return ok && v == lo
}

// asked applies the skip rule.
func (s *sheet) asked(it Item) bool {
	if s.omitted[it.Code] {
		return false
	}
	if it.AskWhen == nil {
		return true
	}
	for _, code := range it.AskWhen.Items {
		on, _ := s.in.ItemByCode(code)
		if it.AskWhen.Answer == "yes" && s.affirmed(on) || it.AskWhen.Answer == "not_no" && !s.denied(on) {
			return true
		}
	}
	return false
}

// walk fills what holds for every instrument: critical, missing, needs_person.
func (s *sheet) walk() {
	for _, it := range s.in.Items {
		v, ok := s.given(it)
		if rule, has := s.in.criticalOf(it.Code); has && ok && v >= rule.Value {
			s.r.Critical = append(s.r.Critical, it.ID())
			s.r.because(ReasonCritical, it.ID())
		}
		refused := s.a.Items[it.ID()].Refused
		asked := s.asked(it)
		if !asked && it.AskWhen != nil && s.affirmed(it) {
			s.r.because(ReasonContradiction, it.ID())
		}
		if refused && s.affirmed(it) {
			s.r.because(ReasonRefusedYes, it.ID())
		}
		// A suicide item that was put and refused is open even if the skip
		// rule would have closed it.
		open := asked && !ok || it.Suicide && refused
		if !open || it.Optional {
			continue
		}
		s.r.Missing = append(s.r.Missing, it.ID())
		if it.Suicide {
			s.r.NeedsPerson = true
			s.r.because(ReasonUnanswered, it.ID())
		}
	}
}

// level sets the highest level that an answer gives.
func (s *sheet) level() {
	in := s.in
	at := 0
	for n, l := range in.Levels {
		for _, code := range l.Any {
			if it, _ := in.ItemByCode(code); s.affirmed(it) {
				at = max(at, n)
			}
		}
	}
	could := at // the highest level a missing answer could still give
	for _, id := range s.r.Missing {
		it, _ := in.ItemByID(id)
		if s.affirmed(it) {
			continue // refused, and counted as yes already
		}
		if it.MissingLevel != "" {
			at = max(at, in.levelIndex(it.MissingLevel))
			s.r.because(ReasonMissingLevel, id+"="+it.MissingLevel)
			continue
		}
		for n, l := range in.Levels {
			if slices.Contains(l.Any, it.Code) {
				could = max(could, n)
			}
		}
	}
	s.r.Scorable = could <= at
	if !s.r.Scorable {
		s.r.because(ReasonIncomplete, itoa(len(s.r.Missing)))
		if at == 0 {
			return // "no to all" must not be said: somebody did not answer
		}
		s.r.because(ReasonAtLeast, "")
	}
	s.r.Level = Code(in.Levels[at].Code)
}

// tally is what some items add up to: lo to hi, equal when all are answered.
type tally struct {
	lo, hi, blanks int
}

func (s *sheet) tally(items []Item) tally {
	var t tally
	for _, it := range items {
		if it.Unscored || s.omitted[it.Code] {
			continue
		}
		lo, hi := s.in.span(it)
		v, ok := s.given(it)
		switch {
		case !ok:
			t.blanks++
			t.lo, t.hi = t.lo+lo, t.hi+hi
			continue
		case it.Reverse && !s.unreversed[it.Code]:
			v = lo + hi - v
		}
		t.lo, t.hi = t.lo+v, t.hi+v
	}
	return t
}

// sum sets total, subscales and band, and compares with the cut-offs.
func (s *sheet) sum() {
	in := s.in
	all := s.tally(in.Items)
	s.r.Scorable = all.blanks == 0
	if in.Missing.Policy == MissingBlankIsZero && all.blanks > 0 {
		s.r.Scorable = all.blanks < in.Missing.InvalidFrom
		if s.r.Scorable {
			s.r.because(ReasonBlankZero, itoa(all.blanks))
		} else {
			s.r.because(ReasonTooManyBlank, itoa(all.blanks))
		}
	} else if all.blanks > 0 {
		s.r.because(ReasonIncomplete, itoa(all.blanks))
	}
	scales := map[string]tally{"total": {all.lo * in.multiply(), all.hi * in.multiply(), all.blanks}}
	for _, sub := range in.Subscales {
		var items []Item
		for _, code := range sub.Items {
			it, _ := in.ItemByCode(code)
			items = append(items, it)
		}
		scales[sub.Code] = s.tally(items)
	}
	if s.r.Scorable {
		// Here lo is the score: blanks, where the policy allows them, are 0.
		for code, t := range scales {
			t.hi = t.lo
			scales[code] = t
			if code != "total" {
				s.r.Subscales[code] = t.lo
			}
		}
		total := scales["total"].lo
		s.r.Total = &total
		s.r.Band = Code(in.Scoring.BaseBand)
		for _, b := range in.Bands {
			if in.Scoring.BaseBand == "" && total >= b.Min && total <= b.Max {
				s.r.Band = Code(b.Code)
			}
		}
	}
	s.compare(scales)
}

// compare notes the cut-offs that are met; on a sheet with blanks only those
// that are met whatever the blanks are.
func (s *sheet) compare(scales map[string]tally) {
	for _, key := range s.in.cutoffKeys() {
		row, ok := s.in.cutoffInForce(key, s.a)
		if !ok {
			continue
		}
		t := scales[row.Scale]
		if row.Op == ">=" && t.lo < row.Value || row.Op == "<=" && t.hi > row.Value {
			continue
		}
		code := ReasonCutoffCertain
		if s.r.Scorable {
			code = ReasonCutoff
			if row.Band != "" {
				s.r.Band = Code(row.Band)
			}
		}
		s.r.because(code, row.Scale+row.Op+itoa(row.Value))
	}
}

func contains[T comparable](list []T, x T) bool { return slices.Contains(list, x) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

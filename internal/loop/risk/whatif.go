package risk

import (
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
)

// Move is a child whose provisional urgency would differ.
type Move struct {
	Child string   `json:"child"`
	From  Colour   `json:"from"` // empty: not decided
	To    Colour   `json:"to"`
	Rules []string `json:"rules"` // that hold under the changed rules, at the urgency To
}

// WhatIf is a comparison of two rule sets over everybody.
type WhatIf struct {
	From     string                    `json:"from"` // versions
	To       string                    `json:"to"`
	Children int                       `json:"children"`
	Counts   map[Colour]map[Colour]int `json:"counts"` // from, to; the diagonal too
	Moves    []Move                    `json:"moves"`  // by child
}

// Compare runs both rule sets over all children and tells who would move. It
// stores and changes nothing. Work is spread over the cores.
//
// Errors: as of Evaluate; a comparison with a hole is none.
func Compare(today, changed *RuleSet, all []*Evidence, now time.Time) (WhatIf, error) {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(all)))
	parts := make([]part, workers)
	var wait sync.WaitGroup
	for w := range workers {
		share := all[len(all)*w/workers : len(all)*(w+1)/workers]
		wait.Add(1)
		go func() {
			defer wait.Done()
			parts[w].run(today, changed, share, clock.Of(now))
		}()
	}
	wait.Wait()
	out := WhatIf{From: today.Version, To: changed.Version, Children: len(all), Counts: map[Colour]map[Colour]int{}, Moves: []Move{}}
	for _, p := range parts {
		if p.err != nil {
			return WhatIf{}, p.err
		}
		for pair, n := range p.counts {
			if out.Counts[pair[0]] == nil {
				out.Counts[pair[0]] = map[Colour]int{}
			}
			out.Counts[pair[0]][pair[1]] += n
		}
		out.Moves = append(out.Moves, p.moves...)
	}
	slices.SortFunc(out.Moves, func(a, b Move) int { return strings.Compare(a.Child, b.Child) })
	return out, nil
}

// part is what one worker finds.
type part struct {
	counts map[[2]Colour]int
	moves  []Move
	err    error
}

func (p *part) run(today, changed *RuleSet, share []*Evidence, now clock.Millis) {
	p.counts = map[[2]Colour]int{}
	a, b := today.evaluator(), changed.evaluator()
	a.known, b.known = make([]map[situation]answer, len(today.Rules)), make([]map[situation]answer, len(changed.Rules))
	for _, e := range share {
		from, _, err := a.urgency(e, now)
		if err != nil {
			p.err = err
			return
		}
		to, rules, err := b.urgency(e, now)
		if err != nil {
			p.err = err
			return
		}
		p.counts[[2]Colour{from, to}]++
		if from != to {
			p.moves = append(p.moves, Move{Child: e.Child, From: from, To: to, Rules: rules})
		}
	}
}

// urgency is Evaluate without the words: rules stand from the most urgent down,
// so that the first step with a rule that holds is the answer.
func (v *evaluator) urgency(e *Evidence, now clock.Millis) (Colour, []string, error) {
	v.act.e = e
	fresh := v.set.catalogue.fresh(e, now)
	var found Colour
	var rules []string
	open := false
	for n := range v.set.Rules {
		r := &v.set.Rules[n]
		if found != "" && found != r.Urgency {
			break
		}
		a, err := v.remembered(n, fresh)
		switch {
		case err != nil:
			return "", nil, err
		case a == yes:
			found, rules = r.Urgency, append(rules, r.Code)
		case a == unknown:
			open = true
		}
	}
	if found == "" && !open {
		found = Green
	}
	return found, rules, nil
}

// situation is all that a rule can see: the values of its fields. Rules in CEL
// are functions of nothing else, and children resemble one another, so an
// answer is worked out once for each situation. Measured over 200,000 children
// and two sets of 15 rules on 2 cores: 4.4 s without, 0.4 s with.
type situation struct {
	fresh  uint64
	values [maxRemembered]int64
}

const (
	maxRemembered = 5      // fields; a rule over more is worked out each time
	maxSituations = 20_000 // for each rule and worker: some 2 MB
)

// remembered gives the answer of the rule at n.
func (v *evaluator) remembered(n int, fresh uint64) (answer, error) {
	r := &v.set.Rules[n]
	key := situation{fresh: r.fields & fresh}
	place := 0
	for mask := key.fresh; mask != 0; mask &= mask - 1 {
		if place == maxRemembered {
			a, _, err := v.rule(r, fresh)
			return a, err
		}
		key.values[place] = v.act.e.items[bits.TrailingZeros64(mask)].code
		place++
	}
	if a, ok := v.known[n][key]; ok {
		return a, nil
	}
	a, _, err := v.rule(r, fresh)
	if err == nil && len(v.known[n]) < maxSituations {
		if v.known[n] == nil {
			v.known[n] = map[situation]answer{}
		}
		v.known[n][key] = a
	}
	return a, err
}

package downlink

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/loop/gateway/down"
)

// Policy is one dated edition of policy/downlink.
type Policy struct {
	From          civil.Date        `json:"from"`
	Why           string            `json:"why"`
	AnswerSeconds int               `json:"answer_seconds"` // how long an answer is waited for
	Tries         int               `json:"tries"`          // how often a command is said
	ExpireSeconds map[down.Kind]int `json:"expire_seconds"` // by kind; "" for the rest
}

func (p Policy) expiry(k down.Kind) time.Duration {
	s, ok := p.ExpireSeconds[k]
	if !ok {
		s = p.ExpireSeconds[""]
	}
	return time.Duration(s) * time.Second
}

// Policies are the editions, oldest first.
type Policies []Policy

// On gives the edition of the day: the last that has begun, else the first.
func (p Policies) On(day civil.Date) Policy {
	out := p[0]
	for _, e := range p {
		if e.From <= day {
			out = e
		}
	}
	return out
}

// ReadPolicies reads the editions.
func ReadPolicies(files fs.FS) (Policies, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out Policies
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p Policy
		if err := json.Unmarshal(b, &p); err != nil {
			return nil, fmt.Errorf("downlink policy %s: %w", name, err)
		}
		if !p.From.Valid() || p.AnswerSeconds <= 0 || p.Tries <= 0 || p.ExpireSeconds[""] <= 0 {
			return nil, fmt.Errorf("downlink policy %s: date, answer time, tries or expiry missing", name)
		}
		for k, s := range p.ExpireSeconds {
			if s <= 0 || k != "" && !down.Known(k) {
				return nil, fmt.Errorf("downlink policy %s: %q", name, k)
			}
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no downlink policy")
	}
	slices.SortFunc(out, func(a, b Policy) int { return b.From.DaysTo(a.From) })
	return out, nil
}

package intake

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
)

// Policy is what holds from a day on.
type Policy struct {
	From            civil.Date `json:"from"`
	Note            string     `json:"note"`
	DraftHours      int        `json:"draft_hours"`      // an upload that nobody commits
	KeepDays        int        `json:"keep_days"`        // the file of a finished import
	BackgroundAbove int        `json:"background_above"` // rows; up to these the call waits
}

// Policies are the editions, oldest first.
type Policies []Policy

// ReadPolicies reads the dated files. Errors name the file.
func ReadPolicies(files fs.FS) (Policies, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out Policies
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p Policy
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if string(p.From)+".json" != name || p.DraftHours <= 0 || p.KeepDays <= 0 || p.BackgroundAbove <= 0 {
			return nil, fmt.Errorf("%s: from, draft_hours, keep_days or background_above are missing", name)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no policy for imports")
	}
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(string(a.From), string(b.From)) })
	return out, nil
}

// On gives the edition that holds on the day; the first one before its day.
func (p Policies) On(day civil.Date) Policy {
	out := p[0]
	for _, e := range p {
		if e.From <= day {
			out = e
		}
	}
	return out
}

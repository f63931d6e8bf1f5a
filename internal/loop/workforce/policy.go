package workforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/access"
)

// Policy is what holds from a day on.
type Policy struct {
	From            civil.Date          `json:"from"`
	Note            string              `json:"note"`
	VettingDays     int                 `json:"vetting_days"`
	WarnDays        int                 `json:"warn_days"`
	TrainingHours   int                 `json:"training_hours_per_year"`
	SupervisionDays int                 `json:"supervision_days"`
	Capacity        map[string]int      `json:"capacity"`     // of a kind of worker: cases and pairings at once
	QualifiedBy     map[string][]string `json:"qualified_by"` // kinds that need one of these papers
	Titles          []string            `json:"titles"`
	Languages       []string            `json:"languages"`
}

// Duty is what one department does for kinds of matter.
type Duty struct {
	Department string   `json:"department"`
	Part       string   `json:"part"` // lead, assist
	Kinds      []string `json:"kinds"`
	Text       string   `json:"text"`
	Source     string   `json:"source"`
}

// Duties is one edition.
type Duties struct {
	From        civil.Date `json:"from"`
	Note        string     `json:"note"`
	DefaultLead string     `json:"default_lead"` // leads what no item names
	Items       []Duty     `json:"items"`
}

// dated reads the files of a folder, oldest first.
func dated[T any](files fs.FS, from func(T) civil.Date, check func(T) error) ([]T, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out []T
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p T
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if string(from(p))+".json" != name {
			return nil, fmt.Errorf("%s: from is another day", name)
		}
		if err := check(p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, errors.New("no edition")
	}
	slices.SortFunc(out, func(a, b T) int { return strings.Compare(string(from(a)), string(from(b))) })
	return out, nil
}

// on gives the edition that holds on the day; the first one before its day.
func on[T any](list []T, from func(T) civil.Date, day civil.Date) T {
	out := list[0]
	for _, e := range list {
		if from(e) <= day {
			out = e
		}
	}
	return out
}

func (p Policy) check() error {
	if p.VettingDays <= 0 || p.WarnDays <= 0 || len(p.Titles) == 0 || len(p.Languages) == 0 {
		return errors.New("vetting_days, warn_days, titles or languages are missing")
	}
	for kind, titles := range p.QualifiedBy {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("no kind %q", kind)
		}
		for _, t := range titles {
			if !slices.Contains(p.Titles, t) {
				return fmt.Errorf("no title %q", t)
			}
		}
	}
	return nil
}

var departments = []access.Department{access.CivilAffairs, access.Police, access.Education, access.Health, access.Women, access.Township}

func (d Duties) check() error {
	if !slices.Contains(departments, access.Department(d.DefaultLead)) {
		return errors.New("default_lead is no department")
	}
	leads := map[string]bool{}
	for i, x := range d.Items {
		if !slices.Contains(departments, access.Department(x.Department)) || !slices.Contains([]string{"lead", "assist"}, x.Part) || x.Text == "" || x.Source == "" || len(x.Kinds) == 0 {
			return fmt.Errorf("duty %d is not whole", i)
		}
		for _, k := range x.Kinds {
			if x.Part == "lead" && leads[k] {
				return fmt.Errorf("kind %q has two departments that lead", k)
			}
			leads[k] = leads[k] || x.Part == "lead"
		}
	}
	return nil
}

// Editions are the dated data of this room.
type Editions struct {
	policies []Policy
	duties   []Duties
}

// ReadEditions reads both folders.
func ReadEditions(policies, duties fs.FS) (Editions, error) {
	var out Editions
	var err error
	if out.policies, err = dated(policies, func(p Policy) civil.Date { return p.From }, Policy.check); err != nil {
		return out, fmt.Errorf("policy/workforce: %w", err)
	}
	if out.duties, err = dated(duties, func(d Duties) civil.Date { return d.From }, Duties.check); err != nil {
		return out, fmt.Errorf("policy/duties: %w", err)
	}
	return out, nil
}

// On gives the policy of a day.
func (e Editions) On(day civil.Date) Policy {
	return on(e.policies, func(p Policy) civil.Date { return p.From }, day)
}

// DutiesOn gives the duties of a day.
func (e Editions) DutiesOn(day civil.Date) Duties {
	return on(e.duties, func(d Duties) civil.Date { return d.From }, day)
}

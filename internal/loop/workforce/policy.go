package workforce

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
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

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it can't be used.
func (p Policy) Usable() error {
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

// Begins gives the day from which the duties hold.
func (d Duties) Begins() civil.Date { return d.From }

// Usable tells what of them can't be used.
func (d Duties) Usable() error {
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
	policies dated.Editions[Policy]
	duties   dated.Editions[Duties]
}

// ReadEditions reads both folders.
func ReadEditions(policies, duties fs.FS) (Editions, error) {
	var out Editions
	var err error
	if out.policies, err = dated.Read[Policy](policies); err != nil {
		return out, fmt.Errorf("policy/workforce: %w", err)
	}
	if out.duties, err = dated.Read[Duties](duties); err != nil {
		return out, fmt.Errorf("policy/duties: %w", err)
	}
	return out, nil
}

// On gives the policy of a day.
func (e Editions) On(day civil.Date) Policy {
	return e.policies.On(day)
}

// DutiesOn gives the duties of a day.
func (e Editions) DutiesOn(day civil.Date) Duties {
	return e.duties.On(day)
}

package care

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Kinds of what is written in a case.
const (
	Assessment = "assessment" // professional assessment, signed
	Plan       = "plan"       // goals and services, approved by another
	Session    = "session"    // individual, family; with a confidential part
	SafetyPlan = "safety"     // six parts, after Stanley and Brown's method
	Protocol   = "protocol"   // crisis: police, hospital, school, means, hand-over
	Review     = "review"
	Consent    = "consent" // for one recipient
	Protection = "protection"
	Remark     = "remark"
)

// States of a part.
const (
	Written  = "written" // a plan that waits for its approval
	Signed   = "signed"
	Approved = "approved"
	Returned = "returned"
	Replaced = "replaced" // a later edition is there
)

// Part is one edition of something written.
type Part struct {
	ID        id.ID        `bun:"id"`
	CaseID    id.ID        `bun:"case_id"`
	Kind      string       `bun:"kind"`
	Edition   int          `bun:"edition"`
	Previous  id.ID        `bun:"previous"`
	State     string       `bun:"state"`
	HeldOn    civil.Date   `bun:"held_on"`
	Form      string       `bun:"form"` // of a session: individual, family, phone, home
	Minutes   int          `bun:"minutes"`
	Body      string       `bun:"body"`   // sealed JSON
	Secret    string       `bun:"secret"` // sealed text
	WrittenAt clock.Millis `bun:"written_at"`
	WrittenBy id.ID        `bun:"written_by"`
	DecidedAt clock.Millis `bun:"decided_at"`
	DecidedBy id.ID        `bun:"decided_by"`
	Key       string       `bun:"idem_key"`
}

// fields are what each kind holds, by name, with the most characters a field
// may have; a name with "!" must be given.
var fields = map[string]map[string]int{
	Assessment: {"concern!": 2000, "history": 4000, "attempts": 2000, "means": 1000, "mental_state": 4000, "family": 4000, "school": 2000, "strengths": 2000, "risk!": 20, "opinion!": 4000},
	Session:    {"theme!": 200, "summary!": 4000, "next": 1000},
	SafetyPlan: {"signs!": 2000, "coping": 2000, "company": 2000, "people!": 2000, "professionals": 2000, "surroundings!": 2000, "means": 1000, "attempts": 2000},
	Protocol:   {"police": 1000, "hospital": 1000, "school": 1000, "guardian": 1000, "means": 1000, "handover!": 1000, "companion": 1000},
	Review:     {"progress!": 4000, "measures": 2000, "next": 2000},
	Consent:    {"recipient!": 200, "given!": 3, "by!": 100, "how": 200, "purpose!": 500},
	Protection: {"measure!": 30, "organ!": 100, "document": 100, "from": 10, "until": 10, "note": 2000},
	Remark:     {"text!": 4000},
}

var (
	risks    = []string{"none", "low", "moderate", "high"}
	forms    = []string{"individual", "family", "phone", "home", "online"}
	measures = []string{"temporary_guardianship", "removal", "protection_order", "revocation", "suspension", "supervision"} // 临时监护 带离安置 人身安全保护令 撤销监护
)

// Writing is what a person writes.
type Writing struct {
	Kind     string
	Previous id.ID // the edition that this one replaces
	HeldOn   string
	Form     string
	Minutes  int
	Body     map[string]string
	Secret   string // confidential part of a session
	Goals    []NewGoal
	Key      string
}

// NewGoal is a goal of a plan: what, by which service, who, by when.
type NewGoal struct {
	Text    string `json:"text"`
	Service string `json:"service"`
	Who     string `json:"who"`
	ByOn    string `json:"by_on"`
}

var services = []string{"counselling", "family", "group", "medical", "school", "aid", "legal", "mentoring", "social_work", "other"}

// check brings a writing to its stored form: body as JSON.
func (w Writing) check() (body string, err error) {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	known, ok := fields[w.Kind]
	if !ok && w.Kind != Plan {
		return "", errs.Invalid("kind", "case.part_kind")
	}
	for name := range w.Body {
		if _, plain := known[name]; !plain {
			if _, must := known[name+"!"]; !must {
				add(name, "case.part_field")
			}
		}
	}
	for name, most := range known {
		plain, must := strings.CutSuffix(name, "!")
		text := strings.TrimSpace(w.Body[plain])
		if must && text == "" {
			add(plain, "text.needed")
		}
		if len([]rune(text)) > most {
			add(plain, "text.too_long")
		}
	}
	one := func(name string, list []string) {
		if v := w.Body[name]; v != "" && !slices.Contains(list, v) {
			add(name, "case.choice")
		}
	}
	switch w.Kind {
	case Assessment:
		one("risk", risks)
	case Protection:
		one("measure", measures)
	case Consent:
		one("given", []string{"yes", "no"})
	case Session:
		if !slices.Contains(forms, w.Form) {
			add("form", "case.choice")
		}
		if _, ok := civil.ParseDate(w.HeldOn); !ok {
			add("held_on", "date.form")
		}
		if w.Minutes < 1 || w.Minutes > 600 {
			add("minutes", "case.minutes")
		}
	case Plan:
		if len(w.Goals) == 0 || len(w.Goals) > 20 {
			add("goals", "case.goals_needed")
		}
		for _, g := range w.Goals {
			if strings.TrimSpace(g.Text) == "" || len([]rune(g.Text)) > 500 {
				add("goals", "text.needed")
			}
			if !slices.Contains(services, g.Service) {
				add("goals", "case.choice")
			}
			if _, ok := civil.ParseDate(g.ByOn); !ok {
				add("goals", "date.form")
			}
		}
	}
	if w.Secret != "" && w.Kind != Session {
		add("secret", "case.secret_session")
	}
	if len([]rune(w.Secret)) > 8000 {
		add("secret", "text.too_long")
	}
	if err := errs.InvalidFields(bad); err != nil {
		return "", err
	}
	text, err := json.Marshal(w.Body)
	return string(text), err
}

// Forms are the choices for the pages.
type Forms struct {
	Sources    []string `json:"sources"`
	Needs      []string `json:"needs"`
	Results    []string `json:"results"`
	Risks      []string `json:"risks"`
	Forms      []string `json:"forms"`
	Measures   []string `json:"measures"`
	Services   []string `json:"services"`
	Situations int      `json:"situations"`
	Languages  []string `json:"languages"`
}

// Choices gives them.
func (s *Service) Choices(ctx context.Context) (Forms, error) {
	return Forms{sources, needs, results, risks, forms, measures, services, situations, s.ports.Languages()}, access.May(access.From(ctx), "case.refer")
}

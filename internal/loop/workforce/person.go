package workforce

import (
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// kinds of workers, in the order in which pages show them.
var kinds = []string{"clinician", "counsellor", "social_worker", "supervisor", "township_supervisor", "village_director", "volunteer_carer", "cadre", "teacher", "volunteer"}

// Kinds lists the kinds of workers.
func Kinds() []string { return slices.Clone(kinds) }

// Person is one worker.
type Person struct {
	ID        id.ID        `bun:"id" json:"id"`
	Account   id.ID        `bun:"account_id" json:"account"` // empty: works without signing in
	Name      string       `bun:"name" json:"name"`
	Kind      string       `bun:"kind" json:"kind"`
	Region    string       `bun:"region" json:"region"`
	Sex       string       `bun:"sex" json:"sex"`
	Languages string       `bun:"languages" json:"-"` // comma-separated
	Needs     string       `bun:"needs" json:"-"`     // what they are good at; empty: anything
	Capacity  int          `bun:"capacity" json:"capacity"`
	BeganOn   civil.Date   `bun:"began_on" json:"began_on"`
	EndedOn   civil.Date   `bun:"ended_on" json:"ended_on"`
	EndReason string       `bun:"end_reason" json:"end_reason"`
	MadeAt    clock.Millis `bun:"made_at" json:"-"`
	MadeBy    id.ID        `bun:"made_by" json:"-"`
	Version   int64        `bun:"version" json:"version"`
}

// Active tells whether the person works on the day.
func (p Person) Active(day civil.Date) bool {
	return p.BeganOn <= day && (p.EndedOn == "" || day < p.EndedOn)
}

// split reads a comma-separated column.
func split(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

func join(list []string) string {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return strings.Join(slices.Compact(sorted), ",")
}

// Kinds of paper.
const (
	Vetting       = "vetting"
	Qualification = "qualification"
	Training      = "training"
	Supervision   = "supervision"
)

// Results of a records check.
const (
	Clear  = "clear"
	Barred = "barred"
)

// Paper is something that was shown or done on a day.
type Paper struct {
	ID        id.ID        `bun:"id" json:"id"`
	PersonID  id.ID        `bun:"person_id" json:"-"`
	Kind      string       `bun:"kind" json:"kind"`
	Title     string       `bun:"title" json:"title"`
	Number    string       `bun:"number" json:"-"` // sealed
	Issuer    string       `bun:"issuer" json:"issuer"`
	Result    string       `bun:"result" json:"result"`
	GotOn     civil.Date   `bun:"got_on" json:"got_on"`
	ExpiresOn civil.Date   `bun:"expires_on" json:"expires_on"` // first day on which it holds no more; empty: holds on
	Hours     int          `bun:"hours" json:"hours"`
	Note      string       `bun:"note" json:"-"` // sealed
	MadeAt    clock.Millis `bun:"made_at" json:"made_at"`
	MadeBy    id.ID        `bun:"made_by" json:"made_by"`
}

// Standings of a paper that expires.
const (
	Missing  = "missing"
	InForce  = "in_force"
	Expiring = "expiring"
	Expired  = "expired"
)

// latest gives the paper of the kind that counts: the one of the latest day,
// and of one day the one recorded last.
func latest(papers []Paper, which func(Paper) bool) (Paper, bool) {
	var out Paper
	found := false
	for _, p := range papers {
		if which(p) && (!found || p.GotOn > out.GotOn || p.GotOn == out.GotOn && (p.MadeAt > out.MadeAt || p.MadeAt == out.MadeAt && p.ID > out.ID)) {
			out, found = p, true
		}
	}
	return out, found
}

// standing judges a paper on a day.
func standing(p Paper, day civil.Date, warnDays int) string {
	switch {
	case p.ExpiresOn == "" || day.AddDays(warnDays) < p.ExpiresOn:
		return InForce
	case day < p.ExpiresOn:
		return Expiring
	}
	return Expired
}

// Check is the standing of the records check on a day, and until when it holds.
func (pol Policy) Check(papers []Paper, day civil.Date) (state string, until civil.Date) {
	p, ok := latest(papers, func(p Paper) bool { return p.Kind == Vetting && p.GotOn <= day })
	if !ok {
		return Missing, ""
	}
	if p.Result != Clear {
		return Barred, ""
	}
	return standing(p, day, pol.WarnDays), p.ExpiresOn
}

// Qualified is the standing of what qualifies for the kind of work; in force
// where none is asked for.
func (pol Policy) Qualified(kind string, papers []Paper, day civil.Date) (state string, until civil.Date) {
	titles, asked := pol.QualifiedBy[kind]
	if !asked {
		return InForce, ""
	}
	// Each title by itself: a lapsed one doesn't take another away.
	state = Missing
	for _, t := range titles {
		p, ok := latest(papers, func(p Paper) bool { return p.Kind == Qualification && p.Title == t && p.GotOn <= day })
		if !ok {
			continue
		}
		if s := standing(p, day, pol.WarnDays); better(s, state) {
			state, until = s, p.ExpiresOn
		}
	}
	return state, until
}

func better(a, b string) bool {
	rank := []string{Missing, Expired, Expiring, InForce}
	return slices.Index(rank, a) > slices.Index(rank, b)
}

// mayMeet tells why a person may not be given children, as a message key;
// empty if they may.
func (pol Policy) mayMeet(p Person, papers []Paper, day civil.Date) string {
	if !p.Active(day) {
		return "workforce.ended"
	}
	switch state, _ := pol.Check(papers, day); state {
	case Missing:
		return "workforce.not_vetted"
	case Barred:
		return "workforce.barred"
	case Expired:
		return "workforce.vetting_expired"
	}
	switch state, _ := pol.Qualified(p.Kind, papers, day); state {
	case Missing:
		return "workforce.not_qualified"
	case Expired:
		return "workforce.qualification_expired"
	}
	return ""
}

// Class is what somebody teaches: a school, a grade of it, or one class.
type Class struct {
	SchoolID id.ID  `bun:"school_id" json:"school_id" maxLength:"36"`
	School   string `bun:"school" json:"school,omitempty" maxLength:"200"` // its name, as an answer
	Grade    string `bun:"grade" json:"grade,omitempty" maxLength:"20"`
	Class    string `bun:"class" json:"class,omitempty" maxLength:"20"`
}

// teaching are the kinds of workers who have classes.
var teaching = []string{"counsellor", "teacher"}

// classesMost bounds the classes of one teacher.
const classesMost = 20

// NewPerson is a worker as entered; also a change of one.
type NewPerson struct {
	Account   id.ID
	Name      string
	Kind      string
	Region    string
	Sex       string
	Languages []string
	Needs     []string
	Capacity  int
	BeganOn   civil.Date
	Classes   []Class
}

func (n NewPerson) check(pol Policy, needs []string) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if l := len([]rune(strings.TrimSpace(n.Name))); l == 0 {
		add("name", "text.needed")
	} else if l > 50 {
		add("name", "text.too_long")
	}
	if !slices.Contains(kinds, n.Kind) {
		add("kind", "workforce.choice")
	}
	if !slices.Contains([]string{"", "m", "f"}, n.Sex) {
		add("sex", "workforce.choice")
	}
	if slices.ContainsFunc(n.Languages, func(l string) bool { return !slices.Contains(pol.Languages, l) }) {
		add("languages", "workforce.choice")
	}
	if slices.ContainsFunc(n.Needs, func(l string) bool { return l == "" || !slices.Contains(needs, l) }) {
		add("needs", "workforce.choice")
	}
	if n.Capacity < 0 || n.Capacity > 500 {
		add("capacity", "workforce.capacity")
	}
	if !n.BeganOn.Valid() {
		add("began_on", "date.form")
	}
	if len(n.Classes) > 0 && !slices.Contains(teaching, n.Kind) || len(n.Classes) > classesMost {
		add("classes", "workforce.classes")
	}
	for _, c := range n.Classes {
		if c.SchoolID == "" || c.Grade == "" && c.Class != "" {
			add("classes", "workforce.classes")
		}
		if len([]rune(c.Grade)) > 20 || len([]rune(c.Class)) > 20 {
			add("classes", "text.too_long")
		}
	}
	return errs.InvalidFields(bad)
}

// NewPaper is a paper as entered.
type NewPaper struct {
	Kind      string
	Title     string
	Number    string
	Issuer    string
	Result    string
	GotOn     civil.Date
	ExpiresOn civil.Date
	Hours     int
	Note      string
}

func (n NewPaper) check(pol Policy, today civil.Date) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if !slices.Contains([]string{Vetting, Qualification, Training, Supervision}, n.Kind) {
		add("kind", "workforce.choice")
	}
	if !n.GotOn.Valid() {
		add("got_on", "date.form")
	} else if n.GotOn > today {
		add("got_on", "workforce.later")
	}
	if n.ExpiresOn != "" && (!n.ExpiresOn.Valid() || n.ExpiresOn <= n.GotOn) {
		add("expires_on", "workforce.expires")
	}
	switch n.Kind {
	case Vetting:
		if n.Result != Clear && n.Result != Barred {
			add("result", "workforce.choice")
		}
		if strings.TrimSpace(n.Issuer) == "" {
			add("issuer", "text.needed")
		}
	case Qualification:
		if !slices.Contains(pol.Titles, n.Title) {
			add("title", "workforce.choice")
		}
	case Training, Supervision:
		if n.Hours <= 0 || n.Hours > 200 {
			add("hours", "workforce.hours")
		}
		if strings.TrimSpace(n.Title) == "" {
			add("title", "text.needed")
		}
	}
	for name, text := range map[string]string{"title": n.Title, "number": n.Number, "issuer": n.Issuer, "note": n.Note} {
		if len([]rune(text)) > 500 {
			add(name, "text.too_long")
		}
	}
	return errs.InvalidFields(bad)
}

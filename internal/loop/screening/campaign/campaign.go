package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/instrument"
	files "zugou/policy/campaign"
)

// State of a campaign.
type State string

// The states.
const (
	Draft  State = "draft"
	Open   State = "open"
	Closed State = "closed"
)

// Selection says which children are asked. Empty fields don't narrow.
type Selection struct {
	Areas []string `json:"areas"`
	// SchoolID asks the pupils of one school of the campaign's area, wherever
	// they live; School is its name, for who reads.
	SchoolID id.ID   `json:"school_id,omitempty"`
	School   string  `json:"school,omitempty"`
	Grade    string  `json:"grade,omitempty"`
	Class    string  `json:"class,omitempty"`
	MinAge   int     `json:"min_age,omitempty"`
	MaxAge   int     `json:"max_age,omitempty"`
	List     []id.ID `json:"list,omitempty"`
}

// Paper names one questionnaire of a campaign, fixed when it is made.
type Paper struct {
	ID      string          `json:"id"`
	Version string          `json:"version"`
	Digest  string          `json:"digest"`
	Mode    instrument.Mode `json:"mode"`
	Title   string          `json:"title"`
}

// Campaign is one round of asking.
type Campaign struct {
	ID         id.ID                `json:"id"`
	Title      string               `json:"title"`
	Region     string               `json:"region"`
	Selection  Selection            `json:"selection"`
	Papers     []Paper              `json:"instruments"`
	Informant  instrument.Informant `json:"informant"`
	Suicide    bool                 `json:"suicide"`
	PerDay     int                  `json:"per_day"` // children a day at most; 0: all at once
	StartsOn   civil.Date           `json:"starts_on"`
	EndsOn     civil.Date           `json:"ends_on"`
	State      State                `json:"state"`
	Size       int                  `json:"size"`
	Done       int                  `json:"done"`
	CreatedBy  id.ID                `json:"-"`
	CreatedAt  clock.Millis         `json:"created_at"`
	OpenedAt   clock.Millis         `json:"opened_at"`
	ClosedAt   clock.Millis         `json:"closed_at"`
	RemindedAt clock.Millis         `json:"reminded_at"`
}

// Answers to the question for consent.
const (
	Given   = "given"
	Refused = "refused"
)

// Member is one child of a campaign.
type Member struct {
	CampaignID id.ID `bun:"campaign_id"`
	ChildID    id.ID `bun:"child_id"`
	// Region is where the child lives; of a pupil who lives outside the area of
	// a school's campaign, where the school lies: there it is asked.
	Region     string       `bun:"region"`
	School     string       `bun:"school"`
	SchoolID   id.ID        `bun:"school_id"`
	Grade      string       `bun:"grade"`
	Class      string       `bun:"class"`
	Age        int          `bun:"age"`
	Code       string       `bun:"code"` // sealed
	CodeIndex  string       `bun:"code_index"`
	Consent    string       `bun:"consent"`
	ConsentBy  string       `bun:"consent_by"`  // relation of who consented: guardian or 委托照护人
	ConsentHow string       `bun:"consent_how"` // paper, phone, web, spoken
	ConsentAt  clock.Millis `bun:"consent_at"`
	Assent     string       `bun:"assent"`
	AssentAt   clock.Millis `bun:"assent_at"`
	RecordedBy id.ID        `bun:"recorded_by"`
	StartedAt  clock.Millis `bun:"started_at"`
	DoneAt     clock.Millis `bun:"done_at"`
}

// Refusal reports whether the guardian or the child said no.
func (m Member) Refusal() bool { return m.Consent == Refused || m.Assent == Refused }

// May reports whether a questionnaire may be put about the child.
// Errors: Conflict, saying what is missing or who said no.
func (m Member) May(who instrument.Informant, c Conditions) error {
	switch {
	case who == instrument.Worker:
		return nil
	case m.Consent == Refused:
		return errs.Conflict("campaign.guardian_refused")
	case m.Assent == Refused:
		return errs.Conflict("campaign.child_refused")
	case m.Age >= c.OwnConsentFrom:
		if who == instrument.Child && m.Assent != Given {
			return errs.Conflict("campaign.own_consent_missing")
		}
		if who != instrument.Child && m.Assent != Given && m.Consent != Given {
			return errs.Conflict("campaign.consent_missing")
		}
		return nil
	case m.Consent != Given:
		return errs.Conflict("campaign.consent_missing")
	case who == instrument.Child && m.Assent != Given:
		return errs.Conflict("campaign.assent_missing")
	}
	return nil
}

// Conditions hold from one civil date until the next set.
type Conditions struct {
	Version         string `json:"version"`
	From            string `json:"from"`
	Status          string `json:"status"`
	Source          string `json:"source"`
	PositivePercent int    `json:"positive_percent"` // of a group that may need a talk the same day
	OwnConsentFrom  int    `json:"own_consent_from"` // full years
	RemindEveryDays int    `json:"remind_every_days"`
}

// Needs gives the talks to have room for with so many children.
func (c Conditions) Needs(children int) int { return (children*c.PositivePercent + 99) / 100 }

// Table is the conditions by date.
type Table []Conditions

// On gives the conditions of a civil date; before the first, the first.
func (t Table) On(day civil.Date) Conditions {
	held := t[0]
	for _, c := range t {
		if c.From <= string(day) {
			held = c
		}
	}
	return held
}

// Shipped reads the conditions that come with the program.
func Shipped() (Table, error) { return load(files.Files) }

func load(from fs.FS) (Table, error) {
	names, err := fs.Glob(from, "*.json")
	if err != nil {
		return nil, err
	}
	var t Table
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		var c Conditions
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&c); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !civil.Date(c.From).Valid() || c.From+".json" != name || c.Version == "" || c.PositivePercent < 1 || c.PositivePercent > 100 ||
			c.OwnConsentFrom < 14 || c.OwnConsentFrom > 18 || c.RemindEveryDays < 1 {
			return nil, fmt.Errorf("%s: a condition is missing or out of range", name)
		}
		t = append(t, c)
	}
	if len(t) == 0 {
		return nil, errors.New("no conditions of campaigns were found")
	}
	slices.SortFunc(t, func(a, b Conditions) int { return strings.Compare(a.From, b.From) })
	return t, nil
}

// Responder is somebody trained to talk with a child after a critical answer.
type Responder struct {
	Account    id.ID      `bun:"account_id" json:"account"`
	Name       string     `bun:"-" json:"name"`
	Region     string     `bun:"region" json:"region"`
	TalksADay  int        `bun:"talks_a_day" json:"talks_a_day"`
	TrainedOn  civil.Date `bun:"trained_on" json:"trained_on"`
	ValidUntil civil.Date `bun:"valid_until" json:"valid_until"`
	OnDuty     bool       `bun:"-" json:"on_duty"`
}

// Door says whether questionnaires with items on suicide may be begun now.
type Door struct {
	Open   bool        `json:"open"`
	Why    string      `json:"why"`    // message key, when it is shut
	Needed int         `json:"needed"` // talks to have room for
	Room   int         `json:"room"`   // that the responders on duty have left today
	People []Responder `json:"people"`
}

// door decides. Size is how many children may be asked today, used the talks
// that are due since midnight already.
func door(c Conditions, size, used int, people []Responder) Door {
	d := Door{Needed: max(1, c.Needs(size)), People: people}
	on := 0
	for _, p := range people {
		if p.OnDuty {
			on++
			d.Room += p.TalksADay
		}
	}
	d.Room = max(0, d.Room-used)
	switch {
	case on == 0:
		d.Why = "campaign.nobody_on_duty"
	case d.Room < d.Needed:
		d.Why = "campaign.no_room"
	default:
		d.Open = true
	}
	return d
}

// New is what making a campaign takes.
type New struct {
	Title       string               `json:"title"`
	Region      string               `json:"region"`
	Selection   Selection            `json:"selection"`
	Instruments []string             `json:"instruments"`
	Informant   instrument.Informant `json:"informant"`
	PerDay      int                  `json:"per_day,omitempty"`
	StartsOn    civil.Date           `json:"starts_on"`
	EndsOn      civil.Date           `json:"ends_on"`
}

func (n New) check(today civil.Date) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if t := strings.TrimSpace(n.Title); t == "" || len([]rune(t)) > 60 {
		add("title", "campaign.title_form")
	}
	if len(n.Region) < 6 {
		add("region", "campaign.region_missing")
	}
	if len(n.Instruments) == 0 || len(n.Instruments) > 6 {
		add("instruments", "campaign.instruments_missing")
	}
	if !slices.Contains([]instrument.Informant{instrument.Child, instrument.Guardian, instrument.Teacher, instrument.Worker}, n.Informant) {
		add("informant", "campaign.informant_wrong")
	}
	if !n.StartsOn.Valid() || !n.EndsOn.Valid() || n.EndsOn < n.StartsOn || n.EndsOn < today {
		add("ends_on", "campaign.days_wrong")
	}
	if n.PerDay < 0 || n.Selection.MinAge < 0 || n.Selection.MaxAge < 0 || n.Selection.MaxAge > 0 && n.Selection.MaxAge < n.Selection.MinAge {
		add("selection", "campaign.selection_wrong")
	}
	if len(n.Selection.List) > 5000 {
		add("selection", "campaign.selection_wrong")
	}
	for _, a := range n.Selection.Areas {
		if !strings.HasPrefix(a, n.Region) {
			add("selection", "campaign.selection_outside")
			break
		}
	}
	return errs.InvalidFields(bad)
}

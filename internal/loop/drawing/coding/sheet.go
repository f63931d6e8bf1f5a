package coding

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"zugou/instruments"
	"zugou/internal/kernel/errs"
)

// Code is what a rater notes for a feature.
type Code uint8

// The codes.
const (
	Absent     Code = 0
	Present    Code = 1
	CannotTell Code = 9
)

func (c Code) valid() bool { return c == Absent || c == Present || c == CannotTell }

// Direction is the published meaning of a feature.
type Direction string

// The directions.
const (
	Up         Direction = "up"         // more often with distress
	Protective Direction = "protective" // less often with distress
	Review     Direction = "review"     // a person looks at once
	Explicit   Direction = "critical"   // explicit content: a person looks at once
	Quality    Direction = "quality"    // about the material, not the child
	NoneKnown  Direction = "none"
)

// Feature is one row of the coding sheet.
type Feature struct {
	Code      string    `json:"code"` // W whole picture, H house, T tree, P person
	ZH        string    `json:"zh"`
	EN        string    `json:"en"`
	Direction Direction `json:"direction"`
	Sources   []string  `json:"sources,omitempty"`
	Machine   bool      `json:"machine,omitempty"` // measured first, confirmed by the rater
	// AgeSensitive features say as much on age as on anything else.
	AgeSensitive bool   `json:"age_sensitive,omitempty"`
	Note         string `json:"note,omitempty"`
}

// Urgent reports whether the feature goes to a person at once.
func (f Feature) Urgent() bool { return f.Direction == Review || f.Direction == Explicit }

// Rule is the dated figures of the procedure.
type Rule struct {
	From                     string  `json:"from"`                        // civil date
	ThirdRaterFromDifference int     `json:"third_rater_from_difference"` // of the two sums
	TalkFromSum              int     `json:"talk_from_sum"`
	TalkExpiresAfterDays     int     `json:"talk_expires_after_days"`
	RepeatPercent            int     `json:"repeat_percent"` // hidden repeats, 5 to 10
	RetrainBelowKappa        float64 `json:"retrain_below_kappa"`
	Source                   string  `json:"source"`
}

// Sheet is the coding sheet in one version.
type Sheet struct {
	ID             string            `json:"id"`
	Version        string            `json:"version"`
	Title          map[string]string `json:"title"`
	Status         string            `json:"status"`
	Sources        map[string]string `json:"sources"`
	CountedSources []string          `json:"counted_sources"`
	Warning        map[string]string `json:"warning"`
	Rules          []Rule            `json:"rules"`
	Features       []Feature         `json:"features"`
}

// Shipped reads the sheet that comes with the program.
func Shipped() (Sheet, error) {
	data, err := instruments.Files.ReadFile("htp.json")
	if err != nil {
		return Sheet{}, err
	}
	return Parse(data)
}

var featureCode = regexp.MustCompile(`^[WHTP][0-9]{2}$`)

// Parse reads and checks a sheet.
func Parse(data []byte) (Sheet, error) {
	var s Sheet
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Sheet{}, fmt.Errorf("coding sheet: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Sheet{}, errors.New("coding sheet: something follows the JSON object")
	}
	return s, s.check()
}

func (s Sheet) check() error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if s.ID == "" || s.Version == "" || s.Status == "" {
		bad("the sheet needs an id, a version and a status")
	}
	seen := map[string]bool{}
	urgent := 0
	for _, f := range s.Features {
		if !featureCode.MatchString(f.Code) || seen[f.Code] || f.ZH == "" || f.EN == "" {
			bad("feature %q is ill named, doubled or has no words", f.Code)
		}
		seen[f.Code] = true
		if !slices.Contains([]Direction{Up, Protective, Review, Explicit, Quality, NoneKnown}, f.Direction) {
			bad("feature %s: direction %q is unknown", f.Code, f.Direction)
		}
		for _, src := range f.Sources {
			if s.Sources[src] == "" {
				bad("feature %s names source %q, which is not told", f.Code, src)
			}
		}
		if f.Direction == Explicit {
			urgent++
		}
	}
	if urgent == 0 {
		bad("no feature stands for explicit content")
	}
	if len(s.Rules) == 0 {
		bad("the sheet has no rules")
	}
	for n, r := range s.Rules {
		_, err := time.Parse(time.DateOnly, r.From)
		if err != nil || n > 0 && s.Rules[n-1].From >= r.From {
			bad("rules must be ordered by date")
		}
		if r.ThirdRaterFromDifference < 1 || r.TalkFromSum < 1 || r.TalkExpiresAfterDays < 1 || r.RepeatPercent < 0 || r.RepeatPercent > 50 ||
			r.RetrainBelowKappa <= 0 || r.RetrainBelowKappa > 1 || r.Source == "" {
			bad("the rule from %s is out of range", r.From)
		}
	}
	return errors.Join(wrong...)
}

// On gives the rule that holds on a civil date; before the first, the first.
func (s Sheet) On(date string) Rule {
	held := s.Rules[0]
	for _, r := range s.Rules {
		if r.From <= date {
			held = r
		}
	}
	return held
}

// Counts reports whether a feature is part of the sum: it points up in a study
// of the counted kind. Features by tradition have weight 0.
func (s Sheet) Counts(f Feature) bool {
	return f.Direction == Up && slices.ContainsFunc(f.Sources, func(src string) bool { return slices.Contains(s.CountedSources, src) })
}

// Find gives a feature by its code.
func (s Sheet) Find(code string) (Feature, bool) {
	for _, f := range s.Features {
		if f.Code == code {
			return f, true
		}
	}
	return Feature{}, false
}

// Codes is one rater's sheet, by feature.
type Codes map[string]Code

// CheckCodes refuses a sheet with an unknown feature, a wrong code or a gap:
// "cannot tell" is a code, a gap is not.
//
// Errors: Invalid, with every field at fault.
func (s Sheet) CheckCodes(c Codes) error {
	var fields []errs.Field
	for _, f := range s.Features {
		code, ok := c[f.Code]
		switch {
		case !ok:
			fields = append(fields, errs.Field{Name: f.Code, Key: "coding.missing"})
		case !code.valid():
			fields = append(fields, errs.Field{Name: f.Code, Key: "coding.wrong_code"})
		}
	}
	for code := range c {
		if _, ok := s.Find(code); !ok {
			fields = append(fields, errs.Field{Name: code, Key: "coding.unknown_feature"})
		}
	}
	slices.SortFunc(fields, func(a, b errs.Field) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return errs.InvalidFields(fields)
}

// Sum counts the features present that count.
func (s Sheet) Sum(c Codes) int {
	n := 0
	for _, f := range s.Features {
		if s.Counts(f) && c[f.Code] == Present {
			n++
		}
	}
	return n
}

// Urgent lists the features in a rater's sheet that a person must look at now.
// It is called when the sheet is stored, before any second rater.
func (s Sheet) Urgent(c Codes) []string {
	var list []string
	for _, f := range s.Features {
		if f.Urgent() && c[f.Code] == Present {
			list = append(list, f.Code)
		}
	}
	return list
}

package school

import (
	"slices"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/region"
)

// Kind of a school; empty: nobody said yet.
type Kind string

// The kinds.
const (
	Kindergarten Kind = "kindergarten"
	Primary      Kind = "primary"
	Middle       Kind = "middle"
	High         Kind = "high" // also with a middle school in it
	NineYear     Kind = "nine_year"
	Vocational   Kind = "vocational"
	Special      Kind = "special"
	Other        Kind = "other"
)

// Kinds lists them in the order of forms.
func Kinds() []Kind {
	return []Kind{Kindergarten, Primary, Middle, High, NineYear, Vocational, Special, Other}
}

// School is one school of the register.
type School struct {
	ID         id.ID        `bun:"id" json:"id"`
	Name       string       `bun:"name" json:"name"`
	Kind       Kind         `bun:"kind" json:"kind"`
	Region     string       `bun:"region" json:"region"` // where the school lies: district or township
	Address    string       `bun:"address" json:"address"`
	MergedInto id.ID        `bun:"merged_into" json:"-"`
	Version    int64        `bun:"version" json:"version"`
	CreatedAt  clock.Millis `bun:"created_at" json:"-"`
	CreatedBy  id.ID        `bun:"created_by" json:"-"`
	UpdatedAt  clock.Millis `bun:"updated_at" json:"-"`
}

// District gives the code of the district in which the school lies.
func (s School) District() string { return districtOf(s.Region) }

func districtOf(area string) string { return string(region.Code(area).At(region.LevelDistrict)) }

// Form is what a person enters.
type Form struct {
	Name    string `json:"name" maxLength:"50"`
	Kind    Kind   `json:"kind,omitempty" maxLength:"20"`
	Region  string `json:"region" maxLength:"15"`
	Address string `json:"address,omitempty" maxLength:"80"`
}

// Bounds in characters.
const (
	nameMost    = 50
	addressMost = 80
)

// clean gives the form as it is stored. Errors: Invalid with the fields.
func (f Form) clean() (Form, error) {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	f.Name = shown(f.Name)
	if n := utf8.RuneCountInString(f.Name); n < 2 || n > nameMost {
		add("name", "school.name")
	}
	if f.Kind != "" && !slices.Contains(Kinds(), f.Kind) {
		add("kind", "school.kind")
	}
	if l := region.Code(f.Region).Level(); l != region.LevelDistrict && l != region.LevelTownship {
		add("region", "school.region")
	}
	f.Address = civil.TrimBlank(f.Address)
	if utf8.RuneCountInString(f.Address) > addressMost {
		add("address", "text.too_long")
	}
	return f, errs.InvalidFields(bad)
}

// brackets are written in both widths for one school.
var brackets = strings.NewReplacer("\uff08", "(", "\uff09", ")")

// Key brings a name to the form in which names are compared: without blanks,
// with brackets of one width. The migration of names does the same.
func Key(name string) string { return brackets.Replace(civil.Squeeze(name)) }

// shown is a name as it is stored to be read.
func shown(name string) string { return strings.Join(strings.Fields(civil.TrimBlank(name)), " ") }

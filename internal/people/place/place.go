package place

import (
	"slices"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/region"
)

// Kind of a place.
type Kind string

// The kinds, in the order in which the seat shows them.
const (
	Police       Kind = "police"
	Hospital     Kind = "hospital"
	School       Kind = "school"
	MinorsCentre Kind = "minors_centre"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Police, Hospital, School, MinorsCentre} }

// Place is one record. Lat and Lon are WGS 84 degrees, nil if not known.
type Place struct {
	ID      id.ID    `bun:"id" json:"id"`
	Region  string   `bun:"region" json:"region"`
	Kind    Kind     `bun:"kind" json:"kind"`
	Name    string   `bun:"name" json:"name"`
	Phone   string   `bun:"phone" json:"phone"`
	Lat     *float64 `bun:"lat" json:"lat"`
	Lon     *float64 `bun:"lon" json:"lon"`
	Demo    bool     `bun:"demo" json:"demo"`
	Version int64    `bun:"version" json:"version"`
}

// Form is what a person enters.
type Form struct {
	Region string   `json:"region"`
	Kind   Kind     `json:"kind"`
	Name   string   `json:"name" maxLength:"60"`
	Phone  string   `json:"phone" maxLength:"30"`
	Lat    *float64 `json:"lat,omitempty"`
	Lon    *float64 `json:"lon,omitempty"`
}

const nameMost = 40 // characters

// clean gives the form as it is stored. Errors: Invalid with the fields.
func (f Form) clean() (Form, error) {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if l := region.Code(f.Region).Level(); l != region.LevelDistrict && l != region.LevelTownship {
		add("region", "place.region")
	}
	if !slices.Contains(Kinds(), f.Kind) {
		add("kind", "place.kind")
	}
	f.Name = civil.Squeeze(civil.HalfWidth(f.Name))
	if n := utf8.RuneCountInString(f.Name); n < 2 || n > nameMost {
		add("name", "place.name")
	}
	f.Phone = strings.ReplaceAll(civil.Squeeze(civil.HalfWidth(f.Phone)), " ", "")
	if !phone(f.Phone) {
		add("phone", "place.phone")
	}
	if (f.Lat == nil) != (f.Lon == nil) || f.Lat != nil && (*f.Lat < 3 || *f.Lat > 54 || *f.Lon < 73 || *f.Lon > 136) {
		add("lat", "place.point")
	}
	return f, errs.InvalidFields(bad)
}

// phone takes what can be dialled: a mobile or fixed number with area code and
// extension, or a short number such as 110.
func phone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '-' && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return digits >= 3 && digits <= 16
}

package child

import (
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
)

// Kind names a category of children.
type Kind string

// The categories; 困境 by the kinds that 国发〔2016〕36号 lists.
const (
	Orphan               Kind = "orphan"
	Unattended           Kind = "unattended"
	LeftBehind           Kind = "left_behind"
	HardshipPoverty      Kind = "hardship_poverty"      // 家庭贫困
	HardshipDisability   Kind = "hardship_disability"   // 自身残疾
	HardshipIllness      Kind = "hardship_illness"      // 重病
	HardshipGuardianship Kind = "hardship_guardianship" // 监护缺失或不当
	Hardship             Kind = "hardship"              // 困境, kind not said
)

var kinds = []Kind{Orphan, Unattended, LeftBehind, HardshipPoverty, HardshipDisability, HardshipIllness, HardshipGuardianship, Hardship}

// Kinds lists them in the order in which pages show them.
func Kinds() []Kind { return slices.Clone(kinds) }

// Valid reports whether the kind is one of the list.
func (k Kind) Valid() bool { return slices.Contains(kinds, k) }

// endsAtAge is the age at which the category ends for everybody.
func (k Kind) endsAtAge() int {
	if k == LeftBehind {
		return 16
	}
	return 18
}

// Category is one category of one child.
type Category struct {
	ID        id.ID        `bun:"id" json:"id"`
	ChildID   id.ID        `bun:"child_id" json:"-"`
	Kind      Kind         `bun:"kind" json:"kind"`
	BeganOn   civil.Date   `bun:"began_on" json:"began_on"`
	EndedOn   civil.Date   `bun:"ended_on" json:"ended_on"` // the first day on which it is over
	EndReason string       `bun:"end_reason" json:"end_reason,omitempty"`
	Region    string       `bun:"region" json:"-"`
	SetBy     id.ID        `bun:"set_by" json:"-"`
	SetAt     clock.Millis `bun:"set_at" json:"-"`
}

// EndsOn gives the first day on which the category is over for a child born
// on birth: the recorded one or the birthday of the law; empty if neither is
// known.
func (c Category) EndsOn(birth civil.Date) civil.Date {
	end := c.EndedOn
	if byAge := birthday(birth, c.Kind.endsAtAge()); byAge != "" && (end == "" || byAge < end) {
		end = byAge
	}
	return end
}

// birthday gives the day on which someone completes the years.
func birthday(birth civil.Date, years int) civil.Date {
	day := birth.AddMonths(12 * years)
	if day != "" && birth.AgeOn(day) < years { // born on 29 February
		day = day.AddDays(1)
	}
	return day
}

// Active tells whether the category holds on the day.
func (c Category) Active(birth, day civil.Date) bool {
	end := c.EndsOn(birth)
	return c.BeganOn <= day && (end == "" || day < end)
}

// Active gives the kinds that hold on the day, each once, in the order of
// Kinds.
func Active(list []Category, birth, day civil.Date) []Kind {
	out := []Kind{}
	for _, k := range kinds {
		if slices.ContainsFunc(list, func(c Category) bool { return c.Kind == k && c.Active(birth, day) }) {
			out = append(out, k)
		}
	}
	return out
}

// BornAfter gives the birth date after which a child can still be in the
// category on the day, for queries: `birth_on = ” OR birth_on > ?`.
func (k Kind) BornAfter(day civil.Date) civil.Date { return day.AddMonths(-12 * k.endsAtAge()) }

package school

import (
	"context"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Named is a school as a list or a form names it, and where the pupil lives.
type Named struct {
	Name string
	Area string // region code; the district counts
}

func (n Named) key() Named { return Named{Key(n.Name), districtOf(n.Area)} }

// Answer is what a name means.
type Answer struct {
	School School // if Known
	Known  bool   // the one school of the name in the district
	New    bool   // no school has the name anywhere
	// Choices are the schools that may be meant: several of the district, or
	// those of other districts where it has none.
	Choices []School
}

// Look tells what names mean, without entering anything. The answers are under
// the names as asked.
func Look(ctx context.Context, r db.Reader, asked []Named) (map[Named]Answer, error) {
	seen := map[string]bool{}
	var keys []string
	for _, a := range asked {
		if k := Key(a.Name); k != "" && !seen[k] {
			seen[k], keys = true, append(keys, k)
		}
	}
	found, err := named(ctx, r, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[Named]Answer, len(asked))
	for _, a := range asked {
		out[a] = among(found[Key(a.Name)], a.key())
	}
	return out, nil
}

// among judges the schools that have a name.
func among(list []School, k Named) Answer {
	if k.Name == "" {
		return Answer{}
	}
	var here []School
	for _, s := range list {
		if k.Area != "" && strings.HasPrefix(s.Region, k.Area) {
			here = append(here, s)
		}
	}
	switch {
	case len(here) == 1:
		return Answer{School: here[0], Known: true}
	case len(here) > 1:
		return Answer{Choices: here}
	case len(list) > 0:
		return Answer{Choices: list}
	}
	return Answer{New: true}
}

// Meant tells which schools names mean, and enters those that are new where the
// actor may enter schools. What is absent from the answer must be asked.
func Meant(ctx context.Context, tx *db.Tx, asked []Named) (map[Named]School, error) {
	answers, err := Look(ctx, tx, asked)
	if err != nil {
		return nil, err
	}
	out := map[Named]School{}
	var fresh []Named
	for a, x := range answers {
		switch k := a.key(); {
		case x.Known:
			out[a] = x.School
		case x.New && k.Area != "" && access.From(ctx).Allowed("school.write", access.Target{Region: k.Area}):
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return out, nil
	}
	// Two imports that bring one new name make one school of it.
	if err := tx.Lock(ctx, "school"); err != nil {
		return nil, err
	}
	if answers, err = Look(ctx, tx, fresh); err != nil {
		return nil, err
	}
	made := map[Named]School{}
	for _, a := range fresh {
		x := answers[a]
		if x.Known {
			out[a] = x.School
		}
		if !x.New {
			continue
		}
		s, ok := made[a.key()]
		if !ok {
			s = School{ID: id.New(), Name: shown(a.Name), Kind: kindOf(a.Name), Region: a.key().Area}
			if err := enter(ctx, tx, s); err != nil {
				return nil, err
			}
			made[a.key()] = s
		}
		out[a] = s
	}
	return out, nil
}

func enter(ctx context.Context, tx *db.Tx, s School) error {
	s.CreatedBy = access.From(ctx).Account
	if err := insert(ctx, tx, s); err != nil {
		return err
	}
	return tell(ctx, tx, s, "entered")
}

func tell(ctx context.Context, tx *db.Tx, s School, how string) error {
	if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "school", Region: s.Region, Ref: string(s.ID)}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "school.write", SubjectKind: "school", Subject: s.ID, Region: s.Region, Fields: []string{how}})
}

// endings tell the kind of a school by its name, the more particular first.
var endings = []struct {
	word string
	kind Kind
}{
	{"幼儿园", Kindergarten}, {"特殊教育", Special}, {"职业", Vocational}, {"技工", Vocational}, {"九年", NineYear}, {"小学", Primary},
	{"初级中学", Middle}, {"初中", Middle}, {"高级中学", High}, {"高中", High},
}

func kindOf(name string) Kind {
	for _, e := range endings {
		if strings.Contains(name, e.word) {
			return e.kind
		}
	}
	return ""
}

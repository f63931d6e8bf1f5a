package person

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// Picked is a child to choose: who it is, and nothing of how it is.
type Picked struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	Place string `json:"place"` // the class for who teaches, else the village
}

// pickMost bounds a list to choose from: a class, or the first of a search.
const pickMost = 200

// Pick gives the children that somebody may choose who does not search the
// register: a teacher the own pupils, a social worker those of the area granted
// and of the own cases. q is the beginning of a name or of its pinyin; numbers
// find nobody here, and whoever stands on a child's conflict list does not find
// that child. Errors: Forbidden, Invalid.
func (s *Service) Pick(ctx context.Context, q string) ([]Picked, error) {
	a := access.From(ctx)
	if err := access.May(a, "child.pick"); err != nil {
		return nil, err
	}
	q = civil.TrimBlank(civil.HalfWidth(q))
	if len(q) > 200 {
		return nil, errs.Invalid("q", "person.text_long")
	}
	out := []Picked{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		scope, args, err := s.pickScope(ctx, r, a)
		if err != nil {
			return err
		}
		where := []string{"p.child", shows, scope}
		if q != "" {
			in, more := prefix("p.name", civil.NormalizeName(q))
			if letters := strings.ToLower(strings.NewReplacer(" ", "", "'", "").Replace(q)); isLatin(letters) {
				var short []any
				var brief string
				in, more = prefix("p.pinyin", letters)
				brief, short = prefix("p.initials", letters)
				in, more = "("+in+" OR "+brief+")", append(more, short...)
			}
			where, args = append(where, in), append(args, more...)
		}
		var recs []Pupil
		if err := r.List(ctx, &recs, "SELECT p.id, p.name, p.birth_on, p.region, p.school, p.school_id, p.grade, p.class FROM person p WHERE "+strings.Join(where, " AND ")+
			" ORDER BY p.school, p.grade, p.class, p.name, p.id LIMIT ?", append(args, pickMost)...); err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		teaches := len(a.Areas("child.pick")) == 0
		for _, c := range recs {
			if !a.Finds(c.ID) {
				continue
			}
			place := strings.TrimSpace(c.Grade + c.Class)
			if !teaches || place == "" {
				place = areas.Label(region.Code(c.Region))
			}
			out = append(out, Picked{c.ID, c.Name, place})
			audit.Show(ctx, "child.pick", "", c.Region, audit.Shown{Kind: "child", ID: c.ID, Fields: []string{"name", "class"}})
		}
		return nil
	})
	return out, err
}

// pickScope is the predicate of who may be picked.
func (s *Service) pickScope(ctx context.Context, r db.Reader, a access.Actor) (string, []any, error) {
	scope, args := access.Where("p.region", a.Areas("child.pick"))
	parts := []string{scope}
	pupils, err := s.ports.Pupils(ctx, r, a.Account)
	if err != nil {
		return "", nil, err
	}
	for _, c := range pupils {
		in, more := taughtIn(c)
		parts, args = append(parts, in), append(args, more...)
	}
	own, err := s.ports.Cases(ctx, r, a.Account)
	if err != nil {
		return "", nil, err
	}
	for part := range slices.Chunk(own, 400) {
		parts, args = append(parts, "p.id IN ("+db.Marks(len(part))+")"), append(args, db.Anys(part)...)
	}
	return "(" + strings.Join(parts, " OR ") + ")", args, nil
}

// Taught is what somebody teaches: a school, a grade of it, or one class. Its
// pupils are those whose record names the school by id, wherever they live.
type Taught struct {
	School id.ID
	Grade  string
	Class  string
}

func taughtIn(c Taught) (string, []any) {
	if c.School == "" {
		return "1 = 0", nil
	}
	in, args := "p.school_id = ?", []any{c.School}
	if c.Grade != "" {
		in, args = in+" AND p.grade = ?", append(args, c.Grade)
	}
	if c.Class != "" {
		in, args = in+" AND p.class = ?", append(args, c.Class)
	}
	return "(" + in + ")", args
}

// withPupils is the predicate of who lives in areas, or learns in classes.
func withPupils(areas []string, also []Taught) (string, []any) {
	in, args := access.Where("p.region", areas)
	for _, c := range also {
		more, with := taughtIn(c)
		in, args = in+" OR "+more, append(args, with...)
	}
	return "(" + in + ")", args
}

// TaughtIn tells whether a child learns in one of the classes.
func (c Pupil) TaughtIn(list []Taught) bool {
	return slices.ContainsFunc(list, func(s Taught) bool {
		return s.School != "" && s.School == c.SchoolID && (s.Grade == "" || s.Grade == c.Grade) && (s.Class == "" || s.Class == c.Class)
	})
}

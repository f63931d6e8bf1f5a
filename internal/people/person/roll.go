package person

import (
	"context"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

// Pupil is a child in a list of children to be asked or visited.
type Pupil struct {
	ID      id.ID      `bun:"id"`
	Name    string     `bun:"name"`
	BirthOn civil.Date `bun:"birth_on"`
	Region  string     `bun:"region"`
	School  string     `bun:"school"`
	// SchoolID is empty with a name while it is asked which school is meant.
	SchoolID id.ID  `bun:"school_id"`
	Grade    string `bun:"grade"`
	Class    string `bun:"class"`
}

// Roll says which children. Empty fields don't narrow.
type Roll struct {
	Areas  []string // region codes; the prefix rule holds
	Also   []Taught // whose pupils are taken wherever they live
	School id.ID
	Grade  string
	Class  string
	List   []id.ID
	MinAge int // full years
	MaxAge int // 0: no upper end
	Limit  int
}

// rollMost bounds a roll: a district's children in one list.
const rollMost = 20_000

// RollOf lists the children of a roll by school, class and name. Whoever calls
// it has checked the right and tells audit.Show what it shows.
func RollOf(ctx context.Context, r db.Reader, q Roll) ([]Pupil, error) {
	where := []string{"child", "state = 'active'", "batch = ''"}
	var args []any
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	in, more := withPupils(q.Areas, q.Also)
	add(in, more...)
	for column, value := range map[string]string{"school_id": string(q.School), "grade": q.Grade, "class": q.Class} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	day := today(r)
	if q.MinAge > 0 {
		add("birth_on <> '' AND birth_on <= ?", day.AddMonths(-12*q.MinAge))
	}
	if q.MaxAge > 0 {
		add("birth_on > ?", day.AddMonths(-12*(q.MaxAge+1)))
	}
	if len(q.List) > 0 {
		add("id IN ("+db.Marks(len(q.List))+")", db.Anys(q.List)...)
	}
	limit := rollMost
	if q.Limit > 0 {
		limit = min(q.Limit, rollMost)
	}
	var out []Pupil
	err := r.List(ctx, &out, "SELECT id, name, birth_on, region, school, school_id, grade, class FROM person p WHERE "+strings.Join(where, " AND ")+
		" ORDER BY school, school_id, grade, class, name, id LIMIT ?", append(args, limit)...)
	return out, err
}

// Key gives the sealing key of a child, for what other rooms keep of it; it
// follows merged records. Errors: NotFound.
func Key(ctx context.Context, r db.Reader, kr *crypto.Keyring, childID id.ID) (crypto.Subject, Pupil, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return crypto.Subject{}, Pupil{}, err
	}
	key, err := kr.Subject(rec.Subject)
	return key, Pupil{rec.ID, rec.Name, rec.BirthOn, rec.Region, rec.School, rec.SchoolID, rec.Grade, rec.Class}, err
}

// Keys gives the sealing keys of children that show, by id.
func Keys(ctx context.Context, r db.Reader, kr *crypto.Keyring, children []id.ID) (map[id.ID]crypto.Subject, error) {
	recs, err := findKeyed(ctx, r, children)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]crypto.Subject, len(recs))
	for k, rec := range recs {
		if out[k], err = kr.Subject(rec.Subject); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Target describes a child's record for the question of access, with the
// actor's open task, conflict and break-glass. Errors: NotFound.
func (s *Service) Target(ctx context.Context, r db.Reader, childID id.ID) (access.Target, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return access.Target{}, err
	}
	return s.target(ctx, r, rec)
}

// Rolled is a child in a walk over all children.
type Rolled struct {
	ID         id.ID
	Region     string
	Categories []child.Kind // in force on the day of the read
}

// Walk gives the children that show, by id, behind the one named: for what
// looks at every child in pages.
func Walk(ctx context.Context, r db.Reader, after id.ID, limit int) ([]Rolled, error) {
	var rows []Pupil
	if err := r.List(ctx, &rows, "SELECT p.id, p.name, p.birth_on, p.region, p.school, p.school_id, p.grade, p.class FROM person p WHERE p.child AND "+shows+" AND p.id > ? ORDER BY p.id LIMIT ?", after, limit); err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(rows))
	for i, c := range rows {
		ids[i] = c.ID
	}
	cats, err := categoriesOf(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Rolled, len(rows))
	for i, c := range rows {
		out[i] = Rolled{c.ID, c.Region, child.Active(cats[c.ID], c.BirthOn, today(r))}
	}
	return out, nil
}

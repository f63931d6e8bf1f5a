package person

import (
	"context"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Seat is a child in a class list.
type Seat struct {
	ID      id.ID      `bun:"id"`
	Name    string     `bun:"name"`
	Sex     civil.Sex  `bun:"sex"`
	BirthOn civil.Date `bun:"birth_on"`
	Region  string     `bun:"region"`
	School  string     `bun:"school"`
	// SchoolID is empty with a name while it is asked which school is meant.
	SchoolID id.ID  `bun:"school_id"`
	Grade    string `bun:"grade"`
	Class    string `bun:"class"`
}

// SexLetter gives m, f, or nothing.
func (s Seat) SexLetter() string { return sexLetter(s.Sex) }

// ClassQuery narrows a class list; empty fields don't.
type ClassQuery struct {
	Areas    []string // region codes; the prefix rule holds
	Also     []Taught // whose pupils are taken wherever they live
	School   id.ID
	Grade    string
	Class    string
	Children []id.ID
}

// classMost bounds a list: the children of a district.
const classMost = 20_000

// ClassList gives children by school, grade, class and name. Whoever calls it
// has checked the right and tells the audit what it shows.
func ClassList(ctx context.Context, r db.Reader, q ClassQuery) ([]Seat, error) {
	in, args := withPupils(q.Areas, q.Also)
	where := []string{"p.child", shows, in}
	for _, narrow := range []struct{ column, value string }{{"p.school_id", string(q.School)}, {"p.grade", q.Grade}, {"p.class", q.Class}} {
		if narrow.value != "" {
			where, args = append(where, narrow.column+" = ?"), append(args, narrow.value)
		}
	}
	if len(q.Children) > 0 {
		where, args = append(where, "p.id IN ("+db.Marks(len(q.Children))+")"), append(args, db.Anys(q.Children)...)
	}
	var out []Seat
	err := r.List(ctx, &out, "SELECT p.id, p.name, p.sex, p.birth_on, p.region, p.school, p.school_id, p.grade, p.class FROM person p WHERE "+
		strings.Join(where, " AND ")+" ORDER BY p.school, p.school_id, p.grade, p.class, p.name, p.id LIMIT ?", append(args, classMost)...)
	return out, err
}

// Seats gives children in brief under the ids asked for, also those of merged
// records; who doesn't show is left out.
func Seats(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]Seat, error) {
	out := map[id.ID]Seat{}
	recs, err := findMany(ctx, r, children)
	if err != nil {
		return nil, err
	}
	for _, asked := range children {
		rec, ok := recs[asked]
		if !ok {
			if rec, err = find(ctx, r, asked); errs.Is(err, errs.KindNotFound) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		out[asked] = Seat{rec.ID, rec.Name, rec.Sex, rec.BirthOn, rec.Region, rec.School, rec.SchoolID, rec.Grade, rec.Class}
	}
	return out, nil
}

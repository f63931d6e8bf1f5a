package person

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

func (r Record) school() School { return School{r.SchoolID, r.School, r.Grade, r.Class} }

// schools lets the children of the rows name their schools by id. Who names a
// school that may be one of several keeps the name alone, and is asked about.
// Errors: Invalid "school" for an id that no school has.
func (w *Rows) schools(ctx context.Context, tx *db.Tx) error {
	var asked []school.Named
	for _, p := range w.people {
		if p.School != "" && p.SchoolID == "" {
			asked = append(asked, school.Named{Name: p.School, Area: p.Region})
		}
	}
	meant, err := school.Meant(ctx, tx, asked)
	if err != nil {
		return err
	}
	for i := range w.people {
		p := &w.people[i]
		if p.SchoolID != "" {
			if err := knownSchool(ctx, tx, &p.SchoolID, &p.School); err != nil {
				return err
			}
		} else if s, ok := meant[school.Named{Name: p.School, Area: p.Region}]; ok {
			p.SchoolID, p.School = s.ID, s.Name
		}
	}
	return nil
}

// knownSchool follows an id that a form gave to the school as it is now.
func knownSchool(ctx context.Context, r db.Reader, n *id.ID, name *string) error {
	s, err := school.Find(ctx, r, *n)
	if errs.Is(err, errs.KindNotFound) {
		return errs.Invalid("school", "school.unknown")
	}
	*n, *name = s.ID, s.Name
	return err
}

// meantSchool settles which school a change names. The name that the record
// has already is the school that it has already, also after a move.
func meantSchool(ctx context.Context, tx *db.Tx, was School, now *School, area string) error {
	switch {
	case now.ID != "":
		return knownSchool(ctx, tx, &now.ID, &now.Name)
	case school.Key(now.Name) == "":
		now.Name = ""
		return nil
	case was.ID != "" && school.Key(now.Name) == school.Key(was.Name):
		now.ID, now.Name = was.ID, was.Name
		return nil
	}
	asked := school.Named{Name: now.Name, Area: area}
	meant, err := school.Meant(ctx, tx, []school.Named{asked})
	if s, ok := meant[asked]; ok {
		now.ID, now.Name = s.ID, s.Name
	}
	return err
}

// otherSchool tells whether a list names another school than the record: an
// earlier name of the record's own school is the same school.
func otherSchool(ctx context.Context, r db.Reader, rec Record, name string) (bool, error) {
	if school.Key(name) == "" || school.Key(name) == school.Key(rec.School) {
		return false, nil
	}
	asked := school.Named{Name: name, Area: rec.Region}
	found, err := school.Look(ctx, r, []school.Named{asked})
	return err == nil && (rec.SchoolID == "" || found[asked].School.ID != rec.SchoolID), err
}

// SchoolMoved lets the pupils of one school be those of another, or bear its
// new name (school.Ports). Versions stay: nobody changed the children, so that
// an open form can be sent and an import taken back.
func SchoolMoved(ctx context.Context, tx *db.Tx, from id.ID, to school.School) error {
	_, err := tx.Exec(ctx, "UPDATE person SET school_id = ?, school = ?, updated_at = ? WHERE school_id = ?", to.ID, to.Name, tx.Now, from)
	return err
}

// SchoolCame writes down the pupils of a school that is about to be merged
// (school.Ports).
func SchoolCame(ctx context.Context, tx *db.Tx, m school.Merger) error {
	_, err := tx.Exec(ctx, "INSERT INTO school_merger_part (merger_id, kind, ref, grade, class) SELECT ?, ?, id, grade, class FROM person WHERE school_id = ?", m.ID, school.PartChild, m.FromID)
	return err
}

// SchoolBack lets those pupils be of their earlier school again who are still
// where the merger put them (school.Ports).
func SchoolBack(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
	if _, err := tx.Exec(ctx, `UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND kind = ? AND state = '' AND ref IN (SELECT id FROM person WHERE school_id = ?)`,
		m.ID, school.PartChild, m.IntoID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE person SET school_id = ?, school = ?, updated_at = ? WHERE school_id = ? AND id IN (SELECT ref FROM school_merger_part WHERE merger_id = ? AND kind = ? AND state = 'back')`,
		to.ID, to.Name, tx.Now, m.IntoID, m.ID, school.PartChild)
	return err
}

// SchoolChildren names those of the children whom the actor may find in the
// register (school.Ports).
func SchoolChildren(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
	a := access.From(ctx)
	out := map[id.ID]string{}
	in, args := access.Where("p.region", a.Areas("child.search"))
	for part := range slices.Chunk(ids, 400) {
		var rows []struct {
			ID     id.ID  `bun:"id"`
			Name   string `bun:"name"`
			Region string `bun:"region"`
		}
		if err := r.List(ctx, &rows, "SELECT p.id, p.name, p.region FROM person p WHERE p.child AND "+shows+" AND p.id IN ("+db.Marks(len(part))+") AND "+in, append(db.Anys(part), args...)...); err != nil {
			return nil, err
		}
		for _, c := range rows {
			if a.Finds(c.ID) {
				out[c.ID] = c.Name
				audit.Show(ctx, "child.search", "", c.Region, audit.Shown{Kind: "child", ID: c.ID, Fields: []string{"name", "class"}})
			}
		}
	}
	return out, nil
}

// PupilsBySchool counts the children that show within areas by school.
func PupilsBySchool(ctx context.Context, r db.Reader, areas []string) (map[id.ID]int, error) {
	in, args := access.Where("p.region", areas)
	var rows []struct {
		School id.ID `bun:"school_id"`
		N      int   `bun:"n"`
	}
	err := r.List(ctx, &rows, "SELECT p.school_id, count(*) AS n FROM person p WHERE p.school_id > '' AND p.child AND "+shows+" AND "+in+" GROUP BY p.school_id", args...)
	out := make(map[id.ID]int, len(rows))
	for _, x := range rows {
		out[x.School] = x.N
	}
	return out, err
}

// SchoolQuestion is a name of which nobody knows yet which school it means, for
// children of one district.
type SchoolQuestion struct {
	Name       string          `json:"name"`
	Region     string          `json:"region"` // the district where the children live
	RegionName string          `json:"region_name"`
	Children   int             `json:"children"`
	Choices    []school.School `json:"choices"` // that the name may mean; empty: no school has it
}

// questionsMost bounds the list; what is answered makes room.
const questionsMost = 500

// SchoolQuestions lists the names that are asked about in the areas where the
// actor may answer. Errors: Forbidden.
func (s *Service) SchoolQuestions(ctx context.Context) ([]SchoolQuestion, error) {
	a := access.From(ctx)
	if err := access.May(a, "school.write"); err != nil {
		return nil, err
	}
	out := []SchoolQuestion{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		in, args := access.Where("p.region", a.Areas("school.write"))
		var rows []struct {
			Name   string `bun:"name"`
			Region string `bun:"district"`
			N      int    `bun:"n"`
		}
		if err := r.List(ctx, &rows, "SELECT p.school AS name, substr(p.region, 1, 6) AS district, count(*) AS n FROM person p WHERE p.school_id = '' AND p.school > '' AND p.child AND "+
			shows+" AND "+in+" GROUP BY p.school, substr(p.region, 1, 6) ORDER BY n DESC, name, district LIMIT ?", append(args, questionsMost)...); err != nil {
			return err
		}
		asked := make([]school.Named, len(rows))
		for i, x := range rows {
			asked[i] = school.Named{Name: x.Name, Area: x.Region}
		}
		found, err := school.Look(ctx, r, asked)
		if err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for i, x := range rows {
			q := SchoolQuestion{Name: x.Name, Region: x.Region, RegionName: areas.Label(region.Code(x.Region)), Children: x.N, Choices: found[asked[i]].Choices}
			if found[asked[i]].Known { // the one that the name has come to mean since
				q.Choices = []school.School{found[asked[i]].School}
			}
			if q.Choices == nil {
				q.Choices = []school.School{}
			}
			out = append(out, q)
		}
		return nil
	})
	return out, err
}

// SettleSchool answers a question: the children of the district under the name
// learn at the school. It tells for how many. The teachers of that school find
// them from now on. Errors: Invalid, Forbidden, NotFound.
func (s *Service) SettleSchool(ctx context.Context, name, district string, to id.ID) (int, error) {
	if strings.TrimSpace(name) == "" || region.Code(district).Level() != region.LevelDistrict {
		return 0, errs.Invalid("name", "school.name")
	}
	a := access.From(ctx)
	if err := access.May(a, "school.write"); err != nil {
		return 0, err
	}
	var n int64
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := school.Find(ctx, tx, to)
		if err != nil {
			return err
		}
		in, args := access.Where("region", a.Areas("school.write"))
		n, err = tx.Exec(ctx, "UPDATE person SET school_id = ?, school = ?, updated_at = ? WHERE school_id = '' AND school = ? AND child AND state = 'active' AND region >= ? AND region < ? AND "+in,
			append([]any{x.ID, x.Name, tx.Now, name, district, access.After(district)}, args...)...)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NotFound("record.not_found")
		}
		if err := tx.Emit(ctx, db.Event{Topic: "child", Kind: "changed", Region: district, Ref: string(x.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "school.write", SubjectKind: "school", Subject: x.ID, Fields: []string{"pupils"}, Result: "settled", Region: district})
	})
	return int(n), err
}

// SchoolClass is a class of a school with how many of the actor's children sit
// in it.
type SchoolClass struct {
	Grade    string `bun:"grade" json:"grade"`
	Class    string `bun:"class" json:"class"`
	Children int    `bun:"n" json:"children"`
}

// SchoolClasses lists the classes of a school in the areas where the actor may
// change schools. Errors: Forbidden, NotFound.
func (s *Service) SchoolClasses(ctx context.Context, n id.ID) ([]SchoolClass, error) {
	a := access.From(ctx)
	if err := access.May(a, "school.write"); err != nil {
		return nil, err
	}
	out := []SchoolClass{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if _, err := school.Find(ctx, r, n); err != nil {
			return err
		}
		in, args := access.Where("p.region", a.Areas("school.write"))
		return r.List(ctx, &out, "SELECT p.grade, p.class, count(*) AS n FROM person p WHERE p.school_id = ? AND p.child AND "+shows+" AND "+in+
			" GROUP BY p.grade, p.class ORDER BY p.grade, p.class", append([]any{n}, args...)...)
	})
	return out, err
}

// MoveClasses lets classes of one school be classes of another: two schools that
// were one by name are parted so, and a wrong merger is mended. It moves the
// children of the areas where the actor may change schools, and tells how many;
// who teaches them is entered anew. Errors: Invalid, Forbidden, NotFound.
func (s *Service) MoveClasses(ctx context.Context, from, to id.ID, list []SchoolClass) (int, error) {
	a := access.From(ctx)
	if err := access.May(a, "school.write"); err != nil {
		return 0, err
	}
	if from == to || len(list) == 0 {
		return 0, errs.Invalid("to", "school.itself")
	}
	moved := 0
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		moved = 0
		was, err := school.Find(ctx, tx, from)
		if err != nil {
			return err
		}
		x, err := school.Find(ctx, tx, to)
		if err != nil {
			return err
		}
		in, args := access.Where("region", a.Areas("school.write"))
		for _, c := range list {
			if _, err := tx.Exec(ctx, "UPDATE school_merger_part SET state = 'left' WHERE kind = ? AND state = '' AND ref IN (SELECT id FROM person WHERE school_id = ? AND grade = ? AND class = ? AND child AND state = 'active' AND "+in+")",
				append([]any{school.PartChild, was.ID, c.Grade, c.Class}, args...)...); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "UPDATE person SET school_id = ?, school = ?, updated_at = ? WHERE school_id = ? AND grade = ? AND class = ? AND child AND state = 'active' AND "+in,
				append([]any{x.ID, x.Name, tx.Now, was.ID, c.Grade, c.Class}, args...)...)
			if err != nil {
				return err
			}
			moved += int(n)
		}
		if moved == 0 {
			return errs.NotFound("record.not_found")
		}
		for _, y := range []school.School{was, x} {
			if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "school", Region: y.Region, Ref: string(y.ID)}); err != nil {
				return err
			}
			if err := audit.Write(ctx, tx, audit.Entry{Action: "school.write", SubjectKind: "school", Subject: y.ID, Fields: []string{"pupils"}, Purpose: string(x.ID), Result: "moved", Region: y.Region}); err != nil {
				return err
			}
		}
		return nil
	})
	return moved, err
}

package workforce

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

const (
	personColumns = "id, account_id, name, kind, region, sex, languages, needs, capacity, began_on, ended_on, end_reason, made_at, made_by, version"
	paperColumns  = "id, person_id, kind, title, number, issuer, result, got_on, expires_on, hours, note, made_at, made_by"
)

type personRow struct {
	bun.BaseModel `bun:"table:workforce_person"`
	Person
}

type paperRow struct {
	bun.BaseModel `bun:"table:workforce_paper"`
	Paper
}

func people(ctx context.Context, r db.Reader, where string, args ...any) ([]Person, error) {
	var rows []Person
	err := r.List(ctx, &rows, "SELECT "+personColumns+" FROM workforce_person "+where, args...)
	return rows, err
}

func find(ctx context.Context, r db.Reader, n id.ID) (Person, error) {
	rows, err := people(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Person{}, err
	}
	return rows[0], nil
}

// byAccount gives the worker behind an account, the one at work first.
func byAccount(ctx context.Context, r db.Reader, account id.ID) (Person, error) {
	if account == "" {
		return Person{}, errs.NotFound("record.not_found")
	}
	rows, err := people(ctx, r, "WHERE account_id = ? ORDER BY ended_on, id DESC LIMIT 1", account)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Person{}, err
	}
	return rows[0], nil
}

// save writes a person that was read at version was.
func save(ctx context.Context, tx *db.Tx, p Person, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE workforce_person SET account_id = ?, name = ?, kind = ?, region = ?, sex = ?, languages = ?, needs = ?, capacity = ?, began_on = ?, ended_on = ?, end_reason = ?,
		version = ? WHERE id = ? AND version = ?`, p.Account, p.Name, p.Kind, p.Region, p.Sex, p.Languages, p.Needs, p.Capacity, p.BeganOn, p.EndedOn, p.EndReason, was+1, p.ID, was)
	if err == nil && n == 0 {
		err = errs.Conflict("record.changed")
	}
	return err
}

// papersOf gives the papers of people, oldest first.
func papersOf(ctx context.Context, r db.Reader, list []id.ID) (map[id.ID][]Paper, error) {
	out := map[id.ID][]Paper{}
	for part := range slices.Chunk(list, 300) {
		args := db.Anys(part)
		var rows []Paper
		if err := r.List(ctx, &rows, "SELECT "+paperColumns+" FROM workforce_paper WHERE person_id IN ("+db.Marks(len(part))+") ORDER BY got_on, made_at, id", args...); err != nil {
			return nil, err
		}
		for _, p := range rows {
			out[p.PersonID] = append(out[p.PersonID], p)
		}
	}
	return out, nil
}

// setClasses writes what a person teaches in the place of what was there. A
// school is one of the district where the person works, or of the actor's own
// areas: who may name a school lets its teacher find its pupils. Errors:
// Invalid "classes".
func setClasses(ctx context.Context, tx *db.Tx, p Person, list []Class) error {
	have, err := classesOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM workforce_class WHERE person_id = ?", p.ID); err != nil {
		return err
	}
	for _, c := range list {
		x, err := school.Find(ctx, tx, c.SchoolID)
		if errs.Is(err, errs.KindNotFound) {
			return errs.Invalid("classes", "school.unknown")
		}
		if err != nil {
			return err
		}
		kept := slices.ContainsFunc(have, func(h Class) bool { return h.SchoolID == x.ID && h.Grade == c.Grade && h.Class == c.Class })
		if !kept && x.District() != string(region.Code(p.Region).At(region.LevelDistrict)) && !access.From(ctx).Allowed("workforce.write", access.Target{Region: x.Region}) {
			return errs.Invalid("classes", "workforce.school_elsewhere")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO workforce_class (person_id, school_id, grade, class) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			p.ID, x.ID, strings.TrimSpace(c.Grade), strings.TrimSpace(c.Class)); err != nil {
			return err
		}
	}
	return nil
}

func classesOf(ctx context.Context, r db.Reader, p id.ID) ([]Class, error) {
	out := []Class{}
	err := r.List(ctx, &out, `SELECT c.school_id, s.name AS school, c.grade, c.class FROM workforce_class c JOIN school s ON s.id = c.school_id
		WHERE c.person_id = ? ORDER BY s.name, s.id, c.grade, c.class`, p)
	return out, err
}

// ClassesOf gives what an account teaches now: nothing for who is not entered
// as a teacher, or works here no longer.
func ClassesOf(ctx context.Context, r db.Reader, account id.ID) ([]Class, error) {
	p, err := byAccount(ctx, r, account)
	if errs.Is(err, errs.KindNotFound) || err == nil && !p.Active(today(r)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return classesOf(ctx, r, p.ID)
}

// SchoolMoved lets who teaches at one school teach at another (school.Ports).
func SchoolMoved(ctx context.Context, tx *db.Tx, from id.ID, to school.School) error {
	if from == to.ID {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO workforce_class (person_id, school_id, grade, class) SELECT person_id, ?, grade, class FROM workforce_class
		WHERE school_id = ? ON CONFLICT DO NOTHING`, to.ID, from); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM workforce_class WHERE school_id = ?", from)
	return err
}

// SchoolCame writes down who teaches at a school that is about to be merged
// (school.Ports).
func SchoolCame(ctx context.Context, tx *db.Tx, m school.Merger) error {
	_, err := tx.Exec(ctx, `INSERT INTO school_merger_part (merger_id, kind, ref, grade, class, shared) SELECT ?, ?, c.person_id, c.grade, c.class,
		EXISTS (SELECT 1 FROM workforce_class h WHERE h.person_id = c.person_id AND h.school_id = ? AND h.grade = c.grade AND h.class = c.class) FROM workforce_class c WHERE c.school_id = ?`,
		m.ID, school.PartTeacher, m.IntoID, m.FromID)
	return err
}

// SchoolBack lets those teach at their earlier school again who teach the class
// still (school.Ports).
func SchoolBack(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
	if _, err := tx.Exec(ctx, `UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND kind = ? AND state = '' AND EXISTS (SELECT 1 FROM workforce_class c
		WHERE c.person_id = school_merger_part.ref AND c.school_id = ? AND c.grade = school_merger_part.grade AND c.class = school_merger_part.class)`,
		m.ID, school.PartTeacher, m.IntoID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO workforce_class (person_id, school_id, grade, class) SELECT ref, ?, grade, class FROM school_merger_part
		WHERE merger_id = ? AND kind = ? AND state = 'back' ON CONFLICT DO NOTHING`, to.ID, m.ID, school.PartTeacher); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM workforce_class WHERE school_id = ? AND EXISTS (SELECT 1 FROM school_merger_part p WHERE p.merger_id = ? AND p.kind = ? AND p.state = 'back' AND NOT p.shared
		AND p.ref = workforce_class.person_id AND p.grade = workforce_class.grade AND p.class = workforce_class.class)`, m.IntoID, m.ID, school.PartTeacher)
	return err
}

// Called names people of the workforce.
func Called(ctx context.Context, r db.Reader, people ...id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(people))
	for part := range slices.Chunk(people, 400) {
		var rows []struct {
			ID   id.ID  `bun:"id"`
			Name string `bun:"name"`
		}
		if err := r.List(ctx, &rows, "SELECT id, name FROM workforce_person WHERE id IN ("+db.Marks(len(part))+")", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[x.ID] = x.Name
		}
	}
	return out, nil
}

package school

import (
	"context"
	"slices"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const columns = "s.id, s.name, s.kind, s.region, s.address, s.merged_into, s.version, s.created_at, s.created_by, s.updated_at"

// mostListed bounds a list: a city has some thousand schools.
const mostListed = 5000

// Find gives a school without asking for rights; one that was merged leads to
// the one it was merged into. Errors: NotFound.
func Find(ctx context.Context, r db.Reader, n id.ID) (School, error) {
	for range 8 { // a chain of mergers is short
		var rows []School
		if err := r.List(ctx, &rows, "SELECT "+columns+" FROM school s WHERE s.id = ?", n); err != nil {
			return School{}, err
		}
		switch {
		case len(rows) == 0 || n == "":
			return School{}, errs.NotFound("school.unknown")
		case rows[0].MergedInto == "":
			return rows[0], nil
		}
		n = rows[0].MergedInto
	}
	return School{}, errs.NotFound("school.unknown")
}

// Regions gives where schools lie, by id.
func Regions(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(ids))
	for part := range slices.Chunk(ids, 400) {
		var rows []School
		if err := r.List(ctx, &rows, "SELECT "+columns+" FROM school s WHERE s.id IN ("+db.Marks(len(part))+")", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, s := range rows {
			out[s.ID] = s.Region
		}
	}
	return out, nil
}

func list(ctx context.Context, r db.Reader, areas []string) ([]School, error) {
	where, args := access.Where("s.region", areas)
	var rows []School
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM school s WHERE s.merged_into = '' AND "+where+" ORDER BY s.region, s.name, s.id LIMIT ?", append(args, mostListed)...)
	return rows, err
}

// named gives the schools that stand under names, by name.
func named(ctx context.Context, r db.Reader, keys []string) (map[string][]School, error) {
	out := map[string][]School{}
	for part := range slices.Chunk(keys, 400) {
		var rows []struct {
			School `bun:",extend"`
			Key    string `bun:"name_key"`
		}
		if err := r.List(ctx, &rows, "SELECT "+columns+", n.name AS name_key FROM school_name n JOIN school s ON s.id = n.school_id WHERE s.merged_into = '' AND n.name IN ("+
			db.Marks(len(part))+") ORDER BY s.region, s.id", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[x.Key] = append(out[x.Key], x.School)
		}
	}
	return out, nil
}

func insert(ctx context.Context, tx *db.Tx, s School) error {
	if _, err := tx.Exec(ctx, "INSERT INTO school (id, name, kind, region, address, version, created_at, created_by, updated_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
		s.ID, s.Name, s.Kind, s.Region, s.Address, tx.Now, s.CreatedBy, tx.Now); err != nil {
		return err
	}
	return call(ctx, tx, s.ID, s.Name)
}

// call lets a name mean a school.
func call(ctx context.Context, tx *db.Tx, n id.ID, name string) error {
	_, err := tx.Exec(ctx, "INSERT INTO school_name (name, school_id) VALUES (?, ?) ON CONFLICT DO NOTHING", Key(name), n)
	return err
}

func update(ctx context.Context, tx *db.Tx, s School, was int64) error {
	n, err := tx.Exec(ctx, "UPDATE school SET name = ?, kind = ?, region = ?, address = ?, version = version + 1, updated_at = ? WHERE id = ? AND version = ? AND merged_into = ''",
		s.Name, s.Kind, s.Region, s.Address, tx.Now, s.ID, was)
	if err == nil && n != 1 {
		return errs.Conflict("record.moved_on")
	}
	return err
}

package place

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

const columns = "id, region, kind, name, phone, lat, lon, demo, version"

// mostListed bounds a list: a district has some hundred places.
const mostListed = 2000

func list(ctx context.Context, r db.Reader, areas []string) ([]Place, error) {
	where, args := access.Where("region", areas)
	var rows []Place
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM place WHERE removed_at = 0 AND "+where+" ORDER BY region, kind, name LIMIT ?", append(args, mostListed)...)
	return rows, err
}

// Near gives the places of the area's township and of the district, those of
// the township first. Whoever calls it has checked the right.
func Near(ctx context.Context, r db.Reader, area, district string) ([]Place, error) {
	var rows []Place
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM place WHERE removed_at = 0 AND (region = ? OR region = ?) ORDER BY length(region) DESC, kind, name LIMIT 12",
		region.Code(area).At(region.LevelTownship), district)
	return rows, err
}

func get(ctx context.Context, r db.Reader, n id.ID) (Place, error) {
	var rows []Place
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM place WHERE id = ? AND removed_at = 0", n); err != nil {
		return Place{}, err
	}
	if len(rows) == 0 {
		return Place{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

func insert(ctx context.Context, tx *db.Tx, p Place) error {
	_, err := tx.Exec(ctx, "INSERT INTO place ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", p.ID, p.Region, p.Kind, p.Name, p.Phone, p.Lat, p.Lon, p.Demo, p.Version)
	return err
}

func update(ctx context.Context, tx *db.Tx, p Place, was int64) error {
	n, err := tx.Exec(ctx, "UPDATE place SET region = ?, kind = ?, name = ?, phone = ?, lat = ?, lon = ?, demo = ?, version = ? WHERE id = ? AND version = ?",
		p.Region, p.Kind, p.Name, p.Phone, p.Lat, p.Lon, false, p.Version, p.ID, was)
	if err == nil && n != 1 {
		return errs.Conflict("record.moved_on")
	}
	return err
}

func remove(ctx context.Context, tx *db.Tx, n id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE place SET removed_at = ?, version = version + 1 WHERE id = ?", tx.Now, n)
	return err
}

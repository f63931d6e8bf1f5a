package region

import (
	"context"
	"math"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/db"
)

// Seed puts the built-in areas into the database: the city and its districts,
// and of the district all below it. What is there already stays as it is, so
// that it may run at every start.
func Seed(ctx context.Context, tx *db.Tx, district Code) error {
	var rows []seedRow
	for _, r := range Builtin().All() {
		if r.Code.Level() <= LevelDistrict || district.Contains(r.Code) {
			rows = append(rows, seedRow{Code: r.Code, Level: r.Code.Level().String(), Name: r.Name})
		}
	}
	if n, err := tx.InsertIfNew(ctx, &rows); err != nil || n == 0 {
		return err
	}
	return touch(ctx, tx)
}

type seedRow struct {
	bun.BaseModel `bun:"table:region"`
	Code          Code   `bun:"code"`
	Level         string `bun:"level"`
	Name          string `bun:"name"`
}

// The box of Dazu, degrees. No coordinates come with the codes.
const (
	boxWest, boxEast   = 105.47, 106.04
	boxSouth, boxNorth = 29.37, 29.86
)

// SeedPoints invents coordinates for a demonstration and marks them so: the
// townships on a spiral from the middle of the box outwards, in the order of
// codes (subdistricts, which come first, are the town in the middle), the
// villages around their township in the same way. Areas that have a point
// keep it. A real district imports its own.
func SeedPoints(ctx context.Context, tx *db.Tx, district Code) error {
	t, err := Load(ctx, tx)
	if err != nil {
		return err
	}
	midLat, midLon := (boxSouth+boxNorth)/2, (boxWest+boxEast)/2
	set := func(c Code, p Point) error {
		if _, has := t.own(c); has {
			return nil
		}
		_, err := tx.Exec(ctx, "UPDATE region SET lat = ?, lon = ?, point_source = ? WHERE code = ? AND point_source = ''",
			p.Lat, p.Lon, Invented, c)
		return err
	}
	towns := t.Children(district)
	for i, town := range towns {
		at := spiral(i, len(towns), midLat, midLon, 0.92*(boxNorth-boxSouth)/2, 0.92*(boxEast-boxWest)/2)
		if err := set(town.Code, at); err != nil {
			return err
		}
		villages := t.Children(town.Code)
		for j, v := range villages {
			if err := set(v.Code, spiral(j, len(villages), at.Lat, at.Lon, 0.018, 0.020)); err != nil {
				return err
			}
		}
	}
	return touch(ctx, tx)
}

// spiral gives the i-th of n points spread evenly over an ellipse (Vogel's
// sunflower), rounded to some ten metres.
func spiral(i, n int, lat, lon, halfLat, halfLon float64) Point {
	r := math.Sqrt((float64(i) + 0.5) / float64(n))
	angle := float64(i) * math.Pi * (3 - math.Sqrt(5))
	round := func(v float64) float64 { return math.Round(v*1e4) / 1e4 }
	return Point{round(lat + halfLat*r*math.Cos(angle)), round(lon + halfLon*r*math.Sin(angle)), Invented}
}

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

// schematic is the column and row of each township on the pages' schematic of
// Dazu (web/shared/map-500111.json), placed by eye roughly as they lie, so that
// a demonstration shows one district on all its maps.
var schematic = map[Code][2]int{
	"500111120": {2, 0}, "500111107": {3, 0}, "500111109": {4, 0}, "500111110": {5, 0}, "500111118": {0, 1},
	"500111121": {1, 1}, "500111103": {2, 1}, "500111102": {3, 1}, "500111112": {4, 1}, "500111113": {5, 1},
	"500111119": {0, 2}, "500111104": {1, 2}, "500111001": {2, 2}, "500111002": {3, 2}, "500111006": {4, 2},
	"500111108": {5, 2}, "500111111": {6, 2}, "500111115": {0, 3}, "500111117": {1, 3}, "500111003": {2, 3},
	"500111100": {3, 3}, "500111106": {4, 3}, "500111105": {1, 4}, "500111114": {2, 4}, "500111005": {3, 4},
	"500111004": {4, 4}, "500111116": {3, 5},
}

// townPoint invents where a township lies: a little off its tile of the
// schematic, or, where there is none, on a spiral from the middle of the box
// outwards in the order of codes (subdistricts, which come first, are the town
// in the middle).
func townPoint(code Code, i, n int) Point {
	at, ok := schematic[code]
	if !ok {
		return spiral(i, n, (boxSouth+boxNorth)/2, (boxWest+boxEast)/2, 0.92*(boxNorth-boxSouth)/2, 0.92*(boxEast-boxWest)/2)
	}
	lat := boxNorth - 0.04 - 0.078*float64(at[1])
	lon := boxWest + 0.05 + 0.068*(float64(at[0])+0.5+0.5*float64(at[1]%2))
	return spiral(i, n, lat, lon, 0.012, 0.012)
}

// SeedPoints invents coordinates for a demonstration and marks them so: the
// townships roughly as they lie, the villages around their township on a
// spiral. Areas that have a point keep it. A real district imports its own.
func SeedPoints(ctx context.Context, tx *db.Tx, district Code) error {
	t, err := Load(ctx, tx)
	if err != nil {
		return err
	}
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
		at := townPoint(town.Code, i, len(towns))
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

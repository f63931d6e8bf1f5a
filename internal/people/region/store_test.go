package region_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/region"
)

const dazu = region.Code("500111")

func seeded(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := region.Seed(ctx, tx, dazu); err != nil {
			return err
		}
		return region.SeedPoints(ctx, tx, dazu)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, d *db.DB) *region.Table {
	t.Helper()
	var tab *region.Table
	err := d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		tab, err = region.Load(ctx, r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestSeedTwiceIsSeedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		seeded(t, d)
		seeded(t, d)
		tab := load(t, d)
		if tab.Len() != 375 || tab.FullName("500111001002") != "大足区龙岗街道西街社区" || tab.Label("500111001002") != "龙岗街道西街社区" {
			t.Errorf("%d areas, %s", tab.Len(), tab.FullName("500111001002"))
		}
		if p := tab.Path("500111001002"); len(p) != 3 || p[0].Code != dazu {
			t.Errorf("path %v", p)
		}
	})
}

func TestInventedPointsLieInTheBoxAndApart(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	seeded(t, d)
	tab := load(t, d)
	seen := map[region.Point]region.Code{}
	for _, r := range tab.Within(dazu, region.LevelVillage) {
		p, ok := tab.Point(r.Code)
		if !ok || p.Source != region.Invented || p.Lat < 29.37 || p.Lat > 29.86 || p.Lon < 105.47 || p.Lon > 106.04 {
			t.Errorf("%s: %+v", r.Code, p)
		}
		if o, double := seen[p]; double {
			t.Errorf("%s and %s stand on one point", o, r.Code)
		}
		seen[p] = r.Code
	}
	if _, _, ok := tab.Coordinates(dazu); ok {
		t.Error("the district has a point")
	}
	if la, lo, ok := tab.Coordinates("500111001002777"); !ok || la == 0 || lo == 0 {
		t.Error("a grid without a point does not take its village's")
	}
}

// What stands above another on the pages' schematic lies north of it on the map.
func TestTheDemonstrationLiesAsItsSchematic(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	seeded(t, d)
	tab := load(t, d)
	text, err := os.ReadFile("../../../web/shared/map-500111.json")
	if err != nil {
		t.Fatal(err)
	}
	var tiles []struct {
		Code     region.Code `json:"code"`
		Col, Row int
	}
	if err := json.Unmarshal(text, &tiles); err != nil || len(tiles) != len(tab.Children(dazu)) {
		t.Fatalf("%d tiles, %v", len(tiles), err)
	}
	for _, a := range tiles {
		for _, b := range tiles {
			at, other := must(tab.Point(a.Code)), must(tab.Point(b.Code))
			if a.Row < b.Row && at.Lat <= other.Lat {
				t.Errorf("%s is not north of %s", a.Code, b.Code)
			}
			if a.Row == b.Row && a.Col < b.Col && at.Lon >= other.Lon {
				t.Errorf("%s is not west of %s", a.Code, b.Code)
			}
		}
	}
}

func must(p region.Point, ok bool) region.Point {
	if !ok {
		panic("an area without a point")
	}
	return p
}

func TestDistance(t *testing.T) {
	// One degree of latitude is 111.2 km.
	if m := region.Distance(29, 105, 30, 105); m < 111_100 || m > 111_300 {
		t.Errorf("%f", m)
	}
	if m := region.Distance(29.5, 105.5, 29.5, 105.5); m != 0 {
		t.Errorf("%f", m)
	}
}

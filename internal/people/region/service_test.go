package region_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

const (
	town    = region.Code("500111113")
	village = region.Code("500111113203")
)

func as(role access.Role, area region.Code) context.Context {
	return access.With(context.Background(), access.Actor{Account: "me", Grants: []access.Grant{{Role: role, Region: string(area), Department: access.CivilAffairs}}})
}

var admin = as(access.SystemAdmin, dazu)

func refused(t *testing.T, err error, key string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), key) {
		t.Fatalf("want %s, got %v", key, err)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestADistrictMakesItsGrids(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		seeded(t, d)
		s := region.NewService(d)
		g, err := s.MakeGrid(admin, region.GridRequest{Village: village, Name: " 第一 网格"})
		ok(t, err)
		if g.Code != village+"001" || g.Name != "第一网格" || g.Level != "grid" {
			t.Errorf("%+v", g)
		}
		_, err = s.MakeGrid(admin, region.GridRequest{Village: village, Name: "第一网格"})
		refused(t, err, "region.name_taken")
		_, err = s.MakeGrid(admin, region.GridRequest{Village: town, Name: "x"})
		refused(t, err, "region.not_village")
		_, err = s.MakeGrid(admin, region.GridRequest{Village: village, Name: strings.Repeat("长", 31)})
		refused(t, err, "too_long")
		_, err = s.MakeGrid(admin, region.GridRequest{Village: "500111113999", Name: "x"})
		refused(t, err, "region.unknown")
		// A number is never given twice.
		ok(t, s.Merge(admin, g.Code, region.ChangeRequest{Reason: "并入"}))
		g, err = s.MakeGrid(admin, region.GridRequest{Village: village, Name: "第一网格"})
		ok(t, err)
		if g.Code != village+"002" {
			t.Error(g.Code)
		}
		tab := load(t, d)
		if tab.Label(village+"001") != tab.Label(village)+"第一网格" {
			t.Error(tab.Label(village + "001"))
		}
		if now, _ := tab.Now(village + "001"); now != village {
			t.Error(now)
		}
		list, err := s.List(as(access.Citizen, dazu))
		ok(t, err)
		if len(list) != 376 || !slices.ContainsFunc(list, func(i region.Item) bool { return i.Code == g.Code && i.Parent == village }) {
			t.Errorf("%d areas", len(list))
		}
		if i := slices.IndexFunc(list, func(i region.Item) bool { return i.Code == village }); !list[i].Invented || list[i].Lat == nil {
			t.Errorf("%+v", list[i])
		}
	})
}

func TestANameChangesOnItsDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		seeded(t, d)
		s := region.NewService(d)
		day := civil.DateOf(clk.Now()).AddDays(1)
		was := load(t, d).Name(town)
		ok(t, s.Rename(admin, town, region.ChangeRequest{FromOn: day, Name: "新溪镇", Reason: "渝府〔2024〕1号"}))
		if n := load(t, d).Name(town); n != was {
			t.Errorf("already %s", n)
		}
		clk.Advance(24 * time.Hour)
		list, err := s.List(admin) // through the Atlas, which no write told
		ok(t, err)
		if i := slices.IndexFunc(list, func(i region.Item) bool { return i.Code == town }); list[i].Name != "新溪镇" {
			t.Error(list[i].Name)
		}
		refused(t, s.Rename(admin, town, region.ChangeRequest{FromOn: day.AddDays(-1), Name: "x", Reason: "x"}), "region.day")
		refused(t, s.Rename(admin, town, region.ChangeRequest{Name: "x"}), "reason: required")
		refused(t, s.Rename(admin, town, region.ChangeRequest{Name: "龙水镇", Reason: "x"}), "region.name_taken")
	})
}

func TestATownshipGetsAnotherCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		seeded(t, d)
		s := region.NewService(d)
		_, err := s.MakeGrid(admin, region.GridRequest{Village: village, Name: "一"})
		ok(t, err)
		day := civil.DateOf(clk.Now()).AddDays(2)
		q := region.ChangeRequest{FromOn: day, Code: "500111008", Reason: "镇改街道"}
		refused(t, s.Recode(admin, town, region.ChangeRequest{Code: "500111100", Reason: "x"}), "region.code_taken")
		refused(t, s.Recode(admin, town, region.ChangeRequest{Code: "500111008001", Reason: "x"}), "region.bad_successor")
		refused(t, s.Recode(admin, town, region.ChangeRequest{Code: "500999008", Reason: "x"}), "region.bad_successor")
		ok(t, s.Recode(admin, town, q))
		refused(t, s.Recode(admin, town, q), "region.ending")
		_, err = s.MakeGrid(admin, region.GridRequest{Village: village, Name: "二"})
		refused(t, err, "region.ending")
		before := load(t, d)
		if now, _ := before.Now(village); now != village {
			t.Error("before its day")
		}
		n := len(before.Within(town, region.LevelVillage))
		clk.Advance(48 * time.Hour)
		tab := load(t, d)
		if now, _ := tab.Now(village + "001"); now != "500111008203001" {
			t.Errorf("now %s", now)
		}
		if tab.Len() != before.Len() || len(tab.Within("500111008", region.LevelVillage)) != n || len(tab.Within(town, region.LevelVillage)) != 0 {
			t.Error("parts are lost")
		}
		if tab.Label(village) == "" || tab.Label(village) != tab.Label("500111008203") {
			t.Errorf("%s, %s", tab.Label(village), tab.Label("500111008203"))
		}
		if _, _, has := tab.Coordinates("500111008203"); !has {
			t.Error("the points are lost")
		}
		refused(t, s.Merge(admin, "500111008", region.ChangeRequest{Code: "500111100", Reason: "x"}), "region.has_parts")
	})
}

func TestOnlyTheAdministratorOfTheAreaChangesIt(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	seeded(t, d)
	s := region.NewService(d)
	n := 0
	methods := map[string]func(ctx context.Context, v region.Code) error{
		"MakeGrid": func(ctx context.Context, v region.Code) error {
			n++
			_, err := s.MakeGrid(ctx, region.GridRequest{Village: v, Name: fmt.Sprint("格", n)})
			return err
		},
		"Rename": func(ctx context.Context, v region.Code) error {
			n++
			return s.Rename(ctx, v, region.ChangeRequest{Name: fmt.Sprint("名", n), Reason: "x"})
		},
		"Recode": func(ctx context.Context, v region.Code) error {
			n++
			g, err := s.MakeGrid(admin, region.GridRequest{Village: v, Name: fmt.Sprint("格", n)})
			ok(t, err)
			return s.Recode(ctx, g.Code, region.ChangeRequest{Code: region.Code(fmt.Sprintf("%s%03d", v, 500+n)), Reason: "x"})
		},
		"Merge": func(ctx context.Context, v region.Code) error {
			n++
			g, err := s.MakeGrid(admin, region.GridRequest{Village: v, Name: fmt.Sprint("格", n)})
			ok(t, err)
			return s.Merge(ctx, g.Code, region.ChangeRequest{Reason: "x"})
		},
		"ImportOutline": func(ctx context.Context, v region.Code) error {
			_, err := s.ImportOutline(ctx, v, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"`+string(v)+`"},"geometry":{"type":"Point","coordinates":[105.7,29.7]}}]}`))
			return err
		},
	}
	for name, call := range methods {
		for _, role := range access.Roles() {
			for _, v := range []region.Code{village, "500111100201"} {
				err := call(as(role, town), v)
				may := role == access.SystemAdmin && v == village
				if (err == nil) != may || (err != nil && !errs.Is(err, errs.KindForbidden) && !errs.Is(err, errs.KindNotFound)) {
					t.Errorf("%s by %s in %s: %v", name, role, v, err)
				}
			}
		}
	}
}

const square = `[[105.7,29.7],[105.8,29.7],[105.8,29.8],[105.7,29.8],[105.7,29.7]]`

func file(features ...string) []byte {
	return []byte(`{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`)
}

func feature(props, geometry string) string {
	return `{"type":"Feature","properties":` + props + `,"geometry":` + geometry + `}`
}

func TestTheBureausOwnOutline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		seeded(t, d)
		s := region.NewService(d)
		_, _, err := s.Outlines(admin)
		refused(t, err, "outline.none")
		data := file(
			feature(`{"XZQMC":"龙水镇"}`, `{"type":"Polygon","coordinates":[`+square+`]}`),
			feature(`{"code":500111113}`, `{"type":"MultiPolygon","coordinates":[[[[105.5,29.5],[105.6,29.5],[105.6,29.6]]]]}`),
			feature(`{"区划代码":"500111113203000"}`, `{"type":"Point","coordinates":[105.55123456,29.55]}`),
			feature(`{"name":"大足区"}`, `{"type":"Polygon","coordinates":[`+square+`]}`),
		)
		// A grid's code has no official twelve digits: it is refused, and nothing is taken.
		_, err = s.ImportOutline(admin, dazu, data)
		refused(t, err, "features[2]: geojson.unknown_area")
		data = []byte(strings.ReplaceAll(string(data), "500111113203000", "500111113203"))
		out, err := s.ImportOutline(admin, dazu, data)
		ok(t, err)
		if out != (region.OutlineResult{Outlines: 3, Points: 1}) {
			t.Errorf("%+v", out)
		}
		raw, at, err := s.Outlines(as(access.GridWorker, village))
		ok(t, err)
		var got struct {
			Features []struct {
				Properties struct{ Code, Name, Level string }
				Geometry   struct {
					Type        string
					Coordinates json.RawMessage
				}
			}
		}
		ok(t, json.Unmarshal(raw, &got))
		if at == 0 || len(got.Features) != 3 || got.Features[2].Properties.Name != "雍溪镇" || got.Features[2].Geometry.Type != "MultiPolygon" ||
			string(got.Features[2].Geometry.Coordinates) != "[[[[105.5,29.5],[105.6,29.5],[105.6,29.6],[105.5,29.5]]]]" {
			t.Errorf("%s", raw)
		}
		tab := load(t, d)
		if p, _ := tab.Point(town); p.Source != region.Outline || p.Lat < 29.5 || p.Lat > 29.6 {
			t.Errorf("%+v", p)
		}
		if p, _ := tab.Point(village); p != (region.Point{Lat: 29.55, Lon: 105.551235, Source: region.Imported}) {
			t.Errorf("%+v", p)
		}
		// A later import takes the place of this one, but not of a point that was given.
		_, err = s.ImportOutline(admin, dazu, file(feature(`{"code":"500111113203"}`, `{"type":"Polygon","coordinates":[`+square+`]}`)))
		ok(t, err)
		raw, _, err = s.Outlines(admin)
		ok(t, err)
		if strings.Count(string(raw), `"Feature"`) != 1 {
			t.Errorf("%s", raw)
		}
		if p, _ := load(t, d).Point(village); p.Source != region.Imported {
			t.Errorf("%+v", p)
		}
	})
}

func TestOutlinesThatAreRefused(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	seeded(t, d)
	s := region.NewService(d)
	poly := func(ring string) string { return `{"type":"Polygon","coordinates":[` + ring + `]}` }
	for name, c := range map[string]struct {
		data []byte
		key  string
	}{
		"no JSON":        {[]byte("PK\x03\x04"), "geojson.not_json"},
		"one feature":    {[]byte(feature(`{"code":"500111113"}`, poly(square))), "geojson.not_collection"},
		"nothing in it":  {file(), "geojson.empty"},
		"too big":        {make([]byte, region.OutlineMost+1), "geojson.too_big"},
		"too many":       {file(slices.Repeat([]string{"{}"}, 2001)...), "geojson.too_many"},
		"Mercator":       {file(feature(`{"code":"500111113"}`, poly(`[[11766000,3450000],[11767000,3450000],[11767000,3451000]]`))), "geojson.not_degrees"},
		"swapped":        {file(feature(`{"code":"500111113"}`, poly(`[[29.7,105.7],[29.7,105.8],[29.8,105.8]]`))), "geojson.swapped"},
		"elsewhere":      {file(feature(`{"code":"500111113"}`, poly(`[[10,50],[11,50],[11,51]]`))), "geojson.outside"},
		"another datum":  {[]byte(`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4547"}},"features":[{}]}`), "geojson.crs"},
		"a line":         {file(feature(`{"code":"500111113"}`, `{"type":"LineString","coordinates":[[105.7,29.7],[105.8,29.7]]}`)), "geojson.not_outline"},
		"flat":           {file(feature(`{"code":"500111113"}`, poly(`[[105.7,29.7],[105.8,29.7],[105.7,29.7]]`))), "geojson.ring_flat"},
		"no geometry":    {file(feature(`{"code":"500111113"}`, `null`)), "geojson.bad_feature"},
		"a strange one":  {file(feature(`{"code":"500111113"}`, `{"type":"Polygon","coordinates":[[["a"]]]}`)), "geojson.bad_feature"},
		"no name":        {file(feature(`{}`, poly(square))), "geojson.no_name"},
		"another city's": {file(feature(`{"code":"110101"}`, poly(square))), "geojson.unknown_area"},
		"a neighbour's":  {file(feature(`{"code":"500112"}`, poly(square))), "geojson.unknown_area"},
		"vague":          {file(feature(`{"name":"太平社区"}`, poly(square))), "geojson.unknown_area"},
		"twice":          {file(feature(`{"name":"龙水镇"}`, poly(square)), feature(`{"name":"龙水"}`, poly(square))), "features[1]: geojson.twice"},
		"infinite":       {file(feature(`{"code":"500111113"}`, poly(`[[1e400,29.7],[105.8,29.7],[105.8,29.8]]`))), "geojson."},
	} {
		_, err := s.ImportOutline(admin, dazu, c.data)
		if !errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.Outlines(admin); !errs.Is(err, errs.KindNotFound) {
		t.Error("something was taken")
	}
}

func FuzzImportOutline(f *testing.F) {
	f.Add(file(feature(`{"code":"500111113"}`, `{"type":"Polygon","coordinates":[`+square+`]}`)))
	f.Add(file(feature(`{"name":"龙水镇"}`, `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[]}]}`)))
	f.Add([]byte(`{"type":"FeatureCollection","features":[null,1,"x",{"type":"Feature","geometry":{"type":"Polygon"}}]}`))
	clk := clock.NewFake(dbtest.Start)
	d := dbtest.Open(f, db.SQLite, clk)
	if err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, dazu) }); err != nil {
		f.Fatal(err)
	}
	s := region.NewService(d)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := s.ImportOutline(admin, dazu, data); err != nil && !errs.Is(err, errs.KindInvalid) {
			t.Fatal(err)
		}
	})
}

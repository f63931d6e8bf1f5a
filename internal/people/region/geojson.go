package region

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Bounds of a file of outlines: 336 areas of a district drawn finely are some
// 5 MB.
const (
	OutlineMost  = 16 << 20 // bytes
	featuresMost = 2000
	verticesMost = 400_000
	faultsMost   = 20 // told at once
)

// shape is one area of a file: its outline, its point, or both by two features.
type shape struct {
	Code    Code
	Outline orb.Geometry // Polygon or MultiPolygon; nil for a point
	Point   orb.Point
}

// faults collects what is wrong, feature by feature: "features[3]".
type faults struct{ fields []errs.Field }

func (f *faults) bad(i int, key string) {
	if len(f.fields) < faultsMost {
		f.fields = append(f.fields, errs.Field{Name: fmt.Sprintf("features[%d]", i), Key: key})
	}
}

// The box of the land in degrees: a coordinate outside of it is not in WGS 84
// degrees, or its parts are swapped.
const (
	landWest, landEast   = 73.0, 136.0
	landSouth, landNorth = 3.0, 54.0
)

// readOutline reads a FeatureCollection whose features name areas of the
// table by code or by name. Nothing is taken from a file with a fault.
// Coordinates are WGS 84 or CGCS2000 degrees, which differ by centimetres; a
// map provider's shifted ones (GCJ-02) can't be told from them and are off by
// some hundred metres.
func readOutline(data []byte, t *Table, district Code) ([]shape, error) {
	if len(data) > OutlineMost {
		return nil, errs.Invalid("file", "geojson.too_big")
	}
	var head struct {
		Type string `json:"type"`
		CRS  struct {
			Properties struct {
				Name string `json:"name"`
			} `json:"properties"`
		} `json:"crs"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, errs.Invalid("file", "geojson.not_json")
	}
	switch {
	case head.Type != "FeatureCollection":
		return nil, errs.Invalid("file", "geojson.not_collection")
	case len(head.Features) == 0:
		return nil, errs.Invalid("file", "geojson.empty")
	case len(head.Features) > featuresMost:
		return nil, errs.Invalid("file", "geojson.too_many")
	case !degrees(head.CRS.Properties.Name):
		return nil, errs.Invalid("file", "geojson.crs")
	}
	var f faults
	var out []shape
	left := verticesMost
	outlined := map[Code]bool{}
	for i, raw := range head.Features {
		feature, err := decodeFeature(raw)
		if err != nil || feature.Geometry == nil {
			f.bad(i, "geojson.bad_feature")
			continue
		}
		code, key := areaOf(feature, t, district)
		if key != "" {
			f.bad(i, key)
			continue
		}
		sh, key := check(feature.Geometry, &left)
		if key != "" {
			f.bad(i, key)
			continue
		}
		if left < 0 {
			return nil, errs.Invalid("file", "geojson.too_many")
		}
		if sh.Outline != nil && outlined[code] {
			f.bad(i, "geojson.twice")
			continue
		}
		outlined[code] = outlined[code] || sh.Outline != nil
		sh.Code = code
		out = append(out, sh)
	}
	if len(f.fields) > 0 {
		return nil, errs.InvalidFields(f.fields)
	}
	return out, nil
}

// decodeFeature reads one feature; the decoder must not bring a request down.
func decodeFeature(raw []byte) (f *geojson.Feature, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("broken feature")
		}
	}()
	return geojson.UnmarshalFeature(raw)
}

// degrees accepts no reference system (RFC 7946: WGS 84) and the names under
// which WGS 84 and CGCS2000 in degrees are written.
func degrees(crs string) bool {
	if crs == "" {
		return true
	}
	for _, known := range []string{"CRS84", "EPSG:4326", "EPSG::4326", "EPSG:4490", "EPSG::4490"} {
		if strings.HasSuffix(strings.ToUpper(crs), known) {
			return true
		}
	}
	return false
}

var (
	codeKeys = []string{"code", "adcode", "xzqdm", "zldwdm", "区划代码", "行政区划代码", "代码", "编码"}
	nameKeys = []string{"name", "xzqmc", "zldwmc", "名称", "行政区名称", "镇街", "镇街名称"}
)

// areaOf finds the area that a feature names.
func areaOf(f *geojson.Feature, t *Table, district Code) (Code, string) {
	props := map[string]any{}
	for k, v := range f.Properties {
		props[strings.ToLower(strings.TrimSpace(k))] = v
	}
	text := func(keys []string) string {
		for _, k := range keys {
			switch v := props[k].(type) {
			case string:
				if s := strings.TrimSpace(v); s != "" {
					return s
				}
			case float64:
				return strconv.FormatFloat(v, 'f', -1, 64)
			}
		}
		return ""
	}
	if s := text(codeKeys); s != "" {
		c, ok := ParseCode(s)
		if _, lives := t.Get(c); ok && lives && district.Contains(c) {
			return c, ""
		}
		return "", "geojson.unknown_area"
	}
	name := text(nameKeys)
	if name == "" {
		return "", "geojson.no_name"
	}
	if c, ok := t.FindTownship(name, district); ok {
		return c, ""
	}
	if r, ok := t.Get(district); ok && (name == r.Name || name == r.Stem()) {
		return district, ""
	}
	if p := t.Locate(name, district, ""); p.Village() && p.Rest == "" && !p.Vague {
		return p.Code, ""
	}
	return "", "geojson.unknown_area"
}

// check judges a geometry and gives it closed, rounded to some ten
// centimetres, and with the point in its middle.
func check(g orb.Geometry, left *int) (shape, string) {
	switch g := g.(type) {
	case orb.Point:
		*left--
		return shape{Point: round(g)}, place(g)
	case orb.Polygon:
		out, key := polygon(g, left)
		if key != "" {
			return shape{}, key
		}
		return shape{Outline: out, Point: middle(out)}, ""
	case orb.MultiPolygon:
		if len(g) == 0 {
			return shape{}, "geojson.ring_flat"
		}
		out := make(orb.MultiPolygon, 0, len(g))
		for _, p := range g {
			q, key := polygon(p, left)
			if key != "" {
				return shape{}, key
			}
			out = append(out, q)
		}
		return shape{Outline: out, Point: middle(out)}, ""
	}
	return shape{}, "geojson.not_outline"
}

func middle(g orb.Geometry) orb.Point {
	c, _ := planar.CentroidArea(g)
	return round(c)
}

func polygon(p orb.Polygon, left *int) (orb.Polygon, string) {
	if len(p) == 0 {
		return nil, "geojson.ring_flat"
	}
	out := make(orb.Polygon, 0, len(p))
	for _, ring := range p {
		if *left -= len(ring); *left < 0 {
			return nil, "geojson.too_many"
		}
		r := make(orb.Ring, 0, len(ring)+1)
		for _, pt := range ring {
			if key := place(pt); key != "" {
				return nil, key
			}
			pt = round(pt)
			if len(r) == 0 || r[len(r)-1] != pt {
				r = append(r, pt)
			}
		}
		if len(r) > 0 && r[0] != r[len(r)-1] {
			r = append(r, r[0])
		}
		if len(r) < 4 || planar.Area(r) == 0 {
			return nil, "geojson.ring_flat"
		}
		out = append(out, r)
	}
	return out, ""
}

// place judges one coordinate.
func place(p orb.Point) string {
	in := func(lon, lat float64) bool {
		return lon >= landWest && lon <= landEast && lat >= landSouth && lat <= landNorth
	}
	switch {
	case in(p[0], p[1]):
		return ""
	case in(p[1], p[0]):
		return "geojson.swapped"
	case math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 || math.IsNaN(p[0]) || math.IsNaN(p[1]):
		return "geojson.not_degrees"
	}
	return "geojson.outside"
}

func round(p orb.Point) orb.Point {
	r := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	return orb.Point{r(p[0]), r(p[1])}
}

// OutlineResult tells what an import took.
type OutlineResult struct {
	Outlines int `json:"outlines"`
	Points   int `json:"points"`
}

// outlineBatch keeps a write below the 50 ms that a signal may wait.
const outlineBatch = 16

// ImportOutline takes a district's outlines and points, in place of those of
// the last import. They are staged in small changes and shown by one: nobody
// sees half a file. It is for who manages the whole district.
func (s *Service) ImportOutline(ctx context.Context, district Code, data []byte) (OutlineResult, error) {
	var out OutlineResult
	actor := access.From(ctx)
	if err := access.Check(actor, "region.manage", access.Target{Region: string(district)}); err != nil {
		return out, err
	}
	var t *Table
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		t, err = Load(ctx, r)
		return err
	}); err != nil {
		return out, err
	}
	shapes, err := readOutline(data, t, district)
	if err != nil {
		return out, err
	}
	imported := id.New()
	var outlines []shape
	for _, sh := range shapes {
		if sh.Outline != nil {
			outlines = append(outlines, sh)
		}
	}
	for i := 0; i < len(outlines); i += outlineBatch {
		batch := outlines[i:min(i+outlineBatch, len(outlines))]
		texts := make([]string, len(batch))
		for j, sh := range batch {
			raw, err := json.Marshal(geojson.NewGeometry(sh.Outline))
			if err != nil {
				return out, errs.Internal(err)
			}
			texts[j] = string(raw)
		}
		if err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			for j, sh := range batch {
				if _, err := tx.Exec(ctx, "INSERT INTO region_outline (import_id, code, geometry) VALUES (?, ?, ?)", imported, sh.Code, texts[j]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return out, err
		}
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return showOutline(ctx, tx, district, imported, shapes) })
	if err != nil {
		return out, err
	}
	return OutlineResult{len(outlines), len(shapes) - len(outlines)}, nil
}

// showOutline makes a staged import the one that is seen. A point of the file
// itself counts more than the middle of an outline, and an invented one least.
func showOutline(ctx context.Context, tx *db.Tx, district Code, imported id.ID, shapes []shape) error {
	if err := tx.Lock(ctx, "region"); err != nil {
		return err
	}
	var former string
	if err := tx.Get(ctx, db.To(&former), "SELECT outline FROM region_state WHERE id = 1"); err != nil {
		return err
	}
	if len(shapes) > 0 && hasOutline(shapes) {
		if _, err := tx.Exec(ctx, "UPDATE region_state SET outline = ?, outline_at = ? WHERE id = 1", imported, tx.Now); err != nil {
			return err
		}
		// Ids grow with time: this takes the former one and what broken imports left.
		if _, err := tx.Exec(ctx, "DELETE FROM region_outline WHERE import_id <= ?", former); err != nil {
			return err
		}
	}
	for _, pass := range []Source{Outline, Imported} {
		for _, sh := range shapes {
			if (sh.Outline != nil) != (pass == Outline) {
				continue
			}
			if _, err := tx.Exec(ctx, "UPDATE region SET lat = ?, lon = ?, point_source = ? WHERE code = ? AND (point_source <> ? OR ? = ?)",
				sh.Point[1], sh.Point[0], pass, sh.Code, Imported, pass, Imported); err != nil {
				return err
			}
		}
	}
	if err := touch(ctx, tx); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "region.manage", SubjectKind: "region", Subject: id.ID(district), Fields: []string{"outline"}, Region: string(district)})
}

func hasOutline(shapes []shape) bool {
	for _, sh := range shapes {
		if sh.Outline != nil {
			return true
		}
	}
	return false
}

type outlineRow struct {
	Code     Code   `bun:"code"`
	Geometry string `bun:"geometry"`
}

// Outlines gives the imported outlines as a FeatureCollection with code, name
// and level, and the instant of the import for caches. NotFound "outline.none"
// before the first import: the page draws its own schematic map then.
func (s *Service) Outlines(ctx context.Context) ([]byte, clock.Millis, error) {
	if err := access.May(access.From(ctx), "region.read"); err != nil {
		return nil, 0, err
	}
	var rows []outlineRow
	var at clock.Millis
	var t *Table
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var imported string
		err := r.Get(ctx, db.To(&imported, &at), "SELECT outline, outline_at FROM region_state WHERE id = 1")
		if err != nil {
			return err
		}
		if imported == "" {
			return errs.NotFound("outline.none")
		}
		if t, err = s.areas.Table(ctx, r); err != nil {
			return err
		}
		return r.List(ctx, &rows, "SELECT code, geometry FROM region_outline WHERE import_id = ? ORDER BY code", imported)
	})
	if err != nil {
		return nil, 0, err
	}
	type properties struct {
		Code  Code   `json:"code"`
		Name  string `json:"name"`
		Level string `json:"level"`
	}
	type feature struct {
		Type       string          `json:"type"`
		Properties properties      `json:"properties"`
		Geometry   json.RawMessage `json:"geometry"`
	}
	features := make([]feature, 0, len(rows))
	for _, row := range rows {
		features = append(features, feature{"Feature", properties{row.Code, t.nameEver(row.Code), row.Code.Level().String()}, json.RawMessage(row.Geometry)})
	}
	raw, err := json.Marshal(struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{"FeatureCollection", features})
	if err != nil {
		return nil, 0, errs.Internal(err)
	}
	return raw, at, nil
}

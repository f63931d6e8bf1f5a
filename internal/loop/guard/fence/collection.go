package fence

import (
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
)

// Named is one outline of a file, or what is wrong with it.
type Named struct {
	Name    string
	Outline Outline
	Err     error // Invalid
}

// mostNamed bounds what one file brings.
const mostNamed = 500

// ReadCollection reads the polygons of a GeoJSON text: a FeatureCollection, a
// Feature or a bare geometry, in a coordinate system; several polygons of one
// feature become several outlines. What can't be a fence stands in the list
// with its fault. Errors: Invalid.
func ReadCollection(text []byte, system geo.System) ([]Named, error) {
	var features []*geojson.Feature
	if fc, err := geojson.UnmarshalFeatureCollection(text); err == nil {
		features = fc.Features
	} else if f, err := geojson.UnmarshalFeature(text); err == nil {
		features = []*geojson.Feature{f}
	} else if g, err := geojson.UnmarshalGeometry(text); err == nil {
		features = []*geojson.Feature{geojson.NewFeature(g.Geometry())}
	} else {
		return nil, errs.Invalid("text", "fence.geojson_form")
	}
	var out []Named
	for _, f := range features {
		var parts orb.MultiPolygon
		switch g := f.Geometry.(type) {
		case orb.Polygon:
			parts = orb.MultiPolygon{g}
		case orb.MultiPolygon:
			parts = g
		default:
			out = append(out, Named{Name: nameOf(f), Err: errs.Invalid("outline", "fence.geojson_form")})
			continue
		}
		for _, p := range parts {
			n := Named{Name: nameOf(f)}
			if len(p) == 0 {
				n.Err = errs.Invalid("outline", "fence.geojson_form")
			} else {
				n.Outline = Outline{Polygon: toWGS(p, system)}
				n.Err = n.Outline.Check()
			}
			out = append(out, n)
		}
	}
	if len(out) == 0 || len(out) > mostNamed {
		return nil, errs.Invalid("text", "fence.geojson_count")
	}
	return out, nil
}

// nameOf gives what the file calls a feature, by the properties that map
// programs use.
func nameOf(f *geojson.Feature) string {
	for _, key := range []string{"name", "NAME", "Name", "名称", "title"} {
		if s, ok := f.Properties[key].(string); ok && strings.TrimSpace(s) != "" {
			r := []rune(strings.TrimSpace(s))
			return string(r[:min(len(r), 40)])
		}
	}
	return ""
}

func toWGS(p orb.Polygon, system geo.System) orb.Polygon {
	out := make(orb.Polygon, len(p))
	for i, ring := range p {
		out[i] = make(orb.Ring, len(ring))
		for k, v := range ring {
			q := geo.To(geo.Point{Lat: v[1], Lon: v[0]}, system, geo.WGS84)
			out[i][k] = orb.Point{q.Lon, q.Lat}
		}
	}
	return out
}

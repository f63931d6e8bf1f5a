package region

import (
	"math"
	"strings"
)

// Source says where a point comes from.
type Source string

// The sources. What is invented is for demonstrations only, and marked so
// wherever it is shown.
const (
	Invented Source = "invented"
	Imported Source = "imported" // a point of the bureau's own file
	Outline  Source = "outline"  // the middle of an imported outline
)

// Point is where an area is, WGS 84 degrees.
type Point struct {
	Lat, Lon float64
	Source   Source
}

// grave is what is left of a code that died.
type grave struct {
	name      string
	successor Code
}

// Coordinates gives the point of the area, or of the nearest area above it
// that has one; ok is false if none has, or only the district and what is
// above: the middle of a whole district says nothing.
func (t *Table) Coordinates(c Code) (lat, lon float64, ok bool) {
	p, ok := t.Point(c)
	return p.Lat, p.Lon, ok
}

// Point is Coordinates with the source.
func (t *Table) Point(c Code) (Point, bool) {
	for a := c; a.Level() >= LevelTownship; a = a.Parent() {
		if p, ok := t.points[a]; ok {
			return p, true
		}
	}
	return Point{}, false
}

// own gives the point of the area itself.
func (t *Table) own(c Code) (Point, bool) {
	p, ok := t.points[c]
	return p, ok
}

// Path gives the areas from the district down to c, c included; above the
// district c alone.
func (t *Table) Path(c Code) []Region {
	var out []Region
	for l := LevelDistrict; l <= LevelGrid; l++ {
		if r, ok := t.Get(c.At(l)); ok {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		if r, ok := t.Get(c); ok {
			out = append(out, r)
		}
	}
	return out
}

// Label names an area for a reader, whether it lives or died: 邮亭镇友谊村, or
// 友谊村 if only the last part is known. Records keep the code they were
// written under.
func (t *Table) Label(c Code) string {
	var b strings.Builder
	for l := LevelTownship; l <= LevelGrid; l++ {
		if a := c.At(l); a != "" {
			b.WriteString(t.nameEver(a))
		}
	}
	if b.Len() > 0 {
		return b.String()
	}
	return t.nameEver(c)
}

func (t *Table) nameEver(c Code) string {
	if n := t.Name(c); n != "" {
		return n
	}
	return t.dead[c].name
}

// Now follows a code that died to the one in its place today. A living code
// is its own; not ok if nothing took its place.
func (t *Table) Now(c Code) (Code, bool) {
	for range 16 { // a code died more often than codes are changed
		if _, lives := t.Get(c); lives {
			return c, true
		}
		d, died := t.dead[c]
		if !died || d.successor == "" {
			return "", false
		}
		c = d.successor
	}
	return "", false
}

// nearestMost is how far, in metres, a village may be from a point that is
// told to lie in it. Villages of the hills are three kilometres apart; beyond
// twice that, only the township is told, and beyond townshipMost nothing.
const (
	nearestMost  = 6_000
	townshipMost = 25_000
)

// At gives the village within the district whose own point is nearest to a
// place, the township if no village is near enough, "" if nothing is or no
// points are known. It is a guess by middles, not a survey: good for whom to
// ask first, never for a boundary.
func (t *Table) At(lat, lon float64, district Code) Code {
	for _, l := range []struct {
		level Level
		most  float64
	}{{LevelVillage, nearestMost}, {LevelTownship, townshipMost}} {
		best, far := Code(""), l.most
		for _, a := range t.Within(district, l.level) {
			if p, ok := t.own(a.Code); ok {
				if d := Distance(lat, lon, p.Lat, p.Lon); d < far {
					best, far = a.Code, d
				}
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

// earth is the mean radius in metres (IUGG).
const earth = 6371008.8

// Distance gives the metres between two points along the great circle.
func Distance(lat1, lon1, lat2, lon2 float64) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	dLat, dLon := rad(lat2-lat1), rad(lon2-lon1)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(rad(lat1))*math.Cos(rad(lat2))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earth * math.Asin(math.Sqrt(min(h, 1)))
}

package fence

import (
	"encoding/json"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
)

// Outline is a fence as it was drawn: a circle, or a polygon's rings.
type Outline struct {
	Circle  *Circle     `json:"circle,omitempty"`
	Polygon orb.Polygon `json:"polygon,omitempty"` // [lon, lat] degrees, the outer ring first, holes after it
}

// Circle is a middle and a radius.
type Circle struct {
	geo.Point
	RadiusM float64 `json:"radius_m"`
}

// Bounds of what can be drawn. Below 50 m a fence is smaller than the errors
// of the fixes that are held against it.
const (
	radiusLeast  = 50
	radiusMost   = 20_000
	verticesMost = 1000
	acrossMost   = 60_000 // metres
)

// Check gives what is wrong with the outline: Invalid.
func (o Outline) Check() error {
	switch {
	case o.Circle != nil && len(o.Polygon) > 0, o.Circle == nil && len(o.Polygon) == 0:
		return errs.Invalid("outline", "fence.outline_form")
	case o.Circle != nil:
		c := *o.Circle
		if !c.Valid() || c.Zero() || math.IsNaN(c.Lat+c.Lon) {
			return errs.Invalid("outline", "fence.place_wrong")
		}
		if !(c.RadiusM >= radiusLeast && c.RadiusM <= radiusMost) {
			return errs.Invalid("radius_m", "fence.radius_wrong")
		}
		return nil
	}
	n := 0
	for _, ring := range o.Polygon {
		if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
			return errs.Invalid("outline", "fence.ring_open")
		}
		for _, p := range ring {
			if q := (geo.Point{Lat: p[1], Lon: p[0]}); !q.Valid() || math.IsNaN(p[0]+p[1]) {
				return errs.Invalid("outline", "fence.place_wrong")
			}
		}
		n += len(ring)
	}
	if n > verticesMost {
		return errs.Invalid("outline", "fence.too_fine")
	}
	if crossesItself(o.Polygon[0]) {
		return errs.Invalid("outline", "fence.crosses_itself")
	}
	s := o.Compile()
	if s.area() < 2500 {
		return errs.Invalid("outline", "fence.too_small")
	}
	if w, h := geo.Plane(geo.Point{Lat: s.box.Min[1], Lon: s.box.Min[0]}, geo.Point{Lat: s.box.Max[1], Lon: s.box.Max[0]}); math.Abs(w) > acrossMost || math.Abs(h) > acrossMost {
		return errs.Invalid("outline", "fence.too_large")
	}
	return nil
}

// ReadGeoJSON reads a Polygon or the outer form of a Feature with one.
func ReadGeoJSON(text []byte) (Outline, error) {
	var g orb.Geometry
	if f, err := geojson.UnmarshalFeature(text); err == nil {
		g = f.Geometry
	} else if x, err := geojson.UnmarshalGeometry(text); err == nil {
		g = x.Geometry()
	}
	p, ok := g.(orb.Polygon)
	if !ok {
		return Outline{}, errs.Invalid("outline", "fence.geojson_form")
	}
	o := Outline{Polygon: p}
	return o, o.Check()
}

// GeoJSON gives the outline as a Feature; a circle becomes a ring of 64 points.
func (o Outline) GeoJSON() ([]byte, error) {
	p := o.Polygon
	if o.Circle != nil {
		ring := make(orb.Ring, 0, 65)
		s := o.Compile()
		for i := range 65 {
			a := 2 * math.Pi * float64(i%64) / 64
			ring = append(ring, s.back(o.Circle.RadiusM*math.Cos(a), o.Circle.RadiusM*math.Sin(a)))
		}
		p = orb.Polygon{ring}
	}
	return json.Marshal(geojson.NewFeature(p))
}

// Shape is an outline ready for measuring: rings in metres around a middle.
type Shape struct {
	middle  geo.Point
	cos     float64 // of the middle's latitude
	radius  float64 // a circle; 0 = rings
	rings   [][][2]float64
	box     orb.Bound // degrees
	perLat  float64
	inCirc  float64 // radius of a circle that holds it, metres
	nominal float64 // the radius that margins are a share of
}

const perDegree = 6371008.8 * math.Pi / 180

// Compile makes the shape of an outline that Check passed.
func (o Outline) Compile() *Shape {
	s := &Shape{perLat: perDegree}
	if o.Circle != nil {
		s.at(o.Circle.Point)
		s.radius, s.inCirc, s.nominal = o.Circle.RadiusM, o.Circle.RadiusM, o.Circle.RadiusM
		lo, hi := s.back(-s.radius, -s.radius), s.back(s.radius, s.radius)
		s.box = orb.Bound{Min: lo, Max: hi}
		return s
	}
	s.box = o.Polygon.Bound()
	c := s.box.Center()
	s.at(geo.Point{Lat: c[1], Lon: c[0]})
	for _, ring := range o.Polygon {
		out := make([][2]float64, len(ring))
		for i, p := range ring {
			x, y := s.plane(geo.Point{Lat: p[1], Lon: p[0]})
			out[i] = [2]float64{x, y}
			s.inCirc = max(s.inCirc, math.Hypot(x, y))
		}
		s.rings = append(s.rings, out)
	}
	s.nominal = math.Sqrt(s.area() / math.Pi)
	return s
}

func (s *Shape) at(p geo.Point) { s.middle, s.cos = p, math.Cos(p.Lat*math.Pi/180) }

func (s *Shape) plane(p geo.Point) (east, north float64) {
	return (p.Lon - s.middle.Lon) * s.perLat * s.cos, (p.Lat - s.middle.Lat) * s.perLat
}

func (s *Shape) back(east, north float64) orb.Point {
	return orb.Point{s.middle.Lon + east/(s.perLat*s.cos), s.middle.Lat + north/s.perLat}
}

func (s *Shape) area() float64 {
	sum := 0.0
	for i, ring := range s.rings {
		a := 0.0
		for j := 1; j < len(ring); j++ {
			a += ring[j-1][0]*ring[j][1] - ring[j][0]*ring[j-1][1]
		}
		if a = math.Abs(a) / 2; i > 0 {
			a = -a
		}
		sum += a
	}
	return sum
}

// Middle is the point that the shape is drawn around.
func (s *Shape) Middle() geo.Point { return s.middle }

// Box is the box around it in degrees.
func (s *Shape) Box() orb.Bound { return s.box }

// Radius is the circle's radius, or that of the circle of a polygon's area.
func (s *Shape) Radius() float64 { return s.nominal }

// Distance gives metres from the edge: negative inside, positive outside.
func (s *Shape) Distance(p geo.Point) float64 {
	x, y := s.plane(p)
	if s.radius > 0 {
		return math.Hypot(x, y) - s.radius
	}
	// Far away the circle around it is close enough: nothing is decided there.
	if far := math.Hypot(x, y) - s.inCirc; far > 5000 {
		return far
	}
	inside, best := false, math.Inf(1)
	for _, ring := range s.rings {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if (a[1] > y) != (b[1] > y) && x < (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0] {
				inside = !inside
			}
			best = min(best, toSegment(x, y, a, b))
		}
	}
	if d := math.Sqrt(best); !inside {
		return d
	} else {
		return -d
	}
}

// toSegment gives the squared distance of a point from a line between a and b.
func toSegment(x, y float64, a, b [2]float64) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(1, max(0, ((x-a[0])*dx+(y-a[1])*dy)/l))
	}
	ex, ey := x-a[0]-t*dx, y-a[1]-t*dy
	return ex*ex + ey*ey
}

// Crossed tells whether the straight way from a to b went deeper than the
// margin into the shape, though neither end need lie in it.
func (s *Shape) Crossed(a, b geo.Point, marginM float64) bool {
	ax, ay := s.plane(a)
	bx, by := s.plane(b)
	if s.radius > 0 {
		return toSegment(0, 0, [2]float64{ax, ay}, [2]float64{bx, by}) < sq(max(0, s.radius-marginM))
	}
	// Steps of half a margin along the way: a polygon may be a thin river.
	long := math.Hypot(bx-ax, by-ay)
	n := int(math.Ceil(long / max(2.5, marginM/2)))
	for i := 0; i <= n; i++ {
		t := float64(i) / float64(max(1, n))
		q := s.back(ax+(bx-ax)*t, ay+(by-ay)*t)
		if s.Distance(geo.Point{Lat: q[1], Lon: q[0]}) < -marginM {
			return true
		}
	}
	return false
}

func sq(v float64) float64 { return v * v }

// crossesItself tells whether two sides of a ring cut one another.
func crossesItself(ring orb.Ring) bool {
	n := len(ring) - 1
	for i := 0; i < n; i++ {
		for j := i + 2; j < n; j++ {
			if i == 0 && j == n-1 {
				continue
			}
			if cut(ring[i], ring[i+1], ring[j], ring[j+1]) {
				return true
			}
		}
	}
	return false
}

func cut(a, b, c, d orb.Point) bool {
	side := func(p, q, r orb.Point) float64 { return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0]) }
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

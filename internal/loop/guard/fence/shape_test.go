package fence

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
)

var home = geo.Point{Lat: 29.7, Lon: 105.72}

func square(mid geo.Point, half float64) orb.Polygon {
	s := &Shape{perLat: perDegree}
	s.at(mid)
	return orb.Polygon{{s.back(-half, -half), s.back(half, -half), s.back(half, half), s.back(-half, half), s.back(-half, -half)}}
}

func moved(p geo.Point, east, north float64) geo.Point {
	s := &Shape{perLat: perDegree}
	s.at(p)
	q := s.back(east, north)
	return geo.Point{Lat: q[1], Lon: q[0]}
}

func TestDistance(t *testing.T) {
	circle := Outline{Circle: &Circle{home, 300}}.Compile()
	box := Outline{Polygon: square(home, 300)}.Compile()
	hole := Outline{Polygon: orb.Polygon{square(home, 300)[0], square(home, 100)[0]}}.Compile()
	tests := []struct {
		name        string
		s           *Shape
		east, north float64
		want        float64
	}{
		{"middle of a circle", circle, 0, 0, -300},
		{"outside of a circle", circle, 400, 0, 100},
		{"on the edge", circle, 0, 300, 0},
		{"middle of a square", box, 0, 0, -300},
		{"near a side, inside", box, 250, 0, -50},
		{"near a side, outside", box, 350, 20, 50},
		{"off a corner", box, 330, 340, 50},
		{"in a hole", hole, 0, 0, 100},
		{"between hole and edge", hole, 200, 0, -100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.s.Distance(moved(home, tt.east, tt.north)); math.Abs(got-tt.want) > 0.05 {
				t.Errorf("%.3f m, want %.0f", got, tt.want)
			}
		})
	}
}

// Held against orb: inside or outside by its ray casting, the distance from a
// circle's middle by its great circle.
func TestDistanceAgreesWithOrb(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mid := geo.Point{Lat: rapid.Float64Range(20, 45).Draw(t, "lat"), Lon: rapid.Float64Range(80, 125).Draw(t, "lon")}
		n := rapid.IntRange(3, 12).Draw(t, "corners")
		s := &Shape{perLat: perDegree}
		s.at(mid)
		ring := orb.Ring{}
		for i := range n { // a star around the middle never crosses itself
			r := rapid.Float64Range(100, 3000).Draw(t, "r")
			a := 2 * math.Pi * float64(i) / float64(n)
			ring = append(ring, s.back(r*math.Cos(a), r*math.Sin(a)))
		}
		ring = append(ring, ring[0])
		o := Outline{Polygon: orb.Polygon{ring}}
		p := moved(mid, rapid.Float64Range(-4000, 4000).Draw(t, "east"), rapid.Float64Range(-4000, 4000).Draw(t, "north"))
		d := o.Compile().Distance(p)
		if in := planar.PolygonContains(o.Polygon, orb.Point{p.Lon, p.Lat}); in != (d < 0) && math.Abs(d) > 0.5 {
			t.Fatalf("orb says inside: %v, distance %.2f", in, d)
		}
		c := Outline{Circle: &Circle{mid, 500}}.Compile()
		want := orbgeo.DistanceHaversine(orb.Point{mid.Lon, mid.Lat}, orb.Point{p.Lon, p.Lat}) - 500
		if got := c.Distance(p); math.Abs(got-want) > 10 {
			t.Fatalf("circle: %.2f, by the great circle %.2f", got, want)
		}
	})
}

func TestCrossed(t *testing.T) {
	river := Outline{Polygon: orb.Polygon{{ // forty metres wide, two kilometres long
		orb.Point{moved(home, -1000, -20).Lon, moved(home, 0, -20).Lat}, orb.Point{moved(home, 1000, -20).Lon, moved(home, 0, -20).Lat},
		orb.Point{moved(home, 1000, 20).Lon, moved(home, 0, 20).Lat}, orb.Point{moved(home, -1000, 20).Lon, moved(home, 0, 20).Lat},
		orb.Point{moved(home, -1000, -20).Lon, moved(home, 0, -20).Lat}}}}.Compile()
	if !river.Crossed(moved(home, 10, -150), moved(home, -10, 180), 10) {
		t.Error("a way across the river was not seen")
	}
	if river.Crossed(moved(home, 10, -150), moved(home, 400, -150), 10) {
		t.Error("a way along the bank crosses nothing")
	}
	pond := Outline{Circle: &Circle{home, 80}}.Compile()
	if !pond.Crossed(moved(home, -200, 10), moved(home, 200, 10), 10) || pond.Crossed(moved(home, -200, 75), moved(home, 200, 75), 10) {
		t.Error("a pond is crossed through its middle, not along its edge")
	}
}

func TestCheckRefuses(t *testing.T) {
	bow := orb.Polygon{{{105.7, 29.7}, {105.71, 29.71}, {105.71, 29.7}, {105.7, 29.71}, {105.7, 29.7}}}
	tests := []struct {
		name string
		o    Outline
		key  string
	}{
		{"nothing", Outline{}, "fence.outline_form"},
		{"both", Outline{Circle: &Circle{home, 100}, Polygon: square(home, 100)}, "fence.outline_form"},
		{"0, 0", Outline{Circle: &Circle{geo.Point{}, 100}}, "fence.place_wrong"},
		{"smaller than any fix is exact", Outline{Circle: &Circle{home, 20}}, "fence.radius_wrong"},
		{"no number", Outline{Circle: &Circle{home, math.NaN()}}, "fence.radius_wrong"},
		{"open ring", Outline{Polygon: orb.Polygon{{{105.7, 29.7}, {105.71, 29.71}, {105.71, 29.7}}}}, "fence.ring_open"},
		{"crosses itself", Outline{Polygon: bow}, "fence.crosses_itself"},
		{"a yard", Outline{Polygon: square(home, 10)}, "fence.too_small"},
		{"a province", Outline{Polygon: square(home, 50_000)}, "fence.too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.o.Check()
			var e *errs.Error
			if !errs.Is(err, errs.KindInvalid) {
				t.Fatalf("%v", err)
			}
			if e = err.(*errs.Error); e.Fields[0].Key != tt.key {
				t.Errorf("%s, want %s", e.Fields[0].Key, tt.key)
			}
		})
	}
	if err := (Outline{Polygon: square(home, 200)}).Check(); err != nil {
		t.Error(err)
	}
}

func TestGeoJSONBothWays(t *testing.T) {
	o := Outline{Polygon: square(home, 200)}
	text, err := o.GeoJSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadGeoJSON(text)
	if err != nil || !orb.Equal(back.Polygon, o.Polygon) {
		t.Errorf("%v %v", back, err)
	}
	text, err = Outline{Circle: &Circle{home, 300}}.GeoJSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err = ReadGeoJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := back.Compile().Distance(moved(home, 300, 0)); math.Abs(d) > 2 {
		t.Errorf("the circle's ring is %.1f m off", d)
	}
	for _, bad := range []string{"", "{}", `{"type":"Point","coordinates":[1,2]}`, `{"type":"Polygon","coordinates":[]}`, `null`} {
		if _, err := ReadGeoJSON([]byte(bad)); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadGeoJSON(f *testing.F) {
	good, _ := Outline{Polygon: square(home, 200)}.GeoJSON()
	f.Add(good)
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := ReadGeoJSON(text)
		if err != nil {
			return
		}
		if d := o.Compile().Distance(o.Compile().Middle()); math.IsNaN(d) {
			t.Error("no distance")
		}
		if _, err := json.Marshal(o); err != nil {
			t.Error(err)
		}
	})
}

// An index never misses what a look at every box finds.
func TestIndexFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index[int]
		var boxes []orb.Bound
		for i := range rapid.IntRange(1, 30).Draw(t, "n") {
			mid := moved(home, rapid.Float64Range(-20_000, 20_000).Draw(t, "e"), rapid.Float64Range(-20_000, 20_000).Draw(t, "n"))
			s := Outline{Circle: &Circle{mid, rapid.Float64Range(50, 4000).Draw(t, "r")}}.Compile()
			x.Put(s.Box(), 0, i)
			boxes = append(boxes, s.Box())
		}
		p := moved(home, rapid.Float64Range(-20_000, 20_000).Draw(t, "pe"), rapid.Float64Range(-20_000, 20_000).Draw(t, "pn"))
		found := map[int]bool{}
		for _, i := range x.At(p) {
			found[i] = true
		}
		along := map[int]bool{}
		x.Along(p, moved(p, 100, 100), func(i int) { along[i] = true })
		for i, b := range boxes {
			if b.Contains(orb.Point{p.Lon, p.Lat}) && (!found[i] || !along[i]) {
				t.Fatalf("box %d holds the place and was not found", i)
			}
		}
	})
}

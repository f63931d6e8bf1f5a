package geo

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The vectors are those that the public formula's implementations agree on.
func TestKnownVectors(t *testing.T) {
	in := Point{39.915, 116.404}
	for _, v := range []struct {
		from, to System
		want     Point
		within   float64 // degrees
	}{
		{WGS84, GCJ02, Point{39.91640428150164, 116.41024449916938}, 1e-12},
		{GCJ02, BD09, Point{39.92133699351021, 116.41036949371029}, 1e-12},
		{BD09, GCJ02, Point{39.90865673957631, 116.39762729119315}, 1e-5}, // theirs is not mended
		{GCJ02, WGS84, Point{39.91359571849836, 116.39775550083061}, 2e-5},
		{WGS84, WGS84, in, 0},
	} {
		got := To(in, v.from, v.to)
		if math.Abs(got.Lat-v.want.Lat) > v.within || math.Abs(got.Lon-v.want.Lon) > v.within {
			t.Errorf("%s to %s: %v, want %v", v.from, v.to, got, v.want)
		}
	}
}

func TestOffsetsAreThoseMeasured(t *testing.T) {
	for name, v := range map[string]struct {
		at   Point
		want float64 // metres
	}{"Dazu's neighbourhood": {Point{28.8, 106.9}, 532}, "Shenzhen": {Point{22.54, 114.06}, 604}, "Chengdu": {Point{30.66, 104.06}, 359}} {
		if got := Metres(v.at, To(v.at, WGS84, GCJ02)); math.Abs(got-v.want) > 6 {
			t.Errorf("%s: %.0f m, want %.0f", name, got, v.want)
		}
	}
	if sea := (Point{35.68, 139.69}); To(sea, WGS84, BD09) != sea {
		t.Error("Tokyo is moved")
	}
}

func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Point{rapid.Float64Range(18, 53).Draw(t, "lat"), rapid.Float64Range(74, 134).Draw(t, "lon")}
		for _, s := range []System{GCJ02, BD09} {
			back := To(To(p, WGS84, s), s, WGS84)
			if math.Abs(back.Lat-p.Lat) > 1e-9 || math.Abs(back.Lon-p.Lon) > 1e-9 {
				t.Fatalf("%s: %v came back as %v", s, p, back)
			}
		}
	})
}

func TestMetresAndPlaneAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Point{rapid.Float64Range(20, 45).Draw(t, "lat"), rapid.Float64Range(80, 130).Draw(t, "lon")}
		b := Point{a.Lat + rapid.Float64Range(-0.05, 0.05).Draw(t, "dlat"), a.Lon + rapid.Float64Range(-0.05, 0.05).Draw(t, "dlon")}
		x, y := Plane(a, b)
		if d := Metres(a, b); math.Abs(math.Hypot(x, y)-d) > d/1000+0.01 {
			t.Fatalf("%v %v: %.2f and %.2f m", a, b, d, math.Hypot(x, y))
		}
	})
	if d := Metres(Point{29, 106}, Point{30, 106}); math.Abs(d-111195) > 5 {
		t.Errorf("a degree of latitude is %.0f m", d)
	}
}

package fence

import (
	"math"

	"github.com/paulmach/orb"

	"zugou/internal/kernel/geo"
)

// Index finds the shapes whose boxes lie near a place: cells of a hundredth of
// a degree, some kilometre wide, so that a look is one step of a map however
// many rivers a province has.
type Index[T any] struct {
	cells map[[2]int32][]entry[T]
}

type entry[T any] struct {
	box  orb.Bound
	what T
}

const cell = 0.01

func cellOf(lon, lat float64) [2]int32 {
	return [2]int32{int32(math.Floor(lon / cell)), int32(math.Floor(lat / cell))}
}

// Put adds a shape's box, grown by a margin in metres.
func (x *Index[T]) Put(box orb.Bound, marginM float64, what T) {
	if x.cells == nil {
		x.cells = map[[2]int32][]entry[T]{}
	}
	dLat := marginM / perDegree
	dLon := dLat / max(0.01, math.Cos(box.Center()[1]*math.Pi/180))
	box = orb.Bound{Min: orb.Point{box.Min[0] - dLon, box.Min[1] - dLat}, Max: orb.Point{box.Max[0] + dLon, box.Max[1] + dLat}}
	lo, hi := cellOf(box.Min[0], box.Min[1]), cellOf(box.Max[0], box.Max[1])
	for i := lo[0]; i <= hi[0]; i++ {
		for j := lo[1]; j <= hi[1]; j++ {
			x.cells[[2]int32{i, j}] = append(x.cells[[2]int32{i, j}], entry[T]{box, what})
		}
	}
}

// At gives what lies near the place.
func (x *Index[T]) At(p geo.Point) []T {
	var out []T
	for _, e := range x.cells[cellOf(p.Lon, p.Lat)] {
		if e.box.Contains(orb.Point{p.Lon, p.Lat}) {
			out = append(out, e.what)
		}
	}
	return out
}

// Along calls fn with what lies near the straight way, each once or more.
func (x *Index[T]) Along(a, b geo.Point, fn func(T)) {
	way := orb.MultiPoint{{a.Lon, a.Lat}, {b.Lon, b.Lat}}.Bound()
	lo, hi := cellOf(way.Min[0], way.Min[1]), cellOf(way.Max[0], way.Max[1])
	for i := lo[0]; i <= hi[0]; i++ {
		for j := lo[1]; j <= hi[1]; j++ {
			for _, e := range x.cells[[2]int32{i, j}] {
				if e.box.Intersects(way) {
					fn(e.what)
				}
			}
		}
	}
}

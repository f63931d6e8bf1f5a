package duty

import (
	"cmp"
	"context"
	"slices"

	"zugou/internal/kernel/db"
	"zugou/internal/people/region"
)

// Map names the areas and says where they lie. region.Table is one.
type Map interface {
	Name(region.Code) string
	Within(region.Code, region.Level) []region.Region
	Coordinates(region.Code) (lat, lon float64, ok bool)
}

// Areas gives the map as it stands; whoever supplies it may keep it in memory.
type Areas func(ctx context.Context, r db.Reader) (Map, error)

// Point is a place on the earth, WGS 84 degrees.
type Point struct{ Lat, Lon float64 }

// Distances measures ways. Airline is the built-in one; a district with steep
// valleys may bring road distances.
type Distances interface {
	// Place gives the point that stands for an area.
	Place(m Map, code string) (Point, bool)
	// Metres gives the length of the way.
	Metres(from, to Point) float64
}

// Airline measures straight lines between the points of areas; an area
// without a point of its own lies where the area around it lies, up to the
// township.
type Airline struct{}

// Place implements Distances.
func (Airline) Place(m Map, code string) (Point, bool) {
	for c := region.Code(code); c.Level() >= region.LevelTownship; c = c.Parent() {
		if lat, lon, ok := m.Coordinates(c); ok {
			return Point{lat, lon}, true
		}
	}
	return Point{}, false
}

// Metres implements Distances.
func (Airline) Metres(from, to Point) float64 {
	return region.Distance(from.Lat, from.Lon, to.Lat, to.Lon)
}

// chain gives the codes from the area up to the city, the nearest first.
func chain(code string) []string {
	var out []string
	for c := region.Code(code); c.Level() != region.LevelNone; c = c.Parent() {
		out = append(out, string(c))
	}
	return out
}

// neighboursMost is how many areas of each level count as sideways. In the
// countryside that is the ring around a village and half of the next.
const neighboursMost = 10

// near is an area beside the chain.
type near struct {
	code   string
	metres float64 // -1 unknown
}

// neighbours gives the areas of the level around the chain's, the nearest
// first: by the way if points are known, else siblings only.
func neighbours(m Map, dist Distances, code string, l region.Level, from Point, known bool) []near {
	own := string(region.Code(code).At(l))
	district := region.Code(code).At(region.LevelDistrict)
	if district == "" {
		return nil
	}
	parent := string(region.Code(code).At(l - 1)) // "" if the place is not known that deep
	var out []near
	for _, a := range m.Within(district, l) {
		c := string(a.Code)
		if c == own {
			continue
		}
		n := near{c, -1}
		if p, ok := dist.Place(m, c); ok && known {
			n.metres = dist.Metres(from, p)
		} else if string(a.Code.Parent()) != parent {
			continue
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b near) int {
		if (a.metres < 0) != (b.metres < 0) {
			return cmp.Compare(b.metres, a.metres) // unknown last
		}
		if a.metres != b.metres {
			return cmp.Compare(a.metres, b.metres)
		}
		return cmp.Compare(shared(b.code, code), shared(a.code, code))
	})
	return out[:min(len(out), neighboursMost)]
}

// shared counts the digits that two codes have in common.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

package paper

import (
	"cmp"
	"math"
	"slices"

	"zugou/internal/loop/drawing/sheet"
)

// Point is a place in a photo, pixels from its top left.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// mapping takes a place on the sheet (mm) to one in the stored pixels.
type mapping [9]float64

// at maps one place.
func (m mapping) at(x, y float64) Point {
	d := m[6]*x + m[7]*y + m[8]
	return Point{(m[0]*x + m[1]*y + m[2]) / d, (m[3]*x + m[4]*y + m[5]) / d}
}

// scaleAt gives the pixels of one mm² at a place of the sheet.
func (m mapping) scaleAt(x, y float64) float64 {
	d := m[6]*x + m[7]*y + m[8]
	p := m.at(x, y)
	a, b := (m[0]-p.X*m[6])/d, (m[1]-p.X*m[7])/d
	c, e := (m[3]-p.Y*m[6])/d, (m[4]-p.Y*m[7])/d
	return math.Abs(a*e - b*c)
}

// mappingOf solves the eight equations of four pairs of points. ok is false if
// three of them lie on a line.
func mappingOf(on [4]sheet.Point, in [4]Point) (m mapping, ok bool) {
	var a [8][9]float64
	for i := range 4 {
		x, y, u, v := on[i].X, on[i].Y, in[i].X, in[i].Y
		a[2*i] = [9]float64{x, y, 1, 0, 0, 0, -u * x, -u * y, u}
		a[2*i+1] = [9]float64{0, 0, 0, x, y, 1, -v * x, -v * y, v}
	}
	for c := range 8 {
		best := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[best][c]) {
				best = r
			}
		}
		if math.Abs(a[best][c]) < 1e-9 {
			return m, false
		}
		a[c], a[best] = a[best], a[c]
		for r := range 8 {
			if r == c {
				continue
			}
			f := a[r][c] / a[c][c]
			for k := c; k < 9; k++ {
				a[r][k] -= f * a[c][k]
			}
		}
	}
	for i := range 8 {
		m[i] = a[i][8] / a[i][i]
	}
	m[8] = 1
	for _, v := range m {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return m, false
		}
	}
	return m, true
}

// quad is a choice of four marks.
type quad struct {
	corners [4]Point // top left, top right, bottom right, bottom left; in detection pixels
	fit     float64  // 0 is perfect
	area    float64
	sure    bool // the hollow mark is among them: which way up is known
}

// cross is twice the area of the triangle, positive if clockwise (y down).
func cross(a, b, c Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

func (q quad) convex() bool {
	for i := range 4 {
		if cross(q.corners[i], q.corners[(i+1)%4], q.corners[(i+2)%4]) <= 0 {
			return false
		}
	}
	return true
}

// judge fills in how well four marks fit the sheet: seen through the mapping
// of their centres, each must have the size of a mark. Squares that a child
// drew, or a book on the desk, don't.
func (q *quad) judge(l sheet.Layout, areas [4]float64) bool {
	if !q.convex() {
		return false
	}
	m, ok := mappingOf(l.Marks, q.corners)
	if !ok {
		return false
	}
	q.area = (cross(q.corners[0], q.corners[1], q.corners[2]) + cross(q.corners[0], q.corners[2], q.corners[3])) / 2
	q.fit = 0
	for i, mark := range l.Marks {
		want := l.MarkSize * l.MarkSize * m.scaleAt(mark.X, mark.Y)
		off := math.Abs(math.Log(areas[i] / want))
		if off > 0.75 {
			return false
		}
		q.fit += off
	}
	return true
}

// unlike parts are too different in size to be marks of one sheet.
func unlike(a, b blob) bool { return a.area > 7*b.area || b.area > 7*a.area }

// quads lists the choices of marks that fit, best first.
func quads(l sheet.Layout, solid, hollow []blob, mirrored bool) []quad {
	pt := func(b blob) Point {
		if mirrored {
			return Point{-b.x, b.y} // seen from behind
		}
		return Point{b.x, b.y}
	}
	ringShare := 1 - l.HollowSize*l.HollowSize/(l.MarkSize*l.MarkSize)
	var out []quad
	add := func(q quad, areas [4]float64) {
		if q.judge(l, areas) {
			out = append(out, q)
		}
	}
	for _, h := range hollow {
		for i := range solid {
			for j := range solid {
				if j == i || cross(pt(h), pt(solid[i]), pt(solid[j])) <= 0 || unlike(solid[i], solid[j]) {
					continue
				}
				for k := range solid {
					if k == i || k == j || cross(pt(h), pt(solid[j]), pt(solid[k])) <= 0 || unlike(solid[j], solid[k]) {
						continue
					}
					add(quad{corners: [4]Point{pt(h), pt(solid[i]), pt(solid[j]), pt(solid[k])}, sure: true},
						[4]float64{h.area / ringShare, solid[i].area, solid[j].area, solid[k].area})
				}
			}
		}
	}
	if len(out) == 0 {
		// The hollow mark is filled by blur: four solid ones, any way up.
		n := min(len(solid), 10)
		for a := range n {
			for b := range n {
				for c := range n {
					for d := range n {
						if a == b || a == c || a == d || b == c || b == d || c == d || unlike(solid[a], solid[b]) || unlike(solid[c], solid[d]) {
							continue
						}
						add(quad{corners: [4]Point{pt(solid[a]), pt(solid[b]), pt(solid[c]), pt(solid[d])}},
							[4]float64{solid[a].area, solid[b].area, solid[c].area, solid[d].area})
					}
				}
			}
		}
	}
	// Of choices that fit alike, the larger: the outer marks.
	slices.SortFunc(out, func(a, b quad) int {
		return cmp.Compare(a.fit-0.5*math.Log(a.area), b.fit-0.5*math.Log(b.area))
	})
	for i := range out {
		for j := range out[i].corners {
			if mirrored {
				out[i].corners[j].X = -out[i].corners[j].X
			}
		}
	}
	return out[:min(len(out), 8)]
}

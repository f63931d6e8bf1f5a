package paper

import (
	"math"
	"slices"
)

// plane is a small grey picture.
type plane struct {
	w, h int
	pix  []uint8
}

// detectSide is the longest side on which marks are looked for: a mark of 8 mm
// is then 25 to 40 pixels, and a 12-megapixel photo costs a ninth.
const detectSide = 1600

// shrink averages squares of k × k pixels, so that the longest side is at most
// detectSide.
func (p *Photo) shrink() (plane, int) {
	w, h := p.size()
	k := (max(w, h) + detectSide - 1) / detectSide
	src, stride := p.pix.Y, p.pix.YStride
	out := plane{w / k, h / k, nil}
	out.pix = make([]uint8, out.w*out.h)
	if k == 1 {
		for y := range out.h {
			copy(out.pix[y*w:(y+1)*w], src[y*stride:])
		}
		return out, 1
	}
	sums := make([]uint32, out.w)
	// One rounding for the whole square, by multiplication: k*k is 4 … 1600.
	scale := uint64(1<<32) / uint64(k*k)
	for y := range out.h {
		clear(sums)
		for dy := range k {
			row := src[(y*k+dy)*stride:][:out.w*k]
			switch k {
			case 2:
				for x := range sums {
					r := row[2*x : 2*x+2 : 2*x+2]
					sums[x] += uint32(r[0]) + uint32(r[1])
				}
			case 3:
				for x := range sums {
					r := row[3*x : 3*x+3 : 3*x+3]
					sums[x] += uint32(r[0]) + uint32(r[1]) + uint32(r[2])
				}
			default:
				for x := range sums {
					var s uint32
					for _, v := range row[k*x : k*x+k] {
						s += uint32(v)
					}
					sums[x] += s
				}
			}
		}
		to := out.pix[y*out.w:][:out.w]
		for x, s := range sums {
			to[x] = uint8(min(255, (uint64(s)*scale+1<<31)>>32))
		}
	}
	return out, k
}

// dark marks the pixels that are darker than their surroundings, in runs by
// row: the mean of a window of an eighth of the picture's width follows shade
// and lamps, and is hardly moved by a mark.
func (m plane) dark() [][]span {
	w, h := m.w, m.h
	sums := make([]uint32, (w+1)*(h+1))
	for y := range h {
		var row uint32
		above, here := sums[y*(w+1):], sums[(y+1)*(w+1):]
		for x, v := range m.pix[y*w : (y+1)*w] {
			row += uint32(v)
			here[x+1] = above[x+1] + row
		}
	}
	r := max(8, w/16)
	out := make([][]span, h)
	for y := range h {
		y0, y1 := max(0, y-r), min(h, y+r+1)
		top, bottom := sums[y0*(w+1):], sums[y1*(w+1):]
		rows := uint32(y1 - y0)
		from := -1
		for x, v := range m.pix[y*w : (y+1)*w] {
			x0, x1 := max(0, x-r), min(w, x+r+1)
			sum := bottom[x1] - bottom[x0] - top[x1] + top[x0]
			n := rows * uint32(x1-x0)
			// v < 0.82 mean − 6, without a division.
			ink := (uint32(v)+6)*n*50 < sum*41
			if ink && from < 0 {
				from = x
			} else if !ink && from >= 0 {
				out[y] = append(out[y], span{x0: from, x1: x - 1})
				from = -1
			}
		}
		if from >= 0 {
			out[y] = append(out[y], span{x0: from, x1: w - 1})
		}
	}
	return out
}

// span is dark pixels x0..x1 of a row.
type span struct {
	x0, x1 int
	part   int
}

// blob is a connected dark part.
type blob struct {
	area             float64
	x, y             float64 // centre
	xx, yy, xy       float64 // variances
	x0, x1, y0, y1   int
	sx, sy, a, b, ab float64 // sums on the way
}

// blobs joins spans that touch, corners too.
func blobs(rows [][]span) []blob {
	var parent []int
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for y := range rows {
		at := 0
		for i := range rows[y] {
			s := &rows[y][i]
			s.part = -1
			if y > 0 {
				above := rows[y-1]
				for at < len(above) && above[at].x1 < s.x0-1 {
					at++
				}
				for j := at; j < len(above) && above[j].x0 <= s.x1+1; j++ {
					root := find(above[j].part)
					if s.part < 0 {
						s.part = root
					} else if root != s.part {
						parent[root] = s.part
					}
				}
			}
			if s.part < 0 {
				s.part = len(parent)
				parent = append(parent, s.part)
			}
		}
	}
	list := make([]blob, len(parent))
	for i := range list {
		list[i].x0, list[i].y0 = math.MaxInt, math.MaxInt
	}
	for y, row := range rows {
		for _, s := range row {
			b := &list[find(s.part)]
			n, p, q := float64(s.x1-s.x0+1), float64(s.x0), float64(s.x1)
			sx := n * (p + q) / 2
			// Σ x² from p to q.
			sq := (q*(q+1)*(2*q+1) - (p-1)*p*(2*p-1)) / 6
			fy := float64(y)
			b.area += n
			b.sx += sx
			b.sy += n * fy
			b.a += sq
			b.b += n * fy * fy
			b.ab += sx * fy
			b.x0, b.x1, b.y0, b.y1 = min(b.x0, s.x0), max(b.x1, s.x1), min(b.y0, y), max(b.y1, y)
		}
	}
	list = slices.DeleteFunc(list, func(b blob) bool { return b.area < 16 })
	for i := range list {
		b := &list[i]
		b.x, b.y = b.sx/b.area, b.sy/b.area
		b.xx, b.yy, b.xy = b.a/b.area-b.x*b.x+1./12, b.b/b.area-b.y*b.y+1./12, b.ab/b.area-b.x*b.y
	}
	return list
}

// fullness is 12·√det(covariance)/area: 1 for a solid parallelogram however it
// is turned or sheared, (a²+b²)/(a²−b²) for one with a hole of side b.
func (b blob) fullness() float64 {
	return 12 * math.Sqrt(max(0, b.xx*b.yy-b.xy*b.xy)) / b.area
}

// stretch is the ratio of the long axis to the short one.
func (b blob) stretch() float64 {
	half, diff := (b.xx+b.yy)/2, math.Hypot((b.xx-b.yy)/2, b.xy)
	return math.Sqrt((half + diff) / max(1e-9, half-diff))
}

// candidates are the parts that may be marks: solid ones and hollow ones,
// largest first.
func candidates(m plane) (solid, hollow []blob) {
	side := float64(max(m.w, m.h))
	least, most := 0.007*side, 0.09*side
	for _, b := range blobs(m.dark()) {
		full := b.fullness()
		outer := b.area
		if full > 1.25 {
			outer = b.area * 4 / 3
		}
		if outer < least*least || outer > most*most || b.stretch() > 2.6 {
			continue
		}
		if b.x0 == 0 || b.y0 == 0 || b.x1 == m.w-1 || b.y1 == m.h-1 {
			continue // cut by the photo's edge: its centre is not the mark's
		}
		switch {
		case full >= 0.86 && full <= 1.22 && m.looks(b, .3, math.Sqrt(12)):
			solid = append(solid, b)
		case full > 1.25 && full <= 2.4 && m.looks(b, .41, math.Sqrt(9.6)):
			hollow = append(hollow, b)
		}
	}
	byArea := func(a, b blob) int { return int(b.area - a.area) }
	slices.SortFunc(solid, byArea)
	slices.SortFunc(hollow, byArea)
	return solid[:min(len(solid), 18)], hollow[:min(len(hollow), 12)]
}

// looks checks a part against the pixels: dark at a share in of its side from
// the centre, bright at 0.85, in nearly all of eight directions as the part is
// turned and sheared. A solid mark is dark in the centre, a hollow one bright.
// perStd is a side in standard deviations.
func (m plane) looks(b blob, in, perStd float64) bool {
	// The square root of the covariance maps a circle to the part's shape.
	det := math.Sqrt(max(0, b.xx*b.yy-b.xy*b.xy))
	t := math.Sqrt(b.xx + b.yy + 2*det)
	if t == 0 {
		return false
	}
	a, c, d := (b.xx+det)/t, b.xy/t, (b.yy+det)/t
	at := func(u, v float64) float64 {
		x, y := int(math.Round(b.x+a*u+c*v)), int(math.Round(b.y+c*u+d*v))
		return float64(m.pix[min(max(y, 0), m.h-1)*m.w+min(max(x, 0), m.w-1)])
	}
	centre := at(0, 0)
	good, darkest := 0, 0.
	for i := range 8 {
		u, v := perStd*math.Cos(float64(i)*math.Pi/4), perStd*math.Sin(float64(i)*math.Pi/4)
		ink, around := at(in*u, in*v), at(.85*u, .85*v)
		darkest = max(darkest, ink)
		if ink < .8*around {
			good++
		}
	}
	if in < .4 {
		return good >= 7
	}
	return good >= 6 && centre > darkest
}

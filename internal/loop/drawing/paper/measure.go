package paper

import (
	"image"
	"math"
	"slices"

	"zugou/internal/loop/drawing/sheet"
)

// Measures are physical figures of the frame. Shares are of the frame inset by
// insetMM; places run from 0 at left and top to 1; darkness from 0, the paper
// beside it, to 1, black. Darkness compares only within one camera and pencil.
type Measures struct {
	Coverage float64    `json:"coverage"`  // ink
	BoxX     float64    `json:"box_x"`     // bounding box of the ink
	BoxY     float64    `json:"box_y"`     //
	BoxW     float64    `json:"box_w"`     //
	BoxH     float64    `json:"box_h"`     //
	CentreX  float64    `json:"centre_x"`  // of the ink
	CentreY  float64    `json:"centre_y"`  //
	Zones    [9]float64 `json:"zones"`     // share of the ink, row by row
	Darkness float64    `json:"darkness"`  // mean of the ink
	Darkest  float64    `json:"darkest"`   // 90th percentile
	StrokeMM float64    `json:"stroke_mm"` // 2 · area / outline
	Black    float64    `json:"black"`     // what survives erosion by 3 mm
	Coloured float64    `json:"coloured"`  // share of the ink that has colour
	Edges    [4]bool    `json:"edges"`     // ink runs out at top, right, bottom, left
	Blank    bool       `json:"blank"`
}

// insetMM keeps the frame's own line and a bent edge out of the measures.
const insetMM = 3

const (
	blockPX = 64 // 8 mm: paper's brightness is taken per block
	cellPX  = 4  // 0.5 mm: blackened areas and hashes
)

// ink is the frame's pixels compared with the paper beside them.
type ink struct {
	w, h  int
	norm  []uint8 // 255 is paper
	limit uint8   // below it is ink
}

// paperOf gives the paper's brightness by block: the bright part of each, or
// of its neighbours where a block is blackened, so that shade is followed and
// ink is not.
func paperOf(pix []uint8, stride, w, h int) (grid []float64, gw, gh int) {
	gw, gh = (w+blockPX-1)/blockPX, (h+blockPX-1)/blockPX
	raw := make([]float64, gw*gh)
	for by := range gh {
		for bx := range gw {
			var hist [256]int
			n := 0
			for y := by * blockPX; y < min(h, (by+1)*blockPX); y += 2 {
				for _, v := range pix[y*stride+bx*blockPX : y*stride+min(w, (bx+1)*blockPX)] {
					hist[v]++
					n++
				}
			}
			left, v := n/5, 255 // brighter than 80 of a hundred
			for ; v > 0 && left >= 0; v-- {
				left -= hist[v]
			}
			raw[by*gw+bx] = float64(v + 1)
		}
	}
	grid = make([]float64, gw*gh)
	for by := range gh {
		for bx := range gw {
			best := 0.
			for y := max(0, by-2); y < min(gh, by+3); y++ {
				for x := max(0, bx-2); x < min(gw, bx+3); x++ {
					// A neighbour counts where it is a fifth brighter: more
					// than shade does over 16 mm, less than blackening.
					if v := raw[y*gw+x]; v > best && (v > raw[by*gw+bx]*1.2 || x == bx && y == by) {
						best = v
					}
				}
			}
			grid[by*gw+bx] = max(best, 1)
		}
	}
	return grid, gw, gh
}

func inkOf(f *image.YCbCr) ink {
	d := insetMM * PerMM
	w, h := f.Rect.Dx()-2*d, f.Rect.Dy()-2*d
	pix := f.Y[d*f.YStride+d:]
	grid, gw, gh := paperOf(pix, f.YStride, w, h)
	out := ink{w: w, h: h, norm: make([]uint8, w*h)}
	var hist [256]int
	recip := make([]uint32, (w+15)/16)
	for y := range h {
		if y%16 == 0 {
			gy := (float64(y)+8)/blockPX - .5
			for i := range recip {
				gx := (float64(i*16)+8)/blockPX - .5
				recip[i] = uint32(255 * 65536 / lerp(grid, gw, gh, gx, gy))
			}
		}
		from, to := pix[y*f.YStride:][:w], out.norm[y*w:][:w]
		for x, v := range from {
			n := min(255, uint32(v)*recip[x>>4]>>16)
			to[x] = uint8(n)
			hist[n]++
		}
	}
	out.limit = uint8(min(230, max(196, otsu(hist))))
	return out
}

// lerp reads a grid between its points.
func lerp(g []float64, w, h int, x, y float64) float64 {
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	xi, yi := min(int(x), max(0, w-2)), min(int(y), max(0, h-2))
	fx, fy := x-float64(xi), y-float64(yi)
	xj, yj := min(xi+1, w-1), min(yi+1, h-1)
	return (g[yi*w+xi]*(1-fx)+g[yi*w+xj]*fx)*(1-fy) + (g[yj*w+xi]*(1-fx)+g[yj*w+xj]*fx)*fy
}

// otsu parts a histogram where the variance between the parts is largest.
func otsu(hist [256]int) int {
	total, sum := 0, 0.
	for v, n := range hist {
		total += n
		sum += float64(v * n)
	}
	best, at, below, belowSum := -1., 0, 0, 0.
	for v, n := range hist {
		below += n
		belowSum += float64(v * n)
		if below == 0 || below == total {
			continue
		}
		d := belowSum/float64(below) - (sum-belowSum)/float64(total-below)
		if between := float64(below) * float64(total-below) * d * d; between > best {
			best, at = between, v
		}
	}
	return at + 1
}

// measure works out the figures, and the cells for the hashes: for each half
// millimetre the share of ink, 0–16.
func measure(f *image.YCbCr, grey bool, limit Limits) (Measures, cells) {
	k := inkOf(f)
	c := cells{w: k.w / cellPX, h: k.h / cellPX}
	c.ink = make([]uint8, c.w*c.h)
	rows, cols := make([]int, k.h), make([]int, k.w)
	var dark [256]int
	outline, coloured, colourOf := 0, 0, 0
	var last []uint8
	d := insetMM * PerMM
	for y := range k.h {
		row := k.norm[y*k.w:][:k.w]
		cellRow := []uint8(nil)
		if y/cellPX < c.h {
			cellRow = c.ink[y/cellPX*c.w:][:c.w]
		}
		count := 0
		for x := 0; x < k.w; x++ {
			if row[x] >= k.limit {
				continue
			}
			from := x
			for x+1 < k.w && row[x+1] < k.limit {
				x++
			}
			if x == from { // one pixel alone is noise
				continue
			}
			outline += 2
			for i := from; i <= x; i++ {
				count++
				cols[i]++
				dark[row[i]]++
				if last == nil || last[i] >= k.limit {
					outline += 2 // its upper side, and a lower one somewhere below
				}
				if cellRow != nil && i/cellPX < c.w {
					cellRow[i/cellPX]++
				}
			}
			if !grey && y&1 == 0 {
				for i := from; i <= x; i += 2 {
					at := (y+d)/2*f.CStride + (i+d)/2
					cb, cr := int(f.Cb[at])-128, int(f.Cr[at])-128
					colourOf++
					if cb*cb+cr*cr > 22*22 {
						coloured++
					}
				}
			}
		}
		rows[y] = count
		last = row
	}
	var m Measures
	total := 0
	for _, n := range rows {
		total += n
	}
	m.Coverage = float64(total) / float64(k.w*k.h)
	m.Blank = m.Coverage < limit.BlankCoverage
	if total == 0 {
		return m, c
	}
	x0, x1 := trimmed(cols, total)
	y0, y1 := trimmed(rows, total)
	W, H := float64(k.w), float64(k.h)
	m.BoxX, m.BoxY, m.BoxW, m.BoxH = float64(x0)/W, float64(y0)/H, float64(x1-x0+1)/W, float64(y1-y0+1)/H
	m.CentreX, m.CentreY = centre(cols, total)/W, centre(rows, total)/H
	m.Zones = c.zones()
	sum, left := 0., total/10
	for v, n := range dark {
		sum += float64(255-v) * float64(n)
		if left >= 0 {
			if left -= n; left < 0 {
				m.Darkest = float64(255-v) / 255
			}
		}
	}
	m.Darkness = sum / float64(total) / 255
	m.StrokeMM = 2 * float64(total) / float64(max(1, outline)) / PerMM
	m.Black = c.blackened()
	if colourOf > 0 {
		m.Coloured = float64(coloured) / float64(colourOf)
	}
	// Within 2 mm of an edge of the inset frame.
	near, enough := 2*PerMM, int(limit.EdgeMM*PerMM)
	edge := func(list []int, from, to int) bool {
		n := 0
		for _, v := range list[from:to] {
			n = max(n, v)
		}
		return n >= enough
	}
	// A line that leaves the frame crosses the edge: it is narrow along it, so
	// that rows near the edge hold its width; columns hold lines along it.
	m.Edges = [4]bool{edge(rows, 0, near), edge(cols, k.w-near, k.w), edge(rows, k.h-near, k.h), edge(cols, 0, near)}
	return m, c
}

// trimmed gives the first and last place that hold ink, without the outermost
// thousandth: dust.
func trimmed(list []int, total int) (from, to int) {
	spare := total / 1000
	n := 0
	for from = 0; from < len(list)-1; from++ {
		if n += list[from]; n > spare {
			break
		}
	}
	n = 0
	for to = len(list) - 1; to > from; to-- {
		if n += list[to]; n > spare {
			break
		}
	}
	return from, to
}

func centre(list []int, total int) float64 {
	sum := 0.
	for i, n := range list {
		sum += (float64(i) + .5) * float64(n)
	}
	return sum / float64(total)
}

// cells is the ink by half millimetres, 0–16.
type cells struct {
	w, h int
	ink  []uint8
}

func (c cells) zones() [9]float64 {
	var out [9]float64
	total := 0.
	for y := range c.h {
		for x := range c.w {
			v := float64(c.ink[y*c.w+x])
			out[y*3/c.h*3+x*3/c.w] += v
			total += v
		}
	}
	for i := range out {
		out[i] /= max(1, total)
	}
	return out
}

// blackened gives the share of the frame that is part of a square of 3 mm full
// of ink.
func (c cells) blackened() float64 {
	const side = 6
	if c.w < side || c.h < side {
		return 0
	}
	sums := make([]int32, (c.w+1)*(c.h+1))
	at := func(x, y int) int { return y*(c.w+1) + x }
	for y := range c.h {
		for x := range c.w {
			full := int32(0)
			if c.ink[y*c.w+x] >= 13 {
				full = 1
			}
			sums[at(x+1, y+1)] = full + sums[at(x, y+1)] + sums[at(x+1, y)] - sums[at(x, y)]
		}
	}
	hit := make([]bool, c.w*c.h)
	n := 0
	for y := 0; y+side <= c.h; y++ {
		for x := 0; x+side <= c.w; x++ {
			// One cell of 36 may be missed by a pencil.
			if sums[at(x+side, y+side)]-sums[at(x, y+side)]-sums[at(x+side, y)]+sums[at(x, y)] < side*side-1 {
				continue
			}
			for dy := range side {
				for dx := range side {
					if i := (y+dy)*c.w + x + dx; !hit[i] {
						hit[i] = true
						n++
					}
				}
			}
		}
	}
	return float64(n) / float64(c.w*c.h)
}

// edgesOf measures how sharp the photo is, on the paper: over how many mm the
// edges of the solid marks rise from 10 to 90 of a hundred, in the median; and
// how bright paper and mark are.
func (p *Photo) edgesOf(l sheet.Layout, m mapping) (riseMM, paper, black float64) {
	const step = 0.1
	var rises, papers, blacks []float64
	for _, mark := range l.Marks[1:] {
		for _, dir := range [4][2]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
			var profile [45]float64
			for i := range profile {
				along := l.MarkSize/2 - 2.2 + step*float64(i)
				for lane := -1.5; lane <= 1.5; lane += .5 {
					q := m.at(mark.X+dir[0]*along-dir[1]*lane, mark.Y+dir[1]*along+dir[0]*lane)
					profile[i] += float64(p.sample(q.X-.5, q.Y-.5)) / 7
				}
			}
			low, high := slices.Min(profile[:18]), slices.Max(profile[27:])
			papers, blacks = append(papers, high), append(blacks, low)
			if high-low < 8 {
				continue
			}
			first, last := -1, len(profile)
			for i, v := range profile {
				if v < low+.1*(high-low) {
					first = i
				}
				if v > low+.9*(high-low) && last == len(profile) {
					last = i
				}
			}
			if last > first {
				rises = append(rises, step*float64(last-first))
			}
		}
	}
	median := func(list []float64) float64 {
		if len(list) == 0 {
			return math.Inf(1)
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	return median(rises), median(papers), median(blacks)
}

package paper

import (
	"math"
	"math/bits"
	"slices"
)

// Hashes are two fingerprints of the rectified frame that stay alike under
// another photo of the same drawing. A blank sheet has none: all blank sheets
// are alike.
type Hashes struct {
	D uint64 `json:"d"` // from cell to cell
	P uint64 `json:"p"` // from a cosine transform
}

// Same reports whether two drawings are suspected to be one.
func (h Hashes) Same(o Hashes, distance int) bool {
	return h != (Hashes{}) && o != (Hashes{}) && bits.OnesCount64(h.D^o.D) <= distance && bits.OnesCount64(h.P^o.P) <= distance
}

// shrunk gives the mean ink of w × h parts.
func (c cells) shrunk(w, h int) []float64 {
	out, n := make([]float64, w*h), make([]float64, w*h)
	for y := range c.h {
		for x := range c.w {
			i := y*h/c.h*w + x*w/c.w
			out[i] += float64(c.ink[y*c.w+x])
			n[i]++
		}
	}
	for i := range out {
		out[i] /= max(1, n[i])
	}
	return out
}

func (c cells) hashes() Hashes {
	var out Hashes
	small := c.shrunk(9, 8)
	for y := range 8 {
		for x := range 8 {
			if small[y*9+x] < small[y*9+x+1] {
				out.D |= 1 << (8*y + x)
			}
		}
	}
	const n = 32
	pic := c.shrunk(n, n)
	var table [8][n]float64
	for u := range 8 {
		for x := range n {
			table[u][x] = math.Cos(math.Pi * float64(u) * (2*float64(x) + 1) / (2 * n))
		}
	}
	var rows [8][n]float64 // along x
	for u := range 8 {
		for y := range n {
			for x := range n {
				rows[u][y] += pic[y*n+x] * table[u][x]
			}
		}
	}
	var list [64]float64
	for v := range 8 {
		for u := range 8 {
			for y := range n {
				list[8*v+u] += rows[u][y] * table[v][y]
			}
		}
	}
	rest := slices.Clone(list[1:]) // the first is the mean only
	slices.Sort(rest)
	middle := rest[len(rest)/2]
	for i, v := range list {
		if i > 0 && v > middle {
			out.P |= 1 << i
		}
	}
	return out
}

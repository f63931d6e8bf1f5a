package paper

import (
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"

	"zugou/internal/loop/drawing/sheet"
)

// modules is the side of a version 1 code.
const modules = 21

// readModules reads a code whose place is known but which is too blurred for a
// general reader: its three corner squares are found by what they must look
// like, each for itself, so that bent paper doesn't matter, and every module is
// sampled by its place between them. What blur mixes in from the neighbours is
// taken out again before black is told from white.
func (p *Photo) readModules(l sheet.Layout, m mapping) (sheet.Number, bool) {
	const perMM, around = 8, 7.
	box := l.QR.Inset(-around)
	g := p.crop(m, box, perMM)
	px := l.QR.W / modules * perMM // pixels a module
	corner := func(col, row float64) Point {
		return finder(g, px, Point{around*perMM + (col+3.5)*px, around*perMM + (row+3.5)*px})
	}
	tl, tr, bl := corner(0, 0), corner(modules-7, 0), corner(0, modules-7)
	var value [modules][modules]float64
	for row := range modules {
		for col := range modules {
			u, v := (float64(col)-3)/14, (float64(row)-3)/14
			x := tl.X + u*(tr.X-tl.X) + v*(bl.X-tl.X)
			y := tl.Y + u*(tr.Y-tl.Y) + v*(bl.Y-tl.Y)
			value[row][col] = mean(g, x, y, px*.25)
		}
	}
	for _, sharpen := range []float64{.15, .3, 0, .5} {
		if n, ok := decodeModules(value, sharpen); ok {
			return n, true
		}
	}
	return "", false
}

// mean is the brightness of a square of half side r.
func mean(g *image.Gray, x, y, r float64) float64 {
	sum, n := 0, 0
	for j := int(y - r + .5); j <= int(y+r-.5); j++ {
		for i := int(x - r + .5); i <= int(x+r-.5); i++ {
			if i >= 0 && j >= 0 && i < g.Rect.Dx() && j < g.Rect.Dy() {
				sum += int(g.Pix[j*g.Stride+i])
				n++
			}
		}
	}
	if n == 0 {
		return 255
	}
	return float64(sum) / float64(n)
}

// finder looks within 2 mm of a place for a corner square of the code: dark
// ring, light ring, dark centre, light border.
func finder(g *image.Gray, px float64, at Point) Point {
	best, place := -1e9, at
	for dy := -16.; dy <= 16; dy += 2 {
		for dx := -16.; dx <= 16; dx += 2 {
			score := 0.
			for row := -4; row <= 4; row++ {
				for col := -4; col <= 4; col++ {
					v := float64(255)
					x, y := int(at.X+dx+float64(col)*px), int(at.Y+dy+float64(row)*px)
					if x >= 0 && y >= 0 && x < g.Rect.Dx() && y < g.Rect.Dy() {
						v = float64(g.Pix[y*g.Stride+x])
					}
					switch ring := max(row, -row, col, -col); ring {
					case 0, 1, 3: // 33 dark ones
						score -= v / 33
					default: // 48 light ones
						score += v / 48
					}
				}
			}
			if score > best {
				best, place = score, Point{at.X + dx, at.Y + dy}
			}
		}
	}
	return place
}

func decodeModules(value [modules][modules]float64, sharpen float64) (n sheet.Number, ok bool) {
	defer func() {
		if recover() != nil { // as of decodeBy
			n, ok = "", false
		}
	}()
	var sharp [modules][modules]float64
	for row := range modules {
		for col := range modules {
			around := 0.
			for _, d := range [4][2]int{{0, 1}, {1, 0}, {0, -1}, {-1, 0}} {
				if r, c := row+d[0], col+d[1]; r < 0 || c < 0 || r >= modules || c >= modules {
					around += 255 // the quiet zone
				} else {
					around += value[r][c]
				}
			}
			sharp[row][col] = value[row][col]*(1+4*sharpen) - sharpen*around
		}
	}
	bits, err := gozxing.NewSquareBitMatrix(modules)
	if err != nil {
		return "", false
	}
	for row := range modules {
		for col := range modules {
			// The middle between the darkest and the brightest nearby follows
			// shade; five modules each way always hold both.
			low, high := 1e9, -1e9
			for r := max(0, row-5); r <= min(modules-1, row+5); r++ {
				for c := max(0, col-5); c <= min(modules-1, col+5); c++ {
					low, high = min(low, sharp[r][c]), max(high, sharp[r][c])
				}
			}
			if sharp[row][col] < (low+high)/2 {
				bits.Set(col, row)
			}
		}
	}
	found, err := decoder.NewDecoder().Decode(bits, nil)
	if err != nil {
		return "", false
	}
	n, _, ok = sheet.ParseCode(found.GetText())
	return n, ok
}

package paper

import (
	"image"
	"math"

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
	// Where the fourth corner would be on flat paper; bent, it is up to a
	// module away.
	for _, off := range [9]Point{{}, {.5, .5}, {-.5, -.5}, {.5, -.5}, {-.5, .5}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		br := Point{tr.X + bl.X - tl.X + off.X*px, tr.Y + bl.Y - tl.Y + off.Y*px}
		var value [modules][modules]float64
		for row := range modules {
			for col := range modules {
				u, v := (float64(col)-3)/14, (float64(row)-3)/14
				x := (tl.X*(1-u)+tr.X*u)*(1-v) + (bl.X*(1-u)+br.X*u)*v
				y := (tl.Y*(1-u)+tr.Y*u)*(1-v) + (bl.Y*(1-u)+br.Y*u)*v
				value[row][col] = mean(g, x, y, px*.2)
			}
		}
		for _, sharpen := range []float64{.2, .4, .1} {
			if n, ok := decodeBits(threshold(value, sharpen)); ok {
				return n, true
			}
		}
		for _, sigma := range []float64{.5, .65, .8} {
			if n, ok := decodeBits(unblur(value, threshold(value, .2), sigma)); ok {
				return n, true
			}
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

// blacks is the modules, true is black.
type blacks [modules][modules]bool

// threshold takes out a share of the four neighbours and parts black from
// white by the middle between the darkest and the brightest nearby, which
// follows shade: five modules each way always hold both.
func threshold(value [modules][modules]float64, sharpen float64) (out blacks) {
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
	for row := range modules {
		for col := range modules {
			low, high := 1e9, -1e9
			for r := max(0, row-5); r <= min(modules-1, row+5); r++ {
				for c := max(0, col-5); c <= min(modules-1, col+5); c++ {
					low, high = min(low, sharp[r][c]), max(high, sharp[r][c])
				}
			}
			out[row][col] = sharp[row][col] < (low+high)/2
		}
	}
	return out
}

// unblur looks for the modules that, blurred by a bell of sigma modules, give
// the picture best: from a first guess, each module is turned over where that
// fits better, until none is.
func unblur(value [modules][modules]float64, guess blacks, sigma float64) blacks {
	// The share of a neighbour's black in the middle of a module: the bell over
	// one module, by halves of the error function.
	part := func(d float64) float64 {
		return (math.Erf((d+.5)/(sigma*math.Sqrt2)) - math.Erf((d-.5)/(sigma*math.Sqrt2))) / 2
	}
	var line [5]float64
	for i := range line {
		line[i] = part(float64(i - 2))
	}
	var kernel [5][5]float64
	for y := range kernel {
		for x := range kernel[y] {
			kernel[y][x] = line[y] * line[x]
		}
	}
	for range 8 {
		var black [modules][modules]float64
		for row := range modules {
			for col := range modules {
				if !guess[row][col] {
					continue
				}
				for y := max(0, row-2); y <= min(modules-1, row+2); y++ {
					for x := max(0, col-2); x <= min(modules-1, col+2); x++ {
						black[y][x] += kernel[y-row+2][x-col+2]
					}
				}
			}
		}
		// value ≈ white − depth · black, by least squares.
		var n, sp, sv, spp, spv float64
		for row := range modules {
			for col := range modules {
				p, v := black[row][col], value[row][col]
				n, sp, sv, spp, spv = n+1, sp+p, sv+v, spp+p*p, spv+p*v
			}
		}
		depth := -(n*spv - sp*sv) / max(1e-9, n*spp-sp*sp)
		white := (sv + depth*sp) / n
		if depth < 1 {
			return guess
		}
		turned := false
		for row := range modules {
			for col := range modules {
				sign := 1.
				if guess[row][col] {
					sign = -1
				}
				change := 0.
				for y := max(0, row-2); y <= min(modules-1, row+2); y++ {
					for x := max(0, col-2); x <= min(modules-1, col+2); x++ {
						e := value[y][x] - white + depth*black[y][x]
						d := sign * depth * kernel[y-row+2][x-col+2]
						change += (e+d)*(e+d) - e*e
					}
				}
				if change >= 0 {
					continue
				}
				turned = true
				guess[row][col] = !guess[row][col]
				for y := max(0, row-2); y <= min(modules-1, row+2); y++ {
					for x := max(0, col-2); x <= min(modules-1, col+2); x++ {
						black[y][x] += sign * kernel[y-row+2][x-col+2]
					}
				}
			}
		}
		if !turned {
			break
		}
	}
	return guess
}

// decodeBits corrects and reads the modules. Four wrong code words of 26 are
// mended at level M; more, and anything but a number of ours, is nothing.
func decodeBits(b blacks) (n sheet.Number, ok bool) {
	defer func() {
		if recover() != nil { // as of decodeBy
			n, ok = "", false
		}
	}()
	m, err := gozxing.NewSquareBitMatrix(modules)
	if err != nil {
		return "", false
	}
	for row := range modules {
		for col := range modules {
			if b[row][col] {
				m.Set(col, row)
			}
		}
	}
	found, err := decoder.NewDecoder().Decode(m, nil)
	if err != nil {
		return "", false
	}
	n, _, ok = sheet.ParseCode(found.GetText())
	return n, ok
}

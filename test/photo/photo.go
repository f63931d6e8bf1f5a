// Package photo makes photos of drawing sheets as phones take them, for tests:
// turned, tilted, shaded, blurred, noisy, with crumpled corners, by cameras
// good and cheap. It shares no code with what reads them: the sheet's geometry
// stands here again, in its own words, and the code is made by another library.
package photo

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/boombuler/barcode/qr"
)

// Options of one photo. Lengths in mm are on the paper.
type Options struct {
	Seed    uint64
	Code    string // text of the QR code; empty: none
	W, H    int    // of the photo
	Fill    float64
	Turn    float64 // radians, any
	TiltX   float64 // radians
	TiltY   float64
	Shade   float64 // 0–1: how much darker the dark side is
	Blur    float64 // mm, standard deviation
	Noise   float64 // standard deviation, of 255
	Crumple float64 // mm by which the paper's surface is displaced
	Fold    int     // 1–4: that corner is folded over, mark and all
	Cut     int     // 1–4: the photo ends before that corner's mark
	Light   float64 // exposure, 1 is usual
	Quality int     // JPEG
	Blank   bool
	Drawing uint64 // what is drawn; the same number is the same drawing
	Pencil  bool   // grey; else colours
	Grey    bool   // a grey scan
}

// Photo is the result.
type Photo struct {
	JPEG  []byte
	Marks [4]image.Point // centres of the marks in pixels: top left, then clockwise
	// Whole: all four marks lie in the picture, unfolded.
	Whole bool
}

const (
	paperW, paperH = 210., 297.
	dots           = 9. // texture pixels a mm
)

var markAt = [4][2]float64{{14, 14}, {196, 14}, {196, 283}, {14, 283}}

// texture is the sheet as printed and drawn on, linear 0–1, RGB.
type texture struct {
	w, h int
	pix  []float32
}

func (t *texture) rect(x, y, w, h float64, c [3]float32) {
	for j := int(y * dots); j < int((y+h)*dots); j++ {
		for i := int(x * dots); i < int((x+w)*dots); i++ {
			t.set(i, j, c, 1)
		}
	}
}

func (t *texture) set(i, j int, c [3]float32, a float32) {
	if i < 0 || j < 0 || i >= t.w || j >= t.h {
		return
	}
	p := t.pix[(j*t.w+i)*3:]
	for k := range 3 {
		p[k] = p[k]*(1-a) + c[k]*a
	}
}

// line draws a stroke with soft edges, as a hand does: a little bent.
func (t *texture) line(r *rand.Rand, x0, y0, x1, y1, width float64, c [3]float32) {
	n := int(math.Hypot(x1-x0, y1-y0)*dots) + 1
	bend, wave := (r.Float64()-.5)*2, r.Float64()*6
	dx, dy := x1-x0, y1-y0
	length := math.Hypot(dx, dy) + 1e-9
	for s := 0; s <= n; s++ {
		f := float64(s) / float64(n)
		off := bend*math.Sin(math.Pi*f) + .3*math.Sin(wave+9*f)
		x, y := x0+dx*f-dy/length*off, y0+dy*f+dx/length*off
		rad := width * (.8 + .3*math.Sin(wave+20*f)) / 2
		for j := int((y - rad) * dots); j <= int((y+rad)*dots)+1; j++ {
			for i := int((x - rad) * dots); i <= int((x+rad)*dots)+1; i++ {
				d := math.Hypot(float64(i)/dots-x, float64(j)/dots-y)
				if d < rad {
					t.set(i, j, c, float32(math.Min(1, (rad-d)*dots*.6)))
				}
			}
		}
	}
}

func sheetTexture(o Options) *texture {
	t := &texture{w: int(paperW * dots), h: int(paperH * dots)}
	t.pix = make([]float32, t.w*t.h*3)
	for i := range t.pix {
		t.pix[i] = .92
	}
	black, grey := [3]float32{.05, .05, .06}, [3]float32{.5, .5, .5}
	for i, m := range markAt {
		t.rect(m[0]-4, m[1]-4, 8, 8, black)
		if i == 0 {
			t.rect(m[0]-2, m[1]-2, 4, 4, [3]float32{.92, .92, .92})
		}
	}
	if o.Code != "" {
		code, err := qr.Encode(o.Code, qr.M, qr.AlphaNumeric)
		if err != nil {
			panic(err)
		}
		n := code.Bounds().Dx()
		for y := range n {
			for x := range n {
				if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
					m := 24. / float64(n)
					t.rect(164+float64(x)*m, 23+float64(y)*m, m+.02, m+.02, black)
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(o.Seed, 1))
	// Lines of print.
	for _, y := range []float64{16, 27, 37, 46, 50, 281, 286} {
		for x := 22.; x < 150; x += 3.6 {
			if r.Float64() < .75 {
				t.line(r, x, y-2.4, x+2.4, y-2.2, .4, black)
				t.line(r, x+1.2, y-2.6, x+1.3, y, .4, black)
				t.line(r, x, y, x+2.6, y-.1, .4, black)
			}
		}
	}
	for _, l := range [][4]float64{{16, 55, 194, 55}, {194, 55, 194, 273}, {194, 273, 16, 273}, {16, 273, 16, 55}} {
		steps := int(dots * (math.Abs(l[2]-l[0]) + math.Abs(l[3]-l[1])))
		for s := range steps {
			f := float64(s) / float64(steps)
			x, y := l[0]+(l[2]-l[0])*f, l[1]+(l[3]-l[1])*f
			for k := range 3 {
				t.set(int(x*dots)+k-1, int(y*dots), grey, .8)
				t.set(int(x*dots), int(y*dots)+k-1, grey, .8)
			}
		}
	}
	if !o.Blank {
		t.draw(o)
	}
	return t
}

// draw puts a house, a tree and a person on the sheet, each somewhere else.
func (t *texture) draw(o Options) {
	r := rand.New(rand.NewPCG(o.Drawing, 2))
	pick := func() [3]float32 {
		if o.Pencil {
			g := float32(.2 + .25*r.Float64())
			return [3]float32{g, g, g}
		}
		return [][3]float32{{.7, .1, .1}, {.1, .4, .12}, {.1, .2, .6}, {.35, .2, .1}, {.1, .1, .1}, {.85, .5, .05}}[r.IntN(6)]
	}
	w := .5 + r.Float64()
	box := func(x, y, dx, dy float64) {
		c := pick()
		t.line(r, x, y, x+dx, y, w, c)
		t.line(r, x+dx, y, x+dx, y+dy, w, c)
		t.line(r, x+dx, y+dy, x, y+dy, w, c)
		t.line(r, x, y+dy, x, y, w, c)
	}
	hx, hy, hs := 25+r.Float64()*60, 120+r.Float64()*60, 25+r.Float64()*40
	box(hx, hy, hs, hs*.8)
	c := pick()
	t.line(r, hx-3, hy, hx+hs/2, hy-hs*.6, w, c)
	t.line(r, hx+hs/2, hy-hs*.6, hx+hs+3, hy, w, c)
	box(hx+hs*.15, hy+hs*.2, hs*.2, hs*.2)
	box(hx+hs*.5, hy+hs*.3, hs*.25, hs*.5)
	tx, ty, ts := 110+r.Float64()*40, 110+r.Float64()*50, 20+r.Float64()*30
	c = pick()
	t.line(r, tx, ty, tx, ty+ts*2, w*2, c)
	t.line(r, tx+ts*.3, ty, tx+ts*.3, ty+ts*2, w*2, c)
	c = pick()
	for a := range 12 {
		f, g := float64(a)*math.Pi/6, float64(a+1)*math.Pi/6
		t.line(r, tx+ts*math.Cos(f), ty-ts*.6+ts*.7*math.Sin(f), tx+ts*math.Cos(g), ty-ts*.6+ts*.7*math.Sin(g), w, c)
	}
	px, py := 60+r.Float64()*90, 215+r.Float64()*10
	c = pick()
	for a := range 8 {
		f, g := float64(a)*math.Pi/4, float64(a+1)*math.Pi/4
		t.line(r, px+6*math.Cos(f), py+6*math.Sin(f), px+6*math.Cos(g), py+6*math.Sin(g), w, c)
	}
	for _, l := range [][4]float64{{0, 6, 0, 26}, {0, 12, -10, 20}, {0, 12, 10, 18}, {0, 26, -7, 42}, {0, 26, 8, 42}} {
		t.line(r, px+l[0], py+l[1], px+l[2], py+l[3], w, c)
	}
	// Some children fill a square black, as large as a mark.
	if r.IntN(4) == 0 {
		x, y := 30+r.Float64()*130, 70+r.Float64()*30
		for k := 0.; k < 8; k += .4 {
			t.line(r, x, y+k, x+8, y+k, .9, [3]float32{.1, .1, .1})
		}
	}
	for range r.IntN(30) {
		x, y := 25+r.Float64()*150, 65+r.Float64()*190
		t.line(r, x, y, x+r.Float64()*10, y+r.Float64()*10, w, pick())
	}
}

// at reads the texture, mixing four pixels.
func (t *texture) at(x, y float64) (c [3]float32) {
	fx, fy := x*dots-.5, y*dots-.5
	i, j := int(math.Floor(fx)), int(math.Floor(fy))
	ax, ay := float32(fx-float64(i)), float32(fy-float64(j))
	i, j = min(max(i, 0), t.w-2), min(max(j, 0), t.h-2)
	p, q := t.pix[(j*t.w+i)*3:], t.pix[((j+1)*t.w+i)*3:]
	for k := range 3 {
		c[k] = (p[k]*(1-ax)+p[k+3]*ax)*(1-ay) + (q[k]*(1-ax)+q[k+3]*ax)*ay
	}
	return c
}

// camera looks at the paper: a point of the paper goes through turn, tilt and
// a pinhole.
type camera struct {
	m      [9]float64 // paper mm → pixels
	inv    [9]float64
	shiftX float64
	shiftY float64
}

func mul(a, b [9]float64) (c [9]float64) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[3*i+j] += a[3*i+k] * b[3*k+j]
			}
		}
	}
	return c
}

func inverse(m [9]float64) (o [9]float64) {
	o[0], o[1], o[2] = m[4]*m[8]-m[5]*m[7], m[2]*m[7]-m[1]*m[8], m[1]*m[5]-m[2]*m[4]
	o[3], o[4], o[5] = m[5]*m[6]-m[3]*m[8], m[0]*m[8]-m[2]*m[6], m[2]*m[3]-m[0]*m[5]
	o[6], o[7], o[8] = m[3]*m[7]-m[4]*m[6], m[1]*m[6]-m[0]*m[7], m[0]*m[4]-m[1]*m[3]
	d := m[0]*o[0] + m[1]*o[3] + m[2]*o[6]
	for i := range o {
		o[i] /= d
	}
	return o
}

func apply(m [9]float64, x, y float64) (float64, float64) {
	d := m[6]*x + m[7]*y + m[8]
	return (m[0]*x + m[1]*y + m[2]) / d, (m[3]*x + m[4]*y + m[5]) / d
}

func newCamera(o Options) camera {
	ct, st := math.Cos(o.Turn), math.Sin(o.Turn)
	cx, sx, cy, sy := math.Cos(o.TiltX), math.Sin(o.TiltX), math.Cos(o.TiltY), math.Sin(o.TiltY)
	// Paper centred, turned, tilted, then seen from 420 mm.
	far := 420.
	base := mul([9]float64{ct, -st, 0, st, ct, 0, 0, 0, 1}, [9]float64{1, 0, -paperW / 2, 0, 1, -paperH / 2, 0, 0, 1})
	tilt := [9]float64{cy, 0, 0, sx * sy, cx, 0, -cx * sy / far, sx / far, 1}
	m := mul(tilt, base)
	// Scale so that the paper fills its part of the picture.
	lx, ly, hx, hy := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range [][2]float64{{0, 0}, {paperW, 0}, {paperW, paperH}, {0, paperH}} {
		x, y := apply(m, p[0], p[1])
		lx, ly, hx, hy = min(lx, x), min(ly, y), max(hx, x), max(hy, y)
	}
	s := o.Fill * min(float64(o.W)/(hx-lx), float64(o.H)/(hy-ly))
	dx, dy := float64(o.W)/2-s*(lx+hx)/2, float64(o.H)/2-s*(ly+hy)/2
	m = mul([9]float64{s, 0, dx, 0, s, dy, 0, 0, 1}, m)
	if o.Cut > 0 {
		// Moved until that mark's centre is over the edge.
		x, y := apply(m, markAt[o.Cut-1][0], markAt[o.Cut-1][1])
		mx, my := 0., 0.
		if math.Abs(x-float64(o.W)/2)/float64(o.W) > math.Abs(y-float64(o.H)/2)/float64(o.H) {
			if mx = -x - 3; x > float64(o.W)/2 {
				mx = float64(o.W) - x + 3
			}
		} else if my = -y - 3; y > float64(o.H)/2 {
			my = float64(o.H) - y + 3
		}
		m = mul([9]float64{1, 0, mx, 0, 1, my, 0, 0, 1}, m)
	}
	return camera{m: m, inv: inverse(m)}
}

// perMM is how many pixels a millimetre has in the middle of the sheet.
func (c camera) perMM() float64 {
	x0, y0 := apply(c.m, 100, 150)
	x1, y1 := apply(c.m, 101, 150)
	return math.Hypot(x1-x0, y1-y0)
}

// expose is the light that falls through the camera, blurred as it is. The
// dice go on with the photo's noise.
func expose(o Options) ([]float32, camera, *rand.Rand) {
	t := sheetTexture(o)
	cam := newCamera(o)
	r := rand.New(rand.NewPCG(o.Seed, 3))
	pix := make([]float32, o.W*o.H*3)
	var waves [6][4]float64
	for i := range waves {
		waves[i] = [4]float64{(r.Float64() - .5) * .12, (r.Float64() - .5) * .12, r.Float64() * 6, r.Float64()}
	}
	bump := func(x, y float64) (dx, dy float64) {
		if o.Crumple == 0 {
			return 0, 0
		}
		for i, w := range waves {
			s := math.Sin(w[0]*x+w[1]*y+w[2]) * w[3]
			if i%2 == 0 {
				dx += s
			} else {
				dy += s
			}
		}
		return dx * o.Crumple / 2, dy * o.Crumple / 2
	}
	light, lightY := r.Float64()*2*math.Pi, r.Float64()
	desk := [3]float32{float32(.15 + .5*r.Float64()), float32(.12 + .4*r.Float64()), float32(.1 + .3*r.Float64())}
	shadowAt, shadowTurn := (r.Float64()-.3)*float64(o.W), r.Float64()*3
	// Each pixel is the mean of so many samples a side as paper is finer.
	perMM := cam.perMM()
	n := min(3, max(1, int(math.Ceil(dots/perMM/1.3))))
	for py := range o.H {
		for px := range o.W {
			var c [3]float32
			for s := range n * n {
				x, y := apply(cam.inv, float64(px)+(float64(s%n)+.5)/float64(n), float64(py)+(float64(s/n)+.5)/float64(n))
				dx, dy := bump(x, y)
				x, y = x+dx, y+dy
				var v [3]float32
				switch {
				case x < 0 || y < 0 || x > paperW || y > paperH:
					g := float32(.85 + .15*math.Sin(.9*y+2*math.Sin(.05*x)))
					v = [3]float32{desk[0] * g, desk[1] * g, desk[2] * g}
				case folded(o.Fold, x, y):
					v = [3]float32{.8, .8, .79}
				default:
					v = t.at(x, y)
				}
				for k := range 3 {
					c[k] += v[k]
				}
			}
			u, w := float64(px)/float64(o.W)-.5, float64(py)/float64(o.H)-.5
			f := 1 - o.Shade*(.5+.9*(u*math.Cos(light)+w*math.Sin(light))) - .25*o.Shade*(u*u+w*w)*lightY
			// The photographer's own shadow, with a soft edge.
			d := (float64(px)-shadowAt)*math.Cos(shadowTurn) + float64(py)*math.Sin(shadowTurn)
			f *= 1 - .35*o.Shade/(1+math.Exp(-d/float64(o.W)*60))
			f *= o.Light
			for k := range 3 {
				pix[(py*o.W+px)*3+k] = c[k] / float32(n*n) * float32(max(.02, f))
			}
		}
	}
	if sigma := o.Blur * perMM; sigma > .3 {
		for range 3 { // three boxes are nearly a bell
			blur(pix, o.W, o.H, sigma)
		}
	}
	return pix, cam, r
}

// Make renders a photo.
func Make(o Options) Photo {
	pix, cam, r := expose(o)
	var out Photo
	out.JPEG = develop(pix, o, r)
	out.Whole = o.Fold == 0
	for i, m := range markAt {
		x, y := apply(cam.m, m[0], m[1])
		out.Marks[i] = image.Pt(int(x), int(y))
		reach := cam.perMM() * 6.5
		if x < reach || y < reach || x > float64(o.W)-reach || y > float64(o.H)-reach {
			out.Whole = false
		}
	}
	return out
}

// folded tells whether a place is under a corner folded over.
func folded(corner int, x, y float64) bool {
	switch corner {
	case 1:
		return x+y < 34
	case 2:
		return paperW-x+y < 34
	case 3:
		return paperW-x+paperH-y < 34
	case 4:
		return x+paperH-y < 34
	}
	return false
}

// blur runs one box of the width of which three have the deviation.
func blur(pix []float32, w, h int, sigma float64) {
	r := int(math.Round((math.Sqrt(4*sigma*sigma+1) - 1) / 2))
	if r < 1 {
		r = 1
	}
	run := func(n, stride, from int, line []float32) {
		sum := float32(0)
		at := func(i int) float32 { return pix[from+min(max(i, 0), n-1)*stride] }
		for i := -r; i <= r; i++ {
			sum += at(i)
		}
		for i := range n {
			line[i] = sum / float32(2*r+1)
			sum += at(i+r+1) - at(i-r)
		}
		for i := range n {
			pix[from+i*stride] = line[i]
		}
	}
	line := make([]float32, max(w, h))
	for k := range 3 {
		for y := range h {
			run(w, 3, y*w*3+k, line)
		}
		for x := range w {
			run(h, w*3, x*3+k, line)
		}
	}
}

func develop(pix []float32, o Options, r *rand.Rand) []byte {
	white := [3]float32{float32(.94 + .12*r.Float64()), 1, float32(.9 + .15*r.Float64())}
	var buf bytes.Buffer
	var curve [2048]float64 // a camera's tone curve
	for i := range curve {
		curve[i] = math.Pow(float64(i)/1024, 1/1.6) * 255
	}
	value := func(i, k int, noise float64) uint8 {
		v := curve[min(2047, int(pix[i*3+k]*white[k]*1024))] + noise
		return uint8(min(255, max(0, v)))
	}
	var m image.Image
	if o.Grey {
		g := image.NewGray(image.Rect(0, 0, o.W, o.H))
		for i := range g.Pix {
			g.Pix[i] = value(i, 1, r.NormFloat64()*o.Noise)
		}
		m = g
	} else {
		c := image.NewRGBA(image.Rect(0, 0, o.W, o.H))
		for i := range o.W * o.H {
			base := r.NormFloat64() * o.Noise
			c.SetRGBA(i%o.W, i/o.W, color.RGBA{value(i, 0, base), value(i, 1, base*.9), value(i, 2, base*1.1), 255})
		}
		m = c
	}
	if err := jpeg.Encode(&buf, m, &jpeg.Options{Quality: o.Quality}); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// Any draws the options of photo n of a set: good phones, cheap ones, scans,
// and now and then one whose corner is folded or cut off.
func Any(n uint64, code string) Options {
	r := rand.New(rand.NewPCG(n, 77))
	o := Options{Seed: n, Code: code, Drawing: n, Light: .75 + .3*r.Float64(), Fill: .8 + .17*r.Float64(), Quality: 60 + r.IntN(35), Pencil: r.IntN(2) == 0}
	sizes := [][2]int{{3000, 2250}, {2250, 3000}, {1600, 1200}, {1200, 1600}, {1280, 960}, {2000, 1500}, {1944, 2592}}
	size := sizes[r.IntN(len(sizes))]
	o.W, o.H = size[0], size[1]
	// People turn the phone so that the sheet fits, mostly; which way up it is
	// they don't mind.
	o.Turn = math.Pi*float64(r.IntN(2)) + (r.Float64()-.5)*.5
	if o.W > o.H {
		o.Turn += math.Pi / 2
	}
	if o.W > 1300 && o.H > 1300 && r.IntN(5) == 0 {
		o.Turn = r.Float64() * 2 * math.Pi
	}
	o.TiltX, o.TiltY = (r.Float64()-.5)*.9, (r.Float64()-.5)*.9
	o.Shade = r.Float64() * .5
	o.Blur = r.Float64() * .22
	o.Noise = r.Float64() * 8
	o.Crumple = r.Float64() * 1.6
	o.Blank = r.IntN(25) == 0
	switch r.IntN(16) {
	case 0:
		o.Cut = 1 + r.IntN(4)
	case 1:
		o.Fold = 1 + r.IntN(4)
	case 2: // a flat-bed scan at 150 dpi
		o.W, o.H, o.Fill, o.Turn, o.TiltX, o.TiltY, o.Shade, o.Crumple, o.Grey = 1240, 1754, 1, (r.Float64()-.5)*.03, 0, 0, .02, 0, true
	}
	return o
}

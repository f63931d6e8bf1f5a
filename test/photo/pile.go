package photo

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/boombuler/barcode/qr"
)

// Pile makes many photos quickly, for tests of load: a few photos of sheets
// without a code are rendered once, and each further photo is one of them with
// a code and strokes of its own. The same number and code are the same bytes.
type Pile struct {
	bases []base
	noise []int8
}

// base is a photo of a sheet that has no code yet.
type base struct {
	pix     []uint8 // red, green, blue
	options Options
	cam     camera
}

// NewPile renders n bases of w by h pixels.
func NewPile(n, w, h int) *Pile {
	p := &Pile{noise: make([]int8, 1<<16)}
	r := rand.New(rand.NewPCG(9, 9))
	for i := range p.noise {
		p.noise[i] = int8(min(40, max(-40, r.NormFloat64()*3)))
	}
	for i := range n {
		o := Options{Seed: uint64(i + 1), Drawing: uint64(i + 1), W: w, H: h, Fill: .95, Turn: (r.Float64() - .5) * .1, TiltX: (r.Float64() - .5) * .3, TiltY: (r.Float64() - .5) * .3, Shade: .3 * r.Float64(), Light: 1, Quality: 85}
		pix, cam, _ := expose(o)
		rgb := make([]uint8, w*h*3)
		for j, v := range pix {
			rgb[j] = uint8(min(255, math.Pow(float64(v), 1/1.6)*255))
		}
		p.bases = append(p.bases, base{rgb, o, cam})
	}
	return p
}

// Photo gives photo i of the pile, of the sheet with that code, as JPEG.
func (p *Pile) Photo(i int, code string) []byte {
	b := p.bases[i%len(p.bases)]
	w, h := b.options.W, b.options.H
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(uint64(i), 5))
	at := r.IntN(len(p.noise))
	for j := range w * h {
		n := int(p.noise[(at+j*7)%len(p.noise)])
		for k := range 3 {
			m.Pix[j*4+k] = uint8(min(255, max(0, int(b.pix[j*3+k])+n)))
		}
		m.Pix[j*4+3] = 255
	}
	b.print(m, code)
	for range 20 + r.IntN(20) {
		x, y, turn := 30+r.Float64()*150, 70+r.Float64()*190, r.Float64()*2*math.Pi
		length := 20 + r.Float64()*60
		for s := 0.; s < length; s += .08 {
			if px, py := x+s*math.Cos(turn), y+s*math.Sin(turn); px > 18 && px < 192 && py > 57 && py < 271 {
				u, v := apply(b.cam.m, px, py)
				dab(m, int(u), int(v))
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: b.options.Quality}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// print puts the code where it stands on the sheet, through the camera.
func (b base) print(m *image.RGBA, text string) {
	code, err := qr.Encode(text, qr.M, qr.AlphaNumeric)
	if err != nil {
		panic(err)
	}
	const left, top, side, fine = 164., 23., 24., 3
	n := float64(code.Bounds().Dx())
	area := image.Rectangle{Min: image.Pt(1<<30, 1<<30)}
	for _, c := range [][2]float64{{0, 0}, {side, 0}, {side, side}, {0, side}} {
		x, y := apply(b.cam.m, left+c[0], top+c[1])
		area.Min.X, area.Min.Y = min(area.Min.X, int(x)), min(area.Min.Y, int(y))
		area.Max.X, area.Max.Y = max(area.Max.X, int(x)+1), max(area.Max.Y, int(y)+1)
	}
	area = area.Intersect(m.Rect)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			black := 0
			for s := range fine * fine {
				u, v := apply(b.cam.inv, float64(x)+(float64(s%fine)+.5)/fine, float64(y)+(float64(s/fine)+.5)/fine)
				u, v = (u-left)/side*n, (v-top)/side*n
				if u < 0 || v < 0 || u >= n || v >= n {
					continue
				}
				if dark, _, _, _ := code.At(int(u), int(v)).RGBA(); dark == 0 {
					black++
				}
			}
			shade(m, x, y, 1-.85*float64(black)/(fine*fine))
		}
	}
}

// dab darkens a spot two pixels wide.
func dab(m *image.RGBA, x, y int) {
	for j := range 2 {
		for i := range 2 {
			shade(m, x+i, y+j, .7)
		}
	}
}

func shade(m *image.RGBA, x, y int, f float64) {
	if !image.Pt(x, y).In(m.Rect) {
		return
	}
	p := m.Pix[m.PixOffset(x, y):]
	for k := range 3 {
		p[k] = uint8(float64(p[k]) * f)
	}
}

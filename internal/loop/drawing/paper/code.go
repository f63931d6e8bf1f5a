package paper

import (
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"zugou/internal/loop/drawing/sheet"
)

// sample gives the brightness at a place of the stored pixels, between them by
// weights of 1/256; white outside.
func (p *Photo) sample(x, y float64) uint8 {
	w, h := p.size()
	if x < 0 || y < 0 || x >= float64(w-1) || y >= float64(h-1) {
		return 255
	}
	xi, yi := int(x), int(y)
	fx, fy := int32((x-float64(xi))*256), int32((y-float64(yi))*256)
	s := p.pix.YStride
	r := p.pix.Y[yi*s+xi:]
	top := int32(r[0])*(256-fx) + int32(r[1])*fx
	bottom := int32(r[s])*(256-fx) + int32(r[s+1])*fx
	return uint8((top*(256-fy) + bottom*fy) >> 16)
}

// crop gives an area of the sheet as a grey picture, straight and upright.
func (p *Photo) crop(m mapping, box sheet.Box, perMM float64) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, int(box.W*perMM), int(box.H*perMM)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			q := m.at(box.X+(float64(x)+.5)/perMM, box.Y+(float64(y)+.5)/perMM)
			out.Pix[y*out.Stride+x] = p.sample(q.X-.5, q.Y-.5)
		}
	}
	return out
}

// ladder is the resolutions at which the code is tried, pixels a mm, and how
// much around it is taken: bent paper moves it.
var ladder = []struct{ perMM, around float64 }{{6, 1}, {4, 1}, {10, 1}, {6, 1.6}, {8, .5}}

// readCode decodes the code in its box. Anything but a code of ours with a
// right check character is no code.
func (p *Photo) readCode(l sheet.Layout, m mapping) (sheet.Number, bool) {
	for _, step := range ladder {
		g := p.crop(m, l.QR.Inset(-l.Quiet*step.around), step.perMM)
		if n, ok := decode(g); ok {
			return n, true
		}
	}
	return p.readModules(l, m)
}

func decode(g *image.Gray) (sheet.Number, bool) {
	source := gozxing.NewLuminanceSourceFromImage(g)
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		if n, ok := decodeBy(binarizer); ok {
			return n, true
		}
	}
	return "", false
}

// decodeBy asks the library, which panics on some damaged codes.
func decodeBy(b gozxing.Binarizer) (n sheet.Number, ok bool) {
	defer func() {
		if recover() != nil {
			n, ok = "", false
		}
	}()
	bitmap, err := gozxing.NewBinaryBitmap(b)
	if err != nil {
		return "", false
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", false
	}
	n, _, ok = sheet.ParseCode(found.GetText())
	return n, ok
}

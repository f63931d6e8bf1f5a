package paper

import (
	"image"

	"zugou/internal/loop/drawing/sheet"
)

// PerMM is the resolution of the rectified frame, pixels a mm: 200 dpi, at
// which a pencil's line is two pixels and more.
const PerMM = 8

// stepOf is how many pixels the mapping is taken as straight for: over 2 mm
// the strongest perspective bends by a hundredth of a pixel.
const stepOf = 16

// rectify gives the frame as seen straight from above.
func (p *Photo) rectify(l sheet.Layout, m mapping) *image.YCbCr {
	w, h := int(l.Frame.W*PerMM)&^1, int(l.Frame.H*PerMM)&^1
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	warp(out.Y, out.YStride, w, h, p.pix.Y, p.pix.YStride, p.pix.Rect.Dx(), p.pix.Rect.Dy(), m, l.Frame, PerMM, 1, 1, 255)
	if p.grey {
		for i := range out.Cb {
			out.Cb[i], out.Cr[i] = 128, 128
		}
		return out
	}
	sx, sy := 1., 1.
	cw, ch := p.pix.Rect.Dx(), p.pix.Rect.Dy()
	switch p.pix.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		sx, sy, cw, ch = .5, .5, (cw+1)/2, (ch+1)/2
	case image.YCbCrSubsampleRatio422:
		sx, cw = .5, (cw+1)/2
	case image.YCbCrSubsampleRatio440:
		sy, ch = .5, (ch+1)/2
	case image.YCbCrSubsampleRatio411:
		sx, cw = .25, (cw+3)/4
	case image.YCbCrSubsampleRatio410:
		sx, sy, cw, ch = .25, .5, (cw+3)/4, (ch+1)/2
	}
	warp(out.Cb, out.CStride, w/2, h/2, p.pix.Cb, p.pix.CStride, cw, ch, m, l.Frame, PerMM/2., sx, sy, 128)
	warp(out.Cr, out.CStride, w/2, h/2, p.pix.Cr, p.pix.CStride, cw, ch, m, l.Frame, PerMM/2., sx, sy, 128)
	return out
}

// warp fills to (w × h) with box of the sheet out of from (fw × fh), whose
// pixels are sx, sy of the photo's. Outside of the photo it is empty.
func warp(to []uint8, toStride, w, h int, from []uint8, stride, fw, fh int, m mapping, box sheet.Box, perMM, sx, sy float64, empty uint8) {
	const one = 1 << 16
	limitX, limitY := int64(fw-1)*one, int64(fh-1)*one
	for y := range h {
		row := to[y*toStride:][:w]
		my := box.Y + (float64(y)+.5)/perMM
		at := m.at(box.X+.5/perMM, my)
		for x0 := 0; x0 < w; x0 += stepOf {
			n := min(stepOf, w-x0)
			next := m.at(box.X+(float64(x0+n)+.5)/perMM, my)
			u, v := int64((at.X*sx-.5)*one), int64((at.Y*sy-.5)*one)
			du, dv := int64((next.X-at.X)*sx*one)/int64(n), int64((next.Y-at.Y)*sy*one)/int64(n)
			at = next
			endU, endV := u+du*int64(n), v+dv*int64(n)
			inside := min(u, endU) >= 0 && max(u, endU) < limitX && min(v, endV) >= 0 && max(v, endV) < limitY
			part := row[x0 : x0+n]
			for x := range part {
				if !inside && (u < 0 || v < 0 || u >= limitX || v >= limitY) {
					part[x] = empty
				} else {
					i := int(v>>16)*stride + int(u>>16)
					fx, fy := uint32(u>>8)&255, uint32(v>>8)&255
					a := from[i : i+2 : i+2]
					b := from[i+stride : i+stride+2 : i+stride+2]
					top := uint32(a[0])*(256-fx) + uint32(a[1])*fx
					bottom := uint32(b[0])*(256-fx) + uint32(b[1])*fx
					part[x] = uint8((top*(256-fy) + bottom*fy + 1<<15) >> 16)
				}
				u, v = u+du, v+dv
			}
		}
	}
}

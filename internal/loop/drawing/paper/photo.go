package paper

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"zugou/internal/kernel/errs"
)

// Bounds of what is decoded: more costs more memory than a district's machine
// should give to one photo.
const (
	mostBytes       = 40 << 20
	mostPixels      = 64 << 20
	mostProgressive = 26 << 20 // these are held whole as coefficients
)

// Photo is a decoded picture: brightness, and colour where there is some.
type Photo struct {
	pix         *image.YCbCr
	grey        bool
	orientation int // Exif, 1–8
}

// Decode reads a JPEG or PNG.
//
// Errors: Invalid (drawing.photo_form, drawing.photo_large, drawing.photo_heic).
func Decode(data []byte) (*Photo, error) {
	if len(data) > mostBytes {
		return nil, errs.Invalid("photo", "drawing.photo_large")
	}
	if len(data) > 12 && string(data[4:8]) == "ftyp" {
		return nil, errs.Invalid("photo", "drawing.photo_heic")
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errs.Invalid("photo", "drawing.photo_form")
	}
	if most := map[bool]int{false: mostPixels, true: mostProgressive}[progressive(data)]; config.Width < 1 || config.Height < 1 ||
		config.Width > most/config.Height {
		return nil, errs.Invalid("photo", "drawing.photo_large")
	}
	p := &Photo{orientation: 1}
	var m image.Image
	if format == "jpeg" {
		p.orientation = orientation(data)
		m, err = jpeg.Decode(bytes.NewReader(data))
	} else {
		m, err = png.Decode(bytes.NewReader(data))
	}
	if err != nil {
		return nil, errs.Invalid("photo", "drawing.photo_form")
	}
	p.pix, p.grey = planes(m)
	return p, nil
}

// planes gives a picture as brightness and colour planes; the usual JPEG is
// them already.
func planes(m image.Image) (*image.YCbCr, bool) {
	b := m.Bounds()
	switch m := m.(type) {
	case *image.YCbCr:
		return m, false
	case *image.Gray:
		return &image.YCbCr{Y: m.Pix, YStride: m.Stride, Rect: b, SubsampleRatio: image.YCbCrSubsampleRatio420}, true
	}
	rgb, ok := m.(*image.RGBA)
	if !ok {
		rgb = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(rgb, rgb.Bounds(), image.White, image.Point{}, draw.Src) // transparent is paper
		draw.Draw(rgb, rgb.Bounds(), m, b.Min, draw.Over)
	}
	out := image.NewYCbCr(image.Rect(0, 0, b.Dx(), b.Dy()), image.YCbCrSubsampleRatio420)
	for y := range b.Dy() {
		row := rgb.Pix[y*rgb.Stride:]
		for x := range b.Dx() {
			yy, cb, cr := color.RGBToYCbCr(row[4*x], row[4*x+1], row[4*x+2])
			out.Y[y*out.YStride+x] = yy
			if y&1 == 0 && x&1 == 0 {
				at := y/2*out.CStride + x/2
				out.Cb[at], out.Cr[at] = cb, cr
			}
		}
	}
	return out, false
}

func (p *Photo) size() (w, h int) { return p.pix.Rect.Dx(), p.pix.Rect.Dy() }

// Size gives width and height as a browser shows the photo.
func (p *Photo) Size() (w, h int) {
	w, h = p.size()
	if p.orientation >= 5 {
		return h, w
	}
	return w, h
}

// mirrored tells whether the stored pixels are a mirror image.
func (p *Photo) mirrored() bool {
	return p.orientation == 2 || p.orientation == 4 || p.orientation == 5 || p.orientation == 7
}

// shown turns a place in the stored pixels into one as shown.
func (p *Photo) shown(q Point) Point {
	w, h := p.size()
	W, H := float64(w), float64(h)
	switch p.orientation {
	case 2:
		return Point{W - q.X, q.Y}
	case 3:
		return Point{W - q.X, H - q.Y}
	case 4:
		return Point{q.X, H - q.Y}
	case 5:
		return Point{q.Y, q.X}
	case 6:
		return Point{H - q.Y, q.X}
	case 7:
		return Point{H - q.Y, W - q.X}
	case 8:
		return Point{q.Y, W - q.X}
	}
	return q
}

// stored is shown backwards.
func (p *Photo) stored(q Point) Point {
	w, h := p.size()
	W, H := float64(w), float64(h)
	switch p.orientation {
	case 2:
		return Point{W - q.X, q.Y}
	case 3:
		return Point{W - q.X, H - q.Y}
	case 4:
		return Point{q.X, H - q.Y}
	case 5:
		return Point{q.Y, q.X}
	case 6:
		return Point{q.Y, H - q.X}
	case 7:
		return Point{W - q.Y, H - q.X}
	case 8:
		return Point{W - q.Y, q.X}
	}
	return q
}

// segments calls fn for each JPEG segment before the picture's data, until fn
// returns false.
func segments(data []byte, fn func(marker byte, body []byte) bool) {
	if len(data) < 4 || data[0] != 0xFF || data[1] != 0xD8 {
		return
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		marker := data[at+1]
		if marker == 0xFF { // filling
			at++
			continue
		}
		if marker == 0x01 || marker >= 0xD0 && marker <= 0xD7 {
			at += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) || marker == 0xDA {
			return
		}
		if !fn(marker, data[at+4:at+2+size]) {
			return
		}
		at += 2 + size
	}
}

func progressive(data []byte) bool {
	found := false
	segments(data, func(marker byte, _ []byte) bool {
		found = found || marker == 0xC2
		return !found
	})
	return found
}

// orientation reads tag 0x0112 of the first Exif directory; 1 where there is none.
func orientation(data []byte) int {
	out := 1
	segments(data, func(marker byte, body []byte) bool {
		if marker != 0xE1 || len(body) < 14 || string(body[:6]) != "Exif\x00\x00" {
			return true
		}
		tiff := body[6:]
		var order binary.ByteOrder = binary.LittleEndian
		if string(tiff[:2]) == "MM" {
			order = binary.BigEndian
		}
		at := int(order.Uint32(tiff[4:]))
		if at < 8 || at+2 > len(tiff) {
			return false
		}
		for n := range int(order.Uint16(tiff[at:])) {
			row := at + 2 + 12*n
			if row+12 > len(tiff) {
				break
			}
			if order.Uint16(tiff[row:]) == 0x0112 && order.Uint16(tiff[row+2:]) == 3 {
				if v := int(order.Uint16(tiff[row+8:])); v >= 1 && v <= 8 {
					out = v
				}
				break
			}
		}
		return false
	})
	return out
}

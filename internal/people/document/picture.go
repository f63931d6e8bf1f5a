package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"zugou/internal/kernel/errs"
)

// Picture is an image made safe to serve.
type Picture struct {
	Bytes         []byte
	Media         string
	Width, Height int
	Meta          Meta
	Thumb         []byte // JPEG
}

var errBroken = errors.New("not a picture")

// Prepare takes place, time and all else but pixels and colours out of a
// picture, turns it upright, and draws its small copy. Errors: Invalid
// "document.broken" for what no decoder reads, "document.too_many_pixels".
func Prepare(b []byte, media string, p Policy) (Picture, error) {
	size, err := config(b, media)
	if err != nil {
		return Picture{}, errs.Invalid("file", "document.broken")
	}
	if most := p.Limits[Image].Pixels; most > 0 && int64(size.Width)*int64(size.Height) > most || size.Width <= 0 || size.Height <= 0 {
		return Picture{}, errs.Invalid("file", "document.too_many_pixels")
	}
	clean, exif, err := stripped(b, media)
	if err != nil {
		return Picture{}, errs.Invalid("file", "document.broken")
	}
	img, err := decode(clean, media)
	if err != nil {
		return Picture{}, errs.Invalid("file", "document.broken")
	}
	out := Picture{Bytes: clean, Media: media, Width: size.Width, Height: size.Height, Meta: readEXIF(exif)}
	if o := out.Meta.Orientation; o > 1 {
		img = upright(img, o)
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: p.Serve.Quality}); err != nil {
			return Picture{}, err
		}
		out.Bytes, out.Media = buf.Bytes(), "image/jpeg"
		out.Width, out.Height = img.Bounds().Dx(), img.Bounds().Dy()
	}
	out.Thumb, err = thumb(img, p)
	return out, err
}

func config(b []byte, media string) (image.Config, error) {
	switch media {
	case "image/jpeg":
		return jpeg.DecodeConfig(bytes.NewReader(b))
	case "image/png":
		return png.DecodeConfig(bytes.NewReader(b))
	case "image/webp":
		return webp.DecodeConfig(bytes.NewReader(b))
	}
	return image.Config{}, errBroken
}

func decode(b []byte, media string) (image.Image, error) {
	switch media {
	case "image/jpeg":
		return jpeg.Decode(bytes.NewReader(b))
	case "image/png":
		return png.Decode(bytes.NewReader(b))
	case "image/webp":
		return webp.Decode(bytes.NewReader(b))
	}
	return nil, errBroken
}

// thumb draws the small copy on white: JPEG knows no transparency.
func thumb(img image.Image, p Policy) ([]byte, error) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > p.Thumb.Side {
		w, h = max(1, w*p.Thumb.Side/longest), max(1, h*p.Thumb.Side/longest)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Over, nil)
	var buf bytes.Buffer
	err := jpeg.Encode(&buf, small, &jpeg.Options{Quality: p.Thumb.Quality})
	return buf.Bytes(), err
}

// upright turns and mirrors a picture as EXIF's orientation says.
func upright(img image.Image, orientation int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	turned := orientation >= 5
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turned {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
	for y := range h {
		for x := range w {
			var tx, ty int
			switch orientation {
			case 2:
				tx, ty = w-1-x, y
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				tx, ty = x, h-1-y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			default:
				tx, ty = x, y
			}
			copy(out.Pix[out.PixOffset(tx, ty):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return out
}

// stripped gives the picture without anything but what draws it, and the EXIF
// block it carried.
func stripped(b []byte, media string) (clean, exif []byte, err error) {
	switch media {
	case "image/jpeg":
		return strippedJPEG(b)
	case "image/png":
		return strippedPNG(b)
	case "image/webp":
		return strippedWebP(b)
	}
	return nil, nil, errBroken
}

// strippedJPEG keeps the segments that a decoder needs, the colour profile and
// Adobe's colour transform. It ends at the end of the image: phones append
// whole videos behind it.
func strippedJPEG(b []byte) (clean, exif []byte, err error) {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return nil, nil, errBroken
	}
	clean = append(clean, b[:2]...)
	for i := 2; ; {
		for i < len(b) && b[i] == 0xff && i+1 < len(b) && b[i+1] == 0xff {
			i++ // fill bytes
		}
		if i+2 > len(b) || b[i] != 0xff {
			return nil, nil, errBroken
		}
		marker := b[i+1]
		switch {
		case marker == 0xd9:
			return append(clean, 0xff, 0xd9), exif, nil
		case marker >= 0xd0 && marker <= 0xd7 || marker == 0x01:
			clean = append(clean, b[i:i+2]...)
			i += 2
			continue
		}
		if i+4 > len(b) {
			return nil, nil, errBroken
		}
		end := i + 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		if end < i+4 || end > len(b) {
			return nil, nil, errBroken
		}
		body := b[i+4 : end]
		keep := true
		switch {
		case marker == 0xe1:
			if exif == nil && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				exif = body[6:]
			}
			keep = false
		case marker == 0xe2:
			keep = bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
		case marker == 0xe0:
			keep = bytes.HasPrefix(body, []byte("JFIF\x00"))
		case marker == 0xee:
			keep = bytes.HasPrefix(body, []byte("Adobe"))
		case marker >= 0xe3 && marker <= 0xef, marker == 0xfe:
			keep = false
		}
		if keep {
			clean = append(clean, b[i:end]...)
		}
		i = end
		if marker == 0xda { // the scan: up to the next marker that is none of its own
			j := i
			for j+1 < len(b) && (b[j] != 0xff || b[j+1] == 0 || b[j+1] >= 0xd0 && b[j+1] <= 0xd7) {
				j++
			}
			if j+1 >= len(b) { // cut off at the end, as bad networks do: the rest draws
				return append(append(clean, b[i:]...), 0xff, 0xd9), exif, nil
			}
			clean = append(clean, b[i:j]...)
			i = j
		}
	}
}

// kept are the PNG chunks that draw the picture.
func keptPNG(name string) bool {
	switch name {
	case "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "pHYs", "bKGD":
		return true
	}
	return false
}

func strippedPNG(b []byte) (clean, exif []byte, err error) {
	if len(b) < 8 {
		return nil, nil, errBroken
	}
	clean = append(clean, b[:8]...)
	for i := 8; i+12 <= len(b); {
		size := int64(binary.BigEndian.Uint32(b[i:]))
		end := int64(i) + 12 + size
		if end > int64(len(b)) {
			return nil, nil, errBroken
		}
		name := string(b[i+4 : i+8])
		if name == "eXIf" && exif == nil {
			exif = b[i+8 : int64(i)+8+size]
		}
		if keptPNG(name) {
			clean = append(clean, b[i:end]...)
		}
		if name == "IEND" {
			return clean, exif, nil
		}
		i = int(end)
	}
	return nil, nil, errBroken
}

// Flags of VP8X that announce metadata (WebP container specification).
const (
	webpHasEXIF = 0x08
	webpHasXMP  = 0x04
)

func strippedWebP(b []byte) (clean, exif []byte, err error) {
	if len(b) < 12 {
		return nil, nil, errBroken
	}
	clean = append(clean, b[:12]...)
	for i := 12; i+8 <= len(b); {
		size := int64(binary.LittleEndian.Uint32(b[i+4:]))
		end := int64(i) + 8 + size
		if end > int64(len(b)) {
			return nil, nil, errBroken
		}
		padded := min(end+size&1, int64(len(b)))
		switch name := string(b[i : i+4]); name {
		case "EXIF":
			exif = bytes.TrimPrefix(b[i+8:end], []byte("Exif\x00\x00"))
		case "VP8X":
			chunk := bytes.Clone(b[i:padded])
			if len(chunk) > 8 {
				chunk[8] &^= webpHasEXIF | webpHasXMP
			}
			clean = append(clean, chunk...)
		case "VP8 ", "VP8L", "ALPH", "ICCP":
			clean = append(clean, b[i:padded]...)
		}
		i = int(padded)
	}
	binary.LittleEndian.PutUint32(clean[4:], uint32(len(clean)-8))
	return clean, exif, nil
}

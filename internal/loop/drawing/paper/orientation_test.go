package paper

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

// A place shown and taken back is the same, for all eight orientations.
func TestOrientations(t *testing.T) {
	for o := 1; o <= 8; o++ {
		p, err := Decode(withExif(t, o))
		if err != nil {
			t.Fatal(err)
		}
		if p.orientation != o {
			t.Fatalf("orientation %d is read as %d", o, p.orientation)
		}
		w, h := p.Size()
		if (o >= 5) != (w == 40) {
			t.Errorf("orientation %d shows %d × %d", o, w, h)
		}
		for _, q := range []Point{{0, 0}, {59, 3}, {7, 39}} {
			s := p.shown(q)
			if s.X < 0 || s.Y < 0 || s.X > float64(w) || s.Y > float64(h) {
				t.Errorf("orientation %d shows %v at %v, outside", o, q, s)
			}
			if got := p.stored(s); got != q {
				t.Errorf("orientation %d: %v comes back as %v", o, q, got)
			}
		}
	}
}

// withExif makes a picture of 60 × 40 that says its orientation.
func withExif(t *testing.T, o int) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, image.NewGray(image.Rect(0, 0, 60, 40)), nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	tiff[18] = byte(o)
	body := append([]byte("Exif\x00\x00"), tiff...)
	seg := append([]byte{0xFF, 0xE1, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	return append(append([]byte{0xFF, 0xD8}, seg...), buf.Bytes()[2:]...)
}

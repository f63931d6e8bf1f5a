package paper_test

import (
	"testing"

	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	"zugou/test/photo"
)

// Hostile bytes end in an error or in a reading, never in a panic, and never
// in a number that fails its own check.
func FuzzRead(f *testing.F) {
	small := photo.Options{Seed: 1, W: 240, H: 320, Fill: .95, Light: 1, Quality: 60, Code: sheet.NewNumber().Code(sheet.Current())}
	f.Add(photo.Make(small).JPEG)
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		p, err := paper.Decode(data)
		if err != nil {
			return
		}
		if w, h := p.Size(); w*h > 4<<20 {
			return // a bomb within the bounds costs only time
		}
		got := p.Read(limits(t))
		if got.Number != "" {
			if _, err := sheet.ParseNumber(string(got.Number)); err != nil {
				t.Fatalf("%q: %v", got.Number, err)
			}
		}
		if got.Found() != (got.Frame != nil) {
			t.Fatal("corners without a frame")
		}
		if _, err := p.ReadAt([4]paper.Point{{X: 1, Y: 1}, {X: 90, Y: 2}, {X: 88, Y: 120}, {X: 3, Y: 110}}, limits(t)); err != nil && got.Found() {
			t.Fatal(err)
		}
	})
}

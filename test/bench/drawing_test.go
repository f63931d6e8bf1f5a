package bench

import (
	"bytes"
	"flag"
	"image/jpeg"
	"runtime"
	"syscall"
	"testing"
	"time"

	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	policy "zugou/policy/drawing"
	"zugou/test/photo"
)

var drawings = flag.Int("drawings", 6, "photos of 12 megapixels that BenchmarkDrawingPhotos reads")

// cpu is what this process has used: a busy machine doesn't change it.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Photos of 12 megapixels read in full (marks, code, quality, measures, the
// rectified frame as JPEG), for each second of one core, beside image/jpeg
// decoding the same bytes in the same run. Goal of the share: 50 % or more.
func BenchmarkDrawingPhotos(b *testing.B) {
	book, err := paper.ReadLimits(policy.Files)
	if err != nil {
		b.Fatal(err)
	}
	limit := book.On("2026-01-01")
	var bare, ours time.Duration
	unread, n := 0, 0
	for b.Loop() {
		for i := range *drawings {
			want := sheet.NewNumber()
			made := photo.Make(photo.Options{Seed: uint64(i + 1), Drawing: uint64(i + 1), W: 3000, H: 4000, Fill: .9, Turn: .05, TiltX: .1, Shade: .2, Noise: 3, Light: 1, Quality: 85, Code: want.Code(sheet.Current())}).JPEG
			runtime.GC() // the generator's own rubbish is nobody's cost
			began := cpu(b)
			if _, err := jpeg.Decode(bytes.NewReader(made)); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			between := cpu(b)
			p, err := paper.Decode(made)
			if err != nil {
				b.Fatal(err)
			}
			got := p.Read(limit)
			if got.Number != want {
				unread++
			} else if _, err := got.JPEG(); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			bare, ours, n = bare+between-began, ours+cpu(b)-between, n+1
		}
	}
	b.ReportMetric(float64(n)/ours.Seconds(), "photos/core-s")
	b.ReportMetric(float64(n)/bare.Seconds(), "bare/core-s")
	b.ReportMetric(100*float64(bare)/float64(ours), "%of-bare")
	b.ReportMetric(float64(unread), "unread")
}

package paper_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/sheet"
	drawing "zugou/policy/drawing"
	"zugou/test/photo"
)

var (
	photos = flag.Uint64("photos", 12, "synthetic photos to read; 300 is the whole set")
	keep   = flag.String("keep", "", "folder to keep photos that were not read in")
)

func limits(t testing.TB) paper.Limits {
	t.Helper()
	book, err := paper.ReadLimits(drawing.Files)
	if err != nil {
		t.Fatal(err)
	}
	return book.On("2026-01-01")
}

// The promise of the issue: where all marks are in the photo, 99 of a hundred
// are read; no identity is ever wrong; what is not read says why.
func TestSyntheticPhotos(t *testing.T) {
	limit := limits(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	whole, read, rejected, unusable := 0, 0, 0, map[paper.Fault]int{}
	queue := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range queue {
				want := sheet.NewNumber()
				o := photo.Any(n, want.Code(sheet.Current()))
				made := photo.Make(o)
				p, err := paper.Decode(made.JPEG)
				if err != nil {
					t.Error(err)
					continue
				}
				got := p.Read(limit)
				mu.Lock()
				if made.Whole {
					whole++
				}
				switch {
				case got.Number == want && got.Found():
					if made.Whole {
						read++
					}
					for i, c := range got.Corners {
						if dx, dy := c.X-float64(made.Marks[i].X), c.Y-float64(made.Marks[i].Y); dx*dx+dy*dy > 400 {
							t.Errorf("photo %d: corner %d is %.0f,%.0f, the mark is at %v", n, i, c.X, c.Y, made.Marks[i])
						}
					}
				case got.Number != "" && got.Number != want:
					t.Errorf("photo %d: WRONG identity %s, the sheet is %s", n, got.Number, want)
				case len(got.Faults) == 0:
					t.Errorf("photo %d: not read, and no reason given", n)
				default:
					rejected++
					if made.Whole {
						t.Logf("photo %d not read though whole: %v %+v", n, got.Faults, o)
						if *keep != "" {
							_ = os.WriteFile(filepath.Join(*keep, fmt.Sprintf("%d.jpg", n)), made.JPEG, 0o600)
						}
					}
				}
				for _, f := range got.Faults {
					unusable[f]++
				}
				if got.Found() && got.Number != "" && got.Measures.Blank != o.Blank {
					t.Errorf("photo %d: blank %v, %.4f ink", n, got.Measures.Blank, got.Measures.Coverage)
				}
				mu.Unlock()
			}
		})
	}
	for n := range *photos {
		queue <- n
	}
	close(queue)
	wg.Wait()
	t.Logf("%d photos, %d with all marks: %d read (%.1f %%), %d to the mending screen, faults %v", *photos, whole, read, 100*float64(read)/float64(whole), rejected, unusable)
	if read*100 < whole*99 {
		t.Errorf("%d of %d read", read, whole)
	}
}

func make1(t *testing.T, o photo.Options) paper.Result {
	t.Helper()
	p, err := paper.Decode(photo.Make(o).JPEG)
	if err != nil {
		t.Fatal(err)
	}
	return p.Read(limits(t))
}

var usual = photo.Options{Seed: 5, Drawing: 5, W: 1600, H: 1200, Fill: .95, Turn: 1.6, TiltX: .1, Light: 1, Quality: 90, Noise: 2, Shade: .1}

// What a person is told to do better.
func TestQuality(t *testing.T) {
	number := sheet.NewNumber()
	for name, c := range map[string]struct {
		change func(*photo.Options)
		want   paper.Fault
	}{
		"good":    {func(*photo.Options) {}, ""},
		"blurred": {func(o *photo.Options) { o.Blur = .9 }, paper.Blurred},
		"dark":    {func(o *photo.Options) { o.Light = .07 }, paper.TooDark},
		"cut off": {func(o *photo.Options) { o.Cut = 3 }, paper.NoMarks},
		"folded":  {func(o *photo.Options) { o.Fold = 2 }, paper.NoMarks},
		"no code": {func(o *photo.Options) { o.Code = "" }, paper.NoCode},
		"another": {func(o *photo.Options) { o.Code = "HTTPS://EXAMPLE.CN" }, paper.NoCode},
		"tiny":    {func(o *photo.Options) { o.W, o.H = 800, 600 }, paper.TooSmall},
	} {
		o := usual
		o.Code = number.Code(sheet.Current())
		c.change(&o)
		got := make1(t, o)
		if c.want == "" && len(got.Faults) > 0 || c.want != "" && !slices.Contains(got.Faults, c.want) {
			t.Errorf("%s: %v, rise %.2f mm, %.1f px/mm, want %q", name, got.Faults, got.RiseMM, got.PerMM, c.want)
		}
		if got.Usable() != (c.want == "") {
			t.Errorf("%s: usable %v", name, got.Usable())
		}
		if got.Number != "" && got.Number != number {
			t.Errorf("%s: WRONG identity", name)
		}
	}
}

// A person shows the corners of a photo that lost a mark, and the code is read
// by them.
func TestMended(t *testing.T) {
	number := sheet.NewNumber()
	o := usual
	o.Code, o.Fold = number.Code(sheet.Current()), 3
	made := photo.Make(o)
	p, err := paper.Decode(made.JPEG)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Read(limits(t)); got.Found() {
		t.Fatalf("found marks where one is folded away: %v", got.Corners)
	}
	var corners [4]paper.Point
	for i, m := range made.Marks {
		corners[i] = paper.Point{X: float64(m.X) + 3, Y: float64(m.Y) - 2} // a hand is not exact
	}
	got, err := p.ReadAt(corners, limits(t))
	if err != nil || got.Number != number || got.Frame == nil {
		t.Errorf("%v %v %v", got.Number, got.Faults, err)
	}
	corners[0], corners[1] = corners[1], corners[0]
	if _, err := p.ReadAt(corners, limits(t)); err == nil {
		t.Error("crossed corners were taken")
	}
}

// Two photos of one drawing are suspected to be one; two drawings are not, and
// blank sheets never.
func TestSameDrawing(t *testing.T) {
	limit := limits(t)
	var all []paper.Result
	for i := range uint64(14) {
		o := usual
		o.Code, o.Drawing, o.Seed = sheet.NewNumber().Code(sheet.Current()), i/2, i
		o.Turn, o.TiltX, o.TiltY, o.Noise, o.Pencil = float64(i)*.7, .2*float64(i%2), -.1, float64(i%4)*2, true
		o.Blank = i/2 == 6
		all = append(all, make1(t, o))
	}
	for i, a := range all {
		for j, b := range all[:i] {
			want := i/2 == j/2 && i/2 != 6
			if got := a.Hashes.Same(b.Hashes, limit.SameDistance); got != want {
				t.Errorf("%d and %d: same %v", i, j, got)
			}
		}
	}
}

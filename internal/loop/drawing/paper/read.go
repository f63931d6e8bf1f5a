package paper

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"slices"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/sheet"
)

// Fault is why a photo can't be used as it is.
type Fault string

// The faults. The first two are for the mending screen, the rest say "take it
// again" and what to do better.
const (
	NoMarks  Fault = "no_marks"     // four marks were not found: cut off, covered, crumpled
	NoCode   Fault = "no_code"      // the code was not read
	Blurred  Fault = "blurred"      //
	TooDark  Fault = "dark"         //
	Faint    Fault = "low_contrast" // fog, glare, a dirty lens
	CutOff   Fault = "cut_off"      // a part of the frame is outside of the photo
	TooSmall Fault = "too_small"    // fewer than 3 pixels a mm: lines are lost
)

// Result is what was read in a photo.
type Result struct {
	Number  sheet.Number // empty: not read
	Corners [4]Point     // of the marks, as shown; zero: not found
	Faults  []Fault
	// Frame is the rectified frame; nil without corners.
	Frame    *image.YCbCr
	Grey     bool
	Measures Measures
	Hashes   Hashes
	RiseMM   float64 // sharpness, see Limits.BlurMM
	PerMM    float64 // pixels of the photo in a mm of the sheet
	W, H     int     // as shown
}

// Found reports whether the four marks were found.
func (r Result) Found() bool { return r.Corners != [4]Point{} }

// Usable reports whether a drawing may go on to raters without a person's look.
func (r Result) Usable() bool { return r.Number != "" && len(r.Faults) == 0 }

// Read reads a photo of one sheet.
func (p *Photo) Read(limit Limits) Result {
	l := sheet.Current()
	small, k := p.shrink()
	solid, hollow := candidates(small)
	out := Result{}
	out.W, out.H = p.Size()
	var best *mapping
	for _, q := range quads(l, solid, hollow, p.mirrored()) {
		for i, c := range q.corners {
			q.corners[i] = Point{(c.X + .5) * float64(k), (c.Y + .5) * float64(k)}
		}
		m, ok := mappingOf(l.Marks, q.corners)
		if !ok {
			continue
		}
		if n, ok := p.readCode(l, m); ok {
			out.Number, best = n, &m
			break
		}
		if best == nil && q.sure {
			best = &m
		}
	}
	if best == nil {
		// Nobody knows where the frame is; the number alone may still be read,
		// which spares the person at the mending screen the typing.
		out.Faults = append(out.Faults, NoMarks)
		if out.Number = wholePhoto(small); out.Number == "" {
			out.Faults = append(out.Faults, NoCode)
		}
		return out
	}
	p.finish(&out, l, *best, limit)
	return out
}

// ReadAt reads a photo whose four marks a person has shown, as displayed: top
// left, top right, bottom right, bottom left of the sheet.
//
// Errors: Invalid (drawing.corners).
func (p *Photo) ReadAt(corners [4]Point, limit Limits) (Result, error) {
	l := sheet.Current()
	out := Result{}
	out.W, out.H = p.Size()
	q := quad{corners: corners}
	m, ok := mapping{}, q.convex()
	for i, c := range corners {
		// A mark may lie a little outside of what the photo shows.
		if c.X < -float64(out.W) || c.Y < -float64(out.H) || c.X > 2*float64(out.W) || c.Y > 2*float64(out.H) {
			ok = false
		}
		q.corners[i] = p.stored(c)
	}
	if ok {
		m, ok = mappingOf(l.Marks, q.corners)
	}
	if !ok {
		return out, errs.Invalid("corners", "drawing.corners")
	}
	out.Number, _ = p.readCode(l, m)
	p.finish(&out, l, m, limit)
	return out, nil
}

// finish fills in what follows from the mapping.
func (p *Photo) finish(out *Result, l sheet.Layout, m mapping, limit Limits) {
	for i, mark := range l.Marks {
		out.Corners[i] = p.shown(m.at(mark.X, mark.Y))
	}
	if out.Number == "" {
		out.Faults = append(out.Faults, NoCode)
	}
	mid := sheet.Point{X: l.Width / 2, Y: l.Height / 2}
	if out.PerMM = math.Sqrt(m.scaleAt(mid.X, mid.Y)); out.PerMM < 3 {
		out.Faults = append(out.Faults, TooSmall)
	}
	w, h := p.size()
	f := l.Frame
	for _, c := range []sheet.Point{{X: f.X, Y: f.Y}, {X: f.X + f.W, Y: f.Y}, {X: f.X + f.W, Y: f.Y + f.H}, {X: f.X, Y: f.Y + f.H}} {
		if q := m.at(c.X, c.Y); q.X < 0 || q.Y < 0 || q.X > float64(w) || q.Y > float64(h) {
			out.Faults = append(out.Faults, CutOff)
			break
		}
	}
	var paper, black float64
	out.RiseMM, paper, black = p.edgesOf(l, m)
	switch {
	case paper < limit.DarkLuma:
		out.Faults = append(out.Faults, TooDark)
	case paper-black < limit.ContrastLuma:
		out.Faults = append(out.Faults, Faint)
	case out.RiseMM > limit.BlurMM:
		out.Faults = append(out.Faults, Blurred)
	}
	out.Frame, out.Grey = p.rectify(l, m), p.grey
	var c cells
	out.Measures, c = measure(out.Frame, p.grey, limit)
	if !out.Measures.Blank {
		out.Hashes = c.hashes()
	}
}

// wholePhoto looks for a code anywhere in the small picture.
func wholePhoto(m plane) sheet.Number {
	g := &image.Gray{Pix: m.pix, Stride: m.w, Rect: image.Rect(0, 0, m.w, m.h)}
	n, _ := decode(g)
	return n
}

// JPEG gives the frame as raters are shown it.
func (r Result) JPEG() ([]byte, error) {
	var buf bytes.Buffer
	err := jpeg.Encode(&buf, r.Frame, &jpeg.Options{Quality: 82})
	return buf.Bytes(), err
}

// Suggested gives the codes of the features that are measured first, for the
// rater to confirm. They are physical: none says what a drawing means.
func (m Measures) Suggested(limit Limits) coding.Codes {
	is := func(b bool) coding.Code {
		if b {
			return coding.Present
		}
		return coding.Absent
	}
	out := coding.Codes{"W01": is(m.Blank)}
	if m.Blank {
		return out
	}
	out["W02"] = is(m.BoxW*m.BoxH < limit.SmallBoxShare)
	out["W03"] = is(m.Darkness < limit.FaintDarkness)
	out["W04"] = is(m.Darkness > limit.HeavyDarkness)
	out["W05"] = is(m.Black >= limit.BlackShare)
	out["W12"] = is(m.Coloured < limit.DarkOnlyColoured)
	out["W17"] = is(m.CentreY > limit.BottomCentre)
	out["W18"] = is(slices.Contains(m.Edges[:], true))
	return out
}

package font

import (
	"bytes"
	"slices"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"zugou/internal/kernel/errs"
)

// PDF is a document that prints Chinese. Everything of fpdf may be used; what
// takes text is replaced here by the same name, so that no text goes by the
// check for missing characters. All lengths are millimetres.
type PDF struct {
	*fpdf.Fpdf
	face    *typeface
	missing []rune
	size    float64 // points
}

// Orientation of the paper.
const (
	Portrait  = "P"
	Landscape = "L"
)

// New begins a document on A4 with the font set at 11 points, without pages,
// margins of 15 mm. Printers are asked not to scale it.
//
// Errors: Internal when the font in the program is broken.
func New(orientation string) (*PDF, error) {
	t, err := face()
	if err != nil {
		return nil, errs.Internal(err)
	}
	p := &PDF{Fpdf: fpdf.New(orientation, "mm", "A4", ""), face: t}
	p.AddUTF8FontFromBytes("sc", "", t.data)
	p.SetMargins(15, 15, 15)
	p.SetAutoPageBreak(true, 15)
	p.SetCatalogSort(true)
	p.Fpdf.SetProducer("zugou", true)
	p.SetSize(11)
	return p, p.Error()
}

// SetSize sets the size of what is printed next, in points.
func (p *PDF) SetSize(points float64) {
	p.size = points
	p.Fpdf.SetFont("sc", "", points)
}

// SetFontSize is SetSize.
func (p *PDF) SetFontSize(points float64) { p.SetSize(points) }

// Heavy makes what is printed next bold, by an outline around each shape; the
// program carries one weight only.
func (p *PDF) Heavy(on bool) {
	if !on {
		p.SetTextRenderingMode(0)
		p.SetLineWidth(0.2)
		return
	}
	p.SetTextRenderingMode(2)
	p.SetLineWidth(p.size / 28 * 25.4 / 72)
}

func (p *PDF) encode(s string) string {
	return p.face.encode(s, func(c rune) {
		if !slices.Contains(p.missing, c) {
			p.missing = append(p.missing, c)
		}
	})
}

// Text prints s with its base line beginning at x, y.
func (p *PDF) Text(x, y float64, s string) { p.Fpdf.Text(x, y, p.encode(s)) }

// TextRight prints s so that it ends at x.
func (p *PDF) TextRight(x, y float64, s string) { p.Text(x-p.GetStringWidth(s), y, s) }

// TextCentre prints s so that its middle is at x.
func (p *PDF) TextCentre(x, y float64, s string) { p.Text(x-p.GetStringWidth(s)/2, y, s) }

// GetStringWidth gives the width of s in mm.
func (p *PDF) GetStringWidth(s string) float64 { return p.Fpdf.GetStringWidth(p.encode(s)) }

// CellFormat is fpdf's.
func (p *PDF) CellFormat(w, h float64, s, border string, ln int, align string, fill bool, link int, linkStr string) {
	p.Fpdf.CellFormat(w, h, p.encode(s), border, ln, align, fill, link, linkStr)
}

// Cell is fpdf's.
func (p *PDF) Cell(w, h float64, s string) { p.CellFormat(w, h, s, "", 0, "L", false, 0, "") }

// MultiCell prints s in lines of width w (0: to the right margin) and height
// h, each as a cell. Borders are drawn around the whole.
func (p *PDF) MultiCell(w, h float64, s, border, align string, fill bool) {
	if w == 0 {
		pw, _ := p.GetPageSize()
		_, _, right, _ := p.GetMargins()
		w = pw - right - p.GetX()
	}
	if align == "J" {
		align = "L"
	}
	lines := p.Wrap(s, w-2*p.GetCellMargin())
	sides := func(n int) string {
		if border == "" || border == "0" {
			return ""
		}
		if border == "1" {
			border = "LTRB"
		}
		b := strings.Map(func(c rune) rune {
			if c == 'T' && n > 0 || c == 'B' && n < len(lines)-1 {
				return -1
			}
			return c
		}, border)
		return b
	}
	left := p.GetX()
	for n, line := range lines {
		p.SetX(left)
		p.CellFormat(w, h, line, sides(n), 2, align, fill, 0, "")
	}
	margin, _, _, _ := p.GetMargins()
	p.SetX(margin)
}

// noneBegins are marks that no line begins with, noneEnds that none ends with.
const (
	noneBegins = "、。，．；：？！…—）」』】〉》〕”’%‰℃,.;:?!)]}"
	noneEnds   = "（「『【〈《〔“‘([{"
)

// together reports that no line is broken between a and b.
func together(a, b rune) bool {
	latin := func(c rune) bool { return c > ' ' && c < 0x2000 }
	return strings.ContainsRune(noneBegins, b) || strings.ContainsRune(noneEnds, a) || latin(a) && latin(b)
}

// Wrap breaks s into lines that are at most w mm wide. A single word that is
// wider is broken within.
func (p *PDF) Wrap(s string, w float64) []string {
	var out []string
	for _, paragraph := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		chars := []rune(paragraph)
		start, at, width := 0, -1, 0.0 // at: the last place where a break is allowed
		for i := 0; i < len(chars); i++ {
			if i > start && !together(chars[i-1], chars[i]) {
				at = i
			}
			width += p.GetStringWidth(string(chars[i]))
			if width <= w || i == start {
				continue
			}
			if at <= start {
				at = i
			}
			out = append(out, strings.TrimRight(string(chars[start:at]), " "))
			for at < len(chars) && chars[at] == ' ' {
				at++
			}
			start, i, width, at = at, at-1, 0, -1
		}
		out = append(out, string(chars[min(start, len(chars)):]))
	}
	return out
}

// Write prints s from the current place, broken at the right margin.
func (p *PDF) Write(h float64, s string) { p.Fpdf.Write(h, p.encode(s)) }

// SetTitle sets the title that a reader shows in its window.
func (p *PDF) SetTitle(s string) { p.Fpdf.SetTitle(s, true) }

// Bytes ends the document and gives the file.
//
// Errors: Invalid (print.no_glyph) with one field for each character that the
// font has no shape for; Internal for a fault in how the document was made.
func (p *PDF) Bytes() ([]byte, error) {
	if len(p.missing) > 0 {
		return nil, missingError(p.missing)
	}
	var buf bytes.Buffer
	if err := p.Fpdf.Output(&buf); err != nil {
		return nil, errs.Internal(err)
	}
	return buf.Bytes(), nil
}

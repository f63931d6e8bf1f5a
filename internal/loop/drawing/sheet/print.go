package sheet

import (
	"fmt"
	"strings"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/font"
)

// Pupil is one sheet to print.
type Pupil struct {
	Number Number
	Name   string
	Class  string // "三年级2班"
	School string
}

// Instruction is what is printed under the head, for the child.
const Instruction = "请在下面的方框里画一幅画，画里要有房子、树和人。想怎么画就怎么画，没有对错，不打分。"

// Print makes the PDF, one page a pupil, in the order given. With blankMissing
// a character that the font has no shape for is printed as an empty box to be
// filled in by hand; else it is refused by name.
//
// Errors: Invalid (drawing.nobody; print.no_glyph, naming each character).
func Print(pupils []Pupil, title string, blankMissing bool) ([]byte, error) {
	if len(pupils) == 0 {
		return nil, errs.Invalid("pupils", "drawing.nobody")
	}
	p, err := font.New(font.Portrait)
	if err != nil {
		return nil, err
	}
	p.SetTitle(title)
	p.SetAutoPageBreak(false, 0)
	// A reader's print dialog is asked not to scale: the geometry is in mm.
	p.SetDisplayMode("fullpage", "single")
	l := Current()
	for _, pupil := range pupils {
		if blankMissing {
			for _, c := range font.Missing(pupil.Name, pupil.Class, pupil.School) {
				blank := strings.NewReplacer(string(c), "□")
				pupil.Name, pupil.Class, pupil.School = blank.Replace(pupil.Name), blank.Replace(pupil.Class), blank.Replace(pupil.School)
			}
		}
		if err := page(p, l, pupil); err != nil {
			return nil, err
		}
	}
	return p.Bytes()
}

func page(p *font.PDF, l Layout, pupil Pupil) error {
	p.AddPage()
	p.SetFillColor(0, 0, 0)
	for i, m := range l.Marks {
		p.Rect(m.X-l.MarkSize/2, m.Y-l.MarkSize/2, l.MarkSize, l.MarkSize, "F")
		if i == 0 {
			p.SetFillColor(255, 255, 255)
			p.Rect(m.X-l.HollowSize/2, m.Y-l.HollowSize/2, l.HollowSize, l.HollowSize, "F")
			p.SetFillColor(0, 0, 0)
		}
	}
	if err := drawCode(p, l, pupil.Number); err != nil {
		return err
	}
	left := l.Frame.X
	p.SetSize(15)
	p.Heavy(true)
	p.Text(left+6, 17, "绘画活动用纸")
	p.Heavy(false)
	p.SetSize(12)
	p.Text(left, 28, fit(p, strings.TrimSpace(pupil.School+"  "+pupil.Class), 136))
	p.SetSize(16)
	p.Text(left, 38, fit(p, pupil.Name, 60))
	p.SetSize(9)
	p.Text(left+62, 34, "编号")
	p.SetSize(18)
	p.Text(left+72, 38, pupil.Number.String())
	p.SetSize(9.5)
	p.SetTextColor(60, 60, 60)
	for i, line := range p.Wrap(Instruction, 138) {
		p.Text(left, 46+4.6*float64(i), line)
	}
	p.SetTextColor(0, 0, 0)
	p.SetDrawColor(140, 140, 140)
	p.SetLineWidth(l.FrameLine)
	p.Rect(l.Frame.X-l.FrameLine/2, l.Frame.Y-l.FrameLine/2, l.Frame.W+l.FrameLine, l.Frame.H+l.FrameLine, "D")
	p.SetDrawColor(0, 0, 0)
	p.SetSize(8)
	p.TextCentre(l.Width/2, 282, "按实际大小打印（100%，不要“适合页面”）。四角黑块和二维码请不要涂画、折叠、遮挡。")
	p.TextCentre(l.Width/2, 287, "画完请正面拍照，四个黑块都拍进画面。")
	return nil
}

// fit cuts text to a width, so that nothing runs into the code or a mark.
func fit(p *font.PDF, s string, w float64) string {
	for p.GetStringWidth(s) > w {
		r := []rune(s)
		s = string(r[:len(r)-2]) + "…"
	}
	return s
}

// drawCode draws the code at its place. It stays of version 1: larger modules
// are read in a poorer photo.
func drawCode(p *font.PDF, l Layout, n Number) error {
	modules, err := p.QR(l.QR.X, l.QR.Y, l.QR.W, n.Code(l))
	if err == nil && modules != 21 {
		return errs.Internal(fmt.Errorf("code of %d modules, not of version 1", modules))
	}
	return err
}

// Package paper prints what is filled in by hand: a sheet for each child of a
// group, and slips with the codes that children type on a tablet.
//
// A sheet carries the child's name only in its head, on a strip to be cut off
// after collecting; the code below it stays. A character that the font has no
// shape for is an error, never a box: a sheet with a wrong name goes to the
// wrong child.
package paper

import (
	"strings"

	"zugou/internal/kernel/font"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
)

// Child is whom a sheet is for.
type Child struct {
	Name, Class, Code string
}

// Words gives the Chinese words of a key.
type Words func(key string) string

const (
	left, width = 15.0, 180.0
	foot        = 282.0
)

type printer struct {
	*font.PDF
	word Words
	c    Child
	n    int // page of the child
}

// Sheets prints every self-report questionnaire of a campaign for each child.
// Interviews are asked face to face and have no sheet.
//
// Errors: Invalid (print.no_glyph) naming the character.
func Sheets(c campaign.Campaign, children []Child, forms []instrument.Instrument, word Words) ([]byte, error) {
	pdf, err := font.New(font.Portrait)
	if err != nil {
		return nil, err
	}
	pdf.SetAutoPageBreak(false, 0)
	p := &printer{PDF: pdf, word: word}
	for _, ch := range children {
		p.c, p.n = ch, 0
		for _, in := range forms {
			if in.Mode == instrument.Interview {
				continue
			}
			p.form(c, in)
		}
	}
	return pdf.Bytes()
}

func (p *printer) page(c campaign.Campaign, in instrument.Instrument) {
	p.AddPage()
	p.n++
	p.SetFontSize(10)
	if p.n == 1 {
		p.SetXY(left, 10)
		p.CellFormat(width, 6, p.c.Class+"  "+p.c.Name, "", 0, "L", false, 0, "")
		p.SetDashPattern([]float64{1.5, 1.5}, 0)
		p.Line(left, 18, left+width, 18)
		p.SetDashPattern(nil, 0)
		p.SetFontSize(8)
		p.SetXY(left, 18.4)
		p.CellFormat(width, 4, p.word("paper.cut"), "", 0, "R", false, 0, "")
	}
	p.SetFontSize(9)
	p.SetXY(left, 23)
	p.CellFormat(width/2, 5, c.Title, "", 0, "L", false, 0, "")
	p.CellFormat(width/2, 5, p.word("paper.code")+" "+p.c.Code, "", 0, "R", false, 0, "")
	p.SetFontSize(8)
	p.SetXY(left, foot)
	p.CellFormat(width, 5, p.word("paper.help"), "T", 0, "C", false, 0, "")
	p.SetFontSize(14)
	p.SetXY(left, 30)
	p.CellFormat(width, 8, in.Title.ZH, "", 0, "C", false, 0, "")
	p.SetY(41)
}

func (p *printer) form(c campaign.Campaign, in instrument.Instrument) {
	p.page(c, in)
	p.SetFontSize(10.5)
	p.SetX(left)
	p.MultiCell(width, 5.6, in.Instruction.ZH, "", "L", false)
	p.Ln(2)
	section := ""
	for _, it := range in.Items {
		options := in.OptionsOf(it)
		p.SetFontSize(10.5)
		height := 6*float64(len(p.Wrap(it.Number+". "+it.Text.ZH, width))) + 8
		if p.GetY()+height > foot-4 {
			p.page(c, in)
		}
		if it.Section != section {
			section = it.Section
			for _, s := range in.Sections {
				if s.Code == section {
					p.SetFontSize(11.5)
					p.SetX(left)
					p.CellFormat(width, 8, s.Title.ZH, "", 1, "L", false, 0, "")
				}
			}
		}
		p.SetFontSize(10.5)
		p.SetX(left)
		number := it.Number
		if number != "" {
			number += ". "
		}
		p.MultiCell(width, 6, number+it.Text.ZH, "", "L", false)
		step := width / float64(max(4, len(options)))
		y := p.GetY() + 0.6
		for i, o := range options {
			x := left + 6 + step*float64(i)
			p.Rect(x, y+0.8, 3.6, 3.6, "D")
			p.SetXY(x+5, y)
			p.SetFontSize(9.5)
			p.CellFormat(step-6, 5.2, o.Text.ZH, "", 0, "L", false, 0, "")
		}
		p.SetY(y + 7.4)
	}
}

// Slips prints the codes of a group, twelve to a page, to be cut apart: a
// pupil is given one slip and sees no other's. The QR code opens the page at
// address with the figures behind a #, which no server and no log is sent.
func Slips(children []Child, address string, word Words) ([]byte, error) {
	pdf, err := font.New(font.Portrait)
	if err != nil {
		return nil, err
	}
	pdf.SetAutoPageBreak(false, 0)
	for i, ch := range children {
		at := i % 12
		if at == 0 {
			pdf.AddPage()
		}
		x, y := 12+float64(at%2)*94, 12+float64(at/2)*46
		pdf.SetDashPattern([]float64{1.5, 1.5}, 0)
		pdf.Rect(x, y, 92, 44, "D")
		pdf.SetDashPattern(nil, 0)
		pdf.SetFontSize(11)
		pdf.SetXY(x+4, y+4)
		pdf.CellFormat(84, 6, strings.TrimSpace(ch.Class+" "+ch.Name), "", 0, "L", false, 0, "")
		pdf.SetFontSize(21)
		pdf.SetXY(x+2, y+13)
		pdf.CellFormat(58, 12, ch.Code, "", 0, "C", false, 0, "")
		pdf.SetFontSize(8.5)
		pdf.SetXY(x+2, y+27)
		pdf.CellFormat(58, 5, word("paper.slip"), "", 0, "C", false, 0, "")
		pdf.SetXY(x+2, y+32)
		pdf.CellFormat(58, 5, word("paper.address"), "", 0, "C", false, 0, "")
		pdf.SetFontSize(7)
		pdf.SetXY(x+2, y+37)
		pdf.CellFormat(58, 4, address, "", 0, "C", false, 0, "")
		if _, err := pdf.QR(x+62, y+12, 26, address+"#"+strings.ReplaceAll(ch.Code, " ", "")); err != nil {
			return nil, err
		}
	}
	return pdf.Bytes()
}

package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
)

// readXLSX reads Office Open XML (ECMA-376), transitional or strict.
func readXLSX(data []byte) (*Book, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > 20_000 {
		return nil, bad("broken")
	}
	p := &xlsxParts{files: map[string]*zip.File{}, left: maxPart}
	for _, f := range z.File {
		p.files[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, "\\", "/"), "/"))] = f
	}
	main := "xl/workbook.xml"
	rels, err := p.rels("_rels/.rels", "")
	if err != nil {
		return nil, err
	}
	for _, r := range rels {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			main = r.target
		}
	}
	sheets, since1904, err := p.workbook(main)
	if err != nil {
		return nil, err
	}
	dir, base := path.Split(main)
	rels, err = p.rels(dir+"_rels/"+base+".rels", dir)
	if err != nil {
		return nil, err
	}
	x := &xlsxReader{parts: p, since1904: since1904, budget: &budget{}}
	for _, r := range rels {
		switch {
		case strings.HasSuffix(r.kind, "/sharedStrings"):
			err = x.readStrings(r.target)
		case strings.HasSuffix(r.kind, "/styles"):
			err = x.readStyles(r.target)
		}
		if err != nil {
			return nil, err
		}
	}
	book := &Book{Format: "xlsx"}
	for _, s := range sheets {
		r, ok := rels[s.rel]
		if !ok || !strings.HasSuffix(r.kind, "/worksheet") {
			continue // charts and macro sheets hold no rows
		}
		read, err := x.readSheet(r.target, s)
		if err != nil {
			return nil, err
		}
		book.Sheets = append(book.Sheets, read)
	}
	if len(book.Sheets) == 0 {
		return nil, bad("broken")
	}
	return book, nil
}

// xlsxParts opens the parts of the package and counts what they unfold to.
type xlsxParts struct {
	files map[string]*zip.File
	left  int64
}

// scan walks a part; a part that is not there has no tags.
func (p *xlsxParts) scan(name string, each func(*xmlScan) error) error {
	f := p.files[strings.ToLower(strings.TrimPrefix(name, "/"))]
	if f == nil {
		return nil
	}
	if f.Flags&1 != 0 {
		return bad("encrypted")
	}
	r, err := f.Open()
	if err != nil {
		return bad("broken")
	}
	defer r.Close()
	counted := &countReader{r: r, left: &p.left}
	x := newScan(counted)
	for {
		err := x.Next()
		if err == io.EOF {
			return nil
		}
		if p.left <= 0 {
			return bad("too_large")
		}
		if err != nil {
			return bad("broken")
		}
		if err := each(x); err != nil {
			return err
		}
	}
}

type countReader struct {
	r    io.Reader
	left *int64
}

func (c *countReader) Read(b []byte) (int, error) {
	if *c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.r.Read(b)
	*c.left -= int64(n)
	return n, err
}

type xlsxRel struct{ kind, target string }

func (p *xlsxParts) rels(name, dir string) (map[string]xlsxRel, error) {
	out := map[string]xlsxRel{}
	err := p.scan(name, func(x *xmlScan) error {
		if x.Name == "Relationship" && x.Start && len(out) < 10_000 {
			target := x.Attr("Target")
			if strings.HasPrefix(target, "/") {
				target = path.Clean(target[1:])
			} else {
				target = path.Join(dir, target)
			}
			out[x.Attr("Id")] = xlsxRel{x.Attr("Type"), target}
		}
		return nil
	})
	return out, err
}

type xlsxSheet struct {
	name, rel string
	hidden    bool
}

func (p *xlsxParts) workbook(name string) (sheets []xlsxSheet, since1904 bool, err error) {
	err = p.scan(name, func(x *xmlScan) error {
		switch {
		case x.Name == "sheet" && x.Start:
			if len(sheets) >= maxSheet {
				return bad("too_large")
			}
			state := x.Attr("state")
			sheets = append(sheets, xlsxSheet{x.Attr("name"), x.Attr("id"), state == "hidden" || state == "veryHidden"})
		case x.Name == "workbookPr" && x.Start:
			v := x.Attr("date1904")
			since1904 = v == "1" || v == "true"
		}
		return nil
	})
	return sheets, since1904, err
}

type xlsxReader struct {
	parts     *xlsxParts
	since1904 bool
	strings   []string
	dates     []bool // by cell style
	budget    *budget
}

func (x *xlsxReader) readStrings(name string) error {
	var b strings.Builder
	phonetic := false
	total := 0
	return x.parts.scan(name, func(s *xmlScan) error {
		switch s.Name {
		case "si":
			if s.End {
				total += b.Len()
				if total > maxText || len(x.strings) > maxCells {
					return bad("too_large")
				}
				x.strings = append(x.strings, b.String())
			}
			b.Reset()
		case "rPh": // how a name is pronounced, not part of it
			phonetic = s.Start && !s.End
		case "t":
			s.gather(&b, phonetic)
		}
		return nil
	})
}

// gather adds the text between <t> and </t> to b.
func (x *xmlScan) gather(b *strings.Builder, skip bool) {
	if x.Start && !x.End {
		x.Text()
		x.Want = true
		return
	}
	if x.Want {
		x.Want = false
		if t := x.Text(); !skip && b.Len() < maxCell {
			b.WriteString(t)
		}
	}
}

func (x *xlsxReader) readStyles(name string) error {
	codes := map[int]string{}
	inCells := false
	return x.parts.scan(name, func(s *xmlScan) error {
		switch s.Name {
		case "numFmt":
			if id, err := strconv.Atoi(s.Attr("numFmtId")); s.Start && err == nil && len(codes) < 10_000 {
				codes[id] = s.Attr("formatCode")
			}
		case "cellXfs":
			inCells = s.Start && !s.End
		case "xf":
			if inCells && s.Start && len(x.dates) < 100_000 {
				id, err := strconv.Atoi(s.Attr("numFmtId"))
				x.dates = append(x.dates, err == nil && dateFormat(id, codes[id]))
			}
		}
		return nil
	})
}

func (x *xlsxReader) readSheet(name string, meta xlsxSheet) (Sheet, error) {
	b := newBuilder(x.budget)
	row, col := 0, -1
	var kind, style string
	var text strings.Builder
	inCell, phonetic := false, false
	flush := func() error {
		inCell = false
		return b.set(row, col, x.cell(kind, style, text.String()))
	}
	err := x.parts.scan(name, func(s *xmlScan) error {
		switch s.Name {
		case "row":
			if s.Start {
				col = -1
				if n, err := strconv.Atoi(s.Attr("r")); err == nil && n > 0 {
					row = n
				} else {
					row++
				}
			}
		case "c":
			if s.Start {
				if r, c, ok := cellRef(s.Attr("r")); ok {
					row, col = r, c
				} else {
					col++
				}
				kind, style = s.Attr("t"), s.Attr("s")
				text.Reset()
				inCell = !s.End
			} else if inCell {
				return flush()
			}
		case "rPh":
			phonetic = s.Start && !s.End
		case "v", "t":
			if inCell {
				s.gather(&text, phonetic)
			}
		case "mergeCell":
			from, to, ok := strings.Cut(s.Attr("ref"), ":")
			r1, c1, ok1 := cellRef(from)
			r2, c2, ok2 := cellRef(to)
			if s.Start && ok && ok1 && ok2 {
				b.merge(Span{r1, c1, r2, c2})
			}
		}
		return nil
	})
	if err != nil {
		return Sheet{}, err
	}
	return b.sheet(meta.name, meta.hidden)
}

func (x *xlsxReader) cell(kind, style, text string) Cell {
	switch kind {
	case "s":
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 || i >= len(x.strings) {
			return Cell{}
		}
		return Cell{Text: x.strings[i], Kind: Text}
	case "str", "inlineStr":
		return Cell{Text: text, Kind: Text}
	case "b":
		if text == "1" || text == "true" {
			return Cell{Text: "TRUE", Kind: Bool}
		}
		return Cell{Text: "FALSE", Kind: Bool}
	case "e":
		return Cell{Text: text, Kind: Fault}
	case "d":
		return Cell{Text: text, Kind: Date}
	}
	text = strings.TrimSpace(text)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Cell{Text: text, Kind: Text}
	}
	if len(text) > 15 && strings.Trim(text, "0123456789") == "" {
		// More digits than a float keeps. They are true if nobody can have
		// rounded them: zeros behind the 15th, or the very value of a float.
		lossy := strings.Trim(text[15:], "0") == "" || strconv.FormatFloat(v, 'f', 0, 64) == text
		return Cell{Text: text, Kind: Number, Lossy: lossy}
	}
	return numberCell(v, x.isDate(style), x.since1904)
}

func (x *xlsxReader) isDate(style string) bool {
	i, err := strconv.Atoi(style)
	return err == nil && i >= 0 && i < len(x.dates) && x.dates[i]
}

func numberCell(v float64, date, since1904 bool) Cell {
	if date {
		if s, ok := dateText(v, since1904); ok {
			return Cell{Text: s, Kind: Date}
		}
	}
	return Cell{Text: numberText(v), Kind: Number, Lossy: math.Abs(v) >= 1e15}
}

// cellRef reads B12; the row from 1, the column from 0.
func cellRef(s string) (row, col int, ok bool) {
	i := 0
	for ; i < len(s) && i < 4; i++ {
		c := s[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	n, err := strconv.ParseUint(s[i:], 10, 31)
	if i == 0 || err != nil || n == 0 {
		return 0, 0, false
	}
	return int(n), col - 1, true
}

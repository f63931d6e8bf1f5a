package sheet

import (
	"bytes"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/errs"
)

// Limits on what one file may unfold to. A roster of a whole district has some
// 20,000 rows of 30 columns.
const (
	MaxFile  = 64 << 20  // bytes of the file
	maxPart  = 512 << 20 // bytes of one unpacked part of an xlsx
	maxCells = 2_000_000 // cells with content, merged ones counted each
	maxText  = 192 << 20 // bytes of text in all cells
	maxRow   = 1 << 20
	maxCol   = 512
	maxSheet = 256
	maxCell  = 32 << 10 // bytes of one cell, what Excel allows
)

// Kind is what a cell holds.
type Kind uint8

// The kinds of cell.
const (
	Blank Kind = iota
	Text
	Number
	Date  // a number under a date format, or an ISO date
	Bool  // TRUE or FALSE
	Fault // #N/A and the like
)

// Cell is one cell. Text is empty only if the kind is Blank.
type Cell struct {
	Text   string
	Kind   Kind
	Merged bool // filled from the first cell of a merged range
	Above  bool // and that cell stands in a row above
	Lossy  bool // a number of more than 15 digits that went through floating point
	Wide   int  // columns of the merged range, also in its first cell; 0 if none
}

// Row is a row with something in it.
type Row struct {
	Number int // as the spreadsheet counts, from 1
	Cells  []Cell
}

// At gives the cell of a column counted from 0; a blank one beyond the end.
func (r Row) At(col int) Cell {
	if col < 0 || col >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[col]
}

// Span is a merged range; rows from 1, columns from 0, both ends included.
type Span struct{ Top, Left, Bottom, Right int }

// Sheet is one table of a file. The name of a CSV's only sheet is empty.
type Sheet struct {
	Name   string
	Hidden bool
	Rows   []Row // by number; rows without content are left out
	Merges []Span
	Width  int // columns in use
}

// Row gives the row of a number; one without cells if it is blank.
func (s *Sheet) Row(number int) Row {
	i := sort.Search(len(s.Rows), func(i int) bool { return s.Rows[i].Number >= number })
	if i < len(s.Rows) && s.Rows[i].Number == number {
		return s.Rows[i]
	}
	return Row{Number: number}
}

// Book is a file read.
type Book struct {
	Format string // xlsx, xls, csv or html
	Sheets []Sheet
}

// Open reads a file of the disk. Errors: Invalid on field "file" with the keys
// of Read; NotFound if there is none.
func Open(path string) (*Book, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errs.NotFound("sheet.no_such_file")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, errs.Internal(err)
	}
	return Read(data)
}

// Read reads a file. Errors are Invalid on the field "file":
// sheet.too_large (it or what it unfolds to), sheet.encrypted, sheet.empty,
// sheet.unknown_format, sheet.broken.
func Read(data []byte) (*Book, error) {
	if len(data) > MaxFile {
		return nil, bad("too_large")
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, bad("empty")
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readXLSX(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return readXLS(data)
	case bytes.HasPrefix(data, []byte("%PDF")), bytes.HasPrefix(data, []byte("\x89PNG")),
		bytes.HasPrefix(data, []byte("\xff\xd8\xff")), bytes.HasPrefix(data, []byte("Rar!")), bytes.HasPrefix(data, []byte("7z\xbc\xaf")):
		return nil, bad("unknown_format")
	}
	return readText(data)
}

func bad(key string) error { return errs.Invalid("file", "sheet."+key) }

// budget counts what a file has unfolded to.
type budget struct{ cells, text int }

func (b *budget) take(text int) error {
	b.cells++
	b.text += text
	if b.cells > maxCells || b.text > maxText {
		return bad("too_large")
	}
	return nil
}

// builder gathers the cells of one sheet, in any order.
type builder struct {
	budget *budget
	rows   map[int]*Row
	merges []Span
	width  int
	last   int
}

func newBuilder(b *budget) *builder { return &builder{budget: b, rows: map[int]*Row{}} }

// set puts a cell; row from 1, column from 0. What lies beyond the limits of
// columns is dropped: no roster is so wide, but stray marks are.
func (b *builder) set(row, col int, c Cell) error {
	if len(c.Text) > maxCell {
		c.Text = strings.ToValidUTF8(c.Text[:maxCell], "")
	}
	if c.Text == "" {
		return nil
	}
	if row < 1 || row > maxRow || col < 0 || col >= maxCol {
		return nil
	}
	if err := b.budget.take(len(c.Text)); err != nil {
		return err
	}
	r := b.rows[row]
	if r == nil {
		r = &Row{Number: row}
		b.rows[row] = r
	}
	if grow := col + 1 - len(r.Cells); grow > 0 {
		// Blank cells before a far one cost memory too.
		b.budget.cells += grow - 1
		r.Cells = append(r.Cells, make([]Cell, grow)...)
	}
	r.Cells[col] = c
	b.width = max(b.width, col+1)
	b.last = max(b.last, row)
	return nil
}

func (b *builder) merge(s Span) {
	if s.Top < 1 || s.Left < 0 || s.Bottom < s.Top || s.Right < s.Left || (s.Top == s.Bottom && s.Left == s.Right) || len(b.merges) >= 200_000 {
		return
	}
	b.merges = append(b.merges, s)
}

// sheet fills the merged ranges and gives the rows in order. Ranges reach no
// further than the cells in use.
func (b *builder) sheet(name string, hidden bool) (Sheet, error) {
	out := Sheet{Name: name, Hidden: hidden, Width: b.width}
	last, width, area := b.last, b.width, 0
	for _, m := range b.merges {
		anchor := b.rows[m.Top]
		if anchor == nil || anchor.At(m.Left).Kind == Blank {
			continue
		}
		m.Bottom, m.Right = min(m.Bottom, last), min(m.Right, max(width-1, m.Left))
		if m.Bottom < m.Top {
			continue
		}
		// Ranges may not overlap, so together they are no larger than a sheet.
		if area += (m.Bottom - m.Top + 1) * (m.Right - m.Left + 1); area > 4*maxCells {
			return Sheet{}, bad("too_large")
		}
		out.Merges = append(out.Merges, m)
		anchor.Cells[m.Left].Wide = m.Right - m.Left + 1
		c := anchor.At(m.Left)
		c.Merged = true
		for row := m.Top; row <= m.Bottom; row++ {
			for col := m.Left; col <= m.Right; col++ {
				if r := b.rows[row]; r != nil && r.At(col).Kind != Blank {
					continue
				}
				c.Above = row > m.Top
				if err := b.set(row, col, c); err != nil {
					return Sheet{}, err
				}
			}
		}
	}
	out.Rows = make([]Row, 0, len(b.rows))
	for _, r := range b.rows {
		out.Rows = append(out.Rows, *r)
	}
	sort.Slice(out.Rows, func(i, j int) bool { return out.Rows[i].Number < out.Rows[j].Number })
	return out, nil
}

// numberText writes a number with every digit the file has and no exponent, so
// that 5.00199201503038e+17 is seen as what is left of an ID.
func numberText(v float64) string {
	if v > -1e21 && v < 1e21 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// dateText writes the day of a serial number, with the time if it has one.
func dateText(v float64, since1904 bool) (string, bool) {
	if v < 0 || v >= 2958466 { // the year 10000
		return "", false
	}
	days := int(v)
	seconds := int((v-float64(days))*86400 + 0.5)
	if days == 0 && !since1904 {
		return time.Unix(int64(seconds), 0).UTC().Format(time.TimeOnly), true
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case since1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60: // Excel believes in 29 February 1900
		days++
	}
	t := base.AddDate(0, 0, days).Add(time.Duration(seconds) * time.Second)
	if seconds == 0 {
		return t.Format(time.DateOnly), true
	}
	return t.Format(time.DateTime), true
}

// dateFormat reports whether a number format shows dates: the built-in ones,
// also those of Chinese Excel (27–36, 50–58), or a code with y, m, d, h, s
// outside of quotes and brackets.
func dateFormat(id int, code string) bool {
	switch {
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id >= 45 && id <= 47, id >= 50 && id <= 58:
		return true
	}
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == ';':
			return false // only the form of positive numbers counts
		case strings.IndexByte("yYmMdDhHsS", c) >= 0:
			return !strings.EqualFold(code, "standard")
		}
	}
	return false
}

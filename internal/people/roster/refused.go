package roster

import (
	"errors"
	"io"

	"github.com/xuri/excelize/v2"

	"zugou/internal/kernel/errs"
)

// ErrorText gives the Chinese words for an error of this package or of package
// sheet; empty for another.
func ErrorText(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return ""
	}
	w := words()
	for _, f := range e.Fields {
		if t, ok := w[f.Key]; ok {
			return t
		}
	}
	return w[e.Key]
}

// maxSheetName is what Excel allows, in UTF-16 units; Chinese takes one each.
const maxSheetName = 28

// WriteRefused writes a workbook of the rows that were not taken (refused and
// duplicates), each as it stood under its headings, with the outcome, the
// reason in Chinese and the row number of the source beside it. Every table of
// the source that has such rows becomes a sheet; the workbook can be mended and
// sent again, for the three columns in front are not fields. All cells are
// text, so that an ID keeps its digits and a formula stays a text.
func WriteRefused(w io.Writer, res *Result) error {
	f := excelize.NewFile()
	defer f.Close()
	text := words()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49})
	if err != nil {
		return errs.Internal(err)
	}
	plain, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return errs.Internal(err)
	}
	first, used := true, map[string]bool{}
	for i, t := range res.Tables {
		var rows []Row
		for _, r := range res.Rows {
			if r.table == i && (r.Outcome == Refuse || r.Outcome == Duplicate) {
				rows = append(rows, r)
			}
		}
		if len(rows) == 0 {
			continue
		}
		name := sheetName(t.Sheet, text["refused_sheet"], used)
		if first {
			err = f.SetSheetName("Sheet1", name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err != nil {
			return errs.Internal(err)
		}
		first = false
		if err := writeTable(f, name, t, rows, text, bold, plain); err != nil {
			return errs.Internal(err)
		}
	}
	if err := f.Write(w); err != nil {
		return errs.Internal(err)
	}
	return nil
}

func writeTable(f *excelize.File, name string, t Table, rows []Row, text map[string]string, bold, plain int) error {
	sw, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := sw.SetColWidth(1, 1, 8); err != nil {
		return err
	}
	if err := sw.SetColWidth(2, 2, 8); err != nil {
		return err
	}
	if err := sw.SetColWidth(3, 3, 40); err != nil {
		return err
	}
	head := []any{cell(text["row"], bold), cell(text["outcome"], bold), cell(text["reason"], bold)}
	width := 0
	for _, c := range t.Columns {
		for i := columnIndex(c.Letter); len(head) <= 3+i; {
			head = append(head, cell("", bold))
		}
		head[3+columnIndex(c.Letter)] = cell(c.Heading, bold)
		width = max(width, columnIndex(c.Letter)+1)
	}
	if err := sw.SetRow("A1", head); err != nil {
		return err
	}
	for i, r := range rows {
		line := []any{r.Number, cell(text[string(r.Outcome)], plain), cell(r.Text(), plain)}
		for c := range min(width, len(r.Cells)) {
			line = append(line, cell(r.Cells[c], plain))
		}
		at, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			return err
		}
		if err := sw.SetRow(at, line); err != nil {
			return err
		}
	}
	return sw.Flush()
}

func cell(v string, style int) excelize.Cell { return excelize.Cell{StyleID: style, Value: v} }

func columnIndex(letter string) int {
	n := 0
	for i := 0; i < len(letter); i++ {
		n = n*26 + int(letter[i]-'A') + 1
	}
	return n - 1
}

// sheetName makes a name that Excel takes and that is not used yet.
func sheetName(name, fallback string, used map[string]bool) string {
	var rs []rune
	for _, r := range name {
		switch r {
		case ':', '\\', '/', '?', '*', '[', ']', '\'':
			continue
		}
		if len(rs) < maxSheetName && r >= 0x20 && r < 0x10000 {
			rs = append(rs, r)
		}
	}
	if len(rs) == 0 {
		rs = []rune(fallback)
	}
	out := string(rs)
	for i := 2; used[out]; i++ {
		out = string(rs) + "-" + string(rune('0'+i%10))
		if i > 9 {
			out = string(rs[:min(len(rs), 20)]) + columnLetter(i)
		}
	}
	used[out] = true
	return out
}

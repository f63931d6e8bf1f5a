package sheet

import (
	"bytes"

	"github.com/xuri/excelize/v2"
)

// Write gives a workbook of one sheet with a line for each row; an empty line
// leaves a row free. widths are those of the first columns, in characters. A
// text is written as text, whatever it begins with: nothing in it is taken for
// a formula.
func Write(name string, widths []float64, lines [][]any) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	for i, width := range widths {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return nil, err
		}
	}
	for i, line := range lines {
		if len(line) == 0 {
			continue
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return nil, err
		}
		if err := w.SetRow(at, line); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = f.Write(&b)
	return b.Bytes(), err
}

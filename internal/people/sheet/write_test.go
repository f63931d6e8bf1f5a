package sheet_test

import (
	"testing"

	"zugou/internal/people/sheet"
)

func TestWhatIsWrittenIsReadAgainAsText(t *testing.T) {
	b, err := sheet.Write("设备", []float64{14, 20}, [][]any{{"名称", "电量"}, {"=1+1", 80}, nil, {"导出人", "王某"}})
	if err != nil {
		t.Fatal(err)
	}
	book, err := sheet.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]string{}
	for _, row := range book.Sheets[0].Rows {
		for _, c := range row.Cells {
			got[row.Number] = append(got[row.Number], c.Text)
		}
	}
	if book.Sheets[0].Name != "设备" || got[1][1] != "电量" || got[2][0] != "=1+1" || got[2][1] != "80" || len(got[3]) != 0 || got[4][1] != "王某" {
		t.Errorf("%q %v", book.Sheets[0].Name, got)
	}
}

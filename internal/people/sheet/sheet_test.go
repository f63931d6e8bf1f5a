package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zugou/internal/kernel/errs"
)

// grid writes the rows of a book one a line, a + behind merged cells.
func grid(book *Book) []string {
	var out []string
	for _, s := range book.Sheets {
		name := s.Name
		if s.Hidden {
			name += " hidden"
		}
		for _, r := range s.Rows {
			line := fmt.Sprintf("%s|%d", name, r.Number)
			for c := range s.Width {
				line += "|" + r.At(c).Text
				if r.At(c).Merged {
					line += "+"
				}
			}
			out = append(out, line)
		}
	}
	return out
}

func checkGrid(t *testing.T, book *Book, want []string) {
	t.Helper()
	got := strings.Join(grid(book), "\n")
	if got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func wantKey(t *testing.T, data []byte, key string) {
	t.Helper()
	_, err := Read(data)
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != errs.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Key != key {
		t.Errorf("got %v, want %s", err, key)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sampleXLSX(t testing.TB) []byte {
	f := excelize.NewFile()
	defer f.Close()
	must(t, f.SetSheetName("Sheet1", "花名册"))
	for cell, v := range map[string]any{
		"A1": "大足区名册", "A3": "镇街", "B3": "姓名", "C3": "身份证号", "D3": "出生", "A4": "邮亭镇", "B4": "张三 & <李>",
		"C4": 500199201503038123.0, "D4": 42067, "B5": "次仁·卓玛", "C5": "500199201503038000", "D5": 42067.5, "C6": true,
	} {
		must(t, f.SetCellValue("花名册", cell, v))
	}
	date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	must(t, err)
	code := `yyyy"年"m"月"d"日";@`
	custom, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	must(t, err)
	must(t, f.SetCellStyle("花名册", "D4", "D4", date))
	must(t, f.SetCellStyle("花名册", "D5", "D5", custom))
	must(t, f.MergeCell("花名册", "A1", "D1"))
	must(t, f.MergeCell("花名册", "A4", "A6"))
	_, err = f.NewSheet("字典")
	must(t, err)
	must(t, f.SetCellRichText("字典", "A1", []excelize.RichTextRun{{Text: "男"}, {Text: "孩", Font: &excelize.Font{Bold: true}}}))
	must(t, f.SetSheetVisible("字典", false))
	var b bytes.Buffer
	must(t, f.Write(&b))
	return b.Bytes()
}

func TestXLSX(t *testing.T) {
	book, err := Read(sampleXLSX(t))
	must(t, err)
	checkGrid(t, book, []string{
		"花名册|1|大足区名册|大足区名册+|大足区名册+|大足区名册+", "花名册|3|镇街|姓名|身份证号|出生",
		"花名册|4|邮亭镇|张三 & <李>|500199201503038000|2015-03-04", "花名册|5|邮亭镇+|次仁·卓玛|500199201503038000|2015-03-04 12:00:00",
		"花名册|6|邮亭镇+||TRUE|", "字典 hidden|1|男孩",
	})
	s := book.Sheets[0]
	if !s.Row(4).At(2).Lossy || s.Row(5).At(2).Lossy || s.Row(4).At(2).Kind != Number || s.Row(5).At(2).Kind != Text || s.Row(4).At(3).Kind != Date {
		t.Errorf("kinds %v %v %v", s.Row(4).At(2).Kind, s.Row(5).At(2).Kind, s.Row(4).At(3).Kind)
	}
	if len(s.Merges) != 2 || s.Merges[0] != (Span{1, 0, 1, 3}) {
		t.Errorf("merges %v", s.Merges)
	}
}

// zipOf packs parts into a package; the parts every workbook needs are added.
func zipOf(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	all := map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="/xl/s.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="sst.xml"/><Relationship Id="rId3" Type="x/styles" Target="st.xml"/></Relationships>`,
	}
	for k, v := range parts {
		all[k] = v
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/s.xml", "xl/sst.xml", "xl/st.xml"} {
		if text, ok := all[name]; ok {
			w, err := z.Create(name)
			must(t, err)
			_, err = w.Write([]byte(text))
			must(t, err)
		}
	}
	must(t, z.Close())
	return b.Bytes()
}

func TestXLSXWritten(t *testing.T) {
	for _, c := range []struct {
		name, sheet, sst, st string
		want                 []string
	}{
		{"cells without references", `<row><c><v>1</v></c><c t="str"><v>a</v></c></row><row><c t="b"><v>0</v></c></row>`, "", "",
			[]string{"s|1|1|a", "s|2|FALSE|"}},
		{"numbers keep the digits the file has", `<row><c><v>500199201503038123</v></c><c><v>5.00199201503038e+17</v></c><c><v>1.50</v></c><c><v>-2E3</v></c></row>`, "", "",
			[]string{"s|1|500199201503038123|500199201503038000|1.5|-2000"}},
		{"prefixes, CDATA, comments, entities", `<x:row r="3"><!-- <c r="A3"><v>no</v></c> --><x:c r="B3" t='inlineStr'><x:is><x:t><![CDATA[a<b&amp;]]>&#x4e2d;_x000D_&quot;</x:t></x:is></x:c></x:row>`, "", "",
			[]string{`s|3||a<b&amp;中"`}},
		{"shared strings without the phonetic part", `<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>9</v></c></row>`,
			`<sst><si/><si><r><t>王</t></r><r><t xml:space="preserve"> 强</t></r><rPh><t>wang</t></rPh></si></sst>`, "", []string{"s|1|王 强"}},
		{"dates", `<row r="1"><c r="A1" s="1"><v>42067</v></c><c r="B1" s="2"><v>42067</v></c><c r="C1" s="3"><v>42067</v></c><c r="D1" t="d"><v>2015-03-04</v></c><c r="E1" t="e"><v>#N/A</v></c></row>`,
			"", `<styleSheet><numFmts><numFmt numFmtId="177" formatCode="[$-804]yyyy&quot;年&quot;m"/><numFmt numFmtId="178" formatCode="0.00&quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="177"/><xf numFmtId="31"/><xf numFmtId="178"/></cellXfs></styleSheet>`,
			[]string{"s|1|2015-03-04|2015-03-04|42067|2015-03-04|#N/A"}},
		{"rows out of order and far away", `<row r="1048576"><c r="XFD1048576"><v>1</v></c><c r="A1048576"><v>9</v></c></row><row r="2"><c r="A2"><v>2</v></c></row><row r="99999999"><c r="A99999999"><v>1</v></c></row>`, "", "",
			[]string{"s|2|2", "s|1048576|9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			book, err := Read(zipOf(t, map[string]string{"xl/s.xml": `<worksheet><sheetData>` + c.sheet + `</sheetData></worksheet>`, "xl/sst.xml": c.sst, "xl/st.xml": c.st}))
			must(t, err)
			checkGrid(t, book, c.want)
		})
	}
}

// What a few kilobytes can unfold to is refused, not held.
func TestHostileXLSX(t *testing.T) {
	row := strings.Repeat(`<c t="inlineStr"><is><t>a</t></is></c>`, 500)
	wantKey(t, zipOf(t, map[string]string{"xl/s.xml": "<sheetData>" + strings.Repeat("<row>"+row+"</row>", 4010)}), "sheet.too_large")
	merges := strings.Repeat(`<mergeCell ref="A1:SR90000"/>`, 400)
	wantKey(t, zipOf(t, map[string]string{"xl/s.xml": `<row r="1"><c r="A1"><v>1</v></c><c r="SR1"><v>1</v></c></row><row r="90000"><c r="A90000"><v>1</v></c></row>` + merges}), "sheet.too_large")
	wantKey(t, zipOf(t, map[string]string{"xl/s.xml": `<row r="1"><c r="A1" ` + strings.Repeat("x", maxTag+10) + `>`}), "sheet.broken")
	wantKey(t, []byte("PK\x03\x04 and nothing else"), "sheet.broken")
	wantKey(t, []byte("%PDF-1.7 …"), "sheet.unknown_format")
	wantKey(t, []byte(" \n\t"), "sheet.empty")
	wantKey(t, append([]byte("a,b\n"), make([]byte, 900)...), "sheet.unknown_format")
}

func TestCSV(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("姓名,备注\n张三,龘𠮷\n")
	must(t, err)
	utf16le := "\xff\xfe"
	for _, r := range "姓名\t年\n李四\t1\n" {
		utf16le += string([]byte{byte(r), byte(r >> 8)})
	}
	for _, c := range []struct {
		name, data string
		want       []string
	}{
		{"UTF-8", "姓名,备注\n张三,a\n", []string{"|1|姓名|备注", "|2|张三|a"}},
		{"byte order mark and CRLF", "\ufeff姓名;备注\r\n张三;a\r\n", []string{"|1|姓名|备注", "|2|张三|a"}},
		{"GB18030", gb, []string{"|1|姓名|备注", "|2|张三|龘𠮷"}},
		{"UTF-16 with tabs", utf16le, []string{"|1|姓名|年", "|2|李四|1"}},
		{"blank lines and old Mac ends", "姓名,备注\r\r张三,a\r", []string{"|1|姓名|备注", "|3|张三|a"}},
		{"quotes", "a,b\n\"x,\"\"y\"\"\nz\",2\nq\"r,3\n", []string{"|1|a|b", "|2|x,\"y\"\nz|2", "|3|q\"r|3"}},
		{"a quote that never closes", "a,b\n\"x,1\ny,2\n", []string{"|1|a|b", "|2|\"x|1", "|3|y|2"}},
		{"IDs kept from Excel", "a,b\n=\"500199201503038123\",2", []string{"|1|a|b", "|2|500199201503038123|2"}},
		{"commas in text, tabs between", "a\tb\tc\nx,y\t1\t2\n", []string{"|1|a|b|c", "|2|x,y|1|2"}},
		{"a hint for Excel", "sep=|\na|b,c\n", []string{"|1|a|b,c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			book, err := Read([]byte(c.data))
			must(t, err)
			checkGrid(t, book, c.want)
		})
	}
}

func TestHTML(t *testing.T) {
	book, err := Read([]byte(`<html><head><style>td{}</style></head><body><table><tr><td colspan=2>名册</td></tr>
		<tr><th rowspan="2">镇街</th><th>姓名&amp;</th></tr><tr><td>张三<br>四</td></tr></table></body></html>`))
	must(t, err)
	checkGrid(t, book, []string{"Sheet1|1|名册|名册+", "Sheet1|2|镇街|姓名&", "Sheet1|3|镇街+|张三\n四"})
}

func TestDateText(t *testing.T) {
	for v, want := range map[float64]string{1: "1900-01-01", 59: "1900-02-28", 61: "1900-03-01", 42067: "2015-03-04", 0.5: "12:00:00", 42067.25: "2015-03-04 06:00:00"} {
		if got, ok := dateText(v, false); !ok || got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	if got, _ := dateText(40605, true); got != "2015-03-04" {
		t.Error(got)
	}
	if _, ok := dateText(1e9, false); ok {
		t.Error("the year 2.7 million")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sampleXLSX(f))
	f.Add(sampleXLS(0))
	f.Add(sampleXLS(40))
	f.Add([]byte("a,b\n\"c\",d"))
	f.Add([]byte("<table><tr><td rowspan=3>x</table>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		book, err := Read(data)
		if err == nil {
			_ = grid(book)
		}
	})
}

// The records of an xls, without the container that hides them from a fuzzer.
func FuzzBIFF(f *testing.F) {
	f.Add([]byte{}, true)
	w := &xlsWriter{}
	w.add("s", false, w.label(1, 0, "镇街"), num(2, 2, 1, 42067), rec(recMerged, le(1, 1, 2, 0, 0)))
	f.Add(w.bytes(0)[1536:], true)
	f.Fuzz(func(t *testing.T, data []byte, eight bool) {
		x := &xlsReader{data: data, biff8: eight, budget: &budget{}, codes: map[int]string{}}
		_ = x.globals()
		for _, s := range x.sheets {
			_, _ = x.sheet(s)
		}
		_ = x.readSST([][]byte{data})
	})
}

// The sheet part of an xlsx, without the compression that hides it.
func FuzzSheetXML(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><mergeCell ref="A1:B2"/>`)
	f.Add(`<![CDATA[x]]><!-- --><c t='inlineStr'><is><t>&#65;_x000D_</t></is></c>`)
	f.Fuzz(func(t *testing.T, s string) {
		book, err := Read(zipOf(t, map[string]string{"xl/s.xml": s, "xl/sst.xml": s, "xl/st.xml": s}))
		if err == nil {
			_ = grid(book)
		}
	})
}

// Flipped bytes and cut ends: an answer or an error, never a panic.
func TestBrokenFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, seed := range [][]byte{sampleXLS(0), sampleXLS(40), sampleXLSX(t)} {
		for i := range 600 {
			data := bytes.Clone(seed)
			end := len(data)
			if i%2 == 0 {
				end = min(end, 1024)
			}
			for range 1 + r.IntN(6) {
				data[r.IntN(end)] = byte(r.IntN(256))
			}
			if i%7 == 0 {
				data = data[:r.IntN(len(data))]
			}
			if book, err := Read(data); err == nil {
				_ = grid(book)
			}
		}
	}
}

package sheet

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"unicode/utf16"
)

// xlsWriter writes the smallest BIFF8 workbook that Excel would open, to test
// what the samples lack: merged ranges, hidden sheets, dates, formulas, strings
// that go on in a second record.
type xlsWriter struct {
	globals, body bytes.Buffer
	sheets        []struct {
		name   string
		hidden bool
		data   []byte
	}
	sst []string
}

func rec(kind int, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	return append(le(kind, len(b)), b...)
}

func le(values ...int) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func chars(s string) int { return len(utf16.Encode([]rune(s))) }

func (w *xlsWriter) label(row, col int, s string) []byte {
	w.sst = append(w.sst, s)
	return rec(recLabelSST, le(row-1, col, 0, len(w.sst)-1, 0))
}

func num(row, col, style int, v float64) []byte {
	return rec(recNumber, le(row-1, col, style), binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

func (w *xlsWriter) add(name string, hidden bool, records ...[]byte) {
	data := append(rec(recBOF, le(0x0600, 0x0010, 0, 0)), bytes.Join(records, nil)...)
	data = append(data, rec(recEOF)...)
	w.sheets = append(w.sheets, struct {
		name   string
		hidden bool
		data   []byte
	}{name, hidden, data})
}

// bytes lays out globals and sheets and puts them into an OLE container.
// split, if not 0, breaks the shared strings after so many bytes.
func (w *xlsWriter) bytes(split int) []byte {
	var sst []byte
	total := len(w.sst)
	sst = append(sst, le(total, 0, total, 0)...)
	var parts [][]byte
	for _, s := range w.sst {
		head := append(le(chars(s)), 1)
		text := wide(s)
		if split > 0 && len(sst)+3+len(text) > split && len(text) > 2 {
			sst = append(append(sst, head...), text[:2]...)
			parts = append(parts, sst)
			sst = append([]byte{1}, text[2:]...)
			continue
		}
		sst = append(append(sst, head...), text...)
	}
	parts = append(parts, sst)
	head := rec(recBOF, le(0x0600, 0x0005, 0, 0))
	fmtCode := "yyyy\"年\"m\"月\"d\"日\""
	head = append(head, rec(recFormat, le(180, chars(fmtCode)), []byte{1}, wide(fmtCode))...)
	for _, id := range []int{0, 14, 180} { // styles 0 plain, 1 and 2 dates
		head = append(head, rec(recXF, le(0, id), make([]byte, 16))...)
	}
	var tail []byte
	for i, p := range parts {
		kind := recSST
		if i > 0 {
			kind = recContinue
		}
		tail = append(tail, rec(kind, p)...)
	}
	tail = append(tail, rec(recEOF)...)
	size := len(head) + len(tail)
	for _, s := range w.sheets {
		size += 4 + 8 + 2*chars(s.name)
	}
	out := head
	at := size
	for _, s := range w.sheets {
		state := byte(0)
		if s.hidden {
			state = 1
		}
		out = append(out, rec(recBoundSheet, binary.LittleEndian.AppendUint32(nil, uint32(at)),
			[]byte{state, 0, byte(chars(s.name)), 1}, wide(s.name))...)
		at += len(s.data)
	}
	out = append(out, tail...)
	for _, s := range w.sheets {
		out = append(out, s.data...)
	}
	return ole("Workbook", out)
}

// ole wraps one stream into a compound file ([MS-CFB], version 3).
func ole(name string, stream []byte) []byte {
	const sector = 512
	if len(stream) < 4096 {
		stream = append(stream, make([]byte, 4096-len(stream))...)
	}
	n := (len(stream) + sector - 1) / sector
	fatSectors := 1
	for fatSectors*128 < n+1+fatSectors {
		fatSectors++
	}
	head := make([]byte, sector)
	copy(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	copy(head[24:], le(0x3e, 3, 0xfffe, 9, 6))
	put := func(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	put(head, 44, uint32(fatSectors))
	put(head, 48, uint32(fatSectors)) // the directory follows the FAT
	put(head, 56, 4096)
	put(head, 60, 0xfffffffe)
	put(head, 68, 0xfffffffe)
	for i := range 109 {
		v := uint32(0xffffffff)
		if i < fatSectors {
			v = uint32(i)
		}
		put(head, 76+4*i, v)
	}
	fat := make([]byte, fatSectors*sector)
	for i := range len(fat) / 4 {
		put(fat, 4*i, 0xffffffff)
	}
	for i := range fatSectors {
		put(fat, 4*i, 0xfffffffd)
	}
	put(fat, 4*fatSectors, 0xfffffffe)
	for i := range n {
		next := uint32(fatSectors + 1 + i + 1)
		if i == n-1 {
			next = 0xfffffffe
		}
		put(fat, 4*(fatSectors+1+i), next)
	}
	dir := make([]byte, sector)
	entry := func(i int, name string, kind byte, child, start, size uint32) {
		e := dir[128*i:]
		copy(e, wide(name))
		copy(e[64:], le(2*chars(name)+2))
		e[66], e[67] = kind, 1
		put(e, 68, 0xffffffff)
		put(e, 72, 0xffffffff)
		put(e, 76, child)
		put(e, 116, start)
		put(e, 120, size)
	}
	entry(0, "Root Entry", 5, 1, 0xfffffffe, 0)
	entry(1, name, 2, 0xffffffff, uint32(fatSectors+1), uint32(len(stream)))
	out := append(head, fat...)
	out = append(out, dir...)
	out = append(out, stream...)
	if pad := len(stream) % sector; pad > 0 {
		out = append(out, make([]byte, sector-pad)...)
	}
	return out
}

func sampleXLS(split int) []byte {
	w := &xlsWriter{}
	w.add("花名册", false,
		w.label(1, 0, "镇街"), w.label(1, 1, "姓名"), w.label(1, 2, "出生日期"),
		w.label(2, 0, "邮亭镇"), w.label(2, 1, "张三"), num(2, 2, 1, 42067), // 2015-03-04
		w.label(3, 1, "李四"), num(3, 2, 2, 42068),
		rec(recMulRK, le(3, 3, 0), binary.LittleEndian.AppendUint32(nil, 7<<2|2), le(0), binary.LittleEndian.AppendUint32(nil, 250<<2|3), le(4)),
		rec(recFormula, le(4, 0, 0), []byte{0, 0, 0, 0, 0, 0, 0xff, 0xff}, make([]byte, 8)),
		rec(recString, le(2), []byte{1}, wide("合计")),
		rec(recFormula, le(4, 1, 0), binary.LittleEndian.AppendUint64(nil, math.Float64bits(2)), make([]byte, 8)),
		rec(recBoolErr, le(4, 2, 0), []byte{42, 1}),
		rec(recMerged, le(1, 1, 2, 0, 0)),
	)
	w.add("字典", true, w.label(1, 0, "男"))
	return w.bytes(split)
}

func TestXLS(t *testing.T) {
	for _, split := range []int{0, 40, 60} {
		book, err := Read(sampleXLS(split))
		if err != nil {
			t.Fatalf("split %d: %v", split, err)
		}
		checkGrid(t, book, []string{
			"花名册|1|镇街|姓名|出生日期||", "花名册|2|邮亭镇|张三|2015-03-04||", "花名册|3|邮亭镇+|李四|2015-03-05||",
			"花名册|4||||7|2.5", "花名册|5|合计|2|#N/A||", "字典 hidden|1|男",
		})
	}
}

func TestXLSSample(t *testing.T) {
	book, err := Open("testdata/badges.xls")
	if err != nil {
		t.Fatal(err)
	}
	s := book.Sheets[0]
	if book.Format != "xls" || s.Name != "发放表" || len(s.Rows) != 122 {
		t.Fatalf("%s %q %d rows", book.Format, s.Name, len(s.Rows))
	}
	if c := s.Row(23).At(5); c.Kind != Number || c.Text != "500199201502158000" {
		t.Errorf("a lost ID reads %+v", c)
	}
	if c := s.Row(2).At(2); c.Text != "设备编号（IMEI）" {
		t.Errorf("%+v", c)
	}
}

func TestEncryptedXLS(t *testing.T) {
	stream := append(rec(recBOF, le(0x0600, 5, 0, 0)), rec(recFilePass, le(1, 1))...)
	wantKey(t, ole("Workbook", stream), "sheet.encrypted")
	wantKey(t, ole("EncryptedPackage", []byte("x")), "sheet.encrypted")
	wantKey(t, ole("Contents", []byte("x")), "sheet.unknown_format")
}

package sheet

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"unicode/utf16"

	"github.com/richardlehane/mscfb"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Record numbers of BIFF ([MS-XLS] 2.3).
const (
	recFormula    = 0x0006
	recEOF        = 0x000A
	recDateMode   = 0x0022
	recFilePass   = 0x002F
	recContinue   = 0x003C
	recBoundSheet = 0x0085
	recMulRK      = 0x00BD
	recRString    = 0x00D6
	recXF         = 0x00E0
	recMerged     = 0x00E5
	recSST        = 0x00FC
	recLabelSST   = 0x00FD
	recNumber     = 0x0203
	recLabel      = 0x0204
	recBoolErr    = 0x0205
	recString     = 0x0207
	recRK         = 0x027E
	recFormat     = 0x041E
	recFormat5    = 0x001E
	recBOF        = 0x0809
)

// readXLS reads an old Excel workbook. BIFF8 is Excel 97–2003; BIFF5 (Excel
// 95) differs in its strings, which are read as GBK.
func readXLS(data []byte) (book *Book, err error) {
	stream, err := workbookStream(data)
	if err != nil {
		return nil, err
	}
	x := &xlsReader{data: stream, budget: &budget{}, codes: map[int]string{}}
	if err := x.globals(); err != nil {
		return nil, err
	}
	book = &Book{Format: "xls"}
	for _, s := range x.sheets {
		out, err := x.sheet(s)
		if err != nil {
			return nil, err
		}
		book.Sheets = append(book.Sheets, out)
	}
	if len(book.Sheets) == 0 {
		return nil, bad("broken")
	}
	return book, nil
}

// workbookStream takes the stream of the workbook out of its container.
func workbookStream(data []byte) (stream []byte, err error) {
	defer func() { // the container is read by a library; a file must not end the program
		if recover() != nil {
			stream, err = nil, bad("broken")
		}
	}()
	doc, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return nil, bad("broken")
	}
	for n := 0; n < 10_000; n++ {
		entry, err := doc.Next()
		if err != nil {
			break
		}
		switch entry.Name {
		case "EncryptedPackage":
			return nil, bad("encrypted")
		case "Workbook", "Book", "WORKBOOK", "BOOK":
			stream, err := io.ReadAll(io.LimitReader(entry, MaxFile))
			if err != nil && len(stream) == 0 {
				return nil, bad("broken")
			}
			return stream, nil
		}
	}
	return nil, bad("unknown_format")
}

type xlsSheet struct {
	name   string
	offset int
	hidden bool
}

type xlsReader struct {
	data      []byte
	biff8     bool
	since1904 bool
	sheets    []xlsSheet
	strings   []string
	codes     map[int]string // number formats
	xfs       []int          // number format by cell style
	budget    *budget
	records   int // of all sheets: several may point at the same bytes
}

// record gives the record at pos and where the next begins.
func (x *xlsReader) record(pos int) (kind int, body []byte, next int, ok bool) {
	if pos < 0 || pos+4 > len(x.data) {
		return 0, nil, 0, false
	}
	kind = int(binary.LittleEndian.Uint16(x.data[pos:]))
	n := int(binary.LittleEndian.Uint16(x.data[pos+2:]))
	next = pos + 4 + n
	if next > len(x.data) {
		return 0, nil, 0, false
	}
	return kind, x.data[pos+4 : next], next, true
}

func (x *xlsReader) globals() error {
	kind, body, pos, ok := x.record(0)
	if !ok || kind != recBOF || len(body) < 4 {
		return bad("broken")
	}
	x.biff8 = u16(body, 0) == 0x0600
	for {
		kind, body, next, ok := x.record(pos)
		if !ok || kind == recEOF {
			return nil
		}
		pos = next
		switch kind {
		case recFilePass:
			return bad("encrypted")
		case recDateMode:
			x.since1904 = u16(body, 0) == 1
		case recXF:
			if len(x.xfs) < 70_000 {
				x.xfs = append(x.xfs, u16(body, 2))
			}
		case recFormat, recFormat5:
			if len(body) > 2 && len(x.codes) < 10_000 {
				if s, ok := x.text(body[2:], 2); ok {
					x.codes[u16(body, 0)] = s
				}
			}
		case recBoundSheet:
			if len(body) < 7 || body[5] != 0 { // 0 is a sheet of cells
				continue
			}
			if len(x.sheets) >= maxSheet {
				return bad("too_large")
			}
			name, _ := x.text(body[6:], 1)
			x.sheets = append(x.sheets, xlsSheet{name, int(binary.LittleEndian.Uint32(body)), body[4]&3 != 0})
		case recSST:
			parts := [][]byte{body}
			for {
				k, b, n, ok := x.record(pos)
				if !ok || k != recContinue {
					break
				}
				parts, pos = append(parts, b), n
			}
			if err := x.readSST(parts); err != nil {
				return err
			}
		}
	}
}

func u16(b []byte, at int) int {
	if at+2 > len(b) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

// text reads a string with a length of one or two bytes in front.
func (x *xlsReader) text(b []byte, lengthBytes int) (string, bool) {
	if len(b) < lengthBytes {
		return "", false
	}
	n := int(b[0])
	if lengthBytes == 2 {
		n = u16(b, 0)
	}
	b = b[lengthBytes:]
	if !x.biff8 {
		s, err := simplifiedchinese.GBK.NewDecoder().Bytes(b[:min(n, len(b))])
		return string(s), err == nil
	}
	if len(b) == 0 {
		return "", n == 0
	}
	flags := b[0]
	b = b[1:]
	if flags&8 != 0 {
		b = b[min(2, len(b)):]
	}
	if flags&4 != 0 {
		b = b[min(4, len(b)):]
	}
	return decodeChars(b, n, flags&1 != 0), true
}

func decodeChars(b []byte, n int, wide bool) string {
	if wide {
		n = min(n, len(b)/2)
		u := make([]uint16, n)
		for i := range u {
			u[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(u))
	}
	n = min(n, len(b))
	r := make([]rune, n)
	for i := range r {
		r[i] = rune(b[i])
	}
	return string(r)
}

// readSST reads the shared strings. A string may go on in the next record,
// where its characters begin anew with a byte that says how wide they are.
func (x *xlsReader) readSST(parts [][]byte) error {
	part, at := 0, 8
	more := func() bool { // moves on to where there are bytes
		for part < len(parts) && at >= len(parts[part]) {
			part, at = part+1, at-len(parts[part])
		}
		return part < len(parts)
	}
	count := 0
	if len(parts[0]) >= 8 {
		count = int(binary.LittleEndian.Uint32(parts[0][4:]))
	}
	total := 0
	for i := 0; i < count && more(); i++ {
		p := parts[part]
		if at+3 > len(p) {
			return nil // headers are never split; what follows can't be read
		}
		n, flags := u16(p, at), p[at+2]
		at += 3
		skip := 0
		if flags&8 != 0 {
			skip += 4 * u16(p, at)
			at += 2
		}
		if flags&4 != 0 {
			if at+4 > len(p) {
				return nil
			}
			skip += int(binary.LittleEndian.Uint32(p[at:]) & 0x7fffffff)
			at += 4
		}
		wide := flags&1 != 0
		var s string
		for n > 0 {
			if at >= len(parts[part]) {
				at = 0
				if part++; part >= len(parts) {
					break
				}
				if len(parts[part]) == 0 {
					continue
				}
				wide = parts[part][0]&1 != 0
				at = 1
			}
			size := 1
			if wide {
				size = 2
			}
			take := min(n, (len(parts[part])-at)/size)
			if take == 0 {
				if at < len(parts[part]) {
					at = len(parts[part])
				}
				continue
			}
			s += decodeChars(parts[part][at:], take, wide)
			at += take * size
			n -= take
		}
		at += skip
		total += len(s)
		if total > maxText || len(x.strings) > maxCells {
			return bad("too_large")
		}
		x.strings = append(x.strings, s)
		if part >= len(parts) {
			break
		}
	}
	return nil
}

func (x *xlsReader) sheet(meta xlsSheet) (Sheet, error) {
	b := newBuilder(x.budget)
	kind, _, pos, ok := x.record(meta.offset)
	if !ok || kind != recBOF {
		return Sheet{}, bad("broken")
	}
	depth, pendingRow, pendingCol := 0, -1, -1
	for {
		kind, body, next, ok := x.record(pos)
		if !ok {
			break
		}
		pos = next
		if x.records++; x.records > 20_000_000 {
			return Sheet{}, bad("too_large")
		}
		if kind == recBOF { // a chart inside of the sheet
			depth++
			continue
		}
		if kind == recEOF {
			if depth--; depth < 0 {
				break
			}
			continue
		}
		if depth > 0 {
			continue
		}
		row, col, style := u16(body, 0)+1, u16(body, 2), u16(body, 4)
		var c Cell
		switch kind {
		case recMerged:
			for i := 0; i < u16(body, 0) && 2+8*i+8 <= len(body); i++ {
				at := 2 + 8*i
				b.merge(Span{u16(body, at) + 1, u16(body, at+4), u16(body, at+2) + 1, u16(body, at+6)})
			}
			continue
		case recMulRK:
			for at := 4; at+6 <= len(body)-2; at += 6 {
				c := x.number(rk(body[at+2:]), u16(body, at))
				if err := b.set(row, col, c); err != nil {
					return Sheet{}, err
				}
				col++
			}
			continue
		case recString:
			if pendingRow > 0 {
				if s, ok := x.text(body, 2); ok {
					if err := b.set(pendingRow, pendingCol, Cell{Text: s, Kind: Text}); err != nil {
						return Sheet{}, err
					}
				}
				pendingRow = -1
			}
			continue
		}
		if len(body) < 6 {
			continue
		}
		body = body[6:]
		switch kind {
		case recLabelSST:
			if len(body) >= 4 {
				if i := int(binary.LittleEndian.Uint32(body)); i >= 0 && i < len(x.strings) {
					c = Cell{Text: x.strings[i], Kind: Text}
				}
			}
		case recLabel, recRString:
			if s, ok := x.text(body, 2); ok {
				c = Cell{Text: s, Kind: Text}
			}
		case recNumber:
			if len(body) >= 8 {
				c = x.number(float(body), style)
			}
		case recRK:
			if len(body) >= 4 {
				c = x.number(rk(body), style)
			}
		case recBoolErr:
			if len(body) >= 2 {
				c = boolErr(body[0], body[1] == 1)
			}
		case recFormula:
			if len(body) < 8 {
				break
			}
			if u16(body, 6) != 0xFFFF {
				c = x.number(float(body), style)
				break
			}
			switch body[0] {
			case 0:
				pendingRow, pendingCol = row, col
			case 1, 2:
				c = boolErr(body[2], body[0] == 2)
			}
		}
		if err := b.set(row, col, c); err != nil {
			return Sheet{}, err
		}
	}
	return b.sheet(meta.name, meta.hidden)
}

func boolErr(v byte, fault bool) Cell {
	switch {
	case fault:
		return Cell{Text: "#N/A", Kind: Fault}
	case v != 0:
		return Cell{Text: "TRUE", Kind: Bool}
	}
	return Cell{Text: "FALSE", Kind: Bool}
}

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// rk unpacks the 30-bit numbers of RK records ([MS-XLS] 2.5.217).
func rk(b []byte) float64 {
	if len(b) < 4 {
		return 0
	}
	raw := binary.LittleEndian.Uint32(b)
	var v float64
	if raw&2 != 0 {
		v = float64(int32(raw) >> 2)
	} else {
		v = math.Float64frombits(uint64(raw&^3) << 32)
	}
	if raw&1 != 0 {
		v /= 100
	}
	return v
}

func (x *xlsReader) number(v float64, style int) Cell {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Cell{}
	}
	date := false
	if style < len(x.xfs) {
		date = dateFormat(x.xfs[style], x.codes[x.xfs[style]])
	}
	return numberCell(v, date, x.since1904)
}

package sheet

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// readText reads CSV, TSV or an HTML page with tables.
func readText(data []byte) (*Book, error) {
	s, err := decode(data)
	if err != nil {
		return nil, err
	}
	if s = strings.TrimPrefix(s, "\ufeff"); strings.TrimSpace(s) == "" {
		return nil, bad("empty")
	}
	head := strings.ToLower(s[:min(len(s), 4096)])
	if strings.Contains(head, "<table") || strings.Contains(head, "<html") || strings.Contains(head, "<!doctype html") {
		return readHTML(s)
	}
	return readCSV(s)
}

// decode finds the encoding: a byte order mark says it; else what is valid
// UTF-8 is, and the rest is GB18030, which contains GBK and GB 2312.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", bad("broken")
		}
		return string(out), nil
	case utf8.Valid(data):
		if control(data) {
			return "", bad("unknown_format")
		}
		return string(data), nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil || control(data) || bytes.Count(out, []byte("\uFFFD"))*50 > len(out) {
		return "", bad("unknown_format")
	}
	return string(out), nil
}

// control reports bytes that no text has: then it is some other kind of file.
func control(data []byte) bool {
	n := 0
	for _, c := range data[:min(len(data), 64<<10)] {
		if c == 0 {
			return true
		}
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0x1a && c != '\f' && c != '\v' {
			n++
		}
	}
	return n > 16
}

// readCSV splits by the separator that the first lines agree on.
func readCSV(s string) (*Book, error) {
	s = strings.TrimRight(s, "\x1a")
	sep := byte(0)
	if first, rest, ok := strings.Cut(s, "\n"); ok {
		// A first line of `sep=;` is for Excel, which does not show it as a row.
		if f := strings.TrimRight(first, "\r"); len(f) == 5 && strings.EqualFold(f[:4], "sep=") {
			sep, s = f[4], rest
		}
	}
	if sep == 0 {
		sep = separator(s)
	}
	b := newBuilder(&budget{})
	if err := splitCSV(s, sep, true, b); err != nil {
		if err != errOpenQuote {
			return nil, err
		}
		// A quote that never closes would swallow the rest of the file: then
		// quotes in it mean nothing.
		b = newBuilder(&budget{})
		if err := splitCSV(s, sep, false, b); err != nil {
			return nil, err
		}
	}
	sheet, err := b.sheet("", false)
	if err != nil {
		return nil, err
	}
	return &Book{Format: "csv", Sheets: []Sheet{sheet}}, nil
}

// separator picks the one among , ; tab | that splits the most of the first
// lines into the same number of fields, and into the most.
func separator(s string) byte {
	lines := strings.SplitN(s, "\n", 41)
	if len(lines) > 40 {
		lines = lines[:40]
	}
	best, bestScore := byte(','), 0
	for _, sep := range []byte{',', '\t', ';', '|'} {
		counts := map[int]int{}
		for _, l := range lines {
			if n := outside(l, sep); n > 0 {
				counts[n]++
			}
		}
		for n, times := range counts {
			if score := times*times*100 + n; score > bestScore {
				best, bestScore = sep, score
			}
		}
	}
	return best
}

// outside counts sep outside of quotes.
func outside(line string, sep byte) int {
	n, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			quoted = !quoted
		case sep:
			if !quoted {
				n++
			}
		}
	}
	return n
}

type openQuote struct{}

func (openQuote) Error() string { return "sheet: a quote is not closed" }

var errOpenQuote error = openQuote{}

// splitCSV reads records as Excel does: a quoted field may hold line breaks and
// counts as one row; a quote inside of a plain field is a character; blank
// lines count.
func splitCSV(s string, sep byte, quotes bool, b *builder) error {
	row, col := 1, 0
	for i := 0; i < len(s); {
		var field string
		if quotes && s[i] == '"' {
			var sb strings.Builder
			i++
			closed := false
			for i < len(s) {
				if s[i] != '"' {
					sb.WriteByte(s[i])
					i++
					continue
				}
				if i+1 < len(s) && s[i+1] == '"' {
					sb.WriteByte('"')
					i += 2
					continue
				}
				i++
				closed = true
				break
			}
			if !closed || sb.Len() > maxCell {
				return errOpenQuote
			}
			for i < len(s) && s[i] != sep && s[i] != '\n' && s[i] != '\r' {
				sb.WriteByte(s[i])
				i++
			}
			field = sb.String()
		} else {
			from := i
			for i < len(s) && s[i] != sep && s[i] != '\n' && s[i] != '\r' {
				i++
			}
			field = s[from:i]
		}
		if err := b.set(row, col, csvCell(field)); err != nil {
			return err
		}
		switch {
		case i >= len(s):
		case s[i] == sep:
			i++
			col++
		default:
			if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			i++
			row, col = row+1, 0
		}
	}
	return nil
}

// csvCell takes off ="…", which keeps Excel from turning an ID into a number.
func csvCell(s string) Cell {
	if len(s) > 3 && strings.HasPrefix(s, `="`) && strings.HasSuffix(s, `"`) {
		s = s[2 : len(s)-1]
	}
	if s == "" {
		return Cell{}
	}
	return Cell{Text: s, Kind: Text}
}

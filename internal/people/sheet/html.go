package sheet

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// readHTML reads the tables of a page, each as a sheet. A table inside of a
// table ends the outer one's cell and is read as its own.
func readHTML(s string) (*Book, error) {
	book := &Book{Format: "html"}
	shared := &budget{}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(1 << 20)
	var stack []*htmlTable
	finish := func() error {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		t.closeCell()
		if t.err != nil {
			return t.err
		}
		out, err := t.b.sheet("", false)
		if err == nil && len(out.Rows) > 0 && len(book.Sheets) < maxSheet {
			out.Name = "Sheet" + strconv.Itoa(len(book.Sheets)+1)
			book.Sheets = append(book.Sheets, out)
		}
		return err
	}
	skip := 0
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			break
		}
		if tt == html.TextToken {
			if len(stack) > 0 && skip == 0 {
				stack[len(stack)-1].write(string(z.Text()))
			}
			continue
		}
		if tt != html.StartTagToken && tt != html.EndTagToken && tt != html.SelfClosingTagToken {
			continue
		}
		name, hasAttr := z.TagName()
		tag, open := string(name), tt != html.EndTagToken
		if tag == "style" || tag == "script" {
			skip = 0
			if tt == html.StartTagToken {
				skip = 1
			}
			continue
		}
		if tag == "table" && open {
			if len(stack) >= 16 {
				return nil, bad("broken")
			}
			stack = append(stack, &htmlTable{b: newBuilder(shared), taken: map[[2]int]bool{}})
			continue
		}
		if len(stack) == 0 {
			continue
		}
		t := stack[len(stack)-1]
		switch tag {
		case "table":
			if err := finish(); err != nil {
				return nil, err
			}
		case "tr":
			t.closeCell()
			if open {
				t.row, t.col = t.row+1, 0
			}
		case "td", "th":
			t.closeCell()
			if open {
				t.openCell(z, hasAttr)
			}
		case "br", "p", "div":
			t.write("\n")
		}
		if t.err != nil {
			return nil, t.err
		}
	}
	for len(stack) > 0 {
		if err := finish(); err != nil {
			return nil, err
		}
	}
	if len(book.Sheets) == 0 {
		return nil, bad("empty")
	}
	return book, nil
}

type htmlTable struct {
	b        *builder
	row, col int
	in       bool
	text     strings.Builder
	span     Span
	taken    map[[2]int]bool // cells that a rowspan above covers
	err      error
}

func (t *htmlTable) write(s string) {
	if t.in && t.text.Len() < maxCell {
		t.text.WriteString(html.UnescapeString(s))
	}
}

func (t *htmlTable) openCell(z *html.Tokenizer, more bool) {
	if t.row == 0 {
		t.row = 1
	}
	for t.taken[[2]int{t.row, t.col}] {
		t.col++
	}
	rows, cols := 1, 1
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		n, err := strconv.Atoi(strings.TrimSpace(string(v)))
		if err != nil || n < 1 {
			continue
		}
		switch string(k) {
		case "rowspan":
			rows = min(n, 5000)
		case "colspan":
			cols = min(n, maxCol)
		}
	}
	t.span = Span{t.row, t.col, t.row + rows - 1, t.col + cols - 1}
	t.in = true
	t.text.Reset()
}

func (t *htmlTable) closeCell() {
	if !t.in {
		return
	}
	t.in = false
	s := strings.TrimSpace(strings.ToValidUTF8(t.text.String(), "\uFFFD"))
	if s != "" {
		t.err = t.b.set(t.span.Top, t.span.Left, Cell{Text: s, Kind: Text})
	}
	t.b.merge(t.span)
	if t.span.Bottom > t.span.Top {
		if len(t.taken) > maxCells/4 {
			t.err = bad("too_large")
			return
		}
		for r := t.span.Top + 1; r <= t.span.Bottom; r++ {
			for c := t.span.Left; c <= t.span.Right; c++ {
				t.taken[[2]int{r, c}] = true
			}
		}
	}
	t.col = t.span.Right + 1
}

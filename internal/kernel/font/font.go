package font

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"

	"zugou/internal/kernel/errs"
)

//go:embed NotoSansSC-Regular.ttf.gz
var packed []byte

// face is the font, unpacked at its first use and kept.
var face = sync.OnceValues(func() (*typeface, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	return parse(data)
})

// run is characters from..to, all of which have a shape.
type run struct{ from, to rune }

type typeface struct {
	data    []byte
	runs    []run         // all characters with a shape, in order
	private map[rune]rune // characters beyond two bytes → their place in the private area
}

// privateArea is where ./make put characters beyond two bytes, in their order.
const privateArea = 0xE000

// parse reads the table of characters, format 12, that ./make writes.
func parse(data []byte) (*typeface, error) {
	t := &typeface{data: data, private: map[rune]rune{}}
	u16, u32 := binary.BigEndian.Uint16, binary.BigEndian.Uint32
	for n := range int(u16(data[4:])) {
		row := data[12+16*n:]
		if string(row[:4]) != "cmap" {
			continue
		}
		table := data[u32(row[8:]):]
		full := table[u32(table[16:]):] // the second of the two
		next := rune(privateArea)
		for i := range int(u32(full[12:])) {
			g := full[16+12*i:]
			r := run{rune(u32(g)), rune(u32(g[4:]))}
			if r.from >= privateArea && r.from < 0xF900 {
				continue
			}
			t.runs = append(t.runs, r)
			for c := max(r.from, 0x10000); c <= r.to; c++ {
				t.private[c] = next
				next++
			}
		}
	}
	if len(t.runs) == 0 {
		return nil, fmt.Errorf("font: no table of characters")
	}
	return t, nil
}

// TrueType gives the font as a TrueType file, for who draws with it himself.
// The bytes are shared: don't change them.
func TrueType() ([]byte, error) {
	t, err := face()
	if err != nil {
		return nil, errs.Internal(err)
	}
	return t.data, nil
}

func (t *typeface) has(c rune) bool {
	_, found := slices.BinarySearchFunc(t.runs, c, func(r run, c rune) int {
		switch {
		case r.to < c:
			return -1
		case r.from > c:
			return 1
		}
		return 0
	})
	return found
}

// silent reports characters that print as nothing: control and joining marks.
func silent(c rune) bool {
	return unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Variation_Selector, c)
}

// Missing lists the characters of text that can't be printed, each once.
func Missing(text ...string) []rune {
	t, err := face()
	if err != nil {
		return nil
	}
	var out []rune
	for _, s := range text {
		for _, c := range s {
			if !silent(c) && !t.has(c) && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// encode gives text as the PDF library is to be given it. Combining marks that
// print as nothing are left out; line breaks and tabs stay.
func (t *typeface) encode(s string, missing func(rune)) string {
	plain := true
	for _, c := range s {
		if c > 0xFFFF || silent(c) || !t.has(c) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '\n' || c == '\t':
			b.WriteRune(c)
		case silent(c):
		case !t.has(c):
			missing(c)
			b.WriteRune('□')
		case c > 0xFFFF:
			b.WriteRune(t.private[c])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// missingError names what can't be printed.
//
// Errors: Invalid, one field for each character, such as "𡋾 U+212FE".
func missingError(list []rune) error {
	var fields []errs.Field
	for _, c := range list {
		fields = append(fields, errs.Field{Name: fmt.Sprintf("%c %U", c, c), Key: "print.no_glyph"})
	}
	return errs.InvalidFields(fields)
}

// Command make prepares the font that is committed beside it from the
// publisher's file:
//
//	npm pack @expo-google-fonts/noto-sans-sc@0.4.3
//	go run ./internal/kernel/font/make NotoSansSC_400Regular.ttf internal/kernel/font/NotoSansSC-Regular.ttf.gz
//
// It keeps every outline and drops the tables that printing has no use for.
// The PDF library reads two-byte characters only, so that characters beyond
// them (rare names) are given a second place in the private area, in their own
// order from U+E000; the full table stays beside it and says which they are.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"

	"golang.org/x/image/font/sfnt"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: make IN.ttf OUT.ttf.gz")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// kept are the tables a PDF needs.
var kept = []string{"OS/2", "cmap", "cvt ", "fpgm", "gasp", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post", "prep"}

// privateArea is where characters beyond two bytes are given a second place.
const privateArea = 0xE000

func run(in, out string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	tables, err := tablesOf(data)
	if err != nil {
		return err
	}
	glyphs, err := glyphsOf(data)
	if err != nil {
		return err
	}
	if tables["cmap"], err = cmap(glyphs); err != nil {
		return err
	}
	// Glyph names, 200 KB of them, are replaced by the form that has none.
	tables["post"] = append([]byte{0, 3, 0, 0}, tables["post"][4:32]...)
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(assemble(tables)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, buf.Bytes(), 0o644)
}

func tablesOf(data []byte) (map[string][]byte, error) {
	out := map[string][]byte{}
	for n := range int(binary.BigEndian.Uint16(data[4:])) {
		row := data[12+16*n:]
		at, size := binary.BigEndian.Uint32(row[8:]), binary.BigEndian.Uint32(row[12:])
		if tag := string(row[:4]); slices.Contains(kept, tag) {
			out[tag] = data[at : at+size]
		}
	}
	for _, tag := range []string{"glyf", "loca", "cmap", "post"} {
		if len(out[tag]) == 0 {
			return nil, fmt.Errorf("no table %s: not a TrueType font", tag)
		}
	}
	return out, nil
}

// glyphsOf lists the glyph of every character.
func glyphsOf(data []byte) (map[rune]uint16, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, err
	}
	out := map[rune]uint16{}
	var buf sfnt.Buffer
	next := rune(privateArea)
	for r := rune(1); r < 0x33480; r++ {
		if r >= privateArea && r < 0xF900 || r >= 0xFFFF && r < 0x10000 {
			continue
		}
		g, err := f.GlyphIndex(&buf, r)
		if err != nil {
			return nil, err
		}
		if g == 0 {
			continue
		}
		out[r] = uint16(g)
		if r > 0xFFFF {
			out[next] = uint16(g)
			next++
		}
	}
	if next > 0xF8FF {
		return nil, errors.New("too many characters for the private area")
	}
	return out, nil
}

type segment struct{ from, to, glyph int }

// segments are runs of characters whose glyphs follow one another.
func segments(glyphs map[rune]uint16, limit int) []segment {
	var chars []int
	for r := range glyphs {
		if int(r) < limit {
			chars = append(chars, int(r))
		}
	}
	slices.Sort(chars)
	var out []segment
	for _, c := range chars {
		g := int(glyphs[rune(c)])
		if n := len(out) - 1; n >= 0 && out[n].to == c-1 && out[n].glyph+c-out[n].from == g {
			out[n].to = c
			continue
		}
		out = append(out, segment{c, c, g})
	}
	return out
}

// cmap writes format 4 for two-byte characters and format 12 for all.
func cmap(glyphs map[rune]uint16) ([]byte, error) {
	short := append(segments(glyphs, 0xFFFF), segment{0xFFFF, 0xFFFF, 0})
	var four bytes.Buffer
	w := func(b *bytes.Buffer, list ...int) {
		for _, v := range list {
			_ = binary.Write(b, binary.BigEndian, uint16(v))
		}
	}
	n := len(short)
	length := 16 + 8*n
	if length > 0xFFFF {
		return nil, fmt.Errorf("%d runs of characters don't fit", n)
	}
	search, selector := 2, 0
	for search*2 <= 2*n {
		search, selector = search*2, selector+1
	}
	w(&four, 4, length, 0, 2*n, search, selector, 2*n-search)
	for _, s := range short {
		w(&four, s.to)
	}
	w(&four, 0)
	for _, s := range short {
		w(&four, s.from)
	}
	for _, s := range short {
		w(&four, s.glyph-s.from)
	}
	for range short {
		w(&four, 0)
	}
	var twelve bytes.Buffer
	all := segments(glyphs, 0x110000)
	w(&twelve, 12, 0)
	for _, v := range []int{16 + 12*len(all), 0, len(all)} {
		_ = binary.Write(&twelve, binary.BigEndian, uint32(v))
	}
	for _, s := range all {
		_ = binary.Write(&twelve, binary.BigEndian, [3]uint32{uint32(s.from), uint32(s.to), uint32(s.glyph)})
	}
	var out bytes.Buffer
	w(&out, 0, 2, 3, 1)
	_ = binary.Write(&out, binary.BigEndian, uint32(20))
	w(&out, 3, 10)
	_ = binary.Write(&out, binary.BigEndian, uint32(20+four.Len()))
	out.Write(four.Bytes())
	out.Write(twelve.Bytes())
	return out.Bytes(), nil
}

func assemble(tables map[string][]byte) []byte {
	var tags []string
	for tag := range tables {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	n := len(tags)
	search, selector := 16, 0
	for search*2 <= 16*n {
		search, selector = search*2, selector+1
	}
	head := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, search, selector, 16*n - search} {
		head = binary.BigEndian.AppendUint16(head, uint16(v))
	}
	at := 12 + 16*n
	var body []byte
	for _, tag := range tags {
		t := tables[tag]
		head = append(head, tag...)
		padded := append(slices.Clone(t), make([]byte, (4-len(t)%4)%4)...)
		var sum uint32
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		head = binary.BigEndian.AppendUint32(head, sum)
		head = binary.BigEndian.AppendUint32(head, uint32(at+len(body)))
		head = binary.BigEndian.AppendUint32(head, uint32(len(t)))
		body = append(body, padded...)
	}
	return append(head, body...)
}

package font

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"

	"zugou/internal/kernel/errs"
)

// Characters that names are written with and that small fonts lack.
const rare = "䶮㛃㙍垚犇喆曌𠅤𬭊𬀩㼆𫍯𬱖䲜𪨶𬍛𬭶·"

func TestWhatCanBePrinted(t *testing.T) {
	if m := Missing(rare, "按实际大小打印 ABC 012 ①②③□■℃——“”……", "a\n\tb\u200d", "字\ufe00"); len(m) > 0 {
		t.Errorf("missing %q", m)
	}
	if m := Missing("王𡋾，𡋾"); !slices.Equal(m, []rune{'𡋾'}) {
		t.Errorf("missing %q, want 𡋾 once", m)
	}
	for c := rune(0x4e00); c <= 0x9fa5; c++ {
		if len(Missing(string(c))) > 0 {
			t.Fatalf("%c of the unified ideographs is missing", c)
		}
	}
}

// The private places lead to the same shapes as the characters themselves.
func TestPrivatePlaces(t *testing.T) {
	data, err := TrueType()
	if err != nil {
		t.Fatal(err)
	}
	f, err := sfnt.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	tf, _ := face()
	if len(tf.private) < 200 {
		t.Fatalf("%d characters beyond two bytes", len(tf.private))
	}
	var buf sfnt.Buffer
	for c, place := range tf.private {
		a, err := f.GlyphIndex(&buf, c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.GlyphIndex(&buf, place)
		if err != nil || a == 0 || a != b {
			t.Fatalf("%c is shape %d, its place %U shape %d", c, a, place, b)
		}
	}
}

func TestMissingCharacterFailsAndIsNamed(t *testing.T) {
	p, err := New(Portrait)
	if err != nil {
		t.Fatal(err)
	}
	p.AddPage()
	p.Text(20, 20, "王𡋾")
	p.Cell(20, 10, "李𡋾𡌀")
	_, err = p.Bytes()
	if !errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), "𡋾 U+212FE: print.no_glyph") || !strings.Contains(err.Error(), "U+21300") {
		t.Errorf("got %v", err)
	}
}

func TestDocument(t *testing.T) {
	p, err := New(Landscape)
	if err != nil {
		t.Fatal(err)
	}
	p.SetTitle("房树人作画纸")
	p.AddPage()
	p.SetSize(16)
	p.Heavy(true)
	p.TextCentre(148, 20, "房树人作画纸")
	p.Heavy(false)
	p.SetSize(11)
	p.Text(15, 30, rare)
	p.SetXY(15, 40)
	p.MultiCell(60, 6, strings.Repeat("按实际大小打印，", 20), "1", "L", false)
	out, err := p.Bytes()
	if err != nil || !bytes.HasPrefix(out, []byte("%PDF-")) {
		t.Fatalf("%.20q %v", out, err)
	}
	if len(out) > 60_000 {
		t.Errorf("%d bytes: the font was not cut down to what is used", len(out))
	}
}

func TestWrap(t *testing.T) {
	p, err := New(Portrait)
	if err != nil {
		t.Fatal(err)
	}
	p.AddPage()
	for _, s := range []string{
		strings.Repeat("孩子画完以后请老师收齐，装进信封。", 9),
		strings.Repeat("（甲）“乙”、丙；", 15),
		"The quick brown fox jumps over the lazy dog 与一只懒狗 and a verylongwordwithoutanyspaceatallthatneverends",
		"一\n\n二", "", " ", rare + rare + rare,
	} {
		lines := p.Wrap(s, 40)
		strip := strings.NewReplacer(" ", "", "\n", "")
		if got, want := strip.Replace(strings.Join(lines, "")), strip.Replace(s); got != want {
			t.Errorf("breaking lost something:\n%s\n%s", got, want)
		}
		for n, line := range lines {
			if w := p.GetStringWidth(line); w > 40.001 && len([]rune(line)) > 1 {
				t.Errorf("%q is %.1f mm wide", line, w)
			}
			if n > 0 && line != "" && strings.ContainsRune("，。、；）”", []rune(line)[0]) {
				t.Errorf("line begins with a closing mark: %q", line)
			}
		}
	}
}

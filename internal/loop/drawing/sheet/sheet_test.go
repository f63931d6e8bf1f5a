package sheet

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"zugou/internal/kernel/errs"
)

func TestNumberChecks(t *testing.T) {
	for range 300 {
		n := NewNumber()
		if got, err := ParseNumber(n.String()); err != nil || got != n {
			t.Fatalf("%s: %s %v", n, got, err)
		}
		if got, err := ParseNumber(strings.ToLower(n.String())); err != nil || got != n {
			t.Fatalf("%s in small letters: %s %v", n, got, err)
		}
		// Every single wrong character, and every exchange of two, is noticed.
		for i := range n {
			for j := range alphabet {
				if alphabet[j] == n[i] {
					continue
				}
				wrong := string(n[:i]) + string(alphabet[j]) + string(n[i+1:])
				if _, err := ParseNumber(wrong); err == nil {
					t.Fatalf("%s passes for %s", wrong, n)
				}
			}
			for j := i + 1; j < len(n); j++ {
				b := []byte(n)
				b[i], b[j] = b[j], b[i]
				if _, err := ParseNumber(string(b)); err == nil && string(b) != string(n) {
					t.Fatalf("%s passes for %s", b, n)
				}
			}
		}
	}
}

func TestNumberAsTyped(t *testing.T) {
	n := Number("0152ABCD")
	n += Number(check(string(n)))
	for _, typed := range []string{"oisz abcd" + string(n[8]), "０１５２－ABC－D" + string(n[8]), strings.ToLower(n.String())} {
		if got, err := ParseNumber(typed); err != nil || got != n {
			t.Errorf("%q: %s %v, want %s", typed, got, err, n)
		}
	}
	// A small l is the letter that the number has, or the digit it looks like.
	for _, body := range []string{"KAN9L1MF", "11LLABCD", "0123ABCD"} {
		n := Number(body + string(check(body)))
		for _, typed := range []string{strings.ToLower(string(n)), strings.ReplaceAll(string(n), "1", "i")} {
			if got, err := ParseNumber(typed); err != nil || got != n {
				t.Errorf("%q: %s %v, want %s", typed, got, err, n)
			}
		}
	}
	if got, err := ParseNumber(strings.ReplaceAll(string(n), "1", "l")); err != nil || got != n {
		t.Errorf("l for 1: %s %v, want %s", got, err, n)
	}
	for _, bad := range []string{"", "0152ABCD", "0152ABCD" + string(n[8]) + "0", "0152AB中D1", "V152ABCD1"} {
		if _, err := ParseNumber(bad); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCode(t *testing.T) {
	n := NewNumber()
	code := n.Code(Current())
	if len(code) > 20 || strings.ToUpper(code) != code {
		t.Errorf("code %q", code)
	}
	got, l, ok := ParseCode(code)
	if !ok || got != n || l.Version != 1 {
		t.Errorf("%s %v %v", got, l.Version, ok)
	}
	for _, bad := range []string{"", "HTTPS://A.CN", "ZGHTP2" + string(n), "ZGHTP1" + string(n[:8]), "ZGHTP1" + strings.ToLower(string(n)) + "X", "ZGHTP:" + string(n)} {
		if _, _, ok := ParseCode(bad); ok {
			t.Errorf("%q passes", bad)
		}
	}
}

// The rules for paper that is photographed: marks in the corners, nothing at
// the printer's edge, a code of 20 mm or more with white around it, and a
// frame apart from all of them.
func TestLayout(t *testing.T) {
	l := Current()
	boxes := map[string]Box{"code": {l.QR.X - l.Quiet, l.QR.Y - l.Quiet, l.QR.W + 2*l.Quiet, l.QR.H + 2*l.Quiet}, "frame": l.Frame}
	for i, m := range l.Marks {
		boxes[string(rune('a'+i))] = Box{m.X - l.MarkSize/2, m.Y - l.MarkSize/2, l.MarkSize, l.MarkSize}
	}
	for name, b := range boxes {
		if b.X < l.SafePrinting || b.Y < l.SafePrinting || b.X+b.W > l.Width-l.SafePrinting || b.Y+b.H > l.Height-l.SafePrinting {
			t.Errorf("%s %v is at the edge", name, b)
		}
		for other, o := range boxes {
			if name < other && b.X < o.X+o.W && o.X < b.X+b.W && b.Y < o.Y+o.H && o.Y < b.Y+b.H {
				t.Errorf("%s %v lies on %s %v", name, b, other, o)
			}
		}
	}
	if l.QR.W < 20 || math.Abs(l.Quiet-4*l.QR.W/21) > 0.1 {
		t.Errorf("code of %.1f mm, %.1f mm white", l.QR.W, l.Quiet)
	}
}

func TestPrint(t *testing.T) {
	class := []Pupil{{NewNumber(), "王𬭊", "三年级2班", "龙水镇中心小学"}, {NewNumber(), "阿卜杜热合曼·买买提艾力江·吐尔逊", "三年级2班", strings.Repeat("很长的学校名称", 12)}}
	out, err := Print(class, "三年级2班", false)
	if err != nil || bytes.Count(out, []byte("/Type /Page\n")) != 2 {
		t.Fatalf("%d pages, %v", bytes.Count(out, []byte("/Type /Page\n")), err)
	}
	class[0].Name = "王𡋾"
	if _, err = Print(class, "三年级2班", false); !errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), "𡋾") {
		t.Errorf("a character without a shape: %v", err)
	}
	if _, err = Print(class, "三年级2班", true); err != nil {
		t.Error(err)
	}
	if _, err = Print(nil, "", false); !errs.Is(err, errs.KindInvalid) {
		t.Error(err)
	}
}

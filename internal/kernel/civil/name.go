package civil

import (
	"strings"
	"unicode/utf8"

	pinyin "github.com/mozillazg/go-pinyin"
)

// MiddleDot joins the parts of a name such as 次仁·卓玛. The household register
// uses U+00B7; keyboards give half a dozen others.
const MiddleDot = '·'

// NormalizeName gives the form a name is stored and compared in: half width,
// the one middle dot, no blanks between Chinese characters (sheets pad 王　强
// to align with names of three), one blank between Latin words.
func NormalizeName(raw string) string {
	s := HalfWidth(raw)
	s = strings.Map(func(r rune) rune {
		switch r {
		case '•', '‧', '∙', '⋅', '・', '･', '●', '．', '᛫', '⸱', '▪':
			return MiddleDot
		case '\'', '`', '‘', '’', '"', '“', '”', '*', '※', '★', '☆':
			return -1
		}
		if blank(r) {
			return ' '
		}
		return r
	}, s)
	rs := []rune(strings.Join(strings.Fields(s), " "))
	var b strings.Builder
	for i, r := range rs {
		switch {
		case r == ' ':
			if i > 0 && i < len(rs)-1 && latin(rs[i-1]) && latin(rs[i+1]) {
				b.WriteRune(r)
			}
		case r == '.' && i > 0 && i < len(rs)-1 && han(before(rs, i)) && han(after(rs, i)):
			b.WriteRune(MiddleDot)
		default:
			b.WriteRune(r)
		}
	}
	out := b.String()
	for strings.Contains(out, "··") {
		out = strings.ReplaceAll(out, "··", "·")
	}
	return strings.Trim(out, "·")
}

func before(rs []rune, i int) rune {
	for i--; i >= 0; i-- {
		if rs[i] != ' ' {
			return rs[i]
		}
	}
	return 0
}

func after(rs []rune, i int) rune {
	for i++; i < len(rs); i++ {
		if rs[i] != ' ' {
			return rs[i]
		}
	}
	return 0
}

func latin(r rune) bool { return r < 0x250 && r != ' ' && r != MiddleDot }

// SplitName divides a Chinese name into surname and given name; compound
// surnames (欧阳, 司马 …) count as one. A name with a middle dot, or without
// Chinese characters, has no surname.
func SplitName(name string) (surname, given string) {
	name = NormalizeName(name)
	first, size := utf8.DecodeRuneInString(name)
	if !han(first) || strings.ContainsRune(name, MiddleDot) {
		return "", name
	}
	if _, size2 := utf8.DecodeRuneInString(name[size:]); size2 > 0 && len(name) > size+size2 {
		if _, ok := compoundSurnames[name[:size+size2]]; ok {
			return name[:size+size2], name[size+size2:]
		}
	}
	return name[:size], name[size:]
}

// Pinyin gives the syllables of a name without tones, the surname read as
// surnames are (单 shan, 曾 zeng, 欧阳 ou yang), ü as v. Latin parts stay as
// they are, in lower case; other signs are left out.
func Pinyin(name string) []string {
	surname, given := SplitName(name)
	var out []string
	if s, ok := compoundSurnames[surname]; ok {
		out = append(out, strings.Fields(s)...)
	} else if s, ok := surnameReadings[surname]; ok {
		out = append(out, s)
	} else {
		given = surname + given
	}
	args := pinyin.NewArgs()
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			out = append(out, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	for _, r := range given {
		switch {
		case han(r):
			flush()
			if p := pinyin.SinglePinyin(r, args); len(p) > 0 {
				out = append(out, p[0])
			}
		case (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9'):
			word.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// NameKeys gives what a name is found by, to be stored beside it: the whole
// pinyin ("ouyangxue") and the initials ("oyx").
func NameKeys(name string) (full, initials string) {
	syllables := Pinyin(name)
	var b strings.Builder
	for _, s := range syllables {
		b.WriteByte(s[0])
	}
	return strings.Join(syllables, ""), b.String()
}

// MaskName shows a name to who need not know it: 张**, 欧阳**, 次**.
func MaskName(name string) string {
	surname, given := SplitName(name)
	if surname == "" {
		r, size := utf8.DecodeRuneInString(given)
		if size == 0 {
			return ""
		}
		surname, given = string(r), given[size:]
	}
	return surname + strings.Repeat("*", min(utf8.RuneCountInString(given), 2))
}

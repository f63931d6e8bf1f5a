package civil

import (
	"strings"
	"unicode"
)

// HalfWidth turns full-width letters, digits and signs (U+FF01–U+FF5E) and the
// ideographic space into their ASCII forms. Input methods switch width without
// the typist noticing, so every text from outside goes through it.
func HalfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case r == 0x3000:
			return ' '
		}
		return r
	}, s)
}

// blank reports white space and the characters without ink that spreadsheets
// and chat programs carry along.
func blank(r rune) bool {
	switch r {
	case 0x00A0, 0x1680, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E,
		0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF, 0x00AD:
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// TrimBlank cuts blanks of every kind from both ends.
func TrimBlank(s string) string { return strings.TrimFunc(s, blank) }

// Squeeze takes every blank out.
func Squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, s)
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) || r == '〇' }

var numerals = map[rune]int{
	'〇': 0, '零': 0, '○': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
	'壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9,
}

// Numeral reads a number below one million, written in Arabic digits or in
// Chinese ones: 12, １２, 十二, 一二, 一百零三, 二〇一五.
func Numeral(s string) (int, bool) {
	s = Squeeze(HalfWidth(s))
	if s == "" || len(s) > 48 {
		return 0, false
	}
	total, digit, seen, plain := 0, 0, false, true
	for _, r := range s {
		switch r {
		case '十', '拾', '百', '佰', '千', '仟', '万':
			plain = false
		}
	}
	for _, r := range s {
		d, ok := numerals[r]
		if r >= '0' && r <= '9' {
			d, ok = int(r-'0'), true
		}
		unit := 0
		switch r {
		case '十', '拾':
			unit = 10
		case '百', '佰':
			unit = 100
		case '千', '仟':
			unit = 1000
		case '万':
			unit = 10000
		}
		switch {
		case ok && plain:
			total = total*10 + d
			seen = true
		case ok:
			digit, seen = d, true
		case unit == 10000:
			total = (total + digit) * unit
			digit, seen = 0, true
		case unit > 0:
			if digit == 0 {
				digit = 1
			}
			total += digit * unit
			digit, seen = 0, true
		default:
			return 0, false
		}
		if total >= 1_000_000 {
			return 0, false
		}
	}
	return total + digit, seen
}

package civil

import (
	"strings"
)

// Phone is a telephone number in its normal form: digits only, a mobile number
// as 11 digits, a fixed line with its area code and its leading 0 if it was
// given. Empty means none.
type Phone string

// ParsePhone reads one number: +86 138-1234-5678, ０２３－４３７２２３３４,
// 13812345678.0. It judges the form, not whether the number range is assigned.
func ParsePhone(raw string) (Phone, bool) {
	s := strings.Map(func(r rune) rune {
		switch r {
		case '-', '‐', '‑', '–', '—', '－', '(', ')', '（', '）', '\'', '"', '`', '’', '‘', '+', '*', '_':
			return -1
		}
		if blank(r) {
			return -1
		}
		return r
	}, HalfWidth(raw))
	s = strings.TrimSuffix(s, ".0")
	if !digits(s) {
		return "", false
	}
	for _, prefix := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok && len(rest) == 11 && mobile(rest) {
			s = rest
		}
	}
	if rest, ok := strings.CutPrefix(s, "0"); ok && mobile(rest) {
		s = rest
	}
	p := Phone(s)
	return p, p.Valid()
}

// ReadPhones reads a cell that may hold several numbers (13812345678/023-43722334)
// and words around them (母亲13812345678). It gives the ones in right form, in
// order and once each, and whether anything that looked like a number was not.
func ReadPhones(raw string) (phones []Phone, leftover bool) {
	if p, ok := ParsePhone(raw); ok {
		return []Phone{p}, false
	}
	seen := map[Phone]bool{}
	for _, part := range strings.FieldsFunc(HalfWidth(raw), func(r rune) bool {
		switch r {
		case '/', '\\', ',', ';', '、', '，', '；', '|', '\n', '\r', '或', '和', '：', ':':
			return true
		}
		return han(r)
	}) {
		var cand []string
		if p, ok := ParsePhone(part); ok {
			cand = []string{string(p)}
		} else {
			cand = strings.Fields(strings.Map(func(r rune) rune {
				if blank(r) {
					return ' '
				}
				return r
			}, part))
		}
		for _, c := range cand {
			p, ok := ParsePhone(c)
			if !ok {
				leftover = leftover || strings.ContainsAny(c, "0123456789")
				continue
			}
			if !seen[p] {
				seen[p] = true
				phones = append(phones, p)
			}
		}
	}
	return phones, leftover
}

func mobile(s string) bool {
	return len(s) == 11 && digits(s) && s[0] == '1' && s[1] >= '3'
}

// Mobile reports whether a text message can be sent to the number.
func (p Phone) Mobile() bool { return mobile(string(p)) }

// Valid reports a mobile number, a fixed line with or without area code, or a
// 400/800 number.
func (p Phone) Valid() bool {
	s := string(p)
	if !digits(s) {
		return false
	}
	switch {
	case mobile(s):
		return true
	case s[0] == '0': // area code of 3 or 4 digits, then 7 or 8
		return len(s) >= 10 && len(s) <= 12 && s[1] != '0'
	case s[:1] >= "2" && (len(s) == 7 || len(s) == 8):
		return true
	case len(s) == 10 && (strings.HasPrefix(s, "400") || strings.HasPrefix(s, "800")):
		return true
	}
	return false
}

// Mask shows a number as 138****5678.
func (p Phone) Mask() string {
	s := string(p)
	switch {
	case len(s) >= 11:
		return s[:3] + strings.Repeat("*", len(s)-7) + s[len(s)-4:]
	case len(s) >= 7:
		return s[:len(s)-6] + "****" + s[len(s)-2:]
	}
	return strings.Repeat("*", len(s))
}

// LastFour gives the last four digits, the part people remember.
func (p Phone) LastFour() string {
	if len(p) < 4 {
		return ""
	}
	return string(p[len(p)-4:])
}

package sheet

import (
	"crypto/rand"
	"strings"

	"zugou/internal/kernel/errs"
)

// Number names one sheet: eight random characters and a check character.
type Number string

// alphabet has 31 characters, a prime, without those that look like others:
// the one of the unified social credit code (GB 32100-2015), whose check rule
// is used here with eight places.
const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

const numberLength = 9

// NewNumber draws a number: 8.5e11 of them, so that a guessed one is nobody's.
func NewNumber() Number {
	var b strings.Builder
	buf := make([]byte, 1)
	for b.Len() < numberLength-1 {
		_, _ = rand.Read(buf)
		if buf[0] < 31*8 { // even chances
			b.WriteByte(alphabet[buf[0]%31])
		}
	}
	return Number(b.String() + string(check(b.String())))
}

// weights are powers of 3 modulo 31, all different, none 0, and none 1, which is
// the check character's own: every single
// wrong character changes the sum, and so does every exchange of two.
var weights = [numberLength - 1]int{3, 9, 27, 19, 26, 16, 17, 20}

func check(body string) byte {
	sum := 0
	for i := range body {
		sum += strings.IndexByte(alphabet, body[i]) * weights[i]
	}
	return alphabet[(31-sum%31)%31]
}

// ParseNumber reads a number as typed or as decoded. Small letters, spaces and
// dashes are fine, and O I S Z stand for the digits they look like. A small l is
// the letter, or else the digit 1: the check character tells.
//
// Errors: Invalid (drawing.number_form, drawing.number_check).
func ParseNumber(text string) (Number, error) {
	n, err := parseNumber(text)
	if err != nil && strings.Contains(text, "l") {
		if n, err := parseNumber(strings.ReplaceAll(text, "l", "1")); err == nil {
			return n, nil
		}
	}
	return n, err
}

func parseNumber(text string) (Number, error) {
	s := strings.Map(func(c rune) rune {
		switch c {
		case ' ', '-', '－', '—', '\u3000', '\t':
			return -1
		case 'O', 'o':
			return '0'
		case 'I', 'i':
			return '1'
		case 'S', 's':
			return '5'
		case 'Z', 'z':
			return '2'
		}
		if c >= '０' && c <= '９' {
			return c - '０' + '0'
		}
		if c >= 'Ａ' && c <= 'Ｚ' {
			return c - 'Ａ' + 'A'
		}
		return c
	}, text)
	s = strings.ToUpper(s)
	if len(s) != numberLength || strings.Trim(s, alphabet) != "" {
		return "", errs.Invalid("number", "drawing.number_form")
	}
	if s[numberLength-1] != check(s[:numberLength-1]) {
		return "", errs.Invalid("number", "drawing.number_check")
	}
	return Number(s), nil
}

// String gives the number in groups, as printed: "7KQ-M2X-WD4".
func (n Number) String() string {
	if len(n) != numberLength {
		return string(n)
	}
	return string(n[:3]) + "-" + string(n[3:6]) + "-" + string(n[6:])
}

// codePrefix stands before the layout's digit and the number in the QR code.
const codePrefix = "ZGHTP"

// Code gives the text of the QR code: 15 characters, all of the alphanumeric
// mode, which version 1 takes at level M.
func (n Number) Code(l Layout) string { return codePrefix + string('0'+rune(l.Version)) + string(n) }

// ParseCode reads a decoded QR code. ok is false for a code that is none of
// ours or whose check character is wrong.
func ParseCode(text string) (n Number, l Layout, ok bool) {
	rest, found := strings.CutPrefix(text, codePrefix)
	if !found || len(rest) != 1+numberLength {
		return "", Layout{}, false
	}
	if l, ok = LayoutOf(int(rest[0] - '0')); !ok {
		return "", Layout{}, false
	}
	n, err := ParseNumber(rest[1:])
	// A printed code has no small letters and no look-alikes to forgive.
	return n, l, err == nil && string(n) == rest[1:]
}

package campaign

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// A child's code has nine figures, the last one a check (Luhn), written in
// threes: a pupil of eight types it, and a slip is told without a try.
const codeFigures = 9

func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic("no randomness: " + err.Error())
	}
	body := strings.Repeat("0", codeFigures-1)
	s := n.String()
	body = body[:len(body)-len(s)] + s
	return grouped(body + string(luhn(body)))
}

func grouped(s string) string { return s[:3] + " " + s[3:6] + " " + s[6:] }

func luhn(figures string) byte {
	sum := 0
	for i := range len(figures) {
		d := int(figures[len(figures)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// ReadCode brings a code that was typed into its form; ok is false if it can't
// be one.
func ReadCode(typed string) (code string, ok bool) {
	var b []byte
	for _, r := range typed {
		if r >= '０' && r <= '９' {
			r -= '０' - '0'
		}
		switch {
		case r >= '0' && r <= '9':
			b = append(b, byte(r))
		case r == ' ' || r == '-' || r == '　':
		default:
			return "", false
		}
	}
	if len(b) != codeFigures || luhn(string(b[:codeFigures-1])) != b[codeFigures-1] {
		return "", false
	}
	return grouped(string(b)), true
}

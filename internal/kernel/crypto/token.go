package crypto

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// Token gives n random bytes as URL-safe text: 16 bytes for links that live
// for minutes, 32 for sessions and API keys. Store only its Index or MAC.
func Token(n int) string {
	b := make([]byte, n)
	random(b)
	return encoding.EncodeToString(b)
}

// NumericCode gives a code of n decimal digits for an SMS. It is safe only
// with few tries and a short life.
func NumericCode(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + randomBelow(10)))
	}
	return b.String()
}

// codeAlphabet has no sign that is taken for another on paper (0 O, 1 I L).
// Its size is prime, which makes the check sign see any wrong sign and any two
// that changed places.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

const (
	codeGroup  = 4
	codeGroups = 4
	codeSigns  = codeGroup * codeGroups // the last is the check sign
)

// HelpCode gives a one-time code that a person can write down and read out:
// "7KQM-2XWD-…", four groups of four, the last sign a check. It carries 74
// random bits. Store only its Index.
func HelpCode() string {
	signs := make([]byte, codeSigns)
	for i := range codeSigns - 1 {
		signs[i] = codeAlphabet[randomBelow(len(codeAlphabet))]
	}
	signs[codeSigns-1] = codeAlphabet[codeCheck(signs[:codeSigns-1])]
	return grouped(string(signs))
}

// HelpCodeFrom gives the code that belongs to a keyed hash of at least 16
// bytes: whoever sends the same request again gets the same code.
func HelpCodeFrom(mac []byte) string {
	n := new(big.Int).SetBytes(mac)
	base, digit := big.NewInt(int64(len(codeAlphabet))), new(big.Int)
	signs := make([]byte, codeSigns)
	for i := range codeSigns - 1 {
		n.DivMod(n, base, digit)
		signs[i] = codeAlphabet[digit.Int64()]
	}
	signs[codeSigns-1] = codeAlphabet[codeCheck(signs[:codeSigns-1])]
	return grouped(string(signs))
}

// ParseHelpCode brings a code that a person typed into the form of HelpCode;
// ok is false if it can't be one, so that a slip is told at once and costs no
// try.
func ParseHelpCode(typed string) (code string, ok bool) {
	signs := make([]byte, 0, codeSigns)
	for _, r := range typed {
		if r >= '！' && r <= '～' { // full-width forms of a Chinese keyboard
			r -= '！' - '!'
		}
		switch {
		case r == '-' || r == ' ' || r == '　' || r == '—' || r == '_' || r == '.':
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		if r > 'Z' || strings.IndexByte(codeAlphabet, byte(r)) < 0 || len(signs) == codeSigns {
			return "", false
		}
		signs = append(signs, byte(r))
	}
	if len(signs) != codeSigns || codeAlphabet[codeCheck(signs[:codeSigns-1])] != signs[codeSigns-1] {
		return "", false
	}
	return grouped(string(signs)), true
}

// codeCheck is the sum of value × place, modulo the size of the alphabet.
func codeCheck(signs []byte) int {
	sum := 0
	for i, c := range signs {
		sum += (i + 1) * strings.IndexByte(codeAlphabet, c)
	}
	return sum % len(codeAlphabet)
}

func grouped(signs string) string {
	var groups []string
	for ; signs != ""; signs = signs[codeGroup:] {
		groups = append(groups, signs[:codeGroup])
	}
	return strings.Join(groups, "-")
}

func randomBelow(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the machine has no randomness
	}
	return int(v.Int64())
}

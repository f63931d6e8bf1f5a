package crypto

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"zugou/internal/kernel/errs"
)

// The bounds of a password. 等保2.0 level 3 (GB/T 22239-2019, 8.1.4.1 a) asks
// for complexity and regular change; assessors read complexity as three of
// four classes and at least 8 signs; ten leave room.
const (
	passwordLeast = 10  // characters
	passwordMost  = 128 // bytes; more is no safer and costs time
	classesLeast  = 3   // of lower case, upper case, digits, others
	oddLeast      = 4   // characters that remain when the guessable parts are taken out
)

//go:embed common.txt
var commonText string

// CheckPasswordRules gives what is wrong with a new password, as fields
// "password"; none if it is good. account and phone may be empty. That it
// isn't one of the earlier ones is Passwords.Reused.
func CheckPasswordRules(password, account, phone string) []errs.Field {
	var out []errs.Field
	bad := func(key string) { out = append(out, errs.Field{Name: "password", Key: key}) }
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		bad("password.unprintable")
		return out
	}
	if utf8.RuneCountInString(password) < passwordLeast {
		bad("password.too_short")
	}
	if len(password) > passwordMost {
		bad("password.too_long")
		return out
	}
	if classes(password) < classesLeast {
		bad("password.too_simple")
	}
	lower := strings.ToLower(password)
	if containsOwn(lower, account) || containsOwn(lower, phone) {
		bad("password.contains_account")
	}
	if guessable(lower) {
		bad("password.common")
	}
	return out
}

func classes(s string) int {
	var lower, upper, digit, other int
	for _, r := range s {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

// containsOwn looks for the account, forwards and backwards, and for the last
// six digits of a phone. An account of one or two letters says nothing.
func containsOwn(lower, own string) bool {
	own = strings.ToLower(own)
	if len(own) < 3 {
		return false
	}
	if strings.Contains(lower, own) || strings.Contains(lower, reverse(own)) {
		return true
	}
	return len(own) == 11 && isDigits(own) && strings.Contains(lower, own[5:])
}

// guessable takes common words, keyboard rows, years and repetitions out of a
// password and looks at what remains: "Admin@2024" is an "@".
func guessable(lower string) bool {
	once := removeParts(lower)
	// Digits may be a year or stand for letters: try it both ways.
	rest := min(len(once), len(removeParts(unleet(lower))), len(removeParts(unleet(string(once)))))
	return rest < oddLeast
}

// unleet undoes the replacements that everybody tries first.
func unleet(s string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(s)
}

func removeParts(s string) []rune {
	for word := range strings.Lines(commonText) {
		word = strings.TrimSpace(word)
		if word != "" && !strings.HasPrefix(word, "#") {
			s = strings.ReplaceAll(s, word, "\x00")
		}
	}
	var rest []rune
	runes := []rune(s)
	for i := 0; i < len(runes); {
		if n := run(runes[i:]); n >= 3 {
			i += n
			continue
		}
		if n := year(runes[i:]); n > 0 {
			i += n
			continue
		}
		if runes[i] != 0 {
			rest = append(rest, runes[i])
		}
		i++
	}
	return rest
}

// run gives the length of the run that s begins with: aaa, abc, 321, qwe.
func run(s []rune) int {
	best := 1
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(s) && s[n]-s[n-1] == step && s[n] != 0 {
			n++
		}
		best = max(best, n)
	}
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "!@#$%^&*()", "1qaz2wsx3edc4rfv5tgb6yhn"} {
		for _, keys := range []string{row, reverse(row)} {
			at := strings.IndexRune(keys, s[0])
			if at < 0 {
				continue
			}
			n := 0
			for n < len(s) && at+n < len(keys) && rune(keys[at+n]) == s[n] {
				n++
			}
			best = max(best, n)
		}
	}
	return best
}

// year recognises 19xx and 20xx, with a month and day after it or without.
func year(s []rune) int {
	digits := 0
	for digits < len(s) && digits < 8 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits < 4 || !(s[0] == '1' && s[1] == '9' || s[0] == '2' && s[1] == '0') {
		return 0
	}
	if digits == 8 {
		return 8
	}
	return 4
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

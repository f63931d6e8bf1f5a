package civil

import (
	"strings"
)

// ResidentID is a citizen's identity number (公民身份号码, GB 11643-1999) in its
// normal form: 17 digits and the check character, X in upper case. Residence
// permits of Hong Kong, Macao and Taiwan people (81, 82, 83) and the permanent
// residence card of foreigners since 2023 (9…) have the same form.
type ResidentID string

// IDFault says why a text is not a resident ID. It is an error; its text is a
// code without personal data.
type IDFault string

// The faults, in the order in which they are looked for.
const (
	IDMissing       IDFault = "id_missing"
	IDPrecisionLost IDFault = "id_precision_lost" // a spreadsheet kept 15 digits only
	IDForm          IDFault = "id_form"           // not 15 or 18 characters of the right kind
	IDCheck         IDFault = "id_check"          // the check character differs
	IDBirthDate     IDFault = "id_birth_date"     // no such day in the calendar
)

func (f IDFault) Error() string { return "civil: " + string(f) }

var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const idChecks = "10X98765432"

// NormalizeID takes off what typing and spreadsheets put around an ID: width,
// blanks, a leading quote, dashes, lower case and look-alikes of X, and the
// ".0" of a number. It judges nothing and keeps a wrong digit wrong.
func NormalizeID(raw string) string {
	s := HalfWidth(raw)
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\'', '"', '`', '’', '‘', '“', '”', '´', '′',
			'-', '‐', '‑', '‒', '–', '—', '―', '−', '－', '_', '·', '•', '.', ',':
			if r == '.' {
				return r
			}
			return -1
		case 'x', '×', 'х', 'Х', '✕', '✖', 'χ', 'Χ':
			return 'X'
		}
		if blank(r) {
			return -1
		}
		return r
	}, s)
	if i := strings.IndexByte(s, '.'); i >= 15 && strings.Trim(s[i+1:], "0") == "" && digits(s[:i]) {
		s = s[:i]
	}
	return strings.ToUpper(s)
}

// PrecisionLost reports an ID that went through a spreadsheet's number, which
// keeps 15 digits: scientific notation, or 18 digits ending in 000. Real IDs
// end so about once in a thousand; a sheet must confirm them, a form need not.
func PrecisionLost(raw string) bool {
	s := strings.Map(func(r rune) rune {
		if blank(r) || r == '\'' || r == '+' {
			return -1
		}
		return r
	}, strings.ToUpper(HalfWidth(raw)))
	if mantissa, exp, ok := strings.Cut(s, "E"); ok {
		whole, frac, _ := strings.Cut(mantissa, ".")
		return digits(whole) && (frac == "" || digits(frac)) && digits(exp) && len(exp) <= 3
	}
	n := NormalizeID(raw)
	return len(n) == 18 && digits(n) && strings.HasSuffix(n, "000")
}

// ParseID reads a resident ID of 18 characters, or of 15 digits from before
// 1999, which becomes 18 by the year 19xx (wrong for people over 100 only).
// The error is always an IDFault.
func ParseID(raw string) (ResidentID, error) {
	s := NormalizeID(raw)
	switch {
	case s == "":
		return "", IDMissing
	case len(s) != 18 && PrecisionLost(raw):
		return "", IDPrecisionLost
	case len(s) == 15 && digits(s):
		s = s[:6] + "19" + s[6:]
		s += string(checkChar(s))
	case len(s) != 18 || !digits(s[:17]) || (s[17] != 'X' && !digits(s[17:])):
		return "", IDForm
	case s[17] != checkChar(s[:17]):
		return "", IDCheck
	}
	if _, ok := idDate(s); !ok {
		return "", IDBirthDate
	}
	return ResidentID(s), nil
}

// checkChar gives the check character of 17 digits.
func checkChar(s string) byte {
	sum := 0
	for i := range 17 {
		sum += int(s[i]-'0') * idWeights[i]
	}
	return idChecks[sum%11]
}

// MakeID builds an ID from its parts, for synthetic data and tests: area of six
// digits, birth date, sequence 0–999 (odd male, even female).
func MakeID(area string, birth Date, sequence int) (ResidentID, error) {
	if len(area) != 6 || !digits(area) || !birth.Valid() || sequence < 0 || sequence > 999 {
		return "", IDForm
	}
	s := area + strings.ReplaceAll(string(birth), "-", "") +
		string([]byte{byte('0' + sequence/100), byte('0' + sequence/10%10), byte('0' + sequence%10)})
	return ResidentID(s + string(checkChar(s))), nil
}

func idDate(s string) (Date, bool) {
	year := atoi(s[6:10])
	if year < 1800 {
		return "", false
	}
	return MakeDate(year, atoi(s[10:12]), atoi(s[12:14]))
}

func atoi(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// Valid reports whether the value is in normal form with a right check.
func (r ResidentID) Valid() bool {
	n, err := ParseID(string(r))
	return err == nil && n == r
}

// Area gives the six digits of the division that issued the number first; it
// may have died since and says nothing about where the person lives.
func (r ResidentID) Area() string {
	if len(r) != 18 {
		return ""
	}
	return string(r[:6])
}

// Birth gives the birth date; empty for a value that is not valid.
func (r ResidentID) Birth() Date {
	if len(r) != 18 || !digits(string(r[:17])) {
		return ""
	}
	d, _ := idDate(string(r))
	return d
}

// Sex is male for an odd sequence, female for an even one.
func (r ResidentID) Sex() Sex {
	if len(r) != 18 || !digits(string(r[:17])) {
		return SexUnknown
	}
	if (r[16]-'0')%2 == 1 {
		return Male
	}
	return Female
}

// Mask shows an ID as 50011120********1X: enough to tell two children of one
// list apart, not enough to use. It masks any text, also a wrong ID.
func (r ResidentID) Mask() string { return MaskID(string(r)) }

// MaskID masks a text that ought to be an ID; see ResidentID.Mask.
func MaskID(s string) string {
	n := []rune(NormalizeID(s))
	switch {
	case len(n) == 0:
		return ""
	case len(n) >= 14:
		return string(n[:8]) + strings.Repeat("*", len(n)-10) + string(n[len(n)-2:])
	case len(n) >= 6:
		return string(n[:1]) + strings.Repeat("*", len(n)-2) + string(n[len(n)-1:])
	}
	return strings.Repeat("*", len(n))
}

// LastFour gives the last four characters, the part people give over the phone.
func (r ResidentID) LastFour() string {
	if len(r) < 4 {
		return ""
	}
	return string(r[len(r)-4:])
}

// Neighbours gives the valid IDs that one wrong digit or one swap of adjacent
// digits could have turned into s: about ten. They are keys to search by,
// never corrections. s must have 18 characters of the right kind.
func Neighbours(s string) []ResidentID {
	s = NormalizeID(s)
	if len(s) != 18 || !digits(s[:17]) {
		return nil
	}
	seen := map[string]bool{s: true}
	var out []ResidentID
	try := func(b []byte) {
		c := string(b)
		if seen[c] || c[17] != checkChar(c[:17]) {
			return
		}
		seen[c] = true
		if _, ok := idDate(c); ok {
			out = append(out, ResidentID(c))
		}
	}
	for i := range 17 {
		for d := byte('0'); d <= '9'; d++ {
			b := []byte(s)
			b[i] = d
			try(b)
		}
		if i < 16 {
			b := []byte(s)
			b[i], b[i+1] = b[i+1], b[i]
			try(b)
		}
	}
	b := []byte(s)
	b[17] = checkChar(s[:17])
	try(b)
	return out
}

// Sex as the household register knows it.
type Sex string

// The values.
const (
	SexUnknown Sex = ""
	Male       Sex = "male"
	Female     Sex = "female"
)

// ParseSex reads what a sheet writes in the column 性别: words, letters, and
// the codes of GB/T 2261.1 (1 male, 2 female). ok is false if it says nothing.
func ParseSex(raw string) (Sex, bool) {
	switch strings.ToLower(Squeeze(HalfWidth(raw))) {
	case "男", "男性", "男孩", "男生", "男童", "m", "male", "1":
		return Male, true
	case "女", "女性", "女孩", "女生", "女童", "f", "female", "2":
		return Female, true
	}
	return SexUnknown, false
}

package civil

import (
	"fmt"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
)

// Date is a day of the civil calendar written YYYY-MM-DD; empty means none.
// Dates compare as strings. It is stored and sent as it stands.
type Date string

// MakeDate gives the day if the calendar has it.
func MakeDate(year, month, day int) (Date, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return "", false
	}
	return Date(fmt.Sprintf("%04d-%02d-%02d", year, month, day)), true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// DateOf gives the day it is in China at t.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return ""
	}
	return Date(t.In(clock.Zone).Format(time.DateOnly))
}

// ParseDate reads YYYY-MM-DD exactly.
func ParseDate(s string) (Date, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !digits(s[:4]) || !digits(s[5:7]) || !digits(s[8:]) {
		return "", false
	}
	return MakeDate(atoi(s[:4]), atoi(s[5:7]), atoi(s[8:]))
}

// Valid reports whether the calendar has the day.
func (d Date) Valid() bool {
	_, ok := ParseDate(string(d))
	return ok
}

func (d Date) parts() (year, month, day int, ok bool) {
	if !d.Valid() {
		return 0, 0, 0, false
	}
	return atoi(string(d[:4])), atoi(string(d[5:7])), atoi(string(d[8:])), true
}

// Year, Month and Day give the parts; 0 if the date is none.
func (d Date) Year() int  { y, _, _, _ := d.parts(); return y }
func (d Date) Month() int { _, m, _, _ := d.parts(); return m }
func (d Date) Day() int   { _, _, n, _ := d.parts(); return n }

// Start gives the first instant of the day in China; the zero time for none.
func (d Date) Start() time.Time {
	y, m, n, ok := d.parts()
	if !ok {
		return time.Time{}
	}
	return time.Date(y, time.Month(m), n, 0, 0, 0, 0, clock.Zone)
}

// AddDays moves the date; none stays none.
func (d Date) AddDays(n int) Date {
	if !d.Valid() {
		return ""
	}
	return DateOf(d.Start().AddDate(0, 0, n))
}

// AddMonths moves by months; a day the month lacks becomes its last one, as
// the Civil Code article 202 counts periods.
func (d Date) AddMonths(n int) Date {
	y, m, day, ok := d.parts()
	if !ok {
		return ""
	}
	first := time.Date(y, time.Month(m)+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	out, _ := MakeDate(first.Year(), int(first.Month()), min(day, daysIn(first.Year(), int(first.Month()))))
	return out
}

// DaysTo gives the number of days from d to o, negative if o is earlier; 0 if
// either is none.
func (d Date) DaysTo(o Date) int {
	if !d.Valid() || !o.Valid() {
		return 0
	}
	return int(o.Start().Sub(d.Start()).Hours() / 24)
}

// AgeOn gives the full years of someone born on d, on the day. Who was born on
// 29 February grows older on 1 March in other years. It is negative before
// birth, and -1 if either date is none.
func (d Date) AgeOn(day Date) int {
	by, bm, bd, ok1 := d.parts()
	y, m, n, ok2 := day.parts()
	if !ok1 || !ok2 {
		return -1
	}
	age := y - by
	if m < bm || (m == bm && n < bd) {
		age--
	}
	return age
}

// Partial is a date as people write it, whose day or month may be left out
// (出生年月): 0 for what is not said.
type Partial struct{ Year, Month, Day int }

// Date gives the full date, if all three parts are said.
func (p Partial) Date() (Date, bool) {
	if p.Day == 0 {
		return "", false
	}
	return MakeDate(p.Year, p.Month, p.Day)
}

// Agrees reports whether d can be the day that p means.
func (p Partial) Agrees(d Date) bool {
	y, m, n, ok := d.parts()
	return ok && p.Year == y && (p.Month == 0 || p.Month == m) && (p.Day == 0 || p.Day == n)
}

// ReadDate reads a date as sheets and people write it: 2015-3-4, 2015/3/4,
// 2015.3.4, 2015年3月4日, 2015年3月, 20150304, 201503, 二〇一五年三月四日,
// with or without a time behind it. Years of two digits are refused: nobody
// knows the century. A day that the calendar lacks is refused.
func ReadDate(raw string) (Partial, bool) {
	s := TrimBlank(HalfWidth(raw))
	s = strings.TrimLeft(s, "'`’‘")
	if len(s) > 64 {
		return Partial{}, false
	}
	if i := strings.IndexAny(s, "T "); i >= 6 && strings.Contains(s[i:], ":") {
		s = s[:i]
	}
	s = strings.TrimSuffix(Squeeze(s), "生")
	s = strings.TrimSuffix(s, "出")
	if digits(s) {
		switch len(s) {
		case 8:
			return checked(atoi(s[:4]), atoi(s[4:6]), atoi(s[6:]), 3)
		case 6:
			return checked(atoi(s[:4]), atoi(s[4:]), 0, 2)
		}
		return Partial{}, false
	}
	var fields []string
	cur := strings.Builder{}
	for _, r := range s {
		switch r {
		case '-', '/', '.', ',', '年', '月', '日', '号', '、', '—', '–', '－', '。', '\\':
			if cur.Len() > 0 {
				fields = append(fields, cur.String())
				cur.Reset()
			}
		default:
			cur.WriteRune(r)
		}
	}
	if cur.Len() > 0 {
		fields = append(fields, cur.String())
	}
	if len(fields) == 0 || len(fields) > 3 || (len(fields) == 1 && !strings.Contains(s, "年")) {
		return Partial{}, false
	}
	var n [3]int
	for i, f := range fields {
		v, ok := Numeral(f)
		if !ok {
			return Partial{}, false
		}
		n[i] = v
	}
	return checked(n[0], n[1], n[2], len(fields))
}

func checked(y, m, d, said int) (Partial, bool) {
	if y < 1850 || y > 2199 {
		return Partial{}, false
	}
	mm, dd := m, d
	if said < 2 {
		mm = 1
	}
	if said < 3 {
		dd = 1
	}
	if _, ok := MakeDate(y, mm, dd); !ok {
		return Partial{}, false
	}
	return Partial{y, m, d}, true
}

package duty

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Year is the calendar of one year: the days off that the State Council gives
// beside the weekends, and the weekend days that are worked to make up.
type Year struct {
	Year      int          `json:"year"`
	Source    string       `json:"source"`              // the notice it was taken from
	Confirmed bool         `json:"confirmed,omitempty"` // a person compared it with the notice
	Off       []Span       `json:"off,omitempty"`
	Work      []civil.Date `json:"work,omitempty"` // 调休上班
}

// Span is days off under one name.
type Span struct {
	Name string     `json:"name"`
	From civil.Date `json:"from"`
	To   civil.Date `json:"to"` // the last day off
}

// Check gives what is wrong with the year.
func (y Year) Check() error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if y.Year < 2000 || y.Year > 2100 {
		add("year", "duty.year_form")
	}
	if strings.TrimSpace(y.Source) == "" {
		add("source", "duty.source_missing")
	}
	off := map[civil.Date]bool{}
	for i, s := range y.Off {
		name := fmt.Sprintf("off[%d]", i)
		// 元旦 may begin in the year before; nothing lasts longer than a fortnight.
		if !s.From.Valid() || !s.To.Valid() || s.To < s.From || s.From.DaysTo(s.To) > 14 ||
			s.From.Year() != y.Year && s.To.Year() != y.Year {
			add(name, "duty.date_form")
			continue
		}
		for d := s.From; d <= s.To; d = d.AddDays(1) {
			if off[d] {
				add(name, "duty.day_twice")
			}
			off[d] = true
		}
	}
	for i, d := range y.Work {
		name := fmt.Sprintf("work[%d]", i)
		wd := d.Start().Weekday()
		if !d.Valid() || wd != time.Saturday && wd != time.Sunday || off[d] {
			add(name, "duty.make_up_day_form")
		}
	}
	return errs.InvalidFields(bad)
}

// Calendar tells workdays from rest days. The zero Calendar knows weekends.
type Calendar struct {
	years map[int]Year
	off   map[civil.Date]string
	work  map[civil.Date]bool
}

// NewCalendar joins years; a later one of the same number replaces the earlier.
func NewCalendar(years ...Year) Calendar {
	c := Calendar{years: map[int]Year{}, off: map[civil.Date]string{}, work: map[civil.Date]bool{}}
	for _, y := range years {
		c.years[y.Year] = y
	}
	for _, y := range c.years {
		for _, s := range y.Off {
			for d := s.From; d != "" && d <= s.To; d = d.AddDays(1) {
				c.off[d] = s.Name
			}
		}
		for _, d := range y.Work {
			c.work[d] = true
		}
	}
	return c
}

// ReadYears reads every YYYY.json of the folder.
func ReadYears(files fs.FS) ([]Year, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out []Year
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var y Year
		if err := json.Unmarshal(text, &y); err != nil {
			return nil, fmt.Errorf("holidays/%s: %w", name, err)
		}
		if err := y.Check(); err != nil || name != fmt.Sprintf("%d.json", y.Year) {
			return nil, fmt.Errorf("holidays/%s: %w", name, errs.Invalid("year", "duty.year_form"))
		}
		out = append(out, y)
	}
	return out, nil
}

// Workday tells whether offices work on the day. In a year without data the
// weekend decides; Missing warns of that in time.
func (c Calendar) Workday(d civil.Date) bool {
	if c.work[d] {
		return true
	}
	if _, off := c.off[d]; off {
		return false
	}
	wd := d.Start().Weekday()
	return wd != time.Saturday && wd != time.Sunday
}

// Holiday gives the name of the days off that d is part of, "" for none.
func (c Calendar) Holiday(d civil.Date) string { return c.off[d] }

// Years lists the years with data, in order.
func (c Calendar) Years() []Year {
	out := make([]Year, 0, len(c.years))
	for _, y := range c.years {
		out = append(out, y)
	}
	slices.SortFunc(out, func(a, b Year) int { return a.Year - b.Year })
	return out
}

// warnDays is how long before a year without data the warning begins: the
// notice for the next year comes between late October and late November.
const warnDays = 45

// Missing gives the year that begins within 45 days, or runs already, and has
// no data; 0 if all is well.
func (c Calendar) Missing(now clock.Millis) int {
	today := civil.DateOf(now.Time())
	for _, y := range []int{today.Year(), today.AddDays(warnDays).Year()} {
		if _, ok := c.years[y]; !ok {
			return y
		}
	}
	return 0
}

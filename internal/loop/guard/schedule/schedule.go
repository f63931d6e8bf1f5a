// Package schedule says when a fence holds, or when silence is to be borne:
// spans of the day on school days, rest days or every day, within a season.
//
//	calendar of the State Council (days off, made-up days) ─┐
//	terms of the district's schools                        ─┴► school day? ─► window open?
//
// A window that ends before it begins runs over midnight and belongs to the
// day on which it begins: "nights before a rest day" begin on the evening. All
// times are China's, which has one zone. A day of which no term is known is a
// school day if offices work: watching for nothing is better than not watching.
package schedule

import (
	"fmt"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Days says on which days a window opens.
type Days string

// The kinds of days.
const (
	Every  Days = "every"
	School Days = "school" // 上学日
	Rest   Days = "rest"   // neither school nor work: weekends, holidays, vacations
)

// Window is one span of the day.
type Window struct {
	Days Days   `json:"days"`
	From string `json:"from"` // 08:00
	To   string `json:"to"`   // 24:00 is the end of the day
	// Since and Until bound a season by month and day, both included: 06-01 to
	// 09-15. Empty: the whole year.
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

// Schedule is when something holds; none: always.
type Schedule []Window

// Term is one term of schools, both days included.
type Term struct {
	Name  string     `json:"name"`
	Area  string     `json:"area"` // region code that it holds for, with all below
	From  civil.Date `json:"from"`
	Until civil.Date `json:"until"`
}

// Calendar tells the days apart.
type Calendar struct {
	Workday func(civil.Date) bool
	Terms   []Term // of one area
}

// SchoolDay tells whether schools are open on the day.
func (c Calendar) SchoolDay(d civil.Date) bool {
	if !c.Workday(d) {
		return false
	}
	known := false
	for _, t := range c.Terms {
		if d >= t.From && d <= t.Until {
			return true
		}
		// A vacation is what lies between two known terms, or close after one.
		known = known || d < t.From && t.From.DaysTo(d) > -100 || d > t.Until && t.Until.DaysTo(d) < 100
	}
	return !known
}

// Missing tells whether nothing is known of the schools' days on the day.
func (c Calendar) Missing(d civil.Date) bool {
	return !slices.ContainsFunc(c.Terms, func(t Term) bool { return d >= t.From.AddDays(-100) && d <= t.Until.AddDays(60) })
}

func minutes(s string) (int, bool) {
	var h, m int
	if n, err := fmt.Sscanf(s, "%02d:%02d", &h, &m); err != nil || n != 2 || len(s) != 5 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}

func monthDay(s string) bool {
	_, err := time.Parse("01-02", s)
	return err == nil || s == "02-29"
}

// Check gives what is wrong: Invalid.
func (s Schedule) Check() error {
	var bad []errs.Field
	for i, w := range s {
		name := fmt.Sprintf("schedule[%d]", i)
		from, ok1 := minutes(w.From)
		to, ok2 := minutes(w.To)
		switch {
		case w.Days != Every && w.Days != School && w.Days != Rest:
			bad = append(bad, errs.Field{Name: name, Key: "fence.days_wrong"})
		case !ok1 || !ok2 || from == to || from == 24*60:
			bad = append(bad, errs.Field{Name: name, Key: "fence.time_wrong"})
		case (w.Since == "") != (w.Until == "") || w.Since != "" && (!monthDay(w.Since) || !monthDay(w.Until)):
			bad = append(bad, errs.Field{Name: name, Key: "fence.season_wrong"})
		}
	}
	if len(s) > 12 {
		bad = append(bad, errs.Field{Name: "schedule", Key: "fence.windows_many"})
	}
	return errs.InvalidFields(bad)
}

// opensOn tells whether the window opens on the day.
func (w Window) opensOn(d civil.Date, c Calendar) bool {
	if w.Since != "" {
		md := string(d)[5:]
		if w.Since <= w.Until && (md < w.Since || md > w.Until) || w.Since > w.Until && md < w.Since && md > w.Until {
			return false
		}
	}
	switch w.Days {
	case School:
		return c.SchoolDay(d)
	case Rest:
		return !c.SchoolDay(d)
	}
	return true
}

// span gives the window that opens on the day; ok is false if none does.
func (w Window) span(d civil.Date, c Calendar) (from, to clock.Millis, ok bool) {
	if !w.opensOn(d, c) {
		return 0, 0, false
	}
	a, _ := minutes(w.From)
	b, _ := minutes(w.To)
	if b <= a {
		b += 24 * 60
	}
	day := clock.Of(d.Start())
	return day.Add(time.Duration(a) * time.Minute), day.Add(time.Duration(b) * time.Minute), true
}

// Open tells whether the schedule holds at the instant, and since when. A
// schedule without windows always holds, since 0.
func (s Schedule) Open(at clock.Millis, c Calendar) (since clock.Millis, open bool) {
	if len(s) == 0 {
		return 0, true
	}
	today := civil.DateOf(at.Time())
	for _, w := range s {
		for _, d := range []civil.Date{today.AddDays(-1), today} {
			if from, to, ok := w.span(d, c); ok && from <= at && at < to && (!open || from < since) {
				since, open = from, true
			}
		}
	}
	return since, open
}

// ahead is how far Next looks: longer than any summer vacation.
const ahead = 100

// Next gives when the schedule next begins to hold after the instant; 0 if it
// always holds, or not within a hundred days.
func (s Schedule) Next(after clock.Millis, c Calendar) clock.Millis {
	first := civil.DateOf(after.Time())
	for i := range ahead {
		best := clock.Millis(0)
		for _, w := range s {
			if from, _, ok := w.span(first.AddDays(i), c); ok && from > after && (best == 0 || from < best) {
				best = from
			}
		}
		if best != 0 {
			return best
		}
	}
	return 0
}

// Until gives when the schedule ceases to hold that holds at the instant; the
// instant itself if it does not hold, 0 if it always does or its windows join
// one another for a month.
func (s Schedule) Until(at clock.Millis, c Calendar) clock.Millis {
	if len(s) == 0 {
		return 0
	}
	end := at
	for range 60 { // windows may join one another
		next := end
		today := civil.DateOf(end.Time())
		for _, w := range s {
			for _, d := range []civil.Date{today.AddDays(-1), today} {
				if from, to, ok := w.span(d, c); ok && from <= end && end < to {
					next = max(next, to)
				}
			}
		}
		if next == end {
			return end
		}
		end = next
	}
	return 0
}

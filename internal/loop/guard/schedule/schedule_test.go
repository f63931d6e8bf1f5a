package schedule_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/duty"
	"zugou/policy/holidays"
)

func calendar(t interface{ Fatal(...any) }) schedule.Calendar {
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		t.Fatal(err)
	}
	return schedule.Calendar{Workday: duty.NewCalendar(years...).Workday, Terms: []schedule.Term{
		{From: "2025-09-01", Until: "2026-02-06"}, {From: "2026-03-02", Until: "2026-07-10"}, {From: "2026-09-01", Until: "2027-01-29"}}}
}

func at(t *testing.T, s string) clock.Millis {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, time.FixedZone("", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	return clock.Of(v)
}

func TestOpen(t *testing.T) {
	c := calendar(t)
	class := schedule.Schedule{{Days: schedule.School, From: "08:00", To: "16:30"}}
	night := schedule.Schedule{{Days: schedule.Every, From: "21:00", To: "06:30"}}
	summer := schedule.Schedule{{Days: schedule.Every, From: "00:00", To: "24:00", Since: "06-01", Until: "09-15"}}
	winter := schedule.Schedule{{Days: schedule.Every, From: "00:00", To: "24:00", Since: "11-15", Until: "02-28"}}
	weekend := schedule.Schedule{{Days: schedule.Rest, From: "20:00", To: "02:00"}}
	tests := []struct {
		name string
		s    schedule.Schedule
		when string
		want bool
	}{
		{"no windows: always", nil, "2026-03-04 03:00", true},
		{"a Wednesday in class", class, "2026-03-04 08:00", true},
		{"the minute class ends", class, "2026-03-04 16:30", false},
		{"a Saturday", class, "2026-03-07 10:00", false},
		{"a Saturday worked for 劳动节", class, "2026-05-09 10:00", true},
		{"清明节", class, "2026-04-06 10:00", false},
		{"summer vacation", class, "2026-07-20 10:00", false},
		{"winter vacation", class, "2026-02-25 10:00", false},
		{"before midnight", night, "2026-03-04 23:30", true},
		{"after midnight", night, "2026-03-05 06:29", true},
		{"day", night, "2026-03-05 12:00", false},
		{"season", summer, "2026-08-01 12:00", true},
		{"last day of the season", summer, "2026-09-15 23:59", true},
		{"behind the season", summer, "2026-09-16 00:00", false},
		{"a season over New Year", winter, "2026-01-05 12:00", true},
		{"outside of it", winter, "2026-05-05 12:00", false},
		{"Saturday evening", weekend, "2026-03-07 23:00", true},
		{"its night, on Sunday", weekend, "2026-03-08 01:00", true},
		{"Sunday's own window runs into Monday", weekend, "2026-03-09 01:00", true},
		{"Monday evening", weekend, "2026-03-09 23:00", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.s.Check(); err != nil {
				t.Fatal(err)
			}
			if _, open := tt.s.Open(at(t, tt.when), c); open != tt.want {
				t.Errorf("open: %v", open)
			}
		})
	}
}

func TestAYearWithoutTermsIsWatched(t *testing.T) {
	c := calendar(t)
	c.Terms = nil
	if !c.SchoolDay("2026-07-20") || !c.Missing("2026-07-20") {
		t.Error("a workday of which no term is known is a school day, and is told as missing")
	}
	c = calendar(t)
	if c.Missing("2026-07-20") || c.SchoolDay("2026-07-20") {
		t.Error("a vacation between two terms is known")
	}
}

func TestNextAndUntil(t *testing.T) {
	c := calendar(t)
	class := schedule.Schedule{{Days: schedule.School, From: "08:00", To: "12:00"}, {Days: schedule.School, From: "12:00", To: "16:30"}}
	if got, want := class.Next(at(t, "2026-07-10 09:00"), c), at(t, "2026-07-10 12:00"); got != want {
		t.Errorf("the second window of the day: %v", got.Time())
	}
	if got, want := class.Next(at(t, "2026-07-10 17:00"), c), at(t, "2026-09-01 08:00"); got != want {
		t.Errorf("over the summer: %v", got.Time())
	}
	if got, want := class.Until(at(t, "2026-03-04 09:00"), c), at(t, "2026-03-04 16:30"); got != want {
		t.Errorf("windows that join: %v", got.Time())
	}
	if schedule.Schedule(nil).Next(1, c) != 0 || schedule.Schedule(nil).Until(1, c) != 0 {
		t.Error("always has no next and no end")
	}
}

func TestCheck(t *testing.T) {
	for _, w := range []schedule.Window{{Days: "x", From: "08:00", To: "09:00"}, {Days: "every", From: "8:00", To: "09:00"}, {Days: "every", From: "08:00", To: "08:00"},
		{Days: "every", From: "24:00", To: "08:00"}, {Days: "every", From: "08:60", To: "09:00"}, {Days: "every", From: "08:00", To: "09:00", Since: "06-01"},
		{Days: "every", From: "08:00", To: "09:00", Since: "13-01", Until: "14-01"}} {
		if err := (schedule.Schedule{w}).Check(); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// What Open, Next and Until say fits together, at any instant.
func TestOneTruth(t *testing.T) {
	c := calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		hour := func(n string) string {
			return time.Time{}.Add(time.Duration(rapid.IntRange(0, 23*60+59).Draw(t, n)) * time.Minute).Format("15:04")
		}
		s := schedule.Schedule{}
		for range rapid.IntRange(1, 3).Draw(t, "windows") {
			w := schedule.Window{Days: rapid.SampledFrom([]schedule.Days{"every", "school", "rest"}).Draw(t, "days"), From: hour("from"), To: hour("to")}
			if w.From == w.To {
				w.To = "24:00"
			}
			s = append(s, w)
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		now := clock.Of(civil.Date("2026-01-01").Start()).Add(time.Duration(rapid.IntRange(0, 360*24*60).Draw(t, "minute")) * time.Minute)
		since, open := s.Open(now, c)
		until := s.Until(now, c)
		if until != 0 && open != (until > now) || open && since > now || !open && until == 0 {
			t.Fatalf("open %v since %v until %v at %v", open, since.Time(), until.Time(), now.Time())
		}
		if open && until != 0 {
			if _, still := s.Open(until, c); still {
				t.Fatal("open at its end")
			}
		}
		if next := s.Next(now, c); next != 0 {
			if _, o := s.Open(next, c); !o || next <= now {
				t.Fatalf("not open at %v, which is next", next.Time())
			}
		}
	})
}

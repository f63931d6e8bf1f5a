package duty_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
	"zugou/policy/holidays"
)

var township = duty.Slot{Region: gaosheng, Level: duty.Township, Role: access.TownshipOfficer}

func entry(kind duty.Kind, account, instead, from, to string, n int) duty.Entry {
	e := shift(gaosheng, duty.Township, access.TownshipOfficer, account, from, to)
	e.Kind, e.InsteadOf = kind, id.ID(instead)
	e.CreatedAt = clock.Millis(n)
	e.ID = id.ID(fmt.Sprintf("%03d", n))
	return e
}

func names(p *duty.Plan, s duty.Slot, at string) string {
	var out []string
	for _, o := range p.On(s, china(at)) {
		out = append(out, string(o.Account)+" "+hhmm(o.Until))
	}
	return strings.Join(out, ", ")
}

func TestShiftsSwapsAndLeave(t *testing.T) {
	night := entry(duty.Shift, "a", "", "2024-05-31 20:00", "2024-06-01 08:00", 1)
	tests := []struct {
		name    string
		entries []duty.Entry
		at      string
		want    string
	}{
		{"an overnight shift over the end of the month", []duty.Entry{night}, "2024-06-01 02:10", "a 06-01 08:00"},
		{"its first instant counts", []duty.Entry{night}, "2024-05-31 20:00", "a 06-01 08:00"},
		{"its last does not", []duty.Entry{night}, "2024-06-01 08:00", ""},
		{"a swap within the shift", []duty.Entry{night, entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 04:00", 2)}, "2024-06-01 02:10", "b 06-01 04:00"},
		{"after the swap the first is back", []duty.Entry{night, entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 04:00", 2)}, "2024-06-01 04:00", "a 06-01 08:00"},
		{"before it, until it", []duty.Entry{night, entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 04:00", 2)}, "2024-05-31 23:00", "a 06-01 00:00"},
		{"the later of two swaps of one person", []duty.Entry{night,
			entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 04:00", 2), entry(duty.Swap, "c", "a", "2024-06-01 02:00", "2024-06-01 06:00", 3)}, "2024-06-01 02:10", "c 06-01 06:00"},
		{"where only the earlier holds, the earlier", []duty.Entry{night,
			entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 04:00", 2), entry(duty.Swap, "c", "a", "2024-06-01 02:00", "2024-06-01 06:00", 3)}, "2024-06-01 01:00", "b 06-01 02:00"},
		{"a chain of swaps", []duty.Entry{night,
			entry(duty.Swap, "b", "a", "2024-05-31 20:00", "2024-06-01 08:00", 2), entry(duty.Swap, "c", "b", "2024-06-01 02:00", "2024-06-01 08:00", 3)}, "2024-06-01 02:10", "c 06-01 08:00"},
		{"leave without anybody instead", []duty.Entry{night, entry(duty.Leave, "", "a", "2024-06-01 00:00", "2024-06-03 00:00", 2)}, "2024-06-01 02:10", ""},
		{"the substitute is on leave too", []duty.Entry{night, entry(duty.Swap, "b", "a", "2024-06-01 00:00", "2024-06-01 08:00", 2),
			entry(duty.Leave, "", "b", "2024-06-01 02:00", "2024-06-01 03:00", 3)}, "2024-06-01 02:10", ""},
		{"a swap for somebody who is not on does nothing", []duty.Entry{night, entry(duty.Swap, "b", "x", "2024-05-31 20:00", "2024-06-01 08:00", 2)}, "2024-06-01 02:10", "a 06-01 08:00"},
		{"a swap for somebody who is on already", []duty.Entry{night, entry(duty.Shift, "b", "", "2024-05-31 20:00", "2024-06-01 08:00", 2),
			entry(duty.Swap, "b", "a", "2024-05-31 20:00", "2024-06-01 08:00", 3)}, "2024-06-01 02:10", "b 06-01 08:00"},
		{"one shift after the other of the same person is one", []duty.Entry{night, entry(duty.Shift, "a", "", "2024-06-01 08:00", "2024-06-01 17:00", 2)}, "2024-06-01 02:10", "a 06-01 17:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := duty.PlanForTest(china("2024-05-31 00:00"), china("2024-06-05 00:00"), duty.Calendar{}, tt.entries, nil)
			if got := names(p, township, tt.at); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRotations(t *testing.T) {
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		t.Fatal(err)
	}
	cal := duty.NewCalendar(years...)
	base := duty.Rotation{Region: gaosheng, Level: duty.Township, Role: access.TownshipOfficer, StartsOn: "2024-05-06", Handover: 8*60 + 30,
		TurnDays: 7, Minutes: 24 * 60, Days: duty.AllDays, Members: []id.ID{"a", "b", "c"}}
	tests := []struct {
		name   string
		change func(*duty.Rotation)
		at     string
		want   string
	}{
		{"the first week", func(*duty.Rotation) {}, "2024-05-06 08:30", "a 05-13 08:30"},
		{"before it began", func(*duty.Rotation) {}, "2024-05-06 08:29", ""},
		{"the hand-over is at its time, not at midnight", func(*duty.Rotation) {}, "2024-05-13 08:29", "a 05-13 08:30"},
		{"over the end of the month", func(*duty.Rotation) {}, "2024-06-01 02:10", "a 06-03 08:30"},
		{"a day each", func(o *duty.Rotation) { o.TurnDays = 1 }, "2024-06-01 02:10", "b 06-01 08:30"},
		{"nights only", func(o *duty.Rotation) { o.Handover, o.Minutes, o.TurnDays = 17*60+30, 15*60, 1 }, "2024-06-01 02:10", "b 06-01 08:30"},
		{"nights only, at noon", func(o *duty.Rotation) { o.Handover, o.Minutes, o.TurnDays = 17*60+30, 15*60, 1 }, "2024-06-01 12:00", ""},
		{"rest days only, on the holiday's Monday", func(o *duty.Rotation) { o.Days = duty.Restdays }, "2024-06-10 12:00", "c 06-11 08:30"},
		{"rest days only, on the make-up Saturday", func(o *duty.Rotation) { o.Days = duty.Restdays }, "2024-05-11 12:00", ""},
		{"workdays, on the make-up Saturday", func(o *duty.Rotation) { o.Days = duty.Workdays }, "2024-05-11 12:00", "a 05-12 08:30"},
		{"the last day", func(o *duty.Rotation) { o.UntilOn = "2024-05-31" }, "2024-06-01 02:10", "a 06-01 08:30"},
		{"after the last day", func(o *duty.Rotation) { o.UntilOn = "2024-05-30" }, "2024-06-01 02:10", ""},
		{"ended in the night", func(o *duty.Rotation) { o.EndedAt = china("2024-06-01 02:00") }, "2024-06-01 02:10", ""},
		{"29 February", func(o *duty.Rotation) { o.StartsOn, o.TurnDays = "2024-02-28", 1 }, "2024-02-29 12:00", "b 03-01 08:30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := base
			tt.change(&o)
			if err := o.Check(); err != nil {
				t.Fatal(err)
			}
			p := duty.PlanForTest(china("2024-02-01 00:00"), china("2024-06-20 00:00"), cal, nil, []duty.Rotation{o})
			if got := names(p, township, tt.at); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHolidays(t *testing.T) {
	years, err := duty.ReadYears(holidays.Files)
	if err != nil {
		t.Fatal(err)
	}
	cal := duty.NewCalendar(years...)
	for d, want := range map[string]bool{"2024-02-12": false, "2024-02-18": true, "2025-10-08": false, "2025-10-11": true, "2026-02-23": false, "2026-02-28": true,
		"2026-01-04": true, "2024-06-01": false, "2024-06-03": true} {
		if got := cal.Workday(dateOf(d)); got != want {
			t.Errorf("%s workday: %v", d, got)
		}
	}
	for at, want := range map[string]int{"2026-06-01 12:00": 0, "2026-11-16 12:00": 0, "2026-11-18 12:00": 2027, "2027-03-01 12:00": 2027} {
		if got := cal.Missing(china(at)); got != want {
			t.Errorf("%s: missing %d, want %d", at, got, want)
		}
	}
}

// district is the real size: 27 townships, 309 villages, four grids each.
func bigWorld() *world {
	w := newWorld()
	w.area(district, "区")
	for i := range 309 {
		town := fmt.Sprintf("%s%03d", district, 100+i%27)
		if i < 27 {
			w.area(town, "镇", 29.5+float64(i)/100, 105.6)
			w.person("officer"+town, "township_officer@"+town)
		}
		village := fmt.Sprintf("%s%03d", town, 200+i/27)
		w.area(village, "村", 29.5+float64(i)/1000, 105.6)
		w.person("director"+village, "village_director@"+village)
		for g := range 4 {
			grid := fmt.Sprintf("%s%03d", village, 1+g)
			w.area(grid, "网格")
			w.person("grid"+grid, "grid_worker@"+grid)
		}
	}
	return w
}

func BenchmarkScanOfAWholeDistrict(b *testing.B) {
	d := dbtest.Open(b, db.SQLite, clock.NewFake(dbtest.Start))
	f := bigWorld().finder(b)
	for b.Loop() {
		err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			holes, err := f.Scan(ctx, r, district)
			if err == nil && len(holes) != 27+3 {
				b.Fatalf("%d holes", len(holes))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

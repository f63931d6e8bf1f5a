package duty_test

import (
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/people/duty"
)

func TestOfficeHours(t *testing.T) {
	cal := duty.NewCalendar(duty.Year{Year: 2024, Off: []duty.Span{{Name: "端午节", From: "2024-06-10", To: "2024-06-10"}}, Work: []civil.Date{"2024-06-08"}})
	at := func(s string) clock.Millis {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, clock.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return clock.Of(v)
	}
	tests := []struct {
		name, from string
		d          time.Duration
		want       string
	}{
		{"within the morning", "2024-06-03 09:30", time.Hour, "2024-06-03 10:30"},
		{"over noon", "2024-06-03 11:30", time.Hour, "2024-06-03 14:30"},
		{"over night", "2024-06-03 17:00", 2 * time.Hour, "2024-06-04 10:00"},
		{"at 02:10", "2024-06-03 02:10", 30 * time.Minute, "2024-06-03 09:30"},
		{"Friday evening, the Saturday is a make-up day", "2024-06-07 19:00", time.Hour, "2024-06-08 10:00"},
		{"over a Sunday and a holiday", "2024-06-08 17:30", time.Hour, "2024-06-11 09:30"},
		{"now, in office hours", "2024-06-03 15:00", 0, "2024-06-03 15:00"},
		{"now, at the very end", "2024-06-03 18:00", 0, "2024-06-04 09:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := cal.AddOffice(at(tt.from), tt.d); got != at(tt.want) {
				t.Errorf("%s", got.Time().In(clock.Zone).Format("2006-01-02 15:04"))
			}
		})
	}
}

package duty

import (
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
)

// Office hours of a workday, in minutes from midnight, China time: 09:00–12:00
// and 14:00–18:00, as Chongqing's organs keep them. To be confirmed by the
// bureau.
var officeHours = [][2]int{{9 * 60, 12 * 60}, {14 * 60, 18 * 60}}

// longestWait bounds the search for office hours: no holiday comes near it.
const longestWait = 60

// OpenFrom gives the first instant from at on that lies in office hours, at
// itself if it does.
func (c Calendar) OpenFrom(at clock.Millis) clock.Millis { return c.AddOffice(at, 0) }

// AddOffice gives the instant at which d of office hours has passed since from.
func (c Calendar) AddOffice(from clock.Millis, d time.Duration) clock.Millis {
	day := civil.DateOf(from.Time())
	for range longestWait {
		if c.Workday(day) {
			for _, h := range officeHours {
				open := clock.Of(day.Start().Add(time.Duration(h[0]) * time.Minute))
				shut := clock.Of(day.Start().Add(time.Duration(h[1]) * time.Minute))
				begin := max(open, from)
				if begin >= shut {
					continue
				}
				if left := shut.Sub(begin); d < left {
					return begin.Add(d)
				} else {
					d -= left
				}
			}
		}
		day = day.AddDays(1)
	}
	return from.Add(longestWait * 24 * time.Hour)
}

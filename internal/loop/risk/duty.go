package risk

import (
	"errors"
	"fmt"
	"time"
)

// Duty is what an assessed colour obliges.
type Duty struct {
	Colour               Colour `json:"colour"`
	AcceptWithinMinutes  int    `json:"accept_within_minutes,omitempty"`
	ContactWithinMinutes int    `json:"contact_within_minutes,omitempty"`
	LateAfterMinutes     int    `json:"late_after_minutes,omitempty"`
	NextHours            []int  `json:"next_hours,omitempty"` // contacts, counted from the assessment
	EveryDays            int    `json:"every_days,omitempty"` // then
	ForDays              int    `json:"for_days,omitempty"`   // 0: until the colour changes
	ReassessDays         []int  `json:"reassess_days,omitempty"`
	Who                  string `json:"who"`
}

// DutyTable is the duties in force from one civil date.
type DutyTable struct {
	Version string `json:"version"`
	From    string `json:"from"`
	Status  string `json:"status"`
	Source  string `json:"source"`
	Duties  []Duty `json:"duties"`
}

// ParseDuties reads and checks a table: all four colours, and none less strict
// than the one below it.
func ParseDuties(data []byte) (DutyTable, error) {
	var t DutyTable
	if err := strict(data, &t); err != nil {
		return DutyTable{}, fmt.Errorf("colours: %w", err)
	}
	var wrong wrongs
	bad := wrong.add
	if t.Version == "" || t.Status == "" || t.Source == "" || !civilDate(t.From) {
		bad("version, from, status and source are needed")
	}
	for n, c := range []Colour{Red, Orange, Yellow, Green} {
		if len(t.Duties) != 4 || t.Duties[n].Colour != c {
			bad("the table has red, orange, yellow and green, in this order")
			break
		}
		d := t.Duties[n]
		if d.Who == "" || c != Green && (d.ContactWithinMinutes <= 0 || d.LateAfterMinutes <= 0 || len(d.ReassessDays) == 0) {
			bad("%s has nobody, no contact or no re-assessment", c)
		}
		if n > 0 && n < 3 && t.Duties[n-1].ContactWithinMinutes > d.ContactWithinMinutes {
			bad("%s is slower than %s", t.Duties[n-1].Colour, c)
		}
		for _, list := range [][]int{d.NextHours, d.ReassessDays} {
			for i, v := range list {
				if v <= 0 || i > 0 && list[i-1] >= v {
					bad("%s: times must rise", c)
				}
			}
		}
		if d.AcceptWithinMinutes < 0 || d.EveryDays < 0 || d.ForDays < 0 {
			bad("%s has a negative time", c)
		}
	}
	return t, errors.Join(wrong...)
}

// Of gives what a colour obliges; false for "never assessed".
func (t DutyTable) Of(c Colour) (Duty, bool) {
	for _, d := range t.Duties {
		if d.Colour == c {
			return d, true
		}
	}
	return Duty{}, false
}

// Contacts gives the instants of the contacts due after an assessment, up to
// horizon: the first, those of NextHours, then at the interval. One order is
// made of each.
func (d Duty) Contacts(assessed time.Time, horizon time.Duration) []time.Time {
	var list []time.Time
	add := func(after time.Duration) bool {
		if after > horizon {
			return false
		}
		list = append(list, assessed.Add(after))
		return true
	}
	if d.ContactWithinMinutes > 0 && !add(time.Duration(d.ContactWithinMinutes)*time.Minute) {
		return list
	}
	last := time.Duration(0)
	for _, h := range d.NextHours {
		last = time.Duration(h) * time.Hour
		if !add(last) {
			return list
		}
	}
	every, end := time.Duration(d.EveryDays)*day, time.Duration(d.ForDays)*day
	if every == 0 {
		return list
	}
	for next := last + every; end == 0 || next <= end; next += every {
		if !add(next) {
			return list
		}
	}
	return list
}

// Reassess gives the instants at which a colour must be assessed anew.
func (d Duty) Reassess(assessed time.Time) []time.Time {
	var list []time.Time
	for _, n := range d.ReassessDays {
		list = append(list, assessed.Add(time.Duration(n)*day))
	}
	return list
}

// Overdue reports whether the re-assessment that fell due last was not made:
// the colour is from assessed, and a moment of Reassess has passed.
func (d Duty) Overdue(assessed, now time.Time) bool {
	due := d.Reassess(assessed)
	return len(due) > 0 && now.After(due[0])
}

const day = 24 * time.Hour

package visit

import (
	"errors"
	"fmt"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
)

// Festival is a greeting with goods, for children of some categories.
type Festival struct {
	Key        string         `json:"key"`
	On         []civil.Date   `json:"on"`
	DaysBefore int            `json:"days_before"`
	Categories []string       `json:"categories"`
	Goods      map[string]int `json:"goods"`
}

// due gives the day of the festival whose time of greeting the day lies in.
func (f Festival) due(day civil.Date) (civil.Date, bool) {
	for _, d := range f.On {
		if d.AddDays(-f.DaysBefore) <= day && day <= d {
			return d, true
		}
	}
	return "", false
}

// Doubt bounds what can be true of a visit.
type Doubt struct {
	MetresPerSecond float64 `json:"metres_per_second"` // faster nobody travels between two visits
	FarMetres       float64 `json:"far_metres"`        // from the child's village
	ShortestSeconds int     `json:"shortest_seconds"`
	FutureSeconds   int     `json:"future_seconds"`
}

// Policy is what holds from a day on.
type Policy struct {
	From  civil.Date `json:"from"`
	Note  string     `json:"note"`
	Every struct {
		Colour   map[string]int `json:"colour"`
		Category map[string]int `json:"category"`
	} `json:"every_days"`
	AheadDays int               `json:"ahead_days"` // how long before its day a visit may be made
	LateDays  int               `json:"late_days"`  // after so many the officer is told
	Items     map[string]string `json:"items"`      // goods and their unit
	Festivals []Festival        `json:"festivals"`
	Seen      []string          `json:"seen"`    // what is looked at, each yes, no or not seen
	Dangers   map[string]string `json:"dangers"` // dangers and the kind of matter each opens
	Doubt     Doubt             `json:"doubt"`
}

// Usable tells what of it can't be used.
func (p Policy) Usable() error {
	switch {
	case len(p.Every.Colour) == 0 || len(p.Every.Category) == 0 || p.AheadDays < 0 || p.LateDays <= 0:
		return errors.New("every_days, ahead_days or late_days are missing")
	case len(p.Seen) == 0 || len(p.Dangers) == 0 || len(p.Items) == 0:
		return errors.New("seen, dangers or items are missing")
	case p.Doubt.MetresPerSecond <= 0 || p.Doubt.FarMetres <= 0:
		return errors.New("doubt is missing")
	}
	for _, f := range p.Festivals {
		for item := range f.Goods {
			if p.Items[item] == "" {
				return fmt.Errorf("festival %s: no item %q", f.Key, item)
			}
		}
		for _, d := range f.On {
			if !d.Valid() {
				return fmt.Errorf("festival %s: %q is no day", f.Key, d)
			}
		}
	}
	return nil
}

// every gives after how many days a child is visited again, and what decides
// it; 0: no plan for this child.
func (p Policy) every(colour string, categories []string) (days int, why string) {
	take := func(n int, what string) {
		if n > 0 && (days == 0 || n < days) {
			days, why = n, what
		}
	}
	take(p.Every.Colour[colour], "colour."+colour)
	for _, c := range categories {
		take(p.Every.Category[c], "category."+c)
	}
	return days, why
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

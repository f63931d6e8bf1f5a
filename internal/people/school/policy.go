package school

import (
	"errors"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
)

// Policy is what holds for mergers from a day on.
type Policy struct {
	From     civil.Date `json:"from"`
	Note     string     `json:"note"`
	UndoDays int        `json:"undo_days"` // within which a merger can be undone
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it is missing.
func (p Policy) Usable() error {
	if p.UndoDays <= 0 {
		return errors.New("undo_days are missing")
	}
	return nil
}

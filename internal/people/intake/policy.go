package intake

import (
	"errors"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
)

// Policy is what holds from a day on.
type Policy struct {
	From            civil.Date `json:"from"`
	Note            string     `json:"note"`
	DraftHours      int        `json:"draft_hours"`      // an upload that nobody commits
	KeepDays        int        `json:"keep_days"`        // the file of a finished import
	BackgroundAbove int        `json:"background_above"` // rows; up to these the call waits
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it is missing.
func (p Policy) Usable() error {
	if p.DraftHours <= 0 || p.KeepDays <= 0 || p.BackgroundAbove <= 0 {
		return errors.New("draft_hours, keep_days or background_above are missing")
	}
	return nil
}

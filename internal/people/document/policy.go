package document

import (
	"errors"
	"fmt"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/dated"
)

// Kind is what a file is to a person.
type Kind string

// The kinds.
const (
	Image Kind = "image"
	Audio Kind = "audio"
	PDF   Kind = "pdf"
)

// Limit bounds one kind of file.
type Limit struct {
	Bytes  int64 `json:"bytes"`
	Pixels int64 `json:"pixels"` // of an image; 0: no bound
}

// Policy is what holds from a day on.
type Policy struct {
	From   civil.Date     `json:"from"`
	Note   string         `json:"note"`
	Limits map[Kind]Limit `json:"limits"`
	Thumb  struct {
		Side    int `json:"side"` // of the longest side, in pixels
		Quality int `json:"quality"`
	} `json:"thumb"`
	Serve struct {
		Quality int `json:"quality"` // of a picture that had to be drawn anew
	} `json:"serve"`
	MostPerRecord int            `json:"most_per_record"`
	KeepDays      map[string]int `json:"keep_days"` // by record kind; "" for all others
}

// Policies are the editions, oldest first.
type Policies = dated.Editions[Policy]

// Begins gives the day from which the policy holds.
func (p Policy) Begins() civil.Date { return p.From }

// Usable tells what of it is missing.
func (p Policy) Usable() error {
	if p.Thumb.Side <= 0 || p.Thumb.Quality <= 0 || p.Serve.Quality <= 0 || p.KeepDays[""] <= 0 || p.MostPerRecord <= 0 {
		return errors.New("thumb, serve, most_per_record or keep_days are missing")
	}
	for _, k := range []Kind{Image, Audio, PDF} {
		if p.Limits[k].Bytes <= 0 {
			return fmt.Errorf("no limit for %s", k)
		}
	}
	return nil
}

// keepDays gives how long files of a record kind are kept.
func (p Policy) keepDays(record string) int {
	if n, ok := p.KeepDays[record]; ok {
		return n
	}
	return p.KeepDays[""]
}

package document

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
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
type Policies []Policy

// ReadPolicies reads the dated files. Errors name the file.
func ReadPolicies(files fs.FS) (Policies, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out Policies
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p Policy
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if string(p.From)+".json" != name || p.Thumb.Side <= 0 || p.Thumb.Quality <= 0 || p.Serve.Quality <= 0 || p.KeepDays[""] <= 0 || p.MostPerRecord <= 0 {
			return nil, fmt.Errorf("%s: from, thumb, serve, most_per_record or keep_days are missing", name)
		}
		for _, k := range []Kind{Image, Audio, PDF} {
			if p.Limits[k].Bytes <= 0 {
				return nil, fmt.Errorf("%s: no limit for %s", name, k)
			}
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no policy for files")
	}
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(string(a.From), string(b.From)) })
	return out, nil
}

// On gives the edition that holds on the day; the first one before its day.
func (p Policies) On(day civil.Date) Policy {
	out := p[0]
	for _, e := range p {
		if e.From <= day {
			out = e
		}
	}
	return out
}

// keepDays gives how long files of a record kind are kept.
func (p Policy) keepDays(record string) int {
	if n, ok := p.KeepDays[record]; ok {
		return n
	}
	return p.KeepDays[""]
}

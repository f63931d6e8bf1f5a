package instrument

import (
	"slices"
	"strings"
)

// cutoffInForce chooses the row of a key for one sheet. Without an age or an
// informant, rows bound to one don't fit: the general row holds.
func (in Instrument) cutoffInForce(key string, a Answers) (Cutoff, bool) {
	var best Cutoff
	var found bool
	for _, r := range in.Cutoffs {
		if r.Key != key || !r.fits(a) {
			continue
		}
		if !found || r.outranks(best) {
			best, found = r, true
		}
	}
	return best, found
}

func (r Cutoff) fits(a Answers) bool {
	if a.On != "" && (a.On < r.From || r.To != "" && a.On >= r.To) {
		return false
	}
	if a.On == "" && r.To != "" {
		return false // without a date only rows without an end hold
	}
	if !strings.HasPrefix(a.Region, r.Region) {
		return false
	}
	if r.Age != nil && (a.Age == nil || !r.Age.Holds(*a.Age)) {
		return false
	}
	return r.Informant == "" || r.Informant == a.Informant
}

func (r Cutoff) outranks(o Cutoff) bool {
	if len(r.Region) != len(o.Region) {
		return len(r.Region) > len(o.Region)
	}
	if n, m := r.bound(), o.bound(); n != m {
		return n > m
	}
	return r.From >= o.From
}

// bound counts the conditions of a row besides place and date.
func (r Cutoff) bound() int {
	n := 0
	if r.Age != nil {
		n++
	}
	if r.Informant != "" {
		n++
	}
	return n
}

// cutoffKeys lists the keys in the order of the file.
func (in Instrument) cutoffKeys() []string {
	var keys []string
	for _, r := range in.Cutoffs {
		if !slices.Contains(keys, r.Key) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// WithCutoffs gives the instrument with local rows added, checked. The rows in
// the file stay; a local row outranks them by its region or its date.
func (in Instrument) WithCutoffs(rows []Cutoff) (Instrument, error) {
	in.Cutoffs = append(slices.Clone(in.Cutoffs), rows...)
	if err := in.Check(); err != nil {
		return Instrument{}, err
	}
	return in, nil
}

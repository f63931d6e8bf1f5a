package instrument

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Problem is one thing that Check found wrong: in English as an error, and by
// its key for whoever edits the questionnaire in another language.
type Problem struct {
	Instrument string
	Args       []any // what is named: {1}, {2} … of the words
	format     string
}

// Error implements error.
func (p Problem) Error() string {
	return p.Instrument + ": " + fmt.Sprintf(p.format, p.Args...)
}

var (
	verb  = regexp.MustCompile("%[a-z]")
	other = regexp.MustCompile("[^a-z0-9]+")
)

// Key names the words of the problem: what its English says, without what it
// names.
func (p Problem) Key() string {
	plain := other.ReplaceAllString(strings.ToLower(verb.ReplaceAllString(p.format, " ")), "_")
	return "form.bad." + strings.Trim(plain, "_")
}

// Problems gives what Check found. whole is false if the text can't be read as
// a questionnaire at all, so that nothing of it was checked.
func Problems(err error) (list []Problem, whole bool) {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil, false
	}
	for _, e := range joined.Unwrap() {
		var p Problem
		if errors.As(e, &p) {
			list = append(list, p)
		}
	}
	return list, true
}

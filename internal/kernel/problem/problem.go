// Package problem holds what is wrong with a text that somebody edits, such as
// a questionnaire or a rule: in English as an error, and by a key for whoever
// edits it in another language.
package problem

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Problem is one thing that is wrong.
type Problem struct {
	Kind   string // of the text: the first part of the key, such as "form.bad"
	Of     string // what is wrong, for the log; may be empty
	Format string // in English, as for fmt.Sprintf; the key is made of it
	Args   []any  // what is named: {1}, {2} … of the words
}

// Error implements error.
func (p Problem) Error() string {
	text := fmt.Sprintf(p.Format, p.Args...)
	if p.Of != "" {
		text = p.Of + ": " + text
	}
	return text
}

var (
	verb  = regexp.MustCompile("%[a-z]")
	other = regexp.MustCompile("[^a-z0-9]+")
)

// Key names the words of the problem: what its English says, without what it
// names.
func (p Problem) Key() string {
	plain := other.ReplaceAllString(strings.ToLower(verb.ReplaceAllString(p.Format, " ")), "_")
	return p.Kind + "." + strings.Trim(plain, "_")
}

// Names is how many things the problem names.
func (p Problem) Names() int { return len(verb.FindAllString(p.Format, -1)) }

// List gives the problems that err is, or that were joined into it. whole is
// false if there are none: the text can't be read at all, so that nothing of it
// was checked.
func List(err error) (list []Problem, whole bool) {
	var one Problem
	if errors.As(err, &one) {
		list = append(list, one)
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return list, len(list) > 0
	}
	list = nil
	for _, e := range joined.Unwrap() { // what was joined may be joined itself
		more, _ := List(e)
		list = append(list, more...)
	}
	return list, len(list) > 0
}

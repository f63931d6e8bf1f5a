// Package dated reads rules that officials change by date: a folder with one
// JSON file an edition, named after the day from which it holds.
package dated

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
)

// Edition is what holds from a day on.
type Edition interface {
	// Begins gives the day from which it holds.
	Begins() civil.Date
	// Usable tells what of it can't be used.
	Usable() error
}

// Editions are the editions of one folder, oldest first, at least one.
type Editions[E Edition] []E

// Read reads the folder. Errors name the file.
func Read[E Edition](files fs.FS) (Editions[E], error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var out Editions[E]
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var e E
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !e.Begins().Valid() || string(e.Begins())+".json" != name {
			return nil, fmt.Errorf("%s: holds from %q", name, e.Begins())
		}
		if err := e.Usable(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, errors.New("no edition")
	}
	slices.SortFunc(out, func(a, b E) int { return strings.Compare(string(a.Begins()), string(b.Begins())) })
	return out, nil
}

// On gives the edition that holds on the day; the first one before its day.
func (l Editions[E]) On(day civil.Date) E {
	held := l[0]
	for _, e := range l {
		if e.Begins() <= day {
			held = e
		}
	}
	return held
}

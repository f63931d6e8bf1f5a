package instrument

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"zugou/instruments"
	"zugou/internal/kernel/errs"
)

// Library is a set of instruments by identifier.
type Library struct {
	byID map[string]Instrument
}

// Shipped reads the instruments that come with the program.
func Shipped() (Library, error) { return Load(instruments.Files) }

// Load reads every *.json at the root of files whose name doesn't begin with
// an underscore or name another kind of data; each must be named after its
// identifier.
func Load(files fs.FS) (Library, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return Library{}, err
	}
	lib := Library{byID: map[string]Instrument{}}
	for _, name := range names {
		if slices.Contains(notInstruments, name) {
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return Library{}, err
		}
		in, err := Parse(data)
		if err != nil {
			return Library{}, fmt.Errorf("%s: %w", name, err)
		}
		if in.ID != strings.TrimSuffix(path.Base(name), ".json") {
			return Library{}, fmt.Errorf("%s holds the instrument %q", name, in.ID)
		}
		lib.byID[in.ID] = in
	}
	return lib, nil
}

// notInstruments are data of other kinds in the same folder: the coding sheet
// of drawings.
var notInstruments = []string{"htp.json"}

// Find gives an instrument by its identifier.
//
// Errors: NotFound.
func (l Library) Find(id string) (Instrument, error) {
	in, ok := l.byID[id]
	if !ok {
		return Instrument{}, errs.NotFound("instrument.unknown")
	}
	return in, nil
}

// IDs lists the identifiers in alphabetical order.
func (l Library) IDs() []string { return sortedKeys(l.byID) }

// Of makes a library of instruments at hand.
func Of(list ...Instrument) Library {
	lib := Library{byID: make(map[string]Instrument, len(list))}
	for _, in := range list {
		lib.byID[in.ID] = in
	}
	return lib
}

package risk

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"zugou/internal/kernel/clock"
)

// Colour is one of the four, or empty for "not decided".
type Colour string

// The colours.
const (
	Green  Colour = "green"
	Yellow Colour = "yellow"
	Orange Colour = "orange"
	Red    Colour = "red"
)

var rank = map[Colour]int{Green: 1, Yellow: 2, Orange: 3, Red: 4}

// Above reports whether c is more urgent than o.
func (c Colour) Above(o Colour) bool { return rank[c] > rank[o] }

// Known reports whether c is one of the four.
func (c Colour) Known() bool { return rank[c] > 0 }

// FieldKind is the type of a piece of evidence.
type FieldKind string

// The kinds.
const (
	KindInt  FieldKind = "int"
	KindBool FieldKind = "bool"
	KindText FieldKind = "text"
)

// Field is one piece of evidence that rules may speak of.
type Field struct {
	Name   string            `json:"name"`
	Kind   FieldKind         `json:"kind"`
	Label  string            `json:"label"` // Chinese
	Unit   string            `json:"unit,omitempty"`
	Values map[string]string `json:"values,omitempty"` // of a text: its values and their Chinese words
	// FreshDays is how long it holds; 0 is for ever. Older evidence counts as
	// missing.
	FreshDays int `json:"fresh_days"`
	// Since is a number that counts days from an event; -1: there was none.
	Since bool `json:"since,omitempty"`
	// TalkOnly evidence may set 建议谈话 and no urgency.
	TalkOnly bool   `json:"talk_only,omitempty"`
	Note     string `json:"note,omitempty"`
}

// maxFields is what the bit masks hold.
const maxFields = 64

// Catalogue is the evidence there can be, and the phrases of explanations.
type Catalogue struct {
	Version string            `json:"version"`
	Phrases map[string]string `json:"phrases"`
	Fields  []Field           `json:"fields"`

	index   map[string]int
	unknown []*cel.AttributePatternType
	env     *cel.Env
}

var (
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	phrases   = []string{"when_and", "when_or", "when_any", "when_group", "when_not", "when_no", "when_value", "when_is_word", "when_is_not_word", "when_is", "when_is_not",
		"when_below", "when_at_most", "when_over", "when_from", "when_span", "when_ever", "when_never", "when_since_is", "when_since_from", "when_since_within",
		"when_since_span", "when_since_or_never", "yes", "no", "list", "pair", "fired", "cannot_decide", "stale", "at_least", "nothing", "unknown", "talk",
		"colour_green", "colour_yellow", "colour_orange", "colour_red"}
)

// ParseCatalogue reads and checks a catalogue.
func ParseCatalogue(data []byte) (*Catalogue, error) {
	c := &Catalogue{index: map[string]int{}}
	if err := strict(data, c); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	var wrong []error
	for _, p := range phrases {
		if c.Phrases[p] == "" {
			wrong = append(wrong, fmt.Errorf("evidence: phrase %q is missing", p))
		}
	}
	var options []cel.EnvOption
	for n, f := range c.Fields {
		_, twice := c.index[f.Name]
		if twice || !fieldName.MatchString(f.Name) || f.Label == "" || f.FreshDays < 0 || (f.Kind == KindText) != (len(f.Values) > 0) {
			wrong = append(wrong, fmt.Errorf("evidence: field %q is ill named, doubled or incomplete", f.Name))
			continue
		}
		t, ok := map[FieldKind]*cel.Type{KindInt: cel.IntType, KindBool: cel.BoolType, KindText: cel.StringType}[f.Kind]
		if !ok {
			wrong = append(wrong, fmt.Errorf("evidence: field %q is of kind %q", f.Name, f.Kind))
			continue
		}
		c.index[f.Name] = n
		c.unknown = append(c.unknown, cel.AttributePattern(f.Name))
		options = append(options, cel.Variable(f.Name, t))
	}
	if len(c.Fields) == 0 || len(c.Fields) > maxFields || c.Version == "" {
		wrong = append(wrong, fmt.Errorf("evidence: %d fields, at most %d are possible, and a version is needed", len(c.Fields), maxFields))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	c.env = env
	return c, nil
}

// strict reads one JSON value without unknown members or anything after it.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// item is one piece of evidence at hand. The value is boxed once, so that an
// evaluation allocates nothing for it.
type item struct {
	value ref.Val
	code  int64 // the value as a number: itself, 0 and 1, or the place among the field's values
	at    clock.Millis
}

// Evidence is what is known of one child.
type Evidence struct {
	Child string // identifier
	items []item
	has   uint64
}

// Evidence starts an empty record of one child.
func (c *Catalogue) Evidence(child string) *Evidence {
	return &Evidence{Child: child, items: make([]item, len(c.Fields))}
}

// Set puts a piece of evidence: an int, a bool or a text of the field's values,
// and when it came to be. The newer one stays.
//
// Errors: one when the field is unknown, the kind is wrong, the text is none
// of the field's values or the time is missing.
func (c *Catalogue) Set(e *Evidence, name string, value any, at time.Time) error {
	n, ok := c.index[name]
	if !ok {
		return fmt.Errorf("evidence %q is unknown", name)
	}
	f, it := c.Fields[n], item{at: clock.Of(at)}
	switch v := value.(type) {
	case int:
		it.value, it.code, ok = types.Int(v), int64(v), f.Kind == KindInt
	case bool:
		it.value, ok = types.Bool(v), f.Kind == KindBool
		if v {
			it.code = 1
		}
	case string:
		place, known := slices.BinarySearch(slices.Sorted(maps.Keys(f.Values)), v)
		it.value, it.code, ok = types.String(v), int64(place), f.Kind == KindText && known
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("evidence %q can't hold that value", name)
	}
	if it.at == 0 {
		return fmt.Errorf("evidence %q has no time", name)
	}
	if e.has&(1<<n) == 0 || it.at >= e.items[n].at {
		e.items[n], e.has = it, e.has|1<<n
	}
	return nil
}

// fresh gives the mask of the evidence that holds now.
func (c *Catalogue) fresh(e *Evidence, now clock.Millis) uint64 {
	mask := e.has
	for n := range c.Fields {
		if days := c.Fields[n].FreshDays; days > 0 && mask&(1<<n) != 0 && now.Sub(e.items[n].at) > time.Duration(days)*24*time.Hour {
			mask &^= 1 << n
		}
	}
	return mask
}

// words writes the value of a field for a reader.
func (c *Catalogue) words(n int, it item) string {
	f := c.Fields[n]
	value := ""
	switch v := it.value.(type) {
	case types.Bool:
		value = c.Phrases["no"]
		if v {
			value = c.Phrases["yes"]
		}
	case types.Int:
		value = strconv.FormatInt(int64(v), 10) + f.Unit
	case types.String:
		value = f.Values[string(v)]
	}
	date := it.at.Time().In(clock.Zone).Format(time.DateOnly)
	return fill(c.Phrases["pair"], "label", f.Label, "value", value, "date", date)
}

// fill puts pairs of name and value into a phrase.
func fill(phrase string, pairs ...string) string {
	var with []string
	for n := 0; n < len(pairs); n += 2 {
		with = append(with, "{"+pairs[n]+"}", pairs[n+1])
	}
	return strings.NewReplacer(with...).Replace(phrase)
}

// FieldNames lists the names, in the order of the file.
func (c *Catalogue) FieldNames() []string {
	var list []string
	for _, f := range c.Fields {
		list = append(list, f.Name)
	}
	return slices.Clip(list)
}

// activation hands evidence to CEL.
type activation struct {
	c       *Catalogue
	e       *Evidence
	missing []*cel.AttributePatternType
}

// ResolveName finds a variable.
func (a *activation) ResolveName(name string) (any, bool) {
	n, ok := a.c.index[name]
	if !ok || a.e.items[n].value == nil {
		return nil, false
	}
	return a.e.items[n].value, true
}

// Parent is none.
func (a *activation) Parent() cel.Activation { return nil }

// UnknownAttributePatterns names what is missing.
func (a *activation) UnknownAttributePatterns() []*cel.AttributePatternType { return a.missing }

// AsPartialActivation says that something is missing.
func (a *activation) AsPartialActivation() (cel.PartialActivation, bool) {
	return a, len(a.missing) > 0
}

package instrument

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"zugou/internal/kernel/errs"
)

// Answer is what was answered to one item: a value, or a refusal. An item
// that was skipped has no Answer.
type Answer struct {
	Value   int
	Refused bool
}

// refusedWord is how a refusal is written in JSON.
const refusedWord = "refused"

// MarshalJSON writes the number or "refused".
func (a Answer) MarshalJSON() ([]byte, error) {
	if a.Refused {
		return json.Marshal(refusedWord)
	}
	return json.Marshal(a.Value)
}

// UnmarshalJSON accepts a whole number or "refused", nothing else: not null,
// not 1.5, not "1", not true.
func (a *Answer) UnmarshalJSON(data []byte) error {
	parsed, ok := answerOf(string(data))
	if !ok {
		return errors.New("an answer is a whole number or \"refused\"")
	}
	*a = parsed
	return nil
}

// wholeNumber leaves out 1.0, 1e0 and -0 as well: a form that sends them does
// not send what a person chose.
var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func answerOf(raw string) (Answer, bool) {
	if raw == `"`+refusedWord+`"` {
		return Answer{Refused: true}, true
	}
	if !wholeNumber.MatchString(raw) {
		return Answer{}, false
	}
	n, err := strconv.Atoi(raw)
	return Answer{Value: n}, err == nil
}

// Answers is one filled sheet.
type Answers struct {
	Items map[string]Answer `json:"items"` // by Item.ID
	// Age in full years, where known: it chooses variants and cut-offs.
	Age       *int      `json:"age,omitempty"`
	Informant Informant `json:"informant,omitempty"`
	Region    string    `json:"region,omitempty"`  // division code of the child's place
	On        string    `json:"on,omitempty"`      // civil date of the answers, YYYY-MM-DD
	Variant   string    `json:"variant,omitempty"` // by name; else by age
}

// maxAnswers bounds a sheet on the wire; a full PSC-35 has about 400 bytes.
const maxAnswers = 64 << 10

// Message keys of the errors about answers.
const (
	keyMalformed  = "answer.malformed"
	keyUnknown    = "answer.unknown_item"
	keyTwice      = "answer.twice"
	keyType       = "answer.wrong_type"
	keyRange      = "answer.out_of_range"
	keyUnknownTop = "answer.unknown_field"
	keyVariant    = "answer.unknown_variant"
	keyContext    = "answer.bad_context"
)

// invalid reports a wrong answer sheet. The words must not hold the value: an
// answer is a health fact and errors are logged.
func invalid(field, key, format string, args ...any) error {
	return &errs.Error{
		Kind: errs.KindInvalid, Key: key,
		Fields: []errs.Field{{Name: field, Key: key}},
		Err:    fmt.Errorf(format, args...),
	}
}

// short keeps a name that a stranger chose printable and small.
func short(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.QuoteToASCII(s)
}

// ParseAnswers reads a sheet from JSON, {"items":{"1":2,"6b":0}}. It refuses
// what encoding/json would let pass: keys given twice, unknown keys, text after
// the object.
//
// Errors: Invalid, with the field at fault.
func ParseAnswers(data []byte) (Answers, error) {
	if len(data) > maxAnswers {
		return Answers{}, invalid("", keyMalformed, "the answers are longer than %d bytes", maxAnswers)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return Answers{}, invalid("", keyMalformed, "no answers were given: expected a JSON object such as {\"items\":{\"1\":2}}")
	}
	if !json.Valid(data) {
		return Answers{}, invalid("", keyMalformed, "the answers are not one well-formed JSON object")
	}
	top, err := object(data, "")
	if err != nil {
		return Answers{}, err
	}
	var a Answers
	for _, m := range top {
		switch m.key {
		case "items":
			a.Items, err = parseItems(m.raw)
		case "age":
			err = parseAge(m.raw, &a)
		case "informant":
			err = parseString(m, (*string)(&a.Informant))
		case "region":
			err = parseString(m, &a.Region)
		case "on":
			err = parseString(m, &a.On)
		case "variant":
			err = parseString(m, &a.Variant)
		default:
			err = invalid(m.key, keyUnknownTop, "field %s is unknown; known are items, age, informant, region, on, variant", short(m.key))
		}
		if err != nil {
			return Answers{}, err
		}
	}
	if a.Items == nil {
		return Answers{}, invalid("items", keyMalformed, "field \"items\" is missing")
	}
	return a, nil
}

type member struct {
	key string
	raw json.RawMessage
}

// object reads the members of a JSON object in order and refuses doubled keys.
func object(data []byte, where string) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil || tok != json.Delim('{') {
		return nil, invalid(where, keyType, "%s must be a JSON object", named(where))
	}
	var list []member
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, invalid(where, keyMalformed, "%s is not well-formed", named(where))
		}
		key, ok := tok.(string)
		if !ok {
			return nil, invalid(where, keyMalformed, "%s is not well-formed", named(where))
		}
		if seen[key] {
			return nil, invalid(where, keyTwice, "%s is given twice", short(key))
		}
		seen[key] = true
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, invalid(where, keyMalformed, "%s is not well-formed", named(where))
		}
		list = append(list, member{key, raw})
	}
	if _, err := dec.Token(); err != nil {
		return nil, invalid(where, keyMalformed, "%s is not well-formed", named(where))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid(where, keyMalformed, "something follows %s", named(where))
	}
	return list, nil
}

func named(where string) string {
	if where == "" {
		return "the input"
	}
	return "field " + strconv.Quote(where)
}

func parseItems(raw json.RawMessage) (map[string]Answer, error) {
	list, err := object(raw, "items")
	if err != nil {
		return nil, err
	}
	items := make(map[string]Answer, len(list))
	for _, m := range list {
		a, ok := answerOf(strings.TrimSpace(string(m.raw)))
		if !ok {
			return nil, invalid("items."+m.key, keyType, "item %s: the answer must be a whole number or \"refused\"", short(m.key))
		}
		items[m.key] = a
	}
	return items, nil
}

func parseAge(raw json.RawMessage, a *Answers) error {
	n, ok := answerOf(string(raw))
	if !ok || n.Refused || n.Value < 0 || n.Value > 130 {
		return invalid("age", keyContext, "age must be full years from 0 to 130")
	}
	a.Age = &n.Value
	return nil
}

func parseString(m member, into *string) error {
	if err := json.Unmarshal(m.raw, into); err != nil || string(m.raw) == "null" {
		return invalid(m.key, keyType, "field %s must be a text", short(m.key))
	}
	return nil
}

// FromCodes turns answers by item code into answers by printed number, for a
// sheet that was taken on another form with the same questions.
//
// Errors: Invalid, when the instrument has no such item.
func (in Instrument) FromCodes(byCode map[string]Answer) (map[string]Answer, error) {
	items := make(map[string]Answer, len(byCode))
	for code, a := range byCode {
		it, ok := in.ItemByCode(code)
		if !ok {
			return nil, invalid("items."+code, keyUnknown, "%s has no item with the code %s", in.ID, short(code))
		}
		items[it.ID()] = a
	}
	return items, nil
}

// CheckAnswers reports the first thing in a sheet that the instrument can't
// take: an unknown item, a value that is not offered, a wrong context.
//
// Errors: Invalid.
func (in Instrument) CheckAnswers(a Answers) error {
	if a.On != "" && !civilDate(a.On) {
		return invalid("on", keyContext, "field \"on\" must be a date such as 2026-03-01")
	}
	if a.Informant != "" && !contains(in.Informants, a.Informant) {
		return invalid("informant", keyContext, "%s is not answered by %s", in.ID, short(string(a.Informant)))
	}
	if a.Variant != "" {
		if _, ok := in.variantNamed(a.Variant); !ok {
			return invalid("variant", keyVariant, "%s has no variant %s", in.ID, short(a.Variant))
		}
	}
	for _, id := range sortedKeys(a.Items) {
		it, ok := in.ItemByID(id)
		if !ok {
			return invalid("items."+id, keyUnknown, "%s has no item %s", in.ID, short(id))
		}
		if ans := a.Items[id]; !ans.Refused && !in.offers(it, ans.Value) {
			return invalid("items."+id, keyRange, "item %s: the value is not one of %s", short(id), in.values(it))
		}
	}
	return nil
}

// values lists what an item offers, for an error.
func (in Instrument) values(it Item) string {
	var list []string
	for _, o := range in.OptionsOf(it) {
		list = append(list, strconv.Itoa(o.Value))
	}
	return strings.Join(list, ", ")
}

package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/problem"
	"zugou/internal/loop/screening/instrument"
)

// Imported is what a Questionnaire became.
type Imported struct {
	Instrument instrument.Instrument
	// Links maps the linkIds of the resource to the item identifiers here,
	// Codes the answer codes that each of them offers to values.
	Links map[string]string
	Codes map[string]map[string]int
	// Open lists what a person has to fill in before the instrument may be
	// used; empty for a resource of our own.
	Open []string
}

// What can be open after an import from elsewhere; keys of words in locale/.
const (
	OpenLicence    = "fhir.open.licence"    // may we ship it? the class stands on import-by-licensee
	OpenSuicide    = "fhir.open.suicide"    // which items are on suicide: nothing is guessed
	OpenBands      = "fhir.open.bands"      // bands and cut-offs
	OpenWords      = "fhir.open.words"      // words in the other language are copies
	OpenAge        = "fhir.open.age"        // age range and informants
	OpenSkipRules  = "fhir.open.skip_rules" // enableWhen was not taken over
	OpenReversed   = "fhir.open.reversed"   // reversed items and subscales
	keyBadResource = "fhir.bad_resource"
)

// invalid says what is wrong with a questionnaire, for whoever reads it in.
func invalid(format string, args ...any) error {
	return malformed(problem.Problem{Kind: "fhir.bad", Format: format, Args: args})
}

func malformed(err error) error {
	return &errs.Error{Kind: errs.KindInvalid, Key: keyBadResource, Err: err}
}

// refused says what is wrong with a child's answers: the key to who sends them,
// the words to the log. None names an answer.
func refused(key, format string, args ...any) error {
	return &errs.Error{Kind: errs.KindInvalid, Key: key, Err: fmt.Errorf(format, args...)}
}

// ReadQuestionnaire reads a Questionnaire. id and version name the instrument
// when the resource is not one of ours.
//
// Errors: Invalid.
func ReadQuestionnaire(data []byte, id, version string) (Imported, error) {
	var q Questionnaire
	if err := decode(data, "Questionnaire", &q); err != nil {
		return Imported{}, malformed(err)
	}
	if e, ok := extension(q.Extension, extInstrument); ok {
		return readOwn(q, e.ValueString)
	}
	return readForeign(q, id, version)
}

// readOwn takes the instrument that the resource carries, after comparing it
// with what the resource shows to other systems.
func readOwn(q Questionnaire, whole string) (Imported, error) {
	in, err := instrument.Parse([]byte(whole))
	if err != nil {
		return Imported{}, malformed(err)
	}
	want, err := QuestionnaireOf(in)
	if err != nil {
		return Imported{}, err
	}
	if q.URL != want.URL || q.Version != want.Version || !reflect.DeepEqual(q.Item, want.Item) {
		return Imported{}, invalid("the questions shown are not those that the scoring inside was made for")
	}
	return Own(in), nil
}

// Own gives the reading of an instrument's own Questionnaire, for answers that
// come back to it.
func Own(in instrument.Instrument) Imported {
	out := Imported{Instrument: in, Links: map[string]string{}, Codes: map[string]map[string]int{}}
	for _, it := range in.Items {
		out.Links[it.ID()] = it.ID()
		codes := map[string]int{}
		for _, o := range in.OptionsOf(it) {
			c := coding(in, it.Options, o)
			codes[c.System+"|"+c.Code] = o.Value
		}
		out.Codes[it.ID()] = codes
	}
	return out
}

// maxItems bounds a questionnaire from elsewhere.
const maxItems = 500

var printed = regexp.MustCompile(`^[1-9][0-9]*[a-z]?$`)

// reader gathers a questionnaire from elsewhere.
type reader struct {
	sets    map[string][]AnswerOption // contained value sets by "#id"
	in      instrument.Instrument
	links   map[string]string
	codes   map[string]map[string]int
	numbers map[string]bool
	skips   bool
}

func readForeign(q Questionnaire, id, version string) (Imported, error) {
	r := &reader{links: map[string]string{}, codes: map[string]map[string]int{}, numbers: map[string]bool{}, sets: map[string][]AnswerOption{}}
	if err := r.contained(q.Contained); err != nil {
		return Imported{}, err
	}
	title := first(q.Title, q.Name, id)
	address := first(q.URL, "not told")
	words := instrument.Wording{Status: instrument.DraftStatus, Address: address}
	r.in = instrument.Instrument{
		ID: id, Version: version, Title: both(title, q.TitleElement), Source: address,
		Licence:     instrument.Licence{Class: instrument.ImportByLicensee, Terms: first(q.Copyright, "not told"), Address: address},
		Wording:     map[string]instrument.Wording{"zh": words, "en": words},
		Mode:        instrument.SelfReport,
		Informants:  []instrument.Informant{instrument.Child},
		Instruction: both(first(q.Description, title), nil),
		Options:     map[string][]instrument.Option{},
		Scoring:     instrument.Scoring{Kind: "sum", BaseBand: "unrated"},
		Missing:     instrument.Missing{Policy: instrument.MissingComplete, Refused: "missing", Source: "an incomplete sheet is not scored"},
	}
	if err := r.items(q.Item, 0); err != nil {
		return Imported{}, err
	}
	if len(r.in.Items) == 0 {
		return Imported{}, invalid("the Questionnaire has no question with a choice")
	}
	if err := r.in.Check(); err != nil {
		return Imported{}, malformed(err)
	}
	open := []string{OpenLicence, OpenSuicide, OpenReversed, OpenBands, OpenAge, OpenWords}
	if r.skips {
		open = append(open, OpenSkipRules)
	}
	return Imported{Instrument: r.in, Links: r.links, Codes: r.codes, Open: open}, nil
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// both gives a text in both languages; the English one from a translation
// where there is one, else a copy that a person replaces.
func both(s string, e *Element) instrument.Text {
	t := instrument.Text{ZH: s, EN: s}
	if e == nil {
		return t
	}
	if tr, ok := extension(e.Extension, extTranslation); ok {
		lang, _ := extension(tr.Extension, "lang")
		content, _ := extension(tr.Extension, "content")
		switch {
		case content.ValueString == "":
		case strings.HasPrefix(lang.ValueCode, "en"):
			t.EN = content.ValueString
		case strings.HasPrefix(lang.ValueCode, "zh"):
			t.ZH = content.ValueString
		}
	}
	return t
}

// contained reads value sets that list their codes with ordinal values.
func (r *reader) contained(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var list []struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
		Compose      struct {
			Include []struct {
				System  string `json:"system"`
				Concept []struct {
					Extension []Extension `json:"extension"`
					Code      string      `json:"code"`
					Display   string      `json:"display"`
				} `json:"concept"`
			} `json:"include"`
		} `json:"compose"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return invalid("the contained value sets can't be read")
	}
	for _, v := range list {
		if v.ResourceType != "ValueSet" {
			continue
		}
		for _, inc := range v.Compose.Include {
			for _, c := range inc.Concept {
				r.sets["#"+v.ID] = append(r.sets["#"+v.ID], AnswerOption{Extension: c.Extension, ValueCoding: &Coding{System: inc.System, Code: c.Code, Display: c.Display}})
			}
		}
	}
	return nil
}

func (r *reader) items(list []Item, depth int) error {
	if depth > 10 {
		return invalid("the Questionnaire is nested too deeply")
	}
	for _, it := range list {
		_, calculated := extension(it.Extension, extCalculated)
		switch {
		case it.ReadOnly || calculated || it.Type == "display":
		case it.Type == "group":
		case it.Type == "choice" || it.Type == "boolean":
			if err := r.question(it); err != nil {
				return err
			}
		default:
			return invalid("question %q is of type %q; only choices can be scored", it.LinkID, it.Type)
		}
		if err := r.items(it.Item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) question(it Item) error {
	if len(r.in.Items) >= maxItems {
		return invalid("the Questionnaire has more than %d questions", maxItems)
	}
	if _, twice := r.links[it.LinkID]; twice || it.LinkID == "" {
		return invalid("linkId %q is empty or stands there twice", it.LinkID)
	}
	if it.Text == "" {
		return invalid("question %q has no words", it.LinkID)
	}
	r.codes[it.LinkID] = map[string]int{}
	options, err := r.options(it)
	if err != nil {
		return err
	}
	list := r.listOf(options)
	n := len(r.in.Items) + 1
	number := strings.TrimRight(it.Prefix, ".)、．")
	if !printed.MatchString(number) {
		number = it.LinkID
	}
	if !printed.MatchString(number) || r.numbers[number] {
		number = strconv.Itoa(n)
		for r.numbers[number] {
			n++
			number = strconv.Itoa(n)
		}
	}
	r.numbers[number] = true
	out := instrument.Item{Code: "item_" + number, Number: number, Options: list, Text: both(it.Text, it.TextElement)}
	for _, c := range it.Code {
		if c.System == systemLOINC {
			out.LOINC = c.Code
		}
	}
	r.skips = r.skips || len(it.EnableWhen) > 0
	r.in.Items = append(r.in.Items, out)
	r.links[it.LinkID] = number
	return nil
}

func (r *reader) options(it Item) ([]instrument.Option, error) {
	if it.Type == "boolean" {
		return []instrument.Option{{Value: 1, Text: instrument.Text{ZH: "是", EN: "Yes"}}, {Value: 0, Text: instrument.Text{ZH: "否", EN: "No"}}}, nil
	}
	given := it.AnswerOption
	if len(given) == 0 {
		given = r.sets[it.AnswerValueSet]
	}
	var options []instrument.Option
	for _, o := range given {
		c := o.ValueCoding
		if c == nil && o.ValueInteger != nil {
			s := strconv.Itoa(*o.ValueInteger)
			options = append(options, instrument.Option{Value: *o.ValueInteger, Text: instrument.Text{ZH: s, EN: s}})
			continue
		}
		if c == nil {
			return nil, invalid("question %q offers an answer without a code", it.LinkID)
		}
		value, err := ordinal(it.LinkID, o)
		if err != nil {
			return nil, err
		}
		out := instrument.Option{Value: value, Text: both(first(c.Display, c.Code), nil)}
		if c.System == systemLOINC {
			out.LOINC = c.Code
		}
		options = append(options, out)
		r.codes[it.LinkID][c.System+"|"+c.Code] = value
	}
	if len(options) < 2 {
		return nil, invalid("question %q lists no answers that can be read here", it.LinkID)
	}
	return options, nil
}

// ordinal gives the score of an answer: nothing is taken from its position.
func ordinal(link string, o AnswerOption) (int, error) {
	e, ok := extension(o.Extension, extOrdinal)
	if !ok {
		e, ok = extension(o.ValueCoding.Extension, extOrdinal)
	}
	if !ok {
		return 0, invalid("question %q: the answer %q has no ordinalValue", link, o.ValueCoding.Code)
	}
	f, err := e.ValueDecimal.Float64()
	if err != nil || f != float64(int(f)) || f < 0 || f > 1000 {
		return 0, invalid("question %q: the ordinalValue of the answer %q is no whole number from 0", link, o.ValueCoding.Code)
	}
	return int(f), nil
}

// listOf finds or adds an option list.
func (r *reader) listOf(options []instrument.Option) string {
	for n := 1; ; n++ {
		name := "options_" + strconv.Itoa(n)
		have, ok := r.in.Options[name]
		if !ok {
			r.in.Options[name] = options
			return name
		}
		if reflect.DeepEqual(have, options) {
			return name
		}
	}
}

// ReadResponse reads answers to a questionnaire that was read before.
//
// Errors: Invalid for another questionnaire, an unknown or doubled item, an
// answer that is not offered, several answers to one item.
func ReadResponse(data []byte, to Imported) (instrument.Answers, error) {
	var res Response
	if err := decode(data, "QuestionnaireResponse", &res); err != nil {
		return instrument.Answers{}, refused("fhir.not_response", "%w", err)
	}
	if res.Status == "entered-in-error" {
		return instrument.Answers{}, refused("fhir.response_void", "the response was entered in error")
	}
	if len(to.Open) == 0 && res.Questionnaire != "" {
		address, version, _ := strings.Cut(res.Questionnaire, "|")
		if address != URL(to.Instrument) || version != "" && version != to.Instrument.Version {
			return instrument.Answers{}, &errs.Error{Kind: errs.KindInvalid, Key: "fhir.other_questionnaire"}
		}
	}
	a := instrument.Answers{Items: map[string]instrument.Answer{}}
	if err := to.answers(res.Item, a.Items, 0); err != nil {
		return instrument.Answers{}, err
	}
	if err := to.Instrument.CheckAnswers(a); err != nil {
		return instrument.Answers{}, err
	}
	return a, nil
}

func (to Imported) answers(list []ResponseItem, into map[string]instrument.Answer, depth int) error {
	if depth > 10 {
		return refused(keyBadResource, "the response is nested too deeply")
	}
	for _, row := range list {
		id, known := to.Links[row.LinkID]
		switch {
		case !known && len(row.Answer) > 0 && row.LinkID != totalLink:
			return refused("fhir.response_unknown", "the response has an answer to %q, which the instrument does not have", row.LinkID)
		case known && len(row.Answer) > 1:
			return refused("fhir.response_twice", "item %q has several answers", row.LinkID)
		case known && len(row.Answer) == 1:
			if _, twice := into[id]; twice {
				return refused("fhir.response_twice", "item %q is answered twice", row.LinkID)
			}
			ans, err := to.answer(row.LinkID, row.Answer[0])
			if err != nil {
				return refused("fhir.response_answer", "item %q: %w", row.LinkID, err)
			}
			into[id] = ans
		}
		if err := to.answers(row.Item, into, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// answer never says in its errors what was answered.
func (to Imported) answer(link string, a Answer) (instrument.Answer, error) {
	if a.kinds() != 1 {
		return instrument.Answer{}, errors.New("an answer has one value")
	}
	it, _ := to.Instrument.ItemByID(to.Links[link])
	switch {
	case a.ValueCoding != nil:
		return to.coded(link, *a.ValueCoding)
	case a.ValueInteger != nil:
		return instrument.Answer{Value: *a.ValueInteger}, nil
	case a.ValueDecimal != "":
		n, err := strconv.Atoi(a.ValueDecimal.String())
		if err != nil {
			return instrument.Answer{}, errors.New("the answer is no whole number")
		}
		return instrument.Answer{Value: n}, nil
	case a.ValueBoolean != nil && len(to.Instrument.OptionsOf(it)) == 2:
		if *a.ValueBoolean {
			return instrument.Answer{Value: 1}, nil
		}
		return instrument.Answer{Value: 0}, nil
	}
	return instrument.Answer{}, errors.New("the answer is of a kind that is not read here")
}

func (to Imported) coded(link string, c Coding) (instrument.Answer, error) {
	if e, ok := extension(c.Extension, extAbsent); ok && c.Code == "" {
		if e.ValueCode == declined {
			return instrument.Answer{Refused: true}, nil
		}
		return instrument.Answer{}, errors.New("the reason why there is no answer is not known here")
	}
	if v, ok := to.Codes[link][c.System+"|"+c.Code]; ok {
		return instrument.Answer{Value: v}, nil
	}
	found, value := 0, 0
	for full, v := range to.Codes[link] {
		if _, code, _ := strings.Cut(full, "|"); c.System == "" && code == c.Code {
			found, value = found+1, v
		}
	}
	if found != 1 {
		return instrument.Answer{}, errors.New("the code is not among the answers offered")
	}
	return instrument.Answer{Value: value}, nil
}

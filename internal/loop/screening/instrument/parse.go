package instrument

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"zugou/internal/kernel/problem"
)

// maxFile bounds an instrument file; the longest shipped is under 40 KB.
const maxFile = 1 << 20

// Parse reads and checks one instrument. It refuses unknown fields, so that a
// misspelt rule is not silently ignored.
func Parse(data []byte) (Instrument, error) {
	if len(data) > maxFile {
		return Instrument{}, fmt.Errorf("instrument file of %d bytes is over the limit of %d", len(data), maxFile)
	}
	var in Instrument
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return Instrument{}, fmt.Errorf("instrument: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Instrument{}, errors.New("instrument: something follows the JSON object")
	}
	if err := in.Check(); err != nil {
		return Instrument{}, err
	}
	return in, nil
}

// Digest is the SHA-256 of the instrument in its canonical JSON form. A
// professional's signature names it: any change of a word or a rule needs a new
// signature.
func (in Instrument) Digest() string {
	data, err := json.Marshal(in)
	if err != nil {
		panic(err) // strings, numbers and slices only: can't fail
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	numForm  = regexp.MustCompile(`^[1-9][0-9]*[a-z]?$`)
)

// checker gathers what is wrong with an instrument.
type checker struct {
	in    Instrument
	codes map[string]Item
	errs  []error
}

func (c *checker) bad(format string, args ...any) {
	c.errs = append(c.errs, problem.Problem{Kind: "form.bad", Of: c.in.ID, Format: format, Args: args})
}

// known checks a list of item codes.
func (c *checker) known(where string, codes []string) {
	seen := map[string]bool{}
	for _, code := range codes {
		if _, ok := c.codes[code]; !ok {
			c.bad("%s names item %q, which does not exist", where, code)
		}
		if seen[code] {
			c.bad("%s names item %q twice", where, code)
		}
		seen[code] = true
	}
}

func (c *checker) words(where string, t Text) {
	if t.ZH == "" || t.EN == "" {
		c.bad("%s needs words in Chinese and English", where)
	}
}

// Check reports every contradiction in the instrument, joined.
func (in Instrument) Check() error {
	c := &checker{in: in, codes: map[string]Item{}}
	c.head()
	c.items()
	c.scoring()
	c.critical()
	c.cutoffs()
	c.variants()
	return errors.Join(c.errs...)
}

func (c *checker) head() {
	in := c.in
	if !idForm.MatchString(in.ID) {
		c.bad("id %q must be small letters, digits and hyphens", in.ID)
	}
	if in.Version == "" {
		c.bad("version is missing")
	}
	c.words("title", in.Title)
	c.words("instruction", in.Instruction)
	if !slices.Contains([]LicenceClass{Bundled, ImportByLicensee, ResultsOnly}, in.Licence.Class) {
		c.bad("licence class %q is unknown", in.Licence.Class)
	}
	if in.Licence.Class == ResultsOnly && len(in.Items) > 0 {
		c.bad("is results-only: its items must not be stored")
	}
	if in.Source == "" || in.Licence.Terms == "" {
		c.bad("source and licence terms must be told")
	}
	for _, lang := range []string{"zh", "en"} {
		if w := in.Wording[lang]; w.Status == "" || w.Address == "" {
			c.bad("wording of %q needs a status and an address", lang)
		}
	}
	if !slices.Contains([]Mode{SelfReport, Interview, Checklist}, in.Mode) {
		c.bad("mode %q is unknown", in.Mode)
	}
	if len(in.Informants) == 0 {
		c.bad("nobody may answer it")
	}
	for _, f := range in.Informants {
		if !slices.Contains([]Informant{Child, Guardian, Teacher, Worker}, f) {
			c.bad("informant %q is unknown", f)
		}
	}
	if in.Age.Min < 0 || in.Age.Max != 0 && in.Age.Max < in.Age.Min {
		c.bad("age range %d to %d is empty", in.Age.Min, in.Age.Max)
	}
}

func (c *checker) items() {
	in := c.in
	for name, list := range in.Options {
		seen := map[int]bool{}
		for _, o := range list {
			if o.Value < 0 {
				c.bad("option list %q offers %d: values start at 0", name, o.Value)
			}
			if seen[o.Value] {
				c.bad("option list %q offers %d twice", name, o.Value)
			}
			seen[o.Value] = true
			c.words("option list "+name, o.Text)
		}
		if len(list) < 2 {
			c.bad("option list %q offers no choice", name)
		}
	}
	sections := map[string]bool{}
	for _, s := range in.Sections {
		sections[s.Code] = true
		c.words("section "+s.Code, s.Title)
	}
	ids := map[string]bool{}
	for _, it := range in.Items {
		if !codeForm.MatchString(it.Code) {
			c.bad("item code %q must be small letters, digits and underscores", it.Code)
		}
		if it.Number != "" && !numForm.MatchString(it.Number) {
			c.bad("item %q: %q is no printed number", it.Code, it.Number)
		}
		if _, twice := c.codes[it.Code]; twice || ids[it.ID()] {
			c.bad("item %q (%s) stands there twice", it.Code, it.ID())
		}
		c.codes[it.Code], ids[it.ID()] = it, true
		c.words("item "+it.Code, it.Text)
		if len(in.Options[it.Options]) == 0 {
			c.bad("item %q uses option list %q, which does not exist", it.Code, it.Options)
		}
		if it.Section != "" && !sections[it.Section] {
			c.bad("item %q stands in section %q, which does not exist", it.Code, it.Section)
		}
		if it.Optional && (!it.Unscored || it.Suicide) {
			c.bad("item %q: only an unscored item that is not on suicide may be optional", it.Code)
		}
		if it.Unscored && it.Reverse {
			c.bad("item %q is unscored and reversed", it.Code)
		}
		if it.Suicide && !it.OfficialTextOnly && in.Wording["zh"].Draft() && in.Mode != Checklist {
			c.bad("item %q is on suicide: its words must be marked official_text_only", it.Code)
		}
	}
	for at, it := range in.Items {
		if it.AskWhen == nil {
			continue
		}
		c.known("ask_when of "+it.Code, it.AskWhen.Items)
		if it.AskWhen.Answer != "yes" && it.AskWhen.Answer != "not_no" || len(it.AskWhen.Items) == 0 {
			c.bad("ask_when of %q is not understood", it.Code)
		}
		for _, code := range it.AskWhen.Items {
			if slices.IndexFunc(in.Items, func(o Item) bool { return o.Code == code }) >= at {
				c.bad("item %q depends on %q, which comes after it", it.Code, code)
			}
		}
	}
}

func (c *checker) scoring() {
	in := c.in
	if in.Scoring.Multiply < 0 {
		c.bad("multiply is negative")
	}
	if !slices.Contains([]string{"missing", "yes"}, in.Missing.Refused) {
		c.bad("missing.refused %q is unknown", in.Missing.Refused)
	}
	switch in.Missing.Policy {
	case MissingComplete:
	case MissingBlankIsZero:
		if in.Missing.InvalidFrom < 1 {
			c.bad("blank_is_zero needs the number of blanks that spoil the sheet")
		}
		for _, it := range in.Items {
			if lo, _ := in.span(it); lo != 0 || it.Reverse {
				c.bad("item %q: a blank can't count 0", it.Code)
			}
		}
	default:
		c.bad("missing policy %q is unknown", in.Missing.Policy)
	}
	switch in.Scoring.Kind {
	case "sum":
		if len(in.Levels) > 0 {
			c.bad("has a sum and levels")
		}
		c.bands()
	case "levels":
		if len(in.Bands)+len(in.Cutoffs)+len(in.Subscales) > 0 {
			c.bad("has levels, so no bands, cut-offs or subscales")
		}
		c.levels()
	default:
		c.bad("scoring kind %q is unknown", in.Scoring.Kind)
	}
	seen := map[string]bool{"total": true}
	for _, s := range in.Subscales {
		c.words("subscale "+s.Code, s.Title)
		c.known("subscale "+s.Code, s.Items)
		if seen[s.Code] || !codeForm.MatchString(s.Code) || len(s.Items) == 0 {
			c.bad("subscale %q is empty, doubled or ill named", s.Code)
		}
		seen[s.Code] = true
	}
}

// bands checks that bands, where there are any, cover the total without gap.
func (c *checker) bands() {
	in := c.in
	if len(in.Bands) == 0 || in.Scoring.BaseBand != "" {
		if in.Scoring.BaseBand == "" {
			c.bad("has neither bands nor a base band")
		}
		return
	}
	lo, hi := in.totalSpan()
	next := lo
	for _, b := range in.Bands {
		c.words("band "+b.Code, b.Label)
		if b.Min != next || b.Max < b.Min {
			c.bad("band %q runs from %d to %d, expected to start at %d", b.Code, b.Min, b.Max, next)
		}
		next = b.Max + 1
	}
	if next != hi+1 {
		c.bad("bands end at %d, the total at %d", next-1, hi)
	}
}

// totalSpan is the range of the total of a complete sheet.
func (in Instrument) totalSpan() (lo, hi int) {
	for _, it := range in.Items {
		if it.Unscored {
			continue
		}
		l, h := in.span(it)
		lo, hi = lo+l, hi+h
	}
	return lo * in.multiply(), hi * in.multiply()
}

func (c *checker) levels() {
	in := c.in
	if len(in.Levels) < 2 {
		c.bad("needs two levels at least")
		return
	}
	covered := map[string]bool{}
	for n, l := range in.Levels {
		c.words("level "+l.Code, l.Label)
		c.known("level "+l.Code, l.Any)
		if (n == 0) != (len(l.Any) == 0) {
			c.bad("level %q: the first level, and only it, has no items", l.Code)
		}
		for _, code := range l.Any {
			covered[code] = true
		}
	}
	for _, it := range in.Items {
		if !covered[it.Code] {
			c.bad("item %q leads to no level", it.Code)
		}
		if it.MissingLevel != "" && in.levelIndex(it.MissingLevel) < 1 {
			c.bad("item %q: missing_level %q is unknown or the lowest", it.Code, it.MissingLevel)
		}
	}
}

func (in Instrument) levelIndex(code string) int {
	return slices.IndexFunc(in.Levels, func(l Level) bool { return l.Code == code })
}

func (c *checker) critical() {
	in := c.in
	seen := map[string]bool{}
	for _, r := range in.Critical {
		c.known("critical", []string{r.Item})
		if seen[r.Item] {
			c.bad("item %q has two critical rules", r.Item)
		}
		seen[r.Item] = true
		if !slices.Contains([]CriticalKind{CriticalSuicide, CriticalHarm, CriticalDanger}, r.Kind) {
			c.bad("critical rule on %q: kind %q is unknown", r.Item, r.Kind)
		}
		if it, ok := c.codes[r.Item]; ok && !in.offers(it, r.Value) {
			c.bad("critical rule on %q: value %d is not offered", r.Item, r.Value)
		}
	}
	for _, it := range in.Items {
		if !it.Suicide {
			continue
		}
		r, ok := in.criticalOf(it.Code)
		if lo, _ := in.span(it); !ok || r.Kind != CriticalSuicide || r.Value > lo+1 || it.Reverse {
			c.bad("item %q is on suicide: every answer above %d must be critical", it.Code, lo)
		}
	}
}

func (c *checker) cutoffs() {
	in := c.in
	scaleOf := map[string]Cutoff{}
	for _, r := range in.Cutoffs {
		at := "cut-off " + r.Key
		if r.Key == "" || r.Source == "" {
			c.bad("%s needs a key and a source", at)
		}
		if r.Scale != "total" && !slices.ContainsFunc(in.Subscales, func(s Subscale) bool { return s.Code == r.Scale }) {
			c.bad("%s is on %q, which is no scale", at, r.Scale)
		}
		if r.Op != ">=" && r.Op != "<=" {
			c.bad("%s: comparison %q is unknown", at, r.Op)
		}
		if first, ok := scaleOf[r.Key]; ok && (first.Scale != r.Scale || first.Op != r.Op) {
			c.bad("%s: rows of one key must compare the same scale the same way", at)
		}
		scaleOf[r.Key] = r
		if r.Band != "" && (r.Scale != "total" || in.Scoring.BaseBand == "") {
			c.bad("%s: only cut-offs of the total give a band, and only beside a base band", at)
		}
		if !civilDate(r.From) || r.To != "" && (!civilDate(r.To) || r.To <= r.From) {
			c.bad("%s: dates %q to %q", at, r.From, r.To)
		}
		if r.Informant != "" && !slices.Contains(in.Informants, r.Informant) {
			c.bad("%s: informant %q may not answer", at, r.Informant)
		}
	}
}

func civilDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func (c *checker) variants() {
	seen := map[string]bool{}
	for _, v := range c.in.Variants {
		if v.Code == "" || seen[v.Code] || v.Source == "" {
			c.bad("variant %q is unnamed, doubled or has no source", v.Code)
		}
		seen[v.Code] = true
		c.words("variant "+v.Code, v.Title)
		c.known("variant "+v.Code, v.Omit)
		c.known("variant "+v.Code, v.Unreverse)
		for _, code := range v.Omit {
			if c.codes[code].Suicide {
				c.bad("variant %q leaves out %q, which is on suicide", v.Code, code)
			}
		}
	}
}

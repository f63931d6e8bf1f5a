package instrument

import "fmt"

// Text is the same words in Chinese and English.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// LicenceClass says what the publisher lets us do with the items.
type LicenceClass string

// The licence classes.
const (
	Bundled          LicenceClass = "bundled"            // items may be shipped with the software
	ImportByLicensee LicenceClass = "import-by-licensee" // who holds a licence may load the items
	ResultsOnly      LicenceClass = "results-only"       // only results made elsewhere may be entered
)

// Licence is the publisher's condition and where it was read.
type Licence struct {
	Class   LicenceClass `json:"class"`
	Holder  string       `json:"holder"`
	Terms   string       `json:"terms"`
	Address string       `json:"address"`
}

// DraftStatus marks a text that nobody compared with the publisher's form yet.
const DraftStatus = "draft, to be checked against the publisher's form"

// Wording says where the words in one language come from.
type Wording struct {
	Status  string `json:"status"`
	Address string `json:"address"` // the publisher's form in that language
}

// Draft reports whether the words still have to be checked.
func (w Wording) Draft() bool { return w.Status == DraftStatus }

// Informant is who answers.
type Informant string

// The informants.
const (
	Child    Informant = "child"
	Guardian Informant = "guardian"
	Teacher  Informant = "teacher"
	Worker   Informant = "worker"
)

// Mode is how the answers are taken.
type Mode string

// The modes.
const (
	SelfReport Mode = "self"      // the informant fills it in
	Interview  Mode = "interview" // a trained adult asks, one by one
	Checklist  Mode = "checklist" // a worker notes what is known
)

// AgeRange is in full years, both ends included; Max 0 means no upper end.
type AgeRange struct {
	Min int `json:"min"`
	Max int `json:"max,omitempty"`
}

// Holds reports whether age lies in the range.
func (r AgeRange) Holds(age int) bool { return age >= r.Min && (r.Max == 0 || age <= r.Max) }

// Option is one answer of a choice.
type Option struct {
	Value int    `json:"value"`
	Text  Text   `json:"text"`
	LOINC string `json:"loinc,omitempty"`
}

// AskWhen is the skip rule of an item: it is asked only if one of Items was
// answered so. "yes" means an affirmative answer (or one that counts as such),
// "not_no" anything but a no, so that a refusal doesn't close the question.
type AskWhen struct {
	Items  []string `json:"items"`
	Answer string   `json:"answer"`
}

// Item is one question.
type Item struct {
	Code     string `json:"code"`             // meaning; equal across forms that share the question
	Number   string `json:"number,omitempty"` // as printed; empty if the form prints none
	Section  string `json:"section,omitempty"`
	Options  string `json:"options"`
	Text     Text   `json:"text"`
	LOINC    string `json:"loinc,omitempty"`
	Reverse  bool   `json:"reverse,omitempty"`
	Unscored bool   `json:"unscored,omitempty"` // not part of the total
	Optional bool   `json:"optional,omitempty"` // never listed as missing; must be unscored
	Suicide  bool   `json:"suicide,omitempty"`
	// OfficialTextOnly marks words that may be used only when copied from the
	// publisher's form: questions on suicide are not to be translated by us.
	OfficialTextOnly bool     `json:"official_text_only,omitempty"`
	AskWhen          *AskWhen `json:"ask_when,omitempty"`
	// MissingLevel is the level assumed when the item was to be asked and has
	// no answer (ASQ question 5 after a positive).
	MissingLevel string `json:"missing_level,omitempty"`
}

// ID is how answers name the item: the printed number, or the code where the
// form prints none.
func (i Item) ID() string {
	if i.Number != "" {
		return i.Number
	}
	return i.Code
}

// Section groups items on the page.
type Section struct {
	Code  string `json:"code"`
	Title Text   `json:"title"`
}

// Scoring says how item scores become a total.
type Scoring struct {
	Kind       string `json:"kind"`               // "sum" or "levels"
	Multiply   int    `json:"multiply,omitempty"` // total = sum × Multiply (WHO-5: 4); 0 means 1
	HighIsGood bool   `json:"high_is_good,omitempty"`
	// BaseBand is the band when no cut-off of the total is met, for instruments
	// whose bands come from cut-offs.
	BaseBand string `json:"base_band,omitempty"`
}

// Subscale is a sum over some items.
type Subscale struct {
	Code  string   `json:"code"`
	Title Text     `json:"title"`
	Items []string `json:"items"` // item codes
}

// Band names a range of the total, both ends included.
type Band struct {
	Code  string `json:"code"`
	Label Text   `json:"label"`
	Min   int    `json:"min"`
	Max   int    `json:"max"`
}

// Cutoff is one row of the dated, local table of cut-offs. Of the rows with
// one Key that fit an answer sheet, the most local one holds, then the one
// narrowest in age and informant, then the youngest.
type Cutoff struct {
	Key       string    `json:"key"`   // what is compared: rows of one key replace each other
	Scale     string    `json:"scale"` // "total" or a subscale's code
	Op        string    `json:"op"`    // ">=" or "<="
	Value     int       `json:"value"`
	Band      string    `json:"band,omitempty"`   // band of the total when met
	From      string    `json:"from"`             // civil date YYYY-MM-DD, included
	To        string    `json:"to,omitempty"`     // civil date, not included
	Region    string    `json:"region,omitempty"` // prefix of a division code; empty is everywhere
	Age       *AgeRange `json:"age,omitempty"`
	Informant Informant `json:"informant,omitempty"`
	Source    string    `json:"source"`
}

// Level is one step of an instrument that has levels and no total; the list is
// ordered from the lowest, and the first has no items: it is "no to all".
type Level struct {
	Code  string   `json:"code"`
	Label Text     `json:"label"`
	Any   []string `json:"any,omitempty"` // item codes; one affirmative answer gives the level
}

// CriticalKind says what a critical answer is about.
type CriticalKind string

// The kinds of critical answers.
const (
	CriticalSuicide CriticalKind = "suicide" // talk the same day
	CriticalHarm    CriticalKind = "harm"    // suspected harm by others: report to the police (未成年人保护法 art. 11)
	CriticalDanger  CriticalKind = "danger"  // in danger now
)

// Critical is a rule: an answer of at least Value to Item never waits.
type Critical struct {
	Item  string       `json:"item"` // item code
	Value int          `json:"value"`
	Kind  CriticalKind `json:"kind"`
}

// Missing policies.
const (
	MissingComplete    = "complete"      // a blank makes the scale not scorable
	MissingBlankIsZero = "blank_is_zero" // a blank counts 0, InvalidFrom of them spoil the sheet
)

// Missing says what a blank answer means for the total.
type Missing struct {
	Policy      string `json:"policy"`
	InvalidFrom int    `json:"invalid_from,omitempty"`
	// Refused is "missing" (as a blank) or "yes" (ASQ: a refusal counts as
	// positive).
	Refused string `json:"refused"`
	Source  string `json:"source"`
}

// Variant is the same form used another way: some items left out, or read
// without reversal. One with Age is chosen by the age told; else by name.
type Variant struct {
	Code      string    `json:"code"`
	Title     Text      `json:"title"`
	Age       *AgeRange `json:"age,omitempty"`
	Omit      []string  `json:"omit,omitempty"`      // item codes
	Unreverse []string  `json:"unreverse,omitempty"` // item codes
	Source    string    `json:"source"`
}

// Instrument is one questionnaire in one version.
type Instrument struct {
	ID          string              `json:"id"`
	Version     string              `json:"version"`
	Title       Text                `json:"title"`
	Licence     Licence             `json:"licence"`
	Source      string              `json:"source"` // address of the published form
	Wording     map[string]Wording  `json:"wording"`
	Mode        Mode                `json:"mode"`
	Informants  []Informant         `json:"informants"`
	Age         AgeRange            `json:"age"`
	LOINC       string              `json:"loinc,omitempty"`
	TotalLOINC  string              `json:"total_loinc,omitempty"`
	Instruction Text                `json:"instruction"`
	Options     map[string][]Option `json:"options"`
	Sections    []Section           `json:"sections,omitempty"`
	Items       []Item              `json:"items"`
	Scoring     Scoring             `json:"scoring"`
	Subscales   []Subscale          `json:"subscales,omitempty"`
	Bands       []Band              `json:"bands,omitempty"`
	Cutoffs     []Cutoff            `json:"cutoffs,omitempty"`
	Levels      []Level             `json:"levels,omitempty"`
	Critical    []Critical          `json:"critical,omitempty"`
	Missing     Missing             `json:"missing"`
	Variants    []Variant           `json:"variants,omitempty"`
	Notes       []Text              `json:"notes,omitempty"`
}

// Draft reports whether the words in either language still wait for a
// professional to compare them with the publisher's form.
func (in Instrument) Draft() bool {
	for _, w := range in.Wording {
		if w.Draft() {
			return true
		}
	}
	return false
}

// HasSuicideItem reports whether a campaign with it needs responders on duty.
func (in Instrument) HasSuicideItem() bool {
	for _, it := range in.Items {
		if it.Suicide {
			return true
		}
	}
	return false
}

// ItemByID finds an item by its printed number, or code where none is printed.
func (in Instrument) ItemByID(id string) (Item, bool) {
	for _, it := range in.Items {
		if it.ID() == id {
			return it, true
		}
	}
	return Item{}, false
}

// ItemByCode finds an item by its meaning.
func (in Instrument) ItemByCode(code string) (Item, bool) {
	for _, it := range in.Items {
		if it.Code == code {
			return it, true
		}
	}
	return Item{}, false
}

// OptionsOf gives the answers an item offers, in the order they are printed.
func (in Instrument) OptionsOf(it Item) []Option { return in.Options[it.Options] }

// span gives the least and greatest value an item offers.
func (in Instrument) span(it Item) (lo, hi int) {
	for n, o := range in.Options[it.Options] {
		if n == 0 || o.Value < lo {
			lo = o.Value
		}
		if n == 0 || o.Value > hi {
			hi = o.Value
		}
	}
	return lo, hi
}

func (in Instrument) offers(it Item, value int) bool {
	for _, o := range in.Options[it.Options] {
		if o.Value == value {
			return true
		}
	}
	return false
}

func (in Instrument) multiply() int {
	if in.Scoring.Multiply == 0 {
		return 1
	}
	return in.Scoring.Multiply
}

// criticalOf gives the rule on an item, if there is one.
func (in Instrument) criticalOf(code string) (Critical, bool) {
	for _, c := range in.Critical {
		if c.Item == code {
			return c, true
		}
	}
	return Critical{}, false
}

// CriticalKinds gives, for the identifiers in r.Critical, what they are about,
// each kind once.
func (in Instrument) CriticalKinds(r Result) ([]CriticalKind, error) {
	var kinds []CriticalKind
	seen := map[CriticalKind]bool{}
	for _, id := range r.Critical {
		it, ok := in.ItemByID(id)
		if !ok {
			return nil, fmt.Errorf("result names item %q, which %s does not have", id, in.ID)
		}
		c, ok := in.criticalOf(it.Code)
		if !ok {
			return nil, fmt.Errorf("result calls item %q of %s critical, which has no rule", id, in.ID)
		}
		if !seen[c.Kind] {
			seen[c.Kind] = true
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds, nil
}

package instrument

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// shipped gives an instrument that comes with the program.
func shipped(t testing.TB, id string) Instrument {
	t.Helper()
	lib, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	in, err := lib.Find(id)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return in
}

func TestShippedInstruments(t *testing.T) {
	lib, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"asq", "ces-dc", "cssrs-screener", "gad-7", "grassroots", "phq-9", "phq-a", "psc-17", "psc-35", "rses", "who-5"}
	if got := lib.IDs(); !slices.Equal(got, want) {
		t.Fatalf("shipped %v, want %v", got, want)
	}
	for _, id := range want {
		in, _ := lib.Find(id)
		if !in.Draft() {
			t.Errorf("%s: no publisher's form was at hand, so its words must be drafts", id)
		}
		if in.Licence.Class != Bundled {
			t.Errorf("%s is shipped under licence class %s", id, in.Licence.Class)
		}
	}
	if _, err := lib.Find("sdq"); err == nil {
		t.Error("SDQ may not be stored, but was found")
	}
}

// The suicide items of every scale, from the screening reference. A scale that
// is missing here has none.
func TestSuicideItems(t *testing.T) {
	want := map[string]string{
		"asq": "1 2 3 4 5", "cssrs-screener": "1 2 3 4 5 6 6b", "phq-9": "9", "phq-a": "9 ideation_month attempt_ever",
		"grassroots": "26 27 28",
	}
	lib, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		var got []string
		for _, it := range in.Items {
			if it.Suicide {
				got = append(got, it.ID())
			}
		}
		if s := strings.Join(got, " "); s != want[id] {
			t.Errorf("%s: suicide items %q, want %q", id, s, want[id])
		}
	}
}

func TestOrdersOfItems(t *testing.T) {
	// PHQ-A has the questions of PHQ-9, two pairs of them swapped.
	nine, a := shipped(t, "phq-9"), shipped(t, "phq-a")
	swapped := map[string]string{"1": "2", "2": "1", "4": "5", "5": "4"}
	for n := 1; n <= 9; n++ {
		id := itoa(n)
		other := id
		if s, ok := swapped[id]; ok {
			other = s
		}
		x, _ := nine.ItemByID(id)
		y, _ := a.ItemByID(other)
		if x.Code != y.Code {
			t.Errorf("PHQ-9 item %s is %s, PHQ-A item %s is %s", id, x.Code, other, y.Code)
		}
	}
	// The same child on both forms: the totals agree by code.
	byCode := map[string]Answer{"interest": {Value: 3}, "mood": {Value: 1}, "sleep": {Value: 2}, "energy": {Value: 3}, "appetite": {},
		"failure": {Value: 1}, "concentration": {}, "motor": {Value: 2}, "death": {Value: 1}}
	for _, in := range []Instrument{nine, a} {
		items, err := in.FromCodes(byCode)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Score(in, Answers{Items: items})
		if err != nil || r.Total == nil || *r.Total != 13 {
			t.Errorf("%s: total %v, %v; want 13", in.ID, r.Total, err)
		}
	}
	if _, err := nine.FromCodes(map[string]Answer{"dysthymia": {}}); err == nil {
		t.Error("PHQ-9 took a code of PHQ-A")
	}
}

func TestReversedItems(t *testing.T) {
	want := map[string]string{"ces-dc": "4 8 12 16", "rses": "2 5 6 8 9"}
	lib, _ := Shipped()
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		var got []string
		for _, it := range in.Items {
			if it.Reverse {
				got = append(got, it.ID())
			}
		}
		if s := strings.Join(got, " "); s != want[id] {
			t.Errorf("%s: reversed %q, want %q", id, s, want[id])
		}
	}
}

// Parse must refuse what would make a score wrong or hide a yes.
func TestParseRefuses(t *testing.T) {
	base := shipped(t, "phq-9")
	if _, err := json.Marshal(base); err != nil {
		t.Fatal(err)
	}
	spoil := map[string]func(in *Instrument){
		"suicide item without critical rule": func(in *Instrument) { in.Critical = nil },
		"suicide item critical only from 2":  func(in *Instrument) { in.Critical[0].Value = 2 },
		"suicide item of another kind":       func(in *Instrument) { in.Critical[0].Kind = CriticalHarm },
		"suicide item reversed":              func(in *Instrument) { in.Items[8].Reverse = true },
		"suicide item optional":              func(in *Instrument) { in.Items[8].Optional = true },
		"suicide item left out by a variant": func(in *Instrument) {
			in.Variants = []Variant{{Code: "short", Title: in.Title, Omit: []string{"death"}, Source: "x"}}
		},
		"suicide item worded by us":        func(in *Instrument) { in.Items[8].OfficialTextOnly = false },
		"critical value not offered":       func(in *Instrument) { in.Critical[0].Value = 7 },
		"two rules on one item":            func(in *Instrument) { in.Critical = append(in.Critical, in.Critical[0]) },
		"number twice":                     func(in *Instrument) { in.Items[1].Number = "1" },
		"code twice":                       func(in *Instrument) { in.Items[1].Code = "interest" },
		"number not printed so":            func(in *Instrument) { in.Items[1].Number = "07" },
		"unknown option list":              func(in *Instrument) { in.Items[1].Options = "x" },
		"gap in bands":                     func(in *Instrument) { in.Bands[1].Min = 6 },
		"bands end early":                  func(in *Instrument) { in.Bands[4].Max = 26 },
		"no bands":                         func(in *Instrument) { in.Bands = nil },
		"missing Chinese":                  func(in *Instrument) { in.Items[2].Text.ZH = "" },
		"missing policy unknown":           func(in *Instrument) { in.Missing.Policy = "guess" },
		"refusal unknown":                  func(in *Instrument) { in.Missing.Refused = "no" },
		"cut-off on no scale":              func(in *Instrument) { in.Cutoffs[0].Scale = "x" },
		"cut-off without source":           func(in *Instrument) { in.Cutoffs[0].Source = "" },
		"cut-off on 30 February":           func(in *Instrument) { in.Cutoffs[0].From = "2026-02-30" },
		"cut-off ends before it starts":    func(in *Instrument) { in.Cutoffs[0].To = "2020-01-01" },
		"cut-off of one key turned around": func(in *Instrument) { in.Cutoffs[1].Op = "<=" },
		"subscale of unknown item":         func(in *Instrument) { in.Subscales = []Subscale{{"x", in.Title, []string{"nope"}}} },
		"subscale counts an item twice":    func(in *Instrument) { in.Subscales = []Subscale{{"x", in.Title, []string{"mood", "mood"}}} },
		"option twice":                     func(in *Instrument) { in.Options["frequency"][1].Value = 0 },
		"negative option":                  func(in *Instrument) { in.Options["frequency"][0].Value = -1 },
		"results-only with items":          func(in *Instrument) { in.Licence.Class = ResultsOnly },
		"licence unknown":                  func(in *Instrument) { in.Licence.Class = "free" },
		"nobody answers":                   func(in *Instrument) { in.Informants = nil },
		"no version":                       func(in *Instrument) { in.Version = "" },
		"ask_when forward":                 func(in *Instrument) { in.Items[0].AskWhen = &AskWhen{[]string{"death"}, "yes"} },
		"ask_when on itself":               func(in *Instrument) { in.Items[0].AskWhen = &AskWhen{[]string{"interest"}, "yes"} },
		"ask_when unknown":                 func(in *Instrument) { in.Items[1].AskWhen = &AskWhen{[]string{"interest"}, "maybe"} },
		"levels beside a sum":              func(in *Instrument) { in.Levels = []Level{{Code: "x", Label: in.Title}} },
		"blank counts 0 on reversed items": func(in *Instrument) {
			in.Missing.Policy, in.Missing.InvalidFrom, in.Items[0].Reverse = MissingBlankIsZero, 4, true
		},
	}
	for name, f := range spoil {
		in := clone(t, base)
		f(&in)
		data, _ := json.Marshal(in)
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	data, _ := json.Marshal(base)
	if _, err := Parse(data); err != nil {
		t.Errorf("the unspoilt instrument: %v", err)
	}
	for name, bad := range map[string]string{
		"unknown field":  strings.Replace(string(data), `"version"`, `"verzion":"1","version"`, 1),
		"two objects":    string(data) + string(data),
		"not JSON":       "x",
		"empty":          "",
		"too long":       strings.Repeat(" ", maxFile+1),
		"an array":       "[]",
		"nothing inside": "{}",
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func clone(t testing.TB, in Instrument) Instrument {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Instrument
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDigestMovesWithEveryWord(t *testing.T) {
	in := shipped(t, "asq")
	if in.Digest() != shipped(t, "asq").Digest() || len(in.Digest()) != 64 {
		t.Error("the digest of one instrument differs between two readings")
	}
	other := clone(t, in)
	other.Items[3].Text.ZH += "。"
	if other.Digest() == in.Digest() {
		t.Error("a changed word left the digest as it was")
	}
}

func TestLoadRefusesAMisnamedFile(t *testing.T) {
	data, _ := json.Marshal(shipped(t, "asq"))
	if _, err := Load(fstest.MapFS{"phq-9.json": {Data: data}}); err == nil {
		t.Error("ASQ was read from phq-9.json")
	}
	lib, err := Load(fstest.MapFS{"asq.json": {Data: data}, "htp.json": {Data: []byte("{}")}})
	if err != nil || !slices.Equal(lib.IDs(), []string{"asq"}) {
		t.Errorf("loaded %v, %v", lib.IDs(), err)
	}
}

func TestLocalCutoffs(t *testing.T) {
	in := shipped(t, "psc-17")
	local, err := in.WithCutoffs([]Cutoff{
		{Key: "total", Scale: "total", Op: ">=", Value: 12, Band: "elevated", From: "2026-03-01", To: "2027-03-01", Region: "500111", Source: "local validation"},
		{Key: "total", Scale: "total", Op: ">=", Value: 13, Band: "elevated", From: "2026-09-01", Region: "500111001", Source: "local validation"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Cutoffs) == len(local.Cutoffs) {
		t.Error("no rows were added, or the original was changed")
	}
	for _, c := range []struct {
		region, on string
		who        Informant
		want       int
	}{
		{"", "", "", 15},
		{"", "", Teacher, 17},
		{"500111002", "2026-02-28", "", 15},
		{"500111002", "2026-03-01", "", 12},
		{"500111002", "2027-02-28", Teacher, 12},
		{"500111002", "2027-03-01", Teacher, 17},
		{"500111001003", "2026-08-31", "", 12},
		{"500111001003", "2026-09-01", "", 13},
		{"500112", "2026-09-01", "", 15},
	} {
		got, ok := local.cutoffInForce("total", Answers{Region: c.region, On: c.on, Informant: c.who})
		if !ok || got.Value != c.want {
			t.Errorf("%s on %q by %q: cut-off %d (%v), want %d", c.region, c.on, c.who, got.Value, ok, c.want)
		}
	}
	// A band follows the cut-off that holds.
	r, err := Score(local, Answers{Items: every(in, 0, map[string]int{"1": 2, "2": 2, "4": 2, "5": 2, "8": 2, "10": 2}), Region: "500111002", On: "2026-04-01"})
	if err != nil || *r.Total != 12 || r.Band != "elevated" || !r.OverCutoff() {
		t.Errorf("12 points at a local cut-off of 12: %+v, %v", r, err)
	}
	if _, err := in.WithCutoffs([]Cutoff{{Key: "total", Scale: "nothing"}}); err == nil {
		t.Error("a wrong row was accepted")
	}
}

// every answers all scored items with one value, but for those in but.
func every(in Instrument, value int, but map[string]int) map[string]Answer {
	items := map[string]Answer{}
	for _, it := range in.Items {
		if !it.Optional {
			items[it.ID()] = Answer{Value: value}
		}
	}
	for id, v := range but {
		items[id] = Answer{Value: v}
	}
	return items
}

// without leaves items out.
func without(items map[string]Answer, ids ...string) map[string]Answer {
	out := maps.Clone(items)
	for _, id := range ids {
		delete(out, id)
	}
	return out
}

package obligation

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zugou/internal/loop/screening/instrument"
)

func shipped(t testing.TB) (Policy, instrument.Library) {
	t.Helper()
	table, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	lib, err := instrument.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return table.On("2026-03-01"), lib
}

func obliges(t testing.TB, p Policy, lib instrument.Library, id, answers string) Obligation {
	t.Helper()
	in, err := lib.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	a, err := instrument.ParseAnswers([]byte(`{"items":` + answers + `}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := instrument.Score(in, a)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Of(p, in, r)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTableOfTimers(t *testing.T) {
	p, lib := shipped(t)
	zeros := func(n int, more string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := 1; i <= n; i++ {
			if !strings.Contains(more, `"`+number(i)+`":`) {
				b.WriteString(`"` + number(i) + `":0,`)
			}
		}
		return b.String() + more + "}"
	}
	for _, c := range []struct {
		name, id, answers string
		want              Urgency
		sameDay           bool
		first, late       time.Duration
		rules             string
	}{
		{"ASQ acute", "asq", zeros(4, `"1":1,"5":1`), Red, true, 30 * time.Minute, 5 * time.Minute, "acute any_yes"},
		{"ASQ 5 not asked after a yes", "asq", zeros(4, `"1":1`), Red, true, 30 * time.Minute, 5 * time.Minute, "acute any_yes unanswered"},
		{"ASQ non-acute", "asq", zeros(4, `"4":1,"5":0`), Orange, true, 4 * time.Hour, 4 * time.Hour, "critical any_yes"},
		{"ASQ refused", "asq", zeros(4, `"4":"refused","5":0`), Orange, true, 4 * time.Hour, 4 * time.Hour, "critical unanswered"},
		{"ASQ negative", "asq", zeros(4, `"5":0`), Green, false, 0, 0, "routine"},
		{"ASQ skipped", "asq", `{"1":0,"2":0,"3":0}`, Yellow, true, 4 * time.Hour, 4 * time.Hour, "unanswered"},
		{"C-SSRS high", "cssrs-screener", zeros(6, `"2":1,"4":1`), Red, true, 30 * time.Minute, 5 * time.Minute, "acute any_yes"},
		{"C-SSRS moderate", "cssrs-screener", zeros(6, `"2":1,"3":1`), Orange, true, 4 * time.Hour, 4 * time.Hour, "critical any_yes"},
		{"C-SSRS low", "cssrs-screener", zeros(6, `"1":1`), Yellow, true, 4 * time.Hour, 4 * time.Hour, "any_yes"},
		{"C-SSRS none", "cssrs-screener", zeros(6, `"6b":0`), Green, false, 0, 0, "routine"},
		{"PHQ-9 item 9", "phq-9", zeros(9, `"9":1`), Orange, true, 4 * time.Hour, 4 * time.Hour, "critical any_yes"},
		{"PHQ-9 item 9 on an unfinished sheet", "phq-9", `{"9":1}`, Orange, true, 4 * time.Hour, 4 * time.Hour, "critical any_yes"},
		{"PHQ-9 over the cut-off", "phq-9", zeros(9, `"1":3,"2":3,"3":3,"4":1`), Yellow, false, 7 * day, 3 * day, "over_cutoff"},
		{"PHQ-9 over it, item 9 skipped", "phq-9", `{"1":3,"2":3,"3":3,"4":1}`, Yellow, true, 4 * time.Hour, 4 * time.Hour, "unanswered over_cutoff"},
		{"PHQ-9 under it", "phq-9", zeros(9, `"1":3,"2":3,"3":3`), Green, false, 0, 0, "routine"},
		{"PHQ-A attempt", "phq-a", zeros(9, `"ideation_month":0,"attempt_ever":1`), Orange, true, 4 * time.Hour, 4 * time.Hour, "critical any_yes"},
		{"PSC-17 one subscale", "psc-17", zeros(17, `"2":2,"6":2,"9":1`), Yellow, false, 7 * day, 3 * day, "over_cutoff"},
		{"WHO-5 low", "who-5", zeros(5, `"1":2`), Yellow, false, 7 * day, 3 * day, "over_cutoff"},
		{"grass roots: abuse", "grassroots", zeros(30, `"29":1`), Orange, true, 4 * time.Hour, 4 * time.Hour, "suspected_harm"},
		{"grass roots: in danger", "grassroots", zeros(30, `"30":1`), Red, true, 30 * time.Minute, 5 * time.Minute, "danger"},
	} {
		o := obliges(t, p, lib, c.id, c.answers)
		if o.Urgency != c.want || o.SameDay != c.sameDay || o.FirstContactWithin != c.first || o.LateAfter != c.late || strings.Join(o.Rules, " ") != c.rules {
			t.Errorf("%s: %s, same day %v, first %v, late %v, rules %v", c.name, o.Urgency, o.SameDay, o.FirstContactWithin, o.LateAfter, o.Rules)
		}
	}
	if o := obliges(t, p, lib, "grassroots", zeros(30, `"29":1`)); !o.CompulsoryReport {
		t.Error("suspected harm does not ask for the report to the police")
	}
	red := obliges(t, p, lib, "asq", zeros(4, `"1":1,"5":1`))
	if !red.NeverAlone || red.AcceptWithin != 5*time.Minute || !slices.Equal(red.Next, []time.Duration{day, 3 * day, 7 * day}) ||
		red.ThenEvery != 7*day || red.ThenFor != 56*day || !slices.Equal(red.Reassess, []time.Duration{30 * day, 90 * day}) {
		t.Errorf("red: %+v", red)
	}
	night := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC) // 03:00 in Dazu
	if got := red.FirstContactBy(night); !got.Equal(night.Add(30 * time.Minute)) {
		t.Errorf("first contact by %v", got)
	}
	if got := obliges(t, p, lib, "asq", zeros(4, `"5":0`)).FirstContactBy(night); !got.IsZero() {
		t.Errorf("nothing is due, got %v", got)
	}
}

func number(i int) string {
	data, _ := json.Marshal(i)
	return string(data)
}

// "Any yes on any suicide item, by whatever scale, leads to a same-day talk":
// whatever else is answered, skipped or refused.
func TestAnyYesLeadsToATalkTheSameDay(t *testing.T) {
	p, lib := shipped(t)
	rnd := rand.New(rand.NewPCG(5, 9))
	tried := 0
	for _, id := range lib.IDs() {
		in, _ := lib.Find(id)
		for _, it := range in.Items {
			if !it.Suicide {
				continue
			}
			for _, o := range in.OptionsOf(it) {
				if o.Value == 0 {
					continue
				}
				for range 60 {
					items := map[string]instrument.Answer{}
					for _, other := range in.Items {
						opts := in.OptionsOf(other)
						switch rnd.IntN(4) {
						case 0:
						case 1:
							items[other.ID()] = instrument.Answer{Refused: true}
						default:
							items[other.ID()] = instrument.Answer{Value: opts[rnd.IntN(len(opts))].Value}
						}
					}
					items[it.ID()] = instrument.Answer{Value: o.Value}
					age := rnd.IntN(20)
					r, err := instrument.Score(in, instrument.Answers{Items: items, Age: &age})
					if err != nil {
						t.Fatal(err)
					}
					got, err := Of(p, in, r)
					if err != nil {
						t.Fatal(err)
					}
					if !got.SameDay || !got.Urgency.Above(Green) || got.FirstContactWithin <= 0 || got.FirstContactWithin > 4*time.Hour {
						t.Fatalf("%s item %s = %d among %v: %+v", id, it.ID(), o.Value, items, got)
					}
					tried++
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d sheets were tried", tried)
	}
}

func TestGuard(t *testing.T) {
	p, lib := shipped(t)
	if err := p.Guard(lib); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"any_yes", "unanswered"} {
		weak := p
		weak.Rules = slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { return r.Code == gone })
		if weak.Guard(lib) == nil {
			t.Errorf("a policy without the rule %s passed", gone)
		}
	}
	weak := p
	weak.Rules = slices.Clone(p.Rules)
	for n := range weak.Rules {
		weak.Rules[n].SameDay = false
	}
	if weak.Guard(lib) == nil {
		t.Error("a policy without any same day passed")
	}
}

func TestHighest(t *testing.T) {
	a := Obligation{Urgency: Orange, Rules: []string{"x"}, FirstContactWithin: 4 * time.Hour, LateAfter: 4 * time.Hour, SameDay: true, InformSameDay: []string{"school"}}
	b := Obligation{Urgency: Red, Rules: []string{"y"}, FirstContactWithin: 30 * time.Minute, LateAfter: 5 * time.Minute, NeverAlone: true, Next: []time.Duration{day}}
	c := Obligation{Urgency: Green, Rules: []string{"z"}, CompulsoryReport: true, AcceptWithin: time.Minute}
	got := Highest(a, c, b)
	if got.Urgency != Red || !got.SameDay || !got.NeverAlone || !got.CompulsoryReport || got.FirstContactWithin != 30*time.Minute ||
		got.AcceptWithin != time.Minute || strings.Join(got.Rules, "") != "yxz" || len(got.Next) != 1 || len(got.InformSameDay) != 1 {
		t.Errorf("%+v", got)
	}
	if len(a.Rules) != 1 || len(b.Rules) != 1 {
		t.Error("joining changed what was joined")
	}
	if Highest().Urgency.Above(Green) {
		t.Error("nothing obliges something")
	}
}

func TestPoliciesByDate(t *testing.T) {
	data, err := os.ReadFile("../../../../policy/screening/2024-01-01.json")
	if err != nil {
		t.Fatal(err)
	}
	later := strings.Replace(strings.Replace(string(data), `"from": "2024-01-01"`, `"from": "2026-09-01"`, 1), `"version": "2026.1"`, `"version": "2026.2"`, 1)
	table, err := Load(fstest.MapFS{"2024-01-01.json": {Data: data}, "2026-09-01.json": {Data: []byte(later)}})
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]string{"2020-01-01": "2026.1", "2026-08-31": "2026.1", "2026-09-01": "2026.2", "2030-01-01": "2026.2"} {
		if got := table.On(on).Version; got != want {
			t.Errorf("on %s policy %s, want %s", on, got, want)
		}
	}
	if _, err := Load(fstest.MapFS{"2025-01-01.json": {Data: data}}); err == nil {
		t.Error("a misnamed policy was read")
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no policy at all was accepted")
	}
}

func TestParseRefuses(t *testing.T) {
	p, _ := shipped(t)
	for name, spoil := range map[string]func(p *Policy){
		"no version":             func(p *Policy) { p.Version = "" },
		"no date":                func(p *Policy) { p.From = "soon" },
		"unknown urgency":        func(p *Policy) { p.Rules[0].Urgency = "purple" },
		"red below green":        func(p *Policy) { slices.Reverse(p.Rules) },
		"no matter at the seat":  func(p *Policy) { p.Rules[3].Matter = "" },
		"same day in two days":   func(p *Policy) { p.Rules[3].FirstContactWithinMinutes = 2880 },
		"no clock":               func(p *Policy) { p.Rules[3].LateAfterMinutes = 0 },
		"negative":               func(p *Policy) { p.Rules[0].NextHours = []int{-1} },
		"empty condition":        func(p *Policy) { p.Rules[0].When = []When{{}} },
		"otherwise in front":     func(p *Policy) { p.Rules[0].When = []When{{Otherwise: true}} },
		"nothing for the others": func(p *Policy) { p.Rules = p.Rules[:7] },
		"doubled":                func(p *Policy) { p.Rules[1].Code = p.Rules[0].Code },
	} {
		data, _ := json.Marshal(p)
		var q Policy
		if err := json.Unmarshal(data, &q); err != nil {
			t.Fatal(err)
		}
		spoil(&q)
		data, _ = json.Marshal(q)
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Parse([]byte(`{"version":"1"}{}`)); err == nil {
		t.Error("two objects were accepted")
	}
}

package risk

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/problem"
	files "zugou/policy/risk"
)

var now = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

func shipped(t testing.TB) (*Catalogue, *RuleSet) {
	t.Helper()
	tables, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return tables.Catalogue, tables.RulesOn("2026-03-01")
}

// calm is a child of whom everything is known and nothing is wrong.
var calm = map[string]any{
	"screen_urgency": "green", "screen_over_cutoff": 0, "suicide_yes_days": -1, "suicide_unanswered": false, "phq_total": 2, "who5_total": 80,
	"checklist_total": 0, "life_events": 0, "suspected_harm": false, "parents_away": false, "lives_alone": false, "carer_weak": false,
	"absent_days_30": 0, "dropout": false, "sos_7": 0, "silent_days": 0, "critical_matters_30": 0, "attempt_ever": false, "discharged_days": -1, "drawing_mark": false,
}

// child makes evidence: calm but for what differs; nil takes a field away.
func child(t testing.TB, c *Catalogue, differs map[string]any) *Evidence {
	t.Helper()
	e := c.Evidence("c-1")
	for name, v := range calm {
		if d, ok := differs[name]; ok {
			v = d
		}
		if v == nil {
			continue
		}
		if err := c.Set(e, name, v, now.Add(-24*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func evaluate(t testing.TB, s *RuleSet, e *Evidence) Result {
	t.Helper()
	r, err := s.Evaluate(e, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rulesOf(r Result) string {
	var list []string
	for _, f := range r.Fired {
		list = append(list, f.Code)
	}
	for _, u := range r.Undecided {
		list = append(list, "?"+u.Code+"("+strings.Join(u.Missing, ",")+")")
	}
	return strings.Join(list, " ")
}

func TestRules(t *testing.T) {
	c, s := shipped(t)
	for _, k := range []struct {
		name  string
		with  map[string]any
		want  Colour
		least bool
		rules string
	}{
		{"nothing is wrong", nil, Green, false, ""},
		{"acute by screening", map[string]any{"screen_urgency": "red"}, Red, false, "acute"},
		{"critical item", map[string]any{"screen_urgency": "orange"}, Orange, false, "critical_item"},
		{"a yes a month ago and the badge calls", map[string]any{"suicide_yes_days": 30, "sos_7": 1}, Red, false, "sos_after_yes"},
		{"a yes longer ago and the badge calls", map[string]any{"suicide_yes_days": 31, "sos_7": 1}, Green, false, ""},
		{"left hospital today", map[string]any{"discharged_days": 0}, Orange, false, "discharged"},
		{"left hospital 31 days ago", map[string]any{"discharged_days": 31}, Green, false, ""},
		{"attempt long ago", map[string]any{"attempt_ever": true}, Yellow, false, "attempt"},
		{"attempt and a loss", map[string]any{"attempt_ever": true, "life_events": 1}, Orange, false, "attempt_and_load attempt"},
		{"alone", map[string]any{"parents_away": true, "lives_alone": true}, Yellow, false, "alone"},
		{"never screened", map[string]any{"screen_urgency": nil}, "", false,
			"?acute(screen_urgency) ?critical_item(screen_urgency) ?screen_yellow(screen_urgency)"},
		{"never screened, but harm is suspected", map[string]any{"screen_urgency": nil, "suspected_harm": true}, Orange, true, "harm ?acute(screen_urgency)"},
		{"no badge and no yes: decided", map[string]any{"sos_7": nil}, Green, false, ""},
		{"no badge but a yes: can't be decided", map[string]any{"sos_7": nil, "suicide_yes_days": 3}, "", false, "?sos_after_yes(sos_7)"},
		{"an or that is true already", map[string]any{"dropout": true, "absent_days_30": nil}, Yellow, false, "school"},
		{"an or that is not", map[string]any{"absent_days_30": nil}, "", false, "?school(absent_days_30)"},
		{"red hides no other rule", map[string]any{"screen_urgency": "red", "checklist_total": 9}, Red, false, "acute checklist"},
		{"red needs nothing else", map[string]any{"screen_urgency": "red", "checklist_total": nil, "dropout": nil}, Red, false, "acute"},
	} {
		r := evaluate(t, s, child(t, c, k.with))
		if r.Urgency != k.want || r.AtLeast != k.least || rulesOf(r) != k.rules {
			t.Errorf("%s: %q, at least %v, %s", k.name, r.Urgency, r.AtLeast, rulesOf(r))
		}
		if len(r.Text) == 0 {
			t.Errorf("%s: no word of explanation", k.name)
		}
	}
	if r := evaluate(t, s, c.Evidence("c-2")); r.Urgency != "" || len(r.Undecided) != len(s.Rules) {
		t.Errorf("a child of whom nothing is known is %q with %d open rules", r.Urgency, len(r.Undecided))
	}
}

func TestExplanationInChinese(t *testing.T) {
	c, s := shipped(t)
	e := child(t, c, map[string]any{"screen_urgency": nil, "attempt_ever": true, "life_events": 2, "drawing_mark": true, "phq_total": nil})
	old := now.AddDate(0, 0, -181)
	if err := c.Set(e, "phq_total", 4, old); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(evaluate(t, s, e).Text, "\n")
	want := `曾有自杀行为，且近期有生活事件或缺课。条件：曾有自杀行为，且（近一年生活事件至少1件，或近30天无故缺课至少3天）。依据：近一年生活事件：2件（2026-02-28）、近30天无故缺课：0天（2026-02-28）、曾有自杀行为：是（2026-02-28）。（规则 attempt_and_load，版本 2026.1）
曾有自杀行为。条件：曾有自杀行为。依据：曾有自杀行为：是（2026-02-28）。（规则 attempt，版本 2026.1）
现有依据只能说明至少为橙色，不能排除更紧急。
无法判定“筛查提示急性危险”：缺少最近一次筛查的紧急程度。条件：最近一次筛查的紧急程度为“急性危险”。（规则 acute，版本 2026.1）
建议谈话：绘画编码达到建议谈话。条件：绘画“建议谈话”标记。依据：绘画“建议谈话”标记：是（2026-02-28）。（规则 drawing，版本 2026.1；不作为定级依据）`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Evidence that is too old is missing, and is said to be.
	e = child(t, c, map[string]any{"life_events": 2, "phq_total": nil, "who5_total": nil})
	_ = c.Set(e, "phq_total", 4, old)
	_ = c.Set(e, "who5_total", 80, now)
	r := evaluate(t, s, e)
	if rulesOf(r) != "?low_mood_load(phq_total)" || !strings.Contains(r.Undecided[0].Text, "PHQ总分（已超过 180 天，须更新）") {
		t.Errorf("%s: %v", rulesOf(r), r.Text)
	}
}

func TestEvidence(t *testing.T) {
	c, _ := shipped(t)
	e := c.Evidence("c-1")
	for name, bad := range map[string]any{"phq_total": "7", "dropout": 1, "screen_urgency": "blue", "unheard_of": 1, "sos_7": 1.5, "attempt_ever": nil} {
		if err := c.Set(e, name, bad, now); err == nil {
			t.Errorf("%s took %v", name, bad)
		}
	}
	if err := c.Set(e, "phq_total", 7, time.Time{}); err == nil {
		t.Error("evidence without a time was taken")
	}
	if e.has != 0 {
		t.Error("refused evidence stayed")
	}
	r := Result{Fired: []Fired{{Code: "x", Urgency: Red}}}
	if p, rose := (Provisional{}).Rise(r, now); !rose || p.Urgency != Red {
		t.Error("a rule without a time did not raise what was never cleared")
	}
	_ = c.Set(e, "phq_total", 7, now)
	_ = c.Set(e, "phq_total", 3, now.Add(-time.Hour))
	if got := c.words(c.index["phq_total"], e.items[c.index["phq_total"]]); !strings.Contains(got, "7分") {
		t.Errorf("older evidence replaced newer: %s", got)
	}
	// Fresh to the last day, and not a moment longer.
	n := c.index["sos_7"]
	_ = c.Set(e, "sos_7", 0, now)
	for d, want := range map[time.Duration]bool{7 * day: true, 7*day + time.Millisecond: false} {
		at := e.items[n].at.Add(d)
		if got := c.fresh(e, at)&(1<<n) != 0; got != want {
			t.Errorf("after %v fresh is %v", d, got)
		}
	}
}

// A drawing alone sets no colour, and no rule may make it.
func TestDrawingSetsNoColour(t *testing.T) {
	c, s := shipped(t)
	for _, mark := range []any{true, false, nil} {
		r := evaluate(t, s, child(t, c, map[string]any{"drawing_mark": mark}))
		if r.Urgency != Green || len(r.Fired) != 0 || (len(r.Talk) == 1) != (mark == true) {
			t.Errorf("mark %v: %+v", mark, r)
		}
		if p, rose := (Provisional{}).Rise(r, now); rose || p.Urgency != "" {
			t.Errorf("mark %v raised the urgency to %s", mark, p.Urgency)
		}
	}
	bad := strings.Replace(ruleFile(t), `"when": "suspected_harm"`, `"when": "suspected_harm || drawing_mark"`, 1)
	if _, err := ParseRules(c, []byte(bad)); err == nil {
		t.Error("a rule that sets a colour by a drawing was accepted")
	}
}

func ruleFile(t testing.TB) string {
	t.Helper()
	data, err := fs.ReadFile(files.Files, "rules/2024-01-01.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestParseRulesRefuses(t *testing.T) {
	c, _ := shipped(t)
	for name, change := range map[string][2]string{
		"unknown evidence":     {"suspected_harm\"", "suspected_harms\""},
		"no yes or no":         {"\"when\": \"suspected_harm\"", "\"when\": \"phq_total + 1\""},
		"wrong type":           {"\"when\": \"suspected_harm\"", "\"when\": \"phq_total == 'x'\""},
		"not CEL":              {"\"when\": \"suspected_harm\"", "\"when\": \"suspected_harm &&\""},
		"no evidence":          {"\"when\": \"suspected_harm\"", "\"when\": \"true\""},
		"empty":                {"\"when\": \"suspected_harm\"", "\"when\": \"\""},
		"code twice":           {"\"code\": \"harm\"", "\"code\": \"acute\""},
		"unknown urgency":      {"\"urgency\": \"red\"", "\"urgency\": \"violet\""},
		"green by rule":        {"\"code\": \"harm\", \"urgency\": \"orange\"", "\"code\": \"harm\", \"urgency\": \"green\""},
		"out of order":         {"\"code\": \"low_mood_load\", \"urgency\": \"yellow\"", "\"code\": \"low_mood_load\", \"urgency\": \"red\""},
		"no title":             {"疑似受到侵害，须强制报告", ""},
		"no version":           {"\"version\": \"2026.1\"", "\"version\": \"\""},
		"no date":              {"2024-01-01", "2024-13-01"},
		"unknown member":       {"\"status\"", "\"state\""},
		"talk with an urgency": {"\"code\": \"drawing\",", "\"code\": \"drawing\", \"urgency\": \"red\","},
	} {
		text := strings.Replace(ruleFile(t), change[0], change[1], 1)
		if text == ruleFile(t) {
			t.Fatalf("%s changed nothing", name)
		}
		if _, err := ParseRules(c, []byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ParseRules(c, []byte(ruleFile(t)+"{}")); err == nil {
		t.Error("two objects were accepted")
	}
}

func TestTablesByDate(t *testing.T) {
	rules := ruleFile(t)
	evidence, _ := fs.ReadFile(files.Files, "evidence.json")
	colour, _ := fs.ReadFile(files.Files, "colour/2024-01-01.json")
	later := strings.NewReplacer(`"from": "2024-01-01"`, `"from": "2026-09-01"`, `"version": "2026.1"`, `"version": "2026.2"`)
	all := fstest.MapFS{
		"evidence.json": {Data: evidence}, "rules/2024-01-01.json": {Data: []byte(rules)}, "colour/2024-01-01.json": {Data: colour},
		"rules/2026-09-01.json": {Data: []byte(later.Replace(rules))}, "colour/2026-09-01.json": {Data: []byte(later.Replace(string(colour)))},
	}
	tables, err := Load(all)
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]string{"2020-01-01": "2026.1", "2026-08-31": "2026.1", "2026-09-01": "2026.2"} {
		if a, b := tables.RulesOn(on).Version, tables.DutiesOn(on).Version; a != want || b != want {
			t.Errorf("on %s rules %s, colours %s", on, a, b)
		}
	}
	all["rules/2026-10-01.json"] = all["rules/2026-09-01.json"]
	if _, err := Load(all); err == nil {
		t.Error("a misnamed file was read")
	}
	if _, err := Load(fstest.MapFS{"evidence.json": {Data: evidence}}); err == nil {
		t.Error("rules and colours are missing, and nobody said so")
	}
}

// The urgency by machine rises at once, falls never, and is cleared by one
// documented assessment; what the professional had before him raises nothing.
func TestRatchet(t *testing.T) {
	c, s := shipped(t)
	var p Provisional
	step := func(with map[string]any, at time.Time) bool {
		t.Helper()
		r, err := s.Evaluate(child(t, c, with), at)
		if err != nil {
			t.Fatal(err)
		}
		var rose bool
		p, rose = p.Rise(r, at)
		return rose
	}
	if step(nil, now) || p.Urgency != "" {
		t.Fatalf("green raised: %+v", p)
	}
	if !step(map[string]any{"checklist_total": 5}, now) || p.Urgency != Yellow {
		t.Fatalf("yellow: %+v", p)
	}
	if !step(map[string]any{"screen_urgency": "orange"}, now.Add(time.Hour)) || p.Urgency != Orange || p.Version != "2026.1" || len(p.Text) != 1 {
		t.Fatalf("orange: %+v", p)
	}
	if step(map[string]any{"checklist_total": 5}, now.Add(2*time.Hour)) || step(nil, now.Add(2*time.Hour)) || p.Urgency != Orange {
		t.Fatalf("it fell by machine: %+v", p)
	}
	if p.Waiting(now.Add(3*time.Hour)) != 3*time.Hour {
		t.Errorf("waits %v: a rise must not restart the waiting", p.Waiting(now.Add(3*time.Hour)))
	}
	good := Assessment{By: Person{"s-1", true}, At: now.Add(4 * time.Hour), Colour: Yellow, Reason: "面谈，近期无自杀想法"}
	for name, change := range map[string]func(a *Assessment){
		"nobody":          func(a *Assessment) { a.By.ID = "" },
		"no professional": func(a *Assessment) { a.By.Professional = false },
		"no reason":       func(a *Assessment) { a.Reason = " \n\u3000" },
		"no colour":       func(a *Assessment) { a.Colour = "" },
		"no time":         func(a *Assessment) { a.At = time.Time{} },
		"before the rise": func(a *Assessment) { a.At = now.Add(30 * time.Minute) },
	} {
		a := good
		change(&a)
		if q, err := p.Clear(a); err == nil || q.Urgency != Orange {
			t.Errorf("%s: cleared", name)
		}
	}
	p, err := p.Clear(good)
	if err != nil || p.Urgency != "" || p.ClearedBy != "s-1" {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := p.Clear(good); !errs.Is(err, errs.KindConflict) {
		t.Errorf("cleared twice: %v", err)
	}
	r := evaluate(t, s, child(t, c, map[string]any{"screen_urgency": "orange"})) // yesterday's evidence
	if q, rose := p.Rise(r, now.Add(5*time.Hour)); rose || q.Urgency != "" {
		t.Errorf("the evidence that was assessed raised it again: %+v", q)
	}
	e := child(t, c, map[string]any{"screen_urgency": "orange"})
	_ = c.Set(e, "screen_urgency", "red", now.Add(6*time.Hour))
	r, _ = s.Evaluate(e, now.Add(6*time.Hour))
	if q, rose := p.Rise(r, now.Add(6*time.Hour)); !rose || q.Urgency != Red {
		t.Errorf("new evidence did not raise it: %+v", q)
	}
}

func TestAssessedColour(t *testing.T) {
	a, b, lay := Person{"s-1", true}, Person{"s-2", true}, Person{"s-3", false}
	at := func(d int, h int) time.Time { return now.AddDate(0, 0, d).Add(time.Duration(h) * time.Hour) }
	red, err := (Assessed{}).Assess(Assessment{By: a, At: at(0, 0), Colour: Red, Reason: "评估"}, nil)
	if err != nil || red.Colour != Red || red.By != "s-1" {
		t.Fatalf("%+v, %v", red, err)
	}
	ok := []Contact{{at(1, 0), true, true}, {at(3, 0), true, true}}
	lower := Assessment{By: a, At: at(4, 0), Colour: Orange, Reason: "两次接触稳定", Second: b}
	for _, k := range []struct {
		name     string
		change   func(x *Assessment)
		contacts []Contact
		ok       bool
	}{
		{"as it must be", nil, ok, true},
		{"without a second", func(x *Assessment) { x.Second = Person{} }, ok, false},
		{"seconded by himself", func(x *Assessment) { x.Second = a }, ok, false},
		{"seconded by a layman", func(x *Assessment) { x.Second = lay }, ok, false},
		{"by a layman", func(x *Assessment) { x.By = lay }, ok, false},
		{"without a reason", func(x *Assessment) { x.Reason = "" }, ok, false},
		{"no contact", nil, nil, false},
		{"one contact", nil, ok[:1], false},
		{"two contacts on one day", nil, []Contact{{at(1, 0), true, true}, {at(1, 2), true, true}}, false},
		{"two that did not reach the child", nil, []Contact{{at(1, 0), false, true}, {at(3, 0), false, true}}, false},
		{"one not stable in between", nil, []Contact{ok[0], {at(2, 0), true, false}, ok[1]}, false},
		{"one not stable before", nil, []Contact{{at(0, 6), true, false}, ok[0], ok[1]}, true},
		{"not stable after them", nil, []Contact{ok[0], ok[1], {at(3, 5), true, false}}, false},
		{"in any order", nil, []Contact{ok[1], ok[0]}, true},
		{"from before the colour", nil, []Contact{{at(-2, 0), true, true}, {at(-1, 0), true, true}}, false},
		{"from after the assessment", nil, []Contact{ok[0], {at(5, 0), true, true}}, false},
		{"an attempt is no contact, and no harm", nil, []Contact{ok[0], {at(2, 0), false, false}, ok[1]}, true},
		{"up needs no second", func(x *Assessment) { x.Colour, x.Second = Red, Person{} }, nil, true},
		{"older than what stands", func(x *Assessment) { x.Colour, x.At = Red, at(-1, 0) }, nil, false},
	} {
		x := lower
		if k.change != nil {
			k.change(&x)
		}
		got, err := red.Assess(x, k.contacts)
		if (err == nil) != k.ok || err != nil && got != red {
			t.Errorf("%s: %+v, %v", k.name, got, err)
		}
	}
	if !Override(Provisional{Urgency: Orange}, Assessed{Colour: Yellow}) || Override(Provisional{Urgency: Yellow}, Assessed{Colour: Orange}) || Override(Provisional{}, Assessed{Colour: Green}) {
		t.Error("what is listed for supervision")
	}
}

func TestDuties(t *testing.T) {
	tables, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	table := tables.DutiesOn("2026-03-01")
	red, _ := table.Of(Red)
	var got []string
	for _, x := range red.Contacts(now, 365*day) {
		got = append(got, x.Sub(now).String())
	}
	want := "30m0s 24h0m0s 72h0m0s 168h0m0s 336h0m0s 504h0m0s 672h0m0s 840h0m0s 1008h0m0s 1176h0m0s 1344h0m0s"
	if strings.Join(got, " ") != want {
		t.Errorf("red: %v", got)
	}
	orange, _ := table.Of(Orange)
	if n := len(orange.Contacts(now, 42*day)); n != 6 { // 4 h, 72 h, 7 d, 14 d, 28 d, 42 d
		t.Errorf("orange: %d contacts in six weeks", n)
	}
	yellow, _ := table.Of(Yellow)
	if c := yellow.Contacts(now, 60*day); len(c) != 3 || c[0].Sub(now) != 7*day || c[2].Sub(now) != 60*day {
		t.Errorf("yellow: %v", c)
	}
	green, _ := table.Of(Green)
	if len(green.Contacts(now, 365*day)) != 0 || len(green.Reassess(now)) != 0 || green.Overdue(now, now.AddDate(5, 0, 0)) {
		t.Error("green obliges a contact")
	}
	if yellow.Overdue(now, now.Add(90*day)) || !yellow.Overdue(now, now.Add(90*day+time.Second)) {
		t.Error("re-assessment of yellow after 90 days")
	}
	if _, ok := table.Of(""); ok {
		t.Error("no colour obliges something")
	}
	data, _ := fs.ReadFile(files.Files, "colour/2024-01-01.json")
	for name, change := range map[string]func(d *DutyTable){
		"three colours":  func(d *DutyTable) { d.Duties = d.Duties[:3] },
		"red is slower":  func(d *DutyTable) { d.Duties[0].ContactWithinMinutes = 500 },
		"no contact":     func(d *DutyTable) { d.Duties[1].ContactWithinMinutes = 0 },
		"times fall":     func(d *DutyTable) { d.Duties[0].NextHours = []int{72, 24} },
		"nobody":         func(d *DutyTable) { d.Duties[3].Who = "" },
		"negative":       func(d *DutyTable) { d.Duties[2].EveryDays = -1 },
		"order reversed": func(d *DutyTable) { slices.Reverse(d.Duties) },
	} {
		var d DutyTable
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
		change(&d)
		out, _ := json.Marshal(d)
		if _, err := ParseDuties(out); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// district makes synthetic children: most are calm, some evidence is missing.
func district(t testing.TB, c *Catalogue, n int) []*Evidence {
	t.Helper()
	rnd := rand.New(rand.NewPCG(20, 26))
	all := make([]*Evidence, n)
	for i := range all {
		e := c.Evidence(fmt.Sprintf("c-%06d", i))
		for _, f := range c.Fields {
			if rnd.IntN(10) == 0 {
				continue
			}
			var v any
			switch f.Kind {
			case KindBool:
				v = rnd.IntN(30) == 0
			case KindText:
				v = []string{"green", "green", "green", "green", "green", "green", "green", "yellow", "yellow", "orange", "red"}[rnd.IntN(11)]
			default:
				v = calm[f.Name].(int)
				if rnd.IntN(12) == 0 {
					v = rnd.IntN(20)
				}
			}
			if err := c.Set(e, f.Name, v, now.Add(-time.Duration(rnd.IntN(400))*12*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		all[i] = e
	}
	return all
}

func stricter(t testing.TB, c *Catalogue) *RuleSet {
	t.Helper()
	text := strings.NewReplacer("checklist_total >= 4", "checklist_total >= 3", `"version": "2026.1"`, `"version": "2026.2"`).Replace(ruleFile(t))
	s, err := ParseRules(c, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The quick way of the what-if and the explained way give one answer.
func TestCompareAgreesWithEvaluate(t *testing.T) {
	c, today := shipped(t)
	changed := stricter(t, c)
	all := district(t, c, 3000)
	got, err := Compare(today, changed, all, now)
	if err != nil {
		t.Fatal(err)
	}
	var moves []string
	counts := map[Colour]map[Colour]int{}
	for _, e := range all {
		a, b := evaluate(t, today, e), evaluate(t, changed, e)
		if counts[a.Urgency] == nil {
			counts[a.Urgency] = map[Colour]int{}
		}
		counts[a.Urgency][b.Urgency]++
		if a.Urgency != b.Urgency {
			moves = append(moves, e.Child+string(a.Urgency)+string(b.Urgency))
		}
	}
	var found []string
	for _, m := range got.Moves {
		found = append(found, m.Child+string(m.From)+string(m.To))
		if m.To == Yellow && !slices.Contains(m.Rules, "checklist") {
			t.Errorf("%+v moved without the changed rule", m)
		}
	}
	if len(moves) == 0 || !slices.Equal(found, moves) || fmt.Sprint(got.Counts) != fmt.Sprint(counts) {
		t.Errorf("%d moves, want %d; counts %v, want %v", len(found), len(moves), got.Counts, counts)
	}
	if got.Children != 3000 || got.From != "2026.1" || got.To != "2026.2" {
		t.Errorf("%+v", got)
	}
	if none, err := Compare(today, changed, nil, now); err != nil || none.Children != 0 {
		t.Errorf("nobody: %+v, %v", none, err)
	}
	same, err := Compare(today, today, all, now)
	if err != nil || len(same.Moves) != 0 {
		t.Errorf("%d move under the same rules", len(same.Moves))
	}
}

// Adding evidence of risk never lowers what is known: no rule shipped goes
// down when one more thing is wrong.
func TestMoreRiskNeverLowers(t *testing.T) {
	c, s := shipped(t)
	worse := map[string]any{"screen_urgency": "red", "suicide_yes_days": 1, "suicide_unanswered": true, "phq_total": 27, "who5_total": 0, "checklist_total": 20,
		"life_events": 5, "suspected_harm": true, "parents_away": true, "lives_alone": true, "carer_weak": true, "absent_days_30": 20, "dropout": true,
		"sos_7": 5, "silent_days": 9, "critical_matters_30": 3, "attempt_ever": true, "discharged_days": 1, "drawing_mark": true, "screen_over_cutoff": 5}
	rnd := rand.New(rand.NewPCG(5, 6))
	names := c.FieldNames()
	for range 500 {
		with := map[string]any{}
		var before Colour
		for _, n := range rnd.Perm(len(names)) {
			with[names[n]] = worse[names[n]]
			got := evaluate(t, s, child(t, c, with)).Urgency
			if before.Above(got) {
				t.Fatalf("%s lowered %s to %s: %v", names[n], before, got, with)
			}
			before = got
		}
	}
}

// BenchmarkWhatIf runs a changed rule over 200,000 children. The goal is 5 s
// on two cores.
func BenchmarkWhatIf(b *testing.B) {
	c, today := shipped(b)
	changed := stricter(b, c)
	all := district(b, c, 200_000)
	for b.Loop() {
		if _, err := Compare(today, changed, all, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	c, s := shipped(b)
	e := child(b, c, map[string]any{"attempt_ever": true, "life_events": 2})
	for b.Loop() {
		if _, err := s.Evaluate(e, now); err != nil {
			b.Fatal(err)
		}
	}
}

// What is wrong with a rule names the rule and what it says; its words in
// Chinese hang on that.
func TestWhatIsWrongWithARuleIsSaid(t *testing.T) {
	tables, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ when, key, args string }{
		{"checklist_totl >= 4", "there_is_no_evidence_named", "[x checklist_totl]"},
		{"checklist_total >= 'a'", "can_t_stand_between_and", "[x >= int string]"},
		{"lives_alone > 2", "can_t_stand_between_and", "[x > bool int]"},
		{"lives_alone && checklist_total", "stands_where_is_expected", "[x int bool]"},
		{"checklist_total >= ", "can_t_be_read_at_character", "[x 20]"},
		{" ", "has_no_condition", "[x]"},
		{"checklist_total + 1", "the_condition_is_no_yes_or_no", "[x]"},
		{"1 < 2", "the_condition_speaks_of_no_evidence", "[x]"},
	} {
		body, err := json.Marshal(RuleSet{Version: "1", From: "2026-01-01", Status: "s", Source: "s", Rules: []Rule{{Code: "x", Urgency: Yellow, Title: "t", When: c.when}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseRules(tables.Catalogue, body)
		list, whole := problem.List(err)
		if !whole || len(list) == 0 || list[0].Key() != "rule.bad.rule_"+c.key || fmt.Sprint(list[0].Args) != c.args {
			t.Errorf("%q: %v", c.when, err)
			for _, p := range list {
				t.Log(p.Key(), p.Args)
			}
		}
	}
}

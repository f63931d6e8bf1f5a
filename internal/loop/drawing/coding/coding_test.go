package coding

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func shipped(t testing.TB) (Sheet, Rule) {
	t.Helper()
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return s, s.On("2026-03-01")
}

// codes makes a full sheet, all absent but for those named.
func codes(s Sheet, present ...string) Codes {
	c := Codes{}
	for _, f := range s.Features {
		c[f.Code] = Absent
	}
	for _, p := range present {
		c[p] = Present
	}
	return c
}

var noon = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

func rating(r RaterID, c Codes, minutes int) Rating {
	return Rating{Rater: r, Codes: c, Sheet: "2026.1", Submitted: noon.Add(time.Duration(minutes) * time.Minute)}
}

func TestSheetHas56Features(t *testing.T) {
	s, _ := shipped(t)
	count := map[byte]int{}
	for _, f := range s.Features {
		count[f.Code[0]]++
	}
	if len(s.Features) != 56 || count['W'] != 23 || count['H'] != 12 || count['T'] != 10 || count['P'] != 11 {
		t.Errorf("%d features: %v", len(s.Features), count)
	}
	var urgent, counted []string
	for _, f := range s.Features {
		if f.Urgent() {
			urgent = append(urgent, f.Code)
		}
		if s.Counts(f) {
			counted = append(counted, f.Code)
		}
	}
	if got := strings.Join(urgent, " "); got != "W01 W20 W21 H12" {
		t.Errorf("a person at once for %s", got)
	}
	// Only what J, N, C or G found, and never the sun, explicit content or tradition.
	want := "W05 W06 W07 W08 W09 W12 W14 W15 W16 H01 H02 H03 H04 H05 H10 H11 T01 T02 T03 T04 P01 P02 P03 P04 P05 P06 P07 P09"
	if got := strings.Join(counted, " "); got != want {
		t.Errorf("counted %s\nwant    %s", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	s, _ := shipped(t)
	for name, spoil := range map[string]func(s *Sheet){
		"feature twice":     func(s *Sheet) { s.Features[1].Code = "W01" },
		"ill named":         func(s *Sheet) { s.Features[1].Code = "X1" },
		"unknown direction": func(s *Sheet) { s.Features[1].Direction = "down" },
		"unknown source":    func(s *Sheet) { s.Features[1].Sources = []string{"Z"} },
		"no explicit content": func(s *Sheet) {
			s.Features = slices.DeleteFunc(s.Features, func(f Feature) bool { return f.Code == "W20" })
		},
		"no rules":           func(s *Sheet) { s.Rules = nil },
		"rules out of order": func(s *Sheet) { s.Rules = append(s.Rules, s.Rules[0]) },
		"third rater never":  func(s *Sheet) { s.Rules[0].ThirdRaterFromDifference = 0 },
		"mark without end":   func(s *Sheet) { s.Rules[0].TalkExpiresAfterDays = 0 },
		"no version":         func(s *Sheet) { s.Version = "" },
	} {
		data, _ := json.Marshal(s)
		var c Sheet
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		data, _ = json.Marshal(c)
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCheckCodes(t *testing.T) {
	s, _ := shipped(t)
	if err := s.CheckCodes(codes(s, "W13")); err != nil {
		t.Error(err)
	}
	gap := codes(s)
	delete(gap, "T05")
	wrong := codes(s)
	wrong["T05"] = 2
	extra := codes(s)
	extra["Z01"] = 0
	for name, c := range map[string]Codes{"gap": gap, "wrong code": wrong, "unknown feature": extra, "empty": nil} {
		if s.CheckCodes(c) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func near(got *float64, want float64) bool { return got != nil && math.Abs(*got-want) < 1e-9 }

// cells makes the pairs of a table.
func cells(a, b, c, d int) []Pair {
	var list []Pair
	add := func(n int, p Pair) {
		for range n {
			list = append(list, p)
		}
	}
	add(a, Pair{1, 1})
	add(b, Pair{1, 0})
	add(c, Pair{0, 1})
	add(d, Pair{0, 0})
	return list
}

func TestKappa(t *testing.T) {
	g := AgreementOf(cells(20, 5, 10, 15))
	if math.Abs(g.Observed-0.70) > 1e-9 || math.Abs(g.Expected-0.50) > 1e-9 || !near(g.Kappa, 0.40) || !near(g.Positive, 40.0/55) {
		t.Errorf("the vector of the reference: %+v", g)
	}
	for _, c := range []struct {
		name       string
		a, b, c, d int
		kappa      float64 // NaN: undefined
		why        string
		positive   float64 // NaN: undefined
		band       string
	}{
		{"nothing", 0, 0, 0, 0, math.NaN(), "no_pairs", math.NaN(), "undefined"},
		{"nobody ever saw it", 0, 0, 0, 50, math.NaN(), "no_variance", math.NaN(), "undefined"},
		{"both always saw it", 50, 0, 0, 0, math.NaN(), "no_variance", 1, "undefined"},
		{"one pair", 1, 0, 0, 0, math.NaN(), "no_variance", 1, "undefined"},
		{"full agreement", 10, 0, 0, 40, 1, "", 1, "almost_perfect"},
		{"full disagreement", 0, 5, 5, 0, -1, "", 0, "poor"},
		{"as by chance", 25, 25, 25, 25, 0, "", 0.5, "poor"},
		{"one rater constant", 0, 0, 5, 45, 0, "", 0, "poor"},
		{"one rater always yes", 30, 20, 0, 0, 0, "", 0.75, "poor"},
		{"rare feature, kappa paradox", 1, 2, 2, 95, 0.3127147766323024, "", 1.0 / 3, "poor"},
	} {
		g := AgreementOf(cells(c.a, c.b, c.c, c.d))
		if math.IsNaN(c.kappa) != (g.Kappa == nil) || g.Kappa != nil && !near(g.Kappa, c.kappa) || g.Undefined != c.why || g.Band() != c.band {
			t.Errorf("%s: %+v %s", c.name, g, g.Band())
			if g.Kappa != nil {
				t.Errorf("kappa %v", *g.Kappa)
			}
		}
		if math.IsNaN(c.positive) != (g.Positive == nil) || g.Positive != nil && !near(g.Positive, c.positive) {
			t.Errorf("%s: positive agreement %v", c.name, g.Positive)
		}
	}
	g = AgreementOf([]Pair{{9, 1}, {1, 9}, {9, 9}, {1, 1}, {0, 0}})
	if g.Excluded != 3 || g.Both != 1 || g.Neither != 1 || !near(g.Kappa, 1) {
		t.Errorf("cannot tell: %+v", g)
	}
}

func TestBands(t *testing.T) {
	for k, want := range map[float64]string{0.4099: "poor", 0.41: "moderate", 0.6099: "moderate", 0.61: "substantial", 0.8099: "substantial", 0.81: "almost_perfect", -0.5: "poor"} {
		if got := (Agreement{Kappa: &k}).Band(); got != want {
			t.Errorf("%v is %s, want %s", k, got, want)
		}
	}
	_, rule := shipped(t)
	low, at := 0.5999, 0.60
	if !(Agreement{Kappa: &low}).Retrain(rule) || (Agreement{Kappa: &at}).Retrain(rule) || (Agreement{}).Retrain(rule) {
		t.Error("retraining starts below .60, and not where kappa is undefined")
	}
}

// κ doesn't depend on which rater is called A, nor on the order of drawings,
// and lies between -1 and 1.
func TestKappaProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		var pairs, turned []Pair
		for range rnd.IntN(30) {
			p := Pair{[]Code{0, 1, 9}[rnd.IntN(3)], []Code{0, 0, 1, 9}[rnd.IntN(4)]}
			pairs, turned = append(pairs, p), append(turned, Pair{p.B, p.A})
		}
		g := AgreementOf(pairs)
		rnd.Shuffle(len(turned), func(i, j int) { turned[i], turned[j] = turned[j], turned[i] })
		h := AgreementOf(turned)
		if (g.Kappa == nil) != (h.Kappa == nil) || g.Kappa != nil && (math.Abs(*g.Kappa-*h.Kappa) > 1e-12 || *g.Kappa > 1 || *g.Kappa < -1 || math.IsNaN(*g.Kappa)) {
			t.Fatalf("%v: %v, turned %v", pairs, g.Kappa, h.Kappa)
		}
		if (g.Kappa == nil) == (g.Undefined == "") {
			t.Fatalf("%v: an undefined kappa must say why", pairs)
		}
	}
}

func TestThirdRater(t *testing.T) {
	s, rule := shipped(t)
	three := []string{"W06", "W07", "W08"}
	for _, c := range []struct {
		name string
		a, b Codes
		want State
		why  string
	}{
		{"the same", codes(s, "W06"), codes(s, "W06"), Decided, ""},
		{"sums two apart", codes(s, "W06", "W07"), codes(s), Decided, ""},
		{"sums three apart", codes(s, three...), codes(s), WaitsThird, "sum"},
		{"three by tradition don't count", codes(s, "W03", "W04", "W17"), codes(s), Decided, ""},
		{"three different, equal sums", codes(s, "W06", "W07", "W08"), codes(s, "H01", "H02", "H03"), Decided, ""},
		{"explicit content seen by one", codes(s, "W20"), codes(s), WaitsThird, "W20"},
		{"written words seen by one", codes(s), codes(s, "W21"), WaitsThird, "W21"},
		{"explicit content seen by both", codes(s, "W20"), codes(s, "W20"), Decided, ""},
		{"ruin against cannot tell", codes(s, "H12"), func() Codes { c := codes(s); c["H12"] = CannotTell; return c }(), WaitsThird, "H12"},
	} {
		got, err := s.Decide([]Rating{rating("a", c.a, 1), rating("b", c.b, 2)}, rule)
		if err != nil || got.State != c.want || strings.Join(got.Why, " ") != c.why {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	a, b := codes(s, "W20", "W06", "T01"), codes(s, "W06", "H01")
	third := codes(s, "W20", "T01")
	third["H01"] = CannotTell
	got, err := s.Decide([]Rating{rating("c", third, 9), rating("a", a, 1), rating("b", b, 2)}, rule)
	if err != nil || got.State != Decided {
		t.Fatalf("%+v, %v", got, err)
	}
	for code, want := range map[string]Code{"W20": 1, "W06": 1, "T01": 1, "H01": CannotTell, "W13": 0} {
		if got.Codes[code] != want {
			t.Errorf("%s is %d, want %d", code, got.Codes[code], want)
		}
	}
	if got.Sum != 2 {
		t.Errorf("sum %d", got.Sum)
	}
	if _, err := s.Decide([]Rating{rating("a", a, 1), rating("a", b, 2)}, rule); err == nil {
		t.Error("one rater counted as two")
	}
	if got, _ := s.Decide(nil, rule); got.State != WaitsFirst {
		t.Error(got.State)
	}
	if got, _ := s.Decide([]Rating{rating("a", a, 1)}, rule); got.State != WaitsSecond || got.Codes != nil {
		t.Error(got.State)
	}
}

func TestUrgentWaitsForNobody(t *testing.T) {
	s, _ := shipped(t)
	if got := s.Urgent(codes(s, "W20", "H12", "W06")); !slices.Equal(got, []string{"W20", "H12"}) {
		t.Errorf("%v", got)
	}
	if got := s.Urgent(codes(s, "W06")); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Blindness as an access rule: who sees what, at every stage.
func TestBlindness(t *testing.T) {
	s, rule := shipped(t)
	shown := Shown{Drawing: "d-17", Image: "img", AgeBand: "8-10", Sex: "f"}
	apart := []Rating{rating("a", codes(s, "W20"), 1), rating("b", codes(s), 2)}
	stages := map[string][]Rating{
		"none":    nil,
		"one":     apart[:1],
		"two":     apart,
		"decided": append(slices.Clone(apart), rating("c", codes(s, "W20"), 3)),
	}
	for _, c := range []struct {
		stage  string
		viewer RaterID
		mine   bool
		others int
	}{
		{"none", "a", false, 0}, {"one", "a", true, 0}, {"one", "b", false, 0},
		{"two", "a", true, 0}, {"two", "b", true, 0}, {"two", "c", false, 0},
		{"decided", "a", true, 2}, {"decided", "b", true, 2}, {"decided", "c", true, 2}, {"decided", "d", false, 0},
	} {
		v := s.ViewOf(c.viewer, shown, stages[c.stage], rule)
		if (v.Mine != nil) != c.mine || len(v.Others) != c.others || (v.Final != nil) != (c.others > 0) {
			t.Errorf("%s at stage %s sees %+v", c.viewer, c.stage, v)
		}
		if v.Mine != nil && v.Mine.Rater != c.viewer {
			t.Errorf("%s is shown the sheet of %s as his own", c.viewer, v.Mine.Rater)
		}
	}
	// What the page gets has these fields and no other.
	data, _ := json.Marshal(s.ViewOf("d", shown, stages["decided"], rule))
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, []string{"age_band", "colours", "drawing", "image", "sex", "time_limit"}) {
		t.Errorf("a rater gets %v", got)
	}
	if v := ViewOfRepeat(shown, "d-99"); v.Drawing != "d-99" || v.Mine != nil || v.Image != "img" {
		t.Errorf("a hidden repeat shows %+v", v)
	}
}

func TestAccept(t *testing.T) {
	s, rule := shipped(t)
	one := []Rating{rating("a", codes(s), 1)}
	two := append(slices.Clone(one), rating("b", codes(s), 2))
	repeat := func(r RaterID) Rating { x := rating(r, codes(s), 5); x.Repeat = true; return x }
	for _, c := range []struct {
		name string
		have []Rating
		next Rating
		ok   bool
	}{
		{"first", nil, rating("a", codes(s), 1), true},
		{"second", one, rating("b", codes(s), 2), true},
		{"the same again", one, rating("a", codes(s), 2), false},
		{"a third where two agree", two, rating("c", codes(s), 3), false},
		{"nobody", nil, rating("", codes(s), 1), false},
		{"an unfinished sheet", nil, rating("a", Codes{"W01": 0}, 1), false},
		{"a repeat", two, repeat("a"), true},
		{"a repeat of what he never rated", two, repeat("c"), false},
		{"a repeat twice", append(slices.Clone(two), repeat("a")), repeat("a"), false},
	} {
		if err := s.Accept(c.have, c.next, rule); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	apart := []Rating{rating("a", codes(s, "W20"), 1), rating("b", codes(s), 2)}
	if err := s.Accept(apart, rating("c", codes(s), 3), rule); err != nil {
		t.Errorf("the third rater: %v", err)
	}
}

// A drawing never sets a colour: all it can give is a mark that ends.
func TestMarkExpires(t *testing.T) {
	s, rule := shipped(t)
	var all []string
	for _, f := range s.Features {
		if s.Counts(f) {
			all = append(all, f.Code)
		}
	}
	decide := func(n int) Final {
		c := codes(s, all[:n]...)
		f, err := s.Decide([]Rating{rating("a", c, 1), rating("b", c, 2)}, rule)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for n, want := range map[int]bool{0: false, rule.TalkFromSum - 1: false, rule.TalkFromSum: true, rule.TalkFromSum + 1: true} {
		if m := MarkOf(decide(n), rule, noon); m.Set != want {
			t.Errorf("sum %d: %+v", n, m)
		}
	}
	m := MarkOf(decide(rule.TalkFromSum), rule, noon)
	end := noon.AddDate(0, 0, rule.TalkExpiresAfterDays)
	if !m.Holds(noon) || !m.Holds(end.Add(-time.Second)) || m.Holds(end) {
		t.Errorf("%+v", m)
	}
	if MarkOf(Final{State: WaitsThird, Sum: 99}, rule, noon).Set {
		t.Error("an undecided drawing set a mark")
	}
	// Features by tradition alone, all of them, set nothing.
	c := codes(s)
	for _, f := range s.Features {
		if !s.Counts(f) && !f.Urgent() {
			c[f.Code] = Present
		}
	}
	f, _ := s.Decide([]Rating{rating("a", c, 1), rating("b", c, 2)}, rule)
	if f.Sum != 0 || MarkOf(f, rule, noon).Set {
		t.Errorf("tradition alone: %+v", f)
	}
}

func TestOneOfEachBlockIsRepeated(t *testing.T) {
	_, rule := shipped(t)
	size := rule.Block()
	if size != 14 {
		t.Fatalf("of %d drawings one, wanted about 7 of a hundred", size)
	}
	if (Rule{}).Block() != 0 {
		t.Error("a rule without repeats repeats")
	}
	at := map[int]int{}
	for n := range 2000 {
		block := make([]Once, size)
		for i := range block {
			block[i] = Once{[]byte("seed"), fmt.Sprint(n, "-", i)}
		}
		k := RepeatOf("a", block)
		if k != RepeatOf("a", block) {
			t.Fatal("the choice changed")
		}
		at[k]++
	}
	// No place in a block is safe from being asked again, none is sure.
	for i := range size {
		if at[i] < 2000/size/2 || at[i] > 2000/size*2 {
			t.Errorf("place %d was chosen %d times of 2000", i, at[i])
		}
	}
}

func TestReport(t *testing.T) {
	s, _ := shipped(t)
	var batch []Drawing
	// The vector of the reference on T02, seen by raters a and b; who was
	// first alternates.
	for i, p := range cells(20, 5, 10, 15) {
		x, y := codes(s), codes(s)
		x["T02"], y["T02"] = p.A, p.B
		d := Drawing{fmt.Sprint(i), []Rating{rating("a", x, 1+i%2*2), rating("b", y, 2), rating("c", codes(s, "T02"), 9)}}
		if i < 5 {
			again := rating("a", codes(s), 8)
			again.Repeat = true
			d.Ratings = append(d.Ratings, again)
		}
		batch = append(batch, d)
	}
	r := s.ReportOf(batch)
	if g := r.Features["T02"]; !near(g.Kappa, 0.40) || g.OnlyA != 5 || g.OnlyB != 10 {
		t.Errorf("T02: %+v", g)
	}
	if g := r.Features["T03"]; g.Undefined != "no_variance" || g.Neither != 50 {
		t.Errorf("T03: %+v", g)
	}
	if g := r.Raters["a"]; g.OnlyA != 5 || g.OnlyB != 10 {
		t.Errorf("rater a: %+v", g)
	}
	if g := r.Raters["b"]; g.OnlyA != 10 || g.OnlyB != 5 {
		t.Errorf("rater b: %+v", g)
	}
	if _, ok := r.Raters["c"]; ok {
		t.Error("the third rater stands in the figures")
	}
	if g := r.Repeats["a"]; g.OnlyA != 5 || g.Neither != 5*55 {
		t.Errorf("repeats: %+v", g)
	}
}

func TestTraining(t *testing.T) {
	s, rule := shipped(t)
	ref := map[string]Codes{}
	for i := range 20 {
		ref[fmt.Sprint(i)] = codes(s)
		if i%2 == 0 {
			ref[fmt.Sprint(i)] = codes(s, "T02", "W20")
		}
	}
	perfect := map[string]Codes{}
	for id, c := range ref {
		perfect[id] = maps.Clone(c)
	}
	if got := s.TrainingOf(ref, perfect, rule); !got.Passed {
		t.Errorf("a perfect trainee failed: %+v", got)
	}
	blind := map[string]Codes{}
	for id, c := range ref {
		blind[id] = maps.Clone(c)
	}
	blind["4"]["W20"] = CannotTell
	if got := s.TrainingOf(ref, blind, rule); got.Passed || !slices.Equal(got.MissedUrgent, []string{"4"}) {
		t.Errorf("missed explicit content: %+v", got)
	}
	weak := map[string]Codes{}
	for id, c := range ref {
		weak[id] = maps.Clone(c)
		weak[id]["T02"] = Present
	}
	if got := s.TrainingOf(ref, weak, rule); got.Passed || !slices.Equal(got.Weak, []string{"T02"}) {
		t.Errorf("sees a dead tree always: weak %v", got.Weak)
	}
	if s.TrainingOf(ref, nil, rule).Passed || s.TrainingOf(nil, perfect, rule).Passed {
		t.Error("passed without a drawing")
	}
}

func TestValidity(t *testing.T) {
	yes, no := true, false
	var list []Outcome
	add := func(n int, o Outcome) {
		for range n {
			list = append(list, o)
		}
	}
	add(5, Outcome{true, &yes})
	add(15, Outcome{true, &no})
	add(5, Outcome{false, &yes})
	add(75, Outcome{false, &no})
	add(7, Outcome{true, nil})
	v := ValidityOf(list)
	if !near(v.Sensitivity.Value, 0.5) || !near(v.Specificity.Value, 75.0/90) || !near(v.PPV.Value, 0.25) || !near(v.NPV.Value, 75.0/80) || v.Waiting != 7 {
		t.Errorf("%+v", v)
	}
	// Wilson's interval of 5 of 20 (Newcombe 1998, method 3): .1119 to .4687.
	if math.Abs(*v.PPV.Low-0.1119) > 5e-5 || math.Abs(*v.PPV.High-0.4687) > 5e-5 {
		t.Errorf("interval %v to %v", *v.PPV.Low, *v.PPV.High)
	}
	if e := ValidityOf(nil); e.PPV.Value != nil || e.Sensitivity.Of != 0 {
		t.Errorf("nothing gave %+v", e)
	}
	if z := ShareOf(0, 10); *z.Low != 0 || *z.High < 0.2 {
		t.Errorf("0 of 10: %+v", z)
	}
}

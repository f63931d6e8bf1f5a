package coding

import (
	"math"
	"slices"
	"strings"
)

// Pair is two codes of one feature in one drawing.
type Pair struct{ A, B Code }

// Agreement is how far two lists of codes agree on one feature.
type Agreement struct {
	// Both, OnlyA, OnlyB and Neither are the four cells of the table.
	Both    int `json:"both"`
	OnlyA   int `json:"only_a"`
	OnlyB   int `json:"only_b"`
	Neither int `json:"neither"`
	// Excluded counts pairs with a "cannot tell", which are left out.
	Excluded int `json:"excluded"`
	// Kappa is Cohen's κ; nil when it is undefined, and Undefined says why:
	// "no_pairs", or "no_variance" when chance alone would agree always. It is
	// not 1 then.
	Kappa     *float64 `json:"kappa"`
	Undefined string   `json:"undefined,omitempty"`
	Observed  float64  `json:"observed"`
	Expected  float64  `json:"expected"`
	// Positive is 2a/(2a+b+c), which rare features need beside κ; nil when
	// nobody saw the feature.
	Positive *float64 `json:"positive"`
}

// AgreementOf counts pairs and computes the figures.
func AgreementOf(pairs []Pair) Agreement {
	var g Agreement
	for _, p := range pairs {
		switch {
		case p.A == CannotTell || p.B == CannotTell:
			g.Excluded++
		case p.A == Present && p.B == Present:
			g.Both++
		case p.A == Present:
			g.OnlyA++
		case p.B == Present:
			g.OnlyB++
		default:
			g.Neither++
		}
	}
	return g.compute()
}

func (g Agreement) compute() Agreement {
	a, b, c, d := float64(g.Both), float64(g.OnlyA), float64(g.OnlyB), float64(g.Neither)
	n := a + b + c + d
	if a+b+c > 0 {
		p := 2 * a / (2*a + b + c)
		g.Positive = &p
	}
	if n == 0 {
		g.Undefined = "no_pairs"
		return g
	}
	g.Observed = (a + d) / n
	g.Expected = ((a+b)*(a+c) + (c+d)*(b+d)) / (n * n)
	// Both raters constant on the same code: in whole numbers, so that no
	// rounding decides.
	if g.OnlyA+g.OnlyB == 0 && (g.Both == 0 || g.Neither == 0) {
		g.Undefined = "no_variance"
		return g
	}
	k := (g.Observed - g.Expected) / (1 - g.Expected)
	g.Kappa = &k
	return g
}

// Band names the size of κ by the limits .41, .61 and .81.
func (g Agreement) Band() string {
	switch k := g.Kappa; {
	case k == nil:
		return "undefined"
	case *k >= 0.81:
		return "almost_perfect"
	case *k >= 0.61:
		return "substantial"
	case *k >= 0.41:
		return "moderate"
	default:
		return "poor"
	}
}

// Retrain reports whether the feature is to be dropped or trained again. An
// undefined κ is no reason: there was nothing to disagree on.
func (g Agreement) Retrain(rule Rule) bool {
	return g.Kappa != nil && *g.Kappa < rule.RetrainBelowKappa
}

// Drawing is a drawing with its ratings.
type Drawing struct {
	ID      string
	Ratings []Rating
}

// Report is the agreement in a batch.
type Report struct {
	Features map[string]Agreement `json:"features"` // first against second rater
	// Raters has, for each rater, his codes against those of whoever shared the
	// drawing, over all features.
	Raters map[RaterID]Agreement `json:"raters"`
	// Repeats has, for each rater, his hidden repeats against his own first codes.
	Repeats map[RaterID]Agreement `json:"repeats"`
}

// ReportOf works out a batch. The third rater's sheet is no part of it: he is
// called only where two differ, and would spoil the figures.
func (s Sheet) ReportOf(batch []Drawing) Report {
	features := map[string][]Pair{}
	raters, repeats := map[RaterID][]Pair{}, map[RaterID][]Pair{}
	for _, d := range batch {
		first := firstTwo(d.Ratings)
		if len(first) == 2 {
			for _, f := range s.Features {
				p := Pair{first[0].Codes[f.Code], first[1].Codes[f.Code]}
				features[f.Code] = append(features[f.Code], p)
				raters[first[0].Rater] = append(raters[first[0].Rater], p)
				raters[first[1].Rater] = append(raters[first[1].Rater], Pair{p.B, p.A})
			}
		}
		for _, r := range d.Ratings {
			own := slices.IndexFunc(d.Ratings, func(o Rating) bool { return o.Rater == r.Rater && !o.Repeat })
			if !r.Repeat || own < 0 {
				continue
			}
			for _, f := range s.Features {
				repeats[r.Rater] = append(repeats[r.Rater], Pair{d.Ratings[own].Codes[f.Code], r.Codes[f.Code]})
			}
		}
	}
	out := Report{map[string]Agreement{}, map[RaterID]Agreement{}, map[RaterID]Agreement{}}
	for _, f := range s.Features {
		out.Features[f.Code] = AgreementOf(features[f.Code])
	}
	for id, pairs := range raters {
		out.Raters[id] = AgreementOf(pairs)
	}
	for id, pairs := range repeats {
		out.Repeats[id] = AgreementOf(pairs)
	}
	return out
}

// firstTwo gives the two sheets that were first, ordered by rater so that a
// table is the same however the batch is read.
func firstTwo(ratings []Rating) []Rating {
	var list []Rating
	for _, r := range ratings {
		if !r.Repeat {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Rating) int { return a.Submitted.Compare(b.Submitted) })
	list = list[:min(2, len(list))]
	slices.SortFunc(list, func(a, b Rating) int { return strings.Compare(string(a.Rater), string(b.Rater)) })
	return list
}

// Training is a trainee's work against reference codes.
type Training struct {
	Features map[string]Agreement `json:"features"`
	// MissedUrgent lists drawings where a critical or review code of the
	// reference was not seen; one is enough to fail.
	MissedUrgent []string `json:"missed_urgent"`
	// Weak lists features below the limit for κ.
	Weak   []string `json:"weak"`
	Passed bool     `json:"passed"`
}

// TrainingOf compares a trainee's sheets with the reference, by drawing.
// Drawings without a reference are left out; no drawing at all is no pass.
func (s Sheet) TrainingOf(reference, work map[string]Codes, rule Rule) Training {
	var t Training
	t.Features = map[string]Agreement{}
	pairs := map[string][]Pair{}
	for id, codes := range work {
		ref, ok := reference[id]
		if !ok {
			continue
		}
		missed := false
		for _, f := range s.Features {
			pairs[f.Code] = append(pairs[f.Code], Pair{ref[f.Code], codes[f.Code]})
			missed = missed || f.Urgent() && ref[f.Code] == Present && codes[f.Code] != Present
		}
		if missed {
			t.MissedUrgent = append(t.MissedUrgent, id)
		}
	}
	for _, f := range s.Features {
		g := AgreementOf(pairs[f.Code])
		t.Features[f.Code] = g
		if g.Retrain(rule) {
			t.Weak = append(t.Weak, f.Code)
		}
	}
	slices.Sort(t.MissedUrgent)
	t.Passed = len(pairs) > 0 && len(t.Weak) == 0 && len(t.MissedUrgent) == 0
	return t
}

// Share is a proportion with Wilson's 95 % interval; Of 0 has neither.
type Share struct {
	Count int      `json:"count"`
	Of    int      `json:"of"`
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// ShareOf computes a proportion.
func ShareOf(count, of int) Share {
	s := Share{Count: count, Of: of}
	if of == 0 {
		return s
	}
	const z = 1.959963984540054 // two-sided 95 %
	n, p := float64(of), float64(count)/float64(of)
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high := max(0, mid-half), min(1, mid+half)
	s.Value, s.Low, s.High = &p, &low, &high
	return s
}

// Validity is how the mark fared against what professionals found later. It is
// reported after each batch, whatever it says.
type Validity struct {
	Sensitivity Share `json:"sensitivity"`
	Specificity Share `json:"specificity"`
	PPV         Share `json:"ppv"`
	NPV         Share `json:"npv"`
	// Waiting counts drawings whose child no professional has assessed: they
	// are in no figure. When mostly marked children are assessed, sensitivity
	// and specificity flatter (verification bias).
	Waiting int `json:"waiting"`
}

// Outcome is one child's mark and what a professional found: nil when nobody
// assessed the child yet.
type Outcome struct {
	Marked bool
	Found  *bool
}

// ValidityOf works out a batch.
func ValidityOf(list []Outcome) Validity {
	var tp, fp, fn, tn, waiting int
	for _, o := range list {
		switch {
		case o.Found == nil:
			waiting++
		case o.Marked && *o.Found:
			tp++
		case o.Marked:
			fp++
		case *o.Found:
			fn++
		default:
			tn++
		}
	}
	return Validity{ShareOf(tp, tp+fn), ShareOf(tn, tn+fp), ShareOf(tp, tp+fp), ShareOf(tn, tn+fn), waiting}
}

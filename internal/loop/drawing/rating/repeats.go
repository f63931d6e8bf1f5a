package rating

import (
	"cmp"
	"context"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Steadiness is how a rater's hidden repeats agree with the own first sheets,
// as a supervisor sees it.
type Steadiness struct {
	Account   id.ID            `json:"account"`
	Name      string           `json:"name"`
	Rated     int              `json:"rated"` // drawings, repeats not counted
	Agreement coding.Agreement `json:"agreement"`
	Weak      []string         `json:"weak"` // features coded otherwise the second time, the most frequent first
	Repeats   []Twice          `json:"repeats"`
}

// Twice is one drawing that a rater coded two times.
type Twice struct {
	Drawing id.ID        `json:"drawing"`
	Batch   string       `json:"batch"`
	First   clock.Millis `json:"first"`
	Again   clock.Millis `json:"again"`
	Apart   []Apart      `json:"apart"`
}

// Apart is a feature coded otherwise the second time.
type Apart struct {
	Code  string      `json:"code"`
	First coding.Code `json:"first"`
	Again coding.Code `json:"again"`
}

// repeatsMost bounds the repeats of one answer, the newest first.
const repeatsMost = 500

// Repeats gives each rater's hidden repeats of the actor's areas: who differs
// from himself most stands first. It names no child, and never the actor's own:
// who rates too must not learn which were repeated. Errors: Forbidden.
func (s *Service) Repeats(ctx context.Context) ([]Steadiness, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.report"); err != nil {
		return nil, err
	}
	out := []Steadiness{}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		in, args := access.Where("d.region", a.Areas("drawing.report"))
		again, err := ratingsOf(ctx, r, "is_repeat AND rater <> ? AND drawing_id IN (SELECT d.id FROM drawing d WHERE d.subject <> '' AND "+in+")", append([]any{a.Account}, args...)...)
		if err != nil {
			return err
		}
		slices.SortFunc(again, func(p, q ratingRow) int {
			return cmp.Or(cmp.Compare(q.SubmittedAt, p.SubmittedAt), cmp.Compare(q.ID, p.ID))
		})
		again = again[:min(len(again), repeatsMost)]
		of := map[id.ID]*Steadiness{}
		pairs, weak := map[id.ID][]coding.Pair{}, map[id.ID]map[string]int{}
		for _, row := range again {
			x, ps, err := s.twice(ctx, r, row)
			if err != nil {
				return err
			}
			if len(ps) == 0 {
				continue
			}
			if of[row.Rater] == nil {
				of[row.Rater], weak[row.Rater] = &Steadiness{Account: row.Rater, Weak: []string{}, Repeats: []Twice{}}, map[string]int{}
			}
			of[row.Rater].Repeats = append(of[row.Rater].Repeats, x)
			pairs[row.Rater] = append(pairs[row.Rater], ps...)
			for _, f := range x.Apart {
				weak[row.Rater][f.Code]++
			}
		}
		accounts := make([]id.ID, 0, len(of))
		for n := range of {
			accounts = append(accounts, n)
		}
		names, err := s.Ports.Names(ctx, r, accounts...)
		if err != nil {
			return err
		}
		for n, x := range of {
			x.Name, x.Agreement = names[n], coding.AgreementOf(pairs[n])
			for code := range weak[n] {
				x.Weak = append(x.Weak, code)
			}
			slices.SortFunc(x.Weak, func(p, q string) int { return cmp.Or(weak[n][q]-weak[n][p], cmp.Compare(p, q)) })
			if err := r.Get(ctx, db.To(&x.Rated), "SELECT COUNT(*) FROM drawing_rating WHERE rater = ? AND NOT is_repeat", n); err != nil {
				return err
			}
			out = append(out, *x)
		}
		slices.SortFunc(out, func(p, q Steadiness) int {
			return cmp.Or(cmp.Compare(share(q), share(p)), cmp.Compare(p.Name, q.Name), cmp.Compare(p.Account, q.Account))
		})
		return nil
	})
	if err == nil {
		for _, x := range out {
			audit.Show(ctx, "drawing.report", "repeats", "", audit.Shown{Kind: "account", ID: x.Account, Fields: []string{"rating_repeats"}})
		}
	}
	return out, err
}

// share is of how many codes the second sheet says otherwise.
func share(x Steadiness) float64 {
	n := x.Agreement.Both + x.Agreement.OnlyA + x.Agreement.OnlyB + x.Agreement.Neither
	if n == 0 {
		return 0
	}
	return float64(x.Agreement.OnlyA+x.Agreement.OnlyB) / float64(n)
}

// twice compares a repeat with the rater's first sheet of the drawing; no pairs
// where there is none.
func (s *Service) twice(ctx context.Context, r db.Reader, again ratingRow) (Twice, []coding.Pair, error) {
	rows, err := ratingsOf(ctx, r, "drawing_id = ? AND rater = ? AND NOT is_repeat", again.Drawing, again.Rater)
	if err != nil || len(rows) == 0 {
		return Twice{}, nil, err
	}
	d, err := batch.FindDrawing(ctx, r, again.Drawing)
	if err != nil {
		return Twice{}, nil, err
	}
	b, err := batch.FindBatch(ctx, r, d.BatchID)
	if err != nil {
		return Twice{}, nil, err
	}
	both, err := s.unseal(d, []ratingRow{rows[0], again})
	if err != nil {
		return Twice{}, nil, err
	}
	x := Twice{Drawing: d.ID, Batch: b.Title, First: rows[0].SubmittedAt, Again: again.SubmittedAt, Apart: []Apart{}}
	pairs := make([]coding.Pair, 0, len(s.Sheet.Features))
	for _, f := range s.Sheet.Features {
		p := coding.Pair{A: both[0].Codes[f.Code], B: both[1].Codes[f.Code]}
		pairs = append(pairs, p)
		if p.A != p.B {
			x.Apart = append(x.Apart, Apart{f.Code, p.A, p.B})
		}
	}
	return x, pairs, nil
}

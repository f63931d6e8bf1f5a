package rating

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/people/access"
)

// ReportOf works out a batch's agreement by feature and rater, and how the mark
// fared against what professionals found later. It names no child.
//
// Errors: Forbidden, NotFound.
func (s *Service) ReportOf(ctx context.Context, batchID id.ID) (Report, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.report"); err != nil {
		return Report{}, err
	}
	out := Report{Retrain: []string{}, Raters: []RaterName{}, Warning: s.Sheet.Warning["zh"]}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		b, err := batch.FindBatch(ctx, r, batchID)
		if err != nil {
			return err
		}
		if err := access.Check(a, "drawing.report", access.Target{Region: b.Region}); err != nil {
			return err
		}
		drawings, err := batch.SelectDrawings(ctx, r, "batch_id = ? AND state = 'rating' ORDER BY created_at, id", batchID)
		if err != nil {
			return err
		}
		rows, err := ratingsOf(ctx, r, "batch_id = ?", batchID)
		if err != nil {
			return err
		}
		byDrawing := map[id.ID][]ratingRow{}
		for _, row := range rows {
			byDrawing[row.Drawing] = append(byDrawing[row.Drawing], row)
		}
		marks, err := marksWhere(ctx, r, "batch_id = ?", batchID)
		if err != nil {
			return err
		}
		marked := map[id.ID]bool{}
		for _, m := range marks {
			marked[m.Drawing] = true
		}
		out.Drawings, out.Marked = len(drawings), len(marks)
		rated := map[id.ID]int{}
		var coded []coding.Drawing
		var children []id.ID
		for _, d := range drawings {
			if d.Subject == "" {
				out.Unreadable++
				continue
			}
			ratings, err := s.unseal(d, byDrawing[d.ID])
			if err != nil {
				return err
			}
			// A rater whose second has not come yet must not be told of his
			// agreement drawing by drawing; only decided ones are counted.
			if d.Rating != string(coding.Decided) {
				continue
			}
			out.Decided++
			coded = append(coded, coding.Drawing{ID: string(d.ID), Ratings: ratings})
			children = append(children, d.ChildID)
			for _, x := range ratings {
				if !x.Repeat {
					rated[id.ID(x.Rater)]++
				}
			}
		}
		out.Agreement = s.Sheet.ReportOf(coded)
		rule := s.rule(r.At())
		for code, g := range out.Agreement.Features {
			if g.Retrain(rule) {
				out.Retrain = append(out.Retrain, code)
			}
		}
		slices.Sort(out.Retrain)
		if err := s.raters(ctx, r, rated, &out); err != nil {
			return err
		}
		out.Validity, err = s.validity(ctx, r, b, drawings, marked, children)
		return err
	})
	return out, err
}

func (s *Service) raters(ctx context.Context, r db.Reader, rated map[id.ID]int, out *Report) error {
	accounts := make([]id.ID, 0, len(rated))
	for a := range rated {
		accounts = append(accounts, a)
	}
	names, err := s.Ports.Names(ctx, r, accounts...)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		out.Raters = append(out.Raters, RaterName{coding.RaterID(a), names[a], rated[a]})
	}
	slices.SortFunc(out.Raters, func(x, y RaterName) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return nil
}

// validity compares the mark with what professionals found after the drawing.
func (s *Service) validity(ctx context.Context, r db.Reader, b batch.Batch, drawings []batch.Drawing, marked map[id.ID]bool, children []id.ID) (coding.Validity, error) {
	found, err := s.Ports.Found(ctx, r, b.CreatedAt, children...)
	if err != nil {
		return coding.Validity{}, err
	}
	var list []coding.Outcome
	for _, d := range drawings {
		if d.Rating != string(coding.Decided) {
			continue
		}
		o := coding.Outcome{Marked: marked[d.ID]}
		if f, ok := found[d.ChildID]; ok {
			o.Found = &f
		}
		list = append(list, o)
	}
	return coding.ValidityOf(list), nil
}

// Figure is a number with the drawings it was counted from.
type Figure struct {
	Drawings int `json:"drawings"` // collected and read
	Children int `json:"children"` // with 建议谈话
}

// FigureOf counts, for the year's page (D09), the drawings collected in the
// areas between two instants and the children flagged by them.
//
// Errors: Forbidden.
func (s *Service) FigureOf(ctx context.Context, r db.Reader, areas []string, from, to int64) (Figure, error) {
	var out Figure
	in, args := access.Where("region", areas)
	if err := r.Get(ctx, db.To(&out.Drawings), "SELECT COUNT(*) FROM drawing WHERE state <> 'out' AND created_at >= ? AND created_at < ? AND "+in,
		append([]any{from, to}, args...)...); err != nil {
		return out, err
	}
	err := r.Get(ctx, db.To(&out.Children), "SELECT COUNT(DISTINCT child_id) FROM drawing_mark WHERE set_at >= ? AND set_at < ? AND "+in,
		append([]any{from, to}, args...)...)
	if errs.Is(err, errs.KindNotFound) {
		err = nil
	}
	return out, err
}

package rating

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Reference is a drawing to train on, as its keepers see it.
type Reference struct {
	ID      id.ID        `json:"id"`
	Drawing id.ID        `json:"drawing"`
	Note    string       `json:"note"`
	Present []string     `json:"present"` // codes that a trainee must see
	ByName  string       `json:"by_name"`
	MadeAt  clock.Millis `json:"made_at"`
	Tried   int          `json:"tried"` // trainees
}

// Trainee is who practises, and how he did.
type Trainee struct {
	Account id.ID        `json:"account"`
	Name    string       `json:"name"`
	Done    int          `json:"done"`
	Of      int          `json:"of"`
	Passed  bool         `json:"passed"`
	Missed  int          `json:"missed"` // drawings where he overlooked what goes to a person at once
	Weak    []string     `json:"weak"`   // features below the limit for κ
	LastAt  clock.Millis `json:"last_at"`
}

// TrainingDesk is the training as a supervisor sees it.
type TrainingDesk struct {
	References []Reference `json:"references"`
	Trainees   []Trainee   `json:"trainees"` // who has not passed first
}

// Trainings gives the references of the actor's areas and who practised on
// them. Errors: Forbidden.
func (s *Service) Trainings(ctx context.Context) (TrainingDesk, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.train"); err != nil {
		return TrainingDesk{}, err
	}
	out := TrainingDesk{References: []Reference{}, Trainees: []Trainee{}}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := references(ctx, r)
		if err != nil {
			return err
		}
		should := map[string]coding.Codes{}
		did := map[id.ID]map[string]coding.Codes{}
		last := map[id.ID]clock.Millis{}
		names := []id.ID{}
		for _, ref := range list {
			d, err := batch.FindDrawing(ctx, r, ref.Drawing)
			if err != nil {
				return err
			}
			if access.Check(a, "drawing.train", access.Target{Region: d.Region}) != nil {
				continue
			}
			trials, err := trialsWhere(ctx, r, "reference_id = ?", ref.ID)
			if err != nil {
				return err
			}
			k, err := s.kept(d, ref)
			if err != nil {
				return err
			}
			should[string(ref.ID)] = k.should
			for _, t := range trials {
				x, err := k.answered(t)
				if err != nil {
					return err
				}
				if did[t.Trainee] == nil {
					did[t.Trainee] = map[string]coding.Codes{}
				}
				did[t.Trainee][string(ref.ID)] = x.Codes
				last[t.Trainee] = max(last[t.Trainee], t.SubmittedAt)
				names = append(names, t.Trainee)
			}
			out.References = append(out.References, Reference{ref.ID, ref.Drawing, ref.Note, s.present(k.should), string(ref.MadeBy), ref.MadeAt, len(trials)})
			names = append(names, ref.MadeBy)
		}
		known, err := s.Ports.Names(ctx, r, names...)
		if err != nil {
			return err
		}
		for i := range out.References {
			out.References[i].ByName = known[id.ID(out.References[i].ByName)]
		}
		for who, codes := range did {
			got := s.Sheet.TrainingOf(should, codes, s.rule(r.At()))
			out.Trainees = append(out.Trainees, Trainee{who, known[who], len(codes), len(should), got.Passed && len(codes) == len(should), len(got.MissedUrgent), got.Weak, last[who]})
		}
		return nil
	})
	slices.SortFunc(out.Trainees, func(x, y Trainee) int {
		switch {
		case x.Passed != y.Passed && y.Passed:
			return -1
		case x.Passed != y.Passed:
			return 1
		}
		return strings.Compare(x.Name, y.Name)
	})
	return out, err
}

// present gives the codes that are seen.
func (s *Service) present(codes coding.Codes) []string {
	out := []string{}
	for _, f := range s.Sheet.Features {
		if codes[f.Code] == coding.Present {
			out = append(out, f.Code)
		}
	}
	return out
}

// EndReference takes a drawing out of the training; who has passed stays so.
// Errors: Forbidden, NotFound.
func (s *Service) EndReference(ctx context.Context, reference id.ID) error {
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		ref, err := findReference(ctx, tx, reference)
		if err != nil {
			return err
		}
		d, err := batch.FindDrawing(ctx, tx, ref.Drawing)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "drawing.train", access.Target{Region: d.Region}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE drawing_reference SET ended_at = ? WHERE id = ?", tx.Now, ref.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.train", SubjectKind: "drawing", Subject: d.ID, Region: d.Region})
	})
}

// TrainAgain lets a trainee practise anew on the references of the actor's
// areas. Errors: Forbidden, NotFound for who has tried none of them.
func (s *Service) TrainAgain(ctx context.Context, trainee id.ID) error {
	a := access.From(ctx)
	if err := access.May(a, "drawing.train"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		in, args := access.Where("d.region", a.Areas("drawing.train"))
		n, err := tx.Exec(ctx, `UPDATE drawing_trial SET ended_at = ? WHERE trainee = ? AND ended_at = 0
			AND reference_id IN (SELECT f.id FROM drawing_reference f JOIN drawing d ON d.id = f.drawing_id WHERE `+in+")", append([]any{tx.Now, trainee}, args...)...)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NotFound("record.not_found")
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.train", SubjectKind: "account", Subject: trainee, Fields: []string{"training"}})
	})
}

package rating

import (
	"context"
	"encoding/json"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// NewReference makes a decided drawing one to train on. It leaves the raters'
// pile, and its codes are those of who answers for them.
type NewReference struct {
	Drawing id.ID        `json:"drawing" maxLength:"60"`
	Codes   coding.Codes `json:"codes,omitempty"` // empty: the final codes of the raters
	Note    string       `json:"note,omitempty" maxLength:"500"`
}

const referenceColumns = "id, drawing_id, codes, note, made_by, made_at, ended_at"

func references(ctx context.Context, r db.Reader) ([]referenceRow, error) {
	var rows []referenceRow
	err := r.List(ctx, &rows, "SELECT "+referenceColumns+" FROM drawing_reference WHERE ended_at = 0 AND drawing_id IN (SELECT id FROM drawing WHERE subject <> '') ORDER BY made_at, id")
	return rows, err
}

// AddReference keeps a reference. Errors: Forbidden, NotFound, Conflict
// (drawing.not_decided), Invalid (codes).
func (s *Service) AddReference(ctx context.Context, n NewReference) error {
	a := access.From(ctx)
	if err := access.May(a, "drawing.train"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := batch.FindDrawing(ctx, tx, n.Drawing)
		if err != nil {
			return err
		}
		if err := access.Check(a, "drawing.train", access.Target{Region: d.Region}); err != nil {
			return err
		}
		if d.Rating != string(coding.Decided) || d.Subject == "" {
			return errs.Conflict("drawing.not_decided")
		}
		subject, err := s.Keys.Subject(d.Subject)
		if err != nil {
			return err
		}
		codes := n.Codes
		if len(codes) == 0 {
			if codes, err = openCodes(subject, finalAAD(d.ID), d.Final); err != nil {
				return err
			}
		}
		if err := s.Sheet.CheckCodes(codes); err != nil {
			return err
		}
		row := referenceRow{ID: id.New(), Drawing: d.ID, Note: strings.TrimSpace(n.Note), MadeBy: a.Account, MadeAt: tx.Now}
		if row.Codes, err = sealCodes(subject, refAAD(row.ID), codes); err != nil {
			return err
		}
		stored, err := tx.InsertIfNew(ctx, &row)
		if err != nil {
			return err
		}
		if stored == 0 {
			return errs.Conflict("record.changed")
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.train", SubjectKind: "drawing", Subject: d.ID, Region: d.Region})
	})
}

// Trial is a reference drawing to code for practice. Like a task it tells
// nothing of the child.
type Trial struct {
	ID        id.ID        `json:"id"`
	AgeBand   string       `json:"age_band"`
	Sex       string       `json:"sex"`
	Colours   bool         `json:"colours"`
	TimeLimit int          `json:"time_limit"`
	Suggested coding.Codes `json:"suggested"`
}

// Training is a trainee's page.
type Training struct {
	Trial  *Trial          `json:"trial"` // null: all are done
	Done   int             `json:"done"`
	Of     int             `json:"of"`
	Result coding.Training `json:"result"` // over what is done
	Passed bool            `json:"passed"`
	// Trials are those done, with what the reference says.
	Trials []Answered `json:"trials"`
}

// Answered is a trial beside its reference.
type Answered struct {
	ID     id.ID        `json:"id"`
	Codes  coding.Codes `json:"codes"`
	Should coding.Codes `json:"should"`
	Note   string       `json:"note"`
	At     clock.Millis `json:"at"`
}

// TrainingPage gives the trainee's next drawing and how he did so far.
// Errors: Forbidden.
func (s *Service) TrainingPage(ctx context.Context) (Training, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.rate"); err != nil {
		return Training{}, err
	}
	out := Training{Trials: []Answered{}}
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := references(ctx, r)
		if err != nil {
			return err
		}
		trials, err := trialsOf(ctx, r, a.Account)
		if err != nil {
			return err
		}
		out.Of = len(list)
		should, did := map[string]coding.Codes{}, map[string]coding.Codes{}
		for _, ref := range list {
			d, err := batch.FindDrawing(ctx, r, ref.Drawing)
			if err != nil {
				return err
			}
			t, tried := trials[ref.ID]
			if !tried {
				if out.Trial == nil {
					out.Trial = &Trial{ID: ref.ID, AgeBand: d.AgeBand, Sex: d.Sex, Colours: d.Colours, TimeLimit: d.TimeLimit}
					if err := json.Unmarshal([]byte(d.Suggested), &out.Trial.Suggested); err != nil {
						return errs.Internal(err)
					}
				}
				continue
			}
			out.Done++
			k, err := s.kept(d, ref)
			if err != nil {
				return err
			}
			answered, err := k.answered(t)
			if err != nil {
				return err
			}
			out.Trials = append(out.Trials, answered)
			should[string(ref.ID)], did[string(ref.ID)] = answered.Should, answered.Codes
		}
		out.Result = s.Sheet.TrainingOf(should, did, s.rule(r.At()))
		out.Passed = out.Trial == nil && (out.Result.Passed || out.Of == 0)
		return nil
	})
	return out, err
}

// kept is a reference with its codes opened, once for all who tried it.
type kept struct {
	ref    referenceRow
	key    crypto.Subject
	should coding.Codes
}

func (s *Service) kept(d batch.Drawing, ref referenceRow) (kept, error) {
	key, err := s.Keys.Subject(d.Subject)
	if err != nil {
		return kept{}, err
	}
	should, err := openCodes(key, refAAD(ref.ID), ref.Codes)
	return kept{ref, key, should}, err
}

func (k kept) answered(t trialRow) (Answered, error) {
	did, err := openCodes(k.key, trialAAD(t.ID), t.Codes)
	return Answered{k.ref.ID, did, k.should, k.ref.Note, t.SubmittedAt}, err
}

// trialsWhere gives the trials that count: those since a supervisor last had
// the trainee practise again.
func trialsWhere(ctx context.Context, r db.Reader, where string, args ...any) ([]trialRow, error) {
	var rows []trialRow
	err := r.List(ctx, &rows, "SELECT id, reference_id, trainee, codes, submitted_at, ended_at FROM drawing_trial WHERE ended_at = 0 AND "+where+" ORDER BY submitted_at, id", args...)
	return rows, err
}

func trialsOf(ctx context.Context, r db.Reader, trainee id.ID) (map[id.ID]trialRow, error) {
	rows, err := trialsWhere(ctx, r, "trainee = ?", trainee)
	out := map[id.ID]trialRow{}
	for _, t := range rows {
		out[t.Reference] = t
	}
	return out, err
}

// trained tells whether a rater may rate in earnest, and how many references he
// has left. Where no reference is kept yet, nobody can be trained, and the
// first raters make them.
func (s *Service) trained(ctx context.Context, r db.Reader, rater id.ID) (bool, int, error) {
	list, err := references(ctx, r)
	if err != nil {
		return false, 0, err
	}
	if len(list) == 0 {
		return true, 0, nil
	}
	trials, err := trialsOf(ctx, r, rater)
	if err != nil {
		return false, 0, err
	}
	// Who helped to make the references has rated already.
	var rated int
	if err := r.Get(ctx, db.To(&rated), "SELECT COUNT(*) FROM drawing_rating WHERE rater = ? AND NOT is_repeat AND submitted_at <= ?", rater, list[0].MadeAt); err != nil {
		return false, 0, err
	}
	left := 0
	should, did := map[string]coding.Codes{}, map[string]coding.Codes{}
	for _, ref := range list {
		t, tried := trials[ref.ID]
		if !tried {
			left++
			continue
		}
		d, err := batch.FindDrawing(ctx, r, ref.Drawing)
		if err != nil {
			return false, 0, err
		}
		k, err := s.kept(d, ref)
		if err != nil {
			return false, 0, err
		}
		x, err := k.answered(t)
		if err != nil {
			return false, 0, err
		}
		should[string(ref.ID)], did[string(ref.ID)] = x.Should, x.Codes
	}
	if rated > 0 {
		return true, left, nil
	}
	return left == 0 && s.Sheet.TrainingOf(should, did, s.rule(r.At())).Passed, left, nil
}

// TrialImage opens the frame of a reference. Errors: Forbidden, NotFound.
func (s *Service) TrialImage(ctx context.Context, reference id.ID) ([]byte, error) {
	if err := access.May(access.From(ctx), "drawing.rate"); err != nil {
		return nil, err
	}
	var d batch.Drawing
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		ref, err := findReference(ctx, r, reference)
		if err != nil {
			return err
		}
		d, err = batch.FindDrawing(ctx, r, ref.Drawing)
		return err
	})
	if err != nil {
		return nil, err
	}
	audit.Show(ctx, "drawing.rate", "training", d.Region, audit.Shown{Kind: "drawing", ID: d.ID, Fields: []string{"frame"}})
	return s.Batches.Frame(d)
}

func findReference(ctx context.Context, r db.Reader, reference id.ID) (referenceRow, error) {
	var rows []referenceRow
	if err := r.List(ctx, &rows, "SELECT "+referenceColumns+" FROM drawing_reference WHERE id = ? AND ended_at = 0", reference); err != nil {
		return referenceRow{}, err
	}
	if len(rows) == 0 {
		return referenceRow{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// SubmitTrial takes a practice sheet and answers with the reference beside it;
// a reference is tried once, until a supervisor has the trainee practise again
// (TrainAgain). Errors: Forbidden, NotFound, Conflict, Invalid.
func (s *Service) SubmitTrial(ctx context.Context, reference id.ID, in Submission) (Answered, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.rate"); err != nil {
		return Answered{}, err
	}
	if err := s.Sheet.CheckCodes(in.Codes); err != nil {
		return Answered{}, err
	}
	var out Answered
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		ref, err := findReference(ctx, tx, reference)
		if err != nil {
			return err
		}
		d, err := batch.FindDrawing(ctx, tx, ref.Drawing)
		if err != nil {
			return err
		}
		k, err := s.kept(d, ref)
		if err != nil {
			return err
		}
		t := trialRow{ID: id.New(), Reference: ref.ID, Trainee: a.Account, SubmittedAt: tx.Now}
		if t.Codes, err = sealCodes(k.key, trialAAD(t.ID), in.Codes); err != nil {
			return err
		}
		n, err := tx.InsertIfNew(ctx, &t)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("coding.rated_already")
		}
		out, err = k.answered(t)
		return err
	})
	return out, err
}

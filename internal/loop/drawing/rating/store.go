package rating

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
)

type taskRow struct {
	bun.BaseModel `bun:"table:drawing_task"`
	ID            id.ID        `bun:"id"`
	Drawing       id.ID        `bun:"drawing_id"`
	Rater         id.ID        `bun:"rater"`
	Repeat        bool         `bun:"is_repeat"`
	State         string       `bun:"state"` // open, done
	OpenedAt      clock.Millis `bun:"opened_at"`
	ExpiresAt     clock.Millis `bun:"expires_at"`
	DoneAt        clock.Millis `bun:"done_at"`
}

const taskColumns = "id, drawing_id, rater, is_repeat, state, opened_at, expires_at, done_at"

type ratingRow struct {
	bun.BaseModel `bun:"table:drawing_rating"`
	ID            id.ID        `bun:"id"`
	Drawing       id.ID        `bun:"drawing_id"`
	Batch         id.ID        `bun:"batch_id"`
	Task          id.ID        `bun:"task_id"`
	Rater         id.ID        `bun:"rater"`
	Repeat        bool         `bun:"is_repeat"`
	Version       string       `bun:"sheet_version"`
	Codes         string       `bun:"codes"` // sealed
	Words         string       `bun:"words"` // sealed
	SubmittedAt   clock.Millis `bun:"submitted_at"`
}

const ratingColumns = "id, drawing_id, batch_id, task_id, rater, is_repeat, sheet_version, codes, words, submitted_at"

type markRow struct {
	bun.BaseModel `bun:"table:drawing_mark"`
	ID            id.ID        `bun:"id"`
	Child         id.ID        `bun:"child_id"`
	Drawing       id.ID        `bun:"drawing_id"`
	Batch         id.ID        `bun:"batch_id"`
	Region        string       `bun:"region"`
	SetAt         clock.Millis `bun:"set_at"`
	ExpiresAt     clock.Millis `bun:"expires_at"`
	TalkedAt      clock.Millis `bun:"talked_at"`
	TalkedBy      id.ID        `bun:"talked_by"`
}

const markColumns = "id, child_id, drawing_id, batch_id, region, set_at, expires_at, talked_at, talked_by"

type referenceRow struct {
	bun.BaseModel `bun:"table:drawing_reference"`
	ID            id.ID        `bun:"id"`
	Drawing       id.ID        `bun:"drawing_id"`
	Codes         string       `bun:"codes"` // sealed by the drawing's key
	Note          string       `bun:"note"`
	MadeBy        id.ID        `bun:"made_by"`
	MadeAt        clock.Millis `bun:"made_at"`
	EndedAt       clock.Millis `bun:"ended_at"`
}

type trialRow struct {
	bun.BaseModel `bun:"table:drawing_trial"`
	ID            id.ID        `bun:"id"`
	Reference     id.ID        `bun:"reference_id"`
	Trainee       id.ID        `bun:"trainee"`
	Codes         string       `bun:"codes"` // by the drawing's key, too
	SubmittedAt   clock.Millis `bun:"submitted_at"`
	EndedAt       clock.Millis `bun:"ended_at"` // then he practised again
}

func findTask(ctx context.Context, r db.Reader, task id.ID) (taskRow, error) {
	var rows []taskRow
	if err := r.List(ctx, &rows, "SELECT "+taskColumns+" FROM drawing_task WHERE id = ?", task); err != nil {
		return taskRow{}, err
	}
	if len(rows) == 0 {
		return taskRow{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

func ratingsOf(ctx context.Context, r db.Reader, where string, args ...any) ([]ratingRow, error) {
	var rows []ratingRow
	err := r.List(ctx, &rows, "SELECT "+ratingColumns+" FROM drawing_rating WHERE "+where+" ORDER BY submitted_at, id", args...)
	return rows, err
}

func marksWhere(ctx context.Context, r db.Reader, where string, args ...any) ([]markRow, error) {
	var rows []markRow
	err := r.List(ctx, &rows, "SELECT "+markColumns+" FROM drawing_mark WHERE "+where+" ORDER BY set_at DESC, id", args...)
	return rows, err
}

// free is a drawing that a rater may take: not rated or held by him, not
// mended or handed in by him, and held by fewer others than are wanted.
const free = `d.state = 'rating' AND d.rating IN ('waits_first', 'waits_second', 'waits_third') AND d.subject <> ''
	AND NOT EXISTS (SELECT 1 FROM drawing_rating x WHERE x.drawing_id = d.id AND x.rater = ?)
	AND NOT EXISTS (SELECT 1 FROM drawing_photo p WHERE p.id = d.photo_id AND (p.mended_by = ? OR p.added_by = ?))
	AND NOT EXISTS (SELECT 1 FROM drawing_reference f WHERE f.drawing_id = d.id)
	AND (SELECT COUNT(*) FROM drawing_task t WHERE t.drawing_id = d.id AND t.state = 'open' AND NOT t.is_repeat AND t.expires_at > ? AND t.rater <> ?)
		< CASE d.rating WHEN 'waits_first' THEN 2 ELSE 1 END`

func freeArgs(rater id.ID, now clock.Millis) []any { return []any{rater, rater, rater, now, rater} }

// nextFree gives the next drawing for a rater: those that wait for a third
// first, then those begun, then new ones in an order of their own for each
// rater, so that two don't walk through a batch side by side.
func nextFree(ctx context.Context, r db.Reader, rater id.ID, areas string, areaArgs []any, now clock.Millis) (id.ID, error) {
	var rows []id.ID
	args := append(freeArgs(rater, now), areaArgs...)
	err := r.List(ctx, &rows, "SELECT d.id FROM drawing d WHERE "+free+" AND "+areas+
		" ORDER BY CASE d.rating WHEN 'waits_third' THEN 0 WHEN 'waits_second' THEN 1 ELSE 2 END, d.created_at, d.id LIMIT 1", args...)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0], nil
}

func countFree(ctx context.Context, r db.Reader, rater id.ID, areas string, areaArgs []any, now clock.Millis) (int, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT COUNT(*) FROM drawing d WHERE "+free+" AND "+areas, append(freeArgs(rater, now), areaArgs...)...)
	return n, err
}

func codesAAD(rating id.ID) string { return "drawing_rating.codes:" + string(rating) }
func wordsAAD(rating id.ID) string { return "drawing_rating.words:" + string(rating) }
func finalAAD(d id.ID) string      { return "drawing.final:" + string(d) }
func refAAD(r id.ID) string        { return "drawing_reference.codes:" + string(r) }
func trialAAD(t id.ID) string      { return "drawing_trial.codes:" + string(t) }

func sealCodes(s crypto.Subject, aad string, c coding.Codes) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", errs.Internal(err)
	}
	return s.Seal(aad, string(b)), nil
}

func openCodes(s crypto.Subject, aad, sealed string) (coding.Codes, error) {
	text, err := s.Open(aad, sealed)
	if err != nil {
		return nil, err
	}
	var c coding.Codes
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, errs.Internal(err)
	}
	return c, nil
}

// unseal gives stored rows as the rules take them.
func (s *Service) unseal(d batch.Drawing, rows []ratingRow) ([]coding.Rating, error) {
	subject, err := s.Keys.Subject(d.Subject)
	if err != nil {
		return nil, err
	}
	out := make([]coding.Rating, len(rows))
	for i, row := range rows {
		codes, err := openCodes(subject, codesAAD(row.ID), row.Codes)
		if err != nil {
			return nil, err
		}
		out[i] = coding.Rating{Rater: coding.RaterID(row.Rater), Codes: codes, Sheet: row.Version, Submitted: row.SubmittedAt.Time(), Repeat: row.Repeat}
	}
	return out, nil
}

func split(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

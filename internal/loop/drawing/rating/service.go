package rating

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Parts are what the service is made of.
type Parts struct {
	DB      *db.DB
	Keys    *crypto.Keyring
	Batches *batch.Service
	Ports   Ports
	Sheet   coding.Sheet
}

// Service is what raters do, and those who work with what they found.
type Service struct{ Parts }

// New makes the service.
func New(p Parts) *Service { return &Service{p} }

const (
	// taskWithin is how long a drawing is held for a rater; then another may
	// take it.
	taskWithin = 2 * time.Hour
	// repeatAfter is how many others a rater has rated before one comes again:
	// he must not remember it.
	repeatAfter = 12
)

func (s *Service) rule(at clock.Millis) coding.Rule { return s.Sheet.On(day(at)) }

func day(at clock.Millis) string { return string(civil.DateOf(at.Time())) }

// CodingSheet gives the sheet to raters and to those who read results.
func (s *Service) CodingSheet(ctx context.Context) (Sheet, error) {
	a := access.From(ctx)
	if access.May(a, "drawing.rate") != nil {
		if err := access.May(a, "drawing.read"); err != nil {
			return Sheet{}, err
		}
	}
	return Sheet{s.Sheet.Version, s.Sheet.Title["zh"], s.Sheet.Warning["zh"], s.Sheet.Status, s.Sheet.Features}, nil
}

// Desk gives a rater's task and how far he is. A task that he left open is
// given again. Errors: Forbidden.
func (s *Service) Desk(ctx context.Context) (Desk, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.rate"); err != nil {
		return Desk{}, err
	}
	var out Desk
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Desk{}
		var err error
		if out.Trained, out.Training, err = s.trained(ctx, tx, a.Account); err != nil {
			return err
		}
		areas, args := access.Where("d.region", a.Areas("drawing.rate"))
		if out.Waiting, err = countFree(ctx, tx, a.Account, areas, args, tx.Now); err != nil {
			return err
		}
		midnight := clock.Of(tx.Now.Time().In(china).Truncate(time.Hour))
		for midnight.Time().In(china).Hour() != 0 {
			midnight = midnight.Add(-time.Hour)
		}
		if err := tx.Get(ctx, db.To(&out.Done), "SELECT COUNT(*) FROM drawing_rating WHERE rater = ? AND submitted_at >= ?", a.Account, midnight); err != nil {
			return err
		}
		if !out.Trained {
			return nil
		}
		task, d, err := s.take(ctx, tx, a.Account, areas, args)
		if err != nil || task.ID == "" {
			return err
		}
		out.Task, err = taskOf(task, d)
		return err
	})
	return out, err
}

var china = time.FixedZone("CST", 8*3600)

func taskOf(t taskRow, d batch.Drawing) (*Task, error) {
	out := &Task{ID: t.ID, AgeBand: d.AgeBand, Sex: d.Sex, Colours: d.Colours, TimeLimit: d.TimeLimit, Expires: t.ExpiresAt}
	if err := json.Unmarshal([]byte(d.Suggested), &out.Suggested); err != nil {
		return nil, errs.Internal(err)
	}
	return out, nil
}

// take gives the rater's open task, a repeat that is due, or a new task.
func (s *Service) take(ctx context.Context, tx *db.Tx, rater id.ID, areas string, args []any) (taskRow, batch.Drawing, error) {
	if err := tx.Lock(ctx, "drawing.tasks"); err != nil {
		return taskRow{}, batch.Drawing{}, err
	}
	var open []taskRow
	if err := tx.List(ctx, &open, "SELECT "+taskColumns+" FROM drawing_task WHERE rater = ? AND state = 'open' AND expires_at > ? ORDER BY opened_at LIMIT 1", rater, tx.Now); err != nil {
		return taskRow{}, batch.Drawing{}, err
	}
	if len(open) > 0 {
		d, err := batch.FindDrawing(ctx, tx, open[0].Drawing)
		if err != nil {
			return taskRow{}, d, err
		}
		if d.State == batch.Rating && d.Subject != "" {
			return open[0], d, nil
		}
	}
	// What was held too long, or is out meanwhile, is free again.
	if _, err := tx.Exec(ctx, `DELETE FROM drawing_task WHERE rater = ? AND state = 'open'`, rater); err != nil {
		return taskRow{}, batch.Drawing{}, err
	}
	drawing, repeat, err := s.repeatDue(ctx, tx, rater)
	if err == nil && drawing == "" {
		drawing, err = nextFree(ctx, tx, rater, areas, args, tx.Now)
	}
	if err != nil || drawing == "" {
		return taskRow{}, batch.Drawing{}, err
	}
	d, err := batch.FindDrawing(ctx, tx, drawing)
	if err != nil {
		return taskRow{}, d, err
	}
	t := taskRow{ID: id.ID(crypto.Token(12)), Drawing: drawing, Rater: rater, Repeat: repeat, State: "open", OpenedAt: tx.Now, ExpiresAt: tx.Now.Add(taskWithin)}
	return t, d, tx.Insert(ctx, &t)
}

// repeatDue gives a drawing that the rater has rated and is given once more
// without being told.
func (s *Service) repeatDue(ctx context.Context, r db.Reader, rater id.ID) (id.ID, bool, error) {
	var done []struct {
		Drawing id.ID  `bun:"drawing_id"`
		Repeat  bool   `bun:"is_repeat"`
		Seed    string `bun:"seed"`
		Usable  bool   `bun:"usable"`
	}
	err := r.List(ctx, &done, `SELECT x.drawing_id, x.is_repeat, b.seed, (d.state = 'rating' AND d.subject <> '') AS usable
		FROM drawing_rating x JOIN drawing_batch b ON b.id = x.batch_id JOIN drawing d ON d.id = x.drawing_id
		WHERE x.rater = ? ORDER BY x.submitted_at DESC, x.id DESC LIMIT 400`, rater)
	if err != nil {
		return "", false, err
	}
	again := map[id.ID]bool{}
	first := done[:0:0]
	for _, row := range done {
		if row.Repeat {
			again[row.Drawing] = true
		} else {
			first = append(first, row)
		}
	}
	// One of each block of his drawings in their order, the oldest block first.
	var all int
	if err := r.Get(ctx, db.To(&all), "SELECT COUNT(*) FROM drawing_rating WHERE rater = ? AND NOT is_repeat", rater); err != nil {
		return "", false, err
	}
	size := s.rule(r.At()).Block()
	if size == 0 {
		return "", false, nil
	}
	slices.Reverse(first)
	for from := (size - (all-len(first))%size) % size; from+size <= len(first); from += size {
		block := make([]coding.Once, size)
		for i, row := range first[from : from+size] {
			block[i] = coding.Once{Seed: []byte(row.Seed), Drawing: string(row.Drawing)}
		}
		i := from + coding.RepeatOf(coding.RaterID(rater), block)
		if row := first[i]; row.Usable && !again[row.Drawing] && len(first)-1-i >= repeatAfter {
			return row.Drawing, true, nil
		}
	}
	return "", false, nil
}

// own gives a task of the actor's that is open, with its drawing. Another's
// task, a drawing's own id, or anything else is not found.
func (s *Service) own(ctx context.Context, r db.Reader, task id.ID) (taskRow, batch.Drawing, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.rate"); err != nil {
		return taskRow{}, batch.Drawing{}, err
	}
	t, err := findTask(ctx, r, task)
	if err != nil {
		return t, batch.Drawing{}, err
	}
	if t.Rater != a.Account {
		return t, batch.Drawing{}, errs.NotFound("record.not_found")
	}
	d, err := batch.FindDrawing(ctx, r, t.Drawing)
	return t, d, err
}

// Image opens the frame of a task: the drawing and nothing of the sheet's
// head. Errors: Forbidden, NotFound.
func (s *Service) Image(ctx context.Context, task id.ID) ([]byte, error) {
	var t taskRow
	var d batch.Drawing
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		t, d, err = s.own(ctx, r, task)
		return err
	})
	if err != nil {
		return nil, err
	}
	// The audit names the drawing; the rater doesn't read the audit.
	audit.Show(ctx, "drawing.rate", string(t.ID), d.Region, audit.Shown{Kind: "drawing", ID: d.ID, Fields: []string{"frame"}})
	return s.Batches.Frame(d)
}

// Submit takes a rater's sheet. In the same change: what is explicit goes to
// the seat, and two or three sheets decide the drawing.
//
// Errors: Forbidden, NotFound, Conflict (coding.rated_already,
// drawing.task_over, drawing.sheet_version), Invalid (codes, words).
func (s *Service) Submit(ctx context.Context, task id.ID, in Submission) (Submitted, error) {
	var out Submitted
	err := s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Submitted{}
		t, d, err := s.own(ctx, tx, task)
		if err != nil {
			return err
		}
		if t.State != "open" {
			return errs.Conflict("coding.rated_already")
		}
		if in.Version != s.Sheet.Version {
			return errs.Conflict("drawing.sheet_version")
		}
		if err := tx.Lock(ctx, "drawing:"+string(d.ID)); err != nil {
			return err
		}
		// Read again under the lock: another rater may have been faster.
		if d, err = batch.FindDrawing(ctx, tx, d.ID); err != nil {
			return err
		}
		if d.State != batch.Rating || d.Subject == "" {
			return errs.Conflict("drawing.task_over")
		}
		in.Words = strings.TrimSpace(in.Words)
		if in.Codes["W21"] == coding.Present && in.Words == "" {
			return errs.Invalid("words", "drawing.words_needed")
		}
		rows, err := ratingsOf(ctx, tx, "drawing_id = ?", d.ID)
		if err != nil {
			return err
		}
		ratings, err := s.unseal(d, rows)
		if err != nil {
			return err
		}
		next := coding.Rating{Rater: coding.RaterID(t.Rater), Codes: in.Codes, Sheet: s.Sheet.Version, Submitted: tx.Now.Time(), Repeat: t.Repeat}
		rule := s.rule(tx.Now)
		if err := s.Sheet.Accept(ratings, next, rule); err != nil {
			return err
		}
		if err := s.store(ctx, tx, t, d, in); err != nil {
			return err
		}
		if out.Raised, err = s.raise(ctx, tx, &d, t, in); err != nil {
			return err
		}
		if t.Repeat {
			return nil
		}
		return s.decide(ctx, tx, d, append(ratings, next), rule)
	})
	return out, err
}

func (s *Service) store(ctx context.Context, tx *db.Tx, t taskRow, d batch.Drawing, in Submission) error {
	subject, err := s.Keys.Subject(d.Subject)
	if err != nil {
		return err
	}
	row := ratingRow{ID: id.New(), Drawing: d.ID, Batch: d.BatchID, Task: t.ID, Rater: t.Rater, Repeat: t.Repeat, Version: s.Sheet.Version, SubmittedAt: tx.Now}
	if row.Codes, err = sealCodes(subject, codesAAD(row.ID), in.Codes); err != nil {
		return err
	}
	row.Words = subject.Seal(wordsAAD(row.ID), in.Words)
	if err := tx.Insert(ctx, &row); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "UPDATE drawing_task SET state = 'done', done_at = ? WHERE id = ? AND state = 'open'", tx.Now, t.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Conflict("coding.rated_already")
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "drawing.rate", SubjectKind: "drawing", Subject: d.ID, Fields: []string{"codes"}, Purpose: string(t.ID), Region: d.Region})
}

// raise opens a matter for what a person must look at now. A second rater who
// sees the same joins nothing anew: one matter a drawing, but explicit content
// is always told.
func (s *Service) raise(ctx context.Context, tx *db.Tx, d *batch.Drawing, t taskRow, in Submission) (bool, error) {
	urgent := s.Sheet.Urgent(in.Codes)
	if len(urgent) == 0 {
		return false, nil
	}
	a := Alarm{Drawing: d.ID, Child: d.ChildID, Region: d.Region, Key: "drawing:" + string(t.ID), Words: in.Words}
	for _, code := range urgent {
		f, _ := s.Sheet.Find(code)
		a.Explicit = a.Explicit || f.Direction == coding.Explicit
		a.Features = append(a.Features, f.ZH)
	}
	if d.MatterID != "" && !a.Explicit {
		return true, nil
	}
	matter, err := s.Ports.Raise(ctx, tx, a)
	if err != nil {
		return false, err
	}
	d.MatterID = matter
	_, err = tx.Exec(ctx, "UPDATE drawing SET matter_id = ? WHERE id = ?", matter, d.ID)
	return true, err
}

// decide stores what the sheets in hand amount to.
func (s *Service) decide(ctx context.Context, tx *db.Tx, d batch.Drawing, ratings []coding.Rating, rule coding.Rule) error {
	final, err := s.Sheet.Decide(ratings, rule)
	if err != nil {
		return err
	}
	sealed, at := "", clock.Millis(0)
	if final.State == coding.Decided {
		subject, err := s.Keys.Subject(d.Subject)
		if err != nil {
			return err
		}
		if sealed, err = sealCodes(subject, finalAAD(d.ID), final.Codes); err != nil {
			return err
		}
		at = tx.Now
	}
	n, err := tx.Exec(ctx, "UPDATE drawing SET rating = ?, why = ?, sum = ?, final = ?, sheet_version = ?, decided_at = ? WHERE id = ? AND rating = ?",
		final.State, strings.Join(final.Why, ","), final.Sum, sealed, s.Sheet.Version, at, d.ID, d.Rating)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Conflict("record.changed")
	}
	if final.State != coding.Decided {
		return nil
	}
	mark := coding.MarkOf(final, rule, tx.Now.Time())
	if mark.Set {
		row := markRow{ID: id.New(), Child: d.ChildID, Drawing: d.ID, Batch: d.BatchID, Region: d.Region, SetAt: tx.Now, ExpiresAt: clock.Of(mark.Expires)}
		if err := tx.Insert(ctx, &row); err != nil {
			return err
		}
		if err := child.Note(ctx, tx, child.Entry{ChildID: d.ChildID, Kind: "screening", Title: "timeline.drawing_talk",
			Data: map[string]string{"until": day(row.ExpiresAt)}, RefKind: "drawing", RefID: d.ID, Region: d.Region, By: "system:drawing"}); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, d.ChildID); err != nil {
			return err
		}
	}
	return tx.Emit(ctx, db.Event{Topic: "drawing", Kind: "decided", Region: d.Region, Ref: string(d.BatchID)})
}

// blind reports whether an actor must not see a drawing's result: who holds
// the right to rate sees none that is undecided.
func blind(a access.Actor, d batch.Drawing) bool {
	return !a.System && access.May(a, "drawing.rate") == nil && d.Rating != string(coding.Decided)
}

// ResultsQuery narrows the results.
type ResultsQuery struct {
	Batch  id.ID
	Child  id.ID
	Due    bool // only those whose 建议谈话 holds and who was not talked with yet
	Marked bool // only those that ever had it
	Cursor string
	Limit  int // at most 200, also if 0
}

// mostResults is how many results are listed at once.
const mostResults = 200

// behind gives the condition of the page behind the cursor, which is when its
// last drawing was decided and the drawing's id: others are decided while
// somebody reads. Errors: Invalid "cursor".
func (q ResultsQuery) behind() (string, []any, error) {
	if q.Cursor == "" {
		return "", nil, nil
	}
	at, last, _ := strings.Cut(q.Cursor, "~")
	ms, err := strconv.ParseInt(at, 10, 64)
	if _, ok := id.Parse(last); err != nil || !ok {
		return "", nil, errs.Invalid("cursor", "list.cursor_wrong")
	}
	return " AND (decided_at < ? OR (decided_at = ? AND id > ?))", []any{ms, ms, last}, nil
}

// Results lists decided drawings with their children, the newest first. Who
// works with children sees those of the areas of the right; undecided drawings
// are no result yet, for nobody. next is the cursor of the next page (empty:
// none).
//
// Errors: Forbidden, NotFound, Invalid "cursor".
func (s *Service) Results(ctx context.Context, q ResultsQuery) (out []Result, next string, err error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.result"); err != nil {
		return nil, "", err
	}
	behind, last, err := q.behind()
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 || limit > mostResults {
		limit = mostResults
	}
	out = []Result{}
	var shown []audit.Shown
	err = s.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		in, args := a.Lists("drawing.result", "region", "child_id")
		where := "state = 'rating' AND rating = 'decided' AND " + in
		if q.Batch != "" {
			where, args = where+" AND batch_id = ?", append(args, q.Batch)
		}
		if q.Child != "" {
			where, args = where+" AND child_id = ?", append(args, q.Child)
		}
		if q.Due {
			where, args = where+" AND id IN (SELECT drawing_id FROM drawing_mark WHERE talked_at = 0 AND expires_at > ?)", append(args, r.At())
		}
		if q.Marked {
			where += " AND id IN (SELECT drawing_id FROM drawing_mark)"
		}
		list, err := batch.SelectDrawings(ctx, r, where+behind+" ORDER BY decided_at DESC, id LIMIT ?", append(append(args, last...), limit+1)...)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			next = fmt.Sprintf("%d~%s", list[limit-1].DecidedAt, list[limit-1].ID)
		}
		children := make([]id.ID, len(list))
		byDrawing := map[id.ID]markRow{}
		for i, d := range list {
			children[i] = d.ChildID
		}
		for part := range slices.Chunk(list, 300) {
			ids := make([]any, len(part))
			for i, d := range part {
				ids[i] = d.ID
			}
			marks, err := marksWhere(ctx, r, "drawing_id IN ("+db.Marks(len(ids))+")", ids...)
			if err != nil {
				return err
			}
			for _, m := range marks {
				byDrawing[m.Drawing] = m
			}
		}
		names, err := s.Ports.Children(ctx, r, children...)
		if err != nil {
			return err
		}
		numbers := make([]sheet.Number, len(list))
		for i, d := range list {
			numbers[i] = d.Number
		}
		places, err := batch.Places(ctx, r, numbers...)
		if err != nil {
			return err
		}
		for _, d := range list {
			if blind(a, d) {
				continue
			}
			row, err := s.result(d)
			if err != nil {
				return err
			}
			row.Name = names[d.ChildID]
			m := byDrawing[d.ID]
			row.TalkedAt, row.School = m.TalkedAt, places[d.Number]
			if m.ExpiresAt > r.At() {
				row.MarkUntil = m.ExpiresAt
			} else if m.TalkedAt == 0 {
				row.MarkEnded = m.ExpiresAt
			}
			out = append(out, row)
			shown = append(shown, audit.Shown{Kind: "child", ID: d.ChildID, Fields: []string{"drawing.result"}})
		}
		return nil
	})
	if err == nil {
		audit.Show(ctx, "drawing.result", "", "", shown...)
	}
	return out, next, err
}

func (s *Service) result(d batch.Drawing) (Result, error) {
	out := Result{Drawing: d.ID, Child: d.ChildID, Region: d.Region, State: d.Rating, Sum: d.Sum, Why: split(d.Why), Age: d.Age, Colours: d.Colours, TimeLimit: d.TimeLimit,
		Matter: d.MatterID, DecidedAt: d.DecidedAt, Present: []string{}, Urgent: []string{}}
	if d.Final == "" || d.Subject == "" {
		return out, nil
	}
	subject, err := s.Keys.Subject(d.Subject)
	if err != nil {
		return out, err
	}
	codes, err := openCodes(subject, finalAAD(d.ID), d.Final)
	if err != nil {
		return out, err
	}
	out.Present = s.present(codes)
	if urgent := s.Sheet.Urgent(codes); urgent != nil {
		out.Urgent = urgent
	}
	return out, nil
}

// ResultImage opens the frame of a decided drawing for who works with the
// child. Errors: Forbidden, NotFound (also while undecided).
func (s *Service) ResultImage(ctx context.Context, drawing id.ID) ([]byte, error) {
	a := access.From(ctx)
	if err := access.May(a, "drawing.result"); err != nil {
		return nil, err
	}
	var d batch.Drawing
	err := s.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if d, err = batch.FindDrawing(ctx, r, drawing); err != nil {
			return err
		}
		if d.State != batch.Rating || d.Rating != string(coding.Decided) {
			return errs.NotFound("record.not_found")
		}
		return access.Check(a, "drawing.result", access.Target{Region: d.Region, Child: d.ChildID})
	})
	if err != nil {
		return nil, err
	}
	audit.Show(ctx, "drawing.result", "", d.Region, audit.Shown{Kind: "drawing", ID: d.ID, Fields: []string{"frame"}}, audit.Shown{Kind: "child", ID: d.ChildID, Fields: []string{"drawing"}})
	return s.Batches.Frame(d)
}

// Talked notes that somebody has talked with the child: the mark has done its
// work. It says nothing of what was found. Errors: Forbidden, NotFound,
// Conflict.
func (s *Service) Talked(ctx context.Context, drawing id.ID) error {
	a := access.From(ctx)
	if err := access.May(a, "drawing.result"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := marksWhere(ctx, tx, "drawing_id = ?", drawing)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.NotFound("record.not_found")
		}
		m := list[0]
		if err := access.Check(a, "drawing.result", access.Target{Region: m.Region}); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE drawing_mark SET talked_at = ?, talked_by = ? WHERE id = ? AND talked_at = 0", tx.Now, a.Account, m.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("record.changed")
		}
		if err := child.Note(ctx, tx, child.Entry{ChildID: m.Child, Kind: "screening", Title: "timeline.drawing_talked", RefKind: "drawing", RefID: drawing, Region: m.Region}); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, m.Child); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drawing.result", SubjectKind: "child", Subject: m.Child, Fields: []string{"talked"}, Region: m.Region})
	})
}

// tell lets the evidence of the four colours know whether a mark stands.
func (s *Service) tell(ctx context.Context, tx *db.Tx, childID id.ID) error {
	until, err := MarkUntil(ctx, tx, childID)
	if err != nil {
		return err
	}
	return s.Ports.Marked(ctx, tx, childID, until[childID] > 0)
}

// MarkUntil tells until when 建议谈话 stands for children, for the evidence of
// the four colours, where it only ever adds a talk: 0 or absent, none.
func MarkUntil(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]clock.Millis, error) {
	out := map[id.ID]clock.Millis{}
	for part := range slices.Chunk(children, 400) {
		args := append([]any{r.At()}, db.Anys(part)...)
		list, err := marksWhere(ctx, r, "expires_at > ? AND talked_at = 0 AND child_id IN ("+db.Marks(len(part))+")", args...)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			out[m.Child] = max(out[m.Child], m.ExpiresAt)
		}
	}
	return out, nil
}

package app

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/coding"
	"zugou/internal/loop/drawing/paper"
	"zugou/internal/loop/drawing/rating"
	"zugou/internal/loop/risk/level"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
	policy "zugou/policy/drawing"
)

// Drawings is the room of the drawings (房树人).
type Drawings struct {
	Batches *batch.Service
	Ratings *rating.Service
}

// drawings wires the drawings: their batches and their blind rating.
func (a *App) drawings() error {
	limits, err := paper.ReadLimits(policy.Files)
	if err != nil {
		return err
	}
	sheet, err := coding.Shipped()
	if err != nil {
		return err
	}
	a.Drawings.Batches = batch.New(batch.Parts{DB: a.DB, Keys: a.Keys, Log: a.Log, Folder: filepath.Join(a.Config.DataDir, "drawings"), Limits: limits,
		Register: pupils{}, Areas: func(ctx context.Context, r db.Reader) (*region.Table, error) { return a.Atlas.Table(ctx, r) }})
	a.Drawings.Batches.Schedule(a.Jobs)
	a.Drawings.Ratings = rating.New(rating.Parts{DB: a.DB, Keys: a.Keys, Batches: a.Drawings.Batches, Ports: raters{a.Seat, accounts{a.Keys}, func() *level.Service { return a.Screening.Levels }}, Sheet: sheet})
	return nil
}

// pupils answers what batches ask of the register of children.
type pupils struct{}

// Pupils implements batch.Register.
func (pupils) Pupils(ctx context.Context, r db.Reader, q batch.Roll) ([]batch.Pupil, error) {
	also, err := pupilsOf(ctx, r, access.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	if q.School != "" {
		x, err := school.Find(ctx, r, q.School)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(q.Areas, func(area string) bool { return strings.HasPrefix(x.Region, area) }) {
			also = append(also, person.Taught{School: x.ID})
		}
	}
	list, err := person.ClassList(ctx, r, person.ClassQuery{Areas: q.Areas, Also: also, School: q.School, Grade: q.Grade, Class: q.Class, Children: q.Children})
	out := make([]batch.Pupil, len(list))
	for i, s := range list {
		out[i] = batch.Pupil{Child: s.ID, Name: s.Name, Region: s.Region, SchoolID: s.SchoolID, School: s.School, Grade: s.Grade, Class: s.Class}
	}
	return out, err
}

// Briefs implements batch.Register.
func (pupils) Briefs(ctx context.Context, r db.Reader, on string, children ...id.ID) (map[id.ID]batch.Brief, error) {
	list, err := person.Seats(ctx, r, children...)
	out := make(map[id.ID]batch.Brief, len(list))
	for asked, s := range list {
		out[asked] = batch.Brief{Name: s.Name, Sex: s.SexLetter(), Age: s.BirthOn.AgeOn(civil.Date(on)), Region: s.Region}
	}
	return out, err
}

// raters answers what rating asks of others. The four colours are wired after
// the drawings, so they are asked for when they are needed.
type raters struct {
	seat     *seat.Service
	accounts accounts
	levels   func() *level.Service
}

// Marked implements rating.Ports.
func (p raters) Marked(ctx context.Context, tx *db.Tx, child id.ID, stands bool) error {
	return p.levels().Learn(ctx, tx, level.Told{Child: child, Facts: []level.Fact{{Field: "drawing_mark", Value: stands, At: tx.Now}}})
}

// Raise implements rating.Ports: the seat's matter is part of the change.
func (p raters) Raise(ctx context.Context, tx *db.Tx, al rating.Alarm) (id.ID, error) {
	n := signal.New{Source: signal.Program, Kind: "drawing", Key: al.Key, ChildID: al.Child, Region: al.Region, Kinds: "drawing_review",
		Body: map[string]any{"drawing": al.Drawing}, Note: "评估人员在房树人绘画中看到：" + strings.Join(al.Features, "；")}
	if al.Explicit {
		n.Kinds = "drawing_explicit"
	}
	if al.Words != "" {
		n.Note += "。画中文字：" + al.Words
	}
	receipt, err := p.seat.TakeIn(ctx, tx, n)
	return receipt.Matter, err
}

// Found implements rating.Ports.
func (raters) Found(ctx context.Context, r db.Reader, since clock.Millis, children ...id.ID) (map[id.ID]bool, error) {
	return level.FoundSince(ctx, r, since, children...)
}

// Names implements rating.Ports.
func (p raters) Names(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
	return p.accounts.Names(ctx, r, ids)
}

// Children implements rating.Ports.
func (p raters) Children(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]string, error) {
	list, err := person.Seats(ctx, r, children...)
	out := make(map[id.ID]string, len(list))
	for asked, s := range list {
		out[asked] = s.Name
	}
	return out, err
}

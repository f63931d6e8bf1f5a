package guard

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Fence is a line that a child should not cross, from inside or from outside.
type Fence struct {
	ID        id.ID             `json:"id"`
	Kind      string            `json:"kind"` // home, school, river, reservoir, custom
	Mode      Mode              `json:"mode"`
	ChildID   id.ID             `json:"child_id,omitempty"` // empty: for all of the area
	Region    string            `json:"region"`
	Name      string            `json:"name"`
	Outline   fence.Outline     `json:"outline"`
	Schedule  schedule.Schedule `json:"schedule"`
	Active    bool              `json:"active"`
	Version   int64             `json:"version"`
	UpdatedBy id.ID             `json:"updated_by"`
	UpdatedAt clock.Millis      `json:"updated_at"`

	shape *fence.Shape
}

// FenceKinds lists the kinds with the mode that each has by itself.
func FenceKinds() map[string]Mode {
	return map[string]Mode{"home": KeepIn, "school": KeepIn, "river": KeepOut, "reservoir": KeepOut, "custom": KeepIn}
}

// Drawing is a fence as somebody drew it.
type Drawing struct {
	Kind     string            `json:"kind"`
	Mode     Mode              `json:"mode,omitempty"` // the kind's own if empty
	ChildID  id.ID             `json:"child_id,omitempty"`
	Region   string            `json:"region,omitempty"` // of a fence for an area
	Name     string            `json:"name"`
	Outline  fence.Outline     `json:"outline"`
	Schedule schedule.Schedule `json:"schedule,omitempty"`
	Active   bool              `json:"active"`
	Version  int64             `json:"version,omitempty"` // as shown; 0 = whatever it is
}

const fenceColumns = "id, kind, mode, child_id, region, name, outline, schedule, active, version, updated_by, updated_at"

type fenceRow struct {
	ID        id.ID        `bun:"id"`
	Kind      string       `bun:"kind"`
	Mode      Mode         `bun:"mode"`
	ChildID   id.ID        `bun:"child_id"`
	Region    string       `bun:"region"`
	Name      string       `bun:"name"`
	Outline   string       `bun:"outline"`
	Schedule  string       `bun:"schedule"`
	Active    bool         `bun:"active"`
	Version   int64        `bun:"version"`
	UpdatedBy id.ID        `bun:"updated_by"`
	UpdatedAt clock.Millis `bun:"updated_at"`
}

func aad(column string, row id.ID) string { return "fence." + column + ":" + string(row) }

// open reads a row; what is sealed is opened.
func (s *Service) open(row fenceRow) (*Fence, error) {
	f := &Fence{ID: row.ID, Kind: row.Kind, Mode: row.Mode, ChildID: row.ChildID, Region: row.Region, Name: row.Name, Active: row.Active,
		Version: row.Version, UpdatedBy: row.UpdatedBy, UpdatedAt: row.UpdatedAt}
	if f.ChildID != "" {
		var err error
		if f.Name, err = s.p.Keys.Open(aad("name", f.ID), row.Name); err != nil {
			return nil, err
		}
		if row.Outline, err = s.p.Keys.Open(aad("outline", f.ID), row.Outline); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal([]byte(row.Outline), &f.Outline); err != nil {
		return nil, errs.Internal(err)
	}
	if err := json.Unmarshal([]byte(row.Schedule), &f.Schedule); err != nil {
		return nil, errs.Internal(err)
	}
	f.shape = f.Outline.Compile()
	return f, nil
}

// opened is open by memory: a fence is compiled once a version.
func (s *Service) opened(row fenceRow) (*Fence, error) {
	s.mu.Lock()
	have, ok := s.shapes[row.ID]
	s.mu.Unlock()
	if ok && have.Version == row.Version {
		return have, nil
	}
	f, err := s.open(row)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shapes) >= mostShapes {
		clear(s.shapes)
	}
	s.shapes[row.ID] = f
	return f, nil
}

// mostShapes bounds the memory of compiled fences: some 100 MB.
const mostShapes = 200_000

// ofChild gives the child's own fences that are on.
func (s *Service) ofChild(ctx context.Context, r db.Reader, childID id.ID) ([]*Fence, error) {
	var rows []fenceRow
	if err := r.List(ctx, &rows, "SELECT "+fenceColumns+" FROM fence WHERE child_id = ? AND ended_at = 0 AND active = ? ORDER BY id", childID, true); err != nil {
		return nil, err
	}
	out := make([]*Fence, 0, len(rows))
	for _, row := range rows {
		f, err := s.opened(row)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// zones is what all areas' fences are, as one process remembers it.
type zones struct {
	n    int64
	near fence.Index[*Fence]
	by   map[id.ID]*Fence
}

// zoneMargin is how far around a zone it is looked at, metres: what lies
// beyond is out by any accuracy that zones believe.
const zoneMargin = 200

// areas gives the fences of areas, read anew when one changed.
func (s *Service) areas(ctx context.Context, r db.Reader) (*zones, error) {
	n, err := state(ctx, r, "fences")
	if err != nil {
		return nil, err
	}
	return s.areasAt(ctx, r, n)
}

func (s *Service) areasAt(ctx context.Context, r db.Reader, n int64) (*zones, error) {
	s.mu.Lock()
	z := s.zones
	s.mu.Unlock()
	if z != nil && z.n == n {
		return z, nil
	}
	var rows []fenceRow
	if err := r.List(ctx, &rows, "SELECT "+fenceColumns+" FROM fence WHERE child_id = '' AND ended_at = 0 AND active = ?", true); err != nil {
		return nil, err
	}
	z = &zones{n: n, by: map[id.ID]*Fence{}}
	for _, row := range rows {
		f, err := s.open(row)
		if err != nil {
			return nil, err
		}
		z.near.Put(f.shape.Box(), zoneMargin, f)
		z.by[f.ID] = f
	}
	s.mu.Lock()
	s.zones = z
	s.mu.Unlock()
	return z, nil
}

// findFence gives one that is not ended. Errors: NotFound.
func (s *Service) findFence(ctx context.Context, r db.Reader, fenceID id.ID) (*Fence, error) {
	var rows []fenceRow
	if err := r.List(ctx, &rows, "SELECT "+fenceColumns+" FROM fence WHERE id = ? AND ended_at = 0", fenceID); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errs.NotFound("fence.not_found")
	}
	return s.open(rows[0])
}

// check brings a drawing to its normal form. Errors: Invalid.
func (d *Drawing) check() error {
	d.Name = strings.TrimSpace(d.Name)
	own, known := FenceKinds()[d.Kind]
	if d.Mode == "" {
		d.Mode = own
	}
	switch {
	case !known:
		return errs.Invalid("kind", "fence.kind_wrong")
	case d.Mode != KeepIn && d.Mode != KeepOut:
		return errs.Invalid("mode", "fence.kind_wrong")
	case d.Name == "" || len([]rune(d.Name)) > 40:
		return errs.Invalid("name", "fence.name_wrong")
	case d.ChildID == "" && d.Mode == KeepIn:
		return errs.Invalid("child_id", "fence.child_missing")
	case d.ChildID == "" && len(d.Region) < 6:
		return errs.Invalid("region", "fence.region_missing")
	}
	if d.Schedule == nil {
		d.Schedule = schedule.Schedule{}
	}
	if err := d.Schedule.Check(); err != nil {
		return err
	}
	return d.Outline.Check()
}

// Draw makes a fence for a child, or for an area. Errors: Invalid, NotFound,
// Forbidden.
func (s *Service) Draw(ctx context.Context, d Drawing) (Fence, error) {
	return s.draw(ctx, "", d)
}

// Redraw changes a fence. Its child or area stays. Errors: also Conflict
// "fence.changed".
func (s *Service) Redraw(ctx context.Context, fenceID id.ID, d Drawing) (Fence, error) {
	return s.draw(ctx, fenceID, d)
}

func (s *Service) draw(ctx context.Context, fenceID id.ID, d Drawing) (Fence, error) {
	var out Fence
	made := fenceID == ""
	if made {
		fenceID = id.New()
	}
	err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		version := int64(1)
		if !made {
			was, err := s.findFence(ctx, tx, fenceID)
			if err != nil {
				if e := access.May(access.From(ctx), "fence.write"); e != nil {
					return e
				}
				return err
			}
			if d.Version != 0 && d.Version != was.Version {
				return errs.Conflict("fence.changed")
			}
			d.ChildID, version = was.ChildID, was.Version+1
			if d.ChildID == "" && d.Region == "" {
				d.Region = was.Region
			}
			if err := s.mayDraw(ctx, tx, was.ChildID, was.Region); err != nil {
				return err
			}
		}
		if err := d.check(); err != nil {
			return err
		}
		if d.ChildID != "" {
			t, err := s.p.Target(ctx, tx, d.ChildID)
			if err != nil {
				return err
			}
			d.Region = t.Region
		}
		if err := s.mayDraw(ctx, tx, d.ChildID, d.Region); err != nil {
			return err
		}
		f := Fence{ID: fenceID, Kind: d.Kind, Mode: d.Mode, ChildID: d.ChildID, Region: d.Region, Name: d.Name, Outline: d.Outline, Schedule: d.Schedule,
			Active: d.Active, Version: version, UpdatedBy: access.From(ctx).Account, UpdatedAt: tx.Now}
		f.shape = f.Outline.Compile()
		if err := s.saveFence(ctx, tx, f); err != nil {
			return err
		}
		if err := s.afterDrawing(ctx, tx, &f); err != nil {
			return err
		}
		out = f
		title := "timeline.fence_changed"
		if made {
			title = "timeline.fence_drawn"
		}
		return s.noteFence(ctx, tx, f, title)
	})
	return out, err
}

// mayDraw asks for the right: on the child, or on the area.
func (s *Service) mayDraw(ctx context.Context, r db.Reader, childID id.ID, region string) error {
	t := access.Target{Region: region}
	if childID != "" {
		var err error
		if t, err = s.p.Target(ctx, r, childID); err != nil {
			return err
		}
		t.Task = "" // a task opens reading, not drawing
	}
	return access.Check(access.From(ctx), "fence.write", t)
}

func (s *Service) saveFence(ctx context.Context, tx *db.Tx, f Fence) error {
	outline, err := json.Marshal(f.Outline)
	if err != nil {
		return errs.Internal(err)
	}
	sched, err := json.Marshal(f.Schedule)
	if err != nil {
		return errs.Internal(err)
	}
	name, drawn := f.Name, string(outline)
	if f.ChildID != "" {
		name, drawn = s.p.Keys.Seal(aad("name", f.ID), name), s.p.Keys.Seal(aad("outline", f.ID), drawn)
	}
	if f.Version == 1 {
		_, err = tx.Exec(ctx, `INSERT INTO fence (id, kind, mode, child_id, region, name, outline, schedule, active, version, created_by, created_at, updated_by, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`, f.ID, f.Kind, f.Mode, f.ChildID, f.Region, name, drawn, string(sched), f.Active, f.UpdatedBy, tx.Now, f.UpdatedBy, tx.Now)
	} else {
		var n int64
		n, err = tx.Exec(ctx, `UPDATE fence SET kind = ?, mode = ?, region = ?, name = ?, outline = ?, schedule = ?, active = ?, version = ?, updated_by = ?, updated_at = ?
			WHERE id = ? AND version = ?`, f.Kind, f.Mode, f.Region, name, drawn, string(sched), f.Active, f.Version, f.UpdatedBy, tx.Now, f.ID, f.Version-1)
		if err == nil && n == 0 {
			err = errs.Conflict("fence.changed")
		}
	}
	return err
}

// afterDrawing begins anew: what devices stood to before says nothing of
// another line.
func (s *Service) afterDrawing(ctx context.Context, tx *db.Tx, f *Fence) error {
	if _, err := tx.Exec(ctx, "DELETE FROM guard_standing WHERE fence = ?", f.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE guard_state SET n = n + 1 WHERE name = 'fences'"); err != nil {
		return err
	}
	return s.scheduleWindow(ctx, tx, f)
}

// noteFence writes audit, timeline and event.
func (s *Service) noteFence(ctx context.Context, tx *db.Tx, f Fence, title string) error {
	kind, subject := "fence", f.ID
	if f.ChildID != "" {
		kind, subject = "child", f.ChildID
		if err := child.Note(ctx, tx, child.Entry{ChildID: f.ChildID, Kind: "guard", Title: title, RefKind: "fence", RefID: f.ID, Region: f.Region,
			Data: map[string]string{"kind": f.Kind}}); err != nil {
			return err
		}
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "fence.write", SubjectKind: kind, Subject: subject, Fields: []string{"fence"}, Region: f.Region}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "guard", Kind: "fence", Region: f.Region, Ref: string(f.ID)})
}

// Erase takes a fence away. Its alarms that are open end with it.
func (s *Service) Erase(ctx context.Context, fenceID id.ID) error {
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err := s.findFence(ctx, tx, fenceID)
		if err != nil {
			if e := access.May(access.From(ctx), "fence.write"); e != nil {
				return e
			}
			return err
		}
		if err := s.mayDraw(ctx, tx, f.ChildID, f.Region); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE fence SET ended_at = ?, version = version + 1 WHERE id = ?", tx.Now, f.ID); err != nil {
			return err
		}
		if f.ChildID != "" { // where it was drawn is where the child lives: not kept
			if _, err := tx.Exec(ctx, "UPDATE fence SET name = '', outline = '' WHERE id = ?", f.ID); err != nil {
				return err
			}
		}
		if err := job.Cancel(ctx, tx, JobWindow, string(f.ID)); err != nil {
			return err
		}
		f.Schedule = schedule.Schedule{}
		if err := s.afterDrawing(ctx, tx, f); err != nil {
			return err
		}
		open, err := openAlarms(ctx, tx, "fence = ?", f.ID)
		if err != nil {
			return err
		}
		for _, a := range open {
			if err := s.end(ctx, tx, a, "fence_erased"); err != nil {
				return err
			}
		}
		return s.noteFence(ctx, tx, *f, "timeline.fence_erased")
	})
}

// FencesOf gives the fences of a child and those of the areas around where it
// lives. Errors: NotFound, Forbidden.
func (s *Service) FencesOf(ctx context.Context, childID id.ID) ([]Fence, error) {
	out := []Fence{}
	var region string
	var task id.ID
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		t, err := s.p.Target(ctx, r, childID)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "fence.read", t); err != nil {
			return err
		}
		region, task = t.Region, t.Task
		var rows []fenceRow
		if err := r.List(ctx, &rows, "SELECT "+fenceColumns+" FROM fence WHERE child_id = ? AND ended_at = 0 ORDER BY id", childID); err != nil {
			return err
		}
		for _, row := range rows {
			f, err := s.open(row)
			if err != nil {
				return err
			}
			out = append(out, *f)
		}
		z, err := s.areas(ctx, r)
		if err != nil {
			return err
		}
		for _, f := range z.by {
			if covers(f.Region, t.Region) {
				out = append(out, *f)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sortFences(out)
	audit.Show(ctx, "fence.read", string(task), region, audit.Shown{Kind: "child", ID: childID, Fields: []string{"fence"}})
	return out, nil
}

// Zones gives the fences of areas that the actor may see.
func (s *Service) Zones(ctx context.Context) ([]Fence, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "fence.read"); err != nil {
		return nil, err
	}
	where, args := access.Where("region", actor.Areas("fence.read"))
	out := []Fence{}
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var rows []fenceRow
		// Those of the areas above hold there too.
		if err := r.List(ctx, &rows, "SELECT "+fenceColumns+" FROM fence WHERE child_id = '' AND ended_at = 0 ORDER BY id"); err != nil {
			return err
		}
		var mine []id.ID
		if err := r.List(ctx, &mine, "SELECT id FROM fence WHERE child_id = '' AND ended_at = 0 AND "+where, args...); err != nil {
			return err
		}
		for _, row := range rows {
			above := slices.ContainsFunc(actor.Areas("fence.read"), func(a string) bool { return strings.HasPrefix(a, row.Region) })
			if !above && !slices.Contains(mine, row.ID) {
				continue
			}
			f, err := s.open(row)
			if err != nil {
				return err
			}
			out = append(out, *f)
		}
		return nil
	})
	sortFences(out)
	return out, err
}

func sortFences(list []Fence) {
	slices.SortFunc(list, func(a, b Fence) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// covers tells whether a fence of an area holds for who lives at region.
func covers(area, region string) bool { return strings.HasPrefix(region, area) }

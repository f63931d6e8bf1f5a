package seat

import (
	"context"
	"encoding/json"
	"slices"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Drill is an exercise (演练; CAP 1.2 status "Exercise"): the same screens and
// pages, marked, counted apart. Children and guardians are never called in one.
type Drill struct {
	ID        id.ID        `bun:"id" json:"id"`
	MatterID  id.ID        `bun:"matter_id" json:"matter_id"`
	Region    string       `bun:"region" json:"region"`
	Note      string       `bun:"note" json:"note"`
	StartedBy id.ID        `bun:"started_by" json:"started_by"`
	StartedAt clock.Millis `bun:"started_at" json:"started_at"`
	EndedAt   clock.Millis `bun:"ended_at" json:"ended_at"`
	EndReason string       `bun:"end_reason" json:"end_reason"` // done, preempted
}

const drillColumns = "id, matter_id, region, note, started_by, started_at, ended_at, end_reason"

// StartDrill begins an exercise: a matter of the kind in the region, without a child.
func (s *Service) StartDrill(ctx context.Context, kind, region, note string) (Drill, error) {
	var out Drill
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Check(access.From(ctx), "drill.run", access.Target{Region: region}); err != nil {
			return err
		}
		if region == "" {
			return errs.Invalid("region", "region.needed")
		}
		real, err := matter.Select(ctx, tx, "WHERE state <> 'closed' AND drill = ? AND crisis = ? LIMIT 1", false, true)
		if err != nil {
			return err
		}
		if len(real) > 0 {
			return errs.Conflict("drill.real_crisis_open")
		}
		drillID := id.New()
		n := signal.New{Source: signal.Drill, Kind: "drill", Key: "drill:" + string(drillID), Region: region, Kinds: kind, Note: note, Drill: true}
		signalID, _, err := signal.Insert(ctx, tx, s.keys, n, access.From(ctx).Account)
		if err != nil {
			return err
		}
		matterID, _, err := s.process(ctx, tx, signalID, n)
		if err != nil {
			return err
		}
		out = Drill{ID: drillID, MatterID: matterID, Region: region, Note: note, StartedBy: access.From(ctx).Account, StartedAt: tx.Now}
		if _, err := tx.Exec(ctx, "INSERT INTO drill ("+drillColumns+") VALUES (?, ?, ?, ?, ?, ?, 0, '')", out.ID, out.MatterID, out.Region, out.Note, out.StartedBy, out.StartedAt); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "drill_started", Region: region, Ref: string(out.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "drill.run", SubjectKind: "drill", Subject: out.ID, Region: region})
	})
	return out, err
}

// Drills lists the exercises, newest first.
func (s *Service) Drills(ctx context.Context, r db.Reader) ([]Drill, error) {
	if err := access.May(access.From(ctx), "drill.read"); err != nil {
		return nil, err
	}
	where, args := access.Where("region", access.From(ctx).Areas("drill.read"))
	var rows []Drill
	err := r.List(ctx, &rows, "SELECT "+drillColumns+" FROM drill WHERE "+where+" ORDER BY started_at DESC LIMIT 200", args...)
	return rows, err
}

// EndDrill ends an exercise.
func (s *Service) EndDrill(ctx context.Context, drillID id.ID) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := drillOf(ctx, tx, drillID)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "drill.run", access.Target{Region: d.Region}); err != nil {
			return err
		}
		if d.EndedAt != 0 {
			return errs.Conflict("drill.ended")
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "drill.run", SubjectKind: "drill", Subject: d.ID, Region: d.Region, Fields: []string{"end"}}); err != nil {
			return err
		}
		return s.endDrill(ctx, tx, d, "done")
	})
}

func drillOf(ctx context.Context, r db.Reader, drillID id.ID) (Drill, error) {
	var rows []Drill
	if err := r.List(ctx, &rows, "SELECT "+drillColumns+" FROM drill WHERE id = ?", drillID); err != nil {
		return Drill{}, err
	}
	if len(rows) == 0 {
		return Drill{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

func (s *Service) endDrill(ctx context.Context, tx *db.Tx, d Drill, reason string) error {
	if _, err := tx.Exec(ctx, "UPDATE drill SET ended_at = ?, end_reason = ? WHERE id = ?", tx.Now, reason, d.ID); err != nil {
		return err
	}
	m, err := matter.Get(ctx, tx, d.MatterID)
	if err != nil {
		return err
	}
	if m.State != matter.Closed {
		if err := s.matters.EndDrill(ctx, tx, m); err != nil {
			return err
		}
	}
	return tx.Emit(ctx, db.Event{Topic: "system", Kind: "drill_ended", Region: d.Region, Ref: string(d.ID), Data: json.RawMessage(`{"reason":"` + reason + `"}`)})
}

// preempt ends the exercises under way: a real child comes first.
func (s *Service) preempt(ctx context.Context, tx *db.Tx) error {
	var rows []Drill
	if err := tx.List(ctx, &rows, "SELECT "+drillColumns+" FROM drill WHERE ended_at = 0"); err != nil {
		return err
	}
	for _, d := range rows {
		if err := s.endDrill(ctx, tx, d, "preempted"); err != nil {
			return err
		}
	}
	return nil
}

// DrillLevel is what one rung of the chain cost in an exercise.
type DrillLevel struct {
	Level       string       `json:"level"`
	Step        int          `json:"step"`
	OfferedAt   clock.Millis `json:"offered_at"`
	AcceptedAt  clock.Millis `json:"accepted_at"`
	Seconds     float64      `json:"seconds"`      // until accepted, or until the next rung was called
	LostSeconds float64      `json:"lost_seconds"` // those of a rung that did not answer
	Called      int          `json:"called"`
}

// DrillReport says where the seconds were lost.
type DrillReport struct {
	Drill
	DispatchSeconds float64      `json:"dispatch_seconds"` // from the signal to the first call
	Levels          []DrillLevel `json:"levels"`
	TotalSeconds    float64      `json:"total_seconds"` // from the signal to the acceptance, 0 if none
	Pages           int          `json:"pages"`
}

// Report computes the report of an exercise from its events.
func (s *Service) Report(ctx context.Context, r db.Reader, drillID id.ID) (DrillReport, error) {
	d, err := drillOf(ctx, r, drillID)
	if err != nil {
		return DrillReport{}, err
	}
	if err := access.Check(access.From(ctx), "drill.read", access.Target{Region: d.Region}); err != nil {
		return DrillReport{}, err
	}
	events, err := matter.Events(ctx, r, d.MatterID)
	if err != nil {
		return DrillReport{}, err
	}
	return drillReport(d, events), nil
}

func drillReport(d Drill, events []matter.Event) DrillReport {
	rep := DrillReport{Drill: d, Levels: []DrillLevel{}}
	seconds := func(a, b clock.Millis) float64 { return float64(b-a) / 1000 }
	var end clock.Millis
	for _, e := range events {
		var data struct {
			Step  int     `json:"step"`
			Level string  `json:"level"`
			To    []id.ID `json:"to"`
		}
		_ = json.Unmarshal(e.Data, &data) // events of other kinds have other fields
		switch e.Kind {
		case "offered":
			if i := slices.IndexFunc(rep.Levels, func(l DrillLevel) bool { return l.Step == data.Step }); i >= 0 {
				rep.Levels[i].Called += len(data.To)
			} else {
				if n := len(rep.Levels); n == 0 {
					rep.DispatchSeconds = seconds(d.StartedAt, e.At)
				} else if rep.Levels[n-1].AcceptedAt == 0 {
					rep.Levels[n-1].Seconds = seconds(rep.Levels[n-1].OfferedAt, e.At)
					rep.Levels[n-1].LostSeconds = rep.Levels[n-1].Seconds
				}
				rep.Levels = append(rep.Levels, DrillLevel{Level: data.Level, Step: data.Step, OfferedAt: e.At, Called: len(data.To)})
			}
			rep.Pages += len(data.To)
		case "accepted":
			if n := len(rep.Levels); n > 0 && rep.Levels[n-1].AcceptedAt == 0 {
				rep.Levels[n-1].AcceptedAt = e.At
				rep.Levels[n-1].Seconds = seconds(rep.Levels[n-1].OfferedAt, e.At)
				if rep.TotalSeconds == 0 {
					rep.TotalSeconds = seconds(d.StartedAt, e.At)
				}
			}
		case "closed":
			end = e.At
		}
	}
	if n := len(rep.Levels); n > 0 && rep.Levels[n-1].AcceptedAt == 0 && end != 0 {
		rep.Levels[n-1].Seconds = seconds(rep.Levels[n-1].OfferedAt, end)
		rep.Levels[n-1].LostSeconds = rep.Levels[n-1].Seconds
	}
	return rep
}

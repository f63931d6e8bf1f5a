package guard

import (
	"context"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
)

// TrackQuery asks where a child was on a day.
type TrackQuery struct {
	Day    civil.Date `json:"day"`
	Reason string     `json:"reason,omitempty"` // needed where no open task is the purpose
	System geo.System `json:"crs,omitempty"`    // wgs84; gcj02 or bd09 for other maps
}

// Spot is one place of a track.
type Spot struct {
	Lat       float64      `json:"lat"`
	Lon       float64      `json:"lon"`
	At        clock.Millis `json:"at"`
	Source    string       `json:"source"`
	AccuracyM float64      `json:"accuracy_m"`
	Late      bool         `json:"late"` // came as history
	Suspect   bool         `json:"suspect"`
}

// Track is where a child was on a day, and where it is now.
type Track struct {
	ChildID   id.ID      `json:"child_id"`
	ChildName string     `json:"child_name"`
	Day       civil.Date `json:"day"`
	System    geo.System `json:"crs"`
	Spots     []Spot     `json:"spots"`
	Of        int        `json:"of"` // places of the day; more than spots: each so-and-so-many-th is given, the newest among them
	Devices   []Wearing  `json:"devices"`
	KeptDays  int        `json:"kept_days"`
}

// spotsMost bounds an answer. A device that is followed by the second has
// 86,400 places a day; cut off, the evening would be missing.
const spotsMost = 5000

// Track gives where a child was. The look is written down with its purpose
// before anything is answered: the task that the actor has, else the reason.
// Errors: NotFound, Forbidden, Invalid.
func (s *Service) Track(ctx context.Context, childID id.ID, q TrackQuery) (Track, error) {
	if !q.Day.Valid() {
		return Track{}, errs.Invalid("day", "device.date_wrong")
	}
	switch q.System {
	case "":
		q.System = geo.WGS84
	case geo.WGS84, geo.GCJ02, geo.BD09:
	default:
		return Track{}, errs.Invalid("crs", "guard.crs_wrong")
	}
	out := Track{ChildID: childID, Day: q.Day, System: q.System, Spots: []Spot{}}
	err := s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		actor := access.From(ctx)
		t, err := s.p.Target(ctx, tx, childID)
		if err != nil {
			if e := access.May(actor, "position.read"); e != nil {
				return e
			}
			return err
		}
		if err := access.Check(actor, "position.read", t); err != nil {
			return err
		}
		purpose := t.Task
		if purpose == "" {
			reason := strings.TrimSpace(q.Reason)
			if n := len([]rune(reason)); n < 4 || n > 300 {
				return errs.Invalid("reason", "reason.needed")
			}
			purpose = id.New()
			if _, err := tx.Exec(ctx, "INSERT INTO guard_look (id, child_id, by_account, at, on_day, reason) VALUES (?, ?, ?, ?, ?, ?)", purpose, childID, actor.Account, tx.Now, q.Day,
				s.p.Keys.Seal("guard_look.reason:"+string(purpose), reason)); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: "position.read", SubjectKind: "child", Subject: childID, Fields: []string{"position", "track"}, Purpose: string(purpose), Region: t.Region}); err != nil {
			return err
		}
		names, err := person.Names(ctx, tx, childID)
		if err != nil {
			return err
		}
		out.ChildName = names[childID]
		rules, _, err := s.rulesFor(ctx, tx, "", t.Region)
		if err != nil {
			return err
		}
		out.KeptDays = rules.Keep.Positions
		if out.Devices, err = s.Worn(ctx, tx, childID); err != nil {
			return err
		}
		for i := range out.Devices {
			if p := out.Devices[i].Position; p != nil {
				at := geo.To(geo.Point{Lat: p.Lat, Lon: p.Lon}, geo.WGS84, q.System)
				out.Devices[i].Position = &device.Position{Lat: at.Lat, Lon: at.Lon, At: p.At, Source: p.Source, AccuracyM: p.AccuracyM}
			}
		}
		from := clock.Of(q.Day.Start())
		var rows []struct {
			Lat       float64      `bun:"lat"`
			Lon       float64      `bun:"lon"`
			At        clock.Millis `bun:"at"`
			Source    string       `bun:"source"`
			AccuracyM float64      `bun:"accuracy_m"`
			History   bool         `bun:"history"`
			Suspect   bool         `bun:"time_suspect"`
		}
		const columns, of = "lat, lon, at, source, accuracy_m, history, time_suspect", "FROM device_position WHERE child_id = ? AND at >= ? AND at < ?"
		day := []any{childID, from, from.Add(24 * time.Hour)}
		if err := tx.Get(ctx, db.To(&out.Of), "SELECT count(*) "+of, day...); err != nil {
			return err
		}
		query, args := "SELECT "+columns+" "+of+" ORDER BY at", day
		if step := (out.Of + spotsMost - 1) / spotsMost; step > 1 {
			query = "SELECT " + columns + " FROM (SELECT " + columns + ", row_number() OVER (ORDER BY at DESC, device) AS n " + of + ") x WHERE n % ? = 1 ORDER BY at"
			args = append(args, step)
		}
		if err := tx.List(ctx, &rows, query, args...); err != nil {
			return err
		}
		for _, p := range rows {
			at := geo.To(geo.Point{Lat: p.Lat, Lon: p.Lon}, geo.WGS84, q.System)
			out.Spots = append(out.Spots, Spot{at.Lat, at.Lon, p.At, p.Source, p.AccuracyM, p.History, p.Suspect})
		}
		return nil
	})
	if err != nil {
		return Track{}, err
	}
	return out, nil
}

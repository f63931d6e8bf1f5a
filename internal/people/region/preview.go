package region

import (
	"context"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// OutlinePreview tells what an import would take, before it does.
type OutlinePreview struct {
	Outlines int           `json:"outlines"`
	Points   int           `json:"points"`
	Areas    []PreviewArea `json:"areas"`
	// Missing are the townships that the file has no outline of, if it has any:
	// the map would have holes there.
	Missing []Item `json:"missing"`
	// Replaces is the instant of the import that this one takes the place of.
	Replaces clock.Millis `json:"replaces"`
}

// PreviewArea is one area that the file places.
type PreviewArea struct {
	Code    Code    `json:"code"`
	Name    string  `json:"name"`
	Level   string  `json:"level"`
	Outline bool    `json:"outline"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
	// Moved is how far the point lies from the one known now, in metres; -1 if
	// none is known or the known one is invented.
	Moved float64 `json:"moved_m"`
}

// PreviewOutline reads a file as ImportOutline does and stores nothing. The
// refusals are the same.
func (s *Service) PreviewOutline(ctx context.Context, district Code, data []byte) (OutlinePreview, error) {
	out := OutlinePreview{Areas: []PreviewArea{}, Missing: []Item{}}
	if err := access.Check(access.From(ctx), "region.manage", access.Target{Region: string(district)}); err != nil {
		return out, err
	}
	var t *Table
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if t, err = Load(ctx, r); err != nil {
			return err
		}
		return r.Get(ctx, db.To(&out.Replaces), "SELECT outline_at FROM region_state WHERE id = 1")
	}); err != nil {
		return out, err
	}
	shapes, err := readOutline(data, t, district)
	if err != nil {
		return out, err
	}
	outlined := map[Code]bool{}
	for _, sh := range shapes {
		a := PreviewArea{Code: sh.Code, Name: t.Label(sh.Code), Level: sh.Code.Level().String(), Outline: sh.Outline != nil,
			Lat: sh.Point[1], Lon: sh.Point[0], Moved: -1}
		if p, ok := t.own(sh.Code); ok && p.Source != Invented {
			a.Moved = Distance(p.Lat, p.Lon, a.Lat, a.Lon)
		}
		if a.Outline {
			out.Outlines++
			outlined[sh.Code] = true
		} else {
			out.Points++
		}
		out.Areas = append(out.Areas, a)
	}
	if out.Outlines > 0 {
		for _, town := range t.Children(district) {
			if !outlined[town.Code] {
				out.Missing = append(out.Missing, Item{Code: town.Code, Parent: district, Level: LevelTownship.String(), Name: town.Short()})
			}
		}
	}
	return out, nil
}

// VillageRequest adds a village with its official code.
type VillageRequest struct {
	Code Code   `json:"code"`
	Name string `json:"name"`
}

// MakeVillage adds a village that the official list has and the built-in table
// has not yet. Errors: Invalid code "region.village_code"; NotFound
// "region.unknown" for the township; Conflict "region.code_taken",
// "region.name_taken", "region.ending".
func (s *Service) MakeVillage(ctx context.Context, q VillageRequest) (Item, error) {
	name, err := checkName(q.Name)
	if err != nil {
		return Item{}, err
	}
	if q.Code.Level() != LevelVillage || strings.HasSuffix(string(q.Code), "000") || strings.Trim(string(q.Code), "0123456789") != "" {
		return Item{}, errs.Invalid("code", "region.village_code")
	}
	town := q.Code.Parent()
	err = s.change(ctx, town, func(ctx context.Context, tx *db.Tx, t *Table) error {
		for _, v := range t.Children(town) {
			if v.Name == name || v.Short() == name {
				return errs.Conflict("region.name_taken")
			}
		}
		if err := notEnding(ctx, tx, town); err != nil {
			return err
		}
		if err := insert(ctx, tx, Region{q.Code, name}, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "region.manage", SubjectKind: "region", Subject: id.ID(q.Code), Fields: []string{"created"}, Region: string(q.Code)})
	})
	if err != nil {
		return Item{}, err
	}
	return Item{Code: q.Code, Parent: town, Level: LevelVillage.String(), Name: name}, nil
}

// Announced is a change that has a day: of a name, or the end of a code.
type Announced struct {
	Code   Code       `json:"code"`
	On     civil.Date `json:"on"`
	Kind   string     `json:"kind"` // name, code
	Name   string     `json:"name,omitempty"`
	To     Code       `json:"to,omitempty"`
	ToName string     `json:"to_name,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Past   bool       `json:"past"`
}

// changesMost of one area are more than any has had.
const changesMost = 100

// Changes lists what changed or will change of an area, the newest first.
func (s *Service) Changes(ctx context.Context, c Code) ([]Announced, error) {
	out := []Announced{}
	if err := access.Check(access.From(ctx), "region.read", access.Target{Region: string(c)}); err != nil {
		return out, err
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		t, err := s.areas.Table(ctx, r)
		if err != nil {
			return err
		}
		today := civil.DateOf(r.At().Time())
		var names []struct {
			On     string `bun:"from_on"`
			Name   string `bun:"name"`
			Reason string `bun:"reason"`
		}
		if err := r.List(ctx, &names, "SELECT from_on, name, reason FROM region_name WHERE code = ? ORDER BY from_on DESC LIMIT ?", c, changesMost); err != nil {
			return err
		}
		for _, n := range names {
			out = append(out, Announced{Code: c, On: civil.Date(n.On), Kind: "name", Name: n.Name, Reason: n.Reason, Past: civil.Date(n.On) <= today})
		}
		var on, to string
		err = r.Get(ctx, db.To(&on, &to), "SELECT ended_on, successor FROM region WHERE code = ?", c)
		if errs.Is(err, errs.KindNotFound) {
			return errs.NotFound("region.unknown")
		}
		if err == nil && on != "" {
			out = append([]Announced{{Code: c, On: civil.Date(on), Kind: "code", To: Code(to), ToName: t.Label(Code(to)), Past: civil.Date(on) <= today}}, out...)
		}
		return err
	})
	return out, err
}

// Public gives the areas of the district that one may name when registering.
// The codes and names are those that the statistics office publishes.
func (s *Service) Public(ctx context.Context, district Code) ([]Item, error) {
	var t *Table
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		t, err = s.areas.Table(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []Item{}
	for l := LevelDistrict; l <= LevelVillage; l++ {
		for _, r := range t.Within(district, l) {
			out = append(out, Item{Code: r.Code, Parent: r.Code.Parent(), Level: l.String(), Name: r.Short()})
		}
	}
	return out, nil
}

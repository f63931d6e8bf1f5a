package region

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Service is what people do with areas. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	areas Atlas
}

// NewService makes it.
func NewService(d *db.DB) *Service { return &Service{db: d} }

// Item is an area as listed. Lat and Lon are left out where no point is known;
// Invented marks a point that is made up for a demonstration.
type Item struct {
	Code     Code     `json:"code"`
	Parent   Code     `json:"parent"`
	Level    string   `json:"level"`
	Name     string   `json:"name"`
	Lat      *float64 `json:"lat,omitempty"`
	Lon      *float64 `json:"lon,omitempty"`
	Invented bool     `json:"invented,omitempty"`
}

// List gives all living areas in the order of codes. The codes and names are
// public; whoever is signed in needs them to fill in forms.
func (s *Service) List(ctx context.Context) ([]Item, error) {
	if err := access.May(access.From(ctx), "region.read"); err != nil {
		return nil, err
	}
	var t *Table
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		t, err = s.areas.Table(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Item, 0, t.Len())
	for _, r := range t.All() {
		item := Item{Code: r.Code, Parent: r.Code.Parent(), Level: r.Code.Level().String(), Name: r.Short()}
		if p, ok := t.own(r.Code); ok {
			item.Lat, item.Lon, item.Invented = &p.Lat, &p.Lon, p.Source == Invented
		}
		out = append(out, item)
	}
	return out, nil
}

// GridRequest makes a grid of a village.
type GridRequest struct {
	Village Code   `json:"village"`
	Name    string `json:"name"`
}

// nameMost in characters.
const nameMost = 30

func checkName(raw string) (string, error) {
	name := civil.Squeeze(civil.HalfWidth(raw))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", errs.Invalid("name", "required")
	case n > nameMost || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return "", errs.Invalid("name", "too_long")
	}
	return name, nil
}

// change runs fn on the areas for who manages the one of the code.
func (s *Service) change(ctx context.Context, c Code, fn func(ctx context.Context, tx *db.Tx, t *Table) error) error {
	if err := access.Check(access.From(ctx), "region.manage", access.Target{Region: string(c)}); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "region"); err != nil {
			return err
		}
		t, err := Load(ctx, tx)
		if err != nil {
			return err
		}
		if _, lives := t.Get(c); !lives {
			return errs.NotFound("region.unknown")
		}
		if err := fn(ctx, tx, t); err != nil {
			return err
		}
		return touch(ctx, tx)
	})
}

// MakeGrid adds a grid to a village: the next free number of three digits.
// Errors: NotFound "region.unknown"; Invalid village "region.not_village",
// name; Conflict "region.name_taken", "region.full", "region.ending".
func (s *Service) MakeGrid(ctx context.Context, q GridRequest) (Item, error) {
	name, err := checkName(q.Name)
	if err != nil {
		return Item{}, err
	}
	if q.Village.Level() != LevelVillage {
		return Item{}, errs.Invalid("village", "region.not_village")
	}
	var made Code
	err = s.change(ctx, q.Village, func(ctx context.Context, tx *db.Tx, t *Table) error {
		for _, g := range t.Children(q.Village) {
			if g.Name == name {
				return errs.Conflict("region.name_taken")
			}
		}
		if err := notEnding(ctx, tx, q.Village); err != nil {
			return err
		}
		// A number is never given twice, also after its grid ended.
		var last Code
		lo, hi := q.Village.Range()
		err := tx.Get(ctx, db.To(&last), "SELECT coalesce(max(code), '') FROM region WHERE code > ? AND code < ?", lo, hi)
		if err != nil {
			return err
		}
		n := 1
		if last != "" {
			if _, err := fmt.Sscanf(string(last[len(q.Village):]), "%d", &n); err != nil {
				return errs.Internal(err)
			}
			n++
		}
		if n > 999 {
			return errs.Conflict("region.full")
		}
		made = Code(fmt.Sprintf("%s%03d", q.Village, n))
		if err := insert(ctx, tx, Region{made, name}, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "region.manage", SubjectKind: "region", Subject: id.ID(made), Fields: []string{"created"}, Region: string(made)})
	})
	if err != nil {
		return Item{}, err
	}
	return Item{Code: made, Parent: q.Village, Level: LevelGrid.String(), Name: name}, nil
}

// notEnding is Conflict "region.ending" for an area whose end is announced:
// what is made under it now would be left behind.
func notEnding(ctx context.Context, r db.Reader, c Code) error {
	var on string
	if err := r.Get(ctx, db.To(&on), "SELECT ended_on FROM region WHERE code = ?", c); err != nil {
		return err
	}
	if on != "" {
		return errs.Conflict("region.ending")
	}
	return nil
}

// ChangeRequest changes an area from a day on; empty = today. Earlier days are
// refused: what was written since then would have another meaning.
type ChangeRequest struct {
	FromOn civil.Date `json:"from_on"`
	Name   string     `json:"name,omitempty"`
	Code   Code       `json:"code,omitempty"` // of the successor
	Reason string     `json:"reason"`         // the document that says so
}

// aheadMost is how many days before a change may be announced.
const aheadMost = 366

func (q *ChangeRequest) check(r db.Reader) error {
	today := civil.DateOf(r.At().Time())
	if q.FromOn == "" {
		q.FromOn = today
	}
	if !q.FromOn.Valid() || q.FromOn < today || q.FromOn > today.AddDays(aheadMost) {
		return errs.Invalid("from_on", "region.day")
	}
	q.Reason = strings.TrimSpace(q.Reason)
	switch n := utf8.RuneCountInString(q.Reason); {
	case n == 0:
		return errs.Invalid("reason", "required")
	case n > 500:
		return errs.Invalid("reason", "too_long")
	}
	return nil
}

// Rename gives an area another name from a day on.
func (s *Service) Rename(ctx context.Context, c Code, q ChangeRequest) error {
	name, err := checkName(q.Name)
	if err != nil {
		return err
	}
	return s.change(ctx, c, func(ctx context.Context, tx *db.Tx, t *Table) error {
		if err := q.check(tx); err != nil {
			return err
		}
		for _, o := range t.Children(c.Parent()) {
			if o.Code != c && o.Name == name {
				return errs.Conflict("region.name_taken")
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO region_name (code, from_on, name, reason, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (code, from_on) DO UPDATE SET name = excluded.name, reason = excluded.reason, set_by = excluded.set_by, set_at = excluded.set_at`,
			c, string(q.FromOn), name, q.Reason, access.From(ctx).Account, tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "region.manage", SubjectKind: "region", Subject: id.ID(c), Fields: []string{"name"}, Region: string(c)})
	})
}

// Recode gives an area, and with it all it contains, a new code from a day
// on. The old codes stay known (Table.Label, Table.Now); what was written
// under them stays. Conflict "region.code_taken"; Invalid code
// "region.bad_successor": another level, or under no living area.
func (s *Service) Recode(ctx context.Context, c Code, q ChangeRequest) error {
	return s.change(ctx, c, func(ctx context.Context, tx *db.Tx, t *Table) error {
		if err := q.check(tx); err != nil {
			return err
		}
		if err := notEnding(ctx, tx, c); err != nil {
			return err
		}
		_, there := t.Get(q.Code.Parent())
		if q.Code.Level() != c.Level() || !there || q.Code == c || c.Level() < LevelTownship {
			return errs.Invalid("code", "region.bad_successor")
		}
		if err := access.Check(access.From(ctx), "region.manage", access.Target{Region: string(q.Code)}); err != nil {
			return err
		}
		for l := c.Level(); l <= LevelGrid; l++ {
			for _, r := range t.Within(c, l) {
				to := q.Code + r.Code[len(c):]
				if err := insert(ctx, tx, Region{to, r.Name}, q.FromOn); err != nil {
					return err
				}
				if p, ok := t.own(r.Code); ok {
					if _, err := tx.Exec(ctx, "UPDATE region SET lat = ?, lon = ?, point_source = ? WHERE code = ?", p.Lat, p.Lon, p.Source, to); err != nil {
						return err
					}
				}
				if err := end(ctx, tx, r.Code, to, q.FromOn); err != nil {
					return err
				}
			}
		}
		return s.noteEnd(ctx, tx, c, q.Code)
	})
}

// Merge ends an area in favour of a living one of its level, or ends a grid
// without one (no Code). An area that still contains others does not end:
// Conflict "region.has_parts".
func (s *Service) Merge(ctx context.Context, c Code, q ChangeRequest) error {
	return s.change(ctx, c, func(ctx context.Context, tx *db.Tx, t *Table) error {
		if err := q.check(tx); err != nil {
			return err
		}
		if err := notEnding(ctx, tx, c); err != nil {
			return err
		}
		if len(t.Children(c)) > 0 {
			return errs.Conflict("region.has_parts")
		}
		if q.Code == "" && c.Level() == LevelGrid {
			q.Code = c.Parent() // what was in it lies in the village
		} else if _, there := t.Get(q.Code); !there || q.Code.Level() != c.Level() || q.Code == c || c.Level() < LevelTownship {
			return errs.Invalid("code", "region.bad_successor")
		}
		if err := notEnding(ctx, tx, q.Code); err != nil {
			return err
		}
		if err := end(ctx, tx, c, q.Code, q.FromOn); err != nil {
			return err
		}
		return s.noteEnd(ctx, tx, c, q.Code)
	})
}

func end(ctx context.Context, tx *db.Tx, c, successor Code, on civil.Date) error {
	_, err := tx.Exec(ctx, "UPDATE region SET ended_on = ?, successor = ? WHERE code = ?", string(on), successor, c)
	return err
}

// noteEnd writes the audit and tells other packages, which move what must
// follow the code.
func (s *Service) noteEnd(ctx context.Context, tx *db.Tx, c, to Code) error {
	if err := tx.Emit(ctx, db.Event{Topic: "region", Kind: "ended", Region: string(c), Ref: string(c), Data: []byte(`{"to":"` + string(to) + `"}`)}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "region.manage", SubjectKind: "region", Subject: id.ID(c), Fields: []string{"code"}, Region: string(c)})
}

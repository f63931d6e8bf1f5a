package person

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// Counts are figures over the list of children; each opens into its rows by
// the query of the same name.
type Counts struct {
	Total      int             `json:"total"`
	ByCategory []CategoryCount `json:"by_category"`
	ByArea     []AreaCount     `json:"by_area"`   // the townships, or the villages of the one asked for
	Gaps       int             `json:"gaps"`      // children whose area below the district is not known
	NoCarer    int             `json:"no_carer"`  // children whose actual carer is not known
	Doubles    int             `json:"doubles"`   // open doubts
	Proposals  int             `json:"proposals"` // of imports, undecided
}

// CategoryCount is how many children are in a category now.
type CategoryCount struct {
	Kind  child.Kind `bun:"kind" json:"kind"`
	Count int        `bun:"count" json:"count"`
}

// AreaCount is how many children live in an area.
type AreaCount struct {
	Region string `bun:"region" json:"region"`
	Name   string `bun:"-" json:"name"`
	Count  int    `bun:"count" json:"count"`
}

// Count counts the children in the actor's areas, or in one of them. It names
// nobody. Errors: Forbidden.
func (s *Service) Count(ctx context.Context, within string) (Counts, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.search"); err != nil {
		return Counts{}, err
	}
	out := Counts{ByCategory: []CategoryCount{}, ByArea: []AreaCount{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := access.Where("p.region", actor.Areas("child.search"))
		if within != "" {
			in, a := access.Where("p.region", []string{within})
			where, args = where+" AND "+in, append(args, a...)
		}
		where = "p.child AND " + shows + " AND " + where
		digits := 9
		if len(within) >= 9 {
			digits = 12
		}
		if err := r.List(ctx, &out.ByArea, "SELECT substr(p.region, 1, ?) AS region, count(*) AS count FROM person p WHERE "+where+" GROUP BY 1 ORDER BY 1", append([]any{digits}, args...)...); err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for i := range out.ByArea {
			a := &out.ByArea[i]
			a.Name = areas.Label(region.Code(a.Region))
			out.Total += a.Count
			if len(a.Region) < 9 {
				out.Gaps += a.Count
			}
		}
		day := today(r)
		for _, k := range child.Kinds() {
			c := CategoryCount{Kind: k}
			if err := r.Get(ctx, db.To(&c.Count), `SELECT count(DISTINCT p.id) FROM child_category c JOIN person p ON p.id = c.child_id WHERE c.kind = ? AND c.began_on <= ?
				AND (c.ended_on = '' OR c.ended_on > ?) AND (p.birth_on = '' OR p.birth_on > ?) AND `+where, append([]any{k, day, day, k.BornAfter(day)}, args...)...); err != nil {
				return err
			}
			if c.Count > 0 {
				out.ByCategory = append(out.ByCategory, c)
			}
		}
		if err := r.Get(ctx, db.To(&out.NoCarer), "SELECT count(*) FROM person p WHERE "+where+
			" AND NOT EXISTS (SELECT 1 FROM relation x WHERE x.child_id = p.id AND x.carer AND (x.ended_on = '' OR x.ended_on > ?))", append(args, day)...); err != nil {
			return err
		}
		if access.May(actor, "child.merge") == nil {
			in, a := access.Where("region", actor.Areas("child.merge"))
			if err := r.Get(ctx, db.To(&out.Doubles), "SELECT count(*) FROM person_duplicate WHERE state = 'open' AND "+in, a...); err != nil {
				return err
			}
		}
		if access.May(actor, "child.import") == nil {
			in, a := access.Where("region", actor.Areas("child.import"))
			return r.Get(ctx, db.To(&out.Proposals), "SELECT count(*) FROM intake_follow WHERE state = 'open' AND "+in, a...)
		}
		return nil
	})
	return out, err
}

// exportMost bounds one workbook: more is a copy of the register, not a list.
const exportMost = 20_000

// Export gives the list as a workbook; numbers are masked as on the page. The
// reason is kept, and the audit names every child in it. word gives the text of
// a message key. Errors: Forbidden, Invalid.
func (s *Service) Export(ctx context.Context, q ListQuery, reason string, word func(string) (string, bool)) ([]byte, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.export"); err != nil {
		return nil, err
	}
	if !reasonOK(reason) {
		return nil, errs.Invalid("reason", "reveal.reason_short")
	}
	text := func(key string) string {
		t, _ := word(key)
		return t
	}
	var head []any
	for _, k := range []string{"code", "name", "sex", "age", "region", "categories", "carer", "device", "matters"} {
		head = append(head, text("export."+k))
	}
	lines := [][]any{head}
	var shown []audit.Shown
	for q.Limit, q.Cursor = 200, ""; ; {
		var rows []Row
		err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
			recs, next, err := s.search(ctx, r, q, actor.Areas("child.export"), q.Limit)
			if err != nil {
				return err
			}
			q.Cursor = next
			rows, err = s.rows(ctx, r, found(ctx, recs))
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			var cats []string
			for _, c := range row.Categories {
				cats = append(cats, text("category."+string(c)))
			}
			device := ""
			if row.Device {
				device = text("export.yes")
			}
			lines = append(lines, []any{row.Code, row.Name, text("export.sex." + row.Sex), row.Age, row.RegionName, strings.Join(cats, "、"), row.CarerName, device, row.OpenMatters})
			shown = append(shown, audit.Shown{Kind: "child", ID: row.ID, Fields: rowFields})
		}
		if q.Cursor == "" {
			break
		}
		if len(lines) >= exportMost {
			return nil, errs.Invalid("q", "export.too_many")
		}
	}
	// Who took the list out stands in the list.
	body, err := sheet.Write("Sheet1", nil, append(lines, nil, []any{text("export.by"), actor.Name, reason}))
	if err != nil {
		return nil, errs.Internal(err)
	}
	export := id.New()
	return body, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := audit.Write(ctx, tx, audit.Entry{Action: "child.export", SubjectKind: "export", Subject: export, Purpose: s.keys.Seal(aad("export.reason", export), reason), Region: q.Region}); err != nil {
			return err
		}
		return audit.WriteMany(ctx, tx, audit.Entry{Action: "child.export", Purpose: string(export), Region: q.Region}, shown)
	})
}

// MergeView is a merge in the list.
type MergeView struct {
	ID       id.ID        `json:"id"`
	Kept     id.ID        `json:"kept"`
	Dropped  id.ID        `json:"dropped"`
	Name     string       `json:"name"`
	Code     string       `json:"code"`
	Region   string       `json:"region_name"`
	At       clock.Millis `json:"at"`
	ByName   string       `json:"by_name"`
	UndoneAt clock.Millis `json:"undone_at"`
}

// Merges lists the newest merges of children in the actor's areas. Errors:
// Forbidden.
func (s *Service) Merges(ctx context.Context) ([]MergeView, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.merge"); err != nil {
		return nil, err
	}
	out := []MergeView{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := access.Where("p.region", actor.Areas("child.merge"))
		var rows []struct {
			ID       id.ID        `bun:"id"`
			Kept     id.ID        `bun:"kept"`
			Dropped  id.ID        `bun:"dropped"`
			Name     string       `bun:"name"`
			Code     string       `bun:"code"`
			Region   string       `bun:"region"`
			At       clock.Millis `bun:"at"`
			By       id.ID        `bun:"by_account"`
			UndoneAt clock.Millis `bun:"undone_at"`
		}
		if err := r.List(ctx, &rows, `SELECT m.id, m.kept, m.dropped, p.name, p.code, p.region, m.at, m.by_account, m.undone_at
			FROM person_merge m JOIN person p ON p.id = m.kept WHERE p.child AND `+where+" ORDER BY m.id DESC LIMIT 100", args...); err != nil {
			return err
		}
		var accounts []id.ID
		for _, m := range rows {
			accounts = append(accounts, m.By)
		}
		names, err := s.names(ctx, r, accounts...)
		if err != nil {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for _, m := range rows {
			out = append(out, MergeView{m.ID, m.Kept, m.Dropped, m.Name, m.Code, areas.Label(region.Code(m.Region)), m.At, names[m.By], m.UndoneAt})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var shown []audit.Shown
	for _, m := range out {
		shown = append(shown, audit.Shown{Kind: "child", ID: m.Kept, Fields: []string{"name", "code", "region"}})
	}
	audit.Show(ctx, "child.merge", "", "", shown...)
	return out, nil
}

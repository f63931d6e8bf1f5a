package api

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/people/access"
	"zugou/internal/people/sheet"
)

// levelColumns are the headings of the file of a list for work.
var levelColumns = []string{"name", "age", "region", "school", "colour", "urgency", "why", "since", "due", "by"}

// levelBook gives a list for work as an Excel file to who may take lists out;
// the reason and who took it stand in its last line.
func (a *API) levelBook(s Screening) {
	workbook(a, "/levels/export", "a list for work as an Excel file", "levels.xlsx", func(ctx context.Context, in *struct {
		LevelQuery
		List   string `query:"list" enum:"waiting,late,reassess,agree,changes,overrides,never"`
		Reason string `query:"reason" maxLength:"300"`
	}) ([]byte, error) {
		if err := access.May(access.From(ctx), "child.export"); err != nil {
			return nil, err
		}
		q := in.query()
		q.Limit = level.MostTaken
		var rows []level.Entry
		var err error
		switch in.List {
		case "late", "reassess":
			rows, err = s.Levels.Contacts(ctx, q, in.List)
		case "agree":
			rows, err = s.Levels.ToAgree(ctx, q)
		case "changes":
			rows, err = s.Levels.Changes(ctx, q)
		case "overrides":
			rows, err = s.Levels.Overrides(ctx, q)
		case "never":
			rows, err = s.Levels.Never(ctx, q)
		default:
			rows, err = s.Levels.Waiting(ctx, q)
		}
		if err != nil {
			return nil, err
		}
		if err := s.Levels.Taken(ctx, in.List, in.Reason, rows); err != nil {
			return nil, err
		}
		body, err := levelSheet(rows, s.Word, access.From(ctx).Name, in.Reason)
		if err != nil {
			return nil, errs.Internal(err)
		}
		return body, nil
	})
}

func levelSheet(rows []level.Entry, word func(string) string, by, reason string) ([]byte, error) {
	head := make([]any, len(levelColumns))
	for i, c := range levelColumns {
		head[i] = word("export.levels." + c)
	}
	lines := [][]any{head}
	colour := func(c risk.Colour) string {
		if c == "" {
			c = "none"
		}
		return word("level.colour." + string(c))
	}
	when := func(m clock.Millis) string {
		if m == 0 {
			return ""
		}
		return m.Time().In(clock.Zone).Format("2006-01-02 15:04")
	}
	for _, e := range rows {
		lines = append(lines, []any{e.Name, e.Age, e.RegionName, e.School, colour(e.Colour), colour(e.Urgency), strings.Join(e.Why, "；"), when(max(e.Since, e.At)), when(e.DueAt), e.ByName})
	}
	return sheet.Write("Sheet1", slices.Repeat([]float64{18}, len(head)), append(lines, []any{word("export.by"), by, reason}))
}

package seat

import (
	"context"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Search narrows the list of matters.
type Search struct {
	State   string // open, closing, closed; empty = all
	Kind    string
	Region  string
	Urgency string
	Number  string // of the matter, or its beginning
	Child   id.ID
	Drill   bool
	Overdue bool // a clock has run out
	From    clock.Millis
	To      clock.Millis
	Before  id.ID // for paging
	Limit   int
}

// MatterCounts counts the matters that a search finds, whatever their state.
type MatterCounts struct {
	Open    int `json:"open" bun:"open"`
	Closing int `json:"closing" bun:"closing"`
	Overdue int `json:"overdue" bun:"overdue"`
	Closed  int `json:"closed" bun:"closed"`
}

// where gives the predicate of a search within the actor's rights.
func (f Search) where(a access.Actor, action access.Action, now clock.Millis) (string, []any) {
	where, args := areaOrTask(a, action, "region")
	conds := []string{where, "drill = ?"}
	args = append(args, f.Drill)
	add := func(cond string, v ...any) { conds, args = append(conds, cond), append(args, v...) }
	if f.State != "" {
		add("state = ?", f.State)
	}
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Urgency != "" {
		add("urgency = ?", f.Urgency)
	}
	if f.Region != "" {
		add("region >= ? AND region < ?", f.Region, access.After(f.Region))
	}
	if f.Number != "" {
		add("no >= ? AND no < ?", f.Number, access.After(f.Number))
	}
	if f.Child != "" {
		add("child_id = ?", f.Child)
	}
	if f.Overdue {
		add("state <> 'closed' AND due_at > 0 AND due_at < ?", now)
	}
	if f.From != 0 {
		add("opened_at >= ?", f.From)
	}
	if f.To != 0 {
		add("opened_at < ?", f.To)
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	return strings.Join(conds, " AND "), args
}

// Matters lists matters, newest first; next is the cursor of the next page.
func (s *Service) Matters(ctx context.Context, r db.Reader, f Search) (items []Row, next id.ID, err error) {
	a := access.From(ctx)
	if err := access.May(a, "matter.read"); err != nil {
		return nil, "", err
	}
	limit := f.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	where, args := f.where(a, "matter.read", r.At())
	list, err := matter.Select(ctx, r, "WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	items, err = s.rows(ctx, r, list)
	return items, next, err
}

// Counts counts what the search finds by state; its own state, overdue and
// cursor don't count.
func (s *Service) Counts(ctx context.Context, r db.Reader, f Search) (MatterCounts, error) {
	a := access.From(ctx)
	if err := access.May(a, "matter.read"); err != nil {
		return MatterCounts{}, err
	}
	f.State, f.Overdue, f.Before = "", false, ""
	where, args := f.where(a, "matter.read", r.At())
	var out MatterCounts
	err := r.Get(ctx, []any{&out}, `SELECT COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0) AS open,
		COALESCE(SUM(CASE WHEN state = 'closing' THEN 1 ELSE 0 END), 0) AS closing,
		COALESCE(SUM(CASE WHEN state <> 'closed' AND due_at > 0 AND due_at < ? THEN 1 ELSE 0 END), 0) AS overdue,
		COALESCE(SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END), 0) AS closed FROM matter WHERE `+where, append([]any{r.At()}, args...)...)
	return out, err
}

// mostExported bounds an Excel file.
const mostExported = 20_000

// ExportRow is a matter in an Excel file: what the list shows, and how it ended.
type ExportRow struct {
	Row
	Outcome  string
	ClosedAt clock.Millis
}

// Export gives the rows of a search for an Excel file, the newest first. The
// right is matter.export; the file leaves the house, so that it is audited as
// an act with all it names. Errors: Invalid when there are more than 20,000.
func (s *Service) Export(ctx context.Context, f Search) ([]ExportRow, error) {
	a := access.From(ctx)
	if err := access.May(a, "matter.export"); err != nil {
		return nil, err
	}
	var out []ExportRow
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := f.where(a, "matter.export", r.At())
		list, err := matter.Select(ctx, r, "WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, mostExported+1)...)
		if err != nil {
			return err
		}
		if len(list) > mostExported {
			return errs.Invalid("from", "matter.export_many")
		}
		rows, err := s.rows(ctx, r, list)
		for i, row := range rows {
			out = append(out, ExportRow{row, list[i].Outcome, list[i].ClosedAt})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := make([]audit.Shown, 0, len(out))
	for _, row := range out {
		shown = append(shown, audit.Shown{Kind: "matter", ID: row.ID, Fields: []string{"no", "child", "region", "outcome"}})
	}
	return out, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.WriteMany(ctx, tx, audit.Entry{Action: "matter.export", SubjectKind: "matter", Region: s.district}, shown)
	})
}

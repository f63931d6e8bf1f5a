package child

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Entry is one line of a child's timeline.
type Entry struct {
	ID      id.ID             `bun:"id"`
	ChildID id.ID             `bun:"child_id"`
	At      clock.Millis      `bun:"at"`    // when it happened; the change's instant if 0
	Kind    string            `bun:"kind"`  // register, move, category, device, matter, visit, screening …
	Title   string            `bun:"title"` // message key in locale/, such as "timeline.moved"
	Data    map[string]string `bun:"-"`     // for the message: codes, kinds and ids, never personal data
	Text    string            `bun:"text"`  // sealed by the child's key (see package person), or empty
	RefKind string            `bun:"ref_kind"`
	RefID   id.ID             `bun:"ref_id"`
	By      id.ID             `bun:"by_account"` // the actor of the context if empty
	Region  string            `bun:"region"`     // where the child lived then
	RawData string            `bun:"data"`
}

const entryColumns = "id, child_id, at, kind, title, data, text, ref_kind, ref_id, by_account, region"

// Note appends entries to timelines as part of the change.
func Note(ctx context.Context, tx *db.Tx, entries ...Entry) error {
	rows := make([]entryRow, 0, len(entries))
	for _, e := range entries {
		row, err := e.row(tx.Now, access.From(ctx).Account)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Insert(ctx, &rows)
}

type entryRow struct {
	bun.BaseModel `bun:"table:child_entry"`
	Entry
}

func (e Entry) row(now clock.Millis, by id.ID) (entryRow, error) {
	if e.ID == "" {
		e.ID = id.New()
	}
	if e.At == 0 {
		e.At = now
	}
	if e.By == "" {
		e.By = by
	}
	e.RawData = "{}"
	if len(e.Data) > 0 {
		text, err := json.Marshal(e.Data)
		if err != nil {
			return entryRow{}, err
		}
		e.RawData = string(text)
	}
	return entryRow{Entry: e}, nil
}

// Before is the place in a timeline behind which the next page begins; the
// zero value is the newest end.
type Before struct {
	At clock.Millis
	ID id.ID
}

// Timeline gives up to limit entries of a child, newest first. A child whose
// records were merged has several ids. Entries with the same instant are in
// the order in which they were written.
func Timeline(ctx context.Context, r db.Reader, ids []id.ID, before Before, limit int) ([]Entry, error) {
	query, args := "SELECT "+entryColumns+" FROM child_entry WHERE child_id = ?", []any{ids[0]}
	for _, more := range ids[1:] {
		query, args = query+" OR child_id = ?", append(args, more)
	}
	if len(ids) > 1 {
		query = strings.Replace(query, "WHERE ", "WHERE (", 1) + ")"
	}
	if before.At != 0 {
		query, args = query+" AND (at, id) < (?, ?)", append(args, before.At, before.ID)
	}
	var rows []Entry
	if err := r.List(ctx, &rows, query+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...); err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].RawData != "{}" {
			if err := json.Unmarshal([]byte(rows[i].RawData), &rows[i].Data); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

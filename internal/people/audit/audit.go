// Package audit keeps who did what and who saw which fields of whom.
//
//	a change  ── Write(tx, …) ──► row, in the change itself
//	a reading ── Show(ctx, …) ──► Trail of the request ── Flush ──► one row a
//	             request, naming all it showed, stored before the answer leaves
//	Sealer    ── rows in commit order ──► chain of keyed hashes, beside the writes
//
// Rows name people by opaque ids only, so that erasing a person leaves the
// chain whole (个人信息保护法 art. 47; 网络安全法 art. 21 asks six months and
// more of logs). Nothing here is ever updated or deleted; Verify finds what
// was changed, removed or put in, and says where.
package audit

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Entry is what a row says.
type Entry struct {
	Action      access.Action
	SubjectKind string // child, matter, order, account …
	Subject     id.ID
	Fields      []string // names of the fields changed or shown
	Purpose     string   // id of the task, or the reason's record
	Result      string   // "ok" if empty; "refused" …
	Region      string
}

// Shown is one record that an answer showed.
type Shown struct {
	Kind   string   `json:"kind"`
	ID     id.ID    `json:"id"`
	Fields []string `json:"fields,omitempty"`
}

// Write stores one row as part of the change.
func Write(ctx context.Context, tx *db.Tx, e Entry) error {
	shown := []Shown{{e.SubjectKind, e.Subject, e.Fields}}
	return insert(ctx, tx, e, shown)
}

func insert(ctx context.Context, tx *db.Tx, e Entry, shown []Shown) error {
	text, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	if e.Result == "" {
		e.Result = "ok"
	}
	xid := "0"
	if tx.On() == db.Postgres {
		xid = "pg_current_xact_id()::text::bigint"
	}
	rowID := id.New()
	_, err = tx.Exec(ctx, `INSERT INTO audit_row (xid, id, at, actor, action, subject_kind, subject, shown, purpose, result, region, request)
		VALUES (`+xid+`, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		rowID, tx.Now, access.From(ctx).Account, e.Action, e.SubjectKind, e.Subject, string(text), e.Purpose, e.Result, e.Region, RequestOf(ctx))
	if err != nil || len(shown) < 2 {
		return err
	}
	for part := range slices.Chunk(shown, 200) {
		marks := strings.TrimSuffix(strings.Repeat("(?, ?),", len(part)), ",")
		args := make([]any, 0, 2*len(part))
		for _, s := range part {
			args = append(args, rowID, s.ID)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO audit_shown (row_id, subject) VALUES "+marks+" ON CONFLICT DO NOTHING", args...); err != nil {
			return err
		}
	}
	return nil
}

// Trail collects what one request shows.
type Trail struct {
	mu      sync.Mutex
	request string
	action  access.Action
	purpose string
	region  string
	shown   []Shown
}

type trailKey struct{}

// With gives the request a trail; request is its id for the logs.
func With(ctx context.Context, request string) (context.Context, *Trail) {
	t := &Trail{request: request}
	return context.WithValue(ctx, trailKey{}, t), t
}

// RequestOf gives the id of the request under way, empty if there is none.
func RequestOf(ctx context.Context) string {
	if t, ok := ctx.Value(trailKey{}).(*Trail); ok {
		return t.request
	}
	return ""
}

// Show notes that the answer under way shows fields of a record. The first
// call's action and purpose name the row.
func Show(ctx context.Context, action access.Action, purpose, region string, shown ...Shown) {
	t, ok := ctx.Value(trailKey{}).(*Trail)
	if !ok || len(shown) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.action == "" {
		t.action, t.purpose, t.region = action, purpose, region
	}
	for _, s := range shown {
		if i := slices.IndexFunc(t.shown, func(o Shown) bool { return o.Kind == s.Kind && o.ID == s.ID }); i >= 0 && len(t.shown) < 64 {
			for _, f := range s.Fields {
				if !slices.Contains(t.shown[i].Fields, f) {
					t.shown[i].Fields = append(t.shown[i].Fields, f)
				}
			}
			continue
		}
		t.shown = append(t.shown, s)
	}
}

// Flush stores the trail as one row. Call it before the answer leaves: a
// reading that can't be written down is not given.
func (t *Trail) Flush(ctx context.Context, d *db.DB) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.shown) == 0 {
		return nil
	}
	e := Entry{Action: t.action, SubjectKind: t.shown[0].Kind, Subject: t.shown[0].ID, Purpose: t.purpose, Region: t.region}
	shown := t.shown
	err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, e, shown) })
	if err == nil {
		t.shown = nil
	}
	return err
}

// FieldsOf takes out of a row's shown text the fields of one record.
func FieldsOf(shown string, subject id.ID) []string {
	var all []Shown
	out := []string{}
	if json.Unmarshal([]byte(shown), &all) != nil {
		return out // a row of an older form says no fields
	}
	for _, s := range all {
		if s.ID == subject && s.Fields != nil {
			out = append(out, s.Fields...)
		}
	}
	return out
}

// Row is a stored row.
type Row struct {
	Seq         int64         `bun:"seq" json:"-"`
	Xid         int64         `bun:"xid" json:"-"`
	ID          id.ID         `bun:"id" json:"id"`
	At          clock.Millis  `bun:"at" json:"at"`
	Actor       string        `bun:"actor" json:"actor"`
	Action      access.Action `bun:"action" json:"action"`
	SubjectKind string        `bun:"subject_kind" json:"subject_kind"`
	Subject     string        `bun:"subject" json:"subject"`
	Shown       string        `bun:"shown" json:"shown"`
	Purpose     string        `bun:"purpose" json:"purpose"`
	Result      string        `bun:"result" json:"result"`
	Region      string        `bun:"region" json:"region"`
	Request     string        `bun:"request" json:"request"`
}

const rowColumns = "seq, xid, id, at, actor, action, subject_kind, subject, shown, purpose, result, region, request"

// Filter narrows a list; zero fields don't.
type Filter struct {
	Actor    string
	Subject  string
	Kind     string // of the subject
	Action   string // whole, or "child." for all of a noun
	Result   string
	From, To clock.Millis
	Before   int64 // seq, for paging
	Limit    int   // 100 if 0; at most 500
}

// List gives rows, newest first. The right to read them is audit.read.
func List(ctx context.Context, r db.Reader, f Filter) ([]Row, error) {
	if err := access.May(access.From(ctx), "audit.read"); err != nil {
		return nil, err
	}
	where := []string{"1 = 1"}
	var args []any
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	if f.Actor != "" {
		add("actor = ?", f.Actor)
	}
	if f.Subject != "" {
		add("(subject = ? OR id IN (SELECT row_id FROM audit_shown WHERE subject = ?))", f.Subject, f.Subject)
	}
	if f.Kind != "" {
		add("subject_kind = ?", f.Kind)
	}
	if strings.HasSuffix(f.Action, ".") {
		add("substr(action, 1, ?) = ?", len(f.Action), f.Action)
	} else if f.Action != "" {
		add("action = ?", f.Action)
	}
	if f.Result != "" {
		add("result = ?", f.Result)
	}
	if f.From != 0 {
		add("at >= ?", f.From)
	}
	if f.To != 0 {
		add("at < ?", f.To)
	}
	if f.Before != 0 {
		add("seq < ?", f.Before)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	args = append(args, min(limit, 500))
	var rows []Row
	err := r.List(ctx, &rows, "SELECT "+rowColumns+" FROM audit_row WHERE "+strings.Join(where, " AND ")+" ORDER BY seq DESC LIMIT ?", args...)
	return rows, err
}

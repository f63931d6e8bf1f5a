package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
)

// Digests reads the audit's daily digests, which lie outside the database.
type Digests interface {
	State() DigestState
	List() ([]audit.Kept, error)
}

// auditQuery narrows the audit.
type auditQuery struct {
	Actor   string       `query:"actor" maxLength:"60"`
	Subject string       `query:"subject" maxLength:"60"`
	Kind    string       `query:"kind" maxLength:"40"`
	Action  string       `query:"action" maxLength:"60"`
	Result  string       `query:"result" maxLength:"20"`
	From    clock.Millis `query:"from"`
	To      clock.Millis `query:"to"`
	Before  int64        `query:"before"`
	Limit   int          `query:"limit"`
}

func (q auditQuery) filter() audit.Filter {
	return audit.Filter{Actor: q.Actor, Subject: q.Subject, Kind: q.Kind, Action: q.Action, Result: q.Result, From: q.From, To: q.To, Before: q.Before, Limit: q.Limit}
}

// auditRow is an audit row with the names that the reader may know: of who
// acted always, of a child only with the right to read it, so that an auditor
// sees opaque ids.
type auditRow struct {
	audit.Row
	Seq         int64         `json:"seq"`
	ActorName   string        `json:"actor_name"`
	SubjectName string        `json:"subject_name,omitempty"`
	RegionName  string        `json:"region_name"`
	Records     []auditRecord `json:"records"`
}

type auditRecord struct {
	Kind   string   `json:"kind"`
	ID     id.ID    `json:"id"`
	Fields []string `json:"fields"`
	Name   string   `json:"name,omitempty"`
}

// exportMost rows of one workbook.
const exportMost = 20_000

// audits registers the viewer of the audit.
func (a *API) audit() {
	call(a, http.MethodGet, "/audit", "who did and saw what, newest first", func(ctx context.Context, in *auditQuery) (page[auditRow], error) {
		items, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]auditRow, error) { return a.auditRows(ctx, r, in.filter()) })
		out := page[auditRow]{Items: orEmpty(items)}
		if n := len(items); n > 0 && n == pageOf(in.Limit) {
			out.Next = fmt.Sprint(items[n-1].Seq)
		}
		return out, err
	})
	download(a, "/audit/export", "the rows of a filter as a workbook", func(ctx context.Context, in *auditQuery) (saved, error) {
		if err := access.May(access.From(ctx), "audit.read"); err != nil {
			return saved{}, err
		}
		raw, n, err := a.auditBook(ctx, in.filter())
		if err != nil {
			return saved{}, err
		}
		err = a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			return audit.Write(ctx, tx, audit.Entry{Action: "audit.export", SubjectKind: "audit", Subject: id.ID(fmt.Sprint(n))})
		})
		return saved{name: "audit-" + string(civil.DateOf(a.Clock.Now())) + ".xlsx", kind: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body: raw}, err
	})
	call(a, http.MethodGet, "/audit/chain", "how far the chain is sealed, and when it was last walked", func(ctx context.Context, _ *struct{}) (chainState, error) {
		return a.chain(ctx)
	})
	call(a, http.MethodPost, "/audit/verify", "walk the chain in the background and say what was tampered with", func(ctx context.Context, _ *struct{}) (audit.Check, error) {
		c, err := audit.BeginCheck(ctx, a.DB)
		if err == nil && a.Walk != nil {
			a.Walk(c.ID)
		}
		return c, err
	})
	call(a, http.MethodGet, "/audit/digests", "the daily digests kept outside the database", func(ctx context.Context, _ *struct{}) (page[audit.Kept], error) {
		items, err := a.kept(ctx)
		return page[audit.Kept]{Items: orEmpty(items)}, err
	})
	download(a, "/audit/digests/{day}", "one day's digest, for paper or another machine", func(ctx context.Context, in *struct {
		Day civil.Date `path:"day" maxLength:"10"`
	}) (saved, error) {
		items, err := a.kept(ctx)
		if err != nil {
			return saved{}, err
		}
		for _, k := range items {
			if k.Day == in.Day {
				raw, err := json.Marshal(k)
				return saved{name: audit.KeptName(k.Day), kind: "application/json", body: append(raw, '\n')}, err
			}
		}
		return saved{}, errs.NotFound("record.not_found")
	})
}

func pageOf(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 500)
}

func (a *API) kept(ctx context.Context) ([]audit.Kept, error) {
	if err := access.May(access.From(ctx), "audit.read"); err != nil {
		return nil, err
	}
	if a.Digests == nil {
		return nil, nil
	}
	return a.Digests.List()
}

// chainState is the chain with its proofs outside.
type chainState struct {
	audit.Chain
	Kept DigestState `json:"kept"`
}

func (a *API) chain(ctx context.Context) (chainState, error) {
	c, err := view(ctx, a, audit.State)
	out := chainState{Chain: c}
	if err == nil && a.Digests != nil {
		out.Kept = a.Digests.State()
	}
	return out, err
}

// auditRows dresses rows with the names that the reader may know.
func (a *API) auditRows(ctx context.Context, r db.Reader, f audit.Filter) ([]auditRow, error) {
	rows, err := audit.List(ctx, r, f)
	if err != nil {
		return nil, err
	}
	actor := access.From(ctx)
	areas, err := region.Load(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]auditRow, 0, len(rows))
	var accounts, children []id.ID
	for _, row := range rows {
		v := auditRow{Row: row, Seq: row.Seq, RegionName: areas.Label(region.Code(row.Region)), Records: []auditRecord{}}
		accounts = append(accounts, id.ID(row.Actor))
		if row.Shown != "" {
			if err := json.Unmarshal([]byte(row.Shown), &v.Records); err != nil {
				return nil, errs.Internal(err)
			}
		}
		for i := range v.Records {
			rec := &v.Records[i]
			rec.Fields = orEmpty(rec.Fields)
			switch {
			case rec.Kind == "account":
				accounts = append(accounts, rec.ID)
			case rec.Kind == "child" && actor.Allowed("child.read", access.Target{Region: row.Region}):
				children = append(children, rec.ID)
			}
		}
		out = append(out, v)
	}
	names, err := a.Seat.StaffNames(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	kids, err := person.Names(ctx, r, children...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].ActorName = a.actorName(out[i].Actor, names[id.ID(out[i].Actor)].Name)
		for k := range out[i].Records {
			rec := &out[i].Records[k]
			if rec.Name = kids[rec.ID]; rec.Kind == "account" {
				rec.Name = names[rec.ID].Name
			}
			if string(rec.ID) == out[i].Subject {
				out[i].SubjectName = rec.Name
			}
		}
	}
	return out, nil
}

// actorName words the program itself; a stranger has no account.
func (a *API) actorName(account, name string) string {
	if name != "" {
		return name
	}
	if program, ok := strings.CutPrefix(account, "system:"); ok {
		if text, ok := a.Words.Text("actor." + program); ok {
			return text
		}
		text, _ := a.Words.Text("actor.program")
		return text
	}
	text, _ := a.Words.Text("actor.stranger")
	return text
}

// auditBook writes the rows of a filter as a workbook; every cell is text, so
// that nothing in it is taken for a formula.
func (a *API) auditBook(ctx context.Context, f audit.Filter) ([]byte, int, error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	say := func(key string) string {
		if text, ok := a.Words.Text(key); ok {
			return text
		}
		return key
	}
	// A name that data gave (a role, a kind of matter) stands as it is.
	word := func(prefix, name string) string {
		if text, ok := a.Words.Text(prefix + strings.ReplaceAll(name, ".", "-")); ok {
			return text
		}
		return name
	}
	sheet := say("auditbook.sheet")
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return nil, 0, errs.Internal(err)
	}
	w, err := book.NewStreamWriter(sheet)
	if err != nil {
		return nil, 0, errs.Internal(err)
	}
	if err := w.SetColWidth(1, 9, 22); err != nil {
		return nil, 0, errs.Internal(err)
	}
	var head []any
	for _, k := range []string{"at", "actor", "action", "kind", "subject", "fields", "purpose", "result", "region"} {
		head = append(head, say("auditbook."+k))
	}
	if err := w.SetRow("A1", head); err != nil {
		return nil, 0, errs.Internal(err)
	}
	n := 0
	f.Limit = 500
	for n < exportMost {
		rows, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]auditRow, error) { return a.auditRows(ctx, r, f) })
		if err != nil {
			return nil, 0, err
		}
		for _, row := range rows {
			var fields []string
			for _, rec := range row.Records {
				for _, f := range rec.Fields {
					if text := word("audit.field.", f); !slices.Contains(fields, text) {
						fields = append(fields, text)
					}
				}
			}
			n++
			cells := []any{row.At.Time().In(clock.Zone).Format(time.DateTime), row.ActorName, word("action.", string(row.Action)), word("noun.", row.SubjectKind), orName(row.SubjectName, row.Subject),
				strings.Join(fields, "、"), row.Purpose, word("result.", row.Result), row.RegionName}
			if err := w.SetRow(fmt.Sprintf("A%d", n+1), cells); err != nil {
				return nil, 0, errs.Internal(err)
			}
		}
		if len(rows) < f.Limit {
			break
		}
		f.Before = rows[len(rows)-1].Seq
	}
	if err := w.Flush(); err != nil {
		return nil, 0, errs.Internal(err)
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		return nil, 0, errs.Internal(err)
	}
	return out.Bytes(), n, nil
}

func orName(name, opaque string) string {
	if name == "" {
		return opaque
	}
	return name + " " + opaque
}

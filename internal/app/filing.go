package app

import (
	"context"
	"encoding/json"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
	"zugou/internal/people/document"
	files "zugou/policy/document"
)

// filing wires the files: which records they hang on. A further kind of record
// is one more entry of the map.
func (a *App) filing() error {
	policies, err := dated.Read[document.Policy](files.Files)
	if err != nil {
		return err
	}
	a.Documents = document.New(document.Parts{DB: a.DB, Keys: a.Keys, Folder: a.Config.Attachments(), Policies: policies, Records: map[string]document.Record{
		"order":      orderFiles{},
		"matter":     matterFiles{},
		"figure":     figureFiles{},
		"event":      careFiles{a, true},
		"report":     careFiles{a, false},
		"visit":      visitFiles{a, false},
		"visit_sign": visitFiles{a, true},
		"hand":       handFiles{},
		"hand_sign":  handFiles{},
	}})
	a.Documents.Schedule(a.Jobs)
	return a.importing()
}

// matterFiles are files of a matter: what the seat or an officer adds.
type matterFiles struct{}

// Held implements document.Record.
func (matterFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	m, err := matter.Get(ctx, r, record)
	if err != nil {
		return document.Held{}, err
	}
	t, err := matter.TargetOf(ctx, r, m)
	return document.Held{Target: t, Read: "matter.read", Write: "matter.note", Child: m.ChildID, Region: m.Region}, err
}

// Attached implements document.Record.
func (matterFiles) Attached(ctx context.Context, tx *db.Tx, h document.Held, d document.Document) error {
	return tellAttached(ctx, tx, h.Region, d.RecordID, d)
}

// careFiles are photos of an event, or the papers of a mandatory report.
type careFiles struct {
	a     *App
	event bool
}

// Held implements document.Record.
func (f careFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	if f.event {
		e, err := care.EventOf(ctx, r, record)
		return document.Held{Target: access.Target{Region: e.Region}, Read: "event.read", Write: "event.write", Region: e.Region}, err
	}
	q, err := care.ReportOf(ctx, r, record)
	h := document.Held{Target: access.Target{Region: q.Region}, Read: "report.list", Write: "report.handle", Child: q.ChildID, Region: q.Region}
	// Who reported adds the papers to the own report, and reads these.
	if a := access.From(ctx); q.MadeBy == a.Account && !a.Allowed(h.Write, h.Target) {
		h.Target.Owner, h.Read, h.Write = a.Account, "report.own", "report.own"
	}
	return h, err
}

// Attached implements document.Record.
func (careFiles) Attached(context.Context, *db.Tx, document.Held, document.Document) error {
	return nil
}

// orderFiles are photos and recordings of who carries an order. Whoever sees
// the order sees them.
type orderFiles struct{}

// Held implements document.Record.
func (orderFiles) Held(ctx context.Context, r db.Reader, record id.ID) (document.Held, error) {
	o, err := dispatch.Get(ctx, r, record)
	if err != nil {
		return document.Held{}, err
	}
	m, err := matter.Get(ctx, r, o.MatterID)
	if err != nil {
		return document.Held{}, err
	}
	t, err := matter.TargetOf(ctx, r, m)
	if err != nil {
		return document.Held{}, err
	}
	h := document.Held{Target: t, Read: "order.read", Write: "order.progress", Child: m.ChildID, Region: m.Region}
	// Photos may come after the order was called back: the phone was offline.
	if o.Assignee == access.From(ctx).Account && o.Assignee != "" {
		h.Target.Task = o.ID
	}
	return h, nil
}

// Attached implements document.Record.
func (orderFiles) Attached(ctx context.Context, tx *db.Tx, h document.Held, d document.Document) error {
	o, err := dispatch.Get(ctx, tx, d.RecordID)
	if err != nil {
		return err
	}
	return tellAttached(ctx, tx, h.Region, o.MatterID, d)
}

// tellAttached has the card fetched again by who looks at the matter.
func tellAttached(ctx context.Context, tx *db.Tx, region string, matterID id.ID, d document.Document) error {
	told, err := json.Marshal(map[string]any{"record_kind": d.RecordKind, "record_id": d.RecordID, "kind": d.Kind})
	if err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "matter", Kind: "attached", Region: region, Ref: string(matterID), Data: told})
}

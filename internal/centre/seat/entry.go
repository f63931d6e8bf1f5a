package seat

import (
	"context"
	"slices"

	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Entry is what a person types in: a call, a visit, a police incident, a
// report of a school or a neighbour.
type Entry struct {
	Source      signal.Source
	Kind        string // of the matter
	Urgency     policy.Urgency
	Text        string
	CallerPhone string
	CallerName  string
	ChildID     id.ID
	ChildName   string
	Region      string
	Key         string
}

func (e Entry) check() error {
	var bad []errs.Field
	if !slices.Contains(signal.Entered(), e.Source) {
		bad = append(bad, errs.Field{Name: "source", Key: "signal.source"})
	}
	if e.Kind == "" {
		bad = append(bad, errs.Field{Name: "kind", Key: "matter.kind_needed"})
	}
	if e.Urgency != "" && !e.Urgency.Valid() {
		bad = append(bad, errs.Field{Name: "urgency", Key: "policy.urgency"})
	}
	if e.Text == "" && e.ChildID == "" && e.ChildName == "" && e.CallerPhone == "" {
		bad = append(bad, errs.Field{Name: "text", Key: "text.needed"})
	}
	return errs.InvalidFields(bad)
}

// Enter takes what a person typed in as a signal with a matter.
func (s *Service) Enter(ctx context.Context, e Entry) (Receipt, error) {
	if err := e.check(); err != nil {
		return Receipt{}, err
	}
	a := access.From(ctx)
	if err := access.May(a, "signal.create"); err != nil {
		return Receipt{}, err
	}
	region := e.Region
	if region == "" && e.ChildID == "" {
		region = s.district
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if e.ChildID == "" {
			return nil
		}
		var err error
		region, err = s.dir.Region(ctx, r, e.ChildID)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	if err := access.Check(a, "signal.create", access.Target{Region: region}); err != nil {
		return Receipt{}, err
	}
	phone, ok := civil.ParsePhone(e.CallerPhone)
	if !ok && e.CallerPhone != "" {
		return Receipt{}, errs.Invalid("caller_phone", "phone.form")
	}
	note := e.Text
	if e.CallerName != "" {
		note = "来电人:" + e.CallerName + "\n" + note
	}
	rec, err := s.Take(ctx, signal.New{Source: e.Source, Kind: e.Kind, Key: "e:" + string(a.Account) + ":" + e.Key, Note: note, Phone: string(phone), ChildID: e.ChildID,
		Name: e.ChildName, Region: region, Kinds: e.Kind, Urgency: string(e.Urgency)})
	if err != nil || rec.Again {
		return rec, err
	}
	return rec, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.Write(ctx, tx, audit.Entry{Action: "signal.create", SubjectKind: "signal", Subject: rec.Signal, Purpose: string(rec.Matter), Region: region})
	})
}

package platform

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/audit"
)

// Door does what platforms ask for.
type Door struct {
	*Service
	Seat     *seat.Service
	Orders   *dispatch.Service
	District string
}

// Signal is what a platform tells.
type Signal struct {
	Key        string // idempotency key
	Ref        string // the platform's own number
	Kind       string // of matter: suicide, sos, police, help …
	Urgency    policy.Urgency
	Text       string
	ChildName  string
	Phone      string // of the child's family or of the caller
	Region     string // "" is the district
	DeviceID   string
	OccurredAt clock.Millis
}

// Accepted is what became of it.
type Accepted struct {
	SignalID id.ID  `json:"signal_id"`
	MatterNo string `json:"matter_no"`
	Again    bool   `json:"again"` // the same key came before
}

func (p Platform) region(asked, district string) (string, error) {
	if asked == "" {
		asked = district
	}
	if strings.Trim(asked, "0123456789") != "" || !strings.HasPrefix(asked, p.Region) && !strings.HasPrefix(p.Region, asked) || !strings.HasPrefix(asked, district) {
		return "", errs.Invalid("region", "platform.region")
	}
	return asked, nil
}

func keyOK(key string) bool { return len(key) >= 8 && len(key) <= 100 }

// kindOf gives the kind of matter as the rules stand, and refuses unknown ones.
func (d Door) kindOf(ctx context.Context, key string) (policy.Kind, error) {
	var k policy.Kind
	err := d.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		book, err := policy.At(ctx, r, r.At())
		if err != nil {
			return err
		}
		var ok bool
		if k, ok = book.Kind(key); !ok {
			return errs.Invalid("kind", "matter.kind_unknown")
		}
		return nil
	})
	if errs.Is(err, errs.KindBusy) {
		// The storage is away: what the first edition calls a crisis is one.
		book, ferr := policy.First()
		if ferr != nil {
			return k, err
		}
		var ok bool
		if k, ok = book.Kind(key); ok {
			return k, nil
		}
	}
	return k, err
}

// newSignal makes the intake's form of what a platform tells.
func newSignal(p Platform, q Signal, region string) (signal.New, error) {
	phone, ok := civil.ParsePhone(q.Phone)
	if !ok && q.Phone != "" {
		return signal.New{}, errs.Invalid("phone", "phone.form")
	}
	note := strings.TrimSpace(q.Text)
	if q.ChildName != "" {
		note = strings.TrimSpace("儿童:" + q.ChildName + "\n" + note)
	}
	return signal.New{Source: signal.Platform, Kind: q.Kind, Key: "x:" + string(p.ID) + ":" + q.Key, DeviceID: q.DeviceID, DeviceAt: q.OccurredAt,
		Body: map[string]any{"platform": p.ID, "ref": q.Ref}, Note: note, Phone: string(phone), Name: q.ChildName, Region: region, Kinds: q.Kind, Urgency: string(q.Urgency)}, nil
}

func (q Signal) check() error {
	var bad []errs.Field
	add := func(wrong bool, name, key string) {
		if wrong {
			bad = append(bad, errs.Field{Name: name, Key: key})
		}
	}
	add(!keyOK(q.Key), "Idempotency-Key", "platform.idempotency")
	add(len(q.Ref) > 60, "ref", "text.too_long")
	add(q.Urgency != "" && !q.Urgency.Valid(), "urgency", "policy.urgency")
	add(len([]rune(q.Text)) > 3500, "text", "text.too_long")
	add(len([]rune(q.ChildName)) > 50, "child_name", "text.too_long")
	add(len(q.DeviceID) > 64, "device_id", "text.too_long")
	add(q.OccurredAt < 0, "occurred_at", "date.form")
	return errs.InvalidFields(bad)
}

// Tell takes a signal. Errors: Unauthenticated, Invalid, Busy
// ("platform.too_many", never for a crisis; or the storage is away, and a
// crisis rings from memory).
func (d Door) Tell(ctx context.Context, q Signal) (Accepted, error) {
	p, err := Caller(ctx)
	if err != nil {
		return Accepted{}, err
	}
	if err := q.check(); err != nil {
		return Accepted{}, err
	}
	region, err := p.region(q.Region, d.District)
	if err != nil {
		return Accepted{}, err
	}
	k, err := d.kindOf(ctx, q.Kind)
	if err != nil {
		return Accepted{}, err
	}
	if !k.Crisis {
		if err := d.Limit(p); err != nil {
			return Accepted{}, err
		}
	}
	n, err := newSignal(p, q, region)
	if err != nil {
		return Accepted{}, err
	}
	rec, err := d.Seat.Take(ctx, n)
	if err != nil {
		return Accepted{}, err
	}
	out := Accepted{SignalID: rec.Signal, Again: rec.Again}
	return out, d.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if rec.Matter == "" {
			return nil
		}
		m, err := matter.Get(ctx, r, rec.Matter)
		out.MatterNo = m.No
		return err
	})
}

// Command is an order of the city's centre to a township.
type Command struct {
	Signal
	Township string // nine digits
	Note     string
}

// townshipDigits of a township's code.
const townshipDigits = 9

// Send takes an order: the matter, the order and its first calls in one change.
// The number is the order's identity: sent again, it is the same order. Errors:
// Unauthenticated, Forbidden for who is no city centre, Invalid, Busy.
func (d Door) Send(ctx context.Context, q Command) (dispatch.CityReport, error) {
	p, err := Caller(ctx)
	if err != nil {
		return dispatch.CityReport{}, err
	}
	if p.Kind != City {
		return dispatch.CityReport{}, errs.Forbidden("platform.city_only")
	}
	if q.Ref == "" || len(q.Ref) > 60 {
		return dispatch.CityReport{}, errs.Invalid("ref", "platform.ref")
	}
	if q.Key == "" {
		q.Key = "order:" + q.Ref
	}
	if err := q.check(); err != nil {
		return dispatch.CityReport{}, err
	}
	region, err := p.region(q.Township, d.District)
	if err != nil || len(region) != townshipDigits {
		return dispatch.CityReport{}, errs.Invalid("township", "platform.township")
	}
	k, err := d.kindOf(ctx, q.Kind)
	if err != nil {
		return dispatch.CityReport{}, err
	}
	if !k.Crisis {
		if err := d.Limit(p); err != nil {
			return dispatch.CityReport{}, err
		}
	}
	n, err := newSignal(p, q.Signal, region)
	if err != nil {
		return dispatch.CityReport{}, err
	}
	var out dispatch.CityReport
	err = d.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		before, err := dispatch.ByRef(ctx, tx, p.Account(), q.Ref)
		if err == nil {
			m, err := matter.Get(ctx, tx, before.MatterID)
			out = dispatch.ReportOf(before, m, "repeated", tx.Now)
			return err
		}
		if !errs.Is(err, errs.KindNotFound) {
			return err
		}
		rec, err := d.Seat.TakeIn(ctx, tx, n)
		if err != nil {
			return err
		}
		chain := "township"
		if k.Crisis {
			chain = "direct"
		}
		o, err := d.Orders.DispatchIn(ctx, tx, rec.Matter, dispatch.Sending{AsOfStep: dispatch.AnyStep, Region: region, Chain: chain, Note: q.Note, Source: "city", Ref: q.Ref,
			Key: "city:" + q.Ref})
		if err != nil {
			return err
		}
		m, err := matter.Get(ctx, tx, rec.Matter)
		out = dispatch.ReportOf(o, m, "offered", tx.Now)
		return err
	})
	return out, err
}

// Stage is one stage that an order has reached.
type Stage struct {
	Event string       `json:"event"`
	At    clock.Millis `json:"at"`
}

// Standing is how an order of the platform stands.
type Standing struct {
	dispatch.CityReport
	Stages []Stage `json:"stages"`
}

// told are the events of an order that the city is shown.
var told = []string{"offered", "accepted", "declined", "on_the_way", "on_scene", "handled", "fed_back", "called_back", "escalated", "missed", "cancelled"}

// Order tells how an order stands. Errors: Unauthenticated, NotFound, Busy.
func (d Door) Order(ctx context.Context, ref string) (Standing, error) {
	p, err := Caller(ctx)
	if err != nil {
		return Standing{}, err
	}
	if err := d.Limit(p); err != nil {
		return Standing{}, err
	}
	out := Standing{Stages: []Stage{}}
	return out, d.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		o, err := dispatch.ByRef(ctx, r, p.Account(), ref)
		if err != nil {
			return err
		}
		m, err := matter.Get(ctx, r, o.MatterID)
		if err != nil {
			return err
		}
		out.CityReport = dispatch.ReportOf(o, m, "asked", r.At())
		events, err := matter.Events(ctx, r, m.ID)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.OrderID == o.ID && slices.Contains(told, e.Kind) {
				out.Stages = append(out.Stages, Stage{e.Kind, e.At})
			}
		}
		audit.Show(ctx, "order.read", string(o.ID), o.Region, audit.Shown{Kind: "order", ID: o.ID, Fields: []string{"stage"}})
		return nil
	})
}

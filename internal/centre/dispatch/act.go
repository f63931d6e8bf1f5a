package dispatch

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Report is what a person says with a step.
type Report struct {
	Key    string       // the phone's key of this press; a repeat changes nothing
	Note   string       // sealed
	Photos []id.ID      // attachments
	Lat    float64      // where the phone was; 0, 0: unknown
	Lon    float64      //
	At     clock.Millis // when it was pressed, if the phone was offline
}

func (w Report) check() error {
	var bad []errs.Field
	if len([]rune(w.Note)) > 4000 {
		bad = append(bad, errs.Field{Name: "note", Key: "text.too_long"})
	}
	if len(w.Photos) > 12 {
		bad = append(bad, errs.Field{Name: "photos", Key: "photos.too_many"})
	}
	if w.Lat < -90 || w.Lat > 90 || w.Lon < -180 || w.Lon > 180 {
		bad = append(bad, errs.Field{Name: "lat", Key: "position.range"})
	}
	return errs.InvalidFields(bad)
}

// data gives what of the report is no personal text.
func (w Report) data(now clock.Millis) map[string]any {
	out := map[string]any{}
	if len(w.Photos) > 0 {
		out["photos"] = w.Photos
	}
	if w.Lat != 0 || w.Lon != 0 {
		out["lat"], out["lon"] = w.Lat, w.Lon
	}
	if w.At != 0 && now-w.At > 30_000 { // pressed while the phone was offline
		out["pressed_at"] = w.At
	}
	return out
}

// step is one act on an order under way, for the rule to look at and change.
type step struct {
	tx    *db.Tx
	actor access.Actor
	m     matter.Matter
	k     policy.Kind
	chain policy.Chain
	o     Order
	offer Offer // the actor's own, if any
	kind  string
	extra map[string]any
}

// act runs a person's act on an order: rights, once per key, rule, store,
// clock, matter, event, audit.
func (s *Service) act(ctx context.Context, orderID id.ID, action access.Action, w Report, rule func(ctx context.Context, a *step) error) (Order, error) {
	if err := w.check(); err != nil {
		return Order{}, err
	}
	var out Order
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := Get(ctx, tx, orderID)
		if err != nil {
			return err
		}
		a := &step{tx: tx, actor: access.From(ctx), o: o}
		if a.m, err = matter.Get(ctx, tx, o.MatterID); err != nil {
			return err
		}
		target, err := s.target(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := access.Check(a.actor, action, target); err != nil {
			return err
		}
		again, _, err := remember(ctx, tx, a.actor.Account, w.Key, string(orderID))
		if err != nil || again {
			out = o
			return err
		}
		book, err := policy.At(ctx, tx, tx.Now)
		if err != nil {
			return err
		}
		a.k, _ = book.Kind(a.m.Kind)
		a.chain = book.Chain(o.Chain)
		a.extra = w.data(tx.Now)
		was := o.Version
		if err := rule(ctx, a); err != nil {
			return err
		}
		if a.o.Version == was { // the rule has not stored the order by itself
			if err := s.store(ctx, a, was); err != nil {
				return err
			}
		}
		if err := s.recordAct(ctx, a, w); err != nil {
			return err
		}
		out = a.o
		return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "order", Subject: orderID, Purpose: string(orderID), Region: a.m.Region, Fields: []string{a.kind}})
	})
	return out, err
}

// target is the order as a question to the table of rights. The task is the
// actor's open call for this very order.
func (s *Service) target(ctx context.Context, tx *db.Tx, a *step) (access.Target, error) {
	t, err := matter.TargetOf(ctx, tx, a.m)
	if err != nil {
		return t, err
	}
	t.Task = ""
	f, err := offerOf(ctx, tx, a.o.ID, a.actor.Account)
	switch {
	case errs.Is(err, errs.KindNotFound):
		return t, nil
	case err != nil:
		return t, err
	}
	a.offer = f
	if f.State == OfferOpen || f.State == OfferAccepted {
		t.Task = a.o.ID
	}
	return t, nil
}

// store writes the order with the clock that now runs, and follows on the matter.
func (s *Service) store(ctx context.Context, a *step, was int64) error {
	a.o.Version = was + 1
	if a.o.State == Active && a.o.Stage != policy.Offered {
		var err error
		if a.o.DueAt, err = s.matters.Due(ctx, a.tx, a.k, a.k.Within(a.o.Stage), a.tx.Now); err != nil {
			return err
		}
	}
	if err := saveOrder(ctx, a.tx, a.o, was); err != nil {
		return err
	}
	if a.o.State == Active {
		if err := job.Schedule(ctx, a.tx, JobClock, string(a.o.ID), a.o.DueAt, ""); err != nil {
			return err
		}
	} else if err := job.Cancel(ctx, a.tx, JobClock, string(a.o.ID)); err != nil {
		return err
	}
	return s.follow(ctx, a.tx, &a.m, a.o)
}

func (s *Service) recordAct(ctx context.Context, a *step, w Report) error {
	e := matter.Event{ID: id.New(), Kind: a.kind, OrderID: a.o.ID}
	if note := strings.TrimSpace(w.Note); note != "" {
		e.Note = s.keys.Seal(matter.NoteAAD(e.ID), note)
	}
	if err := matter.Record(ctx, a.tx, a.m, e, a.extra); err != nil {
		return err
	}
	return s.tellCity(ctx, a.tx, a.m, a.o, a.kind)
}

// Accept takes an order.
func (s *Service) Accept(ctx context.Context, orderID id.ID, w Report) (Order, error) {
	return s.act(ctx, orderID, "order.accept", w, func(ctx context.Context, a *step) error {
		a.kind = "accepted"
		before := a.o.Assignee
		var err error
		if a.o, err = a.o.accept(a.actor.Account, a.tx.Now); err != nil {
			return err
		}
		if before != "" {
			a.extra["taken_over_from"] = before
			if err := s.page(ctx, a.tx, a.m, a.o, before, "recalled"); err != nil {
				return err
			}
		}
		if err := setOffer(ctx, a.tx, a.o.ID, a.actor.Account, OfferAccepted, ""); err != nil {
			return err
		}
		if err := withdrawOthers(ctx, a.tx, a.o.ID, a.actor.Account); err != nil {
			return err
		}
		return s.pager.Cancel(ctx, a.tx, a.o.ID, "")
	})
}

// Progress moves an order to a later stage: on the way, on scene, handled, fed back.
func (s *Service) Progress(ctx context.Context, orderID id.ID, to policy.Stage, w Report) (Order, error) {
	return s.act(ctx, orderID, "order.progress", w, func(ctx context.Context, a *step) error {
		a.kind = string(to)
		if to == policy.FedBack && strings.TrimSpace(w.Note) == "" {
			return errs.Invalid("note", "order.feedback_needed")
		}
		missed := a.o.Missed > 0
		var err error
		if a.o, err = a.o.progress(to, a.actor.Account, a.tx.Now); err != nil {
			return err
		}
		if !missed {
			return nil
		}
		// Others had been called to take over: no longer needed.
		if err := withdrawOthers(ctx, a.tx, a.o.ID, a.actor.Account); err != nil {
			return err
		}
		return s.pager.Cancel(ctx, a.tx, a.o.ID, "")
	})
}

// Callback is the seat's call after the feedback; it ends the order.
func (s *Service) Callback(ctx context.Context, orderID id.ID, w Report) (Order, error) {
	return s.act(ctx, orderID, "order.callback", w, func(ctx context.Context, a *step) error {
		a.kind = "called_back"
		if strings.TrimSpace(w.Note) == "" {
			return errs.Invalid("note", "order.callback_needed")
		}
		var err error
		a.o, err = a.o.callback(a.tx.Now)
		return err
	})
}

// Decline refuses an order with a reason. It moves on at once if nobody else
// is called any more.
func (s *Service) Decline(ctx context.Context, orderID id.ID, reason, key string) (Order, error) {
	return s.act(ctx, orderID, "order.decline", Report{Key: key, Note: reason}, func(ctx context.Context, a *step) error {
		a.kind = "declined"
		if strings.TrimSpace(reason) == "" {
			return errs.Invalid("reason", "reason.needed")
		}
		carried := a.o.Assignee == a.actor.Account
		was := a.o.Version
		var err error
		if a.o, err = a.o.decline(a.actor.Account, a.offer.Role); err != nil {
			return err
		}
		if err := setOffer(ctx, a.tx, a.o.ID, a.actor.Account, OfferDeclined, ""); err != nil {
			return err
		}
		if carried {
			a.o.DueAt = a.tx.Now // moves on at once
		}
		if a.o.Assignee != "" {
			return nil // a colleague carries it; the refusal was of a take-over
		}
		offers, err := Offers(ctx, a.tx, a.o.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(offers, func(f Offer) bool { return f.State == OfferOpen }) && !carried {
			return nil
		}
		a.o.Version = was + 1
		if err := saveOrder(ctx, a.tx, a.o, was); err != nil {
			return err
		}
		a.o, err = s.climb(ctx, a.tx, a.m, a.k, a.o, a.chain, "declined")
		if err != nil {
			return err
		}
		a.m, err = matter.Get(ctx, a.tx, a.m.ID)
		return err
	})
}

// Urge calls those again who have not answered, or the one who carries it.
func (s *Service) Urge(ctx context.Context, orderID id.ID) (Order, error) {
	return s.act(ctx, orderID, "order.urge", Report{}, func(ctx context.Context, a *step) error {
		a.kind = "urged"
		if a.o.State != Active {
			return errs.Conflict("order.ended")
		}
		offers, err := Offers(ctx, a.tx, a.o.ID)
		if err != nil {
			return err
		}
		for _, f := range offers {
			if f.State == OfferOpen && a.o.Assignee == "" || f.Account == a.o.Assignee {
				if err := s.page(ctx, a.tx, a.m, a.o, f.Account, "urged"); err != nil {
					return err
				}
			}
		}
		return s.keepClock(ctx, a)
	})
}

// keepClock stores an order whose clock goes on as it was.
func (s *Service) keepClock(ctx context.Context, a *step) error {
	was := a.o.Version
	a.o.Version++
	return saveOrder(ctx, a.tx, a.o, was)
}

// Escalate goes up a rung by a person's decision, as of the step they saw.
func (s *Service) Escalate(ctx context.Context, orderID id.ID, asOf int, reason string) (Order, error) {
	return s.act(ctx, orderID, "order.escalate", Report{Note: reason}, func(ctx context.Context, a *step) error {
		a.kind = "escalated_by_person"
		if a.o.State != Active {
			return errs.Conflict("order.ended")
		}
		if a.o.Step != asOf {
			return errs.Conflict("order.step_moved")
		}
		a.o.Missed++
		if err := s.keepClock(ctx, a); err != nil {
			return err
		}
		var err error
		if a.o, err = s.climb(ctx, a.tx, a.m, a.k, a.o, a.chain, "person"); err != nil {
			return err
		}
		a.m, err = matter.Get(ctx, a.tx, a.m.ID)
		return err
	})
}

// Cancel withdraws an order.
func (s *Service) Cancel(ctx context.Context, orderID id.ID, reason string) (Order, error) {
	return s.act(ctx, orderID, "order.cancel", Report{Note: reason}, func(ctx context.Context, a *step) error {
		a.kind = "cancelled"
		if strings.TrimSpace(reason) == "" {
			return errs.Invalid("reason", "reason.needed")
		}
		if err := s.end(ctx, a.tx, a.m, &a.o); err != nil {
			return err
		}
		return s.afterEnd(ctx, a)
	})
}

// afterEnd gives a matter without an order its clock at the seat again.
func (s *Service) afterEnd(ctx context.Context, a *step) error {
	if a.m.OrderID != a.o.ID || a.m.State != matter.Open {
		return nil
	}
	was := a.m.Version
	a.m.OrderID, a.m.Stage, a.m.ClockAt = "", policy.Received, a.tx.Now
	var err error
	if a.m.DueAt, err = s.matters.Due(ctx, a.tx, a.k, a.k.Within(policy.Received), a.tx.Now); err != nil {
		return err
	}
	a.m.Version++
	if err := matter.Save(ctx, a.tx, a.m, was); err != nil {
		return err
	}
	return job.Schedule(ctx, a.tx, matter.JobReceived, string(a.m.ID), a.m.DueAt, "")
}

// end cancels one order: stored, clock off, everybody recalled.
func (s *Service) end(ctx context.Context, tx *db.Tx, m matter.Matter, o *Order) error {
	was := o.Version
	ended, err := o.cancel(tx.Now)
	if err != nil {
		return err
	}
	*o = ended
	o.Version++
	if err := saveOrder(ctx, tx, *o, was); err != nil {
		return err
	}
	if err := job.Cancel(ctx, tx, JobClock, string(o.ID)); err != nil {
		return err
	}
	if err := s.pager.Cancel(ctx, tx, o.ID, ""); err != nil {
		return err
	}
	offers, err := Offers(ctx, tx, o.ID)
	if err != nil {
		return err
	}
	for _, f := range offers {
		if f.State == OfferAccepted || (f.State == OfferOpen && f.OfferedAt < tx.Now) {
			if err := s.page(ctx, tx, m, *o, f.Account, "recalled"); err != nil {
				return err
			}
		}
	}
	return withdrawOthers(ctx, tx, o.ID, "")
}

// EndAll cancels what is active of a matter that has ended.
func (s *Service) EndAll(ctx context.Context, tx *db.Tx, m matter.Matter) error {
	orders, err := OfMatter(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.State != Active {
			continue
		}
		if err := s.end(ctx, tx, m, &o); err != nil {
			return err
		}
		if err := matter.Record(ctx, tx, m, matter.Event{Kind: "cancelled", OrderID: o.ID}, map[string]any{"why": "matter_closed"}); err != nil {
			return err
		}
		if err := s.tellCity(ctx, tx, m, o, "cancelled"); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw takes accounts off all orders of a matter, because they stand on
// its conflict list now. An order that loses its last person climbs at once.
func (s *Service) Withdraw(ctx context.Context, tx *db.Tx, m matter.Matter, accounts []id.ID) error {
	if len(accounts) == 0 {
		return nil
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	k, _ := book.Kind(m.Kind)
	orders, err := OfMatter(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.State != Active {
			continue
		}
		offers, err := Offers(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		left, hit := 0, false
		for _, f := range offers {
			open := f.State == OfferOpen || f.State == OfferAccepted
			switch {
			case open && slices.Contains(accounts, f.Account):
				hit = true
				if err := setOffer(ctx, tx, o.ID, f.Account, OfferWithdrawn, "conflict"); err != nil {
					return err
				}
			case open:
				left++
			}
		}
		if !hit {
			continue
		}
		was := o.Version
		if slices.Contains(accounts, o.Assignee) {
			o.Assignee, o.Stage, o.ClockAt, o.DueAt = "", policy.Offered, tx.Now, tx.Now
		}
		o.Version++
		if err := saveOrder(ctx, tx, o, was); err != nil {
			return err
		}
		if left > 0 && o.Assignee != "" {
			continue
		}
		if m, err = matter.Get(ctx, tx, m.ID); err != nil {
			return err
		}
		if _, err := s.climb(ctx, tx, m, k, o, book.Chain(o.Chain), "conflict"); err != nil {
			return err
		}
	}
	return nil
}

// UnsealNote opens an order's note.
func (s *Service) UnsealNote(o Order) string {
	text, _ := s.keys.Open("dispatch_order.note:"+string(o.ID), o.Note)
	return text
}

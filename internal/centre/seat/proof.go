package seat

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/audit"
)

// Span is one clock of a matter as it was set: the event that began it, the
// rule that said how long, the event that ended it.
type Span struct {
	OrderID     id.ID        `json:"order_id"` // empty: the matter's own, at the seat
	OrderNo     string       `json:"order_no"`
	Stage       string       `json:"stage"` // what the clock waits in; closing = for the second person
	Level       string       `json:"level"` // of the rung that was asked, while offered
	Step        int          `json:"step"`
	BeganBy     id.ID        `json:"began_by"` // the event
	BeganAt     clock.Millis `json:"began_at"`
	Seconds     int          `json:"seconds"`
	OfficeHours bool         `json:"office_hours"`
	RuleKind    string       `json:"rule_kind"` // kind or chain
	RuleKey     string       `json:"rule_key"`
	RuleFrom    clock.Millis `json:"rule_from"` // edition of the rule; 0 = as the program came
	DueAt       clock.Millis `json:"due_at"`
	EndedBy     id.ID        `json:"ended_by"` // the event; empty while it runs
	EndedAt     clock.Millis `json:"ended_at"`
	LateSeconds int64        `json:"late_seconds"` // beyond the due time, up to its end or now
}

// Proof is how the clocks of a matter come about.
type Proof struct {
	Spans    []Span       `json:"spans"`
	StoredAt clock.Millis `json:"stored_due_at"` // the clock that the list shows
	Agrees   bool         `json:"agrees"`        // it is the one computed here
	At       clock.Millis `json:"at"`
}

const closingStage = "closing"

// Proof computes the clocks of a matter again from its events and the rules
// that held at each.
func (s *Service) Proof(ctx context.Context, r db.Reader, matterID id.ID) (Proof, error) {
	m, t, err := matter.Check(ctx, r, matterID, "matter.read")
	if err != nil {
		return Proof{}, err
	}
	events, err := matter.Events(ctx, r, m.ID)
	if err != nil {
		return Proof{}, err
	}
	orders, err := dispatch.OfMatter(ctx, r, m.ID)
	if err != nil {
		return Proof{}, err
	}
	w := proving{s: s, r: r, m: m, orders: map[id.ID]dispatch.Order{}, open: map[id.ID]int{}}
	for _, o := range orders {
		w.orders[o.ID] = o
	}
	for _, e := range events {
		if err := w.event(ctx, e); err != nil {
			return Proof{}, err
		}
	}
	out := Proof{Spans: w.spans, StoredAt: m.DueAt, At: r.At()}
	for i, x := range out.Spans {
		end := x.EndedAt
		if end == 0 {
			end = r.At()
		}
		if x.DueAt > 0 && end > x.DueAt {
			out.Spans[i].LateSeconds = int64(end-x.DueAt) / 1000
		}
	}
	running := slices.ContainsFunc(out.Spans, func(x Span) bool { return x.EndedAt == 0 && x.DueAt == m.DueAt })
	out.Agrees = m.DueAt == 0 || running
	audit.Show(ctx, "matter.read", string(t.Task), m.Region, audit.Shown{Kind: "matter", ID: m.ID, Fields: []string{"clocks"}})
	return out, nil
}

// proving walks through the events.
type proving struct {
	s      *Service
	r      db.Reader
	m      matter.Matter
	kind   string       // as it was at the event
	stage  policy.Stage // reached by the leading order
	orders map[id.ID]dispatch.Order
	spans  []Span
	open   map[id.ID]int // order (empty: the matter) → running span + 1
}

func (w *proving) event(ctx context.Context, e matter.Event) error {
	var data struct {
		Step int          `json:"step"`
		Kind string       `json:"kind"`
		Why  string       `json:"why"`
		To   policy.Stage `json:"to"`
	}
	_ = json.Unmarshal(e.Data, &data) // events of other kinds have other fields
	switch e.Kind {
	case "opened", "reopened":
		if data.Kind != "" {
			w.kind = data.Kind
		}
		w.endAll(e)
		return w.begin(ctx, e, "", policy.Received, 0)
	case "dispatched":
		if w.orders[e.OrderID].Joint == "" {
			w.end("", e)
		}
		return nil
	case "offered":
		if w.open[e.OrderID] != 0 && w.spans[w.open[e.OrderID]-1].Step == data.Step {
			return nil // further people of the same rung
		}
		w.end("", e)
		w.end(e.OrderID, e)
		return w.begin(ctx, e, e.OrderID, policy.Offered, data.Step)
	case "escalated":
		if i := w.open[e.OrderID]; i != 0 && data.Why == "declined" && w.spans[i-1].DueAt > e.At {
			w.spans[i-1].Step = data.Step // a refusal leaves the clock as it is
			return nil
		}
		w.end(e.OrderID, e)
		return w.begin(ctx, e, e.OrderID, policy.Offered, data.Step)
	case "accepted", "on_the_way", "on_scene", "handled", "fed_back":
		w.end(e.OrderID, e)
		return w.begin(ctx, e, e.OrderID, policy.Stage(e.Kind), 0)
	case "called_back":
		w.end(e.OrderID, e)
	case "cancelled":
		w.end(e.OrderID, e)
		if len(w.open) == 0 && data.Why != "matter_closed" {
			return w.begin(ctx, e, "", policy.Received, 0)
		}
	case "closing":
		w.end("", e)
		w.spans = append(w.spans, Span{Stage: closingStage, BeganBy: e.ID, BeganAt: e.At, Seconds: int(matter.ConfirmWithin / time.Second), RuleKind: closingStage,
			DueAt: e.At.Add(matter.ConfirmWithin)})
		w.open[""] = len(w.spans)
	case "closed":
		w.endAll(e)
	case "closing_refused", "joined", "pressed_again":
		// A signal, or the second person's no, ends the closing: the stage that
		// was reached waits anew.
		if i := w.open[""]; i == 0 || w.spans[i-1].Stage != closingStage {
			return nil
		}
		w.endAll(e)
		return w.begin(ctx, e, "", w.stage, 0)
	}
	return nil
}

func (w *proving) end(order id.ID, e matter.Event) {
	if i := w.open[order]; i != 0 {
		w.spans[i-1].EndedBy, w.spans[i-1].EndedAt = e.ID, e.At
		delete(w.open, order)
	}
}

func (w *proving) endAll(e matter.Event) {
	for order := range w.open {
		w.end(order, e)
	}
}

// begin adds a clock by the rule that held at the event.
func (w *proving) begin(ctx context.Context, e matter.Event, order id.ID, stage policy.Stage, step int) error {
	book, err := policy.At(ctx, w.r, e.At)
	if err != nil {
		return err
	}
	if w.orders[order].Joint == "" {
		w.stage = stage
	}
	key := w.m.Kind
	if w.kind != "" && order == "" && stage == policy.Received {
		key = w.kind
	}
	k, _ := book.Kind(key)
	o := w.orders[order]
	x := Span{OrderID: order, OrderNo: o.No, Stage: string(stage), Step: step, BeganBy: e.ID, BeganAt: e.At, OfficeHours: k.OfficeHours,
		Seconds: k.Seconds[stage], RuleKind: string(policy.Kinds), RuleKey: k.Key}
	if stage == policy.Offered {
		chain := book.Chain(o.Chain)
		if step < len(chain.Steps) {
			x.Level = chain.Steps[step].Level
		}
		if (step > 0 || o.Joint != "" || k.Chain != o.Chain) && step < len(chain.Steps) {
			x.Seconds, x.RuleKind, x.RuleKey = chain.Steps[step].Seconds, string(policy.Chains), chain.Key
		}
	}
	if x.RuleFrom, err = policy.Since(ctx, w.r, policy.Family(x.RuleKind), x.RuleKey, e.At); err != nil {
		return err
	}
	if x.Seconds > 0 {
		if x.DueAt, err = w.s.matters.Due(ctx, w.r, k, time.Duration(x.Seconds)*time.Second, e.At); err != nil {
			return err
		}
	}
	w.spans = append(w.spans, x)
	w.open[order] = len(w.spans)
	return nil
}

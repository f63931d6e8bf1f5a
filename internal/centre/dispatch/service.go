package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// JobClock is the running clock of an order; its key is the order's id.
const JobClock = "order.clock"

// Candidate is a person who may be called, as the roster gives them: nearest
// first.
type Candidate struct {
	Account   id.ID
	Role      access.Role
	Region    string // of the duty
	OnDuty    bool
	Reachable bool
	DistanceM float64 // -1: unknown
}

// Roster tells who is on duty for a region, nearest first, neighbours after
// those of the region itself.
type Roster interface {
	Candidates(ctx context.Context, r db.Reader, region string, roles []access.Role, at clock.Millis) ([]Candidate, error)
	// Scene gives the area where help is needed: where the child is by a fresh
	// position, else home.
	Scene(ctx context.Context, r db.Reader, child id.ID, home string) (string, error)
	// Near gives the staff accounts that are close to the child in person:
	// guardians, carers, the paired helper.
	Near(ctx context.Context, r db.Reader, child id.ID) ([]id.ID, error)
}

// Page is a message that calls a person to an order.
type Page struct {
	To      id.ID
	Key     string // one message a person and step
	OrderID id.ID
	OrderNo string
	Crisis  bool
	Drill   bool
	Kind    string // offered, takeover, recalled, urged, leader, nobody
}

// Pager sends pages, as part of the change.
type Pager interface {
	Page(ctx context.Context, tx *db.Tx, p Page) error
	// Cancel stops what has not been sent yet for an order, to everybody but keep.
	Cancel(ctx context.Context, tx *db.Tx, orderID, keep id.ID) error
}

// Service does what people and clocks do to orders.
type Service struct {
	db      *db.DB
	keys    *crypto.Keyring
	matters *matter.Service
	roster  Roster
	pager   Pager

	onReport OnReport
}

// NewService makes the service and registers its clocks.
func NewService(d *db.DB, keys *crypto.Keyring, matters *matter.Service, roster Roster, pager Pager, jobs *job.Engine) *Service {
	s := &Service{db: d, keys: keys, matters: matters, roster: roster, pager: pager}
	jobs.Rule(JobClock, s.clockMissed)
	jobs.Rule(matter.JobReceived, s.receivedMissed)
	jobs.Rule(matter.JobConfirm, s.confirmMissed)
	matters.OnClosed(s.EndAll)
	return s
}

// system is the actor of what clocks do.
func system(ctx context.Context) context.Context { return access.With(ctx, access.System("clock")) }

// Sending says what an operator sends.
type Sending struct {
	To       []id.ID // empty: the nearest, by the chain
	AsOfStep int     // how many orders the operator saw
	Joint    string  // police: a parallel order
	Region   string  // empty: where the child is, else the matter's; a township for the city's order
	Chain    string  // empty: the kind's
	Note     string
	Key      string
	Source   string // seat if empty
	Ref      string // the other side's number
}

// Dispatch sends an order for a matter.
func (s *Service) Dispatch(ctx context.Context, matterID id.ID, w Sending) (Order, error) {
	var out Order
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		out, err = s.DispatchIn(ctx, tx, matterID, w)
		return err
	})
	return out, err
}

// AnyStep sends whatever others have sent meanwhile: for the city, which does
// not see the matter.
const AnyStep = -1

// DispatchIn is Dispatch as part of a change of the caller's.
func (s *Service) DispatchIn(ctx context.Context, tx *db.Tx, matterID id.ID, w Sending) (Order, error) {
	m, t, err := matter.Check(ctx, tx, matterID, "order.dispatch")
	if err != nil {
		return Order{}, err
	}
	again, was, err := remember(ctx, tx, access.From(ctx).Account, w.Key, "")
	if err != nil {
		return Order{}, err
	}
	if again {
		return Get(ctx, tx, id.ID(was))
	}
	if w.AsOfStep != AnyStep && m.Orders != w.AsOfStep {
		return Order{}, errs.Conflict("order.dispatched_already")
	}
	out, err := s.send(ctx, tx, m, w)
	if err != nil {
		return Order{}, err
	}
	if w.Key != "" {
		if _, err := tx.Exec(ctx, "UPDATE done_key SET ref = ? WHERE account_id = ? AND key = ?", out.ID, access.From(ctx).Account, w.Key); err != nil {
			return Order{}, err
		}
	}
	return out, audit.Write(ctx, tx, audit.Entry{Action: "order.dispatch", SubjectKind: "order", Subject: out.ID, Purpose: string(t.Task), Region: m.Region})
}

// send makes the order and calls its first people. It is part of a change.
func (s *Service) send(ctx context.Context, tx *db.Tx, m matter.Matter, w Sending) (Order, error) {
	if m.State == matter.Closed {
		return Order{}, errs.Conflict("matter.closed")
	}
	if len([]rune(w.Note)) > 4000 {
		return Order{}, errs.Invalid("note", "text.too_long")
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return Order{}, err
	}
	k, _ := book.Kind(m.Kind)
	o := Order{ID: id.New(), MatterID: m.ID, Joint: w.Joint, Chain: w.Chain, State: Active, Stage: policy.Offered, Region: w.Region, Drill: m.Drill,
		ClockAt: tx.Now, CreatedAt: tx.Now, CreatedBy: access.From(ctx).Account, Source: w.Source, ExternalRef: w.Ref, Version: 1}
	if o.Chain == "" {
		o.Chain = k.Chain
	}
	if o.Joint != "" {
		o.Chain = o.Joint
	}
	if o.Region == "" {
		if o.Region, err = s.roster.Scene(ctx, tx, m.ChildID, m.Region); err != nil {
			return o, err
		}
	}
	if o.Source == "" {
		o.Source = "seat"
	}
	if o.No, err = matter.NextNo(ctx, tx, "D"); err != nil {
		return o, err
	}
	if w.Note = strings.TrimSpace(w.Note); w.Note != "" {
		o.Note = s.keys.Seal("dispatch_order.note:"+string(o.ID), w.Note)
	}
	chain := book.Chain(o.Chain)
	o.Level, o.LastStep = chain.Steps[0].Level, len(chain.Steps) == 1
	if o.DueAt, err = s.offeredDue(ctx, tx, k, chain, o); err != nil {
		return o, err
	}
	if err := insertOrder(ctx, tx, o); err != nil {
		return o, err
	}
	was := m
	m.Orders++
	if o.Joint == "" {
		m.OrderID = o.ID
		if err := job.Cancel(ctx, tx, matter.JobReceived, string(m.ID)); err != nil {
			return o, err
		}
	}
	if err := s.mirror(ctx, tx, &m, o); err != nil {
		return o, err
	}
	if err := matter.Save(ctx, tx, m, was.Version); err != nil {
		return o, err
	}
	if err := matter.Record(ctx, tx, m, matter.Event{Kind: "dispatched", OrderID: o.ID}, map[string]any{"order": o.No, "joint": o.Joint, "source": o.Source, "chosen": len(w.To)}); err != nil {
		return o, err
	}
	called, err := s.call(ctx, tx, m, k, o, chain, w.To)
	if err != nil {
		return o, err
	}
	if err := s.tellCity(ctx, tx, m, o, "offered"); err != nil {
		return o, err
	}
	if called == 0 {
		return s.climb(ctx, tx, m, k, o, chain, "nobody")
	}
	return o, job.Schedule(ctx, tx, JobClock, string(o.ID), o.DueAt, "")
}

// offeredDue: how long the present rung has to answer.
func (s *Service) offeredDue(ctx context.Context, tx *db.Tx, k policy.Kind, chain policy.Chain, o Order) (clock.Millis, error) {
	within := time.Duration(chain.Steps[o.Step].Seconds) * time.Second
	if o.Step == 0 && o.Joint == "" && k.Chain == o.Chain {
		within = k.Within(policy.Offered)
	}
	return s.matters.Due(ctx, tx, k, within, tx.Now)
}

// mirror shows the leading order's stage and clock on the matter.
func (s *Service) mirror(_ context.Context, _ *db.Tx, m *matter.Matter, o Order) error {
	if m.OrderID == o.ID && m.State == matter.Open {
		m.Stage, m.ClockAt, m.DueAt = o.Stage, o.ClockAt, o.DueAt
		if o.State == Cancelled {
			m.Stage, m.OrderID = policy.Received, ""
		}
	}
	m.Version++
	return nil
}

// mostCalled bounds how many people one rung calls at once.
const mostCalled = 8

// sidewaysCalled is how many neighbours a rung calls besides its own people.
const sidewaysCalled = 2

// scopeOf gives the area that a rung searches first.
func scopeOf(level, region string) string {
	n := map[string]int{"grid": 15, "village": 12, "township": 9, "district": 6, "police": 6, "city": 2}[level]
	if n == 0 || n > len(region) {
		return region
	}
	return region[:n]
}

// pick takes from the roster's list those whom a rung calls: its own area's
// people first, then the nearest neighbours if the rung goes sideways. Where
// nobody of the area is on duty, whoever holds the role is called all the same.
func pick(step policy.Step, region string, found []Candidate, excluded []id.ID) []Candidate {
	scope := scopeOf(step.Level, region)
	var own, next []Candidate
	for _, c := range found {
		if slices.Contains(excluded, c.Account) || !slices.Contains(step.Roles, c.Role) {
			continue
		}
		switch {
		case strings.HasPrefix(c.Region, scope) || strings.HasPrefix(scope, c.Region):
			own = append(own, c)
		case step.Sideways:
			next = append(next, c)
		}
	}
	if onDuty := func(c Candidate) bool { return c.OnDuty }; slices.ContainsFunc(own, onDuty) {
		own = slices.DeleteFunc(own, func(c Candidate) bool { return !onDuty(c) })
	}
	next = slices.DeleteFunc(next, func(c Candidate) bool { return !c.OnDuty })
	if len(own) > mostCalled {
		own = own[:mostCalled]
	}
	return append(own, next[:min(len(next), sidewaysCalled)]...)
}

// excluded gives the accounts that must not be called for the matter.
func (s *Service) excluded(ctx context.Context, r db.Reader, m matter.Matter) ([]id.ID, error) {
	list, err := matter.Conflicts(ctx, r, m)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, c := range list {
		if c.Account != "" {
			out = append(out, c.Account)
		}
	}
	if !m.ContactAllowed && m.ChildID != "" {
		near, err := s.roster.Near(ctx, r, m.ChildID)
		if err != nil {
			return nil, err
		}
		out = append(out, near...)
	}
	return out, nil
}

// call offers the order to the people of its present rung, or to the chosen
// ones, and tells how many.
func (s *Service) call(ctx context.Context, tx *db.Tx, m matter.Matter, k policy.Kind, o Order, chain policy.Chain, chosen []id.ID) (int, error) {
	excluded, err := s.excluded(ctx, tx, m)
	if err != nil {
		return 0, err
	}
	offers, err := Offers(ctx, tx, o.ID)
	if err != nil {
		return 0, err
	}
	for _, f := range offers {
		if f.State == OfferDeclined || f.State == OfferAccepted {
			excluded = append(excluded, f.Account)
		}
	}
	step := chain.Steps[o.Step]
	roles := step.Roles
	if len(chosen) > 0 {
		roles = nil // whoever was chosen, of any role
	}
	found, err := s.roster.Candidates(ctx, tx, o.Region, roles, tx.Now)
	if err != nil {
		return 0, err
	}
	people := pick(step, o.Region, found, excluded)
	if len(chosen) > 0 {
		people = nil
		for _, account := range chosen {
			if slices.Contains(excluded, account) {
				return 0, errs.Invalid("to", "conflict.listed")
			}
			i := slices.IndexFunc(found, func(c Candidate) bool { return c.Account == account })
			if i < 0 {
				return 0, errs.Invalid("to", "order.nobody_such")
			}
			people = append(people, found[i])
		}
	}
	for _, c := range people {
		if err := putOffer(ctx, tx, Offer{OrderID: o.ID, Account: c.Account, Step: o.Step, Role: c.Role, Region: c.Region}); err != nil {
			return 0, err
		}
		if err := s.page(ctx, tx, m, o, c.Account, "offered"); err != nil {
			return 0, err
		}
	}
	if len(people) > 0 {
		accounts := make([]id.ID, len(people))
		for i, c := range people {
			accounts[i] = c.Account
		}
		err = matter.Record(ctx, tx, m, matter.Event{Kind: "offered", OrderID: o.ID}, map[string]any{"to": accounts, "step": o.Step, "level": o.Level})
	}
	return len(people), err
}

func (s *Service) page(ctx context.Context, tx *db.Tx, m matter.Matter, o Order, to id.ID, kind string) error {
	return s.pager.Page(ctx, tx, Page{To: to, Key: string(o.ID) + ":" + kind + ":" + tx.Now.Time().Format("150405.000"), OrderID: o.ID, OrderNo: o.No,
		Crisis: m.Crisis || m.Rank <= policy.Urgent.Rank(), Drill: m.Drill, Kind: kind})
}

// climb goes up one rung, calls its people, and starts its clock. A rung with
// nobody on duty is noted and passed at once.
func (s *Service) climb(ctx context.Context, tx *db.Tx, m matter.Matter, k policy.Kind, o Order, chain policy.Chain, why string) (Order, error) {
	for {
		was, from := o.Version, o.Step
		if why == "nobody" {
			if err := matter.Record(ctx, tx, m, matter.Event{Kind: "nobody", OrderID: o.ID}, map[string]any{"step": o.Step, "level": o.Level}); err != nil {
				return o, err
			}
		}
		atTop := o.LastStep
		o = o.climb(chain)
		o.Version++
		// A refusal leaves the running clock as it is: it costs the refuser's
		// time, not the child's.
		if why != "declined" || o.DueAt <= tx.Now {
			within := time.Duration(chain.Steps[o.Step].Seconds) * time.Second
			var err error
			if o.DueAt, err = s.matters.Due(ctx, tx, k, within, tx.Now); err != nil {
				return o, err
			}
		}
		if err := saveOrder(ctx, tx, o, was); err != nil {
			return o, err
		}
		if err := s.follow(ctx, tx, &m, o); err != nil {
			return o, err
		}
		if err := matter.Record(ctx, tx, m, matter.Event{Kind: "escalated", OrderID: o.ID}, map[string]any{"from": from, "step": o.Step, "level": o.Level, "why": why}); err != nil {
			return o, err
		}
		if err := s.tellCity(ctx, tx, m, o, "escalated"); err != nil {
			return o, err
		}
		called, err := s.call(ctx, tx, m, k, o, chain, nil)
		if err != nil {
			return o, err
		}
		if called > 0 || atTop || o.LastStep {
			if called == 0 {
				if err := matter.Record(ctx, tx, m, matter.Event{Kind: "nobody", OrderID: o.ID}, map[string]any{"step": o.Step, "level": o.Level, "last": true}); err != nil {
					return o, err
				}
			}
			return o, job.Schedule(ctx, tx, JobClock, string(o.ID), o.DueAt, "")
		}
		why = "nobody"
	}
}

// follow writes the order's stage and clock to its matter.
func (s *Service) follow(ctx context.Context, tx *db.Tx, m *matter.Matter, o Order) error {
	was := m.Version
	if err := s.mirror(ctx, tx, m, o); err != nil {
		return err
	}
	return matter.Save(ctx, tx, *m, was)
}

// clockMissed is the job of a running clock.
func (s *Service) clockMissed(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = system(ctx)
	o, err := Get(ctx, tx, id.ID(j.Key))
	if err != nil {
		return err
	}
	if o.State != Active || o.DueAt > tx.Now {
		return nil
	}
	m, err := matter.Get(ctx, tx, o.MatterID)
	if err != nil {
		return err
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	k, _ := book.Kind(m.Kind)
	if err := matter.Record(ctx, tx, m, matter.Event{Kind: "missed", OrderID: o.ID}, map[string]any{"stage": o.Stage, "step": o.Step, "due_at": o.DueAt}); err != nil {
		return err
	}
	was := o.Version
	o.Missed++
	o.Version++
	if err := saveOrder(ctx, tx, o, was); err != nil {
		return err
	}
	if o.Assignee != "" {
		if err := s.page(ctx, tx, m, o, o.Assignee, "urged"); err != nil {
			return err
		}
	}
	_, err = s.climb(ctx, tx, m, k, o, book.Chain(o.Chain), "missed")
	return err
}

// receivedMissed: no operator sent anyone. The leaders are called, and when
// the kind says so the order goes out by itself: a seat asleep must not cost
// the child its help.
func (s *Service) receivedMissed(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = system(ctx)
	m, err := matter.Get(ctx, tx, id.ID(j.Key))
	if err != nil {
		return err
	}
	if m.State != matter.Open || m.Stage != policy.Received {
		return nil
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	k, _ := book.Kind(m.Kind)
	auto := m.ClockAt.Add(time.Duration(k.AutoDispatchAfter) * time.Second)
	if k.AutoDispatchAfter > 0 && tx.Now >= auto {
		_, err := s.send(ctx, tx, m, Sending{Source: "program"})
		return err
	}
	if err := matter.Record(ctx, tx, m, matter.Event{Kind: "missed"}, map[string]any{"stage": m.Stage, "due_at": m.DueAt}); err != nil {
		return err
	}
	if err := s.callLeaders(ctx, tx, m, "leader"); err != nil {
		return err
	}
	next := tx.Now.Add(k.Within(policy.Received))
	if k.AutoDispatchAfter > 0 {
		next = max(auto, tx.Now)
	}
	return job.Schedule(ctx, tx, matter.JobReceived, string(m.ID), next, "")
}

// confirmMissed: a closed crisis still waits for its second person.
func (s *Service) confirmMissed(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = system(ctx)
	m, err := matter.Get(ctx, tx, id.ID(j.Key))
	if err != nil || m.State != matter.Closing {
		return err
	}
	if err := matter.Record(ctx, tx, m, matter.Event{Kind: "missed"}, map[string]any{"stage": "closing", "due_at": m.DueAt}); err != nil {
		return err
	}
	if err := s.callLeaders(ctx, tx, m, "confirm"); err != nil {
		return err
	}
	return job.Schedule(ctx, tx, matter.JobConfirm, string(m.ID), tx.Now.Add(30*time.Minute), "")
}

func (s *Service) callLeaders(ctx context.Context, tx *db.Tx, m matter.Matter, kind string) error {
	found, err := s.roster.Candidates(ctx, tx, m.Region, []access.Role{access.SeatLeader}, tx.Now)
	if err != nil {
		return err
	}
	excluded, err := s.excluded(ctx, tx, m)
	if err != nil {
		return err
	}
	for _, c := range found {
		if slices.Contains(excluded, c.Account) {
			continue
		}
		if err := s.page(ctx, tx, m, Order{ID: m.ID, No: m.No}, c.Account, kind); err != nil {
			return err
		}
	}
	return nil
}

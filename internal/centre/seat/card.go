package seat

import (
	"context"
	"encoding/json"
	"slices"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Card is all that an operator needs to decide, on one screen.
type Card struct {
	Matter    CardMatter     `json:"matter"`
	Child     *ChildCard     `json:"child"`
	Contacts  []Contact      `json:"contacts"`
	Why       []Fact         `json:"why"`
	Hints     []CardHint     `json:"hints"`
	Signals   []CardSignal   `json:"signals"`
	Orders    []OrderView    `json:"orders"`
	Helpers   []Helper       `json:"helpers"`
	Places    []Place        `json:"places"`
	Scene     string         `json:"scene,omitempty"` // name of the area where the child is, if that is another township than home
	Timeline  []TimelineRow  `json:"timeline"`
	Conflicts []ConflictView `json:"conflicts"`
}

// CardMatter is the row with what only the card shows.
type CardMatter struct {
	Row
	Text             string       `json:"text"`
	OpenedBy         string       `json:"opened_by"`
	Outcome          string       `json:"outcome"`
	OutcomeNote      string       `json:"outcome_note"`
	ClosedAt         clock.Millis `json:"closed_at"`
	Reopened         int          `json:"reopened"`
	ContactAllowed   bool         `json:"contact_allowed"`
	ContactDecidedBy string       `json:"contact_decided_by"`
	SecondNeeded     bool         `json:"second_needed"`
	Closing          *Closing     `json:"closing"`
}

// Closing is an outcome that waits for its second person.
type Closing struct {
	Outcome string       `json:"outcome"`
	By      id.ID        `json:"by"`
	ByName  string       `json:"by_name"`
	At      clock.Millis `json:"at"`
}

// CardSignal is one signal of the matter.
type CardSignal struct {
	ID         id.ID           `json:"id"`
	Source     signal.Source   `json:"source"`
	Kind       string          `json:"kind"`
	ReceivedAt clock.Millis    `json:"received_at"`
	DeviceAt   clock.Millis    `json:"device_at"`
	Text       string          `json:"text,omitempty"`
	Alarms     []string        `json:"alarms"`
	Body       json.RawMessage `json:"body,omitempty"` // decoded frame: position, battery, cells
	LateBy     int64           `json:"late_by_seconds"`
	Again      bool            `json:"pressed_again"`
}

// CardHint is what the makers' papers or the officials say of an alarm of this
// model, by the profile that the device had when it rang. It is shown beside
// the alarm and changes nothing of it.
type CardHint struct {
	Alarm string `json:"alarm"`
	Hint  string `json:"hint"` // a key of the locale, or words
}

// TimelineRow is one event of the matter.
type TimelineRow struct {
	ID      id.ID           `json:"id"`
	At      clock.Millis    `json:"at"`
	Kind    string          `json:"kind"`
	Text    string          `json:"text,omitempty"`
	Data    json.RawMessage `json:"data"`
	ByName  string          `json:"by_name"`
	OrderID id.ID           `json:"order_id,omitempty"`
}

// ConflictView is an entry of the list of who must not be told.
type ConflictView struct {
	ID       id.ID        `json:"id"`
	Name     string       `json:"name"`
	Relation string       `json:"relation"`
	Reason   string       `json:"reason"`
	ByName   string       `json:"by_name"`
	At       clock.Millis `json:"at"`
	Other    bool         `json:"other"` // of another open matter of the child, which tells the reason
}

// OrderView is an order with its life-line.
type OrderView struct {
	ID             id.ID          `json:"id"`
	No             string         `json:"no"`
	MatterID       id.ID          `json:"matter_id"`
	KindName       string         `json:"kind_name"`
	Urgency        policy.Urgency `json:"urgency"`
	Drill          bool           `json:"drill"`
	Joint          string         `json:"joint"`
	State          dispatch.State `json:"state"`
	Stage          policy.Stage   `json:"stage"`
	Step           int            `json:"step"`
	LastStep       bool           `json:"last_step"`
	Level          string         `json:"level"`
	RegionName     string         `json:"region_name"`
	Assignee       *StaffBrief    `json:"assignee"`
	Mine           string         `json:"mine,omitempty"` // the actor's own call: offered, accepted
	OfferedTo      []OfferView    `json:"offered_to"`
	Stages         []StageView    `json:"stages"`
	DueAt          clock.Millis   `json:"due_at"`
	ClockStartedAt clock.Millis   `json:"clock_started_at"`
	Missed         int            `json:"missed"`
	WaitsFor       string         `json:"waits_for"`
	Note           string         `json:"note"`
	Source         string         `json:"source"`
	CreatedAt      clock.Millis   `json:"created_at"`
	Version        int64          `json:"version"`
}

// OfferView is one person called.
type OfferView struct {
	StaffBrief
	State      string       `json:"state"`
	Step       int          `json:"step"`
	SentAt     clock.Millis `json:"sent_at"`
	AnsweredAt clock.Millis `json:"answered_at"`
}

// StageView is one stage of the life-line, reached or not.
type StageView struct {
	Stage   policy.Stage `json:"stage"`
	At      clock.Millis `json:"at"` // 0: not reached
	ByName  string       `json:"by_name"`
	Overdue bool         `json:"overdue"` // the clock before it was missed
}

// Card gives the card of a matter.
func (s *Service) Card(ctx context.Context, r db.Reader, matterID id.ID) (Card, error) {
	var c Card
	m, t, err := matter.Check(ctx, r, matterID, "matter.read")
	if err != nil {
		return c, err
	}
	book, err := policy.At(ctx, r, r.At())
	if err != nil {
		return c, err
	}
	events, err := matter.Events(ctx, r, m.ID)
	if err != nil {
		return c, err
	}
	conflicts, err := matter.Conflicts(ctx, r, m)
	if err != nil {
		return c, err
	}
	names, err := s.people.Staff(ctx, r, actorsOf(m, events, conflicts))
	if err != nil {
		return c, err
	}
	c.Matter = s.cardMatter(book, m, names)
	if err := s.cardChild(ctx, r, m, t, conflicts, &c); err != nil {
		return c, err
	}
	if c.Signals, c.Why, err = s.cardSignals(ctx, r, m); err != nil {
		return c, err
	}
	c.Hints = hintsOf(c.Signals)
	if c.Orders, err = s.orderViews(ctx, r, book, m, events); err != nil {
		return c, err
	}
	scene, err := s.people.Scene(ctx, r, m.ChildID, m.Region)
	if err != nil {
		return c, err
	}
	if scene != m.Region {
		c.Scene = s.people.RegionName(scene)
	}
	if access.From(ctx).Allowed("order.dispatch", t) {
		if err := s.cardHelpers(ctx, r, m, scene, conflicts, &c); err != nil {
			return c, err
		}
	}
	if c.Places, err = s.people.Places(ctx, r, scene); err != nil {
		return c, err
	}
	c.Timeline = make([]TimelineRow, 0, len(events))
	for _, e := range events {
		c.Timeline = append(c.Timeline, TimelineRow{ID: e.ID, At: e.At, Kind: e.Kind, Text: s.matters.UnsealNote(e), Data: e.Data, ByName: names[e.Actor].Name, OrderID: e.OrderID})
	}
	c.Conflicts = []ConflictView{}
	for _, x := range conflicts {
		name, reason := s.matters.UnsealConflict(x)
		if name == "" { // picked from the card, not written down
			name = names[x.Account].Name
			if i := slices.IndexFunc(c.Contacts, func(p Contact) bool { return p.PersonID == x.PersonID }); i >= 0 {
				name = c.Contacts[i].Name
			}
		}
		other := x.MatterID != m.ID
		if other {
			reason = "" // who may read this matter may not read that one for it
		}
		c.Conflicts = append(c.Conflicts, ConflictView{ID: x.ID, Name: name, Relation: x.Relation, Reason: reason, ByName: names[x.SetBy].Name, At: x.SetAt, Other: other})
	}
	audit.Show(ctx, "matter.read", string(t.Task), m.Region, audit.Shown{Kind: "matter", ID: m.ID, Fields: []string{"text", "timeline", "signals"}})
	return c, nil
}

func actorsOf(m matter.Matter, events []matter.Event, conflicts []matter.Conflict) []id.ID {
	out := []id.ID{m.OpenedBy, m.ClosingBy, m.ContactBy, m.LockedBy}
	for _, e := range events {
		out = append(out, e.Actor)
	}
	for _, c := range conflicts {
		out = append(out, c.SetBy, c.Account)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *Service) cardMatter(book *policy.Book, m matter.Matter, names map[id.ID]StaffBrief) CardMatter {
	out := CardMatter{Row: s.row(book, m), OpenedBy: names[m.OpenedBy].Name, Outcome: m.Outcome, ClosedAt: m.ClosedAt, Reopened: m.Reopened,
		ContactAllowed: m.ContactAllowed, ContactDecidedBy: names[m.ContactBy].Name, SecondNeeded: m.Crisis && !m.Drill}
	if b, ok := names[m.LockedBy]; ok && m.LockedUntil > s.now() {
		out.LockedBy = &b
	}
	out.Text, out.OutcomeNote = s.matters.Unseal(m)
	if m.State == matter.Closing {
		out.Closing = &Closing{Outcome: m.Outcome, By: m.ClosingBy, ByName: names[m.ClosingBy].Name, At: m.ClosingAt}
	}
	return out
}

func (s *Service) now() clock.Millis { return clock.Of(s.db.Clock().Now()) }

// cardChild shows the child and whom to call. Nobody on the conflict list can
// be called from here; in a matter without contact, nobody near the child.
func (s *Service) cardChild(ctx context.Context, r db.Reader, m matter.Matter, t access.Target, conflicts []matter.Conflict, c *Card) error {
	c.Contacts = []Contact{}
	if m.ChildID == "" {
		return nil
	}
	child, err := s.people.Card(ctx, r, m.ChildID)
	if err != nil {
		return err
	}
	c.Child = &child
	c.Matter.Child = &child.ChildBrief
	c.Matter.Title = child.Name
	for _, p := range child.Contacts {
		p.Blocked, p.BlockedWhy = blocked(m, conflicts, p.PersonID, p.PhoneIndex)
		c.Contacts = append(c.Contacts, p)
	}
	audit.Show(ctx, "matter.read", string(t.Task), m.Region,
		audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "age", "sex", "address_masked", "school", "categories", "flags", "contacts", "last_position"}})
	return nil
}

// blocked tells whether a person must not be contacted in the matter, and why.
func blocked(m matter.Matter, conflicts []matter.Conflict, person id.ID, phoneIndex string) (bool, string) {
	for _, x := range conflicts {
		if (x.PersonID != "" && x.PersonID == person) || (x.Phone != "" && x.Phone == phoneIndex) {
			return true, "blocked.conflict"
		}
	}
	if !m.ContactAllowed {
		return true, "blocked.undecided"
	}
	return false, ""
}

const mostSignals = 50

func (s *Service) cardSignals(ctx context.Context, r db.Reader, m matter.Matter) ([]CardSignal, []Fact, error) {
	list, err := signal.OfMatter(ctx, r, m.ID, mostSignals)
	if err != nil {
		return nil, nil, err
	}
	out := make([]CardSignal, 0, len(list))
	why := []Fact{}
	for _, sg := range list {
		text, _ := s.keys.Open(signal.NoteAAD(sg.ID), sg.Note)
		out = append(out, CardSignal{ID: sg.ID, Source: sg.Source, Kind: sg.Kind, ReceivedAt: sg.ReceivedAt, DeviceAt: sg.DeviceAt, Text: text,
			Alarms: append([]string{}, sg.AlarmList()...), Body: json.RawMessage(sg.Body), LateBy: sg.Late(), Again: sg.Again})
		if sg.Why != "" && !slices.ContainsFunc(why, func(f Fact) bool { return f.Key == sg.Why }) {
			why = append(why, Fact{Key: sg.Why, Text: sg.DeviceID, At: sg.ReceivedAt})
		}
	}
	return out, why, nil
}

// hintsOf gathers what was known beside the alarms: of each alarm what the
// newest signal brought, so that one glance reads it. A body that can't be
// read has none.
func hintsOf(signals []CardSignal) []CardHint {
	out := []CardHint{}
	for _, sg := range signals {
		var body struct {
			Hints []CardHint `json:"hints"`
		}
		if !sg.Source.Device() || len(sg.Body) == 0 || json.Unmarshal(sg.Body, &body) != nil {
			continue
		}
		for _, h := range body.Hints {
			if h.Hint != "" && !slices.ContainsFunc(out, func(x CardHint) bool { return x.Alarm == h.Alarm }) {
				out = append(out, h)
			}
		}
	}
	return out
}

func (s *Service) cardHelpers(ctx context.Context, r db.Reader, m matter.Matter, scene string, conflicts []matter.Conflict, c *Card) error {
	helpers, err := s.people.Helpers(ctx, r, scene, m.ChildID)
	if err != nil {
		return err
	}
	busy, err := dispatch.Busy(ctx, r)
	if err != nil {
		return err
	}
	for i, h := range helpers {
		helpers[i].Busy = busy[h.Account]
		helpers[i].Conflicted = slices.ContainsFunc(conflicts, func(x matter.Conflict) bool { return x.Account == h.Account })
	}
	c.Helpers = helpers
	return nil
}

func (s *Service) orderViews(ctx context.Context, r db.Reader, book *policy.Book, m matter.Matter, events []matter.Event) ([]OrderView, error) {
	orders, err := dispatch.OfMatter(ctx, r, m.ID)
	if err != nil {
		return nil, err
	}
	out := make([]OrderView, 0, len(orders))
	for _, o := range orders {
		v, err := s.orderView(ctx, r, book, m, o, events)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// lifeline maps events of an order to the stage they reach.
var lifeline = map[string]policy.Stage{"offered": policy.Offered, "accepted": policy.Accepted, "on_the_way": policy.OnTheWay, "on_scene": policy.OnScene,
	"handled": policy.Handled, "fed_back": policy.FedBack, "called_back": policy.CalledBack}

func (s *Service) orderView(ctx context.Context, r db.Reader, book *policy.Book, m matter.Matter, o dispatch.Order, events []matter.Event) (OrderView, error) {
	offers, err := dispatch.Offers(ctx, r, o.ID)
	if err != nil {
		return OrderView{}, err
	}
	ids := []id.ID{o.Assignee}
	for _, f := range offers {
		ids = append(ids, f.Account)
	}
	for _, e := range events {
		if e.OrderID == o.ID {
			ids = append(ids, e.Actor)
		}
	}
	names, err := s.people.Staff(ctx, r, ids)
	if err != nil {
		return OrderView{}, err
	}
	k, _ := book.Kind(m.Kind)
	v := OrderView{ID: o.ID, No: o.No, MatterID: o.MatterID, KindName: k.Name, Urgency: m.Urgency, Drill: o.Drill, Joint: o.Joint, State: o.State, Stage: o.Stage,
		Step: o.Step, LastStep: o.LastStep, Level: o.Level, RegionName: s.people.RegionName(o.Region), OfferedTo: []OfferView{}, DueAt: o.DueAt,
		ClockStartedAt: o.ClockAt, Missed: o.Missed, Note: s.orders.UnsealNote(o), Source: o.Source, CreatedAt: o.CreatedAt, Version: o.Version}
	if o.State == dispatch.Active {
		v.WaitsFor = "wait." + string(o.Stage)
	}
	if b, ok := names[o.Assignee]; ok {
		v.Assignee = &b
	}
	me := access.From(ctx).Account
	for _, f := range offers {
		v.OfferedTo = append(v.OfferedTo, OfferView{StaffBrief: names[f.Account], State: f.State, Step: f.Step, SentAt: f.OfferedAt, AnsweredAt: f.AnsweredAt})
		if f.Account == me {
			v.Mine = f.State
		}
	}
	v.Stages = stagesOf(o, events, names)
	return v, nil
}

// stagesOf computes the life-line from the events: the clocks can be proved.
func stagesOf(o dispatch.Order, events []matter.Event, names map[id.ID]StaffBrief) []StageView {
	out := make([]StageView, 0, len(policy.Stages())-1)
	for _, st := range policy.Stages()[1:] {
		out = append(out, StageView{Stage: st})
	}
	for _, e := range events {
		if e.OrderID != o.ID {
			continue
		}
		if e.Kind == "missed" {
			var data struct {
				Stage policy.Stage `json:"stage"`
			}
			_ = json.Unmarshal(e.Data, &data) // our own events
			if i := data.Stage.Rank(); i >= 0 && i < len(out) {
				out[i].Overdue = true
			}
			continue
		}
		if st, ok := lifeline[e.Kind]; ok {
			i := st.Rank() - 1
			if st == policy.Offered && out[i].At != 0 {
				continue // the first call counts
			}
			out[i].At, out[i].ByName = e.At, names[e.Actor].Name
		}
	}
	for i := range out { // a declined or taken-over order falls back
		if out[i].Stage.Rank() > o.Stage.Rank() {
			out[i].At, out[i].ByName = 0, ""
		}
	}
	return out
}

// MyOrder is an order on the phone of who carries it.
type MyOrder struct {
	OrderView
	What  string      `json:"what"`
	Hints []CardHint  `json:"hints"` // what is known of the device's model, until the order is handled
	Child *FieldChild `json:"child"`
	Place *Position   `json:"place"`
}

// MyOrders lists the actor's open orders with what the task needs: the full
// address and the phones, but those of nobody on the conflict list.
func (s *Service) MyOrders(ctx context.Context, r db.Reader) ([]MyOrder, error) {
	if err := access.May(access.From(ctx), "order.read"); err != nil {
		return nil, err
	}
	list, err := dispatch.Mine(ctx, r, access.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	out := make([]MyOrder, 0, len(list))
	for _, o := range list {
		v, err := s.myOrder(ctx, r, o)
		if errs.Is(err, errs.KindNotFound) || errs.Is(err, errs.KindForbidden) {
			continue // withdrawn a moment ago
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Order gives one order as its carrier sees it.
func (s *Service) Order(ctx context.Context, r db.Reader, orderID id.ID) (MyOrder, error) {
	o, err := dispatch.Get(ctx, r, orderID)
	if err != nil {
		return MyOrder{}, err
	}
	return s.myOrder(ctx, r, o)
}

func (s *Service) myOrder(ctx context.Context, r db.Reader, o dispatch.Order) (MyOrder, error) {
	m, t, err := matter.Check(ctx, r, o.MatterID, "order.read")
	if err != nil {
		return MyOrder{}, err
	}
	book, err := policy.At(ctx, r, r.At())
	if err != nil {
		return MyOrder{}, err
	}
	events, err := matter.Events(ctx, r, m.ID)
	if err != nil {
		return MyOrder{}, err
	}
	v, err := s.orderView(ctx, r, book, m, o, events)
	if err != nil {
		return MyOrder{}, err
	}
	out := MyOrder{OrderView: v, What: "what." + m.Kind, Hints: []CardHint{}}
	if o.State == dispatch.Active && o.Stage.Rank() < policy.Handled.Rank() {
		list, err := signal.OfMatter(ctx, r, m.ID, mostSignals)
		if err != nil {
			return out, err
		}
		told := make([]CardSignal, 0, len(list))
		for _, sg := range list {
			told = append(told, CardSignal{Source: sg.Source, Body: json.RawMessage(sg.Body)})
		}
		out.Hints = hintsOf(told)
	}
	if m.ChildID == "" {
		return out, nil
	}
	fc, err := s.people.Address(ctx, r, m.ChildID)
	if err != nil {
		return out, err
	}
	conflicts, err := matter.Conflicts(ctx, r, m)
	if err != nil {
		return out, err
	}
	fc.Phones = slices.DeleteFunc(fc.Phones, func(p FieldPhone) bool {
		no, _ := blocked(m, conflicts, p.PersonID, p.PhoneIndex)
		return no
	})
	out.Child = &fc
	card, err := s.people.Card(ctx, r, m.ChildID)
	if err != nil {
		return out, err
	}
	out.Place = card.LastPosition
	audit.Show(ctx, "order.read", string(t.Task), m.Region, audit.Shown{Kind: "child", ID: m.ChildID, Fields: []string{"name", "age", "sex", "address", "phones", "last_position"}})
	return out, nil
}

// RevealPhone gives one contact's number for one call, if the person may be called.
func (s *Service) RevealPhone(ctx context.Context, matterID, person id.ID) (string, error) {
	var phone string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, t, err := matter.Check(ctx, tx, matterID, "matter.read")
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "child.reveal", access.Target{Region: m.Region, Task: t.Task}); err != nil {
			return err
		}
		card, err := s.people.Card(ctx, tx, m.ChildID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(card.Contacts, func(p Contact) bool { return p.PersonID == person })
		if i < 0 {
			return errs.NotFound("record.not_found")
		}
		conflicts, err := matter.Conflicts(ctx, tx, m)
		if err != nil {
			return err
		}
		if no, why := blocked(m, conflicts, person, card.Contacts[i].PhoneIndex); no {
			return errs.Forbidden(why)
		}
		if phone, err = s.people.Phone(ctx, tx, person); err != nil {
			return err
		}
		if err := matter.Record(ctx, tx, m, matter.Event{Kind: "called"}, map[string]any{"person": person}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "child.reveal", SubjectKind: "person", Subject: person, Fields: []string{"phone"}, Purpose: string(m.ID), Region: m.Region})
	})
	return phone, err
}

// StaffPhone gives the number of who could go or was told to, for one call: a
// phone page that is not answered at night is called. Nobody on the conflict
// list is.
func (s *Service) StaffPhone(ctx context.Context, matterID, account id.ID) (string, error) {
	var phone string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, t, err := matter.Check(ctx, tx, matterID, "matter.read")
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "order.dispatch", t); err != nil {
			return err
		}
		conflicts, err := matter.Conflicts(ctx, tx, m)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(conflicts, func(x matter.Conflict) bool { return x.Account == account }) {
			return errs.Forbidden("blocked.conflict")
		}
		concerned, err := s.concerned(ctx, tx, m, account)
		if err != nil {
			return err
		}
		if !concerned {
			return errs.NotFound("record.not_found")
		}
		if phone, err = s.people.StaffPhone(ctx, tx, account); err != nil {
			return err
		}
		if phone == "" {
			return errs.NotFound("record.not_found")
		}
		if err := matter.Record(ctx, tx, m, matter.Event{Kind: "staff_called"}, map[string]any{"account": account}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "matter.read", SubjectKind: "account", Subject: account, Fields: []string{"phone"}, Purpose: string(m.ID), Region: m.Region})
	})
	return phone, err
}

// concerned tells whether the account is on the card: told already, or near;
// near counts for nothing while contact is undecided.
func (s *Service) concerned(ctx context.Context, r db.Reader, m matter.Matter, account id.ID) (bool, error) {
	orders, err := dispatch.OfMatter(ctx, r, m.ID)
	if err != nil {
		return false, err
	}
	for _, o := range orders {
		offers, err := dispatch.Offers(ctx, r, o.ID)
		if err != nil {
			return false, err
		}
		if o.Assignee == account || slices.ContainsFunc(offers, func(f dispatch.Offer) bool { return f.Account == account }) {
			return true, nil
		}
	}
	if !m.ContactAllowed {
		return false, nil
	}
	scene, err := s.people.Scene(ctx, r, m.ChildID, m.Region)
	if err != nil {
		return false, err
	}
	helpers, err := s.people.Helpers(ctx, r, scene, m.ChildID)
	return slices.ContainsFunc(helpers, func(h Helper) bool { return h.Account == account }), err
}

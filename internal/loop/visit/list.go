package visit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Stop is one stop of a route: what the phone takes along.
type Stop struct {
	Due
	Child      Brief   `json:"child"`
	RegionName string  `json:"region_name"`
	Colour     string  `json:"colour"`
	Home       Home    `json:"home"`
	Goods      []Goods `json:"goods"` // to bring
	Last       *Past   `json:"last,omitempty"`
	Late       bool    `json:"late"`
	Also       []Also  `json:"also"` // what else is met by the same visit
}

// Also is a further due of the same child.
type Also struct {
	Plan  string     `json:"plan"`
	Why   string     `json:"why"`
	DueOn civil.Date `json:"due_on"`
}

// oneStop brings the dues of a child together: one goes there once. The due
// that brings goods leads, since the visit that meets it meets the others.
func (p Policy) oneStop(rows []Due) (lead []Due, also map[id.ID][]Due) {
	also = map[id.ID][]Due{}
	at := map[id.ID]int{}
	for _, d := range rows {
		i, seen := at[d.ChildID]
		if !seen {
			at[d.ChildID] = len(lead)
			lead = append(lead, d)
			continue
		}
		was := lead[i]
		if len(p.goodsOf(was.Plan)) == 0 && len(p.goodsOf(d.Plan)) > 0 {
			also[d.ID], lead[i] = append(also[was.ID], was), d
			delete(also, was.ID)
			continue
		}
		also[was.ID] = append(also[was.ID], d)
	}
	return lead, also
}

// together adds goods item by item.
func together(a, b []Goods) []Goods {
	for _, g := range b {
		if i := slices.IndexFunc(a, func(x Goods) bool { return x.Item == g.Item }); i >= 0 {
			a[i].Count += g.Count
		} else {
			a = append(a, g)
		}
	}
	return a
}

// Past is the last visit, so that the next one goes on from it.
type Past struct {
	ID   id.ID        `json:"id"`
	At   clock.Millis `json:"at"`
	Body Body         `json:"body"`
}

// Route is a day's work, with what forms offer.
type Route struct {
	Day   civil.Date        `json:"day"`
	Stops []Stop            `json:"stops"`
	Seen  []string          `json:"seen"`
	Items map[string]string `json:"items"`
	Risks []string          `json:"risks"`
	Wipe  id.ID             `json:"wipe"` // this phone must forget; see Wiped
}

// routeMost is how many stops one phone takes along.
const routeMost = 60

// Route gives the actor's dues whose time has begun, in the order of a walk:
// late ones first, then by place.
func (s *Service) Route(ctx context.Context) (Route, error) {
	var out Route
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "visit.make"); err != nil {
			return err
		}
		pol, day := s.policy(r), today(r)
		out = Route{Day: day, Stops: []Stop{}, Seen: pol.Seen, Items: pol.Items}
		for _, d := range dangerOrder {
			if _, ok := pol.Dangers[d]; ok {
				out.Risks = append(out.Risks, d)
			}
		}
		var err error
		if out.Wipe, err = wipeOf(ctx, r, a.Account); err != nil {
			return err
		}
		shown, hidden := a.Shown("child_id")
		rows, err := dues(ctx, r, "WHERE who = ? AND state = 'open' AND from_on <= ? AND "+shown+" ORDER BY due_on, region, id LIMIT ?", append(append([]any{a.Account, day}, hidden...), routeMost)...)
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b Due) int {
			if la, lb := a.DueOn < day, b.DueOn < day; la != lb {
				if la {
					return -1
				}
				return 1
			}
			return strings.Compare(a.Region, b.Region)
		})
		rows, further := pol.oneStop(rows)
		children := make([]id.ID, len(rows))
		for i, d := range rows {
			children[i] = d.ChildID
		}
		briefs, err := s.ports.Children(ctx, r, children)
		if err != nil {
			return err
		}
		colours, err := s.ports.Colours(ctx, r, children)
		if err != nil {
			return err
		}
		for _, d := range rows {
			b, shows := briefs[d.ChildID]
			if !shows {
				continue
			}
			x := Stop{Due: d, Child: b, Colour: colours[d.ChildID], Goods: pol.goodsOf(d.Plan), Late: d.DueOn < day, Also: []Also{}}
			for _, other := range further[d.ID] {
				x.Also = append(x.Also, Also{other.Plan, other.Why, other.DueOn})
				x.Goods = together(x.Goods, pol.goodsOf(other.Plan))
				x.Late = x.Late || other.DueOn < day
				x.DueOn = min(x.DueOn, other.DueOn)
			}
			t := access.Target{Region: d.Region, Child: d.ChildID, Task: d.ID}
			if x.RegionName, err = s.ports.Place(ctx, r, d.Region); err != nil {
				return err
			}
			full := a.Allowed("child.reveal", t)
			if x.Home, err = s.ports.Home(ctx, r, d.ChildID, full); err != nil {
				return err
			}
			if x.Last, err = s.past(ctx, r, d.ChildID); err != nil {
				return err
			}
			fields := []string{"name", "age", "colour", "address", "last_visit"}
			if full {
				fields = append(fields, "phone_full", "address_full")
			}
			audit.Show(ctx, "visit.make", string(d.ID), d.Region, audit.Shown{Kind: "child", ID: d.ChildID, Fields: fields})
			out.Stops = append(out.Stops, x)
		}
		return nil
	})
	return out, err
}

// dangerOrder is how forms list dangers, the gravest first.
var dangerOrder = []string{"suicide", "abuse", "danger", "missing", "unattended", "illness"}

func (s *Service) past(ctx context.Context, r db.Reader, child id.ID) (*Past, error) {
	rows, err := visits(ctx, r, "WHERE child_id = ? ORDER BY began_at DESC LIMIT 1", child)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list, err := versions(ctx, r, "WHERE id = ?", rows[0].Current)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	body, err := s.open(ctx, r, child, list[0])
	return &Past{rows[0].ID, rows[0].BeganAt, body}, err
}

func (s *Service) open(ctx context.Context, r db.Reader, child id.ID, x Version) (Body, error) {
	var b Body
	key, _, err := s.ports.Key(ctx, r, child)
	if err != nil {
		return b, err
	}
	text, err := key.Open(aad(x.ID), x.Body)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal([]byte(text), &b)
}

// DueRow is a due in a list.
type DueRow struct {
	Due
	ChildName  string `json:"child_name"`
	RegionName string `json:"region_name"`
	WhoName    string `json:"who_name"`
	Colour     string `json:"colour"`
	Late       bool   `json:"late"`
}

// Dues lists open dues of the actor's areas, the latest first; which: late,
// unassigned, a festival's plan, or all.
func (s *Service) Dues(ctx context.Context, which string) ([]DueRow, error) {
	out := []DueRow{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "visit.read"); err != nil {
			return err
		}
		where, args := a.Lists("visit.read", "region", "child_id")
		day := today(r)
		switch which {
		case "late":
			where, args = where+" AND due_on < ?", append(args, day)
		case "unassigned":
			where += " AND who = ''"
		case "":
		default:
			where, args = where+" AND plan = ?", append(args, which)
		}
		rows, err := dues(ctx, r, "WHERE state = 'open' AND "+where+" ORDER BY due_on, region, id LIMIT 500", args...)
		if err != nil {
			return err
		}
		n, err := s.naming(ctx, r, func(add func(child, account id.ID)) {
			for _, d := range rows {
				add(d.ChildID, d.Who)
			}
		})
		if err != nil {
			return err
		}
		for _, d := range rows {
			place, err := s.ports.Place(ctx, r, d.Region)
			if err != nil {
				return err
			}
			out = append(out, DueRow{d, n.children[d.ChildID].Name, place, n.accounts[d.Who], n.colours[d.ChildID], d.DueOn < day})
		}
		n.show(ctx, "visit.read")
		return nil
	})
	return out, err
}

// naming holds the names of who is in a list.
type naming struct {
	ids      []id.ID
	children map[id.ID]Brief
	accounts map[id.ID]string
	colours  map[id.ID]string
}

func (s *Service) naming(ctx context.Context, r db.Reader, each func(add func(child, account id.ID))) (naming, error) {
	var n naming
	var accounts []id.ID
	each(func(child, account id.ID) {
		if child != "" {
			n.ids = append(n.ids, child)
		}
		if account != "" {
			accounts = append(accounts, account)
		}
	})
	slices.Sort(n.ids)
	n.ids = slices.Compact(n.ids)
	var err error
	if n.children, err = s.ports.Children(ctx, r, n.ids); err != nil {
		return n, err
	}
	if n.colours, err = s.ports.Colours(ctx, r, n.ids); err != nil {
		return n, err
	}
	n.accounts, err = s.ports.Names(ctx, r, accounts)
	return n, err
}

func (n naming) show(ctx context.Context, action access.Action) {
	for _, c := range n.ids {
		audit.Show(ctx, action, "", "", audit.Shown{Kind: "child", ID: c, Fields: []string{"name", "visit"}})
	}
}

// Row is a visit in a list.
type Row struct {
	Visit
	ChildName  string `json:"child_name"`
	RegionName string `json:"region_name"`
	ByName     string `json:"by_name"`
	Marks      int    `json:"marks"` // open ones
}

// Query narrows the list of visits.
type Query struct {
	Which  string // "", conflict, doubt, danger
	Child  id.ID
	Cursor string // id of the last one seen, by began_at
	Limit  int
}

// List lists visits of the actor's areas, the newest first.
func (s *Service) List(ctx context.Context, q Query) (out []Row, next string, err error) {
	out = []Row{}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "visit.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("visit.read"))
		// One's own visits are one's own wherever the child lives.
		shown, hidden := a.Shown("child_id")
		where, args = "("+where+" OR by_account = ?) AND "+shown, append(append(args, a.Account), hidden...)
		switch q.Which {
		case "conflict":
			where += " AND state = 'conflict'"
		case "danger":
			where += " AND danger <> ''"
		case "doubt":
			where += " AND id IN (SELECT visit_id FROM visit_mark WHERE state = 'open')"
		}
		if q.Child != "" {
			where, args = where+" AND child_id = ?", append(args, q.Child)
		}
		if q.Cursor != "" {
			last, err := find(ctx, r, id.ID(q.Cursor))
			if err != nil {
				return errs.Invalid("cursor", "visit.id")
			}
			where, args = where+" AND (began_at, id) < (?, ?)", append(args, last.BeganAt, last.ID)
		}
		limit := q.Limit
		if limit <= 0 || limit > 200 {
			limit = 50
		}
		rows, err := visits(ctx, r, "WHERE "+where+" ORDER BY began_at DESC, id DESC LIMIT ?", append(args, limit+1)...)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = string(rows[limit-1].ID)
		}
		n, err := s.naming(ctx, r, func(add func(child, account id.ID)) {
			for _, v := range rows {
				add(v.ChildID, v.By)
			}
		})
		if err != nil {
			return err
		}
		for _, v := range rows {
			x := Row{Visit: v, ChildName: n.children[v.ChildID].Name, ByName: n.accounts[v.By]}
			if x.RegionName, err = s.ports.Place(ctx, r, v.Region); err != nil {
				return err
			}
			if err := r.Get(ctx, db.To(&x.Marks), "SELECT count(*) FROM visit_mark WHERE visit_id = ? AND state = 'open'", v.ID); err != nil {
				return err
			}
			out = append(out, x)
		}
		n.show(ctx, "visit.read")
		return nil
	})
	return out, next, err
}

// Written is a version with its words.
type Written struct {
	Version
	ByName string  `json:"by_name"`
	Body   Body    `json:"body"`
	Goods  []Goods `json:"goods"`
	Placed bool    `json:"placed"` // the phone knew where it was
	Far    int     `json:"far"`    // metres from the child's village; -1 unknown
}

// Sheet is one visit in full.
type Sheet struct {
	Row
	Versions  []Written        `json:"versions"`
	MarkList  []Mark           `json:"mark_list"`
	Names     map[id.ID]string `json:"names"`
	MayDecide bool             `json:"may_decide"`
}

// Find gives one visit. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, n id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		v, t, err := Get(ctx, r, n)
		if err != nil {
			return err
		}
		a := access.From(ctx)
		if t.Task == "" {
			if t.Task, err = TaskOnChild(ctx, r, a.Account, v.ChildID); err != nil {
				return err
			}
		}
		if err := access.Check(a, "visit.read", t); err != nil {
			return err
		}
		out = Sheet{Row: Row{Visit: v}, Versions: []Written{}, MayDecide: a.Allowed("visit.decide", access.Target{Region: v.Region})}
		list, err := versions(ctx, r, "WHERE visit_id = ? ORDER BY stored_at, id", n)
		if err != nil {
			return err
		}
		if out.MarkList, err = marks(ctx, r, "WHERE visit_id = ? ORDER BY at, id", n); err != nil {
			return err
		}
		people, err := s.naming(ctx, r, func(add func(child, account id.ID)) {
			add(v.ChildID, v.DecidedBy)
			for _, x := range list {
				add("", x.By)
			}
			for _, m := range out.MarkList {
				add("", m.SettledBy)
			}
		})
		if err != nil {
			return err
		}
		out.ChildName, out.ByName, out.Names = people.children[v.ChildID].Name, people.accounts[v.By], people.accounts
		if out.RegionName, err = s.ports.Place(ctx, r, v.Region); err != nil {
			return err
		}
		home, known, err := s.ports.Point(ctx, r, v.Region)
		if err != nil {
			return err
		}
		for _, x := range list {
			w := Written{Version: x, ByName: people.accounts[x.By], Goods: []Goods{}, Far: -1}
			if w.Body, err = s.open(ctx, r, v.ChildID, x); err != nil {
				return err
			}
			if err := r.List(ctx, &w.Goods, "SELECT item, count FROM visit_goods WHERE version_id = ? ORDER BY item", x.ID); err != nil {
				return err
			}
			if at := (Point{x.Lat, x.Lon}); at.known() {
				w.Placed = true
				if known {
					w.Far = int(metres(at, home))
				}
			}
			out.Versions = append(out.Versions, w)
		}
		for _, m := range out.MarkList {
			if m.State == Open {
				out.Marks++
			}
		}
		audit.Show(ctx, "visit.read", string(t.Task), v.Region, audit.Shown{Kind: "child", ID: v.ChildID, Fields: []string{"name", "visit", "visit_words"}})
		return nil
	})
	return out, err
}

// PairingRow is a pairing in a list.
type PairingRow struct {
	Pairing
	ChildName  string     `json:"child_name"`
	RegionName string     `json:"region_name"`
	HelperName string     `json:"helper_name"`
	Unfit      string     `json:"unfit"` // why the helper may not meet children now
	LastOn     civil.Date `json:"last_on"`
}

// Pairings lists pairings of the actor's areas, or the actor's own.
func (s *Service) Pairings(ctx context.Context, ended bool) ([]PairingRow, error) {
	out := []PairingRow{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "pairing.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("pairing.read"))
		shown, hidden := a.Shown("child_id")
		where, args = "("+where+" OR helper = ?) AND "+shown, append(append(args, a.Account), hidden...)
		if ended {
			where += " AND ended_at > 0"
		} else {
			where += " AND ended_at = 0"
		}
		rows, err := pairings(ctx, r, "WHERE "+where+" ORDER BY begun_on DESC, id DESC LIMIT 500", args...)
		if err != nil {
			return err
		}
		n, err := s.naming(ctx, r, func(add func(child, account id.ID)) {
			for _, p := range rows {
				add(p.ChildID, p.Helper)
			}
		})
		if err != nil {
			return err
		}
		for _, p := range rows {
			x := PairingRow{Pairing: p, ChildName: n.children[p.ChildID].Name, HelperName: n.accounts[p.Helper]}
			if x.RegionName, err = s.ports.Place(ctx, r, p.Region); err != nil {
				return err
			}
			if !ended {
				if err := s.ports.MayMeet(ctx, r, p.Helper, "helper"); errs.Is(err, errs.KindInvalid) {
					x.Unfit = reasonOf(err)
				} else if err != nil {
					return err
				}
			}
			var at clock.Millis
			if err := r.Get(ctx, db.To(&at), "SELECT coalesce(max(began_at), 0) FROM visit WHERE child_id = ? AND by_account = ?", p.ChildID, p.Helper); err != nil {
				return err
			}
			x.LastOn = civil.DateOf(at.Time())
			out = append(out, x)
		}
		n.show(ctx, "pairing.read")
		return nil
	})
	return out, err
}

// Greeting is how a festival's greetings stand, by township.
type Greeting struct {
	Plan       string  `json:"plan"`
	Festival   string  `json:"festival"`
	DueOn      string  `json:"due_on"`
	Region     string  `json:"region"`
	RegionName string  `json:"region_name"`
	Children   int     `json:"children"`
	Done       int     `json:"done"`   // with goods handed over
	Needed     []Goods `json:"needed"` // for those still open
	Given      []Goods `json:"given"`
}

// greetingsBack is for how many days a greeting is still looked at.
const greetingsBack = 400

// Greetings gives the greetings of the last year, newest festival first.
func (s *Service) Greetings(ctx context.Context) ([]Greeting, error) {
	out := []Greeting{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		a := access.From(ctx)
		if err := access.May(a, "visit.read"); err != nil {
			return err
		}
		where, args := access.Where("region", a.Areas("visit.read"))
		rows, err := list[struct {
			Plan  string `bun:"plan"`
			Town  string `bun:"town"`
			DueOn string `bun:"due_on"`
			N     int    `bun:"n"`
			Done  int    `bun:"done"`
			Bare  int    `bun:"bare"`
		}](ctx, r, "SELECT plan, substr(region, 1, 9) AS town, due_on, count(*) AS n, sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END) AS done, sum(CASE WHEN "+bare+" THEN 1 ELSE 0 END) AS bare FROM visit_due WHERE plan NOT IN ('regular', 'by_hand') AND state <> 'dropped' AND due_on > ? AND "+
			where+" GROUP BY plan, substr(region, 1, 9), due_on ORDER BY due_on DESC, town", append([]any{today(r).AddDays(-greetingsBack)}, args...)...)
		if err != nil {
			return err
		}
		pol := s.policy(r)
		for _, x := range rows {
			g := Greeting{Plan: x.Plan, Festival: festivalOf(x.Plan), DueOn: x.DueOn, Region: x.Town, Children: x.N, Done: x.Done - x.Bare, Needed: pol.goodsOf(x.Plan), Given: []Goods{}}
			for i := range g.Needed {
				g.Needed[i].Count *= x.N - x.Done + x.Bare
			}
			if g.RegionName, err = s.ports.Place(ctx, r, x.Town); err != nil {
				return err
			}
			in, more := access.Where("d.region", []string{x.Town})
			if err := r.List(ctx, &g.Given, "SELECT g.item, sum(g.count) AS count FROM visit_goods g JOIN visit v ON v.current = g.version_id JOIN visit_due d ON d.visit_id = v.id WHERE d.plan = ? AND "+in+" GROUP BY g.item ORDER BY g.item",
				append([]any{x.Plan}, more...)...); err != nil {
				return err
			}
			var handed []Goods
			if err := r.List(ctx, &handed, "SELECT g.item, sum(g.count) AS count FROM visit_hand_goods g JOIN visit_hand h ON h.id = g.hand_id JOIN visit_due d ON d.id = h.due_id WHERE d.plan = ? AND "+in+" GROUP BY g.item ORDER BY g.item",
				append([]any{x.Plan}, more...)...); err != nil {
				return err
			}
			g.Given = together(g.Given, handed)
			out = append(out, g)
		}
		return nil
	})
	return out, err
}

// reasonOf takes the key of the first field out of an error.
func reasonOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields[0].Key
	}
	return errs.KeyOf(err)
}

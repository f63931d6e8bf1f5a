package duty

import (
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Person is what duty needs to know of an account. Whoever keeps the accounts
// supplies it through the Directory.
type Person struct {
	Account       id.ID
	Name          string
	PhoneMasked   string
	Active        bool // approved, neither locked nor gone
	PhoneVerified bool
	SeenAt        clock.Millis // last request or stream of any session
}

// Reachable tells whether a call has a chance to arrive.
func (p Person) Reachable() bool { return p.Active && p.PhoneVerified }

// Holder is an account with a role in force for exactly this area.
type Holder struct {
	Account id.ID
	Role    access.Role
	Region  string
}

// Via says why somebody is on duty.
type Via string

// The ways onto a duty.
const (
	ViaRoster   Via = "roster"
	ViaOverride Via = "override"
	ViaStanding Via = "standing"
	ViaNone     Via = "" // holds the role but is not on duty
)

// On is one person on one duty.
type On struct {
	Account id.ID
	Via     Via
	Until   clock.Millis // when this ends as far as written down; 0 = open
	area    string       // of the grant for standing duty, of the slot else
}

// Plan is the part of the rosters that somebody loaded, for questions about
// instants within [From, To).
type Plan struct {
	From, To  clock.Millis
	cal       Calendar
	people    map[id.ID]Person
	holders   map[string][]Holder // by area
	shifts    map[Slot][]Entry
	swaps     map[Slot][]Entry // in the order they were written
	rotations map[Slot][]Rotation
	leaves    map[id.ID][]Entry
}

func newPlan(from, to clock.Millis, cal Calendar, entries []Entry, rotations []Rotation, holders []Holder, people []Person) *Plan {
	p := &Plan{From: from, To: to, cal: cal,
		people:    make(map[id.ID]Person, len(people)),
		holders:   make(map[string][]Holder, len(holders)),
		shifts:    map[Slot][]Entry{},
		swaps:     map[Slot][]Entry{},
		rotations: map[Slot][]Rotation{},
		leaves:    map[id.ID][]Entry{},
	}
	for _, x := range people {
		p.people[x.Account] = x
	}
	for _, h := range holders {
		p.holders[h.Region] = append(p.holders[h.Region], h)
	}
	for _, e := range entries {
		switch e.Kind {
		case Shift:
			p.shifts[e.Slot()] = append(p.shifts[e.Slot()], e)
		case Swap:
			p.swaps[e.Slot()] = append(p.swaps[e.Slot()], e)
		case Leave:
			p.leaves[e.InsteadOf] = append(p.leaves[e.InsteadOf], e)
		}
	}
	for _, s := range p.swaps {
		slices.SortStableFunc(s, func(a, b Entry) int {
			if a.CreatedAt != b.CreatedAt {
				return int(a.CreatedAt - b.CreatedAt)
			}
			if a.ID < b.ID {
				return -1
			}
			return 1
		})
	}
	for _, o := range rotations {
		p.rotations[o.Slot()] = append(p.rotations[o.Slot()], o)
	}
	return p
}

// Person gives what is known of an account; an unknown one is not reachable.
func (p *Plan) Person(account id.ID) Person {
	if x, ok := p.people[account]; ok {
		return x
	}
	return Person{Account: account}
}

// away tells whether the person is on leave.
func (p *Plan) away(account id.ID, at clock.Millis) bool {
	return slices.ContainsFunc(p.leaves[account], func(e Entry) bool { return e.covers(at) })
}

// base is who would be on duty without swaps and leave, over [from, to).
func (p *Plan) base(s Slot, from, to clock.Millis) []stretch {
	var out []stretch
	for _, e := range p.shifts[s] {
		if e.From < to && e.To > from {
			out = append(out, stretch{e.Account, ViaRoster, s.Region, e.From, e.To})
		}
	}
	for _, o := range p.rotations[s] {
		for _, t := range o.turns(p.cal, from, to) {
			out = append(out, stretch{t.Account, ViaRoster, s.Region, t.From, t.To})
		}
	}
	if role, ok := standing(s.Level); ok && role == s.Role {
		// The prefix rule: a grid worker of the village answers for its grids.
		for _, n := range []int{15, 12, 9} {
			if len(s.Region) < n {
				continue
			}
			for _, h := range p.holders[s.Region[:n]] {
				if h.Role == role {
					out = append(out, stretch{h.Account, ViaStanding, h.Region, 0, forever})
				}
			}
		}
	}
	return out
}

const forever = clock.Millis(1) << 62

// stretch is one person's base duty over a time.
type stretch struct {
	account  id.ID
	via      Via
	area     string
	from, to clock.Millis
}

// at applies swaps and leave to the base at one instant.
func (p *Plan) at(s Slot, base []stretch, at clock.Millis) []On {
	var out []On
	for _, b := range base {
		if b.from <= at && at < b.to && !slices.ContainsFunc(out, func(o On) bool { return o.Account == b.account }) {
			out = append(out, On{Account: b.account, Via: b.via, area: b.area})
		}
	}
	swaps := p.swaps[s]
	for i, e := range swaps {
		if !e.covers(at) {
			continue
		}
		later := slices.ContainsFunc(swaps[i+1:], func(l Entry) bool { return l.InsteadOf == e.InsteadOf && l.covers(at) })
		j := slices.IndexFunc(out, func(o On) bool { return o.Account == e.InsteadOf })
		if later || j < 0 {
			continue
		}
		if slices.ContainsFunc(out, func(o On) bool { return o.Account == e.Account }) {
			out = slices.Delete(out, j, j+1)
			continue
		}
		out[j] = On{Account: e.Account, Via: ViaOverride, area: s.Region}
	}
	return slices.DeleteFunc(out, func(o On) bool { return p.away(o.Account, at) })
}

// edges gives the instants within (from, to) at which the duty may change, in
// order, each once.
func (p *Plan) edges(s Slot, base []stretch, from, to clock.Millis) []clock.Millis {
	var out []clock.Millis
	add := func(m clock.Millis) {
		if m > from && m < to {
			out = append(out, m)
		}
	}
	leaves := func(account id.ID) {
		for _, e := range p.leaves[account] {
			add(e.From)
			add(e.To)
		}
	}
	for _, b := range base {
		add(b.from)
		add(b.to)
		leaves(b.account)
	}
	for _, e := range p.swaps[s] {
		add(e.From)
		add(e.To)
		leaves(e.Account)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// On gives who is on the duty at the instant, and until when. An end beyond
// the plan's own is given as open.
func (p *Plan) On(s Slot, at clock.Millis) []On {
	base := p.base(s, at, p.To)
	out := p.at(s, base, at)
	if len(out) == 0 {
		return nil
	}
	left := len(out)
	for _, edge := range p.edges(s, base, at, p.To) {
		if left == 0 {
			break
		}
		still := p.at(s, base, edge)
		for i := range out {
			if out[i].Until == 0 && !slices.ContainsFunc(still, func(o On) bool { return o.Account == out[i].Account }) {
				out[i].Until = edge
				left--
			}
		}
	}
	return out
}

// Slots lists the duties that the plan says anything about at the area:
// rosters, and the standing one of its level.
func (p *Plan) Slots(code string) []Slot {
	var out []Slot
	add := func(s Slot) {
		if s.Region == code && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if role, ok := standing(LevelOf(code)); ok {
		add(Slot{code, LevelOf(code), role})
	}
	for s := range p.shifts {
		add(s)
	}
	for s := range p.rotations {
		add(s)
	}
	slices.SortFunc(out, compareSlots)
	return out
}

func compareSlots(a, b Slot) int {
	switch {
	case a.Level != b.Level:
		return a.Level.rank() - b.Level.rank()
	case a.Region != b.Region:
		if a.Region < b.Region {
			return -1
		}
		return 1
	case a.Role < b.Role:
		return -1
	case a.Role > b.Role:
		return 1
	}
	return 0
}

// Why says what a hole is made of.
type Why string

// The reasons of a hole.
const (
	NobodyRostered  Why = "nobody_rostered"
	NobodyReachable Why = "nobody_reachable" // somebody is rostered, but can't be called
)

// Hole is a time in which too few reachable people fill a duty.
type Hole struct {
	Slot
	From, To clock.Millis // To = the end of the search if the hole reaches it
	Open     bool         // the hole reaches the end of the search
	Why      Why
}

// Need says how many reachable people a duty must have.
type Need struct {
	AtLevel Level       `bun:"at_level"` // of the areas
	Level   Level       `bun:"level"`    // of the duty
	Role    access.Role `bun:"role"`
	Least   int         `bun:"least"`
}

// Holes looks through one duty over [from, to).
func (p *Plan) Holes(s Slot, least int, from, to clock.Millis) []Hole {
	base := p.base(s, from, to)
	if len(base) == 0 { // most of a district's holes on its first day
		return []Hole{{s, from, to, true, NobodyRostered}}
	}
	var out []Hole
	begin := from
	check := func(end clock.Millis) {
		why, ok := p.filled(p.at(s, base, begin), least)
		if ok {
			return
		}
		if n := len(out); n > 0 && out[n-1].To == begin && out[n-1].Why == why {
			out[n-1].To, out[n-1].Open = end, end == to
			return
		}
		out = append(out, Hole{s, begin, end, end == to, why})
	}
	for _, edge := range p.edges(s, base, from, to) {
		check(edge)
		begin = edge
	}
	check(to)
	return out
}

func (p *Plan) filled(on []On, least int) (Why, bool) {
	n := 0
	for _, o := range on {
		if p.Person(o.Account).Reachable() {
			n++
		}
	}
	switch {
	case n >= least:
		return "", true
	case len(on) >= least:
		return NobodyReachable, false
	}
	return NobodyRostered, false
}

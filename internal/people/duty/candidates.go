package duty

import (
	"cmp"
	"context"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Directory is what duty asks of the accounts.
type Directory interface {
	// HoldersAt lists grants in force for exactly these areas.
	HoldersAt(ctx context.Context, r db.Reader, regions []string, roles []access.Role) ([]Holder, error)
	// HoldersWithin lists grants in force for the area and all it contains.
	HoldersWithin(ctx context.Context, r db.Reader, region string, roles []access.Role) ([]Holder, error)
	// People gives what is known of the accounts; an unknown one is left out.
	People(ctx context.Context, r db.Reader, accounts []id.ID) ([]Person, error)
}

// Query asks who could go.
type Query struct {
	Region  string        // where the matter is, as deep as known
	Roles   []access.Role // none = all
	At      clock.Millis
	Near    *Point  // where the child is, if known
	Exclude []id.ID // told already, declined, or on the conflict list
	OffDuty bool    // name also who holds a role up the chain without being on duty, last
}

// Candidate is somebody who could go.
type Candidate struct {
	Account     id.ID        `json:"account"`
	Name        string       `json:"name"`
	PhoneMasked string       `json:"phone_masked"`
	Role        access.Role  `json:"role"`
	Level       Level        `json:"level"`
	Region      string       `json:"region"`
	Until       clock.Millis `json:"until"`
	Via         Via          `json:"via"`
	OnDuty      bool         `json:"on_duty"`
	Reachable   bool         `json:"reachable"`
	SeenAt      clock.Millis `json:"seen_at"`
	Sideways    bool         `json:"sideways"`
	DistanceM   float64      `json:"distance_m"` // -1 unknown
}

// Finder answers who is on duty. It keeps no state; Candidates and its like
// read through the caller's transaction.
type Finder struct {
	Directory Directory
	Areas     Areas
	Distances Distances // Airline if nil
	Calendars func(ctx context.Context, r db.Reader) (Calendar, error)
}

func (f *Finder) distances() Distances {
	if f.Distances == nil {
		return Airline{}
	}
	return f.Distances
}

// untilWithin is how far ahead the end of a duty is looked for.
const untilWithin = 48 * time.Hour

// Candidates lists who could go, in the order in which to ask: up the chain
// (grid, village, township, district, police, city), then sideways (the next
// nearest grids, villages, townships). Within a level the reachable come
// first, then the nearer.
func (f *Finder) Candidates(ctx context.Context, r db.Reader, q Query) ([]Candidate, error) {
	m, err := f.Areas(ctx, r)
	if err != nil {
		return nil, err
	}
	dist := f.distances()
	up := chain(q.Region)
	from, known := dist.Place(m, q.Region)
	if q.Near != nil {
		from, known = *q.Near, true
	}
	ways := map[string]near{} // areas asked besides the chain
	sideways := map[string]bool{}
	for _, l := range []region.Level{region.LevelGrid, region.LevelVillage, region.LevelTownship} {
		for _, n := range neighbours(m, dist, q.Region, l, from, known) {
			ways[n.code] = n
			sideways[n.code] = true
		}
	}
	// Where the place is known to the village only, all its grids are the place.
	if region.Code(q.Region).Level() == region.LevelVillage {
		for _, g := range m.Within(region.Code(q.Region), region.LevelGrid) {
			n := near{string(g.Code), -1}
			if p, ok := dist.Place(m, n.code); ok && known {
				n.metres = dist.Metres(from, p)
			}
			ways[n.code] = n
			delete(sideways, n.code)
		}
	}
	codes := slices.Clone(up)
	for c := range ways {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	p, err := f.load(ctx, r, q.At, q.At.Add(untilWithin), scope{at: codes})
	if err != nil {
		return nil, err
	}
	var out []Candidate
	taken := map[id.ID]bool{}
	for _, x := range q.Exclude {
		taken[x] = true
	}
	wanted := func(role access.Role) bool { return len(q.Roles) == 0 || slices.Contains(q.Roles, role) }
	collect := func(code string, side bool) {
		for _, s := range p.Slots(code) {
			if !wanted(s.Role) {
				continue
			}
			for _, o := range p.On(s, q.At) {
				c := p.candidate(s, o)
				c.Sideways = side
				c.DistanceM = metres(m, dist, ways, from, known, c.Region)
				out = append(out, c)
			}
		}
	}
	for _, c := range up {
		collect(c, false)
	}
	for c := range ways {
		collect(c, sideways[c])
	}
	if q.OffDuty {
		for _, c := range up {
			for _, h := range p.holders[c] {
				if wanted(h.Role) && serves(h.Role) && !p.away(h.Account, q.At) {
					x := p.candidate(Slot{h.Region, levelFor(h.Role, h.Region), h.Role}, On{Account: h.Account, area: h.Region})
					x.DistanceM = metres(m, dist, ways, from, known, x.Region)
					out = append(out, x)
				}
			}
		}
	}
	slices.SortStableFunc(out, compareCandidates)
	return slices.DeleteFunc(out, func(c Candidate) bool {
		if taken[c.Account] {
			return true
		}
		taken[c.Account] = true // a person of several duties is asked once, for the nearest
		return false
	}), nil
}

func (p *Plan) candidate(s Slot, o On) Candidate {
	x := p.Person(o.Account)
	return Candidate{
		Account: o.Account, Name: x.Name, PhoneMasked: x.PhoneMasked,
		Role: s.Role, Level: s.Level, Region: o.area, Until: o.Until, Via: o.Via, OnDuty: o.Via != ViaNone,
		Reachable: x.Reachable(), SeenAt: x.SeenAt, DistanceM: -1,
	}
}

func metres(m Map, dist Distances, ways map[string]near, from Point, known bool, code string) float64 {
	if n, ok := ways[code]; ok {
		return n.metres
	}
	if p, ok := dist.Place(m, code); ok && known {
		return dist.Metres(from, p)
	}
	return -1
}

func compareCandidates(a, b Candidate) int {
	no := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	if c := cmp.Compare(no(!a.OnDuty), no(!b.OnDuty)); c != 0 {
		return c
	}
	if c := cmp.Compare(no(a.Sideways), no(b.Sideways)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Level.rank(), b.Level.rank()); c != 0 {
		return c
	}
	if c := cmp.Compare(no(!a.Reachable), no(!b.Reachable)); c != 0 {
		return c
	}
	if c := cmp.Compare(no(a.DistanceM < 0), no(b.DistanceM < 0)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.DistanceM, b.DistanceM); c != 0 {
		return c
	}
	if c := cmp.Compare(len(b.Region), len(a.Region)); c != 0 { // the grid's own before the village's
		return c
	}
	if c := cmp.Compare(a.Region, b.Region); c != 0 {
		return c
	}
	return cmp.Compare(a.Account, b.Account)
}

// SeatOnDuty lists the operators on duty at the district's seat.
func (f *Finder) SeatOnDuty(ctx context.Context, r db.Reader, district string, at clock.Millis) ([]Candidate, error) {
	return f.onDuty(ctx, r, Slot{string(region.Code(district).At(region.LevelDistrict)), District, access.SeatOperator}, at)
}

// Leader lists who leads the shift of the district that the area lies in. If
// nobody is on that roster, it is whoever could be: first those who hold the
// leader's role, then the heads of the bureau, then the operators on duty;
// Via tells the one from the other.
func (f *Finder) Leader(ctx context.Context, r db.Reader, code string, at clock.Millis) ([]Candidate, error) {
	district := string(region.Code(code).At(region.LevelDistrict))
	out, err := f.onDuty(ctx, r, Slot{district, District, access.SeatLeader}, at)
	if err != nil || slices.ContainsFunc(out, func(c Candidate) bool { return c.Reachable }) {
		return out, err
	}
	p, err := f.load(ctx, r, at, at.Add(untilWithin), scope{at: []string{district}})
	if err != nil {
		return nil, err
	}
	for _, role := range []access.Role{access.SeatLeader, access.BureauHead} {
		for _, h := range p.holders[district] {
			x := p.candidate(Slot{district, District, role}, On{Account: h.Account, area: district})
			if h.Role == role && x.Reachable && !p.away(h.Account, at) {
				out = append(out, x)
			}
		}
		if len(out) > 0 && out[len(out)-1].Reachable {
			return out, nil
		}
	}
	seat, err := f.SeatOnDuty(ctx, r, district, at)
	return append(out, seat...), err
}

func (f *Finder) onDuty(ctx context.Context, r db.Reader, s Slot, at clock.Millis) ([]Candidate, error) {
	p, err := f.load(ctx, r, at, at.Add(untilWithin), scope{at: []string{s.Region}})
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for _, o := range p.On(s, at) {
		out = append(out, p.candidate(s, o))
	}
	slices.SortStableFunc(out, compareCandidates)
	return out, nil
}

package duty

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// Sealer encrypts the notes of hand-overs; crypto.Keyring is one.
type Sealer interface {
	Seal(aad, plaintext string) string
	Open(aad, sealed string) (string, error)
}

// OpenMatters lists what is open in the areas, in the form the hand-over page
// shows; whoever keeps the matters supplies it.
type OpenMatters func(ctx context.Context, r db.Reader, areas []string) (any, error)

// Service is what people do with rosters.
type Service struct {
	db      *db.DB
	finder  *Finder
	sealer  Sealer
	matters OpenMatters
}

// NewService makes the service; matters may be nil.
func NewService(d *db.DB, f *Finder, sealer Sealer, matters OpenMatters) *Service {
	return &Service{d, f, sealer, matters}
}

// NowPerson is somebody on duty.
type NowPerson struct {
	Account     id.ID        `json:"account"`
	Name        string       `json:"name"`
	Role        access.Role  `json:"role"`
	PhoneMasked string       `json:"phone_masked"`
	Reachable   bool         `json:"reachable"`
	Until       clock.Millis `json:"until"`
	Via         Via          `json:"via"`
	SeenAt      clock.Millis `json:"seen_at"`
}

// NowSlot is one duty as it is filled at this instant.
type NowSlot struct {
	Region     string      `json:"region"`
	RegionName string      `json:"region_name"`
	Level      Level       `json:"level"`
	Role       access.Role `json:"role"`
	People     []NowPerson `json:"people"`
	Gap        bool        `json:"gap"`
}

// NowPage answers GET /duty/now.
type NowPage struct {
	Slots []NowSlot `json:"slots"`
}

// areaOf checks the right to an area; "" is the actor's own first one.
func areaOf(ctx context.Context, action access.Action, code string) (string, error) {
	a := access.From(ctx)
	if code == "" {
		if own := a.Areas(action); len(own) > 0 {
			code = own[0]
		}
	}
	if code != "" && LevelOf(code) == "" {
		return "", errs.Invalid("region", "duty.region_form")
	}
	if code == "" {
		return "", access.May(a, action)
	}
	return code, access.Check(a, action, access.Target{Region: code})
}

// Now tells who is on duty in the area and in the areas one level below.
func (s *Service) Now(ctx context.Context, code string) (NowPage, error) {
	code, err := areaOf(ctx, "duty.read", code)
	if err != nil {
		return NowPage{}, err
	}
	out := NowPage{Slots: []NowSlot{}}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		m, err := s.finder.Areas(ctx, r)
		if err != nil {
			return err
		}
		needs, err := needsAt(ctx, r, r.At())
		if err != nil {
			return err
		}
		areas := []string{code}
		if l := region.Code(code).Level(); l != region.LevelNone && l < region.LevelGrid {
			for _, a := range m.Within(region.Code(code), l+1) {
				areas = append(areas, string(a.Code))
			}
		}
		at := slices.Clone(areas)
		for _, c := range chain(code) { // standing holders of a wider area count too
			if !slices.Contains(at, c) {
				at = append(at, c)
			}
		}
		p, err := s.finder.load(ctx, r, r.At(), r.At().Add(untilWithin), scope{at: at})
		if err != nil {
			return err
		}
		for _, a := range areas {
			for _, slot := range p.wanted(a, needs) {
				out.Slots = append(out.Slots, p.now(m, slot, needs, r.At()))
			}
		}
		return nil
	})
	return out, err
}

// wanted lists the duties of an area: those that must be filled, and what else
// is on a roster.
func (p *Plan) wanted(code string, needs []Need) []Slot {
	out := p.Slots(code)
	for _, n := range needs {
		s := Slot{code, n.Level, n.Role}
		if n.AtLevel == LevelOf(code) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, compareSlots)
	return out
}

func (p *Plan) now(m Map, s Slot, needs []Need, at clock.Millis) NowSlot {
	out := NowSlot{Region: s.Region, RegionName: m.Name(region.Code(s.Region)), Level: s.Level, Role: s.Role, People: []NowPerson{}}
	on := p.On(s, at)
	for _, o := range on {
		x := p.Person(o.Account)
		out.People = append(out.People, NowPerson{o.Account, x.Name, s.Role, x.PhoneMasked, x.Reachable(), o.Until, o.Via, x.SeenAt})
	}
	for _, n := range needs {
		if n.AtLevel == LevelOf(s.Region) && n.Level == s.Level && n.Role == s.Role {
			_, ok := p.filled(on, n.Least)
			out.Gap = !ok
		}
	}
	return out
}

// RosterItem is one stretch of a roster.
type RosterItem struct {
	ID          id.ID        `json:"id"`
	Region      string       `json:"region"`
	Level       Level        `json:"level"`
	Role        access.Role  `json:"role"`
	Account     id.ID        `json:"account"` // empty: somebody is away, see instead_of
	AccountName string       `json:"account_name"`
	InsteadOf   id.ID        `json:"instead_of"`
	InsteadName string       `json:"instead_of_name"`
	From        clock.Millis `json:"from"`
	To          clock.Millis `json:"to"`
	Kind        string       `json:"kind"`     // shift or override
	Rotation    id.ID        `json:"rotation"` // the pattern it comes from; empty for a row of its own
	Reason      string       `json:"reason"`
}

// RosterPage answers GET /duty/roster.
type RosterPage struct {
	Items []RosterItem `json:"items"`
}

// windowMost bounds a roster page: a quarter.
const windowMost = 93 * 24 * time.Hour

// Roster lists shifts, the turns of rotations, and overrides of the area and
// all it contains, by time.
func (s *Service) Roster(ctx context.Context, code string, from, to clock.Millis) (RosterPage, error) {
	code, err := areaOf(ctx, "duty.read", code)
	if err != nil {
		return RosterPage{}, err
	}
	if from <= 0 || to <= from || to.Sub(from) > windowMost {
		return RosterPage{}, errs.Invalid("to", "duty.window_form")
	}
	out := RosterPage{Items: []RosterItem{}}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		cal, err := s.finder.Calendars(ctx, r)
		if err != nil {
			return err
		}
		where, args := access.Where("region", []string{code})
		var entries []Entry
		err = r.List(ctx, &entries, "SELECT "+entryColumns+" FROM duty_entry WHERE removed_at = 0 AND to_at > ? AND from_at < ? AND "+where+" ORDER BY from_at, id LIMIT 5000",
			append([]any{from, to}, args...)...)
		if err != nil {
			return err
		}
		for _, e := range entries {
			kind := "override"
			if e.Kind == Shift {
				kind = "shift"
			}
			out.Items = append(out.Items, RosterItem{ID: e.ID, Region: e.Region, Level: e.Level, Role: e.Role, Account: e.Account,
				InsteadOf: e.InsteadOf, From: e.From, To: e.To, Kind: kind, Reason: e.Reason})
		}
		rotations, err := rotationsOf(ctx, r, from, to, scope{within: code})
		if err != nil {
			return err
		}
		for _, o := range rotations {
			for _, t := range o.turns(cal, from, to) {
				out.Items = append(out.Items, RosterItem{ID: o.ID, Region: o.Region, Level: o.Level, Role: o.Role, Account: t.Account,
					From: t.From, To: t.To, Kind: "shift", Rotation: o.ID, Reason: o.Title})
			}
		}
		slices.SortStableFunc(out.Items, func(a, b RosterItem) int { return cmp.Compare(a.From, b.From) })
		return s.name(ctx, r, out.Items)
	})
	return out, err
}

// name puts the names in.
func (s *Service) name(ctx context.Context, r db.Reader, items []RosterItem) error {
	var accounts []id.ID
	for _, i := range items {
		accounts = append(accounts, i.Account, i.InsteadOf)
	}
	names, err := s.names(ctx, r, accounts)
	for i := range items {
		items[i].AccountName, items[i].InsteadName = names[items[i].Account], names[items[i].InsteadOf]
	}
	return err
}

func (s *Service) names(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error) {
	slices.Sort(accounts)
	accounts = slices.DeleteFunc(slices.Compact(accounts), func(a id.ID) bool { return a == "" })
	people, err := s.finder.Directory.People(ctx, r, accounts)
	out := map[id.ID]string{}
	for _, p := range people {
		out[p.Account] = p.Name
	}
	return out, err
}

// RosterRequest is POST /duty/roster. kind shift: account serves. kind
// override: account serves instead_of another; without account that one is
// away. kind rotation: members take turns.
type RosterRequest struct {
	Kind      string       `json:"kind"`
	Region    string       `json:"region"`
	Level     Level        `json:"level,omitempty"`
	Role      access.Role  `json:"role,omitempty"`
	Account   id.ID        `json:"account,omitempty"`
	InsteadOf id.ID        `json:"instead_of,omitempty"`
	From      clock.Millis `json:"from,omitempty"`
	To        clock.Millis `json:"to,omitempty"`
	Reason    string       `json:"reason,omitempty"`

	Title    string     `json:"title,omitempty"`
	Members  []id.ID    `json:"members,omitempty"`
	StartsOn civil.Date `json:"starts_on,omitempty"`
	UntilOn  civil.Date `json:"until_on,omitempty"`
	Handover string     `json:"handover,omitempty"`  // 08:30
	TurnDays int        `json:"turn_days,omitempty"` // 7 = a week each
	Minutes  int        `json:"minutes,omitempty"`   // of each day from the hand-over; 1440 if 0
	Days     Days       `json:"days,omitempty"`      // all if empty
}

// RosterAnswer gives the id of what was made.
type RosterAnswer struct {
	ID id.ID `json:"id"`
}

const mostReason = 200 // characters

// AddRoster writes a shift, an override or a rotation. The right is duty.write
// for the area; whoever is to serve must hold the role there.
func (s *Service) AddRoster(ctx context.Context, q RosterRequest) (RosterAnswer, error) {
	a := access.From(ctx)
	if LevelOf(q.Region) == "" {
		return RosterAnswer{}, errs.Invalid("region", "duty.region_form")
	}
	if err := access.Check(a, "duty.write", access.Target{Region: q.Region}); err != nil {
		return RosterAnswer{}, err
	}
	q.Reason = strings.TrimSpace(q.Reason)
	if len([]rune(q.Reason)) > mostReason || len([]rune(q.Title)) > mostReason {
		return RosterAnswer{}, errs.Invalid("reason", "duty.text_long")
	}
	out := RosterAnswer{ID: id.New()}
	write, err := s.prepare(q, out.ID, a.Account)
	if err != nil {
		return RosterAnswer{}, err
	}
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		serving := append(slices.Clone(q.Members), q.Account)
		if err := s.mayServe(ctx, tx, q.Region, q.Role, serving); err != nil {
			return err
		}
		if q.Kind == "override" {
			if err := s.isInArea(ctx, tx, a, q.InsteadOf, q.Region); err != nil {
				return err
			}
		}
		if err := write(ctx, tx); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "duty", Kind: "roster", Region: q.Region, Ref: string(out.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "duty.write", SubjectKind: "duty_" + q.Kind, Subject: out.ID, Region: q.Region})
	})
	return out, err
}

// prepare checks the form and gives what is to be written.
func (s *Service) prepare(q RosterRequest, n, by id.ID) (func(ctx context.Context, tx *db.Tx) error, error) {
	if q.Kind == "rotation" {
		at, err := time.Parse("15:04", q.Handover)
		if err != nil {
			return nil, errs.Invalid("handover", "duty.time_form")
		}
		o := Rotation{ID: n, Region: q.Region, Level: q.Level, Role: q.Role, Title: q.Title, StartsOn: q.StartsOn, UntilOn: q.UntilOn,
			Handover: at.Hour()*60 + at.Minute(), TurnDays: q.TurnDays, Minutes: q.Minutes, Days: q.Days, Members: q.Members}
		if o.Minutes == 0 {
			o.Minutes = day
		}
		if o.Days == "" {
			o.Days = AllDays
		}
		return func(ctx context.Context, tx *db.Tx) error {
			o.CreatedAt = tx.Now
			return insertRotation(ctx, tx, o, by)
		}, o.Check()
	}
	e := Entry{ID: n, Region: q.Region, Level: q.Level, Role: q.Role, Account: q.Account, InsteadOf: q.InsteadOf,
		From: q.From, To: q.To, Reason: q.Reason, CreatedBy: by}
	switch {
	case q.Kind == "shift":
		e.Kind, e.InsteadOf = Shift, ""
	case q.Kind == "override" && q.Account == "":
		e.Kind = Leave
	case q.Kind == "override":
		e.Kind = Swap
	}
	return func(ctx context.Context, tx *db.Tx) error {
		e.CreatedAt = tx.Now
		return insertEntry(ctx, tx, e)
	}, e.Check()
}

// mayServe refuses whoever does not hold the role for the area: a roster is no
// way around the granting of rights.
func (s *Service) mayServe(ctx context.Context, r db.Reader, code string, role access.Role, accounts []id.ID) error {
	accounts = slices.DeleteFunc(accounts, func(a id.ID) bool { return a == "" })
	if len(accounts) == 0 {
		return nil
	}
	holders, err := s.finder.Directory.HoldersAt(ctx, r, chain(code), []access.Role{role})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if !slices.ContainsFunc(holders, func(h Holder) bool { return h.Account == a }) {
			return errs.Invalid("account", "duty.role_not_held")
		}
	}
	return nil
}

// isInArea refuses to send somebody of another area on leave: leave counts
// everywhere, so the right must cover where the person serves.
func (s *Service) isInArea(ctx context.Context, r db.Reader, a access.Actor, account id.ID, code string) error {
	holders, err := s.finder.Directory.HoldersWithin(ctx, r, code, rosterRoles())
	if err != nil {
		return err
	}
	above, err := s.finder.Directory.HoldersAt(ctx, r, chain(code), rosterRoles())
	if err != nil {
		return err
	}
	for _, h := range append(holders, above...) {
		if h.Account == account && a.Allowed("duty.write", access.Target{Region: h.Region}) {
			return nil
		}
	}
	return errs.Invalid("instead_of", "duty.serves_not_here")
}

// RemoveRoster ends an entry or a rotation. What was served stays on record:
// one under way ends now.
func (s *Service) RemoveRoster(ctx context.Context, n id.ID) error {
	a := access.From(ctx)
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var code string
		kind := "duty_entry"
		err := tx.Get(ctx, db.To(&code), "SELECT region FROM duty_entry WHERE id = ? AND removed_at = 0", n)
		if errs.Is(err, errs.KindNotFound) {
			kind = "duty_rotation"
			err = tx.Get(ctx, db.To(&code), "SELECT region FROM duty_rotation WHERE id = ? AND ended_at = 0", n)
		}
		if err != nil {
			return err
		}
		if err := access.Check(a, "duty.write", access.Target{Region: code}); err != nil {
			return err
		}
		if err := endRoster(ctx, tx, kind, n, a.Account); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "duty", Kind: "roster", Region: code, Ref: string(n)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "duty.write", SubjectKind: kind, Subject: n, Region: code, Fields: []string{"removed"}})
	})
}

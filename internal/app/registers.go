package app

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/match"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/visit"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
	"zugou/internal/people/place"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
)

// registers answers what the centre asks of the people floor.
type registers struct {
	keys     *crypto.Keyring
	atlas    *region.Atlas
	finder   *duty.Finder
	words    chassis.Words
	district string
}

// Wearer implements match.Directory.
func (g *registers) Wearer(ctx context.Context, r db.Reader, deviceID string, at clock.Millis) (match.Wearer, error) {
	d, err := device.Find(ctx, r, deviceID)
	if errs.Is(err, errs.KindNotFound) || err == nil && d.State == device.Unknown {
		return match.Wearer{}, nil
	}
	if err != nil {
		return match.Wearer{}, err
	}
	w := match.Wearer{Known: true, Child: d.Wearer, Region: d.Region}
	if at != 0 && at < r.At() { // a replay belongs to who wore it then
		if w.Child, err = device.WearerAt(ctx, r, d.ID, at); err != nil {
			return w, err
		}
		if w.Child == "" {
			w.Child = d.Wearer
		}
	}
	return w, nil
}

var whyOf = map[string]string{"own_phone": match.ByOwnPhone, "guardian_phone": match.ByGuardian, "carer_phone": match.ByCarer}

// ByPhone implements match.Directory.
func (g *registers) ByPhone(ctx context.Context, r db.Reader, phone string) ([]match.Candidate, error) {
	found, err := person.ByPhone(ctx, r, g.keys, phone)
	return candidates(found), err
}

// ByName implements match.Directory.
func (g *registers) ByName(ctx context.Context, r db.Reader, name, area string) ([]match.Candidate, error) {
	found, err := person.ByNameArea(ctx, r, name, area)
	return candidates(found), err
}

func candidates(found []person.Match) []match.Candidate {
	var out []match.Candidate
	for _, f := range found {
		if f.ChildID == "" {
			continue
		}
		why, ok := whyOf[f.Why]
		if !ok {
			why = match.ByName
		}
		out = append(out, match.Candidate{Child: f.ChildID, Why: why, Region: f.Region})
	}
	return out
}

// Region implements match.Directory.
func (g *registers) Region(ctx context.Context, r db.Reader, child id.ID) (string, error) {
	return person.Region(ctx, r, child)
}

// At implements match.Directory.
func (g *registers) At(ctx context.Context, r db.Reader, lat, lon float64) (string, error) {
	t, err := g.atlas.Table(ctx, r)
	if err != nil {
		return "", err
	}
	return string(t.At(lat, lon, region.Code(g.district))), nil
}

// fresh is how old a position may be and still say whom to ask first.
const fresh = clock.Millis(15 * 60_000)

// Scene implements dispatch.Roster and seat.People: within the home township
// home stands, since a village's middle says less than an address.
func (g *registers) Scene(ctx context.Context, r db.Reader, child id.ID, home string) (string, error) {
	if child == "" {
		return home, nil
	}
	var seen seat.ChildCard
	if err := g.lastSeen(ctx, r, child, &seen); err != nil {
		return "", err
	}
	p := seen.LastPosition
	if p == nil || r.At()-p.At > fresh {
		return home, nil
	}
	at, err := g.At(ctx, r, p.Lat, p.Lon)
	if err != nil {
		return "", err
	}
	if at == "" || region.Code(at).At(region.LevelTownship) == region.Code(home).At(region.LevelTownship) {
		return home, nil
	}
	return at, nil
}

// Candidates implements dispatch.Roster.
func (g *registers) Candidates(ctx context.Context, r db.Reader, area string, roles []access.Role, at clock.Millis) ([]dispatch.Candidate, error) {
	found, err := g.finder.Candidates(ctx, r, duty.Query{Region: area, Roles: roles, At: at, OffDuty: true})
	if err != nil {
		return nil, err
	}
	out := make([]dispatch.Candidate, 0, len(found))
	for _, c := range found {
		out = append(out, dispatch.Candidate{Account: c.Account, Role: c.Role, Region: c.Region, OnDuty: c.OnDuty, Reachable: c.Reachable, DistanceM: c.DistanceM})
	}
	return out, nil
}

// Near implements dispatch.Roster: the paired helper, and whoever of the staff
// has the phone of a guardian or carer.
func (g *registers) Near(ctx context.Context, r db.Reader, child id.ID) ([]id.ID, error) {
	card, err := person.CardOf(ctx, r, g.keys, child)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	if card.PairedCarer != "" {
		out = append(out, card.PairedCarer)
	}
	helpers, err := visit.Helpers(ctx, r, child)
	if err != nil {
		return nil, err
	}
	out = append(out, helpers...)
	for _, c := range card.Contacts {
		accounts, err := g.AccountsOf(ctx, r, c.PersonID, "")
		if err != nil {
			return nil, err
		}
		out = append(out, accounts...)
	}
	return out, nil
}

// AccountsOf implements matter.Near.
func (g *registers) AccountsOf(ctx context.Context, r db.Reader, who id.ID, phone string) ([]id.ID, error) {
	phones := []string{phone}
	if who != "" {
		own, err := person.Phone(ctx, r, g.keys, who)
		switch {
		case err == nil:
			phones = append(phones, own)
		case !errs.Is(err, errs.KindNotFound):
			return nil, err
		}
	}
	var out []id.ID
	for _, p := range phones {
		if p == "" {
			continue
		}
		accounts, err := staff.ByPhone(ctx, r, g.keys, p)
		if err != nil {
			return nil, err
		}
		out = append(out, accounts...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Briefs implements seat.People.
func (g *registers) Briefs(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]seat.ChildBrief, error) {
	if err := g.remember(ctx, r); err != nil {
		return nil, err
	}
	found, err := person.Briefs(ctx, r, children...)
	if err != nil {
		return nil, err
	}
	marks, err := level.MarksOf(ctx, r, children)
	out := make(map[id.ID]seat.ChildBrief, len(found))
	for asked, b := range found {
		m := marks[b.ID]
		out[asked] = seat.ChildBrief{ID: b.ID, Name: b.Name, Age: b.Age, Sex: b.Sex, Level: string(m.Colour), LevelUrgency: string(m.Urgency)}
	}
	return out, err
}

// remember reads the areas, so that RegionName has them.
func (g *registers) remember(ctx context.Context, r db.Reader) error {
	_, err := g.atlas.Table(ctx, r)
	return err
}

// Card implements seat.People.
func (g *registers) Card(ctx context.Context, r db.Reader, child id.ID) (seat.ChildCard, error) {
	c, err := person.CardOf(ctx, r, g.keys, child)
	if err != nil {
		return seat.ChildCard{}, err
	}
	out := seat.ChildCard{ChildBrief: seat.ChildBrief{ID: c.ID, Name: c.Name, Age: c.BirthOn.AgeOn(civil.DateOf(r.At().Time())), Sex: sexLetter(c.Sex)},
		Region: c.Region, RegionName: g.RegionName(c.Region), AddressMasked: c.AddressMasked, School: strings.TrimSpace(c.School.Name + " " + c.School.Grade + c.School.Class),
		Categories: []string{}, Flags: []seat.Fact{}}
	marks, err := level.MarksOf(ctx, r, []id.ID{c.ID})
	if err != nil {
		return out, err
	}
	out.Level, out.LevelUrgency, out.ScreenedAt = string(marks[c.ID].Colour), string(marks[c.ID].Urgency), marks[c.ID].ScreenedAt
	for _, k := range c.Categories {
		out.Categories = append(out.Categories, g.text("category."+string(k)))
	}
	for _, f := range c.Flags {
		out.Flags = append(out.Flags, seat.Fact{Key: "flag." + f, Text: g.text("flag." + f)})
	}
	for _, p := range c.Contacts {
		out.Contacts = append(out.Contacts, seat.Contact{PersonID: p.PersonID, Name: p.Name, Relation: g.relation(p.Relation), PhoneMasked: p.PhoneMasked,
			Carer: p.Carer, PhoneIndex: p.PhoneIndex})
	}
	if err := g.lastSeen(ctx, r, child, &out); err != nil {
		return out, err
	}
	out.Five = g.five(out, c)
	return out, nil
}

func sexLetter(s civil.Sex) string {
	switch s {
	case civil.Male:
		return "m"
	case civil.Female:
		return "f"
	}
	return ""
}

// lastSeen adds where the child's devices were last.
func (g *registers) lastSeen(ctx context.Context, r db.Reader, child id.ID, out *seat.ChildCard) error {
	worn, err := device.Worn(ctx, r, child)
	if err != nil {
		return err
	}
	var heard clock.Millis
	for _, w := range worn[child] {
		if out.DeviceID == "" || w.LastSeenAt > heard {
			out.DeviceID, heard = w.ID, w.LastSeenAt
		}
		if w.Battery >= 0 {
			battery := w.Battery
			out.Battery = &battery
		}
		if p := w.Position; p != nil && (out.LastPosition == nil || p.At > out.LastPosition.At) {
			out.LastPosition = &seat.Position{Lat: p.Lat, Lon: p.Lon, At: p.At, Source: p.Source, AccuracyM: p.AccuracyM, AgeSeconds: int64(r.At()-p.At) / 1000}
		}
	}
	return nil
}

// five picks the facts that matter now, at most five, the gravest first.
func (g *registers) five(c seat.ChildCard, full person.Card) []seat.Fact {
	out := slices.Clone(c.Flags)
	add := func(key, detail string) {
		text := g.text(key)
		if detail != "" {
			text += "：" + detail
		}
		out = append(out, seat.Fact{Key: key, Text: text})
	}
	if full.Sheltered {
		add("fact.sheltered", "")
	}
	if !slices.ContainsFunc(full.Contacts, func(p person.Contact) bool { return p.LivesWith }) {
		add("fact.nobody_lives_with", "")
	}
	if i := slices.IndexFunc(full.Contacts, func(p person.Contact) bool { return p.Carer }); i >= 0 {
		add("fact.carer", full.Contacts[i].Name)
	}
	for _, k := range full.Categories {
		add("category."+string(k), "")
	}
	if c.Battery != nil && *c.Battery <= 20 {
		add("fact.battery_low", "")
	}
	if c.School != "" {
		add("fact.school", c.School)
	}
	return out[:min(5, len(out))]
}

// text gives the words of a key, the key itself if it has none: a flag of the
// bureau's own must not vanish from the card.
func (g *registers) text(key string) string {
	if text, ok := g.words.Text(key); ok {
		return text
	}
	_, own, _ := strings.Cut(key, ".")
	return own
}

func (g *registers) relation(r person.Relation) string {
	if r == "" {
		return g.text("relation.self")
	}
	return g.text("relation." + string(r))
}

// Staff implements seat.People.
func (g *registers) Staff(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]seat.StaffBrief, error) {
	found, err := staff.Names(ctx, r, accounts...)
	out := make(map[id.ID]seat.StaffBrief, len(found))
	for account, b := range found {
		out[account] = seat.StaffBrief{ID: account, Name: b.Name, RoleName: g.roleName(b.Role), PhoneMasked: b.PhoneMasked}
	}
	for _, a := range accounts { // what the program did by itself
		if strings.HasPrefix(string(a), "system:") {
			name, _ := g.words.Text("actor." + strings.TrimPrefix(string(a), "system:"))
			out[a] = seat.StaffBrief{ID: a, Name: name}
		}
	}
	return out, err
}

func (g *registers) roleName(role access.Role) string {
	text, _ := g.words.Text("role." + string(role))
	return text
}

// helperRoles are those whom a seat may send.
var helperRoles = []access.Role{access.GridWorker, access.VillageDirector, access.TownshipOfficer, access.PoliceLiaison, access.BureauSection, access.SeatLeader}

// mostHelpers bounds the list on the card, mostSideways the neighbours on it,
// so that the township and the district are always there.
const (
	mostHelpers  = 12
	mostSideways = 6
)

// Helpers implements seat.People.
func (g *registers) Helpers(ctx context.Context, r db.Reader, area string, _ id.ID) ([]seat.Helper, error) {
	if err := g.remember(ctx, r); err != nil {
		return nil, err
	}
	found, err := g.finder.Candidates(ctx, r, duty.Query{Region: area, Roles: helperRoles, At: r.At(), OffDuty: true})
	if err != nil {
		return nil, err
	}
	out := []seat.Helper{}
	sideways := 0
	found = slices.DeleteFunc(found, func(c duty.Candidate) bool {
		if c.Sideways {
			sideways++
		}
		return c.Sideways && sideways > mostSideways
	})
	for _, c := range found[:min(len(found), mostHelpers)] {
		h := seat.Helper{Account: c.Account, Name: c.Name, Role: c.Role, RoleName: g.roleName(c.Role), Level: string(c.Level), Region: c.Region,
			RegionName: g.RegionName(c.Region), OnDuty: c.OnDuty, Reachable: c.Reachable, PhoneMasked: c.PhoneMasked}
		if c.DistanceM >= 0 {
			metres := c.DistanceM
			h.DistanceM = &metres
		}
		out = append(out, h)
	}
	return out, nil
}

// Places implements seat.People: the places that the bureau entered for the
// township and the district.
func (g *registers) Places(ctx context.Context, r db.Reader, area string) ([]seat.Place, error) {
	out := []seat.Place{}
	near, err := place.Near(ctx, r, area, g.district)
	for _, p := range near {
		out = append(out, seat.Place{Kind: string(p.Kind), Name: p.Name, Phone: p.Phone})
	}
	return out, err
}

// RegionName implements seat.People.
func (g *registers) RegionName(code string) string {
	t := g.atlas.Last()
	if t == nil {
		return code
	}
	return t.Label(region.Code(code))
}

// Address implements seat.People.
func (g *registers) Address(ctx context.Context, r db.Reader, child id.ID) (seat.FieldChild, error) {
	c, err := person.CardOf(ctx, r, g.keys, child)
	if err != nil {
		return seat.FieldChild{}, err
	}
	out := seat.FieldChild{Name: c.Name, Age: c.BirthOn.AgeOn(civil.DateOf(r.At().Time())), Sex: sexLetter(c.Sex), Phones: []seat.FieldPhone{}}
	if !c.Sheltered {
		if out.Address, err = person.Address(ctx, r, g.keys, child); err != nil && !errs.Is(err, errs.KindNotFound) {
			return out, err
		}
	}
	calls, err := person.Calls(ctx, r, g.keys, child)
	for _, p := range calls {
		if p.MayContact {
			out.Phones = append(out.Phones, seat.FieldPhone{PersonID: p.PersonID, Name: p.Name, Relation: g.relation(p.Relation), Phone: string(p.Phone), PhoneIndex: p.PhoneIndex})
		}
	}
	return out, err
}

// Phone implements seat.People.
func (g *registers) Phone(ctx context.Context, r db.Reader, who id.ID) (string, error) {
	return person.Phone(ctx, r, g.keys, who)
}

// StaffPhone implements seat.People.
func (g *registers) StaffPhone(ctx context.Context, r db.Reader, account id.ID) (string, error) {
	return staff.Phone(ctx, r, g.keys, account)
}

package duty

import (
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Level is a rung of the duty system. It is the level of the area, but for the
// police, who keep a roster of their own beside the townships and the district.
type Level string

// The levels, the nearest first.
const (
	Grid     Level = "grid"
	Village  Level = "village"
	Township Level = "township"
	District Level = "district"
	Police   Level = "police"
	City     Level = "city"
)

var levels = []Level{Grid, Village, Township, District, Police, City}

// rank gives 0 for the nearest.
func (l Level) rank() int { return slices.Index(levels, l) }

// LevelOf gives the level of an area's code, "" for no code.
func LevelOf(code string) Level {
	switch region.Code(code).Level() {
	case region.LevelGrid:
		return Grid
	case region.LevelVillage:
		return Village
	case region.LevelTownship:
		return Township
	case region.LevelDistrict:
		return District
	case region.LevelCity:
		return City
	}
	return ""
}

// levelFor gives the level on which the role serves in the area.
func levelFor(role access.Role, code string) Level {
	switch role {
	case access.GridWorker:
		return Grid
	case access.VillageDirector:
		return Village
	case access.PoliceLiaison:
		return Police
	case access.TownshipOfficer:
		return Township
	}
	return LevelOf(code)
}

// standing gives the role that is always on for its area on the level.
func standing(l Level) (access.Role, bool) {
	switch l {
	case Grid:
		return access.GridWorker, true
	case Village:
		return access.VillageDirector, true
	}
	return "", false
}

// Slot is one duty to be filled: a role for an area.
type Slot struct {
	Region string      `json:"region"`
	Level  Level       `json:"level"`
	Role   access.Role `json:"role"`
}

// Kind of an entry.
type Kind string

// The kinds of entry.
const (
	Shift Kind = "shift"
	Swap  Kind = "swap"  // Account serves instead of InsteadOf
	Leave Kind = "leave" // InsteadOf is away, from every duty
)

// Entry is one row of a roster that was written by hand.
type Entry struct {
	ID        id.ID        `bun:"id"`
	Kind      Kind         `bun:"kind"`
	Region    string       `bun:"region"`
	Level     Level        `bun:"level"`
	Role      access.Role  `bun:"role"`
	Account   id.ID        `bun:"account"`
	InsteadOf id.ID        `bun:"instead_of"`
	From      clock.Millis `bun:"from_at"`
	To        clock.Millis `bun:"to_at"`
	Reason    string       `bun:"reason"`
	CreatedBy id.ID        `bun:"created_by"`
	CreatedAt clock.Millis `bun:"created_at"`
}

// Slot gives the duty that the entry is about; leave is about none.
func (e Entry) Slot() Slot { return Slot{e.Region, e.Level, e.Role} }

func (e Entry) covers(at clock.Millis) bool { return e.From <= at && at < e.To }

// longest bounds an entry, in milliseconds: a slip of the year is caught, a
// year of parental leave is not.
const longest = 400 * 24 * 3600 * 1000

// Check gives what is wrong with the entry's form.
func (e Entry) Check() error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if LevelOf(e.Region) == "" {
		add("region", "duty.region_form")
	}
	if e.From <= 0 || e.To <= e.From {
		add("to", "duty.ends_before_it_begins")
	} else if e.To-e.From > longest {
		add("to", "duty.too_long")
	}
	switch e.Kind {
	case Shift, Swap:
		if e.Level.rank() < 0 || !serves(e.Role) {
			add("role", "duty.role_serves_not")
		} else if LevelOf(e.Region) != "" && !fits(e.Level, e.Region) {
			add("level", "duty.level_fits_not")
		}
		if e.Account == "" {
			add("account", "duty.account_missing")
		}
		if e.Kind == Swap && e.InsteadOf == "" {
			add("instead_of", "duty.instead_of_missing")
		}
		if e.Kind == Swap && e.InsteadOf == e.Account {
			add("instead_of", "duty.swap_with_self")
		}
	case Leave:
		if e.InsteadOf == "" {
			add("instead_of", "duty.instead_of_missing")
		}
	default:
		add("kind", "duty.kind_unknown")
	}
	return errs.InvalidFields(bad)
}

// serves tells whether people of the role can be put on a roster.
func serves(r access.Role) bool {
	switch r {
	case access.SeatOperator, access.SeatLeader, access.TownshipOfficer, access.VillageDirector, access.GridWorker,
		access.PoliceLiaison, access.Counsellor, access.BureauSection, access.BureauHead, access.CityCentre,
		access.Clinician, access.SocialWorker, access.Supervisor:
		return true
	}
	return false
}

// fits tells whether a roster of the level can stand at the area: police at a
// township (派出所) or the district.
func fits(l Level, code string) bool {
	own := LevelOf(code)
	return l == own || l == Police && (own == Township || own == District)
}

// Days says on which days of the civil calendar a rotation runs.
type Days string

// The kinds of day. Make-up days count as workdays.
const (
	AllDays  Days = "all"
	Workdays Days = "workdays"
	Restdays Days = "restdays"
)

// Rotation is a recurring pattern: members take turns of TurnDays days, each
// handed over at the same time of day. Within a turn the duty runs Minutes
// from the hand-over each day (1440 = around the clock, 840 from 17:30 = till
// 07:30 of the next morning), on the days that Days names; a duty that runs
// past midnight belongs to the day on which it began.
type Rotation struct {
	ID        id.ID        `bun:"id"`
	Region    string       `bun:"region"`
	Level     Level        `bun:"level"`
	Role      access.Role  `bun:"role"`
	Title     string       `bun:"title"`
	StartsOn  civil.Date   `bun:"starts_on"`
	UntilOn   civil.Date   `bun:"until_on"` // last day on which a duty begins; empty = open
	Handover  int          `bun:"handover"` // minutes after midnight in China
	TurnDays  int          `bun:"turn_days"`
	Minutes   int          `bun:"minutes"`
	Days      Days         `bun:"days"`
	Members   []id.ID      `bun:"-"`
	MembersIn string       `bun:"members"` // Members as JSON
	CreatedAt clock.Millis `bun:"created_at"`
	EndedAt   clock.Millis `bun:"ended_at"`
}

// Slot gives the duty that the rotation fills.
func (o Rotation) Slot() Slot { return Slot{o.Region, o.Level, o.Role} }

const day = 24 * 60 // minutes

// Check gives what is wrong with the rotation's form.
func (o Rotation) Check() error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if LevelOf(o.Region) == "" {
		add("region", "duty.region_form")
	} else if o.Level.rank() < 0 || !fits(o.Level, o.Region) {
		add("level", "duty.level_fits_not")
	}
	if !serves(o.Role) {
		add("role", "duty.role_serves_not")
	}
	if !o.StartsOn.Valid() {
		add("starts_on", "duty.date_form")
	}
	if o.UntilOn != "" && (!o.UntilOn.Valid() || o.UntilOn < o.StartsOn) {
		add("until_on", "duty.ends_before_it_begins")
	}
	if o.Handover < 0 || o.Handover >= day {
		add("handover", "duty.time_form")
	}
	if o.TurnDays < 1 || o.TurnDays > 92 {
		add("turn_days", "duty.turn_length")
	}
	if o.Minutes < 15 || o.Minutes > day {
		add("minutes", "duty.time_form")
	}
	if o.Days != AllDays && o.Days != Workdays && o.Days != Restdays {
		add("days", "duty.days_unknown")
	}
	if len(o.Members) == 0 || len(o.Members) > 60 || slices.Contains(o.Members, "") {
		add("members", "duty.members_missing")
	}
	return errs.InvalidFields(bad)
}

// turn is one stretch of a rotation.
type turn struct {
	Account  id.ID
	From, To clock.Millis
}

// turns gives the rotation's stretches that touch [from, to).
func (o Rotation) turns(cal Calendar, from, to clock.Millis) []turn {
	var out []turn
	if len(o.Members) == 0 || o.TurnDays < 1 || !o.StartsOn.Valid() {
		return nil
	}
	end := to
	if o.EndedAt != 0 {
		end = min(end, o.EndedAt)
	}
	// A duty begins at most a day before from.
	first := civil.DateOf(from.Time()).AddDays(-1)
	if first < o.StartsOn {
		first = o.StartsOn
	}
	for d := first; ; d = d.AddDays(1) {
		begin := clock.Of(d.Start()) + clock.Millis(o.Handover)*60_000
		if begin >= end || o.UntilOn != "" && d > o.UntilOn {
			return out
		}
		if o.Days != AllDays && cal.Workday(d) != (o.Days == Workdays) {
			continue
		}
		t := turn{
			Account: o.Members[o.StartsOn.DaysTo(d)/o.TurnDays%len(o.Members)],
			From:    begin,
			To:      begin + clock.Millis(o.Minutes)*60_000,
		}
		if o.EndedAt != 0 {
			t.To = min(t.To, o.EndedAt)
		}
		if t.To <= from || t.To <= t.From {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Account == t.Account && out[n-1].To == t.From {
			out[n-1].To = t.To // days of one turn are one stretch
			continue
		}
		out = append(out, t)
	}
}

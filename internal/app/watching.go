package app

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/loop/guard/guardian"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/document"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
	rules "zugou/policy/guard"
)

// watching wires the guard of badges.
func (a *App) watching(calendars func(ctx context.Context, r db.Reader) (duty.Calendar, error)) error {
	editions, err := guard.ReadEditions(rules.Files)
	if err != nil {
		return err
	}
	a.Guard = guard.New(guard.Parts{DB: a.DB, Keys: a.Keys, Jobs: a.Jobs, Log: a.Log, District: a.Config.District, Editions: editions, Calendar: calendars,
		// The seat is made after the guard, which is called from within its changes.
		Take: func(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error) {
			return a.Seat.TakeIn(ctx, tx, n)
		},
		Over: guardOver, Target: childTarget, Text: a.fill,
		Protocol: func(profile string) string { return a.doors.models.Protocol(profile) },
		// So are the doors.
		Ask: func(ctx context.Context, tx *db.Tx, deviceID string) error {
			return a.doors.downs.Ask(ctx, tx, deviceID, a.fill("guard.ask.reason", nil))
		}})
	a.Guardian = guardian.New(guardian.Parts{DB: a.DB, Keys: a.Keys, District: a.Config.District, Guard: a.Guard, Target: childTarget, Account: a.citizenOf})
	return nil
}

// fill gives the text of a key with its places filled.
func (a *App) fill(key string, data map[string]string) string {
	text, ok := a.Words.Text(key)
	if !ok {
		return key
	}
	for name, value := range data {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// guardOver writes into a matter that what opened it is over by itself. People
// decide what follows.
func guardOver(ctx context.Context, tx *db.Tx, matterID id.ID, kind guard.Kind, why string) error {
	m, err := matter.Get(ctx, tx, matterID)
	if err != nil || m.State == matter.Closed {
		return err
	}
	return matter.Record(ctx, tx, m, matter.Event{Kind: "guard_over"}, map[string]any{"kind": kind, "why": why})
}

// childTarget describes a child's record to the question of access.
func childTarget(ctx context.Context, r db.Reader, childID id.ID) (access.Target, error) {
	actor := access.From(ctx)
	area, err := person.Region(ctx, r, childID)
	if err != nil {
		return access.Target{}, err
	}
	t := access.Target{Region: area, Child: childID}
	if actor.System {
		return t, nil
	}
	t.Task, err = matter.TaskOnChild(ctx, r, actor.Account, childID)
	return t, err
}

// citizenOf finds the citizen's account of a person by its number.
func (a *App) citizenOf(ctx context.Context, r db.Reader, who id.ID) (id.ID, error) {
	found, err := a.registers.AccountsOf(ctx, r, who, "")
	if err != nil {
		return "", err
	}
	for _, account := range found {
		grants, err := staff.GrantsOf(ctx, r, account)
		if err != nil {
			return "", err
		}
		for _, g := range grants {
			if g.Role == access.Citizen {
				return account, nil
			}
		}
	}
	return "", nil
}

// guardianLive is the live line of a guardian's page.
func (a *App) guardianLive(rw http.ResponseWriter, r *http.Request) {
	token := chassis.From(r.Context()).Token
	err := a.Guardian.Live(rw, r, id.ID(r.PathValue("id")), func(ctx context.Context) (access.Actor, error) {
		if token == "" {
			return access.Actor{}, unauthenticated()
		}
		actor, state, err := a.Staff.Actor(ctx, token)
		if err == nil && state != staff.OK {
			err = unauthenticated()
		}
		return actor, err
	})
	if err != nil {
		chassis.WriteFault(rw, err, a.Words)
	}
}

// erasedElsewhere removes what other rooms keep of an erased person.
func erasedElsewhere(ctx context.Context, tx *db.Tx, who id.ID) error {
	for _, erase := range []func(context.Context, *db.Tx, id.ID) error{document.EraseOf, device.Erased, guard.Erased, batch.EraseOf, school.Erased} {
		if err := erase(ctx, tx, who); err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
	}
	return nil
}

// Fences of the demonstration.
const (
	demoFenced = 12   // children with a home and a school drawn
	demoHomeM  = 1500 // wide: the demonstration's badges roam
)

// seedCharges writes the lowest charge of the six days before today: a badge is
// charged every other night, some seldom, and each battery is of its own age.
func (a *App) seedCharges(ctx context.Context) error {
	var worn []device.Device
	if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		worn, err = device.AllWorn(ctx, r)
		return err
	}); err != nil {
		return err
	}
	today := civil.DateOf(a.Clock.Now())
	n := 0
	for part := range slices.Chunk(worn, 50) {
		var args []any
		for _, d := range part {
			drain, every := 11+n*7%13, 2+n%3
			n++
			for back := 6; back >= 1; back-- {
				least := max(4, 96-drain*((n+6-back)%every+1))
				args = append(args, d.ID, today.AddDays(-back), least, least+drain)
			}
		}
		if err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO guard_battery (device, on_day, least, most) VALUES "+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?),", len(args)/4), ","), args...)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// seedGuard draws fences around the first children of the demonstration and
// some danger zones, and lets guardian1 see one child. A house that has fences
// keeps them.
func (a *App) seedGuard(ctx context.Context, district region.Code) error {
	zones, err := a.Guard.Zones(ctx)
	if err != nil || len(zones) > 0 {
		return err
	}
	devices, err := a.demoDevices(ctx)
	if err != nil || len(devices) == 0 {
		return err
	}
	circle := func(lat, lon, radius float64) fence.Outline {
		return fence.Outline{Circle: &fence.Circle{Point: geo.Point{Lat: lat, Lon: lon}, RadiusM: radius}}
	}
	var children []id.ID
	if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		worn, err := device.AllWorn(ctx, r)
		for _, d := range worn[:min(demoFenced, len(worn))] {
			children = append(children, d.Wearer)
		}
		return err
	}); err != nil {
		return err
	}
	if err := a.seedCharges(ctx); err != nil {
		return err
	}
	class := schedule.Schedule{{Days: schedule.School, From: "08:10", To: "11:50"}, {Days: schedule.School, From: "14:00", To: "16:40"}}
	for i, childID := range children {
		home := devices[i].Home
		for _, d := range []guard.Drawing{
			{Kind: "home", ChildID: childID, Name: a.fill("guard.demo.home", nil), Active: true, Outline: circle(home.Lat, home.Lon, demoHomeM)},
			{Kind: "school", ChildID: childID, Name: a.fill("guard.demo.school", nil), Schedule: class, Outline: circle(home.Lat+0.012, home.Lon+0.009, 300)},
		} {
			if _, err := a.Guard.Draw(ctx, d); err != nil {
				return err
			}
		}
	}
	for i, at := range []int{3, 40, 90} {
		if at >= len(devices) {
			break
		}
		home := devices[at].Home
		if _, err := a.Guard.Draw(ctx, guard.Drawing{Kind: []string{"river", "reservoir", "river"}[i], Region: string(district), Name: a.fill("guard.demo.zone"+strconv.Itoa(i), nil), Active: true,
			Outline: circle(home.Lat-0.02, home.Lon+0.018, 250)}); err != nil {
			return err
		}
	}
	account, err := a.Staff.IDOf(ctx, "guardian1")
	if err != nil {
		return err
	}
	return a.Guardian.SeedDemo(ctx, account, children[0])
}

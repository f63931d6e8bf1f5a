package app

import (
	"context"
	"fmt"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/simulate"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

// Sizes of the demonstration: the page's 549 badges, and some children who
// wear none.
const (
	demoChildren = 600
	demoBadges   = 549
)

// SeedDemo fills an empty house with a synthetic district: areas with invented
// coordinates, accounts of every role, children, guardians, badges, places, and
// a history of work. A house that has them keeps them.
func (a *App) SeedDemo(ctx context.Context) ([]staff.DemoAccount, error) {
	ctx = access.With(ctx, access.System("demo"))
	district := region.Code(a.Config.District)
	var table *region.Table
	err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := region.Seed(ctx, tx, district); err != nil {
			return err
		}
		if err := region.SeedPoints(ctx, tx, district); err != nil {
			return err
		}
		var err error
		table, err = region.Load(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	var towns []region.Code
	for _, t := range table.Children(district) {
		towns = append(towns, t.Code)
	}
	accounts, err := a.Staff.SeedDemo(ctx, towns)
	if err != nil {
		return nil, err
	}
	children, err := a.Person.SeedDemo(ctx, a.Config.District, demoChildren)
	if err != nil {
		return nil, err
	}
	if len(children) > 0 {
		worn := children[:min(demoBadges, len(children))]
		regions := make([]string, len(worn))
		err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
			for i, c := range worn {
				var err error
				if regions[i], err = person.Region(ctx, r, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if err := a.Device.SeedDemo(ctx, worn, regions); err != nil {
			return nil, err
		}
	}
	if err := a.seedDuty(ctx, accounts); err != nil {
		return nil, err
	}
	if err := a.seedScreening(ctx, accounts); err != nil {
		return nil, err
	}
	if err := a.seedGuard(ctx, district); err != nil {
		return nil, err
	}
	if err := a.seedWorkforce(ctx, accounts); err != nil {
		return nil, err
	}
	if err := a.seedLoop(ctx, accounts); err != nil {
		return nil, err
	}
	if err := a.seedVisits(ctx, accounts); err != nil {
		return nil, err
	}
	return accounts, a.seedPlaces(ctx, table, district)
}

// unmanned is 高升镇, left without anybody on duty, so that the gap and the way
// around it are seen.
const unmanned = "500111118"

// seedDuty puts the seat, its leader, the police and the townships on duty
// around the clock.
func (a *App) seedDuty(ctx context.Context, people []staff.DemoAccount) error {
	var has int
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&has), "SELECT count(*) FROM duty_rotation")
	})
	if err != nil || has > 0 {
		return err
	}
	today := civil.DateOf(a.Clock.Now())
	rosters := duty.NewService(a.DB, a.Duty, a.Keys, nil)
	for _, p := range people {
		switch p.Role {
		case access.SeatOperator, access.SeatLeader, access.PoliceLiaison, access.TownshipOfficer:
		default:
			continue
		}
		if p.Region == unmanned {
			continue
		}
		if _, err := rosters.AddRoster(ctx, a.demoRotation(p, today)); err != nil {
			return err
		}
	}
	return nil
}

// demoRotation puts a person on duty around the clock.
func (a *App) demoRotation(p staff.DemoAccount, today civil.Date) duty.RosterRequest {
	level := duty.LevelOf(p.Region)
	if p.Role == access.PoliceLiaison {
		level = duty.Police
	}
	return duty.RosterRequest{Kind: "rotation", Region: p.Region, Level: level, Role: p.Role, Title: a.fill("duty.demo", nil), Members: []id.ID{p.ID},
		StartsOn: today.AddDays(-1), Handover: "08:30", TurnDays: 7}
}

// seedPlaces writes a police station, a clinic and a school for each township,
// with invented numbers.
func (a *App) seedPlaces(ctx context.Context, table *region.Table, district region.Code) error {
	return a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var has int
		if err := tx.Get(ctx, db.To(&has), "SELECT count(*) FROM place"); err != nil || has > 0 {
			return err
		}
		add := func(area region.Code, kind, name string, n int) error {
			_, err := tx.Exec(ctx, "INSERT INTO place (id, region, kind, name, phone, demo) VALUES (?, ?, ?, ?, ?, ?)",
				id.New(), area, kind, name, fmt.Sprintf("1547%07d", n), true)
			return err
		}
		for i, t := range table.Children(district) {
			for k, p := range []struct{ kind, suffix string }{{"police", "派出所"}, {"hospital", "卫生院"}, {"school", "中心小学"}} {
				if err := add(t.Code, p.kind, t.Stem()+p.suffix, i*10+k); err != nil {
					return err
				}
			}
		}
		return add(district, "minors_centre", "区未成年人救助保护中心", 9000)
	})
}

// firstSOSWithin is how soon after the first page the first SOS rings.
const firstSOSWithin = 12 * time.Second

// Live lets the demonstration's badges live: they speak the real protocol to
// the real port. The first SOS comes shortly after somebody opened a page, if
// the house is not to be still.
func (a *App) Live(ctx context.Context, addr string) error {
	devices, err := a.demoDevices(ctx)
	if err != nil {
		return err
	}
	if len(devices) == 0 {
		return nil
	}
	rest := simulate.Options{Addr: addr, Devices: devices[1:], Seed: 11, Every: 2 * time.Minute, AlarmsPerHour: 20, Ramp: time.Minute, Log: a.Log}
	if a.Config.DemoStill {
		rest.Devices, rest.AlarmsPerHour = devices, 0
		return simulate.Run(ctx, rest)
	}
	go func() {
		select {
		case <-a.opened:
		case <-ctx.Done():
			return
		}
		first := simulate.Options{Addr: addr, Devices: devices[:1], Seed: 7, FirstSOSWithin: firstSOSWithin, Ramp: time.Second, Honest: true, Log: a.Log}
		if err := simulate.Run(ctx, first); err != nil {
			a.Log.Error("the first badge does not live", "error", err)
		}
	}()
	return simulate.Run(ctx, rest)
}

// demoDevices gives the badges with the homes of who wears them.
func (a *App) demoDevices(ctx context.Context) ([]simulate.Device, error) {
	var out []simulate.Device
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		table, err := a.Atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		worn, err := device.AllWorn(ctx, r)
		if err != nil {
			return err
		}
		for i, d := range worn {
			lat, lon, ok := table.Coordinates(region.Code(d.Region))
			if !ok {
				continue
			}
			// Houses of one village lie some hundred metres apart.
			lat += float64(i%17-8) * 0.0008
			lon += float64(i%13-6) * 0.0009
			out = append(out, simulate.Device{ID: d.DeviceID, Protocol: "watch", Home: simulate.Place{Lat: lat, Lon: lon}})
		}
		return nil
	})
	return out, err
}

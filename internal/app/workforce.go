package app

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/booking"
	"zugou/internal/loop/care"
	"zugou/internal/loop/visit"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	duties "zugou/policy/duties"
	rules "zugou/policy/workforce"
)

// placeName names an area.
func (a *App) placeName(ctx context.Context, r db.Reader, area string) (string, error) {
	t, err := a.Atlas.Table(ctx, r)
	if err != nil {
		return "", err
	}
	return t.Label(region.Code(area)), nil
}

// wireWorkforce wires who works with the children, and the shared places.
func (a *App) wireWorkforce() error {
	editions, err := workforce.ReadEditions(rules.Files, duties.Files)
	if err != nil {
		return err
	}
	names := accounts{a.Keys}.Names
	a.Workforce = workforce.New(workforce.Options{DB: a.DB, Keys: a.Keys, Editions: editions, District: a.Config.District, Jobs: a.Jobs, Ports: workforce.Ports{
		Loads: a.loads,
		Place: a.placeName,
		Names: names,
		Tell: func(ctx context.Context, tx *db.Tx, to id.ID, key, text string, ref id.ID) error {
			return notify.Send(ctx, tx, notify.Message{To: to, Policy: notify.Ordinary, Key: key, Text: text, Ref: ref, Region: a.Config.District})
		},
		// Visits are wired after the workforce, which they ask.
		Barred: func(ctx context.Context, tx *db.Tx, account id.ID) error { return a.Visits.Stop(ctx, tx, account) },
		ChildArea: func(ctx context.Context, r db.Reader, child id.ID) (string, error) {
			return person.Region(ctx, r, child)
		},
		Away:  matter.Away,
		Needs: care.Needs(),
	}})
	a.Bookings = booking.New(a.DB, booking.Ports{Place: a.placeName, Names: names})
	return nil
}

// loads gives what accounts carry.
func (a *App) loads(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]workforce.Load, error) {
	cases, err := care.Loads(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	visits, err := visit.Loads(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]workforce.Load{}
	for _, x := range accounts {
		out[x] = workforce.Load{Cases: cases[x], Pairings: visits[x].Pairings, Visits: visits[x].Visits}
	}
	return out, nil
}

// seedWorkforce enters the demonstration's accounts as workers.
func (a *App) seedWorkforce(ctx context.Context, list []staff.DemoAccount) error {
	var seeded []workforce.Seeded
	for _, x := range list {
		one := workforce.Seeded{Account: x.ID, Name: x.Name, Role: x.Role, Region: x.Region}
		if x.Role == access.Teacher || x.Role == access.Counsellor {
			class, err := a.biggestClass(ctx, x.Region)
			if err != nil {
				return err
			}
			if x.Role == access.Counsellor { // for the whole school
				class.Grade, class.Class = "", ""
			}
			if class.SchoolID != "" {
				one.Classes = []workforce.Class{class}
			}
		}
		seeded = append(seeded, one)
	}
	return a.Workforce.SeedDemo(ctx, seeded)
}

// biggestClass gives the class with most children of an area.
func (a *App) biggestClass(ctx context.Context, area string) (workforce.Class, error) {
	var out workforce.Class
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		pupils, err := person.RollOf(ctx, r, person.Roll{Areas: []string{area}})
		n, most := map[workforce.Class]int{}, 0
		for _, p := range pupils {
			c := workforce.Class{SchoolID: p.SchoolID, School: p.School, Grade: p.Grade, Class: p.Class}
			if n[c]++; c.Class != "" && n[c] > most {
				out, most = c, n[c]
			}
		}
		return err
	})
	return out, err
}

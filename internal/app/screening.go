package app

import (
	"context"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/library"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/duty"
	"zugou/internal/people/notify"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	"zugou/internal/web/api"
)

// wireScreening wires questionnaires, campaigns, sheets and the four colours.
func (a *App) wireScreening() error {
	names := accounts{a.Keys}.Names
	place := func(ctx context.Context, r db.Reader, area string) (string, error) {
		t, err := a.Atlas.Table(ctx, r)
		if err != nil {
			return "", err
		}
		return t.Label(region.Code(area)), nil
	}
	word := func(key string) string {
		text, _ := a.Words.Text(key)
		if text == "" {
			return key
		}
		return text
	}
	lib, err := library.New(a.DB, names)
	if err != nil {
		return err
	}
	campaigns, err := campaign.NewService(a.DB, a.Keys, campaign.Ports{Library: lib, Names: names, Place: place, Talks: answer.Talks,
		OnDuty: a.onDuty, Tell: tellScreening, Workers: workersOf, Staff: colleagues})
	if err != nil {
		return err
	}
	levels, err := level.NewService(a.DB, a.Keys, a.Config.District, a.Jobs, level.Ports{Seat: a.Seat, Target: a.Person.Target, Note: a.Person.Note, Names: names,
		Place: place, Word: word, Sources: []level.Source{criticalMatters, pressedButtons, silentDevices},
		// Casework is wired after the colours, which it asks.
		Join: func(ctx context.Context, tx *db.Tx, child id.ID, list []level.Window) (bool, error) {
			more := make([]care.Window, len(list))
			for i, w := range list {
				more[i] = care.Window(w)
			}
			return a.Care.Join(ctx, tx, child, more)
		},
		Ahead: func(ctx context.Context, r db.Reader, child id.ID) (level.InCase, error) {
			got, err := care.AheadOf(ctx, r, child)
			return level.InCase(got), err
		}})
	if err != nil {
		return err
	}
	answers, err := answer.NewService(a.DB, a.Keys, answer.Ports{Library: lib, Campaigns: campaigns, Seat: a.Seat, Target: a.Person.Target, Names: names, Word: word,
		Learn: func(ctx context.Context, tx *db.Tx, f answer.Found) error {
			told := level.Told{Child: f.Child, Matter: f.Matter, Screened: f.Screened}
			for _, x := range f.Facts {
				told.Facts = append(told.Facts, level.Fact(x))
			}
			return levels.Learn(ctx, tx, told)
		}})
	if err != nil {
		return err
	}
	a.Jobs.Every("campaign.remind", time.Hour, func(ctx context.Context, _ job.Job) error { return campaigns.RemindAll(ctx) })
	a.Screening = api.Screening{Library: lib, Campaigns: campaigns, Answers: answers, Levels: levels, Calls: a.callList, Word: word}
	return nil
}

// onDuty tells who of the staff is on duty for an area.
func (a *App) onDuty(ctx context.Context, r db.Reader, area string, at clock.Millis) (map[id.ID]bool, error) {
	found, err := a.Duty.Candidates(ctx, r, duty.Query{Region: area, At: at})
	out := map[id.ID]bool{}
	for _, c := range found {
		if c.OnDuty && c.Reachable {
			out[c.Account] = true
		}
	}
	return out, err
}

// callList gives the numbers for a critical answer where there is no network:
// trained people on duty first, then the seat's leaders.
func (a *App) callList(ctx context.Context, r db.Reader, people []campaign.Responder) ([]campaign.PackCall, error) {
	out := []campaign.PackCall{}
	add := func(account id.ID, name, role string) error {
		phone, err := staff.Phone(ctx, r, a.Keys, account)
		if errs.Is(err, errs.KindNotFound) || err == nil && phone == "" {
			return nil
		}
		if err == nil {
			out = append(out, campaign.PackCall{Name: name, Phone: phone, Role: role})
		}
		return err
	}
	for _, on := range []bool{true, false} {
		for _, p := range people {
			if p.OnDuty == on {
				if err := add(p.Account, p.Name, "responder"); err != nil {
					return nil, err
				}
			}
		}
	}
	leaders, err := staff.ByRole(ctx, r, access.SeatLeader, a.Config.District)
	if err != nil {
		return nil, err
	}
	for _, l := range leaders {
		if err := add(l.ID, l.Name, "seat"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tellScreening(ctx context.Context, tx *db.Tx, to id.ID, key string, ref id.ID, area string) error {
	return notify.Send(ctx, tx, notify.Message{To: to, Policy: notify.Ordinary, Key: key, Text: "screening.open", Ref: ref, Region: area})
}

// workersOf names who answers for a village: its director, else the township's
// officer.
func workersOf(ctx context.Context, r db.Reader, area string) ([]id.ID, error) {
	for _, role := range []access.Role{access.VillageDirector, access.TownshipOfficer} {
		found, err := staff.ByRole(ctx, r, role, area)
		if err != nil {
			return nil, err
		}
		var out []id.ID
		for _, b := range found {
			out = append(out, b.ID)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

// colleagues lists who holds a role in an area, as somebody to be named.
func colleagues(ctx context.Context, r db.Reader, role access.Role, area string) ([]campaign.Colleague, error) {
	found, err := staff.ByRoleWithin(ctx, r, role, area)
	out := make([]campaign.Colleague, 0, len(found))
	for _, b := range found {
		out = append(out, campaign.Colleague{Account: b.ID, Name: b.Name, Role: role, Region: b.Region})
	}
	return out, err
}

const days = 24 * time.Hour

func criticalMatters(ctx context.Context, r db.Reader) (map[id.ID][]level.Fact, error) {
	found, err := matter.CriticalSince(ctx, r, r.At().Add(-30*days))
	out := map[id.ID][]level.Fact{}
	for _, c := range found {
		out[c.Child] = append(out[c.Child], level.Fact{Field: "critical_matters_30", Value: c.N, At: c.Last})
	}
	return out, err
}

func pressedButtons(ctx context.Context, r db.Reader) (map[id.ID][]level.Fact, error) {
	found, err := signal.SOSSince(ctx, r, r.At().Add(-7*days))
	out := map[id.ID][]level.Fact{}
	for _, c := range found {
		out[c.Child] = append(out[c.Child], level.Fact{Field: "sos_7", Value: c.N, At: c.Last})
	}
	return out, err
}

// silentDevices counts the days since any device of a child was heard.
func silentDevices(ctx context.Context, r db.Reader) (map[id.ID][]level.Fact, error) {
	worn, err := device.AllWorn(ctx, r)
	if err != nil {
		return nil, err
	}
	children := make([]id.ID, 0, len(worn))
	for _, d := range worn {
		children = append(children, d.Wearer)
	}
	all, err := device.Worn(ctx, r, children...)
	out := map[id.ID][]level.Fact{}
	for child, list := range all {
		var last clock.Millis
		for _, w := range list {
			last = max(last, w.LastSeenAt)
		}
		if last == 0 {
			continue // never heard: no knowledge, rather than silence
		}
		if n := int(r.At().Sub(last) / days); n > 0 {
			out[child] = []level.Fact{{Field: "silent_days", Value: n, At: r.At()}}
		} else {
			out[child] = []level.Fact{{Field: "silent_days", Value: 0, At: last}}
		}
	}
	return out, err
}

// followChild moves what hangs on a child.
func (a *App) followChild(ctx context.Context, tx *db.Tx, child, to id.ID, area string, things ...id.ID) error {
	if err := device.Follow(ctx, tx, child, to, area, things...); err != nil || len(things) > 0 {
		return err
	}
	if err := a.Screening.Answers.Follow(ctx, tx, child, to, area); err != nil {
		return err
	}
	return a.Screening.Levels.Follow(ctx, tx, child, to, area)
}

// erasedChild removes what is kept of an erased child.
func (a *App) erasedChild(ctx context.Context, tx *db.Tx, child id.ID) error {
	if err := erasedElsewhere(ctx, tx, child); err != nil {
		return err
	}
	if err := a.Screening.Answers.Erased(ctx, tx, child); err != nil {
		return err
	}
	return a.Screening.Levels.Erased(ctx, tx, child)
}

// seedScreening puts trained responders of the demonstration on duty, so that
// campaigns can open.
func (a *App) seedScreening(ctx context.Context, people []staff.DemoAccount) error {
	var has int
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&has), "SELECT count(*) FROM responder")
	})
	if err != nil || has > 0 {
		return err
	}
	today := civil.DateOf(a.Clock.Now())
	rosters := duty.NewService(a.DB, a.Duty, a.Keys, nil)
	for _, p := range people {
		talks := map[access.Role]int{access.Clinician: 8, access.Counsellor: 8, access.SocialWorker: 6}[p.Role]
		if talks == 0 {
			continue
		}
		if err := a.Screening.Campaigns.SetResponder(ctx, campaign.Responder{Account: p.ID, Region: p.Region, TalksADay: talks, TrainedOn: today.AddMonths(-2), ValidUntil: today.AddMonths(22)}); err != nil {
			return err
		}
		if _, err := rosters.AddRoster(ctx, a.demoRotation(p, today)); err != nil {
			return err
		}
	}
	return nil
}

package app

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/school"
	"zugou/internal/people/staff"
)

// personPorts gives the register what it shows of its neighbours.
func (a *App) personPorts() person.Ports {
	return person.Ports{
		Names: func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
			return accounts{a.Keys}.Names(ctx, r, ids)
		},
		Task:        taskOnChild,
		OpenMatters: matter.OpenOf,
		Worn:        device.Worn,
		Marks:       childMarks,
		Marked:      level.Marked,
		Pupils:      pupilsOf,
		Cases:       care.WorkedOn,
		Handler:     handlerOf,
		Follow:      a.followChild,
		Tell:        tellLeaders,
		Erased:      a.erasedChild,
	}
}

// pupilsOf gives the classes that an account teaches.
func pupilsOf(ctx context.Context, r db.Reader, account id.ID) ([]person.Taught, error) {
	list, err := workforce.ClassesOf(ctx, r, account)
	var out []person.Taught
	for _, c := range list {
		out = append(out, person.Taught{School: c.SchoolID, Grade: c.Grade, Class: c.Class})
	}
	return out, err
}

// schoolMoved tells everything that names a school that it is another one now,
// or that it has a new name.
func schoolMoved(ctx context.Context, tx *db.Tx, from id.ID, to school.School) error {
	for _, move := range []func(context.Context, *db.Tx, id.ID, school.School) error{person.SchoolMoved, workforce.SchoolMoved, batch.SchoolMoved, campaign.SchoolMoved} {
		if err := move(ctx, tx, from, to); err != nil {
			return err
		}
	}
	return level.SchoolMoved(ctx, tx, to)
}

// schoolPorts gives the register of schools what other rooms name by school.
func (a *App) schoolPorts() school.Ports {
	return school.Ports{
		Pupils: person.PupilsBySchool,
		Moved:  schoolMoved,
		Came: func(ctx context.Context, tx *db.Tx, m school.Merger) error {
			for _, keep := range []func(context.Context, *db.Tx, school.Merger) error{person.SchoolCame, workforce.SchoolCame, batch.SchoolCame, campaign.SchoolCame} {
				if err := keep(ctx, tx, m); err != nil {
					return err
				}
			}
			return nil
		},
		Back: func(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
			for _, back := range []func(context.Context, *db.Tx, school.Merger, school.School) error{person.SchoolBack, workforce.SchoolBack, batch.SchoolBack, campaign.SchoolBack} {
				if err := back(ctx, tx, m, to); err != nil {
					return err
				}
			}
			return level.SchoolMoved(ctx, tx, to)
		},
		Names: func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
			return accounts{a.Keys}.Names(ctx, r, ids)
		},
		Called: func(ctx context.Context, r db.Reader, teachers, campaigns []id.ID) (people, titles map[id.ID]string, err error) {
			if people, err = workforce.Called(ctx, r, teachers...); err == nil {
				titles, err = campaign.Titles(ctx, r, campaigns...)
			}
			return people, titles, err
		},
		Children: person.SchoolChildren,
	}
}

// childMarks gives the four colours for lists of children.
func childMarks(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]person.LevelMark, error) {
	found, err := level.MarksOf(ctx, r, children)
	out := make(map[id.ID]person.LevelMark, len(found))
	for k, m := range found {
		out[k] = person.LevelMark{Colour: string(m.Colour), Urgency: string(m.Urgency)}
	}
	return out, err
}

// handlerOf names who decides on duplicates of an area: its township officer,
// else the bureau's section.
func handlerOf(ctx context.Context, r db.Reader, area string) (id.ID, error) {
	for _, role := range []access.Role{access.TownshipOfficer, access.BureauSection} {
		found, err := staff.ByRole(ctx, r, role, area)
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return found[0].ID, nil
		}
	}
	return "", nil
}

// tellLeaders tells the seat's leaders of an area what somebody looked at, and
// gives the names of those told; never the one who looked alone.
func tellLeaders(ctx context.Context, tx *db.Tx, n person.Notice) ([]string, error) {
	leaders, err := staff.ByRole(ctx, tx, access.SeatLeader, n.Region)
	if err != nil {
		return nil, err
	}
	heads, err := staff.ByRole(ctx, tx, access.BureauHead, n.Region)
	if err != nil {
		return nil, err
	}
	text := "glass.opened"
	if n.Kind == "duplicate" {
		text = "reminder"
	}
	var told []string
	for _, b := range append(leaders, heads...) {
		if b.ID == n.By || n.To != "" && b.ID != n.To {
			continue
		}
		if err := notify.Send(ctx, tx, notify.Message{To: b.ID, Policy: notify.Ordinary, Key: n.Kind + ":" + string(n.Ref), Text: text, Ref: n.Ref, Region: n.Region}); err != nil {
			return nil, err
		}
		told = append(told, b.Name)
	}
	return told, nil
}

// unauthenticated is the answer to who has no session.
func unauthenticated() error { return errs.Unauthenticated("session.none") }

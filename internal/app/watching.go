package app

import (
	"context"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/document"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
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
		Over: guardOver, Target: childTarget, Text: a.fill})
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
	t := access.Target{Region: area}
	if actor.System {
		return t, nil
	}
	if t.Conflicted, err = matter.ConflictedOnChild(ctx, r, actor.Account, childID); err != nil {
		return t, err
	}
	t.Task, err = matter.TaskOnChild(ctx, r, actor.Account, childID)
	return t, err
}

// erasedElsewhere removes what other rooms keep of an erased person.
func erasedElsewhere(ctx context.Context, tx *db.Tx, who id.ID) error {
	for _, erase := range []func(context.Context, *db.Tx, id.ID) error{document.EraseOf, device.Erased, guard.Erased, batch.EraseOf} {
		if err := erase(ctx, tx, who); err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
	}
	return nil
}

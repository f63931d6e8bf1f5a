package model

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/staff"
)

// Entry is a model in the list: what is in force of it, and what waits.
type Entry struct {
	Name     string          `json:"name"`
	Edition  int             `json:"edition"` // 0: came with the program
	Written  profile.Profile `json:"written"` // as written
	Means    profile.Profile `json:"means"`   // over its base
	Devices  int             `json:"devices"` // set to it, without retired ones
	SetAt    clock.Millis    `json:"set_at"`  // 0: with the program
	SetBy    string          `json:"set_by_name"`
	Waits    *Version        `json:"waits"`
	Unusable bool            `json:"unusable"` // a newer version is published that can't be used here
	New      bool            `json:"new"`      // nothing of it is in force, all there is waits
}

// List gives all models by protocol and name. Errors: Forbidden.
func (m *Models) List(ctx context.Context) ([]Entry, error) {
	if err := access.May(access.From(ctx), "model.read"); err != nil {
		return nil, err
	}
	var out []Entry
	err := m.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		out = nil
		versions, err := published(ctx, r)
		if err != nil {
			return err
		}
		waits, err := waiting(ctx, r)
		if err != nil {
			return err
		}
		if err := name(ctx, r, versions, waits); err != nil {
			return err
		}
		devices, err := worn(ctx, r)
		if err != nil {
			return err
		}
		written, bad := m.overlay(versions)
		means, err := written.Resolve()
		if err != nil {
			return errs.Internal(err)
		}
		for _, protocol := range profile.Protocols() {
			for _, n := range written.Names(protocol) {
				e := Entry{Name: n, Edition: written[n].Edition, Written: *written[n], Means: *means[n], Devices: devices[n]}
				if n == standard {
					e.Devices += devices[protocol] + devices[""]
				}
				for _, v := range versions {
					if v.Name == n && v.Edition == e.Edition {
						e.SetAt, e.SetBy = v.DecidedAt, v.DecidedByName
					}
				}
				for _, b := range bad {
					e.Unusable = e.Unusable || b.name == n
				}
				for i := range waits {
					if waits[i].Name == n {
						e.Waits = &waits[i]
					}
				}
				out = append(out, e)
			}
		}
		for i, v := range waits { // models that are new
			if written[v.Name] != nil {
				continue
			}
			if p, err := profile.Parse([]byte(v.Body)); err == nil {
				out = append(out, Entry{Name: v.Name, Written: *p, Means: *p, Waits: &waits[i], New: true})
			}
		}
		return nil
	})
	return out, err
}

// History gives the versions of a model, the newest first. Errors: Forbidden.
func (m *Models) History(ctx context.Context, of string) ([]Version, error) {
	if err := access.May(access.From(ctx), "model.read"); err != nil {
		return nil, err
	}
	var out []Version
	err := m.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if out, err = versionsOf(ctx, r, of); err != nil {
			return err
		}
		return name(ctx, r, out)
	})
	return out, err
}

// name fills in who wrote and who decided.
func name(ctx context.Context, r db.Reader, lists ...[]Version) error {
	var who []id.ID
	for _, list := range lists {
		for _, v := range list {
			who = append(who, v.MadeBy, v.DecidedBy)
		}
	}
	names, err := staff.Names(ctx, r, who...)
	if err != nil {
		return err
	}
	for _, list := range lists {
		for i := range list {
			list[i].MadeByName, list[i].DecidedByName = names[list[i].MadeBy].Name, names[list[i].DecidedBy].Name
		}
	}
	return nil
}

// written gives the profiles in force as they are written, by the database.
func (m *Models) written(ctx context.Context, r db.Reader) (profile.Set, error) {
	versions, err := published(ctx, r)
	if err != nil {
		return nil, err
	}
	set, _ := m.overlay(versions)
	return set, nil
}

// Propose hands a version in, to be published by a second person. Errors:
// Invalid "model.wrong" with what is wrong (problem.List), Conflict
// "model.waits_already", Forbidden.
func (m *Models) Propose(ctx context.Context, body, reason string) (Version, error) {
	if err := access.May(access.From(ctx), "model.write"); err != nil {
		return Version{}, err
	}
	reason = strings.TrimSpace(reason)
	if err := reasoned(reason); err != nil {
		return Version{}, err
	}
	p, err := profile.Parse([]byte(body))
	if err != nil {
		return Version{}, wrongModel(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Version{}, errs.Internal(err)
	}
	v := Version{ID: id.New(), Name: p.Name, Body: string(text), State: Waiting, Reason: reason, MadeBy: access.From(ctx).Account}
	err = m.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Who proposes the same model at this moment must see that this one waits.
		if err := tx.Lock(ctx, "device_model:"+p.Name); err != nil {
			return err
		}
		set, err := m.written(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := set.With(p); err != nil {
			return wrongModel(err)
		}
		var n int
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM device_model WHERE name = ? AND state = 'waiting'", p.Name); err != nil {
			return err
		}
		if n > 0 {
			return errs.Conflict("model.waits_already")
		}
		v.MadeAt = tx.Now
		if err := insert(ctx, tx, v); err != nil {
			return err
		}
		return m.note(ctx, tx, "model.write", v, "proposed")
	})
	return v, err
}

// Approve publishes a version, by somebody who did not write it. Errors:
// NotFound, Conflict "model.decided_already" or "model.no_longer_fits",
// Forbidden "model.second_person".
func (m *Models) Approve(ctx context.Context, version id.ID) (Version, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "model.approve"); err != nil {
		return Version{}, err
	}
	var v Version
	err := m.db.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		// One at a time, of whatever model: each is held against what is in force.
		if err := tx.Lock(ctx, "device_model"); err != nil {
			return err
		}
		if v, err = find(ctx, tx, version); err != nil {
			return err
		}
		switch {
		case v.State != Waiting:
			return errs.Conflict("model.decided_already")
		case v.MadeBy == actor.Account:
			return errs.Forbidden("model.second_person")
		}
		// What is in force may have moved since it was written.
		set, err := m.written(ctx, tx)
		if err != nil {
			return err
		}
		p, err := profile.Parse([]byte(v.Body))
		if err == nil {
			_, err = set.With(p)
		}
		if err != nil {
			return errs.Conflict("model.no_longer_fits")
		}
		n, err := newest(ctx, tx, v.Name)
		if err != nil {
			return err
		}
		v.Edition, v.State, v.DecidedBy, v.DecidedAt = n+1, Published, actor.Account, tx.Now
		return m.decided(ctx, tx, "model.approve", v)
	})
	if err != nil {
		return Version{}, err
	}
	if err := m.Learn(ctx); err != nil { // the next round does it
		m.log.Error("a published device model was not read", "error", err)
	}
	return v, nil
}

// Refuse ends a version that waits: a second person refuses it with a reason,
// or who wrote it takes it back. Errors: Invalid, NotFound, Conflict, Forbidden.
func (m *Models) Refuse(ctx context.Context, version id.ID, why string) error {
	actor := access.From(ctx)
	if err := access.May(actor, "model.read"); err != nil {
		return err
	}
	why = strings.TrimSpace(why)
	return m.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := find(ctx, tx, version)
		if err != nil {
			return err
		}
		if v.State != Waiting {
			return errs.Conflict("model.decided_already")
		}
		action := access.Action("model.approve")
		v.State = Refused
		if v.MadeBy == actor.Account {
			action, v.State = "model.write", Withdrawn
		}
		if err := access.May(actor, action); err != nil {
			return err
		}
		if v.State == Refused {
			if err := reasoned(why); err != nil {
				return err
			}
		}
		v.DecidedBy, v.DecidedAt, v.DecidedWhy = actor.Account, tx.Now, why
		return m.decided(ctx, tx, action, v)
	})
}

func (m *Models) decided(ctx context.Context, tx *db.Tx, action access.Action, v Version) error {
	ok, err := decide(ctx, tx, v)
	if err != nil {
		return err
	}
	if !ok {
		return errs.Conflict("model.decided_already")
	}
	return m.note(ctx, tx, action, v, string(v.State))
}

// note writes what was done into the audit and tells the pages.
func (m *Models) note(ctx context.Context, tx *db.Tx, action access.Action, v Version, result string) error {
	if err := audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "model", Subject: v.ID, Fields: []string{v.Name}, Result: result}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "system", Kind: "models", Ref: string(v.ID)})
}

// wrongModel keeps what is wrong: names and numbers of fields, nothing of a
// person.
func wrongModel(err error) error {
	return &errs.Error{Kind: errs.KindInvalid, Key: "model.wrong", Fields: []errs.Field{{Name: "body", Key: "model.wrong"}}, Err: err}
}

func reasoned(reason string) error {
	switch n := utf8.RuneCountInString(reason); {
	case n < 4:
		return errs.Invalid("reason", "reason.missing")
	case n > 300:
		return errs.Invalid("reason", "text.too_long")
	}
	return nil
}

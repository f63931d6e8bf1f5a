package device

import (
	"context"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// Service does what people do with devices. Each method checks the right of
// the actor in the context and writes the audit.
type Service struct {
	db     *db.DB
	keys   *crypto.Keyring
	speaks func(profile string) bool
	titled func(profile string) string
	ended  func(ctx context.Context, tx *db.Tx, d Device) error
}

// Ports are what the register of devices asks of rooms that it may not know.
// Each may be nil.
type Ports struct {
	// Speaks tells whether there is a protocol or a model of the name; nil
	// takes any.
	Speaks func(profile string) bool
	// Titled gives the words of a model, "" for what is none.
	Titled func(profile string) string
	// Ended is told, within the change, of a device that is out of use from now
	// on: nobody shall speak under its number by what it proved itself with.
	Ended func(ctx context.Context, tx *db.Tx, d Device) error
}

// New makes the service.
func New(d *db.DB, keys *crypto.Keyring, p Ports) *Service {
	if p.Speaks == nil {
		p.Speaks = func(string) bool { return true }
	}
	if p.Titled == nil {
		p.Titled = func(string) string { return "" }
	}
	if p.Ended == nil {
		p.Ended = func(context.Context, *db.Tx, Device) error { return nil }
	}
	return &Service{db: d, keys: keys, speaks: p.Speaks, titled: p.Titled, ended: p.Ended}
}

// Row is a device in a list.
type Row struct {
	ID         id.ID        `json:"id"`
	DeviceID   string       `json:"device_id"`
	Kind       string       `json:"kind"`
	Model      string       `json:"model"`
	Profile    string       `json:"profile"`
	Label      string       `json:"label"`
	Wearer     *Wearer      `json:"wearer"`
	Region     string       `json:"region"`
	LastSeenAt clock.Millis `json:"last_seen_at"`
	Battery    int          `json:"battery"` // percent; -1 = unknown
	SIMMasked  string       `json:"sim_masked"`
	SIMUntil   string       `json:"sim_until"`
	State      State        `json:"state"`
	Version    int64        `json:"version"`
}

// Wearer names who wears a device.
type Wearer struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

func showRow(ctx context.Context, row Row) {
	audit.Show(ctx, "device.read", "", row.Region, audit.Shown{Kind: "device", ID: row.ID, Fields: []string{"device_id", "state", "battery", "last_seen_at"}})
	if row.Wearer != nil {
		audit.Show(ctx, "device.read", "", row.Region, audit.Shown{Kind: "child", ID: row.Wearer.ID, Fields: []string{"name", "device"}})
	}
}

func (s *Service) rows(ctx context.Context, r db.Reader, list []Device) ([]Row, error) {
	var ids, wearers []id.ID
	for _, d := range list {
		ids = append(ids, d.ID)
		if d.Wearer != "" {
			wearers = append(wearers, d.Wearer)
		}
	}
	last, err := LastOf(ctx, r, ids...)
	if err != nil {
		return nil, err
	}
	names, err := person.Names(ctx, r, wearers...)
	if err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(list))
	for _, d := range list {
		row := Row{ID: d.ID, DeviceID: d.DeviceID, Kind: d.Kind, Model: d.Model, Profile: d.Profile, Label: d.Label, Region: d.Region,
			SIMUntil: d.SIMUntil, State: d.State, Battery: -1, Version: d.Version}
		if l, ok := last[d.ID]; ok {
			row.LastSeenAt, row.Battery = l.SeenAt, l.Battery
		}
		if d.Wearer != "" {
			row.Wearer = &Wearer{d.Wearer, names[d.Wearer]}
		}
		if d.SIM != "" {
			number, err := s.keys.Open(aadSIM+string(d.ID), d.SIM)
			if err != nil {
				return nil, err
			}
			row.SIMMasked = civil.Phone(number).Mask()
		}
		out = append(out, row)
	}
	return out, nil
}

// Entry is a new device as the store-room types it.
type Entry struct {
	DeviceID string     `json:"device_id" maxLength:"40"`
	Kind     string     `json:"kind" maxLength:"20"`
	Model    string     `json:"model,omitempty" maxLength:"60"`
	Profile  string     `json:"profile,omitempty" maxLength:"20"`
	Label    string     `json:"label,omitempty" maxLength:"40"`
	SIM      string     `json:"sim,omitempty" maxLength:"20"`
	SIMUntil civil.Date `json:"sim_until,omitempty"`
}

// Enter registers one device into the stock of the actor's district. Errors:
// Forbidden, Invalid, Conflict "device.there".
func (s *Service) Enter(ctx context.Context, e Entry) (Row, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "device.write"); err != nil {
		return Row{}, err
	}
	if NormalID(e.DeviceID) == "" {
		return Row{}, errs.Invalid("device_id", "device.number_missing")
	}
	if e.Kind == "" {
		return Row{}, errs.Invalid("kind", "device.kind_missing")
	}
	if e.Profile != "" && !s.speaks(e.Profile) {
		return Row{}, errs.Invalid("profile", "device.profile_unknown")
	}
	if e.SIMUntil != "" && !e.SIMUntil.Valid() {
		return Row{}, errs.Invalid("sim_until", "device.date_wrong")
	}
	n := Registration{DeviceID: e.DeviceID, Kind: e.Kind, Model: strings.TrimSpace(e.Model), Profile: e.Profile, Label: strings.TrimSpace(e.Label), SIMUntil: e.SIMUntil, Region: actor.Areas("device.write")[0]}
	if strings.TrimSpace(e.SIM) != "" {
		phone, ok := civil.ParsePhone(e.SIM)
		if !ok {
			return Row{}, errs.Invalid("sim", "person.phone_wrong")
		}
		n.SIM = phone
	}
	var out Row
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "device:"+NormalID(e.DeviceID)); err != nil {
			return err
		}
		there, err := Known(ctx, tx, []string{e.DeviceID})
		if err != nil {
			return err
		}
		if len(there) > 0 {
			return errs.Conflict("device.there")
		}
		ids, err := Register(ctx, tx, s.keys, []Registration{n})
		if err != nil {
			return err
		}
		d, err := ByID(ctx, tx, ids[0])
		if err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "device", Kind: "changed", Region: d.Region, Ref: string(d.ID)}); err != nil {
			return err
		}
		rows, err := s.rows(ctx, tx, []Device{d})
		if err == nil {
			out = rows[0]
		}
		return err
	})
	return out, err
}

// Adoption takes an unknown device into the register.
type Adoption struct {
	ChildID id.ID  `json:"child_id"` // who wears it; empty = into stock
	Kind    string `json:"kind"`
	Profile string `json:"profile"`
}

// Adopt takes an unknown device into the register. Errors: NotFound, Forbidden,
// Invalid, Conflict "device.adopted".
func (s *Service) Adopt(ctx context.Context, device id.ID, a Adoption) (Row, error) {
	return s.change(ctx, device, func(ctx context.Context, tx *db.Tx, d *Device) ([]string, error) {
		if d.State != Unknown {
			return nil, errs.Conflict("device.adopted")
		}
		if a.Kind == "" {
			return nil, errs.Invalid("kind", "device.kind_missing")
		}
		d.Kind, d.State = a.Kind, Stock
		if a.Profile != "" && a.Profile != d.Profile {
			if !s.speaks(a.Profile) {
				return nil, errs.Invalid("profile", "device.profile_unknown")
			}
			d.Profile = a.Profile
		}
		fields := []string{"kind", "profile", "state"}
		if a.ChildID == "" {
			return fields, nil
		}
		return append(fields, "wearer"), s.give(ctx, tx, d, a.ChildID, "adopted")
	})
}

// Change alters a device; nil fields stay.
type Change struct {
	ChildID  *id.ID  `json:"child_id"` // "" takes it off
	Kind     *string `json:"kind"`
	Model    *string `json:"model"`
	Profile  *string `json:"profile"`
	Label    *string `json:"label"`
	SIM      *string `json:"sim"`
	SIMUntil *string `json:"sim_until"`
	State    *State  `json:"state"` // stock or retired: takes it off
	Why      string  `json:"why"`
	Version  int64   `json:"version"` // as shown; 0 = whatever it is
}

// Update alters a device. Errors: NotFound, Forbidden, Invalid, Conflict
// "device.changed".
func (s *Service) Update(ctx context.Context, device id.ID, c Change) (Row, error) {
	return s.change(ctx, device, func(ctx context.Context, tx *db.Tx, d *Device) ([]string, error) {
		if c.Version != 0 && c.Version != d.Version {
			return nil, errs.Conflict("device.changed")
		}
		var fields []string
		for _, f := range []struct {
			name string
			from *string
			to   *string
		}{{"kind", c.Kind, &d.Kind}, {"model", c.Model, &d.Model}, {"profile", c.Profile, &d.Profile}, {"label", c.Label, &d.Label}} {
			if f.from == nil {
				continue
			}
			if len(*f.from) > 200 {
				return nil, errs.Invalid(f.name, "person.text_long")
			}
			to := strings.TrimSpace(*f.from)
			if to == *f.to {
				continue // the audit names what changed
			}
			if f.name == "profile" && !s.speaks(to) {
				return nil, errs.Invalid(f.name, "device.profile_unknown")
			}
			*f.to = to
			fields = append(fields, f.name)
		}
		if c.SIM != nil {
			if err := s.setSIM(d, *c.SIM); err != nil {
				return nil, err
			}
			fields = append(fields, "sim")
		}
		if c.SIMUntil != nil && *c.SIMUntil != d.SIMUntil {
			if *c.SIMUntil != "" && !civil.Date(*c.SIMUntil).Valid() {
				return nil, errs.Invalid("sim_until", "device.date_wrong")
			}
			d.SIMUntil = *c.SIMUntil
			fields = append(fields, "sim_until")
		}
		if c.ChildID != nil && *c.ChildID != d.Wearer {
			if err := s.give(ctx, tx, d, *c.ChildID, c.Why); err != nil {
				return nil, err
			}
			fields = append(fields, "wearer")
		}
		if c.State != nil && *c.State != d.State {
			if *c.State != Stock && *c.State != Retired {
				return nil, errs.Invalid("state", "device.state_wrong")
			}
			if err := s.give(ctx, tx, d, "", c.Why); err != nil {
				return nil, err
			}
			d.State = *c.State
			fields = append(fields, "state")
			if d.State == Retired {
				if err := s.ended(ctx, tx, *d); err != nil {
					return nil, err
				}
			}
		}
		return fields, nil
	})
}

func (s *Service) setSIM(d *Device, raw string) error {
	d.SIM, d.SIMIndex = "", ""
	if strings.TrimSpace(raw) == "" {
		return nil
	}
	n, ok := civil.ParsePhone(raw)
	if !ok {
		return errs.Invalid("sim", "person.phone_wrong")
	}
	d.SIM, d.SIMIndex = s.keys.Seal(aadSIM+string(d.ID), string(n)), s.keys.Index(indexSIM, string(n))
	return nil
}

// give hands the device to a child (or takes it off), checks that the child is
// in the actor's area, and notes it in the timelines.
func (s *Service) give(ctx context.Context, tx *db.Tx, d *Device, childID id.ID, why string) error {
	before := d.Wearer
	var at string
	if childID != "" {
		card, err := person.CardOf(ctx, tx, s.keys, childID)
		if err != nil {
			return err
		}
		t := access.Target{Region: card.Region, Child: card.ID}
		if err := access.Check(access.From(ctx), "device.write", t); err != nil {
			return err
		}
		childID, at = card.ID, card.Region
	}
	if err := wear(ctx, tx, d, childID, at, why); err != nil {
		return err
	}
	d.State = Stock
	var entries []child.Entry
	note := func(who id.ID, title string) {
		entries = append(entries, child.Entry{ChildID: who, Kind: "device", Title: title, RefKind: "device", RefID: d.ID, Region: d.Region,
			Data: map[string]string{"kind": d.Kind}})
	}
	if before != "" && before != childID {
		note(before, "timeline.device_returned")
	}
	if childID != "" {
		d.State = Active
		note(childID, "timeline.device_given")
	}
	return child.Note(ctx, tx, entries...)
}

// change runs one alteration with right, audit and event.
func (s *Service) change(ctx context.Context, device id.ID, fn alter) (Row, error) {
	return s.alter(ctx, device, "device.write", func(_ Device, t access.Target) error {
		return access.Check(access.From(ctx), "device.write", t)
	}, fn)
}

// alter is one alteration; it gives the fields that it altered.
type alter func(ctx context.Context, tx *db.Tx, d *Device) ([]string, error)

// alter runs an alteration under an action, with audit and event. may decides
// whether the actor may do it to the device.
func (s *Service) alter(ctx context.Context, device id.ID, action access.Action, may func(Device, access.Target) error, fn alter) (Row, error) {
	var out Row
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := ByID(ctx, tx, device)
		if err != nil {
			if e := access.May(access.From(ctx), action); e != nil {
				return e
			}
			return err
		}
		t := d.Target()
		if err := may(d, t); err != nil {
			return err
		}
		fields, err := fn(ctx, tx, &d)
		if err != nil {
			return err
		}
		if err := d.save(ctx, tx); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "device", Subject: d.ID, Fields: fields, Region: d.Region}); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "device", Kind: "changed", Region: d.Region, Ref: string(d.ID)}); err != nil {
			return err
		}
		rows, err := s.rows(ctx, tx, []Device{d})
		if err == nil {
			out = rows[0]
		}
		return err
	})
	if err == nil {
		showRow(ctx, out)
	}
	return out, err
}

// Worn gives what the page of a child shows of its devices; it is person's
// port of the name.
func Worn(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]person.Worn, error) {
	worn, err := WornBy(ctx, r, children...)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, list := range worn {
		for _, d := range list {
			ids = append(ids, d.ID)
		}
	}
	last, err := LastOf(ctx, r, ids...)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]person.Worn{}
	for childID, list := range worn {
		for _, d := range list {
			w := person.Worn{ID: d.ID, Kind: d.Kind, Label: labelOf(d), Battery: -1}
			if l, ok := last[d.ID]; ok {
				w.Battery, w.LastSeenAt = l.Battery, l.SeenAt
				if p := l.Where(); p != nil {
					w.Position = &person.Position{Lat: p.Lat, Lon: p.Lon, At: p.At, Source: p.Source, AccuracyM: p.AccuracyM}
				}
			}
			out[childID] = append(out[childID], w)
		}
	}
	return out, nil
}

// labelOf gives what people call the device: its label, or the end of its
// number.
func labelOf(d Device) string {
	if d.Label != "" {
		return d.Label
	}
	return d.DeviceID[max(0, len(d.DeviceID)-6):]
}

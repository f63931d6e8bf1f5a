package intake

import (
	"cmp"
	"context"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/roster"
)

// judgeDevices finds who wears each device: by the ID number, else by the very
// name where the area has one child of it; and what is there already under its
// number.
func (s *Service) judgeDevices(ctx context.Context, v db.Reader, i Intake, r *reading, reg *names) error {
	areas := s.areasOf(ctx, i)
	spare(r)
	var numbers []string
	for _, row := range r.res.Rows {
		if taken(row.Outcome) && row.Device != nil && row.Device.Number != "" {
			numbers = append(numbers, row.Device.Number)
		}
	}
	known, err := device.Known(ctx, v, numbers)
	if err != nil {
		return err
	}
	for n := range r.res.Rows {
		row, e := &r.res.Rows[n], &r.entries[n]
		if !taken(row.Outcome) {
			continue
		}
		if row.Device == nil || row.Device.Number == "" {
			refuse(row, roster.DeviceMissing)
			continue
		}
		if err := s.wearerOf(ctx, v, row, e, reg); err != nil {
			return err
		}
		if e.wearer == "" && !row.Person.Unnamed() {
			heed(row, NoteWearerUnknown)
		}
		if e.wearer != "" && row.Person.ID == "" {
			heed(row, NoteWearerByName)
		}
		if row.Device.Speaks != "" && row.Device.Protocol == "" && s.model(row.Device) == "" {
			heed(row, NoteProtocol)
		}
		if row.Device.Until != "" && row.Device.SIMUntil == "" {
			heed(row, NoteSIMUntil)
		}
		if e.region == "" {
			e.region = i.Region
		}
		if !covers(areas, e.region) {
			refuse(row, OutsideArea)
			continue
		}
		d, there := known[device.Key(row.Device.Number)]
		if !there || reg.skip[d.ID] {
			continue
		}
		e.device = &d
		switch {
		case d.Wearer != "" && d.Wearer == e.wearer:
			row.Outcome, row.Reason = roster.Duplicate, DeviceInRegister
		case d.Wearer != "":
			refuse(row, DeviceWorn)
		case d.State != device.Unknown && e.wearer == "":
			row.Outcome, row.Reason = roster.Duplicate, DeviceInRegister
		}
	}
	return nil
}

// heed says something that the officer should look at before the row is taken.
func heed(row *roster.Row, note string) {
	row.Outcome, row.Notes = roster.Warn, append(row.Notes, note)
}

// spare takes the rows that a list of children would not have: a delivery that
// nobody wears yet, and wearers by name alone: who hands out badges often has
// no number of identity at hand. Such a child is looked for by name and place,
// and the officer looks before it is taken; or the device goes into stock.
func spare(r *reading) {
	seen := map[string]int{}
	for n := range r.res.Rows {
		row := &r.res.Rows[n]
		if row.Device == nil || row.Device.Number == "" {
			// Without it there is no device, whoever was to wear it.
			if row.Reason == roster.IDMissing || row.Reason == roster.NameMissing {
				refuse(row, roster.DeviceMissing)
			}
			continue
		}
		nobody := row.Reason == roster.NameMissing && row.Person.Unnamed()
		if nobody || row.Reason == roster.IDMissing {
			row.Outcome, row.Reason = roster.OK, ""
			if nobody {
				row.Notes = append(row.Notes, NoteIntoStock)
			}
		}
		if !taken(row.Outcome) {
			continue
		}
		if first := seen[row.Device.Number]; first != 0 {
			refuse(row, roster.SameDevice)
			row.Other = first
			continue
		}
		seen[row.Device.Number] = row.Number
	}
}

func (s *Service) wearerOf(ctx context.Context, v db.Reader, row *roster.Row, e *entry, reg *names) error {
	if k, ok := reg.found[row.Person.ID]; ok && k.Child {
		e.wearer, e.region = k.ID, k.Region
		return nil
	}
	if row.Person.ID != "" || row.Person.Unnamed() {
		return nil // a number that nobody has is not made up for by a name
	}
	area := string(row.Person.Area)
	if area == "" {
		area = s.District
	}
	found, err := person.ByNameArea(ctx, v, row.Name, area)
	if err != nil {
		return err
	}
	var same []person.Match
	for _, m := range found {
		if m.Why == person.NameArea {
			same = append(same, m)
		}
	}
	if len(same) == 1 {
		e.wearer, e.region = same[0].ChildID, same[0].Region
	}
	return nil
}

// model gives the profile of the model that a list names, "" for none: a lot of
// cards whose maker puts SOS into a field of its own must not wait for somebody
// to set each of them.
func (s *Service) model(d *roster.Device) string {
	if s.Model == nil {
		return ""
	}
	return s.Model(d.Protocol, d.Speaks, d.Model, d.Maker+" "+d.Model)
}

// registration makes of a row what the register of devices takes.
func (s *Service) registration(row roster.Row, e entry, batch id.ID) device.Registration {
	d := row.Device
	kind := string(d.Kind)
	if kind == "" {
		kind = "badge"
	}
	profile := cmp.Or(s.model(d), d.Protocol, "watch")
	return device.Registration{DeviceID: d.Number, Kind: kind, Model: cut(strings.TrimSpace(d.Maker+" "+d.Model), 120), Profile: profile,
		SIM: d.Phone, SIMUntil: d.SIMUntil, Wearer: e.wearer, Region: e.region, Batch: batch}
}

package device

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/audit"
)

// Settle takes the mark of an import off up to limit devices and tells how
// many.
func Settle(ctx context.Context, tx *db.Tx, batch id.ID, limit int) (int64, error) {
	return tx.Exec(ctx, "UPDATE device SET batch = '' WHERE id IN (SELECT id FROM device WHERE batch = ? AND batch <> '' LIMIT ?)", batch, limit)
}

// Mark puts the mark of an import on devices again, before they are hidden and
// removed, and tells on how many. One that was changed since is left out.
func Mark(ctx context.Context, tx *db.Tx, batch id.ID, devices []id.ID) (int64, error) {
	if len(devices) == 0 {
		return 0, nil
	}
	return tx.Exec(ctx, "UPDATE device SET batch = ? WHERE id IN ("+db.Marks(len(devices))+") AND version = 1",
		append([]any{batch}, db.Anys(devices)...)...)
}

// Unmarked gives those of the devices that do not bear the mark.
func Unmarked(ctx context.Context, r db.Reader, batch id.ID, devices []id.ID) ([]id.ID, error) {
	var out []id.ID
	for len(devices) > 0 {
		part := devices[:min(len(devices), 400)]
		devices = devices[len(part):]
		var rest []id.ID
		if err := r.List(ctx, &rest, "SELECT id FROM device WHERE batch <> ? AND id IN ("+db.Marks(len(part))+")", append([]any{batch}, db.Anys(part)...)...); err != nil {
			return nil, err
		}
		out = append(out, rest...)
	}
	return out, nil
}

// Remove deletes up to limit devices that bear the mark of an import that does
// not show, with their history, and tells how many. One that speaks afterwards
// is unknown again, and its signals go to the seat.
func Remove(ctx context.Context, tx *db.Tx, batch id.ID, limit int) (int, error) {
	var list []id.ID
	if err := tx.List(ctx, &list, "SELECT id FROM device WHERE batch = ? AND batch <> '' AND batch NOT IN (SELECT id FROM import_shown) LIMIT ?", batch, limit); err != nil || len(list) == 0 {
		return 0, err
	}
	in, args := "("+db.Marks(len(list))+")", db.Anys(list)
	for _, query := range []string{
		"DELETE FROM child_entry WHERE ref_kind = 'device' AND child_id IN (SELECT child_id FROM device_wearing WHERE device IN " + in + ") AND ref_id IN " + in,
		"DELETE FROM device_wearing WHERE device IN " + in, "DELETE FROM device_last WHERE device IN " + in,
		"DELETE FROM device_position WHERE device IN " + in, "DELETE FROM device WHERE id IN " + in,
	} {
		a := args
		if query[:23] == "DELETE FROM child_entry" {
			a = append(append([]any{}, args...), args...)
		}
		if _, err := tx.Exec(ctx, query, a...); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// Touched tells whether a marked device was changed all the same.
func Touched(ctx context.Context, r db.Reader, batch id.ID) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, "SELECT id FROM device WHERE batch = ? AND batch <> '' AND version <> 1 LIMIT 100", batch)
	return out, err
}

// HandOutListed gives a device that is in the register already (unknown or in stock)
// to the child that a list names, as part of the change. Conflict
// "device.changed" if somebody wears it by now.
func (s *Service) HandOutListed(ctx context.Context, tx *db.Tx, device id.ID, n Registration) error {
	d, err := ByID(ctx, tx, device)
	if err != nil {
		return err
	}
	if d.Wearer != "" {
		return errs.Conflict("device.changed")
	}
	if d.Kind == "" {
		d.Kind = n.Kind
	}
	if d.Model == "" {
		d.Model = n.Model
	}
	if n.SIM != "" && d.SIM == "" {
		if err := s.setSIM(&d, string(n.SIM)); err != nil {
			return err
		}
	}
	if n.Wearer == "" {
		d.State = Stock
	} else if err := s.give(ctx, tx, &d, n.Wearer, "registered"); err != nil {
		return err
	}
	if err := d.save(ctx, tx); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "device.write", SubjectKind: "device", Subject: d.ID, Fields: []string{"wearer", "state"}, Region: d.Region}); err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: "changed", Region: d.Region, Ref: string(d.ID)})
}

// TakeBackListed takes a device off the child that a list gave it to, when the list
// is undone. It stays in stock. Nothing happens if another has it by now.
func (s *Service) TakeBackListed(ctx context.Context, tx *db.Tx, device, from id.ID) error {
	d, err := ByID(ctx, tx, device)
	if errs.Is(err, errs.KindNotFound) || err == nil && (d.Wearer != from || from == "") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.give(ctx, tx, &d, "", "undone"); err != nil {
		return err
	}
	return d.save(ctx, tx)
}

// hidden gives a device that an import under way has written under the number:
// until the import shows it speaks as an unknown one.
func hidden(ctx context.Context, r db.Reader, deviceID, district string) (Device, error) {
	var rows []Device
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM device d WHERE d.device_id = ?", NormalID(deviceID)); err != nil {
		return Device{}, err
	}
	if len(rows) == 0 {
		return Device{}, errs.NotFound("device.not_found")
	}
	d := rows[0]
	d.State, d.Wearer, d.Region = Unknown, "", district
	return d, nil
}

package credential

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/staff"
)

// Held tells of a secret that a device has, never the secret.
type Held struct {
	Door         string       `json:"door"` // DoorJT808 or DoorToken
	IssuedAt     clock.Millis `json:"issued_at"`
	IssuedByName string       `json:"issued_by_name"` // empty: the device registered by itself
	UsedAt       clock.Millis `json:"used_at"`        // 0: not yet
}

// Held lists which secrets a device has. Errors: NotFound, Forbidden.
func (s *Store) Held(ctx context.Context, which id.ID) ([]Held, error) {
	if err := access.May(access.From(ctx), "device.write"); err != nil {
		return nil, err
	}
	var out []Held
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := device.ByID(ctx, r, which)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "device.write", d.Target()); err != nil {
			return err
		}
		var rows []struct {
			Door     string       `bun:"door"`
			IssuedAt clock.Millis `bun:"issued_at"`
			IssuedBy id.ID        `bun:"issued_by"`
			UsedAt   clock.Millis `bun:"used_at"`
		}
		// A terminal signs on without the zeros before its number.
		if err := r.List(ctx, &rows, "SELECT door, issued_at, issued_by, used_at FROM device_secret WHERE device_id IN (?, ?) AND hash <> '' ORDER BY door", d.DeviceID, device.Key(d.DeviceID)); err != nil {
			return err
		}
		var who []id.ID
		for _, x := range rows {
			who = append(who, x.IssuedBy)
		}
		names, err := staff.Names(ctx, r, who...)
		if err != nil {
			return err
		}
		out = nil
		for _, x := range rows {
			out = append(out, Held{x.Door, x.IssuedAt, names[x.IssuedBy].Name, x.UsedAt})
		}
		return nil
	})
	return out, err
}

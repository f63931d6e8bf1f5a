package app

import (
	"context"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/document"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/staff"
)

// personPorts gives the register what it shows of its neighbours.
func (a *App) personPorts() person.Ports {
	return person.Ports{
		Names: func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
			return accounts{a.Keys}.Names(ctx, r, ids)
		},
		Task:        matter.TaskOnChild,
		Conflicted:  matter.ConflictedOnChild,
		OpenMatters: matter.OpenOf,
		Worn:        device.Worn,
		Handler:     handlerOf,
		Follow:      device.Follow,
		Tell:        tellLeaders,
		Erased:      document.EraseOf,
	}
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

// onDevice keeps what a device told: last seen, battery, place.
func (a *App) onDevice() seat.OnDevice {
	return func(ctx context.Context, tx *db.Tx, n signal.New, _ id.ID, _ string) error {
		d, err := device.Meet(ctx, tx, n.DeviceID, string(n.Source), a.Config.District)
		if err != nil {
			return err
		}
		seen := device.Seen{At: tx.Now, Battery: -1}
		if m := gateway.Said(n); m != nil {
			if m.Battery != nil && !n.History {
				seen.Battery = *m.Battery
			}
			seen.Where = where(n, m.Valid, m.Lat, m.Lon, tx.Now)
		}
		return device.Touch(ctx, tx, d, seen)
	}
}

// where gives the place of a report that has a good one: a fix that the device
// calls valid and that is not 0, 0, measured at a time that can be.
func where(n signal.New, valid *bool, lat, lon *float64, now clock.Millis) *device.Position {
	if valid == nil || !*valid || lat == nil || lon == nil || *lat == 0 && *lon == 0 || *lat < -90 || *lat > 90 || *lon < -180 || *lon > 180 {
		return nil
	}
	at := n.DeviceAt
	if at == 0 || at > now+300_000 || at < now-366*86_400_000 {
		at = now
	}
	return &device.Position{Lat: *lat, Lon: *lon, At: at, Source: "gps", AccuracyM: -1}
}

// unauthenticated is the answer to who has no session.
func unauthenticated() error { return errs.Unauthenticated("session.none") }

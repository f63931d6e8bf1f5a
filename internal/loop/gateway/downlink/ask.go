package downlink

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
)

// askAgain is how soon the program itself may ask a device again where it is:
// each asking costs battery, and a fence that is grazed would ask all day.
const askAgain = 2 * time.Minute

// Ask has the program itself ask a device where it is, within the caller's
// change. Nothing happens if the device is asked already or was a moment ago,
// is out of use, or speaks a protocol that can't be asked. reason is what the
// desk shows.
func (s *Service) Ask(ctx context.Context, tx *db.Tx, deviceID, reason string) error {
	d, err := device.Find(ctx, tx, deviceID)
	if err != nil {
		return unlessNotFound(err)
	}
	if d.State == device.Retired {
		return nil
	}
	key := device.Key(d.DeviceID)
	l, err := lineOf(ctx, tx, key)
	if err != nil {
		return err
	}
	if kinds := gateway.Commands(s.source(d, l)); kinds != nil && !slices.Contains(kinds, down.Locate) {
		return nil
	}
	var n int
	if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM device_downlink WHERE device = ? AND kind = ? AND (ended_at = 0 OR created_at > ?)",
		d.ID, down.Locate, tx.Now.Add(-askAgain)); err != nil || n > 0 {
		return err
	}
	content, err := json.Marshal(down.Command{Kind: down.Locate})
	if err != nil {
		return err
	}
	r := row{ID: id.New(), Device: d.ID, DeviceID: key, Region: d.Region, ChildID: d.Wearer, Kind: down.Locate, State: Waiting,
		ExpiresAt: tx.Now.Add(s.p.Policies.On(civil.DateOf(tx.Now.Time())).expiry(down.Locate)), CreatedAt: tx.Now}
	r.DueAt, r.IdemKey = r.ExpiresAt, "program:"+string(r.ID)
	r.Content, r.Reason = s.p.Keys.Seal(contentCell(r.ID), string(content)), s.p.Keys.Seal(reasonCell(r.ID), reason)
	if _, err := r.insert(ctx, tx); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "device.command", SubjectKind: "device", Subject: d.ID, Fields: []string{string(down.Locate)}, Purpose: string(r.ID), Region: d.Region}); err != nil {
		return err
	}
	tx.AfterCommit(s.nudge)
	return told(ctx, tx, r)
}

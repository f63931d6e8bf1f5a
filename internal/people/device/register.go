package device

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// Registration is a device to be registered, checked by whoever made it.
type Registration struct {
	DeviceID string
	Kind     string
	Model    string
	Profile  string
	Label    string
	SIM      civil.Phone
	SIMUntil civil.Date
	Wearer   id.ID // empty = into stock
	Region   string
	Batch    id.ID // import that isn't whole yet
	From     clock.Millis
}

type wearingRow struct {
	bun.BaseModel `bun:"table:device_wearing"`
	ID            id.ID        `bun:"id"`
	Device        id.ID        `bun:"device"`
	ChildID       id.ID        `bun:"child_id"`
	FromAt        clock.Millis `bun:"from_at"`
	ToAt          clock.Millis `bun:"to_at"`
	ByAccount     id.ID        `bun:"by_account"`
	Why           string       `bun:"why"`
}

// Register writes new devices as part of the change, with history, timelines
// and audit, and gives their ids. A device that is there as unknown is to be
// adopted instead: see Known.
func Register(ctx context.Context, tx *db.Tx, kr *crypto.Keyring, list []Registration) ([]id.ID, error) {
	by := access.From(ctx).Account
	var rows []deviceRow
	var worn []wearingRow
	var entries []child.Entry
	var ids []id.ID
	for _, n := range list {
		d := Device{ID: id.New(), DeviceID: NormalID(n.DeviceID), Kind: n.Kind, Model: n.Model, Profile: n.Profile, Label: n.Label,
			SIMUntil: string(n.SIMUntil), Wearer: n.Wearer, Region: n.Region, State: Stock, Batch: n.Batch, Version: 1,
			CreatedAt: tx.Now, UpdatedAt: tx.Now}
		if n.SIM != "" {
			d.SIM, d.SIMIndex = kr.Seal(aadSIM+string(d.ID), string(n.SIM)), kr.Index(indexSIM, string(n.SIM))
		}
		if n.Wearer != "" {
			d.State = Active
			from := n.From
			if from == 0 {
				from = tx.Now
			}
			worn = append(worn, wearingRow{ID: id.New(), Device: d.ID, ChildID: n.Wearer, FromAt: from, ByAccount: by, Why: "registered"})
			entries = append(entries, child.Entry{ChildID: n.Wearer, Kind: "device", Title: "timeline.device_given", RefKind: "device", RefID: d.ID,
				Region: d.Region, Data: map[string]string{"kind": d.Kind}})
		}
		rows = append(rows, deviceRow{Device: d})
		ids = append(ids, d.ID)
	}
	for part := range slices.Chunk(rows, 100) {
		if err := tx.Insert(ctx, &part); err != nil {
			return nil, err
		}
	}
	for part := range slices.Chunk(worn, 100) {
		if err := tx.Insert(ctx, &part); err != nil {
			return nil, err
		}
	}
	if err := child.Note(ctx, tx, entries...); err != nil {
		return nil, err
	}
	for i, d := range ids {
		if err := audit.Write(ctx, tx, audit.Entry{Action: "device.write", SubjectKind: "device", Subject: d, Region: list[i].Region,
			Fields: []string{"device_id", "wearer"}}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Known gives the devices that are in the register under the numbers, by Key:
// zeros before a number make no other device.
func Known(ctx context.Context, r db.Reader, deviceIDs []string) (map[string]Device, error) {
	out := map[string]Device{}
	for part := range slices.Chunk(deviceIDs, 60) {
		var args []any
		for _, d := range part {
			args = append(args, forms(d)...)
		}
		var rows []Device
		if err := r.List(ctx, &rows, "SELECT "+columns+" FROM device d WHERE d.device_id IN ("+db.Marks(len(args))+")", args...); err != nil {
			return nil, err
		}
		for _, d := range rows {
			out[Key(d.DeviceID)] = d
		}
	}
	return out, nil
}

// DemoDeviceID gives the number of the n-th badge of the demonstration, from 0.
func DemoDeviceID(n int) string { return fmt.Sprintf("8800%06d", 1+n) }

// demoTerm gives in how many days the n-th card runs out. Cards are paid for by
// the lot, a year ahead; in each lot one was bought on its own and ends soon,
// and one has been forgotten.
func demoTerm(n int) int {
	const lot = 61
	switch {
	case n == 100:
		return -2
	case n%lot == 7:
		return 1 + 3*(n/lot)
	}
	return 45 + 38*(n/lot)
}

// SeedDemo registers one badge for each of the children, in their order.
// regions are where they live. If there are devices already it does nothing.
func (s *Service) SeedDemo(ctx context.Context, children []id.ID, regions []string) error {
	var has int
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&has), "SELECT count(*) FROM (SELECT id FROM device LIMIT 1) x")
	}); err != nil || has > 0 {
		return err
	}
	today := civil.DateOf(s.db.Clock().Now())
	for start := 0; start < len(children); start += 50 {
		var list []Registration
		for i := start; i < min(start+50, len(children)); i++ {
			list = append(list, Registration{DeviceID: DemoDeviceID(i), Kind: "badge", Model: "演示胸牌", Profile: "watch",
				Label: fmt.Sprintf("胸牌%03d", i+1), SIM: civil.Phone(fmt.Sprintf("1549%07d", i+1)), SIMUntil: today.AddDays(demoTerm(i)), Wearer: children[i], Region: regions[i]})
		}
		if err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := Register(ctx, tx, s.keys, list)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

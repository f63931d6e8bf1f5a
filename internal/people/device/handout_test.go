package device_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

var drawn = device.Signature{{{10, 500}, {100, 300}, {200, 600}, {300, 200}}, {{400, 500}, {500, 500}, {600, 480}, {900, 520}}}

func TestHandOutAndReturnAgainstASignature(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.register(device.Registration{DeviceID: "77001", Kind: "badge", Region: district})
		village := access.With(context.Background(), access.Actor{Account: "v", Grants: []access.Grant{{Role: access.VillageDirector, Region: youyi}}})
		h := device.Hand{ChildID: w.children[0], Signer: "王春梅", Relation: "mother", Signature: drawn, Note: "已教会使用"}
		for name, bad := range map[string]device.Hand{"no signature": {ChildID: w.children[0], Signer: "王春梅"}, "a dot": {ChildID: w.children[0], Signer: "王春梅", Signature: device.Signature{{{1, 1}}}},
			"off the pad": {ChildID: w.children[0], Signer: "王", Signature: device.Signature{{{0, 0}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 2000}}}}, "nobody": {ChildID: w.children[0], Signature: drawn}} {
			if _, err := w.s.HandOut(village, ids[0], bad); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.s.HandOut(village, ids[0], device.Hand{ChildID: w.children[1], Signer: "王春梅", Signature: drawn}); err == nil {
			t.Error("handed to a child of another village")
		}
		row, err := w.s.HandOut(village, ids[0], h)
		if err != nil || row.State != device.Active || row.Wearer == nil || row.Region != youyi {
			t.Fatalf("%+v %v", row, err)
		}
		if _, err := w.s.HandOut(village, ids[0], h); !errs.Is(err, errs.KindConflict) {
			t.Errorf("handed out twice: %v", err)
		}
		w.clk.Advance(time.Hour)
		row, err = w.s.TakeBack(village, ids[0], device.Hand{Signer: "王春梅", Signature: drawn, Condition: "broken"})
		if err != nil || row.State != device.Retired || row.Wearer != nil {
			t.Fatalf("%+v %v", row, err)
		}
		d, err := w.s.Detail(w.system(), ids[0])
		if err != nil || len(d.Papers) != 2 || d.Papers[1].Signer != "王春梅" || d.Papers[1].Note != "已教会使用" || len(d.Papers[1].Signature) != 2 || d.Papers[0].Condition != "broken" || len(d.Worn) != 1 || d.Worn[0].To == 0 {
			t.Errorf("%+v %v", d, err)
		}
		if err := w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			var all []string
			err := r.List(ctx, &all, "SELECT signer || signature || note FROM device_hand")
			if strings.Contains(strings.Join(all, ""), "王春梅") {
				t.Error("who signed stands in clear")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func (w *world) register(list ...device.Registration) []id.ID {
	w.t.Helper()
	var ids []id.ID
	if err := w.db.Update(w.system(), func(ctx context.Context, tx *db.Tx) (err error) {
		ids, err = device.Register(ctx, tx, w.keys, list)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return ids
}

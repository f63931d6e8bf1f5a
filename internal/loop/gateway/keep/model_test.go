package keep_test

import (
	"context"
	"log/slog"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/policy/devices"
)

// A card that is on the line is read by its new model from the next frame on:
// the session asks for the profile at each.
func TestAChangedModelReachesACardThatIsOnTheLine(t *testing.T) {
	each(t, nil, func(w *world) {
		set, err := profile.Load(devices.Files)
		if err != nil {
			t.Fatal(err)
		}
		models := keep.NewModels(w.db, set, slog.New(slog.DiscardHandler))
		s := device.New(w.db, w.keys, device.Ports{Speaks: models.Knows})
		ctx := access.With(context.Background(), access.Actor{Account: "store", Grants: []access.Grant{{Role: access.BureauSection, Region: district}}})
		card, err := s.Enter(ctx, device.Entry{DeviceID: "13800000001", Kind: "card", Profile: "jt808"})
		if err != nil {
			t.Fatal(err)
		}
		speaks := models.Of("jt808") // what the session holds
		learns := func(want string) {
			t.Helper()
			if err := models.Learn(ctx); err != nil {
				t.Fatal(err)
			}
			if p := speaks("013800000001"); p == nil || p.Name != want {
				t.Errorf("read as %+v, want %s", p, want)
			}
		}
		learns("standard")
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("g10ls")}); err != nil {
			t.Fatal(err)
		}
		learns("g10ls")
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.write' AND shown LIKE '%profile%'", 1)
		// Saved again as it is: nothing changed, and the audit does not say so.
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("g10ls"), Label: new("")}); err != nil {
			t.Fatal(err)
		}
		w.count("SELECT count(*) FROM audit_row WHERE action = 'device.write' AND shown LIKE '%profile%'", 1)
		// A model of another protocol is not this card's.
		if _, err := s.Update(ctx, card.ID, device.Change{Profile: new("vl")}); err != nil {
			t.Fatal(err)
		}
		learns("standard")
		for name, do := range map[string]func() error{
			"changed": func() error { _, err := s.Update(ctx, card.ID, device.Change{Profile: new("c99")}); return err },
			"entered": func() error {
				_, err := s.Enter(ctx, device.Entry{DeviceID: "13800000002", Kind: "card", Profile: "c99"})
				return err
			},
		} {
			if err := do(); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s to a model that nobody has: %v", name, err)
			}
		}

		shown, err := models.Shown(ctx)
		if err != nil || len(shown) != len(set) {
			t.Errorf("%d of %d models %v", len(shown), len(set), err)
		}
		if _, err := models.Shown(access.With(context.Background(), access.Actor{Account: "x", Grants: []access.Grant{{Role: access.Citizen, Region: district}}})); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a citizen reads the models: %v", err)
		}
	})
}

package device_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
)

const (
	district = "500111"
	youting  = "500111116"
	youyi    = "500111116206"
	ciyun    = "500111113204"
)

type world struct {
	t        *testing.T
	db       *db.DB
	clk      *clock.Fake
	keys     *crypto.Keyring
	people   *person.Service
	s        *device.Service
	children []id.ID
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := &world{t: t, db: d, clk: clk, keys: crypto.Ephemeral(crypto.AES)}
		w.people = person.New(d, w.keys, person.Ports{Worn: device.Worn, Follow: device.Follow})
		w.s = device.New(d, w.keys, device.Ports{Speaks: func(p string) bool { return p == "watch" || p == "g10ls" }})
		w.update(func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, district) })
		for i, at := range []string{youyi, ciyun} {
			out, err := w.people.Create(w.system(), person.NewChild{Name: []string{"李小满", "赵大雪"}[i], BirthOn: "2015-03-12", Sex: "m",
				NoIDReason: "未上户", Region: at})
			if err != nil {
				t.Fatal(err)
			}
			w.children = append(w.children, out.ID)
		}
		fn(t, w)
	})
}

func (w *world) system() context.Context {
	return access.With(context.Background(), access.System("test"))
}

func (w *world) as(r access.Role, area string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(r), Grants: []access.Grant{{Role: r, Region: area, Department: access.CivilAffairs}}})
}

func (w *world) update(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.system(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(ctx context.Context, r db.Reader) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) meet(number string) device.Device {
	w.t.Helper()
	var d device.Device
	w.update(func(ctx context.Context, tx *db.Tx) error {
		var err error
		d, err = device.Meet(ctx, tx, number, "watch", district)
		return err
	})
	return d
}

func TestAnUnknownBadgeIsListedAndAdopted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := w.meet("8800000123")
		if again := w.meet("8800000123"); again.ID != d.ID || again.State != device.Unknown {
			t.Errorf("met twice: %+v", again)
		}
		section := w.as(access.BureauSection, district)
		page, err := w.s.List(section, device.Query{State: device.Unknown})
		if err != nil || len(page.Items) != 1 || page.Items[0].DeviceID != "8800000123" || page.Items[0].Battery != -1 {
			t.Fatalf("%+v %v", page, err)
		}
		row, err := w.s.Adopt(section, d.ID, device.Adoption{ChildID: w.children[0], Kind: "badge", Profile: "watch"})
		if err != nil || row.State != device.Active || row.Wearer == nil || row.Wearer.Name != "李小满" {
			t.Fatalf("%+v %v", row, err)
		}
		if _, err := w.s.Adopt(section, d.ID, device.Adoption{Kind: "badge"}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("adopted twice: %v", err)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			found, err := device.Find(ctx, r, " 8800000123 ")
			if err != nil || found.Wearer != w.children[0] || found.Region != youyi {
				t.Errorf("%+v %v", found, err)
			}
			entries, err := child.Timeline(ctx, r, w.children[:1], child.Before{}, 10)
			if err != nil || len(entries) != 2 || entries[0].Title != "timeline.device_given" || entries[0].RefID != d.ID {
				t.Errorf("timeline %+v %v", entries, err)
			}
			return nil
		})
	})
}

func TestALateSignalFindsTheChildOfItsOwnTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		section := w.as(access.BureauSection, district)
		d := w.meet("8800000124")
		if _, err := w.s.Adopt(section, d.ID, device.Adoption{ChildID: w.children[0], Kind: "badge"}); err != nil {
			t.Fatal(err)
		}
		first := clock.Of(w.clk.Now())
		w.clk.Advance(time.Hour)
		if _, err := w.s.Update(section, d.ID, device.Change{ChildID: &w.children[1], Why: "换戴"}); err != nil {
			t.Fatal(err)
		}
		w.clk.Advance(time.Hour)
		nobody := id.ID("")
		if _, err := w.s.Update(section, d.ID, device.Change{ChildID: &nobody}); err != nil {
			t.Fatal(err)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			for i, want := range []id.ID{w.children[0], w.children[1], ""} {
				got, err := device.WearerAt(ctx, r, d.ID, first.Add(time.Duration(i)*time.Hour+time.Minute))
				if err != nil || got != want {
					t.Errorf("after %d h: %q %v", i, got, err)
				}
			}
			return nil
		})
	})
}

func TestTheNewestOfADeviceIsNotSetBackByALateReport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := w.meet("8800000125")
		if _, err := w.s.Adopt(w.as(access.BureauSection, district), d.ID, device.Adoption{ChildID: w.children[0], Kind: "badge"}); err != nil {
			t.Fatal(err)
		}
		now := clock.Of(w.clk.Now())
		w.update(func(ctx context.Context, tx *db.Tx) error {
			d, err := device.ByID(ctx, tx, d.ID)
			if err != nil {
				return err
			}
			for _, s := range []device.Seen{
				{At: now, Battery: 71, Where: &device.Position{Lat: 29.5, Lon: 105.7, At: now, Source: "gps", AccuracyM: 12}},
				{At: now.Add(time.Minute), Battery: -1},
				{At: now.Add(-time.Hour), Battery: 90, Where: &device.Position{Lat: 29.4, Lon: 105.6, At: now.Add(-time.Hour), Source: "cell", AccuracyM: 500}},
			} {
				if err := device.Touch(ctx, tx, d, s); err != nil {
					return err
				}
			}
			return nil
		})
		w.view(func(ctx context.Context, r db.Reader) error {
			last, err := device.LastOf(ctx, r, d.ID)
			if l := last[d.ID]; err != nil || l.Battery != 71 || l.SeenAt != now.Add(time.Minute) || l.Where() == nil || l.Where().Lat != 29.5 || l.Signals != 3 {
				t.Errorf("%+v %v", last, err)
			}
			track, err := device.Track(ctx, r, w.children[0], 0, now.Add(time.Hour), 10)
			if err != nil || len(track) != 2 || track[0].Source != "cell" {
				t.Errorf("%+v %v", track, err)
			}
			return nil
		})
		w.update(func(ctx context.Context, tx *db.Tx) error {
			n, err := device.Forget(ctx, tx, now)
			if err != nil || n != 1 {
				t.Errorf("forgot %d, %v", n, err)
			}
			return nil
		})
	})
}

func TestDevicesShowInTheirAreaOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if err := w.s.SeedDemo(w.system(), w.children, []string{youyi, ciyun}); err != nil {
			t.Fatal(err)
		}
		if err := w.s.SeedDemo(w.system(), w.children, []string{youyi, ciyun}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			role access.Role
			want int // -1 = forbidden
		}{{access.SeatOperator, 1}, {access.TownshipOfficer, 1}, {access.VillageDirector, 1}, {access.BureauSection, 1},
			{access.GridWorker, -1}, {access.Counsellor, -1}, {access.Auditor, -1}, {access.SystemAdmin, -1}, {access.Citizen, -1}} {
			page, err := w.s.List(w.as(tt.role, youting), device.Query{})
			if tt.want < 0 && !errs.Is(err, errs.KindForbidden) || tt.want >= 0 && (err != nil || len(page.Items) != tt.want) {
				t.Errorf("%s: %v %v", tt.role, page.Items, err)
			}
		}
		page, err := w.s.List(w.as(access.BureauSection, district), device.Query{Q: device.DemoDeviceID(1)})
		if err != nil || len(page.Items) != 1 || page.Items[0].SIMMasked != "154****0002" {
			t.Fatalf("%+v %v", page, err)
		}
		other := page.Items[0].ID
		label := "x"
		for r, want := range map[access.Role]errs.Kind{access.BureauSection: errs.KindNotFound, access.TownshipOfficer: errs.KindForbidden, access.SystemAdmin: errs.KindForbidden} {
			if _, err := w.s.Update(w.as(r, youting), other, device.Change{Label: &label}); !errs.Is(err, want) {
				t.Errorf("%s changes a device of another township: %v", r, err)
			}
		}
		if _, err := w.s.Update(w.as(access.BureauSection, district), other, device.Change{Label: &label, Version: 9}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("an old version: %v", err)
		}
	})
}

func TestTheSIMNumberIsStoredSealedAndFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := w.meet("8800000126")
		section, number, until := w.as(access.BureauSection, district), "154 9000 0001", "2025-06-30"
		if _, err := w.s.Update(section, d.ID, device.Change{SIM: &number, SIMUntil: &until}); err != nil {
			t.Fatal(err)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			got, err := device.BySIM(ctx, r, w.keys, "15490000001")
			if err != nil || got.ID != d.ID || got.SIM == "" || got.SIM == "15490000001" {
				t.Errorf("%+v %v", got, err)
			}
			return nil
		})
		wrong := "12"
		if _, err := w.s.Update(section, d.ID, device.Change{SIM: &wrong}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a wrong number: %v", err)
		}
	})
}

package keep_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

const (
	district = "500111"
	village  = "500111113203"
	number   = "8800000001"
)

type world struct {
	t    *testing.T
	db   *db.DB
	clk  *clock.Fake
	keys *crypto.Keyring
	jobs *job.Engine
	k    *keep.Keeper
	seen []keep.Observed
}

func (w *world) Observe(_ context.Context, _ *db.Tx, o keep.Observed) error {
	w.seen = append(w.seen, o)
	return nil
}

// away is a locating service of a test; it answers in GCJ-02 as Chinese ones do.
type service struct{ asked int }

func (s *service) Locate(context.Context, []report.Cell, []report.Wifi) (keep.Located, error) {
	s.asked++
	return keep.Located{Point: geo.To(geo.Point{Lat: 29.61, Lon: 105.71}, geo.WGS84, geo.GCJ02), System: geo.GCJ02, AccuracyM: 60, Source: "wifi"}, nil
}

func each(t *testing.T, l keep.Locator, fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := &world{t: t, db: d, clk: clk, keys: crypto.Ephemeral(crypto.AES), jobs: job.NewEngine(d, slog.New(slog.DiscardHandler))}
		w.k = keep.New(keep.Parts{DB: d, Keys: w.keys, District: district, Watcher: w, Locator: l, Jobs: w.jobs})
		fn(w)
	})
}

// tell stores a frame as the seat would and hands it on.
func (w *world) tell(typ string, m report.Message) keep.Observed {
	w.t.Helper()
	h := watch.Header{Vendor: "3G", ID: number}
	raw := watch.Position(h, typ, m)
	f, err := watch.Parse(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.say(f.Message())
}

func (w *world) say(m report.Message) keep.Observed {
	w.t.Helper()
	n := gateway.Signal(signal.Watch, gateway.Frame{Messages: []report.Message{m}, Content: m.Raw}, 0, w.clk.Now())
	err := w.db.Update(access.With(context.Background(), access.System("gateway")), func(ctx context.Context, tx *db.Tx) error {
		if _, stored, err := signal.Insert(ctx, tx, w.keys, n, ""); err != nil || !stored {
			return err
		}
		return w.k.OnDevice()(ctx, tx, n, "child-1", village)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.seen[len(w.seen)-1]
}

func (w *world) last() device.Last {
	w.t.Helper()
	var out device.Last
	err := w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		d, err := device.Find(ctx, r, number)
		if err != nil {
			return err
		}
		all, err := device.LastOf(ctx, r, d.ID)
		out = all[d.ID]
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) now() clock.Millis { return clock.Of(w.clk.Now()) }

func at(t time.Time, lat, lon float64) report.Message {
	return report.Message{Time: t, Valid: new(true), Lat: &lat, Lon: &lon, Satellites: new(8), Battery: new(60), Steps: new(1)}
}

func indoors(t time.Time, macs ...string) report.Message {
	m := report.Message{Time: t, Valid: new(false), Lat: new(0.0), Lon: new(0.0), Satellites: new(0), Battery: new(59), Steps: new(1)}
	for _, mac := range macs {
		m.Wifi = append(m.Wifi, report.Wifi{MAC: mac, RSSI: new(-60)})
	}
	return m
}

func TestIndoorsTheLastKnownPlaceStays(t *testing.T) {
	each(t, nil, func(w *world) {
		w.tell("UD", at(w.clk.Now(), 29.6, 105.7))
		told := w.now()
		w.clk.Advance(10 * time.Minute)
		o := w.tell("AL", indoors(w.clk.Now()))
		if o.Fix != nil || o.Child != "child-1" || o.Region != village {
			t.Errorf("%+v", o)
		}
		if l := w.last(); l.Where() == nil || l.Where().Lat != 29.6 || l.Where().At != told || l.SeenAt != w.now() || l.Battery != 59 {
			t.Errorf("%+v", l)
		}
	})
}

func TestAReplayNeverMovesTheLastKnownPlaceBack(t *testing.T) {
	each(t, nil, func(w *world) {
		start := w.clk.Now()
		w.clk.Advance(time.Hour)
		w.tell("UD", at(w.clk.Now(), 29.6, 105.7))
		here := w.now()
		o := w.tell("UD2", at(start.Add(10*time.Minute), 29.5, 105.5))
		if !o.History || o.At != clock.Of(start.Add(10*time.Minute)) {
			t.Errorf("%+v", o)
		}
		if l := w.last(); l.Where().Lat != 29.6 || l.Where().At != here || l.Battery != 60 {
			t.Errorf("%+v", l)
		}
		// With a clock that can't be right nobody knows when it was.
		o = w.tell("UD2", at(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), 29.4, 105.4))
		if o.Fix != nil || !o.Suspect {
			t.Errorf("%+v", o)
		}
		w.count("SELECT count(*) FROM device_position", 2)
		w.count("SELECT count(*) FROM device_position WHERE history", 1)
	})
}

func (w *world) count(query string, want int) {
	w.t.Helper()
	var n int
	if err := w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query) }); err != nil || n != want {
		w.t.Errorf("%s: %d %v, want %d", query, n, err, want)
	}
}

func TestAWrongZoneIsLearntAndAWrongYearIsNotBelieved(t *testing.T) {
	each(t, nil, func(w *world) {
		for i := range 5 {
			w.clk.Advance(5 * time.Minute)
			o := w.tell("UD", at(w.clk.Now().Add(8*time.Hour-20*time.Second), 29.6, 105.7))
			if want := i < 2; o.Suspect != want {
				t.Errorf("frame %d: suspect %v", i, o.Suspect)
			}
			if o.Suspect && o.At != w.now() || !o.Suspect && o.At != w.now().Add(-20*time.Second) {
				t.Errorf("frame %d: %v", i, o.At.Sub(w.now()))
			}
		}
		w.clk.Advance(5 * time.Minute)
		o := w.tell("UD", at(time.Date(2009, 12, 31, 16, 0, 0, 0, time.UTC), 29.61, 105.7))
		if !o.Suspect || o.At != w.now() || w.last().Where().Lat != 29.61 {
			t.Errorf("%+v", o)
		}
		w.count("SELECT count(*) FROM device_position WHERE time_suspect", 3)
	})
}

func TestAccessPointsAreLearntFromGoodFixes(t *testing.T) {
	s := &service{}
	each(t, s, func(w *world) {
		s.asked = 0
		out := at(w.clk.Now(), 29.6, 105.7)
		out.Wifi = indoors(time.Time{}, "02:00:00:00:00:01", "02:00:00:00:00:02").Wifi
		w.tell("UD", out)
		w.clk.Advance(10 * time.Minute)
		o := w.tell("UD", indoors(w.clk.Now(), "02:00:00:00:00:02", "02:00:00:00:00:09"))
		if o.Fix == nil || o.Fix.Source != "wifi" || geo.Metres(o.Fix.Point, geo.Point{Lat: 29.6, Lon: 105.7}) > 1 {
			t.Fatalf("%+v", o.Fix)
		}
		if l := w.last(); l.Where().Source != "wifi" || l.Where().At != w.now() {
			t.Errorf("%+v", l)
		}
		// Where nobody was: the service is asked, outside of the change.
		w.clk.Advance(10 * time.Minute)
		if o = w.tell("UD", indoors(w.clk.Now(), "02:00:00:00:00:0a")); o.Fix != nil || s.asked != 0 {
			t.Errorf("%+v", o)
		}
		if _, err := w.jobs.RunOnce(context.Background()); err != nil || s.asked != 1 {
			t.Fatalf("asked %d, %v", s.asked, err)
		}
		l := w.last()
		if l.Where().At != w.now() || geo.Metres(geo.Point{Lat: l.Where().Lat, Lon: l.Where().Lon}, geo.Point{Lat: 29.61, Lon: 105.71}) > 0.1 {
			t.Errorf("%+v", l)
		}
		w.count("SELECT count(*) FROM device_position WHERE crs = 'gcj02' AND raw_lat <> 0", 1)
	})
}

func TestTheServiceIsNotToldTheSameNetworksTwice(t *testing.T) {
	s := &service{}
	each(t, s, func(w *world) {
		s.asked = 0
		look := func(wantFix bool, wantAsked int, macs ...string) {
			t.Helper()
			o := w.tell("UD", indoors(w.clk.Now(), macs...))
			if (o.Fix != nil) != wantFix || wantFix && (o.Fix.Source != "wifi" || o.Fix.AccuracyM < 60 || o.Fix.At != w.now()) {
				t.Errorf("%v: %+v", macs, o.Fix)
			}
			if _, err := w.jobs.RunOnce(context.Background()); err != nil || s.asked != wantAsked {
				t.Fatalf("%v: asked %d, want %d, %v", macs, s.asked, wantAsked, err)
			}
			w.clk.Advance(10 * time.Minute)
		}
		a, b, c := "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
		look(false, 1, a, b)
		look(true, 1, b, c, a)
		look(false, 2, a, c) // one alone may have been carried off
		w.clk.Advance(31 * 24 * time.Hour)
		look(false, 3, a, b)
		w.clk.Advance(200 * 24 * time.Hour)
		if err := w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := keep.ForgetLocated(ctx, tx, 0)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.count("SELECT count(*) FROM located", 0)
	})
}

func TestVoiceIsStoredWithTheMessage(t *testing.T) {
	each(t, nil, func(w *world) {
		raw := watch.Header{Vendor: "3G", ID: number}.Encode(append([]byte("TK,"), watch.Escape([]byte("#!AMR\n[]*,}voice"))...))
		f, err := watch.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		w.say(f.Message())
		// Two parts of one message, the first said twice.
		for _, part := range []string{"1,2,sp", "1,2,sp", "2,2,eech"} {
			i := strings.LastIndex(part, ",")
			raw := watch.Header{Vendor: "3G", ID: number}.Encode([]byte("JXTK,0,long.amr," + part[:i+1] + part[i+1:]))
			if f, err = watch.Parse(raw); err != nil {
				t.Fatal(err)
			}
			w.say(f.Message())
		}
		w.count("SELECT count(*) FROM device_media WHERE child_id = 'child-1'", 3)
		ctx := access.With(context.Background(), access.Actor{Account: "op", Grants: []access.Grant{{Role: access.SeatOperator, Region: district}}})
		var which id.ID
		var clear bool
		if err := w.db.View(ctx, func(ctx context.Context, r db.Reader) error {
			d, err := device.Find(ctx, r, number)
			which = d.ID
			if err != nil {
				return err
			}
			var data []byte
			err = r.Get(ctx, db.To(&data), "SELECT data FROM device_media WHERE parts = 0")
			clear = bytes.Contains(data, []byte("#!AMR"))
			return err
		}); err != nil || clear {
			t.Errorf("%v, in the clear: %v", err, clear)
		}
		albums := keep.NewAlbums(w.db, w.keys)
		list, err := albums.List(ctx, which)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		for _, r := range list {
			want := "#!AMR\n[]*,}voice"
			if r.Parts > 0 {
				want = "speech"
			}
			if format, content, err := albums.Open(ctx, which, r.ID); err != nil || format != "amr" || string(content) != want || r.Missing != 0 || r.HeardAt != 0 {
				t.Errorf("%q %q %v %+v", format, content, err, r)
			}
		}
		w.count("SELECT count(*) FROM device_media WHERE heard_at = 0", 0)
		foe := access.Hide(ctx, "child-1")
		if list, err := albums.List(foe, which); len(list) != 0 {
			t.Errorf("on the conflict list: %+v %v", list, err)
		}
		if _, _, err := albums.Open(foe, which, list[0].ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("on the conflict list: %v", err)
		}
		w.count("SELECT count(*) FROM audit_row WHERE action = 'media.read'", 2)
		for _, role := range []access.Role{access.Volunteer, access.SystemAdmin, access.BureauSection} {
			other := access.With(context.Background(), access.Actor{Account: "x", Grants: []access.Grant{{Role: role, Region: district}}})
			if _, err := albums.List(other, which); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s lists: %v", role, err)
			}
			if _, _, err := albums.Open(other, which, list[0].ID); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s hears: %v", role, err)
			}
		}
		if err := w.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, err := keep.ForgetMedia(ctx, tx, tx.Now+1)
			if n != 3 {
				t.Errorf("forgot %d", n)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

package guard_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/guard"
	"zugou/internal/people/access"
)

func TestWhatOutlivedItsTermIsErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.hears(d, c, fix(0))
		w.runs(2 * time.Minute)
		w.hears(d, c, fix(50))
		w.clk.Advance(31 * 24 * time.Hour)
		w.hears(d, c, fix(60))
		w.must(w.guard.Forget(context.Background()))
		track, err := w.guard.Track(as(access.SeatOperator, "500111"), c, guard.TrackQuery{Day: "2024-06-03", Reason: "核实旧记录"})
		w.must(err)
		if len(track.Spots) != 0 {
			t.Errorf("%d positions outlived their term", len(track.Spots))
		}
		list, err := w.guard.Erasures(section)
		w.must(err)
		if len(list) == 0 || list[0].What != "position" || list[0].Erased != 2 || list[0].Remaining != 0 {
			t.Errorf("%+v", list)
		}
		now, err := w.guard.Track(as(access.SeatOperator, "500111"), c, guard.TrackQuery{Day: civil.DateOf(w.clk.Now()), Reason: "核实今日"})
		if err != nil || len(now.Spots) != 1 {
			t.Errorf("what is within its term: %+v %v", now.Spots, err)
		}
	})
}

// The bytes of an erased position are in no file of the embedded engine.
func TestErasedBytesAreGone(t *testing.T) {
	clk := clock.NewFake(dbtest.Start)
	dir := t.TempDir()
	d, err := db.Open(context.Background(), filepath.Join(dir, "z.db"), clk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d, clk)
	device, child := w.badge("watch")
	lat := 29.512345678901
	m := fix(0)
	m.Lat = &lat
	w.hears(device, child, m)
	var mark [8]byte
	binary.BigEndian.PutUint64(mark[:], math.Float64bits(lat))
	found := func() int {
		n := 0
		files, err := filepath.Glob(filepath.Join(dir, "z.db*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			n += bytes.Count(text, mark[:])
		}
		return n
	}
	if found() == 0 {
		t.Fatal("the search is blind: a stored position is not found")
	}
	clk.Advance(31 * 24 * time.Hour)
	w.must(w.guard.Forget(context.Background()))
	if n := found(); n != 0 {
		t.Errorf("%d copies of an erased position are on the disk", n)
	}
}

func TestATrackNeedsARightAndAPurpose(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.hears(d, c, fix(0))
		q := guard.TrackQuery{Day: "2024-06-03", Reason: "走失核查"}
		for name, ctx := range map[string]context.Context{"an administrator": as(access.SystemAdmin, "500111"), "a guardian": as(access.Citizen, "500111"), "the section": section, "a township without a task": as(access.TownshipOfficer, "500111100")} {
			if _, err := w.guard.Track(ctx, c, q); err == nil {
				t.Errorf("%s looks", name)
			}
		}
		op := as(access.SeatOperator, "500111")
		if _, err := w.guard.Track(op, c, guard.TrackQuery{Day: "2024-06-03"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		got, err := w.guard.Track(op, c, q)
		if err != nil || len(got.Spots) != 1 || got.Devices[0].Position == nil {
			t.Fatalf("%+v %v", got, err)
		}
		q.System = geo.GCJ02
		shifted, err := w.guard.Track(op, c, q)
		w.must(err)
		if far := geo.Metres(geo.Point{Lat: got.Spots[0].Lat, Lon: got.Spots[0].Lon}, geo.Point{Lat: shifted.Spots[0].Lat, Lon: shifted.Spots[0].Lon}); far < 200 || far > 800 {
			t.Errorf("GCJ-02 lies %.0f m away", far)
		}
		w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			var n int
			err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM audit_row WHERE action = 'position.read' AND subject = ? AND purpose <> ''", c)
			if n != 2 {
				t.Errorf("%d looks in the audit", n)
			}
			return err
		}))
	})
}

func TestHealthAndTheCallRound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 09:00")
		quiet, qc := w.badge("watch")
		_, never := w.badge("watch")
		well, wc := w.badge("watch")
		w.hears(quiet, qc, fix(0))
		for range 5 {
			w.hears(well, wc, fix(0))
			w.runs(7 * time.Minute)
		}
		// Handed out half an hour ago and not switched on yet: nobody is called.
		h, err := w.guard.Health(section, "")
		w.must(err)
		if i := slices.IndexFunc(h.Items, func(f guard.Fitness) bool { return f.ChildID == never }); i < 0 || len(h.Items[i].Calls) != 0 {
			t.Errorf("%+v", h.Items)
		}
		for range 5 {
			w.hears(well, wc, fix(0))
			w.runs(7 * time.Minute)
		}
		h, err = w.guard.Health(section, "")
		w.must(err)
		by := map[string][]string{}
		for _, f := range h.Items {
			by[string(f.ChildID)] = f.Calls
			if f.ChildID == wc && (len(f.Trend) != 1 || f.Trend[0] != 80) {
				t.Errorf("trend %v", f.Trend)
			}
		}
		if len(h.Items) != 3 || by[string(qc)][0] != "silent" || by[string(never)][0] != "never" || len(by[string(wc)]) != 0 {
			t.Errorf("%v", by)
		}
		if c := h.Towns[0]; len(h.Towns) != 1 || c.Worn != 3 || c.Silent != 1 || c.Never != 1 || c.Heard != 1 || c.Calls != 2 {
			t.Errorf("%+v", h.Towns)
		}
		text, err := w.guard.CallRound(section, "", func(code string) string { return code })
		w.must(err)
		book, err := excelize.OpenReader(bytes.NewReader(text))
		w.must(err)
		rows, err := book.GetRows(book.GetSheetName(0))
		if err != nil || len(rows) != 3 {
			t.Errorf("%v %v", rows, err)
		}
		// Whoever stands on the conflict list of one does not read it there.
		all, err := w.guard.Alarms(section, guard.AlarmFilter{})
		if err != nil || !slices.ContainsFunc(all.Items, func(a guard.AlarmView) bool { return a.ChildID == qc }) {
			t.Fatalf("%+v %v", all, err)
		}
		section := access.Hide(section, qc)
		h, err = w.guard.Health(section, "")
		if err != nil || len(h.Items) != 2 || slices.ContainsFunc(h.Items, func(f guard.Fitness) bool { return f.ChildID == qc }) || h.Towns[0].Worn != 2 || h.Towns[0].Silent != 0 {
			t.Errorf("on the conflict list: %+v %v", h, err)
		}
		if text, err = w.guard.CallRound(section, "", func(code string) string { return code }); err != nil {
			t.Fatal(err)
		}
		less, err := excelize.OpenReader(bytes.NewReader(text))
		w.must(err)
		if rows, err := less.GetRows(less.GetSheetName(0)); err != nil || len(rows) != 2 {
			t.Errorf("in the round of calls: %v %v", rows, err)
		}
		if all, err = w.guard.Alarms(section, guard.AlarmFilter{}); err != nil || slices.ContainsFunc(all.Items, func(a guard.AlarmView) bool { return a.ChildID == qc }) {
			t.Errorf("among the alarms: %+v %v", all, err)
		}
		if _, err := w.guard.Health(as(access.Citizen, "500111"), ""); !errs.Is(err, errs.KindForbidden) {
			t.Error("a citizen reads the list")
		}
	})
}

// A device that was followed by the second: its day is thinned, and the place
// where the child was last is in it.
func TestALongDayIsThinnedAndNotCutOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.hears(d, c, fix(0))
		op := as(access.SeatOperator, "500111")
		q := guard.TrackQuery{Day: "2024-06-03", Reason: "走失核查"}
		start := clock.Of(q.Day.Start())
		const n = 12_000
		w.must(w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "DELETE FROM device_position WHERE child_id = ?", c); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < ?)
				INSERT INTO device_position (device, at, child_id, region, lat, lon, source, received_at) SELECT ?, ? + i * 7000, ?, '500111', 29.6, 105.7, 'gps', ? FROM k`,
				n-1, d, start, c, start)
			return err
		}))
		got, err := w.guard.Track(op, c, q)
		w.must(err)
		if got.Of != n || len(got.Spots) != n/3 || got.Spots[len(got.Spots)-1].At != start+(n-1)*7000 || got.Spots[0].At > start+3*7000 {
			t.Errorf("%d of %d, from %d to %d", len(got.Spots), got.Of, got.Spots[0].At-start, got.Spots[len(got.Spots)-1].At-start)
		}
		for i := 1; i < len(got.Spots); i++ {
			if got.Spots[i].At-got.Spots[i-1].At != 3*7000 {
				t.Fatalf("a gap of %d ms before spot %d", got.Spots[i].At-got.Spots[i-1].At, i)
			}
		}
	})
}

package guard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/geo"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

func TestAChildLeavesHomeAndComesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.fence(c, "home", 300)
		w.hears(d, c, fix(0))
		w.runs(5 * time.Minute)
		w.hears(d, c, fix(500))
		w.same(w.alarms(c))
		if len(w.asked) != 1 {
			t.Fatalf("a suspicion asks the badge where it is: %v", w.asked)
		}
		w.runs(time.Minute)
		w.hears(d, c, fix(600))
		w.same(w.alarms(c), "fence_exit open")
		w.same(w.kinds(), "fence_exit>fence")
		w.runs(time.Minute)
		w.hears(d, c, fix(700))
		w.same(w.alarms(c), "fence_exit open")
		w.runs(20 * time.Minute)
		w.hears(d, c, fix(10))
		w.runs(2 * time.Minute)
		w.hears(d, c, fix(0))
		w.same(w.alarms(c), "fence_exit ended")
		w.same(w.over, "fence_exit came_back")
		w.runs(time.Minute)
		w.hears(d, c, fix(900))
		w.runs(time.Minute)
		w.hears(d, c, fix(900))
		w.same(w.alarms(c), "fence_exit open", "fence_exit ended")
	})
}

func TestAtNightLeavingHomeGoesToTheSeat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 23:10")
		d, c := w.badge("watch")
		w.fence(c, "home", 300)
		w.hears(d, c, fix(800)) // first fix outside alarms too, once confirmed
		w.runs(2 * time.Minute)
		w.hears(d, c, fix(900))
		w.same(w.kinds(), "fence_exit>missing")
	})
}

func TestOneGoodFixAndThenNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.fence(c, "home", 300)
		w.hears(d, c, fix(0))
		w.runs(5 * time.Minute)
		w.hears(d, c, fix(2000))
		for range 3 {
			w.runs(3 * time.Minute)
			w.hears(d, c, link()) // it lives, but has no fix
		}
		w.same(w.alarms(c))
		w.runs(2 * time.Minute)
		w.same(w.alarms(c), "fence_exit open")
	})
}

func TestAGuessConfirmsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.fence(c, "home", 300)
		w.hears(d, c, fix(0))
		for range 6 {
			w.runs(5 * time.Minute)
			m := fix(4000)
			m.Locator = "cell"
			w.hears(d, c, m)
		}
		w.same(w.alarms(c), "cannot_confirm noted")
		w.same(w.kinds())
		if len(w.asked) == 0 {
			t.Error("nobody asked the badge")
		}
		w.runs(time.Minute)
		w.hears(d, c, fix(10))
		w.runs(time.Minute)
		w.hears(d, c, fix(10))
	})
}

func TestTheRiver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-07-10 15:00")
		d, c := w.badge("watch")
		at := func(e float64) geo.Point { m := fix(e); return geo.Point{Lat: *m.Lat, Lon: *m.Lon} }
		f, err := w.guard.Draw(as(access.TownshipOfficer, "500111100"), guard.Drawing{Kind: "river", Region: "500111100", Name: "濑溪河渡口", Active: true,
			Outline: fence.Outline{Circle: &fence.Circle{Point: at(1000), RadiusM: 100}}})
		w.must(err)
		w.hears(d, c, fix(0))
		w.runs(10 * time.Minute)
		w.hears(d, c, fix(1000)) // deep inside, exact: at once
		w.same(w.kinds(), "danger_enter>water")
		if n := w.taken[0]; n.Source != "program" || n.ChildID != c || n.Region != village {
			t.Errorf("%+v", n)
		}
		w.runs(time.Minute)
		w.hears(d, c, fix(1300))
		w.runs(time.Minute)
		w.hears(d, c, fix(1400))
		w.same(w.alarms(c), "danger_enter ended")
		// A way through it within two minutes is noted.
		w.runs(10 * time.Minute)
		w.hears(d, c, fix(1200))
		w.runs(90 * time.Second)
		w.hears(d, c, fix(800))
		w.same(w.alarms(c), "danger_cross ended", "danger_enter ended")
		// Slower than that nobody knows the way.
		w.runs(20 * time.Minute)
		w.hears(d, c, fix(1200))
		w.same(w.alarms(c), "danger_cross ended", "danger_enter ended")
		// Children of another township are none of its business.
		if _, err := w.guard.Redraw(as(access.TownshipOfficer, "500111101"), f.ID, guard.Drawing{Kind: "river", Name: "x", Active: true, Outline: f.Outline}); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("another township moves it: %v", err)
		}
		w.must(w.guard.Erase(section, f.ID))
		w.runs(time.Minute)
		w.hears(d, c, fix(1000))
		w.same(w.alarms(c), "danger_cross ended", "danger_enter ended")
	})
}

func TestAPolygonZone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-07-10 15:00")
		d, c := w.badge("watch")
		p := func(e, n float64) orb.Point {
			m := fix(e)
			return orb.Point{*m.Lon, *m.Lat + n/111195}
		}
		ring := orb.Ring{p(500, -200), p(900, -200), p(900, 200), p(500, 200), p(500, -200)}
		_, err := w.guard.Draw(section, guard.Drawing{Kind: "reservoir", Region: "500111", Name: "水库", Active: true, Outline: fence.Outline{Polygon: orb.Polygon{ring}}})
		w.must(err)
		w.hears(d, c, fix(400))
		w.same(w.kinds())
		w.runs(3 * time.Minute)
		w.hears(d, c, fix(700))
		w.same(w.kinds(), "danger_enter>water")
	})
}

func TestSchoolTimeAbsence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		class := schedule.Schedule{{Days: schedule.School, From: "08:00", To: "16:30"}}
		draw := func(c id.ID) {
			_, err := w.guard.Draw(section, guard.Drawing{Kind: "school", ChildID: c, Name: "学校", Active: true, Schedule: class, Outline: fence.Outline{Circle: &fence.Circle{Point: home, RadiusM: 200}}})
			w.must(err)
		}
		w.until("2024-06-03 06:00") // a Monday of the term
		d, there := w.badge("watch")
		e, away := w.badge("watch")
		f, off := w.badge("watch")
		draw(there)
		draw(away)
		draw(off)
		speak := func(east map[string]float64) {
			for i, x := range []struct {
				d string
				c id.ID
			}{{d, there}, {e, away}, {f, off}} {
				if m, ok := east[string(rune('a'+i))]; ok {
					w.hears(x.d, x.c, fix(m))
				}
			}
		}
		for range 8 {
			w.runs(15 * time.Minute)
			speak(map[string]float64{"a": 3000, "b": 3000})
		}
		// 08:00: one is at school, one at home, one has said nothing today.
		for range 2 {
			w.runs(2 * time.Minute)
			speak(map[string]float64{"a": 10, "b": 3000})
		}
		w.runs(15 * time.Minute)
		w.same(w.alarms(away))
		w.runs(3 * time.Minute)
		w.same(w.alarms(there))
		w.same(w.alarms(away), "absent open")
		w.same(w.alarms(off), "cannot_confirm noted")
		w.same(w.kinds(), "absent>absent")
		w.runs(2 * time.Minute)
		speak(map[string]float64{"b": 20})
		w.runs(2 * time.Minute)
		speak(map[string]float64{"b": 20})
		w.same(w.alarms(away), "absent ended")
		// Saturday: nobody is missed.
		w.until("2024-06-08 10:00")
		w.due()
		before := len(w.taken)
		w.runs(30 * time.Minute)
		for _, n := range w.taken[before:] {
			if n.Kind == "absent" {
				t.Error("missed at school on a Saturday")
			}
		}
	})
}

func TestBatteryAndVitals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		say := func(percent int, vitals map[string]float64) {
			w.runs(2 * time.Minute)
			m := fix(0)
			m.Battery, m.Vitals = &percent, vitals
			w.hears(d, c, m)
		}
		for _, p := range []int{50, 21, 20, 19, 25, 18} {
			say(p, nil)
		}
		w.same(w.kinds(), "low_battery>battery")
		say(31, nil)
		say(20, nil)
		w.same(w.kinds(), "low_battery>battery", "low_battery>battery")
		for _, hr := range []float64{160, 0, 165, 90, 160, 170, 0, 158} {
			say(40, map[string]float64{report.HeartRate: hr})
		}
		w.same(w.kinds()[2:], "heart_rate>vital")
		say(40, map[string]float64{report.Temperature: 38.4})
		say(40, map[string]float64{report.Temperature: 38.5})
		w.same(w.kinds()[3:], "temperature>vital")
		w.same(w.alarms(c), "temperature open", "heart_rate open", "low_battery ended", "low_battery ended")
	})
}

func TestSilenceIsFoundOnItsSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.hears(d, c, link())
		for range 5 {
			w.runs(7 * time.Minute)
			w.hears(d, c, link())
		}
		w.runs(23*time.Minute + 59*time.Second)
		w.same(w.kinds())
		w.clk.Advance(time.Second)
		w.due()
		w.same(w.kinds(), "silent>silent") // 3 × 8 minutes
		w.runs(3 * time.Hour)
		w.same(w.kinds(), "silent>silent")
		w.hears(d, c, link())
		w.same(w.alarms(c), "silent ended")
		w.same(w.over, "silent spoke_again")
		w.runs(24 * time.Minute)
		w.same(w.kinds(), "silent>silent", "silent>silent")
	})
}

func TestSilenceWithAFlatBatteryIsCalledSo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		m, flat := fix(0), 4
		m.Battery = &flat
		w.hears(d, c, m)
		w.runs(25 * time.Minute)
		w.same(w.alarms(c), "battery_flat open", "low_battery open")
	})
}

func TestNightsAreQuietAndAnAbsenceOfOursIsNotTheirs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 21:50")
		d, c := w.badge("watch")
		w.hears(d, c, link())
		w.until("2024-06-04 06:00")
		w.due()
		w.same(w.kinds())
		w.until("2024-06-04 06:37")
		w.due()
		w.same(w.kinds()) // woken at 06:30, it has an interval's time
		w.until("2024-06-04 06:38")
		w.due()
		w.same(w.kinds(), "silent>silent")
		// The program was away for an hour: a grace, then truth.
		e, c2 := w.badge("watch")
		w.hears(e, c2, link())
		w.runs(2 * time.Minute)
		w.must(w.guard.Woke(context.Background()))
		w.clk.Advance(time.Hour)
		w.must(w.guard.Woke(context.Background()))
		w.due()
		w.same(w.alarms(c2))
		w.runs(16 * time.Minute)
		w.same(w.alarms(c2), "silent open")
	})
}

func TestManySilentTogetherAreOneIncident(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		type worn struct {
			d string
			c id.ID
		}
		var all []worn
		for i := range 12 {
			d, c := w.badge([]string{"watch", "watch-4g"}[i%2]) // models share their protocol's gateway
			all = append(all, worn{d, c})
		}
		other, oc := w.badge("g10ls") // through another gateway
		speak := func(from, to int) {
			for _, x := range all[from:to] {
				w.hears(x.d, x.c, link())
			}
			w.hears(other, oc, link())
		}
		for range 3 {
			speak(0, 12)
			w.runs(5 * time.Minute)
		}
		// Four of twelve are cut off; the others go on.
		for range 5 {
			speak(5, 12)
			w.runs(5 * time.Minute)
		}
		w.same(w.kinds(), "outage>outage")
		if n := w.taken[0]; n.ChildID != "" || !strings.Contains(n.Note, "source_watch") {
			t.Errorf("%+v", n)
		}
		for _, x := range all[:5] {
			w.same(w.alarms(x.c), "silent held")
		}
		list, err := w.guard.Outages(section)
		w.must(err)
		if len(list) != 1 || list[0].Held != 5 || list[0].EndedAt != 0 {
			t.Errorf("%+v", list)
		}
		// Four come back: the incident is over, and the fifth child is called for.
		for range 2 {
			speak(1, 12)
			w.runs(2 * time.Minute)
		}
		w.same(w.kinds(), "outage>outage", "silent>silent")
		w.same(w.alarms(all[0].c), "silent open")
		w.same(w.alarms(all[1].c), "silent ended")
		if list, _ = w.guard.Outages(section); list[0].EndedAt == 0 {
			t.Error("the outage goes on")
		}
	})
}

func TestSinglesAreNoOutage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 09:00")
		var d [12]string
		var c [12]id.ID
		for i := range d {
			d[i], c[i] = w.badge("watch")
			w.hears(d[i], c[i], link())
		}
		// Each half hour one more is switched off.
		for round := range 10 {
			for range 6 {
				w.runs(5 * time.Minute)
				for i := round + 1; i < 12; i++ {
					w.hears(d[i], c[i], link())
				}
			}
		}
		for _, k := range w.kinds() {
			if k != "silent>silent" {
				t.Fatal(k)
			}
		}
		if len(w.kinds()) < 8 {
			t.Errorf("%d silences told", len(w.kinds()))
		}
	})
}

func TestHistoryRaisesLateAndMovesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("2024-06-03 15:00")
		d, c := w.badge("watch")
		w.fence(c, "home", 300)
		w.hears(d, c, fix(0))
		w.runs(20 * time.Minute)
		w.hears(d, c, link())
		w.runs(20 * time.Minute)
		w.hears(d, c, fix(0)) // live, at home
		back := func(minutes int, east float64) {
			m := fix(east)
			m.History, m.Time = true, w.clk.Now().Add(-time.Duration(minutes)*time.Minute)
			w.hears(d, c, m)
		}
		for _, at := range []struct {
			ago  int
			east float64
		}{{30, 2000}, {28, 2200}, {26, 2300}, {20, 0}, {18, 0}} {
			back(at.ago, at.east)
		}
		list, err := w.guard.Alarms(section, guard.AlarmFilter{Child: c})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].Kind != guard.FenceExit || list.Items[0].LateS < 27*60 || list.Items[0].LateS > 31*60 || list.Items[0].MatterID == "" {
			t.Fatalf("%+v", list.Items)
		}
		if n := w.taken[0]; !n.History || n.DeviceAt == 0 || !strings.Contains(n.Note, "guard.text.late") {
			t.Errorf("%+v", n)
		}
		w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			one, err := device.Find(ctx, r, d)
			if err != nil {
				return err
			}
			last, err := device.LastOf(ctx, r, one.ID)
			if err != nil {
				return err
			}
			if at := last[one.ID].Position.At; at != clock.Of(w.clk.Now()) {
				t.Errorf("last known went back to %v", at.Time())
			}
			return nil
		}))
		// A live alarm is not ended by what history says.
		w.runs(time.Minute)
		w.hears(d, c, fix(900))
		w.runs(time.Minute)
		w.hears(d, c, fix(900))
		back(1, 0)
		back(0, 0)
		w.same(w.alarms(c), "fence_exit open", "fence_exit ended")
	})
}

func TestFencesAreSealedAndTheirDoorsWatched(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, c := w.badge("watch")
		f := w.fence(c, "home", 300)
		w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			var name, outline string
			if err := r.Get(ctx, db.To(&name, &outline), "SELECT name, outline FROM fence WHERE id = ?", f.ID); err != nil {
				return err
			}
			// A cipher text has neither quotes nor dots, but any three digits by
			// chance.
			for _, s := range []string{`"circle"`, `"`, fmt.Sprint(home.Lat), fmt.Sprint(home.Lon)} {
				if strings.Contains(outline, s) {
					t.Errorf("where a child lives stands in clear: %s", s)
				}
			}
			if strings.Contains(name, "家") {
				t.Error("a fence's name stands in clear")
			}
			return nil
		}))
		read := func(ctx context.Context) error { _, err := w.guard.FencesOf(ctx, c); return err }
		for _, tt := range []struct {
			name string
			ctx  context.Context
			kind errs.Kind
		}{
			{"another township", as(access.TownshipOfficer, "500111101"), errs.KindNotFound}, {"an administrator", as(access.SystemAdmin, "500111"), errs.KindForbidden},
			{"a citizen", as(access.Citizen, "500111"), errs.KindForbidden}, {"a teacher", as(access.Teacher, "500111"), errs.KindForbidden},
		} {
			if err := read(tt.ctx); !errs.Is(err, tt.kind) {
				t.Errorf("%s reads: %v", tt.name, err)
			}
			if _, err := w.guard.Redraw(tt.ctx, f.ID, guard.Drawing{Kind: "home", Name: "x", Outline: f.Outline}); err == nil {
				t.Errorf("%s moves the fence", tt.name)
			}
			if err := w.guard.Erase(tt.ctx, f.ID); err == nil {
				t.Errorf("%s erases the fence", tt.name)
			}
		}
		w.must(read(as(access.SeatOperator, "500111")))
		if _, err := w.guard.Redraw(as(access.SeatOperator, "500111"), f.ID, guard.Drawing{Kind: "home", Name: "x", Outline: f.Outline}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an operator draws: %v", err)
		}
		if _, err := w.guard.Redraw(section, f.ID, guard.Drawing{Kind: "home", Name: "x", Outline: f.Outline, Version: 7}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("an old version: %v", err)
		}
		g, err := w.guard.Redraw(as(access.VillageDirector, village), f.ID, guard.Drawing{Kind: "home", Name: "外婆家", Outline: f.Outline, Version: 1, Active: true})
		if err != nil || g.Version != 2 || g.Name != "外婆家" {
			t.Errorf("%+v %v", g, err)
		}
	})
}

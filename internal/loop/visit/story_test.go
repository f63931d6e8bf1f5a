package visit_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/visit"
	"zugou/internal/people/access"
	plans "zugou/policy/visit"
)

const (
	district = "500111"
	town     = "500111113"
	near     = "500111113203"
	far      = "500111113204"
	lin      = id.ID("child-lin")
	zhou     = id.ID("child-zhou")
)

// house is aftercare with fake neighbours; what is opened or told must be
// expected by a story.
type house struct {
	t       *testing.T
	d       *db.DB
	s       *visit.Service
	clk     *clock.Fake
	walked  []visit.Walked
	unfit   map[id.ID]bool
	away    []id.ID // from Lin
	mu      sync.Mutex
	matters []signal.New
	told    []string
	n       int
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		clk.Advance(40 * 24 * time.Hour) // between the festivals
		policies, err := dated.Read[visit.Policy](plans.Files)
		if err != nil {
			t.Fatal(err)
		}
		keys := crypto.Ephemeral(crypto.SM4)
		key, _ := keys.NewSubject()
		h := &house{t: t, d: d, clk: clk, unfit: map[id.ID]bool{}, walked: []visit.Walked{{ID: lin, Region: near, Categories: []string{"orphan"}}}}
		area := map[id.ID]string{lin: near, zhou: far}
		h.s = visit.New(visit.Options{DB: d, Policies: policies, District: district, Jobs: job.NewEngine(d, slog.New(slog.DiscardHandler)), Ports: visit.Ports{
			Key: func(_ context.Context, _ db.Reader, c id.ID) (crypto.Subject, string, error) {
				if area[c] == "" {
					return key, "", errs.NotFound("record.not_found")
				}
				return key, area[c], nil
			},
			Take: func(_ context.Context, _ *db.Tx, n signal.New) (id.ID, error) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.matters = append(h.matters, n)
				return id.ID("matter-" + n.Kinds), nil
			},
			MayMeet: func(_ context.Context, _ db.Reader, account id.ID, field string) error {
				if h.unfit[account] {
					return errs.Invalid(field, "workforce.not_vetted")
				}
				return nil
			},
			Away: func(context.Context, db.Reader, ...id.ID) (map[id.ID][]id.ID, error) {
				return map[id.ID][]id.ID{lin: h.away}, nil
			},
			Nearest: func(_ context.Context, _ db.Reader, _ string, away []id.ID) (id.ID, error) {
				if slices.Contains(away, "director") {
					return "officer", nil
				}
				return "director", nil
			},
			Officers: func(context.Context, db.Reader, string) ([]id.ID, error) { return []id.ID{"officer"}, nil },
			Tell: func(_ context.Context, _ *db.Tx, to id.ID, _, text string, _ id.ID) error {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.told = append(h.told, string(to)+":"+text)
				return nil
			},
			Names: func(context.Context, db.Reader, []id.ID) (map[id.ID]string, error) { return map[id.ID]string{}, nil },
			Children: func(_ context.Context, _ db.Reader, list []id.ID) (map[id.ID]visit.Brief, error) {
				out := map[id.ID]visit.Brief{}
				for _, c := range list {
					out[c] = visit.Brief{Name: "林小禾", Age: 9}
				}
				return out, nil
			},
			Colours: func(context.Context, db.Reader, []id.ID) (map[id.ID]string, error) { return map[id.ID]string{}, nil },
			Home: func(_ context.Context, _ db.Reader, _ id.ID, full bool) (visit.Home, error) {
				if full {
					return visit.Home{Address: "某村1号"}, nil
				}
				return visit.Home{Address: "某村***"}, nil
			},
			AccountArea: func(context.Context, db.Reader, id.ID) (string, error) { return near, nil },
			Place:       func(context.Context, db.Reader, string) (string, error) { return "某村", nil },
			Point: func(_ context.Context, _ db.Reader, code string) (visit.Point, bool, error) {
				if code == far {
					return visit.Point{Lat: 29.8, Lon: 105.7}, true, nil // 11 km away
				}
				return visit.Point{Lat: 29.7, Lon: 105.7}, true, nil
			},
			Files: func(_ context.Context, _ db.Reader, kind string, _ id.ID) (int, error) {
				return map[string]int{"hand": 2}[kind], nil
			},
			Walk: func(_ context.Context, _ db.Reader, after id.ID, _ int) ([]visit.Walked, error) {
				if after != "" {
					return nil, nil
				}
				return h.walked, nil
			},
		}})
		t.Cleanup(func() {
			if len(h.matters) > 0 || len(h.told) > 0 {
				t.Errorf("nobody expected: matters %+v, told %v", h.matters, h.told)
			}
		})
		fn(t, h)
	})
}

func as(account string, role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: region, Department: access.CivilAffairs}}})
}

var (
	director = as("director", access.VillageDirector, near)
	mother   = as("mother", access.Volunteer, town)
	officer  = as("officer", access.TownshipOfficer, town)
	other    = as("other", access.TownshipOfficer, "500111100")
	admin    = as("admin", access.SystemAdmin, district)
)

func (h *house) today() civil.Date { return civil.DateOf(h.clk.Now()) }

func (h *house) tell(want ...string) {
	h.t.Helper()
	if strings.Join(h.told, " ") != strings.Join(want, " ") {
		h.t.Fatalf("told %v, want %v", h.told, want)
	}
	h.told = nil
}

func (h *house) plan() {
	h.t.Helper()
	if err := h.s.Plan(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) route(ctx context.Context) visit.Route {
	h.t.Helper()
	r, err := h.s.Route(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// report is a visit of half an hour that ended now.
func (h *house) report(due id.ID) visit.Report {
	h.n++
	now := clock.Of(h.clk.Now())
	return visit.Report{Key: fmt.Sprintf("key-%06d", h.n), VisitID: id.New(), DueID: due, BeganAt: now.Add(-30 * time.Minute), EndedAt: now, Met: true, Lat: 29.7, Lon: 105.7,
		Body: visit.Body{Seen: map[string]string{"enough_food": "yes"}, Present: []string{"child"}, Text: "一切都好"}}
}

func (h *house) store(ctx context.Context, q visit.Report) visit.Stored {
	h.t.Helper()
	out, err := h.s.Store(ctx, q)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *house) pair() visit.Pairing {
	h.t.Helper()
	p, err := h.s.Pair(officer, lin, "mother", "carer", "")
	if err != nil {
		h.t.Fatal(err)
	}
	h.tell("mother:visit.paired")
	return p
}

func TestAChildIsVisitedByItsPlanAndTheNextVisitFollows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plan()
		h.plan() // any number of times
		r := h.route(director)
		if len(r.Stops) != 1 || r.Stops[0].Why != "category.orphan" || r.Stops[0].DueOn != h.today().AddDays(7) {
			t.Fatalf("%+v", r.Stops)
		}
		if r.Stops[0].Home.Address != "某村1号" {
			t.Errorf("a director who goes there sees %q", r.Stops[0].Home.Address)
		}
		q := h.report(r.Stops[0].ID)
		first := h.store(director, q)
		if again := h.store(director, q); !again.Again || again.ID != first.ID || again.Version != first.Version {
			t.Fatalf("sent twice is two: %+v", again)
		}
		if r = h.route(director); len(r.Stops) != 0 {
			t.Fatalf("still to be made: %+v", r.Stops)
		}
		h.plan()
		if r = h.route(director); len(r.Stops) != 0 {
			t.Fatalf("planned anew at once: %+v", r.Stops)
		}
		h.clk.Advance(24 * 24 * time.Hour)
		h.plan()
		if r = h.route(director); len(r.Stops) != 1 || r.Stops[0].DueOn != h.today().AddDays(6) || r.Stops[0].Last.Body.Text != "一切都好" {
			t.Fatalf("%+v", r.Stops)
		}
		// The colour rises: the day comes nearer.
		h.walked[0].Colour = "red"
		h.plan()
		if r = h.route(director); r.Stops[0].DueOn >= h.today() || r.Stops[0].Why != "colour.red" {
			t.Fatalf("%+v", r.Stops[0])
		}
		h.clk.Advance(9 * 24 * time.Hour)
		h.plan()
		h.plan()
		h.tell("officer:visit.late")
	})
}

func TestAChildThatWasNotSeenIsNotVisited(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plan()
		q := h.report(h.route(director).Stops[0].ID)
		q.Met = false
		h.store(director, q)
		if len(h.route(director).Stops) != 1 {
			t.Fatal("an empty house counts as a visit")
		}
	})
}

func TestNobodyIsPairedWithoutARecordsCheck(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.unfit["mother"] = true
		if _, err := h.s.Pair(officer, lin, "mother", "carer", ""); !errs.Is(err, errs.KindInvalid) {
			t.Fatalf("%v", err)
		}
		h.unfit["mother"] = false
		if _, err := h.s.Pair(other, lin, "mother", "carer", ""); err == nil {
			t.Fatal("another township paired")
		}
		p := h.pair()
		if _, err := h.s.Pair(officer, lin, "mother", "carer", ""); errs.KeyOf(err) != "visit.paired_already" {
			t.Fatalf("%v", err)
		}
		h.plan()
		if r := h.route(mother); len(r.Stops) != 1 || r.Stops[0].Home.Address != "某村***" {
			t.Fatalf("the paired helper's route: %+v", r.Stops)
		}
		// Barred: everything of hers ends in the change that says so.
		if err := h.d.Update(officer, func(ctx context.Context, tx *db.Tx) error { return h.s.Stop(ctx, tx, "mother") }); err != nil {
			t.Fatal(err)
		}
		h.tell("officer:visit.unpaired")
		if r := h.route(mother); len(r.Stops) != 0 {
			t.Fatalf("%+v", r.Stops)
		}
		if r := h.route(director); len(r.Stops) != 1 {
			t.Fatal("nobody goes instead")
		}
		if _, err := h.s.Unpair(officer, p.ID, "moved"); errs.KeyOf(err) != "visit.pairing_ended" {
			t.Fatalf("%v", err)
		}
	})
}

func TestTwoPhonesOneVisitBothVersionsStayAndAPersonDecides(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.pair()
		h.plan()
		due := h.route(mother).Stops[0].ID
		hers, his := h.report(due), h.report(due)
		his.Body.Text = "另一部手机写的"
		first := h.store(mother, hers)
		second, err := h.s.Store(director, his)
		if err != nil || second.State != visit.Conflict || second.ID != first.ID || second.Current != first.Version {
			t.Fatalf("%+v %v", second, err)
		}
		h.tell("officer:visit.conflict")
		sheet, err := h.s.Find(officer, first.ID)
		if err != nil || len(sheet.Versions) != 2 || sheet.Versions[1].Body.Text != "另一部手机写的" || !sheet.MayDecide {
			t.Fatalf("%+v %v", sheet, err)
		}
		if _, err := h.s.Decide(mother, first.ID, second.Version); err == nil {
			t.Fatal("a helper decided")
		}
		v, err := h.s.Decide(officer, first.ID, second.Version)
		if err != nil || v.Current != second.Version || v.State != visit.Settled || v.By != "director" {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := h.s.Decide(officer, first.ID, first.Version); errs.KeyOf(err) != "visit.decided" {
			t.Fatalf("%v", err)
		}
		// An edit of an older version is a conflict, one of the current is not.
		old := h.report("")
		old.VisitID, old.ChildID, old.Base = first.ID, lin, first.Version
		if out := h.store(mother, old); out.State != visit.Conflict {
			t.Fatalf("an old edit won: %+v", out)
		}
		h.tell("officer:visit.conflict")
	})
}

func TestADangerIsAMatterInTheSameChange(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plan()
		q := h.report(h.route(director).Stops[0].ID)
		q.Danger = "abuse"
		if _, err := h.s.Store(director, q); !errs.Is(err, errs.KindInvalid) {
			t.Fatalf("a danger without words: %v", err)
		}
		q.Body.Danger = "身上有伤"
		out := h.store(director, q)
		if len(h.matters) != 1 || h.matters[0].Kinds != "abuse" || h.matters[0].ChildID != lin || strings.Contains(h.matters[0].Note, "伤") || out.MatterID != "matter-abuse" {
			t.Fatalf("%+v %+v", h.matters, out)
		}
		h.store(director, q)
		if len(h.matters) != 1 {
			t.Fatal("sent twice, two matters")
		}
		h.matters = nil
	})
}

func TestASupervisorSeesVisitsThatCannotBeTrue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.walked = append(h.walked, visit.Walked{ID: zhou, Region: far, Categories: []string{"orphan"}})
		h.plan()
		stops := h.route(director).Stops
		a, b := h.report(stops[0].ID), h.report(stops[1].ID)
		a.Lat, a.Lon, b.Lat, b.Lon = 0, 0, 0, 0 // no place: the villages tell
		h.store(director, a)
		b.BeganAt = a.EndedAt.Add(time.Minute)
		b.EndedAt = b.BeganAt.Add(30 * time.Minute)
		h.clk.Advance(time.Hour)
		twice := h.store(director, b)
		c := h.report("")
		c.ChildID, c.Lat = zhou, 30.2 // 45 km from the village
		c.BeganAt = c.EndedAt.Add(-time.Second)
		off := h.store(as("walker", access.VillageDirector, far), c)
		kinds := func(n id.ID) []string {
			sheet, err := h.s.Find(officer, n)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, m := range sheet.MarkList {
				out = append(out, m.Kind)
			}
			slices.Sort(out)
			return out
		}
		if got := kinds(twice.ID); !slices.Equal(got, []string{visit.TwoPlaces}) {
			t.Errorf("two villages in a minute: %v", got)
		}
		if got := kinds(off.ID); !slices.Equal(got, []string{visit.FarOff, visit.TooShort}) {
			t.Errorf("a second, far off: %v", got)
		}
		if err := h.d.Update(director, func(ctx context.Context, tx *db.Tx) error {
			return h.s.Pictured(ctx, tx, off.ID, "photo", visit.Point{Lat: 30.2, Lon: 105.7})
		}); err != nil {
			t.Fatal(err)
		}
		if got := kinds(off.ID); !slices.Contains(got, visit.PhotoFar) {
			t.Errorf("the photo: %v", got)
		}
		rows, _, err := h.s.List(officer, visit.Query{Which: "doubt"})
		if err != nil || len(rows) != 2 {
			t.Fatalf("%+v %v", rows, err)
		}
		sheet, _ := h.s.Find(officer, twice.ID)
		if _, err := h.s.Settle(as("director", access.TownshipOfficer, town), sheet.MarkList[0].ID, false, "自己说是对的"); errs.KeyOf(err) != "visit.own_mark" {
			t.Errorf("cleared oneself: %v", err)
		}
		if m, err := h.s.Settle(officer, sheet.MarkList[0].ID, true, "核实后没有去第二家"); err != nil || m.State != "wrong" {
			t.Errorf("%+v %v", m, err)
		}
	})
}

func TestAFestivalsGreetingIsPlannedOnceAndItsGoodsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		spring, _ := civil.ParseDate("2026-02-17")
		h.clk.Advance(spring.AddDays(-5).Start().Sub(h.clk.Now()))
		h.plan()
		h.plan()
		// The greeting and the regular visit of one child are one stop: the one with
		// goods leads.
		stops := h.route(director).Stops
		if len(stops) != 1 || stops[0].Plan != "spring_festival.2026" || len(stops[0].Goods) != 4 || len(stops[0].Also) != 1 || stops[0].Also[0].Plan != visit.Regular {
			t.Fatalf("%+v", stops)
		}
		due := stops[0].ID
		q := h.report(due)
		q.Goods = []visit.Goods{{Item: "rice", Count: 1}, {Item: "oil", Count: 2}}
		h.store(director, q)
		if left := h.route(director).Stops; len(left) != 0 {
			t.Fatalf("one visit, two forms: %+v", left)
		}
		h.plan()
		list, err := h.s.Greetings(officer)
		if err != nil || len(list) != 1 || list[0].Children != 1 || list[0].Done != 1 || !slices.Equal(list[0].Given, []visit.Goods{{Item: "oil", Count: 2}, {Item: "rice", Count: 1}}) {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestAPhoneThatMustForgetSaysWhatItSent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if _, err := h.s.AskWipe(other, "director", "手机丢失"); err == nil {
			t.Fatal("another township wiped a phone")
		}
		w, err := h.s.AskWipe(officer, "director", "手机丢失")
		if err != nil {
			t.Fatal(err)
		}
		if r := h.route(director); r.Wipe != w.ID {
			t.Fatalf("the phone is not told: %+v", r)
		}
		if err := h.s.Wiped(mother, w.ID, 0, 0); !errs.Is(err, errs.KindNotFound) {
			t.Fatalf("another's word: %v", err)
		}
		if err := h.s.Wiped(director, w.ID, 2, 1); err != nil {
			t.Fatal(err)
		}
		list, err := h.s.Wipes(officer)
		if err != nil || len(list) != 1 || list[0].Sent != 2 || list[0].Sealed != 1 || list[0].DoneAt == 0 {
			t.Fatalf("%+v %v", list, err)
		}
		if h.route(director).Wipe != "" {
			t.Fatal("told to forget again")
		}
	})
}

func TestWhoMaySeeAndMakeVisits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plan()
		q := h.report(h.route(director).Stops[0].ID)
		for name, ctx := range map[string]context.Context{"another township": other, "a helper who is not paired": mother, "an administrator": admin} {
			if _, err := h.s.Store(ctx, q); err == nil {
				t.Errorf("%s made a visit", name)
			}
		}
		v := h.store(director, q)
		for name, ctx := range map[string]context.Context{"another township": other, "a helper who is not paired": mother, "an administrator": admin} {
			if _, err := h.s.Find(ctx, v.ID); err == nil {
				t.Errorf("%s reads a visit", name)
			}
		}
		if rows, _, err := h.s.List(other, visit.Query{}); err != nil || len(rows) != 0 {
			t.Errorf("another township lists %v %v", rows, err)
		}
		if _, err := h.s.Route(admin); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an administrator has a route: %v", err)
		}
	})
}

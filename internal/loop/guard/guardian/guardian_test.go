package guardian_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/guardian"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	rules "zugou/policy/guard"
)

const village = "500111116206"

type world struct {
	t        *testing.T
	db       *db.DB
	clk      *clock.Fake
	keys     *crypto.Keyring
	people   *person.Service
	s        *guardian.Service
	child    id.ID
	mother   id.ID
	mumPhone string
	accounts map[id.ID]id.ID
	on       bool
}

func as(role access.Role, account id.ID, area string) context.Context {
	return access.With(context.Background(), access.Actor{Account: account, Grants: []access.Grant{{Role: role, Region: area, Department: access.CivilAffairs}}})
}

var (
	officer = as(access.TownshipOfficer, "officer", "500111116")
	mum     = as(access.Citizen, "mum", "500111")
	system  = access.With(context.Background(), access.System("test"))
)

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := &world{t: t, db: d, clk: clk, keys: crypto.Ephemeral(crypto.AES), accounts: map[id.ID]id.ID{}, on: true, mumPhone: "15400000001"}
		w.people = person.New(d, w.keys, person.Ports{Worn: device.Worn, Follow: device.Follow})
		w.must(d.Update(system, func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, "500111") }))
		out, err := w.people.Create(system, person.NewChild{Name: "李小满", BirthOn: "2015-03-12", Sex: "m", NoIDReason: "未上户", Region: village, Guardians: []person.NewGuardian{
			{Name: "王春梅", Relation: person.Mother, Phones: []string{w.mumPhone}, Guardian: true}, {Name: "李大山", Relation: person.Uncle, Carer: true}}})
		w.must(err)
		w.child = out.ID
		editions, err := guard.ReadEditions(rules.Files)
		w.must(err)
		target := func(ctx context.Context, r db.Reader, c id.ID) (access.Target, error) {
			area, err := person.Region(ctx, r, c)
			return access.Target{Region: area}, err
		}
		jobs := job.NewEngine(d, slog.New(slog.DiscardHandler))
		g := guard.New(guard.Parts{DB: d, Keys: w.keys, Jobs: jobs, District: "500111", Editions: editions, Calendar: duty.Calendars(nil), Target: target,
			Take: func(context.Context, *db.Tx, signal.New) (seat.Receipt, error) { return seat.Receipt{}, nil },
			Text: func(key string, _ map[string]string) string { return key }})
		w.s = guardian.New(guardian.Parts{DB: d, Keys: w.keys, District: "500111", Guard: g, Target: target,
			Account: func(_ context.Context, _ db.Reader, p id.ID) (id.ID, error) { return w.accounts[p], nil }})
		v, err := w.s.Viewers(officer, w.child)
		w.must(err)
		for _, c := range v.Others {
			if c.Relation == "mother" {
				w.mother = c.PersonID
			}
		}
		w.accounts[w.mother] = "mum"
		w.must(d.Update(system, func(ctx context.Context, tx *db.Tx) error {
			ids, err := device.Register(ctx, tx, w.keys, []device.Registration{{DeviceID: "8800000001", Kind: "badge", Profile: "watch", Wearer: w.child, Region: village}})
			if err != nil {
				return err
			}
			one, err := device.ByID(ctx, tx, ids[0])
			if err != nil {
				return err
			}
			return device.Touch(ctx, tx, one, device.Seen{At: tx.Now, Battery: 70, Where: &device.Position{Lat: 29.7, Lon: 105.7, At: tx.Now, Source: "gps", AccuracyM: 15}})
		}))
		fn(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.must(w.db.Update(system, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }))
}

func (w *world) open() {
	w.t.Helper()
	w.must(w.s.Open(officer, w.child, guardian.Opening{PersonID: w.mother, How: "核对户口簿"}))
	w.must(w.s.Consent(mum, w.child, true))
}

// matter opens one on the child; contact says whether the family may be told.
func (w *world) matter(contact bool) id.ID {
	w.t.Helper()
	m := id.New()
	w.exec(`INSERT INTO matter (id, no, kind, grp, urgency, rank, crisis, state, region, child_id, event_key, opened_at, opened_by, stage, contact_allowed) VALUES (?, ?, 'abuse', 'abuse', 'critical', 0, ?, 'open', ?, ?, ?, 1, 'x', 'received', ?)`,
		m, m, true, village, w.child, m, contact)
	return m
}

// cuts is everything that ends a guardian's look, each with what brings it
// back where anything does.
func cuts(w *world) map[string]func() (back func()) {
	conflict := func(account, who id.ID, index string) func() func() {
		return func() func() {
			m := w.matter(true)
			w.exec("INSERT INTO matter_conflict (id, matter_id, person_id, account_id, name, phone_index, relation, reason, set_by, set_at) VALUES (?, ?, ?, ?, '', ?, '', '', 'x', 1)", id.New(), m, who, account, index)
			return func() { w.exec("UPDATE matter SET state = 'closed' WHERE id = ?", m) }
		}
	}
	bar := func(kind string) func() func() {
		return func() func() {
			w.must(w.s.SetBar(officer, w.child, guardian.NewBar{PersonID: w.mother, Kind: kind, DocumentNo: "(2024)渝0111民保令1号", FromOn: "2024-01-01"}))
			return func() {
				v, err := w.s.Viewers(officer, w.child)
				w.must(err)
				w.must(w.s.LiftBar(officer, v.Bars[0].ID, "期满解除"))
			}
		}
	}
	return map[string]func() func(){
		"guardianship suspended": bar("suspended"), "guardianship revoked": bar("revoked"), "a protection order": bar("protection_order"),
		"on a conflict list by account": conflict("mum", "", ""), "by record": conflict("", w.mother, ""),
		"by number": conflict("", "", person.PhoneIndex(w.keys, "15400000001")),
		"a matter that forbids contact": func() func() {
			m := w.matter(false)
			return func() { w.exec("UPDATE matter SET contact_allowed = ? WHERE id = ?", true, m) }
		},
		"consent withdrawn": func() func() {
			w.must(w.s.Consent(mum, w.child, false))
			return func() { w.must(w.s.Consent(mum, w.child, true)) }
		},
		"must not be called": func() func() {
			w.exec("UPDATE relation SET may_contact = ? WHERE person_id = ?", false, w.mother)
			return func() { w.exec("UPDATE relation SET may_contact = ? WHERE person_id = ?", true, w.mother) }
		},
		"no guardian in the register any more": func() func() {
			w.exec("UPDATE relation SET ended_on = '2024-05-01' WHERE person_id = ?", w.mother)
			return func() { w.exec("UPDATE relation SET ended_on = '' WHERE person_id = ?", w.mother) }
		},
		"carer, but no guardian": func() func() {
			w.exec("UPDATE relation SET guardian = ? WHERE person_id = ?", false, w.mother)
			return func() { w.exec("UPDATE relation SET guardian = ? WHERE person_id = ?", true, w.mother) }
		},
		"of age": func() func() {
			w.exec("UPDATE person SET birth_on = '2000-01-01' WHERE id = ?", w.child)
			return func() { w.exec("UPDATE person SET birth_on = '2015-03-12' WHERE id = ?", w.child) }
		},
	}
}

// Every cut, at every door: the page, the list, the live line.
func TestCutAtOnceAtEveryDoor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.open()
		srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if err := w.s.Live(rw, r, w.child, func(context.Context) (access.Actor, error) { return access.From(mum), nil }); err != nil {
				http.Error(rw, err.Error(), http.StatusForbidden)
			}
		}))
		defer srv.Close()
		for name, cut := range cuts(w) {
			t.Run(name, func(t *testing.T) {
				now, err := w.s.Look(mum, w.child)
				if err != nil || len(now.Devices) != 1 || now.Devices[0].Position == nil || now.Devices[0].Battery != 70 {
					t.Fatalf("before: %+v %v", now, err)
				}
				res, err := http.Get(srv.URL)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = res.Body.Close() }()
				lines := bufio.NewScanner(res.Body)
				next := func() string {
					for lines.Scan() {
						if strings.HasPrefix(lines.Text(), "event: ") {
							return lines.Text()
						}
					}
					return "end"
				}
				if got := next(); got != "event: now" {
					t.Fatalf("the line begins with %q", got)
				}
				back := cut()
				if _, err := w.s.Look(mum, w.child); !errs.Is(err, errs.KindForbidden) || errs.KeyOf(err) != "guardian.closed" {
					t.Errorf("the page says %v", err)
				}
				mine, err := w.s.Mine(mum)
				if err != nil || len(mine.Items) != 1 || mine.Items[0].State == "open" || mine.Items[0].State == "closed" && mine.Items[0].Name != "" {
					t.Errorf("the list says %+v %v", mine, err)
				}
				if got := next(); got != "event: cut" {
					t.Errorf("the live line says %q", got)
				}
				if got := next(); got != "end" {
					t.Errorf("the line goes on with %q", got)
				}
				if again, err := http.Get(srv.URL); err != nil || again.StatusCode != http.StatusForbidden {
					t.Errorf("a new line is opened: %v", err)
				}
				if name != "consent withdrawn" {
					if err := w.s.Consent(mum, w.child, true); errs.KeyOf(err) != "guardian.closed" {
						t.Errorf("consent opens it again: %v", err)
					}
				}
				back()
			})
		}
		v, err := w.s.Viewers(officer, w.child)
		w.must(err)
		w.must(w.s.Close(officer, v.Items[0].LinkID, "家庭申请停止"))
		if _, err := w.s.Look(mum, w.child); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("closed for good: %v", err)
		}
	})
}

func TestWhoMayOpen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := guardian.Opening{PersonID: w.mother, How: "核对户口簿"}
		for name, tt := range map[string]struct {
			ctx  context.Context
			kind errs.Kind
		}{
			"the guardian itself": {mum, errs.KindForbidden}, "another township": {as(access.TownshipOfficer, "x", "500111101"), errs.KindForbidden},
			"an operator": {as(access.SeatOperator, "x", "500111"), errs.KindForbidden}, "an administrator": {as(access.SystemAdmin, "x", "500111"), errs.KindForbidden},
		} {
			if err := w.s.Open(tt.ctx, w.child, o); err == nil {
				t.Errorf("%s opens it", name)
			}
		}
		v, err := w.s.Viewers(officer, w.child)
		w.must(err)
		for _, c := range v.Others {
			if !c.Guardian {
				w.accounts[c.PersonID] = "uncle"
				if err := w.s.Open(officer, w.child, guardian.Opening{PersonID: c.PersonID, How: "村里证明"}); !errs.Is(err, errs.KindInvalid) {
					t.Errorf("an uncle who cares is no guardian: %v", err)
				}
			}
		}
		w.matter(false)
		if err := w.s.Open(officer, w.child, o); !errs.Is(err, errs.KindConflict) {
			t.Errorf("while contact is forbidden: %v", err)
		}
		w.exec("UPDATE matter SET state = 'closed'")
		w.must(w.s.Open(officer, w.child, o))
		if err := w.s.Open(officer, w.child, o); !errs.Is(err, errs.KindConflict) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.s.Look(mum, w.child); errs.KeyOf(err) != "guardian.closed" {
			t.Errorf("without consent: %v", err)
		}
		if _, err := w.s.Look(as(access.Citizen, "stranger", "500111"), w.child); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("a stranger: %v", err)
		}
		if _, err := w.s.Look(officer, w.child); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an officer at the guardian's door: %v", err)
		}
		w.must(w.s.Consent(mum, w.child, true))
	})
}

func TestARequestIsAnsweredByAnOfficer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		q := guardian.Request{ChildName: "李小满", Relation: "mother", Note: "我在广东打工"}
		w.must(w.s.Ask(mum, q))
		if err := w.s.Ask(mum, q); !errs.Is(err, errs.KindConflict) {
			t.Errorf("a second while one waits: %v", err)
		}
		list, err := w.s.Requests(officer)
		if err != nil || len(list) != 1 || list[0].ChildName != "李小满" || list[0].Note != "我在广东打工" {
			t.Fatalf("%+v %v", list, err)
		}
		if _, err := w.s.Requests(mum); !errs.Is(err, errs.KindForbidden) {
			t.Error("a guardian reads the requests")
		}
		w.must(w.s.Open(officer, w.child, guardian.Opening{PersonID: w.mother, RequestID: list[0].ID, How: "视频核验身份证"}))
		mine, err := w.s.Mine(mum)
		if err != nil || mine.Waiting || len(mine.Items) != 1 || mine.Items[0].State != "consent" {
			t.Errorf("%+v %v", mine, err)
		}
	})
}

// The child looks by its own link: who can see it and since when, without a
// name of its own or a place; whoever is cut is gone from it.
func TestTheChildSeesWhoSees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.open()
		for name, ctx := range map[string]context.Context{
			"the guardian": mum, "another township": as(access.TownshipOfficer, "x", "500111101"), "an operator": as(access.SeatOperator, "x", "500111"),
		} {
			if _, err := w.s.GiveChildLink(ctx, w.child); err == nil {
				t.Errorf("%s gives the child a link", name)
			}
		}
		made, err := w.s.GiveChildLink(officer, w.child)
		w.must(err)
		shown, err := w.s.ForChild(context.Background(), made.Link, "10.0.0.1")
		if err != nil || len(shown.Items) != 1 || shown.Items[0].Relation != "mother" || shown.Items[0].Name != "王**" || shown.Items[0].SinceOn == "" {
			t.Fatalf("%+v %v", shown, err)
		}
		text, err := json.Marshal(shown)
		w.must(err)
		for _, secret := range []string{"李小满", "春梅", "29.7", "105.7", string(w.child)} {
			if strings.Contains(string(text), secret) {
				t.Errorf("the child's page tells %q", secret)
			}
		}
		var rows, plain int
		w.must(w.db.View(system, func(ctx context.Context, r db.Reader) error {
			if err := r.Get(ctx, db.To(&rows), "SELECT count(*) FROM audit_row WHERE action = 'guardian.tell'"); err != nil {
				return err
			}
			return r.Get(ctx, db.To(&plain), "SELECT count(*) FROM child_link WHERE link = ?", made.Link)
		}))
		if rows != 2 || plain != 0 {
			t.Errorf("%d rows of audit for one link and one look; %d links in plain", rows, plain)
		}
		v, err := w.s.Viewers(officer, w.child)
		if err != nil || v.Link == nil || v.Link.ReadAt == 0 {
			t.Errorf("officers see %+v %v", v.Link, err)
		}
		for name, cut := range cuts(w) {
			back := cut()
			shown, err := w.s.ForChild(context.Background(), made.Link, "10.0.0.2/"+name)
			if err != nil || len(shown.Items) != 0 {
				t.Errorf("%s: the child is told of %+v %v", name, shown.Items, err)
			}
			back()
		}
		// A new sheet ends the old one; so do an officer and time.
		anew, err := w.s.GiveChildLink(officer, w.child)
		w.must(err)
		over := func(link, why string) {
			t.Helper()
			if _, err := w.s.ForChild(context.Background(), link, why); errs.KeyOf(err) != "child_link.over" {
				t.Errorf("%s: %v", why, err)
			}
		}
		over(made.Link, "an older one")
		over("", "none")
		over("guessed", "a guess")
		w.must(w.s.EndChildLink(officer, w.child))
		over(anew.Link, "ended")
		last, err := w.s.GiveChildLink(officer, w.child)
		w.must(err)
		w.clk.Advance(181 * 24 * time.Hour)
		over(last.Link, "after its term")
	})
}

func TestTheChildsLinkIsNoTapForAScript(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var slow error
		for range 31 {
			_, slow = w.s.ForChild(context.Background(), "guessed", "10.0.0.9")
		}
		if !errs.Is(slow, errs.KindBusy) || errs.KeyOf(slow) != "child_link.slow" {
			t.Errorf("after thirty guesses: %v", slow)
		}
		if _, err := w.s.ForChild(context.Background(), "another", "10.0.0.8"); errs.Is(err, errs.KindBusy) {
			t.Error("a guesser keeps others out")
		}
		w.clk.Advance(10 * time.Minute)
		if _, err := w.s.ForChild(context.Background(), "guessed", "10.0.0.9"); errs.Is(err, errs.KindBusy) {
			t.Error("it never ends")
		}
	})
}

// Each live line looks at every change of the house: an account holds a few,
// and the newest of them.
func TestAnAccountHoldsFewLiveLines(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.open()
		srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if err := w.s.Live(rw, r, w.child, func(context.Context) (access.Actor, error) { return access.From(mum), nil }); err != nil {
				http.Error(rw, err.Error(), http.StatusForbidden)
			}
		}))
		defer srv.Close()
		var open []*bufio.Scanner
		for range 9 {
			res, err := http.Get(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = res.Body.Close() })
			line := bufio.NewScanner(res.Body)
			if !line.Scan() || line.Text() != "event: now" {
				t.Fatalf("the line begins with %q", line.Text())
			}
			open = append(open, line)
		}
		for i, line := range open {
			if i == 3 { // those that are left end by a cut, and say so
				cuts(w)["guardianship suspended"]()
			}
			said := ""
			for line.Scan() {
				said += line.Text() + "\n"
			}
			if cut := strings.Contains(said, "event: cut"); cut != (i >= 3) {
				t.Errorf("line %d ended with %q", i, said)
			}
		}
	})
}

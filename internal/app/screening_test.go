package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/library"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

// ward is a small district with accounts of every role and one class of a
// school, on the real program, with a clock of the test's own.
type ward struct {
	t        *testing.T
	a        *App
	clk      *clock.Fake
	who      map[access.Role][]staff.DemoAccount
	children []id.ID
	region   string
}

// night is 03:00 in China.
var night = time.Date(2024, 5, 31, 19, 0, 0, 0, time.UTC)

func wards(t *testing.T, pupils int, fn func(w *ward)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			args := []string{"--demo", "--data", t.TempDir(), "--http", "127.0.0.1:0"}
			if engine == "postgres" {
				args = append(args, "--db", dbtest.Postgres(t))
			}
			c, err := config.Load(args, func(string) string { return "" }, nil)
			if err != nil {
				t.Fatal(err)
			}
			w := &ward{t: t, clk: clock.NewFake(night), who: map[access.Role][]staff.DemoAccount{}}
			ctx := access.With(context.Background(), access.System("test"))
			if w.a, err = Open(ctx, Options{Config: c, Clock: w.clk, Log: slog.New(slog.DiscardHandler), Version: "test"}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.a.Close() })
			accounts, err := w.a.Staff.SeedDemo(ctx, nil)
			w.must(err)
			for _, x := range accounts {
				w.who[x.Role] = append(w.who[x.Role], x)
			}
			w.must(w.a.seedScreening(ctx, accounts))
			w.region = w.who[access.Teacher][0].Region
			w.must(w.a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
				table, err := w.a.Atlas.Table(ctx, r)
				if villages := table.Children(region.Code(w.region)); err == nil && len(villages) > 0 {
					w.region = string(villages[0].Code)
				}
				return err
			}))
			for i := range pupils {
				got, err := w.a.Person.Create(ctx, person.NewChild{Name: "试" + string(rune('甲'+i%3)) + string(rune('一'+i)), Sex: "f", BirthOn: "2011-03-01", NoIDReason: "测试用儿童",
					Region: w.region, School: person.School{Name: "试验中学", Grade: "七年级", Class: fmt.Sprintf("%d班", 1+i/40)}})
				w.must(err)
				w.children = append(w.children, got.ID)
			}
			fn(w)
		})
	}
}

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) wants(err error, key string) {
	w.t.Helper()
	got := errs.KeyOf(err)
	var full *errs.Error
	if e, ok := err.(*errs.Error); ok {
		full = e
	}
	if got != key && (full == nil || !slices.ContainsFunc(full.Fields, func(f errs.Field) bool { return f.Key == key })) {
		w.t.Fatalf("got %v, want %s", err, key)
	}
}

func (w *ward) ctx() context.Context {
	return access.With(context.Background(), access.System("test"))
}

func (w *ward) as(role access.Role, n ...int) context.Context {
	x := w.who[role][append(n, 0)[0]]
	return access.With(context.Background(), access.Actor{Account: x.ID, Grants: []access.Grant{{Role: role, Region: x.Region, Department: x.Department}}})
}

// sign makes shipped questionnaires live.
func (w *ward) sign(names ...string) {
	w.t.Helper()
	list, err := w.a.Screening.Library.List(w.as(access.Clinician))
	w.must(err)
	for _, v := range list {
		if slices.Contains(names, v.Instrument) {
			_, err := w.a.Screening.Library.Sign(w.as(access.Clinician), v.Instrument, v.Version, library.Signing{Digest: v.Digest, Address: v.Address, Statement: "已逐题核对", Compared: true})
			w.must(err)
		}
	}
}

// round makes a campaign over everybody; with consents of all if told.
func (w *ward) round(consents bool, names ...string) campaign.Campaign {
	w.t.Helper()
	w.sign(names...)
	today := civil.DateOf(w.clk.Now())
	c, err := w.a.Screening.Campaigns.Make(w.as(access.BureauSection), campaign.New{Title: "试验中学筛查", Region: "500111", Instruments: names, Informant: instrument.Child,
		Selection: campaign.Selection{School: "试验中学"}, StartsOn: today, EndsOn: today.AddDays(30), PerDay: 40})
	w.must(err)
	if consents {
		var list []campaign.Consent
		for _, x := range w.children {
			list = append(list, campaign.Consent{ChildID: x, Consent: campaign.Given, By: "mother", How: "paper", Assent: campaign.Given})
		}
		w.must(w.a.Screening.Campaigns.Consents(w.as(access.BureauSection), c.ID, list))
	}
	return c
}

func (w *ward) matters(child id.ID) []matter.Matter {
	w.t.Helper()
	var out []matter.Matter
	w.must(w.a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		var ids []id.ID
		if err := r.List(ctx, &ids, "SELECT id FROM matter WHERE child_id = ? AND state <> 'closed' ORDER BY rank, opened_at, id", child); err != nil {
			return err
		}
		for _, x := range ids {
			m, err := matter.Get(ctx, r, x)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	}))
	return out
}

func (w *ward) version(name string) instrument.Instrument {
	w.t.Helper()
	list, err := w.a.Screening.Library.List(w.as(access.Clinician))
	w.must(err)
	for _, v := range list {
		if v.Instrument == name {
			full, err := w.a.Screening.Library.Find(w.as(access.Clinician), name, v.Version)
			w.must(err)
			return *full.Body
		}
	}
	w.t.Fatalf("no %s", name)
	return instrument.Instrument{}
}

// calm answers every item with its lowest value.
func calm(in instrument.Instrument) map[string]instrument.Answer {
	out := map[string]instrument.Answer{}
	for _, it := range in.Items {
		low := in.OptionsOf(it)[0].Value
		for _, o := range in.OptionsOf(it) {
			low = min(low, o.Value)
		}
		out[it.ID()] = instrument.Answer{Value: low}
	}
	return out
}

func (w *ward) paper(c campaign.Campaign, child id.ID, in instrument.Instrument, items map[string]instrument.Answer) (answer.Receipt, error) {
	return w.a.Screening.Answers.Take(w.as(access.BureauSection), answer.New{Key: string(c.ID) + string(child) + in.ID, CampaignID: c.ID, ChildID: child, Instrument: in.ID, Version: in.Version,
		Informant: instrument.Child, Way: answer.Paper, Items: items})
}

func (w *ward) explain(child id.ID) level.View {
	w.t.Helper()
	v, err := w.a.Screening.Levels.Explain(w.as(access.Clinician), child)
	w.must(err)
	return v
}

func (w *ward) pass(d time.Duration, step time.Duration) {
	w.t.Helper()
	for ; d > 0; d -= step {
		w.clk.Advance(min(step, d))
		for {
			n, err := w.a.Jobs.RunOnce(context.Background())
			w.must(err)
			if n == 0 {
				break
			}
		}
	}
}

func TestACriticalAnswerTypedFromPaperAt0300RingsTheSeat(t *testing.T) {
	wards(t, 2, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("phq-a")
		items := calm(in)
		items["9"] = instrument.Answer{Value: 1}
		rec, err := w.paper(c, w.children[0], in, items)
		w.must(err)
		if rec.State != answer.First || !rec.Critical || rec.MatterID == "" {
			t.Fatalf("the first typing gave %+v", rec)
		}
		open := w.matters(w.children[0])
		if len(open) != 1 || open[0].Kind != "screen_talk" || open[0].State != matter.Open || open[0].ID != rec.MatterID || open[0].DueAt != clock.Of(night.Add(5*time.Minute)) || !open[0].Crisis {
			t.Fatalf("the seat has %+v", open)
		}
		queue, err := func() (n int, err error) {
			err = w.a.DB.View(w.as(access.SeatOperator), func(ctx context.Context, r db.Reader) error {
				q, err := w.a.Seat.Queue(ctx, r)
				n = len(q.Items)
				return err
			})
			return n, err
		}()
		w.must(err)
		if queue != 1 {
			t.Fatalf("%d in the queue", queue)
		}
		// Nobody takes it: the seat's clock sends people by itself.
		w.pass(5*time.Minute, 30*time.Second)
		if open = w.matters(w.children[0]); open[0].Orders == 0 {
			t.Error("no order went out although nobody took the matter")
		}
		if v := w.explain(w.children[0]); v.Urgency != risk.Orange || v.Colour != "" || len(v.Why) == 0 || !strings.Contains(v.Why[0], "危急") {
			t.Errorf("urgency %q, colour %q, why %v", v.Urgency, v.Colour, v.Why)
		}

		// The second typing, by somebody else, says no: a person looks at the paper.
		calmly := calm(in)
		again, err := w.a.Screening.Answers.Again(w.as(access.Clinician), rec.ID, calmly)
		w.must(err)
		if again.State != answer.Differs || !slices.Equal(again.Differing, []string{"9"}) || !again.Critical {
			t.Fatalf("the second typing gave %+v", again)
		}
		done, err := w.a.Screening.Answers.Settle(w.as(access.BureauSection), rec.ID, map[string]instrument.Answer{"9": {Value: 2}})
		w.must(err)
		if done.State != answer.Done || len(w.matters(w.children[0])) != 1 {
			t.Fatalf("settled: %+v", done)
		}
		v, err := w.a.Screening.Answers.Read(w.as(access.Clinician), rec.ID)
		w.must(err)
		if v.Result == nil || *v.Result.Total != 2 || !slices.Equal(v.Result.Critical, []string{"9"}) {
			t.Errorf("the result is %+v", v.Result)
		}

		// A calm sheet rings nobody.
		if rec, err = w.paper(c, w.children[1], in, calm(in)); err != nil || rec.MatterID != "" || len(w.matters(w.children[1])) != 0 {
			t.Errorf("%+v %v", rec, err)
		}
	})
}

func TestTheSameSheetSentTwiceIsOneSheetAndOneMatter(t *testing.T) {
	wards(t, 1, func(w *ward) {
		t := w.t
		c := w.round(true, "asq")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("asq")
		items := calm(in)
		items["1"], items["5"] = instrument.Answer{Value: 1}, instrument.Answer{Value: 1}
		n := answer.New{Key: "phone-7", CampaignID: c.ID, ChildID: w.children[0], Instrument: "asq", Version: in.Version, Informant: instrument.Child, Way: answer.Phone, Items: items}
		first, err := w.a.Screening.Answers.Take(w.as(access.Clinician), n)
		w.must(err)
		again, err := w.a.Screening.Answers.Take(w.as(access.Clinician), n)
		w.must(err)
		if again.ID != first.ID || !again.Again || again.MatterID != first.MatterID {
			t.Fatalf("%+v then %+v", first, again)
		}
		open := w.matters(w.children[0])
		if len(open) != 1 || open[0].Kind != "suicide" || open[0].Urgency != "critical" || open[0].Signals != 1 {
			t.Fatalf("%+v", open)
		}
		sheets, err := w.a.Screening.Answers.OfChild(w.as(access.Clinician), w.children[0])
		w.must(err)
		if len(sheets) != 1 || w.explain(w.children[0]).Urgency != risk.Red {
			t.Errorf("%d sheets, urgency %q", len(sheets), w.explain(w.children[0]).Urgency)
		}
	})
}

func TestARefusalIsRespectedAndNeverInTheWayOfACrisis(t *testing.T) {
	wards(t, 2, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		members, err := w.a.Screening.Campaigns.Members(w.as(access.BureauSection), c.ID, campaign.MemberQuery{})
		w.must(err)
		code := map[id.ID]string{}
		for _, m := range members {
			code[m.ChildID] = m.Code
		}
		no := w.children[0]
		w.must(w.a.Screening.Campaigns.Consents(w.as(access.BureauSection), c.ID, []campaign.Consent{{ChildID: no, Consent: campaign.Refused, By: "father", How: "phone"}}))
		if _, err := w.a.Screening.Answers.Sitting(context.Background(), code[no]); err == nil {
			t.Fatal("the questionnaire was put to a child whose guardian refused")
		} else {
			w.wants(err, "campaign.guardian_refused")
		}
		// Answers that were on paper already: not kept, but the seat hears.
		in := w.version("phq-a")
		items := calm(in)
		items["attempt_ever"] = instrument.Answer{Value: 1}
		rec, err := w.paper(c, no, in, items)
		w.must(err)
		if rec.State != answer.Withheld || rec.MatterID == "" || len(w.matters(no)) != 1 {
			t.Fatalf("%+v, matters %v", rec, w.matters(no))
		}
		var kept []string
		w.must(w.a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &kept, "SELECT answers FROM answer_sheet WHERE child_id = ?", no)
		}))
		if len(kept) != 1 || kept[0] != "" {
			t.Errorf("the answers of a refusal are kept: %d rows", len(kept))
		}
		// The other child says no on the page itself.
		w.must(w.a.Screening.Answers.Word(context.Background(), code[w.children[1]], false))
		_, err = w.a.Screening.Answers.Sitting(context.Background(), code[w.children[1]])
		w.wants(err, "campaign.child_refused")
	})
}

func TestRespondersOffDutyCloseTheDoor(t *testing.T) {
	wards(t, 40, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		p, err := w.a.Screening.Campaigns.Progress(w.as(access.BureauSection), c.ID)
		w.must(err)
		if p.Door == nil || !p.Door.Open || p.Door.Needed != 10 || p.Door.Room < 10 {
			t.Fatalf("the door is %+v", p.Door)
		}
		// All of them are on leave.
		system := access.With(context.Background(), access.System("test"))
		rosters := duty.NewService(w.a.DB, w.a.Duty, w.a.Keys, nil)
		now := clock.Of(w.clk.Now())
		for _, r := range p.Door.People {
			_, err := rosters.AddRoster(system, duty.RosterRequest{Kind: "override", Region: r.Region, InsteadOf: r.Account, From: now, To: now.Add(48 * time.Hour), Reason: "外出培训"})
			w.must(err)
		}
		w.clk.Advance(time.Minute)
		_, err = w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.wants(err, "campaign.nobody_on_duty")

		// One comes back with room for two: not enough for forty.
		one := p.Door.People[0]
		one.TalksADay = 2
		w.must(w.a.Screening.Campaigns.SetResponder(w.as(access.BureauSection), one))
		w.clk.Advance(49 * time.Hour)
		for _, r := range p.Door.People[1:] {
			r.ValidUntil = civil.DateOf(w.clk.Now()).AddDays(-1)
			w.must(w.a.Screening.Campaigns.SetResponder(w.as(access.BureauSection), r))
		}
		_, err = w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.wants(err, "campaign.no_room")

		// A campaign without items on suicide needs nobody.
		calmRound := w.round(true, "who-5")
		_, err = w.a.Screening.Campaigns.Open(w.as(access.BureauSection), calmRound.ID)
		w.must(err)
	})
}

func TestWordsMustBeSignedBeforeLiveUse(t *testing.T) {
	wards(t, 1, func(w *ward) {
		t := w.t
		today := civil.DateOf(w.clk.Now())
		_, err := w.a.Screening.Campaigns.Make(w.as(access.BureauSection), campaign.New{Title: "未签认", Region: "500111", Instruments: []string{"who-5"}, Informant: instrument.Child, StartsOn: today, EndsOn: today})
		w.wants(err, "instrument.not_signed")
		in := w.version("who-5")
		_, err = w.a.Screening.Library.Sign(w.as(access.BureauSection), "who-5", in.Version, library.Signing{Digest: in.Digest(), Address: "https://www.psykiatri-regionh.dk", Statement: "已逐题核对", Compared: true})
		if !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a section signs: %v", err)
		}
		_, err = w.a.Screening.Library.Sign(w.as(access.Clinician), "who-5", in.Version, library.Signing{Digest: strings.Repeat("0", 64), Address: "https://www.psykiatri-regionh.dk", Statement: "已逐题核对", Compared: true})
		w.wants(err, "instrument.changed_since")
		w.sign("who-5")
		// A changed word is another version, unsigned.
		in.Version, in.Title.ZH = "2026.9", "改过的标题"
		text, err := json.Marshal(in)
		w.must(err)
		v, err := w.a.Screening.Library.Save(w.as(access.BureauSection), text, "试改")
		w.must(err)
		if v.Live {
			t.Error("an unsigned version is live")
		}
		_, err = w.a.Screening.Library.Save(w.as(access.BureauSection), text, "再来")
		w.wants(err, "instrument.version_taken")
	})
}

// Any yes on any suicide item, by whatever scale, leads to a same-day talk: a
// matter at the seat in the change that keeps the sheet, and a contact that is
// due the same day. A refusal and a question passed over do too. Each is tried
// alone, on a child of whom nothing else is known.
func TestAnyYesOnAnySuicideItemOpensAMatterAtOnce(t *testing.T) {
	wards(t, 0, func(w *ward) {
		t := w.t
		list, err := w.a.Screening.Library.List(w.as(access.Clinician))
		w.must(err)
		tried := map[string]int{}
		for _, v := range list {
			in := w.version(v.Instrument)
			for _, it := range in.Items {
				if !it.Suicide {
					continue
				}
				type attempt struct {
					what string
					do   func(items map[string]instrument.Answer)
				}
				attempts := []attempt{{"refused", func(items map[string]instrument.Answer) { items[it.ID()] = instrument.Answer{Refused: true} }}}
				for _, o := range in.OptionsOf(it) {
					if o.Value > 0 {
						attempts = append(attempts, attempt{fmt.Sprint(o.Value), func(items map[string]instrument.Answer) { items[it.ID()] = instrument.Answer{Value: o.Value} }})
					}
				}
				if it.AskWhen == nil { // else a question passed over is one that was not to be put
					attempts = append(attempts, attempt{"skipped", func(items map[string]instrument.Answer) { delete(items, it.ID()) }})
				}
				for _, x := range attempts {
					name := fmt.Sprintf("%s item %s %s", in.ID, it.ID(), x.what)
					child, err := w.a.Person.Create(w.ctx(), person.NewChild{Name: "试题", Sex: "f", BirthOn: "2011-03-01", NoIDReason: "测试用儿童", Region: w.region})
					w.must(err)
					items := calm(in)
					x.do(items)
					rec, err := w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: name, ChildID: child.ID, Instrument: in.ID, Version: in.Version,
						Informant: in.Informants[0], Way: answer.Interview, Items: items, Reason: "逐题试验"})
					w.must(err)
					open := w.matters(child.ID)
					if len(open) == 0 || !open[0].Crisis || open[0].State != matter.Open || rec.MatterID == "" || open[0].DueAt == 0 || open[0].DueAt > clock.Of(night.Add(15*time.Minute)) {
						t.Errorf("%s opened %+v: %+v", name, open, rec)
					}
					view := w.explain(child.ID)
					if !view.Urgency.Above(risk.Green) {
						t.Errorf("%s: urgency %q", name, view.Urgency)
					}
					tried[in.ID]++
				}
			}
		}
		// Every instrument that asks about suicide was tried, and these do.
		for _, id := range []string{"asq", "cssrs-screener", "phq-9", "phq-a"} {
			if tried[id] == 0 {
				t.Errorf("%s was not tried", id)
			}
		}
		t.Logf("tried %v", tried)
	})
}

func TestAColourIsSetAndLoweredByPeopleOnly(t *testing.T) {
	wards(t, 1, func(w *ward) {
		t := w.t
		child := w.children[0]
		in := w.version("asq")
		items := calm(in)
		items["4"] = instrument.Answer{Value: 1}
		_, err := w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: "a", ChildID: child, Instrument: "asq", Version: in.Version, Informant: instrument.Child, Way: answer.Interview, Items: items, Reason: "个别访谈"})
		w.must(err)
		if v := w.explain(child); v.Urgency != risk.Orange || v.Colour != "" {
			t.Fatalf("%q %q", v.Urgency, v.Colour)
		}
		waiting, err := w.a.Screening.Levels.Waiting(w.as(access.BureauSection), level.Query{})
		w.must(err)
		if len(waiting) != 1 || waiting[0].ChildID != child {
			t.Fatalf("waiting: %+v", waiting)
		}
		levels := w.a.Screening.Levels
		if _, err := levels.Assess(w.as(access.BureauSection), child, level.Judgement{Colour: risk.Orange, Reason: "依据访谈"}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a section set a colour: %v", err)
		}
		_, err = levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Orange})
		w.wants(err, "risk.no_reason")
		w.clk.Advance(time.Hour)
		got, err := levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Yellow, Reason: "访谈后认为无急性风险,家庭支持尚可"})
		w.must(err)
		if got.Colour != risk.Yellow || got.Urgency != "" {
			t.Fatalf("%+v", got)
		}
		over, err := levels.Overrides(w.as(access.Supervisor), level.Query{})
		w.must(err)
		if len(over) != 1 || over[0].Became != risk.Yellow || over[0].Urgency != risk.Orange {
			t.Errorf("overrides: %+v", over)
		}
		w.clk.Advance(time.Hour)
		_, err = levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Red, Reason: "复诊时出现计划"})
		w.must(err)
		v := w.explain(child)
		if v.Colour != risk.Red || len(v.Contacts) < 5 || v.Contacts[0].DueAt != clock.Of(w.clk.Now().Add(30*time.Minute)) {
			t.Fatalf("red obliges %+v", v.Contacts)
		}

		// Lower: nothing without two stable contacts on two days.
		_, err = levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Orange, Reason: "情况好转"})
		w.wants(err, "risk.two_stable_contacts")
		w.clk.Advance(20 * time.Minute)
		w.must(levels.Made(w.as(access.Clinician), v.Contacts[0].ID, level.Visit{Reached: true, Stable: true, Note: "已见面"}))
		w.clk.Advance(25 * time.Hour)
		next := w.explain(child).Contacts
		w.wants(levels.Made(w.as(access.Clinician), next[0].ID, level.Visit{}), "level.why_not_reached")
		w.must(levels.Made(w.as(access.Clinician), next[0].ID, level.Visit{Note: "电话无人接听"}))
		_, err = levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Orange, Reason: "情况好转"})
		w.wants(err, "risk.two_stable_contacts")
		w.must(levels.Made(w.as(access.Clinician), next[0].ID, level.Visit{Reached: true, Stable: true}))
		got, err = levels.Assess(w.as(access.Clinician), child, level.Judgement{Colour: risk.Orange, Reason: "情况好转"})
		w.must(err)
		if got.State != "waits" || w.explain(child).Colour != risk.Red {
			t.Fatalf("%+v", got)
		}
		_, err = levels.Agree(w.as(access.Clinician), got.ID, true, "")
		w.wants(err, "risk.second_person")
		_, err = levels.Agree(w.as(access.Clinician, 1), got.ID, true, "同意")
		w.must(err)
		if v := w.explain(child); v.Colour != risk.Orange || v.SecondBy == "" {
			t.Errorf("%q second %q", v.Colour, v.SecondBy)
		}

		// A contact that nobody makes rings at the seat.
		w.pass(9*time.Hour, 10*time.Minute)
		if !slices.ContainsFunc(w.matters(child), func(m matter.Matter) bool { return m.Kind == "contact_late" }) {
			t.Error("a missed contact rang nowhere")
		}
	})
}

func TestRulesArePublishedOnlyAfterTheyWereRun(t *testing.T) {
	wards(t, 3, func(w *ward) {
		t := w.t
		in := w.version("who-5")
		for i, child := range w.children {
			items := calm(in)
			for k := range items {
				items[k] = instrument.Answer{Value: 2 + i}
			}
			_, err := w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: fmt.Sprint(i), ChildID: child, Instrument: "who-5", Version: in.Version, Informant: instrument.Child, Way: answer.Interview, Items: items, Reason: "个别施测"})
			w.must(err)
		}
		data, err := os.ReadFile("../../policy/risk/rules/2024-01-01.json")
		w.must(err)
		today := civil.DateOf(w.clk.Now())
		body := strings.Replace(strings.Replace(string(data), `"from": "2024-01-01"`, `"from": "`+string(today.AddDays(1))+`"`, 1), `"version": "2026.1"`, `"version": "2026.2"`, 1)
		body = strings.Replace(body, `"rules": [`, `"rules": [{"code": "low_mood", "urgency": "orange", "title": "WHO-5 低于六十", "when": "who5_total <= 60"},`, 1)
		body = strings.Replace(body, `{"code": "acute", "urgency": "red"`, `{"code": "acute_", "urgency": "orange"`, 1)
		levels := w.a.Screening.Levels
		_, err = levels.WhatIf(w.as(access.BureauSection), strings.Replace(body, "who5_total <= 60", "who6_total <= 60", 1))
		w.wants(err, "level.rules_wrong")
		body = strings.Replace(body, `{"code": "sos_after_yes", "urgency": "red"`, `{"code": "sos_after_yes", "urgency": "orange"`, 1)
		trial, err := levels.WhatIf(w.as(access.BureauSection), body)
		w.must(err)
		if trial.Children != 3 || trial.Up != 2 || trial.Down != 0 || len(trial.Moves) != 2 || trial.Moves[0].To != risk.Orange {
			t.Fatalf("%+v", trial)
		}
		if v := w.explain(w.children[1]); v.Urgency != "" {
			t.Errorf("a what-if moved somebody to %q", v.Urgency)
		}
		if _, err := levels.WhatIf(w.as(access.TownshipOfficer), body); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a township runs rules: %v", err)
		}
		w.must(levels.Publish(w.as(access.BureauSection), trial.ID, "局务会通过"))
		w.wants(levels.Publish(w.as(access.BureauSection), trial.ID, "再发一次"), "level.published_already")
		w.clk.Advance(26 * time.Hour)
		book, err := levels.Rules(w.as(access.BureauSection))
		w.must(err)
		if book.Rules.Version != "2026.2" {
			t.Errorf("in force is %s", book.Rules.Version)
		}
	})
}

func TestATeacherSeesOfTheOwnClassWhoHasFinishedAndNothingElse(t *testing.T) {
	wards(t, 42, func(w *ward) {
		t := w.t
		c := w.round(true, "who-5")
		teacher := w.as(access.Teacher)
		if _, err := w.a.Screening.Campaigns.Progress(teacher, c.ID); !errs.Is(err, errs.KindNotFound) {
			t.Fatalf("a teacher of no class sees the campaign: %v", err)
		}
		w.must(w.a.Screening.Campaigns.SetTeachers(w.as(access.BureauSection), c.ID, []campaign.Teaching{{Account: w.who[access.Teacher][0].ID, SchoolID: c.Selection.SchoolID, Grade: "七年级", Class: "2班"}}))
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		members, err := w.a.Screening.Campaigns.Members(teacher, c.ID, campaign.MemberQuery{})
		w.must(err)
		if len(members) != 2 {
			t.Fatalf("the teacher sees %d", len(members))
		}
		text, err := json.Marshal(members)
		w.must(err)
		for _, secret := range []string{`"given"`, `"mother"`, w.region} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("a teacher is told %s", secret)
			}
		}
		for _, m := range members {
			if m.Code != "" || m.Age != -1 || m.StartedAt != 0 {
				t.Errorf("%+v", m)
			}
		}
		for name, err := range map[string]error{
			"sheets": func() error { _, err := w.a.Screening.Answers.OfChild(teacher, members[0].ChildID); return err }(),
			"level":  func() error { _, err := w.a.Screening.Levels.Explain(teacher, members[0].ChildID); return err }(),
			"open":   func() error { _, err := w.a.Screening.Campaigns.Close(teacher, c.ID); return err }(),
		} {
			if err == nil {
				t.Errorf("a teacher may see or do %s", name)
			}
		}
	})
}

package care_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
	policy "zugou/policy/outcome"
)

const (
	district = "500111"
	village  = "500111113203"
	lin      = id.ID("child-lin")
)

// house is casework with fake neighbours; what is opened or told must be
// expected by a story.
type house struct {
	t       *testing.T
	d       *db.DB
	s       *care.Service
	jobs    *job.Engine
	clk     *clock.Fake
	key     crypto.Subject
	matters []signal.New
	told    []string
	scores  []care.Score
	crisis  map[id.ID]clock.Millis
	raised  []id.ID
	n       int
	holds   map[id.ID]int // what workers carry beside
	away    []id.ID       // from Lin

	obliged   []care.Window // by the child's colour
	resumed   []id.ID
	contacted []string
}

func open(t *testing.T, d *db.DB, clk *clock.Fake) *house {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys := crypto.Ephemeral(crypto.SM4)
	key, _ := keys.NewSubject()
	outcomes, err := dated.Read[care.Outcomes](policy.Files)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, d: d, clk: clk, jobs: job.NewEngine(d, log), key: key}
	h.s = care.New(care.Options{DB: d, Keys: keys, Log: log, District: district, Jobs: h.jobs, Outcomes: outcomes, Ports: care.Ports{
		NextNo: func(_ context.Context, _ *db.Tx, prefix string) (string, error) {
			h.n++
			return fmt.Sprintf("%s-%04d", prefix, h.n), nil
		},
		Key: func(_ context.Context, _ db.Reader, child id.ID) (crypto.Subject, string, error) {
			if !strings.HasPrefix(string(child), "child") {
				return crypto.Subject{}, "", errs.NotFound("record.not_found")
			}
			return h.key, village, nil
		},
		Take: func(_ context.Context, _ *db.Tx, n signal.New) (id.ID, error) {
			h.matters = append(h.matters, n)
			return id.ID("matter-" + n.Kinds), nil
		},
		Away: func(context.Context, db.Reader, ...id.ID) (map[id.ID][]id.ID, error) {
			return map[id.ID][]id.ID{lin: h.away}, nil
		},
		Leaders: func(context.Context, db.Reader) ([]id.ID, error) { return []id.ID{"super"}, nil },
		May: func(_ context.Context, _ db.Reader, account id.ID, as access.Role) error {
			if account == "unvetted" {
				return errs.Invalid("worker", "case.not_qualified")
			}
			return nil
		},
		Tell: func(_ context.Context, _ *db.Tx, to id.ID, _, text, _ string, _ id.ID) error {
			h.told = append(h.told, string(to)+":"+text)
			return nil
		},
		Names: func(_ context.Context, _ db.Reader, list []id.ID) (map[id.ID]string, error) {
			out := map[id.ID]string{}
			for _, a := range list {
				out[a] = "名" + string(a)
			}
			return out, nil
		},
		Children: func(_ context.Context, _ db.Reader, list []id.ID) (map[id.ID]string, error) {
			out := map[id.ID]string{}
			for _, a := range list {
				out[a] = "林小禾"
			}
			return out, nil
		},
		Pupil: func(_ context.Context, _ db.Reader, child, account id.ID) (bool, error) {
			return account == "teacher" && child == lin, nil
		},
		Languages: func() []string { return []string{"dazu", "miao"} },
		Hands: func(_ context.Context, _ db.Reader, list []id.ID) (map[id.ID]care.Hand, error) {
			out := map[id.ID]care.Hand{}
			for _, a := range list {
				out[a] = care.Hand{Account: a, Name: "名" + string(a), Holds: h.holds[a], Most: 15}
			}
			return out, nil
		},
		Place: func(_ context.Context, _ db.Reader, region string) (string, error) { return "地" + region, nil },
		Share: func(_ context.Context, _ db.Reader, list []care.Case, accounts []id.ID) ([]id.ID, error) {
			out := make([]id.ID, len(list))
			for i, c := range list {
				if len(accounts) > 0 {
					out[i] = accounts[i%len(accounts)]
				}
				if c.Language == "miao" {
					out[i] = accounts[0]
				}
			}
			return out, nil
		},
		Yield: func(context.Context, *db.Tx, id.ID) ([]care.Window, error) {
			out := h.obliged
			h.obliged = nil
			return out, nil
		},
		Resume: func(_ context.Context, _ *db.Tx, child id.ID) error {
			h.resumed = append(h.resumed, child)
			return nil
		},
		Contacted: func(_ context.Context, _ *db.Tx, child id.ID, stable bool) error {
			h.contacted = append(h.contacted, fmt.Sprint(child, " ", stable))
			return nil
		},
		Raised: func(context.Context, db.Reader, clock.Millis) ([]id.ID, error) { return h.raised, nil },
		Opened: func(context.Context, db.Reader, clock.Millis) ([]id.ID, error) { return nil, nil },
		Scores: func(context.Context, db.Reader, id.ID) ([]care.Score, error) { return h.scores, nil },
		CrisisOf: func(_ context.Context, _ db.Reader, child id.ID, from, to clock.Millis) (string, error) {
			if at := h.crisis[child]; from < at && at <= to {
				return "Z-1", nil
			}
			return "", nil
		},
	}})
	t.Cleanup(func() {
		if len(h.matters) > 0 || len(h.told) > 0 {
			t.Errorf("nobody expected: matters %+v, told %v", h.matters, h.told)
		}
	})
	return h
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { fn(t, open(t, d, clk)) })
}

func as(account string, role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: district, Department: access.CivilAffairs}}})
}

var (
	op       = as("op1", access.SeatOperator)
	counsel  = as("counsel", access.Clinician)
	other    = as("other", access.Clinician)
	super    = as("super", access.Supervisor)
	super2   = as("super2", access.Supervisor)
	section  = as("section", access.BureauSection)
	admin    = as("admin", access.SystemAdmin)
	auditor  = as("auditor", access.Auditor)
	director = as("director", access.VillageDirector)
)

func (h *house) must(c care.Case, err error) care.Case {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) tell(want ...string) {
	h.t.Helper()
	if strings.Join(h.told, " ") != strings.Join(want, " ") {
		h.t.Fatalf("told %v, want %v", h.told, want)
	}
	h.told = nil
}

func (h *house) write(ctx context.Context, c care.Case, w care.Writing) care.Part {
	h.t.Helper()
	p, err := h.s.Write(ctx, c.ID, w)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

var (
	assessment = care.Writing{Kind: care.Assessment, Body: map[string]string{"concern": "反复说不想活", "risk": "high", "opinion": "建议立即接案", "attempts": "一年前有过一次", "means": "家中有农药"}}
	plan       = care.Writing{Kind: care.Plan, Goals: []care.NewGoal{{Text: "每周会谈一次", Service: "counselling", Who: "counsel", ByOn: "2024-08-01"}}}
	session    = care.Writing{Kind: care.Session, HeldOn: "2024-06-02", Form: "individual", Minutes: 50, Body: map[string]string{"theme": "情绪", "summary": "谈了学校的事"}, Secret: "只有咨询师和督导能看的话", Key: "s1"}
	safety     = care.Writing{Kind: care.SafetyPlan, Body: map[string]string{"signs": "一个人发呆", "people": "外婆", "surroundings": "农药已收走"}}
)

// served brings a case to where it is served.
func (h *house) served() care.Case {
	h.t.Helper()
	c := h.must(h.s.Refer(op, care.Referral{ChildID: lin, Source: "screening", Need: "suicide", Reason: "量表关键项阳性"}))
	c = h.must(h.s.Accept(section, c.ID, "counsel", "super", c.Version))
	h.tell("counsel:case.given")
	h.write(counsel, c, assessment)
	p := h.write(counsel, c, plan)
	h.tell("super:case.plan_waits")
	c = h.must(h.s.DecidePlan(super, c.ID, p.ID, true, ""))
	h.tell("counsel:case.plan_approved")
	if c.State != care.Serving {
		h.t.Fatalf("the case is %s", c.State)
	}
	return c
}

func TestFromReferralToClosingAndTheFollowUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		first := h.write(counsel, c, session)
		if again := h.write(counsel, c, session); again.ID != first.ID {
			t.Fatal("a session sent twice is two")
		}
		if _, err := h.s.End(counsel, c.ID, "reached", "目标已达到", 0); errs.KeyOf(err) != "case.goals_open" {
			t.Fatalf("closed with open goals: %v", err)
		}
		sheet, err := h.s.Find(counsel, c.ID)
		if err != nil || len(sheet.Goals) != 1 || sheet.Goals[0].Text != "每周会谈一次" || !sheet.MayWork || !sheet.MaySecret {
			t.Fatalf("%+v %v", sheet, err)
		}
		h.must(h.s.SettleGoal(counsel, c.ID, sheet.Goals[0].ID, true))
		c = h.must(h.s.End(counsel, c.ID, "reached", "目标已达到", 0))
		h.tell("super:case.closing_waits")
		if _, err := h.s.Confirm(as("counsel", access.Supervisor), c.ID, true, ""); errs.KeyOf(err) != "case.second_person" {
			t.Fatalf("closed by one person: %v", err)
		}
		c = h.must(h.s.Confirm(super, c.ID, true, ""))
		if c.State != care.Closed {
			t.Fatalf("the case is %s", c.State)
		}
		if sheet, err = h.s.Find(super, c.ID); err != nil || len(sheet.Dues) != 2 || sheet.Dues[0].DueAt-c.ClosedAt != 30*86_400_000 {
			t.Fatalf("follow-ups %+v %v", sheet.Dues, err)
		}
		for _, d := range sheet.Dues {
			c = h.must(h.s.Done(counsel, c.ID, d.ID, care.Contacted{Reached: true, Note: "情况稳定"}))
		}
		if c.State != care.Followed {
			t.Fatalf("the case is %s", c.State)
		}
	})
}

func TestNobodyButWorkerAndSupervisorReadsTheConfidentialPart(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		p := h.write(counsel, c, session)
		for name, ctx := range map[string]context.Context{"counsellor": counsel, "supervisor": super} {
			if text, err := h.s.Secret(ctx, c.ID, p.ID); err != nil || text != session.Secret {
				t.Errorf("%s: %q %v", name, text, err)
			}
		}
		system := access.With(context.Background(), access.System("export"))
		for name, ctx := range map[string]context.Context{"another counsellor": other, "another supervisor": super2, "the section": section, "administrator": admin, "auditor": auditor, "operator": op,
			"head": as("head", access.BureauHead), "the program": system} {
			if text, err := h.s.Secret(ctx, c.ID, p.ID); err == nil || text != "" {
				t.Errorf("%s reads it", name)
			}
			sheet, err := h.s.Find(ctx, c.ID)
			if err == nil && strings.Contains(fmt.Sprintf("%+v", sheet), session.Secret) {
				t.Errorf("%s sees it on the case", name)
			}
		}
		// It lies nowhere in clear.
		err := h.d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			for _, q := range []string{"SELECT secret FROM care_part", "SELECT body FROM care_part", "SELECT data FROM child_entry", "SELECT shown FROM audit_row", "SELECT data FROM event"} {
				var rows []string
				if err := r.List(ctx, &rows, q); err != nil {
					return err
				}
				for _, row := range rows {
					if strings.Contains(row, "咨询师和督导") || strings.Contains(row, "谈了学校") {
						t.Errorf("%s holds it in clear", q)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// After a transfer the new counsellor reads it, the former no more.
		m, err := h.s.Ask(counsel, c.ID, care.Asking{Kind: care.MoveTransfer, To: "other", Consent: "given", Reason: "换到离家近的机构"})
		if err != nil {
			t.Fatal(err)
		}
		h.must(h.s.Answer(other, c.ID, m.ID, "accepted", "", ""))
		h.tell("other:case.move_asked", "counsel:case.move_accepted")
		if _, err := h.s.Secret(counsel, c.ID, p.ID); err == nil {
			t.Error("the former counsellor still reads it")
		}
		if _, err := h.s.Secret(other, c.ID, p.ID); err != nil {
			t.Errorf("the new counsellor can't: %v", err)
		}
	})
}

func TestTheSeatHasTheSafetyPlanAtTwo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		h.write(counsel, c, safety)
		got, err := h.s.SafetyOf(op, lin, "")
		if err != nil || got.Plan["surroundings"] != "农药已收走" || got.Assessment["means"] != "家中有农药" || got.Assessment["attempts"] == "" || got.WorkerName != "名counsel" {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := h.s.SafetyOf(director, lin, ""); err == nil {
			t.Fatal("a director without an order reads the safety plan")
		}
		if _, err := h.s.SafetyOf(director, lin, "order-1"); err != nil {
			t.Fatalf("a director with an order can't: %v", err)
		}
	})
}

func TestAfterACrisisAMissedContactGoesToTheSeat(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		c = h.must(h.s.Crisis(counsel, c.ID))
		sheet, err := h.s.Find(counsel, c.ID)
		if err != nil || len(sheet.Dues) != 10 {
			t.Fatalf("%d contacts, %v", len(sheet.Dues), err)
		}
		for i, want := range []time.Duration{24 * time.Hour, 72 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour} {
			if got := sheet.Dues[i].DueAt.Sub(c.CrisisAt); got != want {
				t.Errorf("contact %d after %v, want %v", i, got, want)
			}
		}
		h.must(h.s.Done(counsel, c.ID, sheet.Dues[0].ID, care.Contacted{Reached: true, Note: "见到孩子"})) // before its day: nobody is reminded
		h.clk.Advance(72 * time.Hour)
		h.run()
		h.tell("counsel:case.contact_due")
		h.clk.Advance(4*time.Hour + time.Minute)
		h.run()
		if len(h.matters) != 1 || h.matters[0].Kinds != "suicide" || h.matters[0].ChildID != lin {
			t.Fatalf("matters %+v", h.matters)
		}
		h.matters = nil
		h.tell("super:case.contact_missed")
		if _, err := h.s.End(counsel, c.ID, "refused", "家长不愿继续", 0); errs.KeyOf(err) != "case.contacts_open" {
			t.Fatalf("closed with open contacts: %v", err)
		}
		// Not reached is not done.
		h.must(h.s.Done(counsel, c.ID, sheet.Dues[2].ID, care.Contacted{Note: "没有人接电话"}))
		if len(h.matters) != 1 {
			t.Fatalf("matters %+v", h.matters)
		}
		h.matters = nil
		h.tell("super:case.contact_missed")
	})
}

func (h *house) run() {
	h.t.Helper()
	for {
		n, err := h.jobs.RunOnce(context.Background())
		if err != nil {
			h.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestATransferIsRefusedTwiceAndTheCaseStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		for _, to := range []string{"other", "third"} {
			m, err := h.s.Ask(counsel, c.ID, care.Asking{Kind: care.MoveTransfer, To: id.ID(to), Consent: "given", Reason: "工作量太大"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.s.Answer(as(to, access.Clinician), c.ID, m.ID, "rejected", "", ""); errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("refused without a reason: %v", err)
			}
			if _, err := h.s.Answer(director, c.ID, m.ID, "accepted", "", ""); err == nil {
				t.Fatal("somebody who was not asked answers")
			}
			c = h.must(h.s.Answer(as(to, access.Clinician), c.ID, m.ID, "rejected", "已满负荷", ""))
			h.tell(to+":case.move_asked", "counsel:case.move_rejected")
		}
		if c.Worker != "counsel" || c.State != care.Serving {
			t.Fatalf("%+v", c)
		}
		sheet, err := h.s.Find(section, c.ID)
		if err != nil || len(sheet.Moves) != 2 || sheet.Moves[0].Answer != "已满负荷" {
			t.Fatalf("%+v %v", sheet.Moves, err)
		}
	})
}

func TestAnothersCaseIsFoundAndAskedForNotDoubled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		if _, err := h.s.Refer(op, care.Referral{ChildID: lin, Source: "police", Reason: "警情转来"}); errs.KeyOf(err) != "case.open_already" {
			t.Fatalf("a second open case: %v", err)
		}
		if _, err := h.s.Find(other, c.ID); err == nil {
			t.Fatal("another counsellor reads the case")
		}
		found, err := h.s.Of(other, lin)
		if err != nil || len(found) != 1 || found[0].No != c.No || found[0].WorkerName != "名counsel" || found[0].Yours {
			t.Fatalf("%+v %v", found, err)
		}
		// Who asks has not spoken with the family; who has the case says what it said.
		if _, err := h.s.Ask(other, c.ID, care.Asking{Kind: care.MoveRequest, Consent: "given", Reason: "孩子已转到我校"}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("a consent that nobody was asked for: %v", err)
		}
		m, err := h.s.Ask(other, c.ID, care.Asking{Kind: care.MoveRequest, Reason: "孩子已转到我校"})
		if err != nil {
			t.Fatal(err)
		}
		for consent, want := range map[string]errs.Kind{"": errs.KindInvalid, "refused": errs.KindConflict} {
			if _, err := h.s.Answer(counsel, c.ID, m.ID, "accepted", "", consent); errs.KindOf(err) != want {
				t.Fatalf("accepted with consent %q: %v", consent, err)
			}
		}
		c = h.must(h.s.Answer(counsel, c.ID, m.ID, "accepted", "", "given"))
		h.tell("counsel:case.move_asked", "other:case.move_accepted")
		if c.Worker != "other" {
			t.Fatalf("the case is with %s", c.Worker)
		}
	})
}

func TestWhoIsAskedToTakeACaseSeesEnoughToDecideAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		h.write(counsel, c, session)
		if _, err := h.s.Ask(counsel, c.ID, care.Asking{Kind: care.MoveTransfer, To: "other", Consent: "given", Reason: "我将外出培训"}); err != nil {
			t.Fatal(err)
		}
		h.tell("other:case.move_asked")
		list, err := h.s.Offers(other)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		if o := list[0]; o.No != c.No || o.Need != "suicide" || o.Risk == "" || o.Sessions != 1 || o.OpenGoals != 1 || o.Reason != "我将外出培训" || o.FromName != "名counsel" {
			t.Fatalf("%+v", o)
		}
		if text := fmt.Sprintf("%+v", list); strings.Contains(text, "林小禾") || strings.Contains(text, session.Secret) || strings.Contains(text, "谈了学校的事") {
			t.Fatalf("more than is needed: %s", text)
		}
		if _, err := h.s.Find(other, c.ID); err == nil {
			t.Fatal("read before it was accepted")
		}
		if others, err := h.s.Offers(as("third", access.Clinician)); err != nil || len(others) != 0 {
			t.Fatalf("%+v %v", others, err)
		}
		h.must(h.s.Answer(other, c.ID, list[0].Move, "accepted", "", ""))
		h.tell("counsel:case.move_accepted")
		if list, err := h.s.Offers(other); err != nil || len(list) != 0 {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestARefusedConsentStopsAReferralAndNotAReport(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		if _, err := h.s.Ask(counsel, c.ID, care.Asking{Kind: care.MoveReferral, Department: "health", Consent: "refused", Reason: "建议就诊"}); errs.KeyOf(err) != "case.consent_refused" {
			t.Fatalf("%v", err)
		}
		rep, err := h.s.Report(counsel, care.NewReport{Direction: "sent", ChildID: lin, Situation: 4, Facts: "身上多处新旧伤", ToOrgan: "police", Reporter: "某教师"})
		if err != nil {
			t.Fatal(err)
		}
		if len(h.matters) != 1 || h.matters[0].Kinds != "abuse" {
			t.Fatalf("matters %+v", h.matters)
		}
		h.matters = nil
		for name, st := range map[string]care.Step{"told without an outcome": {Told: true}, "sent without proof": {Sent: true}, "an outcome before it was sent": {Outcome: "protected"}} {
			if _, err := h.s.Advance(section, rep.ID, st); err == nil {
				t.Errorf("%s", name)
			}
		}
		for _, st := range []care.Step{{Sent: true, Proof: "公函〔2024〕3号"}, {ReceiptNo: "回执 17"}, {Outcome: "protected"}, {Told: true}} {
			if rep, err = h.s.Advance(section, rep.ID, st); err != nil {
				t.Fatalf("%+v: %v", st, err)
			}
		}
		if rep.ToldAt == 0 || rep.Outcome != "protected" {
			t.Fatalf("%+v", rep)
		}
		h.tell("counsel:report.told")
		list, _, err := h.s.Reports(section, "", 0)
		if err != nil || len(list) != 1 || list[0].Facts != "身上多处新旧伤" || !list[0].HasReporter {
			t.Fatalf("%+v %v", list, err)
		}
		for name, ctx := range map[string]context.Context{"the section": section, "a supervisor": super, "administrator": admin} {
			if who, err := h.s.Reporter(ctx, rep.ID, "matter-abuse"); err == nil || who != "" {
				t.Errorf("%s reads who reported", name)
			}
		}
		if who, err := h.s.Reporter(as("police", access.PoliceLiaison), rep.ID, "matter-abuse"); err != nil || who != "某教师" {
			t.Fatalf("the police on the matter's task: %q %v", who, err)
		}
	})
}

func TestAPlanIsNeverApprovedByItsWriter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.must(h.s.Refer(op, care.Referral{ChildID: lin, Source: "screening", Reason: "量表阳性"}))
		if _, err := h.s.Accept(section, c.ID, "counsel", "counsel", 0); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("one person is worker and supervisor: %v", err)
		}
		if _, err := h.s.Accept(section, c.ID, "unvetted", "super", 0); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("a case goes to who is not vetted: %v", err)
		}
		h.must(h.s.Accept(section, c.ID, "counsel", "super", 0))
		if _, err := h.s.Write(counsel, c.ID, plan); errs.KeyOf(err) != "case.state" {
			t.Fatalf("a plan before an assessment: %v", err)
		}
		h.told = nil
		h.write(counsel, c, assessment)
		p := h.write(counsel, c, plan)
		both := access.With(context.Background(), access.Actor{Account: "counsel", Grants: []access.Grant{{Role: access.Supervisor, Region: district}, {Role: access.Clinician, Region: district}}})
		if _, err := h.s.DecidePlan(both, c.ID, p.ID, true, ""); errs.KeyOf(err) != "case.second_person" {
			t.Fatalf("approved by its writer: %v", err)
		}
		h.must(h.s.DecidePlan(super, c.ID, p.ID, false, "目标太笼统"))
		h.tell("super:case.plan_waits", "counsel:case.plan_returned")
		bad := care.Writing{Kind: care.Session, HeldOn: "x", Minutes: 0, Form: "chat", Body: map[string]string{"diagnosis": "抑郁症"}}
		if _, err := h.s.Write(counsel, c.ID, bad); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("a bad session is stored: %v", err)
		}
	})
}

func TestGroupSessionsAndPublicityEvents(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		e, err := h.s.PlanEvent(counsel, care.NewEvent{Kind: care.Group, Theme: "认识情绪", HeldAt: clock.Of(h.clk.Now()), Minutes: 60, Members: []id.ID{lin, "child-2"}})
		if err != nil {
			t.Fatal(err)
		}
		before, after := 14, 9
		e, err = h.s.HoldEvent(counsel, e.ID, care.Held{State: "held", Attendance: []care.Attendance{{ChildID: lin, Came: true, Before: &before, After: &after, Instrument: "phq-a"}, {ChildID: "child-2"}}})
		if err != nil || e.People != 1 {
			t.Fatalf("%+v %v", e, err)
		}
		if _, err := h.s.HoldEvent(counsel, e.ID, care.Held{State: "held"}); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("held twice: %v", err)
		}
		p, err := h.s.PlanEvent(section, care.NewEvent{Kind: care.Publicity, Theme: "看见情绪", HeldAt: clock.Of(h.clk.Now())})
		if err != nil {
			t.Fatal(err)
		}
		if p, err = h.s.HoldEvent(section, p.ID, care.Held{State: "held", People: 120, Materials: 300}); err != nil || p.People != 120 {
			t.Fatalf("%+v %v", p, err)
		}
		members, names, err := h.s.GroupMembers(counsel, e.ID)
		if err != nil || len(members) != 2 || names[lin] == "" {
			t.Fatalf("%+v %v", members, err)
		}
		list, err := h.s.Events(section, "", 0, 0)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

var averages = map[string]bool{"days_open_to_close": true, "days_to_accept": true, "sessions_per_case": true, "goals_reached_share": true}

func TestTheSupervisorsDeskOpensToCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.served()
		h.must(h.s.Crisis(counsel, c.ID))
		h.must(h.s.Refer(op, care.Referral{ChildID: "child-9", Source: "self", Reason: "孩子自己要求"}))
		h.clk.Advance(25 * time.Hour)
		h.raised = []id.ID{lin, "child-nobody"}
		desk, err := h.s.Desk(super)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range desk.Figures {
			if f.Value == nil {
				if len(f.Cases) > 0 {
					t.Errorf("%s has cases and no value", f.Key)
				}
				continue
			}
			got[f.Key] = *f.Value
			if !averages[f.Key] && float64(len(f.Cases)) != *f.Value {
				t.Errorf("%s does not open to its cases", f.Key)
			}
		}
		if _, ok := got["days_open_to_close"]; ok {
			t.Error("an average of no closed case has a value")
		}
		for key, want := range map[string]float64{"unassigned": 1, "open": 2, "contact_overdue": 1, "no_safety_plan": 1, "in_crisis": 1, "no_session": 1, "closed_month": 0, "colour_up": 1, "glass_week": 0} {
			if got[key] != want {
				t.Errorf("%s is %v, want %v", key, got[key], want)
			}
		}
		if len(desk.Figures) < 15 || len(desk.Loads) != 1 || desk.Loads[0].Overdue != 1 || desk.Loads[0].Name != "名counsel" {
			t.Errorf("%d figures, loads %+v", len(desk.Figures), desk.Loads)
		}
		if _, err := h.s.Desk(counsel); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a counsellor sees the desk: %v", err)
		}
	})
}

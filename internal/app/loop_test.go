package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/policy"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	"zugou/internal/report"
)

// loop is a ward in which every message to a person and every matter at the
// seat must be expected: one that nobody expected fails the story where it is.
type loop struct {
	*ward
	told map[id.ID]bool
	open map[id.ID]bool
}

func loops(t *testing.T, pupils int, fn func(l *loop)) {
	t.Helper()
	wards(t, pupils, func(w *ward) {
		// The village has its director.
		more, err := w.a.Staff.SeedDemo(w.ctx(), []region.Code{region.Code(w.who[access.Teacher][0].Region)})
		w.must(err)
		w.who = map[access.Role][]staff.DemoAccount{}
		for _, x := range more {
			w.who[x.Role] = append(w.who[x.Role], x)
		}
		w.must(w.a.seedWorkforce(w.ctx(), more))
		l := &loop{ward: w, told: map[id.ID]bool{}, open: map[id.ID]bool{}}
		l.heard()
		fn(l)
		l.hears()
	})
}

// heard gives what was told since it was last asked, and the matters opened.
func (l *loop) heard() []string {
	l.t.Helper()
	names := map[id.ID]string{}
	for _, list := range l.who {
		for _, x := range list {
			names[x.ID] = x.Account
		}
	}
	var out []string
	l.must(l.a.DB.View(l.ctx(), func(ctx context.Context, r db.Reader) error {
		var notices []struct {
			ID      id.ID  `bun:"id"`
			Account id.ID  `bun:"account"`
			Text    string `bun:"text"`
		}
		if err := r.List(ctx, &notices, "SELECT id, account, text FROM notice"); err != nil {
			return err
		}
		for _, n := range notices {
			if !l.told[n.ID] {
				l.told[n.ID] = true
				out = append(out, names[n.Account]+" "+n.Text)
			}
		}
		var matters []struct {
			ID   id.ID  `bun:"id"`
			Kind string `bun:"kind"`
		}
		if err := r.List(ctx, &matters, "SELECT id, kind FROM matter"); err != nil {
			return err
		}
		for _, m := range matters {
			if !l.open[m.ID] {
				l.open[m.ID] = true
				out = append(out, "seat "+m.Kind)
			}
		}
		return nil
	}))
	slices.Sort(out)
	return out
}

// hears expects exactly these since it was last asked.
func (l *loop) hears(want ...string) {
	l.t.Helper()
	slices.Sort(want)
	if got := l.heard(); !slices.Equal(got, want) {
		l.t.Fatalf("told:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// live lets days pass in which the clinician makes each contact that the
// child's colour obliges, a minute before it falls due.
func (l *loop) live(days int, child id.ID) {
	l.t.Helper()
	for end := l.clk.Now().Add(time.Duration(days) * 24 * time.Hour); l.clk.Now().Before(end); {
		next := min(end.Sub(l.clk.Now()), 24*time.Hour)
		var due id.ID
		for _, c := range l.explain(child).Contacts {
			if in := c.DueAt.Time().Add(-time.Minute).Sub(l.clk.Now()); c.State == "open" && c.Kind != "reassess" && in <= next {
				next, due = max(in, 0), c.ID
			}
		}
		l.pass(next, 24*time.Hour)
		if due != "" {
			l.must(l.a.Screening.Levels.Made(l.as(access.Clinician), due, level.Visit{Reached: true, Stable: true, Note: "当面谈话"}))
		}
	}
}

// figure is the value of an indicator for the year of now.
func (l *loop) figure(code string, want float64, rows int) {
	l.t.Helper()
	l.must(l.a.DB.View(l.as(access.BureauSection), func(ctx context.Context, r db.Reader) error {
		got, err := l.a.Figures.Open(ctx, r, code, report.Period{From: "2024-01-01", To: "2025-01-01"}, "", "", 0)
		if err == nil && (got.Value != want || len(got.Items) != rows) {
			l.t.Errorf("%s is %v of %+v, want %v of %d", code, got.Value, got.Items, want, rows)
		}
		return err
	}))
}

// walks brings an order from the offer to the seat's call after it.
func (l *loop) walks(who context.Context, order id.ID, note string, stages ...policy.Stage) {
	l.t.Helper()
	_, err := l.a.Orders.Accept(who, order, dispatch.Report{})
	l.must(err)
	for _, st := range stages {
		l.pass(2*time.Minute, time.Minute)
		_, err := l.a.Orders.Progress(who, order, st, dispatch.Report{Note: note})
		l.must(err)
	}
}

func TestFromAClassScreeningToTheClosingAndTheThirtyDays(t *testing.T) {
	loops(t, 40, func(l *loop) {
		t := l.t
		section, seat1, seat2 := l.as(access.BureauSection), l.as(access.SeatOperator), l.as(access.SeatOperator, 1)
		clinic, second, super := l.as(access.Clinician), l.as(access.Clinician, 1), l.as(access.Supervisor)
		l.pass(54*time.Hour, time.Hour) // Monday, nine o'clock
		l.hears()

		// 前端防: a class is screened by slips; of forty one guardian said no.
		lin, refused := l.children[0], l.children[39]
		l.sign("asq")
		c := l.round(true, "phq-a")
		l.must(l.a.Screening.Campaigns.Consents(section, c.ID, []campaign.Consent{{ChildID: refused, Consent: campaign.Refused, By: "father", How: "phone"}}))
		_, err := l.a.Screening.Campaigns.Open(section, c.ID)
		l.must(err)
		members, err := l.a.Screening.Campaigns.Members(section, c.ID, campaign.MemberQuery{})
		l.must(err)
		phq, asq := l.version("phq-a"), l.version("asq")
		for _, m := range members {
			if m.ChildID == refused {
				continue
			}
			l.must(l.a.Screening.Answers.Word(context.Background(), m.Code, true))
			items := calm(phq)
			if m.ChildID == lin {
				for n := range 8 {
					items[fmt.Sprint(n+1)] = instrument.Answer{Value: 2}
				}
				items["9"] = instrument.Answer{Value: 1}
			}
			l.sit(m.Code, "slip "+m.Code, phq, items, false)
		}
		l.hears("seat screen_talk")

		// The seat sends whoever may talk with the child today.
		talk := l.matters(lin)[0]
		_, err = l.a.Matters.Lock(seat1, talk.ID)
		l.must(err)
		l.pass(time.Minute, time.Minute)
		o, err := l.a.Orders.Dispatch(seat1, talk.ID, dispatch.Sending{})
		l.must(err)
		l.hears("clinic1 order.offered", "clinic2 order.offered", "school1 order.offered", "social1 order.offered", "social2 order.offered")
		l.walks(clinic, o.ID, "到校见到孩子", policy.OnTheWay, policy.OnScene)

		// Asked face to face the child says: now. That is a matter of its own.
		yes := calm(asq)
		for _, n := range []string{"1", "3", "5"} {
			yes[n] = instrument.Answer{Value: 1}
		}
		rec, err := l.a.Screening.Answers.Take(clinic, answer.New{Key: "talk", ChildID: lin, Instrument: asq.ID, Version: asq.Version, Informant: instrument.Child, Way: answer.Interview, Items: yes, Reason: "当天谈话"})
		l.must(err)
		l.hears("seat suicide")
		near, err := l.a.Orders.Dispatch(seat1, rec.MatterID, dispatch.Sending{})
		l.must(err)
		police, err := l.a.Orders.Dispatch(seat1, rec.MatterID, dispatch.Sending{AsOfStep: 1, Joint: "police"})
		l.must(err)
		l.hears("police1 order.offered", "village001001 order.offered")
		director, officer := l.as(access.VillageDirector), l.as(access.PoliceLiaison)
		_, err = l.a.Orders.Accept(officer, police.ID, dispatch.Report{})
		l.must(err)
		_, err = l.a.Orders.Accept(director, near.ID, dispatch.Report{})
		l.must(err)
		for _, st := range []policy.Stage{policy.OnTheWay, policy.OnScene, policy.Handled, policy.FedBack} {
			l.pass(time.Minute, time.Minute)
			_, err = l.a.Orders.Progress(director, near.ID, st, dispatch.Report{Note: "陪在孩子身边，农药已收走"})
			l.must(err)
			_, err = l.a.Orders.Progress(officer, police.ID, st, dispatch.Report{Note: "到场，无立即危险"})
			l.must(err)
		}
		for _, x := range []id.ID{near.ID, police.ID} {
			_, err = l.a.Orders.Callback(seat1, x, dispatch.Report{Note: "与外婆通话，孩子在家有人陪"})
			l.must(err)
		}
		l.hears()

		// The clinician stayed; the assessed colour is red, a person's word.
		for _, st := range []policy.Stage{policy.Handled, policy.FedBack} {
			_, err = l.a.Orders.Progress(clinic, o.ID, st, dispatch.Report{Note: "完成安全评估，已交接"})
			l.must(err)
		}
		_, err = l.a.Orders.Callback(seat1, o.ID, dispatch.Report{Note: "与班主任核实"})
		l.must(err)
		levels := l.a.Screening.Levels
		_, err = levels.Assess(clinic, lin, level.Judgement{Colour: risk.Red, Reason: "有想法和计划，外婆年迈，须每日有人陪伴"})
		l.must(err)
		l.must(levels.Made(clinic, l.explain(lin).Contacts[0].ID, level.Visit{Reached: true, Note: "放学后一起走到家"}))
		// Each matter ends with an outcome, each crisis by a second person.
		for _, m := range []id.ID{rec.MatterID, talk.ID} {
			_, err = l.a.Matters.Close(seat1, m, "crisis_defused", "已转个案", 0)
			l.must(err)
			_, err = l.a.Matters.Confirm(seat1, m, true, "")
			l.wants(err, "matter.second_person")
			_, err = l.a.Matters.Confirm(seat2, m, true, "")
			l.must(err)
		}
		l.hears()

		// 中端治: the same day it becomes a case.
		file, err := l.a.Care.Refer(seat1, care.Referral{ChildID: lin, Source: "screening", SourceRef: rec.ID, Need: "suicide", Reason: "班级筛查危急回答，当天评估为红色"})
		l.must(err)
		_, err = l.a.Care.Refer(section, care.Referral{ChildID: lin, Source: "screening", Reason: "再转一次"})
		l.wants(err, "case.open_already")
		_, err = l.a.Care.Accept(section, file.ID, l.who[access.Clinician][0].ID, l.who[access.Supervisor][0].ID, 0)
		l.must(err)
		write := func(w care.Writing) care.Part {
			got, err := l.a.Care.Write(clinic, file.ID, w)
			l.must(err)
			return got
		}
		write(care.Writing{Kind: care.Assessment, Body: map[string]string{"concern": "近一个月反复想到死，有过计划", "means": "家中有农药，已由村里收走", "risk": "high", "opinion": "每周会谈，家校同步"}})
		write(care.Writing{Kind: care.SafetyPlan, Body: map[string]string{"signs": "一个人躲在房间", "people": "外婆、班主任", "surroundings": "农药已收走"}})
		plan := write(care.Writing{Kind: care.Plan, Goals: []care.NewGoal{{Text: "六周内每周会谈一次", Service: "counselling", Who: "clinic1", ByOn: "2024-07-20"}}})
		_, err = l.a.Care.DecidePlan(super, file.ID, plan.ID, true, "")
		l.must(err)
		l.hears("clinic1 case.given", "super1 case.plan_waits", "clinic1 case.plan_approved")

		// Six weeks of sessions and of the contacts that the colour obliges; after
		// four the case is assessed anew, and the colour falls by a second person.
		lower := func(to risk.Colour, why string) {
			t.Helper()
			asked, err := levels.Assess(clinic, lin, level.Judgement{Colour: to, Reason: why})
			l.must(err)
			_, err = levels.Agree(clinic, asked.ID, true, "同意")
			l.wants(err, "risk.second_person")
			_, err = levels.Agree(second, asked.ID, true, "同意")
			l.must(err)
		}
		for week := range 6 {
			if week == 4 {
				lower(risk.Orange, "四周稳定，无新的想法")
			}
			write(care.Writing{Kind: care.Session, HeldOn: string(civil.DateOf(l.clk.Now())), Form: "individual", Minutes: 50, Key: fmt.Sprint("week ", week), Body: map[string]string{"theme": "情绪", "summary": "谈了学校和外婆"}, Secret: "只有督导和我能看的话"})
			l.live(7, lin)
		}
		l.hears()

		// Review with the same instrument: from 17 to 4 is recovered.
		better := calm(phq)
		for _, n := range []string{"1", "3", "4", "5"} {
			better[n] = instrument.Answer{Value: 1}
		}
		_, err = l.a.Screening.Answers.Take(clinic, answer.New{Key: "review", ChildID: lin, Instrument: phq.ID, Version: phq.Version, Informant: instrument.Child, Way: answer.Interview, Items: better, Reason: "个案复评"})
		l.must(err)
		write(care.Writing{Kind: care.Review, Body: map[string]string{"progress": "情绪稳定，能向外婆求助", "measures": "PHQ-A 17→4"}})
		lower(risk.Yellow, "六周稳定，量表回落，家人可陪伴")
		sheet, err := l.a.Care.Find(clinic, file.ID)
		l.must(err)
		_, err = l.a.Care.End(clinic, file.ID, "reached", "目标已达到", 0)
		l.wants(err, "case.goals_open")
		_, err = l.a.Care.SettleGoal(clinic, file.ID, sheet.Goals[0].ID, true)
		l.must(err)
		_, err = l.a.Care.End(clinic, file.ID, "reached", "目标已达到，情绪稳定", 0)
		l.must(err)
		_, err = l.a.Care.Confirm(clinic, file.ID, true, "")
		l.wants(err, "access.forbidden")
		closed, err := l.a.Care.Confirm(super, file.ID, true, "")
		l.must(err)
		l.hears("super1 case.closing_waits")

		// 末端护: the follow-ups have their days; one that nobody makes goes to the seat.
		sheet, err = l.a.Care.Find(clinic, file.ID)
		l.must(err)
		if len(sheet.Dues) != 2 || sheet.Dues[0].DueAt != closed.ClosedAt.Add(30*24*time.Hour) || sheet.Dues[1].DueAt != closed.ClosedAt.Add(90*24*time.Hour) {
			t.Fatalf("%+v", sheet.Dues)
		}
		l.live(30, lin)
		l.hears("clinic1 case.contact_due")
		_, err = l.a.Care.Done(clinic, file.ID, sheet.Dues[0].ID, care.Contacted{Reached: true, Note: "当面见到，状态平稳"})
		l.must(err)
		l.live(60, lin)
		l.hears("clinic1 case.contact_due")
		l.live(1, lin)
		l.hears("seat welfare", "super1 case.contact_missed")
		closed, err = l.a.Care.Done(clinic, file.ID, sheet.Dues[1].ID, care.Contacted{Reached: true, Note: "电话联系，状态平稳"})
		l.must(err)
		if closed.State != care.Followed {
			t.Fatalf("the case is %s", closed.State)
		}
		l.clk.Advance(time.Hour)

		// 跟踪问效: each figure counts the child once and opens into its rows.
		for _, f := range []struct {
			code string
			want float64
			rows int
		}{{"D05", 1, 1}, {"D10", 1, 2}, {"D11", 1, 1}, {"D12", 0, 0}, {"D13", 0, 0}, {"D15", 1, 1}, {"D16", 1, 1}, {"D17", 1, 1}} {
			l.figure(f.code, f.want, f.rows)
		}
		results, err := l.a.Care.Results(super, "2024-01-01", "2025-01-01")
		l.must(err)
		got := map[string]float64{}
		for _, f := range results.Figures {
			if f.Value != nil {
				got[f.Key] = *f.Value
			}
		}
		for key, want := range map[string]float64{"change_measured": 1, "change_recovered": 1, "change_worse": 0, "goals_reached_share": 1, "crisis_after": 0, "follow_up_done": 1, "accept_in_time": 1,
			"assess_in_time": 1, "plan_in_time": 1, "days_open_to_close": 42, "sessions_per_case": 6} {
			if v, ok := got[key]; !ok || v != want {
				t.Errorf("%s is %v, want %v", key, v, want)
			}
		}
	})
}

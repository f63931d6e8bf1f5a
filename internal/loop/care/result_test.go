package care_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
)

// ended serves a case and closes it ten days later.
func (h *house) ended() care.Case {
	h.t.Helper()
	c := h.served()
	h.write(counsel, c, session)
	h.clk.Advance(10 * 24 * time.Hour)
	sheet, err := h.s.Find(counsel, c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	h.must(h.s.SettleGoal(counsel, c.ID, sheet.Goals[0].ID, true))
	h.must(h.s.End(counsel, c.ID, "reached", "目标已达到", 0))
	h.tell("super:case.closing_waits")
	return h.must(h.s.Confirm(super, c.ID, true, ""))
}

// period is the civil days around now.
func (h *house) period(before, after int) (civil.Date, civil.Date) {
	day := civil.DateOf(h.clk.Now())
	return day.AddDays(-before), day.AddDays(after)
}

func (h *house) results(before, after int) map[string]care.Result {
	h.t.Helper()
	from, to := h.period(before, after)
	got, err := h.s.Results(super, from, to)
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]care.Result{}
	for _, f := range got.Figures {
		out[f.Key] = f
		rows, err := h.s.ResultRows(super, f.Key, from, to)
		if err != nil || len(rows) != f.Rows {
			h.t.Errorf("%s says %d rows and opens to %d: %v", f.Key, f.Rows, len(rows), err)
		}
		if (f.Value == nil) != (f.Rows == 0) {
			h.t.Errorf("%s of %d rows is %v", f.Key, f.Rows, f.Value)
		}
	}
	return out
}

func (h *house) is(got map[string]care.Result, key string, want float64) {
	h.t.Helper()
	if f := got[key]; f.Value == nil || math.Abs(*f.Value-want) > 1e-9 {
		h.t.Errorf("%s is %+v, want %v", key, f, want)
	}
}

func TestAFigureWithoutRowsHasNoValue(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		for key, f := range h.results(365, 1) {
			if f.Value != nil {
				h.t.Errorf("%s is %v without a case", key, *f.Value)
			}
		}
	})
}

// primero names the fifteen figures by which Primero (CPIMS+) supervises its
// casework, and ours for each.
var primero = map[string][]string{
	"number_of_cases":                                 {"cases_opened"},
	"number_of_incidents":                             {"crises"},
	"reporting_delay":                                 {"report_hours", "days_to_accept"},
	"assessment_status":                               {"assessed_share", "assess_in_time"},
	"completed_case_safety_plans":                     {"safety_share"},
	"completed_case_action_plans":                     {"planned_share"},
	"completed_supervisor_approved_case_action_plans": {"approved_share", "plan_in_time"},
	"services_provided":                               {"services"},
	"average_followup_meetings_per_case":              {"follow_ups_per_case", "sessions_per_case"},
	"average_referrals":                               {"referrals_per_case"},
	"case_closure_rate":                               {"closed_share"},
	"time_from_case_open_to_close":                    {"days_open_to_close"},
	"client_satisfaction_rate":                        {"opinion_child", "opinion_guardian"},
	"supervisor_to_caseworker_ratio":                  {"workers_per_supervisor"},
	"case_load":                                       {"load"},
}

func TestPrimerosFifteenFiguresAreThereAndOpenToTheirRows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if len(primero) != 15 {
			t.Fatalf("%d figures", len(primero))
		}
		first := h.ended() // with a session, a goal reached
		second := h.must(h.s.Refer(op, care.Referral{ChildID: "child-2", Source: "school", Reason: "学校转来"}))
		h.must(h.s.Accept(section, second.ID, "other", "super", 0))
		h.told = nil
		h.must(h.s.Crisis(other, second.ID))
		h.write(other, second, safety)
		if _, err := h.s.Ask(other, second.ID, care.Asking{Kind: care.MoveReferral, Department: "health", Consent: "given", Reason: "转医院门诊"}); err != nil {
			t.Fatal(err)
		}
		h.told = nil
		h.clk.Advance(24 * time.Hour)
		sheet, err := h.s.Find(other, second.ID)
		if err != nil {
			t.Fatal(err)
		}
		h.must(h.s.Done(other, second.ID, sheet.Dues[0].ID, care.Contacted{Reached: true, Note: "当面见到"}))
		rep, err := h.s.Report(section, care.NewReport{Direction: "sent", ChildID: "child-2", Situation: 5, Facts: "身上多处新旧伤", ToOrgan: "police"})
		if err != nil {
			t.Fatal(err)
		}
		h.matters = nil
		h.clk.Advance(3 * time.Hour)
		if _, err := h.s.Advance(section, rep.ID, care.Step{Sent: true, Proof: "公函〔2024〕3号"}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.AskOpinion(super, first.ID, "child", care.ByPhone, care.Answers{Helped: 4, Heard: 4, Again: 4}); err != nil {
			t.Fatal(err)
		}
		got := h.results(365, 1) // which also opens each to its rows
		for theirs, ours := range primero {
			for _, key := range ours {
				if _, ok := got[key]; !ok {
					t.Errorf("%s has no %s", theirs, key)
				}
			}
		}
		for key, want := range map[string]float64{"cases_opened": 2, "crises": 1, "report_hours": 3, "assessed_share": 0.5, "safety_share": 0.5, "planned_share": 0.5, "approved_share": 0.5, "services": 1,
			"follow_ups_per_case": 0.5, "sessions_per_case": 0.5, "referrals_per_case": 0.5, "closed_share": 0.5, "days_open_to_close": 10, "opinion_child": 4, "workers_per_supervisor": 1, "load": 1} {
			h.is(got, key, want)
		}
	})
}

func TestBeforeAndAfterByTheSameInstrumentWithReliableChange(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		start := clock.Of(h.clk.Now())
		at := func(days int) clock.Millis { return start.Add(time.Duration(days) * 24 * time.Hour) }
		h.scores = []care.Score{
			{Instrument: "phq-9", At: at(-3), Total: 16}, {Instrument: "phq-9", At: at(9), Total: 8}, // past the cut-off, more than 6
			{Instrument: "gad-7", At: at(-3), Total: 12}, {Instrument: "gad-7", At: at(9), Total: 9}, // 3 points are within the error
			{Instrument: "who-5", At: at(-3), Total: 60}, {Instrument: "who-5", At: at(9), Total: 44}, // higher is better: worse
			{Instrument: "rses", At: at(-3), Total: 10}, {Instrument: "rses", At: at(9), Total: 15}, // 4.82 by its spread
			{Instrument: "psc-17", At: at(-3), Total: 20}, {Instrument: "psc-17", At: at(9), Total: 2}, // no parameters
			{Instrument: "phq-a", At: at(-1), Total: 20}, {Instrument: "phq-a", At: at(1), Total: 2}, // two days apart
			{Instrument: "ces-dc", At: at(-90), Total: 30}, {Instrument: "ces-dc", At: at(9), Total: 3}, // the first is too old
		}
		c := h.ended()
		from, to := h.period(30, 1)
		rows, err := h.s.ResultRows(super, "change_improved", from, to)
		if err != nil || len(rows) != 4 {
			t.Fatalf("%+v %v", rows, err)
		}
		verdicts := map[string]string{}
		for _, row := range rows {
			verdicts[row.Change.Instrument] = row.Change.Verdict
			if row.Change.Instrument == "rses" && row.Change.Least != 4.82 {
				t.Errorf("the least reliable change of rses is %v", row.Change.Least)
			}
		}
		for name, want := range map[string]string{"phq-9": care.Recovered, "gad-7": care.Unchanged, "who-5": care.Worse, "rses": care.Improved} {
			if verdicts[name] != want {
				t.Errorf("%s is %s, want %s", name, verdicts[name], want)
			}
		}
		got := h.results(30, 1)
		h.is(got, "change_measured", 1)
		h.is(got, "change_recovered", 0.25)
		h.is(got, "change_improved", 0.5)
		h.is(got, "change_worse", 0.25)

		// A section sees that a child got better; the scores are for who reads questionnaires.
		rows, err = h.s.ResultRows(section, "change_improved", from, to)
		if err != nil || rows[0].Change.Verdict == "" || rows[0].Change.Before != 0 || rows[0].Change.After != 0 {
			t.Errorf("the section reads %+v %v", rows[0].Change, err)
		}
		// The worker has them on the case's page.
		sheet, err := h.s.Find(counsel, c.ID)
		if err != nil || len(sheet.Changes) != 5 {
			t.Errorf("%+v %v", sheet.Changes, err)
		}
		if sheet, err = h.s.Find(section, c.ID); err != nil || len(sheet.Changes) != 0 {
			t.Errorf("the section reads %+v %v", sheet.Changes, err)
		}
	})
}

func TestResultsAfterTheClosingAndOfTime(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.ended()
		got := h.results(30, 1)
		h.is(got, "goals_reached_share", 1)
		h.is(got, "crisis_after", 0)
		h.is(got, "accept_in_time", 1)
		h.is(got, "assess_in_time", 1)
		h.is(got, "plan_in_time", 1)
		h.is(got, "days_open_to_close", 10)
		h.is(got, "sessions_per_case", 1)
		h.is(got, "opinion_share", 0)
		if got["load"].Value != nil {
			t.Errorf("load of nobody: %+v", got["load"])
		}
		// A crisis three weeks after the closing counts against it, a year after does not.
		h.crisis = map[id.ID]clock.Millis{lin: c.ClosedAt.Add(21 * 24 * time.Hour)}
		h.clk.Advance(40 * 24 * time.Hour)
		got = h.results(60, 1)
		h.is(got, "crisis_after", 1)
		h.is(got, "follow_up_done", 0) // due after 30 days, and a week has gone since
		h.crisis = map[id.ID]clock.Millis{lin: c.ClosedAt.Add(365 * 24 * time.Hour)}
		h.is(h.results(60, 1), "crisis_after", 0)

		// A referral that nobody takes on is late, though it has no end yet.
		h.must(h.s.Refer(op, care.Referral{ChildID: "child-late", Source: "self", Reason: "孩子自己要求"}))
		h.clk.Advance(4 * 24 * time.Hour)
		got = h.results(60, 1)
		if f := got["accept_in_time"]; f.Rows != 2 || f.Hold != 1 {
			t.Errorf("%+v", f)
		}
		if _, err := h.s.Results(counsel, "2024-01-01", "2025-01-01"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a counsellor reads the results of all: %v", err)
		}
		if _, err := h.s.Results(super, "2025-01-01", "2024-01-01"); errs.KeyOf(err) == "" {
			t.Error("a period that ends before it begins")
		}
		if _, err := h.s.ResultRows(super, "nothing", "2024-01-01", "2025-01-01"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("%v", err)
		}
	})
}

func TestAChildSaysHowTheHelpWasOnceByALink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.ended()
		link, err := h.s.AskOpinion(counsel, c.ID, "child", care.ByLink, care.Answers{})
		if err != nil || len(link) < 40 {
			t.Fatalf("%q %v", link, err)
		}
		if who, err := h.s.Asked(t.Context(), link); err != nil || who != "child" {
			t.Fatalf("%q %v", who, err)
		}
		if err := h.s.Say(t.Context(), link, care.Answers{Helped: 6, Heard: 4, Again: 5}); errs.KeyOf(err) == "" {
			t.Fatal("six of five")
		}
		words := "阿姨听我说话"
		if err := h.s.Say(t.Context(), link, care.Answers{Helped: 5, Heard: 5, Again: 4, Text: words}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Say(t.Context(), link, care.Answers{Helped: 1, Heard: 1, Again: 1}); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("said twice: %v", err)
		}
		var raw []string
		if err := h.d.View(t.Context(), func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &raw, "SELECT text FROM care_opinion")
		}); err != nil || len(raw) != 1 || strings.Contains(raw[0], words) || raw[0] == "" {
			t.Fatalf("stored as %q %v", raw, err)
		}
		// The guardian is asked by phone, by the supervisor.
		if _, err := h.s.AskOpinion(super, c.ID, "guardian", care.ByPhone, care.Answers{Helped: 3, Heard: 4, Again: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.AskOpinion(other, c.ID, "guardian", care.ByPhone, care.Answers{Helped: 3, Heard: 4, Again: 2}); err == nil {
			t.Fatal("another's case")
		}
		got := h.results(30, 1)
		h.is(got, "opinion_child", 14.0/3)
		h.is(got, "opinion_guardian", 3)
		h.is(got, "opinion_share", 1)
		sheet, err := h.s.Find(super, c.ID)
		if err != nil || len(sheet.Opinions) != 2 || sheet.Opinions[0].Text+sheet.Opinions[1].Text != words {
			t.Fatalf("%+v %v", sheet.Opinions, err)
		}
		// A link ends after two weeks.
		if link, err = h.s.AskOpinion(super, c.ID, "child", care.ByLink, care.Answers{}); err != nil {
			t.Fatal(err)
		}
		h.clk.Advance(15 * 24 * time.Hour)
		if _, err := h.s.Asked(t.Context(), link); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("an old link: %v", err)
		}
	})
}

func TestOutcomesThatCantBeUsed(t *testing.T) {
	good := care.Outcomes{AcceptDays: 1, AssessDays: 1, PlanDays: 1, ContactLateHours: 1, FollowUpLateDays: 1, CrisisAfterDays: 1, BeforeDays: 1, AfterDays: 1, ApartDays: 1}
	if err := good.Usable(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*care.Outcomes){
		"no time":        func(o *care.Outcomes) { o.ApartDays = 0 },
		"no parameters":  func(o *care.Outcomes) { o.Scales = []care.Scale{{Instrument: "x", Source: "s"}} },
		"no source":      func(o *care.Outcomes) { o.Scales = []care.Scale{{Instrument: "x", Points: 3}} },
		"no reliability": func(o *care.Outcomes) { o.Scales = []care.Scale{{Instrument: "x", SD: 3, Source: "s"}} },
	} {
		bad := good
		spoil(&bad)
		if bad.Usable() == nil {
			t.Errorf("%s is usable", name)
		}
	}
}

package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
)

// sit hands in a sheet by a child's code.
func (w *ward) sit(code, key string, in instrument.Instrument, items map[string]instrument.Answer, stopped bool) {
	w.t.Helper()
	w.must(w.a.Screening.Answers.Sit(context.Background(), code, answer.New{Key: key, Instrument: in.ID, Version: in.Version, Items: items, Stopped: stopped}))
}

func TestWhatAChildEndsHalfWayIsNotKeptButHeard(t *testing.T) {
	wards(t, 3, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		members, err := w.a.Screening.Campaigns.Members(w.as(access.BureauSection), c.ID, campaign.MemberQuery{})
		w.must(err)
		in := w.version("phq-a")

		// Nothing in it that must not wait: nothing of it stays.
		w.sit(members[0].Code, "a", in, map[string]instrument.Answer{"1": {Value: 3}}, true)
		sheets, err := w.a.Screening.Answers.OfChild(w.as(access.Clinician), members[0].ChildID)
		w.must(err)
		if len(sheets) != 0 || len(w.matters(members[0].ChildID)) != 0 {
			t.Errorf("%d sheets, %d matters of a child that stopped", len(sheets), len(w.matters(members[0].ChildID)))
		}
		if _, err := w.a.Screening.Answers.Sitting(context.Background(), members[0].Code); err != nil {
			t.Errorf("who stopped can't come back: %v", err)
		}

		// A yes to the question on death is heard; the same act again is one.
		for range 2 {
			w.sit(members[1].Code, "b", in, map[string]instrument.Answer{"9": {Value: 1}}, true)
		}
		open := w.matters(members[1].ChildID)
		if len(open) != 1 || open[0].Kind != "screen_talk" {
			t.Fatalf("the seat has %+v", open)
		}
		sheets, err = w.a.Screening.Answers.OfChild(w.as(access.Clinician), members[1].ChildID)
		w.must(err)
		if len(sheets) != 1 || sheets[0].State != answer.Withheld {
			t.Errorf("%+v", sheets)
		}

		// A refusal of that question is heard; who comes back hands in the whole.
		w.sit(members[2].Code, "c-left", in, map[string]instrument.Answer{"9": {Refused: true}}, true)
		if open := w.matters(members[2].ChildID); len(open) != 1 || open[0].Kind != "screen_talk" {
			t.Errorf("the seat has %+v", open)
		}
		w.sit(members[2].Code, "c", in, calm(in), false)
		sheets, err = w.a.Screening.Answers.OfChild(w.as(access.Clinician), members[2].ChildID)
		w.must(err)
		if len(sheets) != 2 || !slices.ContainsFunc(sheets, func(s answer.Listed) bool { return s.State == answer.Done }) {
			t.Errorf("%+v", sheets)
		}
	})
}

func TestAChildsPageIsToldNoScoringAndATeachersWordIsNoConsent(t *testing.T) {
	wards(t, 1, func(w *ward) {
		t := w.t
		w.sign("phq-a", "psc-17")
		today := civil.DateOf(w.clk.Now())
		make := func(who instrument.Informant, name string) (campaign.Campaign, string) {
			c, err := w.a.Screening.Campaigns.Make(w.as(access.BureauSection), campaign.New{Title: "试验", Region: "500111", Instruments: []string{name}, Informant: who,
				Selection: campaign.Selection{School: "试验中学"}, StartsOn: today, EndsOn: today.AddDays(3)})
			w.must(err)
			w.must(w.a.Screening.Campaigns.Consents(w.as(access.BureauSection), c.ID, []campaign.Consent{{ChildID: w.children[0], Consent: campaign.Given, By: "mother", How: "paper"}}))
			_, err = w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
			w.must(err)
			list, err := w.a.Screening.Campaigns.Members(w.as(access.BureauSection), c.ID, campaign.MemberQuery{})
			w.must(err)
			return c, list[0].Code
		}
		_, code := make(instrument.Child, "phq-a")
		told, err := w.a.Screening.Answers.Sitting(context.Background(), code)
		w.must(err)
		text, err := json.Marshal(told)
		w.must(err)
		if !told.NeedsWord || len(told.Papers) != 1 || len(told.Papers[0].Items) != 13 {
			t.Fatalf("%s", text)
		}
		for _, secret := range []string{"critical", "suicide", "cutoffs", "bands", "抑郁"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("a child's page is told %q", secret)
			}
		}

		c, code := make(instrument.Teacher, "psc-17")
		if err := w.a.Screening.Answers.Word(context.Background(), code, true); !errs.Is(err, errs.KindConflict) {
			t.Errorf("a teacher's word: %v", err)
		}
		list, err := w.a.Screening.Campaigns.Members(w.as(access.BureauSection), c.ID, campaign.MemberQuery{})
		w.must(err)
		if list[0].Assent != "" {
			t.Errorf("a teacher's word counts as the child's: %q", list[0].Assent)
		}
	})
}

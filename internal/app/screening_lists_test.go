package app

import (
	"encoding/json"
	"strings"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk/level"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
)

// The section is answerable for a campaign and reads nobody's sheet: it is
// told counts, and in the list for work the children to follow up.
func TestTheSectionIsToldCountsAndNoAnswers(t *testing.T) {
	wards(t, 4, func(w *ward) {
		t := w.t
		c := w.round(true, "phq-a")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("phq-a")
		grave, over := calm(in), calm(in)
		grave["9"] = instrument.Answer{Value: 2}
		for _, item := range []string{"1", "2", "3", "4", "5"} {
			over[item] = instrument.Answer{Value: 3}
		}
		typed := func(i int, items map[string]instrument.Answer, twice bool) {
			rec, err := w.paper(c, w.children[i], in, items)
			w.must(err)
			if twice {
				_, err = w.a.Screening.Answers.Again(w.as(access.Clinician), rec.ID, items)
				w.must(err)
			}
		}
		typed(0, grave, true)
		typed(1, over, true)
		typed(2, calm(in), true)
		typed(3, calm(in), false)
		got, err := w.a.Screening.Answers.SummaryOf(w.as(access.BureauSection), c.ID)
		w.must(err)
		want := answer.Summary{Instrument: "phq-a", Title: in.Title.ZH, SchoolID: c.Selection.SchoolID, School: "试验中学", Done: 3, Critical: 1, Over: 1, Plain: 1, Paper: 1}
		if len(got) != 1 || got[0] != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		text, err := json.Marshal(got)
		w.must(err)
		for _, child := range w.children {
			if strings.Contains(string(text), string(child)) {
				t.Errorf("the counts name a child: %s", text)
			}
		}
		if _, err := w.a.Screening.Answers.SummaryOf(w.as(access.Teacher), c.ID); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a teacher is told how a campaign came out: %v", err)
		}
		if _, _, err := w.a.Screening.Answers.OfCampaign(w.as(access.BureauSection), c.ID, "", "", 0); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a section reads sheets: %v", err)
		}

		// One school by its id, whatever others are called.
		for school, n := range map[id.ID]int{c.Selection.SchoolID: 2, "none": 0} {
			list, err := w.a.Screening.Levels.Waiting(w.as(access.BureauSection), level.Query{SchoolID: school, School: "别的"})
			w.must(err)
			if len(list) != n {
				t.Errorf("school %s finds %d, want %d", school, len(list), n)
			}
		}
		// A part of the school's name finds its children; a sign of the search is a sign.
		for school, n := range map[string]int{"试验": 2, "中学": 2, "": 2, "试验中学": 2, "%": 0, "_": 0, "别的": 0} {
			list, err := w.a.Screening.Levels.Waiting(w.as(access.BureauSection), level.Query{School: school})
			w.must(err)
			if len(list) != n {
				t.Errorf("%q finds %d, want %d", school, len(list), n)
			}
		}
	})
}

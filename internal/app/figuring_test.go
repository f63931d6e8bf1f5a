package app

import (
	"context"
	"fmt"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/people/access"
	"zugou/internal/report"
)

func TestASuspectedChildCountsOnceAndOpensIntoItsSheets(t *testing.T) {
	wards(t, 2, func(w *ward) {
		in := w.version("asq")
		yes := calm(in)
		yes["1"] = instrument.Answer{Value: 1}
		for i, s := range []struct {
			child id.ID
			items map[string]instrument.Answer
		}{{w.children[0], yes}, {w.children[0], yes}, {w.children[1], calm(in)}} {
			_, err := w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: fmt.Sprintf("figure-%d", i), ChildID: s.child, Instrument: in.ID, Version: in.Version,
				Informant: instrument.Child, Way: answer.Interview, Items: s.items, Reason: "统计试验"})
			w.must(err)
		}
		day := civil.DateOf(w.clk.Now())
		w.must(w.a.DB.View(w.as(access.BureauSection), func(ctx context.Context, r db.Reader) error {
			got, err := w.a.Figures.Open(ctx, r, "D10", report.Period{From: day, To: day.AddDays(1)}, "", "", 0)
			if err == nil && (got.Value != 1 || len(got.Items) != 2 || got.Items[0].Kind != "sheet" || got.Items[0].Counted != string(w.children[0])) {
				w.t.Errorf("D10 is %v of %+v", got.Value, got.Items)
			}
			if err != nil {
				return err
			}
			none, err := w.a.Figures.Open(ctx, r, "D09", report.Period{From: day, To: day.AddDays(1)}, "", "", 0)
			if err == nil && none.Value != 0 {
				w.t.Errorf("D09 is %v without a drawing", none.Value)
			}
			return err
		}))
	})
}

func TestASecondPhotoOfASheetIsNoSecondDrawing(t *testing.T) {
	wards(t, 1, func(w *ward) {
		day := civil.DateOf(w.clk.Now())
		w.must(w.a.DB.Update(w.ctx(), func(ctx context.Context, tx *db.Tx) error {
			for _, state := range []string{"rating", "suspect", "second", "out"} {
				if _, err := tx.Exec(ctx, "INSERT INTO drawing (id, batch_id, photo_id, number, child_id, region, state, subject, measures, suggested, hash_d, hash_p, age, age_band, sex, colours, time_limit, rating, created_at) VALUES (?, 'b', ?, 'n', ?, ?, ?, '', '{}', '{}', 0, 0, 10, '', '', ?, 0, '', ?)",
					id.New(), id.New(), w.children[0], w.region, state, false, tx.Now); err != nil {
					return err
				}
			}
			return nil
		}))
		w.must(w.a.DB.View(w.as(access.BureauSection), func(ctx context.Context, r db.Reader) error {
			got, err := w.a.Figures.Open(ctx, r, "D09", report.Period{From: day, To: day.AddDays(1)}, "", "", 0)
			if err == nil && got.Value != 2 {
				w.t.Errorf("D09 is %v", got.Value)
			}
			return err
		}))
	})
}

func TestAPlanSaysHowManyItTakesAndWhatItNeeds(t *testing.T) {
	wards(t, 9, func(w *ward) {
		plan := campaign.New{Region: "500111", Selection: campaign.Selection{School: "试验中学"}}
		fit, err := w.a.Screening.Campaigns.Fits(w.as(access.BureauSection), plan)
		w.must(err)
		if fit.Children != 9 || fit.Needed != 3 || fit.Room <= 0 {
			w.t.Errorf("the plan takes %+v", fit)
		}
		plan.Selection.MinAge = 17
		if fit, err = w.a.Screening.Campaigns.Fits(w.as(access.BureauSection), plan); err != nil || fit.Children != 0 {
			w.t.Errorf("from 17: %+v, %v", fit, err)
		}
		classes, err := w.a.Screening.Campaigns.Classes(w.as(access.BureauSection))
		w.must(err)
		if len(classes) != 1 || classes[0].School != "试验中学" || classes[0].Children != 9 {
			w.t.Errorf("classes: %+v", classes)
		}
		_, err = w.a.Screening.Campaigns.Fits(w.as(access.Teacher), plan)
		w.wants(err, "access.forbidden")
		people, err := w.a.Screening.Campaigns.Colleagues(w.as(access.BureauSection), true)
		w.must(err)
		if len(people) == 0 || people[0].Role != access.Teacher {
			w.t.Errorf("teachers: %+v", people)
		}
		c := w.round(true, "asq")
		_, err = w.a.Screening.Campaigns.Ask(w.as(access.Teacher), c.ID, w.children[0], answer.HandedIn)
		w.wants(err, "access.forbidden")
		ask, err := w.a.Screening.Campaigns.Ask(w.as(access.Clinician), c.ID, w.children[0], answer.HandedIn)
		w.must(err)
		if len(ask.Papers) != 1 || ask.Bar != "" || ask.Open {
			w.t.Errorf("before it opened: bar %q, open %v, %d papers", ask.Bar, ask.Open, len(ask.Papers))
		}
	})
}

func TestResultsOfACampaignAreForWhoReadsThemAsTheirWork(t *testing.T) {
	wards(t, 1, func(w *ward) {
		c := w.round(true, "asq")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("asq")
		_, err = w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: "r", CampaignID: c.ID, ChildID: w.children[0], Instrument: in.ID, Version: in.Version,
			Informant: instrument.Child, Way: answer.Interview, Items: calm(in)})
		w.must(err)
		list, _, err := w.a.Screening.Answers.OfCampaign(w.as(access.Clinician), c.ID, "", "", 0)
		w.must(err)
		if len(list) != 1 || list[0].Critical {
			w.t.Errorf("results: %+v", list)
		}
		for _, role := range []access.Role{access.Teacher, access.BureauSection, access.SeatOperator} {
			_, _, err := w.a.Screening.Answers.OfCampaign(w.as(role), c.ID, "", "", 0)
			w.wants(err, "access.forbidden")
		}
		_, _, err = w.a.Screening.Answers.OfCampaign(w.as(access.Clinician), c.ID, "", "behind", 0)
		w.wants(err, "list.cursor_wrong")
	})
}

// Sheets come in while somebody reads: none is shown twice, none is skipped.
func TestPagesOfResultsStandWhileSheetsComeIn(t *testing.T) {
	wards(t, 6, func(w *ward) {
		c := w.round(true, "asq")
		_, err := w.a.Screening.Campaigns.Open(w.as(access.BureauSection), c.ID)
		w.must(err)
		in := w.version("asq")
		take := func(n int, critical bool) {
			w.t.Helper()
			items := calm(in)
			if critical {
				items["4"] = instrument.Answer{Value: 1}
			}
			_, err := w.a.Screening.Answers.Take(w.as(access.Clinician), answer.New{Key: fmt.Sprint("p", n), CampaignID: c.ID, ChildID: w.children[n], Instrument: in.ID, Version: in.Version,
				Informant: instrument.Child, Way: answer.Interview, Items: items})
			w.must(err)
		}
		for n := range 4 {
			take(n, n == 1)
		}
		first, next, err := w.a.Screening.Answers.OfCampaign(w.as(access.Clinician), c.ID, "", "", 2)
		w.must(err)
		if len(first) != 2 || first[0].ChildID != w.children[1] || next == "" {
			w.t.Fatalf("first page: %+v %q", first, next)
		}
		take(4, true)  // belongs before what was read
		take(5, false) // too
		second, next, err := w.a.Screening.Answers.OfCampaign(w.as(access.Clinician), c.ID, "", next, 2)
		w.must(err)
		seen := map[id.ID]int{}
		for _, x := range append(first, second...) {
			seen[x.ChildID]++
		}
		for n := range 4 {
			if seen[w.children[n]] != 1 {
				w.t.Errorf("child %d is shown %d times", n, seen[w.children[n]])
			}
		}
		if len(second) != 2 || next != "" {
			w.t.Errorf("second page: %+v %q", second, next)
		}
	})
}

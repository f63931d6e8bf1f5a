package visit_test

import (
	"context"
	"strings"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/visit"
	"zugou/internal/people/access"
)

// foe is an account from which Lin is hidden.
func foe(ctx context.Context) context.Context { return access.Hide(ctx, lin) }

func TestWhoMustBeKeptAwayFromAChildIsNotSentToIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.pair()
		h.plan()
		asked, err := h.s.Ask(officer, lin, "director", h.today().AddDays(3), "")
		if err != nil {
			t.Fatal(err)
		}
		h.tell("director:visit.asked")
		h.away = []id.ID{"mother", "director"}
		if err := h.d.Update(officer, func(ctx context.Context, tx *db.Tx) error { return h.s.KeepAway(ctx, tx, lin, h.away) }); err != nil {
			t.Fatal(err)
		}
		h.tell("officer:visit.unpaired")
		rows, err := h.s.Pairings(officer, true)
		if err != nil || len(rows) != 1 || rows[0].EndReason != visit.Recused {
			t.Errorf("%+v %v", rows, err)
		}
		dues, err := h.s.Dues(officer, "")
		if err != nil || len(dues) != 2 || dues[0].Who != "officer" || dues[1].Who != "officer" {
			t.Errorf("%+v %v", dues, err)
		}
		for who, try := range map[string]func() error{
			"paired": func() error { _, err := h.s.Pair(officer, lin, "mother", "carer", ""); return err },
			"asked":  func() error { _, err := h.s.Ask(officer, lin, "director", h.today().AddDays(9), ""); return err },
			"given":  func() error { _, err := h.s.Give(officer, asked.ID, "director"); return err },
		} {
			if err := try(); !errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), "visit.not_this_child") {
				t.Errorf("%s: %v", who, err)
			}
		}
		// The plan does not send them either, and another child's visits stay theirs.
		if _, err := h.s.Drop(officer, asked.ID, "不需要了"); err != nil {
			t.Fatal(err)
		}
		h.walked = append(h.walked, visit.Walked{ID: zhou, Region: far, Categories: []string{"orphan"}})
		h.plan()
		dues, err = h.s.Dues(officer, "")
		got := map[id.ID]id.ID{}
		for _, d := range dues {
			got[d.ChildID] = d.Who
		}
		if err != nil || got[lin] != "officer" || got[zhou] != "director" {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestAHiddenChildsVisitsAreInNoListAndOpenToNobodyItIsHiddenFrom(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		spring, _ := civil.ParseDate("2026-02-17")
		h.clk.Advance(spring.AddDays(-5).Start().Sub(h.clk.Now()))
		h.pair()
		h.plan()
		stops := h.route(mother).Stops
		if len(stops) != 1 {
			t.Fatalf("%+v", stops)
		}
		v := h.store(mother, h.report(stops[0].ID))
		greeting := "spring_festival.2026"
		sheet, err := h.s.Greeting(officer, greeting, town)
		if err != nil || len(sheet.Open) != 1 {
			t.Fatalf("%+v %v", sheet, err)
		}
		for name, c := range map[string]struct {
			ctx  context.Context
			sees bool
		}{"the officer": {officer, true}, "an officer it is hidden from": {foe(officer), false}, "its own helper, since hidden": {foe(mother), false}} {
			n := 0
			if rows, err := h.s.Dues(c.ctx, ""); err == nil {
				n += len(rows)
			}
			rows, _, err := h.s.List(c.ctx, visit.Query{})
			n += len(rows)
			pairs, err2 := h.s.Pairings(c.ctx, false)
			n += len(pairs)
			if s, err := h.s.Greeting(c.ctx, greeting, town); err == nil {
				n += len(s.Open) + len(s.Given)
			}
			if k, err := h.s.Counts(c.ctx); err == nil {
				n += k.Dues + k.Records + k.Pairings + k.Greetings
			}
			if r, err := h.s.Route(c.ctx); err == nil {
				n += len(r.Stops)
			}
			_, found := h.s.Find(c.ctx, v.ID)
			if err != nil || err2 != nil || (n > 0) != c.sees || (found == nil) != c.sees {
				t.Errorf("%s: %d rows, found %v (%v %v)", name, n, found, err, err2)
			}
			if !c.sees {
				if !errs.Is(found, errs.KindNotFound) {
					t.Errorf("%s learns that there is one: %v", name, found)
				}
				for what, err := range map[string]error{
					"hands over": second(h.s.HandOver(c.ctx, visit.Handing{DueID: sheet.Open[0].ID, Key: "hand-key-9", Way: visit.Fetched, Signer: "guardian", Goods: []visit.Goods{{Item: "rice", Count: 1}}})),
					"unpairs":    second(h.s.Unpair(c.ctx, pairs1(t, h).ID, "moved")),
					"gives":      second(h.s.Give(c.ctx, sheet.Open[0].ID, "mother")),
				} {
					if err == nil {
						t.Errorf("%s %s", name, what)
					}
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func pairs1(t *testing.T, h *house) visit.PairingRow {
	t.Helper()
	rows, err := h.s.Pairings(officer, false)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%+v %v", rows, err)
	}
	return rows[0]
}

func TestAVisitWrittenBeforeItsWriterWasKeptAwayIsTakenAndInDoubt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plan()
		q := h.report(h.route(director).Stops[0].ID)
		q.Danger, q.Body.Danger = "abuse", "身上有伤"
		v := h.store(foe(director), q)
		if len(h.matters) != 1 {
			t.Fatalf("the danger rang nowhere: %+v", h.matters)
		}
		h.matters = nil
		if _, err := h.s.Find(foe(director), v.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("its writer reads it: %v", err)
		}
		sheet, err := h.s.Find(officer, v.ID)
		if err != nil || len(sheet.MarkList) != 1 || sheet.MarkList[0].Kind != visit.Recused {
			t.Errorf("%+v %v", sheet.MarkList, err)
		}
		h.told = nil
	})
}

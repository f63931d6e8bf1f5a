package visit_test

import (
	"slices"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/visit"
)

func TestGoodsHandedOverAtTheOfficeMeetTheGreetingAndNoVisit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		spring, _ := civil.ParseDate("2026-02-17")
		h.clk.Advance(spring.AddDays(-5).Start().Sub(h.clk.Now()))
		h.plan()
		sheet, err := h.s.Greeting(officer, "spring_festival.2026", town)
		if err != nil || len(sheet.Open) != 1 || len(sheet.Given) != 0 || len(sheet.Open[0].Goods) != 4 || !sheet.Open[0].MayGive {
			t.Fatalf("%+v %v", sheet, err)
		}
		if _, err := h.s.Greeting(other, "spring_festival.2026", town); err == nil {
			t.Fatal("another township reads who waits")
		}
		if n, err := h.s.Counts(officer); err != nil || n.Greetings != 1 || n.Dues != 2 || n.Records != 0 {
			t.Fatalf("%+v %v", n, err)
		}
		due := sheet.Open[0].ID
		q := visit.Handing{DueID: due, Key: "hand-key-1", Way: visit.Fetched, Signer: "guardian", Goods: []visit.Goods{{Item: "rice", Count: 1}, {Item: "oil", Count: 1}}, Note: "外婆来领的"}
		for name, bad := range map[string]visit.Handing{
			"nothing handed over": {DueID: due, Key: q.Key, Way: q.Way, Signer: q.Signer},
			"signed by nobody":    {DueID: due, Key: q.Key, Way: q.Way, Goods: q.Goods},
			"tomorrow":            {DueID: due, Key: q.Key, Way: q.Way, Signer: q.Signer, Goods: q.Goods, GivenAt: clock.Of(spring.AddDays(30).Start())},
			"a regular visit":     {DueID: h.route(director).Stops[0].ID + "x", Key: q.Key, Way: q.Way, Signer: q.Signer, Goods: q.Goods},
		} {
			if _, err := h.s.HandOver(officer, bad); err == nil {
				t.Fatalf("%s: taken", name)
			}
		}
		if _, err := h.s.HandOver(other, q); err == nil {
			t.Fatal("another township hands over")
		}
		one, err := h.s.HandOver(officer, q)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.s.HandOver(officer, q); err != nil || again.ID != one.ID {
			t.Fatalf("pressed twice: %+v %v", again, err)
		}
		q.Key = "hand-key-2"
		if _, err := h.s.HandOver(officer, q); errs.KeyOf(err) != "visit.due_over" {
			t.Fatalf("handed over twice: %v", err)
		}
		// The child's regular visit is still to be made: nobody saw the child.
		if left := h.route(director).Stops; len(left) != 1 || left[0].Plan != visit.Regular {
			t.Fatalf("%+v", left)
		}
		sheet, err = h.s.Greeting(officer, "spring_festival.2026", town)
		if err != nil || len(sheet.Open) != 0 || len(sheet.Given) != 1 {
			t.Fatalf("%+v %v", sheet, err)
		}
		if g := sheet.Given[0]; g.Way != visit.Fetched || g.Signer != "guardian" || g.Note != q.Note || g.Files != 2 || len(g.Goods) != 2 || !g.MayAdd {
			t.Fatalf("%+v", g)
		}
		list, err := h.s.Greetings(officer)
		if err != nil || list[0].Done != 1 || !slices.Equal(list[0].Given, []visit.Goods{{Item: "oil", Count: 1}, {Item: "rice", Count: 1}}) {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestAVisitWithoutTheGoodsLeavesThemToBeHandedOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		spring, _ := civil.ParseDate("2026-02-17")
		h.clk.Advance(spring.AddDays(-5).Start().Sub(h.clk.Now()))
		h.plan()
		due := h.route(director).Stops[0].ID
		h.store(director, h.report(due)) // met, and nothing brought
		sheet, err := h.s.Greeting(officer, "spring_festival.2026", town)
		if err != nil || len(sheet.Open) != 1 || !sheet.Open[0].Visited || len(sheet.Given) != 0 {
			t.Fatalf("%+v %v", sheet, err)
		}
		if list, err := h.s.Greetings(officer); err != nil || list[0].Done != 0 || list[0].Needed[0].Count != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		q := visit.Handing{DueID: due, Key: "hand-key-1", Way: visit.Brought, Signer: "child", Goods: []visit.Goods{{Item: "milk", Count: 1}}}
		if _, err := h.s.HandOver(officer, q); err != nil {
			t.Fatal(err)
		}
		q.Key = "hand-key-2"
		if _, err := h.s.HandOver(officer, q); errs.KeyOf(err) != "visit.due_over" {
			t.Fatalf("twice: %v", err)
		}
		if n, err := h.s.Counts(officer); err != nil || n.Greetings != 0 || n.Records != 1 {
			t.Fatalf("%+v %v", n, err)
		}
	})
}

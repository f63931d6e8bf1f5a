package care_test

import (
	"fmt"
	"strings"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
)

func TestACounsellorLeavesAndThirtyCasesAreHandedOverInOneStep(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var special id.ID
		for n := range 30 {
			c := h.must(h.s.Refer(op, care.Referral{ChildID: id.ID(fmt.Sprintf("child-%d", n)), Source: "school", Reason: "学校转来"}))
			c = h.must(h.s.Accept(super2, c.ID, "counsel", "super", 0))
			h.must(h.s.Crisis(counsel, c.ID))
			if n == 7 {
				special = c.ID
			}
		}
		h.told = nil
		over := care.Over{From: "counsel", Fallback: "other", Reason: "离职交接", Above: "暂时没有别人，两周内再分"}
		if _, err := h.s.HandOver(counsel, over); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a counsellor hands over: %v", err)
		}
		if _, err := h.s.Handing(counsel, "counsel", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a counsellor looks at a hand-over: %v", err)
		}
		bad := over
		bad.Fallback = "unvetted"
		if _, err := h.s.HandOver(super, bad); errs.KeyOf(err) != "invalid" {
			t.Fatalf("handed to who is not vetted: %v", err)
		}
		over.To = map[id.ID]id.ID{special: "third"}
		n, err := h.s.HandOver(super, over)
		if err != nil || n != 30 {
			t.Fatalf("%d handed over, %v", n, err)
		}
		if len(h.told) != 30 {
			t.Fatalf("%d told", len(h.told))
		}
		h.told = nil
		rows, _, err := h.s.List(counsel, care.Query{State: "open"})
		if err != nil || len(rows) != 0 {
			t.Fatalf("the one who left still has %d cases, %v", len(rows), err)
		}
		if rows, _, err = h.s.List(other, care.Query{State: "open"}); err != nil || len(rows) != 29 {
			t.Fatalf("%d cases, %v", len(rows), err)
		}
		sheet, err := h.s.Find(as("third", access.Clinician), special)
		if err != nil || sheet.Dues[0].Who != "third" {
			t.Fatalf("the contacts stayed with %s, %v", sheet.Dues[0].Who, err)
		}
	})
}

func TestNobodyIsHandedMoreThanTheLimitWithoutAReason(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.holds = map[id.ID]int{"other": 12}
		for n := range 4 {
			language := ""
			if n == 3 {
				language = "miao"
			}
			c := h.must(h.s.Refer(op, care.Referral{ChildID: id.ID(fmt.Sprintf("child-%d", n)), Source: "school", Language: language, Reason: "学校转来"}))
			h.must(h.s.Accept(super2, c.ID, "counsel", "super", 0))
		}
		h.told = nil
		if _, err := h.s.Refer(op, care.Referral{ChildID: "child-x", Source: "school", Language: "latin", Reason: "学校转来"}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("a language nobody speaks: %v", err)
		}
		plan, err := h.s.Handing(super, "counsel", []id.ID{"other", "third", "counsel"})
		if err != nil || len(plan.Cases) != 4 || len(plan.Hands) != 2 {
			t.Fatalf("%+v %v", plan, err)
		}
		if c := plan.Cases[3]; c.To != "other" || c.Language != "miao" || c.Place != "地"+village || plan.Cases[1].To != "third" {
			t.Fatalf("%+v", plan.Cases)
		}
		if o := plan.Hands[0]; o.Holds != 12 || o.Above(3) || !o.Above(4) || o.Above(0) {
			t.Fatalf("%+v", o)
		}
		all := care.Over{From: "counsel", Fallback: "other", Reason: "离职交接"}
		if _, err := h.s.HandOver(super, all); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("16 of 15 without a reason: %v", err)
		}
		if _, err := h.s.HandOver(super, care.Over{From: "counsel", To: map[id.ID]id.ID{plan.Cases[0].ID: "third"}, Reason: "离职交接"}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("cases without a receiver: %v", err)
		}
		if rows, _, err := h.s.List(super, care.Query{Worker: "counsel", State: "open"}); err != nil || len(rows) != 4 {
			t.Fatalf("some moved before the reason was there: %d %v", len(rows), err)
		}
		// Split over two, nobody goes above: no reason is asked.
		split := all
		split.To = map[id.ID]id.ID{plan.Cases[0].ID: "third"}
		if n, err := h.s.HandOver(super, split); err != nil || n != 4 {
			t.Fatalf("%d %v", n, err)
		}
		h.told = nil
		// Above the limit the reason stands in the case, beside that of the move.
		h.holds = map[id.ID]int{"third": 13}
		back := care.Over{From: "other", Fallback: "third", Reason: "病假两个月", Above: "本月没有其他人能接"}
		if n, err := h.s.HandOver(super, back); err != nil || n != 3 {
			t.Fatalf("%d %v", n, err)
		}
		h.told = nil
		sheet, err := h.s.Find(as("third", access.Clinician), plan.Cases[3].ID)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, p := range sheet.Parts {
			said = append(said, p.Body["text"])
		}
		if text := strings.Join(said, "|"); !strings.Contains(text, back.Reason) || !strings.Contains(text, back.Above) {
			t.Fatalf("%s", text)
		}
	})
}

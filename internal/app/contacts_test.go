package app

import (
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// contactsAhead gives when a child must be contacted, by its colour and by its
// case, beside what must happen within the day.
func (w *ward) contactsAhead(child, file id.ID) (byColour, byCase []clock.Millis) {
	w.t.Helper()
	for _, c := range w.explain(child).Contacts {
		if c.State == "open" && c.Kind == "contact" && c.DueAt > clock.Of(w.clk.Now().Add(20*time.Hour)) {
			byColour = append(byColour, c.DueAt)
		}
	}
	sheet, err := w.a.Care.Find(w.as(access.Clinician), file)
	w.must(err)
	for _, d := range sheet.Dues {
		if d.State == "open" {
			byCase = append(byCase, d.DueAt)
		}
	}
	return byColour, byCase
}

// everybody gives all accounts of the ward.
func (w *ward) everybody() []staff.DemoAccount {
	var out []staff.DemoAccount
	for _, list := range w.who {
		out = append(out, list...)
	}
	return out
}

func TestARedChildInACrisisHasOneSetOfContacts(t *testing.T) {
	wards(t, 2, func(w *ward) {
		w.must(w.a.seedWorkforce(w.ctx(), w.everybody()))
		clinic, section := w.as(access.Clinician), w.as(access.BureauSection)
		file := func(child id.ID) id.ID {
			c, err := w.a.Care.Refer(section, care.Referral{ChildID: child, Source: "matter", Need: "suicide", Reason: "当晚求助"})
			w.must(err)
			_, err = w.a.Care.Accept(section, c.ID, w.who[access.Clinician][0].ID, w.who[access.Supervisor][0].ID, 0)
			w.must(err)
			return c.ID
		}
		red := func(child id.ID) {
			_, err := w.a.Screening.Levels.Assess(clinic, child, level.Judgement{Colour: risk.Red, Reason: "有想法和计划，须每日有人陪伴"})
			w.must(err)
		}
		crisis := func(n id.ID) {
			_, err := w.a.Care.Crisis(clinic, n)
			w.must(err)
		}
		ten := func(what string, child, n id.ID, first clock.Millis) {
			w.t.Helper()
			byColour, byCase := w.contactsAhead(child, n)
			if len(byColour) != 0 || len(byCase) != 10 || byCase[0] != first {
				w.t.Fatalf("%s: by the colour %v, by the case %v, the first at %v", what, byColour, byCase, first)
			}
		}
		began := clock.Of(w.clk.Now())

		// Red first, the crisis an hour later: the colour's times are the earlier.
		first := w.children[0]
		firstFile := file(first)
		red(first)
		if byColour, byCase := w.contactsAhead(first, firstFile); len(byColour) != 10 || len(byCase) != 0 {
			w.t.Fatalf("without a crisis: by the colour %v, by the case %v", byColour, byCase)
		}
		w.clk.Advance(time.Hour)
		crisis(firstFile)
		ten("red, then a crisis", first, firstFile, began.Add(24*time.Hour))

		// The crisis first, red an hour later.
		second := w.children[1]
		secondFile := file(second)
		crisis(secondFile)
		w.clk.Advance(time.Hour)
		red(second)
		ten("a crisis, then red", second, secondFile, began.Add(25*time.Hour))
		if ahead := w.explain(second).InCase; ahead.Open != 10 || ahead.No == "" || ahead.Next != began.Add(25*time.Hour) {
			w.t.Fatalf("the colour's page says %+v", ahead)
		}

		// What the case's worker does counts for the colour.
		sheet, err := w.a.Care.Find(clinic, secondFile)
		w.must(err)
		for i := range 2 {
			w.clk.Advance(23 * time.Hour)
			_, err = w.a.Care.Done(clinic, secondFile, sheet.Dues[i].ID, care.Contacted{Reached: true, Stable: true, Note: "当面见到，状态平稳"})
			w.must(err)
		}
		asked, err := w.a.Screening.Levels.Assess(clinic, second, level.Judgement{Colour: risk.Orange, Reason: "两次见面平稳，家人可陪伴"})
		w.must(err)
		if asked.State != "waits" {
			w.t.Fatalf("two stable contacts by the case: %+v", asked)
		}
	})
}

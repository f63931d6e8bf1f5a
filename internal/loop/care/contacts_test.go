package care_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/care"
	"zugou/internal/people/access"
)

// hours gives the open contacts of a case as hours after an instant.
func (h *house) hours(c care.Case, from clock.Millis) []int {
	h.t.Helper()
	sheet, err := h.s.Find(counsel, c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []int
	for _, d := range sheet.Dues {
		if d.State == "open" {
			out = append(out, int(d.DueAt.Sub(from)/time.Hour))
		}
	}
	return out
}

func (h *house) inHand() care.Case {
	h.t.Helper()
	c := h.must(h.s.Refer(op, care.Referral{ChildID: lin, Source: "matter", Need: "suicide", Reason: "当晚求助"}))
	c = h.must(h.s.Accept(section, c.ID, "counsel", "super", 0))
	h.tell("counsel:case.given")
	return c
}

func same(t *testing.T, what string, got, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: contacts after %v hours, want %v", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: contacts after %v hours, want %v", what, got, want)
		}
	}
}

func TestACrisisAndAColourGiveOneSetOfContactsTheStricter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.inHand()
		now := clock.Of(h.clk.Now())
		at := func(hours int) clock.Millis { return now.Add(time.Duration(hours) * time.Hour) }
		// The colour was set two hours ago: its times are the earlier ones, and
		// five minutes late is late.
		before := at(-2)
		for _, hours := range []int{24, 72, 168, 336, 504, 672, 840, 1008, 1176, 1344} {
			h.obliged = append(h.obliged, care.Window{After: before, Due: at(hours - 2), Late: at(hours - 2).Add(5 * time.Minute)})
			before = at(hours - 2)
		}
		c = h.must(h.s.Crisis(counsel, c.ID))
		same(t, "the colour first", h.hours(c, now), []int{22, 70, 166, 334, 502, 670, 838, 1006, 1174, 1342})

		// The seat hears by the stricter limit, once.
		h.clk.Advance(21 * time.Hour)
		h.run()
		h.tell("counsel:case.contact_due")
		h.clk.Advance(time.Hour + 6*time.Minute)
		h.run()
		if len(h.matters) != 1 {
			t.Fatalf("%d matters after a missed contact", len(h.matters))
		}
		h.matters = nil
		h.tell("super:case.contact_missed")
		sheet, err := h.s.Find(counsel, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.Done(counsel, c.ID, sheet.Dues[0].ID, care.Contacted{Stable: true, Note: "没有见到"}); !errs.Is(err, errs.KindInvalid) {
			t.Fatalf("stable without being seen: %v", err)
		}
		h.must(h.s.Done(counsel, c.ID, sheet.Dues[0].ID, care.Contacted{Reached: true, Stable: true, Note: "当面见到"}))
		if len(h.contacted) != 1 || h.contacted[0] != "child-lin true" {
			t.Fatalf("told the colour %v", h.contacted)
		}
	})
}

func TestAColourThatComesAfterTheCrisisJoinsItsContacts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.inHand()
		join := func(list ...care.Window) bool {
			t.Helper()
			var taken bool
			if err := h.d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
				taken, err = h.s.Join(ctx, tx, lin, list)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return taken
		}
		now := clock.Of(h.clk.Now())
		at := func(hours int) clock.Millis { return now.Add(time.Duration(hours) * time.Hour) }
		if join(care.Window{After: now, Due: at(24), Late: at(25)}) {
			t.Fatal("joined a case without a crisis")
		}
		c = h.must(h.s.Crisis(counsel, c.ID))
		// Twelve hours later: nothing that the crisis does not ask for already,
		// but for one in between and one behind its end.
		if !join(care.Window{After: at(12), Due: at(36), Late: at(37)}, care.Window{After: at(36), Due: at(60), Late: at(61)}, care.Window{After: at(1344), Due: at(1500), Late: at(1504)}) {
			t.Fatal("not joined")
		}
		same(t, "the crisis first", h.hours(c, now), []int{24, 60, 168, 336, 504, 672, 840, 1008, 1176, 1344, 1500})

		// A child that moved away is the case's no more; what its colour obliges holds on.
		h.must(h.s.End(counsel, c.ID, "moved_away", "随父母去了外省", 0))
		h.tell("super:case.closing_waits")
		c = h.must(h.s.Confirm(super, c.ID, true, ""))
		same(t, "closed", h.hours(c, now), []int{24 * 30, 24 * 90})
		if len(h.resumed) != 1 || h.resumed[0] != lin {
			t.Fatalf("resumed %v", h.resumed)
		}

		// Taken up again it has no follow-up, which would stand in the way of its next closing.
		h.must(h.s.Reopen(section, c.ID, "孩子回到本地"))
		same(t, "reopened", h.hours(c, now), nil)
		h.must(h.s.End(counsel, c.ID, "referred_on", "转由区医院治疗", 0))
		h.tell("super:case.closing_waits")
	})
}

func TestATeacherRefersTheOwnPupilsOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		teacher := of("teacher", access.Teacher, access.Education)
		if _, err := h.s.Refer(teacher, care.Referral{ChildID: "child-of-another-class", Source: "school", Reason: "上课常常哭"}); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("another class: %v", err)
		}
		h.must(h.s.Refer(teacher, care.Referral{ChildID: lin, Source: "school", Reason: "上课常常哭"}))
	})
}

func TestAGroupTakesOnlyChildrenThatItsLeaderMaySee(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		plan := func(who context.Context) error {
			_, err := h.s.PlanEvent(who, care.NewEvent{Kind: care.Group, Theme: "情绪小课堂", Region: "500111001", HeldAt: clock.Of(h.clk.Now()), Members: []id.ID{lin}})
			return err
		}
		away := access.With(context.Background(), access.Actor{Account: "social", Grants: []access.Grant{{Role: access.SocialWorker, Region: "500111001", Department: access.CivilAffairs}}})
		if err := plan(away); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("a child of another area: %v", err)
		}
		if err := plan(as("social", access.SocialWorker)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhoWorksOnACaseJointlyFindsItAndDoesNotEndIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.inHand()
		social := as("social", access.SocialWorker)
		mine := func() int {
			t.Helper()
			list, _, err := h.s.List(social, care.Query{Mine: true, State: "open"})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		m, err := h.s.Ask(counsel, c.ID, care.Asking{Kind: care.MoveJoint, To: "social", Consent: "given", Reason: "请社工做家庭工作"})
		if err != nil {
			t.Fatal(err)
		}
		h.tell("social:case.move_asked")
		if mine() != 0 {
			t.Fatal("in the list before the answer")
		}
		h.must(h.s.Answer(social, c.ID, m.ID, "accepted", "", ""))
		h.tell("counsel:case.move_accepted")
		if mine() != 1 {
			t.Fatal("not in the list of who works on it")
		}
		if found, err := h.s.Of(social, lin); err != nil || len(found) != 1 || !found[0].Yours {
			t.Fatalf("%+v %v", found, err)
		}
		sheet, err := h.s.Find(social, c.ID)
		if err != nil || len(sheet.Members) != 1 || sheet.Members[0] != "social" || !sheet.MayWork || sheet.MaySecret {
			t.Fatalf("%+v %v", sheet, err)
		}
		if _, err := h.s.End(social, c.ID, "refused", "家长不愿继续", 0); errs.KeyOf(err) != "case.worker_only" {
			t.Fatalf("ended by who works on it jointly: %v", err)
		}
		if _, err := h.s.Ask(social, c.ID, care.Asking{Kind: care.MoveTransfer, To: "other", Consent: "given", Reason: "想转给别人"}); errs.KeyOf(err) != "case.worker_only" {
			t.Fatalf("given away by who works on it jointly: %v", err)
		}
		h.must(h.s.Answer(counsel, c.ID, m.ID, "revoked", "家庭工作已完成", ""))
		if mine() != 0 {
			t.Fatal("still in the list")
		}
	})
}

package seat_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/match"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

func TestOneFrameOneCardOneOrderAcknowledgedAndClosed(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		m := w.get(rec.Matter)
		if m.ChildID != child || m.Kind != "sos" || m.Urgency != policy.Critical || m.Stage != policy.Received || m.Region != village {
			t.Fatalf("the matter is %+v", m)
		}
		o := w.dispatch("op1", m.ID)
		w.expectPaged("grid-chen:offered village-zhou:offered")
		_, err := w.orders.Accept(as("grid-chen"), o.ID, dispatch.Report{})
		w.must(err)
		w.walk("grid-chen", o.ID, policy.OnTheWay, policy.OnScene, policy.Handled, policy.FedBack)
		_, err = w.orders.Callback(as("op1"), o.ID, dispatch.Report{Note: "孩子在家,已与奶奶通话"})
		w.must(err)
		if m := w.get(rec.Matter); m.Stage != policy.CalledBack || m.State != matter.Open {
			t.Fatalf("after the callback: %s %s", m.Stage, m.State)
		}
		_, err = w.matter.Close(as("op1"), m.ID, "safe_on_scene", "", 0)
		w.must(err)
		_, err = w.matter.Confirm(as("op1"), m.ID, true, "")
		w.wants(err, errs.KindForbidden, "matter.second_person")
		closed, err := w.matter.Confirm(as("op2"), m.ID, true, "")
		w.must(err)
		if closed.State != matter.Closed || closed.Outcome != "safe_on_scene" {
			t.Fatalf("closed: %+v", closed)
		}
		w.pass(2 * time.Hour)
		w.expectPaged("")
	})
}

func TestSOSAt0210GridWorkerDoesNotAnswerVillageDirectorDoes(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		w.expectPaged("grid-chen:offered village-zhou:offered")
		w.pass(90 * time.Second)
		w.expectPaged("town-he:offered town-next:offered village-next:offered village-zhou:offered")
		accepted, err := w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.must(err)
		if accepted.Assignee != "village-zhou" || accepted.Step != 1 || accepted.Missed != 0 {
			t.Fatalf("%+v", accepted)
		}
		_, err = w.orders.Accept(as("grid-chen"), o.ID, dispatch.Report{})
		w.wants(err, errs.KindNotFound, "")
		w.walk("village-zhou", o.ID, policy.OnTheWay)
		w.pass(20 * time.Minute)
		w.expectPaged("")
	})
}

func TestWhoIsNearTheChildIsCalledAndNotWhoIsNearItsHome(t *testing.T) {
	each(t, func(w *world) {
		w.scene = nextTown
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		if o.Region != nextTown {
			w.t.Fatalf("the order goes to %s", o.Region)
		}
		w.expectPaged("town-he:offered town-next:offered village-next:offered") // nobody serves the township's grids
		card := w.card("op1", rec.Matter)
		if card.Scene != nextTown || card.Matter.Region != village {
			w.t.Errorf("scene %q, home %q", card.Scene, card.Matter.Region)
		}
		w.scene = ""
		if card = w.card("op1", rec.Matter); card.Scene != "" {
			w.t.Errorf("at home the card says %q", card.Scene)
		}
	})
}

func TestAnUnknownBadgeSaysWhereItIs(t *testing.T) {
	each(t, func(w *world) {
		w.scene = nextTown
		rec, err := w.seat.Take(access.With(context.Background(), access.System("gateway")), signal.New{Source: signal.Watch, Kind: "sos", Event: true, DeviceID: "3900000000",
			Key: "k", Raw: []byte("AL"), Alarms: []string{"sos"}, Lat: 29.7, Lon: 105.7})
		w.must(err)
		if card := w.card("op1", rec.Matter); card.Matter.Region != nextTown || card.Child != nil {
			w.t.Errorf("%q %v", card.Matter.Region, card.Child)
		}
	})
}

func TestAcknowledgedAndThenSilence(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		_, err := w.orders.Accept(as("grid-chen"), o.ID, dispatch.Report{})
		w.must(err)
		w.paged()
		w.pass(179 * time.Second)
		w.expectPaged("")
		w.pass(time.Second)
		w.expectPaged("grid-chen:urged town-he:offered town-next:offered village-next:offered village-zhou:offered")
		if got := w.order(o.ID); got.Assignee != "grid-chen" || got.Missed != 1 || got.Step != 1 {
			t.Fatalf("%+v", got)
		}
		over, err := w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.must(err)
		if over.Assignee != "village-zhou" || over.Stage != policy.Accepted {
			t.Fatalf("%+v", over)
		}
		w.expectPaged("grid-chen:recalled")
		_, err = w.orders.Progress(as("grid-chen"), o.ID, policy.OnTheWay, dispatch.Report{})
		w.wants(err, errs.KindNotFound, "")
	})
}

func TestTheCarrierWakesUpBeforeSomebodyTakesOver(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		_, err := w.orders.Accept(as("grid-chen"), o.ID, dispatch.Report{})
		w.must(err)
		w.pass(180 * time.Second)
		w.walk("grid-chen", o.ID, policy.OnTheWay)
		_, err = w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.wants(err, errs.KindNotFound, "")
	})
}

func TestTwoOperatorsPressDispatchAtOnce(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		var wg sync.WaitGroup
		results := make([]error, 2)
		for i, op := range []id.ID{"op1", "op2"} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				_, results[i] = w.orders.Dispatch(as(op), rec.Matter, dispatch.Sending{AsOfStep: 0})
			}()
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else if !errs.Is(err, errs.KindConflict) {
				t.Errorf("the slower one got %v", err)
			}
		}
		if won != 1 || w.get(rec.Matter).Orders != 1 {
			t.Fatalf("%d orders went out", won)
		}
	})
}

func TestTheSamePressSentTwiceIsOneOrder(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		first, err := w.orders.Dispatch(as("op1"), rec.Matter, dispatch.Sending{Key: "press-1"})
		w.must(err)
		second, err := w.orders.Dispatch(as("op1"), rec.Matter, dispatch.Sending{Key: "press-1"})
		w.must(err)
		if first.ID != second.ID {
			t.Fatal("two orders")
		}
		for range 2 {
			_, err = w.orders.Accept(as("grid-chen"), first.ID, dispatch.Report{Key: "phone-1"})
			w.must(err)
		}
		_, err = w.orders.Escalate(as("op1"), first.ID, 0, "")
		w.must(err)
		_, err = w.orders.Escalate(as("op2"), first.ID, 0, "")
		w.wants(err, errs.KindConflict, "order.step_moved")
		if got := w.order(first.ID).Step; got != 1 {
			t.Fatalf("step %d", got)
		}
	})
}

func TestPressedAgainJoinsAndAResendIsNothingNew(t *testing.T) {
	each(t, func(w *world) {
		first := w.press(badge, 1)
		resend := w.press(badge, 1)
		if !resend.Again || resend.Signal != first.Signal || resend.Matter != first.Matter {
			t.Fatalf("resend %+v", resend)
		}
		again := w.press(badge, 2)
		m := w.get(first.Matter)
		if again.Matter != first.Matter || m.PressedAgain != 1 || m.Signals != 2 {
			t.Fatalf("%+v, matter %+v", again, m)
		}
	})
}

func TestAnotherPressInterruptsTheClosing(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		_, err := w.matter.Close(as("op1"), rec.Matter, "false_alarm", "", 0)
		w.must(err)
		w.press(badge, 2)
		if m := w.get(rec.Matter); m.State != matter.Open || m.Outcome != "" {
			t.Fatalf("%s %q", m.State, m.Outcome)
		}
		_, err = w.matter.Confirm(as("op2"), rec.Matter, true, "")
		w.wants(err, errs.KindConflict, "matter.not_closing")
		w.paged()
		w.pass(60 * time.Second)
		w.expectPaged("leader:leader")
	})
}

func TestNobodyAtTheSeatTheOrderGoesOutByItself(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		w.pass(60 * time.Second)
		w.expectPaged("leader:leader")
		w.pass(60 * time.Second)
		w.expectPaged("grid-chen:offered village-zhou:offered")
		if m := w.get(rec.Matter); m.Stage != policy.Offered {
			t.Fatalf("stage %s", m.Stage)
		}
	})
}

func TestNobodyOnTheRosterTonight(t *testing.T) {
	each(t, func(w *world) {
		for _, account := range []id.ID{"grid-chen", "village-zhou", "village-next", "town-he", "town-next"} {
			w.off[account] = true
		}
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		w.expectPaged("leader:offered")
		if o.Step != 2 {
			t.Fatalf("the order stands at rung %d", o.Step)
		}
		for account := range staff {
			w.off[account] = true
		}
		w.pass(10 * time.Minute)
		got := w.order(o.ID)
		if got.State != dispatch.Active || !got.LastStep || got.DueAt <= clock.Of(w.clk.Now()) {
			t.Fatalf("an order that nobody can take must go on calling: %+v", got)
		}
	})
}

func TestAnOrderThatIsRefusedMovesOnAndTheClockRunsOn(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		w.pass(30 * time.Second)
		w.paged()
		_, err := w.orders.Decline(as("grid-chen"), o.ID, "", "")
		w.wants(err, errs.KindInvalid, "")
		after, err := w.orders.Decline(as("grid-chen"), o.ID, "正在送医院", "")
		w.must(err)
		w.expectPaged("") // the village director is still called
		if after.Step != 0 {
			t.Fatal("climbed although somebody is still called")
		}
		after, err = w.orders.Decline(as("village-zhou"), o.ID, "不在村里", "")
		w.must(err)
		w.expectPaged("town-he:offered town-next:offered village-next:offered")
		if after.Step != 1 || after.DueAt != o.DueAt || after.ClockAt != o.ClockAt {
			t.Fatalf("the first clock must run on: %+v", after)
		}
		w.pass(60 * time.Second) // the rest of the first 90 s
		w.expectPaged("leader:offered town-he:offered town-next:offered")
		_, err = w.orders.Decline(as("leader"), o.ID, "忙", "")
		w.wants(err, errs.KindForbidden, "")
	})
}

func TestWhoStandsOnTheConflictListHearsNothing(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		o := w.dispatch("op1", rec.Matter)
		_, err := w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.must(err)
		w.paged()
		_, err = w.matter.AddConflict(as("op1"), rec.Matter, matter.Who{Person: "village-zhou", Relation: "涉嫌人亲属", Reason: "孩子指认"}, w.orders.Withdraw)
		w.must(err)
		if got := w.paged(); got == "" || contains(got, "village-zhou") {
			t.Fatalf("paged %q", got)
		}
		// Lists leave the child out for that account, and for nobody else.
		w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			foes, err := matter.ConflictsOf(ctx, r, "village-zhou")
			others, err2 := matter.ConflictsOf(ctx, r, "op1")
			nobody, err3 := matter.ConflictsOf(ctx, r, "")
			if len(foes) != 1 || foes[0] != child || len(others)+len(nobody) != 0 {
				t.Errorf("%v %v %v", foes, others, nobody)
			}
			return errors.Join(err, err2, err3)
		}))
		if got := w.order(o.ID); got.Assignee != "" || got.Stage != policy.Offered {
			t.Fatalf("still carried: %+v", got)
		}
		_, err = w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.wants(err, errs.KindNotFound, "")
		_, err = w.orders.Dispatch(as("op1"), rec.Matter, dispatch.Sending{AsOfStep: 1, To: []id.ID{"village-zhou"}})
		w.wants(err, errs.KindInvalid, "")
		w.pass(10 * time.Minute)
		if got := w.paged(); contains(got, "village-zhou") {
			t.Fatalf("paged %q", got)
		}
	})
}

// Who must not be told of one matter is not sent to the child, or called, for
// the sake of another.
func TestAConflictListHoldsForAllOpenMattersOfTheChild(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		sos := w.press(badge, 1)
		o := w.dispatch("op1", sos.Matter)
		_, err := w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.must(err)
		w.paged()
		abuse, err := w.seat.Enter(as("op1"), seat.Entry{Source: signal.School, Kind: "abuse", ChildID: child, Text: "孩子说主任打过她", Key: "k1"})
		w.must(err)
		if abuse.Matter == sos.Matter {
			t.Fatal("one matter")
		}
		for _, who := range []matter.Who{{Person: "village-zhou", Relation: "村主任", Reason: "孩子指认"}, {Person: "uncle", Relation: "叔叔", Reason: "涉嫌"}} {
			_, err = w.matter.AddConflict(as("op1"), abuse.Matter, who, w.orders.Withdraw)
			w.must(err)
		}
		if got := w.order(o.ID); got.Assignee != "" || got.Stage != policy.Offered {
			t.Fatalf("still carried: %+v", got)
		}
		if got := w.paged(); got == "" || contains(got, "village-zhou") {
			t.Fatalf("paged %q", got)
		}
		_, err = w.orders.Accept(as("village-zhou"), o.ID, dispatch.Report{})
		w.wants(err, errs.KindNotFound, "")
		_, err = w.orders.Dispatch(as("op1"), sos.Matter, dispatch.Sending{AsOfStep: 1, To: []id.ID{"village-zhou"}})
		w.wants(err, errs.KindInvalid, "")
		w.pass(10 * time.Minute)
		if got := w.paged(); contains(got, "village-zhou") {
			t.Fatalf("paged %q", got)
		}
		_, err = w.seat.RevealPhone(as("op1"), sos.Matter, "uncle")
		w.wants(err, errs.KindForbidden, "blocked.conflict")
		_, err = w.seat.StaffPhone(as("op1"), sos.Matter, "village-zhou")
		w.wants(err, errs.KindForbidden, "blocked.conflict")
		list := w.card("op1", sos.Matter).Conflicts
		if len(list) != 2 || !list[0].Other || list[0].Reason != "" || list[0].Relation != "村主任" {
			t.Errorf("%+v", list)
		}
		if list = w.card("op1", abuse.Matter).Conflicts; len(list) != 2 || list[0].Other || list[0].Reason == "" {
			t.Errorf("%+v", list)
		}
		_, err = w.matter.RemoveConflict(as("leader"), sos.Matter, list[0].ID, "不在这件事里")
		w.wants(err, errs.KindNotFound, "")
		// Nothing of the child is found by whoever it is hidden from.
		ctx := access.Hide(as("leader"), child)
		w.must(w.db.View(ctx, func(ctx context.Context, r db.Reader) error {
			q, err := w.seat.Queue(ctx, r)
			if len(q.Items) != 0 {
				t.Errorf("in the queue: %+v", q.Items)
			}
			signals, _, err2 := w.seat.Signals(ctx, r, "", "", 0)
			if err2 != nil || len(signals) != 0 {
				t.Errorf("its signals: %+v %v", signals, err2)
			}
			_, unread := w.seat.Card(ctx, r, sos.Matter)
			w.wants(unread, errs.KindNotFound, "")
			return err
		}))
	})
}

func TestAbuseStartsWithoutContactToAnybodyNear(t *testing.T) {
	each(t, func(w *world) {
		w.near = []id.ID{"section-li"} // the paired helper works in the section
		rec, err := w.seat.Enter(as("op1"), seat.Entry{Source: signal.School, Kind: "abuse", ChildID: child, Text: "老师发现多处旧伤", Key: "k1"})
		w.must(err)
		card := w.card("op1", rec.Matter)
		for _, c := range card.Contacts {
			if !c.Blocked || c.BlockedWhy != "blocked.undecided" {
				t.Fatalf("%s may be called: %+v", c.PersonID, c)
			}
		}
		_, err = w.seat.RevealPhone(as("op1"), rec.Matter, "grandma")
		w.wants(err, errs.KindForbidden, "blocked.undecided")
		w.dispatch("op1", rec.Matter)
		w.expectPaged("police-wu:offered")
		_, err = w.matter.AllowContact(as("op1"), rec.Matter, true, "已核实")
		w.wants(err, errs.KindForbidden, "")
		_, err = w.matter.AllowContact(as("leader"), rec.Matter, true, "奶奶可联系,叔叔涉嫌")
		w.must(err)
		_, err = w.matter.AddConflict(as("leader"), rec.Matter, matter.Who{Person: "uncle", Relation: "叔叔", Reason: "涉嫌"}, w.orders.Withdraw)
		w.must(err)
		if c := w.card("leader", rec.Matter); len(c.Conflicts) != 1 || c.Conflicts[0].Name != "叔叔" {
			w.t.Errorf("who must not be called is not named: %+v", c.Conflicts)
		}
		card = w.card("op1", rec.Matter)
		if card.Contacts[0].Blocked || !card.Contacts[1].Blocked {
			t.Fatalf("%+v", card.Contacts)
		}
	})
}

func TestAChildAsksForHelpWithoutAName(t *testing.T) {
	each(t, func(w *world) {
		ask := seat.Asking{Choice: "talk", Text: "我不想上学,晚上睡不着", Key: "page-key-0123456789"}
		helped, err := w.seat.Ask(context.Background(), ask)
		w.must(err)
		again, err := w.seat.Ask(context.Background(), ask)
		w.must(err)
		if helped.Code != again.Code || helped.Code == "" || helped.Numbers[0] != "110" {
			t.Fatalf("%+v %+v", helped, again)
		}
		q := w.queue("op1")
		if len(q.Items) != 1 || q.Items[0].Kind != "help" || q.Items[0].Child != nil {
			t.Fatalf("queue %+v", q.Items)
		}
		w.must(w.seat.AnswerHelp(as("op1"), q.Items[0].ID, "谢谢你告诉我们。今天下午可以和我说说话吗?", "a1"))
		th, err := w.seat.ReadHelp(context.Background(), helped.Code)
		w.must(err)
		if len(th.Messages) != 2 || th.Messages[0].Text != ask.Text || th.Messages[1].FromChild {
			t.Fatalf("%+v", th)
		}
		w.must(w.seat.MoreHelp(context.Background(), helped.Code, "好的", "page-key-more-00001"))
		if m := w.get(q.Items[0].ID); m.State != matter.Open {
			t.Fatal("the matter is gone")
		}
		_, err = w.seat.ReadHelp(context.Background(), "2222-2222-2222-2222")
		w.wants(err, errs.KindNotFound, "help.code_unknown")
	})
}

func TestNotSafeNowIsCriticalAtOnce(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.seat.Ask(context.Background(), seat.Asking{Choice: "unsafe", Key: "page-key-unsafe-0001"})
		w.must(err)
		if q := w.queue("op1"); q.Items[0].Urgency != policy.Critical || q.Items[0].Kind != "danger" {
			t.Fatalf("%+v", q.Items)
		}
	})
}

func TestAnUnknownBadgeIsNeverDropped(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press("9999999999", 1)
		m := w.get(rec.Matter)
		if m.ChildID != "" || m.Region != district || m.DeviceID != "9999999999" {
			t.Fatalf("%+v", m)
		}
		if again := w.press("9999999999", 2); again.Matter != rec.Matter {
			t.Fatal("a second matter for the same device")
		}
		_, err := w.seat.Assign(as("op1"), rec.Signal, child)
		w.must(err)
		if m := w.get(rec.Matter); m.ChildID != child || m.Region != village {
			t.Fatalf("%+v", m)
		}
	})
}

func TestTwoChildrenBehindOnePhoneAreNotGuessed(t *testing.T) {
	each(t, func(w *world) {
		for phone, want := range map[string]id.ID{"15400000001": child, "15400000002": ""} {
			rec, err := w.seat.Enter(as("op1"), seat.Entry{Source: signal.Call, Kind: "help", CallerPhone: phone, Text: "求助", Key: phone})
			w.must(err)
			if rec.Child != want {
				t.Errorf("phone %s gave %q", phone, rec.Child)
			}
			card := w.card("op1", rec.Matter)
			if want == "" && card.Why[0].Key != match.Several {
				t.Errorf("the card says %+v", card.Why)
			}
		}
	})
}

func TestDrillAtNoonPagesEverybodyAndCountsNothing(t *testing.T) {
	each(t, func(w *world) {
		d, err := w.seat.StartDrill(as("leader"), "sos", village, "六月演练")
		w.must(err)
		o := w.dispatch("op1", d.MatterID)
		w.expectPaged("grid-chen:offered(drill) village-zhou:offered(drill)")
		w.pass(90 * time.Second)
		w.expectPaged("town-he:offered(drill) town-next:offered(drill) village-next:offered(drill) village-zhou:offered(drill)")
		w.pass(10 * time.Second)
		_, err = w.orders.Accept(as("town-he"), o.ID, dispatch.Report{})
		w.must(err)
		q := w.queue("op1")
		if q.Counts["critical"] != 0 || len(q.Items) != 1 || !q.Items[0].Drill {
			t.Fatalf("a drill counts: %+v", q)
		}
		w.must(w.seat.EndDrill(as("leader"), d.ID))
		var rep seat.DrillReport
		w.must(w.db.View(as("leader"), func(ctx context.Context, r db.Reader) (err error) {
			rep, err = w.seat.Report(ctx, r, d.ID)
			return err
		}))
		if len(rep.Levels) != 2 || rep.Levels[0].LostSeconds != 90 || rep.Levels[1].Seconds != 10 || rep.TotalSeconds != 100 || rep.Pages != 6 {
			t.Fatalf("%+v", rep)
		}
	})
}

func TestARealSignalPreemptsTheDrill(t *testing.T) {
	each(t, func(w *world) {
		d, err := w.seat.StartDrill(as("leader"), "sos", village, "")
		w.must(err)
		w.dispatch("op1", d.MatterID)
		w.paged()
		w.clk.Advance(time.Second)
		rec := w.press(badge, 1)
		if rec.Matter == d.MatterID {
			t.Fatal("the real signal joined the exercise")
		}
		w.expectPaged("grid-chen:recalled(drill) village-zhou:recalled(drill)")
		if m := w.get(d.MatterID); m.State != matter.Closed {
			t.Fatal("the exercise goes on")
		}
		_, err = w.seat.StartDrill(as("leader"), "sos", village, "")
		w.wants(err, errs.KindConflict, "drill.real_crisis_open")
	})
}

func TestASignalWhoseProcessingFailsIsKeptAndProcessedLater(t *testing.T) {
	each(t, func(w *world) {
		w.broken = true
		rec := w.press(badge, 1)
		if rec.Signal == "" || rec.Matter != "" {
			t.Fatalf("%+v", rec)
		}
		w.pass(2 * time.Second)
		w.broken = false
		w.pass(5 * time.Second)
		q := w.queue("op1")
		if len(q.Items) != 1 || q.Items[0].Child == nil || q.Items[0].Kind != "sos" {
			t.Fatalf("%+v", q.Items)
		}
	})
}

func TestAStateBitCountsWhenItComesUp(t *testing.T) {
	each(t, func(w *world) {
		report := func(n string, alarms ...string) seat.Receipt {
			rec, err := w.seat.Take(access.With(context.Background(), access.System("gateway")), signal.New{Source: signal.Watch, Kind: "position",
				DeviceID: badge, Key: "ud-" + n, Alarms: alarms})
			w.must(err)
			w.clk.Advance(time.Second)
			return rec
		}
		if rec := report("1"); rec.Matter != "" {
			t.Fatal("a plain position opened a matter")
		}
		up := report("2", "sos")
		if up.Matter == "" {
			t.Fatal("an SOS seen only in a position frame was lost")
		}
		still := report("3", "sos")
		if m := w.get(up.Matter); still.Matter != "" || m.PressedAgain != 0 {
			t.Fatalf("a bit that stays up is no new press: %+v", still)
		}
	})
}

func TestJointActionRunsBesideTheLeadingOrder(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		lead := w.dispatch("op1", rec.Matter)
		w.paged()
		joint, err := w.orders.Dispatch(as("op1"), rec.Matter, dispatch.Sending{AsOfStep: 1, Joint: "police"})
		w.must(err)
		w.expectPaged("police-wu:offered")
		_, err = w.orders.Accept(as("police-wu"), joint.ID, dispatch.Report{})
		w.must(err)
		if m := w.get(rec.Matter); m.OrderID != lead.ID || m.Stage != policy.Offered {
			t.Fatalf("the matter follows the joint order: %+v", m)
		}
	})
}

func (w *world) card(account, matterID id.ID) (c seat.Card) {
	w.t.Helper()
	w.must(w.db.View(as(account), func(ctx context.Context, r db.Reader) (err error) {
		c, err = w.seat.Card(ctx, r, matterID)
		return err
	}))
	return c
}

func (w *world) queue(account id.ID) (q seat.Queue) {
	w.t.Helper()
	w.must(w.db.View(as(account), func(ctx context.Context, r db.Reader) (err error) {
		q, err = w.seat.Queue(ctx, r)
		return err
	}))
	return q
}

func contains(s, sub string) bool { return strings.Contains(s, sub) }

func TestAColleagueWhoDoesNotAnswerIsCalledAndItIsOnRecord(t *testing.T) {
	each(t, func(w *world) {
		rec := w.press(badge, 1)
		phone, err := w.seat.StaffPhone(as("op1"), rec.Matter, "village-zhou")
		w.must(err)
		if phone != "15400000009" {
			t.Fatalf("got %q", phone)
		}
		events := w.card("op1", rec.Matter).Timeline
		if last := events[len(events)-1]; last.Kind != "staff_called" || last.ByName != "op1" {
			t.Fatalf("%+v", last)
		}
		_, err = w.seat.StaffPhone(as("op1"), rec.Matter, "town-next")
		w.wants(err, errs.KindNotFound, "record.not_found")
		_, err = w.seat.StaffPhone(as("village-zhou"), rec.Matter, "grid-chen")
		w.wants(err, errs.KindNotFound, "")
		_, err = w.matter.AddConflict(as("leader"), rec.Matter, matter.Who{Person: "village-zhou", Relation: "叔叔", Reason: "涉嫌"}, w.orders.Withdraw)
		w.must(err)
		_, err = w.seat.StaffPhone(as("op1"), rec.Matter, "village-zhou")
		w.wants(err, errs.KindForbidden, "blocked.conflict")
	})
}

func TestBeforeContactIsDecidedOnlyWhoWasToldIsCalled(t *testing.T) {
	each(t, func(w *world) {
		rec, err := w.seat.Enter(as("op1"), seat.Entry{Source: signal.School, Kind: "abuse", ChildID: child, Text: "老师发现多处旧伤", Key: "k1"})
		w.must(err)
		w.dispatch("op1", rec.Matter)
		_, err = w.seat.StaffPhone(as("op1"), rec.Matter, "police-wu")
		w.must(err)
		_, err = w.seat.StaffPhone(as("op1"), rec.Matter, "village-zhou")
		w.wants(err, errs.KindNotFound, "")
	})
}

func TestAChildsTimelineTellsOfItsMattersButNotOfAbuse(t *testing.T) {
	each(t, func(w *world) {
		told := func() (titles []string) {
			w.must(w.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
				return r.List(ctx, &titles, "SELECT title FROM child_entry WHERE child_id = ? AND kind = 'matter' ORDER BY at, id", child)
			}))
			return titles
		}
		_, err := w.seat.Enter(as("op1"), seat.Entry{Source: signal.School, Kind: "abuse", ChildID: child, Text: "老师发现多处旧伤", Key: "k1"})
		w.must(err)
		if got := told(); len(got) != 0 {
			t.Fatalf("abuse is told: %q", got)
		}
		w.press(badge, 1)
		w.press(badge, 2) // the same matter
		if got := told(); len(got) != 1 || got[0] != "timeline.matter_opened" {
			t.Fatalf("%q", got)
		}
	})
}

package notify_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/notify"
	"zugou/test/harness/phones"
)

const (
	zhou = "15400000001"
	wu   = "15400000002"
)

// directory is a house of a few people.
type directory map[id.ID]notify.Contact

func (d directory) Contact(_ context.Context, _ db.Reader, a id.ID) (notify.Contact, error) {
	c, ok := d[a]
	if !ok {
		return c, errs.NotFound("record.not_found")
	}
	return c, nil
}

func (d directory) Names(_ context.Context, _ db.Reader, as []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range as {
		out[a] = "name of " + string(a)
	}
	return out, nil
}

func people() directory {
	return directory{
		"zhou":      {Phone: zhou, PhoneVerified: true, Active: true, Region: "500111115"},
		"wu":        {Phone: wu, PhoneVerified: true, Active: true, Region: "500111115"},
		"fresh":     {Phone: "15400000003", Active: true, Region: "500111"},
		"gone":      {Phone: "15400000004", PhoneVerified: true},
		"phoneless": {Active: true, Region: "500111"},
	}
}

// house is a service with its engine and clock.
type house struct {
	t      *testing.T
	db     *db.DB
	clk    *clock.Fake
	svc    *notify.Service
	engine *job.Engine
}

var (
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	keys  = crypto.Ephemeral(crypto.AES)
)

func open(t *testing.T, d *db.DB, clk *clock.Fake, change func(*notify.Options), channels ...notify.Channel) *house {
	t.Helper()
	o := notify.Options{DB: d, Directory: people(), Sealer: keys, Channels: channels, Log: quiet}
	if change != nil {
		change(&o)
	}
	svc, err := notify.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t, d, clk, svc, job.NewEngine(d, quiet)}
	svc.Register(h.engine)
	t.Cleanup(func() { svc.Close(context.Background()) })
	return h
}

// run does all that is due now.
func (h *house) run() {
	h.t.Helper()
	for {
		n, err := h.engine.RunOnce(context.Background())
		if err != nil {
			h.t.Fatal(err)
		}
		h.svc.Wait()
		if n == 0 {
			return
		}
	}
}

// forward moves the clock in steps, running what falls due.
func (h *house) forward(d, step time.Duration) {
	h.t.Helper()
	for ; d > 0; d -= step {
		h.clk.Advance(min(step, d))
		h.run()
	}
}

func (h *house) states(ref id.ID) string {
	h.t.Helper()
	var out []string
	err := h.db.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		all, err := notify.States(ctx, r, ref)
		for _, who := range []id.ID{"zhou", "wu", "fresh", "gone", "phoneless"} {
			for _, s := range all[who] {
				out = append(out, string(who)+":"+s.Channel+"="+s.State)
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func offer(to id.ID, policy notify.Policy) notify.Message {
	return notify.Message{To: to, Policy: policy, Key: "o1:offered:1", Text: "order.offered", OrderNo: "D20240601-0001", Ref: "o1"}
}

func TestACrisisGoesOverAllChannelsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		public, private, err := notify.PushKeys(context.Background(), d, keys)
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, d, clk, nil, net.SMS(clk), net.WeCom(clk), net.DingTalk(clk), net.Push(public, private))
		if err := h.svc.Subscribe(as("zhou"), net.Browser("zhou's browser")); err != nil {
			t.Fatal(err)
		}
		send(t, d, offer("zhou", notify.Crisis))
		send(t, d, offer("wu", notify.Crisis))
		const text = "编号D20240601-0001，请登录查看"
		net.Expect(zhou, text)
		net.Expect(wu, text)
		net.Expect("zhou's browser", text)
		net.Expect(phones.WeComRoom, text) // one for the room, not one for each person
		net.Expect(phones.DingTalkRoom, text)
		h.run()
		net.Check()
		if got := h.states("o1"); got != "zhou:in_app=sent zhou:web_push=sent zhou:sms=sent wu:in_app=sent wu:sms=sent" {
			t.Error(got)
		}
		again, _, err := notify.PushKeys(context.Background(), d, keys)
		if err != nil || again != public {
			t.Errorf("the house got new keys at its second start: %v", err)
		}
		h.forward(3*time.Hour, 10*time.Minute) // nothing more comes by itself
	})
}

func TestACrisisIsTriedUntilItArrives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Down, phones.Down, phones.Dropped)
		send(t, d, offer("zhou", notify.Crisis))
		net.Expect(zhou, "D20240601-0001")
		h.run()
		h.forward(5*time.Second, time.Second)
		net.Expect(zhou, "D20240601-0001") // dropped: nobody knows, so once more
		h.forward(30*time.Second, time.Second)
		net.Check()
		if n := countOf(t, d, "SELECT count(*) FROM outbox_attempt"); n != 4 {
			t.Errorf("%d attempts on record, want 4", n)
		}
		if n := countOf(t, d, "SELECT count(*) FROM outbox_attempt WHERE result = 'unsure'"); n != 1 {
			t.Errorf("%d unsure", n)
		}
		page, err := h.svc.Outbox(as("leader"), notify.OutboxQuery{})
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		for _, o := range page.Items {
			if tries += len(o.Tries); len(o.Tries) != o.Attempts {
				t.Errorf("%d attempts shown of %d", len(o.Tries), o.Attempts)
			}
		}
		if tries != 4 {
			t.Errorf("the page shows %d attempts, want 4", tries)
		}
	})
}

func TestAnOrdinaryMessageWhoseEndIsUnknownIsNotSentAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Down, phones.Dropped) // surely not taken: again; dropped: never again
		net.Fail(wu, phones.Garbage)
		net.Expect(zhou, "")
		net.Expect(wu, "")
		send(t, d, offer("zhou", notify.Ordinary))
		send(t, d, offer("wu", notify.Ordinary))
		h.run()
		h.forward(6*time.Hour, time.Minute)
		net.Check()
		if got := h.states("o1"); got != "zhou:in_app=sent zhou:sms=failed wu:in_app=sent wu:sms=failed" {
			t.Error(got)
		}
	})
}

func TestACrashBetweenSendingAndRecording(t *testing.T) {
	for _, policy := range []notify.Policy{notify.Crisis, notify.Ordinary} {
		t.Run(string(policy), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
				net := phones.New(t)
				before := open(t, d, clk, nil, net.SMS(clk))
				before.svc.Die()
				send(t, d, offer("zhou", policy))
				net.Expect(zhou, "")
				before.run()
				net.Check()
				if n := countOf(t, d, "SELECT count(*) FROM outbox WHERE state = 'sending'"); n != 1 {
					t.Fatal("the attempt was not written down before it was made")
				}
				after := open(t, d, clk, nil, net.SMS(clk))
				if policy == notify.Crisis {
					net.Expect(zhou, "")
				}
				after.forward(10*time.Minute, time.Second)
				net.Check()
				want := "zhou:in_app=sent zhou:sms=sent"
				if policy == notify.Ordinary {
					want = "zhou:in_app=sent zhou:sms=failed"
				}
				if got := after.states("o1"); got != want {
					t.Error(got)
				}
			})
		})
	}
}

func TestNothingGoesOutAfterAcknowledgement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Down, phones.Down, phones.Down)
		send(t, d, offer("zhou", notify.Crisis))
		h.run() // the first attempt failed, the second waits
		send(t, d, offer("wu", notify.Crisis))
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return notify.Cancel(ctx, tx, "o1:") })
		h.forward(3*time.Hour, time.Minute)
		if got := h.states("o1"); got != "zhou:in_app=sent zhou:sms=cancelled wu:in_app=sent" {
			t.Error(got)
		}
		if n := countOf(t, d, "SELECT count(*) FROM job WHERE kind = 'notify.send'"); n != 0 {
			t.Errorf("%d jobs left", n)
		}
	})
}

func TestReadingItInTheProductStopsTheRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Down)
		send(t, d, offer("zhou", notify.Crisis))
		h.run()
		page, err := h.svc.Notices(as("zhou"), "")
		if err != nil || len(page.Items) != 1 || page.Unread != 1 {
			t.Fatalf("%+v %v", page, err)
		}
		if err := h.svc.Read(as("wu"), page.Items[0].ID); err != nil {
			t.Fatal(err)
		}
		if n := countOf(t, d, "SELECT count(*) FROM notice WHERE state = 'open'"); n != 1 {
			t.Fatal("somebody else's reading counted")
		}
		if err := h.svc.Read(as("zhou"), page.Items[0].ID); err != nil {
			t.Fatal(err)
		}
		h.forward(time.Hour, time.Minute)
		page, err = h.svc.Notices(as("zhou"), "")
		if err != nil || page.Unread != 0 {
			t.Errorf("%+v %v", page, err)
		}
	})
}

func TestAnOldCallWakesNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		send(t, d, offer("zhou", notify.Crisis))
		h := open(t, d, clk, nil, net.SMS(clk))
		for range 200 {
			net.Fail(zhou, phones.Down)
		}
		h.run()
		clk.Advance(60 * 24 * time.Hour) // the house was off for two months
		h.run()
		if got := h.states("o1"); got != "zhou:in_app=sent zhou:sms=failed" {
			t.Error(got)
		}
	})
}

// officeHours are 08:30 to 17:30 of every day.
func officeHours(_ context.Context, _ db.Reader, at clock.Millis) (clock.Millis, error) {
	t := at.Time().In(clock.Zone)
	opens := time.Date(t.Year(), t.Month(), t.Day(), 8, 30, 0, 0, clock.Zone)
	switch {
	case t.Before(opens):
		return clock.Of(opens), nil
	case t.Before(opens.Add(9 * time.Hour)):
		return at, nil
	}
	return clock.Of(opens.AddDate(0, 0, 1)), nil
}

func TestOrdinaryMessagesWaitForTheOfficeAndCrisesDoNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { // it is 02:10
		net := phones.New(t)
		h := open(t, d, clk, func(o *notify.Options) { o.Hours = officeHours }, net.SMS(clk))
		send(t, d, offer("zhou", notify.Ordinary))
		send(t, d, offer("wu", notify.Crisis))
		net.Expect(wu, "")
		h.run()
		net.Check()
		h.forward(6*time.Hour+19*time.Minute, 10*time.Minute) // 08:29
		net.Expect(zhou, "")
		h.forward(2*time.Minute, time.Minute)
		net.Check()
	})
}

func TestTheRateNeverHoldsBackACrisis(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, func(o *notify.Options) {
			o.Rates = map[notify.ChannelName]notify.Rate{notify.SMS: {PerMinute: 6, Burst: 2}}
		}, net.SMS(clk))
		for i := range 5 {
			m := offer("zhou", notify.Ordinary)
			m.Key = string(rune('a' + i))
			send(t, d, m)
		}
		net.Expect(zhou, "")
		net.Expect(zhou, "")
		h.run()
		net.Check()
		for i := range 10 {
			m := offer("wu", notify.Crisis)
			m.Key = string(rune('a' + i))
			send(t, d, m)
			net.Expect(wu, "")
		}
		h.run() // all ten at once
		net.Check()
		h.forward(time.Minute, 5*time.Second) // the bucket is overdrawn by ten
		for range 3 {
			net.Expect(zhou, "")
		}
		h.forward(3*time.Minute, 5*time.Second)
		net.Check()
	})
}

func TestWithoutAGatewayTheOutboxPageShowsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		h := open(t, d, clk, nil)
		if h.svc.Configured() {
			t.Error("nothing is configured")
		}
		send(t, d, offer("zhou", notify.Crisis))
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return h.svc.SendCode(ctx, tx, wu, "482913") })
		h.run()
		page, err := h.svc.Outbox(as("leader"), notify.OutboxQuery{State: "shown"})
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("%+v %v", page, err)
		}
		for _, o := range page.Items {
			if strings.Contains(o.Text, "482913") {
				t.Error("the page shows a code")
			}
		}
		if o := page.Items[0]; o.ToName != "name of zhou" || o.OrderNo != "D20240601-0001" || !strings.Contains(o.Text, "请登录查看") {
			t.Errorf("%+v", o)
		}
		channels, err := h.svc.Channels(as("leader"))
		if err != nil || len(channels.Items) != 5 || channels.Items[2].Configured {
			t.Errorf("%+v %v", channels, err)
		}
		if _, err := h.svc.Outbox(as("zhou"), notify.OutboxQuery{}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a grid worker reads the outbox: %v", err)
		}
	})
}

func TestWhoCannotBeReachedOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Expect("15400000003", "") // an unverified number in a crisis
		for _, who := range []id.ID{"fresh", "gone", "phoneless", "nobody"} {
			send(t, d, offer(who, notify.Crisis))
		}
		m := offer("fresh", notify.Ordinary)
		m.Key = "ordinary"
		send(t, d, m)
		h.run()
		net.Check()
		if n := countOf(t, d, "SELECT count(*) FROM outbox WHERE state = 'shown'"); n != 2 {
			t.Errorf("%d shown, want phoneless's and the ordinary one", n)
		}
	})
}

func TestACodeIsSentOnceAndItsNumberIsSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, func(o *notify.Options) { o.Hours = officeHours }, net.SMS(clk))
		net.Expect(wu, "验证码482913")
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return h.svc.SendCode(ctx, tx, wu, "482913") })
		if n := countOf(t, d, "SELECT count(*) FROM outbox WHERE sealed LIKE '%482913%' OR sealed LIKE '%15400000002%' OR key LIKE '%154%'"); n != 0 {
			t.Error("number or code lie in clear")
		}
		h.run() // at 02:10: whoever registers now wants it now
		net.Check()
		for _, bad := range []string{"", "12", "张三", "1234567890123", "48 2913"} {
			err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return h.svc.SendCode(ctx, tx, wu, bad) })
			if err == nil {
				t.Errorf("code %q was taken", bad)
			}
		}
	})
}

func TestAGatewayThatRefusesANumberIsNotAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Refuse)
		send(t, d, offer("zhou", notify.Crisis))
		h.run()
		h.forward(10*time.Minute, time.Minute)
		if n := countOf(t, d, "SELECT count(*) FROM channel_state WHERE failing_since <> 0"); n != 0 {
			t.Error("a wrong number is no fault of the gateway")
		}
	})
}

func TestALeaderTriesEveryChannelOnThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		leader := func(o *notify.Options) {
			o.Directory = directory{"leader": {Phone: zhou, PhoneVerified: true, Active: true, Region: "500111"}}
		}
		h := open(t, d, clk, leader, net.SMS(clk))
		if err := h.svc.Test(as("zhou")); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a grid worker tests the channels: %v", err)
		}
		if err := h.svc.Test(as("leader")); err != nil {
			t.Fatal(err)
		}
		net.Expect(zhou, "这是一条通知渠道测试，请登录查看。")
		h.run()
		if n := countOf(t, d, "SELECT count(*) FROM outbox WHERE state = 'sent'"); n != 1 {
			t.Errorf("%d messages sent", n)
		}
	})
}

func TestAChannelTellsSinceWhenItFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		h := open(t, d, clk, nil, net.SMS(clk))
		net.Fail(zhou, phones.Down, phones.Down)
		send(t, d, offer("zhou", notify.Crisis))
		since := clock.Of(clk.Now())
		h.run()
		h.forward(2*time.Second, time.Second)
		channels, err := h.svc.Channels(as("leader"))
		if err != nil || channels.Items[2].FailingSince != since || channels.Items[2].Error != "http_503" {
			t.Errorf("%+v %v", channels, err)
		}
		net.Expect(zhou, "")
		h.forward(20*time.Second, time.Second)
		channels, _ = h.svc.Channels(as("leader"))
		if channels.Items[2].FailingSince != 0 || channels.Items[2].LastOKAt == 0 {
			t.Errorf("%+v", channels)
		}
		if n := countOf(t, d, "SELECT count(*) FROM event WHERE topic = 'system' AND kind = 'channel'"); n != 2 {
			t.Errorf("%d events, want one for each turn", n)
		}
	})
}

func TestABrowserThatIsGoneIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		public, private, err := notify.PushKeys(context.Background(), d, keys)
		if err != nil {
			t.Fatal(err)
		}
		h := open(t, d, clk, nil, net.Push(public, private))
		for range 12 {
			if err := h.svc.Subscribe(as("zhou"), net.Browser("old")); err != nil {
				t.Fatal(err)
			}
		}
		if n := countOf(t, d, "SELECT count(*) FROM push_subscription WHERE removed_at = 0"); n != 10 {
			t.Errorf("%d browsers kept, want 10", n)
		}
		net.Forget("old")
		send(t, d, offer("zhou", notify.Crisis))
		h.run()
		if n := countOf(t, d, "SELECT count(*) FROM push_subscription WHERE removed_at = 0 OR sealed <> ''"); n != 0 {
			t.Errorf("%d left", n)
		}
	})
}

func TestOldMessagesAndCodesGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		net := phones.New(t)
		net.Anything()
		h := open(t, d, clk, nil, net.SMS(clk))
		if err := h.engine.Ensure(context.Background()); err != nil {
			t.Fatal(err)
		}
		send(t, d, offer("zhou", notify.Ordinary))
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return h.svc.SendCode(ctx, tx, wu, "482913") })
		h.run()
		clk.Advance(49 * time.Hour)
		h.run()
		if n := countOf(t, d, "SELECT count(*) FROM outbox WHERE sealed <> ''"); n != 0 {
			t.Errorf("%d sealed codes after two days", n)
		}
		clk.Advance(200 * 24 * time.Hour)
		h.run()
		clk.Advance(25 * time.Hour)
		h.run()
		if n := countOf(t, d, "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM outbox_attempt) + (SELECT count(*) FROM notice)"); n != 0 {
			t.Errorf("%d rows after half a year", n)
		}
	})
}

package notify_test

import (
	"context"
	"fmt"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/people/notify"
)

func update(t *testing.T, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, d *db.DB, m notify.Message) {
	t.Helper()
	update(t, d, func(ctx context.Context, tx *db.Tx) error { return notify.Send(ctx, tx, m) })
}

func countOf(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&n), query, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAMessageShowsInTheProductAtCommitOnceAPersonAndStep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		m := notify.Message{To: "zhou", Policy: notify.Crisis, Key: "o1:offered:1", Text: "order.offered", OrderNo: "D20240601-0001", Ref: "o1"}
		for range 3 {
			send(t, d, m)
		}
		m.Key = "o1:offered:2"
		send(t, d, m)
		if n := countOf(t, d, "SELECT count(*) FROM notice"); n != 2 {
			t.Errorf("%d notices, want 2", n)
		}
		if n := countOf(t, d, "SELECT count(*) FROM event WHERE topic = 'notice' AND kind = 'order.offered' AND data LIKE '%\"account\":\"zhou\"%'"); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

func TestCancelByPrefixAndByRef(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		for _, order := range []id.ID{"o1", "o10", "o2"} {
			for _, to := range []id.ID{"zhou", "wu"} {
				send(t, d, notify.Message{To: to, Policy: notify.Crisis, Key: fmt.Sprintf("%s:1", order), Text: "order.offered", Ref: order})
			}
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return notify.Cancel(ctx, tx, "o1:") })
		if n := countOf(t, d, "SELECT count(*) FROM notice WHERE state = 'cancelled' AND ref = 'o1'"); n != 2 {
			t.Errorf("%d of o1 cancelled, want 2", n)
		}
		if n := countOf(t, d, "SELECT count(*) FROM notice WHERE state = 'open'"); n != 4 {
			t.Errorf("%d open, want 4: o1 is no prefix of o10 with its colon", n)
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return notify.CancelRef(ctx, tx, "o2", "wu") })
		if n := countOf(t, d, "SELECT count(*) FROM notice WHERE state = 'open' AND ref = 'o2' AND account = 'wu'"); n != 1 {
			t.Error("the one to keep was cancelled")
		}
		update(t, d, func(ctx context.Context, tx *db.Tx) error { return notify.Acknowledge(ctx, tx, "wu", "o2") })
		if n := countOf(t, d, "SELECT count(*) FROM notice WHERE state = 'open'"); n != 2 {
			t.Errorf("%d open, want o10's two", n)
		}
		if n := countOf(t, d, "SELECT count(*) FROM job"); n != 2 {
			t.Errorf("%d jobs left, want 2", n)
		}
	})
}

func TestAMessageWithoutKeyOrPersonIsAFault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		for _, m := range []notify.Message{
			{Policy: notify.Crisis, Key: "k", Text: "order.offered"},
			{To: "a", Policy: notify.Crisis, Text: "order.offered"},
			{To: "a", Key: "k", Text: "order.offered"},
			{To: "a", Policy: notify.Crisis, Key: "k"},
		} {
			err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return notify.Send(ctx, tx, m) })
			if err == nil {
				t.Errorf("%+v was taken", m)
			}
		}
	})
}

package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/people/access"
)

// What a child writes after its chat was passed on stands on the card of the
// matter; after that was closed, on the card of a new one.
func TestAChatsLaterWordsStandOnTheMattersCard(t *testing.T) {
	wards(t, 0, func(w *ward) {
		t := w.t
		const key = "0123456789abcdef0123456789abcdef"
		ctx := context.Background()
		opened, err := w.a.Hotline.OpenChat(ctx, key, hotline.Visitor{Address: "203.0.113.7", Agent: "old phone"})
		w.must(err)
		if !opened.OK {
			t.Fatalf("%+v", opened)
		}
		w.must(w.a.Hotline.SayChat(ctx, key, "在吗", "first-words"))
		for range 10 {
			w.pass(5*time.Second, 5*time.Second)
			_, err := w.a.Hotline.ReadChat(ctx, key, 0, "asked")
			w.must(err)
		}
		matters := func() (out []id.ID) {
			w.must(w.a.DB.View(w.ctx(), func(ctx context.Context, r db.Reader) error {
				return r.List(ctx, &out, "SELECT id FROM matter ORDER BY opened_at, id")
			}))
			return out
		}
		words := func(m id.ID) string {
			var card seat.Card
			w.must(w.a.DB.View(w.as(access.SeatOperator), func(ctx context.Context, r db.Reader) (err error) {
				card, err = w.a.Seat.Card(ctx, r, m)
				return err
			}))
			var out []string
			for _, s := range card.Signals {
				out = append(out, s.Text)
			}
			return strings.Join(out, "|")
		}
		first := matters()
		if len(first) != 1 || !strings.Contains(words(first[0]), "在吗") {
			t.Fatalf("%d matters", len(first))
		}
		for range 2 { // the second is a repetition
			w.must(w.a.Hotline.SayChat(ctx, key, "他又打我了", "later-words"))
		}
		if got := words(first[0]); strings.Count(got, "他又打我了") != 1 || len(matters()) != 1 {
			t.Fatalf("the card says %q, %d matters", got, len(matters()))
		}
		_, err = w.a.Matters.Close(w.as(access.SeatOperator), first[0], "advised", "已联系", 0)
		w.must(err)
		w.must(w.a.Hotline.SayChat(ctx, key, "我还在", "after-the-end"))
		if now := matters(); len(now) != 2 || !strings.Contains(words(now[1]), "我还在") {
			t.Fatalf("%d matters", len(now))
		}
	})
}

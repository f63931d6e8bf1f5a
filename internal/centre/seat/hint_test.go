package seat_test

import (
	"context"
	"fmt"
	"testing"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/people/access"
)

// What the maker's model is known for stands beside the alarm, one word for
// each, as it was when the alarm rang, and the alarm is what it always is.
func TestTheCardShowsWhatIsKnownOfTheAlarmsModel(t *testing.T) {
	each(t, func(w *world) {
		hint := seat.CardHint{Alarm: "sos", Hint: "sos_or_charger"}
		told := func(n int, body any) seat.Receipt {
			t.Helper()
			frame := fmt.Sprintf("AL,010624,03100%d,V", n)
			rec, err := w.seat.Take(access.With(context.Background(), access.System("gateway")), signal.New{Source: signal.Watch, Kind: "sos", Event: true, DeviceID: badge,
				Key: signal.FrameKey(signal.Watch, badge, []byte(frame)), Raw: []byte(frame), Alarms: []string{"sos"}, Body: body})
			w.must(err)
			return rec
		}
		rec := told(1, map[string]any{"model": "watch-4g", "hints": []seat.CardHint{hint}})
		told(2, map[string]any{"model": "watch-4g", "hints": []seat.CardHint{hint, {Alarm: "fall", Hint: "坐下太快也会报"}}})
		told(5, map[string]any{"model": "watch-4g", "edition": 1, "hints": []seat.CardHint{{Alarm: "sos", Hint: "先打电话"}}})
		hint.Hint = "先打电话" // published meanwhile: the newest word, and one
		told(3, map[string]any{"hints": "nothing to read"})
		told(4, nil)
		card := w.card("op1", rec.Matter)
		if len(card.Hints) != 2 || card.Hints[0] != hint || card.Hints[1].Alarm != "fall" {
			t.Errorf("%+v", card.Hints)
		}
		if card.Matter.Kind != "sos" || card.Matter.Urgency != policy.Critical || card.Matter.PressedAgain != 4 {
			t.Errorf("the alarm changed: %+v", card.Matter)
		}
		if card := w.card("op1", w.press("3900000007", 1).Matter); card.Hints == nil || len(card.Hints) != 0 {
			t.Errorf("hints of nothing: %#v", card.Hints)
		}

		// Who is sent reads the same, until it is handled.
		order := w.dispatch("op1", rec.Matter)
		reads := func(want int) {
			t.Helper()
			w.must(w.db.View(as("grid-chen"), func(ctx context.Context, r db.Reader) error {
				mine, err := w.seat.Order(ctx, r, order.ID)
				if err == nil && (mine.Hints == nil || len(mine.Hints) != want || want > 0 && mine.Hints[0] != hint) {
					t.Errorf("%+v, want %d", mine.Hints, want)
				}
				return err
			}))
		}
		reads(2)
		_, err := w.orders.Accept(as("grid-chen"), order.ID, dispatch.Report{})
		w.must(err)
		w.walk("grid-chen", order.ID, policy.OnTheWay, policy.OnScene)
		reads(2)
		w.walk("grid-chen", order.ID, policy.Handled)
		reads(0)
	})
}

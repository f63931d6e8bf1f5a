package downlink_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/downlink"
)

func TestWhatWasMeantForOneChildIsNotSaidToTheNext(t *testing.T) {
	each(t, func(w *world) {
		write := func(query string, args ...any) {
			t.Helper()
			if err := w.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		write("UPDATE device SET state = 'active', wearer = 'kid' WHERE id = ?", w.which)
		write("INSERT INTO device_wearing (id, device, child_id, from_at, by_account, why) VALUES ('s1', ?, 'kid', 1, 'op', 'test')", w.which)
		w.send(downlink.Request{Kind: down.Text, Text: "放学后去外婆家"})
		p := w.process("g1")
		p.round()
		w.is(downlink.Waiting, "", 0)
		w.clk.Advance(time.Second)
		write("UPDATE device SET wearer = 'other' WHERE id = ?", w.which)
		write("UPDATE device_wearing SET to_at = ? WHERE device = ?", clock.Of(w.clk.Now()), w.which)
		l := &line{source: signal.Watch, from: "10.1.2.3", token: "t1"}
		p.hub.Hold(number, l)
		p.round()
		w.is(downlink.Cancelled, "command.result.other_wearer", 0)
		if len(l.got) != 0 {
			t.Errorf("it was told %+v", l.got)
		}
		w.send(downlink.Request{Kind: down.Locate}) // the next wearer's own
		p.round()
		w.is(downlink.Sent, "", 1)
	})
}

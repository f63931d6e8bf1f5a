package app

import (
	"context"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
	"zugou/internal/loop/risk/level"
	"zugou/internal/people/access"
)

// A mark from drawings is evidence for a talk: no urgency, no colour, and
// nothing of it stays when the talk was held. What a professional found is
// what the mark is held against.
func TestADrawingAddsATalkAndNothingElse(t *testing.T) {
	wards(t, 2, func(w *ward) {
		t, child := w.t, w.children[0]
		ports := w.a.Drawings.Ratings.Ports
		mark := func(stands bool) {
			w.must(w.a.DB.Update(access.With(context.Background(), access.System("drawing")), func(ctx context.Context, tx *db.Tx) error {
				return ports.Marked(ctx, tx, child, stands)
			}))
		}
		mark(true)
		if v := w.explain(child); v.TalkUntil == 0 || v.Urgency != "" || v.Colour != "" || v.Now.Urgency.Above(risk.Green) {
			t.Fatalf("a drawing did more or less than ask for a talk: %+v", v)
		}
		w.clk.Advance(time.Hour)
		mark(false)
		if v := w.explain(child); v.TalkUntil != 0 || v.Urgency != "" || v.Colour != "" {
			t.Fatalf("the talk was held: %+v", v)
		}

		since := clock.Of(w.clk.Now())
		found := func() (out map[id.ID]bool) {
			w.must(w.a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
				out, err = ports.Found(ctx, r, since, w.children...)
				return err
			}))
			return out
		}
		if len(found()) != 0 {
			t.Errorf("found without an assessment: %v", found())
		}
		w.clk.Advance(time.Hour)
		for i, colour := range []risk.Colour{risk.Yellow, risk.Green} {
			_, err := w.a.Screening.Levels.Assess(w.as(access.Clinician), w.children[i], level.Judgement{Colour: colour, Reason: "访谈后的判断"})
			w.must(err)
		}
		if got := found(); len(got) != 2 || !got[w.children[0]] || got[w.children[1]] {
			t.Errorf("found %v", got)
		}
	})
}

package app

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/people/duty"
	"zugou/internal/people/notify"
)

// gapPager sends the guard's pages.
type gapPager struct{}

// PageGaps implements duty.Pager. A gap that is there already, or begins
// within two hours, is paged like a crisis: at any hour, over all channels.
func (gapPager) PageGaps(ctx context.Context, tx *db.Tx, p duty.GapPage) error {
	m := notify.Message{To: p.To, Policy: notify.Ordinary, Key: p.Key, Text: "duty.gap", Count: p.Count, Ref: p.Ref, Region: p.Region}
	if p.Urgent {
		m.Policy, m.Text = notify.Crisis, "duty.gap_now"
	}
	if p.Missing != 0 {
		m.Text = "duty.calendar"
	}
	return notify.Send(ctx, tx, m)
}

// openMatters is what the hand-over page shows of the seat: the queue, as the
// one who hands over may see it.
func (a *App) openMatters(ctx context.Context, r db.Reader, _ []string) (any, error) {
	q, err := a.Seat.Queue(ctx, r)
	return q.Items, err
}

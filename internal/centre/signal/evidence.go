package signal

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// Counted is how many calls for help came from a child's devices.
type Counted struct {
	Child id.ID        `bun:"child_id"`
	N     int          `bun:"n"`
	Last  clock.Millis `bun:"last_at"`
}

// SOSSince counts by child the presses of the button since an instant, by the
// matters that they led to: a button pressed five times in a minute is one.
func SOSSince(ctx context.Context, r db.Reader, since clock.Millis) ([]Counted, error) {
	var out []Counted
	err := r.List(ctx, &out, `SELECT child_id, count(DISTINCT matter_id) AS n, max(received_at) AS last_at FROM signal
		WHERE received_at >= ? AND kind = 'sos' AND NOT drill AND child_id <> '' AND matter_id <> '' GROUP BY child_id`, since)
	return out, err
}

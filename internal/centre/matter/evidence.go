package matter

import (
	"context"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// Counted is how many matters of a kind a child had, and when the last was.
type Counted struct {
	Child id.ID        `bun:"child_id"`
	N     int          `bun:"n"`
	Last  clock.Millis `bun:"last_at"`
}

// CriticalSince counts by child the matters of the highest urgency that were
// opened since an instant; exercises and false alarms don't count.
func CriticalSince(ctx context.Context, r db.Reader, since clock.Millis) ([]Counted, error) {
	var out []Counted
	err := r.List(ctx, &out, `SELECT child_id, count(*) AS n, max(opened_at) AS last_at FROM matter
		WHERE opened_at >= ? AND urgency = ? AND NOT drill AND child_id <> '' AND outcome NOT IN ('false_alarm', 'test') GROUP BY child_id`, since, policy.Critical)
	return out, err
}

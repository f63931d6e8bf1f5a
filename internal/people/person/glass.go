package person

import (
	"context"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// glassOpen is how long a broken glass stays open.
const glassOpen = 15 * time.Minute

type glassRow struct {
	ID        id.ID        `bun:"id"`
	ChildID   id.ID        `bun:"child_id"`
	AccountID id.ID        `bun:"account_id"`
	Region    string       `bun:"region"`
	Reason    string       `bun:"reason"` // sealed by the child's key
	At        clock.Millis `bun:"at"`
	Until     clock.Millis `bun:"until"`
	State     string       `bun:"state"`
	DecidedBy id.ID        `bun:"decided_by"`
	Note      string       `bun:"note"`
}

// openGlass gives the open break-glass of the account on the child, the zero
// row if there is none. One that was objected to is shut at once.
func openGlass(ctx context.Context, r db.Reader, account, childID id.ID) (glassRow, error) {
	var rows []glassRow
	err := r.List(ctx, &rows, `SELECT id, child_id, account_id, region, reason, at, until, state, decided_by, note FROM glass
		WHERE account_id = ? AND child_id = ? AND until > ? AND state <> 'objected' ORDER BY until DESC LIMIT 1`, account, childID, r.At())
	if err != nil || len(rows) == 0 {
		return glassRow{}, err
	}
	return rows[0], nil
}

func sorted(s []string) []string { slices.Sort(s); return s }

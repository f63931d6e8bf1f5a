package audit

import (
	"context"

	"zugou/internal/kernel/db"
)

// WriteMany stores one row about several records as part of the change: what
// an import writes is looked up by each of them.
func WriteMany(ctx context.Context, tx *db.Tx, e Entry, shown []Shown) error {
	if len(shown) == 0 {
		return nil
	}
	e.SubjectKind, e.Subject = shown[0].Kind, shown[0].ID
	return insert(ctx, tx, e, shown)
}

package device

import (
	"context"
	"slices"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Hidden gives the children that an account may not find: those of whose open
// matter it stands on the conflict list. What such a child wears, its name and
// where it was are hidden with it, from everybody's list to the recordings.
// Rooms that show devices are given one; nil hides nobody.
type Hidden func(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error)

// Of gives the children that the actor of the context may not find.
func (h Hidden) Of(ctx context.Context, r db.Reader) ([]id.ID, error) {
	actor := access.From(ctx)
	if h == nil || actor.System {
		return nil, nil
	}
	return h(ctx, r, actor.Account)
}

// Target describes a device for the question of access: it goes with its
// wearer.
func (h Hidden) Target(ctx context.Context, r db.Reader, d Device) (access.Target, error) {
	t := access.Target{Region: d.Region}
	if d.Wearer == "" {
		return t, nil
	}
	foes, err := h.Of(ctx, r)
	t.Conflicted = slices.Contains(foes, d.Wearer)
	return t, err
}

// Except gives the SQL predicate "column is none of the children", with its
// arguments.
func Except(column string, children []id.ID) (string, []any) {
	if len(children) == 0 {
		return "1 = 1", nil
	}
	return column + " NOT IN (" + db.Marks(len(children)) + ")", db.Anys(children)
}

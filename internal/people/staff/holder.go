package staff

import (
	"context"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Holder is an active account with a role in force for exactly this area.
type Holder struct {
	Account id.ID       `bun:"id"`
	Role    access.Role `bun:"role"`
	Region  string      `bun:"region"`
}

// HoldersAt lists who holds one of the roles for exactly these areas.
func HoldersAt(ctx context.Context, r db.Reader, regions []string, roles []access.Role) ([]Holder, error) {
	if len(regions) == 0 || len(roles) == 0 {
		return nil, nil
	}
	var out []Holder
	for part := range slices.Chunk(regions, 300) {
		args := db.Anys(part)
		rows, err := holders(ctx, r, "g.region IN ("+db.Marks(len(part))+")", args, roles)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// HoldersWithin lists who holds one of the roles for the area or one inside of it.
func HoldersWithin(ctx context.Context, r db.Reader, area string, roles []access.Role) ([]Holder, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	where, args := access.Where("g.region", []string{area})
	return holders(ctx, r, where, args, roles)
}

func holders(ctx context.Context, r db.Reader, where string, args []any, roles []access.Role) ([]Holder, error) {
	args = append(args, db.Anys(roles)...)
	var out []Holder
	err := r.List(ctx, &out, "SELECT a.id, g.role, g.region FROM role_grant g JOIN account a ON a.id = g.account_id WHERE "+where+
		" AND g.role IN ("+db.Marks(len(roles))+") AND a.state = 'active' AND "+effective+" ORDER BY g.region, a.id", append(args, r.At(), r.At())...)
	return out, err
}

// Presence is what others need to know to judge whether an account can be reached.
type Presence struct {
	ID          id.ID        `bun:"id"`
	Name        string       `bun:"name"`
	PhoneMasked string       `bun:"phone_masked"`
	State       State        `bun:"state"`
	Region      string       `bun:"region"`
	SeenAt      clock.Millis `bun:"last_seen_at"`
}

// Presences gives what is known of accounts; an unknown one is left out.
func Presences(ctx context.Context, r db.Reader, accounts []id.ID) ([]Presence, error) {
	var out []Presence
	for part := range slices.Chunk(accounts, 300) {
		args := db.Anys(part)
		var rows []Presence
		if err := r.List(ctx, &rows, "SELECT id, name, phone_masked, state, region, last_seen_at FROM account WHERE id IN ("+db.Marks(len(part))+")", args...); err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

package staff

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Brief is what colleagues see of each other.
type Brief struct {
	ID          id.ID       `bun:"id" json:"id"`
	Name        string      `bun:"name" json:"name"`
	Role        access.Role `bun:"role" json:"role"`     // of Names: the first right in force; of ByRole: the one asked for
	Region      string      `bun:"region" json:"region"` // of that right; of the account if it has none
	PhoneMasked string      `bun:"phone_masked" json:"phone_masked"`
}

// Names gives who the ids are, whether they still work here or not. Ids that
// are no account (the program itself) are missing.
func Names(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]Brief, error) {
	out := map[id.ID]Brief{}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = slices.DeleteFunc(ids, func(i id.ID) bool { return i == "" || strings.HasPrefix(string(i), "system:") })
	for part := range slices.Chunk(ids, 200) {
		args := append([]any{r.At(), r.At()}, db.Anys(part)...)
		marks := db.Marks(len(part))
		var rows []Brief
		if err := r.List(ctx, &rows, `SELECT a.id, a.name, a.phone_masked, coalesce(g.role, '') AS role, coalesce(g.region, a.region) AS region
			FROM account a LEFT JOIN role_grant g ON g.account_id = a.id AND `+effective+`
			WHERE a.id IN (`+marks+`) ORDER BY a.id, g.decided_at, g.id`, args...); err != nil {
			return nil, err
		}
		for _, b := range rows {
			if _, have := out[b.ID]; !have {
				out[b.ID] = b
			}
		}
	}
	return out, nil
}

const byRole = `SELECT a.id, a.name, a.phone_masked, g.role, g.region FROM role_grant g JOIN account a ON a.id = g.account_id
	WHERE g.role = ? AND a.state = 'active' AND ` + effective + ` AND `

// ByRole gives who holds the role for the place: their area is the place or
// contains it. The nearest come first.
func ByRole(ctx context.Context, r db.Reader, role access.Role, place string) ([]Brief, error) {
	args := []any{role, r.At(), r.At()}
	n := 0
	for l := region.LevelCity; l <= region.LevelGrid; l++ {
		if c := region.Code(place).At(l); c != "" {
			args = append(args, c)
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	var out []Brief
	err := r.List(ctx, &out, byRole+"g.region IN ("+db.Marks(n)+") ORDER BY length(g.region) DESC, a.id", args...)
	return once(out), err
}

// ByRoleWithin gives who holds the role for an area inside of the one given,
// that one included, by area.
func ByRoleWithin(ctx context.Context, r db.Reader, role access.Role, area string) ([]Brief, error) {
	where, args := access.Where("g.region", []string{area})
	if area == "" {
		where, args = access.Where("g.region", nil)
	}
	var out []Brief
	err := r.List(ctx, &out, byRole+where+" ORDER BY g.region, a.id", append([]any{role, r.At(), r.At()}, args...)...)
	return out, err
}

// once keeps the first of each account.
func once(in []Brief) []Brief {
	seen := map[id.ID]bool{}
	return slices.DeleteFunc(in, func(b Brief) bool {
		double := seen[b.ID]
		seen[b.ID] = true
		return double
	})
}

// Phone gives the number a message goes to; empty if the account has none. It
// is for channels, and for the seat that calls a colleague about a matter, on
// record; never for a list.
func Phone(ctx context.Context, r db.Reader, kr *crypto.Keyring, account id.ID) (string, error) {
	row, err := accountByID(ctx, r, account)
	if err != nil {
		return "", err
	}
	return kr.Open("account.phone:"+string(row.ID), row.Phone)
}

// ByPhone gives the accounts of a number, staff first. The number is in
// normal form (civil.Phone).
func ByPhone(ctx context.Context, r db.Reader, kr *crypto.Keyring, phone string) ([]id.ID, error) {
	var out []id.ID
	index := kr.Index("account.phone", phone)
	if index == "" {
		return nil, nil
	}
	err := r.List(ctx, &out, "SELECT id FROM account WHERE phone_index = ? AND state <> 'left' ORDER BY kind DESC", index)
	return out, err
}

// GrantsOf gives the rights in force of an account that can sign in, for what
// is sent without a session (messages, streams of several processes).
func GrantsOf(ctx context.Context, r db.Reader, account id.ID) ([]access.Grant, error) {
	row, err := accountByID(ctx, r, account)
	if err != nil {
		return nil, err
	}
	if row.State != Active {
		return nil, nil
	}
	return grantsOf(ctx, r, account)
}

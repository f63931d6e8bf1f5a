package visit

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const (
	pairingColumns = "id, child_id, region, helper, kind, begun_on, ended_on, end_reason, made_at, made_by, ended_at, ended_by"
	dueColumns     = "id, child_id, region, plan, why, who, from_on, due_on, state, visit_id, told_at, made_at, done_at"
	visitColumns   = "id, child_id, region, due_id, plan, state, current, by_account, began_at, ended_at, met, danger, matter_id, stored_at, decided_at, decided_by"
	versionColumns = "id, visit_id, base, by_account, idem_key, began_at, ended_at, stored_at, met, danger, lat, lon, accuracy_m, body"
	markColumns    = "id, visit_id, region, kind, other, metres, seconds, at, state, answer, settled_at, settled_by"
)

type pairingRow struct {
	bun.BaseModel `bun:"table:visit_pairing"`
	Pairing
}

type dueRow struct {
	bun.BaseModel `bun:"table:visit_due"`
	Due
}

type visitRow struct {
	bun.BaseModel `bun:"table:visit"`
	Visit
}

type versionRow struct {
	bun.BaseModel `bun:"table:visit_version"`
	Version
}

type goodsRow struct {
	bun.BaseModel `bun:"table:visit_goods"`
	VisitID       id.ID `bun:"visit_id"`
	VersionID     id.ID `bun:"version_id"`
	Goods
}

type markRow struct {
	bun.BaseModel `bun:"table:visit_mark"`
	Mark
}

func list[T any](ctx context.Context, r db.Reader, query string, args ...any) ([]T, error) {
	var rows []T
	err := r.List(ctx, &rows, query, args...)
	return rows, err
}

func pairings(ctx context.Context, r db.Reader, where string, args ...any) ([]Pairing, error) {
	return list[Pairing](ctx, r, "SELECT "+pairingColumns+" FROM visit_pairing "+where, args...)
}

func dues(ctx context.Context, r db.Reader, where string, args ...any) ([]Due, error) {
	return list[Due](ctx, r, "SELECT "+dueColumns+" FROM visit_due "+where, args...)
}

func visits(ctx context.Context, r db.Reader, where string, args ...any) ([]Visit, error) {
	return list[Visit](ctx, r, "SELECT "+visitColumns+" FROM visit "+where, args...)
}

func versions(ctx context.Context, r db.Reader, where string, args ...any) ([]Version, error) {
	return list[Version](ctx, r, "SELECT "+versionColumns+" FROM visit_version "+where, args...)
}

func marks(ctx context.Context, r db.Reader, where string, args ...any) ([]Mark, error) {
	return list[Mark](ctx, r, "SELECT "+markColumns+" FROM visit_mark "+where, args...)
}

func findDue(ctx context.Context, r db.Reader, n id.ID) (Due, error) {
	rows, err := dues(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Due{}, err
	}
	return rows[0], nil
}

func find(ctx context.Context, r db.Reader, n id.ID) (Visit, error) {
	rows, err := visits(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Visit{}, err
	}
	return rows[0], nil
}

// put writes a visit, for the first time or again.
func put(ctx context.Context, tx *db.Tx, v Visit, fresh bool) error {
	if fresh {
		return tx.Insert(ctx, &[]visitRow{{Visit: v}})
	}
	_, err := tx.Exec(ctx, "UPDATE visit SET state = ?, current = ?, by_account = ?, began_at = ?, ended_at = ?, met = ?, danger = ?, matter_id = ?, decided_at = ?, decided_by = ? WHERE id = ?",
		v.State, v.Current, v.By, v.BeganAt, v.EndedAt, v.Met, v.Danger, v.MatterID, v.DecidedAt, v.DecidedBy, v.ID)
	return err
}

// Get reads a visit for the rights of what hangs on it.
func Get(ctx context.Context, r db.Reader, n id.ID) (Visit, access.Target, error) {
	v, err := find(ctx, r, n)
	if err != nil {
		return v, access.Target{}, err
	}
	t := access.Target{Region: v.Region, Child: v.ChildID}
	a := access.From(ctx)
	var wrote int
	if err := r.Get(ctx, db.To(&wrote), "SELECT count(*) FROM visit_version WHERE visit_id = ? AND by_account = ?", n, a.Account); err != nil {
		return v, t, err
	}
	if wrote > 0 {
		t.Task, t.Owner = v.ID, a.Account
	}
	return v, t, nil
}

// TaskOnChild gives the pairing or the open due that lets an account see a
// child; empty if there is none.
func TaskOnChild(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error) {
	if account == "" {
		return "", nil
	}
	found, err := list[id.ID](ctx, r, `SELECT id FROM visit_pairing WHERE child_id = ? AND helper = ? AND ended_at = 0 LIMIT 1`, child, account)
	if err != nil || len(found) > 0 {
		return first(found), err
	}
	found, err = list[id.ID](ctx, r, `SELECT id FROM visit_due WHERE child_id = ? AND who = ? AND state = 'open' LIMIT 1`, child, account)
	return first(found), err
}

func first(list []id.ID) id.ID {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Helpers gives who is paired with a child.
func Helpers(ctx context.Context, r db.Reader, child id.ID) ([]id.ID, error) {
	return list[id.ID](ctx, r, "SELECT helper FROM visit_pairing WHERE child_id = ? AND ended_at = 0 ORDER BY begun_on", child)
}

// Carried is what an account has to do here.
type Carried struct {
	Pairings int
	Visits   int
}

// Loads gives what accounts carry.
func Loads(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]Carried, error) {
	out := map[id.ID]Carried{}
	type row struct {
		Who id.ID `bun:"who"`
		N   int   `bun:"n"`
	}
	for part := range slices.Chunk(accounts, 300) {
		paired, err := list[row](ctx, r, "SELECT helper AS who, count(*) AS n FROM visit_pairing WHERE ended_at = 0 AND helper IN ("+db.Marks(len(part))+") GROUP BY helper", db.Anys(part)...)
		if err != nil {
			return nil, err
		}
		due, err := list[row](ctx, r, "SELECT who, count(*) AS n FROM visit_due WHERE state = 'open' AND who IN ("+db.Marks(len(part))+") GROUP BY who", db.Anys(part)...)
		if err != nil {
			return nil, err
		}
		for _, x := range paired {
			c := out[x.Who]
			c.Pairings = x.N
			out[x.Who] = c
		}
		for _, x := range due {
			c := out[x.Who]
			c.Visits = x.N
			out[x.Who] = c
		}
	}
	return out, nil
}

package duty

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const entryColumns = "id, kind, region, level, role, account, instead_of, from_at, to_at, reason, created_by, created_at"

const rotationColumns = "id, region, level, role, title, starts_on, until_on, handover, turn_days, minutes, days, members, created_at, ended_at"

// scope says of which areas to read: exactly these, or all within one.
type scope struct {
	at     []string
	within string
}

func (s scope) where(column string) (string, []any) {
	if s.within != "" {
		return access.Where(column, []string{s.within})
	}
	return column + " IN (?)", []any{bun.List(s.at)}
}

// rosterRoles are the roles that duty reads the holders of.
func rosterRoles() []access.Role {
	return slices.DeleteFunc(access.Roles(), func(r access.Role) bool { return !serves(r) })
}

// load reads the part of the rosters that [from, to) and the scope need.
func (f *Finder) load(ctx context.Context, r db.Reader, from, to clock.Millis, s scope) (*Plan, error) {
	cal, err := f.Calendars(ctx, r)
	if err != nil {
		return nil, err
	}
	where, args := s.where("region")
	var entries []Entry
	err = r.List(ctx, &entries, "SELECT "+entryColumns+" FROM duty_entry WHERE removed_at = 0 AND kind <> 'leave' AND to_at > ? AND from_at < ? AND "+where,
		append([]any{from, to}, args...)...)
	if err != nil {
		return nil, err
	}
	rotations, err := rotationsOf(ctx, r, from, to, s)
	if err != nil {
		return nil, err
	}
	var holders []Holder
	if s.within != "" {
		holders, err = f.Directory.HoldersWithin(ctx, r, s.within, rosterRoles())
	} else {
		holders, err = f.Directory.HoldersAt(ctx, r, s.at, rosterRoles())
	}
	if err != nil {
		return nil, err
	}
	seen := map[id.ID]bool{}
	var accounts []id.ID
	add := func(a id.ID) {
		if a != "" && !seen[a] {
			seen[a] = true
			accounts = append(accounts, a)
		}
	}
	for _, e := range entries {
		add(e.Account)
		add(e.InsteadOf)
	}
	for _, o := range rotations {
		for _, a := range o.Members {
			add(a)
		}
	}
	for _, h := range holders {
		add(h.Account)
	}
	leaves, err := leavesOf(ctx, r, accounts, from, to, s.within != "")
	if err != nil {
		return nil, err
	}
	people, err := f.Directory.People(ctx, r, accounts)
	if err != nil {
		return nil, err
	}
	return newPlan(from, to, cal, append(entries, leaves...), rotations, holders, people), nil
}

// leavesOf reads who of the accounts is away; all leave at once for scans.
func leavesOf(ctx context.Context, r db.Reader, accounts []id.ID, from, to clock.Millis, all bool) ([]Entry, error) {
	const query = "SELECT " + entryColumns + " FROM duty_entry WHERE removed_at = 0 AND kind = 'leave' AND to_at > ? AND from_at < ?"
	var out []Entry
	if all {
		err := r.List(ctx, &out, query, from, to)
		return out, err
	}
	for part := range slices.Chunk(accounts, 500) {
		var some []Entry
		if err := r.List(ctx, &some, query+" AND instead_of IN (?)", from, to, bun.List(part)); err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

func rotationsOf(ctx context.Context, r db.Reader, from, to clock.Millis, s scope) ([]Rotation, error) {
	where, args := s.where("region")
	var out []Rotation
	err := r.List(ctx, &out, "SELECT "+rotationColumns+" FROM duty_rotation WHERE (ended_at = 0 OR ended_at > ?) AND "+where+" ORDER BY id",
		append([]any{from}, args...)...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if err := json.Unmarshal([]byte(out[i].MembersIn), &out[i].Members); err != nil {
			return nil, errs.Internal(err)
		}
	}
	return out, nil
}

func insertEntry(ctx context.Context, tx *db.Tx, e Entry) error {
	_, err := tx.Exec(ctx, "INSERT INTO duty_entry ("+entryColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, e.Kind, e.Region, e.Level, e.Role, e.Account, e.InsteadOf, e.From, e.To, e.Reason, e.CreatedBy, e.CreatedAt)
	return err
}

func insertRotation(ctx context.Context, tx *db.Tx, o Rotation, by id.ID) error {
	members, err := json.Marshal(o.Members)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO duty_rotation (id, region, level, role, title, starts_on, until_on, handover, turn_days, minutes, days, members, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Region, o.Level, o.Role, o.Title, o.StartsOn, o.UntilOn, o.Handover, o.TurnDays, o.Minutes, o.Days, string(members), by, o.CreatedAt)
	return err
}

func needsAt(ctx context.Context, r db.Reader, at clock.Millis) ([]Need, error) {
	var out []Need
	err := r.List(ctx, &out, "SELECT at_level, level, role, least FROM duty_need WHERE from_at <= ? AND (to_at = 0 OR to_at > ?) ORDER BY id", at, at)
	return out, err
}

// Calendars reads the built-in years and what was entered since.
func Calendars(builtin []Year) func(ctx context.Context, r db.Reader) (Calendar, error) {
	return func(ctx context.Context, r db.Reader) (Calendar, error) {
		var bodies []string
		if err := r.List(ctx, &bodies, "SELECT body FROM duty_holiday ORDER BY year"); err != nil {
			return Calendar{}, err
		}
		years := slices.Clone(builtin)
		for _, b := range bodies {
			var y Year
			if err := json.Unmarshal([]byte(b), &y); err != nil {
				return Calendar{}, errs.Internal(err)
			}
			years = append(years, y)
		}
		return NewCalendar(years...), nil
	}
}

const gapColumns = "id, region, level, role, from_at, to_at, why, found_at, paged_at, pages, resolved_at, result"

func openGaps(ctx context.Context, r db.Reader, area string) ([]Gap, error) {
	where, args := access.Where("region", []string{area})
	var out []Gap
	err := r.List(ctx, &out, "SELECT "+gapColumns+" FROM duty_gap WHERE resolved_at = 0 AND "+where+" ORDER BY from_at, id", args...)
	return out, err
}

func putGap(ctx context.Context, tx *db.Tx, g Gap) error {
	_, err := tx.Exec(ctx, "INSERT INTO duty_gap ("+gapColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET from_at = excluded.from_at, to_at = excluded.to_at, why = excluded.why,
		resolved_at = excluded.resolved_at, result = excluded.result`,
		g.ID, g.Region, g.Level, g.Role, g.From, g.To, g.Why, g.FoundAt, g.PagedAt, g.Pages, g.Resolved, g.Result)
	return err
}

func markPaged(ctx context.Context, tx *db.Tx, gap id.ID, leaders []Candidate) error {
	if _, err := tx.Exec(ctx, "UPDATE duty_gap SET paged_at = ?, pages = pages + 1 WHERE id = ?", tx.Now, gap); err != nil {
		return err
	}
	for _, l := range leaders {
		if _, err := tx.Exec(ctx, "INSERT INTO duty_gap_page (gap_id, account, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", gap, l.Account, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// GapCount counts the gaps that are open now or to come, for the first screen.
func GapCount(ctx context.Context, r db.Reader, area string) (n int, err error) {
	where, args := access.Where("region", []string{area})
	err = r.Get(ctx, db.To(&n), "SELECT count(*) FROM duty_gap WHERE resolved_at = 0 AND "+where, args...)
	return n, err
}

// endRoster ends a row: one that has begun is cut at now, one that has not is
// taken off.
func endRoster(ctx context.Context, tx *db.Tx, kind string, n, by id.ID) error {
	if kind == "duty_rotation" {
		_, err := tx.Exec(ctx, "UPDATE duty_rotation SET ended_at = ?, ended_by = ? WHERE id = ?", tx.Now, by, n)
		return err
	}
	changed, err := tx.Exec(ctx, "UPDATE duty_entry SET to_at = ?, removed_by = ? WHERE id = ? AND from_at < ? AND to_at > ?", tx.Now, by, n, tx.Now, tx.Now)
	if err != nil || changed == 1 {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE duty_entry SET removed_at = ?, removed_by = ? WHERE id = ? AND from_at >= ?", tx.Now, by, n, tx.Now)
	return err
}

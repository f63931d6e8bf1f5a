package school

import (
	"context"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const mergerColumns = `m.id, m.from_id, f.name AS from_name, m.into_id, i.name AS into_name, m.reason, m.merged_by, m.merged_at, m.undo_until, m.undone_at, m.undone_by, m.undo_reason,
	(i.merged_into <> '') AS later`

const mergerTables = "school_merger m JOIN school f ON f.id = m.from_id JOIN school i ON i.id = m.into_id"

// mostMergers bounds a list: a school takes in a few others in its life.
const mostMergers = 100

// mergersOf gives what a school took in, and those mergers of it that were
// undone.
func mergersOf(ctx context.Context, r db.Reader, n id.ID) ([]Merger, error) {
	return mergers(ctx, r, "m.into_id = ? OR m.from_id = ?", n, n)
}

// mergerOf gives one merger. Errors: NotFound.
func mergerOf(ctx context.Context, r db.Reader, n id.ID) (Merger, error) {
	list, err := mergers(ctx, r, "m.id = ?", n)
	if err == nil && len(list) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Merger{}, err
	}
	return list[0], nil
}

func mergers(ctx context.Context, r db.Reader, where string, args ...any) ([]Merger, error) {
	out := []Merger{}
	if err := r.List(ctx, &out, "SELECT "+mergerColumns+" FROM "+mergerTables+" WHERE "+where+" ORDER BY m.merged_at DESC, m.id DESC LIMIT ?", append(args, mostMergers)...); err != nil || len(out) == 0 {
		return out, err
	}
	at := map[id.ID]*Merger{}
	var ids []id.ID
	for i := range out {
		out[i].Came, out[i].Back = map[Part]int{}, map[Part]int{}
		at[out[i].ID], ids = &out[i], append(ids, out[i].ID)
	}
	var rows []struct {
		Merger id.ID  `bun:"merger_id"`
		Kind   Part   `bun:"kind"`
		State  string `bun:"state"`
		N      int    `bun:"n"`
	}
	err := r.List(ctx, &rows, "SELECT merger_id, kind, state, count(*) AS n FROM school_merger_part WHERE kind <> ? AND merger_id IN ("+db.Marks(len(ids))+") GROUP BY merger_id, kind, state", append([]any{partName}, db.Anys(ids)...)...)
	for _, x := range rows {
		m := at[x.Merger]
		m.Came[x.Kind] += x.N
		switch {
		case x.State == "back":
			m.Back[x.Kind] += x.N
		case x.State == "left" && x.Kind == PartChild:
			m.Left += x.N
		}
	}
	return out, err
}

func cameOf(ctx context.Context, r db.Reader, m Merger) (Came, error) {
	out := Came{Merger: m, Classes: []CameClass{}, Teachers: []CameTeacher{}, Campaigns: []CameCampaign{}}
	if err := r.List(ctx, &out.Classes, "SELECT grade, class, count(*) AS n FROM school_merger_part WHERE merger_id = ? AND kind = ? GROUP BY grade, class ORDER BY grade, class", m.ID, PartChild); err != nil {
		return Came{}, err
	}
	if err := r.List(ctx, &out.Teachers, "SELECT ref, grade, class, state FROM school_merger_part WHERE merger_id = ? AND kind = ? ORDER BY ref, grade, class", m.ID, PartTeacher); err != nil {
		return Came{}, err
	}
	err := r.List(ctx, &out.Campaigns, "SELECT whose, count(*) AS n FROM school_merger_part WHERE merger_id = ? AND kind = ? GROUP BY whose ORDER BY whose DESC", m.ID, PartMember)
	return out, err
}

func childrenOf(ctx context.Context, r db.Reader, merger id.ID, grade, class string) ([]CameChild, error) {
	var out []CameChild
	err := r.List(ctx, &out, "SELECT ref, state FROM school_merger_part WHERE merger_id = ? AND kind = ? AND grade = ? AND class = ? ORDER BY ref", merger, PartChild, grade, class)
	return out, err
}

// keep writes a merger down, with the names that come with it.
func keep(ctx context.Context, tx *db.Tx, m Merger) error {
	if _, err := tx.Exec(ctx, "INSERT INTO school_merger (id, from_id, into_id, reason, merged_by, merged_at, undo_until) VALUES (?, ?, ?, ?, ?, ?, ?)",
		m.ID, m.FromID, m.IntoID, m.Reason, access.From(ctx).Account, tx.Now, m.UndoUntil); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO school_merger_part (merger_id, kind, ref, shared)
		SELECT ?, ?, n.name, EXISTS (SELECT 1 FROM school_name h WHERE h.name = n.name AND h.school_id = ?) FROM school_name n WHERE n.school_id = ?`, m.ID, partName, m.IntoID, m.FromID)
	return err
}

// join leads one school to another, with its names.
func join(ctx context.Context, tx *db.Tx, m Merger) error {
	if _, err := tx.Exec(ctx, "UPDATE school SET merged_into = ?, merged_by = ?, merge_reason = ?, version = version + 1, updated_at = ? WHERE id = ?",
		m.IntoID, access.From(ctx).Account, m.Reason, tx.Now, m.FromID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO school_name (name, school_id) SELECT name, ? FROM school_name WHERE school_id = ? ON CONFLICT DO NOTHING", m.IntoID, m.FromID)
	return err
}

// part lets a merged school stand for itself again, and its names with it; a
// name that the other bears now stays the other's too.
func part(ctx context.Context, tx *db.Tx, m Merger, into School, reason string) (School, error) {
	if _, err := tx.Exec(ctx, "UPDATE school SET merged_into = '', merged_by = '', merge_reason = '', version = version + 1, updated_at = ? WHERE id = ?", tx.Now, m.FromID); err != nil {
		return School{}, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM school_name WHERE school_id = ? AND name <> ? AND name IN (SELECT ref FROM school_merger_part WHERE merger_id = ? AND kind = ? AND NOT shared)`,
		m.IntoID, Key(into.Name), m.ID, partName); err != nil {
		return School{}, err
	}
	if _, err := tx.Exec(ctx, "UPDATE school_merger SET undone_at = ?, undone_by = ?, undo_reason = ? WHERE id = ?", tx.Now, access.From(ctx).Account, reason, m.ID); err != nil {
		return School{}, err
	}
	return Find(ctx, tx, m.FromID)
}

// stay marks what an undoing did not move back.
func stay(ctx context.Context, tx *db.Tx, merger id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE school_merger_part SET state = 'stayed' WHERE merger_id = ? AND state = '' AND kind <> ?", merger, partName)
	return err
}

// Left tells that a child was moved on by hand: no undoing moves it back.
func Left(ctx context.Context, tx *db.Tx, child id.ID) error {
	_, err := tx.Exec(ctx, "UPDATE school_merger_part SET state = 'left' WHERE ref = ? AND kind = ? AND state = ''", child, PartChild)
	return err
}

// Erased takes an erased child out of the lists.
func Erased(ctx context.Context, tx *db.Tx, child id.ID) error {
	_, err := tx.Exec(ctx, "DELETE FROM school_merger_part WHERE ref = ? AND kind IN (?, ?)", child, PartChild, PartMember)
	return err
}

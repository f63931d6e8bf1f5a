package batch

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/sheet"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

const (
	batchColumns = "id, title, region, drawn_on, colours, time_limit, material, seed, created_by, created_at, closed_at"
	photoColumns = `id, batch_id, state, content_index, subject, bytes, width, height, number, faults, corners, drawing_id, tries, leased_until,
	added_by, added_at, read_at, mended_by, mended_at, reason, keep_until, erased_at`
	drawingColumns = `id, batch_id, photo_id, number, child_id, region, state, same_as, subject, measures, suggested, hash_d, hash_p, age, age_band, sex,
	colours, time_limit, rating, why, sum, final, sheet_version, matter_id, created_at, decided_at`
)

type batchRow struct {
	bun.BaseModel `bun:"table:drawing_batch"`
	Batch
}

type photoRow struct {
	bun.BaseModel `bun:"table:drawing_photo"`
	Photo
}

type drawingRow struct {
	bun.BaseModel `bun:"table:drawing"`
	Drawing
}

type sheetRow struct {
	bun.BaseModel `bun:"table:drawing_sheet"`
	Number        sheet.Number `bun:"number"`
	ChildID       id.ID        `bun:"child_id"`
	Region        string       `bun:"region"`
	School        string       `bun:"school"`
	SchoolID      id.ID        `bun:"school_id"`
	Grade         string       `bun:"grade"`
	Class         string       `bun:"class"`
	PrintedAt     clock.Millis `bun:"printed_at"`
	PrintedBy     id.ID        `bun:"printed_by"`
}

func one[T any](rows []T, err error) (T, error) {
	var zero T
	if err != nil {
		return zero, err
	}
	if len(rows) == 0 {
		return zero, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// FindBatch gives a batch. Errors: NotFound.
func FindBatch(ctx context.Context, r db.Reader, batch id.ID) (Batch, error) {
	var rows []Batch
	err := r.List(ctx, &rows, "SELECT "+batchColumns+" FROM drawing_batch WHERE id = ?", batch)
	return one(rows, err)
}

// listBatches gives the batches of areas, and of the wider areas around them:
// a district's pile is photographed in its villages and schools.
func listBatches(ctx context.Context, r db.Reader, areas []string, limit int) ([]Batch, error) {
	var rows []Batch
	in, args := access.Where("region", areas)
	around := []any{}
	for _, a := range areas {
		for up := region.Code(a).Parent(); up != ""; up = up.Parent() {
			around = append(around, string(up))
		}
	}
	if len(around) > 0 {
		in, args = "("+in+" OR region IN ("+db.Marks(len(around))+"))", append(args, around...)
	}
	err := r.List(ctx, &rows, "SELECT "+batchColumns+" FROM drawing_batch WHERE "+in+" ORDER BY created_at DESC, id DESC LIMIT ?", append(args, limit)...)
	return rows, err
}

func findPhoto(ctx context.Context, r db.Reader, photo id.ID) (Photo, error) {
	var rows []Photo
	err := r.List(ctx, &rows, "SELECT "+photoColumns+" FROM drawing_photo WHERE id = ?", photo)
	return one(rows, err)
}

// hasContent tells whether the batch has a photo of the same bytes.
func hasContent(ctx context.Context, r db.Reader, batch id.ID, content string) (bool, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT COUNT(*) FROM drawing_photo WHERE batch_id = ? AND content_index = ?", batch, content)
	return n > 0, err
}

func photosOf(ctx context.Context, r db.Reader, batch id.ID, states []PhotoState, after id.ID, limit int) ([]Photo, error) {
	args := append([]any{batch, after}, db.Anys(states)...)
	var rows []Photo
	err := r.List(ctx, &rows, "SELECT "+photoColumns+" FROM drawing_photo WHERE batch_id = ? AND id > ? AND state IN ("+db.Marks(len(states))+") ORDER BY id LIMIT ?",
		append(args, limit)...)
	return rows, err
}

// nextWaiting leases the photo that waits longest, so that two processes don't
// read the same. Errors: NotFound if none waits.
func nextWaiting(ctx context.Context, tx *db.Tx, until clock.Millis) (Photo, error) {
	var rows []Photo
	if err := tx.List(ctx, &rows, "SELECT "+photoColumns+` FROM drawing_photo WHERE state = 'waiting' AND leased_until <= ?
		ORDER BY added_at, id LIMIT 1`, tx.Now); err != nil {
		return Photo{}, err
	}
	p, err := one(rows, nil)
	if err != nil {
		return Photo{}, err
	}
	p.Leased, p.Tries = until, p.Tries+1
	n, err := tx.Exec(ctx, "UPDATE drawing_photo SET leased_until = ?, tries = ? WHERE id = ? AND state = 'waiting' AND leased_until <= ?", until, p.Tries, p.ID, tx.Now)
	if err == nil && n == 0 {
		return Photo{}, errs.NotFound("record.not_found")
	}
	return p, err
}

// savePhoto stores what a photo has become; false if it was in another state.
func savePhoto(ctx context.Context, tx *db.Tx, p Photo, was PhotoState) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE drawing_photo SET state = ?, width = ?, height = ?, number = ?, faults = ?, corners = ?, drawing_id = ?, leased_until = 0,
		read_at = ?, mended_by = ?, mended_at = ?, reason = ?, keep_until = ? WHERE id = ? AND state = ?`,
		p.State, p.Width, p.Height, p.Number, p.Faults, p.Corners, p.DrawingID, p.ReadAt, p.MendedBy, p.MendedAt, p.Reason, p.KeepUntil, p.ID, was)
	return n == 1, err
}

// FindDrawing gives a drawing. Errors: NotFound.
func FindDrawing(ctx context.Context, r db.Reader, drawing id.ID) (Drawing, error) {
	var rows []Drawing
	err := r.List(ctx, &rows, "SELECT "+drawingColumns+" FROM drawing WHERE id = ?", drawing)
	return one(rows, err)
}

// SelectDrawings lists drawings by a condition of the caller's.
func SelectDrawings(ctx context.Context, r db.Reader, where string, args ...any) ([]Drawing, error) {
	var rows []Drawing
	err := r.List(ctx, &rows, "SELECT "+drawingColumns+" FROM drawing WHERE "+where, args...)
	return rows, err
}

func setState(ctx context.Context, tx *db.Tx, drawing id.ID, was, is State) error {
	n, err := tx.Exec(ctx, "UPDATE drawing SET state = ? WHERE id = ? AND state = ?", is, drawing, was)
	if err == nil && n == 0 {
		return errs.Conflict("record.changed")
	}
	return err
}

func findSheet(ctx context.Context, r db.Reader, n sheet.Number) (sheetRow, error) {
	var rows []sheetRow
	err := r.List(ctx, &rows, "SELECT number, child_id, region, school, school_id, grade, class, printed_at, printed_by FROM drawing_sheet WHERE number = ?", n)
	return one(rows, err)
}

// looks is the hashes of drawings that a new one is compared with.
type looks struct {
	ID    id.ID `bun:"id"`
	HashD int64 `bun:"hash_d"`
	HashP int64 `bun:"hash_p"`
}

func allLooks(ctx context.Context, r db.Reader, since clock.Millis) ([]looks, error) {
	var rows []looks
	err := r.List(ctx, &rows, "SELECT id, hash_d, hash_p FROM drawing WHERE state <> 'out' AND created_at >= ? AND (hash_d <> 0 OR hash_p <> 0) ORDER BY created_at, id", since)
	return rows, err
}

func countsOf(ctx context.Context, r db.Reader, batches ...id.ID) (map[id.ID]*Counts, error) {
	out := map[id.ID]*Counts{}
	var args []any
	for _, b := range batches {
		out[b] = &Counts{}
		args = append(args, b)
	}
	if len(batches) == 0 {
		return out, nil
	}
	var photos []struct {
		Batch id.ID      `bun:"batch_id"`
		State PhotoState `bun:"state"`
		N     int        `bun:"n"`
	}
	in := db.Marks(len(batches))
	if err := r.List(ctx, &photos, "SELECT batch_id, state, COUNT(*) AS n FROM drawing_photo WHERE batch_id IN ("+in+") GROUP BY batch_id, state", args...); err != nil {
		return nil, err
	}
	for _, p := range photos {
		c := out[p.Batch]
		c.Photos += p.N
		switch p.State {
		case Waiting:
			c.Waiting = p.N
		case Read:
			c.Read = p.N
		case Mend:
			c.Mend = p.N
		case Again:
			c.Again = p.N
		case Dropped:
			c.Dropped = p.N
		}
	}
	var drawings []struct {
		Batch  id.ID  `bun:"batch_id"`
		State  State  `bun:"state"`
		Rating string `bun:"rating"`
		N      int    `bun:"n"`
	}
	if err := r.List(ctx, &drawings, "SELECT batch_id, state, rating, COUNT(*) AS n FROM drawing WHERE batch_id IN ("+in+") GROUP BY batch_id, state, rating", args...); err != nil {
		return nil, err
	}
	for _, d := range drawings {
		c := out[d.Batch]
		switch d.State {
		case Suspect, Second:
			c.Compare += d.N
		case Rating:
			c.Drawings += d.N
			if d.Rating == "decided" {
				c.Rated += d.N
			}
		}
	}
	var marked []struct {
		Batch id.ID `bun:"batch_id"`
		N     int   `bun:"n"`
	}
	err := r.List(ctx, &marked, "SELECT batch_id, COUNT(*) AS n FROM drawing_mark WHERE batch_id IN ("+in+") GROUP BY batch_id", args...)
	for _, m := range marked {
		out[m.Batch].Marked = m.N
	}
	return out, err
}

// EraseOf destroys the keys of all pictures and codes of an erased child, as
// part of the change; the files go with the next sweep.
func EraseOf(ctx context.Context, tx *db.Tx, child id.ID) error {
	if _, err := tx.Exec(ctx, `UPDATE drawing_photo SET subject = '', keep_until = ? WHERE drawing_id IN (SELECT id FROM drawing WHERE child_id = ?)`, tx.Now, child); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE drawing SET subject = '', state = 'out', final = '', measures = '{}', suggested = '{}', hash_d = 0, hash_p = 0 WHERE child_id = ?", child)
	return err
}

// SchoolMoved lets the sheets of one school be those of another, or bear its
// new name (school.Ports).
func SchoolMoved(ctx context.Context, tx *db.Tx, from id.ID, to school.School) error {
	_, err := tx.Exec(ctx, "UPDATE drawing_sheet SET school_id = ?, school = ? WHERE school_id = ?", to.ID, to.Name, from)
	return err
}

// SchoolCame writes down the sheets of a school that is about to be merged
// (school.Ports).
func SchoolCame(ctx context.Context, tx *db.Tx, m school.Merger) error {
	_, err := tx.Exec(ctx, "INSERT INTO school_merger_part (merger_id, kind, ref, grade, class) SELECT ?, ?, number, grade, class FROM drawing_sheet WHERE school_id = ?", m.ID, school.PartSheet, m.FromID)
	return err
}

// SchoolBack lets the sheets that a merger moved be of their earlier school
// again (school.Ports).
func SchoolBack(ctx context.Context, tx *db.Tx, m school.Merger, to school.School) error {
	if _, err := tx.Exec(ctx, "UPDATE school_merger_part SET state = 'back' WHERE merger_id = ? AND kind = ? AND state = '' AND ref IN (SELECT number FROM drawing_sheet WHERE school_id = ?)",
		m.ID, school.PartSheet, m.IntoID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE drawing_sheet SET school_id = ?, school = ? WHERE school_id = ? AND number IN (SELECT ref FROM school_merger_part WHERE merger_id = ? AND kind = ? AND state = 'back')",
		to.ID, to.Name, m.IntoID, m.ID, school.PartSheet)
	return err
}

// Places tells school, grade and class of printed sheets, as they were printed.
func Places(ctx context.Context, r db.Reader, numbers ...sheet.Number) (map[sheet.Number]string, error) {
	out := make(map[sheet.Number]string, len(numbers))
	for part := range slices.Chunk(numbers, 400) {
		var rows []sheetRow
		if err := r.List(ctx, &rows, "SELECT number, school, grade, class FROM drawing_sheet WHERE number IN ("+db.Marks(len(part))+")", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[x.Number] = strings.TrimSpace(x.School + " " + x.Grade + x.Class)
		}
	}
	return out, nil
}

package document

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

const columns = `id, record_kind, record_id, child_id, region, kind, media, bytes, width, height, thumb, subject, meta, idem_key,
	created_at, created_by, keep_until, erased_at`

func selectRows(ctx context.Context, r db.Reader, where string, args ...any) ([]Document, error) {
	var rows []Document
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM document "+where, args...)
	return rows, err
}

// find gives a file that is not erased.
func find(ctx context.Context, r db.Reader, document id.ID) (Document, error) {
	rows, err := selectRows(ctx, r, "WHERE id = ? AND erased_at = 0", document)
	if err != nil {
		return Document{}, err
	}
	if len(rows) == 0 {
		return Document{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// byKey gives the file that the account sent under the key; NotFound if none.
func byKey(ctx context.Context, r db.Reader, account id.ID, key string) (Document, error) {
	rows, err := selectRows(ctx, r, "WHERE created_by = ? AND idem_key = ?", account, key)
	if err != nil {
		return Document{}, err
	}
	if len(rows) == 0 {
		return Document{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// Of lists the files of a record, oldest first, without asking for rights;
// callers check.
func Of(ctx context.Context, r db.Reader, kind string, record id.ID) ([]Document, error) {
	return selectRows(ctx, r, "WHERE record_kind = ? AND record_id = ? AND erased_at = 0 ORDER BY created_at, id", kind, record)
}

// insert stores a row; new is false if the key was there.
func insert(ctx context.Context, tx *db.Tx, d Document) (added bool, err error) {
	n, err := tx.Exec(ctx, "INSERT INTO document ("+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (created_by, idem_key) DO NOTHING`,
		d.ID, d.RecordKind, d.RecordID, d.ChildID, d.Region, d.Kind, d.Media, d.Bytes, d.Width, d.Height, d.Thumb, d.Subject, d.Meta, d.Key,
		d.CreatedAt, d.CreatedBy, d.KeepUntil, d.ErasedAt)
	return n == 1, err
}

// CountOf counts the files of a record that are still kept. Whoever calls it has
// checked that the record may be read.
func CountOf(ctx context.Context, r db.Reader, kind string, record id.ID) (n int, err error) {
	err = r.Get(ctx, db.To(&n), "SELECT count(*) FROM document WHERE record_kind = ? AND record_id = ? AND erased_at = 0", kind, record)
	return n, err
}

// expired lists files whose time is over.
func expired(ctx context.Context, r db.Reader, now clock.Millis, limit int) ([]Document, error) {
	return selectRows(ctx, r, "WHERE erased_at = 0 AND keep_until < ? ORDER BY keep_until LIMIT ?", now, limit)
}

// erase destroys keys. The row stays: the audit names it.
func erase(ctx context.Context, tx *db.Tx, where string, args ...any) error {
	_, err := tx.Exec(ctx, "UPDATE document SET subject = '', meta = '', erased_at = ? WHERE erased_at = 0 AND "+where, append([]any{tx.Now}, args...)...)
	return err
}

// erasedSince lists files whose bytes may still lie on disk.
func erasedSince(ctx context.Context, r db.Reader, since clock.Millis) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, "SELECT id FROM document WHERE erased_at >= ?", since)
	return out, err
}

// known gives which of the ids have a row.
func known(ctx context.Context, r db.Reader, ids []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	args := db.Anys(ids)
	var found []id.ID
	err := r.List(ctx, &found, "SELECT id FROM document WHERE id IN ("+db.Marks(len(ids))+")", args...)
	for _, x := range found {
		out[x] = true
	}
	return out, err
}

// wrappedKeys pages through the files' own keys for a change of the ring's.
func wrappedKeys(ctx context.Context, r db.Reader, after id.ID, limit int) ([]Document, error) {
	return selectRows(ctx, r, "WHERE id > ? AND subject <> '' ORDER BY id LIMIT ?", after, limit)
}

func setSubject(ctx context.Context, tx *db.Tx, document id.ID, was, wrapped string) error {
	_, err := tx.Exec(ctx, "UPDATE document SET subject = ? WHERE id = ? AND subject = ?", wrapped, document, was)
	return err
}

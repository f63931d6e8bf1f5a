package care

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

const (
	caseColumns = `id, no, child_id, region, state, source, source_ref, reason, need, worker, supervisor, opened_at, opened_by, accepted_at, result, closing_at, closing_by,
	closed_at, confirmed_by, crisis_at, reopened, language, version`
	partColumns = `id, case_id, kind, edition, previous, state, held_on, form, minutes, body, secret, written_at, written_by, decided_at, decided_by, idem_key`
	moveColumns = `id, case_id, kind, from_account, to_account, to_department, consent, reason, state, asked_at, answered_at, answered_by, answer`
	dueColumns  = `id, case_id, kind, due_at, who, state, done_at, done_by, reached, note, matter_id, late_at`
)

type caseRow struct {
	bun.BaseModel `bun:"table:care_case"`
	Case
}

type partRow struct {
	bun.BaseModel `bun:"table:care_part"`
	Part
}

func cases(ctx context.Context, r db.Reader, where string, args ...any) ([]Case, error) {
	var rows []Case
	err := r.List(ctx, &rows, "SELECT "+caseColumns+" FROM care_case "+where, args...)
	return rows, err
}

func find(ctx context.Context, r db.Reader, n id.ID) (Case, error) {
	rows, err := cases(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Case{}, err
	}
	return rows[0], nil
}

// save writes a case that was read at version was.
func save(ctx context.Context, tx *db.Tx, c Case, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE care_case SET region = ?, state = ?, need = ?, worker = ?, supervisor = ?, accepted_at = ?, result = ?, closing_at = ?, closing_by = ?, closed_at = ?,
		confirmed_by = ?, crisis_at = ?, reopened = ?, version = ? WHERE id = ? AND version = ?`,
		c.Region, c.State, c.Need, c.Worker, c.Supervisor, c.AcceptedAt, c.Result, c.ClosingAt, c.ClosingBy, c.ClosedAt, c.ConfirmedBy, c.CrisisAt, c.Reopened, was+1, c.ID, was)
	if err == nil && n == 0 {
		err = errs.Conflict("record.changed")
	}
	return err
}

func parts(ctx context.Context, r db.Reader, where string, args ...any) ([]Part, error) {
	var rows []Part
	err := r.List(ctx, &rows, "SELECT "+partColumns+" FROM care_part "+where, args...)
	return rows, err
}

func findPart(ctx context.Context, r db.Reader, n id.ID) (Part, error) {
	rows, err := parts(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Part{}, err
	}
	return rows[0], nil
}

// isMember tells whether the account works on the case: worker, supervisor, or
// a member of a joint case.
func isMember(ctx context.Context, r db.Reader, c Case, account id.ID) (bool, error) {
	if account != "" && (c.Worker == account || c.Supervisor == account) {
		return true, nil
	}
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM care_member WHERE case_id = ? AND account_id = ? AND until = 0", c.ID, account)
	return n > 0, err
}

// TaskOnChild gives the open case of a child on which the account works: the
// purpose for which it sees the child's record. Empty if there is none.
func TaskOnChild(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error) {
	var rows []string
	err := r.List(ctx, &rows, `SELECT c.id FROM care_case c WHERE c.child_id = ? AND c.state IN ('intake', 'assessed', 'serving', 'closing', 'closed')
		AND (c.worker = ? OR c.supervisor = ? OR EXISTS (SELECT 1 FROM care_member m WHERE m.case_id = c.id AND m.account_id = ? AND m.until = 0)) LIMIT 1`,
		child, account, account, account)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return id.ID(rows[0]), nil
}

// WorkedOn gives the children of the open cases on which an account works.
func WorkedOn(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, `SELECT DISTINCT c.child_id FROM care_case c WHERE c.state IN ('intake', 'assessed', 'serving', 'closing')
		AND (c.worker = ? OR c.supervisor = ? OR EXISTS (SELECT 1 FROM care_member m WHERE m.case_id = c.id AND m.account_id = ? AND m.until = 0)) LIMIT 2000`, account, account, account)
	return out, err
}

// Loads gives how many open cases each of the accounts works on.
func Loads(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	for part := range slices.Chunk(accounts, 300) {
		args := db.Anys(part)
		var rows []struct {
			Worker id.ID `bun:"worker"`
			N      int   `bun:"n"`
		}
		if err := r.List(ctx, &rows, "SELECT worker, count(*) AS n FROM care_case WHERE state IN ('intake', 'assessed', 'serving', 'closing') AND worker IN ("+
			db.Marks(len(part))+") GROUP BY worker", args...); err != nil {
			return nil, err
		}
		for _, w := range rows {
			out[w.Worker] = w.N
		}
	}
	return out, nil
}

// Needs lists what a case can be about.
func Needs() []string { return slices.Clone(needs) }

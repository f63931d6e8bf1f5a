package workforce

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

const (
	personColumns = "id, account_id, name, kind, region, sex, languages, needs, capacity, began_on, ended_on, end_reason, made_at, made_by, version"
	paperColumns  = "id, person_id, kind, title, number, issuer, result, got_on, expires_on, hours, note, made_at, made_by"
)

type personRow struct {
	bun.BaseModel `bun:"table:workforce_person"`
	Person
}

type paperRow struct {
	bun.BaseModel `bun:"table:workforce_paper"`
	Paper
}

func people(ctx context.Context, r db.Reader, where string, args ...any) ([]Person, error) {
	var rows []Person
	err := r.List(ctx, &rows, "SELECT "+personColumns+" FROM workforce_person "+where, args...)
	return rows, err
}

func find(ctx context.Context, r db.Reader, n id.ID) (Person, error) {
	rows, err := people(ctx, r, "WHERE id = ?", n)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Person{}, err
	}
	return rows[0], nil
}

// byAccount gives the worker behind an account, the one at work first.
func byAccount(ctx context.Context, r db.Reader, account id.ID) (Person, error) {
	if account == "" {
		return Person{}, errs.NotFound("record.not_found")
	}
	rows, err := people(ctx, r, "WHERE account_id = ? ORDER BY ended_on, id DESC LIMIT 1", account)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Person{}, err
	}
	return rows[0], nil
}

// save writes a person that was read at version was.
func save(ctx context.Context, tx *db.Tx, p Person, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE workforce_person SET account_id = ?, name = ?, kind = ?, region = ?, sex = ?, languages = ?, needs = ?, capacity = ?, began_on = ?, ended_on = ?, end_reason = ?,
		version = ? WHERE id = ? AND version = ?`, p.Account, p.Name, p.Kind, p.Region, p.Sex, p.Languages, p.Needs, p.Capacity, p.BeganOn, p.EndedOn, p.EndReason, was+1, p.ID, was)
	if err == nil && n == 0 {
		err = errs.Conflict("record.changed")
	}
	return err
}

// papersOf gives the papers of people, oldest first.
func papersOf(ctx context.Context, r db.Reader, list []id.ID) (map[id.ID][]Paper, error) {
	out := map[id.ID][]Paper{}
	for part := range slices.Chunk(list, 300) {
		args := db.Anys(part)
		var rows []Paper
		if err := r.List(ctx, &rows, "SELECT "+paperColumns+" FROM workforce_paper WHERE person_id IN ("+db.Marks(len(part))+") ORDER BY got_on, made_at, id", args...); err != nil {
			return nil, err
		}
		for _, p := range rows {
			out[p.PersonID] = append(out[p.PersonID], p)
		}
	}
	return out, nil
}

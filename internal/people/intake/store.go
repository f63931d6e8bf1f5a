package intake

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

type intakeRow struct {
	bun.BaseModel `bun:"table:intake"`
	Intake
}

const columns = `i.id, i.kind, i.state, i.region, i.subject, i.file_name, i.file_bytes, i.pieces, i.corrections, i.rows_ok, i.rows_warn, i.rows_duplicate,
	i.rows_refuse, i.written, i.people, i.problem, i.reason, i.created_at, i.created_by, i.committed_at, i.shown_at, i.undone_at, i.undone_by, i.keep_until`

// find gives an import. Errors: NotFound.
func find(ctx context.Context, r db.Reader, intake id.ID) (Intake, error) {
	var rows []Intake
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM intake i WHERE i.id = ?", intake); err != nil {
		return Intake{}, err
	}
	if len(rows) == 0 {
		return Intake{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// findFor finds an import and asks for the right on it.
func findFor(ctx context.Context, r db.Reader, intake id.ID) (Intake, error) {
	actor := access.From(ctx)
	if e := access.May(actor, "child.import"); e != nil {
		if e := access.May(actor, "device.write"); e != nil {
			return Intake{}, e
		}
	}
	i, err := find(ctx, r, intake)
	if err != nil {
		return Intake{}, err
	}
	if !actor.Allowed(action(i.Kind), access.Target{Region: i.Region}) {
		return Intake{}, errs.NotFound("record.not_found")
	}
	return i, nil
}

// list gives the imports of the areas, newest first.
func list(ctx context.Context, r db.Reader, where string, args []any, before string, limit int) ([]Intake, error) {
	if before != "" {
		where, args = where+" AND i.id < ?", append(args, before)
	}
	var rows []Intake
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM intake i WHERE "+where+" ORDER BY i.id DESC LIMIT ?", append(args, limit)...)
	return rows, err
}

// move changes the state if it is still the one expected. Conflict
// "intake.moved" if not.
func move(ctx context.Context, tx *db.Tx, intake id.ID, from, to State) error {
	n, err := tx.Exec(ctx, "UPDATE intake SET state = ? WHERE id = ? AND state = ?", to, intake, from)
	if err == nil && n == 0 {
		return errs.Conflict("intake.moved")
	}
	return err
}

// writing gives the import that writes now, empty if there is none.
func writing(ctx context.Context, r db.Reader) (id.ID, error) {
	var ids []id.ID
	err := r.List(ctx, &ids, "SELECT id FROM intake WHERE state IN "+underWay+" LIMIT 1")
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

type pieceRow struct {
	bun.BaseModel `bun:"table:intake_piece"`
	Intake        id.ID  `bun:"intake"`
	N             int    `bun:"n"`
	Body          string `bun:"body"`
}

func piece(ctx context.Context, r db.Reader, intake id.ID, n int) (string, error) {
	var body string
	err := r.Get(ctx, db.To(&body), "SELECT body FROM intake_piece WHERE intake = ? AND n = ?", intake, n)
	if errs.Is(err, errs.KindNotFound) {
		return "", errs.NotFound("intake.file_gone")
	}
	return body, err
}

// made is what one change wrote.
type made struct {
	Rows   []madeRow
	Adults []id.ID
}

// madeRow is a row of the list with the record it became.
type madeRow struct {
	Row    int
	Record id.ID
}

func insertChunk(ctx context.Context, tx *db.Tx, intake id.ID, n int, m made) error {
	text, err := json.Marshal(m.Rows)
	if err != nil {
		return errs.Internal(err)
	}
	adults := make([]string, len(m.Adults))
	for i, a := range m.Adults {
		adults[i] = string(a)
	}
	_, err = tx.Exec(ctx, "INSERT INTO intake_chunk (intake, n, rows, adults) VALUES (?, ?, ?, ?)", intake, n, string(text), strings.Join(adults, ","))
	return err
}

// chunks gives what was written so far, in order.
func chunks(ctx context.Context, r db.Reader, intake id.ID) ([]made, error) {
	var rows []struct {
		Rows   string `bun:"rows"`
		Adults string `bun:"adults"`
	}
	if err := r.List(ctx, &rows, "SELECT rows, adults FROM intake_chunk WHERE intake = ? ORDER BY n", intake); err != nil {
		return nil, err
	}
	out := make([]made, 0, len(rows))
	for _, row := range rows {
		var m made
		if err := json.Unmarshal([]byte(row.Rows), &m.Rows); err != nil {
			return nil, errs.Internal(err)
		}
		for _, a := range strings.FieldsFunc(row.Adults, func(c rune) bool { return c == ',' }) {
			m.Adults = append(m.Adults, id.ID(a))
		}
		out = append(out, m)
	}
	return out, nil
}

// Kinds of what follows.
const (
	followCase     = "case"     // the number has another township's child
	followProposal = "proposal" // the list says otherwise than the record
	followMatch    = "match"    // looks like a record without this number
	followAdopt    = "adopt"    // a device that is there already
)

// States of what follows.
const (
	waiting  = "waiting" // until the import shows
	open     = "open"    // a proposal that nobody decided
	followed = "done"
	accepted = "accepted"
	rejected = "rejected"
)

type follow struct {
	Intake    id.ID        `bun:"intake"`
	N         int          `bun:"n"`
	Kind      string       `bun:"kind"`
	State     string       `bun:"state"`
	Record    id.ID        `bun:"record"` // child or device that was there
	Other     id.ID        `bun:"other"`  // child that the import made, or who wears the device
	Region    string       `bun:"region"`
	Fields    string       `bun:"fields"`
	Detail    string       `bun:"detail"`
	DecidedAt clock.Millis `bun:"decided_at"`
	DecidedBy id.ID        `bun:"decided_by"`
}

type followRow struct {
	bun.BaseModel `bun:"table:intake_follow"`
	follow
}

const followColumns = "intake, n, kind, state, record, other, region, fields, detail, decided_at, decided_by"

func insertFollows(ctx context.Context, tx *db.Tx, list []follow) error {
	rows := make([]followRow, len(list))
	for i, f := range list {
		rows[i].follow = f
	}
	for part := range slices.Chunk(rows, 100) {
		if _, err := tx.InsertIfNew(ctx, &part); err != nil {
			return err
		}
	}
	return nil
}

func follows(ctx context.Context, r db.Reader, intake id.ID, state string, limit int) ([]follow, error) {
	where, args := "intake = ?", []any{intake}
	if state != "" {
		where, args = where+" AND state = ?", append(args, state)
	}
	var rows []follow
	err := r.List(ctx, &rows, "SELECT "+followColumns+" FROM intake_follow WHERE "+where+" ORDER BY n, kind LIMIT ?", append(args, limit)...)
	return rows, err
}

func setFollow(ctx context.Context, tx *db.Tx, f follow, from, to string) error {
	n, err := tx.Exec(ctx, "UPDATE intake_follow SET state = ?, decided_at = ?, decided_by = ? WHERE intake = ? AND n = ? AND kind = ? AND state = ?",
		to, tx.Now, access.From(ctx).Account, f.Intake, f.N, f.Kind, from)
	if err == nil && n == 0 {
		return errs.Conflict("intake.decided")
	}
	return err
}

package person

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
)

// shows is the predicate of records that people may see: not merged or
// erased, and of no import that isn't whole yet.
const shows = "p.state = 'active' AND (p.batch = '' OR p.batch IN (SELECT id FROM import_shown))"

const recordColumns = `p.id, p.subject, p.name, p.pinyin, p.initials, p.sex, p.birth_on, p.id_no, p.id_index, p.id_last4, p.no_id_reason,
	p.region, p.address, p.registered_region, p.registered_address, p.household, p.child, p.code, p.school, p.school_id, p.grade, p.class,
	p.paired_carer, p.flags, p.sheltered, p.state, p.merged_into, p.batch, p.version, p.created_at, p.created_by, p.updated_at`

const relationColumns = "r.id, r.child_id, r.person_id, r.kind, r.guardian, r.carer, r.lives_with, r.whereabouts, r.may_contact, r.place, r.began_on, r.ended_on, r.created_at"

type recordRow struct {
	bun.BaseModel `bun:"table:person"`
	Record
}

// find gives a record that shows; a merged one leads to the kept one. Errors:
// NotFound.
func find(ctx context.Context, r db.Reader, personID id.ID) (Record, error) {
	for range 8 { // a chain of merges is short
		rec, err := findAny(ctx, r, personID)
		if err != nil {
			return Record{}, err
		}
		switch rec.State {
		case stateMerged:
			personID = rec.MergedInto
		case stateErased:
			return Record{}, errs.NotFound("record.not_found")
		default:
			return rec, nil
		}
	}
	return Record{}, errs.NotFound("record.not_found")
}

// findAny gives a record in any state, but not of an import under way.
func findAny(ctx context.Context, r db.Reader, personID id.ID) (Record, error) {
	var rows []Record
	err := r.List(ctx, &rows, "SELECT "+recordColumns+` FROM person p WHERE p.id = ?
		AND (p.batch = '' OR p.batch IN (SELECT id FROM import_shown))`, personID)
	if err != nil {
		return Record{}, err
	}
	if len(rows) == 0 {
		return Record{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// findChild is find for children only.
func findChild(ctx context.Context, r db.Reader, childID id.ID) (Record, error) {
	rec, err := find(ctx, r, childID)
	if err == nil && !rec.Child {
		return Record{}, errs.NotFound("record.not_found")
	}
	return rec, err
}

func findMany(ctx context.Context, r db.Reader, ids []id.ID) (map[id.ID]Record, error) {
	out := make(map[id.ID]Record, len(ids))
	for part := range slices.Chunk(ids, 400) {
		var rows []Record
		if err := r.List(ctx, &rows, "SELECT "+recordColumns+" FROM person p WHERE p.id IN ("+db.Marks(len(part))+") AND "+shows, db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, rec := range rows {
			out[rec.ID] = rec
		}
	}
	return out, nil
}

// findKeyed gives records whose key is there still, merged ones as themselves:
// for what was sealed by that key.
func findKeyed(ctx context.Context, r db.Reader, ids []id.ID) (map[id.ID]Record, error) {
	out := make(map[id.ID]Record, len(ids))
	for part := range slices.Chunk(ids, 400) {
		var rows []Record
		if err := r.List(ctx, &rows, "SELECT "+recordColumns+" FROM person p WHERE p.id IN ("+db.Marks(len(part))+") AND p.subject <> ''", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, rec := range rows {
			out[rec.ID] = rec
		}
	}
	return out, nil
}

func phonesOf(ctx context.Context, r db.Reader, people []id.ID) (map[id.ID][]phoneRow, error) {
	out := map[id.ID][]phoneRow{}
	for part := range slices.Chunk(people, 400) {
		var rows []phoneRow
		if err := r.List(ctx, &rows, `SELECT id, person_id, number, number_index, last4, place, created_at FROM person_phone
			WHERE person_id IN (`+db.Marks(len(part))+`) ORDER BY person_id, place, id`, db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, p := range rows {
			out[p.PersonID] = append(out[p.PersonID], p)
		}
	}
	return out, nil
}

// relationsOf gives the relations of children that hold on the day, in the
// order in which people are to be called.
func relationsOf(ctx context.Context, r db.Reader, children []id.ID, day civil.Date) (map[id.ID][]relationRow, error) {
	out := map[id.ID][]relationRow{}
	for part := range slices.Chunk(children, 400) {
		var rows []relationRow
		args := append(db.Anys(part), day)
		if err := r.List(ctx, &rows, "SELECT "+relationColumns+" FROM relation r WHERE r.child_id IN ("+db.Marks(len(part))+`)
			AND (r.ended_on = '' OR r.ended_on > ?) ORDER BY r.child_id, r.place, r.id`, args...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[x.ChildID] = append(out[x.ChildID], x)
		}
	}
	return out, nil
}

func categoriesOf(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID][]child.Category, error) {
	out := map[id.ID][]child.Category{}
	for part := range slices.Chunk(children, 400) {
		var rows []child.Category
		if err := r.List(ctx, &rows, `SELECT id, child_id, kind, began_on, ended_on, end_reason, region, set_by, set_at FROM child_category
			WHERE child_id IN (`+db.Marks(len(part))+") ORDER BY child_id, began_on, id", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, c := range rows {
			out[c.ChildID] = append(out[c.ChildID], c)
		}
	}
	return out, nil
}

// byIDNumber gives the record that shows and has the ID number; ok is false if
// there is none.
func byIDNumber(ctx context.Context, r db.Reader, kr *crypto.Keyring, n civil.ResidentID) (rec Record, ok bool, err error) {
	if n == "" {
		return Record{}, false, nil
	}
	var rows []Record
	err = r.List(ctx, &rows, "SELECT "+recordColumns+" FROM person p WHERE p.id_index = ? AND "+shows+" ORDER BY p.id LIMIT 1", kr.Index(indexID, string(n)))
	if err != nil || len(rows) == 0 {
		return Record{}, false, err
	}
	return rows[0], true, nil
}

// byNameAndPhone gives the record of that name that has one of the numbers:
// how a parent without an ID number is known again.
func byNameAndPhone(ctx context.Context, r db.Reader, kr *crypto.Keyring, name string, phones []civil.Phone) (rec Record, ok bool, err error) {
	if len(phones) == 0 {
		return Record{}, false, nil
	}
	args := []any{name}
	for _, p := range phones {
		args = append(args, kr.Index(indexPhone, string(p)))
	}
	var rows []Record
	err = r.List(ctx, &rows, "SELECT "+recordColumns+` FROM person p WHERE p.name = ? AND p.id IN
		(SELECT person_id FROM person_phone WHERE number_index IN (`+db.Marks(len(phones))+")) AND NOT p.child AND "+shows+" ORDER BY p.id LIMIT 1", args...)
	if err != nil || len(rows) == 0 {
		return Record{}, false, err
	}
	return rows[0], true, nil
}

// Rows are records to be written together.
type Rows struct {
	people     []recordRow
	phones     []phoneRow
	relations  []relationRow
	categories []categoryRow
	entries    []child.Entry
	moves      []moveRow
}

type categoryRow struct {
	bun.BaseModel `bun:"table:child_category"`
	child.Category
}

// moveRow is a move: an event, never changed.
type moveRow struct {
	bun.BaseModel `bun:"table:person_move"`
	ID            id.ID        `bun:"id"`
	PersonID      id.ID        `bun:"person_id"`
	FromRegion    string       `bun:"from_region"`
	ToRegion      string       `bun:"to_region"`
	MovedOn       civil.Date   `bun:"moved_on"`
	Why           string       `bun:"why"`
	At            clock.Millis `bun:"at"`
	ByAccount     id.ID        `bun:"by_account"`
}

// insertMost is how many rows one statement writes: its text stays well below
// what the engines take.
const insertMost = 100

func insertAll[T any](ctx context.Context, tx *db.Tx, rows []T) error {
	for part := range slices.Chunk(rows, insertMost) {
		if err := tx.Insert(ctx, &part); err != nil {
			return err
		}
	}
	return nil
}

// insert writes the rows; children get their codes here.
func (w *Rows) insert(ctx context.Context, tx *db.Tx) error {
	need := 0
	for _, p := range w.people {
		if p.Child {
			need++
		}
	}
	codes, err := takeCodes(ctx, tx, need)
	if err != nil {
		return err
	}
	if err := w.schools(ctx, tx); err != nil {
		return err
	}
	for i := range w.people {
		p := &w.people[i]
		if p.Child { // anew if the change runs again: the codes of the first try may be others' by now
			p.Code, codes = codes[0], codes[1:]
		}
		p.CreatedAt, p.UpdatedAt = tx.Now, tx.Now
	}
	for i := range w.phones {
		w.phones[i].CreatedAt = tx.Now
	}
	for i := range w.relations {
		w.relations[i].CreatedAt = tx.Now
	}
	for i := range w.categories {
		w.categories[i].SetAt = tx.Now
	}
	for i := range w.moves {
		w.moves[i].At = tx.Now
	}
	for _, step := range []func() error{
		func() error { return insertAll(ctx, tx, w.people) },
		func() error { return insertAll(ctx, tx, w.phones) },
		func() error { return insertAll(ctx, tx, w.relations) },
		func() error { return insertAll(ctx, tx, w.categories) },
		func() error { return insertAll(ctx, tx, w.moves) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(w.entries, insertMost) {
		if err := child.Note(ctx, tx, part...); err != nil {
			return err
		}
	}
	return nil
}

// takeCodes gives n new child codes: E, a number that is never given twice,
// and a check digit (Luhn, ISO/IEC 7812-1), as they are read over the phone.
// A code says nothing about the child and stays for life.
func takeCodes(ctx context.Context, tx *db.Tx, n int) ([]string, error) {
	if n == 0 {
		return nil, nil
	}
	if _, err := tx.Exec(ctx, "UPDATE child_code SET n = n + ? WHERE id = 1", n); err != nil {
		return nil, err
	}
	var last int64
	if err := tx.Get(ctx, db.To(&last), "SELECT n FROM child_code WHERE id = 1"); err != nil {
		return nil, err
	}
	out := make([]string, n)
	for i := range out {
		out[i] = formatCode(last - int64(n) + int64(i) + 1)
	}
	return out, nil
}

func formatCode(n int64) string {
	digits := fmt.Sprintf("%07d", n)
	return "E" + digits + string(luhn(digits))
}

func luhn(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// readCode reads a child code as typed, with or without its letter.
func readCode(raw string) (string, bool) {
	s := strings.TrimPrefix(strings.ToUpper(civil.Squeeze(civil.HalfWidth(raw))), "E")
	if len(s) < 8 || len(s) > 12 || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	return "E" + s, luhn(s[:len(s)-1]) == s[len(s)-1]
}

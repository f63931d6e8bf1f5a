package person

import (
	"context"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Intake registers many children at a time, marked as an import's until it is
// whole (see Show). What can be made beforehand is made outside of the change,
// so that no change lasts.
type Intake struct {
	kr    *crypto.Keyring
	batch id.ID
	rows  Rows
	added []Added
	ids   []string          // look-ups of the children's ID numbers
	home  map[string]Record // guardians by look-up of ID, or name and phone
	today civil.Date
	by    id.ID
}

// Added is a person that an intake made.
type Added struct {
	ID    id.ID
	Child bool
}

// Prepare makes the rows of the children. list is in the order of the ids
// given back. Whoever calls it has judged the input; what Clean would refuse
// is an error here. Guardians who are in the register already, also as part of
// the same import, are found again.
func Prepare(ctx context.Context, r db.Reader, kr *crypto.Keyring, batch id.ID, list []NewChild) (*Intake, []id.ID, error) {
	in := &Intake{kr: kr, batch: batch, home: map[string]Record{}, today: today(r), by: access.From(ctx).Account}
	cleaned := make([]clean, 0, len(list))
	for _, n := range list {
		c, err := n.clean(in.today)
		if err = onlyGaps(err); err != nil {
			return nil, nil, err
		}
		cleaned = append(cleaned, c)
	}
	if err := in.findGuardians(ctx, r, cleaned); err != nil {
		return nil, nil, err
	}
	k := keep{kr: kr, by: in.by, today: in.today, batch: batch, ref: batch}
	var ids []id.ID
	for _, c := range cleaned {
		if c.idNo != "" {
			in.ids = append(in.ids, kr.Index(indexID, string(c.idNo)))
		}
		from := len(in.rows.people)
		ids = append(ids, in.rows.addChild(k, c, in.known))
		for _, p := range in.rows.people[from:] {
			in.added = append(in.added, Added{p.ID, p.Child})
			if !p.Child { // a mother of two in one chunk is one mother
				in.remember(p.Record)
			}
		}
	}
	return in, ids, nil
}

// onlyGaps lets pass what a department's list may lack and the register shows
// as lacking: the area below the district, the day of birth.
func onlyGaps(err error) error {
	e, ok := err.(*errs.Error)
	if !ok {
		return err
	}
	return errs.InvalidFields(slices.DeleteFunc(slices.Clone(e.Fields), func(f errs.Field) bool {
		return f.Key == "person.region_missing" || f.Key == "person.birth_missing"
	}))
}

// guardianKeys are the look-ups under which a guardian is known again: by ID
// number, by name and telephone number.
func (in *Intake) guardianKeys(g NewGuardian) []string {
	var out []string
	if n, err := civil.ParseID(g.IDNo); err == nil {
		out = append(out, in.kr.Index(indexID, string(n)))
	}
	phones, _ := cleanPhones(g.Phones)
	for _, p := range phones {
		out = append(out, civil.NormalizeName(g.Name)+"/"+in.kr.Index(indexPhone, string(p)))
	}
	return out
}

func (in *Intake) known(g NewGuardian) (Record, bool) {
	for _, k := range in.guardianKeys(g) {
		if rec, ok := in.home[k]; ok {
			return rec, true
		}
	}
	return Record{}, false
}

func (in *Intake) remember(rec Record) {
	if rec.IDIndex != "" {
		in.home[rec.IDIndex] = rec
	}
	for _, p := range in.rows.phones {
		if p.PersonID == rec.ID {
			in.home[rec.Name+"/"+p.Index] = rec
		}
	}
}

type knownPhone struct {
	Record `bun:",extend"`
	Index  string `bun:"number_index"`
}

// findGuardians looks up all guardians of a chunk, those of this import too.
func (in *Intake) findGuardians(ctx context.Context, r db.Reader, list []clean) error {
	var ids, phones []string
	for _, c := range list {
		for _, g := range c.Guardians {
			if n, err := civil.ParseID(g.IDNo); err == nil {
				ids = append(ids, in.kr.Index(indexID, string(n)))
			}
			numbers, _ := cleanPhones(g.Phones)
			for _, p := range numbers {
				phones = append(phones, in.kr.Index(indexPhone, string(p)))
			}
		}
	}
	mine := "p.state = 'active' AND (p.batch = '' OR p.batch = ? OR p.batch IN (SELECT id FROM import_shown))"
	for part := range slices.Chunk(ids, 400) {
		var recs []Record
		if err := r.List(ctx, &recs, "SELECT "+recordColumns+" FROM person p WHERE p.id_index IN ("+marks(len(part))+") AND "+mine,
			append(anys(part), in.batch)...); err != nil {
			return err
		}
		for _, rec := range recs {
			in.home[rec.IDIndex] = rec
		}
	}
	for part := range slices.Chunk(phones, 400) {
		var recs []knownPhone
		if err := r.List(ctx, &recs, "SELECT "+recordColumns+`, n.number_index FROM person_phone n JOIN person p ON p.id = n.person_id
			WHERE n.number_index IN (`+marks(len(part))+") AND NOT p.child AND "+mine, append(anys(part), in.batch)...); err != nil {
			return err
		}
		for _, k := range recs {
			in.home[k.Name+"/"+k.Index] = k.Record
		}
	}
	return nil
}

// Added gives everybody whom the intake makes.
func (in *Intake) Added() []Added { return in.added }

// Write stores the rows and the audit as part of the change. Conflict
// "person.id_registered" says that a number was registered since Prepare.
func (in *Intake) Write(ctx context.Context, tx *db.Tx) error {
	for part := range slices.Chunk(in.ids, 400) {
		var there []id.ID
		if err := tx.List(ctx, &there, "SELECT p.id FROM person p WHERE p.id_index IN ("+marks(len(part))+") AND p.state = 'active' LIMIT 1", anys(part)...); err != nil {
			return err
		}
		if len(there) > 0 {
			return errs.Conflict("person.id_registered")
		}
	}
	if err := in.rows.insert(ctx, tx); err != nil {
		return err
	}
	var shown []audit.Shown
	for _, p := range in.rows.people {
		kind := "person"
		if p.Child {
			kind = "child"
		}
		shown = append(shown, audit.Shown{Kind: kind, ID: p.ID})
	}
	return audit.WriteMany(ctx, tx, audit.Entry{Action: "child.import", Purpose: string(in.batch)}, shown)
}

// Show makes everybody of an import appear at once; the mark on each is taken
// off afterwards by Settle, in chunks. Hide is the reverse.
func Show(ctx context.Context, tx *db.Tx, batch id.ID) error {
	_, err := tx.Exec(ctx, "INSERT INTO import_shown (id) VALUES (?) ON CONFLICT DO NOTHING", batch)
	return err
}

// Hide makes everybody who bears the mark of the import disappear at once.
func Hide(ctx context.Context, tx *db.Tx, batch id.ID) error {
	_, err := tx.Exec(ctx, "DELETE FROM import_shown WHERE id = ?", batch)
	return err
}

// Settle takes the mark off up to limit people and tells how many.
func Settle(ctx context.Context, tx *db.Tx, batch id.ID, limit int) (int64, error) {
	return tx.Exec(ctx, "UPDATE person SET batch = '' WHERE id IN (SELECT id FROM person WHERE batch = ? LIMIT ?)", batch, limit)
}

// Mark puts the mark of an import on people again, before they are hidden and
// removed, and tells on how many. Who was changed since, was told of in the
// timeline by others, or has become somebody's guardian by hand, is left out:
// such a record is no longer the import's alone.
func Mark(ctx context.Context, tx *db.Tx, batch id.ID, people []id.ID, since clock.Millis) (int64, error) {
	if len(people) == 0 {
		return 0, nil
	}
	args := append([]any{batch}, anys(people)...)
	return tx.Exec(ctx, "UPDATE person SET batch = ? WHERE id IN ("+marks(len(people))+`) AND version = 1 AND state = 'active'
		AND NOT EXISTS (SELECT 1 FROM child_entry e WHERE e.child_id = person.id AND e.ref_id <> ?)
		AND NOT EXISTS (SELECT 1 FROM relation x JOIN person c ON c.id = x.child_id WHERE x.person_id = person.id AND c.batch <> ?)`,
		append(args, batch, batch)...)
}

// Remove deletes up to limit people who bear the mark of an import that does
// not show, with all that hangs on them, and tells how many. Their keys go
// with them.
func Remove(ctx context.Context, tx *db.Tx, batch id.ID, limit int) (int, error) {
	var people []id.ID
	if err := tx.List(ctx, &people, `SELECT id FROM person WHERE batch = ? AND batch NOT IN (SELECT id FROM import_shown) LIMIT ?`, batch, limit); err != nil || len(people) == 0 {
		return 0, err
	}
	in, args := "("+marks(len(people))+")", anys(people)
	for _, query := range []string{
		"DELETE FROM person_phone WHERE person_id IN " + in, "DELETE FROM relation WHERE child_id IN " + in,
		"DELETE FROM relation WHERE person_id IN " + in, "DELETE FROM child_category WHERE child_id IN " + in,
		"DELETE FROM child_entry WHERE child_id IN " + in, "DELETE FROM person_move WHERE person_id IN " + in,
		"DELETE FROM person_duplicate WHERE person_id IN " + in, "DELETE FROM person WHERE id IN " + in,
	} {
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return 0, err
		}
	}
	return len(people), nil
}

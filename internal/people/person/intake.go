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
		if err := r.List(ctx, &recs, "SELECT "+recordColumns+" FROM person p WHERE p.id_index IN ("+db.Marks(len(part))+") AND "+mine,
			append(db.Anys(part), in.batch)...); err != nil {
			return err
		}
		for _, rec := range recs {
			in.home[rec.IDIndex] = rec
		}
	}
	for part := range slices.Chunk(phones, 400) {
		var recs []knownPhone
		if err := r.List(ctx, &recs, "SELECT "+recordColumns+`, n.number_index FROM person_phone n JOIN person p ON p.id = n.person_id
			WHERE n.number_index IN (`+db.Marks(len(part))+") AND NOT p.child AND "+mine, append(db.Anys(part), in.batch)...); err != nil {
			return err
		}
		for _, k := range recs {
			in.home[k.Name+"/"+k.Index] = k.Record
		}
	}
	return nil
}

// Fits tells whether a row of a list can be registered, but for the gaps that a
// list may have: the error is what Prepare would refuse.
func Fits(n NewChild, day civil.Date) error {
	_, err := n.clean(day)
	return onlyGaps(err)
}

// Known is a record that has an ID number.
type Known struct {
	ID     id.ID
	Name   string
	Region string
	Child  bool
}

// KnownByID gives the records that show under ID numbers; numbers that nobody
// has are left out.
func KnownByID(ctx context.Context, r db.Reader, kr *crypto.Keyring, numbers []civil.ResidentID) (map[civil.ResidentID]Known, error) {
	of := make(map[string]civil.ResidentID, len(numbers))
	keys := make([]string, 0, len(numbers))
	for _, n := range numbers {
		key := kr.Index(indexID, string(n))
		if _, twice := of[key]; !twice {
			keys = append(keys, key)
		}
		of[key] = n
	}
	out := map[civil.ResidentID]Known{}
	for part := range slices.Chunk(keys, 400) {
		var rows []struct {
			ID     id.ID  `bun:"id"`
			Index  string `bun:"id_index"`
			Name   string `bun:"name"`
			Region string `bun:"region"`
			Child  bool   `bun:"child"`
		}
		if err := r.List(ctx, &rows, "SELECT p.id, p.id_index, p.name, p.region, p.child FROM person p WHERE p.id_index IN ("+db.Marks(len(part))+") AND "+shows, db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			out[of[x.Index]] = Known{x.ID, x.Name, x.Region, x.Child}
		}
	}
	return out, nil
}

// Asked is a child of a list that may be in the register without the list's
// number.
type Asked struct {
	Name   string // in normal form
	Birth  civil.Date
	Region string
	HasID  bool
}

// Lookalike is a record that may be the child asked for.
type Lookalike struct {
	ID     id.ID
	Code   string
	Name   string
	Region string
	Why    string // same_name_birth, same_name_village
}

// Lookalikes gives, by the place in the list, the record that may be the same
// child: of the same name and born on the same day, or of the same name in the
// same village where a birth is not known. Two records with two ID numbers are
// two people.
func Lookalikes(ctx context.Context, r db.Reader, list []Asked) (map[int]Lookalike, error) {
	byName := map[string][]int{}
	var names []string
	for i, a := range list {
		if a.Name == "" {
			continue
		}
		if byName[a.Name] == nil {
			names = append(names, a.Name)
		}
		byName[a.Name] = append(byName[a.Name], i)
	}
	out := map[int]Lookalike{}
	for part := range slices.Chunk(names, 400) {
		var rows []struct {
			ID      id.ID      `bun:"id"`
			Code    string     `bun:"code"`
			Name    string     `bun:"name"`
			Birth   civil.Date `bun:"birth_on"`
			Region  string     `bun:"region"`
			IDIndex string     `bun:"id_index"`
		}
		if err := r.List(ctx, &rows, "SELECT p.id, p.code, p.name, p.birth_on, p.region, p.id_index FROM person p WHERE p.child AND p.name IN ("+
			db.Marks(len(part))+") AND "+shows+" ORDER BY p.id", db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, x := range rows {
			for _, i := range byName[x.Name] {
				a := list[i]
				if _, found := out[i]; found || a.HasID && x.IDIndex != "" {
					continue
				}
				switch {
				case a.Birth != "" && a.Birth == x.Birth:
					out[i] = Lookalike{x.ID, x.Code, x.Name, x.Region, "same_name_birth"}
				case (a.Birth == "" || x.Birth == "") && a.Region == x.Region && len(a.Region) >= 12:
					out[i] = Lookalike{x.ID, x.Code, x.Name, x.Region, "same_name_village"}
				}
			}
		}
	}
	return out, nil
}

// Added gives everybody whom the intake makes.
func (in *Intake) Added() []Added { return in.added }

// Write stores the rows and the audit as part of the change. Conflict
// "person.id_registered" says that a number was registered since Prepare.
func (in *Intake) Write(ctx context.Context, tx *db.Tx) error {
	for part := range slices.Chunk(in.ids, 400) {
		var there []id.ID
		if err := tx.List(ctx, &there, "SELECT p.id FROM person p WHERE p.id_index IN ("+db.Marks(len(part))+") AND p.state = 'active' LIMIT 1", db.Anys(part)...); err != nil {
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
	return tx.Exec(ctx, "UPDATE person SET batch = '' WHERE id IN (SELECT id FROM person WHERE batch = ? AND batch <> '' LIMIT ?)", batch, limit)
}

// Mark puts the mark of an import on people again, before they are hidden and
// removed, and tells on how many. Who was changed since, was told of in the
// timeline by others, or has become somebody's guardian by hand, is left out:
// such a record is no longer the import's alone.
func Mark(ctx context.Context, tx *db.Tx, batch id.ID, people []id.ID, since clock.Millis) (int64, error) {
	if len(people) == 0 {
		return 0, nil
	}
	args := append([]any{batch}, db.Anys(people)...)
	return tx.Exec(ctx, "UPDATE person SET batch = ? WHERE id IN ("+db.Marks(len(people))+`) AND version = 1 AND state = 'active'
		AND NOT EXISTS (SELECT 1 FROM child_entry e WHERE e.child_id = person.id AND e.ref_id <> ?)
		AND NOT EXISTS (SELECT 1 FROM relation x JOIN person c ON c.id = x.child_id WHERE x.person_id = person.id AND c.batch <> ?)`,
		append(args, batch, batch)...)
}

// Remove deletes up to limit people who bear the mark of an import that does
// not show, with all that hangs on them, and tells how many. Their keys go
// with them.
func Remove(ctx context.Context, tx *db.Tx, batch id.ID, limit int) (int, error) {
	var people []id.ID
	if err := tx.List(ctx, &people, `SELECT id FROM person WHERE batch = ? AND batch <> '' AND batch NOT IN (SELECT id FROM import_shown) LIMIT ?`, batch, limit); err != nil || len(people) == 0 {
		return 0, err
	}
	in, args := "("+db.Marks(len(people))+")", db.Anys(people)
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

// Unmarked gives those of the people who do not bear the mark.
func Unmarked(ctx context.Context, r db.Reader, batch id.ID, people []id.ID) ([]id.ID, error) {
	var out []id.ID
	for part := range slices.Chunk(people, 400) {
		var there []id.ID
		if err := r.List(ctx, &there, "SELECT id FROM person WHERE batch = ? AND id IN ("+db.Marks(len(part))+")", append([]any{batch}, db.Anys(part)...)...); err != nil {
			return nil, err
		}
		has := make(map[id.ID]bool, len(there))
		for _, x := range there {
			has[x] = true
		}
		for _, x := range part {
			if !has[x] {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// Touched gives the children who bear the mark and were worked on all the
// same: between their marking and their hiding.
func Touched(ctx context.Context, r db.Reader, batch id.ID) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, `SELECT p.id FROM person p WHERE p.batch = ? AND p.batch <> '' AND p.child AND (p.version <> 1 OR p.state <> 'active'
		OR EXISTS (SELECT 1 FROM child_entry e WHERE e.child_id = p.id AND e.ref_id <> ?)) LIMIT 100`, batch, batch)
	return out, err
}

// Claimed says of a list that it has the ID number of a child who stands in
// another township: a case for a named person, as part of the change.
func (s *Service) Claimed(ctx context.Context, tx *db.Tx, childID id.ID, region string) error {
	rec, err := findChild(ctx, tx, childID)
	if err != nil {
		return err
	}
	_, err = s.openCase(ctx, tx, rec, "", "same_id", region)
	return err
}

// Resembles hands two records that may be one child to a named person.
func (s *Service) Resembles(ctx context.Context, tx *db.Tx, there, made id.ID, why string) error {
	_, err := s.resembles(ctx, tx, there, made, why)
	return err
}

func (s *Service) resembles(ctx context.Context, tx *db.Tx, there, made id.ID, why string) (*Case, error) {
	rec, err := findChild(ctx, tx, there)
	if err != nil {
		return nil, err
	}
	other, err := findChild(ctx, tx, made)
	if err != nil || rec.ID == other.ID {
		return nil, err
	}
	k, err := s.openCase(ctx, tx, rec, other.ID, why, other.Region)
	return &k, err
}

package person

import (
	"context"
	"encoding/json"
	"slices"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
)

// image is what a merge changed, so that Unmerge can put it back.
type image struct {
	Before    Record          `json:"before"` // the kept record; its sealed texts stay sealed
	After     map[string]bool `json:"after"`  // columns that were filled from the dropped one
	Phones    []id.ID         `json:"phones"` // rows made for the kept one
	Relations []id.ID         `json:"relations"`
	Category  []id.ID         `json:"categories"`
	Stands    []id.ID         `json:"stands"` // relations of other children that pointed to the dropped one
	Things    []id.ID         `json:"things"` // devices that went over
}

// Merged is the answer to Merge.
type Merged struct {
	ID id.ID `json:"id"` // of the merge, for Unmerge
}

// Merge makes one person of two records: kept stays, dropped points to it and
// keeps its id, so that nobody is renumbered; what the kept one lacks is
// copied. Errors: NotFound, Forbidden, Invalid, Conflict.
func (s *Service) Merge(ctx context.Context, kept, dropped id.ID, reason string) (Merged, error) {
	if !reasonOK(reason) {
		return Merged{}, errs.Invalid("reason", "reveal.reason_short")
	}
	if kept == dropped {
		return Merged{}, errs.Invalid("dropped", "merge.same")
	}
	var out Merged
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "person.merge"); err != nil {
			return err
		}
		a, err := s.forMerge(ctx, tx, kept)
		if err != nil {
			return err
		}
		b, err := s.forMerge(ctx, tx, dropped)
		if err != nil {
			return err
		}
		switch {
		case a.ID == b.ID:
			return errs.Conflict("merge.done")
		case a.Child != b.Child:
			return errs.Invalid("dropped", "merge.child_and_adult")
		case a.IDIndex != "" && b.IDIndex != "" && a.IDIndex != b.IDIndex:
			return errs.Conflict("merge.two_numbers")
		}
		m, err := s.merge(ctx, tx, a, b)
		if err != nil {
			return err
		}
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		key, err := s.keys.Subject(a.Subject)
		if err != nil {
			return err
		}
		out.ID = id.New()
		by := access.From(ctx).Account
		if _, err := tx.Exec(ctx, "INSERT INTO person_merge (id, kept, dropped, moved, reason, at, by_account) VALUES (?, ?, ?, ?, ?, ?, ?)",
			out.ID, a.ID, b.ID, key.Seal(aad("person_merge.moved", out.ID), string(text)), key.Seal(aad("person_merge.reason", out.ID), reason), tx.Now, by); err != nil {
			return err
		}
		if err := s.noteMerge(ctx, tx, a, b, out.ID, "timeline.merged", "merged"); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE person_duplicate SET state = 'merged', decided_at = ?, decided_by = ? WHERE state = 'open' AND person_id = ? AND other_id = ?",
			tx.Now, by, a.ID, b.ID)
		return err
	})
	return out, err
}

func (s *Service) forMerge(ctx context.Context, r db.Reader, person id.ID) (Record, error) {
	rec, err := find(ctx, r, person)
	if err != nil {
		if e := access.May(access.From(ctx), "child.merge"); e != nil {
			return Record{}, e
		}
		return Record{}, err
	}
	t, err := s.target(ctx, r, rec)
	if err != nil {
		return Record{}, err
	}
	return rec, access.Check(access.From(ctx), "child.merge", t)
}

func (s *Service) noteMerge(ctx context.Context, tx *db.Tx, a, b Record, merge id.ID, title, result string) error {
	for _, rec := range []Record{a, b} {
		if err := audit.Write(ctx, tx, audit.Entry{Action: "child.merge", SubjectKind: "person", Subject: rec.ID, Purpose: string(merge), Result: result, Region: rec.Region}); err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "child", Kind: result, Region: rec.Region, Ref: string(rec.ID)}); err != nil {
			return err
		}
	}
	if !a.Child {
		return nil
	}
	return child.Note(ctx, tx, child.Entry{ChildID: a.ID, Kind: "merge", Title: title, Region: a.Region, RefKind: "merge", RefID: merge})
}

// merge moves what hangs on b to a and gives the image of it.
func (s *Service) merge(ctx context.Context, tx *db.Tx, a, b Record) (image, error) {
	m := image{Before: a, After: map[string]bool{}}
	m.Before.Subject = "" // a key stands in its own row only
	keyA, err := s.keys.Subject(a.Subject)
	if err != nil {
		return m, err
	}
	keyB, err := s.keys.Subject(b.Subject)
	if err != nil {
		return m, err
	}
	if err := s.fill(ctx, tx, a, b, keyA, &m); err != nil {
		return m, err
	}
	var w Rows
	if err := s.mergePhones(ctx, tx, a, b, keyA, &w, &m); err != nil {
		return m, err
	}
	if err := s.mergeRelations(ctx, tx, a, b, keyA, keyB, &w, &m); err != nil {
		return m, err
	}
	if err := s.mergeCategories(ctx, tx, a, b, keyA, keyB, &w, &m); err != nil {
		return m, err
	}
	if err := w.insert(ctx, tx); err != nil {
		return m, err
	}
	if s.ports.Worn != nil {
		worn, err := s.ports.Worn(ctx, tx, b.ID)
		if err != nil {
			return m, err
		}
		for _, thing := range worn[b.ID] {
			m.Things = append(m.Things, thing.ID)
		}
	}
	if len(m.Things) > 0 && s.ports.Follow != nil {
		if err := s.ports.Follow(ctx, tx, b.ID, a.ID, a.Region, m.Things...); err != nil {
			return m, err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE person SET state = 'merged', merged_into = ?, version = version + 1, updated_at = ? WHERE id = ?", a.ID, tx.Now, b.ID)
	return m, err
}

// fill copies what the kept record lacks.
func (s *Service) fill(ctx context.Context, tx *db.Tx, a, b Record, keyA crypto.Subject, m *image) error {
	from, err := open(s.keys, b)
	if err != nil {
		return err
	}
	lacks := func(name string, mine, other string, do func()) {
		if mine == "" && other != "" {
			m.After[name] = true
			do()
		}
	}
	lacks("id_no", a.IDNo, b.IDNo, func() {
		a.sealID(s.keys, keyA, from.idNo)
		a.BirthOn, a.Sex, a.NoIDReason = from.idNo.Birth(), from.idNo.Sex(), ""
	})
	lacks("birth_on", string(a.BirthOn), string(b.BirthOn), func() { a.BirthOn = b.BirthOn })
	lacks("sex", string(a.Sex), string(b.Sex), func() { a.Sex = b.Sex })
	lacks("address", a.Address, b.Address, func() { a.sealAddress(keyA, from.address) })
	lacks("registered_address", a.RegisteredAddress, b.RegisteredAddress, func() { a.sealRegistered(keyA, from.registered) })
	lacks("registered_region", a.RegisteredRegion, b.RegisteredRegion, func() { a.RegisteredRegion = b.RegisteredRegion })
	lacks("school", a.School, b.School, func() { a.SchoolID, a.School, a.Grade, a.Class = b.SchoolID, b.School, b.Grade, b.Class })
	lacks("paired_carer", string(a.PairedCarer), string(b.PairedCarer), func() { a.PairedCarer = b.PairedCarer })
	lacks("household", string(a.Household), string(b.Household), func() { a.Household = b.Household })
	if flags := joinFlags(append(splitFlags(a.Flags), splitFlags(b.Flags)...)); flags != a.Flags {
		m.After["flags"], a.Flags = true, flags
	}
	if b.Sheltered && !a.Sheltered {
		m.After["sheltered"], a.Sheltered = true, true
	}
	return writeFilled(ctx, tx, a)
}

func writeFilled(ctx context.Context, tx *db.Tx, a Record) error {
	_, err := tx.Exec(ctx, `UPDATE person SET id_no = ?, id_index = ?, id_last4 = ?, no_id_reason = ?, birth_on = ?, sex = ?, address = ?,
		registered_address = ?, registered_region = ?, school = ?, school_id = ?, grade = ?, class = ?, paired_carer = ?, household = ?, flags = ?, sheltered = ?,
		version = version + 1, updated_at = ? WHERE id = ?`, a.IDNo, a.IDIndex, a.IDLast4, a.NoIDReason, a.BirthOn, a.Sex, a.Address,
		a.RegisteredAddress, a.RegisteredRegion, a.School, a.SchoolID, a.Grade, a.Class, a.PairedCarer, a.Household, a.Flags, a.Sheltered, tx.Now, a.ID)
	return err
}

func (s *Service) mergePhones(ctx context.Context, r db.Reader, a, b Record, keyA crypto.Subject, w *Rows, m *image) error {
	phones, err := phonesOf(ctx, r, []id.ID{a.ID, b.ID})
	if err != nil {
		return err
	}
	for _, n := range phones[b.ID] {
		if slices.ContainsFunc(phones[a.ID], func(o phoneRow) bool { return o.Index == n.Index }) {
			continue
		}
		p, err := n.open(s.keys, b.Subject)
		if err != nil {
			return err
		}
		row := phoneRow{ID: id.New(), PersonID: a.ID, Index: n.Index, Last4: n.Last4, Place: len(phones[a.ID]) + len(w.phones)}
		row.Number = keyA.Seal(aad("person_phone.number", row.ID), string(p))
		w.phones = append(w.phones, row)
		m.Phones = append(m.Phones, row.ID)
	}
	return nil
}

// mergeRelations gives the kept child the dropped one's people, and the kept
// grown-up the dropped one's children.
func (s *Service) mergeRelations(ctx context.Context, tx *db.Tx, a, b Record, keyA, keyB crypto.Subject, w *Rows, m *image) error {
	rel, err := relationsOf(ctx, tx, []id.ID{a.ID, b.ID}, today(tx))
	if err != nil {
		return err
	}
	for _, x := range rel[b.ID] {
		if x.PersonID == a.ID || slices.ContainsFunc(rel[a.ID], func(o relationRow) bool { return o.PersonID == x.PersonID }) {
			continue
		}
		where, err := keyB.Open(aad("relation.whereabouts", x.ID), x.Whereabouts)
		if err != nil {
			return err
		}
		x.ID, x.ChildID = id.New(), a.ID
		x.Whereabouts = keyA.Seal(aad("relation.whereabouts", x.ID), where)
		w.relations = append(w.relations, x)
		m.Relations = append(m.Relations, x.ID)
	}
	if err := tx.List(ctx, &m.Stands, `SELECT x.id FROM relation x WHERE x.person_id = ? AND NOT EXISTS
		(SELECT 1 FROM relation o WHERE o.child_id = x.child_id AND o.person_id = ?)`, b.ID, a.ID); err != nil {
		return err
	}
	for part := range slices.Chunk(m.Stands, 400) {
		if _, err := tx.Exec(ctx, "UPDATE relation SET person_id = ? WHERE id IN ("+db.Marks(len(part))+")", append([]any{a.ID}, db.Anys(part)...)...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) mergeCategories(ctx context.Context, r db.Reader, a, b Record, keyA, keyB crypto.Subject, w *Rows, m *image) error {
	cats, err := categoriesOf(ctx, r, []id.ID{a.ID, b.ID})
	if err != nil {
		return err
	}
	for _, c := range cats[b.ID] {
		if slices.ContainsFunc(cats[a.ID], func(o child.Category) bool {
			return o.Kind == c.Kind && o.BeganOn <= c.BeganOn && (o.EndedOn == "" || o.EndedOn > c.BeganOn)
		}) {
			continue
		}
		why, err := keyB.Open(aad("child_category.end_reason", c.ID), c.EndReason)
		if err != nil {
			return err
		}
		c.ID, c.ChildID = id.New(), a.ID
		c.EndReason = keyA.Seal(aad("child_category.end_reason", c.ID), why)
		w.categories = append(w.categories, categoryRow{Category: c})
		m.Category = append(m.Category, c.ID)
	}
	return nil
}

// Unmerge undoes a merge: both records are as they were, but for what was
// changed by hand since. Errors: NotFound, Forbidden, Invalid, Conflict
// "merge.undone".
func (s *Service) Unmerge(ctx context.Context, merge id.ID, reason string) error {
	if !reasonOK(reason) {
		return errs.Invalid("reason", "reveal.reason_short")
	}
	if err := access.May(access.From(ctx), "child.merge"); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "person.merge"); err != nil {
			return err
		}
		var kept, dropped id.ID
		var moved string
		var undone int64
		if err := tx.Get(ctx, db.To(&kept, &dropped, &moved, &undone), "SELECT kept, dropped, moved, undone_at FROM person_merge WHERE id = ?", merge); err != nil {
			return err
		}
		a, err := s.forMerge(ctx, tx, kept)
		if err != nil {
			return err
		}
		b, err := findAny(ctx, tx, dropped)
		if err != nil {
			return err
		}
		if undone != 0 || b.State != stateMerged || b.MergedInto != kept || a.ID != kept {
			return errs.Conflict("merge.undone")
		}
		key, err := s.keys.Subject(a.Subject)
		if err != nil {
			return err
		}
		text, err := key.Open(aad("person_merge.moved", merge), moved)
		if err != nil {
			return err
		}
		var m image
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return errs.Internal(err)
		}
		if err := s.unmerge(ctx, tx, a, b, m); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE person_merge SET undone_at = ?, undone_by = ? WHERE id = ?", tx.Now, access.From(ctx).Account, merge); err != nil {
			return err
		}
		return s.noteMerge(ctx, tx, a, b, merge, "timeline.unmerged", "unmerged")
	})
}

func (s *Service) unmerge(ctx context.Context, tx *db.Tx, a, b Record, m image) error {
	for _, step := range []struct {
		query string
		ids   []id.ID
		args  []any
	}{
		{"DELETE FROM person_phone WHERE id IN ", m.Phones, nil},
		{"DELETE FROM relation WHERE id IN ", m.Relations, nil},
		{"DELETE FROM child_category WHERE id IN ", m.Category, nil},
		{"UPDATE relation SET person_id = ? WHERE id IN ", m.Stands, []any{b.ID}},
	} {
		for part := range slices.Chunk(step.ids, 400) {
			if _, err := tx.Exec(ctx, step.query+"("+db.Marks(len(part))+")", append(slices.Clone(step.args), db.Anys(part)...)...); err != nil {
				return err
			}
		}
	}
	was := m.Before
	for name := range m.After {
		switch name {
		case "id_no":
			a.IDNo, a.IDIndex, a.IDLast4, a.BirthOn, a.Sex, a.NoIDReason = was.IDNo, was.IDIndex, was.IDLast4, was.BirthOn, was.Sex, was.NoIDReason
		case "birth_on":
			a.BirthOn = was.BirthOn
		case "sex":
			a.Sex = was.Sex
		case "address":
			a.Address = was.Address
		case "registered_address":
			a.RegisteredAddress = was.RegisteredAddress
		case "registered_region":
			a.RegisteredRegion = was.RegisteredRegion
		case "school":
			a.SchoolID, a.School, a.Grade, a.Class = was.SchoolID, was.School, was.Grade, was.Class
		case "paired_carer":
			a.PairedCarer = was.PairedCarer
		case "household":
			a.Household = was.Household
		case "flags":
			a.Flags = was.Flags
		case "sheltered":
			a.Sheltered = was.Sheltered
		}
	}
	if err := writeFilled(ctx, tx, a); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET state = 'active', merged_into = '', version = version + 1, updated_at = ? WHERE id = ?", tx.Now, b.ID); err != nil {
		return err
	}
	if len(m.Things) > 0 && s.ports.Follow != nil {
		return s.ports.Follow(ctx, tx, a.ID, b.ID, b.Region, m.Things...)
	}
	return nil
}

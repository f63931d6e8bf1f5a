package person

import (
	"context"
	"errors"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

// Change alters a child's record; nil fields stay as they are.
type Change struct {
	Name              *string       `json:"name"`
	Sex               *string       `json:"sex"`
	BirthOn           *string       `json:"birth_on"`
	IDNo              *string       `json:"id_no"`
	NoIDReason        *string       `json:"no_id_reason"`
	Region            *string       `json:"region"` // a move: with moved_on and move_reason
	MovedOn           civil.Date    `json:"moved_on"`
	MoveReason        string        `json:"move_reason"`
	Address           *string       `json:"address"`
	RegisteredRegion  *string       `json:"registered_region"`
	RegisteredAddress *string       `json:"registered_address"`
	Phones            *[]string     `json:"phones"`
	School            *School       `json:"school"`
	PairedCarer       *id.ID        `json:"paired_carer"`
	Flags             *[]string     `json:"flags"`
	Sheltered         *bool         `json:"sheltered"`
	BeginCategories   []NewCategory `json:"begin_categories"`
	EndCategories     []EndCategory `json:"end_categories"`
	Guardians         []NewGuardian `json:"guardians"` // added, or changed if they are the child's already
	EndGuardians      []id.ID       `json:"end_guardians"`
	Version           int64         `json:"version"` // as shown; 0 = whatever it is
}

// EndCategory ends a category.
type EndCategory struct {
	ID      id.ID      `json:"id"`
	EndedOn civil.Date `json:"ended_on"` // the first day on which it is over; today if empty
	Reason  string     `json:"reason"`
}

// openedRecord is a record with its sealed texts in clear, within a change.
type openedRecord struct {
	Record
	idNo                civil.ResidentID
	noIDReason          string
	address, registered string
}

func open(kr *crypto.Keyring, rec Record) (*openedRecord, error) {
	out := &openedRecord{Record: rec}
	var err error
	if out.idNo, err = rec.openID(kr); err != nil {
		return nil, err
	}
	if out.noIDReason, err = rec.openNoIDReason(kr); err != nil {
		return nil, err
	}
	if out.address, err = rec.openAddress(kr); err != nil {
		return nil, err
	}
	out.registered, err = rec.openRegistered(kr)
	return out, err
}

func or[T any](p *T, v T) T {
	if p != nil {
		return *p
	}
	return v
}

// onto gives the record with the change as if it were newly registered, so
// that the same rules judge both.
func (c Change) onto(o *openedRecord) NewChild {
	n := NewChild{Name: or(c.Name, o.Name), IDNo: or(c.IDNo, string(o.idNo)), NoIDReason: or(c.NoIDReason, o.noIDReason),
		Region: or(c.Region, o.Region), Address: or(c.Address, o.address), RegisteredRegion: or(c.RegisteredRegion, o.RegisteredRegion),
		RegisteredAddress: or(c.RegisteredAddress, o.registered), School: or(c.School, o.school()),
		PairedCarer: or(c.PairedCarer, o.PairedCarer), Flags: or(c.Flags, splitFlags(o.Flags)), Sheltered: or(c.Sheltered, o.Sheltered),
		Categories: c.BeginCategories, Guardians: c.Guardians, Phones: or(c.Phones, nil)}
	// Sex and birth follow the ID number; they are asked for where there is none.
	if c.IDNo == nil || *c.IDNo == "" {
		n.Sex, n.BirthOn = or(c.Sex, string(o.Sex)), or(c.BirthOn, string(o.BirthOn))
	} else {
		n.Sex, n.BirthOn = or(c.Sex, ""), or(c.BirthOn, "")
	}
	return n
}

// blame keeps of what is wrong with a record what the change touches: an old
// gap elsewhere in it must not stop a new telephone number.
func (c Change) blame(err error) error {
	var e *errs.Error
	if !errors.As(err, &e) {
		return err
	}
	touched := map[string]bool{"name": c.Name != nil, "sex": c.Sex != nil || c.IDNo != nil, "birth_on": c.BirthOn != nil || c.IDNo != nil,
		"id_no": c.IDNo != nil, "no_id_reason": c.NoIDReason != nil || c.IDNo != nil, "region": c.Region != nil, "address": c.Address != nil,
		"registered_region": c.RegisteredRegion != nil, "registered_address": c.RegisteredAddress != nil, "phones": true,
		"school": c.School != nil, "flags": c.Flags != nil, "categories": true, "guardians": true}
	return errs.InvalidFields(slices.DeleteFunc(slices.Clone(e.Fields), func(f errs.Field) bool { return !touched[f.Name] }))
}

// Update alters a child's record and gives its page as it is now; if the
// child has left the actor's area by it, only the id. Errors: NotFound,
// Forbidden, Invalid, Conflict "person.changed", "person.id_registered",
// "person.id_registered_elsewhere" (a case was opened).
func (s *Service) Update(ctx context.Context, childID id.ID, c Change) (Child, error) {
	var out Child
	var elsewhere *Record
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		elsewhere = nil
		rec, t, err := s.check(ctx, tx, childID, "child.write")
		if err != nil {
			return err
		}
		if c.Version != 0 && c.Version != rec.Version {
			return errs.Conflict("person.changed")
		}
		if elsewhere, err = s.apply(ctx, tx, rec, c); err != nil {
			return err
		}
		if rec, err = findChild(ctx, tx, rec.ID); err != nil {
			return err
		}
		if t.Region = rec.Region; !access.From(ctx).Allowed("child.read", t) {
			out = Child{Row: Row{ID: rec.ID}}
			return nil
		}
		out, err = s.page(ctx, tx, rec, t)
		return err
	})
	if err != nil && elsewhere != nil {
		if e := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := s.openCase(ctx, tx, *elsewhere, "", "same_id", or(c.Region, ""))
			return err
		}); e != nil {
			return Child{}, e
		}
	}
	if err != nil {
		return Child{}, err
	}
	if out.Name != "" {
		s.showPage(ctx, out, "")
	}
	return out, nil
}

// apply writes the change of one record. If another area has the ID number,
// it gives that record and an error.
func (s *Service) apply(ctx context.Context, tx *db.Tx, rec Record, c Change) (elsewhere *Record, err error) {
	was, err := open(s.keys, rec)
	if err != nil {
		return nil, err
	}
	now, err := c.onto(was).clean(today(tx))
	if err = c.blame(err); err != nil {
		return nil, err
	}
	if err := s.checkMove(ctx, tx, was, c); err != nil {
		return nil, err
	}
	if c.School != nil {
		if err := meantSchool(ctx, tx, was.school(), &now.School, now.Region); err != nil {
			return nil, err
		}
	}
	if now.idNo != was.idNo && now.idNo != "" {
		if err := tx.Lock(ctx, "person.id:"+s.keys.Index(indexID, string(now.idNo))); err != nil {
			return nil, err
		}
		other, taken, err := byIDNumber(ctx, tx, s.keys, now.idNo)
		if err != nil {
			return nil, err
		}
		if taken && other.ID != rec.ID {
			if access.From(ctx).Allowed("child.read", access.Target{Region: other.Region}) {
				return nil, errs.Conflict("person.id_registered")
			}
			return &other, errs.Conflict("person.id_registered_elsewhere")
		}
		if !taken {
			if err := s.notUnderWay(ctx, tx, now.idNo); err != nil {
				return nil, err
			}
		}
	}
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return nil, err
	}
	fields, err := s.applyScalars(ctx, tx, was, now, key)
	if err != nil {
		return nil, err
	}
	if c.Phones != nil {
		if err := s.replacePhones(ctx, tx, rec.ID, key, now.phones); err != nil {
			return nil, err
		}
		fields = append(fields, "phones")
	}
	moved, err := s.applyMove(ctx, tx, was, now, key, c)
	if err != nil {
		return nil, err
	}
	rec.Region = now.Region
	if err := s.applyCategories(ctx, tx, rec, key, now.Categories, c.EndCategories); err != nil {
		return nil, err
	}
	if err := s.applyGuardians(ctx, tx, rec, key, now.Guardians, c.EndGuardians); err != nil {
		return nil, err
	}
	for name, has := range map[string]bool{"region": moved, "categories": len(c.BeginCategories)+len(c.EndCategories) > 0,
		"guardians": len(c.Guardians)+len(c.EndGuardians) > 0} {
		if has {
			fields = append(fields, name)
		}
	}
	if len(fields) == 0 {
		return nil, nil
	}
	if err := audit.Write(ctx, tx, audit.Entry{Action: "child.write", SubjectKind: "child", Subject: rec.ID, Fields: sorted(fields), Region: rec.Region}); err != nil {
		return nil, err
	}
	return nil, tx.Emit(ctx, db.Event{Topic: "child", Kind: "changed", Region: rec.Region, Ref: string(rec.ID)})
}

// applyScalars writes the columns that differ and names them.
func (s *Service) applyScalars(ctx context.Context, tx *db.Tx, was *openedRecord, now clean, key crypto.Subject) ([]string, error) {
	rec := was.Record
	var fields []string
	set := func(name string, differs bool, do func()) {
		if differs {
			fields = append(fields, name)
			do()
		}
	}
	set("name", rec.Name != now.Name, func() { rec.Name = now.Name; rec.Pinyin, rec.Initials = civil.NameKeys(now.Name) })
	set("sex", rec.Sex != now.sex, func() { rec.Sex = now.sex })
	set("birth_on", rec.BirthOn != now.birth, func() { rec.BirthOn = now.birth })
	set("id_no", was.idNo != now.idNo, func() { rec.sealID(s.keys, key, now.idNo) })
	set("no_id_reason", was.noIDReason != now.NoIDReason, func() { rec.sealNoIDReason(key, now.NoIDReason) })
	set("address", was.address != now.Address, func() { rec.sealAddress(key, now.Address) })
	set("registered_address", was.registered != now.RegisteredAddress, func() { rec.sealRegistered(key, now.RegisteredAddress) })
	set("registered_region", rec.RegisteredRegion != now.RegisteredRegion, func() { rec.RegisteredRegion = now.RegisteredRegion })
	set("school", rec.school() != now.School, func() {
		rec.SchoolID, rec.School, rec.Grade, rec.Class = now.School.ID, now.School.Name, now.School.Grade, now.School.Class
	})
	set("paired_carer", rec.PairedCarer != now.PairedCarer, func() { rec.PairedCarer = now.PairedCarer })
	set("flags", rec.Flags != joinFlags(now.Flags), func() { rec.Flags = joinFlags(now.Flags) })
	set("sheltered", rec.Sheltered != now.Sheltered, func() { rec.Sheltered = now.Sheltered })
	if was.SchoolID != rec.SchoolID {
		if err := school.Left(ctx, tx, rec.ID); err != nil {
			return nil, err
		}
	}
	// The version grows also if only rows beside it change.
	n, err := tx.Exec(ctx, `UPDATE person SET name = ?, pinyin = ?, initials = ?, sex = ?, birth_on = ?, id_no = ?, id_index = ?, id_last4 = ?,
		no_id_reason = ?, address = ?, registered_address = ?, registered_region = ?, school = ?, school_id = ?, grade = ?, class = ?, paired_carer = ?,
		flags = ?, sheltered = ?, version = version + 1, updated_at = ? WHERE id = ? AND version = ?`,
		rec.Name, rec.Pinyin, rec.Initials, rec.Sex, rec.BirthOn, rec.IDNo, rec.IDIndex, rec.IDLast4, rec.NoIDReason, rec.Address,
		rec.RegisteredAddress, rec.RegisteredRegion, rec.School, rec.SchoolID, rec.Grade, rec.Class, rec.PairedCarer, rec.Flags, rec.Sheltered,
		tx.Now, rec.ID, rec.Version)
	if err == nil && n == 0 {
		return nil, errs.Conflict("person.changed")
	}
	return fields, err
}

func (s *Service) replacePhones(ctx context.Context, tx *db.Tx, person id.ID, key crypto.Subject, phones []civil.Phone) error {
	if _, err := tx.Exec(ctx, "DELETE FROM person_phone WHERE person_id = ?", person); err != nil {
		return err
	}
	w := Rows{phones: newPhones(s.keys, key, person, phones)}
	return w.insert(ctx, tx)
}

// checkMove asks what a move needs: a known area and a reason.
func (s *Service) checkMove(ctx context.Context, r db.Reader, was *openedRecord, c Change) error {
	if c.Region == nil || *c.Region == was.Region {
		return nil
	}
	areas, err := s.atlas.Table(ctx, r)
	if err != nil {
		return err
	}
	if _, known := areas.Get(region.Code(*c.Region)); !known {
		return errs.Invalid("region", "person.region_wrong")
	}
	if civil.TrimBlank(c.MoveReason) == "" || len(c.MoveReason) > maxText {
		return errs.Invalid("move_reason", "person.move_reason_missing")
	}
	if c.MovedOn != "" && (!c.MovedOn.Valid() || c.MovedOn > today(r)) {
		return errs.Invalid("moved_on", "person.moved_on_wrong")
	}
	return nil
}

// applyMove writes a move, and takes with the child what hangs on it.
func (s *Service) applyMove(ctx context.Context, tx *db.Tx, was *openedRecord, now clean, key crypto.Subject, c Change) (bool, error) {
	if now.Region == was.Region {
		return false, nil
	}
	on := c.MovedOn
	if on == "" {
		on = today(tx)
	}
	by := access.From(ctx).Account
	move := moveRow{ID: id.New(), PersonID: was.ID, FromRegion: was.Region, ToRegion: now.Region, MovedOn: on, ByAccount: by}
	move.Why = key.Seal(aad("person_move.why", move.ID), c.MoveReason)
	w := Rows{moves: []moveRow{move}, entries: []child.Entry{{ChildID: was.ID, Kind: "move", Title: "timeline.moved", Region: now.Region,
		RefKind: "move", RefID: move.ID, Data: map[string]string{"from": was.Region, "to": now.Region, "on": string(on)}}}}
	if err := w.insert(ctx, tx); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET region = ? WHERE id = ?", now.Region, was.ID); err != nil {
		return false, err
	}
	if s.ports.Follow != nil {
		if err := s.ports.Follow(ctx, tx, was.ID, was.ID, now.Region); err != nil {
			return false, err
		}
	}
	// Both areas must hear of it: the old one so that its screens drop the child.
	return true, tx.Emit(ctx, db.Event{Topic: "child", Kind: "moved", Region: was.Region, Ref: string(was.ID)})
}

func (s *Service) applyCategories(ctx context.Context, tx *db.Tx, rec Record, key crypto.Subject, begin []NewCategory, end []EndCategory) error {
	list, err := categoriesOf(ctx, tx, []id.ID{rec.ID})
	if err != nil {
		return err
	}
	var w Rows
	k := newKeep(ctx, tx, s.keys)
	for _, e := range end {
		i := slices.IndexFunc(list[rec.ID], func(c child.Category) bool { return c.ID == e.ID })
		if i < 0 {
			return errs.Invalid("end_categories", "person.category_wrong")
		}
		if e.EndedOn == "" {
			e.EndedOn = k.today
		}
		if !e.EndedOn.Valid() || e.EndedOn < list[rec.ID][i].BeganOn || len(e.Reason) > maxText {
			return errs.Invalid("end_categories", "person.category_end_wrong")
		}
		if _, err := tx.Exec(ctx, "UPDATE child_category SET ended_on = ?, end_reason = ? WHERE id = ?", e.EndedOn,
			key.Seal(aad("child_category.end_reason", e.ID), e.Reason), e.ID); err != nil {
			return err
		}
		list[rec.ID][i].EndedOn = e.EndedOn
		w.entries = append(w.entries, child.Entry{ChildID: rec.ID, Kind: "category", Title: "timeline.category_ended", Region: rec.Region,
			RefKind: "category", RefID: e.ID, Data: map[string]string{"kind": string(list[rec.ID][i].Kind), "on": string(e.EndedOn)}})
	}
	for _, n := range begin {
		if slices.ContainsFunc(list[rec.ID], func(c child.Category) bool { return c.Kind == n.Kind && c.Active(rec.BirthOn, n.BeganOn) }) {
			return errs.Conflict("person.category_there")
		}
		w.addCategory(k, rec, n)
		w.entries = append(w.entries, child.Entry{ChildID: rec.ID, Kind: "category", Title: "timeline.category_began", Region: rec.Region,
			Data: map[string]string{"kind": string(n.Kind), "on": string(n.BeganOn)}})
	}
	return w.insert(ctx, tx)
}

func (s *Service) applyGuardians(ctx context.Context, tx *db.Tx, rec Record, key crypto.Subject, put []NewGuardian, end []id.ID) error {
	if len(put)+len(end) == 0 {
		return nil
	}
	day := today(tx)
	rel, err := relationsOf(ctx, tx, []id.ID{rec.ID}, day)
	if err != nil {
		return err
	}
	stop := func(person id.ID) (bool, error) {
		n, err := tx.Exec(ctx, "UPDATE relation SET ended_on = ? WHERE child_id = ? AND person_id = ? AND (ended_on = '' OR ended_on > ?)", day, rec.ID, person, day)
		return n > 0, err
	}
	var w Rows
	note := func(title string, person id.ID) {
		w.entries = append(w.entries, child.Entry{ChildID: rec.ID, Kind: "guardian", Title: title, Region: rec.Region, RefKind: "person", RefID: person})
	}
	for _, p := range end {
		had, err := stop(p)
		if err != nil {
			return err
		}
		if !had {
			return errs.Invalid("end_guardians", "person.guardian_unknown")
		}
		note("timeline.guardian_ended", p)
	}
	known, err := knownGuardians(ctx, tx, s.keys, put)
	if err != nil {
		return err
	}
	for i, g := range put {
		if g.PersonID != "" && !slices.ContainsFunc(rel[rec.ID], func(x relationRow) bool { return x.PersonID == g.PersonID }) {
			// People are added by what they are called, not by ids of others' records.
			return errs.Invalid("guardians", "person.guardian_unknown")
		}
		person, home := w.addGuardian(newKeep(ctx, tx, s.keys), rec.Region, g, known)
		if _, err := stop(person); err != nil {
			return err
		}
		w.addRelation(key, rec.ID, person, g, len(rel[rec.ID])+i)
		note("timeline.guardian_set", person)
		if g.PersonID != "" && g.Phones != nil {
			if err := s.setGuardianPhones(ctx, tx, person, g.Phones); err != nil {
				return err
			}
		}
		if g.LivesWith {
			if err := s.joinHousehold(ctx, tx, rec.ID, person, home); err != nil {
				return err
			}
		}
	}
	return w.insert(ctx, tx)
}

func (s *Service) setGuardianPhones(ctx context.Context, tx *db.Tx, person id.ID, raw []string) error {
	rec, err := find(ctx, tx, person)
	if err != nil {
		return err
	}
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return err
	}
	phones, _ := cleanPhones(raw) // judged with the form
	return s.replacePhones(ctx, tx, person, key, phones)
}

// joinHousehold puts a child into the household of who it lives with.
func (s *Service) joinHousehold(ctx context.Context, tx *db.Tx, childID, person, home id.ID) error {
	if home == "" {
		home = id.New()
		if _, err := tx.Exec(ctx, "UPDATE person SET household = ? WHERE id = ?", home, person); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE person SET household = ? WHERE id = ?", home, childID)
	return err
}

package person

import (
	"context"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

// keep says under what marks new records are made.
type keep struct {
	kr    *crypto.Keyring
	by    id.ID
	today civil.Date
	batch id.ID // import that isn't whole yet
	ref   id.ID // what the timeline points to: the import, or none
}

// addChild adds the rows of a new child and returns its id. known gives the
// records of guardians who are in the register already.
func (w *Rows) addChild(k keep, c clean, known func(NewGuardian) (Record, bool)) id.ID {
	s, wrapped := k.kr.NewSubject()
	rec := Record{ID: id.New(), Subject: wrapped, Name: c.Name, Sex: c.sex, BirthOn: c.birth,
		Region: c.Region, RegisteredRegion: c.RegisteredRegion, Child: true, School: c.School.Name, SchoolID: c.School.ID, Grade: c.School.Grade,
		Class: c.School.Class, PairedCarer: c.PairedCarer, Flags: joinFlags(c.Flags), Sheltered: c.Sheltered,
		State: stateActive, Batch: k.batch, Version: 1, CreatedBy: k.by}
	rec.Pinyin, rec.Initials = civil.NameKeys(c.Name)
	rec.sealID(k.kr, s, c.idNo)
	rec.sealNoIDReason(s, c.NoIDReason)
	rec.sealAddress(s, c.Address)
	rec.sealRegistered(s, c.RegisteredAddress)
	w.phones = append(w.phones, newPhones(k.kr, s, rec.ID, c.phones)...)
	for _, n := range c.Categories {
		w.addCategory(k, rec, n)
	}
	for i, g := range c.Guardians {
		person, home := w.addGuardian(k, rec.Region, g, known)
		if g.LivesWith && rec.Household == "" {
			rec.Household = home
		}
		w.addRelation(s, rec.ID, person, g, i)
	}
	w.people = append(w.people, recordRow{Record: rec})
	e := child.Entry{ID: id.New(), ChildID: rec.ID, Kind: "register", Title: "timeline.registered", By: k.by,
		RefKind: refKind(k.ref, "import"), RefID: k.ref, Region: rec.Region, Data: map[string]string{"region": rec.Region}}
	e.Text = s.Seal(aadEntry(e.ID), c.Note)
	w.entries = append(w.entries, e)
	return rec.ID
}

func refKind(ref id.ID, kind string) string {
	if ref == "" {
		return ""
	}
	return kind
}

func (w *Rows) addCategory(k keep, rec Record, n NewCategory) {
	w.categories = append(w.categories, categoryRow{Category: child.Category{ID: id.New(), ChildID: rec.ID, Kind: n.Kind,
		BeganOn: n.BeganOn, Region: rec.Region, SetBy: k.by}})
}

func (w *Rows) addRelation(key crypto.Subject, childID, person id.ID, g NewGuardian, place int) {
	row := relationRow{ID: id.New(), ChildID: childID, PersonID: person, Kind: g.Relation,
		Guardian: g.Guardian, Carer: g.Carer, LivesWith: g.LivesWith, MayContact: !g.NoContact, Place: place}
	row.Whereabouts = key.Seal(aad("relation.whereabouts", row.ID), g.Whereabouts)
	w.relations = append(w.relations, row)
}

// addGuardian gives the id and the household of a guardian, who is added if
// not known yet.
func (w *Rows) addGuardian(k keep, regionCode string, g NewGuardian, known func(NewGuardian) (Record, bool)) (person, household id.ID) {
	if rec, ok := known(g); ok {
		return rec.ID, rec.Household
	}
	s, wrapped := k.kr.NewSubject()
	rec := Record{ID: id.New(), Subject: wrapped, Name: civil.NormalizeName(g.Name), State: stateActive, Batch: k.batch,
		Version: 1, CreatedBy: k.by, Region: regionCode}
	rec.Pinyin, rec.Initials = civil.NameKeys(rec.Name)
	if n, err := civil.ParseID(g.IDNo); err == nil {
		rec.Sex, rec.BirthOn = n.Sex(), n.Birth()
		rec.sealID(k.kr, s, n)
	}
	if g.LivesWith {
		rec.Household = id.New()
	}
	phones, _ := cleanPhones(g.Phones)
	w.phones = append(w.phones, newPhones(k.kr, s, rec.ID, phones)...)
	w.people = append(w.people, recordRow{Record: rec})
	return rec.ID, rec.Household
}

// knownGuardian looks for a guardian in the register: by id, by ID number,
// then by name and telephone number.
func knownGuardian(ctx context.Context, r db.Reader, kr *crypto.Keyring, g NewGuardian) (Record, bool, error) {
	if g.PersonID != "" {
		rec, err := find(ctx, r, g.PersonID)
		return rec, err == nil, err
	}
	if n, err := civil.ParseID(g.IDNo); err == nil {
		if rec, ok, err := byIDNumber(ctx, r, kr, n); err != nil || ok {
			return rec, ok, err
		}
	}
	phones, _ := cleanPhones(g.Phones)
	return byNameAndPhone(ctx, r, kr, civil.NormalizeName(g.Name), phones)
}

// knownGuardians looks all guardians of one child up before rows are made.
func knownGuardians(ctx context.Context, r db.Reader, kr *crypto.Keyring, list []NewGuardian) (func(NewGuardian) (Record, bool), error) {
	type key struct{ id, name, idNo, phone string }
	keyOf := func(g NewGuardian) key {
		k := key{id: string(g.PersonID), name: g.Name, idNo: g.IDNo}
		if len(g.Phones) > 0 {
			k.phone = g.Phones[0]
		}
		return k
	}
	found := map[key]Record{}
	for _, g := range list {
		rec, ok, err := knownGuardian(ctx, r, kr, g)
		if err != nil {
			return nil, err
		}
		if ok {
			found[keyOf(g)] = rec
		}
	}
	return func(g NewGuardian) (Record, bool) {
		rec, ok := found[keyOf(g)]
		return rec, ok
	}, nil
}

func newKeep(ctx context.Context, r db.Reader, kr *crypto.Keyring) keep {
	return keep{kr: kr, by: access.From(ctx).Account, today: today(r)}
}

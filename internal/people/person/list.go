package person

import (
	"context"
	"maps"
	"slices"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
)

// Row is a child in a list.
type Row struct {
	ID          id.ID        `json:"id"`
	Code        string       `json:"code"`
	Name        string       `json:"name"`
	Sex         string       `json:"sex"` // m, f
	Age         int          `json:"age"` // -1 = unknown
	Region      string       `json:"region"`
	RegionName  string       `json:"region_name"`
	Categories  []child.Kind `json:"categories"`
	CarerName   string       `json:"carer_name"`
	Device      bool         `json:"device"`
	OpenMatters int          `json:"open_matters"`
	Flags       []string     `json:"flags"`
	LevelMark
}

// Page is one page of a list.
type Page struct {
	Items []Row  `json:"items"`
	Next  string `json:"next"` // empty: no more
}

// List gives the children in the areas of the actor, by name if a text was
// searched, else by area. Errors: Forbidden, Invalid.
func (s *Service) List(ctx context.Context, q ListQuery) (Page, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "child.search"); err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	out := Page{Items: []Row{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		recs, next, err := s.search(ctx, r, q, actor.Areas("child.search"), min(limit, 200))
		if err != nil {
			return err
		}
		out.Next = next
		out.Items, err = s.rows(ctx, r, found(ctx, recs))
		return err
	})
	if err != nil {
		return Page{}, err
	}
	shown := make([]audit.Shown, 0, len(out.Items))
	for _, row := range out.Items {
		shown = append(shown, audit.Shown{Kind: "child", ID: row.ID, Fields: rowFields})
	}
	audit.Show(ctx, "child.search", "", q.Region, shown...)
	return out, nil
}

// rowFields are what a row of the list shows.
var rowFields = []string{"name", "sex", "age", "region", "categories", "carer_name", "open_matters", "flags", "level"}

// found drops the children that are hidden from the actor.
func found(ctx context.Context, recs []Record) []Record {
	actor := access.From(ctx)
	return slices.DeleteFunc(recs, func(rec Record) bool { return !actor.Finds(rec.ID) })
}

func recordIDs(recs []Record) []id.ID {
	out := make([]id.ID, len(recs))
	for i, rec := range recs {
		out[i] = rec.ID
	}
	return out
}

// rows makes what lists show, with one query for each kind of thing.
func (s *Service) rows(ctx context.Context, r db.Reader, recs []Record) ([]Row, error) {
	ids, day := recordIDs(recs), today(r)
	areas, err := s.atlas.Table(ctx, r)
	if err != nil {
		return nil, err
	}
	cats, err := categoriesOf(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	rel, err := relationsOf(ctx, r, ids, day)
	if err != nil {
		return nil, err
	}
	carers := map[id.ID]id.ID{}
	var people []id.ID
	for childID, list := range rel {
		for _, x := range list {
			if x.Carer {
				carers[childID] = x.PersonID
				people = append(people, x.PersonID)
				break
			}
		}
	}
	names, err := Names(ctx, r, people...)
	if err != nil {
		return nil, err
	}
	worn, open := map[id.ID][]Worn{}, map[id.ID]int{}
	if s.ports.Worn != nil {
		if worn, err = s.ports.Worn(ctx, r, ids...); err != nil {
			return nil, err
		}
	}
	if s.ports.OpenMatters != nil {
		if open, err = s.ports.OpenMatters(ctx, r, ids...); err != nil {
			return nil, err
		}
	}
	levels := map[id.ID]LevelMark{}
	if s.ports.Marks != nil && access.May(access.From(ctx), "level.read") == nil {
		if levels, err = s.ports.Marks(ctx, r, ids...); err != nil {
			return nil, err
		}
	}
	out := make([]Row, len(recs))
	for i, rec := range recs {
		out[i] = Row{ID: rec.ID, Code: rec.Code, Name: rec.Name, Sex: sexLetter(rec.Sex), Age: rec.BirthOn.AgeOn(day), Region: rec.Region,
			RegionName: areas.Label(region.Code(rec.Region)), Categories: child.Active(cats[rec.ID], rec.BirthOn, day),
			CarerName: names[carers[rec.ID]], Device: len(worn[rec.ID]) > 0, OpenMatters: open[rec.ID], Flags: splitFlags(rec.Flags), LevelMark: levels[rec.ID]}
	}
	return out, nil
}

// Child is the page of a child. What is sealed in the register is masked.
type Child struct {
	Row
	BirthOn              civil.Date       `json:"birth_on"`
	IDMasked             string           `json:"id_masked"`
	NoIDReason           string           `json:"no_id_reason"`
	AddressMasked        string           `json:"address_masked"`
	RegisteredRegion     string           `json:"registered_region"`
	RegisteredRegionName string           `json:"registered_region_name"`
	School               School           `json:"school"`
	Phones               []PhoneView      `json:"phones"`
	CategoryList         []child.Category `json:"categories"` // all, also those that are over; Row has the kinds that hold
	Guardians            []Guardian       `json:"guardians"`
	PairedCarer          *Account         `json:"paired_carer"`
	Devices              []Worn           `json:"devices"`
	LastPosition         *Position        `json:"last_position"`
	Household            []Housemate      `json:"household"`
	Sheltered            bool             `json:"sheltered"`
	GlassUntil           clock.Millis     `json:"glass_until"`
	Version              int64            `json:"version"`
	MayWrite             bool             `json:"may_write"`
	MayReveal            bool             `json:"may_reveal"`
}

// PhoneView is a masked number of the child's own.
type PhoneView struct {
	Masked string `json:"masked"`
}

// Guardian is somebody who cares for the child.
type Guardian struct {
	ID          id.ID    `json:"id"`
	Name        string   `json:"name"`
	Relation    Relation `json:"relation"`
	PhoneMasked string   `json:"phone_masked"`
	IsGuardian  bool     `json:"is_guardian"`
	IsCarer     bool     `json:"is_carer"`
	LivesWith   bool     `json:"lives_with"`
	Whereabouts string   `json:"whereabouts"`
	MayContact  bool     `json:"may_contact"`
}

// Account names an officer or a volunteer.
type Account struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// Housemate is somebody who lives with the child.
type Housemate struct {
	ID       id.ID    `json:"id"`
	Name     string   `json:"name"`
	Relation Relation `json:"relation"` // empty: not recorded
}

// Find gives the page of a child. Errors: NotFound, Forbidden.
func (s *Service) Find(ctx context.Context, childID id.ID) (Child, error) {
	var out Child
	var purpose string
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rec, t, err := s.check(ctx, r, childID, "child.read")
		if err != nil {
			return err
		}
		if purpose = string(t.Task); purpose == "" && t.Glass {
			open, err := openGlass(ctx, r, access.From(ctx).Account, rec.ID)
			if err != nil {
				return err
			}
			purpose = string(open.ID)
		}
		out, err = s.page(ctx, r, rec, t)
		return err
	})
	if err != nil {
		return Child{}, err
	}
	s.showPage(ctx, out, purpose)
	return out, nil
}

// showPage tells the audit what the page of a child shows.
func (s *Service) showPage(ctx context.Context, c Child, purpose string) {
	fields := append([]string{"birth_on", "id_masked", "address_masked", "registered_region", "school", "guardians", "household", "devices"}, rowFields...)
	if c.LastPosition != nil {
		fields = append(fields, "last_position")
	}
	shown := []audit.Shown{{Kind: "child", ID: c.ID, Fields: fields}}
	for _, g := range c.Guardians {
		shown = append(shown, audit.Shown{Kind: "person", ID: g.ID, Fields: []string{"name", "relation", "phone_masked", "whereabouts"}})
	}
	for _, h := range c.Household {
		shown = append(shown, audit.Shown{Kind: "person", ID: h.ID, Fields: []string{"name", "household"}})
	}
	audit.Show(ctx, "child.read", purpose, c.Region, shown...)
}

func (s *Service) page(ctx context.Context, r db.Reader, rec Record, t access.Target) (Child, error) {
	actor := access.From(ctx)
	rows, err := s.rows(ctx, r, []Record{rec})
	if err != nil {
		return Child{}, err
	}
	areas, err := s.atlas.Table(ctx, r)
	if err != nil {
		return Child{}, err
	}
	out := Child{Row: rows[0], BirthOn: rec.BirthOn, RegisteredRegion: rec.RegisteredRegion,
		RegisteredRegionName: areas.Label(region.Code(rec.RegisteredRegion)), School: rec.school(),
		Phones: []PhoneView{}, CategoryList: []child.Category{}, Guardians: []Guardian{}, Devices: []Worn{}, Household: []Housemate{},
		Sheltered: rec.Sheltered, Version: rec.Version,
		MayWrite: actor.Allowed("child.write", t), MayReveal: actor.Allowed("child.reveal", t) || t.Glass}
	n, err := rec.openID(s.keys)
	if err != nil {
		return Child{}, err
	}
	out.IDMasked = n.Mask()
	if out.NoIDReason, err = rec.openNoIDReason(s.keys); err != nil {
		return Child{}, err
	}
	if !rec.Sheltered {
		address, err := rec.openAddress(s.keys)
		if err != nil {
			return Child{}, err
		}
		out.AddressMasked = maskAddress(address)
	}
	cats, err := categoriesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return Child{}, err
	}
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return Child{}, err
	}
	for _, c := range cats[rec.ID] {
		if c.EndReason, err = key.Open(aad("child_category.end_reason", c.ID), c.EndReason); err != nil {
			return Child{}, err
		}
		out.CategoryList = append(out.CategoryList, c)
	}
	contacts, err := contactsOf(ctx, r, s.keys, rec)
	if err != nil {
		return Child{}, err
	}
	for _, c := range contacts {
		out.Guardians = append(out.Guardians, Guardian{c.PersonID, c.Name, c.Relation, c.PhoneMasked, c.Guardian, c.Carer, c.LivesWith, c.Whereabouts, c.MayContact})
	}
	own, err := phonesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return Child{}, err
	}
	for _, n := range own[rec.ID] {
		p, err := n.open(s.keys, rec.Subject)
		if err != nil {
			return Child{}, err
		}
		out.Phones = append(out.Phones, PhoneView{p.Mask()})
	}
	if err := s.pageOthers(ctx, r, rec, t, &out); err != nil {
		return Child{}, err
	}
	return out, nil
}

// pageOthers adds what the register doesn't hold itself: colleagues, devices,
// the household, an open break-glass.
func (s *Service) pageOthers(ctx context.Context, r db.Reader, rec Record, t access.Target, out *Child) error {
	actor := access.From(ctx)
	if rec.PairedCarer != "" {
		names, err := s.names(ctx, r, rec.PairedCarer)
		if err != nil {
			return err
		}
		out.PairedCarer = &Account{rec.PairedCarer, names[rec.PairedCarer]}
	}
	home, err := householdOf(ctx, r, rec)
	if err != nil {
		return err
	}
	names, err := Names(ctx, r, home...)
	if err != nil {
		return err
	}
	for _, h := range home {
		mate := Housemate{ID: h, Name: names[h]}
		for _, g := range out.Guardians {
			if g.ID == h {
				mate.Relation = g.Relation
			}
		}
		out.Household = append(out.Household, mate)
	}
	if s.ports.Worn != nil {
		worn, err := s.ports.Worn(ctx, r, rec.ID)
		if err != nil {
			return err
		}
		out.Devices = append(out.Devices, worn[rec.ID]...)
	}
	// Where a child is, is told to who may see positions, and of a sheltered
	// child to nobody by this page.
	if actor.Allowed("position.read", t) && !rec.Sheltered {
		for _, w := range out.Devices {
			if p := w.Position; p != nil && (out.LastPosition == nil || p.At > out.LastPosition.At) {
				out.LastPosition = p
			}
		}
	}
	open, err := openGlass(ctx, r, actor.Account, rec.ID)
	out.GlassUntil = open.Until
	return err
}

// TimelinePage is one page of a child's timeline, newest first.
type TimelinePage struct {
	Items []TimelineEntry `json:"items"`
	Next  string          `json:"next"`
}

// TimelineEntry is one line of it.
type TimelineEntry struct {
	ID      id.ID             `json:"id"`
	At      clock.Millis      `json:"at"`
	Kind    string            `json:"kind"`
	Title   string            `json:"title"` // message key
	Words   string            `json:"words"` // of the title, by whoever shows it
	Data    map[string]string `json:"data,omitempty"`
	Text    string            `json:"text,omitempty"`
	RefKind string            `json:"ref_kind"`
	RefID   id.ID             `json:"ref_id"`
	By      string            `json:"by"` // name; empty = the program
}

// Timeline gives everything that happened to a child. Errors: NotFound,
// Forbidden, Invalid.
func (s *Service) Timeline(ctx context.Context, childID id.ID, cursor string, limit int) (TimelinePage, error) {
	at, err := readPlace(cursor)
	if err != nil {
		return TimelinePage{}, err
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	out := TimelinePage{Items: []TimelineEntry{}}
	var rec Record
	var t access.Target
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if rec, t, err = s.check(ctx, r, childID, "child.read"); err != nil {
			return err
		}
		keys, err := s.lives(ctx, r, rec)
		if err != nil {
			return err
		}
		entries, err := child.Timeline(ctx, r, slices.Collect(maps.Keys(keys)), child.Before{At: clock.Millis(at.Phase), ID: at.ID}, limit+1)
		if err != nil {
			return err
		}
		if len(entries) > limit {
			entries = entries[:limit]
			last := entries[limit-1]
			out.Next = place{Phase: int(last.At), ID: last.ID}.String()
		}
		var by []id.ID
		for _, e := range entries {
			by = append(by, e.By)
		}
		names, err := s.names(ctx, r, by...)
		if err != nil {
			return err
		}
		for _, e := range entries {
			text, err := keys[e.ChildID].Open(aadEntry(e.ID), e.Text)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, TimelineEntry{e.ID, e.At, e.Kind, e.Title, "", e.Data, text, e.RefKind, e.RefID, names[e.By]})
		}
		return nil
	})
	if err != nil {
		return TimelinePage{}, err
	}
	audit.Show(ctx, "child.read", string(t.Task), rec.Region, audit.Shown{Kind: "child", ID: rec.ID, Fields: []string{"timeline"}})
	return out, nil
}

// lives gives the keys of the record and of those merged into it: their
// timelines are read as one.
func (s *Service) lives(ctx context.Context, r db.Reader, rec Record) (map[id.ID]crypto.Subject, error) {
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]crypto.Subject{rec.ID: key}
	todo := []id.ID{rec.ID}
	for len(todo) > 0 {
		var merged []Record
		if err := r.List(ctx, &merged, "SELECT "+recordColumns+" FROM person p WHERE p.merged_into = ? AND p.state = 'merged'", todo[0]); err != nil {
			return nil, err
		}
		todo = todo[1:]
		for _, m := range merged {
			if out[m.ID], err = s.keys.Subject(m.Subject); err != nil {
				return nil, err
			}
			todo = append(todo, m.ID)
		}
	}
	return out, nil
}

func aadEntry(entry id.ID) string { return aad("child_entry.text", entry) }

// Note appends an entry with a text that is sealed by the child's key; for
// entries without text child.Note is enough.
func (s *Service) Note(ctx context.Context, tx *db.Tx, e child.Entry, text string) error {
	rec, err := findChild(ctx, tx, e.ChildID)
	if err != nil {
		return err
	}
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return err
	}
	e.ID, e.ChildID, e.Region = id.New(), rec.ID, rec.Region
	e.Text = key.Seal(aadEntry(e.ID), text)
	return child.Note(ctx, tx, e)
}

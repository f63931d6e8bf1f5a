package person

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

// Why a person was found.
const (
	OwnPhone      = "own_phone"
	GuardianPhone = "guardian_phone"
	CarerPhone    = "carer_phone"
	NameArea      = "name_area"  // the very name, in the area
	NameSound     = "name_sound" // a name that sounds the same, in the area
)

// Match is somebody whom a signal may be about.
type Match struct {
	PersonID id.ID  `bun:"person_id" json:"person_id"`
	ChildID  id.ID  `bun:"child_id" json:"child_id"` // empty: a grown-up with no child here
	Why      string `bun:"why" json:"why"`
	Region   string `bun:"region" json:"region"` // where the child lives, or the person
}

// ByPhone gives who has the number, and whose guardian or carer that is; the
// child's own number first, then the actual carer's.
func ByPhone(ctx context.Context, r db.Reader, kr *crypto.Keyring, phone string) ([]Match, error) {
	p, ok := civil.ParsePhone(phone)
	if !ok {
		return nil, nil
	}
	index := kr.Index(indexPhone, string(p))
	var out []Match
	err := r.List(ctx, &out, `SELECT p.id AS person_id, CASE WHEN p.child THEN p.id ELSE '' END AS child_id, 'own_phone' AS why, p.region AS region
		FROM person_phone n JOIN person p ON p.id = n.person_id WHERE n.number_index = ? AND `+shows+` ORDER BY p.id`, index)
	if err != nil {
		return nil, err
	}
	var of []Match
	err = r.List(ctx, &of, `SELECT x.person_id AS person_id, p.id AS child_id,
		CASE WHEN x.carer THEN 'carer_phone' ELSE 'guardian_phone' END AS why, p.region AS region
		FROM person_phone n JOIN relation x ON x.person_id = n.person_id JOIN person p ON p.id = x.child_id
		WHERE n.number_index = ? AND (x.ended_on = '' OR x.ended_on > ?) AND `+shows+` ORDER BY p.id`, index, today(r))
	if err != nil {
		return nil, err
	}
	// A parent is told by the children, not as a grown-up of its own.
	out = slices.DeleteFunc(out, func(m Match) bool {
		return m.ChildID == "" && slices.ContainsFunc(of, func(o Match) bool { return o.PersonID == m.PersonID })
	})
	out = append(out, of...)
	rank := map[string]int{OwnPhone: 0, CarerPhone: 1, GuardianPhone: 2}
	slices.SortStableFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(emptyLast(a.ChildID), emptyLast(b.ChildID)), cmp.Compare(rank[a.Why], rank[b.Why]))
	})
	return out, nil
}

func emptyLast(i id.ID) int {
	if i == "" {
		return 1
	}
	return 0
}

// nameMost bounds the candidates by name: more than a screen helps nobody.
const nameMost = 20

// ByNameArea gives the children of the name in the area: first those written
// the same, then those that sound the same (肖/萧, 闫/阎).
func ByNameArea(ctx context.Context, r db.Reader, name, regionPrefix string) ([]Match, error) {
	name = civil.NormalizeName(name)
	if name == "" || regionPrefix == "" {
		return nil, nil
	}
	pinyin, _ := civil.NameKeys(name)
	in, args := access.Where("p.region", []string{regionPrefix})
	var out, sound []Match
	if err := r.List(ctx, &out, `SELECT p.id AS person_id, p.id AS child_id, 'name_area' AS why, p.region AS region FROM person p
		WHERE p.child AND p.name = ? AND `+in+" AND "+shows+" ORDER BY p.id LIMIT ?", append(append([]any{name}, args...), nameMost)...); err != nil {
		return nil, err
	}
	if pinyin == "" {
		return out, nil
	}
	err := r.List(ctx, &sound, `SELECT p.id AS person_id, p.id AS child_id, 'name_sound' AS why, p.region AS region FROM person p
		WHERE p.child AND p.pinyin = ? AND p.name <> ? AND `+in+" AND "+shows+" ORDER BY p.id LIMIT ?",
		append(append([]any{pinyin, name}, args...), nameMost)...)
	return append(out, sound...), err
}

// Region tells where a person lives, by the area's code. Errors: NotFound.
func Region(ctx context.Context, r db.Reader, personID id.ID) (string, error) {
	rec, err := find(ctx, r, personID)
	return rec.Region, err
}

// Phone gives a person's first telephone number in full. Whoever calls it has
// checked the right and writes the audit. Errors: NotFound if the person has
// none.
func Phone(ctx context.Context, r db.Reader, kr *crypto.Keyring, personID id.ID) (string, error) {
	rec, err := find(ctx, r, personID)
	if err != nil {
		return "", err
	}
	numbers, err := phonesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return "", err
	}
	if len(numbers[rec.ID]) == 0 {
		return "", errs.NotFound("person.no_phone")
	}
	p, err := numbers[rec.ID][0].open(kr, rec.Subject)
	return string(p), err
}

// Address gives where a person lives in full words; whoever calls it has
// checked the right and writes the audit. A shelter's address is not given.
func Address(ctx context.Context, r db.Reader, kr *crypto.Keyring, personID id.ID) (string, error) {
	rec, err := find(ctx, r, personID)
	if err != nil {
		return "", err
	}
	if rec.Sheltered {
		return "", errs.Forbidden("person.sheltered")
	}
	return rec.openAddress(kr)
}

// Names gives the names of people; those who don't show are left out.
func Names(ctx context.Context, r db.Reader, people ...id.ID) (map[id.ID]string, error) {
	recs, err := findMany(ctx, r, people)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]string, len(recs))
	for k, rec := range recs {
		out[k] = rec.Name
	}
	return out, nil
}

// Brief is a child in a list of something else.
type Brief struct {
	ID     id.ID
	Name   string
	Sex    string // m, f
	Age    int    // full years on the day of the read; -1 = unknown
	Region string
}

// Briefs gives children in brief under the ids asked for, also under those of
// merged records; who doesn't show is left out. Whoever calls it has checked
// the right and tells audit.Show what it shows.
func Briefs(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]Brief, error) {
	recs, err := findMany(ctx, r, children)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]Brief, len(children))
	for _, asked := range children {
		rec, ok := recs[asked]
		if !ok {
			if rec, err = find(ctx, r, asked); errs.Is(err, errs.KindNotFound) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		out[asked] = Brief{rec.ID, rec.Name, sexLetter(rec.Sex), rec.BirthOn.AgeOn(today(r)), rec.Region}
	}
	return out, nil
}

// Call is a number to call about a child, in full.
type Call struct {
	PersonID   id.ID
	Name       string
	Relation   Relation // empty: the child itself
	Phone      civil.Phone
	PhoneIndex string
	Carer      bool
	MayContact bool
}

// Calls gives the numbers of a child and of its people in the order of
// calling, in full: for who carries an order. Whoever calls it has checked the
// right, leaves out the conflict list, and writes the audit.
func Calls(ctx context.Context, r db.Reader, kr *crypto.Keyring, childID id.ID) ([]Call, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return nil, err
	}
	contacts, err := contactsOf(ctx, r, kr, rec)
	if err != nil {
		return nil, err
	}
	contacts = append([]Contact{{PersonID: rec.ID, Name: rec.Name, MayContact: true}}, contacts...)
	people := make([]id.ID, len(contacts))
	for i, c := range contacts {
		people[i] = c.PersonID
	}
	recs, err := findMany(ctx, r, people)
	if err != nil {
		return nil, err
	}
	numbers, err := phonesOf(ctx, r, people)
	if err != nil {
		return nil, err
	}
	out := []Call{}
	for _, c := range contacts {
		for _, n := range numbers[c.PersonID] {
			p, err := n.open(kr, recs[c.PersonID].Subject)
			if err != nil {
				return nil, err
			}
			out = append(out, Call{c.PersonID, c.Name, c.Relation, p, n.Index, c.Carer, c.MayContact})
		}
	}
	return out, nil
}

// Card is what must be known of a child at once; nothing in it is in full
// that is sealed in the register.
type Card struct {
	ID            id.ID
	Code          string
	Name          string
	Sex           civil.Sex
	BirthOn       civil.Date
	Region        string
	AddressMasked string
	School        School
	Categories    []child.Kind
	Contacts      []Contact
	PairedCarer   id.ID // account of the officer or volunteer paired with the child
	Flags         []string
	Sheltered     bool // lives at a place that must not be told
	Household     []id.ID
}

// Contact is somebody to call about a child, in the order of calling.
type Contact struct {
	PersonID    id.ID
	Name        string
	Relation    Relation
	PhoneMasked string // empty: no number known
	PhoneIndex  string // keyed look-up of that number, to compare with a conflict list
	Guardian    bool
	Carer       bool
	LivesWith   bool
	Whereabouts string
	MayContact  bool
}

// CardOf gives the card of a child. Whoever calls it has checked the right and
// tells audit.Show what it shows. Errors: NotFound.
func CardOf(ctx context.Context, r db.Reader, kr *crypto.Keyring, childID id.ID) (Card, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return Card{}, err
	}
	card := Card{ID: rec.ID, Code: rec.Code, Name: rec.Name, Sex: rec.Sex, BirthOn: rec.BirthOn, Region: rec.Region,
		School: rec.school(), PairedCarer: rec.PairedCarer, Flags: splitFlags(rec.Flags), Sheltered: rec.Sheltered}
	if !rec.Sheltered {
		address, err := rec.openAddress(kr)
		if err != nil {
			return Card{}, err
		}
		card.AddressMasked = maskAddress(address)
	}
	cats, err := categoriesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return Card{}, err
	}
	card.Categories = child.Active(cats[rec.ID], rec.BirthOn, today(r))
	if card.Contacts, err = contactsOf(ctx, r, kr, rec); err != nil {
		return Card{}, err
	}
	card.Household, err = householdOf(ctx, r, rec)
	return card, err
}

// contactsOf gives the people of a child, the actual carer first, then
// guardians, then others.
func contactsOf(ctx context.Context, r db.Reader, kr *crypto.Keyring, of Record) ([]Contact, error) {
	rel, err := relationsOf(ctx, r, []id.ID{of.ID}, today(r))
	if err != nil {
		return nil, err
	}
	key, err := kr.Subject(of.Subject)
	if err != nil {
		return nil, err
	}
	var people []id.ID
	for _, x := range rel[of.ID] {
		people = append(people, x.PersonID)
	}
	recs, err := findMany(ctx, r, people)
	if err != nil {
		return nil, err
	}
	numbers, err := phonesOf(ctx, r, people)
	if err != nil {
		return nil, err
	}
	out := []Contact{}
	for _, x := range rel[of.ID] {
		rec, ok := recs[x.PersonID]
		if !ok {
			continue
		}
		c := Contact{PersonID: rec.ID, Name: rec.Name, Relation: x.Kind, Guardian: x.Guardian, Carer: x.Carer,
			LivesWith: x.LivesWith, MayContact: x.MayContact}
		if c.Whereabouts, err = key.Open(aad("relation.whereabouts", x.ID), x.Whereabouts); err != nil {
			return nil, err
		}
		if list := numbers[rec.ID]; len(list) > 0 {
			p, err := list[0].open(kr, rec.Subject)
			if err != nil {
				return nil, err
			}
			c.PhoneMasked, c.PhoneIndex = p.Mask(), list[0].Index
		}
		out = append(out, c)
	}
	rank := func(c Contact) int {
		switch {
		case c.Carer:
			return 0
		case c.Guardian:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b Contact) int { return rank(a) - rank(b) })
	return out, nil
}

// householdOf gives the others who live with the person.
func householdOf(ctx context.Context, r db.Reader, rec Record) ([]id.ID, error) {
	out := []id.ID{}
	if rec.Household == "" {
		return out, nil
	}
	err := r.List(ctx, &out, "SELECT p.id FROM person p WHERE p.household = ? AND p.id <> ? AND "+shows+" ORDER BY p.birth_on, p.id", rec.Household, rec.ID)
	return out, err
}

// today is the civil day of the read.
func today(r db.Reader) civil.Date { return civil.DateOf(r.At().Time()) }

func joinFlags(flags []string) string {
	sorted := slices.Clone(flags)
	slices.Sort(sorted)
	return strings.Join(slices.Compact(sorted), ",")
}

package person

import (
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
)

// Record is a person as stored; what is sealed is sealed (see seal.go).
type Record struct {
	ID                id.ID        `bun:"id"`
	Subject           string       `bun:"subject"` // the person's wrapped key; empty = erased
	Name              string       `bun:"name"`
	Pinyin            string       `bun:"pinyin"`
	Initials          string       `bun:"initials"`
	Sex               civil.Sex    `bun:"sex"`
	BirthOn           civil.Date   `bun:"birth_on"`
	IDNo              string       `bun:"id_no"` // sealed
	IDIndex           string       `bun:"id_index"`
	IDLast4           string       `bun:"id_last4"`
	NoIDReason        string       `bun:"no_id_reason"` // sealed
	Region            string       `bun:"region"`
	Address           string       `bun:"address"` // sealed
	RegisteredRegion  string       `bun:"registered_region"`
	RegisteredAddress string       `bun:"registered_address"` // sealed
	Household         id.ID        `bun:"household"`
	Child             bool         `bun:"child"`
	Code              string       `bun:"code"`
	School            string       `bun:"school"`
	SchoolID          id.ID        `bun:"school_id"` // empty with a name: which school is meant is asked still
	Grade             string       `bun:"grade"`
	Class             string       `bun:"class"`
	PairedCarer       id.ID        `bun:"paired_carer"`
	Flags             string       `bun:"flags"`     // comma separated keys
	Sheltered         bool         `bun:"sheltered"` // the address is a shelter's: sealed for break-glass
	State             string       `bun:"state"`
	MergedInto        id.ID        `bun:"merged_into"`
	Batch             id.ID        `bun:"batch"` // import that isn't whole yet; empty = shows
	Version           int64        `bun:"version"`
	CreatedAt         clock.Millis `bun:"created_at"`
	CreatedBy         id.ID        `bun:"created_by"`
	UpdatedAt         clock.Millis `bun:"updated_at"`
}

// States of a record.
const (
	stateActive = "active"
	stateMerged = "merged"
	stateErased = "erased"
)

// phoneRow is one telephone number of a person.
type phoneRow struct {
	bun.BaseModel `bun:"table:person_phone"`
	ID            id.ID        `bun:"id"`
	PersonID      id.ID        `bun:"person_id"`
	Number        string       `bun:"number"` // sealed
	Index         string       `bun:"number_index"`
	Last4         string       `bun:"last4"`
	Place         int          `bun:"place"`
	CreatedAt     clock.Millis `bun:"created_at"`
}

// Relation says who a person is to a child.
type Relation string

// The relations; their words stand in the locale files.
const (
	Father              Relation = "father"
	Mother              Relation = "mother"
	PaternalGrandfather Relation = "paternal_grandfather"
	PaternalGrandmother Relation = "paternal_grandmother"
	MaternalGrandfather Relation = "maternal_grandfather"
	MaternalGrandmother Relation = "maternal_grandmother"
	Stepfather          Relation = "stepfather"
	Stepmother          Relation = "stepmother"
	AdoptiveFather      Relation = "adoptive_father"
	AdoptiveMother      Relation = "adoptive_mother"
	Brother             Relation = "brother"
	Sister              Relation = "sister"
	Uncle               Relation = "uncle"
	Aunt                Relation = "aunt"
	Organisation        Relation = "organisation" // a welfare home or a committee as guardian
	OtherRelation       Relation = "other"
)

// relationWords are the words of sheets and officers for each relation.
var relationWords = map[Relation][]string{
	Father:              {"父亲", "父", "爸爸", "爸", "生父", "父子", "父女"},
	Mother:              {"母亲", "母", "妈妈", "妈", "生母", "母子", "母女"},
	PaternalGrandfather: {"祖父", "爷爷", "爷", "祖孙", "公公"},
	PaternalGrandmother: {"祖母", "奶奶", "奶", "婆婆"},
	MaternalGrandfather: {"外祖父", "外公", "姥爷", "家公"},
	MaternalGrandmother: {"外祖母", "外婆", "姥姥", "家婆"},
	Stepfather:          {"继父", "后爸"},
	Stepmother:          {"继母", "后妈"},
	AdoptiveFather:      {"养父"},
	AdoptiveMother:      {"养母"},
	Brother:             {"哥哥", "弟弟", "兄弟", "兄", "弟", "哥"},
	Sister:              {"姐姐", "妹妹", "姐妹", "姐", "妹"},
	Uncle:               {"叔叔", "伯父", "伯伯", "舅舅", "姑父", "姑爷", "姨父", "姨爹", "叔父", "叔", "伯", "舅", "舅父", "幺爸", "大伯"},
	Aunt:                {"姑姑", "姑妈", "姨妈", "阿姨", "舅妈", "舅母", "婶婶", "婶", "伯母", "姑", "姨", "嬢嬢", "孃孃", "姑母", "姨母", "幺妈"},
	Organisation:        {"福利院", "儿童福利院", "机构", "村委会", "居委会", "民政部门"},
}

var relationOf = func() map[string]Relation {
	out := map[string]Relation{}
	for r, words := range relationWords {
		out[string(r)] = r
		for _, w := range words {
			out[w] = r
		}
	}
	return out
}()

// ReadRelation reads a relation as a code or as sheets write it; other for
// what it doesn't know.
func ReadRelation(raw string) Relation {
	if r, ok := relationOf[civil.Squeeze(civil.HalfWidth(raw))]; ok {
		return r
	}
	return OtherRelation
}

func (r Relation) valid() bool { _, ok := relationWords[r]; return ok || r == OtherRelation }

// relationRow is a relation as stored.
type relationRow struct {
	bun.BaseModel `bun:"table:relation"`
	ID            id.ID        `bun:"id"`
	ChildID       id.ID        `bun:"child_id"`
	PersonID      id.ID        `bun:"person_id"`
	Kind          Relation     `bun:"kind"`
	Guardian      bool         `bun:"guardian"`
	Carer         bool         `bun:"carer"`
	LivesWith     bool         `bun:"lives_with"`
	Whereabouts   string       `bun:"whereabouts"`
	MayContact    bool         `bun:"may_contact"`
	Place         int          `bun:"place"`
	BeganOn       civil.Date   `bun:"began_on"`
	EndedOn       civil.Date   `bun:"ended_on"`
	CreatedAt     clock.Millis `bun:"created_at"`
}

// NewChild is what registering a child takes. Texts are as people typed them;
// clean brings them to their normal form.
type NewChild struct {
	Name              string        `json:"name"`
	Sex               string        `json:"sex"` // m, f; may be empty with an ID
	BirthOn           string        `json:"birth_on"`
	IDNo              string        `json:"id_no"`
	NoIDReason        string        `json:"no_id_reason"`
	Region            string        `json:"region"` // where the child lives: village or grid, township at least
	Address           string        `json:"address"`
	RegisteredRegion  string        `json:"registered_region"`
	RegisteredAddress string        `json:"registered_address"`
	Phones            []string      `json:"phones"`
	School            School        `json:"school"`
	PairedCarer       id.ID         `json:"paired_carer"`
	Flags             []string      `json:"flags"`
	Sheltered         bool          `json:"sheltered"`
	Categories        []NewCategory `json:"categories"`
	Guardians         []NewGuardian `json:"guardians"`
	Note              string        `json:"-"` // what a list said besides; kept sealed in the timeline
}

// School is where a child learns. In a form the id is enough, or a name that
// means one school in the child's district (package school).
type School struct {
	ID    id.ID  `json:"id,omitempty"`
	Name  string `json:"name"`
	Grade string `json:"grade"`
	Class string `json:"class"`
}

// NewCategory begins a category.
type NewCategory struct {
	Kind    child.Kind `json:"kind"`
	BeganOn civil.Date `json:"began_on"` // today if empty
}

// NewGuardian adds or changes who cares for a child.
type NewGuardian struct {
	PersonID    id.ID    `json:"id"` // of a person known already
	Name        string   `json:"name"`
	Relation    Relation `json:"relation"`
	IDNo        string   `json:"id_no"`
	Phones      []string `json:"phones"`
	Guardian    bool     `json:"is_guardian"`
	Carer       bool     `json:"is_carer"`
	LivesWith   bool     `json:"lives_with"`
	Whereabouts string   `json:"whereabouts"`
	NoContact   bool     `json:"no_contact"` // must not be called
}

// flagKeys are what a child's record may warn of; their words stand in the
// locale files.
var flagKeys = []string{"self_harm", "abuse", "runaway", "medical", "disability", "no_speech", "sheltered", "no_home_visit"}

// clean is a NewChild in normal form.
type clean struct {
	NewChild
	sex    civil.Sex
	birth  civil.Date
	idNo   civil.ResidentID
	phones []civil.Phone
}

// maxText bounds free text of a form, in bytes.
const maxText = 2000

// clean checks the input and brings it to normal form. Errors are Invalid and
// name every wrong field.
func (n NewChild) clean(today civil.Date) (clean, error) {
	c := clean{NewChild: n}
	var bad []errs.Field
	fail := func(field, key string) { bad = append(bad, errs.Field{Name: field, Key: key}) }
	c.Name = civil.NormalizeName(n.Name)
	switch {
	case c.Name == "":
		fail("name", "person.name_missing")
	case len(c.Name) > 120:
		fail("name", "person.name_long")
	}
	c.sex, c.birth = cleanSex(n.Sex), civil.Date(n.BirthOn)
	if n.BirthOn != "" && !c.birth.Valid() {
		fail("birth_on", "person.birth_wrong")
	}
	switch idNo, err := civil.ParseID(n.IDNo); {
	case err == nil:
		c.idNo = idNo
		if c.birth != "" && c.birth != idNo.Birth() {
			fail("birth_on", "person.birth_differs_from_id")
		}
		if c.sex != "" && c.sex != idNo.Sex() {
			fail("sex", "person.sex_differs_from_id")
		}
		c.birth, c.sex, c.NoIDReason = idNo.Birth(), idNo.Sex(), ""
	case err == civil.IDMissing:
		if c.NoIDReason = civil.TrimBlank(n.NoIDReason); c.NoIDReason == "" {
			fail("no_id_reason", "person.no_id_reason_missing")
		}
		if c.birth == "" {
			fail("birth_on", "person.birth_missing")
		}
	default:
		fail("id_no", "person."+strings.TrimPrefix(err.Error(), "civil: "))
	}
	if c.birth.Valid() && c.birth > today {
		fail("birth_on", "person.birth_in_future")
	}
	if region.Code(n.Region).Level() < region.LevelTownship {
		fail("region", "person.region_missing")
	}
	if n.RegisteredRegion != "" && region.Code(n.RegisteredRegion).Level() == region.LevelNone {
		fail("registered_region", "person.region_wrong")
	}
	var ok bool
	if c.phones, ok = cleanPhones(n.Phones); !ok {
		fail("phones", "person.phone_wrong")
	}
	for _, s := range []struct{ field, text string }{{"address", n.Address}, {"registered_address", n.RegisteredAddress},
		{"school", n.School.Name + n.School.Grade + n.School.Class}, {"no_id_reason", n.NoIDReason}, {"note", n.Note}} {
		if len(s.text) > maxText {
			fail(s.field, "person.text_long")
		}
	}
	if !knownFlags(n.Flags) {
		fail("flags", "person.flag_unknown")
	}
	for i, k := range c.Categories {
		if !k.Kind.Valid() || (k.BeganOn != "" && !k.BeganOn.Valid()) {
			fail("categories", "person.category_wrong")
		}
		if k.BeganOn == "" {
			c.Categories = slices.Clone(c.Categories)
			c.Categories[i].BeganOn = today
		}
	}
	for _, g := range c.Guardians {
		if f := g.fault(); f != "" {
			fail("guardians", f)
		}
	}
	return c, errs.InvalidFields(bad)
}

// fault tells what is wrong with a guardian, empty for nothing.
func (g NewGuardian) fault() string {
	if g.PersonID == "" && civil.NormalizeName(g.Name) == "" {
		return "person.guardian_name_missing"
	}
	if len(g.Name) > 120 || len(g.Whereabouts) > maxText {
		return "person.text_long"
	}
	if !g.Relation.valid() {
		return "person.relation_wrong"
	}
	if g.IDNo != "" {
		if _, err := civil.ParseID(g.IDNo); err != nil {
			return "person.guardian_id_wrong"
		}
	}
	if _, ok := cleanPhones(g.Phones); !ok {
		return "person.guardian_phone_wrong"
	}
	return ""
}

// cleanSex reads m, f, and what civil reads.
func cleanSex(raw string) civil.Sex {
	s, _ := civil.ParseSex(raw)
	if raw == "f" {
		return civil.Female
	}
	return s
}

// sexLetter is the form of the API.
func sexLetter(s civil.Sex) string {
	switch s {
	case civil.Male:
		return "m"
	case civil.Female:
		return "f"
	}
	return ""
}

func cleanPhones(raw []string) ([]civil.Phone, bool) {
	var out []civil.Phone
	for _, r := range raw {
		if civil.Squeeze(r) == "" {
			continue
		}
		p, ok := civil.ParsePhone(r)
		if !ok {
			return nil, false
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, len(out) <= 8
}

func knownFlags(flags []string) bool {
	return !slices.ContainsFunc(flags, func(f string) bool { return !slices.Contains(flagKeys, f) })
}

func splitFlags(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

package staff

import (
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Kind tells the two sorts of account apart: one person may have both on one
// phone, since nobody works with a citizen's account (access.Compatible).
type Kind string

// The kinds.
const (
	KindStaff   Kind = "staff"
	KindCitizen Kind = "citizen"
)

// State is where an account stands; see the package's diagram.
type State string

// The states.
const (
	Waiting State = "waiting"
	Active  State = "active"
	Locked  State = "locked"
	Left    State = "left"
)

// Departments lists the departments of staff.
func Departments() []access.Department {
	return []access.Department{access.CivilAffairs, access.Police, access.Education, access.Health, access.Women, access.Township, access.City}
}

// accountRow is an account as stored.
type accountRow struct {
	ID          id.ID             `bun:"id"`
	Kind        Kind              `bun:"kind"`
	Account     string            `bun:"account"`
	Name        string            `bun:"name"`
	Phone       string            `bun:"phone"`
	PhoneMasked string            `bun:"phone_masked"`
	State       State             `bun:"state"`
	Department  access.Department `bun:"department"`
	Region      string            `bun:"region"`
	WantedRole  access.Role       `bun:"wanted_role"`
	Note        string            `bun:"note"`
	Password    string            `bun:"password"`
	PasswordAt  clock.Millis      `bun:"password_at"`
	MustChange  bool              `bun:"must_change"`
	Factor      string            `bun:"factor"`
	CreatedBy   string            `bun:"created_by"`
	LastSeenAt  clock.Millis      `bun:"last_seen_at"`
	Pinyin      string            `bun:"pinyin"`
}

// Account is an account as shown.
type Account struct {
	ID           id.ID             `json:"id"`
	Account      string            `json:"account"`
	Name         string            `json:"name"`
	PhoneMasked  string            `json:"phone_masked"`
	State        State             `json:"state"`
	Kind         Kind              `json:"kind"`
	Department   access.Department `json:"department"`
	Region       string            `json:"region"`
	RegionName   string            `json:"region_name"`
	WantedRole   access.Role       `json:"wanted_role,omitempty"`
	Reason       string            `json:"reason,omitempty"` // why it was asked for; shown on its own page only
	Grants       []GrantBrief      `json:"grants"`
	LastSeenAt   clock.Millis      `json:"last_seen_at"`
	SecondFactor bool              `json:"second_factor"`
}

// GrantBrief is a right in force, as shown beside its holder.
type GrantBrief struct {
	ID         id.ID             `json:"id,omitempty"`
	Role       access.Role       `json:"role"`
	Region     string            `json:"region"`
	RegionName string            `json:"region_name"`
	Department access.Department `json:"department"`
}

func (r accountRow) shown(areas *region.Table) Account {
	return Account{ID: r.ID, Account: r.Account, Name: r.Name, PhoneMasked: r.PhoneMasked, State: r.State, Kind: r.Kind, Department: r.Department,
		Region: r.Region, RegionName: areas.Label(codeOf(r.Region)), WantedRole: r.WantedRole, Grants: []GrantBrief{},
		LastSeenAt: r.LastSeenAt, SecondFactor: r.Factor != ""}
}

func codeOf(s string) region.Code { return region.Code(s) }

// Lengths of what people type, in characters.
const (
	accountLeast, accountMost = 3, 32
	nameMost                  = 40
	reasonMost                = 500
)

// normalAccount gives the form a sign-in name is stored in: lower case, a
// letter first, so that it is never taken for a phone.
func normalAccount(raw string) (string, bool) {
	s := strings.ToLower(strings.TrimSpace(civil.HalfWidth(raw)))
	if len(s) < accountLeast || len(s) > accountMost || s[0] < 'a' || s[0] > 'z' {
		return s, false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' {
			return s, false
		}
	}
	return s, true
}

// form collects what is wrong with a request, field by field.
type form struct{ fields []errs.Field }

func (f *form) bad(field, key string) { f.fields = append(f.fields, errs.Field{Name: field, Key: key}) }

func (f *form) err() error { return errs.InvalidFields(f.fields) }

func (f *form) account(raw string) string {
	s, ok := normalAccount(raw)
	if !ok {
		f.bad("account", "account.form")
	}
	return s
}

func (f *form) name(raw string) string {
	s := civil.NormalizeName(raw)
	switch {
	case s == "":
		f.bad("name", "required")
	case utf8.RuneCountInString(s) > nameMost || !utf8.ValidString(s):
		f.bad("name", "too_long")
	}
	return s
}

// phone reads a number that a text message can reach.
func (f *form) phone(raw string) civil.Phone {
	p, ok := civil.ParsePhone(raw)
	if !ok || !p.Mobile() {
		f.bad("phone", "phone.form")
	}
	return p
}

func (f *form) reason(field, raw string, must bool) string {
	s := strings.TrimSpace(raw)
	switch {
	case s == "" && must:
		f.bad(field, "required")
	case utf8.RuneCountInString(s) > reasonMost || !utf8.ValidString(s):
		f.bad(field, "too_long")
	}
	return s
}

func (f *form) department(d access.Department) {
	for _, known := range Departments() {
		if d == known {
			return
		}
	}
	f.bad("department", "department.unknown")
}

func (f *form) region(areas *region.Table, code string) {
	if _, ok := areas.Get(region.Code(code)); !ok {
		f.bad("region", "region.unknown")
	}
}

// roleLevels says at which levels a role is given: a right must not be wider
// than the work (least privilege, GB/T 22239-2019 8.1.4.2).
var roleLevels = map[access.Role][2]region.Level{ // widest, narrowest
	access.SeatOperator:    {region.LevelDistrict, region.LevelDistrict},
	access.SeatLeader:      {region.LevelDistrict, region.LevelDistrict},
	access.TownshipOfficer: {region.LevelTownship, region.LevelTownship},
	access.VillageDirector: {region.LevelVillage, region.LevelVillage},
	access.GridWorker:      {region.LevelVillage, region.LevelGrid},
	access.PoliceLiaison:   {region.LevelDistrict, region.LevelVillage},
	access.Counsellor:      {region.LevelDistrict, region.LevelVillage},
	access.BureauSection:   {region.LevelDistrict, region.LevelDistrict},
	access.BureauHead:      {region.LevelDistrict, region.LevelDistrict},
	access.CityCentre:      {region.LevelCity, region.LevelDistrict},
	access.SystemAdmin:     {region.LevelCity, region.LevelTownship},
	access.SecurityAdmin:   {region.LevelCity, region.LevelTownship},
	access.Auditor:         {region.LevelCity, region.LevelTownship},
	access.Teacher:         {region.LevelTownship, region.LevelVillage},
	access.Clinician:       {region.LevelDistrict, region.LevelTownship},
	access.SocialWorker:    {region.LevelDistrict, region.LevelVillage},
	access.Supervisor:      {region.LevelDistrict, region.LevelTownship},
	access.Volunteer:       {region.LevelTownship, region.LevelGrid},
}

// role checks that the role is one that staff are given, at that level. Grid
// workers of a village without grids are given the village.
func (f *form) role(r access.Role, code string) {
	levels, ok := roleLevels[r]
	if !ok {
		f.bad("role", "role.unknown")
		return
	}
	if l := region.Code(code).Level(); l < levels[0] || l > levels[1] {
		f.bad("region", "role.level")
	}
}

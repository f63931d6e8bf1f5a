package person

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
)

// Difference is one thing that a list says otherwise than the register. Was
// and Now are masked as on the child's page; categories and relations are
// codes, areas are names.
type Difference struct {
	Field string `json:"field"` // address, registered_address, region, school, phones, categories, guardians
	Was   string `json:"was"`
	Now   string `json:"now"`
}

// Proposal is a change that a list proposes to a record, until an officer
// decides. Sealed is its content under the child's own key.
type Proposal struct {
	Fields []string
	Sealed string
	Region string // where the child lives
}

const aadProposal = "intake_follow.detail"

// Propose compares a row of a list with the child's record. What the record
// has and the list lacks is no difference; a list from another township than
// the child's proposes nothing (see Claimed). ok is false if there is nothing
// to propose.
func (s *Service) Propose(ctx context.Context, r db.Reader, childID id.ID, n NewChild) (p Proposal, ok bool, err error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return Proposal{}, false, err
	}
	c, fields, err := s.differs(ctx, r, rec, n)
	if err != nil || len(fields) == 0 {
		return Proposal{}, false, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return Proposal{}, false, err
	}
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return Proposal{}, false, err
	}
	return Proposal{Fields: fields, Sealed: key.Seal(aadProposal, string(text)), Region: rec.Region}, true, nil
}

func (s *Service) differs(ctx context.Context, r db.Reader, rec Record, n NewChild) (Change, []string, error) {
	was, err := open(s.keys, rec)
	if err != nil {
		return Change{}, nil, err
	}
	var c Change
	var fields []string
	put := func(name string, differs bool, do func()) {
		if differs {
			fields = append(fields, name)
			do()
		}
	}
	other := func(now, was string) bool { return now != "" && civil.Squeeze(now) != civil.Squeeze(was) }
	put("address", other(n.Address, was.address) && !rec.Sheltered, func() { c.Address = &n.Address })
	put("registered_address", other(n.RegisteredAddress, was.registered), func() { c.RegisteredAddress = &n.RegisteredAddress })
	put("region", len(n.Region) >= 12 && n.Region != rec.Region && !strings.HasPrefix(rec.Region, n.Region) && !rec.Sheltered, func() { c.Region = &n.Region })
	school := rec.school()
	elsewhere, err := otherSchool(ctx, r, rec, n.School.Name)
	if err != nil {
		return Change{}, nil, err
	}
	put("school", elsewhere || n.School.Name != "" && (other(n.School.Grade, rec.Grade) || other(n.School.Class, rec.Class)), func() {
		if elsewhere { // else its own name, not an earlier one of the list
			school.ID, school.Name = "", n.School.Name
		}
		if n.School.Grade != "" {
			school.Grade, school.Class = n.School.Grade, n.School.Class
		}
		c.School = &school
	})
	if err := s.differsPhones(ctx, r, rec, n, &c, &fields); err != nil {
		return Change{}, nil, err
	}
	cats, err := categoriesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return Change{}, nil, err
	}
	active := child.Active(cats[rec.ID], rec.BirthOn, today(r))
	for _, k := range n.Categories {
		// 困境 without its kind says nothing new of a child who is in one by kind.
		if slices.Contains(active, k.Kind) || k.Kind == child.Hardship && slices.ContainsFunc(active, func(a child.Kind) bool { return strings.HasPrefix(string(a), "hardship") }) {
			continue
		}
		c.BeginCategories = append(c.BeginCategories, k)
	}
	put("categories", len(c.BeginCategories) > 0, func() {})
	return c, fields, s.differsGuardians(ctx, r, rec, n, &c, &fields)
}

func (s *Service) differsPhones(ctx context.Context, r db.Reader, rec Record, n NewChild, c *Change, fields *[]string) error {
	have, err := s.numbers(ctx, r, rec)
	if err != nil {
		return err
	}
	said, _ := cleanPhones(n.Phones)
	all := slices.Clone(have)
	for _, p := range said {
		if !slices.Contains(all, string(p)) {
			all = append(all, string(p))
		}
	}
	if len(all) > len(have) && len(all) <= 8 {
		c.Phones = &all
		*fields = append(*fields, "phones")
	}
	return nil
}

func (s *Service) numbers(ctx context.Context, r db.Reader, rec Record) ([]string, error) {
	rows, err := phonesOf(ctx, r, []id.ID{rec.ID})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, row := range rows[rec.ID] {
		p, err := row.open(s.keys, rec.Subject)
		if err != nil {
			return nil, err
		}
		out = append(out, string(p))
	}
	return out, nil
}

// differsGuardians proposes people who are not among the child's, and new
// numbers of those who are.
func (s *Service) differsGuardians(ctx context.Context, r db.Reader, rec Record, n NewChild, c *Change, fields *[]string) error {
	contacts, err := contactsOf(ctx, r, s.keys, rec)
	if err != nil {
		return err
	}
	for _, g := range n.Guardians {
		i := slices.IndexFunc(contacts, func(x Contact) bool { return x.Name == civil.NormalizeName(g.Name) })
		if i < 0 {
			c.Guardians = append(c.Guardians, g)
			continue
		}
		x := contacts[i]
		owner, err := find(ctx, r, x.PersonID)
		if err != nil {
			return err
		}
		have, err := s.numbers(ctx, r, owner)
		if err != nil {
			return err
		}
		said, _ := cleanPhones(g.Phones)
		all := slices.Clone(have)
		for _, p := range said {
			if !slices.Contains(all, string(p)) {
				all = append(all, string(p))
			}
		}
		if len(all) > len(have) && len(all) <= 8 {
			c.Guardians = append(c.Guardians, NewGuardian{PersonID: x.PersonID, Name: x.Name, Relation: x.Relation, Phones: all,
				Guardian: x.Guardian, Carer: x.Carer, LivesWith: x.LivesWith, Whereabouts: x.Whereabouts, NoContact: !x.MayContact})
		}
	}
	if len(c.Guardians) > 0 {
		*fields = append(*fields, "guardians")
	}
	return nil
}

func (s *Service) proposed(rec Record, sealed string) (Change, error) {
	var c Change
	key, err := s.keys.Subject(rec.Subject)
	if err != nil {
		return c, err
	}
	text, err := key.Open(aadProposal, sealed)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, errs.Internal(err)
	}
	return c, nil
}

// Differences shows a proposal against the record as it is now. Whoever calls
// it has checked the right and tells audit.Show.
func (s *Service) Differences(ctx context.Context, r db.Reader, childID id.ID, sealed string) ([]Difference, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return nil, err
	}
	c, err := s.proposed(rec, sealed)
	if err != nil {
		return nil, err
	}
	was, err := open(s.keys, rec)
	if err != nil {
		return nil, err
	}
	areas, err := s.atlas.Table(ctx, r)
	if err != nil {
		return nil, err
	}
	out := []Difference{}
	add := func(field, was, now string) { out = append(out, Difference{field, was, now}) }
	if c.Region != nil {
		add("region", areas.Label(region.Code(rec.Region)), areas.Label(region.Code(*c.Region)))
	}
	if c.Address != nil {
		add("address", maskAddress(was.address), maskAddress(*c.Address))
	}
	if c.RegisteredAddress != nil {
		add("registered_address", maskAddress(was.registered), maskAddress(*c.RegisteredAddress))
	}
	if c.School != nil {
		add("school", strings.TrimSpace(rec.School+" "+rec.Grade+" "+rec.Class), strings.TrimSpace(c.School.Name+" "+c.School.Grade+" "+c.School.Class))
	}
	if c.Phones != nil {
		have, err := s.numbers(ctx, r, rec)
		if err != nil {
			return nil, err
		}
		add("phones", masked(have), masked(*c.Phones))
	}
	for _, k := range c.BeginCategories {
		add("categories", "", string(k.Kind))
	}
	for _, g := range c.Guardians {
		was := ""
		if g.PersonID != "" {
			was = g.Name
		}
		add("guardians", was, strings.TrimSpace(g.Name+" "+string(g.Relation)+" "+masked(g.Phones)))
	}
	return out, nil
}

func masked(phones []string) string {
	var out []string
	for _, p := range phones {
		out = append(out, civil.Phone(p).Mask())
	}
	return strings.Join(out, " ")
}

// Accept writes a proposed change onto the record as part of the change.
// Errors: NotFound, Forbidden, Invalid, Conflict.
func (s *Service) Accept(ctx context.Context, tx *db.Tx, childID id.ID, sealed, reason string) error {
	rec, _, err := s.check(ctx, tx, childID, "child.write")
	if err != nil {
		return err
	}
	c, err := s.proposed(rec, sealed)
	if err != nil {
		return err
	}
	if c.Region != nil {
		c.MoveReason = reason
	}
	_, err = s.apply(ctx, tx, rec, c)
	return err
}

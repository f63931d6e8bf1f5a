package intake

import (
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
	"zugou/internal/people/roster"
)

// mostNote bounds the remark that goes into the timeline, in bytes.
const mostNote = 1500

// childOf makes of a row what the register takes. home is where a child
// without a recognised area is put: the district, until somebody completes it.
func childOf(p roster.Person, home string) person.NewChild {
	n := person.NewChild{Name: p.Name, IDNo: string(p.ID), Region: string(p.Area), Address: p.Address, RegisteredRegion: string(p.RegArea),
		RegisteredAddress: p.RegAddress, School: person.School{Name: p.School, Grade: p.Grade, Class: p.Class}}
	if n.Region == "" {
		n.Region = home
	}
	if p.ID == "" {
		n.NoIDReason, n.BirthOn, n.Sex = p.NoIDReason, string(p.Birth), letter(p.Sex)
	}
	for _, phone := range p.Phones[:min(len(p.Phones), 8)] {
		n.Phones = append(n.Phones, string(phone))
	}
	for _, c := range p.Categories {
		n.Categories = append(n.Categories, person.NewCategory{Kind: child.Kind(c)})
		if c == roster.Disability {
			n.Flags = append(n.Flags, "disability")
		}
	}
	n.Guardians = guardiansOf(p.Contacts)
	n.Note = noteOf(p)
	return n
}

// letter is how the register's form writes a sex.
func letter(s civil.Sex) string {
	switch s {
	case civil.Male:
		return "m"
	case civil.Female:
		return "f"
	}
	return ""
}

// dead are words of a list for somebody who can't be called any more.
var dead = []string{"去世", "死亡", "已故", "病故", "亡故"}

// guardiansOf gives the people around the child, each once: a father who is
// also the guardian is one person.
func guardiansOf(contacts []roster.Contact) []person.NewGuardian {
	var out []person.NewGuardian
	for _, c := range contacts {
		g := person.NewGuardian{Name: civil.NormalizeName(c.Name), IDNo: string(c.ID), Whereabouts: c.Whereabouts, Relation: person.ReadRelation(c.Relation)}
		for _, p := range c.Phones[:min(len(c.Phones), 8)] {
			g.Phones = append(g.Phones, string(p))
		}
		switch c.Role {
		case roster.Guardian:
			g.Guardian = true
		case roster.Carer:
			g.Carer, g.LivesWith = true, true
		case roster.Father:
			g.Relation = person.Father
		case roster.Mother:
			g.Relation = person.Mother
		case roster.Householder:
			if g.Name == "" {
				continue
			}
		default: // staff and helpers are accounts, not relatives: see noteOf
			continue
		}
		if slices.ContainsFunc(dead, func(w string) bool { return strings.Contains(c.Status, w) }) {
			g.NoContact = true
		}
		if g.Whereabouts == "" {
			g.Whereabouts = c.Status
		}
		if len(g.Whereabouts) > 300 {
			g.Whereabouts = cut(g.Whereabouts, 300)
		}
		if g.Name == "" {
			if len(g.Phones) == 0 {
				continue
			}
			if g.Name = c.Relation; g.Name == "" {
				g.Name = c.Role.Label()
			}
		}
		if i := slices.IndexFunc(out, func(o person.NewGuardian) bool {
			return o.Name == g.Name && (o.IDNo == "" || g.IDNo == "" || o.IDNo == g.IDNo)
		}); i >= 0 {
			out[i] = oneOf(out[i], g)
			continue
		}
		out = append(out, g)
	}
	return out
}

// oneOf joins what two columns say of one person.
func oneOf(a, b person.NewGuardian) person.NewGuardian {
	a.Guardian, a.Carer, a.LivesWith = a.Guardian || b.Guardian, a.Carer || b.Carer, a.LivesWith || b.LivesWith
	a.NoContact = a.NoContact || b.NoContact
	if a.Relation == person.OtherRelation {
		a.Relation = b.Relation
	}
	if a.IDNo == "" {
		a.IDNo = b.IDNo
	}
	if a.Whereabouts == "" {
		a.Whereabouts = b.Whereabouts
	}
	for _, p := range b.Phones {
		if !slices.Contains(a.Phones, p) && len(a.Phones) < 8 {
			a.Phones = append(a.Phones, p)
		}
	}
	return a
}

// noteOf keeps what the register has no field for: remarks, helpers, columns
// that were not recognised.
func noteOf(p roster.Person) string {
	var parts []string
	add := func(label, text string) {
		if text = strings.TrimSpace(text); text != "" {
			parts = append(parts, label+"："+text)
		}
	}
	add(roster.Remark.Label(), p.Remark)
	if p.CategoryText != "" && len(p.Categories) == 0 {
		add(roster.Category.Label(), p.CategoryText)
	}
	add(roster.StudentNo.Label(), p.StudentNo)
	add(roster.Ethnicity.Label(), p.Ethnicity)
	add(roster.BenefitSince.Label(), p.BenefitSince)
	add(roster.BenefitFen.Label(), p.BenefitAmount)
	for _, c := range p.Contacts {
		switch c.Role {
		case roster.Paired, roster.Director, roster.Teacher, roster.Receiver:
			text := c.Name
			for _, n := range c.Phones {
				text += " " + string(n)
			}
			add(c.Role.Label(), text)
		}
	}
	for _, e := range p.Extra {
		add(e.Heading, e.Value)
	}
	return cut(strings.Join(parts, "；"), mostNote)
}

// cut shortens a text to at most n bytes at a character's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

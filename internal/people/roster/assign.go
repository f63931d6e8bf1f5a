package roster

import (
	"strings"
)

// assign gives every column its field, from the left: by its own words, by the
// group above it, by whom the columns before it are about, and last by the
// closest heading known.
func (l *layout) assign(t *table) {
	t.at = map[Field][]int{}
	var whose Role // of the columns just before, "" for the child
	var guessed, vague []int
	taken := func(f Field) bool { return len(t.at[f]) > 0 }
	give := func(c *column, f Field) {
		c.field = f
		t.at[f] = append(t.at[f], c.index)
	}
	// What is corrected by hand stands alone in its field, and 儿童姓名 makes of a
	// plain 姓名 in the same list somebody else's.
	means, corrected, explicit := make([]meaning, len(t.columns)), map[Field]bool{}, false
	for i := range t.columns {
		c := &t.columns[i]
		if f, ok := l.fixedColumn(c); ok {
			corrected[f] = true
			give(c, f)
			continue
		}
		means[i] = l.columnMeaning(c.path)
		explicit = explicit || (means[i].field == Name && means[i].child)
	}
	for i := range t.columns {
		c, m := &t.columns[i], means[i]
		if c.field != "" {
			c.role, c.attr = c.field.person()
			whose = c.role
			continue
		}
		if explicit && m.anyName && m.role == "" {
			m = meaning{role: Guardian, attr: attrName}
		}
		if corrected[m.field] || (m.role != "" && corrected[m.role.field(m.attr)]) || (m.attr == attrName && m.role == "" && corrected[Name]) ||
			(m.attr == attrID && m.role == "" && corrected[ID]) {
			continue
		}
		switch {
		case m.vague:
			vague = append(vague, i)
			whose = ""
		case m.staff:
			whose = ""
		case m.field != "":
			if m.field == Name || m.field == ID || m.field == Sex || m.field == BirthDate {
				whose = ""
			}
			give(c, m.field)
		case m.attr == "" || m.attr == attrOther:
			if m.role != "" {
				whose = m.role
			}
		case m.role != "":
			whose = m.role
			c.role, c.attr = m.role, m.attr
			give(c, m.role.field(m.attr))
		case m.attr == attrName:
			whose = ""
			if taken(Name) {
				continue
			}
			give(c, Name)
		case m.attr == attrID:
			switch {
			case whose != "" && taken(whose.field(attrName)) && !taken(whose.field(attrID)):
				guessed = append(guessed, i)
				c.role, c.attr = whose, attrID
				give(c, whose.field(attrID))
			case !taken(ID):
				give(c, ID)
			}
		default: // phone, relation, whereabouts: of the one just named, or the guardian
			r := whose
			if r == "" {
				r = Guardian
			}
			c.role, c.attr = r, m.attr
			give(c, r.field(m.attr))
		}
	}
	for _, i := range vague { // 残疾人姓名, where no other name is
		c := &t.columns[i]
		f := Name
		if means[i].attr == attrID {
			f = ID
		}
		if !taken(f) {
			give(c, f)
		}
	}
	l.repair(t, guessed)
}

// repair mends what only the whole shows: an ID given to the guardian though
// the child has none; in a list of devices, the name of the one who signed
// where no other is given.
func (l *layout) repair(t *table, guessed []int) {
	if !t.has(ID) && len(guessed) == 1 {
		c := &t.columns[guessed[0]]
		delete(t.at, c.field)
		c.field, c.role, c.attr = ID, "", ""
		t.at[ID] = []int{c.index}
	}
	if l.kind == Devices && !t.has(Name) {
		for _, r := range []Role{Receiver, Guardian} {
			from := r.field(attrName)
			if !t.has(from) {
				continue
			}
			for i := range t.columns {
				if t.columns[i].field == from && !strings.Contains(t.columns[i].heading, "签") {
					t.columns[i].field, t.columns[i].role, t.columns[i].attr = Name, "", ""
					t.at[Name] = append(t.at[Name], t.columns[i].index)
				}
			}
			if t.has(Name) {
				delete(t.at, from)
				break
			}
		}
	}
}

// fixedColumn gives the correction for a column: its heading alone, with its
// groups (监护人信息/姓名), or its letter.
func (l *layout) fixedColumn(c *column) (Field, bool) {
	if len(l.fixed) == 0 {
		return "", false
	}
	for _, key := range []string{correctionKey(strings.Join(c.path, "")), correctionKey(c.heading), columnLetter(c.index)} {
		if f, ok := l.fixed[key]; ok {
			return f, true
		}
	}
	return "", false
}

// columnLetter names a column as spreadsheets do: A, B … Z, AA.
func columnLetter(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// columnMeaning reads a heading together with the groups above it.
func (l *layout) columnMeaning(path []string) meaning {
	leaf := path[len(path)-1]
	m := l.meaning(leaf)
	if !m.known() || m.attr == attrOther {
		if f := fuzzyHeading(leaf, l.kind); f.known() {
			m = f
		}
	}
	for i := len(path) - 2; i >= 0; i-- {
		m = l.within(path[i], leaf, m)
	}
	return m
}

// within reads a heading under a group.
func (l *layout) within(group, leaf string, m meaning) meaning {
	text, _, _ := cleanHeading(group)
	if registered := strings.Contains(text, "户籍") || strings.Contains(text, "户口"); registered {
		switch m.field {
		case Township, Village, Group, Address:
			m.field = registeredPart(m.field)
		case "":
			if h, _, _ := cleanHeading(leaf); h == "详细" || h == "区县" {
				m.field = Registered
			}
		}
		return m
	}
	who, _, ok := findSubject(text)
	switch {
	case !ok || who.child:
		if !m.known() {
			// 学校 over 名称, 设备 over 编号: only together they say something.
			head := strings.NewReplacer("基本", "", "信息", "", "情况", "", "资料", "").Replace(group)
			if both := l.meaning(head + leaf); both.known() && both.attr != attrOther {
				return both
			}
		}
		if ok && who.child && m.role == "" {
			switch m.attr {
			case attrName:
				return meaning{field: Name, child: true}
			case attrID:
				return meaning{field: ID, child: true}
			case attrPhone:
				return meaning{field: Phone, child: true}
			}
		}
		return m
	case who.staff:
		return meaning{staff: true}
	case m.role != "" || m.staff || m.child:
		return m
	case m.attr != "":
		m.role, m.anyName = who.role, false
		return m
	case m.field != "":
		return personalField(m, who.role)
	}
	h, _, _ := cleanHeading(leaf)
	return meaning{role: who.role, attr: personAttr(h)}
}

// personalField reads a heading that speaks of the child where it stands alone,
// and of somebody else under the group of a person.
func personalField(m meaning, r Role) meaning {
	switch m.field {
	case Address, Registered:
		return meaning{role: r, attr: attrWhereabouts}
	case Sex, BirthDate, Ethnicity, IDType, Category, Remark, Township, Village, Group, RegTownship, RegVillage, RegGroup:
		return meaning{role: r, attr: attrOther}
	}
	return m
}

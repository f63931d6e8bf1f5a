package roster

import (
	"regexp"
	"strconv"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// addRow reads a data row into a record.
func (r *reader) addRow(s *sheet.Sheet, t *table, tableIndex int, row, above sheet.Row, now scope) {
	get := func(f Field) string {
		for _, c := range t.at[f] {
			v := text(row.At(c))
			if ditto(v) {
				v = text(above.At(c))
			}
			if !nothing(v) {
				return v
			}
		}
		return ""
	}
	p := Person{
		Name: readName(get(Name)), IDType: get(IDType), Ethnicity: get(Ethnicity), StudentNo: get(StudentNo),
		Grid: get(Grid), Address: get(Address), School: get(School), Grade: get(Grade), Class: get(Class),
		CategoryText: get(Category), BenefitSince: get(BenefitSince), BenefitAmount: get(BenefitFen), BankAccount: get(BankAccount),
		Remark: get(Remark),
	}
	f := facts{}
	id := first(row, t.at[ID])
	f.idText, f.idKind, f.idLossy = text(id), id.Kind, id.Lossy
	f.sexSaid, _ = civil.ParseSex(get(Sex))
	p.Sex = f.sexSaid
	if said, ok := civil.ReadDate(dateSerial(get(BirthDate))); ok {
		p.BirthSaid = said
		p.Birth, _ = said.Date()
	}
	if p.Grade != "" && p.Class == "" {
		p.Grade, p.Class = splitGrade(p.Grade)
	}
	var notes []string
	phones, leftover := civil.ReadPhones(get(Phone))
	p.Phones = phones
	if leftover {
		notes = append(notes, NotePhone)
	}
	if f.sexSaid == "" && get(Sex) != "" {
		p.Extra = append(p.Extra, Extra{Sex.Label(), get(Sex)})
	}
	r.areas(&p, &f, get, now)
	p.Categories = readCategories(p.CategoryText)
	if len(p.Categories) == 0 {
		p.Categories = now.categories
	}
	contactNotes := r.contacts(&p, t, row)
	notes = append(notes, contactNotes...)
	for _, c := range t.columns {
		if v := text(row.At(c.index)); c.field == "" && v != "" && !nothing(v) {
			p.Extra = append(p.Extra, Extra{strings.Join(c.path, "/"), v})
		}
	}
	p.NoIDReason = noIDReason(t, row, get, f.idText, p)
	out := Row{Sheet: s.Name, Number: row.Number, Name: p.Name, Person: p, Notes: notes, table: tableIndex}
	if r.o.Kind == Devices {
		out.Device = readDevice(get)
		f.numbered = t.has(DeviceNo, IMEI)
	}
	for i := range row.Cells {
		out.Cells = append(out.Cells, row.Cells[i].Text)
	}
	r.result.Rows = append(r.result.Rows, out)
	r.facts = append(r.facts, f)
}

// ditto reports the marks for "as above".
func ditto(v string) bool {
	switch v {
	case "同上", "〃", "″", "''", "\"", "”", "同前", "同上行", "〞":
		return true
	}
	return false
}

var nameTail = regexp.MustCompile(`[（(\[【][^（(\[【]*[）)\]】]$`)

// readName gives the name without remarks in brackets behind it (王强（孤儿）).
func readName(s string) string {
	n := civil.NormalizeName(s)
	if cut := nameTail.ReplaceAllString(n, ""); cut != "" {
		n = civil.NormalizeName(cut)
	}
	return n
}

// dateSerial turns the number of a day, as a spreadsheet without date format
// shows it, into a date: 42067 is 2015-03-04.
func dateSerial(s string) string {
	if len(s) != 5 || strings.Trim(s, "0123456789") != "" {
		return s
	}
	n, _ := civil.Numeral(s)
	return string(civil.Date("1899-12-30").AddDays(n))
}

var gradeClass = regexp.MustCompile(`^(.*(?:年级|小班|中班|大班|学前班|初[一二三]|高[一二三]|[一二三四五六七八九]年|级))[（(]?([0-9一二三四五六七八九十]+)[）)]?班?$`)

// splitGrade divides 三年级2班; what it does not know stays whole.
func splitGrade(s string) (grade, class string) {
	q := civil.Squeeze(civil.HalfWidth(s))
	if m := gradeClass.FindStringSubmatch(q); m != nil && m[2] != "" {
		return m[1], m[2] + "班"
	}
	return s, ""
}

// areas finds where the child lives and where it is registered.
func (r *reader) areas(p *Person, f *facts, get func(Field) string, now scope) {
	tab, home := r.o.Regions, r.o.Home
	township, village := get(Township), get(Village)
	group := get(Group)
	within, explicit, unknown := now.township, false, false
	if township != "" {
		if place := tab.Locate(township, home, ""); place.Code.Level() >= region.LevelTownship {
			within, explicit = place.Code.At(region.LevelTownship), true
			if place.Village() && village == "" {
				village = township
			}
		} else if sameDistrict(township, tab, home) {
			within = now.township // 大足区: says nothing of the township
		} else {
			unknown, within = true, ""
		}
	}
	f.areaSaid = village != "" || p.Address != "" || unknown
	area := within
	for _, v := range []string{village, p.Address} {
		if v == "" {
			continue
		}
		place := tab.Locate(v, home, within)
		if place.Village() && (!explicit || within.Contains(place.Code) || strings.Contains(v, "镇") || strings.Contains(v, "街道")) {
			area, f.areaSeen = place.Code.At(region.LevelVillage), true
			p.Numbers = civil.ReadHouseNumbers(place.Rest)
			break
		}
		if area == "" || !explicit && place.Code.Level() == region.LevelTownship {
			area = place.Code
		}
	}
	registered := get(Registered)
	if parts := get(RegTownship) + get(RegVillage) + get(RegGroup); parts != "" {
		if get(RegGroup) != "" && !strings.HasSuffix(parts, "组") {
			parts += "组"
		}
		if !strings.Contains(registered, get(RegVillage)) || registered == "" {
			registered = parts + registered
		}
	}
	p.RegAddress = registered
	if registered != "" {
		place := tab.Locate(registered, home, now.township)
		p.RegArea = place.Code
		if !f.areaSaid {
			// The list knows the registered address only: there the child is looked for.
			f.areaSaid, f.areaSeen = true, place.Village()
			if place.Village() {
				area = place.Code
				p.Numbers = civil.ReadHouseNumbers(place.Rest)
			}
		}
	}
	if !f.areaSaid && now.village != "" && (within == "" || within.Contains(now.village)) {
		area, f.areaSeen = now.village, true
	}
	if unknown {
		f.areaSeen = false
	}
	p.Area = area
	if group != "" && p.Numbers.Group == "" {
		if n, ok := civil.Numeral(strings.TrimRight(strings.TrimPrefix(group, "第"), "组社队村民小居")); ok {
			p.Numbers.Group = strconv.Itoa(n)
		} else if h := civil.ReadHouseNumbers(group); h.Group != "" {
			p.Numbers.Group = h.Group
		}
	}
	if p.Address == "" && (township != "" || village != "") {
		p.Address = joinArea(township, village, group)
	}
}

func joinArea(township, village, group string) string {
	out := village
	if township != "" && !strings.HasPrefix(village, township) {
		out = township + village
	}
	if group != "" {
		out += group
		if strings.Trim(civil.HalfWidth(group), "0123456789一二三四五六七八九十") == "" {
			out += "组"
		}
	}
	return out
}

// sameDistrict reports a text that names the home district and nothing below.
func sameDistrict(s string, tab *region.Table, home region.Code) bool {
	p := tab.Locate(s, home, "")
	return !p.Outside && p.Code == "" && strings.Trim(p.Rest, "区县市") == "" && s != p.Rest
}

// contacts reads the people around the child.
func (r *reader) contacts(p *Person, t *table, row sheet.Row) (notes []string) {
	for _, role := range roles {
		var list []Contact
		named := false // the last of list has had its column of names
		for _, col := range t.columns {
			if col.role != role {
				continue
			}
			isName := col.attr == attrName || col.attr == attrNamePhone
			if len(list) == 0 || (isName && named) { // 监护人1, 监护人2
				list, named = append(list, Contact{Role: role}), false
			}
			named = named || isName
			if v := text(row.At(col.index)); !nothing(v) {
				notes = append(notes, list[len(list)-1].read(col.attr, v)...)
			}
		}
		for _, c := range list {
			if c.Name == "" && len(c.Phones) == 0 && c.ID == "" && c.Whereabouts == "" && c.Status == "" {
				continue
			}
			if (role == Father || role == Mother) && c.Status == "" && lifeStatus(c.Whereabouts) {
				// 去世, 失联, 离异 stand where others write the place of work.
				c.Status, c.Whereabouts = c.Whereabouts, ""
			}
			p.Contacts = append(p.Contacts, c)
		}
	}
	return dedupe(notes)
}

// read takes one cell into the contact.
func (c *Contact) read(a attr, v string) (notes []string) {
	switch a {
	case attrName:
		setOnce(&c.Name, readName(v))
		if tail := strings.Trim(nameTail.FindString(v), "（）()[]【】 "); tail != "" && len([]rune(tail)) <= 4 {
			setOnce(&c.Relation, tail) // 李三（祖母）
		}
	case attrRelation:
		setOnce(&c.Relation, v)
	case attrWhereabouts:
		setOnce(&c.Whereabouts, v)
	case attrStatus:
		setOnce(&c.Status, v)
	case attrID:
		id, err := civil.ParseID(v)
		if err != nil {
			return []string{NoteContactID}
		}
		c.ID = id
	case attrPhone, attrNamePhone:
		phones, leftover := civil.ReadPhones(v)
		c.Phones = append(c.Phones, phones...)
		if words := civil.NormalizeName(hanOnly(v)); words != "" && a == attrNamePhone {
			setOnce(&c.Name, words)
		}
		if leftover {
			return []string{NotePhone}
		}
	}
	return nil
}

func lifeStatus(s string) bool {
	for _, w := range []string{"去世", "死亡", "已故", "病故", "失联", "离异", "失踪", "服刑", "在押", "戒毒", "改嫁", "不详", "不明"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func setOnce(at *string, v string) {
	if *at == "" {
		*at = v
	}
}

func hanOnly(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 0x3400 && r <= 0x9fff || r >= 0x20000 && r <= 0x3ffff || r == '·' || r == '•' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func dedupe(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func readDevice(get func(Field) string) *Device {
	d := &Device{IMEI: numberOf(get(IMEI)), Number: numberOf(get(DeviceNo)), KindText: get(DeviceKind), Model: get(DeviceModel),
		Maker: get(DeviceMaker), SIM: numberOf(get(SIM)), Issued: get(IssuedOn)}
	if d.Number == "" {
		d.Number = d.IMEI
	}
	d.Kind = readDeviceType(d.KindText)
	if d.Kind == NoKit || d.Kind == OtherKit {
		if k := readDeviceType(d.Model); k != NoKit && k != OtherKit {
			d.Kind = k
		}
	}
	// A column "card number" holds the number that is dialled as often as the
	// one printed on the card.
	for _, said := range []string{get(SIMPhone), d.SIM} {
		if phones, _ := civil.ReadPhones(said); len(phones) > 0 && d.Phone == "" {
			d.Phone = phones[0]
		}
	}
	d.Until, d.Speaks = get(SIMUntil), get(Protocol)
	if said, ok := civil.ReadDate(dateSerial(d.Issued)); ok {
		d.IssuedOn, _ = said.Date()
	}
	if said, ok := civil.ReadDate(dateSerial(d.Until)); ok {
		d.SIMUntil, _ = said.Date()
	}
	d.Protocol = readProtocol(d.Speaks)
	return d
}

// numberOf gives the number of a device without what typing put around it.
func numberOf(s string) string {
	s = strings.ToUpper(civil.Squeeze(civil.HalfWidth(s)))
	s = strings.Trim(s, "'`’‘\"“”")
	for _, p := range []string{"IMEI:", "IMEI", "SN:", "ICCID:"} {
		s = strings.TrimPrefix(s, p)
	}
	// 8.60000000000002E+14 still has all digits of an IMEI, 8.6E+14 has not.
	if mantissa, exp, ok := strings.Cut(s, "E+"); ok {
		whole, frac, _ := strings.Cut(mantissa, ".")
		if n, err := strconv.Atoi(exp); err == nil && len(whole) == 1 && len(frac) == n {
			return whole + frac
		}
	}
	return strings.TrimSuffix(s, ".0")
}

// noIDWords are the reasons for which a person has no ID, as lists write them.
var noIDWords = regexp.MustCompile(`(未|没|没有|无|尚未|暂未|还没)(上|落|入|办理?|登记|申报)?(户口|户籍|户)|(户口|户籍|落户|上户|入户|身份证|身份信息)(正在|尚|暂|还)?(未|没有?|待|在)?(登记|录入|办理?|上|落|补办|申请|申报|核实)(中|之中)?$|(正在|待|申请)(办理|补办|申办|上户|落户|入户)|(办理|补办|申办|上户|落户|入户)(之)?中|未办理?(身份|证|出生)|黑户|出生(医学)?证|新生儿|外籍|外国|无国籍|国籍|港澳|台湾|弃婴|弃儿|捡拾|拾得|流浪|身份不明|亲生父母不|打拐|DNA|户口(被)?注销|查无户籍|没上户|未采集`)

// noIDReason finds why there is no ID: in a column of its own, in the column of
// the ID itself (无（未上户）), by the type of another document, in the remarks
// and the columns that were not recognised.
func noIDReason(t *table, row sheet.Row, get func(Field) string, idText string, p Person) string {
	if v := get(NoIDReason); v != "" {
		return v
	}
	if v := strings.Map(keepDigits, civil.HalfWidth(idText)); len(v) < 6 && noIDWords.MatchString(civil.Squeeze(idText)) {
		return idText
	}
	if strings.ContainsAny(p.IDType, "护出通无") && !strings.Contains(p.IDType, "身份证") {
		return p.IDType
	}
	texts := []string{p.Remark, p.CategoryText, text(first(row, t.at[Remark]))}
	for _, e := range p.Extra {
		texts = append(texts, e.Value)
	}
	for _, v := range texts {
		if noIDWords.MatchString(civil.Squeeze(civil.HalfWidth(v))) {
			return v
		}
	}
	return ""
}

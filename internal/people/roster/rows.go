package roster

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// reader goes through the sheets of one book.
type reader struct {
	o      Options
	result *Result
	used   map[Field]bool // corrections that found their heading
	facts  []facts        // beside result.Rows
}

// facts are what judging needs of a row beyond its record.
type facts struct {
	idText   string // the cell, trimmed
	idKind   sheet.Kind
	idLossy  bool
	sexSaid  civil.Sex
	areaSaid bool // some address was given
	areaSeen bool // and a village of ours found in it
	numbered bool // the list has a column for the number of the device
}

// scope is what the rows below are about, by what stands above them.
type scope struct {
	township   region.Code // by a section, the sheet's name, the title, the file's name
	village    region.Code // by a section
	categories []CategoryKind
}

// readSheet reads the tables of one sheet.
func (r *reader) readSheet(s *sheet.Sheet) {
	l := newLayout(s, r.o.Kind, r.o.Map)
	var t *table
	var base, now scope
	var last sheet.Row
	tableIndex := -1
	for i := 0; i < len(s.Rows); i++ {
		row := s.Rows[i]
		if found, ok := l.find(i); found != nil {
			if !ok {
				t = nil
				continue
			}
			for i+1 < len(s.Rows) && s.Rows[i+1].Number <= found.last {
				i++
			}
			if t != nil {
				for n := row.Number; n <= found.last; n++ {
					r.skip(s, n, "heading")
				}
			}
			if tableIndex < 0 {
				base = r.scopeOf(s, found.first)
				now = base
			}
			if t == nil || !sameColumns(t, found) {
				tableIndex = r.addTable(s, found)
				for _, b := range found.beside {
					r.addTable(s, b)
				}
			}
			t = found
			for _, b := range append([]*table{t}, t.beside...) {
				r.fillDown(s, b, i+1)
			}
			continue
		}
		if t == nil {
			continue
		}
		if n := len(r.result.Rows); n > 0 && t.goesOn(row) && r.result.Rows[n-1].Sheet == s.Name {
			r.goOn(s, t, row)
			continue
		}
		switch why, section := r.classify(t, row, now); {
		case why == "blank":
		case why == "section":
			r.skip(s, row.Number, why)
			now = r.enter(base, now, section)
		case why != "":
			r.skip(s, row.Number, why)
		default:
			r.addRow(s, t, tableIndex, row, last, now)
			for k, b := range t.beside {
				if identified(b, row) {
					r.addRow(s, b, tableIndex+1+k, row, last, now)
				}
			}
			last = row
		}
	}
}

// goOn adds the people of a line that goes on with the child above.
func (r *reader) goOn(s *sheet.Sheet, t *table, row sheet.Row) {
	last := &r.result.Rows[len(r.result.Rows)-1]
	var more Person
	notes := r.contacts(&more, t, row)
	for _, c := range more.Contacts {
		known := false
		for _, k := range last.Person.Contacts {
			known = known || (k.Role == c.Role && k.Name == c.Name)
		}
		if !known {
			last.Person.Contacts = append(last.Person.Contacts, c)
		}
	}
	last.Notes = dedupe(append(last.Notes, notes...))
	r.skip(s, row.Number, "continued")
}

func (r *reader) skip(s *sheet.Sheet, number int, why string) {
	r.result.Skipped = append(r.result.Skipped, Skipped{s.Name, number, why})
}

func sameColumns(a, b *table) bool {
	if len(a.columns) != len(b.columns) {
		return false
	}
	for i := range a.columns {
		if a.columns[i].field != b.columns[i].field || a.columns[i].index != b.columns[i].index {
			return false
		}
	}
	return true
}

func (r *reader) addTable(s *sheet.Sheet, t *table) int {
	out := Table{Sheet: s.Name, First: t.first, Last: t.last}
	for _, c := range t.columns {
		out.Columns = append(out.Columns, Column{columnLetter(c.index), strings.Join(c.path, "/"), c.field})
		if _, fixed := r.o.Map[c.field]; fixed {
			r.used[c.field] = true
		}
	}
	r.result.Tables = append(r.result.Tables, out)
	return len(r.result.Tables) - 1
}

// scopeOf reads the township from the sheet's name, else from the lines above
// the first heading, else from the file's name; and the category of the list
// from the same.
func (r *reader) scopeOf(s *sheet.Sheet, heading int) scope {
	about := []string{s.Name}
	for _, row := range s.Rows {
		if row.Number >= heading || len(about) > 40 {
			break
		}
		for _, c := range row.Cells {
			if v := text(c); v != "" && !c.Merged {
				about = append(about, v)
			}
		}
	}
	about = append(about, r.o.File)
	var out scope
	for i, v := range about {
		if out.township == "" {
			if code, ok := r.o.Regions.TownshipIn(v, r.o.Home); ok {
				out.township = code
				// 邮亭镇友谊村留守儿童登记表
				if p := r.o.Regions.Locate(v, r.o.Home, ""); p.Village() && code.Contains(p.Code) {
					out.village = p.Code
				}
			} else if code, ok := r.section(v, scope{}); ok && code != "" && (i == 0 || code.Level() == region.LevelTownship) {
				out = r.enter(out, out, code) // a sheet's name: 邮亭, 友谊村（12人）
			}
		}
		if len(out.categories) == 0 {
			out.categories = readCategories(v)
		}
	}
	return out
}

// enter goes into the area that a line between the rows names.
func (r *reader) enter(base, now scope, section region.Code) scope {
	if section == "" {
		now.village = ""
		return now
	}
	if section.Level() == region.LevelVillage {
		now.village, now.township = section, section.At(region.LevelTownship)
		return now
	}
	base.township = section
	return base
}

var (
	noBrackets   = strings.NewReplacer("(", "", ")", "", "【", "", "】", "", "[", "", "]", "", "。", "", ".", "")
	subtotalText = regexp.MustCompile(`^\S{0,16}?(小计|合计|总计|共计|累计|总数):?[0-9一二三四五六七八九十百]*(人|名|个|户|台|元)?$`)
	countText    = regexp.MustCompile(`^(以上)?(本[页表村社区镇]{1,3})?(总)?共(计|有)?[0-9]+(人|名|个|户|台)`)
	noteLabel    = regexp.MustCompile(`^(填表人?|填报人?|制表人?|审核人?|审批人?|复核人?|负责人|单位负责人|经办人|分管领导|主管领导|领导签字|联系人|联系电话|填报单位|填报日期|填报时间|日期|报送单位|备注|注|说明|盖章|签字)(\(?签[字章]\)?)?[:：]?$`)
	noteText     = regexp.MustCompile(`^[※*★▲●(（【\[]*(注|备注|说明|填表|填报|制表|审核|审批|复核|负责人|经办|单位|联系人|联系电话|日期|盖章|签字|签名|打印|统计|截止|截至|数据来源|温馨提示|要求|提示|附|报送|分管|主管|领导|时间|填写|以上|以下空白|本页|接下页|续表|第[0-9]+页)`)
	exampleText  = regexp.MustCompile(`^[（(【]?(示例|样例|范例|填写示例|举例|例如|例)[:：）)】]?$|[（(](示例|样例|范例|举例)[)）]`)
)

// classify tells what a row is: "" for a data row; blank, subtotal, note,
// example, or section with the area it names.
func (r *reader) classify(t *table, row sheet.Row, now scope) (why string, section region.Code) {
	var own []string // texts of the row itself, each once
	seen := map[string]bool{}
	seqCols := map[int]bool{}
	for _, c := range t.at[Seq] {
		seqCols[c] = true
	}
	wide := t.across(row)
	for i, c := range row.Cells {
		v := text(c)
		if v == "" {
			continue
		}
		if c.Above {
			continue // hangs down from a row above
		}
		if !seen[v] && !(seqCols[i] && plainNumber(v)) {
			seen[v] = true
			own = append(own, v)
		}
	}
	if len(own) == 0 {
		return "blank", ""
	}
	idText := text(first(row, t.at[ID]))
	hasID := len(strings.Map(keepDigits, civil.HalfWidth(idText))) >= 6
	for _, v := range own {
		if exampleText.MatchString(v) && utf8.RuneCountInString(v) <= 12 {
			return "example", ""
		}
	}
	if hasID && !wide {
		return "", ""
	}
	for _, v := range own {
		q := noBrackets.Replace(civil.Squeeze(civil.HalfWidth(v)))
		if subtotalText.MatchString(q) || countText.MatchString(q) {
			return "subtotal", ""
		}
	}
	name := text(first(row, t.at[Name]))
	if noteLabel.MatchString(civil.Squeeze(own[0])) {
		return "note", ""
	}
	if noteText.MatchString(own[0]) && strings.ContainsAny(strings.Join(own, ""), ":：") {
		return "note", ""
	}
	if len(own) <= 3 || wide {
		head := own[0]
		if noteText.MatchString(head) || strings.ContainsAny(name, ":：") || (noteText.MatchString(name) && utf8.RuneCountInString(name) > 4) {
			return "note", ""
		}
	}
	if wide || (len(own) == 1 && !t.inArea(row, own[0])) {
		if code, ok := r.section(own[0], now); ok {
			return "section", code
		}
		if wide || (name == own[0] && !plausibleName(name)) || utf8.RuneCountInString(own[0]) > 20 {
			return "note", ""
		}
	}
	if !identified(t, row) {
		return "blank", ""
	}
	return "", ""
}

// identified reports whether a row holds something of a person or a device; a
// row numbered beforehand, with the township filled in, is blank.
func identified(t *table, row sheet.Row) bool {
	for _, c := range t.columns {
		switch c.field {
		case Name, ID, Sex, BirthDate, StudentNo, Grade, Phone, Address, Registered, DeviceNo, IMEI, SIM:
		default:
			if c.role == "" || (c.attr != attrName && c.attr != attrPhone && c.attr != attrID && c.attr != attrNamePhone) {
				continue
			}
		}
		cell := row.At(c.index)
		if !cell.Above && !nothing(text(cell)) {
			return true
		}
	}
	return false
}

// section reads a line such as 一、邮亭镇（25人） or 友谊村; the area is empty if it
// is an area but not one of ours.
func (r *reader) section(v string, now scope) (region.Code, bool) {
	s := civil.Squeeze(civil.HalfWidth(v))
	s = strings.TrimLeft(s, "一二三四五六七八九十0123456789、.()")
	if i := strings.IndexAny(s, "(:"); i > 0 {
		s = s[:i]
	}
	if utf8.RuneCountInString(s) > 24 || utf8.RuneCountInString(s) < 2 {
		return "", false
	}
	if code, ok := r.o.Regions.FindTownship(s, r.o.Home); ok {
		return code, true
	}
	if !areaName.MatchString(s) {
		return "", false
	}
	if p := r.o.Regions.Locate(s, r.o.Home, now.township); p.Village() && p.Rest == "" {
		return p.Code, true
	}
	return "", utf8.RuneCountInString(s) > 2
}

var areaName = regexp.MustCompile(`(村|社区|居|村委会|居委会|镇|街道|乡)$`)

func plausibleName(s string) bool {
	n := civil.NormalizeName(s)
	if strings.ContainsAny(n, ":;,/()0123456789") {
		return false
	}
	k := utf8.RuneCountInString(n)
	return k >= 1 && k <= 15
}

func keepDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

func plainNumber(s string) bool {
	return strings.Trim(civil.HalfWidth(s), "0123456789.、()") == ""
}

// inArea reports whether a text stands in a column for areas: a row with
// nothing else was filled in beforehand.
func (t *table) inArea(row sheet.Row, v string) bool {
	for _, f := range []Field{Township, Village, Group, Address, Registered, RegTownship, RegVillage, School} {
		for _, c := range t.at[f] {
			if text(row.At(c)) == v {
				return true
			}
		}
	}
	return false
}

// first gives the first cell of the columns that holds something.
func first(row sheet.Row, columns []int) sheet.Cell {
	for _, c := range columns {
		if text(row.At(c)) != "" {
			return row.At(c)
		}
	}
	return sheet.Cell{}
}

// nothing reports what people write for "nothing here".
func nothing(s string) bool {
	s = strings.ToUpper(civil.Squeeze(civil.HalfWidth(s)))
	if strings.Trim(s, "/\\-—_－.。*#?、") == "" {
		return true
	}
	switch s {
	case "无", "暂无", "没有", "不详", "未知", "空", "NULL", "N/A", "NA", "NONE", "0", "未填", "未提供", "缺", "待补", "待补充", "不清楚", "不知道", "未登记", "未录入":
		return true
	}
	return false
}

// fillDown gives a blank cell of the columns township, village and school the
// value above it where the list writes it in the first row of each block only,
// as a CSV made from merged cells does: the first row has it, at least a third
// have not, and no value follows itself.
func (r *reader) fillDown(s *sheet.Sheet, t *table, from int) {
	for _, f := range []Field{Township, Village, School} {
		for _, col := range t.at[f] {
			blank, filled, repeated, merged := 0, 0, false, false
			start, prev := -1, ""
			for i := from; i < len(s.Rows); i++ {
				row := s.Rows[i]
				why, _ := r.classify(t, row, scope{})
				if why != "" {
					continue
				}
				v := text(row.At(col))
				merged = merged || row.At(col).Merged
				if start < 0 {
					if v == "" {
						break
					}
					start = i
				}
				switch {
				case v == "":
					blank++
				default:
					filled++
					repeated = repeated || v == prev
					prev = v
				}
			}
			if start < 0 || merged || repeated || blank*3 < blank+filled || filled == 0 || (f == School && filled < 2) {
				continue
			}
			var carry sheet.Cell
			for i := start; i < len(s.Rows); i++ {
				if why, _ := r.classify(t, s.Rows[i], scope{}); why != "" {
					continue
				}
				if text(s.Rows[i].At(col)) != "" {
					carry = s.Rows[i].At(col)
					continue
				}
				c := carry
				c.Merged = true
				for len(s.Rows[i].Cells) <= col {
					s.Rows[i].Cells = append(s.Rows[i].Cells, sheet.Cell{})
				}
				s.Rows[i].Cells[col] = c
			}
		}
	}
}

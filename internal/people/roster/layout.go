package roster

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/sheet"
)

// column is one column of a table and what it was taken for.
type column struct {
	index   int
	field   Field // empty if not recognised
	heading string
	path    []string // from the group to the heading itself
	role    Role     // of a property that is said of somebody
	attr    attr
}

// table is one list within a sheet: the rows of its heading and its columns.
type table struct {
	first, last int // rows of the heading
	columns     []column
	at          map[Field][]int // columns of a field, from the left
	beside      []*table        // the same headings again to the right, to save paper
}

// across reports whether the cell of the name is merged over columns of other
// fields: then the row is a line of text.
func (t *table) across(row sheet.Row) bool {
	for _, n := range t.at[Name] {
		c := row.At(n)
		if c.Wide < 2 {
			continue
		}
		for _, o := range t.columns {
			if o.field != "" && o.field != Name && row.At(o.index).Wide == c.Wide && row.At(o.index).Text == c.Text {
				return true
			}
		}
	}
	return false
}

// goesOn reports a row that goes on with the one above: the name is merged
// over both, as where each guardian has a line.
func (t *table) goesOn(row sheet.Row) bool {
	for _, n := range t.at[Name] {
		if row.At(n).Above && text(row.At(n)) != "" && !t.across(row) {
			id := first(row, t.at[ID])
			return id.Above || text(id) == ""
		}
	}
	return false
}

func (t *table) has(fields ...Field) bool {
	for _, f := range fields {
		if len(t.at[f]) > 0 {
			return true
		}
	}
	return false
}

// layout finds tables in one sheet.
type layout struct {
	sheet *sheet.Sheet
	kind  Kind
	fixed map[string]Field // corrections: heading in clean form, or a column letter
	cache map[string]meaning
}

func newLayout(s *sheet.Sheet, kind Kind, corrections map[Field]string) *layout {
	l := &layout{sheet: s, kind: kind, fixed: map[string]Field{}, cache: map[string]meaning{}}
	for f, h := range corrections {
		l.fixed[correctionKey(h)] = f
	}
	return l
}

func correctionKey(h string) string {
	_, _, whole := cleanHeading(h)
	return whole
}

// meaning reads one heading cell, corrections first.
func (l *layout) meaning(raw string) meaning {
	if m, ok := l.cache[raw]; ok {
		return m
	}
	m, ok := meaning{}, false
	if len(l.fixed) > 0 && utf8.RuneCountInString(raw) <= 80 {
		var f Field
		if f, ok = l.fixed[correctionKey(raw)]; ok {
			m = meaning{field: f}
		}
	}
	if !ok {
		m = parseHeading(raw, l.kind)
	}
	l.cache[raw] = m
	return m
}

// text gives a cell without the marks of errors.
func text(c sheet.Cell) string {
	if c.Kind == sheet.Fault {
		return ""
	}
	return civil.TrimBlank(c.Text)
}

// headingRow reports whether a row alone looks like the row with the headings:
// a name or a number, and something else beside it, and nothing that is data.
func (l *layout) headingRow(r sheet.Row) bool {
	seen := map[string]bool{}
	name, id, device, others := false, false, false, 0
	bareName, bareID := false, false // 学生, 身份证: values of other columns, too
	for i, c := range r.Cells {
		s := text(c)
		if s == "" || (i > 0 && c.Merged && text(r.At(i-1)) == s) {
			continue
		}
		if looksLikeData(s, c) {
			return false
		}
		m := l.meaning(s)
		if !m.known() {
			continue
		}
		key := string(m.field) + "/" + string(m.role) + "/" + string(m.attr)
		switch {
		case m.bare:
			// 孤儿, 留守儿童 are values of a category, 母亲 of a relation.
			bareName = bareName || (m.field == Name && len(readCategories(s)) == 0)
		case m.vague:
			name = name || m.attr == attrName
			id = id || m.attr == attrID
		case m.anyName || m.field == Name:
			name = true
		case strings.HasSuffix(s, "身份证"):
			bareID = true
		case m.field == ID || (m.attr == attrID && m.role == ""):
			id = true
		case m.field == DeviceNo || m.field == IMEI:
			device = true
		case !seen[key]:
			others++
		}
		seen[key] = true
	}
	if l.kind == Devices && !device && !((name || bareName) && (id || bareID) && others > 0) && len(l.fixed) == 0 {
		return false
	}
	n := others
	for _, b := range []bool{name, id, device} {
		if b {
			n++
		}
	}
	return (name && (id || bareID || others >= 2)) || (bareName && (id || others >= 2)) || (id && others >= 2) ||
		(device && (n >= 2 || bareName)) || (n >= 2 && l.hasFixed(r))
}

func (l *layout) hasFixed(r sheet.Row) bool {
	for _, c := range r.Cells {
		if _, ok := l.fixed[correctionKey(text(c))]; ok && text(c) != "" {
			return true
		}
	}
	return false
}

var manyDigits = regexp.MustCompile(`[0-9０-９]{6,}`)

// looksLikeData reports a value that no heading has: a long number, a date, a
// sex.
func looksLikeData(s string, c sheet.Cell) bool {
	if c.Kind == sheet.Date || (c.Kind == sheet.Number && len(s) > 3) || manyDigits.MatchString(s) {
		return true
	}
	_, isSex := civil.ParseSex(s)
	return isSex && utf8.RuneCountInString(s) == 1 && s != "1" && s != "2"
}

// find looks for the heading at the row of index i, and reads it with the rows
// that belong to it.
func (l *layout) find(i int) (*table, bool) {
	rows := l.sheet.Rows
	if !l.headingRow(rows[i]) {
		return nil, false
	}
	first, last := i, i
	for first > 0 && i-first < 2 && rows[first-1].Number == rows[first].Number-1 && l.groupRow(rows[first-1]) {
		first--
	}
	for last+1 < len(rows) && last-i < 2 && rows[last+1].Number == rows[last].Number+1 && l.subRow(rows[last], rows[last+1]) {
		last++
	}
	t := &table{first: rows[first].Number, last: rows[last].Number}
	blocks := repeats(l.columns(rows[first : last+1]))
	t.columns = blocks[0]
	l.assign(t)
	for _, b := range blocks[1:] {
		t.beside = append(t.beside, &table{first: t.first, last: t.last, columns: b})
		l.assign(t.beside[len(t.beside)-1])
	}
	for last+1 < len(rows) && rows[last+1].Number <= t.last+1 && countingRow(rows[last+1]) {
		last++
		t.last = rows[last].Number
	}
	return t, l.usable(t)
}

// repeats divides columns whose headings are the same sequence two or more
// times over.
func repeats(columns []column) [][]column {
	n := len(columns)
	for size := 2; size <= n/2; size++ {
		if n%size != 0 {
			continue
		}
		same := true
		for i := size; i < n && same; i++ {
			same = strings.Join(columns[i].path, "/") == strings.Join(columns[i-size].path, "/")
		}
		if !same {
			continue
		}
		var out [][]column
		for i := 0; i < n; i += size {
			out = append(out, columns[i:i+size:i+size])
		}
		return out
	}
	return [][]column{columns}
}

// groupRow reports a row above the headings that groups them: 监护人信息 over
// 姓名, 关系, 电话. A title over everything and lines such as 填报单位：… are not.
func (l *layout) groupRow(r sheet.Row) bool {
	groups, distinct, widest, start := 0, map[string]bool{}, 0, 0
	for i := 0; i < len(r.Cells); i++ {
		s := text(r.Cells[i])
		if s == "" || distinct[s] {
			continue
		}
		distinct[s] = true
		if looksLikeData(s, r.Cells[i]) || utf8.RuneCountInString(s) > 16 || titleText.MatchString(s) {
			return false
		}
		width := 1
		for j := i + 1; j < len(r.Cells) && r.Cells[j].Merged && text(r.Cells[j]) == s; j++ {
			width++
		}
		if width > 2 && width*10 >= l.sheet.Width*8 {
			return false
		}
		widest, start = max(widest, width), i
		if groupWord(s) || l.meaning(s).known() {
			groups++
		}
	}
	if len(distinct) == 1 && (widest < 2 || start == 0) {
		return false // a title in one cell
	}
	return groups > 0 && groups*2 >= len(distinct)
}

// titleText is what stands above a table and is no group of columns.
var titleText = regexp.MustCompile(`[:：]|(名册|台账|台帐|名单|表|册)([（(].*[)）])?$|[0-9]{4}年|年\s*月|单位`)

func groupWord(s string) bool {
	if _, _, ok := findSubject(s); ok {
		return true
	}
	for _, w := range []string{"信息", "情况", "资料", "基本", "地址", "住址", "家庭", "学校", "户籍", "设备", "就学"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// subRow reports whether the row under a heading goes on with it: cells that
// hang down from above by merging, and headings below groups.
func (l *layout) subRow(above, r sheet.Row) bool {
	own, known, carried := 0, 0, 0
	under := true
	for i := range max(len(above.Cells), len(r.Cells)) {
		s, up := text(r.At(i)), text(above.At(i))
		switch {
		case s == "":
			continue
		case r.At(i).Merged && s == up:
			carried++
			continue
		}
		if looksLikeData(s, r.At(i)) || utf8.RuneCountInString(s) > 16 || strings.ContainsAny(s, "：") {
			return false
		}
		own++
		if l.meaning(s).known() {
			known++
		}
		// What stands under a heading that says all by itself is a value, or the
		// heading again: neither goes on with it.
		if m := l.meaning(up); m.anyName || m.field == ID || s == up || (m.field == Name && strings.Contains(up, "名")) {
			under = false
		}
	}
	return own > 0 && under && known*2 > own
}

// countingRow reports the row 1 2 3 4 … or 甲 乙 丙 … under the headings of
// official forms.
func countingRow(r sheet.Row) bool {
	n, last := 0, 0
	stems := []string{"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"}
	for _, c := range r.Cells {
		s := text(c)
		if s == "" || c.Merged {
			continue
		}
		if n < len(stems) && s == stems[n] {
			n++
			continue
		}
		v, ok := civil.Numeral(strings.Trim(s, "()（）"))
		if !ok || v != last+1 {
			return false
		}
		last = v
		n++
	}
	return n >= 4
}

// columns reads the path of every column: the groups above it and its heading.
func (l *layout) columns(band []sheet.Row) []column {
	width := 0
	for _, r := range band {
		width = max(width, len(r.Cells))
	}
	out := make([]column, 0, width)
	for col := range width {
		var path []string
		for depth, r := range band {
			s := text(r.At(col))
			if s == "" && depth < len(band)-1 && below(band[depth+1:], col) {
				s = l.groupFromLeft(r, band[depth+1:], col)
			}
			if s != "" && (len(path) == 0 || path[len(path)-1] != s) {
				path = append(path, s)
			}
		}
		if len(path) == 0 {
			continue
		}
		out = append(out, column{index: col, heading: path[len(path)-1], path: path})
	}
	return out
}

func below(band []sheet.Row, col int) bool {
	for _, r := range band {
		if text(r.At(col)) != "" {
			return true
		}
	}
	return false
}

// groupFromLeft gives the group that a blank cell belongs to where a CSV, or an
// office without merging, wrote it in the first of its columns only.
func (l *layout) groupFromLeft(r sheet.Row, lower []sheet.Row, col int) string {
	for i := col - 1; i >= 0; i-- {
		if s := text(r.At(i)); s != "" {
			if below(lower, i) && groupWord(s) {
				return s
			}
			return ""
		}
		if !below(lower, i) {
			return ""
		}
	}
	return ""
}

// usable reports whether the table lists what is looked for: not the staff of
// the townships, not sums.
func (l *layout) usable(t *table) bool {
	if l.kind == Devices {
		return t.has(DeviceNo, IMEI) || (t.has(Name, ID) && t.has(SIM, DeviceModel, DeviceKind, IssuedOn))
	}
	personal := t.has(BirthDate, Category, School, StudentNo, Grade, Class) ||
		t.has(Guardian.field(attrName), Carer.field(attrName), Father.field(attrName), Mother.field(attrName))
	for _, c := range t.columns {
		if h, _, _ := cleanHeading(c.heading); staffHeadings[h] && !personal {
			return false
		}
	}
	if !t.has(Name) && !(len(l.fixed) > 0 && t.has(ID)) {
		return t.has(ID) && personal
	}
	return t.has(ID) || personal || t.has(NoIDReason, Sex)
}

var staffHeadings = set("职务 职称 岗位 科室 部门 单位及职务 单位职务 工作单位 职务职称 政治面貌 入职时间 人数 儿童数 总人数")

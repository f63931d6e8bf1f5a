package roster

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// page writes one sheet and keeps the truth of the rows it wrote.
type page struct {
	t     *testing.T
	f     *excelize.File
	name  string
	at    int // next row
	truth []line
}

type workbook struct {
	t     *testing.T
	f     *excelize.File
	pages []*page
}

func newWorkbook(t *testing.T) *workbook { return &workbook{t: t, f: excelize.NewFile()} }

func (w *workbook) page(name string) *page {
	w.t.Helper()
	if len(w.pages) == 0 {
		check(w.t, w.f.SetSheetName("Sheet1", name))
	} else {
		_, err := w.f.NewSheet(name)
		check(w.t, err)
	}
	p := &page{t: w.t, f: w.f, name: name, at: 1}
	w.pages = append(w.pages, p)
	return p
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *page) set(col, row int, v any) {
	p.t.Helper()
	if v == nil || v == "" {
		return
	}
	at, err := excelize.CoordinatesToCellName(col+1, row)
	check(p.t, err)
	check(p.t, p.f.SetCellValue(p.name, at, v))
}

func (p *page) merge(c1, r1, c2, r2 int) {
	p.t.Helper()
	a, _ := excelize.CoordinatesToCellName(c1+1, r1)
	b, _ := excelize.CoordinatesToCellName(c2+1, r2)
	check(p.t, p.f.MergeCell(p.name, a, b))
}

// row writes cells from the first column and goes on.
func (p *page) row(cells ...any) int {
	for i, v := range cells {
		p.set(i, p.at, v)
	}
	p.at++
	return p.at - 1
}

// people writes entries by columns.
func (p *page) people(list []entry, columns ...func(e entry, n int) any) {
	for i, e := range list {
		p.person(e, i+1, columns...)
	}
}

func (p *page) person(e entry, n int, columns ...func(e entry, n int) any) {
	cells := make([]any, len(columns))
	for c, get := range columns {
		cells[c] = get(e, n)
	}
	w := e.want
	w.Sheet, w.Row = p.name, p.row(cells...)
	p.truth = append(p.truth, w)
}

// verify reads the workbook and holds it against the truth.
func (w *workbook) verify(file string, kind Kind) *Result {
	w.t.Helper()
	var b bytes.Buffer
	check(w.t, w.f.Write(&b))
	var want []line
	for _, p := range w.pages {
		want = append(want, p.truth...)
	}
	return verify(w.t, b.Bytes(), file, kind, want)
}

func verify(t *testing.T, data []byte, file string, kind Kind, want []line) *Result {
	t.Helper()
	book, err := sheet.Read(data)
	check(t, err)
	res, err := Read(context.Background(), book, Options{Kind: kind, File: file})
	check(t, err)
	compare(t, res, want)
	return res
}

// columns by name, for short layouts
func seq(_ entry, n int) any        { return n }
func name(e entry, _ int) any       { return e.name }
func idCell(e entry, _ int) any     { return e.id }
func sex(e entry, _ int) any        { return e.sex }
func birth(e entry, _ int) any      { return e.birth }
func town(e entry, _ int) any       { return e.town }
func village(e entry, _ int) any    { return e.village }
func group(e entry, _ int) any      { return e.group }
func addr(e entry, _ int) any       { return e.addr }
func guardian(e entry, _ int) any   { return e.guardian }
func relation(e entry, _ int) any   { return e.relation }
func phone(e entry, _ int) any      { return e.phone }
func father(e entry, _ int) any     { return e.father }
func mother(e entry, _ int) any     { return e.mother }
func school(e entry, _ int) any     { return e.school }
func grade(e entry, _ int) any      { return e.grade }
func kindOf(e entry, _ int) any     { return e.kind }
func remark(e entry, _ int) any     { return e.remark }
func reason(e entry, _ int) any     { return e.reason }
func imei(e entry, _ int) any       { return e.imei }
func sim(e entry, _ int) any        { return e.sim }
func deviceKind(e entry, _ int) any { return e.deviceKind }
func none(entry, int) any           { return "" }
func fixed(v string) func(entry, int) any {
	return func(entry, int) any { return v }
}

// withIDText turns number cells into what a CSV keeps of them.
func idText(e entry, _ int) any {
	if v, ok := e.id.(float64); ok {
		return fmt.Sprintf("%.5E", v)
	}
	return e.id
}

func cases(more ...string) []string { return append(append([]string(nil), commonCases...), more...) }

func TestLayoutTwoRowHeadingOnRowSix(t *testing.T) {
	g := newGen(1)
	w := newWorkbook(t)
	p := w.page("Sheet1")
	p.row("附件2")
	p.row("大足区2025年困境儿童关爱服务对象摸底表")
	p.merge(0, 2, 12, 2)
	p.row("填报单位（公章）：大足区民政局", "", "", "", "", "", "", "填报日期：2025年3月1日")
	p.row("说明：本表由各镇街填报，身份证号请用文本格式。")
	p.at++
	h := p.row("序号", "儿童基本信息", "", "", "", "居住地", "", "", "监护人情况", "", "", "就读学校", "备注")
	p.row("", "姓名", "性别", "身份证件号码", "出生年月", "镇（街道）", "村（社区）", "组", "姓名", "与儿童关系", "联系方式", "", "")
	p.merge(1, h, 4, h)
	p.merge(5, h, 7, h)
	p.merge(8, h, 10, h)
	for _, c := range []int{0, 11, 12} {
		p.merge(c, h, c, h+1)
	}
	p.people(g.list(120, "", cases("sex", "village", "no_id_reason", "no_id_inside")...),
		seq, name, sex, idCell, birth, town, village, group, guardian, relation, phone, school, remark)
	p.row("合计", "120人")
	p.row("填表人：王某", "", "", "审核人：李某", "", "", "", "联系电话：15400000000")
	res := w.verify("摸底表.xlsx", Children)
	c := res.Rows[0].Person.Contacts
	if len(c) != 1 || c[0].Role != Guardian || len(c[0].Phones) != 1 || c[0].Relation == "" {
		t.Errorf("contacts %+v", c)
	}
}

func TestLayoutSheetsNamedByTownship(t *testing.T) {
	g := newGen(2)
	w := newWorkbook(t)
	cover := w.page("封面")
	cover.row("留守儿童花名册")
	cover.row("大足区教育委员会 2025年")
	total := w.page("汇总表")
	total.row("序号", "镇街", "儿童人数", "男", "女", "负责人", "联系电话")
	total.row(1, "邮亭镇", 30, 15, 15, "张三", "15400000001")
	for _, title := range []string{"邮亭", "龙水镇", "棠香街道"} {
		code, ok := g.tab.FindTownship(title, "500111")
		if !ok {
			t.Fatal(title)
		}
		p := w.page(title)
		p.row(title + "农村留守儿童信息统计表")
		p.merge(0, 1, 8, 1)
		p.row("序号", "村(社区)", "学生姓名", "性别", "公民身份号码", "出生日期", "父亲", "母亲", "实际照护人", "照护人联系电话", "与留守儿童关系")
		list := g.list(40, code, cases("sex")...)
		byVillage := map[string][]entry{}
		var order []string
		for i := range list {
			// the village stands once, merged over the block
			if list[i].want.Reason == "same_person_in_sheet" {
				list[i].want = line{}
				continue
			}
			v, _ := g.tab.Get(list[i].place)
			if len(byVillage[v.Short()]) == 0 {
				order = append(order, v.Short())
			}
			byVillage[v.Short()] = append(byVillage[v.Short()], list[i])
		}
		n := 0
		seen := map[string]string{}
		for _, v := range order {
			from := p.at
			for _, e := range byVillage[v] {
				e.village = ""
				if p.at == from {
					e.village = v
				}
				if e.want.Reason == "same_id_other_name" { // the block may put it before the other
					continue
				}
				if other, ok := seen[e.want.ID]; ok && e.want.ID != "" && other != "" {
					continue
				}
				seen[e.want.ID] = e.name
				n++
				p.person(e, n, seq, village, name, sex, idCell, birth, father, mother, guardian, phone, relation)
			}
			if p.at-from > 1 {
				p.merge(1, from, 1, p.at-1)
			}
			p.row("", "小计", fmt.Sprintf("%d人", p.at-from))
		}
		p.row("总计", "", n)
	}
	hidden := w.page("旧数据")
	hidden.row("姓名", "身份证号", "性别")
	hidden.row("不该读", "11010219840406970X", "女")
	check(t, w.f.SetSheetVisible("旧数据", false))
	res := w.verify("留守儿童.xlsx", Children)
	for _, r := range res.Rows {
		if r.Outcome == OK && r.Person.Area.Level() != region.LevelVillage {
			t.Errorf("%s row %d: area %q", r.Sheet, r.Number, r.Person.Area)
		}
	}
	if c := res.Rows[0].Person.Contacts; len(c) != 3 || c[0].Role != Carer {
		t.Errorf("%+v", c)
	}
}

func TestLayoutThreeRowHeading(t *testing.T) {
	g := newGen(3)
	w := newWorkbook(t)
	p := w.page("台账")
	p.row("事实无人抚养儿童台账")
	p.merge(0, 1, 13, 1)
	h := p.row("编号", "儿童情况", "", "", "", "家庭情况", "", "", "", "", "监护", "", "住址", "备注")
	p.row("", "姓名", "证件号码", "性别", "民族", "父亲", "", "", "母亲", "", "监护人", "电话", "", "")
	p.row("", "", "", "", "", "姓名", "现状", "电话", "姓名", "现状", "", "", "", "")
	p.merge(0, h, 0, h+2)
	p.merge(1, h, 4, h)
	p.merge(5, h, 9, h)
	p.merge(10, h, 11, h)
	p.merge(12, h, 12, h+2)
	p.merge(13, h, 13, h+2)
	for c := 1; c <= 4; c++ {
		p.merge(c, h+1, c, h+2)
	}
	p.merge(5, h+1, 7, h+1)
	p.merge(8, h+1, 9, h+1)
	p.merge(10, h+1, 10, h+2)
	p.merge(11, h+1, 11, h+2)
	p.people(g.list(80, "", cases("sex", "village", "no_id_reason")...), seq, name, idCell, sex, fixed("汉族"), father, fixed("服刑"), phone,
		mother, fixed("失联"), guardian, phone, addr, remark)
	res := w.verify("台账.xlsx", Children)
	c := res.Rows[0].Person.Contacts
	if len(c) != 3 || c[0].Role != Guardian || c[1].Role != Father || c[1].Status != "服刑" || len(c[1].Phones) != 1 || c[2].Role != Mother {
		t.Errorf("%+v", c)
	}
}

// csvOf writes rows with a separator; cells with it are quoted.
func csvOf(rows [][]string, sep string) string {
	var b strings.Builder
	for _, r := range rows {
		for i, c := range r {
			if i > 0 {
				b.WriteString(sep)
			}
			if strings.ContainsAny(c, sep+"\"\n") {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func csvRows(head [][]string, list []entry, columns ...func(entry, int) any) (rows [][]string, truth []line) {
	rows = append(rows, head...)
	for i, e := range list {
		var r []string
		for _, get := range columns {
			r = append(r, fmt.Sprint(get(e, i+1)))
		}
		rows = append(rows, r)
		w := e.want
		w.Row = len(rows)
		truth = append(truth, w)
	}
	return rows, truth
}

func TestLayoutCSVOfSchool(t *testing.T) {
	g := newGen(4)
	rows, truth := csvRows([][]string{{"全国学籍号", "就读学校", "年级班级", "学生姓名", "学生身份证号", "学生性别", "家庭住址", "户籍所在地", "家长姓名", "身份证号", "家长联系电话"}},
		g.list(150, "", cases("sex", "village")...), fixed("G1234567890123"), school, grade, name, idText, sex, addr, addr, guardian, fixed("11010219840406970X"), phone)
	res := verify(t, []byte("\ufeff"+csvOf(rows, ";")), "a.csv", Children, truth)
	p := res.Rows[0].Person
	if p.Contacts[0].ID != "11010219840406970X" || p.RegArea == "" || p.Grade == "" {
		t.Errorf("%+v", p)
	}
}

func TestLayoutCSVOfMergedSheet(t *testing.T) {
	g := newGen(5)
	code, _ := g.tab.FindTownship("宝顶镇", "500111")
	list := g.list(60, code, "wide", "blanks", "check", "no_id", "no_name", "sex")
	last := ""
	// sorted by village, which is written once a block
	byVillage := map[string][]entry{}
	var order []string
	for _, e := range list {
		v, _ := g.tab.Get(e.place)
		if len(byVillage[v.Short()]) == 0 {
			order = append(order, v.Short())
		}
		e.village = v.Short()
		byVillage[v.Short()] = append(byVillage[v.Short()], e)
	}
	list = nil
	for _, v := range order {
		for _, e := range byVillage[v] {
			if e.village == last {
				e.village = ""
			} else {
				last = e.village
			}
			list = append(list, e)
		}
	}
	rows, truth := csvRows([][]string{
		{"宝顶镇困境儿童基本情况统计表", "", "", "", "", "", "", ""},
		{"序号", "村（居）", "儿童信息", "", "", "监护人信息", "", "备注"},
		{"", "", "姓名", "性别", "身份证号", "姓名", "手机号码", ""},
	}, list, seq, village, name, sex, idText, guardian, phone, remark)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(csvOf(rows, ","))
	check(t, err)
	res := verify(t, []byte(gb), "b.csv", Children, truth)
	for _, r := range res.Rows {
		if r.Outcome == OK && r.Person.Area.Level() != region.LevelVillage {
			t.Errorf("row %d: %q", r.Number, r.Person.Area)
		}
	}
	if c := res.Rows[0].Person.Contacts; len(c) != 1 || c[0].Name == "" || len(c[0].Phones) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestLayoutSectionsByVillage(t *testing.T) {
	g := newGen(6)
	w := newWorkbook(t)
	p := w.page("名单")
	p.row("困境儿童名单")
	p.row("姓名", "身份证", "监护人", "电话", "备注")
	n := 0
	for i, code := range []region.Code{"500111116", "500111100"} {
		tw, _ := g.tab.Get(code)
		p.row(fmt.Sprintf("%s、%s（20人）", []string{"一", "二"}[i], tw.Name))
		if i == 1 {
			p.merge(0, p.at-1, 4, p.at-1)
		}
		for _, v := range g.tab.Children(code)[:3] {
			p.row(v.Short())
			for _, e := range g.list(6, code, "wide", "no_id", "check", "name", "no_id_reason") {
				n++
				p.person(e, n, name, idCell, guardian, phone, remark)
			}
			p.row("小计：6人")
		}
	}
	p.row("以上合计36人")
	p.row("注：1.姓名须与户口簿一致；2.电话须能接通。")
	res := w.verify("名单.xlsx", Children)
	if a := res.Rows[0].Person.Area; a != g.tab.Children("500111116")[0].Code {
		t.Errorf("area %s", a)
	}
	if a := res.Rows[len(res.Rows)-1].Person.Area; a != g.tab.Children("500111100")[2].Code {
		t.Errorf("area %s", a)
	}
}

func TestLayoutHintsAndNumbers(t *testing.T) {
	g := newGen(7)
	w := newWorkbook(t)
	p := w.page("导入模板")
	p.row("儿童姓名（必填）", "*身份证号码\n（18位）", "性别（男/女）", "出生日期（YYYY-MM-DD）", "乡镇（街道）*", "村(社区)名称*", "组别", "监护人姓名/电话", "儿童类别（孤儿/留守/困境）", "未办理身份证原因", "是否残疾")
	p.row(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	p.row("张三（示例）", "500199201501010011", "男", "2015-01-01", "龙水镇", "古南社区", "1组", "李四 15400000000", "困境", "", "否")
	style, err := w.f.NewStyle(&excelize.Style{NumFmt: 14})
	check(t, err)
	list := g.list(90, "", cases("sex", "village")...)
	for range 10 {
		e, _ := g.spoil(g.kid(""), "no_id", nil)
		e.reason = "双亲失联未上户"
		e.want.Outcome, e.want.Reason = "ok", "no_id_with_reason"
		list = append(list, e)
	}
	for i, e := range list {
		both := fmt.Sprintf("%s %s", e.guardian, e.phone)
		p.person(e, i+1, name, idCell, sex, func(e entry, _ int) any {
			if i%3 == 0 && e.want.ID != "" && e.birth != "" {
				return int(e.date.Start().Sub(civilEpoch).Hours()/24 + 0.5)
			}
			return e.birth
		}, town, village, group, fixed(both), kindOf, reason, fixed("否"))
	}
	check(t, w.f.SetCellStyle("导入模板", "D4", "D60", style))
	res := w.verify("模板.xlsx", Children)
	c := res.Rows[0].Person.Contacts
	if len(c) != 1 || c[0].Name != list[0].guardian || len(c[0].Phones) != 1 {
		t.Errorf("%+v", c)
	}
	if e := res.Rows[0].Person.Extra; len(e) != 1 || e[0].Heading != "是否残疾" {
		t.Errorf("%+v", e)
	}
	if res.Rows[0].Person.Birth != list[0].date {
		t.Errorf("birth %s, want %s", res.Rows[0].Person.Birth, list[0].date)
	}
}

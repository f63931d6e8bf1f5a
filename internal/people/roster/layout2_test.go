package roster

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"zugou/internal/kernel/clock"
)

var civilEpoch = time.Date(1899, 12, 30, 0, 0, 0, 0, clock.Zone)

func TestLayoutHeadingOnEveryPage(t *testing.T) {
	g := newGen(8)
	w := newWorkbook(t)
	p := w.page("打印版")
	list := g.list(90, "", cases("sex", "village")...)
	for i := 0; i < len(list); i += 18 {
		p.row("大足区留守儿童登记册")
		p.row("序号", "孩子名字", "性别", "身份证号", "现居住地址", "委托监护人", "", "")
		p.row("", "", "", "", "", "姓名", "联系电话", "与被监护人关系")
		p.merge(5, p.at-2, 7, p.at-2)
		for c := range 5 {
			p.merge(c, p.at-2, c, p.at-1)
		}
		for k, e := range list[i : i+18] {
			p.person(e, i+k+1, seq, name, sex, idCell, addr, guardian, phone, relation)
		}
		p.row("本页小计", 18)
		p.row(fmt.Sprintf("第%d页 共5页", i/18+1))
		p.at++
	}
	res := w.verify("登记册.xlsx", Children)
	if c := res.Rows[40].Person.Contacts; len(c) != 1 || c[0].Role != Carer || c[0].Name == "" || c[0].Relation == "" {
		t.Errorf("%+v", c)
	}
	if len(res.Tables) != 1 {
		t.Errorf("%d tables", len(res.Tables))
	}
}

func TestLayoutRegisteredAndPresentAddress(t *testing.T) {
	g := newGen(9)
	w := newWorkbook(t)
	p := w.page("Sheet1")
	h := p.row("序号", "人员姓名", "公民身份证号", "户籍地址", "", "", "现居住地", "", "", "联系人", "联系人手机", "备注")
	p.row("", "", "", "镇街", "村(社区)", "组", "镇街", "村(社区)", "组", "", "", "")
	p.merge(3, h, 5, h)
	p.merge(6, h, 8, h)
	list := g.list(60, "", cases("village")...)
	p.people(list, seq, name, idCell, fixed("龙水镇"), fixed("盐河社区"), fixed("3"), town, village, group, guardian, phone, remark)
	res := w.verify("a.xlsx", Children)
	for i, r := range res.Rows {
		if r.Outcome == OK && (r.Person.Area != list[i].place || g.tab.Name(r.Person.RegArea) != "盐河社区") {
			t.Errorf("row %d: %s and %s", r.Number, r.Person.Area, r.Person.RegArea)
		}
	}
}

func TestLayoutMisspeltHeadings(t *testing.T) {
	g := newGen(10)
	w := newWorkbook(t)
	p := w.page("Sheet1")
	p.row("序 号", "姓　　名", "性 别", "身份证号码", "监护人姓明", "监护人联系电活", "就读学较", "镇  街", "村 （居）", "备　注")
	p.people(g.list(60, "", cases("sex", "village", "no_id_reason", "no_id_inside")...), seq, name, sex, idCell, guardian, phone, school, town, village, remark)
	res := w.verify("a.xlsx", Children)
	p0 := res.Rows[0].Person
	if p0.School == "" || len(p0.Contacts) != 1 || p0.Contacts[0].Name == "" || len(p0.Contacts[0].Phones) != 1 {
		t.Errorf("%+v", p0)
	}
}

func TestLayoutTwoTablesInOneSheet(t *testing.T) {
	g := newGen(11)
	w := newWorkbook(t)
	p := w.page("Sheet1")
	p.row("一、孤儿名单")
	p.row("序号", "姓名", "身份证号", "村社区", "镇街", "监护人", "关系")
	list := g.list(60, "", cases("village")...)
	p.people(list[:30], seq, name, idCell, village, town, guardian, relation)
	p.row("合计", 30)
	p.at++
	p.row("二、事实无人抚养儿童名单")
	p.row("镇街", "村社区", "儿童身份证号", "儿童姓名", "性别", "联系电话", "序号")
	p.people(list[30:], town, village, idCell, name, sex, phone, seq)
	p.at++
	p.row("三、工作人员名单")
	p.row("序号", "姓名", "职务", "身份证号", "联系电话")
	p.row(1, "工作人员", "儿童主任", "11010219840406970X", "15400000000")
	res := w.verify("a.xlsx", Children)
	if len(res.Tables) != 2 {
		t.Errorf("%+v", res.Tables)
	}
}

func TestLayoutBlankRowsAndPrefilledNumbers(t *testing.T) {
	g := newGen(12)
	w := newWorkbook(t)
	p := w.page("花名册")
	p.at = 3
	p.row("序号", "镇街", "儿童姓名", "身份证号码", "性别", "家庭住址", "联系电话", "班主任", "班主任电话", "填表人")
	for i, e := range g.list(50, "", cases("sex", "village")...) {
		if i%9 == 0 {
			p.at++
		}
		p.person(e, i+1, seq, town, name, idCell, sex, addr, phone, fixed("周老师"), fixed("15411111111"), fixed("某某"))
	}
	for i := range 20 {
		p.row(51+i, "龙水镇")
	}
	p.at += 2
	p.row("", "", "制表：王某某", "", "", "", "负责人：")
	p.row("", "", "2025年6月30日")
	res := w.verify("a.xlsx", Children)
	c := res.Rows[1].Person.Contacts
	if len(c) != 2 || c[0].Role != Guardian || c[1].Role != Teacher || c[1].Name != "周老师" {
		t.Errorf("%+v", c)
	}
}

func TestLayoutUTF16AndHTML(t *testing.T) {
	g := newGen(13)
	rows, truth := csvRows([][]string{{"姓名", "证件类型", "证件号", "性别", "出生年月日", "住址"}}, g.list(40, "", cases("sex", "village")...), name, fixed("居民身份证"), idText, sex, birth, addr)
	data := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(csvOf(rows, "\t"))) {
		data = append(data, byte(u), byte(u>>8))
	}
	verify(t, data, "a.txt", Children, truth)

	var b strings.Builder
	b.WriteString("<html><body><table border=1>")
	for _, r := range rows {
		b.WriteString("<tr>")
		for _, c := range r {
			b.WriteString("<td style='x'>" + c + "</td>")
		}
		b.WriteString("</tr>")
	}
	for i := range truth {
		truth[i].Sheet = "Sheet1"
	}
	verify(t, []byte(b.String()), "a.xls", Children, truth)
}

func TestLayoutDevicesTwoRows(t *testing.T) {
	g := newGen(20)
	w := newWorkbook(t)
	for _, n := range []string{"邮亭镇", "龙水镇"} {
		code, _ := g.tab.FindTownship(n, "500111")
		p := w.page(n)
		p.row(n + "智能穿戴设备发放台账")
		p.row("制表日期：2025.1.1")
		h := p.row("序号", "设备信息", "", "", "", "佩戴儿童信息", "", "", "", "发放时间", "领取人", "")
		p.row("", "设备类型", "IMEI", "ICCID", "型号", "姓名", "身份证号", "村（社区）", "监护人电话", "", "姓名", "签字")
		p.merge(1, h, 4, h)
		p.merge(5, h, 8, h)
		p.merge(10, h, 11, h)
		p.merge(0, h, 0, h+1)
		p.merge(9, h, 9, h+1)
		list := g.list(40, code, "wide", "blanks", "no_name", "no_id", "lost_number", "lost_text", "check", "no_day", "other_name", "village", "no_id_inside")
		p.people(list, seq, deviceKind, imei, sim, fixed("K1"), name, idCell, village, phone, fixed("2025.01.02"), guardian, none)
		p.row("合计", 40)
	}
	res := w.verify("设备.xlsx", Devices)
	d, p := res.Rows[0].Device, res.Rows[0].Person
	if d.IMEI == "" || d.Number != d.IMEI || d.SIM == "" || d.Model != "K1" || d.IssuedOn != "2025-01-02" || d.Kind == NoKit || p.Area == "" {
		t.Errorf("%+v %+v", d, p)
	}
	if c := p.Contacts; len(c) != 2 || len(c[0].Phones) != 1 || c[1].Role != Receiver {
		t.Errorf("%+v", c)
	}
}

func TestLayoutDevicesCSV(t *testing.T) {
	g := newGen(21)
	rows, truth := csvRows([][]string{
		{"手环发放登记", "", "", "", "", "", "", "", ""},
		{"手环编号", "SIM卡号", "类别", "佩戴人", "佩戴人身份证号码", "学校", "班级", "家长", "家长手机"},
	}, g.list(60, "", "wide", "blanks", "no_name", "no_id", "lost_text", "check", "no_day", "other_name"), imei, sim, deviceKind, name, idText, school, grade, guardian, phone)
	res := verify(t, []byte(csvOf(rows, ",")), "a.csv", Devices, truth)
	if d := res.Rows[0].Device; d.Number == "" || d.SIM == "" || d.Kind == NoKit {
		t.Errorf("%+v", d)
	}
}

func TestLayoutDevicesHeadingWords(t *testing.T) {
	for _, head := range [][]string{
		{"设备号", "使用人姓名", "使用人身份证号", "产品类型", "卡号", "领取日期"},
		{"IMEI号", "绑定儿童", "儿童身份证号", "设备名称", "ICCID号", "绑定时间"},
		{"终端编号", "学生姓名", "证件号码", "终端类型", "物联网卡号", "激活日期"},
		{"胸牌编号", "持有人", "公民身份号码", "规格型号", "手机卡号", "配发日期"},
		{"设备SN码", "佩戴儿童姓名", "身份证", "设备种类", "SIM", "发放年月日"},
		{"编号", "姓名", "身份证件号", "类型", "SIM卡ICCID", "发放时间"},
	} {
		g := newGen(22)
		rows, truth := csvRows([][]string{head}, g.list(20, "", "wide", "no_name", "no_id", "check"), imei, name, idText, deviceKind, sim, fixed("2025-01-02"))
		res := verify(t, []byte(csvOf(rows, ",")), "a.csv", Devices, truth)
		if d := res.Rows[0].Device; d.Number == "" || d.SIM == "" || d.IssuedOn == "" {
			t.Errorf("%v: %+v", head, d)
		}
	}
}

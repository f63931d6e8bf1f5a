package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/sheet"
)

// csvLines reads a CSV and gives one line a row: number, outcome, reason, name, ID.
func csvLines(t *testing.T, text string, o Options) []string {
	t.Helper()
	book, err := sheet.Read([]byte(text))
	check(t, err)
	res, err := Read(context.Background(), book, o)
	check(t, err)
	var out []string
	for _, r := range res.Rows {
		out = append(out, strings.TrimRight(fmt.Sprintf("%d %s %s %s %s", r.Number, r.Outcome, r.Reason, r.Name, r.ID), " "))
	}
	return out
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const (
	idA = "11010219840406970X" // female
	idB = "810000199408230021" // female
)

// The first reason that holds is told, in the order of the package's paper.
func TestReasonsInOrder(t *testing.T) {
	bad := "110102198404069701"
	wantLines(t, csvLines(t, strings.Join([]string{
		"姓名,身份证号,性别,村（社区）,备注",
		",,男,幸福里,",                      // no name before all else
		"王强,,男,幸福里,",                    // no ID before sex and village
		"王强,5.00199E+17,男,幸福里,未上户",      // a lost ID is no missing one
		"王强," + bad + ",男,幸福里,",         // check
		"王强," + idA + ",男,幸福里,",         // sex before village
		"李四," + idA + ",男,幸福里,",         // other name before sex
		"王强," + idA + ",男,幸福里,",         // double before sex
		"张三,,女,幸福里新村,未上户",               // village before the missing ID
		"赵六,,女,古南社区,未上户",                // reason given
		"钱七," + idB + ",女,古南社区,",        //
		"孙八,110102198413329703,女,古南社区,", // what has a wrong check and a wrong day has a wrong check
	}, "\n"), Options{}),
		"2 refuse name_missing", "3 refuse id_missing 王强", "4 refuse id_precision_lost 王强 5.00199E+17", "5 refuse id_check 王强 "+bad,
		"6 warn sex_differs_from_id 王强 "+idA, "7 refuse same_id_other_name 李四 "+idA, "8 duplicate same_person_in_sheet 王强 "+idA,
		"9 warn village_unknown 张三", "10 ok no_id_with_reason 赵六", "11 ok  钱七 "+idB, "12 refuse id_check 孙八 110102198413329703")
}

// A refused row is nobody: the next one with its ID is the first.
func TestRefusedRowsLendNoID(t *testing.T) {
	wantLines(t, csvLines(t, "姓名,身份证号,性别\n,"+idA+",女\n王强,"+idA+",女\n李四,"+idA+",女\n李四,"+idA+",女\n王 强,"+idA+",女\n", Options{}),
		"2 refuse name_missing  "+idA, "3 ok  王强 "+idA, "4 refuse same_id_other_name 李四 "+idA, "5 refuse same_id_other_name 李四 "+idA,
		"6 duplicate same_person_in_sheet 王强 "+idA)
}

func TestNoIDReasons(t *testing.T) {
	for cell, want := range map[string]string{
		"未登记户口": "ok", "未上户": "ok", "户口正在办理": "ok", "出生证明办理中": "ok", "无户口": "ok", "没有户口": "ok", "户口未登记": "ok", "正在办理落户": "ok",
		"父母失联，未上户": "ok", "新生儿": "ok", "外籍": "ok", "捡拾弃婴，身份不明": "ok", "户口尚未办理": "ok", "正在补办": "ok", "落户办理中": "ok",
		"": "refuse", "无": "refuse", "已核实": "refuse", "低保户": "refuse", "建档立卡户": "refuse", "单亲家庭": "refuse", "已入户走访": "refuse", "父亲外出": "refuse", "特困户口": "refuse",
	} {
		got := csvLines(t, "姓名,身份证号,性别,备注\n王强,,女,"+cell+"\n", Options{})
		if !strings.HasPrefix(got[0], "2 "+want) {
			t.Errorf("remark %q: %s", cell, got[0])
		}
	}
	got := csvLines(t, "姓名,证件类型,证件号码,性别\n王强,护照,E12345678,女\n李四,居民身份证,E12345678,女\n", Options{})
	wantLines(t, got, "2 ok no_id_with_reason 王强 E12345678", "3 refuse id_check 李四 E12345678")
}

// Values that sound like headings are data where they stand among data.
func TestValuesThatSoundLikeHeadings(t *testing.T) {
	wantLines(t, csvLines(t, "姓名,证件类型,身份证号,类别,监护人,关系,备注\n王强,身份证,,孤儿,李四,母亲,\n学生,身份证,,留守儿童,父亲,父亲,其他\n", Options{}),
		"2 refuse id_missing 王强", "3 refuse id_missing 学生")
}

func TestLinesWithoutPeople(t *testing.T) {
	text := strings.Join([]string{
		"大足区花名册,,,", "姓名,身份证号,性别,现住址", "王强," + idA + ",女,古南社区",
		"古南社区小计,1,,", "小计：1人,,,", "合  计,,,", "（以上共1人）,,,", "累计,1,,", "总计1人,,,",
		",,,", "注：以上信息已核实。,,,", "填表人：张三,审核人：李四,,2025.1.1", "备注:无,,,", "单位负责人（签字）：,,,", "制表日期 2025年1月1日,,,", "制表人,张三,审核人,李四", "合计（1人）,,,",
		"以下空白,,,", "第1页，共1页,,,", "2025年6月30日,,,", "钱七," + idB + ",女,古南社区", "联系电话：15400000000,,,",
	}, "\n")
	wantLines(t, csvLines(t, text, Options{}), "3 ok  王强 "+idA, "21 ok  钱七 "+idB)
}

func TestCorrections(t *testing.T) {
	text := "学员,号牌,姓名,性别\n王强," + idA + ",李四,女\n"
	o := Options{Map: map[Field]string{Name: "学员", ID: "B", Guardian.field(attrName): "姓名"}}
	book, err := sheet.Read([]byte(text))
	check(t, err)
	res, err := Read(context.Background(), book, o)
	check(t, err)
	r := res.Rows[0]
	if r.Outcome != OK || r.Name != "王强" || r.ID != idA || len(r.Person.Contacts) != 1 || r.Person.Contacts[0].Name != "李四" {
		t.Errorf("%+v", r)
	}
	if res.Tables[0].Columns[1] != (Column{"B", "号牌", ID}) {
		t.Errorf("%+v", res.Tables[0])
	}
	for _, c := range []struct {
		text, key string
		o         Options
	}{
		{"姓名,身份证号\n王强,1\n", "roster.no_such_heading", Options{Map: map[Field]string{School: "学堂"}}},
		{"a,b\n1,2\n", "roster.no_heading", Options{}},
		{"序号,镇街,人数\n1,邮亭镇,5\n", "roster.no_heading", Options{}},
		{"姓名,职务,身份证号,联系电话\n王强,主任," + idA + ",15400000000\n", "roster.no_heading", Options{}},
		{"姓名,身份证号,性别\n王强," + idA + ",女\n", "roster.no_heading", Options{Kind: Devices}},
	} {
		book, err := sheet.Read([]byte(c.text))
		check(t, err)
		_, err = Read(context.Background(), book, c.o)
		var e *errs.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Key != c.key || ErrorText(err) == "" {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

type fakeRegister map[civil.ResidentID]string

func (f fakeRegister) Names(_ context.Context, ids []civil.ResidentID) (map[civil.ResidentID]string, error) {
	out := map[civil.ResidentID]string{}
	for _, id := range ids {
		if n, ok := f[id]; ok {
			out[id] = n
		}
	}
	return out, nil
}

func TestRegisterKnowsPeople(t *testing.T) {
	o := Options{Register: fakeRegister{idA: "王强", idB: "别人"}}
	wantLines(t, csvLines(t, "姓名,身份证号,性别\n王 强,"+idA+",女\n钱七,"+idB+",女\n", o),
		"2 duplicate in_register 王强 "+idA, "3 refuse same_id_other_name 钱七 "+idB)
	o.Kind = Devices
	wantLines(t, csvLines(t, "姓名,身份证号,IMEI\n王 强,"+idA+",860000000000001\n钱七,"+idB+",860000000000002\n", o),
		"2 ok  王强 "+idA, "3 refuse same_id_other_name 钱七 "+idB)
}

func TestTwoGuardiansInOneLine(t *testing.T) {
	book, err := sheet.Read([]byte("姓名,身份证号,监护人1姓名,监护人1电话,监护人2姓名,监护人2电话\n王强," + idA + ",王父,15400000001,王母,15400000002\n"))
	check(t, err)
	res, err := Read(context.Background(), book, Options{})
	check(t, err)
	if c := res.Rows[0].Person.Contacts; len(c) != 2 || c[1].Name != "王母" || len(c[1].Phones) != 1 || c[1].Phones[0] != "15400000002" {
		t.Errorf("%+v", c)
	}
}

func TestListInTwoBlocks(t *testing.T) {
	wantLines(t, csvLines(t, "名单,,,,,\n序号,姓名,身份证号,序号,姓名,身份证号\n1,王强,"+idA+",2,钱七,"+idB+"\n3,孙八,,4,,\n合计,4,,,,\n", Options{}),
		"3 ok  王强 "+idA, "3 ok  钱七 "+idB, "4 refuse id_missing 孙八")
}

// A number in a cell keeps 15 digits, whatever check character comes out.
func TestNumbersAreLost(t *testing.T) {
	w := newWorkbook(t)
	p := w.page("Sheet1")
	p.row("姓名", "身份证号", "性别")
	p.row("王强", 810000199408230021.0, "女")
	p.row("李四", 5.001992015030302e17, "女")
	p.row("钱七", idB, "女")
	p.truth = []line{{"", "Sheet1", 2, "refuse", "id_precision_lost", "王强", ""}, {"", "Sheet1", 3, "refuse", "id_precision_lost", "李四", ""},
		{"", "Sheet1", 4, "ok", "", "钱七", idB}}
	w.verify("a.xlsx", Children)
}

func TestDevices(t *testing.T) {
	head := "佩戴人,身份证号,设备编号,类型\n"
	wantLines(t, csvLines(t, head+"王强,"+idA+",860000000000001,胸牌\n王强,"+idA+",860000000000002,手环\n王强,"+idA+",860000000000002,手环\n钱七,"+idB+",860000000000001,手环\n钱七,"+idB+",,手环\n", Options{Kind: Devices}),
		"2 ok  王强 "+idA, "3 ok  王强 "+idA, "4 refuse same_device 王强 "+idA, "5 refuse same_device 钱七 "+idB, "6 refuse device_missing 钱七 "+idB)
	// a column that holds the model is no number
	wantLines(t, csvLines(t, head+"王强,"+idA+",K9,胸牌\n钱七,"+idB+",K9,手环\n孙八,,K9,手环\n", Options{Kind: Devices}),
		"2 ok  王强 "+idA, "3 ok  钱七 "+idB, "4 refuse id_missing 孙八")
}

// A child with a line for each guardian, its own cells merged over both, and a
// remark merged over three columns.
func TestMergedPeople(t *testing.T) {
	w := newWorkbook(t)
	p := w.page("Sheet1")
	p.row("序号", "姓名", "身份证号", "监护人姓名", "关系", "电话", "备注", "", "")
	p.merge(6, 1, 8, 1)
	p.row(1, "王强", idA, "王父", "父亲", "15400000001", "两位监护人")
	p.merge(6, 2, 8, 2)
	p.row("", "", "", "王母", "母亲", "15400000002")
	for c := range 3 {
		p.merge(c, 2, c, 3)
	}
	p.row(2, "钱七", idB, "钱父", "父亲", "15400000003")
	p.truth = []line{{"", "Sheet1", 2, "ok", "", "王强", idA}, {"", "Sheet1", 4, "ok", "", "钱七", idB}}
	res := w.verify("a.xlsx", Children)
	c := res.Rows[0].Person.Contacts
	if len(c) != 2 || c[1].Name != "王母" || c[1].Relation != "母亲" || c[1].Phones[0] != "15400000002" {
		t.Errorf("%+v", c)
	}
}

func TestRefusedWorkbook(t *testing.T) {
	res := readFile(t, "困境儿童花名册-雍溪镇.xlsx", Children)
	var b bytes.Buffer
	check(t, WriteRefused(&b, res))
	book, err := sheet.Read(b.Bytes())
	check(t, err)
	s := book.Sheets[0]
	if s.Name != "花名册" || len(s.Rows) != 1+res.Count(Refuse)+res.Count(Duplicate) {
		t.Fatalf("%s, %d rows", s.Name, len(s.Rows))
	}
	if h := s.Rows[0]; h.At(2).Text != "原因" || h.At(6).Text != "身份证号码" || h.At(10).Text != "监护人信息/姓名" {
		t.Errorf("headings %+v", h)
	}
	if r := s.Rows[2]; r.At(0).Text != "10" || r.At(1).Text != "未导入" || !strings.Contains(r.At(2).Text, "身份证号") || r.At(4).Text != "吕杰" || r.At(6).Kind != sheet.Text {
		t.Errorf("%+v", r)
	}
	for _, o := range []Reason{NameMissing, IDMissing, IDPrecisionLost, IDCheck, IDBirthDate, SameIDOtherName, SamePerson, InRegister, SexDiffers, VillageUnknown, NoIDWithReason, DeviceMissing, SameDevice} {
		if o.Text() == "" {
			t.Errorf("no words for %s", o)
		}
	}
	// mended, the workbook is a list again
	again, err := Read(context.Background(), book, Options{})
	check(t, err)
	if len(again.Rows) != len(s.Rows)-1 || again.Rows[1].Reason != IDCheck {
		t.Errorf("%d rows, %s", len(again.Rows), again.Rows[1].Reason)
	}
}

func TestRefusedWorkbookWithoutRows(t *testing.T) {
	var b bytes.Buffer
	check(t, WriteRefused(&b, &Result{}))
	if b.Len() == 0 {
		t.Error("no workbook")
	}
}

// Whatever a table holds: no panic, rows in order, and nobody taken without an
// ID or a reason.
func FuzzRead(f *testing.F) {
	f.Add("姓名,身份证号,性别,备注\n王强,"+idA+",女,\n,,,\n小计,1,,\n", false)
	f.Add("序号\t镇街\t儿童信息\t\t监护人\n\t\t姓名\t身份证号\t姓名\n1\t邮亭镇\t王强\t5.00199E+17\t李四\n", false)
	f.Add("佩戴人,身份证号,设备编号（IMEI）\n王强,无(未上户),86\n", true)
	f.Add("一、邮亭镇\n姓名,身份证号\n友谊村\n王强,x\n", false)
	f.Fuzz(func(t *testing.T, text string, devices bool) {
		book, err := sheet.Read([]byte(text))
		if err != nil {
			return
		}
		o := Options{}
		if devices {
			o.Kind = Devices
		}
		res, err := Read(context.Background(), book, o)
		if err != nil {
			return
		}
		last := 0
		for _, r := range res.Rows {
			if len(book.Sheets) == 1 && r.Number < last {
				t.Fatalf("row %d after %d", r.Number, last)
			}
			last = r.Number
			if r.Outcome == "" || (r.Outcome == OK && r.ID == "" && r.Person.NoIDReason == "") {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	g := newGen(1)
	rows, _ := csvRows([][]string{{"序号", "姓名", "身份证号", "性别", "现住址", "监护人", "电话", "就读学校"}}, g.list(10_000, "", "wide", "check", "sex"), seq, name, idText, sex, addr, guardian, phone, school)
	data := []byte(csvOf(rows, ","))
	for b.Loop() {
		book, err := sheet.Read(data)
		check(b, err)
		if _, err := Read(context.Background(), book, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

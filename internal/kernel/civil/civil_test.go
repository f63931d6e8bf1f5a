package civil

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseID(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want ResidentID
		err  error
	}{
		{"11010219840406970X", "11010219840406970X", nil},
		{"810000199408230021", "810000199408230021", nil},
		{"11010219840406970x", "11010219840406970X", nil},
		{"１１０１０２１９８４０４０６９７０ｘ", "11010219840406970X", nil},
		{" 110102 19840406 970X\t", "11010219840406970X", nil},
		{"'11010219840406970X", "11010219840406970X", nil},
		{"110102-19840406-970X", "11010219840406970X", nil},
		{"810000199408230021.0", "810000199408230021", nil},
		{"110102840406970", "11010219840406970X", nil},
		{"", "", IDMissing},
		{" \u3000", "", IDMissing},
		{"5.00199E+17", "", IDPrecisionLost},
		{"5.00199201509126e+17", "", IDPrecisionLost},
		{"110102198404069701", "", IDCheck},
		{"110102198404069", "", IDBirthDate}, // 15 digits: month 84
		{"1101021984040697", "", IDForm},
		{"11010219840406970Y", "", IDForm},
		{"无", "", IDForm},
		{strings.Repeat("9", 4000), "", IDForm},
	} {
		got, err := ParseID(c.raw)
		if got != c.want || err != c.err {
			t.Errorf("ParseID(%q) = %q, %v; want %q, %v", c.raw, got, err, c.want, c.err)
		}
	}
}

func TestIDParts(t *testing.T) {
	id := ResidentID("11010219840406970X")
	if id.Area() != "110102" || id.Birth() != "1984-04-06" || id.Sex() != Female || id.LastFour() != "970X" || !id.Valid() {
		t.Errorf("parts: %s %s %s %s", id.Area(), id.Birth(), id.Sex(), id.LastFour())
	}
	if m := id.Mask(); m != "11010219********0X" {
		t.Errorf("mask: %s", m)
	}
	for raw, want := range map[string]string{"": "", "123": "***", "1234567": "1*****7", "110102840406970": "11010284*****70"} {
		if got := MaskID(raw); got != want {
			t.Errorf("MaskID(%q) = %q, want %q", raw, got, want)
		}
	}
	var none ResidentID
	if none.Area() != "" || none.Birth() != "" || none.Sex() != SexUnknown || none.LastFour() != "" || none.Valid() {
		t.Error("the empty ID has parts")
	}
}

func TestPrecisionLost(t *testing.T) {
	for raw, want := range map[string]bool{
		"5.00199E+17": true, "5E17": true, "500199201509126000": true, "５００１９９２０１５０９１２６０００": true,
		"500199201509126010": false, "11010219840406970X": false, "": false, "E": false, "1.2.3E4": false,
	} {
		if got := PrecisionLost(raw); got != want {
			t.Errorf("PrecisionLost(%q) = %v", raw, got)
		}
	}
}

func genID(t *rapid.T) ResidentID {
	y := rapid.IntRange(1930, 2025).Draw(t, "year")
	m := rapid.IntRange(1, 12).Draw(t, "month")
	d, ok := MakeDate(y, m, rapid.IntRange(1, daysIn(y, m)).Draw(t, "day"))
	if !ok {
		t.Fatal("date")
	}
	id, err := MakeID("500199", d, rapid.IntRange(0, 999).Draw(t, "sequence"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What GB 11643 promises: every wrong digit and every adjacent swap is seen,
// and the true number is among the neighbours of the wrong one.
func TestCheckDigitProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := genID(t)
		if !id.Valid() {
			t.Fatalf("made an invalid ID %s", id)
		}
		b := []byte(id)
		i := rapid.IntRange(0, 16).Draw(t, "at")
		if rapid.Bool().Draw(t, "swap") && i < 16 {
			b[i], b[i+1] = b[i+1], b[i]
		} else {
			b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		}
		if string(b) == string(id) {
			return
		}
		if _, err := ParseID(string(b)); err == nil {
			t.Fatalf("%s passed for %s", b, id)
		}
		for _, n := range Neighbours(string(b)) {
			if n == id {
				return
			}
			if !n.Valid() {
				t.Fatalf("neighbour %s is not valid", n)
			}
		}
		t.Fatalf("%s is no neighbour of %s", id, b)
	})
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"11010219840406970X", "5.00199E+17", "'１１", "110102840406970", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if (err == nil) != (id != "") || (err == nil && !id.Valid()) {
			t.Fatalf("ParseID(%q) = %q, %v", s, id, err)
		}
		_ = MaskID(s)
		_ = PrecisionLost(s)
		_, _ = ReadDate(s)
		_, _ = ReadPhones(s)
		_ = ReadHouseNumbers(s)
		n := NormalizeName(s)
		if NormalizeName(n) != n && !strings.ContainsRune(s, '\uFFFD') {
			t.Fatalf("NormalizeName(%q) = %q is not stable", s, n)
		}
		_, _ = NameKeys(s)
	})
}

func TestReadDate(t *testing.T) {
	for raw, want := range map[string]string{
		"2015-03-04": "2015 3 4", "2015-3-4": "2015 3 4", "2015/3/4": "2015 3 4", "2015.3.4": "2015 3 4", "2015．03．04": "2015 3 4",
		"2015年3月4日": "2015 3 4", "2015年03月": "2015 3 0", "20150304": "2015 3 4", "201503": "2015 3 0", "2015.03": "2015 3 0",
		"2015-03-04 00:00:00": "2015 3 4", "2015-03-04T08:00:00Z": "2015 3 4", "二〇一五年三月四日": "2015 3 4",
		"2015年12月": "2015 12 0", "２０１５年３月４日": "2015 3 4", "2015 年 3 月 4 日": "2015 3 4", "'2015-03-04": "2015 3 4",
		"2015年3月4日出生": "2015 3 4", "2015年": "2015 0 0", "二○一五年十月二十一日": "2015 10 21",
		"2015-02-30": "", "15.3.4": "", "": "", "无": "", "20151304": "", "2015": "", "1-2-3-4": "", "2015-13": "",
	} {
		p, ok := ReadDate(raw)
		got := ""
		if ok {
			got = fmt.Sprint(p.Year, p.Month, p.Day)
		}
		if got != want {
			t.Errorf("ReadDate(%q) = %q, want %q", raw, got, want)
		}
	}
	if !(Partial{2015, 3, 0}).Agrees("2015-03-31") || (Partial{2015, 3, 1}).Agrees("2015-03-31") {
		t.Error("Agrees")
	}
}

func TestDate(t *testing.T) {
	for _, c := range []struct {
		born, on Date
		age      int
	}{
		{"2012-05-06", "2026-05-05", 13}, {"2012-05-06", "2026-05-06", 14},
		{"2012-02-29", "2025-02-28", 12}, {"2012-02-29", "2025-03-01", 13}, {"", "2025-03-01", -1},
	} {
		if got := c.born.AgeOn(c.on); got != c.age {
			t.Errorf("%s on %s: %d, want %d", c.born, c.on, got, c.age)
		}
	}
	if d := Date("2024-01-31").AddMonths(1); d != "2024-02-29" {
		t.Error(d)
	}
	if d := Date("2024-12-31").AddDays(1); d != "2025-01-01" {
		t.Error(d)
	}
	if n := Date("2024-02-28").DaysTo("2024-03-01"); n != 2 {
		t.Error(n)
	}
	if _, ok := ParseDate("2023-02-29"); ok {
		t.Error("2023-02-29")
	}
}

func TestPhones(t *testing.T) {
	for raw, want := range map[string]string{
		"15470072422": "[15470072422]", "154-2137-8914": "[15421378914]", "+86 154 2137 8914": "[15421378914]",
		"15400739803/15429031042": "[15400739803 15429031042]", "１５４２１３７８９１４": "[15421378914]",
		"母亲15421378914，父亲15421378915": "[15421378914 15421378915]", "023-43722334": "[02343722334]",
		"15421378914 15421378915": "[15421378914 15421378915]", "15421378914.0": "[15421378914]", "43722334": "[43722334]",
		"无": "[]", "1542137891": "[]!", "15421378914、15421378914": "[15421378914]", "015421378914": "[15421378914]",
	} {
		p, left := ReadPhones(raw)
		got := fmt.Sprint(p)
		if left {
			got += "!"
		}
		if got != want {
			t.Errorf("ReadPhones(%q) = %s, want %s", raw, got, want)
		}
	}
	if m := Phone("15412345678").Mask(); m != "154****5678" {
		t.Error(m)
	}
	if m := Phone("02343722334").Mask(); m != "023****2334" {
		t.Error(m)
	}
}

func TestNames(t *testing.T) {
	for raw, want := range map[string]string{
		"王　强": "王强", "王 强": "王强", " 次仁•卓玛 ": "次仁·卓玛", "次仁.卓玛": "次仁·卓玛", "买买提 · 吐尔逊": "买买提·吐尔逊",
		"ＡＬＩ  khan": "ALI khan", "\u200b李四\ufeff": "李四", "": "", "··": "", "王强*": "王强",
	} {
		if got := NormalizeName(raw); got != want {
			t.Errorf("NormalizeName(%q) = %q, want %q", raw, got, want)
		}
	}
	for name, want := range map[string]string{
		"单雄": "shanxiong sx", "仇英": "qiuying qy", "曾国": "zengguo zg", "解缙": "xiejin xj", "区寄": "ouji oj",
		"查良": "zhaliang zl", "欧阳雪": "ouyangxue oyx", "尉迟恭": "yuchigong ycg", "东方": "dongfang df",
		"吕布": "lvbu lb", "次仁·卓玛": "cirenzhuoma crzm", "Ali Khan": "alikhan ak", "": " ",
	} {
		full, ini := NameKeys(name)
		if got := full + " " + ini; got != want {
			t.Errorf("NameKeys(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"张三丰": "张**", "欧阳雪": "欧阳*", "次仁·卓玛": "次**", "": ""} {
		if got := MaskName(name); got != want {
			t.Errorf("MaskName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHouseNumbers(t *testing.T) {
	for rest, want := range map[string]HouseNumbers{
		"6组":          {Group: "6"},
		"三组12号":       {Group: "3", Road: "12"},
		"第十二村民小组":     {Group: "12"},
		"２社":          {Group: "2"},
		"双龙西路88号附3号":  {Road: "88-3"},
		"1幢2单元3-2":    {Building: "1", Unit: "2", Room: "3-2"},
		"88号5栋2单元301": {Road: "88", Building: "5", Unit: "2", Room: "301"},
		"8号楼3单元502室":  {Building: "8", Unit: "3", Room: "502"},
		"":            {},
	} {
		if got := ReadHouseNumbers(rest); got != want {
			t.Errorf("ReadHouseNumbers(%q) = %+v, want %+v", rest, got, want)
		}
	}
}

func TestNumeral(t *testing.T) {
	for raw, want := range map[string]int{"12": 12, "１２": 12, "十": 10, "十二": 12, "二十": 20, "二十一": 21, "一百零三": 103, "二〇一五": 2015, "一万二千": 12000} {
		if got, ok := Numeral(raw); !ok || got != want {
			t.Errorf("Numeral(%q) = %d, %v", raw, got, ok)
		}
	}
	for _, raw := range []string{"", "组", "12a", "99999999999"} {
		if n, ok := Numeral(raw); ok {
			t.Errorf("Numeral(%q) = %d", raw, n)
		}
	}
}

package region

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const dazu = Code("500111")

func TestBuiltin(t *testing.T) {
	tab := Builtin()
	if tab.Len() != 375 {
		t.Fatalf("%d areas", tab.Len())
	}
	if n := len(tab.Children("50")); n != 38 {
		t.Errorf("%d districts", n)
	}
	if n := len(tab.Children(dazu)); n != 27 {
		t.Errorf("%d townships", n)
	}
	if n := len(tab.Within(dazu, LevelVillage)); n != 309 {
		t.Errorf("%d villages", n)
	}
	if n := tab.FullName("500111001002"); n != "大足区龙岗街道西街社区" {
		t.Error(n)
	}
	if r, ok := tab.Get("50"); !ok || r.Name != "重庆市" {
		t.Error("the city")
	}
}

func TestCode(t *testing.T) {
	for raw, want := range map[string]Code{
		"500000": "50", "50": "50", "500111": "500111", "500111000000": "500111", "500111001000": "500111001",
		"500111001002": "500111001002", "500111001002001": "500111001002001", "": "", "5001": "", "50011x": "",
	} {
		if got, ok := ParseCode(raw); ok != (want != "") || (ok && got != want) {
			t.Errorf("ParseCode(%q) = %q, %v", raw, got, ok)
		}
	}
	c := Code("500111001002001")
	if c.Parent() != "500111001002" || c.At(LevelTownship) != "500111001" || c.Level() != LevelGrid || Code("50").Parent() != "" {
		t.Error("levels")
	}
	if !dazu.Contains(c) || c.Contains(dazu) || Code("").Contains(c) || !dazu.Contains(dazu) {
		t.Error("contains")
	}
}

// A code lies in the range of an area exactly if the area contains it.
func TestRangeIsContains(t *testing.T) {
	gen := func(t *rapid.T, name string) Code {
		n := rapid.SampledFrom(levelDigits[1:]).Draw(t, name+" length")
		return Code(rapid.StringOfN(rapid.RuneFrom([]rune("0199")), n, n, -1).Draw(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen(t, "a"), gen(t, "b")
		lo, hi := a.Range()
		if in := string(b) >= lo && string(b) < hi; in != a.Contains(b) {
			t.Fatalf("%s in [%s,%s): %v, contains: %v", b, lo, hi, in, a.Contains(b))
		}
	})
}

func TestLocate(t *testing.T) {
	tab := Builtin()
	for _, c := range []struct{ text, within, want, rest string }{
		{"重庆市大足区国梁镇三凤村", "", "国梁镇三凤村", ""},
		{"重庆市大足区金山镇红旗村4组", "", "金山镇红旗村", "4组"},
		{"大足区铁山镇双河街社区居民委员会", "", "铁山镇双河街社区", ""},
		{"大足县邮亭镇友谊村", "", "邮亭镇友谊村", ""},
		{"重庆大足邮亭友谊6组12号", "", "邮亭镇友谊村", "6组12号"},
		{"邮亭友谊三社", "", "邮亭镇友谊村", "三社"},
		{"友谊村", "", "邮亭镇友谊村", ""},
		{"邮亭镇幸福里新村", "", "邮亭镇", "幸福里新村"},
		{"重庆市大足区双路街道玉龙镇东兴村8组", "", "玉龙镇东兴村", "8组"},
		{"慈云村", "500111113", "雍溪镇慈云村", ""},
		{"红星街社区居民委员会", "500111113", "雍溪镇红星街社区", ""},
		{"太平社区", "", "", "太平社区"},
		{"太平社区2组", "500111003", "龙滩子街道太平社区", "2组"},
		{"龙滩子街道办事处太平社区居委会", "", "龙滩子街道太平社区", ""},
		{"双路街道双龙西路社区6组", "", "双路街道双龙西路社区", "6组"},
		{"棠香街道五星大道88号海棠社区", "", "棠香街道海棠社区", ""},
		{"棠香街道惜字阁社区", "", "棠香街道惜字阁村", ""},
		{"重庆市 大足区 龙水镇 古南社区", "", "龙水镇古南社区", ""},
		{"龙水镇五金路33号", "", "龙水镇", "五金路33号"},
		{"万古镇", "", "万古镇", ""},
		{"通桥街道街道社区", "", "", ""},
		{"", "", "", ""},
	} {
		p := tab.Locate(c.text, dazu, Code(c.within))
		if c.text == "通桥街道街道社区" {
			if tab.Name(p.Code) != "街道社区" && p.Village() {
				t.Errorf("%s: %s", c.text, tab.FullName(p.Code))
			}
			continue
		}
		want := ""
		if c.want != "" {
			want = "大足区" + c.want
		}
		if got := tab.FullName(p.Code); got != want || p.Rest != c.rest {
			t.Errorf("Locate(%q, %q) = %q rest %q, want %q rest %q", c.text, c.within, got, p.Rest, want, c.rest)
		}
	}
	for _, outside := range []string{"重庆市渝中区大坪街道1号", "四川省成都市武侯区", "广东东莞市长安镇", "贵州省", "重庆永川区双桥街1号"} {
		if p := tab.Locate(outside, dazu, ""); !p.Outside || p.Village() {
			t.Errorf("%s is not outside: %+v", outside, p)
		}
	}
	if p := tab.Locate("太平社区", dazu, ""); !p.Vague {
		t.Error("太平社区 exists twice")
	}
}

// Every village is found by each way to write it.
func TestLocateEveryVillage(t *testing.T) {
	tab := Builtin()
	for _, v := range tab.Within(dazu, LevelVillage) {
		town := tab.Name(v.Code.At(LevelTownship))
		for _, text := range []string{
			"重庆市大足区" + town + v.Name, town + v.Short(), "大足区" + town + v.Short() + "3组5号", town + v.Name + "六组",
		} {
			if p := tab.Locate(text, dazu, ""); p.Code != v.Code {
				t.Errorf("%s: found %s", text, tab.FullName(p.Code))
			}
		}
		for _, text := range []string{v.Name, v.Short(), v.Stem(), v.Short() + "2组"} {
			if p := tab.Locate(text, dazu, v.Code.At(LevelTownship)); p.Code != v.Code {
				t.Errorf("%s within %s: found %s", text, town, tab.FullName(p.Code))
			}
		}
	}
}

func TestTownships(t *testing.T) {
	tab := Builtin()
	for name, want := range map[string]string{
		"邮亭镇": "邮亭镇", "邮亭": "邮亭镇", "棠香街道办事处": "棠香街道", "大足区龙水镇": "龙水镇", "龙水镇人民政府": "龙水镇", "幸福镇": "", "": "",
	} {
		c, ok := tab.FindTownship(name, dazu)
		if ok != (want != "") || tab.Name(c) != want {
			t.Errorf("FindTownship(%q) = %q", name, tab.Name(c))
		}
	}
	for text, want := range map[string]string{
		"雍溪镇2024年困境儿童花名册": "雍溪镇", "填报单位（盖章）：雍溪镇人民政府": "雍溪镇", "大足区孤儿基本生活保障台账": "", "龙水镇、邮亭镇": "",
	} {
		c, ok := tab.TownshipIn(text, dazu)
		if ok != (want != "") || tab.Name(c) != want {
			t.Errorf("TownshipIn(%q) = %q", text, tab.Name(c))
		}
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for _, s := range []string{
		"code,parent_code,level,name\n5001,50,district,x\n", "code,parent_code,level,name\n500111,50,village,x\n",
		"code,parent_code,level,name\n500111,50\n", "a,b,c,d\n\"x",
	} {
		if _, err := ReadCSV(strings.NewReader(s)); err == nil {
			t.Errorf("read %q", s)
		}
	}
	if _, err := NewTable([]Region{{"50", "a"}, {"50", "b"}}); err == nil {
		t.Error("a code twice")
	}
}

func FuzzLocate(f *testing.F) {
	for _, s := range []string{"重庆市大足区国梁镇三凤村", "太平社区", "\xff镇", "双路街道玉龙镇东兴村8组"} {
		f.Add(s)
	}
	tab := Builtin()
	f.Fuzz(func(t *testing.T, s string) {
		p := tab.Locate(s, dazu, "500111113")
		if p.Code != "" {
			if _, ok := tab.Get(p.Code); !ok {
				t.Fatalf("%q: no such area %s", s, p.Code)
			}
		}
	})
}

func TestAt(t *testing.T) {
	table := Builtin()
	if got := table.At(29.7, 105.7, "500111"); got != "" {
		t.Errorf("without points a place lies in %q", got)
	}
	towns := table.Children("500111")
	first := table.Children(towns[0].Code)
	table.points = map[Code]Point{
		first[0].Code: {29.70, 105.70, Imported}, first[1].Code: {29.70, 105.75, Imported},
		towns[1].Code: {29.60, 105.90, Imported},
	}
	for _, c := range []struct {
		lat, lon float64
		want     Code
	}{
		{29.701, 105.701, first[0].Code},
		{29.70, 105.74, first[1].Code},
		{29.62, 105.93, towns[1].Code}, // no village within 6 km
		{31.00, 107.00, ""},            // another district
	} {
		if got := table.At(c.lat, c.lon, "500111"); got != c.want {
			t.Errorf("%v, %v lies in %q, want %q", c.lat, c.lon, got, c.want)
		}
	}
}

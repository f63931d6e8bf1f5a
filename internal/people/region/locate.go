package region

import (
	"sort"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
)

// Place is what an address says about where it is.
type Place struct {
	Code    Code   // deepest area found for sure: village, township, district or none
	Rest    string // what follows the deepest name
	Outside bool   // it names another province, city or district than the home district
	Vague   bool   // several areas bear the name (太平社区 exists twice)
}

// Village reports whether the place is known down to the village.
func (p Place) Village() bool { return p.Code.Level() >= LevelVillage }

// Locate finds the area that an address names. It reads from the top down:
// 重庆市大足区邮亭镇友谊村6组, 邮亭镇友谊村, 邮亭友谊6组, 友谊村. The home is the
// district that addresses may leave out; within is the township the text is
// known to be about (a column of its own, the title of the sheet), or empty.
// A village found only outside of within counts, if no other has the name.
func (t *Table) Locate(text string, home, within Code) Place {
	s := civil.Squeeze(civil.HalfWidth(text))
	if len(s) > 600 {
		s = s[:600]
	}
	if code, ok := ParseCode(s); ok { // 500111116201 in a column of codes
		if _, known := t.Get(code); known && home.Contains(code) {
			return Place{Code: code}
		}
	}
	s, outside, other := t.stripTop(s, home)
	if outside {
		return Place{Code: other, Rest: s, Outside: true}
	}
	if within != "" {
		// The whole text is a village of it, even if it sounds like a township:
		// 龙岗 in 龙岗街道, 石马 in 龙石镇.
		if v, rest, ok := t.villageIn(s, within); ok && rest == "" {
			return Place{Code: v}
		}
	}
	mentions := t.townshipsIn(s, home)
	for i := len(mentions) - 1; i >= 0; i-- {
		m := mentions[i]
		if v, rest, ok := t.villageIn(s[m.end:], m.code); ok {
			return Place{Code: v, Rest: rest}
		}
	}
	if len(mentions) > 0 {
		m := mentions[len(mentions)-1]
		return Place{Code: m.code, Rest: s[m.end:]}
	}
	if within != "" {
		if v, rest, ok := t.villageIn(s, within); ok {
			return Place{Code: v, Rest: rest}
		}
	}
	return t.villageAlone(s, home, within)
}

// stripTop takes the city and the home district off, and tells addresses of
// elsewhere.
func (t *Table) stripTop(s string, home Code) (rest string, outside bool, other Code) {
	city, district := home.At(LevelCity), home.At(LevelDistrict)
	cityNamed := false
	if r, ok := t.Get(city); ok {
		for _, n := range []string{r.Name, r.Stem()} {
			if cut, ok := strings.CutPrefix(s, n); ok {
				// 重庆市市辖区大足区 is the official way to write it.
				s, cityNamed = strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(cut, "-,/"), "市辖区"), "-,/"), true
				break
			}
		}
	}
	own, _ := t.Get(district)
	for _, n := range []string{own.Name, own.Stem() + "县", own.Stem()} {
		if n == "" || n == "县" {
			continue
		}
		if cut, ok := strings.CutPrefix(s, n); ok {
			return strings.TrimLeft(cut, "-,/"), false, ""
		}
	}
	for _, d := range t.children[city] {
		if d.Code == district {
			continue
		}
		if cut, ok := strings.CutPrefix(s, d.Name); ok {
			return cut, true, d.Code
		}
		if cut, ok := strings.CutPrefix(s, d.Stem()); ok && cityNamed && utf8.RuneCountInString(d.Stem()) >= 2 {
			return cut, true, d.Code
		}
	}
	for _, p := range provinces {
		if cut, ok := strings.CutPrefix(s, p); ok {
			// 河南村, 山西坡: a province's name alone proves nothing.
			if strings.HasPrefix(cut, "省") || strings.HasPrefix(cut, "市") || strings.HasPrefix(cut, "自治区") ||
				strings.Contains(cut, "市") || strings.Contains(cut, "县") || cut == "" {
				return s, true, ""
			}
		}
	}
	return s, false, ""
}

var provinces = []string{
	"北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西",
	"山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏",
	"新疆", "台湾", "香港", "澳门",
}

type mention struct {
	code       Code
	start, end int
}

// townshipsIn gives the townships that s names, in the order they stand in,
// without those inside a longer one.
func (t *Table) townshipsIn(s string, home Code) []mention {
	var out []mention
	for _, r := range t.Within(home.At(LevelDistrict), LevelTownship) {
		best := mention{start: -1}
		add := func(i, n int) {
			if i >= 0 && (best.start < 0 || n > best.end-best.start) {
				best = mention{r.Code, i, i + n}
			}
		}
		stem := r.Stem()
		for _, form := range []string{r.Name, stem + "街道办事处", stem + "街道办", stem + "镇人民政府", stem + "镇政府",
			stem + "街道", stem + "镇", stem + "乡", stem + "街办"} {
			// 龙水镇街道 would be a street of the town, so the longest form wins.
			add(strings.Index(s, form), len(form))
		}
		if best.start < 0 && strings.HasPrefix(s, stem) {
			// The bare stem counts only where a village of it follows, or nothing:
			// 宝顶 alone is the town, 龙水湖 is a lake.
			rest := s[len(stem):]
			if _, _, ok := t.villageIn(rest, r.Code); ok || rest == "" {
				add(0, len(stem))
			}
		}
		if best.start >= 0 {
			out = append(out, best)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].start != out[j].start {
			return out[i].start < out[j].start
		}
		return out[i].end > out[j].end
	})
	kept := out[:0]
	for _, m := range out {
		if len(kept) > 0 && m.start < kept[len(kept)-1].end {
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// form is one way to write a village. Weight prefers the longer, then the
// exact kind (村 or 社区) over one that has changed since.
type form struct {
	text   string
	code   Code
	weight int
	bare   bool // without a word for the kind: counts only where the name may end
}

// villageForms gives the ways to write a village.
func villageForms(r Region) []form {
	short, stem := r.Short(), r.Stem()
	out := []form{{stem, r.Code, 2 * len(stem), true}}
	seen := map[string]bool{stem: true}
	for _, f := range []string{r.Name, short + "村民委员会", short + "居民委员会", short + "居委会", short + "村委会", short,
		stem + "社区居民委员会", stem + "社区居委会", stem + "社区", stem + "村村民委员会", stem + "村委会", stem + "村居委会",
		stem + "村", stem + "居委会", stem + "居委", stem + "居民委员会"} {
		if seen[f] {
			continue
		}
		seen[f] = true
		w := 2 * len(f)
		if strings.HasPrefix(f, short) {
			w++
		}
		out = append(out, form{f, r.Code, w, false})
	}
	return out
}

// villageIn finds the village of the township at the head of s, or else behind
// a boundary further in (五星大道88号海棠社区).
func (t *Table) villageIn(s string, township Code) (Code, string, bool) {
	s = strings.TrimLeft(s, "-,/.:;()、，·")
	best, rest, tie := form{}, "", false
	consider := func(f form, tail string) {
		switch {
		case f.weight > best.weight:
			best, rest, tie = f, tail, false
		case f.weight == best.weight && f.code != best.code:
			tie = true
		}
	}
	forms := t.forms[township]
	for _, f := range forms {
		if tail, ok := strings.CutPrefix(s, f.text); ok && (!f.bare || endsName(tail)) {
			consider(f, tail)
		}
	}
	if best.code != "" {
		return best.code, rest, !tie
	}
	for _, f := range forms {
		if f.bare {
			continue
		}
		if i := strings.Index(s, f.text); i >= 0 && boundary(s[:i]) {
			consider(f, s[i+len(f.text):])
		}
	}
	return best.code, rest, best.code != "" && !tie
}

// endsName reports whether a bare stem may end before tail: 友谊6组 yes,
// 幸福里新村 no.
func endsName(tail string) bool {
	if tail == "" {
		return true
	}
	r, size := utf8.DecodeRuneInString(tail)
	if r >= '0' && r <= '9' || strings.ContainsRune("-,/.:;()、，第", r) {
		return true
	}
	if _, ok := civil.Numeral(string(r)); ok {
		next := strings.TrimLeft(tail[size:], "一二三四五六七八九十百")
		for _, unit := range []string{"组", "社", "队", "号", "村民小组", "居民小组", "小组"} {
			if strings.HasPrefix(next, unit) {
				return true
			}
		}
	}
	return false
}

// boundary reports whether a name may begin behind head.
func boundary(head string) bool {
	r, _ := utf8.DecodeLastRuneInString(head)
	return r == utf8.RuneError || r < 0x80 || strings.ContainsRune("镇道乡号路区市县、，。)）处府街", r)
}

// villageAlone finds a village by its name without a township.
func (t *Table) villageAlone(s string, home, within Code) Place {
	if s == "" {
		return Place{Code: within}
	}
	var found []Place
	for _, r := range t.Within(home.At(LevelDistrict), LevelTownship) {
		if v, rest, ok := t.villageIn(s, r.Code); ok {
			found = append(found, Place{Code: v, Rest: rest})
		}
	}
	// The longest name is meant: 双龙西路社区, not 西路社区.
	sort.SliceStable(found, func(i, j int) bool { return len(found[i].Rest) < len(found[j].Rest) })
	switch {
	case len(found) == 0:
		return Place{Code: within, Rest: s}
	case len(found) > 1 && len(found[0].Rest) == len(found[1].Rest):
		return Place{Code: within, Rest: s, Vague: true}
	}
	return found[0]
}

// FindTownship gives the township of a name: 邮亭镇, 邮亭, 棠香街道办事处. The
// name must stand alone.
func (t *Table) FindTownship(name string, home Code) (Code, bool) {
	s := civil.Squeeze(civil.HalfWidth(name))
	s, outside, _ := t.stripTop(s, home)
	if outside {
		return "", false
	}
	for _, m := range t.townshipsIn(s, home) {
		if m.start == 0 && m.end == len(s) {
			return m.code, true
		}
	}
	return "", false
}

// TownshipIn gives the township that a free text is about, such as the title
// 雍溪镇2024年困境儿童花名册; not found if it names none, or several.
func (t *Table) TownshipIn(text string, home Code) (Code, bool) {
	s := civil.Squeeze(civil.HalfWidth(text))
	if len(s) > 2000 {
		return "", false
	}
	ms := t.townshipsIn(s, home)
	if len(ms) != 1 {
		return "", false
	}
	return ms[0].code, true
}

package region

import (
	_ "embed"
	"encoding/csv"
	"io"
	"sort"
	"strings"

	"zugou/internal/kernel/errs"
)

// Official divisions of Chongqing as of 2023-06-30 (National Bureau of
// Statistics, by way of china-division 2.7.0): the city, its 38 districts and
// counties, and the townships and villages of Dazu.
//
//go:embed regions-500111.csv
var builtinCSV string

// Region is one area.
type Region struct {
	Code Code   `json:"code"`
	Name string `json:"name"` // in full, as in 友谊村村民委员会
}

// Short gives the name that people say: 友谊村, 翠屏社区; 镇街 as they are.
func (r Region) Short() string {
	if r.Code.Level() != LevelVillage {
		return r.Name
	}
	for _, s := range []string{"村民委员会", "居民委员会", "村委会", "居委会"} {
		if n, ok := strings.CutSuffix(r.Name, s); ok && n != "" {
			return n
		}
	}
	return r.Name
}

// Stem gives the name without the word for its kind: 友谊, 翠屏, 邮亭.
func (r Region) Stem() string {
	n := r.Short()
	suffixes := []string{"社区", "村"}
	switch r.Code.Level() {
	case LevelTownship:
		suffixes = []string{"街道", "镇", "乡"}
	case LevelDistrict, LevelCity:
		suffixes = []string{"区", "县", "市"}
	case LevelGrid:
		suffixes = []string{"网格"}
	}
	for _, s := range suffixes {
		if stem, ok := strings.CutSuffix(n, s); ok && stem != "" {
			return stem
		}
	}
	return n
}

// Table is a set of areas, fixed once built and safe for use by many.
type Table struct {
	all      []Region // by code
	at       map[Code]int
	children map[Code][]Region
	forms    map[Code][]form // ways to write the villages, by township
	points   map[Code]Point  // of a table from the database; see point.go
	dead     map[Code]grave  // codes that ended, likewise
}

// NewTable builds a table. A code that is none, or twice, is refused.
func NewTable(regions []Region) (*Table, error) {
	t := &Table{all: append([]Region(nil), regions...), at: map[Code]int{}, children: map[Code][]Region{}, forms: map[Code][]form{}}
	sort.Slice(t.all, func(i, j int) bool { return t.all[i].Code < t.all[j].Code })
	for i, r := range t.all {
		if _, double := t.at[r.Code]; double || r.Code.Level() == LevelNone || r.Name == "" {
			return nil, errs.Invalid("code", "region.bad_code")
		}
		t.at[r.Code] = i
		t.children[r.Code.Parent()] = append(t.children[r.Code.Parent()], r)
		if r.Code.Level() == LevelVillage {
			t.forms[r.Code.Parent()] = append(t.forms[r.Code.Parent()], villageForms(r)...)
		}
	}
	return t, nil
}

// Builtin gives the table that the program brings along.
func Builtin() *Table {
	regions, err := ReadCSV(strings.NewReader(builtinCSV))
	if err == nil {
		var t *Table
		if t, err = NewTable(regions); err == nil {
			return t
		}
	}
	panic("region: the embedded table: " + err.Error()) // a broken build, seen by every test
}

// ReadCSV reads rows of `code,parent_code,level,name` with a heading row.
func ReadCSV(r io.Reader) ([]Region, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, errs.Invalid("file", "region.bad_csv")
	}
	var out []Region
	for i, row := range rows {
		if i == 0 {
			continue
		}
		if len(row) != 4 {
			return nil, errs.Invalid("file", "region.bad_csv")
		}
		code, ok := ParseCode(row[0])
		if !ok || code.Level().String() != row[2] {
			return nil, errs.Invalid("code", "region.bad_code")
		}
		out = append(out, Region{code, row[3]})
	}
	return out, nil
}

// All gives every area in the order of codes.
func (t *Table) All() []Region { return append([]Region(nil), t.all...) }

// Len counts the areas.
func (t *Table) Len() int { return len(t.all) }

// Get gives the area of the code.
func (t *Table) Get(c Code) (Region, bool) {
	i, ok := t.at[c]
	if !ok {
		return Region{}, false
	}
	return t.all[i], true
}

// Name gives the short name of an area; empty if the table lacks it.
func (t *Table) Name(c Code) string {
	r, ok := t.Get(c)
	if !ok {
		return ""
	}
	return r.Short()
}

// FullName gives the names from the district down: 大足区邮亭镇友谊村.
func (t *Table) FullName(c Code) string {
	var b strings.Builder
	for l := LevelDistrict; l <= LevelGrid; l++ {
		if a := c.At(l); a != "" {
			b.WriteString(t.Name(a))
		}
	}
	if b.Len() == 0 {
		return t.Name(c)
	}
	return b.String()
}

// Children gives the areas one level below, in the order of codes.
func (t *Table) Children(c Code) []Region { return append([]Region(nil), t.children[c]...) }

// Within gives the areas of the level in c, c itself included.
func (t *Table) Within(c Code, l Level) []Region {
	lo, hi := c.Range()
	i := sort.Search(len(t.all), func(i int) bool { return string(t.all[i].Code) >= lo })
	var out []Region
	for ; i < len(t.all) && string(t.all[i].Code) < hi; i++ {
		if t.all[i].Code.Level() == l {
			out = append(out, t.all[i])
		}
	}
	return out
}

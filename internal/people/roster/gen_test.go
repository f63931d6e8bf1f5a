package roster

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/region"
)

// gen makes people and the mistakes of lists, with the truth about each row.
// IDs use the unassigned area 500199, phones the unassigned prefix 154.
type gen struct {
	r   *rand.Rand
	tab *region.Table
	all []region.Region // townships
}

func newGen(seed uint64) *gen {
	tab := region.Builtin()
	return &gen{r: rand.New(rand.NewPCG(seed, 7)), tab: tab, all: tab.Children("500111")}
}

// entry is a row as an office would type it, with the truth.
type entry struct {
	name, sex, birth          string
	id                        any // string, or float64 for a number
	town, village             string
	group, addr, reg          string
	guardian, relation, phone string
	father, mother, school    string
	grade, kind, remark       string
	reason                    string // column 无身份证原因
	imei, sim, deviceKind     string
	date                      civil.Date
	want                      line // without sheet and row
	place                     region.Code
}

func (g *gen) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *gen) name() string {
	s := g.pick("王", "李", "张", "刘", "陈", "杨", "赵", "周", "吴", "徐", "孙", "曾", "单", "欧阳", "万", "石", "金")
	given := []rune("子涵雨泽佳怡思源梓轩博文静慧国强家乐海亮春燕明志浩程")
	n := 1 + g.r.IntN(2)
	for range n {
		s += string(given[g.r.IntN(len(given))])
	}
	return s
}

func (g *gen) phone() string { return fmt.Sprintf("154%08d", g.r.IntN(100_000_000)) }

func (g *gen) validID() civil.ResidentID {
	for {
		d, ok := civil.MakeDate(2009+g.r.IntN(13), 1+g.r.IntN(12), 1+g.r.IntN(28))
		id, err := civil.MakeID("500199", d, g.r.IntN(1000))
		if ok && err == nil && !strings.HasSuffix(string(id), "00") {
			return id
		}
	}
}

// kid makes a faultless row; town limits it to a township, or "".
func (g *gen) kid(town region.Code) entry {
	id := g.validID()
	t := g.all[g.r.IntN(len(g.all))]
	if town != "" {
		t, _ = g.tab.Get(town)
	}
	vs := g.tab.Children(t.Code)
	v := vs[g.r.IntN(len(vs))]
	e := entry{name: g.name(), id: string(id), sex: "男", date: id.Birth(), town: t.Name, village: v.Short(), place: v.Code,
		guardian: g.name(), relation: g.pick("祖母", "祖父", "母亲", "父亲", "姑姑"), phone: g.phone(), father: g.name(), mother: g.name(),
		school: t.Stem() + "中心小学", grade: g.pick("三年级2班", "五年级", "初一3班"), kind: g.pick("留守儿童", "困境儿童", "事实无人抚养"),
		imei: fmt.Sprintf("86%013d", g.r.Int64N(1e13)), sim: fmt.Sprintf("1440%09d", g.r.IntN(1e9)), deviceKind: g.pick("胸牌", "手环", "腕表")}
	if id.Sex() == civil.Female {
		e.sex = "女"
	}
	if g.r.IntN(4) == 0 {
		e.village = v.Name
	}
	if g.r.IntN(2) == 0 {
		e.group = fmt.Sprint(1 + g.r.IntN(9))
	}
	e.birth = g.dateText(e.date)
	e.want = line{Outcome: "ok", Name: e.name, ID: string(id)}
	return e
}

func (g *gen) dateText(d civil.Date) string {
	y, m, n := d.Year(), d.Month(), d.Day()
	return []string{
		string(d), fmt.Sprintf("%d.%d.%d", y, m, n), fmt.Sprintf("%d年%d月%d日", y, m, n), fmt.Sprintf("%d/%d/%d", y, m, n),
		fmt.Sprintf("%04d%02d%02d", y, m, n), fmt.Sprintf("%d-%02d", y, m),
	}[g.r.IntN(6)]
}

// address writes the address in one cell, in one of the ways people do.
func (e *entry) address(g *gen) {
	group := ""
	if e.group != "" {
		group = e.group + g.pick("组", "社", "组12号")
	}
	e.addr = g.pick("重庆市大足区", "大足区", "", "重庆市大足县", "重庆大足") + e.town + e.village + group
	e.reg = e.addr
}

// spoil turns a row into one of the cases; rows before it are needed for the
// doubles. It may give nil: the case does not apply.
func (g *gen) spoil(e entry, what string, before []entry) (entry, bool) {
	id := e.want.ID
	refuse := func(reason string) {
		e.want.Outcome, e.want.Reason = "refuse", reason
	}
	switch what {
	case "wide":
		e.id = wide(id)
	case "blanks":
		e.id = g.pick(id[:6]+" "+id[6:14]+" "+id[14:], " "+id+"\u00a0", id[:6]+"-"+id[6:14]+"-"+id[14:])
	case "quote":
		e.id = g.pick("'", "‘", "`") + id
	case "lower":
		e.id = strings.ToLower(id)
	case "name":
		rs := []rune(e.name)
		e.name = g.pick(string(rs[:1])+" "+string(rs[1:]), string(rs[:1])+"\u3000"+string(rs[1:]), " "+e.name+" ")
	case "dot":
		e.name, e.want.Name = "次仁"+g.pick("•", ".", "·", "・")+"卓玛", "次仁·卓玛"
	case "fifteen":
		old, err := civil.MakeID("500199", civil.Date(fmt.Sprintf("19%s", string(e.date)[2:])), 101+2*g.r.IntN(400))
		if err != nil {
			return e, false
		}
		e.id, e.want.ID, e.sex = string(old[:6]+old[8:17]), string(old), "男"
		e.birth = ""
	case "no_name":
		e.name, e.want.Name = g.pick("", " ", "/"), ""
		refuse("name_missing")
	case "no_id":
		e.id, e.want.ID = g.pick("", "无", "/", "暂无", "不详"), ""
		refuse("id_missing")
	case "no_id_reason":
		e.id, e.want.ID, e.remark = "", "", g.pick("未登记户口", "未上户", "户口正在办理中", "出生证明办理中", "黑户", "未落户", "无户口")
		e.want.Outcome, e.want.Reason = "ok", "no_id_with_reason"
	case "no_id_inside":
		e.id, e.want.ID = g.pick("无(未上户)", "无（未登记户口）", "未办理户口"), ""
		e.want.Outcome, e.want.Reason = "ok", "no_id_with_reason"
	case "lost_number":
		var v float64
		_, _ = fmt.Sscan(id[:15]+"000", &v)
		if strings.HasSuffix(id, "X") {
			return e, false
		}
		e.id = v
		refuse("id_precision_lost")
	case "lost_text":
		e.id = g.pick("5.00199E+17", "5.00199e+17", "5.00199"+id[6:10]+"E+17", "5.0019920150303E17")
		refuse("id_precision_lost")
	case "lost_zeros":
		lost := id[:15] + "000"
		if civil.ResidentID(lost).Valid() {
			return e, false
		}
		e.id = lost
		refuse("id_precision_lost")
	case "check":
		b := []byte(id)
		i := 14 + g.r.IntN(3)
		b[i] = '0' + (b[i]-'0'+1+byte(g.r.IntN(8)))%10
		if strings.HasSuffix(string(b), "000") {
			return e, false
		}
		e.id = string(b)
		refuse("id_check")
	case "short":
		e.id = g.pick(id[:17], id[:16], id+"1", id[:14])
		refuse("id_check")
	case "no_day":
		bad, err := civil.MakeID("500199", "2015-01-01", 123)
		if err != nil {
			return e, false
		}
		s := string(bad)[:6] + fmt.Sprint(2010+g.r.IntN(10)) + g.pick("1332", "0230", "0431") + fmt.Sprintf("%03d", g.r.IntN(1000))
		for _, c := range "0123456789X" {
			if _, err := civil.ParseID(s + string(c)); err == civil.IDBirthDate {
				e.id = s + string(c)
			}
		}
		refuse("id_birth_date")
	case "other_name", "same":
		for i := len(before) - 1; i >= 0; i-- {
			b := before[i]
			if (b.want.Outcome != "ok" && b.want.Outcome != "warn") || b.want.ID == "" {
				continue
			}
			if what == "same" {
				b.want.Outcome, b.want.Reason = "duplicate", "same_person_in_sheet"
				return b, true
			}
			e.id, e.want.ID, e.birth = b.want.ID, b.want.ID, b.birth
			if e.want.Name == b.want.Name {
				return e, false
			}
			refuse("same_id_other_name")
			return e, true
		}
		return e, false
	case "sex":
		if e.sex == "男" {
			e.sex = "女"
		} else {
			e.sex = "男"
		}
		e.want.Outcome, e.want.Reason = "warn", "sex_differs_from_id"
	case "village":
		e.village = g.pick("幸福里新村", "阳光花园社区", "团结里社区", "新盛家园")
		e.want.Outcome, e.want.Reason = "warn", "village_unknown"
	}
	return e, true
}

func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + 0xfee0
		}
		return r
	}, s)
}

// cases that any list can have; those with a sex or a village need the column.
var commonCases = []string{"wide", "blanks", "quote", "lower", "name", "dot", "fifteen", "no_name", "no_id", "lost_number", "lost_text",
	"lost_zeros", "check", "short", "no_day", "other_name", "same"}

// list makes n rows, a third of them with something about them.
func (g *gen) list(n int, town region.Code, cases ...string) []entry {
	var out []entry
	for len(out) < n {
		e := g.kid(town)
		if len(out) > 0 && g.r.IntN(3) == 0 {
			var ok bool
			if e, ok = g.spoil(e, cases[g.r.IntN(len(cases))], out); !ok {
				continue
			}
		}
		e.address(g)
		out = append(out, e)
	}
	return out
}

package person

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/region"
)

// Synthetic makes children who never lived: names put together by chance, ID
// numbers of the area 500199, which was never assigned, and telephone numbers
// of the prefix 154, which no carrier has. The same seed gives the same
// children.
type Synthetic struct {
	rnd     *rand.Rand
	today   civil.Date
	ids     map[string]bool
	phones  int
	village []region.Region
	towns   map[region.Code]string
	at      int
}

// NewSynthetic makes children for the villages of a district.
func NewSynthetic(seed uint64, areas *region.Table, district region.Code, today civil.Date) *Synthetic {
	s := &Synthetic{rnd: rand.New(rand.NewPCG(seed, 1)), today: today, ids: map[string]bool{}, towns: map[region.Code]string{}}
	// Village by village around the townships, so that few children already
	// stand in all of them.
	var columns [][]region.Region
	for _, t := range areas.Children(district) {
		s.towns[t.Code] = t.Stem()
		columns = append(columns, areas.Children(t.Code))
	}
	for depth := 0; ; depth++ {
		more := false
		for _, villages := range columns {
			if depth < len(villages) {
				s.village, more = append(s.village, villages[depth]), true
			}
		}
		if !more {
			return s
		}
	}
}

const (
	demoSurnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
	demoGiven    = "子涵梓萱欣怡浩然宇轩思雨雨桐佳宁俊杰一诺可馨嘉怡诗涵志强晓东丽华建国海燕明月春兰秋菊国庆文静天宇博文雅琪鑫磊婷婷玉珍德福永贵素芳成林光明远航小满谷雨清荷若溪长风"
)

func (s *Synthetic) name() string {
	surname, given := []rune(demoSurnames), []rune(demoGiven)
	n := string(surname[s.rnd.IntN(len(surname))])
	for range 1 + s.rnd.IntN(3) {
		if len([]rune(n)) == 3 {
			break
		}
		n += string(given[s.rnd.IntN(len(given))])
	}
	return n
}

func (s *Synthetic) idNo(birth civil.Date) civil.ResidentID {
	for {
		n, err := civil.MakeID("500199", birth, s.rnd.IntN(1000))
		if err == nil && !s.ids[string(n)] {
			s.ids[string(n)] = true
			return n
		}
	}
}

func (s *Synthetic) phone() string {
	s.phones++
	return fmt.Sprintf("154%08d", 10000+s.phones*7%99990000)
}

func (s *Synthetic) birth(minAge, maxAge int) civil.Date {
	return s.today.AddMonths(-12 * minAge).AddDays(-s.rnd.IntN(365*(maxAge-minAge) + 364))
}

func (s *Synthetic) chance(percent int) bool { return s.rnd.IntN(100) < percent }

// Next gives another child.
func (s *Synthetic) Next() NewChild {
	v := s.village[s.at%len(s.village)]
	s.at++
	stem := s.towns[v.Code.Parent()]
	birth := s.birth(4, 17)
	age := birth.AgeOn(s.today)
	address := fmt.Sprintf("大足区%s%s%d组%d号", stem, v.Short(), 1+s.rnd.IntN(9), 1+s.rnd.IntN(120))
	c := NewChild{Name: s.name(), Region: string(v.Code), Address: address, School: s.school(stem, age)}
	if s.chance(4) {
		c.NoIDReason, c.BirthOn, c.Sex = "出生医学证明遗失，尚未落户", string(birth), []string{"m", "f"}[s.rnd.IntN(2)]
	} else {
		c.IDNo = string(s.idNo(birth))
		c.RegisteredRegion, c.RegisteredAddress = string(v.Code), address
	}
	if age >= 12 && s.chance(40) {
		c.Phones = []string{s.phone()}
	}
	began := s.today.AddDays(-30 - s.rnd.IntN(900))
	add := func(k child.Kind) { c.Categories = append(c.Categories, NewCategory{k, began}) }
	relation, carer := PaternalGrandmother, true
	switch n := s.rnd.IntN(100); {
	case n < 52 && age < 16:
		add(child.LeftBehind)
		if s.chance(40) {
			relation = PaternalGrandfather
		}
		c.Guardians = append(c.Guardians, NewGuardian{Name: s.name(), Relation: Father, Phones: []string{s.phone()}, Guardian: true, Whereabouts: "广东省东莞市务工"})
	case n < 62:
		add(child.Unattended)
		relation = MaternalGrandmother
	case n < 67:
		add(child.Orphan)
		relation = Uncle
	case n < 80:
		add(child.HardshipPoverty)
		relation = Mother
	case n < 88:
		add(child.HardshipDisability)
		c.Flags = append(c.Flags, "disability")
		relation = Mother
	case n < 94:
		add(child.HardshipGuardianship)
		relation = Father
	default:
		add(child.HardshipIllness)
		c.Flags = append(c.Flags, "medical")
		relation = Mother
	}
	parent := s.birth(28, 45)
	if relation == PaternalGrandmother || relation == PaternalGrandfather || relation == MaternalGrandmother {
		parent = s.birth(55, 72)
	}
	c.Guardians = append(c.Guardians, NewGuardian{Name: s.name(), Relation: relation, IDNo: string(s.idNo(parent)),
		Phones: []string{s.phone()}, Guardian: len(c.Guardians) == 0, Carer: carer, LivesWith: true})
	return c
}

func (s *Synthetic) school(town string, age int) School {
	switch {
	case age < 6:
		return School{Name: town + "中心幼儿园", Grade: "大班", Class: ""}
	case age < 12:
		return School{Name: town + "中心小学", Grade: string([]rune("一二三四五六")[min(age-6, 5)]) + "年级", Class: fmt.Sprintf("%d班", 1+s.rnd.IntN(4))}
	case age < 15:
		return School{Name: town + "初级中学", Grade: string([]rune("七八九")[min(age-12, 2)]) + "年级", Class: fmt.Sprintf("%d班", 1+s.rnd.IntN(6))}
	}
	return School{Name: "大足职业教育中心", Grade: "高" + string([]rune("一二三")[min(age-15, 2)]), Class: fmt.Sprintf("%d班", 1+s.rnd.IntN(8))}
}

// demoChunk is how many children one change of the seed writes.
const demoChunk = 25

// SeedDemo registers n synthetic children of the district through the service
// and gives their ids in order. If there are children already it does nothing
// and gives none.
func (s *Service) SeedDemo(ctx context.Context, district string, n int) ([]id.ID, error) {
	var gen *Synthetic
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var has int
		if err := r.Get(ctx, db.To(&has), "SELECT count(*) FROM (SELECT id FROM person LIMIT 1) x"); err != nil || has > 0 {
			return err
		}
		areas, err := s.atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		gen = NewSynthetic(1, areas, region.Code(district), today(r))
		if len(gen.village) == 0 {
			return fmt.Errorf("person: the district %s has no villages to seed", strings.TrimSpace(district))
		}
		return nil
	})
	if err != nil || gen == nil {
		return nil, err
	}
	var ids []id.ID
	for len(ids) < n {
		var chunk []NewChild
		for range min(demoChunk, n-len(ids)) {
			chunk = append(chunk, gen.Next())
		}
		var made []id.ID
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			made = nil
			for _, c := range chunk {
				out, err := s.create(ctx, tx, c)
				if err != nil {
					return err
				}
				made = append(made, out.ID)
			}
			return nil
		})
		if err != nil {
			return ids, err
		}
		ids = append(ids, made...)
	}
	return ids, nil
}

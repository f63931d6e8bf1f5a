package staff

import (
	"context"
	"fmt"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// DemoPassword opens every account of a demonstration. It exists only where
// Options.Demo is set.
const DemoPassword = "Haitang-7.Qiao"

// DemoAccount is one account of the demonstration, for the list that the
// program prints.
type DemoAccount struct {
	ID         id.ID
	Account    string
	Name       string // invented
	Role       access.Role
	Region     string
	Department access.Department
}

// demoPhone numbers the invented phones: 154 is an unassigned prefix.
const demoPhone = "1540900%04d"

// SeedDemo makes the accounts of a demonstration: one for each role, two
// operators and two leaders, an officer for each township, and directors and
// grid workers for the villages of towns. Accounts that are there stay as they
// are. Forbidden unless the service is a demonstration's.
func (s *Service) SeedDemo(ctx context.Context, towns []region.Code) ([]DemoAccount, error) {
	if !s.o.Demo {
		return nil, errs.Forbidden("demo.off")
	}
	ctx = access.With(ctx, access.System("demo"))
	var areas *region.Table
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		areas, err = s.areas.Table(ctx, r)
		return err
	}); err != nil {
		return nil, err
	}
	hash, err := s.pw.Hash(ctx, DemoPassword)
	if err != nil {
		return nil, err
	}
	out := demoAccounts(areas, codeOf(s.o.District), towns)
	for i := range out {
		a := &out[i]
		if a.ID, err = s.IDOf(ctx, a.Account); err == nil {
			continue
		}
		if !errs.Is(err, errs.KindNotFound) {
			return nil, err
		}
		row := accountRow{ID: id.New(), Kind: KindStaff, Account: a.Account, Name: a.Name, State: Active, Department: a.Department, Region: a.Region}
		if a.Role == access.Citizen {
			row.Kind = KindCitizen
		}
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := lockGrants(ctx, tx); err != nil {
				return err
			}
			return s.found(ctx, tx, row, fmt.Sprintf(demoPhone, i+1), hash, []access.Role{a.Role}, "演示环境预置账号")
		})
		if err != nil {
			return nil, err
		}
		a.ID = row.ID
	}
	return out, nil
}

// Parts of invented names: common surnames and plain given names, none taken
// from a person.
var (
	demoSurnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗"}
	demoGivens   = []string{"知远", "书宁", "安和", "明川", "若溪", "景行", "晓禾", "嘉树", "清越", "言之", "望舒", "子衿", "文澜"}
)

func demoAccounts(areas *region.Table, district region.Code, towns []region.Code) []DemoAccount {
	var out []DemoAccount
	add := func(account string, role access.Role, area region.Code, dept access.Department) {
		n := len(out)
		name := demoSurnames[n%len(demoSurnames)] + demoGivens[(n*5+n/len(demoSurnames))%len(demoGivens)]
		out = append(out, DemoAccount{Account: account, Name: name, Role: role, Region: string(area), Department: dept})
	}
	add("seat1", access.SeatOperator, district, access.CivilAffairs)
	add("seat2", access.SeatOperator, district, access.CivilAffairs)
	add("leader1", access.SeatLeader, district, access.CivilAffairs)
	add("leader2", access.SeatLeader, district, access.CivilAffairs)
	add("police1", access.PoliceLiaison, district, access.Police)
	add("school1", access.Counsellor, district, access.Education)
	add("section1", access.BureauSection, district, access.CivilAffairs)
	add("head1", access.BureauHead, district, access.CivilAffairs)
	add("city1", access.CityCentre, district.At(region.LevelCity), access.City)
	add("system1", access.SystemAdmin, district, access.CivilAffairs)
	add("security1", access.SecurityAdmin, district, access.CivilAffairs)
	add("audit1", access.Auditor, district, access.CivilAffairs)
	add("guardian1", access.Citizen, district, "")
	add("clinic1", access.Clinician, district, access.Health)
	add("clinic2", access.Clinician, district, access.CivilAffairs)
	add("social1", access.SocialWorker, district, access.CivilAffairs)
	add("social2", access.SocialWorker, district, access.CivilAffairs)
	add("super1", access.Supervisor, district, access.CivilAffairs)
	if first := areas.Children(district); len(first) > 0 {
		add("teacher1", access.Teacher, first[0].Code, access.Education)
		add("volunteer1", access.Volunteer, first[0].Code, access.Women)
	}
	for _, t := range areas.Children(district) {
		add("town"+string(t.Code[6:]), access.TownshipOfficer, t.Code, access.Township)
	}
	for _, t := range towns {
		for _, v := range areas.Children(t) {
			add("village"+string(v.Code[6:]), access.VillageDirector, v.Code, access.Township)
			grids := areas.Children(v.Code)
			if len(grids) == 0 {
				add("grid"+string(v.Code[6:]), access.GridWorker, v.Code, access.Township)
			}
			for _, g := range grids {
				add("grid"+string(g.Code[6:]), access.GridWorker, g.Code, access.Township)
			}
		}
	}
	return out
}

package workforce

import (
	"context"
	"slices"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// kindOf is which worker a role makes.
var kindOf = map[access.Role]string{
	access.Clinician: "clinician", access.Counsellor: "counsellor", access.SocialWorker: "social_worker", access.Supervisor: "supervisor",
	access.TownshipOfficer: "township_supervisor", access.VillageDirector: "village_director", access.Volunteer: "volunteer_carer", access.Teacher: "teacher",
}

// titleOf is the qualification that goes with a kind.
var titleOf = map[string]string{"clinician": "psychologist", "counsellor": "teacher", "social_worker": "social_worker", "village_director": "child_director", "teacher": "teacher", "supervisor": "psychologist"}

// Seeded is an account of the demonstration.
type Seeded struct {
	Account id.ID
	Name    string
	Role    access.Role
	Region  string
	Classes []Class
}

// SeedDemo enters the demonstration's accounts as workers with papers: nearly
// all in force, a few about to end and one lapsed, as a real list has them. A
// house that has workers keeps them.
func (s *Service) SeedDemo(ctx context.Context, list []Seeded) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var has int
		if err := tx.Get(ctx, db.To(&has), "SELECT count(*) FROM workforce_person"); err != nil || has > 0 {
			return err
		}
		day, pol := today(tx), s.policy(tx)
		var persons []personRow
		var papers []paperRow
		directors := 0
		for i, x := range list {
			kind, works := kindOf[x.Role]
			if !works {
				continue
			}
			p := Person{ID: id.New(), Account: x.Account, Name: x.Name, Kind: kind, Region: x.Region, Sex: []string{"f", "m", "f"}[i%3], Languages: []string{"dazu,mandarin", "mandarin", "dazu,mandarin,sichuan"}[i%3],
				BeganOn: "2023-03-01", MadeAt: tx.Now, MadeBy: access.From(ctx).Account, Version: 1}
			switch kind {
			case "clinician":
				p.Needs = []string{"depression,suicide,self_harm", "anxiety,trauma,suicide"}[i%2]
			case "social_worker":
				p.Needs = []string{"family,guardianship", "bullying,school,grief"}[i%2]
			}
			ago := 30 + i%200
			if kind == "village_director" {
				directors++
				switch directors {
				case 3:
					ago = pol.VettingDays + 5
				case 4, 5:
					ago = pol.VettingDays - 10
				}
			}
			persons = append(persons, personRow{Person: p})
			got := day.AddDays(-ago)
			papers = append(papers, paperRow{Paper: Paper{ID: id.New(), PersonID: p.ID, Kind: Vetting, Issuer: "公安机关（演示）", Result: Clear, GotOn: got, ExpiresOn: got.AddDays(pol.VettingDays), MadeAt: tx.Now, MadeBy: "system:demo"}})
			if title := titleOf[kind]; title != "" {
				papers = append(papers, paperRow{Paper: Paper{ID: id.New(), PersonID: p.ID, Kind: Qualification, Title: title, Issuer: "发证机关（演示）", GotOn: "2022-06-01", MadeAt: tx.Now, MadeBy: "system:demo"}})
			}
			if i%2 == 0 {
				papers = append(papers, paperRow{Paper: Paper{ID: id.New(), PersonID: p.ID, Kind: Training, Title: "儿童保护与危机识别", Hours: 8, GotOn: day.AddDays(-90), MadeAt: tx.Now, MadeBy: "system:demo"}})
			}
		}
		if len(persons) == 0 {
			return nil
		}
		if err := tx.Insert(ctx, &persons); err != nil {
			return err
		}
		for _, p := range persons {
			i := slices.IndexFunc(list, func(x Seeded) bool { return x.Account == p.Account })
			if err := setClasses(ctx, tx, p.Person, list[i].Classes); err != nil {
				return err
			}
		}
		return tx.Insert(ctx, &papers)
	})
}

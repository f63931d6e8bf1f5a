package app

import (
	"context"
	"testing"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/screening/answer"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
)

// next is a village of another district in the same house.
const next = "500112100201"

// resident registers a pupil of the next district.
func (w *ward) resident(name string, at person.School) id.ID {
	w.t.Helper()
	w.must(w.a.DB.Update(w.ctx(), func(ctx context.Context, tx *db.Tx) error {
		for code, level := range map[string]region.Level{next[:6]: region.LevelDistrict, next[:9]: region.LevelTownship, next: region.LevelVillage} {
			if _, err := tx.Exec(ctx, "INSERT INTO region (code, level, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", code, level.String(), "邻区"+code); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE region_state SET version = version + 1 WHERE id = 1")
		return err
	}))
	got, err := w.a.Person.Create(w.ctx(), person.NewChild{Name: name, Sex: "f", BirthOn: "2011-03-01", NoIDReason: "测试用儿童", Region: next, School: at})
	w.must(err)
	return got.ID
}

// at gives the context of a role in another area than its account's.
func (w *ward) at(role access.Role, area string) context.Context {
	return access.With(context.Background(), access.Actor{Account: "next-" + id.ID(role), Grants: []access.Grant{{Role: role, Region: area, Department: access.CivilAffairs}}})
}

func TestASchoolIsAskedWholeAlsoWhoLivesInAnotherDistrict(t *testing.T) {
	wards(t, 2, func(w *ward) {
		t := w.t
		var home id.ID
		w.must(w.a.DB.View(w.ctx(), func(ctx context.Context, r db.Reader) error {
			_, who, err := person.Key(ctx, r, w.a.Keys, w.children[0])
			home = who.SchoolID
			return err
		}))
		away := w.resident("邻小安", person.School{ID: home, Grade: "七年级", Class: "1班"})
		// Its own district has a school of the name too, and a pupil there.
		namesake := w.resident("邻小乐", person.School{Name: "试验中学", Grade: "七年级", Class: "1班"})

		section, clinic := w.as(access.BureauSection), w.as(access.Clinician)
		w.sign("asq")
		today := civil.DateOf(w.clk.Now())
		plan := campaign.New{Title: "试验中学筛查", Region: "500111", Instruments: []string{"asq"}, Informant: instrument.Child, Selection: campaign.Selection{SchoolID: home}, StartsOn: today, EndsOn: today.AddDays(3)}
		c, err := w.a.Screening.Campaigns.Make(section, plan)
		w.must(err)
		if c.Size != 3 || c.Selection.School != "试验中学" {
			t.Fatalf("%+v", c)
		}
		teacher := w.who[access.Teacher][0].ID
		w.must(w.a.Screening.Campaigns.SetTeachers(section, c.ID, []campaign.Teaching{{Account: teacher, SchoolID: home, Grade: "七年级", Class: "1班"}}))
		var list []campaign.Consent
		for _, x := range append(w.children, away) {
			list = append(list, campaign.Consent{ChildID: x, Consent: campaign.Given, By: "mother", How: "paper", Assent: campaign.Given})
		}
		w.must(w.a.Screening.Campaigns.Consents(section, c.ID, list))
		_, err = w.a.Screening.Campaigns.Open(section, c.ID)
		w.must(err)
		for name, x := range map[string]context.Context{"the section": section, "the teacher": w.as(access.Teacher)} {
			members, err := w.a.Screening.Campaigns.Members(x, c.ID, campaign.MemberQuery{})
			w.must(err)
			found := map[id.ID]bool{}
			for _, m := range members {
				found[m.ChildID] = true
			}
			if len(members) != 3 || !found[away] || found[namesake] {
				t.Errorf("%s sees %+v", name, members)
			}
		}
		groups, err := w.a.Screening.Campaigns.Progress(section, c.ID)
		w.must(err)
		if len(groups.Groups) != 1 || groups.Groups[0].Size != 3 || groups.Groups[0].SchoolID != home {
			t.Errorf("one class: %+v", groups.Groups)
		}

		// It is asked at its school, and its answers are its own district's.
		in := w.version("asq")
		items := calm(in)
		items["1"], items["5"] = instrument.Answer{Value: 1}, instrument.Answer{Value: 0}
		sheet := answer.New{Key: "away", CampaignID: c.ID, ChildID: away, Instrument: in.ID, Version: in.Version, Informant: instrument.Child, Way: answer.Interview, Items: items}
		_, err = w.a.Screening.Answers.Take(clinic, sheet)
		w.must(err)
		if open := w.matters(away); len(open) == 0 || open[0].Region != next {
			t.Errorf("the yes rings nobody: %+v", open)
		}
		// Nothing else of the child follows from it: not its sheets, not its level,
		// not its record, and no sheet outside the campaign.
		alone := sheet
		alone.Key, alone.CampaignID = "alone", ""
		for name, err := range map[string]error{
			"sheets":              fault(w.a.Screening.Answers.OfChild(clinic, away)),
			"level":               fault(w.a.Screening.Levels.Explain(clinic, away)),
			"record":              fault(w.a.Person.Find(section, away)),
			"a sheet of its own":  fault(w.a.Screening.Answers.Take(clinic, alone)),
			"the namesake's":      fault(w.a.Screening.Answers.Take(clinic, answer.New{Key: "n", CampaignID: c.ID, ChildID: namesake, Instrument: in.ID, Version: in.Version, Informant: instrument.Child, Way: answer.Interview, Items: calm(in)})),
			"asked by another":    fault(w.a.Screening.Answers.Take(w.at(access.Clinician, "500113"), sheet)),
			"teachers' own class": fault(w.a.Screening.Answers.OfChild(w.as(access.Teacher), away)),
		} {
			if err == nil {
				t.Errorf("%s can be read or written", name)
			}
		}
		// A township's round asks who lives there, also of a school of the district.
		plan.Region, plan.Title = w.region[:9], "镇街筛查"
		fit, err := w.a.Screening.Campaigns.Fits(section, plan)
		w.must(err)
		if fit.Children != 2 {
			t.Errorf("a township takes %+v", fit)
		}
		// A name that two schools may be is no selection.
		plan.Region, plan.Selection = "500113", campaign.Selection{School: "试验中学"}
		_, err = w.a.Screening.Campaigns.Fits(w.at(access.BureauSection, "500113"), plan)
		w.wants(err, "school.which")
	})
}

func fault[T any](_ T, err error) error { return err }

func TestASchoolsTeacherPrintsForTheOwnPupilsWhereverTheyLive(t *testing.T) {
	wards(t, 1, func(w *ward) {
		t := w.t
		var home id.ID
		w.must(w.a.DB.View(w.ctx(), func(ctx context.Context, r db.Reader) error {
			_, who, err := person.Key(ctx, r, w.a.Keys, w.children[0])
			home = who.SchoolID
			return err
		}))
		away := w.resident("邻小安", person.School{ID: home, Grade: "七年级", Class: "1班"})
		w.resident("邻小乐", person.School{ID: home, Grade: "七年级", Class: "2班"})
		x := w.who[access.Teacher][0]
		teach := workforce.NewPerson{Account: x.ID, Name: x.Name, Kind: "teacher", Region: x.Region, BeganOn: "2024-01-01", Classes: []workforce.Class{{SchoolID: home, Grade: "七年级", Class: "1班"}}}
		section := w.as(access.BureauSection)
		_, err := w.a.Workforce.Add(section, teach)
		w.must(err)
		count := func(ctx context.Context) map[string]int {
			t.Helper()
			list, err := w.a.Drawings.Batches.Classes(ctx, "")
			w.must(err)
			out := map[string]int{}
			for _, c := range list {
				out[c.Class] += c.Children
			}
			return out
		}
		if got := count(w.as(access.Teacher)); got["1班"] != 2 || got["2班"] != 0 {
			t.Errorf("the teacher's classes: %v", got)
		}
		for name, err := range map[string]error{
			"the own class, whole": fault(w.a.Drawings.Batches.Print(w.as(access.Teacher), batch.PrintRequest{School: home, Grade: "七年级", Class: "1班"})),
			"the school, whole":    fault(w.a.Drawings.Batches.Print(section, batch.PrintRequest{School: home})),
		} {
			w.must(err)
			_ = name
		}
		var printed []id.ID
		w.must(w.a.DB.View(w.ctx(), func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &printed, "SELECT child_id FROM drawing_sheet WHERE child_id = ? AND school_id = ?", away, home)
		}))
		if len(printed) != 2 {
			t.Errorf("printed %d sheets for who lives elsewhere", len(printed))
		}
		list, err := w.a.Person.Pick(w.as(access.Teacher), "")
		w.must(err)
		if len(list) != 2 {
			t.Errorf("picks %+v", list)
		}
		// Who enters a township's teachers opens no other district's school to them.
		schools := w.a.Schools
		far, err := schools.Enter(w.at(access.BureauSection, next[:6]), school.Form{Name: "邻区小学", Region: next[:6]}, false)
		w.must(err)
		teach.Account, teach.Name, teach.Classes = "", "镇上老师", []workforce.Class{{SchoolID: far.ID}}
		_, err = w.a.Workforce.Add(w.at(access.TownshipOfficer, x.Region[:9]), teach)
		w.wants(err, "workforce.school_elsewhere")
		if !errs.Is(err, errs.KindInvalid) {
			t.Error(err)
		}
		// The teacher goes with the school when it is merged.
		other, err := schools.Enter(section, school.Form{Name: "试验初级中学", Region: "500111"}, false)
		w.must(err)
		_, err = schools.Merge(section, home, other.ID, "同一所学校")
		w.must(err)
		if list, err = w.a.Person.Pick(w.as(access.Teacher), ""); err != nil || len(list) != 2 {
			t.Errorf("after the merger: %+v %v", list, err)
		}
		// Undone, everybody is where they were; but for whom somebody moved on.
		mergers, err := schools.Mergers(section, other.ID)
		w.must(err)
		if len(mergers) != 1 || mergers[0].Came[school.PartChild] != 3 || mergers[0].Came[school.PartTeacher] != 1 || mergers[0].Came[school.PartSheet] != 5 || !mergers[0].MayUndo {
			t.Fatalf("came: %+v", mergers)
		}
		came, err := schools.CameChildren(section, mergers[0].ID, "七年级", "1班")
		w.must(err)
		if len(came) != 1 || came[0].Name == "" {
			t.Errorf("of the class only the own district's child is named: %+v", came)
		}
		_, err = w.a.Person.MoveClasses(section, other.ID, far.ID, []person.SchoolClass{{Grade: "七年级", Class: "1班"}})
		w.must(err)
		_, err = schools.Undo(section, mergers[0].ID, "不是同一所学校")
		w.must(err)
		if list, err = w.a.Person.Pick(w.as(access.Teacher), ""); err != nil || len(list) != 1 || list[0].ID != away {
			t.Errorf("after the undoing: %+v %v", list, err)
		}
		var at []struct {
			School id.ID `bun:"school_id"`
			N      int   `bun:"n"`
		}
		w.must(w.a.DB.View(w.ctx(), func(ctx context.Context, r db.Reader) error {
			return r.List(ctx, &at, "SELECT school_id, count(*) AS n FROM drawing_sheet GROUP BY school_id")
		}))
		if len(at) != 1 || at[0].School != home || at[0].N != 5 {
			t.Errorf("the sheets: %+v", at)
		}
		if mergers, err = schools.Mergers(section, home); err != nil || len(mergers) != 1 || mergers[0].Back[school.PartChild] != 2 || mergers[0].Left != 1 || mergers[0].UndoReason != "不是同一所学校" {
			t.Errorf("undone: %+v %v", mergers, err)
		}
	})
}

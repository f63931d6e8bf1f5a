package person_test

import (
	"context"
	"slices"
	"testing"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/person"
	"zugou/internal/people/school"
)

// schools gives the register, wired as the program does.
func (w *world) schools() *school.Service {
	return school.NewService(w.db, school.Policies{{From: "2024-01-01", UndoDays: 30}}, school.Ports{Pupils: person.PupilsBySchool, Moved: person.SchoolMoved, Came: person.SchoolCame, Back: person.SchoolBack, Children: person.SchoolChildren,
		Names: func(context.Context, db.Reader, ...id.ID) (map[id.ID]string, error) { return map[id.ID]string{}, nil },
		Called: func(context.Context, db.Reader, []id.ID, []id.ID) (a, b map[id.ID]string, err error) {
			return nil, nil, nil
		}})
}

func pupil(name, area, at string) person.NewChild {
	return person.NewChild{Name: name, BirthOn: "2014-03-01", NoIDReason: "测试用儿童", Region: area, School: person.School{Name: at, Grade: "三年级", Class: "2班"}}
}

// taught gives who a teacher of the school finds.
func (w *world) taught(at id.ID) []id.ID {
	w.t.Helper()
	w.pupils["teacher"] = []person.Taught{{School: at, Grade: "三年级", Class: "2班"}}
	list, err := w.s.Pick(w.as("teacher", role(access.Teacher, youting)), "")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []id.ID
	for _, p := range list {
		out = append(out, p.ID)
	}
	slices.Sort(out)
	return out
}

func TestASchoolThatANameMayMeanTwiceIsAskedAboutAndNoTeacherFindsTheChildUntilThen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		section, village := w.as("section", role(access.BureauSection, district)), w.as("village", role(access.VillageDirector, youyi))
		// An import's owner may enter schools: a new name is a new school, one
		// for all its pupils of the district.
		first, err := w.s.Create(section, pupil("安小禾", youyi, "实验小学"))
		if err != nil {
			t.Fatal(err)
		}
		next, err := w.s.Create(section, pupil("安小满", ciyun, "实验 小学"))
		if err != nil {
			t.Fatal(err)
		}
		home := w.school(first.ID)
		if home == "" || w.school(next.ID) != home {
			t.Fatalf("%q %q", home, w.school(next.ID))
		}
		// Who may not enter schools names one that is there, or is asked about.
		known, err := w.s.Create(village, pupil("安小雨", youyi, "实验小学"))
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := w.s.Create(village, pupil("安小溪", youyi, "没人登记的小学"))
		if err != nil {
			t.Fatal(err)
		}
		if w.school(known.ID) != home || w.school(fresh.ID) != "" {
			t.Errorf("%q %q", w.school(known.ID), w.school(fresh.ID))
		}
		// A second school of the name in the district.
		other, err := w.schools().Enter(section, school.Form{Name: "实验小学", Region: youting}, true)
		if err != nil {
			t.Fatal(err)
		}
		doubt, err := w.s.Create(section, pupil("安小河", youyi, "实验小学"))
		if err != nil {
			t.Fatal(err)
		}
		if got := w.school(doubt.ID); got != "" {
			t.Errorf("guessed: %s", got)
		}
		for _, at := range []id.ID{home, other.ID, ""} {
			if slices.Contains(w.taught(at), doubt.ID) {
				t.Errorf("the teacher of %q finds a child whose school nobody knows", at)
			}
		}
		open, err := w.s.SchoolQuestions(section)
		if err != nil || len(open) != 2 {
			t.Fatalf("%+v %v", open, err)
		}
		for _, q := range open {
			if want := map[string]int{"实验小学": 2, "没人登记的小学": 0}[q.Name]; q.Children != 1 || q.Region != district || len(q.Choices) != want {
				t.Errorf("%+v", q)
			}
		}
		if _, err := w.s.SchoolQuestions(village); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a village director: %v", err)
		}
		if _, err := w.s.SettleSchool(village, "实验小学", district, other.ID); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a village director answers: %v", err)
		}
		next1 := w.as("next", role(access.BureauSection, neighbour[:6]))
		if _, err := w.s.SettleSchool(next1, "实验小学", district, other.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("another district answers: %v", err)
		}
		n, err := w.s.SettleSchool(section, "实验小学", district, other.ID)
		if err != nil || n != 1 || w.school(doubt.ID) != other.ID || w.school(first.ID) != home {
			t.Errorf("%d %v", n, err)
		}
		if got := w.taught(other.ID); !slices.Equal(got, []id.ID{doubt.ID}) {
			t.Errorf("after the answer: %v", got)
		}
		// A form names the school by id; the name it has already stays the school
		// it has already.
		byID := person.School{ID: home, Name: "随便写的", Grade: "三年级", Class: "2班"}
		if _, err := w.s.Update(section, fresh.ID, person.Change{School: &byID}); err != nil {
			t.Fatal(err)
		}
		page, err := w.s.Find(section, fresh.ID)
		if err != nil || page.School.ID != home || page.School.Name != "实验小学" {
			t.Errorf("%+v %v", page.School, err)
		}
		same := person.School{Name: "实验小学", Grade: "四年级"}
		if _, err := w.s.Update(section, fresh.ID, person.Change{School: &same}); err != nil || w.school(fresh.ID) != home {
			t.Errorf("%q %v", w.school(fresh.ID), err)
		}
		nowhere := person.School{ID: id.New()}
		if _, err := w.s.Update(section, fresh.ID, person.Change{School: &nowhere}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a school that is none: %v", err)
		}
		none := person.School{}
		if _, err := w.s.Update(section, fresh.ID, person.Change{School: &none}); err != nil || w.school(fresh.ID) != "" {
			t.Errorf("no school: %q %v", w.school(fresh.ID), err)
		}
	})
}

func TestPupilsGoWithTheirSchoolWhenItIsRenamedOrMerged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		section := w.as("section", role(access.BureauSection, district))
		a, b := w.create(pupil("安小禾", youyi, "邮亭中心小学")), w.create(pupil("安小满", neighbour, "邮亭小学"))
		to, from := w.school(a), w.school(b)
		if to == "" || from == "" || to == from {
			t.Fatalf("%q %q", to, from)
		}
		if _, err := w.schools().Merge(section, from, to, "同一所学校"); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a school of another district: %v", err)
		}
		if _, err := w.schools().Merge(w.as("seed"), from, to, "同一所学校"); err != nil {
			t.Fatal(err)
		}
		want := []id.ID{a, b}
		slices.Sort(want)
		if got := w.taught(to); !slices.Equal(got, want) {
			t.Errorf("after the merger: %v", got)
		}
		if _, err := w.schools().Change(w.as("seed"), to, school.Form{Name: "邮亭镇中心小学", Region: district}, 1, false); err != nil {
			t.Fatal(err)
		}
		page, err := w.s.Find(w.as("seed"), b)
		if err != nil || page.School.Name != "邮亭镇中心小学" || page.Version != 1 {
			t.Errorf("%+v %v", page.School, err)
		}
		// What was merged wrongly, or was one by name only, is parted by classes.
		other, err := w.schools().Enter(section, school.Form{Name: "邮亭二小", Region: district}, false)
		if err != nil {
			t.Fatal(err)
		}
		village := w.as("village", role(access.VillageDirector, youyi))
		if _, err := w.s.MoveClasses(village, to, other.ID, []person.SchoolClass{{Grade: "三年级", Class: "2班"}}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a village director: %v", err)
		}
		if _, err := w.s.MoveClasses(section, to, other.ID, []person.SchoolClass{{Grade: "九年级", Class: "9班"}}); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("a class that is not there: %v", err)
		}
		classes, err := w.s.SchoolClasses(section, to)
		if err != nil || len(classes) != 1 || classes[0].Children != 1 { // the child of the other district is not the section's to count
			t.Errorf("%+v %v", classes, err)
		}
		if n, err := w.s.MoveClasses(section, to, other.ID, classes); err != nil || n != 1 || w.school(a) != other.ID || w.school(b) != to {
			t.Errorf("%d %v", n, err)
		}
		if n, err := w.s.MoveClasses(section, other.ID, to, classes); err != nil || n != 1 {
			t.Errorf("and back: %d %v", n, err)
		}
		// A later list under an earlier name says nothing new.
		w.view(func(ctx context.Context, r db.Reader) error {
			again := pupil("安小禾", youyi, "邮亭小学")
			p, ok, err := w.s.Propose(ctx, r, a, again)
			if ok && slices.Contains(p.Fields, "school") {
				t.Errorf("proposed: %v", p.Fields)
			}
			again.School.Name = "另一所小学"
			if p, ok, _ = w.s.Propose(ctx, r, a, again); !ok || !slices.Contains(p.Fields, "school") {
				t.Errorf("another school is not proposed: %v", p.Fields)
			}
			return err
		})
	})
}

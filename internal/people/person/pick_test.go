package person_test

import (
	"context"
	"slices"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

func TestATeacherPicksTheOwnPupilsAndASocialWorkerTheOwnArea(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pupil := func(name, area, school, grade, class string) id.ID {
			return w.create(person.NewChild{Name: name, BirthOn: "2014-03-01", NoIDReason: "测试用儿童", Region: area, School: person.School{Name: school, Grade: grade, Class: class}})
		}
		mine := pupil("安小禾", youyi, "邮亭中心小学", "三年级", "2班")
		away := pupil("安小满", ciyun, "邮亭中心小学", "三年级", "2班") // learns here, lives in another township
		next := pupil("安小雨", youyi, "邮亭中心小学", "三年级", "1班")
		far := pupil("安小溪", ciyun, "雍溪中心小学", "三年级", "2班")
		home := w.school(mine)
		w.pupils["teacher"] = []person.Taught{{School: home, Grade: "三年级", Class: "2班"}}
		w.pupils["school"] = []person.Taught{{School: home}}
		// Lives in another district, and stands in the list of its school.
		if _, err := w.s.Update(w.as("seed"), away, person.Change{Region: &neighbour, MovedOn: "2024-01-01", MoveReason: "随父母"}); err != nil {
			t.Fatal(err)
		}
		w.cases["clinic"] = []id.ID{far}
		w.cases["social"] = []id.ID{far}

		for _, x := range []struct {
			name string
			who  context.Context
			q    string
			want []id.ID
		}{
			{"a teacher: the own class, wherever they live", w.as("teacher", role(access.Teacher, youting)), "", []id.ID{mine, away}},
			{"by name", w.as("teacher", role(access.Teacher, youting)), "安小满", []id.ID{away}},
			{"by the letters of the name", w.as("teacher", role(access.Teacher, youting)), "anxiaohe", []id.ID{mine}},
			{"not those of another class", w.as("teacher", role(access.Teacher, youting)), "安小雨", nil},
			{"a number finds nobody", w.as("teacher", role(access.Teacher, youting)), "20140301", nil},
			{"a teacher who is entered with no class", w.as("newcomer", role(access.Teacher, youting)), "", nil},
			{"the counsellor of the school", w.as("school", role(access.Counsellor, district)), "", []id.ID{mine, away, next}},
			{"a social worker: the area, and the own cases", w.as("social", role(access.SocialWorker, youting)), "", []id.ID{mine, next, far}},
			{"a clinician: the own cases", w.as("clinic", role(access.Clinician, district)), "", []id.ID{far}},
		} {
			rows := w.trail(x.who, func(ctx context.Context) {
				list, err := w.s.Pick(ctx, x.q)
				if err != nil {
					t.Fatalf("%s: %v", x.name, err)
				}
				var got []id.ID
				for _, p := range list {
					got = append(got, p.ID)
					if p.Name == "" || p.Place == "" {
						t.Errorf("%s: %+v", x.name, p)
					}
				}
				slices.Sort(got)
				slices.Sort(x.want)
				if !slices.Equal(got, x.want) {
					t.Errorf("%s: %v, want %v", x.name, got, x.want)
				}
			})
			if len(x.want) > 0 && !slices.ContainsFunc(rows, func(r audit.Row) bool { return r.Action == "child.pick" }) {
				t.Errorf("%s: not in the audit", x.name)
			}
		}
		// Nothing of how the child is: name and class.
		if list, _ := w.s.Pick(w.as("teacher", role(access.Teacher, youting)), "安小禾"); len(list) != 1 || list[0] != (person.Picked{ID: mine, Name: "安小禾", Place: "三年级2班"}) {
			t.Errorf("%+v", list)
		}
		w.foes[[2]id.ID{"teacher", mine}] = true
		if list, err := w.s.Pick(w.as("teacher", role(access.Teacher, youting)), ""); err != nil || len(list) != 1 || list[0].ID != away {
			t.Errorf("on the conflict list: %v %v", list, err)
		}
		for _, r := range []access.Role{access.SystemAdmin, access.Auditor, access.Citizen, access.Volunteer, access.GridWorker, access.CityCentre, access.PoliceLiaison} {
			if _, err := w.s.Pick(w.as("x", role(r, district)), ""); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", r, err)
			}
		}
	})
}

func TestPupilsAreKnownByTheIdOfTheSchool(t *testing.T) {
	here := person.Taught{School: "s1", Grade: "三年级"}
	for name, c := range map[string]struct {
		pupil person.Pupil
		want  bool
	}{
		"own class":                         {person.Pupil{Region: "500111113203", School: "实验小学", SchoolID: "s1", Grade: "三年级", Class: "1班"}, true},
		"lives in another district":         {person.Pupil{Region: "500112113203", School: "实验小学", SchoolID: "s1", Grade: "三年级", Class: "1班"}, true},
		"another school of the name":        {person.Pupil{Region: "500111113203", School: "实验小学", SchoolID: "s2", Grade: "三年级", Class: "1班"}, false},
		"it is asked which school is meant": {person.Pupil{Region: "500111113203", School: "实验小学", Grade: "三年级", Class: "1班"}, false},
		"another grade":                     {person.Pupil{Region: "500111113203", School: "实验小学", SchoolID: "s1", Grade: "四年级", Class: "1班"}, false},
		"no school is written":              {person.Pupil{Region: "500111113203"}, false},
	} {
		if got := c.pupil.TaughtIn([]person.Taught{here}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// Who teaches at no school finds nobody, least of all those without one.
	if (person.Pupil{Region: "500111113203"}).TaughtIn([]person.Taught{{}}) {
		t.Error("a teacher without a school finds pupils without one")
	}
}

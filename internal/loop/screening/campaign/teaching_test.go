package campaign

import "testing"

func TestATeacherSeesTheClassOfTheOwnSchoolOnly(t *testing.T) {
	own := Teaching{Account: "t", SchoolID: "s1", Grade: "三年级"}
	member := Member{Region: "500111113203", School: "实验小学", SchoolID: "s1", Grade: "三年级", Class: "1班"}
	if !own.sees(member) {
		t.Error("the own class")
	}
	away := member
	away.Region = "500112113203"
	if !own.sees(away) {
		t.Error("who lives in another district and sits in the class")
	}
	for name, change := range map[string]func(m *Member){
		"another school of the name":        func(m *Member) { m.SchoolID = "s2" },
		"it is asked which school is meant": func(m *Member) { m.SchoolID = "" },
		"another grade":                     func(m *Member) { m.Grade = "四年级" },
	} {
		other := member
		change(&other)
		if own.sees(other) {
			t.Error(name)
		}
	}
	if (Teaching{Account: "t"}).sees(Member{}) {
		t.Error("a teacher of no school sees children without one")
	}
	where, args := sight{teacher: true, classes: []Teaching{own}}.where()
	if len(args) != 2 || where == "" {
		t.Errorf("%s %v", where, args)
	}
	if where, _ := (sight{teacher: true}).where(); where != "(1 = 0)" {
		t.Errorf("a teacher without a class: %s", where)
	}
}

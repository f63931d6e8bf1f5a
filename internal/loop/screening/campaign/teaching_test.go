package campaign

import "testing"

func TestATeacherSeesTheClassOfTheOwnDistrictOnly(t *testing.T) {
	own := Teaching{Account: "t", School: "实验小学", Grade: "三年级", Area: "500111"}
	member := Member{Region: "500111113203", School: "实验小学", Grade: "三年级", Class: "1班"}
	if !own.sees(member) {
		t.Error("the own class")
	}
	other := member
	other.Region = "500112113203"
	if own.sees(other) {
		t.Error("a school of the same name in another district")
	}
	other = member
	other.Grade = "四年级"
	if own.sees(other) {
		t.Error("another grade")
	}
	where, args := sight{teacher: true, classes: []Teaching{own}}.where()
	if len(args) != 4 || where == "" {
		t.Errorf("%s %v", where, args)
	}
	if where, _ := (sight{teacher: true}).where(); where != "(1 = 0)" {
		t.Errorf("a teacher without a class: %s", where)
	}
}

package access_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const (
	district = "500111"
	town     = "500111113"
	village  = "500111113203"
	other    = "500111100"
)

func actor(r access.Role, region string) access.Actor {
	return access.Actor{Account: "me", Grants: []access.Grant{{Role: r, Region: region, Department: access.CivilAffairs}}}
}

// The golden file is the matrix over every action × role × situation; a
// change of rights shows there as a diff to be read by a person.
func TestMatrix(t *testing.T) {
	situations := []struct {
		name   string
		target access.Target
	}{
		{"in", access.Target{Region: village}},
		{"out", access.Target{Region: other}},
		{"out+task", access.Target{Region: other, Task: "order"}},
		{"own", access.Target{Region: other, Owner: "me"}},
		{"in+conflict", access.Target{Region: village, Task: "order", Owner: "me", Conflicted: true}},
		{"in+hidden child", access.Target{Region: village, Child: "hidden", Task: "order", Owner: "me", Glass: true}},
		{"out+glass", access.Target{Region: other, Glass: true}},
		{"out+glass+sealed", access.Target{Region: other, Glass: true, Sealed: true}},
	}
	var b strings.Builder
	for _, action := range access.Actions() {
		for _, role := range access.Roles() {
			a := actor(role, town)
			a.Hidden = []id.ID{"hidden"}
			var yes []string
			for _, s := range situations {
				if a.Allowed(action, s.target) {
					yes = append(yes, s.name)
				}
				if (s.target.Conflicted || s.target.Child != "") && a.Allowed(action, s.target) {
					t.Errorf("%s may %s although on the conflict list", role, action)
				}
			}
			if len(yes) > 0 {
				b.WriteString(string(action) + " " + string(role) + ": " + strings.Join(yes, " ") + "\n")
			}
		}
	}
	golden := filepath.Join("testdata", "matrix.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the rights differ from %s; run with UPDATE_GOLDEN=1 and read the diff", golden)
	}
}

func TestNoRoleReadsOutsideWithoutTask(t *testing.T) {
	for _, role := range access.Roles() {
		for _, action := range access.Actions() {
			if actor(role, town).Allowed(action, access.Target{Region: other, Department: access.CivilAffairs}) {
				t.Errorf("%s may %s out of its area", role, action)
			}
		}
	}
}

func TestDepartmentNarrows(t *testing.T) {
	a := actor(access.BureauSection, district)
	if a.Allowed("child.write", access.Target{Region: village, Department: access.Police}) {
		t.Error("a section of civil affairs writes records of the police")
	}
}

func TestGlassIsNotForAdministratorsAuditorsCitizensAndOtherDepartments(t *testing.T) {
	for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor, access.Citizen, access.PoliceLiaison, access.CityCentre, access.GridWorker} {
		if actor(role, district).Allowed("child.read", access.Target{Region: "500112", Glass: true}) {
			t.Errorf("%s may break the glass", role)
		}
	}
}

func TestCheckHidesWhatTheActorMayNotKnow(t *testing.T) {
	tests := []struct {
		name   string
		role   access.Role
		action access.Action
		target access.Target
		want   errs.Kind
	}{
		{"out of area: not found", access.TownshipOfficer, "matter.note", access.Target{Region: other}, errs.KindNotFound},
		{"readable but not to be done: forbidden", access.BureauHead, "matter.confirm", access.Target{Region: other}, errs.KindNotFound},
		{"never the role's: forbidden", access.Auditor, "matter.read", access.Target{Region: village}, errs.KindForbidden},
		{"task opens reading, not closing", access.BureauSection, "matter.close", access.Target{Region: other, Task: "o"}, errs.KindForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := access.Check(actor(tt.role, town), tt.action, tt.target)
			if !errs.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestWhereDropsNestedAreas(t *testing.T) {
	a := access.Actor{Grants: []access.Grant{
		{Role: access.TownshipOfficer, Region: village}, {Role: access.TownshipOfficer, Region: town}, {Role: access.TownshipOfficer, Region: other}}}
	sql, args := access.Where("region", a.Areas("matter.read"))
	if sql != "((region >= ? AND region < ?) OR (region >= ? AND region < ?))" || len(args) != 4 || args[1] != "500111101" || args[3] != "500111114" {
		t.Errorf("%s %v", sql, args)
	}
	if sql, _ := access.Where("region", nil); sql != "1 = 0" {
		t.Errorf("no area gives %s", sql)
	}
}

func TestThreeAdministratorsAreThreePeople(t *testing.T) {
	admins := []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor}
	for _, a := range admins {
		for _, b := range access.Roles() {
			if a != b && (access.Compatible(a, b) || access.Compatible(b, a)) {
				t.Errorf("%s and %s in one account", a, b)
			}
		}
	}
	if !access.Compatible(access.SeatOperator, access.SeatLeader) {
		t.Error("an operator can't be leader")
	}
}

func TestAHiddenChildIsInNoList(t *testing.T) {
	a := actor(access.BureauSection, town)
	if where, args := a.Lists("visit.read", "region", "child_id"); where != "((region >= ? AND region < ?) AND 1 = 1)" && where != "(((region >= ? AND region < ?)) AND 1 = 1)" || len(args) != 2 {
		t.Errorf("%s %v", where, args)
	}
	a.Hidden = []id.ID{"one", "two"}
	where, args := a.Lists("visit.read", "region", "child_id")
	if !strings.HasSuffix(where, " AND child_id NOT IN (?, ?))") || len(args) != 4 || args[3] != id.ID("two") {
		t.Errorf("%s %v", where, args)
	}
	if a.Finds("two") || !a.Finds("three") || !a.Finds("") {
		t.Error("finds what is hidden, or not what isn't")
	}
	a.System = true
	if !a.Finds("two") {
		t.Error("the program itself is kept away")
	}
}

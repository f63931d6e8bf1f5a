package access_test

import (
	"testing"

	"zugou/internal/people/access"
)

// What is shown is what decides: every cell against the question itself.
func TestTheMatrixShownIsTheTableThatDecides(t *testing.T) {
	const area = "500111113"
	rows := access.Matrix()
	if len(rows) != len(access.Actions()) {
		t.Fatalf("%d rows for %d actions", len(rows), len(access.Actions()))
	}
	for _, row := range rows {
		shown := map[access.Role]string{}
		for _, c := range row.Cells {
			shown[c.Role] = c.When
		}
		for _, role := range access.Roles() {
			a := access.Actor{Account: "me", Grants: []access.Grant{{Role: role, Region: area, Department: access.CivilAffairs}}}
			here := access.Target{Region: area + "203"}
			own, task := here, here
			own.Owner, task.Task = "me", "t"
			want := ""
			switch {
			case a.Allowed(row.Action, here):
				want = "area"
			case a.Allowed(row.Action, own):
				want = "own"
			case a.Allowed(row.Action, task):
				want = "task"
			}
			if shown[role] != want {
				t.Errorf("%s %s is shown as %q, decided as %q", role, row.Action, shown[role], want)
			}
		}
	}
}

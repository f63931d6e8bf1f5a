package app

import (
	"context"

	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/intake"
	"zugou/internal/people/school"
	lists "zugou/policy/intake"
	schools "zugou/policy/school"
)

// importing wires the register of schools and the imports of departments' lists.
func (a *App) importing() error {
	mergers, err := dated.Read[school.Policy](schools.Files)
	if err != nil {
		return err
	}
	a.Schools = school.NewService(a.DB, mergers, a.schoolPorts())
	policies, err := dated.Read[intake.Policy](lists.Files)
	if err != nil {
		return err
	}
	moved, _ := a.Words.Text("import.move_reason")
	a.Intake = intake.New(intake.Parts{DB: a.DB, Keys: a.Keys, Person: a.Person, Jobs: a.Jobs, Log: a.Log, Policies: policies, District: a.Config.District, MoveReason: moved,
		Names: func(ctx context.Context, r db.Reader, ids ...id.ID) (map[id.ID]string, error) {
			return accounts{a.Keys}.Names(ctx, r, ids)
		},
		Model: func(protocol string, said ...string) string { return a.doors.models.Match(protocol, said...) }})
	return nil
}

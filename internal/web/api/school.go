package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/id"
	"zugou/internal/people/person"
	"zugou/internal/people/school"
)

type settled struct {
	Children int `json:"children"`
}

// schools are the register of schools, and the names that are asked about.
func (a *API) schools() {
	call(a, http.MethodGet, "/schools", "the schools of a district, or all", func(ctx context.Context, in *struct {
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	}) (page[school.Row], error) {
		items, err := a.Schools.List(ctx, in.Region)
		return page[school.Row]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/schools", "enter a school", func(ctx context.Context, in *struct {
		Body struct {
			school.Form
			Same bool `json:"same,omitempty"` // though the district has one of the name
		}
	}) (school.School, error) {
		return a.Schools.Enter(ctx, in.Body.Form, in.Body.Same)
	})
	call(a, http.MethodPut, "/schools/{id}", "correct a school as of the version that was seen", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			school.Form
			Same    bool  `json:"same,omitempty"`
			Version int64 `json:"version"`
		}
	}) (school.School, error) {
		return a.Schools.Change(ctx, in.ID, in.Body.Form, in.Body.Version, in.Body.Same)
	})
	call(a, http.MethodPost, "/schools/{id}/merge", "let a school be another: its pupils, teachers and sheets are the other's", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Into   id.ID  `json:"into" maxLength:"36"`
			Reason string `json:"reason" maxLength:"2000"`
		}
	}) (school.School, error) {
		return a.Schools.Merge(ctx, in.ID, in.Body.Into, in.Body.Reason)
	})
	call(a, http.MethodGet, "/schools/{id}/mergers", "what a school took in, and mergers of it that were undone", func(ctx context.Context, in *ByID) (page[school.Merger], error) {
		items, err := a.Schools.Mergers(ctx, in.ID)
		return page[school.Merger]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/school-mergers/{id}", "who and what came by a merger", func(ctx context.Context, in *ByID) (school.Came, error) {
		return a.Schools.Came(ctx, in.ID)
	})
	call(a, http.MethodGet, "/school-mergers/{id}/children", "the children of one class that came by a merger", func(ctx context.Context, in *struct {
		ByID
		Grade string `query:"grade" maxLength:"50"`
		Class string `query:"class" maxLength:"50"`
	}) (page[school.CameChild], error) {
		items, err := a.Schools.CameChildren(ctx, in.ID, in.Grade, in.Class)
		return page[school.CameChild]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/school-mergers/{id}/undo", "part two merged schools: who came and was not moved on goes back", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason" maxLength:"2000"`
		}
	}) (school.Merger, error) {
		return a.Schools.Undo(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/schools/{id}/classes", "the classes of a school", func(ctx context.Context, in *ByID) (page[person.SchoolClass], error) {
		items, err := a.Person.SchoolClasses(ctx, in.ID)
		return page[person.SchoolClass]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/schools/{id}/classes", "let classes of a school be another school's", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			To      id.ID                `json:"to" maxLength:"36"`
			Classes []person.SchoolClass `json:"classes" maxItems:"500"`
		}
	}) (settled, error) {
		n, err := a.Person.MoveClasses(ctx, in.ID, in.Body.To, in.Body.Classes)
		return settled{n}, err
	})
	call(a, http.MethodGet, "/schools/questions", "names of which it is not known which school they mean", func(ctx context.Context, _ *struct{}) (page[person.SchoolQuestion], error) {
		items, err := a.Person.SchoolQuestions(ctx)
		return page[person.SchoolQuestion]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/schools/questions", "which school a name means for the children of a district", func(ctx context.Context, in *struct {
		Body struct {
			Name   string `json:"name" maxLength:"100"`
			Region string `json:"region" pattern:"^[0-9]*$" maxLength:"15"`
			School id.ID  `json:"school" maxLength:"36"`
		}
	}) (settled, error) {
		n, err := a.Person.SettleSchool(ctx, in.Body.Name, in.Body.Region, in.Body.School)
		return settled{n}, err
	})
}

package api

import (
	"context"
	"net/http"
	"strings"

	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

// registerDesk is what only the register's own officers do: doubles, merges,
// erasing, lists that leave the house.
func (a *API) registerDesk() {
	call(a, http.MethodGet, "/children/counts", "children of the actor's areas by area and by category", func(ctx context.Context, in *struct {
		Region string `query:"region" maxLength:"15"`
	}) (person.Counts, error) {
		return a.Person.Count(ctx, in.Region)
	})
	workbook(a, "/children/export", "the list as a workbook, on record", "children.xlsx", func(ctx context.Context, in *struct {
		Q        string `query:"q" maxLength:"50"`
		Region   string `query:"region" maxLength:"15"`
		Category string `query:"category" maxLength:"40"`
		School   id.ID  `query:"school" maxLength:"36"`
		Level    string `query:"level" enum:"green,yellow,orange,red,none,waiting,"`
		Reason   string `query:"reason" maxLength:"300"`
	}) ([]byte, error) {
		return a.Person.Export(ctx, person.ListQuery{Q: in.Q, Region: in.Region, Category: child.Kind(in.Category), School: in.School, Level: in.Level}, in.Reason, a.Words.Text)
	})
	call(a, http.MethodGet, "/duplicates", "open doubts about who somebody is", func(ctx context.Context, _ *struct{}) (page[person.CaseView], error) {
		items, err := a.Person.Cases(ctx)
		return page[person.CaseView]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/duplicates/{id}/decide", "an area's claim: the child lives there now, or stays", func(ctx context.Context, in *struct {
		ByID
		Body person.CaseDecision
	}) (done, error) {
		return done{true}, a.Person.DecideCase(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/merges", "make one person of two records", func(ctx context.Context, in *struct {
		Body struct {
			Kept    id.ID  `json:"kept" maxLength:"60"`
			Dropped id.ID  `json:"dropped" maxLength:"60"`
			Reason  string `json:"reason" maxLength:"500"`
		}
	}) (person.Merged, error) {
		return a.Person.Merge(ctx, in.Body.Kept, in.Body.Dropped, in.Body.Reason)
	})
	call(a, http.MethodGet, "/merges", "merges of the actor's areas, newest first", func(ctx context.Context, _ *struct{}) (page[person.MergeView], error) {
		items, err := a.Person.Merges(ctx)
		return page[person.MergeView]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/merges/{id}/undo", "both records as they were", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (done, error) {
		return done{true}, a.Person.Unmerge(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodPost, "/children/{id}/erase", "ask for a person to be erased: the first of two people", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (person.Erasure, error) {
		return a.Person.AskErase(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/erasures", "what was asked to be erased", func(ctx context.Context, _ *struct{}) (page[person.Erasure], error) {
		items, err := a.Person.Erasures(ctx)
		return page[person.Erasure]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/erasures/{id}/confirm", "erase, by another person than who asked", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Person.Erase(ctx, in.ID)
	})
}

// inWords puts a timeline into words: codes of areas, categories and things
// become their names.
func (a *API) inWords(ctx context.Context, p person.TimelinePage) (person.TimelinePage, error) {
	areas, err := a.Regions.List(ctx)
	if err != nil {
		return p, err
	}
	names := make(map[string]string, len(areas))
	for _, r := range areas {
		names[string(r.Code)] = r.Name
	}
	for i := range p.Items {
		e := &p.Items[i]
		text, ok := a.Words.Text(e.Title)
		if !ok {
			text = e.Title
		}
		for key, value := range e.Data {
			for _, known := range []string{names[value], word(a.Words.Text, "category."+value), word(a.Words.Text, "thing."+value)} {
				if known != "" {
					value = known
					break
				}
			}
			text = strings.ReplaceAll(text, "{"+key+"}", value)
		}
		e.Words = text
	}
	return p, nil
}

func word(text func(string) (string, bool), key string) string {
	t, _ := text(key)
	return t
}

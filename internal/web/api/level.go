package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk/level"
)

// LevelQuery narrows a list for work. It is exported because only then its
// fields are read where it is embedded.
type LevelQuery struct {
	Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
	School string `query:"school" maxLength:"100"`
	At     id.ID  `query:"school_id" maxLength:"36"`
	Limit  int    `query:"limit"`
}

func (q LevelQuery) query() level.Query {
	return level.Query{Area: q.Region, School: q.School, SchoolID: q.At, Limit: min(q.Limit, level.MostShown)}
}

// levels registers the four colours: lists for work, a child's level, rules.
func (a *API) levels(s Screening) {
	list := func(route, summary string, fn func(ctx context.Context, q level.Query) ([]level.Entry, error)) {
		call(a, http.MethodGet, route, summary, func(ctx context.Context, in *struct{ LevelQuery }) (page[level.Entry], error) {
			items, err := fn(ctx, in.query())
			return page[level.Entry]{Items: orEmpty(items)}, err
		})
	}
	call(a, http.MethodGet, "/levels", "counts of the four colours", func(ctx context.Context, in *struct{ LevelQuery }) (level.Overview, error) {
		return s.Levels.Overview(ctx, in.query())
	})
	list("/levels/waiting", "who waits for a professional's assessment", s.Levels.Waiting)
	list("/levels/changes", "moves of a week", s.Levels.Changes)
	list("/levels/never", "who was not screened within a year", s.Levels.Never)
	list("/levels/agree", "lower colours that wait for a second person", s.Levels.ToAgree)
	list("/levels/overrides", "colours below the machine's urgency", s.Levels.Overrides)
	call(a, http.MethodGet, "/levels/contacts", "contacts and re-assessments that are due", func(ctx context.Context, in *struct {
		LevelQuery
		Which string `query:"which" enum:"late,today,reassess,"`
	}) (page[level.Entry], error) {
		items, err := s.Levels.Contacts(ctx, in.query(), in.Which)
		return page[level.Entry]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/levels/places", "suspected risk and coverage by township or school", func(ctx context.Context, in *struct {
		LevelQuery
		By string `query:"by" enum:"township,school,"`
	}) (page[level.Standing], error) {
		items, err := s.Levels.Places(ctx, in.query(), in.By == "school")
		return page[level.Standing]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/children/{id}/level", "a child's colour, urgency, and why", func(ctx context.Context, in *ByID) (level.View, error) {
		return s.Levels.Explain(ctx, in.ID)
	})
	call(a, http.MethodPost, "/children/{id}/assess", "a documented assessment sets the colour", func(ctx context.Context, in *struct {
		ByID
		Body level.Judgement
	}) (level.Outcome, error) {
		return s.Levels.Assess(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/assessments/{id}/agree", "the second clinician's word on a lower colour", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			OK     bool   `json:"ok"`
			Remark string `json:"remark,omitempty" maxLength:"2000"`
		}
	}) (level.Outcome, error) {
		return s.Levels.Agree(ctx, in.ID, in.Body.OK, in.Body.Remark)
	})
	call(a, http.MethodPost, "/assessments/{id}/supervise", "an override was looked at", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Remark string `json:"remark,omitempty" maxLength:"2000"`
		}
	}) (done, error) {
		return done{true}, s.Levels.Supervise(ctx, in.ID, in.Body.Remark)
	})
	call(a, http.MethodPost, "/contacts/{id}", "a contact that was due was made or tried", func(ctx context.Context, in *struct {
		ByID
		Body level.Visit
	}) (done, error) {
		return done{true}, s.Levels.Made(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/children/{id}/contacts", "a contact that nothing asked for", func(ctx context.Context, in *struct {
		ByID
		Body level.Visit
	}) (done, error) {
		return done{true}, s.Levels.Extra(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/levels/facts", "absences, discharges and other facts that people report", func(ctx context.Context, in *struct {
		Body struct {
			Items []level.Report `json:"items" maxItems:"2000"`
		}
	}) (done, error) {
		return done{true}, s.Levels.Enter(ctx, in.Body.Items)
	})
	a.levelBook(s)
	a.rules(s)
}

type checkedRules struct {
	checked
	Words map[string]string `json:"words,omitempty"` // conditions in Chinese, by condition
}

func (a *API) rules(s Screening) {
	call(a, http.MethodGet, "/rules", "the rules of the four colours", func(ctx context.Context, _ *struct{}) (level.Book, error) {
		return s.Levels.Rules(ctx)
	})
	type body struct {
		Body struct {
			Body string `json:"body" maxLength:"262144"`
		}
	}
	call(a, http.MethodPost, "/rules/check", "what is wrong with rules that are being edited", func(ctx context.Context, in *struct {
		Body struct {
			Kind string `json:"kind" enum:"rules,colours"`
			Body string `json:"body" maxLength:"262144"`
		}
	}) (checkedRules, error) {
		words, wrong, err := s.Levels.CheckRules(ctx, in.Body.Kind, in.Body.Body)
		out := checkedRules{checked{OK: wrong == nil, Problems: []string{}}, words}
		if wrong != nil {
			out.Problems = s.problems(wrong)
		}
		return out, err
	})
	call(a, http.MethodPost, "/rules/what-if", "run changed rules over everybody; nothing is changed", func(ctx context.Context, in *body) (level.Trial, error) {
		return s.Levels.WhatIf(ctx, in.Body.Body)
	})
	call(a, http.MethodPost, "/rules/colours", "check a changed table of what colours oblige", func(ctx context.Context, in *body) (level.Trial, error) {
		return s.Levels.SaveColours(ctx, in.Body.Body)
	})
	call(a, http.MethodPost, "/rules/{id}/publish", "let tried rules hold from their day on", func(ctx context.Context, in *struct {
		ID   id.ID `path:"id" maxLength:"60"`
		Body struct {
			Reason string `json:"reason"`
		}
	}) (done, error) {
		return done{true}, s.Levels.Publish(ctx, in.ID, in.Body.Reason)
	})
}

package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/civil"
	"zugou/internal/loop/care"
)

// OpinionForm is the short form of satisfaction as it is sent.
type OpinionForm struct {
	Helped int    `json:"helped,omitempty"`
	Heard  int    `json:"heard,omitempty"`
	Again  int    `json:"again,omitempty"`
	Text   string `json:"text,omitempty" maxLength:"4000"`
}

func (o OpinionForm) answers() care.Answers {
	return care.Answers{Helped: o.Helped, Heard: o.Heard, Again: o.Again, Text: o.Text}
}

func (a *API) careResults() {
	type Period struct {
		From civil.Date `query:"from" maxLength:"10"`
		To   civil.Date `query:"to" maxLength:"10" doc:"exclusive"`
	}
	call(a, http.MethodGet, "/care-results", "results of casework in a period", func(ctx context.Context, in *Period) (care.Results, error) {
		return a.Care.Results(ctx, in.From, in.To)
	})
	call(a, http.MethodGet, "/care-results/{key}", "the rows of a result", func(ctx context.Context, in *struct {
		Period
		Key string `path:"key" maxLength:"40"`
	}) (page[care.ResultRow], error) {
		rows, err := a.Care.ResultRows(ctx, in.Key, in.From, in.To)
		return page[care.ResultRow]{Items: orEmpty(rows)}, err
	})
	call(a, http.MethodPost, "/cases/{id}/opinions", "ask how the help was by a link, or keep what was said", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Who string `json:"who"`
			Way string `json:"way"`
			OpinionForm
		}
	}) (struct {
		Link string `json:"link"`
	}, error) {
		link, err := a.Care.AskOpinion(ctx, in.ID, in.Body.Who, in.Body.Way, in.Body.answers())
		return struct {
			Link string `json:"link"`
		}{link}, err
	})
	// The link travels in the body: addresses end up in histories and logs.
	call(a, http.MethodPost, "/opinion", "who is asked by a link", func(ctx context.Context, in *struct {
		Body struct {
			Link string `json:"link" maxLength:"100"`
		}
	}) (struct {
		Who string `json:"who"`
	}, error) {
		who, err := a.Care.Asked(ctx, in.Body.Link)
		return struct {
			Who string `json:"who"`
		}{who}, err
	})
	call(a, http.MethodPost, "/opinion/say", "how the help was, by a link", func(ctx context.Context, in *struct {
		Body struct {
			Link string `json:"link" maxLength:"100"`
			OpinionForm
		}
	}) (done, error) {
		return done{true}, a.Care.Say(ctx, in.Body.Link, in.Body.answers())
	})
}

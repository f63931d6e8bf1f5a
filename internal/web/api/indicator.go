package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	figures "zugou/internal/report"
)

// PeriodInput is the period of a question. It is exported because only then
// its fields are read where it is embedded.
type PeriodInput struct {
	From civil.Date   `query:"from" required:"true" maxLength:"10" doc:"first day, China's date"`
	To   civil.Date   `query:"to" required:"true" maxLength:"10" doc:"day after the last"`
	AsOf clock.Millis `query:"as_of" doc:"only what was recorded until this instant counts; 0: now"`
}

func (in PeriodInput) of() figures.Period {
	return figures.Period{From: in.From, To: in.To, AsOf: in.AsOf}
}

// recordedFigure names a figure that was typed in.
type recordedFigure struct {
	ID id.ID `json:"id"`
}

func (a *API) indicators() {
	call(a, http.MethodGet, "/indicators", "all figures of a period, for the asker's areas", func(ctx context.Context, in *PeriodInput) (figures.Figures, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (figures.Figures, error) {
			return a.Figures.List(ctx, r, in.of())
		})
	})
	call(a, http.MethodGet, "/indicators/{code}", "one figure with the rows it was counted from", func(ctx context.Context, in *struct {
		PeriodInput
		Code   string `path:"code" maxLength:"10"`
		Region string `query:"region" pattern:"^[0-9]*$" maxLength:"15"`
		Cursor string `query:"cursor" maxLength:"80"`
		Limit  int    `query:"limit" minimum:"0" maximum:"200"`
	}) (figures.Opened, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (figures.Opened, error) {
			return a.Figures.Open(ctx, r, in.Code, in.of(), in.Region, in.Cursor, in.Limit)
		})
	})
	call(a, http.MethodPost, "/indicators/{code}/recorded", "record a figure that no record gives, with its source paper", func(ctx context.Context, in *struct {
		Code string `path:"code" maxLength:"10"`
		Body struct {
			From   civil.Date `json:"from"`
			To     civil.Date `json:"to" doc:"day after the last"`
			Value  float64    `json:"value"`
			Source string     `json:"source" doc:"the paper: its name and number"`
			Note   string     `json:"note,omitempty"`
		}
	}) (recordedFigure, error) {
		b := in.Body
		figure, err := a.Figures.Record(ctx, figures.Recording{Code: in.Code, From: b.From, To: b.To, Value: b.Value, Source: b.Source, Note: b.Note})
		return recordedFigure{figure}, err
	})
}

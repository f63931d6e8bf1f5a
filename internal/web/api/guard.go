package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/guard"
)

func (a *API) guarding() {
	call(a, http.MethodGet, "/guard/alarms", "alarms of fences, silence, batteries and vital signs, newest first", func(ctx context.Context, in *struct {
		Child  id.ID       `query:"child" maxLength:"60"`
		State  guard.State `query:"state" maxLength:"20"`
		Kind   guard.Kind  `query:"kind" maxLength:"30"`
		Region string      `query:"region" maxLength:"15"`
		Cursor string      `query:"cursor" maxLength:"60"`
		Limit  int         `query:"limit"`
	}) (guard.AlarmPage, error) {
		return a.Guard.Alarms(ctx, guard.AlarmFilter{Child: in.Child, State: in.State, Kind: in.Kind, Region: in.Region, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodGet, "/guard/outages", "outages under way and of the last month", func(ctx context.Context, _ *struct{}) (page[guard.Outage], error) {
		list, err := a.Guard.Outages(ctx)
		return page[guard.Outage]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/guard/rules", "the thresholds in force", func(ctx context.Context, _ *struct{}) (guard.Edition, error) {
		return a.Guard.Rules(ctx)
	})
	call(a, http.MethodPost, "/guard/rules", "store an edition of the thresholds from an instant on", func(ctx context.Context, in *struct{ Body guard.NewEdition }) (done, error) {
		return done{true}, a.Guard.SetRules(ctx, in.Body.Edition, in.Body.FromAt)
	})
	a.fences()
}

func (a *API) fences() {
	call(a, http.MethodGet, "/fences", "danger zones of the actor's areas and of those above", func(ctx context.Context, _ *struct{}) (page[guard.Fence], error) {
		list, err := a.Guard.Zones(ctx)
		return page[guard.Fence]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/children/{id}/fences", "the fences of a child and the danger zones around it", func(ctx context.Context, in *ByID) (page[guard.Fence], error) {
		list, err := a.Guard.FencesOf(ctx, in.ID)
		return page[guard.Fence]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/fences", "draw a fence for a child, or a danger zone for an area", func(ctx context.Context, in *struct{ Body guard.Drawing }) (guard.Fence, error) {
		return a.Guard.Draw(ctx, in.Body)
	})
	call(a, http.MethodPatch, "/fences/{id}", "draw a fence anew", func(ctx context.Context, in *struct {
		ByID
		Body guard.Drawing
	}) (guard.Fence, error) {
		return a.Guard.Redraw(ctx, in.ID, in.Body)
	})
	call(a, http.MethodDelete, "/fences/{id}", "take a fence away", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Guard.Erase(ctx, in.ID)
	})
}

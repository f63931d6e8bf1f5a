package api

import (
	"context"
	"net/http"

	"zugou/internal/loop/guard/guardian"
	"zugou/internal/web/chassis"
)

func (a *API) guardians() {
	call(a, http.MethodGet, "/guardian/children", "the guardian's own children, and whether they can be looked at", func(ctx context.Context, _ *struct{}) (guardian.MinePage, error) {
		return a.Guardian.Mine(ctx)
	})
	call(a, http.MethodGet, "/guardian/children/{id}", "where a guardian's child is now", func(ctx context.Context, in *ByID) (guardian.Now, error) {
		return a.Guardian.Look(ctx, in.ID)
	})
	call(a, http.MethodPost, "/guardian/children/{id}/consent", "agree to the text, or take that back", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Agree bool `json:"agree"`
		}
	}) (done, error) {
		return done{true}, a.Guardian.Consent(ctx, in.ID, in.Body.Agree)
	})
	call(a, http.MethodPost, "/guardian/requests", "ask to see a child", func(ctx context.Context, in *struct{ Body guardian.Request }) (done, error) {
		return done{true}, a.Guardian.Ask(ctx, in.Body)
	})
	call(a, http.MethodGet, "/guardian/requests", "requests that wait for an officer", func(ctx context.Context, _ *struct{}) (page[guardian.Waiting], error) {
		list, err := a.Guardian.Requests(ctx)
		return page[guardian.Waiting]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/guardian/requests/{id}/refuse", "turn a request down", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (done, error) {
		return done{true}, a.Guardian.Refuse(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/children/{id}/viewers", "who may see where a child is, who could be let, and what bars them", func(ctx context.Context, in *ByID) (guardian.Viewers, error) {
		return a.Guardian.Viewers(ctx, in.ID)
	})
	call(a, http.MethodPost, "/children/{id}/viewers", "let a guardian see a child", func(ctx context.Context, in *struct {
		ByID
		Body guardian.Opening
	}) (done, error) {
		return done{true}, a.Guardian.Open(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/guardian/links/{id}/close", "end a guardian's look for good", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (done, error) {
		return done{true}, a.Guardian.Close(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodPost, "/children/{id}/own-link", "a link by which the child sees who may see it; it is shown once, an older one ends", func(ctx context.Context, in *ByID) (guardian.NewChildLink, error) {
		return a.Guardian.GiveChildLink(ctx, in.ID)
	})
	call(a, http.MethodPost, "/children/{id}/own-link/end", "end the child's link", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Guardian.EndChildLink(ctx, in.ID)
	})
	// The link travels in the body: addresses end up in histories and logs.
	call(a, http.MethodPost, "/help/who-sees", "who may see where the child of a link is", func(ctx context.Context, in *struct {
		Body struct {
			Link string `json:"link" maxLength:"100"`
		}
	}) (guardian.ForChild, error) {
		return a.Guardian.ForChild(ctx, in.Body.Link, chassis.From(ctx).Place.Address)
	})
	call(a, http.MethodPost, "/children/{id}/bars", "guardianship suspended or revoked, or a protection order: cuts at once", func(ctx context.Context, in *struct {
		ByID
		Body guardian.NewBar
	}) (done, error) {
		return done{true}, a.Guardian.SetBar(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/guardian/bars/{id}/lift", "lift a bar", func(ctx context.Context, in *struct {
		ByID
		Body why
	}) (done, error) {
		return done{true}, a.Guardian.LiftBar(ctx, in.ID, in.Body.Reason)
	})
}

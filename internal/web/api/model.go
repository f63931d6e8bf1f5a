package api

import (
	"context"
	"fmt"
	"net/http"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/problem"
	"zugou/internal/loop/gateway/model"
	"zugou/internal/loop/gateway/profile"
)

// models are what makers mean by what their protocol leaves to them, and the
// versions that officials put over it.
func (a *API) models(m *model.Models, word func(key string) string) {
	call(a, http.MethodGet, "/devices/profiles", "the models that a device can be set to, with what each means by its own bits and fields", func(ctx context.Context, _ *struct{}) (page[profile.Profile], error) {
		items, err := m.Shown(ctx)
		return page[profile.Profile]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/device-models", "all models with the version in force and what waits for a second person", func(ctx context.Context, _ *struct{}) (page[model.Entry], error) {
		items, err := m.List(ctx)
		return page[model.Entry]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/device-models/{name}/versions", "the versions of a model, the newest first", func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"20"`
	}) (page[model.Version], error) {
		items, err := m.History(ctx, in.Name)
		return page[model.Version]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/device-models/try", "read frames by a draft and by what is in force; nothing is changed, the frames are not kept", func(ctx context.Context, in *struct {
		Body struct {
			Body   string `json:"body" maxLength:"65536"`
			Frames string `json:"frames" maxLength:"262144"`
		}
	}) (triedModel, error) {
		t, err := m.Try(ctx, in.Body.Body, in.Body.Frames)
		return triedModel{Trial: t, Problems: modelProblems(t.Wrong, word)}, err
	})
	call(a, http.MethodPost, "/device-models", "hand a version in, to be published by a second person", func(ctx context.Context, in *struct {
		Body struct {
			Body   string `json:"body" maxLength:"65536"`
			Reason string `json:"reason" maxLength:"300"`
		}
	}) (model.Version, error) {
		return m.Propose(ctx, in.Body.Body, in.Body.Reason)
	})
	call(a, http.MethodPost, "/device-models/{id}/approve", "publish a version that somebody else wrote; devices are read by it within seconds", func(ctx context.Context, in *ByID) (model.Version, error) {
		return m.Approve(ctx, in.ID)
	})
	call(a, http.MethodPost, "/device-models/{id}/refuse", "refuse a version with a reason, or take one's own back", func(ctx context.Context, in *struct {
		ID   id.ID `path:"id" maxLength:"60"`
		Body struct {
			Reason string `json:"reason" maxLength:"300"`
		}
	}) (done, error) {
		return done{true}, m.Refuse(ctx, in.ID, in.Body.Reason)
	})
}

type triedModel struct {
	model.Trial
	Problems []string `json:"problems"` // in Chinese
}

// modelProblems says in Chinese what is wrong with a profile.
func modelProblems(wrong error, word func(key string) string) []string {
	list, whole := problem.List(wrong)
	if wrong != nil && !whole {
		return []string{word(errs.KeyOf(wrong))}
	}
	out := make([]string, len(list))
	for i, p := range list {
		args := make([]string, len(p.Args))
		for n, x := range p.Args {
			args[n] = fmt.Sprint(x)
		}
		out[i] = fill(word(p.Key()), args...)
	}
	return out
}

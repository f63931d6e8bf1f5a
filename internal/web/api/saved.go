package api

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/people/region"
)

// saved is an answer that is no JSON. A name makes the browser save it.
type saved struct {
	name, kind string
	body       []byte
}

// download registers a call whose answer is a file.
func download[In any](a *API, route, summary string, fn func(ctx context.Context, in *In) (saved, error)) {
	type answer struct {
		ContentType string `header:"Content-Type"`
		Disposition string `header:"Content-Disposition"`
		Body        []byte
	}
	huma.Register(a.huma, huma.Operation{OperationID: operationID(http.MethodGet, route), Method: http.MethodGet, Path: "/api" + route, Summary: summary},
		func(ctx context.Context, in *In) (*answer, error) {
			f, err := fn(ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			out := &answer{ContentType: f.kind, Body: f.body}
			if f.name != "" {
				out.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": f.name})
			}
			return out, nil
		})
}

// upload registers a call that takes a file as the whole body.
func upload[Out any](a *API, route, summary string, fn func(ctx context.Context, body []byte) (Out, error)) {
	type question struct {
		RawBody []byte
	}
	type answer struct{ Body Out }
	huma.Register(a.huma, huma.Operation{OperationID: operationID(http.MethodPost, route), Method: http.MethodPost, Path: "/api" + route, Summary: summary,
		DefaultStatus: http.StatusOK, MaxBodyBytes: region.OutlineMost + 1, SkipValidateBody: true},
		func(ctx context.Context, in *question) (*answer, error) {
			out, err := fn(ctx, in.RawBody)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &answer{out}, nil
		})
}

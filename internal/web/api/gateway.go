package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/loop/gateway/keep"
)

// commands are what people tell devices.
func (a *API) commands(s *downlink.Service) {
	call(a, http.MethodGet, "/devices/{id}/commands", "whether the device can be reached, what it can be told, and what it was told", func(ctx context.Context, in *ByID) (downlink.Desk, error) {
		return s.Desk(ctx, in.ID)
	})
	call(a, http.MethodPost, "/devices/{id}/commands", "tell the device something; it waits until the device can be reached", func(ctx context.Context, in *struct {
		ByID
		Body downlink.Request
	}) (downlink.Downlink, error) {
		return s.Send(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/devices/{id}/commands/{command}/cancel", "take back what was not sent yet", func(ctx context.Context, in *struct {
		ByID
		Command id.ID `path:"command"`
	}) (downlink.Downlink, error) {
		return s.Cancel(ctx, in.ID, in.Command)
	})
}

// secrets are how a device proves its name.
func (a *API) secrets(store *credential.Store) {
	call(a, http.MethodGet, "/devices/{id}/secrets", "which secrets the device has and when they were used, never the secrets", func(ctx context.Context, in *ByID) (page[credential.Held], error) {
		items, err := store.Held(ctx, in.ID)
		return page[credential.Held]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/devices/{id}/token", "a new token for a badge that speaks MQTT or HTTP; it is shown once, the old one ends", func(ctx context.Context, in *ByID) (newToken, error) {
		token, err := store.Issue(ctx, in.ID)
		return newToken{token}, err
	})
	call(a, http.MethodPost, "/devices/{id}/pair", "let the device register anew: all its secrets end", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, store.PairAnew(ctx, in.ID)
	})
}

type newToken struct {
	Token string `json:"token"`
}

// recordings are voice messages and pictures that devices sent.
func (a *API) recordings(albums *keep.Albums) {
	call(a, http.MethodGet, "/devices/{id}/recordings", "voice messages and pictures that a device sent, newest first", func(ctx context.Context, in *ByID) (page[keep.Recording], error) {
		items, err := albums.List(ctx, in.ID)
		return page[keep.Recording]{Items: orEmpty(items)}, err
	})
	type content struct {
		Type     string `header:"Content-Type"`
		Cache    string `header:"Cache-Control"`
		Disposal string `header:"Content-Disposition"`
		Body     []byte
	}
	huma.Register(a.huma, huma.Operation{OperationID: operationID(http.MethodGet, "/devices/{id}/recordings/{recording}"), Method: http.MethodGet,
		Path: "/api/devices/{id}/recordings/{recording}", Summary: "one of them; that it was heard is noted", DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *struct {
			ByID
			Recording id.ID `path:"recording"`
		}) (*content, error) {
			format, data, err := albums.Open(ctx, in.ID, in.Recording)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			// What it is says the gateway, never the device: nothing that a browser would run.
			kind := map[string]string{"amr": "audio/amr", "jpg": "image/jpeg"}[format]
			if kind == "" {
				kind = "application/octet-stream"
			}
			return &content{Type: kind, Cache: "no-store", Disposal: `attachment; filename="recording.` + format + `"`, Body: data}, nil
		})
}

package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/platform"
	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/web/chassis"
)

// externalPrefix is where other platforms call.
const externalPrefix = "/api/ext/"

// External lets other platforms in: below /api/ext no session counts, only a
// signature over the very bytes that came.
func (a *API) External(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, externalPrefix) {
			next.ServeHTTP(rw, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			chassis.WriteFault(rw, errs.Invalid("body", "input.too_large"), a.Words)
			return
		}
		h := r.Header
		ctx, err := a.Door.Admit(r.Context(), platform.Signed{Key: h.Get("X-Zugou-Key"), Time: h.Get("X-Zugou-Time"), Nonce: h.Get("X-Zugou-Nonce"),
			Signature: h.Get("X-Zugou-Signature"), Method: r.Method, Path: r.URL.RequestURI(), Body: body})
		if err != nil {
			chassis.WriteFault(rw, err, a.Words)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(rw, r.WithContext(ctx))
	})
}

// SignedInput is the headers of a signed request. It is exported because only
// then its fields are read where it is embedded.
type SignedInput struct {
	Key       string `header:"X-Zugou-Key" doc:"the platform's key"`
	Time      string `header:"X-Zugou-Time" doc:"Unix seconds, at most five minutes off"`
	Nonce     string `header:"X-Zugou-Nonce" doc:"8 to 64 letters and digits, new for every request"`
	Signature string `header:"X-Zugou-Signature" doc:"hex HMAC (SM3 or SHA-256, as the key says) over METHOD, PATH with query, TIME, NONCE and hex hash of the body, joined by line feeds"`
}

// ExternalSignal is what a platform tells. It is exported because only then its
// fields are read where it is embedded.
type ExternalSignal struct {
	Ref        string         `json:"ref,omitempty" doc:"the platform's own number"`
	Kind       string         `json:"kind" doc:"kind of matter: suicide, sos, danger, abuse, missing, police, help, welfare, ordinary …"`
	Urgency    policy.Urgency `json:"urgency,omitempty" enum:"critical,urgent,normal,low,"`
	Text       string         `json:"text,omitempty"`
	ChildName  string         `json:"child_name,omitempty"`
	Phone      string         `json:"phone,omitempty" doc:"of the family or the caller"`
	Region     string         `json:"region,omitempty" doc:"code of the area; empty: the district"`
	DeviceID   string         `json:"device_id,omitempty"`
	OccurredAt clock.Millis   `json:"occurred_at,omitempty" doc:"Unix milliseconds"`
}

func (b ExternalSignal) of(key string) platform.Signal {
	return platform.Signal{Key: key, Ref: b.Ref, Kind: b.Kind, Urgency: b.Urgency, Text: b.Text, ChildName: b.ChildName, Phone: b.Phone, Region: b.Region,
		DeviceID: b.DeviceID, OccurredAt: b.OccurredAt}
}

func (a *API) external() {
	call(a, http.MethodPost, "/ext/signals", "another platform tells of a child who needs help", func(ctx context.Context, in *struct {
		SignedInput
		Idempotency string `header:"Idempotency-Key" doc:"8 to 100 characters; the same key is the same signal"`
		Body        ExternalSignal
	}) (platform.Accepted, error) {
		return a.Door.Tell(ctx, in.Body.of(in.Idempotency))
	})
	call(a, http.MethodPost, "/ext/orders", "the city's centre sends an order straight to a township", func(ctx context.Context, in *struct {
		SignedInput
		Idempotency string `header:"Idempotency-Key" doc:"optional: ref is the order's identity"`
		Body        struct {
			ExternalSignal
			Township string `json:"township" doc:"nine digits"`
			Note     string `json:"note,omitempty" doc:"shown to who carries the order"`
		}
	}) (dispatch.CityReport, error) {
		return a.Door.Send(ctx, platform.Command{Signal: in.Body.of(in.Idempotency), Township: in.Body.Township, Note: in.Body.Note})
	})
	call(a, http.MethodGet, "/ext/orders/{ref}", "how an order of the platform stands, with every stage", func(ctx context.Context, in *struct {
		SignedInput
		Ref string `path:"ref" maxLength:"60"`
	}) (platform.Standing, error) {
		return a.Door.Order(ctx, in.Ref)
	})
	call(a, http.MethodGet, "/platforms", "the platforms that may call, with last use and failures", func(ctx context.Context, _ *struct{}) (page[platform.Platform], error) {
		items, err := view(ctx, a, a.Door.List)
		for i := range items {
			items[i].FailedWhy = a.sentence(items[i].FailedWhy)
		}
		return page[platform.Platform]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/platforms", "let a platform in; the secret is shown this once", func(ctx context.Context, in *struct {
		Body struct {
			Name      string        `json:"name"`
			Kind      platform.Kind `json:"kind" enum:"city,partner"`
			Region    string        `json:"region"`
			Hash      platform.Hash `json:"hash,omitempty" enum:"sm3,sha256,"`
			PerMinute int           `json:"per_minute"`
			Callback  string        `json:"callback,omitempty" maxLength:"500"`
		}
	}) (platform.Made, error) {
		b := in.Body
		return a.Door.Create(ctx, platform.New{Name: b.Name, Kind: b.Kind, Region: b.Region, Hash: b.Hash, PerMinute: b.PerMinute, Callback: b.Callback})
	})
	call(a, http.MethodPost, "/platforms/{id}/revoke", "end a platform's key", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
		}
	}) (done, error) {
		return done{true}, a.Door.Revoke(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/platforms/{id}/callbacks", "what a platform was told, newest first", func(ctx context.Context, in *ByID) (page[platform.Callback], error) {
		items, err := view(ctx, a, func(ctx context.Context, r db.Reader) ([]platform.Callback, error) {
			return a.Door.Callbacks(ctx, r, in.ID)
		})
		for i := range items {
			items[i].Error = a.sentence(items[i].Error)
		}
		return page[platform.Callback]{Items: orEmpty(items)}, err
	})
}

// sentence words a message key that was stored; what has no words stands as it is.
func (a *API) sentence(key string) string {
	if text, ok := a.Words.Text(key); ok {
		return text
	}
	return key
}

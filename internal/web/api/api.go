// Package api is the calls of the program over HTTP, described as OpenAPI 3.1
// at /api/openapi.json. Each file holds the calls of one noun; a call does no
// more than read its input, ask one service, and dress the answer.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/platform"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/booking"
	"zugou/internal/loop/care"
	"zugou/internal/loop/drawing/batch"
	"zugou/internal/loop/drawing/rating"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/model"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/guardian"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/visit"
	"zugou/internal/loop/workforce"
	"zugou/internal/people/device"
	"zugou/internal/people/document"
	"zugou/internal/people/duty"
	"zugou/internal/people/intake"
	"zugou/internal/people/notify"
	"zugou/internal/people/person"
	"zugou/internal/people/place"
	"zugou/internal/people/region"
	"zugou/internal/people/school"
	"zugou/internal/people/staff"
	figures "zugou/internal/report"
	"zugou/internal/web/chassis"
	"zugou/internal/web/stream"
)

// Parts are what the calls ask.
type Parts struct {
	DB      *db.DB
	Keys    *crypto.Keyring
	Clock   clock.Clock
	Log     *slog.Logger
	Words   chassis.Words
	Staff   *staff.Service
	Seat    *seat.Service
	Matters *matter.Service
	Orders  *dispatch.Service
	Person  *person.Service
	Device  *device.Service
	Guard   *guard.Service
	Notify  *notify.Service
	Duty    *duty.Service
	Regions *region.Service
	Hub     *stream.Hub
	Hotline *hotline.Service
	Line    Line
	Care    *care.Service
	// TaskOnChild gives the purpose for which an account sees a child.
	TaskOnChild func(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error)
	Screening   Screening
	System      func(ctx context.Context) System
	District    string
	Version     string
	Report      func(ctx context.Context) (HouseReport, error)
	Walk        func(check id.ID) // the audit's chain, in the background
	Digests     Digests

	Documents *document.Service
	Policies  *policy.Service
	Places    *place.Service
	Schools   *school.Service
	Drawings  *batch.Service
	Ratings   *rating.Service
	Figures   *figures.Service
	Albums    *keep.Albums
	Models    *model.Models
	Secrets   *credential.Store
	Downlinks *downlink.Service
	Door      platform.Door
	Guardian  *guardian.Service
	Intake    *intake.Service
	Workforce *workforce.Service
	Bookings  *booking.Service
	Visits    *visit.Service
}

// API holds the parts behind the calls.
type API struct {
	Parts
	huma huma.API
}

// New registers all calls on mux.
func New(mux *http.ServeMux, p Parts) *API {
	config := huma.DefaultConfig("zugou", p.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/openapi", "", ""
	config.CreateHooks = nil // no $schema links in answers
	config.Transformers = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	huma.NewError = func(status int, message string, causes ...error) huma.StatusError {
		return refused(p.Words, status, message, causes)
	}
	a := &API{Parts: p, huma: humago.New(mux, config)}
	a.signIn()
	a.seat()
	a.orders()
	a.hotline()
	a.care()
	a.help()
	a.system()
	a.drills()
	a.audit()
	a.accounts()
	a.register()
	a.guarding()
	a.guardians()
	a.duty(p.Duty)
	a.screening(p.Screening)
	a.levels(p.Screening)
	a.attachments()
	a.centre()
	a.drawings()
	a.indicators()
	a.recordings(p.Albums)
	a.models(p.Models, p.Screening.Word)
	a.secrets(p.Secrets)
	a.commands(p.Downlinks)
	a.external()
	a.registerDesk()
	a.intakes()
	a.admin()
	a.areas()
	a.house()
	a.workforce()
	a.bookings()
	a.visits()
	return a
}

// refused is what huma answers by itself: input that does not fit the
// description. Its English reasons are for the log of a developer; people are
// shown the field and our own words.
func refused(w chassis.Words, status int, _ string, causes []error) huma.StatusError {
	var fields []errs.Field
	for _, c := range causes {
		var d *huma.ErrorDetail
		if errors.As(c, &d) {
			fields = append(fields, errs.Field{Name: fieldAt(d.Location), Key: "input.form"})
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return chassis.NewFault(errs.Invalid("body", "input.too_large"), w)
	case len(fields) > 0:
		return chassis.NewFault(errs.InvalidFields(fields), w)
	case status >= 500:
		return chassis.NewFault(errs.Internal(nil), w)
	}
	return chassis.NewFault(errs.Invalid("body", "input.form"), w)
}

// call registers one call. In has huma's tags for path, query and Body; what
// fn returns is the answer's body.
func call[In, Out any](a *API, method, route, summary string, fn func(ctx context.Context, in *In) (Out, error)) {
	type answer struct{ Body Out }
	huma.Register(a.huma, huma.Operation{OperationID: operationID(method, route), Method: method, Path: "/api" + route, Summary: summary, DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *In) (*answer, error) {
			out, err := fn(ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &answer{out}, nil
		})
}

// fault dresses a service's error and logs what is our own fault, once. Whoever
// has no session, or none any more, is asked to sign in: a phone then keeps
// what it has to send, where "forbidden" would be the last word on it.
func (a *API) fault(ctx context.Context, err error) error {
	if chassis.From(ctx).Token == "" && errs.KeyOf(err) == "access.forbidden" {
		err = errs.Unauthenticated("session.none")
	}
	f := chassis.NewFault(err, a.Words)
	// Who went to another page meanwhile is no failure.
	if k := errs.KindOf(err); (k == errs.KindInternal || k == errs.KindBusy) && !errors.Is(ctx.Err(), context.Canceled) {
		a.Log.Error("call failed", "request", chassis.From(ctx).ID, "error", err)
	}
	return f
}

// done is the answer of calls that have nothing to say.
type done struct {
	OK bool `json:"ok"`
}

// page is a list with the cursor of what follows.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// view reads in one consistent state.
func view[T any](ctx context.Context, a *API, fn func(ctx context.Context, r db.Reader) (T, error)) (T, error) {
	var out T
	err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		out, err = fn(ctx, r)
		return err
	})
	return out, err
}

// operationID makes the name of a call for clients: POST /matters/{id}/close
// is postMattersIdClose.
func operationID(method, route string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, part := range strings.FieldsFunc(route, func(r rune) bool { return strings.ContainsRune("/{}-_.", r) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// fieldAt gives the field's name from huma's location: body.child.name is child.name.
func fieldAt(location string) string {
	_, name, found := strings.Cut(location, ".")
	if !found {
		return location
	}
	return name
}

// schemaName names a type in the description: the noun's package and the
// type, so that two rooms may both have a Report.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == "" {
		return name
	}
	if i := strings.LastIndexByte(t.Name(), '/'); i > 0 { // page[zugou/internal/centre/seat.Row]: two rooms may have rows
		arg := strings.NewReplacer("[", "", "]", "", "*", "", ".", "").Replace(t.Name()[i+1:])
		name = strings.ToUpper(t.Name()[:1]) + t.Name()[1:strings.IndexByte(t.Name(), '[')] + strings.ToUpper(arg[:1]) + arg[1:]
	}
	pkg := path.Base(t.PkgPath())
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

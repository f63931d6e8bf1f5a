package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
)

// admin registers what the three administrators do with accounts, and what a
// person does with his own.
func (a *API) admin() {
	call(a, http.MethodGet, "/admin/waiting", "what waits for an administrator of accounts", func(ctx context.Context, _ *struct{}) (staff.Backlog, error) {
		return a.Staff.Waits(ctx)
	})
	call(a, http.MethodGet, "/accounts/{id}/detail", "an account with its sessions, locks and history", func(ctx context.Context, in *ByID) (staff.Detail, error) {
		return a.Staff.Detail(ctx, in.ID)
	})
	call(a, http.MethodPost, "/accounts/{id}/sessions/{session}/end", "sign an account out of one place", func(ctx context.Context, in *struct {
		ByID
		Session id.ID `path:"session" maxLength:"60"`
		Body    staff.NoteRequest
	}) (done, error) {
		return done{true}, a.Staff.EndAccountSession(ctx, in.ID, in.Session, in.Body)
	})
	call(a, http.MethodPost, "/accounts/{id}/lift", "end the delay after failed tries", func(ctx context.Context, in *noted) (done, error) {
		return done{true}, a.Staff.LiftPause(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/accounts/{id}/phone", "give an account another phone, which was checked", func(ctx context.Context, in *struct {
		ByID
		Body staff.PhoneRequest
	}) (done, error) {
		return done{true}, a.Staff.SetAccountPhone(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/accounts/{id}/factor-reset", "ask that a lost second factor be taken off", func(ctx context.Context, in *noted) (done, error) {
		_, err := a.Staff.ProposeFactorReset(ctx, in.ID, in.Body)
		return done{true}, err
	})
	call(a, http.MethodGet, "/factor-resets", "lost second factors that wait for the second administrator", func(ctx context.Context, _ *struct{}) (page[staff.FactorReset], error) {
		items, err := a.Staff.FactorResets(ctx)
		return page[staff.FactorReset]{Items: orEmpty(items)}, err
	})
	for verb, approve := range map[string]bool{"approve": true, "reject": false} {
		call(a, http.MethodPost, "/factor-resets/{id}/"+verb, verb+" taking off a lost second factor", func(ctx context.Context, in *ByID) (done, error) {
			return done{true}, a.Staff.DecideFactorReset(ctx, in.ID, approve)
		})
	}
	call(a, http.MethodPost, "/grants/{id}/review", "confirm in the yearly review that a right is still needed", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Staff.ReviewGrant(ctx, in.ID)
	})
	download(a, "/grants/{id}/paper", "the approval of a right as a document to print", func(ctx context.Context, in *ByID) (saved, error) {
		g, err := a.Staff.Grant(ctx, in.ID)
		if err != nil {
			return saved{}, err
		}
		raw, err := grantPaper(a.Words, g, a.Clock.Now())
		return saved{name: "approval.pdf", kind: "application/pdf", body: raw}, err
	})
	call(a, http.MethodGet, "/rights", "the table of rights, as it decides", func(ctx context.Context, _ *struct{}) (rightsTable, error) {
		if err := access.May(access.From(ctx), "account.read"); err != nil {
			return rightsTable{}, err
		}
		return rightsTable{access.Roles(), access.Matrix()}, nil
	})
	call(a, http.MethodGet, "/staff-rules", "idle times, password ages: what holds, held and will hold", func(ctx context.Context, _ *struct{}) (page[staff.Rule], error) {
		items, err := a.Staff.Rules(ctx)
		return page[staff.Rule]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodPost, "/staff-rules", "set an idle time or another rule of accounts", func(ctx context.Context, in *struct {
		Body struct {
			Key    string       `json:"key" maxLength:"60"`
			Value  int64        `json:"value"`
			FromAt clock.Millis `json:"from_at,omitempty"`
		}
	}) (done, error) {
		return done{true}, a.Staff.SetRule(ctx, in.Body.Key, in.Body.Value, in.Body.FromAt)
	})
	call(a, http.MethodGet, "/register/regions", "the areas that one may name when registering", func(ctx context.Context, _ *struct{}) (page[region.Item], error) {
		items, err := a.Regions.Public(ctx, region.Code(a.District))
		return page[region.Item]{Items: orEmpty(items)}, err
	})
	a.own()
}

type rightsTable struct {
	Roles []access.Role `json:"roles"`
	Rows  []access.Row  `json:"rows"`
}

func (a *API) own() {
	call(a, http.MethodGet, "/me/own", "the safeguards of one's own account", func(ctx context.Context, _ *struct{}) (staff.Own, error) {
		return a.Staff.Own(ctx, chassis.From(ctx).Token)
	})
	call(a, http.MethodPost, "/me/phone/code", "send a code to the phone that one wants to have", func(ctx context.Context, in *struct{ Body staff.RegisterCodeRequest }) (done, error) {
		r := chassis.From(ctx)
		return done{true}, a.Staff.OwnPhoneCode(ctx, r.Place, r.Token, in.Body)
	})
	call(a, http.MethodPost, "/me/phone", "change one's own phone", func(ctx context.Context, in *struct{ Body staff.OwnPhoneRequest }) (done, error) {
		r := chassis.From(ctx)
		return done{true}, a.Staff.SetOwnPhone(ctx, r.Place, r.Token, in.Body)
	})
	call(a, http.MethodPost, "/me/factor/recovery", "new spare codes of one's second factor", func(ctx context.Context, in *struct{ Body staff.ProofRequest }) (staff.RecoveryCodes, error) {
		r := chassis.From(ctx)
		return a.Staff.NewRecovery(ctx, r.Place, r.Token, in.Body)
	})
	call(a, http.MethodPost, "/me/factor/drop", "take one's second factor off, to set up another", func(ctx context.Context, in *struct{ Body staff.ProofRequest }) (done, error) {
		r := chassis.From(ctx)
		err := a.Staff.DropOwnFactor(ctx, r.Place, r.Token, in.Body)
		if err == nil {
			r.EndSession()
		}
		return done{true}, err
	})
}

// areas registers the five levels and their map.
func (a *API) areas() {
	type changed struct {
		Code region.Code `path:"code" maxLength:"15"`
		Body region.ChangeRequest
	}
	for verb, act := range map[string]struct {
		summary string
		do      func(ctx context.Context, c region.Code, q region.ChangeRequest) error
	}{
		"rename": {"give an area another name from a day on", a.Regions.Rename},
		"recode": {"give an area and what it contains another code from a day on", a.Regions.Recode},
		"merge":  {"end an area in favour of another from a day on", a.Regions.Merge},
	} {
		call(a, http.MethodPost, "/regions/{code}/"+verb, act.summary, func(ctx context.Context, in *changed) (done, error) {
			return done{true}, act.do(ctx, in.Code, in.Body)
		})
	}
	call(a, http.MethodPost, "/regions/villages", "add a village with its official code", func(ctx context.Context, in *struct{ Body region.VillageRequest }) (region.Item, error) {
		return a.Regions.MakeVillage(ctx, in.Body)
	})
	call(a, http.MethodGet, "/regions/{code}/changes", "what changed or will change of an area", func(ctx context.Context, in *struct {
		Code region.Code `path:"code" maxLength:"15"`
	}) (page[region.Announced], error) {
		items, err := a.Regions.Changes(ctx, in.Code)
		return page[region.Announced]{Items: orEmpty(items)}, err
	})
	download(a, "/regions/geojson", "the imported outlines", func(ctx context.Context, _ *struct{}) (saved, error) {
		raw, _, err := a.Regions.Outlines(ctx)
		return saved{kind: "application/geo+json", body: raw}, err
	})
	upload(a, "/regions/geojson/preview", "what a file of outlines would change", func(ctx context.Context, body []byte) (region.OutlinePreview, error) {
		return a.Regions.PreviewOutline(ctx, region.Code(a.District), body)
	})
	upload(a, "/regions/geojson", "take outlines and points in place of the last import's", func(ctx context.Context, body []byte) (region.OutlineResult, error) {
		return a.Regions.ImportOutline(ctx, region.Code(a.District), body)
	})
}

// house registers the state of the program for who keeps it running.
func (a *API) house() {
	call(a, http.MethodGet, "/system/report", "the state of storage, jobs, channels, keys and backups", func(ctx context.Context, _ *struct{}) (HouseReport, error) {
		if err := access.May(access.From(ctx), "system.read"); err != nil {
			return HouseReport{}, err
		}
		if a.Report == nil {
			return HouseReport{}, errs.NotFound("record.not_found")
		}
		return a.Report(ctx)
	})
}

package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/guard"
	"zugou/internal/people/device"
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
		return done{true}, a.Guard.SetRules(ctx, in.Body)
	})
	call(a, http.MethodGet, "/guard/rules/editions", "all editions of the thresholds, with who published them and why", func(ctx context.Context, _ *struct{}) (page[guard.PastEdition], error) {
		list, err := a.Guard.RuleEditions(ctx)
		return page[guard.PastEdition]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodGet, "/guard/health", "how the worn devices do, and who needs a call", func(ctx context.Context, in *struct {
		Region string `query:"region" maxLength:"15"`
	}) (guard.Health, error) {
		return a.Guard.Health(ctx, in.Region)
	})
	call(a, http.MethodGet, "/guard/erasures", "what was erased by its term, with what was left", func(ctx context.Context, _ *struct{}) (page[guard.Erasure], error) {
		list, err := a.Guard.Erasures(ctx)
		return page[guard.Erasure]{Items: orEmpty(list)}, err
	})
	call(a, http.MethodPost, "/children/{id}/track", "where a child was on a day, for a task or a reason", func(ctx context.Context, in *struct {
		ByID
		Body guard.TrackQuery
	}) (guard.Track, error) {
		return a.Guard.Track(ctx, in.ID, in.Body)
	})
	huma.Register(a.huma, huma.Operation{OperationID: "getGuardHealthXlsx", Method: http.MethodGet, Path: "/api/guard/health.xlsx", Summary: "tomorrow's round of calls as Excel"},
		func(ctx context.Context, in *struct {
			Region string `query:"region" maxLength:"15"`
		}) (*excelFile, error) {
			areas, err := a.Regions.List(ctx)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			names := map[string]string{}
			for _, r := range areas {
				names[string(r.Code)] = r.Name
			}
			text, err := a.Guard.CallRound(ctx, in.Region, func(code string) string {
				if len(code) > 9 {
					return names[code[:9]] + names[code[:min(12, len(code))]]
				}
				return names[code]
			})
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return &excelFile{Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", As: `attachment; filename="call-round.xlsx"`, Body: text}, nil
		})
	call(a, http.MethodGet, "/devices/{id}", "all of a device: who wore it, papers, store-room", func(ctx context.Context, in *ByID) (device.Detail, error) {
		return a.Device.Detail(ctx, in.ID)
	})
	call(a, http.MethodPost, "/devices/{id}/hand-out", "give a device of the stock to a child, against a signature", func(ctx context.Context, in *struct {
		ByID
		Body device.Hand
	}) (device.Row, error) {
		return a.Device.HandOut(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/devices/{id}/return", "take a device back, against a signature", func(ctx context.Context, in *struct {
		ByID
		Body device.Hand
	}) (device.Row, error) {
		return a.Device.TakeBack(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/devices/{id}/stock", "what the store-room knows of a device", func(ctx context.Context, in *struct {
		ByID
		Body device.StockNote
	}) (device.Row, error) {
		return a.Device.SetStock(ctx, in.ID, in.Body)
	})
	a.fences()
}

// excelFile is an answer that is a file.
type excelFile struct {
	Type string `header:"Content-Type"`
	As   string `header:"Content-Disposition"`
	Body []byte
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
	call(a, http.MethodPost, "/fences/geojson", "read a GeoJSON file of fences, to be looked at before they are drawn", func(ctx context.Context, in *struct{ Body guard.GeoJSON }) (page[guard.Outlined], error) {
		list, err := a.Guard.ReadGeoJSON(ctx, in.Body)
		return page[guard.Outlined]{Items: orEmpty(list)}, err
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

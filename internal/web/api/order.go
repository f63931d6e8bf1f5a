package api

import (
	"context"
	"net/http"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/seat"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// orderState is what calls that change an order answer.
type orderState struct {
	ID       id.ID          `json:"id"`
	No       string         `json:"no"`
	MatterID id.ID          `json:"matter_id"`
	State    dispatch.State `json:"state"`
	Stage    policy.Stage   `json:"stage"`
	Step     int            `json:"step"`
	Assignee id.ID          `json:"assignee"`
	DueAt    clock.Millis   `json:"due_at"`
	Version  int64          `json:"version"`
}

func orderOf(o dispatch.Order, err error) (orderState, error) {
	return orderState{o.ID, o.No, o.MatterID, o.State, o.Stage, o.Step, o.Assignee, o.DueAt, o.Version}, err
}

// report is what a person says with a step of an order.
type report struct {
	Note   string       `json:"note,omitempty"`
	Photos []id.ID      `json:"photos,omitempty"`
	Lat    float64      `json:"lat,omitempty"`
	Lon    float64      `json:"lon,omitempty"`
	At     clock.Millis `json:"at,omitempty" doc:"when it was pressed, if the phone was offline"`
	Key    string       `json:"key,omitempty" doc:"the phone's key of this press: a repeat changes nothing"`
}

func (w report) of() dispatch.Report {
	return dispatch.Report{Key: w.Key, Note: w.Note, Photos: w.Photos, Lat: w.Lat, Lon: w.Lon, At: w.At}
}

type reportInput struct {
	ByID
	Body report
}

func (a *API) orders() {
	call(a, http.MethodGet, "/orders/mine", "the orders offered to or carried by the actor", func(ctx context.Context, _ *struct{}) (page[seat.MyOrder], error) {
		items, err := view(ctx, a, a.Seat.MyOrders)
		return page[seat.MyOrder]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodGet, "/orders/{id}", "one order as its carrier sees it", func(ctx context.Context, in *ByID) (seat.MyOrder, error) {
		return view(ctx, a, func(ctx context.Context, r db.Reader) (seat.MyOrder, error) { return a.Seat.Order(ctx, r, in.ID) })
	})
	call(a, http.MethodPost, "/orders/{id}/accept", "take an order", func(ctx context.Context, in *reportInput) (orderState, error) {
		return orderOf(a.Orders.Accept(ctx, in.ID, in.Body.of()))
	})
	for _, step := range []struct {
		verb string
		to   policy.Stage
	}{{"depart", policy.OnTheWay}, {"arrive", policy.OnScene}, {"handle", policy.Handled}, {"feedback", policy.FedBack}} {
		call(a, http.MethodPost, "/orders/{id}/"+step.verb, "move an order to the stage "+string(step.to), func(ctx context.Context, in *reportInput) (orderState, error) {
			return orderOf(a.Orders.Progress(ctx, in.ID, step.to, in.Body.of()))
		})
	}
	call(a, http.MethodPost, "/orders/{id}/callback", "the seat's call after the feedback", func(ctx context.Context, in *reportInput) (orderState, error) {
		return orderOf(a.Orders.Callback(ctx, in.ID, in.Body.of()))
	})
	call(a, http.MethodPost, "/orders/{id}/decline", "refuse an order with a reason", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
			Key    string `json:"key,omitempty"`
		}
	}) (orderState, error) {
		return orderOf(a.Orders.Decline(ctx, in.ID, in.Body.Reason, in.Body.Key))
	})
	call(a, http.MethodPost, "/orders/{id}/urge", "call again who has not answered", func(ctx context.Context, in *ByID) (orderState, error) {
		return orderOf(a.Orders.Urge(ctx, in.ID))
	})
	call(a, http.MethodPost, "/orders/{id}/escalate", "go up a rung, as of the step that was seen", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			AsOfStep int    `json:"as_of_step"`
			Reason   string `json:"reason,omitempty"`
		}
	}) (orderState, error) {
		return orderOf(a.Orders.Escalate(ctx, in.ID, in.Body.AsOfStep, in.Body.Reason))
	})
	call(a, http.MethodPost, "/orders/{id}/cancel", "withdraw an order with a reason", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
		}
	}) (orderState, error) {
		return orderOf(a.Orders.Cancel(ctx, in.ID, in.Body.Reason))
	})
}

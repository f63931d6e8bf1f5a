package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/visit"
)

func (a *API) visits() {
	call(a, http.MethodGet, "/visits/route", "the visits that one has to make, for the phone to take along", func(ctx context.Context, _ *struct{}) (visit.Route, error) {
		return a.Visits.Route(ctx)
	})
	call(a, http.MethodPost, "/visits", "a visit as a phone wrote it; the same key is the same version", func(ctx context.Context, in *struct {
		Body struct {
			Key      string        `json:"key"`
			VisitID  id.ID         `json:"visit_id" maxLength:"60"`
			Base     id.ID         `json:"base,omitempty" maxLength:"60"`
			DueID    id.ID         `json:"due_id,omitempty" maxLength:"60"`
			ChildID  id.ID         `json:"child_id,omitempty" maxLength:"60"`
			BeganAt  clock.Millis  `json:"began_at"`
			EndedAt  clock.Millis  `json:"ended_at"`
			At       clock.Millis  `json:"at,omitempty" doc:"when it was pressed; not kept"`
			Lat      float64       `json:"lat,omitempty"`
			Lon      float64       `json:"lon,omitempty"`
			Accuracy int           `json:"accuracy_m,omitempty"`
			Met      bool          `json:"met"`
			Danger   string        `json:"danger,omitempty"`
			Body     visit.Body    `json:"body"`
			Goods    []visit.Goods `json:"goods,omitempty"`
		}
	}) (visit.Stored, error) {
		b := in.Body
		return a.Visits.Store(ctx, visit.Report{Key: b.Key, VisitID: b.VisitID, Base: b.Base, DueID: b.DueID, ChildID: b.ChildID, BeganAt: b.BeganAt, EndedAt: b.EndedAt, Lat: b.Lat, Lon: b.Lon,
			Accuracy: b.Accuracy, Met: b.Met, Danger: b.Danger, Body: b.Body, Goods: b.Goods})
	})
	call(a, http.MethodGet, "/visits", "visits, the newest first", func(ctx context.Context, in *struct {
		Which  string `query:"which" enum:"conflict,doubt,danger,"`
		Child  id.ID  `query:"child" maxLength:"60"`
		Cursor string `query:"cursor" maxLength:"60"`
		Limit  int    `query:"limit"`
	}) (page[visit.Row], error) {
		rows, next, err := a.Visits.List(ctx, visit.Query{Which: in.Which, Child: in.Child, Cursor: in.Cursor, Limit: in.Limit})
		return page[visit.Row]{Items: orEmpty(rows), Next: next}, err
	})
	call(a, http.MethodGet, "/visits/dues", "visits that are due", func(ctx context.Context, in *struct {
		Which string `query:"which" maxLength:"60"`
	}) (page[visit.DueRow], error) {
		rows, err := a.Visits.Dues(ctx, in.Which)
		return page[visit.DueRow]{Items: orEmpty(rows)}, err
	})
	call(a, http.MethodPost, "/visits/dues", "plan a visit by hand", func(ctx context.Context, in *struct {
		Body struct {
			ChildID id.ID      `json:"child_id" maxLength:"60"`
			Who     id.ID      `json:"who" maxLength:"60"`
			DueOn   civil.Date `json:"due_on"`
			Why     string     `json:"why,omitempty"`
		}
	}) (visit.Due, error) {
		return a.Visits.Ask(ctx, in.Body.ChildID, in.Body.Who, in.Body.DueOn, in.Body.Why)
	})
	call(a, http.MethodPost, "/visits/dues/{id}/give", "hand a due visit to somebody else", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Who id.ID `json:"who" maxLength:"60"`
		}
	}) (visit.Due, error) {
		return a.Visits.Give(ctx, in.ID, in.Body.Who)
	})
	call(a, http.MethodPost, "/visits/dues/{id}/drop", "a due visit is not needed", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
		}
	}) (visit.Due, error) {
		return a.Visits.Drop(ctx, in.ID, in.Body.Reason)
	})
	call(a, http.MethodGet, "/visits/greetings", "how the greetings of festivals stand, with goods", func(ctx context.Context, _ *struct{}) (page[visit.Greeting], error) {
		rows, err := a.Visits.Greetings(ctx)
		return page[visit.Greeting]{Items: orEmpty(rows)}, err
	})
	call(a, http.MethodGet, "/visits/greetings/{plan}", "who of an area still waits for a greeting's goods, and who has had them", func(ctx context.Context, in *struct {
		Plan   string `path:"plan" maxLength:"60"`
		Region string `query:"region" required:"true" maxLength:"20"`
	}) (visit.GreetingSheet, error) {
		return a.Visits.Greeting(ctx, in.Plan, in.Region)
	})
	call(a, http.MethodPost, "/visits/hands", "a greeting's goods were handed over without a visit; the same key is the same hand-over", func(ctx context.Context, in *struct {
		Body struct {
			DueID   id.ID         `json:"due_id" maxLength:"60"`
			Key     string        `json:"key"`
			Way     string        `json:"way"`
			Signer  string        `json:"signer"`
			GivenAt clock.Millis  `json:"given_at,omitempty"`
			Goods   []visit.Goods `json:"goods" maxItems:"40"`
			Note    string        `json:"note,omitempty" maxLength:"500"`
		}
	}) (visit.Hand, error) {
		b := in.Body
		return a.Visits.HandOver(ctx, visit.Handing{DueID: b.DueID, Key: b.Key, Way: b.Way, Signer: b.Signer, GivenAt: b.GivenAt, Goods: b.Goods, Note: b.Note})
	})
	call(a, http.MethodGet, "/visits/counts", "how many lie in each list of visits", func(ctx context.Context, _ *struct{}) (visit.Counts, error) { return a.Visits.Counts(ctx) })
	call(a, http.MethodGet, "/visits/{id}", "one visit with all its versions", func(ctx context.Context, in *ByID) (visit.Sheet, error) { return a.Visits.Find(ctx, in.ID) })
	call(a, http.MethodPost, "/visits/{id}/decide", "which version counts", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Version id.ID `json:"version" maxLength:"60"`
		}
	}) (visit.Visit, error) {
		return a.Visits.Decide(ctx, in.ID, in.Body.Version)
	})
	call(a, http.MethodPost, "/visit-marks/{id}", "what a doubtful visit was", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Wrong  bool   `json:"wrong"`
			Answer string `json:"answer"`
		}
	}) (visit.Mark, error) {
		return a.Visits.Settle(ctx, in.ID, in.Body.Wrong, in.Body.Answer)
	})
	a.pairings()
	a.wipes()
}

func (a *API) pairings() {
	call(a, http.MethodGet, "/pairings", "who is paired with which child", func(ctx context.Context, in *struct {
		Ended bool `query:"ended"`
	}) (page[visit.PairingRow], error) {
		rows, err := a.Visits.Pairings(ctx, in.Ended)
		return page[visit.PairingRow]{Items: orEmpty(rows)}, err
	})
	call(a, http.MethodPost, "/pairings", "pair a helper with a child", func(ctx context.Context, in *struct {
		Body struct {
			ChildID id.ID      `json:"child_id" maxLength:"60"`
			Helper  id.ID      `json:"helper" maxLength:"60"`
			Kind    string     `json:"kind"`
			BegunOn civil.Date `json:"begun_on,omitempty"`
		}
	}) (visit.Pairing, error) {
		return a.Visits.Pair(ctx, in.Body.ChildID, in.Body.Helper, in.Body.Kind, in.Body.BegunOn)
	})
	call(a, http.MethodPost, "/pairings/{id}/end", "end a pairing", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason"`
		}
	}) (visit.Pairing, error) {
		return a.Visits.Unpair(ctx, in.ID, in.Body.Reason)
	})
}

func (a *API) wipes() {
	call(a, http.MethodGet, "/wipes", "phones that were told to forget", func(ctx context.Context, _ *struct{}) (page[visit.Wipe], error) {
		rows, err := a.Visits.Wipes(ctx)
		return page[visit.Wipe]{Items: orEmpty(rows)}, err
	})
	call(a, http.MethodPost, "/wipes", "have a person's phone forget, after it sent what waits", func(ctx context.Context, in *struct {
		Body struct {
			Account id.ID  `json:"account" maxLength:"60"`
			Reason  string `json:"reason"`
		}
	}) (visit.Wipe, error) {
		return a.Visits.AskWipe(ctx, in.Body.Account, in.Body.Reason)
	})
	call(a, http.MethodPost, "/wipes/{id}/done", "the phone's word that it forgot", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Sent   int `json:"sent"`
			Sealed int `json:"sealed"`
		}
	}) (done, error) {
		return done{true}, a.Visits.Wiped(ctx, in.ID, in.Body.Sent, in.Body.Sealed)
	})
}

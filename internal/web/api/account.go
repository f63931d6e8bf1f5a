package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
)

// noted is the input of decisions on a record: why.
type noted struct {
	ByID
	Body staff.NoteRequest
}

func (a *API) accounts() {
	call(a, http.MethodPost, "/first/{token}", "make the account of a first administrator by a one-time link", func(ctx context.Context, in *struct {
		Token string `path:"token" maxLength:"100"`
		Body  staff.FirstRequest
	}) (staff.RegisterResult, error) {
		return a.Staff.First(ctx, chassis.From(ctx).Place, in.Token, in.Body)
	})
	call(a, http.MethodGet, "/accounts", "the accounts of the actor's area, by name", func(ctx context.Context, in *struct {
		Q      string      `query:"q" maxLength:"50"`
		Region string      `query:"region" maxLength:"15"`
		Role   access.Role `query:"role"`
		State  staff.State `query:"state"`
		Cursor string      `query:"cursor"`
		Limit  int         `query:"limit"`
	}) (staff.AccountPage, error) {
		return a.Staff.Accounts(ctx, staff.AccountFilter{Q: in.Q, Region: in.Region, Role: in.Role, State: in.State, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodPost, "/accounts", "make an account; its rights wait for the security administrator", func(ctx context.Context, in *struct{ Body staff.CreateRequest }) (staff.CreateResult, error) {
		return a.Staff.Create(ctx, in.Body)
	})
	call(a, http.MethodGet, "/accounts/{id}", "one account", func(ctx context.Context, in *ByID) (staff.Account, error) {
		return a.Staff.Account(ctx, in.ID)
	})
	for _, act := range []struct {
		verb, summary string
		do            func(ctx context.Context, account id.ID, q staff.NoteRequest) error
	}{
		{"approve", "approve who registered as staff", a.Staff.Approve},
		{"reject", "reject who registered as staff", a.Staff.Reject},
		{"lock", "shut an account; its sessions end at once", a.Staff.LockAccount},
		{"unlock", "open a locked account", a.Staff.UnlockAccount},
		{"leave", "end an account for good", a.Staff.Leave},
		{"sign-out", "end all sessions of an account", a.Staff.SignOutAccount},
	} {
		call(a, http.MethodPost, "/accounts/{id}/"+act.verb, act.summary, func(ctx context.Context, in *noted) (done, error) {
			return done{true}, act.do(ctx, in.ID, in.Body)
		})
	}
	call(a, http.MethodPost, "/accounts/{id}/reset", "give a new initial password", func(ctx context.Context, in *noted) (staff.CreateResult, error) {
		return a.Staff.Reset(ctx, in.ID, in.Body)
	})
	a.grants()
}

func (a *API) grants() {
	call(a, http.MethodPost, "/accounts/{id}/grants", "propose a right", func(ctx context.Context, in *struct {
		ByID
		Body staff.GrantRequest
	}) (staff.Grant, error) {
		return a.Staff.Propose(ctx, in.ID, in.Body)
	})
	call(a, http.MethodGet, "/grants", "the papers of rights, newest first", func(ctx context.Context, in *struct {
		State   string `query:"state"`
		Account id.ID  `query:"account"`
		Q       string `query:"q"`
		Cursor  string `query:"cursor"`
		Limit   int    `query:"limit"`
	}) (staff.GrantPage, error) {
		return a.Staff.Grants(ctx, staff.GrantFilter{State: in.State, Account: in.Account, Q: in.Q, Cursor: in.Cursor, Limit: in.Limit})
	})
	call(a, http.MethodPost, "/grants/{id}/approve", "approve a right; it counts at once", func(ctx context.Context, in *noted) (staff.Grant, error) {
		return a.Staff.ApproveGrant(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/grants/{id}/reject", "reject a right", func(ctx context.Context, in *noted) (done, error) {
		return done{true}, a.Staff.RejectGrant(ctx, in.ID, in.Body)
	})
	call(a, http.MethodPost, "/grants/{id}/revoke", "end a right; live sessions lose it at once", func(ctx context.Context, in *noted) (done, error) {
		return done{true}, a.Staff.RevokeGrant(ctx, in.ID, in.Body)
	})
}

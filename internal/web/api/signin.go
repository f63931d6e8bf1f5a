package api

import (
	"context"
	"net/http"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
)

// signedIn sets the cookies and answers how far the sign-in is.
func signedIn(ctx context.Context, res staff.SignInResult, err error) (staff.SignInResult, error) {
	if err == nil {
		chassis.From(ctx).SetSession(res)
	}
	return res, err
}

func (a *API) signIn() {
	call(a, http.MethodPost, "/sign-in", "account and password, or phone and password", func(ctx context.Context, in *struct{ Body staff.SignInRequest }) (staff.SignInResult, error) {
		res, err := a.Staff.SignIn(ctx, chassis.From(ctx).Place, in.Body)
		return signedIn(ctx, res, err)
	})
	type code struct {
		Body struct {
			Code string `json:"code" maxLength:"20"`
		}
	}
	call(a, http.MethodPost, "/sign-in/second", "the second factor", func(ctx context.Context, in *code) (staff.SignInResult, error) {
		r := chassis.From(ctx)
		res, err := a.Staff.SecondFactor(ctx, r.Place, r.Token, in.Body.Code)
		return signedIn(ctx, res, err)
	})
	call(a, http.MethodPost, "/sign-in/enrol", "begin to set up the second factor", func(ctx context.Context, _ *struct{}) (staff.Enrolment, error) {
		return a.Staff.Enrol(ctx, chassis.From(ctx).Token)
	})
	call(a, http.MethodPost, "/sign-in/enrol/confirm", "prove the second factor", func(ctx context.Context, in *code) (staff.SignInResult, error) {
		r := chassis.From(ctx)
		res, err := a.Staff.ConfirmFactor(ctx, r.Place, r.Token, in.Body.Code)
		return signedIn(ctx, res, err)
	})
	call(a, http.MethodPost, "/sign-out", "end the session", func(ctx context.Context, _ *struct{}) (done, error) {
		r := chassis.From(ctx)
		err := a.Staff.SignOut(ctx, r.Token)
		r.EndSession()
		if errs.Is(err, errs.KindUnauthenticated) {
			err = nil
		}
		return done{true}, err
	})
	call(a, http.MethodPost, "/lock", "hide everything; it rings on", func(ctx context.Context, _ *struct{}) (done, error) {
		return done{true}, a.Staff.Lock(ctx, chassis.From(ctx).Token)
	})
	call(a, http.MethodPost, "/unlock", "open a locked session by the password", func(ctx context.Context, in *struct {
		Body struct {
			Password string `json:"password"`
		}
	}) (staff.SignInResult, error) {
		r := chassis.From(ctx)
		res, err := a.Staff.Unlock(ctx, r.Place, r.Token, in.Body.Password)
		return signedIn(ctx, res, err)
	})
	call(a, http.MethodGet, "/me", "the signed-in person", func(ctx context.Context, _ *struct{}) (staff.Me, error) {
		return a.Staff.Me(ctx, chassis.From(ctx).Token)
	})
	call(a, http.MethodPost, "/me/password", "change the password", func(ctx context.Context, in *struct{ Body staff.PasswordRequest }) (staff.SignInResult, error) {
		r := chassis.From(ctx)
		res, err := a.Staff.ChangePassword(ctx, r.Place, r.Token, in.Body)
		return signedIn(ctx, res, err)
	})
	call(a, http.MethodGet, "/me/sessions", "where the account is signed in", func(ctx context.Context, _ *struct{}) (page[staff.Session], error) {
		items, err := a.Staff.Sessions(ctx, chassis.From(ctx).Token)
		return page[staff.Session]{Items: orEmpty(items)}, err
	})
	call(a, http.MethodDelete, "/me/sessions/{id}", "sign out elsewhere", func(ctx context.Context, in *ByID) (done, error) {
		return done{true}, a.Staff.EndSession(ctx, chassis.From(ctx).Token, id.ID(in.ID))
	})
	call(a, http.MethodPost, "/register/code", "send a code to a phone", func(ctx context.Context, in *struct{ Body staff.RegisterCodeRequest }) (done, error) {
		return done{true}, a.Staff.RegisterCode(ctx, chassis.From(ctx).Place, in.Body)
	})
	call(a, http.MethodPost, "/register", "register as a citizen or guardian", func(ctx context.Context, in *struct{ Body staff.RegisterRequest }) (staff.RegisterResult, error) {
		return a.Staff.Register(ctx, chassis.From(ctx).Place, in.Body)
	})
	call(a, http.MethodPost, "/register/staff", "register as staff and wait for approval", func(ctx context.Context, in *struct{ Body staff.RegisterStaffRequest }) (staff.RegisterResult, error) {
		return a.Staff.RegisterStaff(ctx, chassis.From(ctx).Place, in.Body)
	})
}

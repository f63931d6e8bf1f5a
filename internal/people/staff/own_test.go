package staff_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

func TestALostPhoneIsBridgedByASpareCodeThatServesOnce(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.staff("town1", access.TownshipOfficer, town, access.Township)
		token := h.in("town1", here)
		_, err := h.s.NewRecovery(bg, here, token, staff.ProofRequest{Password: "wrong", Code: "000000"})
		h.refused(err, "password.wrong")
		h.clk.Advance(time.Minute)
		_, err = h.s.NewRecovery(bg, here, token, staff.ProofRequest{Password: good, Code: "000000"})
		h.refused(err, "factor.wrong")
		h.clk.Advance(time.Minute)
		made, err := h.s.NewRecovery(bg, here, token, staff.ProofRequest{Password: good, Code: h.code("town1")})
		h.ok(err)
		if len(made.Codes) != 8 {
			t.Fatalf("%d codes", len(made.Codes))
		}
		own, err := h.s.Own(bg, token)
		h.ok(err)
		if own.RecoveryLeft != 8 || own.Factor == "" || !own.FactorMust || own.PasswordEnds == 0 {
			t.Errorf("%+v", own)
		}
		in := func(code string) (staff.SignInResult, error) {
			out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "town1", Password: good})
			h.ok(err)
			return h.s.SecondFactor(bg, here, out.Token, code)
		}
		out, err := in(strings.ToLower(made.Codes[0]))
		h.ok(err)
		if out.State != staff.OK {
			t.Fatalf("signed in as far as %s", out.State)
		}
		_, err = in(made.Codes[0])
		h.refused(err, "factor.wrong")
		// The spare code also lets a new phone be set up.
		h.ok(h.s.DropOwnFactor(bg, here, out.Token, staff.ProofRequest{Password: good, Code: made.Codes[1]}))
		h.sees(out.Token, "")
		again, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "town1", Password: good})
		h.ok(err)
		if again.State != staff.Enrol {
			t.Errorf("the next sign-in is at %s", again.State)
		}
		if n := h.count("SELECT count(*) FROM recovery_code"); n != 0 {
			t.Errorf("%d spare codes of the former factor are left", n)
		}
	})
}

func TestAPhoneIsChangedOnlyByWhoHoldsIt(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("town1", access.TownshipOfficer, town, access.Township)
		h.staff("town2", access.TownshipOfficer, other, access.Township)
		token := h.in("town1", here)
		const fresh = "15400001234"
		h.ok(h.s.OwnPhoneCode(bg, here, token, staff.RegisterCodeRequest{Phone: fresh}))
		h.refused(h.s.SetOwnPhone(bg, here, token, staff.OwnPhoneRequest{Phone: fresh, Code: "000000x", Password: good}), "code.wrong")
		h.refused(h.s.SetOwnPhone(bg, here, token, staff.OwnPhoneRequest{Phone: fresh, Code: h.phones.last(fresh), Password: "wrong"}), "password.wrong")
		h.ok(h.s.SetOwnPhone(bg, here, token, staff.OwnPhoneRequest{Phone: fresh, Code: h.phones.last(fresh), Password: good}))
		own, err := h.s.Own(bg, token)
		h.ok(err)
		if own.PhoneMasked != "154****1234" {
			t.Errorf("the phone shown is %s", own.PhoneMasked)
		}
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Phone: fresh, Password: good})
		h.ok(err)
		// Another's number is refused, also to the administrator.
		h.clk.Advance(time.Hour)
		h.staff("sys1", access.SystemAdmin, district, access.CivilAffairs)
		h.refused(h.s.SetAccountPhone(h.as("sys1"), h.ids["town2"], staff.PhoneRequest{Phone: fresh, Reason: "当面核对"}), "phone.taken")
		h.ok(h.s.SetAccountPhone(h.as("sys1"), h.ids["town2"], staff.PhoneRequest{Phone: "15400009999", Reason: "当面核对"}))
		h.refused(h.s.SetAccountPhone(h.as("town1"), h.ids["town2"], staff.PhoneRequest{Phone: "15400009998", Reason: "x"}), "access.forbidden")
	})
}

func TestAdministratorsSeeWhereAnAccountIsSignedInAndEndIt(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("sys1", access.SystemAdmin, district, access.CivilAffairs)
		h.staff("audit1", access.Auditor, district, access.CivilAffairs)
		h.staff("town1", access.TownshipOfficer, town, access.Township)
		first, second := h.in("town1", here), h.in("town1", here)
		d, err := h.s.Detail(h.as("sys1"), h.ids["town1"])
		h.ok(err)
		if len(d.Sessions) != 2 || d.Sessions[0].Device != "Chrome · Windows" || len(d.History) == 0 {
			t.Fatalf("%+v", d)
		}
		_, err = h.s.Detail(h.as("town1"), h.ids["town1"])
		h.refused(err, "access.forbidden")
		h.refused(h.s.EndAccountSession(h.as("audit1"), h.ids["town1"], d.Sessions[0].ID, staff.NoteRequest{}), "access.forbidden")
		h.ok(h.s.EndAccountSession(h.as("sys1"), h.ids["town1"], d.Sessions[0].ID, staff.NoteRequest{Reason: "离岗未退出"}))
		h.sees(second, "")
		h.sees(first, staff.OK)
		h.refused(h.s.EndAccountSession(h.as("sys1"), h.ids["town1"], d.Sessions[0].ID, staff.NoteRequest{}), "session.not_found")
	})
}

func TestAPauseTellsHowLongAndIsLifted(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	h.staff("sys1", access.SystemAdmin, district, access.CivilAffairs)
	h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
	h.in("seat1", here)
	var err error
	for range 6 {
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: "wrong"})
	}
	var e *errs.Error
	if !errors.As(err, &e) || e.Key != "signin.wait" || e.After != 10*time.Second {
		t.Fatalf("%v", err)
	}
	h.clk.Advance(4 * time.Second)
	_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
	if !errors.As(err, &e) || e.After != 6*time.Second {
		t.Fatalf("%v", err)
	}
	d, err := h.s.Detail(h.as("sys1"), h.ids["seat1"])
	h.ok(err)
	if d.PausedUntil.Sub(d.Sessions[0].SeenAt) != 10*time.Second {
		t.Errorf("paused until %d", d.PausedUntil)
	}
	h.ok(h.s.LiftPause(h.as("sys1"), h.ids["seat1"], staff.NoteRequest{Reason: "本人来电"}))
	h.in("seat1", here)
}

// standing keeps whom the notices went to.
type standing map[id.ID][]string

func (n standing) Waiting(_ context.Context, _ *db.Tx, to id.ID, text string, ref id.ID, _ string) error {
	n[ref] = append(n[ref], text+" "+string(to))
	return nil
}

func (n standing) Settled(_ context.Context, _ *db.Tx, ref id.ID) error {
	delete(n, ref)
	return nil
}

func TestWhatWaitsIsToldAndCountedUntilSomebodyDecides(t *testing.T) {
	notices := standing{}
	h := one(t, staff.Options{Demo: true, Notices: notices})
	h.staff("sys1", access.SystemAdmin, district, access.CivilAffairs)
	h.staff("sec1", access.SecurityAdmin, district, access.CivilAffairs)
	h.staff("town1", access.TownshipOfficer, town, access.Township)
	_, err := h.s.RegisterStaff(bg, here, staff.RegisterStaffRequest{Account: "grid9", Name: "新来的", Phone: "15400007777", Password: good,
		Department: access.Township, Region: village, Role: access.GridWorker, Reason: "新任网格员"})
	h.ok(err)
	wants := func(accounts, grants int) {
		t.Helper()
		got, err := h.s.Waits(h.as("sys1"))
		h.ok(err)
		if got.Accounts != accounts || got.Grants != grants {
			t.Fatalf("%+v, want %d accounts and %d grants", got, accounts, grants)
		}
		if len(notices) != accounts+grants {
			t.Fatalf("notices: %v", notices)
		}
	}
	wants(1, 0)
	list, err := h.s.Accounts(h.as("sys1"), staff.AccountFilter{State: staff.Waiting})
	h.ok(err)
	h.ok(h.s.Approve(h.as("sys1"), list.Items[0].ID, staff.NoteRequest{}))
	wants(0, 1)
	grants, err := h.s.Grants(h.as("sec1"), staff.GrantFilter{State: "proposed"})
	h.ok(err)
	_, err = h.s.ApproveGrant(h.as("sec1"), grants.Items[0].ID, staff.NoteRequest{})
	h.ok(err)
	wants(0, 0)
	_, err = h.s.Waits(h.as("town1"))
	h.refused(err, "access.forbidden")
}

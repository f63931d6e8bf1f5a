package staff_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

func TestTheDemonstrationHasAnAccountForEachRole(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		first, err := h.s.SeedDemo(bg, []region.Code{town})
		h.ok(err)
		again, err := h.s.SeedDemo(bg, []region.Code{town})
		h.ok(err)
		if !slices.Equal(first, again) {
			t.Error("a second run makes others")
		}
		for _, role := range access.Roles() {
			if !slices.ContainsFunc(first, func(a staff.DemoAccount) bool { return a.Role == role }) {
				t.Errorf("none for %s", role)
			}
		}
		for _, a := range first[:14] {
			out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: a.Account, Password: staff.DemoPassword})
			h.ok(err)
			if out.State != staff.OK || !slices.Equal(out.Me.Roles, []access.Role{a.Role}) || !out.Me.Demo {
				t.Errorf("%s: %+v", a.Account, out)
			}
		}
		if bad := crypto.CheckPasswordRules(staff.DemoPassword, "", ""); len(bad) > 0 {
			t.Errorf("%v", bad)
		}
		// No default accounts outside of a demonstration.
		_, err = staff.New(h.d, h.kr, plainPasswords{}, staff.Options{District: district}).SeedDemo(bg, nil)
		h.refused(err, "demo.off")
	})
}

// A township gets another code: its officers go with it.
func TestRightsFollowTheirArea(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("officer", "", town, access.Township)
		g := h.give("officer", ask(access.TownshipOfficer, town, access.Township))
		day := civil.DateOf(h.clk.Now()).AddDays(1)
		h.ok(region.NewService(h.d).Recode(h.as("system"), town, region.ChangeRequest{FromOn: day, Code: "500111008", Reason: "镇改街道"}))
		h.ok(h.s.Sweep(bg))
		if a := access.From(h.as("officer")); a.Grants[0].Region != town {
			t.Error("before the day")
		}
		h.clk.Advance(24 * time.Hour)
		h.ok(h.s.Sweep(bg))
		h.ok(h.s.Sweep(bg))
		a := access.From(h.as("officer"))
		if len(a.Grants) != 1 || a.Grants[0].Region != "500111008" {
			t.Fatalf("%+v", a.Grants)
		}
		page, err := h.s.Grants(h.as("audit"), staff.GrantFilter{State: "active", Account: h.ids["officer"]})
		h.ok(err)
		if len(page.Items) != 1 || page.Items[0].DocumentNo != g.DocumentNo || page.Items[0].Reason != "岗位需要" {
			t.Errorf("%+v", page.Items)
		}
		one, err := h.s.Account(h.as("system"), h.ids["officer"])
		h.ok(err)
		if one.Region != "500111008" {
			t.Error(one.Region)
		}
	})
}

type told struct{ list []string }

func (n *told) Settled(context.Context, *db.Tx, id.ID) error { return nil }

func (n *told) Waiting(_ context.Context, tx *db.Tx, to id.ID, text string, _ id.ID, _ string) error {
	n.list = append(n.list, string(to)+" "+text)
	return nil
}

func TestAdministratorsAreToldWhatWaits(t *testing.T) {
	n := &told{}
	h := one(t, staff.Options{Notices: n})
	h.admins()
	h.staff("oadmin", access.SystemAdmin, other, access.CivilAffairs)
	if len(n.list) != 0 {
		t.Errorf("%v", n.list)
	}
	_, err := h.s.RegisterStaff(bg, here, staff.RegisterStaffRequest{Account: "lisi", Name: "李四", Phone: "15400020002", Password: good,
		Department: access.Township, Region: village, Role: access.VillageDirector, Reason: "x"})
	h.ok(err)
	page, err := h.s.Accounts(h.as("system"), staff.AccountFilter{State: staff.Waiting})
	h.ok(err)
	h.ok(h.s.Approve(h.as("system"), page.Items[0].ID, staff.NoteRequest{}))
	if want := []string{string(h.ids["system"]) + " account.waiting", string(h.ids["security"]) + " grant.waiting"}; !slices.Equal(n.list, want) {
		t.Errorf("%v, want %v", n.list, want)
	}
}

func TestASettingTakesThePlaceOfABuiltInIdleTime(t *testing.T) {
	h := one(t, staff.Options{Demo: true, Idle: map[access.Role]time.Duration{access.SeatOperator: 30 * time.Minute}})
	h.admins()
	h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
	token := h.in("seat1", here)
	h.clk.Advance(20 * time.Minute)
	h.sees(token, staff.OK)
	// What the security administrator decides counts more.
	h.ok(h.s.SetRule(h.as("security"), "idle.seat_operator", 600, clock.Of(h.clk.Now())))
	h.sees(token, staff.Off)
}

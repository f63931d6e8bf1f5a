package staff_test

import (
	"context"
	"testing"
	"time"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

func TestACitizenRegistersByPhoneAndCode(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		ask := staff.RegisterCodeRequest{Phone: "+86 154-0001-0001"}
		h.ok(h.s.RegisterCode(bg, here, ask))
		h.refused(h.s.RegisterCode(bg, here, ask), "code.too_soon")
		code := h.phones.last("15400010001")
		q := staff.RegisterRequest{Phone: "15400010001", Code: "000000", Name: " 张　三 ", Password: good}
		if q.Code == code {
			q.Code = "000001"
		}
		for range 4 {
			_, err := h.s.Register(bg, here, q)
			h.refused(err, "code.wrong")
		}
		q.Code = code
		out, err := h.s.Register(bg, here, q)
		h.ok(err)
		if out.State != staff.Active {
			t.Error(out)
		}
		_, err = h.s.Register(bg, here, q)
		h.refused(err, "code.wrong") // it counted once
		in, err := h.s.SignIn(bg, here, staff.SignInRequest{Phone: "15400010001", Password: good})
		h.ok(err)
		if in.State != staff.OK || in.Me.Kind != staff.KindCitizen || in.Me.Name != "张三" || len(in.Me.Roles) != 1 || in.Me.Roles[0] != access.Citizen {
			t.Errorf("%+v %+v", in, in.Me)
		}
		// Once more with the phone proved: told that it is taken. Before the proof nobody is.
		h.clk.Advance(time.Hour)
		h.ok(h.s.RegisterCode(bg, here, ask))
		q.Code = h.phones.last("15400010001")
		_, err = h.s.Register(bg, here, q)
		h.refused(err, "phone.taken")
		// A citizen gets no staff role.
		h.admins()
		h.ids["zhang"] = in.Me.ID
		_, err = h.s.Propose(h.as("system"), in.Me.ID, staff.GrantRequest{Role: access.SeatOperator, Region: district, Department: access.CivilAffairs, Reason: "x"})
		h.refused(err, "account.not_active")
	})
}

func TestACodeDiesByTimeAndTries(t *testing.T) {
	h := one(t, staff.Options{})
	ask := staff.RegisterCodeRequest{Phone: "15400010001"}
	h.ok(h.s.RegisterCode(bg, here, ask))
	q := staff.RegisterRequest{Phone: "15400010001", Code: "x", Name: "张三", Password: good}
	for range 5 {
		_, err := h.s.Register(bg, here, q)
		h.refused(err, "code.wrong")
	}
	q.Code = h.phones.last("15400010001")
	_, err := h.s.Register(bg, here, q)
	h.refused(err, "code.wrong")
	h.clk.Advance(time.Minute)
	h.ok(h.s.RegisterCode(bg, here, ask))
	q.Code = h.phones.last("15400010001")
	h.clk.Advance(5 * time.Minute)
	_, err = h.s.Register(bg, here, q)
	h.refused(err, "code.wrong")
	// A phone is not flooded, whoever asks.
	sent := 0
	for i := range 30 {
		if h.s.RegisterCode(bg, staff.Place{Address: string(rune('a' + i))}, ask) == nil {
			sent++
		}
		h.clk.Advance(2 * time.Minute)
	}
	if sent != 3 {
		t.Errorf("%d more messages in an hour", sent)
	}
}

func TestStaffRegisterAndWaitForTheirAdministrator(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("tadmin", access.SystemAdmin, town, access.CivilAffairs)
		h.staff("oadmin", access.SystemAdmin, other, access.CivilAffairs)
		q := staff.RegisterStaffRequest{Account: "LiSi", Name: "李四", Phone: "15400020002", Password: good, Department: access.Township, Region: village, Role: access.VillageDirector, Reason: "慈云村儿童主任"}
		out, err := h.s.RegisterStaff(bg, here, q)
		h.ok(err)
		if out.State != staff.Waiting {
			t.Error(out)
		}
		_, err = h.s.RegisterStaff(bg, here, q)
		h.refused(err, "account.taken")
		q.Account = "lisi2"
		_, err = h.s.RegisterStaff(bg, here, q)
		h.refused(err, "phone.taken")
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "lisi", Password: good})
		h.refused(err, "signin.waiting")
		page, err := h.s.Accounts(h.as("tadmin"), staff.AccountFilter{State: staff.Waiting})
		h.ok(err)
		if len(page.Items) != 1 || page.Items[0].PhoneMasked != "154****0002" || page.Items[0].RegionName == "" || page.Items[0].WantedRole != access.VillageDirector {
			t.Fatalf("%+v", page.Items)
		}
		i := page.Items[0].ID
		h.ids["lisi"] = i
		if page, err := h.s.Accounts(h.as("oadmin"), staff.AccountFilter{State: staff.Waiting}); err != nil || len(page.Items) != 0 {
			t.Errorf("%+v %v", page, err)
		}
		h.refused(h.s.Approve(h.as("oadmin"), i, staff.NoteRequest{}), "record.not_found")
		h.refused(h.s.Approve(h.as("security"), i, staff.NoteRequest{}), "access.forbidden")
		one, err := h.s.Account(h.as("tadmin"), i)
		h.ok(err)
		if one.Reason != "慈云村儿童主任" {
			t.Error(one.Reason)
		}
		h.ok(h.s.Approve(h.as("tadmin"), i, staff.NoteRequest{}))
		h.refused(h.s.Approve(h.as("tadmin"), i, staff.NoteRequest{}), "account.not_waiting")
		list, err := h.s.Grants(h.as("security"), staff.GrantFilter{State: "proposed"})
		h.ok(err)
		if len(list.Items) != 1 || list.Items[0].Reason != "慈云村儿童主任" || list.Items[0].AccountName != "李四" {
			t.Fatalf("%+v", list.Items)
		}
		_, err = h.s.ApproveGrant(h.as("security"), list.Items[0].ID, staff.NoteRequest{})
		h.ok(err)
		h.in("lisi", here)
		// Refused: name and phone are free for another try.
		q.Account, q.Phone = "wangwu", "15400020003"
		_, err = h.s.RegisterStaff(bg, here, q)
		h.ok(err)
		page, err = h.s.Accounts(h.as("tadmin"), staff.AccountFilter{State: staff.Waiting})
		h.ok(err)
		h.ok(h.s.Reject(h.as("tadmin"), page.Items[0].ID, because))
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "wangwu", Password: good})
		h.refused(err, "signin.wrong")
		_, err = h.s.RegisterStaff(bg, here, q)
		h.ok(err)
	})
}

func TestAnInitialPasswordMustBeChanged(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		made, err := h.s.Create(h.as("system"), staff.CreateRequest{Account: "newbie", Name: "新人", Phone: "15400030003", Department: access.CivilAffairs, Region: district,
			Roles: []access.Role{access.BureauSection}, Reason: "入职"})
		h.ok(err)
		if len(crypto.CheckPasswordRules(made.InitialPassword, "newbie", "15400030003")) != 0 {
			t.Error("the initial password breaks the rules")
		}
		in, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "newbie", Password: made.InitialPassword})
		h.ok(err)
		if in.State != staff.Change {
			t.Fatal(in.State)
		}
		h.sees(in.Token, staff.Change)
		change := func(token, old, new string) (staff.SignInResult, error) {
			return h.s.ChangePassword(bg, here, token, staff.PasswordRequest{Old: old, New: new})
		}
		_, err = change(in.Token, "x", good)
		h.refused(err, "old: password.wrong")
		_, err = change(in.Token, made.InitialPassword, "short")
		h.refused(err, "password.too_short")
		_, err = change(in.Token, made.InitialPassword, "Newbie-15400")
		h.refused(err, "password.contains_account")
		_, err = change(in.Token, made.InitialPassword, made.InitialPassword)
		h.refused(err, "password.reused")
		out, err := change(in.Token, made.InitialPassword, good)
		h.ok(err)
		if out.State != staff.OK {
			t.Fatal(out.State)
		}
		// Another session ends with the change; an earlier password doesn't come back.
		second, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "newbie", Password: good})
		h.ok(err)
		out, err = change(out.Token, good, good2)
		h.ok(err)
		h.sees(second.Token, "")
		_, err = change(out.Token, good2, good)
		h.refused(err, "password.reused")
	})
}

func TestAPasswordOfNinetyDaysMustBeChangedAtTheNextSignIn(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		h.clk.Advance(90*24*time.Hour - 2*time.Minute)
		token := h.in("seat1", here)
		h.clk.Advance(4 * time.Minute)
		h.sees(token, staff.OK) // not in the middle of a shift
		out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		out, err = h.s.SecondFactor(bg, here, out.Token, h.code("seat1"))
		h.ok(err)
		if out.State != staff.Change {
			t.Errorf("%s", out.State)
		}
		// The rule is data with a day, set by the security administrator.
		h.refused(h.s.SetRule(h.as("system"), "password.days", 180, 0), "access.forbidden")
		h.refused(h.s.SetRule(h.as("security"), "password.days", 0, 0), "rule.bounds")
		h.refused(h.s.SetRule(h.as("security"), "password.colour", 1, 0), "rule.unknown")
		h.ok(h.s.SetRule(h.as("security"), "password.days", 180, 0))
		h.sees(out.Token, staff.OK)
	})
}

func TestALostSecondFactorTakesTwoAdministrators(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		_, err := h.s.ProposeFactorReset(h.as("system"), h.ids["seat1"], because)
		h.refused(err, "factor.none")
		token := h.in("seat1", here)
		reset, err := h.s.ProposeFactorReset(h.as("system"), h.ids["seat1"], because)
		h.ok(err)
		_, err = h.s.ProposeFactorReset(h.as("system"), h.ids["seat1"], because)
		h.refused(err, "factor.reset_open")
		h.refused(h.s.DecideFactorReset(h.as("system"), reset, true), "access.forbidden")
		list, err := h.s.FactorResets(h.as("security"))
		h.ok(err)
		if len(list) != 1 || list[0].Reason != "离岗" || list[0].AccountName != "测试seat1" {
			t.Errorf("%+v", list)
		}
		h.sees(token, staff.OK)
		h.ok(h.s.DecideFactorReset(h.as("security"), reset, true))
		h.sees(token, "")
		h.refused(h.s.DecideFactorReset(h.as("security"), reset, true), "grant.decided_already")
		out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		if out.State != staff.Enrol {
			t.Error(out.State)
		}
	})
}

func TestLockResetAndLeaveCutTheSessions(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.admins()
		h.staff("anna", access.TownshipOfficer, town, access.Township)
		do := func(fn func(id string) error) {
			t.Helper()
			token := h.in("anna", here)
			h.ok(fn(string(h.ids["anna"])))
			h.sees(token, "")
		}
		do(func(string) error { return h.s.SignOutAccount(h.as("system"), h.ids["anna"], staff.NoteRequest{}) })
		do(func(string) error { return h.s.LockAccount(h.as("system"), h.ids["anna"], because) })
		_, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "anna", Password: good})
		h.refused(err, "signin.locked")
		h.ok(h.s.UnlockAccount(h.as("system"), h.ids["anna"], because))
		do(func(string) error {
			out, err := h.s.Reset(h.as("system"), h.ids["anna"], because)
			h.ok(err)
			_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "anna", Password: good})
			h.refused(err, "signin.wrong")
			return h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE account SET password = ? WHERE id = ? AND password = ?", "plain:"+good, h.ids["anna"], "plain:"+out.InitialPassword)
				return err
			})
		})
		do(func(string) error { return h.s.Leave(h.as("system"), h.ids["anna"], because) })
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Phone: "15400000004", Password: good})
		h.refused(err, "signin.wrong")
		if n := h.count("SELECT count(*) FROM account WHERE id = ? AND phone = '' AND password = '' AND state = 'left'", h.ids["anna"]); n != 1 {
			t.Error("what a person who left doesn't need is still there")
		}
		// He is still named in what he did.
		h.ok(h.d.View(bg, func(ctx context.Context, r db.Reader) error {
			names, err := staff.Names(ctx, r, h.ids["anna"], "system:test", "")
			if len(names) != 1 || names[h.ids["anna"]].Name != "测试anna" {
				t.Errorf("%+v", names)
			}
			return err
		}))
		// Nobody does it to himself.
		h.refused(h.s.LockAccount(h.as("system"), h.ids["system"], because), "account.own")
		_, err = h.s.Reset(h.as("system"), h.ids["system"], because)
		h.refused(err, "account.own")
	})
}

func TestTheFirstThreeLinksMakeThreePeople(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		links, err := h.s.FirstLinks(bg)
		h.ok(err)
		if len(links) != 3 || links[0].Role != access.SystemAdmin {
			t.Fatalf("%+v", links)
		}
		_, err = h.s.First(bg, here, "guess", staff.FirstRequest{Account: "mallory", Name: "马", Password: good})
		h.refused(err, "first.gone")
		_, err = h.s.First(bg, here, links[0].Token, staff.FirstRequest{Account: "root1", Name: "根", Password: "weak"})
		h.refused(err, "password.too_short")
		role, err := h.s.FirstRole(bg, links[1].Token)
		if err != nil || role != access.SecurityAdmin {
			t.Error(role, err)
		}
		for i, l := range links[:2] {
			_, err = h.s.First(bg, here, l.Token, staff.FirstRequest{Account: []string{"root1", "safe1"}[i], Name: "根", Password: good})
			h.ok(err)
			_, err = h.s.First(bg, here, l.Token, staff.FirstRequest{Account: "again", Name: "再", Password: good})
			h.refused(err, "first.gone")
		}
		h.in("root1", here)
		// A restart makes links only for who is still missing; the older ones die.
		again, err := h.s.FirstLinks(bg)
		h.ok(err)
		if len(again) != 1 || again[0].Role != access.Auditor {
			t.Fatalf("%+v", again)
		}
		_, err = h.s.FirstRole(bg, links[2].Token)
		h.refused(err, "first.gone")
		h.clk.Advance(24 * time.Hour)
		_, err = h.s.FirstRole(bg, again[0].Token)
		h.refused(err, "first.gone")
	})
}

func TestAccountsAreFoundAndPaged(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		for _, name := range []string{"anna", "bert", "carl", "dora", "emil"} {
			h.staff(name, access.TownshipOfficer, town, access.Township)
		}
		var all []string
		q := staff.AccountFilter{Limit: 3}
		for {
			page, err := h.s.Accounts(h.as("audit"), q)
			h.ok(err)
			for _, a := range page.Items {
				all = append(all, a.Account)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if len(all) != 8 {
			t.Errorf("%v", all)
		}
		for text, want := range map[string]int{"测试dora": 1, "ceshido": 1, "cs": 8, "dora": 1, "15400000005": 1, "%": 0, "_": 0, "无": 0, "' OR 1=1": 0} {
			page, err := h.s.Accounts(h.as("system"), staff.AccountFilter{Q: text})
			h.ok(err)
			if len(page.Items) != want {
				t.Errorf("%s: %d", text, len(page.Items))
			}
		}
		page, err := h.s.Accounts(h.as("system"), staff.AccountFilter{Role: access.TownshipOfficer, Region: other})
		h.ok(err)
		if len(page.Items) != 0 {
			t.Errorf("%+v", page.Items)
		}
	})
}

func TestByRoleGivesTheNearestFirst(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.staff("wide", access.Counsellor, town, access.Education)
		h.staff("near", access.Counsellor, village, access.Education)
		h.staff("away", access.Counsellor, other, access.Education)
		h.ok(h.d.View(bg, func(ctx context.Context, r db.Reader) error {
			got, err := staff.ByRole(ctx, r, access.Counsellor, village+"001")
			if err != nil || len(got) != 2 || got[0].ID != h.ids["near"] || got[1].ID != h.ids["wide"] || got[1].Region != town {
				t.Errorf("%+v %v", got, err)
			}
			got, err = staff.ByRoleWithin(ctx, r, access.Counsellor, town)
			if err != nil || len(got) != 2 {
				t.Errorf("%+v %v", got, err)
			}
			phone, err := staff.Phone(ctx, r, h.kr, h.ids["near"])
			if phone != "15400000002" {
				t.Error(phone)
			}
			return err
		}))
	})
}

// Real hashing, once.
func TestArgon(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	s := staff.New(h.d, h.kr, crypto.NewPasswords(0), staff.Options{District: district, Demo: true})
	made, err := s.Found(access.With(bg, access.System("test")), staff.CreateRequest{Account: "anna", Name: "安", Department: access.Township, Region: town, Reason: "x"})
	h.ok(err)
	out, err := s.SignIn(bg, here, staff.SignInRequest{Account: "anna", Password: made.InitialPassword})
	h.ok(err)
	if out.State != staff.OK {
		t.Error(out.State)
	}
	if _, err := s.SignIn(bg, here, staff.SignInRequest{Account: "anna", Password: "x"}); !errs.Is(err, errs.KindUnauthenticated) {
		t.Error(err)
	}
}

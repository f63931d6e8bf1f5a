package staff_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

var bg = context.Background()

func TestAnOperatorSignsInWithPasswordAndCode(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: " Seat1", Password: good})
		h.ok(err)
		if out.State != staff.Enrol || out.Me != nil {
			t.Fatalf("%+v", out)
		}
		h.sees(out.Token, staff.Enrol)
		e, err := h.s.Enrol(bg, out.Token)
		h.ok(err)
		if !strings.HasPrefix(e.QRSVG, "<svg") || !strings.Contains(e.URL, e.Secret) {
			t.Errorf("%+v", e)
		}
		h.keys["seat1"] = e.Secret
		_, err = h.s.ConfirmFactor(bg, here, out.Token, "000000")
		h.refused(err, "factor.wrong")
		full, err := h.s.ConfirmFactor(bg, here, out.Token, h.code("seat1"))
		h.ok(err)
		h.sees(full.Token, staff.OK)
		h.sees(out.Token, "") // the token of before the second factor is worth nothing
		if m := full.Me; m == nil || m.Name != "测试seat1" || m.District.Name != "大足区" || len(m.Roles) != 1 || m.IdleSeconds != 900 || len(m.Actions) == 0 {
			t.Errorf("%+v", full.Me)
		}

		// The next day: password and a code, the same code never twice.
		h.clk.Advance(24 * time.Hour)
		h.sees(full.Token, "")
		again, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		if again.State != staff.Second {
			t.Fatal(again.State)
		}
		_, err = h.s.Enrol(bg, again.Token)
		h.refused(err, "factor.there_already")
		code := h.code("seat1")
		_, err = h.s.SecondFactor(bg, here, again.Token, code)
		h.ok(err)
		third, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		_, err = h.s.SecondFactor(bg, here, third.Token, code)
		h.refused(err, "factor.wrong")
		h.sees(third.Token, staff.Second)
	})
}

func TestUnknownWrongWaitingAndLeftAnswerAlike(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("anna", access.TownshipOfficer, town, access.Township)
		for _, q := range []staff.SignInRequest{
			{Account: "nobody", Password: good}, {Account: "anna", Password: "x"}, {Phone: "15400000099", Password: good}, {Account: "!", Password: good},
			{}, {Account: strings.Repeat("a", 5000), Password: strings.Repeat("b", 1<<20)}, {Account: "anna", Password: ""},
		} {
			_, err := h.s.SignIn(bg, here, q)
			h.refused(err, "signin.wrong")
		}
		_, err := h.s.SignIn(bg, here, staff.SignInRequest{Phone: "+86 154-0000-0001", Password: good})
		h.ok(err)
	})
}

func TestTenWrongPasswordsDelayButARightOneFromAKnownPlaceStillWorks(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		first, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		bad := staff.SignInRequest{Account: "seat1", Password: "wrong"}
		attacker := staff.Place{Address: "203.0.113.9"}
		waits := 0
		for range 10 {
			if _, err := h.s.SignIn(bg, attacker, bad); errs.Is(err, errs.KindBusy) {
				waits++
			}
		}
		if waits != 5 {
			t.Errorf("%d of 10 tries had to wait", waits)
		}
		// The right password is not even looked at from there.
		_, err = h.s.SignIn(bg, attacker, staff.SignInRequest{Account: "seat1", Password: good})
		h.refused(err, "signin.wait")
		// At the own desk it works, by address and by the browser's token.
		_, err = h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		// Even from the attacker's own network, by the browser that is known.
		_, err = h.s.SignIn(bg, staff.Place{Address: attacker.Address, Device: first.Device}, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
		// The delay grows, and passes.
		h.clk.Advance(11 * time.Second)
		_, err = h.s.SignIn(bg, attacker, bad)
		h.refused(err, "signin.wrong")
		h.clk.Advance(11 * time.Second)
		_, err = h.s.SignIn(bg, attacker, bad)
		h.refused(err, "signin.wait")
		h.clk.Advance(15 * time.Minute)
		_, err = h.s.SignIn(bg, attacker, staff.SignInRequest{Account: "seat1", Password: good})
		h.ok(err)
	})
}

func TestAnAttackFromManyAddressesDoesNotShutOutTheOwnDesk(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
	h.in("seat1", here)
	waits := 0
	for i := range 60 {
		_, err := h.s.SignIn(bg, staff.Place{Address: "203.0.113." + string(rune('0'+i%10)) + string(rune('a'+i/10))}, staff.SignInRequest{Account: "seat1", Password: "wrong"})
		if errs.Is(err, errs.KindBusy) {
			waits++
		}
	}
	if waits != 40 {
		t.Errorf("%d tries waited", waits)
	}
	_, err := h.s.SignIn(bg, staff.Place{Address: "198.51.100.1"}, staff.SignInRequest{Account: "seat1", Password: good})
	h.refused(err, "signin.wait")
	h.in("seat1", here)
	h.clk.Advance(5 * time.Minute)
	_, err = h.s.SignIn(bg, staff.Place{Address: "198.51.100.1"}, staff.SignInRequest{Account: "seat1", Password: good})
	h.ok(err)
}

func TestOneAddressThatTriesManyNamesIsSlowed(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	waits := 0
	for i := range 60 {
		_, err := h.s.SignIn(bg, staff.Place{Address: "203.0.113.9"}, staff.SignInRequest{Account: "name" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Password: "wrong"})
		if errs.Is(err, errs.KindBusy) {
			waits++
		}
	}
	if waits != 30 {
		t.Errorf("%d tries waited", waits)
	}
}

func TestGuessesAtOnceGainNothing(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		const n = 24
		got := make(chan error, n)
		for range n {
			go func() {
				_, err := h.s.SignIn(bg, staff.Place{Address: "203.0.113.9"}, staff.SignInRequest{Account: "seat1", Password: "wrong"})
				got <- err
			}()
		}
		looked := 0
		for range n {
			if err := <-got; errs.KeyOf(err) == "signin.wrong" {
				looked++
			}
		}
		if looked != 5 {
			t.Errorf("%d guesses were looked at", looked)
		}
	})
}

func TestAnIdleSeatLocksAndStillRings(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		token := h.in("seat1", here)
		h.clk.Advance(14 * time.Minute)
		h.ok(h.s.Touch(bg, token))
		h.clk.Advance(14 * time.Minute)
		h.sees(token, staff.OK)
		h.clk.Advance(2 * time.Minute)
		h.sees(token, staff.Off)
		ring, state, err := h.s.Ringer(bg, token)
		h.ok(err)
		if state != staff.Off || len(ring.Grants) != 1 {
			t.Errorf("%s %+v", state, ring)
		}
		h.ok(h.s.Touch(bg, token)) // moving the mouse doesn't light it
		h.sees(token, staff.Off)
		h.ok(h.s.Sweep(bg))
		h.ok(h.s.Sweep(bg))
		if n := h.count("SELECT count(*) FROM event WHERE topic = 'session' AND kind = 'locked'"); n != 1 {
			t.Errorf("%d events", n)
		}
		m, err := h.s.Me(bg, token)
		h.ok(err)
		if !m.Locked {
			t.Error("the page isn't told")
		}
		_, err = h.s.Sessions(bg, token)
		h.refused(err, "session.none")
		_, err = h.s.Unlock(bg, here, token, "wrong")
		h.refused(err, "password.wrong")
		h.sees(token, staff.Off)
		out, err := h.s.Unlock(bg, here, token, good)
		h.ok(err)
		if out.State != staff.OK {
			t.Error(out.State)
		}
		h.sees(token, staff.OK)
		// By hand.
		h.ok(h.s.Lock(bg, token))
		h.sees(token, staff.Off)
		// The shift is over whatever happens.
		h.clk.Advance(14 * time.Hour)
		h.sees(token, "")
	})
}

func TestAnIdleAdministratorIsSignedOut(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.staff("root1", access.SystemAdmin, district, access.CivilAffairs)
		token := h.in("root1", here)
		h.clk.Advance(10 * time.Minute)
		h.sees(token, "")
		h.ok(h.s.Sweep(bg))
		if n := h.count("SELECT count(*) FROM session WHERE ended_at = 0"); n != 0 {
			t.Errorf("%d sessions live", n)
		}
		if n := h.count("SELECT count(*) FROM event WHERE topic = 'session' AND kind = 'ended'"); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestASignInHalfDoneDoesNotStay(t *testing.T) {
	h := one(t, staff.Options{})
	h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
	out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: "seat1", Password: good})
	h.ok(err)
	h.clk.Advance(10 * time.Minute)
	h.sees(out.Token, "")
}

func TestRemoteSignOut(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.staff("anna", access.TownshipOfficer, town, access.Township)
		h.staff("bert", access.TownshipOfficer, town, access.Township)
		desk, phone, berts := h.in("anna", here), h.in("anna", staff.Place{Address: "10.1.1.1", Agent: "Mozilla/5.0 (Linux; Android 14) Chrome/119"}), h.in("bert", here)
		list, err := h.s.Sessions(bg, desk)
		h.ok(err)
		if len(list) != 2 || list[0].Device != "Chrome · Android" || list[0].Current || list[1].Device != "Chrome · Windows" || !list[1].Current {
			t.Fatalf("%+v", list)
		}
		h.refused(h.s.EndSession(bg, berts, list[0].ID), "session.not_found")
		h.ok(h.s.EndSession(bg, desk, list[0].ID))
		h.sees(phone, "")
		h.sees(desk, staff.OK)
		h.ok(h.s.SignOut(bg, desk))
		h.ok(h.s.SignOut(bg, desk))
		h.sees(desk, "")
		h.sees(berts, staff.OK)
	})
}

func TestOnlyHashesAreStored(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	h.staff("anna", access.TownshipOfficer, town, access.Township)
	token := h.in("anna", here)
	var all []string
	h.ok(h.d.View(bg, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &all, `SELECT token_index FROM session UNION ALL SELECT phone || phone_index FROM account UNION ALL SELECT key FROM throttle
			UNION ALL SELECT place FROM known_place UNION ALL SELECT reason FROM role_grant UNION ALL SELECT shown FROM audit_row`)
	}))
	for _, text := range all {
		for _, secret := range []string{token, "15400000001", here.Address, "测试anna", good} {
			if strings.Contains(text, secret) {
				t.Errorf("%q lies open in %q", secret, text)
			}
		}
	}
}

func TestTheEleventhSessionEndsTheFirst(t *testing.T) {
	h := one(t, staff.Options{Demo: true})
	h.staff("anna", access.TownshipOfficer, town, access.Township)
	first := h.in("anna", here)
	for range 10 {
		h.clk.Advance(time.Second)
		h.in("anna", here)
	}
	h.sees(first, "")
}

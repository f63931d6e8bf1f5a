package staff_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

func TestAfterARotationEverythingIsUnderTheNewKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		h := newHouse(t, d, clk, staff.Options{})
		kr, err := crypto.Create(t.TempDir()+"/keys", crypto.SM4, clk.Now())
		h.ok(err)
		h.kr, h.s = kr, staff.New(d, kr, plainPasswords{}, staff.Options{District: district, Sender: h.phones})
		h.admins()
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		h.in("seat1", here)
		h.ok(h.s.LockAccount(h.as("system"), h.ids["seat1"], because))
		h.ok(h.s.UnlockAccount(h.as("system"), h.ids["seat1"], because))
		h.ok(kr.Rotate(clk.Now()))
		n, err := h.s.Reseal(bg)
		h.ok(err)
		// Four phones, four reasons, one note, one second factor.
		if n != 10 {
			t.Errorf("%d cells", n)
		}
		if n, err := h.s.Reseal(bg); n != 0 || err != nil {
			t.Error(n, err)
		}
		h.in("seat1", here)
		h.ok(d.View(bg, func(ctx context.Context, r db.Reader) error {
			phone, err := staff.Phone(ctx, r, kr, h.ids["seat1"])
			if phone != "15400000004" {
				t.Error(phone)
			}
			return err
		}))
	})
}

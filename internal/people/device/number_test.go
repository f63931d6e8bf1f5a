package device_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/db"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

func TestZerosBeforeANumberMakeNoOtherDevice(t *testing.T) {
	for raw, want := range map[string]string{"013900000001": "13900000001", "13900000001": "13900000001", "00000000013900000001": "13900000001",
		"0000": "0", "00ab": "00AB", " 0042 ": "42", "": ""} {
		if got := device.Key(raw); got != want {
			t.Errorf("Key(%q) = %q, want %q", raw, got, want)
		}
	}
	each(t, func(t *testing.T, w *world) {
		sticker := w.meet("013900000001") // as an officer copied it from the card
		for _, wire := range []string{"13900000001", "013900000001", "00000000013900000001"} {
			if d := w.meet(wire); d.ID != sticker.ID {
				t.Errorf("%s is another device", wire)
			}
		}
		plain := w.meet("4200000042")
		for _, wire := range []string{"004200000042", "000004200000042"} {
			if d := w.meet(wire); d.ID != plain.ID {
				t.Errorf("%s is another device", wire)
			}
		}
		if d := w.meet("00AB"); d.ID == w.meet("AB").ID {
			t.Error("letters are no number: their zeros count")
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			known, err := device.Known(ctx, r, []string{"13900000001", "00004200000042", "77"})
			if err != nil || len(known) != 2 || known["13900000001"].ID != sticker.ID || known["4200000042"].ID != plain.ID {
				t.Errorf("%+v %v", known, err)
			}
			return err
		})
		for _, q := range []string{"0139", "1390"} {
			page, err := w.s.List(w.as(access.BureauSection, district), device.Query{Q: q})
			if q == "0139" && (err != nil || len(page.Items) != 1) {
				t.Errorf("%s finds %d %v", q, len(page.Items), err)
			}
		}
	})
}

package device_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// shelf registers badges of which some are worn, some never spoke, and some
// have no day on which the card runs out.
func (w *world) shelf() {
	w.t.Helper()
	ids := w.register(
		device.Registration{DeviceID: "1", Kind: "badge", Profile: "watch", Label: "甲", SIM: "15490000001", SIMUntil: "2026-03-01", Wearer: w.children[0], Region: youyi},
		device.Registration{DeviceID: "2", Kind: "watch", Profile: "watch", SIMUntil: "2025-12-31", Region: district},
		device.Registration{DeviceID: "3", Kind: "badge", Profile: "jt808", Region: district},
		device.Registration{DeviceID: "4", Kind: "card", Profile: "jt808", Wearer: w.children[1], Region: ciyun},
		device.Registration{DeviceID: "5", Kind: "badge", Profile: "watch", SIMUntil: "2026-03-01", Region: district},
	)
	w.update(func(ctx context.Context, tx *db.Tx) error {
		for i, s := range []device.Seen{{At: tx.Now - 5000, Battery: 60}, {At: tx.Now - 9000, Battery: 12}, {}, {At: tx.Now - 9000, Battery: -1}, {At: tx.Now, Battery: 60}} {
			if s.At == 0 {
				continue
			}
			d, err := device.ByID(ctx, tx, ids[i])
			if err != nil {
				return err
			}
			if err := device.Touch(ctx, tx, d, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheListIsOrderedByWhatNeedsAttentionPageByPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shelf()
		section := w.as(access.BureauSection, district)
		for name, c := range map[string]struct {
			q    device.Query
			want string
		}{
			"as registered":           {device.Query{}, "1 2 3 4 5"},
			"silent longest":          {device.Query{Sort: "seen"}, "3 2 4 1 5"},
			"heard last":              {device.Query{Sort: "seen", Desc: true}, "5 1 2 4 3"},
			"flat, unknown last":      {device.Query{Sort: "battery"}, "2 1 5 3 4"},
			"full, unknown last":      {device.Query{Sort: "battery", Desc: true}, "1 5 2 3 4"},
			"card soonest":            {device.Query{Sort: "sim"}, "2 1 5 3 4"},
			"card latest":             {device.Query{Sort: "sim", Desc: true}, "1 5 2 3 4"},
			"of a township, by power": {device.Query{Sort: "battery", Region: youting}, "1"},
			"in stock, by card":       {device.Query{Sort: "sim", State: device.Stock}, "2 5 3"},
		} {
			var got []string
			q := c.q
			for q.Limit = 2; ; {
				page, err := w.s.List(section, q)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, d := range page.Items {
					got = append(got, d.DeviceID)
				}
				if q.Cursor = page.Next; q.Cursor == "" || len(got) > 9 {
					break
				}
			}
			if have := strings.Join(got, " "); have != c.want {
				t.Errorf("%s: %s, want %s", name, have, c.want)
			}
		}
		for _, q := range []device.Query{{Sort: "wearer"}, {Sort: "seen", Cursor: "x~y"}, {Sort: "seen", Cursor: "7"}} {
			if _, err := w.s.List(section, q); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
		n, err := w.s.Count(section, "")
		if err != nil || n[device.Active] != 2 || n[device.Stock] != 3 || n[device.Unknown] != 0 {
			t.Errorf("%v %v", n, err)
		}
		if n, err = w.s.Count(w.as(access.TownshipOfficer, youting), ""); err != nil || n[device.Active] != 1 || n[device.Stock] != 0 {
			t.Errorf("of the township: %v %v", n, err)
		}
	})
}

func TestAListThatLeavesTheHouseIsAuditedWithEveryChildInIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shelf()
		word := func(key string) (string, bool) { return "<" + key + ">", true }
		for _, r := range access.Roles() {
			_, err := w.s.Export(w.as(r, district), device.Query{}, "季度设备盘点", word)
			may := slices.Contains([]access.Role{access.SeatLeader, access.TownshipOfficer, access.BureauSection}, r)
			if may && err != nil || !may && !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", r, err)
			}
		}
		section := w.as(access.BureauSection, district)
		if _, err := w.s.Export(section, device.Query{}, " 盘点 ", word); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		rows := func(ctx context.Context, q device.Query) [][]string {
			t.Helper()
			body, err := w.s.Export(ctx, q, "季度设备盘点", word)
			if err != nil {
				t.Fatal(err)
			}
			f, err := excelize.OpenReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			list, err := f.GetRows(f.GetSheetName(0))
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		all := rows(section, device.Query{Sort: "battery"})
		if len(all) != 8 || all[1][1] != "2" || all[2][0] != "甲" || all[2][5] != "李小满" || all[2][9] != "60" || all[2][10] != civil.Phone("15490000001").Mask() || all[2][11] != "2026-03-01" {
			t.Errorf("%q", all)
		}
		if last := all[len(all)-1]; last[len(last)-1] != "季度设备盘点" {
			t.Errorf("who took it does not stand in it: %q", last)
		}
		if own := rows(w.as(access.TownshipOfficer, youting), device.Query{}); len(own) != 4 || own[1][5] != "李小满" {
			t.Errorf("of the township: %q", own)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			var n int
			if err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM audit_shown s JOIN audit_row a ON a.id = s.row_id WHERE a.action = 'device.export' AND s.subject = ?", w.children[1]); err != nil || n == 0 {
				t.Errorf("%d rows name the child: %v", n, err)
			}
			return nil
		})
	})
}

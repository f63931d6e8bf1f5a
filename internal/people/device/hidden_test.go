package device_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// Whoever stands on a child's conflict list finds no trace of it by its badge:
// not in the list, its figures, the workbook, nor among who wore it before.
func TestOnTheConflictListNobodyFindsTheChildByItsBadge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shelf()
		section := w.as(access.BureauSection, district)
		word := func(key string) (string, bool) { return key, true }
		find := func(q device.Query) string {
			t.Helper()
			page, err := w.s.List(section, q)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, d := range page.Items {
				out = append(out, d.DeviceID)
			}
			return strings.Join(out, " ")
		}
		all, err := w.s.List(section, device.Query{})
		if err != nil {
			t.Fatal(err)
		}
		worn, spare := all.Items[0].ID, all.Items[1].ID
		signed := device.Hand{ChildID: w.children[0], Signer: "王春梅", Relation: "mother", Signature: drawn, Condition: "good"}
		if _, err := w.s.HandOut(section, spare, signed); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.TakeBack(section, spare, signed); err != nil {
			t.Fatal(err)
		}

		free := section
		section = access.Hide(section, w.children[0])
		for name, q := range map[string]device.Query{"all": {}, "by number": {Q: "1"}, "by name": {Q: "李小满"}, "by label": {Q: "甲"}, "by area": {Region: youting}, "by power": {Sort: "battery"}} {
			if got := find(q); strings.Contains(" "+got+" ", " 1 ") {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := find(device.Query{State: device.Active}); got != "4" {
			t.Errorf("the others went with it: %s", got)
		}
		if n, err := w.s.Count(section, ""); err != nil || n[device.Active] != 1 {
			t.Errorf("counted %v %v", n, err)
		}
		body, err := w.s.Export(section, device.Query{}, "季度设备盘点", word)
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		rows, err := f.GetRows(f.GetSheetName(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if text := strings.Join(row, " "); strings.Contains(text, "李小满") || strings.Contains(text, "甲") {
				t.Errorf("in the workbook: %s", text)
			}
		}

		for name, do := range map[string]func() error{
			"opens it":       func() error { _, err := w.s.Detail(section, worn); return err },
			"relabels it":    func() error { l := "乙"; _, err := w.s.Update(section, worn, device.Change{Label: &l}); return err },
			"takes it off":   func() error { _, err := w.s.TakeBack(section, worn, signed); return err },
			"notes its lot":  func() error { _, err := w.s.SetStock(section, worn, device.StockNote{}); return err },
			"hands one out":  func() error { _, err := w.s.HandOut(section, spare, signed); return err },
			"puts one on it": func() error { _, err := w.s.Update(section, spare, device.Change{ChildID: &w.children[0]}); return err },
		} {
			if err := do(); !errs.Is(err, errs.KindNotFound) && !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		d, err := w.s.Detail(section, spare)
		if err != nil || len(d.Worn) != 0 || len(d.Papers) != 0 {
			t.Errorf("who wore it before: %+v %v", d, err)
		}

		// Nobody else is touched, and it is over with the list.
		if d, err := w.s.Detail(w.as(access.TownshipOfficer, youting), worn); err != nil || d.Wearer == nil {
			t.Errorf("a colleague: %+v %v", d, err)
		}
		if d, err := w.s.Detail(free, spare); err != nil || len(d.Worn) != 1 || len(d.Papers) != 2 {
			t.Errorf("off the list: %+v %v", d, err)
		}
	})
}

// What the program does by itself stands on no list.
func TestTheProgramItselfStandsOnNoConflictList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shelf()
		page, err := w.s.List(access.Hide(w.system(), w.children[0]), device.Query{State: device.Active})
		if err != nil || len(page.Items) != 2 {
			t.Errorf("%+v %v", page, err)
		}
	})
}

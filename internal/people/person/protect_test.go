package person_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
	"zugou/internal/people/person"
)

func mother(t *testing.T, w *world, child id.ID) id.ID {
	t.Helper()
	page, err := w.s.Find(w.as("seed"), child)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range page.Guardians {
		if g.Relation == person.Mother {
			return g.ID
		}
	}
	t.Fatal("no mother")
	return ""
}

func TestFullValuesGoOutWithAReasonThatIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		mum := mother(t, w, li)
		ctx := w.as("op", role(access.SeatOperator, district))
		fields := []string{"id_no", "address", "registered_address", "phone:" + string(mum), "phone:" + string(li)}
		if _, err := w.s.Reveal(ctx, li, person.RevealRequest{Fields: fields}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		var got person.Revealed
		rows := w.trail(ctx, func(ctx context.Context) {
			var err error
			if got, err = w.s.Reveal(ctx, li, person.RevealRequest{Fields: fields, Reason: "核对入学材料"}); err != nil {
				t.Fatal(err)
			}
		})
		if got.Values["id_no"] != must(idLi) || got.Values["address"] != addressLi || got.Values["phone:"+string(mum)] != phoneMum ||
			got.Values["phone:"+string(li)] != phoneLi || !slices.Equal(got.Told, []string{"坐席长"}) {
			t.Errorf("%+v", got)
		}
		i := slices.IndexFunc(rows, func(r audit.Row) bool { return r.Action == "child.reveal" })
		if i < 0 || rows[i].Actor != "op" || rows[i].Subject != string(li) || !strings.Contains(rows[i].Shown, "id_no") || rows[i].Purpose == "" {
			t.Errorf("the audit: %+v", rows)
		}
		for _, r := range rows {
			if strings.Contains(r.Shown+r.Purpose+r.Result, "李小满") || strings.Contains(r.Shown, phoneMum) {
				t.Errorf("the audit holds personal data: %+v", r)
			}
		}
		stranger := w.create(person.NewChild{Name: "周别人", Region: youyi, NoIDReason: "未上户", BirthOn: "2015-01-01", Phones: []string{"15400000555"}})
		for _, f := range []string{"name", "phone:" + string(stranger), "phone:", "subject"} {
			if _, err := w.s.Reveal(ctx, li, person.RevealRequest{Fields: []string{f}, Reason: "核对入学材料"}); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s: %v", f, err)
			}
		}
		// A task is the purpose; one that isn't the actor's is refused.
		w.tasks[[2]id.ID{"grid", li}] = "order-1"
		grid := w.as("grid", role(access.GridWorker, yongxi))
		if _, err := w.s.Reveal(grid, li, person.RevealRequest{Fields: []string{"address"}, Reason: "上门查看", Purpose: "order-2"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a strange purpose: %v", err)
		}
		if v, err := w.s.Reveal(grid, li, person.RevealRequest{Fields: []string{"address"}, Reason: "上门查看", Purpose: "order-1"}); err != nil || v.Values["address"] != addressLi {
			t.Errorf("%+v %v", v, err)
		}
		// Whoever stands on the conflict list sees nothing, whatever the role.
		ctx = access.Hide(ctx, li)
		if _, err := w.s.Reveal(ctx, li, person.RevealRequest{Fields: fields, Reason: "核对入学材料"}); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("on the conflict list: %v", err)
		}
		if _, err := w.s.Find(ctx, li); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("on the conflict list: %v", err)
		}
	})
}

func TestGlassIsBrokenForFifteenMinutesAndConfirmedByAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		ctx := w.as("village", role(access.VillageDirector, ciyun))
		if _, err := w.s.Find(ctx, li); !errs.Is(err, errs.KindNotFound) {
			t.Fatalf("before: %v", err)
		}
		if _, err := w.s.Break(ctx, li, "急"); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a reason of one character: %v", err)
		}
		open, err := w.s.Break(ctx, li, "孩子独自在我村口哭，需找家人")
		if err != nil || open.Until != clock.Of(w.clk.Now()).Add(15*time.Minute) || len(open.Told) != 1 {
			t.Fatalf("%+v %v", open, err)
		}
		if len(w.told) != 1 || w.told[0].Kind != "glass" || w.told[0].Region != youyi || w.told[0].By != "village" {
			t.Errorf("told %+v", w.told)
		}
		if again, err := w.s.Break(ctx, li, "孩子独自在我村口哭，需找家人"); err != nil || again.Until != open.Until || len(w.told) != 1 {
			t.Errorf("broken twice: %+v %v", again, err)
		}
		page, err := w.s.Find(ctx, li)
		if err != nil || page.GlassUntil != open.Until || page.MayWrite || !page.MayReveal {
			t.Errorf("%+v %v", page, err)
		}
		mum := mother(t, w, li)
		if v, err := w.s.Reveal(ctx, li, person.RevealRequest{Fields: []string{"phone:" + string(mum)}, Reason: "联系母亲"}); err != nil || v.Values["phone:"+string(mum)] != phoneMum {
			t.Errorf("%+v %v", v, err)
		}
		name := "改名"
		if _, err := w.s.Update(ctx, li, person.Change{Name: &name}); err == nil {
			t.Error("the glass opens writing")
		}
		leader := w.as("leader", role(access.SeatLeader, district))
		list, err := w.s.Glasses(leader, person.GlassQuery{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Reason != "孩子独自在我村口哭，需找家人" || list.Items[0].Reveals != 1 || !list.Items[0].MayConfirm || list.Items[0].ChildName != "李小满" {
			t.Fatalf("%+v %v", list, err)
		}
		audited, err := w.s.Glasses(w.as("auditor", role(access.Auditor, district)), person.GlassQuery{State: person.Unconfirmed})
		if err != nil || len(audited.Items) != 1 || audited.Items[0].ChildName != "李**" || audited.Items[0].MayConfirm {
			t.Errorf("%+v %v", audited, err)
		}
		glass := list.Items[0].ID
		same := w.as("village", role(access.SeatLeader, district))
		if err := w.s.ConfirmGlass(same, glass, person.GlassDecision{OK: true}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("the same person confirms: %v", err)
		}
		if err := w.s.ConfirmGlass(leader, glass, person.GlassDecision{OK: false}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("an objection without a note: %v", err)
		}
		if err := w.s.ConfirmGlass(leader, glass, person.GlassDecision{OK: false, Note: "并非本人职责"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Find(ctx, li); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("after the objection: %v", err)
		}
		if err := w.s.ConfirmGlass(leader, glass, person.GlassDecision{OK: true}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("decided twice: %v", err)
		}
		if _, err := w.s.Break(ctx, li, "孩子又来了，需联系家人"); err != nil {
			t.Fatal(err)
		}
		w.clk.Advance(15 * time.Minute)
		if _, err := w.s.Find(ctx, li); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("after 15 minutes: %v", err)
		}
		w.clk.Advance(8 * 24 * time.Hour)
		if list, err := w.s.Glasses(leader, person.GlassQuery{}); err != nil || len(list.Items) != 0 {
			t.Errorf("the list of the week: %+v %v", list, err)
		}
		if _, err := w.s.Break(w.as("officer", role(access.TownshipOfficer, youting)), li, "不必破窗也能看"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("who may read breaks the glass: %v", err)
		}
	})
}

func TestGlassNeverOpensAShelterNorForThoseOutside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := li()
		c.Sheltered = true
		li := w.create(c)
		for _, r := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor, access.Citizen, access.PoliceLiaison, access.CityCentre, access.GridWorker} {
			if _, err := w.s.Break(w.as("x", role(r, district)), li, "有很急的事情"); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s breaks the glass: %v", r, err)
			}
		}
		ctx := w.as("village", role(access.VillageDirector, ciyun))
		if _, err := w.s.Break(ctx, li, "有很急的事情"); err != nil {
			t.Fatal(err)
		}
		page, err := w.s.Find(ctx, li)
		if err != nil || page.AddressMasked != "" || page.LastPosition != nil || !page.Sheltered {
			t.Errorf("%+v %v", page, err)
		}
		op := w.as("op", role(access.SeatOperator, district))
		for _, x := range []context.Context{ctx, op} {
			if _, err := w.s.Reveal(x, li, person.RevealRequest{Fields: []string{"address"}, Reason: "有很急的事情"}); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("the shelter's address: %v", err)
			}
		}
		if v, err := w.s.Reveal(w.as("s", role(access.BureauSection, district)), li, person.RevealRequest{Fields: []string{"address"}, Reason: "安置回访"}); err != nil || v.Values["address"] != addressLi {
			t.Errorf("the section that placed the child: %+v %v", v, err)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			if _, err := person.Address(ctx, r, w.keys, li); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%v", err)
			}
			card, err := person.CardOf(ctx, r, w.keys, li)
			if card.AddressMasked != "" {
				t.Errorf("%+v", card)
			}
			return err
		})
	})
}

func TestErasingTakesTwoAndLeavesTheAuditWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		kept := li()
		kept.Name, kept.IDNo, kept.Guardians = "周留下", must("500199201601010010"), kept.Guardians[:1]
		stays := w.create(kept) // shares the mother with the erased child
		child := w.create(li())
		page, err := w.s.Find(w.as("seed"), child)
		if err != nil {
			t.Fatal(err)
		}
		grandfather := page.Guardians[0].ID
		one, two := w.as("sec1", role(access.SecurityAdmin, district)), w.as("sec2", role(access.SecurityAdmin, district))
		if _, err := w.s.AskErase(w.as("op", role(access.SeatOperator, district)), child, "家长申请删除"); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an operator asks: %v", err)
		}
		e, err := w.s.AskErase(one, child, "家长申请删除")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.AskErase(two, child, "家长申请删除"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("asked twice: %v", err)
		}
		if err := w.s.Erase(one, e.ID); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("one person alone: %v", err)
		}
		if list, err := w.s.Erasures(two); err != nil || len(list) != 1 || list[0].Reason != "家长申请删除" {
			t.Errorf("%+v %v", list, err)
		}
		if err := w.s.Erase(two, e.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.s.Erase(two, e.ID); !errs.Is(err, errs.KindConflict) && !errs.Is(err, errs.KindNotFound) {
			t.Errorf("erased twice: %v", err)
		}
		for _, gone := range []id.ID{child, grandfather} {
			if _, err := w.s.Find(w.as("seed"), gone); !errs.Is(err, errs.KindNotFound) {
				t.Errorf("%s is there still: %v", gone, err)
			}
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			for _, phone := range []string{phoneLi, "15400000003"} {
				found, err := person.ByPhone(ctx, r, w.keys, phone)
				for _, m := range found {
					if m.PersonID == child || m.PersonID == grandfather {
						t.Errorf("%s finds the erased: %v %v", phone, found, err)
					}
				}
			}
			if found, err := person.ByPhone(ctx, r, w.keys, phoneMum); err != nil || len(found) != 1 || found[0].ChildID != stays {
				t.Errorf("the mother of the other child: %v %v", found, err)
			}
			var left int
			if err := r.Get(ctx, db.To(&left), "SELECT count(*) FROM person WHERE name = '李小满' OR id_index = ?", w.keys.Index("person.id_no", must(idLi))); err != nil || left != 0 {
				t.Errorf("%d rows left, %v", left, err)
			}
			var rows int
			return r.Get(ctx, db.To(&rows), "SELECT count(*) FROM audit_row WHERE subject = ?", child)
		})
		page, err = w.s.Find(w.as("seed"), stays)
		if err != nil || len(page.Guardians) != 1 || page.Guardians[0].PhoneMasked != "154****0002" {
			t.Errorf("%+v %v", page, err)
		}
		if found, _ := w.s.List(w.as("op", role(access.SeatOperator, district)), person.ListQuery{Q: must(idLi)}); len(found.Items) != 0 {
			t.Errorf("found by the ID: %+v", found)
		}
	})
}

func TestTwoRecordsOfOneChildAreMergedAndParted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.create(person.NewChild{Name: "李小满", Region: youyi, NoIDReason: "未上户", BirthOn: "2015-03-12", Sex: "m", Phones: []string{"15400000031"},
			Guardians: []person.NewGuardian{{Name: "王大嬢", Relation: person.Mother, Phones: []string{phoneMum}, Guardian: true}}})
		second := li()
		second.Region = ciyun
		second.Guardians = second.Guardians[1:]
		b := w.create(second)
		badge := device.New(w.db, w.keys, device.Ports{})
		if err := badge.SeedDemo(w.as("seed"), []id.ID{b}, []string{ciyun}); err != nil {
			t.Fatal(err)
		}
		section := w.as("section", role(access.BureauSection, district))
		before := map[id.ID]person.Child{}
		for _, c := range []id.ID{a, b} {
			page, err := w.s.Find(section, c)
			if err != nil {
				t.Fatal(err)
			}
			before[c] = page
		}
		if _, err := w.s.Merge(w.as("o", role(access.TownshipOfficer, youting)), a, b, "同一名儿童"); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a township merges: %v", err)
		}
		m, err := w.s.Merge(section, a, b, "同一名儿童")
		if err != nil {
			t.Fatal(err)
		}
		one, err := w.s.Find(section, b) // the old number leads to the kept record
		if err != nil || one.ID != a || one.IDMasked != before[b].IDMasked || len(one.Guardians) != 2 || len(one.Phones) != 2 ||
			len(one.Devices) != 1 || len(one.CategoryList) != 1 || one.School.Name != "邮亭中心小学" {
			t.Errorf("%+v %v", one, err)
		}
		lines, err := w.s.Timeline(section, a, "", 0)
		if err != nil || len(lines.Items) != 4 { // registered twice, the badge, the merge
			t.Errorf("%+v %v", lines, err)
		}
		if found, _ := w.s.List(section, person.ListQuery{Q: "李小满"}); len(found.Items) != 1 {
			t.Errorf("%+v", found)
		}
		if _, err := w.s.Merge(section, a, b, "同一名儿童"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("merged twice: %v", err)
		}
		if err := w.s.Unmerge(section, m.ID, "其实是双胞胎"); err != nil {
			t.Fatal(err)
		}
		if err := w.s.Unmerge(section, m.ID, "其实是双胞胎"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("parted twice: %v", err)
		}
		for _, c := range []id.ID{a, b} {
			page, err := w.s.Find(section, c)
			if err != nil {
				t.Fatal(err)
			}
			was := before[c]
			if page.ID != c || page.Code != was.Code || page.IDMasked != was.IDMasked || len(page.Guardians) != len(was.Guardians) || len(page.Phones) != len(was.Phones) ||
				len(page.Devices) != len(was.Devices) || len(page.CategoryList) != len(was.CategoryList) || page.School != was.School || page.AddressMasked != was.AddressMasked {
				t.Errorf("not as before:\n%+v\n%+v", page, was)
			}
		}
		third := li()
		third.Name, third.IDNo = "李大满", must("500199201601010010")
		c := w.create(third)
		if _, err := w.s.Merge(section, b, c, "两个身份证号"); !errs.Is(err, errs.KindConflict) {
			t.Errorf("two ID numbers in one: %v", err)
		}
	})
}

// Nothing that is sealed stands in the file of the embedded engine, in
// whatever encoding an engine would write it.
func TestNoSealedValueStandsInTheFile(t *testing.T) {
	clk := clock.NewFake(dbtest.Start)
	dir := t.TempDir()
	d, err := db.Open(context.Background(), filepath.Join(dir, "zugou.db"), clk)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d, clk)
	n := li()
	n.NoIDReason = ""
	li := w.create(n)
	secret := "某某某不得外传"
	noID := w.create(person.NewChild{Name: "周无号", Region: youyi, NoIDReason: secret + "未上户", BirthOn: "2015-01-01"})
	ctx := w.as("section", role(access.BureauSection, district))
	if _, err := w.s.Reveal(ctx, li, person.RevealRequest{Fields: []string{"id_no"}, Reason: secret + "核对"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Break(w.as("v", role(access.VillageDirector, ciyun)), li, secret+"很急"); err != nil {
		t.Fatal(err)
	}
	to := ciyun
	page, err := w.s.Find(ctx, li)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Update(ctx, li, person.Change{Region: &to, MoveReason: secret + "搬家",
		EndCategories: []person.EndCategory{{ID: page.CategoryList[0].ID, Reason: secret}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Merge(ctx, li, noID, secret+"合并"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.AskErase(w.as("z"), li, secret); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for what, s := range map[string]string{"ID": must(idLi), "mother's ID": must(idMother), "ID but for the check": must(idLi)[:17],
			"phone": phoneLi, "mother's phone": phoneMum, "grandfather's phone": "15400000003", "address": addressLi,
			"registered address": "大足区雍溪镇某某村1组3号", "whereabouts": "福建务工", "free text": secret} {
			if strings.Contains(text, s) {
				t.Errorf("%s stands in %s in clear", what, filepath.Base(f))
			}
		}
		if filepath.Ext(f) == ".db" && !strings.Contains(text, "李小满") {
			t.Error("the scan would not find what is in clear: it proves nothing")
		}
	}
}

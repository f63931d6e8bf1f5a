package person_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

func TestAChildIsFoundByWhatPeopleRemember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		other := person.NewChild{Name: "李晓曼", IDNo: must("500199201601010010"), Region: ciyun}
		w.create(other)
		var code string
		w.view(func(ctx context.Context, r db.Reader) error {
			card, err := person.CardOf(ctx, r, w.keys, li)
			code = card.Code
			return err
		})
		ctx := w.as("op", role(access.SeatOperator, district))
		for _, tt := range []struct {
			q    string
			want int
		}{{"李小满", 1}, {" 李小 ", 1}, {"李", 2}, {"lixiaoman", 2}, {"lixiao", 2}, {"lxm", 2}, {"LXM", 2}, {"l", 2}, {"王", 0}, {"wang", 0},
			{must(idLi), 1}, {must(idLi)[14:], 1}, {must(idLi)[12:], 1}, {"9" + must(idLi)[14:], 0}, {strings.ToLower(must(idLi)), 1},
			{phoneLi, 1}, {"154 0000 0001", 1}, {"0001", 1}, {"0002", 1}, {"00000002", 1}, {"0003", 1}, {"9999", 0}, {"12", 0},
			{code, 1}, {strings.ToLower(code), 1}, {code[1:], 1}, {"", 2}, {"'; DROP TABLE person; --", 0}, {"%", 0}} {
			page, err := w.s.List(ctx, person.ListQuery{Q: tt.q})
			if err != nil || len(page.Items) != tt.want {
				t.Errorf("%q: %d found, want %d (%v)", tt.q, len(page.Items), tt.want, err)
			}
		}
		if page, _ := w.s.List(ctx, person.ListQuery{Category: child.LeftBehind}); len(page.Items) != 1 || page.Items[0].CarerName != "李老汉" ||
			page.Items[0].Age != 9 || page.Items[0].Sex != "m" && page.Items[0].Sex != "f" {
			t.Errorf("by category: %+v", page.Items)
		}
		if page, _ := w.s.List(ctx, person.ListQuery{Category: child.Orphan}); len(page.Items) != 0 {
			t.Errorf("no orphan is there: %+v", page.Items)
		}
		if page, _ := w.s.List(ctx, person.ListQuery{School: w.school(li), Region: youting}); len(page.Items) != 1 {
			t.Errorf("by school: %+v", page.Items)
		}
	})
}

func TestPagesLeaveNobodyOutAndNameNobodyTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if _, err := w.s.SeedDemo(w.as("seed"), district, 80); err != nil {
			t.Fatal(err)
		}
		ctx := w.as("op", role(access.SeatOperator, district))
		for _, q := range []string{"", "l", "li", "w", "z", "张", "王"} {
			all, err := w.s.List(ctx, person.ListQuery{Q: q, Limit: 200})
			if err != nil {
				t.Fatal(err)
			}
			for _, limit := range []int{1, 3, 7} {
				var got []id.ID
				cursor := ""
				for range 200 {
					page, err := w.s.List(ctx, person.ListQuery{Q: q, Limit: limit, Cursor: cursor})
					if err != nil {
						t.Fatal(err)
					}
					for _, row := range page.Items {
						got = append(got, row.ID)
					}
					if cursor = page.Next; cursor == "" {
						break
					}
				}
				var want []id.ID
				for _, row := range all.Items {
					want = append(want, row.ID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q in pages of %d: %d children, all at once %d", q, limit, len(got), len(want))
				}
			}
		}
		if _, err := w.s.List(ctx, person.ListQuery{Cursor: "%%"}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a broken cursor: %v", err)
		}
	})
}

func TestTheChildMovesAndTheOldTownshipSeesItNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		old := w.as("officer", role(access.TownshipOfficer, youting))
		to, address := ciyun, "大足区雍溪镇某某村2组"
		if _, err := w.s.Update(old, li, person.Change{Region: &to}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a move without a reason: %v", err)
		}
		got, err := w.s.Update(old, li, person.Change{Region: &to, Address: &address, MoveReason: "随母亲搬家", MovedOn: "2024-05-20"})
		if err != nil || got.ID != li || got.Name != "" {
			t.Errorf("the old township sees after the move: %+v %v", got, err)
		}
		if _, err := w.s.Find(old, li); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("%v", err)
		}
		page, err := w.s.Find(w.as("other", role(access.TownshipOfficer, yongxi)), li)
		if err != nil || page.RegionName != "雍溪镇慈云村" || page.AddressMasked != "大足区雍溪镇某某村***" {
			t.Errorf("%+v %v", page, err)
		}
		lines, err := w.s.Timeline(w.as("op", role(access.SeatOperator, district)), li, "", 0)
		if err != nil || len(lines.Items) != 2 || lines.Items[0].Title != "timeline.moved" || lines.Items[0].Data["from"] != youyi ||
			lines.Items[0].Data["on"] != "2024-05-20" || lines.Items[0].By != "工作人员officer" {
			t.Errorf("%+v %v", lines, err)
		}
	})
}

func TestARecordIsChangedOnceAndByTheRules(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		ctx := w.as("officer", role(access.TownshipOfficer, youting))
		page, err := w.s.Find(ctx, li)
		if err != nil {
			t.Fatal(err)
		}
		name, wrong := "李大满", "12345"
		phones := []string{"15400000077"}
		changed, err := w.s.Update(ctx, li, person.Change{Name: &name, Phones: &phones, Version: page.Version,
			BeginCategories: []person.NewCategory{{Kind: child.HardshipIllness}},
			EndCategories:   []person.EndCategory{{ID: page.CategoryList[0].ID, EndedOn: "2024-05-01", Reason: "父亲返乡"}},
			Guardians:       []person.NewGuardian{{Name: "刘姑姑", Relation: person.Aunt, Phones: []string{"15400000088"}, Carer: true, LivesWith: true}},
			EndGuardians:    []id.ID{page.Guardians[0].ID}})
		if err != nil {
			t.Fatal(err)
		}
		if changed.Name != name || !slices.Equal(changed.Categories, []child.Kind{child.HardshipIllness}) || len(changed.Guardians) != 2 ||
			changed.Guardians[0].Name != "刘姑姑" || changed.Phones[0].Masked != "154****0077" || changed.CategoryList[0].EndReason != "父亲返乡" {
			t.Errorf("%+v", changed)
		}
		if _, err := w.s.Update(ctx, li, person.Change{Name: &name, Version: page.Version}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := w.s.Update(ctx, li, person.Change{IDNo: &wrong}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a wrong ID: %v", err)
		}
		if _, err := w.s.Update(ctx, li, person.Change{BeginCategories: []person.NewCategory{{Kind: child.HardshipIllness}}}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("the same category twice: %v", err)
		}
		if _, err := w.s.Update(ctx, li, person.Change{EndGuardians: []id.ID{"nobody"}}); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("ending somebody unknown: %v", err)
		}
		found, err := w.s.List(ctx, person.ListQuery{Q: "ldm"})
		if err != nil || len(found.Items) != 1 {
			t.Errorf("the new name is not found: %v", err)
		}
	})
}

func TestInputIsRefusedWithEveryFieldNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.s.Create(w.as("x"), person.NewChild{IDNo: "500199201503120011", Region: "500111", Phones: []string{"abc"}, Flags: []string{"evil"},
			Guardians: []person.NewGuardian{{Relation: "witch"}}, Categories: []person.NewCategory{{Kind: "rich"}}})
		var fields []string
		for _, f := range fieldsOf(err) {
			fields = append(fields, f.Name)
		}
		if !slices.Equal(fields, []string{"name", "id_no", "region", "phones", "flags", "categories", "guardians"}) {
			t.Errorf("%v %v", fields, err)
		}
		for _, n := range []person.NewChild{
			{Name: "赵无号", Region: youyi, BirthOn: "2015-01-01"},                                      // no ID and no reason
			{Name: "赵无号", Region: youyi, NoIDReason: "未上户"},                                          // no ID and no birth
			{Name: "赵将来", Region: youyi, NoIDReason: "未上户", BirthOn: "2031-01-01"},                   // born in the future
			{Name: "赵性别", Region: youyi, IDNo: must(idLi), Sex: map[bool]string{true: "f"}[true]},    // male by the ID
			{Name: "赵无村", Region: "500111116999", NoIDReason: "未上户", BirthOn: "2015-01-01"},          // no such village
			{Name: strings.Repeat("长", 50), Region: youyi, NoIDReason: "未上户", BirthOn: "2015-01-01"}, // too long
			{Name: "赵地址", Region: youyi, IDNo: must(idLi), Address: strings.Repeat("很长的地址", 200)},    // too long
			{Name: "赵生日", Region: youyi, IDNo: must(idLi), BirthOn: "2015-03-13"},                    // another day than the ID's
			{Name: "赵监护", Region: youyi, IDNo: must(idLi), Guardians: []person.NewGuardian{{Name: "某", Relation: person.Father, IDNo: "1"}}},
		} {
			if _, err := w.s.Create(w.as("x"), n); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s: %v", n.Name, err)
			}
		}
	})
}

func fieldsOf(err error) []errs.Field {
	if e, ok := err.(*errs.Error); ok {
		return e.Fields
	}
	return nil
}

func TestOneNumberInTwoTownshipsIsHandedToANamedPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.create(li())
		again := li()
		again.Region = ciyun
		same, err := w.s.Create(w.as("same", role(access.TownshipOfficer, youting)), li())
		if !errs.Is(err, errs.KindConflict) || same.ID != "" {
			t.Errorf("the same township: %+v %v", same, err)
		}
		ctx := w.as("officer", role(access.TownshipOfficer, yongxi))
		out, err := w.s.Create(ctx, again)
		if err != nil || out.ID != "" || out.Case == nil || out.Case.HandlerName != "工作人员handler" {
			t.Fatalf("%+v %v", out, err)
		}
		twice, err := w.s.Create(ctx, again)
		if err != nil || twice.Case == nil || twice.Case.ID != out.Case.ID {
			t.Errorf("a second claim opened a second case: %+v %v", twice, err)
		}
		if len(w.told) != 1 || w.told[0].To != "handler" || w.told[0].Kind != "duplicate" {
			t.Errorf("told %+v", w.told)
		}
		section := w.as("section", role(access.BureauSection, district))
		cases, err := w.s.Cases(section)
		if err != nil || len(cases) != 1 || cases[0].PersonID != first || cases[0].ClaimedRegionName != "雍溪镇慈云村" {
			t.Fatalf("%+v %v", cases, err)
		}
		if err := w.s.DecideCase(ctx, out.Case.ID, person.CaseDecision{Move: true, Note: "已核实搬迁"}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("the claiming township decides: %v", err)
		}
		if err := w.s.DecideCase(section, out.Case.ID, person.CaseDecision{Move: true, Note: "已核实搬迁"}); err != nil {
			t.Fatal(err)
		}
		if err := w.s.DecideCase(section, out.Case.ID, person.CaseDecision{Note: "已核实搬迁"}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("decided twice: %v", err)
		}
		if page, err := w.s.Find(ctx, first); err != nil || page.Region != ciyun {
			t.Errorf("%+v %v", page, err)
		}
		id2 := must(idLi)
		third := w.create(person.NewChild{Name: "周无号", Region: youyi, NoIDReason: "未上户", BirthOn: "2015-03-12", Sex: "m"})
		if _, err := w.s.Update(w.as("o2", role(access.TownshipOfficer, youting)), third, person.Change{IDNo: &id2}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("a taken number put into a record: %v", err)
		}
	})
}

func TestARecordThatLooksLikeAnotherIsHandedToANamedPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := person.NewChild{Name: "周无号", Region: youyi, NoIDReason: "未上户", BirthOn: "2015-03-12", Sex: "m"}
		first := w.create(n)
		n.Region = ciyun
		out, err := w.s.Create(w.as("section", role(access.BureauSection, district)), n)
		if err != nil || out.ID == "" || out.Case == nil || out.Case.HandlerName != "工作人员handler" {
			t.Fatalf("%+v %v", out, err)
		}
		cases, err := w.s.Cases(w.as("section", role(access.BureauSection, district)))
		if err != nil || len(cases) != 1 || cases[0].PersonID != first || cases[0].OtherID != out.ID || cases[0].Why != "same_name_birth" {
			t.Errorf("%+v %v", cases, err)
		}
		n.BirthOn = "2016-03-12"
		if other, err := w.s.Create(w.as("section", role(access.BureauSection, district)), n); err != nil || other.Case != nil {
			t.Errorf("born on another day: %+v %v", other, err)
		}
	})
}

func TestTwoFormsWithOneNumberMakeOneRecord(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		done := make(chan error, 8)
		for range cap(done) {
			go func() {
				_, err := w.s.Create(w.as("x"), li())
				done <- err
			}()
		}
		made := 0
		for range cap(done) {
			if err := <-done; err == nil {
				made++
			} else if !errs.Is(err, errs.KindConflict) {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d records of one number", made)
		}
	})
}

func TestATimelineOfTwoThousandIsPaged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		for start := 0; start < 2000; start += 200 {
			w.update(func(ctx context.Context, tx *db.Tx) error {
				var list []child.Entry
				for i := range 200 {
					list = append(list, child.Entry{ChildID: li, Kind: "visit", Title: "timeline.visited", Region: youyi,
						At: tx.Now.Add(-time.Duration(start+i/2) * time.Hour), Data: map[string]string{"n": fmt.Sprint(start + i)}})
				}
				return child.Note(ctx, tx, list...)
			})
		}
		w.update(func(ctx context.Context, tx *db.Tx) error {
			return w.s.Note(ctx, tx, child.Entry{ChildID: li, Kind: "note", Title: "timeline.note"}, "门前有条狗")
		})
		ctx := w.as("op", role(access.SeatOperator, district))
		seen, cursor := map[id.ID]bool{}, ""
		for n := 0; n < 100; n++ {
			page, err := w.s.Timeline(ctx, li, cursor, 200)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 && page.Items[0].Text != "门前有条狗" {
				t.Errorf("%+v", page.Items[0])
			}
			for i, e := range page.Items {
				if seen[e.ID] {
					t.Fatal("an entry twice")
				}
				if seen[e.ID] = true; i > 0 && page.Items[i-1].At < e.At {
					t.Fatal("not newest first")
				}
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 2002 {
			t.Errorf("%d entries", len(seen))
		}
	})
}

func TestCategoriesEndOnTheBirthdayOfTheLaw(t *testing.T) {
	for _, tt := range []struct {
		kind       child.Kind
		birth, day string
		want       bool
	}{
		{child.LeftBehind, "2008-06-01", "2024-05-31", true}, {child.LeftBehind, "2008-06-01", "2024-06-01", false},
		{child.Orphan, "2006-06-01", "2024-05-31", true}, {child.Orphan, "2006-06-01", "2024-06-01", false},
		{child.LeftBehind, "2008-02-29", "2024-02-28", true}, {child.LeftBehind, "2008-02-29", "2024-02-29", false},
		{child.Orphan, "2008-02-29", "2026-02-28", true}, {child.Orphan, "2008-02-29", "2026-03-01", false},
		{child.Orphan, "", "2026-03-01", true},
	} {
		c := child.Category{Kind: tt.kind, BeganOn: "2010-01-01"}
		if got := c.Active(civilDate(tt.birth), civilDate(tt.day)); got != tt.want {
			t.Errorf("%s born %s on %s: %v", tt.kind, tt.birth, tt.day, got)
		}
		if after := tt.birth == "" || tt.birth > string(tt.kind.BornAfter(civilDate(tt.day))); after != tt.want {
			t.Errorf("%s born %s on %s: the query says %v", tt.kind, tt.birth, tt.day, after)
		}
	}
}

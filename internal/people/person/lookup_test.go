package person_test

import (
	"context"
	"slices"
	"testing"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/child"
	"zugou/internal/people/person"
)

func TestACallFromTheGrandfathersPhoneFindsTheChild(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		w.view(func(ctx context.Context, r db.Reader) error {
			for _, tt := range []struct{ phone, why string }{{phoneLi, person.OwnPhone}, {phoneMum, person.GuardianPhone}, {"+86 154 0000 0003", person.CarerPhone}} {
				got, err := person.ByPhone(ctx, r, w.keys, tt.phone)
				if err != nil || len(got) != 1 || got[0].ChildID != li || got[0].Why != tt.why || got[0].Region != youyi {
					t.Errorf("%s: %v %v", tt.why, got, err)
				}
			}
			if got, err := person.ByPhone(ctx, r, w.keys, "15400009999"); err != nil || len(got) != 0 {
				t.Errorf("a number of nobody: %v %v", got, err)
			}
			return nil
		})
	})
}

func TestANameIsFoundAsWrittenAndAsHeard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := li()
		c.Name = "肖雨"
		xiao := w.create(c)
		c.IDNo, c.Name, c.Guardians = "", "萧雨", nil
		c.NoIDReason, c.BirthOn = "未上户", "2016-02-03"
		xiao2 := w.create(c)
		w.view(func(ctx context.Context, r db.Reader) error {
			got, err := person.ByNameArea(ctx, r, " 肖 雨 ", youting)
			if err != nil || len(got) != 2 || got[0].ChildID != xiao || got[0].Why != person.NameArea || got[1].ChildID != xiao2 || got[1].Why != person.NameSound {
				t.Errorf("%v %v", got, err)
			}
			if got, _ := person.ByNameArea(ctx, r, "肖雨", yongxi); len(got) != 0 {
				t.Errorf("found in another township: %v", got)
			}
			return nil
		})
	})
}

func TestTheCardNamesWhoCaresAndHidesWhatIsSealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		li := w.create(li())
		w.view(func(ctx context.Context, r db.Reader) error {
			card, err := person.CardOf(ctx, r, w.keys, li)
			if err != nil {
				t.Fatal(err)
			}
			if card.Name != "李小满" || card.BirthOn != "2015-03-12" || card.Region != youyi || card.AddressMasked != "大足区邮亭镇某某村***" {
				t.Errorf("%+v", card)
			}
			if !slices.Equal(card.Categories, []child.Kind{child.LeftBehind}) {
				t.Errorf("categories %v", card.Categories)
			}
			if len(card.Contacts) != 2 || card.Contacts[0].Relation != person.PaternalGrandfather || !card.Contacts[0].Carer ||
				card.Contacts[1].PhoneMasked != "154****0002" || card.Contacts[1].Whereabouts != "福建务工" {
				t.Errorf("contacts %+v", card.Contacts)
			}
			if !slices.Equal(card.Household, []id.ID{card.Contacts[0].PersonID}) {
				t.Errorf("household %v", card.Household)
			}
			if p, err := person.Phone(ctx, r, w.keys, card.Contacts[1].PersonID); err != nil || p != phoneMum {
				t.Errorf("%v %v", p, err)
			}
			if at, err := person.Region(ctx, r, li); err != nil || at != youyi {
				t.Errorf("%v %v", at, err)
			}
			_, err = person.CardOf(ctx, r, w.keys, card.Contacts[0].PersonID)
			if !errs.Is(err, errs.KindNotFound) {
				t.Errorf("the card of a grown-up: %v", err)
			}
			return nil
		})
	})
}

func TestSiblingsShareTheirMotherAndTheirHome(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.create(li())
		second := li()
		second.Name, second.IDNo = "李小雨", must("500199201701010029")
		sister := w.create(second)
		w.view(func(ctx context.Context, r db.Reader) error {
			a, err := person.CardOf(ctx, r, w.keys, first)
			if err != nil {
				t.Fatal(err)
			}
			b, err := person.CardOf(ctx, r, w.keys, sister)
			if err != nil {
				t.Fatal(err)
			}
			if a.Contacts[0].PersonID != b.Contacts[0].PersonID || a.Contacts[1].PersonID != b.Contacts[1].PersonID {
				t.Error("the same people were registered twice")
			}
			if !slices.Contains(a.Household, sister) {
				t.Errorf("the sister doesn't live with the brother: %v", a.Household)
			}
			got, err := person.ByPhone(ctx, r, w.keys, phoneMum)
			if err != nil || len(got) != 2 {
				t.Errorf("the mother's phone: %v %v", got, err)
			}
			return nil
		})
	})
}

func TestTheDemoDistrictIsTheSameEachTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids, err := w.s.SeedDemo(w.as("seed"), district, 60)
		if err != nil || len(ids) != 60 {
			t.Fatal(len(ids), err)
		}
		again, err := w.s.SeedDemo(w.as("seed"), district, 60)
		if err != nil || len(again) != 0 {
			t.Errorf("a second run added %d, %v", len(again), err)
		}
		w.view(func(ctx context.Context, r db.Reader) error {
			var towns int
			if err := r.Get(ctx, db.To(&towns), "SELECT count(DISTINCT substr(region, 1, 9)) FROM person WHERE child"); err != nil || towns != 27 {
				t.Errorf("%d townships, %v", towns, err)
			}
			return nil
		})
	})
}

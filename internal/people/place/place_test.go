package place_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/place"
)

func as(role access.Role, at string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID("a-" + string(role)), Grants: []access.Grant{{Role: role, Region: at, Department: access.CivilAffairs}}})
}

func TestThePlacesOfATownshipStandOnTheCardUntilTheyClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := place.NewService(d)
		leader := as(access.SeatLeader, "500111")
		form := place.Form{Region: "500111116", Kind: place.Police, Name: "雍溪 派出所", Phone: "023-4372 2110"}
		p, err := s.Enter(leader, form)
		if err != nil || p.Phone != "023-43722110" {
			t.Fatalf("%+v %v", p, err)
		}
		near := func() []place.Place {
			var got []place.Place
			if err := d.View(leader, func(ctx context.Context, r db.Reader) (err error) {
				got, err = place.Near(ctx, r, "500111116001002", "500111")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := near(); len(got) != 1 || got[0].ID != p.ID {
			t.Fatalf("near the grid: %+v", got)
		}
		form.Phone = "110"
		changed, err := s.Change(leader, p.ID, form, p.Version)
		if err != nil || changed.Version != 2 {
			t.Fatalf("%+v %v", changed, err)
		}
		if _, err := s.Change(leader, p.ID, form, p.Version); errs.KeyOf(err) != "record.moved_on" {
			t.Errorf("an old version is written over: %v", err)
		}
		if _, err := s.Enter(as(access.SeatOperator, "500111"), form); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("an operator enters a place: %v", err)
		}
		if list, err := s.List(as(access.TownshipOfficer, "500111100"), ""); err != nil || len(list) != 0 {
			t.Errorf("another township lists %+v %v", list, err)
		}
		if err := s.Remove(leader, p.ID); err != nil {
			t.Fatal(err)
		}
		if got := near(); len(got) != 0 {
			t.Errorf("closed, but shown: %+v", got)
		}
	})
}

func TestAFormSaysWhatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := place.NewService(d)
		lat := 91.0
		for name, f := range map[string]place.Form{
			"region": {Region: "500111116001", Kind: place.School, Name: "中心小学", Phone: "1541234567"},
			"kind":   {Region: "500111116", Kind: "shop", Name: "中心小学", Phone: "1541234567"},
			"name":   {Region: "500111116", Kind: place.School, Name: " ", Phone: "1541234567"},
			"phone":  {Region: "500111116", Kind: place.School, Name: "中心小学", Phone: "call me"},
			"lat":    {Region: "500111116", Kind: place.School, Name: "中心小学", Phone: "1541234567", Lat: &lat, Lon: &lat},
		} {
			_, err := s.Enter(as(access.SeatLeader, "500111"), f)
			if errs.KeyOf(err) == "" || !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s is taken: %v", name, err)
			}
		}
	})
}

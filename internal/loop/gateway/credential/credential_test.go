package credential_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

const district = "500111"

func as(r access.Role, area string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(r), Grants: []access.Grant{{Role: r, Region: area, Department: access.CivilAffairs}}})
}

func system() context.Context {
	return access.With(context.Background(), access.System("test"))
}

func register(t *testing.T, d *db.DB, number string) (which id.ID) {
	t.Helper()
	err := d.Update(system(), func(ctx context.Context, tx *db.Tx) error {
		ids, err := device.Register(ctx, tx, crypto.Ephemeral(crypto.AES), []device.Registration{{DeviceID: number, Kind: "badge", Region: district}})
		if err == nil {
			which = ids[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return which
}

func TestATerminalPairsOnceAndANeighbourCantTakeItsNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := credential.New(d)
		which := register(t, d, "8800000001")
		pair := func(traits string) (byte, string) {
			t.Helper()
			result, code, err := s.Register(system(), "8800000001", traits)
			if err != nil {
				t.Fatal(err)
			}
			return result, code
		}
		signOn := func(code string, want bool) {
			t.Helper()
			ok, err := s.SignOn(system(), "8800000001", code)
			if err != nil || ok != want {
				t.Errorf("sign-on %v %v, want %v", ok, err, want)
			}
		}
		_, lost := pair("maker|card|1") // the answer was lost on the way
		result, code := pair("maker|card|1")
		if result != 0 || code == lost || len(code) < 16 {
			t.Fatalf("%d %q", result, code)
		}
		signOn(lost, false)
		signOn("", false)
		signOn(code, true)
		if result, code := pair("other|card|7"); result != 3 || code != "" {
			t.Errorf("another terminal took the number: %d %q", result, code)
		}
		signOn(code, true)
		if result, _ := pair("maker|card|1"); result != 0 {
			t.Errorf("its own after a reset: %d", result)
		}
		if err := s.PairAnew(as(access.BureauSection, district), which); err != nil {
			t.Fatal(err)
		}
		signOn(code, false)
		if result, _ := pair("other|card|7"); result != 0 {
			t.Errorf("paired anew: %d", result)
		}
	})
}

func TestATokenIsIssuedOnceByWhoMay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := credential.New(d)
		which := register(t, d, "B-1")
		if _, err := s.Issue(as(access.GridWorker, district), which); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a grid worker: %v", err)
		}
		if _, err := s.Issue(as(access.BureauSection, "500112"), which); !errs.Is(err, errs.KindForbidden) && !errs.Is(err, errs.KindNotFound) {
			t.Errorf("another district: %v", err)
		}
		if _, err := s.Issue(as(access.BureauSection, district), "none"); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("no such device: %v", err)
		}
		first, err := s.Issue(as(access.BureauSection, district), which)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.Issue(as(access.BureauSection, district), which)
		if err != nil || first == second {
			t.Fatal(err)
		}
		for token, want := range map[string]bool{first: false, second: true, "": false} {
			if ok, err := s.Check(system(), "b-1", credential.DoorToken, token); err != nil || ok != want {
				t.Errorf("%v %v, want %v", ok, err, want)
			}
		}
		if ok, _ := s.Check(system(), "B-1", credential.DoorJT808, second); ok {
			t.Error("a token opens another door")
		}
	})
}

// Whoever stands on the conflict list of the child that wears it gets no new
// secret of a badge and ends none: with a token it could speak in its name.
func TestWhoStandsOnTheWearersConflictListGetsNoSecretOfItsBadge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		free := as(access.BureauSection, district)
		section := access.Hide(free, "kid")
		s := credential.New(d)
		which, spare := register(t, d, "B-1"), register(t, d, "B-2")
		_, code, err := s.Register(system(), "B-1", "maker|card|1")
		if err != nil {
			t.Fatal(err)
		}
		token, err := s.Issue(section, which) // nobody wears it yet
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Update(system(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE device SET wearer = 'kid', state = 'active' WHERE id = ?", which)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Issue(section, which); got != "" || !errs.Is(err, errs.KindNotFound) {
			t.Errorf("a new token: %q %v", got, err)
		}
		if err := s.PairAnew(section, which); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("pairing: %v", err)
		}
		if held, err := s.Held(section, which); len(held) != 0 || !errs.Is(err, errs.KindNotFound) {
			t.Errorf("what it holds: %v %v", held, err)
		}
		if ok, err := s.Check(system(), "B-1", credential.DoorToken, token); !ok || err != nil {
			t.Errorf("the token that the badge holds has ended: %v", err)
		}
		if ok, err := s.SignOn(system(), "B-1", code); !ok || err != nil {
			t.Errorf("the code that the badge holds has ended: %v", err)
		}
		if _, err := s.Issue(section, spare); err != nil {
			t.Errorf("another's badge: %v", err)
		}
		held, err := s.Held(free, which)
		if err != nil || len(held) != 2 || held[0].Door != credential.DoorJT808 || held[1].Door != credential.DoorToken || held[1].IssuedAt == 0 {
			t.Errorf("off the list: %+v %v", held, err)
		}
		if _, err := s.Held(as(access.TownshipOfficer, district), which); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("a township reads of secrets: %v", err)
		}
		if err := s.PairAnew(free, which); err != nil {
			t.Errorf("off the list: %v", err)
		}
		if _, err := s.Issue(free, which); err != nil {
			t.Errorf("off the list: %v", err)
		}
	})
}

func TestABadgeComesInWhileTheStorageIsAway(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	which := register(t, d, "B-1")
	token, err := credential.New(d).Issue(as(access.BureauSection, district), which)
	if err != nil {
		t.Fatal(err)
	}
	s := credential.New(d)
	if err := s.Learn(context.Background()); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	if ok, err := s.Check(context.Background(), "B-1", credential.DoorToken, token); err != nil || !ok {
		t.Errorf("%v %v", ok, err)
	}
	if ok, err := s.Check(context.Background(), "B-1", credential.DoorToken, "wrong"); err != nil || ok {
		t.Errorf("%v %v", ok, err)
	}
	if _, err := s.Check(context.Background(), "B-2", credential.DoorToken, token); err == nil {
		t.Error("an unknown badge is decided on without storage")
	}
}

// A card that is out of use would else register again by itself a moment after
// its code ended, and so would whoever found it.
func TestATerminalOutOfUseIsGivenNoNewCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		s := credential.New(d)
		devices := device.New(d, crypto.Ephemeral(crypto.AES), device.Ports{Ended: s.End})
		which := register(t, d, "8800000001")
		_, code, err := s.Register(system(), "8800000001", "maker|card|1")
		if err != nil {
			t.Fatal(err)
		}
		token, err := s.Issue(as(access.BureauSection, district), which)
		if err != nil {
			t.Fatal(err)
		}
		turn := func(to device.State) {
			t.Helper()
			if _, err := devices.Update(as(access.BureauSection, district), which, device.Change{State: &to, Why: "遗失"}); err != nil {
				t.Fatal(err)
			}
		}
		turn(device.Retired)
		if ok, err := s.SignOn(system(), "8800000001", code); ok || err != nil {
			t.Errorf("its code holds: %v", err)
		}
		if ok, err := s.Check(system(), "8800000001", credential.DoorToken, token); ok || err != nil {
			t.Errorf("its token holds: %v", err)
		}
		for _, number := range []string{"8800000001", "008800000001"} {
			if result, code, err := s.Register(system(), number, "maker|card|1"); result != 4 || code != "" || err != nil {
				t.Errorf("%s: registered again: %d %v", number, result, err)
			}
		}
		turn(device.Stock)
		if result, _, err := s.Register(system(), "8800000001", "maker|card|1"); result != 0 || err != nil {
			t.Errorf("back in stock: %d %v", result, err)
		}
	})
}

func TestWhoHasSomethingToProveIsKnownInEveryProcess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		desk, gateway := credential.New(d), credential.New(d)
		which := register(t, d, "008800000001")
		proves := func(want bool) {
			t.Helper()
			if _, err := gateway.Relearn(system(), which); err != nil { // as the event has it do
				t.Fatal(err)
			}
			for _, s := range []*credential.Store{desk, gateway} {
				if s.Proves("8800000001") != want || s.Proves("008800000001") != want || s.Proves("8800000002") || s.Proves("") {
					t.Errorf("proves %v, want %v", s.Proves("8800000001"), want)
				}
			}
		}
		proves(false)
		if _, err := desk.Issue(as(access.BureauSection, district), which); err != nil {
			t.Fatal(err)
		}
		proves(true)
		// Nor is a code given under its number to who only knows that.
		for _, number := range []string{"8800000001", "008800000001"} {
			if result, code, err := gateway.Register(system(), number, "maker|card|1"); result != 3 || code != "" || err != nil {
				t.Errorf("%s: registered as a terminal: %d %v", number, result, err)
			}
		}
		if err := desk.PairAnew(as(access.BureauSection, district), which); err != nil {
			t.Fatal(err)
		}
		proves(false)
		if result, _, err := gateway.Register(system(), "8800000001", "maker|card|1"); result != 0 || err != nil {
			t.Errorf("a card of that number: %d %v", result, err)
		}
		if fresh := credential.New(d); fresh.Learn(system()) != nil || !fresh.Proves("8800000001") {
			t.Error("a process that starts does not know")
		}
	})
}

package booking_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/booking"
	"zugou/internal/people/access"
)

const town = "500111113"

func as(account string, role access.Role, region string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: region, Department: access.CivilAffairs}}})
}

var (
	section = as("section", access.BureauSection, "500111")
	officer = as("officer", access.TownshipOfficer, town)
	social  = as("social", access.SocialWorker, "500111")
	seat    = as("seat", access.SeatOperator, "500111")
)

func open(d *db.DB) *booking.Service {
	return booking.New(d, booking.Ports{
		Place: func(context.Context, db.Reader, string) (string, error) { return "某镇", nil },
		Names: func(context.Context, db.Reader, []id.ID) (map[id.ID]string, error) { return nil, nil },
	})
}

func room(t *testing.T, s *booking.Service, region string) booking.Venue {
	t.Helper()
	v, err := s.Save(section, booking.Venue{Name: "沙盘室", Kind: "sand_table", Region: region, Seats: 4, Opens: 8 * 60, Closes: 18 * 60})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// at gives an instant of tomorrow in China.
func at(clk *clock.Fake, hour, minute int) clock.Millis {
	n := clk.Now().In(clock.Zone).AddDate(0, 0, 1)
	return clock.Of(time.Date(n.Year(), n.Month(), n.Day(), hour, minute, 0, 0, clock.Zone))
}

func ask(v booking.Venue, from, to clock.Millis, key string) booking.Request {
	return booking.Request{VenueID: v.ID, BeginsAt: from, EndsAt: to, Purpose: "counselling", Key: "key-" + key + "-0000"}
}

func TestARoomIsNeverBookedTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := open(d)
		v := room(t, s, town)
		b, err := s.Book(officer, ask(v, at(clk, 9, 0), at(clk, 10, 0), "a"))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Book(officer, ask(v, at(clk, 9, 0), at(clk, 10, 0), "a")); err != nil || again.ID != b.ID {
			t.Fatalf("sent twice is two: %v %v", again.ID, err)
		}
		if _, err := s.Book(social, ask(v, at(clk, 9, 45), at(clk, 10, 30), "b")); errs.KeyOf(err) != "booking.taken" {
			t.Fatalf("overlaps: %v", err)
		}
		if _, err := s.Book(social, ask(v, at(clk, 10, 0), at(clk, 10, 30), "c")); err != nil {
			t.Fatalf("right after: %v", err)
		}
		if _, err := s.Cancel(social, b.ID); !errs.Is(err, errs.KindForbidden) && !errs.Is(err, errs.KindNotFound) {
			t.Fatalf("another's booking cancelled: %v", err)
		}
		if _, err := s.Cancel(officer, b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Book(social, ask(v, at(clk, 9, 0), at(clk, 10, 0), "d")); err != nil {
			t.Fatalf("freed: %v", err)
		}
		list, err := s.Calendar(officer, v.ID, at(clk, 0, 0), at(clk, 23, 0))
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
	})
}

// Forty people press at once for the same hour: one has it.
func TestARaceForARoomHasOneWinner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := open(d)
		v := room(t, s, "500111")
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				// Overlapping, not equal: the quarter between is what they fight for.
				from := at(clk, 9, 15*(i%3))
				_, err := s.Book(as(fmt.Sprintf("w%d", i), access.SocialWorker, "500111"), ask(v, from, from.Add(45*time.Minute), fmt.Sprint(i)))
				switch {
				case err == nil:
					won.Add(1)
				case errs.KeyOf(err) == "booking.taken":
					lost.Add(1)
				default:
					t.Errorf("%v", err)
				}
			}()
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 39 {
			t.Fatalf("%d won, %d lost", won.Load(), lost.Load())
		}
		list, err := s.Calendar(section, v.ID, at(clk, 0, 0), at(clk, 23, 0))
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %v", list, err)
		}
	})
}

func TestWhatCannotBeBooked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := open(d)
		v := room(t, s, town)
		for name, c := range map[string]struct {
			from, to clock.Millis
			want     string
		}{
			"before it opens": {at(clk, 7, 0), at(clk, 9, 0), "booking.closed"},
			"after it closes": {at(clk, 17, 0), at(clk, 18, 15), "booking.closed"},
			"no quarter":      {at(clk, 9, 5), at(clk, 10, 0), "booking.times"},
			"backwards":       {at(clk, 10, 0), at(clk, 9, 0), "booking.times"},
			"yesterday":       {at(clk, 9, 0).Add(-72 * time.Hour), at(clk, 10, 0).Add(-72 * time.Hour), "booking.past"},
			"next year":       {at(clk, 9, 0).Add(300 * 24 * time.Hour), at(clk, 10, 0).Add(300 * 24 * time.Hour), "booking.far"},
		} {
			_, err := s.Book(officer, ask(v, c.from, c.to, "x"))
			if !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Book(as("far", access.TownshipOfficer, "500111100"), ask(v, at(clk, 9, 0), at(clk, 10, 0), "y")); err == nil {
			t.Error("a room of another township was booked")
		}
		if _, err := s.Venues(seat); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("the seat has rooms: %v", err)
		}
		if _, err := s.Save(officer, booking.Venue{Name: "x", Kind: "group", Region: "500111", Opens: 0, Closes: 60}); err == nil {
			t.Error("a township entered a room of the district")
		}
	})
}

package duty_test

import (
	"context"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
)

// hills is a corner of a district: three villages of one township, one of the
// next just over the hill.
func hills() *world {
	w := newWorld()
	w.area(district, "大足区")
	w.area(gaosheng, "高升镇", 29.60, 105.60)
	w.area(gaosheng+"201", "先锋村", 29.600, 105.600)
	w.area(gaosheng+"201001", "先锋一网格", 29.601, 105.600)
	w.area(gaosheng+"201002", "先锋二网格", 29.605, 105.600)
	w.area(gaosheng+"202", "旭光村", 29.650, 105.600)
	w.area(gaosheng+"202001", "旭光一网格", 29.650, 105.600)
	w.area("500111116", "季家镇", 29.70, 105.60)
	w.area("500111116201", "梯子村", 29.610, 105.600)
	w.person("grid1", "grid_worker@"+gaosheng+"201001")
	w.person("grid2", "grid_worker@"+gaosheng+"201002")
	w.person("grid3", "grid_worker@"+gaosheng+"202001")
	w.person("director1", "village_director@"+gaosheng+"201")
	w.person("director2", "village_director@"+gaosheng+"202")
	w.person("director3", "village_director@500111116201")
	w.person("officer", "township_officer@"+gaosheng)
	w.person("officer2", "township_officer@500111116")
	w.person("operator", "seat_operator@"+district)
	w.person("leader", "seat_leader@"+district)
	w.person("head", "bureau_head@"+district)
	w.person("police", "police_liaison@"+district)
	return w
}

func write(t *testing.T, d *db.DB, entries ...duty.Entry) {
	t.Helper()
	err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for i, e := range entries {
			e.ID = id.New()
			e.CreatedAt = tx.Now + clock.Millis(i)
			if err := duty.PutForTest(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func shift(region string, level duty.Level, role access.Role, account, from, to string) duty.Entry {
	return duty.Entry{Kind: duty.Shift, Region: region, Level: level, Role: role, Account: id.ID(account), From: china(from), To: china(to)}
}

func candidates(t *testing.T, d *db.DB, f *duty.Finder, q duty.Query) (out []duty.Candidate) {
	t.Helper()
	err := d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		q.At = r.At()
		out, err = f.Candidates(ctx, r, q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhoIsAskedInWhichOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := hills()
		f := w.finder(t)
		write(t, d,
			shift(gaosheng, duty.Township, access.TownshipOfficer, "officer", "2024-05-31 17:30", "2024-06-01 08:30"),
			shift("500111116", duty.Township, access.TownshipOfficer, "officer2", "2024-05-31 17:30", "2024-06-01 08:30"),
			shift(district, duty.District, access.SeatOperator, "operator", "2024-05-31 20:00", "2024-06-01 08:00"),
			shift(district, duty.District, access.SeatLeader, "leader", "2024-05-31 08:00", "2024-06-01 08:00"),
			shift(district, duty.Police, access.PoliceLiaison, "police", "2024-05-31 08:00", "2024-06-01 08:00"),
		)
		tests := []struct {
			name string
			q    duty.Query
			want string
		}{
			{"from the grid up, then sideways by the way", duty.Query{Region: gaosheng + "201001"},
				"grid1 director1 officer leader operator police ~grid2 ~grid3 ~director3 ~director2 ~officer2"},
			{"known to the village: all its grids are the place", duty.Query{Region: gaosheng + "201"},
				"grid1 grid2 director1 officer leader operator police ~grid3 ~director3 ~director2 ~officer2"},
			{"the child's own place decides what is near", duty.Query{Region: gaosheng + "201", Near: &duty.Point{Lat: 29.606, Lon: 105.6}},
				"grid2 grid1 director1 officer leader operator police ~grid3 ~director3 ~director2 ~officer2"},
			{"only the roles wanted", duty.Query{Region: gaosheng + "201", Roles: []access.Role{access.VillageDirector}},
				"director1 ~director3 ~director2"},
			{"not who was told already", duty.Query{Region: gaosheng + "201001", Exclude: []id.ID{"grid1", "officer"}},
				"director1 leader operator police ~grid2 ~grid3 ~director3 ~director2 ~officer2"},
			{"heads are named only when off-duty people are wanted", duty.Query{Region: gaosheng, Roles: []access.Role{access.BureauHead}, OffDuty: true},
				"head(off)"},
			{"police", duty.Query{Region: gaosheng + "201", Roles: []access.Role{access.PoliceLiaison}}, "police"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if got := said(candidates(t, d, f, tt.q)); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		}
		t.Run("who can't be called comes behind who can", func(t *testing.T) {
			w.change("grid1", func(p *duty.Person) { p.PhoneVerified = false })
			want := "grid2 grid1! director1"
			if got := said(candidates(t, d, f, duty.Query{Region: gaosheng + "201"})[:3]); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
		t.Run("until says when the shift ends", func(t *testing.T) {
			got := candidates(t, d, f, duty.Query{Region: gaosheng, Roles: []access.Role{access.TownshipOfficer}})
			if hhmm(got[0].Until) != "06-01 08:30" || got[0].Via != duty.ViaRoster {
				t.Errorf("%+v", got[0])
			}
		})
	})
}

func TestWithoutCoordinatesOnlySiblingsAreSideways(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := hills()
		clear(w.at)
		got := candidates(t, d, w.finder(t), duty.Query{Region: gaosheng + "201", Roles: []access.Role{access.VillageDirector}})
		if said(got) != "director1 ~director2" || got[1].DistanceM != -1 {
			t.Errorf("%s", said(got))
		}
	})
}

func TestNobodyOnTheRosterOfGaoshengTonight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		w := hills()
		write(t, d,
			shift("500111116", duty.Township, access.TownshipOfficer, "officer2", "2024-05-31 17:30", "2024-06-01 08:30"),
			shift(district, duty.District, access.SeatLeader, "leader", "2024-05-31 08:00", "2024-06-01 08:00"))
		got := candidates(t, d, w.finder(t), duty.Query{Region: gaosheng + "201", Roles: []access.Role{access.TownshipOfficer, access.SeatLeader}})
		if said(got) != "leader ~officer2" {
			t.Errorf("got %s: the district first, then the neighbour's officer", said(got))
		}
	})
}

func TestLeaderFallsBackToWhoeverCouldBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := hills()
		f := w.finder(t)
		leader := func() (out []duty.Candidate) {
			err := d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
				out, err = f.Leader(ctx, r, gaosheng+"201", r.At())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := leader(); said(got) != "leader(off)" {
			t.Errorf("without roster: %s", said(got))
		}
		w.change("leader", func(p *duty.Person) { p.Active = false })
		if got := leader(); said(got) != "head(off)" {
			t.Errorf("leader gone: %s", said(got))
		}
		write(t, d, shift(district, duty.District, access.SeatLeader, "officer", "2024-05-31 08:00", "2024-06-01 08:00"))
		if got := leader(); said(got) != "officer" {
			t.Errorf("with roster: %s", said(got))
		}
	})
}

package duty_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
)

func as(account string, role access.Role, at string) context.Context {
	return access.With(context.Background(), access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: at, Department: access.CivilAffairs}}})
}

func service(t *testing.T, d *db.DB, w *world) *duty.Service {
	return duty.NewService(d, w.finder(t), crypto.Ephemeral(crypto.AES), func(context.Context, db.Reader, []string) (any, error) { return []string{"matter"}, nil })
}

func shiftRequest() duty.RosterRequest {
	return duty.RosterRequest{Kind: "shift", Region: gaosheng, Level: duty.Township, Role: access.TownshipOfficer, Account: "officer",
		From: china("2024-05-31 17:30"), To: china("2024-06-01 08:30")}
}

func TestAnOfficerKeepsTheRosterOfTheTownshipAndNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := service(t, d, hills())
		officer := as("officer", access.TownshipOfficer, gaosheng)
		made, err := s.AddRoster(officer, shiftRequest())
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Now(officer, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range page.Slots {
			gap := ""
			if x.Gap {
				gap = "!"
			}
			for _, p := range x.People {
				got = append(got, string(x.Level)+":"+p.Name+gap)
			}
		}
		if strings.Join(got, " ") != "township:officer village:director1 village:director2" {
			t.Errorf("on duty now: %v", got)
		}
		roster, err := s.Roster(officer, gaosheng, china("2024-05-31 00:00"), china("2024-06-02 00:00"))
		if err != nil || len(roster.Items) != 1 || roster.Items[0].AccountName != "officer" || roster.Items[0].Kind != "shift" {
			t.Errorf("%+v %v", roster, err)
		}
		tests := []struct {
			name string
			ctx  context.Context
			do   func(*duty.RosterRequest)
			want errs.Kind
		}{
			{"of the neighbour", officer, func(q *duty.RosterRequest) { q.Region = "500111116" }, errs.KindNotFound},
			{"by a grid worker", as("grid1", access.GridWorker, gaosheng), func(*duty.RosterRequest) {}, errs.KindForbidden},
			{"somebody without the role", officer, func(q *duty.RosterRequest) { q.Account = "grid1" }, errs.KindInvalid},
			{"somebody of the neighbour", officer, func(q *duty.RosterRequest) { q.Account = "officer2" }, errs.KindInvalid},
			{"backwards", officer, func(q *duty.RosterRequest) { q.To = q.From }, errs.KindInvalid},
			{"of no kind", officer, func(q *duty.RosterRequest) { q.Kind = "party" }, errs.KindInvalid},
			{"a citizen's", officer, func(q *duty.RosterRequest) { q.Role = access.Citizen }, errs.KindInvalid},
			{"leave for the neighbour's", officer, func(q *duty.RosterRequest) { q.Kind, q.Account, q.InsteadOf = "override", "", "officer2" }, errs.KindInvalid},
			{"leave for the district's leader", officer, func(q *duty.RosterRequest) { q.Kind, q.Account, q.InsteadOf = "override", "", "leader" }, errs.KindInvalid},
			{"no area", officer, func(q *duty.RosterRequest) { q.Region = "5001" }, errs.KindInvalid},
		}
		for _, tt := range tests {
			q := shiftRequest()
			tt.do(&q)
			if _, err := s.AddRoster(tt.ctx, q); !errs.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if err := s.RemoveRoster(as("officer2", access.TownshipOfficer, "500111116"), made.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("the neighbour removed it: %v", err)
		}
		clk.Advance(time.Hour)
		if err := s.RemoveRoster(officer, made.ID); err != nil {
			t.Fatal(err)
		}
		roster, err = s.Roster(officer, gaosheng, china("2024-05-31 00:00"), china("2024-06-02 00:00"))
		if err != nil || len(roster.Items) != 1 || hhmm(roster.Items[0].To) != "06-01 03:10" {
			t.Errorf("what was served must stay on record: %+v %v", roster, err)
		}
	})
}

func TestARotationAndALeaveByThePage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := hills()
		w.person("second", "township_officer@"+gaosheng)
		s := service(t, d, w)
		officer := as("officer", access.TownshipOfficer, gaosheng)
		rotation, err := s.AddRoster(officer, duty.RosterRequest{Kind: "rotation", Region: gaosheng, Level: duty.Township, Role: access.TownshipOfficer,
			Title: "镇值班", Members: []id.ID{"officer", "second"}, StartsOn: "2024-05-27", Handover: "08:30", TurnDays: 7})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddRoster(officer, duty.RosterRequest{Kind: "override", Region: gaosheng, InsteadOf: "officer", Reason: "病假",
			From: china("2024-06-01 00:00"), To: china("2024-06-02 00:00")}); err != nil {
			t.Fatal(err)
		}
		page, err := s.Now(officer, gaosheng)
		if err != nil || len(page.Slots) == 0 || len(page.Slots[0].People) != 0 || !page.Slots[0].Gap {
			t.Errorf("%+v %v", page, err)
		}
		roster, err := s.Roster(officer, gaosheng, china("2024-05-27 00:00"), china("2024-06-10 08:30"))
		if err != nil || len(roster.Items) != 3 || roster.Items[0].Rotation != rotation.ID {
			t.Fatalf("%+v %v", roster, err)
		}
		if err := s.RemoveRoster(officer, rotation.ID); err != nil {
			t.Fatal(err)
		}
		roster, _ = s.Roster(officer, gaosheng, china("2024-06-03 08:30"), china("2024-06-10 08:30"))
		if len(roster.Items) != 0 {
			t.Errorf("an ended rotation goes on: %+v", roster.Items)
		}
	})
}

func TestTheSeatIsHandedOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := service(t, d, hills())
		operator := as("operator", access.SeatOperator, district)
		page, err := s.Handover(operator)
		if err != nil || page.Last != nil || page.Since != 0 {
			t.Fatalf("%+v %v", page, err)
		}
		if err := s.HandOver(operator, duty.HandoverRequest{Notes: []string{"先锋村的孩子还没有回访", " "}, ToAccount: "leader"}); err != nil {
			t.Fatal(err)
		}
		for to, want := range map[id.ID]errs.Kind{"operator": errs.KindInvalid, "": errs.KindInvalid, "grid1": errs.KindInvalid} {
			if err := s.HandOver(operator, duty.HandoverRequest{ToAccount: to}); !errs.Is(err, want) {
				t.Errorf("to %q: %v", to, err)
			}
		}
		if err := s.HandOver(as("grid1", access.GridWorker, gaosheng), duty.HandoverRequest{ToAccount: "leader"}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("%v", err)
		}
		page, err = s.Handover(as("leader", access.SeatLeader, district))
		if err != nil || len(page.Notes) != 1 || page.Last.FromName != "operator" || page.Last.ToName != "leader" || page.Notes[0].Text != "先锋村的孩子还没有回访" {
			t.Errorf("%+v %v", page, err)
		}
		var n int
		err = d.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&n), "SELECT count(*) FROM duty_handover WHERE notes LIKE '%先锋%'")
		})
		if err != nil || n != 0 {
			t.Errorf("notes lie in clear: %d %v", n, err)
		}
	})
}

func TestAYearIsEnteredOnThePage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		s := service(t, d, hills())
		section := as("section", access.BureauSection, district)
		y := duty.Year{Year: 2027, Source: "国办发明电", Off: []duty.Span{{Name: "元旦", From: "2027-01-01", To: "2027-01-03"}}}
		if err := s.SaveHolidays(as("operator", access.SeatOperator, district), y); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("%v", err)
		}
		for range 2 {
			if err := s.SaveHolidays(section, y); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Holidays(section)
		if err != nil || len(got.Years) != 4 || got.Years[3].Year != 2027 {
			t.Errorf("%+v %v", got, err)
		}
		y.Work = append(y.Work, "2027-01-04") // a Monday is worked anyway
		if err := s.SaveHolidays(section, y); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%v", err)
		}
	})
}

func TestGapsAreListedByArea(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) {
		w := hills()
		if err := duty.NewGuard(d, w.finder(t), &pages{}, district, nil).RunOnce(context.Background()); err != nil {
			t.Fatal(err)
		}
		s := service(t, d, w)
		for role, want := range map[access.Role]int{access.SeatLeader: 5} {
			got, err := s.Gaps(as("x", role, district))
			if err != nil || len(got.Items) != want {
				t.Errorf("%d gaps, %v", len(got.Items), err)
			}
		}
		got, err := s.Gaps(as("x", access.TownshipOfficer, gaosheng))
		if err != nil || len(got.Items) != 1 || got.Items[0].RegionName != "高升镇" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

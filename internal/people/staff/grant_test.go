package staff_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// admins makes the three of the district.
func (h *house) admins() {
	h.staff("system", access.SystemAdmin, district, access.CivilAffairs)
	h.staff("security", access.SecurityAdmin, district, access.CivilAffairs)
	h.staff("audit", access.Auditor, district, access.CivilAffairs)
}

func ask(role access.Role, area string, dept access.Department) staff.GrantRequest {
	return staff.GrantRequest{Role: role, Region: area, Department: dept, Reason: "岗位需要"}
}

// give proposes and approves.
func (h *house) give(account string, q staff.GrantRequest) staff.Grant {
	h.t.Helper()
	g, err := h.s.Propose(h.as("system"), h.ids[account], q)
	h.ok(err)
	g, err = h.s.ApproveGrant(h.as("security"), g.ID, staff.NoteRequest{Reason: "同意"})
	h.ok(err)
	return g
}

var because = staff.NoteRequest{Reason: "离岗"}

func TestADismissedOperatorsScreenGoesDarkAtOnce(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("seat1", "", district, access.CivilAffairs)
		g := h.give("seat1", ask(access.SeatOperator, district, access.CivilAffairs))
		if g.State != staff.GrantActive || g.DocumentNo != "SQ2024-0004" || g.ApprovedByName != "测试security" || g.Reason != "岗位需要" || g.DecisionNote != "同意" {
			t.Errorf("%+v", g)
		}
		token := h.in("seat1", here)
		h.sees(token, staff.OK)
		stale := h.as("seat1") // a request under way
		h.ok(h.s.RevokeGrant(h.as("security"), g.ID, because))
		h.sees(token, "")
		if a, _, err := h.s.Ringer(bg, token); err == nil || len(a.Grants) > 0 {
			t.Error("it still rings")
		}
		if n := h.count("SELECT count(*) FROM event WHERE topic = 'session' AND kind = 'ended' AND ref <> ''"); n != 1 {
			t.Errorf("%d streams are told", n)
		}
		if n := h.count("SELECT count(*) FROM audit_row WHERE action = 'grant.revoke' AND subject = ?", h.ids["seat1"]); n != 1 {
			t.Errorf("%d audit rows", n)
		}
		_ = stale
		h.refused(h.s.RevokeGrant(h.as("security"), g.ID, because), "grant.decided_already")
	})
}

// An administrator dismissed while his request was on its way does nothing
// with it.
func TestARequestOnItsWayHasTheRightsOfItsCommit(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.admins()
		h.staff("system2", access.SystemAdmin, district, access.CivilAffairs)
		h.staff("seat1", "", district, access.CivilAffairs)
		late := h.as("system2")
		var g id.ID
		page, err := h.s.Grants(h.as("security"), staff.GrantFilter{Account: h.ids["system2"]})
		h.ok(err)
		g = page.Items[0].ID
		h.ok(h.s.RevokeGrant(h.as("security"), g, because))
		_, err = h.s.Propose(late, h.ids["seat1"], ask(access.SeatOperator, district, access.CivilAffairs))
		h.refused(err, "access.forbidden")
		_, err = h.s.Create(late, staff.CreateRequest{Account: "ghost", Name: "鬼", Department: access.CivilAffairs, Region: district})
		h.refused(err, "access.forbidden")
		// With a session that ended, it is not even asked who he is.
		actor := access.Actor{Account: h.ids["system"], Session: "gone", Grants: access.From(h.as("system")).Grants}
		_, err = h.s.Reset(access.With(bg, actor), h.ids["seat1"], because)
		h.refused(err, "session.none")
	})
}

func TestNobodyGrantsAlone(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("security2", access.SecurityAdmin, district, access.CivilAffairs)
		h.staff("seat1", "", district, access.CivilAffairs)
		q := ask(access.SeatOperator, district, access.CivilAffairs)
		g, err := h.s.Propose(h.as("system"), h.ids["seat1"], q)
		h.ok(err)
		_, err = h.s.Propose(h.as("system"), h.ids["seat1"], q)
		h.refused(err, "grant.there_already")
		// Until the second person says yes there is nothing.
		if a := access.From(h.as("seat1")); len(a.Grants) != 0 {
			t.Error("a proposal counts")
		}
		_, err = h.s.ApproveGrant(h.as("system"), g.ID, staff.NoteRequest{})
		h.refused(err, "access.forbidden")
		_, err = h.s.Propose(h.as("security"), h.ids["seat1"], ask(access.SeatLeader, district, access.CivilAffairs))
		h.refused(err, "access.forbidden")
		_, err = h.s.Propose(h.as("system"), h.ids["system"], ask(access.SystemAdmin, town, access.CivilAffairs))
		h.refused(err, "grant.own")
		// Not for oneself, from the other side.
		own, err := h.s.Propose(h.as("system"), h.ids["security2"], ask(access.SecurityAdmin, town, access.CivilAffairs))
		h.ok(err)
		_, err = h.s.ApproveGrant(h.as("security2"), own.ID, staff.NoteRequest{})
		h.refused(err, "grant.own")
		h.refused(h.s.RejectGrant(h.as("security"), own.ID, staff.NoteRequest{}), "reason: required")
		h.ok(h.s.RejectGrant(h.as("security"), own.ID, because))
		_, err = h.s.ApproveGrant(h.as("security"), own.ID, staff.NoteRequest{})
		h.refused(err, "grant.decided_already")
		_, err = h.s.ApproveGrant(h.as("security"), g.ID, staff.NoteRequest{})
		h.ok(err)
		if a := access.From(h.as("seat1")); !a.Has(access.SeatOperator) {
			t.Error("the approval counts for nothing")
		}
	})
}

func TestRolesThatDontGoTogether(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("seat1", access.SeatOperator, district, access.CivilAffairs)
		for _, r := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor} {
			_, err := h.s.Propose(h.as("system"), h.ids["seat1"], ask(r, district, access.CivilAffairs))
			h.refused(err, "grant.incompatible")
		}
		_, err := h.s.Propose(h.as("system"), h.ids["security"], ask(access.Auditor, district, access.CivilAffairs))
		h.refused(err, "grant.incompatible")
		h.give("seat1", ask(access.SeatLeader, district, access.CivilAffairs))
		for _, q := range []staff.GrantRequest{
			ask(access.Citizen, district, access.CivilAffairs), ask("king", district, access.CivilAffairs), ask(access.SeatOperator, village, access.CivilAffairs),
			ask(access.VillageDirector, district, access.Township), ask(access.GridWorker, "500999", access.Township), ask(access.SeatLeader, district, "army"),
			{Role: access.SeatLeader, Region: district, Department: access.CivilAffairs}, {Role: access.SeatLeader, Region: district, Department: access.CivilAffairs, Reason: "x", ToAt: 1},
		} {
			if _, err := h.s.Propose(h.as("system"), h.ids["seat1"], q); !errs.Is(err, errs.KindInvalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// Two papers that are fine each, but not both, are approved at once.
func TestRaceOfTwoApprovals(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("security2", access.SecurityAdmin, district, access.CivilAffairs)
		for range 4 {
			h.phone++
			name := "new" + string(rune('a'+h.phone%26))
			h.staff(name, "", district, access.CivilAffairs)
			g, err := h.s.Propose(h.as("system"), h.ids[name], ask(access.SeatOperator, district, access.CivilAffairs))
			h.ok(err)
			var second id.ID
			// As if it were proposed in the same instant: a proposal can't see the other.
			h.ok(h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
				second = id.New()
				_, err := tx.Exec(ctx, `INSERT INTO role_grant (id, account_id, role, region, department, reason, state, proposed_by, proposed_at)
					VALUES (?, ?, ?, ?, ?, '', 'proposed', ?, ?)`, second, h.ids[name], access.Auditor, district, access.CivilAffairs, h.ids["system"], tx.Now)
				return err
			}))
			var wg sync.WaitGroup
			good := make(chan id.ID, 4)
			for i, who := range []string{"security", "security2", "security", "security2"} {
				ctx := h.as(who)
				wg.Add(1)
				go func() {
					defer wg.Done()
					if g, err := h.s.ApproveGrant(ctx, []id.ID{g.ID, second}[i%2], staff.NoteRequest{}); err == nil {
						good <- g.ID
					} else if !errs.Is(err, errs.KindConflict) {
						t.Error(err)
					}
				}()
			}
			wg.Wait()
			if len(good) != 1 {
				t.Fatalf("%d approvals", len(good))
			}
		}
		if n := h.count("SELECT count(*) FROM (SELECT document_no FROM role_grant WHERE document_no <> '' GROUP BY document_no HAVING count(*) > 1) x"); n != 0 {
			t.Errorf("%d numbers twice", n)
		}
	})
}

func TestTheLastAdministratorOfEachKindStays(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("backup", "", district, access.CivilAffairs)
		page, err := h.s.Grants(h.as("audit"), staff.GrantFilter{State: "active"})
		h.ok(err)
		for _, q := range []string{"测试security", "SECURITY", "nobody here"} { // by name, by sign-in name
			found, err := h.s.Grants(h.as("audit"), staff.GrantFilter{State: "active", Q: q})
			h.ok(err)
			if want := strings.Contains(strings.ToLower(q), "security"); want != (len(found.Items) == 1 && found.Items[0].AccountID == h.ids["security"]) || !want && len(found.Items) != 0 {
				t.Errorf("%q finds %d papers", q, len(found.Items))
			}
		}
		paper := map[string]id.ID{}
		for _, g := range page.Items {
			paper[strings.TrimPrefix(g.AccountName, "测试")] = g.ID
		}
		for who, g := range paper {
			h.refused(h.s.RevokeGrant(h.as("security"), g, because), "grant.last_admin")
			if who != "system" {
				h.refused(h.s.LockAccount(h.as("system"), h.ids[who], because), "grant.last_admin")
				h.refused(h.s.Leave(h.as("system"), h.ids[who], because), "grant.last_admin")
			}
		}
		// One for a township, or one that ends, doesn't stand in for the district's.
		q := ask(access.Auditor, town, access.CivilAffairs)
		h.give("backup", q)
		h.refused(h.s.RevokeGrant(h.as("security"), paper["audit"], because), "grant.last_admin")
		q = ask(access.Auditor, district, access.CivilAffairs)
		q.ToAt = clock.Of(h.clk.Now()).Add(24 * time.Hour)
		h.give("backup", q)
		h.refused(h.s.RevokeGrant(h.as("security"), paper["audit"], because), "grant.last_admin")
		q.ToAt = 0
		h.give("backup", q) // a new paper of the same right replaces the old
		if n := h.count("SELECT count(*) FROM role_grant WHERE account_id = ? AND state = 'ended'", h.ids["backup"]); n != 1 {
			t.Errorf("%d papers replaced", n)
		}
		h.ok(h.s.RevokeGrant(h.as("security"), paper["audit"], because))
	})
}

// Two security administrators revoke each other in the same instant: one stays.
func TestRaceOfTheLastTwo(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		for range 5 {
			h.phone++
			name := "twin" + string(rune('a'+h.phone%26))
			h.staff(name, access.SecurityAdmin, district, access.CivilAffairs)
			page, err := h.s.Grants(h.as("audit"), staff.GrantFilter{State: "active"})
			h.ok(err)
			paper := map[id.ID]id.ID{}
			for _, g := range page.Items {
				if g.Role == access.SecurityAdmin {
					paper[g.AccountID] = g.ID
				}
			}
			if len(paper) != 2 {
				t.Fatal(paper)
			}
			a, b := h.as("security"), h.as(name)
			got := make(chan error, 2)
			go func() { got <- h.s.RevokeGrant(a, paper[h.ids[name]], because) }()
			go func() { got <- h.s.RevokeGrant(b, paper[h.ids["security"]], because) }()
			if e1, e2 := <-got, <-got; (e1 == nil) == (e2 == nil) {
				t.Fatalf("%v, %v", e1, e2)
			}
			if access.From(h.as("security")).Grants == nil || len(access.From(h.as("security")).Grants) == 0 {
				h.ids["security"] = h.ids[name]
			}
		}
	})
}

func TestAGrantCountsFromItsDayToItsDay(t *testing.T) {
	each(t, staff.Options{Demo: true}, func(h *house) {
		h.admins()
		h.staff("seat1", access.BureauSection, district, access.CivilAffairs)
		now := clock.Of(h.clk.Now())
		q := ask(access.SeatOperator, district, access.CivilAffairs)
		q.FromAt, q.ToAt = now.Add(time.Hour), now.Add(3*time.Hour)
		h.give("seat1", q)
		has := func() bool { return access.From(h.as("seat1")).Has(access.SeatOperator) }
		if has() {
			t.Error("before its day")
		}
		h.clk.Advance(time.Hour)
		if !has() {
			t.Error("on its day")
		}
		h.clk.Advance(2 * time.Hour)
		if has() {
			t.Error("after its day")
		}
		h.ok(h.s.Sweep(bg))
		page, err := h.s.Grants(h.as("audit"), staff.GrantFilter{State: "ended"})
		h.ok(err)
		if len(page.Items) != 1 {
			t.Errorf("%+v", page)
		}
		h.give("seat1", ask(access.SeatOperator, district, access.CivilAffairs))
	})
}

func TestYearlyReview(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.clk.Advance(364 * 24 * time.Hour)
		due := func() []staff.Grant {
			page, err := h.s.Grants(h.as("security"), staff.GrantFilter{State: "review"})
			h.ok(err)
			return page.Items
		}
		if n := len(due()); n != 0 {
			t.Errorf("%d due after 364 days", n)
		}
		h.clk.Advance(25 * time.Hour)
		list := due()
		if len(list) != 3 {
			t.Fatalf("%d due", len(list))
		}
		for _, g := range list {
			err := h.s.ReviewGrant(h.as("security"), g.ID)
			if g.Role == access.SecurityAdmin {
				h.refused(err, "grant.own")
				continue
			}
			h.ok(err)
			h.refused(h.s.ReviewGrant(h.as("system"), g.ID), "access.forbidden")
		}
		if n := len(due()); n != 1 {
			t.Errorf("%d due after the review", n)
		}
	})
}

// An account signed in by password alone that gets a role obliging to a second
// factor is asked for one before it sees anything.
func TestANewRightWaitsForTheSecondFactor(t *testing.T) {
	h := one(t, staff.Options{})
	h.admins()
	h.staff("seat1", "", district, access.CivilAffairs)
	token := h.in0("seat1")
	h.give("seat1", ask(access.SeatOperator, district, access.CivilAffairs))
	h.sees(token, staff.Enrol)
}

// in0 signs in an account without rights: nothing more is asked of it.
func (h *house) in0(account string) string {
	h.t.Helper()
	out, err := h.s.SignIn(bg, here, staff.SignInRequest{Account: account, Password: good})
	h.ok(err)
	if out.State != staff.OK {
		h.t.Fatal(out.State)
	}
	return out.Token
}

func TestDepartmentsHaveTheirOwnAdministrators(t *testing.T) {
	each(t, staff.Options{}, func(h *house) {
		h.admins()
		h.staff("officer", "", district, access.Police)
		// The police have none yet: the lead department stands in.
		h.staff("chief", "", district, access.Police)
		h.give("chief", ask(access.SystemAdmin, district, access.Police))
		// Now they have.
		_, err := h.s.Propose(h.as("system"), h.ids["officer"], ask(access.PoliceLiaison, district, access.Police))
		h.refused(err, "access.forbidden")
		h.refused(h.s.LockAccount(h.as("system"), h.ids["officer"], because), "access.forbidden")
		_, err = h.s.Propose(h.as("chief"), h.ids["officer"], ask(access.PoliceLiaison, district, access.Police))
		h.ok(err)
		_, err = h.s.Propose(h.as("chief"), h.ids["officer"], ask(access.BureauSection, district, access.CivilAffairs))
		h.refused(err, "access.forbidden")
	})
}

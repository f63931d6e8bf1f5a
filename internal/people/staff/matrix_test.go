package staff_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// roleAt gives an account a right in force whatever its level: the matrix asks
// every role at the township.
func (h *house) roleAt(account string, role access.Role, area string) {
	h.t.Helper()
	if _, there := h.ids[account]; !there {
		h.staff(account, "", town, access.CivilAffairs)
	}
	h.ok(h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO role_grant (id, account_id, role, region, department, reason, state, proposed_by, proposed_at)
			VALUES (?, ?, ?, ?, ?, '', 'active', '', 0)`, id.New(), h.ids[account], role, area, access.CivilAffairs)
		return err
	}))
}

// Every method that touches others, over every role, on accounts of the own
// township and of the next. "in" lists the roles that may; nobody may outside.
func TestMatrixOfMethods(t *testing.T) {
	h := one(t, staff.Options{})
	h.admins()
	readers := []access.Role{access.SeatLeader, access.TownshipOfficer, access.SystemAdmin, access.SecurityAdmin, access.Auditor}
	admin, security := []access.Role{access.SystemAdmin}, []access.Role{access.SecurityAdmin}
	n := 0
	fresh := func(area string) string {
		n++
		name := "t" + strings.Repeat("x", 2) + string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/676))
		h.staff(name, "", area, access.CivilAffairs)
		return name
	}
	proposal := func(area string) (string, id.ID) {
		who := fresh(area)
		g, err := h.s.Propose(h.as("system"), h.ids[who], ask(access.TownshipOfficer, area, access.CivilAffairs))
		h.ok(err)
		return who, g.ID
	}
	inForce := func(area string) id.ID {
		_, g := proposal(area)
		_, err := h.s.ApproveGrant(h.as("security"), g, staff.NoteRequest{})
		h.ok(err)
		return g
	}
	state := func(who string, to staff.State) {
		h.ok(h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE account SET state = ? WHERE id = ?", to, h.ids[who])
			return err
		}))
	}
	methods := []struct {
		name string
		in   []access.Role
		call func(ctx context.Context, area string) error
	}{
		{"Account", readers, func(ctx context.Context, area string) error {
			_, err := h.s.Account(ctx, h.ids[fresh(area)])
			return err
		}},
		{"Accounts", readers, func(ctx context.Context, area string) error {
			who := fresh(area)
			page, err := h.s.Accounts(ctx, staff.AccountFilter{Q: who})
			if err == nil && len(page.Items) == 0 {
				return errs.NotFound("none")
			}
			return err
		}},
		{"Create", admin, func(ctx context.Context, area string) error {
			n++
			_, err := h.s.Create(ctx, staff.CreateRequest{Account: "c" + string(rune('a'+n%26)) + string(rune('a'+n/26)), Name: "新", Department: access.CivilAffairs, Region: area})
			return err
		}},
		{"Approve", admin, func(ctx context.Context, area string) error {
			who := fresh(area)
			state(who, staff.Waiting)
			return h.s.Approve(ctx, h.ids[who], because)
		}},
		{"Reject", admin, func(ctx context.Context, area string) error {
			who := fresh(area)
			state(who, staff.Waiting)
			return h.s.Reject(ctx, h.ids[who], because)
		}},
		{"Lock", admin, func(ctx context.Context, area string) error { return h.s.LockAccount(ctx, h.ids[fresh(area)], because) }},
		{"Unlock", admin, func(ctx context.Context, area string) error {
			who := fresh(area)
			state(who, staff.Locked)
			return h.s.UnlockAccount(ctx, h.ids[who], because)
		}},
		{"Leave", admin, func(ctx context.Context, area string) error { return h.s.Leave(ctx, h.ids[fresh(area)], because) }},
		{"Reset", admin, func(ctx context.Context, area string) error {
			_, err := h.s.Reset(ctx, h.ids[fresh(area)], because)
			return err
		}},
		{"SignOutAccount", admin, func(ctx context.Context, area string) error {
			return h.s.SignOutAccount(ctx, h.ids[fresh(area)], because)
		}},
		{"ProposeFactorReset", admin, func(ctx context.Context, area string) error {
			who := fresh(area)
			h.ok(h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE account SET factor = 'totp' WHERE id = ?", h.ids[who])
				return err
			}))
			_, err := h.s.ProposeFactorReset(ctx, h.ids[who], because)
			return err
		}},
		{"DecideFactorReset", security, func(ctx context.Context, area string) error {
			who := fresh(area)
			h.ok(h.d.Update(bg, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO factor_reset (id, account_id, reason, state, proposed_by, proposed_at) VALUES (?, ?, '', 'proposed', 'x', 0)", "r"+who, h.ids[who])
				return err
			}))
			return h.s.DecideFactorReset(ctx, id.ID("r"+who), true)
		}},
		{"Propose", admin, func(ctx context.Context, area string) error {
			_, err := h.s.Propose(ctx, h.ids[fresh(area)], ask(access.TownshipOfficer, area, access.CivilAffairs))
			return err
		}},
		{"Propose wider than the own area", nil, func(ctx context.Context, area string) error {
			_, err := h.s.Propose(ctx, h.ids[fresh(area)], ask(access.SeatOperator, district, access.CivilAffairs))
			return err
		}},
		{"ApproveGrant", security, func(ctx context.Context, area string) error {
			_, g := proposal(area)
			_, err := h.s.ApproveGrant(ctx, g, because)
			return err
		}},
		{"RejectGrant", security, func(ctx context.Context, area string) error {
			_, g := proposal(area)
			return h.s.RejectGrant(ctx, g, because)
		}},
		{"ReviewGrant", security, func(ctx context.Context, area string) error { return h.s.ReviewGrant(ctx, inForce(area)) }},
		{"RevokeGrant", []access.Role{access.SystemAdmin, access.SecurityAdmin}, func(ctx context.Context, area string) error {
			return h.s.RevokeGrant(ctx, inForce(area), because)
		}},
		{"Grants", []access.Role{access.SystemAdmin, access.SecurityAdmin, access.Auditor}, func(ctx context.Context, area string) error {
			g := inForce(area)
			page, err := h.s.Grants(ctx, staff.GrantFilter{})
			if err == nil && !slices.ContainsFunc(page.Items, func(x staff.Grant) bool { return x.ID == g }) {
				return errs.NotFound("none")
			}
			return err
		}},
		{"SetRule", nil, func(ctx context.Context, _ string) error { return h.s.SetRule(ctx, "review.days", 300, 0) }},
		{"Found", nil, func(ctx context.Context, area string) error {
			_, err := h.s.Found(ctx, staff.CreateRequest{Account: "emergency", Name: "急", Department: access.CivilAffairs, Region: area, Reason: "x"})
			return err
		}},
		{"GrantNow", nil, func(ctx context.Context, area string) error {
			_, err := h.s.GrantNow(ctx, h.ids[fresh(area)], ask(access.TownshipOfficer, area, access.CivilAffairs))
			return err
		}},
		{"DropFactor", nil, func(ctx context.Context, area string) error { return h.s.DropFactor(ctx, h.ids[fresh(area)]) }},
	}
	for i, role := range access.Roles() {
		who := "m" + string(rune('a'+i)) + "x"
		h.roleAt(who, role, town)
		ctx := h.as(who)
		for _, m := range methods {
			for _, area := range []string{town, other} {
				err := m.call(ctx, area)
				may := area == town && slices.Contains(m.in, role)
				switch {
				case (err == nil) != may:
					t.Errorf("%s by %s in %s: %v", m.name, role, area, err)
				case err != nil && !errs.Is(err, errs.KindForbidden) && !errs.Is(err, errs.KindNotFound):
					t.Errorf("%s by %s in %s: refused by %v", m.name, role, area, err)
				}
			}
		}
	}
	// Nobody at all.
	for _, m := range methods {
		if err := m.call(bg, town); err == nil {
			t.Errorf("%s by nobody", m.name)
		}
	}
}

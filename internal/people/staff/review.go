package staff

import (
	"context"
	"strings"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/region"
)

// GrantFilter narrows the list of grants.
type GrantFilter struct {
	State   string // proposed, active, revoked, rejected, ended; "review" = in force and due for the yearly review; "" = all
	Account id.ID
	Q       string // of whom: name, pinyin, initials, sign-in name, or a whole phone
	Cursor  string
	Limit   int // 50 if 0; at most 200
}

// GrantPage is a page of grants.
type GrantPage struct {
	Items []Grant `json:"items"`
	Next  string  `json:"next"`
}

// Grants lists the papers of the actor's area, the newest first.
func (s *Service) Grants(ctx context.Context, q GrantFilter) (GrantPage, error) {
	out := GrantPage{Items: []Grant{}}
	actor := access.From(ctx)
	if err := access.May(actor, "account.read"); err != nil {
		return out, err
	}
	if access.May(actor, "grant.propose") != nil && access.May(actor, "grant.approve") != nil && access.May(actor, "audit.read") != nil {
		return out, errs.Forbidden("access.forbidden")
	}
	limit := pageSize(q.Limit)
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rs, err := s.rules(ctx, r)
		if err != nil {
			return err
		}
		where, args := access.Where("g.region", actor.Areas("account.read"))
		where += " AND g.role <> 'citizen'" // theirs by registration: no paper
		switch q.State {
		case "":
		case "review":
			where += " AND " + effective + " AND CASE WHEN g.reviewed_at > g.decided_at THEN g.reviewed_at ELSE g.decided_at END <= ?"
			args = append(args, r.At(), r.At(), r.At().Add(-rs.days("review.days")))
		default:
			where += " AND g.state = ?"
			args = append(args, q.State)
		}
		if q.Account != "" {
			where += " AND g.account_id = ?"
			args = append(args, q.Account)
		}
		if text := strings.TrimSpace(q.Q); text != "" && len(text) <= inputMost {
			cond, more := s.search(text)
			where, args = where+" AND "+cond, append(args, more...)
		}
		if q.Cursor != "" {
			where += " AND g.id < ?"
			args = append(args, q.Cursor)
		}
		var rows []grantRow
		if err := r.List(ctx, &rows, "SELECT "+grantColumns+", a.name AS account_name, a.region AS account_region FROM role_grant g JOIN account a ON a.id = g.account_id WHERE "+
			where+" ORDER BY g.id DESC LIMIT ?", append(args, limit+1)...); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = string(rows[limit-1].ID)
		}
		out.Items, err = s.showGrants(ctx, r, rows)
		return err
	})
	if err != nil {
		return GrantPage{Items: []Grant{}}, err
	}
	for _, g := range out.Items {
		audit.Show(ctx, "account.read", "", g.Region, audit.Shown{Kind: "account", ID: g.AccountID, Fields: []string{"grants"}})
	}
	return out, nil
}

// Grant gives one paper. NotFound out of the actor's area.
func (s *Service) Grant(ctx context.Context, i id.ID) (Grant, error) {
	var out Grant
	actor := access.From(ctx)
	if err := oversees(actor); err != nil {
		return out, err
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		g, err := grantByID(ctx, r, i)
		if err != nil {
			return err
		}
		if err := access.Check(actor, "account.read", access.Target{Region: g.Region}); err != nil {
			return err
		}
		out, err = s.showGrant(ctx, r, g)
		return err
	})
	if err == nil {
		audit.Show(ctx, "account.read", "", out.Region, audit.Shown{Kind: "account", ID: out.AccountID, Fields: []string{"grants", "paper"}})
	}
	return out, err
}

// ReviewGrant confirms in the yearly review that a right is still needed; one
// that is not is revoked instead. The security administrator, never for
// himself.
func (s *Service) ReviewGrant(ctx context.Context, grant id.ID) error {
	return s.decide(ctx, grant, func(ctx context.Context, tx *db.Tx, actor access.Actor, g grantRow) error {
		g.ProposedBy = "" // who proposed it may review it
		if err := mayApprove(actor, g); err != nil {
			return err
		}
		if !g.inForce(tx.Now) {
			return errs.Conflict("grant.decided_already")
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET reviewed_by = ?, reviewed_at = ? WHERE id = ?", actor.Account, tx.Now, g.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "grant.review", SubjectKind: "account", Subject: g.AccountID, Purpose: string(g.ID),
			Fields: []string{string(g.Role)}, Region: g.Region})
	})
}

func (s *Service) showGrant(ctx context.Context, r db.Reader, g grantRow) (Grant, error) {
	out, err := s.showGrants(ctx, r, []grantRow{g})
	if err != nil {
		return Grant{}, err
	}
	return out[0], nil
}

func (s *Service) showGrants(ctx context.Context, r db.Reader, rows []grantRow) ([]Grant, error) {
	areas, err := s.areas.Table(ctx, r)
	if err != nil {
		return nil, err
	}
	rs, err := s.rules(ctx, r)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, g := range rows {
		ids = append(ids, g.ProposedBy, g.DecidedBy)
	}
	names, err := Names(ctx, r, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]Grant, 0, len(rows))
	for _, g := range rows {
		v := Grant{ID: g.ID, AccountID: g.AccountID, AccountName: g.AccountName, Role: g.Role, Region: g.Region,
			RegionName: areas.Label(region.Code(g.Region)), Department: g.Department, State: g.State, FromAt: g.FromAt, ToAt: g.ToAt, DocumentNo: g.DocumentNo,
			ProposedBy: g.ProposedBy, ProposedByName: names[g.ProposedBy].Name, ProposedAt: g.ProposedAt,
			ApprovedBy: g.DecidedBy, ApprovedByName: names[g.DecidedBy].Name, ApprovedAt: g.DecidedAt,
			RevokedBy: g.RevokedBy, RevokedAt: g.RevokedAt, ReviewedAt: g.ReviewedAt}
		if g.State == GrantActive && !g.inForce(r.At()) && g.ToAt != 0 && g.ToAt <= r.At() {
			v.State = GrantEnded
		}
		if v.State == GrantActive {
			v.ReviewDueAt = max(g.DecidedAt, g.ReviewedAt).Add(rs.days("review.days"))
		}
		for _, text := range []struct {
			column, sealed string
			to             *string
		}{{"reason", g.Reason, &v.Reason}, {"decision_note", g.DecisionNote, &v.DecisionNote}, {"revoke_note", g.RevokeNote, &v.RevokeNote}} {
			if *text.to, err = s.kr.Open("role_grant."+text.column+":"+string(g.ID), text.sealed); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// pageSize bounds the length of a page.
func pageSize(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 200)
}

// endExpired marks the grants whose day came; they count for nothing since
// that day anyway.
func endExpired(ctx context.Context, tx *db.Tx) error {
	var rows []grantRow
	if err := tx.List(ctx, &rows, "SELECT "+grantColumns+" FROM role_grant g WHERE g.state = 'active' AND g.to_at > 0 AND g.to_at <= ? ORDER BY g.to_at LIMIT 100", tx.Now); err != nil {
		return err
	}
	for _, g := range rows {
		if _, err := tx.Exec(ctx, "UPDATE role_grant SET state = ? WHERE id = ? AND state = 'active'", GrantEnded, g.ID); err != nil {
			return err
		}
		if err := tell(ctx, tx, "rights", g.AccountID, ""); err != nil {
			return err
		}
	}
	return nil
}

package staff

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// FactorReset is a request to take off a lost second factor: one
// administrator asks, the other decides, neither for himself.
type FactorReset struct {
	ID          id.ID        `bun:"id" json:"id"`
	AccountID   id.ID        `bun:"account_id" json:"account"`
	AccountName string       `bun:"account_name" json:"account_name"`
	Region      string       `bun:"region" json:"region"`
	Reason      string       `bun:"reason" json:"reason"`
	State       string       `bun:"state" json:"state"` // proposed, approved, rejected
	ProposedBy  id.ID        `bun:"proposed_by" json:"proposed_by"`
	ProposedAt  clock.Millis `bun:"proposed_at" json:"proposed_at"`
	DecidedBy   id.ID        `bun:"decided_by" json:"decided_by"`
	DecidedAt   clock.Millis `bun:"decided_at" json:"decided_at"`
}

const resetColumns = "r.id, r.account_id, r.reason, r.state, r.proposed_by, r.proposed_at, r.decided_by, r.decided_at, a.name AS account_name, a.region FROM factor_reset r JOIN account a ON a.id = r.account_id"

// ProposeFactorReset is the system administrator's part. Conflict
// "factor.none", "factor.reset_open".
func (s *Service) ProposeFactorReset(ctx context.Context, account id.ID, q NoteRequest) (id.ID, error) {
	reset := id.New()
	err := s.manage(ctx, account, "account.manage", "factor_reset", &q.Reason, true, func(ctx context.Context, tx *db.Tx, actor access.Actor, row accountRow) error {
		if row.Factor == "" {
			return errs.Conflict("factor.none")
		}
		n, err := tx.Exec(ctx, "INSERT INTO factor_reset (id, account_id, reason, state, proposed_by, proposed_at) VALUES (?, ?, ?, 'proposed', ?, ?) ON CONFLICT DO NOTHING",
			reset, row.ID, s.kr.Seal("factor_reset.reason:"+string(reset), q.Reason), actor.Account, tx.Now)
		if err == nil && n == 0 {
			return errs.Conflict("factor.reset_open")
		}
		return err
	})
	return reset, err
}

// FactorResets lists the open requests of the actor's area.
func (s *Service) FactorResets(ctx context.Context) ([]FactorReset, error) {
	actor := access.From(ctx)
	if access.May(actor, "grant.propose") != nil && access.May(actor, "grant.approve") != nil {
		return nil, errs.Forbidden("access.forbidden")
	}
	out := []FactorReset{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		where, args := access.Where("a.region", actor.Areas("account.read"))
		if err := r.List(ctx, &out, "SELECT "+resetColumns+" WHERE r.state = 'proposed' AND "+where+" ORDER BY r.proposed_at LIMIT 200", args...); err != nil {
			return err
		}
		for i := range out {
			var err error
			if out[i].Reason, err = s.kr.Open("factor_reset.reason:"+string(out[i].ID), out[i].Reason); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// DecideFactorReset is the security administrator's part: approved, the factor
// is gone, all sessions end, and the next sign-in sets up a new one. Forbidden
// "grant.own", "grant.second_person"; Conflict "grant.decided_already".
func (s *Service) DecideFactorReset(ctx context.Context, reset id.ID, approve bool) error {
	if err := access.May(access.From(ctx), "grant.approve"); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockGrants(ctx, tx); err != nil {
			return err
		}
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		var r FactorReset
		if err := tx.Get(ctx, db.To(&r), "SELECT "+resetColumns+" WHERE r.id = ?", reset); err != nil {
			return err
		}
		if err := mayApprove(actor, grantRow{AccountID: r.AccountID, Region: r.Region, ProposedBy: r.ProposedBy}); err != nil {
			return err
		}
		if r.State != "proposed" {
			return errs.Conflict("grant.decided_already")
		}
		state, result := "rejected", "refused"
		if approve {
			state, result = "approved", "ok"
			if err := dropFactor(ctx, tx, r.AccountID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE factor_reset SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?", state, actor.Account, tx.Now, r.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "factor.reset", SubjectKind: "account", Subject: r.AccountID, Purpose: string(r.ID), Result: result, Region: r.Region})
	})
}

func dropFactor(ctx context.Context, tx *db.Tx, account id.ID) error {
	for _, table := range []string{"second_factor", "recovery_code"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE account_id = ?", account); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE account SET factor = '' WHERE id = ?", account); err != nil {
		return err
	}
	return endSessions(ctx, tx, account, "", "factor")
}

package visit

import (
	"context"
	"slices"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// mayVisit tells why an account may not be sent to a child: children at all, or
// this one.
func (s *Service) mayVisit(ctx context.Context, r db.Reader, account, childID id.ID, field string) error {
	if err := s.ports.MayMeet(ctx, r, account, field); err != nil {
		return err
	}
	away, err := s.ports.Away(ctx, r, childID)
	if err == nil && slices.Contains(away[childID], account) {
		err = errs.Invalid(field, "visit.not_this_child")
	}
	return err
}

// KeepAway takes a child's pairings and open visits off accounts that must be
// kept away from it, as part of the change that says so. Whoever is nearest of
// the others has the visits now.
func (s *Service) KeepAway(ctx context.Context, tx *db.Tx, childID id.ID, accounts []id.ID) error {
	if childID == "" || len(accounts) == 0 {
		return nil
	}
	marks, who := db.Marks(len(accounts)), append([]any{childID}, db.Anys(accounts)...)
	rows, err := pairings(ctx, tx, "WHERE child_id = ? AND ended_at = 0 AND helper IN ("+marks+")", who...)
	if err != nil {
		return err
	}
	for _, p := range rows {
		if err := s.part(ctx, tx, p, Recused); err != nil {
			return err
		}
	}
	open, err := dues(ctx, tx, "WHERE child_id = ? AND state = 'open' AND who IN ("+marks+") ORDER BY id", who...)
	if err != nil || len(open) == 0 {
		return err
	}
	away, err := s.ports.Away(ctx, tx, childID)
	if err != nil {
		return err
	}
	for _, d := range open {
		next, err := s.ports.Nearest(ctx, tx, d.Region, away[childID])
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE visit_due SET who = ? WHERE id = ?", next, d.ID); err != nil {
			return err
		}
	}
	return nil
}

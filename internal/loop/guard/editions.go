package guard

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// NewEdition is an edition as an officer enters it.
type NewEdition struct {
	FromAt  clock.Millis    `json:"from_at"` // 0: at once
	Reason  string          `json:"reason"`
	Edition json.RawMessage `json:"edition"`
}

// PastEdition is an edition with its papers: those of the program, and those
// that officers published, in force or to come.
type PastEdition struct {
	ID        id.ID        `json:"id"` // empty: came with the program
	FromAt    clock.Millis `json:"from_at"`
	SetAt     clock.Millis `json:"set_at"`
	SetByName string       `json:"set_by_name"`
	Reason    string       `json:"reason"`
	InForce   bool         `json:"in_force"`
	Edition   Edition      `json:"edition"`
}

// SetRules stores an edition that holds from an instant on. Errors: Invalid,
// Forbidden.
func (s *Service) SetRules(ctx context.Context, n NewEdition) error {
	if err := access.May(access.From(ctx), "policy.write"); err != nil {
		return err
	}
	n.Reason = strings.TrimSpace(n.Reason)
	switch l := len([]rune(n.Reason)); {
	case l == 0:
		return errs.Invalid("reason", "reason.needed")
	case l > 500:
		return errs.Invalid("reason", "text.too_long")
	}
	e, err := ReadEdition(n.Edition)
	if err != nil {
		return err
	}
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if n.FromAt == 0 {
			n.FromAt = tx.Now
		}
		if n.FromAt < tx.Now {
			return errs.Invalid("from", "policy.from_past")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO guard_rule (id, from_at, body, set_by, set_at, reason) VALUES (?, ?, ?, ?, ?, ?)",
			id.New(), n.FromAt, string(n.Edition), access.From(ctx).Account, tx.Now, n.Reason); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE guard_state SET n = n + 1 WHERE name = 'rules'"); err != nil {
			return err
		}
		return s.auditRules(ctx, tx, e)
	})
}

// Rules gives the edition in force, as it was written.
func (s *Service) Rules(ctx context.Context) (Edition, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return Edition{}, err
	}
	var out Edition
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		e, err := s.edition(ctx, r)
		if err == nil {
			out = *e
		}
		return err
	})
	return out, err
}

// mostEditions bounds the history that is shown.
const mostEditions = 100

// RuleEditions lists the editions, the newest first.
func (s *Service) RuleEditions(ctx context.Context) ([]PastEdition, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return nil, err
	}
	var out []PastEdition
	err := s.p.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		out = nil
		for _, e := range s.p.Editions {
			out = append(out, PastEdition{FromAt: e.fromAt, Edition: e})
		}
		var rows []struct {
			ID     id.ID        `bun:"id"`
			FromAt clock.Millis `bun:"from_at"`
			Body   string       `bun:"body"`
			SetBy  id.ID        `bun:"set_by"`
			SetAt  clock.Millis `bun:"set_at"`
			Reason string       `bun:"reason"`
		}
		if err := r.List(ctx, &rows, "SELECT id, from_at, body, set_by, set_at, reason FROM guard_rule ORDER BY id DESC LIMIT ?", mostEditions); err != nil {
			return err
		}
		slices.Reverse(rows)
		var who []id.ID
		for _, row := range rows {
			who = append(who, row.SetBy)
		}
		names, err := staff.Names(ctx, r, who...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			var e Edition
			if err := json.Unmarshal([]byte(row.Body), &e); err != nil {
				return errs.Internal(err)
			}
			out = append(out, PastEdition{ID: row.ID, FromAt: row.FromAt, SetAt: row.SetAt, SetByName: names[row.SetBy].Name, Reason: row.Reason, Edition: e})
		}
		slices.SortStableFunc(out, func(a, b PastEdition) int { return int(min(1, max(-1, a.FromAt-b.FromAt))) })
		for i := len(out) - 1; i >= 0; i-- {
			if out[i].FromAt <= r.At() || i == 0 {
				out[i].InForce = true
				break
			}
		}
		slices.Reverse(out)
		return nil
	})
	return out, err
}

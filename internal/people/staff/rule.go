package staff

import (
	"context"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// rules are the values in force at an instant, by key: "idle.<role>" and
// "longest.<role>" in seconds, "password.days" and "password.days.citizen" (0
// = never), "password.kept" earlier passwords that may not come again,
// "review.days".
type rules map[string]int64

// rulesAt reads the rules in force; they are few. A setting takes the place of
// a built-in idle time, and what the security administrator set that of both.
func (s *Service) rulesAt(ctx context.Context, r db.Reader) (rules, error) {
	var rows []Rule
	if err := r.List(ctx, &rows, "SELECT key, value, set_by FROM staff_rule WHERE from_at <= ? ORDER BY key, from_at", r.At()); err != nil {
		return nil, err
	}
	out := rules{}
	for _, row := range rows {
		out[row.Key] = row.Value
		role, ok := strings.CutPrefix(row.Key, "idle.")
		if d := s.o.Idle[access.Role(role)]; ok && d > 0 && row.SetBy == "" {
			out[row.Key] = int64(d / time.Second)
		}
	}
	return out, nil
}

// shortest gives the least of the rule over the roles; an account without
// roles is held like a citizen's.
func (rs rules) shortest(prefix string, grants []access.Grant) time.Duration {
	least := int64(-1)
	for _, g := range grants {
		if v, ok := rs[prefix+string(g.Role)]; ok && (least < 0 || v < least) {
			least = v
		}
	}
	if least < 0 {
		least = rs[prefix+string(access.Citizen)]
	}
	return time.Duration(least) * time.Second
}

func (rs rules) idle(grants []access.Grant) time.Duration { return rs.shortest("idle.", grants) }

func (rs rules) longest(grants []access.Grant) time.Duration { return rs.shortest("longest.", grants) }

// leastIdle gives the shortest idle time of any role.
func (rs rules) leastIdle() time.Duration {
	least := int64(24 * 3600)
	for key, v := range rs {
		if strings.HasPrefix(key, "idle.") {
			least = min(least, v)
		}
	}
	return time.Duration(least) * time.Second
}

func (rs rules) days(key string) time.Duration { return time.Duration(rs[key]) * 24 * time.Hour }

// ruleBounds are the least and the most that a rule may be set to, by the part
// of its key before the dot or the whole key. 等保2.0 level 3 leaves the values
// to the house, but not to nobody: idle sessions end, passwords change.
var ruleBounds = map[string][2]int64{
	"idle": {60, 24 * 3600}, "longest": {600, 30 * 24 * 3600},
	"password.days": {1, 365}, "password.days.citizen": {0, 3650}, "password.kept": {1, 24}, "review.days": {30, 366},
}

// Rule is one rule in force or to come.
type Rule struct {
	Key    string       `bun:"key" json:"key"`
	FromAt clock.Millis `bun:"from_at" json:"from_at"`
	Value  int64        `bun:"value" json:"value"`
	SetBy  id.ID        `bun:"set_by" json:"set_by"`
	SetAt  clock.Millis `bun:"set_at" json:"set_at"`
}

// Rules lists all rules with their history.
func (s *Service) Rules(ctx context.Context) ([]Rule, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return nil, err
	}
	var out []Rule
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &out, "SELECT key, from_at, value, set_by, set_at FROM staff_rule ORDER BY key, from_at")
	})
	return out, err
}

// SetRule sets a rule from an instant on, now if 0. It is for the security
// administrator of the district. Invalid: unknown key, value out of bounds,
// an instant that has passed.
func (s *Service) SetRule(ctx context.Context, key string, value int64, from clock.Millis) error {
	if err := access.Check(access.From(ctx), "grant.approve", access.Target{Region: s.o.District}); err != nil {
		return err
	}
	bounds, ok := ruleBounds[key]
	if !ok {
		bounds, ok = ruleBounds[strings.SplitN(key, ".", 2)[0]]
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		actor, err := s.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if err := access.Check(actor, "grant.approve", access.Target{Region: s.o.District}); err != nil {
			return err
		}
		have, err := s.rulesAt(ctx, tx)
		if err != nil {
			return err
		}
		if _, known := have[key]; !known || !ok {
			return errs.Invalid("key", "rule.unknown")
		}
		if value < bounds[0] || value > bounds[1] {
			return errs.Invalid("value", "rule.bounds")
		}
		at := from
		if at == 0 {
			at = tx.Now
		}
		if at < tx.Now {
			return errs.Invalid("from_at", "rule.past")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO staff_rule (key, from_at, value, set_by, set_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (key, from_at) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at`,
			key, at, value, actor.Account, tx.Now); err != nil {
			return err
		}
		tx.AfterCommit(s.forgetRules)
		return audit.Write(ctx, tx, audit.Entry{Action: "rule.set", SubjectKind: "rule", Subject: id.ID(key), Region: s.o.District})
	})
}

package policy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Service is what people do with the rules.
type Service struct{ db *db.DB }

// NewService makes it.
func NewService(d *db.DB) *Service { return &Service{d} }

// Rule is one rule as it holds, with what is known of its editions.
type Rule struct {
	Family   Family          `json:"family"`
	Key      string          `json:"key"`
	Body     json.RawMessage `json:"body"`
	From     clock.Millis    `json:"from"` // since when it holds; 0 = as the program came
	SetBy    id.ID           `json:"set_by"`
	Editions int             `json:"editions"`  // those written here
	NextFrom clock.Millis    `json:"next_from"` // when a published change begins; 0 = none
}

// Past is one edition in a rule's history.
type Past struct {
	ID          id.ID           `json:"id"`
	From        clock.Millis    `json:"from"`
	SetBy       id.ID           `json:"set_by"`
	SetAt       clock.Millis    `json:"set_at"`
	Reason      string          `json:"reason"`
	Body        json.RawMessage `json:"body"`
	Differences []Difference    `json:"differences"` // to the edition before
}

// Draft is a rule that somebody wants to hold.
type Draft struct {
	Family Family          `json:"family"`
	Key    string          `json:"key"`
	Body   json.RawMessage `json:"body"`
	From   clock.Millis    `json:"from,omitempty"` // 0 = at once
	Reason string          `json:"reason,omitempty"`
}

// Preview is what a draft would change.
type Preview struct {
	From        clock.Millis `json:"from"`
	New         bool         `json:"new"` // a rule that was not there
	Differences []Difference `json:"differences"`
	Problems    []errs.Field `json:"problems"` // empty: it may be published
}

// Rules lists all rules as they hold now. The right is policy.read.
func (s *Service) Rules(ctx context.Context) ([]Rule, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return nil, err
	}
	var out []Rule
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := editions(ctx, r)
		if err != nil {
			return err
		}
		book, err := bookAt(rows, r.At())
		if err != nil {
			return err
		}
		add := func(f Family, key string) {
			rule := Rule{Family: f, Key: key, Body: json.RawMessage(book.rule(f, key))}
			for _, e := range rows {
				if e.Family != f || e.Key != key {
					continue
				}
				rule.Editions++
				switch {
				case e.From <= r.At():
					rule.From, rule.SetBy = e.From, e.SetBy
				case rule.NextFrom == 0:
					rule.NextFrom = e.From
				}
			}
			out = append(out, rule)
		}
		for _, k := range book.Kinds() {
			add(Kinds, k.Key)
		}
		for _, c := range book.Chains() {
			add(Chains, c.Key)
		}
		add(Alarms, string(Alarms))
		add(Outcomes, string(Outcomes))
		return nil
	})
	return out, err
}

// History lists the editions of a rule, newest first; the last is the one that
// the program came with. Errors: NotFound for a rule that never was.
func (s *Service) History(ctx context.Context, f Family, key string) ([]Past, error) {
	if err := access.May(access.From(ctx), "policy.read"); err != nil {
		return nil, err
	}
	var out []Past
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := editions(ctx, r)
		if err != nil {
			return err
		}
		first, err := First()
		if err != nil {
			return err
		}
		was := first.rule(f, key)
		if was != "" {
			out = append(out, Past{Body: json.RawMessage(was), Differences: []Difference{}})
		}
		for _, e := range rows {
			if e.Family == f && e.Key == key {
				out = append(out, Past{e.ID, e.From, e.SetBy, e.SetAt, e.Reason, json.RawMessage(e.Body), differences(was, e.Body)})
				was = e.Body
			}
		}
		if len(out) == 0 {
			return errs.NotFound("record.not_found")
		}
		slices.Reverse(out)
		return nil
	})
	return out, err
}

// Preview tells what a draft would change and what keeps it from being
// published. The right is policy.write.
func (s *Service) Preview(ctx context.Context, d Draft) (Preview, error) {
	if err := access.May(access.From(ctx), "policy.write"); err != nil {
		return Preview{}, err
	}
	out := Preview{Problems: []errs.Field{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := editions(ctx, r)
		if err != nil {
			return err
		}
		if d.From == 0 {
			d.From = r.At()
		}
		book, err := bookAt(rows, d.From)
		if err != nil {
			return err
		}
		out.From = d.From
		was := book.rule(d.Family, d.Key)
		out.New = was == ""
		out.Differences = differences(was, string(d.Body))
		err = try(rows, d, r.At())
		var e *errs.Error
		if errs.Is(err, errs.KindInvalid) && errors.As(err, &e) {
			out.Problems = append(out.Problems, e.Fields...)
			return nil
		}
		return err
	})
	return out, err
}

// Publish stores a draft as the edition that holds from its instant on. What
// would leave the rules unusable then, or at any later change that is
// published already, is refused. The right is policy.write.
func (s *Service) Publish(ctx context.Context, d Draft) (Edition, error) {
	var out Edition
	if err := access.May(access.From(ctx), "policy.write"); err != nil {
		return out, err
	}
	d.Reason = strings.TrimSpace(d.Reason)
	switch n := len([]rune(d.Reason)); {
	case n == 0:
		return out, errs.Invalid("reason", "reason.needed")
	case n > 500:
		return out, errs.Invalid("reason", "text.too_long")
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "policy"); err != nil {
			return err
		}
		rows, err := editions(ctx, tx)
		if err != nil {
			return err
		}
		if d.From == 0 {
			d.From = tx.Now
		}
		if err := try(rows, d, tx.Now); err != nil {
			return err
		}
		book, err := bookAt(rows, d.From)
		if err != nil {
			return err
		}
		if len(differences(book.rule(d.Family, d.Key), string(d.Body))) == 0 {
			return errs.Invalid("body", "policy.no_change")
		}
		out, err = insert(ctx, tx, d)
		return err
	})
	return out, err
}

// try tells whether the rules are usable with the draft among them.
func try(rows []Edition, d Draft, now clock.Millis) error {
	if d.From < now {
		return errs.Invalid("from", "policy.from_past")
	}
	draft := Edition{Family: d.Family, Key: d.Key, Body: string(d.Body), From: d.From}
	first, err := First()
	if err != nil {
		return err
	}
	if err := first.put(draft); err != nil {
		return err
	}
	with := append(slices.Clone(rows), draft)
	slices.SortStableFunc(with, func(a, b Edition) int { return int(min(1, max(-1, a.From-b.From))) })
	for _, e := range with {
		if e.From < d.From {
			continue
		}
		book, err := bookAt(with, e.From)
		if err != nil {
			return err
		}
		if err := book.check(); err != nil {
			return err
		}
	}
	return nil
}

// bookAt gives the rules of the editions as they hold at the instant.
func bookAt(rows []Edition, at clock.Millis) (*Book, error) {
	b, err := First()
	if err != nil {
		return nil, err
	}
	for _, e := range rows {
		if e.From <= at {
			_ = b.put(e) // an edition that can't be read leaves the one before
		}
	}
	return b, nil
}

const columns = "id, family, key, body, from_at, set_by, set_at, reason"

func editions(ctx context.Context, r db.Reader) ([]Edition, error) {
	var rows []Edition
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM policy ORDER BY from_at, id")
	return rows, err
}

// Since gives the instant from which the rule holds that held at the instant,
// 0 if it is the program's first.
func Since(ctx context.Context, r db.Reader, f Family, key string, at clock.Millis) (clock.Millis, error) {
	var from clock.Millis
	err := r.Get(ctx, db.To(&from), "SELECT COALESCE(MAX(from_at), 0) FROM policy WHERE family = ? AND key = ? AND from_at <= ?", f, key, at)
	return from, err
}

func insert(ctx context.Context, tx *db.Tx, d Draft) (Edition, error) {
	e := Edition{ID: id.New(), Family: d.Family, Key: d.Key, Body: string(d.Body), From: d.From, SetBy: access.From(ctx).Account, SetAt: tx.Now, Reason: d.Reason}
	if _, err := tx.Exec(ctx, "INSERT INTO policy ("+columns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, e.Family, e.Key, e.Body, e.From, e.SetBy, e.SetAt, e.Reason); err != nil {
		return e, err
	}
	if err := tx.Emit(ctx, db.Event{Topic: "system", Kind: "policy", Ref: string(e.ID)}); err != nil {
		return e, err
	}
	return e, audit.Write(ctx, tx, audit.Entry{Action: "policy.write", SubjectKind: "policy", Subject: e.ID, Fields: []string{string(d.Family), d.Key}})
}

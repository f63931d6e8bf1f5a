package visit

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Wipe is the order to a person's phones to forget.
//
//	asked ─ the phone hears it ─► sends what waits, critical answers first ─►
//	forgets routes, drafts and keys ─► tells how much it sent, and how much it
//	could not: that stays sealed on it
type Wipe struct {
	ID      id.ID        `bun:"id" json:"id"`
	Account id.ID        `bun:"account_id" json:"account"`
	Name    string       `bun:"-" json:"name"`
	Reason  string       `bun:"reason" json:"reason"`
	AskedAt clock.Millis `bun:"asked_at" json:"asked_at"`
	AskedBy id.ID        `bun:"asked_by" json:"asked_by"`
	DoneAt  clock.Millis `bun:"done_at" json:"done_at"`
	Sent    int          `bun:"sent" json:"sent"`
	Sealed  int          `bun:"sealed" json:"sealed"`
}

const wipeColumns = "id, account_id, reason, asked_at, asked_by, done_at, sent, sealed"

// AskWipe has a person's phone forget what it holds.
func (s *Service) AskWipe(ctx context.Context, account id.ID, reason string) (Wipe, error) {
	if l := len([]rune(strings.TrimSpace(reason))); l < 4 || l > 200 {
		return Wipe{}, errs.Invalid("reason", "reason.needed")
	}
	var out Wipe
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		region, err := s.ports.AccountArea(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := access.Check(a, "phone.wipe", access.Target{Region: region}); err != nil {
			return err
		}
		open, err := wipeOf(ctx, tx, account)
		if err != nil {
			return err
		}
		if open != "" {
			return errs.Conflict("visit.wipe_asked")
		}
		out = Wipe{ID: id.New(), Account: account, Reason: reason, AskedAt: tx.Now, AskedBy: a.Account}
		if _, err := tx.Exec(ctx, "INSERT INTO phone_wipe (id, account_id, reason, asked_at, asked_by) VALUES (?, ?, ?, ?, ?)", out.ID, account, reason, tx.Now, a.Account); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "phone.wipe", SubjectKind: "account", Subject: account, Purpose: string(out.ID), Region: region})
	})
	return out, err
}

// Wiped is the phone's word that it forgot.
func (s *Service) Wiped(ctx context.Context, n id.ID, sent, sealed int) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := access.From(ctx)
		done, err := tx.Exec(ctx, "UPDATE phone_wipe SET done_at = ?, sent = ?, sealed = ? WHERE id = ? AND account_id = ? AND done_at = 0", tx.Now, sent, sealed, n, a.Account)
		if err != nil {
			return err
		}
		if done == 0 {
			return errs.NotFound("record.not_found")
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "phone.wipe", SubjectKind: "account", Subject: a.Account, Fields: []string{"done"}, Purpose: string(n)})
	})
}

// Wipes lists the wipes of the last ones asked, with names.
func (s *Service) Wipes(ctx context.Context) ([]Wipe, error) {
	out := []Wipe{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.May(access.From(ctx), "phone.wipe"); err != nil {
			return err
		}
		rows, err := list[Wipe](ctx, r, "SELECT "+wipeColumns+" FROM phone_wipe ORDER BY asked_at DESC, id DESC LIMIT 100")
		if err != nil {
			return err
		}
		var accounts []id.ID
		for _, w := range rows {
			accounts = append(accounts, w.Account)
		}
		names, err := s.ports.Names(ctx, r, accounts)
		for _, w := range rows {
			w.Name = names[w.Account]
			out = append(out, w)
		}
		return err
	})
	return out, err
}

// wipeOf gives the open wipe of an account; empty if there is none.
func wipeOf(ctx context.Context, r db.Reader, account id.ID) (id.ID, error) {
	found, err := list[id.ID](ctx, r, "SELECT id FROM phone_wipe WHERE account_id = ? AND done_at = 0 LIMIT 1", account)
	return first(found), err
}

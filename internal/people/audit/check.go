package audit

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Check is one walk over the whole chain.
type Check struct {
	ID       id.ID        `bun:"id" json:"id"`
	BegunAt  clock.Millis `bun:"begun_at" json:"begun_at"`
	BegunBy  string       `bun:"begun_by" json:"begun_by"`
	EndedAt  clock.Millis `bun:"ended_at" json:"ended_at"` // 0 = under way
	Links    int64        `bun:"links" json:"links"`
	Unsealed int64        `bun:"unsealed" json:"unsealed"`
	Digests  int64        `bun:"digests" json:"digests"` // kept outside and compared
	Failed   bool         `bun:"failed" json:"failed"`   // the walk itself could not be finished
	Findings []Finding    `bun:"-" json:"findings"`
	Stored   string       `bun:"findings" json:"-"`
}

const checkColumns = "id, begun_at, begun_by, ended_at, links, unsealed, digests, findings, failed"

// checkDead is after how long a walk that did not end is given up: its
// process died. A chain of ten million links takes some minutes.
const checkDead = 6 * 3600 * 1000

// BeginCheck notes that somebody has the chain walked. Conflict
// "audit.checking" while another walk is under way.
func BeginCheck(ctx context.Context, d *db.DB) (Check, error) {
	actor := access.From(ctx)
	if err := access.May(actor, "audit.read"); err != nil {
		return Check{}, err
	}
	c := Check{ID: id.New(), BegunBy: string(actor.Account), Findings: []Finding{}}
	err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "audit.check"); err != nil {
			return err
		}
		var n int
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM audit_check WHERE ended_at = 0 AND begun_at > ?", tx.Now-checkDead); err != nil {
			return err
		}
		if n > 0 {
			return errs.Conflict("audit.checking")
		}
		c.BegunAt = tx.Now
		if _, err := tx.Exec(ctx, "INSERT INTO audit_check (id, begun_at, begun_by) VALUES (?, ?, ?)", c.ID, c.BegunAt, c.BegunBy); err != nil {
			return err
		}
		return Write(ctx, tx, Entry{Action: "audit.verify", SubjectKind: "audit", Subject: c.ID})
	})
	return c, err
}

// FinishCheck walks the chain and stores what was found.
func FinishCheck(ctx context.Context, d *db.DB, mac MAC, c id.ID, digests ...Digest) error {
	rep, walked := Verify(ctx, d, mac, digests...)
	if rep.Findings == nil {
		rep.Findings = []Finding{}
	}
	text, err := json.Marshal(rep.Findings)
	if err != nil {
		return err
	}
	err = d.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE audit_check SET ended_at = ?, links = ?, unsealed = ?, digests = ?, findings = ?, failed = ? WHERE id = ?",
			tx.Now, rep.Links, rep.Unsealed, len(digests), string(text), walked != nil, c); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: "system", Kind: "audit.checked", Ref: string(c)})
	})
	if walked != nil {
		return walked
	}
	return err
}

// Chain is the state of the chain.
type Chain struct {
	Links    int64        `json:"links"`     // rows sealed
	SealedTo clock.Millis `json:"sealed_to"` // the instant of the last row sealed
	Unsealed int64        `json:"unsealed"`  // rows written since
	Checks   []Check      `json:"checks"`    // the last walks, newest first
}

// State gives the state of the chain, for who may read the audit.
func State(ctx context.Context, r db.Reader) (Chain, error) {
	out := Chain{Checks: []Check{}}
	if err := access.May(access.From(ctx), "audit.read"); err != nil {
		return out, err
	}
	h, err := readHead(ctx, r)
	if err != nil {
		return out, err
	}
	out.Links = h.N
	if err := r.Get(ctx, db.To(&out.SealedTo), "SELECT coalesce(max(at), 0) FROM audit_row WHERE id = (SELECT row_id FROM audit_chain WHERE n = ?)", h.N); err != nil {
		return out, err
	}
	if out.Unsealed, _, err = Behind(ctx, r); err != nil {
		return out, err
	}
	if err := r.List(ctx, &out.Checks, "SELECT "+checkColumns+" FROM audit_check ORDER BY begun_at DESC LIMIT 10"); err != nil {
		return out, err
	}
	for i := range out.Checks {
		out.Checks[i].Findings = []Finding{}
		if err := json.Unmarshal([]byte(out.Checks[i].Stored), &out.Checks[i].Findings); err != nil {
			return out, errs.Internal(err)
		}
	}
	return out, nil
}

// Behind tells how many rows are not chained yet, and since when the oldest of
// them waits; 0 if none does.
func Behind(ctx context.Context, r db.Reader) (n int64, since clock.Millis, err error) {
	h, err := readHead(ctx, r)
	if err != nil {
		return 0, 0, err
	}
	newer, args := "seq > ?", []any{h.Seq}
	if r.On() == db.Postgres {
		newer, args = "(xid, seq) > (?, ?)", []any{h.Xid, h.Seq}
	}
	err = r.Get(ctx, db.To(&n, &since), "SELECT count(*), coalesce(min(at), 0) FROM audit_row WHERE "+newer, args...)
	return n, since, err
}

// Began gives the instant of the first row, 0 if there is none.
func Began(ctx context.Context, r db.Reader) (clock.Millis, error) {
	var at clock.Millis
	err := r.Get(ctx, db.To(&at), "SELECT coalesce(min(at), 0) FROM audit_row")
	return at, err
}

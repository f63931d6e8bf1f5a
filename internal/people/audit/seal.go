package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"zugou/internal/kernel/db"
)

// MAC makes a keyed hash of data; the key lives outside the database, so that
// whoever can write the tables can't forge the chain.
type MAC func(data []byte) []byte

// sealPage is the most rows chained in one change.
const sealPage = 300

type head struct {
	N    int64  `bun:"n"`
	Hash string `bun:"hash"`
	Xid  int64  `bun:"xid"`
	Seq  int64  `bun:"seq"`
}

func readHead(ctx context.Context, r db.Reader) (head, error) {
	var h head
	err := r.Get(ctx, db.To(&h.N, &h.Hash, &h.Xid, &h.Seq), "SELECT n, hash, xid, seq FROM audit_head WHERE id = 1")
	return h, err
}

// Seal chains up to one page of rows behind the head, in commit order, and
// tells how many. Several processes may call it: the head is locked.
func Seal(ctx context.Context, d *db.DB, mac MAC) (int, error) {
	n := 0
	err := d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n = 0
		if err := tx.Lock(ctx, "audit.seal"); err != nil {
			return err
		}
		h, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		query, args := "SELECT "+rowColumns+" FROM audit_row WHERE seq > ? ORDER BY seq LIMIT ?", []any{h.Seq, sealPage}
		if tx.On() == db.Postgres {
			query = "SELECT " + rowColumns + ` FROM audit_row WHERE (xid, seq) > (?, ?)
				AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY xid, seq LIMIT ?`
			args = []any{h.Xid, h.Seq, sealPage}
		}
		var rows []Row
		if err := tx.List(ctx, &rows, query, args...); err != nil || len(rows) == 0 {
			return err
		}
		type link struct {
			N     int64  `bun:"n"`
			RowID string `bun:"row_id"`
			Hash  string `bun:"hash"`
		}
		links := make([]link, 0, len(rows))
		for _, row := range rows {
			hash, err := next(mac, h.Hash, row)
			if err != nil {
				return err
			}
			h = head{N: h.N + 1, Hash: hash, Xid: row.Xid, Seq: row.Seq}
			links = append(links, link{h.N, string(row.ID), hash})
		}
		for _, l := range links {
			if _, err := tx.Exec(ctx, "INSERT INTO audit_chain (n, row_id, hash) VALUES (?, ?, ?)", l.N, l.RowID, l.Hash); err != nil {
				return err
			}
		}
		n = len(rows)
		_, err = tx.Exec(ctx, "UPDATE audit_head SET n = ?, hash = ?, xid = ?, seq = ? WHERE id = 1", h.N, h.Hash, h.Xid, h.Seq)
		return err
	})
	return n, err
}

// next gives the hash of a row behind the hash before it. Every stored column
// takes part.
func next(mac MAC, before string, row Row) (string, error) {
	text, err := json.Marshal(struct {
		Before string
		Row    Row
		Seq    int64
	}{before, row, row.Seq})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(mac(text)), nil
}

// Digest is the head of the chain on a day, to be kept outside the database
// (a file, a printed page): it proves later that nothing was cut off.
type Digest struct {
	N    int64  `json:"n"`
	Hash string `json:"hash"`
}

// Head gives the digest of now.
func Head(ctx context.Context, r db.Reader) (Digest, error) {
	h, err := readHead(ctx, r)
	return Digest{h.N, h.Hash}, err
}

// Finding is one thing wrong with the audit.
type Finding struct {
	Kind string `json:"kind"` // changed, removed, inserted, chain_broken, cut_off
	N    int64  `json:"n"`    // place in the chain; 0 = not in it
	Row  string `json:"row"`
}

func (f Finding) String() string { return fmt.Sprintf("%s at link %d, row %s", f.Kind, f.N, f.Row) }

// Report is the result of Verify.
type Report struct {
	Links    int64     `json:"links"`    // links checked
	Unsealed int64     `json:"unsealed"` // rows newer than the head, not chained yet
	Findings []Finding `json:"findings"`
}

// maxFindings bounds a report: a broken key would find every row.
const maxFindings = 1000

// Verify walks the whole chain. digests are heads kept outside.
func Verify(ctx context.Context, d *db.DB, mac MAC, digests ...Digest) (Report, error) {
	var rep Report
	err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
		h, err := readHead(ctx, r)
		if err != nil {
			return err
		}
		note := func(f Finding) {
			if len(rep.Findings) < maxFindings {
				rep.Findings = append(rep.Findings, f)
			}
		}
		hashes, err := walk(ctx, r, mac, &rep, note)
		if err != nil {
			return err
		}
		if rep.Links != h.N || (h.N > 0 && hashes.last != h.Hash) {
			note(Finding{Kind: "cut_off", N: rep.Links})
		}
		for _, dg := range digests {
			if got, ok := hashes.at(ctx, r, dg.N); dg.N > 0 && (!ok || got != dg.Hash) {
				note(Finding{Kind: "cut_off", N: dg.N})
			}
		}
		var strays []Row
		behind, args := "seq <= ?", []any{h.Seq}
		if r.On() == db.Postgres {
			behind, args = "(xid, seq) <= (?, ?)", []any{h.Xid, h.Seq}
		}
		if err := r.List(ctx, &strays, "SELECT "+rowColumns+" FROM audit_row WHERE "+behind+
			" AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.row_id = audit_row.id) ORDER BY seq LIMIT 1000", args...); err != nil {
			return err
		}
		for _, s := range strays {
			note(Finding{Kind: "inserted", Row: string(s.ID)})
		}
		return r.Get(ctx, db.To(&rep.Unsealed), "SELECT count(*) FROM audit_row WHERE NOT ("+behind+")", args...)
	})
	return rep, err
}

type chainHashes struct{ last string }

// at gives the stored hash of a link.
func (chainHashes) at(ctx context.Context, r db.Reader, n int64) (string, bool) {
	var hash string
	err := r.Get(ctx, db.To(&hash), "SELECT hash FROM audit_chain WHERE n = ?", n)
	return hash, err == nil
}

// link is a link of the chain with its row, if that is still there.
type link struct {
	N      int64  `bun:"n"`
	RowID  string `bun:"row_id"`
	Hash   string `bun:"hash"`
	HasRow string `bun:"has_row"`
	Row    `bun:",extend"`
}

func walk(ctx context.Context, r db.Reader, mac MAC, rep *Report, note func(Finding)) (chainHashes, error) {
	var out chainHashes
	var at int64
	for {
		var links []link
		err := r.List(ctx, &links, `SELECT c.n, c.row_id, c.hash, coalesce(a.id, '') AS has_row, coalesce(a.seq, 0) AS seq, coalesce(a.xid, 0) AS xid,
			coalesce(a.id, '') AS id, coalesce(a.at, 0) AS at, coalesce(a.actor, '') AS actor, coalesce(a.action, '') AS action,
			coalesce(a.subject_kind, '') AS subject_kind, coalesce(a.subject, '') AS subject, coalesce(a.shown, '') AS shown,
			coalesce(a.purpose, '') AS purpose, coalesce(a.result, '') AS result, coalesce(a.region, '') AS region, coalesce(a.request, '') AS request
			FROM audit_chain c LEFT JOIN audit_row a ON a.id = c.row_id WHERE c.n > ? ORDER BY c.n LIMIT 1000`, at)
		if err != nil {
			return out, err
		}
		for _, l := range links {
			if l.N != at+1 {
				note(Finding{Kind: "chain_broken", N: at + 1})
				out.last = "" // nothing to check the next one against
			}
			at = l.N
			rep.Links++
			switch hash, err := next(mac, out.last, l.Row); {
			case err != nil:
				return out, err
			case l.HasRow == "":
				note(Finding{Kind: "removed", N: l.N, Row: l.RowID})
			case hash != l.Hash && (out.last != "" || l.N == 1):
				note(Finding{Kind: "changed", N: l.N, Row: l.RowID})
			}
			out.last = l.Hash
		}
		if len(links) < 1000 {
			return out, nil
		}
	}
}

package audit_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

func mac(data []byte) []byte {
	h := hmac.New(sha256.New, []byte("test key"))
	h.Write(data)
	return h.Sum(nil)
}

func write(t *testing.T, d *db.DB, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				return audit.Write(ctx, tx, audit.Entry{Action: "child.read", SubjectKind: "child", Subject: id.ID(fmt.Sprint(i))})
			})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

func seal(t *testing.T, d *db.DB) {
	t.Helper()
	for {
		n, err := audit.Seal(context.Background(), d, mac)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, d *db.DB, digests ...audit.Digest) audit.Report {
	t.Helper()
	rep, err := audit.Verify(context.Background(), d, mac, digests...)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	pick := "(SELECT row_id FROM audit_chain WHERE n = 7)"
	tests := []struct {
		name   string
		tamper string
		want   string
		n      int64
	}{
		{"a changed row", "UPDATE audit_row SET actor = 'somebody else' WHERE id = " + pick, "changed", 7},
		{"a changed list of what was shown", "UPDATE audit_row SET shown = '[]' WHERE id = " + pick, "changed", 7},
		{"a removed row", "DELETE FROM audit_row WHERE id = " + pick, "removed", 7},
		{"a removed row and its link", "DELETE FROM audit_chain WHERE n = 7", "chain_broken", 7},
		{"links cut off at the end", "DELETE FROM audit_chain WHERE n > 15", "cut_off", 15},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
				write(t, d, 20)
				seal(t, d)
				if rep := verify(t, d); len(rep.Findings) != 0 || rep.Links != 20 {
					t.Fatalf("before: %+v", rep)
				}
				exec(t, d, tt.tamper)
				rep := verify(t, d)
				for _, f := range rep.Findings {
					if f.Kind == tt.want && f.N == tt.n {
						return
					}
				}
				t.Errorf("found %v, want %s at %d", rep.Findings, tt.want, tt.n)
			})
		})
	}
}

func TestVerifyFindsAnInsertedRow(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	write(t, d, 5)
	exec(t, d, "DELETE FROM audit_row WHERE seq = 3")
	write(t, d, 1)
	seal(t, d)
	exec(t, d, "INSERT INTO audit_row (seq, xid, id, at, actor, action, subject_kind, subject) VALUES (3, 0, 'forged', 1, 'x', 'child.read', 'child', 'y')")
	rep := verify(t, d)
	if len(rep.Findings) != 1 || rep.Findings[0].Kind != "inserted" || rep.Findings[0].Row != "forged" {
		t.Errorf("%+v", rep)
	}
}

func TestADigestKeptOutsideShowsWhatWasCutOff(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	write(t, d, 10)
	seal(t, d)
	var kept audit.Digest
	var hash string
	err := d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		if kept, err = audit.Head(ctx, r); err != nil {
			return err
		}
		return r.Get(ctx, db.To(&hash), "SELECT hash FROM audit_chain WHERE n = 6")
	})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, d, "DELETE FROM audit_row WHERE id IN (SELECT row_id FROM audit_chain WHERE n > 6)")
	exec(t, d, "DELETE FROM audit_chain WHERE n > 6")
	exec(t, d, "UPDATE audit_head SET n = 6, hash = ?, seq = 6", hash)
	if rep := verify(t, d); len(rep.Findings) != 0 {
		t.Fatalf("a clean cut is invisible from inside, yet found %v", rep.Findings)
	}
	if rep := verify(t, d, kept); len(rep.Findings) != 1 || rep.Findings[0].Kind != "cut_off" {
		t.Errorf("with the digest: %+v", rep.Findings)
	}
}

func TestOneRowARequestNamesAllItShowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		ctx := access.With(context.Background(), access.Actor{Account: "op", Grants: []access.Grant{{Role: access.Auditor}}})
		ctx, trail := audit.With(ctx, "req-1")
		audit.Show(ctx, "child.search", "task-9", "500111", audit.Shown{Kind: "child", ID: "a", Fields: []string{"name"}}, audit.Shown{Kind: "child", ID: "b"})
		audit.Show(ctx, "child.read", "", "", audit.Shown{Kind: "child", ID: "a", Fields: []string{"phone"}})
		for range 2 { // a second flush writes nothing
			if err := trail.Flush(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		for _, subject := range []string{"a", "b"} {
			var rows []audit.Row
			err := d.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
				rows, err = audit.List(ctx, r, audit.Filter{Subject: subject})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			want := `[{"kind":"child","id":"a","fields":["name","phone"]},{"kind":"child","id":"b"}]`
			if len(rows) != 1 || rows[0].Shown != want || rows[0].Actor != "op" || rows[0].Purpose != "task-9" || rows[0].Request != "req-1" {
				t.Errorf("subject %s: %+v", subject, rows)
			}
		}
	})
}

func TestOnlyTheAuditorReadsTheAudit(t *testing.T) {
	d := dbtest.Open(t, db.SQLite, clock.NewFake(dbtest.Start))
	for _, role := range access.Roles() {
		ctx := access.With(context.Background(), access.Actor{Account: "x", Grants: []access.Grant{{Role: role}}})
		err := d.View(ctx, func(ctx context.Context, r db.Reader) error {
			_, err := audit.List(ctx, r, audit.Filter{})
			return err
		})
		if (err == nil) != (role == access.Auditor) || (err != nil && !errs.Is(err, errs.KindForbidden)) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

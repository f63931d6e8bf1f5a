package backup

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
)

var night = time.Date(2025, 3, 1, 18, 0, 0, 0, time.UTC)

// house is a data folder with a migrated database that is open, keys and
// attachments.
type house struct {
	src  Source
	data string
	db   *db.DB
}

func newHouse(t *testing.T) house {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	k, err := crypto.Create(filepath.Join(data, "keys"), crypto.SM4, night)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(data, "attachments", "2025", "03", "a.jpg"), "picture a")
	write(t, filepath.Join(data, "attachments", "名字 \\x\n.pdf"), "paper")
	write(t, filepath.Join(data, "attachments", "empty"), "")
	d, err := db.Open(t.Context(), filepath.Join(data, "zugou.db"), clock.NewFake(night))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	update(t, d, "CREATE TABLE ledger (side TEXT NOT NULL, n INTEGER NOT NULL)")
	return house{Source{
		Database: filepath.Join(data, "zugou.db"), Attachments: filepath.Join(data, "attachments"),
		Keys: filepath.Join(data, "keys"), House: k.ID(), Version: "test",
	}, data, d}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, d *db.DB, statements ...string) {
	t.Helper()
	if err := d.Update(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func backUp(t *testing.T, h house, at time.Time) (path, dir string) {
	t.Helper()
	dir = filepath.Join(filepath.Dir(h.data), "backups")
	path, _, err := Make(t.Context(), h.src, dir, at)
	if err != nil {
		t.Fatal(err)
	}
	return path, dir
}

// The whole way: a backup while people write, a new machine, the same state.
func TestBackupWhileWritingAndRestore(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	var stop atomic.Bool
	var written atomic.Int64
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				// Both sides in one change: a copy that holds one without the
				// other is no state that ever was.
				if err := h.db.Update(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					n := written.Add(1)
					if _, err := tx.Exec(ctx, "INSERT INTO ledger (side, n) VALUES ('left', ?)", n); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, "INSERT INTO ledger (side, n) VALUES ('right', ?)", n)
					return err
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for written.Load() < 200 {
		if t.Failed() {
			break
		}
	}
	path, dir := backUp(t, h, night)
	stop.Store(true)
	wg.Wait()

	m, err := Verify(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(path) != "zugou-20250301T180000Z" || m.House != h.src.House || m.Schema == 0 || len(m.Files) != 4 || m.Bytes() == 0 {
		t.Errorf("%s %+v", path, m)
	}
	if all, err := List(dir); err != nil || len(all) != 1 || all[0] != path {
		t.Error(all, err)
	}

	fresh := filepath.Join(t.TempDir(), "data")
	keys := filepath.Join(fresh, "keys")
	write(t, filepath.Join(keys, crypto.FileName), "{}") // the keys came first
	if _, err := Restore(t.Context(), path, fresh, keys); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"2025/03/a.jpg": "picture a", "名字 \\x\n.pdf": "paper", "empty": ""} {
		got, err := os.ReadFile(filepath.Join(fresh, "attachments", filepath.FromSlash(name)))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q %v", name, got, err)
		}
	}
	back, err := db.Open(t.Context(), filepath.Join(fresh, "zugou.db"), clock.NewFake(night))
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	var left, right, both int64
	if err := back.View(t.Context(), func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&left, &right, &both), `SELECT
			(SELECT COUNT(*) FROM ledger WHERE side = 'left'), (SELECT COUNT(*) FROM ledger WHERE side = 'right'),
			(SELECT COUNT(*) FROM ledger l JOIN ledger r ON l.n = r.n AND l.side = 'left' AND r.side = 'right')`)
	}); err != nil {
		t.Fatal(err)
	}
	if left == 0 || left != right || left != both {
		t.Errorf("%d left, %d right, %d pairs", left, right, both)
	}
	if err := back.Check(t.Context()); err != nil {
		t.Errorf("the restored database takes no writes: %v", err)
	}
	entries, err := os.ReadDir(fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partial) {
			t.Errorf("%s was left", e.Name())
		}
	}
}

func TestNoKeyIsInABackup(t *testing.T) {
	h := newHouse(t)
	ring, err := os.ReadFile(filepath.Join(h.src.Keys, crypto.FileName))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.src.Attachments, crypto.FileName), string(ring)) // a careless copy
	if err := os.Symlink(h.src.Keys, filepath.Join(h.src.Attachments, "link")); err != nil {
		t.Fatal(err)
	}
	path, _ := backUp(t, h, night)
	m, err := Verify(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Skipped) != 2 {
		t.Errorf("skipped %v", m.Skipped)
	}
	var parsed struct{ Keys []struct{ Secret string } }
	if err := json.Unmarshal(ring, &parsed); err != nil || len(parsed.Keys) == 0 {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(path, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(p)
		for _, key := range parsed.Keys {
			if strings.Contains(string(raw), key.Secret) {
				t.Errorf("a key is in %s", p)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{h.src.Keys, filepath.Join(h.src.Keys, "b"), h.src.Attachments, filepath.Join(h.src.Attachments, "link", "b")} {
		if _, _, err := Make(t.Context(), h.src, to, night); err == nil || !strings.Contains(err.Error(), "can't lie in") {
			t.Errorf("a backup into %s: %v", to, err)
		}
	}
}

// What was deleted doesn't travel in the copy's free pages.
func TestDeletedRowsStayBehind(t *testing.T) {
	h := newHouse(t)
	const trace = "residual-trace-of-an-erased-row"
	update(t, h.db, fmt.Sprintf("INSERT INTO ledger (side, n) VALUES ('%s', 1)", strings.Repeat(trace, 200)))
	update(t, h.db, "DELETE FROM ledger")
	path, _ := backUp(t, h, night)
	raw, err := os.ReadFile(filepath.Join(path, databaseName))
	if err != nil || strings.Contains(string(raw), trace) {
		t.Error("the copy holds a deleted row", err)
	}
}

func TestSumsCanBeCheckedWithoutUs(t *testing.T) {
	h := newHouse(t)
	path, _ := backUp(t, h, night)
	cmd := exec.Command("sha256sum", "--check", "--strict", "--quiet", sumsName)
	cmd.Dir = path
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// Each way in which a backup can be spoilt is noticed, and nothing is
// restored from it.
func TestSpoiltBackups(t *testing.T) {
	h := newHouse(t)
	for name, spoil := range map[string]func(t *testing.T, path string){
		"a bit of the database": func(t *testing.T, path string) {
			p := filepath.Join(path, databaseName)
			raw, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			raw[len(raw)/2] ^= 1
			write(t, p, string(raw))
		},
		"an attachment cut":  func(t *testing.T, path string) { write(t, filepath.Join(path, "attachments/2025/03/a.jpg"), "pic") },
		"an attachment gone": func(t *testing.T, path string) { remove(t, filepath.Join(path, "attachments/2025/03/a.jpg")) },
		"one more file":      func(t *testing.T, path string) { write(t, filepath.Join(path, "attachments/b.jpg"), "b") },
		"no manifest":        func(t *testing.T, path string) { remove(t, filepath.Join(path, manifestName)) },
		"no sums":            func(t *testing.T, path string) { remove(t, filepath.Join(path, sumsName)) },
		"manifest changed":   func(t *testing.T, path string) { edit(t, path, false, func(m *Manifest) { m.House = "x" }) },
		"a path upwards": func(t *testing.T, path string) {
			edit(t, path, true, func(m *Manifest) { m.Files[1].Path = "attachments/../../x" })
		},
		"a path of keys": func(t *testing.T, path string) {
			edit(t, path, true, func(m *Manifest) { m.Files[1].Path = "keys/keyring.json" })
		},
		"a file twice": func(t *testing.T, path string) {
			edit(t, path, true, func(m *Manifest) { m.Files = append(m.Files, m.Files[1]) })
		},
		"no database":    func(t *testing.T, path string) { edit(t, path, true, func(m *Manifest) { m.Files = m.Files[1:] }) },
		"another format": func(t *testing.T, path string) { edit(t, path, true, func(m *Manifest) { m.Format = 2 }) },
	} {
		t.Run(name, func(t *testing.T) {
			path, _, err := Make(t.Context(), h.src, t.TempDir(), night)
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, path)
			if _, err := Verify(t.Context(), path); err == nil {
				t.Error("not noticed")
			}
			to := filepath.Join(t.TempDir(), "data")
			if _, err := Restore(t.Context(), path, to, ""); err == nil {
				t.Error("restored")
			}
			if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
				t.Error("something was written")
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// edit changes the manifest; sums says whether a forger also mended its sum.
func edit(t *testing.T, path string, sums bool, change func(*Manifest)) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	if sums {
		if err := writeManifest(path, m); err != nil {
			t.Fatal(err)
		}
		return
	}
	if raw, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(path, manifestName), string(raw))
}

func TestRestoreWritesOverNothing(t *testing.T) {
	h := newHouse(t)
	path, _ := backUp(t, h, night)
	_, err := Restore(t.Context(), path, h.data, h.src.Keys)
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("into a house that lives: %v", err)
	}
	to := filepath.Join(t.TempDir(), "data")
	write(t, filepath.Join(to, "keys", crypto.FileName), "{}")
	if _, err := Restore(t.Context(), path, to, filepath.Join(to, "other")); err == nil {
		t.Error("a folder that isn't the keys' was passed over")
	}
	// A restore was killed: the next one begins anew.
	write(t, filepath.Join(to, work, databaseName), "half")
	if _, err := Restore(t.Context(), path, to, filepath.Join(to, "keys")); err != nil {
		t.Error(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	h := newHouse(t)
	update(t, h.db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	path, _ := backUp(t, h, night)
	to := filepath.Join(t.TempDir(), "data")
	if _, err := Restore(t.Context(), path, to, ""); err == nil || !strings.Contains(err.Error(), "schema 9999") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(to, databaseName)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a database was left")
	}
}

func TestRefusedSources(t *testing.T) {
	h := newHouse(t)
	to := t.TempDir()
	src := h.src
	src.Database = "postgres://zugou@db.example/zugou"
	if _, _, err := Make(t.Context(), src, to, night); !errors.Is(err, ErrPostgres) || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("PostgreSQL: %v", err)
	}
	src.Database = filepath.Join(h.data, "away.db")
	if _, _, err := Make(t.Context(), src, to, night); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing database: %v", err)
	}
	other, err := sql.Open("sqlite", filepath.Join(h.data, "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec("CREATE TABLE x (y)"); err != nil {
		t.Fatal(err)
	}
	src.Database = filepath.Join(h.data, "other.db")
	if _, _, err := Make(t.Context(), src, to, night); err == nil || !strings.Contains(err.Error(), "not a database of zugou") {
		t.Errorf("another program's database: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Make(ctx, h.src, to, night); err == nil {
		t.Error("a backup went on after it was stopped")
	}
	if left, err := os.ReadDir(to); err != nil || len(left) != 0 {
		t.Errorf("failed backups left %v, %v", left, err)
	}
}

func TestPruneKeepsTheNewest(t *testing.T) {
	h := newHouse(t)
	src := h.src
	src.Attachments = filepath.Join(h.data, "none")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "zugou-20200101T000000Z"+partial, "x"), "killed")
	write(t, filepath.Join(dir, "notes.txt"), "mine")
	write(t, filepath.Join(dir, "zugou-old", "x"), "mine")
	var made []string
	for day := range 3 {
		path, _, err := Make(t.Context(), src, dir, night.AddDate(0, 0, day))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, path)
	}
	if _, _, err := Make(t.Context(), src, dir, night); !errs.Is(err, errs.KindConflict) {
		t.Errorf("a backup over another: %v", err)
	}
	if gone, err := Prune(dir, 0); err != nil || len(gone) != 0 {
		t.Error(gone, err)
	}
	gone, err := Prune(dir, 2)
	if err != nil || len(gone) != 1 || gone[0] != made[0] {
		t.Error(gone, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 { // two backups, and what isn't ours
		t.Error(entries, err)
	}
}

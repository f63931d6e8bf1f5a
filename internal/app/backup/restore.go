package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// work is the folder that a restore fills before anything gets its name.
const work = "restore" + partial

// Verify reads a backup through and gives its manifest. It returns an error
// that names the first file that is missing, changed or too much.
func Verify(ctx context.Context, dir string) (Manifest, error) {
	m, err := readManifest(dir)
	if err != nil {
		return m, err
	}
	known := map[string]bool{manifestName: true, sumsName: true}
	for _, want := range m.Files {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		got, err := sum(dir, want.Path)
		if err != nil {
			return m, fmt.Errorf("backup: %w", err)
		}
		if got != want {
			return m, fmt.Errorf("backup: %s was changed since it was written", want.Path)
		}
		known[want.Path] = true
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil && !known[filepath.ToSlash(rel)] {
			err = fmt.Errorf("backup: %s is not in the manifest", filepath.ToSlash(rel))
		}
		return err
	})
	return m, err
}

// readManifest checks the manifest against SHA256SUMS and its own rules.
func readManifest(dir string) (Manifest, error) {
	var m Manifest
	if strings.HasSuffix(filepath.Clean(dir), partial) {
		return m, errors.New("backup: this one was never finished")
	}
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	self, err := sum(dir, manifestName)
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	if first, _, _ := bytes.Cut(sums, []byte("\n")); string(first) != self.SHA256+"  "+manifestName {
		return m, fmt.Errorf("backup: %s was changed since it was written", manifestName)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("backup: %s: %w", manifestName, err)
	}
	if m.Product != "zugou" || m.Format != format || m.Engine != "sqlite" {
		return m, fmt.Errorf("backup: made as %s %s format %d; this program reads zugou sqlite format %d", m.Product, m.Engine, m.Format, format)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		inAttachments := strings.HasPrefix(f.Path, attachmentsDir+"/") && filepath.IsLocal(filepath.FromSlash(f.Path))
		if f.Path != databaseName && !inAttachments || seen[f.Path] {
			return m, fmt.Errorf("backup: the manifest names %q, which can't be part of a backup", f.Path)
		}
		seen[f.Path] = true
	}
	if !seen[databaseName] {
		return m, errors.New("backup: there is no database in it")
	}
	return m, nil
}

// Restore verifies the backup in from and brings it into dataDir, which must
// be empty but for the folder keys, or not there. It starts no service and
// makes no key.
func Restore(ctx context.Context, from, dataDir, keys string) (m Manifest, err error) {
	if m, err = Verify(ctx, from); err != nil {
		return m, err
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return m, err
	}
	if err := wantEmpty(dataDir, keys); err != nil {
		return m, err
	}
	tmp := filepath.Join(dataDir, work)
	if err := os.RemoveAll(tmp); err != nil { // of a restore that was killed
		return m, err
	}
	if err := os.MkdirAll(filepath.Join(tmp, attachmentsDir), 0o700); err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	source, err := os.OpenRoot(from) // follows no link out of the backup
	if err != nil {
		return m, err
	}
	defer source.Close()
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		if err := restoreFile(source, tmp, f); err != nil {
			return m, err
		}
	}
	db := filepath.Join(tmp, databaseName)
	if _, err := checkDatabase(ctx, db, "integrity_check"); err != nil {
		return m, err
	}
	if err := checkVersion(ctx, db); err != nil {
		return m, err
	}
	if err := syncTree(tmp); err != nil {
		return m, err
	}
	if err := os.Rename(filepath.Join(tmp, attachmentsDir), filepath.Join(dataDir, attachmentsDir)); err != nil {
		return m, err
	}
	if err := syncDir(dataDir); err != nil {
		return m, err
	}
	if err := os.Rename(db, filepath.Join(dataDir, databaseName)); err != nil {
		return m, err
	}
	return m, syncDir(dataDir)
}

// restoreFile copies one file and looks again at its sum: the disk may change
// its mind between two readings.
func restoreFile(source *os.Root, to string, f File) error {
	in, err := source.Open(filepath.FromSlash(f.Path))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	path := filepath.Join(to, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	got, err := copyFile(io.LimitReader(in, f.Size+1), path)
	if err != nil {
		return err
	}
	if got.SHA256 != f.SHA256 {
		return fmt.Errorf("backup: %s was changed since it was written", f.Path)
	}
	return nil
}

// wantEmpty refuses a folder that holds anything but the keys and what a
// killed restore left.
func wantEmpty(dataDir, keys string) error {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dataDir, e.Name())
		if e.Name() == work {
			continue
		}
		if keys != "" && e.IsDir() {
			if same, err := within(path, keys); err == nil && same {
				continue
			}
		}
		return fmt.Errorf("%s is not empty (%s): restore goes into an empty folder, so that nothing is written over", dataDir, e.Name())
	}
	return nil
}

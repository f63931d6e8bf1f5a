package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"zugou/internal/kernel/errs"
)

// The names in a backup.
const (
	databaseName   = "zugou.db"
	attachmentsDir = "attachments"
	manifestName   = "manifest.json"
	sumsName       = "SHA256SUMS"

	prefix    = "zugou-"
	partial   = ".partial"
	stampForm = "20060102T150405Z"

	format = 1
)

// Source is what to back up.
type Source struct {
	Database    string // path of the embedded database
	Attachments string // folder; it need not be there
	Keys        string // folder that must not be part of a backup
	House       string // the keyring's id, "" if not known: tells which keys a restore will need
	Version     string // of the program
}

// Manifest describes a backup.
type Manifest struct {
	Format  int      `json:"format"`
	Product string   `json:"product"`
	Version string   `json:"version"`
	Made    string   `json:"made"` // RFC 3339, UTC
	Engine  string   `json:"engine"`
	Schema  int64    `json:"schema"`
	House   string   `json:"house,omitempty"`
	Files   []File   `json:"files"`
	Skipped []string `json:"skipped,omitempty"` // what is no regular file
}

// File is one file of a backup.
type File struct {
	Path   string `json:"path"` // with slashes, below the backup's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Bytes is the size of all files.
func (m Manifest) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// ErrPostgres says that this database is backed up by its own tools.
var ErrPostgres = errors.New("a PostgreSQL database is backed up by its own tools: " +
	"`pg_dump --format=custom --file=FILE URL` (back: `pg_restore --clean --if-exists --dbname=URL FILE`), " +
	"or pg_basebackup with WAL archiving; copy the attachments folder after it, and the keys never with it")

// Make writes a backup below dir, which is made if it isn't there, and gives
// its folder. On any error nothing but an earlier backup is left.
func Make(ctx context.Context, src Source, dir string, now time.Time) (path string, m Manifest, err error) {
	if strings.Contains(src.Database, "://") {
		return "", m, ErrPostgres
	}
	if _, err := os.Stat(src.Database); err != nil {
		return "", m, fmt.Errorf("database: %w", err)
	}
	if dir, err = place(src, dir); err != nil {
		return "", m, err
	}
	path = filepath.Join(dir, prefix+now.UTC().Format(stampForm))
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return "", m, errors.Join(errs.Conflict("backup.exists"), err)
	}
	if err := removePartial(dir); err != nil {
		return "", m, err
	}
	tmp := path + partial
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return "", m, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(tmp)
		}
	}()
	m = Manifest{
		Format: format, Product: "zugou", Version: src.Version, Made: now.UTC().Format(time.RFC3339),
		Engine: "sqlite", House: src.House,
	}
	if m.Schema, err = copyDatabase(ctx, src.Database, filepath.Join(tmp, databaseName)); err != nil {
		return "", m, err
	}
	f, err := sum(tmp, databaseName)
	if err != nil {
		return "", m, err
	}
	m.Files = append(m.Files, f)
	if err := copyAttachments(ctx, src.Attachments, tmp, &m); err != nil {
		return "", m, err
	}
	if err := writeManifest(tmp, m); err != nil {
		return "", m, err
	}
	if err := syncTree(tmp); err != nil {
		return "", m, err
	}
	if err := os.Rename(tmp, path); err != nil {
		return "", m, err
	}
	return path, m, syncDir(dir)
}

// place makes the target folder and refuses one that would copy a backup into
// itself, or lies with the keys.
func place(src Source, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for name, forbidden := range map[string]string{"attachments": src.Attachments, "keys": src.Keys} {
		if forbidden == "" {
			continue
		}
		if inside, err := within(dir, forbidden); err != nil {
			return "", err
		} else if inside {
			return "", fmt.Errorf("a backup can't lie in the %s folder", name)
		}
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// within tells whether path is parent or lies below it.
func within(path, parent string) (bool, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(resolved(parent), resolved(path))
	if err != nil {
		return false, nil // on another volume
	}
	return rel == "." || filepath.IsLocal(rel), nil
}

// resolved follows links as far as the path is there.
func resolved(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if up := filepath.Dir(path); up != path {
		return filepath.Join(resolved(up), filepath.Base(path))
	}
	return path
}

// copyAttachments copies every regular file. Keys are left out even where the
// folder was set to hold them.
func copyAttachments(ctx context.Context, from, to string, m *Manifest) error {
	if from == "" {
		return nil
	}
	root, err := os.OpenRoot(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // erased while we walked
		case err != nil:
			return fmt.Errorf("attachments: %w", err)
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, attachmentsDir, filepath.FromSlash(path)), 0o700)
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "keyring.json"):
			m.Skipped = append(m.Skipped, attachmentsDir+"/"+path)
			return nil
		}
		in, err := root.Open(filepath.FromSlash(path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("attachments: %w", err)
		}
		defer in.Close()
		name := attachmentsDir + "/" + path
		f, err := copyFile(in, filepath.Join(to, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("attachments: %w", err)
		}
		f.Path = name
		m.Files = append(m.Files, f)
		return nil
	})
}

func writeManifest(dir string, m Manifest) error {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), append(raw, '\n'), 0o600); err != nil {
		return err
	}
	self, err := sum(dir, manifestName)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range append([]File{self}, m.Files...) {
		// sha256sum marks names with a backslash or line feed by a leading
		// backslash and escapes them.
		escaped := strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r").Replace(f.Path)
		if escaped != f.Path {
			b.WriteString("\\")
		}
		b.WriteString(f.SHA256 + "  " + escaped + "\n")
	}
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(b.String()), 0o600)
}

// List gives the folders of whole backups below dir, oldest first.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(e.Name(), prefix)
		if _, err := time.Parse(stampForm, stamp); ok && err == nil && e.IsDir() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	sort.Strings(out)
	return out, nil
}

// MadeAt reads the instant of a backup from the name of its folder.
func MadeAt(name string) (time.Time, bool) {
	stamp, ok := strings.CutPrefix(name, prefix)
	at, err := time.Parse(stampForm, stamp)
	return at, ok && err == nil
}

// Prune removes the oldest backups below dir until keep are left, and gives
// the removed. keep below 1 removes nothing. A backup being removed loses its
// name first, so that half of one is never taken for a whole.
func Prune(dir string, keep int) ([]string, error) {
	if keep < 1 {
		return nil, nil
	}
	all, err := List(dir)
	if err != nil || len(all) <= keep {
		return nil, err
	}
	old := all[:len(all)-keep]
	for _, path := range old {
		if err := os.Rename(path, path+partial); err != nil {
			return nil, err
		}
		if err := os.RemoveAll(path + partial); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// removePartial clears what a killed backup left.
func removePartial(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, prefix+"*"+partial))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

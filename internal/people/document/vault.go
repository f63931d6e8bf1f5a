package document

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Vault is a folder of sealed files: two letters of the id's random end, then
// the id, so that no folder grows beyond what a listing can bear. Other rooms
// keep their pictures in vaults of their own.
type Vault struct{ Dir string }

// The parts of one document.
const (
	partFull  = "full"
	partThumb = "thumb"
)

func (v Vault) path(name id.ID, part string) string {
	s := string(name)
	return filepath.Join(v.Dir, s[len(s)-2:], s+"."+part)
}

// Write puts a part on disk for good: when it returns nil, a crash keeps it.
// Faults are busy: a full disk passes by itself.
func (v Vault) Write(name id.ID, part, sealed string) error {
	path := v.path(name, part)
	if err := v.durable(path, sealed); err != nil {
		return errs.Busy("storage.unavailable", err)
	}
	return nil
}

func (v Vault) durable(path, sealed string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.WriteString(sealed); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	for _, d := range []string{dir, v.Dir} { // the folder may be new too
		if err = syncFolder(d); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read gives a part as it was written. Errors: NotFound, Busy.
func (v Vault) Read(name id.ID, part string) (string, error) {
	b, err := os.ReadFile(v.path(name, part))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errs.NotFound("document.gone")
	}
	if err != nil {
		return "", errs.Busy("storage.unavailable", err)
	}
	return string(b), nil
}

// Remove takes parts away; what is gone already is fine.
func (v Vault) Remove(name id.ID, parts ...string) error {
	var all []error
	for _, part := range parts {
		if err := os.Remove(v.path(name, part)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// olderThan lists the ids of files that were written before the instant, and
// removes half-written ones.
func (v Vault) olderThan(before time.Time) ([]id.ID, error) {
	seen := map[id.ID]bool{}
	var out []id.ID
	err := filepath.WalkDir(v.Dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(before) {
			return nil // gone meanwhile, or fresh
		}
		name := d.Name()
		if strings.HasPrefix(name, ".new-") {
			return os.Remove(path)
		}
		base, _, _ := strings.Cut(name, ".")
		if document, ok := id.Parse(base); ok && !seen[document] {
			seen[document] = true
			out = append(out, document)
		}
		return nil
	})
	return out, err
}

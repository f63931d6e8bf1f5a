package audit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
)

// Kept is a day's digest as it is kept outside the database. Its form is what
// `zugou audit verify --digest` reads.
type Kept struct {
	Digest
	At    clock.Millis `json:"at"`
	Day   civil.Date   `json:"day"`
	House string       `json:"house"` // the keyring's id: a copy from elsewhere is not taken for ours
}

const (
	keptPrefix = "audit-"
	keptSuffix = ".json"
	keptMost   = 64 << 10 // bytes of one file
)

// KeptName is the file of a day.
func KeptName(day civil.Date) string { return keptPrefix + string(day) + keptSuffix }

// Keep writes the digest of a day, once: what is there is never written over,
// or an attacker could have the next day's run forge the last one's proof.
func Keep(dir string, k Kept) (wrote bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	text, err := json.Marshal(k)
	if err != nil {
		return false, err
	}
	f, err := os.OpenFile(filepath.Join(dir, KeptName(k.Day)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(append(text, '\n'))
	return err == nil, errors.Join(err, f.Sync(), f.Close())
}

// KeptIn reads the digests of a house in the folder, oldest first; no folder
// is no digest. A file that can't be read is told by its name, and the rest
// are given all the same.
func KeptIn(dir, house string) (out []Kept, spoilt []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasPrefix(e.Name(), keptPrefix) || !strings.HasSuffix(e.Name(), keptSuffix) {
			continue
		}
		info, err := e.Info()
		if err != nil || info.Size() > keptMost {
			spoilt = append(spoilt, e.Name())
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		var k Kept
		if err == nil {
			err = json.Unmarshal(raw, &k)
		}
		if err != nil || KeptName(k.Day) != e.Name() {
			spoilt = append(spoilt, e.Name())
			continue
		}
		if k.House == house {
			out = append(out, k)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Day < out[j].Day })
	return out, spoilt, nil
}

package crypto

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// FileName is the keyring's name in its folder.
const FileName = "keyring.json"

// fileVersion is the layout of the file; a newer one is refused.
const fileVersion = 1

// file is the keyring as written.
type file struct {
	Version int       `json:"version"`
	ID      string    `json:"id"` // of the house; the same in every copy
	Created string    `json:"created"`
	Keys    []fileKey `json:"keys"` // oldest first; the last of a cipher is its current key
	Index   macKey    `json:"index"`
	MAC     macKey    `json:"mac"`
}

type fileKey struct {
	ID      string       `json:"id"`
	Alg     Alg          `json:"alg"`
	Created clock.Millis `json:"created"`
	Secret  []byte       `json:"secret"`
}

// ring is the keyring ready for use; it never changes once made.
type ring struct {
	file    file
	sealers map[string]*sealer
	current *sealer
	index   *hmacPool
	mac     *hmacPool
}

// Keyring holds the keys of one house. It is safe for concurrent use, and
// several processes may share its folder.
type Keyring struct {
	dir      string // "" for one that lives in memory only
	alg      Alg
	ring     atomic.Pointer[ring]
	mu       sync.Mutex // one reload or rotation at a time
	stamp    fileStamp  // of the file as last read; guarded by mu
	subjects subjectCache
	rename   func(from, to string) error // os.Rename; tests crash here
}

// fileStamp tells one version of the file from the next.
type fileStamp struct {
	mod  time.Time
	size int64
}

// Create makes a new keyring in dir, which is made with mode 0700 if it isn't
// there. It returns Conflict "keys.exist" if dir has a keyring already: keys
// are never overwritten.
func Create(dir string, alg Alg, now time.Time) (*Keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keys folder: %w", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, err := os.Lstat(filepath.Join(dir, FileName)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, fmt.Errorf("keyring: %w", err)
		}
		return nil, errs.Conflict("keys.exist")
	}
	k, err := newKeyring(dir, alg, now)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k, k.write(k.ring.Load().file)
}

// Ephemeral makes a keyring that is never written: for tests and trials.
func Ephemeral(alg Alg) *Keyring {
	k, err := newKeyring("", alg, time.Time{})
	if err != nil {
		panic(err) // an unknown cipher in a test
	}
	return k
}

func newKeyring(dir string, alg Alg, now time.Time) (*Keyring, error) {
	alg, err := ParseAlg(string(alg))
	if err != nil {
		return nil, err
	}
	hash := hashSM3
	if alg == AES {
		hash = hashSHA256
	}
	f := file{
		Version: fileVersion,
		ID:      newKeyID("h"),
		Created: now.UTC().Format(time.RFC3339),
		Index:   newMACKey(hash),
		MAC:     newMACKey(hash),
	}
	f.addKeys(now)
	r, err := build(f, alg)
	if err != nil {
		return nil, err
	}
	k := &Keyring{dir: dir, alg: alg, rename: os.Rename}
	k.ring.Store(r)
	return k, nil
}

// addKeys adds a new key of each cipher, so that Open never has to write
// when the setting changes.
func (f *file) addKeys(now time.Time) {
	for _, alg := range Algs() {
		secret := make([]byte, alg.keySize())
		random(secret)
		f.Keys = append(f.Keys, fileKey{ID: newKeyID("k"), Alg: alg, Created: clock.Of(now), Secret: secret})
	}
}

// Open reads the keyring in dir; new cells are sealed by alg. It returns
// NotFound "keys.missing" if there is none: whoever calls decides whether the
// database is new (Create) or the keys were lost (stop and say so).
func Open(dir string, alg Alg) (*Keyring, error) {
	alg, err := ParseAlg(string(alg))
	if err != nil {
		return nil, err
	}
	k := &Keyring{dir: dir, alg: alg, rename: os.Rename}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k, k.load()
}

// load reads the file; the caller holds mu.
func (k *Keyring) load() error {
	path := filepath.Join(k.dir, FileName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &errs.Error{Kind: errs.KindNotFound, Key: "keys.missing", Err: err}
	}
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("keyring: %s can be read by others (mode %04o); set it to 0600", path, info.Mode().Perm())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	f, err := parse(raw)
	if err != nil {
		return fmt.Errorf("keyring %s: %w", path, err)
	}
	r, err := build(f, k.alg)
	if err != nil {
		return fmt.Errorf("keyring %s: %w", path, err)
	}
	k.ring.Store(r)
	k.stamp = fileStamp{info.ModTime(), info.Size()}
	return nil
}

func parse(raw []byte) (file, error) {
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, errors.New("is not a keyring, or is damaged") // the decoder's words could quote a key
	}
	if f.Version != fileVersion {
		return f, fmt.Errorf("has layout %d; this program reads layout %d", f.Version, fileVersion)
	}
	return f, nil
}

func build(f file, alg Alg) (*ring, error) {
	r := &ring{file: f, sealers: make(map[string]*sealer, len(f.Keys))}
	if f.ID == "" {
		return nil, errors.New("has no id")
	}
	for _, key := range f.Keys {
		s, err := newSealer(key.ID, key.Alg, key.Secret)
		if err != nil {
			return nil, err
		}
		if _, twice := r.sealers[key.ID]; twice || key.ID == "" {
			return nil, fmt.Errorf("key id %q is empty or there twice", key.ID)
		}
		r.sealers[key.ID] = s
		if key.Alg == alg {
			r.current = s
		}
	}
	if r.current == nil {
		return nil, fmt.Errorf("has no key of %s", alg)
	}
	var err error
	if r.index, err = f.Index.pool(); err != nil {
		return nil, fmt.Errorf("index key: %w", err)
	}
	if r.mac, err = f.MAC.pool(); err != nil {
		return nil, fmt.Errorf("MAC key: %w", err)
	}
	return r, nil
}

// write stores f durably and makes it the ring in use; the caller holds mu
// and the folder's lock. After a crash at any point the folder holds the old
// keyring or the new one, whole.
func (k *Keyring) write(f file) error {
	r, err := build(f, k.alg)
	if err != nil {
		return err
	}
	if k.dir != "" {
		raw, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		path := filepath.Join(k.dir, FileName)
		if err := writeDurably(path, append(raw, '\n'), k.rename); err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
		k.stamp = fileStamp{info.ModTime(), info.Size()}
	}
	k.ring.Store(r)
	return nil
}

// Rotate adds a new key of each cipher and seals with it from now on. Old
// keys stay readable. It takes in what another process rotated meanwhile.
func (k *Keyring) Rotate(now time.Time) error {
	return k.change(func(f *file) error {
		f.addKeys(now)
		return nil
	})
}

// change edits the file under the folder's lock.
func (k *Keyring) change(edit func(*file) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dir != "" {
		unlock, err := lockDir(k.dir)
		if err != nil {
			return err
		}
		defer unlock()
		if err := k.load(); err != nil {
			return err
		}
	}
	f := k.ring.Load().file
	f.Keys = append([]fileKey(nil), f.Keys...)
	if err := edit(&f); err != nil {
		return err
	}
	return k.write(f)
}

// Refresh reads the file again if another process changed it. A cell under an
// unknown key does so by itself; a server calls it now and then so that it
// also seals with the newest key.
func (k *Keyring) Refresh() error {
	if k.dir == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(filepath.Join(k.dir, FileName))
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if k.stamp == (fileStamp{info.ModTime(), info.Size()}) {
		return nil
	}
	return k.load()
}

// ID names the house's keyring; it is the same in every copy and not secret.
func (k *Keyring) ID() string { return k.ring.Load().file.ID }

// KeyStatus describes one sealing key without its secret.
type KeyStatus struct {
	ID      string       `json:"id"`
	Alg     Alg          `json:"alg"`
	Created clock.Millis `json:"created"`
	Current bool         `json:"current"`
}

// Status lists the sealing keys, oldest first.
func (k *Keyring) Status() []KeyStatus {
	r := k.ring.Load()
	out := make([]KeyStatus, 0, len(r.file.Keys))
	for _, key := range r.file.Keys {
		out = append(out, KeyStatus{key.ID, key.Alg, key.Created, key.ID == r.current.id})
	}
	return out
}

// sealer finds a key by its id, looking at the file again if it is unknown.
func (k *Keyring) sealer(id string) (*sealer, error) {
	if s := k.ring.Load().sealers[id]; s != nil {
		return s, nil
	}
	if err := k.Refresh(); err != nil {
		return nil, errors.Join(errUnknownKey(id), err)
	}
	if s := k.ring.Load().sealers[id]; s != nil {
		return s, nil
	}
	return nil, errUnknownKey(id)
}

// Seal encrypts a text for the place that aad names. Empty stays empty.
func (k *Keyring) Seal(aad, plaintext string) string {
	return k.ring.Load().current.seal(forField, aad, []byte(plaintext))
}

// Open decrypts what Seal gave for the same aad. A text that was changed,
// moved, or sealed by an unknown key gives an internal error: keys
// "keys.cell_malformed", "keys.cell_tampered", "keys.unknown".
func (k *Keyring) Open(aad, sealed string) (string, error) {
	plain, err := k.open(forField, aad, sealed)
	return string(plain), err
}

func (k *Keyring) open(purpose, aad, sealed string) ([]byte, error) {
	if sealed == "" {
		return nil, nil
	}
	id, body, err := splitCell(sealed)
	if err != nil {
		return nil, err
	}
	s, err := k.sealer(id)
	if err != nil {
		return nil, err
	}
	return s.open(purpose, aad, body)
}

// Stale tells whether a sealed text is under an older key, or another cipher,
// than Seal would use now.
func (k *Keyring) Stale(sealed string) bool {
	return sealed != "" && !hasKey(sealed, k.ring.Load().current)
}

// Reseal gives the same text under the current key; changed is false, and the
// text as it was, if it is under it already.
func (k *Keyring) Reseal(aad, sealed string) (again string, changed bool, err error) {
	return k.reseal(forField, aad, sealed)
}

func (k *Keyring) reseal(purpose, aad, sealed string) (string, bool, error) {
	plain, err := k.open(purpose, aad, sealed)
	if err != nil {
		return sealed, false, err
	}
	if !k.Stale(sealed) {
		return sealed, false, nil
	}
	return k.ring.Load().current.seal(purpose, aad, plain), true, nil
}

func hasKey(sealed string, s *sealer) bool {
	return len(sealed) > len(s.prefix) && sealed[:len(s.prefix)] == s.prefix
}

// Witness gives a text to be kept in the database, by which a later start
// knows that the keyring it was given belongs to that database.
func (k *Keyring) Witness() string {
	r := k.ring.Load()
	return r.current.seal(forWitness, "", []byte(r.file.ID))
}

// CheckWitness returns Conflict "keys.other_house" if the keyring is not the
// one that made the witness.
func (k *Keyring) CheckWitness(witness string) error {
	plain, err := k.open(forWitness, "", witness)
	if err != nil || string(plain) != k.ID() {
		return &errs.Error{Kind: errs.KindConflict, Key: "keys.other_house", Err: err}
	}
	return nil
}

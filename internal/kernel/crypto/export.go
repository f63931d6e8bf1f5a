package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"zugou/internal/kernel/errs"
)

// The copy for the safe is text between two lines, so that it survives a
// printer, a USB stick and an office program.
const (
	exportBegin = "-----BEGIN ZUGOU KEYS-----"
	exportEnd   = "-----END ZUGOU KEYS-----"
)

// passphraseLeast is in characters. NewPassphrase gives 19.
const passphraseLeast = 12

// exportCosts are higher than a password's: it happens once a year.
var exportCosts = argonParams{memoryKiB: 64 << 10, passes: 4, lanes: 1}

// sealedFile is the copy: the keyring's file under a key from a passphrase.
// It is AES-256-GCM whatever the cipher setting, for it is opened by hand,
// perhaps years later, and must not depend on a setting.
type sealedFile struct {
	Version int    `json:"version"`
	House   string `json:"house"` // the keyring's id, to find the right envelope
	KDF     string `json:"kdf"`   // argon2id
	Memory  uint32 `json:"memory_kib"`
	Passes  uint32 `json:"passes"`
	Lanes   uint8  `json:"lanes"`
	Salt    []byte `json:"salt"`
	Nonce   []byte `json:"nonce"`
	Data    []byte `json:"data"`
}

// NewPassphrase makes a passphrase to be written on paper: 79 random bits in
// groups without signs that look alike.
func NewPassphrase() string {
	signs := make([]byte, codeSigns)
	for i := range signs {
		signs[i] = codeAlphabet[randomBelow(len(codeAlphabet))]
	}
	return grouped(string(signs))
}

// Export gives all keys, sealed by the passphrase, for the safe. Invalid
// "passphrase" if it is too short.
func (k *Keyring) Export(passphrase string) (string, error) {
	if utf8.RuneCountInString(passphrase) < passphraseLeast {
		return "", errs.Invalid("passphrase", "keys.passphrase_short")
	}
	f := k.ring.Load().file
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	s := sealedFile{
		Version: fileVersion, House: f.ID, KDF: "argon2id",
		Memory: exportCosts.memoryKiB, Passes: exportCosts.passes, Lanes: exportCosts.lanes,
		Salt: make([]byte, argonSalt), Nonce: make([]byte, nonceSize),
	}
	random(s.Salt)
	random(s.Nonce)
	aead, err := s.aead(passphrase)
	if err != nil {
		return "", err
	}
	s.Data = aead.Seal(nil, s.Nonce, plain, []byte(s.House))
	raw, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nHouse: %s\n\n", exportBegin, s.House)
	for text := base64.StdEncoding.EncodeToString(raw); text != ""; {
		n := min(64, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString(exportEnd + "\n")
	return b.String(), nil
}

func (s sealedFile) aead(passphrase string) (cipher.AEAD, error) {
	key := argon2.IDKey([]byte(passphrase), s.Salt, s.Passes, s.Memory, s.Lanes, 32)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Import puts the keys of a copy into dir. Into an empty folder it restores
// them all; into one with a keyring of the same house it adds the keys that
// are missing there. It returns Invalid "keys.copy_damaged" or "keys.passphrase_wrong" for a text
// that can't be opened, and Conflict "keys.other_house" if dir has the keys of
// another house.
func Import(dir, text, passphrase string) (*Keyring, error) {
	f, err := openExport(text, passphrase)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keys folder: %w", err)
	}
	k := &Keyring{dir: dir, alg: SM4, rename: os.Rename}
	k.mu.Lock()
	defer k.mu.Unlock()
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, err := os.Lstat(filepath.Join(dir, FileName)); err == nil {
		if err := k.load(); err != nil {
			return nil, err
		}
		here := k.ring.Load().file
		if here.ID != f.ID {
			return nil, errs.Conflict("keys.other_house")
		}
		f = merged(here, f)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return k, k.write(f)
}

// merged adds what only the copy has, before what is here: the newest keys
// here stay the current ones.
func merged(here, copied file) file {
	known := make(map[string]bool, len(here.Keys))
	for _, key := range here.Keys {
		known[key.ID] = true
	}
	var keys []fileKey
	for _, key := range copied.Keys {
		if !known[key.ID] {
			keys = append(keys, key)
		}
	}
	here.Keys = append(keys, here.Keys...)
	return here
}

func openExport(text, passphrase string) (file, error) {
	damaged := errs.Invalid("copy", "keys.copy_damaged")
	_, body, ok := strings.Cut(text, exportBegin)
	if !ok {
		return file{}, damaged
	}
	body, _, ok = strings.Cut(body, exportEnd)
	if !ok {
		return file{}, damaged
	}
	var b strings.Builder
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); !strings.Contains(line, ":") {
			b.WriteString(line)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(b.String())
	if err != nil {
		return file{}, damaged
	}
	var s sealedFile
	if err := json.Unmarshal(raw, &s); err != nil {
		return file{}, damaged
	}
	if s.Version != fileVersion || s.KDF != "argon2id" || len(s.Nonce) != nonceSize || len(s.Salt) < 8 ||
		s.Memory < 8 || s.Memory > argonMost.memoryKiB || s.Passes < 1 || s.Passes > argonMost.passes ||
		s.Lanes < 1 || s.Lanes > argonMost.lanes {
		return file{}, damaged
	}
	aead, err := s.aead(passphrase)
	if err != nil {
		return file{}, err
	}
	plain, err := aead.Open(nil, s.Nonce, s.Data, []byte(s.House))
	if err != nil {
		return file{}, errs.Invalid("passphrase", "keys.passphrase_wrong")
	}
	f, err := parse(plain)
	if err != nil || f.ID != s.House {
		return file{}, damaged
	}
	return f, nil
}

package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/emmansun/gmsm/sm4"

	"zugou/internal/kernel/errs"
)

// Alg names the cipher of a sealing key.
type Alg string

// The ciphers.
const (
	SM4 Alg = "sm4-gcm" // GB/T 32907, 128-bit key
	AES Alg = "aes-gcm" // FIPS 197, 256-bit key
)

// Algs lists the ciphers that a setting may name.
func Algs() []Alg { return []Alg{SM4, AES} }

// ParseAlg reads a setting; "" is SM4.
func ParseAlg(s string) (Alg, error) {
	switch Alg(s) {
	case "", SM4:
		return SM4, nil
	case AES:
		return AES, nil
	}
	return "", errs.Invalid("cipher", "keys.alg_unknown")
}

// keySize is the length of a key in bytes.
func (a Alg) keySize() int {
	if a == SM4 {
		return sm4.BlockSize
	}
	return 32
}

func (a Alg) aead(secret []byte) (cipher.AEAD, error) {
	if len(secret) != a.keySize() {
		return nil, fmt.Errorf("key of %s has %d bytes, want %d", a, len(secret), a.keySize())
	}
	var block cipher.Block
	var err error
	switch a {
	case SM4:
		block, err = sm4.NewCipher(secret)
	case AES:
		block, err = aes.NewCipher(secret)
	default:
		return nil, fmt.Errorf("unknown cipher %q", string(a))
	}
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

const (
	cellVersion = "v1:"
	nonceSize   = 12
	tagSize     = 16
)

// What a sealed text is for; it is part of the authenticated data, so that a
// wrapped key never opens as a field, nor the other way round.
const (
	forField   = "field\x00"
	forSubject = "subject\x00"
	forWitness = "witness\x00"
)

// sealer is one key ready for use; safe for concurrent use.
type sealer struct {
	id     string
	alg    Alg
	aead   cipher.AEAD
	prefix string // "v1:<id>:"
}

func newSealer(id string, alg Alg, secret []byte) (*sealer, error) {
	aead, err := alg.aead(secret)
	if err != nil {
		return nil, err
	}
	return &sealer{id: id, alg: alg, aead: aead, prefix: cellVersion + id + ":"}, nil
}

// encoding refuses texts that differ only in unused bits.
var encoding = base64.RawURLEncoding.Strict()

func (s *sealer) seal(purpose, aad string, plain []byte) string {
	if len(plain) == 0 {
		return ""
	}
	buf := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	random(buf)
	buf = s.aead.Seal(buf, buf[:nonceSize], plain, []byte(purpose+aad))
	out := make([]byte, len(s.prefix)+encoding.EncodedLen(len(buf)))
	copy(out, s.prefix)
	encoding.Encode(out[len(s.prefix):], buf)
	return string(out)
}

func (s *sealer) open(purpose, aad, body string) ([]byte, error) {
	if strings.ContainsAny(body, "\r\n") { // the decoder would read over them
		return nil, errMalformed()
	}
	buf, err := encoding.DecodeString(body)
	if err != nil || len(buf) <= nonceSize+tagSize {
		return nil, errMalformed()
	}
	plain, err := s.aead.Open(buf[nonceSize:nonceSize], buf[:nonceSize], buf[nonceSize:], []byte(purpose+aad))
	if err != nil {
		return nil, errTampered()
	}
	return plain, nil
}

// splitCell takes a sealed text apart, without judging the body.
func splitCell(sealed string) (keyID, body string, err error) {
	rest, ok := strings.CutPrefix(sealed, cellVersion)
	if !ok {
		return "", "", errMalformed()
	}
	keyID, body, ok = strings.Cut(rest, ":")
	if !ok || keyID == "" {
		return "", "", errMalformed()
	}
	return keyID, body, nil
}

// Faults of sealed texts. They are internal: a user can't mend them, and
// each is worth an alarm.
func errMalformed() error {
	return &errs.Error{Kind: errs.KindInternal, Key: "keys.cell_malformed"}
}

func errTampered() error { return &errs.Error{Kind: errs.KindInternal, Key: "keys.cell_tampered"} }

func errUnknownKey(id string) error {
	if len(id) > 16 {
		id = id[:16]
	}
	return &errs.Error{Kind: errs.KindInternal, Key: "keys.unknown", Err: fmt.Errorf("key id %q", id)}
}

// random fills b. crypto/rand never fails: it ends the process first.
func random(b []byte) { _, _ = rand.Read(b) }

// newKeyID gives an id of 10 characters; it is not secret.
func newKeyID(prefix string) string {
	b := make([]byte, 6)
	random(b)
	return prefix + fmt.Sprintf("%x", b)[:10-len(prefix)]
}

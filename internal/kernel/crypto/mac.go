package crypto

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"

	"github.com/emmansun/gmsm/sm3"
)

// The hashes under HMAC. A key keeps the hash it was made with for good,
// whatever the cipher setting becomes: what it made is stored.
const (
	hashSM3    = "sm3"
	hashSHA256 = "sha256"
)

// macKeySize in bytes, for both hashes.
const macKeySize = 32

// IndexSize is how many bytes of a keyed look-up are kept: 128 bits, no
// accidental twins in a country of people.
const IndexSize = 16

type macKey struct {
	Hash   string `json:"hash"`
	Secret []byte `json:"secret"`
}

func newMACKey(hash string) macKey {
	k := macKey{Hash: hash, Secret: make([]byte, macKeySize)}
	random(k.Secret)
	return k
}

// hmacPool keeps keyed hashes ready: setting one up costs more than a short
// message.
type hmacPool struct{ pool sync.Pool }

func (k macKey) pool() (*hmacPool, error) {
	if len(k.Secret) != macKeySize {
		return nil, fmt.Errorf("has %d bytes, want %d", len(k.Secret), macKeySize)
	}
	var newHash func() hash.Hash
	switch k.Hash {
	case hashSM3:
		newHash = sm3.New
	case hashSHA256:
		newHash = sha256.New
	default:
		return nil, fmt.Errorf("unknown hash %q", k.Hash)
	}
	return &hmacPool{pool: sync.Pool{New: func() any { return &keyed{h: hmac.New(newHash, k.Secret)} }}}, nil
}

type keyed struct {
	h   hash.Hash
	buf []byte
}

// sum gives HMAC(key, len(domain) | domain | data); the length keeps
// ("ab","c") and ("a","bc") apart.
func (p *hmacPool) sum(domain string, data []byte, text string) [macKeySize]byte {
	m := p.pool.Get().(*keyed)
	m.h.Reset()
	m.buf = binary.BigEndian.AppendUint32(m.buf[:0], uint32(len(domain)))
	m.buf = append(m.buf, domain...)
	m.buf = append(m.buf, text...)
	m.h.Write(m.buf)
	m.h.Write(data)
	var out [macKeySize]byte
	m.h.Sum(out[:0])
	clear(m.buf) // may hold an ID number
	p.pool.Put(m)
	return out
}

// Index gives the keyed look-up of a value, 22 characters: the same field and
// value give the same text, and nobody without the key can tell which value
// it is. The value must be in normal form (civil). Empty stays empty. A look-up
// of few values, such as the last four, shows how often each occurs.
func (k *Keyring) Index(field, value string) string {
	if value == "" {
		return ""
	}
	sum := k.ring.Load().index.sum(field, nil, value)
	return encoding.EncodeToString(sum[:IndexSize])
}

// MAC authenticates data for one use ("audit.chain", "api.signature"): 32
// bytes, compared by Equal.
func (k *Keyring) MAC(domain string, data []byte) []byte {
	sum := k.ring.Load().mac.sum(domain, data, "")
	return sum[:]
}

// Equal compares two secrets in a time that doesn't tell where they differ.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// EqualText is Equal for texts such as tokens and codes.
func EqualText(a, b string) bool { return Equal([]byte(a), []byte(b)) }

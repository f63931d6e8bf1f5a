package crypto

import (
	"bytes"
	"sync"

	"zugou/internal/kernel/errs"
)

// Subject seals the fields of one person under that person's own key. It is
// small, and safe to copy and to use concurrently. The zero Subject opens
// nothing and must not seal.
type Subject struct{ s *sealer }

// wrapAAD binds a wrapped key to its use.
const wrapAAD = "v1"

// NewSubject makes a person's key. wrapped is stored in the person's row;
// destroying it erases whatever the Subject sealed.
func (k *Keyring) NewSubject() (Subject, string) {
	r := k.ring.Load()
	secret := make([]byte, r.current.alg.keySize())
	random(secret)
	id := newKeyID("s")
	s, err := newSealer(id, r.current.alg, secret)
	if err != nil {
		panic(err) // the length is the cipher's own
	}
	// id | 0 | cipher | 0 | secret
	plain := append([]byte(id+"\x00"+string(s.alg)+"\x00"), secret...)
	wrapped := r.current.seal(forSubject, wrapAAD, plain)
	k.subjects.put(wrapped, s)
	return Subject{s}, wrapped
}

// Subject unwraps a person's key. An empty text is NotFound "keys.erased":
// the person was erased.
func (k *Keyring) Subject(wrapped string) (Subject, error) {
	if wrapped == "" {
		return Subject{}, errs.NotFound("keys.erased")
	}
	if s := k.subjects.get(wrapped); s != nil {
		return Subject{s}, nil
	}
	plain, err := k.open(forSubject, wrapAAD, wrapped)
	if err != nil {
		return Subject{}, err
	}
	parts := bytes.SplitN(plain, []byte{0}, 3)
	if len(parts) != 3 {
		return Subject{}, errMalformed()
	}
	s, err := newSealer(string(parts[0]), Alg(parts[1]), parts[2])
	if err != nil {
		return Subject{}, errMalformed()
	}
	k.subjects.put(wrapped, s)
	return Subject{s}, nil
}

// Rewrap gives a person's key under the ring's current key, after a rotation.
// The person's cells stay as they are.
func (k *Keyring) Rewrap(wrapped string) (again string, changed bool, err error) {
	return k.reseal(forSubject, wrapAAD, wrapped)
}

// Forget drops an erased person's key from this process's memory.
func (k *Keyring) Forget(wrapped string) { k.subjects.drop(wrapped) }

// Seal encrypts a field of the person for the place that aad names. Empty
// stays empty.
func (s Subject) Seal(aad, plaintext string) string {
	if plaintext == "" {
		return ""
	}
	return s.s.seal(forField, aad, []byte(plaintext))
}

// Open decrypts what Seal gave for the same person and aad; errors as of
// Keyring.Open.
func (s Subject) Open(aad, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	if s.s == nil {
		return "", errs.NotFound("keys.erased")
	}
	id, body, err := splitCell(sealed)
	if err != nil {
		return "", err
	}
	if id != s.s.id {
		return "", errUnknownKey(id) // another person's cell
	}
	plain, err := s.s.open(forField, aad, body)
	return string(plain), err
}

// cacheHalf is how many keys each half of the cache holds. A key takes some
// 1.5 KB, so the cache stays below 100 MB; a township's children fit in it.
const cacheHalf = 32 << 10

// subjectCache keeps the keys last used: two halves, of which the older is
// dropped when the younger is full.
type subjectCache struct {
	mu         sync.RWMutex
	young, old map[string]*sealer
}

func (c *subjectCache) get(wrapped string) *sealer {
	c.mu.RLock()
	s, inYoung := c.young[wrapped]
	if !inYoung {
		s = c.old[wrapped]
	}
	c.mu.RUnlock()
	if s != nil && !inYoung {
		c.put(wrapped, s)
	}
	return s
}

func (c *subjectCache) put(wrapped string, s *sealer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= cacheHalf {
		c.old, c.young = c.young, make(map[string]*sealer)
	}
	c.young[wrapped] = s
}

func (c *subjectCache) drop(wrapped string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, wrapped)
	delete(c.old, wrapped)
}

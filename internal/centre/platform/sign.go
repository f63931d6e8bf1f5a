package platform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
)

// Hash names what a key signs with.
type Hash string

// The hashes.
const (
	SM3    Hash = "sm3"
	SHA256 Hash = "sha256"
)

func (h Hash) new() func() hash.Hash {
	if h == SHA256 {
		return sha256.New
	}
	return sm3.New
}

// Window is how far a request's time may be off ours.
const Window = 5 * time.Minute

// Signed is a request as it was signed.
type Signed struct {
	Key       string // X-Zugou-Key
	Time      string // X-Zugou-Time, Unix seconds
	Nonce     string // X-Zugou-Nonce, 8 to 64 letters and digits
	Signature string // X-Zugou-Signature, hex
	Method    string
	Path      string // with its query
	Body      []byte
}

// Sign gives the signature of a request.
func Sign(h Hash, secret, method, path, at, nonce string, body []byte) string {
	sum := h.new()()
	sum.Write(body)
	mac := hmac.New(h.new(), []byte(secret))
	mac.Write([]byte(strings.Join([]string{method, path, at, nonce, hex.EncodeToString(sum.Sum(nil))}, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// check refuses what can't be right before any secret is looked at.
func (s Signed) check(now time.Time) error {
	at, err := strconv.ParseInt(s.Time, 10, 64)
	switch {
	case s.Key == "" || s.Signature == "":
		return errs.Unauthenticated("platform.unsigned")
	case err != nil:
		return errs.Unauthenticated("platform.time")
	case !nonceOK(s.Nonce):
		return errs.Unauthenticated("platform.nonce")
	}
	if off := now.Sub(time.Unix(at, 0)); off > Window || off < -Window {
		return errs.Unauthenticated("platform.time")
	}
	return nil
}

func nonceOK(n string) bool {
	if len(n) < 8 || len(n) > 64 {
		return false
	}
	return !strings.ContainsFunc(n, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

// matches tells whether the signature is that of the secret.
func (s Signed) matches(h Hash, secret string) bool {
	want := Sign(h, secret, s.Method, s.Path, s.Time, s.Nonce, s.Body)
	return crypto.EqualText(strings.ToLower(s.Signature), want)
}

package crypto

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"zugou/internal/kernel/errs"
)

// argonParams are the costs of one hash.
type argonParams struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
}

// argonNow is what new hashes take: the first of the OWASP password storage
// cheat sheet's equal choices with little memory, some 25 ms on one core of
// the machines that offices have.
var argonNow = argonParams{memoryKiB: 19 << 10, passes: 2, lanes: 1}

// argonMost bounds what a stored hash may ask for, so that a forged row can't
// eat the machine.
var argonMost = argonParams{memoryKiB: 256 << 10, passes: 16, lanes: 8}

const (
	argonSalt = 16
	argonKey  = 32
)

// Passwords hashes and checks passwords by argon2id (RFC 9106). It bounds how
// many run at once: each takes its memory, and a storm of sign-ins must not
// take the seat's.
type Passwords struct {
	slots  chan struct{}
	params argonParams
}

// NewPasswords allows so many hashes at a time; 0 is one for each core.
func NewPasswords(atOnce int) *Passwords {
	if atOnce <= 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	return &Passwords{slots: make(chan struct{}, atOnce), params: argonNow}
}

// derive waits for a slot; Busy "password.busy" if ctx ends first.
func (p *Passwords) derive(ctx context.Context, password string, salt []byte, a argonParams, size int) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, errs.Busy("password.busy", ctx.Err())
	}
	defer func() { <-p.slots }()
	return argon2.IDKey([]byte(password), salt, a.passes, a.memoryKiB, a.lanes, uint32(size)), nil
}

// Hash gives the PHC text of a password: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	random(salt)
	key, err := p.derive(ctx, password, salt, p.params, argonKey)
	if err != nil {
		return "", err
	}
	return phc(p.params, salt, key), nil
}

func phc(a argonParams, salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memoryKiB, a.passes, a.lanes,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

// Check compares a password with a stored hash. rehash says that the password
// is right but the hash was made at other costs than Hash takes now: store a
// new one. An empty hash is an account that is unknown or has no password:
// the answer is no, after the time that a real check takes. Errors: Busy as
// of Hash; internal if the stored text is not a hash.
func (p *Passwords) Check(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	if stored == "" {
		_, err := p.derive(ctx, password, make([]byte, argonSalt), p.params, argonKey)
		return false, false, err
	}
	a, salt, want, err := parsePHC(stored)
	if err != nil {
		return false, false, errs.Internal(err)
	}
	got, err := p.derive(ctx, password, salt, a, len(want))
	if err != nil {
		return false, false, err
	}
	ok = Equal(got, want)
	return ok, ok && (a != p.params || len(want) != argonKey || len(salt) < argonSalt), nil
}

// Reused tells whether the password is one of the earlier ones: 等保2.0 asks
// that a change is a change. It takes one hash's time for each.
func (p *Passwords) Reused(ctx context.Context, password string, earlier []string) (bool, error) {
	for _, stored := range earlier {
		if stored == "" {
			continue
		}
		if ok, _, err := p.Check(ctx, stored, password); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

var errNotPHC = errors.New("stored password is not an argon2id hash within bounds")

func parsePHC(s string) (a argonParams, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return a, nil, nil, errNotPHC
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return a, nil, nil, errNotPHC
	}
	var n [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		text, ok := strings.CutPrefix(costs[i], name)
		if !ok {
			return a, nil, nil, errNotPHC
		}
		if n[i], err = strconv.ParseUint(text, 10, 32); err != nil {
			return a, nil, nil, errNotPHC
		}
	}
	if n[0] < 8 || n[0] > uint64(argonMost.memoryKiB) || n[1] < 1 || n[1] > uint64(argonMost.passes) ||
		n[2] < 1 || n[2] > uint64(argonMost.lanes) {
		return a, nil, nil, errNotPHC
	}
	a = argonParams{uint32(n[0]), uint32(n[1]), uint8(n[2])}
	enc := base64.RawStdEncoding.Strict()
	salt, err1 := enc.DecodeString(parts[4])
	key, err2 := enc.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return a, nil, nil, errNotPHC
	}
	return a, salt, key, nil
}

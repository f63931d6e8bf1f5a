package crypto

import (
	"encoding/base32"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"zugou/internal/kernel/errs"
)

// SecondFactor is one way to prove a sign-in beyond the password. 等保2.0
// level 3 asks for two, one of them cryptographic. TOTP is here; a UKey or the
// government's sign-on are others of the same shape.
type SecondFactor interface {
	// Kind names the factor in records: "totp".
	Kind() string
	// Enrol makes what the person's device and the server will share.
	Enrol(account string) Enrolment
	// Verify checks an answer. last is the step that Verify gave for the
	// person's last good answer (0 before the first); it returns the step to
	// store in the same transaction, so that no answer counts twice. A wrong
	// or used answer is Unauthenticated "factor.wrong".
	Verify(secret, answer string, last int64, now time.Time) (step int64, err error)
}

// Enrolment is what a new second factor needs.
type Enrolment struct {
	Secret string // stored sealed; shown once for typing by hand
	URL    string // otpauth:// for the QR picture
}

// TOTP is RFC 6238 with six digits, 30 seconds and SHA-1: what every
// authenticator app reads. Issuer is shown in the app.
type TOTP struct{ Issuer string }

const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps before and after, for clocks that are off
	totpSecret = 20 // bytes, RFC 4226 section 4
)

// Kind names the factor.
func (TOTP) Kind() string { return "totp" }

// Enrol makes a secret.
func (t TOTP) Enrol(account string) Enrolment {
	b := make([]byte, totpSecret)
	random(b)
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
	// Apps read a plus as a plus, so spaces are %20 (Key Uri Format).
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	q := "secret=" + secret + "&issuer=" + escape(t.Issuer) + "&algorithm=SHA1&digits=6&period=" + strconv.Itoa(totpPeriod)
	label := escape(t.Issuer) + ":" + escape(account)
	return Enrolment{Secret: secret, URL: "otpauth://totp/" + label + "?" + q}
}

// Verify accepts the code of this step, the one before or the one after, if
// it is later than last.
func (TOTP) Verify(secret, answer string, last int64, now time.Time) (int64, error) {
	answer = strings.Join(strings.Fields(answer), "")
	wrong := errs.Unauthenticated("factor.wrong")
	if len(answer) != int(otp.DigitsSix) {
		return 0, wrong
	}
	here := now.Unix() / totpPeriod
	var found int64
	for step := here - totpSkew; step <= here+totpSkew; step++ {
		if step < 0 {
			continue
		}
		want, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, errs.Internal(err)
		}
		if EqualText(want, answer) && step > last {
			found = step
		}
	}
	if found == 0 {
		return 0, wrong
	}
	return found, nil
}

// Code gives the code of an instant: for the demo, and for tests.
func (TOTP) Code(secret string, now time.Time) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(now.Unix()/totpPeriod), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

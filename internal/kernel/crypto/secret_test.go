package crypto

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"pgregory.net/rapid"

	"zugou/internal/kernel/errs"
)

func slowHMAC(hash string, key, message []byte) []byte {
	sum := func(b []byte) []byte {
		if hash == hashSM3 {
			s := sm3.Sum(b)
			return s[:]
		}
		s := sha256.Sum256(b)
		return s[:]
	}
	inner, outer := make([]byte, 64), make([]byte, 64)
	for i := range inner {
		var b byte
		if i < len(key) {
			b = key[i]
		}
		inner[i], outer[i] = b^0x36, b^0x5c
	}
	return sum(append(outer, sum(append(inner, message...))...))
}

// cheap hashes quickly; the costs themselves are tested once.
func cheap() *Passwords {
	return &Passwords{slots: make(chan struct{}, 2), params: argonParams{64, 1, 1}}
}

func TestPasswords(t *testing.T) {
	ctx := t.Context()
	p := NewPasswords(0)
	stored, err := p.Hash(ctx, "Tiger-4-Boat")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored as %s", stored)
	}
	if ok, rehash, err := p.Check(ctx, stored, "Tiger-4-Boat"); !ok || rehash || err != nil {
		t.Error("right password:", ok, rehash, err)
	}
	if ok, rehash, err := p.Check(ctx, stored, "Tiger-4-boat"); ok || rehash || err != nil {
		t.Error("wrong password:", ok, rehash, err)
	}
	c := cheap()
	if ok, rehash, err := c.Check(ctx, stored, "Tiger-4-Boat"); !ok || !rehash || err != nil {
		t.Error("a hash of other costs:", ok, rehash, err)
	}
	if ok, _, err := c.Check(ctx, "", "anything"); ok || err != nil {
		t.Error("unknown account:", ok, err)
	}
	// A vector of the reference implementation: the format is the common one.
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, rehash, err := c.Check(ctx, foreign, "password"); !ok || !rehash || err != nil {
		t.Error("a hash made elsewhere:", ok, rehash, err)
	}
	first, err := c.Hash(ctx, "One-4-All-1")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"One-4-All-1": true, "One-4-All-2": false} {
		if got, err := c.Reused(ctx, password, []string{"", first}); got != want || err != nil {
			t.Errorf("Reused(%s) = %v, %v", password, got, err)
		}
	}
}

func TestStoredTextThatIsNoHash(t *testing.T) {
	for _, s := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", // 4 GiB: a forged row
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=x,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if ok, _, err := cheap().Check(t.Context(), s, "password"); ok || !errs.Is(err, errs.KindInternal) {
			t.Errorf("%s: %v %v", s, ok, err)
		}
	}
}

// A storm of sign-ins takes only the allowed slots; who gives up is told busy.
func TestPasswordsAreBounded(t *testing.T) {
	p := cheap()
	p.slots <- struct{}{}
	p.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Hash(ctx, "x")
	wantKey(t, err, errs.KindBusy, "password.busy")
	<-p.slots
	<-p.slots
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := p.Hash(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPasswordRules(t *testing.T) {
	cases := []struct{ password, want string }{
		{"Tiger-4-Boat", ""},
		{"河边的Tree有7棵树啊啊", ""},
		{"kV9#mQ2x!p", ""},
		{"correct Horse 7 battery", ""},
		{"Kv9#m", "password.too_short"},
		{"tigerboatriver", "password.too_simple"},
		{"tigerboat7river", "password.too_simple"},
		{strings.Repeat("aB3-xY9_", 17), "password.too_long"},
		{"Tiger\x00Boat4-x", "password.unprintable"},
		{"Tiger\xffBoat4-x", "password.unprintable"},
		{"Li.wen2-River", "password.contains_account"},
		{"River-new.iL7", "password.contains_account"}, // backwards
		{"River-15400001234", "password.contains_account"},
		{"River-x-001234", "password.contains_account"}, // last six
		{"Admin@12345", "password.common"},
		{"P@ssw0rd2024", "password.common"},
		{"Chongqing@2024", "password.common"},
		{"Qwerty123456!", "password.common"},
		{"1qaz@WSX3edc", "password.common"},
		{"Aa123456789.", "password.common"},
		{"AAAAaaaa1111", "password.common"},
		{"Abcd20240101", "password.common"},
		{"Woaini5201314", "password.common"},
	}
	for _, c := range cases {
		var got []string
		for _, f := range CheckPasswordRules(c.password, "li.wen", "15400001234") {
			if f.Name != "password" {
				t.Errorf("%q: field %q", c.password, f.Name)
			}
			got = append(got, f.Key)
		}
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) == 0 || !strings.Contains(strings.Join(got, " "), c.want)) {
			t.Errorf("%q: %v, want %q", c.password, got, c.want)
		}
	}
	if got := CheckPasswordRules("Tiger-4-Boat", "", ""); len(got) != 0 {
		t.Error("without account:", got)
	}
}

// What Token makes is always a good password: a made one is never refused.
func TestMadePasswordsPass(t *testing.T) {
	for range 200 {
		if got := CheckPasswordRules("Zx7-"+Token(12), "account", "15400001234"); len(got) > 0 {
			t.Fatal(got)
		}
	}
}

func TestTokensAndCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		tok, code := Token(16), HelpCode()
		if len(tok) != 22 || len(code) != 19 || seen[tok] || seen[code] {
			t.Fatal(tok, code)
		}
		seen[tok], seen[code] = true, true
		if got, ok := ParseHelpCode(code); !ok || got != code {
			t.Fatalf("%s read as %s, %v", code, got, ok)
		}
		if n := NumericCode(6); len(n) != 6 || !isDigits(n) {
			t.Fatal(n)
		}
	}
}

// Any one wrong sign and any two neighbours that changed places are noticed.
func TestHelpCodeNoticesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		idx := rapid.SliceOfN(rapid.IntRange(0, len(codeAlphabet)-1), codeSigns-1, codeSigns-1).Draw(t, "signs")
		signs := make([]byte, 0, codeSigns)
		for _, i := range idx {
			signs = append(signs, codeAlphabet[i])
		}
		signs = append(signs, codeAlphabet[codeCheck(signs)])
		if _, ok := ParseHelpCode(string(signs)); !ok {
			t.Fatal("good code refused")
		}
		at := rapid.IntRange(0, codeSigns-1).Draw(t, "at")
		wrong := append([]byte(nil), signs...)
		wrong[at] = codeAlphabet[rapid.IntRange(0, len(codeAlphabet)-1).Draw(t, "sign")]
		if _, ok := ParseHelpCode(string(wrong)); ok != (wrong[at] == signs[at]) {
			t.Fatalf("%s as %s: %v", signs, wrong, ok)
		}
		at = rapid.IntRange(0, codeSigns-2).Draw(t, "swap")
		swapped := append([]byte(nil), signs...)
		swapped[at], swapped[at+1] = swapped[at+1], swapped[at]
		if _, ok := ParseHelpCode(string(swapped)); ok != (signs[at] == signs[at+1]) {
			t.Fatalf("%s as %s: %v", signs, swapped, ok)
		}
	})
}

func TestHelpCodeAsTyped(t *testing.T) {
	code := HelpCode()
	wide := strings.Map(func(r rune) rune {
		if r == '-' {
			return '—'
		}
		return r + '！' - '!'
	}, code)
	for _, typed := range []string{
		strings.ToLower(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", " "), " " + code + " ", wide,
	} {
		if got, ok := ParseHelpCode(typed); !ok || got != code {
			t.Errorf("%q read as %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "7KQM", code + "2", "你好", strings.Repeat("0", 16)} {
		if got, ok := ParseHelpCode(typed); ok {
			t.Errorf("%q read as %q", typed, got)
		}
	}
}

// The vectors of RFC 6238, appendix B, SHA-1, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	var factor SecondFactor = TOTP{Issuer: "足够"}
	for unix, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		now := time.Unix(unix, 0)
		step, err := factor.Verify(secret, code[:3]+" "+code[3:], 0, now)
		if err != nil || step != unix/30 {
			t.Errorf("%d: step %d, %v", unix, step, err)
		}
		if got, err := (TOTP{}).Code(secret, now); got != code || err != nil {
			t.Errorf("%d: code %s, %v", unix, got, err)
		}
	}
}

func TestTOTPSkewAndReplay(t *testing.T) {
	factor := TOTP{Issuer: "足够 永川"}
	e := factor.Enrol("li wen&x")
	if len(e.Secret) != 32 || !strings.HasPrefix(e.URL, "otpauth://totp/%E8%B6%B3%E5%A4%9F%20") ||
		!strings.Contains(e.URL, ":li%20wen%26x?secret="+e.Secret+"&issuer=%E8%B6%B3%E5%A4%9F%20") {
		t.Errorf("enrolment %+v", e)
	}
	code, err := factor.Code(e.Secret, noon)
	if err != nil {
		t.Fatal(err)
	}
	here := noon.Unix() / 30
	for _, off := range []time.Duration{-30 * time.Second, 0, 30 * time.Second} {
		if step, err := factor.Verify(e.Secret, code, 0, noon.Add(off)); err != nil || step != here {
			t.Errorf("clock off by %v: %d %v", off, step, err)
		}
	}
	for _, off := range []time.Duration{-60 * time.Second, 60 * time.Second} {
		_, err := factor.Verify(e.Secret, code, 0, noon.Add(off))
		wantKey(t, err, errs.KindUnauthenticated, "factor.wrong")
	}
	_, err = factor.Verify(e.Secret, code, here, noon)
	wantKey(t, err, errs.KindUnauthenticated, "factor.wrong") // used already
	for _, answer := range []string{"", "12345", "1234567", "abcdef"} {
		_, err := factor.Verify(e.Secret, answer, 0, noon)
		wantKey(t, err, errs.KindUnauthenticated, "factor.wrong")
	}
	if _, err := factor.Verify("not base32!", "123456", 0, noon); !errs.Is(err, errs.KindInternal) {
		t.Errorf("damaged secret: %v", err)
	}
}

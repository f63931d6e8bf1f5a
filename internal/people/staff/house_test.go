package staff_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
	"zugou/internal/people/staff"
)

const (
	district = "500111"
	town     = "500111113"
	other    = "500111100"
	village  = "500111113203"

	// good is a password that the rules take.
	good  = "Kx7-pine.42w"
	good2 = "Tz9-oak.wind"
)

// plainPasswords stands in for argon2id, which costs 25 ms a time.
type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, p string) (string, error) { return "plain:" + p, nil }
func (plainPasswords) Check(_ context.Context, stored, p string) (bool, bool, error) {
	return stored != "" && stored == "plain:"+p, false, nil
}
func (plainPasswords) Reused(_ context.Context, p string, earlier []string) (bool, error) {
	for _, e := range earlier {
		if e == "plain:"+p {
			return true, nil
		}
	}
	return false, nil
}

// phones keeps the codes sent.
type phones struct {
	mu   sync.Mutex
	sent map[civil.Phone][]string
}

func (p *phones) SendCode(_ context.Context, tx *db.Tx, phone civil.Phone, code string) error {
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sent[phone] = append(p.sent[phone], code)
	})
	return nil
}

func (p *phones) last(phone civil.Phone) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.sent[phone]); n > 0 {
		return p.sent[phone][n-1]
	}
	return ""
}

// house is a district with its accounts, told as stories.
type house struct {
	t      *testing.T
	d      *db.DB
	clk    *clock.Fake
	kr     *crypto.Keyring
	s      *staff.Service
	phones *phones
	ids    map[string]id.ID
	keys   map[string]string // secrets of second factors by account
	phone  int
}

func each(t *testing.T, o staff.Options, fn func(h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clk *clock.Fake) { fn(newHouse(t, d, clk, o)) })
}

// one is each on the embedded engine alone, for what doesn't touch SQL much.
func one(t *testing.T, o staff.Options) *house {
	t.Helper()
	clk := clock.NewFake(dbtest.Start)
	return newHouse(t, dbtest.Open(t, db.SQLite, clk), clk, o)
}

func newHouse(t *testing.T, d *db.DB, clk *clock.Fake, o staff.Options) *house {
	t.Helper()
	h := &house{t: t, d: d, clk: clk, kr: crypto.Ephemeral(crypto.AES), phones: &phones{sent: map[civil.Phone][]string{}}, ids: map[string]id.ID{}, keys: map[string]string{}}
	o.District, o.Sender = district, h.phones
	h.s = staff.New(d, h.kr, plainPasswords{}, o)
	h.ok(d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return region.Seed(ctx, tx, district) }))
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// refused wants an error with this key.
func (h *house) refused(err error, key string) {
	h.t.Helper()
	if err == nil {
		h.t.Fatalf("want %s, got no error", key)
	}
	if !strings.Contains(err.Error(), key) {
		h.t.Fatalf("want %s, got %v", key, err)
	}
}

// here is the place of an ordinary desk.
var here = staff.Place{Address: "10.0.0.7", Agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/120"}

// staff makes an account with a role in force and a password that needs no
// change, by the emergency way.
func (h *house) staff(account string, role access.Role, area string, dept access.Department) id.ID {
	h.t.Helper()
	ctx := access.With(context.Background(), access.System("test"))
	h.phone++
	var roles []access.Role
	if role != "" {
		roles = []access.Role{role}
	}
	made, err := h.s.Found(ctx, staff.CreateRequest{Account: account, Name: "测试" + account, Phone: fmt.Sprintf("154%08d", h.phone), Department: dept, Region: area, Roles: roles, Reason: "test"})
	h.ok(err)
	h.ok(h.d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE account SET password = ?, must_change = ? WHERE id = ?", "plain:"+good, false, made.ID)
		return err
	}))
	h.ids[account] = made.ID
	return made.ID
}

// as is the actor of an account with its rights of now, without a session.
func (h *house) as(account string) context.Context {
	h.t.Helper()
	i, ok := h.ids[account]
	if !ok {
		h.t.Fatalf("no account %s", account)
	}
	var a access.Actor
	h.ok(h.d.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		a.Account = i
		a.Grants, err = staff.GrantsOf(ctx, r, i)
		return err
	}))
	return access.With(context.Background(), a)
}

// in signs an account in all the way and gives the token.
func (h *house) in(account string, p staff.Place) string {
	h.t.Helper()
	out, err := h.s.SignIn(context.Background(), p, staff.SignInRequest{Account: account, Password: good})
	h.ok(err)
	token := out.Token
	if out.State == staff.Enrol {
		e, err := h.s.Enrol(context.Background(), token)
		h.ok(err)
		h.keys[account] = e.Secret
		out, err = h.s.ConfirmFactor(context.Background(), p, token, h.code(account))
		h.ok(err)
		token = out.Token
	}
	if out.State == staff.Second {
		h.clk.Advance(30 * time.Second) // a code counts once
		out, err = h.s.SecondFactor(context.Background(), p, token, h.code(account))
		h.ok(err)
		token = out.Token
	}
	if out.State != staff.OK || out.Me == nil {
		h.t.Fatalf("%s is signed in as far as %s", account, out.State)
	}
	return token
}

func (h *house) code(account string) string {
	h.t.Helper()
	c, err := crypto.TOTP{}.Code(h.keys[account], h.clk.Now())
	h.ok(err)
	return c
}

// sees wants the state of a session, and grants exactly if it is OK.
func (h *house) sees(token string, want staff.SessionState) {
	h.t.Helper()
	a, state, err := h.s.Actor(context.Background(), token)
	if want == "" {
		if !errs.Is(err, errs.KindUnauthenticated) {
			h.t.Fatalf("the session lives: %s, %v", state, err)
		}
		return
	}
	h.ok(err)
	if state != want || (len(a.Grants) > 0) != (want == staff.OK) {
		h.t.Fatalf("state %s with %d grants, want %s", state, len(a.Grants), want)
	}
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	h.ok(h.d.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query, args...) }))
	return n
}

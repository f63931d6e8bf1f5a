package phone

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
)

// registrar keeps where the seats' telephones are (RFC 3261, section 10).
type registrar struct {
	clk      clock.Clock
	book     Book
	mu       sync.Mutex
	bindings map[string]binding
	nonces   [2]nonce
}

type binding struct {
	contact sip.Uri
	source  string // where its packets came from, which passes a NAT
	until   time.Time
}

type nonce struct {
	value string
	until time.Time
}

const (
	realm       = "zugou"
	nonceFor    = 5 * time.Minute
	maxBinding  = time.Hour
	byeWithin   = 4 * time.Second
	defaultBind = 5 * time.Minute
)

// challenge gives the nonce of now; the one before is taken as well.
func (r *registrar) challenge() digest.Challenge {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clk.Now()
	if !r.nonces[0].until.After(now) {
		raw := make([]byte, 18)
		_, _ = rand.Read(raw) // never fails
		r.nonces[1] = r.nonces[0]
		r.nonces[0] = nonce{base64.RawURLEncoding.EncodeToString(raw), now.Add(nonceFor)}
	}
	return digest.Challenge{Realm: realm, Nonce: r.nonces[0].value, Algorithm: "MD5", QOP: []string{"auth"}}
}

func (r *registrar) known(value string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clk.Now()
	for i, n := range r.nonces {
		if n.value != "" && n.value == value && n.until.Add(time.Duration(i)*nonceFor).After(now) {
			return true
		}
	}
	return false
}

func (r *registrar) find(user string) (binding, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.bindings[user]
	return b, ok && b.until.After(r.clk.Now())
}

func (r *registrar) set(user string, b binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.until.IsZero() {
		delete(r.bindings, user)
		return
	}
	r.bindings[user] = b
}

func (l *Line) onRegister(req *sip.Request, tx sip.ServerTransaction) {
	ask := func() {
		ch := l.desk.challenge()
		res := sip.NewResponseFromRequest(req, sip.StatusUnauthorized, "Unauthorized", nil)
		res.AppendHeader(sip.NewHeader("WWW-Authenticate", ch.String()))
		_ = tx.Respond(res)
	}
	h := req.GetHeader("Authorization")
	if h == nil {
		ask()
		return
	}
	cred, err := digest.ParseCredentials(h.Value())
	if err != nil || !l.desk.known(cred.Nonce) || cred.Realm != realm {
		ask()
		return
	}
	ctx, cancel := context.WithTimeout(l.stop, byeWithin)
	defer cancel()
	_, secret, err := l.o.Book.Secret(ctx, cred.Username)
	if err != nil {
		respond(tx, req, sip.StatusForbidden, "Forbidden")
		return
	}
	ch := digest.Challenge{Realm: realm, Nonce: cred.Nonce, Algorithm: "MD5"}
	o := digest.Options{Method: "REGISTER", URI: cred.URI, Username: cred.Username, Password: secret}
	if cred.QOP != "" {
		ch.QOP, o.Cnonce, o.Count = []string{cred.QOP}, cred.Cnonce, cred.Nc
	}
	want, err := digest.Digest(&ch, o)
	if err != nil || !crypto.EqualText(want.Response, cred.Response) {
		respond(tx, req, sip.StatusForbidden, "Forbidden")
		return
	}
	l.bind(req, tx, cred.Username)
}

func (l *Line) bind(req *sip.Request, tx sip.ServerTransaction, user string) {
	wish := defaultBind
	if h := req.GetHeader("Expires"); h != nil {
		if n, err := strconv.Atoi(h.Value()); err == nil {
			wish = time.Duration(n) * time.Second
		}
	}
	contact := req.Contact()
	if contact == nil { // a question where the telephone is
		respond(tx, req, sip.StatusOK, "OK")
		return
	}
	if v, ok := contact.Params.Get("expires"); ok {
		if n, err := strconv.Atoi(v); err == nil {
			wish = time.Duration(n) * time.Second
		}
	}
	wish = min(wish, maxBinding)
	if wish <= 0 {
		l.desk.set(user, binding{})
	} else {
		l.desk.set(user, binding{*contact.Address.Clone(), req.Source(), l.o.Clock.Now().Add(wish)})
	}
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)
	res.AppendHeader(sip.NewHeader("Contact", contact.Value()))
	res.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(wish/time.Second))))
	_ = tx.Respond(res)
}

package staff

import (
	"context"
	"sync"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/region"
)

// Passwords hashes and checks; crypto.Passwords is the real one.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Check(ctx context.Context, stored, password string) (ok, rehash bool, err error)
	Reused(ctx context.Context, password string, earlier []string) (bool, error)
}

// Sender sends a registration code to a phone. It is called inside the change
// that stores the code: it writes to an outbox and does no network.
type Sender interface {
	SendCode(ctx context.Context, tx *db.Tx, phone civil.Phone, code string) error
}

// Notices tells a person that something waits: text is "account.waiting" or
// "grant.waiting", ref what it is about. Called inside the change.
type Notices interface {
	Waiting(ctx context.Context, tx *db.Tx, to id.ID, text string, ref id.ID, region string) error
	// Settled withdraws what still tells of it: somebody has decided.
	Settled(ctx context.Context, tx *db.Tx, ref id.ID) error
}

// Options are the settings of a Service.
type Options struct {
	District string                // code of the house's district: citizens belong to it
	Demo     bool                  // no second factor is obliged, no password must be changed
	Sender   Sender                // nil: citizens can't register, and are told so
	Factors  []crypto.SecondFactor // those that accounts may have; the first is the one enrolled. nil: TOTP
	Issuer   string                // name of the house in authenticator apps
	Notices  Notices               // tells administrators what waits for them; may be nil

	// Hidden gives the children that an account may not find; nil hides nobody.
	Hidden func(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error)

	Idle map[access.Role]time.Duration // idle times in place of the built-in ones
}

// Service is what people do with accounts. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	kr    *crypto.Keyring
	pw    Passwords
	o     Options
	areas region.Atlas

	ruleMu sync.Mutex
	ruleAt clock.Millis
	rule   rules
}

// New makes the service.
func New(d *db.DB, kr *crypto.Keyring, pw Passwords, o Options) *Service {
	if o.Issuer == "" {
		o.Issuer = "足够"
	}
	if len(o.Factors) == 0 {
		o.Factors = []crypto.SecondFactor{crypto.TOTP{Issuer: o.Issuer}}
	}
	return &Service{db: d, kr: kr, pw: pw, o: o}
}

// ruleAge is how long read rules serve: they change some times a year.
const ruleAge = 5 * time.Second

// rules gives the rules in force.
func (s *Service) rules(ctx context.Context, r db.Reader) (rules, error) {
	s.ruleMu.Lock()
	have, age := s.rule, r.At().Sub(s.ruleAt)
	s.ruleMu.Unlock()
	if have != nil && age >= 0 && age < ruleAge {
		return have, nil
	}
	rs, err := s.rulesAt(ctx, r)
	if err != nil {
		return nil, err
	}
	s.ruleMu.Lock()
	s.rule, s.ruleAt = rs, r.At()
	s.ruleMu.Unlock()
	return rs, nil
}

func (s *Service) forgetRules() {
	s.ruleMu.Lock()
	s.rule = nil
	s.ruleMu.Unlock()
}

// fresh gives the actor of the request with the rights of this very
// transaction: what was revoked while the request waited does not count any
// more. Unauthenticated if its session ended meanwhile.
func (s *Service) fresh(ctx context.Context, tx *db.Tx) (access.Actor, error) {
	a := access.From(ctx)
	if a.System {
		return a, nil
	}
	if a.Account == "" {
		return access.Actor{}, errNoSession()
	}
	row, err := accountByID(ctx, tx, a.Account)
	if errs.Is(err, errs.KindNotFound) || (err == nil && row.State != Active) {
		return access.Actor{}, errNoSession()
	}
	if err != nil {
		return access.Actor{}, err
	}
	if a.Session != "" {
		var n int
		if err := tx.Get(ctx, db.To(&n), "SELECT count(*) FROM session WHERE id = ? AND account_id = ? AND ended_at = 0", a.Session, a.Account); err != nil {
			return access.Actor{}, err
		}
		if n == 0 {
			return access.Actor{}, errNoSession()
		}
	}
	if a.Grants, err = grantsOf(ctx, tx, a.Account); err != nil {
		return access.Actor{}, err
	}
	return a, nil
}

// waits tells those who hold the role for the area, but not the account that
// it is about.
func (s *Service) waits(ctx context.Context, tx *db.Tx, role access.Role, text string, ref, about id.ID, area string) error {
	if s.o.Notices == nil {
		return nil
	}
	who, err := ByRole(ctx, tx, role, area)
	if err != nil {
		return err
	}
	for _, b := range who {
		if b.ID == about {
			continue
		}
		if err := s.o.Notices.Waiting(ctx, tx, b.ID, text, ref, area); err != nil {
			return err
		}
	}
	return nil
}

// settled is the end of waits.
func (s *Service) settled(ctx context.Context, tx *db.Tx, ref id.ID) error {
	if s.o.Notices == nil {
		return nil
	}
	return s.o.Notices.Settled(ctx, tx, ref)
}

// errNoSession: nobody is signed in with this token, or not any more.
func errNoSession() error { return errs.Unauthenticated("session.none") }

// tokenBytes of a session's or a device's token.
const tokenBytes = 32

func newToken() string { return crypto.Token(tokenBytes) }

package platform

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Kind says what a platform may do.
type Kind string

// The kinds.
const (
	City    Kind = "city"    // sends orders to townships, and signals
	Partner Kind = "partner" // sends signals
)

// Platform is another system with its key. The secret is not part of it.
type Platform struct {
	ID         id.ID        `bun:"id" json:"id"`
	Name       string       `bun:"name" json:"name"`
	Kind       Kind         `bun:"kind" json:"kind"`
	Region     string       `bun:"region" json:"region"` // where its signals and orders may go
	KeyID      string       `bun:"key_id" json:"key_id"`
	Hash       Hash         `bun:"hash" json:"hash"`
	PerMinute  int          `bun:"per_minute" json:"per_minute"`
	Callback   string       `bun:"callback" json:"callback"`
	CreatedAt  clock.Millis `bun:"created_at" json:"created_at"`
	CreatedBy  id.ID        `bun:"created_by" json:"created_by"`
	RevokedAt  clock.Millis `bun:"revoked_at" json:"revoked_at"`
	RevokedBy  id.ID        `bun:"revoked_by" json:"revoked_by"`
	Reason     string       `bun:"revoke_reason" json:"revoke_reason"`
	LastUsedAt clock.Millis `bun:"last_used_at" json:"last_used_at"`
	Failures   int          `bun:"failures" json:"failures"` // requests refused since the last good one
	FailedAt   clock.Millis `bun:"failed_at" json:"failed_at"`
	FailedWhy  string       `bun:"failed_why" json:"failed_why"` // message key
	Waiting    int          `bun:"waiting" json:"waiting"`       // callbacks not delivered yet
	Secret     string       `bun:"secret" json:"-"`              // sealed
}

// Account is how the platform acts in records and in the audit.
func (p Platform) Account() id.ID { return "platform:" + p.ID }

// actor gives the platform's rights. A partner reports and sees nothing: it
// holds no role.
func (p Platform) actor() access.Actor {
	a := access.Actor{Account: p.Account(), Name: p.Name}
	if p.Kind == City {
		a.Grants = []access.Grant{{Role: access.CityCentre, Region: p.Region, Department: access.City}}
	}
	return a
}

// New is a platform to be let in.
type New struct {
	Name      string
	Kind      Kind
	Region    string
	Hash      Hash
	PerMinute int
	Callback  string
}

// Bounds of the rate.
const (
	leastPerMinute = 1
	mostPerMinute  = 6000
)

func (n New) check() error {
	var bad []errs.Field
	add := func(wrong bool, name, key string) {
		if wrong {
			bad = append(bad, errs.Field{Name: name, Key: key})
		}
	}
	add(strings.TrimSpace(n.Name) == "" || len([]rune(n.Name)) > 60, "name", "platform.name")
	add(!slices.Contains([]Kind{City, Partner}, n.Kind), "kind", "platform.kind")
	add(!slices.Contains([]Hash{SM3, SHA256}, n.Hash), "hash", "platform.hash")
	add(n.PerMinute < leastPerMinute || n.PerMinute > mostPerMinute, "per_minute", "platform.rate")
	add(len(n.Region) < 2 || strings.Trim(n.Region, "0123456789") != "", "region", "platform.region")
	if n.Callback != "" {
		u, err := url.Parse(n.Callback)
		add(err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https", "callback", "platform.callback")
	}
	return errs.InvalidFields(bad)
}

// Service keeps platforms and lets them in.
type Service struct {
	db   *db.DB
	keys *crypto.Keyring

	mu      sync.Mutex
	buckets map[id.ID]*bucket
	noted   map[id.ID]time.Time // when a failure of the platform was last written down
}

// NewService makes the service.
func NewService(d *db.DB, keys *crypto.Keyring) *Service {
	return &Service{db: d, keys: keys, buckets: map[id.ID]*bucket{}, noted: map[id.ID]time.Time{}}
}

func aad(platform id.ID) string { return "platform.secret:" + string(platform) }

// secretBytes of a platform's secret.
const secretBytes = 32

// Made is a new platform with its secret, shown this once.
type Made struct {
	Platform
	Secret string `json:"secret"`
}

// Create lets a platform in. Errors: Invalid, Forbidden.
func (s *Service) Create(ctx context.Context, n New) (Made, error) {
	if err := access.May(access.From(ctx), "platform.manage"); err != nil {
		return Made{}, err
	}
	if n.Hash == "" {
		n.Hash = SM3
	}
	if err := n.check(); err != nil {
		return Made{}, err
	}
	secret := crypto.Token(secretBytes)
	p := Platform{ID: id.New(), Name: strings.TrimSpace(n.Name), Kind: n.Kind, Region: n.Region, KeyID: "zk_" + crypto.Token(12), Hash: n.Hash, PerMinute: n.PerMinute,
		Callback: n.Callback, CreatedBy: access.From(ctx).Account}
	p.Secret = s.keys.Seal(aad(p.ID), secret)
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p.CreatedAt = tx.Now
		if err := insert(ctx, tx, p); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "platform.manage", SubjectKind: "platform", Subject: p.ID, Fields: []string{"created"}, Region: p.Region})
	})
	return Made{p, secret}, err
}

// Revoke ends a platform's key for good. Errors: NotFound, Invalid, Forbidden,
// Conflict "platform.revoked".
func (s *Service) Revoke(ctx context.Context, platform id.ID, reason string) error {
	if err := access.May(access.From(ctx), "platform.manage"); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return errs.Invalid("reason", "reason.needed")
	}
	if len([]rune(reason)) > 300 {
		return errs.Invalid("reason", "text.too_long")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, "id = ?", platform)
		if err != nil {
			return err
		}
		if p.RevokedAt != 0 {
			return errs.Conflict("platform.revoked")
		}
		if err := revoke(ctx, tx, platform, access.From(ctx).Account, reason); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "platform.manage", SubjectKind: "platform", Subject: p.ID, Fields: []string{"revoked"}, Region: p.Region})
	})
}

// List gives the platforms, those in use first. Errors: Forbidden.
func (s *Service) List(ctx context.Context, r db.Reader) ([]Platform, error) {
	if err := access.May(access.From(ctx), "platform.read"); err != nil {
		return nil, err
	}
	return list(ctx, r)
}

// Callbacks gives what a platform was told lately, newest first. Errors: Forbidden.
func (s *Service) Callbacks(ctx context.Context, r db.Reader, platform id.ID) ([]Callback, error) {
	if err := access.May(access.From(ctx), "platform.read"); err != nil {
		return nil, err
	}
	return callbacksOf(ctx, r, platform, 100)
}

type callerKey struct{}

// Caller gives the platform of a request that was let in; Unauthenticated else.
func Caller(ctx context.Context) (Platform, error) {
	p, ok := ctx.Value(callerKey{}).(Platform)
	if !ok {
		return Platform{}, errs.Unauthenticated("platform.unsigned")
	}
	return p, nil
}

// Admit checks a signed request and gives the context in which the platform
// acts. Errors: Unauthenticated (unsigned, time, nonce, signature, revoked,
// replayed), Busy while the storage is away.
func (s *Service) Admit(ctx context.Context, q Signed) (context.Context, error) {
	if err := q.check(s.db.Clock().Now()); err != nil {
		return ctx, s.failed(ctx, q.Key, err)
	}
	var p Platform
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		p, err = find(ctx, r, "key_id = ?", q.Key)
		return err
	})
	if errs.Is(err, errs.KindNotFound) {
		return ctx, errs.Unauthenticated("platform.signature") // which keys there are is nobody's business
	}
	if err != nil {
		return ctx, err
	}
	secret, err := s.keys.Open(aad(p.ID), p.Secret)
	if err != nil {
		return ctx, err
	}
	if !q.matches(p.Hash, secret) {
		return ctx, s.failed(ctx, q.Key, errs.Unauthenticated("platform.signature"))
	}
	if p.RevokedAt != 0 {
		return ctx, s.failed(ctx, q.Key, errs.Unauthenticated("platform.revoked"))
	}
	fresh := false
	err = s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if fresh, err = useNonce(ctx, tx, p.ID, q.Nonce); err != nil || !fresh {
			return err
		}
		return used(ctx, tx, p.ID)
	})
	if err != nil {
		return ctx, err
	}
	if !fresh {
		return ctx, s.failed(ctx, q.Key, errs.Unauthenticated("platform.replayed"))
	}
	return context.WithValue(access.With(ctx, p.actor()), callerKey{}, p), nil
}

// failedEvery bounds how often a failure of one platform is written down.
const failedEvery = time.Second

// failed counts a refused request of a known key, and gives the refusal back.
// While the storage is away nothing is counted.
func (s *Service) failed(ctx context.Context, key string, why error) error {
	now := s.db.Clock().Now()
	s.mu.Lock()
	at, seen := s.noted[id.ID(key)]
	due := key != "" && (!seen || now.Sub(at) >= failedEvery)
	if due {
		if len(s.noted) > 1000 {
			clear(s.noted)
		}
		s.noted[id.ID(key)] = now
	}
	s.mu.Unlock()
	if !due {
		return why
	}
	_ = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { // the refusal is the answer, counted or not
		return noteFailure(ctx, tx, key, errs.KeyOf(why))
	})
	return why
}

// bucket is a rate with a burst of one minute's share.
type bucket struct {
	tokens float64
	at     time.Time
}

// Limit takes a token of the platform; Busy "platform.too_many" if there is
// none. What concerns a child in danger is never asked for one.
func (s *Service) Limit(p Platform) error {
	now := s.db.Clock().Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[p.ID]
	most := float64(p.PerMinute)
	if b == nil {
		b = &bucket{most, now}
		s.buckets[p.ID] = b
	}
	b.tokens = min(most, b.tokens+now.Sub(b.at).Minutes()*most)
	b.at = now
	if b.tokens < 1 {
		return errs.Busy("platform.too_many", nil)
	}
	b.tokens--
	return nil
}

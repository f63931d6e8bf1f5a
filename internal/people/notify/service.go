package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Contact is how an account can be reached.
type Contact struct {
	Phone         string // mobile number in normal form, empty if none
	PhoneVerified bool
	Active        bool
	Region        string // area of its first grant: which robot's room is told
}

// Directory is what notify asks of the accounts.
type Directory interface {
	// Contact gives kind not_found for an unknown account.
	Contact(ctx context.Context, r db.Reader, account id.ID) (Contact, error)
	Names(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]string, error)
}

// Sealer encrypts what must not lie in the database in clear; crypto.Keyring
// is one.
type Sealer interface {
	Seal(aad, plaintext string) string
	Open(aad, sealed string) (string, error)
}

// OfficeHours gives the first instant from at on that lies in office hours, at
// itself if it does.
type OfficeHours func(ctx context.Context, r db.Reader, at clock.Millis) (clock.Millis, error)

// Rate bounds a gateway. Crisis messages take from it but never wait for it.
type Rate struct{ PerMinute, Burst int }

// Options are what a Service is built from.
type Options struct {
	DB        *db.DB
	Directory Directory
	Sealer    Sealer
	Hours     OfficeHours // nil: at any hour
	Channels  []Channel   // only those configured
	Rates     map[ChannelName]Rate
	Log       *slog.Logger
	ShowCodes bool // demo only: the outbox page shows registration codes
}

// Service spreads notices over channels and makes the attempts.
type Service struct {
	db       *db.DB
	dir      Directory
	sealer   Sealer
	hours    OfficeHours
	channels []Channel
	rates    map[ChannelName]*bucket
	log      *slog.Logger
	texts    texts
	demo     bool

	running sync.WaitGroup
	flying  map[ChannelName]*atomic.Int64
	stop    context.Context
	end     context.CancelFunc
	crash   bool // tests: the process dies between sending and recording
}

// The jobs of this package.
const (
	JobSend   = "notify.send"   // key: outbox row
	JobForget = "notify.forget" // periodic
)

// New builds a service; Register has its jobs run.
func New(o Options) (*Service, error) {
	t, err := readTexts()
	if err != nil {
		return nil, err
	}
	s := &Service{db: o.DB, dir: o.Directory, sealer: o.Sealer, hours: o.Hours, channels: o.Channels, log: o.Log,
		texts: t, demo: o.ShowCodes, rates: map[ChannelName]*bucket{}, flying: map[ChannelName]*atomic.Int64{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.stop, s.end = context.WithCancel(context.Background())
	for _, c := range o.Channels {
		s.flying[c.Name()] = &atomic.Int64{}
		if r, ok := o.Rates[c.Name()]; ok && r.PerMinute > 0 {
			s.rates[c.Name()] = newBucket(r)
		}
	}
	return s, nil
}

// Register puts the service's jobs into the engine.
func (s *Service) Register(e *job.Engine) {
	e.Rule(JobFan, s.fan)
	e.Effect(JobSend, s.send)
	e.Every(JobForget, 24*time.Hour, s.forget)
}

// Configured tells whether any message can leave the house.
func (s *Service) Configured() bool { return len(s.channels) > 0 }

// Texts lists the text keys that a Message may name.
func (s *Service) Texts() []string { return s.texts.Keys() }

// Wait returns when no attempt is under way.
func (s *Service) Wait() { s.running.Wait() }

// Close gives attempts under way their time to end; what doesn't is taken up
// by the watchdogs after the next start.
func (s *Service) Close(ctx context.Context) {
	over := make(chan struct{})
	go func() { s.running.Wait(); close(over) }()
	select {
	case <-over:
	case <-ctx.Done():
	}
	s.end()
}

func (s *Service) channel(name ChannelName) Channel {
	for _, c := range s.channels {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// Group is a channel that speaks to a room and not to a person.
type Group interface {
	Channel
	// Rooms names the rooms that hear messages for people of the area.
	Rooms(region string) []string
}

// noticeRow is a notice as the jobs need it.
type noticeRow struct {
	ID      id.ID        `bun:"id"`
	Account id.ID        `bun:"account"`
	Key     string       `bun:"key"`
	Policy  Policy       `bun:"policy"`
	Text    string       `bun:"text"`
	OrderNo string       `bun:"order_no"`
	Count   int          `bun:"count"`
	Drill   bool         `bun:"drill"`
	At      clock.Millis `bun:"at"`
	State   string       `bun:"state"`
}

const noticeColumns = "id, account, key, policy, text, order_no, count, drill, at, state"

// letter is the notice's text for outside.
func (s *Service) letter(n noticeRow) Letter {
	return s.texts.letter(n.Text, n.OrderNo, n.Count, n.Drill)
}

// How long a message is worth sending: an order's call two hours late wakes
// somebody for nothing; the chain has moved on.
const (
	crisisLives   = 2 * time.Hour
	ordinaryLives = 24 * time.Hour // from when it may first go
	codeLives     = 5 * time.Minute
)

// fan writes one outbox row for each channel and address of the person.
func (s *Service) fan(ctx context.Context, tx *db.Tx, j job.Job) error {
	var n noticeRow
	if err := tx.Get(ctx, []any{&n}, "SELECT "+noticeColumns+" FROM notice WHERE id = ?", j.Key); err != nil {
		return ignoreGone(err)
	}
	if n.State != open {
		return nil
	}
	c, err := s.dir.Contact(ctx, tx, n.Account)
	if errs.Is(err, errs.KindNotFound) || err == nil && !c.Active {
		return endNotice(ctx, tx, n.ID)
	}
	if err != nil {
		return err
	}
	due, lives := tx.Now, crisisLives
	if n.Policy == Ordinary {
		lives = ordinaryLives
		if due, err = s.openFrom(ctx, tx, tx.Now); err != nil {
			return err
		}
	}
	rows, err := s.addresses(ctx, tx, n, c)
	if err != nil {
		return err
	}
	state := "waiting"
	if len(rows) == 0 { // nothing configured, or nothing known of the person: the page shows it
		rows, state = []outboxRow{{Channel: SMS, Account: n.Account}}, "shown"
	}
	for _, o := range rows {
		o.ID, o.NoticeID, o.Key, o.Policy, o.State = id.New(), n.ID, n.Key, n.Policy, state
		o.CreatedAt, o.ExpiresAt = tx.Now, due.Add(lives)
		wrote, err := insertOutbox(ctx, tx, o)
		if err != nil {
			return err
		}
		if wrote && state == "waiting" {
			if err := job.Schedule(ctx, tx, JobSend, string(o.ID), due, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// addresses lists where the notice can go.
func (s *Service) addresses(ctx context.Context, r db.Reader, n noticeRow, c Contact) ([]outboxRow, error) {
	var out []outboxRow
	for _, ch := range s.channels {
		switch group, isGroup := ch.(Group); {
		case isGroup:
			for _, room := range group.Rooms(c.Region) {
				out = append(out, outboxRow{Channel: ch.Name(), Target: room})
			}
		case ch.Name() == WebPush:
			subs, err := subscriptionsOf(ctx, r, n.Account)
			if err != nil {
				return nil, err
			}
			for _, sub := range subs {
				out = append(out, outboxRow{Channel: WebPush, Account: n.Account, Target: string(sub)})
			}
		default:
			// In a crisis an unverified number is better than none: the text says
			// nothing to a stranger.
			if c.Phone != "" && (c.PhoneVerified || n.Policy == Crisis) {
				out = append(out, outboxRow{Channel: ch.Name(), Account: n.Account})
			}
		}
	}
	return out, nil
}

func (s *Service) openFrom(ctx context.Context, r db.Reader, at clock.Millis) (clock.Millis, error) {
	if s.hours == nil {
		return at, nil
	}
	return s.hours(ctx, r, at)
}

// codeBody is what a code's row carries, sealed.
type codeBody struct {
	Phone string `json:"phone"`
	Code  string `json:"code"`
}

// SendCode sends a registration code to a number that has no account yet. It
// is sent at most once, at any hour, within five minutes.
func (s *Service) SendCode(ctx context.Context, tx *db.Tx, phone, code string) error {
	if s.texts.code(code).text == "" {
		return errs.Internal(errs.Invalid("code", "notify.code_form"))
	}
	o := outboxRow{ID: id.New(), Channel: SMS, Policy: Ordinary, State: "waiting", CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(codeLives)}
	o.Key = "code:" + string(o.ID)
	body, err := json.Marshal(codeBody{phone, code})
	if err != nil {
		return err
	}
	o.Sealed = s.sealer.Seal(sealedPlace(o.ID), string(body))
	if s.channel(SMS) == nil {
		o.State = "shown"
	}
	if _, err := insertOutbox(ctx, tx, o); err != nil || o.State == "shown" {
		return err
	}
	return job.Schedule(ctx, tx, JobSend, string(o.ID), tx.Now, "")
}

func sealedPlace(row id.ID) string { return "outbox.sealed:" + string(row) }

func ignoreGone(err error) error {
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	return err
}

// forget removes what nobody asks about any more: sealed codes after a day,
// notices and their attempts after half a year (网络安全法 art. 21 asks six
// months of logs).
func (s *Service) forget(ctx context.Context, _ job.Job) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return forgetOld(ctx, tx, tx.Now) })
}

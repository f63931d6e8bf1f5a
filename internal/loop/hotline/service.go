package hotline

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

const rulesWithin = 2 * time.Second

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

// Found is the child behind a number.
type Found struct {
	Child  id.ID // empty: nobody, or several
	Region string
	Why    string // message key
}

// Ports are what the line asks of its neighbours.
type Ports struct {
	NextNo  func(ctx context.Context, tx *db.Tx, prefix string) (string, error)
	ByPhone func(ctx context.Context, r db.Reader, number string) (Found, error)
	// Take opens a matter as part of a change.
	Take func(ctx context.Context, tx *db.Tx, n signal.New) (matter id.ID, err error)
	// More adds words to a matter; one that was closed meanwhile gets a new one.
	More func(ctx context.Context, tx *db.Tx, matter id.ID, n signal.New) (now id.ID, err error)
	// Leaders pages the leaders on duty for a voicemail.
	Leaders func(ctx context.Context, tx *db.Tx, call id.ID, no string) error
	// Region gives where a child lives.
	Region func(ctx context.Context, r db.Reader, child id.ID) (string, error)
	// Words gives a text of the locale.
	Words func(key string, args map[string]string) string
	// Unsaved rings from memory for a call that could not be stored; may be nil.
	Unsaved func(a phone.Arrival)
}

// Options are what the service is made of.
type Options struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Ports    Ports
	Log      *slog.Logger
	District string
	Process  string // name of this process among several
	Dir      string // folder of the recordings
	Jobs     *job.Engine
}

// Service keeps the records of the line.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	ports    Ports
	log      *slog.Logger
	district string
	process  string
	dir      string
	last     lastRules
	news     bell
	reads    reads
	words    graveWords
}

// New makes the service and registers its jobs.
func New(o Options) (*Service, error) {
	s := &Service{db: o.DB, keys: o.Keys, ports: o.Ports, log: o.Log, district: o.District, process: o.Process, dir: o.Dir}
	first, err := RulesAt(context.Background(), nowhere{}, 0)
	if err != nil {
		return nil, err
	}
	s.last.v.Store(&first)
	if s.words, err = readWords(); err != nil {
		return nil, err
	}
	o.Jobs.Rule(JobChat, s.chatDue)
	o.Jobs.Every("hotline.forget", time.Hour, func(ctx context.Context, _ job.Job) error { return s.Forget(ctx) })
	return s, nil
}

// nowhere is a database without rows: the first edition of the rules holds.
type nowhere struct{ db.Reader }

func (nowhere) Get(context.Context, []any, string, ...any) error { return errs.NotFound("none") }

// Sweep ends the calls that this process had on the line when it died: their
// callers are called back. It runs before the line opens.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	ctx = access.With(ctx, system)
	var left []Call
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		left, err = list(ctx, r, "WHERE process = ? AND state <> ? AND channel = ?", s.process, Ended, ByPhone)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range left {
		heard := time.Duration(c.HeardMS) * time.Millisecond
		if err := s.Tell(ctx, phone.Event{Call: c.ID, At: clock.Of(s.db.Clock().Now()), Kind: phone.Ended, Reason: phone.ByStop, Heard: heard}); err != nil {
			return 0, err
		}
	}
	return len(left), nil
}

// Forget destroys the keys of recordings that were kept for as long as the
// rules say, and removes their files.
func (s *Service) Forget(ctx context.Context) error {
	ctx = access.With(ctx, system)
	const page = 200
	for {
		var old []Call
		err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			rules, err := RulesAt(ctx, tx, tx.Now)
			if err != nil {
				return err
			}
			before := tx.Now.Add(-time.Duration(rules.KeepDays) * 24 * time.Hour)
			if old, err = list(ctx, tx, "WHERE state = ? AND ended_at < ? AND (talk_key <> '' OR message_key <> '') ORDER BY ended_at LIMIT ?", Ended, before, page); err != nil {
				return err
			}
			for _, c := range old {
				if _, err := tx.Exec(ctx, "UPDATE hotline_call SET talk_key = '', message_key = '', version = version + 1 WHERE id = ?", c.ID); err != nil {
					return err
				}
				if err := audit.Write(ctx, tx, audit.Entry{Action: "recording.forget", SubjectKind: "call", Subject: c.ID, Region: c.Region}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, c := range old {
			for _, k := range []string{c.TalkKey, c.MessageKey} {
				if k != "" {
					s.keys.Forget(k)
				}
			}
			s.removeFile(c.ID, phone.Talk)
			s.removeFile(c.ID, phone.Message)
		}
		if len(old) < page {
			return nil
		}
	}
}

// Ready says that the actor sits at the line, or leaves it. The page repeats
// it; who is not heard of for long counts as away.
func (s *Service) Ready(ctx context.Context, on bool) error {
	a := access.From(ctx)
	if err := access.Check(a, "call.take", access.Target{Region: s.district}); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var was bool
		err := tx.Get(ctx, db.To(&was), "SELECT ready FROM hotline_seat WHERE account_id = ?", a.Account)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
		known := err == nil
		if known && was == on {
			_, err := tx.Exec(ctx, "UPDATE hotline_seat SET seen_at = ? WHERE account_id = ?", tx.Now, a.Account)
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO hotline_seat (account_id, ready, since, seen_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET ready = excluded.ready, since = excluded.since, seen_at = excluded.seen_at`, a.Account, on, tx.Now, tx.Now); err != nil {
			return err
		}
		return tx.Emit(ctx, db.Event{Topic: Topic, Kind: "seat", Region: s.district, Ref: string(a.Account)})
	})
}

// SeatNow is a seat of the line as it stands.
type SeatNow struct {
	Account id.ID        `json:"account"`
	State   string       `json:"state"` // free, talking, wrapping, away
	Since   clock.Millis `json:"since"`
	Call    id.ID        `json:"call,omitempty"`
}

// seats tells who sits at the line now.
func (s *Service) seats(ctx context.Context, r db.Reader) ([]SeatNow, error) {
	rules, err := RulesAt(ctx, r, r.At())
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Account id.ID        `bun:"account_id"`
		Ready   bool         `bun:"ready"`
		Since   clock.Millis `bun:"since"`
		Seen    clock.Millis `bun:"seen_at"`
	}
	if err := r.List(ctx, &rows, "SELECT account_id, ready, since, seen_at FROM hotline_seat WHERE seen_at > ? ORDER BY since", r.At().Add(-24*time.Hour)); err != nil {
		return nil, err
	}
	talking, err := list(ctx, r, "WHERE state = ?", Talking)
	if err != nil {
		return nil, err
	}
	var out []SeatNow
	for _, row := range rows {
		n := SeatNow{Account: row.Account, State: "free", Since: row.Since}
		if !row.Ready || r.At().Sub(row.Seen) > time.Duration(rules.SeatAway)*time.Second {
			n.State = "away"
		}
		if i := slices.IndexFunc(talking, func(c Call) bool { return c.Seat == row.Account }); i >= 0 {
			n.State, n.Since, n.Call = "talking", talking[i].ClaimedAt, talking[i].ID
		}
		out = append(out, n)
	}
	return out, nil
}

// Wrap keeps what the seat says of a call that ended, and opens the matter it
// asks for. Whoever took the call does it, or a leader.
func (s *Service) Wrap(ctx context.Context, call id.ID, w Wrap) (Call, error) {
	if err := w.check(); err != nil {
		return Call{}, err
	}
	a := access.From(ctx)
	var after Call
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := find(ctx, tx, call)
		if err != nil {
			return err
		}
		if err := access.Check(a, "call.wrap", access.Target{Region: s.district, Owner: c.Seat}); err != nil {
			return err
		}
		if w.Version != 0 && w.Version != c.Version {
			return errs.Conflict("record.changed")
		}
		was := c.Version
		c.Class, c.Topic, c.Action, c.AgeBand, c.Sex = w.Class, w.Topic, w.Action, w.AgeBand, w.Sex
		c.Note = s.keys.Seal(aadNote(c.ID), w.Note)
		c.WrappedAt, c.WrappedBy = tx.Now, a.Account
		if w.ChildID != "" && w.ChildID != c.ChildID {
			if c.Region, err = s.ports.Region(ctx, tx, w.ChildID); err != nil {
				return err
			}
			c.ChildID, c.Why = w.ChildID, "why.chosen"
		}
		if w.Kind != "" {
			if c.MatterID, err = s.ports.Take(ctx, tx, signal.New{Source: signal.Call, Kind: "call", Key: "wrap:" + string(c.ID) + ":" + w.Kind, Phone: s.number(c), ChildID: c.ChildID,
				Region: s.district, Note: w.Note, Kinds: w.Kind, Urgency: w.Urgency}); err != nil {
				return err
			}
		}
		if err := save(ctx, tx, c, was); err != nil {
			return err
		}
		c.Version = was + 1
		after = c
		if err := s.emit(ctx, tx, c, "wrapped"); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "call.wrap", SubjectKind: "call", Subject: c.ID, Fields: []string{"class", "topic", "action", "child", "note"}, Region: c.Region})
	})
	return after, err
}

// AddPhone gives a person a SIP telephone at a level; the secret is shown once.
func (s *Service) AddPhone(ctx context.Context, user string, account id.ID, level int) (secret string, err error) {
	if !userForm(user) {
		return "", errs.Invalid("user", "call.phone_user")
	}
	if level < 0 || level > 4 {
		return "", errs.Invalid("level", "call.rule_range")
	}
	secret = crypto.Token(18)
	return secret, s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Check(access.From(ctx), "line.manage", access.Target{Region: s.district}); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO hotline_phone (user_name, account_id, level, secret, made_at, made_by) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			user, account, level, s.keys.Seal("hotline_phone.secret:"+user, secret), tx.Now, access.From(ctx).Account)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("call.phone_exists")
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "line.manage", SubjectKind: "account", Subject: account, Fields: []string{"telephone"}, Region: s.district})
	})
}

func userForm(u string) bool {
	if len(u) < 2 || len(u) > 32 {
		return false
	}
	for _, r := range u {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// RemovePhone takes a telephone away.
func (s *Service) RemovePhone(ctx context.Context, user string) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Check(access.From(ctx), "line.manage", access.Target{Region: s.district}); err != nil {
			return err
		}
		var account id.ID
		if err := tx.Get(ctx, db.To(&account), "SELECT account_id FROM hotline_phone WHERE user_name = ?", user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM hotline_phone WHERE user_name = ?", user); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "line.manage", SubjectKind: "account", Subject: account, Fields: []string{"telephone"}, Region: s.district})
	})
}

// PhoneView is a telephone as the page lists it.
type PhoneView struct {
	User    string       `bun:"user_name" json:"user"`
	Account id.ID        `bun:"account_id" json:"account"`
	Level   int          `bun:"level" json:"level"`
	MadeAt  clock.Millis `bun:"made_at" json:"made_at"`
}

// PhoneList lists the telephones.
func (s *Service) PhoneList(ctx context.Context) ([]PhoneView, error) {
	var rows []PhoneView
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := s.mayLook(ctx); err != nil {
			return err
		}
		return r.List(ctx, &rows, "SELECT user_name, account_id, level, made_at FROM hotline_phone ORDER BY level, user_name")
	})
	return rows, err
}

// Open tells whether the recording folder is there; it is made on first use.
func (s *Service) Open() error { return os.MkdirAll(s.dir, 0o700) }

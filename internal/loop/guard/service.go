package guard

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/loop/guard/schedule"
	"zugou/internal/people/access"
	"zugou/internal/people/duty"
)

// Parts is what a Service is made of. Ask may be nil.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Jobs     *job.Engine
	Log      *slog.Logger
	District string
	Editions []Edition
	// Calendar gives the days off in force.
	Calendar func(ctx context.Context, r db.Reader) (duty.Calendar, error)
	// Take hands a signal to the seat as part of the change.
	Take func(ctx context.Context, tx *db.Tx, n signal.New) (seat.Receipt, error)
	// Over tells the matter of an alarm that it ended by itself.
	Over func(ctx context.Context, tx *db.Tx, matterID id.ID, kind Kind, why string) error
	// Target describes a child's record to the question of access.
	Target func(ctx context.Context, r db.Reader, childID id.ID) (access.Target, error)
	// Protocol gives the protocol of a model, "" for what is none; may be nil.
	Protocol func(profile string) string
	// Text makes the words of a matter.
	Text func(key string, data map[string]string) string
	// Ask has a device tell where it is, as soon as it hears it.
	Ask func(ctx context.Context, tx *db.Tx, deviceID string) error
}

// Service watches, and does what people do with fences and alarms.
type Service struct {
	p Parts

	mu     sync.Mutex
	zones  *zones
	shapes map[id.ID]*Fence
	rules  *ruleset
	cal    duty.Calendar
	calAt  clock.Millis

	charged charges
}

// The jobs.
const (
	JobSilence = "guard.silence" // key: device
	JobWindow  = "guard.window"  // key: fence
	JobPending = "guard.pending" // key: device/fence
	JobOutage  = "guard.outage"  // key: outage
	JobBeat    = "guard.beat"
)

// beatEvery is how exactly the program knows how long it was away.
const beatEvery = time.Minute

// New makes the service and registers its jobs.
func New(p Parts) *Service {
	for i := range p.Editions {
		if d := civil.Date(p.Editions[i].From); d.Valid() {
			p.Editions[i].fromAt = clock.Of(d.Start())
		}
	}
	s := &Service{p: p, shapes: map[id.ID]*Fence{}}
	as := func(rule job.Rule) job.Rule {
		return func(ctx context.Context, tx *db.Tx, j job.Job) error {
			return rule(access.With(ctx, access.System("guard")), tx, j)
		}
	}
	p.Jobs.Rule(JobSilence, as(s.overdue))
	p.Jobs.Rule(JobWindow, as(s.window))
	p.Jobs.Rule(JobPending, as(s.alone))
	p.Jobs.Rule(JobOutage, as(s.outage))
	p.Jobs.Every(JobBeat, beatEvery, s.beat)
	p.Jobs.Every(JobForget, forgetEvery, func(ctx context.Context, _ job.Job) error { return s.Forget(ctx) })
	return s
}

// calendar gives the days of an area, read anew once a minute.
func (s *Service) calendar(ctx context.Context, r db.Reader, e *Edition, area string) (schedule.Calendar, error) {
	s.mu.Lock()
	cal, at := s.cal, s.calAt
	s.mu.Unlock()
	if at == 0 || r.At().Sub(at).Abs() > time.Minute {
		var err error
		if cal, err = s.p.Calendar(ctx, r); err != nil {
			return schedule.Calendar{}, err
		}
		s.mu.Lock()
		s.cal, s.calAt = cal, r.At()
		s.mu.Unlock()
	}
	return schedule.Calendar{Workday: cal.Workday, Terms: e.TermsOf(area)}, nil
}

// beat notes that the program lives, so that its next start knows how long
// nobody listened.
func (s *Service) beat(ctx context.Context, _ job.Job) error {
	return s.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		was, err := state(ctx, tx, "beat")
		if err != nil {
			return err
		}
		if err := s.woke(ctx, tx, clock.Millis(was)); err != nil {
			return err
		}
		return setState(ctx, tx, "beat", int64(tx.Now))
	})
}

// away is how long nobody may have listened before silence needs a grace: the
// beat comes each minute.
const away = 3 * beatEvery

// woke gives grace after the program was away: the badges' silence was ours.
func (s *Service) woke(ctx context.Context, tx *db.Tx, beat clock.Millis) error {
	if beat == 0 || tx.Now.Sub(beat) < away {
		return nil
	}
	rules, _, err := s.rulesFor(ctx, tx, "", s.p.District)
	if err != nil {
		return err
	}
	return setState(ctx, tx, "grace_until", int64(tx.Now.Add(time.Duration(rules.Silence.GraceS)*time.Second)))
}

// Woke is to be called when the program starts, before any job runs.
func (s *Service) Woke(ctx context.Context) error {
	return s.beat(ctx, job.Job{})
}

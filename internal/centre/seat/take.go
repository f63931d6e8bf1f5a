package seat

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/match"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
)

// JobProcess processes a signal that was stored but not understood at once.
const JobProcess = "signal.process"

// Service is the seat.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	dir      match.Directory
	people   People
	matters  *matter.Service
	orders   *dispatch.Service
	unsaved  *Unsaved
	district string
	log      *slog.Logger
	onDevice OnDevice
}

// OnDevice is told of each stored device signal, in its change: the register
// keeps last seen, battery and place.
type OnDevice func(ctx context.Context, tx *db.Tx, n signal.New, child id.ID, region string) error

// Parts is what the seat is made of.
type Parts struct {
	DB       *db.DB
	Keys     *crypto.Keyring
	Dir      match.Directory
	People   People
	Matters  *matter.Service
	Orders   *dispatch.Service
	Unsaved  *Unsaved
	District string // region code of the district whose seat this is
	Log      *slog.Logger
	OnDevice OnDevice
	Jobs     *job.Engine
}

// New makes the seat and registers its jobs.
func New(p Parts) *Service {
	s := &Service{db: p.DB, keys: p.Keys, dir: p.Dir, people: p.People, matters: p.Matters, orders: p.Orders, unsaved: p.Unsaved,
		district: p.District, log: p.Log, onDevice: p.OnDevice}
	p.Jobs.Rule(JobProcess, s.processLater)
	return s
}

// Receipt says what became of a signal.
type Receipt struct {
	Signal id.ID
	Matter id.ID // empty: only recorded
	Child  id.ID
	Again  bool // the same signal was stored before
}

// Take stores a signal and does what it asks for. It returns nil only when the
// signal is on disk; kind busy means that the storage is away, and that the
// alarm rings from memory.
func (s *Service) Take(ctx context.Context, n signal.New) (Receipt, error) {
	var out Receipt
	settle := s.ringWhileWaiting(n)
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		out, err = s.TakeIn(ctx, tx, n)
		return err
	})
	rang := settle()
	switch errs.KindOf(err) {
	case errs.KindBusy:
		if err != nil {
			if !rang {
				s.unsaved.Ring(n, s.db.Clock().Now())
			}
			return out, err
		}
	case errs.KindInvalid, errs.KindNotFound, errs.KindForbidden:
		if err != nil {
			return out, err
		}
	default:
		if err != nil {
			s.log.Error("signal not processed, stored for later", "source", n.Source, "kind", n.Kind, "error", err)
			if out, err = s.keep(ctx, n); err != nil {
				s.unsaved.Ring(n, s.db.Clock().Now())
				return out, err
			}
		}
	}
	if err == nil {
		s.unsaved.Stored(n.Key)
	}
	return out, err
}

// ringAfter is how long a call for help waits for a storage that neither
// stores nor fails before it rings from memory.
const ringAfter = 3 * time.Second

// ringWhileWaiting rings from memory if the storage hangs. settle ends the
// wait and tells whether it rang.
func (s *Service) ringWhileWaiting(n signal.New) (settle func() (rang bool)) {
	if !rings(n) {
		return func() bool { return false }
	}
	over, rang := make(chan struct{}), make(chan bool, 1)
	go func() {
		select {
		case <-over:
			rang <- false
		case <-s.db.Clock().After(ringAfter):
			s.unsaved.Ring(n, s.db.Clock().Now())
			rang <- true
		}
	}()
	return func() bool { close(over); return <-rang }
}

// TakeIn is Take as part of a change of the caller's: what the caller stores
// and the signal with its matter are on disk together, or neither is. Nothing
// rings from memory if the change fails: the caller says so to whoever waits.
func (s *Service) TakeIn(ctx context.Context, tx *db.Tx, n signal.New) (Receipt, error) {
	if quiet(n) {
		return s.record(ctx, tx, n)
	}
	var out Receipt
	var stored bool
	var err error
	if out.Signal, stored, err = signal.Insert(ctx, tx, s.keys, n, access.From(ctx).Account); err != nil {
		return out, err
	}
	if !stored {
		return again(ctx, tx, out.Signal)
	}
	out.Matter, out.Child, err = s.process(ctx, tx, out.Signal, n)
	return out, err
}

func again(ctx context.Context, tx *db.Tx, signalID id.ID) (Receipt, error) {
	old, err := signal.Find(ctx, tx, signalID)
	return Receipt{Signal: signalID, Matter: old.MatterID, Child: old.ChildID, Again: true}, err
}

// quiet tells whether a signal of a device asks for no matter by itself: it
// raises no alarm, or only has state bits up that are not of class A. Nearly
// all that comes is so.
func quiet(n signal.New) bool {
	return n.Source.Device() && n.Kinds == "" && (len(n.Alarms) == 0 || !n.Event && len(n.Alarm()) == 0)
}

// record stores a quiet signal with whose it is, in one row written once.
func (s *Service) record(ctx context.Context, tx *db.Tx, n signal.New) (Receipt, error) {
	found, err := match.Match(ctx, tx, s.dir, n, s.district)
	if err != nil {
		return Receipt{}, err
	}
	out := Receipt{Child: found.Child}
	var stored bool
	if out.Signal, stored, err = signal.InsertLed(ctx, tx, s.keys, n, access.From(ctx).Account, found.Child, found.Region, found.Why); err != nil {
		return out, err
	}
	if !stored {
		return again(ctx, tx, out.Signal)
	}
	if s.onDevice != nil {
		err = s.onDevice(ctx, tx, n, found.Child, found.Region)
	}
	return out, err
}

// later is what a signal kept for later needs besides its row.
type later struct {
	Event   bool   `json:"event"`
	Kinds   string `json:"kinds"`
	Urgency string `json:"urgency"`
}

// keep stores a signal alone, with a job to process it.
func (s *Service) keep(ctx context.Context, n signal.New) (Receipt, error) {
	var out Receipt
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		var stored bool
		if out.Signal, stored, err = signal.Insert(ctx, tx, s.keys, n, access.From(ctx).Account); err != nil || !stored {
			return err
		}
		payload, err := json.Marshal(later{n.Event, n.Kinds, n.Urgency})
		if err != nil {
			return err
		}
		if err := tx.Emit(ctx, db.Event{Topic: "signal", Kind: "kept", Region: s.district, Ref: string(out.Signal)}); err != nil {
			return err
		}
		return job.Schedule(ctx, tx, JobProcess, string(out.Signal), tx.Now, string(payload))
	})
	return out, err
}

func (s *Service) processLater(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = access.With(ctx, access.System("intake"))
	old, err := signal.Find(ctx, tx, id.ID(j.Key))
	if err != nil || old.MatterID != "" {
		return err
	}
	var w later
	if err := json.Unmarshal([]byte(j.Payload), &w); err != nil {
		return err
	}
	n := signal.New{Source: old.Source, Kind: old.Kind, DeviceID: old.DeviceID, DeviceAt: old.DeviceAt, History: old.History, Event: w.Event,
		Alarms: old.AlarmList(), ChildID: old.ChildID, Region: old.Region, Kinds: w.Kinds, Urgency: w.Urgency, Drill: old.Drill}
	_, _, err = s.process(ctx, tx, old.ID, n)
	return err
}

// process matches a stored signal and opens or joins its matter.
func (s *Service) process(ctx context.Context, tx *db.Tx, signalID id.ID, n signal.New) (matterID, child id.ID, err error) {
	found, err := match.Match(ctx, tx, s.dir, n, s.district)
	if err != nil {
		return "", "", err
	}
	if n.Source.Device() && s.onDevice != nil {
		if err := s.onDevice(ctx, tx, n, found.Child, found.Region); err != nil {
			return "", "", err
		}
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return "", "", err
	}
	kind, act, err := s.kindOf(ctx, tx, book, signalID, n)
	if err != nil {
		return "", "", err
	}
	if !act {
		return "", found.Child, signal.Led(ctx, tx, signalID, found.Child, "", found.Region, found.Why, false)
	}
	phone := ""
	if n.Phone != "" {
		phone = s.keys.Index("phone", n.Phone)
	}
	again := n.Source.Device() && n.Event && len(n.Alarm()) > 0
	m, joined, err := s.matters.OpenOrJoin(ctx, tx, matter.Opening{Kind: kind, Urgency: policy.Urgency(n.Urgency), Child: found.Child, Region: found.Region,
		DeviceID: n.DeviceID, Phone: phone, Signal: signalID, Again: again, Text: n.Note, Drill: n.Drill})
	if err != nil {
		return "", "", err
	}
	if err := signal.Led(ctx, tx, signalID, found.Child, m.ID, found.Region, found.Why, joined && again); err != nil {
		return "", "", err
	}
	if m.Crisis && !m.Drill {
		if err := s.preempt(ctx, tx); err != nil {
			return "", "", err
		}
	}
	return m.ID, found.Child, nil
}

// kindOf tells which kind of matter the signal asks for; act is false if it is
// only to be recorded.
func (s *Service) kindOf(ctx context.Context, r db.Reader, book *policy.Book, signalID id.ID, n signal.New) (k policy.Kind, act bool, err error) {
	if n.Kinds != "" {
		k, act = book.Kind(n.Kinds)
		if !act {
			return k, false, errs.Invalid("kind", "matter.kind_unknown")
		}
		return k, true, nil
	}
	alarms := n.Alarms
	if !n.Event {
		// A state bit stays up for hours: it counts when it comes up. The alarms
		// of class A count here too, since the alarm frame itself may be lost.
		before, err := signal.AlarmsBefore(ctx, r, n.DeviceID, signalID)
		if err != nil {
			return k, false, err
		}
		alarms = slices.DeleteFunc(n.Alarm(), func(a string) bool { return slices.Contains(before, a) })
	}
	for _, a := range alarms {
		c, ok := book.Kind(book.AlarmKind(a))
		if ok && (!act || c.Urgency.Rank() < k.Urgency.Rank()) {
			k, act = c, true
		}
	}
	return k, act, nil
}

// Assign says whose an unknown signal is: a person's decision.
func (s *Service) Assign(ctx context.Context, signalID, child id.ID) (Receipt, error) {
	var out Receipt
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := signal.Find(ctx, tx, signalID)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "signal.match", access.Target{Region: old.Region}); err != nil {
			return err
		}
		if old.ChildID != "" {
			return errs.Conflict("signal.matched_already")
		}
		region, err := s.dir.Region(ctx, tx, child)
		if err != nil {
			return err
		}
		if old.MatterID != "" {
			m, err := matter.Get(ctx, tx, old.MatterID)
			if err != nil {
				return err
			}
			if _, err := s.matters.Assign(ctx, tx, m, child, region); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE signal SET child_id = ?, region = ?, state = ?, why = ? WHERE matter_id = ? AND child_id = ''",
				child, region, signal.Matched, match.ByChosen, old.MatterID); err != nil {
				return err
			}
		} else if err := signal.Led(ctx, tx, signalID, child, "", region, match.ByChosen, false); err != nil {
			return err
		}
		out = Receipt{Signal: signalID, Matter: old.MatterID, Child: child}
		return s.auditChild(ctx, tx, "signal.match", child, region, signalID)
	})
	return out, err
}

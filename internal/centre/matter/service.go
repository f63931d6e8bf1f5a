package matter

import (
	"context"
	"slices"
	"strings"
	"time"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/person"
)

// Jobs of this package.
const (
	JobReceived = "matter.received" // nobody dispatched in time
	JobConfirm  = "matter.confirm"  // the second person did not come
)

// Calendar counts waiting time in office hours.
type Calendar interface {
	// Add gives the instant at which d of office hours has passed since from.
	Add(ctx context.Context, r db.Reader, from clock.Millis, d time.Duration) (clock.Millis, error)
}

// Near tells who belongs to a child, for the rule that nobody near it is told.
type Near interface {
	// AccountsOf gives the staff accounts that are this person, or have this
	// phone; phone may be empty.
	AccountsOf(ctx context.Context, r db.Reader, person id.ID, phone string) ([]id.ID, error)
}

// Service does what people and signals do to matters.
type Service struct {
	db       *db.DB
	keys     *crypto.Keyring
	calendar Calendar
	near     Near
	onClosed func(ctx context.Context, tx *db.Tx, m Matter) error
}

// OnClosed has fn run in the change that closes a matter: dispatch ends the
// orders that are still out.
func (s *Service) OnClosed(fn func(ctx context.Context, tx *db.Tx, m Matter) error) { s.onClosed = fn }

func (s *Service) closed(ctx context.Context, tx *db.Tx, m Matter) error {
	if m.State != Closed || s.onClosed == nil {
		return nil
	}
	return s.onClosed(ctx, tx, m)
}

// NewService makes the service.
func NewService(d *db.DB, keys *crypto.Keyring, calendar Calendar, near Near) *Service {
	return &Service{db: d, keys: keys, calendar: calendar, near: near}
}

// Due gives the instant until which a stage that began at from may wait.
func (s *Service) Due(ctx context.Context, r db.Reader, k policy.Kind, within time.Duration, from clock.Millis) (clock.Millis, error) {
	if !k.OfficeHours {
		return from.Add(within), nil
	}
	return s.calendar.Add(ctx, r, from, within)
}

// Opening says what a matter is opened with.
type Opening struct {
	Kind     policy.Kind
	Urgency  policy.Urgency // of a person's choice; empty: the kind's
	Child    id.ID
	Region   string
	DeviceID string // of an unknown device
	Phone    string // keyed index of an unknown caller
	Signal   id.ID
	Again    bool // an alarm of its own that repeats one
	Text     string
	Drill    bool
}

// OpenOrJoin joins the open matter of the same event, or opens one. It is part
// of the caller's change. joined tells which.
func (s *Service) OpenOrJoin(ctx context.Context, tx *db.Tx, o Opening) (m Matter, joined bool, err error) {
	key := EventKey(o.Kind, o.Drill, o.Child, o.DeviceID, o.Phone, o.Signal)
	if err := tx.Lock(ctx, "matter:"+key); err != nil {
		return m, false, err
	}
	m, err = openFor(ctx, tx, key)
	switch {
	case err == nil:
		m, err = s.join(ctx, tx, m, o)
		return m, true, err
	case !errs.Is(err, errs.KindNotFound):
		return m, false, err
	}
	m = start(o.Kind, tx.Now)
	if o.Urgency != "" {
		m.Urgency, m.Rank = o.Urgency, o.Urgency.Rank()
	}
	m.Region, m.ChildID, m.DeviceID, m.EventKey, m.Drill = o.Region, o.Child, o.DeviceID, key, o.Drill
	m.OpenedBy = access.From(ctx).Account
	if o.Signal != "" {
		m.Signals, m.LastSignalAt = 1, tx.Now
	}
	if o.Text != "" {
		m.Text = s.keys.Seal("matter.text:"+string(m.ID), o.Text)
	}
	if m.DueAt, err = s.Due(ctx, tx, o.Kind, o.Kind.Within(policy.Received), tx.Now); err != nil {
		return m, false, err
	}
	if m.No, err = nextNo(ctx, tx, ""); err != nil {
		return m, false, err
	}
	if err := insert(ctx, tx, m); err != nil {
		return m, false, err
	}
	if err := Record(ctx, tx, m, Event{Kind: "opened"}, map[string]any{"signal": o.Signal, "kind": m.Kind, "urgency": m.Urgency}); err != nil {
		return m, false, err
	}
	if err := tell(ctx, tx, m, "opened"); err != nil {
		return m, false, err
	}
	return m, false, job.Schedule(ctx, tx, JobReceived, string(m.ID), m.DueAt, "")
}

func (s *Service) join(ctx context.Context, tx *db.Tx, m Matter, o Opening) (Matter, error) {
	was := m
	m, err := m.join(o.Kind, o.Again, tx.Now)
	if err != nil {
		return m, err
	}
	if was.State == Closing {
		if err := s.resume(ctx, tx, &m); err != nil {
			return m, err
		}
	}
	if err := Save(ctx, tx, m, was.Version); err != nil {
		return m, err
	}
	kind := "joined"
	if o.Again {
		kind = "pressed_again"
	}
	return m, Record(ctx, tx, m, Event{Kind: kind}, map[string]any{"signal": o.Signal, "urgency_was": was.Urgency, "interrupted_closing": was.State == Closing})
}

// resume gives an unclosed matter its clock back: a fresh one at the seat.
func (s *Service) resume(ctx context.Context, tx *db.Tx, m *Matter) error {
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	k, _ := book.Kind(m.Kind)
	within := k.Within(m.Stage)
	if m.ClockAt = tx.Now; within > 0 {
		if m.DueAt, err = s.Due(ctx, tx, k, within, tx.Now); err != nil {
			return err
		}
	}
	if err := job.Cancel(ctx, tx, JobConfirm, string(m.ID)); err != nil {
		return err
	}
	if m.Stage == policy.Received {
		return job.Schedule(ctx, tx, JobReceived, string(m.ID), m.DueAt, "")
	}
	return nil
}

// change runs a person's change of one matter: rights, rule, store, event, audit.
func (s *Service) change(ctx context.Context, matterID id.ID, action access.Action, note string, data any,
	rule func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error), after ...func(ctx context.Context, tx *db.Tx, m Matter) error) (Matter, error) {
	var out Matter
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, t, err := Check(ctx, tx, matterID, action)
		if err != nil {
			return err
		}
		was := m
		m, kind, err := rule(ctx, tx, m)
		if err != nil {
			return err
		}
		if m.Version == was.Version {
			m.Version++
		}
		if err := Save(ctx, tx, m, was.Version); err != nil {
			return err
		}
		e := Event{ID: id.New(), Kind: kind}
		if note != "" {
			e.Note = s.keys.Seal(NoteAAD(e.ID), note)
		}
		if err := Record(ctx, tx, m, e, data); err != nil {
			return err
		}
		if err := tell(ctx, tx, m, kind); err != nil {
			return err
		}
		for _, f := range after {
			if err := f(ctx, tx, m); err != nil {
				return err
			}
		}
		out = m
		return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "matter", Subject: m.ID, Purpose: string(t.Task), Region: m.Region, Fields: []string{kind}})
	})
	return out, err
}

// maxNote bounds free text, in characters.
const maxNote = 4000

func checkNote(field, text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case needed && text == "":
		return "", errs.Invalid(field, "text.needed")
	case len([]rune(text)) > maxNote:
		return "", errs.Invalid(field, "text.too_long")
	}
	return text, nil
}

// Note adds a remark to the timeline.
func (s *Service) Note(ctx context.Context, matterID id.ID, text string) (Matter, error) {
	text, err := checkNote("text", text, true)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.note", text, nil, func(_ context.Context, _ *db.Tx, m Matter) (Matter, string, error) {
		return m, "note", nil
	})
}

// SetUrgency moves the urgency by a person's decision; lowering needs a reason.
func (s *Service) SetUrgency(ctx context.Context, matterID id.ID, u policy.Urgency, reason string, version int64) (Matter, error) {
	reason, err := checkNote("reason", reason, false)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.urgency", reason, map[string]any{"to": u}, func(_ context.Context, _ *db.Tx, m Matter) (Matter, string, error) {
		if version != 0 && version != m.Version {
			return m, "", errs.Conflict("record.moved_on")
		}
		m, err := m.setUrgency(u, reason)
		return m, "urgency", err
	})
}

// Close ends a matter with an outcome; a crisis then waits for the second person.
func (s *Service) Close(ctx context.Context, matterID id.ID, outcome, note string, version int64) (Matter, error) {
	note, err := checkNote("note", note, false)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.close", note, map[string]any{"outcome": outcome}, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		if version != 0 && version != m.Version {
			return m, "", errs.Conflict("record.moved_on")
		}
		book, err := policy.At(ctx, tx, tx.Now)
		if err != nil {
			return m, "", err
		}
		o, ok := book.Outcome(outcome)
		if !ok {
			return m, "", errs.Invalid("outcome", "outcome.unknown")
		}
		if m, err = m.close(o, access.From(ctx).Account, tx.Now); err != nil {
			return m, "", err
		}
		if note != "" {
			m.OutcomeNote = s.keys.Seal("matter.outcome_note:"+string(m.ID), note)
		}
		if err := job.Cancel(ctx, tx, JobReceived, string(m.ID)); err != nil {
			return m, "", err
		}
		if m.State == Closing {
			return m, "closing", job.Schedule(ctx, tx, JobConfirm, string(m.ID), m.DueAt, "")
		}
		return m, "closed", nil
	}, s.closed)
}

// Confirm is the second person's word on a closed crisis.
func (s *Service) Confirm(ctx context.Context, matterID id.ID, ok bool, note string) (Matter, error) {
	note, err := checkNote("note", note, !ok)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.confirm", note, map[string]any{"ok": ok}, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		m, err := m.confirm(ok, access.From(ctx).Account, tx.Now)
		if err != nil {
			return m, "", err
		}
		if err := job.Cancel(ctx, tx, JobConfirm, string(m.ID)); err != nil {
			return m, "", err
		}
		if m.State == Open {
			return m, "closing_refused", s.resume(ctx, tx, &m)
		}
		return m, "closed", nil
	}, s.closed)
}

// Reopen takes a closed matter up again.
func (s *Service) Reopen(ctx context.Context, matterID id.ID, reason string) (Matter, error) {
	reason, err := checkNote("reason", reason, true)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.reopen", reason, nil, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		book, err := policy.At(ctx, tx, tx.Now)
		if err != nil {
			return m, "", err
		}
		k, _ := book.Kind(m.Kind)
		if _, err := openFor(ctx, tx, m.EventKey); err == nil {
			return m, "", errs.Conflict("matter.another_open")
		}
		if m, err = m.reopen(k, reason, tx.Now); err != nil {
			return m, "", err
		}
		return m, "reopened", job.Schedule(ctx, tx, JobReceived, string(m.ID), m.DueAt, "")
	})
}

// Lock shows colleagues who works on the matter. A holder who holds on only
// moves the end: nothing has happened that others must hear of.
func (s *Service) Lock(ctx context.Context, matterID id.ID) (Matter, error) {
	var held Matter
	renewed := false
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, _, err := Check(ctx, tx, matterID, "matter.lock")
		if err != nil || m.LockedBy != access.From(ctx).Account || m.LockedUntil <= tx.Now {
			return err
		}
		held, renewed = m, true
		held.LockedUntil = tx.Now.Add(LockFor)
		_, err = tx.Exec(ctx, "UPDATE matter SET locked_until = ? WHERE id = ?", held.LockedUntil, m.ID)
		return err
	})
	if err != nil || renewed {
		return held, err
	}
	return s.change(ctx, matterID, "matter.lock", "", nil, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		m, err := m.lock(access.From(ctx).Account, tx.Now)
		return m, "locked", err
	})
}

// Unlock ends the actor's own lock.
func (s *Service) Unlock(ctx context.Context, matterID id.ID) (Matter, error) {
	return s.change(ctx, matterID, "matter.lock", "", nil, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		if m.LockedBy != access.From(ctx).Account {
			return m, "", errs.Conflict("matter.locked")
		}
		m.LockedBy, m.LockedUntil = "", 0
		return m, "unlocked", nil
	})
}

// AllowContact is the officer's decision whether people near the child may be
// told, in a matter that began without.
func (s *Service) AllowContact(ctx context.Context, matterID id.ID, allow bool, reason string) (Matter, error) {
	reason, err := checkNote("reason", reason, true)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.contact", reason, map[string]any{"allow": allow}, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		m.ContactAllowed, m.ContactBy = allow, access.From(ctx).Account
		return m, "contact", nil
	})
}

// Assign says which child a matter of an unknown caller or device is about.
func (s *Service) Assign(ctx context.Context, tx *db.Tx, m Matter, child id.ID, region string) (Matter, error) {
	was := m.Version
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return m, err
	}
	k, _ := book.Kind(m.Kind)
	key := EventKey(k, m.Drill, child, "", "", "")
	if other, err := openFor(ctx, tx, key); err == nil && other.ID != m.ID {
		return m, errs.Conflict("matter.child_has_one")
	}
	m.ChildID, m.Region, m.EventKey = child, region, key
	m.Version++
	if err := Save(ctx, tx, m, was); err != nil {
		return m, err
	}
	if err := Record(ctx, tx, m, Event{Kind: "assigned"}, map[string]any{"child": child}); err != nil {
		return m, err
	}
	return m, tell(ctx, tx, m, "assigned")
}

// Who names somebody for the conflict list: a person of the register, an
// account of this house, or a name with or without a phone.
type Who struct {
	Person   id.ID
	Account  id.ID
	Name     string
	Phone    string
	Relation string
	Reason   string
}

// AddConflict puts somebody on the list of who must not be told. Orders and
// messages that reach them, for this matter or another open one of the child,
// are withdrawn by whoever listens (see dispatch).
func (s *Service) AddConflict(ctx context.Context, matterID id.ID, w Who, withdraw func(ctx context.Context, tx *db.Tx, m Matter, accounts []id.ID) error) (Matter, error) {
	reason, err := checkNote("reason", w.Reason, true)
	if err != nil {
		return Matter{}, err
	}
	if w.Person == "" && w.Account == "" && w.Name == "" && w.Phone == "" {
		return Matter{}, errs.Invalid("name", "conflict.who")
	}
	var accounts []id.ID
	return s.change(ctx, matterID, "matter.conflict", "", map[string]any{"person": w.Person, "account": w.Account}, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		phone := ""
		if w.Phone != "" {
			p, ok := civil.ParsePhone(w.Phone)
			if !ok {
				return m, "", errs.Invalid("phone", "phone.form")
			}
			w.Phone, phone = string(p), person.PhoneIndex(s.keys, p)
		}
		var err error
		if accounts, err = s.near.AccountsOf(ctx, tx, w.Person, w.Phone); err != nil {
			return m, "", err
		}
		if w.Account != "" && !slices.Contains(accounts, w.Account) {
			accounts = append(accounts, w.Account)
		}
		rows := accounts
		if len(rows) == 0 {
			rows = []id.ID{""}
		}
		for _, account := range rows {
			rowID := id.New()
			_, err := tx.Exec(ctx, `INSERT INTO matter_conflict (id, matter_id, person_id, account_id, name, phone_index, relation, reason, set_by, set_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, rowID, m.ID, w.Person, account, s.keys.Seal("matter_conflict.name:"+string(rowID), w.Name), phone,
				w.Relation, s.keys.Seal("matter_conflict.reason:"+string(rowID), reason), access.From(ctx).Account, tx.Now)
			if err != nil {
				return m, "", err
			}
		}
		return m, "conflict_added", nil
	}, func(ctx context.Context, tx *db.Tx, m Matter) error {
		others, err := openBeside(ctx, tx, m)
		if err != nil {
			return err
		}
		for _, x := range append([]Matter{m}, others...) {
			if err := withdraw(ctx, tx, x, accounts); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveConflict takes an entry off the list; it stays in the history.
func (s *Service) RemoveConflict(ctx context.Context, matterID, conflictID id.ID, reason string) (Matter, error) {
	reason, err := checkNote("reason", reason, true)
	if err != nil {
		return Matter{}, err
	}
	return s.change(ctx, matterID, "matter.conflict", reason, map[string]any{"conflict": conflictID}, func(ctx context.Context, tx *db.Tx, m Matter) (Matter, string, error) {
		n, err := tx.Exec(ctx, "UPDATE matter_conflict SET removed_at = ? WHERE id = ? AND matter_id = ? AND removed_at = 0", tx.Now, conflictID, m.ID)
		if err == nil && n == 0 {
			err = errs.NotFound("record.not_found")
		}
		return m, "conflict_removed", err
	})
}

// EndDrill closes the matter of an exercise. It is part of the caller's change.
func (s *Service) EndDrill(ctx context.Context, tx *db.Tx, m Matter) error {
	if !m.Drill || m.State == Closed {
		return errs.Conflict("matter.closed")
	}
	was := m.Version
	m.Outcome, m.ClosingBy, m.ClosingAt = "drill_done", access.From(ctx).Account, tx.Now
	m = m.end(tx.Now)
	m.Version++
	if err := Save(ctx, tx, m, was); err != nil {
		return err
	}
	for _, kind := range []string{JobReceived, JobConfirm} {
		if err := job.Cancel(ctx, tx, kind, string(m.ID)); err != nil {
			return err
		}
	}
	if err := Record(ctx, tx, m, Event{Kind: "closed"}, map[string]any{"outcome": m.Outcome}); err != nil {
		return err
	}
	return s.closed(ctx, tx, m)
}

// Unseal opens the sealed texts of a matter for an answer.
func (s *Service) Unseal(m Matter) (text, outcomeNote string) {
	text, _ = s.keys.Open("matter.text:"+string(m.ID), m.Text)
	outcomeNote, _ = s.keys.Open("matter.outcome_note:"+string(m.ID), m.OutcomeNote)
	return text, outcomeNote
}

// UnsealNote opens the note of an event.
func (s *Service) UnsealNote(e Event) string {
	text, _ := s.keys.Open(NoteAAD(e.ID), e.Note)
	return text
}

// UnsealConflict opens the name and reason of an entry.
func (s *Service) UnsealConflict(c Conflict) (name, reason string) {
	name, _ = s.keys.Open("matter_conflict.name:"+string(c.ID), c.Name)
	reason, _ = s.keys.Open("matter_conflict.reason:"+string(c.ID), c.Reason)
	return name, reason
}

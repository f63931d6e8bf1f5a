package matter

import (
	"time"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// State of a matter.
type State string

// The states.
const (
	Open    State = "open"
	Closing State = "closing" // waits for the second person
	Closed  State = "closed"
)

// Matter is one record. Text and OutcomeNote are sealed.
type Matter struct {
	ID             id.ID          `bun:"id"`
	No             string         `bun:"no"` // day and number; carries nothing else
	Kind           string         `bun:"kind"`
	Group          string         `bun:"grp"`
	Urgency        policy.Urgency `bun:"urgency"`
	Rank           int            `bun:"rank"`
	Crisis         bool           `bun:"crisis"`
	State          State          `bun:"state"`
	Drill          bool           `bun:"drill"`
	Region         string         `bun:"region"` // where the child lives now, or where it was reported
	ChildID        id.ID          `bun:"child_id"`
	EventKey       string         `bun:"event_key"`
	DeviceID       string         `bun:"device_id"` // of an unknown device
	OpenedAt       clock.Millis   `bun:"opened_at"`
	OpenedBy       id.ID          `bun:"opened_by"`
	LastSignalAt   clock.Millis   `bun:"last_signal_at"`
	Signals        int            `bun:"signals"`
	PressedAgain   int            `bun:"pressed_again"`
	Text           string         `bun:"text"`
	Stage          policy.Stage   `bun:"stage"` // of the leading order
	OrderID        id.ID          `bun:"order_id"`
	Orders         int            `bun:"orders"` // dispatched so far: the step an operator was told
	ClockAt        clock.Millis   `bun:"clock_at"`
	DueAt          clock.Millis   `bun:"due_at"`
	ContactAllowed bool           `bun:"contact_allowed"`
	ContactBy      id.ID          `bun:"contact_by"`
	Outcome        string         `bun:"outcome"`
	OutcomeNote    string         `bun:"outcome_note"`
	ClosingBy      id.ID          `bun:"closing_by"`
	ClosingAt      clock.Millis   `bun:"closing_at"`
	ClosedAt       clock.Millis   `bun:"closed_at"`
	ConfirmedBy    id.ID          `bun:"confirmed_by"`
	Reopened       int            `bun:"reopened"`
	LockedBy       id.ID          `bun:"locked_by"`
	LockedUntil    clock.Millis   `bun:"locked_until"`
	Version        int64          `bun:"version"`
}

// ConfirmWithin is how long a closed crisis may wait for its second person.
const ConfirmWithin = 30 * time.Minute

// LockFor is how long a seat's lock holds without being renewed.
const LockFor = 2 * time.Minute

// EventKey names the event a signal is about. Signals on a child's safety are
// one event whatever their kind; other requests are one event per kind. What
// nobody knows is told apart by device or caller.
func EventKey(k policy.Kind, drill bool, child id.ID, deviceID, phoneIndex string, signalID id.ID) string {
	key := k.Group + ":"
	switch {
	case child != "":
		key += "child:" + string(child)
	case deviceID != "":
		key += "device:" + deviceID
	case phoneIndex != "":
		key += "phone:" + phoneIndex
	default:
		key += "signal:" + string(signalID)
	}
	if drill {
		return "drill:" + key
	}
	return key
}

// start gives a new matter of the kind.
func start(k policy.Kind, now clock.Millis) Matter {
	return Matter{ID: id.New(), Kind: k.Key, Group: k.Group, Urgency: k.Urgency, Rank: k.Urgency.Rank(), Crisis: k.Crisis,
		State: Open, OpenedAt: now, Stage: policy.Received, ClockAt: now, DueAt: now.Add(k.Within(policy.Received)),
		ContactAllowed: !k.NoContact, Version: 1}
}

// raise lifts the urgency and the crisis mark; it never lowers them.
func (m Matter) raise(k policy.Kind) Matter {
	if k.Urgency.Rank() < m.Rank {
		m.Urgency, m.Rank, m.Kind = k.Urgency, k.Urgency.Rank(), k.Key
	}
	m.Crisis = m.Crisis || k.Crisis
	return m
}

// join adds a signal to an open matter.
func (m Matter) join(k policy.Kind, again bool, now clock.Millis) (Matter, error) {
	if m.State == Closed {
		return m, errs.Conflict("matter.closed")
	}
	m = m.raise(k)
	m.Signals++
	m.LastSignalAt = now
	if again {
		m.PressedAgain++
	}
	if m.State == Closing {
		m = m.backToOpen()
	}
	m.Version++
	return m, nil
}

func (m Matter) backToOpen() Matter {
	m.State, m.Outcome, m.OutcomeNote, m.ClosingBy, m.ClosingAt = Open, "", "", "", 0
	return m
}

// setUrgency is a person's decision.
func (m Matter) setUrgency(u policy.Urgency, reason string) (Matter, error) {
	switch {
	case !u.Valid():
		return m, errs.Invalid("urgency", "policy.urgency")
	case m.State == Closed:
		return m, errs.Conflict("matter.closed")
	case u.Rank() > m.Rank && reason == "":
		return m, errs.Invalid("reason", "reason.needed")
	}
	m.Urgency, m.Rank = u, u.Rank()
	m.Version++
	return m, nil
}

// close ends a matter, or asks for the second person.
func (m Matter) close(o policy.Outcome, by id.ID, now clock.Millis) (Matter, error) {
	switch {
	case m.State == Closed:
		return m, errs.Conflict("matter.closed")
	case m.State == Closing:
		return m, errs.Conflict("matter.closing")
	case !o.Fits(m.Kind, m.Drill):
		return m, errs.Invalid("outcome", "outcome.does_not_fit")
	}
	m.Outcome, m.ClosingBy, m.ClosingAt = o.Key, by, now
	m.Version++
	if m.Crisis && !m.Drill {
		m.State, m.ClockAt, m.DueAt = Closing, now, now.Add(ConfirmWithin)
		return m, nil
	}
	return m.end(now), nil
}

func (m Matter) end(now clock.Millis) Matter {
	m.State, m.ClosedAt, m.ClockAt, m.DueAt, m.LockedBy, m.LockedUntil = Closed, now, 0, 0, "", 0
	return m
}

// confirm is the second person's word.
func (m Matter) confirm(ok bool, by id.ID, now clock.Millis) (Matter, error) {
	switch {
	case m.State != Closing:
		return m, errs.Conflict("matter.not_closing")
	case by == m.ClosingBy:
		return m, errs.Forbidden("matter.second_person")
	}
	m.Version++
	if !ok {
		return m.backToOpen(), nil
	}
	m.ConfirmedBy = by
	return m.end(now), nil
}

// reopen takes a closed matter up again; its clock starts anew at the seat.
func (m Matter) reopen(k policy.Kind, reason string, now clock.Millis) (Matter, error) {
	switch {
	case m.State != Closed:
		return m, errs.Conflict("matter.not_closed")
	case reason == "":
		return m, errs.Invalid("reason", "reason.needed")
	}
	m = m.backToOpen()
	m.ConfirmedBy, m.ClosedAt, m.OrderID = "", 0, ""
	m.Stage, m.ClockAt, m.DueAt = policy.Received, now, now.Add(k.Within(policy.Received))
	m.Reopened++
	m.Version++
	return m, nil
}

// lock marks that an operator works on the matter. A lock is a courtesy to
// colleagues, not a right: it ends by itself.
func (m Matter) lock(by id.ID, now clock.Millis) (Matter, error) {
	if m.LockedBy != "" && m.LockedBy != by && m.LockedUntil > now {
		return m, errs.Conflict("matter.locked")
	}
	m.LockedBy, m.LockedUntil = by, now.Add(LockFor)
	return m, nil
}

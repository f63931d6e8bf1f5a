package matter

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

const columns = `id, no, kind, grp, urgency, rank, crisis, state, drill, region, child_id, event_key, device_id, opened_at, opened_by,
	last_signal_at, signals, pressed_again, text, stage, order_id, orders, clock_at, due_at, contact_allowed, contact_by, outcome, outcome_note,
	closing_by, closing_at, closed_at, confirmed_by, reopened, locked_by, locked_until, version`

// Get gives a matter without asking for rights; callers check.
func Get(ctx context.Context, r db.Reader, matterID id.ID) (Matter, error) {
	return first(ctx, r, "WHERE id = ?", matterID)
}

// openFor gives the open matter of an event key.
func openFor(ctx context.Context, r db.Reader, key string) (Matter, error) {
	return first(ctx, r, "WHERE event_key = ? AND state <> 'closed'", key)
}

func first(ctx context.Context, r db.Reader, where string, args ...any) (Matter, error) {
	rows, err := Select(ctx, r, where+" LIMIT 1", args...)
	if err != nil {
		return Matter{}, err
	}
	if len(rows) == 0 {
		return Matter{}, errs.NotFound("record.not_found")
	}
	return rows[0], nil
}

// Select lists matters by a condition that the caller has made safe.
func Select(ctx context.Context, r db.Reader, where string, args ...any) ([]Matter, error) {
	var rows []Matter
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM matter "+where, args...)
	return rows, err
}

// nextNo gives the day's next number.
func nextNo(ctx context.Context, tx *db.Tx, prefix string) (string, error) {
	day := tx.Now.Time().In(clock.Zone).Format("20060102")
	var n int
	err := tx.Get(ctx, db.To(&n), `INSERT INTO matter_number (day, n) VALUES (?, 1)
		ON CONFLICT (day) DO UPDATE SET n = matter_number.n + 1 RETURNING n`, prefix+day)
	return fmt.Sprintf("%s%s-%04d", prefix, day, n), err
}

// NextNo gives the next number of a series with a prefix of its own.
func NextNo(ctx context.Context, tx *db.Tx, prefix string) (string, error) {
	return nextNo(ctx, tx, prefix)
}

func insert(ctx context.Context, tx *db.Tx, m Matter) error {
	_, err := tx.Exec(ctx, "INSERT INTO matter ("+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.No, m.Kind, m.Group, m.Urgency, m.Rank, m.Crisis, m.State, m.Drill, m.Region, m.ChildID, m.EventKey, m.DeviceID, m.OpenedAt, m.OpenedBy,
		m.LastSignalAt, m.Signals, m.PressedAgain, m.Text, m.Stage, m.OrderID, m.Orders, m.ClockAt, m.DueAt, m.ContactAllowed, m.ContactBy, m.Outcome, m.OutcomeNote,
		m.ClosingBy, m.ClosingAt, m.ClosedAt, m.ConfirmedBy, m.Reopened, m.LockedBy, m.LockedUntil, m.Version)
	return err
}

// Save writes a matter that was read at version was. A colleague who was
// faster makes it a conflict.
func Save(ctx context.Context, tx *db.Tx, m Matter, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE matter SET kind = ?, urgency = ?, rank = ?, crisis = ?, state = ?, region = ?, child_id = ?, event_key = ?, last_signal_at = ?, signals = ?,
		pressed_again = ?, stage = ?, order_id = ?, orders = ?, clock_at = ?, due_at = ?, contact_allowed = ?, contact_by = ?, outcome = ?, outcome_note = ?,
		closing_by = ?, closing_at = ?, closed_at = ?, confirmed_by = ?, reopened = ?, locked_by = ?, locked_until = ?, version = ? WHERE id = ? AND version = ?`,
		m.Kind, m.Urgency, m.Rank, m.Crisis, m.State, m.Region, m.ChildID, m.EventKey, m.LastSignalAt, m.Signals, m.PressedAgain, m.Stage, m.OrderID, m.Orders,
		m.ClockAt, m.DueAt, m.ContactAllowed, m.ContactBy, m.Outcome, m.OutcomeNote, m.ClosingBy, m.ClosingAt, m.ClosedAt, m.ConfirmedBy, m.Reopened,
		m.LockedBy, m.LockedUntil, m.Version, m.ID, was)
	if err != nil {
		return err
	}
	if n != 1 {
		return errs.Conflict("record.moved_on")
	}
	return nil
}

// Event is one thing that happened to a matter. Note is sealed.
type Event struct {
	ID       id.ID           `bun:"id"`
	MatterID id.ID           `bun:"matter_id"`
	OrderID  id.ID           `bun:"order_id"`
	At       clock.Millis    `bun:"at"`
	Kind     string          `bun:"kind"`
	Actor    id.ID           `bun:"actor"`
	Data     json.RawMessage `bun:"data"`
	Note     string          `bun:"note"`
}

// NoteAAD binds an event's sealed note to its row.
func NoteAAD(eventID id.ID) string { return "matter_event.note:" + string(eventID) }

// Record stores an event and tells the listeners. The event's id and time are
// set here; data may be any small value of ids and states.
func Record(ctx context.Context, tx *db.Tx, m Matter, e Event, data any) error {
	if e.ID == "" {
		e.ID = id.New()
	}
	e.MatterID, e.At = m.ID, tx.Now
	if e.Actor == "" {
		e.Actor = access.From(ctx).Account
	}
	text := []byte("{}")
	if data != nil {
		var err error
		if text, err = json.Marshal(data); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "INSERT INTO matter_event (id, matter_id, order_id, at, kind, actor, data, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, e.MatterID, e.OrderID, e.At, e.Kind, e.Actor, string(text), e.Note); err != nil {
		return err
	}
	told, err := json.Marshal(map[string]any{"urgency": m.Urgency, "drill": m.Drill, "state": m.State, "stage": m.Stage, "order_id": e.OrderID,
		"kind": m.Kind, "version": m.Version, "due_at": m.DueAt, "child_id": m.ChildID})
	if err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "matter", Kind: e.Kind, Region: m.Region, Ref: string(m.ID), Data: told})
}

// Events lists what happened, oldest first.
func Events(ctx context.Context, r db.Reader, matterID id.ID) ([]Event, error) {
	var rows []Event
	err := r.List(ctx, &rows, "SELECT id, matter_id, order_id, at, kind, actor, data, note FROM matter_event WHERE matter_id = ? ORDER BY at, id", matterID)
	return rows, err
}

// Conflict is one entry of the list of who must not be told. Name and Reason
// are sealed.
type Conflict struct {
	ID       id.ID        `bun:"id"`
	MatterID id.ID        `bun:"matter_id"`
	PersonID id.ID        `bun:"person_id"`
	Account  id.ID        `bun:"account_id"`
	Name     string       `bun:"name"`
	Phone    string       `bun:"phone_index"`
	Relation string       `bun:"relation"`
	Reason   string       `bun:"reason"`
	SetBy    id.ID        `bun:"set_by"`
	SetAt    clock.Millis `bun:"set_at"`
}

// Conflicts lists the entries in force for a matter: its own, then those of the
// other open matters of its child. Whoever must not be told of the one must not
// be sent to the child, or called, for the sake of the other.
func Conflicts(ctx context.Context, r db.Reader, m Matter) ([]Conflict, error) {
	var rows []Conflict
	err := r.List(ctx, &rows, `SELECT id, matter_id, person_id, account_id, name, phone_index, relation, reason, set_by, set_at
		FROM matter_conflict WHERE removed_at = 0 AND (matter_id = ? OR matter_id IN (SELECT id FROM matter WHERE child_id = ? AND child_id <> '' AND state <> 'closed' AND drill = FALSE))
		ORDER BY CASE WHEN matter_id = ? THEN 0 ELSE 1 END, set_at, id`, m.ID, m.ChildID, m.ID)
	return rows, err
}

// openBeside gives the other open matters of a matter's child.
func openBeside(ctx context.Context, r db.Reader, m Matter) ([]Matter, error) {
	if m.ChildID == "" || m.Drill {
		return nil, nil
	}
	return Select(ctx, r, "WHERE child_id = ? AND state <> 'closed' AND drill = FALSE AND id <> ? ORDER BY id", m.ChildID, m.ID)
}

// TaskOf gives the open order by which the account works on the matter, empty
// if there is none: the purpose of what it may see. An order opens the record
// while it is offered or carried, and until the matter is closed.
func TaskOf(ctx context.Context, r db.Reader, matterID, account id.ID) (id.ID, error) {
	var rows []string
	err := r.List(ctx, &rows, `SELECT o.id FROM dispatch_offer f JOIN dispatch_order o ON o.id = f.order_id
		WHERE o.matter_id = ? AND f.account_id = ? AND f.state IN ('offered', 'accepted') AND o.state IN ('active', 'done') LIMIT 1`, matterID, account)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return id.ID(rows[0]), nil
}

// TargetOf is the matter as a question to the table of rights.
func TargetOf(ctx context.Context, r db.Reader, m Matter) (access.Target, error) {
	t := access.Target{Region: m.Region, Child: m.ChildID, Owner: m.OpenedBy}
	a := access.From(ctx)
	if a.System {
		return t, nil
	}
	var conflicted int
	if err := r.Get(ctx, db.To(&conflicted), "SELECT count(*) FROM matter_conflict WHERE matter_id = ? AND account_id = ? AND removed_at = 0", m.ID, a.Account); err != nil {
		return t, err
	}
	t.Conflicted = conflicted > 0
	if m.State == Closed {
		return t, nil
	}
	var err error
	t.Task, err = TaskOf(ctx, r, m.ID, a.Account)
	return t, err
}

// Check gives the matter if the actor may do the action on it.
func Check(ctx context.Context, r db.Reader, matterID id.ID, action access.Action) (Matter, access.Target, error) {
	m, err := Get(ctx, r, matterID)
	if err != nil {
		return m, access.Target{}, err
	}
	t, err := TargetOf(ctx, r, m)
	if err != nil {
		return m, t, err
	}
	return m, t, access.Check(access.From(ctx), action, t)
}

// TaskOnChild gives an open order of the account on any open matter of the
// child, empty if there is none.
func TaskOnChild(ctx context.Context, r db.Reader, account, child id.ID) (id.ID, error) {
	var rows []string
	err := r.List(ctx, &rows, `SELECT o.id FROM matter m JOIN dispatch_order o ON o.matter_id = m.id JOIN dispatch_offer f ON f.order_id = o.id
		WHERE m.child_id = ? AND m.state <> 'closed' AND f.account_id = ? AND f.state IN ('offered', 'accepted') AND o.state IN ('active', 'done') LIMIT 1`, child, account)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return id.ID(rows[0]), nil
}

// ConflictsOf gives the children of whose open matter the account stands on the
// conflict list. An exercise hides nobody outside of it.
func ConflictsOf(ctx context.Context, r db.Reader, account id.ID) ([]id.ID, error) {
	var out []id.ID
	err := r.List(ctx, &out, `SELECT DISTINCT m.child_id FROM matter_conflict c JOIN matter m ON m.id = c.matter_id
		WHERE c.account_id = ? AND c.account_id <> '' AND c.removed_at = 0 AND m.state <> 'closed' AND m.drill = FALSE AND m.child_id <> ''`, account)
	return out, err
}

// Away gives, child by child, the accounts that stand on the conflict list of
// an open matter of it, exercises apart: they are given nothing to do for the
// child.
func Away(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID][]id.ID, error) {
	out := map[id.ID][]id.ID{}
	for part := range slices.Chunk(children, 300) {
		var rows []struct {
			Child   id.ID `bun:"child_id"`
			Account id.ID `bun:"account_id"`
		}
		if err := r.List(ctx, &rows, `SELECT DISTINCT m.child_id, c.account_id FROM matter m JOIN matter_conflict c ON c.matter_id = m.id
			WHERE m.child_id IN (`+db.Marks(len(part))+`) AND m.state <> 'closed' AND m.drill = FALSE AND c.account_id <> '' AND c.removed_at = 0 ORDER BY m.child_id, c.account_id`, db.Anys(part)...); err != nil {
			return nil, err
		}
		for _, row := range rows {
			out[row.Child] = append(out[row.Child], row.Account)
		}
	}
	return out, nil
}

// OpenOf counts the open matters of children.
func OpenOf(ctx context.Context, r db.Reader, children ...id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	for part := range slices.Chunk(children, 300) {
		args := db.Anys(part)
		var rows []struct {
			Child id.ID `bun:"child_id"`
			N     int   `bun:"n"`
		}
		if err := r.List(ctx, &rows, "SELECT child_id, count(*) AS n FROM matter WHERE state <> 'closed' AND drill = FALSE AND child_id IN ("+
			db.Marks(len(part))+") GROUP BY child_id", args...); err != nil {
			return nil, err
		}
		for _, row := range rows {
			out[row.Child] = row.N
		}
	}
	return out, nil
}

// Barred tells whether a person near a child is to be kept from it by any of
// the child's open matters: it stands on a conflict list by account, record or
// number, or nobody near the child may be told until an officer decides.
func Barred(ctx context.Context, r db.Reader, child, account, person id.ID, phoneIndex string) (bool, error) {
	var n int
	err := r.Get(ctx, db.To(&n), `SELECT count(*) FROM matter m WHERE m.child_id = ? AND m.state <> 'closed' AND m.drill = ? AND (m.contact_allowed = ? OR EXISTS
		(SELECT 1 FROM matter_conflict c WHERE c.matter_id = m.id AND c.removed_at = 0 AND (c.account_id <> '' AND c.account_id = ? OR c.person_id <> '' AND c.person_id = ?
		OR c.phone_index <> '' AND c.phone_index = ?)))`, child, false, false, account, person, phoneIndex)
	return n > 0, err
}

// CrisisOf gives the number of the first crisis of a child opened after from
// and until to that was not found to be a false alarm; "" if there is none.
func CrisisOf(ctx context.Context, r db.Reader, child id.ID, from, to clock.Millis) (string, error) {
	var rows []string
	err := r.List(ctx, &rows, "SELECT no FROM matter WHERE child_id = ? AND crisis = TRUE AND drill = FALSE AND outcome <> 'false_alarm' AND opened_at > ? AND opened_at <= ? ORDER BY opened_at LIMIT 1",
		child, from, to)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0], nil
}

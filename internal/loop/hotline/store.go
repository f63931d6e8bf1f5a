package hotline

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
)

const columns = `id, no, process, phone, phone_index, arrived_at, answered_at, claimed_at, ended_at, state, level, seat, region, child_id, why, matter_id, result,
	ended_by, consent, heard_ms, talk_key, talk_ms, message_key, message_ms, gaps, forwarded, class, topic, action, age_band, sex, note, wrapped_at, wrapped_by, version, channel, chat_index, heard_at,
	device_index, address_index, network_index, grave`

type callRow struct {
	bun.BaseModel `bun:"table:hotline_call"`
	Call
}

func insert(ctx context.Context, tx *db.Tx, c Call) error {
	return tx.Insert(ctx, &[]callRow{{Call: c}})
}

func list(ctx context.Context, r db.Reader, where string, args ...any) ([]Call, error) {
	var rows []Call
	err := r.List(ctx, &rows, "SELECT "+columns+" FROM hotline_call "+where, args...)
	return rows, err
}

// find gives a call; kind not_found if there is none.
func find(ctx context.Context, r db.Reader, call id.ID) (Call, error) {
	rows, err := list(ctx, r, "WHERE id = ?", call)
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("record.not_found")
	}
	if err != nil {
		return Call{}, err
	}
	return rows[0], nil
}

// save writes a call that was read at version was; a faster colleague makes it
// a conflict.
func save(ctx context.Context, tx *db.Tx, c Call, was int64) error {
	n, err := tx.Exec(ctx, `UPDATE hotline_call SET answered_at = ?, claimed_at = ?, ended_at = ?, state = ?, level = ?, seat = ?, region = ?, child_id = ?, why = ?,
		matter_id = ?, result = ?, ended_by = ?, consent = ?, heard_ms = ?, talk_key = ?, talk_ms = ?, message_key = ?, message_ms = ?, gaps = ?, forwarded = ?,
		class = ?, topic = ?, action = ?, age_band = ?, sex = ?, note = ?, wrapped_at = ?, wrapped_by = ?, heard_at = ?,
		device_index = ?, address_index = ?, network_index = ?, grave = ?, version = ? WHERE id = ? AND version = ?`,
		c.AnsweredAt, c.ClaimedAt, c.EndedAt, c.State, c.Level, c.Seat, c.Region, c.ChildID, c.Why, c.MatterID, c.Result, c.EndedBy, c.Consent, c.HeardMS,
		c.TalkKey, c.TalkMS, c.MessageKey, c.MessageMS, c.Gaps, c.Forwarded, c.Class, c.Topic, c.Action, c.AgeBand, c.Sex, c.Note, c.WrappedAt, c.WrappedBy, c.HeardAt,
		c.Device, c.Address, c.Network, c.Grave, was+1, c.ID, was)
	if err == nil && n == 0 {
		err = errs.Conflict("record.changed")
	}
	return err
}

// Happened is one line of a call's course.
type Happened struct {
	N      int          `bun:"n" json:"n"`
	At     clock.Millis `bun:"at" json:"at"`
	Kind   string       `bun:"kind" json:"kind"`
	Seat   id.ID        `bun:"seat" json:"seat,omitempty"`
	Level  int          `bun:"level" json:"level,omitempty"`
	Number string       `bun:"number" json:"number,omitempty"`
	Reason string       `bun:"reason" json:"reason,omitempty"`
	MS     int64        `bun:"ms" json:"ms,omitempty"`
}

func course(ctx context.Context, r db.Reader, call id.ID) ([]Happened, error) {
	rows := []Happened{} // a call that only just arrived has none
	err := r.List(ctx, &rows, "SELECT n, at, kind, seat, level, number, reason, ms FROM hotline_event WHERE call_id = ? ORDER BY n", call)
	return rows, err
}

// note appends to a call's course; stored is false for what is there already,
// told again because the answer was lost.
func note(ctx context.Context, tx *db.Tx, e phone.Event) (stored bool, err error) {
	var twice, n int
	if err := tx.Get(ctx, db.To(&twice, &n), "SELECT coalesce(sum(CASE WHEN at = ? AND kind = ? AND level = ? AND seat = ? THEN 1 ELSE 0 END), 0), count(*) FROM hotline_event WHERE call_id = ?",
		e.At, e.Kind, e.Level, e.Seat, e.Call); err != nil || twice > 0 {
		return false, err
	}
	_, err = tx.Exec(ctx, "INSERT INTO hotline_event (call_id, n, at, kind, seat, level, number, reason, ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e.Call, n+1, e.At, e.Kind, e.Seat, e.Level, e.Number, e.Reason, e.Length.Milliseconds())
	return true, err
}

// silentBefore counts the calls of a number since an instant in which nobody
// was heard.
func silentBefore(ctx context.Context, r db.Reader, phoneIndex string, since clock.Millis, heard int64) (int, error) {
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM hotline_call WHERE phone_index = ? AND arrived_at >= ? AND state = ? AND claimed_at <> 0 AND heard_ms < ?",
		phoneIndex, since, Ended, heard)
	return n, err
}

// where joins conditions.
func where(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(parts, " AND ")
}

package notify

import (
	"context"
	"encoding/json"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

// Policy says how hard a message tries.
type Policy string

// The policies.
const (
	Crisis   Policy = "crisis"
	Ordinary Policy = "ordinary"
)

// Message is what a service wants told.
type Message struct {
	To      id.ID // account
	Policy  Policy
	Key     string // one message a person and key: the order's id and step
	Text    string // key of a template without "notify.", such as order.offered
	OrderNo string
	Count   int // for texts that count
	Drill   bool
	Ref     id.ID  // the order, or what else it is about
	Region  string // area of the event, for those who watch it
}

// States of a notice.
const (
	open         = "open"
	cancelled    = "cancelled"
	acknowledged = "acknowledged"
	done         = "done"
)

// JobFan spreads a notice over the person's channels; its key is the notice.
const JobFan = "notify.fan"

// Topic is the topic of the events of notices; Data holds account and ref.
const Topic = "notice"

// Send stores the message as part of the change, shows it in the product at
// commit, and leaves the rest to jobs. The same person and key again: nothing
// happens.
func Send(ctx context.Context, tx *db.Tx, m Message) error {
	if m.To == "" || m.Key == "" || len(m.Key) > 200 || m.Text == "" || m.Policy != Crisis && m.Policy != Ordinary {
		return errs.Internal(errs.Invalid("message", "notify.message_form"))
	}
	if !isOrderNo(m.OrderNo) {
		m.OrderNo = ""
	}
	n := id.New()
	wrote, err := tx.Exec(ctx, `INSERT INTO notice (id, account, key, policy, text, order_no, count, drill, ref, region, at, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, key) DO NOTHING`,
		n, m.To, m.Key, m.Policy, m.Text, m.OrderNo, m.Count, m.Drill, m.Ref, m.Region, tx.Now, open)
	if err != nil || wrote == 0 {
		return err
	}
	data, err := json.Marshal(map[string]any{"account": m.To, "ref": m.Ref, "policy": m.Policy, "drill": m.Drill, "order_no": m.OrderNo})
	if err != nil {
		return err
	}
	if err := tx.Emit(ctx, db.Event{Topic: Topic, Kind: m.Text, Region: m.Region, Ref: string(n), Data: data}); err != nil {
		return err
	}
	return job.Schedule(ctx, tx, JobFan, string(n), tx.Now, "")
}

// Cancel stops whatever has not gone out yet of the messages whose key begins
// with the prefix. An order that was accepted calls nobody any more.
func Cancel(ctx context.Context, tx *db.Tx, keyPrefix string) error {
	if keyPrefix == "" {
		return errs.Internal(errs.Invalid("key", "notify.message_form"))
	}
	// substr and not a range: a range of text depends on the server's collation.
	return end(ctx, tx, cancelled, "substr(key, 1, ?) = ?", len([]rune(keyPrefix)), keyPrefix)
}

// CancelRef stops what has not gone out yet about ref, except to keep.
func CancelRef(ctx context.Context, tx *db.Tx, ref, keep id.ID) error {
	if ref == "" {
		return nil
	}
	return end(ctx, tx, cancelled, "ref = ? AND account <> ?", ref, keep)
}

// Acknowledge stops what has not gone out yet to the person about ref.
func Acknowledge(ctx context.Context, tx *db.Tx, account, ref id.ID) error {
	if ref == "" {
		return nil
	}
	return end(ctx, tx, acknowledged, "ref = ? AND account = ?", ref, account)
}

// end closes open notices of a condition. Rows of the outbox that wait look at
// their notice before every attempt; they are marked here so that the page
// shows the truth at once.
func end(ctx context.Context, tx *db.Tx, state, where string, args ...any) error {
	var ids []id.ID
	err := tx.List(ctx, &ids, "SELECT id FROM notice WHERE state = 'open' AND "+where, args...)
	if err != nil {
		return err
	}
	for _, n := range ids {
		if _, err := tx.Exec(ctx, "UPDATE outbox SET state = 'cancelled' WHERE notice_id = ? AND state IN ('waiting', 'shown')", n); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE notice SET state = ?, ended_at = ? WHERE id = ?", state, tx.Now, n); err != nil {
			return err
		}
		if err := job.Cancel(ctx, tx, JobFan, string(n)); err != nil {
			return err
		}
	}
	return nil
}

// ChannelState tells how a person's message fared on one channel.
type ChannelState struct {
	Account id.ID  `bun:"account" json:"-"`
	Channel string `bun:"channel" json:"channel"`
	State   string `bun:"state" json:"state"`
}

// States tells for each person how the messages about ref fared, one state a
// channel (the latest).
func States(ctx context.Context, r db.Reader, ref id.ID) (map[id.ID][]ChannelState, error) {
	out := map[id.ID][]ChannelState{}
	if ref == "" {
		return out, nil
	}
	var notices []struct {
		Account id.ID        `bun:"account"`
		ReadAt  clock.Millis `bun:"read_at"`
	}
	if err := r.List(ctx, &notices, "SELECT account, max(read_at) AS read_at FROM notice WHERE ref = ? GROUP BY account ORDER BY account", ref); err != nil {
		return nil, err
	}
	for _, n := range notices {
		state := "sent"
		if n.ReadAt != 0 {
			state = "read"
		}
		out[n.Account] = append(out[n.Account], ChannelState{n.Account, string(InApp), state})
	}
	var rows []ChannelState
	err := r.List(ctx, &rows, `SELECT o.account, o.channel, o.state FROM outbox o JOIN notice n ON n.id = o.notice_id
		WHERE n.ref = ? AND o.account <> '' ORDER BY o.id DESC`, ref)
	if err != nil {
		return nil, err
	}
	seen := map[ChannelState]bool{}
	for _, s := range rows {
		s.State = outwardState(s.State)
		if k := (ChannelState{s.Account, s.Channel, ""}); !seen[k] {
			seen[k] = true
			out[s.Account] = append(out[s.Account], s)
		}
	}
	return out, nil
}

// outwardState is a row's state as pages know it.
func outwardState(s string) string {
	if s == "sending" {
		return "waiting"
	}
	return s
}

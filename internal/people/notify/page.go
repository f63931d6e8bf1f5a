package notify

import (
	"context"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// OutboxItem is one row of the outbox page.
type OutboxItem struct {
	ID       id.ID        `json:"id"`
	Channel  ChannelName  `json:"channel"`
	ToName   string       `json:"to_name"`
	Text     string       `json:"text"`
	State    string       `json:"state"` // waiting, sent, failed, shown, cancelled
	Attempts int          `json:"attempts"`
	At       clock.Millis `json:"at"`
	Error    string       `json:"error"`
	OrderNo  string       `json:"order_no"`
	Tries    []Try        `json:"tries"` // every attempt, oldest first
}

// Try is one attempt to send a message, with its result: sent, refused, failed
// or unsure; empty while it runs.
type Try struct {
	OutboxID id.ID        `bun:"outbox_id" json:"-"`
	At       clock.Millis `bun:"at" json:"at"`
	EndedAt  clock.Millis `bun:"ended_at" json:"ended_at"`
	Result   string       `bun:"result" json:"result"`
	Status   int          `bun:"status" json:"status"` // HTTP status, 0 for none
	Error    string       `bun:"error" json:"error"`
}

// OutboxQuery narrows the outbox; State "" = all.
type OutboxQuery struct {
	State  string
	Cursor string // id of the last row of the page before
	Limit  int    // 50 if 0, at most 200
}

// OutboxPage answers GET /outbox, newest first.
type OutboxPage struct {
	Items []OutboxItem `json:"items"`
	Next  string       `json:"next"`
}

type outboxJoined struct {
	outboxRow
	Text    string `bun:"text"`
	OrderNo string `bun:"order_no"`
	Count   int    `bun:"count"`
	Drill   bool   `bun:"drill"`
}

// Outbox lists what left the house, would have, or will. The right is
// outbox.read.
func (s *Service) Outbox(ctx context.Context, q OutboxQuery) (OutboxPage, error) {
	if err := access.May(access.From(ctx), "outbox.read"); err != nil {
		return OutboxPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	where, args := "1 = 1", []any{}
	switch q.State {
	case "":
	case "waiting":
		where = "o.state IN ('waiting', 'sending')"
	case "sent", "failed", "shown", "cancelled":
		where, args = "o.state = ?", append(args, q.State)
	default:
		return OutboxPage{}, errs.Invalid("state", "notify.state_unknown")
	}
	if q.Cursor != "" {
		if _, ok := id.Parse(q.Cursor); !ok {
			return OutboxPage{}, errs.Invalid("cursor", "list.cursor_form")
		}
		where, args = where+" AND o.id < ?", append(args, q.Cursor)
	}
	out := OutboxPage{Items: []OutboxItem{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		var rows []outboxJoined
		err := r.List(ctx, &rows, `SELECT o.id, o.notice_id, o.account, o.channel, o.target, o.key, o.policy, o.sealed, o.state, o.attempts, o.created_at, o.at, o.error,
			COALESCE(n.text, '') AS text, COALESCE(n.order_no, '') AS order_no, COALESCE(n.count, 0) AS count, COALESCE(n.drill, FALSE) AS drill
			FROM outbox o LEFT JOIN notice n ON n.id = o.notice_id WHERE `+where+" ORDER BY o.id DESC LIMIT ?", append(args, limit+1)...)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.Next = string(rows[limit-1].ID)
		}
		var accounts []id.ID
		for _, o := range rows {
			if o.Account != "" {
				accounts = append(accounts, o.Account)
			}
		}
		names, err := s.dir.Names(ctx, r, accounts)
		if err != nil {
			return err
		}
		tries, err := triesOf(ctx, r, rows)
		if err != nil {
			return err
		}
		for _, o := range rows {
			item := OutboxItem{Tries: append([]Try{}, tries[o.ID]...), ID: o.ID, Channel: o.Channel, ToName: names[o.Account], State: outwardState(o.State),
				Attempts: o.Attempts, At: max(o.At, o.CreatedAt), Error: o.Error, OrderNo: o.OrderNo}
			if o.Account == "" {
				item.ToName = o.Target
			}
			item.Text = s.letter(noticeRow{Text: o.Text, OrderNo: o.OrderNo, Count: o.Count, Drill: o.Drill}).text
			if o.NoticeID == "" {
				item.Text = s.shownCode(o.outboxRow)
			}
			out.Items = append(out.Items, item)
		}
		return nil
	})
	return out, err
}

// triesOf reads the attempts of a page of messages.
func triesOf(ctx context.Context, r db.Reader, rows []outboxJoined) (map[id.ID][]Try, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	args := make([]any, len(rows))
	for i, o := range rows {
		args[i] = o.ID
	}
	var list []Try
	err := r.List(ctx, &list, "SELECT outbox_id, at, ended_at, result, status, error FROM outbox_attempt WHERE outbox_id IN (?"+strings.Repeat(", ?", len(rows)-1)+") ORDER BY outbox_id, n", args...)
	out := map[id.ID][]Try{}
	for _, t := range list {
		out[t.OutboxID] = append(out[t.OutboxID], t)
	}
	return out, err
}

// shownCode is a code's text for the page: whoever reads the page must not be
// able to register with others' codes, except in the demo, where there is no
// phone to read it on.
func (s *Service) shownCode(o outboxRow) string {
	hidden := s.texts["code"]
	if s.demo && o.Sealed != "" {
		if l, _, _, err := s.contents(context.Background(), nil, o); err == nil {
			return l.text
		}
	}
	return replaceCode(hidden)
}

// ChannelItem is one channel of GET /channels.
type ChannelItem struct {
	Channel      ChannelName  `json:"channel" bun:"channel"`
	Configured   bool         `json:"configured" bun:"-"`
	LastOKAt     clock.Millis `json:"last_ok_at" bun:"last_ok_at"`
	FailingSince clock.Millis `json:"failing_since" bun:"failing_since"`
	Error        string       `json:"error" bun:"error"`
}

// ChannelsPage answers GET /channels.
type ChannelsPage struct {
	Items []ChannelItem `json:"items"`
}

// Channels tells how each channel fares. The right is outbox.read.
func (s *Service) Channels(ctx context.Context) (ChannelsPage, error) {
	if err := access.May(access.From(ctx), "outbox.read"); err != nil {
		return ChannelsPage{}, err
	}
	var rows []ChannelItem
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &rows, "SELECT channel, last_ok_at, failing_since, error FROM channel_state")
	})
	if err != nil {
		return ChannelsPage{}, err
	}
	out := ChannelsPage{}
	for _, name := range []ChannelName{InApp, WebPush, SMS, WeCom, DingTalk} {
		item := ChannelItem{Channel: name}
		for _, r := range rows {
			if r.Channel == name {
				item = r
			}
		}
		item.Configured = name == InApp || s.channel(name) != nil
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// Test sends the actor one message over every channel that reaches them, with
// a crisis's haste, so that a district learns by day whether its gateway works.
// The right is channel.test. What became of it stands in the outbox.
func (s *Service) Test(ctx context.Context) error {
	actor := access.From(ctx)
	if err := access.May(actor, "channel.test"); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n := id.New()
		if err := Send(ctx, tx, Message{To: id.ID(actor.Account), Policy: Crisis, Key: "test:" + string(n), Text: "channel.test"}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "channel.test", SubjectKind: "account", Subject: id.ID(actor.Account)})
	})
}

// PushKeyAnswer answers GET /push/key; Key is empty where Web Push is off.
type PushKeyAnswer struct {
	Key string `json:"key"`
}

// PushKey gives the public key a browser subscribes with.
func (s *Service) PushKey(ctx context.Context) (PushKeyAnswer, error) {
	if a := access.From(ctx); a.Account == "" {
		return PushKeyAnswer{}, errs.Unauthenticated("session.none")
	}
	if p, ok := s.channel(WebPush).(*push); ok {
		return PushKeyAnswer{p.public}, nil
	}
	return PushKeyAnswer{}, nil
}

// Subscribe keeps the browser of the signed-in person: POST /push/subscribe.
func (s *Service) Subscribe(ctx context.Context, sub Subscription) error {
	a := access.From(ctx)
	if err := access.Check(a, "account.own", access.Target{Owner: a.Account}); err != nil {
		return err
	}
	if err := sub.Check(); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.subscribe(ctx, tx, a.Account, sub)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.own", SubjectKind: "push_subscription", Subject: n})
	})
}

// Unsubscribe forgets a browser: the one of this endpoint, if it is the
// person's own.
func (s *Service) Unsubscribe(ctx context.Context, endpoint string) error {
	a := access.From(ctx)
	if err := access.Check(a, "account.own", access.Target{Owner: a.Account}); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n id.ID
		err := tx.Get(ctx, db.To(&n), "SELECT id FROM push_subscription WHERE endpoint_hash = ? AND account = ? AND removed_at = 0", endpointHash(endpoint), a.Account)
		if err != nil {
			return ignoreGone(err)
		}
		if err := removeSubscription(ctx, tx, n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.own", SubjectKind: "push_subscription", Subject: n})
	})
}

// NoticeItem is one message inside the product.
type NoticeItem struct {
	ID      id.ID        `json:"id"`
	At      clock.Millis `json:"at"`
	Key     string       `json:"key"` // text key, such as order.offered
	Text    string       `json:"text"`
	OrderNo string       `json:"order_no"`
	Ref     id.ID        `json:"ref"`
	Crisis  bool         `json:"crisis"`
	Drill   bool         `json:"drill"`
	ReadAt  clock.Millis `json:"read_at"`
}

// NoticesPage lists the signed-in person's messages, newest first.
type NoticesPage struct {
	Items  []NoticeItem `json:"items"`
	Next   string       `json:"next"`
	Unread int          `json:"unread"`
}

// Notices lists the signed-in person's own messages.
func (s *Service) Notices(ctx context.Context, cursor string) (NoticesPage, error) {
	a := access.From(ctx)
	if err := access.Check(a, "account.own", access.Target{Owner: a.Account}); err != nil {
		return NoticesPage{}, err
	}
	const limit = 50
	where, args := "account = ?", []any{a.Account}
	if cursor != "" {
		if _, ok := id.Parse(cursor); !ok {
			return NoticesPage{}, errs.Invalid("cursor", "list.cursor_form")
		}
		where, args = where+" AND id < ?", append(args, cursor)
	}
	out := NoticesPage{Items: []NoticeItem{}}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := r.Get(ctx, db.To(&out.Unread), "SELECT count(*) FROM notice WHERE account = ? AND read_at = 0 AND state <> 'cancelled'", a.Account); err != nil {
			return err
		}
		var rows []struct {
			noticeRow
			Ref    id.ID        `bun:"ref"`
			ReadAt clock.Millis `bun:"read_at"`
		}
		err := r.List(ctx, &rows, "SELECT "+noticeColumns+", ref, read_at FROM notice WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
		if err != nil {
			return err
		}
		for i, n := range rows {
			if i == limit {
				out.Next = string(rows[limit-1].ID)
				break
			}
			out.Items = append(out.Items, NoticeItem{n.ID, n.At, n.Text, s.letter(n.noticeRow).text, n.OrderNo, n.Ref, n.Policy == Crisis, n.Drill, n.ReadAt})
		}
		return nil
	})
	return out, err
}

// Read marks the person's own message as read; what has not left the house for
// it then never does: the person has it before the eyes.
func (s *Service) Read(ctx context.Context, notice id.ID) error {
	a := access.From(ctx)
	if err := access.Check(a, "account.own", access.Target{Owner: a.Account}); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := end(ctx, tx, acknowledged, "id = ? AND account = ?", notice, a.Account); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE notice SET read_at = ? WHERE id = ? AND account = ? AND read_at = 0", tx.Now, notice, a.Account)
		if err != nil || n == 0 {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.own", SubjectKind: "notice", Subject: notice})
	})
}

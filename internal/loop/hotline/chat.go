package hotline

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"zugou/internal/centre/policy"
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

// Channels of a call.
const (
	ByPhone = "phone"
	ByChat  = "chat"
)

// JobChat watches an open chat; its key is the call.
const JobChat = "hotline.chat"

const (
	chatKey      = 32   // shortest key of a visitor, in characters
	chatText     = 1000 // longest message, in characters
	chatMost     = 500  // messages of a chat
	chatLook     = 15 * time.Second
	chatHold     = 15 * time.Second // how long a question for news is held
	chatRecheck  = 2 * time.Second  // another process may have written
	chatGone     = 90 * time.Second // a page not heard of for so long was closed
	chatHeard    = 15 * time.Second // how often being heard of is written down
	chatPassedOn = "passed_on"      // nobody took it in time: the seat's queue has it
)

// Line of a chat, opened.
type Line struct {
	N    int          `json:"n"`
	At   clock.Millis `json:"at"`
	Seat bool         `json:"seat"`
	Text string       `json:"text"`
}

// Chat is what the visitor's page is told: nothing of who sits there.
type Chat struct {
	State  State  `json:"state"`
	Ahead  int    `json:"ahead"`  // who waits longer
	Passed bool   `json:"passed"` // the seat's queue has it too
	Gave   bool   `json:"gave"`   // it had no word and gave way when too many waited
	Lines  []Line `json:"lines"`  // after the number asked for
}

// bell wakes those who wait for news of a chat.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

func aadSaid(call id.ID, n int) string {
	return "hotline_said.text:" + string(call) + ":" + strconv.Itoa(n)
}

func (s *Service) byKey(ctx context.Context, r db.Reader, key string) (Call, error) {
	if len(key) < chatKey || len(key) > 100 {
		return Call{}, errs.Invalid("key", "chat.key")
	}
	rows, err := list(ctx, r, "WHERE chat_index = ?", s.keys.Index("hotline.chat", key))
	if err == nil && len(rows) == 0 {
		err = errs.NotFound("chat.none")
	}
	if err != nil {
		return Call{}, err
	}
	return rows[0], nil
}

// Opened says whether a chat is open, or what its page has to work out first.
type Opened struct {
	OK   bool  `json:"ok"`
	Work *Work `json:"work,omitempty"`
}

// OpenChat puts a child's chat into the line's queue. There is no account and
// no name; key, made by the page, is all that leads to the chat. The same key
// again is the same chat. Conflict "chat.many" if there is no room: the help
// form always takes more.
func (s *Service) OpenChat(ctx context.Context, key string, v Visitor) (Opened, error) {
	ctx = access.With(ctx, access.System("chat"))
	defer s.news.ring()
	var out Opened
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Opened{OK: true}
		if _, err := s.byKey(ctx, tx, key); !errs.Is(err, errs.KindNotFound) {
			return err
		}
		crowd, err := waitingChats(ctx, tx)
		if err != nil {
			return err
		}
		if bits := workFor(len(crowd)); bits > 0 && !s.worked(key, v.Proof, bits, tx.Now) {
			out = Opened{Work: &Work{Salt: s.salt(tx.Now), Bits: bits}}
			return nil
		}
		_, wrapped := s.keys.NewSubject()
		c := s.from(v, Call{ID: id.New(), Process: s.process, ArrivedAt: tx.Now, AnsweredAt: tx.Now, State: Waiting, Region: s.district, Channel: ByChat, ChatIndex: s.keys.Index("hotline.chat", key),
			HeardAt: tx.Now, TalkKey: wrapped, Version: 1})
		leaves, fits := room(crowd, c)
		if !fits {
			return errs.Conflict("chat.many")
		}
		if leaves != nil {
			if err := s.giveWay(ctx, tx, *leaves); err != nil {
				return err
			}
		}
		if c.No, err = s.ports.NextNo(ctx, tx, "L"); err != nil {
			return err
		}
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		if err := job.Schedule(ctx, tx, JobChat, string(c.ID), tx.Now.Add(chatLook), ""); err != nil {
			return err
		}
		return s.emit(ctx, tx, c, "arrived")
	})
	return out, err
}

// SayChat adds the child's words. The same idem is said once.
func (s *Service) SayChat(ctx context.Context, key, text, idem string) error {
	ctx = access.With(ctx, access.System("chat"))
	defer s.news.ring()
	return s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.byKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := tx.Lock(ctx, "chat:"+string(c.ID)); err != nil {
			return err
		}
		if c, err = find(ctx, tx, c.ID); err != nil {
			return err
		}
		was := c.Version
		c.HeardAt = tx.Now
		said, err := s.say(ctx, tx, c, "", text, idem)
		if err != nil {
			return err
		}
		c.HeardMS++ // somebody is there: a chat without a word is silent
		c.Grave = c.Grave || s.words.in(text)
		if said && c.MatterID != "" && c.State == Waiting {
			// The seat's queue has the chat already: it reads these words too.
			now, err := s.ports.More(ctx, tx, c.MatterID, signal.New{Source: signal.Help, Kind: "chat", Key: "chat:" + string(c.ID) + ":" + idem, Note: strings.TrimSpace(text), Urgency: string(policy.Urgent)})
			if err != nil {
				return err
			}
			if now != "" {
				c.MatterID = now
			}
		}
		return save(ctx, tx, c, was)
	})
}

// say stores words once; said is false for a repetition.
func (s *Service) say(ctx context.Context, tx *db.Tx, c Call, seat id.ID, text, idem string) (said bool, err error) {
	text = strings.TrimSpace(text)
	switch n := len([]rune(text)); {
	case n == 0:
		return false, errs.Invalid("text", "text.needed")
	case n > chatText:
		return false, errs.Invalid("text", "text.too_long")
	case len(idem) < 8 || len(idem) > 80:
		return false, errs.Invalid("id", "chat.key")
	}
	if c.State == Ended {
		return false, errs.Conflict("chat.ended")
	}
	var n, twice int
	if err := tx.Get(ctx, db.To(&n, &twice), "SELECT count(*), coalesce(sum(CASE WHEN idem_key = ? THEN 1 ELSE 0 END), 0) FROM hotline_said WHERE call_id = ?", idem, c.ID); err != nil || twice > 0 {
		return false, err
	}
	if n >= chatMost {
		return false, errs.Conflict("chat.full")
	}
	subject, err := s.keys.Subject(c.TalkKey)
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO hotline_said (call_id, n, at, seat, text, idem_key) VALUES (?, ?, ?, ?, ?, ?)", c.ID, n+1, tx.Now, seat, subject.Seal(aadSaid(c.ID, n+1), text), idem); err != nil {
		return false, err
	}
	return true, s.emit(ctx, tx, c, "said")
}

// ReadChat answers with the lines after a number; it waits a while for news,
// so that an old phone need not ask all the time. One question of a page is
// held at a time; Busy "chat.slow" for one that asks without a pause. known is the state that the
// page shows: another one is news as well.
func (s *Service) ReadChat(ctx context.Context, key string, after int, known State) (Chat, error) {
	ctx = access.With(ctx, access.System("chat"))
	enough, done, err := s.reads.begin(s.keys.Index("hotline.chat", key), s.db.Clock().Now())
	if err != nil {
		return Chat{}, err
	}
	defer done()
	held := time.NewTimer(chatHold)
	defer held.Stop()
	for {
		news := s.news.wait()
		out, heard, err := s.chat(ctx, key, after)
		if err != nil {
			return out, err
		}
		if s.db.Clock().Now().Sub(heard.Time()) > chatHeard {
			if err := s.heard(ctx, key); err != nil {
				return out, err
			}
		}
		if len(out.Lines) > 0 || out.State != known {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return out, nil
		case <-held.C:
			return out, nil
		case <-enough:
			return out, nil
		case <-news:
		case <-time.After(chatRecheck):
		}
	}
}

func (s *Service) heard(ctx context.Context, key string) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE hotline_call SET heard_at = ? WHERE chat_index = ? AND state <> ?", tx.Now, s.keys.Index("hotline.chat", key), Ended)
		return err
	})
}

func (s *Service) chat(ctx context.Context, key string, after int) (out Chat, heard clock.Millis, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, err := s.byKey(ctx, r, key)
		if err != nil {
			return err
		}
		heard = c.HeardAt
		out = Chat{State: c.State, Passed: c.MatterID != "", Gave: c.State == Ended && c.EndedBy == phone.ByLine}
		if c.State == Waiting {
			if err := r.Get(ctx, db.To(&out.Ahead), "SELECT count(*) FROM hotline_call WHERE state = ? AND arrived_at < ?", Waiting, c.ArrivedAt); err != nil {
				return err
			}
		}
		out.Lines, err = s.lines(ctx, r, c, after)
		return err
	})
	return out, heard, err
}

func (s *Service) lines(ctx context.Context, r db.Reader, c Call, after int) ([]Line, error) {
	out := []Line{}
	if c.TalkKey == "" {
		return out, nil // destroyed as the rules say
	}
	subject, err := s.keys.Subject(c.TalkKey)
	if err != nil {
		return nil, err
	}
	return out, s.each(ctx, r, c, subject, after, func(l Line) { out = append(out, l) })
}

func (s *Service) each(ctx context.Context, r db.Reader, c Call, subject crypto.Subject, after int, fn func(Line)) error {
	var rows []struct {
		N    int          `bun:"n"`
		At   clock.Millis `bun:"at"`
		Seat id.ID        `bun:"seat"`
		Text string       `bun:"text"`
	}
	if err := r.List(ctx, &rows, "SELECT n, at, seat, text FROM hotline_said WHERE call_id = ? AND n > ? ORDER BY n", c.ID, after); err != nil {
		return err
	}
	for _, row := range rows {
		text, err := subject.Open(aadSaid(c.ID, row.N), row.Text)
		if err != nil {
			return err
		}
		fn(Line{row.N, row.At, row.Seat != "", text})
	}
	return nil
}

// LeaveChat ends a chat from the child's page.
func (s *Service) LeaveChat(ctx context.Context, key string) error {
	ctx = access.With(ctx, access.System("chat"))
	var c Call
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		c, err = s.byKey(ctx, r, key)
		return err
	})
	if err != nil || c.State == Ended {
		return err
	}
	return s.endChat(ctx, c, phone.ByCaller)
}

func (s *Service) endChat(ctx context.Context, c Call, by string) error {
	defer s.news.ring()
	now := clock.Of(s.db.Clock().Now())
	e := phone.Event{Call: c.ID, At: now, Kind: phone.Ended, Reason: by}
	if c.ClaimedAt != 0 {
		e.Length = now.Sub(c.ClaimedAt)
	}
	return s.Tell(ctx, e)
}

// TakeChat gives a waiting chat to the actor; the first one has it.
func (s *Service) TakeChat(ctx context.Context, call id.ID) error {
	a := access.From(ctx)
	if err := access.Check(a, "call.take", access.Target{Region: s.district}); err != nil {
		return err
	}
	defer s.news.ring()
	return s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := find(ctx, tx, call)
		if err != nil {
			return err
		}
		switch {
		case c.Channel != ByChat:
			return errs.NotFound("record.not_found")
		case c.State == Ended:
			return errs.Conflict("chat.ended")
		case c.State != Waiting:
			return errs.Conflict("call.taken")
		}
		e := phone.Event{Call: call, At: tx.Now, Kind: phone.Claimed, Seat: a.Account}
		if _, err := note(ctx, tx, e); err != nil {
			return err
		}
		after := c.apply(e)
		if err := save(ctx, tx, after, c.Version); err != nil {
			return err
		}
		if err := s.emit(ctx, tx, after, phone.Claimed); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "call.take", SubjectKind: "call", Subject: call, Fields: []string{"chat"}, Region: c.Region})
	})
}

// mineNow gives an open chat that the actor has.
func (s *Service) mineNow(ctx context.Context, r db.Reader, call id.ID) (Call, error) {
	a := access.From(ctx)
	c, err := find(ctx, r, call)
	if err != nil {
		return c, err
	}
	if err := access.Check(a, "call.take", access.Target{Region: s.district}); err != nil {
		return c, err
	}
	if c.Channel != ByChat {
		return c, errs.NotFound("record.not_found")
	}
	if c.State == Ended {
		return c, errs.Conflict("chat.ended")
	}
	if c.Seat != a.Account {
		return c, errs.Conflict("call.not_yours")
	}
	return c, nil
}

// AnswerChat adds the seat's words.
func (s *Service) AnswerChat(ctx context.Context, call id.ID, text, idem string) error {
	defer s.news.ring()
	return s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "chat:"+string(call)); err != nil {
			return err
		}
		c, err := s.mineNow(ctx, tx, call)
		if err != nil {
			return err
		}
		_, err = s.say(ctx, tx, c, access.From(ctx).Account, text, idem)
		return err
	})
}

// CloseChat ends a chat from the seat.
func (s *Service) CloseChat(ctx context.Context, call id.ID) error {
	var c Call
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		c, err = s.mineNow(ctx, r, call)
		return err
	})
	if err != nil {
		return err
	}
	return s.endChat(ctx, c, phone.BySeat)
}

// ChatLog gives what was written to who has to do with it now: while it waits
// to every seat, from then on to the one who took it, until it is wrapped up.
// Later a reason is asked for: see ReadLog.
func (s *Service) ChatLog(ctx context.Context, call id.ID) ([]Line, error) {
	a := access.From(ctx)
	out := []Line{}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, err := find(ctx, r, call)
		if err != nil {
			return err
		}
		if err := access.Check(a, "call.take", access.Target{Region: s.district}); err != nil {
			return err
		}
		if c.Channel != ByChat || c.State != Waiting && (c.Seat != a.Account || c.WrappedAt != 0) {
			return errs.Forbidden("chat.reason")
		}
		audit.Show(ctx, "call.take", "", c.Region, audit.Shown{Kind: "call", ID: c.ID, Fields: []string{"chat"}})
		out, err = s.lines(ctx, r, c, 0)
		return err
	})
	return out, err
}

// ReadLog opens a chat of before for a reason, like a recording.
func (s *Service) ReadLog(ctx context.Context, call id.ID, reason string) ([]Line, error) {
	c, err := s.opened(ctx, call, ByChat, reason)
	if err != nil {
		return nil, err
	}
	if c.Channel != ByChat || c.TalkKey == "" {
		return nil, errs.NotFound("call.no_recording")
	}
	out := []Line{}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		out, err = s.lines(ctx, r, c, 0)
		return err
	})
	return out, err
}

// chatDue is the rule of JobChat: it ends a chat whose page is gone, and gives
// one that nobody takes to the seat's queue, where orders and pagers are.
func (s *Service) chatDue(ctx context.Context, tx *db.Tx, j job.Job) error {
	ctx = access.With(ctx, access.System("chat"))
	c, err := find(ctx, tx, id.ID(j.Key))
	if errs.Is(err, errs.KindNotFound) || err == nil && c.State == Ended {
		return nil
	}
	if err != nil {
		return err
	}
	was := c.Version
	if tx.Now.Sub(c.HeardAt) >= chatGone {
		e := phone.Event{Call: c.ID, At: tx.Now, Kind: phone.Ended, Reason: phone.ByCaller}
		if c.ClaimedAt != 0 {
			e.Length = tx.Now.Sub(c.ClaimedAt)
		}
		if _, err := note(ctx, tx, e); err != nil {
			return err
		}
		if c, err = s.follow(ctx, tx, c.apply(e)); err != nil {
			return err
		}
		if err := save(ctx, tx, c, was); err != nil {
			return err
		}
		return s.emit(ctx, tx, c, phone.Ended)
	}
	rules, err := RulesAt(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	if c.State == Waiting {
		next := c
		waited := tx.Now.Sub(c.ArrivedAt)
		ring := time.Duration(rules.Ring) * time.Second
		next.Level = min(int(waited/ring), max(rules.Levels-1, 0))
		kind := phone.Ringing
		empty, err := s.flooding(ctx, tx, c)
		if err != nil {
			return err
		}
		if c.MatterID == "" && !empty && waited >= ring*time.Duration(rules.Levels) {
			if next.MatterID, err = s.passOn(ctx, tx, c); err != nil {
				return err
			}
			kind = chatPassedOn
		}
		if next.Level != c.Level || next.MatterID != c.MatterID {
			if _, err := note(ctx, tx, phone.Event{Call: c.ID, At: tx.Now, Kind: kind, Level: next.Level}); err != nil {
				return err
			}
			if err := save(ctx, tx, next, was); err != nil {
				return err
			}
			if err := s.emit(ctx, tx, next, kind); err != nil {
				return err
			}
		}
	}
	return job.Schedule(ctx, tx, JobChat, j.Key, tx.Now.Add(chatLook), "")
}

// passOn opens a matter with the child's words.
func (s *Service) passOn(ctx context.Context, tx *db.Tx, c Call) (id.ID, error) {
	lines, err := s.lines(ctx, tx, c, 0)
	if err != nil {
		return "", err
	}
	words := []string{s.ports.Words("chat.text_waits", map[string]string{"no": c.No})}
	for _, l := range lines {
		if !l.Seat {
			words = append(words, l.Text)
		}
	}
	text := []rune(strings.Join(words, "\n"))
	return s.ports.Take(ctx, tx, signal.New{Source: signal.Help, Kind: "chat", Key: "chat:" + string(c.ID), Region: s.district, Note: string(text[:min(len(text), 2000)]), Kinds: "help",
		Urgency: string(policy.Urgent)})
}

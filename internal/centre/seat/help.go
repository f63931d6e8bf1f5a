package seat

import (
	"context"
	"strings"

	"zugou/internal/centre/matter"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Asking is the public help page: a choice and, if the child wants, words, a
// name, a phone, a place. Nothing of it is forced, and nothing else is kept:
// no address of the network, no mark of the browser.
type Asking struct {
	Choice string // talk, unsafe, worry
	Text   string
	Name   string
	Phone  string
	Place  string
	Key    string // made by the page, so that a retry is the same request
}

// kinds of matter behind the three choices.
var helpKinds = map[string]string{"talk": "help", "unsafe": "danger", "worry": "help"}

// Helped is the answer to a request.
type Helped struct {
	Code    string   `json:"code"` // one-time code under which the answer can be read
	Numbers []string `json:"numbers"`
}

// helpNumbers are shown with every answer, 110 first.
var helpNumbers = []string{"110", "120", "12355", "12356"}

// Ask takes a request for help. The code is derived from the page's key, so
// that a page that lost the first answer gets the same code again.
func (s *Service) Ask(ctx context.Context, q Asking) (Helped, error) {
	kind, ok := helpKinds[q.Choice]
	switch {
	case !ok:
		return Helped{}, errs.Invalid("choice", "help.choice")
	case len(q.Key) < 16 || len(q.Key) > 100:
		return Helped{}, errs.Invalid("key", "signal.key")
	case len([]rune(q.Text)) > 2000:
		return Helped{}, errs.Invalid("text", "text.too_long")
	case len([]rune(q.Name)) > 50 || len([]rune(q.Phone)) > 30 || len([]rune(q.Place)) > 200:
		return Helped{}, errs.Invalid("name", "text.too_long")
	}
	ctx = access.With(ctx, access.System("help"))
	note := strings.TrimSpace(q.Text)
	if name := strings.TrimSpace(q.Name); name != "" {
		note += "\n称呼:" + name
	}
	if place := strings.TrimSpace(q.Place); place != "" {
		note += "\n地点:" + place
	}
	phone, ok := civil.ParsePhone(q.Phone)
	if !ok && strings.TrimSpace(q.Phone) != "" {
		phone = ""
		note += "\n电话:" + strings.TrimSpace(q.Phone) // not a number we know the form of, and not lost
	}
	rec, err := s.Take(ctx, signal.New{Source: signal.Help, Kind: q.Choice, Key: "h:" + q.Key, Note: strings.TrimSpace(note), Phone: string(phone), Kinds: kind})
	if err != nil {
		return Helped{}, err
	}
	code := crypto.HelpCodeFrom(s.keys.MAC("help.code", []byte(q.Key)))
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		threadID := id.New()
		n, err := tx.Exec(ctx, "INSERT INTO help_thread (id, code_index, matter_id, opened_at) VALUES (?, ?, ?, ?) ON CONFLICT (code_index) DO NOTHING",
			threadID, s.keys.Index("help.code", code), rec.Matter, tx.Now)
		if err != nil || n == 0 || note == "" {
			return err
		}
		return s.say(ctx, tx, threadID, true, "", strings.TrimSpace(q.Text), "ask:"+q.Key)
	})
	return Helped{Code: code, Numbers: helpNumbers}, err
}

func (s *Service) say(ctx context.Context, tx *db.Tx, thread id.ID, fromChild bool, account id.ID, text, key string) error {
	messageID := id.New()
	_, err := tx.Exec(ctx, "INSERT INTO help_message (id, thread_id, at, from_child, account_id, text, idem_key) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idem_key) DO NOTHING",
		messageID, thread, tx.Now, fromChild, account, s.keys.Seal("help_message.text:"+string(messageID), text), key)
	return err
}

// HelpMessage is one line of a conversation by code.
type HelpMessage struct {
	At        clock.Millis `json:"at"`
	Text      string       `json:"text"`
	FromChild bool         `json:"from_child"`
}

// HelpThread is what a code opens.
type HelpThread struct {
	State    matter.State  `json:"state"`
	Messages []HelpMessage `json:"messages"`
}

type threadRow struct {
	ID       id.ID `bun:"id"`
	MatterID id.ID `bun:"matter_id"`
}

func (s *Service) thread(ctx context.Context, r db.Reader, code string) (threadRow, error) {
	normal, ok := crypto.ParseHelpCode(code)
	if !ok {
		return threadRow{}, errs.Invalid("code", "help.code_form")
	}
	var rows []threadRow
	if err := r.List(ctx, &rows, "SELECT id, matter_id FROM help_thread WHERE code_index = ?", s.keys.Index("help.code", normal)); err != nil {
		return threadRow{}, err
	}
	if len(rows) == 0 {
		return threadRow{}, errs.NotFound("help.code_unknown")
	}
	return rows[0], nil
}

type messageRow struct {
	ID        id.ID        `bun:"id"`
	At        clock.Millis `bun:"at"`
	FromChild bool         `bun:"from_child"`
	Text      string       `bun:"text"`
}

func (s *Service) messages(ctx context.Context, r db.Reader, thread id.ID) ([]HelpMessage, error) {
	var rows []messageRow
	if err := r.List(ctx, &rows, "SELECT id, at, from_child, text FROM help_message WHERE thread_id = ? ORDER BY at, id", thread); err != nil {
		return nil, err
	}
	out := make([]HelpMessage, 0, len(rows))
	for _, m := range rows {
		text, err := s.keys.Open("help_message.text:"+string(m.ID), m.Text)
		if err != nil {
			return nil, err
		}
		out = append(out, HelpMessage{m.At, text, m.FromChild})
	}
	return out, nil
}

// ReadHelp gives the conversation behind a code.
func (s *Service) ReadHelp(ctx context.Context, code string) (HelpThread, error) {
	var out HelpThread
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		t, err := s.thread(ctx, r, code)
		if err != nil {
			return err
		}
		m, err := matter.Get(ctx, r, t.MatterID)
		if err != nil {
			return err
		}
		out.State = m.State
		out.Messages, err = s.messages(ctx, r, t.ID)
		return err
	})
	return out, err
}

// MoreHelp adds words to a conversation; to the seat they are a new signal.
func (s *Service) MoreHelp(ctx context.Context, code, text, key string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return errs.Invalid("text", "text.needed")
	case len([]rune(text)) > 2000:
		return errs.Invalid("text", "text.too_long")
	case len(key) < 16 || len(key) > 100:
		return errs.Invalid("key", "signal.key")
	}
	ctx = access.With(ctx, access.System("help"))
	return s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.thread(ctx, tx, code)
		if err != nil {
			return err
		}
		now, err := s.MoreIn(ctx, tx, t.MatterID, signal.New{Source: signal.Help, Kind: "more", Key: "m:" + key, Note: text})
		if err != nil || now == "" {
			return err
		}
		if now != t.MatterID {
			if _, err := tx.Exec(ctx, "UPDATE help_thread SET matter_id = ? WHERE id = ?", now, t.ID); err != nil {
				return err
			}
		}
		return s.say(ctx, tx, t.ID, true, "", text, "more:"+key)
	})
}

// MoreIn adds words to a matter as part of a change; asked again after its end
// they open one of their own, of the same kind. It gives the matter that has
// them; "" for words that are there already.
func (s *Service) MoreIn(ctx context.Context, tx *db.Tx, matterID id.ID, n signal.New) (now id.ID, err error) {
	m, err := matter.Get(ctx, tx, matterID)
	if err != nil {
		return "", err
	}
	n.Region = m.Region
	signalID, stored, err := signal.Insert(ctx, tx, s.keys, n, access.From(ctx).Account)
	if err != nil || !stored {
		return "", err
	}
	if m.State == matter.Closed {
		n.Kinds = m.Kind
		now, _, err = s.process(ctx, tx, signalID, n)
		return now, err
	}
	if err := signal.Led(ctx, tx, signalID, m.ChildID, m.ID, m.Region, "why.code", true); err != nil {
		return "", err
	}
	return m.ID, matter.Record(ctx, tx, m, matter.Event{Kind: "help_more"}, map[string]any{"signal": signalID})
}

// AnswerHelp writes to whoever asked, to be read by the code.
func (s *Service) AnswerHelp(ctx context.Context, matterID id.ID, text, key string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return errs.Invalid("text", "text.needed")
	}
	if len([]rune(text)) > 2000 {
		return errs.Invalid("text", "text.too_long")
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, t, err := matter.Check(ctx, tx, matterID, "matter.read")
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "help.answer", t); err != nil {
			return err
		}
		var threads []threadRow
		if err := tx.List(ctx, &threads, "SELECT id, matter_id FROM help_thread WHERE matter_id = ?", m.ID); err != nil {
			return err
		}
		if len(threads) == 0 {
			return errs.NotFound("help.no_thread")
		}
		account := access.From(ctx).Account
		for _, th := range threads {
			if err := s.say(ctx, tx, th.ID, false, account, text, "answer:"+string(account)+":"+key+":"+string(th.ID)); err != nil {
				return err
			}
		}
		if err := matter.Record(ctx, tx, m, matter.Event{Kind: "help_answered"}, nil); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "help.answer", SubjectKind: "matter", Subject: m.ID, Region: m.Region})
	})
}

// HelpOf gives the conversation of a matter to staff; nil if it has none.
func (s *Service) HelpOf(ctx context.Context, r db.Reader, matterID id.ID) ([]HelpMessage, error) {
	m, t, err := matter.Check(ctx, r, matterID, "matter.read")
	if err != nil {
		return nil, err
	}
	var threads []threadRow
	if err := r.List(ctx, &threads, "SELECT id, matter_id FROM help_thread WHERE matter_id = ?", m.ID); err != nil {
		return nil, err
	}
	var out []HelpMessage
	for _, th := range threads {
		list, err := s.messages(ctx, r, th.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	audit.Show(ctx, "matter.read", string(t.Task), m.Region, audit.Shown{Kind: "matter", ID: m.ID, Fields: []string{"help_messages"}})
	return out, nil
}

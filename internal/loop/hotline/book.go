package hotline

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"

	"zugou/internal/centre/policy"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/loop/hotline/voice"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
)

// Topic is the topic of the line's events; Ref is the call.
const Topic = "call"

var system = access.System("hotline")

// Rules implements phone.Book.
func (s *Service) Rules(ctx context.Context) phone.Rules {
	ctx, cancel := context.WithTimeout(ctx, rulesWithin)
	defer cancel()
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		rules, err := RulesAt(ctx, r, r.At())
		if err == nil {
			s.last.v.Store(&rules)
		}
		return err
	})
	if err != nil {
		s.log.Error("the line's rules are not read, the last known hold", "error", err)
	}
	return s.last.v.Load().phoneRules()
}

// Arrive implements phone.Book.
func (s *Service) Arrive(ctx context.Context, a phone.Arrival) error {
	ctx = access.With(ctx, system)
	number, _ := civil.ParsePhone(a.From)
	from := string(number)
	if from == "" {
		from = digits(a.From) // a number of no form we know can still be called back
	}
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := find(ctx, tx, a.ID); err == nil {
			return nil // told again
		} else if !errs.Is(err, errs.KindNotFound) {
			return err
		}
		c := Call{ID: a.ID, Process: s.process, ArrivedAt: a.At, State: Waiting, Region: s.district, Channel: ByPhone, Version: 1}
		var err error
		if c.No, err = s.ports.NextNo(ctx, tx, "T"); err != nil {
			return err
		}
		if from != "" {
			c.Phone, c.PhoneIndex = s.keys.Seal(aadPhone(a.ID), from), s.keys.Index("phone", from)
			found, err := s.ports.ByPhone(ctx, tx, from)
			if err != nil {
				return err
			}
			c.ChildID, c.Why = found.Child, found.Why
			if found.Region != "" {
				c.Region = found.Region
			}
		}
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		return s.emit(ctx, tx, c, "arrived")
	})
	if err != nil && s.ports.Unsaved != nil {
		s.ports.Unsaved(a)
	}
	return err
}

func digits(s string) string {
	var out []rune
	for _, r := range s {
		if r >= '0' && r <= '9' || r == '+' && len(out) == 0 {
			out = append(out, r)
		}
	}
	if len(out) < 3 || len(out) > 20 {
		return ""
	}
	return string(out)
}

func aadPhone(call id.ID) string { return "hotline_call.phone:" + string(call) }
func aadNote(call id.ID) string  { return "hotline_call.note:" + string(call) }

func (s *Service) emit(ctx context.Context, tx *db.Tx, c Call, kind string) error {
	data, err := json.Marshal(map[string]any{"state": c.State, "level": c.Level, "seat": c.Seat, "urgency": policy.Critical})
	if err != nil {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: Topic, Kind: kind, Region: s.district, Ref: string(c.ID), Data: data})
}

// Tell implements phone.Book.
func (s *Service) Tell(ctx context.Context, e phone.Event) error {
	ctx = access.With(ctx, system)
	var after Call
	err := s.db.UpdateUrgent(ctx, func(ctx context.Context, tx *db.Tx) error {
		was, err := find(ctx, tx, e.Call)
		if err != nil {
			return err
		}
		stored, err := note(ctx, tx, e)
		if err != nil || !stored {
			return err
		}
		after = was.apply(e)
		if e.Kind == phone.Ended {
			if after, err = s.follow(ctx, tx, after); err != nil {
				return err
			}
		}
		if err := save(ctx, tx, after, was.Version); err != nil {
			return err
		}
		return s.emit(ctx, tx, after, e.Kind)
	})
	if err == nil && e.Kind == phone.Refused {
		s.removeFile(e.Call, phone.Talk)
	}
	return err
}

// follow opens what a call that ended asks for, in the change that ends it.
func (s *Service) follow(ctx context.Context, tx *db.Tx, c Call) (Call, error) {
	rules, err := RulesAt(ctx, tx, tx.Now)
	if err != nil {
		return c, err
	}
	if c.ChildID != "" {
		if err := child.Note(ctx, tx, child.Entry{ChildID: c.ChildID, At: c.ArrivedAt, Kind: "call", Title: "timeline.call_" + string(c.Result), RefKind: "call", RefID: c.ID,
			Region: c.Region, Data: map[string]string{"no": c.No}}); err != nil {
			return c, err
		}
	}
	if c.Channel == ByChat {
		// A child who left before anybody came, and wrote: its words are looked at.
		if c.Result == Abandoned && c.HeardMS > 0 && c.MatterID == "" {
			c.MatterID, err = s.passOn(ctx, tx, c)
		}
		if c.Result == Spoken && c.HeardMS == 0 {
			c.Class = "silent"
		}
		return c, err
	}
	number := s.number(c)
	if kind := c.Needs(); kind != "" {
		text := s.ports.Words("call.text_"+string(c.Result), map[string]string{"no": c.No})
		rec, err := s.ports.Take(ctx, tx, signal.New{Source: signal.Call, Kind: "call_" + string(c.Result), Key: "call:" + string(c.ID), Phone: number, ChildID: c.ChildID,
			Region: s.district, Note: text, Kinds: kind})
		if err != nil {
			return c, err
		}
		c.MatterID = rec
		if c.Result == Left {
			return c, s.ports.Leaders(ctx, tx, c.ID, c.No)
		}
		return c, nil
	}
	if c.Result != Spoken || c.PhoneIndex == "" || c.HeardMS >= rules.SilentHeard {
		return c, nil
	}
	// Nobody was heard: the caller may not be able to speak.
	c.Class = "silent"
	before, err := silentBefore(ctx, tx, c.PhoneIndex, tx.Now.Add(-hours(rules.SilentHours)), rules.SilentHeard)
	if err != nil || before+1 < rules.SilentCalls {
		return c, err
	}
	text := s.ports.Words("call.text_silent", map[string]string{"no": c.No})
	c.MatterID, err = s.ports.Take(ctx, tx, signal.New{Source: signal.Call, Kind: "call_silent", Key: "silent:" + string(c.ID), Phone: number, ChildID: c.ChildID,
		Region: s.district, Note: text, Kinds: "help", Urgency: string(policy.Urgent)})
	return c, err
}

// number opens the caller's number; empty if it was withheld.
func (s *Service) number(c Call) string {
	n, err := s.keys.Open(aadPhone(c.ID), c.Phone)
	if err != nil {
		s.log.Error("a caller's number can't be opened", "call", c.ID, "error", err)
		return ""
	}
	return n
}

// Phones implements phone.Book: the telephones of a level whose people are not
// in a call.
func (s *Service) Phones(ctx context.Context, level int) []phone.Phone {
	var rows []struct {
		User    string `bun:"user_name"`
		Account id.ID  `bun:"account_id"`
	}
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &rows, `SELECT user_name, account_id FROM hotline_phone WHERE level <= ? AND account_id NOT IN
			(SELECT seat FROM hotline_call WHERE state = ?) ORDER BY level, user_name`, level, Talking)
	})
	if err != nil {
		s.log.Error("the seats' telephones are not read", "error", err)
	}
	out := make([]phone.Phone, 0, len(rows))
	for _, p := range rows {
		out = append(out, phone.Phone{Account: p.Account, User: p.User})
	}
	return out
}

// Recording implements phone.Book: a key of its own for each kind of recording
// of a call, stored before a sound is. What is recorded again, after a line was
// lost or a number did not answer, goes to a further file under the same key.
func (s *Service) Recording(ctx context.Context, call id.ID, kind string) (string, voice.Sealer, error) {
	column := "talk_key"
	if kind == phone.Message {
		column = "message_key"
	}
	var wrapped string
	err := s.db.Update(access.With(ctx, system), func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, db.To(&wrapped), "SELECT "+column+" FROM hotline_call WHERE id = ?", call)
		if err != nil || wrapped != "" {
			return err
		}
		_, wrapped = s.keys.NewSubject()
		_, err = tx.Exec(ctx, "UPDATE hotline_call SET "+column+" = ?, version = version + 1 WHERE id = ?", wrapped, call)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	subject, err := s.keys.Subject(wrapped)
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", nil, err
	}
	path := s.path(call, kind)
	for part := 2; ; part++ {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return path, subject, nil
		}
		path = s.path(call, kind) + "-" + strconv.Itoa(part)
	}
}

func (s *Service) path(call id.ID, kind string) string {
	return filepath.Join(s.dir, string(call)+"."+kind)
}

// files lists a recording's parts in their order.
func (s *Service) files(call id.ID, kind string) []string {
	out := []string{s.path(call, kind)}
	for part := 2; ; part++ {
		path := s.path(call, kind) + "-" + strconv.Itoa(part)
		if _, err := os.Stat(path); err != nil {
			return out
		}
		out = append(out, path)
	}
}

func (s *Service) removeFile(call id.ID, kind string) {
	for _, path := range s.files(call, kind) {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			s.log.Error("a recording's file is not removed; its key is", "call", call, "error", err)
		}
	}
}

// Secret implements phone.Book.
func (s *Service) Secret(ctx context.Context, user string) (id.ID, string, error) {
	var account id.ID
	var sealed string
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&account, &sealed), "SELECT account_id, secret FROM hotline_phone WHERE user_name = ?", user)
	})
	if err != nil {
		return "", "", err
	}
	secret, err := s.keys.Open("hotline_phone.secret:"+user, sealed)
	return account, secret, err
}

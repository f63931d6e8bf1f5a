package hotline

import (
	"context"
	"os"
	"slices"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/loop/hotline/voice"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// Row is a call in a list.
type Row struct {
	ID        id.ID        `json:"id"`
	No        string       `json:"no"`
	Phone     string       `json:"phone"` // masked; empty = withheld
	ArrivedAt clock.Millis `json:"arrived_at"`
	ClaimedAt clock.Millis `json:"claimed_at"`
	EndedAt   clock.Millis `json:"ended_at"`
	State     State        `json:"state"`
	Level     int          `json:"level"`
	Seat      id.ID        `json:"seat"`
	Region    string       `json:"region"`
	ChildID   id.ID        `json:"child_id"`
	Why       string       `json:"why"`
	MatterID  id.ID        `json:"matter_id"`
	Result    Result       `json:"result"`
	Consent   string       `json:"consent"`
	WaitMS    int64        `json:"wait_ms"`
	TalkMS    int64        `json:"talk_ms"`
	MessageMS int64        `json:"message_ms"`
	Talk      bool         `json:"talk_recorded"`
	Message   bool         `json:"message_recorded"`
	Forwarded string       `json:"forwarded"`
	Class     string       `json:"class"`
	Topic     string       `json:"topic"`
	Action    string       `json:"action"`
	Wrapped   bool         `json:"wrapped"`
	Version   int64        `json:"version"`
	Channel   string       `json:"channel"` // phone, chat
	Grave     bool         `json:"grave"`   // of a chat: a word that must not wait
	Silent    bool         `json:"silent"`  // of a chat: not a word so far
}

func (s *Service) row(c Call) Row {
	row := Row{ID: c.ID, No: c.No, ArrivedAt: c.ArrivedAt, ClaimedAt: c.ClaimedAt, EndedAt: c.EndedAt, State: c.State, Level: c.Level, Seat: c.Seat, Region: c.Region,
		ChildID: c.ChildID, Why: c.Why, MatterID: c.MatterID, Result: c.Result, Consent: c.Consent, WaitMS: c.Wait().Milliseconds(), MessageMS: c.MessageMS,
		Talk: c.TalkKey != "", Message: c.MessageKey != "", Forwarded: c.Forwarded, Class: c.Class, Topic: c.Topic, Action: c.Action, Wrapped: c.WrappedAt != 0, Version: c.Version, Channel: c.Channel,
		Grave: c.Grave, Silent: c.Channel == ByChat && c.silent()}
	if c.ClaimedAt != 0 && c.EndedAt != 0 {
		row.TalkMS = c.EndedAt.Sub(c.ClaimedAt).Milliseconds()
	}
	if c.Phone != "" {
		row.Phone = mask(s.number(c))
	}
	return row
}

// mask hides the middle of a number.
func mask(n string) string {
	if p, ok := civil.ParsePhone(n); ok {
		return p.Mask()
	}
	if len(n) <= 4 {
		return n // a service number
	}
	return strings.Repeat("*", len(n)-4) + n[len(n)-4:]
}

// Board is the line at a glance.
type Board struct {
	Waiting []Row     `json:"waiting"` // and those who speak to the voicemail, what must not wait first, chats without a word last, else the longest first
	Talking []Row     `json:"talking"`
	Unwrap  []Row     `json:"unwrapped"` // the actor's own that still need their wrap-up
	Seats   []SeatNow `json:"seats"`
	Today   Today     `json:"today"`
	Choices Words     `json:"choices"`
	Forward []string  `json:"forward"` // names that a seat may bring in
}

// Today counts the day's calls.
type Today struct {
	Calls     int `json:"calls"`
	Answered  int `json:"answered"`
	Abandoned int `json:"abandoned"`
	Voicemail int `json:"voicemail"`
	Silent    int `json:"silent"`
	Prank     int `json:"prank"`
	Test      int `json:"test"`
}

// Board gives it.
func (s *Service) Board(ctx context.Context) (Board, error) {
	a := access.From(ctx)
	var b Board
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.Check(a, "call.read", access.Target{Region: s.district}); err != nil {
			return err
		}
		open, err := list(ctx, r, "WHERE state <> ? ORDER BY arrived_at", Ended)
		if err != nil {
			return err
		}
		b.Waiting, b.Talking, b.Unwrap = []Row{}, []Row{}, []Row{}
		for _, c := range open {
			if c.State == Talking {
				b.Talking = append(b.Talking, s.row(c))
			} else {
				b.Waiting = append(b.Waiting, s.row(c))
			}
		}
		slices.SortStableFunc(b.Waiting, func(x, y Row) int { return x.turn() - y.turn() })
		mine, err := list(ctx, r, "WHERE seat = ? AND state = ? AND wrapped_at = 0 ORDER BY ended_at DESC LIMIT 20", a.Account, Ended)
		if err != nil {
			return err
		}
		for _, c := range mine {
			b.Unwrap = append(b.Unwrap, s.row(c))
		}
		if b.Seats, err = s.seats(ctx, r); err != nil {
			return err
		}
		if b.Seats == nil {
			b.Seats = []SeatNow{}
		}
		rules, err := RulesAt(ctx, r, r.At())
		if err != nil {
			return err
		}
		b.Forward = []string{}
		for name := range rules.SeatForward {
			b.Forward = append(b.Forward, name)
		}
		b.Choices = Choices()
		day := civil.DateOf(r.At().Time())
		from := clock.Of(day.Start())
		return r.Get(ctx, db.To(&b.Today.Calls, &b.Today.Answered, &b.Today.Abandoned, &b.Today.Voicemail, &b.Today.Silent, &b.Today.Prank, &b.Today.Test),
			`SELECT count(*), coalesce(sum(CASE WHEN result = 'answered' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN result IN ('abandoned', 'cut') THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN result = 'voicemail' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN class = 'silent' THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN class = 'prank' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN class = 'test' THEN 1 ELSE 0 END), 0)
			FROM hotline_call WHERE arrived_at >= ?`, from)
	})
	return b, err
}

// Query narrows the list of calls.
type Query struct {
	State   State
	Result  Result
	Class   string
	Channel string
	Child   id.ID
	From    clock.Millis
	To      clock.Millis
	Cursor  id.ID
	Limit   int
}

// List gives calls, newest first, and where the next page begins.
func (s *Service) List(ctx context.Context, q Query) (rows []Row, next id.ID, err error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	err = s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		if err := access.Check(access.From(ctx), "call.read", access.Target{Region: s.district}); err != nil {
			return err
		}
		parts, args := q.parts()
		found, hidden := access.From(ctx).Shown("child_id")
		parts, args = append(parts, found), append(args, hidden...)
		if q.Cursor != "" {
			parts, args = append(parts, "id < ?"), append(args, q.Cursor)
		}
		calls, err := list(ctx, r, where(parts)+" ORDER BY id DESC LIMIT ?", append(args, q.Limit+1)...)
		if err != nil {
			return err
		}
		if len(calls) > q.Limit {
			calls = calls[:q.Limit]
			next = calls[q.Limit-1].ID
		}
		rows = make([]Row, 0, len(calls))
		for _, c := range calls {
			rows = append(rows, s.row(c))
			if c.ChildID != "" {
				audit.Show(ctx, "call.read", "", c.Region, audit.Shown{Kind: "child", ID: c.ChildID, Fields: []string{"call"}})
			}
		}
		return nil
	})
	return rows, next, err
}

// Sheet is one call with its course.
type Sheet struct {
	Row
	Note     string     `json:"note"`
	AgeBand  string     `json:"age_band"`
	Sex      string     `json:"sex"`
	HeardMS  int64      `json:"heard_ms"`
	Gaps     int        `json:"gaps"`
	Course   []Happened `json:"course"`
	Earlier  []Row      `json:"earlier"` // of the same number
	EndedBy  string     `json:"ended_by"`
	Answered bool       `json:"-"`
}

// Find gives one call.
func (s *Service) Find(ctx context.Context, call id.ID) (Sheet, error) {
	var out Sheet
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		c, err := find(ctx, r, call)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "call.read", access.Target{Region: s.district, Child: c.ChildID, Owner: c.Seat}); err != nil {
			return err
		}
		out = Sheet{Row: s.row(c), AgeBand: c.AgeBand, Sex: c.Sex, HeardMS: c.HeardMS, Gaps: c.Gaps, EndedBy: c.EndedBy, Earlier: []Row{}}
		if out.Note, err = s.keys.Open(aadNote(c.ID), c.Note); err != nil {
			return err
		}
		if out.Course, err = course(ctx, r, call); err != nil {
			return err
		}
		if c.PhoneIndex != "" {
			before, err := list(ctx, r, "WHERE phone_index = ? AND arrived_at < ? ORDER BY arrived_at DESC LIMIT 20", c.PhoneIndex, c.ArrivedAt)
			if err != nil {
				return err
			}
			for _, b := range before {
				if !access.From(ctx).Finds(b.ChildID) {
					continue
				}
				out.Earlier = append(out.Earlier, s.row(b))
			}
		}
		audit.Show(ctx, "call.read", "", c.Region, audit.Shown{Kind: "call", ID: c.ID, Fields: []string{"note", "course"}})
		return nil
	})
	return out, err
}

// Number gives the caller's number in full, for a call back; it is recorded.
func (s *Service) Number(ctx context.Context, call id.ID) (string, error) {
	var number string
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := find(ctx, tx, call)
		if err != nil {
			return err
		}
		if err := access.Check(access.From(ctx), "call.take", access.Target{Region: s.district, Child: c.ChildID}); err != nil {
			return err
		}
		if c.Phone == "" {
			return errs.NotFound("call.withheld")
		}
		number = s.number(c)
		return audit.Write(ctx, tx, audit.Entry{Action: "call.take", SubjectKind: "call", Subject: c.ID, Fields: []string{"phone"}, Region: c.Region})
	})
	return number, err
}

// Play opens a recording for a reason; kind is phone.Talk or phone.Message.
// NotFound if there is none, or its key was destroyed.
func (s *Service) Play(ctx context.Context, call id.ID, kind, reason string) (wav []byte, err error) {
	c, err := s.opened(ctx, call, kind, reason)
	if err != nil {
		return nil, err
	}
	key := c.TalkKey
	if kind == phone.Message {
		key = c.MessageKey
	}
	if key == "" || c.Channel == ByChat {
		return nil, errs.NotFound("call.no_recording")
	}
	subject, err := s.keys.Subject(key)
	if err != nil {
		return nil, err
	}
	var sound []byte
	for _, path := range s.files(call, kind) {
		part, err := s.part(path, string(call)+":"+kind, subject)
		if err != nil {
			return nil, err
		}
		sound = append(sound, part...)
	}
	if len(sound) == 0 {
		return nil, errs.NotFound("call.no_recording")
	}
	return voice.WAV(2, sound), nil
}

// opened checks the right to open what was kept of a call, and keeps who did
// and why.
func (s *Service) opened(ctx context.Context, call id.ID, kind, reason string) (Call, error) {
	var c Call
	if n := len([]rune(strings.TrimSpace(reason))); n < 4 || n > 500 {
		return c, errs.Invalid("reason", "reason.needed")
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if c, err = find(ctx, tx, call); err != nil {
			return err
		}
		action := access.Action("recording.play")
		if kind == phone.Message {
			action = "call.take" // a voicemail is for whoever calls back
		}
		if err := access.Check(access.From(ctx), action, access.Target{Region: s.district, Child: c.ChildID, Owner: c.Seat}); err != nil {
			return err
		}
		// The reason is kept sealed beside the course; the audit names it.
		row := id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO hotline_play (id, call_id, kind, account_id, reason, at) VALUES (?, ?, ?, ?, ?, ?)",
			row, call, kind, access.From(ctx).Account, s.keys.Seal("hotline_play.reason:"+string(row), reason), tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "recording.play", SubjectKind: "call", Subject: call, Fields: []string{kind}, Purpose: string(row), Region: c.Region})
	})
	return c, err
}

// part gives the sound of one file; none for one that holds no whole chunk.
func (s *Service) part(path, name string, seal voice.Sealer) ([]byte, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	sound, err := voice.Sound(f, name, seal)
	if err != nil {
		return nil, err
	}
	return sound, nil
}

package hotline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/loop/hotline/voice"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	files "zugou/policy/hotline"
)

// Rules are the rules of the line as officials write them.
type Rules struct {
	From        string            `json:"from"`
	Source      string            `json:"source"`
	Ring        int               `json:"ring_seconds"`
	Levels      int               `json:"levels"`
	Voicemail   int               `json:"voicemail_seconds"`
	RefuseKey   string            `json:"refuse_key"`
	Keys        map[string]string `json:"keys"`
	SeatForward map[string]string `json:"seat_forward"`
	SeatDead    int               `json:"seat_dead_seconds"`
	SilentHeard int64             `json:"silent_heard_ms"`
	SilentCalls int               `json:"silent_calls"`
	SilentHours int               `json:"silent_within_hours"`
	SeatAway    int               `json:"seat_away_seconds"`
	KeepDays    int               `json:"keep_recording_days"`
}

// family is where the rules stand among the dated policies.
const (
	family = "hotline"
	ruleID = "line"
)

// ParseRules reads rules and refuses what the line can't run on.
func ParseRules(data []byte) (Rules, error) {
	var r Rules
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, errs.Invalid("body", "input.form")
	}
	var bad []errs.Field
	within := func(name string, v, low, high int) {
		if v < low || v > high {
			bad = append(bad, errs.Field{Name: name, Key: "call.rule_range"})
		}
	}
	within("ring_seconds", r.Ring, 5, 120)
	within("levels", r.Levels, 1, 5)
	within("voicemail_seconds", r.Voicemail, 30, 600)
	within("seat_dead_seconds", r.SeatDead, 3, 60)
	within("silent_calls", r.SilentCalls, 2, 20)
	within("silent_within_hours", r.SilentHours, 1, 168)
	within("seat_away_seconds", r.SeatAway, 20, 600)
	within("keep_recording_days", r.KeepDays, 30, 3660)
	if len(r.RefuseKey) != 1 || r.Keys[r.RefuseKey] != "" {
		bad = append(bad, errs.Field{Name: "refuse_key", Key: "call.rule_key"})
	}
	for k, n := range r.Keys {
		if len(k) != 1 || !dialable(n) {
			bad = append(bad, errs.Field{Name: "keys", Key: "call.rule_key"})
		}
	}
	for name, n := range r.SeatForward {
		if name == "" || !dialable(n) {
			bad = append(bad, errs.Field{Name: "seat_forward", Key: "call.rule_key"})
		}
	}
	return r, errs.InvalidFields(bad)
}

func dialable(n string) bool {
	if len(n) < 3 || len(n) > 20 {
		return false
	}
	for _, c := range n {
		if (c < '0' || c > '9') && c != '+' {
			return false
		}
	}
	return true
}

// RulesAt gives the rules in force at the instant.
func RulesAt(ctx context.Context, r db.Reader, at clock.Millis) (Rules, error) {
	var body string
	err := r.Get(ctx, db.To(&body), "SELECT body FROM policy WHERE family = ? AND key = ? AND from_at <= ? ORDER BY from_at DESC LIMIT 1", family, ruleID, at)
	if errs.Is(err, errs.KindNotFound) {
		return ParseRules(files.Line)
	}
	if err != nil {
		return Rules{}, err
	}
	return ParseRules([]byte(body))
}

// SetRules publishes rules that hold from an instant on.
func (s *Service) SetRules(ctx context.Context, from clock.Millis, body []byte) error {
	if _, err := ParseRules(body); err != nil {
		return err
	}
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := access.Check(access.From(ctx), "policy.write", access.Target{Region: s.district}); err != nil {
			return err
		}
		if from < tx.Now {
			from = tx.Now
		}
		row := id.New()
		if _, err := tx.Exec(ctx, "INSERT INTO policy (id, family, key, from_at, body, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			row, family, ruleID, from, string(body), access.From(ctx).Account, tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "policy.write", SubjectKind: "policy", Subject: row, Region: s.district})
	})
}

// Edition is one edition of the rules of the line.
type Edition struct {
	From  clock.Millis `bun:"from_at" json:"from"` // 0 = the first, as delivered
	Body  string       `bun:"body" json:"body"`
	SetAt clock.Millis `bun:"set_at" json:"set_at"`
}

// mayLook lets in who reads calls, and who keeps the line and reads none.
func (s *Service) mayLook(ctx context.Context) error {
	actor, here := access.From(ctx), access.Target{Region: s.district}
	if actor.Allowed("line.manage", here) {
		return nil
	}
	return access.Check(actor, "call.read", here)
}

// Editions gives the rules of the line, the newest first; the last one is what
// the program was delivered with.
func (s *Service) Editions(ctx context.Context) ([]Edition, error) {
	var rows []Edition
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		// Who writes the rules reads them, without the calls.
		if !access.From(ctx).Allowed("policy.write", access.Target{Region: s.district}) {
			if err := s.mayLook(ctx); err != nil {
				return err
			}
		}
		return r.List(ctx, &rows, "SELECT from_at, body, set_at FROM policy WHERE family = ? AND key = ? ORDER BY from_at DESC, id DESC LIMIT 50", family, ruleID)
	})
	return append(rows, Edition{Body: string(files.Line)}), err
}

// phoneRules brings the rules into the line's form.
func (r Rules) phoneRules() phone.Rules {
	out := phone.Rules{RingFor: time.Duration(r.Ring) * time.Second, Levels: r.Levels, VoicemailMax: time.Duration(r.Voicemail) * time.Second,
		RefuseKey: r.RefuseKey[0], Forward: map[byte]string{}, SeatForward: r.SeatForward, LineDead: time.Duration(r.SeatDead) * time.Second}
	for k, n := range r.Keys {
		out.Forward[k[0]] = n
	}
	return out
}

// lastRules keeps the rules for the time without storage.
type lastRules struct{ v atomic.Pointer[Rules] }

// Prompts reads what callers hear.
func Prompts() (phone.Prompts, error) {
	var p phone.Prompts
	for name, to := range map[string]*[]voice.Frame{"greeting": &p.Greeting, "wait": &p.Wait, "nobody": &p.Nobody, "goodbye": &p.Goodbye, "busy": &p.Busy, "refused": &p.Refused} {
		data, err := files.Prompts.ReadFile("prompt/" + name + ".wav")
		if err != nil {
			return p, err
		}
		if *to, err = voice.ReadWAV(data); err != nil {
			return p, fmt.Errorf("prompt %s: %w", name, err)
		}
	}
	return p, nil
}

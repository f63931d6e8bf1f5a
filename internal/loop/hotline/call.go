package hotline

import (
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
)

// State is where a call stands.
type State string

// The states.
const (
	Waiting State = "waiting"
	Talking State = "talking"
	Message State = "message"
	Ended   State = "ended"
)

// Result says what became of a call.
type Result string

// The results.
const (
	Spoken    Result = "answered"  // a person spoke with the caller
	Abandoned Result = "abandoned" // the caller gave up before
	Left      Result = "voicemail"
	Cut       Result = "cut" // the program stopped with the caller on the line
)

// Call is a record as stored.
type Call struct {
	ID         id.ID        `bun:"id"`
	No         string       `bun:"no"`
	Process    string       `bun:"process"`
	Phone      string       `bun:"phone"` // sealed
	PhoneIndex string       `bun:"phone_index"`
	ArrivedAt  clock.Millis `bun:"arrived_at"`
	AnsweredAt clock.Millis `bun:"answered_at"`
	ClaimedAt  clock.Millis `bun:"claimed_at"`
	EndedAt    clock.Millis `bun:"ended_at"`
	State      State        `bun:"state"`
	Level      int          `bun:"level"`
	Seat       id.ID        `bun:"seat"`
	Region     string       `bun:"region"`
	ChildID    id.ID        `bun:"child_id"`
	Why        string       `bun:"why"` // message key: how the child was found
	MatterID   id.ID        `bun:"matter_id"`
	Result     Result       `bun:"result"`
	EndedBy    string       `bun:"ended_by"`
	Consent    string       `bun:"consent"` // "", given, refused
	HeardMS    int64        `bun:"heard_ms"`
	TalkKey    string       `bun:"talk_key"` // wrapped; empty = none, or destroyed
	TalkMS     int64        `bun:"talk_ms"`
	MessageKey string       `bun:"message_key"`
	MessageMS  int64        `bun:"message_ms"`
	Gaps       int          `bun:"gaps"`
	Forwarded  string       `bun:"forwarded"`
	Class      string       `bun:"class"`
	Topic      string       `bun:"topic"`
	Action     string       `bun:"action"`
	AgeBand    string       `bun:"age_band"`
	Sex        string       `bun:"sex"`
	Note       string       `bun:"note"` // sealed
	WrappedAt  clock.Millis `bun:"wrapped_at"`
	WrappedBy  id.ID        `bun:"wrapped_by"`
	Version    int64        `bun:"version"`
	Channel    string       `bun:"channel"`
	ChatIndex  string       `bun:"chat_index"`
	HeardAt    clock.Millis `bun:"heard_at"` // of a chat: when its page was last heard of
	// Where a waiting chat comes from, as keyed hashes; see crowd.go.
	Device  string `bun:"device_index"`
	Address string `bun:"address_index"`
	Network string `bun:"network_index"`
	Grave   bool   `bun:"grave"` // a word was written that must not wait
}

// Wait gives how long the caller waited for a person, or in vain.
func (c Call) Wait() time.Duration {
	until := c.ClaimedAt
	if until == 0 {
		until = c.EndedAt
	}
	if until == 0 {
		return 0
	}
	return until.Sub(c.ArrivedAt)
}

// apply moves the record by what the line tells. It is pure.
func (c Call) apply(e phone.Event) Call {
	switch e.Kind {
	case phone.Answered:
		c.AnsweredAt = e.At
	case phone.Ringing:
		c.Level = e.Level
	case phone.Claimed:
		c.State, c.Seat = Talking, e.Seat
		c.Device, c.Address, c.Network = "", "", ""
		if c.ClaimedAt == 0 {
			c.ClaimedAt = e.At
		}
	case phone.Consented:
		if c.Consent == "" {
			c.Consent = "given"
		}
	case phone.Refused:
		c.Consent, c.TalkKey = "refused", "" // what was recorded can't be opened any more
	case phone.Lost:
		c.State, c.Seat = Waiting, ""
	case phone.Forwarded:
		c.Forwarded = e.Number
	case phone.Voicemail:
		c.State = Message
	case phone.Spoken:
		c.MessageMS += e.Length.Milliseconds()
		c.HeardMS = e.Heard.Milliseconds()
	case phone.Ended:
		c.State, c.EndedAt, c.EndedBy, c.Gaps = Ended, e.At, e.Reason, e.Gaps
		c.Device, c.Address, c.Network = "", "", ""
		c.TalkMS = e.Length.Milliseconds()
		if e.Heard > 0 {
			c.HeardMS = e.Heard.Milliseconds()
		}
		c.Result = c.result()
	}
	return c
}

// result tells what became of a call that ended.
func (c Call) result() Result {
	switch {
	case c.EndedBy == phone.ByStop:
		return Cut
	case c.ClaimedAt != 0, c.Forwarded != "":
		return Spoken
	case c.MessageMS > 0:
		return Left
	}
	return Abandoned
}

// Needs says which kind of matter a call that ended asks for; "" for none. A
// withheld number can't be called back: its voicemail is heard all the same.
func (c Call) Needs() string {
	switch c.Result {
	case Left:
		return "voicemail"
	case Abandoned, Cut:
		if c.PhoneIndex != "" {
			return "callback"
		}
	}
	return ""
}

// Classes of a call, after Child Helpline International and the bureau's own
// counts; silent, prank and test are counted apart.
var (
	classes  = []string{"counselling", "information", "referral", "crisis", "report", "silent", "prank", "test", "wrong", "other"}
	topics   = []string{"", "mental_health", "suicide", "self_harm", "family", "abuse", "bullying", "school", "peer", "sexuality", "poverty", "guardianship", "health", "online", "left_alone", "other"}
	actions  = []string{"", "listened", "informed", "referred", "dispatched", "callback", "case", "police", "hospital", "none"}
	ageBands = []string{"", "0-5", "6-9", "10-13", "14-17", "18+", "unknown"}
	sexes    = []string{"", "m", "f", "unknown"}
)

// Consultations are the classes counted as consultations given (D14).
var Consultations = []string{"counselling", "information", "crisis", "referral", "report"}

// Words are the choices of the wrap-up, for the page.
type Words struct {
	Classes  []string `json:"classes"`
	Topics   []string `json:"topics"`
	Actions  []string `json:"actions"`
	AgeBands []string `json:"age_bands"`
	Sexes    []string `json:"sexes"`
}

// Choices gives them.
func Choices() Words {
	return Words{slices.Clone(classes), slices.Clone(topics), slices.Clone(actions), slices.Clone(ageBands), slices.Clone(sexes)}
}

// Wrap is what the seat says of a call afterwards.
type Wrap struct {
	Class   string
	Topic   string
	Action  string
	AgeBand string
	Sex     string
	Note    string
	ChildID id.ID
	Kind    string // of the matter to open; empty = none
	Urgency string
	Version int64
}

func (w Wrap) check() error {
	var bad []errs.Field
	in := func(name, value string, list []string) {
		if !slices.Contains(list, value) {
			bad = append(bad, errs.Field{Name: name, Key: "call.choice"})
		}
	}
	in("class", w.Class, classes)
	in("topic", w.Topic, topics)
	in("action", w.Action, actions)
	in("age_band", w.AgeBand, ageBands)
	in("sex", w.Sex, sexes)
	if len([]rune(w.Note)) > 4000 {
		bad = append(bad, errs.Field{Name: "note", Key: "text.too_long"})
	}
	return errs.InvalidFields(bad)
}

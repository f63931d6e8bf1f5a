package downlink

import (
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/down"
)

// State says where a command stands.
type State string

// The states; see the package.
const (
	Waiting   State = "waiting"
	Sending   State = "sending"
	Sent      State = "sent"
	Done      State = "done"
	Failed    State = "failed"
	Expired   State = "expired"
	Cancelled State = "cancelled"
)

// Downlink is one command as people see it: what it said is not shown again.
type Downlink struct {
	ID        id.ID        `json:"id"`
	Kind      down.Kind    `json:"kind"`
	State     State        `json:"state"`
	Tries     int          `json:"tries"`
	Result    string       `json:"result"` // key of the reason, or the device's own words
	Reason    string       `json:"reason"`
	ByName    string       `json:"by_name"`
	CreatedAt clock.Millis `json:"created_at"`
	SentAt    clock.Millis `json:"sent_at"`
	EndedAt   clock.Millis `json:"ended_at"`
	ExpiresAt clock.Millis `json:"expires_at"`
}

// Request is what a person asks for.
type Request struct {
	Key     string         `json:"key" maxLength:"64"` // the same key is the same command
	Reason  string         `json:"reason" maxLength:"300"`
	Kind    down.Kind      `json:"kind" maxLength:"40"`
	Seconds int            `json:"seconds,omitempty"`
	For     int            `json:"for_seconds,omitempty"`
	Index   int            `json:"index,omitempty"`
	Phone   string         `json:"phone,omitempty" maxLength:"30"`
	On      bool           `json:"on,omitempty"`
	Periods []down.Period  `json:"periods,omitempty" maxItems:"8"`
	Alerts  []down.Alert   `json:"reminders,omitempty" maxItems:"8"`
	Book    []down.Contact `json:"contacts,omitempty" maxItems:"20"`
	Text    string         `json:"text,omitempty" maxLength:"1000"`
	Urgent  bool           `json:"urgent,omitempty"`
	Voice   []byte         `json:"voice,omitempty"` // AMR, at most 30,000 bytes
	Count   int            `json:"count,omitempty"`
}

func (r Request) command() down.Command {
	return down.Command{Kind: r.Kind, Seconds: r.Seconds, ForSeconds: r.For, Index: r.Index, Phone: r.Phone, On: r.On, Periods: r.Periods,
		Reminders: r.Alerts, Contacts: r.Book, Text: r.Text, Urgent: r.Urgent, Voice: r.Voice, Count: r.Count}
}

// Desk is what the panel of a device shows: whether it can be reached, what it
// can be told, and what it was told, newest first.
type Desk struct {
	Online bool         `json:"online"`
	Source string       `json:"source"` // protocol; "" if not known
	Since  clock.Millis `json:"since"`  // of the line; 0 without one
	Kinds  []down.Kind  `json:"kinds"`

	// Weekdays: silent hours may differ from day to day.
	Weekdays bool `json:"weekdays"`

	Items []Downlink `json:"items"`

	Takeovers []Takeover `json:"takeovers"`
}

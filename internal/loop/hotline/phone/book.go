package phone

import (
	"context"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/voice"
)

// Arrival is a call as it comes in.
type Arrival struct {
	ID      id.ID
	SIPCall string // the other side's name of the call
	From    string // number as it was sent; empty if withheld
	To      string
	At      clock.Millis
}

// What happens in a call.
const (
	Answered   = "answered"   // by us: the greeting plays
	Ringing    = "ringing"    // Level says whom
	Claimed    = "claimed"    // Seat took it
	Consented  = "consented"  // the notice was heard to its end, recording began
	Refused    = "refused"    // the caller refused the recording
	Lost       = "lost"       // Seat's line was lost, the caller is still there
	Forwarding = "forwarding" // Number is being called
	Forwarded  = "forwarded"  // Number answered and is in the call
	Failed     = "failed"     // Number did not answer
	Voicemail  = "voicemail"  // nobody came; the caller may speak
	Spoken     = "spoken"     // Length of the voicemail
	Ended      = "ended"      // Reason, Heard
)

// Reasons why a call ended.
const (
	ByCaller  = "caller"
	BySeat    = "seat"
	ByLine    = "line" // we said goodbye after the voicemail
	ByOutside = "outside"
	ByStop    = "stop" // this program stopped
)

// Event is told to the Book, in order.
type Event struct {
	Call   id.ID
	At     clock.Millis
	Kind   string
	Seat   id.ID  // account
	Level  int    // of Ringing
	Number string // of Forwarding …
	Reason string
	Length time.Duration // of Spoken; of the recording at Ended
	Heard  time.Duration // at Ended: how long the caller was heard in all
	Gaps   int           // frames that the recording lacks
}

// Rules are what officials set for the line.
type Rules struct {
	RingFor      time.Duration     // how long one level rings
	Levels       int               // how many levels there are
	VoicemailMax time.Duration     // longest voicemail
	RefuseKey    byte              // key that refuses the recording
	Forward      map[byte]string   // key pressed when nobody came → number
	SeatForward  map[string]string // name → number that a seat may bring in
	LineDead     time.Duration     // a seat that sends nothing for so long is lost
}

// Book keeps the records of calls. It is called by one goroutine per call.
type Book interface {
	// Rules gives the line's rules as of now; it must not fail: it falls back
	// on what it knew.
	Rules(ctx context.Context) Rules
	// Arrive stores the call before it is answered, and rings from memory if it
	// can't.
	Arrive(ctx context.Context, a Arrival) error
	// Tell stores what happened. It is told again until it succeeds, so it must
	// bear repetition.
	Tell(ctx context.Context, e Event) error
	// Phones gives the SIP accounts that ring at a level; browsers ring by the
	// event.
	Phones(ctx context.Context, level int) []Phone
	// Recording gives what seals a call's recording and where it is kept; nil
	// if the call must not be recorded.
	Recording(ctx context.Context, call id.ID, kind string) (path string, seal voice.Sealer, err error)
	// Secret gives the account and password behind a SIP user name.
	Secret(ctx context.Context, user string) (account id.ID, secret string, err error)
}

// Phone is a SIP telephone of a seat.
type Phone struct {
	Account id.ID
	User    string
}

// Kinds of recording.
const (
	Talk    = "talk"
	Message = "message"
)

// Prompts are what callers hear.
type Prompts struct {
	Greeting []voice.Frame // who this is, and that the call is recorded, and how to refuse
	Wait     []voice.Frame // while seats ring: stay on the line
	Nobody   []voice.Frame // nobody is free: keys for 110 and 12356, or speak
	Goodbye  []voice.Frame
	Busy     []voice.Frame // the number called does not answer
	Refused  []voice.Frame // not recorded, go on
}

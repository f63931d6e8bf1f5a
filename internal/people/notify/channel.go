package notify

import (
	"context"

	"zugou/internal/kernel/id"
)

// ChannelName names a way to a person.
type ChannelName string

// The channels.
const (
	InApp    ChannelName = "in_app"
	WebPush  ChannelName = "web_push"
	SMS      ChannelName = "sms"
	WeCom    ChannelName = "wecom"
	DingTalk ChannelName = "dingtalk"
)

// Address is where a letter goes on a channel.
type Address struct {
	Account id.ID
	Phone   string // SMS
	Target  string // Web Push: the subscription's id; robots: the robot's name
	Push    Subscription
}

// Delivery is one letter on its way.
type Delivery struct {
	ID     id.ID // of the outbox row: the gateway's idempotency key where it has one
	To     Address
	Letter Letter
	Crisis bool
}

// Outcome says how an attempt ended.
type Outcome string

// The outcomes.
const (
	Sent    Outcome = "sent"
	Refused Outcome = "refused" // the other side said no for good: no such number, subscription gone
	Failed  Outcome = "failed"  // surely not delivered; trying again may help
	Unsure  Outcome = "unsure"  // the request went out and no clear answer came
)

// Result is the outcome with what the page shows.
type Result struct {
	Outcome Outcome
	Status  int    // HTTP status, 0 for none
	Error   string // message key or the gateway's own code; never a number or text of ours
}

// Channel carries letters. Send must end within the context's time.
type Channel interface {
	Name() ChannelName
	Send(ctx context.Context, d Delivery) Result
}

package dispatch

import (
	"slices"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// State of an order.
type State string

// The states.
const (
	Active    State = "active"
	Done      State = "done"      // called back
	Cancelled State = "cancelled" // withdrawn, or its matter closed
)

// Order is one order. Note is sealed.
type Order struct {
	ID          id.ID        `bun:"id"`
	No          string       `bun:"no"`
	MatterID    id.ID        `bun:"matter_id"`
	Joint       string       `bun:"joint"` // the partner of a joint action: police; empty for the leading order
	Chain       string       `bun:"chain"`
	State       State        `bun:"state"`
	Stage       policy.Stage `bun:"stage"`
	Step        int          `bun:"step"`
	LastStep    bool         `bun:"last_step"`
	Level       string       `bun:"level"`
	Region      string       `bun:"region"`
	Assignee    id.ID        `bun:"assignee"`
	ClockAt     clock.Millis `bun:"clock_at"` // when the running clock began
	DueAt       clock.Millis `bun:"due_at"`
	Missed      int          `bun:"missed"` // clocks missed since the last progress
	Drill       bool         `bun:"drill"`
	CreatedAt   clock.Millis `bun:"created_at"`
	CreatedBy   id.ID        `bun:"created_by"`
	Source      string       `bun:"source"` // seat, city, program
	ExternalRef string       `bun:"external_ref"`
	Note        string       `bun:"note"`
	EndedAt     clock.Millis `bun:"ended_at"`
	Version     int64        `bun:"version"`
}

// Offer states.
const (
	OfferOpen      = "offered"
	OfferAccepted  = "accepted"
	OfferDeclined  = "declined"
	OfferWithdrawn = "withdrawn" // somebody else took it, or it ended
	OfferReleased  = "released"  // accepted, then taken over
)

// Offer is one person called for an order.
type Offer struct {
	OrderID    id.ID        `bun:"order_id"`
	Account    id.ID        `bun:"account_id"`
	Step       int          `bun:"step"`
	Role       access.Role  `bun:"role"`
	Region     string       `bun:"region"`
	State      string       `bun:"state"`
	OfferedAt  clock.Millis `bun:"offered_at"`
	AnsweredAt clock.Millis `bun:"answered_at"`
	Reason     string       `bun:"reason"`
}

// accept gives the order to by. An order that somebody carries may be taken
// over only after its clock was missed.
func (o Order) accept(by id.ID, now clock.Millis) (Order, error) {
	switch {
	case o.State != Active:
		return o, errs.Conflict("order.ended")
	case o.Assignee == by:
		return o, errs.Conflict("order.already")
	case o.Assignee != "" && o.Missed == 0:
		return o, errs.Conflict("order.taken")
	}
	o.Assignee, o.Stage, o.ClockAt, o.Missed = by, policy.Accepted, now, 0
	return o, nil
}

// fieldStages are those that the assignee moves to.
var fieldStages = []policy.Stage{policy.OnTheWay, policy.OnScene, policy.Handled, policy.FedBack}

// progress moves the order forward by its assignee.
func (o Order) progress(to policy.Stage, by id.ID, now clock.Millis) (Order, error) {
	switch {
	case o.State != Active:
		return o, errs.Conflict("order.ended")
	case o.Assignee != by:
		return o, errs.Conflict("order.not_yours")
	case !slices.Contains(fieldStages, to):
		return o, errs.Invalid("stage", "order.stage")
	case to.Rank() <= o.Stage.Rank():
		return o, errs.Conflict("order.already")
	}
	o.Stage, o.ClockAt, o.Missed = to, now, 0
	return o, nil
}

// callback is the seat's call to the child or carer after the feedback.
func (o Order) callback(now clock.Millis) (Order, error) {
	switch {
	case o.State != Active:
		return o, errs.Conflict("order.ended")
	case o.Stage != policy.FedBack:
		return o, errs.Conflict("order.not_fed_back")
	}
	o.Stage, o.State, o.EndedAt, o.ClockAt, o.DueAt, o.Missed = policy.CalledBack, Done, now, now, 0, 0
	return o, nil
}

// mayDecline: the district and the city have nobody above to pass it on to.
func mayDecline(r access.Role) bool {
	switch r {
	case access.SeatLeader, access.SeatOperator, access.BureauSection, access.BureauHead, access.CityCentre:
		return false
	}
	return true
}

// decline takes by off the order. The running clock is not set back: the
// delay that a refusal costs counts.
func (o Order) decline(by id.ID, role access.Role) (Order, error) {
	switch {
	case o.State != Active:
		return o, errs.Conflict("order.ended")
	case !mayDecline(role):
		return o, errs.Forbidden("order.district_cannot_refuse")
	case o.Assignee == by && o.Stage.Rank() >= policy.Handled.Rank():
		return o, errs.Conflict("order.already")
	}
	if o.Assignee == by {
		o.Assignee, o.Stage, o.ClockAt = "", policy.Offered, o.CreatedAt
	}
	return o, nil
}

// climb goes to the next rung of the chain; at the last one it stays there and
// calls again.
func (o Order) climb(chain policy.Chain) Order {
	last := len(chain.Steps) - 1
	o.Step = min(o.Step+1, last)
	o.LastStep = o.Step == last
	o.Level = chain.Steps[o.Step].Level
	return o
}

// cancel ends the order without result.
func (o Order) cancel(now clock.Millis) (Order, error) {
	if o.State != Active {
		return o, errs.Conflict("order.ended")
	}
	o.State, o.EndedAt, o.DueAt = Cancelled, now, 0
	return o, nil
}

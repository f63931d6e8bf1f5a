package care

import (
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// State is where a case stands.
type State string

// The states.
const (
	Referred State = "referred"
	Rejected State = "rejected"
	Intake   State = "intake"
	Assessed State = "assessed"
	Serving  State = "serving"
	Closing  State = "closing"
	Closed   State = "closed"
	Followed State = "followed"
)

// Open tells whether somebody works on a case in the state.
func (s State) Open() bool {
	return slices.Contains([]State{Referred, Intake, Assessed, Serving, Closing}, s)
}

// Sources of a case, as counted by D13: referred by an agency, or asking for
// help themselves.
var sources = []string{"screening", "matter", "school", "police", "township", "department", "hospital", "guardian", "self", "hotline"}

// Needs of a case; workers are matched by them.
var needs = []string{"", "suicide", "self_harm", "depression", "anxiety", "trauma", "behaviour", "family", "grief", "bullying", "school", "guardianship", "other"}

// Results with which a case ends.
var results = []string{"reached", "partly", "moved_away", "referred_on", "refused", "adult", "died"}

// Case is a case as stored.
type Case struct {
	ID          id.ID        `bun:"id"`
	No          string       `bun:"no"`
	ChildID     id.ID        `bun:"child_id"`
	Region      string       `bun:"region"`
	State       State        `bun:"state"`
	Source      string       `bun:"source"`
	SourceRef   id.ID        `bun:"source_ref"`
	Reason      string       `bun:"reason"` // sealed
	Need        string       `bun:"need"`
	Worker      id.ID        `bun:"worker"`
	Supervisor  id.ID        `bun:"supervisor"`
	OpenedAt    clock.Millis `bun:"opened_at"`
	OpenedBy    id.ID        `bun:"opened_by"`
	AcceptedAt  clock.Millis `bun:"accepted_at"`
	Result      string       `bun:"result"`
	ClosingAt   clock.Millis `bun:"closing_at"`
	ClosingBy   id.ID        `bun:"closing_by"`
	ClosedAt    clock.Millis `bun:"closed_at"`
	ConfirmedBy id.ID        `bun:"confirmed_by"`
	CrisisAt    clock.Millis `bun:"crisis_at"`
	Reopened    int          `bun:"reopened"`
	Language    string       `bun:"language"`
	Version     int64        `bun:"version"`
}

func (c Case) must(states ...State) error {
	if slices.Contains(states, c.State) {
		return nil
	}
	return errs.Conflict("case.state")
}

// ownedBy refuses who works on a case jointly what only its worker decides: to
// end it, and to give it away.
func (c Case) ownedBy(a access.Actor) error {
	if a.System || c.Worker == a.Account {
		return nil
	}
	return errs.Forbidden("case.worker_only")
}

// accept gives the case to a worker and a supervisor, who are two people.
func (c Case) accept(worker, supervisor id.ID, now clock.Millis) (Case, error) {
	if err := c.must(Referred); err != nil {
		return c, err
	}
	if err := pair(worker, supervisor); err != nil {
		return c, err
	}
	c.State, c.Worker, c.Supervisor, c.AcceptedAt = Intake, worker, supervisor, now
	return c, nil
}

func pair(worker, supervisor id.ID) error {
	if worker == "" {
		return errs.Invalid("worker", "case.worker_needed")
	}
	if supervisor == "" {
		return errs.Invalid("supervisor", "case.supervisor_needed")
	}
	if worker == supervisor {
		return errs.Invalid("supervisor", "case.supervisor_other")
	}
	return nil
}

func (c Case) reject() (Case, error) {
	if err := c.must(Referred); err != nil {
		return c, err
	}
	c.State = Rejected
	return c, nil
}

// assessed: a professional assessment was signed.
func (c Case) assessed() (Case, error) {
	switch c.State {
	case Intake:
		c.State = Assessed
	case Assessed, Serving: // a review
	default:
		return c, errs.Conflict("case.state")
	}
	return c, nil
}

// planned: the plan was approved.
func (c Case) planned() (Case, error) {
	if err := c.must(Assessed, Serving); err != nil {
		return c, err
	}
	c.State = Serving
	return c, nil
}

// end asks for the closing; open goals and contacts stand in its way.
func (c Case) end(result string, by id.ID, openGoals, openDues int, now clock.Millis) (Case, error) {
	if err := c.must(Intake, Assessed, Serving); err != nil {
		return c, err
	}
	if !slices.Contains(results, result) {
		return c, errs.Invalid("result", "case.result")
	}
	if openGoals > 0 && (result == "reached" || result == "partly") {
		return c, errs.Conflict("case.goals_open")
	}
	if openDues > 0 && result != "died" && result != "moved_away" {
		return c, errs.Conflict("case.contacts_open")
	}
	c.State, c.Result, c.ClosingAt, c.ClosingBy = Closing, result, now, by
	return c, nil
}

// confirm is the second person's word on a closing.
func (c Case) confirm(ok bool, by id.ID, now clock.Millis) (Case, error) {
	if err := c.must(Closing); err != nil {
		return c, err
	}
	if by == c.ClosingBy {
		return c, errs.Forbidden("case.second_person")
	}
	if !ok {
		c.State, c.Result, c.ClosingAt, c.ClosingBy = Serving, "", 0, ""
		return c, nil
	}
	c.State, c.ClosedAt, c.ConfirmedBy = Closed, now, by
	return c, nil
}

func (c Case) reopen() (Case, error) {
	if err := c.must(Closing, Closed, Followed); err != nil {
		return c, err
	}
	c.State, c.Result, c.ClosingAt, c.ClosingBy, c.ClosedAt, c.ConfirmedBy = Serving, "", 0, "", 0, ""
	c.Reopened++
	return c, nil
}

func (c Case) followed() (Case, error) {
	if err := c.must(Closed); err != nil {
		return c, err
	}
	c.State = Followed
	return c, nil
}

// handTo gives an open case to another worker.
func (c Case) handTo(worker id.ID) (Case, error) {
	if err := c.must(Intake, Assessed, Serving, Closing); err != nil {
		return c, err
	}
	if err := pair(worker, c.Supervisor); err != nil {
		return c, err
	}
	c.Worker = worker
	return c, nil
}

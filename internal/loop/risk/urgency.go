package risk

import (
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// Provisional is the urgency set by machine, 待专业评估. It rises at once and
// never falls by machine.
type Provisional struct {
	Urgency Colour       `json:"urgency"` // empty: none waits
	Since   clock.Millis `json:"since"`   // of the waiting; a rise doesn't restart it
	RoseAt  clock.Millis `json:"rose_at"`
	Rules   []string     `json:"rules"`
	Version string       `json:"version"` // of the rules that last raised it
	Text    []string     `json:"text"`
	// ClearedAt and ClearedBy are of the last assessment. Evidence up to then
	// was before the professional and raises nothing again.
	ClearedAt clock.Millis `json:"cleared_at"`
	ClearedBy string       `json:"cleared_by"`
}

// Rise takes in what the rules say. It reports whether the urgency rose (or
// began), which is the moment an order is due. Green and "not decided" raise
// nothing: who is missing evidence stands in the list of coverage.
func (p Provisional) Rise(r Result, now time.Time) (Provisional, bool) {
	var top Colour
	var rules, text []string
	for _, f := range r.Fired {
		if p.ClearedAt != 0 && f.At <= p.ClearedAt {
			continue
		}
		rules, text = append(rules, f.Code), append(text, f.Text)
		if f.Urgency.Above(top) {
			top = f.Urgency
		}
	}
	if !top.Above(p.Urgency) {
		return p, false
	}
	at := clock.Of(now)
	if p.Urgency == "" {
		p.Since = at
	}
	p.Urgency, p.RoseAt, p.Rules, p.Text, p.Version = top, at, rules, text, r.Version
	return p, true
}

// Waiting gives how long a professional's assessment has been waited for.
func (p Provisional) Waiting(now time.Time) time.Duration {
	if p.Urgency == "" {
		return 0
	}
	return clock.Of(now).Sub(p.Since)
}

// Clear ends the waiting by one documented assessment.
//
// Errors: Invalid when nobody is named or nothing is written down; Forbidden
// when it was no professional; Conflict when nothing waits, or the urgency rose
// after the assessment was made.
func (p Provisional) Clear(a Assessment) (Provisional, error) {
	if err := a.check(); err != nil {
		return p, err
	}
	if p.Urgency == "" {
		return p, errs.Conflict("risk.nothing_waits")
	}
	if clock.Of(a.At) < p.RoseAt {
		return p, errs.Conflict("risk.rose_since")
	}
	return Provisional{ClearedAt: clock.Of(a.At), ClearedBy: a.By.ID}, nil
}

// Person is a member of staff as far as the rules go.
type Person struct {
	ID           string
	Professional bool // holds a qualification that is valid today
}

// Assessment is a professional's documented assessment.
type Assessment struct {
	By     Person
	At     time.Time
	Colour Colour
	Reason string
	// Second is who agrees to a lower colour; nobody for any other.
	Second Person
}

func (a Assessment) check() error {
	var fields []errs.Field
	if a.By.ID == "" {
		fields = append(fields, errs.Field{Name: "by", Key: "risk.nobody_named"})
	}
	if a.At.IsZero() {
		fields = append(fields, errs.Field{Name: "at", Key: "risk.no_time"})
	}
	if !a.Colour.Known() {
		fields = append(fields, errs.Field{Name: "colour", Key: "risk.no_colour"})
	}
	if blank(a.Reason) {
		fields = append(fields, errs.Field{Name: "reason", Key: "risk.no_reason"})
	}
	if err := errs.InvalidFields(fields); err != nil {
		return err
	}
	if !a.By.Professional {
		return errs.Forbidden("risk.professional_only")
	}
	return nil
}

// Assessed is the colour that a professional has set. No machine writes it.
type Assessed struct {
	Colour Colour       `json:"colour"` // empty: never assessed
	By     string       `json:"by"`
	Second string       `json:"second"`
	At     clock.Millis `json:"at"`
	Reason string       `json:"reason"`
}

// Contact is one contact with the child after a colour was set.
type Contact struct {
	At      time.Time
	Reached bool // seen or spoken to in person; an attempt is no contact
	Stable  bool // found stable by who made it
}

// stableContacts is how many a lower colour needs.
const stableContacts = 2

// Assess sets a colour. Up or the same: a named professional and a reason. Down:
// two stable contacts in a row since the colour was set, on two days, and a
// second professional as well.
//
// Errors: Invalid, Forbidden as in Clear; Conflict when it is older than the
// colour that stands, or what a lower colour needs is missing.
func (c Assessed) Assess(a Assessment, contacts []Contact) (Assessed, error) {
	if err := a.check(); err != nil {
		return c, err
	}
	if clock.Of(a.At) < c.At {
		return c, errs.Conflict("risk.assessed_since")
	}
	if c.Colour.Above(a.Colour) {
		if a.Second.ID == "" || a.Second.ID == a.By.ID {
			return c, errs.Invalid("second", "risk.second_person")
		}
		if !a.Second.Professional {
			return c, errs.Forbidden("risk.professional_only")
		}
		if !stable(contacts, c.At.Time(), a.At) {
			return c, errs.Conflict("risk.two_stable_contacts")
		}
	} else {
		a.Second = Person{}
	}
	return Assessed{Colour: a.Colour, By: a.By.ID, Second: a.Second.ID, At: clock.Of(a.At), Reason: a.Reason}, nil
}

// stable reports whether the last contacts in (from, to] are stable, on two
// days at least. A contact that found the child not stable starts the count
// anew, whatever came before.
func stable(contacts []Contact, from, to time.Time) bool {
	n := 0
	var lastUnstable time.Time
	for _, c := range contacts {
		if c.Reached && !c.Stable && c.At.After(lastUnstable) && !c.At.After(to) {
			lastUnstable = c.At
		}
	}
	days := map[string]bool{}
	for _, c := range contacts {
		if c.Reached && c.Stable && c.At.After(from) && c.At.After(lastUnstable) && !c.At.After(to) {
			n++
			days[c.At.In(clock.Zone).Format(time.DateOnly)] = true
		}
	}
	return n >= stableContacts && len(days) >= stableContacts
}

// Override reports whether a professional set a colour below what the machine
// held at the time: such cases are listed for supervision, and are no error.
func Override(p Provisional, set Assessed) bool { return p.Urgency.Above(set.Colour) }

func blank(s string) bool {
	for _, r := range s {
		if r > ' ' && r != '\u3000' && r != '\u00a0' {
			return false
		}
	}
	return true
}

// Package policy gives the dated rules of the centre: kinds of matter with
// their clocks, chains of command, what an alarm becomes, outcomes.
//
// The first edition stands in policy/matter/*.json. Officials change a rule by
// a row with the instant from which it holds; what was decided under an older
// edition keeps it. Rules are read as of an instant, never "now".
package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	first "zugou/policy/matter"
)

// Urgency orders the queue.
type Urgency string

// The urgencies, the highest first.
const (
	Critical Urgency = "critical" // 特急
	Urgent   Urgency = "urgent"   // 紧急
	Normal   Urgency = "normal"   // 一般
	Low      Urgency = "low"      // 低
)

// Rank gives 0 for the highest urgency.
func (u Urgency) Rank() int {
	return slices.Index([]Urgency{Critical, Urgent, Normal, Low}, u)
}

// Valid tells whether u is one of the four.
func (u Urgency) Valid() bool { return u.Rank() >= 0 }

// Stage is where a matter's life-line stands; a clock runs for what comes next.
type Stage string

// The stages (see dispatch for who moves them).
const (
	Received   Stage = "received"    // 待派单
	Offered    Stage = "offered"     // 待接单
	Accepted   Stage = "accepted"    // 已接单,待出发
	OnTheWay   Stage = "on_the_way"  // 途中
	OnScene    Stage = "on_scene"    // 已到场
	Handled    Stage = "handled"     // 已办结,待反馈
	FedBack    Stage = "fed_back"    // 已反馈,待回访
	CalledBack Stage = "called_back" // 已回访
)

// Stages lists them in order.
func Stages() []Stage {
	return []Stage{Received, Offered, Accepted, OnTheWay, OnScene, Handled, FedBack, CalledBack}
}

// Rank gives the place of the stage on the life-line, -1 for none.
func (s Stage) Rank() int { return slices.Index(Stages(), s) }

// Kind is a kind of matter.
type Kind struct {
	Key               string        `json:"key"`
	Name              string        `json:"name"`
	Urgency           Urgency       `json:"urgency"`
	Group             string        `json:"group"`  // signals join an open matter of the group "safety", else of the same kind
	Crisis            bool          `json:"crisis"` // closing needs a second person; messages go at least once
	OfficeHours       bool          `json:"office_hours,omitempty"`
	NoContact         bool          `json:"no_contact,omitempty"` // nobody near the child is told until an officer decides
	Chain             string        `json:"chain"`
	Seconds           map[Stage]int `json:"seconds"`                       // how long each stage may wait for the next
	AutoDispatchAfter int           `json:"auto_dispatch_after,omitempty"` // seconds without an operator's order; 0 = never
	Joint             []string      `json:"joint,omitempty"`               // partners whom an order goes to in parallel
}

// Within gives the time that the stage may wait.
func (k Kind) Within(s Stage) time.Duration { return time.Duration(k.Seconds[s]) * time.Second }

// Step is one rung of a chain.
type Step struct {
	Level    string        `json:"level"`
	Roles    []access.Role `json:"roles"`
	Seconds  int           `json:"seconds"`
	Sideways bool          `json:"sideways,omitempty"` // neighbours' staff too
}

// Chain is who is called, rung by rung.
type Chain struct {
	Key   string `json:"key"`
	Steps []Step `json:"steps"`
}

// Outcome is a way in which a matter ends.
type Outcome struct {
	Key            string   `json:"key"`
	Label          string   `json:"label"`
	Kinds          []string `json:"kinds"`
	ResolvesCrisis bool     `json:"resolves_crisis,omitempty"`
	FalseAlarm     bool     `json:"false_alarm,omitempty"`
	Drill          bool     `json:"drill,omitempty"`
}

// Fits tells whether a matter of the kind can end so.
func (o Outcome) Fits(kind string, drill bool) bool {
	return o.Drill == drill && (slices.Contains(o.Kinds, kind) || slices.Contains(o.Kinds, "*"))
}

// Book is all rules as they hold at one instant.
type Book struct {
	kinds    map[string]Kind
	order    []string
	chains   map[string]Chain
	alarms   map[string]string
	outcomes []Outcome
}

// Kind gives a kind by its key.
func (b *Book) Kind(key string) (Kind, bool) { k, ok := b.kinds[key]; return k, ok }

// Kinds lists them in their order.
func (b *Book) Kinds() []Kind {
	out := make([]Kind, 0, len(b.order))
	for _, k := range b.order {
		out = append(out, b.kinds[k])
	}
	return out
}

// Chain gives a chain by its key; an unknown one is the crisis chain, so that
// a slip in the rules calls too many people rather than nobody.
func (b *Book) Chain(key string) Chain {
	if c, ok := b.chains[key]; ok && len(c.Steps) > 0 {
		return c
	}
	return b.chains["crisis"]
}

// Chains lists all chains.
func (b *Book) Chains() []Chain {
	out := make([]Chain, 0, len(b.chains))
	for _, c := range b.chains {
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y Chain) int {
		if x.Key < y.Key {
			return -1
		}
		return 1
	})
	return out
}

// AlarmKind gives the kind of matter that a device's alarm opens, "" for none.
func (b *Book) AlarmKind(alarm string) string {
	if k, ok := b.alarms[alarm]; ok {
		return k
	}
	return b.alarms["*"]
}

// Outcome gives an outcome by its key.
func (b *Book) Outcome(key string) (Outcome, bool) {
	i := slices.IndexFunc(b.outcomes, func(o Outcome) bool { return o.Key == key })
	if i < 0 {
		return Outcome{}, false
	}
	return b.outcomes[i], true
}

// Outcomes lists those that fit.
func (b *Book) Outcomes(kind string, drill bool) []Outcome {
	var out []Outcome
	for _, o := range b.outcomes {
		if o.Fits(kind, drill) {
			out = append(out, o)
		}
	}
	return out
}

// First is the edition that the program ships with, in a copy of the caller's.
func First() (*Book, error) {
	b, err := shipped()
	if err != nil {
		return nil, err
	}
	return &Book{maps.Clone(b.kinds), slices.Clone(b.order), maps.Clone(b.chains), maps.Clone(b.alarms), slices.Clone(b.outcomes)}, nil
}

// shipped is read once: each alarm asks for the rules of its instant.
var shipped = sync.OnceValues(func() (*Book, error) {
	b := &Book{kinds: map[string]Kind{}, chains: map[string]Chain{}}
	var kinds []Kind
	var chains []Chain
	for name, dest := range map[string]any{"kinds.json": &kinds, "chains.json": &chains, "alarms.json": &b.alarms, "outcomes.json": &b.outcomes} {
		text, err := first.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, dest); err != nil {
			return nil, fmt.Errorf("policy/matter/%s: %w", name, err)
		}
	}
	for _, k := range kinds {
		if err := k.check(); err != nil {
			return nil, fmt.Errorf("policy/matter/kinds.json, %s: %w", k.Key, err)
		}
		b.kinds[k.Key] = k
		b.order = append(b.order, k.Key)
	}
	for _, c := range chains {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("policy/matter/chains.json, %s: %w", c.Key, err)
		}
		b.chains[c.Key] = c
	}
	return b, nil
})

// longest bounds a clock: thirty days.
const longest = 30 * 86400

func (k Kind) check() error {
	var bad []errs.Field
	if k.Key == "" || k.Name == "" {
		bad = append(bad, errs.Field{Name: "name", Key: "policy.name_missing"})
	}
	if k.Group == "" {
		bad = append(bad, errs.Field{Name: "group", Key: "policy.group_missing"})
	}
	if !k.Urgency.Valid() {
		bad = append(bad, errs.Field{Name: "urgency", Key: "policy.urgency"})
	}
	for _, s := range Stages() {
		if n := k.Seconds[s]; s != CalledBack && (n < 5 || n > longest) {
			bad = append(bad, errs.Field{Name: "seconds." + string(s), Key: "policy.seconds"})
		}
	}
	if k.AutoDispatchAfter != 0 && (k.AutoDispatchAfter < 10 || k.AutoDispatchAfter > longest) {
		bad = append(bad, errs.Field{Name: "auto_dispatch_after", Key: "policy.seconds"})
	}
	return errs.InvalidFields(bad)
}

func (c Chain) check() error {
	var bad []errs.Field
	if len(c.Steps) == 0 {
		bad = append(bad, errs.Field{Name: "steps", Key: "policy.steps_missing"})
	}
	for i, s := range c.Steps {
		if len(s.Roles) == 0 {
			bad = append(bad, errs.Field{Name: fmt.Sprintf("steps.%d.roles", i), Key: "policy.roles_missing"})
		}
		for _, r := range s.Roles {
			if !slices.Contains(access.Roles(), r) || r == access.Citizen {
				bad = append(bad, errs.Field{Name: fmt.Sprintf("steps.%d.roles", i), Key: "policy.role"})
			}
		}
		if !slices.Contains(levels, s.Level) {
			bad = append(bad, errs.Field{Name: fmt.Sprintf("steps.%d.level", i), Key: "policy.level"})
		}
		if s.Seconds < 5 || s.Seconds > longest {
			bad = append(bad, errs.Field{Name: fmt.Sprintf("steps.%d.seconds", i), Key: "policy.seconds"})
		}
	}
	return errs.InvalidFields(bad)
}

// At gives the rules as they hold at the instant.
func At(ctx context.Context, r db.Reader, at clock.Millis) (*Book, error) {
	var rows []Edition
	if err := r.List(ctx, &rows, "SELECT "+columns+" FROM policy WHERE from_at <= ? ORDER BY from_at, id", at); err != nil {
		return nil, err
	}
	return bookAt(rows, at)
}

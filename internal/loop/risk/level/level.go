package level

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/risk"
)

// Fact is one piece of evidence that a neighbour tells.
type Fact struct {
	Field string
	Value any // int, bool or string
	At    clock.Millis
}

// Told is what a neighbour tells of a child in its own change.
type Told struct {
	Child    id.ID
	Facts    []Fact
	Matter   id.ID        // open already for what the facts say; else one is opened
	Screened clock.Millis // when the child was asked; 0 if it was not
}

// Row is a child's row. Evidence, Words and Reason are sealed.
type Row struct {
	ChildID      id.ID        `bun:"child_id"`
	Region       string       `bun:"region"`
	School       string       `bun:"school"`
	Evidence     string       `bun:"evidence"`
	ScreenedAt   clock.Millis `bun:"screened_at"`
	Urgency      risk.Colour  `bun:"urgency"`
	UrgencyRank  int          `bun:"urgency_rank"`
	Since        clock.Millis `bun:"urgency_since"`
	RoseAt       clock.Millis `bun:"rose_at"`
	Rules        string       `bun:"rules"`
	RulesVersion string       `bun:"rules_version"`
	Words        string       `bun:"words"`
	ClearedAt    clock.Millis `bun:"cleared_at"`
	ClearedBy    id.ID        `bun:"cleared_by"`
	Colour       risk.Colour  `bun:"colour"`
	ColourRank   int          `bun:"colour_rank"`
	ColourAt     clock.Millis `bun:"colour_at"`
	ColourBy     id.ID        `bun:"colour_by"`
	ColourSecond id.ID        `bun:"colour_second"`
	Reason       string       `bun:"colour_reason"`
	TalkUntil    clock.Millis `bun:"talk_until"`
	UpdatedAt    clock.Millis `bun:"updated_at"`
}

var ranks = map[risk.Colour]int{risk.Green: 1, risk.Yellow: 2, risk.Orange: 3, risk.Red: 4}

func (r Row) provisional() risk.Provisional {
	return risk.Provisional{Urgency: r.Urgency, Since: r.Since, RoseAt: r.RoseAt, Rules: split(r.Rules), Version: r.RulesVersion, ClearedAt: r.ClearedAt, ClearedBy: string(r.ClearedBy)}
}

func (r *Row) put(p risk.Provisional) {
	r.Urgency, r.UrgencyRank, r.Since, r.RoseAt = p.Urgency, ranks[p.Urgency], p.Since, p.RoseAt
	r.Rules, r.RulesVersion, r.ClearedAt, r.ClearedBy = strings.Join(p.Rules, ","), p.Version, p.ClearedAt, id.ID(p.ClearedBy)
}

func (r Row) assessed() risk.Assessed {
	return risk.Assessed{Colour: r.Colour, By: string(r.ColourBy), Second: string(r.ColourSecond), At: r.ColourAt}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// piece is one fact as it is kept: name=value@instant.
type piece struct {
	name  string
	value string
	at    clock.Millis
}

// pieces is the evidence of a child, by name. It is written as one short text,
// since a what-if reads those of two hundred thousand children.
type pieces []piece

func parsePieces(text string) pieces {
	if text == "" {
		return nil
	}
	out := make(pieces, 0, 1+strings.Count(text, ";"))
	for text != "" {
		var one string
		one, text, _ = strings.Cut(text, ";")
		name, rest, _ := strings.Cut(one, "=")
		value, at, _ := strings.Cut(rest, "@")
		n, err := strconv.ParseInt(at, 36, 64)
		if err != nil || name == "" {
			continue
		}
		out = append(out, piece{name, value, clock.Millis(n)})
	}
	return out
}

func (p pieces) String() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(x.name)
		b.WriteByte('=')
		b.WriteString(x.value)
		b.WriteByte('@')
		b.WriteString(strconv.FormatInt(int64(x.at), 36))
	}
	return b.String()
}

func (p pieces) find(name string) (piece, bool) {
	i := slices.IndexFunc(p, func(x piece) bool { return x.name == name })
	if i < 0 {
		return piece{}, false
	}
	return p[i], true
}

// daysSince are fields that count days from an event: the event's own instant
// is kept, and the days are counted when rules are run. A later "never" does
// not undo the event.
var daysSince = []string{"suicide_yes_days", "discharged_days"}

// lasting are fields whose yes stays though somebody says no later.
var lasting = []string{"attempt_ever", "suspected_harm"}

// merge takes a fact in and reports whether anything changed.
func (p *pieces) merge(f Fact) bool {
	value := ""
	switch v := f.Value.(type) {
	case int:
		value = strconv.Itoa(v)
	case bool:
		value = strconv.FormatBool(v)
	case string:
		value = v
	}
	i := slices.IndexFunc(*p, func(x piece) bool { return x.name == f.Field })
	if i < 0 {
		*p = append(*p, piece{f.Field, value, f.At})
		slices.SortFunc(*p, func(a, b piece) int { return strings.Compare(a.name, b.name) })
		return true
	}
	old := &(*p)[i]
	if f.At < old.at || slices.Contains(daysSince, f.Field) && value == "-1" && old.value != "-1" || slices.Contains(lasting, f.Field) && old.value == "true" && value == "false" {
		return false
	}
	if old.value == value && old.at == f.At {
		return false
	}
	old.value, old.at = value, f.At
	return true
}

// evidence builds what rules are run over.
func (p pieces) evidence(c *risk.Catalogue, child id.ID, now clock.Millis) (*risk.Evidence, error) {
	e := c.Evidence(string(child))
	for _, x := range p {
		if err := set(c, e, x, now); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func set(c *risk.Catalogue, e *risk.Evidence, x piece, now clock.Millis) error {
	switch x.value {
	case "true", "false":
		return c.Set(e, x.name, x.value == "true", x.at.Time())
	}
	n, err := strconv.Atoi(x.value)
	if err != nil {
		return c.Set(e, x.name, x.value, x.at.Time())
	}
	if n >= 0 && slices.Contains(daysSince, x.name) {
		n += int(now.Sub(x.at) / (24 * time.Hour))
	}
	return c.Set(e, x.name, n, x.at.Time())
}

// Contact is one thing that a colour or an urgency obliges. Note is sealed.
type Contact struct {
	ID      id.ID        `bun:"id"`
	ChildID id.ID        `bun:"child_id"`
	Region  string       `bun:"region"`
	Kind    string       `bun:"kind"` // contact, reassess, extra
	Colour  risk.Colour  `bun:"colour"`
	Who     string       `bun:"who"`
	Cause   string       `bun:"cause"` // id of the assessment, or "urgency"
	DueAt   clock.Millis `bun:"due_at"`
	LateAt  clock.Millis `bun:"late_at"`
	State   string       `bun:"state"` // open, late, done, dropped
	Tries   int          `bun:"tries"`
	Reached bool         `bun:"reached"`
	Stable  bool         `bun:"stable"`
	Note    string       `bun:"note"`
	DoneAt  clock.Millis `bun:"done_at"`
	DoneBy  id.ID        `bun:"done_by"`
	Matter  id.ID        `bun:"matter_id"`
	Created clock.Millis `bun:"created_at"`
}

// horizon is how far ahead contacts are written down. Every colour but green
// asks for a new assessment before it, which writes them anew.
const horizon = 100 * 24 * time.Hour

// plan gives what a duty obliges from an instant on.
func plan(row Row, d risk.Duty, cause string, from clock.Millis) []Contact {
	var out []Contact
	late := time.Duration(d.LateAfterMinutes) * time.Minute
	add := func(kind, who string, due clock.Millis, grace time.Duration) {
		out = append(out, Contact{ID: id.New(), ChildID: row.ChildID, Region: row.Region, Kind: kind, Colour: d.Colour, Who: who, Cause: cause,
			DueAt: due, LateAt: due.Add(grace), State: "open", Created: from})
	}
	for i, at := range d.Contacts(from.Time(), horizon) {
		grace := late
		if i == 0 && d.LateAfterMinutes >= d.ContactWithinMinutes {
			grace = 0 // "within four hours, late after four hours" is one limit
		}
		add("contact", d.Who, clock.Of(at), grace)
	}
	for _, at := range d.Reassess(from.Time()) {
		add("reassess", "clinician", clock.Of(at), 3*24*time.Hour)
	}
	return out
}

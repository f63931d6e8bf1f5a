package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Family is a sort of rule.
type Family string

// The families. Alarms and outcomes are one rule each, under the family's own
// name as key.
const (
	Kinds    Family = "kind"
	Chains   Family = "chain"
	Alarms   Family = "alarms"
	Outcomes Family = "outcomes"
)

// Edition is one stored row: the whole rule, from an instant on.
type Edition struct {
	ID     id.ID        `bun:"id"` // empty: the edition that the program ships with
	Family Family       `bun:"family"`
	Key    string       `bun:"key"`
	Body   string       `bun:"body"`
	From   clock.Millis `bun:"from_at"`
	SetBy  id.ID        `bun:"set_by"`
	SetAt  clock.Millis `bun:"set_at"`
	Reason string       `bun:"reason"`
}

// keyForm is what a rule may be called: it stands in addresses and events.
var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{1,29}$`)

// put replaces a rule of the book by the edition's. Errors: Invalid with the
// fields that are wrong.
func (b *Book) put(e Edition) error {
	switch e.Family {
	case Kinds:
		var k Kind
		if err := read(e.Body, &k); err != nil {
			return err
		}
		if k.Key != e.Key || !keyForm.MatchString(k.Key) {
			return errs.Invalid("key", "policy.key_form")
		}
		if err := k.check(); err != nil {
			return err
		}
		if _, known := b.kinds[k.Key]; !known {
			b.order = append(b.order, k.Key)
		}
		b.kinds[k.Key] = k
	case Chains:
		var c Chain
		if err := read(e.Body, &c); err != nil {
			return err
		}
		if c.Key != e.Key || !keyForm.MatchString(c.Key) {
			return errs.Invalid("key", "policy.key_form")
		}
		if err := c.check(); err != nil {
			return err
		}
		b.chains[c.Key] = c
	case Alarms:
		var m map[string]string
		if err := read(e.Body, &m); err != nil {
			return err
		}
		b.alarms = m
	case Outcomes:
		var list []Outcome
		if err := read(e.Body, &list); err != nil {
			return err
		}
		b.outcomes = list
	default:
		return errs.Invalid("family", "policy.family")
	}
	return nil
}

// read takes no field that the rule does not have: a slip in its name would
// leave a clock at zero.
func read(body string, dest any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(dest); err != nil {
		return errs.Invalid("body", "policy.body_form")
	}
	return nil
}

// levels are those on which a rung may stand.
var levels = []string{"grid", "village", "township", "district", "police", "city"}

// check tells whether the rules fit together: every alarm leads to a kind,
// every kind to a chain that calls somebody and to an end.
func (b *Book) check() error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if len(b.chains["crisis"].Steps) == 0 {
		add("chain.crisis", "policy.crisis_chain")
	}
	for _, k := range b.Kinds() {
		at := "kind." + k.Key
		if len(b.chains[k.Chain].Steps) == 0 {
			add(at+".chain", "policy.chain_unknown")
		}
		for _, j := range k.Joint {
			if len(b.chains[j].Steps) == 0 {
				add(at+".joint", "policy.chain_unknown")
			}
		}
		if len(b.Outcomes(k.Key, false)) == 0 {
			add(at+".outcomes", "policy.no_outcome")
		}
		if len(b.Outcomes(k.Key, true)) == 0 {
			add(at+".outcomes", "policy.no_drill_outcome")
		}
	}
	for _, alarm := range slices.Sorted(maps.Keys(b.alarms)) {
		if kind := b.alarms[alarm]; kind != "" {
			if _, ok := b.kinds[kind]; !ok {
				add("alarms."+alarm, "policy.kind_unknown")
			}
		}
	}
	if b.alarms["*"] == "" {
		add("alarms.*", "policy.alarm_default") // an alarm that no rule knows must still ring
	}
	if b.alarms["sos"] == "" {
		add("alarms.sos", "policy.alarm_sos")
	} else if k, ok := b.kinds[b.alarms["sos"]]; ok && !k.Crisis {
		add("alarms.sos", "policy.alarm_sos")
	}
	seen := map[string]bool{}
	for i, o := range b.outcomes {
		at := fmt.Sprintf("outcomes.%d", i)
		switch {
		case !keyForm.MatchString(o.Key):
			add(at+".key", "policy.key_form")
		case seen[o.Key]:
			add(at+".key", "policy.key_twice")
		}
		seen[o.Key] = true
		if o.Label == "" {
			add(at+".label", "policy.name_missing")
		}
		if len(o.Kinds) == 0 {
			add(at+".kinds", "policy.kinds_missing")
		}
		for _, k := range o.Kinds {
			if _, ok := b.kinds[k]; !ok && k != "*" {
				add(at+".kinds", "policy.kind_unknown")
			}
		}
	}
	return errs.InvalidFields(bad)
}

// rule gives a rule's body as it stands in the book, "" for none.
func (b *Book) rule(f Family, key string) string {
	var v any
	switch f {
	case Kinds:
		k, ok := b.kinds[key]
		if !ok {
			return ""
		}
		v = k
	case Chains:
		c, ok := b.chains[key]
		if !ok {
			return ""
		}
		v = c
	case Alarms:
		v = b.alarms
	case Outcomes:
		v = b.outcomes
	}
	text, err := json.Marshal(v)
	if err != nil || v == nil {
		return ""
	}
	return string(text)
}

// Difference is one value that an edition changes. Path is the fields' names
// joined by dots; a value that is not there is null.
type Difference struct {
	Path string          `json:"path"`
	Was  json.RawMessage `json:"was"`
	Now  json.RawMessage `json:"now"`
}

// differences compares two bodies, in the order of paths.
func differences(was, now string) []Difference {
	a, b := map[string]string{}, map[string]string{}
	flatten("", was, a)
	flatten("", now, b)
	paths := slices.Collect(maps.Keys(a))
	paths = slices.AppendSeq(paths, maps.Keys(b))
	slices.Sort(paths)
	out := []Difference{}
	for _, p := range slices.Compact(paths) {
		if a[p] == b[p] {
			continue
		}
		out = append(out, Difference{Path: p, Was: orNull(a[p]), Now: orNull(b[p])})
	}
	return out
}

func orNull(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(text)
}

// flatten lists the leaves of a body. Lists of plain values are leaves: an
// order of roles is one value.
func flatten(path, text string, out map[string]string) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) == nil && object != nil {
		for name, v := range object {
			flatten(join(name), string(v), out)
		}
		return
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 && bytes.HasPrefix(bytes.TrimSpace(list[0]), []byte("{")) {
		for i, v := range list {
			name := fmt.Sprint(i)
			var keyed struct {
				Key string `json:"key"`
			}
			if json.Unmarshal(v, &keyed) == nil && keyed.Key != "" {
				name = keyed.Key
			}
			flatten(join(name), string(v), out)
		}
		return
	}
	if text != "" {
		var b bytes.Buffer
		if json.Compact(&b, []byte(text)) == nil {
			out[path] = b.String()
		}
	}
}

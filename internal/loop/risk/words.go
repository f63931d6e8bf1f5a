package risk

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// InWords reads a condition out in Chinese: the labels of the evidence, with
// what is asked of them. What can't be read out faithfully, such as a sum, a
// ternary or a value that the evidence can't have, gives "" for the whole: half
// a condition in words would mislead. The condition is one that compiles; of
// another it gives "".
func (c *Catalogue) InWords(when string) string {
	ast, issues := c.env.Compile(when)
	if issues != nil && issues.Err() != nil {
		return ""
	}
	text, _ := c.say(ast.NativeRep().Expr())
	return text
}

// WordsOf reads out the conditions of a rule set that may be half written, by
// condition; what can't be read out is absent.
func (c *Catalogue) WordsOf(body string) map[string]string {
	out := map[string]string{}
	for _, r := range draft(body) {
		if _, done := out[r.When]; done {
			continue
		}
		if words := c.InWords(r.When); words != "" {
			out[r.When] = words
		}
	}
	return out
}

// draft gives the rules of a set that may be half written.
func draft(body string) []Rule {
	var s struct{ Rules, Talk []Rule }
	if json.Unmarshal([]byte(body), &s) != nil {
		return nil
	}
	return append(s.Rules, s.Talk...)
}

// Stray says which conditions of a set name a value that the evidence never
// has, as joined problems; nil if none does. They are refused where rules are
// written, and not where rules in force are read: the other conditions of the
// set must go on being asked.
func (c *Catalogue) Stray(body string) error {
	var wrong wrongs
	bad := wrong.add
	for _, r := range draft(body) {
		if ast, issues := c.env.Compile(r.When); issues == nil || issues.Err() == nil {
			c.strayValues(celast.NavigateAST(ast.NativeRep()), func(value, field string) { bad("rule %q: %q is no value of %q", r.Code, value, field) })
		}
	}
	return errors.Join(wrong...)
}

// binding says how a text may stand within another without brackets.
type binding uint8

const (
	whole  binding = iota // a single statement
	joined                // several, joined by "and" or "or"
)

// turned are the comparisons read from the right.
var turned = map[string]string{
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
	operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
}

// phraseOf names the phrase of a comparison with a number.
var phraseOf = map[string]string{
	operators.Equals: "is", operators.NotEquals: "is_not", operators.Less: "below", operators.LessEquals: "at_most",
	operators.Greater: "over", operators.GreaterEquals: "from",
}

func (c *Catalogue) say(e celast.Expr) (string, binding) {
	switch e.Kind() {
	case celast.IdentKind:
		if f, ok := c.field(e); ok && f.Kind == KindBool {
			return f.Label, whole
		}
	case celast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); name {
		case operators.LogicalAnd, operators.LogicalOr:
			return c.chain(name, e)
		case operators.LogicalNot:
			return c.denied(args[0]), whole
		case operators.In:
			return c.among(args[0], args[1]), whole
		default:
			if turned[name] != "" {
				return c.compared(name, args[0], args[1]), whole
			}
		}
	}
	return "", whole
}

func (c *Catalogue) field(e celast.Expr) (Field, bool) {
	if e.Kind() != celast.IdentKind {
		return Field{}, false
	}
	n, ok := c.index[e.AsIdent()]
	if !ok {
		return Field{}, false
	}
	return c.Fields[n], true
}

// chain reads a && b && c, or with ||; two that give the ends of one range are
// read as one.
func (c *Catalogue) chain(op string, e celast.Expr) (string, binding) {
	parts := flat(op, e, nil)
	var said []string
	for n := 0; n < len(parts); n++ {
		if op == operators.LogicalAnd && n+1 < len(parts) {
			if text := c.span(parts[n], parts[n+1]); text != "" {
				said, n = append(said, text), n+1
				continue
			}
		}
		text, b := c.say(parts[n])
		if text == "" {
			return "", whole
		}
		if b == joined {
			text = fill(c.Phrases["when_group"], "all", text)
		}
		said = append(said, text)
	}
	if len(said) == 1 {
		return said[0], whole
	}
	word := "when_and"
	if op == operators.LogicalOr {
		word = "when_or"
	}
	return strings.Join(said, c.Phrases[word]), joined
}

// flat gives the members of a chain; the compiler nests them as it likes.
func flat(op string, e celast.Expr, into []celast.Expr) []celast.Expr {
	if e.Kind() == celast.CallKind && e.AsCall().FunctionName() == op {
		for _, a := range e.AsCall().Args() {
			into = flat(op, a, into)
		}
		return into
	}
	return append(into, e)
}

func (c *Catalogue) denied(e celast.Expr) string {
	if f, ok := c.field(e); ok && f.Kind == KindBool {
		return fill(c.Phrases["when_no"], "label", f.Label)
	}
	text, _ := c.say(e)
	if text == "" {
		return ""
	}
	return fill(c.Phrases["when_not"], "all", text)
}

// bound is a comparison of a number with a field: the field, the comparison as
// read from it, the number.
func (c *Catalogue) bound(e celast.Expr) (f Field, op string, n int64, ok bool) {
	if e.Kind() != celast.CallKind || turned[e.AsCall().FunctionName()] == "" {
		return
	}
	op = e.AsCall().FunctionName()
	args := e.AsCall().Args()
	if f, ok = c.field(args[0]); !ok {
		f, ok = c.field(args[1])
		args, op = []celast.Expr{args[1], args[0]}, turned[op]
	}
	if !ok || f.Kind != KindInt || args[1].Kind() != celast.LiteralKind {
		return f, op, 0, false
	}
	n, ok = args[1].AsLiteral().Value().(int64)
	return f, op, n, ok
}

// span reads "x >= a && x <= b" as one; "" if the two are none.
func (c *Catalogue) span(a, b celast.Expr) string {
	f, low, from, ok := c.bound(a)
	g, high, to, ok2 := c.bound(b)
	if !ok || !ok2 || f.Name != g.Name {
		return ""
	}
	if low == operators.LessEquals || low == operators.Less {
		low, from, high, to = high, to, low, from
	}
	if low == operators.Greater {
		low, from = operators.GreaterEquals, from+1
	}
	if high == operators.Less {
		high, to = operators.LessEquals, to-1
	}
	if low != operators.GreaterEquals || high != operators.LessEquals || from > to || f.Since && from < 0 {
		return ""
	}
	phrase := "when_span"
	if f.Since {
		phrase = "when_since_span"
		if from == 0 {
			phrase = "when_since_within"
		}
	}
	return c.number(phrase, f, from, to)
}

func (c *Catalogue) number(phrase string, f Field, from, to int64) string {
	return fill(c.Phrases[phrase], "label", f.Label, "n", strconv.FormatInt(from, 10), "to", strconv.FormatInt(to, 10), "unit", f.Unit)
}

func (c *Catalogue) compared(op string, left, right celast.Expr) string {
	f, ok := c.field(left)
	if !ok {
		if f, ok = c.field(right); !ok {
			return ""
		}
		right, op = left, turned[op]
	}
	if right.Kind() != celast.LiteralKind {
		return ""
	}
	switch v := right.AsLiteral().Value().(type) {
	case int64:
		if f.Since {
			return c.since(f, op, v)
		}
		return c.number("when_"+phraseOf[op], f, v, v)
	case string:
		word := f.Values[v]
		if word == "" || op != operators.Equals && op != operators.NotEquals {
			return ""
		}
		return fill(c.Phrases["when_"+phraseOf[op]+"_word"], "label", f.Label, "value", fill(c.Phrases["when_value"], "value", word))
	case bool:
		switch op {
		case operators.Equals:
		case operators.NotEquals:
			v = !v
		default:
			return ""
		}
		if v {
			return f.Label
		}
		return fill(c.Phrases["when_no"], "label", f.Label)
	}
	return ""
}

// since reads a number of days since an event; -1 is an event that never was,
// which stands below every number of days.
func (c *Catalogue) since(f Field, op string, n int64) string {
	switch op { // to the two forms that words are kept for
	case operators.Less:
		op, n = operators.LessEquals, n-1
	case operators.Greater:
		op, n = operators.GreaterEquals, n+1
	}
	switch {
	case op == operators.LessEquals && n == -1, op == operators.Equals && n == -1:
		return c.number("when_never", f, n, n)
	case op == operators.GreaterEquals && n == 0, op == operators.NotEquals && n == -1:
		return c.number("when_ever", f, n, n)
	case n < 0 || op == operators.NotEquals:
		return ""
	case op == operators.LessEquals:
		return c.number("when_since_or_never", f, 0, n)
	case op == operators.GreaterEquals:
		return c.number("when_since_from", f, n, n)
	}
	return c.number("when_since_is", f, n, n)
}

// among reads "x in ['a', 'b']".
func (c *Catalogue) among(left, right celast.Expr) string {
	f, ok := c.field(left)
	if !ok || right.Kind() != celast.ListKind || right.AsList().Size() == 0 || f.Since {
		return ""
	}
	var words []string
	for _, e := range right.AsList().Elements() {
		if e.Kind() != celast.LiteralKind {
			return ""
		}
		switch v := e.AsLiteral().Value().(type) {
		case string:
			if f.Values[v] == "" {
				return ""
			}
			words = append(words, fill(c.Phrases["when_value"], "value", f.Values[v]))
		case int64:
			words = append(words, strconv.FormatInt(v, 10)+f.Unit)
		default:
			return ""
		}
	}
	return fill(c.Phrases["when_is_word"], "label", f.Label, "value", strings.Join(words, c.Phrases["when_any"]))
}

// strayValues finds texts that a field is compared with and never has: such a
// rule would compile and never hold.
func (c *Catalogue) strayValues(root celast.NavigableExpr, bad func(value, field string)) {
	for _, e := range celast.MatchDescendants(root, celast.KindMatcher(celast.CallKind)) {
		var f Field
		var texts []string
		take := func(e celast.Expr) {
			if e.Kind() == celast.LiteralKind {
				if v, ok := e.AsLiteral().Value().(string); ok {
					texts = append(texts, v)
				}
			}
		}
		for _, a := range e.AsCall().Args() {
			if g, ok := c.field(a); ok {
				f = g
			}
			if a.Kind() == celast.ListKind {
				for _, x := range a.AsList().Elements() {
					take(x)
				}
			}
			take(a)
		}
		for _, v := range texts {
			if f.Kind == KindText && f.Values[v] == "" {
				bad(v, f.Name)
			}
		}
	}
}

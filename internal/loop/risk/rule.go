package risk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"

	"zugou/internal/kernel/problem"
	files "zugou/policy/risk"
)

// Rule is one row of a rule set.
type Rule struct {
	Code    string `json:"code"`
	Urgency Colour `json:"urgency,omitempty"` // none for a rule of talks
	Title   string `json:"title"`             // Chinese
	When    string `json:"when"`              // CEL over the evidence, a bool

	fields  uint64      // what When speaks of
	words   string      // When in Chinese; empty: it can't be read out
	whole   cel.Program // when all of it is known
	partial cel.Program // when some is missing
}

// RuleSet is the rules in force from one civil date until the next set.
type RuleSet struct {
	Version string `json:"version"`
	From    string `json:"from"`
	Status  string `json:"status"`
	Source  string `json:"source"`
	Rules   []Rule `json:"rules"` // the most urgent first
	Talk    []Rule `json:"talk"`  // 建议谈话

	catalogue *Catalogue
}

// costLimit bounds one evaluation; the rules shipped need under 30.
const costLimit = 1000

// ParseRules reads, checks and compiles a rule set.
func ParseRules(c *Catalogue, data []byte) (*RuleSet, error) {
	s := &RuleSet{catalogue: c}
	if err := strict(data, s); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	var wrong wrongs
	bad := wrong.add
	if s.Version == "" || s.Status == "" || s.Source == "" || !civilDate(s.From) {
		bad("version, from, status and source are needed")
	}
	seen := map[string]bool{}
	compile := func(r *Rule, talk bool) {
		if r.Code == "" || seen[r.Code] || r.Title == "" {
			bad("rule %q is unnamed, doubled or has no title", r.Code)
		}
		seen[r.Code] = true
		if talk && r.Urgency != "" || !talk && !r.Urgency.Above(Green) {
			bad("rule %q can't have urgency %q", r.Code, r.Urgency)
		}
		r.compile(c, bad)
		for n, f := range c.Fields {
			if f.TalkOnly && !talk && r.fields&(1<<n) != 0 {
				bad("rule %q sets an urgency by %q, which may set a talk only", r.Code, f.Name)
			}
		}
	}
	for n := range s.Rules {
		compile(&s.Rules[n], false)
		if n > 0 && s.Rules[n].Urgency.Above(s.Rules[n-1].Urgency) {
			bad("rule %q stands below a less urgent one", s.Rules[n].Code)
		}
	}
	for n := range s.Talk {
		compile(&s.Talk[n], true)
	}
	if len(s.Rules) == 0 {
		bad("there are no rules")
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return s, nil
}

// wrongs are what is wrong with a text that is edited.
type wrongs []error

func (w *wrongs) add(format string, args ...any) {
	*w = append(*w, problem.Problem{Kind: "rule.bad", Of: "rules", Format: format, Args: args})
}

// TitleOf gives the Chinese title of a rule; of one that this set no longer
// has, the code.
func (s *RuleSet) TitleOf(code string) string {
	for _, list := range [][]Rule{s.Rules, s.Talk} {
		for _, r := range list {
			if r.Code == code {
				return r.Title
			}
		}
	}
	return code
}

// said is the condition as an explanation gives it: in words, else as it is.
func (r *Rule) said() string {
	if r.words != "" {
		return r.words
	}
	return r.When
}

func civilDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func (r *Rule) compile(c *Catalogue, bad func(format string, args ...any)) {
	if strings.TrimSpace(r.When) == "" {
		bad("rule %q has no condition", r.Code)
		return
	}
	ast, issues := c.env.Compile(r.When)
	if issues != nil && issues.Err() != nil {
		for _, e := range issues.Errors() {
			r.misread(e, bad)
		}
		return
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		bad("rule %q: the condition is no yes or no", r.Code)
		return
	}
	root := celast.NavigateAST(ast.NativeRep())
	r.words, _ = c.say(root)
	for _, id := range celast.MatchDescendants(root, celast.KindMatcher(celast.IdentKind)) {
		if n, ok := c.index[id.AsIdent()]; ok {
			r.fields |= 1 << n
		}
	}
	if r.fields == 0 {
		bad("rule %q: the condition speaks of no evidence", r.Code)
		return
	}
	var err error
	if r.whole, err = c.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit)); err == nil {
		r.partial, err = c.env.Program(ast, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(costLimit))
	}
	if err != nil {
		bad("rule %q: the condition can't be run: %s", r.Code, err)
	}
}

// What the compiler says of the mistakes that people make.
var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	mismatched = regexp.MustCompile(`^found no matching overload for '_?([^'_]+)_?' applied to '\(([^',]*), ([^',]*)\)'`)
	misplaced  = regexp.MustCompile(`^expected type '([^']*)' but found '([^']*)'`)
)

func (r *Rule) misread(e *cel.Error, bad func(format string, args ...any)) {
	if m := undeclared.FindStringSubmatch(e.Message); m != nil {
		bad("rule %q: there is no evidence named %q", r.Code, m[1])
	} else if m := mismatched.FindStringSubmatch(e.Message); m != nil {
		bad("rule %q: %q can't stand between %s and %s", r.Code, m[1], m[2], m[3])
	} else if m := misplaced.FindStringSubmatch(e.Message); m != nil {
		bad("rule %q: %s stands where %s is expected", r.Code, m[2], m[1])
	} else {
		bad("rule %q can't be read at character %d", r.Code, e.Location.Column()+1)
	}
}

// fieldsOf lists the indexes in a mask.
func fieldsOf(mask uint64) []int {
	list := make([]int, 0, bits.OnesCount64(mask))
	for ; mask != 0; mask &= mask - 1 {
		list = append(list, bits.TrailingZeros64(mask))
	}
	return list
}

// Tables is all that is dated: rule sets and colours.
type Tables struct {
	Catalogue *Catalogue
	rules     []*RuleSet
	duties    []DutyTable
}

// Shipped reads the tables that come with the program.
func Shipped() (*Tables, error) { return Load(files.Files) }

// Load reads evidence.json, rules/*.json and colour/*.json.
func Load(from fs.FS) (*Tables, error) {
	data, err := fs.ReadFile(from, "evidence.json")
	if err != nil {
		return nil, err
	}
	t := &Tables{}
	if t.Catalogue, err = ParseCatalogue(data); err != nil {
		return nil, err
	}
	err = each(from, "rules/*.json", func(date string, data []byte) error {
		s, err := ParseRules(t.Catalogue, data)
		if err == nil && s.From != date {
			err = fmt.Errorf("holds from %s", s.From)
		}
		t.rules = append(t.rules, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each(from, "colour/*.json", func(date string, data []byte) error {
		d, err := ParseDuties(data)
		if err == nil && d.From != date {
			err = fmt.Errorf("holds from %s", d.From)
		}
		t.duties = append(t.duties, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(t.rules) == 0 || len(t.duties) == 0 {
		return nil, errors.New("risk: rules or colours are missing")
	}
	slices.SortFunc(t.rules, func(a, b *RuleSet) int { return strings.Compare(a.From, b.From) })
	slices.SortFunc(t.duties, func(a, b DutyTable) int { return strings.Compare(a.From, b.From) })
	return t, nil
}

// each reads the files of a pattern; a file is named after its date.
func each(from fs.FS, pattern string, read func(date string, data []byte) error) error {
	names, err := fs.Glob(from, pattern)
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		date := strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".json")
		if err := read(date, data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// RulesOn gives the rules of a civil date; before the first set, the first.
func (t *Tables) RulesOn(date string) *RuleSet {
	held := t.rules[0]
	for _, s := range t.rules {
		if s.From <= date {
			held = s
		}
	}
	return held
}

// DutiesOn gives what colours oblige on a civil date; before the first table,
// the first.
func (t *Tables) DutiesOn(date string) DutyTable {
	held := t.duties[0]
	for _, d := range t.duties {
		if d.From <= date {
			held = d
		}
	}
	return held
}

package profile

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"zugou/internal/kernel/problem"
	"zugou/internal/loop/gateway/report"
)

// Set holds profiles by name: as they are written, or each over its base
// (Resolve).
type Set map[string]*Profile

// Load reads every .json file of the folder and puts each profile over its
// base.
func Load(files fs.FS) (Set, error) {
	written, err := Read(files)
	if err != nil {
		return nil, err
	}
	return written.Resolve()
}

// Read reads every .json file of the folder, each profile as it is written.
func Read(files fs.FS) (Set, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	set := Set{}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(b)
		if err == nil && p.Name+".json" != name {
			err = wrong("file", "the file is named %q", name)
		}
		if err != nil {
			return nil, err
		}
		set[p.Name] = p
	}
	return set, nil
}

// Resolve puts each profile over its base. The profiles of s are left as they
// are. Errors: problem.Problem, joined.
func (s Set) Resolve() (Set, error) {
	out := make(Set, len(s))
	var bad []error
	for name, p := range s {
		own := *p
		out[name] = &own
		if p.Base == "" {
			continue
		}
		base := s[p.Base]
		if base == nil || base.Base != "" || base.Protocol != p.Protocol {
			bad = append(bad, wrong(name, "base %q is none of its protocol without a base of its own", p.Base))
			continue
		}
		own.over(base)
		bad = append(bad, own.lost(base)...)
	}
	return out, errors.Join(bad...)
}

// With gives the written profiles with p among them, in place of the one of
// its name. Errors: problem.Problem, joined: p does not fit, or somebody's
// call for help would no longer be read.
func (s Set) With(p *Profile) (Set, error) {
	if old := s[p.Name]; old != nil && old.Protocol != p.Protocol {
		return nil, wrong(p.Name, "a new version can't change the protocol, which is %q", old.Protocol)
	}
	before, err := s.Resolve()
	if err != nil {
		return nil, err
	}
	next := maps.Clone(s)
	next[p.Name] = p
	after, err := next.Resolve()
	if err != nil {
		return nil, err
	}
	var bad []error
	for _, name := range slices.Sorted(maps.Keys(before)) { // a base changes those that stand on it
		bad = append(bad, after[name].lost(before[name])...)
	}
	return next, errors.Join(bad...)
}

// over fills what p does not say from its base; fields of "eb" are merged one
// by one, since makers add to them.
func (p *Profile) over(base *Profile) {
	merged := maps.Clone(base.TLV)
	if merged == nil {
		merged = map[string][]Rule{}
	}
	for id, rules := range p.TLV {
		if old := merged[id]; len(old) == 1 && len(rules) == 1 && old[0].Read == "sub" && rules[0].Read == "sub" {
			both := rules[0]
			both.Sub = maps.Clone(old[0].Sub)
			maps.Copy(both.Sub, rules[0].Sub)
			rules = []Rule{both}
		}
		merged[id] = rules
	}
	p.TLV = merged
	alarms := maps.Clone(base.Alarms)
	if alarms == nil {
		alarms = map[string]report.Alarm{}
	}
	maps.Copy(alarms, p.Alarms)
	p.Alarms = alarms
	if p.Heartbeat == nil {
		p.Heartbeat = base.Heartbeat
	}
}

// Names lists the profiles of a protocol in order.
func (s Set) Names(protocol string) []string {
	var out []string
	for name, p := range s {
		if p.Protocol == protocol {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// wrong is one thing that is wrong with a profile.
func wrong(of, format string, args ...any) error {
	return problem.Problem{Kind: "model.bad", Of: strings.TrimSpace("profile " + of), Format: format, Args: args}
}

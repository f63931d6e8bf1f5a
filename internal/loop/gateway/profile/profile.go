// Package profile tells what one model means by the bits and fields that its
// protocol leaves to the maker. Profiles are data (policy/devices/*.json), for
// the same bytes mean opposite things: JT/T 808 alarm bit 16 is "vibration" on
// one card, "movement" on another, "tamper" elsewhere, and field 0x56 is a
// level of 0 to 10 or a percentage.
//
// Without a profile the profile "standard" applies: what the standard says,
// and vendor fields whose form was met nowhere else.
package profile

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// Profile is one model. Alarms are keyed by bit number (jt808) or by alarm
// code in hex (gt06); "" silences a bit. TLV and Sub keys are hex.
type Profile struct {
	Name     string                  `json:"name"`
	Title    string                  `json:"title"`
	Source   string                  `json:"source"`
	Protocol string                  `json:"protocol"` // "watch", "jt808" or "gt06"
	Base     string                  `json:"base,omitempty"`
	Alarms   map[string]report.Alarm `json:"alarms,omitempty"`
	TLV      map[string][]Rule       `json:"tlv,omitempty"`
	// Heartbeat reads the body of 0x0002, empty by the standard.
	Heartbeat []Rule `json:"heartbeat,omitempty"`
	// Hints are message keys shown beside an alarm; they never suppress it.
	Hints map[string]string `json:"hints,omitempty"`
}

// Rule reads one thing from the bytes of a field.
type Rule struct {
	// Read is battery, signal, satellites, steps, temperature, heart_rate,
	// spo2 (numbers); cells, wifi, wifi_text, iccid; bits, event (alarms);
	// sub (inner fields of u16 length and u16 id).
	Read     string                  `json:"read"`
	Length   []int                   `json:"length,omitempty"`   // applies to a field of one of these lengths only
	At       int                     `json:"at,omitempty"`       // first byte; negative counts from the end
	Size     int                     `json:"size,omitempty"`     // bytes of the number, big-endian; 0: one
	Scale    float64                 `json:"scale,omitempty"`    // value × Scale + Offset; 0: one
	Offset   float64                 `json:"offset,omitempty"`   //
	Nonzero  bool                    `json:"nonzero,omitempty"`  // 0 means "not told"
	Counted  bool                    `json:"counted,omitempty"`  // lists: a byte with their number comes first
	CID      int                     `json:"cid,omitempty"`      // cells: bytes of the cell id
	Inverted bool                    `json:"inverted,omitempty"` // bits: set means "all is well"
	Alarms   map[string]report.Alarm `json:"alarms,omitempty"`   // bits: by number; event: by value in hex
	Sub      map[string]Rule         `json:"sub,omitempty"`
}

// Set holds profiles by name.
type Set map[string]*Profile

// Load reads every .json file of the folder, puts each profile over its base
// and checks names and numbers.
func Load(files fs.FS) (Set, error) {
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
		dec := json.NewDecoder(strings.NewReader(string(b)))
		dec.DisallowUnknownFields()
		p := &Profile{}
		if err := dec.Decode(p); err != nil {
			return nil, fmt.Errorf("profile %s: %w", name, err)
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("profile %s: %w", name, err)
		}
		if set[p.Name] != nil || p.Name+".json" != name {
			return nil, fmt.Errorf("profile %s: named %q", name, p.Name)
		}
		set[p.Name] = p
	}
	for _, p := range set {
		if p.Base == "" {
			continue
		}
		base := set[p.Base]
		if base == nil || base.Base != "" || base.Protocol != p.Protocol {
			return nil, fmt.Errorf("profile %s: base %q is none of its protocol without a base of its own", p.Name, p.Base)
		}
		p.over(base)
	}
	return set, nil
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

var reads = []string{"battery", "signal", "satellites", "steps", "temperature", "heart_rate", "spo2", "cells", "wifi", "wifi_text", "iccid", "bits", "event", "sub"}

func (p *Profile) check() error {
	if !slices.Contains([]string{"watch", "jt808", "gt06"}, p.Protocol) || p.Title == "" || p.Source == "" {
		return fmt.Errorf("protocol, title or source missing")
	}
	for key, a := range p.Alarms {
		base, limit := 10, uint64(31)
		if p.Protocol == "gt06" {
			base, limit = 16, 255
		}
		if n, err := strconv.ParseUint(key, base, 16); err != nil || n > limit || a != "" && !report.Known(a) {
			return fmt.Errorf("alarm %q: %q", key, a)
		}
	}
	for id, rules := range p.TLV {
		if _, err := strconv.ParseUint(id, 16, 8); err != nil || len(id) != 2 || id != strings.ToLower(id) {
			return fmt.Errorf("field %q", id)
		}
		for _, r := range rules {
			if err := r.check(false); err != nil {
				return fmt.Errorf("field %s: %w", id, err)
			}
		}
	}
	for _, r := range p.Heartbeat {
		if err := r.check(false); err != nil {
			return fmt.Errorf("heartbeat: %w", err)
		}
	}
	return nil
}

func (r Rule) check(inner bool) error {
	if !slices.Contains(reads, r.Read) || inner && r.Read == "sub" || r.Size < 0 || r.Size > 4 {
		return fmt.Errorf("read %q of %d bytes", r.Read, r.Size)
	}
	if r.Read == "cells" && (r.CID < 2 || r.CID > 4) {
		return fmt.Errorf("cell ids of %d bytes", r.CID)
	}
	for key, a := range r.Alarms {
		base, limit := 10, uint64(31)
		if r.Read == "event" {
			base, limit = 16, 1<<32-1
		}
		if n, err := strconv.ParseUint(key, base, 32); err != nil || n > limit || !report.Known(a) {
			return fmt.Errorf("alarm %q: %q", key, a)
		}
	}
	for id, s := range r.Sub {
		if _, err := strconv.ParseUint(id, 16, 16); err != nil || len(id) != 4 || id != strings.ToLower(id) {
			return fmt.Errorf("inner field %q", id)
		}
		if err := s.check(true); err != nil {
			return fmt.Errorf("inner field %s: %w", id, err)
		}
	}
	return nil
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

// Alarm tells what the model means by a bit or code; ok is false where it
// leaves the meaning to the protocol. A nil profile leaves everything to it.
func (p *Profile) Alarm(key string) (a report.Alarm, ok bool) {
	if p == nil {
		return "", false
	}
	a, ok = p.Alarms[key]
	return a, ok
}

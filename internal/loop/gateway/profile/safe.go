package profile

import (
	"slices"
	"strconv"
	"strings"

	"zugou/internal/loop/gateway/report"
)

// fixed are what a protocol itself calls SOS, by the keys of Profile.Alarms.
// The watch's bits and the state bits of GT06 no profile reaches.
var fixed = map[string]map[string]report.Alarm{
	"jt808": {"0": report.SOS},
	"gt06":  {"01": report.SOS},
}

// calls are the calls for help: what a version reads as one, the next reads.
var calls = []report.Alarm{report.SOS, report.VoiceHelp}

// never are the alarms that no profile may silence: a call for help, and what
// may have happened to the child.
var never = append(slices.Clone(calls), report.Fall, report.Removed)

// own tells what the protocol itself means by the key, of what never may be
// silenced.
func own(protocol, key string) report.Alarm {
	if protocol == "gt06" {
		return map[string]report.Alarm{"01": report.SOS, "18": report.Removed, "23": report.Fall}[key]
	}
	return fixed[protocol][key]
}

// place is where a profile reads an alarm: exactly these bytes.
type place struct {
	where, read, key string
	at, size         int
	inverted         bool
}

// when says under which conditions a place is read: nil lengths are any.
type when struct {
	outer, inner []int
	nonzero      bool
}

// places lists where the profile reads one of the alarms.
func (p *Profile) places(alarms []report.Alarm) map[place][]when {
	out := map[place][]when{}
	for key, a := range p.Alarms {
		if slices.Contains(alarms, a) {
			out[place{where: "alarms", key: key}] = []when{{}}
		}
	}
	var add func(where string, r Rule, outer []int)
	add = func(where string, r Rule, outer []int) {
		for id, s := range r.Sub {
			add(where+" "+id, s, r.Length)
		}
		for key, a := range r.Alarms {
			if !slices.Contains(alarms, a) {
				continue
			}
			at := place{where, r.Read, key, r.At, max(r.Size, 1), r.Inverted}
			out[at] = append(out[at], when{outer, r.Length, r.Nonzero})
		}
	}
	for id, rules := range p.TLV {
		for _, r := range rules {
			add(id, r, nil)
		}
	}
	for _, r := range p.Heartbeat {
		add("heartbeat", r, nil)
	}
	return out
}

// covers tells whether w holds whenever old does.
func (w when) covers(old when) bool {
	within := func(old, now []int) bool {
		return len(now) == 0 || len(old) > 0 && !slices.ContainsFunc(old, func(n int) bool { return !slices.Contains(now, n) })
	}
	return within(old.outer, w.outer) && within(old.inner, w.inner) && (old.nonzero || !w.nonzero)
}

// lost names the calls for help that old reads and p does not, and what may
// have happened to the child that p silences.
func (p *Profile) lost(old *Profile) []error {
	var bad []error
	now := p.places(calls)
	for at, conditions := range old.places(calls) {
		for _, w := range conditions {
			if !slices.ContainsFunc(now[at], func(n when) bool { return n.covers(w) }) {
				bad = append(bad, wrong(p.Name, "model %q: %s no longer reads a call for help", p.Title, at))
				break
			}
		}
	}
	for key, a := range old.Alarms {
		if now, said := p.Alarms[key]; said && now == "" && slices.Contains(never, a) {
			bad = append(bad, wrong(p.Name, "alarm %q may be called otherwise but not silenced", key))
		}
	}
	return inOrder(bad)
}

// inOrder sorts what is wrong, so that a page that is typed in does not jump.
func inOrder(bad []error) []error {
	slices.SortFunc(bad, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return bad
}

// String names the place by its numbers: "alarms 4", "e8 0c01 @0".
func (p place) String() string {
	if p.where == "alarms" {
		return p.where + " " + p.key
	}
	return p.where + " " + p.key + " @" + strconv.Itoa(p.at)
}

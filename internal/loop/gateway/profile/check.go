package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zugou/internal/loop/gateway/report"
)

// MostBytes is how long a profile's text may be; the longest known is 2 kB.
const MostBytes = 64 << 10

// What a profile may hold. A reading goes through all rules of a field, so
// that they are few; numbers are such that no bytes make them run over.
const (
	mostRules  = 8
	mostSub    = 64
	mostHints  = 10
	mostWords  = 60   // of a hint: one glance
	mostLength = 1023 // of a JT/T 808 body
	mostScale  = 1000
	mostOffset = 100_000
)

// Protocols are those that a profile may be of.
func Protocols() []string { return []string{"watch", "jt808", "gt06"} }

// Hints are the hints that the locale has words for.
func Hints() []string { return []string{"sos_or_charger"} }

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	keyLike  = regexp.MustCompile(`^[a-z0-9_]*$`)
	reads    = []string{"battery", "signal", "satellites", "steps", "temperature", "heart_rate", "spo2", "cells", "wifi", "wifi_text", "iccid", "bits", "event", "sub"}
	// taken are names that a device's register uses for a protocol.
	taken = []string{"watch", "jt808", "gt06", "mqtt"}
	// read are fields of JT/T 808 that the standard itself defines and reads.
	read = []string{"12", "30", "31"}
)

// Parse reads one profile as it is written, without its base. Errors:
// problem.Problem, joined; another error where the text is no JSON of the form.
func Parse(text []byte) (*Profile, error) {
	if len(text) > MostBytes {
		return nil, wrong("", "the text is longer than %d bytes", MostBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	p := &Profile{}
	if err := dec.Decode(p); err != nil {
		return nil, unread(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong("", "there is more than one profile")
	}
	c := &checker{of: p.Name}
	c.profile(p)
	if err := errors.Join(inOrder(c.bad)...); err != nil {
		return nil, err
	}
	return p, nil
}

// unread says of a text that is no profile where it breaks off.
func unread(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return wrong("", "the JSON breaks off at character %d", int(syntax.Offset))
	case errors.As(err, &kind):
		return wrong("", "%q holds something of another kind", kind.Field)
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return wrong("", "there is no field %s", strings.Trim(name, `"`))
	}
	return wrong("", "the JSON breaks off at character %d", 0)
}

// checker gathers what is wrong.
type checker struct {
	of  string
	bad []error
}

func (c *checker) wrong(format string, args ...any) {
	c.bad = append(c.bad, wrong(c.of, format, args...))
}

func (c *checker) profile(p *Profile) {
	if !nameForm.MatchString(p.Name) || slices.Contains(taken, p.Name) {
		c.wrong("the name %q must be small letters, digits and hyphens, and no protocol's", p.Name)
	}
	if !slices.Contains(Protocols(), p.Protocol) {
		c.wrong("the protocol %q is unknown", p.Protocol)
	}
	if !words(p.Title, 40) {
		c.wrong("the title must have 1 to %d characters", 40)
	}
	if !words(p.Source, 300) {
		c.wrong("the source must have 1 to %d characters", 300)
	}
	if len(p.Alarms) > 0 && p.Protocol == "watch" {
		c.wrong("the bits of a watch are its protocol's")
	}
	for key, a := range p.Alarms {
		c.alarm(p.Protocol, key, a)
	}
	if (len(p.TLV) > 0 || p.Heartbeat != nil) && p.Protocol != "jt808" {
		c.wrong("only JT/T 808 has fields and a heartbeat to read")
	}
	for id, rules := range p.TLV {
		if _, err := strconv.ParseUint(id, 16, 8); err != nil || len(id) != 2 || id != strings.ToLower(id) || slices.Contains(read, id) {
			c.wrong("field %q is none: two hex digits, and not the standard's 12, 30 or 31", id)
		}
		c.rules(id, rules)
	}
	c.rules("heartbeat", p.Heartbeat)
	if len(p.Hints) > mostHints {
		c.wrong("there are more than %d hints", mostHints)
	}
	for a, hint := range p.Hints {
		if !report.Known(report.Alarm(a)) {
			c.wrong("the hint of %q belongs to no alarm", a)
		}
		if !words(hint, mostWords) || keyLike.MatchString(hint) && !slices.Contains(Hints(), hint) {
			c.wrong("the hint of %q must be words, at most %d characters", a, mostWords)
		}
	}
}

// alarm checks one bit or code.
func (c *checker) alarm(protocol, key string, a report.Alarm) {
	n, err := strconv.ParseUint(key, 10, 8)
	fits := err == nil && n <= 31 && key == strconv.FormatUint(n, 10)
	if protocol == "gt06" {
		n, err = strconv.ParseUint(key, 16, 8)
		fits = err == nil && n > 0 && key == fmt.Sprintf("%02x", n)
	}
	if !fits {
		c.wrong("alarm %q is no bit from 0 to 31, or no code from 01 to ff", key)
		return
	}
	if a != "" && !report.Known(a) {
		c.wrong("alarm %q is called %q, which is none", key, a)
	}
	if want := fixed[protocol][key]; want != "" && a != want {
		c.wrong("alarm %q is the protocol's own call for help and stays one", key)
	} else if a == "" && own(protocol, key) != "" {
		c.wrong("alarm %q may be called otherwise but not silenced", key)
	}
}

func (c *checker) rules(where string, rules []Rule) {
	if len(rules) > mostRules {
		c.wrong("field %q has more than %d readings", where, mostRules)
	}
	for _, r := range rules {
		c.rule(where, r, false)
	}
}

func (c *checker) rule(where string, r Rule, inner bool) {
	if !slices.Contains(reads, r.Read) || inner && r.Read == "sub" {
		c.wrong("field %q reads %q, which is nothing known", where, r.Read)
		return
	}
	if r.Size < 0 || r.Size > 4 || r.At < -mostLength || r.At > mostLength || slices.ContainsFunc(r.Length, func(n int) bool { return n < 0 || n > mostLength }) || len(r.Length) > mostRules {
		c.wrong("field %q: at, size or length is out of bounds", where)
	}
	if math.Abs(r.Scale) > mostScale || math.Abs(r.Offset) > mostOffset {
		c.wrong("field %q: scale or offset is out of bounds", where)
	}
	if r.Read == "cells" && (r.CID < 2 || r.CID > 4) {
		c.wrong("field %q: a cell's id has %d bytes, not 2 to 4", where, r.CID)
	}
	alarming := r.Read == "bits" || r.Read == "event"
	if alarming != (len(r.Alarms) > 0) || (r.Read == "sub") != (len(r.Sub) > 0) || len(r.Sub) > mostSub {
		c.wrong("field %q: bits and event need alarms, sub its inner fields, and nothing else has them", where)
	}
	size := max(r.Size, 1)
	for key, a := range r.Alarms {
		n, err := strconv.ParseUint(key, 10, 8)
		fits := err == nil && n < uint64(size*8) && key == strconv.FormatUint(n, 10)
		if r.Read == "event" {
			n, err = strconv.ParseUint(key, 16, 32)
			fits = err == nil && key == fmt.Sprintf("%0*x", size*2, n)
		}
		if !fits {
			c.wrong("field %q: %q is no bit of its bytes, or no value of as many hex digits", where, key)
		}
		if !report.Known(a) {
			c.wrong("alarm %q is called %q, which is none", key, a)
		}
	}
	for id, s := range r.Sub {
		if _, err := strconv.ParseUint(id, 16, 16); err != nil || len(id) != 4 || id != strings.ToLower(id) {
			c.wrong("inner field %q is none: four hex digits", id)
		}
		c.rule(where+" "+id, s, true)
	}
}

// words tells whether a text has something to read and is short enough.
func words(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= most
}

package instrument

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Code is a short stable English code; an empty one is null in JSON.
type Code string

// MarshalJSON writes null for the empty code.
func (c Code) MarshalJSON() ([]byte, error) {
	if c == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(c))
}

// Result is what one sheet gives.
type Result struct {
	Instrument string `json:"instrument"`
	Version    string `json:"version"`
	// Scorable is false when answers are missing that the total or the level
	// needs. A level given nevertheless is the least it can be.
	Scorable  bool           `json:"scorable"`
	Total     *int           `json:"total"` // null when not scorable, and for instruments with levels
	Subscales map[string]int `json:"subscales"`
	Band      Code           `json:"band"`
	Level     Code           `json:"level"`
	// Critical holds the items whose answer was given and is critical, Missing
	// the items that were to be answered and were skipped or refused; both in
	// the order of the form.
	Critical []string `json:"critical"`
	Missing  []string `json:"missing"`
	// NeedsPerson says that a suicide item has no answer: a person must ask.
	NeedsPerson bool `json:"needs_person"`
	// Reasons explains the result in codes; see Reason.
	Reasons []Reason `json:"reasons"`
}

// Reason is a code and what it is about, written "code" or "code:detail". The
// words for the code stand in locale/.
type Reason string

// The codes of reasons.
const (
	ReasonCritical      = "critical"                  // detail: item
	ReasonUnanswered    = "suicide_item_unanswered"   // detail: item
	ReasonIncomplete    = "incomplete"                // detail: number of scored items without an answer
	ReasonBlankZero     = "blank_counted_zero"        // detail: number of blanks
	ReasonTooManyBlank  = "too_many_blank"            // detail: number of blanks
	ReasonCutoff        = "cutoff_met"                // detail: scale, comparison, value
	ReasonCutoffCertain = "cutoff_met_though_missing" // the same, whatever the missing answers are
	ReasonRefusedYes    = "refusal_counts_as_yes"     // detail: item
	ReasonMissingLevel  = "unanswered_counts_as"      // detail: item=level
	ReasonAtLeast       = "level_is_at_least"         // a missing answer could raise the level
	ReasonContradiction = "answered_though_skipped"   // detail: item that the skip rule closes, answered with yes
	ReasonVariant       = "variant"                   // detail: variant
	ReasonOutsideAge    = "outside_age_range"         // the instrument is not made for this age
)

func reason(code, detail string) Reason {
	if detail == "" {
		return Reason(code)
	}
	return Reason(code + ":" + detail)
}

// Code gives the reason without its detail.
func (r Reason) Code() string {
	code, _, _ := strings.Cut(string(r), ":")
	return code
}

// Detail gives what the reason is about.
func (r Reason) Detail() string {
	_, detail, _ := strings.Cut(string(r), ":")
	return detail
}

// OverCutoff reports whether a cut-off was met, also where answers are missing
// but can't change that.
func (r Result) OverCutoff() bool {
	return slices.ContainsFunc(r.Reasons, func(x Reason) bool {
		return x.Code() == ReasonCutoff || x.Code() == ReasonCutoffCertain
	})
}

func (r *Result) because(code, detail string) {
	r.Reasons = append(r.Reasons, reason(code, detail))
}

func itoa(n int) string { return strconv.Itoa(n) }

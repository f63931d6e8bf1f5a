package answer

import (
	"encoding/json"
	"slices"
	"strings"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/screening/campaign"
	"zugou/internal/loop/screening/instrument"
	"zugou/internal/loop/screening/obligation"
	"zugou/policy/evidence"
)

// Way is how a sheet came in.
type Way string

// The ways.
const (
	Web       Way = "web"       // by the child's code
	Phone     Way = "phone"     // on a worker's phone, perhaps without a network
	Interview Way = "interview" // asked one by one
	Paper     Way = "paper"     // typed in
)

// State of a sheet.
type State string

// The states.
const (
	First    State = "first" // typed once
	Differs  State = "differs"
	Done     State = "done"
	Withheld State = "withheld"
)

// New is a sheet as it is handed in.
type New struct {
	Key        string                       `json:"key"`
	CampaignID id.ID                        `json:"campaign_id,omitempty"`
	ChildID    id.ID                        `json:"child_id"`
	Instrument string                       `json:"instrument"`
	Version    string                       `json:"version"`
	Informant  instrument.Informant         `json:"informant"`
	Way        Way                          `json:"way"`
	Items      map[string]instrument.Answer `json:"items"`
	TakenAt    clock.Millis                 `json:"taken_at,omitempty"` // now if 0
	Consent    *campaign.Consent            `json:"consent,omitempty"`  // as it was given before the questions
	Reason     string                       `json:"reason,omitempty"`   // why outside of a campaign
	// Stopped: who answered ended it half-way. The answers are not kept; what
	// is critical in them is still answered to.
	Stopped bool `json:"stopped,omitempty"`
}

func (n New) check(now clock.Millis) error {
	var bad []errs.Field
	add := func(name, key string) { bad = append(bad, errs.Field{Name: name, Key: key}) }
	if n.Key == "" || len(n.Key) > 120 {
		add("key", "signal.key")
	}
	if n.ChildID == "" {
		add("child_id", "answer.no_child")
	}
	if !slices.Contains([]Way{Web, Phone, Interview, Paper}, n.Way) {
		add("way", "answer.bad_context")
	}
	if n.TakenAt > now+300_000 || n.TakenAt != 0 && n.TakenAt < now-400*86_400_000 {
		add("taken_at", "answer.bad_context")
	}
	if len(n.Items) > 200 {
		add("items", "answer.malformed")
	}
	if n.CampaignID == "" && len([]rune(strings.TrimSpace(n.Reason))) < 4 {
		add("reason", "reason.missing")
	}
	return errs.InvalidFields(bad)
}

// Receipt is the answer to a sheet. To a child nothing of it but OK is shown.
type Receipt struct {
	ID          id.ID              `json:"id"`
	Again       bool               `json:"again"` // it was here before
	State       State              `json:"state"`
	Urgency     obligation.Urgency `json:"urgency"`
	Critical    bool               `json:"critical"`
	NeedsPerson bool               `json:"needs_person"`
	MatterID    id.ID              `json:"matter_id"`
	Withheld    string             `json:"withheld,omitempty"` // message key
	Differing   []string           `json:"differing"`          // items typed differently
}

// Sheet is a stored sheet; Answers, Again and Result are sealed.
type Sheet struct {
	ID          id.ID                `bun:"id"`
	Key         string               `bun:"idem_key"`
	CampaignID  id.ID                `bun:"campaign_id"`
	ChildID     id.ID                `bun:"child_id"`
	SealedFor   id.ID                `bun:"sealed_for"` // whose key seals it
	Region      string               `bun:"region"`
	Instrument  string               `bun:"instrument"`
	Version     string               `bun:"version"`
	Digest      string               `bun:"digest"`
	Informant   instrument.Informant `bun:"informant"`
	Way         Way                  `bun:"way"`
	State       State                `bun:"state"`
	Age         int                  `bun:"age"`
	Answers     string               `bun:"answers"`
	Again       string               `bun:"again"`
	Result      string               `bun:"result"`
	Urgency     obligation.Urgency   `bun:"urgency"`
	Critical    bool                 `bun:"critical"`
	NeedsPerson bool                 `bun:"needs_person"`
	Over        bool                 `bun:"over_cutoff"`
	Withheld    string               `bun:"withheld"`
	MatterID    id.ID                `bun:"matter_id"`
	TakenAt     clock.Millis         `bun:"taken_at"`
	StoredAt    clock.Millis         `bun:"stored_at"`
	TakenBy     id.ID                `bun:"taken_by"`
	AgainBy     id.ID                `bun:"again_by"`
	AgainAt     clock.Millis         `bun:"again_at"`
	SettledBy   id.ID                `bun:"settled_by"`
}

func (s Sheet) receipt(again bool) Receipt {
	return Receipt{ID: s.ID, Again: again, State: s.State, Urgency: s.Urgency, Critical: s.Critical, NeedsPerson: s.NeedsPerson, MatterID: s.MatterID,
		Withheld: s.Withheld, Differing: []string{}}
}

func aad(column string, sheet id.ID) string { return "answer_sheet." + column + ":" + string(sheet) }

// differing names the items of which two typings say different things, in the
// order of the form.
func differing(in instrument.Instrument, a, b map[string]instrument.Answer) []string {
	out := []string{}
	for _, it := range in.Items {
		x, hasX := a[it.ID()]
		y, hasY := b[it.ID()]
		if hasX != hasY || x != y {
			out = append(out, it.ID())
		}
	}
	return out
}

// Fact is one piece of evidence that a sheet gives.
type Fact struct {
	Field string
	Value any // int, bool or string
	At    clock.Millis
}

// Found is what the neighbours are told of a sheet, in its change.
type Found struct {
	Child    id.ID
	Sheet    id.ID
	Matter   id.ID // opened or joined by it
	Facts    []Fact
	Screened clock.Millis
}

// mapping is policy/evidence/answers.json.
type mapping struct {
	Totals []struct {
		Instrument, Field string
	} `json:"totals"`
	Subscales []struct {
		Instrument, Subscale, Field string
	} `json:"subscales"`
	Items []struct {
		Instrument string `json:"instrument"`
		Code       string `json:"code"`
		Field      string `json:"field"`
		Lasting    bool   `json:"lasting"` // a no said later takes no yes back
	} `json:"items"`
}

func readMapping() (mapping, error) {
	var m mapping
	err := json.Unmarshal(evidence.Answers, &m)
	return m, err
}

// facts gives the evidence in one scored sheet.
func (m mapping) facts(in instrument.Instrument, items map[string]instrument.Answer, r instrument.Result, at clock.Millis) []Fact {
	var out []Fact
	for _, t := range m.Totals {
		if t.Instrument == in.ID && r.Total != nil {
			out = append(out, Fact{t.Field, *r.Total, at})
		}
	}
	for _, t := range m.Subscales {
		if n, ok := r.Subscales[t.Subscale]; ok && t.Instrument == in.ID {
			out = append(out, Fact{t.Field, n, at})
		}
	}
	for _, t := range m.Items {
		it, ok := in.ItemByCode(t.Code)
		if !ok || t.Instrument != "" && t.Instrument != in.ID {
			continue
		}
		a, given := items[it.ID()]
		if !given || a.Refused {
			continue
		}
		yes := a.Value > 0
		if t.Lasting && !yes {
			continue
		}
		out = append(out, Fact{t.Field, yes, at})
	}
	return out
}

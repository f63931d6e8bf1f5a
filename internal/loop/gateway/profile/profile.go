// Package profile tells what one model means by the bits and fields that its
// protocol leaves to the maker. Profiles are data (policy/devices/*.json), for
// the same bytes mean opposite things: JT/T 808 alarm bit 16 is "vibration" on
// one card, "movement" on another, "tamper" elsewhere, and field 0x56 is a
// level of 0 to 10 or a percentage.
//
// Without a profile the profile "standard" applies: what the standard says,
// and vendor fields whose form was met nowhere else.
//
// Always true, whoever writes a profile:
//   - What the protocol itself calls SOS stays SOS (Alarm).
//   - A profile reads every call for help that its base reads, and a later
//     version every one that the version before it read (With).
//   - What may happen to the child (fall, taken off) is never silenced.
//   - No profile can make a reader fail on any bytes: its numbers are bounded.
package profile

import "zugou/internal/loop/gateway/report"

// Profile is one model. Alarms are keyed by bit number (jt808) or by alarm
// code in hex (gt06); "" silences a bit. TLV and Sub keys are hex.
type Profile struct {
	// Edition is 0 for what came with the program, else the number of the
	// version that officials published.
	Edition  int                     `json:"-"`
	Name     string                  `json:"name"`
	Title    string                  `json:"title"`
	Source   string                  `json:"source"`
	Protocol string                  `json:"protocol"` // "watch", "jt808" or "gt06"
	Base     string                  `json:"base,omitempty"`
	Alarms   map[string]report.Alarm `json:"alarms,omitempty"`
	TLV      map[string][]Rule       `json:"tlv,omitempty"`
	// Heartbeat reads the body of 0x0002, empty by the standard.
	Heartbeat []Rule `json:"heartbeat,omitempty"`
	// Hints are shown beside an alarm, by its name: keys of the locale
	// ("sos_or_charger") or words. They never suppress it.
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

// Alarm tells what the model means by a bit or code; ok is false where it
// leaves the meaning to the protocol. A nil profile leaves everything to it,
// and none may say otherwise of the protocol's own SOS.
func (p *Profile) Alarm(key string) (a report.Alarm, ok bool) {
	if p == nil {
		return "", false
	}
	if a, ok := fixed[p.Protocol][key]; ok {
		return a, true
	}
	a, ok = p.Alarms[key]
	return a, ok
}

// Mark writes beside an alarm by which profile it was read, and what that says
// to know. A report without an alarm is left as it is.
func (p *Profile) Mark(m *report.Message) {
	if p == nil || len(m.Alarms) == 0 {
		return
	}
	m.Model, m.Edition = p.Name, p.Edition
	for _, a := range m.Alarms {
		if hint := p.Hints[string(a)]; hint != "" {
			m.Hints = append(m.Hints, report.Hint{Alarm: a, Hint: hint})
		}
	}
}

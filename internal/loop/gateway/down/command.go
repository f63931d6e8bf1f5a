// Package down holds the commands that go to a device, in one form for every
// protocol. A codec turns a Command into a frame, or says that its protocol
// has no such command.
//
// What is not here does not exist: there is no raw text, and no kind that
// opens a microphone without the wearer's knowledge. Listening-in on a child
// is not built, by decision of the product; Check refuses everything that is
// not in the list, and each codec calls Check first.
package down

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/errs"
)

// Kind names a command.
type Kind string

// The commands and the fields of Command that each reads.
const (
	Locate      Kind = "locate"       // report the position now
	Interval    Kind = "interval"     // Seconds between positions
	Track       Kind = "track"        // Seconds between positions, for ForSeconds
	SOSNumber   Kind = "sos_number"   // Index 1…3, Phone ("" clears)
	SOSSMS      Kind = "sos_sms"      // On: the device sends an SMS with its alarm
	LowBattery  Kind = "low_battery"  // On: low-battery alarm
	RemoveAlarm Kind = "remove_alarm" // On: taken-off alarm
	SilentHours Kind = "silent_hours" // Periods, up to 4; none clears
	Reminder    Kind = "reminder"     // Reminders, up to 3; none clears
	Contacts    Kind = "contacts"     // Contacts, up to 10
	Text        Kind = "text"         // Text, shown to the child; Urgent
	Voice       Kind = "voice"        // Voice, an AMR recording
	Language    Kind = "language"     // Language, OffsetMinutes
	Reward      Kind = "reward"       // Count of red flowers
	Find        Kind = "find"         // the device rings where it lies
	CallBack    Kind = "call_back"    // Phone is dialled: an ordinary, two-way, audible call
	Reset       Kind = "reset"        // restart
	PowerOff    Kind = "power_off"    // switch off
	ClearAlarm  Kind = "clear_alarm"  // AlarmBits that a person has confirmed
	Parameters  Kind = "parameters"   // ask for the settings
)

// Command is one command; which fields count is told at its Kind.
type Command struct {
	Kind          Kind
	Seconds       int
	ForSeconds    int
	Index         int
	Phone         string
	On            bool
	Periods       []Period
	Reminders     []Alert
	Contacts      []Contact
	Text          string
	Urgent        bool
	Voice         []byte
	Language      string
	OffsetMinutes int
	Count         int
	AlarmBits     uint32
}

// Period is a span of the day, minutes since midnight of the device's zone; one
// that ends before it begins goes on into the next day. Days are the weekdays
// on which it begins (Monday = bit 0); 0 and 127 are every day.
type Period struct {
	From, To int
	Days     uint8 `json:",omitempty"`
}

// Daily tells whether the span is the same every day.
func (p Period) Daily() bool { return p.Days == 0 || p.Days == everyDay }

const everyDay = 127

// Alert is one reminder: minutes since midnight, on or off, and the weekdays
// (Monday = bit 0; 0 = once, 127 = every day).
type Alert struct {
	At   int
	On   bool
	Days uint8
}

// Contact is one entry of the device's phone book.
type Contact struct{ Phone, Name string }

var phone = regexp.MustCompile(`^\+?[0-9]{3,20}$`)

// kinds is the whole list of what may be sent.
var kinds = map[Kind]bool{
	Locate: true, Interval: true, Track: true, SOSNumber: true, SOSSMS: true, LowBattery: true, RemoveAlarm: true,
	SilentHours: true, Reminder: true, Contacts: true, Text: true, Voice: true, Language: true, Reward: true,
	Find: true, CallBack: true, Reset: true, PowerOff: true, ClearAlarm: true, Parameters: true,
}

// Pressing gives the kinds that are asked for while somebody looks for a child.
// They go before settings, and wait for no answer of one.
func Pressing() []Kind { return []Kind{Locate, CallBack, Find, Track, ClearAlarm} }

// Known tells whether k is in the list.
func Known(k Kind) bool { return kinds[k] }

// Samples gives one harmless command of each kind, by which a codec can be
// asked what it has.
func Samples() []Command {
	var out []Command
	for k := range kinds {
		c := Command{Kind: k, Seconds: 60, ForSeconds: 600, Index: 1, Text: "1", Voice: []byte{1}, Language: "1", Periods: []Period{{To: 1}},
			Reminders: []Alert{{At: 1, On: true}}, Contacts: []Contact{{Phone: "110", Name: "1"}}}
		if k == SOSNumber || k == CallBack {
			c.Phone = "110"
		}
		out = append(out, c)
	}
	return out
}

// monitorWords are how makers call covert listening; a kind with one of them
// is refused under its own key, so that the record shows what was tried.
var monitorWords = []string{"monitor", "listen", "silent_call", "silentcall", "spy", "bug", "eavesdrop", "voicemonitor", "jianting", "监听"}

// Errors of Check: errs.KindForbidden with key "device.command.listening" for
// any attempt to listen in, errs.KindInvalid for the rest.

// Check refuses what may not be sent.
func (c Command) Check() error {
	if !kinds[c.Kind] {
		k := strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(string(c.Kind)))
		for _, w := range monitorWords {
			if strings.Contains(k, w) {
				return errs.Forbidden("device.command.listening")
			}
		}
		return errs.Invalid("kind", "device.command.unknown")
	}
	switch c.Kind {
	case Interval:
		return within("seconds", c.Seconds, 1, 86400)
	case Track:
		if err := within("seconds", c.Seconds, 1, 65535); err != nil {
			return err
		}
		return within("for_seconds", c.ForSeconds, 1, 86400)
	case SOSNumber:
		if err := within("index", c.Index, 1, 3); err != nil {
			return err
		}
		if c.Phone != "" {
			return checkPhone(c.Phone)
		}
	case CallBack:
		return checkPhone(c.Phone)
	case SilentHours:
		if len(c.Periods) > 4 {
			return errs.Invalid("periods", "device.command.too_many")
		}
		return checkPeriods(c.Periods)
	case Reminder:
		if len(c.Reminders) > 3 {
			return errs.Invalid("reminders", "device.command.too_many")
		}
		for _, a := range c.Reminders {
			if a.At < 0 || a.At >= 1440 || a.Days > 127 {
				return errs.Invalid("reminders", "device.command.time")
			}
		}
	case Contacts:
		if len(c.Contacts) > 10 {
			return errs.Invalid("contacts", "device.command.too_many")
		}
		for _, p := range c.Contacts {
			if err := checkPhone(p.Phone); err != nil {
				return err
			}
			if err := checkText("contacts", p.Name, 1, 10); err != nil {
				return err
			}
		}
	case Text:
		return checkText("text", c.Text, 1, 200)
	case Voice:
		if len(c.Voice) == 0 || len(c.Voice) > 30000 {
			return errs.Invalid("voice", "device.command.size")
		}
	case Language:
		for _, r := range c.Language {
			if r < '0' || r > '9' {
				return errs.Invalid("language", "device.command.language")
			}
		}
		if len(c.Language) > 2 {
			return errs.Invalid("language", "device.command.language")
		}
		return within("offset_minutes", c.OffsetMinutes, -12*60, 14*60)
	case Reward:
		return within("count", c.Count, 0, 999)
	}
	return nil
}

// Unsupported says that this protocol or model has no such command.
func Unsupported() error { return errs.Invalid("kind", "device.command.unsupported") }

func within(field string, v, low, high int) error {
	if v < low || v > high {
		return errs.Invalid(field, "device.command.range")
	}
	return nil
}

// checkPeriods refuses spans that no device could keep: two at a time, or one
// of no length, which some read as the whole day.
func checkPeriods(list []Period) error {
	const day = 1440
	var taken [7 * day]bool
	for _, p := range list {
		if p.From < 0 || p.From >= day || p.To < 0 || p.To >= day || p.Days > everyDay {
			return errs.Invalid("periods", "device.command.time")
		}
		if p.From == p.To {
			return errs.Invalid("periods", "device.command.span_empty")
		}
		for d := range 7 {
			if !p.Daily() && p.Days>>d&1 == 0 {
				continue
			}
			for m := range (p.To - p.From + day) % day {
				at := (d*day + p.From + m) % len(taken)
				if taken[at] {
					return errs.Invalid("periods", "device.command.overlap")
				}
				taken[at] = true
			}
		}
	}
	return nil
}

func checkPhone(s string) error {
	if !phone.MatchString(s) {
		return errs.Invalid("phone", "device.command.phone")
	}
	return nil
}

func checkText(field, s string, low, high int) error {
	if n := utf8.RuneCountInString(s); !utf8.ValidString(s) || n < low || n > high {
		return errs.Invalid(field, "device.command.text")
	}
	return nil
}

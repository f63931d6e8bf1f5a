package watch

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
)

// Command makes the frame of a command; h is the header that the device itself
// uses. Errors: those of down.Command.Check (listening-in is refused there),
// and down.Unsupported for what this protocol lacks.
func Command(h Header, c down.Command) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	content, err := content(c)
	if err != nil {
		return nil, err
	}
	return h.Encode(content), nil
}

// Verb is the word by which the device names this command in its answer; ""
// when the protocol has no such command.
func Verb(c down.Command) string {
	p, err := content(c)
	if err != nil {
		return ""
	}
	verb, _, _ := strings.Cut(string(p), ",")
	return verb
}

func content(c down.Command) ([]byte, error) {
	words := func(w ...string) ([]byte, error) { return []byte(strings.Join(w, ",")), nil }
	onOff := "0"
	if c.On {
		onOff = "1"
	}
	switch c.Kind {
	case down.Locate:
		return words("CR")
	case down.Interval:
		return words("UPLOAD", strconv.Itoa(c.Seconds))
	case down.SOSNumber:
		return words("SOS"+strconv.Itoa(c.Index), c.Phone)
	case down.SOSSMS:
		return words("SOSSMS", onOff)
	case down.LowBattery:
		return words("LOWBAT", onOff)
	case down.RemoveAlarm:
		return words("REMOVE", onOff)
	case down.SilentHours:
		w := []string{"SILENCETIME"}
		for _, p := range c.Periods {
			if !p.Daily() { // the frame has no place for weekdays
				return nil, errs.Invalid("periods", "device.command.days")
			}
			w = append(w, hhmm(p.From)+"-"+hhmm(p.To))
		}
		if len(c.Periods) == 0 {
			w = append(w, "00:00-00:00")
		}
		return words(w...)
	case down.Reminder:
		return words(append([]string{"REMIND"}, reminders(c.Reminders)...)...)
	case down.Contacts:
		w := []string{"PHB"}
		for _, p := range c.Contacts {
			w = append(w, p.Phone, utf16Hex(p.Name))
		}
		return words(w...)
	case down.Text:
		return words("MESSAGE", utf16Hex(c.Text))
	case down.Voice:
		return append([]byte("TK,"), Escape(c.Voice)...), nil
	case down.Language:
		return words("LZ", c.Language, hours(c.OffsetMinutes))
	case down.Reward:
		return words("FLOWER", strconv.Itoa(c.Count))
	case down.Find:
		return words("FIND")
	case down.CallBack:
		return words("CALL", c.Phone)
	case down.Reset:
		return words("RESET")
	case down.PowerOff:
		return words("POWEROFF")
	}
	return nil, down.Unsupported()
}

func hhmm(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// reminders writes hh:mm-switch-repeat[-days]: repeat 1 once, 2 every day, 3
// the days, Sunday first.
func reminders(list []down.Alert) []string {
	var out []string
	for _, a := range list {
		on, s := "0", ""
		if a.On {
			on = "1"
		}
		switch a.Days {
		case 0:
			s = "1"
		case 127:
			s = "2"
		default:
			s = "3-"
			for _, day := range []int{6, 0, 1, 2, 3, 4, 5} {
				s += strconv.Itoa(int(a.Days >> day & 1))
			}
		}
		out = append(out, hhmm(a.At)+"-"+on+"-"+s)
	}
	return out
}

// utf16Hex is how the watch takes text: four hex digits for each UTF-16 unit.
func utf16Hex(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04x", u)
	}
	return b.String()
}

// hours writes an offset in hours with its sign and without needless zeros:
// +8, +5.75, -11.5.
func hours(minutes int) string {
	s := strconv.FormatFloat(float64(minutes)/60, 'f', -1, 64)
	if minutes >= 0 {
		s = "+" + s
	}
	return s
}

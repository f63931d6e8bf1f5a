package gt06

import (
	"strconv"

	"zugou/internal/loop/gateway/down"
)

// Command makes the frame 0x80 of a command. The serial is also written as the
// server flag, which the device repeats in its answer (report.Answer.Serial).
// The words are those that most models share. Errors: those of
// down.Command.Check (listening-in is refused there), and down.Unsupported.
func Command(c down.Command, serial uint16) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	w, err := phrase(c)
	if err != nil {
		return nil, err
	}
	data := be32([]byte{byte(4 + len(w))}, uint32(serial))
	return Encode(false, typeCommand, append(data, w...), serial), nil
}

func phrase(c down.Command) (string, error) {
	onOff := func(word, how string) string {
		if c.On {
			return word + ",ON" + how + "#"
		}
		return word + ",OFF#"
	}
	switch c.Kind {
	case down.Locate:
		return "WHERE#", nil
	case down.Interval:
		return "TIMER," + strconv.Itoa(c.Seconds) + "#", nil
	case down.SOSNumber:
		if c.Phone == "" {
			return "SOS,D," + strconv.Itoa(c.Index) + "#", nil
		}
		return "SOS,A," + [...]string{"", ",", ",,"}[c.Index-1] + c.Phone + [...]string{",,", ",", ""}[c.Index-1] + "#", nil
	case down.LowBattery:
		return onOff("BATALM", ",0"), nil
	case down.RemoveAlarm:
		return onOff("REMALM", ",0"), nil
	case down.Parameters:
		return "PARAM#", nil
	case down.Reset:
		return "RESET#", nil
	}
	return "", down.Unsupported()
}

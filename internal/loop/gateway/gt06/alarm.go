package gt06

import (
	"fmt"

	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// states are what bits 3 to 5 of the terminal's state mean.
var states = [8]report.Alarm{
	1: report.Vibration, 2: report.PowerOff, 3: report.LowBattery, 4: report.SOS, 6: report.Fence, 7: report.Removed,
}

// codes are what the alarm byte means on most models. A cut of the outer power
// is power_off, as the watch's bit 14 and JT/T 808's bit 8.
var codes = map[byte]report.Alarm{
	0x01: report.SOS, 0x02: report.PowerOff, 0x03: report.Vibration, 0x04: report.FenceEnter, 0x05: report.FenceExit,
	0x06: report.Speeding, 0x09: report.Vibration, 0x0a: report.BlindZone, 0x0c: report.Tamper, 0x0e: report.LowBattery, 0x0f: report.LowBattery,
	0x10: report.SIMChanged, 0x11: report.PowerOff, 0x13: report.Tamper, 0x14: report.Door, 0x18: report.Removed,
	0x19: report.LowBattery, 0x23: report.Fall, 0x25: report.Tamper, 0x29: report.Acceleration, 0x2a: report.Cornering,
	0x2b: report.Cornering, 0x2c: report.Accident, 0x30: report.Braking, 0x32: report.Tamper,
}

// Alarms reads the state's bits and the alarm byte, both. A byte that nothing
// is known of is a general alarm; 0 is none, FE and FF tell of the ignition.
func Alarms(state, code byte, p *profile.Profile) []report.Alarm {
	var out []report.Alarm
	if a := states[state>>3&7]; a != "" {
		out = append(out, a)
	}
	if a, ok := p.Alarm(fmt.Sprintf("%02x", code)); ok {
		if a != "" {
			out = append(out, a)
		}
	} else if a := codes[code]; a != "" {
		out = append(out, a)
	} else if code != 0 && code < 0xfe {
		out = append(out, report.General)
	}
	return out
}

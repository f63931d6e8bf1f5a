package jt808

import (
	"strconv"

	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
)

// bits are the alarm bits as the standard has them. A card's "main supply" is
// its battery, so 7 and 8 are low battery and power off. 20 and 21 are told
// apart by the field 0x12.
var bits = [32]report.Alarm{
	0: report.SOS, 1: report.Speeding, 2: report.Fatigue, 3: report.Danger,
	4: report.GNSSFault, 5: report.AntennaCut, 6: report.AntennaShort,
	7: report.LowBattery, 8: report.PowerOff,
	9: report.DisplayFault, 10: report.SpeechFault, 11: report.CameraFault, 12: report.CardFault,
	13: report.SpeedingSoon, 14: report.FatigueSoon,
	15: report.Violation, 16: report.TyrePressure, 17: report.BlindZone, // 2019
	18: report.DriveTime, 19: report.ParkingOvertime, 20: report.Fence, 21: report.Route,
	22: report.SegmentTime, 23: report.OffRoute, 24: report.SpeedFault, 25: report.Fuel,
	26: report.Stolen, 27: report.Ignition, 28: report.Movement,
	29: report.Accident, 30: report.Rollover, 31: report.Door,
}

// Alarms reads every bit of an alarm word. The profile of a model comes first.
// Bits 15 to 17 are reserved before 2019 and used by makers as they like: set
// without a profile they are a general alarm, for an alarm is never dropped.
func Alarms(word uint32, v2019 bool, p *profile.Profile) []report.Alarm {
	var out []report.Alarm
	for bit, name := range bits {
		if word&(1<<bit) == 0 {
			continue
		}
		if a, ok := p.Alarm(strconv.Itoa(bit)); ok {
			name = a
		} else if bit >= 15 && bit <= 17 && !v2019 {
			name = report.General
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

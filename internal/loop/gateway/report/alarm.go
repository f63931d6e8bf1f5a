package report

import "slices"

// Alarm is the name of one kind of alarm, the same for every protocol.
type Alarm string

// The alarms. The order is the order of urgency in Message.Alarms: a call for
// help first, then what happened to the child, to the device, to a vehicle.
const (
	SOS        Alarm = "sos"
	Fall       Alarm = "fall"
	Removed    Alarm = "removed"
	LowBattery Alarm = "low_battery"
	PowerOff   Alarm = "power_off"
	FenceEnter Alarm = "fence_enter"
	FenceExit  Alarm = "fence_exit"
	Vibration  Alarm = "vibration"
	Tamper     Alarm = "tamper"
	Movement   Alarm = "movement"
	Speeding   Alarm = "speeding"
	Accident   Alarm = "accident"
	General    Alarm = "general"

	Fence           Alarm = "fence" // crossed, direction not told
	PowerCut        Alarm = "power_cut"
	LowPower        Alarm = "low_power" // of the main supply
	Door            Alarm = "door"
	Danger          Alarm = "danger_warning"
	Fatigue         Alarm = "fatigue"
	SpeedingSoon    Alarm = "speeding_warning"
	FatigueSoon     Alarm = "fatigue_warning"
	GNSSFault       Alarm = "gnss_fault"
	AntennaCut      Alarm = "antenna_cut"
	AntennaShort    Alarm = "antenna_short"
	DisplayFault    Alarm = "display_fault"
	SpeechFault     Alarm = "speech_fault"
	CameraFault     Alarm = "camera_fault"
	CardFault       Alarm = "card_fault"
	Violation       Alarm = "violation"
	TyrePressure    Alarm = "tyre_pressure"
	BlindZone       Alarm = "blind_zone"
	DriveTime       Alarm = "drive_time"
	ParkingOvertime Alarm = "parking_overtime"
	RouteEnter      Alarm = "route_enter"
	RouteExit       Alarm = "route_exit"
	Route           Alarm = "route" // in or out, not told
	SegmentTime     Alarm = "segment_time"
	OffRoute        Alarm = "off_route"
	SpeedFault      Alarm = "speed_sensor_fault"
	Fuel            Alarm = "fuel"
	Stolen          Alarm = "stolen"
	Ignition        Alarm = "ignition"
	Rollover        Alarm = "rollover"
	Silence         Alarm = "signal_lost"
	SIMChanged      Alarm = "sim_changed"
	Acceleration    Alarm = "acceleration"
	Braking         Alarm = "braking"
	Cornering       Alarm = "cornering"
	LaneChange      Alarm = "lane_change"
	HeartRateAlarm  Alarm = "heart_rate"
	TemperatureHigh Alarm = "temperature"
	Lock            Alarm = "lock"
	VoiceHelp       Alarm = "voice_help" // the wearer called for help by voice
)

var order = []Alarm{
	SOS, VoiceHelp, Fall, Removed, LowBattery, PowerOff, FenceEnter, FenceExit, Vibration, Tamper, Movement, Speeding, Accident, General,
	Fence, PowerCut, LowPower, Door, Danger, Fatigue, SpeedingSoon, FatigueSoon, GNSSFault, AntennaCut, AntennaShort,
	DisplayFault, SpeechFault, CameraFault, CardFault, Violation, TyrePressure, BlindZone, DriveTime, ParkingOvertime,
	RouteEnter, RouteExit, Route, SegmentTime, OffRoute, SpeedFault, Fuel, Stolen, Ignition, Rollover,
	Silence, SIMChanged, Acceleration, Braking, Cornering, LaneChange, HeartRateAlarm, TemperatureHigh, Lock,
}

var rank = func() map[Alarm]int {
	m := make(map[Alarm]int, len(order))
	for i, a := range order {
		m[a] = i
	}
	return m
}()

// Known reports whether a is a name of this list; profiles are checked by it.
func Known(a Alarm) bool { _, ok := rank[a]; return ok }

// Names lists every alarm, most urgent first.
func Names() []Alarm { return slices.Clone(order) }

// Raise adds alarms to the message, each name once, most urgent first.
func (m *Message) Raise(alarms ...Alarm) {
	for _, a := range alarms {
		if a == "" || m.Alarmed(a) {
			continue
		}
		i, _ := slices.BinarySearchFunc(m.Alarms, a, func(x, y Alarm) int { return rank[x] - rank[y] })
		m.Alarms = slices.Insert(m.Alarms, i, a)
	}
}

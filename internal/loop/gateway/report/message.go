package report

import "time"

// Message is one report of one device.
type Message struct {
	// DeviceID as the device names itself: watch as sent, JT/T 808 without
	// leading zeros, GT06 the IMEI of its login ("" when not told yet).
	DeviceID string `json:"device_id,omitempty"`
	// Type as on the wire: "UD_LTE", "0x0200", "0x16".
	Type string `json:"type,omitempty"`
	// Time of the device's clock, UTC; zero when it sent none.
	Time time.Time `json:"time,omitzero"`

	Valid      *bool    `json:"valid,omitempty"`     // the device calls its fix good
	Lat        *float64 `json:"lat,omitempty"`       // degrees, north positive
	Lon        *float64 `json:"lon,omitempty"`       // degrees, east positive
	SpeedKmh   *float64 `json:"speed_kmh,omitempty"` // km/h
	Course     *float64 `json:"course,omitempty"`    // degrees from north
	Altitude   *float64 `json:"altitude,omitempty"`  // metres
	Accuracy   *float64 `json:"accuracy,omitempty"`  // last value of a watch's tail; unit not documented, metres by all samples
	Battery    *int     `json:"battery,omitempty"`   // percent
	Steps      *int     `json:"steps,omitempty"`
	Satellites *int     `json:"satellites,omitempty"`
	Signal     *int     `json:"signal,omitempty"` // radio strength in the protocol's own unit

	Alarms []Alarm            `json:"alarms,omitempty"` // most urgent first
	Cells  []Cell             `json:"cells,omitempty"`
	Wifi   []Wifi             `json:"wifi,omitempty"`
	Vitals map[string]float64 `json:"vitals,omitempty"` // keys: see Vital*
	Media  *Media             `json:"media,omitempty"`

	// History marks a replay of a blind spot: it never moves "last known".
	History bool `json:"history,omitempty"`

	// System and Locator are told by badges of our own contract: the coordinate
	// system of Lat and Lon ("" = WGS-84), and gnss, wifi or cell ("" = gnss).
	System  string `json:"crs,omitempty"`
	Locator string `json:"src,omitempty"`

	// Model and Edition tell by which profile an alarm was read, Hints what that
	// profile says beside it. Hints are told, they never take an alarm away.
	Model   string `json:"-"`
	Edition int    `json:"-"`
	Hints   []Hint `json:"-"`

	// Secret: the position went through the state's secrecy plug-in and is
	// not WGS-84 (JT/T 808 status bit 5).
	Secret bool `json:"secret,omitempty"`

	AlarmBits  *uint32 `json:"-"` // raw words, for the record
	StatusBits *uint32 `json:"-"`

	ICCID  string  `json:"iccid,omitempty"`
	Text   string  `json:"text,omitempty"`   // what the device said in words, such as the answer to a command
	Answer *Answer `json:"answer,omitempty"` // the device's answer to a command of ours

	// Reply is the whole frame that answers this message, nil when none is
	// due. Of a batch only the last message carries it.
	Reply []byte `json:"-"`
	// Raw is the frame as received, shared by the messages of a batch.
	Raw []byte `json:"-"`
	// Err names what could not be read.
	Err string `json:"error,omitempty"`
}

// Cell is one base station; RSSI in the protocol's own unit.
type Cell struct {
	MCC  *int   `json:"mcc,omitempty"`
	MNC  *int   `json:"mnc,omitempty"`
	LAC  uint32 `json:"lac"`
	CID  uint64 `json:"cid"`
	RSSI *int   `json:"rssi,omitempty"`
}

// Wifi is one access point. SSID is nil when the protocol carries none, and ""
// when the device sent an empty name.
type Wifi struct {
	SSID *string `json:"ssid,omitempty"`
	MAC  string  `json:"mac"`
	RSSI *int    `json:"rssi,omitempty"` // dBm where negative
}

// Hint is what a model's profile says beside one of its alarms: a key of the
// locale ("sos_or_charger"), or the officials' own words.
type Hint struct {
	Alarm Alarm  `json:"alarm"`
	Hint  string `json:"hint"`
}

// Unproven is the hint of an alarm that came from somebody who had not signed
// on as the device: it is taken, for help must not wait for a code, and told.
const Unproven = "unproven"

// Media is a voice message or a picture, whole or a part of one.
type Media struct {
	Kind   string `json:"kind"`   // "audio" or "image"
	Format string `json:"format"` // "amr", "jpg", …
	Name   string `json:"name,omitempty"`
	Part   int    `json:"part,omitempty"`  // 1…Parts; 0 when whole
	Parts  int    `json:"parts,omitempty"` // 0 when whole
	Bytes  int    `json:"bytes"`           // length of Data
	Data   []byte `json:"-"`
}

// Answer is what the device says of a command.
type Answer struct {
	Serial uint16 `json:"serial"`
	ID     uint16 `json:"id"`
	Result uint8  `json:"result"` // 0 done; the rest by protocol
}

// The keys of Message.Vitals.
const (
	HeartRate   = "heart_rate"  // per minute; 0 means "not worn", never an alarm
	Systolic    = "systolic"    // mmHg
	Diastolic   = "diastolic"   // mmHg
	Temperature = "temperature" // °C
	SpO2        = "spo2"        // percent
)

// Vital sets one vital sign.
func (m *Message) Vital(key string, v float64) {
	if m.Vitals == nil {
		m.Vitals = make(map[string]float64, 1)
	}
	m.Vitals[key] = v
}

// Fault notes a field that could not be read, and goes on.
func (m *Message) Fault(err error) {
	if err == nil {
		return
	}
	if m.Err != "" {
		m.Err += "; "
	}
	m.Err += err.Error()
}

// Alarmed reports whether the message carries a.
func (m *Message) Alarmed(a Alarm) bool {
	for _, have := range m.Alarms {
		if have == a {
			return true
		}
	}
	return false
}

package report

import (
	"encoding/json"
	"testing"
	"time"

	"zugou/internal/kernel/errs"
)

func TestRaise(t *testing.T) {
	var m Message
	m.Raise(General, LowBattery, "", Removed)
	m.Raise(LowBattery, SOS, Fall)
	b, err := json.Marshal(m)
	if err != nil || string(b) != `{"alarms":["sos","fall","removed","low_battery","general"]}` {
		t.Errorf("%s %v", b, err)
	}
	seen := map[Alarm]bool{}
	for _, a := range Names() {
		if seen[a] || !Known(a) {
			t.Errorf("%s twice or unknown", a)
		}
		seen[a] = true
	}
	if Known("help") {
		t.Error("an unknown alarm is known")
	}
}

func TestAbsentIsLeftOut(t *testing.T) {
	m := Message{DeviceID: "1", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Valid: new(false), Lat: new(0.0), Battery: new(0), Wifi: []Wifi{{SSID: new(""), MAC: "a"}, {MAC: "b"}}, Cells: []Cell{{MNC: new(0)}}}
	m.Fault(nil)
	m.Fault(Bad("time", "x"))
	m.Fault(Bad("lat", "y %d", 1))
	b, _ := json.Marshal(m)
	if string(b) != `{"device_id":"1","time":"2026-01-02T03:04:05Z","valid":false,"lat":0,"battery":0,"cells":[{"mnc":0,"lac":0,"cid":0}],"wifi":[{"ssid":"","mac":"a"},{"mac":"b"}],"error":"time: x; lat: y 1"}` {
		t.Errorf("%s", b)
	}
	if !errs.Is(Bad("a", "b"), errs.KindInvalid) {
		t.Error("kind")
	}
}

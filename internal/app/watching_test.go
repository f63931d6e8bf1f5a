package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"zugou/internal/app"
	"zugou/internal/centre/matter"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	"zugou/internal/people/region"
)

// says hands one message of a badge to the seat, as a gateway does.
func says(t *testing.T, a *app.App, deviceID string, m report.Message, key string) seat.Receipt {
	t.Helper()
	m.DeviceID = deviceID
	got, err := a.Seat.Take(access.With(context.Background(), access.System("gateway")),
		gateway.Signal(signal.Watch, gateway.Frame{Messages: []report.Message{m}, Content: []byte(key)}, 0, a.Clock.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Whatever the guard thinks of a message, class A rings at the seat: no place,
// a guess of a place, history, a dead clock, a battery at its end, the same
// alarm a second ago.
func TestNothingFiltersClassA(t *testing.T) {
	a, _, _ := open(t)
	no, yes, zero, far, flat := false, true, 0.0, 39.9, 1
	tests := []struct {
		name string
		m    report.Message
	}{
		{"V and 0, 0", report.Message{Type: "AL_LTE", Valid: &no, Lat: &zero, Lon: &zero, Alarms: []report.Alarm{report.SOS}, Time: time.Now()}},
		{"a guess by cells, a thousand kilometres away", report.Message{Type: "AL", Valid: &yes, Lat: &far, Lon: &far, Locator: "cell", Alarms: []report.Alarm{report.SOS}, Time: time.Now()}},
		{"a fall with a flat battery", report.Message{Type: "AL", Battery: &flat, Alarms: []report.Alarm{report.Fall, report.LowBattery}, Time: time.Now()}},
		{"taken off", report.Message{Type: "AL", Alarms: []report.Alarm{report.Removed}, Time: time.Now()}},
		{"SOS as a state bit in a position", report.Message{Type: "UD", Valid: &no, Alarms: []report.Alarm{report.SOS}, Time: time.Now()}},
		{"from history", report.Message{Type: "AL", History: true, Alarms: []report.Alarm{report.SOS}, Time: time.Now().Add(-5 * time.Hour)}},
		{"a clock of the year 2019", report.Message{Type: "AL", Alarms: []report.Alarm{report.SOS}, Time: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for press := range 2 {
				got := says(t, a, device.DemoDeviceID(100+i), tt.m, fmt.Sprintf("%s %d", tt.name, press))
				if got.Matter == "" || got.Child == "" {
					t.Fatalf("press %d rang nowhere: %+v", press, got)
				}
				if press == 0 && tt.m.Type == "UD" {
					break // the state stays up: the same press
				}
			}
		})
	}
}

// A badge in the river: its matter stands at the seat, with words and a clock,
// in the same change as the position.
func TestADangerZoneOpensAMatter(t *testing.T) {
	a, _, s := open(t)
	section := signIn(t, s.URL, "section1")
	status, out := section.do("POST", "/api/fences", map[string]any{"kind": "river", "region": "500111", "name": "濑溪河", "active": true,
		"outline": map[string]any{"circle": map[string]any{"lat": 29.5, "lon": 105.7, "radius_m": 200}}})
	if status != 200 {
		t.Fatalf("%d %v", status, out)
	}
	yes, lat, lon, sats := true, 29.5, 105.7, 9
	says(t, a, device.DemoDeviceID(7), report.Message{Type: "UD", Valid: &yes, Lat: &lat, Lon: &lon, Satellites: &sats, Time: a.Clock.Now()}, "river")
	var found []matter.Matter
	if err := a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		found, err = matter.Select(ctx, r, "WHERE kind = 'water'")
		return err
	}); err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	if text, _ := a.Matters.Unseal(found[0]); !strings.Contains(text, "濑溪河") || !found[0].Crisis || found[0].ChildID == "" {
		t.Errorf("%q %+v", text, found[0])
	}
	status, out = section.do("GET", "/api/guard/alarms?child="+string(found[0].ChildID), nil)
	items, _ := out["items"].([]any)
	if status != 200 || len(items) != 1 || items[0].(map[string]any)["matter_id"] != string(found[0].ID) {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := signIn(t, s.URL, "system1").do("GET", "/api/fences", nil); status != 403 {
		t.Errorf("the system administrator reads fences: %d", status)
	}
}

// A child who presses far from home is helped by whoever is near the child.
func TestTheSceneIsWhereTheChildIs(t *testing.T) {
	a, _, s := open(t)
	ctx := context.Background()
	var home, other string
	var lat, lon float64
	if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		d, err := device.Find(ctx, r, device.DemoDeviceID(120))
		if err != nil {
			return err
		}
		home = d.Region
		areas, err := a.Atlas.Table(ctx, r)
		if err != nil {
			return err
		}
		for _, town := range areas.Children(region.Code(a.Config.District)) {
			if !town.Code.Contains(region.Code(home)) {
				v := areas.Children(town.Code)[0]
				other = areas.Label(v.Code)
				lat, lon, _ = areas.Coordinates(v.Code)
				return nil
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	yes, battery := true, 60
	m := report.Message{Type: "AL", Valid: &yes, Lat: &lat, Lon: &lon, Locator: "gps", Battery: &battery, Alarms: []report.Alarm{report.SOS}, Time: a.Clock.Now()}
	got := says(t, a, device.DemoDeviceID(120), m, "far from home")
	op := signIn(t, s.URL, "seat1")
	card := func() map[string]any {
		status, out := op.do("GET", "/api/matters/"+string(got.Matter), nil)
		if status != 200 {
			t.Fatalf("%d %v", status, out)
		}
		return out
	}
	if at := card()["scene"]; at != other {
		t.Errorf("the scene is %v, want %s", at, other)
	}
	if status, out := op.do("POST", "/api/matters/"+string(got.Matter)+"/dispatch", map[string]any{"key": "k1", "as_of_step": 0}); status != 200 {
		t.Fatalf("%d %v", status, out)
	}
	if order := card()["orders"].([]any)[0].(map[string]any); order["region_name"] != other {
		t.Errorf("the order goes to %v, want %s", order["region_name"], other)
	}
}

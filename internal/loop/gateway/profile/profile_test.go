package profile

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/fstest"

	"zugou/internal/loop/gateway/report"
	"zugou/policy/devices"
)

func TestBuiltIn(t *testing.T) {
	set, err := Load(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(set.Names("jt808"), " "); got != "aovx c5 e8 g10ls generic lock standard w15l" {
		t.Errorf("%s", got)
	}
	if set["watch-4g"].Hints["sos"] == "" {
		t.Error("no hint")
	}
	// A base is merged field by field inside EB.
	if sub := set["w15l"].TLV["eb"][0].Sub; sub["00b2"].Read != "iccid" || sub["0089"].Read != "bits" {
		t.Errorf("%+v", sub)
	}
	if _, ok := set["standard"].Alarm("16"); ok {
		t.Error("the standard profile names a vendor bit")
	}
	if _, ok := (*Profile)(nil).Alarm("16"); ok || (*Profile)(nil).Field(&report.Message{}, 1, nil) {
		t.Error("no profile, no meaning")
	}
}

func TestRefused(t *testing.T) {
	head := `{"name":"x","title":"t","source":"s","protocol":"jt808"`
	for _, body := range []string{
		``, `{}`, `{"name":"y","title":"t","source":"s","protocol":"jt808"}`, head + `,"new":1}`, `{"name":"x","title":"t","source":"","protocol":"jt808"}`,
		`{"name":"x","title":"t","source":"s","protocol":"udp"}`, head + `,"alarms":{"32":"sos"}}`, head + `,"alarms":{"a":"sos"}}`, head + `,"alarms":{"1":"help"}}`,
		head + `,"tlv":{"5":[]}}`, head + `,"tlv":{"5D":[]}}`, head + `,"tlv":{"5d":[{"read":"luck"}]}}`, head + `,"tlv":{"5d":[{"read":"cells"}]}}`,
		head + `,"tlv":{"5d":[{"read":"battery","size":5}]}}`, head + `,"tlv":{"5d":[{"read":"bits","alarms":{"32":"sos"}}]}}`, head + `,"tlv":{"5d":[{"read":"sub","sub":{"1":{"read":"iccid"}}}]}}`,
		head + `,"tlv":{"5d":[{"read":"sub","sub":{"0001":{"read":"sub"}}}]}}`, head + `,"base":"nix"}`, head + `,"heartbeat":[{"read":""}]}`,
	} {
		if _, err := Load(fstest.MapFS{"x.json": {Data: []byte(body)}}); err == nil {
			t.Errorf("%s passed", body)
		}
	}
}

func TestNumbers(t *testing.T) {
	m := &report.Message{}
	p := &Profile{Heartbeat: []Rule{
		{Read: "battery", At: 0}, {Read: "signal", At: -1}, {Read: "satellites", At: 1}, {Read: "temperature", At: 1, Size: 2, Scale: 0.1, Offset: -50},
		{Read: "heart_rate", At: 9}, {Read: "spo2", At: -9}, {Read: "heart_rate", At: 3, Nonzero: true}, {Read: "event", Size: 1, Alarms: map[string]report.Alarm{"50": report.Fall}},
	}}
	p.Beat(m, []byte{0x50, 3, 0x5c, 0, 7})
	if *m.Battery != 80 || *m.Signal != 7 || *m.Satellites != 3 || m.Vitals[report.Temperature] != 36 || len(m.Vitals) != 1 || !m.Alarmed(report.Fall) {
		t.Errorf("%+v %v", m, m.Vitals)
	}
	p = &Profile{TLV: map[string][]Rule{"b9": {{Read: "wifi_text", At: 1}}}}
	p.Field(m, 0xb9, []byte("\x02aa:bb:cc:dd:ee:01,-60,aabbccddee02,-61,x,1"))
	if len(m.Wifi) != 2 || m.Wifi[1].MAC != "aa:bb:cc:dd:ee:02" || *m.Wifi[1].RSSI != -61 {
		t.Errorf("%+v", m.Wifi)
	}
}

// A list without a count, in a field whose lists have one, is another maker's:
// read all the same it would name stations that are none, and where a child is.
func TestAListThatIsNotCountedIsLeftAlone(t *testing.T) {
	p := &Profile{TLV: map[string][]Rule{"54": {{Read: "wifi", Counted: true}}}}
	for _, c := range []struct {
		hex  string
		want int
	}{
		{"02 aabbccddee01c4 aabbccddee02b0", 2}, {"01 aabbccddee01c4 aabbccddee02b0", 1}, {"09 aabbccddee01c4 aabbccddee02b0", 2},
		{"aabbccddee01c4 aabbccddee02b0", 0}, {"00", 0}, {"", 0}, {"01", 0}, {"02 aabbccddee01c4 aabb", 0},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		m := &report.Message{}
		p.Field(m, 0x54, b)
		if len(m.Wifi) != c.want || c.want > 0 && m.Wifi[0].MAC != "aa:bb:cc:dd:ee:01" {
			t.Errorf("%q: %+v", c.hex, m.Wifi)
		}
	}
}

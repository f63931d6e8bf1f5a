package contract_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"zugou/internal/loop/gateway/contract"
	"zugou/internal/loop/gateway/report"
)

func TestAWrongFieldIsNamedAndLeftOut(t *testing.T) {
	said, ok := contract.Read("B-1", "alarm", []byte(`{"mid":"m","kind":"sos","lat":"north","lon":105.7,"batt":300,"crs":"mars","vitals":{"heart_rate":80},"t":1772600767000}`))
	m := said.Message
	if !ok || m.Lat != nil || m.Lon == nil || m.Battery != nil || m.Vitals[report.HeartRate] != 80 || !m.Alarmed(report.SOS) || m.Time.IsZero() {
		t.Errorf("%+v", m)
	}
	for _, field := range []string{"lat", "batt", "crs"} {
		if !strings.Contains(m.Err, field) {
			t.Errorf("%q does not name %s", m.Err, field)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"mid":"m","kind":"sos","t":1772600767000,"lat":29.6,"lon":105.7,"crs":"gcj02","acc":12,"src":"wifi","batt":77,"seq":12}`, `{`, `[]`, `null`,
		`{"alarms":["fall","dragon"],"cells":[{"mcc":460,"mnc":0,"lac":1,"cid":2}],"wifi":[{"mac":"a"}],"voice":"AAAA"}`, `{"t":1e400,"lat":-91,"mid":""}`, `{"cid":"c","ok":true,"text":"x"}`} {
		for i := range contract.Subjects() {
			f.Add(uint8(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		subject := contract.Subjects()[int(which)%len(contract.Subjects())]
		said, ok := contract.Read("B-1", subject, payload)
		if subject == "alarm" && (!ok || len(said.Message.Alarms) == 0) {
			t.Fatalf("an alarm was lost: %+v", said)
		}
		if subject != "alarm" && len(said.Message.Alarms) > 0 {
			t.Fatalf("an alarm of %s", subject)
		}
		if said.Mid != "" && !contract.Mid(said.Mid) {
			t.Fatalf("mid %q", said.Mid)
		}
		if said.Message.DeviceID != "B-1" {
			t.Fatalf("said by %q", said.Message.DeviceID)
		}
		if _, err := json.Marshal(said.Message); err != nil {
			t.Fatal(err)
		}
		if v := said.Message.Lat; v != nil && (*v < -90 || *v > 90) {
			t.Fatalf("lat %v", *v)
		}
		if bytes.Contains([]byte(said.Message.Err), []byte("\x00")) {
			t.Fatal("raw bytes in a reason")
		}
	})
}

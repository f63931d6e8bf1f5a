package profile

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zugou/internal/kernel/problem"
	"zugou/internal/loop/gateway/report"
	"zugou/policy/devices"
)

const head = `{"name":"x","title":"t","source":"s","protocol":"jt808"`

// written parses a text that is well formed.
func written(t *testing.T, text string) *Profile {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// What a page may hand in is bounded beyond what a file of ours is.
func TestNoProfileSilencesTheProtocolsOwnCallForHelp(t *testing.T) {
	for _, body := range []string{
		head + `,"alarms":{"0":""}}`, head + `,"alarms":{"0":"vibration"}}`,
		`{"name":"x","title":"t","source":"s","protocol":"gt06","alarms":{"01":""}}`, `{"name":"x","title":"t","source":"s","protocol":"gt06","alarms":{"01":"door"}}`,
		`{"name":"x","title":"t","source":"s","protocol":"gt06","alarms":{"18":""}}`, `{"name":"x","title":"t","source":"s","protocol":"gt06","alarms":{"23":""}}`,
		`{"name":"x","title":"t","source":"s","protocol":"watch","alarms":{"16":""}}`,
	} {
		if _, err := Parse([]byte(body)); err == nil {
			t.Errorf("%s passed", body)
		}
	}
	// Made by hand, past the check: the readers ask Alarm, and it does not yield.
	for protocol, key := range map[string]string{"jt808": "0", "gt06": "01"} {
		p := &Profile{Protocol: protocol, Alarms: map[string]report.Alarm{key: ""}}
		if a, ok := p.Alarm(key); a != report.SOS || !ok {
			t.Errorf("%s %s: %q %v", protocol, key, a, ok)
		}
	}
	written(t, head+`,"alarms":{"0":"sos","16":""}}`)
}

func TestNumbersThatNoBytesMayMakeRunOver(t *testing.T) {
	for _, rule := range []string{
		`"read":"battery","at":9223372036854775807,"size":4`, `"read":"battery","at":-9223372036854775808`, `"read":"battery","scale":1e300`, `"read":"temperature","offset":-1e300`,
		`"read":"battery","length":[-1]`, `"read":"bits","size":1,"alarms":{"8":"sos"}`, `"read":"bits","alarms":{"01":"sos"}`, `"read":"event","size":2,"alarms":{"c01":"sos"}`, `"read":"event","size":2,"alarms":{"0C01":"sos"}`,
		`"read":"bits"`, `"read":"battery","alarms":{"1":"sos"}`, `"read":"sub"`, `"read":"wifi","sub":{"0001":{"read":"iccid"}}`,
	} {
		if _, err := Parse([]byte(head + `,"tlv":{"e8":[{` + rule + `}]}}`)); err == nil {
			t.Errorf("%s passed", rule)
		}
	}
	for _, more := range []string{
		`,"alarms":{"00":"sos"}`, `,"tlv":{"12":[{"read":"battery"}]}`, `,"tlv":{"30":[]}`, `,"hints":{"help":"x"}`, `,"hints":{"sos":""}`, `,"hints":{"sos":"unknown_key"}`,
		`,"hints":{"sos":"` + strings.Repeat("长", mostWords+1) + `"}`, `,"tlv":{"e8":[` + strings.Repeat(`{"read":"battery"},`, mostRules) + `{"read":"battery"}]}`,
	} {
		if _, err := Parse([]byte(head + more + `}`)); err == nil {
			t.Errorf("%s passed", more)
		}
	}
	for _, name := range []string{"watch", "jt808", "gt06", "mqtt", "X", "a b", "1a", strings.Repeat("a", 21)} {
		if _, err := Parse([]byte(strings.Replace(head, `"x"`, `"`+name+`"`, 1) + `}`)); err == nil {
			t.Errorf("the name %q passed", name)
		}
	}
	if _, err := Parse([]byte(head + `}{}`)); err == nil {
		t.Error("two profiles passed")
	}
	if _, err := Parse([]byte(head + `,"title":"` + strings.Repeat("x", MostBytes) + `"}`)); err == nil {
		t.Error("a long text passed")
	}
}

// A version may read more, never less: each of these takes a call for help away.
func TestAVersionNeverTakesACallForHelpAway(t *testing.T) {
	shipped, err := Read(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"field left out":      `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard"}`,
		"field emptied":       `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[]}}`,
		"another value":       `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[{"read":"event","size":2,"alarms":{"0c02":"sos"}}]}}`,
		"called otherwise":    `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[{"read":"event","size":2,"alarms":{"0c01":"movement"}}]}}`,
		"elsewhere":           `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[{"read":"event","at":1,"size":2,"alarms":{"0c01":"sos"}}]}}`,
		"only of one length":  `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[{"read":"event","length":[2],"size":2,"alarms":{"0c01":"sos"}}]}}`,
		"one bit of three":    `{"name":"lock","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e7":[{"read":"bits","at":-1,"size":1,"alarms":{"1":"sos","2":"sos"}}]}}`,
		"inverted":            `{"name":"lock","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e7":[{"read":"bits","at":-1,"size":1,"inverted":true,"alarms":{"1":"sos","2":"sos","3":"sos"}}]}}`,
		"code of gt06":        `{"name":"vl","title":"t","source":"s","protocol":"gt06","alarms":{"04":"fence_enter"}}`,
		"code left out":       `{"name":"vl","title":"t","source":"s","protocol":"gt06"}`,
		"taken off silenced":  `{"name":"g10ls","title":"t","source":"s","protocol":"jt808","base":"standard","alarms":{"17":""}}`,
		"another protocol":    `{"name":"vl","title":"t","source":"s","protocol":"jt808"}`,
		"a base that is none": `{"name":"vl","title":"t","source":"s","protocol":"gt06","base":"standard","alarms":{"04":"sos"}}`,
	} {
		if _, err := shipped.With(written(t, text)); err == nil {
			t.Errorf("%s passed", name)
		} else if list, whole := problem.List(err); !whole || len(list) == 0 {
			t.Errorf("%s: nothing to show: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"more values":  `{"name":"e8","title":"t","source":"s","protocol":"jt808","base":"standard","tlv":{"e8":[{"read":"event","size":2,"alarms":{"0c01":"sos","0c02":"fall"}}]}}`,
		"a new model":  `{"name":"new","title":"t","source":"s","protocol":"jt808","base":"standard","alarms":{"15":"sos"}}`,
		"only a hint":  `{"name":"watch-4g","title":"t","source":"s","protocol":"watch"}`,
		"fall renamed": `{"name":"vl","title":"t","source":"s","protocol":"gt06","alarms":{"04":"sos","23":"vibration"}}`,
	} {
		if _, err := shipped.With(written(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What stands on a base keeps the base's calls, and loses none with it.
	calling := written(t, `{"name":"standard","title":"t","source":"s","protocol":"jt808","alarms":{"16":"sos"},"heartbeat":[{"read":"bits","nonzero":true,"alarms":{"0":"sos"}}]}`)
	if _, err := shipped.With(calling); err == nil {
		t.Error("a base calls for help by a bit that a model on it calls otherwise")
	}
	calling.Alarms = map[string]report.Alarm{"19": report.SOS}
	with, err := shipped.With(calling)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"the base": `{"name":"standard","title":"t","source":"s","protocol":"jt808"}`,
		"a bit":    `{"name":"c5","title":"t","source":"s","protocol":"jt808","base":"standard","alarms":{"19":""}}`,
		"the beat": `{"name":"c5","title":"t","source":"s","protocol":"jt808","base":"standard","heartbeat":[]}`,
		"no base":  `{"name":"c5","title":"t","source":"s","protocol":"jt808"}`,
	} {
		if _, err := with.With(written(t, text)); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	// The versions below are as they were: With makes another set.
	if _, ok := shipped["standard"].Alarms["19"]; ok || shipped["c5"].Heartbeat != nil {
		t.Error("the program's own profiles were changed")
	}
}

// Whatever passes the check reads any bytes without failing, and what it makes
// of them can be written down.
func TestWhatPassesReadsAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
		r := fmt.Sprintf(`{"read":%q,"at":%d,"size":%d,"scale":%d,"offset":%d,"counted":%v,"inverted":%v,"cid":%d`, rapid.SampledFrom(reads).Draw(t, "read"), num("at", -1100, 1100), num("size", 0, 5),
			num("scale", -1100, 1100), num("offset", -100_001, 100_001), num("counted", 0, 1) == 1, num("inverted", 0, 1) == 1, num("cid", 0, 5))
		switch num("with", 0, 3) {
		case 1:
			r += `,"alarms":{"3":"fall"}`
		case 2:
			r += `,"alarms":{"0c01":"fall"}`
		case 3:
			r += `,"sub":{"0001":{"read":"temperature","size":4,"scale":1000,"offset":100000}}`
		}
		p, err := Parse([]byte(head + `,"tlv":{"e8":[` + r + `}]}}`))
		if err != nil {
			return
		}
		m := &report.Message{}
		p.Field(m, 0xe8, rapid.SliceOfN(rapid.Byte(), 0, 255).Draw(t, "value"))
		if _, err := json.Marshal(m); err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
	})
}

func TestAnAlarmSaysByWhichVersionItWasReadAndWhatToKnow(t *testing.T) {
	set, err := Load(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	m := &report.Message{}
	set["watch-4g"].Mark(m)
	if m.Model != "" || m.Hints != nil {
		t.Errorf("a report without an alarm was marked: %+v", m)
	}
	m.Raise(report.LowBattery, report.SOS)
	set["watch-4g"].Mark(m)
	if m.Model != "watch-4g" || len(m.Hints) != 1 || m.Hints[0] != (report.Hint{Alarm: report.SOS, Hint: "sos_or_charger"}) || len(m.Alarms) != 2 {
		t.Errorf("%+v", m)
	}
	(*Profile)(nil).Mark(m)
}

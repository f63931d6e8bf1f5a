package watch

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/report"
)

func message(t *testing.T, frame string) report.Message {
	t.Helper()
	m, err := Decode([]byte(frame))
	if err != nil {
		t.Fatalf("%s: %v", frame, err)
	}
	return m
}

// frame wraps content with a right LEN.
func frame(content string) string {
	return string(Header{Vendor: "3G", ID: "1540000001"}.Encode([]byte(content)))
}

func alarms(m report.Message) string {
	var s []string
	for _, a := range m.Alarms {
		s = append(s, string(a))
	}
	return strings.Join(s, " ")
}

func TestEveryBitOfTheStatusWord(t *testing.T) {
	want := map[int]string{0: "low_battery", 1: "fence_exit", 2: "fence_enter", 14: "power_off", 16: "sos", 17: "low_battery",
		18: "fence_exit", 19: "fence_enter", 20: "removed", 21: "fall", 22: "fall"}
	for bit := range 32 {
		for _, typ := range []string{"UD", "AL"} {
			m := message(t, frame(fmt.Sprintf("%s,040418,052156,V,0.0,N,0.0,E,0,0,0,5,100,82,1000,50,%08x,0,0", typ, uint32(1)<<bit)))
			w := want[bit]
			if w == "" && typ == "AL" {
				w = "general"
			}
			if alarms(m) != w || m.Err != "" {
				t.Errorf("%s bit %d: %q %q, want %q", typ, bit, alarms(m), m.Err, w)
			}
			if *m.StatusBits != 1<<bit {
				t.Errorf("raw word %x", *m.StatusBits)
			}
		}
	}
}

func TestSeveralAlarmsSOSFirst(t *testing.T) {
	for status, want := range map[string]string{
		"00010001": "sos low_battery", // the case that others report as low battery only
		"00330001": "sos fall removed low_battery",
		"007f4007": "sos fall removed low_battery power_off fence_enter fence_exit",
		"0001":     "low_battery",
		"0":        "general",
		"00000018": "general",
		"ffffffff": "sos fall removed low_battery power_off fence_enter fence_exit",
	} {
		m := message(t, frame("AL,040418,052156,A,22.500000,N,113.900000,E,0,0,0,5,100,82,1000,50,"+status+",0,0"))
		if alarms(m) != want {
			t.Errorf("%s: %q, want %q", status, alarms(m), want)
		}
	}
}

func TestAnswers(t *testing.T) {
	pos := ",040418,052156,A,22.500000,N,113.900000,E,0,0,0,5,100,82,1000,50,00100000,1,255,460,0,9340,3663,35"
	for _, c := range []struct{ in, want string }{
		{"[3G*8800000015*0002*LK]", "[3G*8800000015*0002*LK]"},
		{"[SG*1540000004*0009*LK,0,100]", "[SG*1540000004*0002*LK]"},
		{"[ZJ*154000000000002*0034*0009*LK,0,0,19]", "[ZJ*154000000000002*0034*0002*LK]"},
		{"[ZJ*154000000000002*00aF*0004*INIT]", "[ZJ*154000000000002*00aF*0006*INIT,1]"},
		{"[3G*8800000015*0006*INIT,1]", "[3G*8800000015*0006*INIT,1]"},
		{"[3G*8800000015*0003*TKQ]", "[3G*8800000015*0003*TKQ]"},
		{"[3G*8800000015*0004*TKQ2]", "[3G*8800000015*0004*TKQ2]"},
		{frame("AL" + pos), "[3G*1540000001*0002*AL]"},
		{frame("AL_LTE" + pos), "[3G*1540000001*0002*AL]"},
		{frame("ALCUSTOMER1" + pos), "[3G*1540000001*0002*AL]"},
		{frame("AL"), "[3G*1540000001*0002*AL]"},
		{frame("AL,garbage"), "[3G*1540000001*0002*AL]"},
		{"[ZJ*154000000000001*0075*0064*AL" + pos + "]", "[ZJ*154000000000001*0075*0002*AL]"},
		{frame("UD" + pos), ""}, {frame("UD2" + pos), ""}, {frame("UD_LTE" + pos), ""}, {frame("WT" + pos), ""}, {frame("WT"), ""},
		{frame("JXTK,0,watch_7,1,6,#!AMR"), "[3G*1540000001*0007*JXTKR,1]"},
		{frame("TK,#!AMR\n"), "[3G*1540000001*0004*TK,1]"},
		{frame("TK,1"), ""}, {frame("TK"), ""},
		{frame("img,5,160908143344,\xff\xd8"), ""},
		{frame("heart,0"), ""}, {frame("rcapture"), ""}, {frame("SOS1"), ""},
	} {
		if m := message(t, c.in); string(m.Reply) != c.want {
			t.Errorf("%s: answer %q, want %q", c.in, m.Reply, c.want)
		}
	}
}

func TestAnAlarmThatCannotBeReadStaysAnAlarm(t *testing.T) {
	for _, content := range []string{"AL", "AL,", "AL,x", "AL,990099,999999,Q,x,N,y,E,,,,,,,,,zz", strings.Repeat("AL,", 40)} {
		m := message(t, frame(content))
		if alarms(m) != "general" || m.Err == "" || string(m.Reply) != "[3G*1540000001*0002*AL]" {
			t.Errorf("%s: %q %q %q", content, alarms(m), m.Err, m.Reply)
		}
	}
	// One bad field, and the bits still count.
	m := message(t, frame("AL,990099,052156,A,22.5,N,113.9,E,0,0,0,5,100,abc,1000,50,00010001,0,0"))
	if alarms(m) != "sos low_battery" || m.Err != "time: not ddmmyy,hhmmss; battery: no number" || *m.Lat != 22.5 || !m.Time.IsZero() {
		t.Errorf("%q %q", alarms(m), m.Err)
	}
}

func TestHemispheres(t *testing.T) {
	for _, c := range []struct {
		in       string
		lat, lon float64
	}{
		{"22.5,N,113.9,E", 22.5, 113.9}, {"22.5,S,113.9,W", -22.5, -113.9}, {"-33.480366,N,-70.7630692,E", -33.480366, -70.7630692},
		{"09.951861,N,-84.1422119,W", 9.951861, -84.1422119}, {"-22.5,S,-9.000000,W", -22.5, -9}, {"16.479064,S,68.119072,", -16.479064, 68.119072},
		{"52.745450,N,0.369512,", 52.74545, 0.369512}, {"48.779045,N, 9.1574736,E", 48.779045, 9.1574736}, {"00.000000,N,000.000000,E", 0, 0},
		{" 0.0,S, -0.0,W", 0, 0}, {"22.5,,-113.9,", 22.5, -113.9}, {"22.5,s,113.9,w", -22.5, -113.9},
	} {
		m := message(t, frame("UD,040418,052156,V,"+c.in+",0,0,0,5,100,82,1000,50,00000000,0,0"))
		if m.Err != "" || *m.Lat != c.lat || *m.Lon != c.lon || *m.Valid {
			t.Errorf("%s: %v %v %q", c.in, *m.Lat, *m.Lon, m.Err)
		}
	}
	if m := message(t, frame("UD,040418,052156,V,,N,,E,,,,,,,,,0000,0,0")); m.Lat != nil || m.Lon != nil || m.Valid == nil || m.Battery != nil || m.Err != "" {
		t.Errorf("absent values: %+v", m)
	}
}

func TestHeartbeat(t *testing.T) {
	m := message(t, "[3G*1540000003*000B*LK,12,10,100]")
	if *m.Steps != 12 || *m.Battery != 100 {
		t.Errorf("%+v", m)
	}
	for _, in := range []string{"LK", "LK,0,100", "LK,", "LK,,,"} {
		if m := message(t, frame(in)); m.Steps != nil || m.Battery != nil || m.Err != "" {
			t.Errorf("%s: %+v", in, m)
		}
	}
}

func TestVitals(t *testing.T) {
	for in, want := range map[string]map[string]float64{
		"PULSE,72":               {"heart_rate": 72},
		"heart,0":                {"heart_rate": 0},
		"Heart,71":               {"heart_rate": 71},
		"bphrt,120,79,73,,,,":    {"systolic": 120, "diastolic": 79, "heart_rate": 73},
		"BLOOD,109,68":           {"systolic": 109, "diastolic": 68},
		"TEMP,36.5":              {"temperature": 36.5},
		"btemp2,1,35.29":         {"temperature": 35.29},
		"BTEMP2,0,35.29":         nil,
		"oxygen,0,98":            {"spo2": 98},
		"OXYGEN,1,97,2026":       {"spo2": 97},
		"BPHRT,120,79,,1,170,60": {"systolic": 120, "diastolic": 79},
	} {
		m := message(t, frame(in))
		if fmt.Sprint(m.Vitals) != fmt.Sprint(want) || m.Err != "" || len(m.Alarms) > 0 || m.Reply != nil {
			t.Errorf("%s: %v %q %v", in, m.Vitals, m.Err, m.Alarms)
		}
	}
	for _, in := range []string{"PULSE", "heart,x", "BLOOD,109", "TEMP,", "oxygen,98", "btemp2,1", "heart,NaN", "heart,1e3", "heart,0x10"} {
		if m := message(t, frame(in)); m.Err == "" {
			t.Errorf("%s passed: %v", in, m.Vitals)
		}
	}
}

func TestNetworkTail(t *testing.T) {
	for _, c := range []struct{ tail, cells, wifi string }{
		{"0,0", "", ""},
		{"0,1,,,,00", "", ""},
		{"0,1,0,0,,10", "", ""},
		{"", "", ""},
		{"7", "", ""},
		{"1,1,240,7,34505,80806406,,00", "240/7/34505/80806406/-", ""},
		{"1,255,460,0,9340,3663,35", "460/0/9340/3663/35", ""},
		{"1,255,460,00,2A4C,01B2F0F,120,0", "460/0/10828/1781519/120", ""},
		{"2,255,232,1,7605,42530,118,7605,58036,119,0,65.8", "232/1/7605/42530/118 232/1/7605/58036/119", ""},
		{"1,1,425,01,1022,80128,100,1,HOME41,02:00:00:00:00:01,-46,1.70", "425/1/1022/80128/100", "HOME41|02:00:00:00:00:01|-46"},
		{"1,1,460,0,1,2,3,2,,AA:bb:cc:dd:ee:01,,b,AA:bb:cc:dd:ee:02,-3", "460/0/1/2/3", "|AA:bb:cc:dd:ee:01|- b|AA:bb:cc:dd:ee:02|-3"},
		{"0,1,2,a,b,aa:bb:cc:dd:ee:01,-1,[c]d]e,aa:bb:cc:dd:ee:02,-2", "", "a,b|aa:bb:cc:dd:ee:01|-1 [c]d]e|aa:bb:cc:dd:ee:02|-2"},
		{"0,1,460,0,1,a,aa:bb:cc:dd:ee:01,-1", "", "a|aa:bb:cc:dd:ee:01|-1"},
		{"0,5,x,aa:bb:cc:dd:ee:01,-1,y,0,-53,0.0", "", "x|aa:bb:cc:dd:ee:01|-1"},
		{"1,1,460,0,1,2,3,1,11:22:33:44:55:66,aa:bb:cc:dd:ee:01,-9", "460/0/1/2/3", "11:22:33:44:55:66|aa:bb:cc:dd:ee:01|-9"},
		{"1,1,460,0,1,2,3,1,a}\x04b}c,aa:bb:cc:dd:ee:01,-9", "460/0/1/2/3", "a,b}c|aa:bb:cc:dd:ee:01|-9"},
		{"3,1,460,0,1,2,3,1,2345,aa:bb:cc:dd:ee:01,-9", "460/0/1/2/3", "2345|aa:bb:cc:dd:ee:01|-9"},             // fewer cells than counted
		{"1,1,460,0,1,2,3,1,a\x00\xc4\xe3,aa:bb:cc:dd:ee:01,-9", "460/0/1/2/3", "a\uFFFD|aa:bb:cc:dd:ee:01|-9"}, // neither NUL nor broken UTF-8 reaches the store
		{"1,1,,,1091,30082,139,,00", "-/-/1091/30082/139", ""},
		{"2,0,460,0,-1,-1,0,9,8,7", "460/0/9/8/7", ""},
		{"9999999,0,460,0,9,8,7", "460/0/9/8/7", ""},
	} {
		m := message(t, frame("UD,040418,052156,V,0.0,N,0.0,E,0,0,0,5,100,82,1000,50,00000000,"+c.tail))
		var cells, wifi []string
		num := func(p *int) string {
			if p == nil {
				return "-"
			}
			return fmt.Sprint(*p)
		}
		for _, x := range m.Cells {
			cells = append(cells, fmt.Sprintf("%s/%s/%d/%d/%s", num(x.MCC), num(x.MNC), x.LAC, x.CID, num(x.RSSI)))
		}
		for _, x := range m.Wifi {
			wifi = append(wifi, *x.SSID+"|"+x.MAC+"|"+num(x.RSSI))
		}
		if strings.Join(cells, " ") != c.cells || strings.Join(wifi, " ") != c.wifi || m.Err != "" {
			t.Errorf("%s\n got %q %q %q\nwant %q %q", c.tail, cells, wifi, m.Err, c.cells, c.wifi)
		}
	}
}

func TestMedia(t *testing.T) {
	m := message(t, "[CS*1234567890*000e*TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff]")
	if m.Media.Format != "amr" || string(m.Media.Data) != "#!AMR}[],*\xff" || m.Err != "" {
		t.Errorf("%q %q", m.Media.Data, m.Err)
	}
	if m := message(t, frame("TK,ab}\x09c")); m.Err != "escape: 0x7d 0x09" || m.Media != nil || m.Reply != nil {
		t.Errorf("wrong escape: %+v", m)
	}
	if m := message(t, frame("TK,ab}")); m.Err == "" {
		t.Error("escape at the end passed")
	}
	if m := message(t, frame("TK,0")); m.Media != nil || m.Text != "0" {
		t.Errorf("result of our push: %+v", m)
	}
	m = message(t, frame("JXTK,0,watch_7,2,6,x,y"))
	if m.Media.Part != 2 || m.Media.Parts != 6 || m.Media.Name != "watch_7" || string(m.Media.Data) != "x,y" {
		t.Errorf("%+v", m.Media)
	}
	for _, in := range []string{"JXTK", "JXTK,0,n,1", "JXTK,0,n,0,1,x", "JXTK,0,n,3,2,x", "JXTK,0,n,a,2,x", "JXTK,0,n,-1,2,x"} {
		if m := message(t, frame(in)); m.Err == "" || m.Media != nil || m.Reply != nil {
			t.Errorf("%s: %+v", in, m)
		}
	}
	m = message(t, frame("img,5,160908143344,\xff\xd8}\x05"))
	if m.Media.Kind != "image" || string(m.Media.Data) != "\xff\xd8*" || m.Time.Format(time.DateTime) != "2016-09-08 14:33:44" {
		t.Errorf("%+v", m)
	}
}

func TestHistory(t *testing.T) {
	for typ, want := range map[string]bool{"UD": false, "UD2": true, "UD3": false, "UD_LTE": false, "AL": false, "WT": false} {
		if m := message(t, frame(typ+",040418,052156,V,0.0,N,0.0,E,0,0,0,5,100,82,1000,50,00000000,0,0")); m.History != want {
			t.Errorf("%s: %v", typ, m.History)
		}
	}
}

func TestBadFrames(t *testing.T) {
	for _, in := range []string{"", "[", "]", "[]", "[3G]", "[3G*123]", "[3G*123*0002]", "3G*123*0002*LK", "[3G*123*0002*LK", "[3GX*123*0002*LK]",
		"[3G**0002*LK]", "[3G*12 3*0002*LK]", "[3G*123*00zz*LK]", "[3G*123*0000*]", "[3G*123*0003*,12]", "[\x00\x01*123*0002*LK]",
		"[3G*" + strings.Repeat("1", 21) + "*0002*LK]", "[3G*123*0002*\xff\xfe]", "[3G*12,3*0002*LK]", "[3G*123*00g5*0002*LK]",
		"[3G*123*0002*" + strings.Repeat("x", 40) + "]", "[3G*123*0002*" + strings.Repeat("x,", MaxFrame/2) + "]"} {
		m, err := Decode([]byte(in))
		if err == nil || m.Reply != nil {
			t.Errorf("%.60q passed: %+v", in, m)
		} else if !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%q: kind %v", in, errs.KindOf(err))
		}
	}
}

func TestCommands(t *testing.T) {
	h := Header{Vendor: "CS", ID: "123456789012345"}
	for _, c := range []struct {
		cmd  down.Command
		want string
	}{
		{down.Command{Kind: down.Reset}, "[CS*123456789012345*0005*RESET]"},
		{down.Command{Kind: down.SOSNumber, Index: 1, Phone: "123456789"}, "[CS*123456789012345*000e*SOS1,123456789]"},
		{down.Command{Kind: down.SOSNumber, Index: 3}, "[CS*123456789012345*0005*SOS3,]"},
		{down.Command{Kind: down.Voice, Voice: []byte("#!AMR\n%s")}, "[CS*123456789012345*000b*TK,#!AMR\n%s]"},
		{down.Command{Kind: down.Voice, Voice: []byte("}[],*")}, "[CS*123456789012345*000d*TK,}\x01}\x02}\x03}\x04}\x05]"},
		{down.Command{Kind: down.Voice, Voice: []byte{0xff}}, "[CS*123456789012345*0004*TK,\xff]"},
		{down.Command{Kind: down.Text, Text: "text"}, "[CS*123456789012345*0018*MESSAGE,0074006500780074]"},
		{down.Command{Kind: down.Text, Text: "回家😀"}, "[CS*123456789012345*0018*MESSAGE,56de5bb6d83dde00]"},
		{down.Command{Kind: down.Language, OffsetMinutes: 60}, "[CS*123456789012345*0006*LZ,,+1]"},
		{down.Command{Kind: down.Language, OffsetMinutes: 90}, "[CS*123456789012345*0008*LZ,,+1.5]"},
		{down.Command{Kind: down.Language, OffsetMinutes: -690}, "[CS*123456789012345*0009*LZ,,-11.5]"},
		{down.Command{Kind: down.Language, Language: "0", OffsetMinutes: 345}, "[CS*123456789012345*000a*LZ,0,+5.75]"},
		{down.Command{Kind: down.Language, Language: "1", OffsetMinutes: 480}, "[CS*123456789012345*0007*LZ,1,+8]"},
		{down.Command{Kind: down.Locate}, "[CS*123456789012345*0002*CR]"},
		{down.Command{Kind: down.Interval, Seconds: 600}, "[CS*123456789012345*000a*UPLOAD,600]"},
		{down.Command{Kind: down.SOSSMS, On: true}, "[CS*123456789012345*0008*SOSSMS,1]"},
		{down.Command{Kind: down.LowBattery}, "[CS*123456789012345*0008*LOWBAT,0]"},
		{down.Command{Kind: down.RemoveAlarm, On: true}, "[CS*123456789012345*0008*REMOVE,1]"},
		{down.Command{Kind: down.SilentHours, Periods: []down.Period{{From: 480, To: 690}, {From: 13*60 + 30, To: 1020}}}, "[CS*123456789012345*0023*SILENCETIME,08:00-11:30,13:30-17:00]"},
		{down.Command{Kind: down.Reminder, Reminders: []down.Alert{{At: 390, On: true, Days: 127}, {At: 1260, Days: 0x1f}}}, "[CS*123456789012345*0022*REMIND,06:30-1-2,21:00-0-3-0111110]"},
		{down.Command{Kind: down.Contacts, Contacts: []down.Contact{{Phone: "15400000001", Name: "妈妈"}}}, "[CS*123456789012345*0018*PHB,15400000001,59885988]"},
		{down.Command{Kind: down.Reward, Count: 3}, "[CS*123456789012345*0008*FLOWER,3]"},
		{down.Command{Kind: down.Find}, "[CS*123456789012345*0004*FIND]"},
		{down.Command{Kind: down.CallBack, Phone: "15400000001"}, "[CS*123456789012345*0010*CALL,15400000001]"},
		{down.Command{Kind: down.PowerOff}, "[CS*123456789012345*0008*POWEROFF]"},
	} {
		got, err := Command(h, c.cmd)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q %v, want %q", c.cmd.Kind, got, err, c.want)
		}
	}
	if v := Verb(down.Command{Kind: down.SOSNumber, Index: 2}); v != "SOS2" {
		t.Errorf("verb %q", v)
	}
	if _, err := Command(h, down.Command{Kind: down.Track, Seconds: 5, ForSeconds: 60}); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("unsupported: %v", err)
	}
}

// Nothing a caller can put into a Command makes the frame say another verb.
func TestListeningInIsRefused(t *testing.T) {
	h := Header{Vendor: "3G", ID: "1540000001"}
	for _, k := range []down.Kind{"monitor", "MONITOR", "listen", "listening-in", "silent_call", "Silent Call", "voice_monitor", "监听"} {
		if f, err := Command(h, down.Command{Kind: k, Phone: "15400000001"}); !errs.Is(err, errs.KindForbidden) || f != nil {
			t.Errorf("%s: %q %v", k, f, err)
		}
	}
	for _, c := range []down.Command{
		{Kind: down.CallBack, Phone: "1]MONITOR,1"}, {Kind: down.CallBack, Phone: ""}, {Kind: down.SOSNumber, Index: 1, Phone: "1,MONITOR"},
		{Kind: down.SOSNumber, Index: 0}, {Kind: down.Language, Language: "1][3G*1*7*MONITOR"}, {Kind: "CALL", Phone: "1"}, {Kind: ""},
		{Kind: down.Text, Text: ""}, {Kind: down.Text, Text: "\xff"}, {Kind: down.Voice}, {Kind: down.Interval}, {Kind: down.Contacts, Contacts: []down.Contact{{Phone: "x", Name: "y"}}},
		{Kind: down.SilentHours, Periods: []down.Period{{From: -1}}}, {Kind: down.SilentHours, Periods: []down.Period{{From: 480, To: 690, Days: 31}}}, {Kind: down.Reminder, Reminders: []down.Alert{{At: 1440}}}, {Kind: down.Reward, Count: -1},
	} {
		if f, err := Command(h, c); !errs.Is(err, errs.KindInvalid) || f != nil {
			t.Errorf("%+v: %q %v", c, f, err)
		}
	}
	if f, _ := Command(h, down.Command{Kind: down.Text, Text: "MONITOR,1]["}); bytes.Contains(f, []byte("MONITOR")) {
		t.Errorf("%s", f)
	}
}

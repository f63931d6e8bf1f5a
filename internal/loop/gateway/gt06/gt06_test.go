package gt06

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/policy/devices"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func read(t testing.TB, raw []byte, p *profile.Profile) report.Message {
	t.Helper()
	f, err := Parse(raw)
	if err != nil {
		t.Fatalf("%x: %v", raw, err)
	}
	return (&Session{ID: "154000000000001"}).Message(f, Options{Profile: p, Now: now})
}

// data is a frame of the short form with serial 7.
func data(typ byte, s string) []byte { return Encode(false, typ, unhex(s), 7) }

// block is the GPS block: 2026-01-02 03:04:05, 9 satellites, 28.8 106.9,
// 12 km/h, and the course word.
func block(flags string) string { return "1a0102030405 c9 031704000b7818a0 0c " + flags }

const here = "150f" // 271°, north, east, fixed

func names(m report.Message) string {
	var s []string
	for _, a := range m.Alarms {
		s = append(s, string(a))
	}
	return strings.Join(s, " ")
}

func cells(m report.Message) string {
	var s []string
	for _, c := range m.Cells {
		x := fmt.Sprintf("%d/%d/%d/%d", *c.MCC, *c.MNC, c.LAC, c.CID)
		if c.RSSI != nil {
			x += fmt.Sprintf("/%d", *c.RSSI)
		}
		s = append(s, x)
	}
	return strings.Join(s, " ")
}

func wifis(m report.Message) string {
	var s []string
	for _, w := range m.Wifi {
		x := w.MAC
		if w.RSSI != nil {
			x += fmt.Sprintf("/%d", *w.RSSI)
		}
		s = append(s, x)
	}
	return strings.Join(s, " ")
}

func TestGolden(t *testing.T) {
	if CRC([]byte("123456789")) != 0x906e {
		t.Fatalf("CRC %04x", CRC([]byte("123456789")))
	}
	var s Session
	for _, c := range []struct{ name, raw, reply string }{
		{"login", "78780d0101540000000000010001fee00d0a", "787805010001d9dc0d0a"},
		{"alarm with length", "787825161a0102030405c9031704000b7818a00c150f0901cc00287d001f712004030102000736e70d0a", "787805160007b57a0d0a"},
		{"alarm without", "787824161a0102030405c9031704000b7818a00c150f01cc00287d001f7120040301020007e9530d0a", "787805160007b57a0d0a"},
		{"time", "7878058a000688290d0a", "78780b8a1a01020304050006875c0d0a"},
	} {
		f, err := Parse(unhex(c.raw))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		m := s.Message(f, Options{Now: now})
		if hex.EncodeToString(m.Reply) != c.reply || m.DeviceID != "154000000000001" || m.Err != "" {
			t.Errorf("%s: %x %+v", c.name, m.Reply, m)
		}
		if strings.HasPrefix(c.name, "alarm") {
			if names(m) != "sos" || cells(m) != "460/0/10365/8049" || *m.Battery != 66 || *m.Signal != 3 || *m.Lat != 28.8 || *m.Lon != 106.9 || !*m.Valid ||
				*m.Course != 271 || *m.SpeedKmh != 12 || *m.Satellites != 9 || m.Time != now || m.Type != "0x16" {
				t.Errorf("%s: %+v %s", c.name, m, cells(m))
			}
		}
	}
	m := read(t, unhex("78781f121a0102030405c9031704000b7818a00c150f01cc00287d001f710001f3380d0a"), nil)
	if m.Type != "0x12" || cells(m) != "460/0/10365/8049" || len(m.Alarms) > 0 || m.Err != "" {
		t.Errorf("%+v", m)
	}
	m = read(t, unhex("78780a1344040300020002b7c50d0a"), nil)
	if m.Type != "0x13" || *m.Battery != 66 || *m.Signal != 3 || len(m.Alarms) > 0 {
		t.Errorf("%+v", m)
	}
	m = read(t, data(typeAddress, block(here)+strings.Repeat("31", 21)+"0001"), nil)
	if *m.Lat != 28.8 || hex.EncodeToString(m.Reply[:20]) != "79790015970b000000004e4126264e4126263023" {
		t.Errorf("%x", m.Reply)
	}
}

func TestCourseFlags(t *testing.T) {
	for flags, want := range map[string]string{
		"1400": "true 28.8 106.9 0", "1000": "true -28.8 106.9 0", "1c00": "true 28.8 -106.9 0", "1800": "true -28.8 -106.9 0",
		"0400": "false 28.8 106.9 0", "1567": "true 28.8 106.9 359", "f567": "true 28.8 106.9 359", "0000": "false -28.8 106.9 0",
	} {
		m := read(t, data(0x10, block(flags)), nil)
		if got := fmt.Sprint(*m.Valid, *m.Lat, *m.Lon, *m.Course); got != want {
			t.Errorf("%s: %s, want %s", flags, got, want)
		}
	}
	if m := read(t, data(0x10, "1a0102030405 00 0000000000000000 00 0800"), nil); fmt.Sprint(*m.Lat, *m.Lon) != "0 0" {
		t.Errorf("negative zero: %v %v", *m.Lat, *m.Lon)
	}
}

func TestEveryStateAndCode(t *testing.T) {
	want := []string{"", "vibration", "power_off", "low_battery", "sos", "", "fence", "removed"}
	for i, w := range want {
		for _, low := range []byte{0, 0xc7} {
			raw := Encode(false, typeState, []byte{byte(i)<<3 | low, 4, 3, 0, 2}, 7)
			if m := read(t, raw, nil); names(m) != w {
				t.Errorf("state %d: %q, want %q", i, names(m), w)
			}
			raw = Encode(false, typeBeat, []byte{byte(i)<<3 | low, 1, 0x22, 4, 0, 1}, 7)
			if m := read(t, raw, nil); names(m) != w || *m.Signal != 4 {
				t.Errorf("0x23 state %d: %q", i, names(m))
			}
		}
	}
	codes := map[int]string{0: "", 1: "sos", 2: "power_off", 3: "vibration", 4: "fence_enter", 5: "fence_exit", 6: "speeding", 9: "vibration", 0x0a: "blind_zone",
		0x0c: "tamper", 0x0e: "low_battery", 0x0f: "low_battery", 0x10: "sim_changed", 0x11: "power_off", 0x13: "tamper", 0x14: "door", 0x18: "removed",
		0x19: "low_battery", 0x23: "fall", 0x25: "tamper", 0x29: "acceleration", 0x2a: "cornering", 0x2b: "cornering", 0x2c: "accident", 0x30: "braking",
		0x32: "tamper", 0xfe: "", 0xff: ""}
	for code := range 256 {
		w, ok := codes[code]
		if !ok {
			w = "general"
		}
		m := read(t, Encode(false, typeState, []byte{0, 4, 3, byte(code), 2}, 7), nil)
		if names(m) != w || *m.AlarmBits != uint32(code) {
			t.Errorf("code %02x: %q, want %q", code, names(m), w)
		}
	}
	// Both are read: an SOS in the bits while the byte is 0 or says less.
	for _, c := range []struct {
		state, code byte
		want        string
	}{{0x20, 0, "sos"}, {0, 1, "sos"}, {0x20, 0x19, "sos low_battery"}, {0x08, 1, "sos vibration"}, {0x38, 0x23, "fall removed"}} {
		m := read(t, Encode(false, typeState, []byte{c.state, 4, 3, c.code, 2}, 7), nil)
		if names(m) != c.want {
			t.Errorf("%02x %02x: %q", c.state, c.code, names(m))
		}
	}
	set, err := profile.Load(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	if m := read(t, Encode(false, typeState, []byte{0, 4, 3, 4, 2}, 7), set["vl"]); names(m) != "sos" {
		t.Errorf("profile: %q", names(m))
	}
}

func TestCellLayouts(t *testing.T) {
	st := "20 04 03 01 02"
	for _, c := range []struct {
		typ              byte
		after            string
		cells, alarms    string
		battery, history any
	}{
		{0x16, "09 01cc 00 287d 001f71" + st, "460/0/10365/8049", "sos", 66, false},
		{0x26, "08 01cc 00 287d 001f71" + st, "460/0/10365/8049", "sos", 66, false}, // a length that does not count itself
		{0x16, "01cc 00 287d 001f71" + st, "460/0/10365/8049", "sos", 66, false},
		{0x16, "81cc 0001 287d 001f71" + st, "460/1/10365/8049", "sos", 66, false},
		{0x16, "0a 81cc 0001 287d 001f71" + st, "460/1/10365/8049", "sos", 66, false},
		{0x16, "00" + st, "", "sos", 66, false},
		{0x16, "00 0000 00 0000 000000" + st, "", "sos", 66, false},
		{0x16, "0000 00 0000 000000" + st, "", "sos", 66, false},
		{0x16, "09 01cc 00 287d 001f71 20 04 03 01", "460/0/10365/8049", "sos", 66, false}, // no language
		{0x27, "09 01cc 00 287d 001f71" + st + "ff", "460/0/10365/8049", "sos", 66, false}, // a fence number
		{0x26, "01cc 00 287d 001f71" + st + "00000457", "460/0/10365/8049", "sos", 66, false},
		{0x32, "09 01cc 00 287d 001f71 00 55 03 23 02", "460/0/10365/8049", "fall", 85, false},
		{0x22, "01cc 00 287d 001f71 00 00 00", "460/0/10365/8049", "", nil, false},
		{0x22, "01cc 00 287d 001f71 01 04 01", "460/0/10365/8049", "", nil, true},
		{0x12, "81cc 0001 287d 001f71", "460/1/10365/8049", "", nil, false},
		{0x12, "", "", "", nil, false},
		{0x11, "01cc 0001 287d 00001f71", "460/1/10365/8049", "", nil, false},
		{0xa0, "01cc 00 0000260e 0000000006 15f801", "460/0/9742/102103041", "", nil, false},
		{0xa0, "81cc 0001 0000260e 0000000006 15f801", "460/1/9742/102103041", "", nil, false},
		{0xa4, "11 81cc 0001 0000260e 0000000006 15f801 2c 05 04 23 02 ff", "460/1/9742/102103041", "fall", 83, false},
		{0xa3, "01cc 00 0000260e 0000000006 15f801 2c 05 04 00 02", "460/0/9742/102103041", "", 83, false},
	} {
		m := read(t, data(c.typ, block(here)+c.after), nil)
		var battery any
		if m.Battery != nil {
			battery = *m.Battery
		}
		// 0x2c: bits 3 to 5 are 101, which means nothing.
		if cells(m) != c.cells || names(m) != c.alarms || battery != c.battery || m.History != c.history || m.Err != "" || *m.Lat != 28.8 {
			t.Errorf("%02x %s: cells %q alarms %q battery %v history %v %q", c.typ, c.after, cells(m), names(m), battery, m.History, m.Err)
		}
	}
	if m := read(t, data(0x19, "01cc 00 287d 001f71"+st), nil); cells(m) != "460/0/10365/8049" || names(m) != "sos" || m.Lat != nil {
		t.Errorf("0x19: %+v", m)
	}
	if m := read(t, data(0xa5, "01cc 00 0000260e 000000000615f801 04 05 04 01 01"), nil); cells(m) != "460/0/9742/102103041" || names(m) != "sos" {
		t.Errorf("0xa5: %+v", m)
	}
}

func TestNetworks(t *testing.T) {
	three := "287d 001f71 3e 287d 001f72 31" + strings.Repeat("0000 000000 00", 5)
	m := read(t, data(0x28, "10010d020202 01cc 00"+three+"ff 0002"), nil)
	if cells(m) != "460/0/10365/8049/62 460/0/10365/8050/49" || m.Time.Year() != 2016 || m.Lat != nil || m.Err != "" {
		t.Errorf("0x28: %s %+v", cells(m), m)
	}
	m = read(t, data(0x2c, "10010d020202 01cc 00"+three+"07 02 001801eb4039 38 0a1b2c3d4e5f 40"), nil)
	if wifis(m) != "00:18:01:eb:40:39/56 0a:1b:2c:3d:4e:5f/64" || len(m.Cells) != 2 || m.Err != "" {
		t.Errorf("0x2c: %s %s", wifis(m), m.Err)
	}
	if m := read(t, data(0x2c, "10010d020202 01cc 00"+three+"07 09 001801eb4039 38"), nil); m.Err == "" {
		t.Error("nine access points in seven bytes")
	}
	m = read(t, data(0xa1, "10010d020202 81cc 0001"+strings.Repeat("000025fc 000000000618c102 01", 7)+"ff 0002"), nil)
	if len(m.Cells) != 7 || m.Cells[6].CID != 102285570 || *m.Cells[0].MNC != 1 {
		t.Errorf("0xa1: %s", cells(m))
	}
	s20 := "1603060c231e 00 0194 62 02 13ee00606a34 13ee0060692e" + strings.Repeat("00", 44-23)
	if m := read(t, data(0x24, s20), nil); cells(m) != "404/98/5102/24682/52 404/98/5102/24681/46" {
		t.Errorf("0x24: %s %s", cells(m), m.Err)
	}
	// The frames with a count for a length.
	for _, typ := range []string{"17", "69"} {
		raw := unhex("7878 02" + typ + "160413031849 147590 5bd30e 25 0d0a10bbf763 5d 02 01cc 00 2866 0f21 32 2866 0f1f 28 0d0a")
		var f Framer
		f.Feed(append(raw, Login("154000000000001", 1)...))
		got, ok, err := f.Next()
		if err != nil || !ok || !bytes.Equal(got, raw) {
			t.Fatalf("%x %v", got, err)
		}
		m := read(t, raw, nil)
		if wifis(m) != "14:75:90:5b:d3:0e/37 0d:0a:10:bb:f7:63/93" || cells(m) != "460/0/10342/3873/50 460/0/10342/3871/40" || m.Time.Format("060102150405") != "160413031849" ||
			hex.EncodeToString(m.Reply) != "787800"+typ+"1604130318490d0a" || m.Err != "" {
			t.Errorf("%s: %s %s %x", typ, wifis(m), cells(m), m.Reply)
		}
	}
	m = read(t, data(0xf3, "140c0b0a262a 02 0000 dc9fdb1c1d76 0000 c83a3569a371"), nil)
	if wifis(m) != "dc:9f:db:1c:1d:76 c8:3a:35:69:a3:71" {
		t.Errorf("0xf3: %s", wifis(m))
	}
}

func TestLongForm(t *testing.T) {
	ext := func(typ byte, s string) []byte { return Encode(true, typ, unhex(s), 7) }
	m := read(t, ext(0x70, "0009 0001 06 0011 000a 01cc 0000 287d 001f71 3e 002b 0001 14 0033 0012 69573475 09 000a 03170400 0b7818a0 0c 150f"), nil)
	if names(m) != "removed" || cells(m) != "460/0/10365/8049/62" || *m.Lat != 28.8 || *m.Altitude != 10 || *m.Satellites != 9 || m.Time.Unix() != 0x69573475 || m.Err != "" || m.Reply[0] != 0x78 {
		t.Errorf("0x70: %+v %s", m, cells(m))
	}
	if m := read(t, ext(0x70, "0033 00ff 00"), nil); m.Err == "" {
		t.Error("a cut module passed")
	}
	m = read(t, ext(0x94, "0a 0359857082366758 0460012345678901 89860123456789012345"), nil)
	if m.ICCID != "89860123456789012345" || m.Reply != nil {
		t.Errorf("0x94: %+v", m)
	}
	m = read(t, ext(0x21, "00000009 02 0043006f"), nil)
	if m.Text != "Co" || m.Answer.Serial != 9 || m.Reply != nil {
		t.Errorf("0x21: %+v", m)
	}
	m = read(t, ext(0x21, "00000009 01 4f4b"), nil)
	if m.Text != "OK" {
		t.Errorf("0x21: %+v", m)
	}
	m = read(t, ext(0x33, "1a0102030405 09 09 03170400 0b7818a0 0c 150f 09 01fe 0a 007c 000911 24 00 00 a2 00"), nil)
	if names(m) != "low_battery" || *m.Lat != 28.8 || cells(m) != "510/10/124/2321" || *m.Signal != 36 || m.Reply[0] != 0x79 || m.Err != "" {
		t.Errorf("0x33: %+v %s", m, cells(m))
	}
	m = read(t, ext(0x32, "1a0102030405 00 00 00 00 00 00"), nil)
	if m.Lat != nil || m.Err != "" {
		t.Errorf("0x32: %+v", m)
	}
	m = read(t, ext(0x16, block(here)+"09 01cc 00 287d 001f71 20 04 03 01 02"), nil)
	if names(m) != "sos" || m.Reply[0] != 0x79 || *m.Lat != 28.8 {
		t.Errorf("0x16 in the long form: %+v", m)
	}
}

func TestOther(t *testing.T) {
	m := read(t, data(0x15, "08 00000009 4f4b2121 0002"), nil)
	if m.Text != "OK!!" || m.Answer.Serial != 9 || m.Reply == nil {
		t.Errorf("0x15: %+v", m)
	}
	if m := read(t, data(0x15, "20 00000000 3c49434349443a38393836303132333435363738393031323334353e00 02"), nil); m.ICCID != "89860123456789012345" {
		t.Errorf("%+v", m)
	}
	for _, typ := range []byte{0x80, 0x81, 0x82} {
		if m := read(t, data(typ, "00"), nil); m.Reply != nil {
			t.Errorf("%02x is answered", typ)
		}
	}
	if m := read(t, data(0x9a, "00"), nil); m.Reply == nil || m.Err != "" {
		t.Errorf("unknown type: %+v", m)
	}
	f, _ := Parse(data(typeTime, ""))
	if m := (&Session{}).Message(f, Options{}); m.Reply != nil {
		t.Error("a time without a clock")
	}
	m = read(t, data(0x95, "1a0102030405 03170400 0b7818a0 150f 01 00 00"), nil)
	if names(m) != "sos" || *m.Lat != 28.8 || m.SpeedKmh != nil {
		t.Errorf("0x95: %+v", m)
	}
	if m := read(t, data(0x95, "1a0102030405 91"), nil); names(m) != "braking" {
		t.Errorf("0x95: %+v", m)
	}
	m = read(t, data(0x13, "01 0000 01 02 42 00 014f 00 0872 0000 802b"), nil)
	if *m.Battery != 66 || names(m) != "sos" {
		t.Errorf("long 0x13: %+v", m)
	}
	for _, c := range []struct{ typ, body string }{{"12", ""}, {"12", "1a01"}, {"16", block(here)}, {"16", block(here) + "09"}, {"13", ""}, {"10", "1a0d02030405" + block(here)[13:]},
		{"28", "1a"}, {"95", "1a"}, {"15", "00"}, {"01", "0154"}} {
		typ := unhex(c.typ)[0]
		if m := read(t, data(typ, c.body), nil); m.Err == "" {
			t.Errorf("%s %s passed: %+v", c.typ, c.body, m)
		}
	}
	// 30 February: the place still counts.
	if m := read(t, data(0x12, "1a021e030405"+block(here)[13:]), nil); m.Err == "" || !m.Time.IsZero() || *m.Lat != 28.8 {
		t.Errorf("%+v", m)
	}
}

func TestLogin(t *testing.T) {
	var s Session
	f, _ := Parse(data(typeLogin, "0154000000000001 1003 3201"))
	m := s.Message(f, Options{})
	if s.ID != "154000000000001" || m.DeviceID != s.ID || m.Text != "zone +08:00" || m.Reply == nil {
		t.Errorf("%+v", m)
	}
	f, _ = Parse(data(typeLogin, "01540000000000ff"))
	if m := s.Message(f, Options{}); m.Err == "" || m.Reply != nil || s.ID != "154000000000001" {
		t.Errorf("%+v", m)
	}
	f, _ = Parse(data(typeState, "4404030002"))
	if m := (&Session{}).Message(f, Options{}); m.DeviceID != "" {
		t.Errorf("before the login: %+v", m)
	}
}

func TestBadFrames(t *testing.T) {
	good := Login("154000000000001", 1)
	flip := slices.Clone(good)
	flip[5] ^= 1
	long := slices.Clone(good)
	long[2]++
	for _, raw := range [][]byte{nil, {0x78}, unhex("78780d0a0d0a"), good[:len(good)-1], good[1:], flip, long, unhex("7979000501000100000d0a"), unhex("787800110d0a"), unhex("787804010001000d0a")} {
		if _, err := Parse(raw); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%x: %v", raw, err)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		cmd  down.Command
		want string
	}{
		{down.Command{Kind: down.Locate}, "WHERE#"}, {down.Command{Kind: down.Interval, Seconds: 60}, "TIMER,60#"}, {down.Command{Kind: down.Reset}, "RESET#"},
		{down.Command{Kind: down.SOSNumber, Index: 1, Phone: "15400000001"}, "SOS,A,15400000001,,#"}, {down.Command{Kind: down.SOSNumber, Index: 2, Phone: "15400000001"}, "SOS,A,,15400000001,#"},
		{down.Command{Kind: down.SOSNumber, Index: 3, Phone: "15400000001"}, "SOS,A,,,15400000001#"}, {down.Command{Kind: down.SOSNumber, Index: 3}, "SOS,D,3#"},
		{down.Command{Kind: down.LowBattery}, "BATALM,OFF#"}, {down.Command{Kind: down.RemoveAlarm, On: true}, "REMALM,ON,0#"}, {down.Command{Kind: down.Parameters}, "PARAM#"},
	} {
		raw, err := Command(c.cmd, 9)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(raw)
		if err != nil || f.Type != 0x80 || f.Serial != 9 || string(f.Data[5:]) != c.want || int(f.Data[0]) != 4+len(c.want) || f.Data[4] != 9 {
			t.Errorf("%s: %x %v", c.want, f.Data, err)
		}
	}
	if raw, _ := Command(down.Command{Kind: down.Locate}, 9); hex.EncodeToString(raw) != "787810800a000000095748455245230009cb1d0d0a" {
		t.Errorf("%x", raw)
	}
	if _, err := Command(down.Command{Kind: down.Text, Text: "x"}, 9); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("%v", err)
	}
	for _, k := range []down.Kind{"monitor", "listen", "silent_call"} {
		if raw, err := Command(down.Command{Kind: k, Phone: "15400000001"}, 9); !errs.Is(err, errs.KindForbidden) || raw != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

// A device says an alarm once it is answered, and we answer: what of it can't
// be read is an alarm all the same. A report that is none stays none.
func TestAnAlarmThatCantBeReadIsAnAlarm(t *testing.T) {
	for _, typ := range []byte{0x16, 0x26, 0x27, 0x32, 0x19, 0xa3, 0xa4, 0xa5} {
		for _, body := range []string{"", "1a01", "01cc"} {
			m := read(t, data(typ, body), nil)
			if names(m) != "general" || m.Err == "" || m.Reply == nil {
				t.Errorf("%02x %q: %s %q", typ, body, names(m), m.Err)
			}
		}
	}
	for _, typ := range []byte{0x12, 0x22} {
		if m := read(t, data(typ, "1a01"), nil); len(m.Alarms) != 0 || m.Err == "" {
			t.Errorf("%02x: %+v", typ, m)
		}
	}
}

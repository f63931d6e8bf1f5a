package jt808

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

var phone6, phone10 = unhex("015400000001"), unhex("00000000015400000001")

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func profiles(t testing.TB) profile.Set {
	t.Helper()
	set, err := profile.Load(devices.Files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// read parses one frame and gives its messages under a profile.
func read(t testing.TB, raw []byte, p *profile.Profile) []report.Message {
	t.Helper()
	f, err := Parse(raw)
	if err != nil {
		t.Fatalf("%x: %v", raw, err)
	}
	return f.Messages(Options{Profile: p, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
}

// up is a frame of the terminal 15400000001 with serial 7.
func up(id uint16, body string) []byte {
	return Encode(Header{ID: id, Phone: phone6, Serial: 7}, unhex(body))
}

func up2019(id uint16, body string) []byte {
	return Encode(Header{ID: id, New: true, Version: 1, Phone: phone10, Serial: 7}, unhex(body))
}

// place is a body of 0x0200: 28.8 N 106.9 E, −5 m, 12.3 km/h, 271°.
func place(alarm, status uint32, fields string) string {
	return fmt.Sprintf("%08x%08x01b7740 0065f2a20fffb007b010f260102030405%s", alarm, status, fields)
}

func names(m report.Message) string {
	var s []string
	for _, a := range m.Alarms {
		s = append(s, string(a))
	}
	return strings.Join(s, " ")
}

func TestGoldenPosition(t *testing.T) {
	raw := unhex("7e020000220154000000010001000000010000000201b77400065f2a20fffb007b010f260102030405300119310109a07e")
	m := read(t, raw, nil)[0]
	if m.DeviceID != "15400000001" || m.Type != "0x0200" || m.Time.Format(time.RFC3339) != "2026-01-01T19:04:05Z" || !*m.Valid ||
		*m.Lat != 28.8 || *m.Lon != 106.9 || *m.Altitude != -5 || *m.SpeedKmh != 12.3 || *m.Course != 271 || *m.Signal != 25 || *m.Satellites != 9 || names(m) != "sos" || m.Err != "" {
		t.Errorf("%+v", m)
	}
	if got := hex.EncodeToString(m.Reply); got != "7e8001000501540000000100000001020000d37e" {
		t.Errorf("answer %s", got)
	}
	// The marks inside are escaped both ways.
	raw = unhex("7e0200001c0154000000017d027d01000000000000000201b77400065f2a20007d02007d010000260102030405fe7e")
	m = read(t, raw, nil)[0]
	if *m.Altitude != 126 || *m.SpeedKmh != 12.5 || !bytes.Contains(m.Reply, []byte{0x7d, 2, 0x7d, 1}) {
		t.Errorf("%+v", m)
	}
	f, _ := Parse(raw)
	if again := Encode(f.Header, f.Body); !bytes.Equal(again, raw) {
		t.Errorf("%x", again)
	}
}

func TestEscapeGolden(t *testing.T) {
	plain, wire := unhex("307e087d55"), unhex("307d02087d0155")
	if got := Escape(plain); !bytes.Equal(got, wire) {
		t.Errorf("%x", got)
	}
	if got, err := Unescape(wire); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%x %v", got, err)
	}
	for _, bad := range []string{"7d", "7d00", "7d03", "307d"} {
		if _, err := Unescape(unhex(bad)); err == nil {
			t.Errorf("%s passed", bad)
		}
	}
}

func TestEveryAlarmBit(t *testing.T) {
	want := [32]string{"sos", "speeding", "fatigue", "danger_warning", "gnss_fault", "antenna_cut", "antenna_short", "low_battery",
		"power_off", "display_fault", "speech_fault", "camera_fault", "card_fault", "speeding_warning", "fatigue_warning", "general",
		"general", "general", "drive_time", "parking_overtime", "fence", "route", "segment_time", "off_route",
		"speed_sensor_fault", "fuel", "stolen", "ignition", "movement", "accident", "rollover", "door"}
	want2019 := want
	want2019[15], want2019[16], want2019[17] = "violation", "tyre_pressure", "blind_zone"
	set := profiles(t)
	for bit := range 32 {
		for _, c := range []struct {
			raw  []byte
			p    *profile.Profile
			want string
		}{
			{up(UpPosition, place(1<<bit, 2, "")), nil, want[bit]},
			{up(UpPosition, place(1<<bit, 2, "")), set["standard"], want[bit]},
			{up2019(UpPosition, place(1<<bit, 2, "")), nil, want2019[bit]},
			{up2019(UpPosition, place(1<<bit, 2, "")), set["g10ls"], map[int]string{15: "low_battery", 16: "vibration", 17: "removed"}[bit]},
			{up(UpPosition, place(1<<bit, 2, "")), set["generic"], map[int]string{15: "vibration", 16: "tamper", 17: "tamper", 18: "low_battery"}[bit]},
			{up(UpPosition, place(1<<bit, 2, "")), set["aovx"], map[int]string{16: "movement"}[bit]},
		} {
			w := c.want
			if w == "" {
				w = want[bit]
				if c.p == set["g10ls"] {
					w = want2019[bit]
				}
			}
			m := read(t, c.raw, c.p)[0]
			if names(m) != w || *m.AlarmBits != 1<<bit {
				t.Errorf("bit %d: %q, want %q", bit, names(m), w)
			}
		}
	}
	if m := read(t, up(UpPosition, place(0xffffffff, 0, "")), nil)[0]; m.Alarms[0] != report.SOS || len(m.Alarms) != 30 {
		t.Errorf("all bits: %d %v", len(m.Alarms), m.Alarms)
	}
}

func TestStatusBits(t *testing.T) {
	for status, want := range map[uint32]string{
		0: "false 28.8 106.9", 2: "true 28.8 106.9", 6: "true -28.8 106.9", 10: "true 28.8 -106.9", 14: "true -28.8 -106.9", 1<<26 | 1: "false 28.8 106.9",
	} {
		m := read(t, up(UpPosition, place(0, status, "")), nil)[0]
		if got := fmt.Sprint(*m.Valid, *m.Lat, *m.Lon); got != want || m.Secret {
			t.Errorf("%x: %s, want %s", status, got, want)
		}
	}
	if m := read(t, up(UpPosition, place(0, 1<<5, "")), nil)[0]; !m.Secret {
		t.Error("bit 5 not told")
	}
	zero := "00000000 0000000e 00000000 00000000 0000 0000 0000 260102030405"
	if m := read(t, up(UpPosition, zero), nil)[0]; fmt.Sprint(*m.Lat, *m.Lon) != "0 0" {
		t.Errorf("negative zero: %v %v", *m.Lat, *m.Lon)
	}
}

func TestFields(t *testing.T) {
	set := profiles(t)
	for _, c := range []struct{ profile, fields, want string }{
		{"standard", "12 06 01 00000009 00", "fence_enter"},
		{"standard", "12 06 01 00000009 01", "fence_exit"},
		{"standard", "12 06 04 00000009 00", "route_enter"},
		{"standard", "12 06 04 00000009 01", "route_exit"},
		{"standard", "54 0f 02 0a1b2c3d4e5f c4 000102030405 3c", "wifi 0a:1b:2c:3d:4e:5f/-60 00:01:02:03:04:05/60"},
		{"standard", "54 08 01 0a1b2c3d4e5f c4", "wifi 0a:1b:2c:3d:4e:5f/-60"},
		{"standard", "54 08 09 0a1b2c3d4e5f c4", "wifi 0a:1b:2c:3d:4e:5f/-60"}, // counted more than sent
		{"standard", "53 09 01 01cc 00 2510 2601 26", "cell 460/0/9488/9729/38"},
		{"standard", "5d 0b 01 01cc 00 2510 00012601 26", "cell 460/0/9488/75265/38"},
		{"standard", "eb 0d 01cc 00 2535 1026 01 263d 11f9 2f", "cell 460/0/9525/4134/1 cell 460/0/9789/4601/47"},
		{"standard", "eb 0e 000c 00b2 89860123456789012345", "iccid 89860123456789012345"},
		{"standard", "eb 15 0013 00b9 01 3061316232633364346535662c2d3630", "wifi 0a:1b:2c:3d:4e:5f/-60"},
		{"standard", "f4 07 0a1b2c3d4e5f c4", "wifi 0a:1b:2c:3d:4e:5f/-60"},
		{"standard", "d4 01 50", "battery 80"},
		{"standard", "fe 01 41", "battery 65"},
		{"standard", "fe 02 0041", ""},
		{"standard", "56 02 0a00", ""}, // means two things: nothing without a profile
		{"standard", "e4 02 00 64", ""},
		{"generic", "e4 02 00 64", "battery 100"},
		{"generic", "56 02 0a00", "battery 100"},
		{"g10ls", "56 02 0a5c", "battery 92"},
		{"g10ls", "56 02 0800", "battery 80"},
		{"g10ls", "56 01 08", "battery 80"},
		{"g10ls", "d4 01 50", "battery 80"},
		{"w15l", "eb 08 0006 0089 ffffffff", ""},
		{"w15l", "eb 08 0006 0089 ffffeffe", "removed power_off"},
		{"w15l", "eb 08 0006 00c5 ffffffbf", "vibration"},
		{"w15l", "eb 16 0006 0089 fffffffe 000d 00b2 89860123456789012345", "power_off"}, // the second runs over
		{"lock", "e7 08 00000000 00000002", "sos"},
		{"standard", "e7 08 00000000 00000002", ""},
		{"e8", "e8 04 0c01 0000", "sos"},
		{"e8", "e8 04 0c02 0000", ""},
		{"c5", "f8 04 00000457", "steps 1111"},
		{"standard", "01 04 00000001 25 04 00000000 99 00 2a 02 0000 04 02 0001", ""},
	} {
		m := read(t, up(UpPosition, place(0, 2, c.fields)), set[c.profile])[0]
		var got []string
		if s := names(m); s != "" {
			got = append(got, s)
		}
		if m.Battery != nil {
			got = append(got, fmt.Sprint("battery ", *m.Battery))
		}
		if m.Steps != nil {
			got = append(got, fmt.Sprint("steps ", *m.Steps))
		}
		for _, x := range m.Cells {
			got = append(got, fmt.Sprintf("cell %d/%d/%d/%d/%d", *x.MCC, *x.MNC, x.LAC, x.CID, *x.RSSI))
		}
		for i, x := range m.Wifi {
			if i == 0 {
				got = append(got, "wifi")
			}
			got = append(got, fmt.Sprintf("%s/%d", x.MAC, *x.RSSI))
		}
		if m.ICCID != "" {
			got = append(got, "iccid "+m.ICCID)
		}
		if s := strings.Join(got, " "); s != c.want || m.Err != "" {
			t.Errorf("%s %s: %q %q, want %q", c.profile, c.fields, s, m.Err, c.want)
		}
	}
	m := read(t, up(UpPosition, place(1<<20, 2, "12 06 01 00000009 01")), nil)[0]
	if names(m) != "fence_exit" {
		t.Errorf("bit 20 with 0x12: %s", names(m))
	}
	for _, cut := range []string{"31", "30 05 01", "01 04 000000"} {
		if m := read(t, up(UpPosition, place(1, 2, cut)), nil)[0]; m.Err == "" || names(m) != "sos" || m.Lat == nil {
			t.Errorf("%s: %+v", cut, m)
		}
	}
}

func TestShortAndOddPositions(t *testing.T) {
	if m := read(t, up(UpPosition, "00000001 0000"), nil)[0]; names(m) != "sos" || m.Err == "" || m.Reply == nil || m.Lat != nil {
		t.Errorf("cut short: %+v", m)
	}
	if m := read(t, up(UpPosition, ""), nil)[0]; m.Err == "" || m.Reply[len(m.Reply)-3] != BadMessage {
		t.Errorf("empty: %+v", m)
	}
	odd := strings.Replace(place(1, 2, ""), "260102030405", "261302030405", 1)
	if m := read(t, up(UpPosition, odd), nil)[0]; !m.Time.IsZero() || m.Err != "time: not YYMMDDhhmmss" || names(m) != "sos" || *m.Lat != 28.8 {
		t.Errorf("13th month: %+v", m)
	}
	odd = strings.Replace(place(1, 2, ""), "260102030405", "2601020304ff", 1)
	if m := read(t, up(UpPosition, odd), nil)[0]; !m.Time.IsZero() || m.Err != "time: not BCD" {
		t.Errorf("no BCD: %+v", m)
	}
	// The header's length is wrong, the XOR is right: read, and say so.
	b := unhex(place(1, 2, ""))
	raw := Encode(Header{ID: UpPosition, Phone: phone6, Serial: 7}, b)
	raw[4]++
	raw[len(raw)-2] ^= 0x1c ^ 0x1d
	if m := read(t, raw, nil)[0]; names(m) != "sos" || m.Err != "length: header says 29, body has 28" || m.Reply == nil {
		t.Errorf("wrong length: %+v", m)
	}
	if m := read(t, Encode(Header{ID: UpPosition, Phone: phone6, Cipher: 1}, b), nil)[0]; m.Err == "" || m.Reply != nil || m.Lat != nil {
		t.Errorf("encrypted: %+v", m)
	}
}

func TestBatches(t *testing.T) {
	item := strings.ReplaceAll(place(1, 2, "30 01 19"), " ", "")
	ms := read(t, up(UpBatch, "0003 01"+strings.Repeat("001f"+item, 3)), nil)
	if len(ms) != 3 {
		t.Fatalf("%d messages", len(ms))
	}
	for i, m := range ms {
		if !m.History || names(m) != "sos" || *m.Signal != 25 || m.Err != "" || (m.Reply != nil) != (i == 2) || m.Type != "0x0704" {
			t.Errorf("%d: %+v", i, m)
		}
	}
	if ms := read(t, up(UpBatch, "0001 00 001f"+item), nil); ms[0].History {
		t.Error("a normal batch is no history")
	}
	for _, c := range []struct {
		body   string
		n      int
		result byte
	}{
		{"0003 01 001f" + item, 1, OK}, {"0002 01 001f" + item + "001f00000001", 1, BadMessage}, {"0000 00", 1, OK}, {"00", 1, BadMessage},
		{"0002 01 001f" + item + "00", 1, BadMessage}, {"0001 01 0000", 1, OK},
	} {
		ms := read(t, up(UpBatch, c.body), nil)
		last := ms[len(ms)-1]
		if len(ms) != c.n || (last.Err == "") != (c.body == "0000 00") || last.Reply[len(last.Reply)-3] != c.result {
			t.Errorf("%s: %d messages, %q, %x", c.body, len(ms), last.Err, last.Reply)
		}
	}
	short := "1f" + item + "1f" + item
	if ms := read(t, up(UpBatchShort, short), nil); len(ms) != 2 || ms[0].Reply != nil || ms[1].Reply == nil || *ms[0].Lat != 28.8 {
		t.Errorf("0x0210: %+v", ms)
	}
	if ms := read(t, up(UpBatchShort, "55 260102030405"), nil); len(ms) != 1 || *ms[0].Battery != 85 || ms[0].Time.Hour() != 19 || ms[0].Lat != nil || ms[0].Reply == nil {
		t.Errorf("0x0210 of seven bytes: %+v", ms)
	}
	if ms := read(t, up(UpBatchShort, "1f"+item+"20"+item), nil); len(ms) != 1 || ms[0].Err == "" {
		t.Errorf("0x0210 cut: %+v", ms)
	}
}

func TestAnswers(t *testing.T) {
	gen := func(id uint16, result byte) string { return fmt.Sprintf("8001|0007%04x%02x", id, result) }
	code := hex.EncodeToString([]byte(DefaultCode("15400000001")))
	reg := "000f 002c 3730313131 " + hex.EncodeToString([]byte("BSJ-M7B ")) + "30303030303030 01 d4c14238383838 38"
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{up(UpHeartbeat, ""), gen(2, 0)}, {up(UpLogout, ""), gen(3, 0)}, {up(UpAuth, "616263"), gen(0x102, 0)},
		{up(UpPosition, place(0, 2, "")), gen(0x200, 0)}, {up(0x0701, "00"), gen(0x701, 0)}, {up(0x0702, "00"), gen(0x702, 0)},
		{up(UpTransparent, "f001"), gen(0x900, 0)}, {up(UpMediaEvent, "0000000100000000"), gen(0x800, 0)}, {up(0x1007, ""), gen(0x1007, 0)},
		{up(UpText, "01c4e3bac3"), gen(0x6006, 0)}, {up(UpAttributes, ""), gen(0x107, 0)},
		{up(UpRegister, reg), "8100|000700" + code},
		{up(UpMedia, "0000000a 00 00 00 01 ffd8ff"), "8800|0000000a"},
		{up(UpTimeQuery, ""), "8004|260102030405"},
		{up(UpTimeSync, ""), "8109|07ea0102030405"},
		{up(UpAnswer, "0001 8300 00"), ""}, {up(UpParameters, "0001 00"), ""}, {up(UpQueried, "0001"+place(0, 2, "")), ""}, {up(0x0f00, "00"), ""},
		{up2019(UpHeartbeat, ""), gen(2, 0)},
	} {
		ms := read(t, c.raw, nil)
		m := ms[len(ms)-1]
		got := ""
		if m.Reply != nil {
			f, err := Parse(m.Reply)
			if err != nil {
				t.Fatal(err)
			}
			if f.DeviceID() != "15400000001" || f.Declared != len(f.Body) || f.New != (c.raw[3]&0x40 != 0) {
				t.Errorf("header %+v", f)
			}
			got = fmt.Sprintf("%04x|%x", f.ID, f.Body)
		}
		if got != c.want {
			t.Errorf("%x: %s, want %s", c.raw, got, c.want)
		}
	}
	f, _ := Parse(up(UpTimeQuery, ""))
	if m := f.Messages(Options{})[0]; m.Reply != nil {
		t.Error("a time without a clock")
	}
	f, _ = Parse(up(UpAuth, "616263"))
	m := f.Messages(Options{Auth: func(id, code string) bool { return id == "15400000001" && code == "abd" }})[0]
	if r, _ := Parse(m.Reply); r.Body[4] != Failed {
		t.Errorf("wrong code: %x", r.Body)
	}
	f, _ = Parse(up(UpRegister, reg))
	m = f.Messages(Options{Register: func(id string, r Registration) (byte, string) {
		if r.Plate != "粤B88888" || r.Model != "BSJ-M7B" || r.Maker != "70111" {
			t.Errorf("%+v", r)
		}
		return 4, "never"
	}})[0]
	if r, _ := Parse(m.Reply); fmt.Sprintf("%x", r.Body) != "000704" {
		t.Errorf("refused: %x", r.Body)
	}
}

func TestYears(t *testing.T) {
	m := read(t, up2019(UpPosition, place(1, 2, "")), nil)[0]
	if m.DeviceID != "15400000001" || names(m) != "sos" {
		t.Errorf("%+v", m)
	}
	f, _ := Parse(up2019(UpAuth, "03 616263"+hex.EncodeToString([]byte("154000000000001V1.0"))+strings.Repeat("00", 16)))
	if f.AuthCode() != "abc" || f.Version != 1 {
		t.Errorf("%q", f.AuthCode())
	}
	f, _ = Parse(up(UpAuth, "616263"))
	if f.AuthCode() != "abc" {
		t.Errorf("%q", f.AuthCode())
	}
	pad := func(s string, n int) string { return hex.EncodeToString([]byte(s)) + strings.Repeat("00", n-len(s)) }
	for _, c := range []struct{ raw []byte }{
		{up(UpRegister, "00320001"+pad("MAKER", 5)+pad("M1", 8)+pad("T1", 7)+"02d4c142")},
		{up(UpRegister, "00320001"+pad("MAKER", 5)+pad("M1", 20)+pad("T1", 7)+"02d4c142")},
		{up2019(UpRegister, "00320001"+pad("MAKER", 11)+pad("M1", 30)+pad("T1", 30)+"02d4c142")},
	} {
		f, _ := Parse(c.raw)
		r, err := f.Registration()
		if err != nil || r != (Registration{Province: 50, City: 1, Maker: "MAKER", Model: "M1", Terminal: "T1", PlateColour: 2, Plate: "粤B"}) {
			t.Errorf("%+v %v", r, err)
		}
	}
	if m := read(t, up(UpRegister, "0032"), nil)[0]; m.Err == "" {
		t.Error("short registration passed")
	}
}

func TestDeviceID(t *testing.T) {
	for in, want := range map[string]string{"015400000001": "15400000001", "154000000001": "154000000001", "000000000000": "0", "00000000015400000001": "15400000001",
		"0000000c5d1a": "8100424", "0310a3c1e2ff": "33724474240000"} {
		id := Header{Phone: unhex(in)}.DeviceID()
		if strings.ContainsAny(in, "abcdef") {
			if !luhnValid(id) {
				t.Errorf("%s: %s fails Luhn", in, id)
			}
			continue
		}
		if id != want {
			t.Errorf("%s: %s, want %s", in, id, want)
		}
	}
	// 35145120840121 is a public example of Luhn: its check digit is 6.
	if got := luhn("35145120840121"); got != 6 {
		t.Errorf("luhn %d", got)
	}
	if p, ok := Phone("15400000001", false); !ok || !bytes.Equal(p, phone6) {
		t.Errorf("%x", p)
	}
	if p, ok := Phone("15400000001", true); !ok || !bytes.Equal(p, phone10) {
		t.Errorf("%x", p)
	}
	if _, ok := Phone("1540000000001", false); ok {
		t.Error("13 digits in six bytes")
	}
}

func luhnValid(s string) bool { return luhn(s[:len(s)-1]) == s[len(s)-1]-'0' }

func TestContents(t *testing.T) {
	m := read(t, up(UpAnswer, "0102 8300 03"), nil)[0]
	if *m.Answer != (report.Answer{Serial: 0x102, ID: 0x8300, Result: 3}) {
		t.Errorf("%+v", m.Answer)
	}
	m = read(t, up(UpQueried, "0102"+place(1, 2, "")), nil)[0]
	if m.Answer.Serial != 0x102 || *m.Lat != 28.8 || names(m) != "sos" {
		t.Errorf("%+v", m)
	}
	m = read(t, up(UpParameters, "0102 01 00000029 04 0000001e"), nil)[0]
	if m.Text != "0029=0000001e" {
		t.Errorf("%+v", m)
	}
	m = read(t, up(UpText, "01 c4e3bac3 00 ff"), nil)[0]
	if m.Text != "你好" {
		t.Errorf("%q", m.Text)
	}
	m = read(t, up(UpAttributes, "0001"+strings.Repeat("41", 32)+"89860123456789012345"), nil)[0]
	if m.ICCID != "89860123456789012345" {
		t.Errorf("%q", m.ICCID)
	}
	m = read(t, up(UpMedia, "0000000a 01 02 00 01"+place(1, 2, "")+"010203"), nil)[0]
	if m.Media.Kind != "audio" || m.Media.Format != "mp3" || len(m.Media.Data) != 3 || names(m) != "sos" {
		t.Errorf("%+v", m)
	}
	for _, id := range []uint16{UpAnswer, UpQueried, UpParameters, UpMedia} {
		if m := read(t, up(id, "00"), nil)[0]; m.Err == "" {
			t.Errorf("%04x: a body of one byte passed", id)
		}
	}
	f, _ := Parse(up(UpAskMissing, "0102 02 0001 0003"))
	if first, list, ok := f.Resend(); !ok || first != 0x102 || !slices.Equal(list, []uint16{1, 3}) {
		t.Errorf("%v %v", first, list)
	}
	f, _ = Parse(up2019(UpAskMissing, "0102 0002 0001 0003"))
	if _, list, ok := f.Resend(); !ok || !slices.Equal(list, []uint16{1, 3}) {
		t.Errorf("%v", list)
	}
}

func TestBadFrames(t *testing.T) {
	good := up(UpHeartbeat, "")
	flip := slices.Clone(good)
	flip[len(flip)-2] ^= 1
	for _, raw := range [][]byte{nil, {0x7e}, {0x7e, 0x7e}, {0x7e, 1, 0x7e}, good[1:], good[:len(good)-1], flip,
		unhex("7e0200007d00000000000000000000000000007e"), Encode(Header{ID: 2, Phone: phone6, Total: 2, Index: 3}, nil), Encode(Header{ID: 2, Phone: phone6, Total: 2, Index: 0}, nil),
		unhex("7e 0002 4000 01540000 0001 0007 48 7e")} {
		if _, err := Parse(raw); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%x: %v", raw, err)
		}
	}
}

func TestCommands(t *testing.T) {
	h := Header{Phone: phone6, Serial: 0x10}
	for _, c := range []struct {
		cmd  down.Command
		want string
	}{
		{down.Command{Kind: down.Locate}, "8201|"},
		{down.Command{Kind: down.Interval, Seconds: 300}, "8103|0100000029040000012c"},
		{down.Command{Kind: down.Track, Seconds: 10, ForSeconds: 600}, "8202|000a00000258"},
		{down.Command{Kind: down.ClearAlarm, AlarmBits: 1 << 3}, "8203|000000000008"},
		{down.Command{Kind: down.Parameters}, "8104|"},
		{down.Command{Kind: down.Reset}, "8105|04"},
		{down.Command{Kind: down.PowerOff}, "8105|03"},
		{down.Command{Kind: down.Text, Text: "你好", Urgent: true}, "8300|0dc4e3bac3"},
		{down.Command{Kind: down.CallBack, Phone: "15400000002"}, "8400|00" + hex.EncodeToString([]byte("15400000002"))},
	} {
		got, err := Command(h, c.cmd)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v", c.cmd.Kind, err)
		}
		f, err := Parse(got[0])
		if s := fmt.Sprintf("%04x|%x", f.ID, f.Body); err != nil || s != c.want || f.Serial != 0x10 {
			t.Errorf("%s: %s %v, want %s", c.cmd.Kind, s, err, c.want)
		}
	}
	got, _ := Command(Header{Phone: phone10, New: true, Version: 1}, down.Command{Kind: down.Text, Text: "a"})
	if f, _ := Parse(got[0]); fmt.Sprintf("%x", f.Body) != "0c0161" {
		t.Errorf("2019 text: %x", f.Body)
	}
	if _, err := Command(h, down.Command{Kind: down.Text, Text: "😀"}); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("no GBK: %v", err)
	}
	if _, err := Command(h, down.Command{Kind: down.Find}); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("unsupported: %v", err)
	}
	ask, _ := Parse(AskMissing(h, 9, []uint16{2, 4}))
	if fmt.Sprintf("%04x|%x", ask.ID, ask.Body) != "8003|00090200020004" {
		t.Errorf("%x", ask.Body)
	}
}

func TestListeningInIsRefused(t *testing.T) {
	h := Header{Phone: phone6}
	for _, k := range []down.Kind{"monitor", "listen_in", "silent-call"} {
		if f, err := Command(h, down.Command{Kind: k, Phone: "15400000002"}); !errs.Is(err, errs.KindForbidden) || f != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
	// 0x0048 is the number that listens in, 0x0045 lets the terminal pick up by itself.
	for _, id := range []uint32{0x45, 0x48} {
		if f, err := Set(h, Parameter{ID: ReportInterval, Value: u32(30)}, Parameter{ID: id, Value: []byte{0, 0, 0, 0}}); !errs.Is(err, errs.KindForbidden) || f != nil {
			t.Errorf("%04x: %v", id, err)
		}
	}
	if f, err := Set(h, Parameter{ID: HeartbeatInterval, Value: u32(60)}); err != nil || len(f) != 1 {
		t.Errorf("%v", err)
	}
}

func TestAssembling(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 300)
	packets := Packets(Header{ID: UpText, Phone: phone6, Serial: 0xfffe}, body) // the serial wraps
	if len(packets) != 3 {
		t.Fatalf("%d packets", len(packets))
	}
	var parts []Frame
	for _, p := range packets {
		f, err := Parse(p)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f)
	}
	var a Assembler
	for _, i := range []int{2, 0, 0} {
		if _, ok, err := a.Add(parts[i]); ok || err != nil {
			t.Fatalf("%v %v", ok, err)
		}
		if m := parts[i].Messages(Options{})[0]; m.Reply != nil {
			t.Error("a packet alone is not durable, so it gets no answer")
		}
	}
	if _, first, missing, ok := a.Missing(); !ok || first != 0xfffe || !slices.Equal(missing, []uint16{2}) {
		t.Errorf("%x %v", first, missing)
	}
	whole, ok, err := a.Add(parts[1])
	if err != nil || !ok || !bytes.Equal(whole.Body, body) || whole.Serial != 0xffff || whole.Total != 0 {
		t.Fatalf("%v %v %d", ok, err, len(whole.Body))
	}
	if m := whole.Messages(Options{})[0]; m.Reply == nil || m.Err != "" {
		t.Errorf("%+v", m)
	}
	if _, _, _, ok := a.Missing(); ok {
		t.Error("something waits")
	}
	// Bounds: packets, bytes, messages under way.
	if _, _, err := a.Add(Frame{Header: Header{Total: MaxPackets + 1, Index: 1}}); err == nil {
		t.Error("too many packets passed")
	}
	big := make([]byte, MaxFrame)
	failed := false
	for i := uint16(1); i <= 40 && !failed; i++ {
		_, _, err := a.Add(Frame{Header: Header{Phone: phone6, Serial: i, Total: 41, Index: i}, Body: big})
		failed = err != nil
	}
	if !failed {
		t.Error("too many bytes passed")
	}
	for i := range uint16(100) {
		_, _, _ = a.Add(Frame{Header: Header{ID: i, Phone: phone6, Total: 2, Index: 1}})
	}
	if len(a.open) != MaxUnderWay {
		t.Errorf("%d under way", len(a.open))
	}
}

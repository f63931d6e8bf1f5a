package watch

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"zugou/internal/loop/gateway/report"
)

// feed gives the frames of a stream that comes in the given pieces, with what
// a gateway would flush at the end.
func feed(pieces ...[]byte) (out []string, err error) {
	var f Framer
	for _, p := range pieces {
		f.Feed(p)
		for {
			frame, ok, e := f.Next()
			if e != nil {
				return out, e
			}
			if !ok {
				break
			}
			out = append(out, string(frame))
		}
	}
	for f.Pending() > 0 {
		frame, ok := f.Flush()
		if !ok {
			break
		}
		out = append(out, string(frame))
		for {
			frame, ok, e := f.Next()
			if e != nil {
				return out, e
			}
			if !ok {
				break
			}
			out = append(out, string(frame))
		}
	}
	return out, nil
}

func bytewise(s string) (p [][]byte) {
	for i := range len(s) {
		p = append(p, []byte(s[i:i+1]))
	}
	return p
}

func TestFraming(t *testing.T) {
	lk, al := "[3G*1540000002*0009*LK,0,0,53]", "[ZJ*154000000000001*0075*0002*AL]"
	ssid := frame("UD,040418,052156,V,0.0,N,0.0,E,0,0,0,5,100,82,1000,50,0,0,1,1,a]b[[c,aa:bb:cc:dd:ee:01,-1")
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"one", lk, []string{lk}},
		{"several in one read", lk + al + lk + al, []string{lk, al, lk, al}},
		{"line ends between", "\r\n" + lk + "\r\n" + al + "\n", []string{lk, al}},
		{"brackets and right LEN", ssid + lk, []string{ssid, lk}},
		{"nested, LEN too short", "[3G*1*0003*UD,[LG]x]" + lk, []string{"[3G*1*0003*UD,[LG]x]", lk}},
		{"LEN too long, more follows", "[3G*1540000001*0013*AL,1]" + lk, []string{"[3G*1540000001*0013*AL,1]", lk}},
		{"LEN too long by exactly the next frame", "[3G*1540000001*0022*AL,]" + lk, []string{"[3G*1540000001*0022*AL,]", lk}},
		{"LEN too long, silence", "[3G*1540000001*0100*AL,1]", []string{"[3G*1540000001*0100*AL,1]"}},
		{"LEN no hex", "[3G*1540000001*00zz*AL,1]" + lk, []string{"[3G*1540000001*00zz*AL,1]", lk}},
		{"lone [ and wrong LEN", "[3G*1540000001*0001*UD,[a,1]" + lk, []string{"[3G*1540000001*0001*UD,[a,1]", lk}},
		{"lone [ and wrong LEN, line end, long form", "[3G*1540000001*0001*UD,[a,1]\r\n" + al, []string{"[3G*1540000001*0001*UD,[a,1]", al}},
		{"lone [ and wrong LEN, silence", "[3G*1540000001*0001*UD,[a,1]", []string{"[3G*1540000001*0001*UD,[a,1]"}},
		{"no header", "[x]" + lk, []string{"[x]", lk}},
		{"escaped", "[CS*1234567890*000e*TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff]" + lk, []string{"[CS*1234567890*000e*TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff]", lk}},
		{"hex-looking type", "[3G*1*0004*ABCD]" + lk, []string{"[3G*1*0004*ABCD]", lk}},
	} {
		for _, pieces := range [][][]byte{{[]byte(c.in)}, bytewise(c.in)} {
			got, err := feed(pieces...)
			if err != nil || strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%s (%d pieces): %q %v", c.name, len(pieces), got, err)
			}
		}
	}
}

func TestGarbageAndTooLong(t *testing.T) {
	for _, in := range []string{"x", "hello[3G*1*0002*LK]", "\xff\xfe", "}{", "7e0102"} {
		for _, pieces := range [][][]byte{{[]byte(in)}, bytewise(in)} {
			if got, err := feed(pieces...); err == nil || len(got) > 0 {
				t.Errorf("%q: %q", in, got)
			}
		}
	}
	lk := "[3G*1540000002*0009*LK,0,0,53]"
	if got, err := feed([]byte(lk + "x")); err == nil || len(got) != 1 {
		t.Errorf("frame before garbage: %q %v", got, err)
	}
	for _, in := range []string{"[" + strings.Repeat("x", 100<<10), strings.Repeat("[", 100<<10), "[3G*1*ffff*TK," + strings.Repeat("x", 100<<10), "[3G*1*0002*UD,[" + strings.Repeat("x", MaxFrame)} {
		if got, err := feed([]byte(in)); err == nil || len(got) > 0 {
			t.Errorf("%.20s…: %d frames", in, len(got))
		}
		var f Framer
		for i := 0; i < len(in); i += 1000 {
			f.Feed([]byte(in[i:min(i+1000, len(in))]))
			if _, _, err := f.Next(); err != nil {
				if f.Pending() > MaxFrame+1000 {
					t.Errorf("held %d bytes", f.Pending())
				}
				break
			}
		}
	}
	big := frame("TK," + strings.Repeat("x", 65000))
	if got, err := feed(bytewise(big)...); err != nil || len(got) != 1 || got[0] != big {
		t.Errorf("a long voice message: %d frames, %v", len(got), err)
	}
}

func TestSplitOfALine(t *testing.T) {
	odd := "[3G*1540000001*0023*UD,040418,052156,V,0.0,N,0.0,E,1,aa]b,aa:bb:cc:dd:ee:01,-1]" // LEN hits the ']' of the name
	if i := strings.Index(odd, "]b"); odd[i] != ']' || i != 20+0x23 {
		t.Fatalf("the example is wrong: %d", i)
	}
	got, err := Split([]byte(odd))
	if err != nil || len(got) != 1 || string(got[0]) != odd {
		t.Errorf("%q %v", got, err)
	}
	for in, n := range map[string]int{"[3G*1*0002*LK][3G*1*0003*TKQ]": 2, "[3G*1*00ff*LK]": 1} {
		if got, err := Split([]byte(in)); err != nil || len(got) != n {
			t.Errorf("%s: %q %v", in, got, err)
		}
	}
	for _, in := range []string{"", "[", "x", "[3G*1*0002*LK", "[3G*1*0002*LK]x", "[3G*1*0002*LK][", "]"} {
		if _, err := Split([]byte(in)); err == nil {
			t.Errorf("%q passed", in)
		}
	}
}

// drawContent draws what devices put into frames, honest and not.
func drawContent(t *rapid.T) []byte {
	return rapid.OneOf(
		rapid.Just([]byte("LK")),
		rapid.Custom(func(t *rapid.T) []byte {
			return append([]byte("TK,"), Escape(rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "voice"))...)
		}),
		rapid.Custom(func(t *rapid.T) []byte {
			return []byte("UD," + rapid.StringOfN(rapid.RuneFrom([]rune("a,[]:1")), 0, 30, -1).Draw(t, "ssid"))
		}),
	).Draw(t, "content")
}

func TestAnySplitGivesTheSameFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		honest := true
		var want []string
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			h := Header{Vendor: rapid.SampledFrom([]string{"3G", "SG", "ZJ"}).Draw(t, "vendor"), ID: rapid.StringMatching(`[0-9]{10}|[0-9]{15}`).Draw(t, "id")}
			if rapid.Bool().Draw(t, "long") {
				h.Seq = "00a7"
			}
			c := drawContent(t)
			one := h.Encode(c)
			if rapid.IntRange(0, 3).Draw(t, "liar") == 0 {
				honest = false
				one = bytes.Replace(one, h.Encode(c)[len(one)-len(c)-6:len(one)-len(c)-2], []byte("001f"), 1)
			}
			want = append(want, string(one))
			stream = append(stream, one...)
			stream = append(stream, rapid.SampledFrom([]string{"", "", "\r\n", "junk"}).Draw(t, "after")...)
			honest = honest && !bytes.HasSuffix(stream, []byte("junk"))
		}
		whole, err1 := feed(stream)
		var pieces [][]byte
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		cut, err2 := feed(pieces...)
		bytes1, err3 := feed(bytewise(string(stream))...)
		if strings.Join(whole, "|") != strings.Join(cut, "|") || strings.Join(whole, "|") != strings.Join(bytes1, "|") || (err1 == nil) != (err2 == nil) || (err1 == nil) != (err3 == nil) {
			t.Fatalf("%q\nwhole %q %v\ncut   %q %v\nbytes %q %v", stream, whole, err1, cut, err2, bytes1, err3)
		}
		if honest && strings.Join(whole, "|") != strings.Join(want, "|") {
			t.Fatalf("%q\ngot %q", stream, whole)
		}
	})
}

func TestEscapeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Byte()).Draw(t, "p")
		e := Escape(p)
		if bytes.ContainsAny(e, "[],*") {
			t.Fatalf("%q", e)
		}
		if back, err := Unescape(e); err != nil || !bytes.Equal(back, p) {
			t.Fatalf("%q %v", back, err)
		}
	})
}

func TestPositionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string, low, high int) *int { return new(rapid.IntRange(low, high).Draw(t, name)) }
		deg := func(name string, limit int) *float64 {
			return new(float64(rapid.IntRange(-limit*1000000, limit*1000000).Draw(t, name)) / 1e6)
		}
		m := report.Message{
			Time: time.Unix(rapid.Int64Range(946684800, 4102444799).Draw(t, "time"), 0).UTC(), Valid: new(rapid.Bool().Draw(t, "valid")),
			Lat: deg("lat", 90), Lon: deg("lon", 180), SpeedKmh: new(float64(*num("speed", 0, 200))), Course: new(float64(*num("course", 0, 359))), Altitude: new(float64(*num("altitude", -100, 8000))),
			Satellites: num("satellites", 0, 40), Signal: num("signal", 0, 100), Battery: num("battery", 0, 100), Steps: num("steps", 0, 99999),
			StatusBits: new(rapid.Uint32().Draw(t, "status")),
		}
		for range rapid.IntRange(0, 4).Draw(t, "cells") {
			m.Cells = append(m.Cells, report.Cell{MCC: new(460), MNC: new(0), LAC: rapid.Uint32().Draw(t, "lac"), CID: rapid.Uint64().Draw(t, "cid"), RSSI: num("rssi", 0, 200)})
		}
		for range rapid.IntRange(0, 4).Draw(t, "wifi") {
			m.Wifi = append(m.Wifi, report.Wifi{SSID: new(rapid.StringOfN(rapid.RuneFrom([]rune("aZ9 ,[]*中")), 0, 12, -1).Draw(t, "ssid")),
				MAC: rapid.StringMatching(`[0-9a-f]{2}(:[0-9a-f]{2}){5}`).Draw(t, "mac"), RSSI: num("dbm", -120, 0)})
		}
		h := Header{Vendor: "3G", ID: "1540000001"}
		raw := Position(h, "AL", m)
		got, err := feed(append(raw, Link(h, nil, nil)...))
		if err != nil || len(got) != 2 || got[0] != string(raw) {
			t.Fatalf("%q %v", got, err)
		}
		back, err := Decode(raw)
		if err != nil || back.Err != "" {
			t.Fatalf("%v %s", err, back.Err)
		}
		if again := Position(h, "AL", back); !bytes.Equal(again, raw) {
			t.Fatalf("\n%s\n%s", raw, again)
		}
	})
}

func FuzzFramer(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, p []byte, n int) {
		whole, err1 := feed(p)
		n = 1 + (n&0xff)%17
		var pieces [][]byte
		for rest := p; len(rest) > 0; {
			k := min(n, len(rest))
			pieces, rest = append(pieces, rest[:k]), rest[k:]
		}
		cut, err2 := feed(pieces...)
		if strings.Join(whole, "|") != strings.Join(cut, "|") || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%q %v\n%q %v", whole, err1, cut, err2)
		}
		for _, raw := range whole {
			if len(raw) > MaxFrame || raw[0] != '[' || raw[len(raw)-1] != ']' {
				t.Fatalf("%q", raw)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := Decode(p)
		if err == nil && (m.DeviceID == "" || m.Type == "") {
			t.Fatalf("%+v", m)
		}
		for i := 1; i < len(m.Alarms); i++ {
			if m.Alarms[i] == report.SOS {
				t.Fatalf("%v", m.Alarms)
			}
		}
		if err == nil && strings.HasPrefix(strings.ToUpper(m.Type), "AL") && (len(m.Alarms) == 0 || m.Reply == nil) {
			t.Fatalf("an alarm lost: %+v", m)
		}
		if m.Reply != nil {
			if _, err := Parse(m.Reply); err != nil {
				t.Fatalf("%q: %v", m.Reply, err)
			}
		}
		_, _ = Split(p)
	})
}

var seeds = []string{
	"[3G*8800000015*0002*LK]", "[ZJ*154000000000001*0075*0064*AL,040418,052156,A,22.500000,N,113.900000,E,0,0,0,5,100,82,1000,50,00100000,1,255,460,0,9340,3663,35]",
	"[3G*1*0003*UD,[LG]x][3G*1*0002*LK]", "[3G*1540000001*0013*AL,1]\r\n[3G*1540000002*0009*LK,0,0,53]", "[CS*1234567890*000e*TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff]",
	"[3G*1*0030*UD,040418,052156,V,0.0,N,0.0,E,0,0,0,5,100,82,1000,50,0,0,1,2,a],aa:bb:cc:dd:ee:01,-1,,aa:bb:cc:dd:ee:02,,1.5]",
	"[3G*1*0010*JXTK,0,n,1,2,abc]", "[3G*1*0010*img,5,160908143344,\xff]", "[3G*1*0010*bphrt,120,79,73,,,,]", "[3G*1*0010*btemp2,1,35.29]", "[[[[]]]]", "[3G*1*ffff*x",
}

package jt808

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"zugou/internal/loop/gateway/report"
)

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
			out = append(out, fmt.Sprintf("%x", frame))
		}
	}
	return out, nil
}

func bytewise(s []byte) (p [][]byte) {
	for i := range s {
		p = append(p, s[i:i+1])
	}
	return p
}

func TestFraming(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"7e01027e", "7e01027e"},
		{"7e01027e7e03047e", "7e01027e 7e03047e"},
		{"7e01027e03047e", "7e01027e 7e03047e"}, // one mark between two
		{"aabb7e01027e", "7e01027e"},
		{"7e7e7e7e01027e7e7e", "7e01027e"},
		{"7e01027e7e", "7e01027e"},
		{"7e0102", ""},
		{"0102", ""},
		{"", ""},
	} {
		in := unhex(c.in)
		for _, pieces := range [][][]byte{{in}, bytewise(in)} {
			got, err := feed(pieces...)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v %v", c.in, got, err)
			}
		}
	}
	for _, in := range [][]byte{bytes.Repeat([]byte{1}, 100<<10), append([]byte{0x7e}, bytes.Repeat([]byte{1}, 100<<10)...)} {
		for _, pieces := range [][][]byte{{in}, bytewise(in)} {
			if got, err := feed(pieces...); err == nil || len(got) > 0 {
				t.Errorf("%d bytes without a mark passed", len(in))
			}
		}
	}
	if got, err := feed(bytes.Repeat([]byte{0x7e}, 100<<10)); err != nil || len(got) > 0 {
		t.Errorf("marks only: %d %v", len(got), err)
	}
}

func TestSplitOfALine(t *testing.T) {
	good := up(UpHeartbeat, "")
	if got, err := Split(append([]byte{1, 2}, append(good, good...)...)); err != nil || len(got) != 2 {
		t.Errorf("%x %v", got, err)
	}
	for _, in := range []string{"", "00", "7e", "7e7e", "7e0102", "0102037e"} {
		if _, err := Split(unhex(in)); err == nil {
			t.Errorf("%s passed", in)
		}
	}
}

func drawFrame(t *rapid.T) []byte {
	h := Header{ID: rapid.Uint16().Draw(t, "id"), Serial: rapid.Uint16().Draw(t, "serial"), New: rapid.Bool().Draw(t, "2019"), Phone: phone6}
	if h.New {
		h.Phone, h.Version = phone10, 1
	}
	return Encode(h, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "body"))
}

func TestAnySplitGivesTheSameFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			one := drawFrame(t)
			want = append(want, fmt.Sprintf("%x", one))
			stream = append(stream, one...)
		}
		var pieces [][]byte
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		for _, p := range [][][]byte{{stream}, pieces, bytewise(stream)} {
			if got, err := feed(p...); err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Fatalf("%x\n got %v %v\nwant %v", stream, got, err, want)
			}
		}
	})
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawFrame(t)
		f, err := Parse(raw)
		if err != nil || f.Declared != len(f.Body) || !bytes.Equal(Encode(f.Header, f.Body), raw) {
			t.Fatalf("%x %v", raw, err)
		}
		body := rapid.SliceOfN(rapid.Byte(), 0, 4000).Draw(t, "long")
		packets := Packets(f.Header, body)
		var a Assembler
		order := rapid.Permutation(packets).Draw(t, "order")
		for i, p := range order {
			f, err := Parse(p)
			if err != nil || len(f.Body) > MaxBody {
				t.Fatal(err)
			}
			whole, ok, err := a.Add(f)
			if err != nil || ok != (i == len(order)-1) || ok && !bytes.Equal(whole.Body, body) {
				t.Fatalf("packet %d: %v %v", i, ok, err)
			}
		}
	})
}

func TestPositionRoundTrip(t *testing.T) {
	set := profiles(t)
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string, low, high int) *int { return new(rapid.IntRange(low, high).Draw(t, name)) }
		deg := func(name string, limit int) *float64 {
			return new(float64(rapid.IntRange(-limit*1000000, limit*1000000).Draw(t, name)) / 1e6)
		}
		m := report.Message{
			Time: time.Unix(rapid.Int64Range(946684800, 4102415999).Draw(t, "time"), 0).UTC(), Valid: new(rapid.Bool().Draw(t, "valid")), Lat: deg("lat", 90), Lon: deg("lon", 180),
			SpeedKmh: new(float64(*num("speed", 0, 3000)) / 10), Course: new(float64(*num("course", 0, 359))), Altitude: new(float64(*num("altitude", -400, 8000))),
			Signal: num("signal", 0, 99), Satellites: num("satellites", 0, 40), Battery: num("battery", 0, 100), AlarmBits: new(rapid.Uint32().Draw(t, "alarm")),
		}
		b := Position(m)
		f, err := Parse(Encode(Header{ID: UpPosition, Phone: phone6, Serial: 1}, b))
		if err != nil {
			t.Fatal(err)
		}
		back := f.Messages(Options{Profile: set["standard"]})[0]
		if again := Position(back); back.Err != "" || !bytes.Equal(again, b) || !back.Time.Equal(m.Time) || *back.Lat != *m.Lat || *back.Lon != *m.Lon {
			t.Fatalf("\n%x\n%x\n%s", b, again, back.Err)
		}
	})
}

func seeds(f *testing.F) {
	for _, raw := range [][]byte{
		up(UpPosition, place(1, 2, "54 08 01 0a1b2c3d4e5f c4 eb 08 0006 0089 ffffeffe 53 09 01 01cc 00 2510 2601 26")), up2019(UpBatch, "0001 01 001c"+place(1, 2, "")),
		up(UpBatchShort, "1c"+place(1, 2, "")), up(UpRegister, strings.Repeat("31", 40)), up(UpMedia, "0000000a 01 02 00 01"+place(1, 2, "")+"0102"), up(UpText, "01c4e3bac3"),
		up(UpParameters, "0102 01 00000029 04 0000001e"), up(UpAttributes, strings.Repeat("31", 60)), Encode(Header{ID: UpText, Phone: phone6, Total: 2, Index: 1}, []byte("abc")), unhex("7e7e01027e"),
	} {
		f.Add(raw)
	}
}

func FuzzFramer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, p []byte) {
		whole, err1 := feed(p)
		cut, err2 := feed(bytewise(p)...)
		if strings.Join(whole, " ") != strings.Join(cut, " ") || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%v %v\n%v %v", whole, err1, cut, err2)
		}
	})
}

// FuzzDecode takes the bytes as a frame, and, so that the fuzzer need not find
// the XOR, as a body of the type that their first two bytes name.
func FuzzDecode(f *testing.F) {
	seeds(f)
	set := profiles(f)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, p []byte) {
		raws := [][]byte{p}
		if len(p) >= 3 {
			raws = append(raws, Encode(Header{ID: uint16(p[0])<<8 | uint16(p[1]), New: p[2]&1 == 1, Phone: map[bool][]byte{true: phone10, false: phone6}[p[2]&1 == 1]}, p[3:min(len(p), 1000)]))
		}
		var a Assembler
		for _, raw := range raws {
			fr, err := Parse(raw)
			if err != nil {
				continue
			}
			whole, _, _ := a.Add(fr)
			for _, model := range set {
				if model.Protocol != "jt808" {
					continue
				}
				ms := whole.Messages(Options{Profile: model, Now: now})
				for i, m := range ms {
					if m.Reply != nil {
						if _, err := Parse(m.Reply); err != nil || i < len(ms)-1 {
							t.Fatalf("%x: %v", m.Reply, err)
						}
					}
					if m.AlarmBits != nil && *m.AlarmBits&1 == 1 && m.Alarms[0] != report.SOS {
						t.Fatalf("an SOS lost: %+v", m)
					}
				}
			}
		}
		_, _ = Split(p)
	})
}

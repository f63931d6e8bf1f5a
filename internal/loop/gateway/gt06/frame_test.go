package gt06

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"zugou/internal/loop/gateway/report"
)

func feed(pieces ...[]byte) (out []string, err error) {
	var f Framer
	drain := func() error {
		for {
			frame, ok, e := f.Next()
			if e != nil || !ok {
				return e
			}
			out = append(out, fmt.Sprintf("%x", frame))
		}
	}
	for _, p := range pieces {
		f.Feed(p)
		if err := drain(); err != nil {
			return out, err
		}
	}
	for {
		frame, ok := f.Flush()
		if !ok {
			return out, nil
		}
		out = append(out, fmt.Sprintf("%x", frame))
		if err := drain(); err != nil {
			return out, err
		}
	}
}

func bytewise(s []byte) (p [][]byte) {
	for i := range s {
		p = append(p, s[i:i+1])
	}
	return p
}

func TestFraming(t *testing.T) {
	login := fmt.Sprintf("%x", Login("154000000000001", 1))
	long := fmt.Sprintf("%x", Encode(true, 0x94, bytes.Repeat([]byte("x"), 300), 2))
	inner := fmt.Sprintf("%x", Encode(false, 0x15, []byte("\x080000\r\nxx"), 2))
	for _, c := range []struct{ name, in, want string }{
		{"one", login, login},
		{"several", login + long + inner + login, login + " " + long + " " + inner + " " + login},
		{"junk before", "0078aa79" + login, login},
		{"junk between", login + "0d0a78ff" + login, login + " " + login},
		{"length too short", strings.Replace(login, "78780d", "787809", 1) + login, strings.Replace(login, "78780d", "787809", 1) + " " + login},
		{"length too long, more follows", strings.Replace(login, "78780d", "787813", 1) + login, strings.Replace(login, "78780d", "787813", 1) + " " + login},
		{"length too long, silence", strings.Replace(login, "78780d", "787813", 1), strings.Replace(login, "78780d", "787813", 1)},
		{"half", login[:20], ""},
	} {
		for _, pieces := range [][][]byte{{unhex(c.in)}, bytewise(unhex(c.in))} {
			got, err := feed(pieces...)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v %v", c.name, got, err)
			}
		}
	}
	for _, in := range [][]byte{bytes.Repeat([]byte{1}, 100<<10), append([]byte("\x78\x78\x05"), bytes.Repeat([]byte{1}, 4<<10)...), append([]byte("\x79\x79\x00\x09"), bytes.Repeat([]byte{1}, 100<<10)...), append([]byte("\x79\x79\xff\xff"), bytes.Repeat([]byte{1}, 100<<10)...)} {
		if got, err := feed(in); err == nil || len(got) > 0 {
			t.Errorf("%x… passed", in[:4])
		}
		if got, err := feed(bytewise(in)...); err == nil || len(got) > 0 {
			t.Errorf("%x… passed bytewise", in[:4])
		}
	}
	for _, in := range []string{"", "00", "7878", "78780d01015400", "78780d0101540000000000010001fee00d"} {
		if _, err := Split(unhex(in)); err == nil {
			t.Errorf("%s passed", in)
		}
	}
}

func TestAnySplitGivesTheSameFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			typ := rapid.SampledFrom([]byte{0x01, 0x12, 0x13, 0x15, 0x16, 0x94, 0x8a}).Draw(t, "type")
			one := Encode(rapid.Bool().Draw(t, "long"), typ, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "data"), rapid.Uint16().Draw(t, "serial"))
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
		num := func(name string, low, high int) *int { return new(rapid.IntRange(low, high).Draw(t, name)) }
		deg := func(name string, limit float64) *float64 {
			return new(rapid.Float64Range(-limit, limit).Draw(t, name))
		}
		m := report.Message{
			Time: time.Unix(rapid.Int64Range(946684800, 4102444799).Draw(t, "time"), 0).UTC(), Valid: new(rapid.Bool().Draw(t, "valid")), Lat: deg("lat", 90), Lon: deg("lon", 180),
			SpeedKmh: new(float64(*num("speed", 0, 255))), Course: new(float64(*num("course", 0, 359))), Satellites: num("satellites", 0, 15), Battery: num("battery", 7, 100), Signal: num("signal", 0, 4),
			Cells: []report.Cell{{MCC: new(460), MNC: new(*num("mnc", 0, 99)), LAC: uint32(*num("lac", 1, 65535)), CID: uint64(*num("cid", 0, 1<<24-1))}},
		}
		state, code := rapid.Byte().Draw(t, "state"), rapid.Byte().Draw(t, "alarm")
		raw := Position(m, state, code, 7)
		f, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		var s Session
		back := s.Message(f, Options{})
		if back.Err != "" || !back.Time.Equal(m.Time) || math.Abs(*back.Lat-*m.Lat) > 1e-6 || math.Abs(*back.Lon-*m.Lon) > 1e-6 || *back.Valid != *m.Valid || *back.Course != *m.Course ||
			*back.SpeedKmh != *m.SpeedKmh || len(back.Cells) != 1 || back.Cells[0].CID != m.Cells[0].CID || back.Cells[0].LAC != m.Cells[0].LAC {
			t.Fatalf("%x\n%+v\n%+v", raw, m, back)
		}
		if f.Type == 0x16 && (*back.Battery != *m.Battery || *back.Signal != *m.Signal || fmt.Sprint(len(back.Alarms) > 0) != fmt.Sprint(len(Alarms(state, code, nil)) > 0)) {
			t.Fatalf("%+v", back)
		}
		if again := Position(back, state, code, 7); !bytes.Equal(again, raw) {
			t.Fatalf("\n%x\n%x", raw, again)
		}
	})
}

func seeds(f *testing.F) {
	for _, raw := range [][]byte{
		Login("154000000000001", 1), Heartbeat(0x20, 4, 3, 1, 2), data(0x16, block(here)+"09 01cc 00 287d 001f71 20 04 03 01 02"), data(0x12, block(here)+"01cc 00 287d 001f71"),
		data(0x2c, "10010d020202 01cc 00"+strings.Repeat("287d 001f71 3e", 7)+"07 01 001801eb4039 38"), unhex("7878 01 69 160413031849 1475905bd30e25 01 01cc 00 28660f2132 0d0a"),
		Encode(true, 0x70, unhex("0009 0001 06 0033 0012 69573475 09 000a 03170400 0b7818a0 0c 150f"), 7), Encode(true, 0x33, unhex("1a0102030405 09 09 03170400 0b7818a0 0c 150f 09 01fe 0a 007c 000911 24 00 00 a2 00"), 7),
		Encode(true, 0x21, unhex("00000009 02 0043006f"), 7), data(0x15, "08 00000009 4f4b2121 0002"), data(typeTime, ""),
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
// the CRC, as data of the type that their first byte names.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, p []byte) {
		raws := [][]byte{p}
		if len(p) >= 2 {
			d := p[2:min(len(p), 250)]
			raws = append(raws, Encode(p[1]&1 == 1, p[0], d, 7), append(append([]byte{0x78, 0x78, p[1] & 15, 0x17}, d...), '\r', '\n'))
		}
		s := Session{ID: "154000000000001"}
		for _, raw := range raws {
			fr, err := Parse(raw)
			if err != nil {
				continue
			}
			m := s.Message(fr, Options{Now: now})
			if m.Reply != nil {
				if _, err := Parse(m.Reply); err != nil && fr.Count < 0 {
					t.Fatalf("%x: %v", m.Reply, err)
				}
			}
			if m.StatusBits != nil && *m.StatusBits>>3&7 == 4 && (len(m.Alarms) == 0 || m.Alarms[0] != report.SOS) {
				t.Fatalf("an SOS lost: %+v", m)
			}
		}
		_, _ = Split(p)
	})
}

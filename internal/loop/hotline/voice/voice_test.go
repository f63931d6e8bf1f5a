package voice_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/crypto"
	"zugou/internal/loop/hotline/voice"
)

func loud(level int16) voice.Frame {
	var f voice.Frame
	for i := range f {
		f[i] = level
		if i%2 == 1 {
			f[i] = -level
		}
	}
	return f
}

func near(a, b int16) bool { d := int(a) - int(b); return d < 600 && d > -600 }

func TestCodecsGiveBackWhatWasSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]voice.Codec{voice.PCMA, voice.PCMU}).Draw(t, "law")
		var f voice.Frame
		for i := range f {
			f[i] = int16(rapid.IntRange(-32000, 32000).Draw(t, "sample"))
		}
		back := c.Decode(c.Encode(f))
		for i := range f {
			// A segment of G.711 is at most 1/32 of the value wide.
			if d := int(back[i]) - int(f[i]); d > 1100 || d < -1100 {
				t.Fatalf("sample %d: %d came back as %d", i, f[i], back[i])
			}
		}
		if again := c.Decode(c.Encode(back)); again != back {
			t.Fatal("coding twice moves the sound")
		}
	})
}

func TestRoomCallerAndSeatHearEachOtherAndNotThemselves(t *testing.T) {
	heard := map[string]voice.Frame{}
	leg := func(name string) *voice.Leg {
		return &voice.Leg{Name: name, Send: func(f voice.Frame) { heard[name] = f }}
	}
	caller, seat := leg("caller"), leg("seat")
	var room voice.Room
	room.Join(caller)
	room.Join(seat)
	for n := range uint16(3) {
		caller.Put(n, loud(1000))
		seat.Put(n, loud(4000))
	}
	room.Tick()
	if heard["caller"][0] != 4000 || heard["seat"][0] != 1000 {
		t.Fatalf("the caller hears %d, the seat %d", heard["caller"][0], heard["seat"][0])
	}
	seat.Mute(true)
	room.Tick()
	if heard["caller"][0] != 0 {
		t.Fatal("a muted seat is heard")
	}
	room.Leave(seat)
	room.Tick()
	if heard["caller"] != (voice.Frame{}) || room.Legs() != 1 {
		t.Fatal("who left is still heard")
	}
	if h, s := caller.Heard(); h != 60*time.Millisecond || s != 0 {
		t.Fatalf("the caller was heard %v, silent %v", h, s)
	}
}

func TestPromptIsPlayedToItsEndOrCut(t *testing.T) {
	var last voice.Frame
	caller := &voice.Leg{Send: func(f voice.Frame) { last = f }}
	var room voice.Room
	room.Join(caller)
	done := caller.Play([]voice.Frame{loud(100), loud(200)})
	room.Tick()
	if last[0] != 100 {
		t.Fatalf("heard %d", last[0])
	}
	select {
	case <-done:
		t.Fatal("done before its end")
	default:
	}
	room.Tick()
	<-done
	second := caller.Play([]voice.Frame{loud(300), loud(400)})
	caller.Hush()
	<-second
	room.Tick()
	if last != (voice.Frame{}) {
		t.Fatal("a cut prompt plays on")
	}
}

// Whatever order packets come in within the buffer, they are played in theirs.
func TestPacketsArePlayedInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := uint16(rapid.IntRange(0, 65535).Draw(t, "first number"))
		order := rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order")
		var got []int16
		leg := &voice.Leg{Send: func(voice.Frame) {}}
		listener := &voice.Leg{Send: func(f voice.Frame) { got = append(got, f[0]) }}
		var room voice.Room
		room.Join(leg)
		room.Join(listener)
		for _, n := range order {
			leg.Put(start+uint16(n), loud(int16(1000+n)))
			leg.Put(start+uint16(n), loud(int16(1000+n))) // doubled on the way
		}
		for range 8 {
			room.Tick()
		}
		seen := int16(0)
		for _, s := range got {
			if s == 0 {
				continue
			}
			if s <= seen {
				t.Fatalf("played %v", got)
			}
			seen = s
		}
		if seen != 1004 {
			t.Fatalf("the newest frame was not played: %v", got)
		}
	})
}

func TestAFloodOfPacketsDoesNotGrowTheDelay(t *testing.T) {
	var got int16
	leg := &voice.Leg{Send: func(voice.Frame) {}}
	listener := &voice.Leg{Send: func(f voice.Frame) { got = f[0] }}
	var room voice.Room
	room.Join(leg)
	room.Join(listener)
	for n := range uint16(1000) {
		leg.Put(n, loud(int16(n)+1))
	}
	room.Tick()
	if got < 985 {
		t.Fatalf("plays frame %d of 1000", got)
	}
}

func TestRecordingKeepsBothSidesAndATornEndIsLeftOut(t *testing.T) {
	keys := crypto.Ephemeral(crypto.AES)
	subject, _ := keys.NewSubject()
	path := filepath.Join(t.TempDir(), "rec")
	rec, err := voice.Record(path, "call-1", subject)
	if err != nil {
		t.Fatal(err)
	}
	for range voice.ChunkFrames + 10 {
		rec.Write(loud(2000), loud(8000))
	}
	frames, lost, err := rec.Close()
	if err != nil || frames != voice.ChunkFrames+10 || lost != 0 {
		t.Fatalf("%d frames, %d lost, %v", frames, lost, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wav, err := voice.Play(bytes.NewReader(data), "call-1", subject)
	if err != nil {
		t.Fatal(err)
	}
	sound := wav[46:]
	if len(sound) != 2*voice.Samples*frames || int(binary.LittleEndian.Uint32(wav[42:])) != len(sound) {
		t.Fatalf("%d bytes of sound for %d frames", len(sound), frames)
	}
	left, right := voice.PCMA.Decode(sound[:1]), voice.PCMA.Decode(sound[1:2])
	if !near(left[0], 2000) || !near(right[0], 8000) {
		t.Fatalf("left %d, right %d", left[0], right[0])
	}
	torn, err := voice.Play(bytes.NewReader(data[:len(data)-5]), "call-1", subject)
	if err != nil || len(torn) >= len(wav) || len(torn) <= 46 {
		t.Fatalf("a torn file: %d bytes, %v", len(torn), err)
	}
	if _, err := voice.Play(bytes.NewReader(data), "call-2", subject); err == nil {
		t.Fatal("a recording opens under another call's name")
	}
	other, _ := keys.NewSubject()
	if _, err := voice.Play(bytes.NewReader(data), "call-1", other); err == nil {
		t.Fatal("a recording opens with another key")
	}
	if bytes.Contains(data, sound[:64]) {
		t.Fatal("the file holds clear sound")
	}
}

func TestPromptsAreReadAndAnythingElseIsRefused(t *testing.T) {
	alaw := voice.PCMA.Encode(loud(5000))
	got, err := voice.ReadWAV(voice.WAV(1, alaw))
	if err != nil || len(got) != 1 || !near(got[0][0], 5000) {
		t.Fatalf("%d frames, %v", len(got), err)
	}
	if _, err := voice.ReadWAV(voice.WAV(2, alaw)); err == nil {
		t.Fatal("two channels were taken as one")
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(voice.WAV(1, make([]byte, 200)))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, err := voice.ReadWAV(data)
		if err == nil && len(frames)*voice.Samples > len(data)+voice.Samples {
			t.Fatal("more sound than bytes")
		}
	})
}

func TestKeysAreToldOnce(t *testing.T) {
	var k voice.Keys
	if key, ok := k.Read(100, []byte{0, 10, 0, 160}); !ok || key != '0' {
		t.Fatalf("%c %v", key, ok)
	}
	for range 5 {
		if _, ok := k.Read(100, []byte{0, 0x8a, 1, 64}); ok {
			t.Fatal("a repetition was told again")
		}
	}
	if key, ok := k.Read(900, []byte{11, 10, 0, 160}); !ok || key != '#' {
		t.Fatalf("%c %v", key, ok)
	}
	if _, ok := k.Read(1000, []byte{99, 0, 0, 0}); ok {
		t.Fatal("an unknown event is a key")
	}
}

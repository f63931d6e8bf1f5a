package keep

import (
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/report"
)

var now = clock.Of(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))

func TestAClockEightHoursOffIsLearntAfterThreeFrames(t *testing.T) {
	var c Clock
	told := func(off time.Duration, n int) {
		for range n {
			c, _ = c.Learn(now.Add(off), now)
		}
	}
	expect := func(step string, off time.Duration, at clock.Millis, suspect bool) {
		t.Helper()
		if got, s := c.When(now.Add(off), now); got != at || s != suspect {
			t.Errorf("%s: %v after now, suspect %v", step, got.Sub(now), s)
		}
	}
	expect("right", -time.Minute, now.Add(-time.Minute), false)
	expect("eight hours ahead, not learnt", 8*time.Hour, now, true)
	told(8*time.Hour+3*time.Minute, 2)
	expect("two frames", 8*time.Hour, now, true)
	told(8*time.Hour-3*time.Minute, 1)
	expect("three frames", 8*time.Hour-time.Minute, now.Add(-time.Minute), false)
	told(-3*time.Hour, 5)
	expect("a late frame teaches nothing", 8*time.Hour, now, false)
	told(0, 2)
	if c.Skew != zone {
		t.Error("two right frames undo it")
	}
	told(0, 1)
	expect("mended", 0, now, false)
	told(-8*time.Hour, 3)
	if c.Skew != 0 {
		t.Error("three late frames are taken for a wrong zone")
	}
	told(-8*time.Hour, 7)
	expect("behind", -8*time.Hour, now, false)
}

func TestATimeThatCantBe(t *testing.T) {
	for name, told := range map[string]clock.Millis{"none": 0, "2010": clock.Of(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)),
		"six minutes ahead": now.Add(6 * time.Minute), "2099": clock.Of(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC))} {
		if at, suspect := (Clock{}).When(told, now); at != now || !suspect {
			t.Errorf("%s: %v %v", name, at, suspect)
		}
	}
	if at, suspect := (Clock{}).When(now.Add(4*time.Minute), now); at != now || suspect {
		t.Errorf("a little ahead: %v %v", at.Sub(now), suspect)
	}
}

func TestWhatIsNoPlace(t *testing.T) {
	good := report.Message{Valid: new(true), Lat: new(29.6), Lon: new(105.7)}
	if f := Place(&good, now); f == nil || f.Lat != 29.6 || f.System != geo.WGS84 || f.AccuracyM <= 0 {
		t.Fatalf("%+v", f)
	}
	for name, m := range map[string]report.Message{
		"V":             {Valid: new(false), Lat: new(29.6), Lon: new(105.7)},
		"V and 0,0":     {Valid: new(false), Lat: new(0.0), Lon: new(0.0)},
		"A and 0,0":     {Valid: new(true), Lat: new(0.0), Lon: new(0.0)},
		"no longitude":  {Valid: new(true), Lat: new(29.6)},
		"off the globe": {Valid: new(true), Lat: new(291.0), Lon: new(105.7)},
		"nothing":       {},
	} {
		if f := Place(&m, now); f != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	secret := good
	secret.Secret = true
	if f := Place(&secret, now); f == nil || geo.Metres(f.Point, f.Raw) < 200 || f.System != geo.GCJ02 {
		t.Errorf("through the plug-in: %+v", f)
	}
}

func TestAnAccessPointThatMovesIsNotBelieved(t *testing.T) {
	home, far := geo.Point{Lat: 29.6, Lon: 105.7}, geo.Point{Lat: 29.7, Lon: 105.7}
	p := point{MAC: "a"}
	for i, at := range []geo.Point{home, home, far, home} {
		p, _ = p.taught(&Fix{Point: at, At: now.Add(time.Duration(i) * time.Minute)})
	}
	if p.Moves != 2 || locate([]point{p}, now) != nil {
		t.Errorf("%+v", p)
	}
	two := []point{{Lat: home.Lat, Lon: home.Lon}, {Lat: far.Lat, Lon: far.Lon}}
	if f := locate(two, now); f != nil {
		t.Errorf("two that contradict each other: %+v", f)
	}
	if f := locate(two[:1], now); f == nil || f.Source != "wifi" || f.AccuracyM < 30 {
		t.Errorf("%+v", f)
	}
}

package guard

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/guard/schedule"
	first "zugou/policy/guard"
)

func rules(t interface{ Fatal(...any) }) Rules {
	list, err := ReadEditions(first.Files)
	if err != nil {
		t.Fatal(err)
	}
	r, err := list[0].For("watch", "", "500111100001")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// seen is a fix of a table: seconds after the begin, metres from the edge.
type seen struct {
	s       int
	metres  float64
	acc     float64
	source  string
	jumped  bool
	verdict Verdict
}

func TestStanding(t *testing.T) {
	r := rules(t).Fence
	tests := []struct {
		name string
		mode Mode
		from Side
		see  []seen
		want Side
		open bool // pending
	}{
		{"first fix inside needs no second", KeepIn, Unknown, []seen{{0, -100, 15, "gps", false, Entered}}, In, false},
		{"first fix outside is told once confirmed", KeepIn, Unknown, []seen{{0, 200, 15, "gps", false, Suspected}, {70, 210, 15, "gps", false, Left}}, Out, false},
		{"one fix outside is an error until a second says so", KeepIn, In, []seen{{0, 200, 15, "gps", false, Suspected}, {60, -50, 15, "gps", false, Nothing}}, In, false},
		{"two fixes a minute apart", KeepIn, In, []seen{{0, 200, 15, "gps", false, Suspected}, {60, 220, 15, "gps", false, Left}}, Out, false},
		{"two fixes too close in time, a third", KeepIn, In, []seen{{0, 200, 15, "gps", false, Suspected}, {10, 220, 15, "gps", false, Nothing}, {20, 230, 15, "gps", false, Left}}, Out, false},
		{"the same fix sent three times", KeepIn, In, []seen{{0, 200, 15, "gps", false, Suspected}, {0, 200, 15, "gps", false, Nothing}, {0, 200, 15, "gps", false, Nothing}}, In, true},
		{"within the margin", KeepIn, In, []seen{{0, 25, 15, "gps", false, Nothing}, {60, 29, 15, "gps", false, Nothing}, {120, 25, 15, "gps", false, Nothing}}, In, false},
		{"the circle of the fix still touches the fence", KeepIn, In, []seen{{0, 90, 100, "gps", false, Nothing}, {60, 95, 100, "gps", false, Nothing}}, In, false},
		{"cells never say that a child left", KeepIn, In, []seen{{0, 3000, 1000, "cell", false, Doubtful}, {60, 3000, 1000, "cell", false, Nothing}, {600, 5000, 1000, "cell", false, Nothing}}, In, false},
		{"nor that it came back", KeepIn, Out, []seen{{0, -200, 500, "cell", false, Nothing}, {60, -200, 500, "cell", false, Nothing}}, Out, false},
		{"a circle of a kilometre decides nothing", KeepIn, In, []seen{{0, 3000, 900, "wifi", false, Doubtful}, {90, 3000, 900, "wifi", false, Nothing}}, In, false},
		{"a jump counts only by the next fix", KeepIn, In, []seen{{0, 9000, 15, "gps", true, Suspected}, {60, 9000, 15, "gps", false, Nothing}, {120, 9000, 15, "gps", false, Left}}, Out, false},
		{"an error that jumps there and back", KeepIn, In, []seen{{0, 9000, 15, "gps", true, Suspected}, {60, -50, 15, "gps", true, Nothing}}, In, false},
		{"coming back needs two as well", KeepIn, Out, []seen{{0, -50, 15, "gps", false, Suspected}, {61, -50, 15, "gps", false, Entered}}, In, false},
		{"out of order by half a minute confirms", KeepIn, In, []seen{{60, 200, 15, "gps", false, Suspected}, {30, 150, 15, "gps", false, Nothing}, {90, 300, 15, "gps", false, Left}}, Out, false},
		{"an older fix refutes nothing", KeepIn, In, []seen{{60, 200, 15, "gps", false, Suspected}, {30, -50, 15, "gps", false, Nothing}}, In, true},
		{"deep in a danger zone, exactly: at once", KeepOut, Out, []seen{{0, -60, 15, "gps", false, Entered}}, In, false},
		{"at its edge: confirmed", KeepOut, Unknown, []seen{{0, -12, 15, "gps", false, Suspected}, {60, -14, 15, "gps", false, Entered}}, In, false},
		{"Wi-Fi of eighty metres says nothing of a river", KeepOut, Out, []seen{{0, -40, 80, "wifi", false, Nothing}, {90, -40, 80, "wifi", false, Nothing}}, Out, false},
		{"leaving a danger zone", KeepOut, In, []seen{{0, 80, 15, "gps", false, Suspected}, {61, 90, 15, "gps", false, Left}}, Out, false},
		{"no accuracy is no fix", KeepIn, In, []seen{{0, 900, 0, "gps", false, Nothing}, {90, 900, -1, "gps", false, Nothing}}, In, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := Standing{State: tt.from}
			for i, f := range tt.see {
				var got Verdict
				st, got = st.Next(tt.mode, Fix{At: clock.Millis(1e12 + f.s*1000), Source: f.source, AccuracyM: f.acc}, f.metres, 300, f.jumped, r)
				if got != f.verdict {
					t.Fatalf("fix %d: %q, want %q (%+v)", i, got, f.verdict, st)
				}
			}
			if st.State != tt.want || st.Pending() != tt.open {
				t.Errorf("stands %+v", st)
			}
		})
	}
}

func TestAGoodFixThatNothingFollowsStandsAlone(t *testing.T) {
	r := rules(t).Fence
	st := Standing{State: In}
	st, _ = st.Next(KeepIn, Fix{At: 1e12, Source: "gps", AccuracyM: 15}, 400, 300, false, r)
	if _, v := st.Alone(true, clock.Millis(1e12).Add(9*time.Minute), r); v != Nothing {
		t.Error("too early")
	}
	if _, v := st.Alone(false, clock.Millis(1e12).Add(time.Hour), r); v != Nothing {
		t.Error("a poor fix does not stand alone")
	}
	if after, v := st.Alone(true, clock.Millis(1e12).Add(10*time.Minute), r); v != Left || after.State != Out || after.SinceAt != 1e12 {
		t.Errorf("%q %+v", v, after)
	}
}

// What must hold for any run of fixes.
func TestStandingProperties(t *testing.T) {
	r := rules(t).Fence
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]Mode{KeepIn, KeepOut}).Draw(t, "mode")
		st := Standing{State: rapid.SampledFrom([]Side{Unknown, In, Out}).Draw(t, "from")}
		at := clock.Millis(1e12)
		agree := 0 // fixes in a row that prove the other side
		for range rapid.IntRange(1, 40).Draw(t, "fixes") {
			at = at.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "gap")) * time.Second)
			f := Fix{At: at, Source: rapid.SampledFrom([]string{"gps", "wifi", "cell"}).Draw(t, "source"), AccuracyM: rapid.Float64Range(-1, 1500).Draw(t, "acc")}
			d := rapid.Float64Range(-400, 2000).Draw(t, "metres")
			jumped := rapid.Bool().Draw(t, "jumped")
			side := r.side(mode, f, d, 300)
			next, v := st.Next(mode, f, d, 300, jumped, r)
			if (v == Left || v == Entered) != (next.State != st.State) && !(st.State == Unknown && next.State == Out && mode == KeepOut) {
				t.Fatalf("%q moved %s to %s", v, st.State, next.State)
			}
			if side == blind || side == between {
				if next.State != st.State || next.Count != st.Count {
					t.Fatalf("a fix that proves nothing moved %+v to %+v", st, next)
				}
			} else if side != st.State && !jumped {
				agree++
			} else if side == st.State {
				agree = 0
			}
			if v == Left && mode == KeepIn {
				if d <= f.AccuracyM {
					t.Fatal("left, though the circle touches the fence")
				}
				if agree < 2 {
					t.Fatal("left by one fix")
				}
			}
			if v == Left || v == Entered {
				agree = 0
			}
			st = next
		}
		// From wherever it stands, three exact fixes settle the truth.
		for i := range 3 {
			st, _ = st.Next(mode, Fix{At: at.Add(time.Duration(i+1) * time.Minute), Source: "gps", AccuracyM: 10}, 500, 300, false, r)
		}
		if st.State != Out || st.Pending() {
			t.Fatalf("500 m outside by three exact fixes, and it stands %+v", st)
		}
	})
}

func TestBattery(t *testing.T) {
	r := BatteryRule{Low: 20, Rearm: 30, Flat: 5}
	tests := []struct {
		percent int
		booted  bool
		want    step
	}{{0, true, same}, {0, false, same}, {80, false, same}, {20, false, rose}, {19, false, same}, {24, false, same}, {20, false, same}, {29, false, same}, {30, false, fell},
		{21, false, same}, {0, true, same}, {15, false, rose}, {-1, false, same}, {101, false, same}, {3, false, same}, {100, false, fell}, {0, false, rose}}
	var l Level
	for i, tt := range tests {
		var got step
		if l, got = l.Battery(tt.percent, tt.booted, clock.Millis(1e12+i*60_000), r); got != tt.want {
			t.Fatalf("%d: %d %% gives %v, want %v", i, tt.percent, got, tt.want)
		}
	}
}

func TestVital(t *testing.T) {
	r := VitalRule{Low: 45, High: 150, Gap: 10, Fixes: 3, WithinS: 1800}
	tests := []struct {
		s    int
		v    float64
		want step
	}{{0, 0, same}, {60, 160, same}, {120, 90, same}, {180, 160, same}, {240, 155, same}, {241, 0, same}, {300, 150, rose}, {360, 170, same}, {420, 145, same},
		{480, 160, same}, {540, 139, fell}, {600, 160, same}, {4000, 160, same}, {4060, 160, same}, {4120, 160, rose}, {4100, 80, same}, {4200, 40, same}, {4260, 56, fell}}
	var l Level
	for i, tt := range tests {
		var got step
		if l, got = l.Vital(tt.v, clock.Millis(1e12+tt.s*1000), r); got != tt.want {
			t.Fatalf("%d: %v gives %v, want %v", i, tt.v, got, tt.want)
		}
	}
}

// Between two alarms of one level there is a re-arm, whatever the readings.
func TestLevelsDontFlap(t *testing.T) {
	b, v := BatteryRule{20, 30, 5}, VitalRule{High: 38, Gap: .5, Fixes: 2, WithinS: 3600}
	rapid.Check(t, func(t *rapid.T) {
		var lb, lv Level
		upB, upV := false, false
		for i := range rapid.IntRange(1, 60).Draw(t, "n") {
			at := clock.Millis(1e12 + i*60_000)
			var sb, sv step
			lb, sb = lb.Battery(rapid.IntRange(0, 100).Draw(t, "b"), rapid.Bool().Draw(t, "boot"), at, b)
			lv, sv = lv.Vital(rapid.Float64Range(35, 41).Draw(t, "v"), at, v)
			if sb == rose && upB || sv == rose && upV || sb == fell && !upB || sv == fell && !upV {
				t.Fatal("told twice")
			}
			if sb != same {
				upB = sb == rose
			}
			if sv != same {
				upV = sv == rose
			}
		}
	})
}

func TestRulesLayer(t *testing.T) {
	e, err := ReadEdition([]byte(`{"name":"x","from":"2024-01-01","default":` + defaults(t) + `,
		"models":{"m":{"silence":{"interval_s":60,"quiet":[{"days":"school","from":"08:00","to":"12:00"}]}}},
		"areas":{"500111":{"battery":{"low":25,"rearm":35}},"500111100":{"battery":{"low":15}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.For("", "m", "500111100001")
	if err != nil || r.Battery.Low != 15 || r.Battery.Rearm != 35 || r.Battery.Flat != 5 || r.Silence.IntervalS != 60 || r.Silence.Times != 3 || len(r.Silence.Quiet) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if r, _ := e.For("m", "card", "500111"); r.Silence.IntervalS != 60 {
		t.Error("a model without rules of its own goes by those of its protocol")
	}
	if r, _ := e.For("", "", "500112"); r.Battery.Low != 20 {
		t.Error("another district's rules")
	}
	for name, bad := range map[string]string{
		"re-arms below": `{"battery":{"low":30,"rearm":20}}`, "no fix": `{"fence":{"fixes":0}}`, "ways of minutes": `{"fence":{"cross_s":600}}`, "silence of a week": `{"silence":{"interval_s":604800}}`,
		"to nobody": `{"alarms":{"silent":[{"to":"seat"}]}}`, "unknown alarm": `{"alarms":{"sos":[{"to":"note"}]}}`, "share": `{"mass":{"share":2}}`, "days": `{"keep":{"positions":0}}`, "form": `{"fence":[]}`,
	} {
		if _, err := ReadEdition([]byte(`{"default":` + defaults(t) + `,"areas":{"50":` + bad + `}}`)); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func defaults(t *testing.T) string {
	t.Helper()
	list, err := ReadEditions(first.Files)
	if err != nil {
		t.Fatal(err)
	}
	return string(list[0].Default)
}

// Class A is no alarm of this package: no rule can send it anywhere.
func TestNoRuleTouchesClassA(t *testing.T) {
	for _, k := range Kinds() {
		for _, a := range []string{"sos", "fall", "removed", "voice_help", "accident", "general"} {
			if strings.EqualFold(string(k), a) {
				t.Errorf("%s is filtered", a)
			}
		}
	}
}

func TestRoute(t *testing.T) {
	r := rules(t)
	c := schedule.Calendar{Workday: civilWorkday}
	night, day := clock.Of(time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)), clock.Of(time.Date(2026, 3, 4, 7, 0, 0, 0, time.UTC)) // 23:00, 15:00
	tests := []struct {
		k      Kind
		fence  string
		at     clock.Millis
		to     string
		matter string
	}{
		{FenceExit, "home", night, ToSeat, "missing"}, {FenceExit, "home", day, ToVillage, "fence"}, {FenceExit, "school", night, ToVillage, "fence"},
		{DangerEnter, "river", day, ToSeat, "water"}, {LowBattery, "", day, ToVillage, "battery"}, {Unsure, "home", day, ToNote, ""}, {Kind("new"), "", day, ToVillage, "device"},
	}
	for _, tt := range tests {
		if got := r.Route(tt.k, tt.fence, tt.at, c); got.To != tt.to || got.Matter != tt.matter {
			t.Errorf("%s of %s: %+v", tt.k, tt.fence, got)
		}
	}
}

func civilWorkday(civil.Date) bool { return true }

package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/guard"
	"zugou/internal/loop/guard/fence"
	"zugou/internal/loop/simulate"
	rules "zugou/policy/guard"
)

func circle(p geo.Point, radius float64) *fence.Shape {
	return fence.Outline{Circle: &fence.Circle{Point: p, RadiusM: radius}}.Compile()
}

// BenchmarkFenceChecks: fixes judged a second against 2,000 danger zones of a
// district, by index and exact distance.
func BenchmarkFenceChecks(b *testing.B) {
	machine(b, "embedded engine")
	r := rand.New(rand.NewPCG(1, 1))
	at := func() geo.Point { return geo.Point{Lat: 29.4 + 0.4*r.Float64(), Lon: 105.5 + 0.5*r.Float64()} }
	var index fence.Index[*fence.Shape]
	for range 2000 {
		s := circle(at(), 100+200*r.Float64())
		index.Put(s.Box(), 200, s)
	}
	const checks = 300_000
	inside, began := 0, time.Now()
	for range checks {
		p := at()
		for _, s := range index.At(p) {
			if s.Distance(p) < 0 {
				inside++
			}
		}
	}
	b.ReportMetric(checks/time.Since(began).Seconds(), "fixes/s")
	b.ReportMetric(float64(inside)/checks, "inside-share")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFenceTruth: 300 children over 14 simulated days with known truth,
// a report each five minutes, one fix in a hundred some 400 m off, each with a fence around home by the shipped
// rules. Wrong: an exit told while the child was inside by the truth for the
// half hour around (goal ≤ 0.02 a device and day). Missed: outside by the truth
// for an hour on end, by more than the rule's margin, and never told (goal 0).
func BenchmarkFenceTruth(b *testing.B) {
	machine(b, "embedded engine")
	editions, err := guard.ReadEditions(rules.Files)
	if err != nil {
		b.Fatal(err)
	}
	all, err := editions[len(editions)-1].For("", "", "500111")
	if err != nil {
		b.Fatal(err)
	}
	rule := all.Fence
	const children, days, radius = 300, 14, 300.0
	const step = 5 * time.Minute
	wrong, exits, missed, told, doubts := 0, 0, 0, 0, 0
	start := time.Date(2024, 5, 6, 0, 0, 0, 0, clock.Zone)
	for i := range children {
		home := simulate.Place{Lat: 29.6 + float64(i)*0.001, Lon: 105.7}
		life := simulate.NewLife(uint64(i), home, simulate.Place{})
		shape := circle(geo.Point{Lat: home.Lat, Lon: home.Lon}, radius)
		var s guard.Standing
		var outside []bool // truth of each step
		var tellings []int
		good, noise := false, rand.New(rand.NewPCG(uint64(i), 7))
		for n := range int(days * 24 * time.Hour / step) {
			m := life.At(start.Add(time.Duration(n) * step))
			truth := shape.Distance(geo.Point{Lat: m.Truth.Lat, Lon: m.Truth.Lon})
			outside = append(outside, truth > 0)
			now := clock.Of(m.At)
			var v guard.Verdict
			if next, alone := s.Alone(good, now, rule); alone == guard.Left {
				s, v = next, alone
			}
			if m.Fixed && noise.IntN(100) == 0 { // a fix that drifts off and calls itself good
				m.Told = simulate.Place{Lat: m.Told.Lat + noise.NormFloat64()*0.004, Lon: m.Told.Lon + noise.NormFloat64()*0.004}
			}
			msg := &report.Message{Time: m.At, Valid: &m.Fixed, Lat: &m.Told.Lat, Lon: &m.Told.Lon, Satellites: &m.Sats}
			if f := keep.Place(msg, now); f != nil {
				fix := guard.Fix{Point: f.Point, At: f.At, Source: f.Source, AccuracyM: f.AccuracyM}
				next, did := s.Next(guard.KeepIn, fix, shape.Distance(f.Point), shape.Radius(), false, rule)
				good = f.AccuracyM <= rule.GoodM
				s = next
				if did != guard.Nothing {
					v = did
				}
			}
			switch v {
			case guard.Left:
				tellings = append(tellings, n)
			case guard.Doubtful:
				doubts++
			}
		}
		near := func(n int) bool {
			for k := max(0, n-4); k <= min(len(outside)-1, n+2); k++ {
				if outside[k] {
					return true
				}
			}
			return false
		}
		for _, n := range tellings {
			told++
			if !near(n) {
				wrong++
			}
		}
		for n := 0; n < len(outside); {
			if !outside[n] {
				n++
				continue
			}
			end := n
			for end < len(outside) && outside[end] {
				end++
			}
			if end-n >= 12 {
				exits++
				seen := false
				for _, k := range tellings {
					seen = seen || k >= n && k <= end+1
				}
				if !seen {
					missed++
				}
			}
			n = end
		}
	}
	b.ReportMetric(float64(wrong)/float64(children*days), "wrong/device-day(goal≤0.02)")
	b.ReportMetric(float64(missed), "missed(goal=0)")
	b.ReportMetric(float64(exits), "true-exits")
	b.ReportMetric(float64(told), "told")
	b.ReportMetric(0, "ns/op")
	if missed > 0 || wrong > children*days/50 {
		b.Log(fmt.Sprintf("wrong %d, missed %d, doubts %d", wrong, missed, doubts))
	}
}

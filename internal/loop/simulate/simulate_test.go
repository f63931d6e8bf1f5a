package simulate

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/device"
)

// A Wednesday in term.
var wednesday = time.Date(2024, 5, 22, 0, 0, 0, 0, time.FixedZone("", 8*3600))

func TestADayOfAChildIsBelievable(t *testing.T) {
	l := NewLife(7, Place{29.60, 105.70}, Place{29.61, 105.71})
	where := map[string]int{}
	var fixes, indoors int
	var before Moment
	for at := wednesday; at.Before(wednesday.AddDate(0, 0, 1)); at = at.Add(time.Minute) {
		m := l.At(at)
		where[m.Where]++
		if again := l.At(at); again.Truth != m.Truth || again.Told != m.Told || again.Battery != m.Battery {
			t.Fatal("the same instant twice is not the same")
		}
		if m.Fixed {
			fixes++
			if far := m.Told.metres(m.Truth); far > 200 {
				t.Errorf("%v: the fix is %.0f m off", at, far)
			}
		} else if m.Told != (Place{}) {
			t.Errorf("%v: a place without a fix", at)
		}
		if len(m.Wifi) > 0 {
			indoors++
		}
		if m.Battery < 0 || m.Battery > 100 || m.Speed < 0 || m.Speed > 60 {
			t.Errorf("%v: %+v", at, m)
		}
		if step := m.Truth.metres(before.Truth); !before.At.IsZero() && step > 1000 {
			t.Errorf("%v: %.0f m in a minute", at, step)
		}
		before = m
	}
	if where[School] < 8*60 || where[Road] < 20 || where[Home] < 10*60 || indoors < 18*60 || fixes < 300 || fixes > 800 {
		t.Errorf("minutes %v, indoors %d, fixes %d", where, indoors, fixes)
	}
	if m := l.At(wednesday.AddDate(0, 0, 3).Add(10 * time.Hour)); m.Where == School {
		t.Error("at school on Saturday")
	}
}

// gateway is a port that answers as a real one would, and may stay silent.
type gateway struct {
	net.Listener
	mu     sync.Mutex
	silent int // alarms that get no answer
	heard  []report.Message
}

func listenAs(t *testing.T, silent int, serve func(g *gateway, c net.Conn)) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{Listener: l, silent: silent}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(g, c) }()
		}
	}()
	return g
}

// take notes a message and tells whether it is answered.
func (g *gateway) take(m report.Message) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = append(g.heard, m)
	if slices.Contains(m.Alarms, report.SOS) && g.silent > 0 {
		g.silent--
		return false
	}
	return true
}

func serveWatch(g *gateway, c net.Conn) {
	var f watch.Framer
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		f.Feed(buf[:n])
		for {
			raw, ok, bad := f.Next()
			if bad != nil || !ok {
				break
			}
			frame, bad := watch.Parse(raw)
			if bad != nil {
				return
			}
			if m := frame.Message(); g.take(m) && m.Reply != nil {
				_, _ = c.Write(m.Reply)
			}
		}
		if err != nil {
			return
		}
	}
}

func serveJT808(g *gateway, c net.Conn) {
	var f jt808.Framer
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		f.Feed(buf[:n])
		for {
			raw, ok, bad := f.Next()
			if bad != nil || !ok {
				break
			}
			frame, bad := jt808.Parse(raw)
			if bad != nil {
				return
			}
			for _, m := range frame.Messages(jt808.Options{Auth: func(id, code string) bool { return code == jt808.DefaultCode(id) }}) {
				if g.take(m) && m.Reply != nil {
					_, _ = c.Write(m.Reply)
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// lives runs a district until done says so.
func lives(t *testing.T, o Options, done func(s Snapshot) bool) Snapshot {
	t.Helper()
	o.Counts = &Counts{}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	for !done(o.Counts.Snapshot()) {
		select {
		case err := <-ended:
			t.Fatalf("ended early (%v): %v", err, o.Counts.Snapshot())
		case <-time.After(5 * time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return o.Counts.Snapshot()
}

func badges(protocol string, n int) []Device {
	var list []Device
	for i := range n {
		list = append(list, Device{ID: device.DemoDeviceID(i), Protocol: protocol, Home: Place{29.6 + float64(i)/1000, 105.7}})
	}
	return list
}

func TestAnSOSIsSaidAgainUntilItIsAnswered(t *testing.T) {
	for protocol, serve := range map[string]func(*gateway, net.Conn){"watch": serveWatch, "jt808": serveJT808} {
		t.Run(protocol, func(t *testing.T) {
			g := listenAs(t, 2, serve)
			s := lives(t, Options{Addrs: map[string]string{protocol: g.Addr().String()}, Devices: badges(protocol, 5), Seed: 4, Speed: 3000,
				Ramp: 20 * time.Millisecond, FirstSOSWithin: 100 * time.Millisecond, RepeatAfter: 30 * time.Millisecond, Honest: true},
				func(s Snapshot) bool { return s.Acknowledged == 1 && s.Positions >= 10 && s.Links >= 10 })
			if s.Alarms != 1 || s.Repeats < 2 {
				t.Errorf("%v", s)
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			ids, alarms := map[string]bool{}, map[time.Time]bool{}
			for _, m := range g.heard {
				if m.Err != "" {
					t.Errorf("%s is not readable: %s", m.Type, m.Err)
				}
				ids[m.DeviceID] = true
				if m.Alarmed(report.SOS) {
					alarms[m.Time] = true
				}
			}
			if len(ids) != 5 || !ids[device.DemoDeviceID(0)] || len(alarms) != 1 {
				t.Errorf("badges %v, alarms %v", ids, alarms)
			}
		})
	}
}

func TestABadgeComesBackAfterABreak(t *testing.T) {
	var mu sync.Mutex
	connections := 0
	g := listenAs(t, 0, func(g *gateway, c net.Conn) {
		mu.Lock()
		connections++
		cut := connections == 1
		mu.Unlock()
		if cut { // the gateway dies in the middle of the alarm
			_, _ = io.ReadAtLeast(c, make([]byte, 4096), 200)
			return
		}
		serveWatch(g, c)
	})
	s := lives(t, Options{Addr: g.Addr().String(), Devices: badges("watch", 1), FirstSOSWithin: 20 * time.Millisecond, Honest: true},
		func(s Snapshot) bool { return s.Acknowledged == 1 })
	if s.Breaks < 1 || s.Connections < 2 || s.Alarms != 1 {
		t.Errorf("%v", s)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, o := range map[string]Options{
		"no devices":            {Addr: "127.0.0.1:1"},
		"no address":            {Devices: badges("jt808", 1), Addr: "127.0.0.1:1"},
		"unknown protocol":      {Devices: badges("morse", 1), Addrs: map[string]string{"morse": "127.0.0.1:1"}},
		"a number with letters": {Devices: []Device{{ID: "AB", Protocol: "gt06"}}, Addrs: map[string]string{"gt06": "127.0.0.1:1"}},
	} {
		if err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

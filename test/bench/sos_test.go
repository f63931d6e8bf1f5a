package bench

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/people/device"
)

// BenchmarkSOSToScreen: an SOS on the wire until its event is at the browser's
// stream, with as many badges online and talking. Each press is another
// child's first: a whole matter is opened.
func BenchmarkSOSToScreen(b *testing.B) {
	for _, badges := range []int{549, 10_000} {
		b.Run(fmt.Sprintf("%d-badges", badges), func(b *testing.B) {
			a, base, watch := house(b)
			machine(b, string(a.DB.Engine()))
			const presses = 400
			online(b, watch, badges-1)
			s := watchScreen(b, base)
			took := make([]time.Duration, 0, presses)
			for i := range presses {
				conn, err := net.Dial("tcp", watch)
				if err != nil {
					b.Fatal(err)
				}
				seen, began := s.count(), time.Now()
				if err := press(conn, device.DemoDeviceID(i), i); err != nil {
					b.Fatal(err)
				}
				at, err := s.nth(seen + 1)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, at.Sub(began))
				_ = conn.Close()
			}
			percentiles(b, "", took, 50, 99)
		})
	}
}

// BenchmarkDurableSOS: acknowledged SOS a second from 64 badges, each stored
// with its matter, and a bare loop that writes and fsyncs the same bytes in
// groups of the same size. Both take turns, so that a busy machine is as busy
// for both.
func BenchmarkDurableSOS(b *testing.B) {
	a, _, watch := house(b)
	machine(b, string(a.DB.Engine()))
	const (
		badges = 64
		rounds = 5
		within = 2 * time.Second
	)
	conns := make([]net.Conn, badges)
	for i := range conns {
		conn, err := net.Dial("tcp", watch)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
		if err := press(conn, device.DemoDeviceID(i), 0); err != nil {
			b.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var ours, bare, groups, changes float64
	var oursFor, bareFor time.Duration
	n := 0
	for range rounds {
		groups0, changes0 := a.DB.Stats()
		var acked atomic.Int64
		var wg sync.WaitGroup
		began := time.Now()
		end := began.Add(within)
		for i, conn := range conns {
			wg.Add(1)
			first := n
			go func() {
				defer wg.Done()
				for k := first; time.Now().Before(end); k++ {
					if press(conn, device.DemoDeviceID(i), k+1) != nil {
						b.Errorf("badge %d was not answered", i)
						return
					}
					acked.Add(1)
				}
			}()
		}
		wg.Wait()
		oursFor += time.Since(began)
		n += 1_000_000
		groups1, changes1 := a.DB.Stats()
		ours += float64(acked.Load())
		groups += float64(groups1 - groups0)
		changes += float64(changes1 - changes0)

		size := max(1, float64(changes1-changes0)/float64(groups1-groups0))
		record := make([]byte, int(110*size)) // what a press is on the wire
		began = time.Now()
		for time.Since(began) < within {
			if _, err := f.Write(record); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			bare += size
		}
		bareFor += time.Since(began)
	}
	b.ReportMetric(ours/oursFor.Seconds(), "sos/s")
	b.ReportMetric(changes/groups, "changes/group")
	b.ReportMetric(bare/bareFor.Seconds(), "bare/s")
	b.ReportMetric(100*ours/oursFor.Seconds()/(bare/bareFor.Seconds()), "%of-bare")
}

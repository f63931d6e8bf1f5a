// Package bench measures the main promises on this machine, each beside a
// limit or a peer of the same run. Run by `make bench`; nothing here judges.
package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/people/staff"
)

// house is the program in this process, on real sockets.
func house(b *testing.B) (a *app.App, base, watch string) {
	b.Helper()
	c, err := config.Load([]string{"--demo", "--data", b.TempDir(), "--http", "127.0.0.1:0", "--watch", "127.0.0.1:0"}, func(string) string { return "" }, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err = app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.SeedDemo(context.Background()); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, gone := make(chan map[string]string, 1), make(chan struct{})
	go func() {
		defer close(gone)
		if err := a.Serve(ctx, func(addrs map[string]string) { ready <- addrs }); err != nil {
			b.Error(err)
		}
	}()
	b.Cleanup(func() { stop(); <-gone; _ = a.Close() })
	addrs := <-ready
	return a, "http://" + addrs["http"], addrs["watch"]
}

func press(conn net.Conn, deviceID string, n int) error {
	content := fmt.Sprintf("AL,%s,V,0.0,N,0.0,E,0,0,0,0,100,50,%d,0,00010000,0,0,0", time.Now().UTC().Format("020106,150405"), n)
	if _, err := fmt.Fprintf(conn, "[3G*%s*%04X*%s]", deviceID, len(content), content); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, len("[3G**0002*AL]")+len(deviceID)))
	return err
}

func machine(b *testing.B) {
	b.Logf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

// BenchmarkSOSToScreen: an SOS on the wire until its event is at the browser's
// stream, with 549 badges connected.
func BenchmarkSOSToScreen(b *testing.B) {
	machine(b)
	_, base, watch := house(b)
	body := strings.NewReader(`{"account":"seat1","password":"` + staff.DemoPassword + `"}`)
	req, _ := http.NewRequest(http.MethodPost, base+"/api/sign-in", body)
	req.Header.Set("X-Zugou", "1")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("sign-in: %v", err)
	}
	req, _ = http.NewRequest(http.MethodGet, base+"/api/stream", nil)
	for _, c := range res.Cookies() {
		req.AddCookie(c)
	}
	stream, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	rings := make(chan time.Time, 10_000)
	go func() {
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			if lines.Text() == "event: ring" {
				rings <- time.Now()
			}
		}
	}()
	for i := range 549 {
		conn, err := net.Dial("tcp", watch)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "[3G*77%08d*0002*LK]", i)
	}
	conn, err := net.Dial("tcp", watch)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const presses = 400
	took := make([]time.Duration, 0, presses)
	for i := range presses {
		began := time.Now()
		if err := press(conn, fmt.Sprintf("66%08d", i), i); err != nil {
			b.Fatal(err)
		}
		select {
		case at := <-rings:
			took = append(took, at.Sub(began))
		case <-time.After(5 * time.Second):
			b.Fatal("no ring within 5 s")
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkDurableSOS: acknowledged SOS a second from 64 badges, and a bare
// loop that writes and fsyncs the same bytes in groups of the same size.
func BenchmarkDurableSOS(b *testing.B) {
	machine(b)
	a, _, watch := house(b)
	const within = 4 * time.Second
	groups0, changes0 := a.DB.Stats()
	var acked atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(within)
	for i := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn, err := net.Dial("tcp", watch)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			for n := 0; time.Now().Before(end); n++ {
				if press(conn, fmt.Sprintf("55%08d", i), n) != nil {
					return
				}
				acked.Add(1)
			}
		}()
	}
	wg.Wait()
	groups, changes := a.DB.Stats()
	size := float64(changes-changes0) / float64(groups-groups0)
	ours := float64(acked.Load()) / within.Seconds()

	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	record := make([]byte, 110*int(max(1, size)))
	n := 0
	for began := time.Now(); time.Since(began) < within; n++ {
		if _, err := f.Write(record); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	bare := float64(n) * size / within.Seconds()
	b.ReportMetric(ours, "sos/s")
	b.ReportMetric(size, "changes/group")
	b.ReportMetric(bare, "bare/s")
	b.ReportMetric(100*ours/bare, "%of-bare")
}

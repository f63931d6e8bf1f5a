// Package bench measures the main promises on this machine, each beside a
// limit or a peer of the same run, and prints the machine with it. Run by
// `make bench`; nothing here judges.
package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/app"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/people/staff"
)

// TestMain lets the same binary be the badges of a bench: they need files of
// their own, which a process has only so many of.
func TestMain(m *testing.M) {
	if n := os.Getenv("ZUGOU_BENCH_BADGES"); n != "" {
		if err := beBadges(n, os.Getenv("ZUGOU_BENCH_ADDR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// house is the program in this process, on real sockets, with the demo
// district of 549 children and badges.
func house(b *testing.B) (a *app.App, base, watch string) {
	b.Helper()
	return houseAt(b, 0)
}

// houseAt is a house whose clock is moved.
func houseAt(b *testing.B, by time.Duration) (a *app.App, base, watch string) {
	b.Helper()
	c, err := config.Load([]string{"--demo", "--data", b.TempDir(), "--http", "127.0.0.1:0", "--watch", "127.0.0.1:0"}, func(string) string { return "" }, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err = app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "bench", Clock: moved{clock.System(), by}})
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

// machine prints what the figures were taken on: processor, memory, load, and
// what one fsync costs here.
func machine(b *testing.B, engine string) {
	b.Helper()
	field := func(path, pattern string) string {
		text, _ := os.ReadFile(path) // not every system has it
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
			return strings.TrimSpace(string(m[1]))
		}
		return "?"
	}
	b.Logf("%s/%s, %s, %d cores, memory %s, load %s, %s, %s, one fsync of 4 KiB %v", runtime.GOOS, runtime.GOARCH, field("/proc/cpuinfo", `model name\s*:\s*(.*)`), runtime.NumCPU(),
		field("/proc/meminfo", `MemTotal:\s*(.*)`), field("/proc/loadavg", `^(\S+)`), runtime.Version(), engine, oneSync(b))
}

func oneSync(b *testing.B) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	const times = 50
	page := make([]byte, 4096)
	began := time.Now()
	for range times {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return (time.Since(began) / times).Round(time.Microsecond)
}

// press sends one SOS and waits for its answer.
func press(conn net.Conn, deviceID string, n int) error {
	content := fmt.Sprintf("AL,%s,V,0.0,N,0.0,E,0,0,0,0,100,50,%d,0,00010000,0,0,0", time.Now().UTC().Format("020106,150405"), n)
	if _, err := fmt.Fprintf(conn, "[3G*%s*%04X*%s]", deviceID, len(content), content); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, len("[3G**0002*AL]")+len(deviceID)))
	return err
}

// screen is a signed-in operator's stream.
type screen struct {
	mu    sync.Mutex
	rings []time.Time // when each came
	came  chan struct{}
}

func watchScreen(b *testing.B, base string) *screen {
	b.Helper()
	req, _ := http.NewRequest(http.MethodPost, base+"/api/sign-in", strings.NewReader(`{"account":"seat1","password":"`+staff.DemoPassword+`"}`))
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
	if err != nil || stream.StatusCode != http.StatusOK {
		b.Fatalf("stream: %v", err)
	}
	b.Cleanup(func() { _ = stream.Body.Close() })
	s := &screen{came: make(chan struct{}, 1)}
	go func() {
		name := ""
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			}
			text, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok || name != "change" {
				continue
			}
			var e struct {
				Topic, Kind string
			}
			// An SOS opens a matter, or is pressed again in one; what else
			// happens in the house is not counted.
			if json.Unmarshal([]byte(text), &e) != nil || e.Topic != "matter" || e.Kind != "opened" && e.Kind != "pressed_again" {
				continue
			}
			s.mu.Lock()
			s.rings = append(s.rings, time.Now())
			s.mu.Unlock()
			select {
			case s.came <- struct{}{}:
			default:
			}
		}
	}()
	return s
}

// count gives how many calls for help the screen has shown.
func (s *screen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rings)
}

// nth waits for the n-th and gives its instant.
func (s *screen) nth(n int) (time.Time, error) {
	limit := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		if len(s.rings) >= n {
			at := s.rings[n-1]
			s.mu.Unlock()
			return at, nil
		}
		s.mu.Unlock()
		select {
		case <-s.came:
		case <-limit:
			return time.Time{}, fmt.Errorf("no ring within 30 s")
		}
	}
}

// percentiles prints hundredths of what was measured, in milliseconds.
func percentiles(b *testing.B, what string, took []time.Duration, hundredths ...int) {
	b.Helper()
	slices.Sort(took)
	for _, h := range hundredths {
		b.ReportMetric(ms(took[min(len(took)-1, len(took)*h/100)]), fmt.Sprintf("%sp%d-ms", what, h))
	}
	b.ReportMetric(ms(took[len(took)-1]), what+"max-ms")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

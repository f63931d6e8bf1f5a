package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/device"
)

// Processes of their own, so that one side's memory is not the other's: this
// test binary once more, with its part named in the environment.
const partOf = "ZUGOU_BENCH_PART"

// TestPart is what such a process runs; in a plain run of tests it is nothing.
func TestPart(t *testing.T) {
	switch os.Getenv(partOf) {
	case "echo":
		echo(t)
	case "mqtt":
		plainBroker(t)
	case "clients":
		holdMany(t)
	}
}

// part starts a process of its own and gives its lines.
func part(b *testing.B, name string, env ...string) (*exec.Cmd, *bufio.Scanner, io.WriteCloser) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestPart$", "-test.v=false")
	cmd.Env = append(append(os.Environ(), partOf+"="+name), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out), in
}

func line(b *testing.B, lines *bufio.Scanner, prefix string) string {
	b.Helper()
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
	b.Fatalf("no line %q", prefix)
	return ""
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening", l.Addr())
	return l
}

// untilClosed waits for the end of the parent.
func untilClosed() { _, _ = io.Copy(io.Discard, os.Stdin) }

func echo(t *testing.T) {
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	untilClosed()
}

// everybody lets all clients in.
type everybody struct{ mochi.HookBase }

func (*everybody) ID() string { return "everybody" }
func (*everybody) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}
func (*everybody) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }
func (*everybody) OnACLCheck(*mochi.Client, string, bool) bool              { return true }

func plainBroker(t *testing.T) {
	s := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(new(everybody), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.AddListener(listeners.NewNet("bench", listen(t))); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	untilClosed()
}

// holdMany holds connections: COUNT of them to ADDR, of the kind SPEAKS; each
// says one word and, when the parent asks for it, one each minute.
func holdMany(t *testing.T) {
	count, _ := strconv.Atoi(os.Getenv("COUNT"))
	addr, speaks := os.Getenv("ADDR"), os.Getenv("SPEAKS")
	var tokens []string
	if f := os.Getenv("TOKENS"); f != "" {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tokens = strings.Fields(string(text))
	}
	if speaks == "warm" {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			if i%100 == 0 { // below the burst that one line may send
				if c, err = net.Dial("tcp", addr); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = c.Write(link(i))
			if _, err := c.Read(make([]byte, 64)); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Println("held", 0)
		return
	}
	conns := make([]net.Conn, count)
	var wg sync.WaitGroup
	next, bad := atomic.Int64{}, atomic.Int64{}
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					bad.Add(1)
					continue
				}
				conns[i] = c
				if speaks == "mqtt" {
					token := "any"
					if tokens != nil {
						token = tokens[i]
					}
					name := device.DemoDeviceID(i)
					p := paho.NewClient(paho.ClientConfig{ClientID: name, Conn: c})
					if _, err := p.Connect(context.Background(), &paho.Connect{ClientID: name, KeepAlive: 600, CleanStart: true, Username: name, UsernameFlag: true, Password: []byte(token), PasswordFlag: true}); err != nil && bad.Add(1) == 1 {
						fmt.Fprintln(os.Stderr, "sign-on:", err)
					}
					continue
				}
				_, _ = c.Write(link(i))
				buf := make([]byte, 64)
				if _, err := c.Read(buf); err != nil {
					bad.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println("held", count-int(bad.Load()))
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() {
		return
	}
	fmt.Println("reporting")
	stop := make(chan struct{})
	go func() { untilClosed(); close(stop) }()
	for i := 0; ; i = (i + 1) % count { // each once a minute
		select {
		case <-stop:
			return
		case <-time.After(time.Minute / time.Duration(count)):
		}
		h := watch.Header{Vendor: "3G", ID: device.DemoDeviceID(i)}
		if _, err := conns[i].Write(watch.Position(h, "UD", place(i))); err != nil {
			t.Error(err)
		}
	}
}

func link(i int) []byte {
	return watch.Header{Vendor: "3G", ID: device.DemoDeviceID(i)}.Encode([]byte("LK"))
}

// resident gives the memory of a process in kB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range strings.Split(string(text), "\n") {
		if f := strings.Fields(l); len(f) == 3 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// perConnection gives kB for each of the connections that a process takes.
func perConnection(b *testing.B, pid int, addr, speaks string, count int, env ...string) (kB float64, held int, ask io.WriteCloser, lines *bufio.Scanner) {
	b.Helper()
	before := resident(b, pid)
	_, lines, ask = part(b, "clients", append(env, "ADDR="+addr, "SPEAKS="+speaks, "COUNT="+strconv.Itoa(count))...)
	held, _ = strconv.Atoi(line(b, lines, "held"))
	time.Sleep(settle)
	return (resident(b, pid) - before) / float64(max(1, held)), held, ask, lines
}

// program starts the real binary on a folder.
func program(b *testing.B, data string, doors ...string) (*exec.Cmd, map[string]string) {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "zugou")
	if out, err := exec.Command("go", "build", "-o", bin, "zugou/cmd/zugou").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	args := []string{"serve", "--data", data}
	for _, d := range doors {
		args = append(args, "--"+d, "127.0.0.1:0")
	}
	cmd := exec.Command(bin, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addrs := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(addrs) < len(doors) {
		f := strings.Fields(line(b, lines, "listening: "))
		addrs[f[0]] = f[len(f)-1]
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return cmd, addrs
}

const (
	settle      = 15 * time.Second // until what they said is in the database
	manyWatches = 10_000
	manyMQTT    = 2_000
	sosDuring   = 20 * time.Second
)

// BenchmarkHeld: connections held and memory for each, beside a bare echo
// server of the same run (goal ≤ 1.5 times) and, for MQTT, a plain broker
// (goal ≤ 1.2 times); and the latency of an SOS, from the press to its durable
// answer, while all 10,000 report once a minute.
func BenchmarkHeld(b *testing.B) {
	machine(b, "embedded engine")
	b.Run("watch", func(b *testing.B) {
		server, lines, _ := part(b, "echo")
		plain, _, _, _ := perConnection(b, server.Process.Pid, line(b, lines, "listening"), "watch", manyWatches)
		ours, addrs := program(b, b.TempDir(), "watch")
		// The same devices once before, over few lines: what the storage keeps of
		// them is not the connections' memory.
		_, warm, _ := part(b, "clients", "ADDR="+addrs["watch"], "SPEAKS=warm", "COUNT="+strconv.Itoa(manyWatches))
		line(b, warm, "held")
		time.Sleep(settle)
		kB, held, ask, said := perConnection(b, ours.Process.Pid, addrs["watch"], "watch", manyWatches)
		b.ReportMetric(float64(held), "held")
		b.ReportMetric(kB, "kB/conn")
		b.ReportMetric(plain, "echo-kB/conn")
		b.ReportMetric(kB/plain, "×echo(goal≤1.5)")
		if _, err := fmt.Fprintln(ask, "report"); err != nil {
			b.Fatal(err)
		}
		line(b, said, "reporting")
		c, err := net.Dial("tcp", addrs["watch"])
		if err != nil {
			b.Fatal(err)
		}
		var took []time.Duration
		for n, end := 0, time.Now().Add(sosDuring); time.Now().Before(end); n++ {
			began := time.Now()
			if err := press(c, fmt.Sprintf("66%08d", n%50), n); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
			time.Sleep(20 * time.Millisecond)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "sos-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "sos-p99-ms")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("mqtt", func(b *testing.B) {
		server, lines, _ := part(b, "mqtt")
		plain, _, _, _ := perConnection(b, server.Process.Pid, line(b, lines, "listening"), "mqtt", manyMQTT)
		data := b.TempDir()
		file := filepath.Join(b.TempDir(), "tokens")
		if err := os.WriteFile(file, []byte(strings.Join(issued(b, data), "\n")), 0o600); err != nil {
			b.Fatal(err)
		}
		ours, addrs := program(b, data, "mqtt")
		_, warm, closed := part(b, "clients", "ADDR="+addrs["mqtt"], "SPEAKS=mqtt", "COUNT=200", "TOKENS="+file)
		line(b, warm, "held")
		_ = closed.Close()
		kB, held, _, _ := perConnection(b, ours.Process.Pid, addrs["mqtt"], "mqtt", manyMQTT, "TOKENS="+file)
		b.ReportMetric(float64(held), "held")
		b.ReportMetric(kB, "kB/conn")
		b.ReportMetric(plain, "plain-kB/conn")
		b.ReportMetric(kB/plain, "×plain(goal≤1.2)")
		b.ReportMetric(0, "ns/op")
	})
}

// issued prepares a folder with badges that have tokens.
func issued(b *testing.B, data string) []string {
	b.Helper()
	c, err := config.Load([]string{"--data", data, "--http", "127.0.0.1:0"}, func(string) string { return "" }, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	return tokens(b, a, manyMQTT)
}

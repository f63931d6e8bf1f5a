// Package crash kills the real binary at random moments under load and
// compares what it acknowledged with what it stored: nothing lost, nothing
// doubled.
package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// kills is how often the binary dies: few in `make test`, 200 in `make soak`.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("ZUGOU_CRASH_KILLS")); err == nil {
		return n
	}
	return 12
}

const badges = 40

func TestKilledAtAnyMomentNothingAcknowledgedIsLostOrDoubled(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "zugou")
	if out, err := exec.Command("go", "build", "-o", bin, "zugou/cmd/zugou").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	data := filepath.Join(t.TempDir(), "data")
	addr := freeAddr(t)
	load := &load{addr: addr, acked: map[string]int{}, stop: make(chan struct{})}
	for i := range badges {
		load.wg.Add(1)
		go load.badge(fmt.Sprintf("99%08d", i))
	}
	for n := range kills() {
		p := start(t, bin, data, addr)
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
		if err := p.Process.Kill(); err != nil {
			t.Fatalf("kill %d: %v", n, err)
		}
		_ = p.Wait()
	}
	close(load.stop)
	load.wg.Wait()

	// A last clean start and stop: recovery itself is part of the promise.
	p := start(t, bin, data, addr)
	_ = p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Errorf("the graceful stop failed: %v", err)
	}
	stored, matters := storedAlarms(t, bin, data)
	lost, doubled := 0, 0
	for key := range load.acked {
		if stored[key] == 0 {
			lost++
		}
	}
	for key := range stored {
		// One press more than was acknowledged may be stored: its answer died
		// with the process. More than that is a press stored twice.
		device, n, _ := strings.Cut(key, "/")
		press, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		if press > 0 && load.acked[key] == 0 && load.acked[fmt.Sprintf("%s/%d", device, press-1)] == 0 {
			doubled++
		}
	}
	for device, open := range matters {
		if len(open) != 1 {
			t.Errorf("device %s led to %d matters, want 1", device, len(open))
		}
	}
	t.Logf("%d kills, %d alarms acknowledged, %d stored, %d lost, %d doubled", kills(), len(load.acked), len(stored), lost, doubled)
	if lost > 0 || doubled > 0 {
		t.Errorf("%d acknowledged alarms lost, %d doubled", lost, doubled)
	}
	if len(load.acked) < kills() {
		t.Errorf("only %d alarms were acknowledged: the test had no load", len(load.acked))
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start runs serve and waits until it listens.
func start(t *testing.T, bin, data, addr string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(bin, "serve", "--data", data, "--watch", addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "listening: watch") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd
		}
	}
	t.Fatalf("serve did not listen: %s", log.String())
	return nil
}

// load is badges that press SOS again and again: each repeats a press until it
// is acknowledged, and only then makes the next.
type load struct {
	addr  string
	stop  chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	acked map[string]int // device and battery percent: what names a press
}

func (l *load) badge(deviceID string) {
	defer l.wg.Done()
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	for press := 0; ; {
		select {
		case <-l.stop:
			return
		default:
		}
		if conn == nil {
			c, err := net.DialTimeout("tcp", l.addr, time.Second)
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			conn = c
		}
		if !sendPress(conn, deviceID, press) {
			_ = conn.Close()
			conn = nil
			continue
		}
		l.mu.Lock()
		l.acked[fmt.Sprintf("%s/%d", deviceID, press)]++
		l.mu.Unlock()
		press++
	}
}

// sendPress sends one press; true when it was acknowledged. Steps number it.
func sendPress(conn net.Conn, deviceID string, press int) bool {
	content := fmt.Sprintf("AL,%s,%s,V,0.0,N,0.0,E,0,0,0,0,100,50,%d,0,00010000,0,0,0", today, noon, press)
	if _, err := fmt.Fprintf(conn, "[3G*%s*%04X*%s]", deviceID, len(content), content); err != nil {
		return false
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	want := fmt.Sprintf("[3G*%s*0002*AL]", deviceID)
	got := make([]byte, len(want))
	_, err := io.ReadFull(conn, got)
	return err == nil && string(got) == want
}

// The presses of one run carry one time and differ in their step count.
var (
	began = time.Now().UTC()
	today = began.Format("020106")
	noon  = began.Format("150405")
)

// storedAlarms reads what the binary says it holds: how often each press is
// stored, and the matters of each device.
func storedAlarms(t *testing.T, bin, data string) (stored map[string]int, matters map[string]map[string]bool) {
	t.Helper()
	out, err := exec.Command(bin, "signal", "list", "--json", "--data", data).Output()
	if err != nil {
		t.Fatalf("signal list: %v", err)
	}
	matters = map[string]map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var s struct {
			ID       string `json:"id"`
			DeviceID string `json:"device_id"`
			Kind     string `json:"kind"`
			MatterID string `json:"matter_id"`
		}
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if s.Kind != "sos" || s.MatterID == "" {
			t.Errorf("signal %s: kind %s, matter %q", s.ID, s.Kind, s.MatterID)
		}
		if matters[s.DeviceID] == nil {
			matters[s.DeviceID] = map[string]bool{}
		}
		matters[s.DeviceID][s.MatterID] = true
	}
	// Presses of a device are made one after the other, so that their order of
	// receipt numbers them.
	stored = map[string]int{}
	next := map[string]int{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var s struct {
			DeviceID string `json:"device_id"`
		}
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		stored[fmt.Sprintf("%s/%d", s.DeviceID, next[s.DeviceID])]++
		next[s.DeviceID]++
	}
	return stored, matters
}

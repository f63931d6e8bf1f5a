package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// reporters are badges that tell where they are, many at once, as after an
// outage: their reports go through the journal.
const reporters = 64

// report says one place and a link, whose answer means that both are on disk.
func report(conn net.Conn, deviceID string, n int) bool {
	at := began.Add(-12 * time.Hour).Add(time.Duration(n) * time.Second)
	content := fmt.Sprintf("UD,%s,%s,A,29.600000,N,105.700000,E,1.0,0,300,8,90,60,%d,0,00000000,0,0", at.Format("020106"), at.Format("150405"), n)
	if _, err := fmt.Fprintf(conn, "[3G*%s*%04X*%s][3G*%s*0002*LK]", deviceID, len(content), content, deviceID); err != nil {
		return false
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	want := fmt.Sprintf("[3G*%s*0002*LK]", deviceID)
	got := make([]byte, len(want))
	_, err := io.ReadFull(conn, got)
	return err == nil && string(got) == want
}

func TestReportsAnsweredInAStormAreThereAfterAnyKillOnce(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "zugou")
	if out, err := exec.Command("go", "build", "-o", bin, "zugou/cmd/zugou").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	data, addr := filepath.Join(t.TempDir(), "data"), freeAddr(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	for i := range reporters {
		wg.Add(1)
		go func() {
			defer wg.Done()
			deviceID := fmt.Sprintf("98%08d", i)
			var conn net.Conn
			for n := 0; ; n++ {
				select {
				case <-stop:
					if conn != nil {
						_ = conn.Close()
					}
					return
				default:
				}
				if conn == nil {
					c, err := net.DialTimeout("tcp", addr, time.Second)
					if err != nil {
						time.Sleep(20 * time.Millisecond)
						continue
					}
					conn = c
				}
				if !report(conn, deviceID, n) {
					_ = conn.Close()
					conn = nil
					continue
				}
				mu.Lock()
				acked[fmt.Sprintf("%s/%d", deviceID, n)] = true
				mu.Unlock()
				time.Sleep(60 * time.Millisecond) // below what a flood would cost
			}
		}()
	}
	held := func() int {
		n := 0
		left, _ := filepath.Glob(filepath.Join(data, "journal", "*.journal"))
		for _, name := range left {
			if i, err := os.Stat(name); err == nil && i.Size() > 0 {
				n++
			}
		}
		return n
	}
	journaled := 0
	for n := range max(6, kills()/2) {
		p := start(t, bin, data, addr)
		time.Sleep(time.Duration(rand.IntN(1300)) * time.Millisecond)
		// Every other kill is to meet the journal, which a fast machine empties
		// as soon as it was needed.
		for wait := time.Now().Add(10 * time.Second); n%2 == 0 && held() == 0 && time.Now().Before(wait); {
			time.Sleep(time.Millisecond)
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
		journaled += held()
	}
	close(stop)
	wg.Wait()
	p := start(t, bin, data, addr)
	_ = p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Errorf("the graceful stop failed: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "journal", "*.journal")); len(left) > 0 {
		t.Errorf("after a stop in peace the journal holds %v", left)
	}

	out, err := exec.Command(bin, "signal", "list", "--json", "--data", data).Output()
	if err != nil {
		t.Fatalf("signal list: %v", err)
	}
	stored := map[string]int{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var s struct {
			DeviceID string    `json:"device_id"`
			Kind     string    `json:"kind"`
			DeviceAt time.Time `json:"device_at"`
		}
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(s.DeviceID, "98") && s.Kind == "position" {
			stored[fmt.Sprintf("%s/%d", s.DeviceID, s.DeviceAt.Unix()-began.Add(-12*time.Hour).Unix())]++
		}
	}
	lost, doubled := 0, 0
	for key := range acked {
		if stored[key] == 0 {
			lost++
		}
	}
	for _, n := range stored {
		if n > 1 {
			doubled++
		}
	}
	t.Logf("%d reports answered, %d stored, %d lost, %d doubled; the journal held reports at %d kills", len(acked), len(stored), lost, doubled, journaled)
	if lost > 0 || doubled > 0 || len(acked) < reporters {
		t.Errorf("%d answered reports lost, %d doubled, of %d", lost, doubled, len(acked))
	}
	if journaled == 0 {
		t.Error("no kill met the journal: the test proved nothing of it")
	}
}

// Package outgrow runs the program the way a city runs it when one machine is
// not enough: several real processes over one PostgreSQL, behind a balancer or
// as consumers of somebody else's MQTT broker; and it holds our own broker
// against clients that are not ours.
package outgrow

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/dated"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/gateway/downlink"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
	rules "zugou/policy/downlink"
)

const district = "500111"

// patience is how long a test waits for another process before it gives up.
const patience = 90 * time.Second

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "zugou-outgrow")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "zugou")
	out, err := exec.Command("go", "build", "-o", bin, "zugou/cmd/zugou").CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return bin, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// house is one database with its keys, and the processes over it.
type house struct {
	t    *testing.T
	url  string
	keys string
	db   *db.DB // the test's own way in
	ring *crypto.Keyring
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return &house{t: t, url: dbtest.Postgres(t), keys: filepath.Join(t.TempDir(), "keys")}
}

// process is one running zugou.
type process struct {
	cmd   *exec.Cmd
	addrs map[string]string
	mu    sync.Mutex
	log   bytes.Buffer
	gone  chan struct{}
}

// start runs serve with the arguments and waits until it listens to what want
// names; "" waits for its log to say that it consumes.
func (h *house) start(name string, args ...string) *process {
	h.t.Helper()
	bin, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	all := append([]string{"serve", "--db", h.url, "--keys", h.keys, "--data", filepath.Join(h.t.TempDir(), name), "--gateway-id", name}, args...)
	p := &process{cmd: exec.Command(bin, all...), addrs: map[string]string{}, gone: make(chan struct{})}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	wants := 0
	for _, a := range args {
		if strings.HasSuffix(a, ":0") {
			wants++
		}
	}
	lines := bufio.NewScanner(out)
	for wants > 0 && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "listening: "); ok {
			f := strings.Fields(rest)
			p.addrs[f[0]] = f[len(f)-1]
			wants--
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait()
		close(p.gone)
	}()
	h.t.Cleanup(func() { p.kill() })
	if wants > 0 {
		h.t.Fatalf("%s does not listen: %s", name, p.said())
	}
	return p
}

// Write keeps what the process logs.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// enter opens the database beside the processes; one of them has migrated it.
func (h *house) enter() {
	h.t.Helper()
	if h.db != nil {
		return
	}
	var err error
	if h.db, err = db.Open(context.Background(), h.url, clock.System()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = h.db.Close() })
	if h.ring, err = crypto.Open(h.keys, "sm4-gcm"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	n := 0
	if err := h.db.View(context.Background(), func(ctx context.Context, r db.Reader) error { return r.Get(ctx, db.To(&n), query, args...) }); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// until waits for other processes.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func officer(role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: "op", Grants: []access.Grant{{Role: role, Region: district}}})
}

// commands is the service by which a third process, which holds no line at
// all, tells devices something.
func (h *house) commands() *downlink.Service {
	h.t.Helper()
	editions, err := dated.Read[downlink.Policy](rules.Files)
	if err != nil {
		h.t.Fatal(err)
	}
	return downlink.New(downlink.Parts{DB: h.db, Keys: h.ring, Policies: editions, Protocol: func(string) string { return "" },
		Names: func(context.Context, db.Reader, ...id.ID) (map[id.ID]string, error) { return map[id.ID]string{}, nil }}, nil)
}

func (h *house) find(deviceID string) device.Device {
	h.t.Helper()
	var d device.Device
	if err := h.db.View(context.Background(), func(ctx context.Context, r db.Reader) (err error) {
		d, err = device.Find(ctx, r, deviceID)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// balancer spreads connections over the backends that answer, in turn.
type balancer struct {
	l        net.Listener
	mu       sync.Mutex
	backends []string
	n        int
}

func balance(t *testing.T, backends ...string) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{l: l, backends: backends}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	return b
}

func (b *balancer) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	for range b.backends {
		b.mu.Lock()
		to := b.backends[b.n%len(b.backends)]
		b.n++
		b.mu.Unlock()
		s, err := net.DialTimeout("tcp", to, 2*time.Second)
		if err != nil {
			continue
		}
		go func() { _, _ = io.Copy(s, c); _ = s.Close() }()
		_, _ = io.Copy(c, s)
		_ = s.Close()
		return
	}
}

// token gives a badge that speaks MQTT its token, as an officer does by a
// process that has no door.
func (h *house) token(number string) (which id.ID, token string) {
	h.t.Helper()
	admin := officer(access.BureauSection)
	err := h.db.Update(admin, func(ctx context.Context, tx *db.Tx) error {
		d, err := device.Meet(ctx, tx, number, "mqtt", district)
		which = d.ID
		return err
	})
	if err == nil {
		token, err = credential.New(h.db).Issue(admin, which)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return which, token
}

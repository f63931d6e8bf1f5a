package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/device"
)

// patience bounds a wait for what must come, on a busy machine.
const patience = 90 * time.Second

// house is the whole program on its own sockets.
type house struct {
	t     *testing.T
	a     *app.App
	base  string
	watch string
}

func openHouse(t *testing.T, args ...string) *house {
	t.Helper()
	c, err := config.Load(append([]string{"--demo", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--watch", "127.0.0.1:0"}, args...), func(string) string { return "" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SeedDemo(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, gone := make(chan map[string]string, 1), make(chan struct{})
	go func() {
		defer close(gone)
		if err := a.Serve(ctx, func(addrs map[string]string) { ready <- addrs }); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-gone; _ = a.Close() })
	addrs := <-ready
	return &house{t, a, "http://" + addrs["http"], addrs["watch"]}
}

// heard is one event of a screen's stream.
type heard struct {
	name string
	data map[string]any
}

// listen opens the stream of who is signed in.
func (h *house) listen(c caller) <-chan heard {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.base+"/api/stream", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := c.http.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		h.t.Fatalf("no stream: %v %v", res, err)
	}
	h.t.Cleanup(func() { _ = res.Body.Close() })
	out := make(chan heard, 10_000)
	go func() {
		name := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			}
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				e := heard{name: name}
				_ = json.Unmarshal([]byte(text), &e.data) // every event's data is an object
				out <- e
			}
		}
	}()
	return out
}

// await gives the next event of the name that fits.
func await(t *testing.T, from <-chan heard, name string, fits func(data map[string]any) bool) map[string]any {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case e := <-from:
			if e.name == name && (fits == nil || fits(e.data)) {
				return e.data
			}
		case <-limit:
			t.Fatalf("the screen heard no %s", name)
		}
	}
}

// badge is a watch on the wire.
type badge struct {
	t       *testing.T
	id      string
	conn    net.Conn
	replies chan struct{}
}

func (h *house) badge(deviceID string) *badge {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.watch)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	b := &badge{h.t, deviceID, conn, make(chan struct{}, 10_000)}
	go func() {
		for buf := make([]byte, len("[3G**0002*AL]")+len(deviceID)); ; {
			if _, err := io.ReadFull(conn, buf); err != nil {
				return
			}
			if bytes.HasSuffix(buf, []byte("*AL]")) { // commands come down the same line
				b.replies <- struct{}{}
			}
		}
	}()
	return b
}

// press sends the n-th SOS; sent again it is the same frame.
func (b *badge) press(n int) {
	b.t.Helper()
	content := fmt.Sprintf("AL,%s,A,29.61,N,105.71,E,0,0,0,9,100,50,%d,0,00010000,0,0,0", pressedAt, n)
	if _, err := fmt.Fprintf(b.conn, "[3G*%s*%04X*%s]", b.id, len(content), content); err != nil {
		b.t.Fatal(err)
	}
}

var pressedAt = time.Now().UTC().Format("020106,150405")

func (b *badge) answered() {
	b.t.Helper()
	select {
	case <-b.replies:
	case <-time.After(patience):
		b.t.Fatal("no reply")
	}
}

// repeat sends the n-th SOS again and again until it is answered.
func (b *badge) repeat(n int) {
	b.t.Helper()
	limit := time.After(patience)
	for {
		b.press(n)
		select {
		case <-b.replies:
			return
		case <-time.After(3 * time.Second):
		case <-limit:
			b.t.Fatal("no reply")
		}
	}
}

func (h *house) stored(deviceID string) (n int) {
	h.t.Helper()
	if err := h.a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		return r.Get(ctx, db.To(&n), "SELECT count(*) FROM signal WHERE device_id = ? AND kind = 'sos'", deviceID)
	}); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// plainForm sends the help page's form without script.
func (h *house) plainForm(text string) (int, string) {
	h.t.Helper()
	res, err := http.PostForm(h.base+"/help/send", url.Values{"choice": {"unsafe"}, "text": {text}, "key": {"a-key-of-this-one-form"}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(page)
}

// The disk is full, or the database away: the badge hears nothing and repeats,
// the seat rings all the same, the child's words stay in the form, and when
// the storage is back everything is there once.
func TestTheStorageIsAwayAndTheSeatRingsAllTheSame(t *testing.T) {
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			var h *house
			var away, back func()
			var line *line
			if engine == db.SQLite {
				h = openHouse(t)
				away, back = func() { h.fillDisk() }, func() { h.pages(1 << 30) }
			} else {
				line = newLine(t, dbtest.Postgres(t))
				h = openHouse(t, "--db", line.url)
				away, back = func() { line.set(cut) }, func() { line.set(whole) }
			}
			operator := signIn(t, h.base, "seat1")
			screen := h.listen(operator)
			b := h.badge(device.DemoDeviceID(3))
			b.press(0)
			b.answered()
			await(t, screen, "ring", nil)

			away()
			last, told := 0, map[string]any(nil)
			for told == nil { // a full disk may have room for one more press
				last++
				b.press(last)
				for waiting := true; waiting && told == nil; {
					select {
					case <-b.replies:
						waiting = false
					case e := <-screen:
						if e.name == "unsaved" {
							told = e.data
						}
					case <-time.After(patience):
						t.Fatal("neither stored nor rung")
					}
				}
			}
			place, _ := told["position"].(map[string]any)
			if told["device_id"] != b.id || told["kind"] != "sos" || told["child_name"] == nil || place["lat"] != 29.61 || place["lon"] != 105.71 {
				t.Errorf("the seat was told %v", told)
			}
			key := told["key"]
			again := await(t, h.listen(operator), "unsaved", func(d map[string]any) bool { return d["key"] == key })
			if again["device_id"] != b.id {
				t.Errorf("a screen that comes later was told %v", again)
			}
			words := strings.Repeat("他又喝酒了，我躲在楼上。", 150)
			if status, page := h.plainForm(words); status != http.StatusServiceUnavailable || !strings.Contains(page, words) || !strings.Contains(page, "tel:110") {
				t.Errorf("the form answered %d, with the words: %v", status, strings.Contains(page, words))
			}
			if status, out := operator.do(http.MethodPost, "/api/help", map[string]string{"choice": "unsafe", "text": words, "key": "a-key-of-the-page-itself"}); status != http.StatusServiceUnavailable {
				t.Errorf("the help page was answered %d %v", status, out)
			}
			if engine == db.Postgres {
				if status, _ := operator.do(http.MethodGet, "/api/queue", nil); status != http.StatusServiceUnavailable {
					t.Errorf("the queue was answered %d", status)
				}
			}

			back()
			b.repeat(last) // no answer came: the badge repeats
			await(t, screen, "unsaved_gone", func(d map[string]any) bool { return d["key"] == key })
			b.press(last)
			b.answered()
			if n := h.stored(b.id); n != last+1 {
				t.Errorf("%d presses are stored of %d", n, last+1)
			}
			if status, page := h.plainForm(words); status != http.StatusOK || !strings.Contains(page, `class="code"`) {
				t.Errorf("the form sent again answered %d", status)
			}
			if status, _ := operator.do(http.MethodPost, "/api/help", map[string]string{"choice": "unsafe", "text": words, "key": "a-key-of-the-page-itself"}); status != http.StatusOK {
				t.Errorf("the help page sent again was answered %d", status)
			}
			status, queue := operator.do(http.MethodGet, "/api/queue", nil)
			if unsaved, _ := queue["unsaved"].([]any); status != http.StatusOK || len(unsaved) != 0 || queue["storage_failing_since"] != 0.0 {
				t.Errorf("the queue was answered %d, %v, failing since %v", status, unsaved, queue["storage_failing_since"])
			}
			if line != nil {
				h.hangs(line, screen, b)
			}
		})
	}
}

// hangs: a database that neither stores nor fails is the worst, since nobody
// is told no. The seat rings before it answers.
func (h *house) hangs(line *line, screen <-chan heard, b *badge) {
	h.t.Helper()
	before := h.stored(b.id)
	line.set(held)
	b.press(1000)
	told := await(h.t, screen, "unsaved", nil)
	if told["device_id"] != b.id || told["times"] != 1.0 {
		h.t.Errorf("the seat was told %v", told)
	}
	line.set(whole)
	b.repeat(1000)
	await(h.t, screen, "unsaved_gone", func(d map[string]any) bool { return d["key"] == told["key"] })
	if n := h.stored(b.id); n != before+1 {
		h.t.Errorf("%d presses are stored of %d", n, before+1)
	}
}

// pages bounds the size of the embedded database. It tries again where a
// neighbour of the group finds the disk full.
func (h *house) pages(n int) {
	h.t.Helper()
	wait(h.t, "the bound", func() bool {
		return h.a.DB.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			var now int
			return tx.Get(ctx, db.To(&now), fmt.Sprintf("PRAGMA max_page_count = %d", n))
		}) == nil
	})
}

// fillDisk leaves the embedded database no room to grow, and fills what room
// it has.
func (h *house) fillDisk() {
	h.pages(1) // the engine takes the present size as the least
	n := 0
	for size := 1 << 20; size >= 2048; {
		n++
		if h.a.DB.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?)", fmt.Sprintf("fill.%d", n), strings.Repeat("x", size))
			return err
		}) != nil {
			size /= 2
		}
	}
}

// line stands between the program and its database.
type line struct {
	url   string
	to    string
	mu    sync.Mutex
	moved *sync.Cond
	state string
	conns map[net.Conn]struct{}
}

// The states of a line.
const (
	whole = "whole"
	cut   = "cut"  // connections break
	held  = "held" // bytes stand still
)

func newLine(t *testing.T, target string) *line {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &line{to: u.Host, state: whole, conns: map[net.Conn]struct{}{}}
	x.moved = sync.NewCond(&x.mu)
	u.Host = l.Addr().String()
	x.url = u.String()
	t.Cleanup(func() { _ = l.Close(); x.set(cut) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go x.carry(c)
		}
	}()
	return x
}

func (x *line) set(state string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state = state
	if state == cut {
		for c := range x.conns {
			_ = c.Close()
		}
	}
	x.moved.Broadcast()
}

func (x *line) carry(c net.Conn) {
	defer func() { _ = c.Close() }()
	far, err := net.Dial("tcp", x.to)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	x.mu.Lock()
	if x.state == cut {
		x.mu.Unlock()
		return
	}
	x.conns[c], x.conns[far] = struct{}{}, struct{}{}
	x.mu.Unlock()
	go x.copy(far, c)
	x.copy(c, far)
	x.mu.Lock()
	delete(x.conns, c)
	delete(x.conns, far)
	x.mu.Unlock()
}

func (x *line) copy(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		x.mu.Lock()
		for x.state == held {
			x.moved.Wait()
		}
		x.mu.Unlock()
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

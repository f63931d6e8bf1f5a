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
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// doorsOf is a demonstration's house in this process with every door for
// devices open.
func doorsOf(b *testing.B) (*app.App, map[string]string) {
	b.Helper()
	args := []string{"--demo", "--data", b.TempDir()}
	for _, door := range []string{"http", "watch", "jt808", "gt06", "mqtt"} {
		args = append(args, "--"+door, "127.0.0.1:0")
	}
	c, err := config.Load(args, func(string) string { return "" }, nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "bench"})
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
	return a, <-ready
}

// place is a child on the road, a little further each time.
func place(n int) report.Message {
	return report.Message{Time: time.Now().UTC().Truncate(time.Second).Add(-time.Duration(n%200) * time.Second), Valid: new(true), Lat: new(29.6 + float64(n%1000)/1e5), Lon: new(105.7),
		SpeedKmh: new(3.0), Course: new(90.0), Altitude: new(300.0), Satellites: new(8), Signal: new(70), Battery: new(60), Steps: new(n)}
}

// talker is one device that speaks one protocol; each word is a message that
// the house must have on disk before it answers.
type talker interface {
	// say sends the n-th message and waits for its answer.
	say(n int) error
	bytes() int // of one message, about
}

type stream struct {
	c     net.Conn
	r     *bufio.Reader
	frame func(n int) []byte
	wait  func(r *bufio.Reader, n int) error
	size  int
}

func (s *stream) say(n int) error {
	f := s.frame(n)
	s.size = len(f)
	if _, err := s.c.Write(f); err != nil {
		return err
	}
	return s.wait(s.r, n)
}

func (s *stream) bytes() int { return s.size }

func dial(b *testing.B, addr string) *stream {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	return &stream{c: c, r: bufio.NewReader(c)}
}

func untilByte(end byte, times int) func(*bufio.Reader, int) error {
	return func(r *bufio.Reader, _ int) error {
		for range times {
			if _, err := r.ReadSlice(end); err != nil {
				return err
			}
		}
		return nil
	}
}

// watchTalker reports a place and a link; the link's answer comes after both
// are stored, since frames of one connection are taken in order.
func watchTalker(b *testing.B, addr string, i int) talker {
	s, h := dial(b, addr), watch.Header{Vendor: "3G", ID: device.DemoDeviceID(i)}
	s.frame = func(n int) []byte {
		m := place(n)
		return append(watch.Position(h, "UD", m), watch.Link(h, m.Steps, m.Battery)...)
	}
	s.wait = untilByte(']', 1)
	return s
}

func sosTalker(b *testing.B, addr string, i int) talker {
	s, h := dial(b, addr), watch.Header{Vendor: "3G", ID: device.DemoDeviceID(i)}
	s.frame = func(n int) []byte {
		m := place(n)
		m.StatusBits = new(uint32(1 << 16))
		return watch.Position(h, "AL", m)
	}
	s.wait = untilByte(']', 1)
	return s
}

func jt808Talker(b *testing.B, addr string, i int) talker {
	s := dial(b, addr)
	phone, _ := jt808.Phone(device.DemoDeviceID(i), false)
	serial := uint16(0)
	send := func(what uint16, body []byte) []byte {
		serial++
		return jt808.Encode(jt808.Header{ID: what, Phone: phone, Serial: serial}, body)
	}
	body := append([]byte{0, 50, 0, 111}, make([]byte, 5+20+7+1)...)
	if _, err := s.c.Write(send(jt808.UpRegister, body)); err != nil {
		b.Fatal(err)
	}
	var f jt808.Framer
	buf := make([]byte, 512)
	for {
		n, err := s.c.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		f.Feed(buf[:n])
		if raw, ok, _ := f.Next(); ok {
			in, err := jt808.Parse(raw)
			if err != nil || len(in.Body) < 3 || in.Body[2] != 0 {
				b.Fatalf("register: %v %x", err, in.Body)
			}
			if _, err := s.c.Write(send(jt808.UpAuth, in.Body[3:])); err != nil {
				b.Fatal(err)
			}
			break
		}
	}
	if err := untilByte(0x7e, 2)(s.r, 0); err != nil {
		b.Fatal(err)
	}
	s.frame = func(n int) []byte { return send(jt808.UpPosition, jt808.Position(place(n))) }
	s.wait = untilByte(0x7e, 2)
	return s
}

func gt06Talker(b *testing.B, addr string, i int) talker {
	s, serial := dial(b, addr), uint16(0)
	next := func() uint16 { serial++; return serial }
	s.wait = untilByte('\n', 1)
	if _, err := s.c.Write(gt06.Login(fmt.Sprintf("86%013d", i), next())); err != nil {
		b.Fatal(err)
	}
	if err := s.wait(s.r, 0); err != nil {
		b.Fatal(err)
	}
	s.frame = func(n int) []byte { return gt06.Position(place(n), 0, 0, next()) }
	return s
}

func said(i, n int) string {
	m := place(n)
	return fmt.Sprintf(`{"mid":"b%d-%d-%d","t":%d,"lat":%.6f,"lon":%.6f,"batt":60,"sats":8}`, os.Getpid(), i, n, m.Time.UnixMilli(), *m.Lat, *m.Lon)
}

// tokens gives badges their secrets.
func tokens(b *testing.B, a *app.App, count int) []string {
	b.Helper()
	secrets := credential.New(a.DB)
	ctx := access.With(context.Background(), access.Actor{Account: "bench", Grants: []access.Grant{{Role: access.BureauSection, Region: a.Config.District}}})
	out := make([]string, count)
	var wg sync.WaitGroup
	next := atomic.Int64{}
	for range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				var which id.ID
				err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
					d, err := device.Meet(ctx, tx, device.DemoDeviceID(i), "mqtt", a.Config.District)
					which = d.ID
					return err
				})
				if err == nil {
					out[i], err = secrets.Issue(ctx, which)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	return out
}

type mqttTalker struct {
	c     *paho.Client
	topic string
	i     int
	size  int
}

func (m *mqttTalker) say(n int) error {
	text := said(m.i, n)
	m.size = len(text)
	_, err := m.c.Publish(context.Background(), &paho.Publish{Topic: m.topic, QoS: 1, Payload: []byte(text)})
	return err
}

func (m *mqttTalker) bytes() int { return m.size }

func mqttClient(b *testing.B, addr, client, token string, i int) talker {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	c := paho.NewClient(paho.ClientConfig{ClientID: client, Conn: conn})
	connect := &paho.Connect{ClientID: client, KeepAlive: 60, CleanStart: true, Username: client, UsernameFlag: true, Password: []byte(token), PasswordFlag: true}
	if _, err := c.Connect(context.Background(), connect); err != nil {
		b.Fatal(err)
	}
	return &mqttTalker{c: c, topic: "up/" + client + "/pos", i: i}
}

type httpTalker struct {
	url, token string
	i          int
	size       int
}

func (h *httpTalker) say(n int) error {
	text := said(h.i, n)
	h.size = len(text)
	req, err := http.NewRequest(http.MethodPost, h.url, strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+h.token)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", res.StatusCode)
	}
	return nil
}

func (h *httpTalker) bytes() int { return h.size }

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

// Of how many devices one load is, and for how long at most.
const (
	devices = 64
	loadFor = 3 * time.Second
	bareFor = 500 * time.Millisecond
	// mostWords is what one device may say before the gateway takes it for a
	// flood, and leaves it without an answer; said in as many rounds, with the
	// bare loops between, since a disk's speed changes from second to second.
	mostWords = 200
	rounds    = 5
	known     = 512 // children's badges in the demonstration that take part
)

// load has the talkers speak, so many at once, each its words from one to
// another, and gives messages a second, the processor's time of one message in
// µs (both ends of the line are in this process), and how many messages there
// were.
func load(b *testing.B, talkers []talker, perSay, atOnce, from, to int) (rate, cpu float64, said int64) {
	b.Helper()
	var done, next atomic.Int64
	var wg sync.WaitGroup
	began, used := time.Now(), processorTime()
	for range atOnce {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := next.Add(1) - 1; i < int64(len(talkers)); i = next.Add(1) - 1 {
				for n := from; n < to && time.Since(began) < loadFor; n++ {
					if err := talkers[i].say(n); err != nil {
						b.Error(err)
						return
					}
					done.Add(int64(perSay))
				}
			}
		}()
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), float64((processorTime() - used).Microseconds()) / float64(max(1, done.Load())), done.Load()
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bare writes and syncs records of the size, in groups, and gives records a
// second: what the disk alone would do.
func bare(b *testing.B, size int, group float64) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	record := make([]byte, int(float64(size)*max(1, group)))
	n := 0
	for end := time.Now().Add(bareFor); time.Now().Before(end); n++ {
		if _, err := f.Write(record); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) * max(1, group) / bareFor.Seconds()
}

// bareLine is the bare loop as a server: it reads messages of the size from as
// many lines, writes and syncs what waits as one group, and answers each; no
// frame is read, nothing is known. No gateway on this machine can do more.
func bareLine(b *testing.B, size, atOnce int) float64 {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	f, err := os.Create(filepath.Join(b.TempDir(), "line"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	type message struct {
		text   []byte
		synced chan error
	}
	writes, stop := make(chan message, 512), make(chan struct{})
	defer close(stop)
	go func() {
		for {
			var group []message
			var text []byte
			select {
			case m := <-writes:
				group, text = append(group, m), append(text, m.text...)
			case <-stop:
				return
			}
			for more := true; more; {
				select {
				case m := <-writes:
					group, text = append(group, m), append(text, m.text...)
				default:
					more = false
				}
			}
			_, err := f.Write(text)
			if err == nil {
				err = f.Sync()
			}
			for _, m := range group {
				m.synced <- err
			}
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				m := message{text: make([]byte, size), synced: make(chan error, 1)}
				for {
					if _, err := io.ReadFull(c, m.text); err != nil {
						return
					}
					writes <- m
					if err := <-m.synced; err != nil {
						return
					}
					if _, err := c.Write([]byte("[taken]")); err != nil {
						return
					}
				}
			}()
		}
	}()
	var talkers []talker
	for range devices {
		s := dial(b, l.Addr().String())
		defer func() { _ = s.c.Close() }()
		s.frame, s.wait = func(int) []byte { return make([]byte, size) }, untilByte(']', 1)
		talkers = append(talkers, s)
	}
	rate, _, _ := load(b, talkers, 1, atOnce, 0, mostWords)
	return rate
}

// BenchmarkDurable: acknowledged messages a second of each protocol, of 8
// devices at once and of 64, as a share of a bare loop that writes and syncs
// the same bytes in groups of the same size (goal 70 %), and how many a second
// reach the database for good, the journal's backlog included; as a share, too,
// of the same bare loop asked over TCP by as many lines; and Mosquitto's QoS 1
// for information: its acknowledgement does not mean that anything is on disk.
func BenchmarkDurable(b *testing.B) {
	machine(b, "embedded engine")
	a, addrs := doorsOf(b)
	loads := []int{8, devices}
	type kind struct {
		name   string
		perSay int
		make   func(i int) talker
	}
	kinds := []kind{
		{"watch-position-and-link", 2, func(i int) talker { return watchTalker(b, addrs["watch"], i) }},
		{"watch-sos", 1, func(i int) talker { return sosTalker(b, addrs["watch"], i) }},
		{"jt808-position", 1, func(i int) talker { return jt808Talker(b, addrs["jt808"], i) }},
		{"gt06-position", 1, func(i int) talker { return gt06Talker(b, addrs["gt06"], i) }},
	}
	// Once a badge has a token, the watches' port takes nothing but its alarms.
	secrets := sync.OnceValue(func() []string { return tokens(b, a, known) })
	kinds = append(kinds, []kind{
		{"mqtt-position", 1, func(i int) talker {
			return mqttClient(b, addrs["mqtt"], device.DemoDeviceID(i), secrets()[i], i)
		}},
		{"http-position", 1, func(i int) talker {
			return &httpTalker{url: "http://" + addrs["http"] + "/api/device/" + device.DemoDeviceID(i) + "/pos", token: secrets()[i], i: i}
		}},
	}...)
	first := 0 // each load of a door has devices of its own
	for _, k := range kinds {
		for _, atOnce := range loads {
			first += devices
			b.Run(fmt.Sprintf("%s/%d-at-once", k.name, atOnce), func(b *testing.B) {
				durable(b, a, k.perSay, atOnce, func(i int) talker { return k.make((first - devices + i) % known) })
			})
		}
	}
	b.Run("mosquitto-qos1", func(b *testing.B) {
		addr := somebodysBroker(b)
		var talkers []talker
		for i := range devices {
			talkers = append(talkers, mqttClient(b, addr, device.DemoDeviceID(i), "", i))
		}
		rate, _, _ := load(b, talkers, 1, devices, 0, mostWords)
		b.ReportMetric(rate, "msg/s")
		b.ReportMetric(0, "ns/op")
	})
}

// durable is one load, in rounds, with the loops beside each; the figures are
// the medians of the rounds.
func durable(b *testing.B, a *app.App, perSay, atOnce int, speak func(i int) talker) {
	var talkers []talker
	for i := range devices {
		talkers = append(talkers, speak(i))
	}
	figures := map[string][]float64{}
	add := func(name string, v float64) { figures[name] = append(figures[name], v) }
	words := mostWords / rounds / perSay
	for round := range rounds {
		groups0, changes0 := a.DB.Stats()
		journal0, began := a.Journal(), time.Now()
		rate, cpu, said := load(b, talkers, perSay, atOnce, round*words, (round+1)*words)
		journal := a.Journal()
		groups, changes := a.DB.Stats()
		// What answered the devices: groups of the journal, else of the database.
		group := float64(changes-changes0) / float64(max(1, groups-groups0))
		if n := journal.Groups - journal0.Groups; n > 0 {
			group = float64(journal.Appended-journal0.Appended) / float64(n)
		}
		for a.Journal().Waiting > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		add("msg/s-into-the-database", float64(said)/time.Since(began).Seconds())
		size := talkers[0].bytes() / perSay
		alone, line := bare(b, size, group), bareLine(b, size, atOnce)
		add("msg/s", rate)
		add("%by-journal", float64(journal.Appended-journal0.Appended)/float64(said)*100)
		add("messages/fsync", group)
		add("bare/s", alone)
		add("%of-bare(goal≥70)", 100*rate/alone)
		add("bare-over-a-line/s", line)
		add("%of-bare-over-a-line", 100*rate/line)
		add("cpu-µs/msg", cpu)
	}
	for name, v := range figures {
		slices.Sort(v)
		b.ReportMetric(v[len(v)/2], name)
	}
	b.ReportMetric(0, "ns/op")
}

// somebodysBroker runs Debian's Mosquitto.
func somebodysBroker(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(b.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location "+b.TempDir()+"/\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	path := "/usr/sbin/mosquitto"
	if _, err := os.Stat(path); err != nil {
		path = "mosquitto"
	}
	cmd := exec.Command(path, "-c", conf)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("mosquitto does not listen")
	return ""
}

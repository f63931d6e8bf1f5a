package gateway_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/loop/gateway/gt06"
	"zugou/internal/loop/gateway/jt808"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/loop/gateway/report"
	"zugou/internal/loop/gateway/watch"
)

var quiet = slog.New(slog.DiscardHandler)

// at is the time that the devices of these tests tell.
var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// intake is a seat whose storage can be away. It keeps each key once.
type intake struct {
	mu    sync.Mutex
	away  func(n signal.New) bool
	gate  chan struct{} // if set, each Take waits for it
	in    chan struct{} // told when a Take begins
	taken []signal.New
	keys  map[string]int
}

func newIntake() *intake { return &intake{keys: map[string]int{}} }

func (s *intake) Take(_ context.Context, n signal.New) (seat.Receipt, error) {
	if s.gate != nil {
		s.in <- struct{}{}
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil && s.away(n) {
		return seat.Receipt{}, errs.Busy("storage.unavailable", nil)
	}
	s.keys[n.Key]++
	if s.keys[n.Key] == 1 {
		s.taken = append(s.taken, n)
	}
	return seat.Receipt{Again: s.keys[n.Key] > 1}, nil
}

func (s *intake) setAway(f func(n signal.New) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = f
}

// stored lists what was taken as "device kind", without links.
func (s *intake) stored() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, n := range s.taken {
		if n.Kind != "link" {
			out = append(out, n.DeviceID+" "+n.Kind)
		}
	}
	return out
}

// alarms are those that were taken; the caller holds mu.
func (s *intake) alarms() []signal.New {
	return slices.DeleteFunc(slices.Clone(s.taken), func(n signal.New) bool { return len(n.Alarms) == 0 })
}

// terminals knows one code for all.
type terminals struct {
	away   bool
	during func() // while a code is looked at
}

func (t *terminals) Register(_ context.Context, deviceID, _ string) (byte, string, error) {
	if t.away {
		return 0, "", errs.Busy("storage.unavailable", nil)
	}
	if deviceID == "999" {
		return 3, "", nil
	}
	return 0, "code-" + deviceID, nil
}

func (t *terminals) SignOn(_ context.Context, deviceID, code string) (bool, error) {
	if t.away {
		return false, errs.Busy("storage.unavailable", nil)
	}
	if t.during != nil {
		t.during()
	}
	return code == "code-"+deviceID, nil
}

// listen serves a protocol on a free port.
func listen(t *testing.T, p gateway.Protocol, in gateway.Intake) (*gateway.Server, string) {
	t.Helper()
	s := gateway.NewServer(p, in, clock.System(), quiet)
	return s, serve(t, s)
}

func serve(t *testing.T, s *gateway.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// dev is a device of a test on its connection.
type dev struct {
	t *testing.T
	net.Conn
}

func dial(t *testing.T, addr string) *dev {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	// A test that waits for a reply that never comes must end by itself.
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return &dev{t, c}
}

func (d *dev) say(frames ...[]byte) {
	d.t.Helper()
	if _, err := d.Write(bytes.Join(frames, nil)); err != nil {
		d.t.Fatal(err)
	}
}

// hear reads exactly these bytes.
func (d *dev) hear(want []byte) {
	d.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(d, got); err != nil || !bytes.Equal(got, want) {
		d.t.Fatalf("heard %q (%v)\nwanted %q", got[:n], err, want)
	}
}

// closed waits for the other end to close, and for no byte before that.
func (d *dev) closed() {
	d.t.Helper()
	if rest, err := io.ReadAll(d); len(rest) > 0 || isTimeout(err) {
		d.t.Fatalf("not closed: %q %v", rest, err)
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

func place() report.Message {
	return report.Message{Time: at, Valid: new(true), Lat: new(29.6), Lon: new(105.7), SpeedKmh: new(3.0), Course: new(90.0), Altitude: new(300.0),
		Satellites: new(9), Signal: new(80), Battery: new(77), Steps: new(10)}
}

// speech is one protocol's frames with the answers that are due.
type speech struct {
	name                   string
	protocol               gateway.Protocol
	hello, welcome         []byte // sign-on and its answer, in one write each
	link, linked           []byte
	sos, again, heard      []byte // an SOS; the same with another serial; its answer
	heardAgain             []byte
	position, positioned   []byte
	sosEntry, positionEntr string // as stored lists it
}

func speeches() []speech {
	word := func(h watch.Header, text string) []byte { return h.Encode([]byte(text)) }
	w, w2 := watch.Header{Vendor: "ZJ", ID: "8800000001", Seq: "0001"}, watch.Header{Vendor: "ZJ", ID: "8800000001", Seq: "0002"}
	alarm := place()
	alarm.StatusBits = new(uint32(1<<16 | 1))
	phone, _ := jt808.Phone("8800000001", false)
	j := func(id, serial uint16, body []byte) []byte {
		return jt808.Encode(jt808.Header{ID: id, Serial: serial, Phone: phone}, body)
	}
	ack := func(serial, id uint16, result byte) []byte {
		b := binary.BigEndian.AppendUint16(nil, serial)
		return jt808.Encode(jt808.Header{ID: jt808.DownAnswer, Phone: phone}, append(binary.BigEndian.AppendUint16(b, id), result))
	}
	sos808, plain := place(), place()
	sos808.AlarmBits = new(uint32(1))
	const imei = "001010000000014"
	gt := func(typ byte, serial uint16) []byte { return gt06.Encode(false, typ, nil, serial) }
	return []speech{
		{name: "watch", protocol: gateway.Watch(modelled("watch")),
			link: word(w, "LK,10,0,77"), linked: word(w, "LK"),
			sos: watch.Position(w, "AL", alarm), again: watch.Position(w2, "AL", alarm), heard: word(w, "AL"), heardAgain: word(w2, "AL"),
			position: watch.Position(w, "UD", place()), sosEntry: "8800000001 sos", positionEntr: "8800000001 position"},
		{name: "jt808", protocol: gateway.JT808(&terminals{}, modelled("jt808"), clock.System()),
			hello: j(jt808.UpAuth, 1, []byte("code-8800000001")), welcome: ack(1, jt808.UpAuth, 0),
			link: j(jt808.UpHeartbeat, 2, nil), linked: ack(2, jt808.UpHeartbeat, 0),
			sos: j(jt808.UpPosition, 3, jt808.Position(sos808)), again: j(jt808.UpPosition, 4, jt808.Position(sos808)),
			heard: ack(3, jt808.UpPosition, 0), heardAgain: ack(4, jt808.UpPosition, 0),
			position: j(jt808.UpPosition, 5, jt808.Position(plain)), positioned: ack(5, jt808.UpPosition, 0),
			sosEntry: "8800000001 sos", positionEntr: "8800000001 position"},
		{name: "gt06", protocol: gateway.GT06(modelled("gt06"), clock.System()),
			hello: gt06.Login(imei, 1), welcome: gt(0x01, 1),
			link: gt06.Heartbeat(0x40, 5, 4, 0, 2), linked: gt(0x13, 2),
			sos: gt06.Position(alarm, 0x40, 1, 3), again: gt06.Position(alarm, 0x40, 1, 4), heard: gt(0x16, 3), heardAgain: gt(0x16, 4),
			position: gt06.Position(place(), 0, 0, 5), positioned: gt(0x12, 5),
			sosEntry: imei + " sos", positionEntr: imei + " position"},
	}
}

// modelled gives every device one model, whose maker warns of its SOS.
func modelled(protocol string) gateway.Profiles {
	p := &profile.Profile{Name: "m", Edition: 2, Protocol: protocol, Hints: map[string]string{"sos": "sos_or_charger", "fall": "x"}}
	return func(string) *profile.Profile { return p }
}

func TestAnAlarmBringsWhatIsKnownOfItsModelAndAReportDoesNot(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		in := newIntake()
		_, addr := listen(t, s.protocol, in)
		d := dial(t, addr)
		d.say(s.hello, s.sos, s.position, s.link)
		d.hear(slices.Concat(s.welcome, s.heard, s.positioned, s.linked))
		for _, n := range in.taken {
			body, err := json.Marshal(n.Body)
			if err != nil {
				t.Fatal(err)
			}
			want := n.Kind == "sos"
			if got := strings.Contains(string(body), `"model":"m","edition":2,"hints":[{"alarm":"sos","hint":"sos_or_charger"}]`); got != want || strings.Contains(string(body), `"model"`) != want {
				t.Errorf("%s: %s", n.Kind, body)
			}
		}
	})
}

func everywhere(t *testing.T, fn func(t *testing.T, s speech)) {
	for _, s := range speeches() {
		t.Run(s.name, func(t *testing.T) { fn(t, s) })
	}
}

func TestAFrameIsAnsweredHoweverItArrives(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		for _, cut := range []int{1, 7, 1 << 20} {
			in := newIntake()
			_, addr := listen(t, s.protocol, in)
			d := dial(t, addr)
			all := slices.Concat(s.hello, s.link, s.sos, s.position, s.link)
			for part := range slices.Chunk(all, cut) {
				d.say(part)
			}
			d.hear(slices.Concat(s.welcome, s.linked, s.heard, s.positioned, s.linked))
			if got := fmt.Sprint(in.stored()); got != fmt.Sprint([]string{s.sosEntry, s.positionEntr}) {
				t.Errorf("in parts of %d bytes stored %s", cut, got)
			}
		}
	})
}

func TestTheAnswerLeavesAfterTheCommit(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		in := newIntake()
		in.gate, in.in = make(chan struct{}), make(chan struct{})
		_, addr := listen(t, s.protocol, in)
		d := dial(t, addr)
		var heard []byte
		got := make(chan []byte)
		go func() {
			buf := make([]byte, 256)
			for {
				n, err := d.Read(buf)
				if err != nil {
					close(got)
					return
				}
				got <- slices.Clone(buf[:n])
			}
		}()
		d.say(s.hello, s.sos)
		for range 1 + min(1, len(s.hello)) {
			<-in.in // the change is under way
			select {
			case p := <-got:
				if len(heard) == 0 && !bytes.Equal(p, s.welcome) {
					t.Fatalf("answered %q before the commit", p)
				}
				heard = append(heard, p...)
			default:
			}
			in.gate <- struct{}{}
		}
		for want := slices.Concat(s.welcome, s.heard); len(heard) < len(want); {
			p, ok := <-got
			if !ok {
				t.Fatalf("heard only %q", heard)
			}
			heard = append(heard, p...)
		}
	})
}

func TestWhatIsNotStoredIsNotAnsweredAndItsRepeatIsStoredOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		in := newIntake()
		server, addr := listen(t, s.protocol, in)
		d := dial(t, addr)
		d.say(s.hello)
		d.hear(s.welcome)
		in.setAway(func(n signal.New) bool { return len(n.Alarms) > 0 })
		// The link behind the SOS is answered, the SOS was not.
		d.say(s.sos, s.link)
		d.hear(s.linked)
		if len(in.stored()) != 0 || server.Counts().Unanswered != 1 {
			t.Errorf("stored %v, counts %+v", in.stored(), server.Counts())
		}
		in.setAway(nil)
		// The repeat has another serial, and comes twice.
		d.say(s.again, s.again)
		d.hear(slices.Concat(s.heardAgain, s.heardAgain))
		if got := in.stored(); len(got) != 1 || got[0] != s.sosEntry {
			t.Errorf("stored %v", got)
		}
	})
}

func TestAFloodIsSlowedAndItsSOSIsTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		in := newIntake()
		server, addr := listen(t, s.protocol, in)
		d := dial(t, addr)
		go func() { _, _ = io.Copy(io.Discard, d) }()
		d.say(s.hello)
		flood := bytes.Repeat(s.link, 300)
		d.say(flood, s.sos, flood)
		for server.Counts().Frames < 601 {
			time.Sleep(time.Millisecond)
		}
		if got := in.stored(); len(got) != 1 || got[0] != s.sosEntry {
			t.Errorf("stored %v", got)
		}
		if server.Counts().Dropped < 100 {
			t.Errorf("%+v", server.Counts())
		}
	})
}

func TestTheNewestConnectionOfADeviceIsItsOnlyOne(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		server, addr := listen(t, s.protocol, newIntake())
		first, second := dial(t, addr), dial(t, addr)
		first.say(s.hello, s.link)
		first.hear(slices.Concat(s.welcome, s.linked))
		second.say(s.hello, s.link)
		second.hear(slices.Concat(s.welcome, s.linked))
		first.closed()
		if server.Counts().Takeovers != 1 {
			t.Errorf("%+v", server.Counts())
		}
		second.say(s.sos)
		second.hear(s.heard)
	})
}

func TestNonsenseEndsTheConnectionOrIsPassedOver(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		_, addr := listen(t, s.protocol, newIntake())
		d := dial(t, addr)
		if s.name == "watch" {
			d.say([]byte("GET / HTTP/1.1\r\n\r\n"))
			d.closed()
			return
		}
		// A frame with a wrong sum gets no answer; the next is read.
		bad := slices.Clone(s.sos)
		bad[len(bad)-4] ^= 0x10
		d.say(s.hello, bad, s.link)
		d.hear(slices.Concat(s.welcome, s.linked))
	})
}

func TestACommandFindsItsDeviceAndItsAnswer(t *testing.T) {
	everywhere(t, func(t *testing.T, s speech) {
		hub := gateway.NewHub(quiet)
		answers, online := make(chan gateway.Answer, 1), make(chan string, 1)
		hub.Notice(func(d string) { online <- d }, func(a gateway.Answer) { answers <- a })
		addr := serve(t, gateway.NewServer(s.protocol, newIntake(), clock.System(), quiet).Join(hub))
		d := dial(t, addr)
		d.say(s.hello, s.link)
		d.hear(slices.Concat(s.welcome, s.linked))
		id := <-online
		line := hub.Line(id)
		token, err := line.Send(context.Background(), id, down.Command{Kind: down.Interval, Seconds: 60})
		if err != nil || token == "" {
			t.Fatalf("%q %v", token, err)
		}
		answer := map[string]func(p []byte) []byte{
			"watch": func(p []byte) []byte {
				f, err := watch.Parse(p)
				if err != nil || f.Type != "UPLOAD" {
					t.Fatalf("%q %v", p, err)
				}
				return f.Encode([]byte("UPLOAD"))
			},
			"jt808": func(p []byte) []byte {
				f, err := jt808.Parse(p)
				if err != nil || f.ID != jt808.DownSet {
					t.Fatalf("%x %v", p, err)
				}
				b := binary.BigEndian.AppendUint16(nil, f.Serial)
				return jt808.Encode(jt808.Header{ID: jt808.UpAnswer, Serial: 77, Phone: f.Phone}, append(binary.BigEndian.AppendUint16(b, f.ID), 0))
			},
			"gt06": func(p []byte) []byte {
				f, err := gt06.Parse(p)
				if err != nil || f.Type != 0x80 {
					t.Fatalf("%x %v", p, err)
				}
				return gt06.Encode(false, 0x15, append(append([]byte{7}, f.Data[1:5]...), "OK!\x00\x02"...), 9)
			},
		}[s.name]
		buf := make([]byte, 256)
		n, err := d.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		d.say(answer(buf[:n]))
		if a := <-answers; a.DeviceID != id || a.Token != token || !a.OK {
			t.Errorf("%+v", a)
		}
		if _, err := line.Send(context.Background(), id, down.Command{Kind: "monitor"}); !errs.Is(err, errs.KindForbidden) || errs.KeyOf(err) != "device.command.listening" {
			t.Errorf("listening in: %v", err)
		}
	})
}

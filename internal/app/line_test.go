package app

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/people/access"
	"zugou/internal/people/notify"
	"zugou/test/harness/telephone"
)

// quick is a clock that runs some times as fast as the machine's from a given
// instant: the line keeps its shipped twenty seconds, the test does not.
type quick struct {
	from, began time.Time
	times       int64
}

func hurry(from time.Time, times int64) quick {
	return quick{from, clock.System().Now(), times}
}

func (q quick) Now() time.Time {
	return q.from.Add(clock.System().Now().Sub(q.began) * time.Duration(q.times))
}

func (q quick) After(d time.Duration) <-chan time.Time {
	out := make(chan time.Time, 1)
	go func() { <-clock.System().After(d / time.Duration(q.times)); out <- q.Now() }()
	return out
}

// fourAM is 04:00 in China.
var fourAM = time.Date(2024, 5, 31, 20, 0, 0, 0, time.UTC)

// exchange is the whole house with its telephone line, at 04:00, and nobody
// on a seat.
type exchange struct {
	t    *testing.T
	a    *App
	addr string
	who  map[string]id.ID
}

func lines(t *testing.T, trunk string) *exchange {
	t.Helper()
	c, err := config.Load([]string{"--demo", "--data", t.TempDir(), "--sip", "127.0.0.1:0", "--sip-ports", "24100-28000", "--sip-trunk", trunk}, func(string) string { return "" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	system := access.With(context.Background(), access.System("test"))
	x := &exchange{t: t, who: map[string]id.ID{}}
	if x.a, err = Open(system, Options{Config: c, Clock: hurry(fourAM, 6), Log: slog.New(slog.DiscardHandler), Version: "test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.a.Close() })
	accounts, err := x.a.Staff.SeedDemo(system, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, acc := range accounts {
		x.who[acc.Account] = acc.ID
	}
	addrs := map[string]string{}
	ctx, cancel := context.WithCancel(context.Background())
	serve, err := x.a.openLine(ctx, addrs)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("the line ended with %v", err)
		}
	})
	x.addr = addrs["sip"]
	return x
}

func (x *exchange) as(account string, role access.Role) context.Context {
	return access.With(context.Background(), access.Actor{Account: x.who[account], Grants: []access.Grant{{Role: role, Region: x.a.Config.District, Department: access.CivilAffairs}}})
}

func (x *exchange) view(fn func(ctx context.Context, r db.Reader) error) {
	x.t.Helper()
	if err := x.a.DB.View(access.With(context.Background(), access.System("test")), fn); err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) until(what string, is func() bool) {
	x.t.Helper()
	deadline := time.After(90 * time.Second)
	for !is() {
		select {
		case <-deadline:
			x.t.Fatalf("%s never came; the calls are %+v", what, x.calls())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// calls lists the records, the oldest first, as a leader reads them.
func (x *exchange) calls() []hotline.Row {
	x.t.Helper()
	rows, _, err := x.a.Hotline.List(x.as("leader1", access.SeatLeader), hotline.Query{})
	if err != nil {
		x.t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b hotline.Row) int { return int(a.ArrivedAt - b.ArrivedAt) })
	return rows
}

type lineEvent struct {
	At     clock.Millis `bun:"at"`
	Kind   string       `bun:"kind"`
	Level  int          `bun:"level"`
	Number string       `bun:"number"`
	Reason string       `bun:"reason"`
}

func (x *exchange) events(call id.ID) []lineEvent {
	x.t.Helper()
	var out []lineEvent
	x.view(func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &out, "SELECT at, kind, level, number, reason FROM hotline_event WHERE call_id = ? ORDER BY n", call)
	})
	return out
}

func (x *exchange) had(call id.ID, kind string) bool {
	return slices.ContainsFunc(x.events(call), func(e lineEvent) bool { return e.Kind == kind })
}

// relay stands between a caller and the line. Whenever an answer to a call
// passes, the record must lie in the storage already.
func (x *exchange) relay() (addr string, answers func() int) {
	x.t.Helper()
	line, err := net.ResolveUDPAddr("udp", x.addr)
	if err != nil {
		x.t.Fatal(err)
	}
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		x.t.Fatal(err)
	}
	back, err := net.DialUDP("udp", nil, line)
	if err != nil {
		x.t.Fatal(err)
	}
	var mu sync.Mutex
	var caller *net.UDPAddr
	seen := map[string]bool{}
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := front.ReadFromUDP(buf)
			if err != nil {
				return
			}
			mu.Lock()
			caller = from
			mu.Unlock()
			_, _ = back.Write(buf[:n]) // SIP repeats what is lost
		}
	}()
	go func() {
		buf := make([]byte, 65536)
		for {
			n, err := back.Read(buf)
			if err != nil {
				return
			}
			text := string(buf[:n])
			if strings.HasPrefix(text, "SIP/2.0 200") && strings.Contains(text, "INVITE") {
				_, rest, _ := strings.Cut(text, "Call-ID: ")
				name, _, _ := strings.Cut(rest, "\r\n")
				var stored int
				if err := x.a.DB.View(access.With(context.Background(), access.System("test")), func(ctx context.Context, r db.Reader) error {
					return r.Get(ctx, db.To(&stored), "SELECT count(*) FROM hotline_call")
				}); err != nil {
					x.t.Error(err)
				}
				mu.Lock()
				seen[name] = true
				if stored < len(seen) {
					x.t.Errorf("answer %d went out with %d records stored", len(seen), stored)
				}
				mu.Unlock()
			}
			mu.Lock()
			_, _ = front.WriteToUDP(buf[:n], caller)
			mu.Unlock()
		}
	}()
	x.t.Cleanup(func() { _, _ = front.Close(), back.Close() })
	return front.LocalAddr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
}

// outside is 110 and 12356: Debian's SIPp, which answers whoever calls it.
func outside(t *testing.T) (addr string, called func(number string) bool) {
	t.Helper()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = free.LocalAddr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	messages := filepath.Join(dir, "messages")
	cmd := exec.Command("sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", port, "-rtp_echo", "-nostdin", "-trace_msg", "-message_file", messages)
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return addr, func(number string) bool {
		text, _ := os.ReadFile(messages) // nothing yet
		return bytes.Contains(text, []byte("INVITE sip:"+number+"@"))
	}
}

func TestNobodyOnSeatAtFourByTelephone(t *testing.T) {
	trunk, reached := outside(t)
	x := lines(t, trunk)
	secret, err := x.a.Hotline.AddPhone(x.as("system1", access.SystemAdmin), "leader-1", x.who["leader1"], 1)
	if err != nil {
		t.Fatal(err)
	}
	leader := telephone.New(t, telephone.Account{Server: x.addr, User: "leader-1", Secret: secret})
	x.until("the leader's telephone", func() bool { return x.a.line.Registered("leader-1") })
	addr, answers := x.relay()
	child := telephone.New(t, telephone.Account{Server: addr, User: "15400001111"})

	// The child speaks to nobody, and presses # when all is said.
	child.Dial("line")
	x.until("a call", func() bool { return len(x.calls()) == 1 })
	call := x.calls()[0].ID
	x.until("the voicemail", func() bool { return x.had(call, phone.Voicemail) })
	if !leader.Rang() {
		t.Error("the next level's telephone did not ring")
	}
	x.until("a recording", func() bool {
		var key string
		x.view(func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&key), "SELECT message_key FROM hotline_call WHERE id = ?", call)
		})
		return key != ""
	})
	child.Press('#')
	x.until("the end", func() bool { return x.had(call, phone.Ended) })
	list := x.events(call)
	var kinds []string
	rang := map[int]clock.Millis{}
	for _, e := range list {
		kinds = append(kinds, e.Kind)
		if e.Kind == phone.Ringing {
			rang[e.Level] = e.At
		}
	}
	want := []string{phone.Answered, phone.Ringing, phone.Consented, phone.Ringing, phone.Voicemail, phone.Spoken, phone.Ended}
	if !slices.Equal(kinds, want) {
		t.Errorf("the record says %v, want %v", kinds, want)
	}
	level := 20 * time.Second
	if rang[1].Sub(rang[0]) < level || list[4].At.Sub(rang[1]) < level {
		t.Errorf("the levels rang at %v, the voicemail came at %v", rang, list[4].At)
	}
	x.until("the matter and the pages", func() bool {
		got := x.calls()[0]
		if got.Result != hotline.Left || got.MatterID == "" {
			return false
		}
		var m matter.Matter
		var paged []string
		x.view(func(ctx context.Context, r db.Reader) (err error) {
			if m, err = matter.Get(ctx, r, got.MatterID); err != nil {
				return err
			}
			return r.List(ctx, &paged, "SELECT account FROM notice WHERE text = 'call.voicemail' AND policy = ? AND ref = ? ORDER BY account", notify.Crisis, call)
		})
		leaders := []string{string(x.who["leader1"]), string(x.who["leader2"])}
		slices.Sort(leaders)
		return m.Kind == "voicemail" && m.State == matter.Open && slices.Equal(paged, leaders)
	})

	// Who presses a key has 110, or 12356, in the call.
	for n, number := range []string{"110", "12356"} {
		child.Dial("line")
		x.until("another call", func() bool { return len(x.calls()) == 2+n })
		call := x.calls()[1+n].ID
		x.until("the keys", func() bool { return x.had(call, phone.Voicemail) })
		child.Press(byte('1' + n))
		x.until(number, func() bool { return x.had(call, phone.Forwarded) })
		if !reached(number) {
			t.Errorf("%s was not called", number)
		}
		child.HangUp()
		x.until("the end", func() bool { return x.had(call, phone.Ended) })
		got := x.calls()[1+n]
		if got.Result != hotline.Spoken || got.MatterID != "" {
			t.Errorf("the call to %s ended as %+v", number, got)
		}
	}
	if answers() != 3 {
		t.Errorf("%d answers passed", answers())
	}
}

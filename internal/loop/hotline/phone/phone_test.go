package phone_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/phone"
	"zugou/internal/loop/hotline/voice"
	"zugou/test/harness/telephone"
)

// book is a Book in memory that can be away.
type book struct {
	mu       sync.Mutex
	rules    phone.Rules
	arrived  []phone.Arrival
	events   map[id.ID][]phone.Event
	away     int // how many more calls fail
	phones   []phone.Phone
	dir      string
	keys     *crypto.Keyring
	changed  chan struct{}
	noRecord bool
}

func newBook(t *testing.T) *book {
	return &book{rules: phone.Rules{RingFor: 400 * time.Millisecond, Levels: 2, VoicemailMax: 2 * time.Second, RefuseKey: '0',
		Forward: map[byte]string{'1': "110", '2': "12356"}, SeatForward: map[string]string{"police": "110"}, LineDead: 5 * time.Second},
		events: map[id.ID][]phone.Event{}, dir: t.TempDir(), keys: crypto.Ephemeral(crypto.AES), changed: make(chan struct{}, 1)}
}

func (b *book) poke() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *book) Rules(context.Context) phone.Rules { return b.rules }

func (b *book) Arrive(_ context.Context, a phone.Arrival) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away > 0 {
		b.away--
		return errs.Busy("storage", nil)
	}
	b.arrived = append(b.arrived, a)
	b.poke()
	return nil
}

func (b *book) Tell(_ context.Context, e phone.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away > 0 {
		b.away--
		return errs.Busy("storage", nil)
	}
	b.events[e.Call] = append(b.events[e.Call], e)
	b.poke()
	return nil
}

func (b *book) Phones(context.Context, int) []phone.Phone { return b.phones }

func (b *book) Recording(_ context.Context, call id.ID, kind string) (string, voice.Sealer, error) {
	if b.noRecord {
		return filepath.Join(b.dir, "gone", string(call)), crypto.Subject{}, errors.New("no disk")
	}
	s, _ := b.keys.NewSubject()
	return filepath.Join(b.dir, string(call)+"."+kind), s, nil
}

func (b *book) Secret(_ context.Context, user string) (id.ID, string, error) {
	return id.ID("account-" + user), "secret-" + user, nil
}

// wait waits until the condition holds over what was told.
func (b *book) wait(t *testing.T, what string, ok func(b *book) bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		b.mu.Lock()
		yes := ok(b)
		b.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-b.changed:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Fatalf("waited in vain: %s; arrived %d, events %v", what, len(b.arrived), b.kinds())
		}
	}
}

func (b *book) kinds() []string {
	var out []string
	for _, list := range b.events {
		var k []string
		for _, e := range list {
			k = append(k, e.Kind+":"+e.Reason)
		}
		out = append(out, strings.Join(k, " "))
	}
	slices.Sort(out)
	return out
}

func (b *book) ended() (n int) {
	for _, list := range b.events {
		if len(list) > 0 && list[len(list)-1].Kind == phone.Ended {
			n++
		}
	}
	return n
}

func has(list []phone.Event, kind string) bool {
	return slices.ContainsFunc(list, func(e phone.Event) bool { return e.Kind == kind })
}

// open starts a line on a free port of this machine.
func open(t *testing.T, b *book, change func(*phone.Options)) (*phone.Line, string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	short := voice.Tone(600, 100*time.Millisecond, 0.3)
	o := phone.Options{Book: b, Clock: clock.System(), Log: slog.New(slog.DiscardHandler), PortsOf: [2]int{20000, 24000},
		Prompts: phone.Prompts{Greeting: short, Wait: short, Nobody: short, Goodbye: short, Busy: short, Refused: short}}
	if change != nil {
		change(&o)
	}
	l, err := phone.New(o, conn.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the line ended with %v", err)
		}
	})
	return l, conn.LocalAddr().String()
}

// sipp runs Debian's SIPp, an independent telephone, to its end.
func sipp(t *testing.T, args ...string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("sipp", append(args, "-i", "127.0.0.1", "-nostdin", "-trace_err", "-timeout", "90")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		logs, _ := filepath.Glob(filepath.Join(dir, "*errors*"))
		for _, l := range logs {
			text, _ := os.ReadFile(l)
			out = append(out, text...)
		}
		t.Fatalf("sipp: %v\n%s", err, out[max(0, len(out)-4000):])
	}
}

func scenario(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenario.xml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFiveHundredCallsNoRecordIsLost(t *testing.T) {
	b := newBook(t)
	_, addr := open(t, b, nil)
	// Callers hang up after 0.2 s: most of them in the greeting.
	sipp(t, addr, "-sn", "uac", "-m", "500", "-r", "50", "-d", "200", "-l", "100")
	b.wait(t, "500 calls that ended", func(b *book) bool { return b.ended() == 500 })
	if len(b.arrived) != 500 || len(b.events) != 500 {
		t.Fatalf("%d arrivals, %d records", len(b.arrived), len(b.events))
	}
	seen := map[string]bool{}
	for _, a := range b.arrived {
		if seen[a.SIPCall] {
			t.Fatalf("the call %s was stored twice", a.SIPCall)
		}
		seen[a.SIPCall] = true
	}
	for _, list := range b.events {
		if list[0].Kind != phone.Answered || list[len(list)-1].Reason != phone.ByCaller {
			t.Fatalf("the record says %v", list)
		}
	}
}

// The caller gives up before we answered, in the greeting, while it rings, in
// the voicemail: every one of them is a record with its end.
func TestHangUpAtEveryState(t *testing.T) {
	for _, tt := range []struct {
		name string
		stay int // milliseconds
		want string
	}{
		{"in the greeting", 20, phone.Ringing},
		{"while it rings", 300, phone.Ringing},
		{"in the voicemail", 1900, phone.Voicemail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBook(t)
			_, addr := open(t, b, nil)
			sipp(t, addr, "-sn", "uac", "-m", "5", "-r", "10", "-d", fmt.Sprint(tt.stay))
			b.wait(t, "the ends", func(b *book) bool { return b.ended() == 5 })
			for _, list := range b.events {
				if !has(list, tt.want) || list[len(list)-1].Reason != phone.ByCaller {
					t.Fatalf("the record says %v", list)
				}
			}
		})
	}
	t.Run("before the answer", func(t *testing.T) {
		b := newBook(t)
		_, addr := open(t, b, nil)
		sipp(t, addr, "-sf", scenario(t, cancelling), "-m", "5", "-r", "10")
		b.wait(t, "the ends", func(b *book) bool { return b.ended() == 5 })
	})
}

func TestNobodyComesAndTheCallerSpeaks(t *testing.T) {
	b := newBook(t)
	_, addr := open(t, b, nil)
	// The caller stays until we say goodbye; SIPp echoes what it hears, so that
	// there is sound to record.
	sipp(t, addr, "-sf", scenario(t, staying), "-m", "1", "-rtp_echo")
	b.wait(t, "the end", func(b *book) bool { return b.ended() == 1 })
	for call, list := range b.events {
		if !has(list, phone.Voicemail) || !has(list, phone.Spoken) || list[len(list)-1].Reason != phone.ByLine {
			t.Fatalf("the record says %v", list)
		}
		if b.arrived[0].From != "15400001111" {
			t.Fatalf("called by %q", b.arrived[0].From)
		}
		info, err := os.Stat(filepath.Join(b.dir, string(call)+"."+phone.Message))
		if err != nil || info.Size() < 2*8000 {
			t.Fatalf("the voicemail: %v %v", info, err)
		}
	}
}

var staying = strings.NewReplacer(`<send retrans="500"><![CDATA[
BYE sip:hotline@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:15400001111@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0
]]></send>
<recv response="200"/>`, `<recv request="BYE" timeout="30000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
]]></send>`).Replace(cancelling)

// seat is a browser: offer and answer of WebRTC.
func seat(t *testing.T, l *phone.Line, call, account id.ID) (*webrtc.PeerConnection, error) {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	answer, err := l.Answer(context.Background(), call, account, pc.LocalDescription().SDP)
	if err != nil {
		return pc, err
	}
	return pc, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func caller(t *testing.T, addr string) (hungUp chan struct{}) {
	t.Helper()
	hungUp = make(chan struct{})
	path := scenario(t, staying)
	go func() { defer close(hungUp); sipp(t, addr, "-sf", path, "-m", "1", "-rtp_echo") }()
	return hungUp
}

func TestSeatsRaceAndTheFirstTakesTheCall(t *testing.T) {
	b := newBook(t)
	b.rules.RingFor = 20 * time.Second
	l, addr := open(t, b, nil)
	hungUp := caller(t, addr)
	b.wait(t, "a call", func(b *book) bool { return len(b.arrived) == 1 })
	call := b.arrived[0].ID
	const seats = 8
	results := make([]error, seats)
	var wg sync.WaitGroup
	for i := range seats {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, results[i] = seat(t, l, call, id.ID(fmt.Sprintf("seat-%d", i)))
		}()
	}
	wg.Wait()
	first := id.ID("")
	for i, err := range results {
		switch {
		case err == nil && first == "":
			first = id.ID(fmt.Sprintf("seat-%d", i))
		case err == nil:
			t.Fatal("two seats have the call")
		case errs.KeyOf(err) != "call.taken":
			t.Fatalf("seat %d: %v", i, err)
		}
	}
	if first == "" || l.Live()[call] != first {
		t.Fatalf("%q has the call, the line says %q", first, l.Live()[call])
	}
	if err := l.HangUp(call, "somebody"); errs.KeyOf(err) != "call.not_yours" {
		t.Fatalf("another seat hangs up: %v", err)
	}
	b.wait(t, "the recording", func(b *book) bool { return has(b.events[call], phone.Consented) })
	if err := l.HangUp(call, first); err != nil {
		t.Fatal(err)
	}
	<-hungUp
	b.wait(t, "the end", func(b *book) bool { return b.ended() == 1 })
	last := b.events[call][len(b.events[call])-1]
	if last.Reason != phone.BySeat || !has(b.events[call], phone.Claimed) {
		t.Fatalf("the record says %v", b.events[call])
	}
}

func TestTheCallerStaysWhenTheSeatsBrowserDies(t *testing.T) {
	b := newBook(t)
	b.rules.RingFor = 20 * time.Second
	l, addr := open(t, b, nil)
	hungUp := caller(t, addr)
	b.wait(t, "a call", func(b *book) bool { return len(b.arrived) == 1 })
	call := b.arrived[0].ID
	pc, err := seat(t, l, call, "seat-1")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	if pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		<-connected
	}
	_ = pc.Close()
	b.wait(t, "the seats to ring again", func(b *book) bool {
		list := b.events[call]
		return has(list, phone.Lost) && list[len(list)-1].Kind == phone.Ringing
	})
	if _, err := seat(t, l, call, "seat-2"); err != nil {
		t.Fatal(err)
	}
	if err := l.HangUp(call, "seat-2"); err != nil {
		t.Fatal(err)
	}
	<-hungUp
}

func TestACallIsAnsweredWhileTheStorageIsAway(t *testing.T) {
	b := newBook(t)
	b.away = 6
	_, addr := open(t, b, nil)
	sipp(t, addr, "-sn", "uac", "-m", "1", "-d", "300")
	b.wait(t, "the record, later", func(b *book) bool { return b.ended() == 1 })
	for _, list := range b.events {
		if list[0].Kind != phone.Answered {
			t.Fatalf("out of order: %v", list)
		}
	}
}

func TestADeadRecorderDoesNotEndACall(t *testing.T) {
	b := newBook(t)
	b.rules.RingFor, b.noRecord = 20*time.Second, true
	l, addr := open(t, b, nil)
	hungUp := caller(t, addr)
	b.wait(t, "a call", func(b *book) bool { return len(b.arrived) == 1 })
	call := b.arrived[0].ID
	if _, err := seat(t, l, call, "seat-1"); err != nil {
		t.Fatal(err)
	}
	b.wait(t, "the notice", func(b *book) bool { return has(b.events[call], phone.Consented) })
	if l.Live()[call] != "seat-1" {
		t.Fatal("the call ended with its recorder")
	}
	if err := l.HangUp(call, "seat-1"); err != nil {
		t.Fatal(err)
	}
	<-hungUp
}

func TestCallsFromStrangersNetworksAreRefused(t *testing.T) {
	b := newBook(t)
	_, addr := open(t, b, func(o *phone.Options) { o.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	refused := cancelling[:strings.Index(cancelling, "<recv response=\"200\" rtd")] + `<recv response="403"/>
<send><![CDATA[
ACK sip:line@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0
]]></send>
</scenario>`
	sipp(t, addr, "-sf", scenario(t, refused), "-m", "3")
	if len(b.arrived) != 0 {
		t.Fatal("a stranger's call became a record")
	}
}

// baresip is a seat's telephone that registers and answers by itself.
func baresip(t *testing.T, addr, user, secret string) {
	t.Helper()
	telephone.New(t, telephone.Account{Server: addr, User: user, Secret: secret, Answers: true})
}

func TestASeatsTelephoneAnswersAndAnotherStopsRinging(t *testing.T) {
	b := newBook(t)
	b.rules.RingFor = 20 * time.Second
	b.phones = []phone.Phone{{Account: "account-s1", User: "s1"}, {Account: "account-s2", User: "s2"}}
	l, addr := open(t, b, nil)
	baresip(t, addr, "s1", "secret-s1")
	baresip(t, addr, "s2", "secret-s2")
	for _, u := range []string{"s1", "s2"} {
		for deadline := time.Now().Add(20 * time.Second); !l.Registered(u); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not register", u)
			}
		}
	}
	hungUp := caller(t, addr)
	b.wait(t, "a seat", func(b *book) bool {
		return len(b.arrived) == 1 && has(b.events[b.arrived[0].ID], phone.Claimed) && has(b.events[b.arrived[0].ID], phone.Consented)
	})
	call := b.arrived[0].ID
	holder := l.Live()[call]
	if holder != "account-s1" && holder != "account-s2" {
		t.Fatalf("%q has the call", holder)
	}
	if err := l.HangUp(call, holder); err != nil {
		t.Fatal(err)
	}
	<-hungUp
	b.wait(t, "the end", func(b *book) bool { return b.ended() == 1 })
	claims := 0
	for _, e := range b.events[call] {
		if e.Kind == phone.Claimed {
			claims++
		}
	}
	if claims != 1 {
		t.Fatalf("%d claims: %v", claims, b.events[call])
	}
}

func TestAWrongSecretDoesNotRegister(t *testing.T) {
	b := newBook(t)
	l, addr := open(t, b, nil)
	baresip(t, addr, "s1", "guessed")
	baresip(t, addr, "s2", "secret-s2")
	for deadline := time.Now().Add(20 * time.Second); !l.Registered("s2"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the right secret did not register")
		}
	}
	if l.Registered("s1") {
		t.Fatal("a guessed secret registered")
	}
}

// The seat brings 110 into the call and leaves; the child talks on with 110.
func TestTheSeatBringsInThePoliceAndLeaves(t *testing.T) {
	police := filepath.Join(t.TempDir(), "police.xml")
	if err := os.WriteFile(police, []byte(answering), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trunk := free.LocalAddr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(trunk)
	out := make(chan struct{})
	go func() {
		defer close(out)
		sipp(t, "127.0.0.1", "-sf", police, "-m", "1", "-p", port, "-rtp_echo")
	}()
	b := newBook(t)
	b.rules.RingFor = 20 * time.Second
	l, addr := open(t, b, func(o *phone.Options) { o.Trunk = phone.Trunk{Host: trunk} })
	hungUp := caller(t, addr)
	b.wait(t, "a call", func(b *book) bool { return len(b.arrived) == 1 })
	call := b.arrived[0].ID
	if _, err := seat(t, l, call, "seat-1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Leave(call, "seat-1"); errs.KeyOf(err) != "call.alone" {
		t.Fatalf("the seat leaves the caller alone: %v", err)
	}
	if err := l.Forward(context.Background(), call, "seat-1", "nobody"); errs.KindOf(err) != errs.KindInvalid {
		t.Fatalf("an unknown number is called: %v", err)
	}
	if err := l.Forward(context.Background(), call, "seat-1", "police"); err != nil {
		t.Fatal(err)
	}
	b.wait(t, "110", func(b *book) bool { return has(b.events[call], phone.Forwarded) })
	if err := l.Leave(call, "seat-1"); err != nil {
		t.Fatal(err)
	}
	<-hungUp // 110 hangs up after a second, which ends the caller's call
	<-out
	b.wait(t, "the end", func(b *book) bool { return b.ended() == 1 })
	if last := b.events[call][len(b.events[call])-1]; last.Reason != phone.ByOutside {
		t.Fatalf("ended by %s", last.Reason)
	}
}

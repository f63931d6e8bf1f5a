// Package phones is a telephone network for tests: an SMS gateway, the robots
// of WeCom and DingTalk, and a push service, behind one local server.
//
// A test says which messages it expects. A message that nobody expected fails
// the test where it arrives, as does one that says more than a message may;
// one that was expected and did not come fails it at the end.
//
//	net := phones.New(t)
//	svc, _ := notify.New(notify.Options{Channels: net.Channels(clk), …})
//	net.Expect("15400000001", "编号D20240601-0001")
package phones

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/people/notify"
)

// Secrets that the gateway and DingTalk check signatures with.
const (
	smsSecret  = "sms-secret-of-the-fake"
	dingSecret = "SECfakefakefakefake"
)

// The rooms with robots.
const (
	WeComRoom    = "大足值班群"
	DingTalkRoom = "大足钉钉群"
)

// Fault is how the network fails.
type Fault int

// The faults.
const (
	Down    Fault = iota // 503, surely not taken
	Refuse               // the gateway's own no
	Dropped              // taken, then the line breaks before an answer
	Garbage              // taken, answered by something that is no answer
)

// Message is one that arrived.
type Message struct {
	To, Text string
	ID       string // the outbox row as the gateway was told it
}

// Network is the fake. Its methods are safe for concurrent use.
type Network struct {
	t      testing.TB
	server *httptest.Server
	client *http.Client

	mu     sync.Mutex
	want   []Message // To and a part of the text
	got    []Message
	faults map[string][]Fault // by number or room
	ears   map[string]*ear    // browsers, by path of their endpoint
	free   bool
}

// New starts the network; it ends with the test.
func New(t testing.TB) *Network {
	t.Helper()
	n := &Network{t: t, faults: map[string][]Fault{}, ears: map[string]*ear{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sms/send", n.sms)
	mux.HandleFunc("POST /wecom/cgi-bin/webhook/send", n.robot(WeComRoom, nil))
	mux.HandleFunc("POST /dingtalk/robot/send", n.robot(DingTalkRoom, checkDingTalk))
	mux.HandleFunc("POST /push/{ear}", n.push)
	n.server = httptest.NewUnstartedServer(mux)
	n.server.StartTLS()
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.server.Certificate().Raw})
	var err error
	n.client, err = notify.Outside{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots, Within: 5 * time.Second}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.server.Close()
		n.Check()
	})
	return n
}

// Gateway describes the SMS gateway as a district would configure it.
func (n *Network) Gateway() notify.SMSGateway {
	return notify.SMSGateway{
		URL:     n.server.URL + "/sms/send?app=zugou&ts={{.Time}}",
		Headers: map[string]string{"Content-Type": "application/json", "X-Sign": "{{.Sign}}"},
		Body:    `{"mobile":"{{.Phone}}","content":"{{.Text}}","nonce":"{{.Nonce}}","request_id":"{{.ID}}"}`,
		Secret:  smsSecret,
		SignOf:  "{{.Phone}}\n{{.Text}}\n{{.Time}}\n{{.Nonce}}",
		OKField: "code", OKValue: "0", Refused: []string{"4004"},
	}
}

// SMS gives the channel of the gateway.
func (n *Network) SMS(clk clock.Clock) notify.Channel {
	n.t.Helper()
	c, err := notify.NewSMS(n.Gateway(), n.client, clk)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// WeCom gives the channel of the room's robot.
func (n *Network) WeCom(clk clock.Clock) notify.Channel {
	return n.robots(notify.WeCom, notify.Room{Name: WeComRoom, URL: n.server.URL + "/wecom/cgi-bin/webhook/send?key=fake"}, clk)
}

// DingTalk gives the channel of the room's robot with its signature.
func (n *Network) DingTalk(clk clock.Clock) notify.Channel {
	return n.robots(notify.DingTalk, notify.Room{Name: DingTalkRoom, URL: n.server.URL + "/dingtalk/robot/send?access_token=fake", Secret: dingSecret}, clk)
}

func (n *Network) robots(name notify.ChannelName, room notify.Room, clk clock.Clock) notify.Channel {
	n.t.Helper()
	c, err := notify.NewRobots(name, []notify.Room{room}, n.client, clk)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// Push gives the channel of Web Push with the keys of the house.
func (n *Network) Push(public, private string) notify.Channel {
	n.t.Helper()
	c, err := notify.NewPush(public, private, "mailto:duty@example.cn", n.client)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// Expect says that a message with the text in it is to arrive at the number,
// room or browser, once.
func (n *Network) Expect(to, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.want = append(n.want, Message{To: to, Text: text})
}

// Anything lets every message pass, for tests about something else; what a
// message says is looked at all the same.
func (n *Network) Anything() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.free = true
}

// Fail has the next attempt to the number, room or browser fail so; several
// calls queue up.
func (n *Network) Fail(to string, faults ...Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults[to] = append(n.faults[to], faults...)
}

// Got lists what arrived.
func (n *Network) Got() []Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Message(nil), n.got...)
}

// Check fails the test for what was expected and has not arrived.
func (n *Network) Check() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.want {
		n.t.Errorf("no message to %s with %q", w.To, w.Text)
	}
	n.want = nil
}

// fault takes the next fault of the address.
func (n *Network) fault(to string) (Fault, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.faults[to]
	if len(q) == 0 {
		return 0, false
	}
	n.faults[to] = q[1:]
	return q[0], true
}

// arrive notes a message and compares it with what was expected.
func (n *Network) arrive(m Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.got = append(n.got, m)
	if why := tooMuch(m.Text); why != "" {
		n.t.Errorf("a message left the house that says too much (%s): %q", why, m.Text)
	}
	for i, w := range n.want {
		if w.To == m.To && strings.Contains(m.Text, w.Text) {
			n.want = append(n.want[:i], n.want[i+1:]...)
			return
		}
	}
	if !n.free {
		n.t.Errorf("nobody expected this message to %s: %q", m.To, m.Text)
	}
}

// tooMuch tells why a text must not have left the house.
func tooMuch(text string) string {
	if strings.Contains(text, "验证码") {
		return ""
	}
	if !strings.HasSuffix(text, "请登录查看。") {
		return "it does not end in 请登录查看"
	}
	run := 0
	for _, r := range text {
		if r < '0' || r > '9' {
			run = 0
			continue
		}
		if run++; run > 8 {
			return "more than eight digits in a row"
		}
	}
	if len([]rune(text)) > 60 {
		return "longer than 60 characters"
	}
	return ""
}

// answer plays a fault, or lets the message in and says yes.
func (n *Network) answer(w http.ResponseWriter, m Message, yes, no string) {
	f, failing := n.fault(m.To)
	switch {
	case failing && f == Down:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case failing && f == Refuse:
		_, _ = io.WriteString(w, no)
		return
	}
	n.arrive(m)
	switch {
	case failing && f == Dropped:
		panic(http.ErrAbortHandler)
	case failing && f == Garbage:
		_, _ = io.WriteString(w, "<html>")
		return
	}
	_, _ = io.WriteString(w, yes)
}

func (n *Network) sms(w http.ResponseWriter, r *http.Request) {
	var b struct{ Mobile, Content, Nonce, RequestID string }
	var raw map[string]string
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
		n.t.Errorf("the gateway got no JSON: %v", err)
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	b.Mobile, b.Content, b.Nonce, b.RequestID = raw["mobile"], raw["content"], raw["nonce"], raw["request_id"]
	mac := hmac.New(sha256.New, []byte(smsSecret))
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s", b.Mobile, b.Content, r.URL.Query().Get("ts"), b.Nonce)
	if r.Header.Get("X-Sign") != hex.EncodeToString(mac.Sum(nil)) {
		n.t.Errorf("the gateway's signature is wrong")
		_, _ = io.WriteString(w, `{"code":"4001"}`)
		return
	}
	n.answer(w, Message{b.Mobile, b.Content, b.RequestID}, `{"code":0,"msg":"ok"}`, `{"code":4004,"msg":"no such number"}`)
}

func (n *Network) robot(room string, check func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b struct {
			MsgType string `json:"msgtype"`
			Text    struct{ Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil || b.MsgType != "text" {
			n.t.Errorf("the robot of %s got no text message: %v", room, err)
		}
		if check != nil {
			if why := check(r); why != "" {
				n.t.Errorf("the robot of %s: %s", room, why)
			}
		}
		n.answer(w, Message{To: room, Text: b.Text.Content}, `{"errcode":0,"errmsg":"ok"}`, `{"errcode":130101,"errmsg":"send too fast"}`)
	}
}

// checkDingTalk computes 加签 as DingTalk's documentation tells it.
func checkDingTalk(r *http.Request) string {
	q := r.URL.Query()
	at, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil || at <= 0 {
		return "no timestamp"
	}
	mac := hmac.New(sha256.New, []byte(dingSecret))
	mac.Write([]byte(q.Get("timestamp") + "\n" + dingSecret))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); q.Get("sign") != want {
		return "the signature is wrong"
	}
	if _, err := url.QueryUnescape(r.URL.RawQuery); err != nil {
		return "the query is not escaped"
	}
	return ""
}

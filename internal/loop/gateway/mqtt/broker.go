package mqtt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/contract"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/people/access"
)

// Counts are the numbers of a door, for metrics.
type Counts struct {
	Connections, Messages, Bad, Dropped, Refused, Unanswered int64
}

type counts struct{ connections, messages, bad, dropped, refused, unanswered atomic.Int64 }

func (c *counts) read() Counts {
	return Counts{c.connections.Load(), c.messages.Load(), c.bad.Load(), c.dropped.Load(), c.refused.Load(), c.unanswered.Load()}
}

// Parts is what a door of MQTT is made of.
type Parts struct {
	Intake  gateway.Intake
	Secrets badge.Secrets // tokens by which badges sign on; not of the consumer
	Hub     *gateway.Hub
	Clock   clock.Clock
	Log     *slog.Logger

	// SignOnWithin is how long a connection may take to its CONNECT, and
	// MostLines how many there may be; 0: the defaults.
	SignOnWithin time.Duration
	MostLines    int
}

// Broker is the broker of this process. It may have several listeners.
type Broker struct {
	p      Parts
	server *mochi.Server
	limits *gateway.Limits
	counts counts

	mu      sync.Mutex
	serving int // listeners that are open
	names   int
	closed  bool

	lines atomic.Int64 // connections, signed on or not
}

// Limits of a connection. The defaults of mochi reserve 64 kB a client for
// pending writes; a badge is told little.
const (
	takeWithin     = 20 * time.Second
	pendingWrites  = 64
	connBuffer     = 512
	longestSession = 24 * 3600 // s
	inflight       = 64
	signOnWithin   = 30 * time.Second // TLS on a slow network takes its time
	mostLines      = 60_000
)

// NewBroker makes a broker; Serve runs it.
func NewBroker(p Parts) *Broker {
	c := mochi.NewDefaultServerCapabilities()
	c.MaximumClientWritesPending, c.MaximumPacketSize, c.MaximumSessionExpiryInterval = pendingWrites, contract.MaxBytes+1024, longestSession
	c.MaximumInflight, c.ReceiveMaximum, c.TopicAliasMaximum = inflight, inflight, 0
	if p.SignOnWithin == 0 {
		p.SignOnWithin = signOnWithin
	}
	if p.MostLines == 0 {
		p.MostLines = mostLines
	}
	b := &Broker{p: p, limits: gateway.NewLimits(p.Clock)}
	b.server = mochi.New(&mochi.Options{Capabilities: c, ClientNetReadBufferSize: connBuffer, ClientNetWriteBufferSize: connBuffer,
		Logger: slog.New(slog.DiscardHandler), InlineClient: true, SysTopicResendInterval: 3600})
	return b
}

// Counts gives the broker's numbers.
func (b *Broker) Counts() Counts { return b.counts.read() }

// Serve takes connections until ctx ends; it may run for several listeners at
// once, and the broker ends with the last. TLS is the listener's matter.
func (b *Broker) Serve(ctx context.Context, l net.Listener) error {
	if err := b.open(l); err != nil {
		return err
	}
	<-ctx.Done()
	b.mu.Lock()
	b.serving--
	last := b.serving == 0 && !b.closed
	b.closed = b.closed || last
	b.mu.Unlock()
	if last {
		return b.server.Close()
	}
	return nil
}

func (b *Broker) open(l net.Listener) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errs.Busy("storage.unavailable", errors.New("the broker has ended"))
	}
	b.names++
	name := fmt.Sprintf("mqtt-%d", b.names)
	if err := b.server.AddListener(listeners.NewNet(name, &gate{l, b})); err != nil {
		return err
	}
	b.serving++
	if b.names > 1 {
		b.server.Listeners.Serve(name, b.server.EstablishConnection)
		return nil
	}
	if err := b.server.AddHook(&hook{b: b}, nil); err != nil {
		return err
	}
	return b.server.Serve()
}

// hook is where mochi asks us. It implements all that decides.
type hook struct {
	mochi.HookBase
	b *Broker
}

// ID is mochi's.
func (h *hook) ID() string { return "zugou" }

// Provides is mochi's: which of its questions are answered here.
func (h *hook) Provides(b byte) bool {
	switch b {
	case mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPublish, mochi.OnSessionEstablished, mochi.OnDisconnect, mochi.OnWill, mochi.OnWillSent:
		return true
	}
	return false
}

// OnConnectAuthenticate lets in who knows the token of the device. Client and
// user are both the device, so that a device has one session.
func (h *hook) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) (ok bool) {
	defer func() {
		if fault := recover(); fault != nil {
			h.b.p.Log.Error("sign-on failed", "protocol", signal.MQTT, "fault", fmt.Sprint(fault))
			ok = false
		}
		if !ok {
			h.b.counts.refused.Add(1)
			h.b.p.Log.Warn("sign-on refused", "protocol", signal.MQTT, "from", from(cl))
		}
	}()
	deviceID := string(pk.Connect.Username)
	if cl.ID != deviceID || !plain(deviceID) || pk.Connect.WillFlag && pk.Connect.WillTopic != "up/"+deviceID+"/will" {
		return false
	}
	ok, err := h.b.holds(deviceID, string(pk.Connect.Password))
	return ok && err == nil
}

// holds tells whether the token is the device's.
func (b *Broker) holds(deviceID, token string) (bool, error) {
	ctx, cancel := context.WithTimeout(access.With(context.Background(), access.System("gateway")), takeWithin)
	defer cancel()
	return b.p.Secrets.Check(ctx, deviceID, badge.Door, token)
}

// plain tells whether the number can stand in a topic.
func plain(deviceID string) bool {
	return deviceID != "" && len(deviceID) <= 64 && !strings.ContainsAny(deviceID, "/+#$ \x00") && strings.ToValidUTF8(deviceID, "") == deviceID
}

// OnACLCheck pins a device to its own topics.
func (h *hook) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	if write {
		return strings.HasPrefix(topic, "up/"+cl.ID+"/")
	}
	// These and no more: each filter of a device costs memory.
	own, ok := strings.CutPrefix(topic, "down/"+cl.ID+"/")
	return ok && slices.Contains([]string{"ack", "cmd", "+", "#"}, own)
}

// OnSessionEstablished puts the line into the hub.
func (h *hook) OnSessionEstablished(cl *mochi.Client, pk packets.Packet) {
	h.b.counts.connections.Add(1)
	l := &line{b: h.b, cl: cl, token: string(pk.Connect.Password)}
	h.b.p.Hub.Hold(cl.ID, l)
	// A token that ended between the sign-on and now found no line to cut.
	if ok, err := l.Proven(); err == nil && !ok {
		l.End()
	}
}

// OnDisconnect takes it out.
func (h *hook) OnDisconnect(cl *mochi.Client, _ error, _ bool) {
	h.b.counts.connections.Add(-1)
	if l, ok := h.b.p.Hub.Line(cl.ID).(*line); ok && l.cl == cl {
		h.b.p.Hub.Leave(cl.ID, l)
		if l.ended.Load() && !cl.IsTakenOver() {
			cl.ClearInflights()
			h.b.server.UnsubscribeClient(cl)
			h.b.server.Clients.Delete(cl.ID)
		}
	}
}

// OnWill keeps a will from being retained.
func (h *hook) OnWill(_ *mochi.Client, will mochi.Will) (mochi.Will, error) {
	will.Retain = false
	return will, nil
}

// OnWillSent stores a last will: it does not pass OnPublish. It tells of the
// line, not of the child; the clock of silence runs apart from it.
func (h *hook) OnWillSent(cl *mochi.Client, pk packets.Packet) {
	defer h.caught()
	said, _ := contract.Read(cl.ID, "will", pk.Payload)
	said.Mid = ""
	_ = h.b.store(badge.Signal(signal.MQTT, said, h.b.p.Clock))
}

func (h *hook) caught() {
	if fault := recover(); fault != nil {
		h.b.p.Log.Error("message not stored", "protocol", signal.MQTT, "fault", fmt.Sprint(fault))
	}
}

var errNotStored = errors.New("not stored")

// OnPublish stores the message; mochi acknowledges when it returns nil. Every
// other way out ends the line and rejects the packet: see the package's traps.
func (h *hook) OnPublish(cl *mochi.Client, pk packets.Packet) (out packets.Packet, err error) {
	if cl.Net.Inline {
		return pk, nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			h.b.p.Log.Error("message not stored, no reply given", "protocol", signal.MQTT, "fault", fmt.Sprint(fault))
			err = errNotStored
		}
		if err != nil {
			h.b.counts.unanswered.Add(1)
			cl.Stop(err)
			err = packets.ErrRejectPacket
		}
	}()
	h.b.counts.messages.Add(1)
	pk.FixedHeader.Retain = false
	deviceID, subject, ok := split(pk.TopicName)
	if !ok || deviceID != cl.ID {
		h.b.counts.bad.Add(1)
		if !h.b.limits.Allow(cl.ID) {
			h.b.counts.dropped.Add(1)
			return pk, errNotStored
		}
		return pk, nil // will never be anything: the badge may forget it
	}
	said, ok := contract.Read(deviceID, subject, pk.Payload)
	if !ok {
		h.b.counts.bad.Add(1)
		if !h.b.limits.Allow(deviceID) { // nor does garbage fill the log
			h.b.counts.dropped.Add(1)
			return pk, errNotStored
		}
		h.b.p.Log.Info("message not read", "protocol", signal.MQTT, "from", from(cl), "reason", said.Message.Err)
		return pk, nil
	}
	if len(said.Message.Alarms) == 0 && !h.b.limits.Allow(deviceID) {
		h.b.counts.dropped.Add(1)
		return pk, errNotStored
	}
	if err := h.b.store(badge.Signal(signal.MQTT, said, h.b.p.Clock)); err != nil {
		return pk, err
	}
	if subject == "answer" {
		h.b.p.Hub.Answered(gateway.Answer{DeviceID: deviceID, Token: said.Token, OK: said.OK, Text: said.Text})
	}
	// Lost on the way it does no harm: the badge says it again.
	_ = h.b.server.Publish("down/"+deviceID+"/ack", acknowledgement(said, pk.Payload), false, 0)
	return pk, nil
}

// store hands a message to the seat; nil when it is on disk.
func (b *Broker) store(n signal.New) error { return store(b.p, n) }

func store(p Parts, n signal.New) error {
	ctx, cancel := context.WithTimeout(access.With(context.Background(), access.System("gateway")), takeWithin)
	defer cancel()
	_, err := p.Intake.Take(ctx, n)
	if err != nil {
		p.Log.Error("message not stored, no reply given", "protocol", signal.MQTT, "error", err)
	}
	return err
}

func acknowledgement(s contract.Said, payload []byte) []byte {
	mid := s.Mid
	if mid == "" {
		mid = contract.NameOf(payload)
	}
	text, _ := json.Marshal(map[string]string{"mid": mid})
	return text
}

// split takes up/{id}/{subject} apart.
func split(topic string) (deviceID, subject string, ok bool) {
	parts := strings.Split(topic, "/")
	if len(parts) != 3 || parts[0] != "up" {
		return "", "", false
	}
	for _, s := range append(contract.Subjects(), "will") {
		if parts[2] == s {
			return parts[1], s, true
		}
	}
	return "", "", false
}

func from(cl *mochi.Client) string {
	host, _, err := net.SplitHostPort(cl.Net.Remote)
	if err != nil {
		return "?"
	}
	return host
}

// line is a badge's session as the hub knows it.
type line struct {
	b     *Broker
	cl    *mochi.Client
	token string
	ended atomic.Bool // nothing of the session is kept
}

// Source is part of gateway.Line.
func (l *line) Source() signal.Source { return signal.MQTT }

// From is part of gateway.Line.
func (l *line) From() string { return from(l.cl) }

// Drop is part of gateway.Line.
func (l *line) Drop() { l.cl.Stop(packets.ErrSessionTakenOver) }

// Proven is part of gateway.Prover.
func (l *line) Proven() (bool, error) { return l.b.holds(l.cl.ID, l.token) }

// End is part of gateway.Ender: a command that still waits for its PUBACK was
// meant for who held the badge then.
func (l *line) End() {
	l.ended.Store(true)
	l.cl.Stop(packets.ErrNotAuthorized)
}

// Send is part of gateway.Line.
func (l *line) Send(_ context.Context, _ string, c down.Command) (string, error) {
	token, payload, err := Command(c)
	if err != nil {
		return "", err
	}
	if l.cl.Closed() {
		return "", errs.Busy("device.command.line_broke", nil)
	}
	if err := l.b.server.Publish("down/"+l.cl.ID+"/cmd", payload, false, 1); err != nil {
		return "", errs.Busy("device.command.line_broke", err)
	}
	return token, nil
}

// command is the JSON of a command; its fields are those of down.Command that
// the kind uses.
type command struct {
	CID     string            `json:"cid"`
	Kind    down.Kind         `json:"kind"`
	Seconds int               `json:"seconds,omitempty"`
	For     int               `json:"for_seconds,omitempty"`
	Index   int               `json:"index,omitempty"`
	Phone   string            `json:"phone,omitempty"`
	On      *bool             `json:"on,omitempty"`
	Periods []down.Period     `json:"periods,omitempty"`
	Alerts  []down.Alert      `json:"reminders,omitempty"`
	Book    []down.Contact    `json:"contacts,omitempty"`
	Text    string            `json:"text,omitempty"`
	Urgent  bool              `json:"urgent,omitempty"`
	Voice   []byte            `json:"voice,omitempty"`
	Count   int               `json:"count,omitempty"`
	Extra   map[string]string `json:"extra,omitempty"`
}

// Command writes a command and its token. Errors: those of down.Command.Check.
func Command(c down.Command) (token string, payload []byte, err error) {
	if err := c.Check(); err != nil {
		return "", nil, err
	}
	out := command{CID: string(id.New()), Kind: c.Kind, Seconds: c.Seconds, For: c.ForSeconds, Index: c.Index, Phone: c.Phone, Periods: c.Periods,
		Alerts: c.Reminders, Book: c.Contacts, Text: c.Text, Urgent: c.Urgent, Voice: c.Voice, Count: c.Count}
	switch c.Kind {
	case down.SOSSMS, down.LowBattery, down.RemoveAlarm:
		out.On = &c.On
	case down.Language:
		out.Extra = map[string]string{"language": c.Language, "offset_minutes": fmt.Sprint(c.OffsetMinutes)}
	}
	payload, err = json.Marshal(out)
	return out.CID, payload, err
}

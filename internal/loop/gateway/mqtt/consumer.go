package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/contract"
	"zugou/internal/loop/gateway/down"
)

// Cluster says where somebody else's broker is.
type Cluster struct {
	URL      string // mqtt://host:1883 or mqtts://host:8883
	User     string
	Password string
	ClientID string // stable for each process: the broker keeps what it did not acknowledge
	Group    string // of the shared subscription; "ingest" if empty
	TLS      *tls.Config
}

// Consumer takes the badges' messages from a cluster by a shared subscription:
// several of them share the load, and what one did not acknowledge goes to it
// again when it comes back, or to another.
//
// A message is acknowledged to the cluster after our commit, and to the badge
// by down/{id}/ack. If the commit fails the connection ends, for MQTT has no
// other way to ask for a message again.
type Consumer struct {
	p      Parts
	at     Cluster
	limits *gateway.Limits
	counts counts

	mu     sync.Mutex
	client *paho.Client // nil while there is no connection
}

// NewConsumer makes a consumer; Run runs it. Errors: an address that is none.
func NewConsumer(p Parts, at Cluster) (*Consumer, error) {
	u, err := url.Parse(at.URL)
	if err != nil || u.Host == "" || at.ClientID == "" {
		return nil, errs.Invalid("mqtt-external", "config.address")
	}
	if at.Group == "" {
		at.Group = "ingest"
	}
	return &Consumer{p: p, at: at, limits: gateway.NewLimits(p.Clock)}, nil
}

// Counts gives the consumer's numbers.
func (c *Consumer) Counts() Counts { return c.counts.read() }

// Bounds of a consumer's connection.
const (
	atOnce        = 64 // messages under way; they share the groups of the writer
	keepAlive     = 30 // s
	sessionLives  = 3600
	flushAcks     = 5 * time.Millisecond
	comesBack     = time.Second
	comesBackMost = 30 * time.Second
)

// Run consumes until ctx ends, coming back after each break.
func (c *Consumer) Run(ctx context.Context) {
	for tries := 0; ctx.Err() == nil; tries++ {
		began := c.p.Clock.Now()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if c.p.Clock.Now().Sub(began) > comesBackMost {
			tries = 0
		}
		c.p.Log.Error("the MQTT cluster is away", "error", err)
		select {
		case <-ctx.Done():
		case <-c.p.Clock.After(min(comesBack<<min(tries, 5), comesBackMost)):
		}
	}
}

// session is one connection; it ends with the reason.
func (c *Consumer) session(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	w := newWorkers(atOnce, func(pk *paho.Publish, client *paho.Client) {
		if ctx.Err() != nil { // nothing is acknowledged any more
			return
		}
		if err := c.take(pk, client); err != nil {
			end(err)
			return
		}
		_ = client.Ack(pk)
	})
	defer w.close()
	client := paho.NewClient(paho.ClientConfig{ClientID: c.at.ClientID, Conn: conn, EnableManualAcknowledgment: true, SendAcksInterval: flushAcks,
		PacketTimeout: takeWithin,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(r paho.PublishReceived) (bool, error) {
			w.put(ctx, r)
			return true, nil
		}},
		OnClientError:      func(err error) { end(err) },
		OnServerDisconnect: func(d *paho.Disconnect) { end(fmt.Errorf("the cluster ended the connection, reason %d", d.ReasonCode)) },
	})
	connect := &paho.Connect{ClientID: c.at.ClientID, KeepAlive: keepAlive, CleanStart: false,
		Properties: &paho.ConnectProperties{SessionExpiryInterval: new(uint32(sessionLives)), ReceiveMaximum: new(uint16(atOnce))}}
	if c.at.User != "" {
		connect.Username, connect.UsernameFlag, connect.Password, connect.PasswordFlag = c.at.User, true, []byte(c.at.Password), true
	}
	if _, err := client.Connect(ctx, connect); err != nil {
		return fmt.Errorf("sign-on: %w", err)
	}
	if _, err := client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "$share/" + c.at.Group + "/up/#", QoS: 1}}}); err != nil {
		return fmt.Errorf("subscription: %w", err)
	}
	c.set(client)
	defer c.set(nil)
	c.counts.connections.Store(1)
	defer c.counts.connections.Store(0)
	select {
	case <-ctx.Done():
	case <-client.Done():
		end(errors.New("connection lost"))
	}
	return context.Cause(ctx)
}

func (c *Consumer) dial(ctx context.Context) (net.Conn, error) {
	u, err := url.Parse(c.at.URL)
	if err != nil {
		return nil, err
	}
	secure := u.Scheme == "mqtts" || u.Scheme == "ssl" || u.Scheme == "tls"
	host := u.Host
	if u.Port() == "" {
		port := 1883
		if secure {
			port = 8883
		}
		host = net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	if !secure {
		return d.DialContext(ctx, "tcp", host)
	}
	conn, err := (&tls.Dialer{NetDialer: &d, Config: c.at.TLS}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return packets.NewThreadSafeConn(conn), nil
}

func (c *Consumer) set(client *paho.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = client
}

func (c *Consumer) live() *paho.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client
}

// take stores one message and tells the badge; an error means that it is not
// on disk.
func (c *Consumer) take(pk *paho.Publish, client *paho.Client) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			c.p.Log.Error("message not stored, no reply given", "protocol", signal.MQTT, "fault", fmt.Sprint(fault))
			err = errNotStored
		}
		if err != nil {
			c.counts.unanswered.Add(1)
		}
	}()
	c.counts.messages.Add(1)
	deviceID, subject, ok := split(pk.Topic)
	if !ok || !plain(deviceID) {
		c.counts.bad.Add(1)
		return nil
	}
	said, ok := contract.Read(deviceID, subject, pk.Payload)
	if subject == "will" {
		said.Mid, ok = "", true
	}
	if !ok {
		c.counts.bad.Add(1)
		c.p.Log.Info("message not read", "protocol", signal.MQTT, "reason", said.Message.Err)
		return nil
	}
	at := via{c, deviceID}
	c.p.Hub.Hold(deviceID, at)
	if len(said.Message.Alarms) == 0 && !c.limits.Allow(deviceID) {
		// Holding it back would hold back everybody's: the badge, which gets no
		// acknowledgement of ours, says it again.
		c.counts.dropped.Add(1)
		return nil
	}
	if err := store(c.p, badge.Signal(signal.MQTT, said, c.p.Clock)); err != nil {
		return err
	}
	switch subject {
	case "will":
		c.p.Hub.Leave(deviceID, at)
		return nil
	case "answer":
		c.p.Hub.Answered(gateway.Answer{DeviceID: deviceID, Token: said.Token, OK: said.OK, Text: said.Text})
	}
	ctx, cancel := context.WithTimeout(context.Background(), takeWithin)
	defer cancel()
	_, _ = client.Publish(ctx, &paho.Publish{Topic: "down/" + deviceID + "/ack", QoS: 0, Payload: acknowledgement(said, pk.Payload)})
	return nil
}

// via is a badge's way through the cluster, as the hub knows it. Two of the
// same badge are equal: a further message is no take-over.
type via struct {
	c        *Consumer
	deviceID string // as it stands in topics
}

// Source is part of gateway.Line.
func (v via) Source() signal.Source { return signal.MQTT }

// From is part of gateway.Line.
func (v via) From() string { return "cluster" }

// Drop is part of gateway.Line: a badge that now speaks to another door keeps
// its session at the cluster, which is not ours to end.
func (v via) Drop() {}

// Send is part of gateway.Line: the cluster finds the badge.
func (v via) Send(ctx context.Context, _ string, cmd down.Command) (string, error) {
	token, payload, err := Command(cmd)
	if err != nil {
		return "", err
	}
	client := v.c.live()
	if client == nil {
		return "", errs.Busy("device.command.line_broke", nil)
	}
	if _, err := client.Publish(ctx, &paho.Publish{Topic: "down/" + v.deviceID + "/cmd", QoS: 1, Payload: payload}); err != nil {
		return "", errs.Busy("device.command.line_broke", err)
	}
	return token, nil
}

// workers take messages at once, those of one device in their order.
type workers struct {
	queues []chan paho.PublishReceived
	wg     sync.WaitGroup
}

func newWorkers(n int, do func(*paho.Publish, *paho.Client)) *workers {
	w := &workers{}
	for range n {
		q := make(chan paho.PublishReceived, 1)
		w.queues = append(w.queues, q)
		w.wg.Add(1)
		go func() {
			defer w.wg.Done()
			for r := range q {
				do(r.Packet, r.Client)
			}
		}()
	}
	return w
}

func (w *workers) put(ctx context.Context, r paho.PublishReceived) {
	h := fnv.New32a()
	deviceID, _, _ := split(r.Packet.Topic)
	_, _ = h.Write([]byte(deviceID))
	select {
	case w.queues[h.Sum32()%uint32(len(w.queues))] <- r:
	case <-ctx.Done():
	}
}

func (w *workers) close() {
	for _, q := range w.queues {
		close(q)
	}
	w.wg.Wait()
}

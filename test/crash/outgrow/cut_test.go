package outgrow

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"zugou/internal/loop/gateway/credential"
	"zugou/internal/people/access"
)

func enter(t *testing.T, addr, number, token string) *paho.Client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := paho.NewClient(paho.ClientConfig{ClientID: number, Conn: conn})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := c.Connect(ctx, &paho.Connect{ClientID: number, KeepAlive: 60, CleanStart: true, Username: number, UsernameFlag: true, Password: []byte(token), PasswordFlag: true}); err != nil {
		return nil
	}
	return c
}

// A token is ended by a process that holds no line; the badge is on one of two
// gateways, another badge on the other.
func TestATokenThatEndsIsCutOnWhicheverGatewayHoldsTheLine(t *testing.T) {
	h := newHouse(t)
	one := h.start("c1", "--mqtt", "127.0.0.1:0")
	two := h.start("c2", "--mqtt", "127.0.0.1:0")
	h.enter()
	desk, admin := credential.New(h.db), officer(access.BureauSection)
	const bad, good = "9600000001", "9600000002"
	which, token := h.token(bad)
	_, stays := h.token(good)
	for _, at := range []string{one.addrs["mqtt"], two.addrs["mqtt"]} {
		line, other := enter(t, at, bad, token), enter(t, at, good, stays)
		if line == nil || other == nil {
			t.Fatal("refused")
		}
		if err := desk.PairAnew(admin, which); err != nil {
			t.Fatal(err)
		}
		select {
		case <-line.Done():
		case <-time.After(patience):
			t.Fatal("the line stayed open")
		}
		for _, addr := range []string{one.addrs["mqtt"], two.addrs["mqtt"]} {
			if enter(t, addr, bad, token) != nil {
				t.Error("it signed on again")
			}
		}
		select {
		case <-other.Done():
			t.Error("another badge's line was cut")
		default:
		}
		_, token = h.token(bad)
		if line = enter(t, at, bad, token); line == nil {
			t.Fatal("refused with the new token")
		}
		if _, err := line.Publish(t.Context(), &paho.Publish{Topic: "up/" + bad + "/beat", QoS: 1, Payload: []byte(`{"mid":"new"}`)}); err != nil {
			t.Errorf("the line of the new token was cut: %v", err)
		}
	}
}

package app_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway/credential"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// mqttLine signs a badge on; nil if it is refused.
func mqttLine(t *testing.T, addr, number, token string) *paho.Client {
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

func ends(t *testing.T, c *paho.Client, what string) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatalf("the line stayed open: %s", what)
	}
}

// Whoever holds what a badge proved itself with is out the moment that it
// ends: the open line closes by itself, and the way back is shut.
func TestEndingATokenCutsTheOpenLine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	h := openHouse(t, "--mqtt", addr)
	ctx := access.With(t.Context(), access.Actor{Account: "test", Grants: []access.Grant{{Role: access.BureauSection, Region: h.a.Config.District}}})
	number := device.DemoDeviceID(120)
	var d device.Device
	find := func() {
		t.Helper()
		if err := h.a.DB.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
			d, err = device.Find(ctx, r, number)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	post := func(token string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/api/device/"+number+"/beat", strings.NewReader(`{"mid":"b-`+string(id.New())+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	// out is what must be true after the token has ended.
	out := func(line *paho.Client, token, what string) {
		t.Helper()
		ends(t, line, what)
		if mqttLine(t, addr, number, token) != nil {
			t.Errorf("%s: it signed on again", what)
		}
		if status := post(token); status != http.StatusUnauthorized {
			t.Errorf("%s: HTTP answers %d", what, status)
		}
	}
	sign := device.Hand{Signer: "外婆", Relation: "外祖母", Signature: device.Signature{{{0, 0}, {10, 10}, {20, 20}, {30, 30}, {40, 30}, {50, 30}, {60, 30}, {70, 30}, {80, 40}}}}
	find()
	worn := d.Wearer

	first := h.token(number)
	line := mqttLine(t, addr, number, first)
	second := h.token(number)
	out(line, first, "a new token")

	line = mqttLine(t, addr, number, second)
	if err := credential.New(h.a.DB).PairAnew(ctx, d.ID); err != nil {
		t.Fatal(err)
	}
	out(line, second, "taken back on its page")

	third := h.token(number)
	line = mqttLine(t, addr, number, third)
	back := sign
	back.Condition = "good"
	if _, err := h.a.Device.TakeBack(ctx, d.ID, back); err != nil {
		t.Fatal(err)
	}
	ends(t, line, "returned into stock")
	line = mqttLine(t, addr, number, third) // the token is the device's, not the child's
	if line == nil {
		t.Fatal("a badge of the stock lost its token")
	}

	again := sign
	again.ChildID = worn
	if _, err := h.a.Device.HandOut(ctx, d.ID, again); err != nil {
		t.Fatal(err)
	}
	lost := sign
	lost.Condition = "lost"
	if _, err := h.a.Device.TakeBack(ctx, d.ID, lost); err != nil {
		t.Fatal(err)
	}
	out(line, third, "returned as lost")

	stock, retired := device.Stock, device.Retired
	if _, err := h.a.Device.Update(ctx, d.ID, device.Change{State: &stock, Why: "找到了"}); err != nil {
		t.Fatal(err)
	}
	fourth := h.token(number)
	line = mqttLine(t, addr, number, fourth)
	if _, err := h.a.Device.Update(ctx, d.ID, device.Change{State: &retired, Why: "报废"}); err != nil {
		t.Fatal(err)
	}
	out(line, fourth, "out of use")
}

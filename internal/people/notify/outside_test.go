package notify_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/notify"
)

func gatewayAt(t *testing.T, address string, within time.Duration, allow ...string) notify.Channel {
	t.Helper()
	o := notify.Outside{Within: within}
	for _, a := range allow {
		o.Allow = append(o.Allow, netip.MustParsePrefix(a))
	}
	client, err := o.Client()
	if err != nil {
		t.Fatal(err)
	}
	c, err := notify.NewSMS(notify.SMSGateway{URL: address, Plain: true, Body: `{"m":"{{.Phone}}","t":"{{.Text}}"}`, OKField: "code", OKValue: "0"},
		client, clock.NewFake(dbtest.Start))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func deliver(c notify.Channel) notify.Result {
	return c.Send(context.Background(), notify.Delivery{To: notify.Address{Phone: "15400000001"}, Letter: notify.LetterOf("text")})
}

func TestWhatAGatewayCanDoToUs(t *testing.T) {
	var called atomic.Int64
	handlers := map[string]struct {
		do      http.HandlerFunc
		outcome notify.Outcome
		err     string
	}{
		"redirects into the house": {func(w http.ResponseWriter, r *http.Request) {
			called.Add(1)
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		}, notify.Failed, "http_302"},
		"answers without end": {func(w http.ResponseWriter, _ *http.Request) {
			for range 64 {
				_, _ = w.Write([]byte(strings.Repeat("x", 4096)))
			}
		}, notify.Unsure, "answer_unknown"},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client left
			<-r.Context().Done()
		}, notify.Unsure, "timeout"},
		"breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, notify.Unsure, "unreachable"},
		"quotes our text in its code": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"code":"15400000001"}`))
		}, notify.Failed, "gateway_other"},
		"says no":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"code":7}`)) }, notify.Failed, "gateway_7"},
		"says yes":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"code":0}`)) }, notify.Sent, ""},
		"is shut out": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, notify.Failed, "http_403"},
		"is broken":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, notify.Unsure, "http_500"},
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(h.do)
			defer server.Close()
			within := time.Minute
			if name == "never answers" {
				within = 2 * time.Second // enough to be connected on a busy machine
			}
			got := deliver(gatewayAt(t, server.URL+"/x", within, "127.0.0.0/8"))
			if got.Outcome != h.outcome || got.Error != h.err {
				t.Errorf("%+v", got)
			}
		})
	}
	if called.Load() != 1 {
		t.Errorf("%d requests, the redirect was followed", called.Load())
	}
}

func TestTheAddressIsLookedAtAfterTheNameWasResolved(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer server.Close()
	for _, address := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)} {
		if got := deliver(gatewayAt(t, address+"/x", time.Second)); got.Outcome != notify.Failed || got.Error != "address_blocked" {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestSubscriptionsAreCheckedForTheirForm(t *testing.T) {
	good := notify.Subscription{Endpoint: "https://push.example.com/abc", Auth: "AAAAAAAAAAAAAAAAAAAAAA",
		P256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM="}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*notify.Subscription){
		"http":        func(s *notify.Subscription) { s.Endpoint = "http://push.example.com/" },
		"ssh's port":  func(s *notify.Subscription) { s.Endpoint = "https://push.example.com:22/" },
		"user":        func(s *notify.Subscription) { s.Endpoint = "https://u@push.example.com/" },
		"no curve":    func(s *notify.Subscription) { s.P256dh = "AAAA" },
		"short auth":  func(s *notify.Subscription) { s.Auth = "AAAA" },
		"no endpoint": func(s *notify.Subscription) { s.Endpoint = "" },
		"long":        func(s *notify.Subscription) { s.Endpoint += strings.Repeat("x", 2000) },
	} {
		s := good
		spoil(&s)
		if s.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

package badge_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/badge"
	"zugou/internal/loop/gateway/contract"
)

type intake struct {
	mu    sync.Mutex
	err   error
	taken []signal.New
}

func (s *intake) Take(_ context.Context, n signal.New) (seat.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return seat.Receipt{}, s.err
	}
	s.taken = append(s.taken, n)
	return seat.Receipt{}, nil
}

type secrets struct{ err error }

func (s secrets) Check(_ context.Context, deviceID, door, secret string) (bool, error) {
	return s.err == nil && door == badge.Door && secret == "secret-of-"+deviceID, s.err
}

func door(t *testing.T, in *intake, s badge.Secrets) string {
	t.Helper()
	server := httptest.NewServer(badge.NewHTTP(in, s, clock.System(), slog.New(slog.DiscardHandler)).Handler())
	t.Cleanup(server.Close)
	return server.URL + "/api/device/"
}

func post(t *testing.T, url, token, key, body string) (status int, header http.Header, answer string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, strings.TrimSpace(string(b))
}

func TestAMessageByHTTPIsAnsweredWhenItIsOnDisk(t *testing.T) {
	in := &intake{}
	url := door(t, in, secrets{})
	const token = "secret-of-B-1"
	for _, c := range []struct {
		name, path, token, key, body string
		status                       int
		kind                         string // of what was stored; "" for nothing
	}{
		{"an alarm with mid", "B-1/alarm", token, "", `{"mid":"m1","kind":"sos"}`, 200, "sos"},
		{"the mid as the key", "B-1/pos", token, "m2", `{"lat":29.6,"lon":105.7}`, 200, "position"},
		{"an alarm without a mid", "B-1/alarm", token, "", `{"kind":"fall"}`, 200, "fall"},
		{"an alarm that is no JSON", "B-1/alarm", token, "m3", `SOS`, 200, "general"},
		{"no mid and no alarm", "B-1/pos", token, "", `{"lat":29.6}`, 422, ""},
		{"key and mid differ", "B-1/pos", token, "m4", `{"mid":"m5"}`, 422, ""},
		{"no JSON and no alarm", "B-1/pos", token, "m6", `nonsense`, 422, ""},
		{"no token", "B-1/alarm", "", "m7", `{"kind":"sos"}`, 401, ""},
		{"another's token", "B-1/alarm", "secret-of-B-2", "m8", `{"kind":"sos"}`, 401, ""},
		{"no such subject", "B-1/firmware", token, "m9", `{}`, 404, ""},
		{"too long", "B-1/vital", token, "m10", `{"mid":"` + strings.Repeat("x", contract.MaxBytes) + `"}`, 413, ""},
	} {
		in.taken = nil
		status, _, answer := post(t, url+c.path, c.token, c.key, c.body)
		if status != c.status || (c.kind == "") != (len(in.taken) == 0) || c.kind != "" && in.taken[0].Kind != c.kind {
			t.Errorf("%s: %d %s, stored %+v", c.name, status, answer, in.taken)
		}
	}
}

func TestTheSameMidIsTheSameMessageByEveryDoor(t *testing.T) {
	in := &intake{}
	url := door(t, in, secrets{})
	post(t, url+"B-1/alarm", "secret-of-B-1", "m1", `{"kind":"sos"}`)
	post(t, url+"B-1/alarm", "secret-of-B-1", "", `{"mid":"m1","kind":"sos","batt":4}`)
	said, _ := contract.Read("B-1", "alarm", []byte(`{"mid":"m1"}`))
	if k := badge.Signal(signal.MQTT, said, clock.System()).Key; len(in.taken) != 2 || in.taken[0].Key != k || in.taken[1].Key != k || k != gateway.MidKey("B-1", "m1") {
		t.Errorf("%+v", in.taken)
	}
}

func TestWhatIsNotStoredIsToBeSaidAgain(t *testing.T) {
	away := errs.Busy("storage.unavailable", errors.New("disk full"))
	for name, c := range map[string]struct {
		in *intake
		s  secrets
	}{"storage away": {&intake{err: away}, secrets{}}, "secrets away": {&intake{}, secrets{err: away}}, "our fault": {&intake{err: errs.Internal(errors.New("bug"))}, secrets{}}} {
		status, header, answer := post(t, door(t, c.in, c.s)+"B-1/alarm", "secret-of-B-1", "m1", `{"kind":"sos"}`)
		if status != 503 || header.Get("Retry-After") == "" || strings.Contains(answer, "disk") || strings.Contains(answer, "bug") {
			t.Errorf("%s: %d %v %s", name, status, header, answer)
		}
	}
}

func TestAFloodIsToldToWaitAndItsSOSIsTaken(t *testing.T) {
	in := &intake{}
	url := door(t, in, secrets{})
	refused := 0
	for range 400 {
		if status, header, _ := post(t, url+"B-1/beat", "secret-of-B-1", "m", `{}`); status == 429 && header.Get("Retry-After") != "" {
			refused++
		}
	}
	if status, _, _ := post(t, url+"B-1/alarm", "secret-of-B-1", "a", `{"kind":"sos"}`); refused == 0 || status != 200 {
		t.Errorf("%d refused, the SOS got %d", refused, status)
	}
}

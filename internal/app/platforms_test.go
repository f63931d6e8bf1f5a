package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"zugou/internal/app"
	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/platform"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// other is another platform with its key.
type other struct {
	t                   *testing.T
	a                   *app.App
	base, key, secret   string
	hash                platform.Hash
	id                  id.ID
	nonce, at, tampered string // if set, used as they are
}

func newOther(t *testing.T, a *app.App, base string, admin caller, body map[string]any) other {
	t.Helper()
	status, out := admin.do(http.MethodPost, "/api/platforms", body)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	hash, _ := out["hash"].(string)
	return other{t: t, a: a, base: base, key: out["key_id"].(string), secret: out["secret"].(string), hash: platform.Hash(hash), id: id.ID(out["id"].(string))}
}

// call sends a signed request.
func (o other) call(method, path, idem string, body any) (int, map[string]any) {
	o.t.Helper()
	raw := []byte{}
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			o.t.Fatal(err)
		}
	}
	at, nonce := strconv.FormatInt(o.a.Clock.Now().Unix(), 10), crypto.Token(12)
	if o.at != "" {
		at = o.at
	}
	if o.nonce != "" {
		nonce = o.nonce
	}
	sign := platform.Sign(o.hash, o.secret, method, path, at, nonce, raw)
	if o.tampered != "" {
		raw = []byte(o.tampered)
	}
	req, err := http.NewRequest(method, o.base+path, bytes.NewReader(raw))
	if err != nil {
		o.t.Fatal(err)
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "X-Zugou-Key": o.key, "X-Zugou-Time": at, "X-Zugou-Nonce": nonce, "X-Zugou-Signature": sign, "Idempotency-Key": idem} {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	_ = json.NewDecoder(res.Body).Decode(&out)
	return res.StatusCode, out
}

func TestAnotherPlatformTellsOfAChild(t *testing.T) {
	a, _, s := open(t)
	admin := signIn(t, s.URL, "system1")
	for _, hash := range []platform.Hash{platform.SM3, platform.SHA256} {
		o := newOther(t, a, s.URL, admin, map[string]any{"name": "区公安分局警情平台", "kind": "partner", "region": "500111", "hash": hash, "per_minute": 3})
		help := map[string]any{"kind": "help", "text": "孩子三天没去学校", "ref": "JQ-1"}
		status, first := o.call(http.MethodPost, "/api/ext/signals", "signal-0001"+string(hash), help)
		if status != http.StatusOK || first["matter_no"] == "" {
			t.Fatalf("%d %v", status, first)
		}
		if status, again := o.call(http.MethodPost, "/api/ext/signals", "signal-0001"+string(hash), help); status != http.StatusOK || again["signal_id"] != first["signal_id"] || again["again"] != true {
			t.Errorf("the same key: %d %v", status, again)
		}
		for name, c := range map[string]struct {
			edit func(o *other)
			key  string
		}{
			"a clock six minutes off":     {func(o *other) { o.at = strconv.FormatInt(a.Clock.Now().Unix()-361, 10) }, "platform.time"},
			"a body changed on the way":   {func(o *other) { o.tampered = `{"kind":"help","text":"x"}` }, "platform.signature"},
			"a wrong secret":              {func(o *other) { o.secret = "guess" }, "platform.signature"},
			"an unknown key":              {func(o *other) { o.key = "zk_nobody" }, "platform.signature"},
			"a nonce of no letters":       {func(o *other) { o.nonce = "!!!!!!!!!" }, "platform.nonce"},
			"another hash than the key's": {func(o *other) { o.hash = map[platform.Hash]platform.Hash{"sm3": "sha256", "sha256": "sm3"}[o.hash] }, "platform.signature"},
		} {
			bad := o
			c.edit(&bad)
			if status, out := bad.call(http.MethodPost, "/api/ext/signals", "signal-bad1", help); status != http.StatusUnauthorized || out["key"] != c.key {
				t.Errorf("%s: %d %v", name, status, out)
			}
		}
		once := o
		once.nonce = "nonce-of-" + string(hash)
		if status, out := once.call(http.MethodPost, "/api/ext/signals", "signal-0002"+string(hash), help); status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := once.call(http.MethodPost, "/api/ext/signals", "signal-0003"+string(hash), help); status != http.StatusUnauthorized || out["key"] != "platform.replayed" {
			t.Errorf("sent again by somebody on the way: %d %v", status, out)
		}
		// Three a minute are gone; a child in danger is taken all the same.
		if status, out := o.call(http.MethodPost, "/api/ext/signals", "signal-0004"+string(hash), help); status != http.StatusServiceUnavailable || out["key"] != "platform.too_many" {
			t.Errorf("the fourth in a minute: %d %v", status, out)
		}
		for i := range 10 {
			if status, out := o.call(http.MethodPost, "/api/ext/signals", fmt.Sprintf("sos-%s-%04d", hash, i), map[string]any{"kind": "sos", "text": "孩子在河边"}); status != http.StatusOK {
				t.Errorf("SOS %d: %d %v", i, status, out)
			}
		}
		if status, out := o.call(http.MethodPost, "/api/ext/orders", "", map[string]any{"kind": "sos", "ref": "X-1", "township": "500111113"}); status != http.StatusForbidden {
			t.Errorf("a partner sends an order: %d %v", status, out)
		}
		if status, out := o.call(http.MethodPost, "/api/ext/signals", "signal-0009", map[string]any{"kind": "sos", "region": "500112001"}); status != http.StatusUnprocessableEntity {
			t.Errorf("another district: %d %v", status, out)
		}
		if status, _ := o.call(http.MethodGet, "/api/queue", "", nil); status != http.StatusForbidden && status != http.StatusUnauthorized {
			t.Errorf("a platform reads the queue: %d", status)
		}
		_, list := admin.do(http.MethodGet, "/api/platforms", nil)
		row := list["items"].([]any)[slices.IndexFunc(list["items"].([]any), func(x any) bool { return x.(map[string]any)["id"] == string(o.id) })].(map[string]any)
		if row["last_used_at"].(float64) == 0 || row["secret"] != nil {
			t.Errorf("the list says %v", row)
		}
		if status, out := admin.do(http.MethodPost, "/api/platforms/"+string(o.id)+"/revoke", map[string]any{"reason": "更换系统"}); status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := o.call(http.MethodPost, "/api/ext/signals", "signal-0010", help); status != http.StatusUnauthorized || out["key"] != "platform.revoked" {
			t.Errorf("after the end: %d %v", status, out)
		}
	}
}

func TestOnlyTheSystemAdministratorMakesKeys(t *testing.T) {
	_, accounts, s := open(t)
	tried := map[access.Role]bool{}
	for _, acc := range accounts {
		if tried[acc.Role] || acc.Role == access.SystemAdmin {
			continue
		}
		tried[acc.Role] = true
		c := signIn(t, s.URL, acc.Account)
		if status, _ := c.do(http.MethodPost, "/api/platforms", map[string]any{"name": "x", "kind": "partner", "region": "500111", "per_minute": 1}); status != http.StatusForbidden {
			t.Errorf("%s makes a key: %d", acc.Role, status)
		}
	}
}

// The city's centre sends an order straight to a township; its own system is
// down for a while, and then hears every stage, in order, once.
func TestTheCitySendsAnOrderAndHearsEveryStage(t *testing.T) {
	a, accounts, s := open(t)
	var mu sync.Mutex
	var heard []string
	down := true
	var o other
	city := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			http.Error(rw, "down", http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		if h.Get("X-Zugou-Signature") != platform.Sign(o.hash, o.secret, r.Method, r.URL.RequestURI(), h.Get("X-Zugou-Time"), h.Get("X-Zugou-Nonce"), body) {
			t.Error("the callback's signature is wrong")
		}
		var rep dispatch.CityReport
		if err := json.Unmarshal(body, &rep); err != nil || rep.Ref != "CQ-2026-7" {
			t.Errorf("%s %v", body, err)
		}
		heard = append(heard, rep.Event)
	}))
	defer city.Close()
	o = newOther(t, a, s.URL, signIn(t, s.URL, "system1"), map[string]any{"name": "市级中心", "kind": "city", "region": "50", "per_minute": 60, "callback": city.URL + "/hear?from=zugou"})
	order := map[string]any{"kind": "danger", "ref": "CQ-2026-7", "township": "500111116", "text": "市级热线转来", "note": "请立即上门"}
	status, out := o.call(http.MethodPost, "/api/ext/orders", "", order)
	if status != http.StatusOK || out["level"] != "township" {
		t.Fatalf("%d %v", status, out)
	}
	if status, again := o.call(http.MethodPost, "/api/ext/orders", "", order); status != http.StatusOK || again["order_no"] != out["order_no"] {
		t.Errorf("sent twice: %d %v", status, again)
	}
	ctx := context.Background()
	var ord dispatch.Order
	var offers []dispatch.Offer
	if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		var err error
		if ord, err = dispatch.ByRef(ctx, r, id.ID("platform:"+o.id), "CQ-2026-7"); err != nil {
			return err
		}
		offers, err = dispatch.Offers(ctx, r, ord.ID)
		return err
	}); err != nil || len(offers) == 0 {
		t.Fatalf("%v %v", offers, err)
	}
	helper := caller{}
	for _, acc := range accounts {
		if acc.ID == offers[0].Account {
			if acc.Role != access.TownshipOfficer {
				t.Errorf("the order went to a %s", acc.Role)
			}
			helper = signIn(t, s.URL, acc.Account)
		}
	}
	if err := a.Platforms.Deliver(ctx, o.id); err == nil {
		t.Error("delivered to a system that is down")
	}
	for _, step := range []string{"accept", "depart", "arrive", "handle"} {
		if status, out := helper.do(http.MethodPost, "/api/orders/"+string(ord.ID)+"/"+step, map[string]any{"key": "city-" + step}); status != http.StatusOK {
			t.Fatalf("%s: %d %v", step, status, out)
		}
	}
	mu.Lock()
	down = false
	mu.Unlock()
	for range 2 { // the second round has nothing left
		if err := a.Platforms.Deliver(ctx, o.id); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"offered", "accepted", "on_the_way", "on_scene", "handled"}; !slices.Equal(heard, want) {
		t.Errorf("the city heard %v, want %v", heard, want)
	}
	status, stands := o.call(http.MethodGet, "/api/ext/orders/CQ-2026-7", "", nil)
	if status != http.StatusOK || stands["stage"] != "handled" || len(stands["stages"].([]any)) < 5 {
		t.Errorf("%d %v", status, stands)
	}
	if status, _ := o.call(http.MethodGet, "/api/ext/orders/CQ-9999", "", nil); status != http.StatusNotFound {
		t.Errorf("an order it did not send: %d", status)
	}
	if status, _ := o.call(http.MethodPost, "/api/ext/orders", "", map[string]any{"kind": "danger", "ref": "CQ-8", "township": "500112001"}); status != http.StatusUnprocessableEntity {
		t.Errorf("a township of another district: %d", status)
	}
}

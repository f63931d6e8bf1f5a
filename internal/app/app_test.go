package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"zugou/internal/app"
	"zugou/internal/kernel/config"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// open opens the whole program as a demonstration, without listeners.
func open(t *testing.T) (*app.App, []staff.DemoAccount, *httptest.Server) {
	t.Helper()
	c, err := config.Load([]string{"--demo", "--data", t.TempDir(), "--http", "127.0.0.1:0"}, func(string) string { return "" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	accounts, err := a.SeedDemo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(a.Handler())
	t.Cleanup(s.Close)
	return a, accounts, s
}

type caller struct {
	t    *testing.T
	base string
	http *http.Client
}

func (c caller) do(method, path string, body any) (int, map[string]any) {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequest(method, c.base+path, bytes.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("X-Zugou", "1")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	_ = json.NewDecoder(res.Body).Decode(&out) // an empty answer has no fields
	return res.StatusCode, out
}

func signIn(t *testing.T, base, account string) caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := caller{t, base, &http.Client{Jar: jar}}
	status, out := c.do(http.MethodPost, "/api/sign-in", map[string]string{"account": account, "password": staff.DemoPassword})
	if status != http.StatusOK || out["state"] != "ok" {
		t.Fatalf("%s signs in: %d %v", account, status, out)
	}
	return c
}

// open to strangers: sign-in and the help page.
func forStrangers(path string) bool {
	return strings.HasPrefix(path, "/api/help") || strings.HasPrefix(path, "/api/sign") || strings.HasPrefix(path, "/api/register") || strings.HasPrefix(path, "/api/first")
}

// Every registered call is tried without a session and by every role: nothing
// is answered to a stranger, nothing breaks, and what can't be found by a
// stranger to the record is not there.
func TestEveryCallAsEveryRole(t *testing.T) {
	_, accounts, s := open(t)
	stranger := caller{t, s.URL, &http.Client{}}
	_, spec := stranger.do(http.MethodGet, "/api/openapi.json", nil)
	paths, ok := spec["paths"].(map[string]any)
	if !ok || len(paths) < 50 {
		t.Fatalf("the description lists %d paths", len(paths))
	}
	callers := map[access.Role]caller{}
	for _, acc := range accounts {
		if _, have := callers[acc.Role]; !have {
			callers[acc.Role] = signIn(t, s.URL, acc.Account)
		}
	}
	if len(callers) < 13 {
		t.Fatalf("accounts for %d roles only", len(callers))
	}
	tried := 0
	for path, ops := range paths {
		for method := range ops.(map[string]any) {
			method = strings.ToUpper(method)
			if !slices.Contains([]string{"GET", "POST", "PATCH", "DELETE", "PUT"}, method) {
				continue
			}
			target := path
			for strings.Contains(target, "{") {
				i, j := strings.Index(target, "{"), strings.Index(target, "}")
				target = target[:i] + "0193f5e0-0000-7000-8000-000000000000" + target[j+1:]
			}
			status, _ := stranger.do(method, target, map[string]any{})
			if !forStrangers(path) && status != 401 && status != 404 && status != 422 {
				t.Errorf("%s %s without a session: %d", method, path, status)
			}
			if path == "/api/sign-out" || path == "/api/lock" || path == "/api/me/password" || strings.HasPrefix(path, "/api/sign-in") {
				continue
			}
			for role, c := range callers {
				tried++
				if status, out := c.do(method, target, map[string]any{}); status >= 500 {
					t.Errorf("%s %s as %s: %d %v", method, path, role, status, out)
				}
			}
		}
	}
	t.Logf("%d calls tried over %d paths", tried, len(paths))
}

func TestATownshipSeesItsOwnChildrenOnly(t *testing.T) {
	_, _, s := open(t)
	town := signIn(t, s.URL, "town116")
	status, out := town.do(http.MethodGet, "/api/children?limit=200", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	items := out["items"].([]any)
	if len(items) == 0 {
		t.Fatal("no children at all")
	}
	for _, item := range items {
		if area := item.(map[string]any)["region"].(string); !strings.HasPrefix(area, "500111116") {
			t.Errorf("a child of %s", area)
		}
	}
	other := signIn(t, s.URL, "town100")
	id := items[0].(map[string]any)["id"].(string)
	if status, _ := other.do(http.MethodGet, "/api/children/"+id, nil); status != http.StatusNotFound {
		t.Errorf("another township's officer gets %d", status)
	}
	auditor := signIn(t, s.URL, "audit1")
	if status, _ := auditor.do(http.MethodGet, "/api/children/"+id, nil); status != http.StatusForbidden {
		t.Errorf("the auditor gets %d", status)
	}
	status, out = auditor.do(http.MethodGet, "/api/audit?subject="+id, nil)
	if rows := out["items"].([]any); status != http.StatusOK || len(rows) == 0 {
		t.Error("the look at the child is not in the audit")
	}
}

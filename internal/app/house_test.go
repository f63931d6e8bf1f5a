package app_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zugou/internal/app"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/config"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

func settings(t *testing.T, args ...string) config.Config {
	t.Helper()
	c, err := config.Load(append([]string{"--demo", "--data", t.TempDir(), "--http", "127.0.0.1:0"}, args...), func(string) string { return "" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATimeForARoleThatIsNoneIsRefusedAtTheStart(t *testing.T) {
	_, err := app.Open(context.Background(), app.Options{Config: settings(t, "--session-idle", "operator=5m"), Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "session-idle") {
		t.Fatalf("%v", err)
	}
}

// The setting holds per role: the seat locks and rings on, the bureau's page
// of the same house is not touched by it.
func TestTheIdleTimeOfARoleIsWiredAndALockedSeatShowsNothing(t *testing.T) {
	clk := clock.NewFake(later)
	a, err := app.Open(context.Background(), app.Options{Config: settings(t, "--session-idle", "seat_operator=3m;bureau_section=2h"), Clock: clk, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	s := serve(t, a)
	seat, bureau := signIn(t, s, "seat1"), signIn(t, s, "section1")
	_, me := seat.do(http.MethodGet, "/api/me", nil)
	if me["idle_seconds"] != 180.0 {
		t.Errorf("the seat is told %v seconds", me["idle_seconds"])
	}
	if _, me := bureau.do(http.MethodGet, "/api/me", nil); me["idle_seconds"] != 7200.0 {
		t.Errorf("the bureau is told %v seconds", me["idle_seconds"])
	}
	clk.Advance(4 * time.Minute)
	if status, _ := seat.do(http.MethodGet, "/api/queue", nil); status != http.StatusForbidden {
		t.Errorf("an idle seat shows its queue: %d", status)
	}
	_, me = seat.do(http.MethodGet, "/api/me", nil)
	if me["locked"] != true {
		t.Errorf("an idle seat is %v", me["state"])
	}
	ring, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s+"/api/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := seat.http.Do(ring)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("a locked seat has no stream to ring by: %v", err)
	}
	_ = res.Body.Close()
	if status, _ := bureau.do(http.MethodGet, "/api/children", nil); status != http.StatusOK {
		t.Errorf("the bureau is shut out too: %d", status)
	}
	if status, out := seat.do(http.MethodPost, "/api/unlock", map[string]string{"password": demoPassword}); status != http.StatusOK || out["state"] != "ok" {
		t.Errorf("unlocking: %d %v", status, out)
	}
}

// A day's digest lies outside the database, is written once, and proves by the
// page's own verification that rows were cut off.
func TestTheDaysDigestIsKeptOutsideAndAVerificationUsesIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "safe")
	clk := clock.NewFake(later)
	a, err := app.Open(context.Background(), app.Options{Config: settings(t, "--audit-digests", dir), Clock: clk, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, a)
	auditor := signIn(t, s, "audit1")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = a.Close()
	})
	var files []os.DirEntry
	wait(t, "the digest", func() bool {
		clk.Advance(31 * time.Minute)
		files, _ = os.ReadDir(dir)
		return len(files) > 0
	})
	auditor = signIn(t, s, "audit1") // the clock ran on
	status, out := auditor.do(http.MethodGet, "/api/audit/digests", nil)
	if status != http.StatusOK || len(out["items"].([]any)) == 0 {
		t.Fatalf("%d %v", status, out)
	}
	day := out["items"].([]any)[0].(map[string]any)["day"].(string)
	if files[0].Name() != "audit-"+day+".json" {
		t.Errorf("kept as %s", files[0].Name())
	}
	if raw := fetch(t, auditor, "/api/audit/digests/"+day); !bytes.Contains(raw, []byte(`"hash"`)) {
		t.Errorf("the download is %s", raw)
	}
	check := func() map[string]any {
		t.Helper()
		if status, out := auditor.do(http.MethodPost, "/api/audit/verify", nil); status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
		var last map[string]any
		wait(t, "the verification", func() bool {
			_, out := auditor.do(http.MethodGet, "/api/audit/chain", nil)
			last = out["checks"].([]any)[0].(map[string]any)
			return last["ended_at"].(float64) > 0
		})
		return last
	}
	if c := check(); c["failed"] != false || len(c["findings"].([]any)) != 0 || c["digests"].(float64) < 1 || c["links"].(float64) < 1 {
		t.Fatalf("an honest chain: %v", c)
	}
	// Somebody writes another hash over the day's: the folder's word against it.
	forged := strings.Replace(string(fetch(t, auditor, "/api/audit/digests/"+day)), `"hash":"`, `"hash":"x`, 1)
	path := filepath.Join(dir, files[0].Name())
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := check(); len(c["findings"].([]any)) == 0 {
		t.Error("a head that differs from the digest outside is not found")
	}
	town := signIn(t, s, "town116")
	for _, path := range []string{"/api/audit/chain", "/api/audit/digests", "/api/audit/export", "/api/audit/digests/" + day} {
		if status, _ := town.do(http.MethodGet, path, nil); status != http.StatusForbidden {
			t.Errorf("a township officer gets %d at %s", status, path)
		}
	}
	book := fetch(t, auditor, "/api/audit/export?action=session.")
	if !bytes.HasPrefix(book, []byte("PK")) {
		t.Error("the export is no workbook")
	}
}

func TestTheReportIsForWhoKeepsTheHouseRunning(t *testing.T) {
	_, _, s := open(t)
	status, out := signIn(t, s.URL, "system1").do(http.MethodGet, "/api/system/report", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	for _, field := range []string{"open", "channels", "keys", "rows", "findings", "jobs"} {
		if list, ok := out[field].([]any); !ok || field != "jobs" && len(list) == 0 {
			t.Errorf("%s: %v", field, out[field])
		}
	}
	if out["schema"].(float64) < 49 {
		t.Errorf("schema %v", out["schema"])
	}
	if status, _ := signIn(t, s.URL, "village116200").do(http.MethodGet, "/api/system/report", nil); status != http.StatusForbidden {
		t.Errorf("a village director gets %d", status)
	}
}

func TestTheBureausMapIsPreviewedThenTaken(t *testing.T) {
	_, _, s := open(t)
	admin := signIn(t, s.URL, "system1")
	square := func(code string) string {
		return `{"type":"Feature","properties":{"code":"` + code + `"},"geometry":{"type":"Polygon","coordinates":[[[105.7,29.7],[105.8,29.7],[105.8,29.8],[105.7,29.8],[105.7,29.7]]]}}`
	}
	send := func(c caller, path, text string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Zugou", "1")
		req.Header.Set("Content-Type", "application/geo+json")
		res, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw)
	}
	good := `{"type":"FeatureCollection","features":[` + square("500111116") + `]}`
	if status, text := send(admin, "/api/regions/geojson/preview", good); status != http.StatusOK || !strings.Contains(text, `"outlines":1`) || !strings.Contains(text, "500111100") {
		t.Fatalf("%d %s", status, text)
	}
	if status, _ := admin.do(http.MethodGet, "/api/regions/geojson", nil); status != http.StatusNotFound {
		t.Errorf("a preview was stored: %d", status)
	}
	if status, text := send(admin, "/api/regions/geojson/preview", `{"type":"FeatureCollection","features":[`+square("500112001")+`]}`); status != http.StatusUnprocessableEntity || !strings.Contains(text, "features[0]") {
		t.Errorf("an area of another district: %d %s", status, text)
	}
	if status, _ := send(signIn(t, s.URL, "town116"), "/api/regions/geojson", good); status != http.StatusForbidden {
		t.Errorf("a township officer may draw the district: %d", status)
	}
	if status, text := send(admin, "/api/regions/geojson", good); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if raw := fetch(t, signIn(t, s.URL, "seat1"), "/api/regions/geojson"); !bytes.Contains(raw, []byte("500111116")) {
		t.Errorf("the seat's map is %s", raw)
	}
}

func TestAGrantIsPrintedAsTheApprovalItIs(t *testing.T) {
	_, _, s := open(t)
	security := signIn(t, s.URL, "security1")
	_, out := security.do(http.MethodGet, "/api/grants?state=active&limit=1", nil)
	id := out["items"].([]any)[0].(map[string]any)["id"].(string)
	if raw := fetch(t, security, "/api/grants/"+id+"/paper"); !bytes.HasPrefix(raw, []byte("%PDF")) {
		t.Errorf("no paper: %.80s", raw)
	}
	if status, _ := signIn(t, s.URL, "seat1").do(http.MethodGet, "/api/grants/"+id+"/paper", nil); status != http.StatusForbidden {
		t.Errorf("an operator gets %d", status)
	}
	status, table := security.do(http.MethodGet, "/api/rights", nil)
	if rows := table["rows"].([]any); status != http.StatusOK || len(rows) != len(access.Actions()) {
		t.Errorf("%d, %d rows", status, len(rows))
	}
}

// later than any real day: a cookie of a fake clock in the past is dropped.
var later = time.Date(2126, 3, 4, 2, 0, 0, 0, time.UTC)

const demoPassword = staff.DemoPassword

// serve seeds the demonstration and serves the program without listeners.
func serve(t *testing.T, a *app.App) string {
	t.Helper()
	if _, err := a.SeedDemo(context.Background()); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(a.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

// fetch gives the body of an answer that is a file.
func fetch(t *testing.T, c caller, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, res.StatusCode, raw, err)
	}
	return raw
}

// wait asks until it is so; the test's own deadline bounds it.
func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("%s never came", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/child"
	"zugou/internal/people/staff"
)

// phone is a signed-in browser.
func phone(b *testing.B, base, account string) *http.Client {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	c := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	status, body := send(b, c, http.MethodPost, base+"/api/sign-in", map[string]string{"account": account, "password": staff.DemoPassword})
	if status != http.StatusOK {
		b.Fatalf("%s: %d %s", account, status, body)
	}
	return c
}

func send(b *testing.B, c *http.Client, method, url string, body any) (int, []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("X-Zugou", "1")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, out
}

func within(ms []time.Duration, share float64) time.Duration {
	slices.Sort(ms)
	return ms[min(len(ms)-1, int(float64(len(ms))*share))]
}

// BenchmarkVisitsSynced: 10,000 visits from 300 phones that come into the
// network at once, each sent twice as phones do when an answer is lost; none
// may be doubled.
func BenchmarkVisitsSynced(b *testing.B) {
	machine(b, "embedded engine")
	a, base, _ := house(b)
	const phones, visits = 300, 10_000
	client := phone(b, base, "town116")
	var children []id.ID
	if err := a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &children, "SELECT id FROM person WHERE child AND region >= '500111116' AND region < '500111117' ORDER BY id")
	}); err != nil || len(children) == 0 {
		b.Fatalf("no children: %v", err)
	}
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		var wg sync.WaitGroup
		for p := range phones {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for n := p; n < visits; n += phones {
					at := time.Now().Add(-time.Duration(n) * time.Minute).UnixMilli()
					body := map[string]any{"key": fmt.Sprintf("bench-%d-%d", b.N, n), "visit_id": id.New(), "child_id": children[n%len(children)], "began_at": at, "ended_at": at + 1_200_000, "met": true,
						"body": map[string]any{"seen": map[string]string{"enough_food": "yes"}, "present": []string{"child"}, "text": "一切都好", "danger": "", "wish": "", "signed": ""}}
					for range 2 {
						if status, out := send(b, client, http.MethodPost, base+"/api/visits", body); status != http.StatusOK {
							b.Errorf("%d %s", status, out)
							return
						}
					}
				}
			}()
		}
		wg.Wait()
		took := time.Since(began)
		var stored, versions int
		if err := a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
			return r.Get(ctx, db.To(&stored, &versions), "SELECT (SELECT count(*) FROM visit), (SELECT count(*) FROM visit_version)")
		}); err != nil {
			b.Fatal(err)
		}
		if stored != visits || versions != visits {
			b.Fatalf("%d visits, %d versions of %d sent twice", stored, versions, visits)
		}
		b.ReportMetric(float64(2*visits)/took.Seconds(), "posts/s")
		b.Logf("%d visits from %d phones, each sent twice, in %s: %d stored, none doubled", visits, phones, took.Round(time.Millisecond), stored)
	}
}

// BenchmarkTimeline: the first page of a child with 2,000 entries; the limit is
// 50 ms at p95.
func BenchmarkTimeline(b *testing.B) {
	machine(b, "embedded engine")
	a, base, _ := house(b)
	client := phone(b, base, "section1")
	var children []id.ID
	ctx := access.With(context.Background(), access.System("bench"))
	if err := a.DB.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &children, "SELECT id FROM person WHERE child ORDER BY id LIMIT 1")
	}); err != nil || len(children) == 0 {
		b.Fatalf("no child: %v", err)
	}
	for range 20 {
		if err := a.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			entries := make([]child.Entry, 100)
			for i := range entries {
				entries[i] = child.Entry{ChildID: children[0], Kind: "visit", Title: "timeline.visit", RefKind: "visit", RefID: id.New(), Region: "500111"}
			}
			return child.Note(ctx, tx, entries...)
		}); err != nil {
			b.Fatal(err)
		}
	}
	url := base + "/api/children/" + string(children[0]) + "/timeline"
	var took []time.Duration
	b.ResetTimer()
	for range b.N {
		for range 200 {
			began := time.Now()
			if status, out := send(b, client, http.MethodGet, url, nil); status != http.StatusOK {
				b.Fatalf("%d %s", status, out)
			}
			took = append(took, time.Since(began))
		}
	}
	b.ReportMetric(float64(within(took, 0.95).Microseconds())/1000, "p95-ms")
	b.Logf("first page of 2,000 entries: p50 %s, p95 %s (limit 50 ms)", within(took, 0.5), within(took, 0.95))
}

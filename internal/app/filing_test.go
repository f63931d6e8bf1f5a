package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"zugou/internal/centre/dispatch"
	"zugou/internal/centre/seat"
	"zugou/internal/centre/signal"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
)

// upload sends a file as the phone does.
func (c caller) upload(fields map[string]string, content []byte) (int, map[string]any) {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "p.jpg")
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = part.Write(content)
	for k, v := range fields {
		_ = form.WriteField(k, v)
	}
	_ = form.Close()
	req, err := http.NewRequest(http.MethodPost, c.base+"/api/attachments", &body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("X-Zugou", "1")
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	_ = json.NewDecoder(res.Body).Decode(&out)
	return res.StatusCode, out
}

func (c caller) fetch(path string) (int, http.Header, []byte) {
	c.t.Helper()
	res, err := c.http.Get(c.base + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header, b
}

// An operator sends the nearest; a helper takes the order, handles it with two
// photos, and the seat's card shows them.
func TestPhotosOfAnOrderReachTheSeat(t *testing.T) {
	a, accounts, s := open(t)
	byID := map[id.ID]staff.DemoAccount{}
	op := ""
	for _, acc := range accounts {
		byID[acc.ID] = acc
		if acc.Role == access.SeatOperator {
			op = acc.Account
		}
	}
	rec, err := a.Seat.Take(access.With(context.Background(), access.System("gateway")), signal.New{Source: signal.School, Kind: "sos", Key: "photo-story",
		Region: "500111116", Kinds: "danger"})
	if err != nil {
		t.Fatal(err)
	}
	desk := signIn(t, s.URL, op)
	status, sent := desk.do(http.MethodPost, "/api/matters/"+string(rec.Matter)+"/dispatch", map[string]any{"as_of_step": 0})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, sent)
	}
	order := sent["id"].(string)
	var offers []dispatch.Offer
	if err := a.DB.View(context.Background(), func(ctx context.Context, r db.Reader) error {
		offers, err = dispatch.Offers(ctx, r, id.ID(order))
		return err
	}); err != nil || len(offers) == 0 {
		t.Fatalf("nobody called: %v", err)
	}
	helper := signIn(t, s.URL, byID[offers[0].Account].Account)
	if status, out := helper.do(http.MethodPost, "/api/orders/"+order+"/accept", map[string]any{"key": "k-accept"}); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 640, 480)), nil); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 2 {
		fields := map[string]string{"order_id": order, "key": fmt.Sprintf("photo-key-%d", i), "at": "1716000000000", "lat": "29.7", "lon": "105.7"}
		status, out := helper.upload(fields, photo.Bytes())
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
		again, twice := helper.upload(fields, photo.Bytes())
		if again != http.StatusOK || twice["id"] != out["id"] {
			t.Errorf("the repeat: %d %v", again, twice)
		}
		ids = append(ids, out["id"].(string))
	}
	if status, out := helper.do(http.MethodPost, "/api/orders/"+order+"/handle", map[string]any{"key": "k-handle", "note": "孩子已在家", "photos": ids}); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	status, listed := desk.do(http.MethodGet, "/api/attachments?record_kind=order&record_id="+order, nil)
	if status != http.StatusOK || len(listed["items"].([]any)) != 2 {
		t.Fatalf("the seat lists %d %v", status, listed)
	}
	for _, path := range []string{"/api/attachments/" + ids[0], "/api/attachments/" + ids[0] + "?size=thumb"} {
		status, head, body := desk.fetch(path)
		if status != http.StatusOK || head.Get("Content-Type") != "image/jpeg" || head.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(head.Get("Content-Security-Policy"), "sandbox") || head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, status, head)
		}
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(body)); err != nil || cfg.Width != map[bool]int{true: 360, false: 640}[strings.HasSuffix(path, "thumb")] {
			t.Errorf("%s: %+v %v", path, cfg, err)
		}
	}
	auditor := signIn(t, s.URL, "audit1")
	if _, rows := auditor.do(http.MethodGet, "/api/audit?subject="+ids[0], nil); len(rows["items"].([]any)) < 3 { // put, listed, looked at
		t.Errorf("the audit has %v", rows["items"])
	}
	stranger := caller{t, s.URL, &http.Client{}}
	if status, _, _ := stranger.fetch("/api/attachments/" + ids[0]); status != http.StatusUnauthorized {
		t.Errorf("a stranger gets %d", status)
	}
	if status, out := helper.upload(map[string]string{"order_id": order, "key": "photo-key-page"}, []byte("<html>")); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
		t.Errorf("a page instead of a photo: %d %v", status, out)
	}
	var card seat.Card
	if err := a.DB.View(access.With(context.Background(), access.System("test")), func(ctx context.Context, r db.Reader) error {
		card, err = a.Seat.Card(ctx, r, rec.Matter)
		return err
	}); err != nil || card.Orders[0].Stage != "handled" {
		t.Errorf("%v %v", card.Orders, err)
	}
}

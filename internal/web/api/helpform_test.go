package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/errs"
)

type wordList map[string]string

func (w wordList) Text(key string) (string, bool) { t, ok := w[key]; return t, ok }

func sendForm(t *testing.T, ask func(context.Context, seat.Asking) (seat.Helped, error), body string) *httptest.ResponseRecorder {
	t.Helper()
	words := wordList{"help.sent": "发出去了", "help.refused": "没有发出去：{why}", "storage.busy": "暂时不能保存", "text.too_long": "写得太长了"}
	r := httptest.NewRequest(http.MethodPost, "/help/send", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rw := httptest.NewRecorder()
	HelpForm(ask, words).ServeHTTP(rw, r)
	return rw
}

func TestAChildAsksWithoutScript(t *testing.T) {
	var got seat.Asking
	ask := func(_ context.Context, q seat.Asking) (seat.Helped, error) {
		got = q
		return seat.Helped{Code: "7K4M-2Q9P"}, nil
	}
	rw := sendForm(t, ask, url.Values{"choice": {"talk"}, "text": {"我害怕"}, "place": {"学校"}}.Encode())
	if rw.Code != http.StatusOK || !strings.Contains(rw.Body.String(), "7K4M-2Q9P") {
		t.Fatalf("answered %d %s", rw.Code, rw.Body)
	}
	if got.Choice != "talk" || got.Text != "我害怕" || got.Place != "学校" || len(got.Key) < 16 {
		t.Errorf("asked %+v", got)
	}
}

func TestTheWordsComeBackWhenTheStorageIsAway(t *testing.T) {
	var keys []string
	ask := func(_ context.Context, q seat.Asking) (seat.Helped, error) {
		keys = append(keys, q.Key)
		return seat.Helped{}, errs.Busy("storage.busy", nil)
	}
	rw := sendForm(t, ask, url.Values{"choice": {"unsafe"}, "text": {`他在"门外"<b>`}}.Encode())
	page := rw.Body.String()
	if rw.Code != http.StatusServiceUnavailable || !strings.Contains(page, "没有发出去：暂时不能保存") || !strings.Contains(page, "tel:110") {
		t.Fatalf("answered %d %s", rw.Code, page)
	}
	if !strings.Contains(page, `他在&#34;门外&#34;&lt;b&gt;`) || !strings.Contains(page, `value="`+keys[0]+`"`) {
		t.Errorf("the words or their key are not in the form: %s", page)
	}
}

func TestAFormBeyondAllMeasureIsRefused(t *testing.T) {
	ask := func(context.Context, seat.Asking) (seat.Helped, error) { t.Error("asked"); return seat.Helped{}, nil }
	rw := sendForm(t, ask, "text="+strings.Repeat("x", maxForm))
	if rw.Code != http.StatusUnprocessableEntity || !strings.Contains(rw.Body.String(), "写得太长了") {
		t.Errorf("answered %d %s", rw.Code, rw.Body)
	}
}

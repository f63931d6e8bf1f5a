package locate_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/locate"
	"zugou/internal/loop/gateway/report"
)

const secret = "k-1234"

var (
	wifi  = []report.Wifi{{SSID: new("李家的网"), MAC: "AA:BB:CC:00:00:01", RSSI: new(-50)}, {MAC: "AA:BB:CC:00:00:02"}}
	cells = []report.Cell{{MCC: new(460), MNC: new(0), LAC: 9365, CID: 4214, RSSI: new(-70)}, {LAC: 9365, CID: 4215}}
)

func TestTheServiceIsAskedAndReadInBothForms(t *testing.T) {
	for _, c := range []struct {
		name, form, body string
		status           int
		want             keep.Located
		fails            bool
	}{
		{"json", locate.JSON, `{"lat":29.5,"lon":106.5,"accuracy_m":40,"crs":"GCJ-02"}`, 200, keep.Located{Point: geo.Point{Lat: 29.5, Lon: 106.5}, System: geo.GCJ02, AccuracyM: 40, Source: "wifi"}, false},
		{"json by cells", locate.JSON, `{"lat":29.5,"lon":106.5,"accuracy_m":900,"crs":"wgs84"}`, 200, keep.Located{Point: geo.Point{Lat: 29.5, Lon: 106.5}, System: geo.WGS84, AccuracyM: 900, Source: "cell"}, false},
		{"json, nothing known", locate.JSON, ``, 204, keep.Located{}, false},
		{"json without a system", locate.JSON, `{"lat":29.5,"lon":106.5,"accuracy_m":40}`, 200, keep.Located{}, true},
		{"json, away", locate.JSON, `oops`, 503, keep.Located{}, true},
		{"amap", locate.AMap, `{"status":"1","infocode":"10000","result":{"type":"3","location":"106.5,29.5","radius":"35"}}`, 200, keep.Located{Point: geo.Point{Lat: 29.5, Lon: 106.5}, System: geo.GCJ02, AccuracyM: 35, Source: "wifi"}, false},
		{"amap, nothing known", locate.AMap, `{"status":"1","infocode":"10000","result":{"type":"0"}}`, 200, keep.Located{Source: "cell"}, false},
		{"amap refused", locate.AMap, `{"status":"0","info":"INVALID_USER_KEY","infocode":"10001"}`, 200, keep.Located{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said string
			s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				var q map[string]any
				_ = json.NewDecoder(r.Body).Decode(&q)
				text, _ := json.Marshal(q)
				said = r.URL.Query().Encode() + " " + string(text)
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte(c.body))
			}))
			defer s.Close()
			got, err := locate.New(locate.Config{URL: s.URL + "/position", Key: secret, Form: c.form}).Locate(context.Background(), cells, wifi)
			if (err != nil) != c.fails || !c.fails && got.Point != c.want.Point || !c.fails && !got.Zero() && got != c.want {
				t.Errorf("%+v %v, want %+v", got, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the key stands in the error: %v", err)
			}
			if !strings.Contains(strings.ToUpper(said), "AA") || strings.Contains(said, "李") || !strings.Contains(said, "9365") {
				t.Errorf("told: %s", said)
			}
		})
	}
}

func TestAnAddressThatCantBeReachedTellsNoKey(t *testing.T) {
	_, err := locate.New(locate.Config{URL: "http://127.0.0.1:1/x?a=" + secret, Key: secret, Form: locate.AMap}).Locate(context.Background(), cells, wifi)
	if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("%v", err)
	}
}

package locate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/geo"
	"zugou/internal/loop/gateway/keep"
	"zugou/internal/loop/gateway/report"
)

// The forms.
const (
	JSON = "json"
	AMap = "amap"
)

// Config says where the service is.
type Config struct {
	URL  string
	Key  string
	Form string // JSON or AMap
}

// Service is one contracted service.
type Service struct {
	c      Config
	client *http.Client
}

// Bounds of a call.
const (
	within   = 5 * time.Second
	mostRead = 64 << 10
	mostWifi = 10
	mostCell = 6
)

// New makes a service.
func New(c Config) *Service {
	return &Service{c: c, client: &http.Client{Timeout: within, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// errAway hides the address: it may hold the key.
var errAway = errors.New("the locating service can't be reached")

// Locate implements keep.Locator. A place that the service does not know is
// the zero Located.
func (s *Service) Locate(ctx context.Context, cells []report.Cell, wifi []report.Wifi) (keep.Located, error) {
	cells, wifi = cells[:min(len(cells), mostCell)], wifi[:min(len(wifi), mostWifi)]
	ask, read := s.askJSON, readJSON
	if s.c.Form == AMap {
		ask, read = s.askAMap, readAMap
	}
	req, err := ask(ctx, cells, wifi)
	if err != nil {
		return keep.Located{}, errAway
	}
	res, err := s.client.Do(req)
	if err != nil {
		return keep.Located{}, errAway
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotFound:
		return keep.Located{}, nil
	case res.StatusCode != http.StatusOK:
		return keep.Located{}, fmt.Errorf("the locating service answered %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, mostRead))
	if err != nil {
		return keep.Located{}, errAway
	}
	out, err := read(body)
	if err == nil && out.Source == "" {
		out.Source = "cell"
		if len(wifi) > 0 && out.AccuracyM <= 200 {
			out.Source = "wifi"
		}
	}
	return out, err
}

type station struct {
	MCC  *int   `json:"mcc,omitempty"`
	MNC  *int   `json:"mnc,omitempty"`
	LAC  uint32 `json:"lac"`
	CID  uint64 `json:"cid"`
	RSSI *int   `json:"rssi,omitempty"`
}

type accessPoint struct {
	MAC  string `json:"mac"`
	RSSI *int   `json:"rssi,omitempty"`
}

type question struct {
	Wifi  []accessPoint `json:"wifi"`
	Cells []station     `json:"cells"`
}

func (s *Service) askJSON(ctx context.Context, cells []report.Cell, wifi []report.Wifi) (*http.Request, error) {
	q := question{Wifi: []accessPoint{}, Cells: []station{}}
	for _, w := range wifi {
		q.Wifi = append(q.Wifi, accessPoint{w.MAC, w.RSSI})
	}
	for _, c := range cells {
		q.Cells = append(q.Cells, station(c))
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.c.Key)
	}
	return req, nil
}

func readJSON(body []byte) (keep.Located, error) {
	var a struct {
		Lat       *float64 `json:"lat"`
		Lon       *float64 `json:"lon"`
		AccuracyM float64  `json:"accuracy_m"`
		Source    string   `json:"source"`
		System    string   `json:"crs"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return keep.Located{}, errors.New("the locating service's answer is no JSON")
	}
	if a.Lat == nil || a.Lon == nil {
		return keep.Located{}, nil
	}
	system, ok := systems[strings.ToUpper(strings.ReplaceAll(a.System, "-", ""))]
	if !ok {
		return keep.Located{}, errors.New("the locating service's answer names no coordinate system")
	}
	out := keep.Located{Point: geo.Point{Lat: *a.Lat, Lon: *a.Lon}, System: system, AccuracyM: a.AccuracyM}
	if a.Source == "wifi" || a.Source == "cell" {
		out.Source = a.Source
	}
	return out, nil
}

// systems are the names that services use. There is no default: a wrong guess
// would move every child by half a kilometre.
var systems = map[string]geo.System{"WGS84": geo.WGS84, "GCJ02": geo.GCJ02, "BD09": geo.BD09, "BD09LL": geo.BD09}

func (s *Service) askAMap(ctx context.Context, cells []report.Cell, wifi []report.Wifi) (*http.Request, error) {
	u, err := url.Parse(s.c.URL)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("key", s.c.Key)
	q.Set("output", "json")
	q.Set("accesstype", "0")
	q.Set("cdma", "0")
	rssi := func(p *int, otherwise int) string {
		if p == nil {
			return strconv.Itoa(otherwise)
		}
		return strconv.Itoa(*p)
	}
	number := func(p *int) string {
		if p == nil {
			return ""
		}
		return strconv.Itoa(*p)
	}
	var bts []string
	for _, c := range cells {
		bts = append(bts, strings.Join([]string{number(c.MCC), number(c.MNC), strconv.FormatUint(uint64(c.LAC), 10), strconv.FormatUint(c.CID, 10), rssi(c.RSSI, -80)}, ","))
	}
	if len(bts) > 0 {
		q.Set("bts", bts[0])
		q.Set("nearbts", strings.Join(bts[1:], "|"))
	}
	var macs []string
	for _, w := range wifi {
		macs = append(macs, strings.ToLower(w.MAC)+","+rssi(w.RSSI, -70)+",") // the network's name stays here
	}
	if len(macs) > 0 {
		q.Set("macs", strings.Join(macs, "|"))
	}
	u.RawQuery = q.Encode()
	return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
}

func readAMap(body []byte) (keep.Located, error) {
	var a struct {
		Status   string `json:"status"`
		InfoCode string `json:"infocode"`
		Result   struct {
			Type     string `json:"type"`
			Location string `json:"location"`
			Radius   string `json:"radius"`
		} `json:"result"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return keep.Located{}, errors.New("the locating service's answer is no JSON")
	}
	if a.Status != "1" {
		if _, err := strconv.Atoi(a.InfoCode); err != nil {
			a.InfoCode = "?"
		}
		return keep.Located{}, fmt.Errorf("the locating service refused, code %s", a.InfoCode)
	}
	lon, lat, ok := strings.Cut(a.Result.Location, ",")
	x, err1 := strconv.ParseFloat(lon, 64)
	y, err2 := strconv.ParseFloat(lat, 64)
	if a.Result.Type == "0" || !ok || err1 != nil || err2 != nil {
		return keep.Located{}, nil
	}
	out := keep.Located{Point: geo.Point{Lat: y, Lon: x}, System: geo.GCJ02, AccuracyM: 1000}
	if r, err := strconv.ParseFloat(a.Result.Radius, 64); err == nil && r > 0 {
		out.AccuracyM = r
	}
	return out, nil
}

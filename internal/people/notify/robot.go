package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

var regexCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,16}$`)

func digitsIn(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// Room is a group chat with a robot of ours in it. Its URL is the robot's
// webhook with its key; Secret is DingTalk's 加签 key, empty if the robot has
// none. It hears messages for people whose area lies in Region.
type Room struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
	Region string `json:"region"`
}

// robots is the channel of the rooms of one kind.
type robots struct {
	name   ChannelName
	rooms  []Room
	client *http.Client
	clock  clock.Clock
}

// NewRobots makes the channel of WeCom's or DingTalk's robots.
func NewRobots(name ChannelName, rooms []Room, client *http.Client, clk clock.Clock) (Group, error) {
	if name != WeCom && name != DingTalk {
		return nil, errs.Invalid("channel", "notify.channel_unknown")
	}
	seen := map[string]bool{}
	for _, r := range rooms {
		u, err := url.Parse(r.URL)
		if r.Name == "" || seen[r.Name] || err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, errs.Invalid("rooms", "notify.url_form")
		}
		seen[r.Name] = true
	}
	return &robots{name, rooms, client, clk}, nil
}

// Name implements Channel.
func (b *robots) Name() ChannelName { return b.name }

// Rooms implements Group.
func (b *robots) Rooms(region string) []string {
	var out []string
	for _, r := range b.rooms {
		if strings.HasPrefix(region, r.Region) {
			out = append(out, r.Name)
		}
	}
	return out
}

// Send implements Channel. Both services take the same simple text message
// and answer errcode 0.
func (b *robots) Send(ctx context.Context, d Delivery) Result {
	for _, r := range b.rooms {
		if r.Name != d.To.Target {
			continue
		}
		body, err := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": d.Letter.text}})
		if err != nil {
			return Result{Outcome: Failed, Error: "request_form"}
		}
		req, err := http.NewRequest(http.MethodPost, r.address(b.name, b.clock.Now()), bytes.NewReader(body))
		if err != nil {
			return Result{Outcome: Failed, Error: "request_form"}
		}
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		a, res := ask(ctx, b.client, req)
		if res != nil {
			return *res
		}
		if a.status != http.StatusOK {
			return byStatus(a.status)
		}
		code, ok := at(a.body, "errcode")
		switch {
		case !ok:
			return Result{Outcome: Unsure, Status: a.status, Error: "answer_unknown"}
		case code == "0":
			return Result{Outcome: Sent, Status: a.status}
		}
		return Result{Outcome: Failed, Status: a.status, Error: "gateway_" + short(code)}
	}
	return Result{Outcome: Refused, Error: "room_gone"}
}

// address gives the webhook, for DingTalk with the signature of 加签: base64
// of HMAC-SHA256 over "time\nsecret" under the secret, time in milliseconds.
func (r Room) address(kind ChannelName, now time.Time) string {
	if kind != DingTalk || r.Secret == "" {
		return r.URL
	}
	at := itoa(int(clock.Of(now)))
	mac := hmac.New(sha256.New, []byte(r.Secret))
	mac.Write([]byte(at + "\n" + r.Secret))
	q := url.Values{"timestamp": {at}, "sign": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
	sep := "?"
	if strings.Contains(r.URL, "?") {
		sep = "&"
	}
	return r.URL + sep + q.Encode()
}

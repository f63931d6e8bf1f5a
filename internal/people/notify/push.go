package notify

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	webpush "github.com/SherClockHolmes/webpush-go"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Subscription is what a browser gives for Web Push (RFC 8030, RFC 8291).
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}

// Check gives what is wrong with the form. The endpoint is an address that a
// browser tells us to call: only https, and no port of the machine's own
// services; where it leads is looked at when it is called (Outside).
func (s Subscription) Check() error {
	var bad []errs.Field
	u, err := url.Parse(s.Endpoint)
	if err != nil || len(s.Endpoint) > 1024 || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		lowPort(u.Port()) {
		bad = append(bad, errs.Field{Name: "endpoint", Key: "notify.endpoint_form"})
	}
	if key, err := unbase64(s.P256dh); err != nil || !onCurve(key) {
		bad = append(bad, errs.Field{Name: "p256dh", Key: "notify.push_key_form"})
	}
	if auth, err := unbase64(s.Auth); err != nil || len(auth) != 16 {
		bad = append(bad, errs.Field{Name: "auth", Key: "notify.push_key_form"})
	}
	return errs.InvalidFields(bad)
}

func lowPort(port string) bool {
	if port == "" || port == "443" {
		return false
	}
	n, err := strconv.Atoi(port)
	return err != nil || n < 1024
}

func onCurve(key []byte) bool {
	_, err := ecdh.P256().NewPublicKey(key)
	return err == nil
}

// unbase64 reads what browsers send, with padding or without.
func unbase64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s))
}

func endpointHash(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:])
}

func subscriptionPlace(sub id.ID) string { return "push_subscription.sealed:" + string(sub) }

// mostSubscriptions bounds the browsers of one account; the oldest goes first.
const mostSubscriptions = 10

// subscribe keeps a browser's address for the account. The same browser again
// moves to the account that is signed in now.
func (s *Service) subscribe(ctx context.Context, tx *db.Tx, account id.ID, sub Subscription) (id.ID, error) {
	if err := tx.Lock(ctx, "push:"+string(account)); err != nil {
		return "", err
	}
	hash := endpointHash(sub.Endpoint)
	if _, err := tx.Exec(ctx, "DELETE FROM push_subscription WHERE endpoint_hash = ?", hash); err != nil {
		return "", err
	}
	text, err := json.Marshal(sub)
	if err != nil {
		return "", err
	}
	n := id.New()
	_, err = tx.Exec(ctx, "INSERT INTO push_subscription (id, account, endpoint_hash, sealed, created_at) VALUES (?, ?, ?, ?, ?)",
		n, account, hash, s.sealer.Seal(subscriptionPlace(n), string(text)), tx.Now)
	if err != nil {
		return "", err
	}
	all, err := subscriptionsOf(ctx, tx, account)
	if err != nil {
		return "", err
	}
	for i := 0; i < len(all)-mostSubscriptions; i++ {
		if err := removeSubscription(ctx, tx, all[i]); err != nil {
			return "", err
		}
	}
	return n, nil
}

// subscription opens a stored one; not_found if it was removed.
func (s *Service) subscription(ctx context.Context, r db.Reader, n id.ID) (Subscription, error) {
	var sealed string
	if err := r.Get(ctx, db.To(&sealed), "SELECT sealed FROM push_subscription WHERE id = ? AND removed_at = 0", n); err != nil {
		return Subscription{}, err
	}
	text, err := s.sealer.Open(subscriptionPlace(n), sealed)
	if err != nil {
		return Subscription{}, err
	}
	var sub Subscription
	if err := json.Unmarshal([]byte(text), &sub); err != nil {
		return Subscription{}, errs.Internal(err)
	}
	return sub, nil
}

// vapid are the keys by which push services know us (RFC 8292).
type vapid struct {
	Public  string `json:"public"`
	Private string `json:"private"`
}

const (
	vapidSetting = "push.vapid"
	vapidPlace   = "setting.value:push.vapid"
)

// PushKeys reads the house's VAPID keys, and makes them at the first start.
// The private one lies sealed in the settings.
func PushKeys(ctx context.Context, d *db.DB, sealer Sealer) (public, private string, err error) {
	var keys vapid
	err = d.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, vapidSetting); err != nil {
			return err
		}
		var sealed string
		err := tx.Get(ctx, db.To(&sealed), "SELECT value FROM setting WHERE name = ?", vapidSetting)
		if err == nil {
			text, err := sealer.Open(vapidPlace, sealed)
			if err != nil {
				return err
			}
			return json.Unmarshal([]byte(text), &keys)
		}
		if !errs.Is(err, errs.KindNotFound) {
			return err
		}
		if keys.Private, keys.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
			return errs.Internal(err)
		}
		text, err := json.Marshal(keys)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO setting (name, value) VALUES (?, ?)", vapidSetting, sealer.Seal(vapidPlace, string(text)))
		return err
	})
	return keys.Public, keys.Private, err
}

// push is the channel of Web Push. It is best effort: a closed network reaches
// no push service.
type push struct {
	public, private string
	subscriber      string
	client          *http.Client
}

// NewPush makes the channel. subscriber is the address by which the push
// service can reach the house: an https or mailto URL.
func NewPush(public, private, subscriber string, client *http.Client) (Channel, error) {
	if public == "" || private == "" || !strings.HasPrefix(subscriber, "https://") && !strings.HasPrefix(subscriber, "mailto:") {
		return nil, errs.Invalid("subscriber", "notify.subscriber_form")
	}
	return &push{public, private, strings.TrimPrefix(subscriber, "mailto:"), client}, nil
}

// Name implements Channel.
func (p *push) Name() ChannelName { return WebPush }

// asker makes webpush's one request through ask.
type asker struct {
	ctx    context.Context
	client *http.Client
	got    answer
	failed *Result
}

func (a *asker) Do(req *http.Request) (*http.Response, error) {
	if a.got, a.failed = ask(a.ctx, a.client, req); a.failed != nil {
		return nil, http.ErrAbortHandler
	}
	return &http.Response{StatusCode: a.got.status, Body: http.NoBody}, nil
}

// Send implements Channel.
func (p *push) Send(ctx context.Context, d Delivery) Result {
	body, err := json.Marshal(map[string]any{"text": d.Letter.text, "crisis": d.Crisis})
	if err != nil {
		return Result{Outcome: Failed, Error: "request_form"}
	}
	urgency, ttl := webpush.UrgencyNormal, 24*3600
	if d.Crisis {
		urgency, ttl = webpush.UrgencyHigh, 2*3600
	}
	a := &asker{ctx: ctx, client: p.client}
	_, err = webpush.SendNotificationWithContext(ctx, bytes.Clone(body), &webpush.Subscription{
		Endpoint: d.To.Push.Endpoint, Keys: webpush.Keys{Auth: d.To.Push.Auth, P256dh: d.To.Push.P256dh},
	}, &webpush.Options{HTTPClient: a, Subscriber: p.subscriber, VAPIDPublicKey: p.public, VAPIDPrivateKey: p.private, TTL: ttl, Urgency: urgency})
	switch {
	case a.failed != nil:
		return *a.failed
	case err != nil:
		return Result{Outcome: Refused, Error: "subscription_form"}
	}
	switch a.got.status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return Result{Outcome: Sent, Status: a.got.status}
	case http.StatusNotFound, http.StatusGone:
		return Result{Outcome: Refused, Status: a.got.status, Error: "gone"}
	}
	return byStatus(a.got.status)
}

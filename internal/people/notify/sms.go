package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
)

// SMSGateway describes a gateway for short messages that takes one HTTP
// request a message, as the operators' and the platforms' do. In URL (behind
// the host), Headers and Body stand {{.Phone}}, {{.Text}}, {{.Sign}},
// {{.Time}} (Unix milliseconds), {{.Nonce}} and {{.ID}} (the same for each
// attempt of a message); each value is escaped for where it stands.
type SMSGateway struct {
	Method  string            `json:"method"` // POST if empty
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`

	Secret string `json:"secret"`
	SignOf string `json:"sign_of"` // what is signed; {{.Secret}} may stand here alone
	SignBy string `json:"sign_by"` // hmac-sha256 (if empty), hmac-sha1, hmac-md5, hmac-sm3, or md5, sha1, sha256, sm3 of SignOf
	SignAs string `json:"sign_as"` // hex (if empty), HEX, base64

	// The rule of success. With neither OKField nor OKContains the status alone
	// decides: few gateways are that honest.
	OKStatus   []int    `json:"ok_status"`   // 200 if empty
	OKField    string   `json:"ok_field"`    // path into the JSON answer, such as data.code
	OKValue    string   `json:"ok_value"`    // what stands there on success
	OKContains string   `json:"ok_contains"` // or: a text in the answer
	Refused    []string `json:"refused"`     // values of OKField that trying again won't change (no such number)

	Plain bool `json:"-"` // http:// is allowed, by the settings: gateways inside 政务外网 often have no certificate
}

// sms is the channel of one gateway.
type sms struct {
	g       SMSGateway
	client  *http.Client
	clock   clock.Clock
	base    string // scheme and host
	rest    gatewayTemplate
	headers map[string]gatewayTemplate
	body    gatewayTemplate
	signOf  gatewayTemplate
	escape  func(string) string
}

// signers by name; hmac-… use the secret as key.
var signers = map[string]func() hash.Hash{"sha256": sha256.New, "sha1": sha1.New, "md5": md5.New, "sm3": sm3.New}

// NewSMS checks the description of the gateway and makes its channel.
func NewSMS(g SMSGateway, client *http.Client, clk clock.Clock) (Channel, error) {
	s := &sms{g: g, client: client, clock: clk, headers: map[string]gatewayTemplate{}}
	if s.g.Method == "" {
		s.g.Method = http.MethodPost
	}
	if s.g.Method != http.MethodPost && s.g.Method != http.MethodGet && s.g.Method != http.MethodPut {
		return nil, errs.Invalid("method", "notify.method_unknown")
	}
	if len(s.g.OKStatus) == 0 {
		s.g.OKStatus = []int{http.StatusOK}
	}
	var err error
	if s.base, s.rest, err = splitURL(g.URL, g.Plain); err != nil {
		return nil, err
	}
	// Some gateways want the secret itself as a key, in a header or the body; in
	// an address it would be written into logs on the way.
	usable := []string{"Phone", "Text", "Sign", "Time", "Nonce", "ID", "Secret"}
	for name, text := range g.Headers {
		if !headerName(name) {
			return nil, errs.Invalid("headers", "notify.header_form")
		}
		if s.headers[name], err = parseTemplate("headers", text, usable...); err != nil {
			return nil, err
		}
	}
	if s.body, err = parseTemplate("body", g.Body, usable...); err != nil {
		return nil, err
	}
	if s.signOf, err = parseTemplate("sign_of", g.SignOf, "Phone", "Text", "Time", "Nonce", "ID", "Secret"); err != nil {
		return nil, err
	}
	if _, ok := signers[strings.TrimPrefix(s.signBy(), "hmac-")]; !ok {
		return nil, errs.Invalid("sign_by", "notify.sign_unknown")
	}
	if !slices.Contains([]string{"", "hex", "HEX", "base64"}, g.SignAs) {
		return nil, errs.Invalid("sign_as", "notify.sign_unknown")
	}
	if !s.uses("Phone") || !s.uses("Text") {
		return nil, errs.Invalid("body", "notify.phone_or_text_missing")
	}
	if s.uses("Sign") && (g.Secret == "" || g.SignOf == "") || s.uses("Secret") && g.Secret == "" {
		return nil, errs.Invalid("secret", "notify.secret_missing")
	}
	s.escape = escapeFor(s.contentType())
	return s, nil
}

func (s *sms) uses(field string) bool {
	for _, t := range s.headers {
		if t.names(field) {
			return true
		}
	}
	return s.rest.names(field) || s.body.names(field)
}

func (s *sms) contentType() string {
	for name, text := range s.g.Headers {
		if strings.EqualFold(name, "Content-Type") {
			return text
		}
	}
	return "application/json"
}

func (s *sms) signBy() string {
	if s.g.SignBy == "" {
		return "hmac-sha256"
	}
	return s.g.SignBy
}

func headerName(s string) bool {
	if s == "" || strings.EqualFold(s, "Host") || strings.EqualFold(s, "Content-Length") || strings.EqualFold(s, "Transfer-Encoding") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

// splitURL keeps the fields out of scheme and host: a value must not choose
// whom we talk to.
func splitURL(text string, plainToo bool) (string, gatewayTemplate, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "https" && !(scheme == "http" && plainToo) {
		return "", nil, errs.Invalid("url", "notify.url_form")
	}
	at := strings.IndexAny(rest, "/?")
	if at < 0 {
		at = len(rest)
	}
	base := scheme + "://" + rest[:at]
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(rest[:at], "{}@#\\ ") {
		return "", nil, errs.Invalid("url", "notify.url_form")
	}
	t, err := parseTemplate("url", rest[at:], "Phone", "Text", "Sign", "Time", "Nonce", "ID")
	return base, t, err
}

// Name implements Channel.
func (s *sms) Name() ChannelName { return SMS }

// Send implements Channel.
func (s *sms) Send(ctx context.Context, d Delivery) Result {
	p, ok := civil.ParsePhone(d.To.Phone)
	if !ok || !p.Mobile() {
		return Result{Outcome: Refused, Error: "no_mobile_number"}
	}
	if d.Letter.text == "" {
		return Result{Outcome: Refused, Error: "no_text"}
	}
	req, err := s.request(d, string(p))
	if err != nil {
		return Result{Outcome: Failed, Error: "request_form"}
	}
	a, res := ask(ctx, s.client, req)
	if res != nil {
		return *res
	}
	return s.judge(a)
}

func (s *sms) request(d Delivery, phone string) (*http.Request, error) {
	nonce := make([]byte, 8)
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	f := fields{Phone: phone, Text: d.Letter.text, ID: string(d.ID), Nonce: hex.EncodeToString(nonce),
		Time: itoa(int(clock.Of(s.clock.Now())))}
	f.Secret = s.g.Secret
	f.Sign = s.sign(s.signOf.fill(f, plain))
	body := s.body.fill(f, s.escape)
	req, err := http.NewRequest(s.g.Method, s.base+s.rest.fill(f, url.QueryEscape), bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	// A GET on a kept connection may be made twice by the transport itself.
	req.Close = s.g.Method == http.MethodGet
	req.Header.Set("Content-Type", s.contentType())
	req.Header.Set("User-Agent", "zugou")
	for name, t := range s.headers {
		req.Header.Set(name, t.fill(f, inHeader))
	}
	return req, nil
}

// sign gives the signature of the text.
func (s *sms) sign(of string) string {
	name, keyed := strings.CutPrefix(s.signBy(), "hmac-")
	h := signers[name]()
	if keyed {
		h = hmac.New(signers[name], []byte(s.g.Secret))
	}
	h.Write([]byte(of))
	sum := h.Sum(nil)
	switch s.g.SignAs {
	case "base64":
		return base64.StdEncoding.EncodeToString(sum)
	case "HEX":
		return strings.ToUpper(hex.EncodeToString(sum))
	}
	return hex.EncodeToString(sum)
}

// judge applies the success rule.
func (s *sms) judge(a answer) Result {
	if !slices.Contains(s.g.OKStatus, a.status) {
		return byStatus(a.status)
	}
	r := Result{Status: a.status}
	if s.g.OKContains != "" && bytes.Contains(a.body, []byte(s.g.OKContains)) {
		r.Outcome = Sent
		return r
	}
	if s.g.OKField != "" {
		v, ok := at(a.body, s.g.OKField)
		switch {
		case !ok: // not the answer we know: it may have been taken
			r.Outcome, r.Error = Unsure, "answer_unknown"
		case v == s.g.OKValue:
			r.Outcome = Sent
		case slices.Contains(s.g.Refused, v):
			r.Outcome, r.Error = Refused, "gateway_"+short(v)
		default:
			r.Outcome, r.Error = Failed, "gateway_"+short(v)
		}
		return r
	}
	if s.g.OKContains == "" { // no rule: the status is all there is
		r.Outcome = Sent
		return r
	}
	r.Outcome, r.Error = Failed, "answer_unknown"
	return r
}

// at gives the text of a value in a JSON answer: a.b.c; numbers and booleans
// as they are written.
func at(body []byte, path string) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return "", false
	}
	for _, key := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return "", false
		}
		if v, ok = m[key]; !ok {
			return "", false
		}
	}
	switch x := v.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case bool:
		if x {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// short keeps of a gateway's code what can't be a text or a phone: the answer
// may quote what we sent.
func short(code string) string {
	if len(code) > 16 || !regexCode.MatchString(code) || digitsIn(code) > 8 {
		return "other"
	}
	return code
}

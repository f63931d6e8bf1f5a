package notify_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/people/notify"
)

func texts(t testing.TB) *notify.Service {
	t.Helper()
	svc, err := notify.New(notify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func TestEveryTextSaysOnlyToSignIn(t *testing.T) {
	svc := texts(t)
	if len(svc.Texts()) < 10 {
		t.Fatal("the texts are gone")
	}
	for _, key := range svc.Texts() {
		got := svc.Render(key, "D20240601-0001", 3, true)
		if !strings.HasPrefix(got, "【演练】") || !strings.HasSuffix(got, "请登录查看。") || strings.Contains(got, "{") || utf8.RuneCountInString(got) > 60 {
			t.Errorf("%s: %s", key, got)
		}
	}
}

// hostile is what must never leave the house, in the places where a caller's
// slip could put it.
var hostile = []string{
	"张小明", "高升镇先锋村3组", "自杀风险", "15412345678", "154-1234-5678", "50019920150304123X", "500199201503041230",
	"D20240601-0001张小明", "张D20240601-0001", "D20240601-0001\n张小明", "D20241301-0001", "20240601-15412345678", "D20240601-",
	"{text}", "{code}", "{{.Phone}}", "<b>", "\x00", strings.Repeat("9", 500), "ＤＤ２０２４０６０１-0001", "DDDD20240601-0001", "20240601-0001 ",
}

var harmless = regexp.MustCompile(`^[^0-9A-Za-z{}<>\x00-\x1f]*(，编号[A-Z]{0,3}\d{8}-\d{1,6})?[^0-9A-Za-z{}<>\x00-\x1f]*$`)

func TestHostileNumbersAndKeysDoNotLeave(t *testing.T) {
	svc := texts(t)
	for _, h := range hostile {
		if notify.IsOrderNo(h) {
			t.Errorf("%q passes as an order number", h)
		}
		for _, got := range []string{svc.Render("order.offered", h, 1, false), svc.Render(h, h, 1, true)} {
			if !harmless.MatchString(got) || strings.Contains(got, h) {
				t.Errorf("%q left the house in %q", h, got)
			}
		}
		if h != "15412345678" && svc.RenderCode(h) != "" {
			t.Errorf("%q left as a code", h)
		}
	}
	for _, no := range []string{"20240601-0001", "D20240601-0001", "GLZ20261231-123456"} {
		if !notify.IsOrderNo(no) || !strings.Contains(svc.Render("order.offered", no, 1, false), no) {
			t.Errorf("%s is a number", no)
		}
	}
	if got := svc.RenderCode("15412345678"); got != "" {
		t.Errorf("a phone left as a code: %q", got)
	}
	if got := svc.Render("duty.gap", "", 1_000_000_000, false); strings.Contains(got, "1000000000") {
		t.Errorf("a count carries a number: %s", got)
	}
}

func FuzzLetter(f *testing.F) {
	for _, h := range hostile {
		f.Add("order.offered", h, 1)
		f.Add(h, "D20240601-0001", 15412345678)
	}
	svc := texts(f)
	f.Fuzz(func(t *testing.T, key, no string, n int) {
		got := svc.Render(key, no, n, false)
		if !strings.HasSuffix(got, "请登录查看。") || utf8.RuneCountInString(got) > 60 {
			t.Errorf("%q", got)
		}
		if no != "" && !notify.IsOrderNo(no) && utf8.RuneCountInString(no) > 4 && strings.Contains(got, no) && !strings.Contains(svc.Render(key, "", n, false), no) {
			t.Errorf("%q left in %q", no, got)
		}
	})
}

func FuzzGatewayBody(f *testing.F) {
	f.Add(`{"m":"{{.Phone}}","t":"{{.Text}}"}`, `"},"admin":true,{"`)
	f.Add(`mobile={{.Phone}}&content={{.Text}}`, `a&mobile=15400000009`)
	f.Add(`{{range .}}{{end}}`, "x")
	f.Add(`{{.Secret}}`, "x")
	f.Add("{{.Phone", "x")
	f.Add(`["{{ .Text }}",{{.Phone}}]`, "\xff\u2028</script>")
	const phone, marker = "15400000001", "mark"
	f.Fuzz(func(t *testing.T, body, text string) {
		safe, err := notify.Fill(body, "application/json", phone, marker)
		if err != nil {
			return
		}
		if len(safe) > len(body)+len(body)/4*16+64 {
			t.Fatalf("%d bytes became %d", len(body), len(safe))
		}
		var a, b any
		if json.Unmarshal([]byte(safe), &a) != nil || strings.Contains(body, marker) {
			return
		}
		got, err := notify.Fill(body, "application/json", phone, text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(body, "{{") && !inQuotes(body) {
			return // the writer of the configuration left the quotes out
		}
		if json.Unmarshal([]byte(got), &b) != nil || shape(a) != shape(b) {
			t.Errorf("a text broke out of %q: %q", body, got)
		}
	})
}

// inQuotes tells whether every field stands inside a JSON string.
func inQuotes(body string) bool {
	in := false
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '\\':
			i++
		case body[i] == '"':
			in = !in
		case strings.HasPrefix(body[i:], "{{") && !in:
			return false
		}
	}
	return true
}

// shape is a JSON value without its texts and keys.
func shape(v any) string {
	switch x := v.(type) {
	case map[string]any:
		n := make([]string, 0, len(x))
		for range x {
			n = append(n, "·")
		}
		return "{" + strings.Join(n, "") + "}"
	case []any:
		s := "["
		for _, e := range x {
			s += shape(e)
		}
		return s + "]"
	case string:
		return "s"
	}
	return "v"
}

func TestValuesAreEscapedForWhereTheyStand(t *testing.T) {
	const evil = `"}<&\` + "\n"
	tests := []struct{ kind, body, want string }{
		{"application/json; charset=utf-8", `{"t":"{{.Text}}"}`, `{"t":"\"}\u003c\u0026\\\n"}`},
		{"application/x-www-form-urlencoded", `t={{.Text}}&m={{.Phone}}`, `t=` + url.QueryEscape(evil) + `&m=154`},
		{"text/xml", `<t>{{ .Text }}</t>`, `<t>&#34;}&lt;&amp;\&#xA;</t>`},
	}
	for _, tt := range tests {
		got, err := notify.Fill(tt.body, tt.kind, "154", evil)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, want %q (%v)", tt.kind, got, tt.want, err)
		}
	}
}

func TestAGatewayIsCheckedBeforeItIsUsed(t *testing.T) {
	good := func() notify.SMSGateway {
		return notify.SMSGateway{URL: "https://sms.example.cn/v1", Body: `{"m":"{{.Phone}}","t":"{{.Text}}"}`, OKField: "code", OKValue: "0"}
	}
	clk := clock.NewFake(dbtest.Start)
	if _, err := notify.NewSMS(good(), nil, clk); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*notify.SMSGateway){
		"plain http":                  func(g *notify.SMSGateway) { g.URL = "http://10.1.1.1/sms" },
		"host from a field":           func(g *notify.SMSGateway) { g.URL = "https://{{.Text}}/sms" },
		"user in the address":         func(g *notify.SMSGateway) { g.URL = "https://a:b@sms.example.cn/" },
		"no address":                  func(g *notify.SMSGateway) { g.URL = "" },
		"file":                        func(g *notify.SMSGateway) { g.URL = "file:///etc/passwd" },
		"no phone":                    func(g *notify.SMSGateway) { g.Body = `{"t":"{{.Text}}"}` },
		"a program":                   func(g *notify.SMSGateway) { g.Body += `{{range .Phone}}x{{end}}` },
		"secret in the address":       func(g *notify.SMSGateway) { g.Secret = "s"; g.URL += `?key={{.Secret}}` },
		"a secret that is not there":  func(g *notify.SMSGateway) { g.Body += `{{.Secret}}` },
		"signature without secret":    func(g *notify.SMSGateway) { g.Headers = map[string]string{"X-Sign": "{{.Sign}}"} },
		"unknown signature":           func(g *notify.SMSGateway) { g.SignBy = "rot13" },
		"method":                      func(g *notify.SMSGateway) { g.Method = "DELETE" },
		"a header that is the host's": func(g *notify.SMSGateway) { g.Headers = map[string]string{"Host": "x"} },
		"a header with a line break":  func(g *notify.SMSGateway) { g.Headers = map[string]string{"X\r\nY": "x"} },
	}
	for name, spoil := range tests {
		g := good()
		spoil(&g)
		if _, err := notify.NewSMS(g, nil, clk); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOutsideReachesNoPrivateMachine(t *testing.T) {
	for ip, want := range map[string]bool{
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "fe80::1": false, "fd00::1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "224.0.0.1": false, "255.255.255.255": false, "::": false,
		"114.114.114.114": true, "2408:8000::1": true,
	} {
		if got := (notify.Outside{}).Allowed(ip); got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
}

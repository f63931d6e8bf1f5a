package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	districtForm = regexp.MustCompile(`^[1-9][0-9]{5}$`)
	gatewayForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
	roleForm     = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)
	headerForm   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
)

// check judges the whole and brings addresses into one form. An error holds
// no value that Print would hide.
func (c *Config) check() []error {
	var out []error
	bad := func(name, format string, args ...any) {
		out = append(out, fault(name, c.sources[name], fmt.Errorf(format, args...)))
	}
	if c.DataDir == "" {
		bad("data", "must name a folder")
	}
	if c.Postgres() {
		if u, err := url.Parse(c.DB); err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
			bad("db", "must be postgres://USER@HOST/DATABASE")
		}
	} else if strings.Contains(c.DB, "://") {
		bad("db", "must be postgres://… or the path of a file")
	}

	users := map[string]string{}
	for _, l := range c.Listeners() {
		if err := checkAddr(l.Addr); err != nil {
			bad(l.Name, "%w", err)
			continue
		}
		// Port 0 is any free one; SIP is on UDP too, the others on TCP.
		if other, taken := users[l.Addr]; taken && !strings.HasSuffix(l.Addr, ":0") {
			bad(l.Name, "has the same address as %s", other)
		}
		users[l.Addr] = l.Name
	}

	if _, _, ok := c.Line.PortRange(); !ok {
		bad("sip-ports", "must be two ports such as 20000-24000, at least 20 apart")
	}

	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("tls-cert", "certificate and key go together: set both tls-cert and tls-key")
	}
	if c.MQTTS != "" && !c.TLS() {
		bad("mqtts", "needs tls-cert and tls-key")
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.BaseURL != "" {
		if u, err := httpURL(c.BaseURL); err != nil {
			bad("base-url", "%w", err)
		} else if u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			bad("base-url", "must be without a path, such as https://zugou.example")
		}
	}
	if !districtForm.MatchString(c.District) {
		bad("district", "must be the six digits of a district, such as 500111")
	}
	for role := range c.SessionIdle {
		if !roleForm.MatchString(role) {
			bad("session-idle", "%q is not the name of a role", role)
		}
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("log-format", "must be text or json")
	}
	c.checkChannels(bad)
	c.checkGateway(bad)
	c.checkLocate(bad)
	return out
}

func (c *Config) checkChannels(bad func(name, format string, args ...any)) {
	c.SMS.Method = strings.ToUpper(c.SMS.Method)
	if c.SMS.Method != "GET" && c.SMS.Method != "POST" {
		bad("sms-method", "must be GET or POST")
	}
	switch {
	case c.SMS.File != "": // says all, also what the other settings say
	case c.SMS.On():
		if u, err := httpURL(c.SMS.URL); err != nil {
			bad("sms-url", "%w", err)
		} else if u.Scheme == "http" && len(c.Outside.Networks) == 0 {
			bad("sms-url", "must be https://…; http:// will do only inside channel-networks")
		}
		for _, mark := range []string{"{phone}", "{text}"} {
			if !strings.Contains(c.SMS.URL+c.SMS.Body, mark) {
				bad("sms-body", "%s is missing in both sms-url and sms-body: no message could arrive", mark)
			}
		}
		if c.SMS.Method == "GET" && c.SMS.Body != "" {
			bad("sms-body", "can't go with method GET")
		}
	case c.SMS.Body != "" || c.SMS.Secret != "" || len(c.SMS.Headers) > 0:
		bad("sms-url", "is missing, but other settings of the gateway are there")
	}
	for name, value := range c.SMS.Headers {
		if !headerForm.MatchString(name) || strings.ContainsAny(value, "\r\n") {
			bad("sms-headers", "%q is not a header", name)
		}
	}
	for name, r := range map[string]Robot{"wecom-url": c.WeCom, "dingtalk-url": c.DingTalk} {
		if r.On() {
			if _, err := httpURL(r.URL); err != nil {
				bad(name, "%w", err)
			}
		} else if r.Secret != "" {
			bad(name, "is missing, but its secret is there")
		}
	}
}

func (c *Config) checkGateway(bad func(name, format string, args ...any)) {
	if c.GatewayID != "" && !gatewayForm.MatchString(c.GatewayID) {
		bad("gateway-id", "must be of small letters, digits, dots and dashes, at most 32")
	}
	for _, peer := range c.GatewayPeers {
		if _, err := httpURL(peer); err != nil {
			bad("gateway-peers", "%w", err)
		}
	}
	if len(c.GatewayPeers) > 0 && c.GatewayID == "" {
		bad("gateway-id", "is needed where there are gateway-peers")
	}
	schemes := []string{"mqtt", "mqtts", "tcp", "ssl", "tls", "ws", "wss"}
	if c.Broker.On() {
		if u, err := url.Parse(c.Broker.URL); err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
			bad("mqtt-external", "must be such as mqtts://HOST:8883")
		}
	} else if c.Broker.User != "" || c.Broker.Password != "" {
		bad("mqtt-external", "is missing, but its account is there")
	}
}

func (c *Config) checkLocate(bad func(name, format string, args ...any)) {
	if c.Locate.Form != "json" && c.Locate.Form != "amap" {
		bad("locate-form", "must be json or amap")
	}
	if c.Locate.On() {
		if _, err := httpURL(c.Locate.URL); err != nil {
			bad("locate-url", "%w", err)
		}
	} else if c.Locate.Key != "" {
		bad("locate-url", "is missing, but its key is there")
	}
}

// checkAddr wants HOST:PORT; the host may be empty for all interfaces.
func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("must be HOST:PORT, such as 127.0.0.1:8080 or :8080")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return errors.New("port must be a number from 0 to 65535")
	}
	if strings.ContainsAny(host, " /@") {
		return errors.New("host must be a name or an IP address")
	}
	return nil
}

// httpURL reads an address of the web. Marks such as {phone} may stand in it.
func httpURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(s))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("must be http://… or https://…")
	}
	return u, nil
}

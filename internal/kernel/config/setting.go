package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/crypto"
)

// kind says how a value is written in the file.
type kind uint8

const (
	text kind = iota
	toggle
	number
	list   // JSON array of texts; elsewhere a,b
	mapped // JSON object of texts; elsewhere that, or k=v;k=v
)

// mask says how Print hides a value.
type mask uint8

const (
	open    mask = iota
	whole        // a secret
	address      // a URL whose password and query are hidden
	headers      // the headers of SMS, whose values are hidden
)

// setting is one row of the table of settings.
type setting struct {
	name  string
	arg   string // what the value is, for help
	usage string
	kind  kind
	mask  mask
	def   string
	// set parses a value into the config; get gives it back as text.
	set func(*Config, string) error
	get func(Config) string
}

// settings is the table: every setting, in the order of help and Print.
func settings() []setting {
	return []setting{
		str("data", "DIR", "folder of the database, attachments and keys", "data", open, func(c *Config) *string { return &c.DataDir }),
		str("db", "URL|FILE", "postgres://… for a PostgreSQL server, or the path of the embedded database (default DATA/zugou.db)", "", address, func(c *Config) *string { return &c.DB }),
		str("keys", "DIR", "folder of the keyring (default DATA/keys)", "", open, func(c *Config) *string { return &c.KeysDir }),
		str("audit-digests", "DIR", "folder of the audit's daily digests (default DATA/audit-digests); best on another machine", "", open, func(c *Config) *string { return &c.Digests }),
		str("backups", "DIR", "folder that `zugou backup --to` writes to; the system page shows the age of the newest one", "", open, func(c *Config) *string { return &c.Backups }),
		{"cipher", "NAME", "cipher of new cells in the database: sm4-gcm or aes-gcm; both stay readable", text, open, string(crypto.SM4),
			func(c *Config, s string) error {
				alg, err := crypto.ParseAlg(s)
				if err != nil {
					return errors.New("must be sm4-gcm or aes-gcm")
				}
				c.Cipher = alg
				return nil
			}, func(c Config) string { return string(c.Cipher) }},

		str("http", "ADDR", "listen for browsers and the API, such as 127.0.0.1:8080", "", open, func(c *Config) *string { return &c.HTTP }),
		str("watch", "ADDR", "listen for watches and badges (TCP watch protocol)", "", open, func(c *Config) *string { return &c.Watch }),
		str("jt808", "ADDR", "listen for JT/T 808 terminals", "", open, func(c *Config) *string { return &c.JT808 }),
		str("gt06", "ADDR", "listen for GT06 trackers", "", open, func(c *Config) *string { return &c.GT06 }),
		str("mqtt", "ADDR", "listen for MQTT devices with the built-in broker", "", open, func(c *Config) *string { return &c.MQTT }),
		str("mqtts", "ADDR", "the same over TLS; needs tls-cert and tls-key", "", open, func(c *Config) *string { return &c.MQTTS }),
		str("badge-http", "ADDR", "a door of its own for badges that speak HTTP; they may also use --http", "", open, func(c *Config) *string { return &c.BadgeHTTP }),
		str("sip", "ADDR", "listen for telephone calls (SIP)", "", open, func(c *Config) *string { return &c.SIP }),
		str("sip-public", "HOST", "address at which carrier, telephones and browsers reach the sound, if not the listener's", "", open, func(c *Config) *string { return &c.Line.Public }),
		str("sip-ports", "FROM-TO", "UDP ports for the sound of calls", "20000-24000", open, func(c *Config) *string { return &c.Line.Ports }),
		networks("sip-allow", "networks from which calls come in: the carrier, the PBX (none: private networks and this machine)", func(c *Config) *[]netip.Prefix { return &c.Line.Allow }),
		str("sip-trunk", "HOST[:PORT]", "where calls to 110 and others go out: the carrier's line or the PBX", "", open, func(c *Config) *string { return &c.Line.Trunk }),
		str("sip-user", "NAME", "account there", "", open, func(c *Config) *string { return &c.Line.User }),
		str("sip-password", "SECRET", "its password, or @FILE", "", whole, func(c *Config) *string { return &c.Line.Password }),
		str("metrics", "ADDR", "listen for Prometheus; keep it off the public net", "", open, func(c *Config) *string { return &c.Metrics }),

		str("tls-cert", "FILE", "certificate (PEM) for --http, --mqtts and --badge-http; `zugou cert` makes one for a closed network", "", open, func(c *Config) *string { return &c.TLSCert }),
		str("tls-key", "FILE", "its private key (PEM)", "", open, func(c *Config) *string { return &c.TLSKey }),
		str("base-url", "URL", "address that people type, such as https://zugou.example; links in messages begin with it", "", open, func(c *Config) *string { return &c.BaseURL }),
		networks("trusted-proxies", "networks of reverse proxies whose X-Forwarded-For is believed", func(c *Config) *[]netip.Prefix { return &c.TrustedProxies }),

		str("district", "CODE", "the district's code, six digits", "500111", open, func(c *Config) *string { return &c.District }),
		flagged("demo", "demo mode: accounts without second factor, and a banner that says so", "false", func(c *Config) *bool { return &c.Demo }),
		flagged("demo-still", "the demonstration's badges report where they are and raise no alarms", "false", func(c *Config) *bool { return &c.DemoStill }),
		{"session-idle", "ROLE=TIME;…", "idle time-out of a role in place of the built-in one, such as seat_operator=30m", mapped, open, "",
			func(c *Config, s string) (err error) {
				c.SessionIdle, err = idle(s)
				return err
			}, func(c Config) string {
				m := map[string]string{}
				for role, d := range c.SessionIdle {
					m[role] = short(d)
				}
				return pairs(m)
			}},
		days("keep-positions", "days that positions of devices are kept", "30", func(c *Config) *int { return &c.KeepPositions }),
		days("keep-frames", "days that raw frames of devices are kept", "7", func(c *Config) *int { return &c.KeepFrames }),

		networks("channel-networks", "private networks in which gateways of messages may stand, such as those of the government net; there http:// will do", func(c *Config) *[]netip.Prefix { return &c.Outside.Networks }),
		str("channel-ca", "FILE", "certificates (PEM) by which gateways of messages are believed besides the system's", "", open, func(c *Config) *string { return &c.Outside.CA }),
		str("sms-gateway", "FILE", "JSON that describes the short message gateway in full: signature and what its answer says; in place of the other sms settings but the secret", "", open, func(c *Config) *string { return &c.SMS.File }),
		str("sms-url", "URL", "short message gateway; may hold {phone}, {text}, {secret}", "", address, func(c *Config) *string { return &c.SMS.URL }),
		str("sms-method", "GET|POST", "its method", "POST", open, func(c *Config) *string { return &c.SMS.Method }),
		str("sms-body", "TEXT", "its body with {phone}, {text}, {secret}", "", whole, func(c *Config) *string { return &c.SMS.Body }),
		{"sms-headers", "NAME=VALUE;…", "its headers", mapped, headers, "",
			func(c *Config, s string) (err error) {
				c.SMS.Headers, err = parsePairs(s)
				return err
			}, func(c Config) string { return pairs(c.SMS.Headers) }},
		str("sms-secret", "SECRET", "its secret, or @FILE", "", whole, func(c *Config) *string { return &c.SMS.Secret }),
		str("wecom-url", "URL", "webhook of a WeCom group robot", "", address, func(c *Config) *string { return &c.WeCom.URL }),
		str("wecom-secret", "SECRET", "its secret, or @FILE", "", whole, func(c *Config) *string { return &c.WeCom.Secret }),
		str("dingtalk-url", "URL", "webhook of a DingTalk group robot", "", address, func(c *Config) *string { return &c.DingTalk.URL }),
		str("dingtalk-secret", "SECRET", "its signing secret, or @FILE", "", whole, func(c *Config) *string { return &c.DingTalk.Secret }),
		flagged("web-push", "Web Push to browsers; off in a network that can't reach the browsers' makers", "true", func(c *Config) *bool { return &c.WebPush }),

		str("gateway-id", "NAME", "name of this process among several device gateways", "", open, func(c *Config) *string { return &c.GatewayID }),
		{"gateway-peers", "URLS", "base addresses of the other gateways", list, open, "",
			func(c *Config, s string) error {
				c.GatewayPeers = split(s)
				return nil
			}, func(c Config) string { return strings.Join(c.GatewayPeers, ",") }},
		str("mqtt-external", "URL", "external MQTT broker, such as mqtts://broker:8883", "", address, func(c *Config) *string { return &c.Broker.URL }),
		str("mqtt-ca", "FILE", "certificates (PEM) by which its name is believed; the system's if empty", "", open, func(c *Config) *string { return &c.Broker.CA }),
		str("mqtt-user", "NAME", "account there", "", open, func(c *Config) *string { return &c.Broker.User }),
		str("mqtt-password", "SECRET", "its password, or @FILE", "", whole, func(c *Config) *string { return &c.Broker.Password }),

		str("locate-url", "URL", "contracted service that tells where Wi-Fi access points and base stations are; none if empty, and nothing of them leaves the house", "", address, func(c *Config) *string { return &c.Locate.URL }),
		str("locate-key", "SECRET", "its key, or @FILE", "", whole, func(c *Config) *string { return &c.Locate.Key }),
		str("locate-form", "json|amap", "form that it speaks", "json", open, func(c *Config) *string { return &c.Locate.Form }),

		{"log-level", "LEVEL", "debug, info, warn or error", text, open, "info",
			func(c *Config, s string) error {
				levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
				l, ok := levels[s]
				if !ok {
					return errors.New("must be debug, info, warn or error")
				}
				c.LogLevel = l
				return nil
			}, func(c Config) string { return strings.ToLower(c.LogLevel.String()) }},
		str("log-format", "text|json", "form of the log", "text", open, func(c *Config) *string { return &c.LogFormat }),
	}
}

func networks(name, usage string, at func(*Config) *[]netip.Prefix) setting {
	return setting{name, "NETS", usage, list, open, "",
		func(c *Config, s string) (err error) {
			*at(c), err = prefixes(s)
			return err
		}, func(c Config) string {
			var out []string
			for _, p := range *at(&c) {
				out = append(out, p.String())
			}
			return strings.Join(out, ",")
		}}
}

func str(name, arg, usage, def string, m mask, at func(*Config) *string) setting {
	return setting{name, arg, usage, text, m, def,
		func(c *Config, s string) error { *at(c) = s; return nil },
		func(c Config) string { return *at(&c) }}
}

func flagged(name, usage, def string, at func(*Config) *bool) setting {
	return setting{name, "", usage, toggle, open, def,
		func(c *Config, s string) error {
			v, err := strconv.ParseBool(s)
			if err != nil {
				return errors.New("must be true or false")
			}
			*at(c) = v
			return nil
		}, func(c Config) string { return strconv.FormatBool(*at(&c)) }}
}

func days(name, usage, def string, at func(*Config) *int) setting {
	return setting{name, "DAYS", usage, number, open, def,
		func(c *Config, s string) error {
			v, err := strconv.Atoi(s)
			if err != nil || v < 1 || v > 3660 {
				return errors.New("must be a number of days from 1 to 3660")
			}
			*at(c) = v
			return nil
		}, func(c Config) string { return strconv.Itoa(*at(&c)) }}
}

// split takes a,b apart; blanks around a part don't count.
func split(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// pairs writes a map as k=v;k=v in the order of its keys; as a JSON object if
// a name or value wouldn't come back from that.
func pairs(m map[string]string) string {
	keys := make([]string, 0, len(m))
	for k, v := range m {
		if strings.ContainsAny(k, ";={") || strings.Contains(v, ";") || strings.TrimSpace(k) != k || strings.TrimSpace(v) != v {
			raw, _ := json.Marshal(m) // texts always marshal
			return string(raw)
		}
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for i, k := range keys {
		keys[i] = k + "=" + m[k]
	}
	return strings.Join(keys, ";")
}

// parsePairs reads k=v;k=v, or a JSON object where a value holds a semicolon.
func parsePairs(s string) (map[string]string, error) {
	var m map[string]string
	if strings.HasPrefix(strings.TrimSpace(s), "{") {
		if err := json.Unmarshal([]byte(s), &m); err != nil {
			return nil, errors.New(`is not a JSON object of texts, such as {"a": "b"}`)
		}
		return m, nil
	}
	for part := range strings.SplitSeq(s, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		k, v, ok := strings.Cut(part, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			return nil, fmt.Errorf("part %d is not NAME=VALUE", len(m)+1)
		}
		if _, twice := m[k]; twice {
			return nil, fmt.Errorf("%s is given twice", k)
		}
		if m == nil {
			m = map[string]string{}
		}
		m[k] = strings.TrimSpace(v)
	}
	return m, nil
}

func idle(s string) (map[string]time.Duration, error) {
	m, err := parsePairs(s)
	if err != nil || m == nil {
		return nil, err
	}
	out := make(map[string]time.Duration, len(m))
	for role, v := range m {
		d, err := time.ParseDuration(v)
		if err != nil || d < time.Minute || d > 24*time.Hour {
			return nil, fmt.Errorf("time of %s must be from 1m to 24h, such as 30m", role)
		}
		out[role] = d
	}
	return out, nil
}

// short writes 30m for 30m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

func prefixes(s string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, part := range split(s) {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, err := netip.ParseAddr(part)
			if err != nil {
				return nil, fmt.Errorf("%q is not a network such as 10.1.0.0/16 or 10.1.2.3", part)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if !slices.Contains(out, p.Masked()) {
			out = append(out, p.Masked())
		}
	}
	return out, nil
}

package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zugou/internal/kernel/crypto"
)

// Config is what a process runs with.
type Config struct {
	File    string // settings file, "" for none
	DataDir string
	DB      string     // "postgres://…", or the path of the embedded database; "" for DATA/zugou.db
	KeysDir string     // "" for DATA/keys
	Cipher  crypto.Alg // of new cells
	Digests string     // folder of the audit's daily digests, "" for DATA/audit-digests
	Backups string     // folder that `zugou backup` writes to, to show their age; "" if not told

	// Addresses to listen on; "" is off.
	HTTP    string
	Metrics string
	Watch   string // children's watches and badges, TCP
	JT808   string // JT/T 808 vehicle and badge terminals, TCP
	GT06    string // GT06 trackers, TCP
	MQTT    string // the embedded broker
	MQTTS   string // the same over TLS
	SIP     string // telephone
	Line    Line

	BadgeHTTP string // badges that speak HTTP, apart from people's door

	TLSCert        string // PEM files; both or neither
	TLSKey         string
	BaseURL        string // as people type it, without a slash at the end; "" if not known
	TrustedProxies []netip.Prefix

	District  string // six digits, GB/T 2260
	Demo      bool
	DemoStill bool // its badges raise no alarms

	LogLevel  slog.Level
	LogFormat string // "text" or "json"

	GatewayID    string   // this process among several device gateways
	GatewayPeers []string // base addresses of the others

	Outside  Outside
	SMS      SMS
	WeCom    Robot
	DingTalk Robot
	WebPush  bool

	Broker Broker
	Locate Locate

	// SessionIdle overrides the idle time-out of a role; names of roles are
	// checked where roles are known.
	SessionIdle map[string]time.Duration

	KeepPositions int // days
	KeepFrames    int // days

	sources map[string]Source
}

// SMS is an HTTP gateway for short messages. In URL and Body the marks
// {phone}, {text} and {secret} are replaced, escaped for the place they stand
// in (query, form or JSON, by the Content-Type header).
type SMS struct {
	File    string // the gateway in full, in place of the others: its signature, what its answer says; see notify.SMSGateway
	URL     string
	Method  string // GET or POST
	Body    string
	Headers map[string]string
	Secret  string
}

// On tells whether the channel is configured.
func (s SMS) On() bool { return s.URL != "" || s.File != "" }

// Outside says which gateways of messages may be talked to besides those at
// public addresses with a certificate of the system's authorities.
type Outside struct {
	Networks []netip.Prefix // in which gateways may stand (政务外网); there they may speak http too
	CA       string         // PEM file of further authorities
}

// Robot is a group robot's webhook; Secret signs the message where the robot
// asks for that.
type Robot struct {
	URL    string
	Secret string
}

// On tells whether the channel is configured.
func (r Robot) On() bool { return r.URL != "" }

// Broker is an MQTT broker outside this process; "" for none.
type Broker struct {
	URL      string
	CA       string // PEM file; "" for the system's
	User     string
	Password string
}

// On tells whether there is one.
func (b Broker) On() bool { return b.URL != "" }

// Locate is a contracted service that tells where access points and base
// stations are; "" for none: then nothing of them leaves the house.
type Locate struct {
	URL  string
	Key  string
	Form string // json or amap
}

// On tells whether there is one.
func (l Locate) On() bool { return l.URL != "" }

// Postgres tells whether the database is a PostgreSQL server.
func (c Config) Postgres() bool { return isPostgres(c.DB) }

func isPostgres(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// Database is what db.Open takes.
func (c Config) Database() string {
	if c.DB != "" {
		return c.DB
	}
	return filepath.Join(c.DataDir, "zugou.db")
}

// Keys is the folder of the keyring.
func (c Config) Keys() string {
	if c.KeysDir != "" {
		return c.KeysDir
	}
	return filepath.Join(c.DataDir, "keys")
}

// AuditDigests is the folder of the audit's daily digests.
func (c Config) AuditDigests() string {
	if c.Digests != "" {
		return c.Digests
	}
	return filepath.Join(c.DataDir, "audit-digests")
}

// Attachments is the folder of photos and papers.
func (c Config) Attachments() string { return filepath.Join(c.DataDir, "attachments") }

// TLS tells whether pages are served over TLS by this process.
func (c Config) TLS() bool { return c.TLSCert != "" }

// Listener is one address that the process listens on.
type Listener struct {
	Name string // as the setting
	Addr string
}

// Line is the telephone's further settings.
type Line struct {
	Public   string // host; empty: the listener's
	Ports    string // of the sound, from-to
	Allow    []netip.Prefix
	Trunk    string // host[:port]; empty: no calls go out
	User     string
	Password string
}

// PortRange gives the ports of the sound.
func (l Line) PortRange() (from, to int, ok bool) {
	a, b, found := strings.Cut(l.Ports, "-")
	from, err1 := strconv.Atoi(a)
	to, err2 := strconv.Atoi(b)
	return from, to, found && err1 == nil && err2 == nil && from >= 1024 && to <= 65535 && to-from >= 20
}

// Listeners gives those that are on.
func (c Config) Listeners() []Listener {
	var out []Listener
	for _, l := range []Listener{
		{"http", c.HTTP}, {"watch", c.Watch}, {"jt808", c.JT808}, {"gt06", c.GT06},
		{"mqtt", c.MQTT}, {"mqtts", c.MQTTS}, {"badge-http", c.BadgeHTTP}, {"sip", c.SIP}, {"metrics", c.Metrics},
	} {
		if l.Addr != "" {
			out = append(out, l)
		}
	}
	return out
}

// Secure tells whether browsers will treat the pages as a secure place
// (service worker, microphone and position need that): TLS here or before us,
// or this machine itself.
func (c Config) Secure() bool {
	if c.TLS() || strings.HasPrefix(c.BaseURL, "https://") {
		return true
	}
	host, _, err := net.SplitHostPort(c.HTTP)
	if err != nil {
		return false
	}
	if u, err := url.Parse(c.BaseURL); err == nil && c.BaseURL != "" {
		host = u.Hostname()
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Source tells where a value came from.
type Source struct {
	Kind string // "default", "file", "environment" or "flag"
	Name string // the file's path, the variable, the flag
}

// String gives the source as Print shows it.
func (s Source) String() string {
	if s.Name == "" {
		return s.Kind
	}
	return s.Kind + " " + s.Name
}

// Source of a setting by its name; the zero Source if there is no such one.
func (c Config) Source(name string) Source { return c.sources[name] }

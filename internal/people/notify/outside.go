package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"zugou/internal/kernel/errs"
)

// mostBody bounds what is read of an answer.
const mostBody = 64 << 10

// Outside says which machines a client may talk to.
type Outside struct {
	// Allow names private networks that a gateway may stand in (政务外网). Empty:
	// public addresses only.
	Allow []netip.Prefix
	// Roots are further certificate authorities, PEM; the system's count always.
	Roots []byte
	// Within bounds one request; 15 s if 0.
	Within time.Duration
}

var errBlocked = errors.New("address not allowed")

// Client makes a client that can't be talked into reaching our own network: it
// looks at the address after the name was resolved, at every connection,
// follows no redirect and uses no proxy of the environment.
func (o Outside) Client() (*http.Client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(o.Roots) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(o.Roots) {
			return nil, errs.Invalid("roots", "notify.roots_form")
		}
		conf.RootCAs = pool
	}
	if o.Within <= 0 {
		o.Within = 15 * time.Second
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !o.allowed(ap.Addr()) {
			return errBlocked
		}
		return nil
	}}
	return &http.Client{
		Timeout:       o.Within,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        conf,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  o.Within,
			MaxResponseHeaderBytes: 32 << 10,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        60 * time.Second,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}, nil
}

// special are networks that are neither public nor known to netip as private.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
}

func (o Outside) allowed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range o.Allow {
		if p.Contains(ip) {
			return true
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// answer is what came back of a request.
type answer struct {
	status int
	body   []byte
}

// ask makes the request. Without an answer the result says whether the request
// can have arrived. No text of the error is kept: it quotes the address, and
// an address may carry a key.
func ask(ctx context.Context, c interface {
	Do(*http.Request) (*http.Response, error)
}, req *http.Request) (answer, *Result) {
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	resp, err := c.Do(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return answer{}, noAnswer(err, wrote.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBody))
	if err != nil {
		return answer{}, &Result{Outcome: Unsure, Status: resp.StatusCode, Error: "answer_broken"}
	}
	return answer{resp.StatusCode, body}, nil
}

func noAnswer(err error, wrote bool) *Result {
	why := "unreachable"
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, errBlocked):
		why = "address_blocked"
	case errors.As(err, &dns):
		why = "name_not_resolved"
	case errors.As(err, &cert):
		why = "certificate"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		why = "timeout"
	}
	if wrote {
		return &Result{Outcome: Unsure, Error: why}
	}
	return &Result{Outcome: Failed, Error: why}
}

// byStatus judges a status that is not success: what the other side surely did
// not take may be tried again, of a fault in its middle nobody knows.
func byStatus(status int) Result {
	r := Result{Status: status, Error: "http_" + itoa(status)}
	switch {
	case status == http.StatusRequestTimeout || status == http.StatusInternalServerError ||
		status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
		r.Outcome = Unsure
	default:
		r.Outcome = Failed
	}
	return r
}

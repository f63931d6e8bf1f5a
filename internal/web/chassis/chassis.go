package chassis

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/staff"
)

func asError(err error, target **errs.Error) bool { return errors.As(err, target) }

// Options are what the chassis is made of.
type Options struct {
	DB      *db.DB
	Staff   *staff.Service
	Clock   clock.Clock
	Words   Words
	Log     *slog.Logger
	Secure  bool           // pages come over TLS: cookies say so
	Proxies []netip.Prefix // whose X-Forwarded-For is believed
	Metrics *Metrics
}

// Chassis wraps the handlers.
type Chassis struct {
	Options
	mu      sync.Mutex
	pending []pendingTrail // of the emergency rule
}

type pendingTrail struct {
	ctx   context.Context
	trail *audit.Trail
}

// New makes a chassis.
func New(o Options) *Chassis { return &Chassis{Options: o} }

// Names of the cookies.
const (
	SessionCookie = "zugou_session"
	DeviceCookie  = "zugou_device"
)

// maxBody bounds what a request may send; uploads have their own route limits.
const (
	maxBody   = 1 << 20
	maxUpload = 64 << 20
	maxPile   = 8 << 30 // photos of drawings, streamed to disk
)

// Request is what the chassis knows of a request under way.
type Request struct {
	ID     string
	Place  staff.Place
	Token  string // of the session, empty if there is none
	State  staff.SessionState
	Header http.Header
	rw     http.ResponseWriter
	secure bool
}

type requestKey struct{}

// From gives the request of the context.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	if r == nil {
		return &Request{}
	}
	return r
}

// SetSession writes or ends the cookies of a session.
func (r *Request) SetSession(res staff.SignInResult) {
	if res.Token != "" {
		http.SetCookie(r.rw, &http.Cookie{Name: SessionCookie, Value: res.Token, Path: "/", HttpOnly: true, Secure: r.secure, SameSite: http.SameSiteStrictMode, Expires: res.Until.Time()})
	}
	if res.Device != "" {
		http.SetCookie(r.rw, &http.Cookie{Name: DeviceCookie, Value: res.Device, Path: "/", HttpOnly: true, Secure: r.secure, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 86400})
	}
}

// EndSession removes the session's cookie.
func (r *Request) EndSession() {
	http.SetCookie(r.rw, &http.Cookie{Name: SessionCookie, Path: "/", HttpOnly: true, Secure: r.secure, SameSite: http.SameSiteStrictMode, MaxAge: -1})
}

// Pages wraps what serves static pages.
func (c *Chassis) Pages(next http.Handler) http.Handler {
	return c.outer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; "+
			"frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'; worker-src 'self' blob:")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(self)")
		next.ServeHTTP(rw, r)
	}))
}

// API wraps the calls of the API. The answer is held until the trail of what
// it shows is stored.
func (c *Chassis) API(next http.Handler) http.Handler {
	return c.outer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cache-Control", "no-store")
		if !c.safe(rw, r) {
			return
		}
		limit := int64(maxBody)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") || strings.Contains(r.URL.Path, "/geojson") {
			limit = maxUpload
		}
		if strings.HasSuffix(r.URL.Path, "/pile") {
			limit = maxPile
		}
		r.Body = http.MaxBytesReader(rw, r.Body, limit)
		held := &held{ResponseWriter: rw, status: http.StatusOK}
		ctx, err := c.identify(r.Context(), held, r)
		if err != nil {
			WriteFault(rw, err, c.Words)
			return
		}
		ctx, trail := audit.With(ctx, From(ctx).ID)
		next.ServeHTTP(held, r.WithContext(ctx))
		if held.status < 400 {
			if err := c.flush(ctx, r, trail); err != nil {
				WriteFault(rw, err, c.Words)
				return
			}
		}
		rw.WriteHeader(held.status)
		_, _ = rw.Write(held.body.Bytes()) // the client is gone if this fails
	}))
}

// identifyWithin bounds how long a stream waits for a storage that hangs.
const identifyWithin = 2 * time.Second

// Stream wraps a call whose answer never ends; it shows ids only. While the
// storage is away it passes the session's token on unproven: who serves the
// stream must know it by itself, or refuse.
func (c *Chassis) Stream(next http.Handler) http.Handler {
	return c.outer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		within, cancel := context.WithTimeout(r.Context(), identifyWithin)
		known, err := c.identify(within, rw, r)
		cancel()
		ctx := access.With(r.Context(), access.From(known))
		if ck, cerr := r.Cookie(SessionCookie); errs.Is(err, errs.KindBusy) && cerr == nil {
			From(ctx).Token, err = ck.Value, nil
		}
		if err != nil {
			WriteFault(rw, err, c.Words)
			return
		}
		next.ServeHTTP(rw, r.WithContext(ctx))
	}))
}

// outer gives every request its id, clock and headers, and survives panics.
func (c *Chassis) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		began := c.Clock.Now()
		h := rw.Header()
		h.Set("X-Server-Time", strconv.FormatInt(began.UnixMilli(), 10))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		if c.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		seen := &statusWriter{ResponseWriter: rw, status: http.StatusOK}
		requestID := string(id.New())
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // a sentinel to be compared so
				c.Log.Error("panic in a request", "request", requestID, "panic", p, "stack", string(debug.Stack()))
				if !seen.wrote {
					WriteFault(seen, errs.Internal(nil), c.Words)
				}
			}
			took := c.Clock.Now().Sub(began)
			c.Metrics.Request(r.Method, r.Pattern, seen.status, took)
			if seen.status >= 500 {
				c.Log.Warn("request failed", "request", requestID, "method", r.Method, "route", r.Pattern, "status", seen.status, "ms", took.Milliseconds())
			}
		}()
		ctx := context.WithValue(r.Context(), requestKey{}, &Request{ID: requestID, Header: r.Header, rw: seen, secure: c.Secure})
		next.ServeHTTP(seen, r.WithContext(ctx))
	})
}

// safe refuses writes that another site's page could send.
func (c *Chassis) safe(rw http.ResponseWriter, r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	if r.Header.Get("X-Zugou") != "" || strings.HasPrefix(r.URL.Path, "/api/ext/") {
		return true
	}
	WriteFault(rw, errs.Forbidden("csrf.missing"), c.Words)
	return false
}

// identify finds the session and its actor. No session is no error: the
// handlers decide what a stranger may.
func (c *Chassis) identify(ctx context.Context, rw http.ResponseWriter, r *http.Request) (context.Context, error) {
	req := From(ctx)
	req.rw = rw
	req.Place = staff.Place{Address: c.address(r), Agent: r.UserAgent()}
	if ck, err := r.Cookie(DeviceCookie); err == nil {
		req.Place.Device = ck.Value
	}
	ck, err := r.Cookie(SessionCookie)
	if err != nil || ck.Value == "" || strings.HasPrefix(r.URL.Path, "/api/help") {
		return ctx, nil // the help page knows nobody, even who is signed in
	}
	actor, state, err := c.Staff.Actor(ctx, ck.Value)
	if errs.Is(err, errs.KindUnauthenticated) {
		return ctx, nil
	}
	if err != nil {
		return ctx, err
	}
	req.Token, req.State = ck.Value, state
	if r.Header.Get("X-Auto") == "" && state == staff.OK { // what a page fetches by itself keeps nobody awake
		if err := c.Staff.Touch(ctx, ck.Value); err != nil && !errs.Is(err, errs.KindBusy) {
			return ctx, err
		}
	}
	return access.With(ctx, actor), nil
}

// address gives where the request comes from, as far as it is believed.
func (c *Chassis) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	trusted := func(s string) bool {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return false
		}
		for _, p := range c.Proxies {
			if p.Contains(a.Unmap()) {
				return true
			}
		}
		return false
	}
	if !trusted(host) {
		return host
	}
	hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		host = hop
		if !trusted(hop) {
			break
		}
	}
	return host
}

// emergencyRoutes may answer while the storage fails; see the package's text.
func emergency(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == "/api/queue" || r.URL.Path == "/api/system")
}

// mostPending bounds the rows that wait for the storage.
const mostPending = 10_000

func (c *Chassis) flush(ctx context.Context, r *http.Request, trail *audit.Trail) error {
	err := trail.Flush(ctx, c.DB)
	if err == nil {
		c.retryPending()
		return nil
	}
	if !errs.Is(err, errs.KindBusy) || !emergency(r) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= mostPending {
		return err
	}
	c.pending = append(c.pending, pendingTrail{context.WithoutCancel(ctx), trail})
	return nil
}

// retryPending stores the rows of emergency answers, once that works again.
func (c *Chassis) retryPending() {
	c.mu.Lock()
	list := c.pending
	c.pending = nil
	c.mu.Unlock()
	for i, p := range list {
		if err := p.trail.Flush(p.ctx, c.DB); err != nil {
			c.mu.Lock()
			c.pending = append(list[i:], c.pending...)
			c.mu.Unlock()
			return
		}
	}
}

// held keeps an answer back.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(p []byte) (int, error) { return h.body.Write(p) }

// statusWriter notes the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (s *statusWriter) WriteHeader(status int) {
	if !s.wrote {
		s.status, s.wrote = status, true
		s.ResponseWriter.WriteHeader(status)
	}
}

func (s *statusWriter) Write(p []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController flush a stream.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// readHeaderWithin and idleWithin bound what a slow client may hold.
const (
	readHeaderWithin = 10 * time.Second
	idleWithin       = 2 * time.Minute
)

// Server gives an HTTP server with the limits of the house. Over TLS it speaks
// HTTP/2 as well.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: readHeaderWithin, IdleTimeout: idleWithin, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

package phone

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/pion/webrtc/v4"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Trunk is the carrier's line, or the PBX in front, by which calls go out.
type Trunk struct {
	Host     string // host or host:port; empty = no calls go out
	User     string
	Password string
}

// Options are what the line is made of.
type Options struct {
	Book    Book
	Clock   clock.Clock
	Log     *slog.Logger
	Listen  string // host:port for SIP
	Public  string // address that the other side reaches us at; the listener's if empty
	PortsOf [2]int // UDP ports for sound, from and to
	Trunk   Trunk
	// Allow names the networks from which calls come in: the carrier, the PBX.
	// None: private networks and this machine.
	Allow   []netip.Prefix
	Prompts Prompts
}

// Line is the telephone line. Create it by New, then Serve.
type Line struct {
	o       Options
	host    string
	port    int
	ua      *sipgo.UserAgent
	server  *sipgo.Server
	client  *sipgo.Client
	in      *sipgo.DialogServerCache
	out     *sipgo.DialogClientCache
	ports   *ports
	webrtc  *webrtc.API
	desk    registrar
	mu      sync.Mutex
	calls   map[id.ID]*call
	writers sync.WaitGroup
	stop    context.Context
}

// New opens the SIP side on conn, whose address is the one that Options.Listen
// named.
func New(o Options, addr net.Addr) (*Line, error) {
	host, portText, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	if o.Public != "" {
		host = o.Public
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	l := &Line{o: o, host: host, port: port, calls: map[id.ID]*call{}, stop: context.Background(),
		ports: &ports{from: o.PortsOf[0], to: o.PortsOf[1]}, desk: registrar{clk: o.Clock, book: o.Book, bindings: map[string]binding{}}}
	if l.webrtc, err = newAPI(host, 0, 0); err != nil {
		return nil, err
	}
	if l.ua, err = sipgo.NewUA(sipgo.WithUserAgent("zugou"), sipgo.WithUserAgentHostname(host)); err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler) // SIP messages hold telephone numbers
	if l.server, err = sipgo.NewServer(l.ua, sipgo.WithServerLogger(quiet)); err != nil {
		return nil, err
	}
	if l.client, err = sipgo.NewClient(l.ua, sipgo.WithClientHostname(host), sipgo.WithClientPort(port), sipgo.WithClientLogger(quiet), sipgo.WithClientConnectionAddr(addr.String())); err != nil {
		return nil, err
	}
	contact := sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "hotline", Host: host, Port: port}}
	l.in = sipgo.NewDialogServerCache(l.client, contact)
	l.out = sipgo.NewDialogClientCache(l.client, contact)
	l.server.OnInvite(l.onInvite)
	l.server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) { _ = l.in.ReadAck(req, tx) })
	l.server.OnBye(l.onBye)
	l.server.OnInfo(l.onInfo)
	l.server.OnRegister(l.onRegister)
	ok := func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil))
	}
	l.server.OnOptions(ok)
	l.server.OnUpdate(ok)
	l.server.OnCancel(func(req *sip.Request, tx sip.ServerTransaction) { // one that matches no call under way
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "No such call", nil))
	})
	return l, nil
}

// Serve answers calls until ctx ends, then says goodbye to those on the line
// and waits until all is told to the Book, or it gives up.
func (l *Line) Serve(ctx context.Context, conn net.PacketConn) error {
	running, end := context.WithCancel(ctx)
	defer end()
	l.mu.Lock()
	l.stop = running
	l.mu.Unlock()
	fault := make(chan error, 1)
	go func() { fault <- l.server.ServeUDP(conn) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-fault:
	}
	end()
	l.writers.Wait()
	_ = l.ua.Close()
	_ = conn.Close()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// allowed tells whether calls are taken from the address.
func (l *Line) allowed(source string) bool {
	ap, err := netip.ParseAddrPort(source)
	if err != nil {
		return false
	}
	ip := ap.Addr().Unmap()
	if len(l.o.Allow) == 0 {
		return ip.IsLoopback() || ip.IsPrivate()
	}
	return slices.ContainsFunc(l.o.Allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func respond(tx sip.ServerTransaction, req *sip.Request, code int, reason string) {
	_ = tx.Respond(sip.NewResponseFromRequest(req, code, reason, nil)) // the other side asks again
}

func (l *Line) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if _, inDialog := req.To().Params.Get("tag"); inDialog {
		l.onAgain(req, tx)
		return
	}
	if !l.allowed(req.Source()) {
		respond(tx, req, sip.StatusForbidden, "Forbidden")
		return
	}
	offer, err := readSDP(req.Body())
	if err != nil {
		respond(tx, req, sip.StatusNotAcceptableHere, "G.711 only")
		return
	}
	dlg, err := l.in.ReadInvite(req, tx)
	if err != nil {
		respond(tx, req, sip.StatusBadRequest, "Bad request")
		return
	}
	_ = dlg.Respond(sip.StatusTrying, "Trying", nil)
	conn, err := l.ports.listen("")
	if err != nil {
		l.o.Log.Error("a call could not be answered", "error", err)
		_ = dlg.Respond(sip.StatusServiceUnavailable, "No line free", nil)
		return
	}
	c := newCall(l, dlg, conn, offer, callerOf(req), req.To().Address.User)
	c.take()
}

// callerOf gives the caller's number: what the carrier vouches for, else what
// the other side says.
func callerOf(req *sip.Request) string {
	number := ""
	if from := req.From(); from != nil {
		number = from.Address.User
	}
	if h := req.GetHeader("P-Asserted-Identity"); h != nil {
		if _, rest, ok := strings.Cut(h.Value(), ":"); ok {
			if user, _, ok := strings.Cut(rest, "@"); ok {
				number = user
			} else if strings.HasPrefix(rest, "+") || len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
				number = strings.TrimRight(rest, ">")
			}
		}
	}
	if strings.EqualFold(number, "anonymous") {
		return ""
	}
	return number
}

// onAgain is a hold, a resume or a refresh within a call.
func (l *Line) onAgain(req *sip.Request, tx sip.ServerTransaction) {
	for _, c := range l.list() {
		for _, leg := range []*sipLeg{c.callerLeg(), c.seatLeg()} {
			if leg == nil || !leg.is(req) {
				continue
			}
			if m, err := readSDP(req.Body()); err == nil {
				leg.end.set(m)
			}
			res := sip.NewSDPResponseFromRequest(req, leg.answer(l.host))
			_ = tx.Respond(res)
			return
		}
	}
	respond(tx, req, sip.StatusCallTransactionDoesNotExists, "No such call")
}

func (l *Line) onBye(req *sip.Request, tx sip.ServerTransaction) {
	if l.in.ReadBye(req, tx) == nil {
		return
	}
	if l.out.ReadBye(req, tx) == nil {
		return
	}
	respond(tx, req, sip.StatusCallTransactionDoesNotExists, "No such call")
}

// onInfo reads keys that come beside the sound.
func (l *Line) onInfo(req *sip.Request, tx sip.ServerTransaction) {
	respond(tx, req, sip.StatusOK, "OK")
	for _, c := range l.list() {
		if leg := c.callerLeg(); leg == nil || !leg.is(req) {
			continue
		}
		for line := range strings.Lines(string(req.Body())) {
			if name, value, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(name), "signal") && len(strings.TrimSpace(value)) == 1 {
				c.key(strings.TrimSpace(value)[0])
			}
		}
	}
}

func (l *Line) list() []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*call, 0, len(l.calls))
	for _, c := range l.calls {
		out = append(out, c)
	}
	return out
}

// find gives a call that is on the line in this process.
func (l *Line) find(callID id.ID) (*call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.calls[callID]
	if c == nil {
		return nil, errs.Conflict("call.ended")
	}
	return c, nil
}

// Live tells which calls are on the line, with the seat that has each ("" = it
// waits).
func (l *Line) Live() map[id.ID]id.ID {
	out := map[id.ID]id.ID{}
	for _, c := range l.list() {
		out[c.id] = c.holder()
	}
	return out
}

// Registered tells whether a seat's telephone is there.
func (l *Line) Registered(user string) bool {
	_, ok := l.desk.find(user)
	return ok
}

// Answer has a seat take a call in its browser: offer and answer are SDP.
// Conflict "call.taken" if another was first, "call.ended" if nobody is there.
func (l *Line) Answer(ctx context.Context, callID, account id.ID, offer string) (answer string, err error) {
	c, err := l.find(callID)
	if err != nil {
		return "", err
	}
	if h := c.holder(); h != "" && h != account {
		return "", errs.Conflict("call.taken")
	}
	b, answer, err := newBrowser(ctx, l.webrtc, offer)
	if err != nil {
		return "", errs.Invalid("sdp", "call.sdp")
	}
	if err := c.act(func() error { return c.claimByBrowser(account, b) }); err != nil {
		b.close()
		return "", err
	}
	return answer, nil
}

// HangUp ends a call; only the seat that has it does.
func (l *Line) HangUp(callID, account id.ID) error {
	return l.bySeat(callID, account, func(c *call) error { c.finish(BySeat); return nil })
}

// Forward calls a number into the call. Invalid "call.forward" if the rules
// don't know the name, Conflict "call.forwarding" if one is being called.
func (l *Line) Forward(ctx context.Context, callID, account id.ID, name string) error {
	number, ok := l.o.Book.Rules(ctx).SeatForward[name]
	if !ok || l.o.Trunk.Host == "" {
		return errs.Invalid("to", "call.forward")
	}
	return l.bySeat(callID, account, func(c *call) error { return c.forward(number) })
}

// Leave takes the seat out of a call that somebody outside is in. Conflict
// "call.alone" if the caller would be alone.
func (l *Line) Leave(callID, account id.ID) error {
	return l.bySeat(callID, account, func(c *call) error {
		if c.outside == nil {
			return errs.Conflict("call.alone")
		}
		c.dropSeat()
		return nil
	})
}

func (l *Line) bySeat(callID, account id.ID, fn func(c *call) error) error {
	c, err := l.find(callID)
	if err != nil {
		return err
	}
	return c.act(func() error {
		if c.seat == nil || c.seat.account != account {
			return errs.Conflict("call.not_yours")
		}
		return fn(c)
	})
}

package phone

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/voice"
)

// sipLeg is an end of a call that is reached by SIP: the caller, a seat's
// telephone, somebody outside.
type sipLeg struct {
	end     *endpoint
	in      *sipgo.DialogServerSession // the caller
	out     *sipgo.DialogClientSession // whom we called
	session uint64
	close   context.CancelFunc // of the sound
}

// is tells whether a request belongs to this end's dialog.
func (s *sipLeg) is(req *sip.Request) bool {
	h := req.CallID()
	if h == nil {
		return false
	}
	if s.in != nil {
		return s.in.InviteRequest.CallID().Value() == h.Value()
	}
	return s.out != nil && s.out.InviteRequest.CallID().Value() == h.Value()
}

// answer describes our end as it stands.
func (s *sipLeg) answer(host string) []byte {
	s.end.mu.Lock()
	defer s.end.mu.Unlock()
	return writeSDP(host, s.end.port(), s.session, []voice.Codec{s.end.m.codec}, s.end.m.keys)
}

// done is closed when the other side hung up.
func (s *sipLeg) done() <-chan struct{} {
	if s.in != nil {
		return s.in.Context().Done()
	}
	return s.out.Context().Done()
}

// bye hangs up and ends the sound.
func (s *sipLeg) bye() {
	ctx, cancel := context.WithTimeout(context.Background(), byeWithin)
	defer cancel()
	if s.in != nil {
		_ = s.in.Bye(ctx) // who is gone needs no goodbye
		_ = s.in.Close()
	} else {
		_ = s.out.Bye(ctx)
		_ = s.out.Close()
	}
	s.close()
}

// dial calls somebody: a seat's telephone, or a number outside. The caller of
// dial cancels ctx when another was first.
func (l *Line) dial(ctx context.Context, name string, to sip.Uri, dest, user, password string) (*sipLeg, error) {
	conn, err := l.ports.listen("")
	if err != nil {
		return nil, err
	}
	end := newEndpoint(conn, l.o.Clock, name, nil)
	sound, stop := context.WithCancel(context.WithoutCancel(ctx))
	leg := &sipLeg{end: end, session: uint64(end.ssrc), close: stop}
	go end.run(sound)
	offer := writeSDP(l.host, end.port(), leg.session, []voice.Codec{voice.PCMA, voice.PCMU}, defaultKeys)
	req := sip.NewRequest(sip.INVITE, to)
	if dest != "" {
		req.SetDestination(dest)
	}
	req.SetBody(offer)
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	dlg, err := l.out.WriteInvite(ctx, req)
	if err != nil {
		stop()
		return nil, err
	}
	leg.out = dlg
	if err := dlg.WaitAnswer(ctx, sipgo.AnswerOptions{Username: user, Password: password}); err != nil {
		if r := dlg.InviteResponse; r != nil && r.IsSuccess() { // answered while we gave up
			_ = dlg.Ack(context.WithoutCancel(ctx))
			leg.bye()
			return nil, err
		}
		stop()
		_ = dlg.Close()
		return nil, err
	}
	if err := dlg.Ack(ctx); err != nil {
		stop()
		return nil, err
	}
	m, err := readSDP(dlg.InviteResponse.Body())
	if err != nil {
		leg.bye()
		return nil, err
	}
	m.keys = 0 // keys of a seat or of 110 mean nothing to us
	end.set(m)
	return leg, nil
}

// dialSeat rings a seat's telephone.
func (l *Line) dialSeat(ctx context.Context, p Phone) (*sipLeg, error) {
	b, ok := l.desk.find(p.User)
	if !ok {
		return nil, errNotThere
	}
	return l.dial(ctx, "seat", b.contact, b.source, "", "")
}

// dialOut calls a number over the trunk.
func (l *Line) dialOut(ctx context.Context, number string) (*sipLeg, error) {
	host, port := l.o.Trunk.Host, 0
	if h, p, err := net.SplitHostPort(host); err == nil {
		host = h
		port, _ = net.LookupPort("udp", p)
	}
	return l.dial(ctx, number, sip.Uri{Scheme: "sip", User: number, Host: host, Port: port}, "", l.o.Trunk.User, l.o.Trunk.Password)
}

var errNotThere = errors.New("phone: the telephone is not registered")

// seatEnd is the seat that has the call, by browser or by telephone.
type seatEnd struct {
	account id.ID
	browser *browser
	sip     *sipLeg
}

func (s *seatEnd) leg() *voice.Leg {
	if s.browser != nil {
		return s.browser.leg
	}
	return s.sip.end.leg
}

func (s *seatEnd) hangUp() {
	if s.browser != nil {
		s.browser.close()
		return
	}
	s.sip.bye()
}

// hungUp is closed when the seat put down its telephone; lost when its browser
// is no longer there.
func (s *seatEnd) hungUp() <-chan struct{} {
	if s.sip != nil {
		return s.sip.done()
	}
	return nil
}

func (s *seatEnd) lost() <-chan struct{} {
	if s.browser != nil {
		return s.browser.gone
	}
	return nil
}

// trimmed gives a SIP user without display forms.
func trimmed(s string) string { return strings.Trim(strings.TrimSpace(s), `"<>`) }

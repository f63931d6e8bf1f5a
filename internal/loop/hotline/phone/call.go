package phone

import (
	"context"
	"net"
	"time"

	"github.com/emiago/sipgo"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline/voice"
)

// call is one call on the line. Its state belongs to the goroutine of run;
// others ask by act.
type call struct {
	line    *Line
	id      id.ID
	arrival Arrival
	rules   Rules
	caller  *sipLeg
	room    voice.Room
	keys    chan byte
	acts    chan func()
	over    chan struct{} // closed when the call ended

	seat    *seatEnd
	outside *sipLeg
	dialing context.CancelFunc // somebody outside is being called
	level   int
	ringing context.CancelFunc // seats' telephones ring
	next    <-chan time.Time   // the level has rung long enough
	notice  <-chan struct{}    // closed when the notice was heard
	ready   <-chan struct{}    // closed when "speak after the tone" was heard
	limit   <-chan time.Time   // end of the voicemail
	heard   bool               // the notice was played to its end
	refused bool
	spoke   bool // the voicemail was left
	rec     *voice.Recorder
	recKind string
	length  time.Duration
	gaps    int
	ended   bool
	book    *diary
}

func newCall(l *Line, dlg *sipgo.DialogServerSession, conn *net.UDPConn, offer media, from, to string) *call {
	now := l.o.Clock.Now()
	c := &call{line: l, id: id.New(), keys: make(chan byte, 16), acts: make(chan func()), over: make(chan struct{})}
	c.arrival = Arrival{ID: c.id, SIPCall: dlg.InviteRequest.CallID().Value(), From: trimmed(from), To: trimmed(to), At: clock.Of(now)}
	end := newEndpoint(conn, l.o.Clock, "caller", c.key)
	end.set(offer)
	sound, stop := context.WithCancel(context.Background())
	c.caller = &sipLeg{end: end, in: dlg, session: uint64(end.ssrc), close: stop}
	go end.run(sound)
	c.room.Join(end.leg)
	return c
}

// take stores the call, answers it and serves it to its end.
func (c *call) take() {
	l := c.line
	c.rules = l.o.Book.Rules(l.stop)
	c.book = newDiary(l, c.arrival)
	l.mu.Lock()
	l.calls[c.id] = c
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(l.stop)
	go c.room.Run(ctx, l.o.Clock)
	go func() {
		// Blocks until the other side's ACK; the seats ring meanwhile.
		if err := c.caller.in.RespondSDP(c.caller.answer(l.host)); err != nil {
			_ = c.act(func() error { c.finish(ByCaller); return nil })
		}
	}()
	c.run()
	cancel()
	l.mu.Lock()
	delete(l.calls, c.id)
	l.mu.Unlock()
	c.book.close()
}

// key takes in a key that the caller pressed.
func (c *call) key(k byte) {
	select {
	case c.keys <- k:
	default: // sixteen keys behind: the caller plays
	}
}

// act runs fn in the goroutine of the call.
func (c *call) act(fn func() error) error {
	answer := make(chan error, 1)
	select {
	case c.acts <- func() { answer <- fn() }:
		return <-answer
	case <-c.over:
		return errs.Conflict("call.ended")
	}
}

func (c *call) holder() (account id.ID) {
	_ = c.act(func() error { // an ended call has no holder
		if c.seat != nil {
			account = c.seat.account
		}
		return nil
	})
	return account
}

func (c *call) callerLeg() *sipLeg { return c.caller }

func (c *call) seatLeg() (leg *sipLeg) {
	_ = c.act(func() error { // an ended call has none
		if c.seat != nil {
			leg = c.seat.sip
		}
		return nil
	})
	return leg
}

func (c *call) tell(e Event) {
	e.Call, e.At = c.id, clock.Of(c.line.o.Clock.Now())
	c.book.tell(e)
}

// bookWithin bounds what a call waits for the Book: its sound goes on meanwhile,
// its keys and seats don't.
const bookWithin = 2 * time.Second

// watchEvery is how often a silent end is looked for.
const watchEvery = time.Second

func (c *call) run() {
	clk := c.line.o.Clock
	c.tell(Event{Kind: Answered})
	c.notice = c.caller.end.leg.Play(c.line.o.Prompts.Greeting)
	c.ring(0)
	watch := clk.After(watchEvery)
	for !c.ended {
		var hungUp, lost, outside <-chan struct{}
		if c.seat != nil {
			hungUp, lost = c.seat.hungUp(), c.seat.lost()
		}
		if c.outside != nil {
			outside = c.outside.done()
		}
		select {
		case <-c.caller.done():
			c.finish(ByCaller)
		case <-c.line.stop.Done():
			c.finish(ByStop)
		case <-c.notice:
			c.noticed()
		case k := <-c.keys:
			c.pressed(k)
		case fn := <-c.acts:
			fn()
		case <-c.next:
			c.nobodyHere()
		case <-c.ready:
			c.ready = nil
			c.listen()
		case <-c.limit:
			c.goodbye()
		case <-hungUp:
			c.finish(BySeat)
		case <-lost:
			c.loseSeat()
		case <-outside:
			c.outsideLeft()
		case <-watch:
			watch = clk.After(watchEvery)
			c.watch()
		}
	}
	close(c.over)
}

// ring has the seats of a level ring: browsers by the event, telephones by SIP.
func (c *call) ring(level int) {
	c.stopRinging()
	c.level = level
	c.tell(Event{Kind: Ringing, Level: level})
	ctx, cancel := context.WithCancel(context.Background())
	c.ringing = cancel
	asked, enough := context.WithTimeout(ctx, bookWithin)
	defer enough()
	for _, p := range c.line.o.Book.Phones(asked, level) {
		go func() {
			leg, err := c.line.dialSeat(ctx, p)
			if err != nil {
				return // not there, busy, or another was first
			}
			if c.act(func() error { return c.claim(&seatEnd{account: p.Account, sip: leg}) }) != nil {
				leg.bye()
			}
		}()
	}
	c.next = c.line.o.Clock.After(c.rules.RingFor)
}

func (c *call) stopRinging() {
	if c.ringing != nil {
		c.ringing()
		c.ringing = nil
	}
	c.next = nil
}

func (c *call) claimByBrowser(account id.ID, b *browser) error {
	if c.seat != nil && c.seat.account == account && c.seat.browser != nil {
		// The page was loaded anew while its line was still thought alive.
		c.room.Leave(c.seat.leg())
		c.seat.browser.close()
		c.seat = nil
	}
	return c.claim(&seatEnd{account: account, browser: b})
}

// claim gives the call to a seat; the first one gets it.
func (c *call) claim(s *seatEnd) error {
	if c.ended {
		return errs.Conflict("call.ended")
	}
	if c.seat != nil {
		return errs.Conflict("call.taken")
	}
	c.seat = s
	c.stopRinging()
	c.stopMessage()
	if c.heard { // the notice itself is never cut
		c.caller.end.leg.Hush()
	}
	c.room.Join(s.leg())
	c.tell(Event{Kind: Claimed, Seat: s.account})
	c.record()
	return nil
}

// noticed: the caller heard the notice to its end.
func (c *call) noticed() {
	c.notice, c.heard = nil, true
	if !c.refused {
		c.tell(Event{Kind: Consented})
	}
	if c.seat == nil && c.limit == nil && c.ready == nil {
		c.caller.end.leg.Play(c.line.o.Prompts.Wait)
		c.caller.end.leg.Play(ringback(c.rules.RingFor * time.Duration(max(1, c.rules.Levels))))
	}
	c.record()
}

// ringback is what a caller hears while it rings: 450 Hz, one second on, four
// off, as in China's network (GF 002-9002).
func ringback(d time.Duration) []voice.Frame {
	var out []voice.Frame
	for range max(1, int(d/(5*time.Second))) {
		out = append(out, voice.Tone(450, time.Second, 0.1)...)
		out = append(out, voice.Pause(4*time.Second)...)
	}
	return out
}

// record begins the recording of the talk once all that it needs is there.
func (c *call) record() {
	if c.heard && !c.refused && c.seat != nil && c.rec == nil {
		c.startRecorder(Talk)
	}
}

func (c *call) startRecorder(kind string) {
	ctx, cancel := context.WithTimeout(context.Background(), bookWithin)
	defer cancel()
	path, seal, err := c.line.o.Book.Recording(ctx, c.id, kind)
	if err == nil && seal != nil {
		c.rec, err = voice.Record(path, string(c.id)+":"+kind, seal)
	}
	if err != nil {
		c.line.o.Log.Error("a call is not recorded", "call", c.id, "error", err)
		return
	}
	if c.rec != nil {
		c.recKind = kind
		c.room.Record(c.rec)
	}
}

func (c *call) stopRecorder() time.Duration {
	if c.rec == nil {
		return 0
	}
	c.room.Record(nil)
	frames, lost, err := c.rec.Close()
	if err != nil {
		c.line.o.Log.Error("a recording is not whole", "call", c.id, "error", err)
	}
	c.rec = nil
	c.gaps += lost
	return time.Duration(frames) * voice.FrameFor
}

// nobodyHere: the level has rung long enough.
func (c *call) nobodyHere() {
	if c.level+1 < c.rules.Levels {
		c.ring(c.level + 1)
		return
	}
	c.next = nil // the last level rings on: a seat may still take the call
	c.tell(Event{Kind: Voicemail})
	leg := c.caller.end.leg
	if c.heard {
		leg.Hush()
	}
	leg.Play(c.line.o.Prompts.Nobody)
	c.ready = leg.Play(voice.Tone(1000, 600*time.Millisecond, 0.2))
}

// listen records what the caller says to nobody.
func (c *call) listen() {
	if c.seat != nil || c.ended {
		return
	}
	// Who speaks after the tone wants to be heard; the notice was played.
	c.startRecorder(Message)
	c.limit = c.line.o.Clock.After(c.rules.VoicemailMax)
}

// stopMessage ends the voicemail, keeping what was said.
func (c *call) stopMessage() {
	c.ready = nil
	if c.limit == nil {
		return
	}
	c.limit = nil
	if length := c.stopRecorder(); length > 0 {
		c.spoke = true
		heard, _ := c.caller.end.leg.Heard()
		c.tell(Event{Kind: Spoken, Length: length, Heard: heard})
	}
}

func (c *call) goodbye() {
	c.stopMessage()
	said := c.caller.end.leg.Play(c.line.o.Prompts.Goodbye)
	go func() {
		select {
		case <-said:
			_ = c.act(func() error { // if a seat came meanwhile, the call goes on
				if c.seat == nil {
					c.finish(ByLine)
				}
				return nil
			})
		case <-c.over:
		}
	}()
}

// pressed is a key of the caller.
func (c *call) pressed(k byte) {
	switch {
	case k == c.rules.RefuseKey && !c.refused && c.limit == nil:
		c.refused = true
		if c.recKind == Talk {
			c.length += c.stopRecorder()
		}
		c.tell(Event{Kind: Refused})
		c.caller.end.leg.Play(c.line.o.Prompts.Refused)
	case c.seat == nil && (c.ready != nil || c.limit != nil):
		if number, ok := c.rules.Forward[k]; ok && c.line.o.Trunk.Host != "" {
			c.stopMessage()
			c.caller.end.leg.Hush()
			_ = c.forward(number) // one is being called already: the key is a repetition
		} else if k == '#' && c.limit != nil {
			c.goodbye()
		}
	}
}

// forward calls a number into the call.
func (c *call) forward(number string) error {
	if c.dialing != nil || c.outside != nil {
		return errs.Conflict("call.forwarding")
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialFor)
	c.dialing = cancel
	c.tell(Event{Kind: Forwarding, Number: number})
	if c.seat == nil {
		c.caller.end.leg.Play(ringback(dialFor))
	}
	go func() {
		leg, err := c.line.dialOut(ctx, number)
		if c.act(func() error { c.reached(number, leg, err); return nil }) != nil && err == nil {
			leg.bye()
		}
		cancel()
	}()
	return nil
}

// dialFor is how long somebody outside is called.
const dialFor = 40 * time.Second

func (c *call) reached(number string, leg *sipLeg, err error) {
	c.dialing = nil
	if c.seat == nil {
		c.caller.end.leg.Hush()
	}
	if err != nil {
		c.tell(Event{Kind: Failed, Number: number})
		if c.seat == nil { // back to where the caller may speak
			c.caller.end.leg.Play(c.line.o.Prompts.Busy)
			c.ready = c.caller.end.leg.Play(voice.Tone(1000, 600*time.Millisecond, 0.2))
		}
		return
	}
	c.outside = leg
	c.room.Join(leg.end.leg)
	c.tell(Event{Kind: Forwarded, Number: number})
}

func (c *call) outsideLeft() {
	c.room.Leave(c.outside.end.leg)
	c.outside.bye()
	c.outside = nil
	if c.seat == nil {
		c.finish(ByOutside)
	}
}

// dropSeat takes the seat out; the caller talks on with who is outside.
func (c *call) dropSeat() {
	c.room.Leave(c.seat.leg())
	s := c.seat
	c.seat = nil
	go s.hangUp()
}

// loseSeat: the seat's line broke. The caller is not left alone.
func (c *call) loseSeat() {
	account := c.seat.account
	c.dropSeat()
	c.tell(Event{Kind: Lost, Seat: account})
	if c.outside == nil {
		c.ring(0)
	}
}

// watch looks for ends that send nothing any more.
func (c *call) watch() {
	now := clock.Of(c.line.o.Clock.Now())
	silent := func(e *endpoint) bool { return now.Sub(clock.Millis(e.seen.Load())) > c.rules.LineDead }
	if c.seat != nil && c.seat.sip != nil && silent(c.seat.sip.end) {
		c.loseSeat()
	}
	// A caller who sends nothing may only have silence suppressed: the line is
	// given ten times as long.
	if now.Sub(clock.Millis(c.caller.end.seen.Load())) > 10*c.rules.LineDead {
		c.finish(ByCaller)
	}
}

// finish ends the call for all.
func (c *call) finish(reason string) {
	if c.ended {
		return
	}
	c.ended = true
	c.stopRinging()
	c.stopMessage()
	c.length += c.stopRecorder()
	if c.dialing != nil {
		c.dialing()
	}
	if s := c.seat; s != nil {
		go s.hangUp()
	}
	if o := c.outside; o != nil {
		go o.bye()
	}
	go c.caller.bye()
	heard, _ := c.caller.end.leg.Heard()
	c.tell(Event{Kind: Ended, Reason: reason, Length: c.length, Heard: heard, Gaps: c.gaps})
}

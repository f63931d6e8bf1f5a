package notify

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/kernel/job"
)

const (
	attemptWithin = 20 * time.Second
	watchdog      = 60 * time.Second // after this an attempt without an end is taken up again

	// A gateway that hangs holds this many attempts, not the whole engine.
	ordinaryAtOnce = 4
	crisisAtOnce   = 256
)

// back-off of the two policies; the last value repeats in a crisis.
var (
	crisisWaits   = []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute}
	ordinaryWaits = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}
)

// nextWait gives the wait after the nth attempt; ok is false if there is to be
// no further one.
func nextWait(p Policy, n int) (time.Duration, bool) {
	if p == Crisis {
		return crisisWaits[min(n, len(crisisWaits))-1], true
	}
	if n > len(ordinaryWaits) {
		return 0, false
	}
	return ordinaryWaits[n-1], true
}

// send is the effect of one outbox row: it claims the row and makes the
// attempt beside the engine.
func (s *Service) send(ctx context.Context, j job.Job) error {
	var a attempt
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = s.claim(ctx, tx, id.ID(j.Key))
		return err
	})
	if err != nil || a.channel == nil {
		return err
	}
	flying := s.flying[a.row.Channel]
	flying.Add(1)
	s.running.Add(1)
	go func() {
		defer func() { flying.Add(-1); s.running.Done() }()
		s.attempt(a)
	}()
	return nil
}

// attempt is one claimed row with all that its channel needs.
type attempt struct {
	row     outboxRow
	n       int
	channel Channel
	d       Delivery
}

// claim decides inside a change what happens to the row: nothing any more, an
// attempt now (written down before it is made), or another look later.
func (s *Service) claim(ctx context.Context, tx *db.Tx, rowID id.ID) (attempt, error) {
	// Who cancels changes the row: on PostgreSQL the lock makes one wait for
	// the other, so that "cancelled" is never followed by an attempt.
	o, err := lockOutbox(ctx, tx, rowID)
	if err != nil {
		return attempt{}, ignoreGone(err)
	}
	if o.State != "waiting" && o.State != "sending" {
		return attempt{}, nil
	}
	finish := func(state, why string) (attempt, error) {
		o.State, o.Error, o.At = state, why, tx.Now
		if err := updateOutbox(ctx, tx, o); err != nil {
			return attempt{}, err
		}
		return attempt{}, s.settle(ctx, tx, o)
	}
	if o.State == "sending" { // the watchdog: the attempt before this one never told its end
		if err := endAttempt(ctx, tx, o.ID, o.Attempts, tx.Now, Result{Outcome: Unsure, Error: "interrupted"}); err != nil {
			return attempt{}, err
		}
		if o.Policy == Ordinary {
			return finish("failed", "interrupted")
		}
	}
	letter, to, why, err := s.contents(ctx, tx, o)
	if err != nil {
		return attempt{}, err
	}
	if why == "cancelled" {
		return finish("cancelled", "")
	}
	if why != "" {
		return finish("failed", why)
	}
	if tx.Now >= o.ExpiresAt {
		return finish("failed", "expired")
	}
	ch := s.channel(o.Channel)
	if ch == nil { // the gateway was taken out of the configuration
		return finish("shown", "")
	}
	if wait, err := s.mustWait(ctx, tx, o); err != nil || wait > 0 {
		if err != nil {
			return attempt{}, err
		}
		return attempt{}, job.Schedule(ctx, tx, JobSend, string(o.ID), tx.Now.Add(wait), "")
	}
	o.State, o.At = "sending", tx.Now
	o.Attempts++
	if err := updateOutbox(ctx, tx, o); err != nil {
		return attempt{}, err
	}
	if err := beginAttempt(ctx, tx, o.ID, o.Attempts, tx.Now); err != nil {
		return attempt{}, err
	}
	if err := job.Schedule(ctx, tx, JobSend, string(o.ID), tx.Now.Add(watchdog), ""); err != nil {
		return attempt{}, err
	}
	return attempt{row: o, n: o.Attempts, channel: ch,
		d: Delivery{ID: o.ID, To: to, Letter: letter, Crisis: o.Policy == Crisis}}, nil
}

// contents gives the letter and the address as they are now. why tells that
// there is nothing to send any more.
func (s *Service) contents(ctx context.Context, r db.Reader, o outboxRow) (letter Letter, to Address, why string, err error) {
	to = Address{Account: o.Account, Target: o.Target}
	if o.NoticeID == "" { // a code
		text, err := s.sealer.Open(sealedPlace(o.ID), o.Sealed)
		if err != nil {
			return letter, to, "", err
		}
		var b codeBody
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			return letter, to, "", errs.Internal(err)
		}
		to.Phone = b.Phone
		return s.texts.code(b.Code), to, "", nil
	}
	var n noticeRow
	if err := r.Get(ctx, []any{&n}, "SELECT "+noticeColumns+" FROM notice WHERE id = ?", o.NoticeID); err != nil {
		return letter, to, "", err
	}
	if n.State == cancelled || n.State == acknowledged {
		return letter, to, "cancelled", nil
	}
	if o.Channel == WebPush {
		sub, err := s.subscription(ctx, r, id.ID(o.Target))
		if errs.Is(err, errs.KindNotFound) {
			return letter, to, "gone", nil
		}
		to.Push = sub
		return s.letter(n), to, "", err
	}
	if o.Account != "" {
		c, err := s.dir.Contact(ctx, r, o.Account)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return letter, to, "", err
		}
		if c.Phone == "" || !c.Active {
			return letter, to, "no_address", nil
		}
		to.Phone = c.Phone
	}
	return s.letter(n), to, "", nil
}

// mustWait tells how long an attempt has to wait for office hours, for the
// gateway's rate, or for attempts under way. A crisis waits for none of the
// first two, and practically never for the third.
func (s *Service) mustWait(ctx context.Context, tx *db.Tx, o outboxRow) (time.Duration, error) {
	flying, bucket := s.flying[o.Channel].Load(), s.rates[o.Channel]
	if o.Policy == Crisis {
		if bucket != nil {
			bucket.force(tx.Now)
		}
		if flying >= crisisAtOnce {
			return time.Second, nil
		}
		return 0, nil
	}
	if o.NoticeID != "" {
		from, err := s.openFrom(ctx, tx, tx.Now)
		if err != nil || from > tx.Now {
			return from.Sub(tx.Now), err
		}
	}
	if flying >= ordinaryAtOnce {
		return time.Second, nil
	}
	if bucket != nil {
		return bucket.take(tx.Now), nil
	}
	return 0, nil
}

// attempt talks to the gateway and writes down what came of it.
func (s *Service) attempt(a attempt) {
	ctx, cancel := context.WithTimeout(s.stop, attemptWithin)
	res := guarded(ctx, a.channel, a.d)
	cancel()
	if s.crash {
		return
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(s.stop), attemptWithin)
	defer cancel()
	err := s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error { return s.record(ctx, tx, a, res) })
	if err != nil {
		s.log.Error("attempt not recorded", "channel", a.row.Channel, "outbox", a.row.ID, "error", err)
	}
}

// guarded keeps a fault of a channel from taking the process down.
func guarded(ctx context.Context, c Channel, d Delivery) (res Result) {
	defer func() {
		if recover() != nil {
			res = Result{Outcome: Unsure, Error: "fault"}
		}
	}()
	return c.Send(ctx, d)
}

// record stores the end of an attempt and what follows from it.
func (s *Service) record(ctx context.Context, tx *db.Tx, a attempt, res Result) error {
	o, err := lockOutbox(ctx, tx, a.row.ID)
	if err != nil {
		return err
	}
	if err := endAttempt(ctx, tx, a.row.ID, a.n, tx.Now, res); err != nil {
		return err
	}
	if err := s.noteChannel(ctx, tx, a.row.Channel, res); err != nil {
		return err
	}
	if o.Attempts != a.n { // the watchdog was faster: another attempt is under way
		if res.Outcome == Sent {
			o.State, o.Error = "sent", ""
			return updateOutbox(ctx, tx, o)
		}
		return nil
	}
	was := o.State
	o.At, o.Error = tx.Now, res.Error
	again := res.Outcome == Failed || res.Outcome == Unsure && o.Policy == Crisis
	wait, more := nextWait(o.Policy, a.n)
	switch {
	case res.Outcome == Sent:
		o.State, o.Error = "sent", ""
	case was == "cancelled":
		o.State = "cancelled"
	case again && more && tx.Now.Add(wait) < o.ExpiresAt:
		o.State = "waiting"
		if err := updateOutbox(ctx, tx, o); err != nil {
			return err
		}
		return job.Schedule(ctx, tx, JobSend, string(o.ID), tx.Now.Add(wait), "")
	default:
		o.State = "failed"
	}
	if res.Outcome == Refused && o.Channel == WebPush {
		if err := removeSubscription(ctx, tx, id.ID(o.Target)); err != nil {
			return err
		}
	}
	if err := updateOutbox(ctx, tx, o); err != nil {
		return err
	}
	if err := job.Cancel(ctx, tx, JobSend, string(o.ID)); err != nil {
		return err
	}
	return s.settle(ctx, tx, o)
}

// settle ends an ordinary notice when its last row ended, and tells the pages
// that a row changed.
func (s *Service) settle(ctx context.Context, tx *db.Tx, o outboxRow) error {
	if o.NoticeID == "" || o.Policy == Crisis { // a crisis stays open until acknowledged or cancelled
		return nil
	}
	var left int
	err := tx.Get(ctx, db.To(&left), "SELECT count(*) FROM outbox WHERE notice_id = ? AND state IN ('waiting', 'sending')", o.NoticeID)
	if err != nil || left > 0 {
		return err
	}
	return endNotice(ctx, tx, o.NoticeID)
}

// noteChannel keeps since when a gateway fails. A number that the gateway
// refuses is no fault of the gateway.
func (s *Service) noteChannel(ctx context.Context, tx *db.Tx, c ChannelName, res Result) error {
	if res.Outcome == Refused {
		return nil
	}
	changed, err := noteChannel(ctx, tx, c, res.Outcome == Sent, res.Error, tx.Now)
	if err != nil || !changed {
		return err
	}
	return tx.Emit(ctx, db.Event{Topic: "system", Kind: "channel", Ref: string(c)})
}

// bucket is a token bucket that may be overdrawn by force. Each process keeps
// its own.
type bucket struct {
	mu     sync.Mutex
	rate   float64 // tokens a millisecond
	most   float64
	tokens float64
	at     clock.Millis
}

func newBucket(r Rate) *bucket {
	most := float64(max(r.Burst, 1))
	return &bucket{rate: float64(r.PerMinute) / 60_000, most: most, tokens: most}
}

func (b *bucket) fill(now clock.Millis) {
	if b.at != 0 && now > b.at {
		b.tokens = min(b.most, b.tokens+float64(now-b.at)*b.rate)
	}
	b.at = max(b.at, now)
}

// take gives 0 and takes a token, or the wait until there will be one.
func (b *bucket) take(now clock.Millis) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return max(time.Duration((1-b.tokens)/b.rate)*time.Millisecond, 100*time.Millisecond)
}

// force takes a token whether there is one or not.
func (b *bucket) force(now clock.Millis) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.tokens = max(b.tokens-1, -60)
}

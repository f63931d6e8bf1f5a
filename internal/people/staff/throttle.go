package staff

import (
	"context"
	"slices"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Place is where a request comes from.
type Place struct {
	Address string // of the network, as the web layer trusts it
	Device  string // token of the long-lived cookie that a good sign-in leaves
	Agent   string // the browser's own words
}

// brake is one counter's rule: so many failures are free, then each costs a
// time that doubles from first to most. A quiet time forgets them.
type brake struct {
	name  string
	free  int
	first time.Duration
	most  time.Duration
	quiet time.Duration
}

// The counters of a try. The first holds for one account at one place and is
// the hard one. The others catch who changes accounts or addresses; a place
// that the account knows pays neither, so that an attack from elsewhere
// shuts nobody out at his own desk.
var (
	brakePair    = brake{"pair", 5, 10 * time.Second, 15 * time.Minute, 24 * time.Hour}
	brakeAccount = brake{"account", 20, 30 * time.Second, 5 * time.Minute, time.Hour}
	brakeSource  = brake{"source", 30, 5 * time.Second, 5 * time.Minute, time.Hour}
	// What a stranger may do from one address in an hour: codes, registrations.
	brakeOpen = brake{"open", 20, time.Minute, time.Hour, time.Hour}
)

// pause gives the time that the n-th failure costs.
func (b brake) pause(n int) time.Duration {
	if n < b.free {
		return 0
	}
	d := b.first
	for range n - b.free {
		if d *= 2; d >= b.most {
			return b.most
		}
	}
	return d
}

// How long a place stays known after the last good sign-in from it.
const (
	addressKnown = 30 * 24 * time.Hour
	deviceKnown  = 180 * 24 * time.Hour
)

// counter is one counter of a try under way.
type counter struct {
	brake brake
	key   string
	own   bool // the pair's: a success forgets it, the others get one back
}

// errWait is the answer to a try that comes too early. It doesn't tell whether
// the password was right: it was not looked at.
func errWait(left time.Duration) error { return errs.BusyFor("signin.wait", left) }

// charge counts the try as failed before it is looked at, so that many at
// once gain nothing; settle takes it back if it was good. Busy "signin.wait"
// if one of the counters still pauses. crossed tells that this try is the
// first one that a pause follows.
func (s *Service) charge(ctx context.Context, tx *db.Tx, counters []counter) (crossed bool, err error) {
	keys := make([]string, 0, len(counters))
	for _, c := range counters {
		keys = append(keys, c.key)
	}
	slices.Sort(keys) // one order for all: no two tries wait for each other
	for _, k := range keys {
		if err := tx.Lock(ctx, "throttle:"+k); err != nil {
			return false, err
		}
	}
	type row struct {
		failures int
		last     clock.Millis
		until    clock.Millis
	}
	found := make([]row, len(counters))
	var left time.Duration
	for i, c := range counters {
		r := &found[i]
		err := tx.Get(ctx, db.To(&r.failures, &r.last, &r.until), "SELECT failures, last_at, until_at FROM throttle WHERE key = ?", c.key)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return false, err
		}
		left = max(left, r.until.Sub(tx.Now))
		if tx.Now.Sub(r.last) > c.brake.quiet {
			r.failures = 0
		}
	}
	if left > 0 {
		return false, errWait(left)
	}
	for i, c := range counters {
		n := found[i].failures + 1
		pause := c.brake.pause(n)
		crossed = crossed || (c.own && pause == c.brake.first)
		if _, err := tx.Exec(ctx, `INSERT INTO throttle (key, failures, last_at, until_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, until_at = excluded.until_at`,
			c.key, n, tx.Now, tx.Now.Add(pause)); err != nil {
			return false, err
		}
	}
	return crossed, nil
}

// refund takes back a charge whose try was good.
func (s *Service) refund(ctx context.Context, tx *db.Tx, counters []counter) error {
	for _, c := range counters {
		query := "UPDATE throttle SET failures = failures - 1, until_at = 0 WHERE key = ? AND failures > 0"
		if c.own {
			query = "DELETE FROM throttle WHERE key = ?"
		}
		if _, err := tx.Exec(ctx, query, c.key); err != nil {
			return err
		}
	}
	return nil
}

// counters gives those of a try on the subject: an account's id, or what was
// typed if there is no such account, so that both answer alike.
func (s *Service) counters(ctx context.Context, r db.Reader, subject string, account id.ID, p Place) ([]counter, error) {
	device, address := s.places(p)
	byDevice, err := knows(ctx, r, account, device, deviceKnown)
	if err != nil {
		return nil, err
	}
	at := address
	if byDevice {
		at = device
	}
	out := []counter{{brakePair, s.kr.Index("throttle.pair", subject+"\x00"+at), true}}
	if byDevice {
		return out, nil
	}
	out = append(out, counter{brake: brakeSource, key: s.kr.Index("throttle.source", address)})
	byAddress, err := knows(ctx, r, account, address, addressKnown)
	if err == nil && !byAddress {
		out = append(out, counter{brake: brakeAccount, key: s.kr.Index("throttle.account", subject)})
	}
	return out, err
}

// places gives the keyed hashes that a place is remembered by; the device's is
// empty if the browser brought no token.
func (s *Service) places(p Place) (device, address string) {
	if p.Device != "" {
		device = s.kr.Index("throttle.place", "device\x00"+p.Device)
	}
	return device, s.kr.Index("throttle.place", "address\x00"+p.Address)
}

func knows(ctx context.Context, r db.Reader, account id.ID, place string, within time.Duration) (bool, error) {
	if account == "" || place == "" {
		return false, nil
	}
	var n int
	err := r.Get(ctx, db.To(&n), "SELECT count(*) FROM known_place WHERE account_id = ? AND place = ? AND seen_at > ?",
		account, place, r.At().Add(-within))
	return n > 0, err
}

// remember makes the place known to the account, and gives the browser a
// token if it brought none that counts.
func (s *Service) remember(ctx context.Context, tx *db.Tx, account id.ID, p Place) (token string, err error) {
	device, address := s.places(p)
	ok, err := knows(ctx, tx, account, device, deviceKnown)
	if err != nil {
		return "", err
	}
	if !ok {
		token = newToken()
		device, _ = s.places(Place{Device: token})
	}
	for _, place := range []string{device, address} {
		if _, err := tx.Exec(ctx, `INSERT INTO known_place (account_id, place, seen_at) VALUES (?, ?, ?)
			ON CONFLICT (account_id, place) DO UPDATE SET seen_at = excluded.seen_at`, account, place, tx.Now); err != nil {
			return "", err
		}
	}
	return token, nil
}

// chargeOpen bounds what one address may do without an account.
func (s *Service) chargeOpen(ctx context.Context, tx *db.Tx, p Place, what string) error {
	_, err := s.charge(ctx, tx, []counter{{brakeOpen, s.kr.Index("throttle.open", what+"\x00"+p.Address), true}})
	return err
}

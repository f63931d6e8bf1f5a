// Package credential keeps how devices prove their names: the code by which a
// JT/T 808 terminal signs on, the token of a badge that speaks MQTT or HTTP.
//
//	JT/T 808: the terminal registers and is given a code; who registers under
//	the same number with other traits later is refused until an officer lets
//	the device pair anew
//	MQTT, HTTP: an officer issues a token, shown once, to be written into the
//	badge
//
// What ends (a token that is replaced, pairing anew, a device out of use) ends at
// once: the change carries an event by which every process cuts the line that
// was opened by it. A device that comes back into stock keeps its token, for it
// is the device's proof and not the child's; its line is cut all the same, with
// what waits in its session.
//
// Only hashes are stored. What was read once stays in memory, so that a badge
// may come back and call for help while the storage is away.
package credential

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
	"zugou/internal/people/device"
)

// The doors at which a secret is asked for.
const (
	DoorJT808 = "jt808"
	DoorToken = "token" // MQTT and HTTP
)

// Store holds the secrets.
type Store struct {
	db *db.DB

	mu     sync.Mutex
	known  map[key]secret
	proven map[key]bool // by device.Key: whether there is something to prove
}

type key struct{ device, door string }

// secret is what holds since a moment; an empty hash: no secret holds.
type secret struct {
	hash string
	at   clock.Millis
}

// New makes a store; Learn fills its memory.
func New(d *db.DB) *Store { return &Store{db: d, known: map[key]secret{}, proven: map[key]bool{}} }

// mostKnown bounds the memory: some 100 MB.
const mostKnown = 1_000_000

type row struct {
	DeviceID string       `bun:"device_id"`
	Door     string       `bun:"door"`
	Hash     string       `bun:"hash"`
	Traits   string       `bun:"traits"`
	UsedAt   int64        `bun:"used_at"`
	IssuedAt clock.Millis `bun:"issued_at"`
}

const columns = "device_id, door, hash, traits, used_at, issued_at"

// Learn reads all secrets into the memory, for the time without storage.
func (s *Store) Learn(ctx context.Context) error {
	var rows []row
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &rows, "SELECT "+columns+" FROM device_secret LIMIT ?", mostKnown)
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
	clear(s.proven)
	for _, x := range rows {
		s.set(key{x.DeviceID, x.Door}, secret{x.Hash, x.IssuedAt})
	}
	return nil
}

// set keeps one in memory; the caller holds mu.
func (s *Store) set(k key, x secret) {
	s.known[k] = x
	k.device = device.Key(k.device)
	if x.hash == "" {
		delete(s.proven, k)
		return
	}
	s.proven[k] = true
}

// Proves tells whether the device has a secret: then who comes by a door that
// asks for none has not proven to be it. It knows what this process read.
func (s *Store) Proves(deviceID string) bool {
	name := device.Key(deviceID)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proven[key{name, DoorJT808}] || s.proven[key{name, DoorToken}]
}

// remember notes since when a secret holds. Whoever read or changed one comes
// here in any order: what is newer stays, so that an ended secret can't come
// back. Of two of the same moment none is believed; the storage is asked.
func (s *Store) remember(deviceID, door, hash string, at clock.Millis) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{deviceID, door}
	old, known := s.known[k]
	switch {
	case !known && len(s.known) >= mostKnown, known && old.at > at:
	case known && old.at == at && old.hash != hash:
		s.set(k, secret{"", at})
	default:
		s.set(k, secret{hash, at})
	}
}

// hashOf hides a secret of at least 96 random bits: no stretching is needed.
func hashOf(deviceID, secret string) string {
	sum := sha256.Sum256([]byte("zugou device\x00" + deviceID + "\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Check tells whether the secret is the device's at the door. An error only
// when the storage is away and memory does not hold the device.
func (s *Store) Check(ctx context.Context, deviceID, door, secret string) (bool, error) {
	deviceID = device.NormalID(deviceID)
	given := hashOf(deviceID, secret)
	// The one process of the embedded engine knows what it wrote: a badge that
	// speaks HTTP proves its name with every word.
	if s.db.Engine() == db.SQLite && s.knows(deviceID, door, given) {
		return true, nil
	}
	var found []row
	err := s.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &found, "SELECT "+columns+" FROM device_secret WHERE device_id = ? AND door = ?", deviceID, door)
	})
	if err != nil {
		s.mu.Lock()
		held, ok := s.known[key{deviceID, door}]
		s.mu.Unlock()
		if !ok {
			return false, err
		}
		return same(held.hash, given), nil
	}
	if len(found) == 0 {
		return false, nil
	}
	s.remember(deviceID, door, found[0].Hash, found[0].IssuedAt)
	return same(found[0].Hash, given), nil
}

func (s *Store) knows(deviceID, door, hash string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.known[key{deviceID, door}]
	return ok && held.hash != "" && same(held.hash, hash)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Results of a registration by JT/T 808.
const (
	registered   = 0
	knownAlready = 3
	noTerminal   = 4
)

// Register is part of gateway.Terminals. A terminal that nobody registered
// with us is given a code too: it is listed as unknown and may call for help.
func (s *Store) Register(ctx context.Context, deviceID, traits string) (result byte, code string, err error) {
	deviceID = device.NormalID(deviceID)
	code = crypto.Token(12)
	hash := hashOf(deviceID, code)
	err = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		var old []row
		if err := tx.List(ctx, &old, "SELECT "+columns+" FROM device_secret WHERE device_id = ? AND door = ?", deviceID, DoorJT808); err != nil {
			return err
		}
		result = registered
		d, err := device.Find(ctx, tx, deviceID)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
		switch {
		case err == nil && d.State == device.Retired: // its code ended with it
			result = noTerminal
			return nil
		case err == nil && len(old) == 0:
			// A badge that proves itself by a token is no terminal: a stranger
			// who knows its number would take its line over by a code.
			var tokens int
			if err := tx.Get(ctx, db.To(&tokens), "SELECT count(*) FROM device_secret WHERE device_id = ? AND door = ? AND hash <> ''", d.DeviceID, DoorToken); err != nil {
				return err
			}
			if tokens > 0 {
				result = knownAlready
				return audit.Write(ctx, tx, audit.Entry{Action: "device.write", SubjectKind: "device_id", Subject: id.ID(deviceID), Fields: []string{"register"}, Result: "refused"})
			}
		case len(old) == 0:
		case old[0].UsedAt != 0 && old[0].Traits != traits:
			result = knownAlready
			return audit.Write(ctx, tx, audit.Entry{Action: "device.write", SubjectKind: "device_id", Subject: id.ID(deviceID), Fields: []string{"register"}, Result: "refused"})
		}
		_, err = tx.Exec(ctx, `INSERT INTO device_secret (device_id, door, hash, traits, issued_at, issued_by) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (device_id, door) DO UPDATE SET hash = excluded.hash, traits = excluded.traits, issued_at = excluded.issued_at`,
			deviceID, DoorJT808, hash, traits, tx.Now, access.From(ctx).Account)
		tx.AfterCommit(func() { s.remember(deviceID, DoorJT808, hash, tx.Now) })
		return err
	})
	if err != nil || result != registered {
		return result, "", err
	}
	return result, code, nil
}

// SignOn is part of gateway.Terminals.
func (s *Store) SignOn(ctx context.Context, deviceID, code string) (bool, error) {
	ok, err := s.Check(ctx, deviceID, DoorJT808, code)
	if !ok || err != nil {
		return false, err
	}
	// That the code was used binds the number to the terminal. Not being able
	// to note it now does not keep the terminal out.
	_ = s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE device_secret SET used_at = ? WHERE device_id = ? AND door = ? AND used_at = 0", tx.Now, device.NormalID(deviceID), DoorJT808)
		return err
	})
	return true, nil
}

// Issue makes a new token for a badge that speaks MQTT or HTTP, and ends the
// old one. It is given once and not kept. Errors: NotFound, Forbidden.
func (s *Store) Issue(ctx context.Context, which id.ID) (token string, err error) {
	token = crypto.Token(24)
	err = s.change(ctx, which, "token", func(ctx context.Context, tx *db.Tx, d device.Device) error {
		hash := hashOf(d.DeviceID, token)
		_, err := tx.Exec(ctx, `INSERT INTO device_secret (device_id, door, hash, issued_at, issued_by) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (device_id, door) DO UPDATE SET hash = excluded.hash, used_at = 0, issued_at = excluded.issued_at, issued_by = excluded.issued_by`,
			d.DeviceID, DoorToken, hash, tx.Now, access.From(ctx).Account)
		if err != nil {
			return err
		}
		tx.AfterCommit(func() { s.remember(d.DeviceID, DoorToken, hash, tx.Now) })
		return device.Cut(ctx, tx, d, device.CutToken) // the old one
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// PairAnew lets the device register or be given a token afresh: all its
// secrets end. Errors: NotFound, Forbidden.
func (s *Store) PairAnew(ctx context.Context, which id.ID) error {
	return s.change(ctx, which, "pairing", func(ctx context.Context, tx *db.Tx, d device.Device) error {
		return s.End(ctx, tx, d)
	})
}

// End takes all secrets of a device away as part of the change, and cuts the
// lines that were opened by them in every process.
func (s *Store) End(ctx context.Context, tx *db.Tx, d device.Device) error {
	if _, err := tx.Exec(ctx, "DELETE FROM device_secret WHERE device_id IN (?, ?)", d.DeviceID, device.Key(d.DeviceID)); err != nil { // a terminal signs on without zeros
		return err
	}
	tx.AfterCommit(func() {
		for _, name := range []string{device.Key(d.DeviceID), d.DeviceID} {
			s.remember(name, DoorJT808, "", tx.Now)
			s.remember(name, DoorToken, "", tx.Now)
		}
	})
	return device.Cut(ctx, tx, d, device.CutSecrets)
}

// Relearn reads the device's secrets again: another process changed them.
func (s *Store) Relearn(ctx context.Context, which id.ID) (device.Device, error) {
	var d device.Device
	var rows []row
	var at clock.Millis
	if err := s.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if d, err = device.ByID(ctx, r, which); err != nil {
			return err
		}
		at = r.At()
		return r.List(ctx, &rows, "SELECT "+columns+" FROM device_secret WHERE device_id IN (?, ?)", d.DeviceID, device.Key(d.DeviceID))
	}); err != nil {
		return device.Device{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{device.Key(d.DeviceID), d.DeviceID} {
		for _, door := range []string{DoorJT808, DoorToken} {
			if _, known := s.known[key{name, door}]; known {
				s.set(key{name, door}, secret{"", at})
			}
		}
	}
	for _, x := range rows {
		s.set(key{x.DeviceID, x.Door}, secret{x.Hash, x.IssuedAt})
	}
	return d, nil
}

func (s *Store) change(ctx context.Context, which id.ID, field string, fn func(ctx context.Context, tx *db.Tx, d device.Device) error) error {
	return s.db.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := device.ByID(ctx, tx, which)
		if err != nil {
			if e := access.May(access.From(ctx), "device.write"); e != nil {
				return e
			}
			return err
		}
		if err := access.Check(access.From(ctx), "device.write", d.Target()); err != nil {
			return err
		}
		if d.DeviceID == "" {
			return errs.NotFound("device.not_found")
		}
		if err := fn(ctx, tx, d); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "device.write", SubjectKind: "device", Subject: d.ID, Fields: []string{field}, Region: d.Region})
	})
}

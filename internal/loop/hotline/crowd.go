package hotline

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/loop/hotline/phone"
	"zugou/policy/hotline"
)

// A flood of chats must not crowd out a child. Four things hold it off, none of
// which asks who the child is:
//
//   - Where many wait, a page works something out before its chat opens: a
//     second of an old phone, hours of whoever opens thousands.
//   - One device, one address, one network have only so many chats waiting.
//   - Of a crowd the oldest chats without a word give way to who comes new,
//     those of the most crowded address first; then those of the most crowded
//     network whose words the seat's queue has already.
//   - Seats see what must not wait first, and chats without a word last.
//
// A whole class behind the address of its school stays below the limits. Who
// finds no room all the same is led to the help form, which has none.
const (
	chatWaiting   = 60 // chats that may wait at a time
	deviceWaiting = 6
	addressMost   = 12
	networkMost   = 24
	floodFrom     = 3 // chats without a word of one address that open matters
)

// Visitor is where a chat is opened from. Only keyed hashes of it are kept, and
// only while the chat waits.
type Visitor struct {
	Address string
	Agent   string
	Proof   string
}

// Work is what a page works out: a proof such that SHA-256 of salt, key and
// proof begins with so many zero bits.
type Work struct {
	Salt string `json:"salt"`
	Bits int    `json:"bits"`
}

// workFor gives the bits by how many chats wait: none on any usual day.
func workFor(waiting int) int {
	switch {
	case waiting < 10:
		return 0
	case waiting < 20:
		return 10
	case waiting < 40:
		return 13
	}
	return 15
}

const saltFor = 5 * time.Minute // and the one before: nobody works ahead for a day

func (s *Service) salt(now clock.Millis) string {
	return s.keys.Index("hotline.chat.work", strconv.FormatInt(int64(now)/saltFor.Milliseconds(), 10))[:16]
}

func (s *Service) worked(key, proof string, want int, now clock.Millis) bool {
	if proof == "" {
		return false
	}
	for _, at := range []clock.Millis{now, now.Add(-saltFor)} {
		if zeros(sha256.Sum256([]byte(s.salt(at)+key+proof))) >= want {
			return true
		}
	}
	return false
}

func zeros(sum [32]byte) int {
	n := 0
	for _, b := range sum {
		n += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return n
}

// from keeps where a chat comes from. The last numbers of an address are left
// out of its network.
func (s *Service) from(v Visitor, c Call) Call {
	a, err := netip.ParseAddr(v.Address)
	if err != nil {
		return c // not known: no limit by place
	}
	a = a.Unmap().WithZone("")
	size := 24
	if a.Is6() {
		size = 48
	}
	network, _ := a.Prefix(size) // a size that fits
	c.Device = s.keys.Index("hotline.chat.from", a.String()+" "+v.Agent)
	c.Address = s.keys.Index("hotline.chat.from", a.String())
	c.Network = s.keys.Index("hotline.chat.from", network.String())
	return c
}

func waitingChats(ctx context.Context, r db.Reader) ([]Call, error) {
	return list(ctx, r, "WHERE state = ? AND channel = ? ORDER BY arrived_at, id", Waiting, ByChat)
}

func (c Call) silent() bool { return c.HeardMS == 0 }

// room tells whether there is room for one more, and which chat gives way for
// it. crowd is what waits, the oldest first. It is pure.
func room(crowd []Call, c Call) (leaves *Call, fits bool) {
	for _, limit := range []struct {
		most int
		of   func(Call) string
	}{{deviceWaiting, func(c Call) string { return c.Device }}, {addressMost, func(c Call) string { return c.Address }}, {networkMost, func(c Call) string { return c.Network }}} {
		if limit.of(c) == "" {
			continue
		}
		var same []Call
		for _, x := range crowd {
			if limit.of(x) == limit.of(c) {
				same = append(same, x)
			}
		}
		if len(same) < limit.most {
			continue
		}
		i := slices.IndexFunc(same, Call.silent)
		if i < 0 {
			return nil, false
		}
		return &same[i], true
	}
	if len(crowd) < chatWaiting {
		return nil, true
	}
	address, network := count(crowd, func(c Call) string { return c.Address }), count(crowd, func(c Call) string { return c.Network })
	for i, x := range crowd {
		if x.silent() && (leaves == nil || address[x.Address] > address[leaves.Address]) {
			leaves = &crowd[i]
		}
	}
	if leaves != nil {
		return leaves, true
	}
	for i, x := range crowd {
		if x.MatterID != "" && !x.Grave && network[x.Network] > network[c.Network]+1 && (leaves == nil || network[x.Network] > network[leaves.Network]) {
			leaves = &crowd[i]
		}
	}
	return leaves, leaves != nil
}

// count counts chats by where they come from; of no known place each is alone.
func count(crowd []Call, of func(Call) string) map[string]int {
	out := map[string]int{}
	for _, x := range crowd {
		if of(x) != "" {
			out[of(x)]++
		}
	}
	return out
}

// giveWay ends a chat for another; words that it had are looked at.
func (s *Service) giveWay(ctx context.Context, tx *db.Tx, c Call) error {
	e := phone.Event{Call: c.ID, At: tx.Now, Kind: phone.Ended, Reason: phone.ByLine}
	if _, err := note(ctx, tx, e); err != nil {
		return err
	}
	after, err := s.follow(ctx, tx, c.apply(e))
	if err != nil {
		return err
	}
	if err := save(ctx, tx, after, c.Version); err != nil {
		return err
	}
	return s.emit(ctx, tx, after, phone.Ended)
}

// flooding tells whether a chat is one of many without a word from one address:
// those wait at the line, and don't fill the seat's queue one by one.
func (s *Service) flooding(ctx context.Context, r db.Reader, c Call) (bool, error) {
	if !c.silent() || c.Address == "" {
		return false, nil
	}
	crowd, err := waitingChats(ctx, r)
	n := 0
	for _, x := range crowd {
		if x.Address == c.Address && x.silent() {
			n++
		}
	}
	return n > floodFrom, err
}

// turn is a waiting call's place before the time it waits.
func (r Row) turn() int {
	switch {
	case r.Grave:
		return 0
	case r.Silent && r.Channel == ByChat:
		return 2
	}
	return 1
}

// graveWords are those of a chat that must not wait.
type graveWords []string

func readWords() (graveWords, error) {
	var list struct {
		Source string   `json:"source"`
		Words  []string `json:"words"`
	}
	if err := json.Unmarshal(hotline.Words, &list); err != nil {
		return nil, errs.Internal(err)
	}
	return list.Words, nil
}

// in tells whether one of them stands in a text, however it is spaced.
func (g graveWords) in(text string) bool {
	plain := strings.Join(strings.Fields(text), "")
	return slices.ContainsFunc(g, func(w string) bool { return strings.Contains(plain, w) })
}

// reads bounds the questions for news: each holds a connection.
type reads struct {
	mu   sync.Mutex
	held int
	of   map[string]*reading
}

type reading struct {
	since time.Time
	n     int
	turn  int
	stop  func() // of the question that is held
}

const (
	readsWithin = 10 * time.Second
	readsMost   = 30 // questions of one chat within that time
	readsHeld   = 300
)

// begin counts a question of a chat. The one before it is answered at once: a
// page has one at a time. Beyond what may be held it is answered at once too;
// enough says so.
func (b *reads) begin(chat string, now time.Time) (enough <-chan struct{}, done func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil || len(b.of) > 4*readsHeld {
		b.of = map[string]*reading{} // at worst a page's count begins anew
	}
	r := b.of[chat]
	if r == nil {
		r = &reading{since: now}
		b.of[chat] = r
	}
	if now.Sub(r.since) >= readsWithin {
		r.since, r.n = now, 0
	}
	if r.n++; r.n > readsMost {
		return nil, nil, errs.BusyFor("chat.slow", readsWithin)
	}
	if r.stop != nil {
		r.stop()
	}
	full := make(chan struct{})
	stop := sync.OnceFunc(func() { close(full) })
	r.turn++
	turn := r.turn
	r.stop = stop
	if b.held++; b.held > readsHeld {
		stop()
	}
	return full, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.held--
		if r.turn == turn {
			r.stop = nil
		}
	}, nil
}

// Package stream sends what happens to the screens, as server-sent events.
//
//	commit ─► event rows ─► Tail (one a process, commit order) ─► Hub ─┬─► screen
//	memory: alarms that could not be stored ───────────────────────────┘
//
// A browser that was away says the last id that it saw and is given what it
// missed; after too long a gap it is told to load anew. Events hold ids only;
// who may know of an event is decided here, at delivery, by the rights as they
// are at that moment. A locked seat is told only that it rings.
package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"zugou/internal/centre/matter"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
)

// Watcher says who listens on a session and whether the session may see, or
// only be rung. An error of kind unauthenticated ends the stream.
type Watcher func(ctx context.Context) (actor access.Actor, sees bool, err error)

// Hub spreads events to the screens of this process.
type Hub struct {
	db    *db.DB
	log   *slog.Logger
	ready chan struct{} // closed when Run knows from where it reads: what is stored later reaches every screen

	mu        sync.Mutex
	subs      map[*sub]struct{}
	recent    []item // the last ones, oldest first
	stands    func() []Told
	overhears func(ctx context.Context, e db.Event)
}

// Told is what stands in no table.
type Told struct {
	Topic, Kind, Region, Ref string
	Data                     any
}

// item is one event with what delivery needs to know.
type item struct {
	db.Event
	data       payload
	conflicted []id.ID // accounts that must not hear of it
	unread     bool    // nobody knows who these are: it rings without a name, and the screens load anew
}

// payload is the part of an event's data that delivery looks at.
type payload struct {
	Urgency string `json:"urgency"`
	Drill   bool   `json:"drill"`
	Account id.ID  `json:"account"`
	Child   id.ID  `json:"child_id"`
}

type sub struct {
	ch   chan item
	lost chan struct{} // closed when the screen is too slow
	once sync.Once
}

const (
	keepRecent   = 4096
	buffer       = 512
	mostReplayed = 2000
	heartbeat    = 15 * time.Second
	recheck      = 5 * time.Second
	watchWithin  = 2 * time.Second // a storage that hangs must not hold the ring back
)

// New makes a hub; Run feeds it.
func New(d *db.DB, log *slog.Logger) *Hub {
	return &Hub{db: d, log: log, ready: make(chan struct{}), subs: map[*sub]struct{}{}}
}

// Run reads events until ctx ends. It is called once.
func (h *Hub) Run(ctx context.Context) {
	var xid, seq int64
	for ctx.Err() == nil {
		var err error
		if xid, seq, err = h.db.LastEvent(ctx); err == nil {
			break
		}
		h.log.Error("events not read", "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	close(h.ready)
	h.db.Tail(ctx, xid, seq, func(e db.Event) {
		if h.overhears != nil {
			h.overhears(ctx, e)
		}
		h.spread(h.item(ctx, e))
	})
}

// Overhear sets who in this process is told of every event, whoever may see it,
// in commit order. It must be done soon. Set it before Run.
func (h *Hub) Overhear(fn func(ctx context.Context, e db.Event)) { h.overhears = fn }

func (h *Hub) item(ctx context.Context, e db.Event) item {
	it := item{Event: e}
	_ = json.Unmarshal(e.Data, &it.data) // other data has other fields
	if e.Topic != "matter" {
		return it
	}
	err := h.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		list, err := matter.Conflicts(ctx, r, matter.Matter{ID: id.ID(e.Ref), ChildID: it.data.Child})
		for _, c := range list {
			if c.Account != "" {
				it.conflicted = append(it.conflicted, c.Account)
			}
		}
		return err
	})
	if err != nil {
		h.log.Error("conflict list not read", "error", err)
		it.unread = true
	}
	return it
}

func (h *Hub) spread(it item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if it.Seq != 0 {
		if len(h.recent) >= keepRecent {
			h.recent = slices.Delete(h.recent, 0, keepRecent/4)
		}
		h.recent = append(h.recent, it)
	}
	for s := range h.subs {
		select {
		case s.ch <- it:
		default:
			s.once.Do(func() { close(s.lost) })
		}
	}
}

// Tell spreads what is in no table: it reaches who listens now.
func (h *Hub) Tell(t Told) {
	if it, ok := h.told(t); ok {
		h.spread(it)
	}
}

// Stand sets what is told to each screen that comes: what Tell told before and
// what still holds. Set it before the first screen.
func (h *Hub) Stand(list func() []Told) { h.stands = list }

func (h *Hub) told(t Told) (item, bool) {
	text, err := json.Marshal(t.Data)
	if err != nil {
		return item{}, false
	}
	it := item{Event: db.Event{At: clock.Of(h.db.Clock().Now()), Topic: t.Topic, Kind: t.Kind, Region: t.Region, Ref: t.Ref, Data: text}}
	_ = json.Unmarshal(text, &it.data)
	return it, true
}

// Listeners gives the number of screens connected to this process.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// join subscribes and gives what the screen missed since its last id; whole is
// false if that is too long ago.
func (h *Hub) join(ctx context.Context, last string) (s *sub, missed []item, whole bool) {
	select {
	case <-h.ready:
	case <-ctx.Done():
	case <-time.After(recheck): // the storage is away: what memory tells must ring
	}
	s = &sub{ch: make(chan item, buffer), lost: make(chan struct{})}
	xid, seq, ok := db.ParseCursor(last)
	h.mu.Lock()
	h.subs[s] = struct{}{}
	recent := slices.Clone(h.recent)
	h.mu.Unlock()
	if !ok {
		return s, nil, true
	}
	after := func(it item) bool { return it.Xid > xid || it.Xid == xid && it.Seq > seq }
	if len(recent) > 0 && !after(recent[0]) {
		for _, it := range recent {
			if after(it) {
				missed = append(missed, it)
			}
		}
		return s, missed, true
	}
	events, err := h.db.EventsAfter(ctx, xid, seq, mostReplayed)
	if err != nil || len(events) == mostReplayed {
		return s, nil, false
	}
	for _, e := range events {
		missed = append(missed, h.item(ctx, e))
	}
	return s, missed, true
}

// joinWithin is join that does not wait for a storage that hangs.
func (h *Hub) joinWithin(ctx context.Context, last string) (*sub, []item, bool) {
	ctx, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	return h.join(ctx, last)
}

func (h *Hub) leave(s *sub) {
	h.mu.Lock()
	delete(h.subs, s)
	h.mu.Unlock()
}

// visible tells whether the actor may know of the event.
func visible(a access.Actor, it item) bool {
	if slices.Contains(it.conflicted, a.Account) {
		return false
	}
	switch it.Topic {
	case "matter":
		return a.Allowed("matter.read", access.Target{Region: it.Region})
	case "signal":
		return a.Allowed("signal.read", access.Target{Region: it.Region})
	case "unsaved":
		return a.Allowed("signal.match", access.Target{Region: it.Region})
	case "call":
		return a.Allowed("call.read", access.Target{Region: it.Region})
	case "case":
		return a.Allowed("case.find", access.Target{Region: it.Region})
	case "report":
		return a.Allowed("report.list", access.Target{Region: it.Region})
	case "campaign", "sheet", "level":
		// What moved is told to who may list it; a name or a result never is.
		return a.Allowed(access.Action(map[string]string{"campaign": "campaign.read", "sheet": "sheet.type", "level": "level.list"}[it.Topic]), access.Target{Region: it.Region})
	case "notice":
		return it.data.Account == a.Account
	case "guard":
		return a.Allowed("guard.read", access.Target{Region: it.Region})
	case "device":
		return a.Allowed("device.read", access.Target{Region: it.Region})
	case "duty":
		return a.Allowed("duty.read", access.Target{Region: it.Region})
	case "system":
		return len(a.Grants) > 0 && !a.Has(access.Citizen)
	case "session", "account":
		return false // the hub's own business, see Serve
	}
	return it.data.Account != "" && it.data.Account == a.Account
}

// rings are the events that ring at the seat.
var rings = []string{"opened", "pressed_again", "reopened", "missed", "nobody", "help_more", "kept"}

func ringsFor(a access.Actor, it item) bool {
	if it.Topic == "call" {
		return (it.Kind == "arrived" || it.Kind == "lost") && a.Allowed("call.take", access.Target{Region: it.Region})
	}
	return (it.Topic == "matter" || it.Topic == "signal") && slices.Contains(rings, it.Kind) && (a.Has(access.SeatOperator) || a.Has(access.SeatLeader))
}

// Serve writes the stream of one screen until it leaves.
func (h *Hub) Serve(rw http.ResponseWriter, r *http.Request, watch Watcher) error {
	ctx := r.Context()
	look := func() (access.Actor, bool, error) {
		ctx, cancel := context.WithTimeout(ctx, watchWithin)
		defer cancel()
		return watch(ctx)
	}
	actor, sees, err := look()
	if err != nil {
		return err
	}
	head := rw.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("last")
	}
	s, missed, whole := h.joinWithin(ctx, last)
	defer h.leave(s)
	out := &writer{rw: rw, flush: http.NewResponseController(rw)}
	out.event("hello", "", map[string]any{"now": clock.Of(h.db.Clock().Now())})
	if !whole {
		out.event("reload", "", map[string]any{})
	}
	sent := db.Event{}
	deliver := func(it item) {
		if it.Seq != 0 { // what join replayed may come again from the tail
			if it.Xid < sent.Xid || it.Xid == sent.Xid && it.Seq <= sent.Seq {
				return
			}
			sent = it.Event
		}
		if !visible(actor, it) {
			return
		}
		if it.Topic == "unsaved" { // an open screen rings by the alarm itself
			switch {
			case sees:
				out.event(it.Kind, "", it.Data)
			case it.Kind == "unsaved":
				out.event("ring", "", map[string]any{"urgency": "critical", "drill": false})
			}
			return
		}
		if ringsFor(actor, it) {
			ring := map[string]any{"urgency": it.data.Urgency, "drill": it.data.Drill}
			if sees && !it.unread {
				ring[it.Topic+"_id"] = it.Ref
			}
			out.event("ring", "", ring)
		}
		if !sees {
			return
		}
		if it.unread {
			out.event("reload", "", map[string]any{})
			return
		}
		out.event("change", it.Cursor(), it.Event)
	}
	for _, it := range missed {
		deliver(it)
	}
	if h.stands != nil {
		for _, t := range h.stands() {
			if it, ok := h.told(t); ok {
				deliver(it)
			}
		}
	}
	out.send()
	beat, check := time.NewTicker(heartbeat), time.NewTicker(recheck)
	defer beat.Stop()
	defer check.Stop()
	// ask takes the rights as they are now; false ends the stream. While the
	// storage is away the last known rights hold: the seat must ring.
	ask := func() bool {
		a, see, err := look()
		switch {
		case err == nil:
			if see && !sees {
				out.event("reload", "", map[string]any{}) // unlocked: show what came meanwhile
			}
			actor, sees = a, see
		case errs.Is(err, errs.KindUnauthenticated):
			out.event("signed_out", "", map[string]any{})
			out.send()
			return false
		}
		return true
	}
	for out.err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-s.lost:
			out.event("reload", "", map[string]any{})
			out.send()
			return nil // the browser connects again, from a clean state
		case it := <-s.ch:
			for more := true; more; {
				deliver(it)
				// Rights may have changed with this very event: what comes behind it is delivered by the new ones.
				if (it.Topic == "session" || it.Topic == "account") && !ask() {
					return nil
				}
				select {
				case it = <-s.ch:
				default:
					more = false
				}
			}
		case <-beat.C:
			out.comment()
		case <-check.C:
			if !ask() {
				return nil
			}
		}
		out.send()
	}
	return nil
}

// writer writes events and remembers the first error.
type writer struct {
	rw    http.ResponseWriter
	flush *http.ResponseController
	err   error
}

func (w *writer) event(name, cursor string, data any) {
	if w.err != nil {
		return
	}
	text, err := json.Marshal(data)
	if err != nil {
		w.err = err
		return
	}
	if cursor != "" {
		_, w.err = fmt.Fprintf(w.rw, "id: %s\n", cursor)
	}
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.rw, "event: %s\ndata: %s\n\n", name, text)
	}
}

func (w *writer) comment() {
	if w.err == nil {
		_, w.err = fmt.Fprint(w.rw, ": beat\n\n")
	}
}

func (w *writer) send() {
	if w.err == nil {
		w.err = w.flush.Flush()
	}
}

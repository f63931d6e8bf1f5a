package stream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/db/dbtest"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/web/stream"
)

const (
	district = "500111"
	other    = "500112"
)

// session is one signed-in screen, whose state a test changes while it listens.
type session struct {
	mu    sync.Mutex
	actor access.Actor
	sees  bool
	err   error
}

func (s *session) watch(context.Context) (access.Actor, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actor, s.sees, s.err
}

func (s *session) set(f func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func who(account string, role access.Role, area string) *session {
	return &session{actor: access.Actor{Account: id.ID(account), Grants: []access.Grant{{Role: role, Region: area}}}, sees: true}
}

// told is one event as a browser gets it.
type told struct {
	id, event string
	data      map[string]any
}

type screen struct {
	t    *testing.T
	ch   chan told
	stop context.CancelFunc
}

// next gives the next event; the bound only ends a test that would hang.
func (s *screen) next() told {
	s.t.Helper()
	select {
	case e, ok := <-s.ch:
		if !ok {
			s.t.Fatal("the stream ended")
		}
		return e
	case <-time.After(30 * time.Second):
		s.t.Fatal("nothing was told")
	}
	return told{}
}

func (s *screen) want(event, ref string) told {
	s.t.Helper()
	e := s.next()
	if e.event != event || ref != "" && e.data["ref"] != ref {
		s.t.Fatalf("told %q %v, want %q of %s", e.event, e.data, event, ref)
	}
	return e
}

type house struct {
	db  *db.DB
	hub *stream.Hub
}

func open(t *testing.T, d *db.DB) house {
	t.Helper()
	h := house{db: d, hub: stream.New(d, slog.New(slog.DiscardHandler))}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); h.hub.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return h
}

func (h house) listen(t *testing.T, s *session, last string) *screen {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := h.hub.Serve(rw, r, s.watch); err != nil {
			http.Error(rw, "refused", http.StatusUnauthorized)
		}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); server.Close() })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	out := &screen{t: t, ch: make(chan told, 4096), stop: cancel}
	go func() {
		defer close(out.ch)
		defer func() { _ = res.Body.Close() }()
		var e told
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			line := lines.Text()
			switch {
			case strings.HasPrefix(line, "id: "):
				e.id = line[4:]
			case strings.HasPrefix(line, "event: "):
				e.event = line[7:]
			case strings.HasPrefix(line, "data: "):
				_ = json.Unmarshal([]byte(line[6:]), &e.data)
			case line == "" && e.event != "":
				out.ch <- e
				e = told{}
			}
		}
	}()
	out.want("hello", "")
	return out
}

func (h house) emit(t *testing.T, events ...db.Event) {
	t.Helper()
	for _, e := range events {
		if err := h.db.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { return tx.Emit(ctx, e) }); err != nil {
			t.Fatal(err)
		}
	}
}

func matter(kind, region, ref string) db.Event {
	return db.Event{Topic: "matter", Kind: kind, Region: region, Ref: ref, Data: json.RawMessage(`{"urgency":"critical"}`)}
}

func TestAScreenHearsWhatItsRightsCoverAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		ours, theirs := h.listen(t, who("a", access.SeatOperator, district), ""), h.listen(t, who("b", access.SeatOperator, other), "")
		citizen := h.listen(t, who("c", access.Citizen, district), "")
		h.emit(t, matter("noted", district+"001", "m1"), matter("noted", other+"001", "m2"),
			db.Event{Topic: "notice", Kind: "new", Ref: "n1", Data: json.RawMessage(`{"account":"c"}`)})
		ours.want("change", "m1")
		theirs.want("change", "m2")
		citizen.want("change", "n1")
		if n := len(ours.ch) + len(theirs.ch) + len(citizen.ch); n != 0 {
			t.Errorf("%d events more than anybody should hear", n)
		}
	})
}

// Who stands on the conflict list hears nothing of the matter from that moment
// on; and if the list can't be read, nobody is told which matter it was.
func TestWhoStandsOnTheConflictListHearsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		kin, friend := h.listen(t, who("kin", access.SeatOperator, district), ""), h.listen(t, who("friend", access.SeatOperator, district), "")
		run := func(sql string, args ...any) {
			t.Helper()
			if err := d.Update(context.Background(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, sql, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		h.emit(t, matter("noted", district, "m1"))
		kin.want("change", "m1")
		friend.want("change", "m1")
		run("INSERT INTO matter_conflict (id, matter_id, account_id, relation, reason, set_by, set_at) VALUES ('x', 'm1', 'kin', 'kin', 'synthetic', 's', 1)")
		h.emit(t, matter("opened", district, "m1"), matter("noted", district, "m2"))
		friend.want("ring", "")
		friend.want("change", "m1")
		kin.want("change", "m2")
		friend.want("change", "m2")

		run("ALTER TABLE matter_conflict RENAME TO matter_conflict_away")
		h.emit(t, matter("opened", district, "m1"))
		if ring := kin.want("ring", ""); ring.data["matter_id"] != nil {
			t.Errorf("the ring names the matter: %v", ring.data)
		}
		kin.want("reload", "")
		run("ALTER TABLE matter_conflict_away RENAME TO matter_conflict")
	})
}

func TestALockedSeatHearsThatItRingsAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		seat := who("a", access.SeatOperator, district)
		seat.sees = false
		locked, unlocked := h.listen(t, seat, ""), h.listen(t, who("b", access.SeatOperator, district), "")
		h.emit(t, matter("noted", district, "m0"), matter("opened", district, "m1"))
		if ring := locked.want("ring", ""); len(ring.data) != 2 || ring.data["urgency"] != "critical" || ring.id != "" {
			t.Errorf("a locked seat is told %v", ring)
		}
		h.hub.Tell(stream.Told{Topic: "unsaved", Kind: "unsaved", Region: district + "001", Ref: "k1", Data: map[string]any{"child_name": "罗心怡", "device_id": "8800000001"}})
		if ring := locked.want("ring", ""); ring.data["urgency"] != "critical" || len(ring.data) != 2 {
			t.Errorf("an unsaved alarm rings a locked seat with %v", ring.data)
		}
		unlocked.want("change", "m0")
		unlocked.want("ring", "")
		unlocked.want("change", "m1")
		if u := unlocked.want("unsaved", ""); u.data["child_name"] != "罗心怡" {
			t.Errorf("the open seat is told %v", u.data)
		}
	})
}

// An alarm of a device that nobody knows has no area: the seat hears it all the same.
func TestAnUnsavedAlarmOfAnUnknownDeviceIsHeard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		seat := h.listen(t, who("a", access.SeatOperator, district), "")
		h.hub.Tell(stream.Told{Topic: "unsaved", Kind: "unsaved", Ref: "k1", Data: map[string]any{"device_id": "8800000009"}})
		seat.want("unsaved", "")
	})
}

func TestWhoWasAwayIsGivenWhatWasMissedOnceAndInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		first := h.listen(t, who("a", access.SeatOperator, district), "")
		h.emit(t, matter("noted", district, "m1"))
		last := first.want("change", "m1").id
		first.stop()
		h.emit(t, matter("noted", district, "m2"), matter("noted", district, "m3"))
		again := h.listen(t, who("a", access.SeatOperator, district), last)
		h.emit(t, matter("noted", district, "m4"))
		for _, ref := range []string{"m2", "m3", "m4"} {
			again.want("change", ref)
		}

		fresh := open(t, d) // another process: nothing in its memory
		elsewhere := fresh.listen(t, who("a", access.SeatOperator, district), last)
		for _, ref := range []string{"m2", "m3", "m4"} {
			elsewhere.want("change", ref)
		}
	})
}

func TestASessionThatEndsClosesItsStreamWithTheCommitThatEndedIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		seat := who("a", access.SeatOperator, district)
		line := h.listen(t, seat, "")
		seat.set(func(s *session) { s.err = errs.Unauthenticated("session.ended") })
		h.emit(t, db.Event{Topic: "session", Kind: "ended", Ref: "s1"})
		line.want("signed_out", "")
		if e, ok := <-line.ch; ok {
			t.Errorf("told %v after the end", e)
		}
	})
}

// A right that is gone is gone with the next event; while the storage is away
// the rights last known hold, since the seat must ring.
func TestRightsAreAskedAgainAndOutliveTheStorage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		seat := who("a", access.SeatOperator, district)
		line := h.listen(t, seat, "")
		seat.set(func(s *session) { s.err = errs.Busy("storage.unavailable", errors.New("away")) })
		h.emit(t, db.Event{Topic: "account", Kind: "changed", Ref: "a"}, matter("noted", district, "m1"))
		line.want("change", "m1")
		seat.set(func(s *session) { s.err, s.actor.Grants = nil, nil })
		h.emit(t, db.Event{Topic: "account", Kind: "changed", Ref: "a"})
		seat.set(func(s *session) { s.actor.Grants = []access.Grant{{Role: access.SeatOperator, Region: other}} })
		h.emit(t, db.Event{Topic: "account", Kind: "changed", Ref: "a"}, matter("noted", other, "m3"))
		line.want("change", "m3")
	})
}

func TestAStrangerGetsNoStream(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *clock.Fake) {
		h := open(t, d)
		s := &session{err: errs.Unauthenticated("session.none")}
		rec := httptest.NewRecorder()
		err := h.hub.Serve(rec, httptest.NewRequest(http.MethodGet, "/api/stream", nil), s.watch)
		if !errs.Is(err, errs.KindUnauthenticated) || rec.Body.Len() != 0 {
			t.Errorf("%v, %d bytes", err, rec.Body.Len())
		}
	})
}

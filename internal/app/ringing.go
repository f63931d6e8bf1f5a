package app

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/access"
	"zugou/internal/people/staff"
	"zugou/internal/web/chassis"
	"zugou/internal/web/stream"
)

// ringFromMemory has alarms that could not be stored stand on the screens
// until they are stored or dealt with.
func (a *App) ringFromMemory() {
	told := func(u seat.UnsavedAlarm, stands bool) stream.Told {
		t := stream.Told{Topic: "unsaved", Kind: "unsaved", Region: u.Region, Ref: u.Key, Data: u}
		if !stands {
			t.Kind, t.Data = "unsaved_gone", map[string]string{"key": u.Key}
		}
		return t
	}
	a.Unsaved = seat.NewUnsaved(func(u seat.UnsavedAlarm, stands bool) { a.Hub.Tell(told(u, stands)) })
	a.Hub.Stand(func() []stream.Told {
		var out []stream.Told
		for _, u := range a.Unsaved.List() {
			out = append(out, told(u, true))
		}
		return out
	})
}

// serveStream is the stream of events of one screen.
func (a *App) serveStream(rw http.ResponseWriter, r *http.Request) {
	token := chassis.From(r.Context()).Token
	err := a.Hub.Serve(rw, r, func(ctx context.Context) (access.Actor, bool, error) {
		if token == "" {
			return access.Actor{}, false, unauthenticated()
		}
		actor, state, err := a.Staff.Ringer(ctx, token)
		if err == nil && state != staff.OK && state != staff.Off {
			err = unauthenticated()
		}
		return a.ringers.known(token, ringer{actor, state == staff.OK, a.Clock.Now()}, err)
	})
	if err != nil {
		chassis.WriteFault(rw, err, a.Words)
	}
}

// ringers remembers who listened on which session, so that a screen whose line
// breaks while the storage is away can come back and be rung. The zero value
// is ready.
type ringers struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]ringer
}

type ringer struct {
	actor access.Actor
	sees  bool
	at    time.Time
}

// Bounds of the memory. A session that was ended a moment before the storage
// went away may be rung for as long, and see ids.
const (
	ringerFor   = 15 * time.Minute
	mostRingers = 20_000
)

// known takes what the storage said of a session, or gives what it said last.
func (m *ringers) known(token string, now ringer, err error) (access.Actor, bool, error) {
	key := sha256.Sum256([]byte(token))
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		if m.of == nil || len(m.of) >= mostRingers {
			m.of = map[[sha256.Size]byte]ringer{}
		}
		m.of[key] = now
	case errs.Is(err, errs.KindBusy):
		if last, ok := m.of[key]; ok && now.at.Sub(last.at) < ringerFor {
			return last.actor, last.sees, nil
		}
	case errs.Is(err, errs.KindUnauthenticated):
		delete(m.of, key)
	}
	return now.actor, now.sees, err
}

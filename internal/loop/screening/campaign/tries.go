package campaign

import (
	"sync"

	"zugou/internal/kernel/clock"
)

// wrongTries counts wrong codes of all strangers together: a class mistypes a
// few a minute, a machine that guesses mistypes thousands.
type wrongTries struct {
	mu     sync.Mutex
	minute clock.Millis
	n      int
}

// mostWrong in one minute; with a hundred million codes and ten thousand of
// them in use, guessing one takes a year at that pace.
const mostWrong = 40

func (w *wrongTries) tooMany(at clock.Millis) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.minute == at/60_000 && w.n >= mostWrong
}

func (w *wrongTries) note(at clock.Millis) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.minute != at/60_000 {
		w.minute, w.n = at/60_000, 0
	}
	w.n++
}

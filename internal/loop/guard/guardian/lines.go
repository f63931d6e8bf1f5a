package guardian

import (
	"context"
	"slices"
	"sync"

	"zugou/internal/kernel/id"
)

// linesMost is how many live lines an account may have: two phones, a browser,
// and what broke off unnoticed. Each line looks at every change of the house, so
// that one account with thousands would hold up everybody's alarms.
const linesMost = 6

// lines ends the oldest line of an account that opens one too many.
type lines struct {
	mu sync.Mutex
	of map[id.ID][]*context.CancelFunc // oldest first
}

// enter counts a line; leave must be called when it ends. The context ends when
// newer lines took its place.
func (l *lines) enter(ctx context.Context, account id.ID) (_ context.Context, leave func()) {
	ctx, end := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[id.ID][]*context.CancelFunc{}
	}
	open := append(l.of[account], &end)
	for len(open) > linesMost {
		(*open[0])()
		open = open[1:]
	}
	l.of[account] = open
	return ctx, func() {
		end()
		l.mu.Lock()
		defer l.mu.Unlock()
		left := slices.DeleteFunc(slices.Clone(l.of[account]), func(x *context.CancelFunc) bool { return x == &end })
		if l.of[account] = left; len(left) == 0 {
			delete(l.of, account)
		}
	}
}

package gateway

import (
	"sync"
	"time"

	"zugou/internal/kernel/clock"
)

// Bucket lets a burst through and then a steady rate. The zero value is empty;
// see NewBucket.
type Bucket struct {
	tokens float64
	filled time.Time
}

// NewBucket is full.
func NewBucket(now time.Time) Bucket { return Bucket{floodBurst, now} }

// Allow takes a token if there is one.
func (b *Bucket) Allow(now time.Time) bool {
	b.tokens = min(floodBurst, b.tokens+now.Sub(b.filled).Seconds()*floodPerSec)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Limits holds a bucket for each device that is active, for doors without a
// connection of their own.
type Limits struct {
	clock clock.Clock
	mu    sync.Mutex
	of    map[string]*Bucket
}

// NewLimits makes an empty set.
func NewLimits(clk clock.Clock) *Limits { return &Limits{clock: clk, of: map[string]*Bucket{}} }

// mostBuckets bounds the memory; a full set is emptied, which only gives every
// device a new burst.
const mostBuckets = 100_000

// Allow takes a token of the device.
func (l *Limits) Allow(deviceID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.of[deviceID]
	now := l.clock.Now()
	if b == nil {
		if len(l.of) >= mostBuckets {
			clear(l.of)
		}
		full := NewBucket(now)
		b = &full
		l.of[deviceID] = b
	}
	return b.Allow(now)
}

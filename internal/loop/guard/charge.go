package guard

import (
	"sync"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/id"
)

// charges remembers between which percents each device's battery was seen
// today, so that a level between them needs no look at the storage. What is
// stored only widens: a memory that is behind asks once more, never less.
type charges struct {
	mu  sync.Mutex
	day civil.Date
	of  map[id.ID][2]int8
}

func (c *charges) covers(device id.ID, day civil.Date, percent int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, ok := c.of[device]
	return ok && c.day == day && percent >= int(seen[0]) && percent <= int(seen[1])
}

func (c *charges) learn(device id.ID, day civil.Date, least, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.day != day || c.of == nil {
		c.day, c.of = day, map[id.ID][2]int8{}
	}
	c.of[device] = [2]int8{int8(least), int8(most)}
}

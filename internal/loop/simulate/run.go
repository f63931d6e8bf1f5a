package simulate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/loop/gateway/report"
)

// Device is one badge of the district.
type Device struct {
	ID       string
	Protocol string // watch (also if empty), jt808, gt06, mqtt or http
	Token    string // the secret of mqtt and http
	Home     Place
	School   Place // zero: a walk away from home
}

// Options say what is simulated.
type Options struct {
	Addr    string            // where badges of the watch protocol connect
	Addrs   map[string]string // and those of other protocols, by their name
	Devices []Device
	Seed    uint64

	// Speed makes the day pass faster and reports come more often; 1 if 0. The
	// times that badges tell stay true.
	Speed float64
	// Every is the time between two reports of a place; 5 minutes if 0.
	Every time.Duration
	// FirstSOSWithin has one badge press SOS within this time; 0: none does.
	FirstSOSWithin time.Duration
	// Press has every badge press SOS, once for each that comes; may be nil.
	Press <-chan struct{}
	// AlarmsPerHour is how many alarms the whole district raises after that.
	AlarmsPerHour float64
	// Ramp spreads the first connections; 10 s if 0.
	Ramp time.Duration
	// RepeatAfter is how long a badge waits for the answer to an alarm; 20 s if 0.
	RepeatAfter time.Duration
	// Honest leaves out what goes wrong: wrong clocks, doubled frames, flat
	// batteries and breaks.
	Honest bool

	SchoolDay func(civil.Date) bool
	Clock     clock.Clock // the machine's if nil
	Log       *slog.Logger
	Counts    *Counts // filled while it runs; may be nil
}

// Counts are the numbers of a run. Read them by Snapshot.
type Counts struct {
	connections, breaks, refused, frames, links, positions, history, alarms, repeats, acknowledged, commands atomic.Int64
}

// Snapshot is Counts at an instant.
type Snapshot struct {
	Connections  int64 `json:"connections"` // made so far
	Breaks       int64 `json:"breaks"`
	Refused      int64 `json:"refused"` // sign-ons
	Frames       int64 `json:"frames"`
	Links        int64 `json:"links"`
	Positions    int64 `json:"positions"`
	History      int64 `json:"history"`
	Alarms       int64 `json:"alarms"` // each counted once
	Repeats      int64 `json:"repeats"`
	Acknowledged int64 `json:"acknowledged"` // alarms
	Commands     int64 `json:"commands"`     // heard
}

// Snapshot reads the numbers.
func (c *Counts) Snapshot() Snapshot {
	return Snapshot{c.connections.Load(), c.breaks.Load(), c.refused.Load(), c.frames.Load(), c.links.Load(), c.positions.Load(), c.history.Load(),
		c.alarms.Load(), c.repeats.Load(), c.acknowledged.Load(), c.commands.Load()}
}

// String writes the numbers on one line.
func (s Snapshot) String() string {
	return fmt.Sprintf("connections %d, breaks %d, frames %d, links %d, positions %d, history %d, alarms %d, repeats %d, acknowledged %d",
		s.Connections, s.Breaks, s.Frames, s.Links, s.Positions, s.History, s.Alarms, s.Repeats, s.Acknowledged)
}

// Run lets the district live until ctx ends. It returns nil then, an error
// only for options that make no sense: a gateway that is away is tried again.
func Run(ctx context.Context, o Options) error {
	if len(o.Devices) == 0 {
		return errors.New("simulate: no devices")
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.Every <= 0 {
		o.Every = 5 * time.Minute
	}
	if o.Ramp <= 0 {
		o.Ramp = 10 * time.Second
	}
	if o.RepeatAfter <= 0 {
		o.RepeatAfter = 20 * time.Second
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Counts == nil {
		o.Counts = &Counts{}
	}
	start := o.Clock.Now()
	var badges []*badge
	for i, d := range o.Devices {
		addr := o.Addrs[d.Protocol]
		if addr == "" && (d.Protocol == "" || d.Protocol == "watch") {
			addr = o.Addr
		}
		if addr == "" {
			return fmt.Errorf("simulate: no address for %q", d.Protocol)
		}
		seed := o.Seed*1_000_003 + uint64(i)
		v, err := newVoice(d, seed)
		if err != nil {
			return err
		}
		life := NewLife(seed, d.Home, d.School)
		life.SchoolDay = o.SchoolDay
		badges = append(badges, newBadge(&o, addr, v, life, start, seed))
	}
	r := rand.New(rand.NewPCG(o.Seed, 2))
	if o.FirstSOSWithin > 0 {
		first := badges[r.IntN(len(badges))]
		first.first = o.FirstSOSWithin / 2
	}
	var wg sync.WaitGroup
	for _, b := range badges {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b.run(ctx)
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		troubles(ctx, &o, badges, r)
	}()
	wg.Add(1)
	go func() {
		defer wg.Done()
		pressed(ctx, &o, badges)
	}()
	wg.Wait()
	return nil
}

// pressed has all badges press when they are told to.
func pressed(ctx context.Context, o *Options, badges []*badge) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.Press:
		}
		for _, b := range badges {
			select {
			case b.press <- report.SOS:
			case <-ctx.Done():
				return
			}
		}
	}
}

// troubles raises alarms over the district until ctx ends.
func troubles(ctx context.Context, o *Options, badges []*badge, r *rand.Rand) {
	if o.AlarmsPerHour <= 0 {
		return
	}
	for {
		pause := time.Duration(r.ExpFloat64() * float64(time.Hour) / o.AlarmsPerHour / o.Speed)
		select {
		case <-ctx.Done():
			return
		case <-o.Clock.After(pause):
		}
		b := badges[r.IntN(len(badges))]
		select {
		case b.press <- pick(r):
		default: // it has one waiting
		}
	}
}

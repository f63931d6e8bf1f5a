package downlink

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/loop/gateway/down"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// cluster is whose line it is where an MQTT cluster holds it: any process that
// consumes the cluster can send.
const cluster = "cluster"

// Router is one process's part: it tells which devices it holds, sends what
// waits for them, and drops lines that another process took over.
type Router struct {
	p       Parts
	hub     *gateway.Hub
	log     *slog.Logger
	gateway string // name of this process
	shared  func() bool

	wake chan struct{}

	mu      sync.Mutex
	held    map[string]held     // by device
	dirty   map[string]struct{} // devices whose row is to be written
	answers []gateway.Answer
	takes   []take

	beatAt    clock.Millis
	polledTo  clock.Millis
	takeovers int64
}

type held struct {
	line  gateway.Line
	name  string
	since clock.Millis
}

// NewRouter makes the router and listens to the hub. shared tells whether this
// process can reach devices through an MQTT cluster now.
func NewRouter(p Parts, hub *gateway.Hub, name string, shared func() bool, log *slog.Logger) *Router {
	r := &Router{p: p, hub: hub, log: log, gateway: name, shared: shared, wake: make(chan struct{}, 1), held: map[string]held{}, dirty: map[string]struct{}{}}
	hub.Attend(r.move)
	hub.Notice(nil, r.answer)
	hub.Record(r.taken)
	return r
}

// Nudge has the router look at once.
func (r *Router) Nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Router) move(deviceID string, l gateway.Line, here bool) {
	r.mu.Lock()
	if here {
		r.held[deviceID] = held{l, string(id.New()), clock.Of(r.p.DB.Clock().Now())}
	} else if r.held[deviceID].line == l {
		delete(r.held, deviceID)
	}
	r.dirty[deviceID] = struct{}{}
	r.mu.Unlock()
	if here {
		r.Nudge()
	}
}

func (r *Router) answer(a gateway.Answer) {
	r.mu.Lock()
	r.answers = append(r.answers, a)
	r.mu.Unlock()
	r.Nudge()
}

// Takeovers counts the lines that another process took over.
func (r *Router) Takeovers() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.takeovers
}

// Bounds of a round.
const (
	every    = time.Second
	settle   = 100 * time.Millisecond // a storm of lines is written in few changes
	beat     = 10 * time.Second
	overlap  = 30 * time.Second // clocks of processes differ, and changes commit late
	page     = 200
	claimFor = time.Minute
)

// Run routes until ctx ends.
func (r *Router) Run(ctx context.Context) {
	ctx = access.With(ctx, access.System("downlink"))
	if err := r.begin(ctx); err != nil && ctx.Err() == nil {
		r.log.Error("old lines were not removed", "error", err)
	}
	clk := r.p.DB.Clock()
	for ctx.Err() == nil {
		if err := r.RunOnce(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("commands to devices were not looked at", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-clk.After(every):
		case <-r.wake:
			select {
			case <-ctx.Done():
			case <-clk.After(settle):
			}
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := r.finish(end); err != nil {
		r.log.Error("lines were not given up", "error", err)
	}
}

// begin removes what an earlier run under the same name left.
func (r *Router) begin(ctx context.Context) error {
	return r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM device_line WHERE gateway = ?", r.gateway)
		return err
	})
}

func (r *Router) finish(ctx context.Context) error {
	return r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{"DELETE FROM device_line WHERE gateway = ?", "DELETE FROM gateway_process WHERE id = ?"} {
			if _, err := tx.Exec(ctx, q, r.gateway); err != nil {
				return err
			}
		}
		return nil
	})
}

// RunOnce does one round.
func (r *Router) RunOnce(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.live, r.write, r.record, r.yield, r.late, r.send, r.hear} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// live says that this process lives, and forgets those that don't.
func (r *Router) live(ctx context.Context) error {
	now := clock.Of(r.p.DB.Clock().Now())
	if now.Sub(r.beatAt) < beat {
		return nil
	}
	err := r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO gateway_process (id, started_at, seen_at) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, r.gateway, tx.Now, tx.Now); err != nil {
			return err
		}
		dead := tx.Now.Add(-stale)
		if _, err := tx.Exec(ctx, "DELETE FROM device_line WHERE gateway IN (SELECT id FROM gateway_process WHERE seen_at < ?)", dead); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM gateway_process WHERE seen_at < ?", dead)
		return err
	})
	if err == nil {
		r.beatAt = now
	}
	return err
}

// write writes which devices came and went.
func (r *Router) write(ctx context.Context) error {
	for {
		r.mu.Lock()
		var list []any
		now := map[string]held{}
		for d := range r.dirty {
			list = append(list, d)
			if h, ok := r.held[d]; ok {
				now[d] = h
			}
			if len(list) == page {
				break
			}
		}
		r.mu.Unlock()
		if len(list) == 0 {
			return nil
		}
		if err := r.writePage(ctx, list, now); err != nil {
			return err
		}
		r.mu.Lock()
		for _, d := range list {
			if h, ok := r.held[d.(string)]; h == now[d.(string)] && ok == (now[d.(string)].line != nil) {
				delete(r.dirty, d.(string))
			}
		}
		r.mu.Unlock()
	}
}

func (r *Router) writePage(ctx context.Context, list []any, now map[string]held) error {
	return r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		lines, err := linesOf(ctx, tx, list)
		if err != nil {
			return err
		}
		origins, err := originsOf(ctx, tx, list)
		if err != nil {
			return err
		}
		for _, x := range list {
			d := x.(string)
			h, here := now[d]
			if !here {
				if _, err := tx.Exec(ctx, "DELETE FROM device_line WHERE device_id = ? AND gateway IN (?, ?)", d, r.gateway, cluster); err != nil {
					return err
				}
				continue
			}
			l := lineRow{DeviceID: d, Gateway: r.gateway, Line: h.name, Source: h.line.Source(), Since: h.since}
			if h.line.From() == cluster {
				l.Gateway, l.Line = cluster, cluster
			}
			if old, was := lines[d]; was && old.Gateway != l.Gateway {
				r.log.Warn("device connection taken over from another process", "protocol", l.Source, "before", old.Source, "gateway", old.Gateway)
				t := take{d, Takeover{BeforeSource: old.Source, BeforeNet: origins[d].Net, BeforeGateway: old.Gateway, NowSource: l.Source, NowNet: netFrom(h.line), NowGateway: l.Gateway}}
				if err := t.save(ctx, tx); err != nil {
					return err
				}
			}
			if err := l.save(ctx, tx); err != nil {
				return err
			}
			if err := r.bind(ctx, tx, d, origins[d], h.line.From()); err != nil {
				return err
			}
		}
		return nil
	})
}

// bind notes from which network a device comes: one that suddenly comes from
// another may be somebody who knows its number. It is told, never refused.
func (r *Router) bind(ctx context.Context, tx *db.Tx, deviceID string, o origin, from string) error {
	network, ok := netOf(from)
	if !ok || o.Net == network {
		return nil
	}
	if o.FirstNet == "" {
		return origin{DeviceID: deviceID, FirstNet: network, Net: network}.save(ctx, tx)
	}
	r.log.Warn("device comes from another network", "before", o.Net, "now", network, "changes", o.Changes+1)
	o.Net, o.Changes = network, o.Changes+1
	if err := o.save(ctx, tx); err != nil {
		return err
	}
	d, err := device.Find(ctx, tx, deviceID)
	if err != nil {
		return unlessNotFound(err)
	}
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: "origin_changed", Region: d.Region, Ref: string(d.ID)})
}

// unlessNotFound passes an error on, but for a device that nobody wrote down yet.
func unlessNotFound(err error) error {
	if errs.Is(err, errs.KindNotFound) {
		return nil
	}
	return err
}

// netOf gives the operator's range that an address belongs to: /16 of IPv4,
// /32 of IPv6.
func netOf(from string) (string, bool) {
	a, err := netip.ParseAddr(from)
	if err != nil {
		return "", false
	}
	a, bits := a.Unmap(), 32
	if a.Is4() {
		bits = 16
	}
	p, err := a.Prefix(bits)
	return p.String(), err == nil
}

// yield drops lines that another process took over.
func (r *Router) yield(ctx context.Context) error {
	now := clock.Of(r.p.DB.Clock().Now())
	var rows []lineRow
	if err := r.p.DB.View(ctx, func(ctx context.Context, v db.Reader) error {
		return v.List(ctx, &rows, "SELECT "+lineColumns+" FROM device_line l WHERE l.changed_at > ? AND l.gateway <> ?", r.polledTo, r.gateway)
	}); err != nil {
		return err
	}
	r.polledTo = now.Add(-overlap)
	for _, l := range rows {
		// What is not dirty was written before this read: whoever stands there
		// now came later.
		r.mu.Lock()
		h, here := r.held[l.DeviceID]
		_, newer := r.dirty[l.DeviceID]
		gone := here && !newer && h.line.From() != cluster
		if gone {
			r.takeovers++
		}
		r.mu.Unlock()
		if gone {
			r.log.Warn("device connection taken over by another process", "protocol", h.line.Source(), "from", h.line.From(), "gateway", l.Gateway)
			h.line.Drop()
		}
	}
	return nil
}

// late ends or repeats what nothing happened to.
func (r *Router) late(ctx context.Context) error {
	for {
		n := 0
		err := r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			rows, err := due(ctx, tx, page)
			n = len(rows)
			if err != nil {
				return err
			}
			tries := r.policy(tx.Now).Tries
			for _, x := range rows {
				switch {
				case x.ExpiresAt <= tx.Now && x.State != Sent:
					_, err = x.end(ctx, tx, Expired, "command.result.expired", Waiting, Sending)
				case x.State == Sent && (x.Tries >= tries || x.ExpiresAt <= tx.Now):
					_, err = x.end(ctx, tx, Failed, "command.result.no_answer", Sent)
				default: // no answer, or the process that claimed it is gone
					err = x.back(ctx, tx, x.State)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < page {
			return err
		}
	}
}

func (r *Router) policy(now clock.Millis) Policy {
	return r.p.Policies.On(civil.DateOf(now.Time()))
}

// send sends what waits for the devices of this process.
func (r *Router) send(ctx context.Context) error {
	gateways := []string{r.gateway}
	if r.shared() {
		gateways = append(gateways, cluster)
	}
	var rows []row
	if err := r.p.DB.View(ctx, func(ctx context.Context, v db.Reader) (err error) {
		rows, err = toSend(ctx, v, gateways, page)
		return err
	}); err != nil {
		return err
	}
	for _, x := range rows {
		if err := r.sendOne(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (r *Router) sendOne(ctx context.Context, x row) error {
	line := r.hub.Line(x.DeviceID)
	if line == nil { // it left just now
		return nil
	}
	mine := false
	if err := r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		mine = false
		gone, err := device.CameOff(ctx, tx, x.Device, x.ChildID, x.CreatedAt)
		if err != nil {
			return err
		}
		if gone { // what was meant for one child is not said to the next
			_, err := x.end(ctx, tx, Cancelled, "command.result.other_wearer", Waiting)
			return err
		}
		mine, err = x.claim(ctx, tx, r.gateway, tx.Now.Add(claimFor))
		return err
	}); err != nil || !mine {
		return err
	}
	text, err := r.p.Keys.Open(contentCell(x.ID), x.Content)
	if err != nil {
		return err
	}
	var c down.Command
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	token, err := line.Send(ctx, x.DeviceID, c)
	return r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
		switch {
		case errs.Is(err, errs.KindInvalid) || errs.Is(err, errs.KindForbidden):
			_, err := x.end(ctx, tx, Failed, errs.KeyOf(err), Sending)
			return err
		case err != nil:
			return x.back(ctx, tx, Sending)
		case token == "": // this protocol answers to nothing
			if err := x.sent(ctx, tx, "", tx.Now); err != nil {
				return err
			}
			_, err := x.end(ctx, tx, Done, "command.result.written", Sent)
			return err
		}
		if err := x.sent(ctx, tx, token, tx.Now.Add(time.Duration(r.policy(tx.Now).AnswerSeconds)*time.Second)); err != nil {
			return err
		}
		return told(ctx, tx, x)
	})
}

// hear writes the answers that came.
func (r *Router) hear(ctx context.Context) error {
	r.mu.Lock()
	answers := r.answers
	r.answers = nil
	r.mu.Unlock()
	for i, a := range answers {
		err := r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			var rows []row
			if err := tx.List(ctx, &rows, "SELECT "+columns+" FROM device_downlink x WHERE x.device_id = ? AND x.ended_at = 0 AND x.state = 'sent' AND x.token = ?", a.DeviceID, a.Token); err != nil {
				return err
			}
			for _, x := range rows {
				to := Done
				if !a.OK {
					to = Failed
				}
				if _, err := x.end(ctx, tx, to, short(a.Text), Sent); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.mu.Lock()
			r.answers = append(answers[i:], r.answers...)
			r.mu.Unlock()
			return err
		}
	}
	return nil
}

// short keeps the beginning of a device's words.
func short(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}

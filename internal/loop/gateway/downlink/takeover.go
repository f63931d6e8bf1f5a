package downlink

import (
	"context"
	"time"

	"zugou/internal/centre/signal"
	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/gateway"
	"zugou/internal/people/device"
)

// Takeover is a live line of a device that a newer one took over. A device
// that comes back after a dead line does so too; from two networks in turn it
// is somebody else who speaks under its number.
type Takeover struct {
	BeforeSource  signal.Source `bun:"before_source" json:"before_source"`
	BeforeNet     string        `bun:"before_net" json:"before_net"` // /16 of IPv4, /32 of IPv6; "" if not known
	BeforeGateway string        `bun:"before_gateway" json:"before_gateway"`
	NowSource     signal.Source `bun:"now_source" json:"now_source"`
	NowNet        string        `bun:"now_net" json:"now_net"`
	NowGateway    string        `bun:"now_gateway" json:"now_gateway"`
	FirstAt       clock.Millis  `bun:"first_at" json:"first_at"`
	LastAt        clock.Millis  `bun:"last_at" json:"last_at"`
	Times         int           `bun:"n" json:"times"`
	OtherNet      bool          `bun:"-" json:"other_net"` // it came from another network
}

const takeoverColumns = "t.before_source, t.before_net, t.before_gateway, t.now_source, t.now_net, t.now_gateway, t.first_at, t.last_at, t.n"

// sameWithin is how long two lines that fight for a number stay one row.
const sameWithin = 10 * time.Minute

// taken notes a take-over within this process; the next round writes it.
func (r *Router) taken(deviceID string, before, now gateway.Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.takes) < page*50 { // the log has the rest
		r.takes = append(r.takes, take{deviceID, Takeover{BeforeSource: before.Source(), BeforeNet: netFrom(before), BeforeGateway: r.gateway,
			NowSource: now.Source(), NowNet: netFrom(now), NowGateway: r.gateway}})
	}
}

type take struct {
	deviceID string
	Takeover
}

func netFrom(l gateway.Line) string {
	n, _ := netOf(l.From())
	return n
}

// record writes the take-overs of this process.
func (r *Router) record(ctx context.Context) error {
	for {
		r.mu.Lock()
		part := r.takes[:min(len(r.takes), page)]
		r.mu.Unlock()
		if len(part) == 0 {
			return nil
		}
		if err := r.p.DB.Update(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, t := range part {
				if err := t.save(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		r.mu.Lock()
		r.takes = r.takes[len(part):]
		r.mu.Unlock()
	}
}

func (t take) save(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, `UPDATE device_takeover SET n = n + 1, last_at = ? WHERE device_id = ? AND last_at > ? AND before_net = ? AND now_net = ?
		AND before_gateway = ? AND now_gateway = ? AND before_source = ? AND now_source = ?`, tx.Now, t.deviceID, tx.Now.Add(-sameWithin),
		t.BeforeNet, t.NowNet, t.BeforeGateway, t.NowGateway, t.BeforeSource, t.NowSource)
	if err != nil || n > 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_takeover (id, device_id, before_source, before_net, before_gateway, now_source, now_net, now_gateway, first_at, last_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id.New(), t.deviceID, t.BeforeSource, t.BeforeNet, t.BeforeGateway, t.NowSource, t.NowNet, t.NowGateway, tx.Now, tx.Now); err != nil {
		return err
	}
	d, err := device.Find(ctx, tx, t.deviceID)
	if err != nil { // a number that nobody wrote down yet
		return unlessNotFound(err)
	}
	return tx.Emit(ctx, db.Event{Topic: "device", Kind: "taken_over", Region: d.Region, Ref: string(d.ID)})
}

// takeoversOf lists the newest of a device, newest first.
func takeoversOf(ctx context.Context, r db.Reader, deviceID string, limit int) ([]Takeover, error) {
	out := []Takeover{}
	err := r.List(ctx, &out, "SELECT "+takeoverColumns+" FROM device_takeover t WHERE t.device_id = ? ORDER BY t.last_at DESC, t.id DESC LIMIT ?", device.Key(deviceID), limit)
	for i, t := range out {
		out[i].OtherNet = t.BeforeNet != "" && t.NowNet != "" && t.BeforeNet != t.NowNet
	}
	return out, err
}

// ForgetTakeovers removes up to a page of take-overs before the instant and
// tells how many; call it again while it returns any.
func ForgetTakeovers(ctx context.Context, tx *db.Tx, before clock.Millis) (int64, error) {
	return tx.Exec(ctx, "DELETE FROM device_takeover WHERE id IN (SELECT id FROM device_takeover WHERE last_at < ? LIMIT 1000)", before)
}

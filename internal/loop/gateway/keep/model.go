package keep

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// Models tells by which profile a device speaks: that of the register, where
// an officer chose the model, else the standard's. The register is read into
// memory, for a frame must not wait for it.
type Models struct {
	db  *db.DB
	set profile.Set
	log *slog.Logger

	mu sync.RWMutex
	of map[string]*profile.Profile // those that are not the standard's
}

// NewModels makes one that knows no device yet.
func NewModels(d *db.DB, set profile.Set, log *slog.Logger) *Models {
	return &Models{db: d, set: set, log: log, of: map[string]*profile.Profile{}}
}

// standardModel is the profile of devices that the register gives none.
const standardModel = "standard"

// Of gives the lookup for one protocol. A profile of another protocol is not
// the device's: the register is wrong there, and the standard holds.
func (m *Models) Of(protocol string) func(deviceID string) *profile.Profile {
	fallback := m.set[standardModel]
	if fallback != nil && fallback.Protocol != protocol {
		fallback = nil
	}
	return func(deviceID string) *profile.Profile {
		m.mu.RLock()
		p := m.of[device.Key(deviceID)]
		m.mu.RUnlock()
		if p == nil || p.Protocol != protocol {
			return fallback
		}
		return p
	}
}

// protocols are what a device may speak without a model of its own.
var protocols = []string{"watch", "jt808", "gt06", "mqtt"}

// Knows tells whether a device can be set to the profile: a protocol, or a
// model.
func (m *Models) Knows(name string) bool {
	return slices.Contains(protocols, name) || m.set[name] != nil
}

// Shown gives the models for who chooses one, by protocol. Errors: Forbidden.
func (m *Models) Shown(ctx context.Context) ([]profile.Profile, error) {
	if err := access.May(access.From(ctx), "device.read"); err != nil {
		return nil, err
	}
	var out []profile.Profile
	for _, protocol := range protocols {
		for _, name := range m.set.Names(protocol) {
			out = append(out, *m.set[name])
		}
	}
	return out, nil
}

// Learn reads the register.
func (m *Models) Learn(ctx context.Context) error {
	var rows []struct {
		DeviceID string `bun:"device_id"`
		Profile  string `bun:"profile"`
	}
	if err := m.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		return r.List(ctx, &rows, "SELECT device_id, profile FROM device WHERE profile NOT IN ('', 'watch', 'jt808', 'gt06', 'mqtt', 'standard')")
	}); err != nil {
		return err
	}
	of := make(map[string]*profile.Profile, len(rows))
	for _, r := range rows {
		if p := m.set[r.Profile]; p != nil {
			of[device.Key(r.DeviceID)] = p
		}
	}
	m.mu.Lock()
	m.of = of
	m.mu.Unlock()
	return nil
}

// relearn is how long a changed profile may take to be heard of.
const relearn = 5 * time.Second

// Run learns again and again until ctx ends.
func (m *Models) Run(ctx context.Context) {
	for {
		if err := m.Learn(ctx); err != nil && ctx.Err() == nil {
			m.log.Error("the models of devices were not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-m.db.Clock().After(relearn):
		}
	}
}

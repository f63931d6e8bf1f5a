package model

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/loop/gateway/profile"
	"zugou/internal/people/access"
	"zugou/internal/people/device"
)

// Models tells by which profile a device speaks: that of the register, where
// an officer chose the model, else the standard's. The register and the
// versions are read into memory, for a frame must not wait for them.
type Models struct {
	db      *db.DB
	shipped profile.Set // as written
	log     *slog.Logger

	learning sync.Mutex // one at a time: what was read first must not overwrite what was read last

	mu   sync.RWMutex
	set  profile.Set // in force, each over its base
	seen string      // which versions set was made of
	of   map[string]*profile.Profile
}

// New makes one that knows the program's own profiles and no device yet.
// Errors: the profiles don't fit together.
func New(d *db.DB, shipped profile.Set, log *slog.Logger) (*Models, error) {
	set, err := shipped.Resolve()
	if err != nil {
		return nil, err
	}
	return &Models{db: d, shipped: shipped, log: log, set: set, of: map[string]*profile.Profile{}}, nil
}

// standard is the profile of devices that the register gives none.
const standard = "standard"

// Of gives the lookup for one protocol. A profile of another protocol is not
// the device's: the register is wrong there, and the standard holds.
func (m *Models) Of(protocol string) func(deviceID string) *profile.Profile {
	return func(deviceID string) *profile.Profile {
		m.mu.RLock()
		defer m.mu.RUnlock()
		if p := m.of[device.Key(deviceID)]; p != nil && p.Protocol == protocol {
			return p
		}
		if p := m.set[standard]; p != nil && p.Protocol == protocol {
			return p
		}
		return nil
	}
}

// protocols are what a device may speak without a model of its own.
var protocols = []string{"watch", "jt808", "gt06", "mqtt"}

// Knows tells whether a device can be set to the profile: a protocol, or a
// model.
func (m *Models) Knows(name string) bool {
	return slices.Contains(protocols, name) || m.named(name) != nil
}

// Protocol gives the protocol of a model, "" for a protocol's own name.
func (m *Models) Protocol(name string) string {
	if p := m.named(name); p != nil && name != standard {
		return p.Protocol
	}
	return ""
}

// Title gives the words of a model, "" for what is none.
func (m *Models) Title(name string) string {
	if p := m.named(name); p != nil {
		return p.Title
	}
	return ""
}

// Match gives the name of the model that one of the words is: its name or its
// title. An empty protocol takes any; "" is none. The first word counts most.
func (m *Models) Match(protocol string, said ...string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, word := range said {
		word = strings.TrimSpace(word)
		for name, p := range m.set {
			if name != standard && word != "" && (protocol == "" || p.Protocol == protocol) && (strings.EqualFold(word, name) || strings.EqualFold(word, p.Title)) {
				return name
			}
		}
	}
	return ""
}

func (m *Models) named(name string) *profile.Profile {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.set[name]
}

// Shown gives the models for who chooses one, by protocol. Errors: Forbidden.
func (m *Models) Shown(ctx context.Context) ([]profile.Profile, error) {
	if err := access.May(access.From(ctx), "device.read"); err != nil {
		return nil, err
	}
	m.mu.RLock()
	set := m.set // replaced whole, never changed
	m.mu.RUnlock()
	var out []profile.Profile
	for _, protocol := range protocols {
		for _, name := range set.Names(protocol) {
			out = append(out, *set[name])
		}
	}
	return out, nil
}

// Learn reads the versions and the register.
func (m *Models) Learn(ctx context.Context) error {
	m.learning.Lock()
	defer m.learning.Unlock()
	var versions []Version
	var rows []struct {
		DeviceID string `bun:"device_id"`
		Profile  string `bun:"profile"`
	}
	if err := m.db.View(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if versions, err = published(ctx, r); err != nil {
			return err
		}
		return r.List(ctx, &rows, "SELECT device_id, profile FROM device WHERE profile NOT IN ('', 'watch', 'jt808', 'gt06', 'mqtt', 'standard')")
	}); err != nil {
		return err
	}
	m.mu.RLock()
	set, seen := m.set, m.seen
	m.mu.RUnlock()
	if now := numbers(versions); now != seen {
		written, unused := m.overlay(versions)
		m.complain(unused)
		var err error
		if set, err = written.Resolve(); err != nil {
			return err
		}
		seen = now
	}
	of := make(map[string]*profile.Profile, len(rows))
	for _, r := range rows {
		if p := set[r.Profile]; p != nil {
			of[device.Key(r.DeviceID)] = p
		}
	}
	m.mu.Lock()
	m.set, m.seen, m.of = set, seen, of
	m.mu.Unlock()
	return nil
}

// complain says which versions are not used.
func (m *Models) complain(list []unused) {
	for _, u := range list {
		m.log.Error("a version of a device model is not used, the one below it stays", "model", u.name, "edition", u.edition, "error", u.err)
	}
}

// Written gives the profiles in force, each as it is written. It asks no right:
// it is for who holds the database itself, at the command line.
func (m *Models) Written(ctx context.Context) (set profile.Set, err error) {
	err = m.db.View(ctx, func(ctx context.Context, r db.Reader) error {
		versions, err := published(ctx, r)
		if err != nil {
			return err
		}
		var bad []unused
		set, bad = m.overlay(versions)
		m.complain(bad)
		return nil
	})
	return set, err
}

// numbers names a list of versions: versions themselves never change.
func numbers(versions []Version) string {
	var b strings.Builder
	for _, v := range versions {
		fmt.Fprintf(&b, "%s %d,", v.Name, v.Edition)
	}
	return b.String()
}

// unused is a version that can't be used.
type unused struct {
	name    string
	edition int
	err     error
}

// overlay puts the versions over the program's own profiles, those without a
// base first. What can't be used is left out: a later program may have
// profiles that a version does not fit any more.
func (m *Models) overlay(versions []Version) (profile.Set, []unused) {
	written := maps.Clone(m.shipped)
	var bad []unused
	for _, based := range []bool{false, true} {
		for _, v := range versions {
			p, err := profile.Parse([]byte(v.Body))
			if err == nil && (p.Base != "") != based {
				continue
			}
			if err != nil && based {
				continue // named in the first round
			}
			var next profile.Set
			if err == nil {
				p.Edition = v.Edition
				next, err = written.With(p)
			}
			if err != nil {
				bad = append(bad, unused{v.Name, v.Edition, err})
				continue
			}
			written = next
		}
	}
	return written, bad
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
